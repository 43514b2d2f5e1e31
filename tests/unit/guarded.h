/* Buffers that notice who reads or writes where he must not, for the tests of kernels. */
#ifndef HWDR_GUARDED_H
#define HWDR_GUARDED_H

#include "rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static const uint32_t poison = 0x7fc0dead; /* a NaN that no kernel makes */

struct guarded {
    float *at;
    size_t floats;
    void *map;
    size_t bytes;
};

/* `floats` floats, aligned to 64 bytes when a multiple of 16, that end at an unmapped page. */
static inline struct guarded guarded(size_t floats)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t body = (floats * sizeof(float) + page - 1) / page * page;
    char *map = mmap(NULL, body + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(map != MAP_FAILED);
    assert_int_equal(mprotect(map + body, page, PROT_NONE), 0);
    return (struct guarded){(float *)(void *)(map + body) - floats, floats, map, body + page};
}

static inline void drop(struct guarded *g)
{
    munmap(g->map, g->bytes);
}

static inline void fill(struct guarded *g, struct rng *rng)
{
    for (size_t i = 0; i < g->floats; i++)
        g->at[i] = rng_between(rng, -1, 1);
}

static inline void poison_all(struct guarded *g)
{
    for (size_t i = 0; i < g->floats; i++)
        memcpy(g->at + i, &poison, sizeof poison);
}

static inline bool poisoned(const float *value)
{
    return memcmp(value, &poison, sizeof poison) == 0;
}

static inline int between(struct rng *rng, int low, int high)
{
    return low + (int)rng_below(rng, (uint32_t)(high - low + 1));
}

#endif
