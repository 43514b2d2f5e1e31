#include "likely.h"

#include "minmax.h"

#include <math.h>

static const int holes_of[CLASSES] = {1, 0, 0, 0, 0, 0, 1, 0, 2, 1};

/*
 * What counts as odd, fitted by logistic regression to 350 numbers of touching training digits
 * 55,000 to 59,999 and to what 500 scribbles are cut into.
 */
#define EVEN 0.85F   /* of the tallest one's height */
#define LOWER 3.8F   /* for each height that a digit is lower than that, on average */
#define A_HOLE 0.87F /* for each hole too many, per digit */

/* 1s that hang together, and nothing else, are a letter: U, H, N, M. */
#define LETTER 100.0F

float likely_oddness(const struct likely_digit *digit, size_t n, int holes)
{
    uint32_t tallest = 1;
    for (size_t i = 0; i < n; i++)
        tallest = max_u32(tallest, digit[i].height);
    float lower = 0;
    int surplus = holes - (int)n + 1, ones = 0;
    for (size_t i = 0; i < n; i++) {
        ones += digit[i].digit == 1;
        lower += fmaxf(0, EVEN - (float)digit[i].height / (float)tallest);
        surplus -= holes_of[digit[i].digit];
    }
    if (n > 1 && ones == (int)n)
        return LETTER;
    return expf((LOWER * lower + A_HOLE * (float)(surplus > 0 ? surplus : 0)) / (float)n);
}
