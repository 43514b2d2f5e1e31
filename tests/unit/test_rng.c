#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The known answers that Random123 publishes for Philox4x32-10. */
static void philox_gives_the_published_answers(void **state)
{
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], answer[4];
    } known[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct rng rng = {.used = 4};
        memcpy(rng.counter, known[i].counter, sizeof rng.counter);
        memcpy(rng.key, known[i].key, sizeof rng.key);
        for (int j = 0; j < 4; j++)
            assert_int_equal(rng_bits(&rng), known[i].answer[j]);
    }
}

/* The counter's first word counts blocks: numbers 4 to 7 of one are 0 to 3 of the next. */
static void blocks_follow_each_other(void **state)
{
    (void)state;
    struct rng first = rng_start(1, RNG_WARP, 2, 3), second = first;
    second.counter[0]++;
    for (int i = 0; i < 4; i++)
        rng_bits(&first);
    for (int i = 0; i < 4; i++)
        assert_int_equal(rng_bits(&first), rng_bits(&second));
}

static void filling_gives_what_single_numbers_would(void **state)
{
    (void)state;
    for (size_t before = 0; before < 5; before++)
        for (size_t n = 0; n < 12; n++) {
            struct rng one = rng_start(1, RNG_WARP, 2, 3), many = one;
            uint32_t bits[13] = {0};
            for (size_t i = 0; i < before; i++)
                assert_int_equal(rng_bits(&one), rng_bits(&many));
            rng_fill(&many, bits, n);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(bits[i], rng_bits(&one));
            assert_int_equal(bits[n], 0);
            assert_int_equal(rng_bits(&many), rng_bits(&one));
        }
}

/* Every argument of rng_start() alone makes another sequence, high bits included. */
static void sequences_are_independent(void **state)
{
    (void)state;
    const struct rng starts[] = {
        rng_start(1, RNG_WARP, 2, 3),
        rng_start(2, RNG_WARP, 2, 3),
        rng_start(1 + (UINT64_C(1) << 32), RNG_WARP, 2, 3),
        rng_start(1, RNG_SHUFFLE, 2, 3),
        rng_start(1, RNG_WEIGHTS, 2, 3),
        rng_start(1, RNG_DROPOUT, 2, 3),
        rng_start(1, RNG_WARP, 3, 3),
        rng_start(1, RNG_WARP, 2 + (1u << 31), 3),
        rng_start(1, RNG_WARP, 2, 2),
        rng_start(1, RNG_WARP, 2, 3 + (UINT64_C(1) << 32)),
        rng_start(1, RNG_WARP, 2, 3 + (UINT64_C(1) << 55)),
    };
    enum { STARTS = sizeof starts / sizeof *starts, NUMBERS = 64 };
    uint32_t drawn[STARTS][NUMBERS];
    for (int i = 0; i < STARTS; i++) {
        struct rng rng = starts[i];
        for (int k = 0; k < NUMBERS; k++)
            drawn[i][k] = rng_bits(&rng);
    }
    /* of 11 x 64 numbers, two are equal by chance once in 17,000 choices of seeds */
    for (int i = 0; i < STARTS * NUMBERS; i++)
        for (int j = 0; j < i; j++)
            assert_int_not_equal(drawn[i / NUMBERS][i % NUMBERS], drawn[j / NUMBERS][j % NUMBERS]);
}

static void a_sequence_depends_on_its_start_alone(void **state)
{
    (void)state;
    struct rng first = rng_start(7, RNG_DROPOUT, 1, 2), other = rng_start(8, RNG_DROPOUT, 1, 2);
    struct rng second = first;
    for (int i = 0; i < 100; i++) {
        rng_bits(&other);
        const uint32_t bits = rng_bits(&first);
        rng_bits(&other);
        assert_int_equal(rng_bits(&second), bits);
    }
}

static void uniform_numbers_fill_their_interval(void **state)
{
    (void)state;
    struct rng rng = rng_start(1, RNG_WARP, 0, 0);
    enum { N = 100000 };
    double sum = 0, least = 1, most = 0;
    for (int i = 0; i < N; i++) {
        const float x = rng_uniform(&rng);
        assert_true(x >= 0 && x < 1);
        assert_true(x * 0x1p24f == (float)(uint32_t)(x * 0x1p24f));
        sum += (double)x;
        least = x < least ? x : least;
        most = x > most ? x : most;
    }
    assert_true(sum / N > 0.495 && sum / N < 0.505); /* 5 standard errors: 5 / sqrt(12 N) */
    assert_true(least < 1e-3 && most > 1 - 1e-3);
    for (int i = 0; i < N; i++) {
        const float x = rng_between(&rng, -3, 5);
        assert_true(x >= -3 && x < 5);
    }
}

