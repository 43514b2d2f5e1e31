/* The median of some values. */
#ifndef HWDR_MEDIAN_H
#define HWDR_MEDIAN_H

#include <stddef.h>

/* The middle one of n values, the upper one of two; 0 of none. Sorts them. */
float median(float *value, size_t n);

#endif
