/* Temperature scaling: making a probability of 0.9 mean right nine times in ten. */
#ifndef HWDR_CALIBRATE_H
#define HWDR_CALIBRATE_H

#include "sample.h"

/*
 * The temperature T whose softmax(logits / T) has the least mean negative log-likelihood, between
 * 1/8 and 8. Probabilities at temperature 1 stand for the logits: their logarithms differ from them
 * by a constant a row, which a softmax does not see.
 * Shapes: probabilities [n,10] f32; labels [n] u8, each 0..9; n >= 1.
 * Source: C. Guo et al., "On calibration of modern neural networks", ICML 2017.
 */
float calibrate_temperature(const float *probabilities, const uint8_t *labels, size_t n);

/* Turn probabilities [n,10] at temperature 1 into those at another, in place. */
void calibrate_apply(float temperature, float *probabilities, size_t n);

#endif
