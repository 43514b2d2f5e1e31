/*
 * Digits as other hands write them than those of MNIST's writers: a 1 with an upstroke or on a
 * foot, a crossed 7, a slashed 0, an open 4, an 8 of two rings. Drawn with a pen along forms that
 * bend and shake at random; or along a few points of them, joined by straight lines, as a slow
 * tablet or a fast mouse records them.
 */
#ifndef HWDR_HANDS_H
#define HWDR_HANDS_H

#include "sample.h"

/*
 * Write one: each digit as often as any other, and each of its forms. Half come as a picture that
 * holds them would, the others as one of few pixels would (coarse.h). A pure function of its
 * arguments: (seed, epoch, place) picks the random numbers.
 * Returns: the digit, 0..9.
 */
int hands_image(uint64_t seed, uint32_t epoch, uint64_t place, uint8_t to[IMAGE_PIXELS]);

#endif
