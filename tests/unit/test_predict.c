/* What a predictor says of an image depends on that image alone. */
#include "predict.h"
#include "train.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { IMAGES = 40 };

static struct {
    uint8_t images[IMAGES][IMAGE_PIXELS];
    float alone[IMAGES][CLASSES], together[IMAGES][CLASSES];
} data;

static float sharpened[IMAGES][CLASSES];

static struct predictor *make(int threads, float temperature)
{
    struct error error;
    struct model model;
    assert_int_equal(model_new(&model, "c5x7 p2 c3x18 c3x35 p2 d20n d10", &error), 0);
    assert_int_equal(train_initialise(&model, 1, &error), 0);
    model.temperature = temperature;
    struct predictor *predictor = predictor_new(&model, threads, &error);
    assert_non_null(predictor);
    model_free(&model);
    return predictor;
}

static void draw_images(void)
{
    for (int i = 0; i < IMAGES * IMAGE_PIXELS; i++)
        data.images[i / IMAGE_PIXELS][i % IMAGE_PIXELS] = (uint8_t)(i * 7919 >> 5);
}

/* Few images and many take other buffers, and weights transformed on the way or before. */
static void rows_do_not_depend_on_their_number(void **state)
{
    (void)state;
    draw_images();
    for (int i = 0; i < IMAGES; i++) {
        struct predictor *predictor = make(1, 1);
        predictor_run(predictor, data.images[i], 1, data.alone[i]);
        predictor_free(predictor);
    }
    assert_memory_not_equal(data.alone[0], data.alone[1], sizeof data.alone[0]);
    static const size_t sizes[] = {1, 3, 4, 5, 9, 16, 17, 33, IMAGES, 2, 5, 16};
    for (int threads = 1; threads <= 2; threads++)
        for (int fresh = 0; fresh < 2; fresh++) { /* with the same predictor on and on, or not */
            struct predictor *predictor = make(threads, 1);
            for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
                memset(data.together, 0xff, sizeof data.together);
                predictor_run(predictor, data.images[0], sizes[k], data.together[0]);
                assert_memory_equal(data.together, data.alone, sizes[k] * sizeof data.alone[0]);
                if (fresh) {
                    predictor_free(predictor);
                    predictor = make(threads, 1);
                }
            }
            predictor_free(predictor);
        }
}

/* Before calibration the temperature is 1, whatever the model's, and the images one or many. */
static void untempered_rows_are_those_of_temperature_1(void **state)
{
    (void)state;
    draw_images();
    struct predictor *plain = make(2, 1), *sharp = make(2, 0.5f);
    for (size_t n = 1; n <= IMAGES; n += IMAGES - 1) {
        memset(data.together, 0xff, sizeof data.together);
        predictor_run(plain, data.images[0], n, data.alone[0]);
        predictor_run_untempered(sharp, data.images[0], n, sharpened[0], data.together[0]);
        assert_memory_equal(data.together, data.alone, n * sizeof data.alone[0]);
        assert_memory_not_equal(sharpened, data.alone, n * sizeof data.alone[0]);
        predictor_run(sharp, data.images[0], n, data.together[0]);
        assert_memory_equal(sharpened, data.together, n * sizeof data.together[0]);
    }
    predictor_free(plain);
    predictor_free(sharp);
}

/* Inspection runs every layer; prediction pools what its first convolution gives as it goes. */
static void what_is_inspected_is_what_is_predicted(void **state)
{
    (void)state;
    enum { CHANNELS = 7, MAP = IMAGE_SIDE, HALF = MAP / 2 };
    static float map[CHANNELS][MAP][MAP], pooled[CHANNELS][HALF][HALF];
    struct error error;
    struct predictor_layer layer;
    draw_images();
    struct predictor *predictor = make(1, 1);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(predictor_inspect(predictor, data.images[i], &error), 0);
        assert_true(predictor_layer(predictor, 0, &layer, map[0][0]));
        assert_string_equal(layer.name, "c5x7");
        assert_true(layer.channels == CHANNELS && layer.height == MAP && layer.width == MAP);
        assert_true(predictor_layer(predictor, 1, &layer, pooled[0][0]));
        assert_string_equal(layer.name, "p2");
        assert_true(layer.channels == CHANNELS && layer.height == HALF && layer.width == HALF);
        for (int c = 0; c < CHANNELS; c++)
            for (int y = 0; y < MAP; y++)
                for (int x = 0; x < MAP; x++)
                    assert_true(map[c][y][x] <= pooled[c][y / 2][x / 2]);
        float logits[CLASSES], sum = 0;
        int last = 1;
        while (predictor_layer(predictor, last + 1, &layer, NULL))
            last++;
        assert_true(predictor_layer(predictor, last, &layer, logits));
        predictor_run(predictor, data.images[i], 1, data.alone[i]);
        for (int c = 0; c < CLASSES; c++)
            sum += expf(logits[c]);
        for (int c = 0; c < CLASSES; c++) /* 1e-6: rounding of probabilities below 1 */
            assert_float_equal(expf(logits[c]) / sum, data.alone[i][c], 1e-6);
    }
    predictor_free(predictor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_do_not_depend_on_their_number),
        cmocka_unit_test(untempered_rows_are_those_of_temperature_1),
        cmocka_unit_test(what_is_inspected_is_what_is_predicted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
