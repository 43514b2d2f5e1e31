/* The numbers of fields and types are those of onnx.proto3, where they can no longer change. */
#include "onnx.h"
#include "layer.h"
#include "protobuf.h"
#include "sample.h"
#include "workspace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPERATOR_SET = 17, IR_VERSION = 8 }; /* the first IR version that has the operator set */

static const char INPUT[] = "images", OUTPUT[] = "logits";

enum { MODEL_IR = 1, MODEL_PRODUCER = 2, MODEL_GRAPH = 7, MODEL_OPSET = 8, MODEL_METADATA = 14 };
enum { OPSET_VERSION = 2 };
enum { ENTRY_KEY = 1, ENTRY_VALUE = 2 };
enum { GRAPH_NODE = 1, GRAPH_NAME = 2, GRAPH_INITIALIZER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_OPERATOR = 4, NODE_ATTRIBUTE = 5 };
enum { ATTRIBUTE_NAME = 1, ATTRIBUTE_F = 2, ATTRIBUTE_I = 3, ATTRIBUTE_INTS = 8 };
enum { ATTRIBUTE_TYPE = 20, TYPE_FLOAT = 1, TYPE_INT = 2, TYPE_INTS = 7 };
enum { TENSOR_DIMS = 1, TENSOR_TYPE = 2, TENSOR_NAME = 8, TENSOR_RAW = 9 };
enum { ELEMENT_FLOAT = 1, ELEMENT_INT64 = 7 };
enum { VALUE_NAME = 1, VALUE_TYPE = 2, VALUE_TENSOR = 1, VALUE_ELEMENT = 1, VALUE_SHAPE = 2 };
enum { SHAPE_DIM = 1, DIM_VALUE = 1, DIM_PARAM = 2 };

/* A graph under way: a chain of nodes, each of which takes the last one's output. */
struct graph {
    struct protobuf *out;
    const struct net *net;
    const float *block; /* batch norm folded, unless it is kept */
    bool keep_norm;
    bool flat;     /* the last value is [N,C], not [N,C,H,W] */
    int nodes;     /* so far */
    char last[32]; /* name of the last value */
};

/* ------------------------------------------------------------------- nodes and tensors */

static void attribute_int(struct protobuf *out, const char *name, int value)
{
    const size_t attribute = protobuf_begin(out, NODE_ATTRIBUTE);
    protobuf_string(out, ATTRIBUTE_NAME, name);
    protobuf_integer(out, ATTRIBUTE_I, (uint64_t)value);
    protobuf_integer(out, ATTRIBUTE_TYPE, TYPE_INT);
    protobuf_end(out, attribute);
}

static void attribute_ints(struct protobuf *out, const char *name, const int *values, int n)
{
    const size_t attribute = protobuf_begin(out, NODE_ATTRIBUTE);
    protobuf_string(out, ATTRIBUTE_NAME, name);
    for (int i = 0; i < n; i++)
        protobuf_integer(out, ATTRIBUTE_INTS, (uint64_t)values[i]);
    protobuf_integer(out, ATTRIBUTE_TYPE, TYPE_INTS);
    protobuf_end(out, attribute);
}

static void attribute_float(struct protobuf *out, const char *name, float value)
{
    const size_t attribute = protobuf_begin(out, NODE_ATTRIBUTE);
    protobuf_string(out, ATTRIBUTE_NAME, name);
    protobuf_float(out, ATTRIBUTE_F, value);
    protobuf_integer(out, ATTRIBUTE_TYPE, TYPE_FLOAT);
    protobuf_end(out, attribute);
}

/*
 * Begin a node that takes the last value and these tensors, which have been added, and makes the
 * value `output`, or one named after itself. protobuf_end() ends it, after its attributes.
 */
