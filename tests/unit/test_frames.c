/* Lines around writing are none of it: what is left of drawn pages with boxes, rings and edges. */
#include "drawn_page.h"
#include "ruling.h"
#include "segment.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TALL = 30 };

/* A straight line of 3 pixels. */
static void line(struct page *page, float x, float y, float to_x, float to_y)
{
    const int steps = 2 * SIDE;
    for (int i = 0; i <= steps; i++) {
        const float t = (float)i / (float)steps;
        fill(page, (int)(x + t * (to_x - x)) - 1, (int)(y + t * (to_y - y)) - 1, 3, 3);
    }
}

static void ring(struct page *page, float x, float y, float wide, float tall)
{
    for (int i = 0; i < 720; i++) {
        const float angle = 3.14159265F * (float)i / 360;
        fill(page, (int)(x + wide * cosf(angle)) - 1, (int)(y + tall * sinf(angle)) - 1, 3, 3);
    }
}

/* A 1, and as what is no line, a 3 of bars. */
static void one(struct page *page, int x, int y)
{
    fill(page, x, y, 3, TALL);
}

static void three(struct page *page, int x, int y)
{
    fill(page, x + 12, y, 4, TALL);
    for (int bar = 0; bar < 3; bar++)
        fill(page, x, y + bar * (TALL - 4) / 2, 16, 4);
}

/* So many digits are found, all of this height, or if 0 of any; the page is empty again. */
static void expect(struct page *page, size_t n, uint32_t height)
{
    struct marks digits;
    const struct picture ink = {SIDE, SIDE, page->pixels};
    assert_int_equal(segment_digits(&ink, &digits), 0);
    assert_int_equal(digits.n, n);
    for (size_t i = 0; i < n && height > 0; i++)
        assert_int_equal(digits.mark[i].box.height, height);
    marks_free(&digits);
    memset(page, 0, sizeof *page);
}

static void expect_digits(struct page *page, size_t n)
{
    expect(page, n, TALL);
}

static void digits_in_boxes_are_read_without_them(void **state)
{
    (void)state;
    struct page page = {{0}};
    for (int pen = 1; pen <= 4; pen++) {
        frame(&page, 20, 60, 50, 50, pen); /* of one digit each */
        frame(&page, 90, 60, 50, 50, pen);
        three(&page, 37, 70);
        one(&page, 113, 70);
        expect_digits(&page, 2);

        for (int i = 0; i < 3; i++) { /* joined */
            frame(&page, 20 + i * (50 - pen), 60, 50, 50, pen);
            three(&page, 37 + i * (50 - pen), 70);
        }
        expect_digits(&page, 3);

        frame(&page, 20, 40, 160, 90, pen); /* in one */
        three(&page, 37, 70);
        one(&page, 90, 70);
        one(&page, 130, 70);
        expect_digits(&page, 3);

        frame(&page, 60, 60, 50, 50, pen); /* whose bottom has been taken for a ruled line */
        memset(page.pixels + (110 - pen) * SIDE, 0, (size_t)pen * SIDE);
        three(&page, 77, 70);
        expect_digits(&page, 1);
    }
}

/* A form's rows of boxes cross nearly all of a picture, as ruled lines do. */
static void rows_of_boxes_are_no_ruled_paper(void **state)
{
    (void)state;
    struct page page = {{0}};
    for (int row = 0; row < 3; row++)
        for (int n = row + 3, wide = 180 / n, i = 0; i < n; i++) {
            frame(&page, 9 + wide * i, 10 + 62 * row, wide + 2, 50, 2);
            three(&page, 18 + wide * i, 20 + 62 * row);
        }
    ruling_remove(&(struct picture){SIDE, SIDE, page.pixels}, 0, 255);
    expect_digits(&page, 12);
}

/* Boxes whose tops and bottoms have gone as ruled lines; of three lines that are no higher than a
 * digit, or end elsewhere, or have nothing between them, none is a side; nor is one of two. */
static void sides_of_boxes_are_no_ones(void **state)
{
    (void)state;
    struct page page = {{0}};
    for (int climb = 0; climb <= 4; climb += 2) { /* from box to box */
        for (int i = 0; i < 4; i++)
            fill(&page, 20 + 40 * i, 60 + climb * i, 2, 50);
        for (int i = 0; i < 3; i++)
            three(&page, 30 + 40 * i, 70 + climb * i);
        expect_digits(&page, 3);
    }
    for (int i = 0; i < 3; i++)
        one(&page, 30 + 50 * i, 70);
    three(&page, 45, 70);
    expect_digits(&page, 4);

    for (int i = 0; i < 2; i++)
        fill(&page, 30 + 50 * i, 65, 3, TALL + 10);
    three(&page, 45, 70);
    expect(&page, 3, 0);

    for (int i = 0; i < 3; i++)
        fill(&page, 30 + 50 * i, 60 + 10 * i, 3, 2 * TALL - 12 * i);
    three(&page, 45, 75);
    expect(&page, 4, 0);

    for (int i = 0; i < 3; i++)
        fill(&page, 30 + 30 * i, 60, 3, 50);
    three(&page, 110, 70);
    expect(&page, 4, 0);

    for (int i = 0; i < 3; i++) /* further apart than boxes are */
        fill(&page, 5 + 90 * i, 60, 2, 20);
    fill(&page, 45, 68, 14, 4);
    fill(&page, 50, 63, 4, 14);
    expect(&page, 4, 0);
}

