#include "reading.h"

#include "ink.h"
#include "json_text.h"
#include "lattice.h"
#include "loss.h"
#include "minmax.h"
#include "segment.h"

#include <math.h>
#include <string.h>

/* Fill the reading of digits whose boxes, inputs and probabilities are there. */
static void conclude(struct reading *reading)
{
    reading->confidence = reading->digits > 0 ? 1 : 0;
    float readable = READING_READABLE;
    for (int i = 0; i < reading->digits; i++) {
        float *p = reading->probabilities[i];
        for (int c = 0; c < CLASSES; c++)
            if (isnan(p[c])) /* a model whose sums overflow knows nothing; JSON knows no NaN */
                p[c] = 0;
        const int best = loss_argmax(p);
        struct reading_digit *digit = &reading->digit[i];
        digit->digit = best;
        digit->confidence = p[best];
        digit->sure = p[best] >= READING_SURE;
        reading->confidence *= p[best];
        if (digit->sure)
            readable = READING_BESIDE;
    }
    for (int i = 0; i < reading->digits; i++) {
        const struct reading_digit *digit = &reading->digit[i];
        reading->text[i] = (char)(digit->confidence >= readable ? '0' + digit->digit : '?');
    }
    reading->text[reading->digits] = '\0';
}

/* A box in the pixels that the picture had before it was reduced. */
static struct box scaled(const struct box *box, uint32_t scale)
{
    return (struct box){box->x * scale, box->y * scale, box->width * scale, box->height * scale};
}

/* Pixels of ink along the picture's border within a box. */
static uint32_t border_ink(const struct picture *ink, const struct box *box)
{
    const uint32_t right = box->x + box->width, bottom = box->y + box->height;
    uint32_t n = 0;
    for (uint32_t y = box->y; y < bottom; y++) {
        const uint8_t *row = ink->pixels + (size_t)y * ink->width;
        n += box->x == 0 && row[0];
        n += right == ink->width && row[right - 1];
        for (uint32_t x = box->x; (y == 0 || y + 1 == ink->height) && x < right; x++)
            n += row[x] > 0;
    }
    return n;
}

/*
 * Whether a mark that cannot be read lies along the picture's border for half of its length, as do
 * a shadow in a corner, the table that a sheet lies on, and a scan's dark edge.
 */
static bool is_edge(const struct picture *ink, const struct lattice_digit *digit)
{
    const struct box *box = &digit->box;
    return digit->probabilities[loss_argmax(digit->probabilities)] < READING_READABLE &&
           2 * border_ink(ink, box) >= max_u32(box->width, box->height);
}

/* Drop edges from a picture that has other marks, too. */
static void drop_edges(struct lattice *lattice, const struct picture *ink)
{
    size_t kept = 0;
    for (size_t i = 0; i < lattice->n; i++)
        kept += !is_edge(ink, &lattice->digit[i]);
    if (kept == 0)
        return;
    kept = 0;
    for (size_t i = 0; i < lattice->n; i++)
        if (!is_edge(ink, &lattice->digit[i]))
            lattice->digit[kept++] = lattice->digit[i];
    lattice->n = kept;
}

/* Take over the digits of the lattice. Returns: -1 if they are too many. */
static int take_digits(struct reading *reading, const struct lattice *lattice, uint32_t scale,
                       struct error *error)
{
    if (lattice->n > READING_MAX_DIGITS)
        return error_set(error, "%zu separate marks: at most %d digits a picture are read",
                         lattice->n, READING_MAX_DIGITS);
    reading->digits = (int)lattice->n;
    for (size_t i = 0; i < lattice->n; i++) {
        const struct lattice_digit *digit = &lattice->digit[i];
        reading->digit[i].box = scaled(&digit->box, scale);
        reading->digit[i].line = (int)digit->line;
        memcpy(reading->input[i], digit->input, sizeof digit->input);
        memcpy(reading->probabilities[i], digit->probabilities, sizeof digit->probabilities);
    }
    conclude(reading);
    return 0;
}

