/* A trained network in a file: architecture, weights, and the card that tells how it came about. */
#ifndef HWDR_MODEL_H
#define HWDR_MODEL_H

#include "error.h"
#include "net.h"
#include "safetensors.h"

#include <stddef.h>
#include <stdio.h>

/*
 * The metadata keys a model file has: "format" (MODEL_FORMAT), "net" (net.h's text),
 * "preprocessing" (MODEL_PREPROCESSING), "classes", "temperature"; and, where known, "seed",
 * "data_sha256", "recipe", "accuracy" and others, kept as they are.
 */
#define MODEL_FORMAT "hwdr 1"
#define MODEL_PREPROCESSING "28x28 u8, 0 paper, 255 ink, divided by 255"
#define MODEL_CLASSES "0 1 2 3 4 5 6 7 8 9"

enum { MODEL_MAX_ENTRIES = 64 };

struct model {
    struct net *net;
    float *block;      /* net_block_floats(net) floats, aligned to 64 bytes */
    float temperature; /* logits are divided by it before the softmax */
    size_t entries;
    struct safetensors_entry entry[MODEL_MAX_ENTRIES]; /* keys and values owned by the model */
};

/* Returns: 0, or -1 with `error` naming the path. Owns: release with model_free(). */
int model_load(struct model *model, const char *path, struct error *error) CHECKED;

/* A model with the given network text, all parameters 0 and only the required metadata. */
int model_new(struct model *model, const char *net_text, struct error *error) CHECKED;

void model_free(struct model *model);

/* Metadata: the value or NULL; set or replace one. */
const char *model_get(const struct model *model, const char *key);
int model_set(struct model *model, const char *key, const char *value, struct error *error) CHECKED;

/*
 * Write the card, rows of a key and its value with a tab between: net, parameters, macs
 * (multiply-adds an image), temperature, then the other metadata. Control characters become '?'.
 */
void model_card(const struct model *model, FILE *out);

/*
 * Write the model, with `extra` tensors behind its own (a checkpoint's state; 0 for a model).
 * Returns: 0, or -1 with `error` set and nothing left behind; see safetensors_write().
 */
int model_save(const struct model *model, const char *path, const struct safetensors_tensor *extra,
               size_t extras, struct error *error) CHECKED;

/*
 * As model_load(), and copies the extra tensors of a checkpoint, whose names and types must agree,
 * into the `data` given.
 */
int model_load_extra(struct model *model, const char *path, const struct safetensors_tensor *extra,
                     size_t extras, struct error *error) CHECKED;

#endif
