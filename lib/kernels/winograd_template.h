/*
 * 3x3 convolutions by Winograd's method (winograd_transforms.h), for every instruction set that
 * includes conv_template.h: tiles of m outputs along each axis, m = 4 or 3, and n = m + 2.
 *
 *   forward    V = B' x B of each input tile;  M[p] = V[p] U[p] for each position p, matrices
 *              [tiles, in] x [in, out];  y = A' M A, plus bias, ReLU
 *   weights    V again (cheaper than keeping it: n * n / m / m times the input);  A dy A';
 *              dU[p] += V[p]' (A dy A')[p];  at the end dg = G' dU G
 *   to data    is forward, with the kernel turned
 *
 * A picture is cut into fours and threes (winograd_axis). A three has the positions of a four but
 * for the last, so that both share U. The tiles of all samples are in the order of `shapes`: those
 * that have a position are then neighbours, which makes it one product. They are taken in chunks
 * whose V and M fit the second-level cache beside U (CHUNK_BYTES). The products are the 1x1
 * convolutions of conv_template.h whose pixels are tiles. Each tile is a chain of its own, whatever
 * its chunk.
 */
#include "winograd_tiles.h"
#include "winograd_transforms.h"

#include <string.h>

/* A matrix [tiles, channels] for each position. */
struct positions {
    float *at;
    size_t position, tile; /* floats from one to the next */
};

static struct positions positions_of(float *at, int tiles, int channels)
{
    const size_t tile = (size_t)((channels + LANES - 1) / LANES * LANES);
    return (struct positions){at, (size_t)tiles * tile + LANES, tile};
}

/*
 * Ask for what the tile below adds to this one, down x across pixels: by its turn it is in the
 * first-level cache instead of the third. With fetch_ahead(), a step of a network of 20 million
 * multiply-adds, with maps of 28x28, takes 3 to 5 % less time; one of the default, with smaller
 * maps, no less.
 */
INLINE void fetch_below(const float *pixel, int down, int across, size_t row)
{
#pragma GCC unroll 16
    for (int i = 0; i < down * across; i++)
        __builtin_prefetch(pixel + (size_t)(i / across) * row + (size_t)(i % across) * LANES);
}

/* A transform of a chunk's tiles, and the tensor that they are tiles of. */
struct way {
    const struct chunk *chunk;
    const struct strides *strides;
    int height, width; /* beyond which it is zero */
    int blocks;
    const float *bias; /* outputs alone, as is `relu` */
    bool relu;
};

/* B' x B or A dy A' of the tiles of one shape, of y.in x x.in pixels. A row of tiles is walked
 * through block by block: its pixels touch, which the processor sees and fetches ahead. */
INLINE void tiles_in(const struct way *way, transform_1d *transform, const struct group *group,
                     struct extent y, struct extent x, const float *from,
                     const struct positions *to)
{
    const struct strides *strides = way->strides;
    const struct square whole = {strides->row, LANES, y.in, x.in};
    const struct square put = {to->position * (size_t)way->chunk->n, to->position, y.n, x.n};
    const struct range range = range_of(way->chunk, group->first, group->first + group->tiles);
    const int before = way->chunk->first - group->first;
    struct row row;
    for (int t = range.first; t < range.end; t += row.tiles) {
        row = row_of(group, before + t, range.end - t);
        struct square part = whole;
        part.rows = minimum(y.in, way->height - row.y);
        for (int b = 0; b < way->blocks; b++) {
            const float *pixel = from + (size_t)row.sample * strides->sample +
                                 (size_t)b * strides->block + (size_t)row.y * strides->row +
                                 (size_t)row.x * LANES;
            float *v = to->at + (size_t)t * to->tile + (size_t)b * LANES;
            for (int i = 0; i < row.tiles; i++, pixel += (x.n - 2) * LANES, v += to->tile) {
                part.columns = minimum(x.in, way->width - row.x - i * (x.n - 2));
                fetch_below(pixel + (size_t)y.in * strides->row, y.n - 2, x.n - 2, strides->row);
                for (int l = 0; l < LANES; l += WIDTH)
                    if (part.rows == y.in && part.columns == x.in)
                        transform_2d(transform, &none, y, x, pixel + l, whole, v + l, put, NULL);
                    else
                        transform_2d(transform, &none, y, x, pixel + l, part, v + l, put, NULL);
            }
        }
    }
}

