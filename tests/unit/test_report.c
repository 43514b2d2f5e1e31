#include "report.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* One prediction of `class` at the given confidence; the rest goes to the other classes evenly. */
static void add(struct report *report, int truth, int class, float confidence)
{
    float p[CLASSES];
    struct error error;
    for (int c = 0; c < CLASSES; c++)
        p[c] = c == class ? confidence : (1 - confidence) / (CLASSES - 1);
    assert_int_equal(report_add(report, truth, p, &error), 0);
}

static void assert_near(double actual, double expected)
{
    if (!(fabs(actual - expected) < 1e-6)) /* probabilities are floats */
        fail_msg("%.9g is not %.9g", actual, expected);
}

static void accuracy_has_its_binomial_error(void **state)
{
    (void)state;
    struct report report = {0};
    for (int i = 0; i < 100; i++)
        add(&report, 3, i < 90 ? 3 : 8, 0.8F);
    assert_near(report_accuracy(&report), 0.9);
    assert_near(report_accuracy_error(&report), 0.03); /* sqrt(0.9 x 0.1 / 100) */
    report_free(&report);
}

static void loss_has_its_standard_error(void **state)
{
    (void)state;
    struct report report = {0};
    add(&report, 0, 0, 0.5F);
    add(&report, 0, 0, 0.25F);
    add(&report, 0, 0, 0.125F); /* the truth is still the first of the largest */
    const double bit = log(2);
    assert_near(report_loss(&report), 2 * bit);
    /* losses 1, 2, 3 bits: sample standard deviation 1 bit, over sqrt 3 */
    assert_near(report_loss_error(&report), bit / sqrt(3));
    report_free(&report);
}

static void loss_of_the_impossible_is_finite(void **state)
{
    (void)state;
    struct report report = {0};
    add(&report, 4, 9, 1);
    assert_near(report_loss(&report), -log(1e-12));
    assert_near(report_loss_error(&report), 0); /* one sample tells nothing about spread */
    report_free(&report);
}

/*
 * By hand: bin (0.6,0.666] holds 0.65 twice, one right: |1 - 1.3| = 0.3; bin (0.933,1] holds 0.95
 * and 1, both right: |2 - 1.95| = 0.05; bin (0.4,0.466] holds 0.45, wrong: 0.45. ECE = 0.8 / 5.
 */
static void calibration_error_of_a_hand_example(void **state)
{
    (void)state;
    struct report report = {0};
    add(&report, 1, 1, 0.65F);
    add(&report, 1, 2, 0.65F);
    add(&report, 1, 1, 0.95F);
    add(&report, 1, 1, 1);
    add(&report, 1, 2, 0.45F);
    assert_near(report_ece(&report), 0.16);
    report_free(&report);
}

/* A confidence on a bin's upper edge belongs to it, which changes what cancels within a bin. */
static void calibration_bins_are_closed_above(void **state)
{
    (void)state;
    struct report report = {0};
    add(&report, 1, 1, 0.8F);  /* bin (11/15,12/15] */
    add(&report, 1, 2, 0.81F); /* bin (12/15,13/15] */
    assert_int_equal(report.bin[11].count, 1);
    assert_int_equal(report.bin[12].count, 1);
    assert_near(report_ece(&report), (0.2 + 0.81) / 2);
    report_free(&report);
}

