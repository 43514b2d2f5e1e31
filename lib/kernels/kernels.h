/*
 * The hot loops. Each instruction set fills one table; kernels_select() picks one at run time.
 *
 * Channels live in blocks of LANES: channel c is lane c % LANES of block c / LANES, and the lanes
 * of one pixel are contiguous. Lanes beyond the last channel are 0 everywhere and stay 0. So one
 * layout serves every instruction set: 16 lanes are one AVX-512, two AVX or four NEON registers.
 * Element (sample s, block b, row y, column x, lane l) of a tensor is at
 *
 *     base[s * sample + b * block + y * row + x * pixel + l]
 *
 * All strides are in floats. What a convolution writes, and each gradient that it reads in whole
 * vectors, is aligned to 64 bytes with strides that are multiples of LANES; the input of a
 * convolution is read a float at a time and needs neither. The other kernels need neither.
 */
#ifndef HWDR_KERNELS_H
#define HWDR_KERNELS_H

#include "../error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LANES = 16, POOL_NONE = 4 };

struct strides {
    size_t sample, block, row, pixel;
};

/*
 * A convolution (correlation, as the field uses the word), stride 1, no border: the input has
 * height + kernel_height - 1 rows and width + kernel_width - 1 columns, borders included. A dense
 * layer is a 1x1 convolution over a picture of height 1 whose pixels are the samples.
 *
 * Weights are [out_blocks][in block][kernel_height][kernel_width][channel in block][LANES]; the
 * last in block is as short as in_channels says, so a block of outputs has
 * in_channels * kernel_height * kernel_width * LANES floats.
 */
struct conv {
    int samples, height, width; /* of the output */
    int in_channels, out_blocks;
    int kernel_height, kernel_width;
    struct strides in, out;
    bool winograd; /* by Winograd's method: winograd.h */
};

/* Height, width and strides of a tensor that elementwise kernels walk through, one block each. */
struct plane {
    int samples, height, width;
};

/*
 * What batch norm, ReLU and maximum pooling do to one block of channels. Rows and columns of x
 * that fill no window are not seen; a window of 1x1 does not pool, and `best` is then x itself.
 */
struct tail {
    struct plane plane; /* of x */
    int window_height, window_width;
    bool relu;
    const float *scale, *shift, *mean; /* [LANES]; mean: backwards only */
    struct strides x, y, best, dy, dx;
};

struct kernels {
    const char *name;

    /*
     * out = relu?(bias + conv(in, weights)); `bias` [out_blocks * LANES] may be NULL. Each output
     * is one chain of multiply-adds in an order that depends on the shapes of the kernel alone, so
     * a pixel's bits do not depend on its neighbours, the width or the number of samples.
     */
    void (*conv)(const struct conv *conv, const float *in, const float *weights, const float *bias,
                 bool relu, float *out);

    /* gradient = d loss / d weights, summed over the samples; `grad` is d loss / d out. */
    void (*conv_weights)(const struct conv *conv, const float *in, const float *grad,
                         float *gradient);

    /*
     * A first convolution and the 2x2 maximum pool behind it: y = the maximum over windows of
     * relu?(bias + conv(in, weights)). For one input channel with in.pixel = 1 and at least 8
     * columns, and kernels of 3x3 or 5x5. `conv` has the size of the map that is pooled, whose rows
     * and columns that fill no window are not seen; conv.out are the strides of y, and of dy.
     * `which` [samples][out_blocks][rows][columns][LANES] gets where in its window, row by row from
     * 0, the first of the largest was, or POOL_NONE where the ReLU gives 0; it may be NULL.
     */
    void (*conv_pool)(const struct conv *conv, const float *in, const float *weights,
                      const float *bias, bool relu, float *y, uint8_t *which);

    /*
     * gradient = d loss / d weights, and unless `bias` is NULL, bias = d loss / d bias, summed over
     * samples and windows in their order; `dy` is d loss / d y.
     */
    void (*conv_pool_weights)(const struct conv *conv, const float *in, const uint8_t *which,
                              const float *dy, float *gradient, float *bias);

    /*
     * conv() and conv_weights() by Winograd's method, which needs fewer multiplications and rounds
     * otherwise: for 3x3 kernels and in.pixel = out.pixel = LANES, the input in whole vectors as
     * the output.
     * `transformed` is from winograd_transform(), or NULL when it is not worth it: then the weights
     * are transformed bit by bit on the way. winograd.h has the sizes.
     * NULL where the table has none.
     */
    void (*winograd_transform)(const struct conv *conv, const float *weights, float *transformed);
    void (*winograd)(const struct conv *conv, const float *in, const float *weights,
                     const float *transformed, const float *bias, bool relu, float *out,
                     float *scratch);
    void (*winograd_weights)(const struct conv *conv, const float *in, const float *grad,
                             float *gradient, float *scratch);

    /* The rest work on one block of channels. mean, variance, ...: [LANES]. */

    /* Mean and biased variance over samples and pixels. */
    void (*moments)(const struct plane *plane, const struct strides *strides, const float *x,
                    float *mean, float *variance);

    /*
     * The tail of a layer: y = the maximum over windows of relu?(scale * x + shift). `best` gets
     * the x that gave each y, and may be NULL.
     */
    void (*tail)(const struct tail *tail, const float *x, float *y, float *best);

    /*
     * With g = dy where y is positive (everywhere without relu), else 0: sum = sum of g, sum_x =
     * sum of g * (best - mean).
     */
    void (*tail_sums)(const struct tail *tail, const float *best, const float *dy, float *sum,
                      float *sum_x);

    /*
     * dx = scale * g - (a + b * (x - mean)): batch norm's gradient with its constants folded. In a
     * window the first x that equals `best` has the window's g, the others have 0, as has every x
     * outside the windows. dx may be x.
     */
    void (*tail_back)(const struct tail *tail, const float *x, const float *best, const float *dy,
                      float *dx, const float *a, const float *b);

    /* dy = 0 where y <= 0, in place and only with `relu`; sum = sum of what remains. */
    void (*bias_back)(const struct plane *plane, const struct strides *y_strides, const float *y,
                      const struct strides *dy_strides, float *dy, bool relu, float *sum);
};

/*
 * The table in use: the newest that processor and operating system support, or the one that
 * $HWDR_CPU names.
 * Returns: NULL with `error` set when $HWDR_CPU is unknown or not supported here.
 */
const struct kernels *kernels_select(struct error *error) CHECKED;

/* Every table this machine can run, portable first; NULL beyond the last. For tests. */
const struct kernels *kernels_available(int i);

#endif
