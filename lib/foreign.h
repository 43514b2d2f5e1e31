/*
 * Drawings that are no digits, made up: what a network must see to learn that it does not know.
 * Source: D. Hendrycks et al., "Deep anomaly detection with outlier exposure", ICLR 2019.
 */
#ifndef HWDR_FOREIGN_H
#define HWDR_FOREIGN_H

#include "sample.h"

#include <stdbool.h>

/*
 * Draw one: scribbles, lines to and fro, curls, letters and signs that resemble no digit, shapes,
 * hatching, grey silhouettes, textures, and the two digits given side by side or one across the
 * other. Most come as a picture that holds them would, normalised by normal_whole() with its
 * strokes as they are; some fill the image. A pure function of its arguments: (seed, epoch, place)
 * picks the random numbers.
 */
void foreign_image(uint64_t seed, uint32_t epoch, uint64_t place, const uint8_t left[IMAGE_PIXELS],
                   const uint8_t right[IMAGE_PIXELS], uint8_t to[IMAGE_PIXELS]);

/* Whether a soft label is that of what is known to be no digit: the same for every class. */
bool foreign_label(const float soft[CLASSES]);

#endif
