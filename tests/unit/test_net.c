/*
 * The network's text: what it accepts, how it refuses, what it counts; and that packed parameters,
 * run through every kernel table, mean what the plain layouts of files say.
 */
#include "net.h"
#include "rng.h"
#include "sample.h"
#include "workspace.h"

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct net *parse(const char *text)
{
    struct error error;
    struct net *net = net_parse(text, &error);
    if (!net)
        fail_msg("%s", error.text);
    return net;
}

static size_t elements(const struct net_tensor *tensor)
{
    uint64_t bytes = 0;
    assert_true(tensor_bytes(&tensor->type, &bytes));
    return (size_t)(bytes / sizeof(float));
}

/* ------------------------------------------------------------------------------ the text */

static void good_texts_are_accepted_as_they_are(void **state)
{
    (void)state;
    const char *const texts[] = {"d10",        "c5x24v p2 c3x48 c3x48 p2 c3x96 c3x96 gmp d10",
                                 "c28x10vb",   "c2x4 c4x4v a2 gap d10",
                                 "c3x10b gap", "c3x8nl c3x8bl p28 drop0 d20n drop0.5 d10",
                                 "p27 d10",    "drop0.25 d4096 d10nl"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct net *net = parse(texts[i]);
        assert_string_equal(net_text(net), texts[i]);
        net_free(net);
    }
}

static void bad_texts_are_refused_with_their_layer(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message; /* a part of it */
    } cases[] = {
        {"", "the text is empty"},
        {" d10", "''"},
        {"x3 d10", "'x3': no such layer"},
        {"c3 d10", "'c3': the kernel's side is followed by x"},
        {"c3x d10", "'c3x': the number of channels must be from 1 to 4096"},
        {"c3x0 d10", "'c3x0': the number of channels must be from 1 to 4096"},
        {"c3x4097 d10", "'c3x4097': the number of channels must be from 1 to 4096"},
        {"c3x-1 d10", "'c3x-1': the number of channels must be"},
        {"c0x8 d10", "'c0x8': the kernel's or window's side must be from 1 to 28"},
        {"c29x8 d10", "'c29x8': the kernel's or window's side must be from 1 to 28"},
        {"c99999999999999999999x8 d10", "the kernel's or window's side must be from 1 to 28"},
        {"p d10", "'p': the kernel's or window's side must be"},
        {"p2v d10", "'p2v': what is 'v'?"},
        {"gmp2 d10", "'gmp2': what is '2'?"},
        {"c3x8q d10", "'c3x8q': what is 'q'?"},
        {"c3x8bn d10", "'c3x8bn': batch norm and bias exclude each other"},
        {"drop1 d10", "'drop1': the probability must be from 0 to below 1"},
        {"drop-0.1 d10", "'drop-0.1': the probability must be from 0 to below 1"},
        {"dropnan d10", "'dropnan': the probability must be from 0 to below 1"},
        {"drop d10", "'drop': the probability must be from 0 to below 1"},
        {"p2 p15 d10", "'p15': a 15x15 window does not fit 14x14"},
        {"p2 c15x8v d10", "'c15x8v': a 15x15 kernel does not fit 14x14"},
        {"c3x8", "ends in 8x28x28 values, not in 10 logits"},
        {"d11", "ends in 11x1x1 values, not in 10 logits"},
        {"c3x10", "ends in 10x28x28 values, not in 10 logits"},
        {"c3x999999999999999999999999999999999999999999 d10", "no such layer"},
        {"d4096 d4096 d4096 d4096 d4096 d4096 d4096 d4096 d4096 d4096 d4096 d4096 d4096 d4096 "
         "d4096 d4096 d4096 d4096 d10",
         "more than 268435456 parameters"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error error;
        struct net *net = net_parse(cases[i].text, &error);
        if (net)
            fail_msg("'%s' was accepted", cases[i].text);
        if (!strstr(error.text, cases[i].message) || strncmp(error.text, "net: ", 5) != 0)
            fail_msg("'%s': says \"%s\", not \"%s\"", cases[i].text, error.text, cases[i].message);
    }
}

static void a_net_has_a_most_of_layers(void **state)
{
    (void)state;
    char text[1024] = "";
    for (int i = 0; i < 127; i++)
        strcat(text, "drop0 ");
    strcat(text, "d10");
    net_free(parse(text));
    struct error error;
    assert_null(net_parse(strcat(text, " drop0"), &error));
    assert_non_null(strstr(error.text, "more than 128 layers"));
}

