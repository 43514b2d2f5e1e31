/* Element types and shapes, shared by the sample stream (.npy) and the model file (safetensors). */
#ifndef HWDR_TENSOR_H
#define HWDR_TENSOR_H

#include "error.h"

#include <stdbool.h>
#include <stdint.h>

enum dtype { DTYPE_U8, DTYPE_I64, DTYPE_F32 };

enum { TENSOR_MAX_DIMS = 4 };

/* A dense little-endian array in C order; dims == 0 is a scalar. */
struct tensor_type {
    enum dtype dtype;
    int dims;
    uint64_t dim[TENSOR_MAX_DIMS];
};

/* Bytes of one element. */
uint64_t tensor_element_bytes(enum dtype dtype);

/*
 * Bytes of the whole array, multiplied in 64 bits.
 * Returns: false when the product overflows; *bytes is then untouched.
 */
bool tensor_bytes(const struct tensor_type *type, uint64_t *bytes) CHECKED;

/* Whether dtype, rank and every dimension agree. */
bool tensor_same(const struct tensor_type *a, const struct tensor_type *b);

#endif
