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

/* Whether a mark has ink on all four sides of a box, beside nearly every row and column of it. */
bool frames_surrounds(const struct mark *mark, const struct box *box);

#endif
