/* esquema ps: the table of started containers. */
#include <string.h>
#include <time.h>
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

static void print_table(const esq_entry *entries, size_t count)
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

static void print_names(const esq_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++)
        puts(entries[i].name);
}

static void print_list(esq_store *store, const esq_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i)
            putchar(',');
        started_print_json(store, &entries[i], stdout);
    }
}

static int print_all(const struct options *options, esq_store *store, const esq_entry *entries, size_t count)
{
    switch (options->format) {
    case ESQ_FORMAT_TEXT:
        if (options->quiet)
            print_names(entries, count);
        else
            print_table(entries, count);
        break;
    case ESQ_FORMAT_JSON: print_list(store, entries, count); break;
    }
    return 0;
}

int command_ps(const struct options *options)
{
    return started_show(options, print_all);
}
