/* Dark regions of a scene, by the steps at their edges: soft shadows have none. */
#ifndef HWDR_REGIONS_H
#define HWDR_REGIONS_H

#include "scene.h"

/*
 * Make each cell of a scene SCENE_DARK or SCENE_LIGHT. Cells between which levels change little by
 * little are one region, however far light changes on the way; a large region is dark if it is at
 * every step to another large one the darker side. Cells at a step are as the side that they are
 * more like. Where no cell at the border is dark beside the lightest of all, all are light. Uses
 * scene->paper and scene->queue.
 */
void regions_find(struct scene *scene);

#endif
