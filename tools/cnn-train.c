/* cnn-train: learn a network from a sample stream. */
#include "calibrate.h"
#include "cli.h"
#include "feed.h"
#include "predict.h"
#include "report.h"
#include "train.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_NET "c5x24v p2 c3x48 c3x48 p2 c3x96 c3x96 gmp d10"

static const char help[] =
    "Usage: cnn-train -o MODEL [OPTIONS] < SAMPLES > METRICS\n"
    "Train a convolutional network on a sample stream; metrics go to stdout as TSV.\n"
    "\n"
    "  -o, --output MODEL        the model file, written when training is over\n"
    "  -n, --net SPEC            layers: cKxC convolution, pK aK pooling, gmp gap gma\n"
    "                            global, dC dense, seR gates, dropP dropout; see the manual\n"
    "                            (" DEFAULT_NET ")\n"
    "  -e, --epochs E            1: train on the stream as it arrives, in constant memory;\n"
    "                            more: keep the samples and shuffle them each epoch (1)\n"
    "  -b, --batch N             samples a step (128)\n"
    "  -s, --seed S              of weights, order and dropout (1)\n"
    "  -t, --threads N           threads; the result is the same for any number (all processors)\n"
    "  -v, --val FILE            a sample stream to validate and calibrate on\n"
    "      --temperature T       calibrate by this instead: what a run with --val has fitted\n"
    "  -i, --init MODEL          start from this model's weights and network\n"
    "  -c, --checkpoint FILE     save all state at each row of metrics\n"
    "  -R, --resume              go on from the checkpoint, if there is one, on the same stream\n"
    "\n"
    "      --optimizer NAME      sgd (with Nesterov momentum), adam or adamw (sgd)\n"
    "      --rate R              peak learning rate (0.1; 0.001 with adam and adamw)\n"
    "      --momentum M          (0.9)      --beta1 B (0.9)      --beta2 B (0.999)\n"
    "      --weight-decay W      (0.0005; 0 with adam and adamw)\n"
    "      --schedule NAME       constant, cosine or onecycle (cosine)\n"
    "      --warmup F            fraction of training in which the rate rises (0.15)\n"
    "      --label-smoothing F   (0.03)\n"
    "      --ema D               average the weights, decay D each 5 steps; 0: do not (0.995)\n"
    "\n"
    "      --samples N           stop after N samples; what schedules need of an endless stream\n"
    "      --epoch-size N        samples that count as one epoch in the metrics\n"
    "      --report-every N      samples between two rows of metrics\n"
    "  -m, --meta KEY=VALUE      put this into the model's card; may be repeated\n"
    "      --summary             print the network's parameters and multiply-adds, and exit\n"
    "  -h, --help                print this and exit\n"
    "  -V, --version             print the version and exit\n"
    "\n"
    "Example: one epoch of augmented MNIST\n"
    "  idx2bin data/mnist/train-images-idx3-ubyte data/mnist/train-labels-idx1-ubyte |\n"
    "      augment | cnn-train -o build/digits.safetensors > build/digits.tsv\n";

struct settings {
    const char *output, *net, *val, *init, *checkpoint;
    bool resume, summary;
    int64_t epochs, samples, epoch_size, report_every;
    int optimizer, schedule;
    float temperature; /* 0: not given */
    struct train_options train;
    struct cli_texts meta;
};

static const char *const optimizers[] = {"sgd", "adam", "adamw", NULL};
static const char *const schedules[] = {"constant", "cosine", "onecycle", NULL};

/* One training under way. */
struct run {
    const struct settings *settings;
    struct model *model; /* the card, and the weights as they would be saved */
    struct trainer *trainer;
    struct feed *feed;
    struct samples val;     /* n == 0: no validation */
    struct train_sums sums; /* since the last row of metrics */
    double started;
    struct cli_progress progress;
};

