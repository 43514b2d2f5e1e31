/*
 * The paper's level is followed on a map of at most about 256x256 cells: a morphological closing
 * fills in what is dark and narrow, and keeps the edges of shadows, which a mean would smear. Ink
 * is then what reflects less than the paper would at that place, as a share of it, so that shadow
 * does not make it fainter.
 * Source: J. Serra, Image Analysis and Mathematical Morphology, 1982 (closing).
 */
#include "paper.h"

#include "cells.h"
#include "median.h"
#include "minmax.h"
#include "ruling.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SHARES = 256,      /* by which ink is darker than paper: 255 is black */
    DARKEST = 48,      /* shares are not of less: they would be mostly noise */
    MIN_CONTRAST = 24, /* a tenth of the range, as on even paper */
    NOISES = 6,        /* contrast is at least so many standard deviations of the paper */
    MARGINS = 2        /* closings look less than half the map's side beyond it, and widen that */
};

static float larger(float a, float b)
{
    return a > b ? a : b;
}

/* In each value's place the largest within `radius` of it; of -values if `sign` is -1. */
static void spread_line(float *cell, uint32_t n, uint32_t step, uint32_t radius, float sign)
{
    float value[MARGINS * CELLS_MAX];
    const uint32_t padded = n + 2 * radius, window = 2 * radius + 1;
    for (uint32_t i = 0; i < padded; i++)
        value[i] = -INFINITY;
    for (uint32_t i = 0; i < n; i++)
        value[radius + i] = sign * cell[(size_t)i * step];
    uint32_t covered = 1; /* value[i] is the largest of so many from i on */
    for (; 2 * covered <= window; covered *= 2)
        for (uint32_t i = 0; i + covered < padded; i++)
            value[i] = larger(value[i], value[i + covered]);
    for (uint32_t i = 0; i < n; i++)
        cell[(size_t)i * step] = sign * larger(value[i], value[i + window - covered]);
}

static void spread(struct cells *map, uint32_t radius, float sign)
{
    for (uint32_t y = 0; y < map->height; y++)
        spread_line(map->cell + (size_t)y * map->width, map->width, 1, radius, sign);
    for (uint32_t x = 0; x < map->width; x++)
        spread_line(map->cell + x, map->height, map->width, radius, sign);
}

/* Beyond n values that begin after `margin` places, both ends go on at their level, or darken on as
 * they did, mirrored in the end point. */
static void extend_line(float *line, uint32_t n, uint32_t step, uint32_t margin)
{
    const float *first = line + (size_t)margin * step, *last = first + (size_t)(n - 1) * step;
    for (uint32_t i = 1; i <= margin; i++) {
        const size_t inside = (size_t)min_u32(i, n - 1) * step;
        line[(size_t)(margin - i) * step] = 2 * *first - larger(*first, first[inside]);
        line[(size_t)(margin + n - 1 + i) * step] = 2 * *last - larger(*last, *(last - inside));
    }
}

/*
 * The map of dark writing with what is dark and narrower than twice the radius filled in, which
 * shadows at its border are not: there the map goes on, as far as a cell's closing looks, and light
 * that fades fades on. Returns: -1 without memory.
 */
static int close_map(const struct cells *map, uint32_t radius, float *closed)
{
    const uint32_t margin = 2 * radius;
    struct cells wide = {map->width + 2 * margin, map->height + 2 * margin, map->side, NULL};
    wide.cell = malloc((size_t)wide.width * wide.height * sizeof *wide.cell);
    if (!wide.cell)
        return -1;
    for (uint32_t y = 0; y < map->height; y++) {
        float *row = wide.cell + (size_t)(margin + y) * wide.width;
        memcpy(row + margin, map->cell + (size_t)y * map->width, map->width * sizeof *row);
        extend_line(row, map->width, 1, margin);
    }
    for (uint32_t x = 0; x < wide.width; x++)
        extend_line(wide.cell + x, map->height, wide.width, margin);
    spread(&wide, radius, 1);
    spread(&wide, radius, -1);
    for (uint32_t y = 0; y < map->height; y++)
        memcpy(closed + (size_t)y * map->width,
               wide.cell + (size_t)(margin + y) * wide.width + margin, map->width * sizeof *closed);
    free(wide.cell);
    return 0;
}

