#include "workspace.h"
#include "layer.h"
#include "pages.h"
#include "sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

struct workspace {
    const struct net *net;
    const struct kernels *kernels;
    int layers, samples; /* room for */
    int n;               /* in use */
    enum workspace_use use;
    struct buffer *value;    /* [layers + 1]: the input and each layer's output */
    struct buffer *gradient; /* [layers + 1]: with respect to the value; at == NULL: not needed */
    void **memo;             /* [layers] */
    float *scratch;          /* of whichever layer runs */
    char *memory;            /* as allocated, before alignment */
};

/* Hands out pieces of one allocation; with base NULL only counts. */
struct arena {
    char *base;
    size_t used;
};

static void *take(struct arena *arena, size_t bytes)
{
    void *piece = arena->base ? arena->base + arena->used : NULL;
    arena->used += (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return piece;
}

static struct buffer take_buffer(struct arena *arena, const struct shape *shape,
                                 struct border border, int samples)
{
    const size_t margin = (size_t)(border.before + border.after);
    struct buffer buffer = {.strides.pixel = LANES};
    buffer.strides.row = ((size_t)shape->width + margin) * LANES;
    buffer.strides.block = ((size_t)shape->height + margin) * buffer.strides.row;
    buffer.strides.sample = (size_t)layer_blocks(shape->channels) * buffer.strides.block;
    float *base = take(arena, (size_t)samples * buffer.strides.sample * sizeof(float));
    if (base)
        buffer.at = base + (size_t)border.before * (buffer.strides.row + LANES);
    return buffer;
}

/* The input of a first convolution or dense layer: one channel, pixels touching. */
static struct buffer take_image(struct arena *arena, struct border border, int samples)
{
    const size_t side = (size_t)(IMAGE_SIDE + border.before + border.after);
    struct buffer buffer = {.strides = {side * side, LANES, side, 1}};
    float *base = take(arena, (size_t)samples * side * side * sizeof(float));
    if (base)
        buffer.at = base + (size_t)border.before * (side + 1);
    return buffer;
}

static bool training(const struct workspace *w)
{
    return w->use == WORKSPACE_TRAIN;
}

/* Does inference pass over a layer? Its output is then its input's. */
static bool passed_over(const struct workspace *w, int layer)
{
    return !training(w) && net_layer(w->net, layer)->type->training_only;
}

/*
 * A maximum pool shares in the work of the layer before it: of a first convolution, if nobody
 * inspects what that gives; and in training of one that ends in batch norm or a bias.
 * Returns: the pool behind `layer`, or NULL.
 */
static const struct layer *pool_behind(const struct workspace *w, int layer)
{
    int behind = layer + 1;
    while (behind < w->layers && passed_over(w, behind))
        behind++;
    if (layer < 0 || behind >= w->layers)
        return NULL;
    const struct layer *before = net_layer(w->net, layer), *pool = net_layer(w->net, behind);
    if (pool->type != &layer_pool || pool->average)
        return NULL;
    const bool shares = training(w) && (before->type == &layer_norm || before->bias);
    const bool first = w->use != WORKSPACE_INSPECT && layer_takes_pool(before, pool);
    return shares || first ? pool : NULL;
}

/* The pool behind `layer` whose whole work is done there, and not only a part; or NULL. */
static const struct layer *pool_within(const struct workspace *w, int layer)
{
    const struct layer *pool = pool_behind(w, layer);
    const bool whole = pool && (net_layer(w->net, layer)->type == &layer_norm ||
                                layer_takes_pool(net_layer(w->net, layer), pool));
    return whole ? pool : NULL;
}

/* Is a layer a pass of its own? */
static bool runs(const struct workspace *w, int layer)
{
    int before = layer - 1;
    while (before >= 0 && passed_over(w, before))
        before--;
    return !passed_over(w, layer) && !pool_within(w, before);
}

/* The layer that reads value `i`; as many as there are layers where that is the loss. */
static int reader_of(const struct workspace *w, int i)
{
    while (i < w->layers && !runs(w, i))
        i++;
    return i;
}

/*
 * The gradient of value `i` goes over it where nobody looks at it any more: the layer behind has
 * before it writes, and the one that made it looks only when it has a bias, and perhaps a ReLU, in
 * which no pool shares, or is a maximum pool of its own. An eighth to a fifth less memory, and the
 * cache has it already.
 */
static bool in_place(const struct workspace *w, int i)
{
    if (!training(w) || i == 0 || reader_of(w, i) == w->layers)
        return false;
    const struct layer *made_by = net_layer(w->net, i - 1);
    const bool looks =
        made_by->bias ? !pool_behind(w, i - 1) : made_by->type == &layer_pool && !made_by->average;
    return !looks;
}

/* The shape of what `layer` writes. */
static const struct shape *out_shape(const struct workspace *w, int layer)
{
    const struct layer *pool = pool_within(w, layer);
    return pool ? &pool->out : &net_layer(w->net, layer)->out;
}

/* The border that whoever reads value i wants. */
static struct border value_border(const struct workspace *w, int i)
{
    const int reader = reader_of(w, i);
    return reader < w->layers ? net_layer(w->net, reader)->border : (struct border){0, 0};
}

/* The border that the layer which made value i wants around its gradient. */
static struct border gradient_border(const struct workspace *w, int i)
{
    const struct layer *layer = net_layer(w->net, i - 1);
    if (layer->type != &layer_conv || i == 1)
        return (struct border){0, 0};
    return (struct border){layer->kernel_height - 1 - layer->border.before,
                           layer->kernel_height - 1 - layer->border.after};
}

static struct border wider(struct border a, struct border b)
{
    return (struct border){a.before > b.before ? a.before : b.before,
                           a.after > b.after ? a.after : b.after};
}

/* As many as the layer that needs most. */
static size_t scratch_floats(const struct workspace *w)
{
    size_t most = 0;
    for (int i = 0; i < w->layers; i++) {
        const struct layer *layer = net_layer(w->net, i);
        const size_t floats =
            layer->type->scratch_floats ? layer->type->scratch_floats(layer, w->samples) : 0;
        most = floats > most ? floats : most;
    }
    return most;
}

static void lay_out(struct workspace *w, struct arena *arena)
{
    const int layers = w->layers;
    w->value = take(arena, (size_t)(layers + 1) * sizeof *w->value);
    w->gradient = take(arena, (size_t)(layers + 1) * sizeof *w->gradient);
    w->memo = take(arena, (size_t)layers * sizeof *w->memo);
    for (int i = 0; i <= layers; i++) {
        const struct layer *made_by = i ? net_layer(w->net, i - 1) : NULL;
        struct buffer value, gradient = {0};
        void *memo = NULL;
        if (!made_by && net_layer(w->net, 0)->compact)
            value = take_image(arena, value_border(w, 0), w->samples);
        else if (!made_by)
            value = take_buffer(arena, &net_layer(w->net, 0)->in, value_border(w, 0), w->samples);
        else if (runs(w, i - 1)) {
            struct border border = value_border(w, i);
            if (in_place(w, i))
                border = wider(border, gradient_border(w, i));
            value = take_buffer(arena, out_shape(w, i - 1), border, w->samples);
            if (in_place(w, i))
                gradient = value;
            else if (training(w))
                gradient =
                    take_buffer(arena, out_shape(w, i - 1), gradient_border(w, i), w->samples);
            if (made_by->type->memo_bytes)
                memo = take(arena,
                            made_by->type->memo_bytes(made_by, pool_behind(w, i - 1), w->samples));
        } else if (arena->base) {
            value = w->value[i - 1];
            gradient = w->gradient[i - 1];
        }
        if (!arena->base)
            continue;
        w->value[i] = value;
        w->gradient[i] = gradient;
        if (made_by)
            w->memo[i - 1] = memo;
    }
    /* Last, as inference leaves the end of it untouched, which then costs no page. */
    w->scratch = take(arena, scratch_floats(w) * sizeof *w->scratch);
}

struct workspace *workspace_new(const struct net *net, const struct kernels *kernels, int samples,
                                enum workspace_use use, struct error *error)
{
    struct workspace *w = calloc(1, sizeof *w);
    if (w) {
        *w = (struct workspace){.net = net,
                                .kernels = kernels,
                                .layers = net_layers(net),
                                .samples = samples,
                                .use = use};
        struct arena measure = {0};
        lay_out(w, &measure);
        const size_t unit = pages_alignment(measure.used);
        /* Borders and padding lanes are 0 from now on. calloc() has that from the system for free,
         * and a page no sample uses is never touched: one picture takes a part of the memory. */
        w->memory = calloc(1, pages_room(measure.used) + unit);
        if (w->memory) {
            char *base = w->memory + (unit - (uintptr_t)w->memory % unit) % unit;
            pages_ask(base, measure.used);
            lay_out(w, &(struct arena){.base = base});
            return w;
        }
    }
    error_set(error, "memory: buffers for %d samples:", samples);
    workspace_free(w);
    return NULL;
}

void workspace_free(struct workspace *w)
{
    if (w)
        free(w->memory);
    free(w);
}

void workspace_input(struct workspace *w, const uint8_t *images, int n)
{
    const struct buffer *input = &w->value[0];
    w->n = n;
    for (int s = 0; s < n; s++)
        for (int y = 0; y < IMAGE_SIDE; y++) {
            float *row =
                input->at + (size_t)s * input->strides.sample + (size_t)y * input->strides.row;
            const uint8_t *from = images + s * IMAGE_PIXELS + y * IMAGE_SIDE;
            for (int x = 0; x < IMAGE_SIDE; x++)
                row[(size_t)x * input->strides.pixel] = (float)from[x] * (1.0f / 255);
        }
}

static struct pass pass_of(const struct workspace *w, int i, const float *block,
                           const float *prepared, float *gradient,
                           const struct workspace_place *place)
{
    struct pass pass = {.layer = net_layer(w->net, i),
                        .kernels = w->kernels,
                        .block = block,
                        .prepared = prepared,
                        .gradient = gradient,
                        .samples = w->n,
                        .in = w->value[i],
                        .out = w->value[i + 1],
                        .grad_in = w->gradient[i],
                        .grad_out = w->gradient[i + 1],
                        .memo = w->memo[i],
                        .scratch = w->scratch,
                        .pool = pool_behind(w, i)};
    if (place) {
        if (pool_behind(w, i - 1))
            pass.biased = net_layer(w->net, i - 1);
        pass.share = place->share;
        pass.seed = place->seed;
        pass.first_sample = place->first_sample;
        pass.step = place->step;
    } else if (i + 1 < w->layers && net_layer(w->net, i + 1)->type == &layer_norm) {
        pass.fused = net_layer(w->net, i + 1);
    }
    return pass;
}

void workspace_forward(struct workspace *w, const float *block, const float *prepared,
                       float *gradient, const struct workspace_place *place)
{
    for (int i = 0; i < w->layers; i++)
        if (runs(w, i)) {
            const struct pass pass = pass_of(w, i, block, prepared, gradient, place);
            pass.layer->type->forward(&pass, training(w));
        }
}

bool workspace_output(const struct workspace *w, int layer, int i, struct workspace_output *output,
                      float *plain)
{
    if (!runs(w, layer))
        return false;
    const struct layer *made_by = net_layer(w->net, layer);
    const struct shape shape = made_by->out;
    const struct buffer *value = &w->value[layer + 1];
    *output = (struct workspace_output){made_by->place, shape.channels, shape.height, shape.width};
    if (!plain)
        return true;
    for (int c = 0; c < shape.channels; c++)
        for (int y = 0; y < shape.height; y++) {
            const float *row = value->at + (size_t)i * value->strides.sample +
                               (size_t)(c / LANES) * value->strides.block +
                               (size_t)y * value->strides.row + c % LANES;
            for (int x = 0; x < shape.width; x++)
                *plain++ = row[(size_t)x * value->strides.pixel];
        }
    return true;
}

const float *workspace_logits(const struct workspace *w, int i)
{
    return w->value[w->layers].at + (size_t)i * w->value[w->layers].strides.sample;
}

float *workspace_logits_gradient(struct workspace *w, int i)
{
    return w->gradient[w->layers].at + (size_t)i * w->gradient[w->layers].strides.sample;
}

void workspace_backward(struct workspace *w, const float *block, const float *prepared,
                        float *gradient, const struct workspace_place *place)
{
    for (int i = w->layers - 1; i >= 0; i--) {
        const struct pass pass = pass_of(w, i, block, prepared, gradient, place);
        if (runs(w, i))
            pass.layer->type->backward(&pass);
    }
}

size_t workspace_prepared_floats(const struct net *net, bool training)
{
    return net_prepared_floats(net, training);
}

int workspace_layers(const struct net *net)
{
    return net_layers(net);
}

void workspace_prepare(const struct net *net, const struct kernels *kernels, int layer,
                       bool training, const float *block, float *prepared)
{
    const struct layer *l = net_layer(net, layer);
    if (l->type->prepare)
        l->type->prepare(l, kernels, training && layer > 0, block, prepared);
}

void workspace_fold(const struct net *net, float *block)
{
    for (int i = 1; i < net_layers(net); i++) {
        const struct layer *norm = net_layer(net, i), *before = net_layer(net, i - 1);
        if (norm->type != &layer_norm)
            continue;
        const struct parameter *weight = &before->parameter[LINEAR_WEIGHT];
        const size_t blocks = (size_t)layer_blocks(norm->out.channels);
        const size_t rows = weight->floats / blocks / LANES;
        for (size_t b = 0; b < blocks; b++) {
            float scale[LANES];
            for (size_t l = 0; l < LANES; l++) {
                const size_t c = b * LANES + l;
                scale[l] = block[norm->parameter[NORM_SCALE].offset + c] /
                           sqrtf(block[norm->parameter[NORM_VARIANCE].offset + c] + NORM_EPSILON);
                block[norm->parameter[NORM_SHIFT].offset + c] -=
                    block[norm->parameter[NORM_MEAN].offset + c] * scale[l];
            }
            float *w = block + weight->offset + b * rows * LANES;
            for (size_t r = 0; r < rows; r++, w += LANES)
                for (size_t l = 0; l < LANES; l++)
                    w[l] *= scale[l];
        }
    }
}
