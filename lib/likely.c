#include "likely.h"

#include "minmax.h"
#include "normal.h"

#include <math.h>

/*
 * Length of the line, as a share of the longer side of the digit's box: 99 in 100 of training
 * digits 0 to 54,999 lie between, drawn large or with pens of any width (tests/pages.py). Where
 * strokes run together the line is shorter.
 */
static const float shortest[CLASSES] = {1.60F, 0.80F, 1.30F, 1.40F, 1.30F,
                                        1.35F, 1.30F, 1.20F, 1.60F, 1.35F};
static const float longest[CLASSES] = {3.00F, 1.90F, 2.90F, 3.00F, 2.40F,
                                       2.90F, 2.95F, 2.30F, 3.30F, 2.70F};

#define SPREAD 0.1F /* beyond those, as a share, it soon becomes unlikely */

static const int holes_of[CLASSES] = {1, 0, 0, 0, 0, 0, 1, 0, 2, 1};

/*
 * What counts as odd, fitted by logistic regression to 350 numbers of touching training digits
 * 55,000 to 59,999 and to what 500 scribbles are cut into.
 */
#define EVEN 0.85F   /* of the tallest one's height */
#define LOWER 3.8F   /* for each height that a digit is lower than that, on average */
#define A_HOLE 0.87F /* for each hole too many, per digit */

/* Length of a mark's line, as a share of its longer side. */
static float line_length(const struct picture *ink, const struct mark *mark)
{
    const float longer = (float)max_u32(mark->box.width, mark->box.height);
    return (float)mark->mass / (255 * normal_stroke(ink, mark) * longer);
}

void likely_weigh(float probabilities[CLASSES], const struct picture *ink, const struct mark *mark)
{
    const float length = line_length(ink, mark);
    float lost = 0;
    for (int c = 0; c < CLASSES; c++) {
        const float beyond =
            fmaxf(fmaxf(length / longest[c] - 1, shortest[c] / length - 1), 0) / SPREAD;
        const float kept = probabilities[c] * expf(-0.5F * beyond * beyond);
        lost += probabilities[c] - kept;
        probabilities[c] = kept;
    }
    for (int c = 0; c < CLASSES; c++)
        probabilities[c] += lost / CLASSES;
}

float likely_oddness(const struct likely_digit *digit, size_t n, int holes)
{
    uint32_t tallest = 1;
    for (size_t i = 0; i < n; i++)
        tallest = max_u32(tallest, digit[i].height);
    float lower = 0;
    int surplus = holes - (int)n + 1;
    for (size_t i = 0; i < n; i++) {
        lower += fmaxf(0, EVEN - (float)digit[i].height / (float)tallest);
        surplus -= holes_of[digit[i].digit];
    }
    return expf((LOWER * lower + A_HOLE * (float)(surplus > 0 ? surplus : 0)) / (float)n);
}
