/* esquema start: as run, but under a supervisor that stays; says the name and leaves. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tools/esquema/failure.h"
#include "tools/esquema/prepare.h"
#include "tools/esquema/started.h"
#include "tools/esquema/status.h"
#include "tools/esquema/up.h"

/* Without lingering, logging out takes the folder of the state away, and perhaps the processes too. */
static void warn_of_logout(void)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR"), *user = getenv("USER");
    char path[PATH_MAX];
    if (!runtime || strncmp(runtime, "/run/user/", 10) != 0 || access("/run/systemd/system", F_OK) != 0 || !user ||
        strchr(user, '/'))
        return;
    snprintf(path, sizeof path, "/var/lib/systemd/linger/%s", user);
    if (access(path, F_OK) != 0)
        fputs("esquema: warning: when you log out it ends, or can no longer be reached; `loginctl enable-linger` "
              "prevents that\n",
              stderr);
}

/* ---- Until it is ready ---- */

enum { WORDS_MAX = 64 };

/* How readiness is known, as services say it, too. */
struct readiness {
    struct bridge_service how;
    const char *words[WORDS_MAX];
    char text[PATH_MAX]; /* of the words */
};

static bool is_no_readiness(const char *text, esq_error *ret_error)
{
    *ret_error = failure_make("--ready %s says no way to be ready", text);
    snprintf(ret_error->remedy, sizeof ret_error->remedy,
             "such as --ready tcp=8080, socket=/run/db.sock, 'command=/bin/check now', or notify");
    return false;
}

/* Words stand with blanks between them: whoever needs more starts a shell. */
static bool read_words(const char *text, struct readiness *ret)
{
    char *rest;
    size_t count = 0;
    if ((size_t)snprintf(ret->text, sizeof ret->text, "%s", text) >= sizeof ret->text)
        return false;
    for (char *word = strtok_r(ret->text, " ", &rest); word && count < WORDS_MAX; word = strtok_r(NULL, " ", &rest))
        ret->words[count++] = word;
    ret->how.ready_words = (struct bridge_texts){ ret->words, count };
    return count > 0 && count < WORDS_MAX;
}

static bool read_readiness(const char *text, struct readiness *ret, esq_error *ret_error)
{
    char *end;
    *ret = (struct readiness){ .how = { .ready = BRIDGE_READY_NOTIFY } };
    if (!text || strcmp(text, "notify") == 0)
        return true;
    if (strncmp(text, "tcp=", 4) == 0) {
        ret->how.ready = BRIDGE_READY_TCP;
        ret->how.ready_number = strtoul(text + 4, &end, 10);
        bool is_port = text[4] >= '1' && text[4] <= '9' && !*end && ret->how.ready_number <= 65535;
        return is_port || is_no_readiness(text, ret_error);
    }
    if (strncmp(text, "socket=", 7) == 0) {
        ret->how.ready = BRIDGE_READY_SOCKET;
        ret->words[0] = text + 7;
        ret->how.ready_words = (struct bridge_texts){ ret->words, 1 };
        return text[7] == '/' || is_no_readiness(text, ret_error);
    }
    ret->how.ready = BRIDGE_READY_COMMAND;
    return (strncmp(text, "command=", 8) == 0 && read_words(text + 8, ret)) || is_no_readiness(text, ret_error);
}

/* false: it has ended, or the time is over; then it goes on. */
static bool wait_for_readiness(const struct options *options, struct up *up, struct up_service *service,
                               esq_error *ret_error)
{
    enum { LOOK_AGAIN_MS = 20, PATIENCE_S = 60 };
    const uint64_t second = 1000000000, given = options->time == UINT64_MAX ? PATIENCE_S * second : options->time;
    esq_store *store = up->store;
    const char *name = service->given->name;
    esq_entry entry;
    for (uint64_t waited = 0;; waited += LOOK_AGAIN_MS * (second / 1000)) {
        if (up_is_ready(up, service))
            return true;
        bool is_there = esq_store_find(store, name, &entry, NULL) == 0 && strcmp(entry.name, name) == 0;
        if (!is_there || entry.state == ESQ_STATE_ENDED) {
            *ret_error = failure_make("`%s` has ended before it was ready", name);
            if (is_there)
                *ret_error = failure_make("`%s` has ended with %d (%s) before it was ready", name,
                                          entry.result.exit_status, esq_reason_name(entry.result.reason));
            snprintf(ret_error->remedy, sizeof ret_error->remedy, "`esquema logs %s` says what it printed", name);
            return false;
        }
        if (waited >= given) {
            bool is_told = service->given->ready == BRIDGE_READY_NOTIFY;
            *ret_error = failure_make(is_told ? "`%s` runs, and has not said within this time that it is ready"
                                              : "`%s` runs, and was not ready within this time",
                                      name);
            snprintf(ret_error->remedy, sizeof ret_error->remedy, "%s; `esquema stop %s` ends it",
                     is_told ? "with --wait a program says so by sd_notify(3)" : "its log may say what it waits for",
                     name);
            return false;
        }
        poll(NULL, 0, LOOK_AGAIN_MS);
    }
}

