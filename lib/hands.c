#include "hands.h"

#include "coarse.h"
#include "normal.h"
#include "pen.h"
#include "rng.h"

#include <math.h>
#include <stdbool.h>

enum {
    SIDE = COARSE_SIDE,
    PIXELS = SIDE * SIDE,
    GRID = 9,     /* places of a form are 0..GRID each way */
    MOST = 24,    /* of a stroke's points */
    MARGIN = 7,   /* of paper, at least */
    SMALLEST = 7, /* pixels that the sheet's longest digit has in a small picture */
    HURRIED = 6,  /* one in so many hands does not lift the pen between strokes */
    RECORDED = 2, /* of one in so many, few points are recorded: half of these do not lift it */
    FEWEST = 7,   /* points, at least ... */
    MANY = 16,    /* ... and at most */
    LINE = (MOST - 2) * PEN_STEPS,
    STROKES = 3 /* of a form, at most */
};

/*
 * The forms, digit by digit: places on a grid of 10 by 10, column first, that a smooth line runs
 * along; it has a corner at a place with a ! and begins and ends at its own ends. A comma lifts the
 * pen.
 */
static const struct form {
    int digit;
    const char *strokes;
} forms[] = {
    {0, "50 20 03 06 29 69 96 93 70 50 40"},
    {0, "60 30 02 06 29 79 96 93 70 41 30"},    /* closed beyond its beginning */
    {0, "50 20 03 06 29 69 96 93 70 50,90 09"}, /* slashed */
    {0, "50 20 03 06 29 69 96 93 70 50,72 27"}, /* slashed inside */
    {0, "40 02 07 39 79 97 92 60 42 63 95"},    /* with a loop on top */
    {0, "70 30 03 06 29 69 96 93 80"},          /* not closed */
    {1, "50 59"},
    {1, "24 50! 59"},       /* a short upstroke */
    {1, "22 50! 59"},       /* a flag */
    {1, "20 50! 59"},       /* as flat as a 7's bar, and half as long at most */
    {1, "31 50 53 59"},     /* round */
    {1, "06 50! 59"},       /* a long one */
    {1, "17 60! 49"},       /* and a slanted stem */
    {1, "24 50! 59,19 89"}, /* on a foot */
    {1, "15 50! 59,19 89"},
    {1, "50 59,19 89"},
    {2, "13 30 70 92 84 47 09! 99"},
    {2, "13 30 70 92 84 57 18 07 17 48 99"}, /* a loop at its foot */
    {2, "11 60 91 84 09! 99"},
    {2, "10 60 82 74 38 09 29 58 98"},
    {2, "00! 80! 09! 99"}, /* angular */
    {3, "11 40 80 93 44! 95 97 59 08"},
    {3, "00 80! 44! 85 97 59 08"}, /* flat on top */
    {3, "11 40 80 93 54 33 44 85 97 59 08"},
    {3, "01 50 92 54 44 54 96 59 07"},
    {4, "30 06! 96,70 79"},   /* open on top */
    {4, "10 14 25 85,80 89"}, /* round */
    {4, "10 15! 85,80 89"},   /* square */
    {4, "60 06! 96,60 69"},   /* closed */
    {4, "69 60! 06! 96"},     /* in one stroke */
    {4, "20 05! 75! 70! 69"}, /* like lightning */
    {5, "10 14! 53 95 97 59 08,10 90"},
    {5, "90 20! 14! 53 95 97 59 08"}, /* in one stroke */
    {5, "90 40 12 34 75 97 69 08"},   /* like an S */
    {5, "12 05! 54 86 78 39 08,21 92"},
    {6, "70 32 06 38 69 97 85 54 26 07"},
    {6, "40 14 07 39 79 97 85 45 07"},
    {6, "91 50 13 07 39 79 96 75 35 08"},
    {6, "30 06! 39 79 96 64 26"},
    {7, "00 90! 49"},
    {7, "00 90! 49,15 85"}, /* crossed */
    {7, "01 90! 66 49,35 85"},
    {7, "02 00! 90! 49"}, /* with a hook */
    {7, "02 00! 90! 49,25 75"},
    {7, "01 30 90! 55 39"},
    {8, "80 40 12 44 75 97 59 17 35 64 82 60"},
    {8, "50 20 12 34 64 82 70 50,54 26 17 39 69 87 76 54"}, /* two rings */
    {8, "91 40 12 44 85 97 59 17 35 91"},
    {8, "10 30 62 35 07 29 69 86 54 20 10"},
    {8, "50 81 73 44 16 18 49 88 86 54 22 21 50"},
    {9, "92 50 12 34 74 91! 89"},
    {9, "92 50 12 34 74 91! 84 59"},
    {9, "91 50 13 44 90! 97 59 18"},    /* like a g */
    {9, "80 40 22 43 83 80! 86 58 09"}, /* small, with a long tail */
    {9, "50 20 12 34 64 82 70 50,82 79"},
    {9, "80 40 12 34 74 82 80 87 59 27"},
};

