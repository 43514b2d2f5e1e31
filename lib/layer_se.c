/*
 * Squeeze and excitation: every channel is scaled by a gate between 0 and 1 that a small network of
 * two dense layers computes from the means of all channels of the image. With C channels and R of
 * them squeezed: m = mean(x) [C], h = relu(D m + d) [R], g = sigmoid(U h + u) [C], y = g x.
 * Source: J. Hu, L. Shen, G. Sun, CVPR 2018.
 */
#include "layer.h"

#include <math.h>
#include <string.h>

enum { DOWN, DOWN_BIAS, UP, UP_BIAS }; /* its parameters: D [R,C], d [R], U [C,R], u [C] */

/* One sample's share of `memo`, and the like in `scratch` for gradients. */
struct middle {
    float *mean, *hidden, *gate; /* [C], [R], [C], the first and last up to whole blocks */
};

static size_t whole_blocks(size_t floats)
{
    return (floats + LANES - 1) / LANES * LANES;
}

static size_t middle_floats(const struct layer *layer)
{
    return 2 * whole_blocks((size_t)layer->in.channels) + whole_blocks((size_t)layer->squeezed);
}

static struct middle middle_at(const struct layer *layer, float *floats)
{
    const size_t channels = whole_blocks((size_t)layer->in.channels);
    return (struct middle){floats, floats + 2 * channels, floats + channels};
}

static size_t memo_bytes(const struct layer *layer, const struct layer *pool, int samples)
{
    (void)pool;
    return (size_t)samples * middle_floats(layer) * sizeof(float);
}

static size_t scratch_floats(const struct layer *layer, int samples)
{
    (void)samples;
    return middle_floats(layer);
}

static void add(struct layer *layer, const char *name, enum parameter_kind kind, int rows,
                int columns)
{
    struct parameter *parameter =
        layer_parameter(layer, name, kind, whole_blocks((size_t)rows * (size_t)columns));
    parameter->type.dims = kind == PARAMETER_WEIGHT ? 2 : 1;
    parameter->type.dim[0] = (uint64_t)rows;
    if (kind == PARAMETER_WEIGHT)
        parameter->type.dim[1] = (uint64_t)columns;
}

static int shape(struct layer *layer, struct error *error)
{
    (void)error;
    const int channels = layer->in.channels, squeezed = layer->squeezed;
    add(layer, "down.weight", PARAMETER_WEIGHT, squeezed, channels);
    add(layer, "down.bias", PARAMETER_VECTOR, squeezed, 1);
    add(layer, "up.weight", PARAMETER_WEIGHT, channels, squeezed);
    add(layer, "up.bias", PARAMETER_VECTOR, channels, 1);
    return 0;
}

/* One block of channels of one pixel of one sample. */
static float *lanes_at(const struct buffer *buffer, int sample, int block, int y, int x)
{
    return buffer->at + (size_t)sample * buffer->strides.sample +
           (size_t)block * buffer->strides.block + (size_t)y * buffer->strides.row +
           (size_t)x * buffer->strides.pixel;
}

/* sums [C] = the sum over pixels of a, or of a b. */
static void sum_pixels(const struct layer *layer, const struct buffer *a, const struct buffer *b,
                       int sample, float *sums)
{
    memset(sums, 0, whole_blocks((size_t)layer->in.channels) * sizeof *sums);
    for (int block = 0; block < layer_blocks(layer->in.channels); block++)
        for (int i = 0; i < layer->in.height * layer->in.width; i++) {
            const int y = i / layer->in.width, x = i % layer->in.width;
            const float *p = lanes_at(a, sample, block, y, x);
            const float *q = b ? lanes_at(b, sample, block, y, x) : NULL;
            for (int l = 0; l < LANES; l++)
                sums[block * LANES + l] += q ? p[l] * q[l] : p[l];
        }
}

/* to [C] = a scale + shift for every pixel. */
static void scale_pixels(const struct layer *layer, const struct buffer *a, const float *scale,
                         const float *shift, int sample, const struct buffer *to)
{
    for (int block = 0; block < layer_blocks(layer->in.channels); block++)
        for (int i = 0; i < layer->in.height * layer->in.width; i++) {
            const int y = i / layer->in.width, x = i % layer->in.width;
            const float *p = lanes_at(a, sample, block, y, x);
            float *q = lanes_at(to, sample, block, y, x);
            for (int l = 0; l < LANES; l++) {
                const int c = block * LANES + l;
                q[l] = p[l] * scale[c] + (shift ? shift[c] : 0);
            }
        }
}

