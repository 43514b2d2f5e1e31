/*
 * 3x3 convolutions by Winograd's method (winograd_transforms.h), for every instruction set that
 * includes conv_template.h: tiles of m x m outputs, m = 4 or 3, n = m + 2.
 *
 *   forward    V = B' x B of each input tile;  M[p] = V[p] U[p] for each of the n * n positions p,
 *              matrices [tiles, in] x [in, out];  y = A' M A, plus bias, ReLU
 *   weights    V again (cheaper than keeping it: n * n / m / m times the input);  A dy A';
 *              dU[p] += V[p]' (A dy A')[p];  at the end dg = G' dU G
 *   to data    is forward, with the kernel turned
 *
 * Tiles are counted through all samples and taken in chunks whose V and M fit the second-level
 * cache beside U (CHUNK_BYTES). The products are the 1x1 convolutions of conv_template.h whose
 * pixels are tiles. Each tile is a chain of its own, whatever its chunk.
 */
#include "winograd.h"
#include "winograd_transforms.h"

/* Where a chunk is, and a matrix [tiles, channels] for each position. */
struct chunk {
    const struct conv *conv;
    int n, columns, rows; /* positions and tiles a side */
    int first, tiles;     /* of the tiles of all samples */
};

struct positions {
    float *at;
    size_t position, tile; /* floats from one to the next */
};

static struct positions positions_of(float *at, int tiles, int channels)
{
    const size_t tile = (size_t)((channels + LANES - 1) / LANES * LANES);
    return (struct positions){at, (size_t)tiles * tile + LANES, tile};
}

struct tile_place {
    int sample, y, x;
};

static struct tile_place place_of(const struct chunk *chunk, int tile)
{
    const int t = chunk->first + tile, m = chunk->n - 2;
    return (struct tile_place){t / (chunk->rows * chunk->columns),
                               t / chunk->columns % chunk->rows * m, t % chunk->columns * m};
}

/* How many tiles from `tile` on are side by side in the chunk. */
static int run_of(const struct chunk *chunk, int tile)
{
    return minimum(chunk->columns - (chunk->first + tile) % chunk->columns, chunk->tiles - tile);
}

/*
 * Ask for what the tile below adds to this one, m x m pixels: by its turn it is in the first-level
 * cache instead of the third. With fetch_ahead(), a step of a network of 20 million multiply-adds,
 * with maps of 28x28, takes 3 to 5 % less time; one of the default, with smaller maps, no less.
 */
INLINE void fetch_below(const float *pixel, int m, size_t row)
{
#pragma GCC unroll 16
    for (int i = 0; i < m * m; i++)
        __builtin_prefetch(pixel + (size_t)(i / m) * row + (size_t)(i % m) * LANES);
}

/*
 * B' x B or A dy A' of a chunk's tiles of `side` x `side` pixels, `blocks` blocks, out of planes of
 * height x width. Beyond them it is zero. A row of tiles is walked through block by block: its
 * pixels touch, which the processor sees and fetches ahead.
 */
INLINE void chunk_in(const struct chunk *chunk, transform_1d *transform, int n, int side,
                     int height, int width, const struct strides *strides, int blocks,
                     const float *from, const struct positions *to)
{
    const struct square whole = {strides->row, LANES, side, side};
    const struct square put = {to->position * (size_t)n, to->position, n, n};
    for (int t = 0, run; t < chunk->tiles; t += run) {
        const struct tile_place p = place_of(chunk, t);
        struct square part = whole;
        part.rows = minimum(side, height - p.y);
        run = run_of(chunk, t);
        for (int b = 0; b < blocks; b++) {
            const float *x = from + (size_t)p.sample * strides->sample +
                             (size_t)b * strides->block + (size_t)p.y * strides->row +
                             (size_t)p.x * LANES;
            float *v = to->at + (size_t)t * to->tile + (size_t)b * LANES;
            for (int i = 0; i < run; i++, x += (n - 2) * LANES, v += to->tile) {
                part.columns = minimum(side, width - p.x - i * (n - 2));
                fetch_below(x + (size_t)side * strides->row, n - 2, strides->row);
                for (int l = 0; l < LANES; l += WIDTH)
                    if (part.rows == side && part.columns == side)
                        transform_2d(transform, &none, n, side, n, x + l, whole, v + l, put, NULL);
                    else
                        transform_2d(transform, &none, n, side, n, x + l, part, v + l, put, NULL);
            }
        }
    }
}

