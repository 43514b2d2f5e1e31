/*
 * Light changes little by little, what it falls on in steps: where levels do the first, it is one
 * thing. Source: E. Land and J. McCann, Lightness and retinex theory, Journal of the Optical
 * Society of America 61 (1971) 1.
 */
#include "regions.h"

#include "minmax.h"

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
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            float sum = 0, n = 0;
            for (uint32_t i = y > 0 ? y - 1 : 0; i < min_u32(y + 2, height); i++)
                for (uint32_t j = x > 0 ? x - 1 : 0; j < min_u32(x + 2, width); j++) {
                    sum += scene->cells.cell[i * width + j];
                    n++;
                }
            level[y * width + x] = sum / n + BLACK;
        }
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

/* Whether a cell beside large regions, within reach, is more like the dark ones. */
static bool is_dark(const struct scene *scene, const bool dark[REGIONS], uint32_t x, uint32_t y)
{
    enum { NEAR = REACH + 2 };
    const uint32_t width = scene->cells.width, height = scene->cells.height;
    float sum[2] = {0}, n[2] = {0};
    for (uint32_t i = y < NEAR ? 0 : y - NEAR; i < min_u32(y + NEAR + 1, height); i++)
        for (uint32_t j = x < NEAR ? 0 : x - NEAR; j < min_u32(x + NEAR + 1, width); j++) {
            const uint32_t at = i * width + j;
            if (scene->kind[at] < REGION)
                continue;
            const bool k = dark[scene->kind[at] - REGION];
            sum[k] += scene->paper[at];
            n[k]++;
        }
    const float own = scene->cells.cell[y * width + x] + BLACK;
    return n[1] > 0 && (n[0] == 0 || own * own * n[0] * n[1] < sum[0] * sum[1]);
}

void regions_find(struct scene *scene)
{
    bool dark[REGIONS] = {false};
    smooth(scene, scene->paper);
    find_edges(scene);
    number_regions(scene);
    find_dark(scene, dark);
    const uint32_t width = scene->cells.width, cells = (uint32_t)scene_cells(scene);
    for (uint32_t i = 0; i < cells; i++) {
        const uint8_t kind = scene->kind[i];
        const bool is =
            kind >= REGION ? dark[kind - REGION] : is_dark(scene, dark, i % width, i / width);
        scene->queue[i] = is ? SCENE_DARK : SCENE_LIGHT;
    }
    for (uint32_t i = 0; i < cells; i++)
        scene->kind[i] = (uint8_t)scene->queue[i];
}
