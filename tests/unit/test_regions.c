/* A sheet on a table in light that falls off: each cell belongs to what it is like near by. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dark_table_is_told_from_a_sheet_in_uneven_light),
        cmocka_unit_test(what_is_not_darker_at_its_edges_is_light),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
