#include "median.h"

#include <stdlib.h>

static int by_size(const void *a, const void *b)
{
    const float left = *(const float *)a, right = *(const float *)b;
    return (left > right) - (left < right);
}

float median(float *value, size_t n)
{
    qsort(value, n, sizeof *value, by_size);
    return n > 0 ? value[n / 2] : 0;
}
