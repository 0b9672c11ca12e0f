/*
 * The policies of system calls and the programs made from them. Expectations come from three sides: the rules of the
 * design (what is refused, and how), the policy as data read by a plain loop, and a filter that libseccomp builds for
 * the same policy. All are compared with the compiled program in a simulator of the kernel's BPF machine; then the
 * kernel itself runs it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include <cmocka.h>

#include "bpf_machine.h"
#include "facility.h"
#include "seccomp/compile.h"
#include "seccomp/policy.h"
#include "seccomp/trace.h"

#define NAMESPACES \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

static void compile(enum seccomp_base base, struct seccomp_policy *policy, struct program *program)
{
    seccomp_policy_init(policy, base);
    assert_int_equal(seccomp_compile(policy, program->code, SECCOMP_PROGRAM_MAX, &program->length), 0);
}

static struct program standard(void)
{
    struct seccomp_policy policy;
    struct program program;

    compile(SECCOMP_STANDARD, &policy, &program);
    return program;
}

/* ---- The design's rules ---- */

static void foreign_entries_are_killed(void **state)
{
    (void)state;
    for (int base = 0; base < SECCOMP_BASES; base++) {
        struct seccomp_policy policy;
        struct program program;
        static const uint32_t foreign[] = {
            AUDIT_ARCH_I386, AUDIT_ARCH_ARM, AUDIT_ARCH_PPC64, AUDIT_ARCH_S390X, 0, ~0u
        };

        compile((enum seccomp_base)base, &policy, &program);
        for (int number = 0; number <= 600; number++) {
            for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
                struct seccomp_data data = { .nr = number, .arch = foreign[i] };
                assert_int_equal(run(&program, &data), SECCOMP_RET_KILL_PROCESS);
            }
#ifdef __x86_64__
            assert_int_equal(ask(&program, number | 0x40000000, NULL), SECCOMP_RET_KILL_PROCESS);
#endif
        }
    }
}

static void administration_is_refused(void **state)
{
    static const char *const refused[] = { "mount",
                                           "umount2",
                                           "pivot_root",
                                           "move_mount",
                                           "open_tree",
                                           "fsopen",
                                           "fsconfig",
                                           "fsmount",
                                           "fspick",
                                           "mount_setattr",
                                           "setns",
                                           "ptrace",
                                           "keyctl",
                                           "add_key",
                                           "request_key",
                                           "bpf",
                                           "perf_event_open",
                                           "init_module",
                                           "finit_module",
                                           "delete_module",
                                           "kexec_load",
                                           "kexec_file_load",
                                           "reboot",
                                           "swapon",
                                           "userfaultfd",
                                           "process_vm_readv",
                                           "process_vm_writev",
                                           "open_by_handle_at",
                                           "chroot",
                                           "acct",
                                           "syslog",
                                           "pidfd_getfd" };
    struct program program = standard();
    struct program strict;
    struct seccomp_policy policy;

    (void)state;
    compile(SECCOMP_STRICT, &policy, &strict);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (ASK(&program, refused[i], 0) != ERRNO(EPERM))
            fail_msg("%s is not refused", refused[i]);
        if (ASK(&strict, refused[i], 0) != SECCOMP_RET_KILL_PROCESS)
            fail_msg("%s is not death under strict", refused[i]);
    }
}

static void what_cannot_be_filtered_is_absent(void **state)
{
    static const char *const absent[] = {
        "clone3",    "openat2",   "io_uring_setup",    "io_uring_enter", "io_uring_register",
        "statmount", "listmount", "lsm_set_self_attr", "open_tree_attr", "file_setattr",
        "listns"
    };
    (void)state;
    for (int base = 0; base < SECCOMP_BASES; base++) {
        struct seccomp_policy policy;
        struct program program;

        compile((enum seccomp_base)base, &policy, &program);
        for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++)
            assert_int_equal(ASK(&program, absent[i], 0), ERRNO(ENOSYS));
        for (int number = 471; number < 2000; number++)
            assert_int_equal(ask(&program, number, NULL), ERRNO(ENOSYS));
    }
}

static void newer_calls_are_known(void **state)
{
    static const char *const allowed[] = { "mseal",         "setxattrat",        "getxattrat",      "listxattrat",
                                           "removexattrat", "lsm_get_self_attr", "lsm_list_modules" };
    struct program program = standard();

    (void)state;
    assert_int_equal(seccomp_call_number("mseal"), 462);
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        assert_int_equal(ASK(&program, allowed[i], 0), SECCOMP_RET_ALLOW);
}

