/* Streams put together record by record in a file in memory, right or wrong, and read back. */
#ifndef HWDR_STREAM_FILE_H
#define HWDR_STREAM_FILE_H

#include "npy.h"
#include "stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

/* A file in memory, to be filled and then read from its beginning. */
static inline int new_file(void)
{
    const int fd = memfd_create("stream", 0);
    assert_true(fd >= 3);
    return fd;
}

static inline void put(int fd, const void *data, size_t bytes)
{
    assert_int_equal(write(fd, data, bytes), bytes);
}

static inline void put_header(int fd, enum dtype dtype, int dims, uint64_t a, uint64_t b,
                              uint64_t c)
{
    uint8_t header[NPY_FORMAT_ROOM];
    const struct tensor_type type = {dtype, dims, {a, b, c}};
    put(fd, header, npy_format(&type, header));
}

static inline void put_count(int fd, int64_t count)
{
    put_header(fd, DTYPE_I64, 0, 0, 0, 0);
    put(fd, &count, sizeof count);
}

static inline void put_images(int fd, size_t n)
{
    put_header(fd, DTYPE_U8, 3, n, IMAGE_SIDE, IMAGE_SIDE);
    uint8_t *images = malloc(n * IMAGE_PIXELS);
    for (size_t i = 0; i < n * IMAGE_PIXELS; i++)
        images[i] = (uint8_t)(i * 7 + i / 256);
    put(fd, images, n * IMAGE_PIXELS);
    free(images);
}

static inline void put_labels(int fd, size_t n, uint8_t label)
{
    put_header(fd, DTYPE_U8, 1, n, 0, 0);
    for (size_t i = 0; i < n; i++)
        put(fd, &label, 1);
}

/* One row of probabilities: p of class 0, the rest of class 9. */
static inline void put_soft(int fd, float p, float rest)
{
    put_header(fd, DTYPE_F32, 2, 1, CLASSES, 0);
    const float row[CLASSES] = {[0] = p, [CLASSES - 1] = rest};
    put(fd, row, sizeof row);
}

static inline void put_end(int fd)
{
    put_header(fd, DTYPE_U8, 1, 0, 0, 0);
}

/* Read a stream to its end. Returns: its samples, or -1 with `error` set. */
static inline int64_t read_stream(int fd, struct error *error)
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
static inline int64_t read_file(int fd, struct error *error)
{
    lseek(fd, 0, SEEK_SET);
    const int64_t n = read_stream(fd, error);
    close(fd);
    return n;
}

static inline void assert_refused(int fd, const char *why)
{
    struct error error;
    if (read_file(fd, &error) >= 0)
        fail_msg("accepted, expected '%s'", why);
    if (!strstr(error.text, why))
        fail_msg("says '%s', not '%s'", error.text, why);
    assert_null(strchr(error.text, '\n'));
    assert_memory_equal(error.text, "stream: ", 8);
}

/* A small stream with both kinds of labels; returns its length. */
static inline size_t put_small_stream(int fd, bool count)
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

#endif
