/*
 * A picture is cut across into strips, so narrow that a tilted line is level in each. A line is
 * followed from strip to strip; then it is taken away, column by column.
 */
#include "ruling.h"

#include "minmax.h"

#include <math.h>
#include <stdlib.h>

enum {
    MOST_STRIPS = 64,
    STRIP_WIDTH = 12, /* at least */
    MOST_LINES = 128,
    SMALLEST = 64,    /* sides below have no room for lines beside a digit */
    THICK_SHARE = 30, /* a line is thinner than the picture's shorter side by this, at least */
    COVERED = 70,     /* percent of a strip's columns that a line has ink in */
    HITS = 50,        /* percent of the strips in which it is found: strokes hide it in others */
    EDGE_SHARE = 16   /* of the strips may lie beside the paper */
};

/* The picture with x along the lines and y across them. */
struct view {
    uint8_t *pixels;
    size_t step_x, step_y;
    uint32_t width, height, thickest, strips;
    uint8_t faint;
};

/* A line: where it is in each strip, its upper edge and thickness; thickness 0 where not found. */
struct ruled {
    uint32_t top[MOST_STRIPS], thick[MOST_STRIPS];
    uint32_t hits, last; /* strips in which it was found, and the last of these */
    uint32_t usual;      /* thickness in most strips */
    float start, climb;  /* middle in strip 0, and change from strip to strip */
};

static bool has_ink(const struct view *view, uint32_t x, uint32_t y)
{
    return view->pixels[x * view->step_x + y * view->step_y] > view->faint;
}

static uint32_t strip_start(const struct view *view, uint32_t strip)
{
    return (uint32_t)((uint64_t)view->width * strip / view->strips);
}

/* Whether rows y and y + 1 together are inked along nearly all of a strip. */
static bool is_covered(const struct view *view, uint32_t strip, uint32_t y)
{
    const uint32_t start = strip_start(view, strip), end = strip_start(view, strip + 1);
    uint32_t covered = 0, left = end - start;
    for (uint32_t x = start; x < end; x++, left--) {
        covered += has_ink(view, x, y) || (y + 1 < view->height && has_ink(view, x, y + 1));
        if (100 * (covered + left) < COVERED * (end - start)) /* too late */
            return false;
    }
    return 100 * covered >= COVERED * (end - start);
}

/* The next stretch of covered rows from y on, thin enough. Returns: false when there is none. */
static bool next_stretch(const struct view *view, uint32_t strip, uint32_t y, uint32_t end,
                         uint32_t *top, uint32_t *thick)
{
    while (y < end) {
        while (y < end && !is_covered(view, strip, y))
            y++;
        *top = y;
        while (y < view->height && is_covered(view, strip, y))
            y++;
        *thick = y - *top;
        if (*thick > 0 && *thick <= view->thickest + 1)
            return true;
    }
    return false;
}

/* Look for the line in a strip, nearest to where it is expected, within `reach`. */
static void look(const struct view *view, struct ruled *line, uint32_t strip, uint32_t expected,
                 uint32_t reach)
{
    const uint32_t end = min_u32(expected + reach + 1, view->height);
    uint32_t y = expected > reach ? expected - reach : 0, nearest = reach + 1, top, thick;
    line->thick[strip] = 0;
    for (; next_stretch(view, strip, y, end, &top, &thick); y = top + thick) {
        const uint32_t apart = max_u32(top, expected) - min_u32(top, expected);
        if (apart >= nearest)
            continue;
        nearest = apart;
        line->top[strip] = top;
        line->thick[strip] = thick;
    }
    line->hits += line->thick[strip] > 0;
    if (line->thick[strip])
        line->last = strip;
}

static int by_size(const void *a, const void *b)
{
    const float left = *(const float *)a, right = *(const float *)b;
    return (left > right) - (left < right);
}

static float median(float *value, uint32_t n)
{
    qsort(value, n, sizeof *value, by_size);
    return n ? value[n / 2] : 0;
}

static float middle(const struct ruled *line, uint32_t strip)
{
    return (float)line->top[strip] + (float)line->thick[strip] / 2;
}

