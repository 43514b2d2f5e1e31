/*
 * Dropout: in training each value is 0 with the layer's probability, and what stays is scaled up so
 * that the mean is kept. The mask is a pure function of (seed, step, layer, place in the batch), so
 * backward draws it again instead of remembering it.
 * Source: N. Srivastava et al., JMLR 15, 2014.
 */
#include "layer.h"
#include "rng.h"

static int shape(struct layer *layer, struct error *error)
{
    (void)layer, (void)error;
    return 0;
}

static void mask(const struct pass *pass, const struct buffer *from, const struct buffer *to)
{
    const struct layer *layer = pass->layer;
    const float keep = 1 - layer->probability;
    for (int s = 0; s < pass->samples; s++) {
        const uint64_t sample = (uint64_t)layer->place << 32 | (pass->first_sample + (uint64_t)s);
        struct rng rng = rng_start(pass->seed, RNG_DROPOUT, pass->step, sample);
        for (int c = 0; c < layer->out.channels; c++)
            for (int y = 0; y < layer->out.height; y++)
                for (int x = 0; x < layer->out.width; x++) {
                    const size_t block = (size_t)(c / LANES), lane = (size_t)(c % LANES);
                    const struct strides *i = &from->strides, *o = &to->strides;
                    const float value = from->at[(size_t)s * i->sample + block * i->block +
                                                 (size_t)y * i->row + (size_t)x * i->pixel + lane];
                    to->at[(size_t)s * o->sample + block * o->block + (size_t)y * o->row +
                           (size_t)x * o->pixel + lane] =
                        rng_uniform(&rng) < keep ? value / keep : 0;
                }
    }
}

static void forward(const struct pass *pass, bool training)
{
    (void)training; /* never called in inference */
    mask(pass, &pass->in, &pass->out);
}

static void backward(const struct pass *pass)
{
    if (pass->grad_in.at)
        mask(pass, &pass->grad_out, &pass->grad_in);
}

const struct layer_type layer_dropout = {.name = "dropout",
                                         .training_only = true,
                                         .shape = shape,
                                         .forward = forward,
                                         .backward = backward};
