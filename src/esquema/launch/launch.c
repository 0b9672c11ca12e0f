/*
 * Launching: the parent's side, from a plan to a payload that has been executed, or to an error after which nothing is
 * left. The parent's steps are few and fixed: pipes, memory files, clone, id maps, go.
 */
#include "launch/launch.h"

#include <errno.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include "cgroup/leaf.h"
#include "launch/init_job.h"
#include "launch/map_helper.h"

extern const unsigned char esq_init_program[];
extern const size_t esq_init_program_size;

#define STACK_SIZE  (64u << 10)
#define STACK_GUARD (64u << 10) /* one page of any machine */
#define ENVOY_STACK (16u << 10)

/* Everything that has to be undone; descriptors are -1 when they are not open. */
struct launch {
    const struct plan_block *block;
    int go[2], report[2], result[2];
    int init, job;
    int held;
    int network; /* namespace that the child is born in, and the user namespace that owns it, or -1 */
    int owner;
    bool is_kept_out; /* of the network, before there was a child */
    int notify;
    const struct launch_how *how;
    int listener;
    pid_t beside;
    int pidfd;
    pid_t pid;
    char *stack;
    struct child child;
    struct cgroup cgroup;
};

static void end_program(pid_t *pid)
{
    int status;
    if (*pid <= 0)
        return;
    /* Our child, which nobody has waited for: its number is its own. */
    raw_syscall(SYS_kill, *pid, SIGKILL, 0, 0, 0, 0);
    sys_wait(*pid, &status, NULL, 0);
    *pid = 0;
}

void launch_end_beside(struct launched *launched)
{
    end_program(&launched->beside);
}

static void close_pair(int ends[2])
{
    sys_close(ends[0]);
    sys_close(ends[1]);
    ends[0] = ends[1] = -1;
}

static void close_own(int *fd)
{
    sys_close(*fd);
    *fd = -1;
}

static void launch_done(struct launch *launch)
{
    close_pair(launch->go);
    close_pair(launch->report);
    close_pair(launch->result);
    close_own(&launch->init);
    close_own(&launch->job);
    close_own(&launch->held);
    close_own(&launch->network);
    close_own(&launch->owner);
    close_own(&launch->notify);
    close_own(&launch->listener);
    end_program(&launch->beside);
    if (launch->pid > 0) { /* failed: whatever it does at this moment, it ends here */
        int status;
        sys_pidfd_signal(launch->pidfd, SIGKILL);
        sys_wait(launch->pid, &status, NULL, 0);
    }
    cgroup_end(&launch->cgroup);
    close_own(&launch->pidfd);
    if (launch->stack)
        munmap(launch->stack, STACK_SIZE + STACK_GUARD);
    free(launch->child.trees);
}

/* ---- Errors ---- */

int launch_fail_at_step(const struct plan_block *block, const struct child_report *report, esq_error *ret_error)
{
    if (report->step >= block->step_count || report->error <= 0 || report->error > 4095)
        return esq_fail(ret_error, NULL, EPROTO, NULL, "the container's child sent nonsense");
    const struct step *step = plan_step(block, report->step);
    esq_location where = { .file = step->file ? STEP_TEXT(block, step->file) : NULL,
                           .line = report->line ? report->line : step->line,
                           .column = report->line ? report->column : step->column };
    int detail_length = (int)strnlen(report->detail, sizeof(report->detail));
    const char *remedy = error_remedy(report->error, step->remedy ? STEP_TEXT(block, step->remedy) : NULL);
    esq_fail(ret_error, &where, 0, report->error == ENOSYS ? ERROR_FILTERED : remedy, "%s%s%.*s: %s (step %u of %u)",
             STEP_TEXT(block, step->text), detail_length ? ": " : "", detail_length, report->detail,
             error_number_text(report->error), report->step + 1, block->step_count);
    if (ret_error) {
        bool is_missing = report->error == ENOENT || report->error == ENOTDIR;
        ret_error->error_number = report->error;
        ret_error->step = report->step + 1;
        ret_error->steps = block->step_count;
        if (step->kind == STEP_EXEC)
            ret_error->exit_status = is_missing ? ESQ_EXIT_NOT_FOUND : ESQ_EXIT_CANNOT;
    }
    return -report->error;
}

/* ---- The parent's steps ---- */

