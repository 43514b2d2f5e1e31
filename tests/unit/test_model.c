#include "model.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define NET "c3x2 p4 d10"

static int set_up(void **state)
{
    char *path = strdup("/tmp/hwdr-test-XXXXXX");
    const int fd = mkstemp(path);
    *state = path;
    return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
    const int result = unlink(*state);
    free(*state);
    return result;
}

/* A model whose plain tensors count up: tensor i holds 100 i, 100 i + 1, ... */
static void make(struct model *model)
{
    struct error error;
    if (model_new(model, NET, &error) != 0)
        fail_msg("%s", error.text);
    for (int i = 0; i < net_tensors(model->net); i++) {
        float plain[2000];
        for (int k = 0; k < 2000; k++)
            plain[k] = (float)(100 * i + k);
        net_pack(model->net, i, plain, model->block);
    }
}

static void a_new_model_has_the_required_card(void **state)
{
    (void)state;
    struct model model;
    make(&model);
    assert_string_equal(model_get(&model, "format"), MODEL_FORMAT);
    assert_string_equal(model_get(&model, "net"), NET);
    assert_string_equal(model_get(&model, "preprocessing"), MODEL_PREPROCESSING);
    assert_string_equal(model_get(&model, "classes"), MODEL_CLASSES);
    assert_true(model.temperature == 1);
    assert_null(model_get(&model, "seed"));
    assert_int_equal((uintptr_t)model.block % 64, 0);
    model_free(&model);
}

static void what_is_saved_is_loaded(void **state)
{
    const char *path = *state;
    struct model model, copy;
    struct error error;
    make(&model);
    assert_int_equal(model_set(&model, "accuracy", "0.9", &error), 0);
    assert_int_equal(model_set(&model, "accuracy", "0.99", &error), 0);
    model.temperature = 1.1F;
    assert_int_equal(model_save(&model, path, NULL, 0, &error), 0);
    if (model_load(&copy, path, &error) != 0)
        fail_msg("%s", error.text);
    assert_string_equal(model_get(&copy, "accuracy"), "0.99");
    assert_true(copy.temperature == 1.1F);
    assert_int_equal(copy.entries, model.entries);
    for (size_t i = 0; i < model.entries;
         i++) /* in the same order: the file's bytes depend on it */
        assert_string_equal(copy.entry[i].key, model.entry[i].key);
    assert_memory_equal(copy.block, model.block, net_block_floats(model.net) * sizeof(float));
    model_free(&model);
    model_free(&copy);
}

static void the_card_cannot_contradict_the_model(void **state)
{
    (void)state;
    static const struct safetensors_entry bad[] = {
        {"format", "hwdr 2"}, {"net", "d10"},         {"classes", "0 1"},   {"preprocessing", ""},
        {"temperature", "0"}, {"temperature", "-1"},  {"temperature", ""},  {"temperature", "nan"},
        {"temperature", "x"}, {"temperature", "inf"}, {"temperature", "1x"}};
    struct model model;
    struct error error;
    make(&model);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (model_set(&model, bad[i].key, bad[i].value, &error) == 0)
            fail_msg("%s may be '%s'", bad[i].key, bad[i].value);
        assert_non_null(strstr(error.text, bad[i].key));
    }
    assert_int_equal(model_set(&model, "net", NET, &error), 0);
    assert_int_equal(model_set(&model, "temperature", "2.5", &error), 0);
    assert_true(model.temperature == 2.5F);
    model_free(&model);
}

static void the_card_has_room_for_64_entries(void **state)
{
    (void)state;
    struct model model;
    struct error error;
    make(&model);
    char key[16];
    for (int i = 0; model.entries < MODEL_MAX_ENTRIES; i++) {
        snprintf(key, sizeof key, "key %d", i);
        assert_int_equal(model_set(&model, key, "value", &error), 0);
    }
    assert_int_equal(model_set(&model, "one more", "value", &error), -1);
    assert_int_equal(model_set(&model, key, "changed", &error), 0);
    assert_string_equal(model_get(&model, key), "changed");
    model_free(&model);
}

