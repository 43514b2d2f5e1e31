#include "parts.h"

#include "minmax.h"

#include <stdlib.h>
#include <string.h>

enum { LINKS = 64 }; /* ink that connects: a quarter, more than what two soft edges add up to */

/* Whether a run's ink is strong, or else whether it belongs to another run already. */
enum hold { STRONG, FREE, HELD };

/* Two runs. */
struct touch {
    uint32_t a, b;
};

/* Runs as they are found, each with the earlier run that it is connected to, itself at first. */
struct found {
    struct run *run;
    uint32_t *parent;
    uint8_t *hold;
    size_t n, room;
    struct touch *touch; /* pairs that touch without being connected */
    size_t touches, touch_room;
};

static int append(struct found *found, struct run run, enum hold hold)
{
    if (found->n == found->room) {
        const size_t room = found->room ? 2 * found->room : 1024;
        struct run *runs = realloc(found->run, room * sizeof *runs);
        if (runs)
            found->run = runs;
        uint32_t *parents = realloc(found->parent, room * sizeof *parents);
        if (parents)
            found->parent = parents;
        uint8_t *holds = realloc(found->hold, room);
        if (holds)
            found->hold = holds;
        if (!runs || !parents || !holds)
            return -1;
        found->room = room;
    }
    found->parent[found->n] = (uint32_t)found->n;
    found->hold[found->n] = (uint8_t)hold;
    found->run[found->n++] = run;
    return 0;
}

static int append_touch(struct found *found, size_t a, size_t b)
{
    if (found->touches == found->touch_room) {
        const size_t room = found->touch_room ? 2 * found->touch_room : 64;
        struct touch *touches = realloc(found->touch, room * sizeof *touches);
        if (!touches)
            return -1;
        found->touch = touches;
        found->touch_room = room;
    }
    found->touch[found->touches++] = (struct touch){(uint32_t)a, (uint32_t)b};
    return 0;
}

/* First pixel from x on that has ink, or `width`: eight at once where all are paper. */
static uint32_t next_ink(const uint8_t *row, uint32_t x, uint32_t width)
{
    for (uint64_t eight; x + sizeof eight <= width; x += (uint32_t)sizeof eight) {
        memcpy(&eight, row + x, sizeof eight);
        if (eight)
            break;
    }
    while (x < width && !row[x])
        x++;
    return x;
}

/*
 * Append the run from x to `end`, cut at the faintest pixel wherever it fades below LINKS between
 * stronger ink: what is left between two strokes there are their soft edges.
 */
static int append_cut(struct found *found, const uint8_t *row, uint32_t x, uint32_t end, uint32_t y)
{
    uint32_t valley = 0; /* the faintest pixel since the last strong one */
    bool strong = false;
    for (uint32_t i = x; i < end; i++) {
        if (row[i] < LINKS) {
            if (strong && (!valley || row[i] < row[valley]))
                valley = i;
            continue;
        }
        if (valley) {
            if (append(found, (struct run){(uint16_t)x, (uint16_t)valley, (uint16_t)y}, STRONG) ||
                append_touch(found, found->n - 1, found->n))
                return -1;
            x = valley;
        }
        valley = 0;
        strong = true;
    }
    return append(found, (struct run){(uint16_t)x, (uint16_t)end, (uint16_t)y},
                  strong ? STRONG : FREE);
}

static int find_runs(struct found *found, const struct picture *ink)
{
    const uint32_t width = ink->width;
    for (uint32_t y = 0; y < ink->height; y++) {
        const uint8_t *row = ink->pixels + (size_t)y * width;
        for (uint32_t x = next_ink(row, 0, width); x < width;) {
            uint32_t end = x + 1;
            while (end < width && row[end])
                end++;
            if (append_cut(found, row, x, end, y))
                return -1;
            x = next_ink(row, end, width);
        }
    }
    return 0;
}

static uint32_t root(uint32_t *parent, uint32_t i)
{
    while (parent[i] != i)
        i = parent[i] = parent[parent[i]];
    return i;
}

/* Whether two runs, the first in the row above, meet in strong ink, be it at a corner. */
static bool are_linked(const struct picture *ink, const struct run *above, const struct run *below)
{
    const uint8_t *upper = ink->pixels + (size_t)above->y * ink->width, *lower = upper + ink->width;
    const uint32_t first = max_u32(below->x, above->x > 0 ? above->x - 1 : 0);
    const uint32_t end = min_u32(below->end, above->end + 1u);
    for (uint32_t x = first; x < end; x++) {
        if (lower[x] < LINKS)
            continue;
        const uint32_t from = max_u32(x > 0 ? x - 1 : 0, above->x), to = min_u32(x + 2, above->end);
        for (uint32_t i = from; i < to; i++)
            if (upper[i] >= LINKS)
                return true;
    }
    return false;
}

