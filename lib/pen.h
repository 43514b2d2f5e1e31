/* Strokes of a round pen on a grey canvas: for what augmentation makes up. */
#ifndef HWDR_PEN_H
#define HWDR_PEN_H

struct pen_point {
    float x, y; /* pixels; (0,0) is the centre of the first */
};

/*
 * Draw a line with round ends and an edge one pixel soft; it may leave the canvas. It covers what
 * was there, so that with `ink` 0 it erases.
 * Shapes: canvas [side,side] f32, 0 = paper .. 1 = ink. Units: radius in pixels.
 */
void pen_line(float *canvas, int side, struct pen_point from, struct pen_point to, float radius,
              float ink);

/*
 * Draw a smooth line of full ink along the n >= 3 corners of a polygon: a quadratic B-spline
 * through the middles of its sides. A corner that is given twice is one of the line's.
 */
void pen_curve(float *canvas, int side, const struct pen_point *corner, int n, float radius);

/* Fill a polygon of n >= 3 corners, by the even-odd rule, at the pixels' centres. */
void pen_fill(float *canvas, int side, const struct pen_point *corner, int n, float ink);

#endif
