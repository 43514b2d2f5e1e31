/*
 * Which convolutions Winograd's method takes, and the memory it needs; the same for every
 * instruction set, so that all take the same.
 */
#ifndef HWDR_WINOGRAD_H
#define HWDR_WINOGRAD_H

#include "kernels.h"

/* The tile's outputs a side, 3 or 4, for a convolution, or 0 where direct convolution is better. */
int winograd_tile(const struct conv *conv);

/* Floats of transformed weights of a position, of all, and of scratch; 0 without a tile. */
size_t winograd_position_floats(const struct conv *conv);
size_t winograd_transformed_floats(const struct conv *conv);
size_t winograd_scratch_floats(const struct conv *conv);

/* The tiles of all samples, and how many of them are worked on at once. */
int winograd_tiles(const struct conv *conv);
int winograd_chunk(const struct conv *conv);

#endif
