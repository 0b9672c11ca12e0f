/* Running: sch_eval, sch_run, sch_call; runs that wait and go on; and what a run used. */
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include "base/utf8.h"
#include "schooner/api/state.h"
#include "schooner/compile/code.h"

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* A run from outside of any other: budgets begin anew. */
bool run_begin(sch_vm *vm)
{
    if (vm->api->state != RUN_NONE)
        return false;
    heap_give_rest(vm);
    failure_clear(vm->api);
    vm->api->result = V_FALSE;
    vm->api->state = RUN_GOING;
    vm->api->wall_ns = 0;
    vm->api->started_ns = now_ns();
    vm_begin_run(vm);
    return true;
}

void run_end(sch_vm *vm)
{
    vm_end_run(vm);
    vm->scope.length = 0;
    vm->raised.kind = NULL;
    vm->raised.payload = (sch_value){ 0 };
    if (vm->api->state == RUN_GOING)
        vm->api->wall_ns += now_ns() - vm->api->started_ns;
    vm->api->state = RUN_NONE;
}

static enum sch_status wait(sch_vm *vm, enum sch_status status)
{
    struct api_state *api = vm->api;
    bool suspended = status == SCH_SUSPENDED;
    vm_stop_clock(vm);
    api->wall_ns += now_ns() - api->started_ns;
    api->state = suspended ? RUN_SUSPENDED : RUN_PAUSED;
    api->scope = vm->scope.length;
    api->source = (struct sch_source){ 0 }; /* the text is the caller's, and may be gone when the run goes on */
    failure_clear(api);
    failure_set(vm, status, suspended ? "suspended" : "paused",
                suspended ? "a host function suspended the run" : "the run paused at the end of its slice");
    return status;
}

/* How every run from outside ends, or stops for now. */
static enum sch_status end(sch_vm *vm, enum sch_status status, sch_value result, sch_value *ret)
{
    if (status == SCH_SUSPENDED || status == SCH_PAUSED)
        return wait(vm, status);
    if (status != SCH_OK)
        failure_from_run(vm, status);
    run_end(vm);
    if (status == SCH_OK) {
        vm->api->result = result;
        if (ret)
            *ret = result;
    }
    return status;
}

enum sch_status run_misuse(sch_vm *vm, const char *message)
{
    failure_clear(vm->api);
    failure_set(vm, SCH_MISUSE, "misuse", message);
    return SCH_MISUSE;
}

/*
 * The front end takes memory but collects nothing: what an earlier run left behind, when the heap limit ended it above
 * all, must not fill the machine for good. (A limit that the collection hits is met again by the compilation.)
 */
static void make_headroom(sch_vm *vm)
{
    if (vm->account.cap - vm->account.now < vm->account.cap / 4)
        heap_collect(vm, true);
}

/* Why a run cannot begin now. */
static enum sch_status busy(sch_vm *vm)
{
    switch (vm->api->state) {
    case RUN_NONE:
    case RUN_GOING: return run_misuse(vm, "a program runs on the machine: inside of it only sch_call can run");
    case RUN_SUSPENDED:
    case RUN_PAUSED: return run_misuse(vm, "a run waits in the machine: sch_resume or sch_cancel it");
    case RUN_NEVER: return run_misuse(vm, "the machine could not be made fresh: sch_vm_reset or sch_vm_free it");
    }
    return SCH_MISUSE;
}

enum sch_status sch_eval(sch_vm *vm, struct sch_source source, sch_value *ret)
{
    if (!source_is_sound(source))
        return run_misuse(vm, "a source without its text");
    if (!run_begin(vm))
        return busy(vm);
    vm->api->source = source;
    make_headroom(vm);
    struct sch_code *code;
    sch_value result = V_UNSPECIFIED;
    enum sch_status status = program_compile(vm, source, &code);
    if (status == SCH_OK) {
        status = vm_run(vm, code, &result);
        code_drop(code);
        status = end(vm, status, result, ret);
    } else {
        run_end(vm);
    }
    vm->api->source = (struct sch_source){ 0 };
    return status;
}

