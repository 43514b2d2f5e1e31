/*
 * The convolutions of every kernel table of this machine against portable C, on random odd shapes.
 * What lies between rows and samples must keep its poison.
 */
#include "guarded.h"
#include "kernel_tables.h"

#include <stdio.h>
#include <stdlib.h>

struct shape {
    struct conv conv;
    size_t in_floats, out_floats, weight_floats;
};

/* A random convolution; some with one input channel of touching pixels, some dense. */
static struct shape random_shape(struct rng *rng)
{
    struct shape s = {0};
    struct conv *c = &s.conv;
    const int kind = between(rng, 0, 3);
    c->samples = between(rng, 1, 4);
    c->kernel_height = between(rng, 1, 5);
    c->kernel_width = between(rng, 1, 5);
    c->height = between(rng, 1, 13);
    c->width = between(rng, 1, 29);
    c->in_channels = kind == 0 ? 1 : between(rng, 1, 70);
    c->out_blocks = between(rng, 1, 7);
    if (kind == 1) { /* dense: pixels are samples, features apart by an odd stride */
        c->samples = c->height = c->kernel_height = c->kernel_width = 1;
        c->in_channels = LANES * between(rng, 1, 30);
    }
    const size_t columns = (size_t)(c->width + c->kernel_width - 1);
    const size_t rows = (size_t)(c->height + c->kernel_height - 1);
    const size_t in_blocks = (size_t)(c->in_channels + LANES - 1) / LANES;
    const size_t gap = (size_t)between(rng, 0, 2);
    c->in.pixel = kind == 0 ? 1 : kind == 1 ? (size_t)c->in_channels + gap : LANES;
    c->in.row = columns * c->in.pixel + gap;
    c->in.block = kind == 1 ? LANES : rows * c->in.row;
    c->in.sample = in_blocks * c->in.block + gap;
    c->out.pixel = LANES * (size_t)(kind == 1 ? c->out_blocks : 1) + LANES * gap;
    c->out.row = (size_t)c->width * c->out.pixel + LANES * gap;
    c->out.block = kind == 1 ? LANES : (size_t)c->height * c->out.row;
    c->out.sample = (size_t)c->out_blocks * c->out.block + LANES * gap;
    /* the last float that is used, plus one */
    const size_t last = kind == 0 ? 1 : (size_t)((c->in_channels - 1) % LANES + 1);
    s.in_floats = (size_t)(c->samples - 1) * c->in.sample + (in_blocks - 1) * c->in.block +
                  (rows - 1) * c->in.row + (columns - 1) * c->in.pixel + last;
    s.out_floats =
        (size_t)(c->samples - 1) * c->out.sample + (size_t)(c->out_blocks - 1) * c->out.block +
        (size_t)(c->height - 1) * c->out.row + (size_t)(c->width - 1) * c->out.pixel + LANES;
    s.weight_floats =
        (size_t)(c->out_blocks * LANES * c->in_channels * c->kernel_height * c->kernel_width);
    return s;
}

static void compare(const struct kernels *kernels, const char *what, const struct shape *s,
                    const struct guarded *a, const struct guarded *b, double bound)
{
    for (size_t i = 0; i < a->floats; i++) {
        const bool untouched = poisoned(a->at + i);
        if (untouched && poisoned(b->at + i))
            continue;
        const double difference = fabs((double)a->at[i] - (double)b->at[i]);
        if (untouched || !(difference <= bound))
            fail_msg("%s %s: float %zu is %g, not %g (bound %g): seed %llu, %dx%dx%d, %d in, "
                     "%d blocks out, kernel %dx%d, pixel %zu",
                     kernels->name, what, i, (double)b->at[i], (double)a->at[i], bound,
                     (unsigned long long)seed, s->conv.samples, s->conv.height, s->conv.width,
                     s->conv.in_channels, s->conv.out_blocks, s->conv.kernel_height,
                     s->conv.kernel_width, s->conv.in.pixel);
    }
}

