/*
 * What a host function asserts about its arguments: the total accessors, and a type error for what is of another kind.
 * The error is a primitive's: under the eval posture it goes to the host and no script handles it.
 */
#include "schooner/api/state.h"
#include "schooner/num/number.h"

sch_value sch_raise_type(sch_vm *vm, const char *expected, sch_value got)
{
    if (is_raised(got))
        return V_RAISED;
    return raise_type(vm, vm->host_function, 0, expected ? expected : "another value", got);
}

static bool need(sch_vm *vm, bool is_there, const char *expected, sch_value got)
{
    if (!is_there)
        (void)sch_raise_type(vm, expected, got);
    return is_there;
}

bool sch_need_integer(sch_vm *vm, sch_value value, int64_t *ret)
{
    return need(vm, sch_get_integer(value, ret), "an integer of 64 bits", value);
}

bool sch_need_real(sch_vm *vm, sch_value value, double *ret)
{
    return need(vm, sch_get_real(value, ret), "a real number", value);
}

bool sch_need_character(sch_vm *vm, sch_value value, uint32_t *ret)
{
    return need(vm, sch_get_character(value, ret), "a character", value);
}

bool sch_need_boolean(sch_vm *vm, sch_value value, bool *ret)
{
    return need(vm, sch_get_boolean(value, ret), "a boolean", value);
}

bool sch_need_string(sch_vm *vm, sch_value value, const char **ret_text, size_t *ret_length)
{
    bool is_there = is_string(value) && sch_get_text(value, ret_text, ret_length);
    return need(vm, is_there, "a string", value);
}

bool sch_need_symbol(sch_vm *vm, sch_value value, const char **ret_text, size_t *ret_length)
{
    bool is_there = is_symbol(value) && sch_get_text(value, ret_text, ret_length);
    return need(vm, is_there, "a symbol", value);
}

bool sch_need_bytes(sch_vm *vm, sch_value value, const void **ret_bytes, size_t *ret_length)
{
    return need(vm, sch_get_bytes(value, ret_bytes, ret_length), "a bytevector", value);
}

bool sch_need_pair(sch_vm *vm, sch_value value, sch_value *ret_car, sch_value *ret_cdr)
{
    return need(vm, sch_get_pair(value, ret_car, ret_cdr), "a pair", value);
}

bool sch_need_list(sch_vm *vm, sch_value value, size_t *ret_length)
{
    return need(vm, sch_get_list_length(value, ret_length), "a list", value);
}

bool sch_need_vector(sch_vm *vm, sch_value value, const sch_value **ret_items, size_t *ret_length)
{
    return need(vm, sch_get_vector(value, ret_items, ret_length), "a vector", value);
}

bool sch_need_procedure(sch_vm *vm, sch_value value)
{
    return need(vm, is_procedure(value), "a procedure", value);
}

bool sch_need_foreign(sch_vm *vm, sch_value value, const struct sch_foreign_type *type, void **ret)
{
    return need(vm, sch_get_foreign(value, type, ret), type && type->name ? type->name : "a foreign value", value);
}
