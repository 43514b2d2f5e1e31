/* Lines drawn around writing, or seen around it: a form's boxes, the edges of a sheet. */
#ifndef HWDR_FRAMES_H
#define HWDR_FRAMES_H

#include "marks.h"

#include <stdbool.h>

/*
 * Whether all but a twentieth of a mark's ink lies along the sides of the quadrilateral between its
 * outermost points: a box, some of its sides, a line. So do a 1 and a 7; a 0 does not.
 */
bool frames_is_straight(const struct mark *mark);

/* The outermost ink of a mark: in each row of the picture and in each column of it. */
struct outline {
    uint16_t left[PICTURE_MAX_SIDE], right[PICTURE_MAX_SIDE]; /* `right` and `bottom` are beyond */
    uint16_t top[PICTURE_MAX_SIDE], bottom[PICTURE_MAX_SIDE];
};

/* Set the rows and columns of the mark's box; the others stay as they were. */
void frames_outline(const struct mark *mark, struct outline *outline);

/* Whether a mark has ink on three sides at least of a box within its own, beside nearly each row or
 * column of that. */
bool frames_surrounds(const struct outline *outline, const struct box *box);

#endif
