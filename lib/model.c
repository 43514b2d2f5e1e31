#include "model.h"
#include "pages.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the code relies on; the network's text is checked against the network itself. */
static const struct {
    const char *key, *value;
} required[] = {
    {"format", MODEL_FORMAT}, {"preprocessing", MODEL_PREPROCESSING}, {"classes", MODEL_CLASSES}};

enum { REQUIRED = sizeof required / sizeof required[0] };

static int out_of_memory(struct error *error)
{
    return error_set(error, "out of memory");
}

/* ------------------------------------------------------------------------------ metadata */

/* Index of the entry, or model->entries where there is none. */
static size_t find_entry(const struct model *model, const char *key)
{
    size_t i = 0;
    while (i < model->entries && strcmp(model->entry[i].key, key) != 0)
        i++;
    return i;
}

static int put_entry(struct model *model, const char *key, const char *value, struct error *error)
{
    const size_t i = find_entry(model, key);
    if (i == MODEL_MAX_ENTRIES)
        return error_set(error, "metadata: more than %d entries", MODEL_MAX_ENTRIES);
    const bool new = i == model->entries;
    char *new_key = new ? strdup(key) : NULL, *new_value = strdup(value);
    if (!new_value || (new && !new_key)) {
        free(new_value);
        free(new_key);
        return out_of_memory(error);
    }
    if (new)
        model->entry[model->entries++].key = new_key;
    else
        free((char *)model->entry[i].value);
    model->entry[i].value = new_value;
    return 0;
}

static int read_temperature(const char *text, float *temperature, struct error *error)
{
    char *end;
    const float value = strtof(text, &end);
    if (end == text || *end || !isfinite(value) || value <= 0)
        return error_set(error, "temperature: '%.40s' is not a finite number above 0", text);
    *temperature = value;
    return 0;
}

/* Refuse a value that would contradict the code or the network. */
static int check_fixed(const struct model *model, const char *key, const char *value,
                       struct error *error)
{
    const char *must = strcmp(key, "net") == 0 ? net_text(model->net) : NULL;
    for (int i = 0; i < REQUIRED; i++)
        if (strcmp(key, required[i].key) == 0)
            must = required[i].value;
    return must && strcmp(value, must) != 0
               ? error_set(error, "%s: is '%.80s', not '%.80s'", key, value, must)
               : 0;
}

const char *model_get(const struct model *model, const char *key)
{
    const size_t i = find_entry(model, key);
    return i < model->entries ? model->entry[i].value : NULL;
}

int model_set(struct model *model, const char *key, const char *value, struct error *error)
{
    if (check_fixed(model, key, value, error) != 0)
        return -1;
    if (strcmp(key, "temperature") == 0 && read_temperature(value, &model->temperature, error) != 0)
        return -1;
    return put_entry(model, key, value, error);
}

static void put_row(const char *key, const char *value, FILE *out)
{
    const char *const texts[] = {key, value};
    for (int i = 0; i < 2; i++) {
        for (const char *p = texts[i]; *p; p++)
            putc(iscntrl((unsigned char)*p) ? '?' : *p, out);
        putc(i == 0 ? '\t' : '\n', out);
    }
}

void model_card(const struct model *model, FILE *out)
{
    put_row("net", net_text(model->net), out);
    fprintf(out, "parameters\t%" PRIu64 "\nmacs\t%" PRIu64 "\n", net_parameters(model->net),
            net_macs(model->net));
    fprintf(out, "temperature\t%.6g\n", (double)model->temperature);
    for (size_t i = 0; i < model->entries; i++)
        if (strcmp(model->entry[i].key, "net") != 0 &&
            strcmp(model->entry[i].key, "temperature") != 0)
            put_row(model->entry[i].key, model->entry[i].value, out);
}

/* ------------------------------------------------------------------------ new, load, free */

/* The block, not initialised: who reads a file into it touches each page once. */
static int allocate_block(struct model *model, struct error *error)
{
    model->block = pages_new(net_block_floats(model->net) * sizeof(float));
    return model->block ? 0 : out_of_memory(error);
}

static int make_new(struct model *model, const char *text, struct error *error)
{
    model->net = net_parse(text, error);
    if (!model->net || allocate_block(model, error) != 0)
        return -1;
    memset(model->block, 0, net_block_floats(model->net) * sizeof(float));
    for (int i = 0; i < REQUIRED; i++)
        if (put_entry(model, required[i].key, required[i].value, error) != 0)
            return -1;
    if (put_entry(model, "net", net_text(model->net), error) != 0)
        return -1;
    return model_set(model, "temperature", "1", error);
}

int model_new(struct model *model, const char *text, struct error *error)
{
    *model = (struct model){0};
    if (make_new(model, text, error) == 0)
        return 0;
    model_free(model);
    return -1;
}

static int load_metadata(struct model *model, const struct safetensors *file, struct error *error)
{
    const char *format = safetensors_get(file, "format"), *text = safetensors_get(file, "net");
    if (!format || !text)
        return error_set(error, "not an hwdr model: no '%s' in its metadata",
                         format ? "net" : "format");
    if (check_fixed(model, "format", format, error) != 0) /* before anything it may change */
        return -1;
    for (int i = 0; i < REQUIRED; i++)
        if (!safetensors_get(file, required[i].key))
            return error_set(error, "no '%s' in its metadata", required[i].key);
    if (!safetensors_get(file, "temperature"))
        return error_set(error, "no 'temperature' in its metadata");
    model->net = net_parse(text, error);
    if (!model->net)
        return -1;
    for (size_t i = 0; i < file->entries; i++) {
        const char *key = file->entry[i].key;
        const bool is_net = strcmp(key, "net") == 0; /* may be spelt otherwise than net_text() */
        const char *value = is_net ? net_text(model->net) : file->entry[i].value;
        if (model_set(model, key, value, error) != 0)
            return -1;
    }
    return 0;
}

