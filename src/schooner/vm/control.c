/*
 * Primitives that work on the machine's stack and dynamic state. What only the interpreter's loop can do (a call, a
 * jump) they ask of it: they set a request and return as if they had raised.
 */
#include "schooner/table/primitive.h"
#include "schooner/vm/run.h"

static sch_value request(sch_vm *vm, enum request request)
{
    interpreter_of(vm)->request = request;
    return V_RAISED;
}

sch_value ask_call(sch_vm *vm, sch_value procedure, size_t count)
{
    interpreter_of(vm)->saved = procedure;
    interpreter_of(vm)->asked = count;
    return request(vm, REQUEST_CALL);
}

static bool check_procedure(sch_vm *vm, const char *who, size_t argument, sch_value v)
{
    if (likely(is_procedure(v)))
        return true;
    raise_type(vm, who, argument, "a procedure", v);
    return false;
}

/* (values object ...) */
sch_value prim_values(sch_vm *vm, const sch_value *args, size_t count)
{
    if (count == 1)
        return args[0];
    size_t bytes = object_size(sizeof(struct values), count, 8);
    if (!charge(vm, count / 4) || !heap_reserve_object(vm, bytes))
        return V_RAISED;
    struct values *values = heap_object(vm, OBJECT_VALUES, count, bytes);
    return copy_bytes(vm, values->items, args, count * sizeof *args) ? object_value(values) : V_RAISED;
}

/* (apply procedure argument ... list) */
sch_value prim_apply(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!check_procedure(vm, "apply", 1, args[0]))
        return V_RAISED;
    if (count == 1)
        return raise_error(vm, "arity-error", "apply", 0, NULL, "expected at least 2 arguments, got 1");
    sch_value slow = args[count - 1], fast = slow;
    uint64_t steps = 0;
    while (is_pair(fast)) {
        fast = pair_cdr(fast);
        if (steps++ & 1)
            slow = pair_cdr(slow);
        if ((steps & 63) == 0 && !charge(vm, 64))
            return V_RAISED;
        if (steps > 2 && value_same(slow, fast) && is_pair(fast))
            return raise_type(vm, "apply", count, "a list", args[count - 1]);
    }
    if (!is_nil(fast))
        return raise_type(vm, "apply", count, "a list", args[count - 1]);
    return request(vm, REQUEST_APPLY);
}

/* (call-with-values producer consumer) */
sch_value prim_call_with_values(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    if (!check_procedure(vm, "call-with-values", 1, args[0]) || !check_procedure(vm, "call-with-values", 2, args[1]))
        return V_RAISED;
    return request(vm, REQUEST_VALUES);
}

/* (call/cc procedure) */
sch_value prim_call_cc(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    if (!check_procedure(vm, "call/cc", 1, args[0]))
        return V_RAISED;
    return request(vm, REQUEST_CALL_CC);
}

/* (%throw continuation list-of-values) */
sch_value prim_throw(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    struct interpreter *in = interpreter_of(vm);
    if (!is_continuation(args[0]))
        return raise_type(vm, "%throw", 1, "a continuation", args[0]);
    size_t length = 0;
    for (sch_value at = args[1]; is_pair(at); at = pair_cdr(at))
        if (++length % 64 == 0 && !charge(vm, 64))
            return V_RAISED;
    sch_value value;
    if (length == 1) {
        value = pair_car(args[1]);
    } else {
        size_t bytes = object_size(sizeof(struct values), length, 8);
        if (!charge(vm, length) || !heap_reserve_object(vm, bytes))
            return V_RAISED;
        struct values *values = heap_object(vm, OBJECT_VALUES, length, bytes);
        size_t i = 0;
        for (sch_value at = args[1]; is_pair(at); at = pair_cdr(at))
            values->items[i++] = pair_car(at);
        value = object_value(values);
    }
    in->throw_to = args[0];
    in->throw_value = value;
    return request(vm, REQUEST_THROW);
}

