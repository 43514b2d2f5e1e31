/* png2bin: pictures of single digits to the sample stream, as cnn-predict would see them. */
#include "cli.h"
#include "picture.h"
#include "png_file.h"
#include "segment.h"
#include "stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "Usage: png2bin [OPTIONS] [FILE...]\n"
    "Write PNG pictures of one digit each as a sample stream, normalised as in cnn-predict.\n"
    "Without FILE, or where it is -, the picture comes from standard input.\n"
    "\n"
    "  -l, --labels FILE   the digits the pictures show, in lines of path<TAB>digit;\n"
    "                      without FILE arguments the paths tell which pictures to read\n"
    "  -h, --help          print this and exit\n"
    "  -V, --version       print the version and exit\n"
    "\n"
    "Example: see exactly what the network sees of a drawing\n"
    "  png2bin drawing.png | bin2png > seen.png\n";

/* One line of --labels. */
struct entry {
    char *path;
    uint8_t label;
};

struct list {
    struct entry *entry;
    size_t n, room;
};

static void append(struct list *list, char *path, uint8_t label)
{
    if (list->n == list->room) {
        list->room = list->room ? 2 * list->room : 64;
        list->entry = reallocarray(list->entry, list->room, sizeof *list->entry);
    }
    if (!path || !list->entry)
        cli_die("memory: cannot keep the list of pictures");
    list->entry[list->n++] = (struct entry){path, label};
}

static int by_path(const void *a, const void *b)
{
    const struct entry *left = a, *right = b;
    return strcmp(left->path, right->path);
}

/* Read lines of path<TAB>digit, in the file's order. */
static struct list read_labels(const char *name)
{
    FILE *file = strcmp(name, "-") ? fopen(name, "r") : stdin;
    if (!file)
        cli_die("%s:", name);
    struct list list = {0};
    char *line = NULL;
    size_t room = 0;
    errno = 0;
    for (ssize_t length; (length = getline(&line, &room, file)) >= 0;) {
        if (length > 0 && line[length - 1] == '\n')
            line[--length] = '\0';
        char *tab = strrchr(line, '\t');
        if (!tab || tab == line || strlen(line) != (size_t)length || tab[1] < '0' || tab[1] > '9' ||
            tab[2])
            cli_die("%s: line %zu: not path<TAB>digit with a digit from 0 to 9", name, list.n + 1);
        *tab = '\0';
        append(&list, strdup(line), (uint8_t)(tab[1] - '0'));
    }
    if (ferror(file))
        cli_die("%s:", name);
    free(line);
    if (file != stdin)
        fclose(file);
    return list;
}

/* The pictures of the command line, each with the digit that `labels` has for its path. */
static struct list list_files(char **path, int n, const struct list *labels)
{
    struct list sorted = {0}, list = {0};
    for (size_t i = 0; i < labels->n; i++)
        append(&sorted, labels->entry[i].path, labels->entry[i].label);
    if (sorted.n)
        qsort(sorted.entry, sorted.n, sizeof *sorted.entry, by_path);
    for (size_t i = 1; i < sorted.n; i++)
        if (!by_path(&sorted.entry[i - 1], &sorted.entry[i]) &&
            sorted.entry[i - 1].label != sorted.entry[i].label)
            cli_die("%s: has two labels, %d and %d", sorted.entry[i].path,
                    sorted.entry[i - 1].label, sorted.entry[i].label);
    for (int i = 0; i < n; i++) {
        const struct entry wanted = {path[i], LABEL_UNKNOWN};
        const struct entry *found =
            sorted.n ? bsearch(&wanted, sorted.entry, sorted.n, sizeof wanted, by_path) : NULL;
        append(&list, strdup(path[i]), found ? found->label : LABEL_UNKNOWN);
    }
    free(sorted.entry);
    return list;
}

/* The picture as one image, all paper when it is blank. */
static void read_image(const char *path, uint8_t image[IMAGE_PIXELS])
{
    const bool is_stdin = !strcmp(path, "-");
    const char *name = is_stdin ? "stdin" : path;
    FILE *file = is_stdin ? stdin : fopen(path, "rb");
    if (!file)
        cli_die("%s:", name);
    struct picture picture;
    struct error error;
    if (png_file_read(file, &picture, &error))
        cli_die("%s: %s", name, error.text);
    if (!is_stdin)
        fclose(file);
    if (segment_image(&picture, image))
        cli_die("%s: not enough memory to find the digit", name);
    picture_free(&picture);
}

static void write_stream(const struct list *list)
{
    struct error error;
    struct stream_writer *writer = NULL;
    uint8_t images[STREAM_BATCH * IMAGE_PIXELS], labels[STREAM_BATCH];
    struct samples batch = {.images = images, .labels = labels};
    for (size_t i = 0; i < list->n; i++) {
        read_image(list->entry[i].path, images + batch.n * IMAGE_PIXELS);
        labels[batch.n++] = list->entry[i].label;
        if (batch.n < STREAM_BATCH && i + 1 < list->n)
            continue;
        if (!writer && !(writer = stream_writer_new(STDOUT_FILENO, (int64_t)list->n, &error)))
            cli_die("%s", error.text);
        if (stream_write(writer, &batch, &error))
            cli_die("%s", error.text);
        batch.n = 0;
    }
    if (!writer && !(writer = stream_writer_new(STDOUT_FILENO, 0, &error)))
        cli_die("%s", error.text);
    if (stream_finish(writer, &error))
        cli_die("%s", error.text);
    stream_writer_free(writer);
}

int main(int argc, char **argv)
{
    cli_start(argv);
    const char *labels_name = NULL;
    const struct cli_option table[] = {{.name = "labels", .letter = 'l', .text = &labels_name},
                                       {0}};
    const int operand = cli_options(argc, argv, help, table);
    cli_refuse_terminal();

    char *standard_input[] = {"-"};
    struct list labels = {0}, list;
    if (labels_name)
        labels = read_labels(labels_name);
    if (operand < argc)
        list = list_files(argv + operand, argc - operand, &labels);
    else if (labels_name)
        list = labels;
    else
        list = list_files(standard_input, 1, &labels);

    write_stream(&list);
    cli_finish();
    return 0;
}
