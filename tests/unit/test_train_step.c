/* One step of training against its plain definition, what it leaves behind, and that it learns. */
#include "kernels/kernels.h"
#include "layer.h"
#include "toy.h"

#include <math.h>

static void batches_smaller_than_the_shards_work(void **state)
{
    (void)state;
    for (int batch = 1; batch <= TRAIN_SHARDS + 1; batch += 2) {
        struct model model;
        struct train_options o = options();
        o.batch = batch;
        const struct train_sums sums = train(&model, &o, 40);
        assert_int_equal(sums.samples, 40);
        assert_true(isfinite(sums.loss));
        for (size_t i = 0; i < net_block_floats(model.net); i++)
            assert_true(isfinite(model.block[i]));
        model_free(&model);
    }
}

/* The plain definition, for a single dense layer in doubles: weights [10,784], bias [10]. */
struct plain_layer {
    float weight[CLASSES * IMAGE_PIXELS], bias[CLASSES];
    float first[CLASSES * IMAGE_PIXELS], second[CLASSES * IMAGE_PIXELS];
    float first_bias[CLASSES], second_bias[CLASSES];
};

static void plain_step(struct plain_layer *l, const struct train_options *o, int first, int step)
{
    double sum[CLASSES * IMAGE_PIXELS] = {0}, sum_bias[CLASSES] = {0};
    float gradient[CLASSES * IMAGE_PIXELS], gradient_bias[CLASSES];
    for (int i = first; i < first + BATCH; i++) {
        float logits[CLASSES], d_logits[CLASSES];
        const uint8_t *image = toy->images + (size_t)i * IMAGE_PIXELS;
        for (int c = 0; c < CLASSES; c++) {
            double logit = (double)l->bias[c];
            for (int p = 0; p < IMAGE_PIXELS; p++)
                logit += (double)l->weight[c * IMAGE_PIXELS + p] * image[p] / 255;
            logits[c] = (float)logit;
        }
        loss_cross_entropy(logits, toy->targets + (size_t)i * CLASSES, o->smoothing, 1.0f / BATCH,
                           d_logits);
        for (int c = 0; c < CLASSES; c++) {
            sum_bias[c] += (double)d_logits[c];
            for (int p = 0; p < IMAGE_PIXELS; p++)
                sum[c * IMAGE_PIXELS + p] += (double)d_logits[c] * image[p] / 255;
        }
    }
    for (int c = 0; c < CLASSES; c++)
        gradient_bias[c] = (float)sum_bias[c];
    for (int e = 0; e < CLASSES * IMAGE_PIXELS; e++)
        gradient[e] = (float)sum[e];
    const float rate = LOGITS_RATE * optimiser_rate(&o->optimiser, (double)first / SAMPLES);
    optimiser_update(&o->optimiser, rate, (uint64_t)step, true, CLASSES * IMAGE_PIXELS, gradient,
                     l->weight, l->first, l->second);
    optimiser_update(&o->optimiser, rate, (uint64_t)step, false, CLASSES, gradient_bias, l->bias,
                     l->first_bias, l->second_bias);
}

/*
 * Four steps by every optimiser against the definition. Weights move by some 1e-2; Adam divides by
 * the gradient's size, so that where that is near 0 its rounding counts in full.
 */
static void steps_follow_the_definition(void **state)
{
    (void)state;
    for (int kind = OPTIMISER_SGD; kind <= OPTIMISER_ADAMW; kind++) {
        struct model model;
        struct train_options o = options();
        o.ema = 0;
        o.optimiser = (struct optimiser){.kind = (enum optimiser_kind)kind,
                                         .schedule = SCHEDULE_COSINE,
                                         .rate = kind == OPTIMISER_SGD ? 0.1f : 0.01f,
                                         .momentum = 0.9f,
                                         .beta1 = 0.9f,
                                         .beta2 = 0.99f,
                                         .decay = 0.1f};
        start_net(&model, "d10", 1);
        struct plain_layer *layer = calloc(1, sizeof *layer);
        float *got = calloc(1, sizeof layer->weight);
        net_unpack(model.net, 0, model.block, layer->weight);
        net_unpack(model.net, 1, model.block, layer->bias);
        struct trainer *trainer = begin(&model, &o);
        for (int step = 1; step <= 4; step++) {
            run(trainer, BATCH, (step - 1) * BATCH, step * BATCH);
            plain_step(layer, &o, (step - 1) * BATCH, step);
        }
        train_result(trainer, &model);
        net_unpack(model.net, 0, model.block, got);
        for (int e = 0; e < CLASSES * IMAGE_PIXELS; e++)
            if (!(fabsf(got[e] - layer->weight[e]) < 1e-5f))
                fail_msg("optimiser %d: weight %d is %g, not %g", kind, e, (double)got[e],
                         (double)layer->weight[e]);
        net_unpack(model.net, 1, model.block, got);
        for (int c = 0; c < CLASSES; c++)
            if (!(fabsf(got[c] - layer->bias[c]) < 1e-5f))
                fail_msg("optimiser %d: bias %d is %g, not %g", kind, c, (double)got[c],
                         (double)layer->bias[c]);
        train_free(trainer);
        free(layer);
        free(got);
        model_free(&model);
    }
}

