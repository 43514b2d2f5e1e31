/*
 * A cut is a path from the mark's top to its bottom that meets as little ink as it can; it may lean
 * up to 45 degrees. The best path through each place of the middle row comes from two sweeps of
 * dynamic programming, from above and from below, over a coarse grid.
 */
#include "cuts.h"

#include "minmax.h"
#include "normal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_ROWS = 32,
    LEAST_ROWS = 10,          /* lower marks are not cut */
    COLUMNS = 16 * MOST_ROWS, /* nor those that are longer than 16 digits */
    SHARE_APART = 10          /* cuts are a tenth of the height apart */
};

/* The mark's ink on a grid, and what the best paths cost. */
struct grid {
    uint32_t rows, columns;
    float scale;           /* pixels a cell */
    float *ink;            /* [rows,columns], 1 is full */
    float *cost;           /* [rows,columns], of the best path from the nearer end to here */
    int8_t *step;          /* [rows,columns], to the column of the row before on that path */
    float middle[COLUMNS]; /* of the best path through this place of the middle row */
};

/* A path by its column in each row. */
struct path {
    float cost;
    uint32_t middle; /* column in the middle row */
    uint16_t column[MOST_ROWS];
};

static int grid_new(struct grid *grid, const struct picture *ink, const struct mark *mark)
{
    const struct box *box = &mark->box;
    grid->scale = fmaxf(1, (float)box->height / MOST_ROWS);
    grid->rows = min_u32(box->height, MOST_ROWS);
    grid->columns = (uint32_t)((float)box->width / grid->scale) + 1;
    if (grid->columns > COLUMNS || grid->rows < LEAST_ROWS)
        grid->columns = 0;
    const size_t cells = (size_t)grid->rows * grid->columns;
    grid->ink = calloc(cells + 1, sizeof *grid->ink);
    grid->cost = calloc(cells + 1, sizeof *grid->cost);
    grid->step = calloc(cells + 1, sizeof *grid->step);
    if (!grid->ink || !grid->cost || !grid->step)
        return -1;
    const float share = 1 / (255 * grid->scale * grid->scale);
    for (size_t i = 0; i < mark->runs && grid->columns > 0; i++) {
        const struct run *run = &mark->run[i];
        const uint32_t y = (uint32_t)((float)(run->y - box->y) / grid->scale);
        float *row = grid->ink + min_u32(y, grid->rows - 1) * grid->columns;
        const uint8_t *pixel = ink->pixels + (size_t)run->y * ink->width;
        for (uint32_t x = run->x; x < run->end; x++)
            row[(uint32_t)((float)(x - box->x) / grid->scale)] += share * pixel[x];
    }
    return 0;
}

static void grid_free(struct grid *grid)
{
    free(grid->ink);
    free(grid->cost);
    free(grid->step);
}

/* Best paths into row y from the row before it, which is row y - way. */
static void sweep_row(struct grid *grid, int y, int way)
{
    const float aside = 0.04f; /* a step to the side: straight cuts where all else is equal */
    const int columns = (int)grid->columns;
    const float *ink = grid->ink + y * columns, *before = grid->cost + (y - way) * columns;
    float *cost = grid->cost + y * columns;
    int8_t *step = grid->step + y * columns;
    for (int x = 0; x < columns; x++) {
        float best = before[x];
        step[x] = 0;
        if (x > 0 && before[x - 1] + aside < best)
            best = before[x - 1] + aside, step[x] = -1;
        if (x + 1 < columns && before[x + 1] + aside < best)
            best = before[x + 1] + aside, step[x] = 1;
        cost[x] = best + ink[x];
    }
}

/* Costs from above down to the middle row, and from below up to the row under it. */
static void sweep(struct grid *grid)
{
    const size_t columns = grid->columns, last = (grid->rows - 1) * columns;
    const int middle = (int)grid->rows / 2;
    memcpy(grid->cost, grid->ink, columns * sizeof *grid->cost);
    memcpy(grid->cost + last, grid->ink + last, columns * sizeof *grid->cost);
    for (int y = 1; y <= middle; y++)
        sweep_row(grid, y, 1);
    for (int y = (int)grid->rows - 2; y > middle; y--)
        sweep_row(grid, y, -1);
    for (size_t x = 0; x < columns; x++)
        grid->middle[x] = grid->cost[(size_t)middle * columns + x] +
                          grid->cost[(size_t)(middle + 1) * columns + x];
}

