/*
 * Gradients of every layer against central differences, for every kernel table of this machine.
 *
 * Along a random direction d within one parameter tensor, (L(w + e d) - L(w - e d)) / 2e must be
 * the dot product of the gradient with d. The forward pass is float32: with L about 2.3 its
 * rounding noise is near 3e-7, so e = 2e-3 leaves an error near 1e-4 in a slope; the bound is 2e-3
 * of the largest slope a direction of that length could have, and 5 times that where ReLU or maxima
 * bend L.
 */
#include "kernels/kernels.h"
#include "loss.h"
#include "rng.h"
#include "sample.h"
#include "train.h"
#include "workspace.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SAMPLES = 3 };

struct setting {
    struct model model;
    const struct kernels *kernels;
    struct workspace *workspace;
    float *gradient, *prepared;
    uint8_t images[SAMPLES * IMAGE_PIXELS];
    float targets[SAMPLES * CLASSES];
};

static float *floats(size_t n)
{
    float *p = aligned_alloc(64, (n * sizeof(float) + 64) / 64 * 64);
    assert_non_null(p);
    memset(p, 0, (n * sizeof(float) + 64) / 64 * 64);
    return p;
}

static const struct workspace_place place = {.seed = 5, .step = 3, .share = 1};

static void prepare(const struct setting *s, const float *block, bool training)
{
    for (int l = 0; l < workspace_layers(s->model.net); l++)
        workspace_prepare(s->model.net, s->kernels, l, training, block, s->prepared);
}

static double loss(struct setting *s, bool with_gradient)
{
    double sum = 0;
    workspace_input(s->workspace, s->images, SAMPLES);
    prepare(s, s->model.block, true);
    workspace_forward(s->workspace, s->model.block, s->prepared, s->gradient, &place);
    for (int i = 0; i < SAMPLES; i++)
        sum += loss_cross_entropy(workspace_logits(s->workspace, i), s->targets + i * CLASSES, 0,
                                  1.0f / SAMPLES, workspace_logits_gradient(s->workspace, i)) /
               SAMPLES;
    if (with_gradient)
        workspace_backward(s->workspace, s->model.block, s->prepared, s->gradient, &place);
    return sum;
}

static void set_up(struct setting *s, const char *text, const struct kernels *kernels)
{
    struct error error;
    memset(s, 0, sizeof *s);
    s->kernels = kernels;
    s->model.net = net_parse(text, &error);
    if (!s->model.net)
        fail_msg("%s", error.text);
    s->model.block = floats(net_block_floats(s->model.net));
    assert_int_equal(train_initialise(&s->model, 7, &error), 0);
    s->gradient = floats(net_block_floats(s->model.net));
    s->prepared = floats(workspace_prepared_floats(s->model.net, true));
    s->workspace = workspace_new(s->model.net, kernels, SAMPLES, WORKSPACE_TRAIN, &error);
    assert_non_null(s->workspace);
    struct rng rng = rng_start(11, RNG_WARP, 0, 0);
    for (size_t i = 0; i < sizeof s->images; i++)
        s->images[i] = (uint8_t)rng_below(&rng, 256);
    for (int i = 0; i < SAMPLES; i++) { /* soft targets, each row sums to 1 */
        const int a = (int)rng_below(&rng, CLASSES), b = (int)rng_below(&rng, CLASSES);
        s->targets[i * CLASSES + a] += 0.75f;
        s->targets[i * CLASSES + b] += 0.25f;
    }
}

static void tear_down(struct setting *s)
{
    workspace_free(s->workspace);
    free(s->gradient);
    free(s->prepared);
    free(s->model.block);
    net_free(s->model.net);
}

/*
 * Largest disagreement over the learned tensors, as a share of |gradient| * |direction|. The
 * gradient is scaled by `fault` first, so that the test can show that it notices a wrong one.
 */
static double disagreement(struct setting *s, double fault)
{
    const struct net *net = s->model.net;
    const float step = 2e-3f;
    double worst = 0;
    for (int i = 0; i < net_tensors(net); i++) {
        const struct net_tensor *tensor = net_tensor(net, i);
        uint64_t bytes = 0;
        assert_true(tensor_bytes(&tensor->type, &bytes));
        const size_t n = (size_t)(bytes / sizeof(float));
        if (strstr(tensor->name, ".mean") || strstr(tensor->name, ".variance"))
            continue;
        float *weights = floats(n), *moved = floats(n), *gradient = floats(n);
        float *direction = floats(n);
        loss(s, true);
        net_unpack(net, i, s->gradient, gradient);
        net_unpack(net, i, s->model.block, weights);
        struct rng rng = rng_start(13, RNG_WARP, 0, (uint64_t)i);
        double dot = 0, length = 0;
        for (size_t e = 0; e < n; e++) {
            /* mostly along the gradient, so that the slope is not lost in the noise */
            direction[e] = (rng_bits(&rng) & 3 ? 1.0f : -0.5f) * (gradient[e] < 0 ? -1.0f : 1.0f);
            direction[e] *= 1 / sqrtf((float)n);
            dot += fault * (double)gradient[e] * (double)direction[e];
            length += (double)gradient[e] * (double)gradient[e];
        }
        double side[2];
        for (int sign = 0; sign < 2; sign++) {
            for (size_t e = 0; e < n; e++)
                moved[e] = weights[e] + (sign ? -step : step) * direction[e];
            net_pack(net, i, moved, s->model.block);
            side[sign] = loss(s, false);
        }
        net_pack(net, i, weights, s->model.block);
        const double slope = (side[0] - side[1]) / (2 * (double)step);
        const double error = fabs(slope - dot) / (sqrt(length) + 1e-2);
        if (error > worst)
            worst = error;
        free(weights);
        free(moved);
        free(gradient);
        free(direction);
    }
    return worst;
}

