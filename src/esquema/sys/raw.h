/*
 * The system call instruction, per architecture. Returns the kernel's answer: a value, or a negative errno.
 * Freestanding: libc's syscall() writes errno, which lies in the thread's storage and would be shared with the parent
 * when a child runs in its memory. The only header that looks at the architecture; init uses it too.
 */
#ifndef ESQUEMA_SYS_RAW_H
#define ESQUEMA_SYS_RAW_H

#include <stdint.h>
#include <sys/syscall.h>

#define RAW_CLONE_INTO_CGROUP UINT64_C(0x200000000)

/* The kernel's struct clone_args as it is since 5.7; linux/sched.h cannot be included beside sched.h everywhere. */
struct raw_clone_arguments {
    uint64_t flags;
    uint64_t pidfd; /* address of an int */
    uint64_t child_tid;
    uint64_t parent_tid;
    uint64_t exit_signal;
    uint64_t stack; /* its lowest address */
    uint64_t stack_size;
    uint64_t tls;
    uint64_t set_tid;
    uint64_t set_tid_size;
    uint64_t cgroup; /* descriptor, for CLONE_INTO_CGROUP */
};

#if defined(__x86_64__)

static inline long raw_syscall(long number, long a, long b, long c, long d, long e, long f)
{
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

/* A system call that makes a child, which calls r12(r13). Its stack changes within, so it cannot be C. */
#define RAW_CALL_IN_CHILD   \
    "syscall\n\t"           \
    "test %%rax, %%rax\n\t" \
    "jnz 1f\n\t"            \
    "xor %%ebp, %%ebp\n\t"  \
    "mov %%r13, %%rdi\n\t"  \
    "call *%%r12\n\t"       \
    "ud2\n"                 \
    "1:"

/* clone(flags, top of stack): the child runs entry(argument) on that stack and never returns from it. */
static inline long raw_clone(unsigned long flags, void *stack_top, int *pidfd, void (*entry)(void *), void *argument)
{
    long result;
    register long r10 __asm__("r10") = 0;
    register long r8 __asm__("r8") = 0;
    register void (*r12)(void *) __asm__("r12") = entry;
    register void *r13 __asm__("r13") = argument;
    __asm__ volatile(RAW_CALL_IN_CHILD
                     : "=a"(result)
                     : "a"((long)SYS_clone), "D"(flags), "S"(stack_top), "d"(pidfd), "r"(r10), "r"(r8), "r"(r12),
                       "r"(r13)
                     : "rcx", "r11", "memory", "cc");
    return result;
}

/* clone3(arguments): as raw_clone, with the stack in `arguments`. The only way to be born in a cgroup. */
static inline long raw_clone3(const struct raw_clone_arguments *arguments, void (*entry)(void *), void *argument)
{
    long result;
    register void (*r12)(void *) __asm__("r12") = entry;
    register void *r13 __asm__("r13") = argument;
    __asm__ volatile(RAW_CALL_IN_CHILD
                     : "=a"(result)
                     : "a"((long)SYS_clone3), "D"(arguments), "S"(sizeof(*arguments)), "r"(r12), "r"(r13)
                     : "rcx", "r11", "memory", "cc");
    return result;
}

#elif defined(__aarch64__)

static inline long raw_syscall(long number, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory", "cc");
    return x0;
}

/* As above: x9(x10). */
#define RAW_CALL_IN_CHILD \
    "svc 0\n\t"           \
    "cbnz x0, 1f\n\t"     \
    "mov x29, xzr\n\t"    \
    "mov x0, x10\n\t"     \
    "blr x9\n\t"          \
    "brk 0\n"             \
    "1:"

static inline long raw_clone(unsigned long flags, void *stack_top, int *pidfd, void (*entry)(void *), void *argument)
{
    register long x8 __asm__("x8") = SYS_clone;
    register long x0 __asm__("x0") = (long)flags;
    register long x1 __asm__("x1") = (long)stack_top;
    register long x2 __asm__("x2") = (long)pidfd;
    register long x3 __asm__("x3") = 0;
    register long x4 __asm__("x4") = 0;
    register void (*x9)(void *) __asm__("x9") = entry;
    register void *x10 __asm__("x10") = argument;
    __asm__ volatile(RAW_CALL_IN_CHILD
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x9), "r"(x10)
                     : "memory", "cc");
    return x0;
}

static inline long raw_clone3(const struct raw_clone_arguments *arguments, void (*entry)(void *), void *argument)
{
    register long x8 __asm__("x8") = SYS_clone3;
    register long x0 __asm__("x0") = (long)arguments;
    register long x1 __asm__("x1") = (long)sizeof(*arguments);
    register void (*x9)(void *) __asm__("x9") = entry;
    register void *x10 __asm__("x10") = argument;
    __asm__ volatile(RAW_CALL_IN_CHILD : "+r"(x0) : "r"(x8), "r"(x1), "r"(x9), "r"(x10) : "memory", "cc");
    return x0;
}

#else
#error "this architecture has no system call stub yet"
#endif

#endif
