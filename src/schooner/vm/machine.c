/* The interpreter's part of a machine: made and given back; the entrances for running code and calling procedures. */
#include "schooner/vm/run.h"

/* --- the code of the interpreter's own frames --- */

#define WORD(op, a, b, c)         ((uint32_t)(op) | (uint32_t)(a) << 8 | (uint32_t)(b) << 16 | (uint32_t)(c) << 24)
#define FRAME(base, args, result) ((uint32_t)(base) | (uint32_t)(args) << 16 | (uint32_t)(result) << 24)

static const uint32_t stub_words[STUB_WORDS] = {
    FRAME(0, 0, 0),
    [STUB_UNDERFLOW] = WORD(OP_UNDERFLOW, 0, 0, 0),
    [STUB_PRIMITIVE] = WORD(OP_UNDERFLOW, 0, 0, 0),
    [STUB_RESTORE] = WORD(OP_CALL, 1, 0, 0),
    FRAME(STUB_BASE, 0, 1),
    WORD(OP_SET_DYNAMIC, 0, 0, 0),
    WORD(OP_RETURN, 1, 0, 0),
    [STUB_CONTINUABLE] = WORD(OP_CALL, 1, 0, 0),
    FRAME(STUB_BASE, 1, 1),
    WORD(OP_SET_DYNAMIC, 0, 0, 0),
    WORD(OP_RETURN, 1, 0, 0),
    [STUB_RAISE] = WORD(OP_CALL, 1, 0, 0),
    FRAME(STUB_BASE, 1, 1),
    WORD(OP_RAISE_BACK, 0, 0, 0),
    [STUB_VALUES] = WORD(OP_CALL, 0, 0, 0),
    FRAME(STUB_BASE, 0, 0),
    WORD(OP_APPLY_VALUES, 0, 1, 0),
    [STUB_REROOT] = WORD(OP_CALL, 2, 0, 0),
    FRAME(STUB_BASE, 1, 2),
    WORD(OP_THROW_ON, 0, 1, 0),
};

/* What is alive while their calls run: by the address of the frame word. */
static const struct code_safe_point stub_points[] = {
    { STUB_RESTORE + 1, 0 }, { STUB_CONTINUABLE + 1, 0 }, { STUB_RAISE + 1, 0 },
    { STUB_VALUES + 1, 2 },  { STUB_REROOT + 1, 4 },
};
static const uint32_t stub_maps[] = { 1, 1, 1, 2, 1, 3 };

static struct sch_code *make_stubs(struct interpreter *in)
{
    struct sch_code *code = (struct sch_code *)in->code;
    uint32_t at = sizeof *code + sizeof stub_words;
    struct code_procedure procedure = { .end = STUB_WORDS, .frame = 8 };
    _Static_assert(sizeof(struct sch_code) + sizeof stub_words + sizeof stub_points + sizeof stub_maps +
                           sizeof procedure <=
                       sizeof in->code,
                   "the interpreter's own code fits its place");
    memset(code, 0, sizeof in->code);
    *code = (struct sch_code){
        .references = 1, .version = CODE_VERSION, .size = sizeof in->code, .word_count = STUB_WORDS
    };
    memcpy(code->words, stub_words, sizeof stub_words);
    code->safe_points = (struct code_range){ at, sizeof stub_points / sizeof *stub_points };
    memcpy((char *)code + at, stub_points, sizeof stub_points);
    at += sizeof stub_points;
    code->maps = (struct code_range){ at, sizeof stub_maps / sizeof *stub_maps };
    memcpy((char *)code + at, stub_maps, sizeof stub_maps);
    at += sizeof stub_maps;
    code->procedures = (struct code_range){ at, 1 };
    memcpy((char *)code + at, &procedure, sizeof procedure);
    return code;
}

/* --- making --- */

