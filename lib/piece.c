#include "piece.h"

#include "normal.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Digits are cut at about twice their size, where a cut is finer, and reduced like a page. */
enum { SIDE = 56, WIDTH = 2 * SIDE, MIDDLE = SIDE / 2, LIMIT = 3 * SIDE, FAINT = 24 };

/* Damage is the share of its ink that a digit has lost, and the ink won from its neighbour. */
#define UNHARMED 0.05f /* what a good cut does */
#define SPOILT 0.35f   /* what leaves no digit */
#define LEAST 0.25f    /* of a digit's ink: less is dropped as a speck */
#define NARROW 0.4f    /* width by height: pieces of digits that are narrower do look like a 1 */

/* Two digits on one sheet. */
struct pair {
    float ink[2][SIDE * WIDTH]; /* of either, 0 = paper .. 1 */
    float mass[2];              /* its sum */
    int left, right;            /* the first column with ink, and the one after the last */
};

/* A cut: the line through (x, MIDDLE) that goes aside by `slant` a row. */
struct cut {
    float x, slant;
};

/* Where a grid's places lie in an image with a border of paper: between `cell` and the next. */
struct axis {
    int cell[SIDE];
    float share[SIDE]; /* of the next */
};

/* Grid place `at` lies at `from` in the image, and each place is 1 / scale of its pixels. */
static void set_axis(struct axis *axis, float at, float from, float scale)
{
    for (int i = 0; i < SIDE; i++) {
        const float place = 1 + from + ((float)i - at) / scale;
        const float inside = fminf(fmaxf(place, 0), IMAGE_SIDE);
        axis->cell[i] = (int)inside;
        axis->share[i] = inside - (float)(int)inside;
    }
}

/* Draw a digit, `scale` times as large, with its ink from column 2 on, `down` below the middle. */
static void put(const uint8_t *image, float scale, float down, float *ink)
{
    float paper[IMAGE_SIDE + 2][IMAGE_SIDE + 2] = {0};
    int first = IMAGE_SIDE, top = IMAGE_SIDE, end = 0;
    for (int p = 0; p < IMAGE_PIXELS; p++)
        if (image[p] > 0) {
            const int x = p % IMAGE_SIDE, y = p / IMAGE_SIDE;
            first = x < first ? x : first;
            top = y < top ? y : top;
            end = y + 1;
            paper[1 + y][1 + x] = (float)image[p] / 255;
        }
    struct axis across, along;
    set_axis(&across, 2, (float)first, scale);
    set_axis(&along, MIDDLE + down, 0.5f * (float)(top + end - 1), scale);
    for (int y = 0; y < SIDE; y++) {
        const float *upper = paper[along.cell[y]], *lower = paper[along.cell[y] + 1];
        const float b = along.share[y];
        for (int x = 0; x < SIDE; x++) {
            const int i = across.cell[x];
            const float a = across.share[x];
            ink[y * WIDTH + x] = (1 - b) * ((1 - a) * upper[i] + a * upper[i + 1]) +
                                 b * ((1 - a) * lower[i] + a * lower[i + 1]);
        }
    }
}

/* Where the ink of a row ends, or from its right end begins; LIMIT where there is none. */
static int row_end(const float *row, bool from_right)
{
    for (int i = 0; i < WIDTH; i++)
        if (row[from_right ? i : WIDTH - 1 - i] > 0.3f)
            return from_right ? i : WIDTH - i;
    return LIMIT;
}

/* Move the right digit up to the left one, `gap` pixels from it where they come closest. */
static void move_up(struct pair *pair, int gap)
{
    int move = -LIMIT;
    for (int y = 0; y < SIDE; y++) {
        const int end = row_end(pair->ink[0] + y * WIDTH, false);
        const int start = row_end(pair->ink[1] + y * WIDTH, true);
        if (end < LIMIT && start < LIMIT && end - start > move)
            move = end - start;
    }
    move = move + gap < 0 ? 0 : move + gap > SIDE ? SIDE : move + gap;
    for (int y = 0; y < SIDE; y++) {
        float *row = pair->ink[1] + y * WIDTH;
        memmove(row + move, row, (WIDTH - (size_t)move) * sizeof *row);
        memset(row, 0, (size_t)move * sizeof *row);
    }
}

static void measure(struct pair *pair)
{
    pair->left = WIDTH;
    pair->right = 0;
    for (int k = 0; k < 2; k++) {
        pair->mass[k] = 0;
        for (int p = 0; p < SIDE * WIDTH; p++) {
            pair->mass[k] += pair->ink[k][p];
            if (pair->ink[k][p] > 0.1f) {
                pair->left = p % WIDTH < pair->left ? p % WIDTH : pair->left;
                pair->right = p % WIDTH + 1 > pair->right ? p % WIDTH + 1 : pair->right;
            }
        }
    }
}

static void make_pair(struct rng *rng, const uint8_t *const digit[2], struct pair *pair)
{
    memset(pair, 0, sizeof *pair);
    for (int k = 0; k < 2; k++) {
        const float scale = rng_between(rng, 1.7f, 2.3f);
        put(digit[k], scale, rng_between(rng, -4, 4), pair->ink[k]);
    }
    move_up(pair, (int)rng_below(rng, 6) - 4);
    measure(pair);
}

/* Leave a digit alone on its sheet, where no cut will touch it. */
static void remove_one(struct pair *pair, int which)
{
    memset(pair->ink[which], 0, sizeof pair->ink[which]);
    measure(pair);
}

