#include "segment.h"

#include "minmax.h"

#include <stdlib.h>
#include <string.h>

enum {
    PIECE_PEAK = 128,  /* a piece of ink whose darkest pixel is fainter than this is noise ... */
    PIECE_SHARE = 256, /* ... as is one smaller than the picture's longer side / PIECE_SHARE */
    SPECK_SHARE = 8    /* a piece smaller than the typical one / SPECK_SHARE is a speck */
};

/* Connected ink, or several pieces joined. */
struct piece {
    struct box box;
    uint64_t mass; /* sum of ink */
    uint32_t line;
};

struct pieces {
    struct piece *piece;
    size_t n, room;
};

/* Pixels from which the fill of a piece still has to go on. */
struct stack {
    uint32_t *at; /* pixel indices: a picture has at most 2^26 */
    size_t n, room;
};

static uint32_t longer_side(const struct box *box)
{
    return max_u32(box->width, box->height);
}

/* Make room for one more element. Returns: false when memory runs out. */
static bool grow(void **array, size_t n, size_t *room, size_t element)
{
    if (n < *room)
        return true;
    const size_t larger = *room ? 2 * *room : 256;
    void *moved = realloc(*array, larger * element);
    if (!moved)
        return false;
    *array = moved;
    *room = larger;
    return true;
}

static bool push(struct stack *stack, uint32_t at)
{
    if (!grow((void **)&stack->at, stack->n, &stack->room, sizeof *stack->at))
        return false;
    stack->at[stack->n++] = at;
    return true;
}

static bool is_seen(const uint8_t *seen, uint32_t at)
{
    return seen[at / 8] >> at % 8 & 1;
}

/* Push the first pixel of each run of unseen ink in row `y` from x = first to x < end. */
static bool push_runs(const struct picture *ink, const uint8_t *seen, uint32_t y, uint32_t first,
                      uint32_t end, struct stack *stack)
{
    const uint32_t row = y * ink->width;
    bool inside = false;
    for (uint32_t x = first; x < end; x++) {
        const bool wanted = ink->pixels[row + x] && !is_seen(seen, row + x);
        if (wanted && !inside && !push(stack, row + x))
            return false;
        inside = wanted;
    }
    return true;
}

/*
 * Follow the ink from pixel `start` through its 8 neighbours, run by run.
 * Returns: false when memory runs out.
 */
static bool fill(const struct picture *ink, uint8_t *seen, uint32_t start, struct stack *stack,
                 struct piece *piece, uint8_t *peak)
{
    uint32_t left = UINT32_MAX, right = 0, top = UINT32_MAX, bottom = 0;
    uint64_t mass = 0;
    *peak = 0;
    bool room = push(stack, start);
    while (room && stack->n > 0) {
        const uint32_t at = stack->at[--stack->n], y = at / ink->width;
        if (is_seen(seen, at))
            continue;
        const uint8_t *row = ink->pixels + (size_t)y * ink->width;
        uint32_t first = at % ink->width, end = first + 1;
        while (first > 0 && row[first - 1])
            first--;
        while (end < ink->width && row[end])
            end++;
        for (uint32_t x = first; x < end; x++) {
            const uint32_t here = y * ink->width + x;
            seen[here / 8] |= (uint8_t)(1u << here % 8);
            mass += row[x];
            *peak = row[x] > *peak ? row[x] : *peak;
        }
        left = min_u32(left, first), right = max_u32(right, end);
        top = min_u32(top, y), bottom = max_u32(bottom, y + 1);
        const uint32_t from = first > 0 ? first - 1 : 0, to = min_u32(end + 1, ink->width);
        if (y > 0)
            room = push_runs(ink, seen, y - 1, from, to, stack);
        if (room && y + 1 < ink->height)
            room = push_runs(ink, seen, y + 1, from, to, stack);
    }
    *piece = (struct piece){{left, top, right - left, bottom - top}, mass, 0};
    return room;
}

