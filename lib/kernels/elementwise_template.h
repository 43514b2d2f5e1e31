/*
 * Everything but convolutions: walks over the pixels of one channel block, a vector of WIDTH lanes
 * at a time, which the including file defines. kernels.h documents each function.
 *
 * These loops do a few operations for each float they move, so what they cost is memory: each reads
 * and writes as little as it can, once, and the sums' chains are the only ones to wait for.
 */
#include "kernels.h"

#include <math.h>

/* As in conv_template.h, but loads and stores of these ask for no alignment. */
typedef float lanes __attribute__((vector_size(WIDTH * sizeof(float)), aligned(sizeof(float))));
typedef int lanes_mask __attribute__((vector_size(WIDTH * sizeof(int))));

enum { PARTS = LANES / WIDTH }; /* vectors in a pixel */

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define FOR_PARTS _Pragma("GCC unroll 16") for (int p = 0; p < PARTS; p++)
#define FOR_PIXELS(plane)                                                                          \
    for (int s = 0; s < (plane)->samples; s++)                                                     \
        for (int y = 0; y < (plane)->height; y++)                                                  \
            for (int x = 0; x < (plane)->width; x++)

static inline size_t place(const struct strides *strides, int s, int y, int x)
{
    return (size_t)s * strides->sample + (size_t)y * strides->row + (size_t)x * strides->pixel;
}

ALWAYS_INLINE lanes load(const float *from)
{
    return *(const lanes *)from;
}

ALWAYS_INLINE void store(float *to, lanes value)
{
    *(lanes *)to = value;
}

ALWAYS_INLINE lanes choose(lanes_mask which, lanes yes, lanes no)
{
    return (lanes)((which & (lanes_mask)yes) | (~which & (lanes_mask)no));
}

/* Ask for what comes 24 pixels on. A shard's maps of 28x28 are more than the second-level cache
 * holds, and the processor by itself does not fetch them early enough. */
ALWAYS_INLINE void fetch_ahead(const float *pixel)
{
    __builtin_prefetch(pixel + 24 * LANES);
}

static void moments(const struct plane *plane, const struct strides *strides, const float *x_,
                    float *mean, float *variance)
{
    /* Two passes: the sum of squares of a mean far from 0 would lose the variance's digits. */
    const float share = 1.0f / (float)(plane->samples * plane->height * plane->width);
    lanes sum[PARTS] = {0}, squares[PARTS] = {0};
    FOR_PIXELS(plane)
    {
        const float *v = x_ + place(strides, s, y, x);
        fetch_ahead(v);
        FOR_PARTS sum[p] += load(v + p * WIDTH);
    }
    FOR_PARTS sum[p] *= share;
    FOR_PIXELS(plane)
    {
        const float *v = x_ + place(strides, s, y, x);
        FOR_PARTS
        {
            const lanes off = load(v + p * WIDTH) - sum[p];
            squares[p] += off * off;
        }
    }
    FOR_PARTS store(mean + p * WIDTH, sum[p]);
    FOR_PARTS store(variance + p * WIDTH, squares[p] * share);
}

/* Rounding keeps order, so the largest y of a window is that of its largest x, or its smallest
 * where the scale is negative. */
ALWAYS_INLINE void tail_windows(const struct tail *t, const float *x, float *y, float *best,
                                int height, int width)
{
    for (int s = 0; s < t->plane.samples; s++)
        for (int row = 0; row < t->plane.height / height; row++)
            for (int l = 0; l < LANES; l += WIDTH) {
                const lanes scale = load(t->scale + l), shift = load(t->shift + l);
                const lanes floor = (lanes){0} + (t->relu ? 0 : -INFINITY);
                const float *from = x + place(&t->x, s, row * height, 0) + l;
                float *to = y + place(&t->y, s, row, 0) + l;
                float *keep = best ? best + place(&t->best, s, row, 0) + l : NULL;
                for (int column = 0; column < t->plane.width / width; column++) {
                    lanes high = load(from), low = high;
                    fetch_ahead(from);
                    fetch_ahead(to);
#pragma GCC unroll 4
                    for (int i = 1; i < height * width; i++) {
                        const lanes v = load(from + (size_t)(i / width) * t->x.row +
                                             (size_t)(i % width) * t->x.pixel);
                        high = choose(v > high, v, high);
                        low = choose(v < low, v, low);
                    }
                    const lanes at = choose(scale >= 0, high, low), value = scale * at + shift;
                    store(to, choose(value < floor, floor, value)); /* lets a NaN through */
                    if (keep) {
                        store(keep, at);
                        keep += t->best.pixel;
                    }
                    from += (size_t)width * t->x.pixel;
                    to += t->y.pixel;
                }
            }
}

static void tail(const struct tail *t, const float *x, float *y, float *best)
{
    if (t->window_height == 1 && t->window_width == 1)
        tail_windows(t, x, y, best, 1, 1);
    else if (t->window_height == 2 && t->window_width == 2)
        tail_windows(t, x, y, best, 2, 2);
    else
        tail_windows(t, x, y, best, t->window_height, t->window_width);
}

