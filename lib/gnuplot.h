/* Graphs: the only file that knows how to run gnuplot. */
#ifndef HWDR_GNUPLOT_H
#define HWDR_GNUPLOT_H

#include "error.h"

#include <stddef.h>
#include <stdio.h>

/*
 * Write `text` as a string of gnuplot's language. All but letters, digits and the commonest marks
 * become octal, so that quotes, backquotes (commands!) and newlines in a file's name are harmless.
 */
void gnuplot_quote(FILE *commands, const char *text);

/*
 * Run gnuplot, without the user's settings, over a seekable file of commands; what it draws comes
 * back in memory, so that a failure leaves nothing half-written.
 * Owns: *drawing is the caller's to free. Changes the position of `commands`.
 * Returns: 0, or -1 with `error` set: gnuplot is not there (the message says how to install it), it
 * failed (the message is its last line), or memory ran out.
 */
int gnuplot_run(FILE *commands, char **drawing, size_t *bytes, struct error *error) CHECKED;

#endif
