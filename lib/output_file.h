/* A file written whole or not at all. */
#ifndef HWDR_OUTPUT_FILE_H
#define HWDR_OUTPUT_FILE_H

#include "error.h"

#include <stdio.h>

/*
 * An output file under way: a temporary file beside its target, or the target itself where that is
 * not a regular file (a pipe, a device).
 * Owns: everything; release with output_file_commit() or output_file_abandon().
 */
struct output_file {
    FILE *stream;    /* write here */
    char *target;    /* symbolic links resolved */
    char *temporary; /* NULL when the target is written directly */
};

/*
 * Start to write `path`. A file that is there keeps its mode; a new one gets 0666 less the umask.
 * Returns: 0, or -1 with `error` naming the path: an unwritable folder or file, a folder, a
 * dangling symbolic link.
 */
int output_file_open(struct output_file *file, const char *path, struct error *error) CHECKED;

/*
 * Flush, fsync and rename into place. Returns: 0, or -1 with `error` set if anything was lost; the
 * old file is then as it was.
 */
int output_file_commit(struct output_file *file, struct error *error) CHECKED;

/* Give up: remove the temporary file, leave the old one as it was. */
void output_file_abandon(struct output_file *file);

/*
 * Whether `path` could be written, asked before hours of work: nothing is changed, and a pipe or
 * device is not opened. Returns: 0, or -1 with `error` set.
 */
int output_file_check(const char *path, struct error *error) CHECKED;

#endif
