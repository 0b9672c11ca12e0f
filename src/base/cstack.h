/*
 * More C stack for code that follows a stranger's data by recursion. The first part of the way goes over the thread's
 * own stack, of which a small, fixed part is used (hosts have threads with 256 KiB); each further part is a segment
 * from `memory`, where the stack pointer is moved to. So the depth is bounded by memory, which is accounted for, and
 * not by whoever made the thread. Every recursive function asks on entry:
 *
 *     if (unlikely(cstack_is_low(stack)))
 *         ... cstack_extend(stack, run, data), where `run` makes the same call again
 *
 * Knows nothing of what is called. Calls and returns stay paired, so hardware shadow stacks agree.
 */
#ifndef BASE_CSTACK_H
#define BASE_CSTACK_H

#include <stdbool.h>
#include <stddef.h>
#include "base/memory.h"

struct cstack_segment;

struct cstack {
    const struct memory *memory;
    const char *low; /* whoever stands below this must not go deeper here */
    struct cstack_segment *spare;
};

enum cstack_end { CSTACK_CALLED, CSTACK_NO_MEMORY, CSTACK_NO_SWITCH };

/* `own`: bytes of the thread's stack, counted from the caller, to use first. */
void cstack_init(struct cstack *stack, const struct memory *memory, size_t own);
void cstack_done(struct cstack *stack);

static inline bool cstack_is_low(const struct cstack *stack)
{
    return (const char *)__builtin_frame_address(0) < stack->low;
}

/* Calls run(data) on a segment of its own. CSTACK_NO_MEMORY, or CSTACK_NO_SWITCH on a processor whose stack pointer we
 * cannot move: it was not called. */
enum cstack_end cstack_extend(struct cstack *stack, void (*run)(void *data), void *data);

#endif
