/*
 * A cut is a path from the mark's top to its bottom that meets as little ink as it can. The best
 * path through each place comes from two sweeps of dynamic programming, from above and from below,
 * over a grid. The grid leans as handwriting may, and a path may lean up to 45 degrees from that.
 * Where digits overlap, the best path through a place near the top is seldom the one that is
 * best through the middle: so paths are taken through several rows.
 * Source: G. Congedo et al., Segmentation of numeric strings, ICDAR 1995 (drop fall, from above and
 * below); here the best path stands for the falling drop.
 */
#include "cuts.h"

#include "minmax.h"
#include "normal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    LEAST_ROWS = 10,          /* lower marks are not cut */
    COLUMNS = 16 * CUTS_ROWS, /* nor those that are longer than 16 digits */
    SLANTS = 7,
    ANCHORS = 5, /* rows, evenly spaced: the best paths through their places are tried */
    MOST_PATHS = ANCHORS * SLANTS * CUTS_MOST,
    A_DIGIT = 24, /* of the cuts found, at most so many for each width like the height ... */
    A_MARK = 8    /* ... and so many more are kept */
};

/*
 * Measured on pages of touching training digits 55,000 to 59,999 (tests/pages.py touching, seeds 7
 * and 11) with a network that had not learnt them: 1,873 of 2,000 are read rightly. It was 1,805 on
 * a grid of 32 rows, each pixel in one cell, with 3 anchors and ASIDE 0.2: where a cell is no whole
 * number of pixels, some have less ink than others, and seem a way.
 */
#define ASIDE 0.1F  /* a step to the side: straight cuts where all else is equal */
#define SAME 0.04F  /* two cuts with less of a digit's ink between them are the same */
#define SCRAP 0.03F /* a cut leaves more ink than this share on either side */

/* How far a line of the grid goes to the right in a row up: upright strokes of slanted writing. */
static const float slants[SLANTS] = {-0.45F, -0.25F, -0.05F, 0.15F, 0.35F, 0.55F, 0.75F};

/* The best paths from one end of the grid. */
struct paths {
    float *cost;  /* [rows,columns], of the best one to here, with the ink here */
    int8_t *step; /* [rows,columns], to its column in the row before */
};

/* The mark's ink on a grid. */
struct grid {
    uint32_t rows, columns;
    float slant;
    float *upright; /* [rows,columns], its ink before it leans; 1 is full */
    float *ink;     /* [rows,columns] */
    float *left;    /* [rows,columns], ink of the row up to here and with it */
    struct paths down, up;
};

/* How many columns a row of the grid is moved to the right. */
static int leaning(const struct grid *grid, int row)
{
    const float middle = 0.5F * (float)grid->rows;
    return (int)lrintf(fabsf(grid->slant) * middle + grid->slant * ((float)row - middle));
}

static bool paths_new(struct paths *paths, size_t cells)
{
    paths->cost = calloc(cells, sizeof *paths->cost);
    paths->step = calloc(cells, sizeof *paths->step);
    return paths->cost && paths->step;
}

static int grid_new(struct grid *grid, const struct cuts *cuts)
{
    const struct box *box = &cuts->mark->box;
    grid->rows = cuts->rows;
    grid->columns = (uint32_t)((float)box->width / cuts->scale) + 2 + grid->rows;
    const size_t cells = (size_t)grid->rows * grid->columns;
    grid->upright = calloc(cells, sizeof *grid->upright);
    grid->ink = calloc(cells, sizeof *grid->ink);
    grid->left = calloc(cells, sizeof *grid->left);
    const bool paths = paths_new(&grid->down, cells) && paths_new(&grid->up, cells);
    return grid->upright && grid->ink && grid->left && paths ? 0 : -1;
}

static void grid_free(struct grid *grid)
{
    free(grid->upright);
    free(grid->ink);
    free(grid->left);
    free(grid->down.cost);
    free(grid->down.step);
    free(grid->up.cost);
    free(grid->up.step);
}

/* Which cells a pixel of the mark's box covers: one and, by `share`, the next. */
struct cover {
    uint32_t cell;
    float share;
};

static struct cover cover_of(uint32_t place, float scale)
{
    const float start = (float)place / scale, end = (float)(place + 1) / scale;
    const float next = floorf(start) + 1;
    return (struct cover){(uint32_t)start, fmaxf(0, end - next) * scale};
}