/*
 * Connect each run with those of the row above that it touches, also at a corner. A faint run
 * belongs to one neighbour only, above it or else below: it must not connect two strokes.
 * Returns: -1 when memory runs out.
 */
static int connect(struct found *found, const struct picture *ink)
{
    const struct run *run = found->run;
    size_t above = 0; /* first run that may touch */
    for (size_t i = 0; i < found->n; i++) {
        while (run[above].y + 1 < run[i].y ||
               (run[above].y < run[i].y && run[above].end < run[i].x))
            above++;
        for (size_t k = above; run[k].y + 1 == run[i].y && run[k].x <= run[i].end; k++) {
            const bool lends = found->hold[k] == FREE, joins = found->hold[i] == FREE;
            if (!joins && !lends &&
                (found->hold[k] == HELD || found->hold[i] == HELD ||
                 !are_linked(ink, &run[k], &run[i]))) {
                if (append_touch(found, k, i))
                    return -1;
                continue;
            }
            const uint32_t a = root(found->parent, (uint32_t)k);
            const uint32_t b = root(found->parent, (uint32_t)i);
            found->parent[max_u32(a, b)] = min_u32(a, b);
            if (lends)
                found->hold[k] = HELD;
            if (joins)
                found->hold[i] = HELD;
        }
    }
    return 0;
}

/* Whether two marks that touch faintly may be digits side by side. */
static bool are_side_by_side(const struct box *a, const struct box *b, uint32_t typical)
{
    const uint32_t left = max_u32(a->x, b->x), right = min_u32(a->x + a->width, b->x + b->width);
    return 5 * min_u32(a->height, b->height) > 3 * typical &&
           (right <= left || 2 * (right - left) < min_u32(a->width, b->width));
}

/* Join marks that touch faintly unless they may be digits. Shapes: of [found->n], run to mark. */
static int join_touching(struct marks *marks, const struct found *found, const int32_t *of)
{
    if (found->touches == 0)
        return 0;
    const uint32_t typical = marks_height(marks->mark, marks->n);
    uint32_t *parent = malloc(marks->n * sizeof *parent);
    struct box *box = malloc(marks->n * sizeof *box);
    int32_t *group = malloc(marks->n * sizeof *group);
    int result = parent && box && group ? 0 : -1;
    for (uint32_t i = 0; result == 0 && i < marks->n; i++)
        parent[i] = i, box[i] = marks->mark[i].box;
    for (size_t i = 0; result == 0 && i < found->touches; i++) {
        const uint32_t a = root(parent, (uint32_t)of[found->touch[i].a]);
        const uint32_t b = root(parent, (uint32_t)of[found->touch[i].b]);
        if (a == b || are_side_by_side(&box[a], &box[b], typical))
            continue;
        const uint32_t first = min_u32(a, b);
        parent[max_u32(a, b)] = first;
        box[first] = picture_joined_box(&box[a], &box[b]);
    }
    size_t groups = 0;
    for (uint32_t i = 0; result == 0 && i < marks->n; i++)
        group[i] = parent[i] == i ? (int32_t)groups++ : group[root(parent, i)];
    if (result == 0 && groups < marks->n)
        result = marks_join(marks, group, groups);
    free(parent);
    free(box);
    free(group);
    return result;
}

int parts_find(struct marks *marks, const struct picture *ink)
{
    struct found found = {0};
    int32_t *of = NULL;
    *marks = (struct marks){0};
    int result = find_runs(&found, ink);
    if (result == 0)
        result = connect(&found, ink);
    if (result == 0) {
        of = malloc((found.n + 1) * sizeof *of);
        size_t n = 0;
        for (uint32_t i = 0; of && i < found.n; i++) /* a root comes before what belongs to it */
            of[i] = found.parent[i] == i ? (int32_t)n++ : of[root(found.parent, i)];
        result = of ? marks_sort(marks, ink, found.run, of, found.n, n) : -1;
    }
    if (result == 0)
        result = join_touching(marks, &found, of);
    if (result != 0)
        marks_free(marks);
    free(of);
    free(found.run);
    free(found.parent);
    free(found.hold);
    free(found.touch);
    return result;
}
