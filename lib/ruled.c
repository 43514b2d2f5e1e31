/*
 * A picture is cut across into strips, so narrow that a tilted line is level in each. Along a strip
 * noise averages out: a line shows as a ridge there, also where its pixels are paler than the
 * paper's grain is rough, and strokes that are higher than a line is thick do not. Ridges in line
 * are found by counting them along all straight lines, and each is then followed as far as it
 * bends.
 * Sources: J. Serra, Image Analysis and Mathematical Morphology, 1982 (opening); R. Duda and P.
 * Hart, Communications of the ACM 15 (1972) 11 (lines by counting).
 */
#include "ruled.h"

#include "median.h"
#include "minmax.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    TILT_SHARE = 10,  /* a line climbs by the picture's width by this, at most: 6 degrees */
    HALVES = 2,       /* ridges are measured in half levels of ink */
    RIDGE_SHARE = 40, /* a line is a ridge of the strokes' level by this, at least */
    RIDGE_NOISES = 3, /* and as many times as high as most ridges, which are the paper's grain */
    HITS = 50,        /* percent of the strips in which it is found, where no strokes hide it */
    FEW = 4,          /* of so many strips in one at least */
    EDGE_SHARE = 16   /* of the strips may lie beside the paper */
};

/* What each strip shows across it. Shapes: all [strips,height], in half levels. */
struct ridges {
    uint8_t *ridge; /* by how much ink is stronger than what is beside it */
    uint8_t *body;  /* ink that is higher than a line is thick */
    uint8_t *hit;   /* 1 in the middle of a ridge that may be a line, and in the rows beside it */
    uint8_t least;  /* lower ridges are the paper's grain */
};

static uint32_t strip_start(const struct ruled_view *view, uint32_t strip)
{
    return (uint32_t)((uint64_t)view->width * strip / view->strips);
}

static uint32_t edge_strips(const struct ruled_view *view)
{
    return 1 + view->strips / EDGE_SHARE;
}

/* The mean of each row of a strip, in half levels, where stronger ink counts as `most`. */
static void take_means(const struct ruled_view *view, uint32_t strip, uint8_t most, uint8_t *mean)
{
    uint32_t sum[PICTURE_MAX_SIDE];
    memset(sum, 0, view->height * sizeof *sum);
    const uint32_t start = strip_start(view, strip), end = strip_start(view, strip + 1);
    if (view->step_x == 1) {
        for (uint32_t y = 0; y < view->height; y++) {
            const uint8_t *row = view->pixels + y * view->step_y;
            uint32_t of_row = 0;
#pragma omp simd reduction(+ : of_row)
            for (uint32_t x = start; x < end; x++)
                of_row += row[x] < most ? row[x] : most;
            sum[y] = of_row;
        }
    } else {
        for (uint32_t x = start; x < end; x++) {
            const uint8_t *row = view->pixels + x * view->step_x;
#pragma omp simd
            for (uint32_t y = 0; y < view->height; y++)
                sum[y] += row[y] < most ? row[y] : most;
        }
    }
    for (uint32_t y = 0; y < view->height; y++)
        mean[y] = (uint8_t)(HALVES * sum[y] / (end - start));
}

/* In each value's place the least of `window` values from it on. */
static void take_least(uint8_t *value, uint32_t n, uint32_t window)
{
    for (uint32_t covered = 1, by; covered < window; covered += by) {
        by = min_u32(covered, window - covered);
        const uint32_t end = n > by ? n - by : 0;
#pragma omp simd
        for (uint32_t i = 0; i < end; i++)
            value[i] = value[i] < value[i + by] ? value[i] : value[i + by];
    }
}

/* The strongest level that `window` rows around a row all have. Shapes: mean, body [n]. */
static void take_body(const uint8_t *mean, uint32_t n, uint32_t window, uint8_t *body)
{
    uint8_t value[2 * PICTURE_MAX_SIDE];
    const uint32_t before = window - 1;
    memcpy(value + before, mean, n);
    take_least(value + before, n, window);
    memset(value, 0, before);
    memset(value + n, 0, before); /* windows that would reach over the end */
    for (uint32_t i = 0; i < n + before; i++)
        value[i] = (uint8_t)~value[i];
    take_least(value, n + before, window);
    for (uint32_t i = 0; i < n; i++)
        body[i] = (uint8_t)~value[i];
}

