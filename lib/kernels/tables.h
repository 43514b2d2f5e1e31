/* The tables, one a file. Only kernels.c and the kernel files include this. */
#ifndef HWDR_KERNELS_TABLES_H
#define HWDR_KERNELS_TABLES_H

#include "kernels.h"

extern const struct kernels kernels_portable;
#if defined(__x86_64__)
extern const struct kernels kernels_avx2;
extern const struct kernels kernels_avx512;
#elif defined(__aarch64__)
extern const struct kernels kernels_neon;
#endif

#endif
