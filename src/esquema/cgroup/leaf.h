/*
 * The cgroup of one container, from its making to its end; called by the launcher and by whoever waits. The container
 * is its only inhabitant; nothing of ours is in it.
 */
#ifndef ESQUEMA_CGROUP_LEAF_H
#define ESQUEMA_CGROUP_LEAF_H

#include <sys/types.h>
#include "cgroup/cgroup.h"
#include "error/error.h"

struct plan_block;
struct step;

#define CGROUP_NAME_MAX 48

/* What a cgroup counted. Numbers that the kernel does not keep are 0. */
struct cgroup_counts {
    uint64_t memory, memory_peak; /* bytes */
    uint64_t swap;
    uint64_t user_microseconds, system_microseconds;
    uint64_t throttled_microseconds;
    uint64_t processes, processes_peak;
    uint64_t memory_limit, processes_limit; /* 0: none */
    uint64_t oom_kills;                     /* processes that the kernel ended for want of memory */
    uint64_t refused_forks;
    uint64_t read_bytes, written_bytes;
};

/* All descriptors are -1 when there is none, which struct cgroup's maker cgroup_init sees to. */
struct cgroup {
    int parent; /* folder in which it lies */
    int folder; /* itself, with a lock: whoever can take that finds a cgroup that nobody needs any more */
    char name[CGROUP_NAME_MAX];

    /* SYSTEMD: a process that does nothing but keep the scope alive until the counters were read. */
    pid_t holder;
    int holder_pidfd;
    int holder_end; /* write end of the pipe that it waits at */
    void *holder_stack;
    struct cgroup_counts counts; /* the last that were read */
};

void cgroup_init(struct cgroup *cgroup);
static inline bool cgroup_is_there(const struct cgroup *cgroup)
{
    return cgroup->folder >= 0;
}

/*
 * Where this process itself is in the folder in which the plan makes cgroups, it goes into a leaf of it: the kernel
 * gives controllers only to folders without processes. Before anything is started for a container, or that would stay
 * behind. Nobody else is moved. Returns 0, or fails with *ret_error filled in.
 */
int cgroup_settle(const struct plan_block *block, esq_error *ret_error);

/*
 * Makes the cgroup that the plan describes and sets its limits. `child` is 0, or a process of ours that is moved into
 * it (systemd can only be asked for a scope that has processes). When a limit fails *ret_step is its step, else NULL.
 * Returns 0 or a negative errno; *ret_detail may say what failed (constant). On failure nothing is left.
 */
int cgroup_make(const struct plan_block *block, pid_t child, struct cgroup *cgroup, const struct step **ret_step,
                const char **ret_detail);
/* Can a child be born in it? Else it is made first and moved. */
bool cgroup_must_be_given(const struct plan_block *block);
bool cgroup_is_planned(const struct plan_block *block);

int cgroup_move(const struct cgroup *cgroup, pid_t pid);
/* Every process in it, at once; later ones die at birth where the kernel has cgroup.kill (5.14). */
void cgroup_kill(const struct cgroup *cgroup);
int cgroup_freeze(const struct cgroup *cgroup, bool is_frozen);
/* Fails with -ENODATA where there is no cgroup. */
int cgroup_count(const struct cgroup *cgroup, struct cgroup_counts *ret_counts);
/* The same for the container of this process, which may be anybody's; -ENODATA where it is in no cgroup of ours. */
int cgroup_count_of(pid_t pid, struct cgroup_counts *ret_counts);
/* Removes the cgroups of owners that were killed, with what is still in them, where ours would be made now. */
void cgroup_remove_stale(void);
/* Kills what is left, waits until it is empty, reads the counters and removes it. NULL: nobody wants them. */
void cgroup_end(struct cgroup *cgroup);

/* ---- scope.c ---- */

/* Asks systemd for a scope with these processes. Returns 0, or a negative errno with a constant text. */
int cgroup_scope_make(const char *bus, const char *name, const pid_t *pids, size_t count, const char **ret_detail);
/* Asks systemd to move a process of ours into a folder of the scope, "/NAME": only it may, from another unit. */
int cgroup_scope_attach(const char *bus, const char *name, const char *folder, pid_t pid, const char **ret_detail);

#endif
