/*
 * Every kernel table of this machine against portable C, on random odd shapes. Buffers end at an
 * unmapped page, so that reading or writing past them crashes; outputs begin poisoned, and what
 * lies between rows and samples must keep its poison.
 *
 * Bound: both tables add the same n products in the same order, one with fused multiply-adds, one
 * rounding each product. Factors are uniform in [-1,1], so the running sum is about sqrt(n) / 3 and
 * each of the n steps may differ by 2^-24 of it; these differences walk at random, sqrt(n) steps
 * far. 8 times that leaves a wide margin and is still a thousand times less than one product.
 *
 * Tables with fused multiply-adds agree with each other to the bit: models made with AVX2 and
 * AVX-512 are the same files.
 */
#include "kernels/kernels.h"
#include "rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static const uint32_t poison = 0x7fc0dead; /* a NaN that no kernel makes */
static uint64_t seed = 1;

struct guarded {
    float *at;
    size_t floats;
    void *map;
    size_t bytes;
};

/* `floats` floats, aligned to 64 bytes when a multiple of 16, that end at an unmapped page. */
static struct guarded guarded(size_t floats)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t body = (floats * sizeof(float) + page - 1) / page * page;
    char *map = mmap(NULL, body + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(map != MAP_FAILED);
    assert_int_equal(mprotect(map + body, page, PROT_NONE), 0);
    return (struct guarded){(float *)(void *)(map + body) - floats, floats, map, body + page};
}

static void drop(struct guarded *g)
{
    munmap(g->map, g->bytes);
}

static void fill(struct guarded *g, struct rng *rng)
{
    for (size_t i = 0; i < g->floats; i++)
        g->at[i] = rng_between(rng, -1, 1);
}

static void poison_all(struct guarded *g)
{
    for (size_t i = 0; i < g->floats; i++)
        memcpy(g->at + i, &poison, sizeof poison);
}

static bool poisoned(const float *value)
{
    return memcmp(value, &poison, sizeof poison) == 0;
}

static int between(struct rng *rng, int low, int high)
{
    return low + (int)rng_below(rng, (uint32_t)(high - low + 1));
}

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

