#include "sharpen.h"

#include <math.h>

enum { STRIDE = SHARPEN_SIDE + 2 };

/* An image with a border of paper: pixel (x,y) is at [y + 1][x + 1]. */
struct bordered {
    float pixel[STRIDE][STRIDE];
};

static void add_border(struct bordered *to, const float *image, int width, int height)
{
    for (int x = 0; x < width + 2; x++)
        to->pixel[0][x] = to->pixel[height + 1][x] = 0;
    for (int y = 0; y < height; y++) {
        float *row = to->pixel[y + 1];
        row[0] = row[width + 1] = 0;
        for (int x = 0; x < width; x++)
            row[x + 1] = image[y * width + x];
    }
}

/*
 * Across an edge, v(1 - v) adds up to s / sqrt(pi) where a Gaussian of deviation s blurred it, and
 * to nearly that for other shapes. By length of their outlines, seen along two axes as for
 * normal_stroke(), MNIST's training digits have 0.184 with a deviation of 0.018 (a pixel's area
 * alone: 0.163); enlarged smoothly and reduced again, which adds a variance of 1/4, 0.334 with
 * 0.025.
 */
float sharpen_excess(const float *image, int width, int height)
{
    const float pi = 3.1416f, mnist = 0.2f; /* nine of ten are below */
    struct bordered bordered;
    add_border(&bordered, image, width, height);
    float grey = 0, steps = 0;
    for (int y = 0; y <= height; y++)
        for (int x = 0; x <= width; x++) {
            const float here = bordered.pixel[y][x];
            grey += here * (1 - here);
            steps += fabsf(bordered.pixel[y][x + 1] - here);
            steps += fabsf(bordered.pixel[y + 1][x] - here);
        }
    const float blur = steps > 0 ? grey / (steps * pi / 4) : 0;
    return blur > mnist ? pi * (blur * blur - mnist * mnist) : 0;
}

void sharpen(float *image, int width, int height, float variance)
{
    const float a = variance / 2;
    struct bordered old;
    add_border(&old, image, width, height);
    for (int y = 0; y < height; y++) {
        const float *above = old.pixel[y] + 1, *row = old.pixel[y + 1],
                    *below = old.pixel[y + 2] + 1;
        float *to = image + y * width;
#pragma omp simd
        for (int x = 0; x < width; x++)
            to[x] = row[x + 1] + a * (4 * row[x + 1] - above[x] - below[x] - row[x] - row[x + 2]);
    }
}