/* A straight line through most of where it was found: the median of slopes (H. Theil, 1950). */
static void straighten(const struct view *view, struct ruled *line)
{
    float value[MOST_STRIPS];
    const uint32_t half = view->strips / 2;
    uint32_t n = 0;
    for (uint32_t strip = 0; strip + half < view->strips; strip++)
        if (line->thick[strip] && line->thick[strip + half])
            value[n++] = (middle(line, strip + half) - middle(line, strip)) / (float)half;
    line->climb = median(value, n);
    n = 0;
    for (uint32_t strip = 0; strip < view->strips; strip++)
        if (line->thick[strip])
            value[n++] = middle(line, strip) - line->climb * (float)strip;
    line->start = median(value, n);
    n = 0;
    for (uint32_t strip = 0; strip < view->strips; strip++)
        if (line->thick[strip])
            value[n++] = (float)line->thick[strip];
    line->usual = (uint32_t)median(value, n);
}

/*
 * Follow a line that starts at strip `from`, then once more along the straight line that was found,
 * which may bend by a hundredth. Returns: whether it runs from border to border.
 */
static bool follow(const struct view *view, uint32_t from, struct ruled *line)
{
    const uint32_t aside = 2 + (strip_start(view, 1) + 9) / 10; /* 6 degrees */
    const uint32_t edge = 1 + view->strips / EDGE_SHARE;
    for (uint32_t strip = from + 1; strip < view->strips; strip++)
        look(view, line, strip, line->top[line->last], aside + strip - line->last);
    for (int turn = 0; turn < 2; turn++) {
        straighten(view, line);
        line->hits = 0;
        for (uint32_t strip = 0; strip < view->strips; strip++) {
            const float top = line->start + line->climb * (float)strip - (float)line->usual / 2;
            look(view, line, strip, (uint32_t)fmaxf(top, 0), 2 + view->width / 200);
        }
    }
    bool starts = false;
    for (uint32_t strip = 0; strip < edge; strip++)
        starts = starts || line->thick[strip];
    return starts && 100 * line->hits >= HITS * view->strips && line->last + edge >= view->strips;
}

/* Lines that run from one border to the other. Returns: how many. */
static size_t find_ruled(const struct view *view, struct ruled *lines)
{
    const uint32_t edge = 1 + view->strips / EDGE_SHARE;
    size_t n = 0; /* lines may have a part too much at the end */
    for (uint32_t from = 0; from < edge; from++) {
        uint32_t top, thick;
        for (uint32_t y = 0;
             n < MOST_LINES && next_stretch(view, from, y, view->height, &top, &thick);
             y = top + thick) {
            bool known = false;
            for (size_t i = 0; i < n && !known; i++)
                known = lines[i].thick[from] && top + thick >= lines[i].top[from] &&
                        top <= lines[i].top[from] + lines[i].thick[from];
            if (known)
                continue;
            lines[n] = (struct ruled){.hits = 1, .last = from};
            lines[n].top[from] = top;
            lines[n].thick[from] = thick;
            n += follow(view, from, &lines[n]);
        }
    }
    return n;
}

/* The line's middle, in half pixels, at column x. */
static uint32_t middle_at(const struct view *view, const struct ruled *line, uint32_t x)
{
    const uint32_t strip = min_u32(x * view->strips / view->width, view->strips - 1);
    if (line->thick[strip])
        return 2 * line->top[strip] + line->thick[strip];
    return (uint32_t)(2 * fmaxf(line->start + line->climb * (float)strip, 0));
}

/* The rows that a line of this thickness takes, with one more on either side. */
struct rows {
    uint32_t first, end;
};

static struct rows rows_at(const struct view *view, const struct ruled *line, uint32_t thick,
                           uint32_t x)
{
    const uint32_t twice = middle_at(view, line, x); /* of a pixel */
    const uint32_t above = thick + 2, first = twice > above ? (twice - above) / 2 : 0;
    return (struct rows){first, min_u32((twice + thick + 3) / 2, view->height)};
}