/* y = A' M A of a chunk's tiles, plus bias, ReLU. */
INLINE void chunk_out(const struct chunk *chunk, int n, const struct positions *from,
                      const float *bias, bool relu, float *out)
{
    const struct conv *c = chunk->conv;
    const int m = n - 2;
    const struct square whole = {c->out.row, LANES, m, m};
    const struct square at = {from->position * (size_t)n, from->position, n, n};
    const mask keep = (mask){0} - (relu ? 0 : 1);
    for (int t = 0; t < chunk->tiles; t++) {
        const struct tile_place p = place_of(chunk, t);
        struct square part = whole;
        part.rows = minimum(m, c->height - p.y);
        part.columns = minimum(m, c->width - p.x);
        float *y =
            out + (size_t)p.sample * c->out.sample + (size_t)p.y * c->out.row + (size_t)p.x * LANES;
        const float *v = from->at + (size_t)t * from->tile;
        for (int b = 0; b < c->out_blocks; b++, y += c->out.block, v += LANES)
            for (int l = 0; l < LANES; l += WIDTH) {
                const struct epilogue epilogue = {
                    bias ? *(const vector *)(bias + b * LANES + l) : (vector){0}, keep};
                if (part.rows == m && part.columns == m)
                    transform_2d(transform_output, &outputs, n, n, m, v + l, at, y + l, whole,
                                 &epilogue);
                else
                    transform_2d(transform_output, &outputs, n, n, m, v + l, at, y + l, part,
                                 &epilogue);
            }
    }
}

/* Each for both tile sizes, so that everything inside is unrolled. */
#define DEFINE_CHUNK(M)                                                                            \
    static void chunk_input_##M(const struct chunk *chunk, const float *in,                        \
                                const struct positions *to)                                        \
    {                                                                                              \
        const struct conv *c = chunk->conv;                                                        \
        chunk_in(chunk, transform_input, M + 2, M + 2, c->height + 2, c->width + 2, &c->in,        \
                 (c->in_channels + LANES - 1) / LANES, in, to);                                    \
    }                                                                                              \
    static void chunk_gradient_##M(const struct chunk *chunk, const float *grad,                   \
                                   const struct positions *to)                                     \
    {                                                                                              \
        const struct conv *c = chunk->conv;                                                        \
        chunk_in(chunk, transform_gradient, M + 2, M, c->height, c->width, &c->out, c->out_blocks, \
                 grad, to);                                                                        \
    }                                                                                              \
    static void chunk_output_##M(const struct chunk *chunk, const struct positions *from,          \
                                 const float *bias, bool relu, float *out)                         \
    {                                                                                              \
        chunk_out(chunk, M + 2, from, bias, relu, out);                                            \
    }

DEFINE_CHUNK(3)
DEFINE_CHUNK(4)

/* A convolution's chunks, and its share of the scratch memory. */
struct work {
    struct chunk chunk; /* the one at hand */
    int most, all;      /* tiles of a chunk, and of all */
    struct positions in, out;
    float *weights; /* transformed, or their gradient */
};

static struct work work_of(const struct conv *conv, float *scratch)
{
    const int m = conv->tile;
    struct work w = {.chunk = {.conv = conv,
                               .n = m + 2,
                               .rows = (conv->height + m - 1) / m,
                               .columns = (conv->width + m - 1) / m},
                     .most = winograd_chunk(conv),
                     .all = winograd_tiles(conv)};
    const size_t positions = (size_t)(w.chunk.n * w.chunk.n);
    w.in = positions_of(scratch, w.most, conv->in_channels);
    w.out = positions_of(w.in.at + positions * w.in.position, w.most, conv->out_blocks * LANES);
    w.weights = w.out.at + positions * w.out.position;
    return w;
}

/* Whether there is a next chunk, from chunk.first on. */
static bool next(struct work *w)
{
    w->chunk.tiles = minimum(w->most, w->all - w->chunk.first);
    return w->chunk.tiles > 0;
}

/* V and M of a position as pictures for conv_template.h: a row of pixels, which are tiles. */
static struct conv product_of(const struct work *w)
{
    return (struct conv){.samples = 1,
                         .height = 1,
                         .width = w->chunk.tiles,
                         .in_channels = w->chunk.conv->in_channels,
                         .out_blocks = w->chunk.conv->out_blocks,
                         .kernel_height = 1,
                         .kernel_width = 1,
                         .in = {.block = LANES, .pixel = w->in.tile},
                         .out = {.block = LANES, .pixel = w->out.tile}};
}

/* M = V U. */
static void multiply(const struct work *w, const float *u)
{
    const struct conv product = product_of(w);
    const size_t weights = winograd_position_floats(w->chunk.conv);
    for (size_t p = 0; p < (size_t)(w->chunk.n * w->chunk.n); p++)
        conv_forward(&product, w->in.at + p * w->in.position, u + p * weights, NULL, false,
                     w->out.at + p * w->out.position);
}

