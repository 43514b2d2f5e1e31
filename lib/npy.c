#include "npy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char magic[6] = "\x93NUMPY";

/* Element types as NumPy writes them; the byte order of single bytes is anyone's guess. */
static const struct {
    enum dtype dtype;
    const char *names[4]; /* the first is the one we write */
} descriptions[] = {
    {DTYPE_U8, {"|u1", "<u1", ">u1", "u1"}},
    {DTYPE_I64, {"<i8"}},
    {DTYPE_F32, {"<f4"}},
};

enum { DESCRIPTIONS = sizeof descriptions / sizeof *descriptions };

int npy_header_bytes(const uint8_t prefix[NPY_PREFIX], size_t *bytes, struct error *error)
{
    if (memcmp(prefix, magic, sizeof magic) != 0)
        return error_set(error, "does not begin with the magic of a .npy record");
    const unsigned major = prefix[6], minor = prefix[7];
    if ((major != 1 && major != 2) || minor)
        return error_set(error, ".npy version %u.%u, only 1.0 and 2.0 are known", major, minor);
    uint32_t text = prefix[8] | (uint32_t)prefix[9] << 8;
    if (major == 2)
        text |= (uint32_t)prefix[10] << 16 | (uint32_t)prefix[11] << 24;
    if (text > NPY_MAX_TEXT)
        return error_set(error, ".npy header of %" PRIu32 " bytes, at most %d are allowed", text,
                         NPY_MAX_TEXT);
    *bytes = (major == 1 ? 10 : 12) + text;
    if (*bytes < NPY_PREFIX)
        return error_set(error, ".npy header of %" PRIu32 " bytes is too short", text);
    return 0;
}

/* What is left of the dictionary's text. */
struct cursor {
    const char *at, *end;
};

/* A run of bytes within it. */
struct span {
    const char *start;
    size_t bytes;
};

static void skip_space(struct cursor *cursor)
{
    while (cursor->at < cursor->end && *cursor->at && strchr(" \t\r\n", *cursor->at))
        cursor->at++;
}

/* Step over `c`, and spaces before it, if it comes next. */
static bool take(struct cursor *cursor, char c)
{
    skip_space(cursor);
    if (cursor->at == cursor->end || *cursor->at != c)
        return false;
    cursor->at++;
    return true;
}

static bool take_word(struct cursor *cursor, const char *word)
{
    skip_space(cursor);
    const size_t length = strlen(word);
    if ((size_t)(cursor->end - cursor->at) < length || memcmp(cursor->at, word, length) != 0)
        return false;
    cursor->at += length;
    return true;
}

/* A quoted string; escapes have no use in the strings we know and are refused with the rest. */
static bool take_string(struct cursor *cursor, struct span *string)
{
    const char quote = take(cursor, '\'') ? '\'' : '"';
    if (quote == '"' && !take(cursor, '"'))
        return false;
    const char *closing = memchr(cursor->at, quote, (size_t)(cursor->end - cursor->at));
    if (!closing)
        return false;
    *string = (struct span){cursor->at, (size_t)(closing - cursor->at)};
    cursor->at = closing + 1;
    return true;
}

static bool equal(struct span span, const char *text)
{
    return span.bytes == strlen(text) && memcmp(span.start, text, span.bytes) == 0;
}

static int parse_description(struct cursor *cursor, enum dtype *dtype, struct error *error)
{
    skip_space(cursor);
    if (cursor->at < cursor->end && *cursor->at == '[')
        return error_set(error, "structured arrays are not allowed");
    struct span name;
    if (!take_string(cursor, &name))
        return error_set(error, "'descr' in the .npy header is not a string");
    for (int i = 0; i < DESCRIPTIONS; i++)
        for (int j = 0; j < 4 && descriptions[i].names[j]; j++)
            if (equal(name, descriptions[i].names[j])) {
                *dtype = descriptions[i].dtype;
                return 0;
            }
    if (memchr(name.start, 'O', name.bytes))
        return error_set(error, "arrays of Python objects are not allowed");
    char shown[24]; /* the name may be hostile: printable characters only */
    size_t n = 0;
    for (; n < name.bytes && n < sizeof shown - 1; n++)
        shown[n] = name.start[n] >= ' ' && name.start[n] <= '~' ? name.start[n] : '?';
    shown[n] = '\0';
    return error_set(error, "elements of type '%s', only '|u1', '<i8' and '<f4' are known", shown);
}

static int parse_order(struct cursor *cursor, bool *fortran, struct error *error)
{
    *fortran = take_word(cursor, "True");
    if (!*fortran && !take_word(cursor, "False"))
        return error_set(error, "'fortran_order' in the .npy header is neither True nor False");
    return 0;
}