static size_t begin_node(struct graph *g, const char *kind, const char *const *tensors, int n,
                         const char *output)
{
    const size_t node = protobuf_begin(g->out, GRAPH_NODE);
    protobuf_string(g->out, NODE_INPUT, g->last);
    for (int i = 0; i < n; i++)
        protobuf_string(g->out, NODE_INPUT, tensors[i]);
    snprintf(g->last, sizeof g->last, "%s_%d", kind, g->nodes++);
    protobuf_string(g->out, NODE_NAME, g->last);
    if (output)
        snprintf(g->last, sizeof g->last, "%s", output);
    protobuf_string(g->out, NODE_OUTPUT, g->last);
    protobuf_string(g->out, NODE_OPERATOR, kind);
    return node;
}

static void add_node(struct graph *g, const char *kind)
{
    protobuf_end(g->out, begin_node(g, kind, NULL, 0, NULL));
}

static void add_tensor(struct graph *g, const char *name, const struct tensor_type *type,
                       const void *data)
{
    const size_t tensor = protobuf_begin(g->out, GRAPH_INITIALIZER);
    uint64_t bytes = 0;
    if (!tensor_bytes(type, &bytes))
        g->out->failed = true;
    for (int d = 0; d < type->dims; d++)
        protobuf_integer(g->out, TENSOR_DIMS, type->dim[d]);
    protobuf_integer(g->out, TENSOR_TYPE, type->dtype == DTYPE_F32 ? ELEMENT_FLOAT : ELEMENT_INT64);
    protobuf_string(g->out, TENSOR_NAME, name);
    protobuf_bytes(g->out, TENSOR_RAW, data, bytes);
    protobuf_end(g->out, tensor);
}

/* Add a parameter of a layer, under the name that it has in model files, which is returned. */
static const char *add_parameter(struct graph *g, const struct layer *layer, int p)
{
    int i = 0; /* of the tensor in the network */
    for (const struct layer *l = net_layer(g->net, 0); l != layer; l++)
        i += l->parameters;
    const struct net_tensor *tensor = net_tensor(g->net, i + p);
    uint64_t bytes = 0;
    float *plain = tensor_bytes(&tensor->type, &bytes) ? malloc(bytes) : NULL;
    if (!plain) {
        g->out->failed = true;
        return tensor->name;
    }
    net_unpack(g->net, i + p, g->block, plain);
    add_tensor(g, tensor->name, &tensor->type, plain);
    free(plain);
    return tensor->name;
}

/* ------------------------------------------------------------------------------- layers */

static void flatten(struct graph *g)
{
    if (!g->flat)
        add_node(g, "Flatten"); /* its axis is 1 by default */
    g->flat = true;
}

/* Convolutions and pools take [N,C,H,W]; after a dense layer H and W are 1. */
static void unflatten(struct graph *g, const struct shape *shape)
{
    if (!g->flat)
        return;
    const struct tensor_type type = {DTYPE_I64, 1, {4}};
    const int64_t dims[] = {0, shape->channels, 1, 1}; /* 0: as it is */
    char name[32];
    snprintf(name, sizeof name, "shape_%d", g->nodes);
    add_tensor(g, name, &type, dims);
    protobuf_end(g->out, begin_node(g, "Reshape", (const char *[]){name}, 1, NULL));
    g->flat = false;
}

static void add_pool(struct graph *g, const struct layer *layer)
{
    unflatten(g, &layer->in);
    const int window[] = {layer->kernel_height, layer->kernel_width};
    if (window[0] == layer->in.height && window[1] == layer->in.width) {
        add_node(g, layer->average ? "GlobalAveragePool" : "GlobalMaxPool");
        return;
    }
    const size_t node = begin_node(g, layer->average ? "AveragePool" : "MaxPool", NULL, 0, NULL);
    attribute_ints(g->out, "kernel_shape", window, 2);
    attribute_ints(g->out, "strides", window, 2);
    protobuf_end(g->out, node);
}

