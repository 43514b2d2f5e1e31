#include "likely.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void rows_are_odd_by_their_heights_and_holes(void **state)
{
    (void)state;
    const struct likely_digit even[] = {{8, 60}, {0, 56}}, uneven[] = {{8, 60}, {0, 30}};
    assert_true(likely_oddness(even, 2, 3) == 1); /* their own */
    assert_true(likely_oddness(even, 2, 4) == 1); /* they touch twice */
    assert_true(likely_oddness(even, 2, 0) == 1); /* filled */
    const float holes = likely_oddness(even, 2, 6), height = likely_oddness(uneven, 2, 3);
    assert_true(holes > 2 && likely_oddness(even, 2, 8) > holes);
    assert_true(height > 1.5F && likely_oddness(uneven, 2, 6) > height * 2);
}

static void nothing_but_1s_is_a_letter(void **state)
{
    (void)state;
    const struct likely_digit ones[] = {{1, 60}, {1, 58}, {1, 60}}, other[] = {{1, 60}, {7, 60}};
    assert_true(likely_oddness(ones, 2, 0) > 50 && likely_oddness(ones, 3, 1) > 50);
    assert_true(likely_oddness(ones, 1, 0) == 1); /* a 1 alone */
    assert_true(likely_oddness(other, 2, 0) == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_but_1s_is_a_letter),
        cmocka_unit_test(rows_are_odd_by_their_heights_and_holes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
