#include "safetensors.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cmocka.h>

/* Each test works in a folder of its own, which must be empty but for what it says at the end. */
struct place {
    char folder[64], path[80];
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    strcpy(place->folder, "/tmp/hwdr-test-XXXXXX");
    if (!mkdtemp(place->folder))
        return -1;
    snprintf(place->path, sizeof place->path, "%s/file", place->folder);
    *state = place;
    return 0;
}

static int files_in(const char *folder, bool and_remove)
{
    DIR *dir = opendir(folder);
    int n = 0;
    for (const struct dirent *entry; (entry = readdir(dir));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        n++;
        if (and_remove)
            unlinkat(dirfd(dir), entry->d_name, 0);
    }
    closedir(dir);
    return n;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    files_in(place->folder, true);
    const int result = rmdir(place->folder);
    free(place);
    return result;
}

static char *contents(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *data = malloc(1 << 20);
    *bytes = fread(data, 1, 1 << 20, file);
    fclose(file);
    return data;
}

static void put(const char *path, const void *data, size_t bytes)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
}

static const uint8_t three[3] = {1, 2, 3};
static const float six[6] = {0, -1.5F, 2, 3e38F, -0.0F, 1e-45F};
static const int64_t step = -7;
static const struct safetensors_entry entries[] = {{"net", "d10"}, {"odd", "\"\\\n\t\xc3\xa9"}};
static const struct safetensors_tensor tensors[] = {{"bytes", {DTYPE_U8, 1, {3}}, three},
                                                    {"weight", {DTYPE_F32, 2, {2, 3}}, six},
                                                    {"none", {DTYPE_F32, 2, {0, 3}}, six},
                                                    {"step", {DTYPE_I64, 0, {0}}, &step}};

static void what_is_written_is_read(void **state)
{
    const char *path = ((struct place *)*state)->path;
    struct error error;
    assert_int_equal(safetensors_write(path, entries, 2, tensors, 4, &error), 0);
    struct safetensors file;
    if (safetensors_open(&file, path, &error) != 0)
        fail_msg("%s", error.text);
    assert_int_equal(file.entries, 2);
    assert_int_equal(file.tensors, 4);
    for (int i = 0; i < 2; i++)
        assert_string_equal(safetensors_get(&file, entries[i].key), entries[i].value);
    for (int i = 0; i < 4; i++) {
        const struct safetensors_tensor *tensor = safetensors_find(&file, tensors[i].name);
        assert_non_null(tensor);
        assert_true(tensor_same(&tensor->type, &tensors[i].type));
        uint64_t bytes = 0;
        assert_true(tensor_bytes(&tensor->type, &bytes));
        assert_memory_equal(tensor->data, tensors[i].data, bytes);
        assert_int_equal((uintptr_t)tensor->data % tensor_element_bytes(tensor->type.dtype), 0);
    }
    assert_null(safetensors_find(&file, "weigh"));
    assert_null(safetensors_get(&file, "ne"));
    safetensors_close(&file);
}

static void data_starts_at_a_multiple_of_64(void **state)
{
    const char *path = ((struct place *)*state)->path;
    struct error error;
    char name[80] = "";
    for (int i = 0; i < 70; i++) { /* every length of header, modulo 64 */
        strcat(name, "x");
        const struct safetensors_tensor tensor = {name, {DTYPE_U8, 1, {3}}, three};
        assert_int_equal(safetensors_write(path, NULL, 0, &tensor, 1, &error), 0);
        size_t bytes;
        char *data = contents(path, &bytes);
        uint64_t length;
        memcpy(&length, data, sizeof length);
        assert_int_equal((8 + length) % 64, 0);
        assert_int_equal(bytes, 8 + length + 3);
        free(data);
    }
}

static void bytes_depend_on_the_arguments_alone(void **state)
{
    const struct place *place = *state;
    char other[96];
    snprintf(other, sizeof other, "%s/other", place->folder);
    struct error error;
    assert_int_equal(safetensors_write(place->path, entries, 2, tensors, 4, &error), 0);
    assert_int_equal(safetensors_write(other, entries, 2, tensors, 4, &error), 0);
    size_t bytes, other_bytes;
    char *data = contents(place->path, &bytes), *other_data = contents(other, &other_bytes);
    assert_int_equal(bytes, other_bytes);
    assert_memory_equal(data, other_data, bytes);
    /* names in the order given */
    assert_true(strstr(data + 8, "\"net\"") < strstr(data + 8, "\"odd\""));
    assert_true(strstr(data + 8, "\"bytes\"") < strstr(data + 8, "\"weight\""));
    free(data);
    free(other_data);
}