/* The cut of this slant that leaves the least ink on the wrong side. Returns: how much. */
static float best_cut(const struct pair *pair, struct cut *cut)
{
    float column[LIMIT] = {0}; /* left ink less right ink, by where the line meets the middle */
    for (int y = 0; y < SIDE; y++) {
        const int aside = SIDE / 2 - (int)lrintf(cut->slant * (float)(y - MIDDLE));
        for (int x = 0; x < WIDTH; x++)
            column[x + aside] += pair->ink[0][y * WIDTH + x] - pair->ink[1][y * WIDTH + x];
    }
    float wrong = pair->mass[0], least = wrong;
    int best = 0;
    for (int x = 0; x < LIMIT; x++) {
        wrong -= column[x];
        if (wrong < least)
            least = wrong, best = x + 1;
    }
    cut->x = (float)(best - SIDE / 2) - 0.5f;
    return least;
}

/* A cut that runs between the digits, or nearly. */
static struct cut between(struct rng *rng, const struct pair *pair)
{
    enum { TRIES = 4 };
    struct cut best = {0};
    float least = INFINITY;
    for (int i = 0; i < TRIES; i++) {
        struct cut cut = {.slant = rng_between(rng, -0.7f, 0.7f)};
        const float wrong = best_cut(pair, &cut);
        if (wrong < least)
            least = wrong, best = cut;
    }
    const float off = rng_between(rng, -1, 1);
    best.x += 8 * off * fabsf(off);
    return best;
}

/* A cut anywhere. */
static struct cut anywhere(struct rng *rng, const struct pair *pair)
{
    const float x = rng_between(rng, (float)pair->left, (float)pair->right);
    return (struct cut){x, rng_between(rng, -0.5f, 0.5f)};
}

/* What lies to the right of `from` and to the left of `to`, and how much of either digit. */
static void take(const struct pair *pair, const struct cut *from, const struct cut *to,
                 uint8_t pixels[SIDE * WIDTH], float share[2])
{
    share[0] = share[1] = 0;
    for (int y = 0; y < SIDE; y++) {
        const float *left = pair->ink[0] + y * WIDTH, *right = pair->ink[1] + y * WIDTH;
        uint8_t *row = pixels + y * WIDTH;
        const float low = from->x + from->slant * (float)(y - MIDDLE) - 0.5f;
        const float high = to->x + to->slant * (float)(y - MIDDLE) + 0.5f;
        const int first = (int)fminf(fmaxf(low, 0), WIDTH),
                  end = (int)fminf(fmaxf(high + 1, 0), WIDTH);
        memset(row, 0, WIDTH);
        for (int x = first; x < end; x++) {
            const float past = fminf((float)x - low, 1), before = fminf(high - (float)x, 1);
            const float kept = fmaxf(past, 0) * fmaxf(before, 0);
            const uint8_t grey = (uint8_t)(255 * kept * fmaxf(left[x], right[x]) + 0.5f);
            row[x] = grey < FAINT ? 0 : grey;
            share[0] += kept * left[x];
            share[1] += kept * right[x];
        }
    }
    for (int k = 0; k < 2; k++)
        share[k] /= fmaxf(pair->mass[k], 1);
}

static bool is_narrow(const uint8_t pixels[SIDE * WIDTH])
{
    int left = WIDTH, right = 0, top = SIDE, end = 0;
    for (int p = 0; p < SIDE * WIDTH; p++)
        if (pixels[p] > 64) {
            left = p % WIDTH < left ? p % WIDTH : left;
            right = p % WIDTH + 1 > right ? p % WIDTH + 1 : right;
            top = p / WIDTH < top ? p / WIDTH : top;
            end = p / WIDTH + 1;
        }
    return (float)(right - left) < NARROW * (float)(end - top);
}

/* How much of digit `of` a piece still is that has these shares of both. */
static float remains(const struct pair *pair, const float share[2], int of)
{
    const float won = share[!of] * pair->mass[!of] / fmaxf(pair->mass[of], 1);
    const float damage = 1 - share[of] + won;
    return fminf(fmaxf((SPOILT - damage) / (SPOILT - UNHARMED), 0), 1);
}

float piece_image(struct rng *rng, const uint8_t *const digit[2], uint8_t to[IMAGE_PIXELS], int *of)
{
    enum { WHOLE = 3, BETWEEN = 6, ANYWHERE = 9, KINDS = 10 }; /* the first kind behind each */
    enum { ALONE = 4 };
    static const struct cut before = {-LIMIT, 0}, after = {LIMIT, 0};
    struct pair pair;
    uint8_t pixels[SIDE * WIDTH];
    float share[2], digits = 0;
    make_pair(rng, digit, &pair);
    int tries = 8; /* to find a cut, the last of which cuts nothing */
    if (rng_below(rng, ALONE) == 0) {
        remove_one(&pair, (int)rng_below(rng, 2));
        tries = 1;
    }
    for (int i = 0; i < tries; i++) {
        const int kind = i + 1 < tries ? (int)rng_below(rng, KINDS) : 0;
        struct cut low = before, high = after;
        struct cut *cut = rng_below(rng, 2) ? &low : &high;
        if (kind >= WHOLE)
            *cut = kind < BETWEEN ? between(rng, &pair) : anywhere(rng, &pair);
        if (kind >= ANYWHERE)
            low = anywhere(rng, &pair), high = anywhere(rng, &pair);
        take(&pair, &low, &high, pixels, share);
        *of = share[1] > share[0];
        digits = remains(&pair, share, *of);
        if (share[0] + share[1] > LEAST && (digits > 0.5f || !is_narrow(pixels)))
            break;
    }
    const struct picture picture = {WIDTH, SIDE, pixels};
    normal_whole(&picture, false, to);
    return digits;
}