static void below_is_in_bounds_and_even(void **state)
{
    (void)state;
    struct rng rng = rng_start(1, RNG_WARP, 0, 0);
    const uint32_t bounds[] = {1, 2, 3, 10, 1000, 1u << 31, (1u << 31) + 1, UINT32_MAX};
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
        for (int k = 0; k < 1000; k++)
            assert_true(rng_below(&rng, bounds[i]) < bounds[i]);

    enum { SIDES = 6, THROWS = 60000 };
    int seen[SIDES] = {0};
    for (int k = 0; k < THROWS; k++)
        seen[rng_below(&rng, SIDES)]++;
    for (int side = 0; side < SIDES; side++) /* 10,000 expected, 5.5 standard deviations of 91 */
        assert_in_range(seen[side], 9500, 10500);

    /* With n = 3/4 of 2^32 a plain product would favour every third number two to one. */
    int thirds[3] = {0};
    for (int k = 0; k < THROWS; k++)
        thirds[rng_below(&rng, 3u << 30) % 3]++;
    for (int i = 0; i < 3; i++) /* 20,000 expected, 5.2 standard deviations of 115 */
        assert_in_range(thirds[i], 19400, 20600);
}

static void a_permutation_has_every_number_once(void **state)
{
    (void)state;
    const uint32_t sizes[] = {0, 1, 2, 3, 1000, 60000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const uint32_t n = sizes[i];
        uint32_t *order = calloc(n + 1, sizeof *order);
        uint8_t *seen = calloc(n + 1, 1);
        order[n] = 0xdead;
        rng_permutation(5, 1, order, n);
        for (uint32_t k = 0; k < n; k++) {
            assert_true(order[k] < n);
            assert_int_equal(seen[order[k]]++, 0);
        }
        assert_int_equal(order[n], 0xdead);
        free(order);
        free(seen);
    }
}

static void permutations_differ_by_seed_and_epoch_and_repeat(void **state)
{
    (void)state;
    enum { N = 100 };
    uint32_t first[N], again[N], seed[N], epoch[N];
    rng_permutation(1, 0, first, N);
    rng_permutation(1, 0, again, N);
    rng_permutation(2, 0, seed, N);
    rng_permutation(1, 1, epoch, N);
    assert_memory_equal(first, again, sizeof first);
    assert_memory_not_equal(first, seed, sizeof first);
    assert_memory_not_equal(first, epoch, sizeof first);
    assert_memory_not_equal(seed, epoch, sizeof first);
}

/* All 24 orders of 4 things come equally often. */
static void permutations_are_uniform(void **state)
{
    (void)state;
    enum { EPOCHS = 24000 };
    int seen[256] = {0}, orders = 0;
    for (uint32_t epoch = 0; epoch < EPOCHS; epoch++) {
        uint32_t order[4];
        rng_permutation(3, epoch, order, 4);
        seen[order[0] << 6 | order[1] << 4 | order[2] << 2 | order[3]]++;
    }
    for (int i = 0; i < 256; i++)
        if (seen[i]) {
            orders++;
            assert_in_range(seen[i], 830, 1170); /* 1000 expected, 5.5 standard deviations of 31 */
        }
    assert_int_equal(orders, 24);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_the_published_answers),
        cmocka_unit_test(blocks_follow_each_other),
        cmocka_unit_test(filling_gives_what_single_numbers_would),
        cmocka_unit_test(sequences_are_independent),
        cmocka_unit_test(a_sequence_depends_on_its_start_alone),
        cmocka_unit_test(uniform_numbers_fill_their_interval),
        cmocka_unit_test(below_is_in_bounds_and_even),
        cmocka_unit_test(a_permutation_has_every_number_once),
        cmocka_unit_test(permutations_differ_by_seed_and_epoch_and_repeat),
        cmocka_unit_test(permutations_are_uniform),
    };
    return cmocka_run_group_tests_name("rng", tests, NULL, NULL);
}