static void check_conv(const struct kernels *p, const struct kernels *kernels, struct rng *rng)
{
    const struct shape s = random_shape(rng);
    const struct conv *c = &s.conv;
    struct guarded in = guarded(s.in_floats), weights = guarded(s.weight_floats);
    struct guarded bias = guarded((size_t)c->out_blocks * LANES);
    struct guarded a = guarded(s.out_floats), b = guarded(s.out_floats);
    struct guarded ga = guarded(s.weight_floats), gb = guarded(s.weight_floats);
    fill(&in, rng);
    fill(&weights, rng);
    fill(&bias, rng);
    const bool relu = between(rng, 0, 1), with_bias = between(rng, 0, 1);
    poison_all(&a);
    poison_all(&b);
    p->conv(c, in.at, weights.at, with_bias ? bias.at : NULL, relu, a.at);
    kernels->conv(c, in.at, weights.at, with_bias ? bias.at : NULL, relu, b.at);
    compare(kernels, "conv", &s, &a, &b,
            bound_of(p, c->in_channels * c->kernel_height * c->kernel_width));
    fill(&a, rng);
    poison_all(&ga);
    poison_all(&gb);
    p->conv_weights(c, in.at, a.at, ga.at);
    kernels->conv_weights(c, in.at, a.at, gb.at);
    compare(kernels, "conv_weights", &s, &ga, &gb, bound_of(p, c->samples * c->height * c->width));
    struct guarded *const all[] = {&in, &weights, &bias, &a, &b, &ga, &gb};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        drop(all[i]);
}

/* A random first convolution with a 2x2 pool; `out_floats` are the pool's. */
static struct shape random_pool_shape(struct rng *rng)
{
    struct shape s = {0};
    struct conv *c = &s.conv;
    const int size = between(rng, 0, 1) ? 3 : 5;
    const size_t gap = (size_t)between(rng, 0, 2);
    c->samples = between(rng, 1, 4);
    c->kernel_height = c->kernel_width = size;
    c->height = between(rng, 2, 13);
    c->width = between(rng, 8 - size + 1 > 2 ? 8 - size + 1 : 2, 29); /* 8 columns of input */
    c->in_channels = 1;
    c->out_blocks = between(rng, 1, 5);
    const size_t columns = (size_t)(c->width + size - 1), rows = (size_t)(c->height + size - 1);
    c->in = (struct strides){rows * (columns + gap) + gap, 0, columns + gap, 1};
    c->out.pixel = LANES;
    c->out.row = (size_t)(c->width / 2) * LANES + LANES * gap;
    c->out.block = (size_t)(c->height / 2) * c->out.row;
    c->out.sample = (size_t)c->out_blocks * c->out.block + LANES * gap;
    s.in_floats = (size_t)c->samples * c->in.sample - (2 * gap);
    s.out_floats = (size_t)c->samples * c->out.sample - (2 * LANES * gap);
    s.weight_floats = (size_t)(c->out_blocks * LANES * size * size);
    return s;
}

/* Bytes that end at an unmapped page, as `which` of conv_pool(). */
static struct guarded which_of(const struct conv *c)
{
    return guarded((size_t)(c->samples * c->out_blocks * (c->height / 2) * (c->width / 2)) * LANES /
                   sizeof(float));
}

/* Where sums are rounded a table may choose another pixel than portable C, if they are as near. */
static void compare_which(const struct kernels *p, const struct kernels *kernels,
                          const struct guarded *a, const struct guarded *b, bool ties)
{
    const size_t n = a->floats * sizeof(float);
    const uint8_t *expected = (const uint8_t *)a->at, *which = (const uint8_t *)b->at;
    size_t differ = 0;
    for (size_t i = 0; i < n; i++)
        differ += which[i] != expected[i];
    if (differ > (ties || p != kernels_available(0) ? 0 : n / 100))
        fail_msg("%s conv_pool: %zu of %zu places differ: seed %llu", kernels->name, differ, n,
                 (unsigned long long)seed);
}

