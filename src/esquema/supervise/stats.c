/*
 * What a running container uses: the processes that descend from its init, which reaps whatever is left without a
 * parent inside, so that all of it hangs there. Read from /proc, because not every host gives a cgroup to everybody.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "store/store.h"
#include "supervise/control.h"
#include "supervise/supervise.h"
#include "sys/sys.h"

enum { PROCESSES_MAX = 1 << 20 };

struct process {
    pid_t pid, parent;
    uint64_t user, system; /* ticks, waited for ones included */
    uint64_t pages;
    bool is_inside;
};

struct processes {
    struct process *items;
    size_t count, capacity;
};

/* The name stands in parentheses and may contain any, so what follows is read behind the last one. */
static bool read_process(int proc, const char *pid, struct process *ret)
{
    char path[32], text[1024];
    unsigned long user, system, pages;
    long waited_user, waited_system;
    int parent;
    snprintf(path, sizeof path, "%.16s/stat", pid);
    _cleanup_fd_ int fd = sys_openat(proc, path, O_RDONLY, 0);
    ssize_t size = fd < 0 ? fd : sys_read(fd, text, sizeof text - 1);
    if (size <= 0)
        return false;
    text[size] = '\0';
    const char *rest = strrchr(text, ')');
    if (!rest ||
        sscanf(rest + 1, " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld %*d %*d %*d %*d %*u %*u %lu",
               &parent, &user, &system, &waited_user, &waited_system, &pages) != 6)
        return false;
    *ret = (struct process){ .pid = (pid_t)atoi(pid), .parent = parent, .pages = pages };
    ret->user = user + (unsigned long)waited_user;
    ret->system = system + (unsigned long)waited_system;
    return true;
}

static bool add(struct processes *processes, const struct process *process)
{
    if (processes->count == processes->capacity) {
        size_t capacity = processes->capacity ? processes->capacity * 2 : 256;
        struct process *items = realloc(processes->items, capacity * sizeof *items);
        if (!items)
            return false;
        processes->items = items;
        processes->capacity = capacity;
    }
    processes->items[processes->count++] = *process;
    return true;
}

/* -E2BIG: there are more than `most`, and whose are left out nobody knows. */
static int read_all(const char *path, size_t most, struct processes *ret)
{
    DIR *proc = opendir(path);
    struct dirent *entry;
    struct process process;
    int result = 0;
    if (!proc)
        return -errno;
    while (result == 0 && (entry = readdir(proc))) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || !read_process(dirfd(proc), entry->d_name, &process))
            continue;
        result = ret->count == most ? -E2BIG : add(ret, &process) ? 0 : -ENOMEM;
    }
    closedir(proc);
    return result;
}

static int compare_pids(const void *first, const void *second)
{
    pid_t one = ((const struct process *)first)->pid, two = ((const struct process *)second)->pid;
    return (one > two) - (one < two);
}

static struct process *find(const struct processes *processes, pid_t pid)
{
    struct process key = { .pid = pid };
    return bsearch(&key, processes->items, processes->count, sizeof key, compare_pids);
}

/* Pids wrap around, so a parent may stand behind its child: passes until nothing changes. */
static void mark_inside(struct processes *processes, pid_t init)
{
    bool has_changed = false;
    for (size_t i = 0; i < processes->count; i++)
        has_changed |= processes->items[i].is_inside = processes->items[i].pid == init;
    while (has_changed) {
        has_changed = false;
        for (size_t i = 0; i < processes->count; i++) {
            struct process *process = &processes->items[i];
            const struct process *parent = process->is_inside ? NULL : find(processes, process->parent);
            if (parent && parent->is_inside)
                has_changed = process->is_inside = true;
        }
    }
}

static void sum(const struct processes *processes, pid_t init, esq_stats *ret_stats)
{
    uint64_t tick = 1000000 / (uint64_t)sysconf(_SC_CLK_TCK), page = (uint64_t)sysconf(_SC_PAGESIZE);
    esq_stats stats = { 0 };
    for (size_t i = 0; i < processes->count; i++) {
        const struct process *process = &processes->items[i];
        if (!process->is_inside)
            continue;
        stats.processes += process->pid != init;
        stats.memory += process->pages * page;
        stats.user_microseconds += process->user * tick;
        stats.system_microseconds += process->system * tick;
    }
    *ret_stats = stats;
}

void supervise_set_stats(const struct cgroup_counts *counts, esq_stats *ret_stats)
{
    *ret_stats = (esq_stats){
        .processes = counts->processes,
        .memory = counts->memory,
        .user_microseconds = counts->user_microseconds,
        .system_microseconds = counts->system_microseconds,
        .memory_peak = counts->memory_peak,
        .memory_limit = counts->memory_limit,
        .swap = counts->swap,
        .throttled_microseconds = counts->throttled_microseconds,
        .processes_peak = counts->processes_peak,
        .processes_limit = counts->processes_limit,
        .oom_kills = counts->oom_kills,
        .refused_forks = counts->refused_forks,
        .read_bytes = counts->read_bytes,
        .written_bytes = counts->written_bytes,
    };
}

/* A cgroup may count less than /proc shows: one without controllers knows processor time alone. */
static void add_counts(pid_t init, esq_stats *stats)
{
    struct cgroup_counts counts;
    esq_stats seen = *stats;
    if (cgroup_count_of(init, &counts) < 0)
        return;
    supervise_set_stats(&counts, stats);
    stats->processes = seen.processes;
    if (stats->memory == 0)
        stats->memory = seen.memory;
}

int esq_store_stats(esq_store *store, const char *name, esq_stats *ret_stats, esq_error *ret_error)
{
    struct processes processes = { 0 };
    esq_entry entry;
    int result = esq_store_find(store, name, &entry, ret_error);
    if (result < 0)
        return result;
    if (entry.pid <= 0)
        return esq_refuse(ret_error, ESRCH, "`esquema ps` says what became of it", "`%s` does not run", name);
    result = read_all("/proc", PROCESSES_MAX, &processes);
    if (result == 0 && processes.count > 0) {
        qsort(processes.items, processes.count, sizeof *processes.items, compare_pids);
        mark_inside(&processes, entry.pid);
        sum(&processes, entry.pid, ret_stats);
        add_counts(entry.pid, ret_stats);
    }
    free(processes.items);
    if (result == -E2BIG)
        return esq_refuse(ret_error, E2BIG, NULL, "the host has more than %d processes: those of `%s` are not counted",
                          PROCESSES_MAX, name);
    return result < 0 ? esq_fail(ret_error, NULL, -result, NULL, "look at the processes of `%s`", name) : 0;
}
