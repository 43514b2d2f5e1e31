#include "gnuplot.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

void gnuplot_quote(FILE *commands, const char *text)
{
    putc('"', commands);
    for (; *text; text++) {
        if (isalnum((unsigned char)*text) || strchr("/._-", *text))
            putc(*text, commands);
        else
            fprintf(commands, "\\%03o", (unsigned)(unsigned char)*text);
    }
    putc('"', commands);
}

/*
 * Start gnuplot on three open files, by PATH and without a shell.
 * Returns: its process number, or -1 with `error` set.
 */
static pid_t start(int in, int out, int messages, struct error *error)
{
    char *const arguments[] = {"gnuplot", "--default-settings", "-", NULL};
    posix_spawn_file_actions_t actions;
    pid_t child = -1;
    errno = posix_spawn_file_actions_init(&actions);
    if (errno)
        return error_set(error, "gnuplot: cannot start:");
    posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, messages, STDERR_FILENO);
    errno = posix_spawnp(&child, "gnuplot", &actions, NULL, arguments, environ);
    const int saved = errno;
    posix_spawn_file_actions_destroy(&actions);
    errno = saved;
    if (errno == ENOENT)
        return error_set(error, "gnuplot: not installed: graphs need it (Debian: gnuplot-nox)");
    return errno ? error_set(error, "gnuplot: cannot start:") : child;
}

/* Returns: what the file holds, ended by a zero byte; NULL when memory or the file fails. */
static char *slurp(FILE *file, size_t *bytes)
{
    if (fseek(file, 0, SEEK_END))
        return NULL;
    const long length = ftell(file);
    rewind(file);
    char *text = length < 0 ? NULL : malloc((size_t)length + 1);
    if (!text)
        return NULL;
    *bytes = fread(text, 1, (size_t)length, file);
    text[*bytes] = '\0';
    return text;
}

/* The last line of gnuplot's messages says what is wrong; those before quote the script. */
static int blame(FILE *messages, struct error *error)
{
    size_t bytes = 0;
    char *text = slurp(messages, &bytes);
    const char *last = "no message";
    for (char *line = text ? strtok(text, "\r\n") : NULL; line; line = strtok(NULL, "\r\n"))
        if (line[strspn(line, " \t")])
            last = line + strspn(line, " \t");
    error_set(error, "gnuplot: failed: %s", last);
    free(text);
    return -1;
}

int gnuplot_run(FILE *commands, char **drawing, size_t *bytes, struct error *error)
{
    /* Files without names, not pipes: nobody can wait for anybody, and nothing is left behind. */
    FILE *out = tmpfile(), *messages = tmpfile();
    int result = -1, status = 0;
    if (!out || !messages || fflush(commands) || lseek(fileno(commands), 0, SEEK_SET) < 0) {
        error_set(error, "gnuplot: temporary file:");
        goto done;
    }
    const pid_t child = start(fileno(commands), fileno(out), fileno(messages), error);
    if (child < 0)
        goto done;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) {
            error_set(error, "gnuplot: cannot wait for it:");
            goto done;
        }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        result = blame(messages, error);
        goto done;
    }
    *drawing = slurp(out, bytes);
    if (!*drawing)
        error_set(error, "gnuplot: cannot read its drawing:");
    else if (*bytes == 0)
        free(*drawing), result = error_set(error, "gnuplot: drew nothing");
    else
        result = 0;
done:
    if (out)
        fclose(out);
    if (messages)
        fclose(messages);
    return result;
}
