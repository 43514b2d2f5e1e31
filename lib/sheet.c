/*
 * Paper is what surrounds writing, wherever the picture's border is. Cells of the picture are
 * parted in dark and light ones. Those of one kind that reach the border are a table if what they
 * leave is one piece with four corners, as no stroke has, with writing on it; and if they have none
 * themselves, as paper in shadow has.
 * Source: N. Otsu, IEEE Transactions on Systems, Man, and Cybernetics 9 (1979) 62 (parting).
 */
#include "sheet.h"

#include "cells.h"
#include "minmax.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    RIM = 2,           /* cells beside a table that may show some of it, or its shadow */
    WINDOW = 4,        /* cells to each side in which paper is found beside strokes */
    BORDER_SHARE = 16, /* a table has this share of the border, at least: digits that touch less */
    SHEET_SHARE = 10,  /* a sheet has this share of the picture, at least */
    CORNER_SHARE = 12, /* of a sheet is beyond lines between its corners, at most */
    MIN_SIDE = 40,     /* of a picture with room for more than a sheet */
    CONTRAST = 24,     /* of writing, at least, as in ink.c */
    SHARES = 64,       /* by which strokes are darker than the paper: all but black */
    TABLE_SHARE = 8    /* of the writing is on the table, at most */
};

enum { DARK, LIGHT, PIECE, TABLE, SHEET, BETWEEN };

/*
 * What is known of each cell. Shapes: all [height,width]. Levels are as if tables were always dark:
 * for those that are light, all are 255 less what they are.
 */
struct scene {
    struct cells cells;
    uint8_t *kind;
    float *paper;    /* the level of the sheet's paper, or of the table, there */
    uint32_t *queue; /* room for an index of each cell */
    bool inverted;
};

static size_t count(const struct scene *scene)
{
    return (size_t)scene->cells.width * scene->cells.height;
}

/* The level between dark and light cells that parts them best: Otsu's. */
static float find_threshold(const struct scene *scene)
{
    uint32_t histogram[256] = {0};
    double total = 0, below = 0, best = -1;
    const size_t cells = count(scene);
    for (size_t i = 0; i < cells; i++) {
        const uint8_t level = (uint8_t)scene->cells.cell[i];
        histogram[level]++;
        total += level;
    }
    int threshold = 0;
    size_t n = 0;
    for (int level = 0; level < 255; level++) {
        n += histogram[level];
        below += (double)histogram[level] * level;
        if (n == 0 || n == cells)
            continue;
        const double apart = below / (double)n - (total - below) / (double)(cells - n);
        const double between = apart * apart * (double)n * (double)(cells - n);
        if (between > best) {
            best = between;
            threshold = level + 1;
        }
    }
    return (float)threshold;
}

/* The cells beside a cell, itself where there is none. */
struct neighbours {
    uint32_t at[4];
};

static struct neighbours neighbours_of(const struct scene *scene, uint32_t at)
{
    const uint32_t width = scene->cells.width, x = at % width, y = at / width;
    return (struct neighbours){{x > 0 ? at - 1 : at, x + 1 < width ? at + 1 : at,
                                y > 0 ? at - width : at,
                                y + 1 < scene->cells.height ? at + width : at}};
}

/*
 * Make all cells that are connected with cell `start` and like it, `from`, of kind `to`. They are
 * left in the queue. Returns: how many they are.
 */
static uint32_t flood(struct scene *scene, uint32_t start, uint8_t from, uint8_t to)
{
    uint32_t n = 0;
    scene->kind[start] = to;
    scene->queue[n++] = start;
    for (uint32_t i = 0; i < n; i++) {
        const struct neighbours near = neighbours_of(scene, scene->queue[i]);
        for (int k = 0; k < 4; k++)
            if (scene->kind[near.at[k]] == from) {
                scene->kind[near.at[k]] = to;
                scene->queue[n++] = near.at[k];
            }
    }
    return n;
}

static bool at_border(const struct scene *scene, uint32_t at)
{
    const uint32_t width = scene->cells.width, x = at % width, y = at / width;
    return x == 0 || x + 1 == width || y == 0 || y + 1 == scene->cells.height;
}