static char *written(const struct report *report)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    report_write(report, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

/* Truths 7 7 7 2, read as 7 7 2 2. */
static void rows_are_as_the_design_fixes_them(void **state)
{
    (void)state;
    struct report report = {0};
    add(&report, 7, 7, 0.9F);
    add(&report, 7, 7, 0.9F);
    add(&report, 7, 2, 0.614F);
    add(&report, 2, 2, 0.875F);
    char *text = written(&report);
    static const char expected[] = "samples\t4\n"
                                   "accuracy\t0.7500\t0.2165\n"
                                   "loss\t0.8733\t0.7586\n"
                                   "ece\t0.2348\n"
                                   "class\t0\t0.0000\t0.0000\t0.0000\t0\n"
                                   "class\t1\t0.0000\t0.0000\t0.0000\t0\n"
                                   "class\t2\t0.5000\t1.0000\t0.6667\t1\n"
                                   "class\t3\t0.0000\t0.0000\t0.0000\t0\n"
                                   "class\t4\t0.0000\t0.0000\t0.0000\t0\n"
                                   "class\t5\t0.0000\t0.0000\t0.0000\t0\n"
                                   "class\t6\t0.0000\t0.0000\t0.0000\t0\n"
                                   "class\t7\t1.0000\t0.6667\t0.8000\t3\n"
                                   "class\t8\t0.0000\t0.0000\t0.0000\t0\n"
                                   "class\t9\t0.0000\t0.0000\t0.0000\t0\n"
                                   "confusion\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\n"
                                   "confusion\t1\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\n"
                                   "confusion\t2\t0\t0\t1\t0\t0\t0\t0\t0\t0\t0\n"
                                   "confusion\t3\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\n"
                                   "confusion\t4\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\n"
                                   "confusion\t5\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\n"
                                   "confusion\t6\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\n"
                                   "confusion\t7\t0\t0\t1\t0\t0\t0\t0\t2\t0\t0\n"
                                   "confusion\t8\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\n"
                                   "confusion\t9\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\n"
                                   "wrong\t2\t7\t2\t0.61\n"
                                   "coverage\t0.50\t1.0000\t0.7500\n"
                                   "coverage\t0.60\t1.0000\t0.7500\n"
                                   "coverage\t0.70\t0.7500\t1.0000\n"
                                   "coverage\t0.80\t0.7500\t1.0000\n"
                                   "coverage\t0.90\t0.5000\t1.0000\n"
                                   "coverage\t0.95\t0.0000\t0.0000\n"
                                   "coverage\t0.99\t0.0000\t0.0000\n"
                                   "bin\t0\t0\t0.0000\t0.0000\n"
                                   "bin\t1\t0\t0.0000\t0.0000\n"
                                   "bin\t2\t0\t0.0000\t0.0000\n"
                                   "bin\t3\t0\t0.0000\t0.0000\n"
                                   "bin\t4\t0\t0.0000\t0.0000\n"
                                   "bin\t5\t0\t0.0000\t0.0000\n"
                                   "bin\t6\t0\t0.0000\t0.0000\n"
                                   "bin\t7\t0\t0.0000\t0.0000\n"
                                   "bin\t8\t0\t0.0000\t0.0000\n"
                                   "bin\t9\t1\t0.6140\t0.0000\n"
                                   "bin\t10\t0\t0.0000\t0.0000\n"
                                   "bin\t11\t0\t0.0000\t0.0000\n"
                                   "bin\t12\t0\t0.0000\t0.0000\n"
                                   "bin\t13\t3\t0.8917\t1.0000\n"
                                   "bin\t14\t0\t0.0000\t0.0000\n";
    assert_string_equal(text, expected);
    free(text);
    report_free(&report);
}

static void what_is_no_digit_counts_in_its_own_rows_alone(void **state)
{
    (void)state;
    struct report report = {0};
    add(&report, 7, 7, 0.9F);
    const float unsure[CLASSES] = {0.1F, 0.4F, 0.5F}, sure[CLASSES] = {0, 0, 0, 0.96F};
    report_add_foreign(&report, unsure);
    report_add_foreign(&report, sure);
    char *text = written(&report);
    assert_non_null(strstr(text, "samples\t1\naccuracy\t1.0000\t0.0000\n"));
    assert_non_null(strstr(text, "foreign\t0.50\t0.0000\t2\n"
                                 "foreign\t0.60\t0.5000\t2\n"));
    assert_non_null(strstr(text, "foreign\t0.95\t0.5000\t2\n"
                                 "foreign\t0.99\t1.0000\t2\n"));
    free(text);
    report_free(&report);
}

static void an_empty_report_has_no_nan(void **state)
{
    (void)state;
    const struct report report = {0};
    char *text = written(&report);
    assert_null(strstr(text, "nan"));
    assert_non_null(strstr(text, "accuracy\t0.0000\t0.0000\n"));
    free(text);
}

static void of_equal_probabilities_the_first_counts(void **state)
{
    (void)state;
    struct report report = {0};
    struct error error;
    const float p[CLASSES] = {0, 0, 0.5F, 0, 0.5F};
    assert_int_equal(report_add(&report, 2, p, &error), 0);
    assert_int_equal(report_add(&report, 4, p, &error), 0);
    assert_int_equal(report.confusion[2][2], 1);
    assert_int_equal(report.confusion[4][2], 1);
    report_free(&report);
}

static void many_wrongs_keep_their_order(void **state)
{
    (void)state;
    struct report report = {0};
    for (int i = 0; i < 1000; i++)
        add(&report, i % 10, (i + i % 2) % 10, 0.7F); /* odd ones wrong */
    assert_int_equal(report.wrongs, 500);
    for (size_t i = 0; i < report.wrongs; i++)
        assert_int_equal(report.wrong[i].index, 2 * i + 1);
    report_free(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accuracy_has_its_binomial_error),
        cmocka_unit_test(loss_has_its_standard_error),
        cmocka_unit_test(loss_of_the_impossible_is_finite),
        cmocka_unit_test(calibration_error_of_a_hand_example),
        cmocka_unit_test(calibration_bins_are_closed_above),
        cmocka_unit_test(rows_are_as_the_design_fixes_them),
        cmocka_unit_test(what_is_no_digit_counts_in_its_own_rows_alone),
        cmocka_unit_test(an_empty_report_has_no_nan),
        cmocka_unit_test(of_equal_probabilities_the_first_counts),
        cmocka_unit_test(many_wrongs_keep_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