#ifdef SYS_chmod
/* By the calls that only machines have which are older than openat. */
static void old_calls_refuse_set_id_bits(const struct program *program, uint64_t mode)
{
    assert_int_equal(ASK(program, "chmod", 0, mode), ERRNO(EPERM));
    assert_int_equal(ASK(program, "mkdir", 0, mode), ERRNO(EPERM));
    assert_int_equal(ASK(program, "mknod", 0, mode), ERRNO(EPERM));
    assert_int_equal(ASK(program, "creat", 0, mode), ERRNO(EPERM));
    assert_int_equal(ASK(program, "open", 0, O_CREAT | O_WRONLY, mode), ERRNO(EPERM));
    assert_int_equal(ASK(program, "open", 0, GARBAGE | O_CREAT, mode), ERRNO(EPERM));
    assert_int_equal(ASK(program, "open", 0, O_RDONLY, mode), SECCOMP_RET_ALLOW);
}
#endif

static void set_id_bits_are_refused(void **state)
{
    struct program program = standard();
    static const uint64_t bits[] = { 04000, 02000, 06000, 04755, 02755 | GARBAGE, 04000 | GARBAGE };
    static const uint64_t harmless[] = { 0, 0755, 01777, GARBAGE, GARBAGE | 0644 };

    (void)state;
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
        uint64_t mode = bits[i];
#ifdef SYS_chmod
        old_calls_refuse_set_id_bits(&program, mode);
#endif
        assert_int_equal(ASK(&program, "fchmod", 0, mode), ERRNO(EPERM));
        assert_int_equal(ASK(&program, "fchmodat", 0, 0, mode), ERRNO(EPERM));
        assert_int_equal(ASK(&program, "fchmodat2", 0, 0, mode), ERRNO(EPERM));
        assert_int_equal(ASK(&program, "mkdirat", 0, 0, mode), ERRNO(EPERM));
        assert_int_equal(ASK(&program, "mknodat", 0, 0, mode), ERRNO(EPERM));
        assert_int_equal(ASK(&program, "openat", 0, 0, O_TMPFILE | O_RDWR, mode), ERRNO(EPERM));
        /* Without O_CREAT the mode is not looked at by the kernel: the register holds anything. */
        assert_int_equal(ASK(&program, "openat", 0, 0, O_RDONLY | O_DIRECTORY, mode), SECCOMP_RET_ALLOW);
    }
    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++) {
        uint64_t mode = harmless[i];
#ifdef SYS_chmod
        assert_int_equal(ASK(&program, "chmod", 0, mode), SECCOMP_RET_ALLOW);
#endif
        assert_int_equal(ASK(&program, "fchmod", 0, mode), SECCOMP_RET_ALLOW);
        assert_int_equal(ASK(&program, "fchmodat", 0, 0, mode), SECCOMP_RET_ALLOW);
        assert_int_equal(ASK(&program, "openat", 0, 0, O_CREAT, mode), SECCOMP_RET_ALLOW);
    }
}

static void arguments_have_the_kernels_width(void **state)
{
    struct program program = standard();

    (void)state;
    assert_int_equal(ASK(&program, "ioctl", 0, TIOCSTI), ERRNO(EPERM));
    assert_int_equal(ASK(&program, "ioctl", 0, TIOCSTI | GARBAGE), ERRNO(EPERM));
    assert_int_equal(ASK(&program, "ioctl", 0, TIOCLINUX | GARBAGE), ERRNO(EPERM));
    assert_int_equal(ASK(&program, "ioctl", 0, TIOCGWINSZ), SECCOMP_RET_ALLOW);
    for (int bit = 0; bit < 32; bit++) {
        uint32_t flag = 1u << bit;
        bool is_namespace = flag & NAMESPACES;
        assert_int_equal(ASK(&program, "clone", flag), is_namespace ? ERRNO(EPERM) : SECCOMP_RET_ALLOW);
        assert_int_equal(ASK(&program, "clone", flag | GARBAGE), is_namespace ? ERRNO(EPERM) : SECCOMP_RET_ALLOW);
        assert_int_equal(ASK(&program, "unshare", flag),
                         is_namespace || flag == 0x80 ? ERRNO(EPERM) : SECCOMP_RET_ALLOW);
    }
    assert_int_equal(ASK(&program, "personality", 0xffffffff), SECCOMP_RET_ALLOW);
    assert_int_equal(ASK(&program, "personality", GARBAGE | 0x20008), SECCOMP_RET_ALLOW);
    assert_int_equal(ASK(&program, "personality", 0x0400000), ERRNO(EPERM)); /* READ_IMPLIES_EXEC */
}

