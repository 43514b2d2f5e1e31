#include "idx.h"

#include "tensor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { TYPE_U8 = 8, MAX_HEADER = 4 + 3 * 4, INFLATE_BUFFER = 1 << 17, FIRST_ROOM = 1 << 20 };

static uint64_t header_bytes(int dims)
{
    return 4 + 4 * (uint64_t)dims;
}

/*
 * Check the header, of which there are `got` bytes, and take the dimensions from it.
 * Returns: 0 with `bytes` of data that must follow, or -1.
 */
static int parse_header(struct idx *idx, const uint8_t *header, size_t got, const char *path,
                        uint64_t *bytes, struct error *error)
{
    if (got >= 4 && (header[0] || header[1]))
        return error_set(error, "%s: not an IDX file: begins with %02x %02x, not 00 00", path,
                         header[0], header[1]);
    if (got >= 4 && header[2] != TYPE_U8)
        return error_set(error, "%s: byte 2: element type 0x%02x, only 0x08 (bytes) is known", path,
                         header[2]);
    if (got >= 4 && header[3] != idx->dims)
        return error_set(error, "%s: byte 3: %d dimensions, expected %d (%s)", path, header[3],
                         idx->dims, idx->dims == 3 ? "images" : "labels");
    if (got < header_bytes(idx->dims))
        return error_set(error, "%s: cut short: an IDX header has %" PRIu64 " bytes, here are %zu",
                         path, header_bytes(idx->dims), got);
    struct tensor_type type = {.dtype = DTYPE_U8, .dims = idx->dims};
    for (int i = 0; i < idx->dims; i++) {
        const uint8_t *big = header + 4 + 4 * i;
        idx->dim[i] = (uint32_t)big[0] << 24 | (uint32_t)big[1] << 16 | (uint32_t)big[2] << 8 |
                      (uint32_t)big[3];
        type.dim[i] = idx->dim[i];
    }
    if (!tensor_bytes(&type, bytes) || *bytes > PTRDIFF_MAX - MAX_HEADER)
        return error_set(error, "%s: the dimensions overflow: %" PRIu32 " x %" PRIu32 " x %" PRIu32,
                         path, idx->dim[0], idx->dim[1], idx->dim[2]);
    return 0;
}

static int wrong_length(const char *path, uint64_t expected, uint64_t got, struct error *error)
{
    return error_set(error,
                     got < expected
                         ? "%s: cut short: the header promises %" PRIu64 " bytes, here are %" PRIu64
                         : "%s: too long: the header promises %" PRIu64 " bytes, here are %" PRIu64,
                     path, expected, got);
}

/* A plain regular file. */
static int map(struct idx *idx, int fd, uint64_t size, const char *path, struct error *error)
{
    if (size == 0)
        return error_set(error, "%s: empty", path);
    void *memory = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (memory == MAP_FAILED)
        return error_set(error, "%s: map:", path);
    idx->memory = memory;
    idx->memory_bytes = size;
    idx->mapped = 1;
    uint64_t bytes;
    if (parse_header(idx, memory, size, path, &bytes, error))
        return -1;
    const uint64_t start = header_bytes(idx->dims);
    if (size - start != bytes)
        return wrong_length(path, bytes, size - start, error);
    idx->data = (const uint8_t *)memory + start;
    madvise(memory, size, MADV_WILLNEED);
    return 0;
}

/* zlib's messages begin with a name it made up, such as "<fd:4>: ". */
static const char *without_name(const char *message)
{
    const char *colon = strstr(message, ">: ");
    return colon ? colon + 3 : message;
}

/*
 * Read up to `n` bytes, plain or inflated, as far as there are any. A gzip file that lacks its end
 * gives its data first and Z_BUF_ERROR then.
 */
static int read_some(gzFile file, void *to, size_t n, size_t *got, const char *path,
                     struct error *error)
{
    *got = 0;
    while (*got < n) {
        const unsigned part = n - *got < 1 << 30 ? (unsigned)(n - *got) : 1 << 30;
        errno = 0;
        const int bytes = gzread(file, (uint8_t *)to + *got, part);
        int status;
        const char *why = gzerror(file, &status);
        if (status == Z_BUF_ERROR)
            return error_set(error, "%s: gzip cut short", path);
        if (status == Z_ERRNO)
            return error_set(error, "%s: read:", path);
        if (bytes < 0 || status < 0)
            return error_set(error, "%s: corrupt gzip: %s", path, without_name(why));
        if (bytes == 0)
            break;
        *got += (size_t)bytes;
    }
    return 0;
}

/*
 * Anything that cannot be mapped. Memory grows with what really comes, so that a header that
 * promises too much costs nothing.
 */
static int read_all(struct idx *idx, gzFile file, const char *path, struct error *error)
{
    uint8_t header[MAX_HEADER];
    size_t got;
    uint64_t bytes;
    if (read_some(file, header, header_bytes(idx->dims), &got, path, error))
        return -1;
    if (got == 0)
        return error_set(error, "%s: empty", path);
    if (parse_header(idx, header, got, path, &bytes, error))
        return -1;
    for (size_t n = 0, room = FIRST_ROOM; n < bytes; n += got, room *= 2) {
        if (room > bytes)
            room = bytes;
        void *memory = realloc(idx->memory, room);
        if (!memory)
            return error_set(error, "%s: no memory for %zu bytes", path, room);
        idx->memory = memory;
        if (read_some(file, (uint8_t *)memory + n, room - n, &got, path, error))
            return -1;
        if (got < room - n)
            return wrong_length(path, bytes, n + got, error);
    }
    idx->data = idx->memory;
    uint8_t more;
    if (read_some(file, &more, 1, &got, path, error))
        return -1;
    if (got)
        return error_set(error, "%s: too long: data follows the %" PRIu64 " bytes promised", path,
                         bytes);
    return 0;
}

static int open_descriptor(struct idx *idx, int fd, const char *path, struct error *error)
{
    struct stat status;
    uint8_t start[2] = {0};
    if (fstat(fd, &status))
        return error_set(error, "%s:", path);
    if (S_ISREG(status.st_mode) && pread(fd, start, 2, 0) >= 0 &&
        (start[0] != 0x1f || start[1] != 0x8b))
        return map(idx, fd, (uint64_t)status.st_size, path, error);
    const int copy = dup(fd); /* gzclose() closes its descriptor, the caller the other */
    gzFile file = copy < 0 ? NULL : gzdopen(copy, "rb");
    if (!file) {
        if (copy >= 0)
            close(copy);
        return error_set(error, "%s: no memory to read it", path);
    }
    gzbuffer(file, INFLATE_BUFFER);
    const int result = read_all(idx, file, path, error);
    gzclose_r(file);
    return result;
}

int idx_open(struct idx *idx, const char *path, int dims, struct error *error)
{
    *idx = (struct idx){.dims = dims};
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set(error, "%s:", path);
    const int result = open_descriptor(idx, fd, path, error);
    close(fd);
    if (result)
        idx_close(idx);
    return result;
}

void idx_close(struct idx *idx)
{
    if (idx->mapped)
        munmap(idx->memory, idx->memory_bytes);
    else
        free(idx->memory);
    *idx = (struct idx){.dims = 0};
}
