/* Optimisers against two steps worked out by hand, schedules at the points that define them. */
#include "optimiser.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void near(double got, double wanted, double bound)
{
    if (!(fabs(got - wanted) <= bound))
        fail_msg("%.9g, wanted %.9g within %g", got, wanted, bound);
}

/* Two steps on one weight, 1, with gradients 0.5 and -0.25. */
struct two_steps {
    float weight[2];
    float first, second;
};

static struct two_steps walk(const struct optimiser *o, bool decayed)
{
    struct two_steps result = {{0}, 0, 0};
    const float gradient[2] = {0.5f, -0.25f};
    float weight = 1;
    for (uint64_t step = 1; step <= 2; step++) {
        optimiser_update(o, o->rate, step, decayed, 1, &gradient[step - 1], &weight, &result.first,
                         o->kind == OPTIMISER_SGD ? NULL : &result.second);
        result.weight[step - 1] = weight;
    }
    return result;
}

/*
 * v1 = 0.5, w1 = 1 - 0.1 (0.5 + 0.9 * 0.5) = 0.905;
 * v2 = 0.9 * 0.5 - 0.25 = 0.2, w2 = 0.905 - 0.1 (-0.25 + 0.9 * 0.2) = 0.912.
 */
static void sgd_looks_ahead_along_its_momentum(void **state)
{
    (void)state;
    const struct optimiser o = {.kind = OPTIMISER_SGD, .rate = 0.1f, .momentum = 0.9f, .decay = 3};
    const struct two_steps got = walk(&o, false);
    near(got.weight[0], 0.905, 1e-6);
    near(got.weight[1], 0.912, 1e-6);
    near(got.first, 0.2, 1e-6);
}

/*
 * Decay 0.2 adds to the gradient: g1 = 0.7, v1 = 0.7, w1 = 1 - 0.1 * 1.33 = 0.867;
 * g2 = -0.25 + 0.1734 = -0.0766, v2 = 0.63 - 0.0766 = 0.5534, w2 = 0.867 - 0.1 * 0.42146.
 */
static void sgd_decays_through_the_gradient(void **state)
{
    (void)state;
    const struct optimiser o = {
        .kind = OPTIMISER_SGD, .rate = 0.1f, .momentum = 0.9f, .decay = 0.2f};
    const struct two_steps got = walk(&o, true);
    near(got.weight[0], 0.867, 1e-6);
    near(got.weight[1], 0.824854, 1e-6);
}

/*
 * m1 = 0.05, v1 = 0.00025; corrected 0.5 and 0.25, so w1 = 1 - 0.01 * 0.5 / 0.5 = 0.99.
 * m2 = 0.045 - 0.025 = 0.02, v2 = 0.00024975 + 0.0000625 = 0.00031225; corrected by 0.19 and
 * 0.001999: 0.105263158 and 0.156203102, whose root is 0.395225; w2 = 0.99 - 0.01 * 0.26633730.
 */
static void adam_corrects_its_moments(void **state)
{
    (void)state;
    const struct optimiser o = {
        .kind = OPTIMISER_ADAM, .rate = 0.01f, .beta1 = 0.9f, .beta2 = 0.999f, .decay = 3};
    const struct two_steps got = walk(&o, false);
    near(got.weight[0], 0.99, 1e-6);
    near(got.weight[1], 0.9873366, 1e-6);
    near(got.first, 0.02, 1e-7);
    near(got.second, 0.00031225, 1e-8); /* 1 - 0.999f is 1.3e-5 less than 0.001 */
}

/* With decay 0.5 the first gradient is 1: Adam's first step is the rate whatever it is. The second
 * is -0.25 + 0.495 = 0.245: m2 = 0.1145, v2 = 0.001059025; 0.1145 / 0.19 / sqrt(v2 / 0.001999). */
static void adam_decays_through_the_gradient(void **state)
{
    (void)state;
    const struct optimiser o = {
        .kind = OPTIMISER_ADAM, .rate = 0.01f, .beta1 = 0.9f, .beta2 = 0.999f, .decay = 0.5f};
    const struct two_steps got = walk(&o, true);
    near(got.weight[0], 0.99, 1e-6);
    near(got.weight[1], 0.99 - 0.01 * (0.1145 / 0.19) / sqrt(0.001059025 / 0.001999), 1e-6);
}

