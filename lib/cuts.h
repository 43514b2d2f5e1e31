/* Where a mark that may be several digits could be cut apart. */
#ifndef HWDR_CUTS_H
#define HWDR_CUTS_H

#include "marks.h"

enum { CUTS_MOST = 120, CUTS_ROWS = 64 };

/* A cut by its column, in cells of the grid, in each row. */
struct cut {
    float cost;  /* of the ink cut through, in widths of the mark's strokes; 0 for a border */
    float place; /* mean of its columns */
    int16_t column[CUTS_ROWS];
};

/*
 * Cuts of a mark from top to bottom, from left to right. The first and the last one are the mark's
 * borders. Owns: nothing.
 */
struct cuts {
    const struct mark *mark;
    float scale;   /* pixels a cell of the grid */
    uint32_t rows; /* of the grid */
    int holes;     /* in the mark's ink, as the grid shows it, less its parts but one */
    size_t n;
    struct cut cut[CUTS_MOST + 2];
};

/*
 * Find where little ink is in the way, along several slants and through several rows, up to two
 * dozen times for each width that a digit may have; a mark that is too low or too long has its
 * borders alone.
 * Returns: 0 with `cuts` filled, or -1 when memory runs out.
 */
int cuts_find(struct cuts *cuts, const struct picture *ink, const struct mark *mark) CHECKED;

/* Whether cut `a` lies to the left of cut `b` all the way. */
bool cuts_in_order(const struct cuts *cuts, size_t a, size_t b);

/*
 * The ink between cut `a` and cut `b` as one mark, pieces->mark[0], which may be empty.
 * Returns: 0, or -1 when memory runs out.
 */
int cuts_piece(struct marks *piece, const struct cuts *cuts, const struct picture *ink, size_t a,
               size_t b) CHECKED;

#endif
