#include "lattice.h"

#include "cuts.h"
#include "loss.h"
#include "minmax.h"
#include "normal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * What a sequence of digits costs besides the negative logarithms of their probabilities. Chosen on
 * pages made of training digits 55,000 to 59,999 (tests/pages.py).
 */
#define WIDE 1.2F       /* 95 % of MNIST's digits are not wider, as a share of their height ... */
#define WIDE_COST 4.0F  /* ... for each height beyond that */
#define LOW 0.5F        /* what is lower, as a share of the line's height, is seldom a digit ... */
#define LOW_PIECE 0.65F /* ... as is a lower piece of a mark: digits that touch are alike ... */
#define LOW_COST 1.5F   /* ... */
#define LOW_SLOPE 6.0F  /* ... and for each height that it is lower still */
#define SKIP_SMALL 0.5F /* only smaller marks are passed over */
#define JOIN_COST 1.5F  /* two marks of a digit's height, side by side, that are one digit */
#define LOOSE_COST 0.2F /* a mark and a smaller one */
#define CUT_COST 0.3F   /* a cut ... */
#define INK_COST 0.4F   /* ... and each stroke's width of ink that it goes through */
#define SKIP_COST 0.5F  /* a mark that is no writing ... */
#define SKIP_SIZE 8.0F  /* ... for each height of the line that it is large */
#define UNLIKELY 1e-4F  /* probabilities are taken as this at least */
#define SUSPECT_WIDE 1.1F /* wider ones, and those read with less than SUSPECT, may be several */
#define SUSPECT 0.9F
#define PIECE 0.75F /* each piece of a mark is read with this at least, or the mark stays whole */

enum { MOST_CUT = 64 }; /* marks a picture: bounds the time that scribbles take */

/* Ink from left to right that digits are made of: marks of a line, or pieces of a mark. */
struct atoms {
    const struct mark *mark;
    size_t n;
    const float *cut; /* [n - 1], cost of a cut between one and the next; NULL for marks */
    float height;     /* of the line's digits */
    float mass;       /* ink of most of them */
    bool split;       /* whether a suspect may be cut into pieces */
};

/* Atoms first to first + n - 1 taken as one digit. */
struct span {
    size_t first, n;
    struct box box;
    float cost; /* without what the network says of it */
};

/* All spans that may be digits, and what the network says of each. */
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
    const float low = atoms->cut ? LOW_PIECE : LOW;
    const float wide = (float)box->width / fmaxf((float)box->height, low * atoms->height) - WIDE;
    const float small = low - (float)box->height / atoms->height;
    return fmaxf(0, wide) * WIDE_COST + (small > 0 ? LOW_COST + LOW_SLOPE * small : 0);
}

/* What it costs to take two neighbours as parts of one digit; negative if they cannot be. */
static float join_cost(const struct atoms *atoms, size_t i)
{
    if (atoms->cut)
        return 0;
    const struct box *a = &atoms->mark[i].box, *b = &atoms->mark[i + 1].box;
    const bool whole =
        (float)a->height > 0.7F * atoms->height && (float)b->height > 0.7F * atoms->height;
    const uint32_t most = (uint32_t)(atoms->height / (whole ? 8 : 4)) + 2;
    if (marks_gap(&atoms->mark[i], &atoms->mark[i + 1], most) >= most)
        return -1;
    return whole ? JOIN_COST : LOOSE_COST;
}

static int add_span(struct spans *spans, struct span span)
{
    if (spans->n == spans->room) {
        const size_t room = spans->room ? 2 * spans->room : 32;
        struct span *larger = realloc(spans->span, room * sizeof *larger);
        if (!larger)
            return -1;
        spans->span = larger;
        spans->room = room;
    }
    spans->span[spans->n++] = span;
    return 0;
}

