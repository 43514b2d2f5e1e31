/* The smallest program between two pipes: samples in, the same samples out. For stream.bats. */
#include "cli.h"
#include "stream.h"

#include <unistd.h>

int main(int argc, char **argv)
{
    (void)argc;
    cli_start(argv);
    struct error error;
    struct stream_reader *reader = stream_reader_new(STDIN_FILENO, &error);
    if (!reader)
        cli_die("%s", error.text);
    struct stream_writer *writer =
        stream_writer_new(STDOUT_FILENO, stream_reader_count(reader), &error);
    if (!writer)
        cli_die("%s", error.text);
    struct samples samples;
    int status;
    while ((status = stream_read(reader, &samples, &error)) > 0)
        if (stream_write(writer, &samples, &error))
            cli_die("%s", error.text);
    if (status < 0 || stream_finish(writer, &error))
        cli_die("%s", error.text);
    stream_reader_free(reader);
    stream_writer_free(writer);
    cli_finish();
    return 0;
}
