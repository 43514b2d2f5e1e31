#include "frames.h"

#include "median.h"
#include "minmax.h"

#include <math.h>
#include <stdlib.h>

enum {
    OFF = 24,   /* ink is along a side up to a share of the longer one from it: lines bend */
    MOST = 20,  /* all ink but a share of so much, all rows and columns likewise */
    SHARE = 16, /* writing has such a share of the ink of what is around it, at least */
    LONG = 2,   /* lines that are so many times as long as writing is high are none of it */
    DOT = 3,    /* a dot's longer side, squared, is less than so many times its ink */
    ALIKE = 12, /* sides of boxes end at the same heights, but for a share of so much */
    TILT = 10,  /* and a row of boxes climbs by a share of so much, as a ruled line does */
    NEAR = 4,   /* the next boxes are within so many heights */
    SIDES = 3,  /* that many sides at least are a row of boxes, and no 1s */
    PEN = 7     /* a stroke has a share of so much of the ink that writing of its length has, at
                   least: 1s beside others' digits from a quarter to a half; edges of sheets and
                   what is left of forms' lines mostly a twentieth, and up to an eighth */
};

/* A mark, and what is known of it: straight are boxes, some of their sides, and lines, so that a
 * thin 1 and a 7 are, and a 0 is not. */
struct shape {
    const struct mark *mark;
    uint32_t longer; /* side of its box */
    bool is_straight;
    bool is_writing;  /* for sure: neither straight nor a dot */
    bool may_be_ring; /* around lines, or a 0 with some in it */
};

/* The outermost ink of a mark: in each row of the picture and in each column of it. */
struct outline {
    uint16_t left[PICTURE_MAX_SIDE], right[PICTURE_MAX_SIDE]; /* `right` and `bottom` are beyond */
    uint16_t top[PICTURE_MAX_SIDE], bottom[PICTURE_MAX_SIDE];
};

struct corner {
    float x, y;
};

/* The outermost points along both diagonals, in turn around the mark. */
static void find_corners(const struct mark *mark, struct corner corner[4])
{
    float furthest[4] = {-INFINITY, -INFINITY, -INFINITY, -INFINITY};
    for (size_t i = 0; i < mark->runs; i++) {
        const float y = mark->run[i].y;
        const float end[2] = {mark->run[i].x, (float)(mark->run[i].end - 1)};
        for (int e = 0; e < 2; e++) {
            const float out[4] = {-end[e] - y, end[e] - y, end[e] + y, y - end[e]};
            for (int k = 0; k < 4; k++)
                if (out[k] > furthest[k]) {
                    furthest[k] = out[k];
                    corner[k] = (struct corner){end[e], y};
                }
        }
    }
}

/* The line through two corners: points on it have across * x + down * y = level. Of one corner, all
 * points are far from it. */
struct side {
    float across, down, level;
};

static struct side side_between(struct corner a, struct corner b)
{
    const float x = b.x - a.x, y = b.y - a.y, length = hypotf(x, y);
    if (length == 0)
        return (struct side){0, 0, INFINITY};
    return (struct side){-y / length, x / length, (x * a.y - y * a.x) / length};
}

static float distance(const struct side *side, float x, float y)
{
    return fabsf(side->across * x + side->down * y - side->level);
}

/* Whether nearly all of a mark's ink is along the sides of the quadrilateral between its outermost
 * points. */
static bool is_straight(const struct mark *mark)
{
    struct corner corner[4];
    struct side side[4];
    find_corners(mark, corner);
    for (int k = 0; k < 4; k++)
        side[k] = side_between(corner[k], corner[(k + 1) % 4]);
    uint64_t all = 0, along = 0;
    const float most = 1 + (float)max_u32(mark->box.width, mark->box.height) / OFF;
    for (size_t i = 0; i < mark->runs; i++) {
        const struct run *run = &mark->run[i];
        const float first = run->x, last = (float)(run->end - 1), y = run->y;
        bool is = false;
        for (int k = 0; k < 4; k++)
            is |= distance(&side[k], first, y) <= most && distance(&side[k], last, y) <= most;
        all += (uint64_t)(run->end - run->x);
        along += is ? (uint64_t)(run->end - run->x) : 0;
    }
    return MOST * (all - along) <= all;
}

