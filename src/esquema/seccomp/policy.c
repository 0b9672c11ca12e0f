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
    GUARD_OWN,           /* and from here on those of its rules */
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

struct argument_line {
    const char *name;
    const char *letters;
};

static const struct argument_line argument_lines[] = {
#define ARGUMENTS(name, letters) { #name, letters },
#include "seccomp/arguments.def"
#undef ARGUMENTS
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
    [SECCOMP_STANDARD] = "standard", [SECCOMP_STRICT] = "strict", [SECCOMP_PERMISSIVE] = "permissive",
    [SECCOMP_RUNNER] = "runner",     [SECCOMP_EMPTY] = "empty",
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

    policy->own_count = 0;
    policy->families = base == SECCOMP_EMPTY ? 0 : 1ull << AF_UNIX | 1ull << AF_INET | 1ull << AF_INET6;

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
    /* A policy of one's own that says which sockets there are has the calls that make them. */
    for (int i = 0; i < 2; i++) {
        int number = seccomp_call_number(i ? "socketpair" : "socket");

        if (number >= 0 && policy->treatments[number] == SECCOMP_ABSENT)
            policy->treatments[number] = TREATMENT_SOCKET_FAMILY;
    }
    return true;
}

void seccomp_policy_forget_families(struct seccomp_policy *policy)
{
    policy->families = 0;
}

bool seccomp_policy_refuse_family(struct seccomp_policy *policy, const char *family)
{
    uint64_t bit;

    if (!find_family(family, &bit))
        return false;
    policy->families &= ~bit;
    return true;
}

/* ---- Rules with tests ---- */

unsigned seccomp_family_treatment(void)
{
    return TREATMENT_SOCKET_FAMILY;
}

const char *seccomp_call_arguments(const char *name)
{
    for (size_t i = 0; i < COUNT(argument_lines); i++)
        if (strcmp(argument_lines[i].name, name) == 0)
            return argument_lines[i].letters;
    return NULL;
}

const char *seccomp_family_name(int family)
{
    for (size_t i = 0; i < COUNT(family_names); i++)
        if (family_names[i].family == family)
            return family_names[i].name;
    return NULL;
}

/* A guard of this call alone, that says what its treatment says; the place in `own`, or -E2BIG. */
static int make_own(struct seccomp_policy *policy, int number)
{
    uint8_t treatment = policy->treatments[number];
    if (treatment >= SECCOMP_VERDICTS + GUARD_OWN)
        return treatment - (SECCOMP_VERDICTS + GUARD_OWN);
    if (policy->own_count == SECCOMP_OWN_MAX)
        return -E2BIG;
    struct seccomp_own *own = &policy->own[policy->own_count];
    memset(own, 0, sizeof *own);
    own->before = treatment;
    if (!seccomp_policy_guard(policy, treatment, &own->guard))
        own->guard.otherwise = treatment;
    policy->treatments[number] = (uint8_t)(SECCOMP_VERDICTS + GUARD_OWN + policy->own_count);
    return policy->own_count++;
}

static int put_before(struct seccomp_guard *guard, const struct seccomp_test *tests, size_t count)
{
    if (count + guard->count > SECCOMP_TESTS_MAX)
        return -E2BIG;
    memmove(guard->tests + count, guard->tests, guard->count * sizeof *tests);
    memcpy(guard->tests, tests, count * sizeof *tests);
    guard->count = (uint8_t)(guard->count + count);
    return 0;
}

int seccomp_policy_when(struct seccomp_policy *policy, const char *call, enum seccomp_verdict verdict,
                        const struct seccomp_test *tests, size_t count)
{
    struct seccomp_test own[SECCOMP_TESTS_MAX];
    const char *letters = seccomp_call_arguments(call);
    int number = seccomp_call_number(call);

    if (number < 0 || number >= SECCOMP_NUMBERS)
        return -ENOENT;
    if (!letters || count == 0)
        return -EINVAL;
    if (count > SECCOMP_TESTS_MAX)
        return -E2BIG;
    for (size_t i = 0; i < count; i++) {
        own[i] = tests[i];
        if (tests[i].argument >= strlen(letters))
            return -EINVAL;
        own[i].width = letters[tests[i].argument] == 'I' ? SECCOMP_WIDTH_INT : SECCOMP_WIDTH_LONG;
        if (own[i].width == SECCOMP_WIDTH_INT && own[i].mask == UINT64_MAX)
            own[i].mask = UINT32_MAX;
        if (own[i].width == SECCOMP_WIDTH_INT && (own[i].mask > UINT32_MAX || own[i].value > UINT32_MAX))
            return -EINVAL;
        if (own[i].mask == 0 || own[i].value & ~own[i].mask)
            return -EINVAL;
        own[i].verdict = (uint8_t)verdict;
        own[i].is_joined = i + 1 < count;
    }
    int place = make_own(policy, number);
    if (place < 0)
        return place;
    policy->own[place].is_weaker = policy->own[place].is_weaker || verdict == SECCOMP_ALLOW;
    return put_before(&policy->own[place].guard, own, count);
}

