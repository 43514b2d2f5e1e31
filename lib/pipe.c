#include "pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

/* Five records of 256 samples: fewer switches between programs than the usual 64 KiB bring. */
enum { PIPE_BYTES = 1 << 20 };

const char *pipe_name(int fd)
{
    return fd == STDIN_FILENO ? "stdin" : fd == STDOUT_FILENO ? "stdout" : "stream";
}

void pipe_enlarge(int fd)
{
    const int now = fcntl(fd, F_GETPIPE_SZ);
    if (now >= 0 && now < PIPE_BYTES)
        fcntl(fd, F_SETPIPE_SZ, PIPE_BYTES);
}

/* Whether a failed read or write is worth another try, after waiting where it would block. */
static bool try_again(int fd, short events)
{
    if (errno == EINTR)
        return true;
    return (errno == EAGAIN || errno == EWOULDBLOCK) &&
           (poll(&(struct pollfd){.fd = fd, .events = events}, 1, -1) >= 0 || errno == EINTR);
}

int pipe_read(int fd, void *to, size_t n, size_t *got, struct error *error)
{
    *got = 0;
    while (*got < n) {
        const ssize_t bytes = read(fd, (uint8_t *)to + *got, n - *got);
        if (bytes == 0)
            break;
        if (bytes > 0)
            *got += (size_t)bytes;
        else if (errno == EBADF)
            return error_set(error, "%s: is closed", pipe_name(fd));
        else if (!try_again(fd, POLLIN))
            return error_set(error, "%s: read:", pipe_name(fd));
    }
    return 0;
}

int pipe_write(int fd, struct iovec *piece, int n, struct error *error)
{
    while (n) {
        if (piece->iov_len == 0) {
            piece++;
            n--;
            continue;
        }
        const ssize_t bytes = writev(fd, piece, n);
        if (bytes < 0 && !try_again(fd, POLLOUT))
            return error_set(error, "%s: write:", pipe_name(fd));
        size_t left = bytes < 0 ? 0 : (size_t)bytes;
        for (int i = 0; i < n && left; i++) {
            const size_t part = left < piece[i].iov_len ? left : piece[i].iov_len;
            piece[i].iov_base = (uint8_t *)piece[i].iov_base + part;
            piece[i].iov_len -= part;
            left -= part;
        }
    }
    return 0;
}
