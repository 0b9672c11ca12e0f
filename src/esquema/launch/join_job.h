/*
 * The agreement between esq_store_exec and the joiner, a program that executes one more program in a running container:
 * a sealed memory file, whose descriptor's number is the joiner's only argument. The walls come from the container's
 * plan, in a memory file beside it.
 */
#ifndef ESQUEMA_JOIN_JOB_H
#define ESQUEMA_JOIN_JOB_H

#include <stdint.h>

#define JOIN_JOB_MAGIC   0x4f515345u /* "ESQO" */
#define JOIN_JOB_VERSION 3u

enum join_job_flags {
    JOIN_JOB_TERMINAL = 1, /* our end of a new one is sent over `report`, before anything else, with one byte */
    JOIN_JOB_IS_MOVED = 2, /* into the cgroup by somebody else: a byte comes over `report` when that is done */
};

/* Steps of the joiner's own, in struct child_report, where the plan's steps are numbers below these. */
enum join_step {
    JOIN_STEP_CGROUP = 0x10000,
    JOIN_STEP_NAMESPACES,
    JOIN_STEP_FORK,
    JOIN_STEP_TERMINAL,
    JOIN_STEP_DIRECTORY,
    JOIN_STEP_EXEC,
};

/* Offsets are from the beginning of the file, 0: none. Lists are texts with their NULs, one after the other. */
struct join_job {
    uint32_t magic;
    uint32_t version;
    uint32_t size; /* of the whole file */
    uint32_t flags;
    int32_t parent;  /* pid that must still be our parent once the death signal is set */
    int32_t pidfd;   /* of the container's init */
    int32_t plan;    /* memory file */
    int32_t report;  /* a socket; struct child_report on failure; closed by exec */
    uint32_t cgroup; /* folder to be in, outside; without JOIN_JOB_IS_MOVED */
    uint32_t directory;
    uint32_t argv, argc;
    uint32_t envp, envc;
    uint32_t paths, path_count; /* candidates for execve */
    uint16_t rows, columns;     /* of the terminal */
};

#endif
