/*
 * init.c: PID 1 of every container. Freestanding: it shares an address space with nobody, has no libc to misuse, and
 * starts in a fifth of the time of a static C program.
 *
 * It owns what happens between the last step of the mute child and the end of the container: it starts the payload
 * behind the walls that init itself could not work behind, passes signals on, buries orphans, tells the payload's end
 * and makes an end of what is left. It knows the job file (launch/init_job.h) and nothing else.
 *
 * Two processes run this code: the payload's until its execve, and init for as long as the container lives. Init
 *   - is not dumpable from before its first fork, or the payload (of the same uid) could write into its memory,
 *   - holds no descriptor but the pipe that takes the payload's status,
 *   - wears a seccomp filter of its own, of the six calls that its loop makes. With neither descriptors nor the calls
 *     to open any, Landlock would have nothing left to refuse.
 */
#include <stddef.h>
#include <stdint.h>

#include <linux/audit.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/filter.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/time.h>
#include <linux/wait.h>

#include <asm/ioctls.h>
#include <asm/siginfo.h>
#include <asm/signal.h>

#include "esquema/launch/init_job.h"
#include "esquema/sys/raw.h"
#include "tools/init/start.h"

/* The numbers below come from headers of libc in other programs; here there is none. */
enum {
    EXIT_SETUP = 125,
    EXIT_CANNOT = 126,
    EXIT_NOT_FOUND = 127,
    FD_GETFD = 1,
    FD_SETFD = 2,
    FD_CLOSE_ON_EXEC = 1,
    SEEK_TO_END = 2,
    SIGNAL_SET_SIZE = 8,
    BURIALS_AT_ONCE = 64,
};