/* Set the rows and columns of the mark's box; the others stay as they were. */
static void take_outline(const struct mark *mark, struct outline *outline)
{
    const struct box *box = &mark->box;
    for (uint32_t y = box->y; y < box->y + box->height; y++) {
        outline->left[y] = PICTURE_MAX_SIDE;
        outline->right[y] = 0;
    }
    for (uint32_t x = box->x; x < box->x + box->width; x++) {
        outline->top[x] = PICTURE_MAX_SIDE;
        outline->bottom[x] = 0;
    }
    for (size_t i = 0; i < mark->runs; i++) {
        const struct run run = mark->run[i];
        if (run.x < outline->left[run.y])
            outline->left[run.y] = run.x;
        if (run.end > outline->right[run.y])
            outline->right[run.y] = run.end;
        for (uint32_t x = run.x; x < run.end; x++) { /* from the top, row by row */
            if (outline->bottom[x] == 0)
                outline->top[x] = run.y;
            outline->bottom[x] = (uint16_t)(run.y + 1);
        }
    }
}

/* Whether a mark has ink on three sides at least of a box within its own, beside nearly each row or
 * column of that. */
static bool surrounds(const struct outline *outline, const struct box *box)
{
    const uint32_t right = box->x + box->width, bottom = box->y + box->height;
    uint32_t before = 0, behind = 0, above = 0, below = 0;
    for (uint32_t y = box->y; y < bottom; y++) {
        before += outline->left[y] < box->x;
        behind += outline->right[y] > right;
    }
    for (uint32_t x = box->x; x < right; x++) {
        above += outline->top[x] < box->y;
        below += outline->bottom[x] > bottom;
    }
    const uint32_t rows = box->height - box->height / MOST;
    const uint32_t columns = box->width - box->width / MOST;
    return (before >= rows) + (behind >= rows) + (above >= columns) + (below >= columns) >= 3;
}

static bool is_inside(const struct box *box, const struct box *of)
{
    return box->x > of->x && box->x + box->width < of->x + of->width && box->y > of->y &&
           box->y + box->height < of->y + of->height;
}

/* The ink of the marks that one surrounds; lines and dots count where `lines_too`. */
static uint64_t ink_inside(const struct shape *shape, size_t n, const struct shape *frame,
                           bool lines_too)
{
    struct outline outline;
    bool measured = false;
    uint64_t ink = 0;
    for (size_t k = 0; k < n; k++) {
        const struct shape *other = &shape[k];
        const bool is_large = 3 * other->longer >= frame->longer && !other->is_straight;
        if (!(lines_too || other->is_writing || is_large) ||
            !is_inside(&other->mark->box, &frame->mark->box))
            continue;
        if (!measured)
            take_outline(frame->mark, &outline);
        measured = true;
        if (surrounds(&outline, &other->mark->box))
            ink += other->mark->mass;
    }
    return ink;
}

/* Copy the marks that are writing and no frames to `some` [n]. Returns: how many. */
static size_t take_writing(const struct shape *shape, size_t n, const bool *is_frame,
                           struct mark *some)
{
    size_t taken = 0;
    for (size_t i = 0; i < n; i++)
        if (shape[i].is_writing && !is_frame[i])
            some[taken++] = *shape[i].mark;
    return taken;
}

/* Find all that is around writing, or long, and what may be rings. */
static void find(struct shape *shape, size_t n, uint32_t side, struct mark *some, bool *is_frame)
{
    uint64_t ink = 0;
    const size_t writing = take_writing(shape, n, is_frame, some);
    for (size_t i = 0; i < writing; i++)
        ink += some[i].mass;
    const uint32_t any = marks_height(some, writing);
    for (size_t i = 0; i < n; i++) {
        const bool is_long = shape[i].is_straight && any > 0 && shape[i].longer >= LONG * any &&
                             2 * shape[i].longer >= side;
        const uint64_t framed =
            is_long ? ink : ink_inside(shape, n, &shape[i], shape[i].is_straight);
        is_frame[i] = framed * SHARE >= shape[i].mark->mass;
        shape[i].may_be_ring = !is_frame[i] && !shape[i].is_straight &&
                               ink_inside(shape, n, &shape[i], true) * SHARE >= shape[i].mark->mass;
    }
    for (size_t i = 0; i < n; i++)
        is_frame[i] |= shape[i].may_be_ring;
}

