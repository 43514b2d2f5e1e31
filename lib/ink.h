/* From a picture as read to what is written on it: grey levels to ink. */
#ifndef HWDR_INK_H
#define HWDR_INK_H

#include "picture.h"

/*
 * Turn grey levels into ink in place, 0 = paper, 255 = ink, with the grey of strokes' edges kept.
 * Writing may be dark on light or light on dark. A table around a sheet, or a scan's dark margins,
 * become paper (sheet.h). Paper of one level, as of drawings and clean scans, is told by the
 * picture's border; on any other, as of photos, the paper's level is sought at each place
 * (paper.h). Ruled and squared lines are removed (ruling.h), and those of boxes that digits touch
 * (boxes.h). Faint noise becomes paper. A picture without enough contrast, or without edges,
 * becomes all paper. MNIST's own images come out as they are, but for levels 1 and 2.
 * Pictures of more than 4 million pixels are reduced first.
 * Returns: by how much the sides were reduced, 1 for most; or -1 when memory runs out.
 */
int ink_find(struct picture *picture) CHECKED;

#endif
