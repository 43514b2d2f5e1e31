/*
 * Convolution and dense layer: the two that multiply. A dense layer is a 1x1 convolution over one
 * row whose pixels are the samples and whose channels are the features in memory order, so both are
 * the same three kernel calls.
 */
#include "kernels/winograd.h"
#include "layer.h"

#include <string.h>

static bool is_dense(const struct layer *layer)
{
    return layer->type == &layer_dense;
}

bool layer_takes_pool(const struct layer *layer, const struct layer *pool)
{
    const bool small = layer->kernel_height == 3 || layer->kernel_height == 5;
    return pool && layer->type == &layer_conv && layer->compact && small &&
           layer->kernel_width == layer->kernel_height && pool->kernel_height == 2 &&
           pool->kernel_width == 2;
}

/* Input channels as the kernels see them: a dense layer's features include the padding lanes. */
static int in_channels(const struct layer *layer)
{
    const struct shape *in = &layer->in;
    if (!is_dense(layer))
        return in->channels;
    const int lanes = layer->compact ? in->channels : layer_blocks(in->channels) * LANES;
    return lanes * in->height * in->width;
}

static size_t weight_floats(const struct layer *layer)
{
    return (size_t)layer_blocks(layer->out.channels) * LANES * (size_t)in_channels(layer) *
           (size_t)(layer->kernel_height * layer->kernel_width);
}

static size_t transposed_floats(const struct layer *layer)
{
    return (size_t)layer_blocks(in_channels(layer)) * LANES * (size_t)layer->out.channels *
           (size_t)(layer->kernel_height * layer->kernel_width);
}

/* The forward convolution, with nothing said about samples and strides. */
static struct conv forward_conv(const struct layer *layer)
{
    struct conv conv = {.height = layer->out.height,
                        .width = layer->out.width,
                        .in_channels = in_channels(layer),
                        .out_blocks = layer_blocks(layer->out.channels),
                        .kernel_height = layer->kernel_height,
                        .kernel_width = layer->kernel_width};
    conv.winograd = !layer->compact && winograd_pays(&conv);
    return conv;
}

/* A convolution's gradient with respect to its input: full correlation with the turned kernel. */
static struct conv to_data_conv(const struct layer *layer)
{
    struct conv conv = {.height = layer->in.height,
                        .width = layer->in.width,
                        .in_channels = layer->out.channels,
                        .out_blocks = layer_blocks(layer->in.channels),
                        .kernel_height = layer->kernel_height,
                        .kernel_width = layer->kernel_width};
    conv.winograd = !layer->compact && winograd_pays(&conv);
    return conv;
}

static void add_parameters(struct layer *layer)
{
    const struct shape *in = &layer->in;
    const uint64_t out = (uint64_t)layer->out.channels;
    struct parameter *weight =
        layer_parameter(layer, "weight", PARAMETER_WEIGHT, weight_floats(layer));
    if (is_dense(layer)) {
        weight->type.dims = 2;
        weight->type.dim[1] = (uint64_t)in->channels * (uint64_t)(in->height * in->width);
    } else {
        weight->type.dims = 4;
        weight->type.dim[1] = (uint64_t)in->channels;
        weight->type.dim[2] = (uint64_t)layer->kernel_height;
        weight->type.dim[3] = (uint64_t)layer->kernel_width;
    }
    weight->type.dim[0] = out;
    const struct conv forward = forward_conv(layer), to_data = to_data_conv(layer);
    layer->forward_floats = winograd_transformed_floats(&forward);
    layer->backward_floats = transposed_floats(layer) + winograd_transformed_floats(&to_data);
    if (layer->bias) {
        struct parameter *bias = layer_parameter(layer, "bias", PARAMETER_VECTOR,
                                                 (size_t)layer_blocks(layer->out.channels) * LANES);
        bias->type.dims = 1;
        bias->type.dim[0] = out;
    }
}

static int conv_shape(struct layer *layer, struct error *error)
{
    const struct border b = layer->border;
    layer->out.height = layer->in.height + b.before + b.after - layer->kernel_height + 1;
    layer->out.width = layer->in.width + b.before + b.after - layer->kernel_width + 1;
    if (layer->out.height < 1 || layer->out.width < 1)
        return error_set(error, "a %dx%d kernel does not fit %dx%d", layer->kernel_height,
                         layer->kernel_width, layer->in.height, layer->in.width);
    add_parameters(layer);
    return 0;
}

static int dense_shape(struct layer *layer, struct error *error)
{
    (void)error;
    layer->out.height = layer->out.width = 1;
    add_parameters(layer);
    return 0;
}

/*
 * Plain [out, in, height, width] to the kernels' [out block][in block][height][width][in][LANES];
 * a dense layer's `in` is channel, row, column in files and block, row, column, lane in memory.
 */
