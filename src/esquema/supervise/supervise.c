/*
 * Supervision in the foreground: the facility's own fields (time, grace), and waiting for the end of a container with a
 * clock and a stream of signals beside. Knows pidfds and results; not how the container was made.
 */
#include "supervise/supervise.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/terminal_signal.h"
#include "launch/init_job.h"
#include "plan/plan.h"
#include "supervise/control.h"

void supervise_check(const esq_spec *spec, struct spec_problems *problems)
{
    enum { GRACE_LEAST_MS = 1, GRACE_MOST_MS = 60000 };
    uint64_t time, grace;
    if (spec_number(spec, SPEC_TIME, &time) && time == 0)
        spec_problem(problems, spec_where(spec, SPEC_TIME), 0, "leave the field out for no limit",
                     "a time limit of 0 ends everything at once");
    static const enum spec_field sizes[] = { SPEC_OUTPUT, SPEC_DISK };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (spec_number(spec, sizes[i], &time) && time == 0)
            spec_problem(problems, spec_where(spec, sizes[i]), 0, "leave the field out for no limit",
                         "%s: a limit of 0 bytes ends everything at once", spec_field_name(sizes[i]));
    if (spec_number(spec, SPEC_GRACE, &grace) && (grace < GRACE_LEAST_MS || grace > GRACE_MOST_MS))
        spec_problem(problems, spec_where(spec, SPEC_GRACE), 0, "leave the field out for 2 seconds",
                     "grace is the time between TERM and KILL: from %d to %d milliseconds, not %llu", GRACE_LEAST_MS,
                     GRACE_MOST_MS, (unsigned long long)grace);
}

void supervise_grants(const esq_spec *spec, struct spec_grants *grants)
{
}

int supervise_plan(const esq_spec *spec, struct plan_builder *builder, esq_error *ret_error)
{
    uint64_t time = 0, grace = 0, output = 0, disk = 0;
    spec_number(spec, SPEC_TIME, &time);
    spec_number(spec, SPEC_OUTPUT, &output);
    spec_number(spec, SPEC_DISK, &disk);
    spec_number(spec, SPEC_GRACE, &grace);
    const char *name = spec_text(spec, SPEC_NAME);
    uint32_t text = *name ? plan_add_text(builder, name) : 0;
    if (*name && !text)
        return esq_fail(ret_error, NULL, ENOMEM, NULL, "plan the supervision");
    plan_head(builder)->name = text;
    plan_head(builder)->time_ms = time;
    plan_head(builder)->grace_ms = grace;
    plan_head(builder)->output_max = output;
    plan_head(builder)->disk_max = disk;
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
    container->has_sought = container->end.exit_status != 0 && sought_ask(&container->sought);
    sought_end(&container->sought);
    output_close(container->output);
    disk_close(container->disk);
    container->output = NULL;
    container->disk = NULL;
    sys_close(container->launched.result);
    sys_close(container->launched.held);
    sys_close(container->launched.network);
    sys_close(container->launched.notify);
    launch_end_beside(&container->launched);
    container->launched.result = container->launched.held = container->launched.network = -1;
    container->launched.notify = -1;
    return 0;
}

static int forward_signal(struct esq_container *container, int signal_fd)
{
    struct signalfd_siginfo info;
    ssize_t size = sys_read(signal_fd, &info, sizeof(info));
    if (size == -EAGAIN)
        return 0;
    if (size != (ssize_t)sizeof(info))
        return size < 0 ? (int)size : -EIO;
    if (info.ssi_signo == SIGCHLD || terminal_signal_reached_group(&info))
        return 0;
    int result = sys_pidfd_signal(container->launched.pidfd, (int)info.ssi_signo);
    return result == -ESRCH ? 0 : result;
}

static void kill_for(struct esq_container *container, enum esq_reason reason)
{
    if (container->cause == ESQ_REASON_NONE)
        container->cause = reason;
    sys_pidfd_signal(container->launched.pidfd, SIGKILL);
    cgroup_kill(&container->launched.cgroup);
    container->stage = SUPERVISE_KILLED;
    container->deadline = sys_monotonic_microseconds() + container->grace; /* for a reader of what it printed */
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
        container->deadline = now + container->grace;
        return;
    case SUPERVISE_KILLED: /* whoever should read the rest of its output does not */
        container->deadline = UINT64_MAX;
        output_close(container->output);
        container->output = NULL;
        return;
    }
}

/* ---- Output and disk ---- */

void supervise_poll(const struct esq_container *container, struct pollfd ret_fds[SUPERVISE_POLL_COUNT])
{
    ret_fds[0] = ret_fds[1] = (struct pollfd){ .fd = -1 };
    if (container->output)
        output_poll(container->output, ret_fds);
    ret_fds[2] = (struct pollfd){ .fd = container->disk ? disk_poll(container->disk) : -1, .events = POLLIN };
}

uint64_t supervise_next(const struct esq_container *container)
{
    return container->disk && !container->is_draining ? disk_next(container->disk) : UINT64_MAX;
}

enum esq_reason supervise_turn(struct esq_container *container, uint64_t now, int *ret_result)
{
    *ret_result = 0;
    if (container->output)
        *ret_result = output_turn(container->output, container->is_draining);
    if (*ret_result == -EDQUOT)
        return ESQ_REASON_OUTPUT;
    if (*ret_result < 0 || !container->disk || container->is_draining)
        return ESQ_REASON_NONE;
    *ret_result = disk_turn(container->disk, now);
    return *ret_result < 0 ? ESQ_REASON_DISK : ESQ_REASON_NONE;
}

