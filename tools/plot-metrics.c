/* Draw training metrics or an evaluation's report with gnuplot and a script of plots/. */
#include "cli.h"
#include "gnuplot.h"
#include "graph.h"
#include "output_file.h"
#include "png_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] =
    "Usage: plot-metrics [OPTION...] [FILE] < METRICS-OR-REPORT\n"
    "Draw the table that cnn-train or cnn-eval printed; its first line tells which. Without\n"
    "--output the graph is text on a terminal, and PNG on stdout otherwise.\n"
    "\n"
    "  -o, --output FILE     write FILE.png or FILE.svg\n"
    "  -f, --format FORMAT   png, svg or text, whatever the name of the output\n"
    "  -g, --graph NAME      of training metrics: curves (loss and accuracy)\n"
    "                        of a report: confusion (default), classes (precision and recall\n"
    "                        of each digit), or reliability (accuracy by confidence)\n"
    "  -p, --picture FILE    of a report: frame FILE.png, the contact sheet of wrong digits\n"
    "  -h, --help            print this help\n"
    "  -V, --version         print the version\n"
    "\n"
    "Example:\n"
    "  idx2bin data/mnist/t10k-images-idx3-ubyte data/mnist/t10k-labels-idx1-ubyte |\n"
    "    cnn-eval | plot-metrics -o confusion.svg\n";

struct job {
    const char *input, *output, *graph, *picture;
    const char *format; /* "png", "svg" or "text" */
};

/* What --format says, else the output's name, else whether anybody looks at it. */
static const char *choose_format(const char *format, const char *output)
{
    static const char *const known[] = {"png", "svg", "text"};
    for (size_t i = 0; format && i < sizeof known / sizeof *known; i++)
        if (strcmp(format, known[i]) == 0)
            return known[i];
    if (format)
        cli_usage("--format: '%s' is none of png, svg, text", format);
    if (!output)
        return isatty(STDOUT_FILENO) ? "text" : "png";
    const char *dot = strrchr(output, '.');
    if (dot && strcasecmp(dot, ".svg") == 0)
        return "svg";
    struct stat status; /* a device has no name to go by */
    const int device = stat(output, &status) == 0 && !S_ISREG(status.st_mode);
    if (!device && !(dot && strcasecmp(dot, ".png") == 0))
        cli_usage("%s: ends neither in .png nor in .svg: choose with --format", output);
    return "png";
}

static struct job parse(int argc, char **argv)
{
    struct job job = {0};
    const struct cli_option table[] = {{.name = "output", .letter = 'o', .text = &job.output},
                                       {.name = "format", .letter = 'f', .text = &job.format},
                                       {.name = "graph", .letter = 'g', .text = &job.graph},
                                       {.name = "picture", .letter = 'p', .text = &job.picture},
                                       {0}};
    const int operand = cli_options(argc, argv, help, table);
    if (argc - operand > 1)
        cli_usage("%s: unexpected argument: one table makes one graph", argv[operand + 1]);
    if (operand < argc && strcmp(argv[operand], "-") != 0)
        job.input = argv[operand];
    job.format = choose_format(job.format, job.output);
    if (!job.output && strcmp(job.format, "png") == 0)
        cli_refuse_terminal();
    return job;
}

static void read_table(const char *path, struct graph_table *table)
{
    struct error error;
    FILE *in = path ? fopen(path, "r") : stdin;
    if (!in)
        cli_die("%s:", path);
    if (graph_table_read(table, in, path ? path : "stdin", &error))
        cli_die("%s", error.text);
    if (path)
        fclose(in);
}

