/* Where the digits of a picture are: ink is grouped into boxes, one a digit, in reading order. */
#ifndef HWDR_SEGMENT_H
#define HWDR_SEGMENT_H

#include "picture.h"

/* More pieces of ink than this are not handwriting: the heaviest are kept. Bounds the time. */
enum { SEGMENT_MAX_PIECES = 4096 };

/*
 * Find the digits of an ink picture, in reading order (lines from the top, then left to right).
 * Specks are dropped and the parts of a broken digit joined; digits that touch stay one.
 * Writes at most `max` boxes. Returns: how many were found, possibly more than `max`; 0 for a blank
 * picture; -1 when memory runs out.
 */
int segment_digits(const struct picture *ink, struct box *boxes, int max) CHECKED;

/*
 * The box around all digits, for a picture that is known to hold one: the union of what
 * segment_digits() finds. Returns: 1, 0 for a blank picture, -1 when memory runs out.
 */
int segment_whole(const struct picture *ink, struct box *box) CHECKED;

/*
 * From a picture as read to the image the network sees, for a picture that is known to hold one
 * digit: picture_ink(), segment_whole() and picture_normalize(). The picture becomes ink; a blank
 * one gives an image of paper.
 * Shapes: image [28,28] u8. Returns: 0, or -1 when memory runs out.
 */
int segment_image(struct picture *picture, uint8_t image[IMAGE_PIXELS]) CHECKED;

#endif
