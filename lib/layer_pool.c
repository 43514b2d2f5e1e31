/*
 * Maximum and average over windows that do not overlap. A window of 0x0 means the whole image:
 * global pooling. Rows and columns that do not fill a window are dropped.
 */
#include "layer.h"

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

/* Where each maximum was. */
static size_t memo_bytes(const struct layer *layer, int samples)
{
    const struct shape *out = &layer->out;
    return layer->average ? 0
                          : (size_t)(samples * layer_blocks(out->channels) * out->height *
                                     out->width * LANES) *
                                sizeof(uint16_t);
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

static uint16_t *memo_of(const struct pass *pass, int block)
{
    const struct shape *out = &pass->layer->out;
    return (uint16_t *)pass->memo +
           (size_t)block * (size_t)(pass->samples * out->height * out->width * LANES);
}

static void forward(const struct pass *pass, bool training)
{
    (void)training;
    const struct layer *layer = pass->layer;
    const struct plane plane = {pass->samples, layer->out.height, layer->out.width};
    for (int b = 0; b < layer_blocks(layer->out.channels); b++) {
        const struct buffer x = block_of(pass->in, b), y = block_of(pass->out, b);
        if (layer->average)
            average(pass, x, y, false);
        else
            pass->kernels->max_pool(&plane, layer->kernel_height, layer->kernel_width, &x.strides,
                                    x.at, &y.strides, y.at, memo_of(pass, b));
    }
}

static void backward(const struct pass *pass)
{
    const struct layer *layer = pass->layer;
    const struct plane plane = {pass->samples, layer->out.height, layer->out.width};
    if (!pass->grad_in.at)
        return;
    for (int b = 0; b < layer_blocks(layer->out.channels); b++) {
        const struct buffer dx = block_of(pass->grad_in, b), dy = block_of(pass->grad_out, b);
        if (layer->average)
            average(pass, dx, dy, true);
        else
            pass->kernels->max_pool_back(&plane, layer->kernel_height, layer->kernel_width,
                                         &dy.strides, dy.at, &dx.strides, dx.at, memo_of(pass, b));
    }
}

const struct layer_type layer_pool = {.name = "pool",
                                      .shape = shape,
                                      .forward = forward,
                                      .backward = backward,
                                      .memo_bytes = memo_bytes};
