/* cnn-train: learn a network from a sample stream. */
#include "cli.h"
#include "feed.h"
#include "predict.h"
#include "report.h"
#include "train.h"

#include <getopt.h>
#include <inttypes.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_NET "c5x24v p2 c3x48 c3x48 p2 c3x96 c3x96 gmp d10"

static const char help[] =
    "Usage: cnn-train -o MODEL [OPTIONS] < SAMPLES > METRICS\n"
    "Train a convolutional network on a sample stream; metrics go to stdout as TSV.\n"
    "\n"
    "  -o, --output MODEL        the model file, written when training is over\n"
    "  -n, --net SPEC            layers: cKxC convolution, pK aK pooling, gmp gap global, dC "
    "dense,\n"
    "                            dropP dropout; see the manual\n"
    "                            (" DEFAULT_NET ")\n"
    "  -e, --epochs E            1: train on the stream as it arrives, in constant memory;\n"
    "                            more: keep the samples and shuffle them each epoch (1)\n"
    "  -b, --batch N             samples a step (128)\n"
    "  -s, --seed S              of weights, order and dropout (1)\n"
    "  -t, --threads N           threads; the result is the same for any number (all processors)\n"
    "  -v, --val FILE            a sample stream to validate on\n"
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
    "  -h, --help                print this and exit\n"
    "  -V, --version             print the version and exit\n"
    "\n"
    "Example: one epoch of augmented MNIST\n"
    "  idx2bin data/mnist/train-images-idx3-ubyte data/mnist/train-labels-idx1-ubyte |\n"
    "      augment | cnn-train -o build/digits.safetensors > build/digits.tsv\n";

struct settings {
    const char *output, *net, *val, *init, *checkpoint;
    bool resume, rate_given, decay_given;
    int64_t epochs, samples, epoch_size, report_every;
    struct train_options train;
    const char *meta[MODEL_MAX_ENTRIES];
    int metas;
};

enum long_only {
    OPTIMIZER = 256,
    RATE,
    MOMENTUM,
    BETA1,
    BETA2,
    WEIGHT_DECAY,
    SCHEDULE,
    WARMUP,
    LABEL_SMOOTHING,
    EMA,
    SAMPLES,
    EPOCH_SIZE,
    REPORT_EVERY
};

static const struct option names[] = {
    {"output", required_argument, NULL, 'o'},
    {"net", required_argument, NULL, 'n'},
    {"epochs", required_argument, NULL, 'e'},
    {"batch", required_argument, NULL, 'b'},
    {"seed", required_argument, NULL, 's'},
    {"threads", required_argument, NULL, 't'},
    {"val", required_argument, NULL, 'v'},
    {"init", required_argument, NULL, 'i'},
    {"checkpoint", required_argument, NULL, 'c'},
    {"resume", no_argument, NULL, 'R'},
    {"optimizer", required_argument, NULL, OPTIMIZER},
    {"rate", required_argument, NULL, RATE},
    {"momentum", required_argument, NULL, MOMENTUM},
    {"beta1", required_argument, NULL, BETA1},
    {"beta2", required_argument, NULL, BETA2},
    {"weight-decay", required_argument, NULL, WEIGHT_DECAY},
    {"schedule", required_argument, NULL, SCHEDULE},
    {"warmup", required_argument, NULL, WARMUP},
    {"label-smoothing", required_argument, NULL, LABEL_SMOOTHING},
    {"ema", required_argument, NULL, EMA},
    {"samples", required_argument, NULL, SAMPLES},
    {"epoch-size", required_argument, NULL, EPOCH_SIZE},
    {"report-every", required_argument, NULL, REPORT_EVERY},
    {"meta", required_argument, NULL, 'm'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {0},
};

static const char *const optimizers[] = {"sgd", "adam", "adamw", NULL};
static const char *const schedules[] = {"constant", "cosine", "onecycle", NULL};

static int choose(const char *option, const char *text, const char *const *words)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(text, words[i]) == 0)
            return i;
    cli_die("%s: '%s' is not one of %s, %s, %s", option, text, words[0], words[1], words[2]);
}

