/*
 * The joiner: executes one more program in a running container. A program of its own, so that nothing of its starter's
 * memory is ever inside; not dumpable from before it joins, so that nothing inside reaches its own; every descriptor
 * that it does not need is closed first. Its process stays outside the pid namespace and waits; the one that it forks
 * puts on the walls of the container's plan, with the functions that the container itself was set up with, and
 * executes.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>
#include "esquema/launch/init_job.h"
#include "esquema/launch/join_job.h"
#include "esquema/launch/launch.h"
#include "esquema/plan/plan.h"

struct joiner {
    const struct join_job *job;
    const struct plan_block *block;
    int report;
};

__attribute__((noreturn)) static void fail(const struct joiner *joiner, uint32_t step, int negative_errno,
                                           const char *detail)
{
    struct child_report report = { .step = step, .error = -negative_errno };
    if (detail)
        strncpy(report.detail, detail, sizeof report.detail - 1);
    sys_write_all(joiner->report, &report, sizeof report);
    _exit(ESQ_EXIT_SETUP);
}

/* Before the job is read nobody can be told but who looks at our standard error. */
static int fail_without_job(void)
{
    static const char text[] = "esquema: error: the joiner cannot read its job\n";
    sys_write_all(2, text, sizeof text - 1);
    return ESQ_EXIT_SETUP;
}

static const void *map_file(int fd, size_t least)
{
    struct stat found;
    if (sys_fstat(fd, &found) < 0 || found.st_size < (off_t)least)
        return NULL;
    void *bytes = mmap(NULL, (size_t)found.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    return bytes == MAP_FAILED ? NULL : bytes;
}

static bool take_job(const char *number, struct joiner *joiner)
{
    const struct join_job *job = map_file(atoi(number), sizeof *job);
    if (!job || job->magic != JOIN_JOB_MAGIC || job->version != JOIN_JOB_VERSION)
        return false;
    joiner->job = job;
    joiner->block = map_file(job->plan, sizeof *joiner->block);
    if (!joiner->block || joiner->block->magic != PLAN_MAGIC || joiner->block->version != PLAN_VERSION)
        return false;
    joiner->report = job->report;
    return true;
}

/* Only 0 to 2, the report and the pidfd stay; the last goes when it has been used. */
static void close_others(const struct joiner *joiner)
{
    int low = joiner->job->pidfd, high = joiner->report;
    if (low > high) {
        int other = low;
        low = high;
        high = other;
    }
    sys_close_range(3, (unsigned)low - 1);
    sys_close_range((unsigned)low + 1, (unsigned)high - 1);
    sys_close_range((unsigned)high + 1, ~0u);
    SYS(SYS_fcntl, joiner->report, F_SETFD, FD_CLOEXEC);
    SYS(SYS_fcntl, joiner->job->pidfd, F_SETFD, FD_CLOEXEC);
}

/* ---- Joining ---- */

static void join_cgroup(const struct joiner *joiner)
{
    char done;
    if (joiner->job->flags & JOIN_JOB_IS_MOVED && sys_read(joiner->report, &done, 1) != 1)
        _exit(ESQ_EXIT_SETUP); /* who should have moved us says why */
    if (!joiner->job->cgroup)
        return;
    const char *path = (const char *)joiner->job + joiner->job->cgroup;
    _cleanup_fd_ int folder = sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0);
    _cleanup_fd_ int file = folder < 0 ? folder : sys_openat(folder, "cgroup.procs", O_WRONLY, 0);
    int result = file < 0 ? file : sys_write_all(file, "0", 1);
    if (result < 0)
        fail(joiner, JOIN_STEP_CGROUP, result, NULL);
}

static bool has_step(const struct plan_block *block, enum step_kind kind)
{
    for (uint32_t i = 0; i < block->step_count; i++)
        if (plan_step(block, i)->kind == kind)
            return true;
    return false;
}

