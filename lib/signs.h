/* Letters and signs that resemble no digit. */
#ifndef HWDR_SIGNS_H
#define HWDR_SIGNS_H

#include "rng.h"

/*
 * Draw one of them in the middle of a canvas, 18 to 39 pixels in size, slanted and a little askew.
 * Shapes: canvas [side,side] f32, 0 = paper .. 1 = ink. Units: radius of the pen in pixels.
 */
void signs_draw(float *canvas, int side, float radius, struct rng *rng);

#endif
