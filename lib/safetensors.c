#include "safetensors.h"

#include "output_file.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define METADATA "__metadata__"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tensors are used in place");

static const struct {
    const char *name;
    enum dtype dtype;
} dtypes[] = {{"U8", DTYPE_U8}, {"I64", DTYPE_I64}, {"F32", DTYPE_F32}};

enum { DTYPES = sizeof dtypes / sizeof dtypes[0], LENGTH_BYTES = 8 };

/* "path: message"; returns -1. */
PRINTF(3, 4) static int fail(struct error *error, const char *path, const char *format, ...)
{
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return error_set(error, "%s: %s", path, text);
}

/* Whether n floats, of any alignment, are all finite; by the 16, which are a few vectors. */
static bool all_finite(const void *data, uint64_t n)
{
    enum { MANY = 16 };
    const uint32_t infinite = 0x7f800000; /* the exponent of infinities and NaN, all ones */
    const uint32_t carry = 0x00800000;    /* that exponent, and no other, into the sign's place */
    const uint8_t *bytes = data;
    uint32_t bad[MANY] = {0}, bits[MANY];
    for (; n >= MANY; n -= MANY, bytes += sizeof bits) {
        memcpy(bits, bytes, sizeof bits);
        for (int i = 0; i < MANY; i++)
            bad[i] |= (bits[i] & infinite) + carry;
    }
    for (; n > 0; n--, bytes += sizeof *bits) {
        memcpy(bits, bytes, sizeof *bits);
        bad[0] |= (bits[0] & infinite) + carry;
    }
    for (int i = 1; i < MANY; i++)
        bad[0] |= bad[i];
    return bad[0] >> 31 == 0;
}

/* ------------------------------------------------------------------------------- reading */

/*
 * Check the header's length and parse it. Returns: the header's bytes, which end where the data
 * begins, or 0 with `error` set.
 */
static uint64_t read_header(struct safetensors *file, const char *path, struct error *error)
{
    uint64_t length;
    if (file->map.bytes < LENGTH_BYTES) {
        fail(error, path, "not a safetensors file: only %zu bytes long", file->map.bytes);
        return 0;
    }
    memcpy(&length, file->map.data, LENGTH_BYTES);
    if (length > SAFETENSORS_MAX_HEADER) {
        fail(error, path, "not a safetensors file: a header of %llu bytes, at most %d are read",
             (unsigned long long)length, SAFETENSORS_MAX_HEADER);
        return 0;
    }
    if (length > file->map.bytes - LENGTH_BYTES) {
        fail(error, path, "cut short: a header of %llu bytes in a file of %zu",
             (unsigned long long)length, file->map.bytes);
        return 0;
    }
    const char *text = (const char *)file->map.data + LENGTH_BYTES;
    json_error_t problem;
    file->json = json_loadb(text, (size_t)length, JSON_REJECT_DUPLICATES, &problem);
    if (!file->json) {
        fail(error, path, "header: %s", problem.text);
        return 0;
    }
    if (!json_is_object((json_t *)file->json)) {
        fail(error, path, "header: is not a JSON object");
        return 0;
    }
    return length;
}

static int read_metadata(struct safetensors *file, json_t *metadata, const char *path,
                         struct error *error)
{
    if (!json_is_object(metadata))
        return fail(error, path, METADATA ": is not a JSON object");
    file->entry = calloc(json_object_size(metadata) + 1, sizeof *file->entry);
    if (!file->entry)
        return fail(error, path, "out of memory");
    const char *key;
    json_t *value;
    json_object_foreach(metadata, key, value)
    {
        if (!json_is_string(value))
            return fail(error, path, METADATA ": '%s': is not a string", key);
        file->entry[file->entries++] =
            (struct safetensors_entry){.key = key, .value = json_string_value(value)};
    }
    return 0;
}

/* A JSON integer that is not negative. */
static bool read_size(const json_t *value, uint64_t *size)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *size = (uint64_t)json_integer_value(value);
    return true;
}

