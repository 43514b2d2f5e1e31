#include "spoil.h"

#include "coarse.h"
#include "pen.h"
#include "rng.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { SIDE = IMAGE_SIDE, GRID = 4 };

static const float kind_chance = 0.35f;

/* How far a kind goes in this sample: 0, or uniform in (0,range]. Takes two numbers always. */
static float extent(struct rng *rng, float range)
{
    const bool chosen = rng_uniform(rng) < kind_chance;
    const float part = 1 - rng_uniform(rng);
    return chosen ? part * range : 0;
}

/* Smooth rows of a [28,28] image by a Gaussian; `step` is 1 along rows, SIDE along columns. */
static void smooth(float *image, int step, float sigma)
{
    enum { REACH = 8 };
    float kernel[REACH + 1], sum = 0;
    const int across = step == 1 ? SIDE : 1;
    for (int i = 0; i <= REACH; i++) {
        kernel[i] = (float)exp(-i * i / (2.0 * (double)sigma * (double)sigma));
        sum += i ? 2 * kernel[i] : kernel[i];
    }
    for (int line = 0; line < SIDE; line++) {
        float padded[SIDE + 2 * REACH] = {0}; /* paper beyond the border */
        float *pixel = image + line * across;
        for (int i = 0; i < SIDE; i++)
            padded[REACH + i] = pixel[i * step];
        for (int i = 0; i < SIDE; i++) {
            float value = kernel[0] * padded[REACH + i];
            for (int k = 1; k <= REACH; k++)
                value += kernel[k] * (padded[REACH + i - k] + padded[REACH + i + k]);
            pixel[i * step] = value / sum;
        }
    }
}

static void blur(float *image, struct rng *rng, float range)
{
    const float across = extent(rng, range), down = extent(rng, range);
    const float least = 0.2f; /* below, a neighbour has a weight of less than 4e-6 */
    if (across > least)
        smooth(image, 1, across);
    if (down > least)
        smooth(image, SIDE, down);
}

/* Straight strokes and bars through random places, in any direction and of any grey. */
static void cross_out(float *image, struct rng *rng, float range)
{
    const int lines = (int)ceilf(extent(rng, range));
    for (int i = 0; i < lines; i++) {
        const float x = rng_between(rng, 0, SIDE), y = rng_between(rng, 0, SIDE);
        const float angle = rng_between(rng, 0, 6.2831853f), u = rng_uniform(rng);
        const float length = rng_between(rng, 4, 40), grey = rng_uniform(rng);
        const float dx = length * (float)cos((double)angle);
        const float dy = length * (float)sin((double)angle);
        const float radius = 0.4f + 3.6f * u * u; /* bars are rarer than lines */
        pen_line(image, SIDE, (struct pen_point){x, y}, (struct pen_point){x + dx, y + dy}, radius,
                 grey < 0.5f ? 1 : 2 * grey - 1);
    }
}

/* Uneven light: grey that blends smoothly between random levels on a coarse grid. */
static void shade(float *image, struct rng *rng, float faded, float range)
{
    const float level = extent(rng, range), flat = rng_uniform(rng);
    float control[GRID + 1][GRID + 1];
    for (int i = 0; i < (GRID + 1) * (GRID + 1); i++)
        control[i / (GRID + 1)][i % (GRID + 1)] = flat + (1 - flat) * rng_uniform(rng);
    for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
            const float gx = (float)x * ((float)GRID / SIDE), gy = (float)y * ((float)GRID / SIDE);
            const int cx = (int)gx, cy = (int)gy;
            const float tx = gx - (float)cx, ty = gy - (float)cy;
            const float sx = tx * tx * (3 - 2 * tx), sy = ty * ty * (3 - 2 * ty);
            const float *c = &control[cy][cx];
            const float above = c[0] + sx * (c[1] - c[0]);
            const float below = c[GRID + 1] + sx * (c[GRID + 2] - c[GRID + 1]);
            const float paper = level * (above + sy * (below - above));
            float *pixel = &image[y * SIDE + x];
            *pixel = paper + (1 - paper) * (1 - faded) * *pixel;
        }
    }
}