/* The mean of the cells within `radius`, counting `weight` of each. Shapes: all [height,width]. */
static void smooth(const struct cells *map, const float *weight, uint32_t radius, float *mean)
{
    const uint32_t width = map->width, height = map->height;
    for (uint32_t y = 0; y < height; y++) {
        const uint32_t top = y < radius ? 0 : y - radius, end = min_u32(y + radius + 1, height);
        for (uint32_t x = 0; x < width; x++) {
            const uint32_t left = x < radius ? 0 : x - radius,
                           right = min_u32(x + radius + 1, width);
            float sum = 0, total = 0;
            for (uint32_t i = top; i < end; i++)
                for (uint32_t j = left; j < right; j++) {
                    sum += weight[i * width + j] * map->cell[i * width + j];
                    total += weight[i * width + j];
                }
            if (total > 0)
                mean[y * width + x] = sum / total;
        }
    }
}

/*
 * Which way writing differs from the paper around it: it is the rarer, so that levels are skewed
 * towards it. Taken in each of 4x4 parts, where light is nearly even. Returns: 1 if it is dark.
 */
static bool writing_is_dark(const struct cells *map)
{
    enum { PARTS = 4 };
    double skew = 0;
    for (uint32_t part = 0; part < PARTS * PARTS; part++) {
        const uint32_t left = part % PARTS * map->width / PARTS;
        const uint32_t right = (part % PARTS + 1) * map->width / PARTS;
        const uint32_t top = part / PARTS * map->height / PARTS;
        const uint32_t end = (part / PARTS + 1) * map->height / PARTS;
        double sum = 0;
        for (uint32_t y = top; y < end; y++)
            for (uint32_t x = left; x < right; x++)
                sum += (double)map->cell[y * map->width + x];
        const double mean = sum / ((end - top) * (right - left));
        for (uint32_t y = top; y < end; y++)
            for (uint32_t x = left; x < right; x++) {
                const double deviation = (double)map->cell[y * map->width + x] - mean;
                skew += deviation * deviation * deviation;
            }
    }
    return skew <= 0;
}

/*
 * Replace the map of dark writing by the paper's level: the closing, from which the mean of those
 * cells near by that are paper takes the bias that noise gave it. Returns: -1 without memory.
 */
static int map_paper(struct cells *map)
{
    const size_t cells = (size_t)map->width * map->height;
    const uint32_t radius = max_u32(2, min_u32(map->width, map->height) / 8);
    float *closed = malloc(cells * sizeof *closed), *weight = malloc(cells * sizeof *weight);
    const int result = closed && weight ? close_map(map, radius, closed) : -1;
    if (result == 0) {
        for (size_t i = 0; i < cells; i++)
            weight[i] = closed[i] - map->cell[i];
        const float bias = median(weight, cells), most = 2 * bias + 2;
        for (size_t i = 0; i < cells; i++) {
            weight[i] = closed[i] - map->cell[i] <= most;
            closed[i] -= bias;
        }
        smooth(map, weight, 2, closed);
        memcpy(map->cell, closed, cells * sizeof *closed);
    }
    free(closed);
    free(weight);
    return result;
}

/* Two cells between whose middles a pixel lies, and the second's weight. */
struct between {
    uint32_t first, second;
    float share;
};

static struct between find_cells(uint32_t at, uint32_t side, uint32_t n)
{
    const float place = fmaxf(((float)at + 0.5f) / (float)side - 0.5f, 0);
    const uint32_t first = min_u32((uint32_t)place, n - 1);
    return (struct between){first, min_u32(first + 1, n - 1), place - (float)first};
}

/*
 * Each pixel becomes the share by which it is darker than the paper, of SHARES; lighter ones 0.
 * Counts them, from `SHARES` darker to as much lighter, in histogram [2 * SHARES].
 */
