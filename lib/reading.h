/* What a picture says: the digits found in it, shared by cnn-predict and the web's predictor. */
#ifndef HWDR_READING_H
#define HWDR_READING_H

#include "error.h"
#include "picture.h"
#include "predict.h"
#include "sample.h"

#include <stdbool.h>
#include <stdio.h>

enum { READING_MAX_DIGITS = 256 };

/*
 * How sure one must be. The limits hold for calibrated probabilities (cnn-eval's `ece`): below the
 * first, it is more likely no digit at all and reads '?'; from the second on, at most one in ten is
 * wrong. The first was picked on the last 5,000 training digits, where a model that has learnt with
 * augment's --foreign refuses 3 in 1,000 there; scribbles and clothes are refused nearly always.
 */
#define READING_READABLE 0.65F
#define READING_SURE 0.9F

/*
 * Beside a digit that is sure, what is hard to read is a digit too far more often than among the
 * samples learnt, of which one in ten is none: this is enough. On pages of numbers that stand
 * apart, of training digits 56,000 to 59,999, all 21 digits between the two limits were right.
 */
#define READING_BESIDE 0.3F

struct reading_digit {
    int digit;        /* the likeliest, 0..9, also where the text says '?' */
    float confidence; /* its probability */
    bool sure;        /* confidence >= READING_SURE */
    struct box box;   /* of its ink, in the picture's pixels */
    int line;         /* of writing, counted from the top */
};

/*
 * A picture's digits, in reading order.
 * Shapes: text has digits characters, '0'..'9' or '?', and a NUL; digit [digits];
 *         input [digits,28,28] u8, what the network saw; probabilities [digits,10] f32.
 * Owns: nothing but itself: plain data of 224 KB, of which a picture touches 1 KB a digit.
 */
struct reading {
    int digits;
    float confidence; /* product over the digits; 0 where there are none */
    char text[READING_MAX_DIGITS + 1];
    struct reading_digit digit[READING_MAX_DIGITS];
    uint8_t input[READING_MAX_DIGITS][IMAGE_PIXELS];
    float probabilities[READING_MAX_DIGITS][CLASSES];
};

/*
 * Read a picture as png_file_read() gives it; it is turned into ink in place. With `one` all its
 * ink is taken as a single digit.
 * Returns: 0, also for a blank picture, or -1 with `error` set: more than READING_MAX_DIGITS, or
 * out of memory.
 */
int reading_picture(struct reading *reading, struct picture *picture, bool one,
                    struct predictor *predictor, struct error *error) CHECKED;

/* The reading of an image that is one digit, or blank, and whose probabilities are known. */
void reading_image(struct reading *reading, const uint8_t image[IMAGE_PIXELS],
                   const float probabilities[CLASSES]);

/*
 * A line of writing. Shapes: text has its digits, with a space between numbers, which stand further
 * apart than nine tenths of the line's height, and a NUL.
 */
struct reading_line {
    char text[2 * READING_MAX_DIGITS];
    float confidence; /* product over the digits */
};

/* The line that begins with digit `first`. Returns: the digit that the next line begins with. */
int reading_line(const struct reading *reading, int first, struct reading_line *line);

/* Whether at least one digit could be read. */
bool reading_any(const struct reading *reading);

/*
 * Write as one JSON object, without a newline:
 * {"text", "digits": [{"digit", "confidence", "sure", "probabilities", "box", "input"}]};
 * "input" only where asked for.
 */
void reading_json(const struct reading *reading, bool with_input, FILE *out);

/* The same without the closing brace, so that more may follow. */
void reading_json_open(const struct reading *reading, bool with_input, FILE *out);

#endif