static bool wait_until_ready(const struct options *options, esq_store *store, const char *name,
                             struct readiness *readiness, esq_error *ret_error)
{
    struct up up = { .store = store };
    struct up_service service = { .given = &readiness->how, .tie = -1, .ready_pipe = { -1, -1 }, .log = { -1, -1 } };
    readiness->how.name = name;
    bool is_ready = wait_for_readiness(options, &up, &service, ret_error);
    up_ready_done(&service);
    return is_ready;
}

/* ---- The command ---- */

static int start_prepared(const struct options *options, esq_store *store, const struct prepared *prepared,
                          struct readiness *readiness)
{
    char file[PATH_MAX];
    esq_error error = { 0 };
    esq_entry entry;
    const esq_start how = {
        .size = sizeof how,
        .flags = (options->remove ? ESQ_START_REMOVE : 0) | (options->terminal ? ESQ_START_TERMINAL : 0) |
                 (options->trace_denied ? ESQ_START_TRACE_DENIED : 0),
        .file = realpath(options->file, file) ? file : options->file,
        .log_size = options->log_size,
        .log_files = options->log_files > UINT_MAX ? UINT_MAX : (unsigned)options->log_files,
        .log_output = options->max_output,
        .spec = prepared->spec,
        .grants = prepared->grants.items,
        .grant_count = prepared->grants.count,
    };
    if (esq_store_start(store, prepared->plan, &how, &entry, &error) < 0) {
        failure_tell(options->failures, &error);
        return prepare_fail(options, &error);
    }
    status_tell_started(options, (int)entry.pid, entry.name, -1);
    bool is_awaited = options->wait || options->ready;
    bool is_ready = !is_awaited || wait_until_ready(options, store, entry.name, readiness, &error);
    if (!is_ready)
        failure_tell(options->failures, &error);
    switch (options->format) {
    case ESQ_FORMAT_TEXT:
        if (is_ready)
            puts(entry.name);
        break;
    case ESQ_FORMAT_JSON: started_print_now(store, &entry, stdout); break;
    }
    warn_of_logout();
    return is_ready ? 0 : prepare_status(&error);
}

/* `start web`, as if what has ended could be told to go on: it is started from its description again. */
static bool is_name_of_entry(esq_store *store, const struct options *options, esq_error *ret_error)
{
    esq_entry entry;
    if (access(options->file, F_OK) == 0 || errno != ENOENT || strcmp(options->file, "-") == 0 ||
        esq_store_find(store, options->file, &entry, NULL) < 0 || strcmp(entry.name, options->file) != 0)
        return false;
    *ret_error = failure_make("%s is no file; a container of this name has been started", entry.name);
    if (entry.state == ESQ_STATE_ENDED)
        snprintf(ret_error->remedy, sizeof ret_error->remedy,
                 "start it again as it was: esquema restart %s; or from its description: esquema start %s --name %s",
                 entry.name, *entry.file ? entry.file : "FILE", entry.name);
    else
        snprintf(ret_error->remedy, sizeof ret_error->remedy, "it runs; end it and start it again: esquema restart %s",
                 entry.name);
    failure_tell(options->failures, ret_error);
    prepare_fail(options, ret_error);
    return true;
}

int command_start(const struct options *options)
{
    struct prepared prepared = { .plan = NULL };
    struct readiness readiness;
    esq_error error = { 0 };
    esq_store *store = started_open(options);
    int status = ESQ_EXIT_SETUP;
    started_begin_json(options);
    if (!store) {
        status = ESQ_EXIT_SETUP;
    } else if (!read_readiness(options->ready, &readiness, &error)) {
        failure_tell(options->failures, &error);
        status = prepare_fail(options, &error);
    } else if (is_name_of_entry(store, options, &error)) {
        status = prepare_status(&error);
    } else if (prepare_plan(options, -1, &prepared, &error)) {
        status = start_prepared(options, store, &prepared, &readiness);
    } else {
        status = prepare_status(&error);
    }
    prepare_done(&prepared);
    started_end_json(options);
    esq_store_free(store);
    return status;
}
