#include "cli.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *program = "hwdr";

void cli_start(char **argv)
{
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
