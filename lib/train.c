#include "train.h"
#include "kernels/kernels.h"
#include "layer.h"
#include "loss.h"
#include "pages.h"
#include "rng.h"
#include "sample.h"
#include "workspace.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SPAN = 4096 }; /* floats of the block that a thread sums and updates at once */

/* New running statistic = old + this * (batch's - old); the value most frameworks use. */
#define STATISTICS_RATE 0.1f

struct span {
    size_t offset, floats;
    enum parameter_kind kind;
    float rate;
};

struct counters { /* what a checkpoint keeps besides the mirrors of the block */
    int64_t samples, steps, averaged;
};

struct trainer {
    struct train_options options;
    struct net *net;
    const struct kernels *kernels;
    size_t floats;
    float *block, *first, *second, *average, *prepared;
    float *gradient[TRAIN_SHARDS];
    double loss[TRAIN_SHARDS];
    uint64_t right[TRAIN_SHARDS];
    struct workspace **workspace; /* [threads] */
    struct span *span;
    int spans;
    struct counters counters;
    struct train_sums sums;
    float rate;
};

static float *zeroed(size_t floats)
{
    float *p = pages_new(floats * sizeof(float));
    if (p)
        memset(p, 0, floats * sizeof(float));
    return p;
}

int train_initialise(struct model *model, uint64_t seed, struct error *error)
{
    const struct net *net = model->net;
    for (int i = 0; i < net_tensors(net); i++) {
        const struct net_tensor *tensor = net_tensor(net, i);
        const struct tensor_type *type = &tensor->type;
        uint64_t bytes;
        if (!tensor_bytes(type, &bytes))
            return error_set(error, "%s: too large", tensor->name);
        const size_t n = (size_t)(bytes / sizeof(float));
        float *plain = calloc(n, sizeof *plain);
        if (!plain)
            return error_set(error, "memory: initial weights:");
        const char *name = strrchr(tensor->name, '.') + 1;
        const bool logits = i + 2 >= net_tensors(net); /* the last weight, the last bias */
        const float fan_in = (float)n / (float)type->dim[0];
        const float bound = sqrtf((logits ? 1.0f : 6.0f) / fan_in);
        struct rng rng = rng_start(seed, RNG_WEIGHTS, 0, (uint64_t)i);
        for (size_t e = 0; e < n; e++)
            if (strcmp(name, "weight") == 0)
                plain[e] = rng_between(&rng, -bound, bound);
            else if (strcmp(name, "scale") == 0 || strcmp(name, "variance") == 0)
                plain[e] = 1;
        net_pack(net, i, plain, model->block);
        free(plain);
    }
    return 0;
}

static int list_spans(struct trainer *t)
{
    const size_t most = t->floats / SPAN + (size_t)net_tensors(t->net);
    t->span = calloc(most, sizeof *t->span);
    for (int i = 0; t->span && i < net_layers(t->net); i++) {
        const struct layer *layer = net_layer(t->net, i);
        for (int p = 0; p < layer->parameters; p++) {
            const struct parameter *parameter = &layer->parameter[p];
            for (size_t at = 0; at < parameter->floats; at += SPAN) {
                const size_t left = parameter->floats - at;
                t->span[t->spans++] =
                    (struct span){parameter->offset + at, left < SPAN ? left : SPAN,
                                  parameter->kind, parameter->rate};
            }
        }
    }
    return t->span ? 0 : -1;
}

struct trainer *train_new(const struct model *model, const struct train_options *options,
                          struct error *error)
{
    const struct kernels *kernels = kernels_select(error);
    if (!kernels)
        return NULL;
    struct trainer *t = calloc(1, sizeof *t);
    if (!t) {
        error_set(error, "memory: the trainer:");
        return NULL;
    }
    t->options = *options;
    t->net = net_parse(net_text(model->net), error);
    if (!t->net)
        goto fail;
    t->floats = net_block_floats(t->net);
    t->block = zeroed(t->floats);
    t->first = zeroed(t->floats);
    t->second = zeroed(t->floats);
    t->average = zeroed(t->floats);
    t->kernels = kernels;
    t->prepared = zeroed(workspace_prepared_floats(t->net, true));
    t->workspace = calloc((size_t)options->threads, sizeof(struct workspace *));
    error_set(error, "memory: the trainer:");
    if (!t->block || !t->first || !t->second || !t->average || !t->prepared || !t->workspace ||
        list_spans(t))
        goto fail;
    for (int s = 0; s < TRAIN_SHARDS; s++)
        if (!(t->gradient[s] = zeroed(t->floats)))
            goto fail;
    for (int i = 0; i < options->threads; i++) {
        const int most = (options->batch + TRAIN_SHARDS - 1) / TRAIN_SHARDS;
        t->workspace[i] = workspace_new(t->net, kernels, most, WORKSPACE_TRAIN, error);
        if (!t->workspace[i])
            goto fail;
    }
    memcpy(t->block, model->block, t->floats * sizeof(float));
    memcpy(t->average, model->block, t->floats * sizeof(float));
    return t;
fail:
    train_free(t);
    return NULL;
}

