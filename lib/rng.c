#include "rng.h"

#include <Random123/philox.h>
#include <string.h>

struct rng rng_start(uint64_t seed, enum rng_use use, uint32_t epoch, uint64_t sample)
{
    return (struct rng){
        .key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
        .counter = {0, (uint32_t)sample, epoch,
                    (uint32_t)use << 24 | (uint32_t)(sample >> 32 & 0xffffff)},
        .used = 4,
    };
}

static void next_block(struct rng *rng)
{
    const philox4x32_key_t key = {{rng->key[0], rng->key[1]}};
    const philox4x32_ctr_t counter = {
        {rng->counter[0], rng->counter[1], rng->counter[2], rng->counter[3]}};
    const philox4x32_ctr_t block = philox4x32(counter, key);
    memcpy(rng->block, block.v, sizeof rng->block);
    rng->counter[0]++;
    rng->used = 0;
}

uint32_t rng_bits(struct rng *rng)
{
    if (rng->used == 4)
        next_block(rng);
    return rng->block[rng->used++];
}

void rng_fill(struct rng *rng, uint32_t *bits, size_t n)
{
    size_t i = 0;
    for (; rng->used == 4 && i + 4 <= n; i += 4) {
        next_block(rng);
        memcpy(bits + i, rng->block, sizeof rng->block);
        rng->used = 4;
    }
    for (; i < n; i++)
        bits[i] = rng_bits(rng);
}

float rng_uniform(struct rng *rng)
{
    return (float)(rng_bits(rng) >> 8) * 0x1p-24f;
}

float rng_between(struct rng *rng, float low, float high)
{
    return low + (high - low) * rng_uniform(rng);
}

uint32_t rng_below(struct rng *rng, uint32_t n)
{
    uint64_t product = (uint64_t)rng_bits(rng) * n;
    if ((uint32_t)product < n) {
        const uint32_t unfair = -n % n; /* 2^32 mod n */
        while ((uint32_t)product < unfair)
            product = (uint64_t)rng_bits(rng) * n;
    }
    return (uint32_t)(product >> 32);
}

void rng_permutation(uint64_t seed, uint32_t epoch, uint32_t *order, uint32_t n)
{
    struct rng rng = rng_start(seed, RNG_SHUFFLE, epoch, 0);
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t j = rng_below(&rng, i + 1);
        order[i] = order[j];
        order[j] = i;
    }
}