static void families_are_limited(void **state)
{
    struct seccomp_policy policy;
    struct program program;

    (void)state;
    compile(SECCOMP_STANDARD, &policy, &program);
    for (int family = 0; family < 64; family++) {
        bool is_allowed = family == AF_UNIX || family == AF_INET || family == AF_INET6;
        uint32_t expected = is_allowed ? SECCOMP_RET_ALLOW : ERRNO(EAFNOSUPPORT);

        assert_int_equal(ASK(&program, "socket", (uint64_t)family, SOCK_STREAM, 7), expected);
        assert_int_equal(ASK(&program, "socket", (uint64_t)family | GARBAGE, SOCK_STREAM, 7), expected);
    }
    assert_int_equal(ASK(&program, "socket", AF_NETLINK, SOCK_RAW, 0), SECCOMP_RET_ALLOW);
    assert_int_equal(ASK(&program, "socket", AF_NETLINK, SOCK_RAW, 12), ERRNO(EAFNOSUPPORT)); /* NETFILTER */

    assert_true(seccomp_policy_allow_family(&policy, "netlink"));
    assert_true(seccomp_policy_allow_family(&policy, "packet"));
    assert_true(seccomp_policy_refuse_family(&policy, "inet"));
    assert_false(seccomp_policy_allow_family(&policy, "carrier-pigeon"));
    assert_int_equal(seccomp_compile(&policy, program.code, SECCOMP_PROGRAM_MAX, &program.length), 0);
    assert_int_equal(ASK(&program, "socket", AF_NETLINK, SOCK_RAW, 12), SECCOMP_RET_ALLOW);
    assert_int_equal(ASK(&program, "socket", AF_PACKET, SOCK_RAW, 3), SECCOMP_RET_ALLOW);
    assert_int_equal(ASK(&program, "socket", AF_INET, SOCK_STREAM, 0), ERRNO(EAFNOSUPPORT));
    assert_int_equal(ASK(&program, "socket", AF_INET6, SOCK_STREAM, 0), SECCOMP_RET_ALLOW);

    assert_true(seccomp_policy_refuse_family(&policy, "inet6"));
    assert_true(seccomp_policy_refuse_family(&policy, "netlink"));
    assert_int_equal(seccomp_compile(&policy, program.code, SECCOMP_PROGRAM_MAX, &program.length), 0);
    assert_int_equal(ASK(&program, "socket", AF_NETLINK, SOCK_RAW, 0), ERRNO(EAFNOSUPPORT));
}

static void the_runner_has_a_few_calls(void **state)
{
    static const char *const allowed[] = { "read",         "write",        "brk",           "munmap",
                                           "mremap",       "exit_group",   "futex",         "getrandom",
                                           "rt_sigaction", "rt_sigreturn", "clock_gettime", "timer_settime",
                                           "close" };
    static const char *const absent[] = { "openat",       "openat2", "socket",     "clone",   "clone3",
                                          "kill",         "ptrace",  "unlinkat",   "connect", "prctl",
                                          "memfd_create", "ioctl",   "getdents64", "chdir",   "seccomp" };
    struct seccomp_policy policy;
    struct program program;
    size_t count = 0;

    (void)state;
    compile(SECCOMP_RUNNER, &policy, &program);
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        assert_int_equal(ASK(&program, allowed[i], 0), SECCOMP_RET_ALLOW);
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        uint32_t answer = ASK(&program, absent[i], 0);
        assert_true(answer == ERRNO(ENOSYS) || answer == ERRNO(EPERM));
    }
    assert_int_equal(ASK(&program, "mmap", 0, 0, PROT_READ | PROT_WRITE), SECCOMP_RET_ALLOW);
    assert_int_equal(ASK(&program, "mmap", 0, 0, PROT_READ | PROT_EXEC), ERRNO(EPERM));
    assert_int_equal(ASK(&program, "mprotect", 0, 0, GARBAGE | PROT_EXEC), ERRNO(EPERM));
    assert_int_equal(ASK(&program, "execveat", 0, 0, 0, 0, AT_EMPTY_PATH), SECCOMP_RET_ALLOW);
    assert_int_equal(ASK(&program, "execveat", 0, 0, 0, 0, 0), ERRNO(EPERM));
    assert_int_equal(ASK(&program, "prlimit64", 0, 7, 0, 4096), SECCOMP_RET_ALLOW);
    assert_int_equal(ASK(&program, "prlimit64", 0, 7, 4096, 0), ERRNO(EPERM));
    assert_int_equal(ASK(&program, "prlimit64", 0, 7, 1ull << 32, 0), ERRNO(EPERM));
    for (int number = 0; number < SECCOMP_NUMBERS; number++)
        count += policy.treatments[number] != SECCOMP_ABSENT;
    assert_in_range(count, 30, 64);
}

