/*
 * Collections: when they are young or full, what is cleared before and swept after, and when the next one is due.
 *
 * Marks are sticky: a young collection keeps those of the last one, so what survived is not visited again, and only the
 * roots, what the barrier recorded, and what is new is. A full one clears them first. Sweeping looks at line marks
 * only: the room between the lines is free again.
 *
 * A collection that the machine's poll ends (deadline, interrupt) frees nothing: no line is free until the next one,
 * which is full.
 */
#include "schooner/heap/mark.h"
#include "schooner/heap/own.h"

#define POISON ((uint64_t)0xdeadbeefdeadbe04) /* the tag of a header, of a type that is none */

enum {
    FIRST_THRESHOLD = 256 << 10,
    SWEEP_POLL = 64,            /* large objects given back between two polls */
    SWEEP_PIECE = 1 << 20,      /* bytes of one, likewise: unmapping takes 0.1 ms for each megabyte */
    MARK_STACK_MAX = 256 << 10, /* bytes */
    FULL_EVERY = 4,             /* hostile build */
};

uint64_t collect_available(const struct heap *heap)
{
    const struct account *account = heap->account;
    return (account->now < account->cap ? account->cap - account->now : 0) + heap->free_bytes + heap->kept_bytes +
           heap->empty_count * (uint64_t)(HEAP_BLOCK_SIZE - HEAP_BLOCK_HEADER);
}

bool collect_turn(struct heap *heap)
{
    return heap->turn++ % (heap->block_count / 4 + 1) == 0;
}

/* --- before --- */

static void clear_list(struct heap_block *block)
{
    for (; block; block = block->next) {
        memset(block->marks, 0, sizeof block->marks);
        memset(block->lines, 0, sizeof block->lines);
        block->flags &= ~(uint32_t)BLOCK_RESCAN;
    }
}

/* A grown heap gets a larger mark stack, where there is plenty of room: overflows cost time, never a failure. */
static void grow_mark_stack(struct heap *heap)
{
    size_t size = size_min(size_round_up(heap->live / 128, ACCOUNT_PAGE), MARK_STACK_MAX);
    if (size < heap->mark_stack_size * 4 || !account_fits(heap->account, (uint64_t)size * 32))
        return;
    void *stack = account_map_raw(heap->account, size, ACCOUNT_PAGE);
    if (!stack)
        return;
    if (heap->mark_stack_own)
        account_unmap(heap->account, heap->mark_stack_own, heap->mark_stack_size);
    heap->mark_stack = heap->mark_stack_own = stack;
    heap->mark_stack_size = size;
}

/* --- after --- */

static void sweep_finalizable(sch_vm *vm, bool full)
{
    struct heap *heap = &vm->heap;
    sch_value *link = &heap->finalizable;
    while (is_pair(*link)) {
        struct pair *entry = pair_of(*link);
        if (!full && block_is_marked(entry))
            return; /* older than the last collection, and so are those behind it */
        struct object *object = object_of(entry->car);
        if (block_is_marked(object)) {
            mark_pair_only(entry);
            link = &entry->cdr;
        } else {
            *link = entry->cdr;
            heap->client->finalize(vm, object);
        }
    }
}

static void poison(void *memory, size_t bytes)
{
    uint64_t *words = memory;
    for (size_t i = 0; i < bytes / sizeof *words; i++)
        words[i] = POISON;
}

static void poison_free(struct heap_block *block)
{
    for (size_t line = block->first_line; line < block->end_line; line++) {
        if (!bits_test(block->free, line) || bits_test(block->clean, line))
            continue;
        poison((char *)block + line * HEAP_LINE, HEAP_LINE);
        bits_set(block->clean, line);
    }
}

/* Building goes on where it was: nothing lies in the rest of the hole, and its lines are not given out again. */
static void keep_hole(const struct heap *heap, struct heap_block *block)
{
    size_t from = (size_t)(heap->next - (char *)block) / HEAP_LINE;
    size_t to = (size_t)(heap->limit - (char *)block) / HEAP_LINE;
    bits_clear_range(block->free, from, to);
}

