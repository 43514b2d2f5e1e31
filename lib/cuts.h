/* Where a mark that may be several digits could be cut apart. */
#ifndef HWDR_CUTS_H
#define HWDR_CUTS_H

#include "marks.h"

enum { CUTS_MOST = 40 };

/*
 * Cut a mark from top to bottom wherever little ink is in the way, a few times for each
 * width that a digit may have.
 * Shapes: pieces->n = 1 + number of cuts, from left to right; cost [pieces->n - 1] f32, of the ink
 * cut through between piece i and i + 1, in widths of the mark's strokes.
 * Returns: 0, or -1 when memory runs out.
 */
int cuts_make(struct marks *pieces, float cost[CUTS_MOST], const struct picture *ink,
              const struct mark *mark) CHECKED;

#endif