static double bound_of(const struct kernels *reference, double terms)
{
    if (reference != kernels_available(0))
        return 0;
    return 8 * sqrt(terms) * 0x1p-24 * sqrt(terms) / 3 + 1e-7; /* |products| average 1/4 */
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

typedef void check_fn(const struct kernels *reference, const struct kernels *kernels,
                      struct rng *rng);

/* Each table against portable C, and those behind the first against that to the bit. */
static void check_tables(check_fn *check)
{
    const struct kernels *kernels;
    for (int k = 1; (kernels = kernels_available(k)); k++)
        for (int reference = 0; reference < (k > 1 ? 2 : 1); reference++) {
            struct rng rng = rng_start(seed, RNG_WARP, 0, 0);
            for (int i = 0; i < 300; i++)
                check(kernels_available(reference), kernels, &rng);
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
        struct conv c = {1, 1, WIDTH, CHANNELS, 3, 1, 3, {0}, {0}};
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

struct elementwise {
    struct plane plane;
    struct strides x, y;
    struct guarded from, gradient, a, b, scale, shift, mean;
};

static void start(struct elementwise *e, struct rng *rng)
{
    e->plane = (struct plane){between(rng, 1, 5), between(rng, 1, 9), between(rng, 1, 9)};
    for (int i = 0; i < 2; i++) {
        const size_t gap = (size_t)between(rng, 0, 2) * LANES;
        struct strides *s = i ? &e->y : &e->x;
        s->pixel = LANES;
        s->row = (size_t)e->plane.width * LANES + gap;
        s->sample = (size_t)e->plane.height * s->row + gap;
    }
    const size_t samples = (size_t)e->plane.samples;
    e->from = guarded(samples * e->x.sample);
    e->gradient = guarded(samples * e->y.sample);
    e->a = guarded(samples * e->y.sample);
    e->b = guarded(samples * e->y.sample);
    struct guarded *const vectors[] = {&e->scale, &e->shift, &e->mean};
    for (int i = 0; i < 3; i++) {
        *vectors[i] = guarded(LANES);
        fill(vectors[i], rng);
    }
    fill(&e->from, rng);
    fill(&e->gradient, rng);
    poison_all(&e->a);
    poison_all(&e->b);
}

static void finish(struct elementwise *e)
{
    struct guarded *const all[] = {&e->from,  &e->gradient, &e->a,   &e->b,
                                   &e->scale, &e->shift,    &e->mean};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        drop(all[i]);
}

static void vectors_near(const struct kernels *kernels, const char *what, const float *a,
                         const float *b, double bound)
{
    for (int l = 0; l < LANES; l++)
        if (!(fabs((double)a[l] - (double)b[l]) <= bound))
            fail_msg("%s %s: lane %d is %g, not %g: seed %llu", kernels->name, what, l,
                     (double)b[l], (double)a[l], (unsigned long long)seed);
}

static void check_elementwise(const struct kernels *p, const struct kernels *k, struct rng *rng)
{
    const bool exact = p != kernels_available(0);
    struct elementwise e;
    start(&e, rng);
    const struct shape none = {0};
    const bool relu = between(rng, 0, 1);
    const double n = e.plane.samples * e.plane.height * e.plane.width;
    float a1[LANES], a2[LANES], b1[LANES], b2[LANES];
    p->moments(&e.plane, &e.x, e.from.at, a1, a2);
    k->moments(&e.plane, &e.x, e.from.at, b1, b2);
    vectors_near(k, "mean", a1, b1, exact ? 0 : 1e-6);
    vectors_near(k, "variance", a2, b2, exact ? 0 : 1e-6);
    p->affine(&e.plane, &e.x, e.from.at, &e.y, e.a.at, e.scale.at, e.shift.at, relu);
    k->affine(&e.plane, &e.x, e.from.at, &e.y, e.b.at, e.scale.at, e.shift.at, relu);
    compare(k, "affine", &none, &e.a, &e.b, exact ? 0 : 3e-7);
    p->affine_sums(&e.plane, &e.x, e.from.at, &e.y, e.gradient.at, e.scale.at, e.shift.at, relu,
                   e.mean.at, a1, a2);
    k->affine_sums(&e.plane, &e.x, e.from.at, &e.y, e.gradient.at, e.scale.at, e.shift.at, relu,
                   e.mean.at, b1, b2);
    vectors_near(k, "sum", a1, b1, bound_of(p, n));
    vectors_near(k, "sum_x", a2, b2, 2 * bound_of(p, n));
    p->affine_back(&e.plane, &e.x, e.from.at, &e.y, e.gradient.at, &e.y, e.a.at, e.scale.at,
                   e.shift.at, relu, e.mean.at, a1, a2);
    k->affine_back(&e.plane, &e.x, e.from.at, &e.y, e.gradient.at, &e.y, e.b.at, e.scale.at,
                   e.shift.at, relu, e.mean.at, a1, a2);
    compare(k, "affine_back", &none, &e.a, &e.b, exact ? 0 : 1e-6 * (1 + n));
    memcpy(e.a.at, e.gradient.at, e.a.floats * sizeof(float));
    memcpy(e.b.at, e.gradient.at, e.b.floats * sizeof(float));
    p->bias_back(&e.plane, &e.x, e.from.at, &e.y, e.a.at, relu, a1);
    k->bias_back(&e.plane, &e.x, e.from.at, &e.y, e.b.at, relu, b1);
    compare(k, "bias_back", &none, &e.a, &e.b, 0);
    vectors_near(k, "bias_back's sum", a1, b1, bound_of(p, n));
    finish(&e);
}

static void check_max_pool(const struct kernels *p, const struct kernels *k, struct rng *rng)
{
    struct elementwise e;
    start(&e, rng); /* x is the input; the output is smaller, in y's buffer */
    const struct shape none = {0};
    const int height = between(rng, 1, e.plane.height), width = between(rng, 1, e.plane.width);
    const struct plane out = {e.plane.samples, e.plane.height / height, e.plane.width / width};
    for (size_t i = 0; i < e.from.floats; i++) /* many ties */
        e.from.at[i] = roundf(4 * e.from.at[i]);
    uint16_t at_a[5 * 81 * LANES], at_b[5 * 81 * LANES];
    p->max_pool(&out, height, width, &e.x, e.from.at, &e.y, e.a.at, at_a);
    k->max_pool(&out, height, width, &e.x, e.from.at, &e.y, e.b.at, at_b);
    compare(k, "max_pool", &none, &e.a, &e.b, 0);
    assert_memory_equal(at_a, at_b,
                        (size_t)(out.samples * out.height * out.width * LANES) * sizeof *at_a);
    struct guarded da = guarded(e.from.floats), db = guarded(e.from.floats);
    poison_all(&da);
    poison_all(&db);
    p->max_pool_back(&out, height, width, &e.y, e.gradient.at, &e.x, da.at, at_a);
    k->max_pool_back(&out, height, width, &e.y, e.gradient.at, &e.x, db.at, at_a);
    compare(k, "max_pool_back", &none, &da, &db, 0);
    drop(&da);
    drop(&db);
    finish(&e);
}

static void elementwise_kernels_agree(void **state)
{
    (void)state;
    check_tables(check_elementwise);
    check_tables(check_max_pool);
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

/* With an argument: another seed, which a failure prints. */
int main(int argc, char **argv)
{
    if (argc > 1)
        seed = strtoull(argv[1], NULL, 10);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolutions_agree),
        cmocka_unit_test(a_pixel_does_not_depend_on_its_neighbours),
        cmocka_unit_test(elementwise_kernels_agree),
        cmocka_unit_test(the_environment_chooses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
