/*
 * Reading and writing file descriptors to the last byte: short reads and writes, interruptions and
 * descriptors that would block are dealt with here.
 */
#ifndef HWDR_PIPE_H
#define HWDR_PIPE_H

#include "error.h"

#include <stddef.h>
#include <sys/uio.h>

/* What messages call the descriptor: "stdin", "stdout", or "stream" for any other. */
const char *pipe_name(int fd);

/*
 * Give a pipe a buffer of 1 MiB, best effort: what is not a pipe, or may not grow, works as it is.
 */
void pipe_enlarge(int fd);

/*
 * Fill `to` with `n` bytes. Returns: 0 with how many there were in `got`, less than `n` only at the
 * end of the input; or -1 with `error` set.
 */
int pipe_read(int fd, void *to, size_t n, size_t *got, struct error *error) CHECKED;

/*
 * Write everything that [n] pieces hold; the pieces are used up.
 * Returns: 0, or -1 with `error` set.
 */
int pipe_write(int fd, struct iovec *piece, int n, struct error *error) CHECKED;

#endif
