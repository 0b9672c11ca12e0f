/*
 * start.h: the first instructions of a program without libc, per architecture: hand the initial stack to init_main.
 */
#ifndef INIT_START_H
#define INIT_START_H

#include <stdint.h>

__attribute__((noreturn, used)) void init_main(const uint64_t *stack);

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall init_main\n\tud2\n");
#define INIT_AUDIT_ARCHITECTURE 0xc000003eu
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n\tmov x29, xzr\n\tmov x30, xzr\n\tmov x0, sp\n\tb init_main\n");
#define INIT_AUDIT_ARCHITECTURE 0xc00000b7u
#else
#error "this architecture has no first instructions yet"
#endif

#endif
