#include "ink.h"

#include "boxes.h"
#include "minmax.h"
#include "paper.h"
#include "ruling.h"
#include "sheet.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    LEVELS = 256,
    INK = 255,
    MAX_PIXELS = 1 << 22, /* 2048x2048: a digit of 5 mm on a page photographed whole has 35 */
    MIN_CONTRAST = 24,    /* a tenth of the range: more than JPEG artefacts, less than pencil */
    FAINT = 2,            /* a hundredth of the contrast: ripples that cubic enlargement leaves */
    NOISE_FACTOR = 7,     /* times the median deviation: 4.7 standard deviations of noise */
    LARGE = 64,           /* sides from which a picture has room for noise beside its digits */
    SMALLEST_PHOTO = 40,  /* sides of the smallest picture whose paper is sought at each place */
    ALIKE = 8             /* levels that are one, in smaller ones */
};

/* Value in the middle of a histogram of `total` values. */
static int median(const uint32_t histogram[LEVELS], uint32_t total)
{
    uint64_t below = 0;
    int level = 0;
    while (level < LEVELS - 1 && (below += histogram[level]) * 2 <= total)
        level++;
    return level;
}

/*
 * How often each level occurs in a part of the picture. Neighbours, mostly paper alike, are
 * counted in different tables: an increment need not wait for the one before.
 */
static void count_levels(const struct picture *picture, const struct box *part,
                         uint32_t histogram[LEVELS])
{
    enum { TABLES = 4 };
    uint32_t tables[TABLES][LEVELS] = {{0}}; /* a picture has at most 2^26 pixels */
    for (uint32_t y = part->y; y < part->y + part->height; y++) {
        const uint8_t *row = picture->pixels + (size_t)y * picture->width + part->x;
        for (uint32_t x = 0; x < part->width; x++)
            tables[x % TABLES][row[x]]++;
    }
    for (int level = 0; level < LEVELS; level++)
        for (int t = 0; t < TABLES; t++)
            histogram[level] += tables[t][level];
}

/* The paper's level, and its noise, as a ring along the border shows them. */
struct ring {
    int level;  /* median: digits are seldom at the border */
    int noise;  /* median deviation */
    bool clear; /* two thirds of it are alike */
};

static struct ring take_ring(const struct picture *picture, const struct box *part, int parts)
{
    uint32_t levels[LEVELS] = {0}, deviations[LEVELS] = {0}, total = 0;
    for (int i = 0; i < parts; i++) {
        count_levels(picture, &part[i], levels);
        total += part[i].width * part[i].height;
    }
    const int level = median(levels, total);
    for (int i = 0; i < LEVELS; i++)
        deviations[abs(i - level)] += levels[i];
    uint32_t alike = 0;
    for (int i = 0; i <= ALIKE; i++)
        alike += deviations[i];
    return (struct ring){level, median(deviations, total), 3 * alike >= 2 * total};
}

static struct ring find_ring(const struct picture *picture)
{
    const uint32_t width = picture->width, height = picture->height;
    const uint32_t thick = min_u32(1 + min_u32(width, height) / 64, 4);
    const uint32_t inside = height > 2 * thick ? height - 2 * thick : 0;
    const struct box part[4] = {{0, 0, width, min_u32(thick, height)},
                                {0, thick + inside, width, inside ? thick : 0},
                                {0, thick, min_u32(thick, width), inside},
                                {width - min_u32(thick, width), thick, thick, inside}};
    return take_ring(picture, part, 4);
}

/* The same of a sheet, as its middle shows them: it has no border of its own to be seen. */
static struct ring find_middle(const struct picture *picture)
{
    const uint32_t width = picture->width, height = picture->height;
    const struct box part = {width / 4, height / 4, (width + 1) / 2, (height + 1) / 2};
    return take_ring(picture, &part, 1);
}

/*
 * The paper of a small picture that a thick digit fills to its border, where the ring shows both:
 * the level that most of the picture has, if two fifths of it are alike.
 */
static void prefer_common(const struct picture *picture, struct ring *ring)
{
    const struct box all = {0, 0, picture->width, picture->height};
    uint32_t histogram[LEVELS] = {0}, most = 0;
    int common = 0;
    count_levels(picture, &all, histogram);
    for (int level = 0; level < LEVELS; level++) {
        uint32_t alike = 0;
        for (int i = level > ALIKE ? level - ALIKE : 0; i <= level + ALIKE && i < LEVELS; i++)
            alike += histogram[i];
        if (alike > most || (alike == most && histogram[level] > histogram[common]))
            most = alike, common = level;
    }
    if (5 * most >= 2 * all.width * all.height)
        *ring = (struct ring){.level = common};
}

/* The box around all that is not exactly of the paper's level; empty where there is nothing. */
static struct box find_unlike(const struct picture *picture, int level)
{
    const uint32_t width = picture->width;
    uint8_t paper[PICTURE_MAX_SIDE];
    memset(paper, level, width);
    uint32_t left = width, right = 0, top = picture->height, bottom = 0;
    for (uint32_t y = 0; y < picture->height; y++) {
        const uint8_t *row = picture->pixels + (size_t)y * width;
        if (memcmp(row, paper, width) == 0)
            continue;
        top = min_u32(top, y);
        bottom = y + 1;
        uint32_t x = 0, end = width;
        while (x < left && row[x] == level)
            x++;
        left = min_u32(left, x);
        while (end > right && row[end - 1] == level)
            end--;
        right = max_u32(right, end);
    }
    if (bottom == 0)
        return (struct box){0};
    return (struct box){left, top, right - left, bottom - top};
}

