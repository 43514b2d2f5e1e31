/* Sheets on tables and scans with dark margins: what is written there, and what is no table. */
#include "ink.h"
#include "segment.h"
#include "sheet.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WIDTH = 420, HEIGHT = 300, PAPER = 220, PEN = 50, BARS = 4 };

/* Bars of 8x34, 26 apart, from (150,130) on. */
static bool on_bar(uint32_t x, uint32_t y)
{
    return y >= 130 && y < 164 && x >= 150 && x < 150 + 26 * BARS && (x - 150) % 26 < 8;
}

/* How far a table reaches in from each side; the sheet lies on it turned by `tilt`. */
struct table {
    float left, right, top, bottom, tilt;
};

static bool on_sheet(const struct table *table, uint32_t x, uint32_t y)
{
    const float u = (float)x + table->tilt * ((float)y - HEIGHT / 2);
    const float v = (float)y - table->tilt * ((float)x - WIDTH / 2);
    return (table->left <= 0 || u >= table->left) && (table->top <= 0 || v >= table->top) &&
           (table->right <= 0 || u < WIDTH - table->right) &&
           (table->bottom <= 0 || v < HEIGHT - table->bottom);
}

static struct picture draw(const struct table *table, int grey, int noise, bool inverted)
{
    struct picture picture = {WIDTH, HEIGHT, malloc(WIDTH * HEIGHT)};
    assert_non_null(picture.pixels);
    uint32_t random = 1;
    for (uint32_t i = 0; i < WIDTH * HEIGHT; i++) {
        const uint32_t x = i % WIDTH, y = i / WIDTH;
        random = random * 1664525 + 1013904223;
        const int level = (on_bar(x, y)            ? PEN
                           : on_sheet(table, x, y) ? PAPER
                                                   : grey) +
                          (int)(random >> 24) % (2 * noise + 1) - noise;
        picture.pixels[i] = (uint8_t)(inverted ? 255 - level : level);
    }
    return picture;
}

/* Exactly the bars are found, where they are; frees the picture. */
static void expect_bars(struct picture picture)
{
    struct marks digits;
    assert_int_equal(ink_find(&picture), 1);
    assert_int_equal(picture.width, WIDTH);
    assert_int_equal(picture.height, HEIGHT);
    assert_int_equal(segment_digits(&picture, &digits), 0);
    assert_int_equal(digits.n, BARS);
    for (uint32_t i = 0; i < BARS; i++) {
        const struct box *box = &digits.mark[i].box;
        assert_in_range(box->x, 150 + 26 * i - 1, 150 + 26 * i + 1);
        assert_in_range(box->y, 129, 131);
        assert_in_range(box->width, 7, 10);
        assert_in_range(box->height, 33, 36);
    }
    marks_free(&digits);
    picture_free(&picture);
}

static void expect_bars_on_all(const struct table *table, size_t n, int darkest, int lightest)
{
    for (size_t i = 0; i < n; i++)
        for (int grey = darkest; grey <= lightest; grey += 45)
            for (int noise = 0; noise <= 8; noise += 8)
                for (int inverted = 0; inverted < 2; inverted++)
                    expect_bars(draw(&table[i], grey, noise, inverted));
}

static void writing_is_found_on_a_sheet_on_a_wide_table(void **state)
{
    (void)state;
    const struct table table[] = {
        {120, 130, 0, 0, 0}, {120, 130, 100, 100, 0},  {120, 0, 100, 0, 0},
        {0, 130, 0, 100, 0}, {90, 100, 90, 0, 0},      {100, 100, 80, 80, 0.08F},
        {0, 0, 110, 110, 0}, {110, 110, 0, 0, -0.06F},
    };
    expect_bars_on_all(table, sizeof table / sizeof *table, 10, 100);
}

