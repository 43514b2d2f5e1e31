#include "tensor.h"

uint64_t tensor_element_bytes(enum dtype dtype)
{
    switch (dtype) {
    case DTYPE_U8:
        return 1;
    case DTYPE_I64:
        return 8;
    case DTYPE_F32:
        return 4;
    }
    return 0;
}

bool tensor_bytes(const struct tensor_type *type, uint64_t *bytes)
{
    uint64_t product = tensor_element_bytes(type->dtype);
    for (int i = 0; i < type->dims; i++)
        if (__builtin_mul_overflow(product, type->dim[i], &product))
            return false;
    *bytes = product;
    return true;
}

bool tensor_same(const struct tensor_type *a, const struct tensor_type *b)
{
    if (a->dtype != b->dtype || a->dims != b->dims)
        return false;
    for (int i = 0; i < a->dims; i++)
        if (a->dim[i] != b->dim[i])
            return false;
    return true;
}