sch_value prim_is_continuation(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)vm, (void)count;
    return make_boolean(is_continuation(args[0]));
}

sch_value prim_raise(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    return raise_value(vm, args[0], false);
}

sch_value prim_raise_continuable(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    return raise_value(vm, args[0], true);
}

/* (%raise-type who argument expected object): for procedures of the library that are written in Scheme */
sch_value prim_raise_type(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    const char *who = is_symbol(args[0]) ? object_as(struct symbol, args[0])->text : NULL;
    const char *expected = is_istring(args[2]) ? object_as(struct string, args[2])->text : "another object";
    size_t argument = is_fixnum(args[1]) ? (size_t)fixnum_int(args[1]) : 0;
    return raise_type(vm, who, argument, expected, args[3]);
}

/* --- dynamic state --- */

enum { GUARD_UNITS = 3 }; /* for making its handler the innermost */
/* Of parameters, passed within a unit of fuel: each is a walk over memory. Among many the clock is looked at. */
enum { BINDINGS_PER_UNIT = 4, BINDINGS_PER_POLL = 1024 };

/* The value that is bound, or else `otherwise`. V_RAISED: a limit. Code of a stranger may name the procedures that bind
 * (travel/), and has changed the pairs since they were looked at: what is no binding ends the list, and so does a cycle
 * (Brent). */
static sch_value bound_value(sch_vm *vm, bool (*matches)(sch_value, const void *), const void *what,
                             sch_value otherwise)
{
    uint64_t passed = 0, power = 1;
    sch_value slow = V_NIL;
    for (sch_value at = dynamic_of(vm->dynamic)->parameters; is_pair(at) && is_pair(pair_car(at)); at = pair_cdr(at)) {
        if (unlikely(value_same(at, slow)))
            break;
        if (matches(pair_car(pair_car(at)), what)) {
            otherwise = pair_cdr(pair_car(at));
            break;
        }
        if (++passed == power) {
            power *= 2;
            slow = at;
        }
        if (unlikely(passed % BINDINGS_PER_POLL == 0) &&
            (!charge(vm, BINDINGS_PER_POLL / BINDINGS_PER_UNIT) || !poll(vm)))
            return V_RAISED;
    }
    return charge(vm, passed % BINDINGS_PER_POLL / BINDINGS_PER_UNIT) ? otherwise : V_RAISED;
}

static bool is_that(sch_value bound, const void *what)
{
    return is_object(bound) && object_of(bound) == what;
}

static bool has_index(sch_value bound, const void *what)
{
    return is_parameter(bound) && object_as(struct parameter, bound)->index == *(const unsigned *)what;
}

sch_value parameter_object_value(sch_vm *vm, sch_value v)
{
    const struct parameter *parameter = object_as(struct parameter, v);
    sch_value global = parameter->index == PARAMETER_OWN ? parameter->value : vm->standard_parameters[parameter->index];
    return bound_value(vm, is_that, parameter, global);
}

sch_value parameter_value(sch_vm *vm, unsigned standard_index)
{
    return bound_value(vm, has_index, &standard_index, vm->standard_parameters[standard_index]);
}

static sch_value dynamic_build(sch_vm *vm, sch_value winds, sch_value handlers, sch_value parameters)
{
    struct dynamic *dynamic = heap_object(vm, OBJECT_DYNAMIC, 3, object_size(sizeof(struct dynamic), 0, 0));
    dynamic->winds = winds;
    dynamic->handlers = handlers;
    dynamic->parameters = parameters;
    return object_value(dynamic);
}

sch_value dynamic_make(sch_vm *vm, sch_value winds, sch_value handlers, sch_value parameters)
{
    if (!heap_reserve(vm, object_size(sizeof(struct dynamic), 0, 0)))
        return V_RAISED;
    return dynamic_build(vm, winds, handlers, parameters);
}

