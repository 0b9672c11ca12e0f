/*
 * The life of a machine's memory. Its first block holds what an idle machine needs:
 *
 *      0  header of the block
 *    896  the record (struct sch_vm)          only these pages are touched before the machine runs
 *     ..  lines for objects
 *  24576  a page for small buffers            first touched when a buffer grows
 *  28672  the mark stack                      first touched by the first collection
 *
 * so a collection needs no memory that it does not have, and a machine is made and freed with one mapping.
 */
#include "schooner/heap/own.h"

enum {
    FIRST_POOL = HEAP_BLOCK_SIZE - 2 * ACCOUNT_PAGE,
    FIRST_MARK_STACK = HEAP_BLOCK_SIZE - ACCOUNT_PAGE,
};

static void relieve(void *data, uint64_t size)
{
    struct heap *heap = data;
    size_t blocks = size / HEAP_BLOCK_SIZE + 1;
    space_drop_kept(heap);
    space_release_empty(heap, heap->empty_count > blocks ? heap->empty_count - blocks : 0);
}

/* `record`: bytes behind the header that are not for objects. */
static void heap_set_up(struct heap *heap, struct heap_block *block, size_t record, struct account *account,
                        const struct heap_client *client)
{
    block_format(block, HEAP_BLOCK_SIZE, BLOCK_FIRST);
    block->first_line = (uint16_t)((HEAP_BLOCK_HEADER + record + HEAP_LINE - 1) / HEAP_LINE);
    block->end_line = FIRST_POOL / HEAP_LINE;
    bits_set_range(block->free, block->first_line, block->end_line);

    *heap = (struct heap){ .account = account, .client = client, .finalizable = V_NIL };
    heap->blocks = block;
    heap->block_count = 1;
    heap->current = block;
    heap->mark_stack = (char *)block + FIRST_MARK_STACK;
    heap->mark_stack_size = ACCOUNT_PAGE;
    heap->threshold = (size_t)(account->cap / 4 < (256 << 10) ? account->cap / 4 : 256 << 10);
    heap->free_bytes = (size_t)(block->end_line - block->first_line) * HEAP_LINE;
    account->relieve = relieve;
    account->relieve_data = heap;
}

static void run_finalizers(sch_vm *vm)
{
    struct heap *heap = &vm->heap;
    for (; is_pair(heap->finalizable); heap->finalizable = pair_cdr(heap->finalizable))
        heap->client->finalize(vm, object_of(pair_car(heap->finalizable)));
}

/* Everything but the first block, which it returns. */
static struct heap_block *give_back(sch_vm *vm)
{
    struct heap *heap = &vm->heap;
    run_finalizers(vm);
    space_drop_ready(heap);
    space_release_empty(heap, 0);
    space_unmap_list(heap, &heap->large);
    space_unmap_list(heap, &heap->large_ready);
    space_drop_kept(heap);
    if (heap->mark_stack_own)
        account_unmap(heap->account, heap->mark_stack_own, heap->mark_stack_size);

    struct heap_block *first = NULL;
    while (heap->blocks) {
        struct heap_block *block = heap->blocks;
        heap->blocks = block->next;
        if (block->flags & BLOCK_FIRST)
            first = block;
        else
            account_unmap(heap->account, block, HEAP_BLOCK_SIZE);
    }
    return first;
}

static sch_vm *machine_place(struct heap_block *block, const struct account *account, const struct heap_client *client)
{
    sch_vm *vm = (sch_vm *)((char *)block + HEAP_BLOCK_HEADER);
    memset(vm, 0, sizeof *vm);
    account_init(&vm->account, &account->hook, account->cap);
    vm->account.now = vm->account.peak = size_round_up(HEAP_BLOCK_SIZE, vm->account.page);
    heap_set_up(&vm->heap, block, sizeof *vm, &vm->account, client);
    account_lend_page(&vm->account, (char *)block + FIRST_POOL);
    return vm;
}

sch_vm *heap_machine_new(const struct sch_memory *hook, uint64_t cap, const struct heap_client *client)
{
    struct account account;
    account_init(&account, hook, cap);
    struct heap_block *block = account_map_raw(&account, HEAP_BLOCK_SIZE, HEAP_BLOCK_SIZE);
    return block ? machine_place(block, &account, client) : NULL;
}

void heap_machine_free(sch_vm *vm)
{
    struct heap_block *first = give_back(vm);
    account_done(&vm->account);
    struct account account = vm->account; /* the record goes with the block */
    account_unmap(&account, first, HEAP_BLOCK_SIZE);
}

void heap_machine_reset(sch_vm *vm)
{
    struct heap_block *first = give_back(vm);
    account_done(&vm->account);
    struct account account = vm->account;
    machine_place(first, &account, vm->heap.client);
}

bool heap_init(sch_vm *vm, const struct heap_client *client)
{
    struct heap_block *block = account_map_raw(&vm->account, HEAP_BLOCK_SIZE, HEAP_BLOCK_SIZE);
    if (!block)
        return false;
    heap_set_up(&vm->heap, block, 0, &vm->account, client);
    return true;
}

void heap_done(sch_vm *vm)
{
    struct heap *heap = &vm->heap;
    struct account *account = heap->account;
    struct heap_block *first = give_back(vm);
    if (heap->log.entries)
        memory_resize(&account->memory, heap->log.entries, heap->log.capacity * sizeof *heap->log.entries, 0);
    account_unmap(account, first, HEAP_BLOCK_SIZE);
    account->relieve = NULL;
    *heap = (struct heap){ .account = account };
}

/* --- the memory of a compilation --- */

static bool in_time(void *vm)
{
    return vm_in_time(vm);
}

void heap_give_arena(sch_vm *vm, struct arena *arena)
{
    arena->look = in_time;
    arena->look_data = vm;
    if (arena_shrink(arena, account_splits(&vm->account)))
        return;
    heap_give_rest(vm); /* of an earlier one */
    vm->rest = *arena;
}

void heap_give_rest(sch_vm *vm)
{
    if (vm->rest.chunks)
        arena_done(&vm->rest);
}

/* --- long moves --- */

bool copy_pieces(sch_vm *vm, void *to, const void *from, size_t bytes)
{
    bool backward = (uintptr_t)to > (uintptr_t)from;
    for (size_t done = 0; done < bytes;) {
        size_t size = size_min(COPY_PIECE, bytes - done);
        size_t at = backward ? bytes - done - size : done;
        memmove((char *)to + at, (const char *)from + at, size);
        done += size;
        if (!poll(vm))
            return false;
    }
    return true;
}

bool fill_bytes(sch_vm *vm, void *to, int byte, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += COPY_PIECE) {
        memset((char *)to + at, byte, size_min(COPY_PIECE, bytes - at));
        if (bytes > COPY_PIECE && !poll(vm))
            return false;
    }
    return true;
}

bool compare_pieces(sch_vm *vm, const void *a, const void *b, size_t bytes, int *ret)
{
    *ret = 0;
    for (size_t at = 0; at < bytes && *ret == 0; at += COPY_PIECE) {
        if (at > 0 && !poll(vm))
            return false;
        *ret = memcmp((const char *)a + at, (const char *)b + at, size_min(COPY_PIECE, bytes - at));
    }
    return true;
}
