/*
 * How a digit of any size becomes the 28x28 image that the network sees. There is one
 * normalisation, here, for every path: cnn-predict, png2bin, idx2bin --normalize and the web page.
 */
#ifndef HWDR_NORMAL_H
#define HWDR_NORMAL_H

#include "marks.h"
#include "sample.h"

/*
 * MNIST's own rule: the mark is resized, with anti-aliasing and keeping its aspect, to fit 20x20,
 * stretched so that the darkest pixel is 255, and moved by whole pixels so that its centre of mass
 * comes into [13.5,14.5) of 0..27, as in MNIST. Nothing is cut off but a rim of blur that enlarging
 * leaves around a drawing. Blur beyond that of MNIST's edges is measured and taken away, but not
 * from ink whose longer side has 20 pixels already (sharpen.h). Strokes thinner or thicker than
 * MNIST's are brought near those.
 * Shapes: image [28,28] u8, 0 = paper.
 * Source: Y. LeCun et al., MNIST's description; L. Bottou et al., ICPR 1994.
 */
void normal_image(const struct picture *ink, const struct mark *mark, uint8_t image[IMAGE_PIXELS]);

/* The same of all ink of a picture as one digit, where `even` is false without a change of its
 * strokes; an image of paper where there is no ink. */
void normal_whole(const struct picture *ink, bool even, uint8_t image[IMAGE_PIXELS]);

/* Width of the mark's strokes in pixels: twice its ink by the length of its outline. */
float normal_stroke(const struct picture *ink, const struct mark *mark);

#endif