/* Dark cells that reach the border for long enough become a table. Returns: whether one does. */
static bool take_table(struct scene *scene)
{
    const uint32_t cells = (uint32_t)count(scene);
    const uint32_t border = 2 * (scene->cells.width + scene->cells.height);
    const float threshold = find_threshold(scene);
    bool found = false;
    for (uint32_t i = 0; i < cells; i++)
        scene->kind[i] = scene->cells.cell[i] < threshold ? DARK : LIGHT;
    for (uint32_t i = 0; i < cells; i++) {
        if (scene->kind[i] != DARK || !at_border(scene, i))
            continue;
        const uint32_t n = flood(scene, i, DARK, TABLE);
        uint32_t reached = 0;
        for (uint32_t k = 0; k < n; k++)
            reached += at_border(scene, scene->queue[k]);
        const bool table = BORDER_SHARE * reached >= border;
        found |= table;
        for (uint32_t k = 0; k < n && !table; k++)
            scene->kind[scene->queue[k]] = LIGHT;
    }
    return found;
}

/*
 * The largest piece of what is no table becomes the sheet, with all that is on it; the others are
 * things on the table. Returns: its cells.
 */
static uint32_t take_sheet(struct scene *scene)
{
    const uint32_t cells = (uint32_t)count(scene);
    uint32_t most = 0, start = 0;
    for (uint32_t i = 0; i < cells; i++)
        if (scene->kind[i] == DARK)
            scene->kind[i] = LIGHT;
    for (uint32_t i = 0; i < cells; i++) {
        const uint32_t n = scene->kind[i] == LIGHT ? flood(scene, i, LIGHT, PIECE) : 0;
        if (n > most) {
            most = n;
            start = i;
        }
    }
    if (most > 0)
        flood(scene, start, PIECE, SHEET);
    for (uint32_t i = 0; i < cells; i++)
        if (scene->kind[i] == PIECE)
            scene->kind[i] = TABLE;
    return most;
}

/* The cells furthest out along both diagonals, in turn around it. Shapes: corner [4] of x, y. */
static void find_corners(const struct scene *scene, float corner[4][2])
{
    const int64_t width = scene->cells.width, cells = (int64_t)count(scene);
    int64_t furthest[4] = {INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN};
    for (int64_t i = 0; i < cells; i++) {
        const int64_t x = i % width, y = i / width;
        const int64_t out[4] = {-x - y, x - y, x + y, y - x};
        for (int k = 0; k < 4 && scene->kind[i] == SHEET; k++)
            if (out[k] > furthest[k]) {
                furthest[k] = out[k];
                corner[k][0] = (float)x;
                corner[k][1] = (float)y;
            }
    }
}

/* Whether the sheet is what is between its four corners, but for a twelfth: sheets miss 0.05 of
 * it, digits 0.3. */
static bool has_corners(const struct scene *scene, uint32_t area)
{
    const uint32_t width = scene->cells.width;
    float corner[4][2] = {{0}};
    uint32_t unlike = 0;
    find_corners(scene, corner);
    for (uint32_t i = 0; i < count(scene); i++) {
        bool inside = true;
        for (int k = 0; k < 4; k++) {
            const float *from = corner[k], *to = corner[(k + 1) % 4];
            const float x = (float)(i % width) - from[0], y = (float)(i / width) - from[1];
            inside &= (to[0] - from[0]) * y - (to[1] - from[1]) * x >= 0;
        }
        unlike += inside != (scene->kind[i] == SHEET);
    }
    return CORNER_SHARE * unlike <= area;
}

/* Cells near those of the other kind belong to neither. Uses `queue` for what they become. */
static void part_rim(struct scene *scene)
{
    const uint32_t width = scene->cells.width, height = scene->cells.height;
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            const uint8_t own = scene->kind[y * width + x];
            bool alone = true;
            for (uint32_t i = y < RIM ? 0 : y - RIM; i < min_u32(y + RIM + 1, height); i++)
                for (uint32_t j = x < RIM ? 0 : x - RIM; j < min_u32(x + RIM + 1, width); j++)
                    alone &= scene->kind[i * width + j] == own;
            scene->queue[y * width + x] = alone ? own : BETWEEN;
        }
    for (size_t i = 0; i < count(scene); i++)
        scene->kind[i] = (uint8_t)scene->queue[i];
}

