/*
 * Direct convolution, register-blocked, once for every instruction set. The including file defines
 *
 *     WIDTH          floats in a vector register
 *     MAX_BLOCKS     channel blocks that a tile covers
 *     MAX_ROWS(B)    pixels (conv) or input channels (conv_weights) of a tile of B blocks
 *
 * so that MAX_ROWS(B) * B * LANES / WIDTH accumulators, B * LANES / WIDTH vectors and one broadcast
 * fit the registers. A tile holds its accumulators in registers through all multiply-adds of an
 * input slice whose weights fit the first-level cache (SLICE_BYTES), so memory sees one load and
 * one store an accumulator for some hundreds to thousands of multiply-adds.
 */
#include "kernels.h"
#include "tables.h"

enum {
    PER_BLOCK = LANES / WIDTH,
    MAX_VECTORS = MAX_BLOCKS * PER_BLOCK,
    SLICE_BYTES = 28 * 1024 /* of a 32 KiB cache; 16 channels x 9 taps x 3 blocks are 27 KiB */
};

typedef float vector __attribute__((vector_size(WIDTH * sizeof(float))));
typedef int mask __attribute__((vector_size(WIDTH * sizeof(int))));

#define INLINE static inline __attribute__((always_inline))

static inline int minimum(int a, int b)
{
    return a < b ? a : b;
}

/* The size of the first of the fewest, nearly equal parts of `whole` that are at most `most`. */
static inline int even_part(int whole, int most)
{
    const int parts = (whole + most - 1) / most;
    return (whole + parts - 1) / parts;
}

/* Where one tile reads and writes, and which slice of the input's channels it covers. */
struct tile {
    const struct conv *conv;
    const float *in, *weights, *bias;
    float *out;
    size_t out_block_weights; /* floats of the weights of one output block */
    int first, last;          /* in blocks of the slice: first <= b < last */
    bool relu;
};

/* `pixel` is the input's pixel stride, a constant wherever that makes the addressing free. */
INLINE void conv_tile(const struct tile *t, int rows, int blocks, size_t pixel)
{
    const struct conv *c = t->conv;
    const int vectors = blocks * PER_BLOCK;
    vector sum[MAX_ROWS(1)][MAX_VECTORS];
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 16
        for (int v = 0; v < vectors; v++) {
            const size_t lane = (size_t)(v % PER_BLOCK * WIDTH);
            const size_t block = (size_t)(v / PER_BLOCK);
            if (t->first > 0)
                sum[r][v] = *(const vector *)(t->out + (size_t)r * c->out.pixel +
                                              block * c->out.block + lane);
            else if (t->bias)
                sum[r][v] = *(const vector *)(t->bias + block * LANES + lane);
            else
                sum[r][v] = (vector){0};
        }
    const float *w = t->weights;
    for (int b = t->first; b < t->last; b++) {
        const int channels = minimum(LANES, c->in_channels - b * LANES);
        for (int ky = 0; ky < c->kernel_height; ky++)
            for (int kx = 0; kx < c->kernel_width; kx++) {
                const float *x =
                    t->in + (size_t)b * c->in.block + (size_t)ky * c->in.row + (size_t)kx * pixel;
                for (int i = 0; i < channels; i++, x++, w += LANES) {
                    vector wv[MAX_VECTORS];
#pragma GCC unroll 16
                    for (int v = 0; v < vectors; v++)
                        wv[v] =
                            *(const vector *)(w + (size_t)(v / PER_BLOCK) * t->out_block_weights +
                                              v % PER_BLOCK * WIDTH);
#pragma GCC unroll 16
                    for (int r = 0; r < rows; r++) {
                        const vector xv = x[(size_t)r * pixel] - (vector){0};
#pragma GCC unroll 16
                        for (int v = 0; v < vectors; v++)
                            sum[r][v] += xv * wv[v];
                    }
                }
            }
    }
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 16
        for (int v = 0; v < vectors; v++) {
            if (t->relu)
                sum[r][v] = (vector)((mask)sum[r][v] & (sum[r][v] > 0));
            *(vector *)(t->out + (size_t)r * c->out.pixel + (size_t)(v / PER_BLOCK) * c->out.block +
                        v % PER_BLOCK * WIDTH) = sum[r][v];
        }
}

/* One function a tile size; the compiler drops the cases that MAX_ROWS rules out. */
#define CASE(R, B, CALL)                                                                           \
    case R:                                                                                        \
        if (R <= MAX_ROWS(B))                                                                      \
            CALL(R, B);                                                                            \
        break;
