#include "output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The path behind all symbolic links, or `path` itself where nothing is there yet.
 * Returns: a string the caller frees, or NULL with `error` set.
 */
static char *resolve(const char *path, struct error *error)
{
    char *target = realpath(path, NULL);
    if (target)
        return target;
    struct stat link;
    if (errno != ENOENT) {
        error_set(error, "%s: cannot write:", path);
    } else if (lstat(path, &link) == 0) {
        error_set(error, "%s: cannot write: a symbolic link to nothing", path);
    } else {
        target = strdup(path);
        if (!target)
            error_set(error, "%s: out of memory", path);
    }
    return target;
}

/*
 * Create a file of a name nobody has, beside the target.
 * Returns: its descriptor and its name in file->temporary, or -1 with errno set.
 */
static int create_temporary(struct output_file *file)
{
    enum { TRIES = 100, NAME = 200 }; /* a name may have 255 bytes, with .PID-TRY.tmp behind it */
    const char *slash = strrchr(file->target, '/');
    const char *name = slash ? slash + 1 : file->target;
    const int folder = (int)(name - file->target);
    for (int i = 0; i < TRIES; i++) {
        if (asprintf(&file->temporary, "%.*s%.*s.%ld-%d.tmp", folder, file->target, NAME, name,
                     (long)getpid(), i) < 0) {
            file->temporary = NULL;
            errno = ENOMEM;
            return -1;
        }
        const int fd = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0)
            return fd;
        free(file->temporary);
        file->temporary = NULL;
        if (errno != EEXIST)
            return -1;
    }
    return -1;
}

int output_file_open(struct output_file *file, const char *path, struct error *error)
{
    *file = (struct output_file){0};
    struct stat old;
    const bool exists = stat(path, &old) == 0;
    if (exists && S_ISDIR(old.st_mode))
        return error_set(error, "%s: cannot write: is a directory", path);
    const bool direct = exists && !S_ISREG(old.st_mode);
    file->target = direct ? strdup(path) : resolve(path, error);
    if (!file->target)
        return direct ? error_set(error, "%s: out of memory", path) : -1;
    int fd = -1;
    if (direct)
        fd = open(path, O_WRONLY | O_CLOEXEC);
    else if (!exists || access(path, W_OK) == 0) /* rename() would not heed a write protection */
        fd = create_temporary(file);
    if (fd >= 0 && exists && !direct)
        fchmod(fd, old.st_mode & 07777); /* a file system without modes is no reason to fail */
    file->stream = fd >= 0 ? fdopen(fd, "wb") : NULL;
    if (file->stream)
        return 0;
    error_set(error, "%s: cannot write:", path);
    if (fd >= 0)
        close(fd);
    output_file_abandon(file);
    return -1;
}

/* Make the new name survive a crash; where a file system cannot, the file itself still does. */
static void sync_folder(const char *target)
{
    const char *slash = strrchr(target, '/');
    char *folder = slash ? strndup(target, (size_t)(slash - target) + 1) : strdup(".");
    const int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(folder);
}

int output_file_commit(struct output_file *file, struct error *error)
{
    bool good = fflush(file->stream) == 0;
    if (good && ferror(file->stream)) { /* lost earlier, and errno with it */
        errno = EIO;
        good = false;
    }
    if (good && file->temporary)
        good = fsync(fileno(file->stream)) == 0;
    good = fclose(file->stream) == 0 && good;
    file->stream = NULL;
    if (good && file->temporary)
        good = rename(file->temporary, file->target) == 0;
    if (!good) {
        error_set(error, "%s: cannot write:", file->target);
    } else if (file->temporary) {
        sync_folder(file->target);
        free(file->temporary);
        file->temporary = NULL;
    }
    output_file_abandon(file);
    return good ? 0 : -1;
}

void output_file_abandon(struct output_file *file)
{
    if (file->stream)
        fclose(file->stream);
    if (file->temporary)
        unlink(file->temporary);
    free(file->temporary);
    free(file->target);
    *file = (struct output_file){0};
}

int output_file_check(const char *path, struct error *error)
{
    struct stat status;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
        return access(path, W_OK) == 0 ? 0 : error_set(error, "%s: cannot write:", path);
    struct output_file file;
    if (output_file_open(&file, path, error) != 0)
        return -1;
    output_file_abandon(&file);
    return 0;
}
