/* Ruled and squared paper: where its lines are. */
#ifndef HWDR_RULED_H
#define HWDR_RULED_H

#include "picture.h"

#include <stddef.h>

enum { RULED_STRIPS = 64, RULED_MOST = 128 };

/*
 * A picture of ink with x along the lines and y across them: a pixel is at x * step_x + y * step_y.
 * It is cut across into strips, RULED_STRIPS at most. Lines are `thickest` pixels thick, at most;
 * levels up to `faint` are paper, and strokes have about `strong`.
 */
struct ruled_view {
    uint8_t *pixels;
    size_t step_x, step_y;
    uint32_t width, height, thickest, strips;
    uint8_t faint, strong;
};

/* A stretch of rows. */
struct ruled_rows {
    uint32_t first, end;
};

/* A line: where it is in each strip, its upper edge and thickness; thickness 0 where not found. */
struct ruled_line {
    uint32_t top[RULED_STRIPS], thick[RULED_STRIPS];
    uint32_t usual;     /* thickness in most strips */
    float start, climb; /* middle in strip 0, and change from strip to strip */
};

/*
 * Find straight lines that run from border to border, or out of the picture, up to 6 degrees off.
 * Shapes: lines [RULED_MOST]. Returns: how many; none without memory.
 */
size_t ruled_find(const struct ruled_view *view, struct ruled_line *lines);

#endif