#define CASES(B, CALL)                                                                             \
    CASE(1, B, CALL)                                                                               \
    CASE(2, B, CALL)                                                                               \
    CASE(3, B, CALL)                                                                               \
    CASE(4, B, CALL)                                                                               \
    CASE(5, B, CALL)                                                                               \
    CASE(6, B, CALL)                                                                               \
    CASE(7, B, CALL)                                                                               \
    CASE(8, B, CALL)                                                                               \
    CASE(9, B, CALL)                                                                               \
    CASE(10, B, CALL)                                                                              \
    CASE(11, B, CALL)                                                                              \
    CASE(12, B, CALL)

#define CONV_DENSE_PIXELS(R, B) conv_tile(t, R, B, LANES)
#define CONV_ANY_PIXELS(R, B) conv_tile(t, R, B, t->conv->in.pixel)

#define DEFINE_CONV(B)                                                                             \
    static void conv_row_##B(const struct tile *t, int rows)                                       \
    {                                                                                              \
        if (t->conv->in.pixel == LANES)                                                            \
            switch (rows) {                                                                        \
                CASES(B, CONV_DENSE_PIXELS)                                                        \
            }                                                                                      \
        else                                                                                       \
            switch (rows) {                                                                        \
                CASES(B, CONV_ANY_PIXELS)                                                          \
            }                                                                                      \
    }

DEFINE_CONV(1)
#if MAX_BLOCKS >= 3
DEFINE_CONV(2)
DEFINE_CONV(3)
#endif

static void conv_rows(const struct tile *t, int rows, int blocks)
{
#if MAX_BLOCKS >= 3
    if (blocks == 3)
        conv_row_3(t, rows);
    else if (blocks == 2)
        conv_row_2(t, rows);
    else
#endif
        conv_row_1(t, rows);
    (void)blocks;
}

/*
 * With one input channel and touching pixels, the columns of the kernel are as contiguous in memory
 * as channels are elsewhere, in the input and in the weights: take them for channels.
 */
static struct conv columns_as_channels(const struct conv *conv)
{
    struct conv c = *conv;
    if (c.in_channels == 1 && c.in.pixel == 1) {
        c.in_channels = c.kernel_width;
        c.kernel_width = 1;
    }
    return c;
}

static int max_rows(int blocks)
{
    return blocks == 1 ? MAX_ROWS(1) : blocks == 2 ? MAX_ROWS(2) : MAX_ROWS(3);
}

/* All pixels of one sample, for a tile's output blocks and its slice of the input. */
static void conv_plane(struct tile *t, const float *in, float *out, int blocks)
{
    const struct conv *c = t->conv;
    const int part = even_part(c->width, max_rows(blocks));
    for (int y = 0; y < c->height; y++)
        for (int x = 0; x < c->width; x += part) {
            t->in = in + (size_t)y * c->in.row + (size_t)x * c->in.pixel;
            t->out = out + (size_t)y * c->out.row + (size_t)x * c->out.pixel;
            conv_rows(t, minimum(part, c->width - x), blocks);
        }
}

/* A convolution as it is told: its columns are taken for channels already, or cannot be. */
static void conv_channels(const struct conv *c, const float *in, const float *weights,
                          const float *bias, bool relu, float *out)
{
    const int taps = c->kernel_height * c->kernel_width;
    const int in_blocks = (c->in_channels + LANES - 1) / LANES;
    const int part = even_part(c->out_blocks, MAX_BLOCKS);
    struct tile t = {.conv = c, .out_block_weights = (size_t)(c->in_channels * taps * LANES)};
    for (int s = 0; s < c->samples; s++)
        for (int o = 0; o < c->out_blocks; o += part) {
            const int blocks = minimum(part, c->out_blocks - o);
            const int block_bytes = taps * LANES * LANES * blocks * (int)sizeof(float);
            const int slice = block_bytes < SLICE_BYTES ? SLICE_BYTES / block_bytes : 1;
            t.bias = bias ? bias + (size_t)o * LANES : NULL;
            for (int b = 0; b < in_blocks; b += slice) {
                t.first = b;
                t.last = minimum(b + slice, in_blocks);
                t.relu = relu && t.last == in_blocks;
                t.weights = weights + (size_t)o * t.out_block_weights +
                            (size_t)b * LANES * (size_t)taps * LANES;
                conv_plane(&t, in + (size_t)s * c->in.sample,
                           out + (size_t)s * c->out.sample + (size_t)o * c->out.block, blocks);
            }
        }
}

static void conv_forward(const struct conv *conv, const float *in, const float *weights,
                         const float *bias, bool relu, float *out)
{
    const struct conv c = columns_as_channels(conv);
    conv_channels(&c, in, weights, bias, relu, out);
}

/* Gradients of `rows` input channels at one tap, for `blocks` output blocks, over some samples. */
struct weights_tile {
    const struct conv *conv;
    const float *in, *grad;
    float *gradient;
    size_t out_block_weights;
    int samples;
    bool add; /* to what `gradient` holds */
};

