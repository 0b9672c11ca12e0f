/*
 * compile.h: from a policy to the program that the kernel runs at each system call.
 */
#pragma once

#include <stddef.h>

#include "seccomp/policy.h"

struct sock_filter;

/* BPF_MAXINSNS; a program of 4096 instructions is the longest that the kernel takes. */
enum { SECCOMP_PROGRAM_MAX = 4096 };

/*
 * Writes the program for this machine's architecture at program[0 .. *ret_length); `capacity` counts instructions.
 * Returns 0, or -ENOSPC where it does not fit (512 hold every policy of policy.h with the default families).
 * A pure function: equal policies give equal programs.
 */
int seccomp_compile(const struct seccomp_policy *policy, struct sock_filter *program, size_t capacity,
                    size_t *ret_length);
