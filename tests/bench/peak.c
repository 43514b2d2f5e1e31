/*
 * What the processor can do at most: multiply-adds in registers, nothing else.
 *
 *     peak ISA THREADS        for each line on stdin, 10^9 multiply-adds a second, all threads
 *     peak list               the instruction sets that this machine has, widest first
 *
 * ISA is avx512, avx2 or base, the compiler's plain target (NEON on aarch64).
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/*
 * Chains that do not wait for each other: 2 units with a latency of 4 or 5 cycles need 10, and 16
 * registers hold 12 with their two factors. They converge to 1, far from denormal numbers.
 */
enum { CHAINS = 12, STEPS = 1 << 22 };

typedef float vector16 __attribute__((vector_size(16)));
typedef float vector32 __attribute__((vector_size(32)));
typedef float vector64 __attribute__((vector_size(64)));

#define LOOP(NAME, VECTOR)                                                                         \
    static float NAME(void)                                                                        \
    {                                                                                              \
        VECTOR sum[CHAINS];                                                                        \
        const VECTOR half = (VECTOR){0} + 0.5f;                                                    \
        _Pragma("GCC unroll 12") for (int i = 0; i < CHAINS; i++) sum[i] = half * (float)i;        \
        for (int step = 0; step < STEPS; step++)                                                   \
            _Pragma("GCC unroll 12") for (int i = 0; i < CHAINS; i++) sum[i] =                     \
                sum[i] * half + half;                                                              \
        VECTOR all = sum[0];                                                                       \
        _Pragma("GCC unroll 12") for (int i = 1; i < CHAINS; i++) all += sum[i];                   \
        return all[0];                                                                             \
    }

LOOP(run_base, vector16)
static bool always(void)
{
    return true;
}

#ifdef __x86_64__
__attribute__((target("avx2,fma"))) LOOP(run_avx2, vector32) __attribute__((target("avx512f")))
LOOP(run_avx512, vector64) static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f");
}
#endif

static const struct {
    const char *name;
    int lanes;
    float (*run)(void);
    bool (*supported)(void);
} isas[] = {
#ifdef __x86_64__
    {"avx512", 16, run_avx512, has_avx512},
    {"avx2", 8, run_avx2, has_avx2},
#endif
    {"base", 4, run_base, always},
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
        if (isas[i].supported())
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
