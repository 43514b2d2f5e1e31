/*
 * Everything per pixel is plain float arithmetic in a fixed order, and loops have constant trip
 * counts that are multiples of 4, so that compilers vectorise them without changing a bit.
 */
#include "warp.h"

#include "rng.h"
#include "sharpen.h"

#include <math.h>
#include <string.h>

enum { SIDE = IMAGE_SIDE, PAD = 1, STRIDE = 32 };

/* The image with a border of paper: pixel (x,y) is at [y + PAD][x + PAD]. */
struct padded {
    float pixel[STRIDE][STRIDE];
};

struct warp warp_draw(const struct warp_ranges *ranges, uint64_t seed, uint32_t epoch,
                      uint64_t sample)
{
    const float radians = 0.017453292f, root3 = 1.7320508f;
    struct rng rng = rng_start(seed, RNG_WARP, epoch, sample);
    struct warp warp = {0};
    warp.angle = radians * rng_between(&rng, -ranges->rotate, ranges->rotate);
    warp.shift_x = rng_between(&rng, -ranges->shift, ranges->shift);
    warp.shift_y = rng_between(&rng, -ranges->shift, ranges->shift);
    warp.zoom_x = 1 + rng_between(&rng, -ranges->zoom, ranges->zoom);
    warp.zoom_y = 1 + rng_between(&rng, -ranges->zoom, ranges->zoom);
    warp.shear = rng_between(&rng, -ranges->shear, ranges->shear);
    warp.stroke = rng_between(&rng, -ranges->stroke, ranges->stroke);
    warp.erase = (int)(ranges->erase + 0.5f);
    warp.erase_x = (int)((float)(SIDE + 1 - warp.erase) * rng_uniform(&rng));
    warp.erase_y = (int)((float)(SIDE + 1 - warp.erase) * rng_uniform(&rng));

    warp.sharpen = ranges->sharpen;
    struct rng other = rng_start(seed, RNG_WARP, epoch, sample | (uint64_t)1 << 52);
    if (rng_uniform(&other) < ranges->mirror)
        warp.zoom_x = -warp.zoom_x;

    /* Last, because it is long: nothing behind it depends on whether it was drawn. */
    warp.elastic = ranges->elastic > 0;
    if (warp.elastic) {
        /*
         * The sum of a cubic B-spline's squared weights is 151/315 on average over positions (0.46
         * to 0.50), so with two axes that is also the standard deviation that unit controls give.
         * Uniform numbers in +-sqrt(3) have unit variance and, unlike normal ones, no outliers.
         */
        const float reach = ranges->elastic * (315.0f / 151.0f) * root3;
        float *control = &warp.control[0][0][0];
        for (int i = 0; i < 2 * WARP_CONTROLS * WARP_CONTROLS; i++)
            control[i] = rng_between(&rng, -reach, reach);
    }
    return warp;
}

/* Blend towards the 3x3 plus-shaped dilation (stroke > 0) or erosion (stroke < 0). */
static void pad_and_stroke(float stroke, const uint8_t *from, struct padded *padded)
{
    uint8_t bytes[STRIDE + 2][STRIDE] = {{0}}, other[STRIDE][STRIDE];
    for (int y = 0; y < SIDE; y++)
        memcpy(&bytes[y + PAD][PAD], from + y * SIDE, SIDE);
    if (stroke == 0) {
        for (int y = 0; y < STRIDE; y++)
            for (int x = 0; x < STRIDE; x++)
                padded->pixel[y][x] = (float)bytes[y][x];
        return;
    }
    memset(other, 0, sizeof other);
    for (int y = PAD; y < PAD + SIDE; y++) {
        for (int x = PAD; x < PAD + SIDE; x++) {
            const uint8_t up = bytes[y - 1][x], down = bytes[y + 1][x];
            const uint8_t left = bytes[y][x - 1], right = bytes[y][x + 1];
            const uint8_t high = up > down ? up : down, wide = left > right ? left : right;
            const uint8_t low = up < down ? up : down, thin = left < right ? left : right;
            const uint8_t most = high > wide ? high : wide, least = low < thin ? low : thin;
            const uint8_t here = bytes[y][x];
            const uint8_t dilated = most > here ? most : here, eroded = least < here ? least : here;
            other[y][x] = stroke > 0 ? dilated : eroded;
        }
    }
    const float part = stroke > 0 ? stroke : -stroke;
    for (int y = 0; y < STRIDE; y++) {
        for (int x = 0; x < STRIDE; x++) {
            const float here = (float)bytes[y][x];
            padded->pixel[y][x] = here + part * ((float)other[y][x] - here);
        }
    }
}

/* The weights of the four controls around fraction t of a spacing, by a cubic B-spline. */
static void spline_weights(float t, float weight[4])
{
    const float u = 1 - t;
    weight[0] = u * u * u * (1.0f / 6);
    weight[1] = (4 + 3 * t * t * (t - 2)) * (1.0f / 6);
    weight[2] = (4 + 3 * u * u * (u - 2)) * (1.0f / 6);
    weight[3] = t * t * t * (1.0f / 6);
}

