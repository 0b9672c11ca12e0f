/*
 * esquema up: services in the foreground. Each is a started container with a supervisor of its own, bound to us: when
 * we are killed, all of them are. One loop starts what has what it needs, shows what is printed, and, asked to end,
 * stops them in reverse. Restarts are the supervisors' business.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>
#include "tools/esquema/describe.h"
#include "tools/esquema/failure.h"
#include "tools/esquema/grants.h"
#include "tools/esquema/prepare.h"
#include "tools/esquema/problems.h"
#include "tools/esquema/started.h"
#include "tools/esquema/terminal.h"
#include "tools/esquema/up.h"

enum { LOOK_AGAIN_MS = 50, PATIENCE_US = 60 * 1000 * 1000 };

uint64_t up_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static struct up_service *find(const struct up *up, const char *name)
{
    for (size_t i = 0; i < up->count; i++)
        if (strcmp(up->services[i].given->name, name) == 0)
            return &up->services[i];
    return NULL;
}

/* --- starting ---------------------------------------------------------------------------------------------------- */

/* Something is wrong: all that runs is stopped, and our status says so. */
static void give_up(struct up *up, int status)
{
    if (up->status == 0)
        up->status = status;
    if (up->asked == 0)
        up->asked = 1;
}

static bool open_ready_pipe(struct up_service *service, esq_error *ret_error)
{
    if (service->given->ready != BRIDGE_READY_DESCRIPTOR)
        return true;
    if (pipe2(service->ready_pipe, O_CLOEXEC) < 0 || fcntl(service->ready_pipe[0], F_SETFL, O_NONBLOCK) < 0) {
        *ret_error = failure_make("make a pipe: %s", strerror(errno));
        return false;
    }
    return esq_spec_add_fd(service->given->spec, "keep", service->ready_pipe[1], (int)service->given->ready_number,
                           NULL, ret_error) == 0;
}

/* A log outlives its container: what earlier runs under this name have printed is not shown again. */
static void skip_earlier_runs(struct up *up, struct up_service *service)
{
    service->log.folder = esq_store_logs(up->store, service->given->name, NULL);
    if (service->log.folder >= 0)
        follower_skip(&service->log);
}

/* Planned only now, because the plan may refer to a service that runs already. */
static bool launch(struct up *up, struct up_service *service, esq_error *ret_error)
{
    esq_plan *plan;
    esq_entry entry;
    if (!open_ready_pipe(service, ret_error) || esq_plan_build(service->given->spec, &plan, ret_error) < 0)
        return false;
    const esq_start how = {
        .size = sizeof how,
        .file = up->file,
        .log_size = service->given->log_size,
        .log_files = (unsigned)service->given->log_files,
        .restart = service->given->restart,
        .spec = service->given->spec,
        .grants = service->grants->items,
        .grant_count = service->grants->count,
        .ret_tie = &service->tie,
    };
    int result = esq_store_start(up->store, plan, &how, &entry, ret_error);
    esq_plan_free(plan);
    return result == 0;
}

static void start(struct up *up, struct up_service *service, int watch)
{
    esq_error error = { 0 };
    char path[64];
    skip_earlier_runs(up, service);
    if (!launch(up, service, &error)) {
        failure_tell(up->failures, &error);
        follower_close(&service->log);
        up_say(up, service, "failed", "could not be started");
        service->life = LIFE_ENDED;
        give_up(up, error.exit_status ? error.exit_status : ESQ_EXIT_SETUP);
        return;
    }
    service->was_started = true;
    service->life = LIFE_STARTING;
    service->patience = up_now() + PATIENCE_US;
    if (service->log.folder >= 0)
        close(service->log.folder);
    service->log.folder = esq_store_logs(up->store, service->given->name, NULL);
    snprintf(path, sizeof path, "/proc/self/fd/%d", service->log.folder);
    inotify_add_watch(watch, path, IN_MODIFY | IN_CREATE);
    up_say(up, service, "started", "has started");
}

static bool has_what_it_needs(const struct up *up, const struct up_service *service)
{
    for (size_t i = 0; i < service->given->needs.count; i++) {
        const struct up_service *need = find(up, service->given->needs.items[i]);
        if (!need || !need->was_ready)
            return false;
    }
    return true;
}

