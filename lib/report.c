#include "report.h"
#include "loss.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* Confidences below which one might refuse to answer. */
static const float limit[REPORT_LIMITS] = {0.5F, 0.6F, 0.7F, 0.8F, 0.9F, 0.95F, 0.99F};

static double ratio(double a, double b)
{
    return b > 0 ? a / b : 0;
}

static int add_wrong(struct report *report, struct report_wrong wrong, struct error *error)
{
    if (report->wrongs == report->room) {
        const size_t room = report->room ? 2 * report->room : 64;
        struct report_wrong *more = reallocarray(report->wrong, room, sizeof *more);
        if (!more)
            return error_set(error, "out of memory for %zu wrong predictions", room);
        report->wrong = more;
        report->room = room;
    }
    report->wrong[report->wrongs++] = wrong;
    return 0;
}

int report_add(struct report *report, int truth, const float probabilities[CLASSES],
               struct error *error)
{
    const double floor = 1e-12; /* keeps one hopeless sample from making the mean infinite */
    const int predicted = loss_argmax(probabilities);
    const float confidence = probabilities[predicted];
    const struct report_wrong wrong = {report->samples, truth, predicted, confidence};
    if (predicted != truth && add_wrong(report, wrong, error) != 0)
        return -1;
    const double loss = -log(fmax(probabilities[truth], floor));
    report->loss_sum += loss;
    report->loss_square_sum += loss * loss;
    report->confusion[truth][predicted]++;
    report->samples++;

    /* fmax and fmin also keep a NaN, from weights that overflow, out of the index */
    const double place = ceil(confidence * REPORT_ECE_BINS) - 1;
    const int bin = (int)fmin(fmax(place, 0), REPORT_ECE_BINS - 1);
    report->bin[bin].count++;
    report->bin[bin].right += predicted == truth;
    report->bin[bin].confidence += confidence;
    for (int i = 0; i < REPORT_LIMITS && confidence >= limit[i]; i++) {
        report->answered[i].count++;
        report->answered[i].right += predicted == truth;
    }
    return 0;
}

void report_add_foreign(struct report *report, const float probabilities[CLASSES])
{
    const float confidence = probabilities[loss_argmax(probabilities)];
    for (int i = 0; i < REPORT_LIMITS && confidence >= limit[i]; i++)
        report->answered[i].foreign++;
    report->foreign++;
}

static uint64_t right(const struct report *report)
{
    uint64_t sum = 0;
    for (int c = 0; c < CLASSES; c++)
        sum += report->confusion[c][c];
    return sum;
}

double report_accuracy(const struct report *report)
{
    return ratio((double)right(report), (double)report->samples);
}

double report_accuracy_error(const struct report *report)
{
    const double a = report_accuracy(report);
    return sqrt(ratio(a * (1 - a), (double)report->samples));
}

double report_loss(const struct report *report)
{
    return ratio(report->loss_sum, (double)report->samples);
}

double report_loss_error(const struct report *report)
{
    const double n = (double)report->samples, mean = report_loss(report);
    const double squares = report->loss_square_sum - n * mean * mean;
    return sqrt(ratio(fmax(squares, 0), n * (n - 1))); /* rounding may leave a hair below 0 */
}

double report_ece(const struct report *report)
{
    double gap = 0;
    for (int i = 0; i < REPORT_ECE_BINS; i++)
        gap += fabs((double)report->bin[i].right - report->bin[i].confidence);
    return ratio(gap, (double)report->samples);
}

static void write_class(const struct report *report, int class, FILE *out)
{
    uint64_t truths = 0, predictions = 0;
    for (int c = 0; c < CLASSES; c++) {
        truths += report->confusion[class][c];
        predictions += report->confusion[c][class];
    }
    const double hits = (double)report->confusion[class][class];
    const double precision = ratio(hits, (double)predictions), recall = ratio(hits, (double)truths);
    const double f1 = ratio(2 * hits, (double)(predictions + truths));
    fprintf(out, "class\t%d\t%.4f\t%.4f\t%.4f\t%" PRIu64 "\n", class, precision, recall, f1,
            truths);
}

void report_write(const struct report *report, FILE *out)
{
    fprintf(out, "samples\t%" PRIu64 "\n", report->samples);
    fprintf(out, "accuracy\t%.4f\t%.4f\n", report_accuracy(report), report_accuracy_error(report));
    fprintf(out, "loss\t%.4f\t%.4f\n", report_loss(report), report_loss_error(report));
    fprintf(out, "ece\t%.4f\n", report_ece(report));
    for (int c = 0; c < CLASSES; c++)
        write_class(report, c, out);
    for (int c = 0; c < CLASSES; c++) {
        fprintf(out, "confusion\t%d", c);
        for (int p = 0; p < CLASSES; p++)
            fprintf(out, "\t%" PRIu64, report->confusion[c][p]);
        fputc('\n', out);
    }
    for (size_t i = 0; i < report->wrongs; i++) {
        const struct report_wrong *wrong = &report->wrong[i];
        fprintf(out, "wrong\t%" PRIu64 "\t%d\t%d\t%.2f\n", wrong->index, wrong->truth,
                wrong->predicted, (double)wrong->confidence);
    }
    for (int i = 0; i < REPORT_LIMITS; i++) {
        const double count = (double)report->answered[i].count;
        fprintf(out, "coverage\t%.2f\t%.4f\t%.4f\n", (double)limit[i],
                ratio(count, (double)report->samples),
                ratio((double)report->answered[i].right, count));
    }
    for (int i = 0; i < REPORT_LIMITS && report->foreign; i++)
        fprintf(out, "foreign\t%.2f\t%.4f\t%" PRIu64 "\n", (double)limit[i],
                1 - ratio((double)report->answered[i].foreign, (double)report->foreign),
                report->foreign);
    for (int i = 0; i < REPORT_ECE_BINS; i++) {
        const double count = (double)report->bin[i].count;
        fprintf(out, "bin\t%d\t%" PRIu64 "\t%.4f\t%.4f\n", i, report->bin[i].count,
                ratio(report->bin[i].confidence, count),
                ratio((double)report->bin[i].right, count));
    }
}

void report_free(struct report *report)
{
    free(report->wrong);
    *report = (struct report){0};
}
