/*
 * For the tests of kernels: every table of this machine against another, and what they may differ
 * by.
 *
 * Bound: both tables add the same n products in the same order, one with fused multiply-adds, one
 * rounding each product. Factors are uniform in [-1,1], so the running sum is about sqrt(n) / 3 and
 * each of the n steps may differ by 2^-24 of it; these differences walk at random, sqrt(n) steps
 * far. 8 times that leaves a wide margin and is still a thousand times less than one product.
 *
 * Tables with fused multiply-adds agree with each other to the bit: models made with AVX2 and
 * AVX-512 are the same files.
 */
#ifndef HWDR_KERNEL_TABLES_H
#define HWDR_KERNEL_TABLES_H

#include "kernels/kernels.h"
#include "rng.h"

#include <math.h>

static uint64_t seed = 1; /* of the shapes and values; an argument of the program sets another */

static inline double bound_of(const struct kernels *reference, double terms)
{
    if (reference != kernels_available(0))
        return 0;
    return 8 * sqrt(terms) * 0x1p-24 * sqrt(terms) / 3 + 1e-7; /* |products| average 1/4 */
}

typedef void check_fn(const struct kernels *reference, const struct kernels *kernels,
                      struct rng *rng);

/* Each table against portable C, and those behind the first against that to the bit. */
static inline void check_tables(check_fn *check)
{
    const struct kernels *kernels;
    for (int k = 1; (kernels = kernels_available(k)); k++)
        for (int reference = 0; reference < (k > 1 ? 2 : 1); reference++) {
            struct rng rng = rng_start(seed, RNG_WARP, 0, 0);
            for (int i = 0; i < 300; i++)
                check(kernels_available(reference), kernels, &rng);
        }
}

#endif