static void start_next(struct up *up, int watch)
{
    for (size_t i = 0; i < up->count && up->asked == 0; i++)
        if (up->services[i].life == LIFE_PENDING && has_what_it_needs(up, &up->services[i]))
            start(up, &up->services[i], watch);
}

static void look_whether_ready(struct up *up)
{
    for (size_t i = 0; i < up->count && up->asked == 0; i++) {
        struct up_service *service = &up->services[i];
        if (service->life != LIFE_STARTING)
            continue;
        if (up_is_ready(up, service)) {
            service->life = LIFE_READY;
            service->was_ready = true;
            if (service->given->ready != BRIDGE_READY_STARTED)
                up_say(up, service, "ready", "is ready");
        } else if (up_now() > service->patience) {
            up_say(up, service, "late", "was not ready within a minute");
            give_up(up, ESQ_EXIT_SETUP);
        }
    }
}

/* --- ending ------------------------------------------------------------------------------------------------------ */

static bool is_needed(const struct up *up, const struct up_service *service)
{
    for (size_t i = 0; i < up->count; i++) {
        const struct up_service *other = &up->services[i];
        for (size_t j = 0; j < other->given->needs.count && other->life != LIFE_ENDED; j++)
            if (strcmp(other->given->needs.items[j], service->given->name) == 0)
                return true;
    }
    return false;
}

/* What it wrote before it ended still stands in the pipe. */
static void take_last_word(struct up *up, struct up_service *service)
{
    if (service->life != LIFE_STARTING || service->given->ready != BRIDGE_READY_DESCRIPTOR || !up_is_ready(up, service))
        return;
    service->was_ready = true;
    up_say(up, service, "ready", "is ready");
}

static void take_end(struct up *up, struct up_service *service)
{
    take_last_word(up, service);
    bool was_pending = !service->was_ready;
    up_show(up, service);
    close(service->tie);
    service->tie = -1;
    up_ready_done(service);
    if (esq_store_wait(up->store, service->given->name, -1, &service->result, NULL) < 0)
        service->result = (esq_result){ .reason = ESQ_REASON_KILLED, .exit_status = ESQ_EXIT_SETUP };
    int unread = up_show(up, service);
    up_show_lost(up, service);
    service->life = LIFE_ENDED;
    if (unread != 0) {
        up_say(up, service, "unread", "has printed what cannot be read: %s", strerror(unread));
        up->status = up->status != 0 ? up->status : ESQ_EXIT_SETUP;
    }
    up_say(up, service, "ended", "has ended with %d (%s)", service->result.exit_status,
           esq_reason_name(service->result.reason));
    if (was_pending && up->asked == 0 && is_needed(up, service)) {
        up_say(up, service, "needed", "was not ready before that, and others need it");
        give_up(up, ESQ_EXIT_SETUP);
    }
    follower_close(&service->log);
    esq_store_remove(up->store, service->given->name, NULL);
}

/* In reverse: nobody is stopped while somebody who needs it runs. Asked again, nobody waits. */
static void stop_next(struct up *up)
{
    for (size_t i = 0; i < up->count; i++) {
        struct up_service *service = &up->services[i];
        if (service->life == LIFE_PENDING)
            service->life = LIFE_ENDED;
        bool is_turn = up->asked > 1 || (!service->is_stopping && !is_needed(up, service));
        if (service->life == LIFE_ENDED || !is_turn)
            continue;
        service->is_stopping = true;
        esq_store_stop(up->store, service->given->name, up->asked > 1 ? 0 : -1, NULL);
    }
}

static bool all_ended(const struct up *up)
{
    for (size_t i = 0; i < up->count; i++)
        if (up->services[i].life != LIFE_ENDED)
            return false;
    return true;
}

/* --- the loop ---------------------------------------------------------------------------------------------------- */

static void take_signal(struct up *up, int signals)
{
    struct signalfd_siginfo info;
    if (read(signals, &info, sizeof info) != (ssize_t)sizeof info || info.ssi_signo == SIGWINCH ||
        info.ssi_signo == SIGCHLD || info.ssi_signo == SIGTSTP || info.ssi_signo == SIGCONT)
        return;
    if (up->status == 0)
        up->status = 128 + (int)info.ssi_signo;
    up->asked++;
}

static bool is_waiting_for_ready(const struct up *up)
{
    for (size_t i = 0; i < up->count; i++)
        if (up->services[i].life == LIFE_STARTING)
            return true;
    return false;
}

