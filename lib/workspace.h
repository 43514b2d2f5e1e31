/*
 * The memory one thread needs to take a shard through a network, and the passes themselves. All of
 * it is allocated at once; the passes allocate nothing.
 */
#ifndef HWDR_WORKSPACE_H
#define HWDR_WORKSPACE_H

#include "error.h"
#include "kernels/kernels.h"
#include "net.h"

#include <stdbool.h>
#include <stdint.h>

struct workspace;

/* Which samples of which step of which run a pass sees: what dropout's numbers depend on. */
struct workspace_place {
    uint64_t seed, first_sample; /* of the shard, in its batch */
    uint32_t step;
    float share; /* of the shard's samples in the batch's */
};

/* What for: to train; to predict, forward only, on a block made by workspace_fold(); or to predict,
 * with the same result, and then look at what each layer gave. */
enum workspace_use { WORKSPACE_TRAIN, WORKSPACE_PREDICT, WORKSPACE_INSPECT };

/*
 * For at most `samples` samples.
 * Returns: the workspace, or NULL with `error` set. Owns: free with workspace_free(); `net` stays
 * the caller's and must outlive it.
 */
struct workspace *workspace_new(const struct net *net, const struct kernels *kernels, int samples,
                                enum workspace_use use, struct error *error) CHECKED;
void workspace_free(struct workspace *workspace);

/* Take images [n,28,28] u8 as input, divided by 255. */
void workspace_input(struct workspace *workspace, const uint8_t *images, int n);

/*
 * What is computed of the weights once a step, or once a model: 3x3 kernels transformed, and in
 * training weights turned for the backward pass. `prepared` has room for
 * workspace_prepared_floats() floats and is aligned to 64 bytes. Layers are independent, so that
 * threads can share them out: 0 <= layer < workspace_layers().
 */
size_t workspace_prepared_floats(const struct net *net, bool training);
int workspace_layers(const struct net *net);
void workspace_prepare(const struct net *net, const struct kernels *kernels, int layer,
                       bool training, const float *block, float *prepared);

/*
 * Run the network on the input. `prepared` is from workspace_prepare() of the same block; inference
 * does without (NULL), with the same result, faster for one picture and slower for many. In
 * training, `gradient` [block floats] receives the statistics of batch norm and `place` is needed;
 * in inference both are NULL.
 */
void workspace_forward(struct workspace *workspace, const float *block, const float *prepared,
                       float *gradient, const struct workspace_place *place);

/* What a layer gave: the place of its text in the network's text, and its shape. */
struct workspace_output {
    int place, channels, height, width;
};

/*
 * What a layer of a workspace to inspect gave for sample i of the last workspace_forward();
 * 0 <= layer < workspace_layers(). With `plain` NULL only the shape is told.
 * Shapes: plain [channels,height,width] f32.
 * Returns: false where inference passes over the layer: batch norm is folded into the layer before
 * it, dropout does nothing.
 */
bool workspace_output(const struct workspace *workspace, int layer, int i,
                      struct workspace_output *output, float *plain);

/* Logits of sample i: 10 floats, followed by padding. And where to put d loss / d logits. */
const float *workspace_logits(const struct workspace *workspace, int i);
float *workspace_logits_gradient(struct workspace *workspace, int i);

/*
 * Turn the gradient of the logits into the gradient of every parameter, written to `gradient` over
 * whatever is there (the statistics that forward left stay).
 */
void workspace_backward(struct workspace *workspace, const float *block, const float *prepared,
                        float *gradient, const struct workspace_place *place);

/* Fold batch norm's running statistics into the weights before it, in place. */
void workspace_fold(const struct net *net, float *block);

#endif
