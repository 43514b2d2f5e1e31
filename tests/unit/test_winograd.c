/*
 * Winograd's convolutions of every kernel table against the direct ones of portable C, on random
 * odd shapes; buffers and poison as in test_kernels.c. Tables agree with each other to the bit.
 *
 * Bound: the inputs are uniform in [-1,1], variance 1/3. A row of B' (winograd_transforms.h)
 * multiplies the deviation of what it transforms by the root of the sum of its squares: with the
 * same of G these are, for the positions 0, a, b, infinity, 2.87, 2.74, 1.94, 2.87 times 1, 0.88,
 * 0.44, 1. One position's sum over k channels is a random walk, each step of which rounds by up to
 * 2^-24 of its height, which makes k 2^-24 times the deviation of a product. A' adds six positions:
 * the sum of the squares of (B' row) (G row) (A' element) is at most 21.4 in one dimension (outputs
 * 0 and 3), so in two the deviations become 21.4 times 1/3. Each factor was rounded some 4 times in
 * its own transform, and the output as often: 8 roundings more, in sum k + 8 sqrt(k) of 2^-24.
 * The gradient's sum over t tiles is alike with 23.9 for 21.4, from rows of A and elements of G'.
 * 8 times that leaves a wide margin, as there; what portable C may be off is added.
 */
#include "guarded.h"
#include "kernel_tables.h"
#include "kernels/winograd.h"
#include "rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static double winograd_bound(double gain, double terms)
{
    return 8 * gain / 3 * (terms + 8 * sqrt(terms)) * 0x1p-24;
}

struct shape {
    struct conv conv;
    size_t in_floats, out_floats, weight_floats;
};

static struct shape random_shape(struct rng *rng)
{
    struct shape s = {0};
    struct conv *c = &s.conv;
    c->samples = between(rng, 1, 12); /* of which many fill several chunks of tiles */
    c->kernel_height = c->kernel_width = 3;
    c->height = between(rng, 1, 15);
    c->width = between(rng, 1, 15);
    c->in_channels = between(rng, 1, 70);
    c->out_blocks = between(rng, 1, 5);
    c->winograd = true;
    const size_t in_blocks = (size_t)(c->in_channels + LANES - 1) / LANES;
    const size_t gap = (size_t)between(rng, 0, 2) * LANES;
    c->in.pixel = c->out.pixel = LANES;
    c->in.row = (size_t)(c->width + 2) * LANES + gap;
    c->in.block = (size_t)(c->height + 2) * c->in.row;
    c->in.sample = in_blocks * c->in.block + gap;
    c->out.row = (size_t)c->width * LANES + gap;
    c->out.block = (size_t)c->height * c->out.row;
    c->out.sample = (size_t)c->out_blocks * c->out.block + gap;
    s.in_floats = (size_t)c->samples * c->in.sample - 2 * gap; /* up to the last pixel */
    s.out_floats = (size_t)c->samples * c->out.sample - 2 * gap;
    s.weight_floats = (size_t)(c->out_blocks * LANES * c->in_channels * 9);
    return s;
}

/* How far b is off a, where a was written; where it was not, b must not be either. */
static double distance(const struct guarded *a, const struct guarded *b)
{
    double most = 0;
    for (size_t i = 0; i < a->floats; i++) {
        assert_int_equal(poisoned(a->at + i), poisoned(b->at + i));
        if (!poisoned(a->at + i)) {
            const double off = fabs((double)a->at[i] - (double)b->at[i]);
            most = off <= most ? most : off; /* NaN is off */
        }
    }
    return most;
}

static void check_bound(const struct kernels *kernels, const char *what, const struct conv *c,
                        double off, double bound)
{
    if (!(off <= bound))
        fail_msg("%s %s: off by %g, bound %g: seed %llu, %dx%dx%d, %d in, %d blocks out",
                 kernels->name, what, off, bound, (unsigned long long)seed, c->samples, c->height,
                 c->width, c->in_channels, c->out_blocks);
}

/* What one table, or portable C by direct convolution, makes of the same inputs. */
struct results {
    struct guarded out, gradient;
};

static void run(const struct kernels *kernels, const struct shape *s, const float *in,
                const float *weights, const float *bias, const float *grad, bool relu,
                struct results *r)
{
    struct guarded transformed = guarded(winograd_transformed_floats(&s->conv));
    struct guarded scratch = guarded(winograd_scratch_floats(&s->conv));
    r->out = guarded(s->out_floats);
    r->gradient = guarded(s->weight_floats);
    poison_all(&r->out);
    poison_all(&r->gradient);
    poison_all(&transformed);
    poison_all(&scratch);
    if (kernels->winograd) {
        kernels->winograd_transform(&s->conv, weights, transformed.at);
        kernels->winograd(&s->conv, in, NULL, transformed.at, bias, relu, r->out.at, scratch.at);
        kernels->winograd_weights(&s->conv, in, grad, r->gradient.at, scratch.at);
    } else {
        kernels->conv(&s->conv, in, weights, bias, relu, r->out.at);
        kernels->conv_weights(&s->conv, in, grad, r->gradient.at);
    }
    drop(&transformed);
    drop(&scratch);
}