/* Worked out by hand: a batch norm learns 2 numbers a channel, a bias 1. */
static void parameters_and_macs_are_counted(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t parameters, macs;
    } cases[] = {
        {"d10", 7840 + 10, 7840},
        {"c3x10b gap", 90 + 10, 90 * 784},
        /* 24x24, 12x12 and 12x12, 6x6 and 6x6 pixels */
        {"c5x24v p2 c3x48 c3x48 p2 c3x96 c3x96 gmp d10",
         600 + 48 + 10368 + 96 + 20736 + 96 + 41472 + 192 + 82944 + 192 + 960 + 10,
         600 * 576 + (10368 + 20736) * 144 + (41472 + 82944) * 36 + 960},
        /* 24x24, 12x12 pooled, 10x10, 5x5 pooled */
        {"c5x24vb p2 c3x32vb p2 d256 d10", 624 + 6944 + 205056 + 2570,
         600 * 576 + 6912 * 100 + 204800 + 2560},
        /* gates multiply once an image; 40 features behind both pools */
        {"c3x20b p2 se6 gma d10", 200 + 126 + 140 + 410, 180 * 784 + 120 + 120 + 400},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct net *net = parse(cases[i].text);
        assert_int_equal(net_parameters(net), cases[i].parameters);
        assert_int_equal(net_macs(net), cases[i].macs);
        net_free(net);
    }
}

static void tensors_have_the_names_and_shapes_of_files(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int dims;
        uint64_t dim[4];
    } wanted[] = {
        {"0.conv.weight", 4, {6, 1, 4, 4}}, {"0.norm.scale", 1, {6}},
        {"0.norm.shift", 1, {6}},           {"0.norm.mean", 1, {6}},
        {"0.norm.variance", 1, {6}},        {"2.conv.weight", 4, {20, 6, 3, 3}},
        {"2.conv.bias", 1, {20}},           {"4.dense.weight", 2, {10, 20 * 49}},
        {"4.dense.bias", 1, {10}},
    };
    struct net *net = parse("c4x6 p2 c3x20b p2 d10");
    assert_int_equal(net_tensors(net), sizeof wanted / sizeof wanted[0]);
    for (int i = 0; i < net_tensors(net); i++) {
        const struct net_tensor *tensor = net_tensor(net, i);
        assert_string_equal(tensor->name, wanted[i].name);
        assert_int_equal(tensor->type.dtype, DTYPE_F32);
        assert_int_equal(tensor->type.dims, wanted[i].dims);
        for (int d = 0; d < wanted[i].dims; d++)
            assert_int_equal(tensor->type.dim[d], wanted[i].dim[d]);
    }
    net_free(net);
}

/* --------------------------------------------------------------------- packed parameters */

static const char *const layouts[] = {
    "d10",                                 /* dense on the image */
    "c5x24v p2 c3x17b p2 d33 drop0.5 d10", /* convolutions, then dense over blocks */
    "c2x16 c3x32bl c4x20v gmp d48n d10",   /* full blocks and a short one */
    "p2 c1x1b c3x100b a7 c1x10b gap",      /* nothing dense, no convolution first */
    "a2 d40 d10",                          /* dense on a pooled image, in blocks */
};

/* Packing all of a block leaves no float unwritten, and each tensor comes back as it went. */
static void packing_loses_nothing(void **state)
{
    (void)state;
    for (size_t l = 0; l < sizeof layouts / sizeof layouts[0]; l++) {
        struct net *net = parse(layouts[l]);
        const size_t size = net_block_floats(net);
        float *block = malloc(size * sizeof *block);
        for (size_t i = 0; i < size; i++)
            block[i] = NAN;
        float next = 1; /* every element another number, exact in a float */
        for (int i = 0; i < net_tensors(net); i++) {
            const size_t n = elements(net_tensor(net, i));
            float *plain = malloc(n * sizeof *plain);
            for (size_t e = 0; e < n; e++)
                plain[e] = next++;
            net_pack(net, i, plain, block);
            free(plain);
        }
        size_t zeros = 0;
        for (size_t i = 0; i < size; i++) {
            assert_true(block[i] == block[i]);
            zeros += block[i] == 0;
        }
        assert_int_equal((uint64_t)next - 1 + zeros, size); /* padding, and nothing else, is 0 */
        next = 1;
        for (int i = 0; i < net_tensors(net); i++) {
            const size_t n = elements(net_tensor(net, i));
            float *plain = calloc(n, sizeof *plain);
            net_unpack(net, i, block, plain);
            for (size_t e = 0; e < n; e++)
                assert_true(plain[e] == next++);
            free(plain);
        }
        free(block);
        net_free(net);
    }
}

/* ---------------------------------------------------------------- the layouts' meaning */