enum sch_status sch_run(sch_vm *vm, sch_code *code, sch_value *ret)
{
    if (!code || code->environment != vm->env->identity)
        return run_misuse(vm, code ? "code of another environment" : "sch_run without code");
    if (!run_begin(vm))
        return busy(vm);
    sch_value result = V_UNSPECIFIED;
    return end(vm, vm_run(vm, code, &result), result, ret);
}

/* From a host function, within the run that called it. */
static enum sch_status call_within(sch_vm *vm, sch_value procedure, size_t count, const sch_value args[],
                                   sch_value *ret)
{
    sch_value value = V_UNSPECIFIED;
    vm->api->inner_failed = false;
    enum sch_status status = vm_call(vm, procedure, count, args, &value);
    if (status == SCH_OK && is_raised(scope_hold(vm, value)))
        return SCH_LIMIT;
    if (status == SCH_OK && ret)
        *ret = value;
    vm->api->inner_failed = status == SCH_ERROR;
    return status;
}

enum sch_status sch_call(sch_vm *vm, sch_value procedure, size_t count, const sch_value args[], sch_value *ret)
{
    if (is_raised(procedure) || (count > 0 && !args))
        return run_misuse(vm, "sch_call with a value that a failed constructor gave, or without its arguments");
    for (size_t i = 0; i < count; i++)
        if (is_raised(args[i]))
            return run_misuse(vm, "sch_call with a value that a failed constructor gave");
    if (vm->api->state == RUN_GOING && !vm->host_function)
        return run_misuse(vm, "sch_call from a function that takes output, sources, names or reports");
    if (vm->api->state == RUN_GOING)
        return call_within(vm, procedure, count, args, ret);
    if (!run_begin(vm))
        return busy(vm);
    sch_value result = V_UNSPECIFIED;
    return end(vm, vm_call(vm, procedure, count, args, &result), result, ret);
}

/* --- runs that wait ---------------------------------------------------------------------------------------------- */

sch_value sch_suspend(sch_vm *vm)
{
    if (vm->api->state != RUN_GOING || !vm->host_function)
        return V_RAISED;
    return vm_suspend(vm);
}

enum sch_status sch_resume(sch_vm *vm, sch_value value, sch_value *ret)
{
    enum run_state state = vm->api->state;
    if (state != RUN_SUSPENDED && state != RUN_PAUSED)
        return run_misuse(vm, "sch_resume of a machine in which no run waits");
    failure_clear(vm->api);
    vm->api->state = RUN_GOING;
    vm->api->started_ns = now_ns();
    vm->scope.length = vm->api->scope;
    vm_start_clock(vm);
    vm_begin_slice(vm);
    sch_value result = V_UNSPECIFIED;
    enum sch_status status = vm_resume(vm, state == RUN_PAUSED ? SCH_PAUSED : SCH_SUSPENDED, value, &result);
    return end(vm, status, result, ret);
}

enum sch_status sch_cancel(sch_vm *vm)
{
    if (vm->api->state != RUN_SUSPENDED && vm->api->state != RUN_PAUSED)
        return run_misuse(vm, "sch_cancel of a machine in which no run waits");
    failure_clear(vm->api);
    vm_abandon(vm);
    run_end(vm);
    return SCH_OK;
}

void sch_set_slice(sch_vm *vm, uint64_t fuel)
{
    vm->limits.slice = fuel == SCH_UNLIMITED ? 0 : fuel;
    if (vm->api->state == RUN_GOING)
        vm_begin_slice(vm);
}

/* A machine made for one compilation lends its limits and its failure report. */
enum sch_status sch_compile(sch_env *env, struct sch_source source, const struct sch_limits *limits, sch_code **ret,
                            struct sch_failure *ret_failure)
{
    if (!env || !ret || !source_is_sound(source) || (limits && limits->size == 0)) {
        if (ret_failure)
            *ret_failure = (struct sch_failure){ .size = sizeof *ret_failure,
                                                 .status = SCH_MISUSE,
                                                 .kind = "misuse",
                                                 .message = "sch_compile without what it needs" };
        return SCH_MISUSE;
    }
    sch_vm *vm = sch_vm_new(env, limits);
    if (!vm) {
        if (ret_failure)
            *ret_failure = (struct sch_failure){ .size = sizeof *ret_failure,
                                                 .status = SCH_LIMIT,
                                                 .limit = SCH_LIMIT_HEAP,
                                                 .kind = "limit",
                                                 .message = "out of memory" };
        return SCH_LIMIT;
    }
    run_begin(vm);
    enum sch_status status = program_compile(vm, source, ret);
    if (status != SCH_OK && ret_failure)
        failure_copy(&vm->api->failure, ret_failure);
    run_end(vm);
    sch_vm_free(vm);
    return status;
}

