/* Bump allocation in chunks that double. */
#include "base/arena.h"

#include <stdlib.h>
#include <string.h>
#include "base/arith.h"

enum { ARENA_CHUNK_MIN = 4096, ARENA_CHUNK_MAX = 1 << 20, ARENA_GIVEN = 1 << 20 };

struct arena_chunk {
    struct arena_chunk *older;
    size_t size;
};

static void *malloc_resize(void *data, void *block, size_t old_size, size_t new_size)
{
    (void)data;
    (void)old_size;
    if (new_size == 0) {
        free(block);
        return NULL;
    }
    return realloc(block, new_size);
}

const struct memory memory_malloc = { .resize = malloc_resize };

void arena_init(struct arena *arena, const struct memory *memory)
{
    *arena = (struct arena){ .memory = memory, .chunk_size = ARENA_CHUNK_MIN };
}

void arena_done(struct arena *arena)
{
    arena->look = NULL;
    arena_shrink(arena, false);
    arena_init(arena, arena->memory);
}

bool arena_asks(struct arena *arena)
{
    arena->quiet = 0;
    return !arena->look || arena->look(arena->look_data);
}

/* The end of a large chunk, a piece at a time. */
static bool shorten(struct arena *arena)
{
    struct arena_chunk *chunk = arena->chunks;
    while (chunk->size > ARENA_GIVEN) {
        size_t less = chunk->size - ARENA_GIVEN;
        if (!arena_asks(arena))
            return false;
        chunk = memory_resize(arena->memory, chunk, chunk->size, less);
        if (!chunk)
            return true; /* then as a whole */
        arena->chunks = chunk;
        chunk->size = less;
        arena->mapped -= ARENA_GIVEN;
    }
    return true;
}

bool arena_shrink(struct arena *arena, bool splits)
{
    arena->next = arena->limit = NULL;
    while (arena->chunks) {
        if ((splits && !shorten(arena)) || !arena_asks(arena))
            return false;
        struct arena_chunk *chunk = arena->chunks;
        arena->chunks = chunk->older;
        arena->mapped -= chunk->size;
        memory_resize(arena->memory, chunk, chunk->size, 0);
    }
    return true;
}

static bool arena_grow(struct arena *arena, size_t need)
{
    size_t size;
    if (!size_add(need, sizeof(struct arena_chunk), &size))
        return false;
    size = size_max(size, arena->chunk_size);

    struct arena_chunk *chunk = memory_resize(arena->memory, NULL, 0, size);
    if (!chunk)
        return false;
    chunk->older = arena->chunks;
    chunk->size = size;
    arena->chunks = chunk;
    arena->mapped += size;
    arena->next = (char *)(chunk + 1);
    arena->limit = (char *)chunk + size;
    if (arena->chunk_size < ARENA_CHUNK_MAX)
        arena->chunk_size *= 2;
    return true;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    size = size_round_up(size ? size : 1, 8);
    if ((size_t)(arena->limit - arena->next) < size && !arena_grow(arena, size))
        return NULL;
    char *block = arena->next;
    for (size_t done = 0; done < size;) {
        size_t piece = size_min(size - done, ARENA_PIECE);
        if (!arena_step(arena, piece))
            return NULL;
        memset(block + done, 0, piece);
        done += piece;
    }
    arena->next += size;
    return block;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t bytes;
    return size_mul(count, size, &bytes) ? arena_alloc(arena, bytes) : NULL;
}

bool arena_move(struct arena *arena, void *to, const void *from, size_t length)
{
    for (size_t at = 0; at < length; at += ARENA_PIECE) {
        size_t piece = size_min(length - at, ARENA_PIECE);
        if (!arena_step(arena, piece / 4))
            return false;
        memcpy((char *)to + at, (const char *)from + at, piece);
    }
    return true;
}

char *arena_copy(struct arena *arena, const void *bytes, size_t length)
{
    if (length >= SIZE_MAX / 2)
        return NULL;
    char *copy = arena_alloc(arena, length + 1);
    return copy && arena_move(arena, copy, bytes, length) ? copy : NULL;
}
