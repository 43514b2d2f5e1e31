#include "npy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A header with this text, in heap memory of exactly its size so that sanitizers see overruns. */
static uint8_t *header_of(const char *text, size_t length, int version, size_t *bytes)
{
    const size_t start = version == 1 ? 10 : 12;
    *bytes = start + length;
    uint8_t *header = malloc(*bytes);
    memcpy(header, "\x93NUMPY\0\0\0\0\0\0", start);
    header[6] = (uint8_t)version;
    header[8] = (uint8_t)length;
    header[9] = (uint8_t)(length >> 8);
    memcpy(header + start, text, length);
    return header;
}

static int parse(const char *text, struct tensor_type *type, struct error *error)
{
    size_t bytes;
    uint8_t *header = header_of(text, strlen(text), 1, &bytes);
    const int result = npy_parse(header, bytes, type, error);
    free(header);
    return result;
}

static void assert_type(const struct tensor_type *type, enum dtype dtype, int dims,
                        const uint64_t *dim)
{
    struct tensor_type expected = {dtype, dims, {0}};
    for (int i = 0; i < dims; i++)
        expected.dim[i] = dim[i];
    assert_true(tensor_same(type, &expected));
}

static void every_valid_spelling_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        struct tensor_type type;
    } valid[] = {
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (256, 28, 28), }   \n",
         {DTYPE_U8, 3, {256, 28, 28}}},
        {"{'shape': (), 'fortran_order': False, 'descr': '<i8'}\n", {DTYPE_I64, 0, {0}}},
        {"{\"fortran_order\":False,\"shape\":(7,10),\"descr\":\"<f4\"}", {DTYPE_F32, 2, {7, 10}}},
        {"  { 'descr' : \"|u1\" ,\t'fortran_order' :False , 'shape' : ( 3 , ) , }\n\n",
         {DTYPE_U8, 1, {3}}},
        {"{'descr': '<u1', 'fortran_order': False, 'shape': (0,)}", {DTYPE_U8, 1, {0}}},
        {"{'descr': '>u1', 'fortran_order': True, 'shape': (5,)}", {DTYPE_U8, 1, {5}}},
        {"{'descr': 'u1', 'fortran_order': True, 'shape': ()}", {DTYPE_U8, 0, {0}}},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (5L, 28L, 28L)}",
         {DTYPE_U8, 3, {5, 28, 28}}},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2, 3, 4,)}",
         {DTYPE_U8, 4, {1, 2, 3, 4}}},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (18446744073709551615,)}",
         {DTYPE_U8, 1, {UINT64_MAX}}},
    };
    for (size_t i = 0; i < sizeof valid / sizeof *valid; i++) {
        struct tensor_type type;
        struct error error = {""};
        if (parse(valid[i].text, &type, &error))
            fail_msg("%s: %s", valid[i].text, error.text);
        assert_type(&type, valid[i].type.dtype, valid[i].type.dims, valid[i].type.dim);
    }
}

static void everything_else_is_refused(void **state)
{
    (void)state;
#define REST ", 'fortran_order': False, 'shape': (5,)}"
#define SHAPE "{'descr': '|u1', 'fortran_order': False, 'shape': "
    static const struct {
        const char *text, *why;
    } invalid[] = {
        {"{'descr': '|O'" REST, "objects"},
        {"{'descr': 'O'" REST, "objects"},
        {"{'descr': [('a', '|u1')]" REST, "structured"},
        {"{'descr': '<f8'" REST, "'<f8'"},
        {"{'descr': '>i8'" REST, "'>i8'"},
        {"{'descr': '>f4'" REST, "'>f4'"},
        {"{'descr': '|i1'" REST, "'|i1'"},
        {"{'descr': '|b1'" REST, "'|b1'"},
        {"{'descr': '|u11'" REST, "'|u11'"},
        {"{'descr': ''" REST, "''"},
        {"{'descr': '\x1b[2J'" REST, "'?[2J'"},
        {"{'descr': 17" REST, "not a string"},
        {"{'descr': '|u1', 'fortran_order': True, 'shape': (5, 28)}", "Fortran"},
        {"{'descr': '|u1', 'fortran_order': 0, 'shape': (5,)}", "neither True nor False"},
        {"{'descr': '|u1', 'fortran_order': Falsehood, 'shape': (5,)}", "dictionary"},
        {SHAPE "(4294967296, 4294967296)}", "64 bits"},
        {SHAPE "(18446744073709551616,)}", "64 bits"},
        {SHAPE "(99999999999999999999999,)}", "64 bits"},
        {SHAPE "(-5,)}", "whole numbers"},
        {SHAPE "(5.0,)}", "comma"},
        {SHAPE "(5 28)}", "comma"},
        {SHAPE "(,)}", "whole numbers"},
        {SHAPE "(5,,5)}", "whole numbers"},
        {SHAPE "(5)}", "not a tuple"},
        {SHAPE "5}", "whole numbers"},
        {SHAPE "[5]}", "whole numbers"},
        {SHAPE "(1, 1, 1, 1, 1)}", "more than 4"},
        {SHAPE "(5,", "whole numbers"},
        {SHAPE "(5", "comma"},
        {SHAPE "(5,)", "dictionary"},
        {SHAPE "(5,)} x", "goes on"},
        {SHAPE "(5,)}}", "goes on"},
        {SHAPE "(5,), 'shape': (5,)}", "twice"},
        {SHAPE "(5,), 'more': 1}", "unknown key"},
        {SHAPE "(5,) 'more': 1}", "dictionary"},
        {"{'descr': '|u1', 'fortran_order': False}", "lacks"},
        {"{'descr': '|u1', 'shape': (5,)}", "lacks"},
        {"{'fortran_order': False, 'shape': (5,)}", "lacks"},
        {"{}", "lacks"},
        {"{'descr", "dictionary"},
        {"{", "dictionary"},
        {"[]", "dictionary"},
        {"", "dictionary"},
        {"      \n", "dictionary"},
    };
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++) {
        struct tensor_type type;
        struct error error = {""};
        if (!parse(invalid[i].text, &type, &error))
            fail_msg("accepted: %s", invalid[i].text);
        if (!strstr(error.text, invalid[i].why))
            fail_msg("%s: says '%s', not '%s'", invalid[i].text, error.text, invalid[i].why);
    }
}

