/* lib/piece.c: what is left of two bars says how much of either it is. */
#include "image_hash.h"
#include "piece.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { N = 1000 };

/* A ring, or a cross, a digit's size. */
static void fill(uint8_t image[IMAGE_PIXELS], int cross)
{
    memset(image, 0, IMAGE_PIXELS);
    for (int y = 4; y < 24; y++)
        for (int x = 6; x < 22; x++)
            if (cross ? x == 13 || x == 14 || y == 13 || y == 14
                      : x < 8 || x > 19 || y < 6 || y > 21)
                image[y * IMAGE_SIDE + x] = 255;
}

static float make(uint64_t number, uint8_t to[IMAGE_PIXELS], int *of)
{
    uint8_t ring[IMAGE_PIXELS], cross[IMAGE_PIXELS];
    fill(ring, 0);
    fill(cross, 1);
    struct rng rng = rng_start(1, RNG_PIECE, 1, number);
    return piece_image(&rng, (const uint8_t *const[]){ring, cross}, to, of);
}

/* Its middle is empty in a whole ring, and inked in a whole cross. */
static void test_whole_pieces_show_their_digit(void **state)
{
    (void)state;
    int whole[2] = {0}, shown[2] = {0}, none = 0;
    for (uint64_t i = 0; i < N; i++) {
        uint8_t to[IMAGE_PIXELS];
        int of;
        const float digit = make(i, to, &of);
        assert_true(digit >= 0 && digit <= 1 && (of == 0 || of == 1));
        none += digit == 0;
        if (digit < 1)
            continue;
        int middle = 0;
        for (int y = 13; y < 16; y++)
            for (int x = 13; x < 16; x++)
                middle += to[y * IMAGE_SIDE + x];
        whole[of]++;
        shown[of] += of == (middle > 255);
    }
    assert_true(none > N / 4);
    for (int of = 0; of < 2; of++) {
        assert_true(whole[of] > N / 20);
        assert_true(20 * shown[of] > 19 * whole[of]);
    }
}

/* Difference from its mirror image, of all its ink, about the best axis. */
static float asymmetry(const uint8_t image[IMAGE_PIXELS])
{
    float least = 1;
    for (int axis = IMAGE_SIDE - 4; axis < IMAGE_SIDE + 4; axis++) {
        int ink = 0, differ = 0;
        for (int p = 0; p < IMAGE_PIXELS; p++) {
            const int x = p % IMAGE_SIDE, opposite = axis - x;
            const int there = opposite >= 0 && opposite < IMAGE_SIDE ? image[p - x + opposite] : 0;
            ink += image[p];
            differ += image[p] > there ? image[p] - there : there - image[p];
        }
        least = (float)differ < least * (float)ink ? (float)differ / (float)ink : least;
    }
    return least;
}

/* Ring and cross are symmetric, and with a cut or a scrap no longer. */
static void test_one_in_four_is_a_digit_alone(void **state)
{
    (void)state;
    int alone = 0;
    for (uint64_t i = 0; i < N; i++) {
        uint8_t to[IMAGE_PIXELS];
        int of;
        alone += make(i, to, &of) == 1 && asymmetry(to) < 0.12f;
    }
    assert_in_range(alone, N / 6, N / 3); /* of 250, those that fit the axis */
}

static void test_every_piece_has_ink_and_is_its_own(void **state)
{
    (void)state;
    uint8_t last[IMAGE_PIXELS] = {0};
    for (uint64_t i = 0; i < N; i++) {
        uint8_t to[IMAGE_PIXELS], again[IMAGE_PIXELS];
        int of, also;
        const float digit = make(i, to, &of);
        assert_true(digit == make(i, again, &also) && of == also);
        assert_memory_equal(to, again, sizeof to);
        assert_memory_not_equal(to, last, sizeof to);
        int peak = 0;
        for (int p = 0; p < IMAGE_PIXELS; p++)
            peak = to[p] > peak ? to[p] : peak;
        assert_int_equal(peak, 255);
        memcpy(last, to, sizeof last);
    }
}

static void test_paper_gives_paper(void **state)
{
    (void)state;
    static const uint8_t paper[IMAGE_PIXELS];
    for (uint64_t i = 0; i < 100; i++) {
        uint8_t to[IMAGE_PIXELS];
        int of;
        struct rng rng = rng_start(1, RNG_PIECE, 1, i);
        piece_image(&rng, (const uint8_t *const[]){paper, paper}, to, &of);
        assert_memory_equal(to, paper, sizeof to);
    }
}

/* Over all pieces; to change only together with the CHANGELOG. */
static void test_bytes_never_change(void **state)
{
    (void)state;
    uint64_t hash = IMAGE_HASH_NONE;
    for (uint64_t i = 0; i < N; i++) {
        uint8_t to[IMAGE_PIXELS];
        int of;
        make(i, to, &of);
        hash = image_hash(hash, to);
    }
    assert_int_equal(hash, 0xd3f11f1cb6994c60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_pieces_show_their_digit),
        cmocka_unit_test(test_one_in_four_is_a_digit_alone),
        cmocka_unit_test(test_every_piece_has_ink_and_is_its_own),
        cmocka_unit_test(test_paper_gives_paper),
        cmocka_unit_test(test_bytes_never_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
