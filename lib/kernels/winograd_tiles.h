/*
 * The tiles of a convolution by Winograd's method: all samples' fours and threes (winograd_axis),
 * in the order of `shapes`, so that those that have a position are neighbours.
 */
#include "winograd.h"

enum { SHAPES = 4 };

/* Outputs down and across: fours down are those from 1 on and before 3, across those before 2. */
static const struct {
    int down, across;
} shapes[SHAPES] = {{3, 4}, {4, 4}, {4, 3}, {3, 3}};

/* The tiles of one shape: a rectangle of each picture's. */
struct group {
    int first, tiles;  /* of the tiles of all samples */
    int rows, columns; /* of tiles, of one sample ... */
    int y, x;          /* ... whose first is there */
    int down, across;  /* outputs from one to the next */
};

/* What is worked on at once. */
struct chunk {
    const struct conv *conv;
    struct group group[SHAPES];
    int n;            /* positions a side */
    int first, tiles; /* of the tiles of all samples */
};

/* A stretch of tiles, as numbered in a chunk. */
struct range {
    int first, end;
};

/* What a chunk has of tiles number `first` to `end` of all samples. */
static struct range range_of(const struct chunk *chunk, int first, int end)
{
    const int from = first > chunk->first ? first - chunk->first : 0;
    const int to = minimum(end - chunk->first, chunk->tiles);
    return (struct range){from, to > from ? to : from};
}

/* The first and the last shape that have a position. */
static struct range shapes_at(int y, int x)
{
    return (struct range){y == 5, y == 5 && x == 5 ? 1 : y == 5 ? 2 : x == 5 ? 1 : SHAPES - 1};
}

static void group_tiles(struct chunk *chunk)
{
    const struct conv *c = chunk->conv;
    const struct winograd_axis down = winograd_axis(c->height), across = winograd_axis(c->width);
    for (int s = 0, first = 0; s < SHAPES; first += chunk->group[s++].tiles) {
        struct group g = {.first = first, .down = shapes[s].down, .across = shapes[s].across};
        g.rows = g.down == 4 ? down.fours : down.threes;
        g.columns = g.across == 4 ? across.fours : across.threes;
        g.y = g.down == 4 ? 0 : 4 * down.fours;
        g.x = g.across == 4 ? 0 : 4 * across.fours;
        g.tiles = c->samples * g.rows * g.columns;
        chunk->group[s] = g;
    }
}

/* A row of tiles of a group, or what a chunk has of it. */
struct row {
    int sample, y, x; /* where the first one is */
    int tiles;
};

/* From tile `tile` of a group on, at most `most`. */
static struct row row_of(const struct group *group, int tile, int most)
{
    const int column = tile % group->columns;
    return (struct row){tile / (group->rows * group->columns),
                        group->y + tile / group->columns % group->rows * group->down,
                        group->x + column * group->across, minimum(group->columns - column, most)};
}