static void names_change_a_policy(void **state)
{
    struct seccomp_policy policy;
    struct program program;

    (void)state;
    compile(SECCOMP_STANDARD, &policy, &program);
    assert_true(seccomp_policy_allow(&policy, "ptrace"));
    assert_true(seccomp_policy_allow(&policy, "io_uring_setup"));
    assert_true(seccomp_policy_refuse(&policy, "getrandom"));
    assert_false(seccomp_policy_allow(&policy, "no_such_call"));
    assert_false(seccomp_policy_refuse(&policy, ""));
    assert_int_equal(seccomp_compile(&policy, program.code, SECCOMP_PROGRAM_MAX, &program.length), 0);
    assert_int_equal(ASK(&program, "ptrace", 0), SECCOMP_RET_ALLOW);
    assert_int_equal(ASK(&program, "io_uring_setup", 0), SECCOMP_RET_ALLOW);
    assert_int_equal(ASK(&program, "getrandom", 0), ERRNO(EPERM));
    assert_string_equal(seccomp_call_name(seccomp_call_number("getrandom")), "getrandom");
    assert_null(seccomp_call_name(5000));
    assert_int_equal(seccomp_call_number("io_uring"), -1);
}

/* Whoever answers a traced call decides as the kernel would have done. */
static void a_trace_decides_as_the_program(void **state)
{
    static const enum seccomp_base bases[] = { SECCOMP_STANDARD, SECCOMP_STRICT, SECCOMP_PERMISSIVE, SECCOMP_RUNNER };
    static const uint64_t values[] = { 0, 1, 2, 16, 0x5412, 0x7e020000, 06755, 1ull << 32, UINT64_MAX };
    const struct sock_filter stranger = BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0);
    struct seccomp_data nothing = { 0 };

    (void)state;
    for (size_t base = 0; base < sizeof bases / sizeof *bases; base++) {
        struct seccomp_policy policy;
        struct program program;
        compile(bases[base], &policy, &program);
        for (int number = -1; number <= SECCOMP_NUMBERS; number++) {
            for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
                uint64_t value = values[i];
                struct seccomp_data call = { .nr = number,
                                             .arch = i == 8 ? AUDIT_ARCH_I386 : NATIVE,
                                             .args = { value, value, value, value, value, value } };
                assert_int_equal(seccomp_trace_decide(program.code, program.length, &call), run(&program, &call));
            }
        }
    }
    assert_int_equal(seccomp_trace_decide(&stranger, 1, &nothing), ERRNO(EPERM));
    assert_int_equal(seccomp_trace_decide(&stranger, 0, &nothing), ERRNO(EPERM));
}

static void programs_are_short(void **state)
{
    struct seccomp_policy policy;
    struct program program;

    (void)state;
    compile(SECCOMP_STANDARD, &policy, &program);
    print_message("# standard: %zu instructions\n", program.length);
    assert_in_range(program.length, 1, 140);
    for (size_t capacity = 0; capacity < program.length; capacity++) {
        struct program small = { .length = 4711 };
        assert_int_equal(seccomp_compile(&policy, small.code, capacity, &small.length), -ENOSPC);
        assert_int_equal(small.length, 4711);
    }
}

static void bases_have_names(void **state)
{
    enum seccomp_base base;

    (void)state;
    assert_true(seccomp_find_base("standard", &base) && base == SECCOMP_STANDARD);
    assert_true(seccomp_find_base("runner", &base) && base == SECCOMP_RUNNER);
    assert_false(seccomp_find_base("", &base));
    assert_false(seccomp_find_base("none", &base));
}

