#include "optimiser.h"

#include <math.h>

static double half_cosine(double from, double to, double progress)
{
    return to + (from - to) * 0.5 * (1 + cos(3.14159265358979323846 * progress));
}

float optimiser_rate(const struct optimiser *o, double progress)
{
    const double peak = (double)o->rate, warmup = (double)o->warmup;
    const double rise = warmup > 0 ? fmin(progress / warmup, 1) : 1;
    const double fall = warmup < 1 ? fmax(0, fmin((progress - warmup) / (1 - warmup), 1)) : 0;
    switch (o->schedule) {
    case SCHEDULE_COSINE:
        return (float)(progress < warmup ? peak * rise : half_cosine(peak, 0, fall));
    case SCHEDULE_ONECYCLE:
        return (float)(progress < warmup ? half_cosine(peak / 25, peak, rise)
                                         : half_cosine(peak, peak / 250000, fall));
    case SCHEDULE_CONSTANT:
        break;
    }
    return (float)(peak * rise);
}

static void sgd(const struct optimiser *o, float rate, float decay, size_t n, const float *gradient,
                float *restrict weights, float *restrict first)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        const float g = gradient[i] + decay * weights[i];
        first[i] = o->momentum * first[i] + g;
        weights[i] -= rate * (g + o->momentum * first[i]);
    }
}

static void adam(const struct optimiser *o, float rate, float coupled, float shrink, uint64_t step,
                 size_t n, const float *gradient, float *restrict weights, float *restrict first,
                 float *restrict second)
{
    const double correct1 = 1 - pow((double)o->beta1, (double)step);
    const double correct2 = 1 - pow((double)o->beta2, (double)step);
    const float size = (float)((double)rate / correct1);
    const float scale = (float)(1 / sqrt(correct2));
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        const float g = gradient[i] + coupled * weights[i];
        first[i] = o->beta1 * first[i] + (1 - o->beta1) * g;
        second[i] = o->beta2 * second[i] + (1 - o->beta2) * g * g;
        weights[i] -= shrink * weights[i] + size * first[i] / (sqrtf(second[i]) * scale + 1e-8f);
    }
}

void optimiser_update(const struct optimiser *o, float rate, uint64_t step, bool decayed, size_t n,
                      const float *gradient, float *weights, float *first, float *second)
{
    const float decay = decayed ? o->decay : 0;
    switch (o->kind) {
    case OPTIMISER_SGD:
        sgd(o, rate, decay, n, gradient, weights, first);
        break;
    case OPTIMISER_ADAM:
        adam(o, rate, decay, 0, step, n, gradient, weights, first, second);
        break;
    case OPTIMISER_ADAMW:
        adam(o, rate, 0, rate * decay, step, n, gradient, weights, first, second);
        break;
    }
}