enum { FORMS = sizeof forms / sizeof *forms };

/* How a form is written: where a place of its grid comes to be, and how much it may be off. */
struct hand {
    float wide, tall, slant, shake, radius;
    bool hurried;
};

static struct pen_point placed(const struct hand *hand, const char *at, struct rng *rng)
{
    const float x = (float)(at[0] - '0') / GRID - 0.5f, y = (float)(at[1] - '0') / GRID - 0.5f;
    const float off_x = rng_between(rng, -hand->shake, hand->shake);
    const float across = (x + off_x - hand->slant * y) * hand->wide;
    const float down = (y + rng_between(rng, -hand->shake, hand->shake)) * hand->tall;
    return (struct pen_point){SIDE / 2 + across, SIDE / 2 + down};
}

/* The places of the stroke that begins at `at`: those that the line goes to twice (pen_smooth).
 * Shapes: point [MOST]. Returns: where it ends, at a comma or the end. */
static const char *take_stroke(const struct hand *hand, const char *at, struct rng *rng,
                               struct pen_point *point, int *n)
{
    bool goes_there = true; /* to its beginning, its corners and its end */
    for (*n = 0; *at && *at != ','; at += *at == ' ') {
        const struct pen_point here = placed(hand, at, rng);
        at += 2;
        goes_there = goes_there || !*at || *at == ',' || *at == '!';
        for (int k = 0; k < 1 + goes_there; k++)
            point[(*n)++] = here;
        goes_there = false;
        at += *at == '!';
    }
    return at;
}

/* The lines of a form's strokes, one after the other. */
struct path {
    struct pen_point point[STROKES * LINE];
    int end[STROKES], strokes; /* where each stroke's points end */
};

static void take_path(const struct hand *hand, const char *strokes, struct rng *rng,
                      struct path *path)
{
    int n = 0;
    path->strokes = 0;
    for (const char *at = strokes; *at; at += *at == ',') {
        struct pen_point corner[MOST];
        int corners;
        at = take_stroke(hand, at, rng, corner, &corners);
        n += pen_smooth(corner, corners, path->point + n);
        path->strokes += path->strokes == 0 || !hand->hurried;
        path->end[path->strokes - 1] = n;
    }
}

/* With about `few` points, shared among the strokes by their lengths; with all of them if 0. */
static void draw_path(const struct path *path, int few, float radius, float *canvas)
{
    float length = 0;
    for (int k = 0, first = 0; k < path->strokes; first = path->end[k++])
        length += pen_length(path->point + first, path->end[k] - first);
    for (int k = 0, first = 0; k < path->strokes; first = path->end[k++]) {
        const struct pen_point *line = path->point + first;
        struct pen_point record[MANY];
        int n = path->end[k] - first;
        if (few > 0) {
            const float share = pen_length(line, n) / length;
            const int some = 2 + (int)((float)(few - 2) * share + 0.5f);
            pen_record(line, n, record, some);
            line = record;
            n = some;
        }
        pen_chain(canvas, SIDE, line, n, radius);
    }
}

static void write_form(const char *strokes, struct rng *rng, float *canvas)
{
    struct hand hand;
    struct path path;
    hand.tall = rng_between(rng, 26, SIDE - 2 * MARGIN);
    hand.wide = hand.tall * rng_between(rng, 0.4f, 1);
    hand.slant = rng_between(rng, -0.3f, 0.4f);
    hand.shake = rng_between(rng, 0.01f, 0.07f);
    hand.radius = rng_between(rng, 0.7f, 0.07f * hand.tall);
    const bool recorded = rng_below(rng, RECORDED) == 0;
    hand.hurried = rng_below(rng, recorded ? 2 : HURRIED) == 0;
    const int few = FEWEST + (int)rng_below(rng, MANY - FEWEST + 1);
    take_path(&hand, strokes, rng, &path);
    draw_path(&path, recorded ? few : 0, hand.radius, canvas);
}

int hands_image(uint64_t seed, uint32_t epoch, uint64_t place, uint8_t to[IMAGE_PIXELS])
{
    struct rng rng = rng_start(seed, RNG_HAND, epoch, place);
    const int digit = (int)rng_below(&rng, CLASSES);
    int first = 0;
    while (forms[first].digit < digit)
        first++;
    int end = first;
    while (end < FORMS && forms[end].digit == digit)
        end++;
    float canvas[PIXELS] = {0};
    write_form(forms[first + (int)rng_below(&rng, (uint32_t)(end - first))].strokes, &rng, canvas);
    uint8_t pixels[PIXELS];
    for (int p = 0; p < PIXELS; p++)
        pixels[p] = (uint8_t)(fminf(canvas[p], 1) * 255 + 0.5f);
    const struct picture ink = {SIDE, SIDE, pixels};
    const float most = (float)(SIDE - 2 * MARGIN) / SMALLEST, factor = rng_between(&rng, 1, most);
    if (rng_below(&rng, 2))
        coarse_image(&ink, factor, to);
    else
        normal_whole(&ink, true, to);
    return digit;
}
