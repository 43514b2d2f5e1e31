/* The sheet in a picture that shows more than it: the table around it, a scan's dark margins. */
#ifndef HWDR_SHEET_H
#define HWDR_SHEET_H

#include "picture.h"

/*
 * Keep of a picture the sheet that the writing is on, in place, if anything else is seen around it:
 * what reaches the border, is darker or lighter than the sheet, and has no writing on it. `sheet`
 * becomes where it was; what is left beside a tilted sheet takes the paper's level. Of any other
 * picture all is kept: `sheet` is all of it.
 * Returns: 0, or -1 when memory runs out.
 */
int sheet_cut(struct picture *picture, struct box *sheet) CHECKED;

/* Put a sheet's ink back to where it was in a picture of width x height: 0 around it. */
void sheet_put_back(struct picture *ink, const struct box *sheet, uint32_t width, uint32_t height);

#endif
