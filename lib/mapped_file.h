/* A regular file, whole, in memory that is not copied. */
#ifndef HWDR_MAPPED_FILE_H
#define HWDR_MAPPED_FILE_H

#include "error.h"

#include <stddef.h>

/* Owns: data; release with mapped_file_close(). */
struct mapped_file {
    void *data; /* read only; NULL where the file is empty */
    size_t bytes;
};

/*
 * Map `path`; a FIFO or another thing that is no regular file is refused without waiting for it.
 * Returns: 0, or -1 with `error` naming the path.
 */
int mapped_file_open(struct mapped_file *file, const char *path, struct error *error) CHECKED;

/* Every byte will be looked at: one call for all the pages is cheaper than a fault for each few. */
void mapped_file_expect_all(const struct mapped_file *file);

void mapped_file_close(struct mapped_file *file);

#endif
