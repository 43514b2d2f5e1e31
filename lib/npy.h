/*
 * The header of a NumPy .npy file: magic, version, length, and a Python dictionary that tells the
 * element type and the shape of the data behind it.
 * Source: NumPy Enhancement Proposal 1, "A simple file format for NumPy arrays", 2007.
 */
#ifndef HWDR_NPY_H
#define HWDR_NPY_H

#include "error.h"
#include "tensor.h"

#include <stddef.h>
#include <stdint.h>

enum {
    NPY_PREFIX = 12,      /* bytes that tell how long the header is; no header is shorter */
    NPY_MAX_TEXT = 10000, /* bytes of the dictionary; NumPy refuses longer ones as well */
    NPY_MAX_HEADER = 12 + NPY_MAX_TEXT,
    NPY_ALIGN = 64,
    NPY_FORMAT_ROOM = 3 * NPY_ALIGN /* enough for TENSOR_MAX_DIMS dimensions of 20 digits */
};

/* A buffer for tensor_type's name as NumPy spells it, such as "'|u1' (256, 28, 28)". */
struct npy_name {
    char text[112];
};

/*
 * Find out how long a header is, from its first bytes; versions 1.0 and 2.0 are known.
 * Returns: 0 with `bytes` (magic included, NPY_PREFIX..NPY_MAX_HEADER), or -1 with `error` set to
 * why, without a place.
 */
int npy_header_bytes(const uint8_t prefix[NPY_PREFIX], size_t *bytes, struct error *error) CHECKED;

/*
 * Read a whole header. Keys may come in any order, with either kind of quotes, any spaces and any
 * padding. The size of the array it promises fits in 64 bits.
 * Returns: 0 with `type`, or -1 with `error` set to why, without a place: not such a dictionary,
 * an element type other than ours, Fortran order with more than one dimension, too many or too
 * large dimensions.
 */
int npy_parse(const uint8_t *header, size_t bytes, struct tensor_type *type,
              struct error *error) CHECKED;

/*
 * Write the version 1.0 header, padded so that the data starts at a multiple of NPY_ALIGN.
 * Returns: its length; for the types of our streams 128, and the bytes that numpy.save writes.
 */
size_t npy_format(const struct tensor_type *type, uint8_t header[NPY_FORMAT_ROOM]);

/* The type as messages show it. */
struct npy_name npy_name(const struct tensor_type *type);

#endif
