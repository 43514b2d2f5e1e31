/*
 * AVX2 and FMA: 16 registers of 8 floats, a channel block is two of them. 6 pixels x 1 block are 12
 * accumulators, with 2 weights and a broadcast.
 */
#define WIDTH 8
#define MAX_BLOCKS 1
#define MAX_ROWS(B) 6
#define POOL_VECTORS 1
#include "conv_template.h"
#include "elementwise_template.h"
#include "pool_template.h"
#include "winograd_template.h"

DEFINE_POOL_WEIGHTS(masked_rows, MASKED_SUMS)

const struct kernels kernels_avx2 = {.name = "avx2",
                                     .conv = conv_forward,
                                     .conv_weights = conv_weights,
                                     POOL_ROWS,
                                     WINOGRAD_ROWS,
                                     ELEMENTWISE_ROWS};
