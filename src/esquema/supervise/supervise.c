/*
 * Supervision in the foreground: the facility's own fields (time, grace), and waiting for the end of a container with a
 * clock and a stream of signals beside. Knows pidfds and results; not how the container was made.
 */
#include "supervise/supervise.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include "launch/init_job.h"
#include "plan/plan.h"
#include "supervise/control.h"

void supervise_check(const esq_spec *spec, struct spec_problems *problems)
{
    uint64_t time;
    if (spec_number(spec, SPEC_TIME, &time) && time == 0)
        spec_problem(problems, spec_where(spec, SPEC_TIME), 0, "leave the field out for no limit",
                     "a time limit of 0 ends everything at once");
}

void supervise_grants(const esq_spec *spec, struct spec_grants *grants)
{
}

int supervise_plan(const esq_spec *spec, struct plan_builder *builder, esq_error *ret_error)
{
    uint64_t time = 0, grace = 0;
    spec_number(spec, SPEC_TIME, &time);
    spec_number(spec, SPEC_GRACE, &grace);
    const char *name = spec_text(spec, SPEC_NAME);
    uint32_t text = *name ? plan_add_text(builder, name) : 0;
    if (*name && !text)
        return esq_fail(ret_error, NULL, ENOMEM, NULL, "plan the supervision");
    plan_head(builder)->name = text;
    plan_head(builder)->time_ms = time;
    plan_head(builder)->grace_ms = grace;
    return 0;
}

/* ---- Waiting ---- */

static uint64_t microseconds_of(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_usec;
}

static void set_reason(struct esq_container *container, int init_status)
{
    struct esq_result *result = &container->end;
    struct init_result told;
    bool is_told = sys_read(container->launched.result, &told, sizeof(told)) == (ssize_t)sizeof(told);
    int status = is_told ? told.status : init_status;

    result->reason = WIFEXITED(status) ? ESQ_REASON_EXIT : ESQ_REASON_SIGNAL;
    result->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    result->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + result->signal;
    if (result->signal == SIGSYS)
        result->reason = ESQ_REASON_SYSTEM_CALL;
    if (!is_told) /* init always tells, unless it is ended itself */
        result->reason = ESQ_REASON_KILLED;
    if (container->launched.cgroup.counts.oom_kills > 0 && result->exit_status == 128 + SIGKILL)
        result->reason = ESQ_REASON_OUT_OF_MEMORY;
    if (container->cause == ESQ_REASON_NONE)
        return;
    result->reason = container->cause;
    if (container->cause != ESQ_REASON_STOPPED)
        result->exit_status = 128 + SIGKILL;
}

/* What the cgroup counted is of the whole container; the kernel's own figures of those that somebody waited for. */
static void set_usage(struct esq_container *container)
{
    const struct cgroup_counts *counts = &container->launched.cgroup.counts;
    struct esq_result *end = &container->end;
    if (counts->user_microseconds + counts->system_microseconds > 0) {
        end->user_microseconds = counts->user_microseconds;
        end->system_microseconds = counts->system_microseconds;
    }
    end->memory_peak = counts->memory_peak;
    end->memory_limit = counts->memory_limit;
    end->processes_peak = counts->processes_peak;
    end->processes_limit = counts->processes_limit;
    end->oom_kills = counts->oom_kills;
    end->refused_forks = counts->refused_forks;
}

/* The supervisor that waited in our place says how it ended; one that was killed took the container with it. */
static void collect_message(struct esq_container *container)
{
    struct supervise_message message;
    int fds[2];
    int result = supervise_receive(container->supervisor, &message, fds);
    sys_close(fds[0]);
    sys_close(fds[1]);
    container->end =
        (struct esq_result){ .reason = ESQ_REASON_KILLED, .exit_status = 128 + SIGKILL, .signal = SIGKILL };
    if (result == 0 && message.word == SUPERVISE_ENDED)
        container->end = message.end;
    sys_close(take_fd(&container->supervisor));
}

