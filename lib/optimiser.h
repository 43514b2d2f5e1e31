/* How gradients move parameters, and how fast at which moment of training. */
#ifndef HWDR_OPTIMISER_H
#define HWDR_OPTIMISER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum optimiser_kind { OPTIMISER_SGD, OPTIMISER_ADAM, OPTIMISER_ADAMW };
enum schedule_kind { SCHEDULE_CONSTANT, SCHEDULE_COSINE, SCHEDULE_ONECYCLE };

struct optimiser {
    enum optimiser_kind kind;
    enum schedule_kind schedule;
    float rate;         /* peak learning rate */
    float warmup;       /* fraction of training in which the rate rises */
    float momentum;     /* SGD: Nesterov momentum */
    float beta1, beta2; /* Adam */
    float decay; /* weight decay; SGD and Adam add decay * w to the gradient, AdamW shrinks w */
};

/*
 * The learning rate at `progress` (0..1) of training.
 * cosine: linear from 0 to the peak during warm-up, then half a cosine to 0.
 * onecycle: half a cosine from peak / 25 to the peak, then another to peak / 250,000 (L. Smith,
 * N. Topin, arXiv 1708.07120, with the constants that PyTorch's OneCycleLR made common).
 */
float optimiser_rate(const struct optimiser *optimiser, double progress);

/*
 * Move n weights along the gradient; `first` and `second` are the moments, mirrors of the weights
 * (second is unused, and may be NULL, with SGD). `step` counts from 1. `decayed` says whether
 * weight decay applies.
 * SGD: v = momentum * v + g; w -= rate * (g + momentum * v) (I. Sutskever et al., ICML 2013, in the
 * form of PyTorch). Adam: D. Kingma, J. Ba, ICLR 2015, epsilon 1e-8. AdamW: I. Loshchilov, F.
 * Hutter, ICLR 2019.
 */
void optimiser_update(const struct optimiser *optimiser, float rate, uint64_t step, bool decayed,
                      size_t n, const float *gradient, float *weights, float *first, float *second);

#endif