static const float *parameter_of(const struct pass *pass, int p)
{
    return pass->block + pass->layer->parameter[p].offset;
}

static void forward(const struct pass *pass, bool training)
{
    (void)training;
    const struct layer *layer = pass->layer;
    const int channels = layer->in.channels, squeezed = layer->squeezed;
    const float *down = parameter_of(pass, DOWN), *up = parameter_of(pass, UP);
    const float pixels = (float)(layer->in.height * layer->in.width);
    for (int s = 0; s < pass->samples; s++) {
        const struct middle m =
            middle_at(layer, (float *)pass->memo + (size_t)s * middle_floats(layer));
        sum_pixels(layer, &pass->in, NULL, s, m.mean);
        for (int c = 0; c < channels; c++)
            m.mean[c] /= pixels;
        for (int r = 0; r < squeezed; r++) {
            float sum = parameter_of(pass, DOWN_BIAS)[r];
            for (int c = 0; c < channels; c++)
                sum += down[r * channels + c] * m.mean[c];
            m.hidden[r] = sum > 0 ? sum : 0;
        }
        memset(m.gate, 0, whole_blocks((size_t)channels) * sizeof *m.gate);
        for (int c = 0; c < channels; c++) {
            float sum = parameter_of(pass, UP_BIAS)[c];
            for (int r = 0; r < squeezed; r++)
                sum += up[c * squeezed + r] * m.hidden[r];
            m.gate[c] = (float)(1 / (1 + exp(-(double)sum)));
        }
        scale_pixels(layer, &pass->in, m.gate, NULL, s, &pass->out);
    }
}

/*
 * With G the gradient of the gates' sums, g (1 - g) sum(dy x), and H that of the hidden sums, U' G
 * where h > 0: dU = G h', du = G, dD = H m', dd = H, and dx = g dy + D' H / pixels.
 */
static void backward_sample(const struct pass *pass, const struct middle *m, int sample)
{
    const struct layer *layer = pass->layer;
    const int channels = layer->in.channels, squeezed = layer->squeezed;
    const float *down = parameter_of(pass, DOWN), *up = parameter_of(pass, UP);
    const float pixels = (float)(layer->in.height * layer->in.width);
    const struct middle d = middle_at(layer, pass->scratch);
    float *gradient[LAYER_MAX_PARAMETERS];
    for (int p = 0; p < layer->parameters; p++)
        gradient[p] = pass->gradient + layer->parameter[p].offset;

    sum_pixels(layer, &pass->in, &pass->grad_out, sample, d.gate);
    memset(d.hidden, 0, (size_t)squeezed * sizeof *d.hidden);
    for (int c = 0; c < channels; c++) {
        d.gate[c] *= m->gate[c] * (1 - m->gate[c]);
        gradient[UP_BIAS][c] += d.gate[c];
        for (int r = 0; r < squeezed; r++) {
            gradient[UP][c * squeezed + r] += d.gate[c] * m->hidden[r];
            d.hidden[r] += d.gate[c] * up[c * squeezed + r];
        }
    }
    memset(d.mean, 0, whole_blocks((size_t)channels) * sizeof *d.mean);
    for (int r = 0; r < squeezed; r++) {
        if (m->hidden[r] <= 0)
            continue;
        gradient[DOWN_BIAS][r] += d.hidden[r];
        for (int c = 0; c < channels; c++) {
            gradient[DOWN][r * channels + c] += d.hidden[r] * m->mean[c];
            d.mean[c] += d.hidden[r] * down[r * channels + c] / pixels;
        }
    }
    if (pass->grad_in.at)
        scale_pixels(layer, &pass->grad_out, m->gate, d.mean, sample, &pass->grad_in);
}

static void backward(const struct pass *pass)
{
    const struct layer *layer = pass->layer;
    for (int p = 0; p < layer->parameters; p++)
        memset(pass->gradient + layer->parameter[p].offset, 0,
               layer->parameter[p].floats * sizeof(float));
    for (int s = 0; s < pass->samples; s++) {
        const struct middle m =
            middle_at(layer, (float *)pass->memo + (size_t)s * middle_floats(layer));
        backward_sample(pass, &m, s);
    }
}

const struct layer_type layer_se = {.name = "se",
                                    .shape = shape,
                                    .forward = forward,
                                    .backward = backward,
                                    .memo_bytes = memo_bytes,
                                    .scratch_floats = scratch_floats};
