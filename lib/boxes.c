/*
 * The paper of a mark is parted by its ink into the outside and holes. The large holes are cells:
 * of a box one, of a comb several, of a 0 one. Ink that is near to two of these, as near as lines
 * mostly are, is a line; it goes if a digit may be left in a cell.
 */
#include "boxes.h"

#include "minmax.h"
#include "parts.h"

#include <stdbool.h>
#include <stdlib.h>

enum {
    SMALLEST = 20,   /* sides of boxes, in pixels */
    THIN = 12,       /* a cell is so many times as high as its line is thick, at least */
    NESTED = 4,      /* marks are looked at until they cover the picture so many times */
    MOST_CELLS = 255 /* of a mark; what is more is no cell */
};

/* What a place is, else one of the cells, from 1. HOLE is also ink that has been looked at. */
enum cell { INK = -1, HOLE = -2, LINE = -3, UNSEEN = -4, OUTSIDE = 0 };

/* Pixels that are connected: the box around them, in a grid, and how many they are. */
struct blob {
    uint32_t left, top, right, bottom; /* `right` and `bottom` are beyond */
    uint32_t pixels;
};

/* The two cells next to some ink, and how far from it they are, from 1; 0 for none. */
struct nearest {
    int16_t cell[2];
    uint16_t away[2];
};

/*
 * One mark with paper around it. Owns: the blocks.
 * Shapes: cell, nearest [height,width]; queue [2,height,width].
 */
struct grid {
    uint32_t width, height;
    int16_t *cell; /* enum cell */
    struct nearest *nearest;
    uint32_t *queue; /* of places in the grid */
    uint32_t cells;
    struct blob of[MOST_CELLS + 1];
};

static void grid_free(struct grid *grid)
{
    free(grid->cell);
    free(grid->nearest);
    free(grid->queue);
}

/* Returns: 0, or -1 when memory runs out, with nothing to free. */
static int grid_new(struct grid *grid, const struct mark *mark)
{
    grid->width = mark->box.width + 2;
    grid->height = mark->box.height + 2;
    grid->cells = 0;
    const size_t n = (size_t)grid->width * grid->height;
    grid->cell = malloc(n * sizeof *grid->cell);
    grid->nearest = calloc(n, sizeof *grid->nearest);
    grid->queue = malloc(2 * n * sizeof *grid->queue);
    if (!grid->cell || !grid->nearest || !grid->queue) {
        grid_free(grid);
        return -1;
    }
    for (size_t i = 0; i < n; i++)
        grid->cell[i] = UNSEEN;
    for (size_t i = 0; i < mark->runs; i++) {
        const struct run *run = &mark->run[i];
        const size_t row = (size_t)(run->y - mark->box.y + 1) * grid->width + 1;
        for (uint32_t x = run->x; x < run->end; x++)
            grid->cell[row + x - mark->box.x] = INK;
    }
    return 0;
}

/* The places around one that are in the grid: first 4 neighbours, then the diagonal ones. Returns:
 * how many. */
static int neighbours(const struct grid *grid, uint32_t place, int most, uint32_t next[8])
{
    static const int step[8][2] = {{-1, 0},  {1, 0},  {0, -1}, {0, 1},
                                   {-1, -1}, {1, -1}, {-1, 1}, {1, 1}};
    const uint32_t x = place % grid->width, y = place / grid->width;
    int n = 0;
    for (int k = 0; k < most; k++) {
        const uint32_t to_x = x + (uint32_t)step[k][0], to_y = y + (uint32_t)step[k][1];
        if (to_x < grid->width && to_y < grid->height)
            next[n++] = to_y * grid->width + to_x;
    }
    return n;
}

/* Turn all that is connected with a place, and is as it is, into `to`. */
static struct blob fill(struct grid *grid, uint32_t place, int most, int16_t to)
{
    const int16_t from = grid->cell[place];
    struct blob blob = {grid->width, grid->height, 0, 0, 0};
    size_t n = 0;
    grid->queue[n++] = place;
    grid->cell[place] = to;
    while (n > 0) {
        const uint32_t at = grid->queue[--n], x = at % grid->width, y = at / grid->width;
        blob.left = min_u32(blob.left, x);
        blob.top = min_u32(blob.top, y);
        blob.right = max_u32(blob.right, x + 1);
        blob.bottom = max_u32(blob.bottom, y + 1);
        blob.pixels++;
        uint32_t next[8];
        for (int k = neighbours(grid, at, most, next); k-- > 0;)
            if (grid->cell[next[k]] == from) {
                grid->cell[next[k]] = to;
                grid->queue[n++] = next[k];
            }
    }
    return blob;
}

/* Find the outside and the cells: holes that are about as high as the highest. */
static void find_cells(struct grid *grid)
{
    const uint32_t n = grid->width * grid->height;
    uint32_t highest = 0;
    fill(grid, 0, 4, OUTSIDE);
    for (uint32_t i = 0; i < n; i++)
        if (grid->cell[i] == UNSEEN) {
            const struct blob hole = fill(grid, i, 4, HOLE);
            highest = max_u32(highest, hole.bottom - hole.top);
        }
    for (uint32_t i = 0; i < n && grid->cells < MOST_CELLS; i++)
        if (grid->cell[i] == HOLE) {
            const struct blob hole = fill(grid, i, 4, UNSEEN);
            if (5 * (hole.bottom - hole.top) >= 3 * highest) {
                grid->of[++grid->cells] = hole;
                fill(grid, i, 4, (int16_t)grid->cells);
            }
        }
}