/* ---- Against the policy as data ---- */

static const uint64_t interesting[] = { 0,
                                        1,
                                        2,
                                        3,
                                        4,
                                        7,
                                        8,
                                        10,
                                        16,
                                        17,
                                        0x40,
                                        0x80,
                                        0x100,
                                        02000,
                                        04000,
                                        06000,
                                        0755,
                                        0x1000,
                                        0x5411,
                                        0x5412,
                                        0x5413,
                                        0x541c,
                                        O_CREAT,
                                        O_TMPFILE,
                                        0x20000,
                                        0x20008,
                                        CLONE_NEWNS,
                                        CLONE_NEWUSER,
                                        CLONE_NEWNET,
                                        CLONE_NEWPID,
                                        CLONE_NEWTIME,
                                        0x7fffffff,
                                        0x80000000,
                                        0xffffffff,
                                        1ull << 32,
                                        GARBAGE,
                                        GARBAGE | 0x5412,
                                        GARBAGE | 04000,
                                        GARBAGE | O_CREAT,
                                        0xffffffff00000004,
                                        ~0ull };

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void make_arguments(uint64_t *seed, uint64_t arguments[6])
{
    for (int i = 0; i < 6; i++)
        arguments[i] = interesting[next_random(seed) % (sizeof interesting / sizeof interesting[0])];
}

static bool holds(const struct seccomp_test *test, const uint64_t *arguments)
{
    uint64_t argument = arguments[test->argument];

    if (test->width == SECCOMP_WIDTH_INT)
        argument = (uint32_t)argument;
    return ((argument & test->mask) == test->value) == (test->relation == SECCOMP_EQUAL);
}

static uint32_t read_policy(const struct seccomp_policy *policy, int number, const uint64_t *arguments)
{
    struct seccomp_guard guard;
    uint8_t treatment = number >= 0 && number < SECCOMP_NUMBERS ? policy->treatments[number] : (uint8_t)SECCOMP_ABSENT;

    if (!seccomp_policy_guard(policy, treatment, &guard))
        return policy->returns[treatment];
    for (size_t i = 0; i < guard.count; i++) {
        if (holds(&guard.tests[i], arguments))
            return policy->returns[guard.tests[i].verdict];
    }
    return policy->returns[guard.otherwise];
}

static void compare_with_data(const struct seccomp_policy *policy)
{
    struct program program;
    uint64_t seed = 0x9e3779b97f4a7c15;

    assert_int_equal(seccomp_compile(policy, program.code, SECCOMP_PROGRAM_MAX, &program.length), 0);
    for (int number = 0; number <= 600; number++) {
        for (int round = 0; round < 300; round++) {
            uint64_t arguments[6];
            uint32_t expected, answer;

            make_arguments(&seed, arguments);
            expected = read_policy(policy, number, arguments);
            answer = ask(&program, number, arguments);
            if (answer != expected)
                fail_msg("call %d: 0x%x instead of 0x%x", number, answer, expected);
        }
    }
}

static void programs_do_what_policies_say(void **state)
{
    (void)state;
    for (int base = 0; base < SECCOMP_BASES; base++) {
        struct seccomp_policy policy;

        seccomp_policy_init(&policy, (enum seccomp_base)base);
        compare_with_data(&policy);
    }
}

/* Policies that nobody writes: every treatment anywhere, so that long jumps and far leaves are met. */
static void random_policies_compile(void **state)
{
    uint64_t seed = 88172645463325252ull;

    (void)state;
    for (int round = 0; round < 60; round++) {
        struct seccomp_policy policy;
        uint8_t used[32];
        size_t used_count = 0;

        seccomp_policy_init(&policy, SECCOMP_RUNNER);
        for (int base = 0; base < SECCOMP_BASES; base++) {
            struct seccomp_policy other;
            seccomp_policy_init(&other, (enum seccomp_base)base);
            for (int number = 0; number < SECCOMP_NUMBERS; number++) {
                bool is_known = false;
                for (size_t i = 0; i < used_count; i++)
                    is_known |= used[i] == other.treatments[number];
                if (!is_known && used_count < sizeof used)
                    used[used_count++] = other.treatments[number];
            }
        }
        assert_in_range(used_count, 10, 20);
        policy.families = next_random(&seed) & (round % 2 ? ~0ull : 0xffff);
        for (int number = 0; number < SECCOMP_NUMBERS; number++) {
            if (next_random(&seed) % 64 < (uint64_t)round + 4)
                policy.treatments[number] = used[next_random(&seed) % used_count];
        }
        compare_with_data(&policy);
    }
}