/* On flat images a convolution's output is flat: its mean is known, its variance 0. */
static void statistics_follow_the_batches(void **state)
{
    (void)state;
    enum { N = 13 }; /* shards of 1 and of 2 */
    struct model model;
    struct train_options o = options();
    o.optimiser.rate = 0;
    o.ema = 0;
    start_net(&model, "c1x3v gmp d10", 1);
    float weight[3], mean[3], variance[3];
    net_unpack(model.net, 0, model.block, weight);
    assert_string_equal(net_tensor(model.net, 3)->name, "0.norm.mean");
    struct trainer *trainer = begin(&model, &o);
    uint8_t images[N * IMAGE_PIXELS];
    memset(images, 51, sizeof images); /* a fifth of full ink */
    train_step(trainer, images, toy->targets, N);
    train_step(trainer, images, toy->targets, N);
    train_result(trainer, &model);
    net_unpack(model.net, 3, model.block, mean);
    net_unpack(model.net, 4, model.block, variance);
    for (int c = 0; c < 3; c++) { /* a tenth of the way, twice, from 0 and from 1 */
        assert_float_equal(mean[c], 0.19f * weight[c] / 5, 1e-6);
        assert_float_equal(variance[c], 0.81f, 1e-6);
    }
    train_free(trainer);
    model_free(&model);
}

/* At rate 0 only dropout tells one step from the next. */
static void dropout_is_drawn_anew_each_step(void **state)
{
    (void)state;
    static const struct {
        const char *net;
        bool varies;
    } cases[] = {{"drop0 d10", false}, {"drop0.5 d10", true}};
    for (int i = 0; i < 2; i++) {
        struct model model;
        struct train_options o = options();
        o.optimiser.rate = 0;
        start_net(&model, cases[i].net, 1);
        struct trainer *trainer = begin(&model, &o);
        double loss[2];
        for (int step = 0; step < 2; step++) {
            run(trainer, BATCH, 0, BATCH);
            loss[step] = train_take_sums(trainer).loss;
        }
        assert_int_equal(loss[0] != loss[1], cases[i].varies);
        train_free(trainer);
        model_free(&model);
    }
}

static double mean_loss(struct trainer *trainer, int first, int end)
{
    run(trainer, BATCH, first, end);
    const struct train_sums sums = train_take_sums(trainer);
    assert_int_equal(sums.samples, end - first);
    return sums.loss / (double)sums.samples;
}

/* Before any step the loss is near ln 10 = 2.3; after 8 epochs the toy problem is solved. */
static void the_loss_falls(void **state)
{
    (void)state;
    const struct kernels *kernels;
    for (int k = 0; (kernels = kernels_available(k)); k++) {
        struct model model;
        struct train_options o = options();
        o.total = 8 * SAMPLES;
        setenv("HWDR_CPU", kernels->name, 1);
        start(&model, 1);
        struct trainer *trainer = begin(&model, &o);
        const double first = mean_loss(trainer, 0, BATCH);
        double last = 0;
        for (int epoch = 0; epoch < 8; epoch++)
            last = mean_loss(trainer, 0, SAMPLES);
        if (!(first > 1.5 && first < 4 && last < 0.5))
            fail_msg("%s: the loss went from %.3f to %.3f", kernels->name, first, last);
        train_free(trainer);
        model_free(&model);
    }
    restore_cpu();
}

/* Without an average the result is the weights themselves; with one it lags behind them. */
static void the_average_lags_behind_the_weights(void **state)
{
    (void)state;
    struct model initial, plain, averaged;
    struct train_options o = options();
    start(&initial, 1);
    o.ema = 0;
    train(&plain, &o, SAMPLES);
    o.ema = 0.9f;
    train(&averaged, &o, SAMPLES);
    double moved = 0, lagged = 0;
    for (size_t i = 0; i < net_block_floats(plain.net); i++) {
        moved += fabs((double)plain.block[i] - (double)initial.block[i]);
        lagged += fabs((double)averaged.block[i] - (double)initial.block[i]);
    }
    assert_true(lagged > 0.1 * moved && lagged < moved);
    model_free(&initial);
    model_free(&plain);
    model_free(&averaged);
}

/* The average takes in every fifth step's weights: before that the weights are all there is. */
static void a_few_steps_are_not_lost(void **state)
{
    (void)state;
    struct model plain, averaged;
    struct train_options o = options();
    train(&averaged, &o, 2 * BATCH);
    o.ema = 0;
    train(&plain, &o, 2 * BATCH);
    assert_true(same(&plain, &averaged));
    model_free(&plain);
    model_free(&averaged);
}

static void the_rate_follows_the_schedule(void **state)
{
    (void)state;
    struct model model;
    const struct train_options o = options();
    start(&model, 1);
    struct trainer *trainer = begin(&model, &o);
    for (int i = 0; i < SAMPLES; i += BATCH) {
        run(trainer, BATCH, i, i + BATCH);
        assert_true(train_rate(trainer) == optimiser_rate(&o.optimiser, (double)i / SAMPLES));
    }
    train_free(trainer);
    model_free(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_smaller_than_the_shards_work),
        cmocka_unit_test(steps_follow_the_definition),
        cmocka_unit_test(statistics_follow_the_batches),
        cmocka_unit_test(dropout_is_drawn_anew_each_step),
        cmocka_unit_test(the_loss_falls),
        cmocka_unit_test(the_average_lags_behind_the_weights),
        cmocka_unit_test(a_few_steps_are_not_lost),
        cmocka_unit_test(the_rate_follows_the_schedule),
    };
    return cmocka_run_group_tests(tests, make_toy, free_toy);
}
