/*
 * policy.c: the named policies (the table calls.def) and what a specification changes in them. It makes no system call
 * and allocates nothing: a policy lies in its caller's memory.
 */
#include "seccomp/policy.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/seccomp.h>

#include "seccomp_calls.h"

enum guard_index {
#define GUARD(name, otherwise, ...) GUARD_##name,
#include "seccomp/guards.def"
#undef GUARD
    GUARD_SOCKET_FAMILY, /* made from the policy's families */
};

/* A treatment by the word that stands for it in calls.def. */
enum treatment {
    TREATMENT_ABSENT = SECCOMP_ABSENT,
    TREATMENT_ALLOW = SECCOMP_ALLOW,
    TREATMENT_REFUSE = SECCOMP_REFUSE,
#define GUARD(name, otherwise, ...) TREATMENT_##name = SECCOMP_VERDICTS + GUARD_##name,
#include "seccomp/guards.def"
#undef GUARD
    TREATMENT_SOCKET_FAMILY = SECCOMP_VERDICTS + GUARD_SOCKET_FAMILY,
};

struct counted_guard {
    uint8_t otherwise;
    struct seccomp_test tests[2]; /* a mask of 0 ends them */
};

#define WIDTH_INT  SECCOMP_WIDTH_INT
#define WIDTH_LONG SECCOMP_WIDTH_LONG
#define TEST(argument, width, relation, mask, value, verdict) \
    { argument, width, SECCOMP_##relation, SECCOMP_##verdict, mask, value },

static const struct counted_guard guards[] = {
#define GUARD(name, otherwise, ...) { SECCOMP_##otherwise, { __VA_ARGS__ } },
#include "seccomp/guards.def"
#undef GUARD
};

struct call_line {
    int number;
    uint8_t treatments[SECCOMP_BASES];
};

static const struct call_line call_lines[] = {
#define CALL(name, standard, strict, permissive, runner) \
    { CALL_NUMBER_##name,                                \
      { [SECCOMP_STANDARD] = TREATMENT_##standard,       \
        [SECCOMP_STRICT] = TREATMENT_##strict,           \
        [SECCOMP_PERMISSIVE] = TREATMENT_##permissive,   \
        [SECCOMP_RUNNER] = TREATMENT_##runner } },
#include "seccomp/calls.def"
#undef CALL
};

struct call_name {
    const char *name;
    int number;
};

/* Sorted by name. */
static const struct call_name call_names[] = {
#define CALLS_TABLE(name, number) { name, number },
#include "seccomp_calls.h"
#undef CALLS_TABLE
};

struct family_name {
    const char *name;
    int family;
};

static const struct family_name family_names[] = {
    { "unix", AF_UNIX },     { "inet", AF_INET },       { "inet6", AF_INET6 }, { "netlink", AF_NETLINK },
    { "packet", AF_PACKET }, { "vsock", AF_VSOCK },     { "alg", AF_ALG },     { "bluetooth", AF_BLUETOOTH },
    { "can", AF_CAN },       { "xdp", AF_XDP },         { "tipc", AF_TIPC },   { "rds", AF_RDS },
    { "key", AF_KEY },       { "qipcrtr", AF_QIPCRTR },
};

static const char *const base_names[SECCOMP_BASES] = {
    [SECCOMP_STANDARD] = "standard",
    [SECCOMP_STRICT] = "strict",
    [SECCOMP_PERMISSIVE] = "permissive",
    [SECCOMP_RUNNER] = "runner",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

bool seccomp_find_base(const char *name, enum seccomp_base *ret_base)
{
    for (int base = 0; base < SECCOMP_BASES; base++) {
        if (strcmp(base_names[base], name) == 0) {
            *ret_base = (enum seccomp_base)base;
            return true;
        }
    }
    return false;
}

const char *seccomp_base_name(enum seccomp_base base)
{
    return base_names[base];
}

void seccomp_policy_init(struct seccomp_policy *policy, enum seccomp_base base)
{
    memset(policy->treatments, SECCOMP_ABSENT, sizeof policy->treatments);
    policy->returns[SECCOMP_ABSENT] = SECCOMP_RET_ERRNO | ENOSYS;
    policy->returns[SECCOMP_ALLOW] = SECCOMP_RET_ALLOW;
    policy->returns[SECCOMP_REFUSE] = base == SECCOMP_STRICT ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ERRNO | EPERM;
    policy->returns[SECCOMP_FAMILY] = SECCOMP_RET_ERRNO | EAFNOSUPPORT;
    policy->returns[SECCOMP_FOREIGN] = SECCOMP_RET_KILL_PROCESS;

    policy->families = 1ull << AF_UNIX | 1ull << AF_INET | 1ull << AF_INET6;

    for (size_t i = 0; i < COUNT(call_lines); i++) {
        int number = call_lines[i].number;

        if (number >= 0 && number < SECCOMP_NUMBERS)
            policy->treatments[number] = call_lines[i].treatments[base];
    }
}

int seccomp_call_number(const char *name)
{
    size_t low = 0;
    size_t high = COUNT(call_names);

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(call_names[middle].name, name);

        if (order == 0)
            return call_names[middle].number;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

const char *seccomp_call_name(int number)
{
    for (size_t i = 0; i < COUNT(call_names); i++) {
        if (call_names[i].number == number)
            return call_names[i].name;
    }
    return NULL;
}

static bool set_treatment(struct seccomp_policy *policy, const char *call, uint8_t treatment)
{
    int number = seccomp_call_number(call);

    if (number < 0 || number >= SECCOMP_NUMBERS)
        return false;
    policy->treatments[number] = treatment;
    return true;
}

bool seccomp_policy_allow(struct seccomp_policy *policy, const char *call)
{
    return set_treatment(policy, call, SECCOMP_ALLOW);
}

bool seccomp_policy_refuse(struct seccomp_policy *policy, const char *call)
{
    return set_treatment(policy, call, SECCOMP_REFUSE);
}

static bool find_family(const char *name, uint64_t *ret_bit)
{
    for (size_t i = 0; i < COUNT(family_names); i++) {
        if (strcmp(family_names[i].name, name) == 0) {
            *ret_bit = 1ull << family_names[i].family;
            return true;
        }
    }
    return false;
}

bool seccomp_policy_allow_family(struct seccomp_policy *policy, const char *family)
{
    uint64_t bit;

    if (!find_family(family, &bit))
        return false;
    policy->families |= bit;
    return true;
}

bool seccomp_policy_refuse_family(struct seccomp_policy *policy, const char *family)
{
    uint64_t bit;

    if (!find_family(family, &bit))
        return false;
    policy->families &= ~bit;
    return true;
}

void seccomp_policy_trace(struct seccomp_policy *policy)
{
    policy->returns[SECCOMP_ABSENT] = SECCOMP_RET_USER_NOTIF;
    policy->returns[SECCOMP_REFUSE] = SECCOMP_RET_USER_NOTIF;
    policy->returns[SECCOMP_FAMILY] = SECCOMP_RET_USER_NOTIF;
}

/*
 * int family. The routing part of netlink (int protocol 0) is allowed beside the default families, because getifaddrs,
 * and every runtime that lists its interfaces, has no other way; the other protocols (packet filter, audit, crypto) are
 * where netlink's holes were. It goes with the internet families, and `netlink` as a family allows all of it.
 */
static void make_family_guard(uint64_t families, struct seccomp_guard *ret_guard)
{
    size_t count = 0;

    for (int family = 0; family < SECCOMP_FAMILIES && count < SECCOMP_TESTS_MAX - 2; family++) {
        if (families >> family & 1)
            ret_guard->tests[count++] = (struct seccomp_test){
                0, SECCOMP_WIDTH_INT, SECCOMP_EQUAL, SECCOMP_ALLOW, UINT32_MAX, (uint64_t)family
            };
    }
    ret_guard->otherwise = SECCOMP_FAMILY;
    if (families & (1ull << AF_INET | 1ull << AF_INET6) && !(families >> AF_NETLINK & 1)) {
        ret_guard->tests[count++] =
            (struct seccomp_test){ 0, SECCOMP_WIDTH_INT, SECCOMP_OTHER, SECCOMP_FAMILY, UINT32_MAX, AF_NETLINK };
        ret_guard->tests[count++] =
            (struct seccomp_test){ 2, SECCOMP_WIDTH_INT, SECCOMP_EQUAL, SECCOMP_ALLOW, UINT32_MAX, 0 };
    }
    ret_guard->count = (uint8_t)count;
}

bool seccomp_policy_guard(const struct seccomp_policy *policy, uint8_t treatment, struct seccomp_guard *ret_guard)
{
    size_t index = (size_t)treatment - SECCOMP_VERDICTS;

    if (treatment < SECCOMP_VERDICTS)
        return false;
    memset(ret_guard, 0, sizeof *ret_guard);
    if (index == GUARD_SOCKET_FAMILY) {
        make_family_guard(policy->families, ret_guard);
        return true;
    }
    ret_guard->otherwise = guards[index].otherwise;
    for (size_t i = 0; i < COUNT(guards[index].tests) && guards[index].tests[i].mask != 0; i++)
        ret_guard->tests[ret_guard->count++] = guards[index].tests[i];
    return true;
}
