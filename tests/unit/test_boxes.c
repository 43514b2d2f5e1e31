/* Boxes and rings go where a digit touches them, and nothing else does. */
#include "boxes.h"
#include "drawn_page.h"
#include "sample.h"
#include "segment.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TALL = 30, WIDE = 18, STROKE = 6 };

static void ring(struct page *page, float x, float y, float radius, int pen)
{
    for (int i = 0; i < 2000; i++) {
        const float angle = 3.14159265F * (float)i / 1000;
        fill(page, (int)(x + radius * cosf(angle)), (int)(y + radius * sinf(angle)), pen, pen);
    }
}

/* A digit that has no loop: a 3 of bars. */
static void three(struct page *page, int x, int y)
{
    fill(page, x + WIDE - STROKE, y, STROKE, TALL);
    for (int bar = 0; bar < 3; bar++)
        fill(page, x, y + bar * (TALL - STROKE) / 2, WIDE, STROKE);
}

static void clear(struct page *page)
{
    assert_int_equal(boxes_clear(&(struct picture){SIDE, SIDE, page->pixels}), 0);
}

/* Digits are found, as large as drawn or up to `more` larger, as a line stays under a stroke that
 * lies on it; the page is empty again. */
static void expect_digits(struct page *page, size_t n, uint32_t more)
{
    clear(page);
    struct marks digits;
    const struct picture ink = {SIDE, SIDE, page->pixels};
    assert_int_equal(segment_digits(&ink, &digits), 0);
    assert_int_equal(digits.n, n);
    for (size_t i = 0; i < n; i++) {
        assert_in_range(digits.mark[i].box.height, TALL, TALL + more);
        assert_in_range(digits.mark[i].box.width, WIDE, WIDE + more);
    }
    marks_free(&digits);
    memset(page, 0, sizeof *page);
}

static void digits_stay_where_they_touch_boxes(void **state)
{
    (void)state;
    struct page page = {{0}};
    for (uint32_t thick = 1; thick <= 3; thick++) {
        const int pen = (int)thick;
        for (int beyond = 0; beyond <= 6; beyond += 3) {
            frame(&page, 60, 60, 50, 50, pen); /* at the right, and the bottom */
            three(&page, 110 - WIDE - pen + beyond, 70);
            expect_digits(&page, 1, thick);
            frame(&page, 60, 60, 50, 50, pen);
            three(&page, 77, 110 - TALL - pen + beyond);
            expect_digits(&page, 1, thick);

            for (int i = 0; i < 3; i++) { /* of three joined ones, one is touched */
                frame(&page, 20 + i * (50 - pen), 60, 50, 50, pen);
                three(&page, i == 1 ? 120 - WIDE - 2 * pen + beyond : 37 + i * (50 - pen), 70);
            }
            expect_digits(&page, 3, thick);

            frame(&page, 20, 60, 160, 50, pen); /* in one */
            three(&page, 40, 60 + pen - beyond);
            three(&page, 140, 70);
            expect_digits(&page, 2, thick);
        }
        ring(&page, 100, 100, 32, pen);
        three(&page, 92, 76);
        expect_digits(&page, 1, thick + 1);
    }
}

/* A sheet of squares, each as a table's cell is. */
static void cells_may_be_in_rows(void **state)
{
    (void)state;
    struct page page = {{0}};
    for (int row = 0; row < 3; row++)
        for (int i = 0; i < 3; i++) {
            frame(&page, 10 + 58 * i, 10 + 58 * row, 60, 60, 2);
            three(&page, 12 + 58 * i, 25 + 58 * row);
        }
    expect_digits(&page, 9, 2);
}

static void expect_unchanged(struct page *page)
{
    const struct page before = *page;
    clear(page);
    assert_memory_equal(page, &before, sizeof before);
    memset(page, 0, sizeof *page);
}

/* A row is no 0, so a thin 1 that stands on its line is known, and one that crosses another; a blot
 * is none. */