/* An image of plain values [channels,height,width], for a reference that knows no blocks. */
struct volume {
    int channels, height, width;
    double *at;
};

static double get(const struct volume *v, int c, int y, int x)
{
    const bool inside = y >= 0 && y < v->height && x >= 0 && x < v->width;
    return inside ? v->at[((ptrdiff_t)c * v->height + y) * v->width + x] : 0;
}

static struct volume make(int channels, int height, int width)
{
    struct volume v = {channels, height, width, NULL};
    v.at = calloc((size_t)(channels * height * width), sizeof *v.at);
    assert_non_null(v.at);
    return v;
}

static struct volume convolve(const struct volume *in, const float *weight, const float *bias,
                              int out, int kernel, bool valid, bool relu)
{
    const int before = valid ? 0 : (kernel - 1) / 2, lost = valid ? kernel - 1 : 0;
    struct volume result = make(out, in->height - lost, in->width - lost);
    double *to = result.at;
    for (int o = 0; o < out; o++)
        for (int y = 0; y < result.height; y++)
            for (int x = 0; x < result.width; x++) {
                double sum = (double)bias[o];
                for (int i = 0; i < in->channels; i++)
                    for (int r = 0; r < kernel; r++)
                        for (int c = 0; c < kernel; c++)
                            sum +=
                                (double)weight[((o * in->channels + i) * kernel + r) * kernel + c] *
                                get(in, i, y + r - before, x + c - before);
                *to++ = relu && sum < 0 ? 0 : sum;
            }
    return result;
}

/* Each value of the volume is a feature, in the order channel, row, column. */
static struct volume connect(const struct volume *in, const float *weight, const float *bias,
                             int out, bool relu)
{
    const int features = in->channels * in->height * in->width;
    struct volume result = make(out, 1, 1);
    for (int o = 0; o < out; o++) {
        double sum = (double)bias[o];
        for (int f = 0; f < features; f++)
            sum += (double)weight[o * features + f] * in->at[f];
        result.at[o] = relu && sum < 0 ? 0 : sum;
    }
    return result;
}

static struct volume pool(const struct volume *in, int side, bool average)
{
    struct volume result = make(in->channels, in->height / side, in->width / side);
    double *to = result.at;
    for (int c = 0; c < in->channels; c++)
        for (int y = 0; y < result.height; y++)
            for (int x = 0; x < result.width; x++) {
                double most = -INFINITY, sum = 0;
                for (int i = 0; i < side * side; i++) {
                    const double value = get(in, c, y * side + i / side, x * side + i % side);
                    most = fmax(most, value);
                    sum += value;
                }
                *to++ = average ? sum / side / side : most;
            }
    return result;
}

/* What to do layer by layer; `tensor` is the weight's index, its bias is the next. */
struct operation {
    char kind; /* 'c', 'd', 'p', 'a', 0 at the end */
    int tensor, out, side;
    bool valid, relu;
};

static const struct {
    const char *text;
    struct operation operation[8];
} networks[] = {
    {"c1x10bl gap", {{'c', 0, 10, .side = 1}, {'a', .side = 28}}},
    {"c3x10bl gap", {{'c', 0, 10, .side = 3}, {'a', .side = 28}}},
    {"c2x5bl gmp d10", {{'c', 0, 5, .side = 2}, {'p', .side = 28}, {'d', 2, .out = 10}}},
    {"c2x5vbl gmp d10", {{'c', 0, 5, 2, .valid = true}, {'p', .side = 27}, {'d', 2, .out = 10}}},
    {"c4x18b p2 c2x7b a3 d10",
     {{'c', 0, 18, 4, .relu = true},
      {'p', .side = 2},
      {'c', 2, 7, 2, .relu = true},
      {'a', .side = 3},
      {'d', 4, .out = 10}}},
    {"c6x17vb p3 c3x33vb d20 d10",
     {{'c', 0, 17, 6, true, .relu = true},
      {'p', .side = 3},
      {'c', 2, 33, 3, true, .relu = true},
      {'d', 4, 20, .relu = true},
      {'d', 6, .out = 10}}},
    {"a2 c5x20b p2 d10",
     {{'a', .side = 2}, {'c', 0, 20, 5, .relu = true}, {'p', .side = 2}, {'d', 2, .out = 10}}},
    {"p4 c4x6vb c1x40bl d10",
     {{'p', .side = 4},
      {'c', 0, 6, 4, true, .relu = true},
      {'c', 2, 40, .side = 1},
      {'d', 4, .out = 10}}},
    {"c5x18vb p2 c3x5bl d10", /* a first convolution that pools, before a border */
     {{'c', 0, 18, 5, true, .relu = true},
      {'p', .side = 2},
      {'c', 2, 5, .side = 3},
      {'d', 4, .out = 10}}},
    {"c3x7bl p2 d10", {{'c', 0, 7, .side = 3}, {'p', .side = 2}, {'d', 2, .out = 10}}},
    {"d31 d10", {{'d', 0, 31, .relu = true}, {'d', 2, .out = 10}}},
};