/* A node that takes value `first` before the last one. */
static void join(struct graph *g, const char *kind, const char *first, const char *attribute)
{
    char last[sizeof g->last];
    snprintf(last, sizeof last, "%s", g->last);
    snprintf(g->last, sizeof g->last, "%s", first);
    const size_t node = begin_node(g, kind, (const char *[]){last}, 1, NULL);
    if (attribute)
        attribute_int(g->out, attribute, 1);
    protobuf_end(g->out, node);
}

static void add_both(struct graph *g, const struct layer *layer)
{
    char input[sizeof g->last], most[sizeof g->last];
    unflatten(g, &layer->in);
    snprintf(input, sizeof input, "%s", g->last);
    add_node(g, "GlobalMaxPool");
    snprintf(most, sizeof most, "%s", g->last);
    snprintf(g->last, sizeof g->last, "%s", input);
    add_node(g, "GlobalAveragePool");
    join(g, "Concat", most, "axis");
}

/* The gates go through the graph as dense layers do, and multiply what they were made of. */
static void add_gates(struct graph *g, const struct layer *layer)
{
    char input[sizeof g->last];
    unflatten(g, &layer->in);
    snprintf(input, sizeof input, "%s", g->last);
    add_node(g, "GlobalAveragePool");
    flatten(g);
    for (int p = 0; p < layer->parameters; p += 2) {
        const char *const inputs[] = {add_parameter(g, layer, p), add_parameter(g, layer, p + 1)};
        const size_t node = begin_node(g, "Gemm", inputs, 2, NULL);
        attribute_int(g->out, "transB", 1);
        protobuf_end(g->out, node);
        add_node(g, p == 0 ? "Relu" : "Sigmoid");
    }
    unflatten(g, &layer->in);
    join(g, "Mul", input, NULL);
}

/* A convolution or dense layer, with `norm` that follows it or NULL. */
static void add_linear(struct graph *g, const struct layer *layer, const struct layer *norm)
{
    const char *inputs[2] = {add_parameter(g, layer, LINEAR_WEIGHT)};
    int n = 1;
    if (layer->bias)
        inputs[n++] = add_parameter(g, layer, LINEAR_BIAS);
    else if (norm && !g->keep_norm)
        inputs[n++] = add_parameter(g, norm, NORM_SHIFT);
    if (layer->type == &layer_dense) {
        flatten(g);
        const size_t node = begin_node(g, "Gemm", inputs, n, NULL);
        attribute_int(g->out, "transB", 1);
        protobuf_end(g->out, node);
    } else {
        unflatten(g, &layer->in);
        const int kernel[] = {layer->kernel_height, layer->kernel_width};
        const int before = layer->border.before, after = layer->border.after;
        const int pads[] = {before, before, after, after};
        const size_t node = begin_node(g, "Conv", inputs, n, NULL);
        attribute_ints(g->out, "kernel_shape", kernel, 2);
        attribute_ints(g->out, "pads", pads, 4);
        protobuf_end(g->out, node);
    }
    if (norm ? !g->keep_norm && norm->relu : layer->relu)
        add_node(g, "Relu");
}

static void add_norm(struct graph *g, const struct layer *norm)
{
    const char *inputs[LAYER_MAX_PARAMETERS];
    for (int p = NORM_SCALE; p <= NORM_VARIANCE; p++)
        inputs[p] = add_parameter(g, norm, p);
    const size_t node = begin_node(g, "BatchNormalization", inputs, LAYER_MAX_PARAMETERS, NULL);
    attribute_float(g->out, "epsilon", NORM_EPSILON);
    protobuf_end(g->out, node);
    if (norm->relu)
        add_node(g, "Relu");
}

