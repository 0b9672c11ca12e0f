/* The table of states at work: what is done when something happens to the container. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>
#include "tools/supervisor/supervisor.h"

enum {
    PAUSE_MIN = 100 * 1000,
    PAUSE_MAX = 60 * 1000 * 1000,
    HEALTHY = 60 * 1000 * 1000,
    RECORD_AGAIN = 1000 * 1000
}; /* microseconds */

static uint64_t microseconds_since_1970(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void machine_write_record(struct supervisor *supervisor)
{
    if (!(supervisor->job.flags & SUPERVISE_ENTRY))
        return;
    esq_entry entry = {
        .state = supervisor->state,
        .pid = supervisor->container ? esq_container_pid(supervisor->container) : 0,
        .supervisor = getpid(),
        .started_us = supervisor->started_us,
        .ended_us = supervisor->ended_us,
        .restarts = supervisor->restarts,
        .result = supervisor->end,
        .output_lost = supervisor->log.lost,
    };
    snprintf(entry.file, sizeof entry.file, "%s", supervisor->job.file);
    /* Without space for it, what `ps` says grows old until there is some; the container is none the worse for it. */
    bool is_written = record_write(supervisor->job.folder, supervisor->job.boot, &entry) == 0;
    supervisor->record_due = is_written ? UINT64_MAX : sys_monotonic_microseconds() + RECORD_AGAIN;
}

/* What it shares is there for all its runs: who has joined it stays beside the next one. */
static void keep_network(struct supervisor *supervisor)
{
    const struct plan_block *block = supervisor->plan.block;
    int *network = &supervisor->container->launched.network;
    for (uint32_t i = 0; i < block->step_count && supervisor->network < 0; i++)
        if (plan_step(block, i)->kind == STEP_SHARE_NETWORK)
            supervisor->network = take_fd(network);
}

/* Or each run could add as much again. */
static void keep_disk_base(struct supervisor *supervisor)
{
    struct disk *disk = supervisor->container->disk;
    if (disk && supervisor->disk_base == UINT64_MAX)
        supervisor->disk_base = disk_base(disk);
    else if (disk)
        disk_set_base(disk, supervisor->disk_base);
}

int machine_launch(struct supervisor *supervisor, esq_error *ret_error)
{
    uint64_t time = supervisor->plan.block->time_ms;
    int result = streams_open(supervisor);
    if (result < 0)
        return esq_fail(ret_error, NULL, -result, NULL, "open the streams of the container");
    /* The kernel gives the id maps of a process that may not be dumped to root. Afterwards, where the pid namespace is
     * shared, the payload could reach for our memory. */
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    const esq_launch_options options = {
        .size = sizeof options,
        .flags = supervisor->job.flags & SUPERVISE_TRACE_DENIED ? ESQ_TRACE_DENIED : 0,
    };
    result = supervise_launch_in(&supervisor->plan, &options, supervisor->network, &supervisor->container, ret_error);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (supervisor->job.flags & SUPERVISE_ENTRY)
        streams_release();
    if (result < 0)
        return result;
    keep_network(supervisor);
    supervisor->state = ESQ_STATE_RUNNING;
    supervisor->again = false;
    supervisor->condition = (struct condition){ .is_ready = false };
    supervisor->end = (esq_result){ 0 };
    supervisor->started_us = microseconds_since_1970();
    supervisor->ended_us = 0;
    supervisor->deadline = UINT64_MAX;
    supervisor->limit = time ? supervisor->container->launched.started + time * 1000 : UINT64_MAX;
    supervisor->container->deadline = UINT64_MAX; /* ours */
    supervisor->printed_before = supervisor->log.total;
    keep_disk_base(supervisor);
    return 0;
}

/* ---- Actions ---- */

static void send_signal(struct supervisor *supervisor, int number)
{
    if (supervisor->container)
        esq_signal(supervisor->container, number);
}

static void kill_all(struct supervisor *supervisor)
{
    supervisor->deadline = UINT64_MAX;
    if (supervisor->container && supervisor->container->cause == ESQ_REASON_NONE)
        supervisor->container->cause = supervisor->why;
    send_signal(supervisor, SIGKILL);
}

static void terminate(struct supervisor *supervisor)
{
    supervisor->container->cause = supervisor->why;
    supervisor->again = false;
    supervisor->limit = UINT64_MAX;
    supervisor->deadline = sys_monotonic_microseconds() + supervisor->grace;
    send_signal(supervisor, SIGTERM);
    send_signal(supervisor, SIGCONT);
    if (supervisor->grace == 0)
        kill_all(supervisor);
}

static void terminate_again(struct supervisor *supervisor)
{
    terminate(supervisor);
    supervisor->again = true;
}

/* Asked once more: the shorter patience counts. */
static void hurry(struct supervisor *supervisor)
{
    uint64_t deadline = sys_monotonic_microseconds() + supervisor->grace;
    supervisor->again = false;
    if (deadline < supervisor->deadline && supervisor->deadline != UINT64_MAX)
        supervisor->deadline = deadline;
}

static void hurry_again(struct supervisor *supervisor)
{
    hurry(supervisor);
    supervisor->again = true;
}

static void conclude(struct supervisor *supervisor)
{
    supervisor->ended_us = microseconds_since_1970();
    supervisor->deadline = supervisor->limit = UINT64_MAX;
}

static void say_again(struct supervisor *supervisor, uint64_t pause)
{
    char line[128], when[32] = "at once";
    const esq_result *end = &supervisor->end;
    if (pause > 0)
        snprintf(when, sizeof when, "in %llu ms", (unsigned long long)pause / 1000);
    snprintf(line, sizeof line, "ended with %d (%s), starts again %s", end->exit_status, esq_reason_name(end->reason),
             when);
    log_say(&supervisor->log, line);
}

/* At once where it was asked for; else after the pause of its policy. */
static void pause_before(struct supervisor *supervisor)
{
    uint64_t pause = supervisor->again ? 0 : supervisor->pause;
    say_again(supervisor, pause);
    supervisor->limit = UINT64_MAX;
    supervisor->deadline = sys_monotonic_microseconds() + pause;
}

static void run_again(struct supervisor *supervisor)
{
    esq_error error = { 0 };
    supervisor->restarts++;
    if (machine_launch(supervisor, &error) == 0) {
        char line[64];
        snprintf(line, sizeof line, "started again, restart %llu", (unsigned long long)supervisor->restarts);
        log_say(&supervisor->log, line);
        return;
    }
    log_say(&supervisor->log, error.text);
    supervisor->end = (esq_result){ .reason = ESQ_REASON_KILLED, .exit_status = error.exit_status };
    supervisor->again = false;
    supervisor->deadline = UINT64_MAX;
    supervisor->ended_us = microseconds_since_1970();
}

/* ---- The table ---- */

typedef void action(struct supervisor *supervisor);

static const struct transition {
    enum esq_state state;
    enum event event;
    action *action;
    enum esq_state next;
} transitions[] = {
#define TRANSITION(state, event, action, next) { ESQ_STATE_##state, EVENT_##event, action, ESQ_STATE_##next },
#include "tools/supervisor/states.def"
#undef TRANSITION
};

void machine_happen(struct supervisor *supervisor, enum event event)
{
    for (size_t i = 0; i < sizeof transitions / sizeof *transitions; i++) {
        const struct transition *found = &transitions[i];
        if (found->state != supervisor->state || found->event != event)
            continue;
        found->action(supervisor);
        supervisor->state = found->next;
        if (found->next == ESQ_STATE_RUNNING && !supervisor->container) /* it could not be started again */
            supervisor->state = ESQ_STATE_ENDED;
        if (supervisor->state != ESQ_STATE_ENDED) /* the last record is written when all is done */
            machine_write_record(supervisor);
        return;
    }
}

/* The policy of restarts. What was asked to end, by anyone or by a limit of its own, does not start again. */
static bool is_to_run_again(struct supervisor *supervisor)
{
    const esq_result *end = &supervisor->end;
    bool is_failure = end->reason != ESQ_REASON_EXIT || end->exit_status != 0;
    if (supervisor->state != ESQ_STATE_RUNNING || supervisor->launcher_gone ||
        supervisor->job.restart == ESQ_RESTART_NEVER ||
        (supervisor->job.restart == ESQ_RESTART_ON_FAILURE && !is_failure))
        return false;
    bool was_healthy = end->wall_microseconds >= HEALTHY;
    uint64_t twice = supervisor->pause * 2 < PAUSE_MAX ? supervisor->pause * 2 : PAUSE_MAX;
    supervisor->pause = was_healthy || supervisor->pause == 0 ? PAUSE_MIN : twice;
    return true;
}

static void log_denied(struct supervisor *supervisor)
{
    esq_denied denied[DENIED_MAX];
    char line[96];
    size_t count = esq_container_denied(supervisor->container, denied, DENIED_MAX);
    for (size_t i = 0; i < count && i < DENIED_MAX; i++) {
        snprintf(line, sizeof line, "refused: %s (%s) x%llu", *denied[i].name ? denied[i].name : "an unknown call",
                 strerrorname_np(denied[i].error_number), (unsigned long long)denied[i].count);
        log_say(&supervisor->log, line);
    }
}

void machine_take_end(struct supervisor *supervisor)
{
    esq_error error;
    supervise_collect(supervisor->container, &error);
    esq_container_result(supervisor->container, &supervisor->end);
    log_drain(&supervisor->log);
    log_denied(supervisor);
    esq_container_free(supervisor->container);
    supervisor->container = NULL;
    bool is_another = supervisor->again || is_to_run_again(supervisor);
    machine_happen(supervisor, is_another ? EVENT_ENDED_AGAIN : EVENT_ENDED);
}
