/* lib/spoil.c and lib/pen.c: what is left alone, what each kind does, and the bytes. */
#include "image_hash.h"
#include "pen.h"
#include "spoil.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIDE = IMAGE_SIDE };

static const struct warp_ranges still = {0};
static const struct warp_ranges usual = {
    .rotate = 12, .shift = 2.2f, .zoom = 0.12f, .shear = 0.2f, .elastic = 0.8f};

/* A cross of full ink, 4 pixels wide, in the middle. */
static void fill_cross(uint8_t image[IMAGE_PIXELS])
{
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            const bool upright = x >= 12 && x < 16 && y >= 5 && y < 23;
            const bool level = y >= 12 && y < 16 && x >= 5 && x < 23;
            image[y * SIDE + x] = upright || level ? 255 : 0;
        }
}

static double mean(const uint8_t image[IMAGE_PIXELS])
{
    double sum = 0;
    for (int p = 0; p < IMAGE_PIXELS; p++)
        sum += image[p];
    return sum / IMAGE_PIXELS;
}

static void test_no_share_is_the_warp_alone(void **state)
{
    (void)state;
    const struct spoil_ranges none = {.wide = 2, .blur = 2, .noise = 1, .lines = 4};
    uint8_t from[IMAGE_PIXELS], to[IMAGE_PIXELS], warped[IMAGE_PIXELS];
    fill_cross(from);
    for (uint64_t sample = 0; sample < 200; sample++) {
        spoil_image(&usual, &none, 1, 2, sample, from, to);
        warp_image(&usual, 1, 2, sample, from, warped);
        assert_memory_equal(to, warped, sizeof to);
    }
}

static void test_share_is_kept(void **state)
{
    (void)state;
    enum { N = 4000 };
    const struct spoil_ranges ranges = {
        .share = 0.3f, .wide = 1, .noise = 1, .background = 1, .contrast = 1};
    uint8_t from[IMAGE_PIXELS], to[IMAGE_PIXELS];
    fill_cross(from);
    int changed = 0;
    for (uint64_t sample = 0; sample < N; sample++) {
        spoil_image(&still, &ranges, 1, 1, sample, from, to);
        changed += memcmp(from, to, sizeof to) != 0;
    }
    /* Three kinds with a chance of 0.35 each: 0.7254 of the spoilt ones have any. */
    const double expected = 0.3 * (1 - 0.65 * 0.65 * 0.65);
    assert_true(fabs(changed / (double)N - expected) < 4 * sqrt(expected / N));
}

static void test_all_off_changes_nothing(void **state)
{
    (void)state;
    const struct spoil_ranges ranges = {.share = 1, .wide = 1};
    uint8_t from[IMAGE_PIXELS], to[IMAGE_PIXELS];
    fill_cross(from);
    for (uint64_t sample = 0; sample < 200; sample++) {
        spoil_image(&still, &ranges, 1, 1, sample, from, to);
        assert_memory_equal(from, to, sizeof to);
    }
}

/* Each kind alone: how the paper at the border, the ink, and the mean move, as it says. */
static void test_kinds(void **state)
{
    (void)state;
    const struct spoil_ranges blur = {.share = 1, .wide = 1, .blur = 2};
    const struct spoil_ranges contrast = {.share = 1, .wide = 1, .contrast = 0.5f};
    const struct spoil_ranges paper = {.share = 1, .wide = 1, .background = 0.5f};
    uint8_t from[IMAGE_PIXELS], to[IMAGE_PIXELS];
    fill_cross(from);
    const int middle = 14 * SIDE + 14;
    const struct spoil_ranges coarse = {.share = 1, .wide = 1, .coarse = 3};
    int blurred = 0, faded = 0, papered = 0, softened = 0;
    for (uint64_t sample = 0; sample < 500; sample++) {
        spoil_image(&still, &blur, 1, 1, sample, from, to);
        assert_true(fabs(mean(to) - mean(from)) < 1); /* ink is spread, not lost */
        blurred += to[20 * SIDE + 14] < 250;
        spoil_image(&still, &contrast, 1, 1, sample, from, to);
        assert_int_equal(to[0], 0);
        assert_true(to[middle] >= 127);
        faded += to[middle] < 255;
        spoil_image(&still, &paper, 1, 1, sample, from, to);
        assert_int_equal(to[middle], 255);
        assert_true(to[0] <= 128);
        papered += to[0] > 0;
        spoil_image(&still, &coarse, 1, 1, sample, from, to);
        assert_int_equal(to[0], 0);
        assert_true(to[middle] > 200);
        softened += memcmp(from, to, sizeof to) != 0;
    }
    assert_true(blurred > 100 && faded > 120 && papered > 120);
    assert_true(faded < 230 && papered < 230);
    assert_in_range(softened, 120, 230);
}

