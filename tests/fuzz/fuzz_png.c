/* libFuzzer: any bytes as a PNG, all the way to the network's input. Sides are kept small so that
 * the fuzzer spends its time on formats and not on pixels. */
#include "cuts.h"
#include "ink.h"
#include "normal.h"
#include "png_file.h"
#include "segment.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_mark(const struct picture *ink, const struct mark *mark,
                      uint8_t image[IMAGE_PIXELS])
{
    struct cuts cuts;
    struct marks piece = {0};
    normal_image(ink, mark, image);
    if (cuts_find(&cuts, ink, mark) == 0 && cuts_piece(&piece, &cuts, ink, 0, cuts.n / 2) == 0)
        marks_free(&piece);
}

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
        uint8_t image[IMAGE_PIXELS];
        struct marks digits = {0};
        if (ink_find(&picture) > 0 && segment_digits(&picture, &digits) == 0)
            for (size_t i = 0; i < digits.n; i++)
                fuzz_mark(&picture, &digits.mark[i], image);
        marks_free(&digits);
        picture_free(&picture);
    }
    fclose(file);
    return 0;
}
