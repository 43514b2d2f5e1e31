/* What is known of numbers beside what each digit looks like: heights, widths, holes. */
#ifndef HWDR_LIKELY_H
#define HWDR_LIKELY_H

#include "sample.h"

#include <stddef.h>
#include <stdint.h>

/* A digit read in a row of them, and its height. */
struct likely_digit {
    int digit;
    uint32_t height;
};

/* The ink that they are cut from. */
struct likely_ink {
    int holes;
    float wide;  /* by its height */
    float whole; /* probability of the digit that it most likely is, taken whole */
};

/*
 * How odd digits are as one number written without lifting the pen: 1 where they are of about one
 * height, have room beside each other, the ink has no more holes than they have, and than where
 * they touch, and is no digit as a whole; more for others, and most for nothing but 1s.
 */
float likely_oddness(const struct likely_digit *digit, size_t n, const struct likely_ink *ink);

#endif