int supervise_collect(struct esq_container *container, esq_error *ret_error)
{
    if (container->supervisor >= 0) {
        collect_message(container);
        return 0;
    }
    struct rusage usage = { 0 };
    int status = 0;
    int result = sys_wait(container->launched.pid, &status, &usage, 0);
    /* A host that ignores SIGCHLD, or waits for anybody, has taken the status; init's own pipe still tells. */
    if (result < 0 && result != -ECHILD)
        return esq_fail(ret_error, NULL, -result, NULL, "wait for the container");
    cgroup_end(&container->launched.cgroup);
    set_reason(container, result < 0 ? SIGKILL : status);
    container->end.wall_microseconds = sys_monotonic_microseconds() - container->launched.started;
    container->end.user_microseconds = microseconds_of(usage.ru_utime);
    container->end.system_microseconds = microseconds_of(usage.ru_stime);
    container->end.peak_memory = (uint64_t)usage.ru_maxrss * 1024;
    set_usage(container);
    sys_close(container->launched.result);
    sys_close(container->launched.held);
    sys_close(container->launched.network);
    sys_close(container->launched.notify);
    launch_end_beside(&container->launched);
    container->launched.result = container->launched.held = container->launched.network = -1;
    container->launched.notify = -1;
    return 0;
}

/* Signals of the terminal reach the payload by themselves: it is in the same group. */
static int forward_signal(struct esq_container *container, int signal_fd)
{
    struct signalfd_siginfo info;
    ssize_t size = sys_read(signal_fd, &info, sizeof(info));
    if (size == -EAGAIN)
        return 0;
    if (size != (ssize_t)sizeof(info))
        return size < 0 ? (int)size : -EIO;
    if (info.ssi_signo == SIGCHLD || info.ssi_code == SI_KERNEL)
        return 0;
    int result = sys_pidfd_signal(container->launched.pidfd, (int)info.ssi_signo);
    return result == -ESRCH ? 0 : result;
}

/* The time limit: TERM when it is over, KILL when the grace is over too. */
static void enforce_limit(struct esq_container *container, uint64_t now)
{
    if (now < container->deadline)
        return;
    switch (container->stage) {
    case SUPERVISE_RUNNING:
        sys_pidfd_signal(container->launched.pidfd, SIGTERM);
        container->stage = SUPERVISE_TERMINATED;
        container->cause = ESQ_REASON_TIME_LIMIT;
        container->deadline = now + container->grace;
        if (container->grace > 0)
            return;
        __attribute__((fallthrough));
    case SUPERVISE_TERMINATED:
        sys_pidfd_signal(container->launched.pidfd, SIGKILL);
        cgroup_kill(&container->launched.cgroup);
        container->stage = SUPERVISE_KILLED;
        container->deadline = UINT64_MAX;
        return;
    case SUPERVISE_KILLED: return;
    }
}

int64_t supervise_time_until(uint64_t now, uint64_t first, uint64_t second)
{
    uint64_t next = first < second ? first : second;
    return next == UINT64_MAX ? -1 : next <= now ? 0 : (int64_t)(next - now);
}

int esq_wait(esq_container *container, int timeout_ms, int signal_fd, esq_error *ret_error)
{
    uint64_t now = sys_monotonic_microseconds();
    uint64_t give_up = timeout_ms < 0 ? UINT64_MAX : now + (uint64_t)timeout_ms * 1000;
    while (container->end.reason == ESQ_REASON_NONE) {
        int end = container->supervisor >= 0 ? container->supervisor : container->launched.pidfd;
        struct pollfd fds[3] = { { .fd = end, .events = POLLIN },
                                 { .fd = signal_fd, .events = POLLIN },
                                 { .fd = seccomp_trace_fd(container->trace), .events = POLLIN } };
        enforce_limit(container, now);
        int ready = sys_poll(fds, 3, supervise_time_until(now, container->deadline, give_up));
        if (ready < 0 && ready != -EINTR)
            return esq_fail(ret_error, NULL, -ready, NULL, "wait for the container");
        if (ready > 0 && fds[0].revents)
            return supervise_collect(container, ret_error);
        if (ready > 0 && fds[2].revents)
            seccomp_trace_serve(container->trace);
        int result = ready > 0 && fds[1].revents ? forward_signal(container, signal_fd) : 0;
        if (result < 0)
            return esq_fail(ret_error, NULL, -result, NULL, "forward a signal to the container");
        now = sys_monotonic_microseconds();
        if (now >= give_up && now < container->deadline)
            return -ETIMEDOUT;
    }
    return 0;
}

