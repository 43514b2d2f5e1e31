#include "loss.h"

#include <math.h>

int loss_argmax(const float *values)
{
    int best = 0;
    for (int c = 1; c < CLASSES; c++)
        if (values[c] > values[best])
            best = c;
    return best;
}

/*
 * Exponentials and logarithms are taken in double precision and rounded: that hides the last-bit
 * differences between the variants of the mathematical library, at 10 calls a sample.
 */
void loss_softmax(const float *logits, float temperature, float *probabilities)
{
    const float most = logits[loss_argmax(logits)];
    double exponential[CLASSES], sum = 0;
    for (int c = 0; c < CLASSES; c++)
        sum += exponential[c] = exp(((double)logits[c] - (double)most) / (double)temperature);
    for (int c = 0; c < CLASSES; c++)
        probabilities[c] = (float)(exponential[c] / sum);
}

void loss_one_hot(int label, float *target)
{
    for (int c = 0; c < CLASSES; c++)
        target[c] = c == label ? 1 : 0;
}

double loss_cross_entropy(const float *logits, const float *target, float smoothing, float share,
                          float *gradient)
{
    float probabilities[CLASSES];
    double loss = 0;
    loss_softmax(logits, 1, probabilities);
    for (int c = 0; c < CLASSES; c++) {
        const float smoothed = (1 - smoothing) * target[c] + smoothing / CLASSES;
        gradient[c] = share * (probabilities[c] - smoothed);
        const double p = (double)probabilities[c];
        if (target[c] > 0)
            loss -= (double)target[c] * log(p < 1e-12 ? 1e-12 : p); /* fmax() would hide a NaN */
    }
    return loss;
}
