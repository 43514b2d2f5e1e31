/*
 * AVX-512: 32 registers of 16 floats, so a channel block is a register. 8 pixels x 3 blocks are 24
 * accumulators, with 3 weights and a broadcast; 12 x 2 and 12 x 1 for fewer blocks.
 */
#define WIDTH 16
#define MAX_BLOCKS 3
#define MAX_ROWS(B) ((B) == 3 ? 8 : 12)
#include "conv_template.h"
#include "elementwise_template.h"
#include "winograd_template.h"

const struct kernels kernels_avx512 = {.name = "avx512",
                                       .conv = conv_forward,
                                       .conv_weights = conv_weights,
                                       WINOGRAD_ROWS,
                                       ELEMENTWISE_ROWS};
