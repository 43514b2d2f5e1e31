/* cnn-predict: pictures or samples in, what they say out. */
#include "cli.h"
#include "output_file.h"
#include "overlay.h"
#include "png_file.h"
#include "predict.h"
#include "reading.h"
#include "stream.h"

#include <ctype.h>
#include <fcntl.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_THREADS = 1024 };

static const char *const view_words[] = {"1", "5", NULL}; /* 1, PREDICT_VIEWS */

static const char help[] =
    "Usage: cnn-predict [-m MODEL]... [OPTION]... [FILE]...\n"
    "Read the handwritten digits in pictures (PNG) or sample streams, from files or stdin.\n"
    "Prints a line a picture: name, digits ('?' is illegible), confidence, with tabs between.\n"
    "\n"
    "  -m, --model=FILE  model; several are averaged (default: $HWDR_MODEL, else the shipped one)\n"
    "  -1, --one         take each picture as a single digit\n"
    "  -l, --lines       print a line for each line of writing, with a space between numbers\n"
    "  -o, --overlay=OUT.png\n"
    "                    draw what was read, and where, over the picture, of which there is one\n"
    "  -j, --json        print a JSON object a picture instead\n"
    "      --input       with --json: add the 28x28 input that the network saw\n"
    "      --scores      write the probabilities of each digit instead: '<f4' (n,10) .npy records\n"
    "      --relabel     samples in, the same samples with the probabilities as soft labels out\n"
    "      --certain     with --relabel: labels in doubt stay, as those of what is no digit\n"
    "      --views=N     1, or 5: look at each image also turned and scaled a little, and take "
    "the\n"
    "                    mean, at five times the cost (default: 1)\n"
    "  -t, --threads=N   threads for sample streams (default: one a processor)\n"
    "  -h, --help        show this text\n"
    "  -V, --version     show the version\n"
    "\n"
    "Exit status: 1 when a picture has no digit, 2 after trouble.\n"
    "\n"
    "Example: read the first five test digits\n"
    "  idx2bin -r :5 data/mnist/t10k-images-idx3-ubyte | cnn-predict\n";

enum output { PICTURES, LINES, JSON, PROBABILITIES, RELABELLED };

struct run {
    struct cli_texts models;
    int threads, views;
    enum output output;
    bool with_input, one, certain;
    const char *overlay;         /* the file to draw in, or NULL */
    struct predictor *predictor; /* opened by the first input */
    struct reading reading;
    bool silent; /* a picture had no digit */
    bool failed; /* an input was bad */
};

/* Returns: index of the first input in argv. */
static int parse_options(struct run *run, int argc, char **argv)
{
    bool lines = false, json = false, scores = false, relabel = false;
    int views = 0;
    const struct cli_option table[] = {
        {.name = "model", .letter = 'm', .texts = &run->models},
        {.name = "one", .letter = '1', .flag = &run->one},
        {.name = "lines", .letter = 'l', .flag = &lines},
        {.name = "overlay", .letter = 'o', .text = &run->overlay},
        {.name = "json", .letter = 'j', .flag = &json},
        {.name = "input", .flag = &run->with_input},
        {.name = "scores", .flag = &scores},
        {.name = "relabel", .flag = &relabel},
        {.name = "certain", .flag = &run->certain},
        {.name = "views", .choice = &views, .words = view_words},
        {.name = "threads", .letter = 't', .count = &run->threads, .low = 1, .high = MAX_THREADS},
        {0}};
    const int first = cli_options(argc, argv, help, table);
    if (lines + json + scores + relabel > 1)
        cli_usage("--lines, --json, --scores and --relabel exclude each other");
    if (run->overlay && argc - first > 1)
        cli_usage("--overlay: takes one picture");
    if (run->with_input && !json)
        cli_usage("--input: needs --json");
    if (run->certain && !relabel)
        cli_usage("--certain: needs --relabel");
    if (relabel && argc - first > 1)
        cli_usage("--relabel: takes one stream");
    run->views = views ? PREDICT_VIEWS : 1;
    run->output = json      ? JSON
                  : scores  ? PROBABILITIES
                  : relabel ? RELABELLED
                  : lines   ? LINES
                            : PICTURES;
    return first;
}

/* Print text with what would break a line, or a JSON string, replaced by '?'. */
static void print_safely(const char *text, bool json)
{
    for (; *text; text++) {
        if (json && (*text == '"' || *text == '\\'))
            putchar('\\');
        putchar(iscntrl((unsigned char)*text) ? '?' : *text);
    }
}

