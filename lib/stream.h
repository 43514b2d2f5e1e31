/*
 * The sample stream: .npy records in a pipe. FORMAT.md specifies it byte by byte.
 *
 *     stream = [count] { images labels } end
 */
#ifndef HWDR_STREAM_H
#define HWDR_STREAM_H

#include "error.h"
#include "sample.h"

#include <stddef.h>
#include <stdint.h>

enum {
    STREAM_BATCH = 256,      /* samples in a record as our programs write them */
    STREAM_MAX_BATCH = 4096, /* samples in a record as our programs accept them */
    STREAM_MAX_PEEK = 16,    /* bytes that may be taken off a stream before its reader starts */
    STREAM_COUNT_UNKNOWN = -1
};

struct stream_reader;
struct stream_writer;

/*
 * Start to read the stream on `fd`, which stays the caller's. Reads the first header, so that the
 * count is known; a pipe's buffer is enlarged where the system allows it.
 * Returns: the reader, or NULL with `error` set. Owns: free with stream_reader_free().
 */
struct stream_reader *stream_reader_new(int fd, struct error *error) CHECKED;

/*
 * As stream_reader_new(), for a program that had to look at its input to tell what it is: the
 * stream begins with the `n` <= STREAM_MAX_PEEK bytes at `peeked`, which have been read from `fd`.
 */
struct stream_reader *stream_reader_new_peeked(int fd, const uint8_t *peeked, size_t n,
                                               struct error *error) CHECKED;

/* Samples announced by the count record, or STREAM_COUNT_UNKNOWN. */
int64_t stream_reader_count(const struct stream_reader *reader);

/*
 * Read the next record of samples. The arrays belong to the reader, may be changed in place by the
 * caller, and live until the next call.
 * Returns: 1 with a record of 1..STREAM_MAX_BATCH samples; 0 at the end record; -1 with `error` set
 * when the stream is malformed, cut off, goes on after its end, or does not hold the announced
 * count; messages number records and samples from 1 and 0, and bytes from 0.
 */
int stream_read(struct stream_reader *reader, struct samples *samples, struct error *error) CHECKED;

void stream_reader_free(struct stream_reader *reader);

/*
 * Read a whole stream into memory; every sample's labels are hard or every one's are soft. A stream
 * without samples gives n == 0 and no arrays.
 * Owns: `all`, arrays included; free with stream_samples_free().
 * Returns: 0, or -1 with `error` set (mixed hard and soft labels are an error).
 */
int stream_read_all(struct stream_reader *reader, struct samples *all, struct error *error) CHECKED;
void stream_samples_free(struct samples *all);

/*
 * Start a stream on `fd`, which stays the caller's; writes the count record unless `count` is
 * STREAM_COUNT_UNKNOWN. Records are written whole, as they are given, with no buffering between.
 * Returns: the writer, or NULL with `error` set.
 */
struct stream_writer *stream_writer_new(int fd, int64_t count, struct error *error) CHECKED;

/*
 * Write samples, with either kind of labels, as records of at most STREAM_BATCH. The images go to
 * the system as they lie, without a copy. Returns: 0, or -1 with `error` set.
 */
int stream_write(struct stream_writer *writer, const struct samples *samples,
                 struct error *error) CHECKED;

/*
 * Write the end record; the stream is incomplete without it.
 * Returns: 0, or -1 with `error` set, also when fewer or more samples were written than announced.
 */
int stream_finish(struct stream_writer *writer, struct error *error) CHECKED;

void stream_writer_free(struct stream_writer *writer);

/*
 * Write one record of class probabilities to `fd`, or with n == 0 the end of such a stream.
 * Shapes: scores [n,10] f32. Returns: 0, or -1 with `error` set.
 */
int stream_write_scores(int fd, const float *scores, size_t n, struct error *error) CHECKED;

#endif