static struct settings parse_options(int argc, char **argv)
{
    struct settings s = {.epochs = 1,
                         .optimizer = OPTIMISER_SGD,
                         .schedule = SCHEDULE_COSINE,
                         .train = {.batch = 128, .seed = 1, .smoothing = 0.03f, .ema = 0.995f}};
    struct optimiser *o = &s.train.optimiser;
    *o = (struct optimiser){.warmup = 0.15f, .momentum = 0.9f, .beta1 = 0.9f, .beta2 = 0.999f};
    o->rate = o->decay = -1; /* not given */
    s.train.threads = omp_get_max_threads();
    const double most = 0x1p48;
    const struct cli_option table[] = {
        {"output", 'o', .text = &s.output},
        {"net", 'n', .text = &s.net},
        {"epochs", 'e', .integer = &s.epochs, .low = 1, .high = 1e6},
        {"batch", 'b', .count = &s.train.batch, .low = 1, .high = 65536},
        {"seed", 's', .seed = &s.train.seed},
        {"threads", 't', .count = &s.train.threads, .low = 1, .high = 1024},
        {"val", 'v', .text = &s.val},
        {"temperature", .number = &s.temperature, .low = 0.125, .high = 8},
        {"init", 'i', .text = &s.init},
        {"checkpoint", 'c', .text = &s.checkpoint},
        {"resume", 'R', .flag = &s.resume},
        {"optimizer", .choice = &s.optimizer, .words = optimizers},
        {"rate", .number = &o->rate, .high = 100},
        {"momentum", .number = &o->momentum, .high = 0.9999},
        {"beta1", .number = &o->beta1, .high = 0.9999},
        {"beta2", .number = &o->beta2, .high = 0.999999},
        {"weight-decay", .number = &o->decay, .high = 1},
        {"schedule", .choice = &s.schedule, .words = schedules},
        {"warmup", .number = &o->warmup, .high = 1},
        {"label-smoothing", .number = &s.train.smoothing, .high = 0.9},
        {"ema", .number = &s.train.ema, .high = 0.999999},
        {"samples", .integer = &s.samples, .low = 1, .high = most},
        {"epoch-size", .integer = &s.epoch_size, .low = 1, .high = most},
        {"report-every", .integer = &s.report_every, .low = 1, .high = most},
        {"meta", 'm', .texts = &s.meta},
        {"summary", .flag = &s.summary},
        {0},
    };
    const int operand = cli_options(argc, argv, help, table);
    if (operand < argc)
        cli_usage("'%s': samples come on stdin", argv[operand]);
    if (!s.output && !s.summary)
        cli_usage("no output: give -o MODEL");
    if (s.val && s.temperature > 0)
        cli_usage("--val and --temperature exclude each other: validation fits the temperature");
    if (s.resume && !s.checkpoint)
        cli_usage("--resume needs --checkpoint FILE");
    if (s.checkpoint && s.output && strcmp(s.checkpoint, s.output) == 0)
        cli_usage("--checkpoint: '%s' is the output", s.checkpoint);
    for (int i = 0; i < s.meta.n; i++)
        if (!strchr(s.meta.text[i], '=') || s.meta.text[i][0] == '=')
            cli_usage("--meta: '%s' is not KEY=VALUE", s.meta.text[i]);
    o->kind = (enum optimiser_kind)s.optimizer;
    o->schedule = (enum schedule_kind)s.schedule;
    if (o->rate < 0)
        o->rate = o->kind == OPTIMISER_SGD ? 0.1f : 0.001f;
    if (o->decay < 0)
        o->decay = o->kind == OPTIMISER_SGD ? 0.0005f : 0;
    return s;
}

/* Only the weights of --init are taken: its card tells about another training. */
static void start_model(struct model *model, const struct settings *s)
{
    struct error error;
    struct model init = {0};
    if (s->init && model_load(&init, s->init, &error))
        cli_die("--init: %s", error.text);
    const char *net = s->init ? net_text(init.net) : s->net ? s->net : DEFAULT_NET;
    if (s->init && s->net && strcmp(s->net, net) != 0)
        cli_die("--net: '%s' differs from the network of --init, '%s'", s->net, net);
    if (model_new(model, net, &error) ||
        (!s->init && train_initialise(model, s->train.seed, &error)))
        cli_die("%s", error.text);
    if (s->init)
        memcpy(model->block, init.block, net_block_floats(model->net) * sizeof(float));
    if (s->temperature > 0)
        model->temperature = s->temperature;
    model_free(&init);
}

static void read_validation(const char *path, struct samples *all)
{
    struct error error;
    FILE *file = fopen(path, "rb");
    if (!file)
        cli_die("--val: %s: %s", path, strerror(errno));
    struct stream_reader *reader = stream_reader_new(fileno(file), &error);
    if (!reader || stream_read_all(reader, all, &error))
        cli_die("--val: %s: %s", path, error.text);
    stream_reader_free(reader);
    fclose(file);
    if (all->n == 0)
        cli_die("--val: %s: has no samples", path);
    if (!all->labels)
        cli_die("--val: %s: its labels are soft", path);
    const uint8_t *unknown = memchr(all->labels, LABEL_UNKNOWN, all->n);
    if (unknown)
        cli_die("--val: %s: sample %td: has no label", path, unknown - all->labels);
}

