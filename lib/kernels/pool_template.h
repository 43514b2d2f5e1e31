/*
 * A first convolution with the 2x2 maximum pool behind it in one, once for every instruction set:
 * the map between them is the largest of a network, and its windows are pooled while they are still
 * in registers. Behind conv_template.h; the including file defines as well
 *
 *     POOL_VECTORS   vectors of channels of a tile, 1 or 2
 *
 * so that a tile's accumulators, 4 pixels x POOL_WINDOWS x POOL_VECTORS, its weights and one
 * broadcast fit the registers.
 *
 * Backwards one pixel of a window has a gradient, each channel's own. Products with the zeros of
 * the other three change no bit of a sum, so they may be computed or left out.
 */
#include "kernels.h"
#include "tables.h"

enum {
    POOL_WINDOWS = 3, /* of a tile, side by side */
    MASKED_SUMS = 10  /* of masked_rows(), which with a gradient and a pixel fit 16 registers */
};

typedef signed char bytes __attribute__((vector_size(WIDTH), aligned(1)));

/* Where one tile reads and writes. */
struct pool_tile {
    const struct conv *conv;
    const float *in, *weights, *bias; /* bias: NULL for none */
    float *y;
    uint8_t *which; /* NULL: nobody wants it */
    size_t block_weights, block_which;
    bool relu;
};

/* How far vector `v` of a tile is from the first, in a tensor whose blocks are `block` apart. */
INLINE size_t vector_at(int v, size_t block)
{
    return (size_t)(v / PER_BLOCK) * block + (size_t)(v % PER_BLOCK * WIDTH);
}

INLINE bytes narrow(mask numbers)
{
#if WIDTH == 8 /* which GCC would take apart into single numbers */
    typedef signed char all __attribute__((vector_size(sizeof(mask))));
    return __builtin_shufflevector((all)numbers, (all)numbers, 0, 4, 8, 12, 16, 20, 24, 28);
#else
    return __builtin_convertvector(numbers, bytes);
#endif
}

/* The largest of the four sums of window `i` of a tile, for vector `v`, and which it was. */
INLINE void pool_window(const struct pool_tile *t, const vector sum[4], int i, int v)
{
    vector most = sum[0];
    mask which = {0};
#pragma GCC unroll 4
    for (int p = 1; p < 4; p++) {
        const mask more = sum[p] > most;
        most = (vector)((more & (mask)sum[p]) | (~more & (mask)most));
        which = (more & p) | (~more & which);
    }
    if (t->relu) {
        const mask alive = most > 0;
        most = (vector)((mask)most & alive);
        which = (which & alive) | (~alive & POOL_NONE);
    }
    const struct strides *out = &t->conv->out;
    *(vector *)(t->y + (size_t)i * out->pixel + vector_at(v, out->block)) = most;
    if (t->which)
        *(bytes *)(t->which + i * LANES + vector_at(v, t->block_which)) = narrow(which);
}

INLINE void pool_tile(const struct pool_tile *t, int size, int windows, int vectors)
{
    const size_t row = t->conv->in.row;
    vector sum[POOL_WINDOWS][POOL_VECTORS][4]; /* a window's pixels row by row */
#pragma GCC unroll 16
    for (int p = 0; p < 4 * windows; p++)
#pragma GCC unroll 16
        for (int v = 0; v < vectors; v++)
            sum[p / 4][v][p % 4] =
                t->bias ? *(const vector *)(t->bias + vector_at(v, LANES)) : (vector){0};
    const float *w = t->weights;
    for (int ky = 0; ky < size; ky++)
#pragma GCC unroll 8
        for (int kx = 0; kx < size; kx++, w += LANES) {
            const float *x = t->in + (size_t)ky * row + kx;
            __asm__("" : "+r"(x)); /* or GCC keeps pixels for the next tap, beyond the registers */
            vector wv[POOL_VECTORS];
#pragma GCC unroll 16
            for (int v = 0; v < vectors; v++)
                wv[v] = *(const vector *)(w + vector_at(v, t->block_weights));
#pragma GCC unroll 16
            for (int p = 0; p < 4 * windows; p++) {
                const vector xv =
                    x[(size_t)(p % 4 / 2) * row + (size_t)(p / 4 * 2 + p % 2)] - (vector){0};
#pragma GCC unroll 16
                for (int v = 0; v < vectors; v++)
                    sum[p / 4][v][p % 4] += xv * wv[v];
            }
        }
#pragma GCC unroll 16
    for (int i = 0; i < windows; i++)
#pragma GCC unroll 16
        for (int v = 0; v < vectors; v++)
            pool_window(t, sum[i][v], i, v);
}

#define POOL_CASE(SIZE, WINDOWS)                                                                   \
    case WINDOWS:                                                                                  \
        if (vectors == POOL_VECTORS)                                                               \
            pool_tile(t, SIZE, WINDOWS, POOL_VECTORS);                                             \
        else                                                                                       \
            pool_tile(t, SIZE, WINDOWS, 1);                                                        \
        break;
#define DEFINE_POOL(SIZE)                                                                          \
    static void pool_tiles_##SIZE(const struct pool_tile *t, int windows, int vectors)             \
    {                                                                                              \
        switch (windows) {                                                                         \
            POOL_CASE(SIZE, 1)                                                                     \
            POOL_CASE(SIZE, 2)                                                                     \
            POOL_CASE(SIZE, 3)                                                                     \
        }                                                                                          \
    }

DEFINE_POOL(3)
DEFINE_POOL(5)