/* All connected pieces of ink but noise. Returns: false when memory runs out. */
static bool find_pieces(const struct picture *ink, const struct box *box, struct pieces *pieces)
{
    const uint32_t smallest = max_u32(ink->width, ink->height) / PIECE_SHARE;
    struct stack stack = {0};
    uint8_t *seen = calloc((size_t)ink->width * ink->height / 8 + 1, 1);
    bool room = seen != NULL;
    for (uint32_t y = box->y; room && y < box->y + box->height; y++) {
        for (uint32_t x = box->x; room && x < box->x + box->width; x++) {
            const uint32_t at = y * ink->width + x;
            if (!ink->pixels[at] || is_seen(seen, at))
                continue;
            struct piece piece;
            uint8_t peak;
            room = fill(ink, seen, at, &stack, &piece, &peak);
            if (!room || peak < PIECE_PEAK || longer_side(&piece.box) < smallest)
                continue;
            room = grow((void **)&pieces->piece, pieces->n, &pieces->room, sizeof piece);
            if (room)
                pieces->piece[pieces->n++] = piece;
        }
    }
    free(seen);
    free(stack.at);
    return room;
}

static int heavier_first(const void *a, const void *b)
{
    const struct piece *left = a, *right = b;
    return (left->mass < right->mass) - (left->mass > right->mass);
}

static int smaller_first(const void *a, const void *b)
{
    const struct piece *left = a, *right = b;
    const uint32_t left_side = longer_side(&left->box), right_side = longer_side(&right->box);
    return (left_side > right_side) - (left_side < right_side);
}

/* The longer side of the piece that the middle grain of ink belongs to: specks hardly count. */
static uint32_t typical_side(struct pieces *pieces)
{
    uint64_t total = 0, below = 0;
    for (size_t i = 0; i < pieces->n; i++)
        total += pieces->piece[i].mass;
    qsort(pieces->piece, pieces->n, sizeof *pieces->piece, smaller_first);
    size_t i = 0;
    while (i + 1 < pieces->n && (below += pieces->piece[i].mass) * 2 < total)
        i++;
    return longer_side(&pieces->piece[i].box);
}

static void drop_specks(struct pieces *pieces, uint32_t typical)
{
    size_t kept = 0;
    for (size_t i = 0; i < pieces->n; i++)
        if (longer_side(&pieces->piece[i].box) * SPECK_SHARE >= typical)
            pieces->piece[kept++] = pieces->piece[i];
    pieces->n = kept;
}

/* Pixels between two stretches of a line, or less than 0: minus the length they share. */
static int64_t gap(uint32_t a, uint32_t a_length, uint32_t b, uint32_t b_length)
{
    return (int64_t)max_u32(a, b) - min_u32(a + a_length, b + b_length);
}

/*
 * Whether two pieces are parts of one digit. They are when one lies over the other and they nearly
 * touch. A fragment, much smaller than a digit, such as the loose bar of a 5, may be further off,
 * or beside. Two whole digits side by side are never joined.
 */
static bool belong_together(const struct box *a, const struct box *b, uint32_t typical)
{
    const int64_t across = gap(a->x, a->width, b->x, b->width);
    const int64_t down = gap(a->y, a->height, b->y, b->height);
    const bool over = -2 * across >= min_u32(a->width, b->width);
    const bool fragment = 10 * min_u32(longer_side(a), longer_side(b)) < 6 * typical;
    const bool near_down = 8 * down <= typical, near_across = 8 * across <= typical;
    return (over && near_down) || (over && fragment && 3 * down <= typical) ||
           (fragment && near_down && near_across);
}

static struct box joined_box(const struct box *a, const struct box *b)
{
    const uint32_t x = min_u32(a->x, b->x), y = min_u32(a->y, b->y);
    const uint32_t right = max_u32(a->x + a->width, b->x + b->width);
    const uint32_t bottom = max_u32(a->y + a->height, b->y + b->height);
    return (struct box){x, y, right - x, bottom - y};
}

static void join_pieces(struct pieces *pieces, uint32_t typical)
{
    struct piece *piece = pieces->piece;
    for (size_t i = 0; i < pieces->n; i++) {
        for (size_t j = i + 1; j < pieces->n; j++) {
            if (!belong_together(&piece[i].box, &piece[j].box, typical))
                continue;
            piece[i].box = joined_box(&piece[i].box, &piece[j].box);
            piece[i].mass += piece[j].mass;
            piece[j] = piece[--pieces->n];
            j = i; /* the joined one is larger: everything may be near it now */
        }
    }
}

static int left_first(const void *a, const void *b)
{
    const struct piece *left = a, *right = b;
    return (left->box.x > right->box.x) - (left->box.x < right->box.x);
}

/* Whether two boxes stand on one line: they share at least a third of the lower one's height. */
static bool on_one_line(const struct box *a, const struct box *b)
{
    return -3 * gap(a->y, a->height, b->y, b->height) >= min_u32(a->height, b->height);
}