static int read_type(struct tensor_type *type, const char *name, const json_t *info,
                     const char *path, struct error *error)
{
    const char *dtype = json_string_value(json_object_get(info, "dtype"));
    const json_t *shape = json_object_get(info, "shape");
    if (!dtype || !json_is_array(shape))
        return fail(error, path, "tensor '%s': has no dtype or shape", name);
    int known = 0;
    while (known < DTYPES && strcmp(dtype, dtypes[known].name) != 0)
        known++;
    if (known == DTYPES)
        return fail(error, path, "tensor '%s': unknown dtype '%s'", name, dtype);
    if (json_array_size(shape) > TENSOR_MAX_DIMS)
        return fail(error, path, "tensor '%s': %zu dimensions, at most %d are read", name,
                    json_array_size(shape), TENSOR_MAX_DIMS);
    *type = (struct tensor_type){.dtype = dtypes[known].dtype, .dims = (int)json_array_size(shape)};
    for (int i = 0; i < type->dims; i++)
        if (!read_size(json_array_get(shape, (size_t)i), &type->dim[i]))
            return fail(error, path, "tensor '%s': its shape is not made of sizes", name);
    return 0;
}

/* Check one tensor on its own. `data` is where offset 0 lies, `room` the bytes from there. */
static int read_tensor(struct safetensors_tensor *tensor, const char *name, const json_t *info,
                       const uint8_t *data, uint64_t room, const char *path, struct error *error)
{
    tensor->name = name;
    if (read_type(&tensor->type, name, info, path, error) != 0)
        return -1;
    const json_t *range = json_object_get(info, "data_offsets");
    uint64_t begin, end, bytes;
    if (json_array_size(range) != 2 || !read_size(json_array_get(range, 0), &begin) ||
        !read_size(json_array_get(range, 1), &end) || begin > end)
        return fail(error, path, "tensor '%s': its data_offsets are not a range", name);
    if (end > room)
        return fail(error, path, "cut short: tensor '%s' ends at byte %llu of %llu", name,
                    (unsigned long long)end, (unsigned long long)room);
    if (!tensor_bytes(&tensor->type, &bytes) || bytes != end - begin)
        return fail(error, path, "tensor '%s': its %llu bytes differ from its shape", name,
                    (unsigned long long)(end - begin));
    tensor->data = data + begin;
    const uint64_t element = tensor_element_bytes(tensor->type.dtype);
    if ((uintptr_t)tensor->data % element != 0)
        return fail(error, path, "tensor '%s': is not aligned to %llu bytes", name,
                    (unsigned long long)element);
    if (tensor->type.dtype == DTYPE_F32 && !all_finite(tensor->data, bytes / element))
        return fail(error, path, "tensor '%s': holds values that are not finite", name);
    return 0;
}

static uint64_t data_bytes(const struct safetensors_tensor *tensor)
{
    uint64_t bytes = 0;
    return tensor_bytes(&tensor->type, &bytes) ? bytes : 0; /* every caller has checked the type */
}

/* By place in the file; an empty tensor comes before the one that starts where it does. */
static int compare_place(const void *a, const void *b)
{
    const struct safetensors_tensor *x = a, *y = b;
    if (x->data != y->data)
        return (const char *)x->data < (const char *)y->data ? -1 : 1;
    const uint64_t x_bytes = data_bytes(x), y_bytes = data_bytes(y);
    return (x_bytes > y_bytes) - (x_bytes < y_bytes);
}

/* Sort the tensors by place, and check that together they fill the data exactly once. */
static int check_places(struct safetensors *file, const uint8_t *data, uint64_t room,
                        const char *path, struct error *error)
{
    qsort(file->tensor, file->tensors, sizeof *file->tensor, compare_place);
    const uint8_t *end = data;
    for (size_t i = 0; i < file->tensors; i++) {
        const struct safetensors_tensor *tensor = &file->tensor[i];
        const uint8_t *begin = tensor->data;
        if (begin != end)
            return fail(error, path, "tensor '%s': %s", tensor->name,
                        begin < end ? "overlaps another" : "leaves a gap before it");
        end = begin + data_bytes(tensor);
    }
    if (end != data + room)
        return fail(error, path, "%llu bytes after the last tensor",
                    (unsigned long long)(data + room - end));
    return 0;
}

