/* lib/warp.c: the identity, exact shifts, what the random numbers depend on, and the statistics. */
#include "image_hash.h"
#include "warp.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIDE = IMAGE_SIDE };

static const struct warp still = {.zoom_x = 1, .zoom_y = 1};
static const struct warp_ranges usual = {
    .rotate = 12, .shift = 2.2f, .zoom = 0.12f, .shear = 0.2f, .elastic = 0.8f};
static const struct warp_ranges everything = {.rotate = 12,
                                              .shift = 2.2f,
                                              .zoom = 0.12f,
                                              .shear = 0.2f,
                                              .elastic = 0.8f,
                                              .stroke = 0.5f,
                                              .erase = 4};

/* Every pixel different from its neighbours, right up to the border. */
static void fill_noise(uint8_t image[IMAGE_PIXELS])
{
    uint32_t state = 12345;
    for (int i = 0; i < IMAGE_PIXELS; i++) {
        state = state * 1664525u + 1013904223u;
        image[i] = (uint8_t)(state >> 24);
    }
}

/* A ring with soft edges, radius 7, about 4 pixels wide: a digit-like 0. */
static void fill_ring(uint8_t image[IMAGE_PIXELS])
{
    for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
            const double off = fabs(hypot(x - 13.5, y - 13.5) - 7);
            const double ink = off < 1.5 ? 1 : off < 2.5 ? 2.5 - off : 0;
            image[y * SIDE + x] = (uint8_t)(255 * ink);
        }
    }
}

static long ink(const uint8_t image[IMAGE_PIXELS])
{
    long sum = 0;
    for (int i = 0; i < IMAGE_PIXELS; i++)
        sum += image[i];
    return sum;
}

static void test_identity(void **state)
{
    (void)state;
    uint8_t from[IMAGE_PIXELS], to[IMAGE_PIXELS];
    const struct warp_ranges none = {0};
    fill_noise(from);
    for (uint64_t sample = 0; sample < 100; sample++) {
        memset(to, 7, sizeof to);
        warp_image(&none, 1, 2, sample, from, to);
        assert_memory_equal(from, to, sizeof to);
    }
}

static void test_whole_pixel_shift(void **state)
{
    (void)state;
    uint8_t from[IMAGE_PIXELS], to[IMAGE_PIXELS];
    fill_noise(from);
    for (int down = -30; down <= 30; down += 5) {
        for (int right = -30; right <= 30; right += 3) {
            struct warp warp = still;
            warp.shift_x = (float)right;
            warp.shift_y = (float)down;
            warp_apply(&warp, from, to);
            for (int y = 0; y < SIDE; y++) {
                for (int x = 0; x < SIDE; x++) {
                    const int fx = x - right, fy = y - down;
                    const bool inside = fx >= 0 && fx < SIDE && fy >= 0 && fy < SIDE;
                    assert_int_equal(to[y * SIDE + x], inside ? from[fy * SIDE + fx] : 0);
                }
            }
        }
    }
}

static void test_half_pixel_shift_is_the_mean(void **state)
{
    (void)state;
    uint8_t from[IMAGE_PIXELS], to[IMAGE_PIXELS];
    fill_noise(from);
    struct warp warp = still;
    warp.shift_x = 0.5f;
    warp_apply(&warp, from, to);
    for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
            const int left = x ? from[y * SIDE + x - 1] : 0;
            assert_int_equal(to[y * SIDE + x], (left + from[y * SIDE + x] + 1) / 2);
        }
    }
}

/* A dot at (5,0) from the centre goes where the header says: clockwise, larger, slanted right. */
static void test_directions(void **state)
{
    (void)state;
    const struct {
        struct warp warp;
        int from_x, from_y, to_x, to_y;
    } cases[] = {
        {{.angle = 1.5707964f, .zoom_x = 1, .zoom_y = 1}, 18, 13, 14, 18},
        {{.zoom_x = 2, .zoom_y = 1}, 16, 13, 18, 13},
        {{.zoom_x = 1, .zoom_y = 2}, 13, 16, 13, 18},
        {{.zoom_x = 1, .zoom_y = 1, .shear = 0.5f}, 13, 4, 18, 4},
        {{.zoom_x = 1, .zoom_y = 1, .shift_x = 3, .shift_y = -2}, 10, 10, 13, 8},
        {{.angle = 1.5707964f, .zoom_x = 1, .zoom_y = 1, .shear = 0.5f}, 13, 4, 23, 18},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t from[IMAGE_PIXELS] = {0}, to[IMAGE_PIXELS];
        from[cases[i].from_y * SIDE + cases[i].from_x] = 255;
        warp_apply(&cases[i].warp, from, to);
        int best = 0;
        for (int p = 0; p < IMAGE_PIXELS; p++)
            best = to[p] > to[best] ? p : best;
        assert_int_equal(best % SIDE, cases[i].to_x);
        assert_int_equal(best / SIDE, cases[i].to_y);
    }
}

