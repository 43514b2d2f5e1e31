/*
 * Batch norm and ReLU in one: y = relu?(scale * (x - mean) / sqrt(variance + epsilon) + shift). In
 * training mean and variance are the shard's own, over samples and pixels ("ghost" batch norm); in
 * inference the running ones, folded into the layer before. A maximum pool behind it is part of the
 * same passes in training: the map before pooling, the largest of all, is never written.
 * Sources: S. Ioffe, C. Szegedy, ICML 2015; E. Hoffer et al., NeurIPS 2017 (ghost batches).
 */
#include "layer.h"

#include <math.h>

/* One block's share of `memo`: what forward leaves for backward. */
struct memo {
    float mean[LANES], inverse[LANES], scale[LANES], shift[LANES];
};

/* Behind the blocks' memos, when a pool is behind: the x of each maximum, block by block. */
static size_t memo_bytes(const struct layer *layer, const struct layer *pool, int samples)
{
    const struct shape *out = pool ? &pool->out : &layer->out;
    const size_t blocks = (size_t)layer_blocks(out->channels);
    const size_t pixels = (size_t)(samples * out->height * out->width);
    return blocks * (sizeof(struct memo) + (pool ? pixels * LANES * sizeof(float) : 0));
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

/* One block of channels as the kernels want it told, and where the x of each y is or is to go. */
struct task {
    struct memo *memo;
    struct tail tail;
    float *best; /* NULL where it is x */
};

static struct task describe(const struct pass *pass, int block)
{
    const struct layer *layer = pass->layer, *pool = pass->pool;
    const struct shape *out = pool ? &pool->out : &layer->out;
    const size_t row = (size_t)out->width * LANES, sample = (size_t)out->height * row;
    struct memo *memos = pass->memo, *memo = memos + block;
    struct task task = {
        .memo = memo,
        .tail = {.plane = {pass->samples, layer->out.height, layer->out.width},
                 .window_height = pool ? pool->kernel_height : 1,
                 .window_width = pool ? pool->kernel_width : 1,
                 .relu = layer->relu,
                 .scale = memo->scale,
                 .shift = memo->shift,
                 .mean = memo->mean,
                 .x = pass->in.strides,
                 .y = pass->out.strides,
                 .best = pool ? (struct strides){sample, 0, row, LANES} : pass->in.strides,
                 .dy = pass->grad_out.strides,
                 .dx = pass->grad_in.strides}};
    if (pool)
        task.best = (float *)(memos + layer_blocks(out->channels)) +
                    (size_t)block * (size_t)pass->samples * sample;
    return task;
}

static void forward(const struct pass *pass, bool training)
{
    (void)training; /* never called in inference */
    const struct layer *layer = pass->layer;
    for (int b = 0; b < layer_blocks(layer->out.channels); b++) {
        const struct task task = describe(pass, b);
        struct memo *memo = task.memo;
        const float *x = pass->in.at + (size_t)b * pass->in.strides.block;
        const size_t first = (size_t)b * LANES;
        float variance[LANES];
        pass->kernels->moments(&task.tail.plane, &pass->in.strides, x, memo->mean, variance);
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
        pass->kernels->tail(&task.tail, x, pass->out.at + (size_t)b * pass->out.strides.block,
                            task.best);
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
    const float n = (float)(pass->samples * layer->out.height * layer->out.width);
    for (int block = 0; block < layer_blocks(layer->out.channels); block++) {
        const struct task task = describe(pass, block);
        const struct memo *memo = task.memo;
        const float *x = pass->in.at + (size_t)block * pass->in.strides.block;
        const float *best = task.best ? task.best : x;
        const float *dy = pass->grad_out.at + (size_t)block * pass->grad_out.strides.block;
        float *d_scale = pass->gradient + layer->parameter[NORM_SCALE].offset;
        float *d_shift = pass->gradient + layer->parameter[NORM_SHIFT].offset;
        float sum[LANES], sum_x[LANES], a[LANES], b[LANES];
        pass->kernels->tail_sums(&task.tail, best, dy, sum, sum_x);
        for (int l = 0; l < LANES; l++) {
            d_shift[block * LANES + l] = sum[l];
            d_scale[block * LANES + l] = sum_x[l] * memo->inverse[l];
            a[l] = memo->scale[l] * sum[l] / n;
            b[l] = memo->scale[l] * sum_x[l] * memo->inverse[l] * memo->inverse[l] / n;
        }
        if (pass->grad_in.at)
            pass->kernels->tail_back(&task.tail, x, best, dy,
                                     pass->grad_in.at + (size_t)block * pass->grad_in.strides.block,
                                     a, b);
    }
}

const struct layer_type layer_norm = {.name = "norm",
                                      .training_only = true,
                                      .shape = shape,
                                      .forward = forward,
                                      .backward = backward,
                                      .memo_bytes = memo_bytes};