/* ---- Against libseccomp ---- */

static void add_bits(scmp_filter_ctx filter, int number, unsigned argument, uint64_t bits)
{
    struct scmp_arg_cmp none = { argument, SCMP_CMP_MASKED_EQ, bits, 0 };

    for (int bit = 0; bit < 64; bit++) {
        struct scmp_arg_cmp one = { argument, SCMP_CMP_MASKED_EQ, 1ull << bit, 1ull << bit };
        if (bits >> bit & 1)
            assert_int_equal(seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), number, 1, &one), 0);
    }
    assert_int_equal(seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, 1, &none), 0);
}

/* True where libseccomp's filter says something about this call, so that it can be compared. */
static bool add_to_oracle(scmp_filter_ctx filter, int number, const char *name)
{
    static const char *const at_1[] = { "chmod", "fchmod", "creat", "mkdir", "mknod" };
    static const char *const at_2[] = { "fchmodat", "mkdirat", "mknodat", "fchmodat2" };

    for (size_t i = 0; i < sizeof at_1 / sizeof at_1[0]; i++) {
        if (strcmp(name, at_1[i]) == 0)
            return add_bits(filter, number, 1, 06000), true;
    }
    for (size_t i = 0; i < sizeof at_2 / sizeof at_2[0]; i++) {
        if (strcmp(name, at_2[i]) == 0)
            return add_bits(filter, number, 2, 06000), true;
    }
    if (strcmp(name, "clone") == 0)
        return add_bits(filter, number, 0, NAMESPACES), true;
    if (strcmp(name, "unshare") == 0)
        return add_bits(filter, number, 0, NAMESPACES | CLONE_NEWTIME), true;
    return false;
}

static void libseccomp_agrees(void **state)
{
    struct seccomp_policy policy;
    struct program ours, theirs;
    bool is_compared[SECCOMP_NUMBERS];
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    uint64_t seed = 0x2545f4914f6cdd1d;
    int file = memfd_create("filter", MFD_CLOEXEC);
    int compared = 0;

    (void)state;
    compile(SECCOMP_STANDARD, &policy, &ours);
    assert_int_equal(seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS), 0);
    for (int number = 0; number < SECCOMP_NUMBERS; number++) {
        const char *name = seccomp_call_name(number);
        uint8_t treatment = policy.treatments[number];

        is_compared[number] = true;
        if (treatment == SECCOMP_ALLOW)
            assert_int_equal(seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0), 0);
        else if (treatment == SECCOMP_REFUSE)
            assert_int_equal(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0), 0);
        else if (treatment != SECCOMP_ABSENT)
            is_compared[number] = add_to_oracle(filter, number, name);
        compared += is_compared[number];
    }
    assert_int_equal(seccomp_export_bpf(filter, file), 0);
    theirs.length = (size_t)pread(file, theirs.code, sizeof theirs.code, 0) / sizeof theirs.code[0];
    close(file);
    seccomp_release(filter);
    print_message("# libseccomp: %zu instructions, ours: %zu\n", theirs.length, ours.length);
    assert_in_range(theirs.length, 100, SECCOMP_PROGRAM_MAX);
    assert_in_range(compared, SECCOMP_NUMBERS - 10, SECCOMP_NUMBERS);

    for (int number = 0; number <= 600; number++) {
        for (int round = 0; round < 200; round++) {
            uint64_t arguments[6];

            make_arguments(&seed, arguments);
            if ((number >= SECCOMP_NUMBERS || is_compared[number]) &&
                ask(&ours, number, arguments) != ask(&theirs, number, arguments))
                fail_msg("call %d (%s): ours 0x%x, libseccomp's 0x%x", number, seccomp_call_name(number),
                         ask(&ours, number, arguments), ask(&theirs, number, arguments));
        }
        if (seccomp_call_name(number) && number < 450) {
            char *name = seccomp_syscall_resolve_num_arch(NATIVE, number);
            assert_string_equal(name, seccomp_call_name(number));
            free(name);
        }
    }
}

/* ---- In the kernel, as an ordinary user ---- */

