/*
 * Marks: connected ink, or what belongs to one digit, as runs of pixels. Whatever is done to a mark
 * costs time for its ink and not for its box, and marks whose boxes overlap stay apart.
 */
#ifndef HWDR_MARKS_H
#define HWDR_MARKS_H

#include "picture.h"

#include <stddef.h>

/* Ink in row y from column x to before column end. */
struct run {
    uint16_t x, end, y;
};

/*
 * Shapes: run [runs], in order of rows, left to right in each.
 * Owns: nothing: runs belong to the `struct marks` that it is part of.
 */
struct mark {
    const struct run *run;
    size_t runs;
    struct box box; /* around all of its ink */
    uint64_t mass;  /* sum of ink, 255 a full pixel */
    uint8_t peak;   /* its strongest ink */
    uint32_t line;  /* of writing, counted from the top */
};

/* Owns: run and mark; release with marks_free(). */
struct marks {
    struct run *run;
    struct mark *mark;
    size_t runs, n;
};

/*
 * Make n marks of runs, which of[i] assigns to them, negative for none; a mark may be left empty.
 * Shapes: run [runs], sorted by rows and then columns; of [runs] i32.
 * Returns: 0 with `marks` filled, or -1 when memory runs out.
 */
int marks_sort(struct marks *marks, const struct picture *ink, const struct run *run,
               const int32_t *of, size_t runs, size_t n) CHECKED;

/*
 * Join marks: those of the same group, 0 <= group[i] < groups, become mark number group[i]; a
 * negative group drops the mark. Each group has one at least.
 * Shapes: group [n] i32. Returns: 0, or -1 when memory runs out, with `marks` as they were.
 */
int marks_join(struct marks *marks, const int32_t *group, size_t groups) CHECKED;

/*
 * One mark of the ink of n marks, in no matter what order they overlap; runs that touch in a row
 * become one. Shapes: mark [n]. Returns: 0 with `united` holding it, or -1 when memory runs out.
 */
int marks_unite(struct marks *united, const struct mark *mark, size_t n) CHECKED;

/* Pixels from the ink of one mark to that of another, 0 where they touch, along the longer of both
 * axes; `most` where they are further apart. */
uint32_t marks_gap(const struct mark *a, const struct mark *b, uint32_t most);

/*
 * The height of the mark that the middle grain of ink belongs to: specks hardly count. 0 for none.
 */
uint32_t marks_height(const struct mark *mark, size_t n);

void marks_free(struct marks *marks);

#endif