void train_free(struct trainer *t)
{
    if (!t)
        return;
    for (int i = 0; t->workspace && i < t->options.threads; i++)
        workspace_free(t->workspace[i]);
    for (int s = 0; s < TRAIN_SHARDS; s++)
        free(t->gradient[s]);
    free(t->workspace);
    free(t->span);
    free(t->block);
    free(t->first);
    free(t->second);
    free(t->average);
    free(t->prepared);
    net_free(t->net);
    free(t);
}

/* Forward and backward of one shard; its gradient, loss and hits go to the shard's own place. */
static void run_shard(struct trainer *t, int shard, const uint8_t *images, const float *targets,
                      int batch)
{
    const int first = shard * batch / TRAIN_SHARDS;
    const int n = (shard + 1) * batch / TRAIN_SHARDS - first;
    float *gradient = t->gradient[shard];
    t->loss[shard] = 0;
    t->right[shard] = 0;
    if (n == 0) {
        memset(gradient, 0, t->floats * sizeof(float));
        return;
    }
    struct workspace *workspace = t->workspace[omp_get_thread_num()];
    const struct workspace_place place = {.seed = t->options.seed,
                                          .first_sample = (uint64_t)first,
                                          .step = (uint32_t)t->counters.steps,
                                          .share = (float)n / (float)batch};
    workspace_input(workspace, images + (size_t)first * IMAGE_PIXELS, n);
    workspace_forward(workspace, t->block, t->prepared, gradient, &place);
    for (int i = 0; i < n; i++) {
        const float *logits = workspace_logits(workspace, i);
        const float *target = targets + (size_t)(first + i) * CLASSES;
        t->loss[shard] +=
            loss_cross_entropy(logits, target, t->options.smoothing, 1.0f / (float)batch,
                               workspace_logits_gradient(workspace, i));
        /* Where classes share the first place, as in what is no digit, each of them is right. */
        t->right[shard] += target[loss_argmax(logits)] >= target[loss_argmax(target)];
    }
    workspace_backward(workspace, t->block, t->prepared, gradient, &place);
}

/* Sum the shards' gradients over one span, ((0+1)+(2+3))+((4+5)+(6+7)), into shard 0's: in tiles,
 * so that memory sees each gradient once. */
static void sum_shards(struct trainer *t, const struct span *span)
{
    enum { TILE = 64 };
    float tile[TRAIN_SHARDS][TILE];
    for (size_t at = 0; at < span->floats; at += TILE) {
        const size_t left = span->floats - at, n = left < TILE ? left : TILE;
        for (int s = 0; s < TRAIN_SHARDS; s++)
            memcpy(tile[s], t->gradient[s] + span->offset + at, n * sizeof(float));
        for (int distance = 1; distance < TRAIN_SHARDS; distance *= 2)
            for (int s = 0; s < TRAIN_SHARDS; s += 2 * distance)
#pragma omp simd
                for (size_t i = 0; i < n; i++)
                    tile[s][i] += tile[s + distance][i];
        memcpy(t->gradient[0] + span->offset + at, tile[0], n * sizeof(float));
    }
}

static void update_span(struct trainer *t, const struct span *span, float keep)
{
    const float *gradient = t->gradient[0] + span->offset;
    float *block = t->block + span->offset, *average = t->average + span->offset;
    sum_shards(t, span);
    if (span->kind == PARAMETER_STATISTIC)
        for (size_t i = 0; i < span->floats; i++)
            block[i] += STATISTICS_RATE * (gradient[i] - block[i]);
    else
        optimiser_update(&t->options.optimiser, t->rate * span->rate,
                         (uint64_t)t->counters.steps + 1, span->kind == PARAMETER_WEIGHT,
                         span->floats, gradient, block, t->first + span->offset,
                         t->second + span->offset);
    if (keep < 1)
#pragma omp simd
        for (size_t i = 0; i < span->floats; i++)
            average[i] += (1 - keep) * (block[i] - average[i]);
}

