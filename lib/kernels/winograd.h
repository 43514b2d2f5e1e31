/*
 * Which convolutions Winograd's method takes, what it cuts them into, and the memory it needs; the
 * same for every instruction set, so that all take the same.
 */
#ifndef HWDR_WINOGRAD_H
#define HWDR_WINOGRAD_H

#include "kernels.h"

/* Whether Winograd's method is better than direct convolution. */
bool winograd_pays(const struct conv *conv);

/* The tiles along an axis: `fours` of 4 outputs, then `threes` of 3, which may reach beyond it. */
struct winograd_axis {
    int fours, threes;
};

struct winograd_axis winograd_axis(int length);

/* Positions a side: 6, those of a tile of 4, or 5 where there is none. */
int winograd_side(const struct conv *conv);

/* Floats of transformed weights of a position, of all, and of scratch; 0 for direct convolution. */
size_t winograd_position_floats(const struct conv *conv);
size_t winograd_transformed_floats(const struct conv *conv);
size_t winograd_scratch_floats(const struct conv *conv);

/* The tiles of all samples, and how many of them are worked on at once. */
int winograd_tiles(const struct conv *conv);
int winograd_chunk(const struct conv *conv);

#endif
