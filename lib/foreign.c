#include "foreign.h"

#include "normal.h"
#include "pen.h"
#include "rng.h"
#include "signs.h"

#include <math.h>
#include <string.h>

/* Drawings are made larger than what the network sees, and reduced like a picture. */
enum { SIDE = 56, PIXELS = SIDE * SIDE, MIDDLE = SIDE / 2, MARGIN = 6 };

struct sheet {
    float canvas[PIXELS]; /* 0 = paper .. 1 = ink */
    float radius;         /* of the pen */
    struct rng rng;
};

static float between(struct sheet *sheet, float low, float high)
{
    return rng_between(&sheet->rng, low, high);
}

static int below(struct sheet *sheet, int n)
{
    return (int)rng_below(&sheet->rng, (uint32_t)n);
}

static struct pen_point anywhere(struct sheet *sheet)
{
    const float x = between(sheet, MARGIN, SIDE - MARGIN);
    return (struct pen_point){x, between(sheet, MARGIN, SIDE - MARGIN)};
}

/* The point at `angle` (radians) and `distance` from `centre`. */
static struct pen_point around(struct pen_point centre, float angle, float distance)
{
    return (struct pen_point){centre.x + distance * (float)cos((double)angle),
                              centre.y + distance * (float)sin((double)angle)};
}

static void draw(struct sheet *sheet, struct pen_point from, struct pen_point to)
{
    pen_line(sheet->canvas, SIDE, from, to, sheet->radius, 1);
}

static void draw_smooth(struct sheet *sheet, const struct pen_point *corner, int n)
{
    pen_curve(sheet->canvas, SIDE, corner, n, sheet->radius);
}

/* A pen that wanders: with jumps from end to end, or turning little by little. */
static void scribble(struct sheet *sheet)
{
    enum { MOST = 28 };
    struct pen_point corner[MOST];
    const int n = 7 + below(sheet, MOST - 6);
    const bool jumps = below(sheet, 2), straight = below(sheet, 3) == 0;
    struct pen_point here = anywhere(sheet);
    float angle = between(sheet, 0, 6.28f);
    for (int i = 0; i < n; i++) {
        corner[i] = here;
        if (jumps) {
            here = anywhere(sheet);
            continue;
        }
        angle += between(sheet, -2.2f, 2.2f);
        here = around(here, angle, between(sheet, 4, 16));
        here.x = fminf(fmaxf(here.x, MARGIN), SIDE - MARGIN);
        here.y = fminf(fmaxf(here.y, MARGIN), SIDE - MARGIN);
    }
    if (straight)
        for (int i = 1; i < n; i++)
            draw(sheet, corner[i - 1], corner[i]);
    else
        draw_smooth(sheet, corner, n);
}

/* Bent strokes from anywhere to anywhere. */
static void strokes(struct sheet *sheet)
{
    const int count = 4 + below(sheet, 9);
    for (int k = 0; k < count; k++) {
        struct pen_point corner[5];
        corner[0] = corner[1] = anywhere(sheet);
        const float angle = between(sheet, 0, 6.28f), distance = between(sheet, 5, 20);
        corner[2] = around(corner[0], angle, distance);
        corner[3] = corner[4] = anywhere(sheet);
        draw_smooth(sheet, corner, 5);
    }
}

/* A line to and fro, close by close, and on across: what is crossed out, or shaded. */
static void to_and_fro(struct sheet *sheet)
{
    enum { MOST = 20 };
    struct pen_point corner[2 * MOST];
    const int n = 5 + below(sheet, MOST - 4);
    const bool sharp = below(sheet, 2);
    const float angle = between(sheet, 0, 6.28f), half = between(sheet, 5, 20);
    const float turn = between(sheet, 1.1f, 2), step = between(sheet, 20, 44) / (float)n;
    struct pen_point middle =
        around((struct pen_point){MIDDLE, MIDDLE}, angle + turn, -step * (float)n / 2);
    int corners = 0;
    for (int i = 0; i < n; i++) {
        const float reach = half * between(sheet, 0.7f, 1.2f);
        middle = around(middle, angle + turn, step * between(sheet, 0.4f, 1.6f));
        corner[corners++] = around(middle, angle, i % 2 ? reach : -reach);
        if (sharp || i == 0 || i + 1 == n)
            corner[corners] = corner[corners - 1], corners++;
    }
    sheet->radius *= 0.6f;
    draw_smooth(sheet, corner, corners);
}