/* Report a bad input. Lines go on with the next one; a binary stream ends here, unfinished. */
static void complain(struct run *run, const char *name, const char *why)
{
    struct error full;
    const bool named = strncmp(why, "std", 3) == 0; /* stream.c names stdin and stdout itself */
    if (strcmp(name, "-") == 0)
        name = "stdin";
    error_set(&full, "%s%s%.400s", named ? "" : name, named ? "" : ": ", why);
    const char *message = full.text;
    if (run->output == PROBABILITIES || run->output == RELABELLED)
        cli_die("%s", message);
    cli_warn("%s", message);
    run->failed = true;
    if (run->output == JSON) { /* keeps line n of the output with input n */
        fputs("{\"error\": \"", stdout);
        print_safely(message, true);
        fputs("\"}\n", stdout);
    }
}

/* Pictures come by the one, and need no threads; samples come by the thousand. */
static void open_predictor(struct run *run, int threads)
{
    struct error error;
    if (!run->predictor)
        run->predictor = predictor_open(run->models.text, run->models.n, threads, &error);
    if (!run->predictor)
        cli_die("%s", error.text);
    predictor_views(run->predictor, run->views);
}

/* Print run->reading by its lines of writing; a blank picture as one that is empty. */
static void print_lines(const struct run *run, const char *name)
{
    int next = 0;
    do {
        struct reading_line line = {.text = ""};
        next = reading_line(&run->reading, next, &line);
        print_safely(name, false);
        printf("\t%s\t%.3f\n", line.text, line.text[0] ? (double)line.confidence : 0);
    } while (next < run->reading.digits);
}

/* Print run->reading. */
static void print_reading(struct run *run, const char *name)
{
    if (!reading_any(&run->reading))
        run->silent = true;
    if (run->output == LINES) {
        print_lines(run, name);
        return;
    }
    if (run->output == JSON) {
        reading_json(&run->reading, run->with_input, stdout);
    } else {
        print_safely(name, false);
        printf("\t%s\t%.3f", run->reading.text, (double)run->reading.confidence);
    }
    putchar('\n');
}

/* Write the picture with run->reading drawn over it. */
static int write_overlay(const struct run *run, struct picture *picture, struct error *error)
{
    struct output_file file;
    overlay_draw(picture, &run->reading);
    if (output_file_open(&file, run->overlay, error) != 0)
        return -1;
    struct error why;
    if (png_file_write(file.stream, picture, &why) == 0)
        return output_file_commit(&file, error);
    output_file_abandon(&file);
    return error_set(error, "%s: %.400s", run->overlay, why.text);
}

/* Read a picture, which becomes ink, and draw what it says over a copy where that is asked for. */
static int interpret(struct run *run, struct picture *picture, struct error *error)
{
    const size_t pixels = (size_t)picture->width * picture->height;
    struct picture copy = {picture->width, picture->height, run->overlay ? malloc(pixels) : NULL};
    if (run->overlay && !copy.pixels)
        cli_die("memory: a copy of the picture:");
    if (run->overlay)
        memcpy(copy.pixels, picture->pixels, pixels);
    if (reading_picture(&run->reading, picture, run->one, run->predictor, error) != 0) {
        picture_free(&copy);
        return -1;
    }
    struct error why;
    if (run->overlay && write_overlay(run, &copy, &why) != 0)
        cli_die("%s", why.text); /* no fault of the picture's */
    picture_free(&copy);
    return 0;
}

/* Read one PNG, whose first byte has been taken off `fd`; closes `fd`. */
static int read_picture(struct run *run, const char *name, int fd, uint8_t first,
                        struct error *error)
{
    if (run->output == RELABELLED)
        return error_set(error, "a picture: --relabel needs samples");
    open_predictor(run, 1);
    FILE *file = fdopen(fd, "rb");
    if (!file)
        return error_set(error, "cannot read:");
    ungetc(first, file);
    struct picture picture = {0};
    int result = png_file_read(file, &picture, error);
    fclose(file);
    if (result == 0)
        result = interpret(run, &picture, error);
    picture_free(&picture);
    if (result != 0)
        return result;
    if (run->output != PROBABILITIES)
        print_reading(run, name);
    else if (run->reading.digits == 0)
        run->silent = true;
    else
        result = stream_write_scores(STDOUT_FILENO, run->reading.probabilities[0],
                                     (size_t)run->reading.digits, error);
    return result;
}

/* Whether a sample's label leaves no doubt, or is unknown. */
static bool is_certain(const struct samples *samples, size_t i)
{
    for (int c = 0; samples->soft && c < CLASSES; c++)
        if (samples->soft[i * CLASSES + (size_t)c] >= 1)
            return true;
    return !samples->soft;
}