/* The sheet's paper is the lightest cell near by; the table, which has its grain, is their mean. */
static void find_paper(struct scene *scene)
{
    const uint32_t width = scene->cells.width, height = scene->cells.height;
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            const uint32_t left = x < WINDOW ? 0 : x - WINDOW, top = y < WINDOW ? 0 : y - WINDOW;
            const uint8_t own = scene->kind[y * width + x];
            float most = 0, sum = 0, n = 0;
            for (uint32_t i = top; i < min_u32(y + WINDOW + 1, height); i++)
                for (uint32_t j = left; j < min_u32(x + WINDOW + 1, width); j++) {
                    if (scene->kind[i * width + j] != own)
                        continue;
                    most = fmaxf(most, scene->cells.cell[i * width + j]);
                    sum += scene->cells.cell[i * width + j];
                    n++;
                }
            scene->paper[y * width + x] = own == TABLE ? sum / n : most;
        }
}

/*
 * Whether the table is at most half as light as the sheet right beside it, nearly everywhere: light
 * and most shadows fade, and leave more. Compares the nearest cells of both, which have the rim
 * between them.
 */
static bool has_edge(const struct scene *scene)
{
    enum { APART = 2 * RIM + 1 };
    const uint32_t width = scene->cells.width, height = scene->cells.height;
    uint32_t pairs = 0, steps = 0;
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            const uint32_t at = y * width + x;
            const uint32_t other[2] = {x + APART < width ? at + APART : at,
                                       y + APART < height ? at + APART * width : at};
            for (int k = 0; k < 2; k++) {
                const uint32_t a = scene->kind[at] == TABLE ? at : other[k];
                const uint32_t b = a == at ? other[k] : at;
                if (scene->kind[a] != TABLE || scene->kind[b] != SHEET)
                    continue;
                pairs++;
                steps += 2 * scene->paper[a] <= scene->paper[b];
            }
        }
    return 8 * steps >= 7 * pairs && pairs > 0;
}

/* Pixels of the sheet and of the table by how much darker than their paper they are, of SHARES. */
struct shades {
    uint64_t pixels[2][SHARES];
};

static void count_shades(const struct scene *scene, const struct picture *picture,
                         struct shades *shades)
{
    const uint32_t width = scene->cells.width, side = scene->cells.side;
    const uint8_t flip = scene->inverted ? 255 : 0;
    for (uint32_t y = 0; y < picture->height; y++) {
        const uint8_t *row = picture->pixels + (size_t)y * picture->width;
        for (uint32_t j = 0; j < width; j++) {
            const size_t at = (size_t)(y / side) * width + j;
            const int paper = (int)scene->paper[at];
            if (scene->kind[at] == BETWEEN)
                continue;
            uint64_t *pixels = shades->pixels[scene->kind[at] == TABLE];
            for (uint32_t x = j * side; x < min_u32((j + 1) * side, picture->width); x++) {
                const int darker = paper - (row[x] ^ flip);
                pixels[darker < CONTRAST ? 0 : darker * (SHARES - 1) / paper]++;
            }
        }
    }
}

/*
 * Whether writing is on the sheet and none to speak of on the table: what is half as much darker
 * than the table as strokes are than the sheet. Paper in shadow has strokes like those in light.
 * Writing covers up to 0.28 of what is bare; what covers more is paper between strokes that were
 * taken for it.
 */
static bool writing_is_on_sheet(const struct scene *scene, const struct picture *picture)
{
    struct shades shades = {0};
    count_shades(scene, picture, &shades);
    const uint64_t *sheet = shades.pixels[0], *table = shades.pixels[1];
    uint64_t strokes = 0, sum = 0, on_table = 0;
    for (uint64_t share = 1; share < SHARES; share++) {
        strokes += sheet[share];
        sum += sheet[share] * share;
    }
    for (uint64_t share = SHARES - 1; share > 0 && 2 * share * strokes >= sum; share--)
        on_table += table[share];
    const uint32_t few = 1 + min_u32(picture->width, picture->height) / 8;
    return strokes >= few && 10 * strokes <= 3 * sheet[0] && TABLE_SHARE * on_table <= strokes;
}

static bool find_sheet(struct scene *scene, const struct picture *picture)
{
    if (!take_table(scene))
        return false;
    const uint32_t area = take_sheet(scene);
    if ((size_t)area * SHEET_SHARE < count(scene) || !has_corners(scene, area))
        return false;
    part_rim(scene);
    find_paper(scene);
    return has_edge(scene) && writing_is_on_sheet(scene, picture);
}

