/*
 * The supervisor's main program: takes its job, leaves its parent, starts the container, says so, and then waits for
 * whatever happens. Its only argument is the number of the job's memory file.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "tools/supervisor/supervisor.h"

enum { POLL_MAX = CLIENTS_MAX + 8 + SUPERVISE_POLL_COUNT };

/* ---- The job ---- */

static bool take_job(int fd, struct supervisor *supervisor)
{
    struct stat found;
    if (sys_fstat(fd, &found) < 0 || found.st_size < (off_t)sizeof supervisor->job || found.st_size > 64 << 20)
        return false;
    size_t size = (size_t)found.st_size;
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return false;
    const struct supervise_job *job = bytes;
    if (job->magic != SUPERVISE_MAGIC || job->version != SUPERVISE_VERSION || job->size != size ||
        job->held_count > size / sizeof(int32_t) || job->block > size - sizeof(struct plan_block) ||
        sizeof *job + job->held_count * sizeof(int32_t) > job->block)
        return false;
    supervisor->job = *job;
    supervisor->plan.block = (struct plan_block *)((char *)bytes + job->block);
    supervisor->plan.held = (int *)((char *)bytes + sizeof *job);
    supervisor->plan.held_count = job->held_count;
    return supervisor->plan.block->magic == PLAN_MAGIC && supervisor->plan.block->size == size - job->block;
}

static int compare_numbers(const void *first, const void *second)
{
    int one = *(const int *)first, two = *(const int *)second;
    return (one > two) - (one < two);
}

/* What the host had open without close-on-exec is no business of ours, and would stay open as long as we live. */
static bool close_strangers(const struct supervisor *supervisor)
{
    const struct supervise_job *job = &supervisor->job;
    const struct plan_block *block = supervisor->plan.block;
    const struct launch_descriptors *given = (const struct launch_descriptors *)STEP_TEXT(block, block->descriptors);
    size_t count = 0;
    int *kept = malloc((supervisor->plan.held_count + given->move_count + 16) * sizeof *kept);
    if (!kept)
        return false;
    const int own[] = { 0, 1, 2, job->launcher, job->folder, job->store, job->lock, job->logs, given->executable };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        kept[count++] = own[i];
    for (uint32_t i = 0; i < given->move_count; i++)
        kept[count++] = given->moves[i].from;
    for (size_t i = 0; i < supervisor->plan.held_count; i++)
        kept[count++] = supervisor->plan.held[i];
    qsort(kept, count, sizeof *kept, compare_numbers);
    int next = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept[i] < 0)
            continue;
        if (kept[i] > next)
            sys_close_range((unsigned)next, (unsigned)kept[i] - 1);
        if (kept[i] > 2)
            SYS(SYS_fcntl, kept[i], F_SETFD, FD_CLOEXEC);
        next = kept[i] + 1;
    }
    sys_close_range((unsigned)next, ~0u);
    free(kept);
    return true;
}

static int open_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* the log may meet the limit of files that whoever started us has */
    signal(SIGHUP, SIG_IGN);
    return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* ---- The beginning ---- */

static void tell_failed(struct supervisor *supervisor, const esq_error *error)
{
    struct supervise_message message = { .magic = SUPERVISE_MAGIC, .word = SUPERVISE_FAILED, .error = *error };
    supervise_send(supervisor->launcher, &message, NULL, 0);
}

static bool tell_started(struct supervisor *supervisor)
{
    struct supervise_message message = {
        .magic = SUPERVISE_MAGIC,
        .word = SUPERVISE_STARTED,
        .pid = esq_container_pid(supervisor->container),
        .started_us = supervisor->container->launched.started,
    };
    int pidfd = esq_container_pidfd(supervisor->container);
    return supervise_send(supervisor->launcher, &message, &pidfd, 1) == 0;
}

static int prepare(struct supervisor *supervisor, esq_error *ret_error)
{
    int result = supervisor->signals = open_signals();
    if (result < 0)
        return esq_fail(ret_error, NULL, errno, NULL, "open the signals of the supervisor");
    if (supervisor->job.flags & SUPERVISE_ENTRY) {
        result = serve_open(supervisor);
        if (result < 0)
            return esq_fail(ret_error, NULL, -result, NULL, "open the socket of the supervisor");
        result = log_open(&supervisor->log, &supervisor->job);
        if (result < 0)
            return esq_fail(ret_error, NULL, -result, NULL, "open the log");
    }
    return machine_launch(supervisor, ret_error);
}

/* Whoever started it and died before hearing of it does not know that it runs: then it must not. */
static int begin(struct supervisor *supervisor)
{
    esq_error error = { .exit_status = ESQ_EXIT_SETUP };
    if (prepare(supervisor, &error) < 0) {
        tell_failed(supervisor, &error);
        return -1;
    }
    machine_write_record(supervisor);
    if (!tell_started(supervisor)) {
        esq_container_free(supervisor->container);
        return -1;
    }
    if (!(supervisor->job.flags & SUPERVISE_BOUND)) {
        sys_close(supervisor->launcher);
        supervisor->launcher = -1;
    }
    return 0;
}

