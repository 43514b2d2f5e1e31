/*
 * Batches for training, cut from a sample stream: as it arrives, in constant memory, or from memory
 * in a new random order each epoch.
 */
#ifndef HWDR_FEED_H
#define HWDR_FEED_H

#include "error.h"
#include "stream.h"

#include <stdint.h>

struct feed;

/*
 * With epochs == 1 batches follow the stream; with more the whole stream is read first, and each
 * epoch has the order rng_permutation(seed, epoch). Epochs are joined: only the last batch of all
 * may be short. `reader` stays the caller's and must outlive the feed.
 * Returns: the feed, or NULL with `error` set. Owns: free with feed_free().
 */
struct feed *feed_new(struct stream_reader *reader, int64_t epochs, int batch, uint64_t seed,
                      struct error *error) CHECKED;
void feed_free(struct feed *feed);

/* Samples in all epochs together, or STREAM_COUNT_UNKNOWN. */
int64_t feed_total(const struct feed *feed);

/*
 * The next batch, at most `most` samples of it where most is less than a batch. The arrays belong
 * to the feed and live until the next call.
 * Shapes: images [n,28,28] u8; targets [n,10] f32, hard labels as one-hot rows.
 * Returns: the number of samples, 0 at the end, or -1 with `error` set: the stream's errors, and
 * samples without a label.
 */
int feed_next(struct feed *feed, int64_t most, const uint8_t **images, const float **targets,
              struct error *error) CHECKED;

/* Let so many samples go by. Returns: 0, or -1 with `error` set, also when there are fewer. */
int feed_skip(struct feed *feed, uint64_t samples, struct error *error) CHECKED;

#endif
