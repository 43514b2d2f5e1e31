#include "overlay.h"

#include "caption.h"
#include "minmax.h"

#include <string.h>

enum {
    BLACK = 0,
    WHITE = 255,
    PLATE_WIDTH = 7, /* a caption of one character and a pixel around it */
    PLATE_HEIGHT = CAPTION_HEIGHT + 2,
    DIGIT_SHARE = 3 /* a caption is a third as high as its digit */
};

/* Fill what of a rectangle lies in the picture; it may begin left of it or above. */
static void fill(struct picture *picture, int64_t x, int64_t y, uint32_t width, uint32_t height,
                 uint8_t level)
{
    const int64_t left = x > 0 ? x : 0, right = x + width, top = y > 0 ? y : 0, end = y + height;
    for (int64_t row = top; row < end && row < picture->height; row++)
        for (int64_t column = left; column < right && column < picture->width; column++)
            picture->pixels[row * picture->width + column] = level;
}

/* The outline of a box, `thick` pixels, `away` from it. */
static void frame(struct picture *picture, const struct box *box, uint32_t away, uint32_t thick,
                  uint8_t level)
{
    const int64_t x = (int64_t)box->x - away - thick, y = (int64_t)box->y - away - thick;
    const uint32_t width = box->width + 2 * (away + thick);
    const uint32_t height = box->height + 2 * (away + thick);
    fill(picture, x, y, width, thick, level);
    fill(picture, x, y + height - thick, width, thick, level);
    fill(picture, x, y, thick, height, level);
    fill(picture, x + width - thick, y, thick, height, level);
}

/* A character on its plate, `zoom` times its size, its upper left corner at x, y. */
static void plate(struct picture *picture, int64_t x, int64_t y, char character, uint32_t zoom)
{
    uint8_t pixels[PLATE_WIDTH * PLATE_HEIGHT];
    struct picture small = {PLATE_WIDTH, PLATE_HEIGHT, pixels};
    memset(pixels, WHITE, sizeof pixels);
    caption_draw(&small, 1, 1, (char[]){character, '\0'}, BLACK);
    for (uint32_t row = 0; row < PLATE_HEIGHT; row++)
        for (uint32_t column = 0; column < PLATE_WIDTH; column++)
            fill(picture, x + (int64_t)column * zoom, y + (int64_t)row * zoom, zoom, zoom,
                 pixels[row * PLATE_WIDTH + column]);
}

void overlay_draw(struct picture *picture, const struct reading *reading)
{
    const uint32_t thick = 1 + min_u32(picture->width, picture->height) / 500;
    for (int i = 0; i < reading->digits; i++) {
        const struct box *box = &reading->digit[i].box;
        frame(picture, box, thick, thick, BLACK);
        frame(picture, box, 2 * thick, thick, WHITE);
    }
    for (int i = 0; i < reading->digits; i++) { /* over the frames of neighbours */
        const struct box *box = &reading->digit[i].box;
        const uint32_t zoom = max_u32(1, box->height / (DIGIT_SHARE * PLATE_HEIGHT));
        const uint32_t high = zoom * PLATE_HEIGHT + 3 * thick;
        const int64_t y = box->y >= high ? box->y - high : box->y + box->height + 3 * thick;
        plate(picture, box->x, y, reading->text[i], zoom);
    }
}