/* The displacement of every pixel: shift [2][28][28] from control [2][7][7]. */
static void bend(const float control[2][WARP_CONTROLS][WARP_CONTROLS], float shift[2][SIDE][SIDE])
{
    int first[SIDE];
    float weight[SIDE][4];
    for (int i = 0; i < SIDE; i++) {
        const float place = (float)i * (1 / WARP_SPACING);
        first[i] = (int)place;
        spline_weights(place - (float)first[i], weight[i]);
    }
    for (int axis = 0; axis < 2; axis++) {
        float across[WARP_CONTROLS][SIDE];
        for (int row = 0; row < WARP_CONTROLS; row++) {
            for (int x = 0; x < SIDE; x++) {
                const float *c = control[axis][row] + first[x], *w = weight[x];
                across[row][x] = w[0] * c[0] + w[1] * c[1] + w[2] * c[2] + w[3] * c[3];
            }
        }
        for (int y = 0; y < SIDE; y++) {
            const float *w = weight[y];
            const float(*row)[SIDE] = &across[first[y]];
            for (int x = 0; x < SIDE; x++)
                shift[axis][y][x] =
                    w[0] * row[0][x] + w[1] * row[1][x] + w[2] * row[2][x] + w[3] * row[3][x];
        }
    }
}

static float clamp(float value, float low, float high)
{
    const float raised = value < low ? low : value;
    return raised > high ? high : raised;
}

/* The inverse of zoom, slant, rotation and shift: source = [xx xy; yx yy] (x,y) + (x0,y0). */
struct inverse {
    float xx, xy, x0, yx, yy, y0;
};

static struct inverse invert(const struct warp *warp)
{
    const float centre = 0.5f * (SIDE - 1);
    const float cosine = (float)cos((double)warp->angle), sine = (float)sin((double)warp->angle);
    struct inverse m = {
        .xx = (cosine - warp->shear * sine) / warp->zoom_x,
        .xy = (sine + warp->shear * cosine) / warp->zoom_x,
        .yx = -sine / warp->zoom_y,
        .yy = cosine / warp->zoom_y,
    };
    m.x0 = centre - m.xx * (centre + warp->shift_x) - m.xy * (centre + warp->shift_y);
    m.y0 = centre - m.yx * (centre + warp->shift_x) - m.yy * (centre + warp->shift_y);
    return m;
}

void warp_apply(const struct warp *warp, const uint8_t from[IMAGE_PIXELS], uint8_t to[IMAGE_PIXELS])
{
    struct padded source;
    float shift[2][SIDE][SIDE];
    pad_and_stroke(warp->stroke, from, &source);
    /*
     * Bilinear resampling at fractions that are uniform over [0,1) adds a variance of 1/6 square
     * pixels each way. What gets below 0 or above 255 is cut off behind the resampling.
     */
    if (warp->sharpen > 0)
        sharpen(&source.pixel[0][0], STRIDE, STRIDE, warp->sharpen * (1.0f / 6));
    if (warp->elastic)
        bend(warp->control, shift);
    else
        memset(shift, 0, sizeof shift);

    const float centre = 0.5f * (SIDE - 1);
    const struct inverse m = invert(warp);
    for (int y = 0; y < SIDE; y++) {
        const float tilt = warp->tilt_y * ((float)y - centre);
        float right[SIDE], down[SIDE]; /* fractions */
        int place[SIDE];
        for (int x = 0; x < SIDE; x++) {
            /* Farther away by `back` is smaller: about the centre, and exact where it is 0. */
            const float back = warp->tilt_x * ((float)x - centre) + tilt;
            const float scale = 1 / (1 + back);
            /* Beyond -1 and 28 there is nothing but paper; the padding makes both positive. */
            const float flat_x = m.xx * (float)x + m.xy * (float)y + m.x0 + shift[0][y][x];
            const float flat_y = m.yx * (float)x + m.yy * (float)y + m.y0 + shift[1][y][x];
            const float at_x = (flat_x + centre * back) * scale;
            const float at_y = (flat_y + centre * back) * scale;
            const float column = clamp(at_x + PAD, 0, SIDE + PAD);
            const float row = clamp(at_y + PAD, 0, SIDE + PAD);
            const int whole_x = (int)column, whole_y = (int)row;
            right[x] = column - (float)whole_x;
            down[x] = row - (float)whole_y;
            place[x] = whole_y * STRIDE + whole_x;
        }
        float value[SIDE];
        for (int x = 0; x < SIDE; x++) {
            const float *p = &source.pixel[0][0] + place[x];
            const float above = p[0] + right[x] * (p[1] - p[0]);
            const float below = p[STRIDE] + right[x] * (p[STRIDE + 1] - p[STRIDE]);
            value[x] = above + down[x] * (below - above) + 0.5f;
        }
        for (int x = 0; x < SIDE; x++)
            to[y * SIDE + x] = (uint8_t)clamp(value[x], 0, 255);
    }
    for (int y = warp->erase_y; y < warp->erase_y + warp->erase; y++)
        memset(to + y * SIDE + warp->erase_x, 0, (size_t)warp->erase);
}

void warp_image(const struct warp_ranges *ranges, uint64_t seed, uint32_t epoch, uint64_t sample,
                const uint8_t from[IMAGE_PIXELS], uint8_t to[IMAGE_PIXELS])
{
    const struct warp warp = warp_draw(ranges, seed, epoch, sample);
    warp_apply(&warp, from, to);
}
