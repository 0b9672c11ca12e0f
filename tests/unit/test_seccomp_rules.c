/*
 * Rules of a description on top of a policy: tests of arguments, requests of ioctl, and policies written as rules. The
 * compiled program is asked in a simulator of the kernel's BPF machine; expectations come from what the rules say, and
 * for random rules from a plain evaluation of them.
 */
#include "bpf_machine.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include "facility.h"
#include "seccomp/describe.h"

enum { SAMPLES = 8 };

/* A rule as one text: words with spaces between. */
static void add_rule(esq_spec *spec, const char *rule)
{
    char copy[8192];
    const char *words[1024];
    size_t count = 0;
    snprintf(copy, sizeof copy, "%s", rule);
    for (char *save, *word = strtok_r(copy, " ", &save); word && count < 1024; word = strtok_r(NULL, " ", &save))
        words[count++] = word;
    assert_int_equal(esq_spec_add(spec, "seccomp-rules", words, count, NULL, NULL), 0);
}

static struct program program_of(const char *base, const char *const *rules)
{
    esq_spec *spec = esq_spec_new();
    struct program program;
    facility_set(spec, "seccomp", base);
    for (; *rules; rules++)
        add_rule(spec, *rules);
    assert_int_equal(facility_count_problems(spec, seccomp_check, NULL), 0);
    struct facility_plan plan = facility_make_plan(spec, seccomp_plan);
    assert_int_equal(plan.result, 0);
    program.length = facility_step(&plan, 0)->size / sizeof(struct sock_filter);
    memcpy(program.code, facility_data(&plan, 0), facility_step(&plan, 0)->size);
    facility_free_plan(&plan);
    esq_spec_free(spec);
    return program;
}
#define PROGRAM(base, ...) program_of(base, (const char *const[]){ __VA_ARGS__, NULL })

static void a_test_holds_for_what_the_kernel_sees(void **state)
{
    (void)state;
    struct program program = PROGRAM("standard", "when 0=1 deny socket");
    assert_int_equal(ASK(&program, "socket", AF_UNIX, SOCK_STREAM), ERRNO(EPERM));
    assert_int_equal(ASK(&program, "socket", GARBAGE | AF_UNIX, SOCK_STREAM), ERRNO(EPERM));
    assert_int_equal(ASK(&program, "socket", AF_INET, SOCK_STREAM), SECCOMP_RET_ALLOW);
    assert_int_equal(ASK(&program, "socket", AF_PACKET, SOCK_RAW), ERRNO(EAFNOSUPPORT));
    assert_int_equal(ASK(&program, "socketpair", AF_UNIX, SOCK_STREAM), SECCOMP_RET_ALLOW);

    program = PROGRAM("standard", "when 1=5 deny lseek"); /* off_t: all 64 bits */
    assert_int_equal(ASK(&program, "lseek", 3, 5), ERRNO(EPERM));
    assert_int_equal(ASK(&program, "lseek", 3, GARBAGE | 5), SECCOMP_RET_ALLOW);
    program = PROGRAM("standard", "when 1!=5 deny lseek");
    assert_int_equal(ASK(&program, "lseek", 3, 5), SECCOMP_RET_ALLOW);
    assert_int_equal(ASK(&program, "lseek", 3, GARBAGE | 5), ERRNO(EPERM));
    program = PROGRAM("standard", "when 2&6=2 deny mmap");
    assert_int_equal(ASK(&program, "mmap", 0, 0, 3), ERRNO(EPERM));
    assert_int_equal(ASK(&program, "mmap", 0, 0, 7), SECCOMP_RET_ALLOW);
    assert_int_equal(ASK(&program, "mmap", 0, 0, 1), SECCOMP_RET_ALLOW);
}

static void tests_of_one_rule_hold_together(void **state)
{
    (void)state;
    struct program program = PROGRAM("standard", "when 0=16 2=9 allow socket");
    assert_int_equal(ASK(&program, "socket", AF_NETLINK, SOCK_RAW, 9), SECCOMP_RET_ALLOW);
    assert_int_equal(ASK(&program, "socket", AF_NETLINK, SOCK_RAW, 0), SECCOMP_RET_ALLOW); /* routing, as before */
    assert_int_equal(ASK(&program, "socket", AF_NETLINK, SOCK_RAW, 12), ERRNO(EAFNOSUPPORT));
    assert_int_equal(ASK(&program, "socket", AF_ALG, SOCK_RAW, 9), ERRNO(EAFNOSUPPORT));
    program = PROGRAM("standard", "when 0=1 1=2 2=3 deny socket");
    assert_int_equal(ASK(&program, "socket", 1, 2, 3), ERRNO(EPERM));
    assert_int_equal(ASK(&program, "socket", 1, 2, 4), SECCOMP_RET_ALLOW);
}

