/*
 * IDX files, plain or gzip, the format of MNIST: two zero bytes, a type byte (8 = unsigned byte),
 * the number of dimensions, each dimension as a big-endian 32-bit integer, then the elements.
 * Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits".
 */
#ifndef HWDR_IDX_H
#define HWDR_IDX_H

#include "error.h"

#include <stddef.h>
#include <stdint.h>

/*
 * A whole IDX file of unsigned bytes.
 * Shapes: data [dim[0],...,dim[dims-1]] u8.
 * Owns: `data` through `memory`; release with idx_close().
 */
struct idx {
    int dims;
    uint32_t dim[3];
    const uint8_t *data;
    void *memory;
    size_t memory_bytes;
    int mapped;
};

/*
 * Open a file whose IDX header has `dims` dimensions (3 for images, 1 for labels). A plain regular
 * file is mapped, anything else is read, and inflated where it is gzip.
 * Returns: 0, or -1 with `error` set: unreadable, gzip cut short or corrupt, wrong magic or type,
 * or a length that differs from what the header says, in either direction.
 */
int idx_open(struct idx *idx, const char *path, int dims, struct error *error) CHECKED;

void idx_close(struct idx *idx);

#endif