INLINE void weights_tile(const struct weights_tile *t, int rows, int blocks, size_t pixel)
{
    const struct conv *c = t->conv;
    const int vectors = blocks * PER_BLOCK;
    vector sum[MAX_ROWS(1)][MAX_VECTORS];
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 16
        for (int v = 0; v < vectors; v++)
            sum[r][v] = t->add ? *(vector *)(t->gradient + (size_t)r * LANES +
                                             (size_t)(v / PER_BLOCK) * t->out_block_weights +
                                             v % PER_BLOCK * WIDTH)
                               : (vector){0};
    for (int s = 0; s < t->samples; s++)
        for (int y = 0; y < c->height; y++) {
            const float *x = t->in + (size_t)s * c->in.sample + (size_t)y * c->in.row;
            const float *g = t->grad + (size_t)s * c->out.sample + (size_t)y * c->out.row;
            for (int i = 0; i < c->width; i++, x += pixel, g += c->out.pixel) {
                vector gv[MAX_VECTORS];
#pragma GCC unroll 16
                for (int v = 0; v < vectors; v++)
                    gv[v] = *(const vector *)(g + (size_t)(v / PER_BLOCK) * c->out.block +
                                              v % PER_BLOCK * WIDTH);
#pragma GCC unroll 16
                for (int r = 0; r < rows; r++) {
                    const vector xv = x[r] - (vector){0};
#pragma GCC unroll 16
                    for (int v = 0; v < vectors; v++)
                        sum[r][v] += xv * gv[v];
                }
            }
        }
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 16
        for (int v = 0; v < vectors; v++)
            *(vector *)(t->gradient + (size_t)r * LANES +
                        (size_t)(v / PER_BLOCK) * t->out_block_weights + v % PER_BLOCK * WIDTH) =
                sum[r][v];
}

#define WEIGHTS(R, B) weights_tile(t, R, B, t->conv->in.pixel)
#define DEFINE_WEIGHTS(B)                                                                          \
    static void weights_rows_##B(const struct weights_tile *t, int rows)                           \
    {                                                                                              \
        switch (rows) {                                                                            \
            CASES(B, WEIGHTS)                                                                      \
        }                                                                                          \
    }

DEFINE_WEIGHTS(1)
#if MAX_BLOCKS >= 3
DEFINE_WEIGHTS(2)
DEFINE_WEIGHTS(3)
#endif

static void weights_rows(const struct weights_tile *t, int rows, int blocks)
{
#if MAX_BLOCKS >= 3
    if (blocks == 3)
        weights_rows_3(t, rows);
    else if (blocks == 2)
        weights_rows_2(t, rows);
    else
#endif
        weights_rows_1(t, rows);
    (void)blocks;
}

/* All taps and input channels, for a tile's output blocks and samples. */
static void weights_taps(struct weights_tile *t, const float *in, float *gradient, int blocks)
{
    const struct conv *c = t->conv;
    for (int b = 0; b * LANES < c->in_channels; b++) {
        const int channels = minimum(LANES, c->in_channels - b * LANES);
        const int part = even_part(channels, max_rows(blocks));
        for (int ky = 0; ky < c->kernel_height; ky++)
            for (int kx = 0; kx < c->kernel_width; kx++)
                for (int i = 0; i < channels; i += part) {
                    const int rows = minimum(part, channels - i);
                    t->in = in + (size_t)b * c->in.block + (size_t)ky * c->in.row +
                            (size_t)kx * c->in.pixel + i;
                    t->gradient = gradient;
                    weights_rows(t, rows, blocks);
                    gradient += (size_t)rows * LANES;
                }
    }
}

/* As conv_channels(); with `add`, to what `gradient` holds. */
static void conv_weights_add(const struct conv *c, const float *in, const float *grad,
                             float *gradient, bool add)
{
    const int taps = c->kernel_height * c->kernel_width;
    const int part = even_part(c->out_blocks, MAX_BLOCKS);
    const int sample_bytes = c->height * c->width * (part + 1) * LANES * (int)sizeof(float);
    const int group = sample_bytes < SLICE_BYTES ? SLICE_BYTES / sample_bytes : 1;
    struct weights_tile t = {.conv = c,
                             .out_block_weights = (size_t)(c->in_channels * taps * LANES)};
    for (int s = 0; s < c->samples; s += group)
        for (int o = 0; o < c->out_blocks; o += part) {
            t.grad = grad + (size_t)s * c->out.sample + (size_t)o * c->out.block;
            t.samples = minimum(group, c->samples - s);
            t.add = add || s > 0;
            weights_taps(&t, in + (size_t)s * c->in.sample,
                         gradient + (size_t)o * t.out_block_weights,
                         minimum(part, c->out_blocks - o));
        }
}

static void conv_weights(const struct conv *conv, const float *in, const float *grad,
                         float *gradient)
{
    const struct conv c = columns_as_channels(conv);
    conv_weights_add(&c, in, grad, gradient, false);
}