/* The ridges of a strip, and what is no ridge. Shapes: ridge, body [height]. */
static void measure_strip(const struct ruled_view *view, uint32_t strip, uint8_t *ridge,
                          uint8_t *body)
{
    take_means(view, strip, view->strong / 2, ridge);
    take_body(ridge, view->height, view->thickest + 2, body);
    for (uint32_t y = 0; y < view->height; y++)
        ridge[y] = (uint8_t)(ridge[y] - body[y]);
}

static uint8_t least_ridge(const struct ruled_view *view)
{
    return (uint8_t)(HALVES * view->strong / RIDGE_SHARE);
}

static void find_ridges(const struct ruled_view *view, struct ridges *ridges)
{
    const uint32_t height = view->height;
    uint32_t histogram[256] = {0}, below = 0, usual = 0;
    for (uint32_t strip = 0; strip < view->strips; strip++) {
        uint8_t *ridge = ridges->ridge + (size_t)strip * height;
        measure_strip(view, strip, ridge, ridges->body + (size_t)strip * height);
        for (uint32_t y = 0; y < height; y++)
            histogram[ridge[y]]++;
    }
    while (usual < 255 && 2 * (below += histogram[usual]) < view->strips * height)
        usual++;
    const uint32_t grain = min_u32(RIDGE_NOISES * (usual + 1), 255);
    ridges->least = (uint8_t)max_u32(least_ridge(view), grain);
}

/* The next ridge of a strip from row y on, thin enough, as high as half its top. Shapes: ridge
 * [height]. Returns: false when there is none before `end`. */
static bool next_ridge(const struct ruled_view *view, const uint8_t *ridge, uint8_t least,
                       uint32_t y, uint32_t end, struct ruled_rows *rows)
{
    while (y < end) {
        uint32_t peak = y, first = y;
        for (; y < view->height && ridge[y] > least && 2 * ridge[y] > ridge[peak]; y++)
            peak = ridge[y] > ridge[peak] ? y : peak;
        while (first < y && 2 * ridge[first] < ridge[peak])
            first++;
        *rows = (struct ruled_rows){first, y};
        if (y > first && y - first <= view->thickest + 1)
            return true;
        y += y == first;
    }
    return false;
}

/* Whether any of the strips at one end has a ridge: else there are no lines. */
static bool end_has_ridge(const struct ruled_view *view, uint32_t first_strip)
{
    uint8_t ridge[PICTURE_MAX_SIDE], body[PICTURE_MAX_SIDE];
    bool has = false;
    struct ruled_rows rows;
    for (uint32_t i = 0; i < edge_strips(view) && !has; i++) {
        measure_strip(view, first_strip + i, ridge, body);
        has = next_ridge(view, ridge, least_ridge(view), 0, view->height, &rows);
    }
    return has;
}

static void mark_hits(const struct ruled_view *view, struct ridges *ridges)
{
    for (uint32_t strip = 0; strip < view->strips; strip++) {
        uint8_t *hit = ridges->hit + (size_t)strip * view->height;
        const uint8_t *ridge = ridges->ridge + (size_t)strip * view->height;
        struct ruled_rows rows;
        for (uint32_t y = 0; next_ridge(view, ridge, ridges->least, y, view->height, &rows);
             y = rows.end) {
            const uint32_t middle = (rows.first + rows.end) / 2;
            memset(hit + middle - (middle > 0), 1,
                   min_u32(middle + 2, view->height) - middle + (middle > 0));
        }
    }
}

