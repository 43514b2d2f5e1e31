#include "winograd.h"

/*
 * A chunk of tiles with V and M (winograd_template.h) is to stay in the second-level cache, 1 MiB
 * on the machine these figures are from. The gradient of the weights likes 1 MiB: 5 to 10 % faster
 * than 256 or 512 KiB, as it goes through the weights once a chunk; forward does not care. (A Zen 5
 * core, whose second-level cache is as large, says the same.) 24 tiles
 * are whole rows of every instruction set's register tile.
 */
enum { CHUNK_BYTES = 1024 * 1024, CHUNK_TILES = 24, MIN_CHANNELS = 8 };

static int parts(int whole, int part)
{
    return (whole + part - 1) / part;
}

static int tiles(int length)
{
    return parts(length, 4);
}

/*
 * Along an axis a tile of m outputs multiplies m + 2 times, direct convolution 3 m times: fewest
 * are the fewest tiles that reach as little beyond the axis as they can. So 12 are three fours, 7 a
 * four and a three, 6 two threes, and from 6 on all lengths fit.
 */
struct winograd_axis winograd_axis(int length)
{
    const int all = tiles(length), spare = 4 * all - length, threes = spare < all ? spare : all;
    return (struct winograd_axis){all - threes, threes};
}

int winograd_side(const struct conv *conv)
{
    return winograd_axis(conv->height).fours + winograd_axis(conv->width).fours > 0 ? 6 : 5;
}

static int positions(const struct conv *conv)
{
    return winograd_side(conv) * winograd_side(conv);
}

/*
 * Tiles of 4 x 4 multiply 4 times less than direct convolution, those of 3 x 3 3.24 times. On a
 * Zen 4 core with AVX-512, 12 samples, direct time over Winograd's, forward and gradient of the
 * weights, where all tiles of a picture are alike:
 *
 *     12x12 24->48 2.5 2.7    6x6 48->96 2.6 2.5    28x28 32->32 1.9 2.4    12x12 16->16 2.0 2.2
 *     12x12 48->48 2.8 2.9    6x6 96->96 2.7 2.4                            12x12  8->16 1.4 1.6
 *                                                                           12x12  4->32 1.0 1.4
 */
bool winograd_pays(const struct conv *conv)
{
    return conv->kernel_height == 3 && conv->kernel_width == 3 && conv->in_channels >= MIN_CHANNELS;
}

/* A line more than there are weights, or a transform's stores would often fall on one cache set. */
size_t winograd_position_floats(const struct conv *conv)
{
    return (size_t)conv->in_channels * (size_t)conv->out_blocks * LANES + LANES;
}

size_t winograd_transformed_floats(const struct conv *conv)
{
    return conv->winograd ? (size_t)positions(conv) * winograd_position_floats(conv) : 0;
}

int winograd_tiles(const struct conv *conv)
{
    return conv->samples * tiles(conv->height) * tiles(conv->width);
}

/* Bytes of V and M of one tile. */
static size_t tile_bytes(const struct conv *conv)
{
    const int blocks = parts(conv->in_channels, LANES) + conv->out_blocks;
    return (size_t)(positions(conv) * blocks * LANES) * sizeof(float);
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
    if (!conv->winograd)
        return 0;
    /* V and M, each position a line further than the last ends, and gradients of the weights */
    return (size_t)winograd_chunk(conv) * tile_bytes(conv) / sizeof(float) +
           (size_t)(2 * positions(conv) * LANES) + winograd_transformed_floats(conv);
}