/* What is not sure to be sheet takes the level of the paper nearest to it. */
static void spread_paper(struct scene *scene)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < count(scene); i++)
        if (scene->kind[i] == SHEET)
            scene->queue[n++] = i;
    for (uint32_t i = 0; i < n; i++) {
        const struct neighbours near = neighbours_of(scene, scene->queue[i]);
        for (int k = 0; k < 4; k++)
            if (scene->kind[near.at[k]] == TABLE || scene->kind[near.at[k]] == BETWEEN) {
                scene->kind[near.at[k]] = PIECE;
                scene->paper[near.at[k]] = scene->paper[scene->queue[i]];
                scene->queue[n++] = near.at[k];
            }
    }
}

/* The box, in pixels, around the sheet. */
static struct box find_box(const struct scene *scene, const struct picture *picture)
{
    const uint32_t width = scene->cells.width, side = scene->cells.side;
    uint32_t left = width, right = 0, top = scene->cells.height, bottom = 0;
    for (uint32_t i = 0; i < count(scene); i++) {
        if (scene->kind[i] != SHEET)
            continue;
        left = min_u32(left, i % width);
        right = max_u32(right, i % width + 1);
        top = min_u32(top, i / width);
        bottom = i / width + 1;
    }
    return (struct box){left * side, top * side,
                        min_u32(right * side, picture->width) - left * side,
                        min_u32(bottom * side, picture->height) - top * side};
}

static void cut(struct picture *picture, struct scene *scene, const struct box *box)
{
    spread_paper(scene);
    const uint32_t side = scene->cells.side;
    for (uint32_t y = 0; y < box->height; y++) {
        const uint8_t *from = picture->pixels + (size_t)(box->y + y) * picture->width + box->x;
        uint8_t *to = picture->pixels + (size_t)y * box->width;
        const size_t first = (size_t)((box->y + y) / side) * scene->cells.width + box->x / side;
        for (uint32_t x = 0; x < box->width; x++) {
            const float paper = roundf(scene->paper[first + x / side]);
            const bool sheet = scene->kind[first + x / side] == SHEET;
            to[x] = sheet ? from[x] : (uint8_t)(scene->inverted ? 255 - paper : paper);
        }
    }
    picture->width = box->width;
    picture->height = box->height;
}

int sheet_cut(struct picture *picture, struct box *sheet)
{
    *sheet = (struct box){0, 0, picture->width, picture->height};
    if (min_u32(picture->width, picture->height) < MIN_SIDE)
        return 0;
    struct scene scene = {0};
    if (cells_new(&scene.cells, picture) != 0)
        return -1;
    cells_means(&scene.cells, picture);
    const size_t cells = count(&scene);
    scene.kind = malloc(cells);
    scene.paper = malloc(cells * sizeof *scene.paper);
    scene.queue = malloc(cells * sizeof *scene.queue);
    const int result = scene.kind && scene.paper && scene.queue ? 0 : -1;
    bool found = result == 0 && find_sheet(&scene, picture);
    if (result == 0 && !found) {
        scene.inverted = true;
        for (size_t i = 0; i < cells; i++)
            scene.cells.cell[i] = 255 - scene.cells.cell[i];
        found = find_sheet(&scene, picture);
    }
    if (found) {
        *sheet = find_box(&scene, picture);
        cut(picture, &scene, sheet);
    }
    free(scene.cells.cell);
    free(scene.kind);
    free(scene.paper);
    free(scene.queue);
    return result;
}

void sheet_put_back(struct picture *ink, const struct box *sheet, uint32_t width, uint32_t height)
{
    if (sheet->width == width && sheet->height == height)
        return;
    for (uint32_t y = sheet->height; y-- > 0;)
        memmove(ink->pixels + (size_t)(sheet->y + y) * width + sheet->x,
                ink->pixels + (size_t)y * sheet->width, sheet->width);
    for (uint32_t y = 0; y < height; y++) {
        uint8_t *row = ink->pixels + (size_t)y * width;
        const bool inside = y >= sheet->y && y < sheet->y + sheet->height;
        const uint32_t before = inside ? sheet->x : width, end = before + sheet->width;
        memset(row, 0, before);
        if (inside)
            memset(row + end, 0, width - end);
    }
    ink->width = width;
    ink->height = height;
}
