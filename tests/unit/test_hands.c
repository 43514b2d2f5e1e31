/* lib/hands.c and lib/coarse.c: whose digits they are, what depends on what, and the bytes. */
#include "coarse.h"
#include "hands.h"
#include "image_hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { N = 4000, SIDE = IMAGE_SIDE };

/* Pieces of ink, or of paper, that hang together: by their sides, or with `corners`. */
static int pieces(const uint8_t image[IMAGE_PIXELS], bool of_ink, bool corners)
{
    bool seen[IMAGE_PIXELS] = {false};
    int found = 0, stack[IMAGE_PIXELS];
    for (int start = 0; start < IMAGE_PIXELS; start++) {
        int n = 0;
        if (!seen[start] && (image[start] > 100) == of_ink) {
            seen[start] = true;
            stack[n++] = start;
            found++;
        }
        while (n > 0) {
            const int p = stack[--n];
            for (int k = 0; k < 9; k++) {
                const int dx = k % 3 - 1, dy = k / 3 - 1, x = p % SIDE + dx, y = p / SIDE + dy;
                const int next = y * SIDE + x;
                const bool reached = corners || dx == 0 || dy == 0;
                if (reached && x >= 0 && x < SIDE && y >= 0 && y < SIDE && !seen[next] &&
                    (image[next] > 100) == of_ink) {
                    seen[next] = true;
                    stack[n++] = next;
                }
            }
        }
    }
    return found;
}

static void test_each_digit_is_as_frequent(void **state)
{
    (void)state;
    int count[CLASSES] = {0};
    for (uint64_t place = 0; place < N; place++) {
        uint8_t to[IMAGE_PIXELS];
        const int digit = hands_image(1, 1, place, to);
        assert_in_range(digit, 0, 9);
        count[digit]++;
    }
    for (int c = 0; c < CLASSES; c++)
        assert_in_range(count[c], N / CLASSES - 76, N / CLASSES + 76); /* 4 standard errors */
}

/* Most digits have the rings that are theirs, in 28 by 28 pixels, and hang together. */
static void test_digits_have_their_shape(void **state)
{
    (void)state;
    int count[CLASSES] = {0}, ringed[CLASSES] = {0}, whole = 0;
    for (uint64_t place = 0; place < N; place++) {
        uint8_t to[IMAGE_PIXELS];
        const int digit = hands_image(2, 1, place, to);
        count[digit]++;
        ringed[digit] += pieces(to, false, false) > 1;
        whole += pieces(to, true, true) == 1;
    }
    for (int c = 0; c < CLASSES; c++) {
        if (c == 0 || c == 6 || c == 8 || c == 9)
            assert_true(10 * ringed[c] > 8 * count[c]);
        else if (c != 4)
            assert_true(5 * ringed[c] < count[c]);
    }
    assert_true(10 * whole > 9 * N);
}

static void test_place_epoch_and_seed_choose(void **state)
{
    (void)state;
    const uint64_t other[3][3] = {{7, 3, 1}, {7, 4, 0}, {8, 3, 0}}; /* seed, epoch, place */
    for (uint64_t place = 0; place < 100; place++) {
        uint8_t one[IMAGE_PIXELS], again[IMAGE_PIXELS];
        const int digit = hands_image(7, 3, place, one);
        assert_int_equal(hands_image(7, 3, place, again), digit);
        assert_memory_equal(one, again, sizeof one);
        for (int k = 0; k < 3; k++) {
            hands_image(other[k][0], (uint32_t)other[k][1], place + other[k][2], again);
            assert_memory_not_equal(one, again, sizeof one);
        }
    }
}

/* A square in few pixels keeps its shape, centred, and nothing more than it had is sharp. */
static void test_coarse_pictures(void **state)
{
    (void)state;
    uint8_t pixels[COARSE_SIDE * COARSE_SIDE] = {0}, to[IMAGE_PIXELS], fine[IMAGE_PIXELS];
    const struct picture ink = {COARSE_SIDE, COARSE_SIDE, pixels};
    coarse_image(&ink, 3, to);
    for (int p = 0; p < IMAGE_PIXELS; p++)
        assert_int_equal(to[p], 0);
    for (int y = 9; y < 49; y++)
        for (int x = 9; x < 49; x++)
            pixels[y * COARSE_SIDE + x] = x - y > 3 || x - y < -3 ? 0 : 255;
    coarse_image(&ink, 1, fine);
    for (float factor = 2; factor < 8; factor += 0.37f) {
        coarse_image(&ink, factor, to);
        int middle = 0, greys[2] = {0};
        for (int p = 0; p < IMAGE_PIXELS; p++) {
            middle += abs(p % SIDE - p / SIDE) < 2 ? to[p] : 0;
            greys[0] += fine[p] > 20 && fine[p] < 200;
            greys[1] += to[p] > 20 && to[p] < 200;
        }
        assert_true(middle > 20 * 255);
        assert_true(factor < 4 || greys[1] > greys[0] + 20);
    }
}

/* To change only together with the CHANGELOG. */
static void test_bytes_never_change(void **state)
{
    (void)state;
    uint64_t hash = IMAGE_HASH_NONE;
    for (uint64_t place = 0; place < N; place++) {
        uint8_t to[IMAGE_PIXELS];
        hands_image(1, 1, place, to);
        hash = image_hash(hash, to);
    }
    assert_int_equal(hash, 0xe15d7e19461d42dd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_digit_is_as_frequent),
        cmocka_unit_test(test_digits_have_their_shape),
        cmocka_unit_test(test_place_epoch_and_seed_choose),
        cmocka_unit_test(test_coarse_pictures),
        cmocka_unit_test(test_bytes_never_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
