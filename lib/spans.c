#include "spans.h"

#include "minmax.h"
#include "normal.h"

#include <math.h>
#include <stdlib.h>

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

int spans_list(struct spans *spans, const struct picture *ink, const struct atoms *atoms)
{
    *spans = (struct spans){0};
    return atoms->cuts ? list_pieces(spans, ink, atoms) : list_joined(spans, atoms);
}

int spans_read(struct spans *spans, const struct picture *ink, struct predictor *predictor)
{
    spans->input = malloc((spans->n + 1) * sizeof *spans->input);
    spans->probabilities = malloc((spans->n + 1) * sizeof *spans->probabilities);
    spans->untempered = malloc((spans->n + 1) * sizeof *spans->untempered);
    if (!spans->input || !spans->probabilities || !spans->untempered)
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
        predictor_run_untempered(predictor, spans->input[0], n, spans->probabilities[0],
                                 spans->untempered[0]);
    for (size_t i = 0; i < spans->n; i++)
        marks_free(&spans->span[i].ink);
    return 0;
}

void spans_free(struct spans *spans)
{
    for (size_t i = 0; i < spans->n; i++)
        marks_free(&spans->span[i].ink);
    free(spans->span);
    free(spans->input);
    free(spans->probabilities);
    free(spans->untempered);
    *spans = (struct spans){0};
}
