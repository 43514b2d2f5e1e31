#include "reading.h"

#include "json_text.h"
#include "loss.h"
#include "segment.h"

#include <math.h>
#include <string.h>

/* Fill the reading of digits whose boxes, inputs and probabilities are there. */
static void conclude(struct reading *reading)
{
    reading->confidence = reading->digits > 0 ? 1 : 0;
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
        reading->text[i] = (char)(p[best] >= READING_READABLE ? '0' + best : '?');
        reading->confidence *= p[best];
    }
    reading->text[reading->digits] = '\0';
}

int reading_picture(struct reading *reading, struct picture *picture, bool one,
                    struct predictor *predictor, struct error *error)
{
    struct box box[READING_MAX_DIGITS];
    picture_ink(picture);
    const int found =
        one ? segment_whole(picture, box) : segment_digits(picture, box, READING_MAX_DIGITS);
    if (found < 0)
        return error_set(error, "out of memory for a picture of %ux%u pixels", picture->width,
                         picture->height);
    if (found > READING_MAX_DIGITS)
        return error_set(error, "%d separate marks: at most %d digits a picture are read", found,
                         READING_MAX_DIGITS);
    for (int i = 0; i < found; i++) {
        reading->digit[i].box = box[i];
        picture_normalize(picture, &box[i], reading->input[i]);
    }
    reading->digits = found;
    if (found > 0)
        predictor_run(predictor, reading->input[0], (size_t)found, reading->probabilities[0]);
    conclude(reading);
    return 0;
}

void reading_image(struct reading *reading, const uint8_t image[IMAGE_PIXELS],
                   const float probabilities[CLASSES])
{
    memcpy(reading->input[0], image, IMAGE_PIXELS);
    memcpy(reading->probabilities[0], probabilities, CLASSES * sizeof *probabilities);
    const struct picture picture = {IMAGE_SIDE, IMAGE_SIDE, reading->input[0]};
    reading->digits = picture_ink_box(&picture, &reading->digit[0].box);
    conclude(reading);
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