static void check_pool(const struct kernels *p, const struct kernels *kernels, struct rng *rng)
{
    const struct shape s = random_pool_shape(rng);
    const struct conv *c = &s.conv;
    struct guarded in = guarded(s.in_floats), weights = guarded(s.weight_floats);
    struct guarded bias = guarded((size_t)c->out_blocks * LANES);
    struct guarded ba = guarded(bias.floats), bb = guarded(bias.floats);
    struct guarded a = guarded(s.out_floats), b = guarded(s.out_floats);
    struct guarded wa = which_of(c), wb = which_of(c);
    struct guarded ga = guarded(s.weight_floats), gb = guarded(s.weight_floats);
    fill(&in, rng);
    fill(&weights, rng);
    fill(&bias, rng);
    const bool ties = between(rng, 0, 1); /* many, and sums without rounding */
    for (size_t i = 0; ties && i < in.floats; i++)
        in.at[i] = roundf(in.at[i]);
    for (size_t i = 0; ties && i < weights.floats; i++)
        weights.at[i] = roundf(2 * weights.at[i]);
    const bool relu = between(rng, 0, 1), with_bias = between(rng, 0, 1);
    struct guarded *const written[] = {&a, &b, &wa, &wb, &ga, &gb, &ba, &bb};
    for (size_t i = 0; i < sizeof written / sizeof written[0]; i++)
        poison_all(written[i]);
    const float *biases = with_bias ? bias.at : NULL;
    p->conv_pool(c, in.at, weights.at, biases, relu, a.at, (uint8_t *)wa.at);
    kernels->conv_pool(c, in.at, weights.at, biases, relu, b.at, (uint8_t *)wb.at);
    const int taps = c->kernel_height * c->kernel_width;
    compare(kernels, "conv_pool", &s, &a, &b, bound_of(p, taps));
    compare_which(p, kernels, &wa, &wb, ties);
    poison_all(&b);
    kernels->conv_pool(c, in.at, weights.at, biases, relu, b.at, NULL);
    compare(kernels, "conv_pool without places", &s, &a, &b, bound_of(p, taps));
    fill(&a, rng);
    const double bound = bound_of(p, c->samples * (c->height / 2) * (c->width / 2));
    p->conv_pool_weights(c, in.at, (uint8_t *)wa.at, a.at, ga.at, with_bias ? ba.at : NULL);
    kernels->conv_pool_weights(c, in.at, (uint8_t *)wa.at, a.at, gb.at, with_bias ? bb.at : NULL);
    compare(kernels, "conv_pool_weights", &s, &ga, &gb, bound);
    compare(kernels, "conv_pool_weights' bias", &s, &ba, &bb, bound);
    struct guarded *const all[] = {&in, &weights, &bias, &a, &b, &wa, &wb, &ga, &gb, &ba, &bb};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        drop(all[i]);
}

static void pooled_convolutions_agree(void **state)
{
    (void)state;
    check_tables(check_pool);
}

/* Every table against a convolution and a maximum pool one after the other, to the bit. */
static void a_pooled_convolution_is_both_in_turn(void **state)
{
    (void)state;
    const struct kernels *kernels;
    for (int k = 0; (kernels = kernels_available(k)); k++) {
        struct rng rng = rng_start(seed, RNG_WARP, 2, 0);
        for (int i = 0; i < 20; i++) {
            const struct shape s = random_pool_shape(&rng);
            struct conv map = s.conv;
            map.out = (struct strides){.pixel = LANES};
            map.out.row = (size_t)map.width * LANES;
            map.out.block = (size_t)map.height * map.out.row;
            map.out.sample = (size_t)map.out_blocks * map.out.block;
            struct guarded in = guarded(s.in_floats), weights = guarded(s.weight_floats);
            struct guarded whole = guarded((size_t)map.samples * map.out.sample);
            struct guarded a = guarded(s.out_floats), b = guarded(s.out_floats);
            fill(&in, &rng);
            fill(&weights, &rng);
            poison_all(&a);
            poison_all(&b);
            const float one[LANES] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
            const float zero[LANES] = {0};
            const struct tail tail = {.plane = {map.samples, map.height, map.width},
                                      .window_height = 2,
                                      .window_width = 2,
                                      .scale = one,
                                      .shift = zero,
                                      .x = map.out,
                                      .y = s.conv.out};
            kernels->conv(&map, in.at, weights.at, NULL, true, whole.at);
            for (size_t o = 0; o < (size_t)map.out_blocks; o++)
                kernels->tail(&tail, whole.at + o * map.out.block, a.at + o * s.conv.out.block,
                              NULL);
            kernels->conv_pool(&s.conv, in.at, weights.at, NULL, true, b.at, NULL);
            compare(kernels, "conv_pool", &s, &a, &b, 0);
            struct guarded *const all[] = {&in, &weights, &whole, &a, &b};
            for (size_t g = 0; g < sizeof all / sizeof all[0]; g++)
                drop(all[g]);
        }
    }
}

