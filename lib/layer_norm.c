/*
 * Batch norm and ReLU in one: y = relu?(scale * (x - mean) / sqrt(variance + epsilon) + shift). In
 * training mean and variance are the shard's own, over samples and pixels ("ghost" batch norm); in
 * inference the running ones, folded into the layer before.
 * Sources: S. Ioffe, C. Szegedy, ICML 2015; E. Hoffer et al., NeurIPS 2017 (ghost batches).
 */
#include "layer.h"

#include <math.h>

/* One block's share of `memo`: what forward leaves for backward. */
struct memo {
    float mean[LANES], inverse[LANES], scale[LANES], shift[LANES];
};

static size_t memo_bytes(const struct layer *layer, int samples)
{
    (void)samples;
    return (size_t)layer_blocks(layer->out.channels) * sizeof(struct memo);
}

static int shape(struct layer *layer, struct error *error)
{
    (void)error;
    static const char *const names[] = {"scale", "shift", "mean", "variance"};
    for (int i = NORM_SCALE; i <= NORM_VARIANCE; i++) {
        const enum parameter_kind kind = i < NORM_MEAN ? PARAMETER_VECTOR : PARAMETER_STATISTIC;
        struct parameter *parameter = layer_parameter(
            layer, names[i], kind, (size_t)layer_blocks(layer->out.channels) * LANES);
        parameter->type.dims = 1;
        parameter->type.dim[0] = (uint64_t)layer->out.channels;
    }
    return 0;
}

static void forward(const struct pass *pass, bool training)
{
    (void)training; /* never called in inference */
    const struct layer *layer = pass->layer;
    const struct plane plane = {pass->samples, layer->out.height, layer->out.width};
    for (int b = 0; b < layer_blocks(layer->out.channels); b++) {
        struct memo *memo = (struct memo *)pass->memo + b;
        const float *x = pass->in.at + (size_t)b * pass->in.strides.block;
        const size_t first = (size_t)b * LANES;
        float variance[LANES];
        pass->kernels->moments(&plane, &pass->in.strides, x, memo->mean, variance);
        for (int l = 0; l < LANES; l++) {
            const size_t i = first + (size_t)l;
            const float gamma = pass->block[layer->parameter[NORM_SCALE].offset + i];
            const float beta = pass->block[layer->parameter[NORM_SHIFT].offset + i];
            memo->inverse[l] = 1 / sqrtf(variance[l] + NORM_EPSILON);
            memo->scale[l] = gamma * memo->inverse[l];
            memo->shift[l] = beta - memo->mean[l] * memo->scale[l];
            pass->gradient[layer->parameter[NORM_MEAN].offset + i] = pass->share * memo->mean[l];
            pass->gradient[layer->parameter[NORM_VARIANCE].offset + i] = pass->share * variance[l];
        }
        pass->kernels->affine(&plane, &pass->in.strides, x, &pass->out.strides,
                              pass->out.at + (size_t)b * pass->out.strides.block, memo->scale,
                              memo->shift, layer->relu);
    }
}

/*
 * With g the gradient behind the ReLU and x^ = (x - mean) * inverse, over the n values of a
 * channel: d shift = sum g, d scale = sum g x^, and
 * dx = scale * inverse * (g - mean(g) - x^ * mean(g x^)).
 */
static void backward(const struct pass *pass)
{
    const struct layer *layer = pass->layer;
    const struct plane plane = {pass->samples, layer->out.height, layer->out.width};
    const float n = (float)(plane.samples * plane.height * plane.width);
    for (int block = 0; block < layer_blocks(layer->out.channels); block++) {
        const struct memo *memo = (const struct memo *)pass->memo + block;
        const float *x = pass->in.at + (size_t)block * pass->in.strides.block;
        const float *dy = pass->grad_out.at + (size_t)block * pass->grad_out.strides.block;
        float *d_scale = pass->gradient + layer->parameter[NORM_SCALE].offset;
        float *d_shift = pass->gradient + layer->parameter[NORM_SHIFT].offset;
        float sum[LANES], sum_x[LANES], a[LANES], b[LANES];
        pass->kernels->affine_sums(&plane, &pass->in.strides, x, &pass->grad_out.strides, dy,
                                   memo->scale, memo->shift, layer->relu, memo->mean, sum, sum_x);
        for (int l = 0; l < LANES; l++) {
            d_shift[block * LANES + l] = sum[l];
            d_scale[block * LANES + l] = sum_x[l] * memo->inverse[l];
            a[l] = memo->scale[l] * sum[l] / n;
            b[l] = memo->scale[l] * sum_x[l] * memo->inverse[l] * memo->inverse[l] / n;
        }
        if (pass->grad_in.at)
            pass->kernels->affine_back(
                &plane, &pass->in.strides, x, &pass->grad_out.strides, dy, &pass->grad_in.strides,
                pass->grad_in.at + (size_t)block * pass->grad_in.strides.block, memo->scale,
                memo->shift, layer->relu, memo->mean, a, b);
    }
}

const struct layer_type layer_norm = {.name = "norm",
                                      .training_only = true,
                                      .shape = shape,
                                      .forward = forward,
                                      .backward = backward,
                                      .memo_bytes = memo_bytes};