static void the_later_rule_wins(void **state)
{
    (void)state;
    struct program program = PROGRAM("standard", "when 1=9 deny kill", "when 0=1 allow kill");
    assert_int_equal(ASK(&program, "kill", 1, 9), SECCOMP_RET_ALLOW);
    assert_int_equal(ASK(&program, "kill", 2, 9), ERRNO(EPERM));
    assert_int_equal(ASK(&program, "kill", 2, 15), SECCOMP_RET_ALLOW);
    program = PROGRAM("standard", "when 1=9 deny kill", "allow kill");
    assert_int_equal(ASK(&program, "kill", 2, 9), SECCOMP_RET_ALLOW);
    program = PROGRAM("standard", "when 0=1 deny socket", "deny-family unix");
    assert_int_equal(ASK(&program, "socket", AF_UNIX), ERRNO(EPERM));
    assert_int_equal(ASK(&program, "socketpair", AF_UNIX), ERRNO(EAFNOSUPPORT));
}

static void only_named_requests_pass(void **state)
{
    (void)state;
    struct program program = PROGRAM("standard", "ioctl TCGETS 21523");
    assert_int_equal(ASK(&program, "ioctl", 0, 0x5401), SECCOMP_RET_ALLOW);
    assert_int_equal(ASK(&program, "ioctl", 0, 0x5413), SECCOMP_RET_ALLOW);
    assert_int_equal(ASK(&program, "ioctl", 0, GARBAGE | 0x5413), SECCOMP_RET_ALLOW);
    assert_int_equal(ASK(&program, "ioctl", 0, 0x5421), ERRNO(ENOSYS));
    assert_int_equal(ASK(&program, "ioctl", 0, 0x5412), ERRNO(ENOSYS));
    program = PROGRAM("standard", "deny-ioctl FIONBIO");
    assert_int_equal(ASK(&program, "ioctl", 0, 0x5421), ERRNO(EPERM));
    assert_int_equal(ASK(&program, "ioctl", 0, GARBAGE | 0x5412), ERRNO(EPERM)); /* as before */
    assert_int_equal(ASK(&program, "ioctl", 0, 0x5401), SECCOMP_RET_ALLOW);
}

static void only_named_families_pass(void **state)
{
    (void)state;
    struct program program = PROGRAM("standard", "allow-family unix");
    assert_int_equal(ASK(&program, "socket", AF_UNIX), SECCOMP_RET_ALLOW);
    assert_int_equal(ASK(&program, "socket", AF_INET), ERRNO(EAFNOSUPPORT));
    assert_int_equal(ASK(&program, "socket", AF_INET6), ERRNO(EAFNOSUPPORT));
    assert_int_equal(ASK(&program, "socket", AF_NETLINK, SOCK_RAW, 0), ERRNO(EAFNOSUPPORT));
    program = PROGRAM("strict", "allow-family unix", "allow-family inet");
    assert_int_equal(ASK(&program, "socket", AF_UNIX), SECCOMP_RET_ALLOW);
    assert_int_equal(ASK(&program, "socket", AF_INET), SECCOMP_RET_ALLOW);
    assert_int_equal(ASK(&program, "socket", AF_INET6), ERRNO(EAFNOSUPPORT));
    program = PROGRAM("standard", "deny-family inet6");
    assert_int_equal(ASK(&program, "socket", AF_INET), SECCOMP_RET_ALLOW);
    assert_int_equal(ASK(&program, "socket", AF_INET6), ERRNO(EAFNOSUPPORT));
}

static void a_policy_of_ones_own_has_what_it_names(void **state)
{
    (void)state;
    struct program program = PROGRAM("empty", "allow read write", "allow-family unix", "deny ptrace", "refusals kill");
    assert_int_equal(ASK(&program, "read", 0), SECCOMP_RET_ALLOW);
    assert_int_equal(ASK(&program, "openat", 0), ERRNO(ENOSYS));
    assert_int_equal(ASK(&program, "ptrace", 0), SECCOMP_RET_KILL_PROCESS);
    assert_int_equal(ASK(&program, "socket", AF_UNIX), SECCOMP_RET_ALLOW);
    assert_int_equal(ASK(&program, "socket", AF_INET), ERRNO(EAFNOSUPPORT));
}

static size_t problems_of(const char *rule)
{
    esq_spec *spec = esq_spec_new();
    add_rule(spec, rule);
    size_t count = facility_count_problems(spec, seccomp_check, NULL);
    esq_spec_free(spec);
    return count;
}

