#include "segment.h"

#include "frames.h"
#include "ink.h"
#include "minmax.h"
#include "normal.h"
#include "order.h"
#include "parts.h"

#include <stdlib.h>
#include <string.h>

enum {
    PIECE_PEAK = 128,  /* a piece of ink whose darkest pixel is fainter than this is noise ... */
    PIECE_SHARE = 256, /* ... as is one smaller than the picture's shorter side / PIECE_SHARE */
    SPECK_SHARE = 8,   /* a piece smaller than the typical one / SPECK_SHARE is a speck */
    FLAT = 4,          /* a piece lower than the typical one / FLAT, and wider than FLAT of its own
                          heights, is a rest of a ruled line, once parts of digits are joined */
    DROPPED = -1
};

/* A connected mark, or several joined. */
struct piece {
    struct box box;
    uint64_t mass;
    uint32_t mark; /* the mark that others have been joined to */
    bool hugs;     /* the picture's border, for half of its length */
};

/* Pieces of the marks, and which mark each mark has been joined to, itself at first. */
struct pieces {
    struct piece *piece;
    size_t n;
    uint32_t *joined_to; /* [marks] */
};

static uint32_t longer_side(const struct box *box)
{
    return max_u32(box->width, box->height);
}

static int heavier_first(const void *a, const void *b)
{
    const struct piece *left = a, *right = b;
    return (left->mass < right->mass) - (left->mass > right->mass);
}

static int lower_first(const void *a, const void *b)
{
    const struct piece *left = a, *right = b;
    return (left->box.height > right->box.height) - (left->box.height < right->box.height);
}

static int left_first(const void *a, const void *b)
{
    const struct piece *left = a, *right = b;
    return (left->box.x > right->box.x) - (left->box.x < right->box.x);
}

/* Pixels of a mark along the picture's border. */
static uint32_t border_ink(const struct mark *mark, const struct picture *ink)
{
    uint32_t n = 0;
    for (size_t i = 0; i < mark->runs; i++) {
        const struct run *run = &mark->run[i];
        n += run->x == 0;
        n += run->end == ink->width;
        if (run->y == 0 || run->y + 1u == ink->height)
            n += (uint32_t)(run->end - run->x);
    }
    return n;
}

/* The marks that are not noise, at most SEGMENT_MAX_PIECES. */
static int collect(struct pieces *pieces, const struct marks *marks, const struct picture *ink)
{
    pieces->piece = malloc((marks->n + 1) * sizeof *pieces->piece);
    pieces->joined_to = malloc((marks->n + 1) * sizeof *pieces->joined_to);
    if (!pieces->piece || !pieces->joined_to)
        return -1;
    const uint32_t smallest = min_u32(ink->width, ink->height) / PIECE_SHARE;
    pieces->n = 0;
    for (uint32_t i = 0; i < marks->n; i++) {
        const struct mark *mark = &marks->mark[i];
        pieces->joined_to[i] = i;
        if (mark->peak >= PIECE_PEAK && longer_side(&mark->box) >= smallest)
            pieces->piece[pieces->n++] = (struct piece){
                mark->box, mark->mass, i, 2 * border_ink(mark, ink) >= longer_side(&mark->box)};
    }
    if (pieces->n > SEGMENT_MAX_PIECES) {
        qsort(pieces->piece, pieces->n, sizeof *pieces->piece, heavier_first);
        pieces->n = SEGMENT_MAX_PIECES;
    }
    return 0;
}

/* The height of the piece that the middle grain of ink belongs to: specks hardly count. */
static uint32_t typical_height(struct pieces *pieces)
{
    uint64_t total = 0, below = 0;
    for (size_t i = 0; i < pieces->n; i++)
        total += pieces->piece[i].mass;
    qsort(pieces->piece, pieces->n, sizeof *pieces->piece, lower_first);
    size_t i = 0;
    while (i + 1 < pieces->n && (below += pieces->piece[i].mass) * 2 < total)
        i++;
    return pieces->piece[i].box.height;
}

/*
 * Drop what lies along the picture's border and is much longer than writing is high: a scan's dark
 * edge, the table under a sheet. A digit cut out closely is as high as those beside it.
 */
