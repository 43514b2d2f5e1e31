#include "lattice.h"

#include "cuts.h"
#include "likely.h"
#include "loss.h"
#include "spans.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Chosen together with what the spans cost (spans.c). */
#define DOUBT 2.0F        /* of the logarithm of how likely it is a digit at all ... */
#define UNLIKELY 0.01F    /* ... which is taken as this at least */
#define SURE 0.97F        /* what networks say of a sure one: their labels are smoothed by 0.03 */
#define SUSPECT_WIDE 1.1F /* wider ones, and those read with less than SUSPECT, may be several */
#define SUSPECT 0.65F
/* A mark is not cut where its digits cost more, on average and times how odd they are together. */
#define DEAR 2.2F

/* Pieces a picture: bounds the time that scribbles take. Five touching digits have about 1,000. */
enum { MOST_PIECES = 6144 };

enum { TOO_DEAR = 1 };

static int read_atoms(struct lattice *lattice, const struct picture *ink, const struct atoms *atoms,
                      struct predictor *predictor);

/* The probability of a span's likeliest digit. */
static float likeliest(const struct spans *spans, size_t i)
{
    const float *probabilities = spans->probabilities[spans->span[i].input];
    return probabilities[loss_argmax(probabilities)];
}

/*
 * What the network's doubt costs: what it takes for no digit has a tenth for every class. It is the
 * doubt before calibration, which is fitted to whole digits and makes a piece with a scrap too many
 * nearly sure: of 800 pages of touching validation digits 721 were read rightly by it, 702 by that
 * after calibration (MODEL.md).
 */
static float doubt(const struct spans *spans, size_t i)
{
    const float *probabilities = spans->untempered[spans->span[i].input];
    const float most = probabilities[loss_argmax(probabilities)];
    const float digit = (most - 1.0F / CLASSES) / (SURE - 1.0F / CLASSES);
    if (digit > UNLIKELY) /* it may be no number */
        return -DOUBT * logf(fminf(digit, 1));
    return -DOUBT * logf(UNLIKELY);
}

/*
 * The cheapest sequence of spans that covers all atoms. Shapes: cost and chosen [atoms->n + 1]:
 * of the best sequence up to an atom, and its last span.
 */
static void find_best(const struct spans *spans, const struct atoms *atoms, float *cost,
                      size_t *chosen)
{
    cost[0] = 0;
    for (size_t i = 1; i <= atoms->n; i++)
        cost[i] = INFINITY;
    for (size_t i = 0; i < spans->n; i++) {
        const struct span *span = &spans->span[i];
        const float total = cost[span->first] + span->cost + (span->skip ? 0 : doubt(spans, i));
        if (total < cost[span->first + span->n])
            cost[span->first + span->n] = total, chosen[span->first + span->n] = i;
    }
}

static int add_digit(struct lattice *lattice, const struct spans *spans, size_t i, uint32_t line)
{
    if (lattice->n == lattice->room) {
        const size_t room = lattice->room ? 2 * lattice->room : 16;
        struct lattice_digit *larger = realloc(lattice->digit, room * sizeof *larger);
        if (!larger)
            return -1;
        lattice->digit = larger;
        lattice->room = room;
    }
    struct lattice_digit *digit = &lattice->digit[lattice->n++];
    digit->box = spans->span[i].box;
    digit->line = line;
    const size_t input = spans->span[i].input;
    memcpy(digit->input, spans->input[input], sizeof digit->input);
    memcpy(digit->probabilities, spans->probabilities[input], sizeof digit->probabilities);
    return 0;
}

/* Whether a digit should be looked at again, cut into pieces. */
static bool is_suspect(const struct spans *spans, size_t i)
{
    const struct box *box = &spans->span[i].box;
    return (float)box->width > SUSPECT_WIDE * (float)box->height || likeliest(spans, i) < SUSPECT;
}

/* Read span i again, cut into pieces. Somewhere in a scribble there is always a digit: so where the
 * pieces cost much the mark is taken as a whole. */
static int read_cut(struct lattice *lattice, const struct picture *ink, const struct atoms *atoms,
                    const struct spans *spans, size_t i, struct predictor *predictor)
{
    const struct span *span = &spans->span[i];
    struct marks whole = {0};
    struct cuts *cuts = malloc(sizeof *cuts);
    int result = cuts ? marks_unite(&whole, atoms->mark + span->first, span->n) : -1;
    if (result == 0)
        result = cuts_find(cuts, ink, whole.mark);
    if (result == 0) {
        const float wide = (float)span->box.width / (float)span->box.height;
        const struct atoms pieces = {.mark = atoms->mark,
                                     .n = cuts->n - 1,
                                     .cuts = cuts,
                                     .height = fminf(atoms->height, (float)span->box.height),
                                     .mass = (float)whole.mark->mass / fmaxf(1, 1.25F * wide)};
        result = read_atoms(lattice, ink, &pieces, predictor);
    }
    free(cuts);
    marks_free(&whole);
    if (result == TOO_DEAR)
        result = add_digit(lattice, spans, i, atoms->mark->line);
    return result;
}

