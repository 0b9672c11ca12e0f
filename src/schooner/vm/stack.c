/*
 * The Scheme stack: segments in the heap. A capture seals what is below in constant time; frames come back by being
 * used where they lie (nobody else holds them) or by a copy of the topmost frame alone (a script may hold them).
 */
#include "schooner/vm/run.h"

static size_t segment_words(sch_value segment)
{
    return header_length(segment_of(segment)->header);
}

static sch_value segment_make(sch_vm *vm, size_t words)
{
    size_t bytes = object_size(sizeof(struct segment), words, 8);
    if (!heap_reserve_object(vm, bytes))
        return V_RAISED;
    return object_value(heap_object(vm, OBJECT_STACK, words, bytes));
}

static void use_segment(sch_vm *vm, sch_value segment, size_t start)
{
    vm->stack = segment;
    vm->stack_base = segment_of(segment)->slots + start;
    vm->stack_limit = segment_of(segment)->slots + segment_words(segment) - SEGMENT_MARGIN;
}

bool stack_init(sch_vm *vm)
{
    struct interpreter *in = interpreter_of(vm);
    in->first = segment_make(vm, SEGMENT_FIRST / 8 - 2);
    if (is_raised(in->first))
        return false;
    stack_reset(vm);
    return true;
}

void stack_reset(sch_vm *vm)
{
    struct interpreter *in = interpreter_of(vm);
    for (sch_value at = in->barrier; !is_nil(at); at = continuation_of(at)->host)
        continuation_of(at)->flags |= CONTINUATION_LEFT;
    use_segment(vm, in->first, 0);
    vm->fp = vm->stack_base + FRAME_HEADER;
    vm->pc = in->stub_words + STUB_PRIMITIVE;
    vm->fp[-1] = in->stubs;
    frame_set_return(vm->fp, in->stub_words + STUB_UNDERFLOW);
    vm->continuation = V_NIL;
    in->barrier = V_NIL;
    in->extra_count = 0;
    in->spare = V_NIL;
    in->throw_to = V_NIL;
    in->throw_value = in->saved = in->hidden = in->growing = V_NIL;
    vm->host_depth = 0;
}

static struct continuation *continuation_new(sch_vm *vm, uint64_t flags)
{
    struct continuation *k = heap_object(vm, OBJECT_CONTINUATION, CONTINUATION_WORDS,
                                         object_size(sizeof(struct object), CONTINUATION_WORDS, 8));
    k->next = vm->continuation;
    k->dynamic = vm->dynamic;
    k->stack = vm->stack;
    k->host = interpreter_of(vm)->barrier;
    k->start = (uint64_t)(vm->stack_base - segment_of(vm->stack)->slots);
    k->flags = flags;
    k->top = k->extra = 0;
    return k;
}

static bool continuation_reserve(sch_vm *vm)
{
    return heap_reserve(vm, object_size(sizeof(struct object), CONTINUATION_WORDS, 8));
}

/* Everything below the frame at vm->fp becomes a continuation; that frame is then the first above it. Room is there. */
static sch_value seal_below(sch_vm *vm, uint64_t flags)
{
    struct continuation *k = continuation_new(vm, flags);
    k->end = (uint64_t)(vm->fp - FRAME_HEADER - segment_of(vm->stack)->slots);
    k->pc = frame_return(vm->fp);
    if (k->end == k->start) /* nothing below: an empty slice in front of the continuation that is there already */
        k->pc = NULL;
    vm->continuation = object_value(k);
    vm->stack_base = vm->fp - FRAME_HEADER;
    frame_set_return(vm->fp, interpreter_of(vm)->stub_words + STUB_UNDERFLOW);
    return vm->continuation;
}

/*
 * Segments that frames have left, last left first, linked through their first slot; the next collection forgets them.
 * Without them a recursion that goes up and down over a few segments allocates, and so collects, all the time.
 */
