/* What was read where, drawn over the picture. */
#ifndef HWDR_OVERLAY_H
#define HWDR_OVERLAY_H

#include "reading.h"

/*
 * Draw into a picture as read, 0 = black, a frame around each digit of its reading and the digit
 * beside the frame, black on white with a white rim, so that they show on any ground.
 */
void overlay_draw(struct picture *picture, const struct reading *reading);

#endif