static const struct safetensors_tensor *find_tensor(const struct safetensors *file,
                                                    const char *name,
                                                    const struct tensor_type *type,
                                                    struct error *error)
{
    const struct safetensors_tensor *tensor = safetensors_find(file, name);
    if (!tensor)
        error_set(error, "no tensor '%s'", name);
    else if (!tensor_same(&tensor->type, type))
        error_set(error, "tensor '%s': its type or shape does not fit", name);
    else
        return tensor;
    return NULL;
}

/* Whether the file has the network's tensors and the extra ones, and no others. */
static int check_tensors(const struct net *net, const struct safetensors *file,
                         const struct safetensors_tensor *extra, size_t extras, struct error *error)
{
    for (int i = 0; i < net_tensors(net); i++) {
        const struct net_tensor *tensor = net_tensor(net, i);
        if (!find_tensor(file, tensor->name, &tensor->type, error))
            return -1;
    }
    for (size_t i = 0; i < extras; i++)
        if (!find_tensor(file, extra[i].name, &extra[i].type, error))
            return -1;
    const size_t expected = (size_t)net_tensors(net) + extras;
    return file->tensors != expected ? error_set(error, "%zu tensors, the network '%.80s' has %zu",
                                                 file->tensors, net_text(net), expected)
                                     : 0;
}

static int load_tensors(struct model *model, const struct safetensors *file,
                        const struct safetensors_tensor *extra, size_t extras, struct error *error)
{
    /* The file holds every tensor in full, so that the block is no larger, but for padding */
    if (check_tensors(model->net, file, extra, extras, error) != 0 ||
        allocate_block(model, error) != 0)
        return -1;
    for (int i = 0; i < net_tensors(model->net); i++) {
        const char *name = net_tensor(model->net, i)->name;
        net_pack(model->net, i, safetensors_find(file, name)->data, model->block);
    }
    for (size_t i = 0; i < extras; i++) {
        uint64_t bytes;
        if (!tensor_bytes(&extra[i].type, &bytes))
            return error_set(error, "tensor '%s': is too large", extra[i].name);
        memcpy((void *)extra[i].data, safetensors_find(file, extra[i].name)->data, bytes);
    }
    return 0;
}

int model_load_extra(struct model *model, const char *path, const struct safetensors_tensor *extra,
                     size_t extras, struct error *error)
{
    *model = (struct model){0};
    struct safetensors file;
    if (safetensors_open(&file, path, error) != 0)
        return -1;
    struct error inner;
    const int result = load_metadata(model, &file, &inner) == 0
                           ? load_tensors(model, &file, extra, extras, &inner)
                           : -1;
    safetensors_close(&file);
    if (result != 0) {
        model_free(model);
        error_set(error, "%s: %.400s", path, inner.text);
    }
    return result;
}

int model_load(struct model *model, const char *path, struct error *error)
{
    return model_load_extra(model, path, NULL, 0, error);
}

void model_free(struct model *model)
{
    net_free(model->net);
    free(model->block);
    for (size_t i = 0; i < model->entries; i++) {
        free((char *)model->entry[i].key);
        free((char *)model->entry[i].value);
    }
    *model = (struct model){0};
}

/* ---------------------------------------------------------------------------------- save */

/* The plain copies of all the network's tensors, behind each other. */
static float *plain_tensors(const struct model *model, struct safetensors_tensor *tensor)
{
    size_t floats = 0;
    for (int i = 0; i < net_tensors(model->net); i++) {
        uint64_t bytes = 0;
        if (!tensor_bytes(&net_tensor(model->net, i)->type, &bytes))
            return NULL;
        floats += bytes / sizeof(float);
    }
    float *plain = malloc(floats * sizeof *plain), *at = plain;
    for (int i = 0; plain && i < net_tensors(model->net); i++) {
        const struct net_tensor *from = net_tensor(model->net, i);
        uint64_t bytes = 0;
        net_unpack(model->net, i, model->block, at);
        tensor[i] = (struct safetensors_tensor){.name = from->name, .type = from->type, .data = at};
        if (tensor_bytes(&from->type, &bytes))
            at += bytes / sizeof(float);
    }
    return plain;
}

int model_save(const struct model *model, const char *path, const struct safetensors_tensor *extra,
               size_t extras, struct error *error)
{
    /* the field, not the text it came from, is what predictions used */
    struct safetensors_entry entry[MODEL_MAX_ENTRIES];
    char temperature[32];
    snprintf(temperature, sizeof temperature, "%.9g", (double)model->temperature);
    for (size_t i = 0; i < model->entries; i++) {
        entry[i] = model->entry[i];
        if (strcmp(entry[i].key, "temperature") == 0)
            entry[i].value = temperature;
    }
    const size_t own = (size_t)net_tensors(model->net);
    struct safetensors_tensor *tensor = calloc(own + extras, sizeof *tensor);
    float *plain = tensor ? plain_tensors(model, tensor) : NULL;
    int result = -1;
    if (plain) {
        if (extras)
            memcpy(tensor + own, extra, extras * sizeof *tensor);
        result = safetensors_write(path, entry, model->entries, tensor, own + extras, error);
    } else {
        error_set(error, "%s: out of memory", path);
    }
    free(plain);
    free(tensor);
    return result;
}