static struct stretch packed(const struct layer *layer, int out, int in)
{
    const size_t pixels = (size_t)(layer->in.height * layer->in.width);
    const size_t taps = (size_t)(layer->kernel_height * layer->kernel_width);
    const size_t channels = (size_t)in_channels(layer), c = (size_t)in, first = c / LANES * LANES;
    struct stretch s = {.n = is_dense(layer) ? pixels : taps, .step = LANES * LANES};
    if (!is_dense(layer) && channels - first < LANES)
        s.step = (channels - first) * LANES;
    else if (layer->compact)
        s.step = LANES;
    s.at = (size_t)out / LANES * channels * taps * LANES + (size_t)out % LANES +
           (first * s.n + c % LANES) * LANES;
    return s;
}

/* The forward convolution over `pass`'s buffers, `in.at` being the first element of the border. */
static struct conv describe(const struct pass *pass)
{
    const struct layer *layer = pass->layer;
    struct conv conv = forward_conv(layer);
    conv.samples = pass->samples;
    conv.in = pass->in.strides;
    conv.out = pass->out.strides;
    if (is_dense(layer)) {
        conv.samples = 1;
        conv.width = pass->samples;
        conv.in.pixel = conv.in.sample;
        conv.in.block = LANES;
        conv.out.pixel = conv.out.sample;
    }
    return conv;
}

static const float *with_border(const struct buffer *buffer, int border)
{
    return buffer->at - (size_t)border * (buffer->strides.row + buffer->strides.pixel);
}

static bool by_winograd(const struct kernels *kernels, const struct conv *conv)
{
    return conv->winograd && kernels->winograd;
}

static void forward(const struct pass *pass, bool training)
{
    const struct layer *layer = pass->layer;
    const struct conv conv = describe(pass);
    const float *bias = layer->bias ? pass->block + layer->parameter[LINEAR_BIAS].offset : NULL;
    bool relu = layer->relu;
    if (!training && pass->fused) {
        bias = pass->block + pass->fused->parameter[NORM_SHIFT].offset;
        relu = pass->fused->relu;
    }
    const float *in = with_border(&pass->in, layer->border.before);
    const float *weights = pass->block + layer->parameter[LINEAR_WEIGHT].offset;
    if (layer_takes_pool(layer, pass->pool))
        pass->kernels->conv_pool(&conv, in, weights, bias, relu, pass->out.at,
                                 training ? pass->memo : NULL);
    else if (by_winograd(pass->kernels, &conv))
        pass->kernels->winograd(&conv, in, weights,
                                pass->prepared ? pass->prepared + layer->forward : NULL, bias, relu,
                                pass->out.at, pass->scratch);
    else
        pass->kernels->conv(&conv, in, weights, bias, relu, pass->out.at);
}

static void conv_backward_data(const struct pass *pass)
{
    const struct layer *layer = pass->layer;
    struct conv conv = to_data_conv(layer);
    conv.samples = pass->samples;
    conv.in = pass->grad_out.strides;
    conv.out = pass->grad_in.strides;
    const float *in = with_border(&pass->grad_out, layer->kernel_height - 1 - layer->border.before);
    const float *transposed = pass->prepared + layer->backward;
    if (by_winograd(pass->kernels, &conv))
        pass->kernels->winograd(&conv, in, transposed, transposed + transposed_floats(layer), NULL,
                                false, pass->grad_in.at, pass->scratch);
    else
        pass->kernels->conv(&conv, in, transposed, NULL, false, pass->grad_in.at);
}

/* A dense layer's is computed in memo, feature after feature, and copied to where rows may have
 * borders between them. */
static void dense_backward_data(const struct pass *pass)
{
    const struct layer *layer = pass->layer;
    const struct strides *to = &pass->grad_in.strides;
    const size_t features = (size_t)in_channels(layer), row = (size_t)layer->in.width * LANES;
    struct conv conv = {.samples = 1,
                        .height = 1,
                        .width = pass->samples,
                        .in_channels = layer->out.channels,
                        .out_blocks = in_channels(layer) / LANES,
                        .kernel_height = 1,
                        .kernel_width = 1,
                        .in = pass->grad_out.strides,
                        .out = {.block = LANES, .pixel = features}};
    conv.in.pixel = conv.in.sample;
    const float *from = pass->memo;
    pass->kernels->conv(&conv, pass->grad_out.at, pass->prepared + layer->backward, NULL, false,
                        pass->memo);
    for (int s = 0; s < pass->samples; s++)
        for (int b = 0; b < layer_blocks(layer->in.channels); b++)
            for (int y = 0; y < layer->in.height; y++, from += row)
                memcpy(pass->grad_in.at + (size_t)s * to->sample + (size_t)b * to->block +
                           (size_t)y * to->row,
                       from, row * sizeof(float));
}

static size_t dense_memo_bytes(const struct layer *layer, const struct layer *pool, int samples)
{
    (void)pool;
    return layer->compact ? 0 : (size_t)samples * (size_t)in_channels(layer) * sizeof(float);
}

