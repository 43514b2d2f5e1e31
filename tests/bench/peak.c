/*
 * What the processor can do at most: multiply-adds in registers, nothing else.
 *
 *     peak ISA THREADS        for each line on stdin, 10^9 multiply-adds a second, all threads
 *     peak list               the instruction sets for float32 that this machine has, widest first
 *
 * ISA is avx512, avx2 or base, the compiler's plain target (NEON on aarch64); or bf16: products of
 * bfloat16 numbers, summed in float32, by AVX512_BF16.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

/*
 * Chains that do not wait for each other: 2 units with a latency of 4 or 5 cycles need 10, and 16
 * registers hold 12 with their two factors. They converge to 1, far from denormal numbers.
 */
enum { CHAINS = 12, STEPS = 1 << 22 };

typedef float vector16 __attribute__((vector_size(16)));
typedef float vector32 __attribute__((vector_size(32)));
typedef float vector64 __attribute__((vector_size(64)));

/* A function; the declaration at its end takes the semicolon. */
#define LOOP(NAME, WHERE, VECTOR, STEP)                                                            \
    WHERE static float NAME(void)                                                                  \
    {                                                                                              \
        VECTOR sum[CHAINS];                                                                        \
        const VECTOR half = (VECTOR){0} + 0.5f;                                                    \
        _Pragma("GCC unroll 12") for (int i = 0; i < CHAINS; i++) sum[i] = half * (float)i;        \
        for (int step = 0; step < STEPS; step++)                                                   \
            _Pragma("GCC unroll 12") for (int i = 0; i < CHAINS; i++) sum[i] = STEP;               \
        VECTOR all = sum[0];                                                                       \
        _Pragma("GCC unroll 12") for (int i = 1; i < CHAINS; i++) all += sum[i];                   \
        return all[0];                                                                             \
    }                                                                                              \
    static float NAME(void)

#define TARGET(ISA) __attribute__((target(ISA)))

LOOP(run_base, , vector16, sum[i] * half + half);

static bool always(void)
{
    return true;
}

#ifdef __x86_64__
LOOP(run_avx2, TARGET("avx2,fma"), vector32, sum[i] * half + half);
LOOP(run_avx512, TARGET("avx512f"), vector64, sum[i] * half + half);

/* A bfloat16 is the upper half of a float32, so `half` is pairs of 0 and 0.5. */
LOOP(run_bf16, TARGET("avx512f,avx512bf16"), vector64,
     (vector64)_mm512_dpbf16_ps((__m512)sum[i], (__m512bh)half, (__m512bh)half));

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f");
}
static bool has_bf16(void)
{
    return __builtin_cpu_supports("avx512bf16");
}
#endif

static const struct {
    const char *name;
    int lanes;
    float (*run)(void);
    bool (*supported)(void);
    bool listed;
} isas[] = {
#ifdef __x86_64__
    {"bf16", 32, run_bf16, has_bf16, false},
    {"avx512", 16, run_avx512, has_avx512, true},
    {"avx2", 8, run_avx2, has_avx2, true},
#endif
    {"base", 4, run_base, always, true},
};

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Best of some rounds: whatever disturbs makes it slower, and the peak is what is looked for. */
static double measure(int isa, int threads)
{
    double best = 0;
    for (int round = 0; round < 8; round++) {
        volatile float sink = 0;
        const double begin = seconds();
#pragma omp parallel num_threads(threads)
        {
            const float value = isas[isa].run();
#pragma omp critical
            sink = sink + value;
        }
        const double each = (double)STEPS * CHAINS * isas[isa].lanes;
        const double rate = each * threads / (seconds() - begin) / 1e9;
        best = rate > best ? rate : best;
    }
    return best;
}

int main(int argc, char **argv)
{
    const int n = (int)(sizeof isas / sizeof isas[0]);
    int isa = 0;
    for (int i = 0; i < n && argc == 2; i++)
        if (isas[i].listed && isas[i].supported())
            puts(isas[i].name);
    if (argc == 2)
        return 0;
    while (argc == 3 && isa < n && strcmp(isas[isa].name, argv[1]) != 0)
        isa++;
    if (argc != 3 || isa == n || !isas[isa].supported())
        return 2;
    char line[16];
    while (fgets(line, sizeof line, stdin)) {
        printf("%.2f\n", measure(isa, atoi(argv[2])));
        fflush(stdout);
    }
    return 0;
}