static struct volume reference(const struct operation *operation, float *const *plain,
                               const uint8_t *image)
{
    struct volume v = make(1, IMAGE_SIDE, IMAGE_SIDE);
    for (int i = 0; i < IMAGE_PIXELS; i++)
        v.at[i] = image[i] / 255.0;
    for (const struct operation *o = operation; o->kind; o++) {
        const float *weight = plain[o->tensor], *bias = plain[o->tensor + 1];
        struct volume next = o->kind == 'c'
                                 ? convolve(&v, weight, bias, o->out, o->side, o->valid, o->relu)
                             : o->kind == 'd' ? connect(&v, weight, bias, o->out, o->relu)
                                              : pool(&v, o->side, o->kind == 'a');
        free(v.at);
        v = next;
    }
    return v;
}

/*
 * Logits against the reference in double precision. Weights are scaled to keep values near 1; a sum
 * of at most 1,000 terms in float is off by some 1e-5, the bound leaves room for layers adding up.
 */
static void packed_networks_compute_what_files_say(void **state)
{
    (void)state;
    enum { IMAGES = 3, MOST_TENSORS = 8 };
    uint8_t images[IMAGES * IMAGE_PIXELS];
    struct rng rng = rng_start(3, RNG_WARP, 0, 0);
    for (size_t i = 0; i < sizeof images; i++)
        images[i] = (uint8_t)rng_below(&rng, 256);
    for (size_t k = 0; k < sizeof networks / sizeof networks[0]; k++) {
        struct error error;
        struct net *net = parse(networks[k].text);
        const size_t bytes = (net_block_floats(net) * sizeof(float) + 63) / 64 * 64;
        float *block = aligned_alloc(64, bytes), *plain[MOST_TENSORS + 1] = {NULL};
        memset(block, 0, bytes);
        const size_t lines = workspace_prepared_floats(net, false) / LANES + 1;
        float *prepared = aligned_alloc(64, lines * LANES * sizeof(float));
        assert_true(net_tensors(net) <= MOST_TENSORS);
        for (int i = 0; i < net_tensors(net); i++) {
            const struct net_tensor *tensor = net_tensor(net, i);
            const size_t n = elements(tensor);
            const float bound = sqrtf(3.0f * (float)tensor->type.dim[0] / (float)n);
            plain[i] = malloc(n * sizeof(float));
            for (size_t e = 0; e < n; e++)
                plain[i][e] = rng_between(&rng, -bound, bound);
            net_pack(net, i, plain[i], block);
        }
        const struct kernels *kernels;
        for (int t = 0; (kernels = kernels_available(t)); t++) {
            struct workspace *w = workspace_new(net, kernels, IMAGES, WORKSPACE_PREDICT, &error);
            assert_non_null(w);
            for (int l = 0; l < workspace_layers(net); l++)
                workspace_prepare(net, kernels, l, false, block, prepared);
            workspace_input(w, images, IMAGES);
            workspace_forward(w, block, prepared, NULL, NULL);
            for (int n = 0; n < IMAGES; n++) {
                struct volume v =
                    reference(networks[k].operation, plain, images + n * IMAGE_PIXELS);
                assert_int_equal(v.channels * v.height * v.width, CLASSES);
                for (int c = 0; c < CLASSES; c++)
                    if (!(fabs((double)workspace_logits(w, n)[c] - v.at[c]) < 1e-4))
                        fail_msg("%s, '%s': logit %d of image %d is %g, not %g", kernels->name,
                                 networks[k].text, c, n, (double)workspace_logits(w, n)[c],
                                 v.at[c]);
                free(v.at);
            }
            workspace_free(w);
        }
        for (int i = 0; i < MOST_TENSORS; i++)
            free(plain[i]);
        free(prepared);
        free(block);
        net_free(net);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_texts_are_accepted_as_they_are),
        cmocka_unit_test(bad_texts_are_refused_with_their_layer),
        cmocka_unit_test(a_net_has_a_most_of_layers),
        cmocka_unit_test(parameters_and_macs_are_counted),
        cmocka_unit_test(tensors_have_the_names_and_shapes_of_files),
        cmocka_unit_test(packing_loses_nothing),
        cmocka_unit_test(packed_networks_compute_what_files_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
