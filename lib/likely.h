/* What is known of digits before they are read: the length of a line, and their heights. */
#ifndef HWDR_LIKELY_H
#define HWDR_LIKELY_H

#include "marks.h"
#include "sample.h"

/*
 * Make the classes less probable whose line is never as long, or as short, as the mark's: a 1 that
 * has a 5 in it, hatching that looks like an 8 where it is small. What they lose goes to all ten
 * alike, as for what the network takes for no digit.
 * Shapes: probabilities [10].
 */
void likely_weigh(float probabilities[CLASSES], const struct picture *ink, const struct mark *mark);

/* A digit read in a row of them, and its height. */
struct likely_digit {
    int digit;
    uint32_t height;
};

/*
 * How odd digits are as one number written without lifting the pen: 1 where they are of about one
 * height and the ink has no more holes than they have, and than where they touch; more for others.
 */
float likely_oddness(const struct likely_digit *digit, size_t n, int holes);

#endif