static int open_checked(struct safetensors *file, const char *path, struct error *error)
{
    if (mapped_file_open(&file->map, path, error) != 0)
        return -1;
    const uint64_t length = read_header(file, path, error);
    if (length == 0)
        return -1;
    mapped_file_expect_all(&file->map);
    const uint8_t *data = (const uint8_t *)file->map.data + LENGTH_BYTES + length;
    const uint64_t room = file->map.bytes - LENGTH_BYTES - length;
    file->tensor = calloc(json_object_size(file->json) + 1, sizeof *file->tensor);
    if (!file->tensor)
        return fail(error, path, "out of memory");
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)file->json, name, value)
    {
        if (strcmp(name, METADATA) == 0) {
            if (read_metadata(file, value, path, error) != 0)
                return -1;
        } else {
            struct safetensors_tensor *tensor = &file->tensor[file->tensors++];
            if (read_tensor(tensor, name, value, data, room, path, error) != 0)
                return -1;
        }
    }
    return check_places(file, data, room, path, error);
}

int safetensors_open(struct safetensors *file, const char *path, struct error *error)
{
    *file = (struct safetensors){0};
    if (open_checked(file, path, error) == 0)
        return 0;
    safetensors_close(file);
    return -1;
}

void safetensors_close(struct safetensors *file)
{
    free(file->entry);
    free(file->tensor);
    json_decref(file->json);
    mapped_file_close(&file->map);
    *file = (struct safetensors){0};
}

const struct safetensors_tensor *safetensors_find(const struct safetensors *file, const char *name)
{
    for (size_t i = 0; i < file->tensors; i++)
        if (strcmp(file->tensor[i].name, name) == 0)
            return &file->tensor[i];
    return NULL;
}

const char *safetensors_get(const struct safetensors *file, const char *key)
{
    for (size_t i = 0; i < file->entries; i++)
        if (strcmp(file->entry[i].key, key) == 0)
            return file->entry[i].value;
    return NULL;
}

/* ------------------------------------------------------------------------------- writing */

static int add_metadata(json_t *header, const struct safetensors_entry *entry, size_t entries,
                        const char *path, struct error *error)
{
    if (entries == 0)
        return 0;
    json_t *metadata = json_object();
    if (json_object_set_new(header, METADATA, metadata) != 0)
        return fail(error, path, "out of memory");
    for (size_t i = 0; i < entries; i++) {
        if (json_object_get(metadata, entry[i].key))
            return fail(error, path, METADATA ": '%s' is given twice", entry[i].key);
        if (json_object_set_new(metadata, entry[i].key, json_string(entry[i].value)) != 0)
            return fail(error, path, METADATA ": '%s': is not UTF-8 text", entry[i].key);
    }
    return 0;
}

/* The header's object for one tensor that begins at `begin`; NULL when memory runs out. */
static json_t *tensor_info(const struct tensor_type *type, uint64_t begin, uint64_t bytes)
{
    json_t *shape = json_array();
    for (int i = 0; i < type->dims; i++)
        if (json_array_append_new(shape, json_integer((json_int_t)type->dim[i])) != 0) {
            json_decref(shape);
            return NULL;
        }
    const char *dtype = NULL;
    for (int i = 0; i < DTYPES; i++)
        if (dtypes[i].dtype == type->dtype)
            dtype = dtypes[i].name;
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", dtype, "shape", shape, "data_offsets",
                     (json_int_t)begin, (json_int_t)(begin + bytes));
}

/*
 * The data's order: tensors of 8-byte elements first, then 4, then 1, each in the order given, so
 * that all of them are aligned.
 */
static const uint64_t element_order[] = {8, 4, 1};

enum { ELEMENT_SIZES = sizeof element_order / sizeof element_order[0] };

