/* PNG in and out: values that must be exact, and what libpng must not do. */
#include "png_file.h"

#include <png.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A PNG file of the given pixels, made by libpng, to be read from its start. */
static FILE *make(uint32_t format, uint32_t width, uint32_t height, const void *pixels)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    png_image image = {
        .version = PNG_IMAGE_VERSION, .width = width, .height = height, .format = format};
    assert_true(png_image_write_to_stdio(&image, file, 0, pixels, 0, NULL));
    rewind(file);
    return file;
}

static struct picture read_back(FILE *file)
{
    struct picture picture;
    struct error error;
    if (png_file_read(file, &picture, &error))
        fail_msg("%s", error.text);
    return picture;
}

static void colour_is_luminance(void **state)
{
    (void)state;
    const uint8_t rgb[] = {255, 0, 0, 0, 255, 0, 0, 0, 255, 77, 77, 77, 255, 255, 255};
    FILE *file = make(PNG_FORMAT_RGB, 5, 1, rgb);
    struct picture picture = read_back(file);
    const uint8_t expected[] = {54, 182, 18, 77, 255}; /* 255 x 0.2126, 0.7152, 0.0722 */
    assert_int_equal(picture.width, 5);
    assert_int_equal(picture.height, 1);
    assert_memory_equal(picture.pixels, expected, sizeof expected);
    picture_free(&picture);
    fclose(file);
}

/* 16 bits are rounded to 8: v / 257, not v / 256 cut off. */
static void deep_grey_is_rounded(void **state)
{
    (void)state;
    const uint16_t grey[] = {0, 0x00ff, 0x80ff, 0xffff};
    FILE *file = make(PNG_FORMAT_LINEAR_Y, 4, 1, grey);
    struct picture picture = read_back(file);
    assert_memory_equal(picture.pixels, ((uint8_t[]){0, 1, 128, 255}), 4);
    picture_free(&picture);
    fclose(file);
}

/* Dark strokes on nothing, light ones; light paper with a hole, dark paper; nothing at all. */
static void transparency_is_laid_over_what_contrasts(void **state)
{
    (void)state;
    const struct {
        uint8_t grey_alpha[8], expected[4];
    } cases[] = {
        {{10, 255, 10, 128, 10, 0, 200, 0}, {10, 132, 255, 255}},
        {{240, 255, 240, 128, 240, 0, 9, 0}, {240, 120, 0, 0}},
        {{240, 255, 240, 255, 240, 255, 9, 55}, {240, 240, 240, 202}},
        {{10, 255, 10, 255, 10, 255, 9, 55}, {10, 10, 10, 2}},
        {{0, 0, 255, 0, 0, 0, 255, 0}, {255, 255, 255, 255}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        FILE *file = make(PNG_FORMAT_GA, 2, 2, cases[i].grey_alpha);
        struct picture picture = read_back(file);
        assert_memory_equal(picture.pixels, cases[i].expected, 4);
        picture_free(&picture);
        fclose(file);
    }
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    uint8_t pixels[7 * 300];
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * i);
    const struct picture picture = {300, 7, pixels};
    FILE *file = tmpfile();
    struct error error;
    assert_int_equal(png_file_write(file, &picture, &error), 0);
    rewind(file);
    struct picture again = read_back(file);
    assert_int_equal(again.width, 300);
    assert_int_equal(again.height, 7);
    assert_memory_equal(again.pixels, pixels, sizeof pixels);
    picture_free(&again);
    fclose(file);
}

static void what_follows_is_left_unread(void **state)
{
    (void)state;
    const uint8_t first[] = {1, 2, 3, 4}, second[] = {9, 8, 7, 6};
    FILE *file = tmpfile();
    struct error error;
    assert_int_equal(png_file_write(file, &(struct picture){2, 2, (uint8_t *)first}, &error), 0);
    assert_int_equal(png_file_write(file, &(struct picture){4, 1, (uint8_t *)second}, &error), 0);
    rewind(file);
    struct picture one = read_back(file), two = read_back(file);
    assert_memory_equal(one.pixels, first, 4);
    assert_memory_equal(two.pixels, second, 4);
    assert_int_equal(getc(file), EOF);
    picture_free(&one);
    picture_free(&two);
    fclose(file);
}

/* A PNG in memory, of every number of channels, is what it is in a file; cut anywhere, nothing. */
static void memory_is_as_a_file(void **state)
{
    (void)state;
    static const uint32_t formats[] = {PNG_FORMAT_GRAY, PNG_FORMAT_GA, PNG_FORMAT_RGB,
                                       PNG_FORMAT_RGBA};
    uint8_t pixels[9 * 5 * 4], png[1000];
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * i);
    for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++) {
        FILE *file = make(formats[f], 9, 5, pixels);
        struct picture expected = read_back(file), picture;
        rewind(file);
        const size_t n = fread(png, 1, sizeof png, file);
        assert_true(n > 60 && n < sizeof png);
        struct error error;
        assert_int_equal(png_file_parse(png, n, &picture, &error), 0);
        assert_int_equal(picture.width, 9);
        assert_int_equal(picture.height, 5);
        assert_memory_equal(picture.pixels, expected.pixels, 9 * 5);
        picture_free(&picture);
        picture_free(&expected);
        for (size_t cut = 0; cut < n; cut++) {
            uint8_t *part =
                malloc(cut + 1); /* for valgrind and AddressSanitizer to watch its end */
            memcpy(part, png, cut);
            assert_int_equal(png_file_parse(part, cut, &picture, &error), -1);
            assert_string_equal(error.text, cut < 8 ? "not a PNG" : "PNG is cut short");
            free(part);
        }
        fclose(file);
    }
}

static void trouble_is_told_apart(void **state)
{
    (void)state;
    struct picture picture;
    struct error error;
    FILE *folder = fopen(".", "r");
    assert_int_equal(png_file_read(folder, &picture, &error), -1);
    assert_string_equal(error.text, "cannot read: Is a directory");
    fclose(folder);

    FILE *empty = tmpfile();
    assert_int_equal(png_file_read(empty, &picture, &error), -1);
    assert_string_equal(error.text, "not a PNG");
    fclose(empty);

    uint8_t *noise = malloc(1 << 20); /* more than fits into any buffer */
    assert_non_null(noise);
    for (uint32_t i = 0, x = 1; i < 1 << 20; i++, x = x * 1664525 + 1013904223)
        noise[i] = (uint8_t)(x >> 24);
    FILE *full = fopen("/dev/full", "w");
    assert_int_equal(png_file_write(full, &(struct picture){1 << 10, 1 << 10, noise}, &error), -1);
    assert_string_equal(error.text, "cannot write: No space left on device");
    fclose(full);
    full = fopen("/dev/full", "w"); /* so small that only the last flush tells */
    assert_int_equal(png_file_write(full, &(struct picture){1, 1, noise}, &error), -1);
    assert_string_equal(error.text, "cannot write: No space left on device");
    fclose(full);
    free(noise);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colour_is_luminance),
        cmocka_unit_test(deep_grey_is_rounded),
        cmocka_unit_test(transparency_is_laid_over_what_contrasts),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(what_follows_is_left_unread),
        cmocka_unit_test(memory_is_as_a_file),
        cmocka_unit_test(trouble_is_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