static void convolutions_agree(void **state)
{
    (void)state;
    check_tables(check_conv);
}

/* A pixel's bits must not depend on the width or the number of samples: predictions rely on it. */
static void a_pixel_does_not_depend_on_its_neighbours(void **state)
{
    (void)state;
    const struct kernels *kernels;
    enum { CHANNELS = 37, WIDTH = 23 };
    for (int k = 0; (kernels = kernels_available(k)); k++) {
        struct rng rng = rng_start(seed, RNG_WARP, 1, 0);
        struct conv c = {1, 1, WIDTH, CHANNELS, 3, 1, 3, {0}, {0}, 0};
        c.in = (struct strides){0, (WIDTH + 2) * LANES, (WIDTH + 2) * LANES, LANES};
        c.out = (struct strides){0, WIDTH * LANES, WIDTH * LANES, LANES};
        struct guarded in = guarded(3 * (WIDTH + 2) * LANES);
        struct guarded weights = guarded(3 * LANES * CHANNELS * 3);
        struct guarded all = guarded(3 * WIDTH * LANES), one = guarded(3 * WIDTH * LANES);
        fill(&in, &rng);
        fill(&weights, &rng);
        kernels->conv(&c, in.at, weights.at, NULL, true, all.at);
        for (int x = 0; x < WIDTH; x++) {
            c.width = 1;
            kernels->conv(&c, in.at + x * LANES, weights.at, NULL, true, one.at);
            for (size_t b = 0; b < 3; b++)
                assert_memory_equal(one.at + b * c.out.block,
                                    all.at + b * c.out.block + (size_t)x * LANES,
                                    LANES * sizeof(float));
        }
        drop(&in);
        drop(&weights);
        drop(&all);
        drop(&one);
    }
}

static void the_environment_chooses(void **state)
{
    (void)state;
    struct error error;
    const struct kernels *kernels;
    const char *saved = getenv("HWDR_CPU");
    char *keep = saved ? strdup(saved) : NULL;
    for (int k = 0; (kernels = kernels_available(k)); k++) {
        assert_int_equal(setenv("HWDR_CPU", kernels->name, 1), 0);
        assert_ptr_equal(kernels_select(&error), kernels);
    }
    assert_int_equal(setenv("HWDR_CPU", "avx1024", 1), 0);
    assert_null(kernels_select(&error));
    assert_non_null(strstr(error.text, "unknown"));
#if defined(__x86_64__)
    assert_int_equal(setenv("HWDR_CPU", "neon", 1), 0);
    assert_null(kernels_select(&error));
#endif
    unsetenv("HWDR_CPU");
    assert_non_null(kernels_select(&error));
    if (keep)
        assert_int_equal(setenv("HWDR_CPU", keep, 1), 0);
    free(keep);
}

/* With an argument: another seed, which a failure prints; or `names` for the tables' names. */
int main(int argc, char **argv)
{
    const struct kernels *kernels;
    if (argc > 1 && strcmp(argv[1], "names") == 0) {
        for (int k = 0; (kernels = kernels_available(k)); k++)
            puts(kernels->name);
        return 0;
    }
    if (argc > 1)
        seed = strtoull(argv[1], NULL, 10);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolutions_agree),
        cmocka_unit_test(pooled_convolutions_agree),
        cmocka_unit_test(a_pooled_convolution_is_both_in_turn),
        cmocka_unit_test(a_pixel_does_not_depend_on_its_neighbours),
        cmocka_unit_test(the_environment_chooses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
