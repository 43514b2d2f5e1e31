#include "npy.h"
#include "stream.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A file in memory, to be filled and then read from its beginning. */
static int new_file(void)
{
    const int fd = memfd_create("stream", 0);
    assert_true(fd >= 3);
    return fd;
}

static void put(int fd, const void *data, size_t bytes)
{
    assert_int_equal(write(fd, data, bytes), bytes);
}

static void put_header(int fd, enum dtype dtype, int dims, uint64_t a, uint64_t b, uint64_t c)
{
    uint8_t header[NPY_FORMAT_ROOM];
    const struct tensor_type type = {dtype, dims, {a, b, c}};
    put(fd, header, npy_format(&type, header));
}

static void put_count(int fd, int64_t count)
{
    put_header(fd, DTYPE_I64, 0, 0, 0, 0);
    put(fd, &count, sizeof count);
}

static void put_images(int fd, size_t n)
{
    put_header(fd, DTYPE_U8, 3, n, IMAGE_SIDE, IMAGE_SIDE);
    uint8_t *images = malloc(n * IMAGE_PIXELS);
    for (size_t i = 0; i < n * IMAGE_PIXELS; i++)
        images[i] = (uint8_t)(i * 7 + i / 256);
    put(fd, images, n * IMAGE_PIXELS);
    free(images);
}

static void put_labels(int fd, size_t n, uint8_t label)
{
    put_header(fd, DTYPE_U8, 1, n, 0, 0);
    for (size_t i = 0; i < n; i++)
        put(fd, &label, 1);
}

/* One row of probabilities: p of class 0, the rest of class 9. */
static void put_soft(int fd, float p, float rest)
{
    put_header(fd, DTYPE_F32, 2, 1, CLASSES, 0);
    const float row[CLASSES] = {[0] = p, [CLASSES - 1] = rest};
    put(fd, row, sizeof row);
}

static void put_end(int fd)
{
    put_header(fd, DTYPE_U8, 1, 0, 0, 0);
}

/* Read a stream to its end. Returns: its samples, or -1 with `error` set. */
static int64_t read_stream(int fd, struct error *error)
{
    *error = (struct error){""};
    struct stream_reader *reader = stream_reader_new(fd, error);
    if (!reader)
        return -1;
    struct samples samples;
    int64_t n = 0;
    int status;
    while ((status = stream_read(reader, &samples, error)) > 0) {
        assert_in_range(samples.n, 1, STREAM_MAX_BATCH);
        assert_true(!samples.labels != !samples.soft);
        n += (int64_t)samples.n;
    }
    if (status == 0) /* the end stays the end */
        assert_int_equal(stream_read(reader, &samples, error), 0);
    stream_reader_free(reader);
    return status ? -1 : n;
}

/* As read_stream() of what has been put into the file, which is closed. */
static int64_t read_file(int fd, struct error *error)
{
    lseek(fd, 0, SEEK_SET);
    const int64_t n = read_stream(fd, error);
    close(fd);
    return n;
}

static void assert_refused(int fd, const char *why)
{
    struct error error;
    if (read_file(fd, &error) >= 0)
        fail_msg("accepted, expected '%s'", why);
    if (!strstr(error.text, why))
        fail_msg("says '%s', not '%s'", error.text, why);
    assert_null(strchr(error.text, '\n'));
    assert_memory_equal(error.text, "stream: ", 8);
}

static struct samples random_samples(size_t n, bool soft)
{
    struct samples samples = {.n = n, .images = malloc(n * IMAGE_PIXELS)};
    for (size_t i = 0; i < n * IMAGE_PIXELS; i++)
        samples.images[i] = (uint8_t)rand();
    if (soft) {
        samples.soft = malloc(n * CLASSES * sizeof(float));
        for (size_t i = 0; i < n * CLASSES; i++)
            samples.soft[i] = 0.1f;
    } else {
        samples.labels = malloc(n);
        for (size_t i = 0; i < n; i++)
            samples.labels[i] = (uint8_t)(i % 11 < 10 ? i % 11 : LABEL_UNKNOWN);
    }
    return samples;
}

