/*
 * The agreement between the launcher and init (PID 1 of the container, a freestanding program): a sealed memory file.
 * Init is executed as execveat(program, "", { "init", "JOB", NULL }, { NULL }) where JOB is the decimal number of the
 * job file's descriptor; it maps the file privately, so that it may turn offsets into pointers in place.
 * Knows neither plan nor specification.
 */
#ifndef ESQUEMA_INIT_JOB_H
#define ESQUEMA_INIT_JOB_H

#include <stdint.h>

#define INIT_JOB_MAGIC   0x4a515345u /* "ESQJ" */
#define INIT_JOB_VERSION 1u

enum init_job_flags {
    INIT_JOB_PID_NAMESPACE = 1, /* init is PID 1; else it makes itself a subreaper */
    INIT_JOB_TERMINAL = 2,      /* descriptor 0 is a terminal: the payload leads a session, and it is its own */
    INIT_JOB_TRACE = 4, /* what the filter refuses is asked about; `report` is a socket, which takes the listener in
                           a message of one byte */
};

/*
 * Offsets are from the beginning of the file. Arrays of texts are uint64_t[count + 1], each the offset of a text, the
 * last 0: adding the address of the mapping to each makes a char *[].
 */
struct init_job {
    uint32_t magic;
    uint32_t version;
    uint32_t size; /* of the whole file */
    uint32_t flags;
    int32_t report;     /* descriptor: struct child_report on failure; close-on-exec again first, closed by exec */
    int32_t result;     /* descriptor: struct init_result at the end; close-on-exec */
    int32_t landlock;   /* descriptor of a ruleset for landlock_restrict_self in the payload's process, or -1 */
    int32_t executable; /* descriptor to execute with AT_EMPTY_PATH, or -1 */
    uint32_t paths;     /* array: candidates for execve, tried in order past ENOENT, ENOTDIR and EACCES */
    uint32_t path_count;
    uint32_t argv;
    uint32_t argc;
    uint32_t envp;
    uint32_t envc;
    uint32_t filter; /* struct sock_filter[filter_count], aligned to 8; 0: no seccomp */
    uint32_t filter_count;
    uint32_t filter_flags; /* SECCOMP_FILTER_FLAG_* */
    uint32_t grace_ms;     /* between TERM and KILL of what is left when the payload has ended: at most this */
    uint32_t init_step;    /* numbers of steps (from 0) for reports: start of init itself, */
    uint32_t landlock_step;
    uint32_t seccomp_step;
    uint32_t exec_step;
    uint32_t payload_death_signal; /* of the payload when init dies (pid namespace shared), 0: none */
    uint32_t padding;
};

/* What child or init writes to the report pipe when a step fails, in one write. */
struct child_report {
    uint32_t step; /* index in the plan, from 0 */
    int32_t error; /* errno, positive */
    uint32_t line; /* of the description, where it is more exact than the step's; else 0 */
    uint32_t column;
    char detail[56]; /* what exactly, ends with NUL, may be empty */
};

/* What init writes to the result pipe when the payload has ended. */
struct init_result {
    int32_t status; /* as from waitpid */
    int32_t padding;
};

#endif
