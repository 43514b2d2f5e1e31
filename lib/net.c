#include "net.h"
#include "layer.h"
#include "sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_LAYERS = 128, /* after each text is expanded to at most two */
    MAX_CHANNELS = 4096,
    MAX_BLOCK_FLOATS = 1 << 28 /* 1 GiB */
};

/* Prepared weights are at most 2 * 4 + 1 times the weights: both directions of 3x3 kernels. */
static const size_t MAX_PREPARED_FLOATS = (size_t)9 * MAX_BLOCK_FLOATS;

struct net {
    char *text;
    int layers;
    struct layer layer[MAX_LAYERS];
    int tensors;
    struct net_tensor tensor[MAX_LAYERS * LAYER_MAX_PARAMETERS];
    struct { /* whose parameter a tensor is */
        int layer, parameter;
    } origin[MAX_LAYERS * LAYER_MAX_PARAMETERS];
    size_t block_floats, forward_floats, backward_floats;
    uint64_t parameters, macs;
};

/* What may follow a layer's letters. */
enum form {
    FORM_NONE,
    FORM_KERNEL,
    FORM_KERNEL_CHANNELS,
    FORM_CHANNELS,
    FORM_SQUEEZED,
    FORM_PROBABILITY
};

/* A longer name comes before its own beginning. */
static const struct {
    const char *name;
    enum form form;
    const struct layer_type *type;
    bool average, norm; /* norm: ends in batch norm unless told otherwise */
} grammar[] = {
    {"drop", FORM_PROBABILITY, &layer_dropout, false, false},
    {"gmp", FORM_NONE, &layer_pool, false, false},
    {"gap", FORM_NONE, &layer_pool, true, false},
    {"gma", FORM_NONE, &layer_both, false, false},
    {"se", FORM_SQUEEZED, &layer_se, false, false},
    {"c", FORM_KERNEL_CHANNELS, &layer_conv, false, true},
    {"d", FORM_CHANNELS, &layer_dense, false, false},
    {"p", FORM_KERNEL, &layer_pool, false, false},
    {"a", FORM_KERNEL, &layer_pool, true, false},
};

enum { GRAMMAR_ROWS = sizeof grammar / sizeof grammar[0] };

struct flags {
    bool valid, bias, norm, linear;
};

static int read_number(const char **p, const char *what, int high, int *value, struct error *error)
{
    char *end;
    const long number = **p >= '0' && **p <= '9' ? strtol(*p, &end, 10) : 0;
    if (number < 1 || number > high)
        return error_set(error, "%s must be from 1 to %d", what, high);
    *p = end;
    *value = (int)number;
    return 0;
}

static int read_numbers(const char **p, enum form form, struct layer *layer, struct error *error)
{
    if (form == FORM_KERNEL || form == FORM_KERNEL_CHANNELS) {
        if (read_number(p, "the kernel's or window's side", IMAGE_SIDE, &layer->kernel_height,
                        error))
            return -1;
        layer->kernel_width = layer->kernel_height;
    }
    if (form == FORM_KERNEL_CHANNELS && *(*p)++ != 'x')
        return error_set(error, "the kernel's side is followed by x and the channels, as in c3x32");
    if (form == FORM_KERNEL_CHANNELS || form == FORM_CHANNELS)
        return read_number(p, "the number of channels", MAX_CHANNELS, &layer->out.channels, error);
    if (form == FORM_SQUEEZED)
        return read_number(p, "the number of squeezed features", MAX_CHANNELS, &layer->squeezed,
                           error);
    if (form == FORM_PROBABILITY) {
        char *end;
        layer->probability = strtof(*p, &end);
        if (end == *p || !(layer->probability >= 0 && layer->probability < 1))
            return error_set(error, "the probability must be from 0 to below 1");
        *p = end;
    }
    return 0;
}

static int read_flags(const char *p, bool allowed, struct flags *flags, struct error *error)
{
    for (; *p; p++)
        if (allowed && *p == 'v')
            flags->valid = true;
        else if (allowed && *p == 'b')
            flags->bias = true;
        else if (allowed && *p == 'n')
            flags->norm = true;
        else if (allowed && *p == 'l')
            flags->linear = true;
        else
            return error_set(error, "what is '%s'?", p);
    if (flags->bias && flags->norm)
        return error_set(error, "batch norm and bias exclude each other");
    return 0;
}