static void turn(struct up *up, struct pollfd *fds, int signals, int watch)
{
    char events[4096];
    fds[0] = (struct pollfd){ .fd = signals, .events = POLLIN };
    fds[1] = (struct pollfd){ .fd = watch, .events = POLLIN };
    for (size_t i = 0; i < up->count; i++)
        fds[2 + i] = (struct pollfd){ .fd = up->services[i].tie, .events = POLLIN };
    bool is_eager = is_waiting_for_ready(up) && up->asked == 0;
    if (poll(fds, (nfds_t)(up->count + 2), is_eager ? LOOK_AGAIN_MS : -1) < 0)
        return;
    if (fds[0].revents)
        take_signal(up, signals);
    if (fds[1].revents)
        while (read(watch, events, sizeof events) > 0)
            ;
    for (size_t i = 0; i < up->count; i++) {
        if (fds[2 + i].revents)
            take_end(up, &up->services[i]);
        else
            up_show(up, &up->services[i]);
    }
}

static bool run_all(struct up *up)
{
    int signals = terminal_signals();
    int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    struct pollfd *fds = calloc(up->count + 2, sizeof *fds);
    bool is_good = signals >= 0 && watch >= 0 && fds;
    if (!is_good) {
        esq_error error = failure_make("watch the services: %s", strerror(errno));
        failure_tell(up->failures, &error);
    }
    while (is_good) {
        start_next(up, watch);
        look_whether_ready(up);
        start_next(up, watch); /* what has become ready needs no turn to be waited for */
        if (up->asked > 0)
            stop_next(up);
        if (all_ended(up))
            break;
        turn(up, fds, signals, watch);
    }
    free(fds);
    if (watch >= 0)
        close(watch);
    if (signals >= 0)
        close(signals);
    return is_good;
}

/* --- the command ------------------------------------------------------------------------------------------------- */

/* Everything that is wrong or not granted is shown before anything starts. */
static bool check_all(const struct options *options, const struct bridge_services *services, struct grants *ret_grants)
{
    bool is_good = true;
    for (size_t i = 0; i < services->count; i++) {
        esq_error error = { 0 };
        esq_spec *spec = services->items[i].spec;
        if (esq_spec_check(spec, &error, 1) > 0) {
            failure_tell(options->failures, &error);
            is_good = false;
        } else if (!grants_check(spec, options, &ret_grants[i], &error)) {
            is_good = false;
        }
    }
    grants_warn_unasked(options, ret_grants, services->count);
    return is_good;
}

static int run_services(const struct options *options, const struct bridge_services *services,
                        const struct grants *grants)
{
    char file[PATH_MAX];
    struct up up = {
        .store = started_open(options),
        .format = options->format,
        .failures = options->failures,
        .file = realpath(options->file, file) ? file : options->file,
        .services = calloc(services->count, sizeof *up.services),
        .count = services->count,
        .has_colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR"),
    };
    bool is_good = up.store && up.services;
    for (size_t i = 0; is_good && i < services->count; i++) {
        struct up_service empty = {
            .given = &services->items[i], .grants = &grants[i], .tie = -1, .ready_pipe = { -1, -1 }, .log = { -1, -1 }
        };
        up.services[i] = empty;
        size_t length = strlen(services->items[i].name);
        up.width = length > up.width ? length : up.width;
    }
    is_good = is_good && run_all(&up);
    for (size_t i = 0; is_good && i < up.count && up.status == 0; i++)
        up.status = up.services[i].result.exit_status;
    free(up.services);
    esq_store_free(up.store);
    return is_good ? up.status : ESQ_EXIT_SETUP;
}

static int run(const struct options *options)
{
    struct bridge_services services;
    esq_error error = { 0 };
    if (!describe_services(options, &services, &error))
        return prepare_fail(options, &error);
    struct grants *grants = calloc(services.count, sizeof *grants);
    int status = ESQ_EXIT_SETUP;
    if (grants && check_all(options, &services, grants))
        status = run_services(options, &services, grants);
    for (size_t i = 0; grants && i < services.count; i++)
        grants_done(&grants[i]);
    free(grants);
    bridge_services_done(&services);
    return status;
}

int command_up(const struct options *options)
{
    int status = run(options);
    problems_print_line(options);
    return status;
}
