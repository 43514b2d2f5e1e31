/*
 * Batch norm's, pooling's and bias's kernels of every table of this machine against each other and
 * against a textbook's, on random shapes with windows that leave a rest and values that tie. What
 * lies between rows and samples must keep its poison.
 */
#include "guarded.h"
#include "kernel_tables.h"

#include <math.h>
#include <stdlib.h>

/* A random tail with what it reads; its tensors have gaps of poison between rows and samples. */
struct task {
    struct tail tail;
    struct plane out;
    struct guarded x, dy;             /* read */
    struct guarded y, best, dx;       /* written */
    float vector[5][LANES];           /* scale, shift, mean, a, b */
    float sum[LANES], sum_x[LANES];   /* written */
    float mean[LANES], spread[LANES]; /* of x, written */
};

static struct strides strides_of(const struct plane *plane, struct rng *rng)
{
    const size_t gap = (size_t)between(rng, 0, 2) * LANES;
    struct strides s = {.pixel = LANES, .row = (size_t)plane->width * LANES + gap};
    s.sample = (size_t)plane->height * s.row + gap;
    return s;
}

static struct guarded tensor(const struct plane *plane, const struct strides *strides)
{
    const struct guarded g = guarded((size_t)plane->samples * strides->sample);
    for (size_t i = 0; i < g.floats; i++)
        memcpy(g.at + i, &poison, sizeof poison);
    return g;
}

/* The floats of a tensor's pixels, gaps left out, one after the other: where is number i? */
static float *pixel(const struct guarded *g, const struct plane *plane,
                    const struct strides *strides, int i)
{
    const int column = i % plane->width, row = i / plane->width % plane->height;
    const int sample = i / plane->width / plane->height;
    return g->at + (size_t)sample * strides->sample + (size_t)row * strides->row +
           (size_t)column * strides->pixel;
}

static int pixels(const struct plane *plane)
{
    return plane->samples * plane->height * plane->width;
}

static void start(struct task *task, struct rng *rng)
{
    struct tail *t = &task->tail;
    t->plane = (struct plane){between(rng, 1, 5), between(rng, 1, 9), between(rng, 1, 9)};
    const int kind = between(rng, 0, 3); /* none, 2x2, any, the whole plane */
    const int height = kind == 0 ? 1 : kind == 1 ? 2 : between(rng, 1, t->plane.height);
    const int width = kind == 0 ? 1 : kind == 1 ? 2 : between(rng, 1, t->plane.width);
    t->window_height = kind == 3 || height > t->plane.height ? t->plane.height : height;
    t->window_width = kind == 3 || width > t->plane.width ? t->plane.width : width;
    t->relu = between(rng, 0, 1);
    task->out = (struct plane){t->plane.samples, t->plane.height / t->window_height,
                               t->plane.width / t->window_width};
    t->x = strides_of(&t->plane, rng);
    t->dx = strides_of(&t->plane, rng);
    t->y = strides_of(&task->out, rng);
    t->best = strides_of(&task->out, rng);
    t->dy = strides_of(&task->out, rng);
    task->x = tensor(&t->plane, &t->x);
    task->dx = tensor(&t->plane, &t->dx);
    task->y = tensor(&task->out, &t->y);
    task->best = tensor(&task->out, &t->best);
    task->dy = tensor(&task->out, &t->dy);
    const bool ties = between(rng, 0, 1); /* many */
    for (int i = 0; i < pixels(&t->plane); i++)
        for (int l = 0; l < LANES; l++) {
            const float value = rng_between(rng, -1, 1);
            pixel(&task->x, &t->plane, &t->x, i)[l] = ties ? roundf(4 * value) : value;
        }
    for (int i = 0; i < pixels(&task->out); i++)
        for (int l = 0; l < LANES; l++)
            pixel(&task->dy, &task->out, &t->dy, i)[l] = rng_between(rng, -1, 1);
    for (int v = 0; v < 5; v++)
        for (int l = 0; l < LANES; l++)
            task->vector[v][l] = rng_between(rng, -1, 1);
    t->scale = task->vector[0];
    t->shift = task->vector[1];
    t->mean = task->vector[2];
}

