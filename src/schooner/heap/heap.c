/*
 * Reserving and building. Here alone it is decided whether a request first collects, and what fails; where the room is
 * found is space.c's, how a collection goes collect.c's.
 *
 * heap_reserve_object may be called several times before one heap_reserve, so what it promised for small objects is
 * added up (`pending`) until something is built: then that reservation has been used, or given up by a primitive that
 * raised.
 */
#include "schooner/heap/own.h"

enum {
    BLOCK_ROOM = HEAP_BLOCK_SIZE - HEAP_BLOCK_HEADER,
    /* Of a block of mixed objects the last one may not fit: what is certain. */
    BLOCK_ROOM_MIXED = BLOCK_ROOM - HEAP_LARGE + HEAP_GRANULE,
};

struct heap *heap_of(sch_vm *vm)
{
    return &vm->heap;
}

static bool limit_reached(sch_vm *vm)
{
    vm->account.exhausted = true;
    raise_limit(vm, SCH_LIMIT_HEAP);
    return false;
}

/* Could it ever fit? Says no before anything is touched. */
static bool is_absurd(const struct heap *heap, size_t bytes)
{
    return bytes > heap->account->cap || bytes > SIZE_MAX / 8;
}

static bool collect_if_owed(sch_vm *vm)
{
    struct heap *heap = &vm->heap;
    if (heap->disabled)
        return true;
    if (HOSTILE ? !collect_turn(heap) : heap->allocated <= heap->threshold)
        return true;
    return collect_due(vm);
}

/* Has something been built since heap_reserve_object, or was it called too often? Then a new reservation begins. */
static void begin_pending(struct heap *heap)
{
    bool goes_on = heap->pending_count > 0 && heap->pending_count < HEAP_PENDING_MAX &&
                   heap->pending_next == heap->next && heap->pending_large == heap->large;
    if (goes_on)
        return;
    heap->pending = 0;
    heap->pending_count = 0;
    space_drop_ready_large(heap);
}

static void note_pending(struct heap *heap)
{
    heap->pending_count++;
    heap->pending_next = heap->next;
    heap->pending_large = heap->large;
    heap->reserved = heap->pending;
}

static bool ready_blocks(struct heap *heap, size_t count)
{
    space_drop_ready(heap);
    for (size_t i = 0; i < count; i++) {
        struct heap_block *block = space_take_block(heap);
        if (!block)
            return false;
        block->next = heap->ready;
        heap->ready = block;
    }
    return true;
}

static bool try_room(struct heap *heap, size_t bytes, size_t block_room)
{
    return bytes <= HEAP_LARGE ? space_find_hole(heap, bytes) : ready_blocks(heap, (bytes - 1) / block_room + 1);
}

/* Room for `bytes` of small objects: one hole, or above HEAP_LARGE as many empty blocks as it takes. */
static bool make_room(sch_vm *vm, size_t bytes, size_t block_room)
{
    struct heap *heap = &vm->heap;
    if (is_absurd(heap, bytes))
        return limit_reached(vm);
    if (!collect_if_owed(vm))
        return false;
    if (try_room(heap, bytes, block_room))
        return true;
    space_drop_ready(heap);
    if (!collect_short(vm))
        return false;
    if (try_room(heap, bytes, block_room))
        return true;
    space_drop_ready(heap);
    return limit_reached(vm);
}

static bool reserve_small(sch_vm *vm, size_t bytes, size_t block_room)
{
    struct heap *heap = &vm->heap;
    begin_pending(heap);
    if (bytes > SIZE_MAX / 8)
        return limit_reached(vm);
    size_t all = size_round_up(bytes, HEAP_ALIGN) + heap->pending;
    bool mixed = heap->pending > 0;
    bool done = make_room(vm, all, mixed ? BLOCK_ROOM_MIXED : block_room);
    heap->pending = 0;
    heap->pending_next = NULL;
    heap->reserved = done ? all : 0;
    return done;
}