/* y = A' M A of the tiles of one shape, plus bias, ReLU. */
INLINE void tiles_out(const struct way *way, const struct group *group, struct extent y,
                      struct extent x, const struct positions *from, float *to)
{
    const struct strides *strides = way->strides;
    const struct square whole = {strides->row, LANES, y.out, x.out};
    const struct square at = {from->position * (size_t)way->chunk->n, from->position, y.n, x.n};
    const mask keep = (mask){0} - (way->relu ? 0 : 1);
    const struct range range = range_of(way->chunk, group->first, group->first + group->tiles);
    const int before = way->chunk->first - group->first;
    for (int t = range.first; t < range.end; t++) {
        const struct row here = row_of(group, before + t, 1);
        struct square part = whole;
        part.rows = minimum(y.out, way->height - here.y);
        part.columns = minimum(x.out, way->width - here.x);
        float *pixel = to + (size_t)here.sample * strides->sample + (size_t)here.y * strides->row +
                       (size_t)here.x * LANES;
        const float *v = from->at + (size_t)t * from->tile;
        for (int b = 0; b < way->blocks; b++, pixel += strides->block, v += LANES)
            for (int l = 0; l < LANES; l += WIDTH) {
                const struct epilogue epilogue = {
                    way->bias ? *(const vector *)(way->bias + b * LANES + l) : (vector){0}, keep};
                if (part.rows == y.out && part.columns == x.out)
                    transform_2d(transform_output, &outputs, y, x, v + l, at, pixel + l, whole,
                                 &epilogue);
                else
                    transform_2d(transform_output, &outputs, y, x, v + l, at, pixel + l, part,
                                 &epilogue);
            }
    }
}

/* A function for each transform and shape, so that everything inside is unrolled. */
#define DEFINE_SHAPE(S, DOWN, ACROSS)                                                              \
    static void input_##S(const struct way *way, const float *in, const struct positions *to)      \
    {                                                                                              \
        tiles_in(way, transform_input, &way->chunk->group[S],                                      \
                 (struct extent){DOWN + 2, DOWN + 2, DOWN + 2},                                    \
                 (struct extent){ACROSS + 2, ACROSS + 2, ACROSS + 2}, in, to);                     \
    }                                                                                              \
    static void gradient_##S(const struct way *way, const float *grad, const struct positions *to) \
    {                                                                                              \
        tiles_in(way, transform_gradient, &way->chunk->group[S],                                   \
                 (struct extent){DOWN + 2, DOWN, DOWN + 2},                                        \
                 (struct extent){ACROSS + 2, ACROSS, ACROSS + 2}, grad, to);                       \
    }                                                                                              \
    static void output_##S(const struct way *way, const struct positions *from, float *out)        \
    {                                                                                              \
        tiles_out(way, &way->chunk->group[S], (struct extent){DOWN + 2, DOWN + 2, DOWN},           \
                  (struct extent){ACROSS + 2, ACROSS + 2, ACROSS}, from, out);                     \
    }

/* As in `shapes`. */
DEFINE_SHAPE(0, 3, 4)
DEFINE_SHAPE(1, 4, 4)
DEFINE_SHAPE(2, 4, 3)
DEFINE_SHAPE(3, 3, 3)

static void input(const struct chunk *chunk, const float *in, const struct positions *to)
{
    const struct conv *c = chunk->conv;
    const struct way way = {.chunk = chunk,
                            .strides = &c->in,
                            .height = c->height + 2,
                            .width = c->width + 2,
                            .blocks = (c->in_channels + LANES - 1) / LANES};
    input_0(&way, in, to);
    input_1(&way, in, to);
    input_2(&way, in, to);
    input_3(&way, in, to);
}

static void gradient(const struct chunk *chunk, const float *grad, const struct positions *to)
{
    const struct conv *c = chunk->conv;
    const struct way way = {.chunk = chunk,
                            .strides = &c->out,
                            .height = c->height,
                            .width = c->width,
                            .blocks = c->out_blocks};
    gradient_0(&way, grad, to);
    gradient_1(&way, grad, to);
    gradient_2(&way, grad, to);
    gradient_3(&way, grad, to);
}

static void output(const struct chunk *chunk, const struct positions *from, const float *bias,
                   bool relu, float *out)
{
    const struct conv *c = chunk->conv;
    const struct way way = {.chunk = chunk,
                            .strides = &c->out,
                            .height = c->height,
                            .width = c->width,
                            .blocks = c->out_blocks,
                            .bias = bias,
                            .relu = relu};
    output_0(&way, from, out);
    output_1(&way, from, out);
    output_2(&way, from, out);
    output_3(&way, from, out);
}

/* A convolution's chunks, and its share of the scratch memory. */
struct work {
    struct chunk chunk; /* the one at hand */
    int most, all;      /* tiles of a chunk, and of all */
    struct positions in, out;
    float *weights; /* transformed, or their gradient */
};

