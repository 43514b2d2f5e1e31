/* Augmentation: one random but reproducible distortion of a 28x28 image. */
#ifndef HWDR_WARP_H
#define HWDR_WARP_H

#include "sample.h"

#include <stdbool.h>

/*
 * How far each distortion may go; each sample draws uniformly from [-range,range]. 0 switches a
 * distortion off without changing what the others draw; all of them off is the identity, bit for
 * bit.
 */
struct warp_ranges {
    float rotate;  /* degrees */
    float shift;   /* pixels, horizontally and vertically on their own */
    float zoom;    /* fraction, each way on its own: 0.12 is a factor of 0.88 to 1.12; below 1 */
    float shear;   /* tangent of the slant */
    float elastic; /* pixels: standard deviation of the displacement of a pixel, each way */
    float stroke;  /* fraction of one pixel by which strokes grow or shrink on each side, 0..1 */
    float erase;   /* pixels: side of a patch set to paper at a random place, whole, 0..28 */
    float mirror;  /* chance of being mirrored left to right, 0..1 */
    float sharpen; /* not drawn: 1 to 2 make up for the blur of resampling, 0..4 */
};

/*
 * The elastic field is a random cubic B-spline on a coarse grid, close to the Gaussian-smoothed
 * noise of P. Simard et al., ICDAR 2003: a cubic B-spline of spacing s has a standard deviation of
 * s/sqrt(3), so 5 sqrt(3) pixels stand for their smoothing with a sigma of 5 (27 pixels are 3.1
 * spacings, and each point hears 4 controls: 7 a side).
 */
#define WARP_SPACING 8.660254f
enum { WARP_CONTROLS = 7 };

/* One distortion, drawn. All 0 with zooms of 1 is the identity. */
struct warp {
    float angle;                 /* radians, clockwise */
    float shift_x, shift_y;      /* pixels, to the right and down */
    float zoom_x, zoom_y;        /* factors; a negative one mirrors */
    float shear;                 /* tangent of the slant, to the right: the top moves right */
    float stroke;                /* -1..1, above 0 is thicker */
    float sharpen;               /* as in the ranges */
    int erase, erase_x, erase_y; /* pixels: side, left, top */
    float tilt_x, tilt_y;        /* perspective: fraction of the distance by which a pixel to the
                                    right, or down, is farther away; drawn by spoil.h alone */
    bool elastic;                /* whether `control` counts */
    float control[2][WARP_CONTROLS][WARP_CONTROLS]; /* pixels: [x or y][row][column] */
};

/*
 * Draw the distortion of one sample. A pure function of its arguments: (seed, epoch, sample) picks
 * the random numbers, taken in this order: angle, shift x and y, zoom x and y, shear, stroke, erase
 * x and y, the controls row by row for x, then for y; whether to mirror, from a sequence of its
 * own.
 */
struct warp warp_draw(const struct warp_ranges *ranges, uint64_t seed, uint32_t epoch,
                      uint64_t sample);

/*
 * Distort `from` into `to` (both [28,28] u8, not overlapping): first the strokes' width, then their
 * sharpness, then one bilinear resampling about the image's centre that zooms, slants, rotates,
 * shifts and bends, with paper outside; then the erased patch. The same bytes on every machine.
 */
void warp_apply(const struct warp *warp, const uint8_t from[IMAGE_PIXELS],
                uint8_t to[IMAGE_PIXELS]);

/* warp_draw() and warp_apply() in one. */
void warp_image(const struct warp_ranges *ranges, uint64_t seed, uint32_t epoch, uint64_t sample,
                const uint8_t from[IMAGE_PIXELS], uint8_t to[IMAGE_PIXELS]);

#endif