static void tail_sums(const struct tail *t, const float *best, const float *dy, float *sum,
                      float *sum_x)
{
    const struct plane plane = {t->plane.samples, t->plane.height / t->window_height,
                                t->plane.width / t->window_width};
    const lanes floor = (lanes){0} + (t->relu ? 0 : -INFINITY);
    lanes scale[PARTS], shift[PARTS], mean[PARTS], total[PARTS] = {0}, total_x[PARTS] = {0};
    FOR_PARTS scale[p] = load(t->scale + p * WIDTH);
    FOR_PARTS shift[p] = load(t->shift + p * WIDTH);
    FOR_PARTS mean[p] = load(t->mean + p * WIDTH);
    FOR_PIXELS(&plane)
    {
        const float *v_ = best + place(&t->best, s, y, x);
        const float *d_ = dy + place(&t->dy, s, y, x);
        fetch_ahead(v_);
        fetch_ahead(d_);
        FOR_PARTS
        {
            const lanes v = load(v_ + p * WIDTH), d = load(d_ + p * WIDTH);
            const lanes g = choose(scale[p] * v + shift[p] > floor, d, (lanes){0});
            total[p] += g;
            total_x[p] += g * (v - mean[p]);
        }
    }
    FOR_PARTS store(sum + p * WIDTH, total[p]);
    FOR_PARTS store(sum_x + p * WIDTH, total_x[p]);
}

/* dx of `n` pixels in a row that no gradient comes to: they still moved mean and variance. */
ALWAYS_INLINE void without_gradient(const struct tail *t, const float *x, float *dx, int n,
                                    const float *a, const float *b)
{
    for (int i = 0; i < n; i++, x += t->x.pixel, dx += t->dx.pixel)
        FOR_PARTS
        {
            const int l = p * WIDTH;
            const lanes off = load(x + l) - load(t->mean + l);
            store(dx + l, -(load(a + l) + load(b + l) * off));
        }
}

ALWAYS_INLINE void tail_back_windows(const struct tail *t, const float *x, const float *best,
                                     const float *dy, float *dx, const float *a_, const float *b_,
                                     int height, int width)
{
    const int rows = t->plane.height / height, columns = t->plane.width / width;
    for (int s = 0; s < t->plane.samples; s++) {
        for (int row = 0; row < rows; row++)
            for (int l = 0; l < LANES; l += WIDTH) {
                const lanes scale = load(t->scale + l), shift = load(t->shift + l);
                const lanes mean = load(t->mean + l), a = load(a_ + l), b = load(b_ + l);
                const lanes floor = (lanes){0} + (t->relu ? 0 : -INFINITY);
                const float *from = x + place(&t->x, s, row * height, 0) + l;
                const float *at = best + place(&t->best, s, row, 0) + l;
                const float *d = dy + place(&t->dy, s, row, 0) + l;
                float *to = dx + place(&t->dx, s, row * height, 0) + l;
                for (int column = 0; column < columns; column++) {
                    const lanes most = load(at);
                    fetch_ahead(from);
                    fetch_ahead(d);
                    const lanes g = choose(scale * most + shift > floor, load(d), (lanes){0});
                    lanes left = scale * g; /* until the first x that is the maximum takes it */
#pragma GCC unroll 4
                    for (int i = 0; i < height * width; i++) {
                        const size_t y_ = (size_t)(i / width), x_ = (size_t)(i % width);
                        const lanes v = load(from + y_ * t->x.row + x_ * t->x.pixel);
                        const lanes_mask here = v == most;
                        const lanes gone = a + b * (v - mean);
                        store(to + y_ * t->dx.row + x_ * t->dx.pixel,
                              (height * width == 1 ? left : choose(here, left, (lanes){0})) - gone);
                        left = choose(here, (lanes){0}, left);
                    }
                    from += (size_t)width * t->x.pixel;
                    to += (size_t)width * t->dx.pixel;
                    at += t->best.pixel;
                    d += t->dy.pixel;
                }
            }
        for (int y = 0; y < t->plane.height; y++) {
            const int taken = y < rows * height ? columns * width : 0;
            without_gradient(t, x + place(&t->x, s, y, taken), dx + place(&t->dx, s, y, taken),
                             t->plane.width - taken, a_, b_);
        }
    }
}

static void tail_back(const struct tail *t, const float *x, const float *best, const float *dy,
                      float *dx, const float *a, const float *b)
{
    if (t->window_height == 1 && t->window_width == 1)
        tail_back_windows(t, x, best, dy, dx, a, b, 1, 1);
    else if (t->window_height == 2 && t->window_width == 2)
        tail_back_windows(t, x, best, dy, dx, a, b, 2, 2);
    else
        tail_back_windows(t, x, best, dy, dx, a, b, t->window_height, t->window_width);
}

static void bias_back(const struct plane *plane, const struct strides *y_strides, const float *y_,
                      const struct strides *dy_strides, float *dy, bool relu, float *sum)
{
    const lanes floor = (lanes){0} + (relu ? 0 : -INFINITY);
    lanes total[PARTS] = {0};
    FOR_PIXELS(plane)
    {
        const float *v = y_ + place(y_strides, s, y, x);
        float *d = dy + place(dy_strides, s, y, x);
        FOR_PARTS
        {
            const lanes g = choose(load(v + p * WIDTH) > floor, load(d + p * WIDTH), (lanes){0});
            store(d + p * WIDTH, g);
            total[p] += g;
        }
    }
    FOR_PARTS store(sum + p * WIDTH, total[p]);
}

#define ELEMENTWISE_ROWS                                                                           \
    .moments = moments, .tail = tail, .tail_sums = tail_sums, .tail_back = tail_back,              \
    .bias_back = bias_back
