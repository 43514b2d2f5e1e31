/* Augmentation: one random but reproducible distortion of a 28x28 image. */
#ifndef HWDR_WARP_H
#define HWDR_WARP_H

#include "sample.h"

/*
 * How far each distortion may go; each sample draws uniformly from [-range,range]. 0 switches a
 * distortion off; all of them off is the identity, bit for bit.
 */
struct warp_ranges {
    float rotate;  /* degrees */
    float shift;   /* pixels, horizontally and vertically on their own */
    float zoom;    /* fraction: 0.12 is a factor of 0.88 to 1.12 */
    float shear;   /* tangent of the slant */
    float elastic; /* pixels: standard deviation of the displacement of a pixel */
    float stroke;  /* fraction of one pixel by which strokes grow or shrink on each side */
    float erase;   /* pixels: side of a patch set to paper at a random place */
};

/*
 * Distort `from` into `to` (both [28,28] u8, not overlapping). A pure function of its arguments:
 * (seed, epoch, sample) picks the random numbers.
 * Rotation, zoom, shear, shift and elastic are one bilinear resampling about the image's centre.
 * The elastic field is a random cubic B-spline, close to the Gaussian-smoothed noise of P. Simard
 * et al., ICDAR 2003, with a standard deviation of the smoothing of 5 pixels.
 */
void warp_image(const struct warp_ranges *ranges, uint64_t seed, uint32_t epoch, uint64_t sample,
                const uint8_t from[IMAGE_PIXELS], uint8_t to[IMAGE_PIXELS]);

#endif
