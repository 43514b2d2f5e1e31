/* Lines drawn around writing, or seen around it: a form's boxes, rings, the edges of a sheet. */
#ifndef HWDR_FRAMES_H
#define HWDR_FRAMES_H

#include "marks.h"

#include <stdbool.h>

/*
 * Which of n marks, in a picture whose shorter side is `side`, are no writing: what has on three
 * sides of it a share of its ink; straight lines that are much longer than writing is high and
 * reach through half of the picture; three upright lines or more that begin and end alike, higher
 * than what is between them; what is much thinner or paler than writing; and rings around lines, if
 * they are larger than the other digits: a 0 may have a line or a dot in it. Time grows with n^2.
 * Shapes: mark [n]; is_frame [n], set. Returns: 0, or -1 when memory runs out.
 */
int frames_find(const struct mark *mark, size_t n, uint32_t side, bool *is_frame) CHECKED;

#endif
