#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *error, const char *format, ...)
{
    const int saved = errno;
    va_list arguments;
    va_start(arguments, format);
    int used = vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    const size_t length = strlen(format);
    if (used >= 0 && (size_t)used < sizeof error->text && length && format[length - 1] == ':')
        snprintf(error->text + used, sizeof error->text - (size_t)used, " %s", strerror(saved));
    for (char *c = error->text; *c; c++) /* what a file holds must not break the line */
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    return -1;
}
