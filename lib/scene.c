#include "scene.h"

#include "minmax.h"

#include <limits.h>

enum {
    BORDER_SHARE = 16, /* a table has this share of the border, at least: digits that touch less */
    SHEET_SHARE = 25,  /* a sheet has this share of the picture, at least */
    CORNER_SHARE = 12, /* of a sheet is beyond lines between its corners, at most */
    LIGHTER = 8        /* levels: a sheet differs from a table by more, however dark */
};

size_t scene_cells(const struct scene *scene)
{
    return (size_t)scene->cells.width * scene->cells.height;
}

struct scene_neighbours scene_neighbours(const struct scene *scene, uint32_t at)
{
    const uint32_t width = scene->cells.width, x = at % width, y = at / width;
    return (struct scene_neighbours){{x > 0 ? at - 1 : at, x + 1 < width ? at + 1 : at,
                                      y > 0 ? at - width : at,
                                      y + 1 < scene->cells.height ? at + width : at}};
}

uint32_t scene_flood(struct scene *scene, uint32_t start, uint8_t from, uint8_t to)
{
    uint32_t n = 0;
    scene->kind[start] = to;
    scene->queue[n++] = start;
    for (uint32_t i = 0; i < n; i++) {
        const struct scene_neighbours near = scene_neighbours(scene, scene->queue[i]);
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
    const uint32_t cells = (uint32_t)scene_cells(scene);
    const uint32_t border = 2 * (scene->cells.width + scene->cells.height);
    bool found = false;
    for (uint32_t i = 0; i < cells; i++) {
        if (scene->kind[i] != SCENE_DARK || !at_border(scene, i))
            continue;
        const uint32_t n = scene_flood(scene, i, SCENE_DARK, SCENE_TABLE);
        uint32_t reached = 0;
        for (uint32_t k = 0; k < n; k++)
            reached += at_border(scene, scene->queue[k]);
        const bool table = BORDER_SHARE * reached >= border;
        found |= table;
        for (uint32_t k = 0; k < n && !table; k++)
            scene->kind[scene->queue[k]] = SCENE_LIGHT;
    }
    return found;
}

/*
 * The largest piece of what is no table becomes the sheet, with all that is on it; the others are
 * things on the table. Returns: its cells.
 */
static uint32_t take_sheet(struct scene *scene)
{
    const uint32_t cells = (uint32_t)scene_cells(scene);
    uint32_t most = 0, start = 0;
    for (uint32_t i = 0; i < cells; i++)
        if (scene->kind[i] == SCENE_DARK)
            scene->kind[i] = SCENE_LIGHT;
    for (uint32_t i = 0; i < cells; i++) {
        const uint32_t n =
            scene->kind[i] == SCENE_LIGHT ? scene_flood(scene, i, SCENE_LIGHT, SCENE_PIECE) : 0;
        if (n > most) {
            most = n;
            start = i;
        }
    }
    if (most > 0)
        scene_flood(scene, start, SCENE_PIECE, SCENE_SHEET);
    for (uint32_t i = 0; i < cells; i++)
        if (scene->kind[i] == SCENE_PIECE)
            scene->kind[i] = SCENE_TABLE;
    return most;
}

struct corner {
    int x, y;
};

/* The cells furthest out along both diagonals, in turn around it. */
static void find_corners(const struct scene *scene, struct corner corner[4])
{
    const int width = (int)scene->cells.width, height = (int)scene->cells.height;
    int furthest[4] = {INT_MIN, INT_MIN, INT_MIN, INT_MIN};
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            const int out[4] = {-x - y, x - y, x + y, y - x};
            for (int k = 0; k < 4 && scene->kind[y * width + x] == SCENE_SHEET; k++)
                if (out[k] > furthest[k]) {
                    furthest[k] = out[k];
                    corner[k] = (struct corner){x, y};
                }
        }
}

/* How many cells are either sheet or between its four corners. */
static uint32_t beside_corners(const struct scene *scene)
{
    const int width = (int)scene->cells.width, height = (int)scene->cells.height;
    struct corner corner[4] = {{0, 0}};
    uint32_t unlike = 0;
    find_corners(scene, corner);
    for (int y = 0; y < height; y++) {
        int side[4], step[4]; /* of (0, y): not negative inside; and what a column changes */
        for (int k = 0; k < 4; k++) {
            const struct corner from = corner[k], to = corner[(k + 1) % 4];
            side[k] = (to.x - from.x) * (y - from.y) + (to.y - from.y) * from.x;
            step[k] = from.y - to.y;
        }
        for (int x = 0; x < width; x++) {
            bool inside = true;
            for (int k = 0; k < 4; k++) {
                inside &= side[k] >= 0;
                side[k] += step[k];
            }
            unlike += inside != (scene->kind[y * width + x] == SCENE_SHEET);
        }
    }
    return unlike;
}

/* Cells near those of the other kind belong to neither. Uses `queue` for what they become. */
static void part_rim(struct scene *scene)
{
    const uint32_t width = scene->cells.width, height = scene->cells.height;
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            const uint8_t own = scene->kind[y * width + x];
            bool alone = true;
            for (uint32_t i = y < SCENE_RIM ? 0 : y - SCENE_RIM;
                 i < min_u32(y + SCENE_RIM + 1, height); i++)
                for (uint32_t j = x < SCENE_RIM ? 0 : x - SCENE_RIM;
                     j < min_u32(x + SCENE_RIM + 1, width); j++)
                    alone &= scene->kind[i * width + j] == own;
            scene->queue[y * width + x] = alone ? own : SCENE_BETWEEN;
        }
    for (size_t i = 0; i < scene_cells(scene); i++)
        scene->kind[i] = (uint8_t)scene->queue[i];
}

bool scene_may_have_sheet(struct scene *scene)
{
    const float *cell = scene->cells.cell, level = cell[0];
    const size_t cells = scene_cells(scene);
    const uint32_t width = scene->cells.width, height = scene->cells.height;
    for (size_t x = 0; x < width; x++)
        if (cell[x] != level || cell[cells - 1 - x] != level)
            return true;
    for (size_t y = 0; y < height; y++)
        if (cell[y * width] != level || cell[(y + 1) * width - 1] != level)
            return true;
    size_t light = 0;
    for (size_t i = 0; i < cells; i++) {
        const bool is = cell[i] > level + LIGHTER;
        scene->kind[i] = is ? SCENE_LIGHT : SCENE_TABLE;
        light += is;
    }
    if (light * SHEET_SHARE < cells)
        return false;
    const uint32_t area = take_sheet(scene); /* of a ruled sheet perhaps a part */
    return beside_corners(scene) <= area;
}

uint32_t scene_part(struct scene *scene)
{
    if (!take_table(scene))
        return 0;
    const uint32_t area = take_sheet(scene);
    if ((size_t)area * SHEET_SHARE < scene_cells(scene))
        return 0;
    if (CORNER_SHARE * beside_corners(scene) > area) /* sheets miss 0.05 of them, digits 0.3 */
        return 0;
    part_rim(scene);
    return area;
}
