#include "marks.h"

#include "minmax.h"

#include <stdlib.h>
#include <string.h>

static void measure(struct mark *mark, const struct picture *ink)
{
    uint32_t left = UINT32_MAX, right = 0;
    mark->mass = 0;
    mark->peak = 0;
    for (size_t i = 0; i < mark->runs; i++) {
        const struct run *run = &mark->run[i];
        const uint8_t *row = ink->pixels + (size_t)run->y * ink->width;
        left = min_u32(left, run->x);
        right = max_u32(right, run->end);
        uint32_t mass = 0;
        for (uint32_t x = run->x; x < run->end; x++) {
            mass += row[x];
            mark->peak = row[x] > mark->peak ? row[x] : mark->peak;
        }
        mark->mass += mass;
    }
    const uint32_t top = mark->run[0].y, bottom = mark->run[mark->runs - 1].y + 1u;
    mark->box = (struct box){left, top, right - left, bottom - top};
}

/*
 * Runs sorted by the mark they belong to, in the order they had.
 * Shapes: of [runs] i32, the mark of each run, negative for none. Returns: -1 without memory.
 */
static int gather(struct marks *to, const struct run *run, size_t runs, const int32_t *of, size_t n)
{
    *to = (struct marks){calloc(runs + 1, sizeof *to->run), calloc(n + 1, sizeof *to->mark), 0, n};
    if (!to->run || !to->mark)
        return -1;
    for (size_t i = 0; i < runs; i++)
        if (of[i] >= 0)
            to->mark[of[i]].runs++;
    for (size_t i = 0; i < n; i++) {
        to->mark[i].run = to->run + to->runs;
        to->runs += to->mark[i].runs;
        to->mark[i].runs = 0;
    }
    for (size_t i = 0; i < runs; i++)
        if (of[i] >= 0) {
            struct mark *mark = &to->mark[of[i]];
            to->run[(size_t)(mark->run - to->run) + mark->runs++] = run[i];
        }
    return 0;
}

int marks_sort(struct marks *marks, const struct picture *ink, const struct run *run,
               const int32_t *of, size_t runs, size_t n)
{
    const int result = gather(marks, run, runs, of, n);
    for (size_t i = 0; result == 0 && i < n; i++)
        if (marks->mark[i].runs > 0)
            measure(&marks->mark[i], ink);
    if (result != 0)
        marks_free(marks);
    return result;
}

static int by_place(const void *a, const void *b)
{
    const struct run *left = a, *right = b;
    if (left->y != right->y)
        return left->y < right->y ? -1 : 1;
    return left->x < right->x ? -1 : left->x > right->x;
}

/* Sort by place; a mark that nothing has joined, and most are such, is in order already. */
static void sort_runs(struct run *run, size_t runs)
{
    size_t i = 1;
    while (i < runs && by_place(&run[i - 1], &run[i]) <= 0)
        i++;
    if (i < runs)
        qsort(run, runs, sizeof *run, by_place);
}

/* Join runs of a row that touch. Shapes: run [runs], sorted. Returns: how many are left. */
static size_t melt(struct run *run, size_t runs)
{
    size_t kept = 0;
    for (size_t i = 0; i < runs; i++) {
        struct run *last = kept > 0 ? &run[kept - 1] : NULL;
        if (last && last->y == run[i].y && last->end == run[i].x)
            last->end = run[i].end;
        else
            run[kept++] = run[i];
    }
    return kept;
}

/* Add what mark `from` says of itself, but for its runs, to that of `to`. */
static void add(struct mark *to, const struct mark *from)
{
    to->box = to->mass ? picture_joined_box(&to->box, &from->box) : from->box;
    to->mass += from->mass;
    to->peak = from->peak > to->peak ? from->peak : to->peak;
    to->line = from->line;
}

int marks_join(struct marks *marks, const int32_t *group, size_t groups)
{
    struct marks joined = {0};
    int32_t *of = malloc((marks->runs + 1) * sizeof *of);
    int result = of ? 0 : -1;
    for (size_t i = 0; of && i < marks->runs; i++)
        of[i] = -1; /* also runs that joining has left over */
    for (size_t i = 0; of && i < marks->n; i++)
        for (size_t k = 0; k < marks->mark[i].runs; k++)
            of[(size_t)(marks->mark[i].run - marks->run) + k] = group[i];
    if (result == 0)
        result = gather(&joined, marks->run, marks->runs, of, groups);
    free(of);
    if (result != 0) {
        marks_free(&joined);
        return -1;
    }
    for (size_t i = 0; i < marks->n; i++)
        if (group[i] >= 0)
            add(&joined.mark[group[i]], &marks->mark[i]);
    for (size_t i = 0; i < groups; i++) { /* the runs of several marks lie one after the other */
        struct run *run = joined.run + (joined.mark[i].run - joined.run);
        sort_runs(run, joined.mark[i].runs);
        joined.mark[i].runs = melt(run, joined.mark[i].runs);
    }
    marks_free(marks);
    *marks = joined;
    return 0;
}

int marks_unite(struct marks *united, const struct mark *mark, size_t n)
{
    size_t runs = 0;
    for (size_t i = 0; i < n; i++)
        runs += mark[i].runs;
    *united = (struct marks){malloc((runs + 1) * sizeof *united->run),
                             calloc(1, sizeof *united->mark), 0, 1};
    if (!united->run || !united->mark) {
        marks_free(united);
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        memcpy(united->run + united->runs, mark[i].run, mark[i].runs * sizeof *united->run);
        united->runs += mark[i].runs;
        add(united->mark, &mark[i]);
    }
    if (n > 1) {
        sort_runs(united->run, united->runs);
        united->runs = melt(united->run, united->runs);
    }
    united->mark->run = united->run;
    united->mark->runs = united->runs;
    return 0;
}

/* Pixels between two stretches of a line, 0 where they meet or overlap. */
static uint32_t between(uint32_t a, uint32_t a_end, uint32_t b, uint32_t b_end)
{
    const uint32_t start = max_u32(a, b), end = min_u32(a_end, b_end);
    return start > end ? start - end : 0;
}

uint32_t marks_gap(const struct mark *a, const struct mark *b, uint32_t most)
{
    size_t first = 0; /* run of b that is not too far above */
    for (size_t i = 0; i < a->runs && most > 0; i++) {
        const struct run *here = &a->run[i];
        while (first < b->runs && b->run[first].y + most < here->y)
            first++;
        for (size_t k = first; k < b->runs && b->run[k].y < here->y + most; k++) {
            const struct run *there = &b->run[k];
            const uint32_t across = between(here->x, here->end, there->x, there->end);
            const uint32_t down = between(here->y, here->y + 1u, there->y, there->y + 1u);
            most = min_u32(most, max_u32(across, down));
        }
    }
    return most;
}

uint32_t marks_height(const struct mark *mark, size_t n)
{
    uint64_t total = 0, below = 0;
    uint32_t height = 0;
    for (size_t i = 0; i < n; i++)
        total += mark[i].mass;
    while (2 * below < total) { /* the next higher ones */
        uint32_t next = UINT32_MAX;
        for (size_t i = 0; i < n; i++)
            if (mark[i].box.height > height)
                next = min_u32(next, mark[i].box.height);
        height = next;
        for (size_t i = 0; i < n; i++)
            below += mark[i].box.height == height ? mark[i].mass : 0;
    }
    return height;
}

void marks_free(struct marks *marks)
{
    free(marks->run);
    free(marks->mark);
    *marks = (struct marks){0};
}
