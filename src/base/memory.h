/* Where the growing structures of base/ take their memory from. The owner of the account decides what fits. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

/*
 * resize(data, NULL, 0, n) allocates n bytes, resize(data, p, old, n) moves p of old bytes to n bytes,
 * resize(data, p, old, 0) frees and gives NULL. NULL for a request of more than 0 bytes means that it did not fit;
 * what p held is then untouched.
 */
struct memory {
    void *(*resize)(void *data, void *block, size_t old_size, size_t new_size);
    void *data;
};

/* Plain malloc, for programs and for code that is not limited. */
extern const struct memory memory_malloc;

static inline void *memory_resize(const struct memory *memory, void *block, size_t old_size, size_t new_size)
{
    return memory->resize(memory->data, block, old_size, new_size);
}

#endif
