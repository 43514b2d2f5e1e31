/* JSON pieces, layers' values and occlusion, on a network whose weights are known. */
#include "explain.h"
#include "json_text.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *text; /* what was written last */
static size_t bytes;

static int forget(void **state)
{
    (void)state;
    free(text);
    text = NULL;
    return 0;
}

static void test_base64(void **state)
{
    (void)state;
    /* RFC 4648, section 10 */
    static const char *const pairs[][2] = {{"", "\"\""},
                                           {"f", "\"Zg==\""},
                                           {"fo", "\"Zm8=\""},
                                           {"foo", "\"Zm9v\""},
                                           {"foob", "\"Zm9vYg==\""},
                                           {"fooba", "\"Zm9vYmE=\""},
                                           {"foobar", "\"Zm9vYmFy\""}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        FILE *out = open_memstream(&text, &bytes);
        json_text_bytes((const uint8_t *)pairs[i][0], strlen(pairs[i][0]), out);
        fclose(out);
        assert_string_equal(text, pairs[i][1]);
        forget(NULL);
    }
}

static void test_numbers(void **state)
{
    (void)state;
    enum { N = 3000 }; /* more than is put together at a time */
    uint8_t numbers[N];
    char *expected = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&expected, &length);
    for (int i = 0; i < N; i++) {
        numbers[i] = (uint8_t)i;
        fprintf(out, "%s%d", i ? ", " : "[", numbers[i]);
    }
    fputc(']', out);
    fclose(out);
    out = open_memstream(&text, &bytes);
    json_text_numbers(numbers, N, out);
    fclose(out);
    assert_string_equal(text, expected);
    free(expected);
    forget(NULL);
    out = open_memstream(&text, &bytes);
    json_text_numbers(numbers, 0, out);
    fclose(out);
    assert_string_equal(text, "[]");
}

static void test_string(void **state)
{
    (void)state;
    FILE *out = open_memstream(&text, &bytes);
    json_text_string("a\"b\\c\n\x7f\xc3\xa9", out);
    fclose(out);
    assert_string_equal(text, "\"a\\\"b\\\\c\\u000a\\u007f\xc3\xa9\"");
}

/* A dense layer whose logit for 3 is the sum of the middle row's pixels. */
static struct predictor *make(void)
{
    struct error error;
    struct model model;
    assert_int_equal(model_new(&model, "d10", &error), 0);
    float weights[CLASSES * IMAGE_PIXELS] = {0};
    for (int x = 0; x < IMAGE_SIDE; x++)
        weights[3 * IMAGE_PIXELS + 14 * IMAGE_SIDE + x] = 1;
    net_pack(model.net, 0, weights, model.block);
    struct predictor *predictor = predictor_new(&model, 1, &error);
    assert_non_null(predictor);
    model_free(&model);
    return predictor;
}

static void draw(uint8_t image[IMAGE_PIXELS])
{
    memset(image, 0, IMAGE_PIXELS);
    image[14 * IMAGE_SIDE + 9] = image[14 * IMAGE_SIDE + 20] = image[20 * IMAGE_SIDE + 9] = 255;
}

static void test_layers(void **state)
{
    (void)state;
    struct predictor *predictor = make();
    uint8_t image[IMAGE_PIXELS];
    draw(image);
    struct error error;
    FILE *out = open_memstream(&text, &bytes);
    assert_int_equal(explain_layers_json(predictor, image, out, &error), 0);
    fclose(out);
    assert_string_equal(text, "[{\"name\": \"d10\", \"shape\": [10, 1, 1], \"min\": 0, \"max\": 2, "
                              "\"data\": \"AAAA/wAAAAAAAA==\"}]");
    struct predictor_layer layer;
    assert_false(predictor_layer(predictor, 1, &layer, NULL));
    predictor_free(predictor);
}

static void test_occlusion(void **state)
{
    (void)state;
    struct predictor *predictor = make();
    uint8_t image[IMAGE_PIXELS];
    draw(image);
    float drop[IMAGE_PIXELS];
    struct error error;
    assert_int_equal(explain_occlusion(predictor, image, 3, drop, &error), 0);
    for (int y = 0; y < IMAGE_SIDE; y++)
        for (int x = 0; x < IMAGE_SIDE; x++) {
            /* The two pixels lie further apart than a patch: each takes its own part away. */
            const int hit = abs(y - 14) <= 2 && (abs(x - 9) <= 2 || abs(x - 20) <= 2);
            const float e = 7.3890561F, whole = e / (e + 9), half = 2.7182818F / (2.7182818F + 9);
            /* 1e-6: some units in the last place of probabilities below 1 */
            assert_float_equal(drop[y * IMAGE_SIDE + x], hit ? whole - half : 0, 1e-6);
        }
    predictor_free(predictor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base64),
        cmocka_unit_test_teardown(test_numbers, forget),
        cmocka_unit_test_teardown(test_string, forget),
        cmocka_unit_test_teardown(test_layers, forget),
        cmocka_unit_test(test_occlusion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
