/* What every unit test includes: cmocka with what it needs before it, and a memory that fails on demand. */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/memory.h"

/* A struct memory whose requests fail once `left` of them were granted; freeing always works. */
struct failing_memory {
    size_t left;
    size_t held; /* bytes granted and not freed */
};

static inline void *failing_resize(void *data, void *block, size_t old_size, size_t new_size)
{
    struct failing_memory *failing = data;
    if (new_size > 0) {
        if (failing->left == 0)
            return NULL;
        failing->left--;
    }
    failing->held += new_size - old_size;
    return memory_malloc.resize(NULL, block, old_size, new_size);
}

#endif