/* A table's grain is darker and lighter than it; writing is darker alone. */
static void grain_is_no_writing(void **state)
{
    (void)state;
    const struct table table = {120, 130, 90, 0, 0};
    for (int inverted = 0; inverted < 2; inverted++) {
        struct picture picture = draw(&table, 80, 4, false);
        uint32_t random = 1;
        for (uint32_t i = 0; i < WIDTH * HEIGHT; i++) {
            random = random * 1664525 + 1013904223;
            if (!on_sheet(&table, i % WIDTH, i / WIDTH))
                picture.pixels[i] = (uint8_t)(picture.pixels[i] + (random >> 8) % 121 - 60);
            picture.pixels[i] = inverted ? 255 - picture.pixels[i] : picture.pixels[i];
        }
        expect_bars(picture);
    }
}

/* A dark sheet on a light table: where there is half the light, both are half as light. */
static void uneven_light_falls_on_dark_sheets_too(void **state)
{
    (void)state;
    struct picture picture = draw(&(struct table){120, 130, 90, 80, 0}, 50, 3, true);
    for (uint32_t i = 0; i < WIDTH * HEIGHT; i++)
        picture.pixels[i] = (uint8_t)(picture.pixels[i] * (2 * WIDTH - i % WIDTH) / (2 * WIDTH));
    expect_bars(picture);
}

/* Leave `light` of the levels where ax + by + c is negative; the shadow's edge is soft, over 40 of
 * that. */
static void cast_shadow(struct picture *picture, float a, float b, float c, float light)
{
    for (uint32_t i = 0; i < WIDTH * HEIGHT; i++) {
        const float out = a * (float)(i % WIDTH) + b * (float)(i / WIDTH) + c;
        const float here = light + (1 - light) / (1 + expf(-out / 8));
        picture->pixels[i] = (uint8_t)((float)picture->pixels[i] * here);
    }
}