/* Noise of single pixels or, like the grain of paper, of squares of two by two. */
static void sprinkle(float *image, struct rng *rng, float faded, float range)
{
    const float deviation = (1 - faded) * extent(rng, range); /* or faint ink drowns */
    const int grain = rng_uniform(rng) < 0.7f ? 1 : 2;
    if (deviation == 0)
        return;
    /* Four bytes summed are nearly normal: mean 510, variance 4 (256^2 - 1) / 12. */
    const float scale = deviation / 147.80f;
    for (int y = 0; y < SIDE; y += grain) {
        for (int x = 0; x < SIDE; x += grain) {
            const uint32_t bits = rng_bits(rng);
            const uint32_t sum =
                (bits & 255) + (bits >> 8 & 255) + (bits >> 16 & 255) + (bits >> 24);
            const float value = scale * ((float)sum - 510);
            for (int i = 0; i < grain * grain; i++)
                image[(y + i / grain) * SIDE + x + i % grain] += value;
        }
    }
}

/* As a picture of few pixels would show it. */
static void take_smaller(uint8_t image[IMAGE_PIXELS], struct rng *rng, float range)
{
    const float beyond = extent(rng, fmaxf(range - 1, 0));
    uint8_t ink[IMAGE_PIXELS];
    if (beyond == 0)
        return;
    memcpy(ink, image, sizeof ink);
    coarse_image(&(struct picture){SIDE, SIDE, ink}, 1 + beyond, image);
}

static struct warp_ranges widened(const struct warp_ranges *ranges, float factor)
{
    struct warp_ranges wide = *ranges;
    wide.rotate *= factor;
    wide.shift *= factor;
    wide.zoom = fminf(wide.zoom * factor, 0.5f);
    wide.shear *= factor;
    wide.stroke = fminf(wide.stroke * factor, 1);
    return wide;
}

void spoil_image(const struct warp_ranges *warp, const struct spoil_ranges *ranges, uint64_t seed,
                 uint32_t epoch, uint64_t sample, const uint8_t from[IMAGE_PIXELS],
                 uint8_t to[IMAGE_PIXELS])
{
    struct rng rng = rng_start(seed, RNG_SPOIL, epoch, sample);
    if (!(rng_uniform(&rng) < ranges->share)) {
        warp_image(warp, seed, epoch, sample, from, to);
        return;
    }
    const float wide = rng_uniform(&rng) < kind_chance ? ranges->wide : 1;
    const struct warp_ranges reach = widened(warp, wide);
    struct warp drawn = warp_draw(&reach, seed, epoch, sample);
    /* A border lies half the side from the centre. */
    drawn.tilt_x = extent(&rng, ranges->perspective) * (2.0f / SIDE);
    drawn.tilt_y = extent(&rng, ranges->perspective) * (2.0f / SIDE);
    if (rng_bits(&rng) & 1)
        drawn.tilt_x = -drawn.tilt_x;
    if (rng_bits(&rng) & 1)
        drawn.tilt_y = -drawn.tilt_y;
    warp_apply(&drawn, from, to);

    /* A sequence of its own for each, so that none moves what the others draw. */
    struct rng part[6];
    for (uint64_t i = 0; i < 6; i++)
        part[i] = rng_start(seed, RNG_SPOIL, epoch, sample | (i + 1) << 52);
    take_smaller(to, &part[5], ranges->coarse);
    float image[IMAGE_PIXELS];
    for (int p = 0; p < IMAGE_PIXELS; p++)
        image[p] = (float)to[p] / 255;
    blur(image, &part[0], ranges->blur);
    cross_out(image, &part[1], ranges->lines);
    const float faded = extent(&part[2], ranges->contrast);
    shade(image, &part[3], faded, ranges->background);
    sprinkle(image, &part[4], faded, ranges->noise);
    for (int p = 0; p < IMAGE_PIXELS; p++)
        to[p] = (uint8_t)(fminf(fmaxf(image[p], 0), 1) * 255 + 0.5f);
}
