/*
 * AVX-512: 32 registers of 16 floats, so a channel block is a register. 8 pixels x 3 blocks are 24
 * accumulators, with 3 weights and a broadcast; 12 x 2 and 12 x 1 for fewer blocks.
 */
#include <immintrin.h>

#define WIDTH 16
#define MAX_BLOCKS 3
#define MAX_ROWS(B) ((B) == 3 ? 8 : 12)
#define POOL_VECTORS 2
#include "conv_template.h"
#include "elementwise_template.h"
#include "pool_template.h"
#include "winograd_template.h"

enum { PERMUTED_SUMS = 15 }; /* three rows' of a 5x5 kernel */

/*
 * As masked_rows(), by one product a window in place of four: each lane's pixel comes by a
 * permutation of eight pixels of two rows. The eight are further left where the picture ends.
 */
INLINE void permuted_rows(const struct pool_weights *t, int size, int first, int rows)
{
    const struct conv *c = t->conv;
    __m512 sum[PERMUTED_SUMS], bias = _mm512_setzero_ps();
#pragma GCC unroll 16
    for (int tap = 0; tap < size * rows; tap++)
        sum[tap] = _mm512_setzero_ps();
    for (int s = 0; s < c->samples; s++) {
        const uint8_t *at = t->which + (size_t)(s * c->out_blocks) * which_bytes(c);
        for (int y = 0; y < c->height / 2; y++) {
            const float *in =
                t->in + (size_t)s * c->in.sample + (size_t)(2 * y + first) * c->in.row;
            const float *dy = t->dy + (size_t)s * c->out.sample + (size_t)y * c->out.row;
            for (int x = 0; x + 1 < c->width; x += 2, dy += c->out.pixel, at += LANES) {
                const int left = minimum(x, c->width + size - 1 - 8);
                const __m512i which = _mm512_cvtepu8_epi32(_mm_loadu_si128((const void *)at));
                const __m512i row = _mm512_slli_epi32(_mm512_srli_epi32(which, 1), 3);
                const __m512i column = _mm512_and_si512(which, _mm512_set1_epi32(1));
                __m512i place =
                    _mm512_add_epi32(_mm512_or_si512(row, column), _mm512_set1_epi32(x - left));
                __m512 pixels[3];
#pragma GCC unroll 16
                for (int r = 0; r < rows; r++) {
                    const float *eight = in + (size_t)r * c->in.row + left;
                    pixels[r] = _mm512_insertf32x8(_mm512_castps256_ps512(_mm256_loadu_ps(eight)),
                                                   _mm256_loadu_ps(eight + c->in.row), 1);
                }
                const __mmask16 alive =
                    _mm512_cmpneq_epi32_mask(which, _mm512_set1_epi32(POOL_NONE));
                const __m512 g = _mm512_maskz_load_ps(alive, dy);
                bias = _mm512_add_ps(bias, g);
#pragma GCC unroll 16
                for (int kx = 0; kx < size; kx++) {
#pragma GCC unroll 16
                    for (int r = 0; r < rows; r++)
                        sum[r * size + kx] = _mm512_fmadd_ps(
                            _mm512_permutexvar_ps(place, pixels[r]), g, sum[r * size + kx]);
                    place = _mm512_add_epi32(place, _mm512_set1_epi32(1));
                }
            }
        }
    }
#pragma GCC unroll 16
    for (int tap = 0; tap < size * rows; tap++)
        _mm512_store_ps(t->gradient + (first * size + tap) * LANES, sum[tap]);
    if (t->bias && first == 0)
        _mm512_store_ps(t->bias, bias);
}

DEFINE_POOL_WEIGHTS(permuted_rows, PERMUTED_SUMS)

const struct kernels kernels_avx512 = {.name = "avx512",
                                       .conv = conv_forward,
                                       .conv_weights = conv_weights,
                                       POOL_ROWS,
                                       WINOGRAD_ROWS,
                                       ELEMENTWISE_ROWS};