/* Digits, and the L that Python 2 put behind long ones. */
static int parse_dimension(struct cursor *cursor, uint64_t *dimension, struct error *error)
{
    skip_space(cursor);
    const char *start = cursor->at;
    *dimension = 0;
    for (; cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9'; cursor->at++)
        if (__builtin_mul_overflow(*dimension, 10, dimension) ||
            __builtin_add_overflow(*dimension, (uint64_t)(*cursor->at - '0'), dimension))
            return error_set(error, "a dimension does not fit in 64 bits");
    if (cursor->at == start)
        return error_set(error, "'shape' in the .npy header is not a tuple of whole numbers");
    if (cursor->at < cursor->end && *cursor->at == 'L')
        cursor->at++;
    return 0;
}

static int parse_shape(struct cursor *cursor, struct tensor_type *type, struct error *error)
{
    type->dims = 0;
    if (!take(cursor, '('))
        return error_set(error, "'shape' in the .npy header is not a tuple of whole numbers");
    bool comma = true;
    while (!take(cursor, ')')) {
        if (!comma)
            return error_set(error, "'shape' in the .npy header lacks a comma or ')'");
        if (type->dims == TENSOR_MAX_DIMS)
            return error_set(error, "more than %d dimensions", TENSOR_MAX_DIMS);
        if (parse_dimension(cursor, &type->dim[type->dims], error))
            return -1;
        type->dims++;
        comma = take(cursor, ',');
    }
    if (type->dims == 1 && !comma)
        return error_set(error, "'shape' in the .npy header is a number, not a tuple");
    return 0;
}

int npy_parse(const uint8_t *header, size_t bytes, struct tensor_type *type, struct error *error)
{
    const size_t start = header[6] == 1 ? 10 : 12;
    struct cursor cursor = {(const char *)header + start, (const char *)header + bytes};
    enum { DESCR = 1, ORDER = 2, SHAPE = 4, ALL = 7 };
    int seen = 0;
    bool fortran = false, comma = true;
    *type = (struct tensor_type){.dims = 0};

    if (!take(&cursor, '{'))
        return error_set(error, "the .npy header is not a dictionary");
    while (!take(&cursor, '}')) {
        struct span key;
        if (!comma || !take_string(&cursor, &key) || !take(&cursor, ':'))
            return error_set(error, "the .npy header is not a dictionary of three pairs");
        const int this = equal(key, "descr")           ? DESCR
                         : equal(key, "fortran_order") ? ORDER
                         : equal(key, "shape")         ? SHAPE
                                                       : 0;
        if (!this || (seen & this))
            return error_set(error, "the .npy header has an unknown key or one key twice");
        seen |= this;
        if (this == DESCR   ? parse_description(&cursor, &type->dtype, error)
            : this == ORDER ? parse_order(&cursor, &fortran, error)
                            : parse_shape(&cursor, type, error))
            return -1;
        comma = take(&cursor, ',');
    }
    skip_space(&cursor);
    if (cursor.at != cursor.end)
        return error_set(error, "the .npy header goes on after its dictionary");
    if (seen != ALL)
        return error_set(error, "the .npy header lacks one of descr, fortran_order and shape");
    if (fortran && type->dims > 1)
        return error_set(error, "the array is in Fortran order, only C order is allowed");
    uint64_t total;
    if (!tensor_bytes(type, &total))
        return error_set(error, "the size of the array does not fit in 64 bits");
    return 0;
}

struct npy_name npy_name(const struct tensor_type *type)
{
    struct npy_name name;
    const char *description = "?";
    for (int i = 0; i < DESCRIPTIONS; i++)
        if (descriptions[i].dtype == type->dtype)
            description = descriptions[i].names[0];
    int used = snprintf(name.text, sizeof name.text, "'%s' (", description);
    for (int i = 0; i < type->dims; i++)
        used += snprintf(name.text + used, sizeof name.text - (size_t)used, "%s%" PRIu64,
                         i ? ", " : "", type->dim[i]);
    snprintf(name.text + used, sizeof name.text - (size_t)used, type->dims == 1 ? ",)" : ")");
    return name;
}

size_t npy_format(const struct tensor_type *type, uint8_t header[NPY_FORMAT_ROOM])
{
    const struct npy_name name = npy_name(type);
    const char *shape = strchr(name.text, '(');
    char text[NPY_FORMAT_ROOM];
    const int length = snprintf(text, sizeof text,
                                "{'descr': %.*s, 'fortran_order': False, "
                                "'shape': %s, }",
                                (int)(shape - 1 - name.text), name.text, shape);
    const size_t bytes = (10 + (size_t)length + 1 + NPY_ALIGN - 1) / NPY_ALIGN * NPY_ALIGN;
    memcpy(header, magic, sizeof magic);
    header[6] = 1;
    header[7] = 0;
    header[8] = (uint8_t)(bytes - 10);
    header[9] = (uint8_t)((bytes - 10) >> 8);
    memset(header + 10, ' ', bytes - 10);
    memcpy(header + 10, text, (size_t)length);
    header[bytes - 1] = '\n';
    return bytes;
}