bool supervise_is_drained(const struct esq_container *container)
{
    return container->is_draining && (!container->output || output_is_done(container->output));
}

void esq_container_printed(esq_container *container, uint64_t bytes)
{
    if (container->end.reason == ESQ_REASON_NONE && output_count(container->output_max, &container->printed, bytes) < 0)
        kill_for(container, ESQ_REASON_OUTPUT);
}

/* What cannot be passed on ends it: output is never lost in silence. */
static int keep_bounds(struct esq_container *container, uint64_t now, esq_error *ret_error)
{
    int result;
    enum esq_reason reason = supervise_turn(container, now, &result);
    if (reason != ESQ_REASON_NONE && container->stage != SUPERVISE_KILLED)
        kill_for(container, reason);
    if (reason != ESQ_REASON_NONE || result == 0)
        return 0;
    sys_pidfd_signal(container->launched.pidfd, SIGKILL);
    supervise_collect(container, NULL);
    return esq_fail(ret_error, NULL, -result, "the container has been ended", "pass on what the container prints");
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
        struct pollfd fds[3 + SUPERVISE_POLL_COUNT] = {
            { .fd = container->is_draining ? -1 : end, .events = POLLIN },
            { .fd = signal_fd, .events = POLLIN },
            { .fd = seccomp_trace_fd(container->trace), .events = POLLIN },
        };
        enforce_limit(container, now);
        supervise_poll(container, fds + 3);
        uint64_t next = supervise_next(container);
        uint64_t first = container->deadline < next ? container->deadline : next;
        int ready = sys_poll(fds, 3 + SUPERVISE_POLL_COUNT,
                             supervise_is_drained(container) ? 0 : supervise_time_until(now, first, give_up));
        if (ready < 0 && ready != -EINTR)
            return esq_fail(ret_error, NULL, -ready, NULL, "wait for the container");
        bool has_ended = container->is_draining || (ready > 0 && fds[0].revents);
        if (ready > 0 && fds[2].revents)
            seccomp_trace_serve(container->trace);
        container->is_draining = has_ended;
        if (keep_bounds(container, sys_monotonic_microseconds(), ret_error) < 0)
            return -EIO;
        if (has_ended && (container->supervisor >= 0 || supervise_is_drained(container)))
            return supervise_collect(container, ret_error);
        if (has_ended && ready > 0 && fds[1].revents) /* whoever signals us now does not want the rest */
            return supervise_collect(container, ret_error);
        int result = ready > 0 && fds[1].revents ? forward_signal(container, signal_fd) : 0;
        if (result < 0)
            return esq_fail(ret_error, NULL, -result, NULL, "forward a signal to the container");
        now = sys_monotonic_microseconds();
        if (now >= give_up && now < container->deadline && !supervise_is_drained(container))
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

/* What has to see the container before its first program runs. */
struct beginning {
    struct esq_container *container;
    const struct plan_block *block;
    bool is_watched; /* ESQ_WATCH_NETWORK */
};

static int begin_counting(void *data, pid_t pid, esq_error *ret_error)
{
    const struct beginning *beginning = data;
    struct esq_container *container = beginning->container;
    if (beginning->is_watched)
        sought_begin(&container->sought, beginning->block, pid);
    return container->disk ? disk_begin(container->disk, pid, ret_error) : 0;
}

static int open_bounds(const esq_plan *plan, struct esq_container *container, esq_error *ret_error)
{
    int result = output_open(plan->block, &container->output);
    if (result < 0)
        return esq_fail(ret_error, NULL, -result, NULL, "make pipes for the container's output");
    result = disk_open(plan->block, &container->disk);
    return result < 0 ? esq_fail(ret_error, NULL, -result, NULL, "count what the container writes") : 0;
}

static int launch_own(const esq_plan *plan, unsigned flags, int network, struct esq_container *container,
                      esq_error *ret_error)
{
    int result = open_bounds(plan, container, ret_error);
    struct beginning beginning = { container, plan->block, (flags & ESQ_WATCH_NETWORK) != 0 };
    const struct launch_how how = {
        .is_traced = (flags & ESQ_TRACE_DENIED) != 0,
        .network = network,
        .streams = container->output ? output_inside(container->output) : NULL,
        .before = container->disk || beginning.is_watched ? begin_counting : NULL,
        .data = &beginning,
    };
    if (result == 0)
        result = launch_start(plan, &how, &container->launched, ret_error);
    if (result == 0)
        result = begin_trace(plan, container, ret_error);
    if (result == 0 && container->output)
        output_launched(container->output);
    if (result < 0) {
        sought_end(&container->sought);
        output_close(container->output);
        disk_close(container->disk);
    }
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
    container->output_max = plan->block->output_max;
    container->deadline = UINT64_MAX;
    container->supervisor = -1;
    sought_init(&container->sought);
    result = options->flags & ESQ_SUPERVISED
                 ? supervise_launch(options->supervisor ? options->supervisor : "", plan, container, ret_error)
                 : launch_own(plan, options->flags, network, container, ret_error);
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

int esq_container_sought_network(const esq_container *container)
{
    return container->has_sought;
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
