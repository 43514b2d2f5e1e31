#include "mixture.h"

#include "foreign.h"
#include "hands.h"
#include "loss.h"
#include "piece.h"
#include "rng.h"

#include <string.h>

/* What is made up: it follows some of the samples, in this order. */
enum made { DRAWING, PIECE, HAND, MADE };

/* In one piece of so many, a drawing takes the place of a digit. */
enum { DRAWN = 3 };

/* One digit in so many of a piece is a 1, if so many tries find one: a digit that a 1 touches looks
 * much as it does alone, and is taken for one digit unless such pairs are known well. */
enum { ONES = 4, SEARCH = 8 };

/* Random numbers of what is made up lie beyond every digit's. */
static uint64_t beyond_digits(enum made kind)
{
    return (uint64_t)(kind + 1) << 48;
}

/* A hand's digit is labelled by this, and the rest is even: whoever relabels what is certain, and
 * has never seen such hands, leaves it alone. */
#define HAND_CERTAINTY 0.97f

/* After so many samples comes one of a kind, or none if 0. */
static uint64_t samples_each(const struct mixture *mixture, enum made kind)
{
    const int each[MADE] = {mixture->foreign, mixture->pieces, mixture->hands};
    return (uint64_t)each[kind];
}

/* The image at a place of the input, in the run or before it; paper before place 0. */
static const uint8_t *run_image(const struct mixture_run *run, uint64_t place)
{
    return place >= run->first ? run->samples.images + (place - run->first) * IMAGE_PIXELS
                               : run->images + (MIXTURE_REACH + place - run->first) * IMAGE_PIXELS;
}

static void run_label(const struct mixture_run *run, uint64_t place, float soft[CLASSES])
{
    const struct samples *samples = &run->samples;
    if (place < run->first)
        memcpy(soft, run->soft + (MIXTURE_REACH + place - run->first) * CLASSES,
               CLASSES * sizeof *soft);
    else if (samples->soft)
        memcpy(soft, samples->soft + (place - run->first) * CLASSES, CLASSES * sizeof *soft);
    else
        loss_one_hot(samples->labels[place - run->first], soft);
}

void mixture_next(const struct mixture *mixture, struct mixture_run *run)
{
    struct mixture_run next = {.first = run->first + run->samples.n};
    for (uint64_t i = next.first < MIXTURE_REACH ? MIXTURE_REACH - next.first : 0;
         i < MIXTURE_REACH; i++) {
        const uint64_t place = next.first + i - MIXTURE_REACH;
        memcpy(next.images + i * IMAGE_PIXELS, run_image(run, place), IMAGE_PIXELS);
        if (mixture->pieces)
            run_label(run, place, next.soft + i * CLASSES);
    }
    *run = next;
}

/* How many are made up to place `end` of the input. */
static uint64_t made_until(const struct mixture *mixture, enum made kind, uint64_t end)
{
    const uint64_t each = samples_each(mixture, kind);
    return each ? end / each : 0;
}

static size_t run_made(const struct mixture *mixture, const struct mixture_run *run, enum made kind)
{
    const uint64_t end = run->first + run->samples.n;
    return (size_t)(made_until(mixture, kind, end) - made_until(mixture, kind, run->first));
}

size_t mixture_items(const struct mixture *mixture, const struct mixture_run *run)
{
    size_t items = run->samples.n;
    for (enum made kind = DRAWING; kind < MADE; kind++)
        items += run_made(mixture, run, kind);
    return items;
}

void mixture_order(const struct mixture *mixture, const struct mixture_run *run, uint32_t *order)
{
    uint32_t next[MADE] = {(uint32_t)run->samples.n};
    for (enum made kind = PIECE; kind < MADE; kind++)
        next[kind] = next[kind - 1] + (uint32_t)run_made(mixture, run, kind - 1);
    for (size_t k = 0; k < run->samples.n; k++) {
        const uint64_t place = run->first + k;
        *order++ = (uint32_t)k;
        for (enum made kind = DRAWING; kind < MADE; kind++)
            if (made_until(mixture, kind, place + 1) > made_until(mixture, kind, place))
                *order++ = next[kind]++;
    }
}

