#include "frames.h"

#include "minmax.h"

#include <math.h>

enum {
    OFF = 24, /* ink is along a side up to a share of the mark's longer side from it: lines bend */
    MOST = 20 /* all ink but a share of so much, all rows and columns likewise */
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

bool frames_is_straight(const struct mark *mark)
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

void frames_outline(const struct mark *mark, struct outline *outline)
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

bool frames_surrounds(const struct outline *outline, const struct box *box)
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