/* Every atom, and every few neighbours that are together not too wide for a digit. */
static int list_spans(struct spans *spans, const struct atoms *atoms)
{
    for (size_t first = 0; first < atoms->n; first++) {
        struct box box = {0};
        uint64_t mass = 0;
        float joined = 0;
        for (size_t i = first; i < atoms->n; i++) {
            const struct mark *mark = &atoms->mark[i];
            const float join = i > first ? join_cost(atoms, i - 1) : 0;
            if (join < 0)
                break;
            joined += join;
            if (mark->mass > 0)
                box = mass > 0 ? picture_joined_box(&box, &mark->box) : mark->box;
            mass += mark->mass;
            const bool fits = (float)box.width <= 1.4F * fmaxf(atoms->height, (float)box.height);
            const bool all = i + 1 == atoms->n && first == 0;
            if (!fits && i > first && !(all && atoms->cut)) {
                if (atoms->cut && first == 0)
                    continue;
                break;
            }
            const struct span span = {first, i + 1 - first, box, joined + shape_cost(&box, atoms)};
            if (mass > 0 && add_span(spans, span) != 0)
                return -1;
        }
    }
    return 0;
}

/* Unite a span's atoms. */
static int unite(struct marks *united, const struct atoms *atoms, const struct span *span)
{
    const struct mark **mark = malloc(span->n * sizeof *mark);
    size_t n = 0;
    for (size_t i = 0; mark && i < span->n; i++)
        if (atoms->mark[span->first + i].mass > 0)
            mark[n++] = &atoms->mark[span->first + i];
    const int result = mark ? marks_unite(united, mark, n) : -1;
    free(mark);
    return result;
}

/* Show every span to the network. */
static int read_spans(struct spans *spans, const struct picture *ink, const struct atoms *atoms,
                      struct predictor *predictor)
{
    spans->input = malloc((spans->n + 1) * sizeof *spans->input);
    spans->probabilities = malloc((spans->n + 1) * sizeof *spans->probabilities);
    if (!spans->input || !spans->probabilities)
        return -1;
    for (size_t i = 0; i < spans->n; i++) {
        struct marks united;
        if (unite(&united, atoms, &spans->span[i]) != 0)
            return -1;
        normal_image(ink, united.mark, spans->input[i]);
        marks_free(&united);
    }
    if (spans->n > 0)
        predictor_run(predictor, spans->input[0], spans->n, spans->probabilities[0]);
    return 0;
}

static float likeliest(const float probabilities[CLASSES])
{
    const float p = probabilities[loss_argmax(probabilities)];
    return p > UNLIKELY ? p : UNLIKELY; /* also where it is no number */
}

/* What it costs to pass over an atom; infinite for one that is large. */
static float skip_cost(const struct mark *mark, const struct atoms *atoms)
{
    const float size = longer_side(&mark->box) / atoms->height;
    const float share = (float)mark->mass / atoms->mass;
    if (mark->mass == 0)
        return 0;
    return size < SKIP_SMALL ? SKIP_COST + SKIP_SIZE * sqrtf(size * share) : INFINITY;
}

/*
 * The cheapest sequence of spans that covers all atoms. Shapes: cost and chosen [atoms->n + 1]:
 * of the best sequence up to an atom, and its last span, SIZE_MAX where the last atom is skipped.
 */
