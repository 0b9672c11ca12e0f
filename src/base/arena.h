/*
 * An arena: many small allocations, freed together. The front end (reader, expander, compiler) works in one.
 * Every allocation may fail by returning NULL; nothing is freed before arena_done.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>
#include "base/memory.h"

struct arena_chunk;

struct arena {
    const struct memory *memory;
    struct arena_chunk *chunks;
    char *next;
    char *limit;
    size_t chunk_size; /* of the next chunk, doubling to ARENA_CHUNK_MAX */
    size_t mapped;     /* bytes taken from memory */
};

void arena_init(struct arena *arena, const struct memory *memory);
void arena_done(struct arena *arena);

/* Zeroed memory, aligned to 8 bytes; NULL when it does not fit. A size of 0 gives a unique pointer. */
void *arena_alloc(struct arena *arena, size_t size);
/* As above for count * size bytes, with the product checked. */
void *arena_array(struct arena *arena, size_t count, size_t size);
/* A copy of `length` bytes with a NUL behind it. */
char *arena_copy(struct arena *arena, const void *bytes, size_t length);

#define arena_new(arena, type) ((type *)arena_alloc((arena), sizeof(type)))

#endif
