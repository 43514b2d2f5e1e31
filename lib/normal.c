#include "normal.h"

#include "minmax.h"
#include "sharpen.h"

#include <math.h>
#include <string.h>

enum {
    INK = 255,
    BOX_SIDE = 20, /* MNIST fits the ink into 20x20 ... */
    CENTRE = 14,   /* ... and its centre of mass lies in [13.5,14.5), counting pixels from 0 */
    FINE = 3,      /* strokes are thickened and thinned on a grid that is finer by this */
    GRID = FINE * BOX_SIDE,
    ROOM = GRID + 16 /* for what shrinks */
};

/*
 * Widths of strokes where the digit's longer side is 20: thinner ones than THIN become THIN_TO.
 * MNIST's training digits have 2.5, and all but one in a thousand at each end lie between THIN and
 * THICK.
 */
#define THIN 1.35f
#define THIN_TO 2.0f
#define THICK 5.5f
#define THICK_TO 4.5f
#define MOST_THINNED 1.5f /* on either side: parts that are thinner than the rest must remain */

/* Square pixels of blur taken away: grey that looks like more is how pencils draw. */
#define MOST_SHARPENED 0.4f

float normal_stroke(const struct picture *ink, const struct mark *mark)
{
    uint64_t steps = 0; /* up to a pixel from all four sides: the outline, seen from both axes */
    for (size_t i = 0; i < mark->runs; i++) {
        const struct run *run = &mark->run[i];
        static const uint8_t paper[PICTURE_MAX_SIDE];
        const uint8_t *row = ink->pixels + (size_t)run->y * ink->width;
        const uint8_t *above = run->y > 0 ? row - ink->width : paper;
        const uint8_t *below = run->y + 1u < ink->height ? row + ink->width : paper;
        uint32_t sum = 0;
        int left = 0;
        for (uint32_t x = run->x; x < run->end; x++) {
            const int here = row[x];
            sum += (uint32_t)(here > above[x] ? here - above[x] : 0);
            sum += (uint32_t)(here > below[x] ? here - below[x] : 0);
            sum += (uint32_t)(here > left ? here - left : left - here);
            left = here;
        }
        steps += sum + (uint32_t)left;
    }
    /* Seen along two axes an outline is 4/pi times its length, on average over directions. */
    return 8 / 3.1416f * (float)mark->mass / (float)steps;
}

/* The strongest ink of each column and row of a mark's box, counted from its corner. */
struct profile {
    uint8_t column[PICTURE_MAX_SIDE], row[PICTURE_MAX_SIDE];
};

static void find_profile(const struct picture *ink, const struct mark *mark,
                         struct profile *profile)
{
    const struct box *box = &mark->box;
    memset(profile->column, 0, box->width);
    memset(profile->row, 0, box->height);
    for (size_t i = 0; i < mark->runs; i++) {
        const struct run *run = &mark->run[i];
        const uint8_t *pixel = ink->pixels + (size_t)run->y * ink->width + box->x;
        uint8_t peak = profile->row[run->y - box->y];
        for (uint32_t x = run->x - box->x; x < run->end - box->x; x++) {
            const uint8_t value = pixel[x];
            peak = value > peak ? value : peak;
            profile->column[x] = value > profile->column[x] ? value : profile->column[x];
        }
        profile->row[run->y - box->y] = peak;
    }
}

/*
 * How many columns (or rows) at an end of the ink are only the blur of an enlargement. A drawing of
 * 20 pixels enlarged smoothly to `longer` has a rim of half an old pixel where its outermost
 * pixels, one old pixel in, fade below half. Drawings of that size themselves have no rim.
 */
static uint32_t blurred_rim(const uint8_t *peak, uint32_t length, bool from_end, uint32_t longer)
{
    const uint32_t limit = min_u32(longer / 40, length / 4);
    const uint32_t inside = min_u32(longer / 21, length / 2);
    const int outermost = peak[from_end ? length - 1 - inside : inside];
    uint32_t rim = 0;
    while (rim < limit && 2 * peak[from_end ? length - 1 - rim : rim] < outermost)
        rim++;
    return rim;
}

/* The mark's box without its rim of blur, so that an enlarged drawing fits as the original did. */
static struct box cut_blur(const struct picture *ink, const struct mark *mark)
{
    struct profile profile;
    find_profile(ink, mark, &profile);
    const struct box *box = &mark->box;
    const uint32_t longer = max_u32(box->width, box->height);
    const uint32_t left = blurred_rim(profile.column, box->width, false, longer);
    const uint32_t right = blurred_rim(profile.column, box->width, true, longer);
    const uint32_t top = blurred_rim(profile.row, box->height, false, longer);
    const uint32_t bottom = blurred_rim(profile.row, box->height, true, longer);
    return (struct box){box->x + left, box->y + top, box->width - left - right,
                        box->height - top - bottom};
}

