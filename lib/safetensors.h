/*
 * safetensors files: an 8-byte little-endian header length, a JSON header, the tensors. The reader
 * treats the file as hostile. The only file that knows jansson.
 * Source: https://github.com/huggingface/safetensors, "Format".
 */
#ifndef HWDR_SAFETENSORS_H
#define HWDR_SAFETENSORS_H

#include "error.h"
#include "mapped_file.h"
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
    struct mapped_file map;
    void *json; /* holds every string */
};

/*
 * Open and check a regular file: header length, JSON without duplicate keys, known dtypes (U8, I64,
 * F32), at most TENSOR_MAX_DIMS dimensions, every range inside the file and equal to dtype x shape,
 * no overlap and no gap, data aligned to its elements, every f32 finite.
 * Returns: 0, or -1 with `error` naming the path. Owns: close with safetensors_close().
 */
int safetensors_open(struct safetensors *file, const char *path, struct error *error) CHECKED;
void safetensors_close(struct safetensors *file);

/* The tensor or metadata value of that name, or NULL. */
const struct safetensors_tensor *safetensors_find(const struct safetensors *file, const char *name);
const char *safetensors_get(const struct safetensors *file, const char *key);

/*
 * Write a file whole or not at all: a temporary file beside it, fsync, rename. A symbolic link is
 * followed and stays; an existing file's mode is kept. A path that exists and is not a regular file
 * (a pipe, /dev/full) is written directly.
 * The data starts at a multiple of SAFETENSORS_ALIGN and follows without gaps, which the format
 * forbids: larger elements first, so that each tensor is aligned to its own. The header lists names
 * as given. The bytes depend on nothing but the arguments.
 * Returns: 0, or -1 with `error` naming the path and nothing left behind; what safetensors_open()
 * would refuse is not written.
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
