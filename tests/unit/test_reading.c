#include "reading.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* An image with one dot of ink, and probabilities with this one of `class`. */
static void read_dot(struct reading *reading, int class, float confidence)
{
    uint8_t image[IMAGE_PIXELS] = {0};
    float p[CLASSES];
    for (int c = 0; c < CLASSES; c++)
        p[c] = c == class ? confidence : (1 - confidence) / (CLASSES - 1);
    image[5 * IMAGE_SIDE + 3] = 200;
    reading_image(reading, image, p);
}

static void confidence_decides_what_is_legible_and_sure(void **state)
{
    (void)state;
    static struct reading reading;
    static const struct {
        float confidence;
        const char *text;
        bool any, sure;
    } row[] = {{1, "7", true, true},        {READING_SURE, "7", true, true},
               {0.899F, "7", true, false},  {READING_READABLE, "7", true, false},
               {0.649F, "?", false, false}, {0.2F, "?", false, false}};
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        read_dot(&reading, 7, row[i].confidence);
        assert_int_equal(reading.digits, 1);
        assert_string_equal(reading.text, row[i].text);
        assert_int_equal(reading_any(&reading), row[i].any);
        assert_int_equal(reading.digit[0].digit, 7);
        assert_int_equal(reading.digit[0].sure, row[i].sure);
        assert_true(reading.confidence == row[i].confidence);
    }
}

static void a_blank_image_has_no_digit(void **state)
{
    (void)state;
    static struct reading reading;
    const uint8_t image[IMAGE_PIXELS] = {0};
    const float p[CLASSES] = {1};
    reading_image(&reading, image, p);
    assert_int_equal(reading.digits, 0);
    assert_string_equal(reading.text, "");
    assert_true(reading.confidence == 0);
    assert_false(reading_any(&reading));
}

/* A paper with `n` upright strokes on it, read by an untrained network, which finds all alike. */
static void read_strokes(struct reading *reading, uint32_t n, bool one)
{
    struct model model;
    struct error error;
    assert_int_equal(model_new(&model, "gap d10", &error), 0);
    struct predictor *predictor = predictor_new(&model, 1, &error);
    assert_non_null(predictor);
    model_free(&model);
    struct picture picture = {.width = 30 * n + 40, .height = 60};
    picture.pixels = malloc((size_t)picture.width * picture.height);
    assert_non_null(picture.pixels);
    memset(picture.pixels, 255, (size_t)picture.width * picture.height);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t y = 15; y < 45; y++)
            memset(picture.pixels + y * picture.width + 30 * i + 38, 0, 4);
    const int result = reading_picture(reading, &picture, one, predictor, &error);
    picture_free(&picture);
    predictor_free(predictor);
    if (n > READING_MAX_DIGITS) {
        assert_int_equal(result, -1);
        assert_non_null(strstr(error.text, "at most 256 digits"));
    } else {
        assert_int_equal(result, 0);
    }
}

static void a_picture_is_read_digit_by_digit(void **state)
{
    (void)state;
    static struct reading reading;
    read_strokes(&reading, 3, false);
    assert_int_equal(reading.digits, 3);
    assert_string_equal(reading.text, "???"); /* the network gives each class 0.1 */
    assert_true(reading.confidence > 0.00099F && reading.confidence < 0.00101F);
    for (int i = 0; i < 3; i++) {
        const struct box box = reading.digit[i].box;
        assert_int_equal(box.x, 30 * i + 38);
        assert_int_equal(box.y, 15);
        assert_int_equal(box.width, 4);
        assert_int_equal(box.height, 30);
        assert_true(reading.input[i][14 * IMAGE_SIDE + 13] > 0); /* centred */
        assert_int_equal(reading.input[i][0], 0);
    }
    read_strokes(&reading, 3, true);
    assert_int_equal(reading.digits, 1);
    assert_int_equal(reading.digit[0].box.x, 38);
    assert_int_equal(reading.digit[0].box.width, 64);
    read_strokes(&reading, 0, false);
    assert_int_equal(reading.digits, 0);
    assert_string_equal(reading.text, "");
    read_strokes(&reading, READING_MAX_DIGITS, false);
    assert_int_equal(reading.digits, READING_MAX_DIGITS);
    read_strokes(&reading, READING_MAX_DIGITS + 1, false);
}

static json_t *json_of(const struct reading *reading, bool with_input)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    reading_json(reading, with_input, out);
    assert_int_equal(fclose(out), 0);
    json_error_t problem;
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &problem);
    if (!json)
        fail_msg("%s: %s", problem.text, text);
    free(text);
    return json;
}

static void json_has_the_shape_that_the_design_fixes(void **state)
{
    (void)state;
    static struct reading reading;
    read_dot(&reading, 4, 0.95F);
    json_t *json = json_of(&reading, true), *digits = json_object_get(json, "digits");
    assert_int_equal(json_object_size(json), 2);
    assert_string_equal(json_string_value(json_object_get(json, "text")), "4");
    assert_int_equal(json_array_size(digits), 1);
    const json_t *digit = json_array_get(digits, 0);
    assert_int_equal(json_object_size(digit), 6);
    assert_int_equal(json_integer_value(json_object_get(digit, "digit")), 4);
    assert_true(json_is_true(json_object_get(digit, "sure")));
    assert_true(fabs(json_real_value(json_object_get(digit, "confidence")) - 0.95) < 1e-6);
    double sum = 0;
    for (size_t c = 0; c < CLASSES; c++)
        sum += json_number_value(json_array_get(json_object_get(digit, "probabilities"), c));
    assert_true(fabs(sum - 1) < 1e-5);
    const int box[4] = {3, 5, 1, 1};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(json_integer_value(json_array_get(json_object_get(digit, "box"), i)),
                         box[i]);
    const json_t *input = json_object_get(digit, "input");
    assert_int_equal(json_array_size(input), IMAGE_PIXELS);
    assert_int_equal(json_integer_value(json_array_get(input, 5 * IMAGE_SIDE + 3)), 200);
    json_decref(json);

    json = json_of(&reading, false);
    digit = json_array_get(json_object_get(json, "digits"), 0);
    assert_int_equal(json_object_size(digit), 5);
    assert_null(json_object_get(digit, "input"));
    json_decref(json);
}

static void a_model_that_overflows_reads_nothing_and_breaks_no_json(void **state)
{
    (void)state;
    static struct reading reading;
    read_dot(&reading, 4, NAN);
    assert_string_equal(reading.text, "?");
    assert_true(reading.confidence == 0);
    json_decref(json_of(&reading, false));
}

static void json_of_many_and_of_none(void **state)
{
    (void)state;
    static struct reading reading;
    read_strokes(&reading, 2, false);
    json_t *json = json_of(&reading, false);
    assert_int_equal(json_array_size(json_object_get(json, "digits")), 2);
    json_decref(json);
    read_strokes(&reading, 0, false);
    json = json_of(&reading, true);
    assert_string_equal(json_string_value(json_object_get(json, "text")), "");
    assert_true(json_is_array(json_object_get(json, "digits")));
    assert_int_equal(json_array_size(json_object_get(json, "digits")), 0);
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(confidence_decides_what_is_legible_and_sure),
        cmocka_unit_test(a_blank_image_has_no_digit),
        cmocka_unit_test(a_picture_is_read_digit_by_digit),
        cmocka_unit_test(json_has_the_shape_that_the_design_fixes),
        cmocka_unit_test(a_model_that_overflows_reads_nothing_and_breaks_no_json),
        cmocka_unit_test(json_of_many_and_of_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