static void test_seed_epoch_and_sample_choose(void **state)
{
    (void)state;
    uint8_t from[IMAGE_PIXELS], a[IMAGE_PIXELS], b[IMAGE_PIXELS];
    fill_ring(from);
    warp_image(&everything, 1, 2, 3, from, a);
    warp_image(&everything, 1, 2, 3, from, b);
    assert_memory_equal(a, b, sizeof a);
    warp_image(&everything, 2, 2, 3, from, b);
    assert_memory_not_equal(a, b, sizeof a);
    warp_image(&everything, 1, 3, 3, from, b);
    assert_memory_not_equal(a, b, sizeof a);
    warp_image(&everything, 1, 2, 4, from, b);
    assert_memory_not_equal(a, b, sizeof a);
}

/* Switching one distortion off leaves what the others draw. */
static void test_distortions_are_independent(void **state)
{
    (void)state;
    const size_t fields = sizeof(struct warp_ranges) / sizeof(float);
    const struct warp full = warp_draw(&everything, 5, 1, 9);
    for (size_t off = 0; off < fields; off++) {
        float range[sizeof(struct warp_ranges) / sizeof(float)];
        memcpy(range, &everything, sizeof range);
        range[off] = 0;
        struct warp_ranges ranges;
        memcpy(&ranges, range, sizeof ranges);
        const struct warp part = warp_draw(&ranges, 5, 1, 9);
        assert_true((ranges.rotate == 0) == (part.angle == 0));
        assert_true(ranges.rotate == 0 || part.angle == full.angle);
        assert_true(part.shift_x == (ranges.shift == 0 ? 0 : full.shift_x));
        assert_true(part.shift_y == (ranges.shift == 0 ? 0 : full.shift_y));
        assert_true(part.zoom_x == (ranges.zoom == 0 ? 1 : full.zoom_x));
        assert_true(part.zoom_y == (ranges.zoom == 0 ? 1 : full.zoom_y));
        assert_true(part.shear == (ranges.shear == 0 ? 0 : full.shear));
        assert_true(part.stroke == (ranges.stroke == 0 ? 0 : full.stroke));
        assert_int_equal(part.erase, ranges.erase == 0 ? 0 : full.erase);
        assert_true(part.elastic == (ranges.elastic > 0));
        if (part.elastic)
            assert_memory_equal(part.control, full.control, sizeof full.control);
    }
}

/* Uniform over the stated range: the extremes are approached, never passed, and the mean is 0. */
static void test_ranges(void **state)
{
    (void)state;
    enum { N = 20000 };
    const float degree = 0.017453292f;
    float low[6] = {0}, high[6] = {0};
    double sum[6] = {0};
    const float reach[6] = {12 * degree, 2.2f, 2.2f, 0.12f, 0.12f, 0.2f};
    for (uint64_t sample = 0; sample < N; sample++) {
        const struct warp w = warp_draw(&usual, 7, 1, sample);
        const float drawn[6] = {w.angle, w.shift_x, w.shift_y, w.zoom_x - 1, w.zoom_y - 1, w.shear};
        for (int i = 0; i < 6; i++) {
            low[i] = fminf(low[i], drawn[i]);
            high[i] = fmaxf(high[i], drawn[i]);
            sum[i] += (double)drawn[i];
        }
    }
    for (int i = 0; i < 6; i++) {
        assert_true(high[i] <= reach[i] * 1.00001f && high[i] > reach[i] * 0.999f);
        assert_true(low[i] >= -reach[i] * 1.00001f && low[i] < -reach[i] * 0.999f);
        /* 4 standard errors of a uniform's mean */
        assert_true(fabs(sum[i] / N) < 4 * (double)reach[i] / sqrt(3.0 * N));
    }
}

/*
 * The displacement is measured from outside, through pictures: in a ramp of 9 levels a pixel, a
 * displacement of d pixels changes a pixel by 9 d levels.
 */
static double displacement(uint64_t sample, bool down, const uint8_t ramp[IMAGE_PIXELS], int x,
                           int y)
{
    const struct warp_ranges ranges = {.elastic = 0.8f};
    uint8_t to[IMAGE_PIXELS];
    warp_image(&ranges, 11, 1, sample, ramp, to);
    return (to[y * SIDE + x] - 9.0 * (down ? y : x)) / 9;
}

