/*
 * Corrected drawings, collected in a file that is a complete sample stream after each of them:
 *
 *     { images '|u1' (1,28,28)   labels '|u1' (1,) } end
 *
 * So `cnn-train < FILE` and `bin2png < FILE` work at any time. FORMAT.md tells what records are.
 */
#ifndef HWDR_CORRECTIONS_H
#define HWDR_CORRECTIONS_H

#include "error.h"
#include "sample.h"

#include <stdint.h>

enum { CORRECTIONS_MAX = 10000 }; /* 10.4 MB */

/*
 * Append a sample over the file's end record and write a new one behind it, in one write, under
 * flock(2), so that several processes may do it; the file is created (its folder is not), readable
 * by its owner alone. What an interrupted write has left at the end is overwritten.
 * Returns: how many samples there are now; 0 when the file is full: nothing was written; or -1 with
 * `error` set, naming the path: not a file of corrections, or one that cannot be written.
 */
int64_t corrections_append(const char *path, const uint8_t image[IMAGE_PIXELS], uint8_t label,
                           struct error *error) CHECKED;

#endif