static void write_stream(int fd, const struct samples *samples, int64_t count)
{
    struct error error;
    struct stream_writer *writer = stream_writer_new(fd, count, &error);
    assert_non_null(writer);
    assert_int_equal(stream_write(writer, samples, &error), 0);
    assert_int_equal(stream_finish(writer, &error), 0);
    stream_writer_free(writer);
}

static void samples_come_back_as_they_were(void **state)
{
    (void)state;
    const size_t sizes[] = {1, 255, 256, 257, 600, 5000};
    for (size_t i = 0; i < 2 * sizeof sizes / sizeof *sizes; i++) {
        const bool soft = i % 2;
        struct samples before = random_samples(sizes[i / 2], soft), after;
        struct error error;
        const int fd = new_file();
        write_stream(fd, &before, soft ? STREAM_COUNT_UNKNOWN : (int64_t)before.n);
        lseek(fd, 0, SEEK_SET);
        struct stream_reader *reader = stream_reader_new(fd, &error);
        assert_non_null(reader);
        assert_int_equal(stream_reader_count(reader), soft ? -1 : (int64_t)before.n);
        assert_int_equal(stream_read_all(reader, &after, &error), 0);
        assert_int_equal(after.n, before.n);
        assert_memory_equal(after.images, before.images, before.n * IMAGE_PIXELS);
        if (soft)
            assert_memory_equal(after.soft, before.soft, before.n * CLASSES * sizeof(float));
        else
            assert_memory_equal(after.labels, before.labels, before.n);
        assert_true(!after.labels == soft && !after.soft == !soft);
        stream_reader_free(reader);
        stream_samples_free(&before);
        stream_samples_free(&after);
        close(fd);
    }
}

static void records_hold_256_samples(void **state)
{
    (void)state;
    struct samples samples = random_samples(600, false);
    struct error error;
    const int fd = new_file();
    write_stream(fd, &samples, 600);
    stream_samples_free(&samples);
    lseek(fd, 0, SEEK_SET);
    struct stream_reader *reader = stream_reader_new(fd, &error);
    const size_t expected[] = {256, 256, 88};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(stream_read(reader, &samples, &error), 1);
        assert_int_equal(samples.n, expected[i]);
    }
    assert_int_equal(stream_read(reader, &samples, &error), 0);
    stream_reader_free(reader);
    close(fd);
}

static void a_stream_without_samples_is_a_stream(void **state)
{
    (void)state;
    struct error error;
    struct samples all;
    int fd = new_file();
    put_end(fd);
    assert_int_equal(read_file(fd, &error), 0);
    fd = new_file();
    put_count(fd, 0);
    put_end(fd);
    lseek(fd, 0, SEEK_SET);
    struct stream_reader *reader = stream_reader_new(fd, &error);
    assert_int_equal(stream_reader_count(reader), 0);
    assert_int_equal(stream_read_all(reader, &all, &error), 0);
    assert_int_equal(all.n, 0);
    stream_reader_free(reader);
    close(fd);
}

/* A small stream with both kinds of labels; returns its length. */
static size_t put_small_stream(int fd, bool count)
{
    if (count)
        put_count(fd, 3);
    put_images(fd, 2);
    put_labels(fd, 2, 7);
    put_images(fd, 1);
    put_soft(fd, 0.25f, 0.75f);
    put_end(fd);
    return (size_t)lseek(fd, 0, SEEK_CUR);
}

static void a_cut_at_any_byte_is_an_error(void **state)
{
    (void)state;
    for (int count = 0; count < 2; count++) {
        struct error error;
        const int fd = new_file();
        const size_t bytes = put_small_stream(fd, count);
        lseek(fd, 0, SEEK_SET);
        assert_int_equal(read_stream(fd, &error), 3);
        for (size_t cut = bytes; cut-- > 0;) {
            assert_int_equal(ftruncate(fd, (off_t)cut), 0);
            lseek(fd, 0, SEEK_SET);
            assert_int_equal(read_stream(fd, &error), -1);
            assert_non_null(strstr(error.text, cut ? "cut off at byte" : "empty"));
        }
        close(fd);
    }
}

