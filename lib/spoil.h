/*
 * What scans, photos and hurried hands do to a digit, for training that has to cope: blur, noise,
 * faint ink, uneven paper, strokes across, perspective, few pixels, on top of wider versions of
 * warp.h's.
 */
#ifndef HWDR_SPOIL_H
#define HWDR_SPOIL_H

#include "sample.h"
#include "warp.h"

/*
 * How far each may go. A sample is spoilt with chance `share`, so that most of what a network sees
 * stays clean; a spoilt one gets each kind with chance 0.35, as far as a uniform draw says. 0
 * switches a kind off without changing what the others draw.
 */
struct spoil_ranges {
    float share;       /* of samples, 0..1 */
    float wide;        /* factor on the ranges of rotation, shift, zoom, shear and stroke */
    float perspective; /* fraction by which a border comes nearer or goes back, 0..0.5 */
    float blur;        /* pixels: standard deviation of a Gaussian, each axis on its own, 0..4 */
    float lines;       /* most strokes or bars of any grey across the image, whole, 0..16 */
    float contrast;    /* fraction of the ink that is lost, 0..1 */
    float background;  /* grey of the paper, 0..1, smoothly uneven */
    float noise;       /* standard deviation of a pixel's, of 1 for full ink, 0..1 */
    float coarse;      /* factor that a picture of it is smaller by, 1..4; less: none is taken */
};

/*
 * warp_image(), then the kinds above, in that order but for the picture that is smaller, which is
 * taken of the warped digit: a pure function of its arguments. With a share of 0 it is warp_image()
 * to the bit.
 */
void spoil_image(const struct warp_ranges *warp, const struct spoil_ranges *ranges, uint64_t seed,
                 uint32_t epoch, uint64_t sample, const uint8_t from[IMAGE_PIXELS],
                 uint8_t to[IMAGE_PIXELS]);

#endif
