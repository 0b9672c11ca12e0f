/* A named policy as rules. */
#ifndef ESQUEMA_SECCOMP_DESCRIBE_H
#define ESQUEMA_SECCOMP_DESCRIBE_H

#include "seccomp/policy.h"

/* One rule, in the words of the field "seccomp-rules". False ends the description. */
typedef bool seccomp_rule_function(void *data, const char *const *words, size_t count);

/* The rules that make the policy out of `empty`, in their order. False where `emit` said so. */
bool seccomp_describe(enum seccomp_base base, seccomp_rule_function *emit, void *data);

#endif
