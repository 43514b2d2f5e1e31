/* Pictures of any size, grey, as a file has them or as ink.h leaves them. */
#ifndef HWDR_PICTURE_H
#define HWDR_PICTURE_H

#include "error.h"

#include <stdbool.h>
#include <stdint.h>

enum { PICTURE_MAX_SIDE = 8192 }; /* larger pictures are refused before any allocation */

/*
 * A grey picture.
 * Shapes: pixels [height,width] u8; as read 0 = black, 255 = white; after ink_find() 0 = paper,
 * 255 = ink.
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
 * Reduce in place: each pixel becomes the mean of `factor` x `factor` old ones, 1 to 16. What is
 * left over at the right and at the bottom goes. Memory stays as it was allocated.
 */
void picture_reduce(struct picture *picture, uint32_t factor);

/*
 * Whether grey changes by half of `contrast` within `step` pixels, as at the edge of any stroke. A
 * gradient across the picture changes in a twelfth of it by a twelfth to a sixth of its range.
 */
bool picture_has_edges(const struct picture *picture, int contrast, uint32_t step);

/* The box around both. */
struct box picture_joined_box(const struct box *a, const struct box *b);

#endif
