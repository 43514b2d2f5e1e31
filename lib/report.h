/* How well predictions agree with labels: what cnn-eval prints, and cnn-train on validation. */
#ifndef HWDR_REPORT_H
#define HWDR_REPORT_H

#include "error.h"
#include "sample.h"

#include <stdint.h>
#include <stdio.h>

enum { REPORT_ECE_BINS = 15, REPORT_LIMITS = 7 };

struct report_wrong {
    uint64_t index;
    int truth, predicted;
    float confidence;
};

struct report {
    uint64_t samples;
    uint64_t confusion[CLASSES][CLASSES]; /* [truth][predicted] */
    double loss_sum, loss_square_sum;     /* of -ln p(truth) */
    struct {                              /* by confidence, bin i covers (i/15,(i+1)/15] */
        uint64_t count, right;
        double confidence;
    } bin[REPORT_ECE_BINS];
    struct { /* of those at least as sure as limit i */
        uint64_t count, right, foreign;
    } answered[REPORT_LIMITS];
    uint64_t foreign; /* images that are no digits; in none of the other counts */
    struct report_wrong *wrong;
    size_t wrongs, room;
};

/*
 * Count one prediction. The predicted class is the first of the largest probabilities; p(truth)
 * is raised to 1e-12 before the logarithm.
 * Shapes: probabilities [10] f32. Returns: 0, or -1 with `error` set (memory).
 */
int report_add(struct report *report, int truth, const float probabilities[CLASSES],
               struct error *error) CHECKED;

/* Count the prediction for an image that is no digit. */
void report_add_foreign(struct report *report, const float probabilities[CLASSES]);

/* Fraction right, and its binomial standard error sqrt(a(1-a)/n). */
double report_accuracy(const struct report *report);
double report_accuracy_error(const struct report *report);

/* Mean negative log-likelihood in nats, and its standard error. */
double report_loss(const struct report *report);
double report_loss_error(const struct report *report);

/*
 * Expected calibration error over equal-width bins.
 * Source: C. Guo et al., "On calibration of modern neural networks", ICML 2017.
 */
double report_ece(const struct report *report);

/*
 * Write the report's rows, tab-separated: samples, accuracy, loss, ece, class (precision,
 * recall, F1, support), confusion, wrong, coverage (limit, fraction of samples at least as
 * sure, fraction of those that is right) and, where there were images that are no digits,
 * foreign (limit, fraction of them that is less sure, their number); bin (number of the
 * confidence's bin, samples in it, their mean confidence, fraction of them that is right).
 * Undefined ratios (0/0) are written as 0.
 */
void report_write(const struct report *report, FILE *out);

void report_free(struct report *report);

#endif