/* ---- The loop ---- */

struct polling {
    struct pollfd fds[POLL_MAX];
    unsigned count;
};

/* Only what there is: the kernel refuses to look at more than the process may have open. Returns where it is. */
static unsigned add(struct polling *polling, int fd)
{
    if (fd < 0)
        return POLL_MAX;
    polling->fds[polling->count] = (struct pollfd){ .fd = fd, .events = POLLIN };
    return polling->count++;
}

static bool is_ready(const struct polling *polling, unsigned index)
{
    return index < polling->count && polling->fds[index].revents != 0;
}

static void add_bounds(struct polling *polling, const struct supervisor *supervisor)
{
    struct pollfd fds[SUPERVISE_POLL_COUNT];
    if (!supervisor->container)
        return;
    supervise_poll(supervisor->container, fds);
    for (size_t i = 0; i < SUPERVISE_POLL_COUNT; i++) {
        unsigned index = add(polling, fds[i].fd);
        if (index < POLL_MAX)
            polling->fds[index].events = fds[i].events;
    }
}

static uint64_t next_deadline(const struct supervisor *supervisor)
{
    uint64_t next = supervisor->deadline < supervisor->limit ? supervisor->deadline : supervisor->limit;
    uint64_t bounds = supervisor->container ? supervise_next(supervisor->container) : UINT64_MAX;
    next = supervisor->record_due < next ? supervisor->record_due : next;
    return bounds < next ? bounds : next;
}

static void keep_time(struct supervisor *supervisor)
{
    uint64_t now = sys_monotonic_microseconds();
    if (now >= supervisor->record_due)
        machine_write_record(supervisor);
    if (now >= supervisor->limit) {
        supervisor->limit = UINT64_MAX;
        supervisor->why = ESQ_REASON_TIME_LIMIT;
        supervisor->grace = supervisor->plan.block->grace_ms * 1000;
        machine_happen(supervisor, EVENT_LIMIT);
    }
    if (now >= supervisor->deadline) {
        supervisor->deadline = UINT64_MAX;
        machine_happen(supervisor, EVENT_DEADLINE);
    }
}

