/* Why a network reads a digit as it does: what its layers see, and which ink it relies on. */
#ifndef HWDR_EXPLAIN_H
#define HWDR_EXPLAIN_H

#include "error.h"
#include "predict.h"
#include "sample.h"

#include <stdio.h>

/*
 * Side of the patch that explain_occlusion() erases, in pixels of the 28x28 image: a stroke is 2 to
 * 4 pixels wide there, so that 5 cut through it anywhere.
 */
enum { EXPLAIN_PATCH = 5 };

/*
 * How much the probability of `digit` falls when a patch of the image is erased.
 * Shapes: drop [28,28] f32: at (y, x) the patch's centre; below 0 where erasing helps.
 * Returns: 0, or -1 with `error` set: out of memory.
 */
int explain_occlusion(struct predictor *predictor, const uint8_t image[IMAGE_PIXELS], int digit,
                      float drop[IMAGE_PIXELS], struct error *error) CHECKED;

/*
 * Write what each layer gives for the image, as one JSON array, without a newline:
 * [{"name", "shape": [C,H,W], "min", "max", "data"}], where data is base64 of C*H*W bytes, 0 for
 * `min` and 255 for `max`. `min` is 0 unless a value is negative, as logits are.
 * Returns: 0, or -1 with `error` set before anything is written: out of memory.
 */
int explain_layers_json(struct predictor *predictor, const uint8_t image[IMAGE_PIXELS], FILE *out,
                        struct error *error) CHECKED;

/* Write {"size": 28, "patch": EXPLAIN_PATCH, "data": [784 numbers]}. */
void explain_occlusion_json(const float drop[IMAGE_PIXELS], FILE *out);

#endif
