#include "stream.h"

#include "npy.h"
#include "pipe.h"
#include "tensor.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Arrays go between memory and file as they are, and those of a stream are little-endian. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "big-endian machines are not supported");

/* Soft labels come from other programs' float arithmetic, perhaps in half precision. */
static const double soft_sum_tolerance = 1e-3;

static const struct tensor_type count_type = {DTYPE_I64, 0, {0}};
static const struct tensor_type end_type = {DTYPE_U8, 1, {0}};

struct stream_reader {
    int fd;
    int64_t count;           /* announced, or STREAM_COUNT_UNKNOWN */
    uint64_t samples;        /* read so far */
    uint64_t record, start;  /* number of the current record, from 1, and its first byte */
    uint64_t offset;         /* bytes read so far */
    struct tensor_type type; /* of the current record */
    bool pending;            /* its header has been read, but nobody has looked at it */
    bool ended;
    size_t peeked;
    uint8_t peek[STREAM_MAX_PEEK];
    _Alignas(64) uint8_t images[STREAM_MAX_BATCH * IMAGE_PIXELS];
    float soft[STREAM_MAX_BATCH * CLASSES];
    uint8_t labels[STREAM_MAX_BATCH];
};

struct stream_writer {
    int fd;
    int64_t count;
    uint64_t samples;
};

/* "stdin: record 3 at byte 200968: why"; returns -1. */
static int PRINTF(3, 4)
    fail(const struct stream_reader *reader, struct error *error, const char *format, ...)
{
    char why[384];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, sizeof why, format, arguments);
    va_end(arguments);
    return error_set(error, "%s: record %" PRIu64 " at byte %" PRIu64 ": %s", pipe_name(reader->fd),
                     reader->record, reader->start, why);
}

/* Fill [n] bytes at `to`, less only at the end of the input. */
static int read_bytes(struct stream_reader *reader, void *to, size_t n, size_t *got,
                      struct error *error)
{
    *got = reader->peeked < n ? reader->peeked : n;
    memcpy(to, reader->peek, *got);
    reader->peeked -= *got;
    memmove(reader->peek, reader->peek + *got, reader->peeked);
    size_t more;
    if (pipe_read(reader->fd, (uint8_t *)to + *got, n - *got, &more, error))
        return -1;
    *got += more;
    reader->offset += *got;
    return 0;
}

/* As read_bytes(), where anything less is an error. */
static int read_whole(struct stream_reader *reader, void *to, size_t n, struct error *error)
{
    size_t got;
    if (read_bytes(reader, to, n, &got, error))
        return -1;
    if (got < n)
        return fail(reader, error, "cut off at byte %" PRIu64 ", %zu bytes are missing",
                    reader->offset, n - got);
    return 0;
}

