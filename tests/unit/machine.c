/* See machine.h. */
#include "machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "schooner/port/port.h"

#define WEAK __attribute__((weak))

struct test_state {
    sch_value roots[MACHINE_ROOTS];
    size_t polls_left;
    size_t polls;
    size_t finalized;
    void (*sweep)(sch_vm *vm);
};

static struct test_state *state_of(sch_vm *vm)
{
    return vm->host_data;
}

static void trace_roots(sch_vm *vm, struct heap_marker *marker)
{
    heap_mark_values(marker, state_of(vm)->roots, MACHINE_ROOTS);
    heap_mark_values(marker, vm->raised.irritants, vm->raised.irritant_count);
    heap_mark_value(marker, vm->raised.payload);
    heap_mark_values(marker, vm->standard_parameters, 8);
}

static void trace_object(sch_vm *vm, struct heap_marker *marker, struct object *object)
{
    if (header_type(object->header) == OBJECT_PORT)
        heap_mark_values(marker, &((struct port *)object)->bytes, 2);
}

static void sweep_weak(sch_vm *vm)
{
    if (vm->symbols)
        symbol_sweep(vm);
    if (state_of(vm)->sweep)
        state_of(vm)->sweep(vm);
}

static void finalize(sch_vm *vm, struct object *object)
{
    state_of(vm)->finalized++;
    if (header_type(object->header) == OBJECT_FOREIGN) {
        const struct foreign *foreign = (const struct foreign *)object;
        account_retract(&vm->account, foreign->declared);
        if (foreign->type && foreign->type->finalize)
            foreign->type->finalize(foreign->pointer);
    }
}

static bool heap_poll(sch_vm *vm)
{
    struct test_state *state = state_of(vm);
    state->polls++;
    if (state->polls_left == 0)
        return false;
    state->polls_left -= state->polls_left != SIZE_MAX;
    return true;
}

static const struct heap_client test_client = {
    .trace_roots = trace_roots,
    .trace_object = trace_object,
    .sweep_weak = sweep_weak,
    .finalize = finalize,
    .poll = heap_poll,
};

sch_vm *machine_new(const struct machine_options *options)
{
    uint64_t cap = options && options->cap ? options->cap : 64 << 20;
    sch_vm *vm = heap_machine_new(options ? options->memory : NULL, cap, &test_client);
    struct test_state *state = calloc(1, sizeof *state);
    if (!vm || !state) {
        free(state);
        return NULL;
    }
    vm->host_data = state;
    state->polls_left = SIZE_MAX;
    vm->slice = INT64_MAX / 2;
    vm->fuel_left = UINT64_MAX;
    vm->deadline_ns = UINT64_MAX;
    vm->integer_bits = 4 << 20;
    vm->nesting = 10000;
    vm->output_left = 1 << 20;
    vm->hash_key[0] = 1;
    vm->hash_key[1] = 2;
    vm->stack = vm->continuation = vm->dynamic = V_NIL;
    buffer_init(&vm->output, vm_memory(vm));
    if (!symbol_table_init(vm)) {
        machine_free(vm);
        return NULL;
    }
    return vm;
}

void machine_free(sch_vm *vm)
{
    struct test_state *state = state_of(vm);
    heap_machine_free(vm);
    free(state);
}

sch_value *machine_roots(sch_vm *vm)
{
    return state_of(vm)->roots;
}

void machine_set_polls(sch_vm *vm, size_t polls_left)
{
    state_of(vm)->polls_left = polls_left;
}

size_t machine_polls(sch_vm *vm)
{
    return state_of(vm)->polls;
}

size_t machine_finalized(sch_vm *vm)
{
    return state_of(vm)->finalized;
}

void machine_clear(sch_vm *vm)
{
    vm->limit = SCH_LIMIT_NONE;
    vm->raised.kind = NULL;
    vm->raised.irritant_count = 0;
    vm->account.exhausted = false;
}

void machine_set_sweep(sch_vm *vm, void (*sweep)(sch_vm *vm))
{
    state_of(vm)->sweep = sweep;
}

/* --- what vm/ and api/ have for the real ones --- */

WEAK bool charge_slow(sch_vm *vm, uint64_t units)
{
    if (units > vm->fuel_left) {
        raise_limit(vm, SCH_LIMIT_FUEL);
        return false;
    }
    return true;
}

WEAK bool vm_in_time(const sch_vm *vm)
{
    return !vm->interrupted;
}

WEAK bool poll(sch_vm *vm)
{
    return !vm->interrupted;
}

static sch_value raised(sch_vm *vm, const char *kind, const char *who, size_t count, const sch_value irritants[])
{
    vm->raised.kind = kind;
    vm->raised.who = who;
    vm->raised.irritant_count = count < RAISE_IRRITANTS ? count : RAISE_IRRITANTS;
    for (size_t i = 0; i < vm->raised.irritant_count; i++)
        vm->raised.irritants[i] = irritants[i];
    return V_RAISED;
}

WEAK sch_value raise_type(sch_vm *vm, const char *who, size_t argument, const char *expected, sch_value got)
{
    snprintf(vm->raised.message, sizeof vm->raised.message, "argument %zu must be a %s", argument, expected);
    return raised(vm, "type-error", who, 1, &got);
}

WEAK sch_value raise_range(sch_vm *vm, const char *who, size_t argument, sch_value got)
{
    snprintf(vm->raised.message, sizeof vm->raised.message, "argument %zu is out of range", argument);
    return raised(vm, "range-error", who, 1, &got);
}

WEAK sch_value raise_range_of(sch_vm *vm, const char *who, size_t argument, sch_value got, size_t length)
{
    snprintf(vm->raised.message, sizeof vm->raised.message, "argument %zu is out of range for %zu", argument, length);
    return raised(vm, "range-error", who, 1, &got);
}

WEAK sch_value raise_argument(sch_vm *vm, const char *who, size_t argument, sch_value got, const char *format, ...)
{
    (void)argument;
    va_list list;
    va_start(list, format);
    vsnprintf(vm->raised.message, sizeof vm->raised.message, format, list);
    va_end(list);
    return raised(vm, "range-error", who, 1, &got);
}

WEAK sch_value raise_error(sch_vm *vm, const char *kind, const char *who, size_t irritant_count,
                           const sch_value irritants[], const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(vm->raised.message, sizeof vm->raised.message, format, list);
    va_end(list);
    return raised(vm, kind, who, irritant_count, irritants);
}

WEAK sch_value raise_value(sch_vm *vm, sch_value value, bool continuable)
{
    vm->raised.kind = NULL;
    vm->raised.payload = value;
    vm->raised.continuable = continuable;
    return V_RAISED;
}

WEAK sch_value raise_limit(sch_vm *vm, enum sch_limit limit)
{
    vm->limit = limit;
    return V_RAISED;
}

WEAK sch_value env_find_symbol(const sch_env *env, const char *text, size_t length, uint64_t hash)
{
    return V_FALSE;
}

WEAK sch_value env_find_keyword(const sch_env *env, sch_value symbol)
{
    return V_FALSE;
}

WEAK sch_value parameter_value(sch_vm *vm, unsigned standard_index)
{
    return vm->standard_parameters[standard_index];
}

WEAK const char *procedure_name(sch_vm *vm, sch_value procedure)
{
    return NULL;
}