/* Finds the free lines; gives their number. *ret_empty: no line is marked. */
static size_t sweep_block(struct heap *heap, struct heap_block *block, bool *ret_empty)
{
    uint64_t carry = 0;
    uint64_t any = 0;
    size_t count = 0;
    for (size_t word = 0; word < HEAP_LINE_WORDS; word++) {
        uint64_t lines = block->lines[word];
        uint64_t occupied = lines | lines << 1 | carry;
        carry = lines >> 63;
        any |= lines;
        block->free[word] = ~occupied & bits_mask(word, block->first_line, block->end_line);
        count += (size_t)__builtin_popcountll(block->free[word]);
    }
    if (unlikely(block->flags & BLOCK_LITERAL))
        for (size_t word = 0; word < HEAP_GRANULE_WORDS; word++)
            block->literal[word] &= block->marks[word];
    *ret_empty = any == 0;
    if (heap->limit && block == block_of(heap->limit - 1)) {
        if (any)
            keep_hole(heap, block);
        else
            heap->next = heap->limit = NULL;
    }
    if (HOSTILE)
        poison_free(block);
    return count;
}

static void sweep_blocks(struct heap *heap, size_t *ret_live)
{
    struct heap_block **link = &heap->blocks;
    size_t free_lines = 0;
    size_t live_lines = 0;
    while (*link) {
        struct heap_block *block = *link;
        bool empty;
        size_t lines = sweep_block(heap, block, &empty);
        if (empty && !(block->flags & BLOCK_FIRST)) {
            *link = block->next;
            block->next = heap->empty;
            heap->empty = block;
            heap->empty_count++;
            heap->block_count--;
            continue;
        }
        free_lines += lines;
        live_lines += (size_t)(block->end_line - block->first_line) - lines;
        link = &block->next;
    }
    heap->free_bytes = free_lines * HEAP_LINE;
    *ret_live = live_lines * HEAP_LINE;
    heap->current = heap->blocks;
}

static bool large_is_marked(const struct heap_block *block)
{
    return bits_test(block->marks, HEAP_BLOCK_HEADER / HEAP_GRANULE);
}

/* Gives the end of a dead object back, piece by piece, until the rest is small. false: a poll came between. */
static bool shrink_large(sch_vm *vm, struct heap_block *block)
{
    struct heap *heap = &vm->heap;
    while (block->size > SWEEP_PIECE && account_splits(heap->account)) {
        block->size -= SWEEP_PIECE;
        heap->large_bytes -= SWEEP_PIECE;
        account_unmap(heap->account, (char *)block + block->size, SWEEP_PIECE);
        if (!heap->client->poll(vm))
            return false;
    }
    return true;
}

/*
 * What a collection finds dead that was due may be kept for what is built until the next full one; what was not used
 * until then goes. So does all that is dead when somebody asks for a full one, or memory is short. What a poll leaves
 * over is dead all the same: the next sweep finds it.
 */
static bool sweep_large(sch_vm *vm, bool full, bool keep)
{
    struct heap *heap = &vm->heap;
    struct heap_block **link = &heap->large;
    size_t given = 0;
    if (full)
        space_drop_kept(heap);
    while (*link) {
        struct heap_block *block = *link;
        if (large_is_marked(block)) {
            link = &block->next;
            continue;
        }
        if (!shrink_large(vm, block))
            return false;
        *link = block->next;
        heap->large_bytes -= block->size;
        if (keep && space_keep_large(heap, block)) {
            if (HOSTILE)
                poison((char *)block + HEAP_BLOCK_HEADER, block->size - HEAP_BLOCK_HEADER);
            continue;
        }
        account_unmap(heap->account, block, block->size);
        if (++given % SWEEP_POLL == 0 && !heap->client->poll(vm))
            return false;
    }
    return true;
}

