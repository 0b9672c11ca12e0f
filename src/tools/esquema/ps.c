/* The commands that show started containers: ps, inspect. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "tools/common/json.h"
#include "tools/common/report.h"
#include "tools/esquema/started.h"

/* "42 s", "3 min", "2 h", "5 days" since then */
static void print_age(char *text, size_t size, uint64_t then_us)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t seconds = (uint64_t)now.tv_sec > then_us / 1000000 ? (uint64_t)now.tv_sec - then_us / 1000000 : 0;
    if (seconds < 60)
        snprintf(text, size, "%llu s", (unsigned long long)seconds);
    else if (seconds < 3600)
        snprintf(text, size, "%llu min", (unsigned long long)(seconds / 60));
    else if (seconds < 86400)
        snprintf(text, size, "%llu h", (unsigned long long)(seconds / 3600));
    else
        snprintf(text, size, "%llu days", (unsigned long long)(seconds / 86400));
}

static void describe_state(const esq_entry *entry, char *text, size_t size)
{
    char age[32];
    print_age(age, sizeof age, entry->state == ESQ_STATE_ENDED ? entry->ended_us : entry->started_us);
    if (entry->state != ESQ_STATE_ENDED)
        snprintf(text, size, "%s, %s", esq_state_name(entry->state), age);
    else
        snprintf(text, size, "ended %d (%s), %s ago", entry->result.exit_status, esq_reason_name(entry->result.reason),
                 age);
}

static void print_table(esq_store *store, const esq_entry *entries, size_t count)
{
    printf("%-24s %-8s %-34s %s\n", "NAME", "PID", "STATE", "DESCRIPTION");
    for (size_t i = 0; i < count; i++) {
        char state[96], pid[16] = "-";
        describe_state(&entries[i], state, sizeof state);
        if (entries[i].pid > 0)
            snprintf(pid, sizeof pid, "%d", (int)entries[i].pid);
        printf("%-24s %-8s %-34s ", entries[i].name, pid, state);
        report_text(stdout, entries[i].file);
        putchar('\n');
    }
}

static void print_list(esq_store *store, const esq_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i)
            putchar(',');
        started_print_json(store, &entries[i], stdout);
    }
}

/* "12.0 MiB", or "-" for none. */
static void print_bytes(const char *before, uint64_t bytes)
{
    if (bytes)
        printf("%s%.1f MiB", before, (double)bytes / 1048576);
    else
        printf("%s-", before);
}

/* What was counted of the whole container, by its cgroup. */
static void print_counts(const esq_result *result)
{
    print_bytes("memory:      at most ", result->memory_peak);
    print_bytes(", limit ", result->memory_limit);
    printf("\nprocesses:   at most %llu, limit %llu, %llu refused, %llu ended for want of memory\n",
           (unsigned long long)result->processes_peak, (unsigned long long)result->processes_limit,
           (unsigned long long)result->refused_forks, (unsigned long long)result->oom_kills);
}

static void print_condition(esq_store *store, const esq_entry *entry)
{
    esq_condition condition = { .size = sizeof condition };
    if (esq_store_condition(store, entry->name, &condition, NULL) < 0)
        return;
    printf("ready:       %s\n", condition.is_leaving ? "no longer" : condition.is_ready ? "yes" : "not yet");
    if (*condition.status)
        printf("status:      %s\n", condition.status);
}

static void print_details(esq_store *store, const esq_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const esq_entry *entry = &entries[i];
        const esq_result *result = &entry->result;
        printf("%sname:        %s\nstate:       %s\ndescription: ", i ? "\n" : "", entry->name,
               esq_state_name(entry->state));
        report_text(stdout, entry->file);
        fputs("\nstarted:     ", stdout);
        started_print_time(entry->started_us, stdout);
        printf("\nrestarts:    %llu\n", (unsigned long long)entry->restarts);
        if (entry->state != ESQ_STATE_ENDED) {
            printf("pid:         %d\nsupervisor:  %d\n", (int)entry->pid, (int)entry->supervisor);
            print_condition(store, entry);
            continue;
        }
        fputs("ended:       ", stdout);
        started_print_time(entry->ended_us, stdout);
        printf("\nexit:        %d\nreason:      %s\nsignal:      %d\n", result->exit_status,
               esq_reason_name(result->reason), result->signal);
        printf("used:        %.3f s, %.3f s user, %.3f s system, %.1f MiB at most\n",
               (double)result->wall_microseconds / 1e6, (double)result->user_microseconds / 1e6,
               (double)result->system_microseconds / 1e6, (double)result->peak_memory / 1048576);
        if (result->memory_peak || result->processes_limit)
            print_counts(result);
    }
}

typedef void show(esq_store *store, const esq_entry *entries, size_t count);

static int show_entries(const struct options *options, show *show_text)
{
    esq_entry *entries;
    size_t count;
    esq_store *store = started_open(options);
    int status = ESQ_EXIT_SETUP;
    started_begin_json(options);
    if (store && started_list(store, options, &entries, &count)) {
        switch (options->format) {
        case ESQ_FORMAT_TEXT: show_text(store, entries, count); break;
        case ESQ_FORMAT_JSON: print_list(store, entries, count); break;
        }
        free(entries);
        status = 0;
    }
    started_end_json(options);
    esq_store_free(store);
    return status;
}

int command_ps(const struct options *options)
{
    return show_entries(options, print_table);
}

int command_inspect(const struct options *options)
{
    return show_entries(options, print_details);
}
