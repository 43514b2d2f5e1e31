#include "picture.h"

#include "minmax.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    LEVELS = 256,
    INK = 255,
    BOX_SIDE = 20,     /* MNIST fits the ink into 20x20 ... */
    CENTRE = 14,       /* ... and its centre of mass lies in [13.5,14.5), counting pixels from 0 */
    MIN_CONTRAST = 24, /* a tenth of the range: more than JPEG artefacts, less than faint pencil */
    FAINT = 2,         /* a hundredth of the contrast: ripples that cubic enlargement leaves */
    NOISE_FACTOR = 7   /* times the median deviation: 4.7 standard deviations of Gaussian noise */
};

void picture_free(struct picture *picture)
{
    free(picture->pixels);
    *picture = (struct picture){0};
}

static uint8_t at(const struct picture *picture, uint32_t x, uint32_t y)
{
    return picture->pixels[(size_t)y * picture->width + x];
}

/* Value in the middle of a histogram of `total` values. */
static int median(const uint64_t histogram[LEVELS], uint64_t total)
{
    uint64_t below = 0;
    int level = 0;
    while (level < LEVELS - 1 && (below += histogram[level]) * 2 <= total)
        level++;
    return level;
}

/*
 * The paper's grey level and its noise, from a ring along the border, where digits seldom are.
 * Uneven light would make this a level for each place.
 */
struct paper {
    int level; /* median */
    int noise; /* deviations up to this are paper */
};

static struct paper find_paper(const struct picture *picture)
{
    const uint32_t width = picture->width, height = picture->height;
    const uint32_t ring = 1 + min_u32(width, height) / 64;
    uint64_t levels[LEVELS] = {0}, deviations[LEVELS] = {0}, total = 0;
    for (uint32_t y = 0; y < height; y++) {
        const bool whole = y < ring || y + ring >= height;
        for (uint32_t x = 0; x < width; x++) {
            if (!whole && x == ring && width > 2 * ring)
                x = width - ring;
            levels[at(picture, x, y)]++;
            total++;
        }
    }
    const int level = median(levels, total);
    for (int i = 0; i < LEVELS; i++)
        deviations[abs(i - level)] += levels[i];
    return (struct paper){level, NOISE_FACTOR * median(deviations, total)};
}

/* What lies on one side of the paper's level: dark or light. */
struct side {
    int contrast;  /* the strongest deviation that more than a few pixels reach */
    double energy; /* sum of squared deviations: strong ink outweighs a large faint shade */
};

static struct side find_side(const uint64_t histogram[LEVELS], const struct paper *paper,
                             int direction, uint64_t few)
{
    struct side side = {0};
    uint64_t reached = 0;
    const int furthest = direction > 0 ? INK - paper->level : paper->level;
    for (int deviation = furthest; deviation > paper->noise; deviation--) {
        const uint64_t n = histogram[paper->level + direction * deviation];
        reached += n;
        if (!side.contrast && reached >= few)
            side.contrast = deviation;
        side.energy += (double)n * deviation * deviation;
    }
    return side;
}

/*
 * Whether grey changes by half of `contrast` within a twelfth of the shorter side, as the edge of
 * any stroke does. A gradient across the picture changes by a twelfth to a sixth of its range.
 */
static bool has_edges(const struct picture *picture, int contrast)
{
    const uint32_t width = picture->width, height = picture->height;
    const uint32_t step = 1 + min_u32(width, height) / 12;
    for (uint32_t y = 0; y < height; y++) {
        const uint8_t *row = picture->pixels + (size_t)y * width;
        const uint8_t *below = y + step < height ? row + (size_t)step * width : row;
        for (uint32_t x = 0; x < width; x++) {
            const uint8_t right = row[x + step < width ? x + step : x];
            if (2 * abs(right - row[x]) >= contrast || 2 * abs(below[x] - row[x]) >= contrast)
                return true;
        }
    }
    return false;
}

/*
 * How often each level occurs. Neighbours, mostly paper alike, are counted in different tables:
 * an increment need not wait for the one before.
 */
static void count_levels(const struct picture *picture, uint64_t histogram[LEVELS])
{
    enum { TABLES = 4 };
    const size_t pixels = (size_t)picture->width * picture->height;
    uint32_t tables[TABLES][LEVELS] = {{0}}; /* a picture has at most 2^26 pixels */
    for (size_t i = 0; i < pixels; i++)
        tables[i % TABLES][picture->pixels[i]]++;
    for (int level = 0; level < LEVELS; level++) {
        histogram[level] = 0;
        for (int t = 0; t < TABLES; t++)
            histogram[level] += tables[t][level];
    }
}

