/*
 * What a layer is, for net.c, workspace.c, onnx.c and the layer_*.c files alone. A new kind of
 * layer is a new file with a struct layer_type and one row in net.c's grammar.
 *
 * In the comments N is the number of samples, C, H and W channels, height and width, B the number
 * of channel blocks, ceil(C / LANES). Activations are in the kernels' blocked layout.
 */
#ifndef HWDR_LAYER_H
#define HWDR_LAYER_H

#include "kernels/kernels.h"
#include "net.h"

struct shape {
    int channels, height, width;
};

/* Rows and columns of zeros around each image of a tensor: on top and left, at bottom and right. */
struct border {
    int before, after;
};

/* How a parameter tensor is laid out in the block, and what the optimiser does with it. */
enum parameter_kind {
    PARAMETER_WEIGHT,   /* learned and decayed */
    PARAMETER_VECTOR,   /* learned, not decayed: bias, scale, shift */
    PARAMETER_STATISTIC /* not learned: follows the batches' mean and variance */
};

struct parameter {
    const char *name; /* "weight" */
    enum parameter_kind kind;
    float rate;            /* of learning, as a share of the optimiser's */
    size_t offset, floats; /* in the block */
    struct tensor_type type;
};

enum { LAYER_MAX_PARAMETERS = 4 };

struct layer {
    const struct layer_type *type;
    int place; /* of its text in the network's text, from 0 */
    struct shape in, out;
    int kernel_height, kernel_width; /* or a pooling window's */
    struct border border;            /* that its input must have */
    bool relu, bias, average;
    bool compact;      /* the input is an image of one channel, not in blocks */
    bool logits;       /* the last convolution or dense layer of the network */
    float probability; /* of dropping a value */
    int squeezed;      /* features in the middle of squeeze and excitation; 0 in other layers */
    int parameters;
    struct parameter parameter[LAYER_MAX_PARAMETERS];
    size_t forward, forward_floats;   /* where in the prepared weights what forward needs is, */
    size_t backward, backward_floats; /* and what the backward pass to data needs */
};

/* A tensor within a workspace; `at` is its first element inside the border. */
struct buffer {
    float *at;
    struct strides strides;
};

/* Everything one layer needs to run on one shard. */
struct pass {
    const struct layer *layer;
    const struct kernels *kernels;
    const float *block;    /* all parameters of the network */
    const float *prepared; /* what prepare() made of them; in inference perhaps NULL */
    float *gradient;       /* of all parameters; each layer overwrites its own */
    int samples;
    float share;                     /* of this shard in its batch: weights of the statistics */
    struct buffer in, out;           /* values */
    struct buffer grad_in, grad_out; /* gradients; grad_in.at is NULL when nobody needs it */
    void *memo;                      /* the layer's own memory between forward and backward */
    float *scratch;                  /* memory for the duration of the call */
    const struct layer *fused;       /* inference: batch norm folded into this layer, or NULL */
    const struct layer *pool;        /* the pool that shares in this layer's work, or NULL */
    const struct layer *biased;      /* training: the layer in whose work this pool shares */
    uint64_t seed, first_sample;     /* dropout's random numbers */
    uint32_t step;
};

/* Numbers that touch each other in files, in the block: the first, and the step to the next. */
struct stretch {
    size_t at, step, n;
};

struct layer_type {
    const char *name;
    bool training_only; /* not run in inference: its output is its input */

    /* Set `out`, `border` and the parameters (offsets are net.c's). Returns: 0, or -1. */
    int (*shape)(struct layer *layer, struct error *error);

    /* grad_in may have the memory of `in`, which backward reads first; grad_out that of `out`, at
     * which backward looks only in a layer with a bias and in a maximum pool (in_place()). */
    void (*forward)(const struct pass *pass, bool training);
    void (*backward)(const struct pass *pass);

    /* Bytes of `memo` for so many samples, `pool` being as in struct pass; NULL when none. */
    size_t (*memo_bytes)(const struct layer *layer, const struct layer *pool, int samples);

    /* Where the weights from input channel `in` to output `out` are; those to the next output of
     * the block of LANES are a float further. NULL where the block's order is the file's. Only a
     * layer's first parameter is ever in another order. */
    struct stretch (*packed)(const struct layer *layer, int out, int in);

    /* Floats of `scratch` for so many samples; NULL when none. */
    size_t (*scratch_floats)(const struct layer *layer, int samples);

    /* Make of the weights what forward and, in training, backward to data need; NULL: nothing. */
    void (*prepare)(const struct layer *layer, const struct kernels *kernels, bool training,
                    const float *block, float *prepared);
};

extern const struct layer_type layer_conv, layer_dense, layer_norm, layer_pool, layer_dropout,
    layer_se, layer_both;

/*
 * Is `layer` a first convolution that does the whole work of `pool` behind it, and gives what the
 * pool would? `pool` may be NULL, and is a maximum pool otherwise.
 */
bool layer_takes_pool(const struct layer *layer, const struct layer *pool);

static inline int layer_blocks(int channels)
{
    return (channels + LANES - 1) / LANES;
}

/*
 * The logits learn at a quarter of the rate: their inputs, maxima of normalised features, are
 * large, and at the rate the rest of the network likes their weights swing instead of settling.
 * Found on the first 5,000 training digits, one epoch of the defaults: 96.0 % of the validation
 * digits right instead of 18.6 %; 1/16 and 1/64 gave 95.7 and 95.3 %. After an epoch of all 55,000
 * the difference was within the noise (1: 99.34 %, 1/4: 99.20 %, 1/16: 99.28 %, n = 1 each).
 */
#define LOGITS_RATE 0.25f

/* Add a parameter tensor of `floats` floats in the block, `dims` dimensions in files. */
static inline struct parameter *layer_parameter(struct layer *layer, const char *name,
                                                enum parameter_kind kind, size_t floats)
{
    struct parameter *parameter = &layer->parameter[layer->parameters++];
    *parameter = (struct parameter){
        .name = name, .kind = kind, .rate = layer->logits ? LOGITS_RATE : 1, .floats = floats};
    parameter->type.dtype = DTYPE_F32;
    return parameter;
}

/* Batch norm's epsilon, added to the variance; the value PyTorch and cuDNN use. */
#define NORM_EPSILON 1e-5f

enum { NORM_SCALE, NORM_SHIFT, NORM_MEAN, NORM_VARIANCE }; /* its parameters */
enum { LINEAR_WEIGHT, LINEAR_BIAS };

/* net.c's view of the network, for workspace.c. */
int net_layers(const struct net *net);
const struct layer *net_layer(const struct net *net, int i);
size_t net_prepared_floats(const struct net *net, bool training);

#endif
