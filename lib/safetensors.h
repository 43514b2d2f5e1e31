/*
 * safetensors files: an 8-byte little-endian header length, a JSON header, the tensors. The reader
 * treats the file as hostile. The only file that knows jansson.
 */
#ifndef HWDR_SAFETENSORS_H
#define HWDR_SAFETENSORS_H

#include "error.h"
#include "tensor.h"

#include <stddef.h>
#include <stdint.h>

enum { SAFETENSORS_MAX_HEADER = 1 << 20, SAFETENSORS_ALIGN = 64 };

struct safetensors_entry { /* one pair of __metadata__ */
    const char *key, *value;
};

struct safetensors_tensor {
    const char *name;
    struct tensor_type type;
    const void *data;
};

/* A file mapped into memory; everything in it points into memory owned by it. */
struct safetensors {
    size_t entries, tensors;
    struct safetensors_entry *entry;
    struct safetensors_tensor *tensor;
    void *map;
    size_t map_bytes;
};

/*
 * Open and check a file: header length, JSON without duplicate keys, known dtypes, every range
 * inside the file and equal to dtype x shape, no overlap and no gap, every f32 finite.
 * Returns: 0, or -1 with `error` naming the path. Owns: close with safetensors_close().
 */
int safetensors_open(struct safetensors *file, const char *path, struct error *error) CHECKED;
void safetensors_close(struct safetensors *file);

/* The tensor or metadata value of that name, or NULL. */
const struct safetensors_tensor *safetensors_find(const struct safetensors *file, const char *name);
const char *safetensors_get(const struct safetensors *file, const char *key);

/*
 * Write a file whole or not at all: a temporary file beside it, fsync, rename; the data of each
 * tensor starts at a multiple of SAFETENSORS_ALIGN. A path that exists and is not a regular file
 * (/dev/stdout, /dev/full) is written directly. The bytes depend on nothing but the arguments.
 * Returns: 0, or -1 with `error` naming the path and nothing left behind.
 */
int safetensors_write(const char *path, const struct safetensors_entry *entry, size_t entries,
                      const struct safetensors_tensor *tensor, size_t tensors,
                      struct error *error) CHECKED;

/*
 * Whether safetensors_write() could create or replace `path`, asked before hours of work.
 * Returns: 0, or -1 with `error` set.
 */
int safetensors_writable(const char *path, struct error *error) CHECKED;

#endif
