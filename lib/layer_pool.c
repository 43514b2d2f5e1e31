/*
 * Maximum and average over windows that do not overlap. A window of 0x0 means the whole image:
 * global pooling. Rows and columns that do not fill a window are dropped.
 *
 * In training batch norm does the maximum pool behind it, and the pool behind a layer with a bias
 * does that layer's ReLU and bias backwards: the maximum of what is positive is the ReLU of the
 * maximum, of which there are as many fewer as the window is large.
 */
#include "layer.h"

static const float zero[LANES];

static int shape(struct layer *layer, struct error *error)
{
    if (layer->kernel_height == 0) {
        layer->kernel_height = layer->in.height;
        layer->kernel_width = layer->in.width;
    }
    layer->out.height = layer->in.height / layer->kernel_height;
    layer->out.width = layer->in.width / layer->kernel_width;
    if (layer->out.height < 1 || layer->out.width < 1)
        return error_set(error, "a %dx%d window does not fit %dx%d", layer->kernel_height,
                         layer->kernel_width, layer->in.height, layer->in.width);
    return 0;
}

/* Walks the windows of one block: averages `x` into `y`, or shares `y` out over `x`. */
static void average(const struct pass *pass, struct buffer x, struct buffer y, bool back)
{
    const struct layer *layer = pass->layer;
    const int taps = layer->kernel_height * layer->kernel_width;
    for (int i = 0; i < pass->samples * layer->out.height * layer->out.width; i++) {
        const int column = i % layer->out.width, row = i / layer->out.width % layer->out.height;
        const size_t sample = (size_t)(i / layer->out.width / layer->out.height);
        float *to = y.at + sample * y.strides.sample + (size_t)row * y.strides.row +
                    (size_t)column * y.strides.pixel;
        float *from = x.at + sample * x.strides.sample +
                      (size_t)(row * layer->kernel_height) * x.strides.row +
                      (size_t)(column * layer->kernel_width) * x.strides.pixel;
        float sum[LANES] = {0};
        for (int t = 0; t < taps; t++) {
            float *v = from + (size_t)(t / layer->kernel_width) * x.strides.row +
                       (size_t)(t % layer->kernel_width) * x.strides.pixel;
            for (int l = 0; l < LANES; l++)
                if (back)
                    v[l] = to[l] / (float)taps;
                else
                    sum[l] += v[l];
        }
        for (int l = 0; l < LANES && !back; l++)
            to[l] = sum[l] / (float)taps;
    }
}

static struct buffer block_of(struct buffer buffer, int block)
{
    buffer.at += (size_t)block * buffer.strides.block;
    return buffer;
}

/* The maximum is a tail that does nothing to x but pool; the maximum is then also the x it was. */
static struct tail describe(const struct pass *pass)
{
    static const float one[LANES] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    const struct layer *layer = pass->layer;
    return (struct tail){.plane = {pass->samples, layer->in.height, layer->in.width},
                         .window_height = layer->kernel_height,
                         .window_width = layer->kernel_width,
                         .scale = one,
                         .shift = zero,
                         .mean = zero,
                         .x = pass->in.strides,
                         .y = pass->out.strides,
                         .best = pass->out.strides,
                         .dy = pass->grad_out.strides,
                         .dx = pass->grad_in.strides};
}

static void forward(const struct pass *pass, bool training)
{
    (void)training;
    const struct layer *layer = pass->layer;
    const struct tail tail = describe(pass);
    for (int b = 0; b < layer_blocks(layer->out.channels); b++) {
        const struct buffer x = block_of(pass->in, b), y = block_of(pass->out, b);
        if (layer->average)
            average(pass, x, y, false);
        else
            pass->kernels->tail(&tail, x.at, y.at, NULL);
    }
}

static void backward(const struct pass *pass)
{
    const struct layer *layer = pass->layer, *biased = pass->biased;
    const struct tail tail = describe(pass);
    const struct plane pooled = {pass->samples, layer->out.height, layer->out.width};
    for (int b = 0; b < layer_blocks(layer->out.channels); b++) {
        const struct buffer x = block_of(pass->in, b), y = block_of(pass->out, b);
        const struct buffer dx = block_of(pass->grad_in, b), dy = block_of(pass->grad_out, b);
        if (biased)
            pass->kernels->bias_back(&pooled, &y.strides, y.at, &dy.strides, dy.at, biased->relu,
                                     pass->gradient + biased->parameter[LINEAR_BIAS].offset +
                                         (size_t)b * LANES);
        if (pass->grad_in.at && layer->average)
            average(pass, dx, dy, true);
        else if (pass->grad_in.at)
            pass->kernels->tail_back(&tail, x.at, y.at, dy.at, dx.at, zero, zero);
    }
}

const struct layer_type layer_pool = {
    .name = "pool", .shape = shape, .forward = forward, .backward = backward};