static void join_namespaces(const struct joiner *joiner)
{
    int flags = (int)joiner->block->clone_flags_low;
    if (has_step(joiner->block, STEP_CLOCKS))
        flags |= CLONE_NEWTIME;
    if (has_step(joiner->block, STEP_SHARE_NETWORK) || has_step(joiner->block, STEP_JOIN_NETWORK) ||
        has_step(joiner->block, STEP_JOIN_CONTAINER))
        flags |= CLONE_NEWNET;
    int result = flags ? (int)SYS(SYS_setns, joiner->job->pidfd, flags) : 0;
    sys_close(joiner->job->pidfd);
    if (result < 0)
        fail(joiner, JOIN_STEP_NAMESPACES, result, NULL);
}

/* ---- The program's process ---- */

/* Our end of a new terminal of the container's. Somebody inside may have put something else at its place. */
static int open_terminal(const struct join_job *job)
{
    enum { DEVPTS = 0x1cd1, UNLOCKED = 0 };
    struct statfs found;
    const int unlocked = UNLOCKED;
    const struct winsize size = { .ws_row = job->rows, .ws_col = job->columns };
    _cleanup_fd_ int own = sys_openat(AT_FDCWD, "/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW, 0);
    if (own < 0)
        return own;
    int result = (int)SYS(SYS_fstatfs, own, &found);
    if (result == 0 && found.f_type != DEVPTS)
        result = -ENODEV;
    if (result == 0)
        result = (int)SYS(SYS_ioctl, own, TIOCSPTLCK, &unlocked);
    if (result == 0)
        result = (int)SYS(SYS_ioctl, own, TIOCSWINSZ, &size);
    return result < 0 ? result : take_fd(&own);
}

static int send_descriptor(int socket, int fd)
{
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof(int))];
    } control = { .head = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int)) } };
    struct iovec byte = { .iov_base = "", .iov_len = 1 };
    const struct msghdr message = {
        .msg_iov = &byte, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
    };
    memcpy(CMSG_DATA(&control.head), &fd, sizeof fd);
    long sent = SYS(SYS_sendmsg, socket, &message, MSG_NOSIGNAL);
    return sent < 0 ? (int)sent : 0;
}

