/*
 * Promises and parameter objects. Forcing is Scheme (lib/schooner/kernel.sld), after section 7.3 of R7RS: a promise
 * holds a pair (done? . value-or-thunk) that delay-force shares between promises.
 */
#include "schooner/heap/barrier.h"
#include "schooner/table/primitive.h"

sch_value prim_is_promise(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)vm, (void)count;
    return make_boolean(is_promise(args[0]));
}

/* (%make-promise done? value-or-thunk) */
sch_value prim_make_promise_raw(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    size_t size = object_size(sizeof(struct promise), 0, 0);
    if (!heap_reserve(vm, size + PAIR_SIZE))
        return V_RAISED;
    sch_value state = cons(vm, args[0], args[1]);
    struct promise *promise = heap_object(vm, OBJECT_PROMISE, 1, size);
    promise->state = state;
    return object_value(promise);
}

static bool check_promise(sch_vm *vm, const char *who, sch_value v)
{
    if (likely(is_promise(v)))
        return true;
    raise_type(vm, who, 1, "a promise", v);
    return false;
}

/* Promises of the image, if there were any, would be all machines'. */
static bool check_own(sch_vm *vm, sch_value promise)
{
    if (likely(!heap_is_frozen(promise) && !heap_is_frozen(object_as(struct promise, promise)->state)))
        return true;
    raise_error(vm, "immutable", "force", 0, NULL, "a promise of a library cannot be changed");
    return false;
}

static inline sch_value state_of(sch_value promise)
{
    return object_as(struct promise, promise)->state;
}

sch_value prim_promise_is_done(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    return check_promise(vm, "force", args[0]) ? pair_car(state_of(args[0])) : V_RAISED;
}

sch_value prim_promise_content(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    return check_promise(vm, "force", args[0]) ? pair_cdr(state_of(args[0])) : V_RAISED;
}

/* (%promise-fulfil! promise value) */
sch_value prim_promise_fulfil(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    if (!check_promise(vm, "force", args[0]))
        return V_RAISED;
    if (!check_own(vm, args[0]))
        return V_RAISED;
    sch_value state = state_of(args[0]);
    barrier_pair(vm, state);
    pair_of(state)->car = V_TRUE;
    pair_of(state)->cdr = args[1];
    return V_UNSPECIFIED;
}

/* (%promise-join! promise inner): promise takes over what inner holds, and inner shares the state from now on. */
sch_value prim_promise_join(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    if (!check_promise(vm, "force", args[0]))
        return V_RAISED;
    if (!is_promise(args[1]))
        return raise_type(vm, "delay-force", 1, "a promise", args[1]);
    if (!check_own(vm, args[0]) || !check_own(vm, args[1]))
        return V_RAISED;
    sch_value state = state_of(args[0]);
    sch_value inner = state_of(args[1]);
    barrier_pair(vm, state);
    pair_of(state)->car = pair_car(inner);
    pair_of(state)->cdr = pair_cdr(inner);
    barrier_object(vm, object_of(args[1]));
    object_as(struct promise, args[1])->state = state;
    return V_UNSPECIFIED;
}

sch_value prim_is_parameter(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)vm, (void)count;
    return make_boolean(is_parameter(args[0]));
}

static sch_value parameter_new(sch_vm *vm, uint64_t index, const sch_value *value, const sch_value *converter)
{
    size_t size = object_size(sizeof(struct parameter), 0, 0);
    if (!heap_reserve(vm, size))
        return V_RAISED;
    struct parameter *parameter = heap_object(vm, OBJECT_PARAMETER, 2, size);
    parameter->index = index;
    parameter->value = value ? *value : V_UNSPECIFIED;
    parameter->converter = converter ? *converter : V_FALSE;
    return object_value(parameter);
}

/* (%make-parameter converted-value converter-or-#f) */
sch_value prim_make_parameter(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    return parameter_new(vm, PARAMETER_OWN, &args[0], &args[1]);
}

/* (%standard-parameter index): its value is the machine's, so that the image may hold it */
sch_value prim_standard_parameter(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    size_t known = sizeof vm->standard_parameters / sizeof vm->standard_parameters[0];
    if (!is_index(args[0], known))
        return raise_range(vm, "%standard-parameter", 1, args[0]);
    return parameter_new(vm, (uint64_t)fixnum_int(args[0]), NULL, NULL);
}

sch_value prim_parameter_converter(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    if (!is_parameter(args[0]))
        return raise_type(vm, "parameterize", 1, "a parameter object", args[0]);
    return object_as(struct parameter, args[0])->converter;
}

/* (%standard-parameter-set! index value): how libraries of the image keep state for each machine */
sch_value prim_standard_parameter_set(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    size_t known = sizeof vm->standard_parameters / sizeof vm->standard_parameters[0];
    if (!is_index(args[0], known))
        return raise_range(vm, "%standard-parameter-set!", 1, args[0]);
    vm->standard_parameters[fixnum_int(args[0])] = args[1];
    return V_UNSPECIFIED;
}
