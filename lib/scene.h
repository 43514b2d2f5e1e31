/* A picture's cells, parted into a sheet, what is written on it, and the table that it lies on. */
#ifndef HWDR_SCENE_H
#define HWDR_SCENE_H

#include "cells.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a cell is; the first three on the way alone. */
enum { SCENE_DARK, SCENE_LIGHT, SCENE_PIECE, SCENE_TABLE, SCENE_SHEET, SCENE_BETWEEN };

enum { SCENE_RIM = 2 }; /* cells beside a table that may show some of it, or its shadow */

/*
 * What is known of each cell. Shapes: all [height,width]. Levels are as if tables were always dark:
 * for those that are light, all are 255 less what they are.
 */
struct scene {
    struct cells cells;
    uint8_t *kind;
    float *paper;    /* the level of the sheet's paper, or of the table, there */
    uint32_t *queue; /* room for an index of each cell */
    bool inverted;
};

size_t scene_cells(const struct scene *scene);

/* The cells beside a cell, itself where there is none. */
struct scene_neighbours {
    uint32_t at[4];
};

struct scene_neighbours scene_neighbours(const struct scene *scene, uint32_t at);

/*
 * Make all cells that are connected with cell `start` and like it, `from`, of kind `to`. They are
 * left in the queue. Returns: how many they are.
 */
uint32_t scene_flood(struct scene *scene, uint32_t start, uint8_t from, uint8_t to);

/*
 * Whether there may be a sheet, told by levels alone where a table would be of one level along the
 * whole border, as drawings and screens are: the largest piece that is lighter is half of what is
 * between its four corners, at least, as strokes are not. Of other scenes that is not known. Uses
 * scene->kind and scene->queue.
 */
bool scene_may_have_sheet(struct scene *scene);

/*
 * Of a scene's dark and light cells make SCENE_TABLE, SCENE_SHEET, and SCENE_BETWEEN near the edge
 * of both. A sheet is one piece with four corners, as no stroke is, of a 25th of the picture.
 * Returns: how many cells the sheet has, with its edge, or 0 where there is none.
 */
uint32_t scene_part(struct scene *scene);

#endif
