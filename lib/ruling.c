#include "ruling.h"

#include "minmax.h"
#include "ruled.h"

#include <math.h>
#include <stdlib.h>

enum {
    STRIP_WIDTH = 12, /* at least */
    SMALLEST = 40,    /* sides below have no room for lines beside a digit */
    THICK_SHARE = 30, /* a line is thinner than the picture's shorter side by this, at least */
    MOST_BARS = 2     /* strokes that a line could be: more of them are ruled paper */
};

static bool has_ink(const struct ruled_view *view, uint32_t x, uint32_t y)
{
    return view->pixels[x * view->step_x + y * view->step_y] > view->faint;
}

/* The line's middle, in half pixels, at column x: outside the picture where it leaves it. */
static int64_t middle_at(const struct ruled_view *view, const struct ruled_line *line, uint32_t x)
{
    const uint32_t strip = min_u32(x * view->strips / view->width, view->strips - 1);
    if (line->thick[strip])
        return 2 * (int64_t)line->top[strip] + line->thick[strip];
    return (int64_t)floorf(2 * (line->start + line->climb * (float)strip));
}

/* The rows that a line of this thickness takes, with one more on either side. */
static struct ruled_rows rows_at(const struct ruled_view *view, const struct ruled_line *line,
                                 uint32_t thick, uint32_t x)
{
    const int64_t twice = middle_at(view, line, x), above = thick + 2; /* of a pixel */
    const int64_t end = twice + above + 1;
    return (struct ruled_rows){twice > above ? (uint32_t)(twice - above) / 2 : 0,
                               end > 0 ? min_u32((uint32_t)end / 2, view->height) : 0};
}

static uint8_t pixel_at(const struct ruled_view *view, int64_t x, int64_t y)
{
    const bool inside = x >= 0 && x < view->width && y >= 0 && y < view->height;
    return inside ? view->pixels[(size_t)x * view->step_x + (size_t)y * view->step_y] : 0;
}

/* The darkness of the line itself, most often, where paper is on both sides and no stroke. */
static uint32_t usual_level(const struct ruled_view *view, const struct ruled_line *line,
                            uint32_t thick)
{
    uint32_t levels[256] = {0}, total = 0, below = 0, level = 0;
    for (uint32_t x = 0; x < view->width; x++) {
        const struct ruled_rows rows = rows_at(view, line, thick, x);
        const uint32_t above = pixel_at(view, x, (int64_t)rows.first - 1);
        const uint32_t beside = max_u32(above, pixel_at(view, x, rows.end));
        uint8_t most = 0;
        for (uint32_t y = rows.first; y < rows.end; y++) {
            const uint8_t here = pixel_at(view, x, y);
            most = here > most ? here : most;
        }
        if (rows.first >= rows.end || (beside > view->faint && 2 * beside > most))
            continue;
        levels[most]++;
        total++;
    }
    while (level < 255 && 2 * (below += levels[level]) < total)
        level++;
    return level;
}

/* Ink that a stroke has at (x,y) if it goes on from above the line to below it, up to 45 degrees
 * off. */
static uint8_t bridge_at(const struct ruled_view *view, const struct ruled_rows *rows, uint32_t x,
                         uint32_t y)
{
    enum { SLANTS = 2 };
    const int64_t above = (int64_t)rows->first - 1, below = rows->end, high = below - above;
    const int64_t down = y - above;
    uint8_t most = 0;
    for (int64_t slant = -SLANTS; slant <= SLANTS; slant++) {
        const int64_t from = x - slant * down / SLANTS, to = x + slant * (high - down) / SLANTS;
        const uint8_t a = pixel_at(view, from, above), b = pixel_at(view, to, below);
        const uint8_t less = a < b ? a : b;
        most = less > most ? less : most;
    }
    return most;
}

/* What is left at (x,y) when a pale line goes: stroke and line each let only their share of light
 * through. */
static uint32_t lightened(const struct ruled_view *view, uint32_t level, uint8_t pixel)
{
    const uint32_t most = level + level / 4 + view->faint / 2; /* with its own unevenness */
    return pixel > most ? (pixel - level) * 255 / (255 - level) : 0;
}

/* Whether a stroke crosses a dark line at (x,y): ink there is higher than the line is thick. */
static bool is_crossed(const struct ruled_view *view, const struct ruled_rows *rows, uint32_t level,
                       uint32_t x, uint32_t y)
{
    const uint32_t most = rows->end - rows->first + 1, strong = max_u32(level / 2, view->faint);
    const uint8_t *column = view->pixels + x * view->step_x;
    uint32_t top = y, end = y + 1;
    while (top > 0 && end - top <= most && column[(top - 1) * view->step_y] > strong)
        top--;
    while (end < view->height && end - top <= most && column[end * view->step_y] > strong)
        end++;
    return end - top > most;
}