/* ---- Handles ---- */

/* A container that is not answered would stand still at its first refused call. */
static int begin_trace(const esq_plan *plan, struct esq_container *container, esq_error *ret_error)
{
    int result = denied_begin(plan, container);
    if (result == 0)
        return 0;
    sys_pidfd_signal(container->launched.pidfd, SIGKILL);
    supervise_collect(container, NULL);
    sys_close(container->launched.pidfd);
    return esq_fail(ret_error, NULL, -result, NULL, "trace refused calls");
}

static int launch_own(const esq_plan *plan, bool is_traced, int network, struct esq_container *container,
                      esq_error *ret_error)
{
    int result = launch_start(plan, is_traced, network, &container->launched, ret_error);
    if (result == 0)
        result = begin_trace(plan, container, ret_error);
    if (result == 0 && plan->block->time_ms)
        container->deadline = container->launched.started + plan->block->time_ms * 1000;
    return result;
}

int esq_launch_with(const esq_plan *plan, const esq_launch_options *options, esq_container **ret_container,
                    esq_error *ret_error)
{
    return supervise_launch_in(plan, options, -1, ret_container, ret_error);
}

int supervise_launch_in(const esq_plan *plan, const esq_launch_options *options, int network,
                        esq_container **ret_container, esq_error *ret_error)
{
    if (options->size < sizeof *options)
        return esq_fail(ret_error, NULL, EINVAL, NULL, "the caller was made for another version");
    int result = denied_check(plan, options->flags, ret_error);
    if (result < 0)
        return result;
    struct esq_container *container = calloc(1, sizeof(*container));
    if (!container)
        return esq_fail(ret_error, NULL, ENOMEM, NULL, "start a container");
    container->grace = plan->block->grace_ms * 1000;
    container->deadline = UINT64_MAX;
    container->supervisor = -1;
    result = options->flags & ESQ_SUPERVISED
                 ? supervise_launch(options->supervisor ? options->supervisor : "", plan, container, ret_error)
                 : launch_own(plan, (options->flags & ESQ_TRACE_DENIED) != 0, network, container, ret_error);
    if (result < 0) {
        free(container);
        return result;
    }
    *ret_container = container;
    return 0;
}

int esq_launch(const esq_plan *plan, esq_container **ret_container, esq_error *ret_error)
{
    const esq_launch_options options = { .size = sizeof options };
    return esq_launch_with(plan, &options, ret_container, ret_error);
}

void esq_container_result(const esq_container *container, esq_result *ret_result)
{
    *ret_result = container->end;
}

int esq_signal(esq_container *container, int signal_number)
{
    if (container->end.reason != ESQ_REASON_NONE)
        return -ESRCH;
    return sys_pidfd_signal(container->launched.pidfd, signal_number);
}

int esq_container_stats(const esq_container *container, esq_stats *ret_stats)
{
    struct cgroup_counts counts;
    if (container->end.reason != ESQ_REASON_NONE)
        return -ESRCH;
    int result = cgroup_count_of(container->launched.pid, &counts);
    if (result == 0)
        supervise_set_stats(&counts, ret_stats);
    return result;
}

int esq_container_cgroup(const esq_container *container)
{
    return container->launched.cgroup.folder;
}

int esq_container_freeze(esq_container *container, int is_frozen)
{
    if (container->end.reason != ESQ_REASON_NONE)
        return -ESRCH;
    return cgroup_freeze(&container->launched.cgroup, is_frozen != 0);
}

pid_t esq_container_pid(const esq_container *container)
{
    return container->launched.pid;
}

int esq_container_pidfd(const esq_container *container)
{
    return container->launched.pidfd;
}

void esq_container_free(esq_container *container)
{
    if (!container)
        return;
    if (container->end.reason == ESQ_REASON_NONE) {
        sys_pidfd_signal(container->launched.pidfd, SIGKILL);
        supervise_collect(container, NULL);
    }
    sys_close(container->launched.pidfd);
    seccomp_trace_close(container->trace);
    free(container);
}
