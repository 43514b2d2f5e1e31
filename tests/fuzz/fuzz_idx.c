/*
 * libFuzzer: any bytes as an IDX file, plain or gzip; all data of what is accepted can be read.
 *
 *   clang -std=c17 -D_GNU_SOURCE -Ilib -g -O1 -fsanitize=fuzzer,address,undefined \
 *     tests/fuzz/fuzz_idx.c lib/{idx,tensor,error}.c -lz
 */
#include "idx.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const int fd = memfd_create("idx", 0);
    require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    char path[32];
    snprintf(path, sizeof path, "/dev/fd/%d", fd);
    for (int dims = 1; dims <= 3; dims += 2) {
        struct idx idx;
        struct error error = {""};
        if (idx_open(&idx, path, dims, &error)) {
            require(error.text[0] != '\0' && !idx.memory);
            continue;
        }
        size_t bytes = 1;
        for (int i = 0; i < dims; i++)
            bytes *= idx.dim[i];
        if (idx.mapped)
            require(bytes == size - 4 - 4 * (size_t)dims);
        unsigned sum = 0;
        for (size_t i = 0; i < bytes; i++)
            sum += idx.data[i];
        require(sum <= 255 * bytes);
        idx_close(&idx);
    }
    close(fd);
    return 0;
}
