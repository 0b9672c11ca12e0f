/*
 * esquema inspect: all that is known of started containers: what was asked for, as it was kept at the start, what the
 * supervisor says, and how it ended. Values of environment variables and contents of files are nobody's business.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>
#include "tools/common/json.h"
#include "tools/common/report.h"
#include "tools/esquema/failure.h"
#include "tools/esquema/specification.h"
#include "tools/esquema/started.h"

/* What is found out of one container beside its entry. */
struct found {
    esq_kept kept; /* spec is NULL where nothing was kept */
    char log[PATH_MAX];
    char cgroup[PATH_MAX];
};

/* Where the descriptor leads; "" where that cannot be said. */
static void path_of(int fd, const char *name, char ret_path[PATH_MAX])
{
    char link[64], folder[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, folder, sizeof folder - 1);
    folder[length > 0 ? length : 0] = '\0';
    if (!*folder || snprintf(ret_path, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX)
        *ret_path = '\0';
}

static void find_log(esq_store *store, const char *name, char ret_path[PATH_MAX])
{
    int folder = esq_store_logs(store, name, NULL);
    *ret_path = '\0';
    if (folder < 0)
        return;
    path_of(folder, "log", ret_path);
    close(folder);
}

/* The line of version 2 in /proc/PID/cgroup, where the process is still the container's. */
static void find_cgroup(esq_store *store, const esq_entry *entry, char ret_path[PATH_MAX])
{
    char path[64], line[PATH_MAX];
    *ret_path = '\0';
    snprintf(path, sizeof path, "/proc/%d/cgroup", (int)entry->pid);
    FILE *file = entry->pid > 0 ? fopen(path, "re") : NULL;
    while (file && !*ret_path && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "0::", 3) == 0)
            snprintf(ret_path, PATH_MAX, "%s", line + 3);
    }
    if (file)
        fclose(file);
    esq_entry now;
    if (esq_store_find(store, entry->name, &now, NULL) < 0 || now.pid != entry->pid)
        *ret_path = '\0'; /* the number may be another's by now */
}

static void find(esq_store *store, const esq_entry *entry, struct found *ret)
{
    ret->kept = (esq_kept){ .size = sizeof ret->kept };
    if (esq_store_kept(store, entry->name, &ret->kept, NULL) < 0)
        ret->kept.spec = NULL;
    find_log(store, entry->name, ret->log);
    find_cgroup(store, entry, ret->cgroup);
}

/* ---- As text ---- */

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

static void print_end(const esq_entry *entry)
{
    const esq_result *result = &entry->result;
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

static void print_line(const char *key, const char *text)
{
    if (!*text)
        return;
    printf("%-13s", key);
    report_text(stdout, text);
    putchar('\n');
}

static void print_text(esq_store *store, const esq_entry *entry, const struct found *found)
{
    printf("name:        %s\nstate:       %s\n", entry->name, esq_state_name(entry->state));
    fputs("description: ", stdout);
    report_text(stdout, entry->file);
    specification_print_place(found->kept.spec, stdout);
    putchar('\n');
    if (found->kept.spec) {
        fputs("hash:        ", stdout);
        specification_print_hash(found->kept.hash, stdout);
        putchar('\n');
        specification_print_text(found->kept.spec, stdout);
        specification_print_grants(found->kept.grants, found->kept.grant_count, stdout);
    }
    print_line("log:", found->log);
    fputs("started:     ", stdout);
    started_print_time(entry->started_us, stdout);
    printf("\nrestarts:    %llu\n", (unsigned long long)entry->restarts);
    if (entry->state == ESQ_STATE_ENDED) {
        print_end(entry);
        return;
    }
    printf("pid:         %d\nsupervisor:  %d\n", (int)entry->pid, (int)entry->supervisor);
    print_line("cgroup:", found->cgroup);
    print_condition(store, entry);
}

/* ---- As JSON ---- */

static void print_text_field(const char *name, const char *text)
{
    if (!*text)
        return;
    printf(",\"%s\":", name);
    json_print_string(stdout, text);
}

static void print_json(esq_store *store, const esq_entry *entry, const struct found *found)
{
    started_print_fields_json(store, entry, stdout);
    if (found->kept.spec) {
        fputs(",\"hash\":\"", stdout);
        specification_print_hash(found->kept.hash, stdout);
        putchar('"');
        specification_print_json(found->kept.spec, stdout);
        specification_print_grants_json(found->kept.grants, found->kept.grant_count, stdout);
    }
    print_text_field("log", found->log);
    print_text_field("cgroup", found->cgroup);
    putchar('}');
}

static int print_all(const struct options *options, esq_store *store, const esq_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct found found;
        find(store, &entries[i], &found);
        switch (options->format) {
        case ESQ_FORMAT_TEXT:
            fputs(i ? "\n" : "", stdout);
            print_text(store, &entries[i], &found);
            break;
        case ESQ_FORMAT_JSON:
            fputs(i ? "," : "", stdout);
            print_json(store, &entries[i], &found);
            break;
        }
        esq_kept_done(&found.kept);
    }
    return 0;
}

int command_inspect(const struct options *options)
{
    return started_show(options, print_all);
}
