/* The commands that act on started containers: stop, restart, kill, wait, rm. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "tools/esquema/failure.h"
#include "tools/esquema/started.h"

typedef int find_entry(esq_store *store, const char *operand, esq_entry *ret_entry, esq_error *ret_error);
typedef int act_on(esq_store *store, const struct options *options, const char *name, esq_error *ret_error);

/* Each operand; one that fails does not keep the others from it. */
static int for_each(const struct options *options, find_entry *find, act_on *act)
{
    int status = 0;
    esq_store *store = started_open();
    if (!store)
        return ESQ_EXIT_SETUP;
    for (size_t i = 0; i < options->operands.count; i++) {
        esq_error error = { 0 };
        esq_entry entry;
        if (find(store, options->operands.items[i], &entry, &error) == 0 &&
            act(store, options, entry.name, &error) == 0) {
            puts(entry.name);
            continue;
        }
        failure_show_error(&error);
        status = ESQ_EXIT_SETUP;
    }
    esq_store_free(store);
    return status;
}

static int stop_one(esq_store *store, const struct options *options, const char *name, esq_error *ret_error)
{
    esq_result result;
    int64_t grace = options->time == UINT64_MAX ? -1 : (int64_t)(options->time / 1000000);
    int status = esq_store_stop(store, name, grace, ret_error);
    if (status == 0)
        status = esq_store_wait(store, name, -1, &result, ret_error);
    return status == -ENOENT ? 0 : status; /* removed at its end, by `up` or --rm */
}

int command_stop(const struct options *options)
{
    return for_each(options, esq_store_find, stop_one);
}

/* Its plan went with its supervisor, and with it what it was granted and given: that is asked for again. */
static void advise_start(esq_store *store, const char *name, esq_error *error)
{
    esq_entry entry;
    if (esq_store_find(store, name, &entry, NULL) < 0 || !*entry.file)
        snprintf(entry.file, sizeof entry.file, "FILE");
    snprintf(error->remedy, sizeof error->remedy, "start it from its description: esquema start %s --name %s",
             entry.file, name);
}

static int restart_one(esq_store *store, const struct options *options, const char *name, esq_error *ret_error)
{
    int status = esq_store_restart(store, name, ret_error);
    if (status == -ESRCH)
        advise_start(store, name, ret_error);
    return status;
}

int command_restart(const struct options *options)
{
    return for_each(options, esq_store_find, restart_one);
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

static int kill_one(esq_store *store, const struct options *options, const char *name, esq_error *ret_error)
{
    return esq_store_signal(store, name, options->signal ? parse_signal(options->signal) : SIGKILL, ret_error);
}

int command_kill(const struct options *options)
{
    if (options->signal && parse_signal(options->signal) < 0) {
        esq_error error = failure_make("%s is no signal (TERM, KILL, 15)", options->signal);
        failure_show_error(&error);
        return ESQ_EXIT_SETUP;
    }
    return for_each(options, esq_store_find, kill_one);
}

/* A log may be there without its entry: then the name is a whole one. */
static int find_remains(esq_store *store, const char *operand, esq_entry *ret_entry, esq_error *ret_error)
{
    int result = esq_store_find(store, operand, ret_entry, ret_error);
    if (result != -ENOENT || strlen(operand) >= sizeof ret_entry->name)
        return result;
    *ret_error = (esq_error){ 0 };
    strcpy(ret_entry->name, operand);
    return 0;
}

static int remove_one(esq_store *store, const struct options *options, const char *name, esq_error *ret_error)
{
    return esq_store_remove(store, name, ret_error);
}

int command_rm(const struct options *options)
{
    return for_each(options, find_remains, remove_one);
}

int command_wait(const struct options *options)
{
    esq_error error = { 0 };
    esq_entry entry;
    esq_result result;
    uint64_t ms = options->time / 1000000;
    int timeout = options->time == UINT64_MAX ? -1 : ms > INT_MAX ? INT_MAX : (int)ms;
    esq_store *store = started_open();
    if (!store)
        return ESQ_EXIT_SETUP;
    int waited = esq_store_find(store, options->operands.items[0], &entry, &error);
    if (waited == 0)
        waited = esq_store_wait(store, entry.name, timeout, &result, &error);
    esq_store_free(store);
    if (waited < 0) {
        if (waited == -ETIMEDOUT)
            error = failure_make("`%s` has not ended in this time", entry.name);
        failure_show_error(&error);
        return ESQ_EXIT_SETUP;
    }
    if (options->format == ESQ_FORMAT_JSON) {
        fputs("{\"version\":1,\"result\":", stdout);
        started_print_result(&result, stdout);
        fputs("}\n", stdout);
    }
    return result.exit_status;
}