static void a_nul_is_not_the_end(void **state)
{
    (void)state;
    static const char text[] = "{'descr': '|u1', 'fortran_order': False, 'shape': (5,)}\0 \n";
    struct tensor_type type;
    struct error error;
    size_t bytes;
    uint8_t *header = header_of(text, sizeof text - 1, 1, &bytes);
    assert_int_equal(npy_parse(header, bytes, &type, &error), -1);
    free(header);
}

static void a_cut_header_is_refused(void **state)
{
    (void)state;
    static const char text[] = "{'descr': '|u1', 'fortran_order': False, 'shape': (256, 28, 28), }";
    for (size_t length = 0; length < sizeof text - 1; length++) {
        struct tensor_type type;
        struct error error;
        size_t bytes;
        uint8_t *header = header_of(text, length, 1, &bytes);
        assert_int_equal(npy_parse(header, bytes, &type, &error), -1);
        free(header);
    }
}

static void version_2_has_a_longer_length(void **state)
{
    (void)state;
    static const char text[] = "{'descr': '|u1', 'fortran_order': False, 'shape': (5,)}";
    struct tensor_type type;
    struct error error;
    size_t bytes, told;
    uint8_t *header = header_of(text, sizeof text - 1, 2, &bytes);
    assert_int_equal(npy_header_bytes(header, &told, &error), 0);
    assert_int_equal(told, bytes);
    assert_int_equal(npy_parse(header, bytes, &type, &error), 0);
    assert_type(&type, DTYPE_U8, 1, (const uint64_t[]){5});
    free(header);
}

static void lengths_are_capped(void **state)
{
    (void)state;
    static const struct {
        uint8_t prefix[NPY_PREFIX + 1];
        int result;
        size_t bytes;
        const char *why;
    } cases[] = {
        {"\x93NUMPY\1\0\x76\0{'", 0, 128, ""},
        {"\x93NUMPY\1\0\x10\x27{'", 0, 10010, ""}, /* 10,000 */
        {"\x93NUMPY\1\0\x11\x27{'", -1, 0, "10001 bytes, at most 10000"},
        {"\x93NUMPY\2\0\x10\x27\0\0", 0, 10012, ""},
        {"\x93NUMPY\2\0\0\0\0\xff", -1, 0, "4278190080 bytes"},
        {"\x93NUMPY\1\0\1\0{'", -1, 0, "too short"},
        {"\x93NUMPY\3\0\x76\0\0\0", -1, 0, "version 3.0"},
        {"\x93NUMPY\1\1\x76\0{'", -1, 0, "version 1.1"},
        {"\x93NUMPY\0\0\x76\0{'", -1, 0, "version 0.0"},
        {"\x93NUMPX\1\0\x76\0{'", -1, 0, "magic"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t bytes = 0;
        struct error error = {""};
        assert_int_equal(npy_header_bytes(cases[i].prefix, &bytes, &error), cases[i].result);
        if (!cases[i].result)
            assert_int_equal(bytes, cases[i].bytes);
        assert_non_null(strstr(error.text, cases[i].why));
    }
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    static const struct tensor_type types[] = {
        {DTYPE_I64, 0, {0}},
        {DTYPE_U8, 1, {0}},
        {DTYPE_F32, 2, {4096, 10}},
        {DTYPE_U8, 3, {256, 28, 28}},
        {DTYPE_F32, 1, {UINT64_MAX / 4}},
        {DTYPE_U8, 4, {UINT64_MAX, 1, 1, 1}},
        {DTYPE_U8, 4, {1, 1, 1, UINT64_MAX}},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        uint8_t header[NPY_FORMAT_ROOM];
        const size_t bytes = npy_format(&types[i], header);
        size_t told;
        struct tensor_type type;
        struct error error;
        assert_int_equal(bytes % NPY_ALIGN, 0);
        assert_int_equal(header[bytes - 1], '\n');
        assert_int_equal(npy_header_bytes(header, &told, &error), 0);
        assert_int_equal(told, bytes);
        assert_int_equal(npy_parse(header, bytes, &type, &error), 0);
        assert_true(tensor_same(&type, &types[i]));
    }
    uint8_t header[NPY_FORMAT_ROOM];
    assert_int_equal(npy_format(&types[3], header), 128); /* as FORMAT.md promises */
    const struct tensor_type longest = {
        DTYPE_U8, 4, {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};
    assert_int_equal(npy_format(&longest, header), NPY_FORMAT_ROOM);
    assert_string_equal(npy_name(&types[3]).text, "'|u1' (256, 28, 28)");
    assert_string_equal(npy_name(&types[1]).text, "'|u1' (0,)");
    assert_string_equal(npy_name(&types[0]).text, "'<i8' ()");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_valid_spelling_is_read),
        cmocka_unit_test(everything_else_is_refused),
        cmocka_unit_test(a_nul_is_not_the_end),
        cmocka_unit_test(a_cut_header_is_refused),
        cmocka_unit_test(version_2_has_a_longer_length),
        cmocka_unit_test(lengths_are_capped),
        cmocka_unit_test(what_is_written_is_read_back),
    };
    return cmocka_run_group_tests_name("npy", tests, NULL, NULL);
}