static struct work work_of(const struct conv *conv, float *scratch)
{
    struct work w = {.chunk = {.conv = conv, .n = winograd_side(conv)},
                     .most = winograd_chunk(conv),
                     .all = winograd_tiles(conv)};
    group_tiles(&w.chunk);
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

/* A product of what some tiles have at a position. */
struct product {
    struct conv conv; /* of a row of pixels, which are tiles */
    const float *in;
    float *out;
    size_t weights; /* floats before the position's */
};

/* In place: a copy would wait for what has just been written in pieces. */
static void product_at(const struct work *w, int position, struct product *product)
{
    const struct chunk *chunk = &w->chunk;
    const struct range having = shapes_at(position / chunk->n, position % chunk->n);
    const struct group *last = &chunk->group[having.end];
    const int first = chunk->group[having.first].first;
    const struct range tiles = range_of(chunk, first, last->first + last->tiles);
    const size_t p = (size_t)position, t = (size_t)tiles.first;
    product->conv.width = tiles.end - tiles.first;
    product->in = w->in.at + p * w->in.position + t * w->in.tile;
    product->out = w->out.at + p * w->out.position + t * w->out.tile;
    product->weights = p * winograd_position_floats(chunk->conv);
}

static struct product products(const struct work *w)
{
    return (struct product){.conv = {.samples = 1,
                                     .height = 1,
                                     .in_channels = w->chunk.conv->in_channels,
                                     .out_blocks = w->chunk.conv->out_blocks,
                                     .kernel_height = 1,
                                     .kernel_width = 1,
                                     .in = {.block = LANES, .pixel = w->in.tile},
                                     .out = {.block = LANES, .pixel = w->out.tile}}};
}

/* M = V U. */
static void multiply(const struct work *w, const float *u)
{
    struct product product = products(w);
    for (int p = 0; p < w->chunk.n * w->chunk.n; p++) {
        product_at(w, p, &product);
        if (product.conv.width > 0)
            conv_channels(&product.conv, product.in, u + product.weights, NULL, false, product.out);
    }
}

/* dU = V' (A dy A'), added to the earlier chunks'; 0 where no tile has had the position. */
static void multiply_back(const struct work *w)
{
    const size_t weights = winograd_position_floats(w->chunk.conv);
    const bool add = w->chunk.first > 0;
    struct product product = products(w);
    for (int p = 0; p < w->chunk.n * w->chunk.n; p++) {
        product_at(w, p, &product);
        float *du = w->weights + product.weights;
        if (product.conv.width > 0)
            conv_weights_add(&product.conv, product.in, product.out, du, add);
        else if (!add)
            memset(du, 0, weights * sizeof *du);
    }
}

/* U = G g G', [positions][out block][in][LANES]; or with `back`, dg = G' dU G. */
INLINE void all_weights(const struct conv *conv, int n, float *weights, float *transformed,
                        bool back)
{
    const size_t position = winograd_position_floats(conv);
    const struct square at = {position * (size_t)n, position, n, n};
    const struct extent there = {n, 3, n}, here = {n, n, 3};
    float *u = transformed, *g = weights;
    for (int o = 0; o < conv->out_blocks; o++)
        for (int first = 0; first < conv->in_channels; first += LANES) {
            const size_t channels = (size_t)minimum(LANES, conv->in_channels - first);
            const struct square kernel = {3 * channels * LANES, channels * LANES, 3, 3};
            for (size_t l = 0; l < channels * LANES; l += WIDTH, g += WIDTH, u += WIDTH)
                if (back)
                    transform_2d(transform_weights_back, &weights_back, here, here, u, at, g,
                                 kernel, NULL);
                else
                    transform_2d(transform_weights, &weights_there, there, there, g, kernel, u, at,
                                 NULL);
            g += 8 * channels * LANES;
        }
}

static void winograd_transform(const struct conv *conv, const float *weights, float *transformed)
{
    if (winograd_side(conv) == 6)
        all_weights(conv, 6, (float *)weights, transformed, false);
    else
        all_weights(conv, 5, (float *)weights, transformed, false);
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
        input(&w.chunk, in, &w.in);
        w.chunk.conv = &one;
        for (int o = 0; o < conv->out_blocks; o++) {
            winograd_transform(&one, weights + o * 9 * LANES * conv->in_channels, w.weights);
            multiply(&w, w.weights);
            output(&w.chunk, &w.out, bias ? bias + o * LANES : NULL, relu,
                   out + (size_t)o * conv->out.block);
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
        input(&w.chunk, in, &w.in);
        multiply(&w, transformed);
        output(&w.chunk, &w.out, bias, relu, out);
    }
}

static void winograd_weights(const struct conv *conv, const float *in, const float *grad,
                             float *weights, float *scratch)
{
    struct work w = work_of(conv, scratch);
    for (; next(&w); w.chunk.first += w.most) {
        input(&w.chunk, in, &w.in);
        gradient(&w.chunk, grad, &w.out);
        multiply_back(&w);
    }
    if (w.chunk.n == 6)
        all_weights(conv, 6, weights, w.weights, true);
    else
        all_weights(conv, 5, weights, w.weights, true);
}

#define WINOGRAD_ROWS                                                                              \
    .winograd_transform = winograd_transform, .winograd = winograd,                                \
    .winograd_weights = winograd_weights