static void a_checkpoint_carries_more_tensors(void **state)
{
    const char *path = *state;
    struct model model, copy;
    struct error error;
    const int64_t step = 1234;
    const float moments[3] = {1, 2, 3};
    const struct safetensors_tensor extra[] = {{"step", {DTYPE_I64, 0, {0}}, &step},
                                               {"moments", {DTYPE_F32, 1, {3}}, moments}};
    make(&model);
    assert_int_equal(model_save(&model, path, extra, 2, &error), 0);
    int64_t step_read = 0;
    float moments_read[3] = {0};
    struct safetensors_tensor into[] = {{"step", {DTYPE_I64, 0, {0}}, &step_read},
                                        {"moments", {DTYPE_F32, 1, {3}}, moments_read}};
    assert_int_equal(model_load_extra(&copy, path, into, 2, &error), 0);
    assert_int_equal(step_read, step);
    assert_memory_equal(moments_read, moments, sizeof moments);
    assert_memory_equal(copy.block, model.block, net_block_floats(model.net) * sizeof(float));
    model_free(&copy);

    /* it is no model, has no less than that, and its types must fit */
    assert_int_equal(model_load(&copy, path, &error), -1);
    assert_int_equal(model_load_extra(&copy, path, into, 1, &error), -1);
    into[1].type.dim[0] = 2;
    assert_int_equal(model_load_extra(&copy, path, into, 2, &error), -1);
    assert_non_null(strstr(error.text, "'moments'"));
    into[1].name = "other";
    assert_int_equal(model_load_extra(&copy, path, into, 2, &error), -1);
    assert_non_null(strstr(error.text, "no tensor 'other'"));
    model_free(&model);
}

/* ------------------------------------------------------------------- files that are not models */

enum { MAX_TENSORS = 16 };

struct parts {
    struct safetensors_entry entry[8];
    size_t entries, tensors;
    struct safetensors_tensor tensor[MAX_TENSORS];
    float zeros[2000];
};

/* What a model file of NET consists of. */
static void take_apart(struct parts *parts)
{
    static const struct safetensors_entry good[] = {{"format", MODEL_FORMAT},
                                                    {"preprocessing", MODEL_PREPROCESSING},
                                                    {"classes", MODEL_CLASSES},
                                                    {"net", NET},
                                                    {"temperature", "1"}};
    static struct net_tensor names[MAX_TENSORS];
    struct error error;
    struct net *net = net_parse(NET, &error);
    assert_non_null(net);
    *parts = (struct parts){.entries = 5, .tensors = (size_t)net_tensors(net)};
    memcpy(parts->entry, good, sizeof good);
    for (size_t i = 0; i < parts->tensors; i++) {
        names[i] = *net_tensor(net, (int)i);
        parts->tensor[i] = (struct safetensors_tensor){names[i].name, names[i].type, parts->zeros};
    }
    net_free(net);
}

/* Returns: what model_load() says of these parts as a file, "" when it accepts them. */
static const char *verdict(const char *path, const struct parts *parts)
{
    static struct error error;
    struct model model;
    assert_int_equal(safetensors_write(path, parts->entry, parts->entries, parts->tensor,
                                       parts->tensors, &error),
                     0);
    if (model_load(&model, path, &error) != 0) {
        assert_memory_equal(error.text, path, strlen(path));
        return error.text;
    }
    model_free(&model);
    return "";
}

static void assert_says(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' does not say '%s'", text, part);
}

static void a_card_with_gaps_or_lies_is_refused(void **state)
{
    const char *path = *state;
    static struct parts parts;
    take_apart(&parts);
    assert_string_equal(verdict(path, &parts), "");
    for (size_t i = 0; i < 5; i++) {
        take_apart(&parts);
        const char *key = parts.entry[i].key;
        parts.entry[i].key = "other";
        assert_says(verdict(path, &parts), key);
        take_apart(&parts);
        parts.entry[i].value = "nonsense";
        assert_says(verdict(path, &parts), "nonsense");
    }
    take_apart(&parts);
    parts.entries = 0;
    assert_says(verdict(path, &parts), "not an hwdr model");
}

static void tensors_that_do_not_fit_the_network_are_refused(void **state)
{
    const char *path = *state;
    static struct parts parts;
    take_apart(&parts);
    for (size_t i = 0, n = parts.tensors; i < n; i++) {
        take_apart(&parts);
        parts.tensor[i].name = "other";
        assert_says(verdict(path, &parts), "no tensor '");
        take_apart(&parts);
        parts.tensor[i].type.dim[0]--;
        assert_says(verdict(path, &parts), "does not fit");
        take_apart(&parts);
        parts.tensor[i].type.dtype = DTYPE_U8;
        assert_says(verdict(path, &parts), "does not fit");
    }
    take_apart(&parts);
    parts.tensor[parts.tensors++] = (struct safetensors_tensor){"x", {DTYPE_U8, 1, {0}}, ""};
    assert_says(verdict(path, &parts), "tensors");
    take_apart(&parts);
    parts.entry[3].value = "c3x3 p4 d10"; /* another network than the tensors' */
    assert_says(verdict(path, &parts), "does not fit");
    parts.entry[3].value = "c3x2000000000 c3x2000000000 d10"; /* and one that is never allocated */
    assert_true(*verdict(path, &parts));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_model_has_the_required_card),
        TEST(what_is_saved_is_loaded),
        TEST(the_card_cannot_contradict_the_model),
        TEST(the_card_has_room_for_64_entries),
        TEST(a_checkpoint_carries_more_tensors),
        TEST(a_card_with_gaps_or_lies_is_refused),
        TEST(tensors_that_do_not_fit_the_network_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