static step_prepare_function *const prepare_functions[STEP_KIND_COUNT] = {
#define PARENT_STEP(id, name, apply) [STEP_##id] = apply,
#include "plan/steps.def"
};

static step_network_function *const network_functions[STEP_KIND_COUNT] = {
#define NETWORK_STEP(id, name, apply) [STEP_##id] = apply,
#include "plan/steps.def"
};

static step_beside_function *const beside_functions[STEP_KIND_COUNT] = {
#define BESIDE_STEP(id, name, apply) [STEP_##id] = apply,
#include "plan/steps.def"
};

static int fail_at(const struct launch *launch, const struct step *step, int result, const char *detail,
                   esq_error *ret_error)
{
    struct child_report report = { .step = (uint32_t)(step - plan_step(launch->block, 0)), .error = -result };
    snprintf(report.detail, sizeof(report.detail), "%s", detail ? detail : "");
    return launch_fail_at_step(launch->block, &report, ret_error);
}

static int start_beside(struct launch *launch, esq_error *ret_error)
{
    for (uint32_t i = 0; i < launch->block->step_count; i++) {
        const struct step *step = plan_step(launch->block, i);
        step_beside_function *start = beside_functions[step->kind];
        const char *detail = NULL;
        int result = start && !(step->flags & STEP_SKIP)
                         ? start(step, launch->block, launch->pid, launch->owner, &launch->beside, &detail)
                         : 0;
        if (result < 0)
            return fail_at(launch, step, result, detail, ret_error);
    }
    return 0;
}

static int prepare_steps(struct launch *launch, esq_error *ret_error)
{
    for (uint32_t i = 0; i < launch->block->step_count; i++) {
        const struct step *step = plan_step(launch->block, i);
        step_prepare_function *prepare = prepare_functions[step->kind];
        int result = prepare && !(step->flags & STEP_SKIP) ? prepare(step, launch->block, &launch->held) : 0;
        if (result < 0)
            return fail_at(launch, step, result, NULL, ret_error);
    }
    return 0;
}

/* The user namespace that owns the network; -1 where that is the one that we are in. */
static int find_owner(struct launch *launch, const char **ret_detail)
{
    struct stat own, found;
    _cleanup_fd_ int here = sys_openat(AT_FDCWD, "/proc/self/ns/user", O_RDONLY, 0);
    _cleanup_fd_ int owner = (int)SYS(SYS_ioctl, launch->network, NS_GET_USERNS);
    if (here < 0 || owner < 0) {
        *ret_detail = "find out what it belongs to";
        return here < 0 ? here : owner;
    }
    int result = sys_fstat(here, &own);
    if (result == 0)
        result = sys_fstat(owner, &found);
    if (result == 0 && (own.st_dev != found.st_dev || own.st_ino != found.st_ino))
        launch->owner = take_fd(&owner);
    return result;
}

/* A network that has been made for an earlier run is used once more. */
static int open_network(struct launch *launch, const struct step *step, int earlier, const char **ret_detail)
{
    int result = 0;
    if (earlier >= 0)
        result = launch->network = sys_dup_above(earlier, 3);
    else
        result = network_functions[step->kind](step, launch->block, &launch->network, ret_detail);
    return result < 0 ? result : find_owner(launch, ret_detail);
}

static int open_networks(struct launch *launch, int earlier, esq_error *ret_error)
{
    for (uint32_t i = 0; i < launch->block->step_count; i++) {
        const struct step *step = plan_step(launch->block, i);
        const char *detail = NULL;
        if (!network_functions[step->kind])
            continue;
        int result = open_network(launch, step, earlier, &detail);
        if (result < 0)
            return fail_at(launch, step, result, detail, ret_error);
    }
    return 0;
}

/* `child` is 0, or the one that is moved into it. */
static int make_cgroup(struct launch *launch, pid_t child, esq_error *ret_error)
{
    const struct step *step;
    const char *detail;
    int result = cgroup_make(launch->block, child, &launch->cgroup, &step, &detail);
    return result == 0 ? 0 : fail_at(launch, step, result, detail, ret_error);
}