static const struct {
    const char *net;
    double bound;
} cases[] = {
    {"d10", 2e-3},                              /* dense on the image */
    {"d20l d10", 2e-3},                         /* dense on dense */
    {"c5x3vbl d10", 2e-3},                      /* convolution, valid, few channels */
    {"c3x5bl c3x18bl d10", 2e-3},               /* backward to data, two blocks, same */
    {"c2x17vbl c4x7bl c2x33bl d10", 2e-3},      /* even kernels, both paddings */
    {"c3x4bl p3 c1x10bl gap", 2e-2},            /* logits by global average pooling */
    {"a2 c3x20bl a3 d10", 2e-3},                /* average pooling, also of the image */
    {"c3x6bl p2 c3x20vbl p3 d10", 1e-2},        /* maximum pooling with remainders */
    {"c3x6bl p4 c3x49bl gmp d10", 1e-2},        /* four blocks, global maximum */
    {"c3x6l a2 c3x20l gap d10", 2e-3},          /* batch norm without ReLU */
    {"d30nl d10", 2e-3},                        /* batch norm behind a dense layer */
    {"c3x6b p2 c3x20b p2 d40 d10", 1e-2},       /* bias and ReLU */
    {"c5x18vb p2 c3x20 d10", 1e-2},             /* a first convolution that pools, two blocks */
    {"c5x24v p2 c3x20 c3x17 p2 gmp d10", 1e-2}, /* the usual kind of net */
    {"c3x6l p5 c3x20vbl d10", 2e-3},            /* batch norm with a pool, remainders */
    {"c3x6 p3 c3x20bl p4 d10", 1e-2},           /* ReLU with a pool, remainders */
    {"p2 c3x6b p3 p2 d10", 2e-3},               /* pools with nobody before them to share with */
    {"c1x24bl a4 c3x20bl c3x17vbl d10", 2e-3},  /* Winograd's tiles of 4 and 3, cut off */
    {"c5x16vbl a4 c3x33bl gap d10", 2e-3},      /* and whole */
    {"c3x6l p4 se4 c3x20l d10", 2e-3},          /* gates behind a pool, before a convolution */
    {"se1 c3x20vbl p6 se7 p2 d10", 1e-2},       /* on the image, and between pools, two blocks */
    {"c3x20bl a14 gma d10", 2e-3}, /* both global pools, of four pixels; blocks that are cut */
    {"c3x6bl drop0.3 p2 d20l drop0.5 d10", 1e-2},
};

static void gradients_match_central_differences(void **state)
{
    (void)state;
    const struct kernels *kernels;
    for (int k = 0; (kernels = kernels_available(k)); k++)
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            struct setting s;
            set_up(&s, cases[i].net, kernels);
            const double worst = disagreement(&s, 1);
            if (!(worst <= cases[i].bound))
                fail_msg("%s, '%s': off by %g of the gradient, bound %g", kernels->name,
                         cases[i].net, worst, cases[i].bound);
            tear_down(&s);
        }
}

static void a_gradient_off_by_five_per_cent_is_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct setting s;
        set_up(&s, cases[i].net, kernels_available(0));
        const double worst = disagreement(&s, 1.05);
        if (worst <= cases[i].bound)
            fail_msg("'%s': a gradient 5 %% too large passes (%g)", cases[i].net, worst);
        tear_down(&s);
    }
}

/* Inference with folded batch norm against the training pass, whose statistics it takes over. */
static void folded_inference_equals_training_pass(void **state)
{
    (void)state;
    const char *const nets[] = {"c5x24v p2 c3x20 c3x17 p2 gmp d10", "c3x20n a2 d30n drop0 d10"};
    const struct kernels *kernels;
    for (int k = 0; (kernels = kernels_available(k)); k++)
        for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++) {
            struct setting s;
            struct error error;
            set_up(&s, nets[i], kernels);
            loss(&s, false);
            const size_t size = net_block_floats(s.model.net);
            float *folded = floats(size), *plain = floats(4096);
            memcpy(folded, s.model.block, size * sizeof(float));
            for (int t = 0; t < net_tensors(s.model.net); t++)
                if (strstr(net_tensor(s.model.net, t)->name, ".mean") ||
                    strstr(net_tensor(s.model.net, t)->name, ".variance")) {
                    net_unpack(s.model.net, t, s.gradient, plain);
                    net_pack(s.model.net, t, plain, folded);
                }
            workspace_fold(s.model.net, folded);
            struct workspace *inference =
                workspace_new(s.model.net, kernels, SAMPLES, WORKSPACE_PREDICT, &error);
            assert_non_null(inference);
            workspace_input(inference, s.images, SAMPLES);
            prepare(&s, folded, false);
            workspace_forward(inference, folded, s.prepared, NULL, NULL);
            for (int n = 0; n < SAMPLES; n++)
                for (int c = 0; c < CLASSES; c++) /* logits near 1: rounding of some 100 terms */
                    assert_float_equal(workspace_logits(inference, n)[c],
                                       workspace_logits(s.workspace, n)[c], 2e-4);
            workspace_free(inference);
            free(folded);
            free(plain);
            tear_down(&s);
        }
}

static void dropout_keeps_the_mean_and_repeats_itself(void **state)
{
    (void)state;
    struct setting s;
    set_up(&s, "drop0.25 d10", kernels_available(0));
    const double once = loss(&s, true), again = loss(&s, true);
    assert_true(once == again);
    tear_down(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_match_central_differences),
        cmocka_unit_test(a_gradient_off_by_five_per_cent_is_noticed),
        cmocka_unit_test(folded_inference_equals_training_pass),
        cmocka_unit_test(dropout_keeps_the_mean_and_repeats_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
