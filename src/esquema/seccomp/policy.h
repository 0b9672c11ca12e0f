/*
 * policy.h: what a process may ask of the kernel, as data: for each system call number a treatment.
 *
 * It owns the named policies and the changes that a specification makes to them. It knows neither BPF (compile.h) nor
 * how a filter is put on (apply.h), and makes no system call.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The end of a call. The order is that of `returns` below. */
enum seccomp_verdict {
    SECCOMP_ABSENT, /* ENOSYS: programs probe, and take their other way */
    SECCOMP_ALLOW,
    SECCOMP_REFUSE,  /* EPERM; the process is killed under `strict` */
    SECCOMP_FAMILY,  /* EAFNOSUPPORT: what a kernel without that family of sockets answers */
    SECCOMP_FOREIGN, /* the architecture or the entry is not ours: the process is killed */
    SECCOMP_VERDICTS,
};

enum seccomp_width { SECCOMP_WIDTH_INT = 32, SECCOMP_WIDTH_LONG = 64 };
enum seccomp_relation { SECCOMP_EQUAL, SECCOMP_OTHER };

/* One test of one argument; see guards.def, which explains the fields. */
struct seccomp_test {
    uint8_t argument;
    uint8_t width;
    uint8_t relation;
    uint8_t verdict;
    uint64_t mask;
    uint64_t value;
    uint8_t is_joined; /* it holds only together with the test behind it, whose verdict counts */
};

enum { SECCOMP_TESTS_MAX = 36 };

/* A treatment that looks at arguments: the first test that holds gives the verdict. */
struct seccomp_guard {
    uint8_t otherwise;
    uint8_t count;
    struct seccomp_test tests[SECCOMP_TESTS_MAX];
};

enum seccomp_base {
    SECCOMP_STANDARD,
    SECCOMP_STRICT,
    SECCOMP_PERMISSIVE,
    SECCOMP_RUNNER,
    SECCOMP_EMPTY, /* nothing at all, to begin a policy of one's own */
    SECCOMP_BASES
};

/* Numbers from here on are absent: no architecture of ours has them yet. */
enum { SECCOMP_NUMBERS = 512, SECCOMP_FAMILIES = 64 };

enum { SECCOMP_OWN_MAX = 32 }; /* calls with tests of a description */

/* A guard that rules with tests made of another treatment. */
struct seccomp_own {
    bool is_weaker; /* it allows what the treatment before did not */
    uint8_t before;
    struct seccomp_guard guard;
};

struct seccomp_policy {
    uint8_t treatments[SECCOMP_NUMBERS]; /* a verdict, or SECCOMP_VERDICTS plus the index of a guard */
    uint32_t returns[SECCOMP_VERDICTS];  /* SECCOMP_RET_* for each verdict */
    uint64_t families;                   /* bit n: sockets of the address family n */
    uint8_t own_count;
    struct seccomp_own own[SECCOMP_OWN_MAX];
};

/* NULL where there is no such policy; the names are those of enum seccomp_base in lower case. */
bool seccomp_find_base(const char *name, enum seccomp_base *ret_base);
const char *seccomp_base_name(enum seccomp_base base);

void seccomp_policy_init(struct seccomp_policy *policy, enum seccomp_base base);

/* Changes by name; false where this architecture has no call, or no family, of that name. Allowing a call drops the
 * tests of its arguments. */
bool seccomp_policy_allow(struct seccomp_policy *policy, const char *call);
bool seccomp_policy_refuse(struct seccomp_policy *policy, const char *call);
bool seccomp_policy_allow_family(struct seccomp_policy *policy, const char *family);
bool seccomp_policy_refuse_family(struct seccomp_policy *policy, const char *family);
/* None is left: before the first that a description names, which are then all that there are. */
void seccomp_policy_forget_families(struct seccomp_policy *policy);

/*
 * In front of what the call's treatment says: where all tests hold, this is the verdict. A test's width is filled in
 * from the kernel's table of arguments. Returns 0; -ENOENT for no such call, -EINVAL where an argument is none of the
 * call's or a value does not fit it, -E2BIG for too many rules.
 */
int seccomp_policy_when(struct seccomp_policy *policy, const char *call, enum seccomp_verdict verdict,
                        const struct seccomp_test *tests, size_t count);

/* ioctl: no other request than these, or these neither. -E2BIG for too many. */
int seccomp_policy_requests(struct seccomp_policy *policy, const uint32_t *requests, size_t count, bool are_allowed);

/* Does it allow anything that the standard policy does not? */
bool seccomp_policy_is_weaker(const struct seccomp_policy *policy);
/* The next call at or above `number` of which it allows something that the standard policy does not; -1: none. */
int seccomp_policy_next_weaker(const struct seccomp_policy *policy, int number);
/* The families of sockets that it has beyond the standard policy, a bit each. */
uint64_t seccomp_policy_more_families(const struct seccomp_policy *policy);

/* What is refused kills instead, or gives EPERM. */
void seccomp_policy_kill(struct seccomp_policy *policy, bool kills);

/* The treatment of calls whose answer is by the policy's families; those below it and from SECCOMP_VERDICTS on are
 * guards. */
unsigned seccomp_family_treatment(void);

/* The letters of arguments.def; NULL where they are not known. */
const char *seccomp_call_arguments(const char *name);
/* NULL: a family without a name. */
const char *seccomp_family_name(int family);

/* -1 and NULL where there is none. */
int seccomp_call_number(const char *name);
const char *seccomp_call_name(int number);

/* True where the treatment looks at arguments, which *ret_guard then tells. */
bool seccomp_policy_guard(const struct seccomp_policy *policy, uint8_t treatment, struct seccomp_guard *ret_guard);