#define CALL(number, ...) CALL_ARGUMENTS(number, __VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)
#define CALL_ARGUMENTS(n, a, b, c, d, e, f, ...) \
    raw_syscall((n), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

#define SIGNAL_BIT(number) (1ull << ((number)-1))

static const uint64_t forwarded_signals = SIGNAL_BIT(SIGTERM) | SIGNAL_BIT(SIGINT) | SIGNAL_BIT(SIGHUP) |
                                          SIGNAL_BIT(SIGQUIT) | SIGNAL_BIT(SIGUSR1) | SIGNAL_BIT(SIGUSR2) |
                                          SIGNAL_BIT(SIGWINCH) | SIGNAL_BIT(SIGCONT) | SIGNAL_BIT(SIGALRM);

/* What the loop of init may ask of the kernel; anything else means that it is init no more. */
static const struct sock_filter own_filter[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, INIT_AUDIT_ARCHITECTURE, 0, 7),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_rt_sigtimedwait, 6, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_wait4, 5, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_kill, 4, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 3, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clock_gettime, 2, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

__attribute__((noreturn)) static void leave(int status)
{
    for (;;)
        CALL(SYS_exit_group, status);
}

__attribute__((noreturn)) static void fail(const struct init_job *job, uint32_t step, long negative_errno, int status)
{
    struct child_report report = { .step = step, .error = (int32_t)-negative_errno };

    CALL(SYS_write, job->report, &report, sizeof report);
    leave(status);
}

/* ---- The job ---- */

static int parse_descriptor(const char *text)
{
    int number = 0;

    for (; *text >= '0' && *text <= '9' && number < 100000; text++)
        number = number * 10 + (*text - '0');
    return number;
}

/* Offsets become pointers, in our private copy. */
static char **make_vector(struct init_job *job, uint32_t offset, uint32_t count)
{
    uint64_t *entries = (uint64_t *)((char *)job + offset);

    for (uint32_t i = 0; i < count; i++)
        entries[i] += (uint64_t)(uintptr_t)job;
    entries[count] = 0;
    return (char **)entries;
}

static struct init_job *map_job(int fd)
{
    long size = CALL(SYS_lseek, fd, 0, SEEK_TO_END);
    struct init_job *job;
    long address;

    if (size < (long)sizeof *job)
        leave(EXIT_SETUP);
    address = CALL(SYS_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (address < 0 && address > -4096)
        leave(EXIT_SETUP);
    job = (struct init_job *)(uintptr_t)address;
    if (job->magic != INIT_JOB_MAGIC || job->version != INIT_JOB_VERSION || job->size != (uint64_t)size)
        leave(EXIT_SETUP);
    CALL(SYS_close, fd);
    return job;
}

static void set_close_on_exec(int fd)
{
    if (fd >= 0)
        CALL(SYS_fcntl, fd, FD_SETFD, FD_CLOSE_ON_EXEC);
}

/* ---- The payload's process ---- */

static void set_signals_free(void)
{
    uint64_t none = 0;

    CALL(SYS_rt_sigprocmask, SIG_SETMASK, &none, 0, SIGNAL_SET_SIZE);
}

/* For diagnosis: an error becomes a question, which the launcher answers with the same error. */
static void ask_instead_of_refusing(const struct init_job *job)
{
    struct sock_filter *filter = (struct sock_filter *)((char *)job + job->filter);

    for (uint32_t i = 0; i < job->filter_count; i++) {
        if (filter[i].code == (BPF_RET | BPF_K) && (filter[i].k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO)
            filter[i].k = SECCOMP_RET_USER_NOTIF;
    }
}

static void put_on_walls(const struct init_job *job)
{
    struct sock_fprog program = { .len = (unsigned short)job->filter_count,
                                  .filter = (struct sock_filter *)((char *)job + job->filter) };
    long result;

    if (job->landlock >= 0) {
        result = CALL(SYS_landlock_restrict_self, job->landlock, 0);
        if (result < 0)
            fail(job, job->landlock_step, result, EXIT_SETUP);
    }
    if (job->filter != 0) {
        uint32_t flags = job->filter_flags;

        if (job->flags & INIT_JOB_TRACE) {
            ask_instead_of_refusing(job);
            flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
        }
        result = CALL(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
        if (result < 0)
            fail(job, job->seccomp_step, result, EXIT_SETUP);
    }
}

/* As execvp: what cannot be executed is remembered, what does not exist is passed over. */
static long execute(struct init_job *job)
{
    char **paths = make_vector(job, job->paths, job->path_count);
    char **argv = make_vector(job, job->argv, job->argc);
    char **envp = make_vector(job, job->envp, job->envc);
    long worst = -ENOENT;

    if (job->executable >= 0)
        return CALL(SYS_execveat, job->executable, "", argv, envp, AT_EMPTY_PATH);
    for (uint32_t i = 0; i < job->path_count; i++) {
        long result = CALL(SYS_execve, paths[i], argv, envp);

        if (result == -EACCES)
            worst = result;
        else if (result != -ENOENT && result != -ENOTDIR)
            return result;
    }
    return worst;
}

__attribute__((noreturn)) static void become_payload(struct init_job *job, long init)
{
    long result;

    if (job->payload_death_signal != 0) {
        CALL(SYS_prctl, PR_SET_PDEATHSIG, job->payload_death_signal, 0, 0, 0);
        if (CALL(SYS_getppid, 0) != init)
            leave(EXIT_SETUP);
    }
    if (job->flags & INIT_JOB_TERMINAL) {
        CALL(SYS_setsid, 0);
        result = CALL(SYS_ioctl, 0, TIOCSCTTY, 0);
        if (result < 0)
            fail(job, job->init_step, result, EXIT_SETUP);
    }
    set_signals_free();
    put_on_walls(job);
    result = execute(job);
    fail(job, job->exec_step, result, result == -ENOENT || result == -ENOTDIR ? EXIT_NOT_FOUND : EXIT_CANNOT);
}

/* ---- The listener of a trace ---- */

/* The number that the next opened descriptor gets. */
static long next_descriptor(const struct init_job *job)
{
    long fd = CALL(SYS_dup, job->report);

    CALL(SYS_close, fd);
    return fd;
}

static int has_ended(long payload)
{
    siginfo_t info;

    info.si_signo = 0;
    CALL(SYS_waitid, P_PID, payload, &info, WEXITED | WNOHANG | WNOWAIT, 0);
    return info.si_signo != 0;
}

static long send_descriptor(int socket, int fd)
{
    struct {
        uint64_t size;
        int level, type;
        int fd, padding;
    } control = { 20, 1 /* SOL_SOCKET */, 1 /* SCM_RIGHTS */, fd, 0 };
    char byte = 'l';
    struct {
        void *base;
        uint64_t size;
    } bytes = { &byte, 1 };
    struct {
        void *name;
        uint64_t name_size;
        void *parts;
        uint64_t part_count;
        void *control;
        uint64_t control_size;
        uint64_t flags;
    } message = { 0, 0, &bytes, 1, &control, sizeof control, 0 };

    return CALL(SYS_sendmsg, socket, &message, 0);
}

/*
 * The payload's process cannot send it: its filter may refuse that. It shares its descriptors with us, and its execve
 * gives it a table of its own, in which the listener is closed. It opens nothing else, so we know the number.
 */
static void hand_listener_out(const struct init_job *job, long fd, long payload)
{
    const struct __kernel_timespec moment = { 0, 20000 };
    long result = 0;

    while (CALL(SYS_fcntl, fd, FD_GETFD) < 0 && !has_ended(payload))
        CALL(SYS_nanosleep, &moment, 0);
    if (CALL(SYS_fcntl, fd, FD_GETFD) >= 0)
        result = send_descriptor(job->report, (int)fd);
    if (result >= 0)
        result = CALL(SYS_unshare, CLONE_FILES);
    if (result < 0)
        fail(job, job->seccomp_step, result, EXIT_SETUP);
}

/* ---- Init ---- */

static uint64_t now_milliseconds(void)
{
    struct __kernel_timespec now = { 0, 0 };

    CALL(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

enum burial { NONE_LEFT, ALL_BURIED, MORE_MAY_BE_DEAD };

/* Takes the statuses of processes that have ended, so many at most: a payload whose children die without end must not
 * keep us from its signals. */
static enum burial bury_dead(long payload, int *ret_status, int *ret_has_ended)
{
    for (int i = 0; i < BURIALS_AT_ONCE; i++) {
        int status = 0;
        long pid = CALL(SYS_wait4, -1, &status, WNOHANG | __WALL, 0);

        if (pid == 0)
            return ALL_BURIED;
        if (pid < 0)
            return NONE_LEFT;
        if (pid == payload) {
            *ret_status = status;
            *ret_has_ended = 1;
        }
    }
    return MORE_MAY_BE_DEAD;
}

/* Blocked signals are pending even for PID 1, whose unhandled ones the kernel would drop. Returns when the payload has
 * ended. Signals of the terminal (SI_KERNEL) reach the payload by themselves: it is in the same group. */
static int wait_for_payload(long payload)
{
    const struct __kernel_timespec at_once = { 0, 0 };
    enum burial burial = ALL_BURIED;
    int status = 0;
    int has_ended = 0;

    for (;;) {
        uint64_t all = ~0ull;
        siginfo_t info;
        long signal;

        info.si_code = 0;
        signal = CALL(SYS_rt_sigtimedwait, &all, &info, burial == MORE_MAY_BE_DEAD ? &at_once : 0, SIGNAL_SET_SIZE);
        if (signal == SIGCHLD || burial == MORE_MAY_BE_DEAD) {
            burial = bury_dead(payload, &status, &has_ended);
            if (has_ended)
                return status;
        }
        if (signal > 0 && signal <= 64 && forwarded_signals & SIGNAL_BIT(signal) && info.si_code <= 0) {
            CALL(SYS_kill, payload, signal);
        }
    }
}

/* TERM for whoever is left, then as long as the job says; the end of PID 1 is the kernel's KILL for the rest. */
static void end_others(uint64_t grace)
{
    uint64_t ended = SIGNAL_BIT(SIGCHLD);
    uint64_t deadline, now;
    int ignored;

    if (bury_dead(0, &ignored, &ignored) == NONE_LEFT)
        return;
    CALL(SYS_kill, -1, SIGTERM);
    CALL(SYS_kill, -1, SIGCONT);
    now = now_milliseconds();
    deadline = now + grace;
    while (bury_dead(0, &ignored, &ignored) != NONE_LEFT && now < deadline) {
        uint64_t left = deadline - now;
        struct __kernel_timespec timeout = { (long long)(left / 1000), (long long)(left % 1000 * 1000000) };

        CALL(SYS_rt_sigtimedwait, &ended, 0, &timeout, SIGNAL_SET_SIZE);
        now = now_milliseconds();
    }
}

static void close_all_but(int fd)
{
    if (fd > 0)
        CALL(SYS_close_range, 0, fd - 1, 0);
    CALL(SYS_close_range, fd + 1, ~0u, 0);
}

static void put_on_own_walls(void)
{
    struct sock_fprog program = { .len = sizeof own_filter / sizeof own_filter[0],
                                  .filter = (struct sock_filter *)own_filter };

    CALL(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    /* A kernel that took the payload's filter takes this one; one without seccomp has refused the start by now. */
    CALL(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

__attribute__((noreturn)) static void be_init(const struct init_job *job, long payload)
{
    struct init_result result = { 0, 0 };
    int status;

    close_all_but(job->result);
    put_on_own_walls();
    status = wait_for_payload(payload);
    result.status = status;
    CALL(SYS_write, job->result, &result, sizeof result);
    /* Without a pid namespace, kill(-1) would reach every process of the caller. */
    if (job->flags & INIT_JOB_PID_NAMESPACE)
        end_others(job->grace_ms);
    leave((status & 0x7f) == 0 ? status >> 8 & 0xff : 128 + (status & 0x7f));
}

void init_main(const uint64_t *stack)
{
    struct init_job *job;
    uint64_t all = ~0ull;
    long self, payload, listener;
    int is_traced;

    if (stack[0] != 2)
        leave(EXIT_SETUP);
    job = map_job(parse_descriptor((const char *)(uintptr_t)stack[2]));
    set_close_on_exec(job->report);
    set_close_on_exec(job->result);
    set_close_on_exec(job->landlock);
    set_close_on_exec(job->executable);
    CALL(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (!(job->flags & INIT_JOB_PID_NAMESPACE))
        CALL(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    CALL(SYS_rt_sigprocmask, SIG_SETMASK, &all, 0, SIGNAL_SET_SIZE);
    self = CALL(SYS_getpid, 0);
    is_traced = job->flags & INIT_JOB_TRACE && job->filter != 0;
    listener = is_traced ? next_descriptor(job) : -1;
    payload = CALL(SYS_clone, SIGCHLD | (is_traced ? CLONE_FILES : 0), 0, 0, 0, 0);
    if (payload < 0)
        fail(job, job->init_step, payload, EXIT_SETUP);
    if (payload == 0)
        become_payload(job, self);
    if (is_traced)
        hand_listener_out(job, listener, payload);
    be_init(job, payload);
}
