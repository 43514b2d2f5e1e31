/* Blur is measured as it was put in, and taken away as told. */
#include "sharpen.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { SIDE = 24 };

/* A bar 8 wide, slanted, whose edges are blurred by a Gaussian of this variance. */
static void draw_bar(float image[SIDE * SIDE], float angle, float variance)
{
    const float scale = 1 / sqrtf(2 * variance);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            const float far = ((float)x - 11.3f) * cosf(angle) + ((float)y - 11.7f) * sinf(angle);
            const float along = ((float)y - 11.7f) * cosf(angle) - ((float)x - 11.3f) * sinf(angle);
            const float across = erff((far + 4) * scale) - erff((far - 4) * scale);
            image[y * SIDE + x] =
                0.25f * across * (erff((along + 7) * scale) - erff((along - 7) * scale));
        }
}

static float mean_excess(float variance)
{
    enum { ANGLES = 16 };
    float image[SIDE * SIDE], sum = 0;
    for (int i = 0; i < ANGLES; i++) {
        draw_bar(image, (float)i * 3.1416f / ANGLES, variance);
        sum += sharpen_excess(image, SIDE, SIDE) / ANGLES;
    }
    return sum;
}

/* A pixel's area alone has a variance of 1/12; 0.04 pi, which is 1/8, is still like MNIST.
 * Measured: 10 to 14 % too much, for the bar's corners. */
static void test_excess_is_the_variance_put_in(void **state)
{
    (void)state;
    assert_true(mean_excess(1.0f / 12) == 0);
    for (float more = 0.1f; more < 0.55f; more += 0.1f) {
        const float found = mean_excess(0.125f + more);
        assert_true(fabsf(found - more) < 0.15f * more);
    }
}

static void test_black_and_white_and_paper_have_no_excess(void **state)
{
    (void)state;
    float image[SHARPEN_SIDE * SHARPEN_SIDE] = {0};
    assert_true(sharpen_excess(image, SHARPEN_SIDE, SHARPEN_SIDE) == 0);
    for (int i = 0; i < SHARPEN_SIDE * SHARPEN_SIDE; i++)
        image[i] = i % 3 == 0;
    assert_true(sharpen_excess(image, SHARPEN_SIDE, SHARPEN_SIDE) == 0);
    assert_true(sharpen_excess(image, 1, 1) == 0);
}

/* About its centre a dot has the variance -v, each way, and its mass stays. */
static void test_sharpening_takes_the_variance_away(void **state)
{
    (void)state;
    float image[SIDE * 7] = {0};
    image[3 * SIDE + 10] = 1;
    sharpen(image, SIDE, 7, 0.3f);
    float mass = 0, across = 0, down = 0;
    for (int y = 0; y < 7; y++)
        for (int x = 0; x < SIDE; x++) {
            const float value = image[y * SIDE + x];
            mass += value;
            across += value * (float)((x - 10) * (x - 10));
            down += value * (float)((y - 3) * (y - 3));
        }
    assert_true(fabsf(mass - 1) < 1e-6f);
    assert_true(fabsf(across + 0.3f) < 1e-6f);
    assert_true(fabsf(down + 0.3f) < 1e-6f);
}

/* Paper is around the image, on all sides: a full one is darker at its rim. */
static void test_paper_is_around(void **state)
{
    (void)state;
    float image[5 * 4];
    for (int i = 0; i < 5 * 4; i++)
        image[i] = 1;
    sharpen(image, 5, 4, 0.2f);
    for (int y = 0; y < 4; y++)
        for (int x = 0; x < 5; x++) {
            const int beyond = (x == 0) + (x == 4) + (y == 0) + (y == 3);
            assert_true(fabsf(image[y * 5 + x] - (1 + 0.1f * (float)beyond)) < 1e-6f);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_excess_is_the_variance_put_in),
        cmocka_unit_test(test_black_and_white_and_paper_have_no_excess),
        cmocka_unit_test(test_sharpening_takes_the_variance_away),
        cmocka_unit_test(test_paper_is_around),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