/* Ovals run through again and again, each pass askew: a tangle. */
static void tangle(struct sheet *sheet)
{
    enum { STEPS = 20 };
    const int passes = 3 + below(sheet, 5);
    sheet->radius *= 0.5f;
    struct pen_point centre = {MIDDLE, MIDDLE}, last = centre;
    float long_side = between(sheet, 8, 22), short_side = between(sheet, 2, 20);
    float tilt = between(sheet, 0, 6.28f);
    const float drift = between(sheet, 3, 8), turning = between(sheet, 0.5f, 1.5f);
    for (int i = 0; i < passes * STEPS; i++) {
        if (i % STEPS == 0 && i > 0) {
            centre.x += between(sheet, -drift, drift);
            centre.y += between(sheet, -drift, drift);
            long_side *= between(sheet, 0.6f, 1.4f);
            short_side *= between(sheet, 0.6f, 1.4f);
            tilt += between(sheet, -turning, turning);
        }
        const double angle = 6.2831853 * i / STEPS;
        const float u = long_side * (float)cos(angle), v = short_side * (float)sin(angle);
        const float cosine = (float)cos((double)tilt), sine = (float)sin((double)tilt);
        const struct pen_point here = {centre.x + u * cosine - v * sine,
                                       centre.y + u * sine + v * cosine};
        if (i > 0)
            draw(sheet, last, here);
        last = here;
    }
}

/* A wave, a row of loops, or a spiral: a circling point on a moving centre. */
static void curl(struct sheet *sheet)
{
    const bool spiral = below(sheet, 3) == 0;
    sheet->radius *= 0.5f; /* a thick pen would make it a 0 */
    const float turns = between(sheet, spiral ? 2.5f : 3, 6), tall = between(sheet, 3, 18);
    const float wide = below(sheet, 2) ? 0 : between(sheet, 1, 10);
    const float tilt = between(sheet, -3.14f, 3.14f), start = between(sheet, 0, 6.28f);
    const float cosine = (float)cos((double)tilt), sine = (float)sin((double)tilt);
    const int steps = (int)(turns * 14);
    struct pen_point last = {0, 0};
    for (int i = 0; i <= steps; i++) {
        const float t = (float)i / (float)steps, angle = start + 6.2831853f * turns * t;
        const float growing = spiral ? t : 1;
        const float along = (spiral ? tall : wide) * growing * (float)cos((double)angle) +
                            (spiral ? 0 : 40 * (t - 0.5f));
        const float up = tall * growing * (float)sin((double)angle);
        const struct pen_point here = {MIDDLE + along * cosine - up * sine,
                                       MIDDLE + along * sine + up * cosine};
        if (i > 0)
            draw(sheet, last, here);
        last = here;
    }
}

/* Polygons and stars, one or several, empty or filled. */
static void shapes(struct sheet *sheet)
{
    enum { MOST = 16 };
    const int count = 1 + below(sheet, 4);
    for (int k = 0; k < count; k++) {
        struct pen_point corner[MOST];
        const struct pen_point centre =
            count == 1 ? (struct pen_point){MIDDLE, MIDDLE} : anywhere(sheet);
        const float size = between(sheet, 6, count == 1 ? 22 : 14);
        const bool star = below(sheet, 2), filled = below(sheet, 3) == 0;
        const int n = star ? 6 + 2 * below(sheet, 6) : 3 + below(sheet, 3);
        const float start = between(sheet, 0, 6.28f), depth = between(sheet, 0.3f, 0.7f);
        for (int i = 0; i < n; i++) {
            const float reach = size * (star && i % 2 ? depth : 1) * between(sheet, 0.8f, 1.2f);
            corner[i] = around(centre, start + 6.2831853f * (float)i / (float)n, reach);
        }
        for (int i = 0; i < n; i++)
            draw(sheet, corner[i], corner[(i + 1) % n]);
        if (filled)
            pen_fill(sheet->canvas, SIDE, corner, n, 1);
    }
}