/* The options of the optimiser and its schedule. Returns: whether `option` was one. */
static bool optimiser_option(int option, struct settings *s)
{
    struct optimiser *o = &s->train.optimiser;
    switch (option) {
    case OPTIMIZER:
        o->kind = (enum optimiser_kind)choose("--optimizer", optarg, optimizers);
        return true;
    case RATE:
        o->rate = (float)cli_number("--rate", optarg, 0, 100);
        return s->rate_given = true;
    case MOMENTUM:
        o->momentum = (float)cli_number("--momentum", optarg, 0, 0.9999);
        return true;
    case BETA1:
        o->beta1 = (float)cli_number("--beta1", optarg, 0, 0.9999);
        return true;
    case BETA2:
        o->beta2 = (float)cli_number("--beta2", optarg, 0, 0.999999);
        return true;
    case WEIGHT_DECAY:
        o->decay = (float)cli_number("--weight-decay", optarg, 0, 1);
        return s->decay_given = true;
    case SCHEDULE:
        o->schedule = (enum schedule_kind)choose("--schedule", optarg, schedules);
        return true;
    case WARMUP:
        o->warmup = (float)cli_number("--warmup", optarg, 0, 1);
        return true;
    case LABEL_SMOOTHING:
        s->train.smoothing = (float)cli_number("--label-smoothing", optarg, 0, 0.9);
        return true;
    case EMA:
        s->train.ema = (float)cli_number("--ema", optarg, 0, 0.999999);
        return true;
    default:
        return false;
    }
}

/* The rest. Returns: false for what getopt_long has complained about. */
static bool plain_option(int option, struct settings *s)
{
    const int64_t most = INT64_C(1) << 48;
    switch (option) {
    case 'o':
        s->output = optarg;
        return true;
    case 'n':
        s->net = optarg;
        return true;
    case 'e':
        s->epochs = cli_integer("--epochs", optarg, 1, 1000000);
        return true;
    case 'b':
        s->train.batch = (int)cli_integer("--batch", optarg, 1, 65536);
        return true;
    case 's':
        s->train.seed = (uint64_t)cli_integer("--seed", optarg, 0, INT64_MAX);
        return true;
    case 't':
        s->train.threads = (int)cli_integer("--threads", optarg, 1, 1024);
        return true;
    case 'v':
        s->val = optarg;
        return true;
    case 'i':
        s->init = optarg;
        return true;
    case 'c':
        s->checkpoint = optarg;
        return true;
    case 'R':
        return s->resume = true;
    case SAMPLES:
        s->samples = cli_integer("--samples", optarg, 1, most);
        return true;
    case EPOCH_SIZE:
        s->epoch_size = cli_integer("--epoch-size", optarg, 1, most);
        return true;
    case REPORT_EVERY:
        s->report_every = cli_integer("--report-every", optarg, 1, most);
        return true;
    case 'm':
        if (s->metas == MODEL_MAX_ENTRIES || !strchr(optarg, '=') || *optarg == '=')
            cli_die("--meta: '%s' is not KEY=VALUE, or there are too many", optarg);
        s->meta[s->metas++] = optarg;
        return true;
    default:
        return false;
    }
}

static struct settings parse_options(int argc, char **argv)
{
    struct settings s = {.epochs = 1,
                         .train = {.batch = 128,
                                   .seed = 1,
                                   .threads = omp_get_max_threads(),
                                   .smoothing = 0.03f,
                                   .ema = 0.995f,
                                   .optimiser = {.kind = OPTIMISER_SGD,
                                                 .schedule = SCHEDULE_COSINE,
                                                 .warmup = 0.15f,
                                                 .momentum = 0.9f,
                                                 .beta1 = 0.9f,
                                                 .beta2 = 0.999f}}};
    for (int option;
         (option = getopt_long(argc, argv, "o:n:e:b:s:t:v:i:c:Rm:hV", names, NULL)) != -1;) {
        if (option == 'h')
            cli_help(help);
        if (option == 'V')
            cli_version();
        if (!optimiser_option(option, &s) && !plain_option(option, &s))
            exit(CLI_TROUBLE);
    }
    struct optimiser *o = &s.train.optimiser;
    if (!s.rate_given)
        o->rate = o->kind == OPTIMISER_SGD ? 0.1f : 0.001f;
    if (!s.decay_given)
        o->decay = o->kind == OPTIMISER_SGD ? 0.0005f : 0;
    if (optind < argc)
        cli_usage("'%s': samples come on stdin", argv[optind]);
    if (!s.output)
        cli_usage("no output: give -o MODEL");
    if (s.resume && !s.checkpoint)
        cli_usage("--resume needs --checkpoint FILE");
    return s;
}

static void set(struct model *model, const char *key, const char *value)
{
    struct error error;
    if (model_set(model, key, value, &error))
        cli_die("%s", error.text);
}