/*
 * One axis of a resize from `from` to `to` pixels: source pixel `j` counts with weight(i, j) for
 * target pixel `i`, and first(i) <= j <= last(i). Reduction averages the area under the target
 * pixel; enlargement interpolates linearly; from == to is the identity.
 */
struct axis {
    uint32_t from, to;
};

static uint32_t first_source(const struct axis *axis, uint32_t i)
{
    if (axis->from >= axis->to)
        return (uint32_t)((uint64_t)i * axis->from / axis->to);
    const uint32_t twice = (2 * i + 1) * axis->from; /* of the target's centre, in 1/(2 to) */
    return twice < axis->to ? 0 : (twice - axis->to) / (2 * axis->to);
}

static uint32_t last_source(const struct axis *axis, uint32_t i)
{
    if (axis->from >= axis->to)
        return (uint32_t)(((uint64_t)(i + 1) * axis->from - 1) / axis->to);
    return min_u32(first_source(axis, i) + 1, axis->from - 1);
}

static float source_weight(const struct axis *axis, uint32_t i, uint32_t j)
{
    const float scale = (float)axis->from / (float)axis->to;
    if (axis->from >= axis->to) {
        const float low = fmaxf((float)j, (float)i * scale);
        const float high = fminf((float)(j + 1), (float)(i + 1) * scale);
        return fmaxf(0, high - low) / scale;
    }
    const float last = (float)(axis->from - 1);
    const float centre = fminf(fmaxf(((float)i + 0.5f) * scale - 0.5f, 0), last);
    return fmaxf(0, 1 - fabsf((float)j - centre));
}

/*
 * The same seen from the source: pixel j counts for the targets from target[j] on, with
 * weight[start[j]] and those after it, up to weight[start[j + 1]].
 */
struct spread {
    uint8_t target[PICTURE_MAX_SIDE];
    uint16_t start[PICTURE_MAX_SIDE + 1];
    float weight[PICTURE_MAX_SIDE + 2 * ROOM]; /* neighbours share a pixel at most */
};

static void spread_axis(struct spread *spread, struct axis axis)
{
    uint32_t i = 0, n = 0;
    for (uint32_t j = 0; j < axis.from; j++) {
        while (last_source(&axis, i) < j)
            i++;
        spread->target[j] = (uint8_t)i;
        spread->start[j] = (uint16_t)n;
        for (uint32_t k = i; k < axis.to && first_source(&axis, k) <= j; k++)
            spread->weight[n++] = source_weight(&axis, k, j);
    }
    spread->start[axis.from] = (uint16_t)n;
}

/* Ink at a digit's final size, or FINE times it with room to shrink. */
struct small {
    uint32_t width, height;
    float pixel[ROOM * ROOM]; /* [height,width] */
};

static void add_run(const struct picture *ink, const struct run *run, const struct box *box,
                    const struct spread *columns, float *line)
{
    const uint8_t *row = ink->pixels + (size_t)run->y * ink->width;
    const uint32_t end = min_u32(run->end, box->x + box->width);
    for (uint32_t x = max_u32(run->x, box->x); x < end; x++) {
        const uint32_t j = x - box->x, start = columns->start[j];
        for (uint32_t k = start; k < columns->start[j + 1]; k++)
            line[columns->target[j] + k - start] += columns->weight[k] * row[x];
    }
}

/* Resize the mark's ink in `box` to small->width x small->height. */
static void resize(const struct picture *ink, const struct mark *mark, const struct box *box,
                   struct small *small)
{
    struct spread columns, rows;
    spread_axis(&columns, (struct axis){box->width, small->width});
    spread_axis(&rows, (struct axis){box->height, small->height});
    memset(small->pixel, 0, sizeof(float) * small->width * small->height);
    const struct run *run = mark->run, *end = mark->run + mark->runs;
    while (run < end && run->y < box->y)
        run++;
    while (run < end && run->y < box->y + box->height) {
        const uint32_t y = run->y;
        float line[ROOM] = {0};
        for (; run < end && run->y == y; run++)
            add_run(ink, run, box, &columns, line);
        const uint32_t j = y - box->y, start = rows.start[j];
        for (uint32_t k = start; k < rows.start[j + 1]; k++) {
            float *to = small->pixel + (rows.target[j] + k - start) * small->width;
            for (uint32_t x = 0; x < small->width; x++)
                to[x] += rows.weight[k] * line[x];
        }
    }
}