/* dU = V' (A dy A'), added to the earlier chunks'. */
static void multiply_back(const struct work *w)
{
    const struct conv product = product_of(w);
    const size_t weights = winograd_position_floats(w->chunk.conv);
    for (size_t p = 0; p < (size_t)(w->chunk.n * w->chunk.n); p++)
        conv_weights_add(&product, w->in.at + p * w->in.position, w->out.at + p * w->out.position,
                         w->weights + p * weights, w->chunk.first > 0);
}

/* U = G g G', [positions][out block][in][LANES]; or with `back`, dg = G' dU G. */
INLINE void all_weights(const struct conv *conv, int n, float *weights, float *transformed,
                        bool back)
{
    const size_t position = winograd_position_floats(conv);
    const struct square at = {position * (size_t)n, position, n, n};
    float *u = transformed, *g = weights;
    for (int o = 0; o < conv->out_blocks; o++)
        for (int first = 0; first < conv->in_channels; first += LANES) {
            const size_t channels = (size_t)minimum(LANES, conv->in_channels - first);
            const struct square kernel = {3 * channels * LANES, channels * LANES, 3, 3};
            for (size_t l = 0; l < channels * LANES; l += WIDTH, g += WIDTH, u += WIDTH)
                if (back)
                    transform_2d(transform_weights_back, &weights_back, n, n, 3, u, at, g, kernel,
                                 NULL);
                else
                    transform_2d(transform_weights, &weights_there, n, 3, n, g, kernel, u, at,
                                 NULL);
            g += 8 * channels * LANES;
        }
}

static void winograd_transform(const struct conv *conv, const float *weights, float *transformed)
{
    if (conv->tile == 4)
        all_weights(conv, 6, (float *)weights, transformed, false);
    else
        all_weights(conv, 5, (float *)weights, transformed, false);
}

static void input(const struct work *w, const float *in)
{
    if (w->chunk.n == 6)
        chunk_input_4(&w->chunk, in, &w->in);
    else
        chunk_input_3(&w->chunk, in, &w->in);
}

static void output(const struct work *w, const float *bias, bool relu, float *out)
{
    if (w->chunk.n == 6)
        chunk_output_4(&w->chunk, &w->out, bias, relu, out);
    else
        chunk_output_3(&w->chunk, &w->out, bias, relu, out);
}

/*
 * One block of weights at a time, transformed where the last one was, and one of outputs: little
 * memory, for a program that reads one picture and whose pages all have to come from the system.
 */
static void winograd_in_turn(const struct conv *conv, const float *in, const float *weights,
                             const float *bias, bool relu, float *out, struct work w)
{
    struct conv one = *conv;
    one.out_blocks = 1;
    w.out = positions_of(w.out.at, w.most, LANES);
    w.weights = w.out.at + (size_t)(w.chunk.n * w.chunk.n) * w.out.position;
    for (; next(&w); w.chunk.first += w.most) {
        w.chunk.conv = conv;
        input(&w, in);
        w.chunk.conv = &one;
        for (int o = 0; o < conv->out_blocks; o++) {
            winograd_transform(&one, weights + o * 9 * LANES * conv->in_channels, w.weights);
            multiply(&w, w.weights);
            output(&w, bias ? bias + o * LANES : NULL, relu, out + (size_t)o * conv->out.block);
        }
    }
}

static void winograd(const struct conv *conv, const float *in, const float *weights,
                     const float *transformed, const float *bias, bool relu, float *out,
                     float *scratch)
{
    struct work w = work_of(conv, scratch);
    if (!transformed) {
        winograd_in_turn(conv, in, weights, bias, relu, out, w);
        return;
    }
    for (; next(&w); w.chunk.first += w.most) {
        input(&w, in);
        multiply(&w, transformed);
        output(&w, bias, relu, out);
    }
}

static void winograd_weights(const struct conv *conv, const float *in, const float *grad,
                             float *gradient, float *scratch)
{
    struct work w = work_of(conv, scratch);
    for (; next(&w); w.chunk.first += w.most) {
        input(&w, in);
        if (conv->tile == 4)
            chunk_gradient_4(&w.chunk, grad, &w.out);
        else
            chunk_gradient_3(&w.chunk, grad, &w.out);
        multiply_back(&w);
    }
    if (conv->tile == 4)
        all_weights(conv, 6, gradient, w.weights, true);
    else
        all_weights(conv, 5, gradient, w.weights, true);
}

#define WINOGRAD_ROWS                                                                              \
    .winograd_transform = winograd_transform, .winograd = winograd,                                \
    .winograd_weights = winograd_weights