/* Decide how long training is and how often it is reported, from what the stream announces. */
static void settle_length(struct settings *s, const struct feed *feed)
{
    const int64_t announced = feed_total(feed);
    const bool known = announced > 0;
    s->train.total = known ? announced : 0;
    if (s->samples && (!known || s->samples < announced))
        s->train.total = s->samples;
    if (!s->train.total && announced && s->train.optimiser.schedule != SCHEDULE_CONSTANT) {
        cli_warn("stdin: does not say how many samples it has: the rate stays constant "
                 "(--samples N would say)");
        s->train.optimiser.schedule = SCHEDULE_CONSTANT;
        s->train.optimiser.warmup = 0;
    }
    const int64_t epoch = known ? announced / s->epochs : 60000;
    if (!s->report_every)
        s->report_every = s->epoch_size    ? s->epoch_size
                          : s->epochs > 1  ? epoch
                          : s->train.total ? (s->train.total + 19) / 20
                                           : 10000;
    if (!s->epoch_size)
        s->epoch_size = epoch;
}

static void set(struct model *model, const char *key, const char *value)
{
    struct error error;
    if (model_set(model, key, value, &error))
        cli_die("%s", error.text);
}

/* The recipe is all that decides the weights, but for the data: a checkpoint must agree with it. */
static void write_card(struct model *model, const struct settings *s)
{
    const struct optimiser *o = &s->train.optimiser;
    struct error error;
    char seed[32], recipe[1024 + PATH_MAX];
    snprintf(seed, sizeof seed, "%" PRIu64, s->train.seed);
    snprintf(recipe, sizeof recipe,
             "cnn-train --net '%s'%s%s --epochs %" PRId64 " --samples %" PRId64
             " --batch %d --seed %s --optimizer %s --rate %g --momentum %g --beta1 %g --beta2 %g"
             " --weight-decay %g --schedule %s --warmup %g --label-smoothing %g --ema %g",
             net_text(model->net), s->init ? " --init " : "", s->init ? s->init : "", s->epochs,
             s->train.total, s->train.batch, seed, optimizers[o->kind], (double)o->rate,
             (double)o->momentum, (double)o->beta1, (double)o->beta2, (double)o->decay,
             schedules[o->schedule], (double)o->warmup, (double)s->train.smoothing,
             (double)s->train.ema);
    set(model, "seed", seed);
    set(model, "recipe", recipe);
    for (int i = 0; i < s->meta.n; i++) {
        const char *equals = strchr(s->meta.text[i], '=');
        char *key = strndup(s->meta.text[i], (size_t)(equals - s->meta.text[i]));
        if (!key)
            cli_die("memory: --meta:");
        if (model_set(model, key, equals + 1, &error))
            cli_die("--meta: %s", error.text);
        free(key);
    }
}

/* Go on from the checkpoint: what it has seen of the stream goes by unused. */
static void resume(struct run *run)
{
    struct error error;
    if (train_restore(run->trainer, run->model, run->settings->checkpoint, &error) ||
        feed_skip(run->feed, train_samples(run->trainer), &error))
        cli_die("--resume: %s", error.text);
}

/*
 * Fit the model's temperature; loss and accuracy of the model as it would be saved now, the
 * accuracy also into its card.
 */
static void validate(const struct run *run, double *loss, double *accuracy)
{
    struct error error;
    struct report report = {0};
    const size_t n = run->val.n;
    run->model->temperature = 1;
    struct predictor *predictor = predictor_new(run->model, run->settings->train.threads, &error);
    if (!predictor)
        cli_die("%s", error.text);
    float *probabilities = malloc(n * CLASSES * sizeof *probabilities);
    if (!probabilities)
        cli_die("memory: validation:");
    predictor_run(predictor, run->val.images, n, probabilities);
    run->model->temperature = calibrate_temperature(probabilities, run->val.labels, n);
    calibrate_apply(run->model->temperature, probabilities, n);
    for (size_t i = 0; i < n; i++)
        if (report_add(&report, run->val.labels[i], probabilities + i * CLASSES, &error))
            cli_die("%s", error.text);
    *loss = report_loss(&report);
    *accuracy = report_accuracy(&report);
    char text[64];
    snprintf(text, sizeof text, "%.4f of %zu validation samples", *accuracy, n);
    set(run->model, "accuracy", text);
    report_free(&report);
    free(probabilities);
    predictor_free(predictor);
}

