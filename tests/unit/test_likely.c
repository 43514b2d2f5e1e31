#include "likely.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* How odd they are in ink that is wide, and no digit. */
static float oddness(const struct likely_digit *digit, size_t n, int holes)
{
    return likely_oddness(digit, n, &(struct likely_ink){holes, 2.5F, 0.13F});
}

static void rows_are_odd_by_their_heights_and_holes(void **state)
{
    (void)state;
    const struct likely_digit even[] = {{8, 60}, {0, 56}}, uneven[] = {{8, 60}, {0, 30}};
    assert_true(oddness(even, 2, 3) == 1); /* their own */
    assert_true(oddness(even, 2, 4) == 1); /* they touch twice */
    assert_true(oddness(even, 2, 0) == 1); /* filled */
    const float holes = oddness(even, 2, 6), height = oddness(uneven, 2, 3);
    assert_true(holes > 2 && oddness(even, 2, 8) > holes);
    assert_true(height > 1.5F && oddness(uneven, 2, 6) > height * 2);
}

static void nothing_but_1s_is_a_letter(void **state)
{
    (void)state;
    const struct likely_digit ones[] = {{1, 60}, {1, 58}, {1, 60}}, other[] = {{1, 60}, {7, 60}};
    assert_true(oddness(ones, 2, 0) > 50 && oddness(ones, 3, 1) > 50);
    assert_true(oddness(ones, 1, 0) == 1); /* a 1 alone */
    assert_true(oddness(other, 2, 0) == 1);
}

static void digits_need_room_and_are_none_together(void **state)
{
    (void)state;
    const struct likely_digit two[] = {{5, 60}, {7, 60}}, with_1[] = {{1, 60}, {7, 60}};
    const struct likely_ink usual = {0, 1.1F, 0.15F}, narrow = {0, 0.7F, 0.15F};
    const struct likely_ink doubtful = {0, 1.1F, 0.4F}, sure = {0, 1.1F, 0.99F};
    assert_true(likely_oddness(two, 2, &usual) == 1 && likely_oddness(with_1, 2, &usual) == 1);
    assert_true(likely_oddness(two, 2, &narrow) > 2);
    assert_true(likely_oddness(with_1, 2, &narrow) < likely_oddness(two, 2, &narrow));
    assert_true(likely_oddness(two, 2, &doubtful) > 2);
    assert_true(likely_oddness(two, 2, &sure) > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_but_1s_is_a_letter),
        cmocka_unit_test(digits_need_room_and_are_none_together),
        cmocka_unit_test(rows_are_odd_by_their_heights_and_holes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
