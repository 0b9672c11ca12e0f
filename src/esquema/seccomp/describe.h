/* Policies in words: a named one as rules, and what the one of a specification has beyond the standard. */
#ifndef ESQUEMA_SECCOMP_DESCRIBE_H
#define ESQUEMA_SECCOMP_DESCRIBE_H

#include "seccomp/policy.h"
#include "spec/spec.h"

/* One rule, in the words of the field "seccomp-rules". False ends the description. */
typedef bool seccomp_rule_function(void *data, const char *const *words, size_t count);

/* The rules that make the policy out of `empty`, in their order. False where `emit` said so. */
bool seccomp_describe(enum seccomp_base base, seccomp_rule_function *emit, void *data);

enum { SECCOMP_BEYOND_NAMES = 16 };

struct seccomp_beyond {
    char text[320]; /* "keyctl, add_key, sockets of bluetooth": the first of them */
    size_t unnamed; /* so many more */
};

/* What a container of this specification may ask the kernel for that the standard policy refuses; how many calls and
 * families that are. 0 for `seccomp none`, which is no policy. */
size_t seccomp_list_beyond(const esq_spec *spec, struct seccomp_beyond *ret_beyond);

#endif
