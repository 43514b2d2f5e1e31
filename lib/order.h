/* Lines of writing: which marks stand on one, and in what order marks are read. */
#ifndef HWDR_ORDER_H
#define HWDR_ORDER_H

#include "picture.h"

#include <stddef.h>

/* Something that is read, in a place. */
struct place {
    struct box box;
    uint32_t line; /* counted from the top; set by order_reading() */
    uint32_t id;   /* the caller's */
};

/*
 * Sort places into reading order: lines from the top, each from left to right. Lines may climb or
 * fall; what is beside each other and shares some height, as digits that fill a row of boxes up and
 * down do, is one line. Places lower than `low`, such as commas and loose strokes, make no line of
 * their own where there are others, but belong to the nearest.
 * Returns: 0, or -1 when memory runs out.
 */
int order_reading(struct place *places, size_t n, uint32_t low) CHECKED;

#endif
