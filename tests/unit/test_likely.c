#include "likely.h"
#include "parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIDE = 60, PEN = 4, PITCH = 10 };

/* Upright strokes as high as the picture, side by side and joined by a rule at their feet. */
static void draw_comb(struct picture *picture, int strokes)
{
    memset(picture->pixels, 0, (size_t)SIDE * SIDE);
    for (uint32_t y = 0; y < SIDE; y++)
        for (int i = 0; i < strokes; i++)
            memset(picture->pixels + y * SIDE + i * PITCH, 255, PEN);
    for (uint32_t y = SIDE - PEN; y < SIDE; y++)
        memset(picture->pixels + y * SIDE, 255, (size_t)((strokes - 1) * PITCH + PEN));
}

/* What is left of the probability of a class when a comb is weighed. */
static float weighed(int strokes, int class, float *others)
{
    uint8_t pixels[SIDE * SIDE];
    struct picture picture = {.width = SIDE, .height = SIDE, .pixels = pixels};
    draw_comb(&picture, strokes);
    struct marks marks;
    assert_int_equal(parts_find(&marks, &picture), 0);
    assert_int_equal(marks.n, 1);
    float p[CLASSES] = {0}, sum = 0;
    p[class] = 1;
    likely_weigh(p, &picture, &marks.mark[0]);
    marks_free(&marks);
    for (int c = 0; c < CLASSES; c++)
        sum += p[c];
    assert_true(sum > 0.9999F && sum < 1.0001F);
    *others = p[(class + 1) % CLASSES];
    return p[class];
}

static void lines_longer_than_a_digits_are_none(void **state)
{
    (void)state;
    float others;
    assert_true(weighed(1, 1, &others) == 1); /* a stroke is a 1 */
    assert_true(others == 0);
    assert_true(weighed(3, 1, &others) < 0.11F); /* three are none, */
    assert_true(others > 0.09F);
    assert_true(weighed(6, 8, &others) < 0.11F); /* nor are six an 8 */
    assert_true(weighed(1, 8, &others) < 0.11F); /* and one is too short for it */
}

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_longer_than_a_digits_are_none),
        cmocka_unit_test(rows_are_odd_by_their_heights_and_holes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
