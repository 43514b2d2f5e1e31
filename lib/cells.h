/* A small map of a large picture: the means of square cells. */
#ifndef HWDR_CELLS_H
#define HWDR_CELLS_H

#include "picture.h"

enum { CELLS_MAX = 256 }; /* along the longer side */

/* Cells of side x side pixels, those at the right and at the bottom may be smaller.
 * Owns: cell; release with free(). */
struct cells {
    uint32_t width, height, side;
    float *cell; /* [height,width] */
};

/* Cells for a picture, all 0. Returns: 0, or -1 when memory runs out. */
int cells_new(struct cells *cells, const struct picture *picture) CHECKED;

/* Each cell becomes the mean of its pixels. */
void cells_means(struct cells *cells, const struct picture *picture);

#endif
