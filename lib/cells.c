#include "cells.h"

#include "minmax.h"

#include <stdlib.h>
#include <string.h>

int cells_new(struct cells *cells, const struct picture *picture)
{
    cells->side = 1 + (max_u32(picture->width, picture->height) - 1) / CELLS_MAX;
    cells->width = 1 + (picture->width - 1) / cells->side;
    cells->height = 1 + (picture->height - 1) / cells->side;
    cells->cell = calloc((size_t)cells->width * cells->height, sizeof *cells->cell);
    return cells->cell ? 0 : -1;
}

void cells_means(struct cells *cells, const struct picture *picture)
{
    const uint32_t side = cells->side, width = picture->width, height = picture->height;
    for (uint32_t i = 0; i < cells->height; i++) {
        const uint32_t top = i * side, end = min_u32(top + side, height);
        uint32_t column[PICTURE_MAX_SIDE];
        memset(column, 0, width * sizeof *column);
        for (uint32_t y = top; y < end; y++)
            for (uint32_t x = 0; x < width; x++)
                column[x] += picture->pixels[(size_t)y * width + x];
        for (uint32_t j = 0; j < cells->width; j++) {
            const uint32_t left = j * side, right = min_u32(left + side, width);
            uint32_t sum = 0;
            for (uint32_t x = left; x < right; x++)
                sum += column[x];
            cells->cell[i * cells->width + j] = (float)sum / (float)((end - top) * (right - left));
        }
    }
}