/* Where each piece of a line goes in reading order. */
struct line {
    struct box last;  /* its rightmost piece so far */
    uint64_t centres; /* sum of the pieces' vertical centres, doubled */
    uint32_t n;
    uint32_t number;
};

static uint64_t twice_centre(const struct box *box)
{
    return 2 * (uint64_t)box->y + box->height;
}

static int upper_line_first(const void *a, const void *b)
{
    const struct line *left = a, *right = b;
    const uint64_t left_centre = left->centres * right->n, right_centre = right->centres * left->n;
    return (left_centre > right_centre) - (left_centre < right_centre);
}

static int reading_order(const void *a, const void *b)
{
    const struct piece *left = a, *right = b;
    if (left->line != right->line)
        return left->line < right->line ? -1 : 1;
    return left_first(a, b);
}

/*
 * Put the pieces into lines, from left to right: a piece continues the line whose last piece stands
 * beside it, the closest in height of several, so that lines may climb or fall.
 * Returns: false when memory runs out.
 */
static bool sort_reading(struct pieces *pieces)
{
    struct line *lines = calloc(pieces->n, sizeof *lines);
    uint32_t *rank = calloc(pieces->n, sizeof *rank);
    if (lines && rank) {
        uint32_t n = 0;
        qsort(pieces->piece, pieces->n, sizeof *pieces->piece, left_first);
        for (size_t i = 0; i < pieces->n; i++) {
            const struct box *box = &pieces->piece[i].box;
            uint32_t best = n;
            uint64_t distance = UINT64_MAX;
            for (uint32_t k = 0; k < n; k++) {
                const uint64_t a = twice_centre(box), b = twice_centre(&lines[k].last);
                const uint64_t apart = a > b ? a - b : b - a;
                if (on_one_line(box, &lines[k].last) && apart < distance)
                    best = k, distance = apart;
            }
            if (best == n)
                lines[n] = (struct line){.number = n}, n++;
            lines[best].last = *box;
            lines[best].centres += twice_centre(box);
            lines[best].n++;
            pieces->piece[i].line = best;
        }
        qsort(lines, n, sizeof *lines, upper_line_first);
        for (uint32_t k = 0; k < n; k++)
            rank[lines[k].number] = k;
        for (size_t i = 0; i < pieces->n; i++)
            pieces->piece[i].line = rank[pieces->piece[i].line];
        qsort(pieces->piece, pieces->n, sizeof *pieces->piece, reading_order);
    }
    const bool room = lines && rank;
    free(lines);
    free(rank);
    return room;
}

int segment_digits(const struct picture *ink, struct box *boxes, int max)
{
    struct box all;
    if (!picture_ink_box(ink, &all))
        return 0;
    struct pieces pieces = {0};
    bool room = find_pieces(ink, &all, &pieces);
    if (room && pieces.n > 0) {
        if (pieces.n > SEGMENT_MAX_PIECES) {
            qsort(pieces.piece, pieces.n, sizeof *pieces.piece, heavier_first);
            pieces.n = SEGMENT_MAX_PIECES;
        }
        const uint32_t typical = typical_side(&pieces);
        drop_specks(&pieces, typical);
        join_pieces(&pieces, typical);
        room = sort_reading(&pieces);
    }
    for (size_t i = 0; room && i < pieces.n && i < (size_t)max; i++)
        boxes[i] = pieces.piece[i].box;
    const int found = room ? (int)pieces.n : -1;
    free(pieces.piece);
    return found;
}

int segment_whole(const struct picture *ink, struct box *box)
{
    struct box *boxes = malloc(SEGMENT_MAX_PIECES * sizeof *boxes);
    const int n = boxes ? segment_digits(ink, boxes, SEGMENT_MAX_PIECES) : -1;
    for (int i = 0; i < n; i++)
        *box = i ? joined_box(box, &boxes[i]) : boxes[0];
    free(boxes);
    return n > 0 ? 1 : n;
}

int segment_image(struct picture *picture, uint8_t image[IMAGE_PIXELS])
{
    struct box box;
    picture_ink(picture);
    const int digits = segment_whole(picture, &box);
    if (digits > 0)
        picture_normalize(picture, &box, image);
    else
        memset(image, 0, IMAGE_PIXELS);
    return digits < 0 ? -1 : 0;
}