/* All that decides the weights besides the data, in one line: what a checkpoint must agree with. */
static void write_card(struct model *model, const struct settings *s)
{
    const struct optimiser *o = &s->train.optimiser;
    char text[1024];
    snprintf(text, sizeof text, "%" PRIu64, s->train.seed);
    set(model, "seed", text);
    snprintf(text, sizeof text,
             "cnn-train --net '%s' --epochs %" PRId64 " --batch %d --seed %" PRIu64
             " --optimizer %s --rate %g --momentum %g --beta1 %g --beta2 %g --weight-decay %g"
             " --schedule %s --warmup %g --label-smoothing %g --ema %g",
             net_text(model->net), s->epochs, s->train.batch, s->train.seed, optimizers[o->kind],
             (double)o->rate, (double)o->momentum, (double)o->beta1, (double)o->beta2,
             (double)o->decay, schedules[o->schedule], (double)o->warmup,
             (double)s->train.smoothing, (double)s->train.ema);
    set(model, "recipe", text);
    for (int i = 0; i < s->metas; i++) {
        char *key = strdup(s->meta[i]);
        if (!key)
            cli_die("memory: --meta");
        char *value = strchr(key, '=');
        *value = '\0';
        set(model, key, value + 1);
        free(key);
    }
}

static void start_model(struct model *model, const struct settings *s)
{
    struct error error;
    int failed;
    if (s->init) {
        failed = model_load(model, s->init, &error);
        if (!failed && s->net && strcmp(s->net, net_text(model->net)) != 0)
            cli_die("--net: differs from the network of --init, '%s'", net_text(model->net));
    } else {
        failed = model_new(model, s->net ? s->net : DEFAULT_NET, &error) ||
                 train_initialise(model, s->train.seed, &error);
    }
    if (failed)
        cli_die("%s", error.text);
    write_card(model, s);
}

static void read_validation(const char *path, struct samples *all)
{
    struct error error;
    FILE *file = fopen(path, "rb");
    if (!file)
        cli_die("%s:", path);
    struct stream_reader *reader = stream_reader_new(fileno(file), &error);
    if (!reader || stream_read_all(reader, all, &error))
        cli_die("--val: %s: %s", path, error.text);
    stream_reader_free(reader);
    fclose(file);
    if (!all->labels || all->n == 0)
        cli_die("--val: %s: has no hard labels", path);
}

/* Loss and accuracy of the model as it would be saved now; and into its card. */
static void validate(struct model *model, const struct samples *val, int threads, double *loss,
                     double *accuracy)
{
    struct error error;
    struct report report = {0};
    struct predictor *predictor = predictor_new(model, threads, &error);
    float *probabilities = malloc(val->n * CLASSES * sizeof *probabilities);
    if (!predictor || !probabilities)
        cli_die("memory: validation");
    predictor_run(predictor, val->images, val->n, probabilities);
    for (size_t i = 0; i < val->n; i++) {
        if (val->labels[i] == LABEL_UNKNOWN)
            cli_die("--val: sample %zu: has no label", i);
        if (report_add(&report, val->labels[i], probabilities + i * CLASSES, &error))
            cli_die("%s", error.text);
    }
    *loss = report_loss(&report);
    *accuracy = report_accuracy(&report);
    char text[64];
    snprintf(text, sizeof text, "%.4f of %zu validation samples", *accuracy, val->n);
    set(model, "accuracy", text);
    report_free(&report);
    free(probabilities);
    predictor_free(predictor);
}

/* One row of metrics on stdout, and the same as a plain line on stderr without a terminal. */
static void report_row(struct trainer *trainer, struct model *model, const struct settings *s,
                       const struct samples *val, double started, struct cli_progress *progress)
{
    const struct train_sums sums = train_take_sums(trainer);
    const uint64_t samples = train_samples(trainer);
    const double epoch = (double)samples / (double)s->epoch_size;
    const double n = (double)(sums.samples ? sums.samples : 1);
    const double loss = sums.loss / n, accuracy = (double)sums.right / n;
    char validation[64] = "-\t-";
    train_result(trainer, model);
    if (val->n) {
        double val_loss, val_accuracy;
        validate(model, val, s->train.threads, &val_loss, &val_accuracy);
        snprintf(validation, sizeof validation, "%.5f\t%.5f", val_loss, val_accuracy);
    }
    printf("%.3f\t%" PRIu64 "\t%.2f\t%.6g\t%.5f\t%.5f\t%s\n", epoch, samples,
           cli_seconds() - started, (double)train_rate(trainer), loss, accuracy, validation);
    if (fflush(stdout))
        cli_die("stdout:");
    cli_progress_clear(progress);
    char *tab = strchr(validation, '\t');
    *tab = '\0';
    if (!progress->terminal)
        fprintf(stderr, "epoch %.2f: loss %.4f, accuracy %.4f%s%s\n", epoch, loss, accuracy,
                val->n ? ", validation accuracy " : "", val->n ? tab + 1 : "");
}

