/* Vectors of (scheme base). */
#include "schooner/heap/barrier.h"
#include "schooner/lib/list.h"
#include "schooner/table/primitive.h"

enum {
    ITEMS_PER_UNIT = 8,
    ITEMS_PER_POLL = 65536, /* fresh memory is slow: half a megabyte of it between looks at the clock */
};

/* A fresh vector of `length` unspecified elements, work charged; NULL: raised. The caller fills it at once. */
static struct vector *vector_new(sch_vm *vm, size_t length)
{
    if (length >= (size_t)1 << 40) {
        raise_limit(vm, SCH_LIMIT_HEAP);
        return NULL;
    }
    if (!charge(vm, length / ITEMS_PER_UNIT) || !heap_reserve_object(vm, vector_size(length)))
        return NULL;
    return heap_object(vm, OBJECT_VECTOR, length, vector_size(length));
}

static bool check_vector(sch_vm *vm, const char *who, size_t argument, sch_value v)
{
    if (likely(is_vector(v)))
        return true;
    raise_type(vm, who, argument, "a vector", v);
    return false;
}

static bool check_writable(sch_vm *vm, const char *who, sch_value v)
{
    return check_vector(vm, who, 1, v) && argument_writable(vm, who, v);
}

static inline sch_value *items_of(sch_value v)
{
    return object_as(struct vector, v)->items;
}

sch_value prim_is_vector(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)vm, (void)count;
    return make_boolean(is_vector(args[0]));
}

sch_value prim_make_vector(sch_vm *vm, const sch_value *args, size_t count)
{
    size_t length;
    if (!argument_count(vm, "make-vector", 1, args[0], FIXNUM_MAX, &length))
        return V_RAISED;
    struct vector *vector = vector_new(vm, length);
    if (!vector)
        return V_RAISED;
    sch_value fill = count > 1 ? args[1] : V_UNSPECIFIED;
    for (size_t i = 0; i < length; i++) {
        vector->items[i] = fill;
        if (i % ITEMS_PER_POLL == ITEMS_PER_POLL - 1 && !poll(vm))
            return V_RAISED;
    }
    return object_value(vector);
}

sch_value prim_vector(sch_vm *vm, const sch_value *args, size_t count)
{
    struct vector *vector = vector_new(vm, count);
    if (!vector)
        return V_RAISED;
    return copy_bytes(vm, vector->items, args, count * sizeof *args) ? object_value(vector) : V_RAISED;
}

sch_value prim_vector_length(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    if (!check_vector(vm, "vector-length", 1, args[0]))
        return V_RAISED;
    return make_fixnum((int64_t)object_length(args[0]));
}

sch_value prim_vector_ref(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    size_t k;
    if (!check_vector(vm, "vector-ref", 1, args[0]) ||
        !argument_element(vm, "vector-ref", 2, args[1], object_length(args[0]), &k))
        return V_RAISED;
    return items_of(args[0])[k];
}

sch_value prim_vector_set(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    size_t k;
    /* First all at once: loops wait for this. What the image holds bears the flag of literals too. */
    bool plain = is_vector(args[0]) && !(header_flags(value_header(args[0])) & OBJECT_FROZEN) &&
                 is_index(args[1], object_length(args[0]));
    if (unlikely(!plain) && (!check_writable(vm, "vector-set!", args[0]) ||
                             !argument_element(vm, "vector-set!", 2, args[1], object_length(args[0]), &k)))
        return V_RAISED;
    k = (size_t)fixnum_int(args[1]);
    barrier_object(vm, object_of(args[0]));
    items_of(args[0])[k] = args[2];
    return V_UNSPECIFIED;
}

sch_value prim_vector_to_list(sch_vm *vm, const sch_value *args, size_t count)
{
    size_t start, end;
    if (!check_vector(vm, "vector->list", 1, args[0]) ||
        !argument_range(vm, "vector->list", args, count, 1, object_length(args[0]), &start, &end))
        return V_RAISED;
    if (!charge(vm, pairs_cost(end - start)) || !heap_reserve_pairs(vm, end - start))
        return V_RAISED;
    const sch_value *items = items_of(args[0]) + start;
    sch_value list = V_NIL, *last = &list;
    for (size_t made = 0, run; made < end - start; made += run) {
        struct pair *pairs = heap_take_pairs(vm, end - start - made, &run);
        *last = pair_value(pairs); /* made since the reservation: no barrier */
        for (size_t i = 0; i < run; i++)
            pairs[i] = (struct pair){ items[made + i], pair_value(&pairs[i + 1]) };
        last = &pairs[run - 1].cdr;
        *last = V_NIL;
        if (!run_goes_on(vm, made, run))
            return V_RAISED;
    }
    return list;
}

