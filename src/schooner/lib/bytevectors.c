/* Bytevectors of (scheme base); conversions to strings are in lib/strings. */
#include "schooner/lib/list.h"
#include "schooner/table/primitive.h"

enum {
    BYTES_PER_UNIT = 64,
};

static struct bytevector *bytevector_new(sch_vm *vm, size_t length)
{
    if (length >= (size_t)1 << 40) {
        raise_limit(vm, SCH_LIMIT_HEAP);
        return NULL;
    }
    if (!charge(vm, length / BYTES_PER_UNIT) || !heap_reserve_object(vm, bytevector_size(length)))
        return NULL;
    return heap_object(vm, OBJECT_BYTEVECTOR, length, bytevector_size(length));
}

static bool check_bytevector(sch_vm *vm, const char *who, size_t argument, sch_value v)
{
    if (likely(is_bytevector(v)))
        return true;
    raise_type(vm, who, argument, "a bytevector", v);
    return false;
}

static bool check_writable(sch_vm *vm, const char *who, sch_value v)
{
    return check_bytevector(vm, who, 1, v) && argument_writable(vm, who, v);
}

static bool check_byte(sch_vm *vm, const char *who, size_t argument, sch_value v)
{
    if (likely(is_index(v, 256)))
        return true;
    raise_type(vm, who, argument, "a byte (0 to 255)", v);
    return false;
}

static inline unsigned char *bytes_of(sch_value v)
{
    return object_as(struct bytevector, v)->bytes;
}

sch_value prim_is_bytevector(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)vm, (void)count;
    return make_boolean(is_bytevector(args[0]));
}

sch_value prim_make_bytevector(sch_vm *vm, const sch_value *args, size_t count)
{
    size_t length;
    if (!argument_count(vm, "make-bytevector", 1, args[0], FIXNUM_MAX, &length) ||
        (count > 1 && !check_byte(vm, "make-bytevector", 2, args[1])))
        return V_RAISED;
    struct bytevector *out = bytevector_new(vm, length);
    if (!out)
        return V_RAISED;
    int fill = count > 1 ? (int)fixnum_int(args[1]) : 0;
    return fill_bytes(vm, out->bytes, fill, length) ? object_value(out) : V_RAISED;
}

sch_value prim_bytevector(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!charge(vm, count / ARGUMENTS_PER_UNIT))
        return V_RAISED;
    for (size_t i = 0; i < count; i++)
        if (!check_byte(vm, "bytevector", i + 1, args[i]))
            return V_RAISED;
    struct bytevector *out = bytevector_new(vm, count);
    if (!out)
        return V_RAISED;
    for (size_t i = 0; i < count; i++)
        out->bytes[i] = (unsigned char)fixnum_int(args[i]);
    return object_value(out);
}

sch_value prim_bytevector_length(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    if (!check_bytevector(vm, "bytevector-length", 1, args[0]))
        return V_RAISED;
    return make_fixnum((int64_t)object_length(args[0]));
}

sch_value prim_bytevector_ref(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    size_t k;
    if (!check_bytevector(vm, "bytevector-u8-ref", 1, args[0]) ||
        !argument_element(vm, "bytevector-u8-ref", 2, args[1], object_length(args[0]), &k))
        return V_RAISED;
    return make_fixnum(bytes_of(args[0])[k]);
}

sch_value prim_bytevector_set(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    size_t k;
    if (!check_writable(vm, "bytevector-u8-set!", args[0]) ||
        !argument_element(vm, "bytevector-u8-set!", 2, args[1], object_length(args[0]), &k) ||
        !check_byte(vm, "bytevector-u8-set!", 3, args[2]))
        return V_RAISED;
    bytes_of(args[0])[k] = (unsigned char)fixnum_int(args[2]);
    return V_UNSPECIFIED;
}

sch_value prim_bytevector_copy(sch_vm *vm, const sch_value *args, size_t count)
{
    size_t start, end;
    if (!check_bytevector(vm, "bytevector-copy", 1, args[0]) ||
        !argument_range(vm, "bytevector-copy", args, count, 1, object_length(args[0]), &start, &end))
        return V_RAISED;
    struct bytevector *out = bytevector_new(vm, end - start);
    if (!out)
        return V_RAISED;
    return copy_bytes(vm, out->bytes, bytes_of(args[0]) + start, end - start) ? object_value(out) : V_RAISED;
}

sch_value prim_bytevector_copy_to(sch_vm *vm, const sch_value *args, size_t count)
{
    size_t at, start, end;
    if (!check_writable(vm, "bytevector-copy!", args[0]) || !check_bytevector(vm, "bytevector-copy!", 3, args[2]))
        return V_RAISED;
    size_t room = object_length(args[0]);
    if (!argument_index(vm, "bytevector-copy!", 2, args[1], room, &at) ||
        !argument_range(vm, "bytevector-copy!", args, count, 3, object_length(args[2]), &start, &end))
        return V_RAISED;
    if (end - start > room - at)
        return raise_argument(vm, "bytevector-copy!", 2, args[1], "leaves room for %zu, not for %zu:", room - at,
                              end - start);
    if (!charge(vm, (end - start) / BYTES_PER_UNIT))
        return V_RAISED;
    return copy_bytes(vm, bytes_of(args[0]) + at, bytes_of(args[2]) + start, end - start) ? V_UNSPECIFIED : V_RAISED;
}

sch_value prim_bytevector_append(sch_vm *vm, const sch_value *args, size_t count)
{
    size_t total = 0;
    if (!charge(vm, count / ARGUMENTS_PER_UNIT)) /* they may all be empty */
        return V_RAISED;
    for (size_t i = 0; i < count; i++) {
        if (!check_bytevector(vm, "bytevector-append", i + 1, args[i]))
            return V_RAISED;
        if (!size_add(total, object_length(args[i]), &total))
            return raise_limit(vm, SCH_LIMIT_HEAP);
    }
    struct bytevector *out = bytevector_new(vm, total);
    if (!out)
        return V_RAISED;
    unsigned char *at = out->bytes;
    for (size_t i = 0; i < count; i++) {
        if (!copy_bytes(vm, at, bytes_of(args[i]), object_length(args[i])))
            return V_RAISED;
        at += object_length(args[i]);
    }
    return object_value(out);
}

sch_value prim_bytevector_fill(sch_vm *vm, const sch_value *args, size_t count)
{
    size_t start, end;
    if (!check_writable(vm, "bytevector-fill!", args[0]) || !check_byte(vm, "bytevector-fill!", 2, args[1]) ||
        !argument_range(vm, "bytevector-fill!", args, count, 2, object_length(args[0]), &start, &end) ||
        !charge(vm, (end - start) / BYTES_PER_UNIT))
        return V_RAISED;
    return fill_bytes(vm, bytes_of(args[0]) + start, (int)fixnum_int(args[1]), end - start) ? V_UNSPECIFIED : V_RAISED;
}