static void check_shape(struct rng *rng)
{
    const struct shape s = random_shape(rng);
    const struct conv *c = &s.conv;
    struct guarded in = guarded(s.in_floats), weights = guarded(s.weight_floats);
    struct guarded bias = guarded((size_t)c->out_blocks * LANES), grad = guarded(s.out_floats);
    fill(&in, rng);
    fill(&weights, rng);
    fill(&bias, rng);
    fill(&grad, rng);
    const bool relu = between(rng, 0, 1), with_bias = between(rng, 0, 1);
    const double k = c->in_channels, t = winograd_tiles(c);
    struct results r[8];
    const struct kernels *kernels;
    int tables = 0;
    for (; (kernels = kernels_available(tables)); tables++)
        run(kernels, &s, in.at, weights.at, with_bias ? bias.at : NULL, grad.at, relu, &r[tables]);
    for (int i = 1; i < tables; i++) {
        kernels = kernels_available(i);
        check_bound(kernels, "winograd", c, distance(&r[0].out, &r[i].out),
                    winograd_bound(21.4, k) + bound_of(kernels_available(0), 9 * k));
        check_bound(kernels, "winograd_weights", c, distance(&r[0].gradient, &r[i].gradient),
                    winograd_bound(23.9, t) +
                        bound_of(kernels_available(0), c->samples * c->height * c->width));
        check_bound(kernels, "winograd, bits", c, distance(&r[1].out, &r[i].out), 0);
        check_bound(kernels, "winograd_weights, bits", c, distance(&r[1].gradient, &r[i].gradient),
                    0);
    }
    for (int i = 0; i < tables; i++) {
        drop(&r[i].out);
        drop(&r[i].gradient);
    }
    struct guarded *const all[] = {&in, &weights, &bias, &grad};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        drop(all[i]);
}

static void winograd_agrees_with_direct_convolution(void **state)
{
    (void)state;
    struct rng rng = rng_start(seed, RNG_WARP, 0, 0);
    for (int i = 0; i < 300; i++)
        check_shape(&rng);
}

/* A sample's bits must not depend on how many there are, nor on what they are cut into, nor on when
 * the weights are transformed. */
static void a_sample_does_not_depend_on_its_neighbours(void **state)
{
    (void)state;
    const struct kernels *kernels;
    enum { SAMPLES = 40, CHANNELS = 37, BLOCKS = 3 };
    for (int k = 0; (kernels = kernels_available(k)); k++)
        for (int side = 6; kernels->winograd && side <= 8; side++) { /* threes, both, fours */
            struct rng rng = rng_start(seed, RNG_WARP, 1, 0);
            const size_t pixels = (size_t)side, in_row = (pixels + 2) * LANES;
            const size_t out_row = pixels * LANES;
            struct conv c = {SAMPLES, side, side, CHANNELS, BLOCKS, 3, 3, {0}, {0}, true};
            c.in =
                (struct strides){3 * (pixels + 2) * in_row, (pixels + 2) * in_row, in_row, LANES};
            c.out = (struct strides){BLOCKS * pixels * out_row, pixels * out_row, out_row, LANES};
            assert_true(winograd_chunk(&c) < winograd_tiles(&c)); /* several chunks */
            struct guarded in = guarded(SAMPLES * c.in.sample);
            struct guarded weights = guarded(BLOCKS * LANES * CHANNELS * 9);
            struct guarded transformed = guarded(winograd_transformed_floats(&c));
            struct guarded scratch = guarded(winograd_scratch_floats(&c));
            struct guarded all = guarded(SAMPLES * c.out.sample), one = guarded(c.out.sample);
            fill(&in, &rng);
            fill(&weights, &rng);
            kernels->winograd_transform(&c, weights.at, transformed.at);
            kernels->winograd(&c, in.at, NULL, transformed.at, NULL, true, all.at, scratch.at);
            c.samples = 1;
            for (size_t s = 0; s < SAMPLES; s++) {
                kernels->winograd(&c, in.at + s * c.in.sample, weights.at, NULL, NULL, true, one.at,
                                  scratch.at);
                assert_memory_equal(one.at, all.at + s * c.out.sample,
                                    c.out.sample * sizeof(float));
            }
            struct guarded *const used[] = {&in, &weights, &transformed, &scratch, &all, &one};
            for (size_t i = 0; i < sizeof used / sizeof used[0]; i++)
                drop(used[i]);
        }
}

/* Multiplications along an axis, of fours and threes. */
static int multiplications(int fours, int threes)
{
    return 6 * fours + 5 * threes;
}

static void an_axis_is_cut_where_that_multiplies_least(void **state)
{
    (void)state;
    for (int length = 1; length <= 64; length++) {
        const struct winograd_axis axis = winograd_axis(length);
        assert_true(4 * axis.fours + 3 * axis.threes >= length);
        for (int fours = 0; fours <= length; fours++)
            for (int threes = 0; threes <= length; threes++)
                if (4 * fours + 3 * threes >= length)
                    assert_true(multiplications(axis.fours, axis.threes) <=
                                multiplications(fours, threes));
    }
}

static void other_kernels_and_few_channels_are_left_to_direct_convolution(void **state)
{
    (void)state;
    struct conv c = {1, 12, 12, 8, 2, 3, 3, {0}, {0}, false};
    assert_true(winograd_pays(&c));
    c.kernel_width = 5;
    assert_false(winograd_pays(&c));
    c.kernel_width = 3;
    c.in_channels = 7;
    assert_false(winograd_pays(&c));
}

/* With an argument: another seed, which a failure prints. */
int main(int argc, char **argv)
{
    if (argc > 1)
        seed = strtoull(argv[1], NULL, 10);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(winograd_agrees_with_direct_convolution),
        cmocka_unit_test(a_sample_does_not_depend_on_its_neighbours),
        cmocka_unit_test(an_axis_is_cut_where_that_multiplies_least),
        cmocka_unit_test(other_kernels_and_few_channels_are_left_to_direct_convolution),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
