/* Error objects. Raising is the interpreter's (vm/); here they are made and looked at. */
#include "schooner/table/primitive.h"

/* (%make-condition kind message irritants who) */
sch_value prim_make_condition(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    size_t size = object_size(sizeof(struct condition), 0, 0);
    if (!heap_reserve(vm, size))
        return V_RAISED;
    struct condition *condition = heap_object(vm, OBJECT_CONDITION, 6, size);
    condition->kind = args[0];
    condition->message = args[1];
    condition->irritants = args[2];
    condition->who = args[3];
    condition->position = V_FALSE;
    condition->frames = V_FALSE;
    return object_value(condition);
}

sch_value prim_is_error_object(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)vm, (void)count;
    return make_boolean(is_condition(args[0]));
}

#define CONDITION_FIELD(function, who, member)                          \
    sch_value function(sch_vm *vm, const sch_value *args, size_t count) \
    {                                                                   \
        (void)count;                                                    \
        if (!is_condition(args[0]))                                     \
            return raise_type(vm, who, 1, "an error object", args[0]);  \
        return object_as(struct condition, args[0])->member;            \
    }
CONDITION_FIELD(prim_error_message, "error-object-message", message)
CONDITION_FIELD(prim_error_irritants, "error-object-irritants", irritants)
CONDITION_FIELD(prim_error_kind, "error-object-kind", kind)
CONDITION_FIELD(prim_error_who, "error-object-who", who)
CONDITION_FIELD(prim_error_position, "error-object-position", position)

static bool has_kind(sch_value v, const char *kind)
{
    if (!is_condition(v))
        return false;
    sch_value symbol = object_as(struct condition, v)->kind;
    return is_symbol(symbol) && strcmp(object_as(struct symbol, symbol)->text, kind) == 0;
}

sch_value prim_is_read_error(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)vm, (void)count;
    return make_boolean(has_kind(args[0], "read-error") || has_kind(args[0], "read-incomplete"));
}

sch_value prim_is_file_error(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)vm, (void)count;
    return make_boolean(has_kind(args[0], "file-error"));
}
