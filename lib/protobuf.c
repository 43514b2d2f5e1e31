#include "protobuf.h"

#include <stdlib.h>
#include <string.h>

enum wire { VARINT = 0, LENGTH = 2, FIXED32 = 5 };

enum { VARINT_BYTES = 10 }; /* at most: 64 bits in groups of 7 */

/* Append n bytes, whose place is returned, or NULL. */
static uint8_t *append(struct protobuf *out, const void *bytes, size_t n)
{
    if (out->failed)
        return NULL;
    if (n > out->room - out->size) {
        const size_t room = 2 * out->room + n;
        uint8_t *larger = realloc(out->bytes, room);
        if (!larger) {
            out->failed = true;
            return NULL;
        }
        out->bytes = larger;
        out->room = room;
    }
    uint8_t *place = out->bytes + out->size;
    if (n > 0)
        memcpy(place, bytes, n);
    out->size += n;
    return place;
}

/* Groups of 7 bits, lowest first; all but the last have the top bit set. Returns: their number. */
static size_t encode(uint64_t value, uint8_t bytes[VARINT_BYTES])
{
    size_t n = 0;
    for (; value > 0x7F; value >>= 7)
        bytes[n++] = (uint8_t)(value | 0x80);
    bytes[n++] = (uint8_t)value;
    return n;
}

static void varint(struct protobuf *out, uint64_t value)
{
    uint8_t bytes[VARINT_BYTES];
    append(out, bytes, encode(value, bytes));
}

static void tag(struct protobuf *out, int field, enum wire wire)
{
    varint(out, (uint64_t)field << 3 | wire);
}

void protobuf_integer(struct protobuf *out, int field, uint64_t value)
{
    tag(out, field, VARINT);
    varint(out, value);
}

void protobuf_float(struct protobuf *out, int field, float value)
{
    tag(out, field, FIXED32);
    append(out, &value, sizeof value);
}

void protobuf_bytes(struct protobuf *out, int field, const void *bytes, size_t n)
{
    tag(out, field, LENGTH);
    varint(out, n);
    append(out, bytes, n);
}

void protobuf_string(struct protobuf *out, int field, const char *text)
{
    protobuf_bytes(out, field, text, strlen(text));
}

size_t protobuf_begin(struct protobuf *out, int field)
{
    tag(out, field, LENGTH);
    return out->size;
}

/* The length goes in front once it is known, and the message moves behind it. */
void protobuf_end(struct protobuf *out, size_t begin)
{
    uint8_t length[VARINT_BYTES];
    const size_t size = out->size - begin, n = encode(size, length);
    if (!append(out, length, n))
        return;
    memmove(out->bytes + begin + n, out->bytes + begin, size);
    memcpy(out->bytes + begin, length, n);
}