/* The name of the script in plots/, checked against what the table holds. */
static const char *choose_graph(const struct job *job, enum graph_kind kind)
{
    static const struct {
        const char *name;
        enum graph_kind kind;
    } graphs[] = {{"curves", GRAPH_METRICS},
                  {"confusion", GRAPH_REPORT},
                  {"classes", GRAPH_REPORT},
                  {"reliability", GRAPH_REPORT},
                  {"wrong", GRAPH_REPORT}};
    if (job->graph && job->picture)
        cli_usage("--graph and --picture exclude each other");
    if (job->picture && strcmp(job->format, "text") == 0)
        cli_usage("--picture: cannot be drawn as text: choose --output or --format");
    const char *name = job->picture            ? "wrong"
                       : job->graph            ? job->graph
                       : kind == GRAPH_METRICS ? "curves"
                                               : "confusion";
    for (size_t i = 0; i < sizeof graphs / sizeof *graphs; i++) {
        if (strcmp(name, graphs[i].name) != 0)
            continue;
        if (kind != graphs[i].kind)
            cli_die("%s: the input is %s, which cannot be drawn as '%s'",
                    job->input ? job->input : "stdin",
                    kind == GRAPH_METRICS ? "training metrics" : "a report", name);
        if (strcmp(name, "wrong") == 0 && !job->picture)
            cli_usage("--graph wrong: needs --picture");
        return name;
    }
    cli_usage("--graph: '%s' is none of curves, confusion, classes, reliability", name);
}

/* `picture`, `picture_width` and `picture_height` for gnuplot, which must not meet a broken PNG. */
static void write_picture(const char *path, FILE *commands)
{
    struct picture picture;
    struct error error;
    FILE *in = fopen(path, "rb");
    if (!in)
        cli_die("%s:", path);
    if (png_file_read(in, &picture, &error))
        cli_die("%s: %s", path, error.text);
    fclose(in);
    fputs("picture = ", commands);
    gnuplot_quote(commands, path);
    fprintf(commands, "\npicture_width = %u\npicture_height = %u\n", picture.width, picture.height);
    picture_free(&picture);
}

/* The terminal's size, or the usual one, for graphs in text. */
static void write_text_size(FILE *commands)
{
    struct winsize size = {0};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_col < 20 || size.ws_row < 10)
        size = (struct winsize){.ws_col = 80, .ws_row = 25};
    fprintf(commands, "text_columns = %d\ntext_lines = %d\n", size.ws_col - 1, size.ws_row - 1);
}

/* Everything gnuplot has to know: variables and data, then the script. */
static FILE *write_commands(const struct job *job, const struct graph_table *table)
{
    const char *graph = choose_graph(job, table->kind);
    if (strcmp(graph, "reliability") == 0 && !(table->binned > 0))
        cli_die("%s: a report without 'bin' rows, from an older cnn-eval",
                job->input ? job->input : "stdin");
    char *folder = cli_resource("plots"), *script;
    if (asprintf(&script, "%s/%s.gp", folder, graph) < 0)
        cli_die("memory: cannot allocate a path");
    if (access(script, R_OK))
        cli_die("%s:", script);
    FILE *commands = tmpfile();
    if (!commands)
        cli_die("temporary file:");
    fprintf(commands, "set encoding utf8\nformat = '%s'\n", job->format);
    write_text_size(commands);
    if (job->picture)
        write_picture(job->picture, commands);
    graph_table_write(table, commands);
    fputs("plots = ", commands);
    gnuplot_quote(commands, folder);
    fputs("\nload ", commands);
    gnuplot_quote(commands, script);
    putc('\n', commands);
    free(script);
    free(folder);
    return commands;
}

static void write_drawing(const char *path, const char *drawing, size_t bytes)
{
    struct output_file file;
    struct error error;
    if (!path) {
        if (fwrite(drawing, 1, bytes, stdout) != bytes)
            cli_die("stdout:");
        return;
    }
    if (output_file_open(&file, path, &error))
        cli_die("%s", error.text);
    if (fwrite(drawing, 1, bytes, file.stream) != bytes) {
        const int saved = errno;
        output_file_abandon(&file);
        errno = saved;
        cli_die("%s:", path);
    }
    if (output_file_commit(&file, &error))
        cli_die("%s", error.text);
}

int main(int argc, char **argv)
{
    cli_start(argv);
    const struct job job = parse(argc, argv);
    struct graph_table table;
    read_table(job.input, &table);
    FILE *commands = write_commands(&job, &table);
    graph_table_free(&table);
    char *drawing;
    size_t bytes;
    struct error error;
    if (gnuplot_run(commands, &drawing, &bytes, &error))
        cli_die("%s", error.text);
    fclose(commands);
    write_drawing(job.output, drawing, bytes);
    free(drawing);
    cli_finish();
    return 0;
}
