/* Boxes and rings that digits touch: their lines are taken off, the digits stay. */
#ifndef HWDR_BOXES_H
#define HWDR_BOXES_H

#include "picture.h"

/*
 * Take off, in a picture of ink, the lines of boxes, combs, frames and rings that a digit in them
 * touches or crosses. A line has different paper on either side, the outside or a cell; a stroke
 * has the same on both. Lines stay where a stroke lies on them, and where they hold nothing that
 * might be a digit, as those of a 0, 6, 8 or 9 do. Boxes that nothing touches are left to frames.h.
 * Returns: 0, or -1 when memory runs out, with some boxes cleared.
 */
int boxes_clear(struct picture *ink) CHECKED;

#endif
