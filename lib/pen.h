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
 * A smooth line along the n >= 3 corners of a polygon: a quadratic B-spline through the middles of
 * its sides, as a chain of straight lines. A corner that is given twice is one of the line's.
 * Shapes: line [(n - 2) * PEN_STEPS]. Returns: how many points that are.
 */
enum { PEN_STEPS = 6 };
int pen_smooth(const struct pen_point *corner, int n, struct pen_point *line);

/* Length of a line of n points. */
float pen_length(const struct pen_point *line, int n);

/*
 * What a device records of a line of n >= 2 points that takes `few` >= 2 of it, equally far apart,
 * from its beginning to its end.
 * Shapes: record [few].
 */
void pen_record(const struct pen_point *line, int n, struct pen_point *record, int few);

/* Draw straight lines of full ink from each of n points to the next. */
void pen_chain(float *canvas, int side, const struct pen_point *point, int n, float radius);

/* Draw pen_smooth()'s line of full ink along n <= PEN_CORNERS corners. */
enum { PEN_CORNERS = 40 };
void pen_curve(float *canvas, int side, const struct pen_point *corner, int n, float radius);

/* Fill a polygon of n >= 3 corners, by the even-odd rule, at the pixels' centres. */
void pen_fill(float *canvas, int side, const struct pen_point *corner, int n, float ink);

#endif