sch_value prim_list_to_vector(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    size_t length;
    if (!list_length(vm, "list->vector", 1, args[0], &length) || !charge(vm, length))
        return V_RAISED;
    struct vector *vector = vector_new(vm, length);
    if (!vector)
        return V_RAISED;
    sch_value list = args[0];
    for (size_t i = 0; i < length; i++, list = pair_cdr(list)) {
        vector->items[i] = pair_car(list);
        if (!pairs_go_on(vm, i))
            return V_RAISED;
    }
    return object_value(vector);
}

sch_value prim_vector_fill(sch_vm *vm, const sch_value *args, size_t count)
{
    size_t start, end;
    if (!check_writable(vm, "vector-fill!", args[0]) ||
        !argument_range(vm, "vector-fill!", args, count, 2, object_length(args[0]), &start, &end) ||
        !charge(vm, (end - start) / ITEMS_PER_UNIT))
        return V_RAISED;
    barrier_object(vm, object_of(args[0]));
    for (size_t i = start; i < end; i++) {
        items_of(args[0])[i] = args[1];
        if (i % ITEMS_PER_POLL == ITEMS_PER_POLL - 1 && !poll(vm))
            return V_RAISED;
    }
    return V_UNSPECIFIED;
}

sch_value prim_vector_copy(sch_vm *vm, const sch_value *args, size_t count)
{
    size_t start, end;
    if (!check_vector(vm, "vector-copy", 1, args[0]) ||
        !argument_range(vm, "vector-copy", args, count, 1, object_length(args[0]), &start, &end))
        return V_RAISED;
    struct vector *vector = vector_new(vm, end - start);
    if (!vector)
        return V_RAISED;
    bool done = copy_bytes(vm, vector->items, items_of(args[0]) + start, (end - start) * sizeof(sch_value));
    return done ? object_value(vector) : V_RAISED;
}

sch_value prim_vector_copy_to(sch_vm *vm, const sch_value *args, size_t count)
{
    size_t at, start, end;
    if (!check_writable(vm, "vector-copy!", args[0]) || !check_vector(vm, "vector-copy!", 3, args[2]))
        return V_RAISED;
    size_t room = object_length(args[0]);
    if (!argument_index(vm, "vector-copy!", 2, args[1], room, &at) ||
        !argument_range(vm, "vector-copy!", args, count, 3, object_length(args[2]), &start, &end))
        return V_RAISED;
    if (end - start > room - at)
        return raise_argument(vm, "vector-copy!", 2, args[1], "leaves room for %zu, not for %zu:", room - at,
                              end - start);
    if (!charge(vm, (end - start) / ITEMS_PER_UNIT))
        return V_RAISED;
    barrier_object(vm, object_of(args[0]));
    bool done = copy_bytes(vm, items_of(args[0]) + at, items_of(args[2]) + start, (end - start) * sizeof(sch_value));
    return done ? V_UNSPECIFIED : V_RAISED;
}

sch_value prim_vector_append(sch_vm *vm, const sch_value *args, size_t count)
{
    size_t total = 0;
    if (!charge(vm, count / ARGUMENTS_PER_UNIT)) /* they may all be empty */
        return V_RAISED;
    for (size_t i = 0; i < count; i++) {
        if (!check_vector(vm, "vector-append", i + 1, args[i]))
            return V_RAISED;
        if (!size_add(total, object_length(args[i]), &total))
            return raise_limit(vm, SCH_LIMIT_HEAP);
    }
    struct vector *vector = vector_new(vm, total);
    if (!vector)
        return V_RAISED;
    sch_value *out = vector->items;
    for (size_t i = 0; i < count; i++) {
        size_t length = object_length(args[i]);
        if (!copy_bytes(vm, out, items_of(args[i]), length * sizeof *out))
            return V_RAISED;
        out += length;
    }
    return object_value(vector);
}