void picture_ink(struct picture *picture)
{
    const size_t pixels = (size_t)picture->width * picture->height;
    uint64_t histogram[LEVELS];
    count_levels(picture, histogram);
    const struct paper paper = find_paper(picture);
    const uint64_t few = 1 + min_u32(picture->width, picture->height) / 32;
    const struct side dark = find_side(histogram, &paper, -1, few);
    const struct side light = find_side(histogram, &paper, 1, few);
    const int direction = light.energy > dark.energy ? 1 : -1;
    const int contrast = direction > 0 ? light.contrast : dark.contrast;

    uint8_t ink[LEVELS] = {0};
    if (contrast >= MIN_CONTRAST && contrast > 2 * paper.noise && has_edges(picture, contrast)) {
        const int range = contrast - paper.noise;
        for (int level = 0; level < LEVELS; level++) {
            const int above = direction * (level - paper.level) - paper.noise;
            const int stretched = above > 0 ? (above * INK + range / 2) / range : 0;
            if (stretched > FAINT)
                ink[level] = (uint8_t)min_u32(INK, (uint32_t)stretched);
        }
    }
    for (size_t i = 0; i < pixels; i++)
        picture->pixels[i] = ink[picture->pixels[i]];
}

/* The strongest ink of each column and row of a box, counted from its corner. */
struct profile {
    uint8_t column[PICTURE_MAX_SIDE], row[PICTURE_MAX_SIDE];
};

static void find_profile(const struct picture *ink, const struct box *box, struct profile *profile)
{
    memset(profile->column, 0, box->width);
    memset(profile->row, 0, box->height);
    for (uint32_t y = 0; y < box->height; y++) {
        const uint8_t *pixel = ink->pixels + (size_t)(box->y + y) * ink->width + box->x;
        uint8_t peak = 0;
        for (uint32_t x = 0; x < box->width; x++) {
            const uint8_t value = pixel[x];
            peak = value > peak ? value : peak;
            profile->column[x] = value > profile->column[x] ? value : profile->column[x];
        }
        profile->row[y] = peak;
    }
}

/* Cut what has no ink from both ends of a box's side. Returns: false when nothing is left. */
static bool cut_paper(const uint8_t *peak, uint32_t *start, uint32_t *length)
{
    uint32_t first = 0, end = *length;
    while (first < end && !peak[first])
        first++;
    while (end > first && !peak[end - 1])
        end--;
    *start += first;
    *length = end - first;
    return end > first;
}

/* The part of `box` that has ink. Returns: false when there is none. */
static bool shrink_box(const struct picture *ink, struct box *box)
{
    struct profile profile;
    find_profile(ink, box, &profile);
    return cut_paper(profile.column, &box->x, &box->width) &&
           cut_paper(profile.row, &box->y, &box->height);
}

bool picture_ink_box(const struct picture *ink, struct box *box)
{
    *box = (struct box){0, 0, ink->width, ink->height};
    return shrink_box(ink, box);
}

/*
 * How many columns (or rows) at an end of the ink are only the blur of an enlargement. A drawing of
 * 20 pixels enlarged smoothly to `longer` has a rim of half an old pixel where its outermost
 * pixels, one old pixel in, fade below half. Drawings of that size themselves have no rim.
 */
static uint32_t blurred_rim(const uint8_t *peak, uint32_t length, bool from_end, uint32_t longer)
{
    const uint32_t limit = min_u32(longer / 40, length / 4);
    const uint32_t inside = min_u32(longer / 21, length / 2);
    const int outermost = peak[from_end ? length - 1 - inside : inside];
    uint32_t rim = 0;
    while (rim < limit && 2 * peak[from_end ? length - 1 - rim : rim] < outermost)
        rim++;
    return rim;
}

/* The box without its rim of blur, so that an enlarged drawing fits into 20x20 as the original. */
static void cut_blur(const struct picture *ink, struct box *box)
{
    struct profile profile;
    find_profile(ink, box, &profile);
    const uint32_t longer = max_u32(box->width, box->height);
    const uint32_t left = blurred_rim(profile.column, box->width, false, longer);
    const uint32_t right = blurred_rim(profile.column, box->width, true, longer);
    const uint32_t top = blurred_rim(profile.row, box->height, false, longer);
    const uint32_t bottom = blurred_rim(profile.row, box->height, true, longer);
    *box = (struct box){box->x + left, box->y + top, box->width - left - right,
                        box->height - top - bottom};
}

/*
 * One axis of a resize from `from` to `to` pixels: source pixel `j` counts with weight(i, j) for
 * target pixel `i`, and first(i) <= j <= last(i). Reduction averages the area under the target
 * pixel; enlargement interpolates linearly; from == to is the identity.
 */
struct axis {
    uint32_t from, to;
};

