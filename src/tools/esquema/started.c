/* Opening the store of this user, finding entries in it, and printing them. */
#include "tools/esquema/started.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "tools/common/helper.h"
#include "tools/common/json.h"
#include "tools/common/report.h"
#include "tools/esquema/failure.h"
#include "tools/esquema/prepare.h"
#include "tools/esquema/problems.h"

esq_store *started_open(const struct options *options)
{
    esq_error error = { 0 };
    esq_store *store = NULL;
    char *supervisor = helper_find("supervisor"), *joiner = helper_find("joiner");
    const esq_places places = {
        .size = sizeof places,
        .runtime = getenv("XDG_RUNTIME_DIR"),
        .state = getenv("XDG_STATE_HOME"),
        .home = getenv("HOME"),
        .supervisor = supervisor,
        .joiner = joiner,
    };
    if (esq_store_open(&places, &store, &error) < 0) {
        failure_tell(options->failures, &error);
        prepare_fail(options, &error);
    }
    free(supervisor);
    free(joiner);
    return store;
}

static bool list_all(esq_store *store, esq_entry **ret_entries, size_t *ret_count, esq_error *ret_error)
{
    size_t capacity = 64;
    for (;;) {
        esq_entry *entries = calloc(capacity, sizeof *entries);
        if (!entries) {
            *ret_error = failure_make("out of memory");
            return false;
        }
        ssize_t count = esq_store_list(store, entries, capacity, ret_error);
        if (count >= 0 && (size_t)count <= capacity) {
            *ret_entries = entries;
            *ret_count = (size_t)count;
            return true;
        }
        free(entries);
        if (count < 0)
            return false;
        capacity = (size_t)count + 16; /* more may be started meanwhile */
    }
}

bool started_list(esq_store *store, const struct options *options, esq_entry **ret_entries, size_t *ret_count)
{
    esq_error error = { 0 };
    const struct text_list *names = &options->operands;
    if (names->count == 0) {
        if (list_all(store, ret_entries, ret_count, &error))
            return true;
        failure_tell(options->failures, &error);
        return false;
    }
    esq_entry *entries = calloc(names->count, sizeof *entries);
    for (size_t i = 0; entries && i < names->count; i++) {
        if (esq_store_find(store, names->items[i], &entries[i], &error) < 0) {
            failure_tell(options->failures, &error);
            free(entries);
            return false;
        }
    }
    *ret_entries = entries;
    *ret_count = names->count;
    return entries != NULL;
}

bool started_find_whole(esq_store *store, const char *name, esq_entry *ret_entry, esq_error *ret_error)
{
    int result = esq_store_find(store, name, ret_entry, ret_error);
    if (result == 0 && strcmp(ret_entry->name, name) == 0)
        return true;
    if (result == 0 || result == -ENOTUNIQ) {
        esq_error found = *ret_error;
        *ret_error = failure_make("no container is called `%s`", name);
        ret_error->error_number = ENOENT;
        if (result == 0)
            snprintf(ret_error->remedy, sizeof ret_error->remedy,
                     "write the whole name to act on `%s`, which begins so", ret_entry->name);
        else
            snprintf(ret_error->remedy, sizeof ret_error->remedy, "write the whole name: %.128s", found.text);
    }
    return false;
}

void started_print_time(uint64_t us, FILE *out)
{
    char text[32] = "";
    time_t seconds = (time_t)(us / 1000000);
    struct tm parts;
    if (gmtime_r(&seconds, &parts))
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    fputs(text, out);
}

void started_print_result(const esq_result *result, FILE *out)
{
    fprintf(out,
            "{\"exit\":%d,\"signal\":%d,\"reason\":\"%s\",\"usage\":{\"wall_us\":%llu,\"user_us\":%llu,"
            "\"system_us\":%llu,\"peak_memory\":%llu}",
            result->exit_status, result->signal, esq_reason_name(result->reason),
            (unsigned long long)result->wall_microseconds, (unsigned long long)result->user_microseconds,
            (unsigned long long)result->system_microseconds, (unsigned long long)result->peak_memory);
    if (result->memory_peak || result->processes_limit)
        fprintf(out,
                ",\"cgroup\":{\"memory_peak\":%llu,\"memory_limit\":%llu,\"processes_peak\":%llu,"
                "\"processes_limit\":%llu,\"oom_kills\":%llu,\"refused_forks\":%llu}",
                (unsigned long long)result->memory_peak, (unsigned long long)result->memory_limit,
                (unsigned long long)result->processes_peak, (unsigned long long)result->processes_limit,
                (unsigned long long)result->oom_kills, (unsigned long long)result->refused_forks);
    fputc('}', out);
}

static void print_condition(esq_store *store, const esq_entry *entry, FILE *out)
{
    esq_condition condition = { .size = sizeof condition };
    if (!store || entry->state == ESQ_STATE_ENDED || esq_store_condition(store, entry->name, &condition, NULL) < 0)
        return;
    fprintf(out, ",\"condition\":{\"ready\":%s,\"stopping\":%s,\"status\":", condition.is_ready ? "true" : "false",
            condition.is_leaving ? "true" : "false");
    json_print_string(out, condition.status);
    fputc('}', out);
}

void started_print_fields_json(esq_store *store, const esq_entry *entry, FILE *out)
{
    fputs("{\"name\":", out);
    json_print_string(out, entry->name);
    fprintf(
        out, ",\"state\":\"%s\",\"pid\":%d,\"supervisor\":%d,\"started_us\":%llu,\"ended_us\":%llu,\"restarts\":%llu",
        esq_state_name(entry->state), (int)entry->pid, (int)entry->supervisor, (unsigned long long)entry->started_us,
        (unsigned long long)entry->ended_us, (unsigned long long)entry->restarts);
    fputs(",\"file\":", out);
    json_print_string(out, entry->file);
    print_condition(store, entry, out);
    if (entry->state == ESQ_STATE_ENDED && entry->result.reason != ESQ_REASON_NONE) {
        fputs(",\"result\":", out);
        started_print_result(&entry->result, out);
    }
}

void started_print_json(esq_store *store, const esq_entry *entry, FILE *out)
{
    started_print_fields_json(store, entry, out);
    fputc('}', out);
}

void started_print_now(esq_store *store, const esq_entry *then, FILE *out)
{
    esq_entry now;
    bool is_there = esq_store_find(store, then->name, &now, NULL) == 0 && strcmp(now.name, then->name) == 0;
    started_print_json(NULL, is_there ? &now : then, out);
}

void started_begin_json(const struct options *options)
{
    if (options->format == ESQ_FORMAT_JSON)
        fputs("{\"version\":1,\"containers\":[", stdout);
}

void started_end_json(const struct options *options)
{
    if (options->format != ESQ_FORMAT_JSON)
        return;
    putchar(']');
    problems_end_document(options);
}

int started_show(const struct options *options, started_print *print)
{
    esq_entry *entries;
    size_t count;
    esq_store *store = started_open(options);
    int status = ESQ_EXIT_SETUP;
    started_begin_json(options);
    if (store && started_list(store, options, &entries, &count)) {
        status = print(options, store, entries, count);
        free(entries);
    }
    started_end_json(options);
    esq_store_free(store);
    return status;
}