static int make_memory_file(const char *name, const void *bytes, size_t size, bool is_program)
{
    _cleanup_fd_ int fd = sys_memfd(name, is_program);
    if (fd < 0)
        return fd;
    int result = sys_write_all(fd, bytes, size);
    if (result == 0 && is_program)
        result = (int)SYS(SYS_fchmod, fd, 0111);
    if (result == 0)
        result = sys_memfd_seal(fd);
    return result < 0 ? result : take_fd(&fd);
}

/* The plan's job, in which a trace is one bit. */
static int make_job_file(const struct launch *launch)
{
    const struct plan_block *block = launch->block;
    struct init_job *job = malloc(block->job_size);
    if (!job)
        return -ENOMEM;
    memcpy(job, STEP_TEXT(block, block->job), block->job_size);
    if (launch->how->is_traced)
        job->flags |= INIT_JOB_TRACE;
    int fd = make_memory_file("esquema-job", job, block->job_size, false);
    free(job);
    return fd;
}

/* A pipe, or where a descriptor comes back a socket. */
static int open_report(struct launch *launch)
{
    return launch->how->is_traced ? (int)SYS(SYS_socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, launch->report)
                                  : sys_pipe(launch->report);
}

static bool has_step(const struct plan_block *block, enum step_kind kind)
{
    for (uint32_t i = 0; i < block->step_count; i++)
        if (plan_step(block, i)->kind == kind)
            return true;
    return false;
}