static uint32_t first_source(const struct axis *axis, uint32_t i)
{
    if (axis->from >= axis->to)
        return (uint32_t)((uint64_t)i * axis->from / axis->to);
    const uint32_t twice = (2 * i + 1) * axis->from; /* of the target's centre, in 1/(2 to) */
    return twice < axis->to ? 0 : (twice - axis->to) / (2 * axis->to);
}

static uint32_t last_source(const struct axis *axis, uint32_t i)
{
    if (axis->from >= axis->to)
        return (uint32_t)(((uint64_t)(i + 1) * axis->from - 1) / axis->to);
    return min_u32(first_source(axis, i) + 1, axis->from - 1);
}

static float source_weight(const struct axis *axis, uint32_t i, uint32_t j)
{
    const float scale = (float)axis->from / (float)axis->to;
    if (axis->from >= axis->to) {
        const float low = fmaxf((float)j, (float)i * scale);
        const float high = fminf((float)(j + 1), (float)(i + 1) * scale);
        return fmaxf(0, high - low) / scale;
    }
    const float last = (float)(axis->from - 1);
    const float centre = fminf(fmaxf(((float)i + 0.5f) * scale - 0.5f, 0), last);
    return fmaxf(0, 1 - fabsf((float)j - centre));
}

/* Resize the ink in `box` to small [rows.to,columns.to] f32, with a row length of BOX_SIDE. */
static void resize(const struct picture *ink, const struct box *box, struct axis columns,
                   struct axis rows, float small[BOX_SIDE * BOX_SIDE])
{
    /* Every row weighs its pixels alike. Neighbours of a smaller line share a pixel at most. */
    float weights[PICTURE_MAX_SIDE + 2 * BOX_SIDE], *next = weights;
    for (uint32_t j = 0; j < columns.to; j++)
        for (uint32_t x = first_source(&columns, j); x <= last_source(&columns, j); x++)
            *next++ = source_weight(&columns, j, x);

    memset(small, 0, sizeof(float) * BOX_SIDE * BOX_SIDE);
    uint32_t i = 0; /* first target row that the source row still counts for */
    for (uint32_t y = 0; y < box->height; y++) {
        const uint8_t *source = ink->pixels + (size_t)(box->y + y) * ink->width + box->x;
        float line[BOX_SIDE];
        const float *weight = weights;
        for (uint32_t j = 0; j < columns.to; j++) {
            float sum = 0;
            const uint32_t last = last_source(&columns, j);
            for (uint32_t x = first_source(&columns, j); x <= last; x++)
                sum += *weight++ * source[x];
            line[j] = sum;
        }
        while (last_source(&rows, i) < y)
            i++;
        for (uint32_t k = i; k < rows.to && first_source(&rows, k) <= y; k++) {
            const float share = source_weight(&rows, k, y);
            for (uint32_t j = 0; j < columns.to; j++)
                small[k * BOX_SIDE + j] += share * line[j];
        }
    }
}

/* Length of a box's side after a resize that makes its longer side BOX_SIDE. */
static uint32_t fitted(uint32_t side, uint32_t longer)
{
    return max_u32(1, (side * BOX_SIDE + longer / 2) / longer);
}

/* Whole pixels to move by to bring `centre` into [13.5,14.5), yet keep `side` pixels inside. */
static uint32_t placed(float centre, uint32_t side)
{
    const float offset = ceilf(CENTRE - 0.5f - centre);
    return (uint32_t)fminf(fmaxf(offset, 0), (float)(IMAGE_SIDE - side));
}

void picture_normalize(const struct picture *ink, const struct box *box,
                       uint8_t image[IMAGE_PIXELS])
{
    memset(image, 0, IMAGE_PIXELS);
    struct box tight = *box;
    if (!shrink_box(ink, &tight))
        return;
    cut_blur(ink, &tight);
    const uint32_t longer = max_u32(tight.width, tight.height);
    const struct axis columns = {tight.width, fitted(tight.width, longer)};
    const struct axis rows = {tight.height, fitted(tight.height, longer)};
    float small[BOX_SIDE * BOX_SIDE];
    resize(ink, &tight, columns, rows, small);

    float mass = 0, sum_x = 0, sum_y = 0, peak = 0;
    for (uint32_t y = 0; y < rows.to; y++) {
        for (uint32_t x = 0; x < columns.to; x++) {
            const float value = small[y * BOX_SIDE + x];
            mass += value;
            sum_x += value * (float)x;
            sum_y += value * (float)y;
            peak = fmaxf(peak, value);
        }
    }
    if (peak <= 0)
        return;
    const uint32_t left = placed(sum_x / mass, columns.to), top = placed(sum_y / mass, rows.to);
    for (uint32_t y = 0; y < rows.to; y++)
        for (uint32_t x = 0; x < columns.to; x++)
            image[(top + y) * IMAGE_SIDE + left + x] =
                (uint8_t)lrintf(small[y * BOX_SIDE + x] * (INK / peak));
}
