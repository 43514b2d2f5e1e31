/*
 * Light changes little by little, what it falls on in steps: where levels do the first, it is one
 * thing. Source: E. Land and J. McCann, Lightness and retinex theory, Journal of the Optical
 * Society of America 61 (1971) 1.
 */
#include "regions.h"

#include "minmax.h"

#include <math.h>
#include <string.h>

/* What a cell's kind is on the way: large regions have numbers from REGION on. */
enum { NONE, EDGE, SMALL, REGION };

enum {
    REACH = 2,    /* cells to either side between which a step is looked for */
    REGIONS = 64, /* a large region has such a share of the cells, at least */
    CLEAR = 7,    /* of eight steps to other regions lead up from a dark one */
    BLACK = 16    /* levels added, so that noise of the darkest is no step */
};

#define STEP 1.4f   /* between two levels, the lighter by the darker: what is no light or grain */
#define DARKER 1.6f /* between paper and a table: what is no shadow */

static bool is_step(float a, float b)
{
    return a > STEP * b || b > STEP * a;
}

/* The means of 3x3 cells, with BLACK added. */
static void smooth(const struct scene *scene, float *level)
{
    const uint32_t width = scene->cells.width, height = scene->cells.height;
    for (uint32_t y = 0; y < height; y++) {
        const uint32_t top = y > 0 ? y - 1 : 0, bottom = min_u32(y + 2, height);
        float column[CELLS_MAX + 2] = {0}; /* from beyond the left to beyond the right */
        for (uint32_t i = top; i < bottom; i++)
            for (uint32_t x = 0; x < width; x++)
                column[x + 1] += scene->cells.cell[i * width + x];
        for (uint32_t x = 0; x < width; x++) {
            const uint32_t columns = min_u32(x + 2, width) - (x > 0 ? x - 1 : 0);
            level[y * width + x] =
                (column[x] + column[x + 1] + column[x + 2]) / (float)((bottom - top) * columns) +
                BLACK;
        }
    }
}

/* Whether any of the border is as much darker as a table is than the lightest that there is. */
static bool border_is_dark(const struct scene *scene)
{
    const uint32_t width = scene->cells.width, height = scene->cells.height;
    const float *level = scene->paper, *last = level + (size_t)(height - 1) * width;
    float least = level[0];
    for (uint32_t x = 0; x < width; x++)
        least = fminf(least, fminf(level[x], last[x]));
    for (uint32_t y = 0; y < height; y++)
        least = fminf(least, fminf(level[y * width], level[(y + 1) * width - 1]));
    for (size_t i = 0, cells = scene_cells(scene); i < cells; i++)
        if (level[i] > DARKER * least)
            return true;
    return false;
}

static void find_edges(struct scene *scene)
{
    const uint32_t width = scene->cells.width, height = scene->cells.height;
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            const float *row = scene->paper + y * width, *column = scene->paper + x;
            const uint32_t left = x < REACH ? 0 : x - REACH, top = y < REACH ? 0 : y - REACH;
            const uint32_t right = min_u32(x + REACH, width - 1);
            const uint32_t bottom = min_u32(y + REACH, height - 1);
            scene->kind[y * width + x] =
                is_step(row[left], row[right]) ||
                        is_step(column[top * width], column[bottom * width])
                    ? EDGE
                    : NONE;
        }
}

/* Number the large regions. */
static void number_regions(struct scene *scene)
{
    const uint32_t cells = (uint32_t)scene_cells(scene);
    uint32_t regions = 0;
    for (uint32_t i = 0; i < cells; i++) {
        if (scene->kind[i] != NONE)
            continue;
        const uint32_t n = scene_flood(scene, i, NONE, SMALL);
        if ((uint64_t)n * REGIONS < cells)
            continue;
        for (uint32_t k = 0; k < n; k++)
            scene->kind[scene->queue[k]] = (uint8_t)(REGION + regions);
        regions++;
    }
}