/* Length of a box's side after a resize that makes its longer side BOX_SIDE. */
static uint32_t fitted(uint32_t side, uint32_t longer)
{
    return max_u32(1, (side * BOX_SIDE + longer / 2) / longer);
}

/*
 * In each pixel's place the most ink within `radius` of it; with `paper`, the least ink, so that
 * strokes grow or shrink by `radius` on either side. Pixels at the disc's rim count in part.
 */
static void grow(struct small *small, float radius, bool paper)
{
    const int width = (int)small->width, height = (int)small->height, reach = (int)(radius + 0.5f);
    const size_t pixels = (size_t)width * (size_t)height;
    float from[ROOM * ROOM];
    for (size_t i = 0; i < pixels; i++)
        from[i] = paper ? INK - small->pixel[i] : small->pixel[i];
    memset(small->pixel, 0, pixels * sizeof *small->pixel);
    for (int dy = -reach; dy <= reach; dy++)
        for (int dx = -reach; dx <= reach; dx++) {
            const float share = fminf(radius + 0.5f - hypotf((float)dx, (float)dy), 1);
            const int left = dx > 0 ? dx : 0, right = dx < 0 ? width + dx : width;
            const int top = dy > 0 ? dy : 0, end = dy < 0 ? height + dy : height;
            for (int y = top; share > 0 && y < end; y++) {
                const float *source = from + (y - dy) * width - dx;
                float *to = small->pixel + y * width;
#pragma omp simd
                for (int x = left; x < right; x++)
                    to[x] = to[x] > share * source[x] ? to[x] : share * source[x];
            }
        }
    for (size_t i = 0; paper && i < pixels; i++)
        small->pixel[i] = INK - small->pixel[i];
}

/* Average FINE x FINE pixels of `large`, which starts at an offset in the grid of `small`. */
static void coarsen(const struct small *large, int offset_x, int offset_y, struct small *small)
{
    memset(small->pixel, 0, sizeof(float) * small->width * small->height);
    for (int y = 0; y < (int)large->height; y++)
        for (int x = 0; x < (int)large->width; x++) {
            const int to_x = (x + offset_x) / FINE, to_y = (y + offset_y) / FINE;
            if (x + offset_x >= 0 && y + offset_y >= 0 && to_x < (int)small->width &&
                to_y < (int)small->height)
                small->pixel[to_y * (int)small->width + to_x] +=
                    large->pixel[y * (int)large->width + x] / (FINE * FINE);
        }
}

/*
 * Resize with strokes that become wider by `change` on either side (narrower if it is negative), in
 * pixels of `small`: on a grid FINE times as fine, to a size that leaves room for the change.
 */
static void resize_stroke(const struct picture *ink, const struct mark *mark, const struct box *box,
                          float stroke, float change, struct small *small)
{
    struct small body, large;
    const float radius = change * FINE;
    const float scale = ((float)(FINE * max_u32(small->width, small->height)) - 2 * radius) /
                        (float)max_u32(box->width, box->height);
    body.width = max_u32(1, (uint32_t)lrintf(scale * (float)box->width));
    body.height = max_u32(1, (uint32_t)lrintf(scale * (float)box->height));
    resize(ink, mark, box, &body);
    /* Strokes finer than the grid are faint on it. */
    const float gain = fmaxf(1, 1 / (scale * stroke));
    const int margin = radius > 0 ? (int)ceilf(radius + 0.5f) : 1;
    large.width = body.width + 2 * (uint32_t)margin;
    large.height = body.height + 2 * (uint32_t)margin;
    memset(large.pixel, 0, sizeof(float) * large.width * large.height);
    for (uint32_t y = 0; y < body.height; y++)
        for (uint32_t x = 0; x < body.width; x++)
            large.pixel[(y + (uint32_t)margin) * large.width + (uint32_t)margin + x] =
                fminf(gain * body.pixel[y * body.width + x], INK);
    grow(&large, fabsf(radius), radius < 0);
    coarsen(&large, ((int)(FINE * small->width) - (int)large.width) / 2,
            ((int)(FINE * small->height) - (int)large.height) / 2, small);
}

