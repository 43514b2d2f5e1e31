#include "coarse.h"

#include "normal.h"

#include <math.h>

/* The places from i * factor to (i + 1) * factor along a side, for every i. */
static void reduce_line(const float *from, uint32_t length, uint32_t step, float factor, float *to)
{
    for (uint32_t i = 0; (float)i * factor < (float)length; i++) {
        const float low = (float)i * factor, high = low + factor;
        float sum = 0;
        for (uint32_t j = (uint32_t)low; (float)j < high && j < length; j++)
            sum += (fminf(high, (float)(j + 1)) - fmaxf(low, (float)j)) * from[j * step];
        to[i * step] = sum / factor;
    }
}

void coarse_image(const struct picture *ink, float factor, uint8_t to[IMAGE_PIXELS])
{
    float grey[COARSE_SIDE * COARSE_SIDE], rows[COARSE_SIDE * COARSE_SIDE];
    const uint32_t width = (uint32_t)ceilf((float)ink->width / factor);
    const uint32_t height = (uint32_t)ceilf((float)ink->height / factor);
    for (uint32_t p = 0; p < ink->width * ink->height; p++)
        grey[p] = ink->pixels[p];
    for (uint32_t y = 0; y < ink->height; y++)
        reduce_line(grey + y * ink->width, ink->width, 1, factor, rows + y * ink->width);
    for (uint32_t x = 0; x < width; x++)
        reduce_line(rows + x, ink->height, ink->width, factor, grey + x);
    uint8_t pixels[COARSE_SIDE * COARSE_SIDE];
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            pixels[y * width + x] = (uint8_t)fminf(grey[y * ink->width + x] + 0.5f, 255);
    const struct picture small = {width, height, pixels};
    normal_whole(&small, true, to);
}
