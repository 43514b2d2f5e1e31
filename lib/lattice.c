#include "lattice.h"

#include "cuts.h"
#include "likely.h"
#include "loss.h"
#include "minmax.h"
#include "normal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * What a sequence of digits costs besides what the network doubts. Chosen on pages made of training
 * digits 55,000 to 59,999 (tests/pages.py), and scribbles, with networks that had not learnt those.
 */
#define WIDE 1.2F       /* 95 % of MNIST's digits are not wider, as a share of their height ... */
#define WIDE_COST 4.0F  /* ... for each height beyond that */
#define WIDEST 1.4F     /* several marks, or a piece of one, are no digit where they are wider */
#define LOW 0.5F        /* what is lower, as a share of the line's height, is seldom a digit ... */
#define LOW_COST 1.5F   /* ... */
#define LOW_SLOPE 6.0F  /* ... and for each height that it is lower still */
#define LIGHT 0.15F     /* nor is a piece with less than this of a digit's ink */
#define SKIP_SMALL 0.5F /* only smaller ink is passed over */
#define JOIN_COST 1.5F  /* two marks of a digit's height, side by side, that are one digit */
#define LOOSE_COST 0.2F /* a mark and a smaller one */
#define CUT_COST 0.05F  /* a cut ... */
#define INK_COST 0.15F  /* ... and each stroke's width of ink that it goes through */
#define SKIP_COST 0.5F  /* a mark that is no writing ... */
#define SCRAP_COST 3.0F /* or a piece of one ... */
#define SKIP_SIZE 8.0F  /* ... and for each height of the line that it is large */
#define DOUBT 4.0F      /* of the logarithm of how likely it is a digit at all ... */
#define UNLIKELY 0.01F  /* ... which is taken as this at least */
#define SUSPECT_WIDE 1.1F /* wider ones, and those read with less than SUSPECT, may be several */
#define SUSPECT 0.65F
/* A mark is not cut where its digits cost more, on average and times how odd they are together. */
#define DEAR 0.7F

/* Pieces a picture: bounds the time that scribbles take. Five touching digits have about 1,000. */
enum { MOST_PIECES = 6144 };

enum { TOO_DEAR = 1 };

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

/* All spans, in the order of their first atoms, and what the network says of each. */
struct spans {
    struct span *span;
    size_t n, room;
    uint8_t (*input)[IMAGE_PIXELS];
    float (*probabilities)[CLASSES];
};

static int read_atoms(struct lattice *lattice, const struct picture *ink, const struct atoms *atoms,
                      struct predictor *predictor);

static float longer_side(const struct box *box)
{
    return (float)max_u32(box->width, box->height);
}

/* What the shape of a digit costs. */
static float shape_cost(const struct box *box, const struct atoms *atoms)
{
    const float wide = (float)box->width / fmaxf((float)box->height, LOW * atoms->height) - WIDE;
    const float small = LOW - (float)box->height / atoms->height;
    return fmaxf(0, wide) * WIDE_COST + (small > 0 ? LOW_COST + LOW_SLOPE * small : 0);
}

/* What it costs to take two neighbours as parts of one digit; negative if they cannot be. */
static float join_cost(const struct atoms *atoms, size_t i)
{
    const struct box *a = &atoms->mark[i].box, *b = &atoms->mark[i + 1].box;
    const bool whole =
        (float)a->height > 0.7F * atoms->height && (float)b->height > 0.7F * atoms->height;
    const uint32_t most = (uint32_t)(atoms->height / (whole ? 8 : 4)) + 2;
    if (marks_gap(&atoms->mark[i], &atoms->mark[i + 1], most) >= most)
        return -1;
    return whole ? JOIN_COST : LOOSE_COST;
}

/* Append a span. Owns: its ink, which is released where memory runs out. */
static int add_span(struct spans *spans, struct span span)
{
    if (spans->n == spans->room) {
        const size_t room = spans->room ? 2 * spans->room : 32;
        struct span *larger = realloc(spans->span, room * sizeof *larger);
        if (!larger) {
            marks_free(&span.ink);
            return -1;
        }
        spans->span = larger;
        spans->room = room;
    }
    spans->span[spans->n++] = span;
    return 0;
}

/* What it costs to pass over ink; infinite for much. */
static float skip_cost(const struct mark *mark, const struct atoms *atoms)
{
    const float size = longer_side(&mark->box) / atoms->height;
    const float share = (float)mark->mass / atoms->mass;
    const float least = atoms->cuts ? SCRAP_COST : SKIP_COST;
    return size < SKIP_SMALL ? least + SKIP_SIZE * sqrtf(size * share) : INFINITY;
}

static bool is_too_wide(const struct box *box, const struct atoms *atoms)
{
    return (float)box->width > WIDEST * fmaxf(atoms->height, (float)box->height);
}

/* Every mark, and every few neighbours that are together not too wide for a digit. */
static int list_joined(struct spans *spans, const struct atoms *atoms)
{
    for (size_t first = 0; first < atoms->n; first++) {
        const struct mark *mark = atoms->mark + first;
        struct box box = mark->box;
        float joined = 0;
        const struct span skip = {
            .first = first, .n = 1, .cost = skip_cost(mark, atoms), .skip = true};
        if (isfinite(skip.cost) && add_span(spans, skip) != 0)
            return -1;
        for (size_t n = 1; first + n <= atoms->n; n++) {
            const float join = n > 1 ? join_cost(atoms, first + n - 2) : 0;
            box = picture_joined_box(&box, &mark[n - 1].box);
            if (join < 0 || (n > 1 && is_too_wide(&box, atoms)))
                break;
            joined += join;
            struct span span = {.first = first, .n = n, .box = box};
            span.cost = joined + shape_cost(&box, atoms);
            if (marks_unite(&span.ink, mark, n) != 0 || add_span(spans, span) != 0)
                return -1;
        }
    }
    return 0;
}