static void test_noise_and_lines_depend_on_the_sample(void **state)
{
    (void)state;
    const struct spoil_ranges kinds[] = {{.share = 1, .wide = 1, .noise = 0.5f},
                                         {.share = 1, .wide = 1, .lines = 4}};
    uint8_t from[IMAGE_PIXELS], to[IMAGE_PIXELS], other[IMAGE_PIXELS];
    fill_cross(from);
    for (int k = 0; k < 2; k++) {
        int differ = 0;
        for (uint64_t sample = 0; sample < 100; sample++) {
            spoil_image(&still, &kinds[k], 1, 1, sample, from, to);
            spoil_image(&still, &kinds[k], 1, 1, sample, from, other);
            assert_memory_equal(to, other, sizeof to);
            spoil_image(&still, &kinds[k], 1, 2, sample, from, other);
            differ += memcmp(to, other, sizeof to) != 0;
        }
        assert_true(differ > 30);
    }
}

/* What is to the right of the centre by half the side, and farther away by `tilt`, is smaller. */
static void test_perspective(void **state)
{
    (void)state;
    uint8_t from[IMAGE_PIXELS] = {0}, to[IMAGE_PIXELS];
    for (int y = 4; y < 24; y++)
        for (int x = 2; x < 26; x++)
            from[y * SIDE + x] = 255;
    struct warp warp = {.zoom_x = 1, .zoom_y = 1, .tilt_x = 0.3f / 14};
    warp_apply(&warp, from, to);
    int near_by = 0, far = 0;
    for (int y = 0; y < SIDE; y++) {
        near_by += to[y * SIDE + 6] > 127;
        far += to[y * SIDE + 20] > 127;
    }
    assert_true(near_by < 20 || far < 20);
    assert_true(near_by - far >= 4 || far - near_by >= 4);
}

static void test_pen_covers(void **state)
{
    (void)state;
    enum { CANVAS = 20 };
    float canvas[CANVAS * CANVAS] = {0};
    pen_line(canvas, CANVAS, (struct pen_point){-50, 10}, (struct pen_point){50, 10}, 2, 1);
    for (int y = 0; y < CANVAS; y++) {
        const float expected = abs(y - 10) < 2 ? 1 : abs(y - 10) == 2 ? 0.5f : 0;
        for (int x = 0; x < CANVAS; x++)
            assert_true(fabsf(canvas[y * CANVAS + x] - expected) < 1e-4f);
    }
    pen_line(canvas, CANVAS, (struct pen_point){5, 10}, (struct pen_point){5, 10}, 1, 0);
    assert_true(canvas[10 * CANVAS + 5] == 0); /* erased by a dot */
    const struct pen_point square[] = {{2.5f, 2.5f}, {6.5f, 2.5f}, {6.5f, 6.5f}, {2.5f, 6.5f}};
    pen_fill(canvas, CANVAS, square, 4, 0.5f);
    int filled = 0;
    for (int p = 0; p < CANVAS * 8; p++)
        filled += canvas[p] == 0.5f;
    assert_int_equal(filled, 16);
}

/* Over 500 images; like test_warp.c's, to change only together with the CHANGELOG. */
static void test_bytes_never_change(void **state)
{
    (void)state;
    const struct spoil_ranges ranges = {.share = 0.8f,
                                        .wide = 2,
                                        .perspective = 0.2f,
                                        .blur = 1.2f,
                                        .lines = 4,
                                        .contrast = 0.8f,
                                        .background = 0.8f,
                                        .noise = 0.4f};
    uint8_t from[IMAGE_PIXELS], to[IMAGE_PIXELS];
    fill_cross(from);
    uint64_t hash = IMAGE_HASH_NONE;
    for (uint64_t sample = 0; sample < 500; sample++) {
        spoil_image(&usual, &ranges, 1, 1, sample, from, to);
        hash = image_hash(hash, to);
    }
    assert_int_equal(hash, 0x62da94a5bdde0044);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_share_is_the_warp_alone),
        cmocka_unit_test(test_share_is_kept),
        cmocka_unit_test(test_all_off_changes_nothing),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_noise_and_lines_depend_on_the_sample),
        cmocka_unit_test(test_perspective),
        cmocka_unit_test(test_pen_covers),
        cmocka_unit_test(test_bytes_never_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
