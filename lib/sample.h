/* What a sample is: a 28x28 grey image and its class. Shared by everything that moves samples. */
#ifndef HWDR_SAMPLE_H
#define HWDR_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

enum { IMAGE_SIDE = 28, IMAGE_PIXELS = IMAGE_SIDE * IMAGE_SIDE, CLASSES = 10, LABEL_UNKNOWN = 255 };

/*
 * A run of samples.
 * Shapes: images [n,28,28] u8, 0 = paper, 255 = ink;
 *         labels [n] u8, 0..9 or LABEL_UNKNOWN, NULL when the labels are soft;
 *         soft [n,10] f32, each row sums to 1, NULL when the labels are hard.
 * Owns: nothing; whoever fills it says how long the arrays live.
 */
struct samples {
    size_t n;
    uint8_t *images;
    uint8_t *labels;
    float *soft;
};

#endif