static void frames_may_be_tilted_or_round(void **state)
{
    (void)state;
    struct page page = {{0}};
    const float corner[5][2] = {{30, 40}, {180, 60}, {170, 140}, {20, 120}, {30, 40}};
    for (int i = 0; i < 4; i++)
        line(&page, corner[i][0], corner[i][1], corner[i + 1][0], corner[i + 1][1]);
    three(&page, 60, 75);
    one(&page, 100, 75);
    expect_digits(&page, 2);

    ring(&page, 100, 100, 32, 32);
    three(&page, 92, 85);
    expect_digits(&page, 1);

    ring(&page, 60, 100, 32, 32); /* a 1 in it, which is as high as the 3 beside it */
    one(&page, 59, 85);
    three(&page, 150, 85);
    expect_digits(&page, 2);
}

/* The edges of a sheet that goes on beyond the picture. */
static void long_lines_beside_writing_are_none(void **state)
{
    (void)state;
    struct page page = {{0}};
    line(&page, 20, 1, 25, 120);
    line(&page, 25, 120, 198, 112);
    three(&page, 60, 40);
    one(&page, 90, 40);
    three(&page, 120, 40);
    expect_digits(&page, 3);
}

/* What is left of a sheet's edge or of a form's line; a thin 1 is of more than a seventh of the ink
 * that a 3 of its height has. */
static void thin_or_pale_lines_are_no_strokes(void **state)
{
    (void)state;
    struct page page = {{0}};
    for (int level = 255; level >= 100; level -= 50)
        for (int thick = 1; thick <= 2; thick++) {
            three(&page, 60, 80);
            three(&page, 90, 80);
            for (int y = 75; y < 75 + TALL + 15; y++)
                memset(page.pixels + y * SIDE + 130, level, (size_t)thick);
            const bool is_pen = thick == 2 && level > 200; /* of a 3's 264 pixels, 60 or 47 */
            expect(&page, is_pen ? 3 : 2, 0);
        }
}

/* A 0 with a dot in it, one of straight lines with nothing, a tall 1, a 7 around others. */
static void what_may_be_digits_stays(void **state)
{
    (void)state;
    struct page page = {{0}};
    ring(&page, 100, 100, 20, 28.5F);
    fill(&page, 95, 95, 9, 10);
    expect(&page, 1, 2 * TALL);

    frame(&page, 90, 80, 24, TALL, 3);
    expect_digits(&page, 1);

    three(&page, 60, 80);
    fill(&page, 90, 70, 4, 2 * TALL + 4);
    expect(&page, 2, 0);

    three(&page, 60, 85); /* below the bar of a large 7 */
    fill(&page, 50, 70, 50, 4);
    fill(&page, 96, 70, 4, 2 * TALL);
    expect(&page, 2, 0);
}

/* Of a picture cut out around writing a 1 takes more than half; dirt is no writing beside which it
 * would be long. */
static void ones_stay(void **state)
{
    (void)state;
    for (int with_three = 0; with_three < 2; with_three++) {
        struct page page = {{0}};
        for (int i = 0; i < 4; i++)
            one(&page, 40 + 20 * i, 10);
        if (with_three)
            three(&page, 150, 10);
        for (int i = 0; i < 5 && !with_three; i++) {
            fill(&page, 130, 12 + i, 5 - i % 2, 1);
            fill(&page, 20, 14 + i, 5 - i % 2, 1);
        }
        struct marks digits;
        const struct picture ink = {SIDE, TALL + 20, page.pixels};
        assert_int_equal(segment_digits(&ink, &digits), 0);
        int ones = 0;
        for (size_t i = 0; i < digits.n; i++)
            ones += digits.mark[i].box.height == TALL && digits.mark[i].box.width < 5;
        assert_int_equal(ones, 4);
        marks_free(&digits);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits_in_boxes_are_read_without_them),
        cmocka_unit_test(rows_of_boxes_are_no_ruled_paper),
        cmocka_unit_test(sides_of_boxes_are_no_ones),
        cmocka_unit_test(frames_may_be_tilted_or_round),
        cmocka_unit_test(long_lines_beside_writing_are_none),
        cmocka_unit_test(thin_or_pale_lines_are_no_strokes),
        cmocka_unit_test(what_may_be_digits_stays),
        cmocka_unit_test(ones_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
