/*
 * The write barrier. Whoever stores a pointer into a pair or object that may be older than the last collection calls
 * one of these, before or after the store: the first store to an object that survived a collection records it, and the
 * next young collection looks through it again. What was made since the last heap_reserve needs none.
 */
#ifndef SCHOONER_HEAP_BARRIER_H
#define SCHOONER_HEAP_BARRIER_H

#include "schooner/heap/block.h"
#include "schooner/heap/machine.h"

static inline void barrier_object(sch_vm *vm, void *object)
{
    if (unlikely(block_is_marked(object) && !(header_flags(((struct object *)object)->header) & OBJECT_LOGGED)))
        heap_log_slow(vm, object, true);
}

static inline void barrier_pair(sch_vm *vm, sch_value pair)
{
    struct pair *address = pair_of(pair);
    const struct heap_block *block = block_of(address);
    size_t granule = granule_of(address);
    if (unlikely(bits_test(block->marks, granule) && !bits_test(block->logged, granule)))
        heap_log_slow(vm, address, false);
}

#endif
