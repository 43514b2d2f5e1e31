/*
 * A set for training: samples distorted at random, and among them what is made up of them: drawings
 * that are no digits (foreign.h), pieces of digits that touch (piece.h), and digits as other hands
 * write them (hands.h).
 */
#ifndef HWDR_MIXTURE_H
#define HWDR_MIXTURE_H

#include "sample.h"
#include "spoil.h"
#include "stream.h"
#include "warp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MIXTURE_REACH = 16, /* what is made up takes its digits from so many samples */
    MIXTURE_GROWTH = 4  /* a mixture has at most so many times the items of its samples */
};

struct mixture {
    struct warp_ranges ranges;
    struct spoil_ranges spoil;
    int foreign; /* after so many samples comes a drawing that is no digit; 0: no drawings */
    int pieces;  /* after so many samples comes a piece of two; 0: no pieces */
    int hands;   /* after so many samples comes a digit of another hand; 0: none */
    uint64_t seed;
};

/*
 * A run of the input, and what is made up after some of its samples: item k is sample k; then the
 * run's drawings are counted on, its pieces, and its other hands. Start with all 0; `samples` is
 * the caller's.
 */
struct mixture_run {
    struct samples samples;
    uint64_t first; /* place of its first sample in the input */
    /* The samples before that, as far as there are any; the last one ends the arrays. */
    uint8_t images[MIXTURE_REACH * IMAGE_PIXELS];
    float soft[MIXTURE_REACH * CLASSES];
};

/* Items of a run: its samples and what is made up. Only samples.n and first are looked at. */
size_t mixture_items(const struct mixture *mixture, const struct mixture_run *run);

/*
 * The items in the order of the input: what is made up follows its sample, the last of those that
 * it takes its digits from. Shapes: order [mixture_items].
 */
void mixture_order(const struct mixture *mixture, const struct mixture_run *run, uint32_t *order);

/* Whether labels are probabilities: those of the samples are, or something is made up. */
bool mixture_is_soft(const struct mixture *mixture, const struct mixture_run *run);

/*
 * Make item k of an epoch: a pure function of its arguments. Each sample's label is known where
 * mixture_is_soft(). Shapes: image [28,28] u8; soft [10] f32, written where mixture_is_soft().
 */
void mixture_item(const struct mixture *mixture, uint32_t epoch, const struct mixture_run *run,
                  size_t k, uint8_t *image, float *soft);

/* Go on behind the run, whose last samples are kept; the caller puts in the next ones. */
void mixture_next(const struct mixture *mixture, struct mixture_run *run);

#endif
