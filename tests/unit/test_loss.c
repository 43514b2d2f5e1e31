/* Softmax and cross-entropy against numbers worked out by hand. */
#include "loss.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void near(double got, double wanted, double bound)
{
    if (!(fabs(got - wanted) <= bound))
        fail_msg("%.9g, wanted %.9g within %g", got, wanted, bound);
}

/* Logits ln 1, ln 2, ..., ln 10: the probability of class c is (c + 1) / 55. */
static void set_logits(float *logits)
{
    for (int c = 0; c < CLASSES; c++)
        logits[c] = logf((float)(c + 1));
}

static void softmax_of_logarithms_is_their_shares(void **state)
{
    (void)state;
    float logits[CLASSES], p[CLASSES];
    set_logits(logits);
    loss_softmax(logits, 1, p);
    for (int c = 0; c < CLASSES; c++)
        near(p[c], (float)(c + 1) / 55, 1e-7);
    loss_softmax(logits, 0.5f, p); /* half the temperature squares them: shares of 385 */
    for (int c = 0; c < CLASSES; c++)
        near(p[c], (float)((c + 1) * (c + 1)) / 385, 1e-7);
}

static void softmax_does_not_overflow(void **state)
{
    (void)state;
    float logits[CLASSES] = {3e38f, -3e38f, 3e38f}, p[CLASSES];
    loss_softmax(logits, 1, p);
    assert_true(p[0] == 0.5f && p[2] == 0.5f && p[1] == 0 && p[3] == 0);
}

static void one_hot_is_1_in_one_place(void **state)
{
    (void)state;
    float target[CLASSES];
    loss_one_hot(7, target);
    for (int c = 0; c < CLASSES; c++)
        assert_true(target[c] == (c == 7 ? 1 : 0));
}

static void cross_entropy_of_a_hard_label(void **state)
{
    (void)state;
    float logits[CLASSES], target[CLASSES], gradient[CLASSES];
    set_logits(logits);
    loss_one_hot(4, target);
    near(loss_cross_entropy(logits, target, 0, 1, gradient), 2.3978953, 1e-6); /* ln 11 */
    for (int c = 0; c < CLASSES; c++)
        near(gradient[c], (float)(c + 1) / 55 - (c == 4 ? 1 : 0), 1e-7);
}

/* Smoothing moves the gradient, not the loss that is reported; `share` scales only the gradient. */
static void smoothing_and_share_change_the_gradient_alone(void **state)
{
    (void)state;
    float logits[CLASSES], target[CLASSES], gradient[CLASSES];
    set_logits(logits);
    loss_one_hot(4, target);
    near(loss_cross_entropy(logits, target, 0.2f, 0.25f, gradient), 2.3978953, 1e-6);
    for (int c = 0; c < CLASSES; c++)
        near(gradient[c], 0.25f * ((float)(c + 1) / 55 - (c == 4 ? 0.82f : 0.02f)), 1e-7);
}

static void cross_entropy_of_soft_labels(void **state)
{
    (void)state;
    float logits[CLASSES], target[CLASSES] = {0.25f, 0, 0, 0, 0.75f}, gradient[CLASSES];
    set_logits(logits);
    near(loss_cross_entropy(logits, target, 0, 1, gradient), /* ln 55 / 4 + 3/4 ln 11 */
         0.25 * 4.0073332 + 0.75 * 2.3978953, 1e-6);
    near(gradient[0], 1.0f / 55 - 0.25f, 1e-7);
    near(gradient[4], 5.0f / 55 - 0.75f, 1e-7);
}

static void certain_and_wrong_is_finite(void **state)
{
    (void)state;
    float logits[CLASSES] = {0, 1e9f}, target[CLASSES] = {1}, gradient[CLASSES];
    near(loss_cross_entropy(logits, target, 0, 1, gradient), 27.631021, 1e-5);
    assert_true(gradient[0] == -1 && gradient[1] == 1);
}

static void not_a_number_shows(void **state)
{
    (void)state;
    float target[CLASSES] = {1}, gradient[CLASSES];
    const float bad[] = {NAN, INFINITY};
    for (int i = 0; i < 2; i++)
        for (int c = 0; c < 2; c++) {
            float logits[CLASSES] = {0};
            logits[c] = bad[i];
            assert_true(isnan(loss_cross_entropy(logits, target, 0, 1, gradient)));
        }
}

static void the_first_of_the_largest_wins(void **state)
{
    (void)state;
    const float values[CLASSES] = {-3, -1, -2, -1, -1};
    assert_int_equal(loss_argmax(values), 5);
    const float negative[CLASSES] = {-3, -1, -2, -1, -9, -9, -9, -9, -9, -9};
    assert_int_equal(loss_argmax(negative), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(softmax_of_logarithms_is_their_shares),
        cmocka_unit_test(softmax_does_not_overflow),
        cmocka_unit_test(one_hot_is_1_in_one_place),
        cmocka_unit_test(cross_entropy_of_a_hard_label),
        cmocka_unit_test(smoothing_and_share_change_the_gradient_alone),
        cmocka_unit_test(cross_entropy_of_soft_labels),
        cmocka_unit_test(certain_and_wrong_is_finite),
        cmocka_unit_test(not_a_number_shows),
        cmocka_unit_test(the_first_of_the_largest_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
