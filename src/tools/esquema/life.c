/* The commands that act on started containers: stop, restart, kill, wait, rm. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tools/common/json.h"
#include "tools/esquema/failure.h"
#include "tools/esquema/problems.h"
#include "tools/esquema/restart.h"
#include "tools/esquema/started.h"

/* Finds what an operand names. false: ret_error. */
typedef bool find_entry(esq_store *store, const char *operand, esq_entry *ret_entry, esq_error *ret_error);
/* Acts on it; in `entry` stands what was known of it, and afterwards what is to be told where nothing is kept of it. */
typedef int act_on(esq_store *store, const struct options *options, esq_entry *entry, esq_error *ret_error);

/* Each operand; one that fails does not keep the others from it. */
static int act_on_each(esq_store *store, const struct options *options, find_entry *find, act_on *act)
{
    int status = 0;
    bool is_first = true;
    for (size_t i = 0; i < options->operands.count; i++) {
        esq_error error = { 0 };
        esq_entry entry = { .state = ESQ_STATE_ENDED };
        if (!find(store, options->operands.items[i], &entry, &error) || act(store, options, &entry, &error) < 0) {
            failure_tell(options->failures, &error);
            status = ESQ_EXIT_SETUP;
            continue;
        }
        switch (options->format) {
        case ESQ_FORMAT_TEXT: puts(entry.name); break;
        case ESQ_FORMAT_JSON:
            if (!is_first)
                putchar(',');
            started_print_now(store, &entry, stdout);
            break;
        }
        is_first = false;
    }
    return status;
}

static int for_each(const struct options *options, find_entry *find, act_on *act)
{
    esq_store *store = started_open(options);
    started_begin_json(options);
    int status = store ? act_on_each(store, options, find, act) : ESQ_EXIT_SETUP;
    started_end_json(options);
    esq_store_free(store);
    return status;
}

static int stop_one(esq_store *store, const struct options *options, esq_entry *entry, esq_error *ret_error)
{
    int64_t grace = options->time == UINT64_MAX ? -1 : (int64_t)(options->time / 1000000);
    int status = esq_store_stop(store, entry->name, grace, ret_error);
    if (status == 0)
        status = esq_store_wait(store, entry->name, -1, &entry->result, ret_error);
    if (status < 0 && status != -ENOENT) /* removed at its end, by `up` or --rm */
        return status;
    entry->state = ESQ_STATE_ENDED;
    entry->pid = 0;
    return 0;
}

int command_stop(const struct options *options)
{
    return for_each(options, started_find_whole, stop_one);
}

static bool is_over(int pidfd)
{
    struct pollfd end = { .fd = pidfd, .events = POLLIN };
    return poll(&end, 1, 0) > 0;
}

/* Asks the supervisor itself, which knows what it has no space to write down. `last` is -1 where nothing ran. */
static bool runs_again(esq_store *store, const char *name, int last)
{
    if (last >= 0 && !is_over(last))
        return false;
    int next = esq_store_pidfd(store, name, NULL);
    bool is_running = next >= 0 && !is_over(next);
    if (next >= 0)
        close(next);
    return is_running;
}

/*
 * Until the next run is there, behind `last` and those that `entry` knows of; the end of that one may take as long as
 * its grace.
 */
static int wait_for_next_run(esq_store *store, int last, esq_entry *entry, esq_error *ret_error)
{
    enum { LOOK_AGAIN_MS = 5, ASK_AT = 100 }; /* of so many looks one asks, too */
    const uint64_t runs = entry->restarts;
    const pid_t supervisor = entry->supervisor;
    char name[ESQ_NAME_SIZE];
    memcpy(name, entry->name, sizeof name);
    for (unsigned look = 1;; look++) {
        int status = esq_store_find(store, name, entry, ret_error);
        if (status == 0 && strcmp(name, entry->name) != 0) /* the beginning of another one's name */
            status = -ENOENT;
        /* One that was killed has 128 and the signal; what could not be started says so with less. */
        /* Another supervisor counts anew: somebody has started it meanwhile. */
        bool is_next = entry->restarts > runs || (entry->supervisor > 0 && entry->supervisor != supervisor);
        bool is_there = status == 0 && is_next &&
                        (entry->state != ESQ_STATE_ENDED || entry->result.reason != ESQ_REASON_KILLED ||
                         entry->result.exit_status >= 128);
        if (is_there || (look % ASK_AT == 0 && runs_again(store, name, last)))
            return 0;
        if (status < 0 || entry->state == ESQ_STATE_ENDED) {
            memcpy(entry->name, name, sizeof name);
            *ret_error = failure_make("`%s` has ended, and did not start again", name);
            snprintf(ret_error->remedy, sizeof ret_error->remedy, "`esquema logs %s` says why", name);
            return -ESRCH;
        }
        poll(NULL, 0, LOOK_AGAIN_MS);
    }
}

/* It may end between the look at it and the request. */
static int restart_one(esq_store *store, const struct options *options, esq_entry *entry, esq_error *ret_error)
{
    int last = entry->state == ESQ_STATE_ENDED ? -1 : esq_store_pidfd(store, entry->name, NULL);
    int status = entry->state == ESQ_STATE_ENDED ? -ESRCH : esq_store_restart(store, entry->name, ret_error);
    if (status == 0)
        status = wait_for_next_run(store, last, entry, ret_error);
    else if (status == -ESRCH)
        status = restart_ended(store, options, entry, ret_error);
    if (last >= 0)
        close(last);
    return status;
}

