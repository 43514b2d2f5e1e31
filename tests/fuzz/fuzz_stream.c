/*
 * libFuzzer: any bytes as a sample stream; what is accepted must keep its promises.
 *
 *   clang -std=c17 -D_GNU_SOURCE -Ilib -g -O1 -fsanitize=fuzzer,address,undefined \
 *     tests/fuzz/fuzz_stream.c lib/{stream,npy,pipe,tensor,error}.c -lm
 */
#include "stream.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
    if (!holds)
        abort();
}

static void check_record(const struct samples *samples)
{
    require(samples->n >= 1 && samples->n <= STREAM_MAX_BATCH);
    require(!samples->labels != !samples->soft);
    for (size_t i = 0; i < samples->n; i++) {
        if (samples->labels)
            require(samples->labels[i] < CLASSES || samples->labels[i] == LABEL_UNKNOWN);
        else
            for (size_t c = 0; c < CLASSES; c++)
                require(isfinite(samples->soft[i * CLASSES + c]));
    }
    memset(samples->images, 0, samples->n * IMAGE_PIXELS); /* all of it may be written */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const int fd = memfd_create("stream", 0);
    require(fd >= 0 && write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
    struct error error = {""};
    struct stream_reader *reader = stream_reader_new(fd, &error);
    if (reader) {
        struct samples samples;
        int64_t n = 0;
        int status;
        while ((status = stream_read(reader, &samples, &error)) > 0) {
            check_record(&samples);
            n += (int64_t)samples.n;
        }
        const int64_t count = stream_reader_count(reader);
        if (status == 0)
            require((count == STREAM_COUNT_UNKNOWN || count == n) &&
                    lseek(fd, 0, SEEK_CUR) == (off_t)size);
        else
            require(error.text[0] != '\0');
        stream_reader_free(reader);
    } else {
        require(error.text[0] != '\0');
    }
    close(fd);
    return 0;
}