static void nonsense_is_told(void **state)
{
    static const char *const rules[] = {
        "when 0=1",
        "when deny kill",
        "when 6=1 deny kill",
        "when 2=1 deny kill",
        "when 0 deny kill",
        "when 0=x deny kill",
        "when 0&0=0 deny kill",
        "when 0&1=2 deny kill",
        "when 0=1 deny nosuch",
        "when 0=1 permit kill",
        "when 0=4294967296 deny kill",
        "ioctl TIOCSTI",
        "ioctl nonsense",
        "ioctl 4294967296",
        "refusals maybe",
        "when 0=1 deny getpid",
    };
    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (problems_of(rules[i]) != 1)
            fail_msg("taken: %s", rules[i]);
    assert_int_equal(problems_of("when 0=1 deny kill"), 0);
    assert_int_equal(problems_of("when 1=4294967296 deny lseek"), 0);
}

/* "when TEST TEST ... deny CALL CALL ...": so many of each. */
static size_t problems_of_many(size_t tests, size_t calls)
{
    static const char *const names[] = {
        "read",   "write",      "close",       "fstat",       "lseek",      "readv",  "writev",
        "dup",    "fchownat",   "dup3",        "fsync",       "fchdir",     "fchmod", "fchown",
        "flock",  "getdents64", "fdatasync",   "ftruncate",   "connect",    "accept", "bind",
        "listen", "shutdown",   "getsockname", "getpeername", "setsockopt", "kill",   "getsockopt",
        "sendto", "recvfrom",   "openat",      "mkdirat",     "unlinkat",
    };
    char rule[4096] = "when";
    assert_true(calls <= sizeof names / sizeof *names);
    for (size_t i = 0; i < tests; i++)
        strcat(rule, " 0!=9");
    strcat(rule, " deny");
    for (size_t i = 0; i < calls; i++)
        strcat(strcat(rule, " "), names[i]);
    return problems_of(rule);
}

static void rules_have_bounds(void **state)
{
    (void)state;
    assert_int_equal(problems_of_many(1, SECCOMP_OWN_MAX), 0);
    assert_int_equal(problems_of_many(1, SECCOMP_OWN_MAX + 1), 1);
    assert_int_equal(problems_of_many(SECCOMP_TESTS_MAX, 1), 0);
    assert_int_equal(problems_of_many(SECCOMP_TESTS_MAX + 1, 1), 1);
}

static size_t grants_of(const char *base, const char *rule)
{
    esq_spec *spec = esq_spec_new();
    struct spec_grants grants = { .spec = spec };
    facility_set(spec, "seccomp", base);
    add_rule(spec, rule);
    seccomp_grants(spec, &grants);
    esq_spec_free(spec);
    return grants.count;
}

static void what_allows_more_than_the_standard_needs_a_grant(void **state)
{
    (void)state;
    assert_int_equal(grants_of("empty", "allow read write"), 0);
    assert_int_equal(grants_of("empty", "allow read ptrace"), 1);
    assert_int_equal(grants_of("empty", "allow ioctl"), 1); /* without the tests for TIOCSTI */
    assert_int_equal(grants_of("standard", "when 0=1 deny kill"), 0);
    assert_int_equal(grants_of("standard", "when 0=1 allow ptrace"), 1);
    assert_int_equal(grants_of("standard", "ioctl TCGETS"), 0);
    assert_int_equal(grants_of("standard", "deny-ioctl TCGETS"), 0);
    assert_int_equal(grants_of("strict", "refusals error"), 0);
    assert_int_equal(grants_of("standard", "allow read"), 0);
    assert_int_equal(grants_of("standard", "allow-family netlink"), 1);
    assert_int_equal(grants_of("standard", "allow-family unix"), 0);
    assert_int_equal(grants_of("empty", "allow mkdirat"), 1); /* without the test for set-id bits */
}

/* ---- Written as rules, a policy stays what it is ---- */

static bool add_words(void *data, const char *const *words, size_t count)
{
    return esq_spec_add(data, "seccomp-rules", words, count, NULL, NULL) == 0;
}

static void compare(const struct program *one, const struct program *other)
{
    static const uint64_t values[] = { 0,       1,         2,          4,       5,          8,       9,
                                       16,      17,        0x5412,     0x5413,  0x541c,     04755,   0644,
                                       0100,    0x1000,    0x10000000, 0x20000, 0xffffffff, 0x20008, GARBAGE | 04000,
                                       GARBAGE, 1ull << 31 };
    enum { VALUES = sizeof values / sizeof values[0] };
    for (int number = 0; number < SECCOMP_NUMBERS; number++) {
        for (size_t i = 0; i < VALUES * SAMPLES; i++) {
            uint64_t arguments[6];
            for (int k = 0; k < 6; k++)
                arguments[k] = values[i < VALUES ? i : (size_t)rand() % VALUES];
            uint32_t expected = ask(one, number, arguments), found = ask(other, number, arguments);
            if (expected != found)
                fail_msg("call %d: %x and %x", number, expected, found);
        }
    }
}

