/* Where marks may be cut: in drawn marks with gaps that are known. */
#include "cuts.h"
#include "normal.h"
#include "parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WIDTH = 60, HEIGHT = 64, SCALE = HEIGHT / CUTS_ROWS };

/*
 * Two blocks on a common floor with a gap between them, which a bar that hangs from both splits in
 * its upper half: on the left of it there is less ink in the way than on its right.
 */
static const struct box fork[] = {{0, 0, 22, HEIGHT}, {38, 0, 22, HEIGHT}, {0, 60, WIDTH, 4},
                                  {28, 0, 4, 28},     {22, 0, 6, 4},       {32, 0, 6, 20}};

static void draw_fork(uint8_t pixels[WIDTH * HEIGHT])
{
    memset(pixels, 0, WIDTH * HEIGHT);
    for (size_t i = 0; i < sizeof fork / sizeof *fork; i++)
        for (uint32_t y = fork[i].y; y < fork[i].y + fork[i].height; y++)
            memset(pixels + y * WIDTH + fork[i].x, 255, fork[i].width);
}

/* The fork, the mark it is, and the cuts of that. */
struct drawing {
    uint8_t pixels[WIDTH * HEIGHT];
    struct picture ink;
    struct marks marks;
    struct cuts cuts;
};

static void find_cuts(struct drawing *drawing)
{
    draw_fork(drawing->pixels);
    drawing->ink = (struct picture){WIDTH, HEIGHT, drawing->pixels};
    assert_int_equal(parts_find(&drawing->marks, &drawing->ink), 0);
    assert_int_equal(drawing->marks.n, 1);
    assert_int_equal(cuts_find(&drawing->cuts, &drawing->ink, &drawing->marks.mark[0]), 0);
}

/* Whether a cut passes between these columns of the picture in row y. */
static bool passes(const struct cuts *cuts, size_t i, uint32_t y, int left, int right)
{
    const int column = SCALE * cuts->cut[i].column[y / SCALE];
    return column >= left && column < right;
}

/* The first cut that passes beside the bar here, and below it in the gap; 0 for none. */
static size_t find(const struct cuts *cuts, int left, int right)
{
    for (size_t i = 1; i + 1 < cuts->n; i++)
        if (passes(cuts, i, 16, left, right) && passes(cuts, i, 48, 22, 38))
            return i;
    return 0;
}

static void both_ways_around_a_stroke_are_found(void **state)
{
    (void)state;
    struct drawing drawing;
    find_cuts(&drawing);
    const struct cuts *cuts = &drawing.cuts;
    const size_t easy = find(cuts, 22, 28), dear = find(cuts, 32, 38);
    assert_true(easy > 0);
    assert_true(dear > 0 && dear != easy);
    assert_true(cuts->cut[dear].cost > cuts->cut[easy].cost);
    marks_free(&drawing.marks);
}

static void pieces_have_all_the_ink_once(void **state)
{
    (void)state;
    struct drawing drawing;
    find_cuts(&drawing);
    const struct cuts *cuts = &drawing.cuts;
    for (size_t i = 1; i + 1 < cuts->n; i++) {
        struct marks left, right;
        assert_int_equal(cuts_piece(&left, cuts, &drawing.ink, 0, i), 0);
        assert_int_equal(cuts_piece(&right, cuts, &drawing.ink, i, cuts->n - 1), 0);
        assert_true(left.mark[0].mass > 0 && right.mark[0].mass > 0);
        assert_int_equal(left.mark[0].mass + right.mark[0].mass, drawing.marks.mark[0].mass);
        marks_free(&left);
        marks_free(&right);
    }
    marks_free(&drawing.marks);
}

/* A block that is no whole number of pixels high for each row of the grid has no way through. */
static void no_way_leads_through_solid_ink(void **state)
{
    (void)state;
    enum { BLOCK_WIDTH = 150, BLOCK_HEIGHT = 90 };
    static uint8_t pixels[BLOCK_WIDTH * BLOCK_HEIGHT];
    memset(pixels, 255, sizeof pixels);
    const struct picture ink = {BLOCK_WIDTH, BLOCK_HEIGHT, pixels};
    struct marks marks;
    struct cuts cuts;
    assert_int_equal(parts_find(&marks, &ink), 0);
    assert_int_equal(cuts_find(&cuts, &ink, &marks.mark[0]), 0);
    const float stroke = normal_stroke(&ink, &marks.mark[0]) / cuts.scale;
    for (size_t i = 1; i + 1 < cuts.n; i++)
        assert_true(cuts.cut[i].cost * stroke > 0.98F * (float)cuts.rows);
    marks_free(&marks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways_around_a_stroke_are_found),
        cmocka_unit_test(pieces_have_all_the_ink_once),
        cmocka_unit_test(no_way_leads_through_solid_ink),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
