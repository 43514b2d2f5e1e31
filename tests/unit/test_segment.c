/* Finding digits: in drawn pages whose truth is known, and in MNIST, where each image is one. */
#include "ink.h"
#include "segment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX = 64 };

static void paint(uint8_t *pixels, uint32_t width, struct box box)
{
    for (uint32_t y = box.y; y < box.y + box.height; y++)
        memset(pixels + (size_t)y * width + box.x, 255, box.width);
}

/* The boxes of the digits of a picture of ink, `max` at most. Returns: how many there are. */
static int boxes_of(const struct picture *ink, struct box *boxes, int max)
{
    struct marks digits;
    assert_int_equal(segment_digits(ink, &digits), 0);
    const int n = (int)digits.n;
    for (int i = 0; i < n && i < max; i++)
        boxes[i] = digits.mark[i].box;
    marks_free(&digits);
    return n;
}

/* Paint [n] bars on a page of 200x200 and find the digits. */
static int find(const struct box *bar, size_t n, struct box *boxes, int max)
{
    uint8_t *pixels = calloc(200 * 200, 1);
    assert_non_null(pixels);
    for (size_t i = 0; i < n; i++)
        paint(pixels, 200, bar[i]);
    const int found = boxes_of(&(struct picture){200, 200, pixels}, boxes, max);
    free(pixels);
    return found;
}

static void expect(const struct box *bar, size_t n, const struct box *expected, int digits)
{
    struct box boxes[MAX];
    assert_int_equal(find(bar, n, boxes, MAX), digits);
    assert_memory_equal(boxes, expected, (size_t)digits * sizeof *expected);
}

static void lines_are_read_from_the_top_and_left_to_right(void **state)
{
    (void)state;
    const struct box page[] = {
        {20, 20, 12, 30}, {60, 24, 12, 30},   {100, 28, 12, 30}, /* a line that falls */
        {10, 95, 12, 30}, {50, 85, 12, 30},   {150, 70, 12, 30}, /* one that climbs */
        {5, 150, 12, 30}, {120, 150, 12, 30},
    };
    struct box shuffled[8];
    for (size_t i = 0; i < 8; i++)
        shuffled[i] = page[i * 5 % 8];
    expect(shuffled, 8,
           (struct box[]){page[0], page[1], page[2], page[3], page[4], page[5], page[6], page[7]},
           8);
}

/* As digits fill a row of boxes; what stands above one of the others is a line of its own, and so
 * is what is beside them and higher. */
static void digits_up_and_down_are_one_line(void **state)
{
    (void)state;
    const struct box row[] = {
        {10, 70, 12, 30}, {40, 92, 12, 30}, {70, 71, 12, 30}, {100, 93, 12, 30}, {130, 72, 12, 30},
    };
    expect(row, 5, row, 5);

    const struct box apart[] = {{100, 64, 12, 30}, {10, 92, 12, 30}, {40, 92, 12, 30}};
    expect(apart, 3, apart, 3);
    const struct box above[] = {
        {10, 60, 12, 30}, {100, 72, 12, 30}, {10, 95, 12, 30}, {60, 95, 12, 30}};
    expect(above, 4, above, 4);
}

static void steep_lines_stay_lines(void **state)
{
    (void)state;
    struct box page[16]; /* two lines that fall by 10 a digit, 45 apart: their heights overlap */
    for (uint32_t i = 0; i < 8; i++) {
        page[i] = (struct box){5 + 24 * i, 5 + 10 * i, 12, 30};
        page[8 + i] = (struct box){5 + 24 * i, 50 + 10 * i, 12, 30};
    }
    expect(page, 16, page, 16);
}

static void a_loose_bar_belongs_to_its_digit(void **state)
{
    (void)state;
    const struct box five[] = {{50, 20, 20, 40}, {62, 12, 18, 4}, {120, 15, 14, 45}};
    expect(five, 3, (struct box[]){{50, 12, 30, 48}, {120, 15, 14, 45}}, 2);
    const struct box halves[] = {{50, 20, 20, 18}, {52, 40, 20, 22}};
    expect(halves, 2, (struct box[]){{50, 20, 22, 42}}, 1);
}

static void whole_digits_side_by_side_stay_apart(void **state)
{
    (void)state;
    const struct box ones[] = {{50, 20, 6, 40}, {57, 21, 6, 40}, {64, 19, 6, 40}};
    expect(ones, 3, ones, 3);
}