/* The digits of a picture of ink. */
static int read_ink(struct lattice *lattice, const struct picture *ink, bool one,
                    struct predictor *predictor)
{
    struct marks marks = {0};
    if ((one ? segment_whole(ink, &marks) : segment_digits(ink, &marks)) != 0)
        return -1;
    const int result = lattice_read(lattice, ink, &marks, !one, predictor);
    marks_free(&marks);
    return result;
}

int reading_picture(struct reading *reading, struct picture *picture, bool one,
                    struct predictor *predictor, struct error *error)
{
    const uint32_t width = picture->width, height = picture->height;
    struct lattice lattice = {0};
    const int scale = ink_find(picture);
    if (scale < 0 || read_ink(&lattice, picture, one, predictor) != 0)
        return error_set(error, "out of memory for a picture of %ux%u pixels", width, height);
    drop_edges(&lattice, picture);
    const int result = take_digits(reading, &lattice, (uint32_t)scale, error);
    lattice_free(&lattice);
    return result;
}

/* The box around the ink of an image. Returns: false when there is none. */
static bool ink_box(const uint8_t image[IMAGE_PIXELS], struct box *box)
{
    uint32_t left = IMAGE_SIDE, right = 0, top = IMAGE_SIDE, bottom = 0;
    for (uint32_t i = 0; i < IMAGE_PIXELS; i++) {
        if (!image[i])
            continue;
        left = min_u32(left, i % IMAGE_SIDE);
        right = max_u32(right, i % IMAGE_SIDE + 1);
        top = min_u32(top, i / IMAGE_SIDE);
        bottom = i / IMAGE_SIDE + 1;
    }
    *box = (struct box){left, top, right - left, bottom - top};
    return bottom > 0;
}

void reading_image(struct reading *reading, const uint8_t image[IMAGE_PIXELS],
                   const float probabilities[CLASSES])
{
    memcpy(reading->input[0], image, IMAGE_PIXELS);
    memcpy(reading->probabilities[0], probabilities, CLASSES * sizeof *probabilities);
    reading->digits = ink_box(image, &reading->digit[0].box);
    reading->digit[0].line = 0;
    conclude(reading);
}

int reading_line(const struct reading *reading, int first, struct reading_line *line)
{
    const struct reading_digit *digit = reading->digit;
    int end = first;
    uint32_t height = 0;
    for (; end < reading->digits && digit[end].line == digit[first].line; end++)
        height = max_u32(height, digit[end].box.height);
    char *text = line->text;
    line->confidence = 1;
    for (int i = first; i < end; i++) {
        const struct box *before = &digit[i > first ? i - 1 : i].box, *here = &digit[i].box;
        if (10 * (uint64_t)here->x > 10 * (uint64_t)(before->x + before->width) + 9 * height)
            *text++ = ' ';
        *text++ = reading->text[i];
        line->confidence *= digit[i].confidence;
    }
    *text = '\0';
    return end;
}

bool reading_any(const struct reading *reading)
{
    return strspn(reading->text, "?") < (size_t)reading->digits;
}

static void write_digit(const struct reading *reading, int i, bool with_input, FILE *out)
{
    const struct reading_digit *digit = &reading->digit[i];
    fprintf(out, "{\"digit\": %d, \"confidence\": %.6g, \"sure\": %s, \"probabilities\": [",
            digit->digit, (double)digit->confidence, digit->sure ? "true" : "false");
    for (int c = 0; c < CLASSES; c++)
        fprintf(out, "%s%.6g", c ? ", " : "", (double)reading->probabilities[i][c]);
    fprintf(out, "], \"box\": [%u, %u, %u, %u]", digit->box.x, digit->box.y, digit->box.width,
            digit->box.height);
    if (with_input) {
        fputs(", \"input\": ", out);
        json_text_numbers(reading->input[i], IMAGE_PIXELS, out);
    }
    fputc('}', out);
}

void reading_json_open(const struct reading *reading, bool with_input, FILE *out)
{
    fprintf(out, "{\"text\": \"%s\", \"digits\": [", reading->text);
    for (int i = 0; i < reading->digits; i++) {
        if (i)
            fputs(", ", out);
        write_digit(reading, i, with_input, out);
    }
    fputc(']', out);
}

void reading_json(const struct reading *reading, bool with_input, FILE *out)
{
    reading_json_open(reading, with_input, out);
    fputc('}', out);
}