/* What lies on one side of the paper's level: dark or light. */
struct side {
    int contrast;  /* the strongest deviation that more than a few pixels reach */
    double energy; /* sum of squared deviations: strong ink outweighs a large faint shade */
};

static struct side find_side(const uint32_t histogram[LEVELS], int paper, int noise, int direction,
                             uint32_t few)
{
    struct side side = {0};
    uint32_t reached = 0;
    const int furthest = direction > 0 ? INK - paper : paper;
    for (int deviation = furthest; deviation > noise; deviation--) {
        const uint32_t n = histogram[paper + direction * deviation];
        reached += n;
        if (!side.contrast && reached >= few)
            side.contrast = deviation;
        side.energy += (double)n * deviation * deviation;
    }
    return side;
}

/*
 * Deviations up to this are artefacts that JPEG left around strokes on even paper: they lie dense
 * next to the paper's level, while the edges of strokes take all levels about equally often.
 */
static int find_haze(const uint32_t histogram[LEVELS], int paper, int direction, int contrast,
                     uint32_t few)
{
    enum { WINDOW = 4 };
    uint64_t middle = 0;
    for (int d = contrast / 4; d < contrast * 3 / 4; d++)
        middle += histogram[paper + direction * d];
    const uint64_t usual =
        WINDOW * (4 * middle / (uint64_t)max_u32(1, (uint32_t)contrast / 2) + few);
    int haze = 0;
    for (; haze < contrast / 4; haze++) {
        uint64_t n = 0;
        for (int d = haze + 1; d <= haze + WINDOW; d++)
            n += histogram[paper + direction * d];
        if (n <= usual)
            break;
    }
    return haze;
}

/* Ink on paper of the ring's level: the range between is stretched over 0..255. */
static void even_ink(struct picture *picture, const struct ring *ring)
{
    const struct box part = find_unlike(picture, ring->level);
    uint32_t histogram[LEVELS] = {0};
    count_levels(picture, &part, histogram);
    const uint32_t side = min_u32(picture->width, picture->height), few = 1 + side / 32;
    int noise = NOISE_FACTOR * ring->noise;
    const struct side dark = find_side(histogram, ring->level, noise, -1, few);
    const struct side light = find_side(histogram, ring->level, noise, 1, few);
    const int direction = light.energy > dark.energy ? 1 : -1;
    const int contrast = direction > 0 ? light.contrast : dark.contrast;

    uint8_t ink[LEVELS] = {0};
    if (contrast >= MIN_CONTRAST && contrast > 2 * noise &&
        picture_has_edges(picture, contrast, 1 + side / 12)) {
        if (side >= LARGE && noise == 0)
            noise = find_haze(histogram, ring->level, direction, contrast, few);
        const int range = contrast - noise;
        for (int level = 0; level < LEVELS; level++) {
            const int above = direction * (level - ring->level) - noise;
            const int stretched = above > 0 ? (above * INK + range / 2) / range : 0;
            if (stretched > FAINT)
                ink[level] = (uint8_t)min_u32(INK, (uint32_t)stretched);
        }
    }
    const size_t width = picture->width, rest = width - part.x - part.width;
    memset(picture->pixels, 0, part.y * width);
    for (uint32_t y = part.y; y < part.y + part.height; y++) {
        uint8_t *row = picture->pixels + y * width;
        memset(row, 0, part.x);
        for (uint32_t x = part.x; x < part.x + part.width; x++)
            row[x] = ink[row[x]];
        memset(row + part.x + part.width, 0, rest);
    }
    const size_t below = part.y + part.height;
    memset(picture->pixels + below * width, 0, (picture->height - below) * width);
}

int ink_find(struct picture *picture)
{
    uint32_t factor = 1;
    while ((uint64_t)(picture->width / factor) * (picture->height / factor) > MAX_PIXELS)
        factor++;
    picture_reduce(picture, factor);
    struct box sheet;
    const uint32_t width = picture->width, height = picture->height;
    if (sheet_cut(picture, &sheet) != 0)
        return -1;
    const bool whole = picture->width == width && picture->height == height;
    struct ring ring = whole ? find_ring(picture) : find_middle(picture);
    const uint32_t side = min_u32(picture->width, picture->height);
    if (side < SMALLEST_PHOTO && !ring.clear)
        prefer_common(picture, &ring);
    if (ring.noise > 0 && side >= SMALLEST_PHOTO) {
        if (paper_ink(picture) != 0)
            return -1;
    } else {
        even_ink(picture, &ring);
        if (side >= LARGE)
            ruling_remove(picture, 0, INK);
    }
    if (boxes_clear(picture) != 0)
        return -1;
    sheet_put_back(picture, &sheet, width, height);
    return (int)factor;
}