static void put_on(enum seccomp_base base)
{
    struct seccomp_policy policy;
    struct program program;
    struct sock_fprog load;

    seccomp_policy_init(&policy, base);
    if (getuid() == 0 && (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0))
        _exit(100);
    if (seccomp_compile(&policy, program.code, SECCOMP_PROGRAM_MAX, &program.length) != 0)
        _exit(101);
    load = (struct sock_fprog){ (unsigned short)program.length, program.code };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &load) != 0)
        _exit(102);
}

static int in_child(void (*body)(void))
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        body();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void probe_standard(void)
{
    char path[] = "/tmp/esquema-seccomp-XXXXXX";
    int fd;

    put_on(SECCOMP_STANDARD);
    fd = mkstemp(path);
    EXPECT(fd >= 0);
    EXPECT(fchmod(fd, 04755) == -1 && errno == EPERM);
    EXPECT(fchmod(fd, 0700) == 0);
    EXPECT(unlink(path) == 0);
    EXPECT(syscall(SYS_mount, "none", "/", "tmpfs", 0, NULL) == -1 && errno == EPERM);
    EXPECT(unshare(CLONE_NEWUSER) == -1 && errno == EPERM);
    EXPECT(syscall(SYS_clone3, NULL, 0) == -1 && errno == ENOSYS);
    EXPECT(syscall(SYS_openat2, 0, 0, 0, 0) == -1 && errno == ENOSYS);
    EXPECT(socket(AF_PACKET, SOCK_RAW, 0) == -1 && errno == EAFNOSUPPORT);
    EXPECT(socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
    EXPECT(syscall(SYS_ioctl, fd, (unsigned long)TIOCSTI | GARBAGE, "x") == -1 && errno == EPERM);
    EXPECT(syscall(600) == -1 && errno == ENOSYS);
    EXPECT(fork() >= 0);
}

static void probe_strict(void)
{
    put_on(SECCOMP_STRICT);
    syscall(SYS_ptrace, 0, 0, 0, 0);
}

static void probe_runner_starts_static_program(void)
{
    char *argv[] = { (char *)"busybox", (char *)"echo", NULL };
    char *envp[] = { NULL };
    int fd = open("/bin/busybox", O_PATH | O_CLOEXEC);
    int nothing = open("/dev/null", O_WRONLY);

    EXPECT(fd >= 0 && dup2(nothing, 1) == 1);
    put_on(SECCOMP_RUNNER);
    syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH);
    _exit(99);
}

static void the_kernel_takes_the_programs(void **state)
{
    int status;

    (void)state;
    status = in_child(probe_standard);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    status = in_child(probe_strict);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSYS);
}

