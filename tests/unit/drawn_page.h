/* A page of ink to draw on, for the tests of what is around digits. */
#ifndef HWDR_DRAWN_PAGE_H
#define HWDR_DRAWN_PAGE_H

#include <stdint.h>
#include <string.h>

enum { SIDE = 200 };

struct page {
    uint8_t pixels[SIDE * SIDE];
};

static void fill(struct page *page, int left, int top, int width, int height)
{
    for (int y = top; y < top + height; y++)
        memset(page->pixels + y * SIDE + left, 255, (size_t)width);
}

/* Lines of `pen` pixels along the inside of a rectangle. */
static void frame(struct page *page, int left, int top, int width, int height, int pen)
{
    fill(page, left, top, width, pen);
    fill(page, left, top + height - pen, width, pen);
    fill(page, left, top, pen, height);
    fill(page, left + width - pen, top, pen, height);
}

#endif
