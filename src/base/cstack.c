/* The C stack in segments. The table of processors is move_and_call: move the stack pointer, call, move it back. */
#include "base/cstack.h"

#include <stdint.h>

enum {
    SEGMENT_SIZE = 256 * 1024,
    SEGMENT_REST = 32 * 1024, /* for functions that do not ask, and for signal handlers of the host */
    SEGMENT_ALIGN = 64,
};

struct cstack_segment {
    struct cstack_segment *next;
};

void cstack_init(struct cstack *stack, const struct memory *memory, size_t own)
{
    *stack = (struct cstack){ .memory = memory, .low = (const char *)__builtin_frame_address(0) - own };
}

void cstack_done(struct cstack *stack)
{
    while (stack->spare) {
        struct cstack_segment *segment = stack->spare;
        stack->spare = segment->next;
        memory_resize(stack->memory, segment, SEGMENT_SIZE, 0);
    }
}

/*
 * The old stack pointer waits in a register that the callee keeps. The frame address is asked for so that this function
 * has a frame pointer: debuggers and unwinders find their way back through it.
 */
#if defined(__x86_64__) && !defined(__ILP32__)
enum { CAN_SWITCH = true };
static __attribute__((noinline)) void move_and_call(char *top, void (*run)(void *), void *data)
{
    __asm__ volatile("movq %%rsp, %%rbx\n\t"
                     "movq %[top], %%rsp\n\t"
                     "callq *%[run]\n\t"
                     "movq %%rbx, %%rsp"
                     : "+D"(data), [top] "+r"(top), [run] "+r"(run)
                     : "r"(__builtin_frame_address(0))
                     : "rbx", "rax", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "xmm0", "xmm1", "xmm2", "xmm3",
                       "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
                       "xmm15", "memory", "cc");
}
#elif defined(__aarch64__)
enum { CAN_SWITCH = true };
static __attribute__((noinline)) void move_and_call(char *top, void (*run)(void *), void *data)
{
    register void *argument __asm__("x0") = data;
    __asm__ volatile("mov x19, sp\n\t"
                     "mov sp, %[top]\n\t"
                     "blr %[run]\n\t"
                     "mov sp, x19"
                     : "+r"(argument), [top] "+r"(top), [run] "+r"(run)
                     : "r"(__builtin_frame_address(0))
                     : "x19", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14",
                       "x15", "x16", "x17", "x18", "x30", "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8", "v9",
                       "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23",
                       "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31", "memory", "cc");
}
#else
enum { CAN_SWITCH = false };
static void move_and_call(char *top, void (*run)(void *), void *data)
{
    (void)top;
    run(data);
}
#endif

static struct cstack_segment *segment_take(struct cstack *stack)
{
    struct cstack_segment *segment = stack->spare;
    if (segment)
        stack->spare = segment->next;
    else
        segment = memory_resize(stack->memory, NULL, 0, SEGMENT_SIZE);
    return segment;
}

enum cstack_end cstack_extend(struct cstack *stack, void (*run)(void *data), void *data)
{
    if (!CAN_SWITCH)
        return CSTACK_NO_SWITCH;
    struct cstack_segment *segment = segment_take(stack);
    if (!segment)
        return CSTACK_NO_MEMORY;
    char *top = (char *)segment + SEGMENT_SIZE;
    top -= (uintptr_t)top % SEGMENT_ALIGN;
    const char *low = stack->low;
    stack->low = (char *)segment + SEGMENT_REST;
    move_and_call(top, run, data);
    stack->low = low;
    segment->next = stack->spare;
    stack->spare = segment;
    return CSTACK_CALLED;
}
