#include "mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int map(struct mapped_file *file, int fd, const char *path, struct error *error)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return error_set(error, "%s: cannot examine:", path);
    if (!S_ISREG(status.st_mode))
        return error_set(error, "%s: not a regular file", path);
    const size_t bytes = (size_t)status.st_size;
    if (bytes == 0)
        return 0; /* mmap() refuses it */
    void *data = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED)
        return error_set(error, "%s: cannot map:", path);
    *file = (struct mapped_file){data, bytes};
    return 0;
}

int mapped_file_open(struct mapped_file *file, const char *path, struct error *error)
{
    *file = (struct mapped_file){0};
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not block */
    if (fd < 0)
        return error_set(error, "%s: cannot open:", path);
    const int result = map(file, fd, path, error);
    close(fd);
    return result;
}

void mapped_file_expect_all(const struct mapped_file *file)
{
#ifdef MADV_POPULATE_READ
    (void)madvise(file->data, file->bytes, MADV_POPULATE_READ);
#else
    (void)file;
#endif
}

void mapped_file_close(struct mapped_file *file)
{
    if (file->data)
        munmap(file->data, file->bytes);
    *file = (struct mapped_file){0};
}
