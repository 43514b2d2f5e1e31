/*
 * Our engine as the peers are measured: samples in memory, threads that run, no process to start.
 *
 *     engine train NET BATCH OPTIMISER THREADS     for each line on stdin, samples/s
 *     engine forward MODEL BATCH THREADS           the same, forward only
 *     engine model NET FILE                        write a model with fresh weights
 *     engine macs NET                              print its multiply-adds forward, a sample
 *
 * SECONDS (2) is how long a measurement takes. The samples are those of data/mnist/.
 */
#include "cli.h"
#include "predict.h"
#include "sample.h"
#include "train.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SAMPLES = 8192 }; /* as many as the peers turn over */

static struct {
    uint8_t images[SAMPLES * IMAGE_PIXELS];
    float targets[SAMPLES * CLASSES];
} data;

static _Noreturn void die(const char *message)
{
    fprintf(stderr, "engine: %s\n", message);
    exit(2);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void read_data(void)
{
    static uint8_t labels[SAMPLES];
    FILE *images = fopen("data/mnist/train-images-idx3-ubyte", "rb");
    FILE *classes = fopen("data/mnist/train-labels-idx1-ubyte", "rb");
    if (!images || !classes || fseek(images, 16, SEEK_SET) || fseek(classes, 8, SEEK_SET) ||
        fread(data.images, IMAGE_PIXELS, SAMPLES, images) != SAMPLES ||
        fread(labels, 1, SAMPLES, classes) != SAMPLES)
        die("data/mnist/: cannot read it");
    fclose(images);
    fclose(classes);
    for (size_t i = 0; i < SAMPLES; i++)
        data.targets[i * CLASSES + labels[i]] = 1;
}

/* Run batches until the time is up, and say how fast they went. */
static double rate(void (*run)(void *what, size_t first, int n), void *what, int batch)
{
    const char *set = getenv("SECONDS");
    const double begin = seconds(), end = begin + (set ? atof(set) : 2);
    double done = 0, now = begin;
    for (size_t first = 0; now < end; now = seconds()) {
        run(what, first, batch);
        done += batch;
        first += (size_t)batch;
        if (first + (size_t)batch > SAMPLES)
            first = 0;
    }
    return done / (now - begin);
}

static void answer(void (*run)(void *what, size_t first, int n), void *what, int batch)
{
    char line[16];
    for (int warm = 0; warm < 5; warm++)
        run(what, 0, batch);
    while (fgets(line, sizeof line, stdin)) {
        printf("%.1f\n", rate(run, what, batch));
        fflush(stdout);
    }
}

static void step(void *trainer, size_t first, int n)
{
    train_step(trainer, data.images + first * IMAGE_PIXELS, data.targets + first * CLASSES, n);
}

static void predict(void *predictor, size_t first, int n)
{
    float probabilities[SAMPLES * CLASSES];
    predictor_run(predictor, data.images + first * IMAGE_PIXELS, (size_t)n, probabilities);
}

static void start_model(struct model *model, const char *net)
{
    struct error error;
    if (model_new(model, net, &error) || train_initialise(model, 1, &error))
        die(error.text);
}

static void train(const char *net, int batch, const char *optimiser, int threads)
{
    struct error error;
    struct model model;
    start_model(&model, net);
    struct train_options options = {.batch = batch, .threads = threads, .seed = 1};
    options.optimiser = (struct optimiser){.kind = OPTIMISER_SGD, .rate = 0.01f, .momentum = 0.9f};
    if (strcmp(optimiser, "adam") == 0)
        options.optimiser = (struct optimiser){
            .kind = OPTIMISER_ADAM, .rate = 0.001f, .beta1 = 0.9f, .beta2 = 0.999f};
    struct trainer *trainer = train_new(&model, &options, &error);
    if (!trainer)
        die(error.text);
    answer(step, trainer, batch);
    train_free(trainer);
    model_free(&model);
}

static void forward(const char *path, int batch, int threads)
{
    struct error error;
    struct predictor *predictor = predictor_open(&path, 1, threads, &error);
    if (!predictor)
        die(error.text);
    answer(predict, predictor, batch);
    predictor_free(predictor);
}

int main(int argc, char **argv)
{
    cli_spin_less(argv); /* as the programs do */
    const char *what = argc > 2 ? argv[1] : "";
    struct error error;
    struct model model;
    if (strcmp(what, "train") == 0 && argc == 6) {
        read_data();
        train(argv[2], atoi(argv[3]), argv[4], atoi(argv[5]));
    } else if (strcmp(what, "forward") == 0 && argc == 5) {
        read_data();
        forward(argv[2], atoi(argv[3]), atoi(argv[4]));
    } else if (strcmp(what, "model") == 0 && argc == 4) {
        start_model(&model, argv[2]);
        if (model_save(&model, argv[3], NULL, 0, &error))
            die(error.text);
        model_free(&model);
    } else if (strcmp(what, "macs") == 0) {
        start_model(&model, argv[2]);
        printf("%" PRIu64 "\n", net_macs(model.net));
        model_free(&model);
    } else {
        die("what?");
    }
    return 0;
}