/* The spans of the cheapest sequence, from its end. Returns: how many. */
static size_t follow(const struct spans *spans, size_t atoms, const size_t *chosen,
                     size_t *sequence)
{
    size_t n = 0;
    for (size_t end = atoms; end > 0; end = spans->span[chosen[end]].first)
        if (!spans->span[chosen[end]].skip)
            sequence[n++] = chosen[end];
    return n;
}

/* The probability of the likeliest digit that all atoms together are. */
static float likeliest_whole(const struct spans *spans, size_t atoms)
{
    for (size_t i = 0; i < spans->n; i++)
        if (spans->span[i].n == atoms && !spans->span[i].skip)
            return likeliest(spans, i);
    return 0;
}

/* Returns: TOO_DEAR where the n >= 1 digits that a mark is cut into are, 0, or -1: no memory. */
static int is_dear(const struct spans *spans, const struct atoms *atoms, const size_t *sequence,
                   size_t n, float cost)
{
    struct likely_digit *digit = malloc(n * sizeof *digit);
    if (!digit)
        return -1;
    struct box all = spans->span[sequence[0]].box;
    for (size_t i = 0; i < n; i++) {
        const struct span *span = &spans->span[sequence[i]];
        all = picture_joined_box(&all, &span->box);
        digit[i].digit = loss_argmax(spans->probabilities[span->input]);
        digit[i].height = span->box.height;
    }
    const struct likely_ink ink = {.holes = atoms->cuts->holes,
                                   .wide = (float)all.width / (float)all.height,
                                   .whole = likeliest_whole(spans, atoms->n)};
    const float dear = cost * likely_oddness(digit, n, &ink);
    free(digit);
    return dear > DEAR * (float)n ? TOO_DEAR : 0;
}

/* Append the likeliest digits to the lattice. Returns: -1 when memory runs out, TOO_DEAR, without a
 * digit, where cuts make them too unlikely. */
static int read_atoms(struct lattice *lattice, const struct picture *ink, const struct atoms *atoms,
                      struct predictor *predictor)
{
    float *cost = malloc((atoms->n + 1) * sizeof *cost);
    size_t *chosen = malloc((atoms->n + 1) * sizeof *chosen);
    size_t *sequence = malloc((atoms->n + 1) * sizeof *sequence), n = 0;
    struct spans spans;
    int result = spans_list(&spans, ink, atoms);
    if (result == 0)
        result = cost && chosen && sequence ? spans_read(&spans, ink, predictor) : -1;
    if (result == 0) {
        find_best(&spans, atoms, cost, chosen);
        n = follow(&spans, atoms->n, chosen, sequence);
        lattice->pieces += atoms->cuts ? spans.n : 0;
        if (atoms->cuts && n == 0)
            result = TOO_DEAR;
        else if (atoms->cuts && n > 1)
            result = is_dear(&spans, atoms, sequence, n, cost[atoms->n]);
    }
    while (result == 0 && n > 0) {
        const size_t i = sequence[--n];
        if (atoms->split && lattice->pieces < MOST_PIECES && is_suspect(&spans, i))
            result = read_cut(lattice, ink, atoms, &spans, i, predictor);
        else
            result = add_digit(lattice, &spans, i, atoms->mark->line);
    }
    free(cost);
    free(chosen);
    free(sequence);
    spans_free(&spans);
    return result;
}

/* Ink of the line's digits: the mean weighted by itself, so that specks hardly count. */
static float usual_mass(const struct mark *mark, size_t n)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)mark[i].mass;
        squares += (double)mark[i].mass * (double)mark[i].mass;
    }
    return (float)(squares / sum);
}

int lattice_read(struct lattice *lattice, const struct picture *ink, const struct marks *marks,
                 bool split, struct predictor *predictor)
{
    *lattice = (struct lattice){0};
    int result = 0;
    for (size_t i = 0, n; result == 0 && i < marks->n; i += n) {
        const struct mark *first = &marks->mark[i];
        n = 1;
        while (i + n < marks->n && first[n].line == first->line)
            n++;
        struct atoms atoms = {.mark = first, .n = n, .split = split};
        atoms.height = (float)marks_height(first, n);
        atoms.mass = usual_mass(first, n);
        result = read_atoms(lattice, ink, &atoms, predictor);
    }
    if (result != 0)
        lattice_free(lattice);
    return result;
}

void lattice_free(struct lattice *lattice)
{
    free(lattice->digit);
    *lattice = (struct lattice){0};
}