/* Which pixel of each window the pool took. */
static size_t conv_memo_bytes(const struct layer *layer, const struct layer *pool, int samples)
{
    if (!layer_takes_pool(layer, pool))
        return 0;
    return (size_t)(samples * layer_blocks(pool->out.channels) * LANES * pool->out.height *
                    pool->out.width);
}

static void backward(const struct pass *pass)
{
    const struct layer *layer = pass->layer;
    const struct conv conv = describe(pass);
    const struct plane plane = {pass->samples, layer->out.height, layer->out.width};
    float *bias = layer->bias ? pass->gradient + layer->parameter[LINEAR_BIAS].offset : NULL;
    for (int b = 0; bias && !pass->pool && b < conv.out_blocks; b++)
        pass->kernels->bias_back(
            &plane, &pass->out.strides, pass->out.at + (size_t)b * pass->out.strides.block,
            &pass->grad_out.strides, pass->grad_out.at + (size_t)b * pass->grad_out.strides.block,
            layer->relu, bias + (size_t)b * LANES);
    struct conv weights = conv; /* its output is the gradient, whose border differs */
    weights.out = pass->grad_out.strides;
    if (is_dense(layer))
        weights.out.pixel = weights.out.sample;
    const float *in = with_border(&pass->in, layer->border.before);
    float *gradient = pass->gradient + layer->parameter[LINEAR_WEIGHT].offset;
    if (layer_takes_pool(layer, pass->pool))
        pass->kernels->conv_pool_weights(&weights, in, pass->memo, pass->grad_out.at, gradient,
                                         bias);
    else if (by_winograd(pass->kernels, &weights))
        pass->kernels->winograd_weights(&weights, in, pass->grad_out.at, gradient, pass->scratch);
    else
        pass->kernels->conv_weights(&weights, in, pass->grad_out.at, gradient);
    if (pass->grad_in.at && is_dense(layer))
        dense_backward_data(pass);
    else if (pass->grad_in.at)
        conv_backward_data(pass);
}

/* Weights [out][in][tap] as [in block][out block][turned tap][out in block][LANES of in]. */
static void transpose(const struct layer *layer, const float *block, float *transposed)
{
    const size_t offset = layer->parameter[LINEAR_WEIGHT].offset;
    const int taps = layer->kernel_height * layer->kernel_width;
    const int in = in_channels(layer), out = layer->out.channels;
    for (int ob = 0; ob < layer_blocks(out); ob++) {
        const int outs = out - ob * LANES < LANES ? out - ob * LANES : LANES;
        for (int ib = 0; ib < layer_blocks(in); ib++) {
            const int ins = in - ib * LANES < LANES ? in - ib * LANES : LANES;
            for (int tap = 0; tap < taps; tap++) {
                const float *from = block + offset +
                                    ((size_t)ob * (size_t)in * (size_t)taps +
                                     (size_t)ib * LANES * (size_t)taps + (size_t)(tap * ins)) *
                                        LANES;
                float *to = transposed + ((size_t)ib * (size_t)out * (size_t)taps +
                                          (size_t)ob * LANES * (size_t)taps +
                                          (size_t)((taps - 1 - tap) * outs)) *
                                             LANES;
                for (int o = 0; o < outs; o++)
                    for (int i = 0; i < LANES; i++)
                        to[o * LANES + i] = i < ins ? from[i * LANES + o] : 0;
            }
        }
    }
}

static void prepare(const struct layer *layer, const struct kernels *kernels, bool training,
                    const float *block, float *prepared)
{
    const struct conv forward = forward_conv(layer), to_data = to_data_conv(layer);
    if (by_winograd(kernels, &forward))
        kernels->winograd_transform(&forward, block + layer->parameter[LINEAR_WEIGHT].offset,
                                    prepared + layer->forward);
    if (!training)
        return;
    float *transposed = prepared + layer->backward;
    transpose(layer, block, transposed);
    if (by_winograd(kernels, &to_data))
        kernels->winograd_transform(&to_data, transposed, transposed + transposed_floats(layer));
}

static size_t scratch_floats(const struct layer *layer, int samples)
{
    struct conv forward = forward_conv(layer), to_data = to_data_conv(layer);
    forward.samples = to_data.samples = samples;
    const size_t a = winograd_scratch_floats(&forward), b = winograd_scratch_floats(&to_data);
    return a > b ? a : b;
}

const struct layer_type layer_conv = {.name = "conv",
                                      .shape = conv_shape,
                                      .forward = forward,
                                      .backward = backward,
                                      .memo_bytes = conv_memo_bytes,
                                      .packed = packed,
                                      .scratch_floats = scratch_floats,
                                      .prepare = prepare};

const struct layer_type layer_dense = {.name = "dense",
                                       .shape = dense_shape,
                                       .forward = forward,
                                       .backward = backward,
                                       .memo_bytes = dense_memo_bytes,
                                       .packed = packed,
                                       .scratch_floats = scratch_floats,
                                       .prepare = prepare};