/* Give the layer its place in the net: input, shapes, offsets, names of its tensors. */
static int add_layer(struct net *net, struct layer *layer, struct error *error)
{
    if (net->layers == MAX_LAYERS)
        return error_set(error, "more than %d layers", MAX_LAYERS);
    if (net->layers)
        layer->in = net->layer[net->layers - 1].out;
    else
        layer->in = (struct shape){1, IMAGE_SIDE, IMAGE_SIDE};
    const int channels = layer->out.channels ? layer->out.channels : layer->in.channels;
    layer->out = layer->in;
    layer->out.channels = channels;
    layer->compact =
        net->layers == 0 && (layer->type == &layer_conv || layer->type == &layer_dense);
    if (layer->type->shape(layer, error))
        return -1;
    layer->forward = net->forward_floats;
    net->forward_floats += layer->forward_floats;
    layer->backward = net->backward_floats; /* later moved behind all of forward's */
    net->backward_floats += layer->backward_floats;
    for (int p = 0; p < layer->parameters; p++) {
        struct parameter *parameter = &layer->parameter[p];
        parameter->offset = net->block_floats;
        net->block_floats += parameter->floats;
        if (net->block_floats > MAX_BLOCK_FLOATS ||
            net->forward_floats + net->backward_floats > MAX_PREPARED_FLOATS)
            return error_set(error, "the network has more than %d parameters", MAX_BLOCK_FLOATS);
        struct net_tensor *tensor = &net->tensor[net->tensors];
        snprintf(tensor->name, sizeof tensor->name, "%d.%s.%s", layer->place, layer->type->name,
                 parameter->name);
        tensor->type = parameter->type;
        net->origin[net->tensors].layer = net->layers;
        net->origin[net->tensors].parameter = p;
        net->tensors++;
        uint64_t bytes = 0;
        if (!tensor_bytes(&parameter->type, &bytes))
            return error_set(error, "a parameter tensor is too large");
        if (parameter->kind != PARAMETER_STATISTIC)
            net->parameters += bytes / sizeof(float);
        const uint64_t uses =
            layer->squeezed ? 1 : (uint64_t)layer->out.height * (uint64_t)layer->out.width;
        if (parameter->kind == PARAMETER_WEIGHT)
            net->macs += bytes / sizeof(float) * uses;
    }
    net->layer[net->layers++] = *layer;
    return 0;
}

/* One word of the text becomes one layer, or two when it ends in batch norm. */
static int add_word(struct net *net, const char *word, int place, bool last, struct error *error)
{
    int row = 0;
    while (row < GRAMMAR_ROWS && strncmp(word, grammar[row].name, strlen(grammar[row].name)) != 0)
        row++;
    if (row == GRAMMAR_ROWS)
        return error_set(error, "no such layer (there are c, p, a, gmp, gap, gma, d, se and drop)");
    const struct layer_type *type = grammar[row].type;
    const bool multiplies = type == &layer_conv || type == &layer_dense;
    struct layer layer = {.type = type, .place = place, .average = grammar[row].average};
    struct flags flags = {0};
    const char *p = word + strlen(grammar[row].name);
    if (read_numbers(&p, grammar[row].form, &layer, error) ||
        read_flags(p, multiplies, &flags, error))
        return -1;
    if (!multiplies)
        return add_layer(net, &layer, error);
    const bool norm = !last && (flags.norm || (grammar[row].norm && !flags.bias));
    layer.logits = last;
    layer.bias = !norm;
    layer.relu = !norm && !last && !flags.linear;
    if (type == &layer_conv && !flags.valid) {
        layer.border.before = (layer.kernel_height - 1) / 2;
        layer.border.after = layer.kernel_height - 1 - layer.border.before;
    }
    if (type == &layer_dense)
        layer.kernel_height = layer.kernel_width = 1;
    if (add_layer(net, &layer, error))
        return -1;
    if (!norm)
        return 0;
    struct layer after = {.type = &layer_norm, .place = place, .relu = !flags.linear};
    return add_layer(net, &after, error);
}

