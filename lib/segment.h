/* Where the digits of a picture are: ink is grouped into marks, one a digit, in reading order. */
#ifndef HWDR_SEGMENT_H
#define HWDR_SEGMENT_H

#include "marks.h"
#include "sample.h"

/* More pieces of ink than this are not handwriting: the heaviest are kept. Bounds the time. */
enum { SEGMENT_MAX_PIECES = 4096 };

/*
 * Find the digits of an ink picture, in reading order (lines from the top, then left to right).
 * Specks are dropped, and lines drawn around digits or seen around a sheet (frames.h); the parts of
 * a broken digit are joined; digits that touch stay one.
 * Returns: 0 with `digits` filled, none for a blank picture; -1 when memory runs out.
 */
int segment_digits(const struct picture *ink, struct marks *digits) CHECKED;

/*
 * The same for a picture that is known to hold one digit: all that segment_digits() finds, as one.
 */
int segment_whole(const struct picture *ink, struct marks *digit) CHECKED;

/*
 * From a picture as read to the image the network sees, for a picture that is known to hold one
 * digit: ink_find(), segment_whole() and normal_image(). The picture becomes ink; a blank one gives
 * an image of paper.
 * Shapes: image [28,28] u8. Returns: 0, or -1 when memory runs out.
 */
int segment_image(struct picture *picture, uint8_t image[IMAGE_PIXELS]) CHECKED;

#endif
