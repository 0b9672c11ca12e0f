/*
 * esquema events: what happens to started containers. The kernel says when a record was written; what changed is seen
 * by comparing with the last look, so that of two changes within one look only the later is told.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>
#include "tools/esquema/failure.h"
#include "tools/esquema/problems.h"
#include "tools/esquema/started.h"

struct view {
    esq_entry *entries;
    size_t count;
};

static const esq_entry *find(const struct view *view, const char *name)
{
    for (size_t i = 0; i < view->count; i++)
        if (strcmp(view->entries[i].name, name) == 0)
            return &view->entries[i];
    return NULL;
}

static bool is_wanted(const struct options *options, const char *name)
{
    for (size_t i = 0; i < options->operands.count; i++)
        if (strcmp(options->operands.items[i], name) == 0)
            return true;
    return options->operands.count == 0;
}

static void tell(const struct options *options, const esq_entry *entry, const char *what)
{
    struct timespec now;
    if (!is_wanted(options, entry->name))
        return;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
    switch (options->format) {
    case ESQ_FORMAT_TEXT:
        started_print_time(us, stdout);
        printf(" %s %s", entry->name, what);
        if (strcmp(what, "ended") == 0)
            printf(" %d (%s)", entry->result.exit_status, esq_reason_name(entry->result.reason));
        putchar('\n');
        break;
    case ESQ_FORMAT_JSON:
        printf("{\"version\":1,\"time_us\":%llu,\"event\":\"%s\",\"container\":", (unsigned long long)us, what);
        started_print_json(NULL, entry, stdout);
        fputs("}\n", stdout);
        break;
    }
}

static void compare(const struct options *options, const struct view *before, const struct view *after)
{
    for (size_t i = 0; i < before->count; i++)
        if (!find(after, before->entries[i].name))
            tell(options, &before->entries[i], "removed");
    for (size_t i = 0; i < after->count; i++) {
        const esq_entry *now = &after->entries[i], *then = find(before, now->name);
        if (!then || then->state != now->state || then->started_us != now->started_us)
            tell(options, now, esq_state_name(now->state));
    }
}

static void watch_all(int watch, esq_store *store, const struct view *view)
{
    char path[ESQ_NAME_SIZE + 64];
    for (size_t i = 0; i < view->count; i++) {
        snprintf(path, sizeof path, "/proc/self/fd/%d/%s", esq_store_folder(store), view->entries[i].name);
        inotify_add_watch(watch, path, IN_MOVED_TO | IN_ONLYDIR);
    }
}

/* A record that is written between looking and watching is seen because the look comes once more after the watch. */
static bool look(const struct options *options, esq_store *store, int watch, struct view *ret)
{
    const struct options everything = { .status_fd = -1, .failures = options->failures };
    struct view first = { 0 };
    if (!started_list(store, &everything, &first.entries, &first.count))
        return false;
    watch_all(watch, store, &first);
    free(first.entries);
    return started_list(store, &everything, &ret->entries, &ret->count);
}

/* Until nobody reads what is printed. */
static void watch_store(const struct options *options, esq_store *store, int watch)
{
    struct view before = { 0 };
    if (!look(options, store, watch, &before))
        return;
    while (fflush(stdout) == 0) {
        char events[16384];
        struct pollfd ready[2] = { { .fd = watch, .events = POLLIN }, { .fd = STDOUT_FILENO } };
        struct view after;
        if (poll(ready, 2, -1) < 0 || ready[1].revents & (POLLERR | POLLHUP))
            break;
        if (read(watch, events, sizeof events) < 0 && errno != EAGAIN)
            break;
        if (!look(options, store, watch, &after))
            break;
        compare(options, &before, &after);
        free(before.entries);
        before = after;
    }
    free(before.entries);
}

int command_events(const struct options *options)
{
    char path[64];
    esq_store *store = started_open(options);
    if (!store) {
        problems_print_line(options);
        return ESQ_EXIT_SETUP;
    }
    int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    snprintf(path, sizeof path, "/proc/self/fd/%d", esq_store_folder(store));
    int status = 0;
    if (watch < 0 || inotify_add_watch(watch, path, IN_MOVED_TO | IN_MOVED_FROM | IN_ONLYDIR) < 0) {
        esq_error error = failure_make("watch the folder of the state: %s", strerror(errno));
        failure_tell(options->failures, &error);
        status = ESQ_EXIT_SETUP;
    } else {
        watch_store(options, store, watch);
    }
    problems_print_line(options);
    close(watch);
    esq_store_free(store);
    return status;
}
