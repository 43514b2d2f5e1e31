/*
 * Writing messages in the wire format of Protocol Buffers, into memory. Fields are numbered by the
 * schema; a message inside another is written between protobuf_begin() and protobuf_end().
 * Source: https://protobuf.dev/programming-guides/encoding/.
 */
#ifndef HWDR_PROTOBUF_H
#define HWDR_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Starts as {0}. Once memory has run out, `failed` is set and nothing more is written. */
struct protobuf {
    uint8_t *bytes; /* owned: free() it */
    size_t size, room;
    bool failed;
};

void protobuf_integer(struct protobuf *out, int field, uint64_t value);
void protobuf_float(struct protobuf *out, int field, float value);
void protobuf_bytes(struct protobuf *out, int field, const void *bytes, size_t n);
void protobuf_string(struct protobuf *out, int field, const char *text);

/* Returns: where the message begins, for protobuf_end(). */
size_t protobuf_begin(struct protobuf *out, int field);
void protobuf_end(struct protobuf *out, size_t begin);

#endif