/* What people pipe into a program by mistake, and what helps. */
static const char *hint(const uint8_t prefix[NPY_PREFIX])
{
    static const struct {
        size_t bytes;
        const char *start, *text;
    } known[] = {
        {2, "\x1f\x8b", " but of gzip data: unpack it first"},
        {4, "\x89PNG", " but of a PNG: png2bin makes a stream of it"},
        {3, "\0\0\x08", " but of an IDX file: idx2bin makes a stream of it"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (memcmp(prefix, known[i].start, known[i].bytes) == 0)
            return known[i].text;
    return "";
}

/* Read the next record's header into reader->type. */
static int read_header(struct stream_reader *reader, struct error *error)
{
    /* an input shorter than this prefix is judged by what it has: cut off, or something else */
    uint8_t header[NPY_MAX_HEADER] = "\x93NUMPY\1\0\x76\0{'";
    size_t got, bytes;
    struct error why;
    reader->start = reader->offset;
    reader->record++;
    if (read_bytes(reader, header, NPY_PREFIX, &got, error))
        return -1;
    if (got == 0 && reader->record == 1)
        return error_set(error, "%s: empty: expected a sample stream", pipe_name(reader->fd));
    if (got == 0)
        return error_set(error,
                         "%s: cut off at byte %" PRIu64 ": the stream ends without its end record",
                         pipe_name(reader->fd), reader->offset);
    if (npy_header_bytes(header, &bytes, &why))
        return fail(reader, error, "%s%s", why.text, hint(header));
    if (got < NPY_PREFIX)
        return fail(reader, error, "cut off at byte %" PRIu64 ", inside the header",
                    reader->offset);
    if (read_whole(reader, header + NPY_PREFIX, bytes - NPY_PREFIX, error))
        return -1;
    if (npy_parse(header, bytes, &reader->type, &why))
        return fail(reader, error, "%s", why.text);
    return 0;
}

/* The first record, if it is the count. */
static int read_count(struct stream_reader *reader, struct error *error)
{
    if (read_header(reader, error))
        return -1;
    if (!tensor_same(&reader->type, &count_type)) {
        reader->pending = true;
        return 0;
    }
    if (read_whole(reader, &reader->count, sizeof reader->count, error))
        return -1;
    if (reader->count < 0)
        return fail(reader, error, "a count of %" PRId64 " samples", reader->count);
    return 0;
}

struct stream_reader *stream_reader_new_peeked(int fd, const uint8_t *peeked, size_t n,
                                               struct error *error)
{
    if (isatty(fd)) {
        error_set(error, "%s: is a terminal: expected a sample stream", pipe_name(fd));
        return NULL;
    }
    /* the arrays take 3.4 MB of addresses, and memory as far as records fill them */
    struct stream_reader *reader = aligned_alloc(64, sizeof *reader);
    if (!reader) {
        error_set(error, "memory: no %zu bytes for a stream", sizeof *reader);
        return NULL;
    }
    memset(reader, 0, offsetof(struct stream_reader, images));
    reader->fd = fd;
    reader->count = STREAM_COUNT_UNKNOWN;
    reader->peeked = n;
    if (n)
        memcpy(reader->peek, peeked, n);
    pipe_enlarge(fd);
    if (read_count(reader, error)) {
        stream_reader_free(reader);
        return NULL;
    }
    return reader;
}

struct stream_reader *stream_reader_new(int fd, struct error *error)
{
    return stream_reader_new_peeked(fd, NULL, 0, error);
}

void stream_reader_free(struct stream_reader *reader)
{
    free(reader);
}

int64_t stream_reader_count(const struct stream_reader *reader)
{
    return reader->count;
}

/* The record after [n] images. */
static int read_labels(struct stream_reader *reader, size_t n, struct samples *samples,
                       struct error *error)
{
    if (read_header(reader, error))
        return -1;
    const struct tensor_type hard = {DTYPE_U8, 1, {n}}, soft = {DTYPE_F32, 2, {n, CLASSES}};
    if (tensor_same(&reader->type, &hard)) {
        samples->labels = reader->labels;
        if (read_whole(reader, reader->labels, n, error))
            return -1;
        for (size_t i = 0; i < n; i++)
            if (reader->labels[i] >= CLASSES && reader->labels[i] != LABEL_UNKNOWN)
                return fail(reader, error, "sample %" PRIu64 ": label %d is neither 0..9 nor %d",
                            reader->samples + i, reader->labels[i], LABEL_UNKNOWN);
        return 0;
    }
    if (!tensor_same(&reader->type, &soft))
        return fail(reader, error, "%s after %zu images: expected labels %s or %s",
                    npy_name(&reader->type).text, n, npy_name(&hard).text, npy_name(&soft).text);
    samples->soft = reader->soft;
    if (read_whole(reader, reader->soft, n * CLASSES * sizeof(float), error))
        return -1;
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (size_t c = 0; c < CLASSES; c++) {
            const float p = reader->soft[i * CLASSES + c];
            if (!(p >= 0)) /* a NaN neither */
                return fail(reader, error, "sample %" PRIu64 ": probability %g of class %zu",
                            reader->samples + i, (double)p, c);
            sum += (double)p;
        }
        if (!(fabs(sum - 1) <= soft_sum_tolerance))
            return fail(reader, error, "sample %" PRIu64 ": probabilities add up to %g, not to 1",
                        reader->samples + i, sum);
    }
    return 0;
}

/* Whether everything announced has come, and nothing follows. */
static int read_end(struct stream_reader *reader, struct error *error)
{
    if (reader->count >= 0 && (uint64_t)reader->count != reader->samples)
        return fail(reader, error, "the stream ends after %" PRIu64 " of %" PRId64 " samples",
                    reader->samples, reader->count);
    uint8_t byte;
    size_t got;
    if (read_bytes(reader, &byte, 1, &got, error))
        return -1;
    if (got)
        return fail(reader, error,
                    "data follows this end record (streams cannot be joined by cat: "
                    "see lib/FORMAT.md)");
    reader->ended = true;
    return 0;
}

int stream_read(struct stream_reader *reader, struct samples *samples, struct error *error)
{
    *samples = (struct samples){.images = reader->images};
    if (reader->ended)
        return 0;
    if (!reader->pending && read_header(reader, error))
        return -1;
    reader->pending = false;
    if (tensor_same(&reader->type, &end_type))
        return read_end(reader, error);
    if (tensor_same(&reader->type, &count_type))
        return fail(reader, error, "a count of samples is allowed only as the first record");
    const uint64_t n = reader->type.dim[0];
    if (!tensor_same(&reader->type,
                     &(struct tensor_type){DTYPE_U8, 3, {n, IMAGE_SIDE, IMAGE_SIDE}}))
        return fail(reader, error, "%s: expected images '|u1' (n, 28, 28) or the end '|u1' (0,)",
                    npy_name(&reader->type).text);
    if (n < 1 || n > STREAM_MAX_BATCH)
        return fail(reader, error, "%" PRIu64 " images, a record holds 1 to %d", n,
                    STREAM_MAX_BATCH);
    if (reader->count >= 0 && n > (uint64_t)reader->count - reader->samples)
        return fail(reader, error, "more samples than the %" PRId64 " announced", reader->count);
    if (read_whole(reader, reader->images, n * IMAGE_PIXELS, error) ||
        read_labels(reader, n, samples, error))
        return -1;
    samples->n = n;
    reader->samples += n;
    return 1;
}

/* Make room for `room` samples; what is there stays. Only the kind of labels in use gets memory. */
static int resize(struct samples *all, size_t room, bool soft, struct error *error)
{
    uint8_t *images = realloc(all->images, room * IMAGE_PIXELS);
    if (images)
        all->images = images;
    void *labels =
        soft ? realloc(all->soft, room * CLASSES * sizeof *all->soft) : realloc(all->labels, room);
    if (labels && soft)
        all->soft = labels;
    else if (labels)
        all->labels = labels;
    if (!images || !labels)
        return error_set(error, "memory: no room for %zu samples", room);
    return 0;
}

int stream_read_all(struct stream_reader *reader, struct samples *all, struct error *error)
{
    enum { FIRST_ROOM = 1 << 16 }; /* a count is believed so far; 50 MB */
    *all = (struct samples){.n = 0};
    size_t room = 0;
    struct samples batch;
    int status;
    while ((status = stream_read(reader, &batch, error)) > 0) {
        if (all->n && !batch.soft != !all->soft) {
            status = fail(reader, error, "hard and soft labels in one stream");
            break;
        }
        if (batch.n > room - all->n) {
            const bool known = reader->count > 0 && reader->count < FIRST_ROOM;
            room = room ? 2 * room : known ? (size_t)reader->count : FIRST_ROOM;
            if ((status = resize(all, room, batch.soft != NULL, error)))
                break;
        }
        memcpy(all->images + all->n * IMAGE_PIXELS, batch.images, batch.n * IMAGE_PIXELS);
        if (batch.soft)
            memcpy(all->soft + all->n * CLASSES, batch.soft, batch.n * CLASSES * sizeof(float));
        else
            memcpy(all->labels + all->n, batch.labels, batch.n);
        all->n += batch.n;
    }
    if (status == 0 && all->n && all->n < room)
        status = resize(all, all->n, all->soft != NULL, error);
    if (status)
        stream_samples_free(all);
    return status;
}

void stream_samples_free(struct samples *all)
{
    free(all->images);
    free(all->labels);
    free(all->soft);
    *all = (struct samples){.n = 0};
}

/* One record. Shapes: data as `type` says. */
static int write_record(int fd, const struct tensor_type *type, const void *data, size_t bytes,
                        struct error *error)
{
    uint8_t header[NPY_FORMAT_ROOM];
    struct iovec pieces[] = {{header, npy_format(type, header)}, {(void *)(uintptr_t)data, bytes}};
    return pipe_write(fd, pieces, 2, error);
}

struct stream_writer *stream_writer_new(int fd, int64_t count, struct error *error)
{
    struct stream_writer *writer = malloc(sizeof *writer);
    if (!writer) {
        error_set(error, "memory: no %zu bytes for a stream", sizeof *writer);
        return NULL;
    }
    *writer = (struct stream_writer){.fd = fd, .count = count};
    pipe_enlarge(fd);
    if (count != STREAM_COUNT_UNKNOWN &&
        write_record(fd, &count_type, &count, sizeof count, error)) {
        free(writer);
        return NULL;
    }
    return writer;
}

int stream_write(struct stream_writer *writer, const struct samples *samples, struct error *error)
{
    for (size_t i = 0, n; i < samples->n; i += n) {
        n = samples->n - i < STREAM_BATCH ? samples->n - i : STREAM_BATCH;
        const struct tensor_type images = {DTYPE_U8, 3, {n, IMAGE_SIDE, IMAGE_SIDE}};
        const struct tensor_type hard = {DTYPE_U8, 1, {n}}, soft = {DTYPE_F32, 2, {n, CLASSES}};
        uint8_t image_header[NPY_FORMAT_ROOM], label_header[NPY_FORMAT_ROOM];
        struct iovec pieces[] = {
            {image_header, npy_format(&images, image_header)},
            {samples->images + i * IMAGE_PIXELS, n * IMAGE_PIXELS},
            {label_header, npy_format(samples->soft ? &soft : &hard, label_header)},
            {samples->soft ? (void *)(samples->soft + i * CLASSES) : samples->labels + i,
             samples->soft ? n * CLASSES * sizeof(float) : n},
        };
        if (pipe_write(writer->fd, pieces, 4, error))
            return -1;
        writer->samples += n;
    }
    return 0;
}

int stream_finish(struct stream_writer *writer, struct error *error)
{
    if (writer->count >= 0 && (uint64_t)writer->count != writer->samples)
        return error_set(error, "%s: %" PRIu64 " samples written, %" PRId64 " were announced",
                         pipe_name(writer->fd), writer->samples, writer->count);
    return write_record(writer->fd, &end_type, NULL, 0, error);
}

void stream_writer_free(struct stream_writer *writer)
{
    free(writer);
}

int stream_write_scores(int fd, const float *scores, size_t n, struct error *error)
{
    const struct tensor_type type = {DTYPE_F32, 2, {n, CLASSES}};
    return write_record(fd, &type, scores, n * CLASSES * sizeof *scores, error);
}
