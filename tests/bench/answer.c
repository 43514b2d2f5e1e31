/*
 * Where the time of an answer goes: the parts of what web-predict does with a picture, each in
 * microseconds of this thread's processor time, the median of many.
 *
 *   answer PICTURE.png MODEL
 */
#include "ink.h"
#include "model.h"
#include "normal.h"
#include "png_file.h"
#include "predict.h"
#include "reading.h"
#include "segment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TIMES = 2001, MAX_PNG = 1 << 22 };

enum part { PNG, INK, FIND, NORMALIZE, NETWORK, JSON, PARTS };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

static _Noreturn void die(const char *why)
{
    fprintf(stderr, "answer: %s\n", why);
    exit(2);
}

/* Answer once; at[i] is when part `i` begins. */
static void answer(struct predictor *predictor, const uint8_t *png, size_t n, double at[PARTS + 1])
{
    static struct reading reading; /* 224 KB */
    struct error error;
    struct picture picture;
    struct marks marks;
    uint8_t image[IMAGE_PIXELS];
    float probabilities[CLASSES];
    at[PNG] = now();
    if (png_file_parse(png, n, &picture, &error) != 0)
        die(error.text);
    at[INK] = now();
    if (ink_find(&picture) != 1)
        die("the picture is too large");
    at[FIND] = now();
    if (segment_digits(&picture, &marks) != 0 || marks.n != 1)
        die("the picture has not one digit");
    at[NORMALIZE] = now();
    normal_image(&picture, &marks.mark[0], image);
    at[NETWORK] = now();
    predictor_run(predictor, image, 1, probabilities);
    at[JSON] = now();
    reading_image(&reading, image, probabilities);
    char *json = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&json, &bytes);
    if (!out)
        die("out of memory");
    reading_json(&reading, false, out);
    fclose(out);
    free(json);
    at[PARTS] = now();
    marks_free(&marks);
    picture_free(&picture);
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    static const char *const names[PARTS] = {"PNG", "ink", "find", "normalise", "network", "JSON"};
    static double times[PARTS][TIMES];
    static uint8_t png[MAX_PNG];
    struct error error;
    struct model model;
    if (argc != 3)
        die("usage: answer PICTURE.png MODEL");
    FILE *file = fopen(argv[1], "rb");
    const size_t n = file ? fread(png, 1, sizeof png, file) : 0;
    if (file)
        fclose(file);
    if (model_load(&model, argv[2], &error) != 0)
        die(error.text);
    struct predictor *predictor = predictor_new(&model, 1, &error);
    if (!predictor)
        die(error.text);
    for (int i = 0; i < TIMES; i++) {
        double at[PARTS + 1];
        answer(predictor, png, n, at);
        for (int part = 0; part < PARTS; part++)
            times[part][i] = at[part + 1] - at[part];
    }
    for (int part = 0; part < PARTS; part++) {
        qsort(times[part], TIMES, sizeof times[part][0], compare);
        printf("%s\t%.1f\n", names[part], times[part][TIMES / 2]);
    }
    predictor_free(predictor);
    model_free(&model);
    return 0;
}
