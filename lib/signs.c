#include "signs.h"

#include "pen.h"

#include <stdbool.h>

/*
 * Letters and signs that resemble no digit, as places on a grid of 7 by 7, column first; a comma
 * lifts the pen. There is no B, D, G, I, O, Q, S, Z, b, g, l, o, q, s, z, no slash, and no
 * hourglass, which is an 8 of straight strokes.
 */
static const char *const signs[] = {
    "063066,1353",            /* A */
    "60000666,0343",          /* E */
    "600006,0343",            /* F */
    "0006,6066,0363",         /* H */
    "0006,600366",            /* K */
    "0600336066",             /* M */
    "06006660",               /* N */
    "06005052530333,3366",    /* R */
    "0600404303",             /* P */
    "0060,3036",              /* T */
    "003660",                 /* V */
    "0016325660",             /* W */
    "0066,6006",              /* X */
    "0033,6033,3336",         /* Y */
    "000666",                 /* L */
    "0006,03225366",          /* h */
    "0226,02113136,31516266", /* m */
    "0116,03214256",          /* n or r */
    "0006,5205,2366",         /* k */
    "0363,0666,0060",         /* three bars */
    "3036,0363",              /* plus */
    "3036,0363,1155,5115",    /* asterisk */
    "0262,0464",              /* equals */
    "2026,4046,0262,0464",    /* hash */
    "0363,415365",            /* arrow */
    "3036,123054",            /* arrow up */
    "06306606",               /* triangle */
    "0030663606",             /* lozenge */
    "06026206,02306266",      /* a house */
    "1012,5052,04265664",     /* a face */
    "0006666000,0066,6006",   /* a crossed box */
    "0006666000,3036,0363",   /* a window */
    "1056,5016,0363",         /* a star */
    "0660,0363",              /* percent */
    "30362636,1141",          /* t or f */
    "0062,0464,0666",         /* three lines, crooked */
    "00202242406066",         /* battlements */
};

void signs_draw(float *canvas, int side, float radius, struct rng *rng)
{
    const char *at = signs[rng_below(rng, sizeof signs / sizeof *signs)];
    const float middle = (float)(side / 2);
    const float wide = rng_between(rng, 3, 6), tall = rng_between(rng, 4, 6.5f);
    const float slant = rng_between(rng, -0.3f, 0.3f);
    struct pen_point last = {0, 0};
    bool down = false;
    while (at[0]) {
        if (at[0] == ',' || !at[1] || at[1] == ',') {
            down = false;
            at++;
            continue;
        }
        const float x = (float)(at[0] - '3') * wide + rng_between(rng, -2, 2);
        const float y = (float)(at[1] - '3') * tall + rng_between(rng, -2, 2);
        const struct pen_point here = {middle + x - slant * y, middle + y};
        if (down)
            pen_line(canvas, side, last, here, radius, 1);
        last = here;
        down = true;
        at += 2;
    }
}
