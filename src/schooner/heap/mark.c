/*
 * Marking: from the roots along every pointer, depth first, with a stack of fixed size. Pairs are followed along
 * whichever side is a pointer, and only when both lead on does one wait on the stack; a vector waits as the range that
 * is left of it. So the stack is as deep as the branching, not as long as lists or vectors. When it overflows all the
 * same, the block of the object whose rest was dropped is flagged, and once the stack is empty the marked objects of
 * flagged blocks are looked through again. Knows no sweeping and no policy.
 */
#include "schooner/heap/mark.h"

enum { FETCH_AHEAD = 6 }; /* values of a vector; measured */

void marker_init(struct heap_marker *marker, sch_vm *vm)
{
    struct heap *heap = &vm->heap;
    struct mark_entry *stack = heap->mark_stack;
    *marker = (struct heap_marker){
        .vm = vm,
        .heap = heap,
        .base = stack,
        .top = stack,
        .limit = stack + heap->mark_stack_size / sizeof *stack,
        .budget = MARK_POLL,
    };
}

static inline bool wants_visit(sch_value v)
{
    return is_pointer(v) && !block_is_marked(value_address(v));
}

/* What waits is on its way into the cache meanwhile. Fixnums and the like are no addresses, which does no harm. */
static inline void fetch(sch_value v)
{
    __builtin_prefetch((const void *)(uintptr_t)v.bits);
}

/* false: it was marked before. */
static inline bool mark_set(const void *address)
{
    struct heap_block *block = block_of(address);
    size_t granule = granule_of(address);
    uint64_t bit = (uint64_t)1 << (granule & 63);
    uint64_t *word = &block->marks[granule >> 6];
    if (*word & bit)
        return false;
    *word |= bit;
    bits_set(block->lines, granule / (HEAP_LINE / HEAP_GRANULE));
    return true;
}

/* An object above a line marks every line in which it lies. */
static inline void mark_lines(const struct object *object)
{
    struct heap_block *block = block_of(object);
    size_t bytes = heap_object_bytes(object);
    if (bytes <= HEAP_LINE || block->flags & BLOCK_LARGE)
        return;
    size_t start = (size_t)((const char *)object - (const char *)block);
    size_t end = size_min((start + bytes - 1) / HEAP_LINE + 1, HEAP_LINES);
    bits_set_range(block->lines, start / HEAP_LINE, end);
}

void mark_pair_only(const struct pair *pair)
{
    mark_set(pair);
}

static inline void push(struct heap_marker *marker, const void *next, const void *end, const void *owner)
{
    if (unlikely(marker->top == marker->limit)) {
        block_of(owner)->flags |= BLOCK_RESCAN;
        marker->overflowed = true;
        return;
    }
    *marker->top++ = (struct mark_entry){ .next = next, .end = end };
}

/* Puts the inside of a newly marked object on the stack. */
static inline void push_contents(struct heap_marker *marker, const struct object *object)
{
    const sch_value *values = (const sch_value *)object + 1;
    size_t length = header_length(object->header);
    switch ((enum trace_kind)trace_kinds[header_type(object->header)]) {
    case TRACE_RAW: return;
    case TRACE_AFTER1: values++; __attribute__((fallthrough));
    case TRACE_VALUES:
        if (length > 0)
            push(marker, values, values + length, object);
        return;
    case TRACE_SPECIAL: push(marker, object, NULL, object); return;
    }
}

/* Marks `v` and goes on along pairs; objects wait on the stack. */
static inline void visit(struct heap_marker *marker, sch_value v)
{
    while (is_pointer(v)) {
        const void *address = value_address(v);
        if (!mark_set(address))
            return;
        if (!is_pair(v)) {
            mark_lines(address);
            push_contents(marker, address);
            return;
        }
        const struct pair *pair = address;
        bool down = wants_visit(pair->car);
        bool on = wants_visit(pair->cdr);
        if (down && on) {
            fetch(pair->cdr);
            push(marker, &pair->cdr, &pair->cdr + 1, pair);
        }
        v = down ? pair->car : pair->cdr;
        if (unlikely(--marker->budget == 0)) {
            marker->budget = 1; /* drain polls; what is left of this way waits */
            push(marker, down ? &pair->car : &pair->cdr, (down ? &pair->car : &pair->cdr) + 1, pair);
            return;
        }
    }
}

static void drain(struct heap_marker *marker)
{
    while (marker->top > marker->base && !marker->aborted) {
        if (unlikely(--marker->budget == 0)) {
            marker->budget = MARK_POLL;
            marker->aborted = !marker->heap->client->poll(marker->vm);
            continue;
        }
        struct mark_entry *entry = marker->top - 1;
        if (!entry->end) {
            marker->top--;
            marker->tracing = (const struct object *)entry->next;
            trace_special(marker, marker->tracing);
            marker->tracing = NULL;
            continue;
        }
        sch_value v = *entry->next++;
        if (entry->next == entry->end)
            marker->top--;
        else
            fetch(entry->next[size_min((size_t)(entry->end - entry->next) - 1, FETCH_AHEAD)]);
        visit(marker, v);
    }
}

/* From the roots everything is followed at once; from inside a trace function it waits, so that C does not recurse. */
void heap_mark_value(struct heap_marker *marker, sch_value value)
{
    if (!is_pointer(value) || marker->aborted)
        return;
    if (!marker->tracing) {
        visit(marker, value);
        drain(marker);
        return;
    }
    marker->budget -= marker->budget > 1; /* drain polls */
    const void *address = value_address(value);
    if (!mark_set(address))
        return;
    if (is_pair(value)) {
        push(marker, address, (const sch_value *)address + 2, address);
    } else {
        mark_lines(address);
        push_contents(marker, address);
    }
}

void heap_mark_object(struct heap_marker *marker, const void *object)
{
    heap_mark_value(marker, object_value(object));
}

void heap_mark_values(struct heap_marker *marker, const sch_value *values, size_t count)
{
    if (count == 0 || marker->aborted)
        return;
    if (marker->tracing) {
        push(marker, values, values + count, marker->tracing);
        return;
    }
    push(marker, values, values + count, NULL); /* the stack is empty between roots */
    drain(marker);
}

void mark_contents(struct heap_marker *marker, const void *address, bool is_object)
{
    if (marker->aborted)
        return;
    if (is_object)
        push_contents(marker, address);
    else
        push(marker, address, (const sch_value *)address + 2, address);
    drain(marker);
}

/* Whatever begins with a header word is an object; a pair's first word is a value. */
static void rescan_block(struct heap_marker *marker, struct heap_block *block)
{
    for (size_t granule = 0; granule < HEAP_GRANULES && !marker->aborted; granule++) {
        granule = bits_find_set(block->marks, granule, HEAP_GRANULES);
        if (granule == HEAP_GRANULES)
            return;
        const uint64_t *address = (const uint64_t *)((const char *)block + granule * HEAP_GRANULE);
        mark_contents(marker, address, (*address & TAG_MASK) == TAG_HEADER);
    }
}

static void rescan_list(struct heap_marker *marker, struct heap_block *block)
{
    for (; block && !marker->aborted; block = block->next) {
        if (block->flags & BLOCK_RESCAN) {
            block->flags &= ~(uint32_t)BLOCK_RESCAN;
            rescan_block(marker, block);
        }
    }
}

bool mark_finish(struct heap_marker *marker)
{
    drain(marker);
    while (marker->overflowed && !marker->aborted) {
        marker->overflowed = false;
        rescan_list(marker, marker->heap->blocks);
        rescan_list(marker, marker->heap->large);
    }
    return !marker->aborted;
}