/* Look for the line in each strip: the ridge nearest to where it is expected. */
static void look(const struct ruled_view *view, const struct ridges *ridges,
                 struct ruled_line *line)
{
    const float reach = (float)(2 + view->width / 100); /* it may bend by a fiftieth */
    for (uint32_t strip = 0; strip < view->strips; strip++) {
        const uint8_t *ridge = ridges->ridge + (size_t)strip * view->height;
        const float expected = line->start + line->climb * (float)strip;
        const float from = fmaxf(expected - reach - (float)view->thickest, 0);
        const uint32_t end = min_u32((uint32_t)fmaxf(expected + reach + 1, 0), view->height);
        struct ruled_rows rows;
        float nearest = reach + 0.5f;
        line->thick[strip] = 0;
        for (uint32_t y = (uint32_t)from; next_ridge(view, ridge, ridges->least, y, end, &rows);
             y = rows.end) {
            const float apart = fabsf((float)(rows.first + rows.end) / 2 - expected);
            if (apart >= nearest)
                continue;
            nearest = apart;
            line->top[strip] = rows.first;
            line->thick[strip] = rows.end - rows.first;
        }
    }
}

static float middle(const struct ruled_line *line, uint32_t strip)
{
    return (float)line->top[strip] + (float)line->thick[strip] / 2;
}

/* A straight line through most of where it was found: the median of slopes (H. Theil, 1950). */
static void straighten(const struct ruled_view *view, struct ruled_line *line)
{
    float value[RULED_STRIPS];
    const uint32_t half = view->strips / 2;
    uint32_t n = 0;
    for (uint32_t strip = 0; strip + half < view->strips; strip++)
        if (line->thick[strip] && line->thick[strip + half])
            value[n++] = (middle(line, strip + half) - middle(line, strip)) / (float)half;
    line->climb = n > 0 ? median(value, n) : line->climb;
    n = 0;
    for (uint32_t strip = 0; strip < view->strips; strip++)
        if (line->thick[strip])
            value[n++] = middle(line, strip) - line->climb * (float)strip;
    line->start = n > 0 ? median(value, n) : line->start;
    n = 0;
    for (uint32_t strip = 0; strip < view->strips; strip++)
        if (line->thick[strip])
            value[n++] = (float)line->thick[strip];
    line->usual = (uint32_t)median(value, n);
}

/*
 * Follow a line. Returns: whether it runs from border to border, or out of the picture, and is seen
 * in most strips where no strokes hide it.
 */
static bool follow(const struct ruled_view *view, const struct ridges *ridges,
                   struct ruled_line *line)
{
    const uint32_t strips = view->strips;
    look(view, ridges, line);
    straighten(view, line);
    look(view, ridges, line);
    uint32_t hits = 0, visible = 0, first = strips, last = 0, begin = strips, end = 0;
    for (uint32_t strip = 0; strip < strips; strip++) {
        const float expected = line->start + line->climb * (float)strip;
        if (expected < 0 || expected >= (float)view->height)
            continue;
        const size_t here = (size_t)strip * view->height + (uint32_t)expected;
        const bool hit = line->thick[strip] > 0;
        begin = min_u32(begin, strip);
        end = strip;
        first = hit ? min_u32(first, strip) : first;
        last = hit ? strip : last;
        hits += hit;
        visible += hit || ridges->body[here] <= ridges->least;
    }
    return FEW * hits >= strips && 100 * hits >= HITS * visible &&
           first < begin + edge_strips(view) && last + edge_strips(view) > end;
}

/* Straight lines: the strips in which each hits a ridge, at most over all tilts. */
struct counts {
    uint8_t *hits;   /* [height + 2 * reach]: by where the line is in strip 0, less `reach` */
    uint8_t *here;   /* [height + 2 * reach]: the same for one tilt */
    int16_t *climbs; /* from the first strip to the last */
    uint32_t reach;
};

static int32_t shift_at(const struct ruled_view *view, int32_t climb, uint32_t strip)
{
    return (int32_t)lrintf((float)climb * (float)strip / (float)(view->strips - 1));
}