static void segment_spare(sch_vm *vm, sch_value segment)
{
    struct interpreter *in = interpreter_of(vm);
    segment_of(segment)->slots[0] = in->spare;
    in->spare = segment;
}

/* A segment with room; a spare one if it fits. */
static sch_value segment_for(sch_vm *vm, size_t words)
{
    struct interpreter *in = interpreter_of(vm);
    size_t wanted = size_min(segment_words(vm->stack) * 2 + 2, SEGMENT_MAX / 8 - 2);
    wanted = size_max(wanted, words + 2 * SEGMENT_MARGIN);
    if (!is_nil(in->spare) && segment_words(in->spare) >= wanted) {
        sch_value spare = in->spare;
        in->spare = segment_of(spare)->slots[0];
        return spare;
    }
    return segment_make(vm, wanted);
}

bool stack_grow(sch_vm *vm, size_t words, size_t kept)
{
    if (vm->fp + words <= vm->stack_limit)
        return true;
    sch_value segment = segment_for(vm, words + FRAME_HEADER);
    if (is_raised(segment))
        return false;
    interpreter_of(vm)->growing = segment;
    if (!continuation_reserve(vm))
        return false;
    if (vm->fp - FRAME_HEADER > vm->stack_base)
        seal_below(vm, 0);
    sch_value *fp = segment_of(segment)->slots + FRAME_HEADER;
    size_t room = (size_t)(vm->stack_limit + SEGMENT_MARGIN - vm->fp);
    memcpy(fp - FRAME_HEADER, vm->fp - FRAME_HEADER, (FRAME_HEADER + size_min(kept, room)) * sizeof *fp);
    use_segment(vm, segment, 0);
    vm->fp = fp;
    interpreter_of(vm)->growing = V_NIL;
    return true;
}

sch_value stack_capture(sch_vm *vm)
{
    if (!continuation_reserve(vm))
        return V_RAISED;
    sch_value k = seal_below(vm, CONTINUATION_MULTI);
    /* what lies below may now be returned to more than once; it stops where that is known already */
    for (sch_value below = continuation_of(k)->next; !is_nil(below); below = continuation_of(below)->next) {
        struct continuation *c = continuation_of(below);
        if (c->flags & (CONTINUATION_MULTI | CONTINUATION_BARRIER))
            break;
        c->flags |= CONTINUATION_MULTI;
    }
    return k;
}

bool stack_seal(sch_vm *vm, uint64_t flags)
{
    struct interpreter *in = interpreter_of(vm);
    if (!continuation_reserve(vm))
        return false;
    struct continuation *k = continuation_new(vm, flags);
    sch_value *slots = segment_of(vm->stack)->slots;
    size_t frame = in->extra_count;
    const struct instance *instance = environment_instance(vm->fp[-1]);
    if (value_same(object_value(instance), in->stubs))
        frame = size_max(frame, 8);
    else
        frame = code_procedure_at(instance->code, (uint32_t)(vm->pc - instance->code->words))->frame;
    k->top = (uint64_t)(vm->fp - slots);
    k->extra = in->extra_count;
    k->end = k->top + frame;
    k->pc = vm->pc;
    if (k->end + SEGMENT_MARGIN > segment_words(vm->stack))
        k->end = segment_words(vm->stack);
    vm->continuation = object_value(k);
    in->extra_count = 0;
    if (k->end + 2 * SEGMENT_MARGIN <= segment_words(vm->stack)) {
        vm->stack_base = slots + k->end;
    } else {
        sch_value segment = segment_for(vm, 2 * SEGMENT_MARGIN);
        if (is_raised(segment))
            return false;
        use_segment(vm, segment, 0);
    }
    vm->fp = vm->stack_base + FRAME_HEADER;
    vm->fp[-1] = in->stubs;
    vm->pc = in->stub_words + STUB_PRIMITIVE;
    frame_set_return(vm->fp, in->stub_words + STUB_UNDERFLOW);
    return true;
}