/* It has its name inside, /dev/pts/N, since it is one of those; its other end goes to whoever asked for it. */
static void take_terminal(const struct joiner *joiner)
{
    if (!(joiner->job->flags & JOIN_JOB_TERMINAL))
        return;
    _cleanup_fd_ int own = open_terminal(joiner->job);
    _cleanup_fd_ int other = own < 0 ? own : (int)SYS(SYS_ioctl, own, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    int result = other < 0 ? other : sys_setsid();
    if (result >= 0)
        result = (int)SYS(SYS_ioctl, other, TIOCSCTTY, 0);
    for (int i = 0; i < 3 && result >= 0; i++)
        result = sys_dup3(other, i, 0);
    if (result >= 0)
        result = send_descriptor(joiner->report, own);
    if (result < 0)
        fail(joiner, JOIN_STEP_TERMINAL, result, NULL);
}

static step_apply_function *wall_of(uint32_t kind)
{
    switch (kind) {
    case STEP_CAPABILITIES:
    case STEP_NO_NEW_PRIVILEGES: return caps_apply;
    case STEP_LANDLOCK: return landlock_apply;
    case STEP_RLIMIT: return rlimit_apply;
    }
    return NULL;
}

/* In the order of the plan; what it says of mounts and the like was done for the whole container. */
static void put_on_walls(const struct joiner *joiner)
{
    enum { RULESET = 3 }; /* closed above, unless it is the report, which is never moved there */
    const struct init_job *init = (const struct init_job *)STEP_TEXT(joiner->block, joiner->block->job);
    struct child child = { .block = joiner->block, .root = -1, .executable = -1, .landlock = RULESET };
    if (joiner->report == RULESET)
        child.landlock = RULESET + 1;
    for (uint32_t i = 0; i < joiner->block->step_count; i++) {
        const struct step *step = plan_step(joiner->block, i);
        step_apply_function *apply = wall_of(step->kind);
        child.detail = NULL;
        int result = apply ? apply(step, &child) : 0;
        if (result < 0)
            fail(joiner, i, result, child.detail);
        if (step->kind == STEP_LANDLOCK) {
            result = (int)SYS(SYS_landlock_restrict_self, child.landlock, 0);
            if (result < 0)
                fail(joiner, i, result, NULL);
            sys_close(child.landlock);
        }
    }
    if (!init->filter)
        return;
    struct sock_fprog program = { .len = (unsigned short)init->filter_count,
                                  .filter = (struct sock_filter *)((char *)init + init->filter) };
    int result = (int)SYS(SYS_seccomp, SECCOMP_SET_MODE_FILTER, init->filter_flags, &program);
    if (result < 0)
        fail(joiner, init->seccomp_step, result, NULL);
}

static char **make_list(const struct joiner *joiner, uint32_t offset, uint32_t count)
{
    char **list = calloc((size_t)count + 1, sizeof *list);
    char *next = (char *)joiner->job + offset;
    for (uint32_t i = 0; list && i < count; i++) {
        list[i] = next;
        next += strlen(next) + 1;
    }
    return list;
}

__attribute__((noreturn)) static void become_program(const struct joiner *joiner, int alive)
{
    const struct join_job *job = joiner->job;
    char **argv = make_list(joiner, job->argv, job->argc), **envp = make_list(joiner, job->envp, job->envc);
    char **paths = make_list(joiner, job->paths, job->path_count);
    struct pollfd parent = { .fd = alive, .events = POLLIN };
    uint64_t no_signals = 0;
    int worst = -ENOENT;
    /* Inside its parent has no pid, so the end of this pipe says whether it lived until the death signal was set. */
    sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    int result = sys_poll(&parent, 1, 0);
    if (result > 0)
        _exit(ESQ_EXIT_SETUP);
    if (result < 0 || !argv || !envp || !paths)
        fail(joiner, JOIN_STEP_FORK, result < 0 ? result : -ENOMEM, NULL);
    sys_close(alive);
    take_terminal(joiner);
    result = sys_chdir((const char *)job + job->directory);
    if (result < 0)
        fail(joiner, JOIN_STEP_DIRECTORY, result, NULL);
    put_on_walls(joiner);
    sys_restore_signals(&no_signals);
    for (uint32_t i = 0; i < job->path_count; i++) {
        result = (int)SYS(SYS_execve, paths[i], argv, envp);
        if (result == -EACCES)
            worst = result;
        else if (result != -ENOENT && result != -ENOTDIR)
            fail(joiner, JOIN_STEP_EXEC, result, NULL);
    }
    fail(joiner, JOIN_STEP_EXEC, worst, NULL);
}

/* ---- Waiting ---- */

/* The terminal's own signals reach the program by themselves: it is in the same group, or has a terminal of its own. */
static int wait_for(pid_t program)
{
    sigset_t all;
    int status;
    sigfillset(&all);
    for (;;) {
        siginfo_t info;
        int number = sigwaitinfo(&all, &info);
        if (number == SIGCHLD && waitpid(program, &status, WNOHANG) == program)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        if (number > 0 && number != SIGCHLD && info.si_code <= 0)
            kill(program, number);
    }
}

int main(int argc, char **argv)
{
    struct joiner joiner;
    int alive[2];
    sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    sys_prctl(PR_SET_NAME, (unsigned long)"joiner", 0, 0, 0); /* executed from a file in memory, it has a number */
    if (argc < 2 || !take_job(argv[1], &joiner))
        return fail_without_job();
    sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != joiner.job->parent)
        return ESQ_EXIT_SETUP;
    close_others(&joiner);
    join_cgroup(&joiner);
    join_namespaces(&joiner);
    int result = sys_pipe(alive);
    pid_t program = result < 0 ? result : fork();
    if (program < 0)
        fail(&joiner, JOIN_STEP_FORK, result < 0 ? result : -errno, NULL);
    if (program == 0) {
        sys_close(alive[1]);
        become_program(&joiner, alive[0]);
    }
    sys_close(joiner.report);
    sys_close_range(0, (unsigned)alive[1] - 1); /* the program has its own */
    sys_close_range((unsigned)alive[1] + 1, ~0u);
    return wait_for(program);
}
