/* lib/foreign.c: drawings have ink inside the image, differ, and depend on their place alone. */
#include "foreign.h"
#include "image_hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { N = 2000 };

/* Two upright bars, a digit's size. */
static void fill_bar(uint8_t image[IMAGE_PIXELS])
{
    memset(image, 0, IMAGE_PIXELS);
    for (int y = 4; y < 24; y++)
        for (int x = 12; x < 16; x++)
            image[y * IMAGE_SIDE + x] = 255;
}

static void test_every_drawing_has_ink(void **state)
{
    (void)state;
    uint8_t bar[IMAGE_PIXELS], to[IMAGE_PIXELS];
    fill_bar(bar);
    int whole = 0;
    for (uint64_t place = 0; place < N; place++) {
        memset(to, 0, sizeof to);
        foreign_image(1, 1, place, bar, bar, to);
        long ink = 0;
        for (int p = 0; p < IMAGE_PIXELS; p++)
            ink += to[p];
        assert_true(ink > 255 * 6);
        whole += to[0] > 0;
    }
    assert_true(whole > 0 && whole < N / 8); /* textures alone reach the corner */
}

static void test_place_epoch_and_seed_choose(void **state)
{
    (void)state;
    uint8_t bar[IMAGE_PIXELS], one[IMAGE_PIXELS], other[IMAGE_PIXELS];
    fill_bar(bar);
    for (uint64_t place = 0; place < 100; place++) {
        foreign_image(7, 3, place, bar, bar, one);
        foreign_image(7, 3, place, bar, bar, other);
        assert_memory_equal(one, other, sizeof one);
        foreign_image(7, 3, place + 1, bar, bar, other);
        assert_memory_not_equal(one, other, sizeof one);
        foreign_image(7, 4, place, bar, bar, other);
        assert_memory_not_equal(one, other, sizeof one);
        foreign_image(8, 3, place, bar, bar, other);
        assert_memory_not_equal(one, other, sizeof one);
    }
}

/* Some drawings show the two digits, which nothing else depends on. */
static void test_two_digits_are_in_some(void **state)
{
    (void)state;
    uint8_t bar[IMAGE_PIXELS], blank[IMAGE_PIXELS] = {0}, one[IMAGE_PIXELS], other[IMAGE_PIXELS];
    fill_bar(bar);
    int differ = 0;
    for (uint64_t place = 0; place < N; place++) {
        foreign_image(1, 1, place, bar, bar, one);
        foreign_image(1, 1, place, bar, blank, other);
        differ += memcmp(one, other, sizeof one) != 0;
    }
    assert_in_range(differ, N / 19 - 40, N / 19 + 40); /* 4 standard errors */
}

/* Over all drawings; to change only together with the CHANGELOG. */
static void test_bytes_never_change(void **state)
{
    (void)state;
    uint8_t bar[IMAGE_PIXELS], to[IMAGE_PIXELS];
    fill_bar(bar);
    uint64_t hash = IMAGE_HASH_NONE;
    for (uint64_t place = 0; place < N; place++) {
        foreign_image(1, 1, place, bar, bar, to);
        hash = image_hash(hash, to);
    }
    assert_int_equal(hash, 0x261bdf3a88ffca9b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_drawing_has_ink),
        cmocka_unit_test(test_place_epoch_and_seed_choose),
        cmocka_unit_test(test_two_digits_are_in_some),
        cmocka_unit_test(test_bytes_never_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
