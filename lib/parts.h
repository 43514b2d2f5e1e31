/* The parts of an ink picture: what is connected, each as a mark. */
#ifndef HWDR_PARTS_H
#define HWDR_PARTS_H

#include "marks.h"

/*
 * Each connected part of an ink picture, through 8 neighbours, in the order of its first pixel. Ink
 * fainter than a quarter belongs to a part but connects none.
 * Returns: 0 with `marks` filled, or -1 when memory runs out.
 */
int parts_find(struct marks *marks, const struct picture *ink) CHECKED;

#endif