/* The registers of the topmost frame. */
static sch_value *top_frame(const struct continuation *k)
{
    return segment_of(k->stack)->slots + k->end + FRAME_HEADER - frame_base(k->pc[-1]);
}

/* Cuts a continuation below its topmost frame, so that each frame is copied and traced once. */
static bool split(sch_vm *vm, struct continuation *k)
{
    sch_value *fp = top_frame(k);
    uint64_t start = (uint64_t)(fp - FRAME_HEADER - segment_of(k->stack)->slots);
    if (start == k->start)
        return true;
    if (!continuation_reserve(vm))
        return false;
    struct continuation *rest = continuation_new(vm, CONTINUATION_MULTI);
    rest->next = k->next;
    rest->dynamic = k->dynamic;
    rest->stack = k->stack;
    rest->host = k->host;
    rest->start = k->start;
    rest->end = start;
    rest->pc = frame_return(fp);
    frame_set_return(fp, interpreter_of(vm)->stub_words + STUB_UNDERFLOW);
    k->start = start;
    k->next = object_value(rest);
    barrier_object(vm, k);
    return true;
}

static bool copy_top(sch_vm *vm, struct continuation *k)
{
    if (!split(vm, k))
        return false;
    size_t words = (size_t)(k->end - k->start);
    if (!charge(vm, 1 + words / 256))
        return false;
    if (vm->stack_base + words + SEGMENT_MARGIN > vm->stack_limit) {
        sch_value segment = segment_for(vm, words + SEGMENT_MARGIN);
        if (is_raised(segment))
            return false;
        use_segment(vm, segment, 0);
    }
    memcpy(vm->stack_base, segment_of(k->stack)->slots + k->start, words * sizeof(sch_value));
    vm->fp = vm->stack_base + words + FRAME_HEADER - frame_base(k->pc[-1]);
    return true;
}

bool stack_underflow(sch_vm *vm, bool *ret_barrier)
{
    struct interpreter *in = interpreter_of(vm);
    struct continuation *k = continuation_of(vm->continuation);
    *ret_barrier = false;
    while (!(k->flags & CONTINUATION_BARRIER) && k->start == k->end) {
        vm->continuation = k->next;
        k = continuation_of(vm->continuation);
    }
    if (k->flags & CONTINUATION_BARRIER) {
        *ret_barrier = true;
        return true;
    }
    if (k->flags & CONTINUATION_MULTI) {
        if (!copy_top(vm, k))
            return false;
    } else {
        if (!value_same(vm->stack, k->stack) && !value_same(vm->stack, in->first))
            segment_spare(vm, vm->stack);
        use_segment(vm, k->stack, k->start);
        vm->fp = top_frame(k);
        k->end = k->start; /* its mark outlives it until a full collection, and its frames now change */
    }
    vm->pc = k->pc;
    vm->continuation = k->next;
    return true;
}

void stack_leave(sch_vm *vm, sch_value barrier)
{
    struct interpreter *in = interpreter_of(vm);
    struct continuation *k = continuation_of(barrier);
    k->flags |= CONTINUATION_LEFT;
    use_segment(vm, k->stack, k->start);
    vm->fp = segment_of(k->stack)->slots + k->top;
    vm->pc = k->pc;
    vm->continuation = k->next;
    vm->dynamic = k->dynamic;
    in->barrier = k->host;
    in->extra = vm->fp;
    in->extra_count = k->extra;
}

/* --- looking at frames --- */

void frame_walk_init(struct frame_walk *walk, sch_vm *vm)
{
    *walk = (struct frame_walk){ vm->fp, vm->pc, false, vm->stack_base, vm->continuation };
}

bool frame_walk_next(struct frame_walk *walk)
{
    if (walk->fp - FRAME_HEADER > walk->base) {
        walk->pc = frame_return(walk->fp);
        walk->fp -= frame_base(walk->pc[-1]);
        walk->at_call = true;
        return true;
    }
    while (!is_nil(walk->next)) {
        const struct continuation *k = continuation_of(walk->next);
        walk->next = k->next;
        if (k->start == k->end)
            continue;
        sch_value *slots = segment_of(k->stack)->slots;
        walk->base = slots + k->start;
        walk->pc = k->pc;
        walk->at_call = k->top == 0;
        walk->fp = walk->at_call ? top_frame(k) : slots + k->top;
        return true;
    }
    return false;
}

