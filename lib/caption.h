/* Captions on pictures: a small font of digits, '>' and '?'. */
#ifndef HWDR_CAPTION_H
#define HWDR_CAPTION_H

#include "picture.h"

enum { CAPTION_HEIGHT = 7 };

/* Pixels that `text` takes from left to right; 0 for "". */
uint32_t caption_width(const char *text);

/*
 * Draw `text` in the grey `level`, its upper left corner at x, y; it must fit into the picture. A
 * character that the font lacks is a space.
 */
void caption_draw(struct picture *picture, uint32_t x, uint32_t y, const char *text, uint8_t level);

#endif
