#include "winograd.h"

/*
 * A chunk of tiles with V and M (winograd_template.h) is to fit the second-level cache, 1 MiB on
 * the machine these figures are from, beside the transformed weights; 24 tiles are whole rows of
 * every instruction set's register tile.
 */
enum { CHUNK_BYTES = 512 * 1024, CHUNK_TILES = 24 };

static int parts(int whole, int part)
{
    return (whole + part - 1) / part;
}

static int positions(int tile)
{
    return (tile + 2) * (tile + 2);
}

static int tiles(const struct conv *conv, int tile)
{
    return parts(conv->height, tile) * parts(conv->width, tile);
}

/* The tile with fewer multiplications: 4 needs 4 times fewer than direct convolution where it
 * divides the picture, 3 needs 3.24 times fewer. */
int winograd_tile(const struct conv *conv)
{
    if (conv->kernel_height != 3 || conv->kernel_width != 3 || conv->in_channels < LANES)
        return 0;
    return tiles(conv, 3) * positions(3) < tiles(conv, 4) * positions(4) ? 3 : 4;
}

size_t winograd_transformed_floats(const struct conv *conv)
{
    if (!conv->tile)
        return 0;
    return (size_t)positions(conv->tile) * (size_t)conv->in_channels * (size_t)conv->out_blocks *
           LANES;
}

int winograd_tiles(const struct conv *conv)
{
    return conv->samples * tiles(conv, conv->tile);
}

/* Bytes of V and M of one tile. */
static size_t tile_bytes(const struct conv *conv)
{
    const int blocks = parts(conv->in_channels, LANES) + conv->out_blocks;
    return (size_t)(positions(conv->tile) * blocks * LANES) * sizeof(float);
}

int winograd_chunk(const struct conv *conv)
{
    const int all = winograd_tiles(conv);
    const int fit = (int)(CHUNK_BYTES / tile_bytes(conv) / CHUNK_TILES) * CHUNK_TILES;
    const int most = fit > CHUNK_TILES ? fit : CHUNK_TILES;
    return all < most ? all : most;
}

size_t winograd_scratch_floats(const struct conv *conv)
{
    if (!conv->tile)
        return 0;
    /* V and M, each position a line further than the last ends, and gradients of the weights */
    return (size_t)winograd_chunk(conv) * tile_bytes(conv) / sizeof(float) +
           (size_t)(2 * positions(conv->tile) * LANES) + winograd_transformed_floats(conv);
}