static void ones_stay_in_a_row(void **state)
{
    (void)state;
    struct page page = {{0}};
    for (int crosses = 0; crosses < 2; crosses++) {
        const int top = crosses ? 55 : 80, wide = crosses ? 6 : 3;
        frame(&page, 20, 60, 160, 50, 2);
        fill(&page, 100, top, wide, (crosses ? 106 : 109) - top);
        clear(&page);
        assert_int_equal(page.pixels[80 * SIDE + 100], 255);
        assert_int_equal(page.pixels[80 * SIDE + 20], 0);
        assert_int_equal(page.pixels[60 * SIDE + 50], 0);
        memset(&page, 0, sizeof page);
    }
    frame(&page, 20, 60, 160, 50, 2);
    fill(&page, 100, 100, 12, 9);
    expect_unchanged(&page);
}

/* 0s that a stroke is in, each of another kind, an 8, and 6s. */
static void digits_of_lines_stay(void **state)
{
    (void)state;
    struct page page = {{0}};
    static const struct {
        int pen, x, y, width, height;
    } inside[] = {
        {2, 0, 0, 0, 0},     /* none */
        {3, 98, 69, 5, 57},  /* a slash */
        {2, 99, 69, 2, 26},  /* the end of a thin stroke */
        {2, 85, 69, 30, 14}, /* a short one */
        {2, 90, 69, 20, 22}, /* one of more than a third of its height */
        {6, 88, 70, 24, 28}, /* of a thick stroke */
    };
    for (size_t i = 0; i < sizeof inside / sizeof *inside; i++) {
        ring(&page, 100, 100, 32, inside[i].pen);
        fill(&page, inside[i].x, inside[i].y, inside[i].width, inside[i].height);
        expect_unchanged(&page);
    }
    ring(&page, 100, 60, 20, 3);
    ring(&page, 100, 100, 20, 3);
    expect_unchanged(&page);
    ring(&page, 100, 100, 20, 2);
    fill(&page, 98, 52, 4, 29);
    expect_unchanged(&page);
    three(&page, 100, 100);
    expect_unchanged(&page);
    frame(&page, 60, 60, 50, 50, 2); /* a box that is not touched */
    three(&page, 77, 70);
    expect_unchanged(&page);
    expect_unchanged(&page); /* nothing at all */
}

/* Frames around each other are looked at until they cover the page four times; small ones never. */
static void time_is_bounded(void **state)
{
    (void)state;
    struct page page = {{0}};
    for (int before = 0; before <= 4; before += 4) {
        for (int i = 0; i < before; i++)
            frame(&page, 4 * i, 4 * i, SIDE - 8 * i, SIDE - 8 * i, 2);
        frame(&page, 16, 16, SIDE - 32, SIDE - 32, 2);
        fill(&page, 16, 60, 40, 80);
        if (before) {
            expect_unchanged(&page);
        } else {
            clear(&page);
            assert_int_equal(page.pixels[16 * SIDE + 16], 0);
            memset(&page, 0, sizeof page);
        }
    }
    frame(&page, 60, 60, 19, 19, 1);
    fill(&page, 60, 64, 9, 10);
    expect_unchanged(&page);
    frame(&page, 60, 60, 20, 20, 1);
    fill(&page, 60, 64, 9, 10);
    clear(&page);
    assert_int_equal(page.pixels[60 * SIDE + 60], 0);
}

/* Training digits, enlarged, are no boxes. */
static void mnist_digits_stay(void **state)
{
    (void)state;
    enum { DIGITS = 10000, LARGE = 3 * IMAGE_SIDE };
    FILE *file = fopen("data/mnist/train-images-idx3-ubyte", "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 16, SEEK_SET), 0);
    for (int i = 0; i < DIGITS; i++) {
        uint8_t image[IMAGE_PIXELS], large[LARGE * LARGE], after[LARGE * LARGE];
        assert_int_equal(fread(image, 1, sizeof image, file), sizeof image);
        for (int k = 0; k < LARGE * LARGE; k++)
            after[k] = large[k] = image[k / LARGE / 3 * IMAGE_SIDE + k % LARGE / 3];
        assert_int_equal(boxes_clear(&(struct picture){LARGE, LARGE, after}), 0);
        assert_memory_equal(after, large, sizeof large);
    }
    fclose(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits_stay_where_they_touch_boxes),
        cmocka_unit_test(cells_may_be_in_rows),
        cmocka_unit_test(ones_stay_in_a_row),
        cmocka_unit_test(digits_of_lines_stay),
        cmocka_unit_test(time_is_bounded),
        cmocka_unit_test(mnist_digits_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