/* The same steps as Adam's without decay, and 1 % * 0.5 of the weight off besides. */
static void adamw_shrinks_the_weight_itself(void **state)
{
    (void)state;
    const struct optimiser o = {
        .kind = OPTIMISER_ADAMW, .rate = 0.01f, .beta1 = 0.9f, .beta2 = 0.999f, .decay = 0.5f};
    const struct two_steps got = walk(&o, true);
    near(got.weight[0], 1 - 0.005 - 0.01, 1e-6);
    near(got.weight[1], 0.985 - 0.005 * 0.985 - 0.002663373, 1e-6);
    const struct two_steps bare = walk(&o, false);
    near(bare.weight[1], 0.9873366, 1e-6);
}

static void every_weight_goes_its_own_way(void **state)
{
    (void)state;
    enum { N = 37 };
    for (int kind = OPTIMISER_SGD; kind <= OPTIMISER_ADAMW; kind++) {
        const struct optimiser o = {.kind = (enum optimiser_kind)kind,
                                    .rate = 0.1f,
                                    .momentum = 0.9f,
                                    .beta1 = 0.9f,
                                    .beta2 = 0.999f,
                                    .decay = 0.01f};
        float gradient[N], weights[N], first[N] = {0}, second[N] = {0};
        for (int i = 0; i < N; i++) {
            gradient[i] = (float)(i - 18) / 7;
            weights[i] = (float)(i % 5);
        }
        optimiser_update(&o, 0.1f, 1, true, N, gradient, weights, first, second);
        for (int i = 0; i < N; i++) {
            float weight = (float)(i % 5), m = 0, v = 0;
            optimiser_update(&o, 0.1f, 1, true, 1, &gradient[i], &weight, &m, &v);
            near(weights[i], weight, 1e-6);
        }
    }
}

static void constant_stays_after_its_warm_up(void **state)
{
    (void)state;
    struct optimiser o = {.schedule = SCHEDULE_CONSTANT, .rate = 0.4f};
    near(optimiser_rate(&o, 0), 0.4, 1e-7);
    near(optimiser_rate(&o, 1), 0.4, 1e-7);
    o.warmup = 0.2f;
    near(optimiser_rate(&o, 0), 0, 1e-7);
    near(optimiser_rate(&o, 0.05), 0.1, 1e-7);
    near(optimiser_rate(&o, 0.2), 0.4, 1e-7);
    near(optimiser_rate(&o, 0.7), 0.4, 1e-7);
}

static void cosine_rises_in_a_line_and_falls_to_0(void **state)
{
    (void)state;
    struct optimiser o = {.schedule = SCHEDULE_COSINE, .rate = 0.4f, .warmup = 0.2f};
    near(optimiser_rate(&o, 0), 0, 1e-7);
    near(optimiser_rate(&o, 0.1), 0.2, 1e-7);
    near(optimiser_rate(&o, 0.2), 0.4, 1e-7);
    near(optimiser_rate(&o, 0.6), 0.2, 1e-7); /* half-way down */
    near(optimiser_rate(&o, 0.4), 0.4 * 0.85355339, 1e-6);
    near(optimiser_rate(&o, 1), 0, 1e-7);
    o.warmup = 0;
    near(optimiser_rate(&o, 0), 0.4, 1e-7);
    o.warmup = 1; /* never falls */
    near(optimiser_rate(&o, 1), 0.4, 1e-7);
}

static void onecycle_goes_from_a_25th_to_the_peak_to_nearly_0(void **state)
{
    (void)state;
    const struct optimiser o = {.schedule = SCHEDULE_ONECYCLE, .rate = 0.5f, .warmup = 0.25f};
    near(optimiser_rate(&o, 0), 0.02, 1e-7);
    near(optimiser_rate(&o, 0.125), 0.26, 1e-7);
    near(optimiser_rate(&o, 0.25), 0.5, 1e-7);
    near(optimiser_rate(&o, 0.625), 0.250001, 1e-7);
    near(optimiser_rate(&o, 1), 0.000002, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sgd_looks_ahead_along_its_momentum),
        cmocka_unit_test(sgd_decays_through_the_gradient),
        cmocka_unit_test(adam_corrects_its_moments),
        cmocka_unit_test(adam_decays_through_the_gradient),
        cmocka_unit_test(adamw_shrinks_the_weight_itself),
        cmocka_unit_test(every_weight_goes_its_own_way),
        cmocka_unit_test(constant_stays_after_its_warm_up),
        cmocka_unit_test(cosine_rises_in_a_line_and_falls_to_0),
        cmocka_unit_test(onecycle_goes_from_a_25th_to_the_peak_to_nearly_0),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
