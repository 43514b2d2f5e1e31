#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *program = "hwdr";

/* A closed stream is opened the wrong way round: reading or writing it fails, as it would have. */
static void keep_places(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
            exit(CLI_TROUBLE);
}

void cli_spin_less(char **argv)
{
    char self[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0 || getenv("GOMP_SPINCOUNT") || getenv("OMP_WAIT_POLICY"))
        return;
    self[length] = '\0';
    if (setenv("GOMP_SPINCOUNT", "1000", 1) == 0)
        execv(self, argv); /* where that fails all goes on, but slower */
}

void cli_start(char **argv)
{
    keep_places();
    if (!argv[0])
        return;
    const char *slash = strrchr(argv[0], '/');
    if (slash)
        argv[0] += slash + 1 - argv[0];
    program = argv[0];
}

static void message(const char *format, va_list arguments)
{
    const int saved = errno;
    const size_t length = strlen(format);
    fprintf(stderr, "%s: ", program);
    vfprintf(stderr, format, arguments);
    if (length && format[length - 1] == ':')
        fprintf(stderr, " %s", strerror(saved));
    fputc('\n', stderr);
}

void cli_die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    message(format, arguments);
    va_end(arguments);
    exit(CLI_TROUBLE);
}

void cli_warn(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    message(format, arguments);
    va_end(arguments);
}

void cli_usage(const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    cli_die("%s (see %s --help)", text, program);
}

void cli_help(const char *text)
{
    fputs(text, stdout);
    cli_finish();
    exit(0);
}

void cli_version(void)
{
    printf("%s (hwdr) %s\n", program, CLI_VERSION);
    cli_finish();
    exit(0);
}

int64_t cli_integer(const char *option, const char *text, int64_t low, int64_t high)
{
    char *end;
    errno = 0;
    const long long value = strtoll(text, &end, 10);
    if (end == text || *end || errno || value < low || value > high)
        cli_die("%s: '%s' is not a whole number from %lld to %lld", option, text, (long long)low,
                (long long)high);
    return value;
}

double cli_number(const char *option, const char *text, double low, double high)
{
    char *end;
    errno = 0;
    const double value = strtod(text, &end);
    if (end == text || *end || !isfinite(value) || value < low || value > high)
        cli_die("%s: '%s' is not a number from %g to %g", option, text, low, high);
    return value;
}

static int choose(const char *option, const char *text, const char *const *words)
{
    char all[256] = "";
    for (int i = 0; words[i]; i++) {
        if (strcmp(text, words[i]) == 0)
            return i;
        const size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "", words[i]);
    }
    cli_die("%s: '%s' is not one of %s", option, text, all);
}

static void set_option(const struct cli_option *option, const char *text)
{
    char name[64];
    snprintf(name, sizeof name, "--%s", option->name);
    const int64_t low = (int64_t)option->low, high = (int64_t)option->high;
    if (option->flag)
        *option->flag = true;
    else if (option->text)
        *option->text = text;
    else if (option->seed)
        *option->seed = (uint64_t)cli_integer(name, text, 0, INT64_MAX);
    else if (option->integer)
        *option->integer = cli_integer(name, text, low, high);
    else if (option->count)
        *option->count = (int)cli_integer(name, text, low, high);
    else if (option->number)
        *option->number = (float)cli_number(name, text, option->low, option->high);
    else if (option->choice)
        *option->choice = choose(name, text, option->words);
    else if (option->texts->n < (int)(sizeof option->texts->text / sizeof *option->texts->text))
        option->texts->text[option->texts->n++] = text;
    else
        cli_die("%s: '%s': given more than %d times", name, text, option->texts->n);
}

int cli_options(int argc, char **argv, const char *help, const struct cli_option *table)
{
    enum { MOST = 64, LONG_ONLY = 256 }; /* getopt_long gives a letter, or LONG_ONLY + index */
    struct option names[MOST + 3];
    char letters[2 * MOST + 3] = "hV", *letter = letters + 2;
    int n = 0;
    for (; table[n].name && n < MOST; n++) {
        const int value = table[n].flag ? no_argument : required_argument;
        names[n] = (struct option){table[n].name, value, NULL, LONG_ONLY + n};
        if (table[n].letter)
            letter += sprintf(letter, table[n].flag ? "%c" : "%c:", table[n].letter);
    }
    names[n] = (struct option){"help", no_argument, NULL, 'h'};
    names[n + 1] = (struct option){"version", no_argument, NULL, 'V'};
    names[n + 2] = (struct option){0};
    for (int c; (c = getopt_long(argc, argv, letters, names, NULL)) != -1;) {
        if (c == 'h')
            cli_help(help);
        if (c == 'V')
            cli_version();
        if (c == '?')
            exit(CLI_TROUBLE);
        int i = c - LONG_ONLY;
        if (i < 0)
            for (i = 0; table[i].letter != c;)
                i++;
        set_option(&table[i], optarg);
    }
    return optind;
}

void cli_refuse_terminal(void)
{
    if (isatty(STDOUT_FILENO))
        cli_die("stdout: is a terminal: the output is binary, pipe it into a program or a file");
}

void cli_finish(void)
{
    const int lost = ferror(stdout);
    if (fflush(stdout) || fclose(stdout))
        cli_die("stdout:");
    if (lost)
        cli_die("stdout: some output was lost");
}

char *cli_resource(const char *name)
{
    char self[4096], path[4200 + 64];
    const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    self[length < 0 ? 0 : length] = '\0';
    char *result = NULL;
    for (int levels = 1; levels <= 3; levels++) { /* up from x, build/x and build/asan/x */
        char *slash = strrchr(self, '/');
        if (slash)
            *slash = '\0';
        snprintf(path, sizeof path, "%s/lib/FORMAT.md", self); /* only a source tree has it */
        const bool source = access(path, F_OK) == 0;
        if (!source && levels != 2)
            continue;
        free(result);
        if (asprintf(&result, "%s%s/%s", self, source ? "" : "/share/hwdr", name) < 0)
            cli_die("memory: cannot allocate a path");
        if (source)
            break;
    }
    return result;
}

char *cli_default_model(void)
{
    const char *chosen = getenv("HWDR_MODEL");
    if (!chosen || !*chosen)
        return cli_resource("model/digits.safetensors");
    char *copy = strdup(chosen);
    if (!copy)
        cli_die("memory: cannot allocate a path");
    return copy;
}

double cli_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

struct cli_progress cli_progress_start(int64_t total)
{
    return (struct cli_progress){
        .total = total, .started = cli_seconds(), .terminal = isatty(STDERR_FILENO) != 0};
}

void cli_progress_show(struct cli_progress *progress, int64_t done, const char *note)
{
    enum { WIDTH = 30 };
    const double now = cli_seconds(), elapsed = now - progress->started;
    if (!progress->terminal || now - progress->drawn < 0.1)
        return;
    progress->drawn = now;
    if (progress->total > 0 && done > 0) {
        const double part = (double)done / (double)progress->total;
        const int filled = (int)(part * WIDTH);
        const int left = (int)(elapsed * (1 - part) / part);
        fprintf(stderr, "\r[%.*s%*s] %3d%%  %d:%02d left  %s\033[K", filled,
                "==============================", WIDTH - filled, "", (int)(100 * part), left / 60,
                left % 60, note ? note : "");
    } else {
        fprintf(stderr, "\r%lld samples  %d s  %s\033[K", (long long)done, (int)elapsed,
                note ? note : "");
    }
    fflush(stderr);
}

void cli_progress_clear(struct cli_progress *progress)
{
    if (progress->terminal && progress->drawn > 0)
        fputs("\r\033[K", stderr);
}
