#include "kernels.h"
#include "tables.h"

#include <stdlib.h>
#include <string.h>

struct row {
    const struct kernels *table;
    bool (*supported)(void);
};

static bool always(void)
{
    return true;
}

/* __builtin_cpu_supports() asks CPUID and, by XGETBV, whether the system saves the registers. */
#if defined(__x86_64__)
static bool has_avx2(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}
#endif

/* Oldest first. Adding an instruction set is one row here, one in tables.h and one file. */
static const struct row rows[] = {
    {&kernels_portable, always},
#if defined(__x86_64__)
    {&kernels_avx2, has_avx2},
    {&kernels_avx512, has_avx512},
#elif defined(__aarch64__)
    {&kernels_neon, always},
#endif
};

enum { ROWS = sizeof rows / sizeof rows[0] };

const struct kernels *kernels_available(int i)
{
    for (int r = 0; r < ROWS; r++)
        if (rows[r].supported() && i-- == 0)
            return rows[r].table;
    return NULL;
}

const struct kernels *kernels_select(struct error *error)
{
    const char *wanted = getenv("HWDR_CPU");
    for (int r = ROWS - 1; r >= 0; r--) {
        if (wanted && *wanted && strcmp(wanted, rows[r].table->name) != 0)
            continue;
        if (rows[r].supported())
            return rows[r].table;
        if (wanted && *wanted) {
            error_set(error, "HWDR_CPU: %s: this processor does not support it", wanted);
            return NULL;
        }
    }
    static const char *const known[] = {"portable", "avx2", "avx512", "neon"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(wanted, known[i]) == 0) {
            error_set(error, "HWDR_CPU: %s: not a kernel set of this architecture", wanted);
            return NULL;
        }
    error_set(error, "HWDR_CPU: %s: unknown, must be portable, avx2, avx512 or neon", wanted);
    return NULL;
}
