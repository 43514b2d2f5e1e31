/* cnn-eval: labelled samples in, a report of how well models read them out. */
#include "cli.h"
#include "foreign.h"
#include "loss.h"
#include "predict.h"
#include "report.h"
#include "stream.h"

#include <inttypes.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_THREADS = 1024 };

static const char *const view_words[] = {"1", "5", NULL}; /* 1, PREDICT_VIEWS */

static const char help[] =
    "Usage: cnn-eval [-m MODEL]... [--min-accuracy P] [--threads N] < SAMPLES\n"
    "Report how well a model, or the mean of several, reads labelled samples.\n"
    "\n"
    "  -m, --model=FILE      model; several are averaged (default: $HWDR_MODEL, else the shipped "
    "one)\n"
    "  -a, --min-accuracy=P  exit 1 when fewer are right: a fraction, 0.99, or in percent, 99%\n"
    "      --views=N         1, or 5: look at each image also turned and scaled a little, and "
    "take\n"
    "                        the mean, at five times the cost (default: 1)\n"
    "  -t, --threads=N       threads (default: one a processor); the report does not depend on "
    "them\n"
    "  -h, --help            show this text\n"
    "  -V, --version         show the version\n"
    "\n"
    "Soft labels count as the class they hold likeliest; all the same, as something that is no\n"
    "digit.\n"
    "\n"
    "Example: would this model do?\n"
    "  idx2bin data/mnist/t10k-images-idx3-ubyte data/mnist/t10k-labels-idx1-ubyte |\n"
    "      cnn-eval --min-accuracy 99% > report.tsv\n";

struct options {
    struct cli_texts models;
    int threads, views;
    double min_accuracy; /* a fraction; below 0 when nothing is asked */
};

/* "0.99" or "99%" as a fraction. */
static double parse_accuracy(const char *text)
{
    const char *option = "--min-accuracy";
    const size_t length = strlen(text);
    char number[32];
    if (length == 0 || length >= sizeof number || text[length - 1] != '%')
        return cli_number(option, text, 0, 1);
    memcpy(number, text, length - 1);
    number[length - 1] = '\0';
    return cli_number(option, number, 0, 100) / 100;
}

static struct options parse_options(int argc, char **argv)
{
    struct options options = {.threads = omp_get_max_threads(), .min_accuracy = -1};
    const char *accuracy = NULL;
    int views = 0;
    const struct cli_option table[] = {{.name = "model", .letter = 'm', .texts = &options.models},
                                       {.name = "min-accuracy", .letter = 'a', .text = &accuracy},
                                       {.name = "views", .choice = &views, .words = view_words},
                                       {.name = "threads",
                                        .letter = 't',
                                        .count = &options.threads,
                                        .low = 1,
                                        .high = MAX_THREADS},
                                       {0}};
    const int first = cli_options(argc, argv, help, table);
    if (first < argc)
        cli_usage("'%s': unexpected: samples come on stdin", argv[first]);
    if (accuracy)
        options.min_accuracy = parse_accuracy(accuracy);
    options.views = views ? PREDICT_VIEWS : 1;
    return options;
}

/* The class of sample i, or -1 where it has none. */
static int truth_of(const struct samples *samples, size_t i)
{
    if (!samples->soft)
        return samples->labels[i] == LABEL_UNKNOWN ? -1 : samples->labels[i];
    return loss_argmax(samples->soft + i * CLASSES);
}

static void evaluate(struct predictor *predictor, struct report *report)
{
    static float probabilities[STREAM_MAX_BATCH * CLASSES];
    struct error error;
    struct stream_reader *reader = stream_reader_new(STDIN_FILENO, &error);
    if (!reader)
        cli_die("%s", error.text);
    struct cli_progress progress = cli_progress_start(stream_reader_count(reader));
    struct samples samples;
    int status;
    while ((status = stream_read(reader, &samples, &error)) == 1) {
        predictor_run(predictor, samples.images, samples.n, probabilities);
        for (size_t i = 0; i < samples.n; i++) {
            const int truth = truth_of(&samples, i);
            if (samples.soft && foreign_label(samples.soft + i * CLASSES)) {
                report_add_foreign(report, probabilities + i * CLASSES);
                continue;
            }
            if (truth < 0)
                cli_die("stdin: sample %llu: has no label",
                        (unsigned long long)(report->samples + report->foreign));
            if (report_add(report, truth, probabilities + i * CLASSES, &error) != 0)
                cli_die("%s", error.text);
        }
        cli_progress_show(&progress, (int64_t)(report->samples + report->foreign), NULL);
    }
    cli_progress_clear(&progress);
    if (status < 0)
        cli_die("%s", error.text);
    if (report->samples + report->foreign == 0)
        cli_die("stdin: holds no samples");
    stream_reader_free(reader);
}

int main(int argc, char **argv)
{
    cli_spin_less(argv);
    cli_start(argv);
    struct options options = parse_options(argc, argv);
    char *standard = options.models.n ? NULL : cli_default_model();
    if (standard)
        options.models.text[options.models.n++] = standard;

    struct error error;
    struct predictor *predictor =
        predictor_open(options.models.text, options.models.n, options.threads, &error);
    if (!predictor)
        cli_die("%s", error.text);
    predictor_views(predictor, options.views);
    const struct predictor_cost cost = predictor_cost(predictor);
    struct report report = {0};
    evaluate(predictor, &report);
    report_write(&report, stdout);
    printf("cost\t%" PRIu64 "\t%" PRIu64 "\t%d\t%d\n", cost.macs, cost.parameters, cost.models,
           cost.views);

    const double rounding = 1e-12; /* 99.7% must be met by 9970 of 10000, though neither is exact */
    const double accuracy = report_accuracy(&report);
    const bool below = accuracy < options.min_accuracy - rounding;
    if (below)
        cli_warn("accuracy %.4f is below %g", accuracy, options.min_accuracy);
    report_free(&report);
    predictor_free(predictor);
    free(standard);
    cli_finish();
    return below ? CLI_NO : 0;
}