static int open_all(struct launch *launch, esq_error *ret_error)
{
    int result = sys_pipe(launch->go);
    if (result == 0)
        result = open_report(launch);
    if (result == 0)
        result = sys_pipe(launch->result);
    if (result < 0)
        return esq_fail(ret_error, NULL, -result, NULL, "open pipes for a container");
    if (has_step(launch->block, STEP_NOTIFY))
        result = launch->notify = (int)SYS(SYS_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (result < 0)
        return esq_fail(ret_error, NULL, -result, NULL, "make a socket for what the container says");
    launch->init = make_memory_file("esquema-init", esq_init_program, esq_init_program_size, true);
    if (launch->init < 0)
        return esq_fail(ret_error, NULL, -launch->init, NULL, "make the memory file of init");
    launch->job = make_job_file(launch);
    if (launch->job < 0)
        return esq_fail(ret_error, NULL, -launch->job, NULL, "make the memory file of init's job");
    return 0;
}

/*
 * The plan looked at them too, but a number may have been given to another file since. A directory or a path handle
 * would let the payload walk out of its root.
 */
static int check_descriptor(int fd, esq_error *ret_error)
{
    struct stat found;
    int flags = sys_fd_flags(fd);
    int result = flags < 0 ? flags : sys_fstat(fd, &found);
    if (result < 0)
        return esq_fail(ret_error, NULL, -result, "descriptors must stay open until the launch", "descriptor %d", fd);
    if (flags & O_PATH || S_ISDIR(found.st_mode))
        return esq_fail(ret_error, NULL, EISDIR, "give a file, a pipe or a socket",
                        "descriptor %d leads out of the container", fd);
    return 0;
}

static int check_descriptors(const struct launch_descriptors *descriptors, esq_error *ret_error)
{
    int result = descriptors->executable < 0 ? 0 : check_descriptor(descriptors->executable, ret_error);
    for (uint32_t i = 0; i < descriptors->move_count && result == 0; i++)
        result = check_descriptor(descriptors->moves[i].from, ret_error);
    return result;
}

static int prepare_child(struct launch *launch, esq_error *ret_error)
{
    const struct plan_block *block = launch->block;
    const struct launch_descriptors *descriptors =
        (const struct launch_descriptors *)STEP_TEXT(block, block->descriptors);
    launch->child = (struct child){
        .block = block,
        .root = -1,
        .parent_ends = { launch->go[1], launch->report[0], launch->result[0] },
        .go = launch->go[0],
        .report = launch->report[1],
        .result = launch->result[1],
        .init = launch->init,
        .job = launch->job,
        .notify = launch->notify,
        .executable = descriptors->executable,
        .streams = launch->how->streams,
        .landlock = descriptors->base + LAUNCH_SLOT_LANDLOCK,
        .trees = malloc((block->tree_count + 1) * sizeof(int)),
    };
    void *stack = mmap(NULL, STACK_SIZE + STACK_GUARD, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
    if (stack == MAP_FAILED || !launch->child.trees || mprotect(stack, STACK_GUARD, PROT_NONE) < 0) {
        if (stack != MAP_FAILED)
            munmap(stack, STACK_SIZE + STACK_GUARD);
        return esq_fail(ret_error, NULL, ENOMEM, NULL, "make a stack for the container's child");
    }
    launch->stack = stack;
    for (uint32_t i = 0; i < block->tree_count; i++)
        launch->child.trees[i] = -1;
    return 0;
}

/* Somebody who goes into the network's namespaces first has it; it is ours all the same. */
static long clone_by(struct launch *launch, struct launch_birth *birth)
{
    struct launch_envoy envoy = {
        .birth = birth, .owner = launch->owner, .network = launch->network, .result = -ECHILD
    };
    char stack[ENVOY_STACK] __attribute__((aligned(16)));
    if (launch->network < 0)
        return launch_bear(birth);
    int status;
    long pid = raw_clone(CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, stack + sizeof(stack), NULL, launch_envoy_run,
                         &envoy);
    if (pid < 0)
        return pid;
    sys_wait((pid_t)pid, &status, NULL, 0); /* it has ended: we stood still until then */
    launch->is_kept_out = envoy.result < 0 && !envoy.is_inside;
    return envoy.result;
}

/*
 * Born in its cgroup, the child costs a tenth of what moving it there does, and was never anywhere else. Some outer
 * containers have no clone3. A cgroup namespace is left to the child (cgroup_child.c).
 */
static long clone_child(struct launch *launch, int *ret_pidfd)
{
    const struct cgroup *cgroup = &launch->cgroup;
    uint64_t flags = CLONE_VM | CLONE_PIDFD | launch->block->clone_flags_low;
    if (cgroup_is_planned(launch->block))
        flags &= ~(uint64_t)CLONE_NEWCGROUP;
    if (launch->network >= 0)
        flags |= CLONE_PARENT;
    struct launch_birth birth = {
        .arguments = { .flags = flags | RAW_CLONE_INTO_CGROUP,
                       .pidfd = (uintptr_t)ret_pidfd,
                       .exit_signal = launch->network >= 0 ? 0 : SIGCHLD, /* with CLONE_PARENT the envoy's */
                       .stack = (uintptr_t)launch->stack + STACK_GUARD,
                       .stack_size = STACK_SIZE,
                       .cgroup = (uint64_t)cgroup->folder },
        .flags = flags | SIGCHLD,
        .is_in_cgroup = cgroup_is_there(cgroup),
        .pidfd = ret_pidfd,
        .child = &launch->child,
    };
    long pid = clone_by(launch, &birth);
    if (pid > 0 && cgroup_is_there(cgroup) && !birth.is_in_cgroup) {
        int result = cgroup_move(cgroup, (pid_t)pid);
        if (result < 0) { /* launch_done ends it */
            launch->pid = (pid_t)pid;
            launch->pidfd = *ret_pidfd;
            return result;
        }
    }
    return pid;
}

static const char *clone_remedy(int number)
{
    if (number == EAGAIN)
        return "this user or this cgroup has as many processes as it may: end some, or raise the limit (ulimit -u, "
               "pids.max)";
    if (number == ENOSPC)
        return "this user has as many namespaces as it may: end some containers, or raise the limits in /proc/sys/user";
    if (number == ENOMEM)
        return "the host has no memory for another process";
    return "this host refuses new namespaces, or the container does that we are in (of ours, without "
           "(nested-namespaces)); `esquema doctor` says why, and how to allow them";
}

static const struct step *find_network_step(const struct launch *launch)
{
    uint32_t index = 0;
    while (!network_functions[plan_step(launch->block, index)->kind])
        index++;
    return plan_step(launch->block, index);
}

static int start_child(struct launch *launch, esq_error *ret_error)
{
#ifdef ESQ_FAULTS
    int refused = (int)SYS(SYS_getpid); /* a call that the sweep can let fail in the place of clone */
    if (refused < 0)
        return esq_fail(ret_error, NULL, -refused, NULL, "clone into new namespaces");
#endif
    int pidfd = -1;
    long pid = clone_child(launch, &pidfd);
    if (launch->is_kept_out)
        return fail_at(launch, find_network_step(launch), (int)pid, "enter it", ret_error);
    if (pid < 0)
        return esq_fail(ret_error, NULL, (int)-pid, clone_remedy((int)-pid), "clone into new namespaces");
    launch->pid = (pid_t)pid;
    launch->pidfd = pidfd;
    close_own(&launch->go[0]);
    close_own(&launch->report[1]);
    close_own(&launch->result[1]);
    return 0;
}

static int write_file(int directory, const char *name, const char *text)
{
    _cleanup_fd_ int fd = sys_openat(directory, name, O_WRONLY, 0);
    return fd < 0 ? fd : sys_write_all(fd, text, strlen(text));
}

static int have_maps_written(const struct launch *launch, esq_error *ret_error)
{
    const struct plan_block *block = launch->block;
    int result = map_helper_write(launch->pid, 0, STEP_TEXT(block, block->uid_map));
    if (result == 0)
        result = map_helper_write(launch->pid, 1, STEP_TEXT(block, block->gid_map));
    return result < 0 ? esq_fail(ret_error, NULL, -result,
                                 "install the package uidmap, and give the user a range: usermod --add-subuids "
                                 "100000-165535 --add-subgids 100000-165535 USER",
                                 "have newuidmap and newgidmap write the id maps")
                      : 0;
}

static int write_maps(const struct launch *launch, esq_error *ret_error)
{
    const struct plan_block *block = launch->block;
    char path[32];
    if (!block->uid_map)
        return 0;
    if (block->has_id_ranges)
        return have_maps_written(launch, ret_error);
    snprintf(path, sizeof(path), "/proc/%d", launch->pid);
    _cleanup_fd_ int directory = sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0);
    if (directory < 0)
        return esq_fail(ret_error, NULL, -directory, "/proc must be mounted where containers are started", "open %s",
                        path);
    /* A group that is given up could be one that is denied something: setgroups must be off before the map. */
    int result = write_file(directory, "setgroups", "deny");
    if (result == 0)
        result = write_file(directory, "uid_map", STEP_TEXT(block, block->uid_map));
    if (result == 0)
        result = write_file(directory, "gid_map", STEP_TEXT(block, block->gid_map));
    return result < 0 ? esq_fail(ret_error, NULL, -result, "the caller's own ids must be mapped where it runs",
                                 "write the id maps")
                      : 0;
}

/* A report, or 0 at the end of file. */
static ssize_t read_report(struct launch *launch, struct child_report *ret_report)
{
    if (!launch->how->is_traced)
        return sys_read(launch->report[0], ret_report, sizeof(*ret_report));
    for (;;) {
        union {
            struct cmsghdr head;
            char space[CMSG_SPACE(sizeof(int))];
        } control;
        struct iovec bytes = { .iov_base = ret_report, .iov_len = sizeof(*ret_report) };
        struct msghdr head = {
            .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
        };
        ssize_t size = SYS(SYS_recvmsg, launch->report[0], &head, MSG_CMSG_CLOEXEC);
        struct cmsghdr *part = size > 0 ? CMSG_FIRSTHDR(&head) : NULL;
        if (size == -EINTR)
            continue;
        if (!part || part->cmsg_type != SCM_RIGHTS || part->cmsg_len != CMSG_LEN(sizeof(int)))
            return size;
        close_own(&launch->listener);
        memcpy(&launch->listener, CMSG_DATA(part), sizeof(int));
    }
}

/* Until end of file: then the payload has been executed, and nobody uses the plan and the stack any more. */
static int wait_for_exec(struct launch *launch, esq_error *ret_error)
{
    struct child_report report;
    ssize_t size = read_report(launch, &report);
    if (size == (ssize_t)sizeof(report)) {
        report.detail[sizeof(report.detail) - 1] = '\0';
        return launch_fail_at_step(launch->block, &report, ret_error);
    }
    if (size < 0)
        return esq_fail(ret_error, NULL, (int)-size, NULL, "read the child's report");
    if (size > 0)
        return esq_fail(ret_error, NULL, EPROTO, NULL, "the container's child sent nonsense");
    return 0;
}

/* End of file also comes when somebody has killed the child; init would have left a result. */
static int check_alive(struct launch *launch, esq_error *ret_error)
{
    int status;
    struct pollfd ended = { .fd = launch->pidfd, .events = POLLIN };
    struct pollfd result = { .fd = launch->result[0], .events = POLLIN };
    if (sys_poll(&ended, 1, 0) <= 0 || sys_poll(&result, 1, 0) < 0 || result.revents & POLLIN)
        return 0;
    sys_wait(launch->pid, &status, NULL, 0);
    launch->pid = 0;
    return esq_fail(ret_error, NULL, ECHILD, NULL, "the container's child was killed while it was set up");
}

static bool has_report(const struct launch *launch)
{
    struct pollfd report = { .fd = launch->report[0], .events = POLLIN };
    return sys_poll(&report, 1, 0) == 1 && report.revents & POLLIN;
}

static int launch_run(struct launch *launch, esq_error *ret_error)
{
    /* Before we open anything: what we open could get a number that the caller has closed. */
    int result = check_descriptors(
        (const struct launch_descriptors *)STEP_TEXT(launch->block, launch->block->descriptors), ret_error);
    if (result == 0)
        result = cgroup_settle(launch->block, ret_error);
    if (result == 0)
        result = prepare_steps(launch, ret_error);
    if (result == 0)
        result = open_networks(launch, launch->how->network, ret_error);
    if (result == 0)
        result = open_all(launch, ret_error);
    if (result == 0)
        result = prepare_child(launch, ret_error);
    bool is_moved = cgroup_must_be_given(launch->block);
    if (result == 0 && cgroup_is_planned(launch->block) && !is_moved)
        result = make_cgroup(launch, 0, ret_error);
    if (result == 0)
        result = start_child(launch, ret_error);
    if (result == 0 && is_moved)
        result = make_cgroup(launch, launch->pid, ret_error);
    if (result < 0)
        return result;
    result = write_maps(launch, ret_error);
    if (result < 0) /* because the child has ended? then it has said why */
        return has_report(launch) ? wait_for_exec(launch, ret_error) : result;
    if ((result = start_beside(launch, ret_error)) < 0)
        return result;
    if (launch->how->before && (result = launch->how->before(launch->how->data, launch->pid, ret_error)) < 0)
        return result;
    ssize_t written = sys_write(launch->go[1], "g", 1);
    if (written == -EPIPE) /* the child has ended, and has a report for us; the signal must not reach the host */
        sys_discard_signal(SIGPIPE);
    else if (written < 0)
        return esq_fail(ret_error, NULL, (int)-written, NULL, "let the child go");
    result = wait_for_exec(launch, ret_error);
    return result < 0 ? result : check_alive(launch, ret_error);
}

int launch_start(const struct esq_plan *plan, const struct launch_how *how, struct launched *ret_launched,
                 esq_error *ret_error)
{
    struct launch launch = { .block = plan->block,
                             .go = { -1, -1 },
                             .report = { -1, -1 },
                             .result = { -1, -1 },
                             .init = -1,
                             .job = -1,
                             .held = -1,
                             .network = -1,
                             .owner = -1,
                             .notify = -1,
                             .how = how,
                             .listener = -1,
                             .pidfd = -1 };
    uint64_t started = sys_monotonic_microseconds();
    uint64_t signals;
    cgroup_init(&launch.cgroup);
    if (plan->block->magic == PLAN_MAGIC_TO_READ)
        return esq_fail(ret_error, NULL, ENOTSUP, "what is missing is told by esq_plan_survey",
                        "this plan is there to be read: the host cannot enforce all of it");
    if (plan->block->magic != PLAN_MAGIC || plan->block->version != PLAN_VERSION)
        return esq_fail(ret_error, NULL, 0, NULL, "this plan was made by another version");
    sys_block_signals(&signals);
    int result = launch_run(&launch, ret_error);
    if (result == 0) {
        *ret_launched = (struct launched){ .pid = launch.pid,
                                           .pidfd = take_fd(&launch.pidfd),
                                           .result = take_fd(&launch.result[0]),
                                           .held = take_fd(&launch.held),
                                           .network = take_fd(&launch.network),
                                           .notify = take_fd(&launch.notify),
                                           .listener = take_fd(&launch.listener),
                                           .beside = launch.beside,
                                           .started = started,
                                           .cgroup = launch.cgroup };
        launch.pid = launch.beside = 0;
        cgroup_init(&launch.cgroup);
    }
    launch_done(&launch);
    sys_restore_signals(&signals);
    return result;
}
