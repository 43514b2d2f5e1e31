/* libFuzzer: any bytes as a PNG, all the way to the network's input. Sides are kept small so that
 * the fuzzer spends its time on formats and not on pixels. */
#include "picture.h"
#include "png_file.h"
#include "segment.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* IHDR's width and height are bytes 16 to 23, big-endian. */
    if (size < 24 || data[16] || data[17] || data[18] > 1 || data[20] || data[21] || data[22] > 1)
        return 0;
    FILE *file = fmemopen((void *)(uintptr_t)data, size, "rb");
    if (!file)
        return 0;
    struct picture picture;
    struct error error;
    if (png_file_read(file, &picture, &error) == 0) {
        struct box boxes[8];
        uint8_t image[IMAGE_PIXELS];
        picture_ink(&picture);
        const int n = segment_digits(&picture, boxes, 8);
        for (int i = 0; i < n && i < 8; i++)
            picture_normalize(&picture, &boxes[i], image);
        if (segment_whole(&picture, boxes) > 0)
            picture_normalize(&picture, boxes, image);
        picture_free(&picture);
    }
    fclose(file);
    return 0;
}
