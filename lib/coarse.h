/* What a small picture leaves of a digit: a scan of few pixels, enlarged to what a network sees. */
#ifndef HWDR_COARSE_H
#define HWDR_COARSE_H

#include "picture.h"
#include "sample.h"

enum { COARSE_SIDE = 56 }; /* of the largest picture */

/*
 * Reduce a picture of ink by a factor >= 1, each pixel the mean of the area it comes from, and
 * normalise what is left as a picture's digit is, by normal_whole(); paper stays paper.
 * Shapes: ink [height,width] u8, no side longer than COARSE_SIDE; to [28,28] u8.
 */
void coarse_image(const struct picture *ink, float factor, uint8_t to[IMAGE_PIXELS]);

#endif