int command_restart(const struct options *options)
{
    return for_each(options, started_find_whole, restart_one);
}

/* "TERM", "SIGTERM", "15" */
static int parse_signal(const char *text)
{
    char *end;
    long number = strtol(text, &end, 10);
    if (*text && !*end)
        return number > 0 && number <= 64 ? (int)number : -1;
    if (strncmp(text, "SIG", 3) == 0)
        text += 3;
    for (int i = 1; i < 32; i++) {
        const char *name = sigabbrev_np(i);
        if (name && strcmp(name, text) == 0)
            return i;
    }
    return -1;
}

static int kill_one(esq_store *store, const struct options *options, esq_entry *entry, esq_error *ret_error)
{
    return esq_store_signal(store, entry->name, options->signal ? parse_signal(options->signal) : SIGKILL, ret_error);
}

int command_kill(const struct options *options)
{
    if (options->signal && parse_signal(options->signal) < 0) {
        esq_error error = failure_make("%s is no signal (TERM, KILL, 15)", options->signal);
        failure_tell(options->failures, &error);
        started_begin_json(options);
        started_end_json(options);
        return ESQ_EXIT_SETUP;
    }
    return for_each(options, started_find_whole, kill_one);
}

/* A log may be there without its entry. */
static bool find_remains(esq_store *store, const char *operand, esq_entry *ret_entry, esq_error *ret_error)
{
    if (started_find_whole(store, operand, ret_entry, ret_error))
        return true;
    int logs = ret_error->error_number == ENOENT ? esq_store_logs(store, operand, NULL) : -1;
    if (logs < 0)
        return false;
    close(logs);
    *ret_entry = (esq_entry){ .state = ESQ_STATE_ENDED };
    snprintf(ret_entry->name, sizeof ret_entry->name, "%s", operand);
    return true;
}

static int remove_one(esq_store *store, const struct options *options, esq_entry *entry, esq_error *ret_error)
{
    /* It may end by itself meanwhile, or be removed at its end. */
    if (options->force && entry->state != ESQ_STATE_ENDED)
        stop_one(store, options, entry, ret_error);
    int result = esq_store_remove(store, entry->name, ret_error);
    if (result == -EBUSY)
        snprintf(ret_error->remedy, sizeof ret_error->remedy, "stop it first, or: esquema rm -f %s", entry->name);
    if (result == -ENOENT && options->force && entry->supervisor != 0)
        return 0;
    return result;
}

int command_rm(const struct options *options)
{
    return for_each(options, find_remains, remove_one);
}

/* A result is NULL where it could not be waited for. */
static void print_waited(const char *name, const esq_result *result)
{
    fputs("\"name\":", stdout);
    json_print_string(stdout, name);
    fputs(",\"result\":", stdout);
    if (result)
        started_print_result(result, stdout);
    else
        fputs("null", stdout);
}

static bool wait_for(esq_store *store, const struct options *options, const char *name, esq_entry *ret_entry,
                     esq_result *ret_result)
{
    esq_error error = { 0 };
    uint64_t ms = options->time / 1000000;
    int timeout = options->time == UINT64_MAX ? -1 : ms > INT_MAX ? INT_MAX : (int)ms;
    int waited = esq_store_find(store, name, ret_entry, &error);
    if (waited == 0)
        waited = esq_store_wait(store, ret_entry->name, timeout, ret_result, &error);
    if (waited == -ETIMEDOUT)
        error = failure_make("`%s` has not ended in this time", ret_entry->name);
    if (waited < 0)
        failure_tell(options->failures, &error);
    return waited == 0;
}

/* One that fails does not keep the others from it; the status is that of the last, unless one failed. */
static int wait_for_each(esq_store *store, const struct options *options)
{
    int status = 0;
    bool has_failed = false;
    const struct text_list *names = &options->operands;
    for (size_t i = 0; i < names->count; i++) {
        esq_entry entry = { .name = "" };
        esq_result result = { 0 };
        bool has_ended = store && wait_for(store, options, names->items[i], &entry, &result), is_last;
        const char *name = *entry.name ? entry.name : names->items[i];
        has_failed |= !has_ended;
        status = result.exit_status;
        switch (options->format) {
        case ESQ_FORMAT_TEXT:
            if (has_ended && names->count > 1)
                printf("%s %d\n", name, result.exit_status);
            fflush(stdout); /* the next one may take long */
            break;
        case ESQ_FORMAT_JSON:
            is_last = i + 1 == names->count;
            fputs(i > 0 ? ",{" : "{", stdout);
            print_waited(name, has_ended ? &result : NULL);
            fputs(is_last ? "}]," : "}", stdout);
            if (is_last)
                print_waited(name, has_ended ? &result : NULL);
            break;
        }
    }
    return has_failed ? ESQ_EXIT_SETUP : status;
}

int command_wait(const struct options *options)
{
    esq_store *store = started_open(options);
    started_begin_json(options);
    int status = wait_for_each(store, options);
    if (options->format == ESQ_FORMAT_JSON)
        problems_end_document(options);
    esq_store_free(store);
    return status;
}
