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

const struct kernels kernels_portable = {
    .name = "portable", .conv = conv_forward, .conv_weights = conv_weights, ELEMENTWISE_ROWS};
