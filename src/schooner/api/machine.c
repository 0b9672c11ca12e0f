/* Machines: making, freeing, limits, output, and what keeps values alive for the host. */
#include <time.h>
#include "base/hash.h"
#include "schooner/api/state.h"
#include "schooner/compile/code.h"
#include "schooner/port/port.h"
#include "schooner/table/switches.h"

enum {
    DEFAULT_HEAP = 64 << 20,
    DEFAULT_OUTPUT = 1 << 20,
    DEFAULT_NESTING = 10000,
    DEFAULT_INTEGER_BITS = 4 << 20,
};
static const uint64_t DEFAULT_TIMEOUT_NS = UINT64_C(5000000000);

/* --- what the collector asks ------------------------------------------------------------------------------------- */

static void trace_roots(sch_vm *vm, struct heap_marker *marker)
{
    vm_trace_roots(vm, marker);
    heap_mark_values(marker, (const sch_value *)(const void *)vm->scope.bytes, vm->scope.length / sizeof(sch_value));
    if (vm->host_values)
        heap_mark_values(marker, vm->host_values, vm->env->function_count);
    heap_mark_values(marker, vm->standard_parameters, sizeof vm->standard_parameters / sizeof(sch_value));
    if (!vm->api)
        return;
    heap_mark_value(marker, vm->api->raised);
    heap_mark_value(marker, vm->api->result);
    for (const struct sch_ref *ref = vm->api->refs; ref; ref = ref->next)
        heap_mark_value(marker, ref->value);
}

static void trace_object(sch_vm *vm, struct heap_marker *marker, struct object *object)
{
    if (header_type(object->header) == OBJECT_PORT)
        port_trace(marker, object);
    else
        vm_trace_object(vm, marker, object);
}

static void sweep_weak(sch_vm *vm)
{
    vm_sweep_weak(vm);
    symbol_sweep(vm);
}

static void finalize(sch_vm *vm, struct object *object)
{
    if (header_type(object->header) == OBJECT_INSTANCE) {
        vm_drop_instance(vm, (struct instance *)object);
    } else if (header_type(object->header) == OBJECT_FOREIGN) {
        struct foreign *foreign = (struct foreign *)object;
        account_retract(&vm->account, foreign->declared);
        if (foreign->type->finalize)
            foreign->type->finalize(foreign->pointer);
    }
}

static bool poll_collection(sch_vm *vm)
{
    return poll(vm);
}

#define CLIENT                                                                                                \
    .trace_roots = trace_roots, .trace_object = trace_object, .sweep_weak = sweep_weak, .finalize = finalize, \
    .poll = poll_collection
static const struct heap_client client = { CLIENT };
static const struct heap_client client_full_only = { CLIENT, .full_only = true };

/* --- limits ------------------------------------------------------------------------------------------------------ */

static uint64_t choose(uint64_t given, uint64_t otherwise)
{
    return given ? given : otherwise;
}

/* false: limits that cannot be read. To ignore them would be to set none. */
static bool complete(const struct sch_limits *given, struct sch_limits *ret)
{
    struct sch_limits limits = { 0 };
    if (given && !options_read(given, given->size, &limits, sizeof limits))
        return false;
    limits.size = sizeof limits;
    limits.slice = limits.slice == SCH_UNLIMITED ? 0 : limits.slice;
    limits.fuel = choose(limits.fuel, SCH_UNLIMITED);
    limits.heap = choose(limits.heap, DEFAULT_HEAP);
    limits.timeout_ns = choose(limits.timeout_ns, DEFAULT_TIMEOUT_NS);
    limits.output = choose(limits.output, DEFAULT_OUTPUT);
    limits.nesting = choose(limits.nesting, DEFAULT_NESTING);
    limits.integer_bits = choose(limits.integer_bits, DEFAULT_INTEGER_BITS);
    *ret = limits;
    return true;
}

static void apply_limits(sch_vm *vm, const struct sch_limits *limits)
{
    vm->limits = *limits;
    vm->account.cap = limits->heap;
    vm->nesting = limits->nesting;
    vm->integer_bits = limits->integer_bits;
}

/* Two keys for the string hashes: of the seed that was asked for, else of the clock and the machine's address. */
static void seed_hashes(sch_vm *vm, uint64_t seed)
{
    if (seed == 0) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        seed = hash_mix((uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 32 ^ (uint64_t)(uintptr_t)vm);
    }
    vm->hash_key[0] = hash_mix(seed);
    vm->hash_key[1] = hash_mix(seed + 1);
}

/* --- making and freeing ------------------------------------------------------------------------------------------ */

static bool make_host_values(sch_vm *vm)
{
    const sch_env *env = vm->env;
    if (!env->has_host_values)
        return true;
    sch_value *values = memory_resize(vm_memory(vm), NULL, 0, env->function_count * sizeof *values);
    if (!values)
        return false;
    for (size_t i = 0; i < env->function_count; i++)
        values[i] = V_UNSPECIFIED;
    vm->host_values = values;
    vm->api->state = RUN_GOING; /* what makes a value can run nothing, and not free the machine */
    bool made = true;
    for (size_t i = 0; i < env->function_count && made; i++) {
        const struct host_function *binding = &env->functions[i];
        if (binding->function)
            continue;
        sch_value value = binding->value(vm, binding->data);
        made = !is_raised(value);
        if (made)
            values[i] = value;
    }
    vm->api->state = RUN_NEVER;
    vm->scope.length = 0;
    return made;
}