static void specks_are_dropped(void **state)
{
    (void)state;
    struct box page[30] = {{50, 20, 12, 40}, {90, 20, 12, 40}};
    for (uint32_t i = 2; i < 30; i++)
        page[i] = (struct box){3 + 6 * i, 100 + 3 * (i % 7), 1 + i % 4, 1 + i % 3};
    expect(page, 30, page, 2);
    struct box boxes[MAX];
    assert_int_equal(find(NULL, 0, boxes, MAX), 0);
}

/* A frame, a U and a spiral are each one piece however their runs meet. */
static void shapes_that_close_late_are_one_piece(void **state)
{
    (void)state;
    const struct box frame[] = {
        {10, 10, 60, 4}, {10, 10, 4, 90}, {66, 10, 4, 90}, {10, 96, 60, 4}, {30, 30, 4, 68}};
    expect(frame, 5, (struct box[]){{10, 10, 60, 90}}, 1);
    const struct box comb[] = {
        {10, 10, 2, 50}, {14, 10, 2, 50}, {18, 10, 2, 50}, {22, 10, 2, 50}, {10, 60, 14, 2}};
    expect(comb, 5, (struct box[]){{10, 10, 14, 52}}, 1);
}

/* Lines of one pixel that meet at corners alone: falling, climbing, and a roof of both. */
static void corners_connect(void **state)
{
    (void)state;
    struct box fall[40], climb[40], both[80];
    for (uint32_t i = 0; i < 40; i++) {
        both[2 * i] = fall[i] = (struct box){100 + i, 50 + i, 1, 1};
        both[2 * i + 1] = climb[i] = (struct box){99 - i, 50 + i, 1, 1};
    }
    expect(fall, 40, (struct box[]){{100, 50, 40, 40}}, 1);
    expect(climb, 40, (struct box[]){{60, 50, 40, 40}}, 1);
    expect(both, 80, (struct box[]){{60, 50, 80, 40}}, 1);
}

/* Isolated dots make the most pieces: 42,025 here, of which 4,096 are kept. */
static void a_page_of_nothing_but_dots_is_bounded(void **state)
{
    (void)state;
    const uint32_t side = 2048;
    uint8_t *pixels = calloc((size_t)side * side, 1);
    assert_non_null(pixels);
    for (uint32_t y = 0; y + 8 < side; y += 10)
        for (uint32_t x = 0; x + 8 < side; x += 10)
            paint(pixels, side, (struct box){x, y, 8, 8});
    struct box boxes[MAX];
    const int n = boxes_of(&(struct picture){side, side, pixels}, boxes, MAX);
    assert_in_range(n, 1, SEGMENT_MAX_PIECES);
    free(pixels);
}

