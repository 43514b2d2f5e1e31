/*
 * Pictures of any size, and how one becomes the 28x28 image that the network sees. There is one
 * normalisation, here, for every path: cnn-predict, png2bin, idx2bin --normalize and the web page.
 */
#ifndef HWDR_PICTURE_H
#define HWDR_PICTURE_H

#include "error.h"
#include "sample.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { PICTURE_MAX_SIDE = 8192 }; /* larger pictures are refused before any allocation */

/*
 * A grey picture.
 * Shapes: pixels [height,width] u8; as read 0 = black, 255 = white; after picture_ink()
 * 0 = paper, 255 = ink.
 * Owns: pixels; release with picture_free().
 */
struct picture {
    uint32_t width, height;
    uint8_t *pixels;
};

struct box {
    uint32_t x, y, width, height; /* pixels; x to the right, y down */
};

void picture_free(struct picture *picture);

/*
 * Turn grey levels into ink in place: the border tells the paper's level, the far side of the
 * histogram the ink's; the range between is stretched over 0..255 and faint noise is cut to 0.
 * A picture without enough contrast, or without edges, becomes all paper. MNIST's own images come
 * out as they are, but for levels 1 and 2, which become paper.
 */
void picture_ink(struct picture *picture);

/* Bounding box of all ink, specks included: see segment.h. Returns: false when there is none. */
bool picture_ink_box(const struct picture *ink, struct box *box);

/*
 * MNIST's own rule: the ink in `box` is resized, with anti-aliasing and keeping its aspect, to fit
 * 20x20, stretched so that the darkest pixel is 255, and moved by whole pixels so that its centre
 * of mass comes into [13.5,14.5) of 0..27, as in MNIST. Nothing is cut off but a rim of blur that
 * enlarging leaves around a drawing.
 * Shapes: image [28,28] u8, 0 = paper.
 * Source: Y. LeCun et al., MNIST's description; L. Bottou et al., ICPR 1994.
 */
void picture_normalize(const struct picture *ink, const struct box *box,
                       uint8_t image[IMAGE_PIXELS]);

#endif
