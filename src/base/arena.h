/*
 * An arena: many small allocations, freed together. The front end (reader, expander, compiler) works in one.
 * Every allocation may fail by returning NULL; nothing is freed before arena_done.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/memory.h"

struct arena_chunk;

/* Asked before each ARENA_PIECE of fresh memory, which is slow to touch; false: nothing more is to be had. */
enum { ARENA_PIECE = 1 << 16 };
typedef bool arena_look(void *data);

struct arena {
    const struct memory *memory;
    arena_look *look; /* NULL: nobody asks */
    void *look_data;
    size_t quiet; /* bytes handed out since the last look, and steps */
    struct arena_chunk *chunks;
    char *next;
    char *limit;
    size_t chunk_size; /* of the next chunk, doubling to ARENA_CHUNK_MAX */
    size_t mapped;     /* bytes taken from memory */
};

void arena_init(struct arena *arena, const struct memory *memory);
void arena_done(struct arena *arena);
/*
 * Gives everything back, the latest first, as long as the looks allow; false: there is more, which is all that the
 * arena may be used for. `splits`: memory can give back the end of a block.
 */
bool arena_shrink(struct arena *arena, bool splits);

/* Looks now. */
bool arena_asks(struct arena *arena);
/* Work upon what is there that takes as long as `bytes` of fresh memory; false: as when there is none. */
static inline bool arena_step(struct arena *arena, size_t bytes)
{
    arena->quiet += bytes;
    return arena->quiet < ARENA_PIECE || arena_asks(arena);
}

/* Zeroed memory, aligned to 8 bytes; NULL when it does not fit. A size of 0 gives a unique pointer. */
void *arena_alloc(struct arena *arena, size_t size);
/* As above for count * size bytes, with the product checked. */
void *arena_array(struct arena *arena, size_t count, size_t size);
/* memcpy with looks; false: one ended it. */
bool arena_move(struct arena *arena, void *to, const void *from, size_t length);
/* A copy of `length` bytes with a NUL behind it. */
char *arena_copy(struct arena *arena, const void *bytes, size_t length);

#define arena_new(arena, type) ((type *)arena_alloc((arena), sizeof(type)))

#endif