static int add_words(struct net *net, struct error *error)
{
    const char *p = net->text;
    for (int place = 0; *p; place++) {
        char word[32];
        const size_t length = strcspn(p, " ");
        snprintf(word, sizeof word, "%.*s", (int)length, p);
        p += length;
        p += strspn(p, " ");
        struct error why;
        if (length >= sizeof word)
            return error_set(error, "net: '%s...': no such layer", word);
        if (add_word(net, word, place, *p == '\0', &why))
            return error_set(error, "net: '%s': %s", word, why.text);
    }
    const struct shape *out = net->layers ? &net->layer[net->layers - 1].out : NULL;
    if (!out)
        return error_set(error, "net: the text is empty");
    if (out->channels != CLASSES || out->height != 1 || out->width != 1)
        return error_set(error, "net: '%s': ends in %dx%dx%d values, not in %d logits", net->text,
                         out->channels, out->height, out->width, CLASSES);
    for (int i = 0; i < net->layers; i++)
        net->layer[i].backward += net->forward_floats;
    return 0;
}

struct net *net_parse(const char *text, struct error *error)
{
    struct net *net = calloc(1, sizeof *net);
    if (!net || !(net->text = strdup(text))) {
        error_set(error, "net: memory:");
        net_free(net);
        return NULL;
    }
    if (add_words(net, error)) {
        net_free(net);
        return NULL;
    }
    return net;
}

void net_free(struct net *net)
{
    if (net)
        free(net->text);
    free(net);
}

const char *net_text(const struct net *net)
{
    return net->text;
}

uint64_t net_parameters(const struct net *net)
{
    return net->parameters;
}

uint64_t net_macs(const struct net *net)
{
    return net->macs;
}

size_t net_block_floats(const struct net *net)
{
    return net->block_floats;
}

size_t net_prepared_floats(const struct net *net, bool training)
{
    return net->forward_floats + (training ? net->backward_floats : 0);
}

int net_tensors(const struct net *net)
{
    return net->tensors;
}

const struct net_tensor *net_tensor(const struct net *net, int i)
{
    return &net->tensor[i];
}

int net_layers(const struct net *net)
{
    return net->layers;
}

const struct layer *net_layer(const struct net *net, int i)
{
    return &net->layer[i];
}

/* Copy between plain arrays, `apart` from each other, and a stretch of the block, where the numbers
 * of `lanes` arrays touch. */
static void copy_stretch(float *block, float *plain, struct stretch stretch, size_t lanes,
                         size_t apart, bool pack)
{
    float *at = block + stretch.at;
    for (size_t e = 0; e < stretch.n; e++, at += stretch.step)
        for (size_t l = 0; l < lanes; l++)
            if (pack)
                at[l] = plain[l * apart + e];
            else
                plain[l * apart + e] = at[l];
}

/* Copy tensor i between its plain and its packed form. */
static void copy(const struct net *net, int i, float *block, float *plain, bool pack)
{
    const struct layer *layer = &net->layer[net->origin[i].layer];
    const int p = net->origin[i].parameter;
    const struct parameter *parameter = &layer->parameter[p];
    float *base = block + parameter->offset;
    size_t floats = 1;
    for (int d = 0; d < parameter->type.dims; d++)
        floats *= (size_t)parameter->type.dim[d];
    if (pack && floats < parameter->floats) /* padding */
        memset(base, 0, parameter->floats * sizeof *base);
    if (p > 0 || !layer->type->packed) {
        copy_stretch(base, plain, (struct stretch){0, 1, floats}, 1, 0, pack);
        return;
    }
    const size_t apart = floats / (size_t)layer->out.channels;
    for (int out = 0; out < layer->out.channels; out += LANES, plain += LANES * apart) {
        const int left = layer->out.channels - out;
        float *from = plain;
        for (int in = 0; in < layer->in.channels; in++) {
            const struct stretch stretch = layer->type->packed(layer, out, in);
            copy_stretch(base, from, stretch, (size_t)(left < LANES ? left : LANES), apart, pack);
            from += stretch.n;
        }
    }
}

void net_pack(const struct net *net, int i, const float *plain, float *block)
{
    copy(net, i, block, (float *)plain, true);
}

void net_unpack(const struct net *net, int i, const float *block, float *plain)
{
    copy(net, i, (float *)block, plain, false);
}