/* Young when the last one was worth it and what survives has not doubled since a full one. */
static void plan_next(struct heap *heap, size_t live, bool full)
{
    size_t kept = live > heap->live ? live - heap->live : 0;
    size_t freed = heap->allocated > kept ? heap->allocated - kept : 0;
    heap->young_only = full || (freed >= heap->allocated / 4 && live / 2 <= size_max(heap->live_full, FIRST_THRESHOLD));
    heap->live = live;
    if (full)
        heap->live_full = live;

    uint64_t available = collect_available(heap);
    uint64_t most = available / 2 > HEAP_BLOCK_SIZE / 2 ? available / 2 : HEAP_BLOCK_SIZE / 2;
    uint64_t least = heap->account->cap / 4 < FIRST_THRESHOLD ? heap->account->cap / 4 : FIRST_THRESHOLD;
    uint64_t wanted = live / 2 > least ? live / 2 : least;
    heap->threshold = (size_t)(wanted < most ? wanted : most);
    heap->allocated = (size_t)(heap->limit - heap->next);
}

/* --- a collection --- */

static bool give_up(struct heap *heap)
{
    for (struct heap_block *block = heap->blocks; block; block = block->next)
        memset(block->free, 0, sizeof block->free);
    heap->young_only = false;
    heap->free_bytes = 0;
    heap->collecting = false;
    return false;
}

bool collect_run(sch_vm *vm, bool full)
{
    struct heap *heap = &vm->heap;
    bool due = !full;
    sch_assert(!heap->collecting);
    heap->collecting = true;
    heap->collections++;
    full = full || heap->client->full_only || !heap->young_only || heap->log.overflowed ||
           (HOSTILE && heap->collections % FULL_EVERY == 0);
    heap->full_collections += full;

    space_drop_ready(heap);
    space_leave_holes(heap);
    grow_mark_stack(heap);
    if (full) {
        clear_list(heap->blocks);
        clear_list(heap->large);
    }
    struct heap_marker marker;
    marker_init(&marker, vm);
    log_visit(&marker, !full);
    heap->client->trace_roots(vm, &marker);
    if (!mark_finish(&marker))
        return give_up(heap);

    if (heap->client->sweep_weak)
        heap->client->sweep_weak(vm);
    sweep_finalizable(vm, full);
    size_t live;
    sweep_blocks(heap, &live);
    bool goes_on = sweep_large(vm, full, due);
    plan_next(heap, live + heap->large_bytes, full);
    if (full)
        space_release_empty(heap, heap->threshold / HEAP_BLOCK_SIZE + 1);
    heap->collecting = false;
    return goes_on;
}

/* What is left would be used up at once, and the next collection would find as little: an end, not a crawl. */
static bool is_worth_it(sch_vm *vm)
{
    if (collect_available(&vm->heap) >= vm->heap.account->cap / 16)
        return true;
    vm->heap.account->exhausted = true;
    raise_limit(vm, SCH_LIMIT_HEAP);
    return false;
}

bool collect_due(sch_vm *vm)
{
    uint64_t full = vm->heap.full_collections;
    if (!collect_run(vm, false))
        return false;
    return vm->heap.full_collections == full || is_worth_it(vm);
}

bool collect_short(sch_vm *vm)
{
    if (!vm->heap.disabled)
        return collect_run(vm, true) && is_worth_it(vm);
    vm->heap.account->exhausted = true;
    raise_limit(vm, SCH_LIMIT_HEAP);
    return false;
}

bool heap_collect(sch_vm *vm, bool full)
{
    struct heap *heap = &vm->heap;
    if (heap->disabled || (HOSTILE && !full && !collect_turn(heap)))
        return true;
    heap->pending = 0;
    heap->pending_count = 0;
    heap->reserved = 0;
    space_drop_ready_large(heap);
    return full ? collect_run(vm, true) : collect_due(vm);
}

void heap_pause_collection(sch_vm *vm)
{
    vm->heap.disabled++;
}

void heap_resume_collection(sch_vm *vm)
{
    sch_assert(vm->heap.disabled > 0);
    vm->heap.disabled--;
}

bool heap_is_marked(sch_vm *vm, sch_value value)
{
    return !is_pointer(value) || block_is_marked(value_address(value));
}
