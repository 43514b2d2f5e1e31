/* lib/pen.c: what a device that records few points leaves of a line, and smooth lines' ends. */
#include "pen.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { MOST = 40 };

static bool near(struct pen_point a, struct pen_point b)
{
    return hypotf(a.x - b.x, a.y - b.y) < 1e-3f;
}

/* Length of the line of n points up to a point on it, or -1 for one that is not on it. */
static float place_on(const struct pen_point *line, int n, struct pen_point at)
{
    float passed = 0;
    for (int i = 1; i < n;
         passed += hypotf(line[i].x - line[i - 1].x, line[i].y - line[i - 1].y), i++) {
        const float to = hypotf(at.x - line[i - 1].x, at.y - line[i - 1].y);
        const float from = hypotf(line[i].x - at.x, line[i].y - at.y);
        const float step = hypotf(line[i].x - line[i - 1].x, line[i].y - line[i - 1].y);
        if (to + from < step + 1e-3f)
            return passed + to;
    }
    return -1;
}

static void test_recorded_points_are_equally_far_apart(void **state)
{
    (void)state;
    static const struct pen_point line[] = {{0, 0}, {30, 0}, {30, 0}, {30, 11}, {70, 41}};
    enum { N = sizeof line / sizeof *line };
    const float length = pen_length(line, N);
    assert_true(fabsf(length - (30 + 11 + 50)) < 1e-4f);
    for (int few = 2; few <= MOST; few++) {
        struct pen_point record[MOST + 1];
        record[few] = (struct pen_point){-7, -7};
        pen_record(line, N, record, few);
        assert_true(near(record[0], line[0]) && near(record[few - 1], line[N - 1]));
        for (int k = 0; k < few; k++)
            assert_true(fabsf(place_on(line, N, record[k]) - length * (float)k / (float)(few - 1)) <
                        0.01f);
        assert_true(near(record[few], (struct pen_point){-7, -7}));
    }
}

static void test_a_dot_is_recorded(void **state)
{
    (void)state;
    static const struct pen_point dot[] = {{5, 6}, {5, 6}, {5, 6}};
    struct pen_point record[4];
    pen_record(dot, 3, record, 4);
    for (int k = 0; k < 4; k++)
        assert_true(near(record[k], dot[0]));
}

static void test_smooth_lines_end_at_corners_given_twice(void **state)
{
    (void)state;
    static const struct pen_point corner[] = {{1, 2}, {1, 2}, {20, 3}, {20, 3}, {9, 30}, {9, 30}};
    struct pen_point line[4 * PEN_STEPS];
    assert_int_equal(pen_smooth(corner, 6, line), 4 * PEN_STEPS);
    assert_true(hypotf(line[0].x - 1, line[0].y - 2) < 1);
    assert_true(near(line[4 * PEN_STEPS - 1], corner[5]));
    int there = 0;
    for (int i = 0; i < 4 * PEN_STEPS; i++)
        there += near(line[i], corner[2]);
    assert_int_equal(there, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded_points_are_equally_far_apart),
        cmocka_unit_test(test_a_dot_is_recorded),
        cmocka_unit_test(test_smooth_lines_end_at_corners_given_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
