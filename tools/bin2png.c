/* bin2png: samples to one picture of them all, a contact sheet. */
#include "caption.h"
#include "cli.h"
#include "foreign.h"
#include "loss.h"
#include "minmax.h"
#include "png_file.h"
#include "stream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "Usage: bin2png [OPTIONS] < SAMPLES > SHEET.png\n"
    "Draw the samples of a stream on one sheet, with their labels below.\n"
    "\n"
    "  -c, --columns N      images in a row (as many as make the sheet square)\n"
    "  -n, --limit N        only the first N samples, then stop reading\n"
    "  -w, --wrong REPORT   only the samples that this report of cnn-eval calls wrong,\n"
    "                       with captions such as 2>7, a 2 taken for a 7\n"
    "  -d, --doubtful FILE  put ? behind the caption of the samples that FILE names, one a line,\n"
    "                       from 0; lines that begin with # are comments\n"
    "  -z, --zoom Z         draw each pixel Z by Z, 1 to 16 (1)\n"
    "  -h, --help           print this and exit\n"
    "  -V, --version        print the version and exit\n"
    "\n"
    "Example: what augmentation does to the first hundred digits\n"
    "  idx2bin -r :100 data/mnist/train-images-idx3-ubyte | augment | bin2png > sheet.png\n";

enum {
    GUTTER = 2, /* pixels between images, and around the sheet */
    CELL_WIDTH = IMAGE_SIDE + GUTTER,
    PLAIN_HEIGHT = IMAGE_SIDE + GUTTER,
    CAPTIONED_HEIGHT = IMAGE_SIDE + CAPTION_HEIGHT + GUTTER,
    GUTTER_LEVEL = 224, /* light grey: the white images show where they end */
    CAPTION_LEVEL = 0
};

struct options {
    uint32_t columns; /* 0: as many as make the sheet square */
    uint32_t zoom;
    int64_t limit; /* samples to show, or -1: all */
    const char *wrong, *doubtful;
};

struct cell {
    uint8_t image[IMAGE_PIXELS];
    char caption[5]; /* "2>7?" */
};

struct cells {
    struct cell *cell;
    size_t n, room;
    bool captions; /* whether any has one */
};

/* A row of the report: sample `index` is a `truth` taken for a `predicted`. */
struct mistake {
    uint64_t index;
    int truth, predicted;
};

struct mistakes {
    struct mistake *mistake;
    size_t n, room;
};

struct numbers {
    uint64_t *number; /* ascending */
    size_t n, room;
};

/* The array, with room for one more element behind the first `n`. */
static void *with_room(void *array, size_t n, size_t *room, size_t element)
{
    if (n < *room)
        return array;
    *room = *room ? 2 * *room : 256;
    void *moved = reallocarray(array, *room, element);
    if (!moved)
        cli_die("memory: no %zu elements of %zu bytes", *room, element);
    return moved;
}

static int by_index(const void *a, const void *b)
{
    const struct mistake *left = a, *right = b;
    return (left->index > right->index) - (left->index < right->index);
}

static struct mistakes read_report(const char *name)
{
    FILE *file = fopen(name, "r");
    if (!file)
        cli_die("%s:", name);
    struct mistakes mistakes = {0};
    char *line = NULL;
    size_t room = 0, number = 0;
    bool is_report = false;
    while (errno = 0, getline(&line, &room, file) >= 0) {
        struct mistake row;
        number++;
        is_report |= !strncmp(line, "samples\t", 8);
        if (strncmp(line, "wrong\t", 6))
            continue;
        if (sscanf(line, "wrong\t%" SCNu64 "\t%d\t%d\t", &row.index, &row.truth, &row.predicted) !=
                3 ||
            row.truth < 0 || row.truth >= CLASSES || row.predicted < 0 || row.predicted >= CLASSES)
            cli_die("%s: line %zu: not wrong<TAB>index<TAB>true<TAB>predicted", name, number);
        mistakes.mistake = with_room(mistakes.mistake, mistakes.n, &mistakes.room, sizeof row);
        mistakes.mistake[mistakes.n++] = row;
    }
    if (ferror(file))
        cli_die("%s:", name);
    if (!is_report)
        cli_die("%s: not a report of cnn-eval: no line begins with 'samples'", name);
    free(line);
    fclose(file);
    if (mistakes.n)
        qsort(mistakes.mistake, mistakes.n, sizeof *mistakes.mistake, by_index);
    return mistakes;
}