/* Note that a cell is so far from some ink, and that its neighbours have to be told. */
static void note(struct grid *grid, size_t *end, uint32_t place, int16_t cell, uint32_t away)
{
    struct nearest *nearest = &grid->nearest[place];
    for (uint32_t k = 0; k < 2 && away <= UINT16_MAX; k++) {
        if (nearest->away[k] > 0 && nearest->cell[k] == cell)
            return;
        if (nearest->away[k] == 0) {
            nearest->cell[k] = cell;
            nearest->away[k] = (uint16_t)away;
            grid->queue[(*end)++] = 2 * place + k;
            return;
        }
    }
}

/* Find for all ink the two cells that are nearest, along the longer of both axes, through ink. */
static void find_nearest(struct grid *grid)
{
    const uint32_t n = grid->width * grid->height;
    size_t first = 0, end = 0;
    uint32_t next[8];
    for (uint32_t i = 0; i < n; i++)
        for (int k = grid->cell[i] == INK ? neighbours(grid, i, 8, next) : 0; k-- > 0;)
            if (grid->cell[next[k]] >= OUTSIDE)
                note(grid, &end, i, grid->cell[next[k]], 1);
    while (first < end) {
        const uint32_t at = grid->queue[first] / 2, slot = grid->queue[first] % 2;
        const struct nearest here = grid->nearest[at];
        first++;
        for (int k = neighbours(grid, at, 8, next); k-- > 0;)
            if (grid->cell[next[k]] == INK)
                note(grid, &end, next[k], here.cell[slot], here.away[slot] + 1u);
    }
}

/* How thick the ink is between the two cells next to it; 0 where there is one cell alone. */
static uint32_t thickness(const struct nearest *nearest)
{
    return nearest->away[1] > 0 ? nearest->away[0] + nearest->away[1] - 1u : 0;
}

/* Turn ink into a line that is about as thin, between two cells, as it is most often. Returns: how
 * thin that is. */
static uint32_t find_lines(struct grid *grid)
{
    enum { THICK = 256 };
    const uint32_t n = grid->width * grid->height;
    uint32_t of[THICK] = {0}, all = 0, below = 0, usual = 0;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t thick = grid->cell[i] == INK ? thickness(&grid->nearest[i]) : 0;
        if (thick > 0 && thick < THICK && grid->nearest[i].away[0] == 1) {
            of[thick]++;
            all++;
        }
    }
    while (usual + 1 < THICK && 2 * (below += of[usual]) < all)
        usual++;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t thick = grid->cell[i] == INK ? thickness(&grid->nearest[i]) : 0;
        if (thick > 0 && thick <= usual + usual / 4 + 1)
            grid->cell[i] = LINE;
    }
    return usual;
}

static bool is_within(const struct blob *blob, const struct blob *cell)
{
    const uint32_t x = (blob->left + blob->right) / 2, y = (blob->top + blob->bottom) / 2;
    return x > cell->left && x < cell->right && y > cell->top && y < cell->bottom;
}

/*
 * Whether what is left may be a digit in a cell: it is about as high as digits are in cells, and
 * has the ink of a line half as long as the cell is high. A single cell, and that no row, might be
 * a 0's, with the end of its stroke in it, or a slash: what is left has to be more, and if the cell
 * is round, higher than such an end.
 */
static bool may_be_digit(const struct grid *grid, const struct blob *blob, uint32_t thick)
{
    const uint32_t height = blob->bottom - blob->top;
    for (uint32_t k = 1; k <= grid->cells; k++) {
        const struct blob *cell = &grid->of[k];
        const uint32_t high = cell->bottom - cell->top, wide = cell->right - cell->left;
        const bool is_row = grid->cells > 1 || wide > 2 * high;
        const bool is_round = 20 * (cell->pixels + blob->pixels) < 17 * high * wide;
        /* in twentieths of the cell's height */
        const uint32_t least = is_row ? 5 : is_round ? 8 : 7, most = is_row ? 23 : 17;
        if (is_within(blob, cell) && THIN * thick <= high && 20 * height >= least * high &&
            20 * height <= most * high && (is_row ? 2 : 1) * blob->pixels >= high * thick)
            return true;
    }
    return false;
}

static bool holds_digit(struct grid *grid, uint32_t thick)
{
    const uint32_t n = grid->width * grid->height;
    bool holds = false;
    for (uint32_t i = 0; i < n; i++)
        if (grid->cell[i] == INK) {
            const struct blob blob = fill(grid, i, 8, HOLE);
            holds |= may_be_digit(grid, &blob, thick);
        }
    return holds;
}

static int clear_mark(struct picture *ink, const struct mark *mark)
{
    struct grid grid;
    if (grid_new(&grid, mark) != 0)
        return -1;
    find_cells(&grid);
    if (grid.cells > 0) {
        find_nearest(&grid);
        const uint32_t thick = find_lines(&grid);
        const bool clear = holds_digit(&grid, thick);
        for (uint32_t i = 0; clear && i < grid.width * grid.height; i++)
            if (grid.cell[i] == LINE) {
                const size_t x = mark->box.x + i % grid.width - 1;
                const size_t y = mark->box.y + i / grid.width - 1;
                ink->pixels[y * ink->width + x] = 0;
            }
    }
    grid_free(&grid);
    return 0;
}

int boxes_clear(struct picture *ink)
{
    struct marks marks;
    if (parts_find(&marks, ink) != 0)
        return -1;
    uint64_t left = (uint64_t)NESTED * ink->width * ink->height;
    int result = 0;
    for (size_t i = 0; i < marks.n && result == 0; i++) {
        const struct box *box = &marks.mark[i].box;
        const uint64_t area = (uint64_t)box->width * box->height;
        if (min_u32(box->width, box->height) < SMALLEST || area > left)
            continue;
        left -= area;
        result = clear_mark(ink, &marks.mark[i]);
    }
    marks_free(&marks);
    return result;
}