/* Check the tensors and fill begin [tensors] with their offsets. Returns: 0, or -1. */
static int lay_out(const struct safetensors_tensor *tensor, size_t tensors, uint64_t *begin,
                   const char *path, struct error *error)
{
    uint64_t end = 0;
    for (int size = 0; size < ELEMENT_SIZES; size++) {
        for (size_t i = 0; i < tensors; i++) {
            const struct tensor_type *type = &tensor[i].type;
            if (tensor_element_bytes(type->dtype) != element_order[size])
                continue;
            uint64_t bytes;
            if (!tensor_bytes(type, &bytes) || bytes > (uint64_t)INT64_MAX - end)
                return fail(error, path, "tensor '%s': is too large", tensor[i].name);
            if (type->dtype == DTYPE_F32 && !all_finite(tensor[i].data, bytes / sizeof(float)))
                return fail(error, path, "tensor '%s': holds values that are not finite",
                            tensor[i].name);
            begin[i] = end;
            end += bytes;
        }
    }
    return 0;
}

static int add_tensors(json_t *header, const struct safetensors_tensor *tensor, size_t tensors,
                       const uint64_t *begin, const char *path, struct error *error)
{
    for (size_t i = 0; i < tensors; i++) {
        if (strcmp(tensor[i].name, METADATA) == 0 || json_object_get(header, tensor[i].name))
            return fail(error, path, "tensor '%s': the name is taken", tensor[i].name);
        json_t *info = tensor_info(&tensor[i].type, begin[i], data_bytes(&tensor[i]));
        if (json_object_set_new(header, tensor[i].name, info) != 0)
            return fail(error, path, "tensor '%s': cannot be described", tensor[i].name);
    }
    return 0;
}

/* Write length, header padded with spaces, and data. Returns: 0, or -1 with `error` set. */
static int write_all(FILE *out, const char *header, const struct safetensors_tensor *tensor,
                     size_t tensors, const char *path, struct error *error)
{
    const size_t used = strlen(header);
    const size_t place = (LENGTH_BYTES + used + SAFETENSORS_ALIGN - 1) / SAFETENSORS_ALIGN;
    const uint64_t length = place * SAFETENSORS_ALIGN - LENGTH_BYTES;
    if (length > SAFETENSORS_MAX_HEADER)
        return fail(error, path, "a header of %llu bytes, at most %d are allowed",
                    (unsigned long long)length, SAFETENSORS_MAX_HEADER);
    fwrite(&length, LENGTH_BYTES, 1, out);
    fprintf(out, "%s%*s", header, (int)(length - used), "");
    for (int size = 0; size < ELEMENT_SIZES; size++)
        for (size_t i = 0; i < tensors; i++)
            if (tensor_element_bytes(tensor[i].type.dtype) == element_order[size])
                fwrite(tensor[i].data, 1, data_bytes(&tensor[i]), out);
    return fflush(out) != 0 || ferror(out) ? error_set(error, "%s: cannot write:", path) : 0;
}

static int write_checked(const char *path, json_t *header, uint64_t *begin,
                         const struct safetensors_entry *entry, size_t entries,
                         const struct safetensors_tensor *tensor, size_t tensors,
                         struct error *error)
{
    if (!header || !begin)
        return fail(error, path, "out of memory");
    if (lay_out(tensor, tensors, begin, path, error) != 0 ||
        add_metadata(header, entry, entries, path, error) != 0 ||
        add_tensors(header, tensor, tensors, begin, path, error) != 0)
        return -1;
    struct output_file file;
    if (output_file_open(&file, path, error) != 0)
        return -1;
    char *text = json_dumps(header, JSON_COMPACT);
    const int result = text ? write_all(file.stream, text, tensor, tensors, path, error)
                            : fail(error, path, "out of memory");
    free(text);
    if (result == 0)
        return output_file_commit(&file, error);
    output_file_abandon(&file);
    return -1;
}

int safetensors_write(const char *path, const struct safetensors_entry *entry, size_t entries,
                      const struct safetensors_tensor *tensor, size_t tensors, struct error *error)
{
    json_t *header = json_object();
    uint64_t *begin = calloc(tensors + 1, sizeof *begin);
    const int result = write_checked(path, header, begin, entry, entries, tensor, tensors, error);
    free(begin);
    json_decref(header);
    return result;
}

int safetensors_writable(const char *path, struct error *error)
{
    return output_file_check(path, error);
}