static void finish(struct task *task)
{
    struct guarded *const all[] = {&task->x, &task->dy, &task->y, &task->best, &task->dx};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        drop(all[i]);
}

static void run(struct task *task, const struct kernels *k)
{
    const struct tail *t = &task->tail;
    const float *a = task->vector[3], *b = task->vector[4];
    k->moments(&t->plane, &t->x, task->x.at, task->mean, task->spread);
    k->tail(t, task->x.at, task->y.at, task->best.at);
    k->tail_sums(t, task->best.at, task->dy.at, task->sum, task->sum_x);
    k->tail_back(t, task->x.at, task->best.at, task->dy.at, task->dx.at, a, b);
}

/* The same as a textbook has it, in double precision where it rounds. */
static void run_textbook(struct task *task)
{
    const struct tail *t = &task->tail;
    const int n = pixels(&t->plane), taps = t->window_height * t->window_width;
    for (int l = 0; l < LANES; l++) {
        double sum = 0, squares = 0, sum_g = 0, sum_x = 0;
        for (int i = 0; i < n; i++) {
            const double x = (double)pixel(&task->x, &t->plane, &t->x, i)[l];
            sum += x;
            squares += x * x;
            pixel(&task->dx, &t->plane, &t->dx, i)[l] =
                -(float)((double)task->vector[3][l] +
                         (double)task->vector[4][l] * (x - (double)t->mean[l]));
        }
        task->mean[l] = (float)(sum / n);
        task->spread[l] = (float)(squares / n - sum / n * (sum / n));
        for (int i = 0; i < pixels(&task->out); i++) {
            const int column = i % task->out.width, row = i / task->out.width % task->out.height;
            const int sample = i / task->out.width / task->out.height;
            double most = -INFINITY, best = 0;
            int at = 0;
            for (int tap = 0; tap < taps; tap++) {
                const int from =
                    (sample * t->plane.height + row * t->window_height + tap / t->window_width) *
                        t->plane.width +
                    column * t->window_width + tap % t->window_width;
                const double x = (double)pixel(&task->x, &t->plane, &t->x, from)[l];
                const double y = (double)t->scale[l] * x + (double)t->shift[l];
                if (y > most) {
                    most = y;
                    best = x;
                    at = from;
                }
            }
            const bool alive = !t->relu || most > 0;
            const double g = alive ? (double)pixel(&task->dy, &task->out, &t->dy, i)[l] : 0;
            pixel(&task->y, &task->out, &t->y, i)[l] = alive ? (float)most : 0;
            pixel(&task->best, &task->out, &t->best, i)[l] = (float)best;
            pixel(&task->dx, &t->plane, &t->dx, at)[l] += (float)((double)t->scale[l] * g);
            sum_g += g;
            sum_x += g * (best - (double)t->mean[l]);
        }
        task->sum[l] = (float)sum_g;
        task->sum_x[l] = (float)sum_x;
    }
}

static void compare(const struct kernels *kernels, const char *what, const struct guarded *a,
                    const struct guarded *b, double bound)
{
    for (size_t i = 0; i < a->floats; i++) {
        const bool untouched = poisoned(a->at + i);
        if (untouched && poisoned(b->at + i))
            continue;
        const double difference = fabs((double)a->at[i] - (double)b->at[i]);
        if (untouched || !(difference <= bound))
            fail_msg("%s %s: float %zu is %g, not %g (bound %g): seed %llu", kernels->name, what, i,
                     (double)b->at[i], (double)a->at[i], bound, (unsigned long long)seed);
    }
}