static void the_runners_policy_starts_a_static_program(void **state)
{
    int status;

    (void)state;
    if (access("/bin/busybox", X_OK) != 0)
        skip();
    status = in_child(probe_runner_starts_static_program);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

#ifdef __x86_64__
static void probe_other_entry(void)
{
    long answer;

    put_on(SECCOMP_STANDARD);
    __asm__ volatile("int $0x80" : "=a"(answer) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
}

static void probe_x32(void)
{
    put_on(SECCOMP_STANDARD);
    syscall(0x40000000 + SYS_getpid);
}

static void other_entries_kill(void **state)
{
    int status;

    (void)state;
    status = in_child(probe_other_entry);
    /* A kernel without 32-bit emulation has no such entry: there the instruction faults. */
    assert_true(WIFSIGNALED(status) && (WTERMSIG(status) == SIGSYS || WTERMSIG(status) == SIGSEGV));
    status = in_child(probe_x32);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}
#endif

/* ---- The facility ---- */

static size_t count_problems(const char *word, const char *name)
{
    esq_spec *spec = esq_spec_new();
    size_t count;

    facility_add(spec, "seccomp-rules", word, name);
    count = facility_count_problems(spec, seccomp_check, NULL);
    esq_spec_free(spec);
    return count;
}

static void rules_are_checked(void **state)
{
    (void)state;
    assert_int_equal(count_problems("allow", "ptrace"), 0);
    assert_int_equal(count_problems("deny", "fchmod"), 0);
    assert_int_equal(count_problems("allow-family", "netlink"), 0);
    assert_int_equal(count_problems("deny-family", "inet6"), 0);
    assert_int_equal(count_problems("allow", "no_such_call"), 1);
    assert_int_equal(count_problems("allow-family", "ptrace"), 1);
    assert_int_equal(count_problems("permit", "ptrace"), 1);
    assert_int_equal(count_problems("allow", NULL), 1);
    assert_int_equal(count_problems("deny", "execve"), 1); /* nothing could start */
    assert_int_equal(count_problems("deny", "exit_group"), 1);
}

static void rules_without_a_policy_are_a_problem(void **state)
{
    esq_spec *spec = esq_spec_new();

    (void)state;
    facility_set(spec, "seccomp", "none");
    assert_int_equal(facility_count_problems(spec, seccomp_check, NULL), 0);
    facility_add(spec, "seccomp-rules", "deny", "fchmod");
    assert_int_equal(facility_count_problems(spec, seccomp_check, NULL), 1);
    esq_spec_free(spec);
}

static size_t count_grants(const char *policy, const char *word, const char *name)
{
    esq_spec *spec = esq_spec_new();
    struct spec_grants grants = { .spec = spec };

    facility_set(spec, "seccomp", policy);
    if (word)
        facility_add(spec, "seccomp-rules", word, name);
    seccomp_grants(spec, &grants);
    esq_spec_free(spec);
    return grants.count;
}

static void what_weakens_needs_a_grant(void **state)
{
    (void)state;
    assert_int_equal(count_grants("standard", NULL, NULL), 0);
    assert_int_equal(count_grants("strict", NULL, NULL), 0);
    assert_int_equal(count_grants("standard", "deny", "fchmod"), 0);
    assert_int_equal(count_grants("none", NULL, NULL), 1);
    assert_int_equal(count_grants("permissive", NULL, NULL), 1);
    assert_int_equal(count_grants("standard", "allow", "ptrace"), 1);
    assert_int_equal(count_grants("standard", "allow-family", "packet"), 1);
}

static void the_step_holds_the_program(void **state)
{
    esq_spec *spec = esq_spec_new();
    struct facility_plan plan;
    struct program program;

    (void)state;
    facility_add(spec, "seccomp-rules", "allow", "ptrace");
    facility_add(spec, "seccomp-rules", "deny", "getrandom");
    plan = facility_make_plan(spec, seccomp_plan);
    assert_int_equal(plan.result, 0);
    assert_int_equal(facility_count_steps(&plan), 1);
    assert_int_equal(facility_step(&plan, 0)->kind, STEP_SECCOMP);
    program.length = facility_step(&plan, 0)->size / sizeof(struct sock_filter);
    memcpy(program.code, facility_data(&plan, 0), facility_step(&plan, 0)->size);
    assert_int_equal(ASK(&program, "ptrace", 0), SECCOMP_RET_ALLOW);
    assert_int_equal(ASK(&program, "getrandom", 0), ERRNO(EPERM));
    assert_int_equal(ASK(&program, "mount", 0), ERRNO(EPERM));
    facility_free_plan(&plan);

    facility_set(spec, "seccomp", "none");
    plan = facility_make_plan(spec, seccomp_plan);
    assert_int_equal(facility_count_steps(&plan), 0);
    facility_free_plan(&plan);
    esq_spec_free(spec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_checked),
        cmocka_unit_test(rules_without_a_policy_are_a_problem),
        cmocka_unit_test(what_weakens_needs_a_grant),
        cmocka_unit_test(the_step_holds_the_program),
        cmocka_unit_test(foreign_entries_are_killed),
        cmocka_unit_test(administration_is_refused),
        cmocka_unit_test(what_cannot_be_filtered_is_absent),
        cmocka_unit_test(newer_calls_are_known),
        cmocka_unit_test(set_id_bits_are_refused),
        cmocka_unit_test(arguments_have_the_kernels_width),
        cmocka_unit_test(families_are_limited),
        cmocka_unit_test(the_runner_has_a_few_calls),
        cmocka_unit_test(names_change_a_policy),
        cmocka_unit_test(a_trace_decides_as_the_program),
        cmocka_unit_test(programs_are_short),
        cmocka_unit_test(bases_have_names),
        cmocka_unit_test(programs_do_what_policies_say),
        cmocka_unit_test(random_policies_compile),
        cmocka_unit_test(libseccomp_agrees),
        cmocka_unit_test(the_kernel_takes_the_programs),
        cmocka_unit_test(the_runners_policy_starts_a_static_program),
#ifdef __x86_64__
        cmocka_unit_test(other_entries_kill),
#endif
    };
    return cmocka_run_group_tests_name("seccomp", tests, NULL, NULL);
}