static void test_elastic_displacement(void **state)
{
    (void)state;
    enum { N = 10000, LAG = 8 };
    uint8_t across[IMAGE_PIXELS], down[IMAGE_PIXELS];
    for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
            across[y * SIDE + x] = (uint8_t)(9 * x);
            down[y * SIDE + x] = (uint8_t)(9 * y);
        }
    }
    double sum[2] = {0}, squares[2] = {0}, lagged = 0, crossed = 0;
    for (uint64_t sample = 0; sample < N; sample++) {
        const int x = 6 + (int)(sample % 8), y = 6 + (int)(sample / 8 % 16); /* all phases */
        const double dx = displacement(sample, false, across, x, y);
        const double dy = displacement(sample, true, down, x, y);
        sum[0] += dx;
        sum[1] += dy;
        squares[0] += dx * dx;
        squares[1] += dy * dy;
        lagged += dx * displacement(sample, false, across, x + LAG, y);
        crossed += dx * dy;
    }
    /* Bounds are 4 standard errors for N independent draws. */
    for (int axis = 0; axis < 2; axis++) {
        assert_true(fabs(sum[axis] / N) < 0.8 * 4 / sqrt(N));
        assert_true(fabs(sqrt(squares[axis] / N) / 0.8 - 1) < 4 / sqrt(2.0 * N));
    }
    /* Noise smoothed with a sigma of 5 has an autocorrelation of exp(-lag^2 / (4 5^2)). */
    assert_true(fabs(lagged / squares[0] - exp(-LAG * LAG / 100.0)) < 4 / sqrt(N));
    assert_true(fabs(crossed / squares[0]) < 4 / sqrt(N));
}

static void test_ink_is_roughly_kept(void **state)
{
    (void)state;
    enum { N = 2000 };
    uint8_t from[IMAGE_PIXELS], to[IMAGE_PIXELS];
    fill_ring(from);
    double sum = 0;
    for (uint64_t sample = 0; sample < N; sample++) {
        warp_image(&usual, 3, 1, sample, from, to);
        const double ratio = (double)ink(to) / (double)ink(from);
        assert_true(ratio > 0.5 && ratio < 1.7);
        sum += ratio;
    }
    assert_true(fabs(sum / N - 1) < 0.03);
}

static void test_stroke_width(void **state)
{
    (void)state;
    uint8_t from[IMAGE_PIXELS] = {0}, to[IMAGE_PIXELS];
    for (int y = 5; y < 23; y++)
        for (int x = 12; x < 16; x++)
            from[y * SIDE + x] = 200;
    struct warp warp = still;
    const float fractions[] = {-1, -0.5f, 0, 0.5f, 1};
    const int edge[] = {0, 100, 200, 200, 200}, outside[] = {0, 0, 0, 100, 200};
    for (int i = 0; i < 5; i++) {
        warp.stroke = fractions[i];
        warp_apply(&warp, from, to);
        assert_int_equal(to[14 * SIDE + 11], outside[i]);
        assert_int_equal(to[14 * SIDE + 12], edge[i]);
        assert_int_equal(to[14 * SIDE + 13], 200);
        assert_int_equal(to[14 * SIDE + 15], edge[i]);
        assert_int_equal(to[14 * SIDE + 16], outside[i]);
        assert_int_equal(to[14 * SIDE + 10], 0);
    }
}

/* Exactly side x side pixels, everywhere, the borders and the whole image included. */
static void test_erase(void **state)
{
    (void)state;
    uint8_t white[IMAGE_PIXELS], to[IMAGE_PIXELS];
    memset(white, 255, sizeof white);
    for (int side = 1; side <= SIDE; side += 3) {
        const struct warp_ranges ranges = {.erase = (float)side};
        bool reached[IMAGE_PIXELS] = {false};
        for (uint64_t sample = 0; sample < 3000; sample++) {
            warp_image(&ranges, 1, 1, sample, white, to);
            assert_int_equal(ink(white) - ink(to), 255L * side * side);
            for (int p = 0; p < IMAGE_PIXELS; p++)
                reached[p] = reached[p] || to[p] == 0;
        }
        int count = 0;
        for (int p = 0; p < IMAGE_PIXELS; p++)
            count += reached[p];
        assert_true(count > IMAGE_PIXELS * 9 / 10);
    }
}

/* Extreme ranges stay inside the arrays (run under a sanitizer) and give bytes. */
/* The mean square difference of neighbours, each way. */
static double roughness(const uint8_t image[IMAGE_PIXELS])
{
    double sum = 0;
    for (int y = 1; y < SIDE; y++)
        for (int x = 1; x < SIDE; x++) {
            const int here = image[y * SIDE + x];
            const int left = here - image[y * SIDE + x - 1], up = here - image[(y - 1) * SIDE + x];
            sum += left * left + up * up;
        }
    return sum;
}