static void vectors_near(const struct kernels *kernels, const char *what, const float *a,
                         const float *b, double bound)
{
    for (int l = 0; l < LANES; l++)
        if (!(fabs((double)a[l] - (double)b[l]) <= bound))
            fail_msg("%s %s: lane %d is %g, not %g: seed %llu", kernels->name, what, l,
                     (double)b[l], (double)a[l], (unsigned long long)seed);
}

/* Values are up to 4 times the factors of bound_of(). */
static void compare_tasks(const struct task *a, const struct task *b, const struct kernels *k,
                          bool exact)
{
    const double n = pixels(&a->tail.plane), one = exact ? 0 : 2e-6;
    const double sums = exact ? 0 : 16 * bound_of(kernels_available(0), n);
    vectors_near(k, "mean", a->mean, b->mean, 4 * one);
    vectors_near(k, "variance", a->spread, b->spread, 16 * one);
    compare(k, "tail", &a->y, &b->y, one);
    compare(k, "tail's best", &a->best, &b->best, 0);
    vectors_near(k, "tail's sum", a->sum, b->sum, sums);
    vectors_near(k, "tail's sum_x", a->sum_x, b->sum_x, sums);
    compare(k, "tail_back", &a->dx, &b->dx, one);
}

static void check_tail(const struct kernels *p, const struct kernels *k, struct rng *rng)
{
    struct rng again = *rng;
    struct task expected, task;
    start(&expected, rng);
    start(&task, &again);
    run(&expected, p);
    run(&task, k);
    compare_tasks(&expected, &task, k, p != kernels_available(0));
    finish(&task);
    finish(&expected);
}

static void tails_are_the_textbooks(void **state)
{
    (void)state;
    const struct kernels *kernels;
    for (int k = 0; (kernels = kernels_available(k)); k++) {
        struct rng rng = rng_start(seed, RNG_WARP, 2, 0);
        for (int i = 0; i < 300; i++) {
            struct rng again = rng;
            struct task expected, task;
            start(&expected, &rng);
            start(&task, &again);
            run_textbook(&expected);
            run(&task, kernels);
            compare_tasks(&expected, &task, kernels, false);
            /* and the gradient written over x gives the same bits */
            struct guarded over = task.dx;
            task.tail.dx = task.tail.x;
            kernels->tail_back(&task.tail, task.x.at, task.best.at, task.dy.at, task.x.at,
                               task.vector[3], task.vector[4]);
            for (int at = 0; at < pixels(&task.tail.plane); at++)
                assert_memory_equal(pixel(&task.x, &task.tail.plane, &task.tail.x, at),
                                    pixel(&over, &task.tail.plane, &expected.tail.dx, at),
                                    LANES * sizeof(float));
            finish(&task);
            finish(&expected);
        }
    }
}

static void check_bias_back(const struct kernels *p, const struct kernels *k, struct rng *rng)
{
    struct rng again = *rng;
    struct task a, b;
    start(&a, rng);
    start(&b, &again);
    const struct plane *plane = &a.out;
    p->tail(&a.tail, a.x.at, a.y.at, NULL);
    memcpy(b.y.at, a.y.at, a.y.floats * sizeof(float));
    p->bias_back(plane, &a.tail.y, a.y.at, &a.tail.dy, a.dy.at, a.tail.relu, a.sum);
    k->bias_back(plane, &a.tail.y, b.y.at, &a.tail.dy, b.dy.at, a.tail.relu, b.sum);
    compare(k, "bias_back", &a.dy, &b.dy, 0);
    vectors_near(k, "bias_back's sum", a.sum, b.sum, bound_of(p, pixels(plane)));
    finish(&a);
    finish(&b);
}

static void elementwise_kernels_agree(void **state)
{
    (void)state;
    check_tables(check_tail);
    check_tables(check_bias_back);
}

/* With an argument: another seed, which a failure prints. */
int main(int argc, char **argv)
{
    if (argc > 1)
        seed = strtoull(argv[1], NULL, 10);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elementwise_kernels_agree),
        cmocka_unit_test(tails_are_the_textbooks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
