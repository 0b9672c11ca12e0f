/*
 * A pool of the host's: blocks that one machine gave back, for the next one. Behind the map and unmap functions of an
 * environment. Knows nothing of machines; a lock of its own, held for a few instructions, makes it anybody's. Whoever
 * waits for it sleeps: there are more machines than processors, and the one that holds it may have lost its own.
 */
#include <pthread.h>
#include <sys/mman.h>
#include "base/arith.h"
#include "base/memory.h"
#include "schooner/heap/account.h"

/* Blocks are kept by size; the sizes of machines are few. What does not fit goes back to the system. */
enum { POOL_SIZES = 32 };

/* At the start of a block that lies in the pool. */
struct pooled {
    struct pooled *next;
};

struct pool_shelf {
    size_t size; /* 0: free */
    struct pooled *blocks;
};

struct sch_pool {
    struct pool_shelf shelves[POOL_SIZES];
    size_t kept; /* bytes */
    size_t most;
    pthread_mutex_t lock;
};

static struct pool_shelf *find(struct sch_pool *pool, size_t size)
{
    for (size_t i = 0; i < POOL_SIZES; i++)
        if (pool->shelves[i].size == size)
            return &pool->shelves[i];
    return NULL;
}

/* The first block of the shelf that is aligned well enough, taken out. */
static void *take(struct sch_pool *pool, struct pool_shelf *shelf, size_t alignment)
{
    enum { LOOKED_AT = 8 };
    struct pooled **link = &shelf->blocks;
    for (int i = 0; *link && i < LOOKED_AT; i++, link = &(*link)->next) {
        struct pooled *block = *link;
        if (((uintptr_t)block & (alignment - 1)) == 0) {
            *link = block->next;
            pool->kept -= shelf->size;
            return block;
        }
    }
    return NULL;
}

static void *pool_map(void *data, size_t size, size_t alignment)
{
    struct sch_pool *pool = data;
    pthread_mutex_lock(&pool->lock);
    struct pool_shelf *shelf = find(pool, size);
    void *block = shelf ? take(pool, shelf, alignment) : NULL;
    pthread_mutex_unlock(&pool->lock);
    return block ? block : account_map_pages(size, alignment);
}

static void pool_unmap(void *data, void *block, size_t size)
{
    struct sch_pool *pool = data;
    pthread_mutex_lock(&pool->lock);
    struct pool_shelf *shelf = find(pool, size);
    if (!shelf && (shelf = find(pool, 0)))
        shelf->size = size;
    bool keep = shelf && size <= pool->most - pool->kept;
    if (keep) {
        struct pooled *kept = block;
        kept->next = shelf->blocks;
        shelf->blocks = kept;
        pool->kept += size;
    }
    pthread_mutex_unlock(&pool->lock);
    if (!keep)
        munmap(block, size);
}

sch_pool *sch_pool_new(size_t most)
{
    struct sch_pool *pool = memory_resize(&memory_malloc, NULL, 0, sizeof *pool);
    if (!pool)
        return NULL;
    *pool = (struct sch_pool){ .most = most };
    pthread_mutex_init(&pool->lock, NULL);
    return pool;
}

struct sch_memory sch_pool_memory(sch_pool *pool)
{
    if (!pool)
        return (struct sch_memory){ 0 };
    return (struct sch_memory){ .map = pool_map, .unmap = pool_unmap, .data = pool };
}

void sch_pool_free(sch_pool *pool)
{
    if (!pool)
        return;
    for (size_t i = 0; i < POOL_SIZES; i++) {
        while (pool->shelves[i].blocks) {
            struct pooled *block = pool->shelves[i].blocks;
            pool->shelves[i].blocks = block->next;
            munmap(block, pool->shelves[i].size);
        }
    }
    pthread_mutex_destroy(&pool->lock);
    memory_resize(&memory_malloc, pool, sizeof *pool, 0);
}
