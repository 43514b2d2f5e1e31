#include "feed.h"
#include "loss.h"
#include "rng.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct feed {
    struct stream_reader *reader;
    int batch;
    uint64_t seed;
    struct samples samples; /* the record at hand, or the whole stream */
    size_t next;            /* sample to take from it */
    uint64_t taken;         /* in all, for messages */
    bool whole;             /* the stream is in memory */
    int64_t epoch, epochs;
    uint32_t *order; /* [samples.n] */
    uint8_t *images;
    float *targets;
};

static int no_label(uint64_t sample, struct error *error)
{
    return error_set(error, "stdin: sample %" PRIu64 ": has no label to learn from", sample);
}

static int read_whole(struct feed *feed, struct error *error)
{
    if (stream_read_all(feed->reader, &feed->samples, error))
        return -1;
    feed->whole = true;
    feed->next = feed->samples.n; /* so that the first batch begins epoch 0 */
    feed->epoch = -1;
    if (feed->samples.n > UINT32_MAX)
        return error_set(error, "stdin: more than %u samples do not fit memory", UINT32_MAX);
    for (size_t i = 0; feed->samples.labels && i < feed->samples.n; i++)
        if (feed->samples.labels[i] == LABEL_UNKNOWN)
            return no_label(i, error);
    feed->order = malloc(feed->samples.n * sizeof *feed->order + 1);
    return feed->order ? 0 : error_set(error, "memory: the order of samples:");
}

struct feed *feed_new(struct stream_reader *reader, int64_t epochs, int batch, uint64_t seed,
                      struct error *error)
{
    struct feed *feed = calloc(1, sizeof *feed);
    if (!feed) {
        error_set(error, "memory: batches:");
        return NULL;
    }
    *feed = (struct feed){.reader = reader, .batch = batch, .seed = seed, .epochs = epochs};
    feed->images = malloc((size_t)batch * IMAGE_PIXELS);
    feed->targets = malloc((size_t)batch * CLASSES * sizeof(float));
    if (!feed->images || !feed->targets)
        error_set(error, "memory: batches:");
    else if (epochs == 1 || !read_whole(feed, error))
        return feed;
    feed_free(feed);
    return NULL;
}

void feed_free(struct feed *feed)
{
    if (!feed)
        return;
    if (feed->whole)
        stream_samples_free(&feed->samples);
    free(feed->order);
    free(feed->images);
    free(feed->targets);
    free(feed);
}

int64_t feed_total(const struct feed *feed)
{
    return feed->whole ? (int64_t)feed->samples.n * feed->epochs
                       : stream_reader_count(feed->reader);
}

/* Make feed->samples hold a sample at feed->next. Returns: 1, 0 at the end, -1. */
static int refill(struct feed *feed, struct error *error)
{
    if (feed->next < feed->samples.n)
        return 1;
    if (feed->whole && (feed->samples.n == 0 || feed->epoch + 1 == feed->epochs))
        return 0;
    feed->next = 0;
    if (!feed->whole)
        return stream_read(feed->reader, &feed->samples, error);
    rng_permutation(feed->seed, (uint32_t)++feed->epoch, feed->order, (uint32_t)feed->samples.n);
    return 1;
}

static int take(struct feed *feed, int to, struct error *error)
{
    const size_t from = feed->whole ? feed->order[feed->next] : feed->next;
    const struct samples *samples = &feed->samples;
    float *target = feed->targets + to * CLASSES;
    memcpy(feed->images + (size_t)to * IMAGE_PIXELS, samples->images + from * IMAGE_PIXELS,
           IMAGE_PIXELS);
    if (samples->soft)
        memcpy(target, samples->soft + from * CLASSES, CLASSES * sizeof *target);
    else if (samples->labels[from] == LABEL_UNKNOWN)
        return no_label(feed->taken, error); /* in memory they have been looked at */
    else
        loss_one_hot(samples->labels[from], target);
    feed->next++;
    feed->taken++;
    return 0;
}

int feed_next(struct feed *feed, int64_t most, const uint8_t **images, const float **targets,
              struct error *error)
{
    const int room = most < feed->batch ? (int)most : feed->batch;
    int n = 0, more = 1;
    for (; n < room && (more = refill(feed, error)) > 0; n++)
        if (take(feed, n, error))
            return -1;
    *images = feed->images;
    *targets = feed->targets;
    return more < 0 ? -1 : n;
}

int feed_skip(struct feed *feed, uint64_t samples, struct error *error)
{
    while (samples > 0) {
        const int more = refill(feed, error);
        if (more < 0)
            return -1;
        if (more == 0)
            return error_set(error, "stdin: ends %" PRIu64 " samples too early", samples);
        const size_t here = feed->samples.n - feed->next;
        const size_t n = samples < here ? (size_t)samples : here;
        feed->next += n;
        feed->taken += n;
        samples -= n;
    }
    return 0;
}
