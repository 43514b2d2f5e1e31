#include "pen.h"

#include <math.h>
#include <stdbool.h>

static float clamp(float value, float low, float high)
{
    return value < low ? low : value > high ? high : value;
}

/* The pixels that lie between a - reach and b + reach: [*first,*end). */
static void span(float a, float b, float reach, int side, int *first, int *end)
{
    const float low = (a < b ? a : b) - reach, high = (a < b ? b : a) + reach;
    *first = (int)clamp(low, 0, (float)side);
    *end = (int)clamp(high + 1, 0, (float)side);
}

void pen_line(float *canvas, int side, struct pen_point from, struct pen_point to, float radius,
              float ink)
{
    int left, right, top, bottom;
    span(from.x, to.x, radius + 1, side, &left, &right);
    span(from.y, to.y, radius + 1, side, &top, &bottom);
    const float dx = to.x - from.x, dy = to.y - from.y;
    const float square = dx * dx + dy * dy, scale = square > 0 ? 1 / square : 0;
    for (int y = top; y < bottom; y++) {
        for (int x = left; x < right; x++) {
            const float px = (float)x - from.x, py = (float)y - from.y;
            const float along = clamp((px * dx + py * dy) * scale, 0, 1);
            const float ox = px - along * dx, oy = py - along * dy;
            const float cover = clamp(radius + 0.5f - sqrtf(ox * ox + oy * oy), 0, 1);
            float *pixel = &canvas[y * side + x];
            *pixel += cover * (ink - *pixel);
        }
    }
}

int pen_smooth(const struct pen_point *corner, int n, struct pen_point *line)
{
    for (int i = 1; i + 1 < n; i++) {
        const struct pen_point a = corner[i - 1], b = corner[i], c = corner[i + 1];
        for (int s = 1; s <= PEN_STEPS; s++) {
            const float t = (float)s / PEN_STEPS, u = 1 - t;
            const float p = 0.5f * u * u, r = 0.5f * t * t, q = 1 - p - r;
            *line++ = (struct pen_point){p * a.x + q * b.x + r * c.x, p * a.y + q * b.y + r * c.y};
        }
    }
    return (n - 2) * PEN_STEPS;
}

static float distance(struct pen_point a, struct pen_point b)
{
    const float dx = b.x - a.x, dy = b.y - a.y;
    return sqrtf(dx * dx + dy * dy);
}

float pen_length(const struct pen_point *line, int n)
{
    float length = 0;
    for (int i = 1; i < n; i++)
        length += distance(line[i - 1], line[i]);
    return length;
}

void pen_record(const struct pen_point *line, int n, struct pen_point *record, int few)
{
    const float length = pen_length(line, n);
    float passed = 0;
    int k = 0;
    for (int i = 1; i < n; i++) {
        const float step = distance(line[i - 1], line[i]);
        for (; k + 1 < few && (float)k * length <= (passed + step) * (float)(few - 1); k++) {
            const float wanted = (float)k * length / (float)(few - 1) - passed;
            const float part = step > 0 ? clamp(wanted / step, 0, 1) : 0;
            record[k] = (struct pen_point){line[i - 1].x + part * (line[i].x - line[i - 1].x),
                                           line[i - 1].y + part * (line[i].y - line[i - 1].y)};
        }
        passed += step;
    }
    while (k < few)
        record[k++] = line[n - 1];
}

void pen_chain(float *canvas, int side, const struct pen_point *point, int n, float radius)
{
    for (int i = 1; i < n; i++)
        pen_line(canvas, side, point[i - 1], point[i], radius, 1);
}

void pen_curve(float *canvas, int side, const struct pen_point *corner, int n, float radius)
{
    struct pen_point line[(PEN_CORNERS - 2) * PEN_STEPS];
    pen_chain(canvas, side, line, pen_smooth(corner, n, line), radius);
}

void pen_fill(float *canvas, int side, const struct pen_point *corner, int n, float ink)
{
    for (int y = 0; y < side; y++) {
        for (int x = 0; x < side; x++) {
            bool inside = false;
            for (int i = 0, before = n - 1; i < n; before = i++) {
                const struct pen_point a = corner[i], b = corner[before];
                const float row = (float)y;
                if ((a.y > row) != (b.y > row) &&
                    (float)x < a.x + (b.x - a.x) * (row - a.y) / (b.y - a.y))
                    inside = !inside;
            }
            if (inside)
                canvas[y * side + x] = ink;
        }
    }
}
