/* Chunks of scratch. Knows the account, not what the limbs mean. */
#include "schooner/num/work.h"

struct work_chunk {
    struct work_chunk *below;
    size_t bytes;
    uint64_t limbs[];
};

void work_release(struct work *work, struct work_mark mark)
{
    while (work->chunks != mark.chunks) {
        struct work_chunk *chunk = work->chunks;
        work->chunks = chunk->below;
        memory_resize(vm_memory(work->vm), chunk, chunk->bytes, 0);
    }
    work->next = mark.next;
    work->end = mark.end;
}

/* A full account may be full of garbage: collect before giving up. */
static bool work_make_room(struct work *work, size_t bytes)
{
    sch_vm *vm = work->vm;
    if (account_fits(&vm->account, bytes + HEAP_LARGE) || work->collection == WORK_NEVER_COLLECTS || vm->heap.disabled)
        return true;
    return heap_collect(vm, true);
}

uint64_t *work_limbs_slow(struct work *work, size_t count)
{
    size_t bytes;

    if (!size_mul(count, sizeof(uint64_t), &bytes) || !size_add(bytes, sizeof(struct work_chunk), &bytes) ||
        bytes > SIZE_MAX / 4) {
        raise_limit(work->vm, SCH_LIMIT_HEAP);
        return NULL;
    }
    bytes = size_max(bytes, WORK_CHUNK);
    if (!work_make_room(work, bytes))
        return NULL;

    struct work_chunk *chunk = memory_resize(vm_memory(work->vm), NULL, 0, bytes);
    if (chunk == NULL) {
        raise_limit(work->vm, SCH_LIMIT_HEAP);
        return NULL;
    }
    chunk->below = work->chunks;
    chunk->bytes = bytes;
    work->chunks = chunk;
    work->next = chunk->limbs + count;
    work->end = chunk->limbs + (bytes - sizeof *chunk) / sizeof(uint64_t);
    return chunk->limbs;
}