/* Three or more lines side by side, or two such sets across each other, or many dots. */
static void hatching(struct sheet *sheet)
{
    const int sets = 1 + below(sheet, 2), lines = 3 + below(sheet, 6);
    const bool dots = below(sheet, 4) == 0;
    const float start = between(sheet, 0, 3.14f), length = between(sheet, 8, 22);
    for (int set = 0; set < sets; set++) {
        const float angle = start + 1.5708f * (float)set;
        for (int i = 0; i < lines; i++) {
            const float off = 40 * ((float)i / (float)(lines - 1) - 0.5f) + between(sheet, -2, 2);
            const struct pen_point middle =
                dots ? anywhere(sheet)
                     : around((struct pen_point){MIDDLE, MIDDLE}, angle + 1.5708f, off);
            const float half = dots ? between(sheet, 0, 3) : length * between(sheet, 0.7f, 1);
            draw(sheet, around(middle, angle, -half), around(middle, angle, half));
        }
    }
}

/* Stripes, checks or specks in greys: darkens what is there. */
static void weave(struct sheet *sheet)
{
    const int kind = below(sheet, 4);
    const float across = between(sheet, 0.1f, 1.2f), down = between(sheet, 0.1f, 1.2f);
    const float strength = between(sheet, 0.1f, 0.9f);
    for (int p = 0; p < PIXELS && kind > 0; p++) {
        const double x = p % SIDE, y = (double)p / SIDE;
        const float wave = kind == 1   ? (float)sin(x * (double)across + y * (double)down)
                           : kind == 2 ? (float)(sin(x * (double)across) * sin(y * (double)down))
                                       : between(sheet, -1, 1);
        sheet->canvas[p] *= 1 - strength * (0.5f + 0.5f * wave);
    }
}

/*
 * A filled outline between heights, as wide as a few random widths say, with slopes or steps
 * between them, the same on both sides or not.
 */
static void outline(struct sheet *sheet, struct pen_point centre, float tall, float wide, float ink)
{
    enum { MOST = 6 };
    struct pen_point corner[4 * MOST];
    const int n = 2 + below(sheet, MOST - 1);
    const bool mirrored = below(sheet, 4) > 0, steps = below(sheet, 2);
    const int half = steps ? 2 * n - 2 : n;
    float width[2] = {0, 0}, y[MOST];
    y[0] = -1;
    for (int i = 1; i < n; i++)
        y[i] = i + 1 == n ? 1 : y[i - 1] + (1 - y[i - 1]) * between(sheet, 0.1f, 0.6f);
    for (int i = 0; i < half; i++) {
        if (!steps || i % 2 == 0)
            width[0] = wide * between(sheet, 0.3f, 1);
        if (!steps || i % 2 == 0)
            width[1] = mirrored ? width[0] : wide * between(sheet, 0, 1);
        const float row = centre.y + tall * y[steps ? (i + 1) / 2 : i];
        corner[i] = (struct pen_point){centre.x + width[0], row};
        corner[2 * half - 1 - i] = (struct pen_point){centre.x - width[1], row};
    }
    pen_fill(sheet->canvas, SIDE, corner, 2 * half, ink);
}

/* Filled outlines, like things and clothes, in greys and textures. */
static void silhouette(struct sheet *sheet)
{
    const int parts = 1 + (below(sheet, 2) ? 0 : below(sheet, 3));
    for (int k = 0; k < parts; k++) {
        const struct pen_point middle = {MIDDLE, MIDDLE};
        const struct pen_point centre = k ? anywhere(sheet) : middle;
        const float tall = between(sheet, 6, 26);
        const float wide = between(sheet, fmaxf(6, 0.35f * tall), 26); /* thinner is a 1 */
        outline(sheet, centre, k ? tall / 2 : tall, k ? wide / 2 : wide, between(sheet, 0.3f, 1));
    }
    if (below(sheet, 3) == 0) { /* trousers, sleeves: a gap in the middle */
        const float x = MIDDLE + between(sheet, -1, 1);
        const struct pen_point top = {x, between(sheet, 14, 34)}, end = {x, SIDE};
        pen_line(sheet->canvas, SIDE, top, end, between(sheet, 1, 4), 0);
    }
    if (below(sheet, 4) == 0) /* straps and handles */
        for (int k = 1 + below(sheet, 3); k > 0; k--) {
            const struct pen_point from = anywhere(sheet);
            draw(sheet, from, anywhere(sheet));
        }
    weave(sheet);
}