static void mnist_images_are_one_digit_each(void **state)
{
    (void)state;
    enum { DIGITS = 10000 };
    FILE *file = fopen("data/mnist/t10k-images-idx3-ubyte", "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 16, SEEK_SET), 0);
    int ones = 0;
    for (int i = 0; i < DIGITS; i++) {
        uint8_t pixels[IMAGE_PIXELS];
        assert_int_equal(fread(pixels, sizeof pixels, 1, file), 1);
        struct picture picture = {IMAGE_SIDE, IMAGE_SIDE, pixels};
        struct box boxes[MAX];
        struct marks whole;
        assert_int_equal(ink_find(&picture), 1);
        ones += boxes_of(&picture, boxes, MAX) == 1;
        assert_int_equal(segment_whole(&picture, &whole), 0);
        assert_int_equal(whole.n, 1);
        marks_free(&whole);
    }
    fclose(file);
    assert_in_range(ones, DIGITS * 994 / 1000, DIGITS); /* measured: 9957 */
}

/* A scan's dark edge is longer than the digits are high, and a digit cut out closely is not. */
static void edges_of_the_page_are_no_digits(void **state)
{
    (void)state;
    const struct box page[] = {{60, 90, 12, 30}, {90, 90, 12, 30}, {0, 0, 200, 6}, {0, 6, 9, 194}};
    expect(page, 4, page, 2);
    const struct box tall[] = {{0, 0, 30, 200}, {80, 0, 30, 200}};
    expect(tall, 2, tall, 2);
}

static void what_is_left_of_ruled_lines_is_no_digit(void **state)
{
    (void)state;
    const struct box page[] = {{60, 90, 12, 30}, {90, 90, 12, 30}, {120, 140, 40, 3}};
    expect(page, 3, page, 2);
    expect(page + 2, 1, page + 2, 1);
}

/* Bars of 90 on paper of 220 with a ruled line of 150 that climbs across, which is hidden for most
 * of its length; all with grain of up to 12. */
static void lines_are_removed_from_between_and_from_under_strokes(void **state)
{
    (void)state;
    enum { WIDTH = 400, HEIGHT = 240, BARS = 14, LEFT = 32, TOP = 90, HIGH = 60, LINE = 132 };
    struct picture page = {WIDTH, HEIGHT, malloc(WIDTH * HEIGHT)};
    assert_non_null(page.pixels);
    uint32_t random = 1;
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        const int x = i % WIDTH, y = i / WIDTH;
        const bool bar = x >= LEFT && x < LEFT + 24 * BARS && (x - LEFT) % 24 < 18;
        const bool stroke = bar && y >= TOP && y < TOP + HIGH, line = (y + x / 20) / 2 == LINE / 2;
        random = random * 1664525 + 1013904223;
        page.pixels[i] = (uint8_t)((stroke ? 90
                                    : line ? 150
                                           : 220) +
                                   (int)(random >> 24) % 25 - 12);
    }
    struct box boxes[MAX];
    assert_int_equal(ink_find(&page), 1);
    assert_int_equal(boxes_of(&page, boxes, MAX), BARS);
    for (int i = 0; i < BARS; i++) {
        assert_in_range(boxes[i].width, 17, 19);
        assert_in_range(boxes[i].height, HIGH - 1, HIGH + 1);
        for (int y = TOP + 1; y < TOP + HIGH - 1; y++)
            assert_in_range(page.pixels[y * WIDTH + LEFT + 24 * i + 8], 200, 255);
    }
    picture_free(&page);
}

/* A 4 in a thin pen, cut out with a little paper around it: its bar crosses nearly all of that. */
static void the_bar_of_a_4_is_no_ruled_line(void **state)
{
    (void)state;
    enum { WIDTH = 70, HEIGHT = 90, MARGIN = 6, PEN = 4 };
    const struct box strokes[] = {{20, MARGIN, PEN, 56},
                                  {MARGIN, 58, WIDTH - 2 * MARGIN, PEN},
                                  {46, 30, PEN, HEIGHT - MARGIN - 30},
                                  {MARGIN, 50, 18, PEN}};
    uint8_t pixels[WIDTH * HEIGHT] = {0};
    for (size_t i = 0; i < sizeof strokes / sizeof *strokes; i++)
        paint(pixels, WIDTH, strokes[i]);
    struct picture four = {WIDTH, HEIGHT, pixels};
    uint8_t before[WIDTH * HEIGHT];
    memcpy(before, pixels, sizeof before);
    assert_int_equal(ink_find(&four), 1);
    assert_memory_equal(pixels, before, sizeof before);
    /* From border to border it is one. */
    paint(pixels, WIDTH, (struct box){0, 58, WIDTH, PEN});
    assert_int_equal(ink_find(&four), 1);
    assert_int_equal(pixels[58 * WIDTH], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_read_from_the_top_and_left_to_right),
        cmocka_unit_test(digits_up_and_down_are_one_line),
        cmocka_unit_test(steep_lines_stay_lines),
        cmocka_unit_test(a_loose_bar_belongs_to_its_digit),
        cmocka_unit_test(whole_digits_side_by_side_stay_apart),
        cmocka_unit_test(specks_are_dropped),
        cmocka_unit_test(edges_of_the_page_are_no_digits),
        cmocka_unit_test(the_bar_of_a_4_is_no_ruled_line),
        cmocka_unit_test(what_is_left_of_ruled_lines_is_no_digit),
        cmocka_unit_test(lines_are_removed_from_between_and_from_under_strokes),
        cmocka_unit_test(shapes_that_close_late_are_one_piece),
        cmocka_unit_test(corners_connect),
        cmocka_unit_test(a_page_of_nothing_but_dots_is_bounded),
        cmocka_unit_test(mnist_images_are_one_digit_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