static void follow(const struct grid *grid, uint32_t x, struct path *path)
{
    path->cost = grid->middle[x];
    path->middle = x;
    const int middle = (int)grid->rows / 2;
    uint32_t column = x;
    for (int y = middle; y >= 0; y--) {
        path->column[y] = (uint16_t)column;
        column = (uint32_t)((int)column + grid->step[y * (int)grid->columns + (int)column]);
    }
    column = x;
    for (int y = middle + 1; y < (int)grid->rows; y++) {
        path->column[y] = (uint16_t)column;
        column = (uint32_t)((int)column + grid->step[y * (int)grid->columns + (int)column]);
    }
}

static int left_first(const void *a, const void *b)
{
    const struct path *left = a, *right = b;
    return (left->middle > right->middle) - (left->middle < right->middle);
}

/* The cheapest paths that are apart in the middle row, from left to right. Returns: how many. */
static size_t choose_paths(struct grid *grid, struct path paths[CUTS_MOST])
{
    const uint32_t apart = 1 + grid->rows / SHARE_APART;
    const float most =
        (float)grid->rows / 2; /* ink in the way: a stroke cut lengthwise is no cut */
    const size_t enough = min_u32(CUTS_MOST, 3 + 4 * grid->columns / max_u32(1, grid->rows));
    size_t n = 0;
    while (n < enough) {
        uint32_t best = 0;
        for (uint32_t x = 0; x < grid->columns; x++)
            if (grid->middle[x] < grid->middle[best])
                best = x;
        if (grid->columns == 0 || grid->middle[best] >= most)
            break;
        if (best >= apart && best + apart < grid->columns)
            follow(grid, best, &paths[n++]);
        const uint32_t first = best < apart ? 0 : best - apart + 1;
        for (uint32_t x = first; x < min_u32(best + apart, grid->columns); x++)
            grid->middle[x] = most;
    }
    qsort(paths, n, sizeof *paths, left_first);
    return n;
}

/* Column of the picture where a path passes row y of the mark's box. */
static uint32_t path_at(const struct path *path, const struct grid *grid, const struct box *box,
                        uint32_t y)
{
    const float place = fmaxf(((float)y + 0.5f) / grid->scale - 0.5f, 0);
    const uint32_t row = min_u32((uint32_t)place, grid->rows - 1),
                   next = min_u32(row + 1, grid->rows - 1);
    const float share = fminf(place - (float)row, 1);
    const float column = (float)path->column[row] * (1 - share) + (float)path->column[next] * share;
    return box->x + (uint32_t)((column + 0.5f) * grid->scale);
}

/* The parts of the mark's runs between the paths; *piece [*n] tells which piece each is. */
static int split_runs(const struct mark *mark, const struct path *paths, size_t cuts,
                      const struct grid *grid, struct run **run, int32_t **piece, size_t *n)
{
    *run = malloc((mark->runs * (cuts + 1) + 1) * sizeof **run);
    *piece = malloc((mark->runs * (cuts + 1) + 1) * sizeof **piece);
    *n = 0;
    if (!*run || !*piece)
        return -1;
    uint32_t at[CUTS_MOST + 1] = {0}, row = UINT32_MAX;
    for (size_t i = 0; i < mark->runs; i++) {
        struct run rest = mark->run[i];
        for (size_t k = 0; k < cuts && rest.y != row; k++)
            at[k] = path_at(&paths[k], grid, &mark->box, rest.y - mark->box.y);
        row = rest.y;
        for (size_t k = 0; k <= cuts && rest.x < rest.end; k++) {
            const uint32_t end = k < cuts ? min_u32(rest.end, at[k]) : rest.end;
            if (end <= rest.x)
                continue;
            (*run)[*n] = (struct run){rest.x, (uint16_t)end, rest.y};
            (*piece)[(*n)++] = (int32_t)k;
            rest.x = (uint16_t)end;
        }
    }
    return 0;
}

int cuts_make(struct marks *pieces, float cost[CUTS_MOST], const struct picture *ink,
              const struct mark *mark)
{
    struct grid grid;
    struct path paths[CUTS_MOST];
    struct run *run = NULL;
    int32_t *piece = NULL;
    size_t runs = 0, cuts = 0;
    int result = grid_new(&grid, ink, mark);
    if (result == 0 && grid.columns > 0) {
        sweep(&grid);
        cuts = choose_paths(&grid, paths);
    }
    if (result == 0)
        result = split_runs(mark, paths, cuts, &grid, &run, &piece, &runs);
    if (result == 0)
        result = marks_sort(pieces, ink, run, piece, runs, cuts + 1);
    const float stroke = fmaxf(1, normal_stroke(ink, mark) / grid.scale);
    for (size_t i = 0; i < cuts; i++)
        cost[i] = paths[i].cost / stroke;
    free(run);
    free(piece);
    grid_free(&grid);
    return result;
}