static void drop_edges(struct pieces *pieces)
{
    struct piece *piece = pieces->piece;
    size_t inside = 0;
    for (size_t i = 0; i < pieces->n; i++) /* first those that are no edges for sure */
        if (!piece[i].hugs) {
            const struct piece moved = piece[inside];
            piece[inside++] = piece[i];
            piece[i] = moved;
        }
    if (inside == 0 || inside == pieces->n)
        return;
    struct pieces free_ones = {.piece = piece, .n = inside};
    const uint32_t typical = typical_height(&free_ones);
    size_t kept = inside;
    for (size_t i = inside; i < pieces->n; i++)
        if (longer_side(&piece[i].box) < 2 * typical)
            piece[kept++] = piece[i];
    pieces->n = kept;
}

/* Drop what is drawn around writing, or seen around it. Returns: -1 when memory runs out. */
static int drop_frames(struct pieces *pieces, const struct marks *marks, uint32_t side)
{
    struct mark *mark = malloc((pieces->n + 1) * sizeof *mark);
    bool *is_frame = malloc((pieces->n + 1) * sizeof *is_frame);
    int result = mark && is_frame ? 0 : -1;
    for (size_t i = 0; result == 0 && i < pieces->n; i++)
        mark[i] = marks->mark[pieces->piece[i].mark];
    if (result == 0)
        result = frames_find(mark, pieces->n, side, is_frame);
    size_t kept = 0;
    for (size_t i = 0; result == 0 && i < pieces->n; i++)
        if (!is_frame[i])
            pieces->piece[kept++] = pieces->piece[i];
    pieces->n = kept;
    free(mark);
    free(is_frame);
    return result;
}

static void drop_specks(struct pieces *pieces, uint32_t typical)
{
    size_t kept = 0;
    for (size_t i = 0; i < pieces->n; i++)
        if (longer_side(&pieces->piece[i].box) * SPECK_SHARE >= typical)
            pieces->piece[kept++] = pieces->piece[i];
    pieces->n = kept;
}

static void drop_flat(struct pieces *pieces, uint32_t typical)
{
    size_t kept = 0;
    for (size_t i = 0; i < pieces->n; i++) {
        const struct box *box = &pieces->piece[i].box;
        if (box->height * FLAT >= typical || box->width <= box->height * FLAT)
            pieces->piece[kept++] = pieces->piece[i];
    }
    pieces->n = kept;
}

/* Pixels between two stretches of a line, or less than 0: minus the length they share. */
static int64_t gap(uint32_t a, uint32_t a_length, uint32_t b, uint32_t b_length)
{
    return (int64_t)max_u32(a, b) - min_u32(a + a_length, b + b_length);
}

/*
 * Whether two pieces are parts of one digit whatever they say: a fragment, much smaller than a
 * digit, that lies inside the other, or all but touches it; or one lies over the other, near it,
 * and both together are no higher than a digit. Pieces side by side are left to the reader, who
 * may see a 4 in them, or two 1s.
 */
static bool belong_together(const struct mark *a, const struct mark *b, uint32_t typical)
{
    const int64_t across = gap(a->box.x, a->box.width, b->box.x, b->box.width);
    const int64_t down = gap(a->box.y, a->box.height, b->box.y, b->box.height);
    const uint32_t near = 1 + typical / 6;
    if (across > near || down > near)
        return false;
    const struct box both = picture_joined_box(&a->box, &b->box);
    const uint32_t shorter = min_u32(a->box.height, b->box.height);
    const bool fragment = 2 * min_u32(longer_side(&a->box), longer_side(&b->box)) < typical;
    const bool inside = fragment && -5 * down >= 4 * (int64_t)shorter &&
                        -5 * across >= 4 * (int64_t)min_u32(a->box.width, b->box.width);
    if (inside)
        return true;
    const bool over =
        -2 * across >= min_u32(a->box.width, b->box.width) && -3 * down <= (int64_t)shorter;
    const bool low = 2 * both.height <= 3 * typical;
    const uint32_t apart = over || fragment ? marks_gap(a, b, near) : near;
    return apart < (over && low ? near : 1 + typical / 10);
}

static uint32_t root(uint32_t *joined_to, uint32_t i)
{
    while (joined_to[i] != i)
        i = joined_to[i] = joined_to[joined_to[i]];
    return i;
}

