/*
 * Training. A batch is cut into TRAIN_SHARDS shards whatever the machine; one thread takes a whole
 * shard forward and backward; the shards' gradients are summed in one fixed tree. So the weights
 * depend on options and data alone, to the bit, and not on the number of threads.
 */
#ifndef HWDR_TRAIN_H
#define HWDR_TRAIN_H

#include "error.h"
#include "model.h"
#include "optimiser.h"

#include <stdint.h>

enum {
    TRAIN_SHARDS = 8,
    TRAIN_EMA_STEPS = 5 /* the average takes in the weights every so many steps */
};

struct train_options {
    int batch, threads;
    uint64_t seed;
    struct optimiser optimiser;
    float smoothing; /* of labels */
    float ema;       /* decay of the exponential moving average of the weights; 0: none */
    int64_t total;   /* samples in the whole training, for the schedule; <= 0: not known */
};

/* Sums over the samples trained on since they were last reset. */
struct train_sums {
    uint64_t samples, right;
    double loss;
};

struct trainer;

/*
 * Fresh weights for a network: uniform, bound sqrt(6 / fan_in) (K. He et al., ICCV 2015), and
 * sqrt(1 / fan_in) for the logits; biases 0, scales 1.
 * Returns: 0, or -1 with `error` set (memory).
 */
int train_initialise(struct model *model, uint64_t seed, struct error *error) CHECKED;

/*
 * Start from the model's weights; the model is copied from.
 * Returns: the trainer, or NULL with `error` set. Owns: free with train_free().
 */
struct trainer *train_new(const struct model *model, const struct train_options *options,
                          struct error *error) CHECKED;
void train_free(struct trainer *trainer);

/*
 * One step on one batch of 1 <= n <= options.batch samples.
 * Shapes: images [n,28,28] u8; targets [n,10] f32, each row sums to 1.
 */
void train_step(struct trainer *trainer, const uint8_t *images, const float *targets, int n);

/* Samples seen since the beginning, the sums since the last reset, the rate of the last step. */
uint64_t train_samples(const struct trainer *trainer);
struct train_sums train_take_sums(struct trainer *trainer);
float train_rate(const struct trainer *trainer);

/* Copy the result so far into a model of the same network: the moving average if there is one. */
void train_result(const struct trainer *trainer, struct model *model);

/*
 * Save all state to a file, with the model's metadata, and take it back into a trainer made with
 * the same options: training then goes on as if it had not stopped, to the bit.
 * Returns: 0, or -1 with `error` set; a file from a training with another "recipe" is refused.
 */
int train_save(const struct trainer *trainer, const struct model *model, const char *path,
               struct error *error) CHECKED;
int train_restore(struct trainer *trainer, const struct model *model, const char *path,
                  struct error *error) CHECKED;

#endif