/* Decide how long training is and how often it is reported, from what the stream announces. */
static void settle_length(struct settings *s, const struct feed *feed)
{
    const int64_t announced = feed_total(feed);
    const bool known = announced >= 0;
    s->train.total = known ? announced : 0;
    if (s->samples && (!known || s->samples < announced))
        s->train.total = s->samples;
    if (s->train.total <= 0 && !known && s->train.optimiser.schedule != SCHEDULE_CONSTANT) {
        cli_warn("the stream does not say how long it is: the rate stays constant "
                 "(--samples N would say)");
        s->train.optimiser.schedule = SCHEDULE_CONSTANT;
        s->train.optimiser.warmup = 0;
    }
    const int64_t epoch = known && announced > 0 ? announced / s->epochs : 60000;
    if (!s->report_every)
        s->report_every = s->epoch_size        ? s->epoch_size
                          : s->epochs > 1      ? epoch
                          : s->train.total > 0 ? (s->train.total + 19) / 20
                                               : 10000;
    if (!s->epoch_size)
        s->epoch_size = epoch;
}

/* On resuming, the part of the stream that the checkpoint has already seen goes by unused. */
static void skip(struct feed *feed, uint64_t samples)
{
    struct error error;
    const uint8_t *images;
    const float *targets;
    for (uint64_t done = 0; done < samples;) {
        const int n = feed_next(feed, (int64_t)(samples - done), &images, &targets, &error);
        if (n < 0)
            cli_die("%s", error.text);
        if (n == 0)
            cli_die("stdin: ends before the %" PRIu64 " samples that the checkpoint has seen",
                    samples);
        done += (uint64_t)n;
    }
}

static void run(struct trainer *trainer, struct feed *feed, struct model *model,
                const struct settings *s, const struct samples *val)
{
    struct error error;
    const double started = cli_seconds();
    const int64_t limit = s->samples ? s->samples : INT64_MAX;
    int64_t seen = (int64_t)train_samples(trainer);
    int64_t next_row = (seen / s->report_every + 1) * s->report_every, reported = -1;
    struct cli_progress progress = cli_progress_start(s->train.total);
    printf("epoch\tsamples\tseconds\trate\tloss\taccuracy\tval_loss\tval_accuracy\n");
    while (seen < limit) {
        const uint8_t *images;
        const float *targets;
        const int n = feed_next(feed, limit - seen, &images, &targets, &error);
        if (n < 0)
            cli_die("%s", error.text);
        if (n == 0)
            break;
        train_step(trainer, images, targets, n);
        seen = (int64_t)train_samples(trainer);
        cli_progress_show(&progress, seen, NULL);
        if (seen < next_row)
            continue;
        next_row = (seen / s->report_every + 1) * s->report_every;
        reported = seen;
        report_row(trainer, model, s, val, started, &progress);
        if (s->checkpoint && train_save(trainer, model, s->checkpoint, &error))
            cli_die("%s", error.text);
    }
    if (seen == 0)
        cli_die("stdin: no samples to train on");
    if (reported != seen)
        report_row(trainer, model, s, val, started, &progress);
}

int main(int argc, char **argv)
{
    cli_start(argv);
    struct settings s = parse_options(argc, argv);
    struct error error;
    struct model model;
    struct samples val = {0};
    start_model(&model, &s);
    if (safetensors_writable(s.output, &error) ||
        (s.checkpoint && safetensors_writable(s.checkpoint, &error)))
        cli_die("%s", error.text);
    if (s.val)
        read_validation(s.val, &val);
    struct stream_reader *reader = stream_reader_new(STDIN_FILENO, &error);
    struct feed *feed =
        reader ? feed_new(reader, s.epochs, s.train.batch, s.train.seed, &error) : NULL;
    if (!feed)
        cli_die("%s", error.text);
    settle_length(&s, feed);
    struct trainer *trainer = train_new(&model, &s.train, &error);
    if (!trainer)
        cli_die("%s", error.text);
    if (s.resume && access(s.checkpoint, F_OK) == 0) {
        if (train_restore(trainer, &model, s.checkpoint, &error))
            cli_die("%s", error.text);
        skip(feed, train_samples(trainer));
    }
    run(trainer, feed, &model, &s, &val);
    train_result(trainer, &model);
    if (model_save(&model, s.output, NULL, 0, &error))
        cli_die("%s", error.text);
    train_free(trainer);
    feed_free(feed);
    stream_reader_free(reader);
    stream_samples_free(&val);
    model_free(&model);
    cli_finish();
    return 0;
}
