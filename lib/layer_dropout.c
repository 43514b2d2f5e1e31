/*
 * Dropout: in training each value is 0 with the layer's probability, and what stays is scaled up so
 * that the mean is kept. What a value is multiplied by is a pure function of (seed, step, layer,
 * place in the batch); forward leaves it for backward, as drawing it costs more than reading it.
 * Source: N. Srivastava et al., JMLR 15, 2014.
 */
#include "layer.h"
#include "rng.h"

static int shape(struct layer *layer, struct error *error)
{
    (void)layer, (void)error;
    return 0;
}

static size_t memo_bytes(const struct layer *layer, const struct layer *pool, int samples)
{
    (void)pool;
    const struct shape *out = &layer->out;
    return (size_t)(samples * layer_blocks(out->channels) * out->height * out->width * LANES) *
           sizeof(float);
}

/* 16 random bits a value: the probability is a multiple of 2^-16, and the scale is of that. */
static void draw(const struct pass *pass, float *factor)
{
    enum { WHOLE = 1 << 16, CHUNK = LANES / 2 };
    const struct layer *layer = pass->layer;
    const uint32_t nearest = (uint32_t)((1 - layer->probability) * WHOLE + 0.5f);
    const uint32_t keep = nearest > 0 ? nearest : 1;
    const float scale = (float)WHOLE / (float)keep;
    const size_t chunks = memo_bytes(layer, NULL, 1) / (LANES * sizeof(float));
    for (int s = 0; s < pass->samples; s++) {
        const uint64_t sample = (uint64_t)layer->place << 32 | (pass->first_sample + (uint64_t)s);
        struct rng rng = rng_start(pass->seed, RNG_DROPOUT, pass->step, sample);
        for (size_t c = 0; c < chunks; c++, factor += LANES) {
            uint32_t bits[CHUNK];
            rng_fill(&rng, bits, CHUNK);
            for (int i = 0; i < CHUNK; i++)
                factor[i] = bits[i] % WHOLE < keep ? scale : 0;
            for (int i = 0; i < CHUNK; i++)
                factor[CHUNK + i] = bits[i] / WHOLE < keep ? scale : 0;
        }
    }
}

static void multiply(const struct pass *pass, const struct buffer *from, const struct buffer *to)
{
    const struct shape *out = &pass->layer->out;
    const float *factor = pass->memo;
    const int blocks = layer_blocks(out->channels), row = out->width * LANES;
    for (int i = 0; i < pass->samples * blocks * out->height; i++, factor += row) {
        const size_t s = (size_t)(i / out->height / blocks), y = (size_t)(i % out->height);
        const size_t b = (size_t)(i / out->height % blocks);
        const float *x =
            from->at + s * from->strides.sample + b * from->strides.block + y * from->strides.row;
        float *product =
            to->at + s * to->strides.sample + b * to->strides.block + y * to->strides.row;
#pragma omp simd
        for (int l = 0; l < row; l++)
            product[l] = x[l] * factor[l];
    }
}

static void forward(const struct pass *pass, bool training)
{
    (void)training; /* never called in inference */
    draw(pass, pass->memo);
    multiply(pass, &pass->in, &pass->out);
}

static void backward(const struct pass *pass)
{
    if (pass->grad_in.at)
        multiply(pass, &pass->grad_out, &pass->grad_in);
}

const struct layer_type layer_dropout = {.name = "dropout",
                                         .training_only = true,
                                         .shape = shape,
                                         .forward = forward,
                                         .backward = backward,
                                         .memo_bytes = memo_bytes};
