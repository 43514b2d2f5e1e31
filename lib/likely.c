#include "likely.h"

#include "minmax.h"

#include <math.h>

static const int holes_of[CLASSES] = {1, 0, 0, 0, 0, 0, 1, 0, 2, 1};

/*
 * What counts as odd. Heights and holes were fitted by logistic regression to 350 numbers of
 * touching training digits 55,000 to 59,999 and to what 500 scribbles are cut into; room and wholes
 * chosen on 1,289 such numbers, 45 single digits that had been cut and 3,000 scribbles, with a
 * network that had not learnt those digits. A hundredth of the numbers have less room.
 */
#define EVEN 0.85F   /* of the tallest one's height */
#define LOWER 3.8F   /* for each height that a digit is lower than that, on average */
#define A_HOLE 0.87F /* for each hole too many, per digit */
#define NARROW 5.0F  /* for each height that they are narrower together than ... */
#define ROOM_1 0.35F /* ... the room of a 1 ... */
#define ROOM 0.45F   /* ... and of every other digit, of their height */
#define WHOLE 8.0F   /* for the whole's probability beyond ... */
#define DOUBT 0.2F   /* ... what most have that are several */

/* 1s that hang together, and nothing else, are a letter: U, H, N, M. */
#define LETTER 100.0F

float likely_oddness(const struct likely_digit *digit, size_t n, const struct likely_ink *ink)
{
    uint32_t tallest = 1;
    for (size_t i = 0; i < n; i++)
        tallest = max_u32(tallest, digit[i].height);
    float lower = 0;
    int surplus = ink->holes - (int)n + 1, ones = 0;
    for (size_t i = 0; i < n; i++) {
        ones += digit[i].digit == 1;
        lower += fmaxf(0, EVEN - (float)digit[i].height / (float)tallest);
        surplus -= holes_of[digit[i].digit];
    }
    if (n > 1 && ones == (int)n)
        return LETTER;
    const float room = ROOM_1 * (float)ones + ROOM * (float)((int)n - ones);
    const float per_digit =
        (LOWER * lower + A_HOLE * (float)(surplus > 0 ? surplus : 0)) / (float)n;
    return expf(per_digit + NARROW * fmaxf(0, room - ink->wide) +
                WHOLE * fmaxf(0, ink->whole - DOUBT));
}