/* A row of metrics on stdout, the same in words on stderr without a terminal; a checkpoint. */
static void report(struct run *run)
{
    struct error error;
    const struct settings *s = run->settings;
    const uint64_t samples = train_samples(run->trainer);
    const double epoch = (double)samples / (double)s->epoch_size, n = (double)run->sums.samples;
    const double loss = run->sums.loss / n, accuracy = (double)run->sums.right / n;
    char row[64] = "-\t-", words[64] = "";
    train_result(run->trainer, run->model);
    if (run->val.n) {
        double val_loss, val_accuracy;
        validate(run, &val_loss, &val_accuracy);
        snprintf(row, sizeof row, "%.5f\t%.5f", val_loss, val_accuracy);
        snprintf(words, sizeof words, ", validation accuracy %.4f", val_accuracy);
    }
    if (!run->sums.samples) /* resumed at the end: all rows have been written */
        return;
    run->sums = (struct train_sums){0};
    printf("%.3f\t%" PRIu64 "\t%.2f\t%.6g\t%.5f\t%.5f\t%s\n", epoch, samples,
           cli_seconds() - run->started, (double)train_rate(run->trainer), loss, accuracy, row);
    if (fflush(stdout))
        cli_die("stdout:");
    cli_progress_clear(&run->progress);
    if (!run->progress.terminal)
        fprintf(stderr, "epoch %.2f: loss %.4f, accuracy %.4f%s\n", epoch, loss, accuracy, words);
    if (s->checkpoint && train_save(run->trainer, run->model, s->checkpoint, &error))
        cli_die("%s", error.text);
}

/* One step, and its sums added to the row's. Returns: false when there are no more samples. */
static bool step(struct run *run, int64_t most)
{
    struct error error;
    const uint8_t *images;
    const float *targets;
    char note[32];
    const int n = feed_next(run->feed, most, &images, &targets, &error);
    if (n < 0)
        cli_die("%s", error.text);
    if (n == 0)
        return false;
    train_step(run->trainer, images, targets, n);
    const struct train_sums sums = train_take_sums(run->trainer);
    const uint64_t seen = train_samples(run->trainer);
    if (!isfinite(sums.loss))
        cli_die("training: sample %" PRIu64 ": diverged, the loss is not a number any more; "
                "try a lower --rate",
                seen);
    run->sums.samples += sums.samples;
    run->sums.right += sums.right;
    run->sums.loss += sums.loss;
    snprintf(note, sizeof note, "loss %.4f", run->sums.loss / (double)run->sums.samples);
    cli_progress_show(&run->progress, (int64_t)seen, note);
    return true;
}

static void train(struct run *run)
{
    const struct settings *s = run->settings;
    const int64_t limit = s->samples ? s->samples : INT64_MAX;
    int64_t seen = (int64_t)train_samples(run->trainer);
    struct stat status;
    const bool appends = seen > 0 && fstat(STDOUT_FILENO, &status) == 0 && status.st_size > 0;
    if (!appends) /* to the rows of before the interruption */
        puts("epoch\tsamples\tseconds\trate\tloss\taccuracy\tval_loss\tval_accuracy");
    run->started = cli_seconds();
    run->progress = cli_progress_start(s->train.total);
    while (seen < limit && step(run, limit - seen)) {
        const int64_t before = seen;
        seen = (int64_t)train_samples(run->trainer);
        if (seen / s->report_every > before / s->report_every)
            report(run);
    }
    if (seen == 0)
        cli_die("stdin: no samples to train on");
    report(run);
}

int main(int argc, char **argv)
{
    cli_spin_less(argv);
    cli_start(argv);
    struct settings s = parse_options(argc, argv);
    struct error error;
    struct model model;
    struct run run = {.settings = &s, .model = &model};
    start_model(&model, &s);
    if (s.summary) {
        model_card(&model, stdout);
        model_free(&model);
        cli_finish();
        return 0;
    }
    if (safetensors_writable(s.output, &error) ||
        (s.checkpoint && safetensors_writable(s.checkpoint, &error)))
        cli_die("%s", error.text);
    if (s.val)
        read_validation(s.val, &run.val);
    struct stream_reader *reader = stream_reader_new(STDIN_FILENO, &error);
    if (!reader || !(run.feed = feed_new(reader, s.epochs, s.train.batch, s.train.seed, &error)))
        cli_die("%s", error.text);
    settle_length(&s, run.feed);
    write_card(&model, &s);
    if (!(run.trainer = train_new(&model, &s.train, &error)))
        cli_die("%s", error.text);
    if (s.resume && access(s.checkpoint, F_OK) == 0)
        resume(&run);
    train(&run);
    if (model_save(&model, s.output, NULL, 0, &error))
        cli_die("%s", error.text);
    train_free(run.trainer);
    feed_free(run.feed);
    stream_reader_free(reader);
    stream_samples_free(&run.val);
    model_free(&model);
    cli_finish();
    return 0;
}
