#include "tensor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void elements_have_their_size(void **state)
{
    (void)state;
    assert_int_equal(tensor_element_bytes(DTYPE_U8), 1);
    assert_int_equal(tensor_element_bytes(DTYPE_I64), 8);
    assert_int_equal(tensor_element_bytes(DTYPE_F32), 4);
}

static void bytes_are_the_product(void **state)
{
    (void)state;
    uint64_t bytes = 0;
    assert_true(tensor_bytes(&(struct tensor_type){DTYPE_I64, 0, {0}}, &bytes));
    assert_int_equal(bytes, 8);
    assert_true(tensor_bytes(&(struct tensor_type){DTYPE_U8, 1, {0}}, &bytes));
    assert_int_equal(bytes, 0);
    assert_true(tensor_bytes(&(struct tensor_type){DTYPE_F32, 3, {256, 28, 28}}, &bytes));
    assert_int_equal(bytes, 256 * 784 * 4);
    assert_true(tensor_bytes(&(struct tensor_type){DTYPE_U8, 1, {UINT64_MAX}}, &bytes));
    assert_true(bytes == UINT64_MAX);
}

static void overflow_is_told(void **state)
{
    (void)state;
    const struct tensor_type large[] = {
        {DTYPE_F32, 1, {UINT64_C(1) << 62}},
        {DTYPE_U8, 2, {UINT64_C(1) << 32, UINT64_C(1) << 32}},
        {DTYPE_U8, 4, {1 << 16, 1 << 16, 1 << 16, 1 << 16}},
        {DTYPE_I64, 1, {UINT64_MAX}},
    };
    for (size_t i = 0; i < sizeof large / sizeof *large; i++) {
        uint64_t bytes = 7;
        assert_false(tensor_bytes(&large[i], &bytes));
        assert_int_equal(bytes, 7);
    }
}

static void same_means_type_rank_and_every_dimension(void **state)
{
    (void)state;
    const struct tensor_type a = {DTYPE_U8, 3, {5, 28, 28}};
    struct tensor_type b = {
        DTYPE_U8, 3, {5, 28, 28, 99}}; /* what lies behind the rank is nothing */
    assert_true(tensor_same(&a, &b));
    b.dim[2] = 27;
    assert_false(tensor_same(&a, &b));
    b = a;
    b.dims = 2;
    assert_false(tensor_same(&a, &b));
    b = a;
    b.dtype = DTYPE_F32;
    assert_false(tensor_same(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_have_their_size),
        cmocka_unit_test(bytes_are_the_product),
        cmocka_unit_test(overflow_is_told),
        cmocka_unit_test(same_means_type_rank_and_every_dimension),
    };
    return cmocka_run_group_tests_name("tensor", tests, NULL, NULL);
}
