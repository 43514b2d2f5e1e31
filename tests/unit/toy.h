/* A toy problem to train on, for the tests of training. */
#ifndef HWDR_TOY_H
#define HWDR_TOY_H

#include "loss.h"
#include "rng.h"
#include "train.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Every kind of layer, odd channels, more than one block. */
#define NET "c5x7v p2 c3x18 a2 drop0.2 d20n d10"

enum { SAMPLES = 500, BATCH = 50 };

/* A toy problem: class c is a bar in row 2c + 4, in noise. */
struct toy {
    uint8_t images[SAMPLES * IMAGE_PIXELS];
    float targets[SAMPLES * CLASSES];
};

static struct toy *toy;
static char suites_cpu[16]; /* $HWDR_CPU as the program began, which a test may have changed */

/* Leave $HWDR_CPU to the tests that follow as it was. */
static inline void restore_cpu(void)
{
    if (*suites_cpu)
        setenv("HWDR_CPU", suites_cpu, 1);
    else
        unsetenv("HWDR_CPU");
}

static inline int make_toy(void **state)
{
    (void)state;
    const char *cpu = getenv("HWDR_CPU");
    snprintf(suites_cpu, sizeof suites_cpu, "%s", cpu ? cpu : "");
    struct rng rng = rng_start(1, RNG_WARP, 0, 0);
    toy = calloc(1, sizeof *toy);
    for (int i = 0; toy && i < SAMPLES; i++) {
        const int label = i % CLASSES;
        uint8_t *image = toy->images + (size_t)i * IMAGE_PIXELS;
        for (int p = 0; p < IMAGE_PIXELS; p++)
            image[p] = (uint8_t)rng_below(&rng, 100);
        memset(image + (2 * label + 4) * IMAGE_SIDE + rng_below(&rng, 8), 255, 20);
        loss_one_hot(label, toy->targets + (size_t)i * CLASSES);
    }
    return toy ? 0 : -1;
}

static inline int free_toy(void **state)
{
    (void)state;
    free(toy);
    return 0;
}

static inline struct train_options options(void)
{
    return (struct train_options){.batch = BATCH,
                                  .threads = 1,
                                  .seed = 1,
                                  .optimiser = {.kind = OPTIMISER_SGD,
                                                .schedule = SCHEDULE_COSINE,
                                                .rate = 0.05f,
                                                .warmup = 0.2f,
                                                .momentum = 0.9f,
                                                .decay = 1e-4f},
                                  .smoothing = 0.03f,
                                  .ema = 0.9f,
                                  .total = SAMPLES};
}

static inline void start_net(struct model *model, const char *net, uint64_t seed)
{
    struct error error;
    if (model_new(model, net, &error) || train_initialise(model, seed, &error) ||
        model_set(model, "recipe", "a toy", &error))
        fail_msg("%s", error.text);
}

static inline void start(struct model *model, uint64_t seed)
{
    start_net(model, NET, seed);
}

static inline struct trainer *begin(const struct model *model, const struct train_options *o)
{
    struct error error;
    struct trainer *trainer = train_new(model, o, &error);
    if (!trainer)
        fail_msg("%s", error.text);
    return trainer;
}

/* Samples first to end - 1, in batches. */
static inline void run(struct trainer *trainer, int batch, int first, int end)
{
    for (int i = first; i < end; i += batch) {
        const int n = end - i < batch ? end - i : batch;
        train_step(trainer, toy->images + (size_t)i * IMAGE_PIXELS,
                   toy->targets + (size_t)i * CLASSES, n);
    }
}

/* Train on samples 0 to end - 1; the weights, or their average, stay in the model. */
static inline struct train_sums train(struct model *model, const struct train_options *o, int end)
{
    start(model, o->seed);
    struct trainer *trainer = begin(model, o);
    run(trainer, o->batch, 0, end);
    assert_int_equal(train_samples(trainer), end);
    const struct train_sums sums = train_take_sums(trainer);
    train_result(trainer, model);
    train_free(trainer);
    return sums;
}

static inline bool same(const struct model *a, const struct model *b)
{
    return memcmp(a->block, b->block, net_block_floats(a->net) * sizeof(float)) == 0;
}

#endif
