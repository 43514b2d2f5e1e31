#include "predict.h"
#include "kernels/kernels.h"
#include "loss.h"
#include "pages.h"
#include "warp.h"
#include "workspace.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Samples that a thread takes through the network at once: their activations stay in its cache. A
 * drawing is one image, or some more where it is doubtful: those go through by FEW, in buffers that
 * fit one large page with the shipped network. Where the system has to give the memory first that
 * is what takes the time: 9 images by 16 touched 700 pages, for 1 ms.
 */
enum { CHUNK = 16, FEW = 4 };

struct member { /* one model of the ensemble */
    struct net *net;
    const struct kernels *kernels;
    float *block;    /* batch norm folded */
    float *prepared; /* what workspace_prepare() made of it, or NULL */
    float temperature;
    struct workspace **workspace; /* [threads] for CHUNK samples, then one for FEW */
};

struct predictor {
    int members, threads, views;
    struct member *member;
    struct workspace *inspected; /* for one image; NULL before one is */
    size_t seen;                 /* images so far */
};

/* The last is the image as it is. */
static const struct warp view[PREDICT_VIEWS] = {
    {.angle = 0.0873f, .zoom_x = 1, .zoom_y = 1}, /* radians: 5 degrees */
    {.angle = -0.0873f, .zoom_x = 1, .zoom_y = 1},
    {.zoom_x = 0.94f, .zoom_y = 0.94f},
    {.zoom_x = 1.06f, .zoom_y = 1.06f},
    {.zoom_x = 1, .zoom_y = 1},
};

/* Takes the network and its block over from `model`. */
static int member_start(struct member *member, struct model *model, int threads,
                        struct error *error)
{
    member->temperature = model->temperature;
    member->net = model->net;
    member->block = model->block;
    model->net = NULL;
    model->block = NULL;
    const struct kernels *kernels = kernels_select(error);
    if (!kernels)
        return -1;
    member->workspace = calloc((size_t)threads + 1, sizeof(struct workspace *));
    if (!member->workspace)
        return error_set(error, "memory: a model:");
    workspace_fold(member->net, member->block);
    member->kernels = kernels;
    for (int t = 0; t <= threads; t++) {
        const int samples = t < threads ? CHUNK : FEW;
        member->workspace[t] =
            workspace_new(member->net, kernels, samples, WORKSPACE_PREDICT, error);
        if (!member->workspace[t])
            return -1;
    }
    return 0;
}

static struct predictor *allocate(int members, int threads, struct error *error)
{
    struct predictor *p = calloc(1, sizeof *p);
    if (p && (p->member = calloc((size_t)members, sizeof *p->member))) {
        p->members = members;
        p->threads = threads;
        p->views = 1;
        return p;
    }
    free(p);
    error_set(error, "memory: a predictor:");
    return NULL;
}

struct predictor *predictor_new(const struct model *model, int threads, struct error *error)
{
    struct predictor *p = allocate(1, threads, error);
    struct model copy;
    int failed = !p || model_new(&copy, net_text(model->net), error);
    if (!failed) {
        copy.temperature = model->temperature;
        memcpy(copy.block, model->block, net_block_floats(model->net) * sizeof(float));
        failed = member_start(&p->member[0], &copy, threads, error);
        model_free(&copy);
    }
    if (failed) {
        predictor_free(p);
        return NULL;
    }
    return p;
}

struct predictor *predictor_open(const char *const *paths, int n, int threads, struct error *error)
{
    struct predictor *p = allocate(n, threads, error);
    for (int i = 0; p && i < n; i++) {
        struct model model;
        int failed = model_load(&model, paths[i], error);
        if (!failed) {
            failed = member_start(&p->member[i], &model, threads, error);
            model_free(&model);
        }
        if (failed) {
            predictor_free(p);
            return NULL;
        }
    }
    return p;
}

void predictor_views(struct predictor *p, int views)
{
    p->views = views;
}

struct predictor_cost predictor_cost(const struct predictor *p)
{
    struct predictor_cost cost = {.models = p->members, .views = p->views};
    for (int m = 0; m < p->members; m++) {
        cost.macs += (uint64_t)p->views * net_macs(p->member[m].net);
        cost.parameters += net_parameters(p->member[m].net);
    }
    return cost;
}

/* Where a chunk's rows [n,10] go. */
struct rows {
    float *probabilities;
    float *untempered; /* or NULL */
};

static void add_row(const struct predictor *p, const float *logits, float temperature, float *sum)
{
    float row[CLASSES];
    loss_softmax(logits, temperature, row);
    for (int c = 0; c < CLASSES; c++)
        sum[c] += row[c] / (float)(p->members * p->views);
}

