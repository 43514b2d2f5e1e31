/*
 * Counter-based random numbers: every number is a pure function of (seed, use, epoch, sample,
 * position), so neither order nor threads matter.
 * Source: Philox4x32-10, J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011,
 * as implemented by Random123.
 */
#ifndef HWDR_RNG_H
#define HWDR_RNG_H

#include <stddef.h>
#include <stdint.h>

/* What the numbers are for: uses never share a sequence. The values are part of what makes results
 * reproducible and must not be renumbered. */
enum rng_use {
    RNG_SHUFFLE = 1, /* order of samples within an epoch */
    RNG_WARP = 2,    /* augmentation of one sample */
    RNG_WEIGHTS = 3, /* initial weights; `sample` is the parameter tensor's index */
    RNG_DROPOUT = 4, /* dropout; `epoch` is the step, `sample` (layer << 32) + index in batch */
    RNG_SPOIL = 5,   /* blur, noise and the like of one sample; bits 52.. of `sample`: which */
    RNG_FOREIGN = 6, /* drawings that are no digits */
    RNG_PIECE = 7,   /* pieces of digits that touch */
    RNG_HAND = 8     /* digits as other hands write them */
};

/* One sequence, positioned at its next number. Plain data: may be copied. */
struct rng {
    uint32_t key[2];
    uint32_t counter[4];
    uint32_t block[4];
    int used; /* numbers of `block` already given */
};

/* Start the sequence of (seed, use, epoch, sample); sample < 2^56. */
struct rng rng_start(uint64_t seed, enum rng_use use, uint32_t epoch, uint64_t sample);

/* 32 uniform random bits. */
uint32_t rng_bits(struct rng *rng);

/* The next n numbers, the same as n calls of rng_bits(), in less time. */
void rng_fill(struct rng *rng, uint32_t *bits, size_t n);

/* Uniform in [0,1), a multiple of 2^-24, exact in float. */
float rng_uniform(struct rng *rng);

/* Uniform in [low,high). */
float rng_between(struct rng *rng, float low, float high);

/* Uniform integer in 0..n-1 without bias, n >= 1. Source: D. Lemire, TOMACS 29(1), 2019. */
uint32_t rng_below(struct rng *rng, uint32_t n);

/*
 * Fill order [n] with a uniform random permutation of 0..n-1 (Fisher-Yates), the one of
 * (seed, epoch).
 */
void rng_permutation(uint64_t seed, uint32_t epoch, uint32_t *order, uint32_t n);

#endif
