/* How blurred a small image is, and taking blur away. */
#ifndef HWDR_SHARPEN_H
#define HWDR_SHARPEN_H

enum { SHARPEN_SIDE = 32 }; /* of the largest image */

/*
 * The variance, in square pixels each way, of the blur that an image's edges have beyond those of
 * MNIST, which were averaged over the area of a pixel once, from black and white: 0 for nine of ten
 * of MNIST's digits, and for whatever else is as sharp.
 * Shapes: image [height,width] f32, 0 = paper .. 1; no side longer than SHARPEN_SIDE.
 */
float sharpen_excess(const float *image, int width, int height);

/*
 * Take away a blur of this variance, in place, with paper around the image: by the kernel
 * [-a, 1 + 2a, -a] along both axes, whose own variance is -2a. That is a blur's inverse where ink
 * changes over more than two or three pixels; edges want twice as much. Values may get below
 * paper or above ink.
 */
void sharpen(float *image, int width, int height, float variance);

#endif