int seccomp_policy_requests(struct seccomp_policy *policy, const uint32_t *requests, size_t count, bool are_allowed)
{
    struct seccomp_test tests[SECCOMP_TESTS_MAX];
    int place = count > SECCOMP_TESTS_MAX ? -E2BIG : make_own(policy, seccomp_call_number("ioctl"));

    if (place < 0)
        return place;
    for (size_t i = 0; i < count; i++)
        tests[i] = (struct seccomp_test){
            1, SECCOMP_WIDTH_INT, SECCOMP_EQUAL, are_allowed ? SECCOMP_ALLOW : SECCOMP_REFUSE, UINT32_MAX, requests[i],
            0
        };
    if (!are_allowed)
        return put_before(&policy->own[place].guard, tests, count);
    /* In front of nothing else: what is not named is a request that this kernel does not have. */
    policy->own[place].guard.count = 0;
    policy->own[place].guard.otherwise = SECCOMP_ABSENT;
    return put_before(&policy->own[place].guard, tests, count);
}

static bool is_same_test(const struct seccomp_test *a, const struct seccomp_test *b)
{
    return a->argument == b->argument && a->width == b->width && a->relation == b->relation &&
           a->verdict == b->verdict && a->mask == b->mask && a->value == b->value && a->is_joined == b->is_joined;
}

/* Test by test: whoever writes out what the standard policy has asks for nothing beyond it. */
static bool is_standard_guard(const struct seccomp_guard *own, uint8_t standard)
{
    struct seccomp_policy policy;
    struct seccomp_guard guard;

    seccomp_policy_init(&policy, SECCOMP_STANDARD);
    if (!seccomp_policy_guard(&policy, standard, &guard) || own->otherwise != guard.otherwise ||
        own->count != guard.count)
        return false;
    for (size_t i = 0; i < guard.count; i++)
        if (!is_same_test(&own->tests[i], &guard.tests[i]))
            return false;
    return true;
}

static bool is_weaker_treatment(const struct seccomp_policy *policy, uint8_t treatment, uint8_t standard)
{
    if (treatment >= SECCOMP_VERDICTS + GUARD_OWN) {
        const struct seccomp_own *own = &policy->own[treatment - (SECCOMP_VERDICTS + GUARD_OWN)];
        return !is_standard_guard(&own->guard, standard) &&
               (own->is_weaker || is_weaker_treatment(policy, own->before, standard));
    }
    return treatment != standard && treatment != SECCOMP_ABSENT && treatment != SECCOMP_REFUSE &&
           standard != SECCOMP_ALLOW;
}

int seccomp_policy_next_weaker(const struct seccomp_policy *policy, int number)
{
    struct seccomp_policy standard;

    seccomp_policy_init(&standard, SECCOMP_STANDARD);
    for (; number < SECCOMP_NUMBERS; number++)
        if (is_weaker_treatment(policy, policy->treatments[number], standard.treatments[number]))
            return number;
    return -1;
}

uint64_t seccomp_policy_more_families(const struct seccomp_policy *policy)
{
    struct seccomp_policy standard;

    seccomp_policy_init(&standard, SECCOMP_STANDARD);
    return policy->families & ~standard.families;
}

bool seccomp_policy_is_weaker(const struct seccomp_policy *policy)
{
    return seccomp_policy_more_families(policy) || seccomp_policy_next_weaker(policy, 0) >= 0;
}

void seccomp_policy_kill(struct seccomp_policy *policy, bool kills)
{
    policy->returns[SECCOMP_REFUSE] = kills ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ERRNO | EPERM;
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
    if (index >= GUARD_OWN) {
        *ret_guard = policy->own[index - GUARD_OWN].guard;
        return true;
    }
    ret_guard->otherwise = guards[index].otherwise;
    for (size_t i = 0; i < COUNT(guards[index].tests) && guards[index].tests[i].mask != 0; i++)
        ret_guard->tests[ret_guard->count++] = guards[index].tests[i];
    return true;
}
