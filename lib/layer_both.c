/*
 * Global pooling of both kinds: the maximum of every channel, and behind all of these the mean of
 * every channel; twice as many features as there were channels.
 */
#include "layer.h"

static int shape(struct layer *layer, struct error *error)
{
    (void)error;
    layer->out = (struct shape){2 * layer->in.channels, 1, 1};
    return 0;
}

/* Where each maximum was. */
static size_t memo_bytes(const struct layer *layer, const struct layer *pool, int samples)
{
    (void)pool;
    return (size_t)(samples * layer->in.channels) * sizeof(uint16_t);
}

/* Channel c of one sample, at its first pixel. */
static float *channel_at(const struct buffer *buffer, int sample, int c)
{
    return buffer->at + (size_t)sample * buffer->strides.sample +
           (size_t)(c / LANES) * buffer->strides.block + (size_t)(c % LANES);
}

static size_t pixel_at(const struct layer *layer, const struct buffer *buffer, int i)
{
    return (size_t)(i / layer->in.width) * buffer->strides.row +
           (size_t)(i % layer->in.width) * buffer->strides.pixel;
}

static void forward(const struct pass *pass, bool training)
{
    (void)training;
    const struct layer *layer = pass->layer;
    const int channels = layer->in.channels, pixels = layer->in.height * layer->in.width;
    for (int s = 0; s < pass->samples; s++)
        for (int c = 0; c < channels; c++) {
            const float *x = channel_at(&pass->in, s, c);
            float most = x[0], sum = 0;
            int place = 0;
            for (int i = 0; i < pixels; i++) {
                const float value = x[pixel_at(layer, &pass->in, i)];
                sum += value;
                if (value > most) {
                    most = value;
                    place = i;
                }
            }
            ((uint16_t *)pass->memo)[s * channels + c] = (uint16_t)place;
            *channel_at(&pass->out, s, c) = most;
            *channel_at(&pass->out, s, channels + c) = sum / (float)pixels;
        }
}

static void backward(const struct pass *pass)
{
    const struct layer *layer = pass->layer;
    const int channels = layer->in.channels, pixels = layer->in.height * layer->in.width;
    if (!pass->grad_in.at)
        return;
    for (int s = 0; s < pass->samples; s++)
        for (int c = 0; c < channels; c++) {
            float *dx = channel_at(&pass->grad_in, s, c);
            const float mean = *channel_at(&pass->grad_out, s, channels + c) / (float)pixels;
            for (int i = 0; i < pixels; i++)
                dx[pixel_at(layer, &pass->grad_in, i)] = mean;
            const int place = ((const uint16_t *)pass->memo)[s * channels + c];
            dx[pixel_at(layer, &pass->grad_in, place)] += *channel_at(&pass->grad_out, s, c);
        }
}

const struct layer_type layer_both = {.name = "both",
                                      .shape = shape,
                                      .forward = forward,
                                      .backward = backward,
                                      .memo_bytes = memo_bytes};
