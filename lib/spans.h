/*
 * Spans: ink that may be one digit, neighbouring marks of a line taken together or what lies
 * between two cuts of a mark, and what each costs.
 */
#ifndef HWDR_SPANS_H
#define HWDR_SPANS_H

#include "cuts.h"
#include "marks.h"
#include "predict.h"

/* Ink from left to right that digits are made of: marks of a line, or pieces of a mark. */
struct atoms {
    const struct mark *mark;
    size_t n;
    const struct cuts *cuts; /* the n + 1 cuts that part pieces; NULL for marks */
    float height;            /* of the line's digits */
    float mass;              /* ink of most of them */
    bool split;              /* whether a suspect may be cut into pieces */
};

/* Atoms first to first + n - 1 taken as one digit, or passed over. */
struct span {
    size_t first, n;
    struct box box;
    struct marks ink; /* united, until the network has seen it */
    float cost;       /* without what the network says of it */
    bool skip;        /* passed over: no digit */
    size_t input;     /* which of the network's inputs it is */
};

/*
 * All spans, in the order of their first atoms, and what the network says of each.
 * Shapes: input [.,28,28] u8, probabilities and untempered (predict.h) [.,10] f32, by the spans'
 * `input`.
 * Owns: everything; release with spans_free().
 */
struct spans {
    struct span *span;
    size_t n, room;
    uint8_t (*input)[IMAGE_PIXELS];
    float (*probabilities)[CLASSES], (*untempered)[CLASSES];
};

/*
 * List the spans: of marks each one, and every few neighbours that are together not too wide for a
 * digit; of pieces those between any two cuts that may be a digit, and the whole. What is small
 * may also be passed over, as a span of its own.
 * Returns: 0, or -1 when memory runs out; spans_free() either way.
 */
int spans_list(struct spans *spans, const struct picture *ink, const struct atoms *atoms) CHECKED;

/*
 * Show every span that may be a digit to the network. Releases the spans' ink.
 * Returns: 0, or -1 when memory runs out.
 */
int spans_read(struct spans *spans, const struct picture *ink, struct predictor *predictor) CHECKED;

void spans_free(struct spans *spans);

#endif