static void join_pieces(struct pieces *pieces, const struct marks *marks, uint32_t typical)
{
    struct piece *piece = pieces->piece;
    qsort(piece, pieces->n, sizeof *piece, left_first);
    for (size_t i = 0; i < pieces->n; i++) {
        const struct box *box = &piece[i].box;
        for (size_t j = i + 1; j < pieces->n; j++) {
            if (piece[j].box.x > box->x + box->width + typical)
                break;
            if (belong_together(&marks->mark[piece[i].mark], &marks->mark[piece[j].mark], typical))
                pieces->joined_to[root(pieces->joined_to, piece[j].mark)] =
                    root(pieces->joined_to, piece[i].mark);
        }
    }
    size_t kept = 0;
    for (size_t i = 0; i < pieces->n; i++) { /* first those that the others belong to */
        if (root(pieces->joined_to, piece[i].mark) == piece[i].mark) {
            const struct piece moved = piece[kept];
            piece[kept++] = piece[i];
            piece[i] = moved;
        }
    }
    for (size_t i = kept; i < pieces->n; i++) {
        size_t k = 0;
        while (piece[k].mark != root(pieces->joined_to, piece[i].mark))
            k++;
        piece[k].box = picture_joined_box(&piece[k].box, &piece[i].box);
        piece[k].mass += piece[i].mass;
    }
    pieces->n = kept;
}

/* Make the marks those of the pieces, in reading order. Returns: -1 when memory runs out. */
static int take_pieces(struct marks *marks, struct pieces *pieces, uint32_t typical)
{
    struct place *places = malloc((pieces->n + 1) * sizeof *places);
    int32_t *group = malloc((marks->n + 1) * sizeof *group);
    int result = places && group ? 0 : -1;
    for (size_t i = 0; result == 0 && i < pieces->n; i++)
        places[i] = (struct place){.box = pieces->piece[i].box, .id = pieces->piece[i].mark};
    if (result == 0)
        result = order_reading(places, pieces->n, typical / 2);
    if (result == 0) {
        for (size_t i = 0; i < marks->n; i++)
            group[i] = DROPPED;
        for (size_t i = 0; i < pieces->n; i++)
            group[places[i].id] = (int32_t)i;
        for (uint32_t i = 0; i < marks->n; i++) {
            group[i] = group[root(pieces->joined_to, i)];
        }
        result = marks_join(marks, group, pieces->n);
        for (size_t i = 0; result == 0 && i < marks->n; i++)
            marks->mark[i].line = places[i].line;
    }
    free(places);
    free(group);
    return result;
}

int segment_digits(const struct picture *ink, struct marks *digits)
{
    if (parts_find(digits, ink) != 0)
        return -1;
    struct pieces pieces = {0};
    int result = collect(&pieces, digits, ink);
    uint32_t typical = 0;
    if (result == 0 && pieces.n > 0) {
        drop_edges(&pieces);
        result = drop_frames(&pieces, digits, min_u32(ink->width, ink->height));
    }
    if (result == 0 && pieces.n > 0) {
        typical = typical_height(&pieces);
        drop_specks(&pieces, typical);
        join_pieces(&pieces, digits, typical);
        drop_flat(&pieces, typical);
    }
    if (result == 0)
        result = take_pieces(digits, &pieces, typical);
    free(pieces.piece);
    free(pieces.joined_to);
    if (result != 0)
        marks_free(digits);
    return result;
}

int segment_whole(const struct picture *ink, struct marks *digit)
{
    if (segment_digits(ink, digit) != 0)
        return -1;
    int32_t *group = calloc(digit->n + 1, sizeof *group);
    const int result = group && digit->n > 0 ? marks_join(digit, group, 1) : group ? 0 : -1;
    free(group);
    if (result != 0)
        marks_free(digit);
    return result;
}

int segment_image(struct picture *picture, uint8_t image[IMAGE_PIXELS])
{
    struct marks digit = {0};
    memset(image, 0, IMAGE_PIXELS);
    if (ink_find(picture) < 0 || segment_whole(picture, &digit) != 0)
        return -1;
    if (digit.n > 0)
        normal_image(picture, &digit.mark[0], image);
    marks_free(&digit);
    return 0;
}