/* Which of the regions are dark. */
static void find_dark(const struct scene *scene, bool dark[REGIONS])
{
    enum { APART = 2 * (REACH + 2) };
    const uint32_t width = scene->cells.width, height = scene->cells.height;
    uint32_t steps[REGIONS] = {0}, up[REGIONS] = {0};
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            const uint32_t at = y * width + x;
            const uint32_t other[2] = {x + APART < width ? at + APART : at,
                                       y + APART < height ? at + APART * width : at};
            for (int k = 0; k < 2; k++) {
                const uint8_t a = scene->kind[at], b = scene->kind[other[k]];
                if (a < REGION || b < REGION || a == b)
                    continue;
                steps[a - REGION]++;
                steps[b - REGION]++;
                up[a - REGION] += scene->paper[other[k]] > DARKER * scene->paper[at];
                up[b - REGION] += scene->paper[at] > DARKER * scene->paper[other[k]];
            }
        }
    for (int i = 0; i < REGIONS; i++)
        dark[i] = steps[i] > 0 && 8 * up[i] >= CLEAR * steps[i];
}

/* Cells of large regions within reach of a place, the dark ones' last. */
struct near {
    double sum[2]; /* of their levels: exact, so that what is added can be taken off again */
    int n[2];
};

enum { NEAR = REACH + 2 };

/* Add a row's cells to their columns, or with -1 take them off. */
static void count_row(const struct scene *scene, const bool dark[REGIONS], uint32_t y, int sign,
                      struct near column[CELLS_MAX])
{
    const uint32_t width = scene->cells.width;
    for (uint32_t x = 0; x < width; x++) {
        const uint8_t kind = scene->kind[y * width + x];
        if (kind < REGION)
            continue;
        column[x].sum[dark[kind - REGION]] += sign * (double)scene->paper[y * width + x];
        column[x].n[dark[kind - REGION]] += sign;
    }
}

static void count_column(const struct near *column, int sign, struct near *near)
{
    for (int k = 0; k < 2; k++) {
        near->sum[k] += sign * column->sum[k];
        near->n[k] += sign * column->n[k];
    }
}

/* Whether a cell of such a level is more like the dark regions near it. */
static bool is_dark(double level, const struct near *near)
{
    return near->n[1] > 0 && (near->n[0] == 0 || level * level * near->n[0] * near->n[1] <
                                                     near->sum[0] * near->sum[1]);
}

/* Part the cells by the regions; those of none by which they are more like. */
static void part_cells(struct scene *scene, const bool dark[REGIONS])
{
    const uint32_t width = scene->cells.width, height = scene->cells.height;
    struct near column[CELLS_MAX] = {0};
    for (uint32_t y = 0; y < min_u32(NEAR, height); y++)
        count_row(scene, dark, y, 1, column);
    for (uint32_t y = 0; y < height; y++) {
        struct near near = {0};
        if (y + NEAR < height)
            count_row(scene, dark, y + NEAR, 1, column);
        if (y > NEAR)
            count_row(scene, dark, y - NEAR - 1, -1, column);
        for (uint32_t x = 0; x < min_u32(NEAR, width); x++)
            count_column(&column[x], 1, &near);
        for (uint32_t x = 0; x < width; x++) {
            const uint32_t at = y * width + x;
            const uint8_t kind = scene->kind[at];
            if (x + NEAR < width)
                count_column(&column[x + NEAR], 1, &near);
            if (x > NEAR)
                count_column(&column[x - NEAR - 1], -1, &near);
            const bool is = kind >= REGION ? dark[kind - REGION]
                                           : is_dark((double)scene->cells.cell[at] + BLACK, &near);
            scene->queue[at] = is ? SCENE_DARK : SCENE_LIGHT;
        }
    }
    for (size_t i = 0, cells = scene_cells(scene); i < cells; i++)
        scene->kind[i] = (uint8_t)scene->queue[i];
}

void regions_find(struct scene *scene)
{
    bool dark[REGIONS] = {false};
    smooth(scene, scene->paper);
    memset(scene->kind, SCENE_LIGHT, scene_cells(scene));
    if (!border_is_dark(scene))
        return;
    find_edges(scene);
    number_regions(scene);
    find_dark(scene, dark);
    part_cells(scene, dark);
}