static sch_value with_dynamic(sch_vm *vm, sch_value dynamic)
{
    if (is_raised(dynamic))
        return V_RAISED;
    interpreter_of(vm)->saved = vm->dynamic;
    vm->dynamic = dynamic;
    return request(vm, REQUEST_THUNK);
}

/* (%with-handlers list thunk) */
sch_value prim_with_handlers(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    if (!check_procedure(vm, "with-exception-handler", 2, args[1]))
        return V_RAISED;
    const struct dynamic *now = dynamic_of(vm->dynamic);
    return with_dynamic(vm, dynamic_make(vm, now->winds, args[0], now->parameters));
}

/* (%with-guard handler body): body under one more handler */
sch_value prim_with_guard(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    if (!charge(vm, GUARD_UNITS) || !heap_reserve(vm, PAIR_SIZE + object_size(sizeof(struct dynamic), 0, 0)))
        return V_RAISED;
    const struct dynamic *now = dynamic_of(vm->dynamic);
    sch_value handlers = cons(vm, args[0], now->handlers);
    return with_dynamic(vm, dynamic_build(vm, now->winds, handlers, now->parameters));
}

/* (%caught object), (%caught object object), a pair of them: what guard hands from its handler to where it stands. A
 * box: no script has one as a value. */
sch_value prim_caught(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!heap_reserve(vm, PAIR_SIZE + 16))
        return V_RAISED;
    sch_value caught = count == 1 ? args[0] : cons(vm, args[0], args[1]);
    struct box *box = heap_object(vm, OBJECT_BOX, 1, 16);
    box->value = caught;
    return object_value(box);
}

/* (%caught? object): a unit where not, as what a guard ends with; what follows a catch weighs one */
sch_value prim_is_caught(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    bool is_caught = is_type(args[0], OBJECT_BOX);
    return is_caught || charge(vm, 1) ? make_boolean(is_caught) : V_RAISED;
}

/* (%caught-object caught) */
sch_value prim_caught_object(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    if (!is_type(args[0], OBJECT_BOX))
        return raise_type(vm, "guard", 1, "what was caught", args[0]);
    return object_as(struct box, args[0])->value;
}

/* (%with-parameters alist thunk) */
sch_value prim_with_parameters(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    if (!check_procedure(vm, "parameterize", 2, args[1]))
        return V_RAISED;
    const struct dynamic *now = dynamic_of(vm->dynamic);
    /* what is new in front; the rest was looked at when it was */
    for (sch_value at = args[0]; !value_same(at, now->parameters) && !is_nil(at); at = pair_cdr(at))
        if (!charge(vm, 1) || !is_pair(at) || !is_pair(pair_car(at)) || !is_parameter(pair_car(pair_car(at))))
            return vm->limit != SCH_LIMIT_NONE
                       ? V_RAISED
                       : raise_type(vm, "parameterize", 1, "a list of parameter objects and values", args[0]);
    return with_dynamic(vm, dynamic_make(vm, now->winds, now->handlers, args[0]));
}

sch_value prim_handlers(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)args, (void)count;
    return dynamic_of(vm->dynamic)->handlers;
}

sch_value prim_parameters(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)args, (void)count;
    return dynamic_of(vm->dynamic)->parameters;
}

sch_value prim_dynamic_winds(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)args, (void)count;
    return dynamic_of(vm->dynamic)->winds;
}

sch_value prim_set_dynamic_winds(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    const struct dynamic *now = dynamic_of(vm->dynamic);
    sch_value dynamic = dynamic_make(vm, args[0], now->handlers, now->parameters);
    if (is_raised(dynamic))
        return V_RAISED;
    vm->dynamic = dynamic;
    return V_UNSPECIFIED;
}

sch_value prim_dynamic(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)args, (void)count;
    return vm->dynamic;
}

sch_value prim_set_dynamic(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    if (!is_type(args[0], OBJECT_DYNAMIC))
        return raise_type(vm, "%set-dynamic!", 1, "a dynamic state", args[0]);
    vm->dynamic = args[0];
    return V_UNSPECIFIED;
}
