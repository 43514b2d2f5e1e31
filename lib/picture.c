#include "picture.h"

#include "minmax.h"

#include <stdlib.h>
#include <string.h>

void picture_free(struct picture *picture)
{
    free(picture->pixels);
    *picture = (struct picture){0};
}

void picture_reduce(struct picture *picture, uint32_t factor)
{
    const uint32_t width = picture->width / factor, height = picture->height / factor;
    const uint32_t area = factor * factor;
    if (factor < 2)
        return;
    for (uint32_t y = 0; y < height; y++) {
        uint16_t column[PICTURE_MAX_SIDE] = {0}; /* of at most 16 rows: below 65,536 */
        for (uint32_t k = 0; k < factor; k++) {
            const uint8_t *row = picture->pixels + (size_t)(y * factor + k) * picture->width;
            for (uint32_t x = 0; x < picture->width; x++)
                column[x] = (uint16_t)(column[x] + row[x]);
        }
        uint8_t *out = picture->pixels + (size_t)y * width;
        for (uint32_t x = 0; x < width; x++) {
            uint32_t sum = area / 2;
            for (uint32_t k = 0; k < factor; k++)
                sum += column[x * factor + k];
            out[x] = (uint8_t)(sum / area);
        }
    }
    picture->width = width;
    picture->height = height;
}

bool picture_has_edges(const struct picture *picture, int contrast, uint32_t step)
{
    const uint32_t width = picture->width, height = picture->height;
    for (uint32_t y = 0; y < height; y++) {
        const uint8_t *row = picture->pixels + (size_t)y * width;
        const uint8_t *below = y + step < height ? row + (size_t)step * width : row;
        for (uint32_t x = 0; x < width; x++) {
            const uint8_t right = row[x + step < width ? x + step : x];
            if (2 * abs(right - row[x]) >= contrast || 2 * abs(below[x] - row[x]) >= contrast)
                return true;
        }
    }
    return false;
}

struct box picture_joined_box(const struct box *a, const struct box *b)
{
    const uint32_t x = min_u32(a->x, b->x), y = min_u32(a->y, b->y);
    const uint32_t right = max_u32(a->x + a->width, b->x + b->width);
    const uint32_t bottom = max_u32(a->y + a->height, b->y + b->height);
    return (struct box){x, y, right - x, bottom - y};
}