static void an_existing_file_is_replaced_and_keeps_its_mode(void **state)
{
    const struct place *place = *state;
    struct error error;
    put(place->path, "old", 3);
    assert_int_equal(chmod(place->path, 0640), 0);
    assert_int_equal(safetensors_write(place->path, entries, 2, tensors, 4, &error), 0);
    struct stat status;
    assert_int_equal(stat(place->path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0640);
    assert_true(status.st_size > 3);
    assert_int_equal(files_in(place->folder, false), 1);
}

static void a_new_file_heeds_the_umask(void **state)
{
    const struct place *place = *state;
    struct error error;
    const mode_t before = umask(027);
    const int result = safetensors_write(place->path, entries, 2, tensors, 4, &error);
    umask(before);
    assert_int_equal(result, 0);
    struct stat status;
    assert_int_equal(stat(place->path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0640);
}

static void a_symbolic_link_stays_one(void **state)
{
    const struct place *place = *state;
    char target[96];
    snprintf(target, sizeof target, "%s/target", place->folder);
    struct error error;
    put(target, "old", 3);
    assert_int_equal(symlink("target", place->path), 0);
    assert_int_equal(safetensors_write(place->path, entries, 2, tensors, 4, &error), 0);
    struct stat status;
    assert_int_equal(lstat(place->path, &status), 0);
    assert_true(S_ISLNK(status.st_mode));
    assert_int_equal(stat(target, &status), 0);
    assert_true(status.st_size > 3);
    assert_int_equal(unlink(target), 0);
    assert_int_equal(safetensors_write(place->path, entries, 2, tensors, 4, &error), -1);
    assert_non_null(strstr(error.text, "link to nothing"));
}

/* A tensor that cannot be written must leave the old file as it was, and no other behind. */
static void a_failure_leaves_the_old_file(void **state)
{
    const struct place *place = *state;
    const float bad[2] = {1, NAN};
    const struct safetensors_tensor tensor = {"w", {DTYPE_F32, 1, {2}}, bad};
    const struct safetensors_tensor twice[2] = {tensors[0], tensors[0]};
    const struct safetensors_tensor reserved = {"__metadata__", {DTYPE_U8, 1, {3}}, three};
    const struct safetensors_entry bad_text = {"key", "\xff"};
    struct error error;
    put(place->path, "old", 3);
    assert_int_equal(safetensors_write(place->path, NULL, 0, &tensor, 1, &error), -1);
    assert_non_null(strstr(error.text, "not finite"));
    assert_int_equal(safetensors_write(place->path, NULL, 0, twice, 2, &error), -1);
    assert_non_null(strstr(error.text, "the name is taken"));
    assert_int_equal(safetensors_write(place->path, NULL, 0, &reserved, 1, &error), -1);
    assert_int_equal(safetensors_write(place->path, &bad_text, 1, tensors, 1, &error), -1);
    assert_non_null(strstr(error.text, "not UTF-8"));
    size_t bytes;
    char *data = contents(place->path, &bytes);
    assert_int_equal(bytes, 3);
    free(data);
    assert_int_equal(files_in(place->folder, false), 1);
}

/*
 * For root, who could replace /dev/full by a file if the code were wrong, a device like it in the
 * test's own folder.
 */
static void a_full_device_is_an_error_and_survives(void **state)
{
    const struct place *place = *state;
    const char *path = geteuid() == 0 ? place->path : "/dev/full";
    if (path == place->path && mknod(path, S_IFCHR | 0600, makedev(1, 7)) != 0)
        skip();
    const int fd = open(path, O_WRONLY); /* a file system may forbid devices */
    if (fd < 0)
        skip();
    close(fd);
    struct error error;
    assert_int_equal(safetensors_writable(path, &error), 0);
    assert_int_equal(safetensors_write(path, entries, 2, tensors, 4, &error), -1);
    assert_non_null(strstr(error.text, ": cannot write: No space left on device"));
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_true(S_ISCHR(status.st_mode));
}

static void writable_changes_nothing(void **state)
{
    const struct place *place = *state;
    struct error error;
    assert_int_equal(safetensors_writable(place->path, &error), 0);
    assert_int_equal(files_in(place->folder, false), 0);
    assert_int_equal(safetensors_writable(place->folder, &error), -1);
    assert_non_null(strstr(error.text, "is a directory"));
    char missing[96];
    snprintf(missing, sizeof missing, "%s/no/file", place->folder);
    assert_int_equal(safetensors_writable(missing, &error), -1);
    assert_non_null(strstr(error.text, missing));
}

/* ------------------------------------------------------------------------- hostile files */

#define A "\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":"
#define W "{\"w\":{" A "[0,8]}"

static const struct {
    const char *header; /* 8 data bytes follow: the floats 1 and 2 */
    const char *why;    /* NULL: a good file */
} headers[] = {
    {W "}", NULL},
    {W "}   ", NULL},
    {"{\"w\":{" A "[0,8]},\"e\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[8,8]}}", NULL},
    {"{\"w\":{" A "[0,8]},\"e\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}", NULL},
    {W ",\"__metadata__\":{}}", NULL},
    {"", "header"},
    {"{}", "8 bytes after the last tensor"},
    {"[]", "not a JSON object"},
    {"{\"w\":", "header"},
    {W "}}", "header"},
    {W "}\xff", "header"},
    {"{\"w\":null}", "no dtype or shape"},
    {"{\"w\":{" A "[0,8]}," A "[0,8]}", "no dtype or shape"},
    {W ",\"w\":{" A "[0,8]}}", "duplicate"},
    {W ",\"__metadata__\":{\"a\":\"1\",\"a\":\"1\"}}", "duplicate"},
    {W ",\"__metadata__\":{\"a\":1}}", "not a string"},
    {W ",\"__metadata__\":[]}", "not a JSON object"},
    {W ",\"__metadata__\":{\"a\":\"\\u0000\"}}", "header"},
    {"{\"a\\nb\":{" A "[0,4]}}", "'a?b'"},
    {"{\"w\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[0,8]}}", "unknown dtype 'F64'"},
    {"{\"w\":{\"dtype\":7,\"shape\":[1],\"data_offsets\":[0,8]}}", "no dtype or shape"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":2,\"data_offsets\":[0,8]}}", "no dtype or shape"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", "not made of sizes"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]}}", "not made of sizes"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[2,1,1,1,1],\"data_offsets\":[0,8]}}", "5 dimensions"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", "differ from its shape"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[4611686018427387906],\"data_offsets\":[0,8]}}",
     "differ from its shape"}, /* x 4 is 8 modulo 2^64 */
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,8]}}",
     "header"},
    {"{\"w\":{" A "[8,0]}}", "not a range"},
    {"{\"w\":{" A "[-8,0]}}", "not a range"},
    {"{\"w\":{" A "[0]}}", "not a range"},
    {"{\"w\":{" A "[0,8,8]}}", "not a range"},
    {"{\"w\":{" A "\"0,8\"}}", "not a range"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[2]}}", "not a range"},
    {"{\"w\":{" A "[1,9]}}", "cut short"},
    {"{\"w\":{" A "[9223372036854775799,9223372036854775807]}}", "cut short"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", "4 bytes after the last"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", "leaves a gap"},
    {W ",\"v\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", "overlaps"},
    {W ",\"v\":{" A "[0,8]}}", "overlaps"},
    {W ",\"e\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[4,4]}}", "overlaps"},
    {"{\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
     "\"v\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
     NULL},
    {"{\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
     "\"v\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[2,6]},"
     "\"c\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[6,8]}}",
     "not aligned"},
};

