/* Record types and records; define-record-type expands into these. */
#include "schooner/heap/barrier.h"
#include "schooner/table/primitive.h"

enum { RECORD_FIELDS_MAX = 1000 };

static bool check_type(sch_vm *vm, const char *who, size_t argument, sch_value v)
{
    if (likely(is_record_type(v)))
        return true;
    raise_type(vm, who, argument, "a record type", v);
    return false;
}

/* (%make-record-type name #(field ...)) */
sch_value prim_make_record_type(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    if (!is_symbol(args[0]))
        return raise_type(vm, "define-record-type", 1, "a symbol", args[0]);
    if (!is_vector(args[1]))
        return raise_type(vm, "define-record-type", 2, "a vector of symbols", args[1]);
    size_t fields = object_length(args[1]);
    if (fields > RECORD_FIELDS_MAX)
        return raise_error(vm, "syntax-error", "define-record-type", 1, args, "too many fields (limit %d)",
                           RECORD_FIELDS_MAX);
    size_t type_size = object_size(sizeof(struct record_type), 0, 0);
    if (!heap_reserve(vm, type_size))
        return V_RAISED;
    struct record_type *type = heap_object(vm, OBJECT_RECORD_TYPE, 4, type_size);
    type->name = args[0];
    type->fields = args[1];
    type->parent = V_FALSE;
    type->extra = V_FALSE;
    return object_value(type);
}

sch_value prim_is_record_type(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)vm, (void)count;
    return make_boolean(is_record_type(args[0]));
}

sch_value prim_record_type_name(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    if (!check_type(vm, "%record-type-name", 1, args[0]))
        return V_RAISED;
    return object_as(struct record_type, args[0])->name;
}

sch_value prim_record_type_fields(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    if (!check_type(vm, "%record-type-fields", 1, args[0]))
        return V_RAISED;
    return object_as(struct record_type, args[0])->fields;
}

sch_value prim_is_record(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)vm, (void)count;
    return make_boolean(is_record(args[0]));
}

sch_value prim_record_type_of(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    if (!is_record(args[0]))
        return raise_type(vm, "%record-type-of", 1, "a record", args[0]);
    return object_as(struct record, args[0])->type;
}

/* (%make-record type field ...) */
sch_value prim_make_record(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!check_type(vm, "%make-record", 1, args[0]))
        return V_RAISED;
    size_t fields = count - 1;
    if (!heap_reserve_object(vm, record_size(fields)))
        return V_RAISED;
    struct record *record = heap_object(vm, OBJECT_RECORD, 1 + fields, record_size(fields));
    record->type = args[0];
    memcpy(record->fields, args + 1, fields * sizeof *args);
    return object_value(record);
}

static inline bool record_has_type(sch_value v, sch_value type)
{
    return is_record(v) && value_same(object_as(struct record, v)->type, type);
}

sch_value prim_record_is(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)vm, (void)count;
    return make_boolean(record_has_type(args[0], args[1]));
}

/* The field that an accessor or modifier means; NULL: raised in the name of `who`. */
static sch_value *field(sch_vm *vm, sch_value record, sch_value type, sch_value index, sch_value who)
{
    if (unlikely(!record_has_type(record, type) || !is_index(index, object_length(record) - 1))) {
        sch_value irritants[] = { record };
        const char *name =
            is_record_type(type) ? object_as(struct symbol, object_as(struct record_type, type)->name)->text : "record";
        raise_error(vm, "type-error", is_symbol(who) ? object_as(struct symbol, who)->text : NULL, 1, irritants,
                    "expected a record of type %.60s, got", name);
        return NULL;
    }
    return &object_as(struct record, record)->fields[fixnum_int(index)];
}

/* (%record-ref record type index accessor-name) */
sch_value prim_record_ref(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    const sch_value *at = field(vm, args[0], args[1], args[2], args[3]);
    return at ? *at : V_RAISED;
}

/* (%record-set! record type index value modifier-name) */
sch_value prim_record_set(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    sch_value *at = field(vm, args[0], args[1], args[2], args[4]);
    if (!at)
        return V_RAISED;
    if (heap_is_frozen(args[0]))
        return raise_error(vm, "immutable", NULL, 1, args, "a record of a library cannot be changed:");
    barrier_object(vm, object_of(args[0]));
    *at = args[3];
    return V_UNSPECIFIED;
}

/* (%record-ref-any record index): for libraries that walk records of every type */
sch_value prim_record_ref_any(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    if (!is_record(args[0]))
        return raise_type(vm, "%record-ref-any", 1, "a record", args[0]);
    if (!is_index(args[1], object_length(args[0]) - 1))
        return raise_range(vm, "%record-ref-any", 2, args[1]);
    return object_as(struct record, args[0])->fields[fixnum_int(args[1])];
}