static int by_number(const void *a, const void *b)
{
    const uint64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

static struct numbers read_numbers(const char *name)
{
    FILE *file = fopen(name, "r");
    if (!file)
        cli_die("%s:", name);
    struct numbers numbers = {0};
    char line[256];
    for (size_t i = 1; fgets(line, sizeof line, file); i++) {
        uint64_t number;
        if (line[0] == '#')
            continue;
        if (line[0] == '-' || sscanf(line, "%" SCNu64, &number) != 1)
            cli_die("%s: line %zu: not the number of a sample", name, i);
        numbers.number = with_room(numbers.number, numbers.n, &numbers.room, sizeof number);
        numbers.number[numbers.n++] = number;
    }
    if (ferror(file))
        cli_die("%s:", name);
    fclose(file);
    if (numbers.n)
        qsort(numbers.number, numbers.n, sizeof *numbers.number, by_number);
    return numbers;
}

/* The class of sample `i`, the likeliest where labels are soft; LABEL_UNKNOWN, also of no digit. */
static int label_of(const struct samples *samples, size_t i)
{
    if (!samples->soft)
        return samples->labels[i];
    const float *soft = samples->soft + i * CLASSES;
    return foreign_label(soft) ? LABEL_UNKNOWN : loss_argmax(soft);
}

static char digit(int value)
{
    return (char)('0' + value);
}

static void append(struct cells *cells, const uint8_t *image, int label, const struct mistake *row,
                   bool doubtful)
{
    cells->cell = with_room(cells->cell, cells->n, &cells->room, sizeof *cells->cell);
    struct cell *cell = &cells->cell[cells->n++];
    memcpy(cell->image, image, IMAGE_PIXELS);
    if (row)
        memcpy(cell->caption, (char[]){digit(row->truth), '>', digit(row->predicted), '\0'}, 4);
    else
        memcpy(cell->caption, (char[]){label < CLASSES ? digit(label) : '\0', '\0'}, 2);
    if (doubtful)
        strcat(cell->caption, "?");
    cells->captions |= cell->caption[0] != '\0';
}

/* How many columns fit on a sheet of at most PICTURE_MAX_SIDE by PICTURE_MAX_SIDE. */
static uint32_t most_columns(const struct options *options)
{
    return (PICTURE_MAX_SIDE / options->zoom - GUTTER) / CELL_WIDTH;
}

/* How many samples fit, were they captioned. */
static size_t capacity(const struct options *options)
{
    const uint32_t rows = (PICTURE_MAX_SIDE / options->zoom - GUTTER) / CAPTIONED_HEIGHT;
    return (size_t)rows * (options->columns ? options->columns : most_columns(options));
}

static _Noreturn void die_of_too_many(size_t most)
{
    cli_die("stdin: more samples than the %zu that fit on a sheet: --limit shows the first of them",
            most);
}

/* Everything to show: samples up to the limit, or those of the report. */
static struct cells read_cells(const struct options *options, const struct mistakes *mistakes,
                               const struct numbers *doubtful)
{
    struct error error;
    struct stream_reader *reader = stream_reader_new(STDIN_FILENO, &error);
    if (!reader)
        cli_die("%s", error.text);
    const size_t most = capacity(options);
    const int64_t announced = options->wrong ? (int64_t)mistakes->n : stream_reader_count(reader);
    if (options->limit < 0 && announced > (int64_t)most)
        die_of_too_many(most);

    struct cells cells = {0};
    struct samples samples;
    const struct mistake *row = mistakes->mistake, *rows_end = row + mistakes->n;
    uint64_t index = 0;
    int more = 1;
    while (cells.n != (uint64_t)options->limit &&
           (more = stream_read(reader, &samples, &error)) > 0) {
        for (size_t i = 0; i < samples.n && cells.n != (uint64_t)options->limit; i++, index++) {
            const int label = label_of(&samples, i);
            if (options->wrong && (row == rows_end || row->index != index))
                continue;
            if (options->wrong && samples.soft && label == LABEL_UNKNOWN)
                cli_die("%s: sample %" PRIu64 " is a %d there and no digit in the stream",
                        options->wrong, index, row->truth);
            if (options->wrong && label != LABEL_UNKNOWN && label != row->truth)
                cli_die("%s: sample %" PRIu64 " is a %d there and a %d in the stream",
                        options->wrong, index, row->truth, label);
            if (cells.n == most)
                die_of_too_many(most);
            append(&cells, samples.images + i * IMAGE_PIXELS, label, options->wrong ? row : NULL,
                   doubtful->n && bsearch(&index, doubtful->number, doubtful->n,
                                          sizeof *doubtful->number, by_number));
            if (options->wrong)
                row++;
        }
    }
    if (more < 0)
        cli_die("%s", error.text);
    if (more == 0 && row != rows_end)
        cli_die("%s: sample %" PRIu64 " is not in the stream of %" PRIu64, options->wrong,
                row->index, index);
    stream_reader_free(reader);
    return cells;
}

/* Copy an image onto the sheet, ink dark on white paper. */
static void draw_image(struct picture *sheet, uint32_t left, uint32_t top, const uint8_t *image)
{
    for (uint32_t y = 0; y < IMAGE_SIDE; y++)
        for (uint32_t x = 0; x < IMAGE_SIDE; x++)
            sheet->pixels[(size_t)(top + y) * sheet->width + left + x] = (uint8_t)(255 - *image++);
}

static struct picture new_picture(uint32_t width, uint32_t height)
{
    const size_t pixels = (size_t)width * height;
    struct picture picture = {width, height, malloc(pixels)};
    if (!picture.pixels)
        cli_die("memory: no sheet of %" PRIu32 "x%" PRIu32 " pixels", width, height);
    memset(picture.pixels, GUTTER_LEVEL, pixels);
    return picture;
}

static struct picture draw_sheet(const struct cells *cells, const struct options *options)
{
    const uint32_t n = (uint32_t)cells->n;
    const uint32_t cell_height = cells->captions ? CAPTIONED_HEIGHT : PLAIN_HEIGHT;
    uint32_t columns = options->columns;
    if (!columns) { /* the fewest that make the sheet at least as wide as high */
        columns = 1;
        while (columns < most_columns(options) && columns * columns * CELL_WIDTH < n * cell_height)
            columns++;
    }
    const uint32_t rows = max_u32(1, (n + columns - 1) / columns);
    struct picture sheet = new_picture(columns * CELL_WIDTH + GUTTER, rows * cell_height + GUTTER);
    for (uint32_t i = 0; i < n; i++) {
        const struct cell *cell = &cells->cell[i];
        const uint32_t left = GUTTER + i % columns * CELL_WIDTH;
        const uint32_t top = GUTTER + i / columns * cell_height;
        draw_image(&sheet, left, top, cell->image);
        const uint32_t margin = (IMAGE_SIDE - caption_width(cell->caption)) / 2;
        caption_draw(&sheet, left + margin, top + IMAGE_SIDE + 1, cell->caption, CAPTION_LEVEL);
    }
    return sheet;
}

/* The sheet with each pixel drawn zoom by zoom; takes the old one. */
static struct picture zoomed(struct picture small, uint32_t zoom)
{
    if (zoom == 1)
        return small;
    struct picture large = new_picture(small.width * zoom, small.height * zoom);
    for (uint32_t y = 0; y < large.height; y++)
        for (uint32_t x = 0; x < large.width; x++)
            large.pixels[(size_t)y * large.width + x] =
                small.pixels[(size_t)(y / zoom) * small.width + x / zoom];
    picture_free(&small);
    return large;
}

static struct options parse_options(int argc, char **argv)
{
    struct options options = {.limit = -1};
    int columns = 0, zoom = 1;
    const struct cli_option table[] = {
        {.name = "columns", .letter = 'c', .count = &columns, .low = 1, .high = PICTURE_MAX_SIDE},
        {.name = "limit", .letter = 'n', .integer = &options.limit, .high = 1e15},
        {.name = "wrong", .letter = 'w', .text = &options.wrong},
        {.name = "doubtful", .letter = 'd', .text = &options.doubtful},
        {.name = "zoom", .letter = 'z', .count = &zoom, .low = 1, .high = 16},
        {0},
    };
    const int operand = cli_options(argc, argv, help, table);
    options.columns = (uint32_t)columns;
    options.zoom = (uint32_t)zoom;
    if (options.columns > most_columns(&options))
        cli_die("--columns: %" PRIu32 " at --zoom %" PRIu32
                " are wider than %d pixels: at most %" PRIu32,
                options.columns, options.zoom, PICTURE_MAX_SIDE, most_columns(&options));
    if (operand < argc)
        cli_usage("%s: samples come from standard input, not from a file", argv[operand]);
    return options;
}

int main(int argc, char **argv)
{
    cli_start(argv);
    const struct options options = parse_options(argc, argv);
    cli_refuse_terminal();

    struct mistakes mistakes = {0};
    if (options.wrong)
        mistakes = read_report(options.wrong);
    struct numbers doubtful = {0};
    if (options.doubtful)
        doubtful = read_numbers(options.doubtful);
    struct cells cells = read_cells(&options, &mistakes, &doubtful);
    struct picture sheet = zoomed(draw_sheet(&cells, &options), options.zoom);

    struct error error;
    if (png_file_write(stdout, &sheet, &error))
        cli_die("stdout: %s", error.text);
    picture_free(&sheet);
    free(cells.cell);
    free(mistakes.mistake);
    free(doubtful.number);
    cli_finish();
    return 0;
}