static bool build(sch_vm *vm, const sch_env *env, const struct sch_limits *limits)
{
    vm->env = env;
    apply_limits(vm, limits);
    seed_hashes(vm, limits->hash_seed);
    vm->mutable_strings = env->mutation && env->image;
    buffer_init(&vm->output, vm_memory(vm));
    buffer_init(&vm->scope, vm_memory(vm));
    for (size_t i = 0; i < sizeof vm->standard_parameters / sizeof(sch_value); i++)
        vm->standard_parameters[i] = V_FALSE;
    vm->api = memory_resize(vm_memory(vm), NULL, 0, sizeof *vm->api);
    if (!vm->api)
        return false;
    memset(vm->api, 0, offsetof(struct api_state, text));
    vm->api->text_used = 0;
    vm->api->refs = NULL;
    vm->api->result = V_FALSE;
    vm->api->source = (struct sch_source){ 0 };
    vm->api->state = RUN_NEVER;
    vm->api->has_strangers = false;
    vm->api->inner_failed = false;
    vm->api->wall_ns = 0;
    failure_clear(vm->api);
    session_init(vm);
    if (!vm_init(vm) || !symbol_table_init(vm))
        return false;
    vm->output_left = limits->output;
    sch_value port = port_make_standard(vm);
    vm->standard_parameters[0] = port;
    vm->standard_parameters[1] = port;
    if (is_raised(port) || !make_host_values(vm))
        return false;
    vm->api->state = RUN_NONE;
    return true;
}

sch_vm *sch_vm_new(sch_env *env, const struct sch_limits *given)
{
    struct sch_limits limits;
    if (!env || !complete(given, &limits))
        return NULL;
    const struct heap_client *heap_client = switch_is_off(env->off, SWITCH_YOUNG) ? &client_full_only : &client;
    sch_vm *vm = heap_machine_new(env->memory.map ? &env->memory : NULL, limits.heap, heap_client);
    if (vm && !build(vm, env, &limits)) {
        sch_vm_free(vm);
        return NULL;
    }
    return vm;
}

void sch_vm_free(sch_vm *vm)
{
    if (!vm || (vm->api && vm->api->state == RUN_GOING)) /* a host function frees the machine that called it */
        return;
    vm_done(vm);
    heap_machine_free(vm);
}

bool sch_vm_reset(sch_vm *vm)
{
    if (vm->api && vm->api->state != RUN_NONE && vm->api->state != RUN_NEVER)
        return false;
    const sch_env *env = vm->env;
    struct sch_limits limits = vm->limits;
    sch_output_fn *sink = vm->sink;
    void *sink_data = vm->sink_data;
    void *host_data = vm->host_data;
    vm_done(vm);
    heap_machine_reset(vm);
    vm->sink = sink;
    vm->sink_data = sink_data;
    vm->host_data = host_data;
    return build(vm, env, &limits);
}

bool sch_vm_set_limits(sch_vm *vm, const struct sch_limits *given)
{
    struct sch_limits limits;
    if (!complete(given, &limits) || vm->api->state != RUN_NONE)
        return false;
    heap_give_rest(vm);
    if (limits.heap < vm->account.now)
        return false;
    apply_limits(vm, &limits);
    return true;
}

void sch_vm_set_data(sch_vm *vm, void *data)
{
    vm->host_data = data;
}

void *sch_vm_data(sch_vm *vm)
{
    return vm->host_data;
}

void sch_interrupt(sch_vm *vm)
{
    __atomic_store_n(&vm->interrupted, 1, __ATOMIC_RELAXED);
}

/* --- output ------------------------------------------------------------------------------------------------------ */

void sch_set_output(sch_vm *vm, sch_output_fn *write, void *data)
{
    vm->sink = write;
    vm->sink_data = data;
}

const char *sch_output(sch_vm *vm, size_t *ret_length)
{
    bool has_room = buffer_reserve(&vm->output, 1);
    if (ret_length)
        *ret_length = has_room ? vm->output.length : 0;
    if (!has_room)
        return "";
    vm->output.bytes[vm->output.length] = 0;
    return (const char *)vm->output.bytes;
}

void sch_output_clear(sch_vm *vm)
{
    buffer_done(&vm->output);
}

/* --- references -------------------------------------------------------------------------------------------------- */

sch_ref *sch_keep(sch_vm *vm, sch_value value)
{
    if (is_raised(value))
        return NULL;
    struct sch_ref *ref = memory_resize(vm_memory(vm), NULL, 0, sizeof *ref);
    if (!ref)
        return NULL;
    *ref = (struct sch_ref){ .vm = vm, .value = value, .next = vm->api->refs, .link = &vm->api->refs };
    if (ref->next)
        ref->next->link = &ref->next;
    vm->api->refs = ref;
    return ref;
}

sch_value sch_ref_value(const sch_ref *ref)
{
    return ref->value;
}

void sch_release(sch_ref *ref)
{
    if (!ref)
        return;
    *ref->link = ref->next;
    if (ref->next)
        ref->next->link = ref->link;
    memory_resize(vm_memory(ref->vm), ref, sizeof *ref, 0);
}

const char *sch_version(void)
{
    return "0.1.0";
}
