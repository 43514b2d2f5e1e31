/* Training: the same bytes for any number of threads, and resumable to the bit. */
#include "kernels/kernels.h"
#include "toy.h"

#include <unistd.h>

/* ------------------------------------------------------------------------------ same bytes */

static void threads_do_not_change_a_bit(void **state)
{
    (void)state;
    const struct kernels *kernels;
    const enum optimiser_kind kinds[] = {OPTIMISER_SGD, OPTIMISER_ADAM, OPTIMISER_ADAMW};
    for (int k = 0; (kernels = kernels_available(k)); k++)
        for (int i = 0; i < 3; i++) {
            struct model model[3];
            struct train_sums sums[3];
            setenv("HWDR_CPU", kernels->name, 1);
            for (int threads = 1; threads <= 3; threads++) {
                struct train_options o = options();
                o.threads = threads;
                o.optimiser.kind = kinds[i];
                o.optimiser.beta1 = 0.9f;
                o.optimiser.beta2 = 0.999f;
                sums[threads - 1] =
                    train(&model[threads - 1], &o, 230); /* the last batch is short */
            }
            for (int other = 1; other < 3; other++) {
                if (!same(&model[0], &model[other]))
                    fail_msg("%s: %d threads train other weights than one", kernels->name,
                             other + 1);
                assert_true(sums[0].loss == sums[other].loss);
                assert_int_equal(sums[0].right, sums[other].right);
            }
            for (int m = 0; m < 3; m++)
                model_free(&model[m]);
        }
    restore_cpu();
}

/* The weights differ by seed, and with the same weights so does dropout. */
static void another_seed_trains_another_network(void **state)
{
    (void)state;
    struct train_options o = options();
    o.ema = 0;
    struct model first, again, other;
    train(&first, &o, 100);
    train(&again, &o, 100);
    assert_true(same(&first, &again));
    o.seed = 2;
    train(&other, &o, 100);
    assert_false(same(&first, &other));
    model_free(&other);
    start(&other, 1);
    struct trainer *trainer = begin(&other, &o);
    run(trainer, BATCH, 0, 100);
    train_result(trainer, &other);
    assert_false(same(&first, &other));
    train_free(trainer);
    model_free(&first);
    model_free(&again);
    model_free(&other);
}

static void an_unknown_cpu_is_an_error(void **state)
{
    (void)state;
    struct error error;
    struct model model;
    const struct train_options o = options();
    start(&model, 1);
    setenv("HWDR_CPU", "abacus", 1);
    assert_null(train_new(&model, &o, &error));
    assert_non_null(strstr(error.text, "HWDR_CPU: abacus: unknown"));
    restore_cpu();
    model_free(&model);
}

/* ---------------------------------------------------------------------------- checkpoints */

static char path[] = "/tmp/hwdr-test-XXXXXX";

static int make_path(void **state)
{
    (void)state;
    const int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_path(void **state)
{
    (void)state;
    unlink(path);
    memcpy(path + sizeof path - 7, "XXXXXX", 6);
    return 0;
}

static void interrupted_and_resumed_equals_not_interrupted(void **state)
{
    (void)state;
    struct error error;
    for (int kind = OPTIMISER_SGD; kind <= OPTIMISER_ADAMW; kind++) {
        struct train_options o = options();
        o.optimiser.kind = (enum optimiser_kind)kind;
        o.optimiser.beta1 = 0.9f;
        o.optimiser.beta2 = 0.999f;
        struct model whole, parts;
        train(&whole, &o, SAMPLES);

        start(&parts, o.seed);
        struct trainer *before = begin(&parts, &o);
        run(before, BATCH, 0, 150); /* 3 steps: the average has not taken in all of them */
        train_result(before, &parts);
        assert_int_equal(train_save(before, &parts, path, &error), 0);
        train_free(before);
        model_free(&parts);

        start(&parts, 99); /* what it starts from does not matter */
        struct trainer *after = begin(&parts, &o);
        if (train_restore(after, &parts, path, &error))
            fail_msg("%s", error.text);
        assert_int_equal(train_samples(after), 150);
        run(after, BATCH, 150, SAMPLES);
        train_result(after, &parts);
        assert_true(same(&whole, &parts));
        train_free(after);
        model_free(&parts);
        model_free(&whole);
    }
}

static void a_checkpoint_of_another_training_is_refused(void **state)
{
    (void)state;
    struct error error;
    struct model model;
    const struct train_options o = options();
    start(&model, 1);
    assert_int_equal(model_set(&model, "recipe", "toy --rate 1 --ema 2", &error), 0);
    struct trainer *trainer = begin(&model, &o);
    assert_int_equal(train_save(trainer, &model, path, &error), 0);
    assert_int_equal(train_restore(trainer, &model, path, &error), 0);
    assert_int_equal(model_set(&model, "recipe", "toy --rate 10 --ema 2", &error), 0);
    assert_int_equal(train_restore(trainer, &model, path, &error), -1);
    assert_non_null(strstr(error.text, "from another training: '--rate 1', now '--rate 10'"));
    assert_int_equal(model_save(&model, path, NULL, 0, &error), 0); /* a model, not a checkpoint */
    assert_int_equal(train_restore(trainer, &model, path, &error), -1);
    assert_non_null(strstr(error.text, "checkpoint."));
    train_free(trainer);
    model_free(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(another_seed_trains_another_network),
        cmocka_unit_test(an_unknown_cpu_is_an_error),
        cmocka_unit_test_setup_teardown(interrupted_and_resumed_equals_not_interrupted, make_path,
                                        remove_path),
        cmocka_unit_test_setup_teardown(a_checkpoint_of_another_training_is_refused, make_path,
                                        remove_path),
    };
    return cmocka_run_group_tests(tests, make_toy, free_toy);
}