void train_step(struct trainer *t, const uint8_t *images, const float *targets, int n)
{
    const int threads = t->options.threads, layers = workspace_layers(t->net);
    const int64_t total = t->options.total;
    const double progress = total > 0 ? (double)t->counters.samples / (double)total : 0;
    t->rate = optimiser_rate(&t->options.optimiser, progress < 1 ? progress : 1);
    float keep = 1; /* share of the old moving average that stays; 1: not this step's turn */
    if (t->options.ema > 0 && (t->counters.steps + 1) % TRAIN_EMA_STEPS == 0) {
        /* A young average forgets faster, or it would remember the initial weights. */
        const float young = (float)(1 + t->counters.averaged) / (float)(10 + t->counters.averaged);
        keep = young < t->options.ema ? young : t->options.ema;
        t->counters.averaged++;
    }
#pragma omp parallel num_threads(threads)
    {
#pragma omp for schedule(dynamic, 1)
        for (int i = 0; i < layers; i++)
            workspace_prepare(t->net, t->kernels, i, true, t->block, t->prepared);
#pragma omp for schedule(dynamic, 1)
        for (int s = 0; s < TRAIN_SHARDS; s++)
            run_shard(t, s, images, targets, n);
#pragma omp for schedule(static)
        for (int i = 0; i < t->spans; i++)
            update_span(t, &t->span[i], keep);
    }
    for (int s = 0; s < TRAIN_SHARDS; s++) {
        t->sums.loss += t->loss[s];
        t->sums.right += t->right[s];
    }
    t->sums.samples += (uint64_t)n;
    t->counters.samples += n;
    t->counters.steps++;
}

uint64_t train_samples(const struct trainer *t)
{
    return (uint64_t)t->counters.samples;
}

struct train_sums train_take_sums(struct trainer *t)
{
    const struct train_sums sums = t->sums;
    t->sums = (struct train_sums){0};
    return sums;
}

float train_rate(const struct trainer *t)
{
    return t->rate;
}

void train_result(const struct trainer *t, struct model *model)
{
    /* before it takes in any, the average is the initial weights */
    const float *result = t->counters.averaged > 0 ? t->average : t->block;
    memcpy(model->block, result, t->floats * sizeof(float));
}

/* The extra tensors of a checkpoint, for writing from and reading into the trainer. */
enum { EXTRAS = 4 };
static void list_extras(const struct trainer *t, struct safetensors_tensor extra[EXTRAS])
{
    const struct tensor_type mirror = {DTYPE_F32, 1, {t->floats}};
    const struct tensor_type counters = {DTYPE_I64, 1, {sizeof t->counters / sizeof(int64_t)}};
    extra[0] = (struct safetensors_tensor){"checkpoint.first", mirror, t->first};
    extra[1] = (struct safetensors_tensor){"checkpoint.second", mirror, t->second};
    extra[2] = (struct safetensors_tensor){"checkpoint.average", mirror, t->average};
    extra[3] = (struct safetensors_tensor){"checkpoint.counters", counters, &t->counters};
}

int train_save(const struct trainer *t, const struct model *model, const char *path,
               struct error *error)
{
    struct safetensors_tensor extra[EXTRAS];
    list_extras(t, extra);
    struct model now = *model; /* its metadata, with the weights as they are */
    now.block = t->block;
    return model_save(&now, path, extra, EXTRAS, error);
}

/* Where recipe `a` first differs from `b`: the option there, cut off before the next. */
static void first_difference(const char *a, const char *b, char *text, size_t room)
{
    size_t same = 0;
    while (a[same] && a[same] == b[same])
        same++;
    while (same > 0 && strncmp(a + --same, " --", 3) != 0)
        ;
    const char *begin = a + same + (a[same] == ' '), *end = strstr(begin, " --");
    snprintf(text, room, "%.*s", end ? (int)(end - begin) : (int)strlen(begin), begin);
}

/* Before anything else is read: of another network not even the tensors fit. */
static int check_recipe(const struct model *model, const char *path, struct error *error)
{
    struct safetensors file;
    if (safetensors_open(&file, path, error))
        return -1;
    const char *ours = model_get(model, "recipe"), *theirs = safetensors_get(&file, "recipe");
    int status = 0;
    if (!ours || !theirs || strcmp(ours, theirs) != 0) {
        char was[160], is[160];
        first_difference(theirs ? theirs : "", ours ? ours : "", was, sizeof was);
        first_difference(ours ? ours : "", theirs ? theirs : "", is, sizeof is);
        status = error_set(error, "%s: from another training: '%s', now '%s'", path, was, is);
    }
    safetensors_close(&file);
    return status;
}

int train_restore(struct trainer *t, const struct model *model, const char *path,
                  struct error *error)
{
    struct safetensors_tensor extra[EXTRAS];
    struct model saved;
    list_extras(t, extra);
    if (check_recipe(model, path, error) || model_load_extra(&saved, path, extra, EXTRAS, error))
        return -1;
    memcpy(t->block, saved.block, t->floats * sizeof(float));
    model_free(&saved);
    return 0;
}
