/* esquema stats: what running containers use at this moment. */
#include <errno.h>
#include <stdlib.h>
#include "tools/esquema/failure.h"
#include "tools/esquema/started.h"

static void print_text(const esq_entry *entry, const esq_stats *stats)
{
    printf("%-24s %9llu %11.1f MiB %10.2f s %10.2f s\n", entry->name, (unsigned long long)stats->processes,
           (double)stats->memory / 1048576, (double)stats->user_microseconds / 1e6,
           (double)stats->system_microseconds / 1e6);
}

static void print_json(const esq_entry *entry, const esq_stats *stats, bool is_first)
{
    printf("%s{\"name\":\"%s\",\"processes\":%llu,\"memory\":%llu,\"user_us\":%llu,\"system_us\":%llu}",
           is_first ? "" : ",", entry->name, (unsigned long long)stats->processes, (unsigned long long)stats->memory,
           (unsigned long long)stats->user_microseconds, (unsigned long long)stats->system_microseconds);
}

static int print_all(const struct options *options, esq_store *store, const esq_entry *entries, size_t count)
{
    int status = 0;
    bool is_first = true;
    if (options->format == ESQ_FORMAT_JSON)
        fputs("{\"version\":1,\"containers\":[", stdout);
    else
        printf("%-24s %9s %15s %12s %12s\n", "NAME", "PROCESSES", "MEMORY", "USER", "SYSTEM");
    for (size_t i = 0; i < count; i++) {
        esq_error error = { 0 };
        esq_stats stats;
        int result = esq_store_stats(store, entries[i].name, &stats, &error);
        if (result < 0 && (options->operands.count > 0 || result != -ESRCH)) {
            failure_show_error(&error);
            status = ESQ_EXIT_SETUP;
        }
        if (result < 0)
            continue;
        switch (options->format) {
        case ESQ_FORMAT_TEXT: print_text(&entries[i], &stats); break;
        case ESQ_FORMAT_JSON: print_json(&entries[i], &stats, is_first); break;
        }
        is_first = false;
    }
    if (options->format == ESQ_FORMAT_JSON)
        fputs("]}\n", stdout);
    return status;
}

int command_stats(const struct options *options)
{
    esq_entry *entries;
    size_t count;
    esq_store *store = started_open();
    int status = ESQ_EXIT_SETUP;
    if (store && started_list(store, options, &entries, &count)) {
        status = print_all(options, store, entries, count);
        free(entries);
    }
    esq_store_free(store);
    return status;
}
