/*
 * Blocks and the holes in them: where the next object goes. Decides nothing about collections: it finds room or says
 * that there is none.
 *
 * Holes are used in the order of the list of blocks. A small request takes the next hole that is large enough. A
 * request above a line whose next hole is too small goes to an empty block, and the hole that was in use is kept as a
 * spare, so that one long vector does not throw away all the holes of a fragmented heap.
 */
#include "schooner/heap/own.h"

enum {
    CHUNK_AFTER = 8, /* blocks; from then on several are mapped at a time */
    CHUNK_MAX = 16,
    KEPT_EACH = 256 << 10, /* bytes */
    KEPT_ALL = 1 << 20,
};

void block_format(struct heap_block *block, size_t size, uint32_t flags)
{
    memset(block, 0, sizeof *block);
    block->size = size;
    block->flags = flags;
    block->first_line = HEAP_FIRST_LINE;
    block->end_line = HEAP_LINES;
}

void heap_block_format_frozen(void *address, size_t size)
{
    struct heap_block *block = address;
    block_format(block, size, BLOCK_FROZEN | (size > HEAP_BLOCK_SIZE ? BLOCK_LARGE : 0));
    memset(block->marks, 0xff, sizeof block->marks);
    memset(block->lines, 0xff, sizeof block->lines);
}

bool heap_is_frozen(sch_value pointer)
{
    if (!is_pointer(pointer))
        return false;
    const struct heap_block *block = block_of(value_address(pointer));
    if (block->flags & BLOCK_FROZEN)
        return true;
    return is_pair(pointer) ? bits_test(block->literal, granule_of(value_address(pointer)))
                            : (header_flags(value_header(pointer)) & OBJECT_FROZEN) != 0;
}

void heap_freeze(sch_value pointer)
{
    if (is_pair(pointer)) {
        struct heap_block *block = block_of(value_address(pointer));
        bits_set(block->literal, granule_of(value_address(pointer)));
        block->flags |= BLOCK_LITERAL;
    } else if (is_object(pointer)) {
        ((struct object *)object_of(pointer))->header |= (uint64_t)OBJECT_FROZEN << 3;
    }
}

static void add_empty(struct heap *heap, void *memory)
{
    struct heap_block *block = memory;
    block_format(block, HEAP_BLOCK_SIZE, 0);
    block->next = heap->empty;
    heap->empty = block;
    heap->empty_count++;
}

/* Several blocks at once once the heap is not small: one system call, and neighbours stay neighbours. */
static bool map_blocks(struct heap *heap)
{
    size_t count = 1;
    bool splits = account_splits(heap->account) && HEAP_BLOCK_SIZE % heap->account->page == 0;
    if (heap->block_count >= CHUNK_AFTER && splits) {
        count = size_min(heap->block_count / 2, CHUNK_MAX);
        while (count > 1 && !account_fits(heap->account, (uint64_t)count * HEAP_BLOCK_SIZE))
            count /= 2;
    }
    char *memory = account_map_raw(heap->account, count * HEAP_BLOCK_SIZE, HEAP_BLOCK_SIZE);
    if (!memory)
        return false;
    for (size_t i = count; i-- > 0;)
        add_empty(heap, memory + i * HEAP_BLOCK_SIZE);
    return true;
}

struct heap_block *space_take_block(struct heap *heap)
{
    if (!heap->empty && !map_blocks(heap))
        return NULL;
    struct heap_block *block = heap->empty;
    heap->empty = block->next;
    heap->empty_count--;
    return block;
}

static void keep_spare(struct heap *heap)
{
    if (heap->limit - heap->next > heap->spare_limit - heap->spare_next) {
        heap->spare_next = heap->next;
        heap->spare_limit = heap->limit;
    }
}

static void use_hole(struct heap *heap, struct heap_block *block, size_t line, size_t end)
{
    bits_clear_range(block->free, line, end);
    bits_clear_range(block->clean, line, end);
    heap->next = (char *)block + line * HEAP_LINE;
    heap->limit = (char *)block + end * HEAP_LINE;
    heap->allocated += (end - line) * HEAP_LINE;
}

