/* Symbols: R7RS 6.5, and keywords. */
#include "schooner/table/primitive.h"
#include "schooner/lib/text.h"

static const struct symbol *symbol_view(sch_value v)
{
    return object_as(struct symbol, v);
}

sch_value prim_is_symbol(sch_vm *vm, const sch_value *args, size_t count)
{
    return make_boolean(is_symbol(args[0]));
}

static bool check_symbols(sch_vm *vm, const char *who, const sch_value *args, size_t count)
{
    if (!charge(vm, count / ARGUMENTS_PER_UNIT))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!is_symbol(args[i])) {
            raise_type(vm, who, i + 1, "a symbol", args[i]);
            return false;
        }
    }
    return true;
}

sch_value prim_symbol_equal(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!check_symbols(vm, "symbol=?", args, count))
        return V_RAISED;
    for (size_t i = 1; i < count; i++) {
        if (!value_same(args[i - 1], args[i]))
            return V_FALSE;
    }
    return V_TRUE;
}

static int compare_names(sch_value a, sch_value b)
{
    size_t a_length = object_length(a), b_length = object_length(b);
    int comparison = memcmp(symbol_view(a)->text, symbol_view(b)->text, size_min(a_length, b_length));
    return comparison != 0 ? comparison : a_length < b_length ? -1 : a_length > b_length;
}

sch_value prim_symbol_less(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!check_symbols(vm, "symbol<?", args, count))
        return V_RAISED;
    for (size_t i = 1; i < count; i++) {
        if (!charge(vm, object_length(args[i]) / BYTES_PER_UNIT))
            return V_RAISED;
        if (compare_names(args[i - 1], args[i]) >= 0)
            return V_FALSE;
    }
    return V_TRUE;
}

sch_value prim_symbol_to_string(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!is_symbol(args[0]))
        return raise_type(vm, "symbol->string", 1, "a symbol", args[0]);
    size_t length = object_length(args[0]);
    if (!charge(vm, length / BYTES_PER_UNIT))
        return V_RAISED;
    return string_of(vm, symbol_view(args[0])->text, length);
}

sch_value prim_string_to_symbol(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!is_string(args[0]))
        return raise_type(vm, "string->symbol", 1, "a string", args[0]);
    size_t length = string_length(args[0]);
    if (!charge(vm, length / CHARACTERS_PER_UNIT))
        return V_RAISED;
    return symbol_of_text(vm, string_view(args[0])->text, length);
}

sch_value prim_is_keyword(sch_vm *vm, const sch_value *args, size_t count)
{
    return make_boolean(is_keyword(args[0]));
}

sch_value prim_keyword_to_symbol(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!is_keyword(args[0]))
        return raise_type(vm, "keyword->symbol", 1, "a keyword", args[0]);
    return object_as(struct keyword, args[0])->symbol;
}

sch_value prim_symbol_to_keyword(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!is_symbol(args[0]))
        return raise_type(vm, "symbol->keyword", 1, "a symbol", args[0]);
    return keyword_of(vm, args[0]);
}
