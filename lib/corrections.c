#include "corrections.h"
#include "npy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    HEADER = 128, /* what npy_format() needs for our three types */
    SAMPLE_BYTES = HEADER + IMAGE_PIXELS + HEADER + 1,
    END_BYTES = HEADER
};

static const struct tensor_type images_type = {DTYPE_U8, 3, {1, IMAGE_SIDE, IMAGE_SIDE}};
static const struct tensor_type labels_type = {DTYPE_U8, 1, {1}};
static const struct tensor_type end_type = {DTYPE_U8, 1, {0}};

static uint8_t *put(uint8_t *to, const void *bytes, size_t n)
{
    memcpy(to, bytes, n);
    return to + n;
}

static uint8_t *put_header(uint8_t *to, const struct tensor_type *type)
{
    uint8_t header[NPY_FORMAT_ROOM];
    return put(to, header, npy_format(type, header));
}

/* Whether a file of `size` bytes is empty or begins as this function's callers write it. */
static bool is_ours(int fd, off_t size)
{
    uint8_t expected[HEADER], found[HEADER];
    put_header(expected, size < SAMPLE_BYTES ? &end_type : &images_type);
    return size == 0 || (pread(fd, found, HEADER, 0) == HEADER && !memcmp(expected, found, HEADER));
}

static int64_t append(int fd, const char *path, const uint8_t image[IMAGE_PIXELS], uint8_t label,
                      struct error *error)
{
    struct stat status;
    if (flock(fd, LOCK_EX) != 0 || fstat(fd, &status) != 0)
        return error_set(error, "%s: cannot lock:", path);
    if (!S_ISREG(status.st_mode) || !is_ours(fd, status.st_size))
        return error_set(error, "%s: is not a file of corrections", path);
    const int64_t samples = status.st_size / SAMPLE_BYTES;
    if (samples >= CORRECTIONS_MAX)
        return 0;

    uint8_t bytes[SAMPLE_BYTES + END_BYTES];
    uint8_t *to = put_header(bytes, &images_type);
    to = put(to, image, IMAGE_PIXELS);
    to = put_header(to, &labels_type);
    to = put(to, &label, 1);
    put_header(to, &end_type);
    const off_t at = samples * SAMPLE_BYTES;
    errno = ENOSPC; /* what a short write means */
    if (pwrite(fd, bytes, sizeof bytes, at) == (ssize_t)sizeof bytes &&
        ftruncate(fd, at + (off_t)sizeof bytes) == 0)
        return samples + 1;
    error_set(error, "%s: cannot write:", path);
    /* The end record had its place there before. */
    if (pwrite(fd, to, END_BYTES, at) != END_BYTES || ftruncate(fd, at + END_BYTES) != 0)
        error_set(error, "%s: cannot write, and lost its end record:", path);
    return -1;
}

int64_t corrections_append(const char *path, const uint8_t image[IMAGE_PIXELS], uint8_t label,
                           struct error *error)
{
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
    if (fd < 0)
        return error_set(error, "%s: cannot open:", path);
    const int64_t result = append(fd, path, image, label, error);
    close(fd); /* releases the lock */
    return result;
}
