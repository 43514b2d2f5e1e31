/*
 * Everything but convolutions: plain C over the 16 lanes of a pixel, which compilers turn into
 * vectors of whatever the including file is compiled for. kernels.h documents each function.
 */
#include "kernels.h"

#include <string.h>

#define FOR_PIXELS(plane)                                                                          \
    for (int s = 0; s < (plane)->samples; s++)                                                     \
        for (int y = 0; y < (plane)->height; y++)                                                  \
            for (int x = 0; x < (plane)->width; x++)

#define FOR_LANES for (int l = 0; l < LANES; l++)

static inline size_t place(const struct strides *strides, int s, int y, int x)
{
    return (size_t)s * strides->sample + (size_t)y * strides->row + (size_t)x * strides->pixel;
}

static void moments(const struct plane *plane, const struct strides *strides, const float *x_,
                    float *mean, float *variance)
{
    /* Two passes: the sum of squares of a mean far from 0 would lose the variance's digits. */
    const float share = 1.0f / (float)(plane->samples * plane->height * plane->width);
    float sum[LANES] = {0}, squares[LANES] = {0};
    FOR_PIXELS(plane)
    {
        const float *v = x_ + place(strides, s, y, x);
        FOR_LANES sum[l] += v[l];
    }
    FOR_LANES sum[l] *= share;
    FOR_PIXELS(plane)
    {
        const float *v = x_ + place(strides, s, y, x);
        FOR_LANES squares[l] += (v[l] - sum[l]) * (v[l] - sum[l]);
    }
    FOR_LANES mean[l] = sum[l];
    FOR_LANES variance[l] = squares[l] * share;
}

static void affine(const struct plane *plane, const struct strides *x_strides, const float *x_,
                   const struct strides *y_strides, float *y_, const float *scale,
                   const float *shift, bool relu)
{
    float floor[LANES];
    FOR_LANES floor[l] = relu ? 0 : -__builtin_inff();
    FOR_PIXELS(plane)
    {
        const float *restrict from = x_ + place(x_strides, s, y, x);
        float *restrict to = y_ + place(y_strides, s, y, x);
        FOR_LANES
        {
            const float value = scale[l] * from[l] + shift[l];
            to[l] = value > floor[l] ? value : floor[l];
        }
    }
}

static void affine_sums(const struct plane *plane, const struct strides *x_strides, const float *x_,
                        const struct strides *dy_strides, const float *dy, const float *scale,
                        const float *shift, bool relu, const float *mean, float *sum, float *sum_x)
{
    float floor[LANES], total[LANES] = {0}, total_x[LANES] = {0};
    FOR_LANES floor[l] = relu ? 0 : -__builtin_inff();
    FOR_PIXELS(plane)
    {
        const float *restrict v = x_ + place(x_strides, s, y, x);
        const float *restrict d = dy + place(dy_strides, s, y, x);
        FOR_LANES
        {
            const float g = scale[l] * v[l] + shift[l] > floor[l] ? d[l] : 0;
            total[l] += g;
            total_x[l] += g * (v[l] - mean[l]);
        }
    }
    memcpy(sum, total, sizeof total);
    memcpy(sum_x, total_x, sizeof total_x);
}

static void affine_back(const struct plane *plane, const struct strides *x_strides, const float *x_,
                        const struct strides *dy_strides, const float *dy,
                        const struct strides *dx_strides, float *dx, const float *scale,
                        const float *shift, bool relu, const float *mean, const float *a,
                        const float *b)
{
    float floor[LANES];
    FOR_LANES floor[l] = relu ? 0 : -__builtin_inff();
    FOR_PIXELS(plane)
    {
        const float *restrict v = x_ + place(x_strides, s, y, x);
        const float *restrict d = dy + place(dy_strides, s, y, x);
        float *restrict to = dx + place(dx_strides, s, y, x);
        FOR_LANES
        {
            const float g = scale[l] * v[l] + shift[l] > floor[l] ? d[l] : 0;
            to[l] = scale[l] * g - (a[l] + b[l] * (v[l] - mean[l]));
        }
    }
}

static void bias_back(const struct plane *plane, const struct strides *y_strides, const float *y_,
                      const struct strides *dy_strides, float *dy, bool relu, float *sum)
{
    float floor[LANES], total[LANES] = {0};
    FOR_LANES floor[l] = relu ? 0 : -__builtin_inff();
    FOR_PIXELS(plane)
    {
        const float *restrict v = y_ + place(y_strides, s, y, x);
        float *restrict d = dy + place(dy_strides, s, y, x);
        FOR_LANES
        {
            d[l] = v[l] > floor[l] ? d[l] : 0;
            total[l] += d[l];
        }
    }
    memcpy(sum, total, sizeof total);
}

static void max_pool(const struct plane *plane, int window_height, int window_width,
                     const struct strides *x_strides, const float *x_,
                     const struct strides *y_strides, float *y_, uint16_t *at)
{
    FOR_PIXELS(plane)
    {
        const float *from = x_ + place(x_strides, s, y * window_height, x * window_width);
        float *to = y_ + place(y_strides, s, y, x);
        float best[LANES];
        int where[LANES] = {0};
        memcpy(best, from, sizeof best);
        for (int i = 1; i < window_height * window_width; i++) {
            const float *v = from + (size_t)(i / window_width) * x_strides->row +
                             (size_t)(i % window_width) * x_strides->pixel;
            FOR_LANES
            {
                where[l] = v[l] > best[l] ? i : where[l];
                best[l] = v[l] > best[l] ? v[l] : best[l];
            }
        }
        memcpy(to, best, sizeof best);
        FOR_LANES at[l] = (uint16_t)where[l];
        at += LANES;
    }
}

static void max_pool_back(const struct plane *plane, int window_height, int window_width,
                          const struct strides *dy_strides, const float *dy,
                          const struct strides *dx_strides, float *dx, const uint16_t *at)
{
    FOR_PIXELS(plane)
    {
        const float *restrict d = dy + place(dy_strides, s, y, x);
        float *base = dx + place(dx_strides, s, y * window_height, x * window_width);
        for (int i = 0; i < window_height * window_width; i++) {
            float *restrict to = base + (size_t)(i / window_width) * dx_strides->row +
                                 (size_t)(i % window_width) * dx_strides->pixel;
            FOR_LANES to[l] = at[l] == i ? d[l] : 0;
        }
        at += LANES;
    }
}

#define ELEMENTWISE_ROWS                                                                           \
    .moments = moments, .affine = affine, .affine_sums = affine_sums, .affine_back = affine_back,  \
    .bias_back = bias_back, .max_pool = max_pool, .max_pool_back = max_pool_back