/* All windows of one sample, for a tile's vectors. */
static void pool_plane(struct pool_tile *t, const float *in, float *y, uint8_t *which, int vectors)
{
    const struct conv *c = t->conv;
    const int columns = c->width / 2, part = even_part(columns, POOL_WINDOWS);
    for (int row = 0; row < c->height / 2; row++)
        for (int column = 0; column < columns; column += part) {
            const int windows = minimum(part, columns - column);
            t->in = in + (size_t)(2 * row) * c->in.row + (size_t)(2 * column);
            t->y = y + (size_t)row * c->out.row + (size_t)column * c->out.pixel;
            t->which = which ? which + (row * columns + column) * LANES : NULL;
            if (c->kernel_width == 3)
                pool_tiles_3(t, windows, vectors);
            else
                pool_tiles_5(t, windows, vectors);
        }
}

static size_t which_bytes(const struct conv *c)
{
    return (size_t)(c->height / 2 * (c->width / 2)) * LANES;
}

static void conv_pool(const struct conv *c, const float *in, const float *weights,
                      const float *bias, bool relu, float *y, uint8_t *which)
{
    struct pool_tile t = {.conv = c,
                          .block_weights = (size_t)(c->kernel_height * c->kernel_width) * LANES,
                          .block_which = which_bytes(c),
                          .relu = relu};
    const int vectors = c->out_blocks * PER_BLOCK;
    for (int s = 0; s < c->samples; s++)
        for (int v = 0; v < vectors; v += POOL_VECTORS) {
            const size_t sample = (size_t)(s * c->out_blocks) * t.block_which;
            t.weights = weights + vector_at(v, t.block_weights);
            t.bias = bias ? bias + vector_at(v, LANES) : NULL;
            pool_plane(&t, in + (size_t)s * c->in.sample,
                       y + (size_t)s * c->out.sample + vector_at(v, c->out.block),
                       which ? which + sample + vector_at(v, t.block_which) : NULL,
                       minimum(POOL_VECTORS, vectors - v));
        }
}

/* What the gradients of one vector of channels come from, and where they go. */
struct pool_weights {
    const struct conv *conv;
    const float *in, *dy;
    const uint8_t *which;
    float *gradient, *bias; /* bias: NULL for none */
};

/*
 * Gradients of rows first <= ky < first + rows of a kernel, over all samples, and with the first
 * row that of the bias. To choose each channel's pixel costs as much as products with all four, so
 * these are computed.
 */
INLINE void masked_rows(const struct pool_weights *t, int size, int first, int rows)
{
    const struct conv *c = t->conv;
    const size_t row = c->in.row;
    vector sum[MASKED_SUMS] = {0}, bias = {0};
    for (int s = 0; s < c->samples; s++) {
        const uint8_t *at = t->which + (size_t)(s * c->out_blocks) * which_bytes(c);
        for (int y = 0; y < c->height / 2; y++) {
            const float *x = t->in + (size_t)s * c->in.sample + (size_t)(2 * y + first) * row;
            const float *dy = t->dy + (size_t)s * c->out.sample + (size_t)y * c->out.row;
            for (int i = 0; i < c->width / 2; i++, x += 2, dy += c->out.pixel, at += LANES) {
                const mask which = __builtin_convertvector(*(const bytes *)at, mask);
                bias += (vector)(*(const mask *)dy & (which != POOL_NONE));
#pragma GCC unroll 4
                for (int p = 0; p < 4; p++) {
                    const vector g = (vector)(*(const mask *)dy & (which == p));
#pragma GCC unroll 16
                    for (int tap = 0; tap < size * rows; tap++)
                        sum[tap] +=
                            x[(size_t)(tap / size + p / 2) * row + (size_t)(tap % size + p % 2)] *
                            g;
                }
            }
        }
    }
#pragma GCC unroll 16
    for (int tap = 0; tap < size * rows; tap++)
        *(vector *)(t->gradient + (first * size + tap) * LANES) = sum[tap];
    if (t->bias && first == 0)
        *(vector *)t->bias = bias;
}

/* The kernel of the table, by ROWS_OF(tile, size, first, rows) of so many rows that their sums, at
 * most SUMS, fit the registers. */
#define DEFINE_POOL_WEIGHTS(ROWS_OF, SUMS)                                                         \
    INLINE void pool_weights_of(const struct pool_weights *t, int size)                            \
    {                                                                                              \
        const int most = minimum(SUMS / size, size);                                               \
        for (int ky = 0; ky + most <= size; ky += most)                                            \
            ROWS_OF(t, size, ky, most);                                                            \
        if (size % most)                                                                           \
            ROWS_OF(t, size, size - size % most, size % most);                                     \
    }                                                                                              \
    static void conv_pool_weights(const struct conv *c, const float *in, const uint8_t *which,     \
                                  const float *dy, float *gradient, float *bias)                   \
    {                                                                                              \
        const size_t taps = (size_t)(c->kernel_height * c->kernel_width);                          \
        for (int v = 0; v < c->out_blocks * PER_BLOCK; v++) {                                      \
            const struct pool_weights t = {.conv = c,                                              \
                                           .in = in,                                               \
                                           .dy = dy + vector_at(v, c->out.block),                  \
                                           .which = which + vector_at(v, which_bytes(c)),          \
                                           .gradient = gradient + vector_at(v, taps * LANES),      \
                                           .bias = bias ? bias + v * WIDTH : NULL};                \
            if (c->kernel_width == 3)                                                              \
                pool_weights_of(&t, 3);                                                            \
            else                                                                                   \
                pool_weights_of(&t, 5);                                                            \
        }                                                                                          \
    }

#define POOL_ROWS .conv_pool = conv_pool, .conv_pool_weights = conv_pool_weights
