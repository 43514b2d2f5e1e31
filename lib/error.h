/* One line that says what went wrong, filled by the library and printed by the programs. */
#ifndef HWDR_ERROR_H
#define HWDR_ERROR_H

#define CHECKED __attribute__((warn_unused_result))
#define PRINTF(text, first) __attribute__((format(printf, text, first)))

/* `text` reads "what: where: why", without the program's name and without a newline. */
struct error {
    char text[512];
};

/*
 * Write the message; a format that ends in a colon has errno's text appended, and control
 * characters, which may come from a hostile file, become '?'.
 * Returns: -1 always, so that a function can end in `return error_set(...)`.
 */
int error_set(struct error *error, const char *format, ...) PRINTF(2, 3);

#endif
