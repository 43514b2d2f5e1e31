/*
 * Any bytes as a safetensors file: opened without a fault, and if accepted, then every claim of the
 * header holds when its data is touched. libFuzzer target; needs clang:
 *
 *   clang -std=c17 -D_GNU_SOURCE -Ilib -g -O1 -fsanitize=fuzzer,address,undefined \
 *       tests/fuzz/fuzz_safetensors.c lib/safetensors.c lib/mapped_file.c lib/output_file.c \
 *       lib/tensor.c lib/error.c -ljansson -o build/fuzz_safetensors
 *   build/fuzz_safetensors -max_len=4096 -max_total_time=60 FOLDER_WITH_MODELS
 */
#include "safetensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes);

/* Use everything that the open file promises. */
static void check(const struct safetensors *file)
{
    uint64_t total = 0;
    for (size_t i = 0; i < file->entries; i++)
        if (!safetensors_get(file, file->entry[i].key))
            abort();
    for (size_t i = 0; i < file->tensors; i++) {
        const struct safetensors_tensor *tensor = &file->tensor[i];
        uint64_t bytes;
        if (safetensors_find(file, tensor->name) != tensor || !tensor_bytes(&tensor->type, &bytes))
            abort();
        total += bytes;
        if (tensor->type.dtype != DTYPE_F32)
            continue;
        const float *values = tensor->data;
        for (uint64_t k = 0; k < bytes / sizeof(float); k++)
            if (!isfinite(values[k]))
                abort();
    }
    if (total > file->map.bytes)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t bytes)
{
    const int fd = memfd_create("fuzz", 0);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (fd < 0 || write(fd, input, bytes) != (ssize_t)bytes)
        abort();
    struct safetensors file;
    struct error error = {""};
    if (safetensors_open(&file, path, &error) == 0) {
        check(&file);
        safetensors_close(&file);
    } else if (!*error.text || strchr(error.text, '\n')) {
        abort();
    }
    close(fd);
    return 0;
}