/* The darkness of the line itself: in most of its columns there is no more. */
static uint32_t usual_level(const struct view *view, const struct ruled *line, uint32_t thick)
{
    uint32_t levels[256] = {0}, below = 0, level = 0;
    for (uint32_t x = 0; x < view->width; x++) {
        const struct rows rows = rows_at(view, line, thick, x);
        uint8_t most = 0;
        for (uint32_t y = rows.first; y < rows.end; y++) {
            const uint8_t here = view->pixels[x * view->step_x + y * view->step_y];
            most = here > most ? here : most;
        }
        levels[most]++;
    }
    while (level < 255 && 2 * (below += levels[level]) < view->width)
        level++;
    return level;
}

/*
 * Take the darkness of a pale line away from column x. Where a stroke lies over it each lets only
 * its share of light through.
 */
static void lighten_at(const struct view *view, const struct rows *rows, uint32_t level, uint32_t x)
{
    const uint32_t most = level + level / 4 + view->faint / 2; /* with its own unevenness */
    for (uint32_t y = rows->first; y < rows->end; y++) {
        uint8_t *pixel = &view->pixels[x * view->step_x + y * view->step_y];
        *pixel = (uint8_t)(*pixel > most ? (*pixel - level) * 255 / (255 - level) : 0);
    }
}

/* Erase a dark line from column x, unless a stroke crosses there, which is higher. */
static void erase_at(const struct view *view, const struct rows *rows, uint32_t x)
{
    const uint32_t most = rows->end - rows->first + 1;
    uint8_t *column = view->pixels + x * view->step_x;
    for (uint32_t y = rows->first; y < rows->end; y++) {
        if (column[y * view->step_y] <= view->faint)
            continue;
        uint32_t top = y, end = y + 1;
        while (top > 0 && end - top <= most && column[(top - 1) * view->step_y] > view->faint)
            top--;
        while (end < view->height && end - top <= most && column[end * view->step_y] > view->faint)
            end++;
        for (uint32_t k = top; end - top <= most && k < end; k++)
            column[k * view->step_y] = 0;
        y = end;
    }
}

static void remove_line(const struct view *view, const struct ruled *line, uint8_t strong)
{
    const uint32_t thick = line->usual, level = usual_level(view, line, thick);
    for (uint32_t x = 0; x < view->width; x++) {
        const struct rows rows = rows_at(view, line, thick, x);
        if (10 * level < 6u * strong)
            lighten_at(view, &rows, level, x);
        else
            erase_at(view, &rows, x);
    }
}

/* Whether there is ink at both borders across the lines, but for the lines themselves. */
static bool is_cropped(const struct view *view)
{
    uint32_t first = 0, last = 0;
    for (uint32_t x = 0; x < view->width; x++) {
        first += has_ink(view, x, 0);
        last += has_ink(view, x, view->height - 1);
    }
    return first > 0 && last > 0;
}

static size_t remove_along(const struct view *view, bool alone_too, uint8_t strong)
{
    struct ruled *lines = malloc((MOST_LINES + 1) * sizeof *lines);
    size_t n = lines ? find_ruled(view, lines) : 0; /* without memory, lines stay */
    if (n == 1 && (!alone_too || is_cropped(view))) /* a 1, or the bar of a 7 cut out closely */
        n = 0;
    for (size_t i = 0; i < n; i++)
        remove_line(view, &lines[i], strong);
    free(lines);
    return n;
}

void ruling_remove(struct picture *ink, uint8_t faint, uint8_t strong)
{
    const uint32_t width = ink->width, height = ink->height, side = min_u32(width, height);
    if (side < SMALLEST)
        return;
    const uint32_t thickest = 2 + side / THICK_SHARE;
    const uint32_t columns = min_u32(width / STRIP_WIDTH, MOST_STRIPS);
    const uint32_t rows = min_u32(height / STRIP_WIDTH, MOST_STRIPS);
    const struct view level = {ink->pixels, 1, width, width, height, thickest, columns, faint};
    const struct view upright = {ink->pixels, width, 1, height, width, thickest, rows, faint};
    const size_t n = remove_along(&level, true, strong);
    remove_along(&upright, n > 0, strong);
}