/* The grid, upright: each pixel's ink goes to the cells that it covers, as much as it covers. */
static void grid_fill(struct grid *grid, const struct cuts *cuts, const struct picture *ink)
{
    const struct mark *mark = cuts->mark;
    const float part = 1 / (255 * cuts->scale * cuts->scale);
    for (size_t i = 0; i < mark->runs; i++) {
        const struct run *run = &mark->run[i];
        const uint8_t *pixel = ink->pixels + (size_t)run->y * ink->width;
        const struct cover down = cover_of(run->y - mark->box.y, cuts->scale);
        for (uint32_t k = 0; k < 2; k++) {
            const float share = part * (k ? down.share : 1 - down.share);
            float *row = grid->upright + min_u32(down.cell + k, grid->rows - 1) * grid->columns;
            for (uint32_t x = run->x; share > 0 && x < run->end; x++) {
                const struct cover across = cover_of(x - mark->box.x, cuts->scale);
                row[across.cell] += share * (1 - across.share) * pixel[x];
                row[across.cell + 1] += share * across.share * pixel[x];
            }
        }
    }
}

/* Let the grid lean. */
static void grid_lean(struct grid *grid, float slant)
{
    grid->slant = slant;
    memset(grid->ink, 0, sizeof *grid->ink * grid->rows * grid->columns);
    for (uint32_t y = 0; y < grid->rows; y++) {
        const uint32_t aside = (uint32_t)leaning(grid, (int)y);
        memcpy(grid->ink + y * grid->columns + aside, grid->upright + y * grid->columns,
               (grid->columns - aside) * sizeof *grid->ink);
    }
}

/* Ink counts by its cube: where strokes touch along their edges, the grey between is the way. */
static float toll(float ink)
{
    return ink * ink * ink;
}

/* Best paths into row y from the row before it, which is row y - way. */
static void sweep_row(const struct grid *grid, const struct paths *paths, int y, int way)
{
    const int columns = (int)grid->columns;
    const float *ink = grid->ink + y * columns, *before = paths->cost + (y - way) * columns;
    float *cost = paths->cost + y * columns;
    int8_t *step = paths->step + y * columns;
    for (int x = 0; x < columns; x++) {
        float best = before[x];
        step[x] = 0;
        if (x > 0 && before[x - 1] + ASIDE < best)
            best = before[x - 1] + ASIDE, step[x] = -1;
        if (x + 1 < columns && before[x + 1] + ASIDE < best)
            best = before[x + 1] + ASIDE, step[x] = 1;
        cost[x] = best + toll(ink[x]);
    }
}

/* The best paths from above and from below. */
static void sweep(struct grid *grid)
{
    const size_t columns = grid->columns, last = (grid->rows - 1) * columns;
    for (size_t x = 0; x < columns; x++) {
        grid->down.cost[x] = toll(grid->ink[x]);
        grid->up.cost[last + x] = toll(grid->ink[last + x]);
    }
    for (int y = 1; y < (int)grid->rows; y++)
        sweep_row(grid, &grid->down, y, 1);
    for (int y = (int)grid->rows - 2; y >= 0; y--)
        sweep_row(grid, &grid->up, y, -1);
}

/* Returns: all ink. */
static float add_up(struct grid *grid)
{
    float all = 0;
    for (uint32_t y = 0; y < grid->rows; y++) {
        float sum = 0;
        for (uint32_t x = 0; x < grid->columns; x++)
            grid->left[y * grid->columns + x] = sum += grid->ink[y * grid->columns + x];
        all += sum;
    }
    return all;
}

/* What the best path through a cell costs. */
static float through(const struct grid *grid, size_t cell)
{
    return grid->down.cost[cell] + grid->up.cost[cell] - toll(grid->ink[cell]);
}

/* The half of a path through column x of row y, by steps of `way`, without that row. Returns: the
 * ink left of it. */
static float follow(const struct grid *grid, int y, int way, int x, struct cut *cut)
{
    const struct paths *paths = way < 0 ? &grid->down : &grid->up;
    const int columns = (int)grid->columns, end = way < 0 ? -1 : (int)grid->rows;
    float left = 0;
    for (int row = y + way; row != end; row += way) {
        x += paths->step[(row - way) * columns + x];
        cut->column[row] = (int16_t)(x - leaning(grid, row));
        left += grid->left[row * columns + x] - grid->ink[row * columns + x];
    }
    return left;
}

