/*
 * What it costs to run a whole process:
 *
 *     process COMMAND [ARGUMENT]... < FILE     for each line on file descriptor 3, "ms KiB"
 *
 * The time from before the process is made until it has been waited for, the median of TIMES, and
 * its peak memory. FILE is its stdin each time; its stdout is lost.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TIMES = 51 };

static double milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Returns: milliseconds; *kib is raised to the peak. */
static double run(char **command, long *kib)
{
    struct rusage usage;
    int status;
    const double begin = milliseconds();
    const pid_t child = vfork();
    if (child == 0) {
        dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
        lseek(STDIN_FILENO, 0, SEEK_SET);
        execvp(command[0], command);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) != child || status != 0)
        exit(2);
    const double end = milliseconds();
    *kib = usage.ru_maxrss > *kib ? usage.ru_maxrss : *kib;
    return end - begin;
}

int main(int argc, char **argv)
{
    FILE *asks = fdopen(3, "r");
    char line[16];
    while (argc > 1 && asks && fgets(line, sizeof line, asks)) {
        double took[TIMES];
        long kib = 0;
        for (int i = 0; i < TIMES; i++)
            took[i] = run(argv + 1, &kib);
        qsort(took, TIMES, sizeof *took, compare);
        printf("%.3f %ld\n", took[TIMES / 2], kib);
        fflush(stdout);
    }
    return 0;
}