/* Write length, header (padded so that the data is aligned to 8) and data. */
static void put_file(const char *path, const char *header, const float data[2])
{
    char file[1024];
    uint64_t length = strlen(header);
    memcpy(file + 8, header, length);
    for (; length > 0 && length % 8 != 0; length++)
        file[8 + length] = ' ';
    memcpy(file, &length, sizeof length);
    memcpy(file + 8 + length, data, 8);
    put(path, file, 8 + length + 8);
}

static void bad_headers_are_refused(void **state)
{
    const char *path = ((struct place *)*state)->path;
    const float good[2] = {1, 2};
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        put_file(path, headers[i].header, good);
        struct safetensors file;
        struct error error = {""};
        const int result = safetensors_open(&file, path, &error);
        if (result == 0)
            safetensors_close(&file);
        if (headers[i].why ? result == 0 || !strstr(error.text, headers[i].why) : result != 0)
            fail_msg("%s: %d %s", headers[i].header, result, error.text);
        if (result != 0 &&
            (strncmp(error.text, path, strlen(path)) != 0 || strchr(error.text, '\n')))
            fail_msg("not one line with the path: %s", error.text);
    }
}

/* Anywhere in a tensor that is longer than the 16 floats which are looked at together. */
static void values_that_are_not_finite_are_refused(void **state)
{
    const char *path = ((struct place *)*state)->path;
    const float good[37] = {-3.4e38F}, bad[] = {NAN, -NAN, INFINITY, -INFINITY};
    const struct safetensors_tensor tensor = {"w", {DTYPE_F32, 1, {37}}, good};
    struct error error;
    assert_int_equal(safetensors_write(path, NULL, 0, &tensor, 1, &error), 0);
    size_t bytes;
    char *data = contents(path, &bytes), *w = data + bytes - sizeof good;
    for (size_t i = 0; i < 4 * 37; i++) {
        memcpy(w, good, sizeof good);
        memcpy(w + i / 4 * sizeof *good, &bad[i % 4], sizeof *good);
        put(path, data, bytes);
        assert_int_equal(safetensors_open(&(struct safetensors){0}, path, &error), -1);
        assert_non_null(strstr(error.text, "not finite"));
    }
    free(data);
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    const char *path = ((struct place *)*state)->path;
    struct error error;
    assert_int_equal(safetensors_write(path, entries, 2, tensors, 4, &error), 0);
    size_t bytes;
    char *data = contents(path, &bytes);
    for (size_t n = 0; n < bytes; n++) {
        put(path, data, n);
        struct safetensors file;
        if (safetensors_open(&file, path, &error) == 0)
            fail_msg("%zu of %zu bytes were accepted", n, bytes);
    }
    free(data);
}