/* The best path through column x of row y. Returns: the ink left of it. */
static float trace(const struct grid *grid, int y, int x, struct cut *cut)
{
    const int cell = y * (int)grid->columns + x;
    cut->cost = through(grid, (size_t)cell);
    cut->column[y] = (int16_t)(x - leaning(grid, y));
    const float left = grid->left[cell] - grid->ink[cell] + follow(grid, y, -1, x, cut) +
                       follow(grid, y, 1, x, cut);
    cut->place = 0;
    for (uint32_t row = 0; row < grid->rows; row++)
        cut->place += (float)cut->column[row] / (float)grid->rows;
    return left;
}

/* Whether the paths through the cells beside column x of a row cost more. */
static bool is_valley(const struct grid *grid, size_t row, uint32_t x)
{
    const size_t cell = row * grid->columns + x;
    const float cost = through(grid, cell);
    return (x == 0 || through(grid, cell - 1) > cost) &&
           (x + 1 == grid->columns || through(grid, cell + 1) >= cost);
}

/* Append the paths that are cheaper than those beside them in a row and have ink on either side. */
static size_t list_paths(const struct grid *grid, size_t row, struct cut *cut, size_t n, float all)
{
    for (uint32_t x = 0; x < grid->columns && n < MOST_PATHS; x++) {
        if (!is_valley(grid, row, x))
            continue;
        const float left = trace(grid, (int)row, (int)x, &cut[n]);
        n += left > SCRAP * all && left < (1 - SCRAP) * all;
    }
    return n;
}

/* Cuts that are alike otherwise, as those through paper are in cost, go by their columns, so that
 * there is one order. */
static int by_columns(const struct cut *left, const struct cut *right)
{
    int order = 0;
    for (int y = 0; order == 0 && y < CUTS_ROWS; y++)
        order = left->column[y] - right->column[y];
    return order;
}

static int cheap_first(const void *a, const void *b)
{
    const struct cut *left = a, *right = b;
    const int order = (left->cost > right->cost) - (left->cost < right->cost);
    return order ? order : by_columns(left, right);
}

static int left_first(const void *a, const void *b)
{
    const struct cut *left = a, *right = b;
    const int order = (left->place > right->place) - (left->place < right->place);
    return order ? order : by_columns(left, right);
}

/* The ink of a row that lies left of a cut. */
static float left_ink(const struct grid *upright, const struct cut *cut, uint32_t y)
{
    const int column = cut->column[y], last = (int)upright->columns - 1;
    return column <= 0
               ? 0
               : upright->left[(int)(y * upright->columns) + (column > last ? last : column - 1)];
}

/* Whether less ink than `least` lies between two cuts. */
static bool alike(const struct grid *upright, const struct cut *a, const struct cut *b, float least)
{
    float sum = 0;
    for (uint32_t y = 0; y < upright->rows && sum < least; y++)
        sum += fabsf(left_ink(upright, a, y) - left_ink(upright, b, y));
    return sum < least;
}

/* The cheapest of n cuts that are not alike, between the borders, from left to right. */
static void choose(struct cuts *cuts, const struct grid *upright, float all, struct cut *cut,
                   size_t n)
{
    const float digits = fmaxf(1, (float)cuts->mark->box.width / (float)cuts->mark->box.height);
    const size_t enough = min_u32(CUTS_MOST, A_MARK + (uint32_t)(A_DIGIT * digits));
    qsort(cut, n, sizeof *cut, cheap_first);
    size_t kept = 0;
    for (size_t i = 0; i < n && kept < enough; i++) {
        bool new = true;
        for (size_t k = 0; k < kept && new; k++)
            new = !alike(upright, &cut[i], &cuts->cut[1 + k], SAME * all / digits);
        if (new)
            cuts->cut[1 + kept++] = cut[i];
    }
    qsort(cuts->cut + 1, kept, sizeof *cut, left_first);
    for (uint32_t y = 0; y < cuts->rows; y++) {
        cuts->cut[0].column[y] = INT16_MIN;
        cuts->cut[kept + 1].column[y] = INT16_MAX;
    }
    cuts->n = kept + 2;
}

/*
 * How many more holes than parts the ink has: minus its Euler number, from the 2x2 cells around
 * each corner. Source: S. Gray, IEEE Transactions on Computers C-20 (1971) 551.
 */
