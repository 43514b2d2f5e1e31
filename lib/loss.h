/* Softmax and cross-entropy. Shapes: logits, probabilities, target, gradient [10] f32. */
#ifndef HWDR_LOSS_H
#define HWDR_LOSS_H

#include "sample.h"

/* probabilities = softmax(logits / temperature), computed so that nothing overflows. */
void loss_softmax(const float *logits, float temperature, float *probabilities);

/* A hard label as a distribution; LABEL_UNKNOWN is the caller's mistake. */
void loss_one_hot(int label, float *target);

/*
 * Cross-entropy, in nats, of the softmax against `target` (what is returned, for the metrics), and
 * share * d/d logits of the cross-entropy against the smoothed target
 * (1 - smoothing) * target + smoothing / 10. Probabilities count as 1e-12 at least, so the loss is
 * finite, unless a logit is infinite or not a number: then it is not a number either.
 * Source: label smoothing, C. Szegedy et al., CVPR 2016, section 7.
 */
double loss_cross_entropy(const float *logits, const float *target, float smoothing, float share,
                          float *gradient);

/* The first of the largest of 10 numbers. */
int loss_argmax(const float *values);

#endif