static void count_hits(const struct ruled_view *view, const struct ridges *ridges,
                       struct counts *counts)
{
    const size_t n = view->height + 2 * counts->reach;
    const int32_t reach = (int32_t)counts->reach;
    for (int32_t climb = -reach; climb <= reach; climb++) {
        memset(counts->here, 0, n);
        for (uint32_t strip = 0; strip < view->strips; strip++) {
            const uint8_t *hit = ridges->hit + (size_t)strip * view->height;
            uint8_t *here = counts->here + (reach - shift_at(view, climb, strip));
#pragma omp simd
            for (uint32_t y = 0; y < view->height; y++)
                here[y] = (uint8_t)(here[y] + hit[y]);
        }
        for (size_t i = 0; i < n; i++)
            if (counts->here[i] > counts->hits[i]) {
                counts->hits[i] = counts->here[i];
                counts->climbs[i] = (int16_t)climb;
            }
    }
}

/* How many ridges line `i` still hits: those of lines found before are gone. */
static uint8_t count_again(const struct ruled_view *view, const struct ridges *ridges,
                           const struct counts *counts, size_t i)
{
    uint8_t hits = 0;
    for (uint32_t strip = 0; strip < view->strips; strip++) {
        const int64_t y = (int64_t)i - counts->reach + shift_at(view, counts->climbs[i], strip);
        if (y >= 0 && y < view->height)
            hits = (uint8_t)(hits + ridges->hit[(size_t)strip * view->height + (size_t)y]);
    }
    return hits;
}

/* Forget the ridges of a line, so that it is not found again. */
static void use_up(const struct ruled_view *view, struct ridges *ridges,
                   const struct ruled_line *line)
{
    for (uint32_t strip = 0; strip < view->strips; strip++) {
        if (!line->thick[strip])
            continue;
        const uint32_t first = line->top[strip] > 0 ? line->top[strip] - 1 : 0;
        const uint32_t end = min_u32(line->top[strip] + line->thick[strip] + 1, view->height);
        memset(ridges->hit + (size_t)strip * view->height + first, 0, end - first);
        memset(ridges->ridge + (size_t)strip * view->height + first, 0, end - first);
    }
}

/* Lines that run from one border to the other, those first that most ridges are on. */
static size_t take_lines(const struct ruled_view *view, struct ridges *ridges,
                         struct counts *counts, struct ruled_line *lines)
{
    const size_t n = view->height + 2 * counts->reach;
    size_t found = 0;
    while (found < RULED_MOST) {
        size_t best = 0;
        for (size_t i = 1; i < n; i++)
            best = counts->hits[i] > counts->hits[best] ? i : best;
        if (FEW * counts->hits[best] < view->strips)
            break;
        const uint8_t left = count_again(view, ridges, counts, best);
        if (left < counts->hits[best]) {
            counts->hits[best] = left;
            continue;
        }
        counts->hits[best] = 0;
        lines[found] =
            (struct ruled_line){.start = (float)best - (float)counts->reach + 0.5f,
                                .climb = (float)counts->climbs[best] / (float)(view->strips - 1)};
        if (follow(view, ridges, &lines[found]))
            use_up(view, ridges, &lines[found++]);
    }
    return found;
}

size_t ruled_find(const struct ruled_view *view, struct ruled_line *lines)
{
    if (!end_has_ridge(view, 0) || !end_has_ridge(view, view->strips - edge_strips(view)))
        return 0;
    const size_t map = (size_t)view->strips * view->height;
    const uint32_t reach = view->width / TILT_SHARE;
    const size_t offsets = view->height + 2 * reach;
    uint8_t *maps = calloc(3, map), *hits = calloc(2, offsets);
    int16_t *climbs = calloc(offsets, sizeof *climbs);
    struct ridges ridges = {maps, maps + map, maps + 2 * map, 0};
    struct counts counts = {hits, hits + offsets, climbs, reach};
    size_t n = 0;
    if (maps && hits && climbs) {
        find_ridges(view, &ridges);
        mark_hits(view, &ridges);
        count_hits(view, &ridges, &counts);
        n = take_lines(view, &ridges, &counts, lines);
    }
    free(maps);
    free(hits);
    free(climbs);
    return n;
}
