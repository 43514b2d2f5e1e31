/* A sheet on a table in light that falls off: each cell belongs to what it is like near by. And
 * what shows that there is no sheet before that is found out. */
#include "regions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { WIDTH = 120, HEIGHT = 90, RIM = 20 };

static bool on_sheet(int x, int y)
{
    return x >= RIM && x < WIDTH - RIM && y >= RIM && y < HEIGHT - RIM;
}

/* Light is 1 at the left, or on top, and a seventh of it at the other end. */
static float light(int x, int y, bool across)
{
    return 1 - 0.85F * (across ? (float)x / WIDTH : (float)y / HEIGHT);
}

static struct scene make(float sheet, float table, bool across)
{
    struct scene scene = {.cells = {.width = WIDTH, .height = HEIGHT, .side = 1}};
    scene.cells.cell = calloc((size_t)(WIDTH * HEIGHT), sizeof(float));
    scene.paper = calloc((size_t)(WIDTH * HEIGHT), sizeof(float));
    scene.kind = calloc((size_t)(WIDTH * HEIGHT), 1);
    scene.queue = calloc((size_t)(WIDTH * HEIGHT), sizeof(uint32_t));
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            scene.cells.cell[y * WIDTH + x] =
                light(x, y, across) * (on_sheet(x, y) ? sheet : table);
    return scene;
}

static void drop(struct scene *scene)
{
    free(scene->cells.cell);
    free(scene->paper);
    free(scene->kind);
    free(scene->queue);
}

static void a_dark_table_is_told_from_a_sheet_in_uneven_light(void **state)
{
    (void)state;
    for (int across = 0; across < 2; across++) {
        struct scene scene = make(250, 70, across);
        regions_find(&scene);
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++)
                assert_int_equal(scene.kind[y * WIDTH + x],
                                 on_sheet(x, y) ? SCENE_LIGHT : SCENE_DARK);
        drop(&scene);
    }
}

/* A dark thing on a light table, and shadow that becomes deep little by little, are no tables. */
static void what_is_not_darker_at_its_edges_is_light(void **state)
{
    (void)state;
    struct scene thing = make(70, 250, true), shadow = make(250, 250, false);
    regions_find(&shadow);
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        assert_int_equal(shadow.kind[i], SCENE_LIGHT);
    regions_find(&thing);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            assert_int_equal(thing.kind[y * WIDTH + x], on_sheet(x, y) ? SCENE_DARK : SCENE_LIGHT);
    drop(&thing);
    drop(&shadow);
}

/* A table of `level` with a bar across and one down, `thick` cells, or all between filled. */
static struct scene draw(float level, float ink, int thick, bool filled)
{
    struct scene scene = make(level, level, true);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            const bool bar = x < RIM + thick || y >= HEIGHT - RIM - thick;
            const bool drawn = on_sheet(x, y) && (filled || bar);
            scene.cells.cell[y * WIDTH + x] = drawn ? ink : level;
        }
    return scene;
}

static void expect_sheet(struct scene scene, bool expected)
{
    assert_int_equal(scene_may_have_sheet(&scene), expected);
    drop(&scene);
}

static void strokes_on_an_even_table_are_no_sheet(void **state)
{
    (void)state;
    expect_sheet(draw(0, 255, 8, false), false);
    expect_sheet(draw(0, 255, 8, true), true);
    expect_sheet(draw(100, 112, 8, true), true);
    expect_sheet(draw(100, 104, 8, true), false); /* too little to tell */
    expect_sheet(draw(100, 20, 8, true), false);  /* darker */
    struct scene written = draw(0, 255, 8, true), small = draw(0, 0, 8, false);
    for (int y = RIM; y < HEIGHT - RIM; y++) /* a third of it */
        for (int x = RIM; x < WIDTH - RIM; x++)
            written.cells.cell[y * WIDTH + x] = x % 3 == 1 ? 0 : 255;
    expect_sheet(written, true);
    for (int y = RIM; y < RIM + 19; y++) /* 361 of 10,800 cells */
        for (int x = RIM; x < RIM + 19; x++)
            small.cells.cell[y * WIDTH + x] = 255;
    expect_sheet(small, false);
    struct scene ruled = draw(0, 255, 8, true), dusty = draw(0, 0, 8, false);
    for (int x = 0; x < WIDTH * HEIGHT; x++) /* lines across all of it, every fourth row */
        if (x / WIDTH % 4 == 0)
            ruled.cells.cell[x] = 0;
    expect_sheet(ruled, true);
    for (int y = RIM; y < RIM + 25; y++) /* a small sheet, and a speck in the other corner */
        for (int x = RIM; x < RIM + 25; x++)
            dusty.cells.cell[y * WIDTH + x] = 255;
    dusty.cells.cell[(HEIGHT - 5) * WIDTH + WIDTH - 5] = 255;
    expect_sheet(dusty, true);
}

/* In uneven light levels alone show nothing. */
static void of_an_uneven_border_nothing_is_said(void **state)
{
    (void)state;
    static const int places[] = {50, (HEIGHT - 1) * WIDTH + 50, 50 * WIDTH, 50 * WIDTH - 1};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct scene scene = draw(0, 255, 8, false);
        scene.cells.cell[places[i]] = 1;
        expect_sheet(scene, true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dark_table_is_told_from_a_sheet_in_uneven_light),
        cmocka_unit_test(what_is_not_darker_at_its_edges_is_light),
        cmocka_unit_test(strokes_on_an_even_table_are_no_sheet),
        cmocka_unit_test(of_an_uneven_border_nothing_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
