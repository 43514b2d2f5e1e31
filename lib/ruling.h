/* Ruled and squared paper: lines from border to border are removed, what crosses them stays. */
#ifndef HWDR_RULING_H
#define HWDR_RULING_H

#include "picture.h"

/*
 * Remove from a picture of ink, in place, thin straight lines that run across all of it, level or
 * upright or a few degrees off. Levels up to `faint` are paper, and strokes have about `strong`. Of
 * a line that is paler than strokes its own darkness is taken away, also where strokes cross it; of
 * one as dark as they are, what is not higher than the line is thick.
 */
void ruling_remove(struct picture *ink, uint8_t faint, uint8_t strong);

#endif