/* Paper in shadow is darker than a table in light; a level that parted them would part neither. */
static void shadows_fall_on_sheet_and_table(void **state)
{
    (void)state;
    const struct table table[] = {{120, 130, 90, 100, 0}, {110, 0, 80, 0, 0.05F}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (int across = 100; across < 240; across += 40) {
            struct picture picture = draw(&table[i], 120, 3, false);
            cast_shadow(&picture, 1, 0.5F, -75 - (float)across, 0.5F);
            expect_bars(picture);
        }
}

/* One across each corner, which leaves the bars in the light; it reaches further in by `far`. */
static void cast_into_corner(struct picture *picture, int corner, int far)
{
    const float a = corner % 2 ? -3 : 3, b = corner / 2 ? -1 : 1;
    const float c = (corner % 2 ? 3.0F * WIDTH : 0) + (corner / 2 ? HEIGHT : 0);
    cast_shadow(picture, a, b, c - 150 - (float)far, 0.5F);
}

/* They have one edge in the picture, as strokes have two. */
static void shadows_at_the_border_are_no_strokes(void **state)
{
    (void)state;
    for (int corner = 0; corner < 4; corner++) {
        struct picture picture = draw(&(struct table){0}, 0, 3, false);
        cast_into_corner(&picture, corner, 0);
        expect_bars(picture);
    }
}

/* What is filled in beside its tilted edges is as dark as it is there. */
static void shadows_fall_on_corners_of_a_tilted_sheet(void **state)
{
    (void)state;
    for (int corner = 0; corner < 4; corner++)
        for (int tilt = -1; tilt < 2; tilt += 2) {
            const struct table table = {60, 60, 50, 50, 0.05F * (float)tilt};
            struct picture picture = draw(&table, 60, 3, false);
            cast_into_corner(&picture, corner, 220);
            expect_bars(picture);
        }
}

/* A label cut close around its number. */
static void a_small_sheet_is_full_of_writing(void **state)
{
    (void)state;
    const struct table table = {138, WIDTH - 252, 118, HEIGHT - 176, 0};
    expect_bars(draw(&table, 60, 3, false));
}

static void a_scans_dark_margins_are_no_paper(void **state)
{
    (void)state;
    const struct table table[] = {{22, 22, 0, 0, 0},    {60, 60, 0, 0, 0},   {0, 0, 16, 16, 0},
                                  {0, 0, 44, 44, 0},    {22, 22, 16, 16, 0}, {60, 60, 44, 44, 0},
                                  {25, 55, 0, 0, 0.01F}};
    expect_bars_on_all(table, sizeof table / sizeof *table, 10, 10);
}

/* What sheet_cut() leaves of a picture; frees it. */
static struct box kept_of(struct picture picture)
{
    struct box sheet;
    assert_int_equal(sheet_cut(&picture, &sheet), 0);
    assert_int_equal(picture.width, sheet.width);
    assert_int_equal(picture.height, sheet.height);
    picture_free(&picture);
    return sheet;
}

/* A zero drawn with a thick pen is half the picture and has a hole, as a sheet has writing. */
static void thick_strokes_are_no_sheet(void **state)
{
    (void)state;
    for (int inverted = 0; inverted < 2; inverted++)
        for (float hole = 0.2F; hole < 0.7F; hole += 0.2F) {
            struct picture picture = draw(&(struct table){0}, 0, 3, false);
            for (uint32_t i = 0; i < WIDTH * HEIGHT; i++) {
                const float x = ((float)(i % WIDTH) - 210) / 200;
                const float y = ((float)(i / WIDTH) - 150) / 145;
                const float far = hypotf(x, y);
                const uint8_t level = far < 1 && far > hole ? 230 : 20;
                picture.pixels[i] = inverted ? 255 - level : level;
            }
            assert_int_equal(kept_of(picture).width, WIDTH);
        }
}

/* What has a short edge with the paper: a finger in a corner. */
static void a_dark_corner_is_no_table(void **state)
{
    (void)state;
    struct picture picture = draw(&(struct table){0}, 0, 3, false);
    struct box sheet;
    for (uint32_t i = 0; i < WIDTH * HEIGHT; i++)
        if (i % WIDTH < 47 && i / WIDTH < 47)
            picture.pixels[i] = 20;
    assert_int_equal(sheet_cut(&picture, &sheet), 0);
    assert_int_equal(sheet.width, WIDTH);
    assert_int_equal(picture.pixels[10 * WIDTH + 10], 20);
    picture_free(&picture);
}

/* The left part in a sharp shadow that leaves `tenths` of the light. */
static struct picture shade(uint32_t from_left, int tenths)
{
    struct picture picture = draw(&(struct table){0}, 0, 3, false);
    for (uint32_t i = 0; i < WIDTH * HEIGHT; i++)
        if (i % WIDTH < from_left)
            picture.pixels[i] = (uint8_t)(picture.pixels[i] * tenths / 10);
    return picture;
}

/* A deep shadow on a part of the strokes, a lighter one on none; and a sheet with nothing on it. */
static void paper_in_shadow_is_no_table(void **state)
{
    (void)state;
    assert_int_equal(kept_of(shade(200, 4)).width, WIDTH);
    assert_int_equal(kept_of(shade(130, 6)).width, WIDTH);
    assert_int_equal(kept_of(shade(154, 6)).width, WIDTH);

    struct picture picture = draw(&(struct table){120, 0, 0, 0, 0}, 80, 3, false);
    assert_in_range(kept_of(picture).width, WIDTH - 130, WIDTH - 120);
    picture = draw(&(struct table){120, 0, 0, 0, 0}, 80, 3, false);
    for (uint32_t i = 0; i < WIDTH * HEIGHT; i++)
        if (on_bar(i % WIDTH, i / WIDTH))
            picture.pixels[i] = PAPER;
    assert_int_equal(kept_of(picture).width, WIDTH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writing_is_found_on_a_sheet_on_a_wide_table),
        cmocka_unit_test(grain_is_no_writing),
        cmocka_unit_test(uneven_light_falls_on_dark_sheets_too),
        cmocka_unit_test(shadows_fall_on_sheet_and_table),
        cmocka_unit_test(shadows_at_the_border_are_no_strokes),
        cmocka_unit_test(shadows_fall_on_corners_of_a_tilted_sheet),
        cmocka_unit_test(a_small_sheet_is_full_of_writing),
        cmocka_unit_test(a_scans_dark_margins_are_no_paper),
        cmocka_unit_test(thick_strokes_are_no_sheet),
        cmocka_unit_test(a_dark_corner_is_no_table),
        cmocka_unit_test(paper_in_shadow_is_no_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