static void header_lengths_are_bounded(void **state)
{
    const char *path = ((struct place *)*state)->path;
    const uint64_t lengths[] = {9, 1 << 20, (1 << 20) + 1, INT64_MAX, UINT64_MAX - 7, UINT64_MAX};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        char data[16] = "........{}";
        memcpy(data, &lengths[i], sizeof lengths[i]);
        put(path, data, sizeof data);
        struct safetensors file;
        struct error error;
        assert_int_equal(safetensors_open(&file, path, &error), -1);
        assert_non_null(strstr(error.text, "header of"));
    }
    /* a good header, but for its length */
    const uint64_t length = SAFETENSORS_MAX_HEADER + 8;
    char *data = malloc(8 + length);
    memset(data, ' ', 8 + length);
    memcpy(data, &length, 8);
    memcpy(data + 8, "{}", 2);
    put(path, data, 8 + length);
    free(data);
    struct safetensors file;
    struct error error;
    assert_int_equal(safetensors_open(&file, path, &error), -1);
    assert_non_null(strstr(error.text, "at most 1048576"));
}

static void only_regular_files_are_opened(void **state)
{
    const struct place *place = *state;
    struct safetensors file;
    struct error error;
    assert_int_equal(safetensors_open(&file, place->path, &error), -1);
    assert_non_null(strstr(error.text, "No such file"));
    assert_int_equal(safetensors_open(&file, place->folder, &error), -1);
    assert_non_null(strstr(error.text, "not a regular file"));
    assert_int_equal(mkfifo(place->path, 0600), 0);
    assert_int_equal(safetensors_open(&file, place->path, &error), -1); /* and does not wait */
    assert_non_null(strstr(error.text, "not a regular file"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_written_is_read),
        TEST(data_starts_at_a_multiple_of_64),
        TEST(bytes_depend_on_the_arguments_alone),
        TEST(an_existing_file_is_replaced_and_keeps_its_mode),
        TEST(a_new_file_heeds_the_umask),
        TEST(a_symbolic_link_stays_one),
        TEST(a_failure_leaves_the_old_file),
        TEST(a_full_device_is_an_error_and_survives),
        TEST(writable_changes_nothing),
        TEST(bad_headers_are_refused),
        TEST(values_that_are_not_finite_are_refused),
        TEST(a_file_cut_anywhere_is_refused),
        TEST(header_lengths_are_bounded),
        TEST(only_regular_files_are_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
