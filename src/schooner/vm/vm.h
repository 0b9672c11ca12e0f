/*
 * The interpreter: code -> value. Owns the Scheme stack, calls, continuations, conditions, fuel, and the cells of
 * top-level names.
 */
#ifndef SCHOONER_VM_VM_H
#define SCHOONER_VM_VM_H

#include "schooner/heap/machine.h"

/* After heap_init: the stack, the dynamic state, the table of cells, storage for the failure report. */
bool vm_init(sch_vm *vm);
void vm_done(sch_vm *vm);
/* Part of heap_client: roots and SPECIAL objects of this folder. */
void vm_trace_roots(sch_vm *vm, struct heap_marker *marker);
void vm_trace_object(sch_vm *vm, struct heap_marker *marker, struct object *object);
void vm_sweep_weak(sch_vm *vm);

/*
 * Makes an instance of the code in this machine and runs its procedure 0. Limits of the run are set by the caller
 * (vm_begin_run). SCH_OK: *ret. SCH_ERROR: vm->raised.payload holds the object that nobody handled (a condition, with
 * position and frames). SCH_LIMIT: vm->limit. The machine is whole and usable after each of them.
 */
enum sch_status vm_run(sch_vm *vm, struct sch_code *code, sch_value *ret);
enum sch_status vm_call(sch_vm *vm, sch_value procedure, size_t count, const sch_value args[], sch_value *ret);

/* Fresh budgets (fuel, deadline, output) for a run from outside; nested runs share them. */
void vm_begin_run(sch_vm *vm);
void vm_end_run(sch_vm *vm);
/*
 * A run that returned SCH_SUSPENDED (a host function asked for it with vm_suspend) or SCH_PAUSED (its slice of fuel is
 * used up) stands still, whole, in the machine: only where no host frame lies between. vm_resume goes on: after a
 * suspension with what the host function gives, V_RAISED after a raise; vm_abandon gives it up without running any of
 * it.
 */
sch_value vm_suspend(sch_vm *vm);
enum sch_status vm_resume(sch_vm *vm, enum sch_status waits, sch_value value, sch_value *ret);
void vm_abandon(sch_vm *vm);
/* A slice begins where the run now is: limits.slice units of fuel until it pauses. */
void vm_begin_slice(sch_vm *vm);
bool vm_pause_is_due(const sch_vm *vm);
/* Meanwhile the run's time does not pass. */
void vm_stop_clock(sch_vm *vm);
void vm_start_clock(sch_vm *vm);
/* Exact fuel used by this run so far. */
uint64_t vm_fuel_used(const sch_vm *vm);

/* The cell of a top-level name in a space ("" or a library's name); made unbound when it is new. V_RAISED: the limit.
 */
sch_value vm_cell(sch_vm *vm, const char *space, const char *name, size_t length);

/* The instance of the code in this machine, as an object (never seen by scripts): constants made, cells found. Takes a
 * count of the code, which vm_drop_instance gives back when the collector finds the instance dead
 * (heap_client.finalize). V_RAISED: a limit. */
struct sch_code;
struct instance;
sch_value vm_instantiate(sch_vm *vm, struct sch_code *code);
void vm_drop_instance(sch_vm *vm, struct instance *instance);

/* What instances need from the environment (api/env.c). */
sch_value env_value(const sch_env *env, uint32_t index);
/* The same in a machine, whose values of the host are its own. */
sch_value machine_value(sch_vm *vm, uint32_t index);
sch_value env_primitive(const sch_env *env, uint32_t index);
/* Host functions: PRIMITIVE objects with PRIMITIVE_HOST; index into the environment's table. */
struct host_function {
    sch_function *function; /* NULL: a value, made in each machine (sch_vm.host_values) */
    sch_value (*value)(sch_vm *vm, void *data);
    void *data;
    const char *name;
    int min_args;
    int max_args;
    uint64_t cost;
};
const struct host_function *env_host_function(const sch_env *env, uint64_t index);
/* Does an error of a primitive become a condition that the script can handle? */
bool env_catches_errors(const sch_env *env);
/* The image's procedures that the interpreter itself calls. */
enum image_hook {
#define HOOK(ENUM, library, name) HOOK_##ENUM,
#include "schooner/table/hooks.def"
#undef HOOK
    HOOK_COUNT
};
sch_value env_hook(const sch_env *env, enum image_hook hook);
/* The name, if a library of the image exports the procedure by it; else NULL. */
const char *env_name_of(const sch_env *env, sch_value procedure, const char *name, size_t length);
/* For primitives with OPEN_LIBRARY: the procedure is called in their place, with the first `count` of their arguments.
 * Returns V_RAISED. */
sch_value ask_call(sch_vm *vm, sch_value procedure, size_t count);

/* A place of a program; in a backtrace, with the procedure that was called there. Texts belong to the code. */
struct trace_line {
    const char *procedure;
    size_t procedure_length; /* 0: nameless */
    const char *file;
    size_t file_length;
    uint32_t line, column; /* 1-based; 0 unknown */
    bool elided;           /* tail calls lie between the procedure and its caller */
};
/* What runs, or ran when a limit ended it, up to vm_end_run: the innermost place outside of the standard library. Takes
 * no memory. false: nothing runs. */
bool vm_place(sch_vm *vm, struct trace_line *ret);
/* A line for each active call, innermost first, SCH_FRAMES_MAX at most: the procedure and where it was called. false:
 * `each` gave false. */
typedef bool trace_line_fn(void *data, const struct trace_line *line);
bool vm_backtrace(sch_vm *vm, trace_line_fn *each, void *data);
/* Was what was raised the library's own doing: of an instruction of it, or its call of what is no procedure, not of
 * what it was given to call? *ret_name is then the procedure of the library that the user's code called; NULL: not
 * known. */
bool vm_called_of_library(sch_vm *vm, const char **ret_name);
/* A primitive that the user's code calls speaks of itself by `name`: the one by which it was called. */
const char *vm_called_primitive(sch_vm *vm, const char *name);
/* Where the innermost active Scheme call stands. */
bool vm_position(sch_vm *vm, const char **ret_file, uint32_t *ret_line, uint32_t *ret_column);

#endif