static void a_change_of_any_byte_never_crashes(void **state)
{
    (void)state;
    struct error error;
    const int fd = new_file();
    const size_t bytes = put_small_stream(fd, true);
    for (size_t at = 0; at < bytes; at++) {
        uint8_t byte, changed;
        assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
        changed = (uint8_t)(byte ^ (1 + rand() % 255));
        assert_int_equal(pwrite(fd, &changed, 1, (off_t)at), 1);
        lseek(fd, 0, SEEK_SET);
        const int64_t n = read_stream(fd, &error);
        assert_true(n == 3 || (n == -1 && error.text[0]));
        assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
    }
    close(fd);
}

static void what_does_not_belong_is_refused(void **state)
{
    (void)state;
    int fd = new_file();
    assert_refused(fd, "empty: expected a sample stream");

    put(fd = new_file(), "hello\n", 6);
    assert_refused(fd, "record 1 at byte 0: does not begin with the magic");
    put(fd = new_file(), "\0\0\x08\x03\0\0\xea\x60\0\0\0\x1c\0\0\0\x1c", 16);
    assert_refused(fd, "idx2bin");
    put(fd = new_file(), "\x1f\x8b\x08\0\0\0\0\0\0\3\3\0\0\0", 14);
    assert_refused(fd, "gzip");

    put_images(fd = new_file(), 2);
    assert_refused(fd, "cut off at byte 1696: the stream ends without its end record");
    put_labels(fd = new_file(), 2, 1);
    assert_refused(fd, "'|u1' (2,): expected images");
    put_images(fd = new_file(), 2);
    put_images(fd, 2);
    assert_refused(fd, "record 2 at byte 1696: '|u1' (2, 28, 28) after 2 images: expected labels");
    put_images(fd = new_file(), 2);
    put_labels(fd, 3, 1);
    assert_refused(fd, "'|u1' (3,) after 2 images");
    put_images(fd = new_file(), 2);
    put_soft(fd, 0.5f, 0.5f);
    assert_refused(fd, "'<f4' (1, 10) after 2 images");
    put_images(fd = new_file(), 2);
    put_end(fd);
    assert_refused(fd, "'|u1' (0,) after 2 images");
    put_header(fd = new_file(), DTYPE_U8, 3, 5, 28, 27);
    assert_refused(fd, "'|u1' (5, 28, 27): expected images");
    put_header(fd = new_file(), DTYPE_F32, 3, 5, 28, 28);
    assert_refused(fd, "'<f4' (5, 28, 28): expected images");
    put_header(fd = new_file(), DTYPE_U8, 3, 0, 28, 28);
    assert_refused(fd, "0 images, a record holds 1 to 4096");
    put_header(fd = new_file(), DTYPE_U8, 3, 4097, 28, 28);
    assert_refused(fd, "4097 images");
    put_header(fd = new_file(), DTYPE_U8, 3, UINT64_MAX, 28, 28);
    assert_refused(fd, "64 bits");
    put_header(fd = new_file(), DTYPE_U8, 3, UINT64_MAX / 784, 28, 28);
    assert_refused(fd, "23529010298098917 images");
}

static void labels_are_checked(void **state)
{
    (void)state;
    for (int label = 0; label < 256; label++) {
        struct error error;
        const int fd = new_file();
        put_images(fd, 1);
        put_labels(fd, 1, (uint8_t)label);
        put_end(fd);
        assert_int_equal(read_file(fd, &error), label < 10 || label == 255 ? 1 : -1);
    }
    int fd = new_file();
    put_small_stream(fd, false);
    lseek(fd, -128, SEEK_CUR); /* in place of the end */
    put_images(fd, 1);
    put_labels(fd, 1, 10);
    assert_refused(fd, "sample 3: label 10 is neither 0..9 nor 255");
}