bool vm_init(sch_vm *vm)
{
    struct interpreter *in = memory_resize(vm_memory(vm), NULL, 0, sizeof *in);
    if (!in)
        return false;
    memset(in, 0, sizeof *in);
    vm->fuel_left = SCH_UNLIMITED;
    vm->pause_at = UINT64_MAX;
    vm->deadline_ns = UINT64_MAX;
    vm->limit = SCH_LIMIT_NONE;
    vm->slice = 0;
    vm->fuel_used = 0;
    vm->stack_base = NULL;
    vm->stack = vm->continuation = vm->dynamic = V_NIL;
    memset(&vm->raised, 0, sizeof vm->raised);
    in->stubs = in->first = in->spare = in->saved = in->hidden = in->growing = in->barrier = in->throw_to =
        in->throw_value = V_NIL;
    vm->interpreter = in;
    const struct sch_code *code = make_stubs(in);
    in->stub_words = code->words;

    size_t bytes = object_size(sizeof(struct instance), 0, 8);
    heap_pause_collection(vm);
    bool ok = heap_reserve(vm, bytes);
    if (ok) {
        struct instance *instance = heap_object(vm, OBJECT_INSTANCE, 0, bytes);
        instance->self = 0;
        instance->code = code;
        in->stubs = object_value(instance);
        vm->dynamic = dynamic_make(vm, V_NIL, V_NIL, V_NIL);
        ok = !is_raised(vm->dynamic) && stack_init(vm);
    }
    heap_resume_collection(vm);
    return ok;
}

void vm_done(sch_vm *vm)
{
    struct interpreter *in = interpreter_of(vm);
    if (!in)
        return;
    cells_done(vm);
    memory_resize(vm_memory(vm), in, sizeof *in, 0);
    vm->interpreter = NULL;
}

void vm_sweep_weak(sch_vm *vm)
{
    (void)vm; /* cells are strong, symbols sweep their own table */
}

/* --- running --- */

/*
 * Calls of the host within calls of the host stand on the C stack, whose size is the host's: a script must not be able
 * to use it up. Half a kilobyte each is ours, the rest of a small stack (256 KiB) the host functions may share.
 */
enum { HOST_CALLS_MAX = 100 };

static bool stands_still(enum sch_status status)
{
    return status == SCH_SUSPENDED || status == SCH_PAUSED;
}

/* Puts the machine back to where `barrier` was sealed. */
static void leave(sch_vm *vm, sch_value barrier)
{
    struct interpreter *in = interpreter_of(vm);
    vm->host_depth--;
    in->saved = in->hidden = V_NIL;
    in->request = REQUEST_NONE;
    stack_leave(vm, barrier);
    vm_return_grant(vm);
}

/* Seals what runs now, calls the procedure above it, and puts the machine back as it was, however that ended; unless it
 * stands still, which only happens to the outermost call. */
static enum sch_status call(sch_vm *vm, sch_value procedure, size_t count, const sch_value args[], sch_value *ret)
{
    struct interpreter *in = interpreter_of(vm);
    sch_value *extra = in->extra;
    size_t extra_count = in->extra_count;
    sch_value outer = in->barrier;

    in->hidden = procedure;
    if (!stack_seal(vm, CONTINUATION_BARRIER))
        return SCH_LIMIT;
    sch_value barrier = vm->continuation;
    in->barrier = barrier;
    in->hidden = V_NIL;
    in->request = REQUEST_NONE;
    vm->host_depth++;
    vm_return_grant(vm);

    enum sch_status status = SCH_LIMIT;
    in->saved = procedure;
    if (stack_grow(vm, count + SEGMENT_MARGIN, 0)) {
        in->saved = V_NIL;
        if (count > 0)
            memcpy(vm->fp, args, count * sizeof *args);
        status = interpret(vm, ENTER_CALL, procedure, count, ret);
    }
    if (vm->limit != SCH_LIMIT_NONE)
        status = SCH_LIMIT;
    if (stands_still(status) || (status == SCH_LIMIT && vm->host_depth == 1))
        return status; /* after a limit, vm_end_run clears the stack: until then it can be looked at */
    leave(vm, barrier);
    in->barrier = outer;
    in->extra = extra;
    in->extra_count = extra_count;
    return status;
}

