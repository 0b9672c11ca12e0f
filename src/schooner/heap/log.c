/*
 * What the write barrier records: old pairs and objects that were stored into since the last collection, each once. The
 * list may fail to grow; then the next collection is a full one, which needs no list.
 */
#include "schooner/heap/barrier.h"
#include "schooner/heap/mark.h"

enum { LOG_FIRST = 64, LOG_KEEP = 4096 }; /* entries */

static const struct memory *log_memory(struct heap *heap)
{
    return &heap->account->memory;
}

static bool log_grow(struct heap *heap)
{
    struct heap_log *log = &heap->log;
    bool exhausted = heap->account->exhausted;
    size_t capacity = log->capacity ? log->capacity * 2 : LOG_FIRST;
    void **entries =
        memory_resize(log_memory(heap), log->entries, log->capacity * sizeof *entries, capacity * sizeof *entries);
    heap->account->exhausted = exhausted; /* the program asked for nothing */
    if (!entries)
        return false;
    log->entries = entries;
    log->capacity = capacity;
    return true;
}

void heap_log_slow(sch_vm *vm, void *address, bool is_object)
{
    struct heap *heap = &vm->heap;
    struct heap_log *log = &heap->log;
    if (block_of(address)->flags & BLOCK_FROZEN || log->overflowed)
        return;
    if (log->count == log->capacity && !log_grow(heap)) {
        log->overflowed = true;
        return;
    }
    log->entries[log->count++] = (char *)address + is_object;
    if (is_object)
        ((struct object *)address)->header |= (uint64_t)OBJECT_LOGGED << 3;
    else
        bits_set(block_of(address)->logged, granule_of(address));
}

void log_visit(struct heap_marker *marker, bool trace)
{
    struct heap_log *log = &marker->heap->log;
    for (size_t i = 0; i < log->count; i++) {
        uintptr_t entry = (uintptr_t)log->entries[i];
        void *address = (void *)(entry & ~(uintptr_t)1);
        if (entry & 1)
            ((struct object *)address)->header &= ~((uint64_t)OBJECT_LOGGED << 3);
        else
            bits_clear(block_of(address)->logged, granule_of(address));
        if (trace)
            mark_contents(marker, address, entry & 1);
    }
    log->count = 0;
    log->overflowed = false;
    if (log->capacity > LOG_KEEP) {
        memory_resize(log_memory(marker->heap), log->entries, log->capacity * sizeof *log->entries, 0);
        log->entries = NULL;
        log->capacity = 0;
    }
}