static void policies_can_be_written_as_rules(void **state)
{
    static const char *const names[] = { "standard", "strict", "permissive" };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        esq_spec *spec = esq_spec_new();
        struct seccomp_policy policy;
        struct program named, written;
        enum seccomp_base base;
        assert_true(seccomp_find_base(names[i], &base));
        seccomp_policy_init(&policy, base);
        assert_int_equal(seccomp_compile(&policy, named.code, SECCOMP_PROGRAM_MAX, &named.length), 0);
        facility_set(spec, "seccomp", "empty");
        assert_true(seccomp_describe(base, add_words, spec));
        assert_int_equal(facility_count_problems(spec, seccomp_check, NULL), 0);
        struct facility_plan plan = facility_make_plan(spec, seccomp_plan);
        assert_int_equal(plan.result, 0);
        written.length = facility_step(&plan, 0)->size / sizeof(struct sock_filter);
        memcpy(written.code, facility_data(&plan, 0), facility_step(&plan, 0)->size);
        compare(&named, &written);
        struct spec_grants grants = { .spec = spec };
        seccomp_grants(spec, &grants);
        assert_int_equal(grants.count, strcmp(names[i], "permissive") == 0); /* as the name itself */
        facility_free_plan(&plan);
        esq_spec_free(spec);
    }
}

/* ---- Random rules against a plain evaluation ---- */

static bool holds(const struct seccomp_test *test, const uint64_t *arguments)
{
    uint64_t value = arguments[test->argument];
    if (test->width == SECCOMP_WIDTH_INT)
        value = (uint32_t)value;
    return ((value & test->mask) == test->value) == (test->relation == SECCOMP_EQUAL);
}

static uint8_t judge(const struct seccomp_guard *guard, const uint64_t *arguments)
{
    for (size_t i = 0; i < guard->count; i++) {
        bool all = holds(&guard->tests[i], arguments);
        while (guard->tests[i].is_joined)
            all = holds(&guard->tests[++i], arguments) && all;
        if (all)
            return guard->tests[i].verdict;
    }
    return guard->otherwise;
}

static void random_rules_compile(void **state)
{
    static const char *const calls[] = {
        "socket", "ioctl", "openat", "mmap", "lseek", "kill", "clone", "read", "fchmod"
    };
    static const uint64_t masks[] = { UINT64_MAX, UINT32_MAX, 6, 1, 0xf0 };
    static struct seccomp_policy policy;
    static struct program program;
    (void)state;
    srand(4);
    for (int round = 0; round < 200; round++) {
        seccomp_policy_init(&policy, (enum seccomp_base)(round % 3));
        for (int rule = 0; rule < 12; rule++) {
            struct seccomp_test tests[3];
            size_t count = 1 + (size_t)rand() % 3;
            const char *call = calls[(size_t)rand() % 9];
            for (size_t i = 0; i < count; i++) {
                uint64_t mask = masks[(size_t)rand() % 5];
                tests[i] =
                    (struct seccomp_test){ .argument = (uint8_t)(rand() % (int)strlen(seccomp_call_arguments(call))),
                                           .relation = rand() % 2 ? SECCOMP_EQUAL : SECCOMP_OTHER,
                                           .mask = mask,
                                           .value = (uint64_t)(rand() % 4) & mask };
            }
            seccomp_policy_when(&policy, call, rand() % 2 ? SECCOMP_ALLOW : SECCOMP_REFUSE, tests, count);
        }
        assert_int_equal(seccomp_compile(&policy, program.code, SECCOMP_PROGRAM_MAX, &program.length), 0);
        for (int i = 0; i < 9 * 60; i++) {
            int number = seccomp_call_number(calls[i % 9]);
            struct seccomp_guard guard;
            uint64_t arguments[6];
            for (int k = 0; k < 6; k++)
                arguments[k] = (uint64_t)(rand() % 8) | (rand() % 3 ? 0 : GARBAGE);
            uint8_t verdict = policy.treatments[number];
            if (seccomp_policy_guard(&policy, verdict, &guard))
                verdict = judge(&guard, arguments);
            assert_int_equal(ask(&program, number, arguments), policy.returns[verdict]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_test_holds_for_what_the_kernel_sees),
        cmocka_unit_test(tests_of_one_rule_hold_together),
        cmocka_unit_test(the_later_rule_wins),
        cmocka_unit_test(only_named_requests_pass),
        cmocka_unit_test(only_named_families_pass),
        cmocka_unit_test(a_policy_of_ones_own_has_what_it_names),
        cmocka_unit_test(nonsense_is_told),
        cmocka_unit_test(rules_have_bounds),
        cmocka_unit_test(what_allows_more_than_the_standard_needs_a_grant),
        cmocka_unit_test(policies_can_be_written_as_rules),
        cmocka_unit_test(random_rules_compile),
    };
    return cmocka_run_group_tests_name("seccomp_rules", tests, NULL, NULL);
}
