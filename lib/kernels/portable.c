/*
 * Portable C, the oracle: the convolutions as the textbook writes them, in the order of sums that
 * kernels.h promises. Every other table is compared with this one.
 */
#include "kernels.h"
#include "tables.h"

#define WIDTH 4 /* what every processor with vectors has */
#include "elementwise_template.h"

#include <string.h>

#define FOR_LANES for (int l = 0; l < LANES; l++)

/* Offset of the weights of input channel i at tap (ky,kx) in one output block. */
static size_t weights_at(const struct conv *c, int i, int ky, int kx)
{
    const int block = i / LANES, first = block * LANES;
    const int channels = c->in_channels - first < LANES ? c->in_channels - first : LANES;
    const int taps = c->kernel_height * c->kernel_width;
    const int row = first * taps + (ky * c->kernel_width + kx) * channels + i % LANES;
    return (size_t)row * LANES;
}

static size_t in_at(const struct conv *c, int s, int i, int y, int x)
{
    return place(&c->in, s, y, x) + (size_t)(i / LANES) * c->in.block + (size_t)(i % LANES);
}

static size_t block_weights(const struct conv *c)
{
    return (size_t)(c->in_channels * c->kernel_height * c->kernel_width * LANES);
}

static void conv_forward(const struct conv *c, const float *in, const float *weights,
                         const float *bias, bool relu, float *out)
{
    const struct plane plane = {c->samples, c->height, c->width};
    for (int o = 0; o < c->out_blocks; o++)
        FOR_PIXELS(&plane)
        {
            float sum[LANES];
            FOR_LANES sum[l] = bias ? bias[o * LANES + l] : 0;
            for (int first = 0; first < c->in_channels; first += LANES)
                for (int ky = 0; ky < c->kernel_height; ky++)
                    for (int kx = 0; kx < c->kernel_width; kx++)
                        for (int i = first; i < first + LANES && i < c->in_channels; i++) {
                            const float v = in[in_at(c, s, i, y + ky, x + kx)];
                            const float *w =
                                weights + (size_t)o * block_weights(c) + weights_at(c, i, ky, kx);
                            FOR_LANES sum[l] += v * w[l];
                        }
            float *to = out + place(&c->out, s, y, x) + (size_t)o * c->out.block;
            FOR_LANES to[l] = relu && !(sum[l] > 0) ? 0 : sum[l];
        }
}

static void conv_weights(const struct conv *c, const float *in, const float *grad, float *gradient)
{
    const struct plane plane = {c->samples, c->height, c->width};
    for (int o = 0; o < c->out_blocks; o++)
        for (int i = 0; i < c->in_channels; i++)
            for (int ky = 0; ky < c->kernel_height; ky++)
                for (int kx = 0; kx < c->kernel_width; kx++) {
                    float sum[LANES] = {0};
                    FOR_PIXELS(&plane)
                    {
                        const float v = in[in_at(c, s, i, y + ky, x + kx)];
                        const float *g = grad + place(&c->out, s, y, x) + (size_t)o * c->out.block;
                        FOR_LANES sum[l] += v * g[l];
                    }
                    memcpy(gradient + (size_t)o * block_weights(c) + weights_at(c, i, ky, kx), sum,
                           sizeof sum);
                }
}

/* The windows of a pool in order, and a walk through them. */
#define FOR_WINDOWS(c)                                                                             \
    const struct plane windows = {(c)->samples, (c)->height / 2, (c)->width / 2};                  \
    FOR_PIXELS(&windows)

static size_t which_at(const struct conv *c, int s, int o, int y, int x)
{
    return (size_t)(((s * c->out_blocks + o) * (c->height / 2) + y) * (c->width / 2) + x) * LANES;
}

static void conv_pool(const struct conv *c, const float *in, const float *weights,
                      const float *bias, bool relu, float *y_, uint8_t *which)
{
    struct conv pixel = *c;
    pixel.samples = pixel.height = pixel.width = pixel.out_blocks = 1;
    for (int o = 0; o < c->out_blocks; o++) {
        FOR_WINDOWS(c)
        {
            float *to = y_ + place(&c->out, s, y, x) + (size_t)o * c->out.block;
            for (int p = 0; p < 4; p++) {
                float sum[LANES];
                conv_forward(&pixel, in + place(&c->in, s, 2 * y + p / 2, 2 * x + p % 2),
                             weights + (size_t)o * block_weights(c), bias ? bias + o * LANES : NULL,
                             false, sum);
                FOR_LANES if (p == 0 || sum[l] > to[l])
                {
                    to[l] = sum[l];
                    if (which)
                        which[which_at(c, s, o, y, x) + (size_t)l] = (uint8_t)p;
                }
            }
            FOR_LANES if (relu && !(to[l] > 0))
            {
                to[l] = 0;
                if (which)
                    which[which_at(c, s, o, y, x) + (size_t)l] = POOL_NONE;
            }
        }
    }
}

static void conv_pool_weights(const struct conv *c, const float *in, const uint8_t *which,
                              const float *dy, float *gradient, float *bias)
{
    memset(gradient, 0, (size_t)c->out_blocks * block_weights(c) * sizeof *gradient);
    if (bias)
        memset(bias, 0, (size_t)c->out_blocks * LANES * sizeof *bias);
    for (int o = 0; o < c->out_blocks; o++) {
        FOR_WINDOWS(c)
        {
            const float *g = dy + place(&c->out, s, y, x) + (size_t)o * c->out.block;
            const uint8_t *at = which + which_at(c, s, o, y, x);
            float *sum = gradient + (size_t)o * block_weights(c);
            FOR_LANES if (bias && at[l] != POOL_NONE) bias[o * LANES + l] += g[l];
            for (int ky = 0; ky < c->kernel_height; ky++)
                for (int kx = 0; kx < c->kernel_width; kx++, sum += LANES)
                    FOR_LANES if (at[l] != POOL_NONE) sum[l] +=
                        in[place(&c->in, s, 2 * y + at[l] / 2 + ky, 2 * x + at[l] % 2 + kx)] * g[l];
        }
    }
}

const struct kernels kernels_portable = {.name = "portable",
                                         .conv = conv_forward,
                                         .conv_weights = conv_weights,
                                         .conv_pool = conv_pool,
                                         .conv_pool_weights = conv_pool_weights,
                                         ELEMENTWISE_ROWS};
