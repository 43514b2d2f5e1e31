/* A model in the form that other programs run: ONNX, operator set 17. */
#ifndef HWDR_ONNX_H
#define HWDR_ONNX_H

#include "error.h"
#include "model.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The model as an ONNX file in memory. Its one input is `images` [N,1,28,28] f32, a sample's bytes
 * divided by 255; its one output `logits` [N,10] f32, divided by the model's temperature, so that
 * their softmax are the probabilities that cnn-predict gives. N is free. Batch norm is folded into
 * the weights before it, unless `keep_norm`. The model's metadata comes along.
 * Owns: the caller, who free()s the bytes. Returns: NULL with `error` set (memory).
 * Source: onnx.proto3 and docs/Operators.md of https://github.com/onnx/onnx.
 */
uint8_t *onnx_export(const struct model *model, bool keep_norm, size_t *bytes,
                     struct error *error) CHECKED;

#endif
