/*
 * Which ink makes up which digit, as the network reads it best: marks side by side may be parts of
 * one digit, and one mark may be several digits that touch.
 */
#ifndef HWDR_LATTICE_H
#define HWDR_LATTICE_H

#include "marks.h"
#include "predict.h"

/* Ink read as one digit. */
struct lattice_digit {
    struct box box;
    uint32_t line;
    uint8_t input[IMAGE_PIXELS];
    float probabilities[CLASSES];
};

/* Owns: digit; release with lattice_free(). */
struct lattice {
    struct lattice_digit *digit;
    size_t n, room;
    size_t pieces; /* that marks were cut into, to look at them again */
};

/*
 * Read marks, in the order that segment_digits() gives them, as digits. Several ways to join marks
 * that stand near each other, and to cut those that are wide or hard to read, go through the
 * network at once; dynamic programming chooses the likeliest sequence. Without `split` none is cut.
 * Returns: 0 with `lattice` filled, or -1 when memory runs out.
 * Source: Y. LeCun et al., Gradient-based learning applied to document recognition, 1998, VI
 * (heuristic over-segmentation).
 */
int lattice_read(struct lattice *lattice, const struct picture *ink, const struct marks *marks,
                 bool split, struct predictor *predictor) CHECKED;

void lattice_free(struct lattice *lattice);

#endif