static void find_best(const struct spans *spans, const struct atoms *atoms, float *cost,
                      size_t *chosen)
{
    cost[0] = 0;
    size_t next = 0; /* spans come in the order of their first atoms */
    for (size_t i = 1; i <= atoms->n; i++)
        cost[i] = INFINITY, chosen[i] = SIZE_MAX;
    for (size_t i = 0; i < atoms->n; i++) {
        const float skipped = cost[i] + skip_cost(&atoms->mark[i], atoms);
        if (skipped < cost[i + 1])
            cost[i + 1] = skipped, chosen[i + 1] = SIZE_MAX;
        for (; next < spans->n && spans->span[next].first == i; next++) {
            const struct span *span = &spans->span[next];
            const float cut = atoms->cut && i > 0 ? CUT_COST + INK_COST * atoms->cut[i - 1] : 0;
            const float total =
                cost[i] + cut + span->cost - logf(likeliest(spans->probabilities[next]));
            if (total < cost[i + span->n])
                cost[i + span->n] = total, chosen[i + span->n] = next;
        }
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
    memcpy(digit->input, spans->input[i], sizeof digit->input);
    memcpy(digit->probabilities, spans->probabilities[i], sizeof digit->probabilities);
    return 0;
}

/* Whether one of the digits from `first` on, which are several, is none. */
static bool any_doubtful(const struct lattice *lattice, size_t first)
{
    bool doubtful = false;
    for (size_t i = first; lattice->n > first + 1 && i < lattice->n; i++)
        doubtful |= likeliest(lattice->digit[i].probabilities) < PIECE;
    return doubtful;
}

/* Read span i again, cut into pieces. Somewhere in a scribble there is always a digit: so all ink
 * of the mark must be digits, else it is taken as a whole. */
static int read_cut(struct lattice *lattice, const struct picture *ink, const struct atoms *atoms,
                    const struct spans *spans, size_t i, struct predictor *predictor)
{
    const struct span *span = &spans->span[i];
    const size_t digits = lattice->n;
    struct marks whole, pieces = {0};
    lattice->cut++;
    float cut[CUTS_MOST];
    if (unite(&whole, atoms, span) != 0)
        return -1;
    int result = cuts_make(&pieces, cut, ink, whole.mark);
    for (size_t k = 0; result == 0 && k < pieces.n; k++)
        pieces.mark[k].line = whole.mark->line;
    if (result == 0) {
        struct atoms cuts = {.mark = pieces.mark, .n = pieces.n, .cut = cut, .mass = atoms->mass};
        cuts.height = fminf(atoms->height, (float)span->box.height);
        result = read_atoms(lattice, ink, &cuts, predictor);
    }
    if (result == 0 && any_doubtful(lattice, digits)) {
        lattice->n = digits;
        result = add_digit(lattice, spans, i, whole.mark->line);
    }
    marks_free(&pieces);
    marks_free(&whole);
    return result;
}

/* Whether a digit should be looked at again, cut into pieces. */
static bool is_suspect(const struct spans *spans, size_t i)
{
    const struct box *box = &spans->span[i].box;
    return (float)box->width > SUSPECT_WIDE * (float)box->height ||
           likeliest(spans->probabilities[i]) < SUSPECT;
}

static int read_atoms(struct lattice *lattice, const struct picture *ink, const struct atoms *atoms,
                      struct predictor *predictor)
{
    struct spans spans = {0};
    float *cost = malloc((atoms->n + 1) * sizeof *cost);
    size_t *chosen = malloc((atoms->n + 1) * sizeof *chosen);
    size_t *sequence = malloc((atoms->n + 1) * sizeof *sequence), n = 0;
    int result = cost && chosen && sequence ? list_spans(&spans, atoms) : -1;
    if (result == 0)
        result = read_spans(&spans, ink, atoms, predictor);
    if (result == 0) {
        find_best(&spans, atoms, cost, chosen);
        for (size_t i = atoms->n; i > 0;) {
            if (chosen[i] == SIZE_MAX) {
                i--;
                continue;
            }
            sequence[n++] = chosen[i];
            i -= spans.span[chosen[i]].n;
        }
    }
    while (result == 0 && n > 0) {
        const size_t i = sequence[--n];
        if (atoms->split && lattice->cut < MOST_CUT && is_suspect(&spans, i))
            result = read_cut(lattice, ink, atoms, &spans, i, predictor);
        else
            result = add_digit(lattice, &spans, i, atoms->mark[0].line);
    }
    free(cost);
    free(chosen);
    free(sequence);
    free(spans.span);
    free(spans.input);
    free(spans.probabilities);
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
