/* Photos of paper: ink found against the paper's own level at each place. */
#ifndef HWDR_PAPER_H
#define HWDR_PAPER_H

#include "picture.h"

/*
 * Turn a grey picture into ink in place, 0 = paper, 255 = ink, where light, shadows and grain make
 * the paper's level vary. Ruled lines go first. A picture without edges that stand out of the
 * noise becomes all paper.
 * Returns: 0, or -1 when memory runs out.
 */
int paper_ink(struct picture *picture) CHECKED;

#endif
