/*
 * What launch_plan and init_plan leave in the block, and the way from a plan to a running init.
 * Knows steps and descriptors; not what any facility's step does.
 */
#ifndef ESQUEMA_LAUNCH_H
#define ESQUEMA_LAUNCH_H

#include <stdint.h>
#include "cgroup/leaf.h"
#include "launch/init_job.h"
#include "plan/plan.h"

#define LAUNCH_NOTIFY_PATH     "/dev/" STEP_NOTIFY_NAME
#define LAUNCH_DESCRIPTORS_MAX 64 /* given to a container, standard ones included */

/* Our own descriptors in the container's init, from `base` on: the first number that the payload does not use. */
enum launch_slot {
    LAUNCH_SLOT_REPORT,
    LAUNCH_SLOT_RESULT,
    LAUNCH_SLOT_JOB,
    LAUNCH_SLOT_INIT,
    LAUNCH_SLOT_EXECUTABLE,
    LAUNCH_SLOT_LANDLOCK,
    LAUNCH_SLOT_COUNT
};

struct launch_move {
    int32_t from; /* the caller's */
    int32_t to;   /* inside */
};

/* STEP_DESCRIPTORS */
struct launch_descriptors {
    int32_t base;
    int32_t executable; /* the caller's, or -1 */
    uint32_t move_count;
    uint32_t padding;
    struct launch_move moves[LAUNCH_DESCRIPTORS_MAX]; /* by rising `to` */
};

/* STEP_WORKING_DIRECTORY, STEP_INIT */
struct launch_text {
    uint32_t text;
    uint32_t padding;
};

/* What the parent keeps of a started container. */
struct launched {
    pid_t pid;
    int pidfd;
    int result;       /* read end of init's result pipe */
    pid_t beside;     /* a program that carries its network, or 0; ended with it */
    int held;         /* a lock that the container keeps, or -1 */
    int network;      /* namespace that it shares or has joined, or -1 */
    int notify;       /* socket on which its program says how it stands, or -1 */
    int listener;     /* of a traced container's filter, or -1 */
    uint64_t started; /* monotonic microseconds, before the clone */
    struct cgroup cgroup;
};

/* Ends and buries the program beside a container that has ended. */
void launch_end_beside(struct launched *launched);

struct child_report;

/* How this launch of a plan differs from others. */
struct launch_how {
    bool is_traced; /* what its filter refuses waits for an answer from the listener */
    int network;    /* the one that an earlier run of the plan has made for others, which stays the caller's, or -1 */
    const int *streams; /* what become descriptors 1 and 2 instead of what the plan says, or NULL */
    /* Called when the container's namespaces and ids are there and nothing of it runs yet, or NULL. 0 or a negative
     * errno with ret_error, which ends the start. */
    int (*before)(void *data, pid_t pid, esq_error *ret_error);
    void *data;
};

int launch_start(const struct esq_plan *plan, const struct launch_how *how, struct launched *ret_launched,
                 esq_error *ret_error);

/*
 * May a program inside have this descriptor of ours? 0; -EBADF when it is not open; -EISDIR for a directory or an
 * O_PATH descriptor, which would let it walk out of its root.
 */
int launch_check_descriptor(int fd);
#define LAUNCH_DESCRIPTOR_REMEDY "give a file, a pipe or a socket"

/* What the child, init or the joiner has reported of a step: fills ret_error, returns the negative errno. */
int launch_fail_at_step(const struct plan_block *block, const struct child_report *report, esq_error *ret_error);

/* Executes one step as the mute child does, unless it is skipped. 0 or a negative errno. */
int launch_child_step(const struct step *step, struct child *child);

/* How the child is cloned. `child` is what it is handed. */
struct launch_birth {
    struct raw_clone_arguments arguments;
    unsigned long flags; /* for a kernel without clone3, or no cgroup */
    bool is_in_cgroup;   /* it is to be born in one; false afterwards where that could not be said */
    int *pidfd;
    struct child *child;
};

/* Clones it: its pid, or a negative errno. */
long launch_bear(struct launch_birth *birth);

/*
 * Who clones the child where a network is joined, in the launcher's memory and with its descriptors: enters the user
 * namespace that owns the network (-1: it is in it), then the network, since only beneath that one a new user namespace
 * may have it. The child is the launcher's all the same (CLONE_PARENT).
 */
struct launch_envoy {
    struct launch_birth *birth;
    int owner;
    int network;
    bool is_inside; /* it has come into the network: the result is that of the clone */
    long result;    /* the child's pid or a negative errno */
};

/* Argument: struct launch_envoy. Ends the process. */
void launch_envoy_run(void *argument);

/* The mute child: executes the steps and ends in init, or reports and exits. Argument: struct child. */
void launch_child_run(void *argument);

#endif
