/* esquema stats: what running containers use at this moment. */
#include <errno.h>
#include "tools/esquema/failure.h"
#include "tools/esquema/started.h"

/* "-": there is no limit, or nobody counts. */
static void print_bytes(uint64_t bytes)
{
    if (bytes)
        printf(" %11.1f MiB", (double)bytes / 1048576);
    else
        printf(" %15s", "-");
}

static void print_text(const esq_entry *entry, const esq_stats *stats)
{
    char limit[24] = "-";
    if (stats->processes_limit)
        snprintf(limit, sizeof limit, "%llu", (unsigned long long)stats->processes_limit);
    printf("%-24s %9llu %9s", entry->name, (unsigned long long)stats->processes, limit);
    print_bytes(stats->memory);
    print_bytes(stats->memory_peak);
    print_bytes(stats->memory_limit);
    printf(" %10.2f s %10.2f s\n", (double)stats->user_microseconds / 1e6, (double)stats->system_microseconds / 1e6);
}

static void print_json(const esq_entry *entry, const esq_stats *stats, bool is_first)
{
    const struct {
        const char *name;
        uint64_t value;
    } numbers[] = {
        { "processes", stats->processes },
        { "memory", stats->memory },
        { "user_us", stats->user_microseconds },
        { "system_us", stats->system_microseconds },
        { "memory_peak", stats->memory_peak },
        { "memory_limit", stats->memory_limit },
        { "swap", stats->swap },
        { "throttled_us", stats->throttled_microseconds },
        { "processes_peak", stats->processes_peak },
        { "processes_limit", stats->processes_limit },
        { "oom_kills", stats->oom_kills },
        { "refused_forks", stats->refused_forks },
        { "read_bytes", stats->read_bytes },
        { "written_bytes", stats->written_bytes },
    };
    printf("%s{\"name\":\"%s\"", is_first ? "" : ",", entry->name);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        printf(",\"%s\":%llu", numbers[i].name, (unsigned long long)numbers[i].value);
    putchar('}');
}

static int print_all(const struct options *options, esq_store *store, const esq_entry *entries, size_t count)
{
    int status = 0;
    bool is_first = true;
    if (options->format == ESQ_FORMAT_TEXT)
        printf("%-24s %9s %9s %15s %15s %15s %12s %12s\n", "NAME", "PROCESSES", "LIMIT", "MEMORY", "PEAK", "LIMIT",
               "USER", "SYSTEM");
    for (size_t i = 0; i < count; i++) {
        esq_error error = { 0 };
        esq_stats stats;
        int result = esq_store_stats(store, entries[i].name, &stats, &error);
        if (result < 0 && (options->operands.count > 0 || result != -ESRCH)) {
            failure_tell(options->failures, &error);
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
    return status;
}

int command_stats(const struct options *options)
{
    return started_show(options, print_all);
}
