/*
 * What every program shares: how it dies, parses numbers, shows progress and ends. Only programs
 * include this file; the library itself never prints and never exits.
 *
 * Exit status everywhere: 0 done; CLI_NO ran fine and the answer is no; CLI_TROUBLE trouble.
 */
#ifndef HWDR_CLI_H
#define HWDR_CLI_H

#include "error.h"

#include <stdbool.h>
#include <stdint.h>

enum { CLI_NO = 1, CLI_TROUBLE = 2 };

#define CLI_VERSION "0.1.0"

/*
 * Before cli_start(), in programs that work with several threads for long: libgomp's threads wait
 * for each other by spinning, which takes processors from the rest of the pipeline and, where fewer
 * are free than there are threads, from the very thread that is waited for. The library reads its
 * settings before main() begins, so the program starts once more, with a short spin. The default
 * network trained by two threads on two processors that have six busy programs, samples/s, medians
 * of 25 in turns:
 *
 *     GOMP_SPINCOUNT  libgomp's own 3399   10000 4326   1000 4942   0 4912
 */
void cli_spin_less(char **argv);

/*
 * First statement of main(): shortens argv[0] to the program's name, which from then on begins each
 * message (and getopt_long's). Makes sure that no file opened later takes the place of a standard
 * stream that was closed.
 */
void cli_start(char **argv);

/* "program: message" on stderr, exit CLI_TROUBLE; a format ending in a colon gets errno's text. */
_Noreturn void cli_die(const char *format, ...) PRINTF(1, 2);

/* As cli_die(), without the exit. */
void cli_warn(const char *format, ...) PRINTF(1, 2);

/* Print `text` on stdout and exit 0, for --help. */
_Noreturn void cli_help(const char *text);

/* Print "program (hwdr) VERSION" on stdout and exit 0, for --version. */
_Noreturn void cli_version(void);

/* A mistake in the command line that getopt_long has not reported itself: dies, naming --help. */
_Noreturn void cli_usage(const char *format, ...) PRINTF(1, 2);

/* Values of an option that may be given again and again. */
struct cli_texts {
    const char *text[64];
    int n;
};

/*
 * One option of a program. Exactly one of the pointers is set: it says what kind of value the
 * option takes, and where the value goes. What is not given on the command line stays as it was.
 */
struct cli_option {
    const char *name; /* "rate" for --rate; NULL ends a table */
    int letter;       /* 'r' for -r, or 0 */
    bool *flag;       /* takes no value */
    const char **text;
    struct cli_texts *texts;
    uint64_t *seed;   /* a whole number from 0 to INT64_MAX */
    int64_t *integer; /* a whole number from low to high */
    int *count;       /* likewise */
    float *number;    /* a number from low to high */
    int *choice;      /* index of one of `words`, which NULL ends */
    const char *const *words;
    double low, high; /* inclusive */
};

/*
 * Parse the command line by a table of at most 64 options; --help and --version come by themselves.
 * Dies, or exits with what getopt_long has said, where it is wrong.
 * Returns: index in argv of the first operand.
 */
int cli_options(int argc, char **argv, const char *help, const struct cli_option *table);

/* Parse an option's value, or die with the option's name and the allowed interval (inclusive). */
int64_t cli_integer(const char *option, const char *text, int64_t low, int64_t high);
double cli_number(const char *option, const char *text, double low, double high);

/* Die if stdout is a terminal: a binary stream does not belong there. */
void cli_refuse_terminal(void);

/* Flush and close stdout; die if anything written to it was lost. Last statement before return. */
void cli_finish(void);

/*
 * Full path of a file that comes with the programs, such as "model/digits.safetensors" or
 * "plots/curves.gp": beside the build tree when run from there, else where `make install` put it.
 * Returns: a string the caller frees; dies when memory runs out. The file may not exist.
 */
char *cli_resource(const char *name);

/* --model's default: $HWDR_MODEL, else the shipped digits.safetensors. The caller frees it. */
char *cli_default_model(void);

/*
 * Progress on stderr: a bar with the time left where stderr is a terminal, nothing otherwise.
 * `total` <= 0 means unknown. `note` is a short text behind the bar, or NULL.
 */
struct cli_progress {
    int64_t total;
    double started, drawn;
    bool terminal;
};
struct cli_progress cli_progress_start(int64_t total);
void cli_progress_show(struct cli_progress *progress, int64_t done, const char *note);
void cli_progress_clear(struct cli_progress *progress);

/* Seconds on a clock that never goes back. */
double cli_seconds(void);

#endif
