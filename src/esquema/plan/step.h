/*
 * One step of a plan as it lies in the block, and the state of the mute child that executes it.
 * This header is all that x_apply may know; it needs no allocation and no libc.
 */
#ifndef ESQUEMA_STEP_H
#define ESQUEMA_STEP_H

#include <stdint.h>
#include "sys/sys.h"

enum step_kind {
#define STEP(id, name, place) STEP_##id,
#include "plan/steps.def"
    STEP_KIND_COUNT
};

enum step_place {
    STEP_PLACE_PARENT,
    STEP_PLACE_NETWORK,
    STEP_PLACE_BESIDE,
    STEP_PLACE_CHILD,
    STEP_PLACE_INIT,
    STEP_PLACE_LAUNCH
};

enum step_flags {
    STEP_SKIP = 1, /* the tests take a wall down by this, to see that its probe then gets through */
};

/* Offsets are from the beginning of the plan's block; 0 means: none. */
struct step {
    uint16_t kind; /* enum step_kind */
    uint16_t flags;
    uint32_t text;   /* "mount tmpfs on /tmp" */
    uint32_t remedy; /* what to do when it fails, or 0 */
    uint32_t file;   /* where the description asked for it, or 0 */
    uint32_t line;
    uint32_t column;
    uint32_t data; /* the facility's own structure, aligned to 8 bytes */
    uint32_t size;
};

#define STEP_NOTIFY_NAME "notify" /* in /dev, where its program says how it stands */

struct plan_block; /* plan.h */

/* The child's state: lies in the parent's memory, prepared there. Descriptor numbers are the child's. */
struct child {
    const struct plan_block *block;
    const char *detail; /* a constant text that says what exactly failed, or NULL; set by x_apply before it returns */
    uint32_t line; /* where the description says what failed, if that is more exact than the step's place; else 0 */
    uint32_t column;
    int root;           /* the new root, from STEP_ROOT to STEP_PIVOT; afterwards "/" is it */
    int *trees;         /* detached mounts that STEP_SOURCE made, block->tree_count of them */
    int parent_ends[3]; /* of the pipes; closed first, or end of file would never be seen */
    int go;             /* read end: end of file means that the parent is dead */
    int report;         /* write end of the error pipe */
    int result;         /* write end of init's result pipe */
    int init;           /* sealed program of init */
    int job;            /* sealed job file */
    int executable;     /* the program, where it was given as a descriptor, else -1 */
    int notify;         /* the launcher's socket, which STEP_DEV binds in /dev, or -1 */
    uint32_t outer_uid; /* the caller's ids as the user namespace sees them that this child's own lies in */
    uint32_t outer_gid;
    const int *streams; /* what become its descriptors 1 and 2 instead of what the plan says, or NULL */
    int landlock;       /* the number at which STEP_LANDLOCK leaves its ruleset, without close-on-exec (dup3) */
};

/*
 * Executes one step. Returns 0 or a negative errno; `child->detail` may say more.
 * Only wrappers of sys/ may be called: no allocation, no libc, no lock, no write to anything but `child`.
 */
typedef int step_apply_function(const struct step *step, struct child *child);

/*
 * Executes one step of the launcher, which is an ordinary process. Returns 0 or a negative errno. A descriptor that has
 * to stay open as long as the container lives (a lock) goes to *ret_held, which is -1 before.
 */
typedef int step_prepare_function(const struct step *step, const struct plan_block *block, int *ret_held);

/*
 * Makes or finds the network namespace that the child is born in. Returns 0 and a descriptor of it that is the
 * caller's, or a negative errno; *ret_detail may then say what exactly failed.
 */
typedef int step_network_function(const struct step *step, const struct plan_block *block, int *ret_network,
                                  const char **ret_detail);

/*
 * Starts a program beside the container, whose first process waits as `pid` and has its namespaces. `user` is the user
 * namespace that its network belongs to, or -1: its own. Returns when it is ready, with its pid: it dies with this
 * thread, and the launcher ends it with the container. Or a negative errno; *ret_detail may then say what exactly
 * failed.
 */
typedef int step_beside_function(const struct step *step, const struct plan_block *block, pid_t pid, int user,
                                 pid_t *ret_program, const char **ret_detail);

#define STEP_DATA(block, step, type) ((const type *)((const char *)(block) + (step)->data))
#define STEP_TEXT(block, offset)     ((const char *)(block) + (offset))

static inline int step_fail(struct child *child, int negative_errno, const char *detail)
{
    child->detail = detail;
    return negative_errno;
}

#define PARENT_STEP(id, name, apply)  step_prepare_function apply;
#define NETWORK_STEP(id, name, apply) step_network_function apply;
#define BESIDE_STEP(id, name, apply)  step_beside_function apply;
#define CHILD_STEP(id, name, apply)   step_apply_function apply;
#include "plan/steps.def"

#endif