static void add_layers(struct graph *g, float temperature)
{
    for (int i = 0; i < net_layers(g->net); i++) {
        const struct layer *layer = net_layer(g->net, i);
        const struct layer *next = i + 1 < net_layers(g->net) ? net_layer(g->net, i + 1) : NULL;
        if (layer->type == &layer_pool)
            add_pool(g, layer);
        else if (layer->type == &layer_both)
            add_both(g, layer);
        else if (layer->type == &layer_se)
            add_gates(g, layer);
        else if (layer->type == &layer_conv || layer->type == &layer_dense)
            add_linear(g, layer, next && next->type == &layer_norm ? next : NULL);
        else if (layer->type == &layer_norm && g->keep_norm)
            add_norm(g, layer);
    }
    flatten(g);
    /* A node of its own, even for 1: whoever calibrates anew finds it. */
    add_tensor(g, "temperature", &(struct tensor_type){.dtype = DTYPE_F32}, &temperature);
    protobuf_end(g->out, begin_node(g, "Div", (const char *[]){"temperature"}, 1, OUTPUT));
}

/* -------------------------------------------------------------------------------- model */

/* The type of an input or output: [N, dims...] f32. */
static void add_value(struct protobuf *out, int field, const char *name, const int *dims, int n)
{
    const size_t value = protobuf_begin(out, field);
    protobuf_string(out, VALUE_NAME, name);
    const size_t type = protobuf_begin(out, VALUE_TYPE);
    const size_t tensor = protobuf_begin(out, VALUE_TENSOR);
    protobuf_integer(out, VALUE_ELEMENT, ELEMENT_FLOAT);
    const size_t shape = protobuf_begin(out, VALUE_SHAPE);
    size_t dim = protobuf_begin(out, SHAPE_DIM);
    protobuf_string(out, DIM_PARAM, "N");
    protobuf_end(out, dim);
    for (int i = 0; i < n; i++) {
        dim = protobuf_begin(out, SHAPE_DIM);
        protobuf_integer(out, DIM_VALUE, (uint64_t)dims[i]);
        protobuf_end(out, dim);
    }
    protobuf_end(out, shape);
    protobuf_end(out, tensor);
    protobuf_end(out, type);
    protobuf_end(out, value);
}

static void add_graph(struct graph *g, float temperature)
{
    const size_t graph = protobuf_begin(g->out, MODEL_GRAPH);
    protobuf_string(g->out, GRAPH_NAME, "hwdr");
    add_value(g->out, GRAPH_INPUT, INPUT, (const int[]){1, IMAGE_SIDE, IMAGE_SIDE}, 3);
    add_value(g->out, GRAPH_OUTPUT, OUTPUT, (const int[]){CLASSES}, 1);
    add_layers(g, temperature);
    protobuf_end(g->out, graph);
}

static void add_model(struct protobuf *out, const struct model *model, struct graph *g)
{
    protobuf_integer(out, MODEL_IR, IR_VERSION);
    protobuf_string(out, MODEL_PRODUCER, "hwdr");
    const size_t opset = protobuf_begin(out, MODEL_OPSET); /* of the domain "", ONNX's own */
    protobuf_integer(out, OPSET_VERSION, OPERATOR_SET);
    protobuf_end(out, opset);
    for (size_t i = 0; i < model->entries; i++) {
        const size_t entry = protobuf_begin(out, MODEL_METADATA);
        protobuf_string(out, ENTRY_KEY, model->entry[i].key);
        protobuf_string(out, ENTRY_VALUE, model->entry[i].value);
        protobuf_end(out, entry);
    }
    add_graph(g, model->temperature);
}

uint8_t *onnx_export(const struct model *model, bool keep_norm, size_t *bytes, struct error *error)
{
    const size_t floats = net_block_floats(model->net);
    struct protobuf out = {0};
    float *block = malloc(floats * sizeof *block);
    if (block) {
        memcpy(block, model->block, floats * sizeof *block);
        if (!keep_norm)
            workspace_fold(model->net, block);
        struct graph g = {.out = &out, .net = model->net, .block = block, .keep_norm = keep_norm};
        snprintf(g.last, sizeof g.last, "%s", INPUT);
        add_model(&out, model, &g);
    }
    if (!block || out.failed) {
        error_set(error, "memory: a model in ONNX's form:");
        free(out.bytes);
        out.bytes = NULL;
    }
    free(block);
    *bytes = out.size;
    return out.bytes;
}
