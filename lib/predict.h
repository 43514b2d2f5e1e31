/* Class probabilities of images, by one model or the mean of several. */
#ifndef HWDR_PREDICT_H
#define HWDR_PREDICT_H

#include "error.h"
#include "model.h"
#include "sample.h"

#include <stdbool.h>
#include <stddef.h>

struct predictor;

/*
 * Prepare a model for inference: batch norm folded into the weights, buffers allocated.
 * `threads` >= 1. The model is not needed afterwards.
 * Returns: the predictor, or NULL with `error` set. Owns: free with predictor_free().
 */
struct predictor *predictor_new(const struct model *model, int threads,
                                struct error *error) CHECKED;

/* The mean of the probabilities of the models in these files. */
struct predictor *predictor_open(const char *const *paths, int n, int threads,
                                 struct error *error) CHECKED;

/*
 * Look at each image `views` times, 1 or PREDICT_VIEWS, and give the mean of the probabilities: as
 * it is, turned by 5 degrees either way, and 6 % smaller and larger; distortions that augmentation
 * has shown in training.
 */
enum { PREDICT_VIEWS = 5 };
void predictor_views(struct predictor *predictor, int views);

/* What one image costs, all models and views together, and how large the models are. */
struct predictor_cost {
    uint64_t macs, parameters; /* multiply-adds; learned numbers */
    int models, views;
};
struct predictor_cost predictor_cost(const struct predictor *predictor);

/*
 * Shapes: images [n,28,28] u8; probabilities [n,10] f32, each row sums to 1, calibrated by the
 * model's temperature. A row depends on its own image alone, to the bit: not on n, nor on threads.
 */
void predictor_run(struct predictor *predictor, const uint8_t *images, size_t n,
                   float *probabilities);

/*
 * The same, and the probabilities at temperature 1, [n,10], as the networks were trained to give
 * them: they are taught 0.55 for what is a digit by half, which a temperature of 0.556 makes 0.89.
 */
void predictor_run_untempered(struct predictor *predictor, const uint8_t *images, size_t n,
                              float *probabilities, float *untempered);

/* A layer's name, as the network's text spells it, and the shape of what it gives. */
struct predictor_layer {
    char name[32];
    int channels, height, width;
};

/*
 * Take one image through the first model and keep what each layer gives, for predictor_layer().
 * Shapes: image [28,28] u8. Returns: 0, or -1 with `error` set: no memory.
 */
int predictor_inspect(struct predictor *predictor, const uint8_t image[IMAGE_PIXELS],
                      struct error *error) CHECKED;

/*
 * What the first model's layers gave for the image that predictor_inspect() saw last, which has to
 * have seen one: layer `i` counted from 0, without those that inference passes over.
 * Activations are taken after batch norm and ReLU; the last layer gives logits. With `values` NULL
 * only the layer is described.
 * Shapes: values [channels,height,width] f32. Returns: false when there is no layer `i`.
 */
bool predictor_layer(const struct predictor *predictor, int i, struct predictor_layer *layer,
                     float *values);

void predictor_free(struct predictor *predictor);

#endif