static void test_sharpening(void **state)
{
    (void)state;
    uint8_t from[IMAGE_PIXELS], to[IMAGE_PIXELS];
    struct warp warp = still;
    /* One dot where nothing is resampled: [-a, 1 + 4a, -a] with a = 1/12; paper stays paper. */
    memset(from, 0, sizeof from);
    from[10 * SIDE + 10] = 120;
    warp.sharpen = 1;
    warp_apply(&warp, from, to);
    assert_int_equal(to[10 * SIDE + 10], 160);
    assert_int_equal(ink(to), 160);
    /* In a grey field the dot of paper is surrounded by 132, and white cannot become whiter. */
    memset(from, 120, sizeof from);
    from[10 * SIDE + 10] = 0;
    from[20 * SIDE + 20] = 255;
    warp_apply(&warp, from, to);
    assert_int_equal(to[10 * SIDE + 11], 130);
    assert_int_equal(to[11 * SIDE + 10], 130);
    assert_int_equal(to[11 * SIDE + 11], 120);
    assert_int_equal(to[10 * SIDE + 10], 0);
    assert_int_equal(to[20 * SIDE + 20], 255);
    assert_int_equal(to[20 * SIDE + 21], 109);
    /* Over shifts by fractions of a pixel it brings back the contrast that they take. */
    double plain = 0, sharp = 0;
    fill_ring(from);
    for (int i = 0; i < 64; i++) {
        warp = (struct warp){.zoom_x = 1, .zoom_y = 1};
        warp.shift_x = (float)(i % 8) / 8;
        warp.shift_y = (float)(i / 8) / 8;
        warp_apply(&warp, from, to);
        plain += roughness(to) / 64;
        warp.sharpen = 2.5f;
        warp_apply(&warp, from, to);
        sharp += roughness(to) / 64;
    }
    const double was = roughness(from);
    assert_true(plain < 0.8 * was);
    assert_true(sharp > 0.9 * was && sharp < 1.1 * was);
}

static void test_mirror(void **state)
{
    (void)state;
    uint8_t from[IMAGE_PIXELS], to[IMAGE_PIXELS];
    int mirrored = 0;
    fill_noise(from);
    const struct warp_ranges half = {.mirror = 0.5f};
    for (uint64_t sample = 0; sample < 400; sample++) {
        warp_image(&half, 1, 1, sample, from, to);
        if (to[0] == from[0]) {
            assert_memory_equal(to, from, sizeof to);
            continue;
        }
        mirrored++;
        for (int i = 0; i < IMAGE_PIXELS; i++)
            assert_int_equal(to[i], from[i / SIDE * SIDE + SIDE - 1 - i % SIDE]);
    }
    assert_in_range(mirrored, 160, 240); /* four standard deviations */
    /* It moves nothing that the others draw. */
    struct warp_ranges with = everything;
    with.mirror = 1;
    struct warp a = warp_draw(&everything, 1, 2, 3), b = warp_draw(&with, 1, 2, 3);
    b.zoom_x = -b.zoom_x;
    assert_memory_equal(&a, &b, sizeof a);
}

static void test_extremes(void **state)
{
    (void)state;
    const struct warp_ranges wild = {.rotate = 180,
                                     .shift = 28,
                                     .zoom = 0.9f,
                                     .shear = 2,
                                     .elastic = 28,
                                     .stroke = 1,
                                     .erase = 28};
    uint8_t from[IMAGE_PIXELS], to[IMAGE_PIXELS];
    memset(from, 255, sizeof from);
    for (uint64_t sample = 0; sample < 2000; sample++)
        warp_image(&wild, 1, UINT32_MAX, ((uint64_t)1 << 56) - 1 - sample, from, to);
    assert_int_equal(ink(to), 0);
}

/*
 * The bytes are part of what makes training reproducible: the sum must be the same on every machine
 * and from every compiler. FNV-1a over 1000 images; change it only together with the CHANGELOG.
 */
static void test_bytes_never_change(void **state)
{
    (void)state;
    uint8_t from[IMAGE_PIXELS], to[IMAGE_PIXELS];
    fill_noise(from);
    uint64_t hash = IMAGE_HASH_NONE;
    for (uint64_t sample = 0; sample < 1000; sample++) {
        warp_image(&everything, 1, 1, sample, from, to);
        hash = image_hash(hash, to);
    }
    assert_int_equal(hash, 0x8766bedfff7941a2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_whole_pixel_shift),
        cmocka_unit_test(test_half_pixel_shift_is_the_mean),
        cmocka_unit_test(test_directions),
        cmocka_unit_test(test_seed_epoch_and_sample_choose),
        cmocka_unit_test(test_distortions_are_independent),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_elastic_displacement),
        cmocka_unit_test(test_ink_is_roughly_kept),
        cmocka_unit_test(test_stroke_width),
        cmocka_unit_test(test_erase),
        cmocka_unit_test(test_sharpening),
        cmocka_unit_test(test_mirror),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_bytes_never_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