void sch_code_free(sch_code *code)
{
    if (code)
        code_drop(code);
}

const struct sch_failure *sch_failure(sch_vm *vm)
{
    if (vm->api->inner_failed && vm->api->state == RUN_GOING)
        failure_from_run(vm, SCH_ERROR);
    if (vm->api->state == RUN_NONE && vm->limit != SCH_LIMIT_NONE) {
        failure_from_run(vm, SCH_LIMIT);
        values_begin(vm);
    } else if (vm->api->state == RUN_NONE && vm->raised.kind) {
        failure_clear(vm->api);
        failure_set(vm, SCH_ERROR, vm->raised.kind, vm->raised.message);
        values_begin(vm);
    }
    vm->api->inner_failed = false;
    return &vm->api->failure;
}

sch_value sch_raised(sch_vm *vm)
{
    (void)sch_failure(vm);
    return vm->api->raised;
}

struct sch_usage sch_usage(sch_vm *vm)
{
    return (struct sch_usage){
        .size = sizeof(struct sch_usage),
        .fuel = vm_fuel_used(vm),
        .heap_peak = vm->account.peak,
        .heap_now = vm->account.now,
        .wall_ns = vm->api->wall_ns + (vm->api->state == RUN_GOING ? now_ns() - vm->api->started_ns : 0),
        .collections = vm->heap.collections,
        .output = vm->output_used,
    };
}

/* --- for host functions ------------------------------------------------------------------------------------------ */

bool sch_charge(sch_vm *vm, uint64_t fuel)
{
    return charge(vm, fuel);
}

bool sch_position(sch_vm *vm, const char **ret_file, uint32_t *ret_line, uint32_t *ret_column)
{
    return ret_file && ret_line && ret_column && vm_position(vm, ret_file, ret_line, ret_column);
}

sch_value sch_raise_value(sch_vm *vm, sch_value value)
{
    return is_raised(value) ? value : raise_value(vm, value, false);
}

/* The message was cut where there was no more room, perhaps inside of a character. */
static size_t valid_length(const char *message)
{
    size_t characters, valid, length = strlen(message);
    return utf8_count((const unsigned char *)message, length, &characters, &valid) ? length : valid;
}

/* The condition is made here, not by the machine, so that scripts can handle it in every posture. */
static sch_value raise_condition(sch_vm *vm, const char *kind, sch_value irritants, const char *message)
{
    if (is_raised(irritants) || !kind)
        return is_raised(irritants) ? irritants : values_misuse(vm, "an error needs a kind");
    sch_value text = sch_string(vm, message, valid_length(message));
    sch_value symbol = sch_symbol(vm, kind);
    size_t size = object_size(sizeof(struct condition), 0, 0);
    heap_pause_collection(vm);
    bool fits = !is_raised(text) && !is_raised(symbol) && heap_reserve(vm, size);
    heap_resume_collection(vm);
    if (!fits)
        return V_RAISED;
    struct condition *condition = heap_object(vm, OBJECT_CONDITION, 6, size);
    *condition = (struct condition){ condition->header, symbol, text, irritants, V_FALSE, V_FALSE, V_FALSE };
    return raise_value(vm, object_value(condition), false);
}

enum { MESSAGE_MAX = 1024 };

sch_value sch_raise_error(sch_vm *vm, const char *format, ...)
{
    char message[MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return raise_condition(vm, "user", V_NIL, message);
}

sch_value sch_raise_kind(sch_vm *vm, const char *kind, sch_value irritants, const char *format, ...)
{
    char message[MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return raise_condition(vm, kind, irritants, message);
}