static void take_signal(struct supervisor *supervisor)
{
    struct signalfd_siginfo info;
    if (sys_read(supervisor->signals, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    supervisor->why = ESQ_REASON_STOPPED;
    supervisor->grace = supervisor->plan.block->grace_ms * 1000;
    machine_happen(supervisor, EVENT_STOP);
}

/* What a terminal prints is read by the log alone; all else that is limited goes through the relay. */
static bool is_flooded(const struct supervisor *supervisor)
{
    const struct log *log = &supervisor->log;
    uint64_t most = supervisor->job.flags & SUPERVISE_TERMINAL ? supervisor->plan.block->output_max : 0;
    return (supervisor->job.log_output > 0 && log->total > supervisor->job.log_output) ||
           (most > 0 && log->total - supervisor->printed_before > most);
}

static void watch_bounds(struct supervisor *supervisor)
{
    int result = 0;
    enum esq_reason reason = ESQ_REASON_NONE;
    if (supervisor->container)
        reason = supervise_turn(supervisor->container, sys_monotonic_microseconds(), &result);
    if (reason == ESQ_REASON_NONE && is_flooded(supervisor))
        reason = ESQ_REASON_OUTPUT;
    if (reason == ESQ_REASON_NONE && result == 0)
        return;
    supervisor->why = reason == ESQ_REASON_NONE ? ESQ_REASON_KILLED : reason;
    machine_happen(supervisor, EVENT_FLOOD);
}

/* Its processes have ended, and what they printed has gone on; but a host that reads nothing is not waited for. */
static bool is_over(struct supervisor *supervisor)
{
    struct esq_container *container = supervisor->container;
    container->is_draining = true;
    watch_bounds(supervisor); /* all that is left, though somebody may hold the other end of a pipe */
    bool has_stopped = supervisor->state == ESQ_STATE_STOPPING && supervisor->deadline == UINT64_MAX;
    return supervise_is_drained(container) || has_stopped || container->cause != ESQ_REASON_NONE;
}

/* Output before the end: what was printed last is read first. */
static void turn(struct supervisor *supervisor)
{
    struct polling polling = { .count = 0 };
    unsigned first = add(&polling, supervisor->log.streams[0].fd);
    unsigned second = add(&polling, supervisor->log.streams[1].fd);
    unsigned signals = add(&polling, supervisor->signals);
    unsigned listener = add(&polling, supervisor->listener);
    unsigned launcher = add(&polling, supervisor->launcher);
    bool is_draining = supervisor->container && supervisor->container->is_draining;
    unsigned end =
        add(&polling, supervisor->container && !is_draining ? esq_container_pidfd(supervisor->container) : -1);
    unsigned refusals = add(&polling, supervisor->container ? seccomp_trace_fd(supervisor->container->trace) : -1);
    int heard = supervisor->container ? supervisor->container->launched.notify : -1;
    unsigned notify = add(&polling, heard);
    add_bounds(&polling, supervisor);
    unsigned clients[CLIENTS_MAX];
    for (int i = 0; i < CLIENTS_MAX; i++)
        clients[i] = add(&polling, supervisor->clients[i]);
    uint64_t now = sys_monotonic_microseconds(), next = next_deadline(supervisor);
    int64_t timeout = next == UINT64_MAX ? -1 : next <= now ? 0 : (int64_t)(next - now);
    if (sys_poll(polling.fds, polling.count, timeout) < 0)
        return;
    if (is_ready(&polling, refusals) && supervisor->container)
        seccomp_trace_serve(supervisor->container->trace);
    if (is_ready(&polling, notify))
        notify_read(heard, &supervisor->condition);
    keep_time(supervisor);
    if (is_ready(&polling, first))
        log_read(&supervisor->log, &supervisor->log.streams[0]);
    if (is_ready(&polling, second))
        log_read(&supervisor->log, &supervisor->log.streams[1]);
    watch_bounds(supervisor);
    if (is_ready(&polling, signals))
        take_signal(supervisor);
    if (supervisor->container && (is_draining || is_ready(&polling, end)) && is_over(supervisor))
        machine_take_end(supervisor);
    if (is_ready(&polling, launcher) && supervisor->launcher >= 0) { /* a host that has ended, or let go */
        sys_close(supervisor->launcher);
        supervisor->launcher = -1;
        supervisor->launcher_gone = true;
        supervisor->again = false;
        if (supervisor->container)
            esq_signal(supervisor->container, SIGKILL);
        else
            machine_happen(supervisor, EVENT_STOP);
    }
    for (int i = 0; i < CLIENTS_MAX && supervisor->state != ESQ_STATE_ENDED; i++)
        if (is_ready(&polling, clients[i]))
            serve_client(supervisor, i);
    if (is_ready(&polling, listener))
        serve_accept(supervisor);
}

/* Whoever it was bound to removes them at the end, and was killed before that: nothing stays of it. */
static void remove_logs(const struct supervisor *supervisor, struct esq_store *store)
{
    store->logs = sys_openat(supervisor->job.logs, "..", O_RDONLY | O_DIRECTORY, 0);
    if (store->logs >= 0)
        store_remove_logs(store, supervisor->job.name);
    sys_close(store->logs);
}

static void finish(struct supervisor *supervisor)
{
    struct supervise_message message = { .magic = SUPERVISE_MAGIC, .word = SUPERVISE_ENDED, .end = supervisor->end };
    log_drain(&supervisor->log);
    log_tell_lost(&supervisor->log); /* else the record does */
    if (supervisor->launcher >= 0)
        supervise_send(supervisor->launcher, &message, NULL, 0);
    if (!(supervisor->job.flags & SUPERVISE_ENTRY))
        return;
    struct esq_store store = { .folder = supervisor->job.store, .logs = -1 };
    struct store_entry entry = { .folder = supervisor->job.folder, .lock = supervisor->job.lock };
    snprintf(entry.name, sizeof entry.name, "%s", supervisor->job.name);
    machine_write_record(supervisor);
    if (supervisor->job.flags & SUPERVISE_REMOVE || supervisor->launcher_gone) {
        if (supervisor->launcher_gone) /* while the name is ours */
            remove_logs(supervisor, &store);
        store_remove(&store, &entry);
    } else {
        SYS(SYS_unlinkat, entry.folder, "socket", 0);
        SYS(SYS_flock, entry.lock, LOCK_UN); /* whoever hears of the end may use the name at once */
    }
    serve_end(supervisor);
}

int main(int argc, char **argv)
{
    static struct supervisor supervisor = {
        .launcher = -1, .listener = -1, .spare = -1, .network = -1, .signals = -1, .terminal = -1
    };
    if (argc < 2 || !take_job(atoi(argv[1]), &supervisor) || !close_strangers(&supervisor))
        return ESQ_EXIT_SETUP;
    supervisor.launcher = supervisor.job.launcher;
    supervisor.log.folder = supervisor.log.fd = -1;
    supervisor.log.streams[0].fd = supervisor.log.streams[1].fd = -1;
    supervisor.state = ESQ_STATE_STARTING;
    supervisor.deadline = supervisor.limit = supervisor.record_due = supervisor.disk_base = UINT64_MAX;
    for (int i = 0; i < CLIENTS_MAX; i++)
        supervisor.clients[i] = -1;
    pid_t pid = fork();
    if (pid != 0) /* whoever started us waits for this one only */
        return pid < 0 ? ESQ_EXIT_SETUP : 0;
    if (chdir("/") < 0 || begin(&supervisor) < 0)
        return ESQ_EXIT_SETUP;
    while (supervisor.state != ESQ_STATE_ENDED)
        turn(&supervisor);
    finish(&supervisor);
    return 0;
}
