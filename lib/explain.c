#include "explain.h"
#include "json_text.h"

#include <stdlib.h>
#include <string.h>

/* Erase the patch around (x, y). Returns: whether there was ink in it. */
static bool erase(uint8_t image[IMAGE_PIXELS], int x, int y)
{
    enum { REACH = EXPLAIN_PATCH / 2 };
    bool inked = false;
    for (int v = y - REACH; v <= y + REACH; v++)
        for (int u = x - REACH; u <= x + REACH; u++)
            if (u >= 0 && u < IMAGE_SIDE && v >= 0 && v < IMAGE_SIDE) {
                inked |= image[v * IMAGE_SIDE + u] > 0;
                image[v * IMAGE_SIDE + u] = 0;
            }
    return inked;
}

int explain_occlusion(struct predictor *predictor, const uint8_t image[IMAGE_PIXELS], int digit,
                      float drop[IMAGE_PIXELS], struct error *error)
{
    /* Image 0 is the whole one. Where a patch has no ink the image stays as it is, and so does its
     * probability: only the others, about half, are run. */
    uint8_t(*images)[IMAGE_PIXELS] = malloc((IMAGE_PIXELS + 1) * sizeof *images);
    float(*probabilities)[CLASSES] = malloc((IMAGE_PIXELS + 1) * sizeof *probabilities);
    int result = 0;
    if (images && probabilities) {
        int at[IMAGE_PIXELS];
        size_t n = 0;
        memcpy(images[n++], image, IMAGE_PIXELS);
        for (int i = 0; i < IMAGE_PIXELS; i++) {
            memcpy(images[n], image, IMAGE_PIXELS);
            at[i] = erase(images[n], i % IMAGE_SIDE, i / IMAGE_SIDE) ? (int)n++ : 0;
        }
        predictor_run(predictor, images[0], n, probabilities[0]);
        for (int i = 0; i < IMAGE_PIXELS; i++)
            drop[i] = probabilities[0][digit] - probabilities[at[i]][digit];
    } else {
        result = error_set(error, "out of memory for an occlusion map");
    }
    free(images);
    free(probabilities);
    return result;
}

static size_t layer_values(const struct predictor_layer *layer)
{
    return (size_t)layer->channels * (size_t)layer->height * (size_t)layer->width;
}

static void write_layer(const struct predictor_layer *layer, const float *values, uint8_t *bytes,
                        FILE *out)
{
    const size_t n = layer_values(layer);
    float low = 0, high = 0;
    for (size_t i = 0; i < n; i++) {
        low = values[i] < low ? values[i] : low;
        high = values[i] > high ? values[i] : high;
    }
    const float scale = high > low ? 255 / (high - low) : 0;
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)((values[i] - low) * scale + 0.5F);
    fprintf(out, "{\"name\": \"%s\", \"shape\": [%d, %d, %d], \"min\": %.6g, \"max\": %.6g, ",
            layer->name, layer->channels, layer->height, layer->width, (double)low, (double)high);
    fputs("\"data\": ", out);
    json_text_bytes(bytes, n, out);
    fputc('}', out);
}

int explain_layers_json(struct predictor *predictor, const uint8_t image[IMAGE_PIXELS], FILE *out,
                        struct error *error)
{
    struct predictor_layer layer;
    size_t most = 0;
    if (predictor_inspect(predictor, image, error) != 0)
        return -1;
    for (int i = 0; predictor_layer(predictor, i, &layer, NULL); i++)
        most = layer_values(&layer) > most ? layer_values(&layer) : most;
    float *values = malloc(most * sizeof *values);
    uint8_t *bytes = malloc(most);
    int result = 0;
    if (values && bytes) {
        fputc('[', out);
        for (int i = 0; predictor_layer(predictor, i, &layer, values); i++) {
            if (i)
                fputs(", ", out);
            write_layer(&layer, values, bytes, out);
        }
        fputc(']', out);
    } else {
        result = error_set(error, "out of memory for the network's layers");
    }
    free(values);
    free(bytes);
    return result;
}

void explain_occlusion_json(const float drop[IMAGE_PIXELS], FILE *out)
{
    fprintf(out, "{\"size\": %d, \"patch\": %d, \"data\": [", IMAGE_SIDE, EXPLAIN_PATCH);
    for (int i = 0; i < IMAGE_PIXELS; i++)
        fprintf(out, "%s%.4g", i ? ", " : "", (double)drop[i]);
    fputs("]}", out);
}
