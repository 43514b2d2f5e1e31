/*
 * NEON on AArch64: 32 registers of 4 floats, a channel block is four of them. 6 pixels x 1 block
 * are 24 accumulators, with 4 weights and a broadcast.
 */
#define WIDTH 4
#define MAX_BLOCKS 1
#define MAX_ROWS(B) 6
#define POOL_VECTORS 2
#include "conv_template.h"
#include "elementwise_template.h"
#include "pool_template.h"
#include "winograd_template.h"

DEFINE_POOL_WEIGHTS(masked_rows, MASKED_SUMS)

const struct kernels kernels_neon = {.name = "neon",
                                     .conv = conv_forward,
                                     .conv_weights = conv_weights,
                                     POOL_ROWS,
                                     WINOGRAD_ROWS,
                                     ELEMENTWISE_ROWS};