/* The probabilities of those samples whose label is certain, beside the labels of the others. */
static void predict_certain(const struct run *run, const struct samples *samples,
                            float *probabilities)
{
    static uint8_t images[STREAM_MAX_BATCH * IMAGE_PIXELS];
    static float given[STREAM_MAX_BATCH * CLASSES];
    size_t n = 0;
    for (size_t i = 0; i < samples->n; i++)
        if (is_certain(samples, i))
            memcpy(images + n++ * IMAGE_PIXELS, samples->images + i * IMAGE_PIXELS, IMAGE_PIXELS);
    predictor_run(run->predictor, images, n, given);
    const float *next = given;
    for (size_t i = 0; i < samples->n; i++) {
        const bool certain = is_certain(samples, i);
        memcpy(probabilities + i * CLASSES, certain ? next : samples->soft + i * CLASSES,
               CLASSES * sizeof *probabilities);
        next += certain ? CLASSES : 0;
    }
}

/* Put out what became of one record of samples. */
static int put_samples(struct run *run, struct samples *samples, float *probabilities,
                       uint64_t index, struct stream_writer *writer, struct error *error)
{
    if (run->output == PROBABILITIES)
        return stream_write_scores(STDOUT_FILENO, probabilities, samples->n, error);
    if (run->output == RELABELLED) {
        samples->labels = NULL;
        samples->soft = probabilities;
        return stream_write(writer, samples, error);
    }
    for (size_t i = 0; i < samples->n; i++) {
        char name[24];
        snprintf(name, sizeof name, "%llu", (unsigned long long)(index + i));
        reading_image(&run->reading, samples->images + i * IMAGE_PIXELS,
                      probabilities + i * CLASSES);
        print_reading(run, name);
    }
    if (fflush(stdout) != 0) /* lines appear as soon as their record has come */
        cli_die("stdout:");
    return 0;
}

static int read_samples(struct run *run, struct stream_reader *reader, struct error *error)
{
    float probabilities[STREAM_MAX_BATCH * CLASSES];
    struct stream_writer *writer = NULL;
    if (run->output == RELABELLED) {
        writer = stream_writer_new(STDOUT_FILENO, stream_reader_count(reader), error);
        if (!writer)
            return -1;
    }
    struct samples samples;
    uint64_t done = 0;
    int status;
    while ((status = stream_read(reader, &samples, error)) == 1) {
        if (run->certain)
            predict_certain(run, &samples, probabilities);
        else
            predictor_run(run->predictor, samples.images, samples.n, probabilities);
        status = put_samples(run, &samples, probabilities, done, writer, error);
        if (status != 0)
            break;
        done += samples.n;
    }
    if (status == 0 && writer)
        status = stream_finish(writer, error);
    stream_writer_free(writer);
    return status;
}

/* Read a file, or stdin for "-", of either kind, which its first byte tells. */
static int read_input(struct run *run, const char *name, struct error *error)
{
    const bool standard = strcmp(name, "-") == 0;
    const int fd = standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set(error, "cannot open:");
    if (isatty(fd))
        return error_set(error, "is a terminal: expected a PNG or a sample stream");
    uint8_t first;
    const ssize_t got = read(fd, &first, 1);
    if (got == 1 && first == 0x89) /* PNG's first byte, and no text's */
        return read_picture(run, name, fd, first, error);
    int result = -1;
    if (got < 0) {
        error_set(error, "cannot read:");
    } else if (got == 0) {
        error_set(error, "empty: expected a PNG or a sample stream");
    } else if (run->overlay) {
        error_set(error, "not a PNG: --overlay needs a picture");
    } else if (first != 0x93) { /* .npy's */
        error_set(error, "neither a PNG nor a sample stream");
    } else {
        open_predictor(run, run->threads);
        struct stream_reader *reader = stream_reader_new_peeked(fd, &first, 1, error);
        result = reader ? read_samples(run, reader, error) : -1;
        stream_reader_free(reader);
    }
    if (!standard)
        close(fd);
    return result;
}

int main(int argc, char **argv)
{
    cli_start(argv);
    struct run run = {.threads = omp_get_max_threads()};
    const int first = parse_options(&run, argc, argv);
    if (run.output == PROBABILITIES || run.output == RELABELLED)
        cli_refuse_terminal();
    char *standard = run.models.n ? NULL : cli_default_model();
    if (standard)
        run.models.text[run.models.n++] = standard;

    const int files = argc - first;
    for (int i = 0; i < (files ? files : 1); i++) {
        const char *name = files ? argv[first + i] : "-";
        struct error error;
        if (read_input(&run, name, &error) != 0)
            complain(&run, name, error.text);
    }
    struct error error;
    if (run.output == PROBABILITIES && stream_write_scores(STDOUT_FILENO, NULL, 0, &error) != 0)
        cli_die("%s", error.text);
    predictor_free(run.predictor);
    free(standard);
    cli_finish();
    return run.failed ? CLI_TROUBLE : run.silent ? CLI_NO : 0;
}
