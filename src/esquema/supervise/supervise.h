/* The state of a started container. */
#ifndef ESQUEMA_SUPERVISE_H
#define ESQUEMA_SUPERVISE_H

#include "esquema.h"
#include "launch/launch.h"
#include "supervise/disk.h"
#include "supervise/output.h"
#include "supervise/sought.h"
#include "seccomp/trace.h"

enum supervise_stage {
    SUPERVISE_RUNNING,
    SUPERVISE_TERMINATED, /* the time limit is over, TERM was sent */
    SUPERVISE_KILLED,
};

struct esq_container {
    struct launched launched;
    struct esq_result end; /* reason NONE while it runs */
    enum supervise_stage stage;
    enum esq_reason cause;       /* why we ended it, NONE when it ended by itself */
    int supervisor;              /* socket to the supervisor that launched it for us, -1 when we did */
    uint64_t deadline;           /* of the stage, monotonic microseconds; UINT64_MAX: none */
    uint64_t grace;              /* microseconds */
    struct seccomp_trace *trace; /* of its refused calls, or NULL */
    struct output *output;       /* relayed and counted by us, or NULL */
    struct disk *disk;           /* counted by us, or NULL */
    bool is_draining;            /* its processes have ended; what they printed goes on first */
    uint64_t output_max;         /* of what others read of it: esq_container_printed */
    uint64_t printed;
    struct sought sought; /* the network that it does not have */
    bool has_sought;
};

enum { SUPERVISE_POLL_COUNT = 3 };

/* Besides its end: what the limits of output and disk wait for. Unused places are -1. */
void supervise_poll(const struct esq_container *container, struct pollfd ret_fds[SUPERVISE_POLL_COUNT]);
/* When those limits have to be looked at without that; monotonic microseconds. */
uint64_t supervise_next(const struct esq_container *container);
/* Looks at them. NONE, or the limit that has been passed; then, or when output cannot be passed on, ret_result < 0. */
enum esq_reason supervise_turn(struct esq_container *container, uint64_t now, int *ret_result);
/* Its processes have ended (is_draining), and everything that they printed has been passed on. */
bool supervise_is_drained(const struct esq_container *container);

/* Can the refused calls of this plan be traced, if `flags` ask for it? 0 or an error. */
int denied_check(const struct esq_plan *plan, unsigned flags, esq_error *ret_error);
/* Takes the listener of a container that was launched, where there is one. 0 or -ENOMEM. */
int denied_begin(const struct esq_plan *plan, struct esq_container *container);

/* Takes the end of a container whose pidfd says that it has ended: its result is in container->end afterwards. */
int supervise_collect(struct esq_container *container, esq_error *ret_error);

/* As esq_launch_with, in the network that an earlier run has made for others; -1: as the plan says. */
int supervise_launch_in(const esq_plan *plan, const esq_launch_options *options, int network,
                        esq_container **ret_container, esq_error *ret_error);

/* Launches through the supervisor program; fills `launched` and `supervisor`. */
int supervise_launch(const char *program, const struct esq_plan *plan, struct esq_container *container,
                     esq_error *ret_error);

/* What helps when a program of ours could not be executed, or NULL. */
const char *supervise_missing_remedy(int result);

/* What a cgroup counted, in the form that callers see; stats.c. */
void supervise_set_stats(const struct cgroup_counts *counts, esq_stats *ret_stats);

#endif