/* Of what may be rings leave those that are no larger than the other digits. */
static void leave_digits(const struct shape *shape, size_t n, struct mark *some, bool *is_frame)
{
    const uint32_t others = marks_height(some, take_writing(shape, n, is_frame, some));
    for (size_t i = 0; i < n; i++)
        if (shape[i].may_be_ring)
            is_frame[i] = others > 0 && 5 * shape[i].mark->box.height >= 7 * others;
}

/* Whether two upright lines end at the same heights, as the sides of boxes in a row do. */
static bool are_alike(const struct box *a, const struct box *b)
{
    const int64_t apart = llabs((int64_t)a->x - b->x), height = max_u32(a->height, b->height);
    const int64_t top = (int64_t)a->y - b->y, bottom = top + a->height - b->height;
    const int64_t off = height / ALIKE + 1, climb = apart / TILT;
    return apart <= NEAR * height && llabs(bottom - top) <= off && llabs(top) <= off + climb &&
           llabs(bottom) <= off + climb;
}

static bool is_upright(const struct shape *shape)
{
    return shape->is_straight && 4 * shape->mark->box.width <= shape->mark->box.height;
}

/*
 * Whether an upright line is the side of a box in a row of them, whose other sides are gone: they
 * reached so far that they were taken for ruled lines. Others near it are alike, and what is
 * between these is lower.
 */
static bool is_side(const struct shape *shape, size_t n, const struct box *line)
{
    uint32_t sides = 0, left = line->x, right = line->x + line->width, within = 0;
    for (size_t k = 0; k < n; k++) {
        const struct box *box = &shape[k].mark->box;
        if (is_upright(&shape[k]) && are_alike(line, box)) {
            left = min_u32(left, box->x);
            right = max_u32(right, box->x + box->width);
            sides++;
        }
    }
    for (size_t k = 0; k < n && sides >= SIDES; k++) {
        const struct box *box = &shape[k].mark->box;
        const uint32_t x = box->x + box->width / 2, y = box->y + box->height / 2;
        if (x < left || x >= right || y < line->y || y >= line->y + line->height ||
            (is_upright(&shape[k]) && are_alike(line, box)))
            continue;
        if (10 * box->height > 9 * line->height)
            return false;
        within += 3 * box->height > line->height;
    }
    return within > 0;
}

/* How wide and dark a mark's strokes are. */
static float ink_by_length(const struct shape *shape)
{
    return (float)shape->mark->mass / (float)shape->longer;
}

/* Find what no pen has drawn, or another one than the writing's. Returns: -1 without memory. */
static int find_faint(const struct shape *shape, size_t n, bool *is_frame)
{
    float *ink = malloc((n + 1) * sizeof *ink);
    if (!ink)
        return -1;
    size_t writing = 0;
    for (size_t i = 0; i < n; i++)
        if (shape[i].is_writing && !is_frame[i])
            ink[writing++] = ink_by_length(&shape[i]);
    const float usual = median(ink, writing);
    for (size_t i = 0; i < n; i++)
        is_frame[i] |= PEN * ink_by_length(&shape[i]) < usual;
    free(ink);
    return 0;
}

int frames_find(const struct mark *mark, size_t n, uint32_t side, bool *is_frame)
{
    struct shape *shape = malloc((n + 1) * sizeof *shape);
    struct mark *some = malloc((n + 1) * sizeof *some);
    int result = shape && some ? 0 : -1;
    for (size_t i = 0; result == 0 && i < n; i++) {
        const uint32_t longer = max_u32(mark[i].box.width, mark[i].box.height);
        const bool straight = is_straight(&mark[i]);
        const bool dot = 255ull * longer * longer < DOT * mark[i].mass;
        shape[i] = (struct shape){&mark[i], longer, straight, !straight && !dot, false};
        is_frame[i] = false;
    }
    if (result == 0) {
        find(shape, n, side, some, is_frame);
        leave_digits(shape, n, some, is_frame);
        for (size_t i = 0; i < n; i++)
            is_frame[i] |= is_upright(&shape[i]) && is_side(shape, n, &mark[i].box);
        result = find_faint(shape, n, is_frame);
    }
    free(shape);
    free(some);
    return result;
}
