/* A sum over images, for tests of bytes that never change. */
#ifndef HWDR_IMAGE_HASH_H
#define HWDR_IMAGE_HASH_H

#include "sample.h"

/* What image_hash() starts from. */
#define IMAGE_HASH_NONE 0xcbf29ce484222325

/* Go on with another image: FNV-1a, G. Fowler, L. C. Noll, K.-P. Vo, 64 bits. */
static inline uint64_t image_hash(uint64_t hash, const uint8_t image[IMAGE_PIXELS])
{
    for (int p = 0; p < IMAGE_PIXELS; p++)
        hash = (hash ^ image[p]) * 0x100000001b3;
    return hash;
}

#endif
