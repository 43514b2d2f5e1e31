/* Temperature scaling against a source of labels whose temperature is known. */
#include "calibrate.h"
#include "loss.h"
#include "rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { N = 20000 };

/*
 * Labels are drawn from softmax(logits / truth) and the rows hold softmax(logits): the temperature
 * that explains the labels is `truth`, with a standard error near 1 % at this many samples.
 */
static float fitted(float truth)
{
    static float probabilities[N * CLASSES];
    static uint8_t labels[N];
    struct rng rng = rng_start(3, RNG_WARP, 0, 0);
    for (int i = 0; i < N; i++) {
        float logits[CLASSES], true_row[CLASSES];
        for (int c = 0; c < CLASSES; c++)
            logits[c] = rng_between(&rng, -4, 4);
        loss_softmax(logits, 1, probabilities + i * CLASSES);
        loss_softmax(logits, truth, true_row);
        float left = rng_uniform(&rng);
        int label = 0;
        while (label < CLASSES - 1 && (left -= true_row[label]) >= 0)
            label++;
        labels[i] = (uint8_t)label;
    }
    return calibrate_temperature(probabilities, labels, N);
}

static void the_temperature_behind_labels_is_found(void **state)
{
    (void)state;
    const float truths[] = {0.5f, 1, 1.7f};
    for (int i = 0; i < 3; i++)
        assert_float_equal(fitted(truths[i]) / truths[i], 1, 0.05);
}

static void labels_that_are_always_right_stay_in_range(void **state)
{
    (void)state;
    float row[CLASSES];
    const float logits[CLASSES] = {0, 3};
    const uint8_t label = 1;
    loss_softmax(logits, 1, row);
    const float temperature = calibrate_temperature(row, &label, 1);
    assert_true(isfinite(temperature) && temperature >= 0.124f && temperature <= 8.01f);
}

static void another_temperature_is_applied(void **state)
{
    (void)state;
    const float logits[CLASSES] = {0, 3, -2, 1};
    float row[CLASSES], wanted[CLASSES];
    loss_softmax(logits, 1, row);
    loss_softmax(logits, 0.6f, wanted);
    calibrate_apply(0.6f, row, 1);
    for (int c = 0; c < CLASSES; c++)
        assert_float_equal(row[c], wanted[c], 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_temperature_behind_labels_is_found),
        cmocka_unit_test(labels_that_are_always_right_stay_in_range),
        cmocka_unit_test(another_temperature_is_applied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