static void soft_labels_are_checked(void **state)
{
    (void)state;
    static const struct {
        float p, rest;
        bool good;
    } rows[] = {
        {1, 0, true},
        {0.5f, 0.5f, true},
        {0.5f, 0.5009f, true},
        {0.5f, 0.4991f, true},
        {0.5f, 0.502f, false},
        {0.5f, 0.498f, false},
        {0, 0, false},
        {1.5f, -0.5f, false},
        {NAN, 1, false},
        {INFINITY, 0, false},
        {1, -0.0f, true},
        {1, -1e-6f, false},
        {INFINITY, -INFINITY, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error error;
        const int fd = new_file();
        put_images(fd, 1);
        put_soft(fd, rows[i].p, rows[i].rest);
        put_end(fd);
        if (read_file(fd, &error) != (rows[i].good ? 1 : -1))
            fail_msg("%g and %g: %s", (double)rows[i].p, (double)rows[i].rest, error.text);
    }
}

static void the_count_must_be_right(void **state)
{
    (void)state;
    int fd = new_file();
    put_count(fd, -1);
    assert_refused(fd, "a count of -1 samples");
    put_count(fd = new_file(), 2);
    put_images(fd, 3);
    assert_refused(fd, "more samples than the 2 announced");
    put_count(fd = new_file(), 2);
    put_images(fd, 1);
    put_labels(fd, 1, 1);
    put_end(fd);
    assert_refused(fd, "ends after 1 of 2 samples");
    put_count(fd = new_file(), INT64_MAX);
    put_end(fd);
    assert_refused(fd, "ends after 0 of 9223372036854775807 samples");
    put_count(fd = new_file(), 1);
    put_count(fd, 1);
    assert_refused(fd, "record 2 at byte 136: a count of samples is allowed only as the first");
}

static void nothing_may_follow_the_end(void **state)
{
    (void)state;
    int fd = new_file();
    put_end(fd);
    put(fd, "", 1);
    assert_refused(fd, "data follows this end record");
    put_small_stream(fd = new_file(), true);
    put_small_stream(fd, true);
    assert_refused(fd, "data follows this end record");
}

static void reading_all_wants_one_kind_of_labels(void **state)
{
    (void)state;
    struct error error;
    struct samples all;
    const int fd = new_file();
    put_small_stream(fd, true);
    lseek(fd, 0, SEEK_SET);
    struct stream_reader *reader = stream_reader_new(fd, &error);
    assert_int_equal(stream_read_all(reader, &all, &error), -1);
    assert_non_null(strstr(error.text, "hard and soft"));
    assert_null(all.images);
    stream_reader_free(reader);
    close(fd);
}

/* More than stream_read_all() makes room for at first, with a count and without. */
static void reading_all_has_room_for_many(void **state)
{
    (void)state;
    enum { RECORDS = 300, N = RECORDS * STREAM_BATCH };
    for (int known = 0; known < 2; known++) {
        struct error error;
        struct samples batch = random_samples(STREAM_BATCH, false), all;
        const int fd = new_file();
        struct stream_writer *writer =
            stream_writer_new(fd, known ? N : STREAM_COUNT_UNKNOWN, &error);
        for (int i = 0; i < RECORDS; i++) {
            batch.images[0] = (uint8_t)i;
            assert_int_equal(stream_write(writer, &batch, &error), 0);
        }
        assert_int_equal(stream_finish(writer, &error), 0);
        stream_writer_free(writer);
        lseek(fd, 0, SEEK_SET);
        struct stream_reader *reader = stream_reader_new(fd, &error);
        assert_int_equal(stream_read_all(reader, &all, &error), 0);
        assert_int_equal(all.n, N);
        for (size_t i = 0; i < RECORDS; i++) {
            assert_int_equal(all.images[i * STREAM_BATCH * IMAGE_PIXELS], i & 255);
            assert_memory_equal(all.labels + i * STREAM_BATCH, batch.labels, STREAM_BATCH);
        }
        stream_reader_free(reader);
        stream_samples_free(&all);
        stream_samples_free(&batch);
        close(fd);
    }
}

static void the_largest_record_is_accepted(void **state)
{
    (void)state;
    struct error error;
    const int fd = new_file();
    put_images(fd, STREAM_MAX_BATCH);
    put_labels(fd, STREAM_MAX_BATCH, LABEL_UNKNOWN);
    put_end(fd);
    assert_int_equal(read_file(fd, &error), STREAM_MAX_BATCH);
}

static void peeked_bytes_belong_to_the_stream(void **state)
{
    (void)state;
    for (size_t n = 0; n <= STREAM_MAX_PEEK; n++) {
        struct error error;
        struct samples samples;
        uint8_t peeked[STREAM_MAX_PEEK];
        const int fd = new_file();
        put_small_stream(fd, false);
        assert_int_equal(pread(fd, peeked, sizeof peeked, 0), sizeof peeked);
        lseek(fd, (off_t)n, SEEK_SET);
        struct stream_reader *reader = stream_reader_new_peeked(fd, peeked, n, &error);
        assert_non_null(reader);
        assert_int_equal(stream_read(reader, &samples, &error), 1);
        assert_int_equal(samples.n, 2);
        stream_reader_free(reader);
        close(fd);
    }
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
    char bytes[97];
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
    for (int nonblocking = 0; nonblocking < 2; nonblocking++) {
        struct error error;
        int ends[2], status;
        const int fd = new_file();
        put_small_stream(fd, true);
        lseek(fd, 0, SEEK_SET);
        assert_int_equal(pipe2(ends, nonblocking ? O_NONBLOCK : 0), 0);
        fcntl(ends[1], F_SETFL, 0);
        const pid_t child = trickle(fd, ends[1], ends[0]);
        close(ends[1]);
        close(fd);
        interrupt(true);
        const int64_t n = read_stream(ends[0], &error);
        interrupt(false);
        close(ends[0]);
        waitpid(child, &status, 0);
        assert_int_equal(n, 3);
        assert_int_equal(status, 0);
    }
}

static void short_interrupted_and_blocking_writes_are_no_trouble(void **state)
{
    (void)state;
    struct samples samples = random_samples(2000, false), after;
    for (int nonblocking = 0; nonblocking < 2; nonblocking++) {
        struct error error;
        int ends[2], status;
        const int fd = new_file();
        assert_int_equal(pipe2(ends, nonblocking ? O_NONBLOCK : 0), 0);
        fcntl(ends[0], F_SETFL, 0);
        const pid_t child = trickle(ends[0], fd, ends[1]);
        close(ends[0]);
        interrupt(true);
        write_stream(ends[1], &samples, STREAM_COUNT_UNKNOWN);
        interrupt(false);
        close(ends[1]);
        waitpid(child, &status, 0);
        assert_int_equal(status, 0);
        lseek(fd, 0, SEEK_SET);
        struct stream_reader *reader = stream_reader_new(fd, &error);
        assert_non_null(reader);
        assert_int_equal(stream_read_all(reader, &after, &error), 0);
        assert_int_equal(after.n, samples.n);
        assert_memory_equal(after.images, samples.images, samples.n * IMAGE_PIXELS);
        assert_memory_equal(after.labels, samples.labels, samples.n);
        stream_samples_free(&after);
        stream_reader_free(reader);
        close(fd);
    }
    stream_samples_free(&samples);
}

static void pipes_become_larger(void **state)
{
    (void)state;
    struct error error;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    put_end(ends[1]);
    close(ends[1]);
    struct stream_reader *reader = stream_reader_new(ends[0], &error);
    assert_non_null(reader);
    const int after = fcntl(ends[0], F_GETPIPE_SZ);
    stream_reader_free(reader);
    close(ends[0]);
    assert_int_equal(pipe(ends), 0);
    const bool allowed = fcntl(ends[0], F_SETPIPE_SZ, 1 << 20) >= 0;
    close(ends[0]);
    close(ends[1]);
    if (!allowed)
        skip();
    assert_int_equal(after, 1 << 20);
}

static void what_cannot_be_written_is_told(void **state)
{
    (void)state;
    struct error error;
    struct samples samples = random_samples(3, false);
    const int full = open("/dev/full", O_WRONLY);
    assert_null(stream_writer_new(full, 3, &error));
    assert_string_equal(error.text, "stream: write: No space left on device");
    struct stream_writer *writer = stream_writer_new(full, STREAM_COUNT_UNKNOWN, &error);
    assert_non_null(writer);
    assert_int_equal(stream_write(writer, &samples, &error), -1);
    assert_string_equal(error.text, "stream: write: No space left on device");
    assert_int_equal(stream_finish(writer, &error), -1);
    stream_writer_free(writer);
    assert_int_equal(stream_write_scores(full, (const float[CLASSES]){1}, 1, &error), -1);
    close(full);
    assert_null(stream_writer_new(full, 3, &error));
    assert_string_equal(error.text, "stream: write: Bad file descriptor");
    assert_null(stream_reader_new(full, &error));
    assert_string_equal(error.text, "stream: is closed");
    stream_samples_free(&samples);
}

static void a_wrong_count_is_not_ended(void **state)
{
    (void)state;
    struct error error;
    struct samples samples = random_samples(3, false);
    const int fd = new_file();
    struct stream_writer *writer = stream_writer_new(fd, 4, &error);
    assert_int_equal(stream_write(writer, &samples, &error), 0);
    assert_int_equal(stream_finish(writer, &error), -1);
    assert_string_equal(error.text, "stream: 3 samples written, 4 were announced");
    stream_writer_free(writer);
    stream_samples_free(&samples);
    assert_refused(fd, "without its end record");
}

static void scores_are_float_records(void **state)
{
    (void)state;
    struct error error;
    const float scores[3 * CLASSES] = {0.5f, [29] = 0.25f};
    const int fd = new_file();
    assert_int_equal(stream_write_scores(fd, scores, 3, &error), 0);
    assert_int_equal(stream_write_scores(fd, NULL, 0, &error), 0);
    uint8_t bytes[400];
    assert_int_equal(pread(fd, bytes, sizeof bytes, 0), 128 + 120 + 128);
    struct tensor_type type;
    assert_int_equal(npy_parse(bytes, 128, &type, &error), 0);
    assert_true(tensor_same(&type, &(struct tensor_type){DTYPE_F32, 2, {3, CLASSES}}));
    assert_memory_equal(bytes + 128, scores, sizeof scores);
    assert_int_equal(npy_parse(bytes + 248, 128, &type, &error), 0);
    assert_true(tensor_same(&type, &(struct tensor_type){DTYPE_F32, 2, {0, CLASSES}}));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_come_back_as_they_were),
        cmocka_unit_test(records_hold_256_samples),
        cmocka_unit_test(a_stream_without_samples_is_a_stream),
        cmocka_unit_test(a_cut_at_any_byte_is_an_error),
        cmocka_unit_test(a_change_of_any_byte_never_crashes),
        cmocka_unit_test(what_does_not_belong_is_refused),
        cmocka_unit_test(labels_are_checked),
        cmocka_unit_test(soft_labels_are_checked),
        cmocka_unit_test(the_count_must_be_right),
        cmocka_unit_test(nothing_may_follow_the_end),
        cmocka_unit_test(reading_all_wants_one_kind_of_labels),
        cmocka_unit_test(reading_all_has_room_for_many),
        cmocka_unit_test(the_largest_record_is_accepted),
        cmocka_unit_test(peeked_bytes_belong_to_the_stream),
        cmocka_unit_test(short_interrupted_and_blocking_reads_are_no_trouble),
        cmocka_unit_test(short_interrupted_and_blocking_writes_are_no_trouble),
        cmocka_unit_test(pipes_become_larger),
        cmocka_unit_test(what_cannot_be_written_is_told),
        cmocka_unit_test(a_wrong_count_is_not_ended),
        cmocka_unit_test(scores_are_float_records),
    };
    return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