static int holes_less_parts(const struct grid *grid)
{
    const int rows = (int)grid->rows, columns = (int)grid->columns;
    int quarters = 0;
    for (int y = 0; y <= rows; y++)
        for (int x = 0; x <= columns; x++) {
            bool full[4];
            for (int k = 0; k < 4; k++) {
                const int row = y - k / 2, column = x - k % 2;
                full[k] = row >= 0 && row < rows && column >= 0 && column < columns &&
                          grid->ink[row * columns + column] >= 0.5F;
            }
            const int n = full[0] + full[1] + full[2] + full[3];
            quarters += (n == 3) - (n == 1) + 2 * (n == 2 && full[0] == full[3]);
        }
    return quarters / 4;
}

int cuts_find(struct cuts *cuts, const struct picture *ink, const struct mark *mark)
{
    *cuts = (struct cuts){.mark = mark, .rows = min_u32(mark->box.height, CUTS_ROWS)};
    cuts->scale = fmaxf(1, (float)mark->box.height / CUTS_ROWS);
    struct grid grid = {0};
    struct cut *cut = calloc(MOST_PATHS, sizeof *cut);
    size_t n = 0;
    const bool fits = (float)mark->box.width < cuts->scale * COLUMNS && cuts->rows >= LEAST_ROWS;
    int result = cut && grid_new(&grid, cuts) == 0 ? 0 : -1;
    if (result == 0)
        grid_fill(&grid, cuts, ink);
    for (int i = 0; result == 0 && fits && i < SLANTS; i++) {
        grid_lean(&grid, slants[i]);
        sweep(&grid);
        const float all = add_up(&grid);
        for (size_t k = 1; k <= ANCHORS; k++)
            n = list_paths(&grid, k * grid.rows / (ANCHORS + 1), cut, n, all);
    }
    if (result == 0) {
        grid_lean(&grid, 0);
        cuts->holes = 1 + holes_less_parts(&grid);
        choose(cuts, &grid, add_up(&grid), cut, n);
    }
    const float stroke = fmaxf(1, normal_stroke(ink, mark) / cuts->scale);
    for (size_t i = 0; i < cuts->n; i++)
        cuts->cut[i].cost /= stroke;
    free(cut);
    grid_free(&grid);
    return result;
}

bool cuts_in_order(const struct cuts *cuts, size_t a, size_t b)
{
    for (uint32_t y = 0; y < cuts->rows; y++)
        if (cuts->cut[a].column[y] > cuts->cut[b].column[y] + 1)
            return false;
    return a < b;
}

/* Column of the picture where a cut passes row y of the mark's box. */
static uint32_t column_at(const struct cuts *cuts, size_t i, uint32_t y)
{
    const struct box *box = &cuts->mark->box;
    const int16_t *at = cuts->cut[i].column;
    if (at[0] == INT16_MIN || at[0] == INT16_MAX)
        return at[0] == INT16_MIN ? box->x : box->x + box->width;
    const float place = fmaxf(((float)y + 0.5f) / cuts->scale - 0.5f, 0);
    const uint32_t row = min_u32((uint32_t)place, cuts->rows - 1),
                   next = min_u32(row + 1, cuts->rows - 1);
    const float share = fminf(place - (float)row, 1);
    const float column = (float)at[row] * (1 - share) + (float)at[next] * share;
    const float from_left = fmaxf((column + 0.5f) * cuts->scale, 0);
    return box->x + min_u32((uint32_t)from_left, box->width);
}

int cuts_piece(struct marks *piece, const struct cuts *cuts, const struct picture *ink, size_t a,
               size_t b)
{
    const struct mark *mark = cuts->mark;
    struct run *run = malloc((mark->runs + 1) * sizeof *run);
    int32_t *of = calloc(mark->runs + 1, sizeof *of);
    size_t n = 0;
    uint32_t low = 0, high = 0;
    for (size_t i = 0; run && of && i < mark->runs; i++) {
        const struct run *whole = &mark->run[i];
        if (i == 0 || whole->y != mark->run[i - 1].y) {
            low = column_at(cuts, a, whole->y - mark->box.y);
            high = column_at(cuts, b, whole->y - mark->box.y);
        }
        const uint32_t x = max_u32(whole->x, low), end = min_u32(whole->end, high);
        if (x < end)
            run[n++] = (struct run){(uint16_t)x, (uint16_t)end, whole->y};
    }
    const int result = run && of ? marks_sort(piece, ink, run, of, n, 1) : -1;
    free(run);
    free(of);
    return result;
}
