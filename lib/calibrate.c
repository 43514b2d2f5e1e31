#include "calibrate.h"
#include "loss.h"

#include <math.h>

/* Sum of -ln p(label) when the logits are divided by the temperature. */
static double loss_at(double temperature, const float *probabilities, const uint8_t *labels,
                      size_t n)
{
    double loss = 0;
    for (size_t i = 0; i < n; i++) {
        const float *row = probabilities + i * CLASSES;
        double sum = 0;
        for (int c = 0; c < CLASSES; c++)
            sum += pow(fmax((double)row[c], 1e-30), 1 / temperature);
        loss += log(sum) - log(fmax((double)row[labels[i]], 1e-30)) / temperature;
    }
    return loss;
}

/* The loss is convex in 1/T, so in the logarithm of T it has one valley: golden-section search. */
float calibrate_temperature(const float *probabilities, const uint8_t *labels, size_t n)
{
    const double golden = 0.61803398874989485;
    double low = log(0.125), high = log(8);
    double a = high - golden * (high - low), b = low + golden * (high - low);
    double at_a = loss_at(exp(a), probabilities, labels, n);
    double at_b = loss_at(exp(b), probabilities, labels, n);
    while (high - low > 1e-3) { /* a thousandth of T: far below what the labels can tell */
        if (at_a < at_b) {
            high = b;
            b = a;
            at_b = at_a;
            a = high - golden * (high - low);
            at_a = loss_at(exp(a), probabilities, labels, n);
        } else {
            low = a;
            a = b;
            at_a = at_b;
            b = low + golden * (high - low);
            at_b = loss_at(exp(b), probabilities, labels, n);
        }
    }
    return (float)exp((low + high) / 2);
}

void calibrate_apply(float temperature, float *probabilities, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float logits[CLASSES];
        for (int c = 0; c < CLASSES; c++)
            logits[c] = (float)log(fmax((double)probabilities[i * CLASSES + (size_t)c], 1e-30));
        loss_softmax(logits, temperature, probabilities + i * CLASSES);
    }
}
