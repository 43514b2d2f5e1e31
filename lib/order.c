#include "order.h"

#include "minmax.h"

#include <stdbool.h>
#include <stdlib.h>

enum {
    SHARED = 6, /* digits side by side share more than that part of their height */
    FEW = 64    /* of more lines none are joined */
};

/* Pixels between two stretches of a line, or less than 0: minus the length they share. */
static int64_t gap(uint32_t a, uint32_t a_length, uint32_t b, uint32_t b_length)
{
    return (int64_t)max_u32(a, b) - min_u32(a + a_length, b + b_length);
}

/* Whether two boxes stand on one line: they share at least a third of the lower one's height. */
static bool on_one_line(const struct box *a, const struct box *b)
{
    return -3 * gap(a->y, a->height, b->y, b->height) >= min_u32(a->height, b->height);
}

/* A line of writing. */
struct line {
    struct box last;  /* its rightmost place so far */
    uint64_t centres; /* sum of the places' vertical centres, doubled */
    uint32_t n;
    uint32_t number;
};

static uint64_t twice_centre(const struct box *box)
{
    return 2 * (uint64_t)box->y + box->height;
}

static int left_first(const void *a, const void *b)
{
    const struct place *left = a, *right = b;
    const uint64_t left_centre = 2 * (uint64_t)left->box.x + left->box.width;
    const uint64_t right_centre = 2 * (uint64_t)right->box.x + right->box.width;
    return (left_centre > right_centre) - (left_centre < right_centre);
}

static int upper_line_first(const void *a, const void *b)
{
    const struct line *left = a, *right = b;
    const uint64_t left_centre = left->centres * right->n, right_centre = right->centres * left->n;
    return (left_centre > right_centre) - (left_centre < right_centre);
}

static int reading_order(const void *a, const void *b)
{
    const struct place *left = a, *right = b;
    if (left->line != right->line)
        return left->line < right->line ? -1 : 1;
    return left_first(a, b);
}

/*
 * Give each place of at least height `low`, from left to right, its line: that whose last place
 * stands beside it, the closest in height of several. Returns: how many lines there are.
 */
static uint32_t find_lines(struct place *places, size_t n, uint32_t low, struct line *lines)
{
    uint32_t found = 0;
    for (size_t i = 0; i < n; i++) {
        const struct box *box = &places[i].box;
        uint32_t best = found;
        uint64_t distance = UINT64_MAX;
        for (uint32_t k = 0; k < found && box->height >= low; k++) {
            const uint64_t a = twice_centre(box), b = twice_centre(&lines[k].last);
            const uint64_t apart = a > b ? a - b : b - a;
            if (on_one_line(box, &lines[k].last) && apart < distance)
                best = k, distance = apart;
        }
        places[i].line = best;
        if (box->height < low)
            continue;
        if (best == found)
            lines[found] = (struct line){.number = found}, found++;
        lines[best].last = *box;
        lines[best].centres += twice_centre(box);
        lines[best].n++;
    }
    return found;
}

/* Give each lower place the line of the nearest of the others. */
static void assign_low(struct place *places, size_t n, uint32_t low)
{
    for (size_t i = 0; i < n; i++) {
        const struct box *box = &places[i].box;
        int64_t distance = INT64_MAX;
        for (size_t k = 0; k < n && box->height < low; k++) {
            const struct box *other = &places[k].box;
            if (other->height < low)
                continue;
            const int64_t across = gap(box->x, box->width, other->x, other->width);
            const int64_t down = gap(box->y, box->height, other->y, other->height);
            const int64_t apart = (across > 0 ? across : 0) + 2 * (down > 0 ? down : 0);
            if (apart < distance)
                places[i].line = places[k].line, distance = apart;
        }
    }
}

/* Whether places of two lines stand side by side alone, and some of them at about one height. */
static bool are_beside(const struct place *places, size_t n, uint32_t a, uint32_t b)
{
    bool beside = false;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n && places[i].line == a; k++) {
            const struct box *one = &places[i].box, *other = &places[k].box;
            if (places[k].line != b)
                continue;
            if (-2 * gap(one->x, one->width, other->x, other->width) >
                min_u32(one->width, other->width))
                return false; /* one above the other */
            beside |= -SHARED * gap(one->y, one->height, other->y, other->height) >
                      min_u32(one->height, other->height);
        }
    return beside;
}

/* Join lines that stand side by side, as digits do that fill a row of boxes up and down. Returns:
 * how many lines are left. */
static uint32_t join_lines(struct place *places, size_t n, struct line *lines, uint32_t found)
{
    for (uint32_t a = 0; a < found && found <= FEW; a++)
        for (uint32_t b = a + 1; b < found; b++) {
            if (!are_beside(places, n, lines[a].number, lines[b].number))
                continue;
            for (size_t i = 0; i < n; i++)
                if (places[i].line == lines[b].number)
                    places[i].line = lines[a].number;
            lines[a].centres += lines[b].centres;
            lines[a].n += lines[b].n;
            lines[b] = lines[--found];
            b = a;
        }
    return found;
}

int order_reading(struct place *places, size_t n, uint32_t low)
{
    if (n == 0)
        return 0;
    struct line *lines = calloc(n, sizeof *lines);
    uint32_t *rank = calloc(n, sizeof *rank);
    if (lines && rank) {
        qsort(places, n, sizeof *places, left_first);
        uint32_t found = find_lines(places, n, low, lines);
        if (found > 0)
            assign_low(places, n, low);
        else
            found = find_lines(places, n, 0, lines);
        found = join_lines(places, n, lines, found);
        qsort(lines, found, sizeof *lines, upper_line_first);
        for (uint32_t k = 0; k < found; k++)
            rank[lines[k].number] = k;
        for (size_t i = 0; i < n; i++)
            places[i].line = rank[places[i].line];
        qsort(places, n, sizeof *places, reading_order);
    }
    const int result = lines && rank ? 0 : -1;
    free(lines);
    free(rank);
    return result;
}