/* The mark as `small`, not larger than BOX_SIDE; `even`: its strokes about as wide as MNIST's. */
static void fit(const struct picture *ink, const struct mark *mark, bool even, struct small *small)
{
    const struct box box = cut_blur(ink, mark);
    const uint32_t longer = max_u32(box.width, box.height);
    small->width = fitted(box.width, longer);
    small->height = fitted(box.height, longer);
    if (!even) {
        resize(ink, mark, &box, small);
        return;
    }
    const float stroke = normal_stroke(ink, mark);
    const float width = stroke * BOX_SIDE / (float)longer;
    const float wanted = width < THIN ? THIN_TO : width > THICK ? THICK_TO : width;
    if (wanted == width || width > BOX_SIDE / 2 || longer == BOX_SIDE) { /* MNIST's own stay */
        resize(ink, mark, &box, small);
        return;
    }
    const float change = (wanted - width) / 2 / (1 - width / BOX_SIDE);
    resize_stroke(ink, mark, &box, stroke, fmaxf(change, -MOST_THINNED), small);
}

/* Stretch to 0..1 so that the darkest pixel is 1. */
static void stretch(struct small *small)
{
    const uint32_t pixels = small->width * small->height;
    float peak = 0;
    for (uint32_t i = 0; i < pixels; i++)
        peak = fmaxf(peak, small->pixel[i]);
    for (uint32_t i = 0; i < pixels && peak > 0; i++)
        small->pixel[i] /= peak;
}

/*
 * Edges nearly as sharp as MNIST's, whose makers had scans in black and white. Small, photographed
 * and smoothly enlarged digits have more blur: that of their own pixels, of a lens, of enlarging.
 * To take away twice its variance brings MNIST's greys back altogether; but it makes the pieces of
 * digits clearer, too, and more digits are cut in two.
 */
static void sharpen_edges(struct small *small)
{
    const int width = (int)small->width, height = (int)small->height;
    const float excess = sharpen_excess(small->pixel, width, height);
    if (excess <= 0)
        return;
    sharpen(small->pixel, width, height, fminf(excess, MOST_SHARPENED));
    for (int i = 0; i < width * height; i++)
        small->pixel[i] = fminf(fmaxf(small->pixel[i], 0), 1);
}

/* Whole pixels to move by to bring `centre` into [13.5,14.5), yet keep `side` pixels inside. */
static uint32_t placed(float centre, uint32_t side)
{
    const float offset = ceilf(CENTRE - 0.5f - centre);
    return (uint32_t)fminf(fmaxf(offset, 0), (float)(IMAGE_SIDE - side));
}

static void normalise(const struct picture *ink, const struct mark *mark, bool even,
                      uint8_t image[IMAGE_PIXELS])
{
    struct small small;
    memset(image, 0, IMAGE_PIXELS);
    fit(ink, mark, even, &small);
    stretch(&small);
    if (max_u32(mark->box.width, mark->box.height) != BOX_SIDE) /* MNIST's own stay */
        sharpen_edges(&small);
    float mass = 0, sum_x = 0, sum_y = 0;
    for (uint32_t y = 0; y < small.height; y++) {
        for (uint32_t x = 0; x < small.width; x++) {
            const float value = small.pixel[y * small.width + x];
            mass += value;
            sum_x += value * (float)x;
            sum_y += value * (float)y;
        }
    }
    if (mass <= 0)
        return;
    const uint32_t left = placed(sum_x / mass, small.width);
    const uint32_t top = placed(sum_y / mass, small.height);
    for (uint32_t y = 0; y < small.height; y++)
        for (uint32_t x = 0; x < small.width; x++)
            image[(top + y) * IMAGE_SIDE + left + x] =
                (uint8_t)lrintf(small.pixel[y * small.width + x] * INK);
}

void normal_image(const struct picture *ink, const struct mark *mark, uint8_t image[IMAGE_PIXELS])
{
    normalise(ink, mark, true, image);
}

void normal_whole(const struct picture *ink, bool even, uint8_t image[IMAGE_PIXELS])
{
    struct run run[PICTURE_MAX_SIDE];
    struct mark mark = {.run = run};
    uint32_t left = ink->width, right = 0;
    for (uint32_t y = 0; y < ink->height; y++) {
        const uint8_t *row = ink->pixels + (size_t)y * ink->width;
        uint32_t x = 0, end = ink->width;
        while (x < end && !row[x])
            x++;
        while (end > x && !row[end - 1])
            end--;
        if (x == end)
            continue;
        run[mark.runs++] = (struct run){(uint16_t)x, (uint16_t)end, (uint16_t)y};
        left = min_u32(left, x);
        right = max_u32(right, end);
        for (; x < end; x++)
            mark.mass += row[x];
    }
    memset(image, 0, IMAGE_PIXELS);
    if (mark.runs == 0)
        return;
    mark.box = (struct box){left, run[0].y, right - left, run[mark.runs - 1].y + 1u - run[0].y};
    normalise(ink, &mark, even, image);
}
