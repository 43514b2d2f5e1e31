#include "pipe.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { BYTES = 300000 }; /* more than a pipe holds */

static uint8_t *pattern(void)
{
    uint8_t *bytes = malloc(BYTES);
    for (size_t i = 0; i < BYTES; i++)
        bytes[i] = (uint8_t)rand();
    return bytes;
}

static void on_alarm(int signal)
{
    (void)signal;
}

/* Interrupt system calls every 200 us, without SA_RESTART, or stop doing so. */
static void interrupt(bool on)
{
    const struct sigaction action = {.sa_handler = on ? on_alarm : SIG_IGN};
    const struct itimerval timer = {{0, on ? 200 : 0}, {0, on ? 200 : 0}};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
}

/* Start a child that copies from one descriptor to the other, a few bytes at a time. */
static pid_t trickle(int from, int to, int close_too)
{
    const pid_t child = fork();
    if (child)
        return child;
    close(close_too);
    char bytes[997];
    for (ssize_t n; (n = read(from, bytes, sizeof bytes)) > 0;) {
        usleep(100);
        if (write(to, bytes, (size_t)n) != n)
            _exit(1);
    }
    _exit(0);
}

static void short_interrupted_and_blocking_reads_are_no_trouble(void **state)
{
    (void)state;
    uint8_t *before = pattern(), *after = malloc(BYTES + 1);
    for (int nonblocking = 0; nonblocking < 2; nonblocking++) {
        struct error error;
        int ends[2], status;
        const int fd = memfd_create("bytes", 0);
        assert_int_equal(pwrite(fd, before, BYTES, 0), BYTES);
        assert_int_equal(pipe2(ends, nonblocking ? O_NONBLOCK : 0), 0);
        fcntl(ends[1], F_SETFL, 0);
        const pid_t child = trickle(fd, ends[1], ends[0]);
        close(ends[1]);
        close(fd);
        size_t got;
        interrupt(true);
        const int first = pipe_read(ends[0], after, BYTES - 10, &got, &error);
        interrupt(false);
        assert_int_equal(first, 0);
        assert_int_equal(got, BYTES - 10);
        assert_int_equal(pipe_read(ends[0], after + got, 11, &got, &error), 0);
        assert_int_equal(got, 10); /* the end */
        assert_int_equal(pipe_read(ends[0], after, 1, &got, &error), 0);
        assert_int_equal(got, 0);
        assert_memory_equal(before, after, BYTES);
        close(ends[0]);
        waitpid(child, &status, 0);
        assert_int_equal(status, 0);
    }
    free(before);
    free(after);
}

static void short_interrupted_and_blocking_writes_are_no_trouble(void **state)
{
    (void)state;
    uint8_t *before = pattern(), *after = malloc(BYTES + 1);
    for (int nonblocking = 0; nonblocking < 2; nonblocking++) {
        struct error error;
        int ends[2], status;
        const int fd = memfd_create("bytes", 0);
        assert_int_equal(pipe2(ends, nonblocking ? O_NONBLOCK : 0), 0);
        fcntl(ends[0], F_SETFL, 0);
        const pid_t child = trickle(ends[0], fd, ends[1]);
        close(ends[0]);
        struct iovec pieces[] = {
            {before, 1},
            {NULL, 0},
            {before + 1, BYTES / 2},
            {before + 1 + BYTES / 2, BYTES - 1 - BYTES / 2},
            {NULL, 0},
        };
        interrupt(true);
        const int result = pipe_write(ends[1], pieces, 5, &error);
        interrupt(false);
        assert_int_equal(result, 0);
        close(ends[1]);
        waitpid(child, &status, 0);
        assert_int_equal(status, 0);
        assert_int_equal(pread(fd, after, BYTES + 1, 0), BYTES);
        assert_memory_equal(before, after, BYTES);
        close(fd);
    }
    free(before);
    free(after);
}

static void pipes_become_larger(void **state)
{
    (void)state;
    enum { LARGE = 1 << 20 };
    for (int size = 1 << 12; size <= 4 * LARGE; size *= 2) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        if (fcntl(ends[0], F_SETPIPE_SZ, LARGE) < 0)
            skip(); /* the system lets this user have no more */
        if (fcntl(ends[0], F_SETPIPE_SZ, size) >= 0) {
            pipe_enlarge(ends[1]);
            assert_int_equal(fcntl(ends[0], F_GETPIPE_SZ), size > LARGE ? size : LARGE);
        }
        close(ends[0]);
        close(ends[1]);
    }
    pipe_enlarge(-1); /* and what is no pipe stays as it is */
}

static void errors_name_the_descriptor(void **state)
{
    (void)state;
    struct error error;
    char byte = 0;
    size_t got;
    assert_string_equal(pipe_name(0), "stdin");
    assert_string_equal(pipe_name(1), "stdout");
    assert_string_equal(pipe_name(7), "stream");
    assert_int_equal(pipe_read(-1, &byte, 1, &got, &error), -1);
    assert_string_equal(error.text, "stream: is closed");
    const int folder = open(".", O_RDONLY);
    assert_int_equal(pipe_read(folder, &byte, 1, &got, &error), -1);
    assert_string_equal(error.text, "stream: read: Is a directory");
    close(folder);
    const int full = open("/dev/full", O_WRONLY);
    assert_int_equal(pipe_write(full, &(struct iovec){&byte, 1}, 1, &error), -1);
    assert_string_equal(error.text, "stream: write: No space left on device");
    close(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_interrupted_and_blocking_reads_are_no_trouble),
        cmocka_unit_test(short_interrupted_and_blocking_writes_are_no_trouble),
        cmocka_unit_test(pipes_become_larger),
        cmocka_unit_test(errors_name_the_descriptor),
    };
    return cmocka_run_group_tests_name("pipe", tests, NULL, NULL);
}