/* A whole image of greys: no figure at all. */
static void texture(struct sheet *sheet)
{
    for (int p = 0; p < PIXELS; p++)
        sheet->canvas[p] = 1;
    for (int k = below(sheet, 4); k > 0; k--) {
        const struct pen_point from = anywhere(sheet), to = anywhere(sheet);
        const float radius = between(sheet, 2, 12), grey = between(sheet, 0, 1);
        pen_line(sheet->canvas, SIDE, from, to, radius, grey);
    }
    weave(sheet);
}

static void put(struct sheet *sheet, const uint8_t image[IMAGE_PIXELS], int left, int top)
{
    for (int p = 0; p < IMAGE_PIXELS; p++) {
        const int x = left + p % IMAGE_SIDE, y = top + p / IMAGE_SIDE;
        if (x >= 0 && x < SIDE && y >= 0 && y < SIDE)
            sheet->canvas[y * SIDE + x] = fmaxf(sheet->canvas[y * SIDE + x], (float)image[p] / 255);
    }
}

/* Two digits beside each other, touching or nearly, or one across the other. */
static void two_digits(struct sheet *sheet, const uint8_t *left, const uint8_t *right)
{
    const bool across = below(sheet, 3) == 0;
    const int gap = across ? 4 + below(sheet, 6) : 12 + below(sheet, 9), top = SIDE / 4;
    put(sheet, left, MIDDLE - IMAGE_SIDE / 2 - gap / 2, top + below(sheet, 5) - 2);
    put(sheet, right, MIDDLE - IMAGE_SIDE / 2 + (gap + 1) / 2, top + below(sheet, 5) - 2);
}

/* As a picture that holds it: its ink, normalised. */
static void reduce(const struct sheet *sheet, uint8_t to[IMAGE_PIXELS])
{
    uint8_t pixels[PIXELS];
    for (int p = 0; p < PIXELS; p++)
        pixels[p] = (uint8_t)(fminf(fmaxf(sheet->canvas[p], 0), 1) * 255 + 0.5f);
    const struct picture picture = {SIDE, SIDE, pixels};
    normal_whole(&picture, false, to);
}

/* As it is, at half the size. */
static void halve(const struct sheet *sheet, uint8_t to[IMAGE_PIXELS])
{
    for (int p = 0; p < IMAGE_PIXELS; p++) {
        const float *c = &sheet->canvas[p / IMAGE_SIDE * 2 * SIDE + p % IMAGE_SIDE * 2];
        const float mean = 0.25f * (c[0] + c[1] + c[SIDE] + c[SIDE + 1]);
        to[p] = (uint8_t)(fminf(fmaxf(mean, 0), 1) * 255 + 0.5f);
    }
}

void foreign_image(uint64_t seed, uint32_t epoch, uint64_t place, const uint8_t left[IMAGE_PIXELS],
                   const uint8_t right[IMAGE_PIXELS], uint8_t to[IMAGE_PIXELS])
{
    struct sheet sheet = {.rng = rng_start(seed, RNG_FOREIGN, epoch, place)};
    sheet.radius = between(&sheet, 0.6f, 3.6f);
    const int kind = below(&sheet, 19);
    if (kind < 3)
        scribble(&sheet);
    else if (kind < 5)
        strokes(&sheet);
    else if (kind < 6)
        to_and_fro(&sheet);
    else if (kind < 7)
        tangle(&sheet);
    else if (kind < 8)
        curl(&sheet);
    else if (kind < 11)
        signs_draw(sheet.canvas, SIDE, sheet.radius, &sheet.rng);
    else if (kind < 12)
        shapes(&sheet);
    else if (kind < 13)
        hatching(&sheet);
    else if (kind < 14)
        two_digits(&sheet, left, right);
    else if (kind < 15)
        texture(&sheet);
    else
        silhouette(&sheet);
    const bool fills = kind == 14 || (kind > 14 && below(&sheet, 2));
    if (fills)
        halve(&sheet, to);
    else
        reduce(&sheet, to);
}

bool foreign_label(const float soft[CLASSES])
{
    for (int c = 1; c < CLASSES; c++)
        if (soft[c] != soft[0])
            return false;
    return true;
}
