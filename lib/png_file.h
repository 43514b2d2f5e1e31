/* PNG in and out: the only file that knows libpng. */
#ifndef HWDR_PNG_FILE_H
#define HWDR_PNG_FILE_H

#include "picture.h"

#include <stdio.h>

/*
 * Read a PNG of any valid kind (1 to 16 bits, grey, palette, colour, alpha, interlaced) as grey.
 * Colour becomes luminance (Rec. 709 weights). Transparency is laid over white, or over black where
 * what is opaque is mostly light; the other way round where more than 3/4 is opaque, since that is
 * paper and not strokes. Gamma is ignored. Data after the PNG's end is left unread.
 * Memory: one byte a pixel, another one where something is transparent.
 * Returns: 0 with `picture` filled (the caller frees it), or -1 with `error` set to what is wrong
 * with the data (not naming the file): corrupt, cut short, or a side above PICTURE_MAX_SIDE.
 */
int png_file_read(FILE *in, struct picture *picture, struct error *error) CHECKED;

/* As png_file_read(), from the `n` bytes of a PNG in memory. */
int png_file_parse(const uint8_t *png, size_t n, struct picture *picture,
                   struct error *error) CHECKED;

/* Write as 8-bit grey PNG, 0 = black. Returns: 0, or -1 with `error` set. */
int png_file_write(FILE *out, const struct picture *picture, struct error *error) CHECKED;

#endif