/* Drawing number `number`, after the sample at place `last`. */
static void make_drawing(const struct mixture *mixture, uint32_t epoch,
                         const struct mixture_run *run, uint64_t number, uint64_t last,
                         uint8_t *image)
{
    static const uint8_t paper[IMAGE_PIXELS];
    foreign_image(mixture->seed, epoch, number, last ? run_image(run, last - 1) : paper,
                  run_image(run, last), image);
}

/* The label of what is `digit` with this certainty, and any class alike with the rest. */
static void spread_label(int digit, float certainty, float soft[CLASSES])
{
    for (int c = 0; c < CLASSES; c++)
        soft[c] = (c == digit ? certainty : 0) + (1 - certainty) / CLASSES;
}

/* A piece of two digits near place `last`, and what it is, or of a digit and a drawing. */
static void make_piece(const struct mixture *mixture, uint32_t epoch, const struct mixture_run *run,
                       uint64_t number, uint64_t last, uint8_t *image, float soft[CLASSES])
{
    struct rng rng = rng_start(mixture->seed, RNG_PIECE, epoch, number);
    const uint32_t reach = last < MIXTURE_REACH ? (uint32_t)last + 1 : MIXTURE_REACH;
    uint8_t drawing[IMAGE_PIXELS];
    const uint8_t *digits[2];
    float label[2][CLASSES];
    for (int k = 0; k < 2; k++) {
        const int tries = rng_below(&rng, ONES) ? 1 : SEARCH;
        for (int i = 0; i < tries && (i == 0 || loss_argmax(label[k]) != 1); i++) {
            const uint64_t place = last - rng_below(&rng, reach);
            digits[k] = run_image(run, place);
            run_label(run, place, label[k]);
        }
    }
    const uint32_t drawn = rng_below(&rng, 2 * DRAWN); /* scribbles will be cut, too */
    if (drawn < 2) {
        make_drawing(mixture, epoch, run, beyond_digits(PIECE) + number, last, drawing);
        digits[drawn] = drawing;
        spread_label(0, 0, label[drawn]);
    }
    int of;
    const float digit = piece_image(&rng, digits, image, &of);
    for (int c = 0; c < CLASSES; c++)
        soft[c] = digit * label[of][c] + (1 - digit) / CLASSES;
}

/* Number f of a kind in the run, which is distorted like a digit, by random numbers beyond every
 * digit's. */
static void make_up(const struct mixture *mixture, uint32_t epoch, const struct mixture_run *run,
                    enum made kind, size_t f, uint8_t *image, float soft[CLASSES])
{
    const uint64_t number = made_until(mixture, kind, run->first) + f;
    const uint64_t last = (number + 1) * samples_each(mixture, kind) - 1;
    uint8_t made[IMAGE_PIXELS];
    if (kind == PIECE) {
        make_piece(mixture, epoch, run, number, last, made, soft);
    } else if (kind == HAND) {
        spread_label(hands_image(mixture->seed, epoch, number, made), HAND_CERTAINTY, soft);
    } else {
        make_drawing(mixture, epoch, run, number, last, made);
        spread_label(0, 0, soft);
    }
    spoil_image(&mixture->ranges, &mixture->spoil, mixture->seed, epoch,
                beyond_digits(kind) + number, made, image);
}

bool mixture_is_soft(const struct mixture *mixture, const struct mixture_run *run)
{
    return run->samples.soft || mixture->foreign || mixture->pieces || mixture->hands;
}

void mixture_item(const struct mixture *mixture, uint32_t epoch, const struct mixture_run *run,
                  size_t k, uint8_t *image, float *soft)
{
    const struct samples *from = &run->samples;
    if (k >= from->n) {
        size_t f = k - from->n;
        enum made kind = DRAWING;
        for (; f >= run_made(mixture, run, kind); kind++)
            f -= run_made(mixture, run, kind);
        make_up(mixture, epoch, run, kind, f, image, soft);
        return;
    }
    spoil_image(&mixture->ranges, &mixture->spoil, mixture->seed, epoch, run->first + k,
                from->images + k * IMAGE_PIXELS, image);
    if (mixture_is_soft(mixture, run))
        run_label(run, run->first + k, soft);
}