/* One view of a chunk through every member; adds to the sums in `rows`. */
static void run_view(const struct predictor *p, int which, const uint8_t *images, int n,
                     const struct rows *rows)
{
    for (int m = 0; m < p->members; m++) {
        const struct member *member = &p->member[m];
        struct workspace *workspace = member->workspace[which];
        workspace_input(workspace, images, n);
        workspace_forward(workspace, member->block, member->prepared, NULL, NULL);
        for (int i = 0; i < n; i++) {
            const float *logits = workspace_logits(workspace, i);
            add_row(p, logits, member->temperature, rows->probabilities + i * CLASSES);
            if (rows->untempered)
                add_row(p, logits, 1, rows->untempered + i * CLASSES);
        }
    }
}

/* One chunk, in workspaces `which`: the mean over members and views. */
static void run_chunk(const struct predictor *p, int which, const uint8_t *images, int n,
                      const struct rows *rows)
{
    uint8_t seen[CHUNK * IMAGE_PIXELS];
    memset(rows->probabilities, 0, (size_t)n * CLASSES * sizeof *rows->probabilities);
    if (rows->untempered)
        memset(rows->untempered, 0, (size_t)n * CLASSES * sizeof *rows->untempered);
    for (int v = PREDICT_VIEWS - p->views; v < PREDICT_VIEWS - 1; v++) {
        for (int i = 0; i < n; i++)
            warp_apply(&view[v], images + i * IMAGE_PIXELS, seen + i * IMAGE_PIXELS);
        run_view(p, which, seen, n, rows);
    }
    run_view(p, which, images, n, rows);
}

/* Without memory the member goes on as before, as right and slower. */
static void prepare(struct member *member)
{
    member->prepared = pages_new(workspace_prepared_floats(member->net, false) * sizeof(float));
    for (int l = 0; member->prepared && l < workspace_layers(member->net); l++)
        workspace_prepare(member->net, member->kernels, l, false, member->block, member->prepared);
}

void predictor_run(struct predictor *p, const uint8_t *images, size_t n, float *probabilities)
{
    predictor_run_untempered(p, images, n, probabilities, NULL);
}

void predictor_run_untempered(struct predictor *p, const uint8_t *images, size_t n,
                              float *probabilities, float *untempered)
{
    /* Not for a drawing: the pages that prepared weights fill take the system a millisecond to
     * give, and save less than a tenth of that each time. */
    p->seen += n;
    const bool many = p->seen > CHUNK;
    for (int m = 0; m < p->members && many; m++)
        if (!p->member[m].prepared)
            prepare(&p->member[m]);
    const size_t size = many && n > FEW ? CHUNK : FEW;
    const int chunks = (int)((n + size - 1) / size);
    const bool shared = size == CHUNK && chunks > 1; /* else no thread is started */
#pragma omp parallel for num_threads(p->threads) schedule(dynamic, 1) if (shared)
    for (int c = 0; c < chunks; c++) {
        const size_t first = (size_t)c * size, left = n - first;
        const struct rows rows = {probabilities + first * CLASSES,
                                  untempered ? untempered + first * CLASSES : NULL};
        run_chunk(p, size == CHUNK ? omp_get_thread_num() : p->threads,
                  images + first * IMAGE_PIXELS, (int)(left < size ? left : size), &rows);
    }
}

/* Word `place` of a network's text. */
static void copy_word(const char *text, int place, char *word, size_t size)
{
    for (; place > 0; place--) {
        text += strcspn(text, " ");
        text += strspn(text, " ");
    }
    snprintf(word, size, "%.*s", (int)strcspn(text, " "), text);
}

int predictor_inspect(struct predictor *p, const uint8_t image[IMAGE_PIXELS], struct error *error)
{
    const struct member *member = &p->member[0];
    if (!p->inspected)
        p->inspected = workspace_new(member->net, member->kernels, 1, WORKSPACE_INSPECT, error);
    if (!p->inspected)
        return -1;
    workspace_input(p->inspected, image, 1);
    workspace_forward(p->inspected, member->block, member->prepared, NULL, NULL);
    return 0;
}

bool predictor_layer(const struct predictor *p, int i, struct predictor_layer *layer, float *values)
{
    const struct member *member = &p->member[0];
    struct workspace_output output;
    for (int l = 0; l < workspace_layers(member->net); l++) {
        if (!workspace_output(p->inspected, l, 0, &output, NULL) || i-- > 0)
            continue;
        copy_word(net_text(member->net), output.place, layer->name, sizeof layer->name);
        layer->channels = output.channels;
        layer->height = output.height;
        layer->width = output.width;
        return !values || workspace_output(p->inspected, l, 0, &output, values);
    }
    return false;
}

void predictor_free(struct predictor *p)
{
    if (!p)
        return;
    for (int m = 0; m < p->members; m++) {
        struct member *member = &p->member[m];
        for (int t = 0; member->workspace && t <= p->threads; t++)
            workspace_free(member->workspace[t]);
        free(member->workspace);
        free(member->block);
        free(member->prepared);
        net_free(member->net);
    }
    workspace_free(p->inspected);
    free(p->member);
    free(p);
}