enum sch_status vm_call(sch_vm *vm, sch_value procedure, size_t count, const sch_value args[], sch_value *ret)
{
    if (unlikely(vm->limit != SCH_LIMIT_NONE))
        return SCH_LIMIT;
    if (unlikely(vm->host_depth >= HOST_CALLS_MAX)) {
        raise_limit(vm, SCH_LIMIT_NESTING);
        return SCH_LIMIT;
    }
    const char *outer = vm->host_function;
    vm->host_function = NULL; /* while the program runs that it calls, it is not at work */
    enum sch_status status = call(vm, procedure, count, args, ret);
    vm->host_function = outer;
    return status;
}

/* --- standing still --- */

sch_value vm_suspend(sch_vm *vm)
{
    if (vm->host_depth != 1)
        return raise_error(vm, "barrier", NULL, 0, NULL, "a call of the host cannot wait for another one inside of it");
    interpreter_of(vm)->request = REQUEST_SUSPEND;
    return V_RAISED;
}

/* The frame of the host function returns what it was waiting for. */
static void return_value(sch_vm *vm, sch_value value)
{
    const uint32_t *pc = frame_return(vm->fp);
    vm->fp -= frame_base(pc[-1]);
    vm->fp[frame_result(pc[-1])] = value;
    vm->pc = pc;
    vm->raised.kind = NULL;
    vm->raised.payload = (sch_value){ 0 };
}

/* The pause was made inside of an instruction that counts. */
static void step_over_tick(sch_vm *vm)
{
    uint32_t word = *vm->pc;
    vm->pc += word_op(word) == OP_LOOP ? 2 + (int32_t)vm->pc[1] : 1;
}

enum sch_status vm_resume(sch_vm *vm, enum sch_status waits, sch_value value, sch_value *ret)
{
    enum entrance entrance = ENTER_NEXT;
    if (waits == SCH_PAUSED) {
        step_over_tick(vm);
    } else if (!is_raised(value)) {
        return_value(vm, value);
    } else {
        entrance = ENTER_RAISED;
        if (!vm->raised.kind && vm->raised.payload.bits == 0)
            raise_error(vm, "host-error", NULL, 0, NULL, "what the host function waited for failed without a reason");
    }
    enum sch_status status = SCH_LIMIT;
    if (poll(vm)) /* it may have been interrupted while it waited */
        status = interpret(vm, entrance, V_UNSPECIFIED, 0, ret);
    if (vm->limit != SCH_LIMIT_NONE)
        status = SCH_LIMIT;
    if (!stands_still(status) && status != SCH_LIMIT)
        leave(vm, interpreter_of(vm)->barrier);
    return status;
}

void vm_abandon(sch_vm *vm)
{
    leave(vm, interpreter_of(vm)->barrier);
}

enum sch_status vm_run(sch_vm *vm, struct sch_code *code, sch_value *ret)
{
    struct interpreter *in = interpreter_of(vm);
    sch_value instance = vm_instantiate(vm, code);
    if (is_raised(instance))
        return vm->limit != SCH_LIMIT_NONE ? SCH_LIMIT : SCH_ERROR;
    in->hidden = instance;
    size_t bytes = object_size(sizeof(struct closure), 0, 8);
    if (!heap_reserve(vm, bytes))
        return SCH_LIMIT;
    struct closure *closure = heap_object(vm, OBJECT_CLOSURE, 0, bytes);
    closure->instance = (char *)object_of(instance) - (char *)closure;
    closure->procedure = code_procedure_word(code, 0);
    return call(vm, object_value(closure), 0, NULL, ret);
}