/* Take a line away from column x. A stroke that goes on beyond it has as much ink in between. */
static void clear_at(const struct ruled_view *view, const struct ruled_rows *rows, uint32_t level,
                     bool dark, uint32_t x)
{
    uint8_t rest[PICTURE_MAX_SIDE];
    for (uint32_t y = rows->first; y < rows->end; y++) {
        const uint8_t pixel = pixel_at(view, x, y);
        const uint32_t least = pixel <= view->faint                  ? 0
                               : !dark                               ? lightened(view, level, pixel)
                               : is_crossed(view, rows, level, x, y) ? pixel
                                                                     : 0;
        rest[y] = (uint8_t)max_u32(least, min_u32(pixel, bridge_at(view, rows, x, y)));
    }
    for (uint32_t y = rows->first; y < rows->end; y++)
        view->pixels[x * view->step_x + y * view->step_y] = rest[y];
}

static void remove_line(const struct ruled_view *view, const struct ruled_line *line)
{
    const uint32_t thick = line->usual, level = usual_level(view, line, thick);
    const bool dark = 10 * level >= 6u * view->strong;
    if (level <= view->faint) /* what is paler is taken for paper anyway */
        return;
    for (uint32_t x = 0; x < view->width; x++) {
        const struct ruled_rows rows = rows_at(view, line, thick, x);
        clear_at(view, &rows, level, dark, x);
    }
}

/* Whether there is ink at both borders across the lines, but for the lines themselves. */
static bool is_cropped(const struct ruled_view *view)
{
    uint32_t first = 0, last = 0;
    for (uint32_t x = 0; x < view->width; x++) {
        first += has_ink(view, x, 0);
        last += has_ink(view, x, view->height - 1);
    }
    return first > 0 && last > 0;
}

/* Whether the line has ink within `columns` from `start` on. */
static bool has_ink_within(const struct ruled_view *view, const struct ruled_line *line,
                           uint32_t start, uint32_t columns)
{
    for (uint32_t x = start; x < start + columns; x++) {
        const struct ruled_rows rows = rows_at(view, line, line->usual, x);
        if (rows.first >= rows.end) /* it has left the picture before */
            return true;
        for (uint32_t y = rows.first; y < rows.end; y++)
            if (has_ink(view, x, y))
                return true;
    }
    return false;
}

/* Whether the line comes as near to both borders as it may be thick: a stroke leaves more paper. */
static bool reaches_borders(const struct ruled_view *view, const struct ruled_line *line)
{
    const uint32_t near_by = view->thickest;
    return has_ink_within(view, line, 0, near_by) &&
           has_ink_within(view, line, view->width - near_by, near_by);
}

/*
 * Lines count if they reach the borders: a drawing that is cut out with a little paper around it
 * has bars, a 4's or a 7's, that cross nearly all of it, and so do a form's boxes. Of more lines
 * than digits have bars all count if a quarter of them do. Returns: how many.
 */
static size_t keep_ruled(const struct ruled_view *view, struct ruled_line *lines, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (reaches_borders(view, &lines[i])) {
            const struct ruled_line other = lines[kept];
            lines[kept++] = lines[i];
            lines[i] = other;
        }
    return n > MOST_BARS && 4 * kept >= n ? n : kept;
}

static size_t remove_along(const struct ruled_view *view, bool alone_too)
{
    struct ruled_line *lines = malloc(RULED_MOST * sizeof *lines);
    size_t n = lines ? ruled_find(view, lines) : 0; /* without memory, lines stay */
    if (n == 1 && (!alone_too || is_cropped(view))) /* a 1, or the bar of a 7 cut out closely */
        n = 0;
    n = keep_ruled(view, lines, n);
    for (size_t i = 0; i < n; i++)
        remove_line(view, &lines[i]);
    free(lines);
    return n;
}

void ruling_remove(struct picture *ink, uint8_t faint, uint8_t strong)
{
    const uint32_t width = ink->width, height = ink->height, side = min_u32(width, height);
    if (side < SMALLEST)
        return;
    const uint32_t thickest = 2 + side / THICK_SHARE;
    const uint32_t columns = min_u32(width / STRIP_WIDTH, RULED_STRIPS);
    const uint32_t rows = min_u32(height / STRIP_WIDTH, RULED_STRIPS);
    const struct ruled_view level = {ink->pixels, 1,       width, width, height,
                                     thickest,    columns, faint, strong};
    const struct ruled_view upright = {ink->pixels, width, 1,     height, width,
                                       thickest,    rows,  faint, strong};
    const size_t n = remove_along(&level, true);
    remove_along(&upright, n > 0);
}