/* The piece between two cuts, if it may be a digit, or is the whole, or may be passed over. */
static int list_piece(struct spans *spans, const struct picture *ink, const struct atoms *atoms,
                      size_t first, size_t end)
{
    const struct cut *cut = &atoms->cuts->cut[first];
    struct span span = {.first = first, .n = end - first};
    if (cuts_piece(&span.ink, atoms->cuts, ink, first, end) != 0)
        return -1;
    const struct mark *mark = &span.ink.mark[0];
    const bool light = (float)mark->mass <= LIGHT * atoms->mass;
    const bool low = (float)mark->box.height <= LOW * atoms->height;
    const bool may_be = !light && !low && !is_too_wide(&mark->box, atoms);
    const float begun = first > 0 ? CUT_COST + INK_COST * cut->cost : 0;
    struct span skip = {.first = first, .n = span.n, .cost = begun, .skip = true};
    skip.cost += mark->mass > 0 ? skip_cost(mark, atoms) : 0;
    span.box = mark->box;
    span.cost = begun + shape_cost(&span.box, atoms);
    if (isfinite(skip.cost) && add_span(spans, skip) != 0) {
        marks_free(&span.ink);
        return -1;
    }
    if (may_be || span.n == atoms->n)
        return add_span(spans, span);
    marks_free(&span.ink);
    return 0;
}

static int list_pieces(struct spans *spans, const struct picture *ink, const struct atoms *atoms)
{
    for (size_t first = 0; first < atoms->n; first++)
        for (size_t end = first + 1; end <= atoms->n; end++)
            if (cuts_in_order(atoms->cuts, first, end) &&
                list_piece(spans, ink, atoms, first, end) != 0)
                return -1;
    return 0;
}

/* Show every span that may be a digit to the network. */
static int read_spans(struct spans *spans, const struct picture *ink, struct predictor *predictor)
{
    spans->input = malloc((spans->n + 1) * sizeof *spans->input);
    spans->probabilities = malloc((spans->n + 1) * sizeof *spans->probabilities);
    if (!spans->input || !spans->probabilities)
        return -1;
    size_t n = 0;
    for (size_t i = 0; i < spans->n; i++) {
        struct span *span = &spans->span[i];
        if (span->skip)
            continue;
        normal_image(ink, span->ink.mark, spans->input[n]);
        span->input = n++;
    }
    if (n > 0)
        predictor_run(predictor, spans->input[0], n, spans->probabilities[0]);
    for (size_t i = 0; i < spans->n; i++) {
        struct span *span = &spans->span[i];
        if (!span->skip)
            likely_weigh(spans->probabilities[span->input], ink, span->ink.mark);
        marks_free(&span->ink);
    }
    return 0;
}

/* The probability of a span's likeliest digit. */
static float likeliest(const struct spans *spans, size_t i)
{
    const float *probabilities = spans->probabilities[spans->span[i].input];
    return probabilities[loss_argmax(probabilities)];
}

/* What the network's doubt costs: what it takes for no digit has a tenth for every class. */
static float doubt(float probability)
{
    const float digit = (probability - 1.0F / CLASSES) / (1 - 1.0F / CLASSES);
    return -DOUBT * logf(digit > UNLIKELY ? digit : UNLIKELY); /* also where it is no number */
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
        const float total =
            cost[span->first] + span->cost + (span->skip ? 0 : doubt(likeliest(spans, i)));
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

/* Returns: TOO_DEAR where the digits that a mark is cut into are, 0, or -1 without memory. */
static int is_dear(const struct spans *spans, const struct cuts *cuts, const size_t *sequence,
                   size_t n, float cost)
{
    struct likely_digit *digit = malloc((n + 1) * sizeof *digit);
    for (size_t i = 0; digit && i < n; i++) {
        const struct span *span = &spans->span[sequence[i]];
        digit[i].digit = loss_argmax(spans->probabilities[span->input]);
        digit[i].height = span->box.height;
    }
    const int result = !digit ? -1
                       : n == 0 || cost * likely_oddness(digit, n, cuts->holes) > DEAR * (float)n
                           ? TOO_DEAR
                           : 0;
    free(digit);
    return result;
}

static void free_spans(struct spans *spans)
{
    for (size_t i = 0; i < spans->n; i++)
        marks_free(&spans->span[i].ink);
    free(spans->span);
    free(spans->input);
    free(spans->probabilities);
}

/* Append the likeliest digits to the lattice. Returns: -1 when memory runs out, TOO_DEAR, without a
 * digit, where cuts make them too unlikely. */
static int read_atoms(struct lattice *lattice, const struct picture *ink, const struct atoms *atoms,
                      struct predictor *predictor)
{
    struct spans spans = {0};
    float *cost = malloc((atoms->n + 1) * sizeof *cost);
    size_t *chosen = malloc((atoms->n + 1) * sizeof *chosen);
    size_t *sequence = malloc((atoms->n + 1) * sizeof *sequence), n = 0;
    int result = !cost || !chosen || !sequence ? -1
                 : atoms->cuts                 ? list_pieces(&spans, ink, atoms)
                                               : list_joined(&spans, atoms);
    if (result == 0)
        result = read_spans(&spans, ink, predictor);
    if (result == 0) {
        find_best(&spans, atoms, cost, chosen);
        n = follow(&spans, atoms->n, chosen, sequence);
        lattice->pieces += atoms->cuts ? spans.n : 0;
        if (atoms->cuts && n != 1)
            result = is_dear(&spans, atoms->cuts, sequence, n, cost[atoms->n]);
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
    free_spans(&spans);
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