static void take_shares(struct picture *picture, const struct cells *paper, uint32_t *histogram)
{
    struct between column[PICTURE_MAX_SIDE];
    for (uint32_t x = 0; x < picture->width; x++)
        column[x] = find_cells(x, paper->side, paper->width);
    for (uint32_t y = 0; y < picture->height; y++) {
        const struct between row = find_cells(y, paper->side, paper->height);
        float level[CELLS_MAX];
        for (uint32_t i = 0; i < paper->width; i++) {
            const float a = paper->cell[row.first * paper->width + i];
            const float b = paper->cell[row.second * paper->width + i];
            level[i] = a + row.share * (b - a);
        }
        uint8_t *pixel = picture->pixels + (size_t)y * picture->width;
        for (uint32_t x = 0; x < picture->width; x++) {
            const float a = level[column[x].first], b = level[column[x].second];
            const float here = a + column[x].share * (b - a);
            const float share = (here - (float)pixel[x]) * SHARES / fmaxf(here, DARKEST);
            const int bounded = share >= SHARES   ? SHARES - 1
                                : share > -SHARES ? (int)share
                                                  : -SHARES;
            pixel[x] = (uint8_t)(bounded > 0 ? bounded : 0);
            histogram[SHARES + bounded]++;
        }
    }
}

/* Standard deviation of the paper, from what is lighter than its mean. */
static float find_noise(const uint32_t histogram[2 * SHARES])
{
    uint64_t total = 0, below = 0;
    for (int i = 0; i < SHARES; i++)
        total += histogram[i];
    int i = SHARES;
    while (i > 0 && below * 2 < total)
        below += histogram[--i];
    return (float)(SHARES - i) / 0.67f;
}

/* The share of strokes: the mean weighted by the square, of the upper half, to and fro. */
static float find_contrast(const uint32_t histogram[2 * SHARES], float noise, uint32_t few)
{
    float contrast = 4 * noise;
    for (int turn = 0; turn < 4; turn++) {
        double sum = 0, weights = 0;
        uint64_t pixels = 0;
        for (int i = (int)fmaxf(contrast / 2, 3 * noise) + 1; i < SHARES; i++) {
            const double weight = (double)histogram[SHARES + i] * i * i;
            sum += weight * i;
            weights += weight;
            pixels += histogram[SHARES + i];
        }
        if (pixels < few)
            return 0;
        contrast = (float)(sum / weights);
    }
    return contrast;
}

int paper_ink(struct picture *picture)
{
    const size_t pixels = (size_t)picture->width * picture->height;
    uint32_t histogram[2 * SHARES] = {0};
    struct cells map;
    if (cells_new(&map, picture) != 0)
        return -1;
    cells_means(&map, picture);
    if (!writing_is_dark(&map)) {
        for (size_t i = 0; i < pixels; i++)
            picture->pixels[i] = (uint8_t)(255 - picture->pixels[i]);
        cells_means(&map, picture);
    }
    const int result = map_paper(&map);
    if (result == 0)
        take_shares(picture, &map, histogram);
    free(map.cell);
    if (result != 0)
        return -1;

    const uint32_t side = min_u32(picture->width, picture->height), few = 1 + side / 8;
    const float noise = find_noise(histogram);
    float contrast = find_contrast(histogram, noise, few);
    if (contrast >= MIN_CONTRAST) {
        ruling_remove(picture, (uint8_t)fmaxf(0.1f * contrast, 2.5f * noise), (uint8_t)contrast);
        memset(histogram + SHARES, 0, SHARES * sizeof *histogram);
        for (size_t i = 0; i < pixels; i++)
            histogram[SHARES + picture->pixels[i]]++;
        contrast = find_contrast(histogram, noise, few);
    }
    const bool clear = contrast >= MIN_CONTRAST && contrast >= NOISES * noise &&
                       picture_has_edges(picture, (int)contrast, 1 + side / 32);
    const float low = fmaxf(0.25f * contrast, 3.5f * noise), high = 0.75f * contrast;
    uint8_t ink[SHARES] = {0};
    for (int i = 0; clear && i < SHARES; i++)
        ink[i] = (uint8_t)(255 * fminf(fmaxf(((float)i - low) / (high - low), 0), 1) + 0.5f);
    for (size_t i = 0; i < pixels; i++)
        picture->pixels[i] = ink[picture->pixels[i]];
    return 0;
}