/* --- tracing --- */

static const uint32_t *map_of_frame(const sch_value *fp, const uint32_t *pc, bool at_call)
{
    const struct sch_code *code = environment_instance(fp[-1])->code;
    return code_live_map(code, (uint32_t)(pc - code->words) - at_call);
}

static void trace_frame(struct heap_marker *marker, const sch_value *fp, const uint32_t *map)
{
    heap_mark_value(marker, fp[-1]);
    for (uint32_t i = 0; map && i < map[0]; i++)
        for (uint32_t bits = map[1 + i]; bits; bits &= bits - 1)
            heap_mark_value(marker, fp[i * 32 + (uint32_t)__builtin_ctz(bits)]);
}

static void trace_slice(struct heap_marker *marker, sch_value *fp, const uint32_t *pc, bool at_call,
                        const sch_value *base)
{
    const uint32_t *map = map_of_frame(fp, pc, at_call);
    const uint32_t *mapped = NULL; /* the place of the last call: deep stacks are of few, one after the other */
    for (;;) {
        trace_frame(marker, fp, map);
        if (fp - FRAME_HEADER <= base)
            return;
        pc = frame_return(fp);
        fp -= frame_base(pc[-1]);
        if (pc != mapped)
            map = map_of_frame(fp, pc, true);
        mapped = pc;
    }
}

/* Nothing of it is ever looked at again, whoever holds it: see jump_check. */
static bool is_left(const struct continuation *k)
{
    return k->flags & CONTINUATION_LEFT || (!is_nil(k->host) && continuation_of(k->host)->flags & CONTINUATION_LEFT);
}

void vm_trace_object(sch_vm *vm, struct heap_marker *marker, struct object *object)
{
    (void)vm;
    if (header_type(object->header) != OBJECT_CONTINUATION)
        return;
    struct continuation *k = (struct continuation *)object;
    heap_mark_value(marker, k->host);
    if (is_left(k))
        return;
    heap_mark_value(marker, k->next);
    heap_mark_value(marker, k->dynamic);
    heap_mark_value(marker, k->stack);
    if (k->start == k->end)
        return;
    sch_value *slots = segment_of(k->stack)->slots;
    if (k->top == 0) {
        trace_slice(marker, top_frame(k), k->pc, true, slots + k->start);
        return;
    }
    trace_slice(marker, slots + k->top, k->pc, false, slots + k->start);
    heap_mark_values(marker, slots + k->top, k->extra);
}

void vm_trace_roots(sch_vm *vm, struct heap_marker *marker)
{
    struct interpreter *in = interpreter_of(vm);
    if (!in)
        return;
    in->spare = V_NIL;
    memset(in->places, 0, sizeof in->places);
    heap_mark_values(marker, in->cells.cells, in->cells.capacity);
    heap_mark_value(marker, in->stubs);
    heap_mark_value(marker, in->first);
    heap_mark_value(marker, in->saved);
    heap_mark_value(marker, in->hidden);
    heap_mark_value(marker, in->growing);
    heap_mark_value(marker, in->barrier);
    heap_mark_value(marker, in->throw_to);
    heap_mark_value(marker, in->throw_value);
    heap_mark_value(marker, vm->dynamic);
    heap_mark_value(marker, vm->continuation);
    heap_mark_value(marker, vm->stack);
    heap_mark_value(marker, vm->raised.payload);
    heap_mark_values(marker, vm->raised.irritants, vm->raised.irritant_count);
    if (!vm->stack_base)
        return;
    heap_mark_values(marker, in->extra, in->extra_count);
    trace_slice(marker, vm->fp, vm->pc, false, vm->stack_base);
}