bool heap_reserve_slow(sch_vm *vm, size_t bytes)
{
    return reserve_small(vm, bytes, BLOCK_ROOM_MIXED);
}

bool heap_reserve_pairs(sch_vm *vm, size_t count)
{
    size_t bytes;
    if (!size_mul(count, PAIR_SIZE, &bytes))
        return limit_reached(vm);
    if (bytes <= HEAP_LARGE)
        return heap_reserve(vm, bytes);
    return reserve_small(vm, bytes, BLOCK_ROOM);
}

/* --- large objects --- */

static bool map_large(struct heap *heap, size_t size)
{
    struct heap_block *block = space_reuse_large(heap, size);
    if (block)
        size = block->size;
    else if (!(block = account_map_raw(heap->account, size, HEAP_BLOCK_SIZE)))
        return false;
    block_format(block, size, BLOCK_LARGE);
    block->next = heap->large_ready;
    heap->large_ready = block;
    heap->allocated += size;
    return true;
}

static bool reserve_large(sch_vm *vm, size_t bytes)
{
    struct heap *heap = &vm->heap;
    size_t size = size_round_up(bytes + HEAP_BLOCK_HEADER, heap->account->page);
    if (is_absurd(heap, size))
        return limit_reached(vm);
    if (!collect_if_owed(vm))
        return false;
    if (map_large(heap, size)) /* the account asks for empty blocks by itself */
        return true;
    if (!collect_short(vm))
        return false;
    return map_large(heap, size) || limit_reached(vm);
}

bool heap_reserve_object(sch_vm *vm, size_t bytes)
{
    struct heap *heap = &vm->heap;
    begin_pending(heap);
    if (is_absurd(heap, bytes))
        return limit_reached(vm);
    if (bytes > HEAP_LARGE) {
        if (!reserve_large(vm, bytes))
            return false;
        /* The collection may have taken the hole in which the small ones of this reservation were promised. */
        if (heap->pending > 0 && !try_room(heap, heap->pending, BLOCK_ROOM_MIXED))
            return limit_reached(vm);
    } else {
        size_t pending = heap->pending + size_round_up(bytes, HEAP_ALIGN);
        if (!make_room(vm, pending, BLOCK_ROOM_MIXED))
            return false;
        heap->pending = pending;
    }
    note_pending(heap);
    return true;
}

static void *take_large(struct heap *heap, size_t bytes)
{
    size_t size = size_round_up(bytes + HEAP_BLOCK_HEADER, heap->account->page);
    struct heap_block **best = NULL;
    for (struct heap_block **link = &heap->large_ready; *link; link = &(*link)->next) {
        if ((*link)->size >= size && (!best || (*link)->size < (*best)->size))
            best = link;
    }
    if (!best)
        return NULL;
    struct heap_block *block = *best;
    *best = block->next;
    block->next = heap->large;
    heap->large = block;
    heap->large_bytes += block->size;
    return (char *)block + HEAP_BLOCK_HEADER;
}

/* Behind a true heap_reserve the room is there. Whoever builds without one is stopped rather than given another's. */
void *heap_take_slow(sch_vm *vm, size_t bytes)
{
    struct heap *heap = &vm->heap;
    if (bytes > HEAP_LARGE) {
        void *object = take_large(heap, bytes);
        sch_assert(object);
        if (!object)
            __builtin_trap();
        return object;
    }
    sch_assert(bytes <= heap->reserved);
    if (!space_next_ready(heap) && !space_find_hole(heap, bytes))
        __builtin_trap();
    char *block = heap->next;
    heap->next += bytes;
    heap->reserved -= HOSTILE ? bytes : 0;
    return block;
}

/* --- finalizers --- */

void heap_add_finalizer(sch_vm *vm, struct object *object)
{
    vm->heap.finalizable = cons(vm, object_value(object), vm->heap.finalizable);
}
