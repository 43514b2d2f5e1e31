/*
 * Paper is what surrounds writing, wherever the picture's border is. What reaches the border is a
 * table if it leaves a sheet (scene.h) with writing on it, and has none itself, as paper in shadow
 * has.
 */
#include "sheet.h"

#include "median.h"
#include "minmax.h"
#include "regions.h"
#include "scene.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    WINDOW = 4,     /* cells to each side in which paper is found beside strokes */
    MIN_SIDE = 40,  /* of a picture with room for more than a sheet */
    CONTRAST = 24,  /* of writing, at least, as in ink.c */
    SHARES = 64,    /* by which strokes are darker than the paper: all but black */
    TABLE_SHARE = 8 /* of the writing is on the table, at most */
};

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
            scene->paper[y * width + x] = own == SCENE_TABLE ? sum / n : most;
        }
}

/* Pixels by how far they are from their paper, of SHARES: darker ones, and the table's lighter. */
struct shades {
    uint64_t sheet[SHARES], table[SHARES], lighter[SHARES];
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
            const int paper = (int)lrintf(scene->paper[at]);
            const bool table = scene->kind[at] == SCENE_TABLE;
            if (scene->kind[at] == SCENE_BETWEEN)
                continue;
            for (uint32_t x = j * side; x < min_u32((j + 1) * side, picture->width); x++) {
                const int darker = paper - (row[x] ^ flip), away = abs(darker);
                const int full = paper > away ? paper : away;
                const int share = away < CONTRAST ? 0 : away * (SHARES - 1) / full;
                if (darker >= 0)
                    (table ? shades->table : shades->sheet)[share]++;
                else if (table)
                    shades->lighter[share]++;
                else
                    shades->sheet[0]++;
            }
        }
    }
}

/*
 * Whether writing is on the sheet and none to speak of on the table: what is half as much darker
 * than the table as strokes are than the sheet. Paper in shadow has strokes like those in light; a
 * table's grain is as often lighter by as much, but for chance: three standard deviations of that.
 * A number that fills its sheet covers 0.44 of what is bare; what covers more is paper between
 * strokes that were taken for it.
 */
static bool writing_is_on_sheet(const struct scene *scene, const struct picture *picture)
{
    struct shades shades = {0};
    count_shades(scene, picture, &shades);
    uint64_t strokes = 0, sum = 0;
    double on_table = 0;
    for (uint64_t share = 1; share < SHARES; share++) {
        strokes += shades.sheet[share];
        sum += shades.sheet[share] * share;
    }
    for (uint64_t share = SHARES - 1; share > 0 && 2 * share * strokes >= sum; share--) {
        const double grain = (double)shades.lighter[share];
        on_table += fmax(0, (double)shades.table[share] - grain - 3 * sqrt(grain));
    }
    const uint32_t few = 1 + min_u32(picture->width, picture->height) / 8;
    return strokes >= few && 2 * strokes <= shades.sheet[0] &&
           TABLE_SHARE * on_table <= (double)strokes;
}

static bool find_sheet(struct scene *scene, const struct picture *picture)
{
    if (!scene_may_have_sheet(scene))
        return false;
    regions_find(scene);
    if (scene_part(scene) == 0)
        return false;
    find_paper(scene);
    return writing_is_on_sheet(scene, picture);
}

/* The median of the sheet's cells near this one: seldom strokes, at its edge. */
static float common_level(const struct scene *scene, uint32_t at)
{
    const uint32_t width = scene->cells.width, x = at % width, y = at / width;
    const uint32_t left = x < WINDOW ? 0 : x - WINDOW, top = y < WINDOW ? 0 : y - WINDOW;
    float level[(2 * WINDOW + 1) * (2 * WINDOW + 1)];
    size_t n = 0;
    for (uint32_t i = top; i < min_u32(y + WINDOW + 1, scene->cells.height); i++)
        for (uint32_t j = left; j < min_u32(x + WINDOW + 1, width); j++)
            if (scene->kind[i * width + j] == SCENE_SHEET)
                level[n++] = scene->cells.cell[i * width + j];
    return median(level, n);
}

/* What is not sure to be sheet takes the level of the sheet nearest to it. */
static void spread_paper(struct scene *scene)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < scene_cells(scene); i++)
        if (scene->kind[i] == SCENE_SHEET) {
            scene->queue[n++] = i;
            scene->paper[i] = -1;
        }
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t at = scene->queue[i];
        const struct scene_neighbours near = scene_neighbours(scene, at);
        for (int k = 0; k < 4; k++)
            if (scene->kind[near.at[k]] == SCENE_TABLE ||
                scene->kind[near.at[k]] == SCENE_BETWEEN) {
                if (scene->paper[at] < 0)
                    scene->paper[at] = common_level(scene, at);
                scene->kind[near.at[k]] = SCENE_PIECE;
                scene->paper[near.at[k]] = scene->paper[at];
                scene->queue[n++] = near.at[k];
            }
    }
}

/* The box, in pixels, around the sheet. */
static struct box find_box(const struct scene *scene, const struct picture *picture)
{
    const uint32_t width = scene->cells.width, side = scene->cells.side;
    uint32_t left = width, right = 0, top = scene->cells.height, bottom = 0;
    for (uint32_t i = 0; i < scene_cells(scene); i++) {
        if (scene->kind[i] != SCENE_SHEET)
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
            const bool sheet = scene->kind[first + x / side] == SCENE_SHEET;
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
    const size_t cells = scene_cells(&scene);
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