static void use_whole(struct heap *heap, struct heap_block *block)
{
    block->next = heap->blocks;
    heap->blocks = block;
    heap->block_count++;
    keep_spare(heap);
    use_hole(heap, block, block->first_line, block->end_line);
}

/* The next hole at or behind the place of the search. false: no more. */
static bool peek_hole(struct heap *heap, size_t *ret_line, size_t *ret_end)
{
    for (; heap->current; heap->current = heap->current->next, heap->current_line = 0) {
        const struct heap_block *block = heap->current;
        size_t line = bits_find_set(block->free, heap->current_line, HEAP_LINES);
        if (line < HEAP_LINES) {
            *ret_line = line;
            *ret_end = bits_find_clear(block->free, line, HEAP_LINES);
            return true;
        }
    }
    return false;
}

static bool use_spare(struct heap *heap, size_t bytes)
{
    if ((size_t)(heap->spare_limit - heap->spare_next) < bytes)
        return false;
    heap->next = heap->spare_next;
    heap->limit = heap->spare_limit;
    heap->spare_next = heap->spare_limit = NULL;
    return true;
}

/* `skip`: pass over holes that are too small; else only the next one is looked at. */
static bool use_next_hole(struct heap *heap, size_t bytes, bool skip)
{
    size_t line, end;
    while (peek_hole(heap, &line, &end)) {
        if ((end - line) * HEAP_LINE >= bytes) {
            use_hole(heap, heap->current, line, end);
            heap->current_line = end;
            return true;
        }
        if (!skip)
            return false;
        heap->current_line = end;
    }
    return false;
}

bool space_find_hole(struct heap *heap, size_t bytes)
{
    if ((size_t)(heap->limit - heap->next) >= bytes)
        return true;
    if (use_spare(heap, bytes))
        return true;
    if (use_next_hole(heap, bytes, bytes <= HEAP_LINE))
        return true;
    struct heap_block *block = space_take_block(heap);
    if (block) {
        use_whole(heap, block);
        return true;
    }
    return use_next_hole(heap, bytes, true);
}

bool space_next_ready(struct heap *heap)
{
    struct heap_block *block = heap->ready;
    if (!block)
        return false;
    heap->ready = block->next;
    use_whole(heap, block);
    return true;
}

void space_drop_ready(struct heap *heap)
{
    while (heap->ready) {
        struct heap_block *block = heap->ready;
        heap->ready = block->next;
        block->next = heap->empty;
        heap->empty = block;
        heap->empty_count++;
    }
}

void space_drop_ready_large(struct heap *heap)
{
    space_unmap_list(heap, &heap->large_ready);
}

/* Mapping and touching fresh pages costs more than filling them: a string that grows by appending is made of hundreds.
 */
bool space_keep_large(struct heap *heap, struct heap_block *block)
{
    if (block->size > KEPT_EACH || heap->kept_bytes + block->size > KEPT_ALL)
        return false;
    block->next = heap->large_kept;
    heap->large_kept = block;
    heap->kept_bytes += block->size;
    return true;
}

struct heap_block *space_reuse_large(struct heap *heap, size_t size)
{
    for (struct heap_block **link = &heap->large_kept; *link; link = &(*link)->next) {
        struct heap_block *block = *link;
        if (block->size < size || block->size > size + size / 8)
            continue;
        *link = block->next;
        heap->kept_bytes -= block->size;
        return block;
    }
    return NULL;
}

void space_drop_kept(struct heap *heap)
{
    space_unmap_list(heap, &heap->large_kept);
    heap->kept_bytes = 0;
}

void space_leave_holes(struct heap *heap)
{
    heap->spare_next = heap->spare_limit = NULL;
    heap->current = NULL;
    heap->current_line = 0;
}

void space_release_empty(struct heap *heap, size_t keep)
{
    while (heap->empty_count > keep) {
        struct heap_block *block = heap->empty;
        heap->empty = block->next;
        heap->empty_count--;
        account_unmap(heap->account, block, HEAP_BLOCK_SIZE);
    }
}

void space_unmap_list(struct heap *heap, struct heap_block **list)
{
    while (*list) {
        struct heap_block *block = *list;
        *list = block->next;
        account_unmap(heap->account, block, block->size);
    }
}
