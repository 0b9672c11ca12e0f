/*
 * Esquema, a rootless container runtime without a daemon, as a C library.
 *
 *     esq_spec *spec = esq_spec_new();                     describe
 *     esq_spec_set(spec, "rootfs", "/srv/root", NULL, &error);
 *     esq_spec_add(spec, "command", words, 2, NULL, &error);
 *     esq_plan_build(spec, &plan, &error);                 check and plan: touches nothing
 *     esq_launch(plan, &container, &error);                start
 *     esq_wait(container, -1, -1, &error);                 wait for its end
 *     esq_container_result(container, &result);
 *
 * Conventions. A function that can fail returns 0, or a negative errno value and fills `ret_error` (which may be NULL).
 * What a function returns through `ret_...` is written only on success, unless said otherwise. Strings are copied.
 * Whatever frees takes NULL, and does nothing. Any other pointer that is handed in leads to what it says, and is NULL
 * only where its comment allows that, or as an array with a capacity or count of 0: NULL is not looked for elsewhere.
 * The library keeps no global state; a handle is used by one thread at a time, different handles by different threads.
 * The library installs no signal handler, never exits, and prints nothing.
 */
#ifndef ESQUEMA_H
#define ESQUEMA_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define ESQ_API __attribute__((visibility("default")))
#else
#define ESQ_API
#endif

#define ESQ_VERSION "0.1.0"

/* Exit statuses of our own failures; everything else is the payload's, or 128 and the number of its signal. */
#define ESQ_EXIT_SETUP     125
#define ESQ_EXIT_CANNOT    126
#define ESQ_EXIT_NOT_FOUND 127

typedef struct esq_spec esq_spec;           /* what is wanted; owned by the caller, freed by esq_spec_free */
typedef struct esq_plan esq_plan;           /* how it is done; owned by the caller, freed by esq_plan_free */
typedef struct esq_container esq_container; /* a started container; owned by the caller, freed by esq_container_free */

/* A place in a description. `file` may be NULL; line and column count from 1, 0 means unknown. */
typedef struct esq_location {
    const char *file;
    unsigned line;
    unsigned column;
} esq_location;

#define ESQ_ERROR_FILE   256
#define ESQ_ERROR_TEXT   512
#define ESQ_ERROR_REMEDY 512

/* Why something failed. Flat: it may be copied, kept and written to a pipe in one piece. Texts end with NUL. */
typedef struct esq_error {
    int exit_status;  /* what a program should exit with: 125, 126 or 127 */
    int error_number; /* the kernel's errno, or 0 when the error is ours */
    unsigned step;    /* the failed step of the plan, from 1; 0 when no step was at work */
    unsigned steps;   /* how many steps the plan has; 0 with step */
    unsigned line;    /* place in the description, 0: unknown */
    unsigned column;
    char file[ESQ_ERROR_FILE];     /* of the description, "" when unknown; its tail when it is too long */
    char text[ESQ_ERROR_TEXT];     /* "mount tmpfs on /tmp: Operation not permitted (step 8 of 14)" */
    char remedy[ESQ_ERROR_REMEDY]; /* what to do about it, "" when nothing is known */
} esq_error;

/* ---- The library ---- */

/*
 * A handshake: returns 42, as the first programs for this library expect. Has no effect; never fails.
 */
ESQ_API int esq_init(void);

/*
 * The version of the library that runs, such as "0.1.0"; compare with ESQ_VERSION, which was compiled in.
 * The string is constant.
 */
ESQ_API const char *esq_version(void);

/*
 * Writes an error as people read it: "FILE:LINE:COLUMN: error: TEXT\nremedy: REMEDY\n", leaving out what is unknown.
 * `text` gets at most `capacity` bytes, always with a NUL when capacity is not 0 (a text of 2048 bytes always fits).
 * Returns the full length without the NUL, which may be capacity or more. Never fails.
 */
ESQ_API size_t esq_error_print(const esq_error *error, char *text, size_t capacity);

/* ---- Specification: what is wanted ---- */

/*
 * An empty specification, which has every default wall. NULL when there is no memory. Free it with esq_spec_free.
 */
ESQ_API esq_spec *esq_spec_new(void);

/* Frees a specification; NULL is allowed. Plans made from it stay valid; texts of its grants do not. */
ESQ_API void esq_spec_free(esq_spec *spec);

/*
 * Sets a field that has one value, replacing an earlier one. Fields, their values and defaults are listed in
 * docs/specification.md; numbers are decimal, sizes in bytes, times in milliseconds; "yes" and "no" are the truths.
 *   where     the place in the description that asked for it, or NULL
 * Only name and size are looked at here; whether the value makes sense is said by esq_spec_check.
 * Fails with -EINVAL (no such field, or a field of another shape), -E2BIG (too many or too long), -ENOMEM.
 */
ESQ_API int esq_spec_set(esq_spec *spec, const char *field, const char *value, const esq_location *where,
                         esq_error *ret_error);

/*
 * Appends one item of `count` words to a field that is a list, for instance
 *   "command"      each word one argument, the first the program
 *   "mounts"       "bind" SOURCE DESTINATION ["read-only" | "writable"], or "tmpfs" DESTINATION ["size=BYTES"]
 *                  ["inodes=NUMBER"], "overlay" SOURCE DESTINATION ["keep=FOLDER"], "text" DESTINATION CONTENTS,
 *                  "link" DESTINATION LEADS-TO, "hide" DESTINATION, "pin" DESTINATION ["writable" | "read-only"],
 *                  "volume" NAME DESTINATION ["writable" | "read-only"]
 *   "environment"  NAME VALUE
 * Fails as esq_spec_set does.
 */
ESQ_API int esq_spec_add(esq_spec *spec, const char *field, const char *const *words, size_t count,
                         const esq_location *where, esq_error *ret_error);

/*
 * Gives a descriptor of the caller to a field: "executable" (the program is this file, the command gives only its
 * arguments), "stdin", "stdout", "stderr". The descriptor stays the caller's and must stay open until the last launch
 * of a plan made from this specification has returned; what is behind its number then is what the container gets, so
 * that one plan may serve many pairs of pipes. Fails with -EINVAL, -EBADF (not open), -ENOMEM.
 */
ESQ_API int esq_spec_set_fd(esq_spec *spec, const char *field, int fd, const esq_location *where, esq_error *ret_error);

/*
 * Appends a descriptor to a list: "keep", which is open inside as number `inside` (3 to 255). Ownership and errors as
 * for esq_spec_set_fd. A directory or an O_PATH descriptor is refused by esq_spec_check.
 */
ESQ_API int esq_spec_add_fd(esq_spec *spec, const char *field, int fd, int inside, const esq_location *where,
                            esq_error *ret_error);

/*
 * Looks for everything that is wrong with a specification, on this host. Writes at most `capacity` problems to
 * `ret_problems` (which may be NULL when capacity is 0), in the order of the fields, each with its location.
 * Returns how many there are, which may be more than capacity; 0 means that a plan can be built.
 */
ESQ_API size_t esq_spec_check(const esq_spec *spec, esq_error *ret_problems, size_t capacity);

/* One thing that a specification asks of the host beyond its own folder. */
typedef struct esq_grant {
    const char *flag;  /* "host-path", "writable-path", "volume", "device", "network", "capability", "wall", ... */
    const char *value; /* "/srv/www", "host", "seccomp", "memory", ...; owned by the specification */
    esq_location where;
} esq_grant;

/*
 * Lists what the specification asks of the host beyond its own folder (the field "folder") and throw-away memory.
 * Whether that is granted is for the caller to decide and refuse: the library computes, it does not ask.
 * `ret_grants` gets at most `capacity`; texts live until the specification is changed or freed.
 * Returns how many there are, which may be more than capacity, or a negative errno (-ENOMEM, or -EINVAL when the
 * specification has problems).
 */
ESQ_API ssize_t esq_spec_grants(esq_spec *spec, esq_grant *ret_grants, size_t capacity);

/*
 * The names of the fields, in the order of the canonical form: "name", "folder", ... NULL behind the last. Constant.
 */
ESQ_API const char *esq_spec_field(size_t index);

/*
 * Reads a field back: the words of its index-th item, from 0; of a field that has one value, its default where it was
 * not given. *ret_words and the file in *ret_where (which may be NULL) live until the specification is changed or
 * freed. Returns how many words there are (0 for a descriptor), -ENOENT (there is no such item), -EINVAL (no such
 * field).
 */
ESQ_API ssize_t esq_spec_get(const esq_spec *spec, const char *field, size_t index, const char *const **ret_words,
                             esq_location *ret_where);

/*
 * The identity of what is described: SHA-256 of the canonical specification (fields in a fixed order, without
 * locations and descriptor numbers of the caller). Fails with -ENOMEM.
 */
ESQ_API int esq_spec_hash(const esq_spec *spec, unsigned char ret_hash[32]);

/*
 * The identity of a tree of files, such as a root filesystem: SHA-256 of the listing of its names, kinds, rights and
 * contents, without owners and times. Reads every file, of 64 GiB at most. Fails with -ENOMEM, -E2BIG, -EFBIG, or the
 * kernel's error for a path.
 */
ESQ_API int esq_tree_hash(const char *path, unsigned char ret_hash[32], esq_error *ret_error);

/* ---- Plan: how it is done ---- */

/*
 * Checks a specification and turns it into a plan. Touches nothing but reads: files and directories that the plan
 * names are opened and held. Fails with -EINVAL (the first problem of esq_spec_check is in ret_error), -ENOTSUP (the
 * host cannot enforce what was asked for), -ENOMEM, or the kernel's error for a path.
 * The plan is owned by the caller; it may be launched any number of times, also after the specification was freed.
 */
ESQ_API int esq_plan_build(const esq_spec *spec, esq_plan **ret_plan, esq_error *ret_error);

/*
 * As esq_plan_build, for whoever wants to read: what the host cannot enforce does not end it, but is one problem each,
 * with the others of esq_spec_check. Writes at most `capacity` of them; returns how many there are, 0 when the plan can
 * be launched. *ret_plan is NULL where none could be made; where there are problems it can be printed and audited as
 * the start without what is missing, and esq_launch refuses it (-ENOTSUP). The caller owns it.
 */
ESQ_API size_t esq_plan_survey(const esq_spec *spec, esq_plan **ret_plan, esq_error *ret_problems, size_t capacity);

/* What was asked for, is missing on this host, and is excused by its name. */
typedef struct esq_missing {
    const char *name; /* as `best-effort` has it: "memory" */
    const char *text; /* what this host cannot enforce, and why */
} esq_missing;

/*
 * Lists what a launch of the plan does without. Writes at most `capacity` of them, whose texts live as long as the
 * plan; returns how many there are.
 */
ESQ_API size_t esq_plan_missing(const esq_plan *plan, esq_missing *ret_missing, size_t capacity);

/* Frees a plan and closes what it holds; NULL is allowed. Containers launched from it are not affected. */
ESQ_API void esq_plan_free(esq_plan *plan);

enum esq_format { ESQ_FORMAT_TEXT, ESQ_FORMAT_JSON };

/*
 * Writes every step of the plan as text. `text` gets at most `capacity` bytes, with a NUL when capacity is not 0.
 * Returns the full length without the NUL (call it once with capacity 0 to learn it), or -ENOMEM.
 */
ESQ_API ssize_t esq_plan_print(const esq_plan *plan, enum esq_format format, char *text, size_t capacity);

/*
 * SHA-256 of the printed plan, for tests that want to know whether a plan changed. A plan contains uids and
 * descriptors of this host and is no identity: see esq_spec_hash. Fails with -ENOMEM.
 */
ESQ_API int esq_plan_hash(const esq_plan *plan, unsigned char ret_hash[32]);

/*
 * Writes a named policy of system calls ("standard", "strict", "permissive") as the Scheme form that a description may
 * say in its place: every call that is allowed or refused, with the tests of its arguments; what it does not name does
 * not exist (ENOSYS). Capacity and result as for esq_plan_print; -EINVAL for a name that no policy has.
 */
ESQ_API ssize_t esq_policy_print(const char *name, char *text, size_t capacity);

/* One thing that a container could still do. */
typedef struct esq_finding {
    const char *area;  /* "files", "network", "system calls", ...; constant */
    unsigned exposure; /* tenths: 10 counts as much as a writable root filesystem, 0 as nothing */
    unsigned line;     /* place in the description that made it so, 0: a default */
    unsigned column;
    char file[ESQ_ERROR_FILE];
    char text[ESQ_ERROR_TEXT];
} esq_finding;

/*
 * Lists what a container of this plan could do beyond computing in memory of its own; what is not listed is behind a
 * wall. `spec` is the specification that the plan was made of. It looks for sockets beneath what is bound. Writes at
 * most `capacity` findings; returns how many there are, which may be more. The sum of their exposures is a figure to
 * compare descriptions by, not a probability.
 */
ESQ_API size_t esq_audit(const esq_spec *spec, const esq_plan *plan, esq_finding *ret_findings, size_t capacity);

/* ---- Containers ---- */

/*
 * Starts a container and returns when its program runs (its execve succeeded) or with the reason why it does not.
 * The container's life is bound to the calling *thread*: when that thread ends, the kernel kills the container.
 * All signals of the calling thread are blocked for the duration of the call.
 * After a failure nothing is left: the child is reaped, no descriptor stays open. ret_error->exit_status says 125, 126
 * or 127. Fails with -ENOMEM, or the negative errno of the step that failed (-EINVAL when that has none).
 * The container is owned by the caller.
 */
ESQ_API int esq_launch(const esq_plan *plan, esq_container **ret_container, esq_error *ret_error);

enum esq_launch_flags {
    ESQ_SUPERVISED = 1, /* through the supervisor program: its life is bound to the calling process, not the thread */
    /*
     * Count the system calls that its policy answers with an error: for diagnosis only, every answer stays the same.
     * Each such call waits until the thread that launched it is in esq_wait, so only somebody who waits may ask for it.
     * Not with ESQ_SUPERVISED. Calls that the policy kills for are not counted, and a program that wants a seccomp
     * listener of its own gets EBUSY.
     */
    ESQ_TRACE_DENIED = 2,
    ESQ_WATCH_NETWORK = 4, /* esq_container_sought_network is going to be asked; not with ESQ_SUPERVISED */
};

typedef struct esq_launch_options {
    size_t size;            /* of this structure: it may grow */
    unsigned flags;         /* enum esq_launch_flags */
    const char *supervisor; /* path of that program, where it is needed */
} esq_launch_options;

/*
 * As esq_launch, with options. A supervised container is no child of the caller: waiting for children does not see it,
 * and its time limit is kept whether anybody waits or not. When the calling process ends, it is killed. Fails also
 * with -ENOENT where the supervisor program is not there.
 */
ESQ_API int esq_launch_with(const esq_plan *plan, const esq_launch_options *options, esq_container **ret_container,
                            esq_error *ret_error);

/* A system call that the policy of a traced container has refused. */
typedef struct esq_denied {
    int number;       /* of this architecture; the highest stands for all that we have no number for */
    int error_number; /* what it was answered the first time */
    uint64_t count;
    char name[32]; /* empty: it has none that we know */
} esq_denied;

/*
 * What has been refused so far, each call once, by rising number. Writes at most `capacity`; returns how many there
 * are, which may be more. 0 for a container that was not launched with ESQ_TRACE_DENIED. No errors.
 */
ESQ_API size_t esq_container_denied(const esq_container *container, esq_denied *ret_denied, size_t capacity);

/*
 * Of one that has failed: 1 when something in it looked for another machine while its own network leads to none, as the
 * kernel counted it (no route, or nobody at the port that a resolver without a name server asks). 0 else, and for a
 * container whose exit status is 0, that was not launched with ESQ_WATCH_NETWORK, or that has another network. For a
 * word of advice: a program can have done so without being hindered by it.
 */
ESQ_API int esq_container_sought_network(const esq_container *container);

/* Why a container ended. */
enum esq_reason {
    ESQ_REASON_NONE = 0,      /* it has not ended yet */
    ESQ_REASON_EXIT,          /* the payload exited */
    ESQ_REASON_SIGNAL,        /* the payload was ended by a signal */
    ESQ_REASON_TIME_LIMIT,    /* we ended it, because its field "time" ran out; exit_status is 137 */
    ESQ_REASON_KILLED,        /* its init was killed, by esq_container_free or from outside */
    ESQ_REASON_STOPPED,       /* it was asked to end by esq_store_stop, and did; the status is the payload's */
    ESQ_REASON_OUTPUT,        /* we ended it, because it printed more than its field "output" allows; status 137 */
    ESQ_REASON_SYSTEM_CALL,   /* the payload was ended by SIGSYS: a system call that its seccomp policy kills for */
    ESQ_REASON_OUT_OF_MEMORY, /* the kernel ended it, because its field "memory" did not suffice; exit_status is 137 */
    ESQ_REASON_DISK           /* we ended it, because it added more to the host's disk than it may; status 137 */
};
#define ESQ_REASON_LAST ESQ_REASON_DISK

/* How a container ended, and what it used. */
typedef struct esq_result {
    enum esq_reason reason;
    int exit_status;            /* 0..255 of the payload, or 128 and its signal */
    int signal;                 /* the payload's signal, 0 when it exited */
    uint64_t wall_microseconds; /* from launch to end */
    uint64_t user_microseconds; /* of processor time, all processes that were waited for */
    uint64_t system_microseconds;
    uint64_t peak_memory; /* bytes resident of its largest process */
    /* Counted by a cgroup: 0 where the container had none, or the kernel does not keep that number. */
    uint64_t memory_peak;  /* bytes, of all processes and their cached files together, at most at once */
    uint64_t memory_limit; /* bytes */
    uint64_t processes_peak;
    uint64_t processes_limit;
    uint64_t oom_kills;     /* processes ended for want of memory */
    uint64_t refused_forks; /* processes or threads that were not started, because there were too many */
} esq_result;

/*
 * Waits until the container ends, keeping its limits of time, output and disk meanwhile. Where output is limited, it
 * is also passed on only while somebody waits, and the end is told when the last of it has been.
 *   timeout_ms  give up after so many milliseconds; -1: never
 *   signal_fd   a signalfd of the caller whose signals are forwarded to the container, or -1
 * Returns 0 when it has ended (again and again afterwards), -ETIMEDOUT when the time is over first, or the kernel's
 * error; output that cannot be passed on is one, and ends the container. Those limits are enforced only while somebody
 * waits.
 */
ESQ_API int esq_wait(esq_container *container, int timeout_ms, int signal_fd, esq_error *ret_error);

/*
 * For whoever reads what the container prints itself, from its terminal: `bytes` more count towards its field "output",
 * and end it when they are too many. Pipes and files are counted by esq_wait. Never fails.
 */
ESQ_API void esq_container_printed(esq_container *container, uint64_t bytes);

/* The words of a reason: "exit", "signal", "time limit", "killed", "none". Constant. */
ESQ_API const char *esq_reason_name(enum esq_reason reason);

/*
 * Writes how the container ended; reason is ESQ_REASON_NONE and the rest 0 while it runs. Never fails.
 */
ESQ_API void esq_container_result(const esq_container *container, esq_result *ret_result);

/*
 * Sends a signal. Init forwards what can be caught to the payload; SIGKILL ends every process of the container.
 * Fails with -ESRCH when it has ended, -EINVAL for a number that is no signal.
 */
ESQ_API int esq_signal(esq_container *container, int signal_number);

/*
 * What a running container uses. Where it has a cgroup, that counts all of it; else what /proc says of its processes,
 * and the rest is 0. So are numbers that the kernel does not keep.
 */
typedef struct esq_stats {
    uint64_t processes; /* esq_container_stats: with threads and init */
    uint64_t memory;    /* bytes. Without a cgroup: resident ones of all processes; what they share counts for each */
    uint64_t user_microseconds;
    uint64_t system_microseconds; /* without a cgroup: of the processes that live, and of those they have waited for */
    uint64_t memory_peak;
    uint64_t memory_limit; /* 0: none */
    uint64_t swap;
    uint64_t throttled_microseconds; /* that it had to wait because of its field "cpus" */
    uint64_t processes_peak;
    uint64_t processes_limit; /* 0: none */
    uint64_t oom_kills;
    uint64_t refused_forks;
    uint64_t read_bytes; /* from devices */
    uint64_t written_bytes;
} esq_stats;

/*
 * Reads what the container uses at this moment. Fails with -ENODATA (it has no cgroup: see esq_doctor), -ESRCH (it has
 * ended: see esq_container_result), or the kernel's error.
 */
ESQ_API int esq_container_stats(const esq_container *container, esq_stats *ret_stats);

/*
 * Stops every process of the container where it stands (is_frozen 1), or lets them go on (0). The kernel needs a moment
 * for it. SIGKILL ends frozen processes too. Fails with -ENODATA (it has no cgroup), -ESRCH (it has ended).
 */
ESQ_API int esq_container_freeze(esq_container *container, int is_frozen);

/*
 * The folder of the container's cgroup as a descriptor, owned by the container, for CLONE_INTO_CGROUP; -1 where it has
 * none or has ended. Never fails.
 */
ESQ_API int esq_container_cgroup(const esq_container *container);

/* The pid of the container's init, as the caller sees it. For display: act through the pidfd, which is never reused. */
ESQ_API pid_t esq_container_pid(const esq_container *container);

/* A pidfd of the container's init, owned by the container. It polls readable when the container has ended. */
ESQ_API int esq_container_pidfd(const esq_container *container);

/* Kills the container if it still runs, waits for its end, frees the handle; NULL is allowed. */
ESQ_API void esq_container_free(esq_container *container);

/* ---- Started containers: those that have a name, and a supervisor of their own ---- */

#define ESQ_NAME_SIZE 64 /* of the name of a container, with its NUL: [a-z0-9][a-z0-9_.-]{0,62} */
#define ESQ_FILE_SIZE 256

/*
 * The folder of this user's started containers. Each has a small supervisor process, which holds a lock as long as it
 * lives, so that what is left of one that was killed is recognised: every function here removes such leftovers first.
 */
typedef struct esq_store esq_store;

/* Where things are. NULL or "" stands for the default. Texts are copied. */
typedef struct esq_places {
    size_t size;         /* of this structure: it may grow */
    const char *runtime; /* what $XDG_RUNTIME_DIR says; default /run/user/UID, and /run for root */
    const char *state;   /* what $XDG_STATE_HOME says; default $HOME/.local/state, `home` being that HOME */
    const char *home;
    const char *supervisor; /* the programs that belong to this library; there is no default */
    const char *joiner;
} esq_places;

/*
 * Opens the store, and makes it (mode 0700) where there is none. Fails with -ENOENT (no folder to make it in), -EPERM
 * (it belongs to somebody else, or others may enter it), -EINVAL (a path is not absolute), -ENOMEM, or the kernel's
 * error.
 */
ESQ_API int esq_store_open(const esq_places *places, esq_store **ret_store, esq_error *ret_error);
/* Closes the store and frees it; NULL is allowed. Started containers live on. */
ESQ_API void esq_store_free(esq_store *store);

enum esq_state {
    ESQ_STATE_STARTING,
    ESQ_STATE_RUNNING,
    ESQ_STATE_STOPPING, /* it has been asked to end, by us or by its time limit */
    ESQ_STATE_WAITING,  /* between two runs */
    ESQ_STATE_ENDED
};

/* The words of a state: "starting", "running", "stopping", "waiting", "ended". Constant. */
ESQ_API const char *esq_state_name(enum esq_state state);

/* What is known of a started container. Flat. Pids are for display: act through the functions below. */
typedef struct esq_entry {
    char name[ESQ_NAME_SIZE];
    enum esq_state state;
    pid_t pid; /* of its init, 0 when it does not run */
    pid_t supervisor;
    uint64_t started_us; /* microseconds since 1970 */
    uint64_t ended_us;   /* 0 while it runs */
    uint64_t restarts;
    esq_result result;        /* when state is ESQ_STATE_ENDED */
    char file[ESQ_FILE_SIZE]; /* of the description; its tail when it is too long, "" when there is none */
    uint64_t output_lost;     /* bytes that it printed last and its log neither has nor tells: there was no room */
} esq_entry;

/*
 * Lists them, sorted by name. `ret_entries` gets at most `capacity`. Returns how many there are, which may be more, or
 * a negative errno: -ENOMEM, or the kernel's error for the folder.
 */
ESQ_API ssize_t esq_store_list(esq_store *store, esq_entry *ret_entries, size_t capacity, esq_error *ret_error);

/*
 * The one with this name, or else the only one whose name begins so. Fails with -ENOENT, -ENOTUNIQ (several begin so;
 * the error names some), -EINVAL (what is given cannot be the beginning of a name), and as esq_store_list.
 */
ESQ_API int esq_store_find(esq_store *store, const char *name, esq_entry *ret_entry, esq_error *ret_error);

enum esq_start_flags {
    ESQ_START_REMOVE = 1,       /* its entry goes when it ends */
    ESQ_START_TERMINAL = 2,     /* a terminal of its own, which nobody sits at: what it prints goes to the log */
    ESQ_START_TRACE_DENIED = 4, /* as ESQ_TRACE_DENIED; its log says at the end what was refused */
};

/* Whether another run follows when the program has ended by itself (not when it was stopped). */
enum esq_restart {
    ESQ_RESTART_NEVER = 0,
    ESQ_RESTART_ON_FAILURE, /* unless it exited with 0 */
    ESQ_RESTART_ALWAYS,
};

typedef struct esq_start {
    size_t size;              /* of this structure: it may grow */
    unsigned flags;           /* enum esq_start_flags */
    const char *file;         /* of the description, to be shown; may be NULL */
    uint64_t log_size;        /* bytes, after which a log is rotated; 0: 10 MiB */
    unsigned log_files;       /* how many of them are kept; 0: 5, the one that is written included */
    uint64_t log_output;      /* bytes that it may print in all before it is ended; 0: as many as it likes */
    enum esq_restart restart; /* after 100 ms, then twice as long each time, at most a minute; a minute's good run
                                 begins anew */
    const esq_spec *spec;     /* that the plan was made of, to be kept: see esq_store_kept; NULL: it is not */
    const esq_grant *grants;  /* what it asked for and was given, to be kept with it */
    size_t grant_count;
    int *ret_tie; /* NULL, or gets a descriptor, owned by the caller: when its last copy is closed, as when the caller
                     is killed, the container is killed, no run follows, and its entry goes. Readable when it has ended
                     for good. */
} esq_start;

/*
 * Starts the planned container under a supervisor of its own and returns when its program runs, or with the reason why
 * it does not (as esq_launch does). Its name is the field "name" of the specification. What it prints goes to its log,
 * unless the specification gives other descriptors. It lives on when the caller ends. An entry of the same name that
 * has ended is replaced, and stays where this one fails. Fails with -EEXIST (one of this name runs), -EINVAL (no name),
 * and as esq_launch.
 */
ESQ_API int esq_store_start(esq_store *store, const esq_plan *plan, const esq_start *how, esq_entry *ret_entry,
                            esq_error *ret_error);

/*
 * Sends a signal to its program; SIGKILL ends every process of it. Fails with -ESRCH (it does not run), -EINVAL (a
 * number that is no signal). `name` is a whole name here and in all that follows: -ENOENT says that there is none of
 * it, -EINVAL that it cannot be one; and the kernel's error is given where its supervisor cannot be asked.
 */
ESQ_API int esq_store_signal(esq_store *store, const char *name, int signal_number, esq_error *ret_error);

/*
 * Asks it to end: TERM, and KILL after `grace_ms` milliseconds (-1: what its description says). Does not wait. Fails
 * with -ESRCH (it does not run).
 */
ESQ_API int esq_store_stop(esq_store *store, const char *name, int64_t grace_ms, esq_error *ret_error);

/*
 * Ends it as esq_store_stop does, and starts it again from the same plan. Does not wait. Fails with -ESRCH (it does not
 * run: nobody has its plan any more).
 */
ESQ_API int esq_store_restart(esq_store *store, const char *name, esq_error *ret_error);

/* What is kept of a start as long as its entry is there: what was started, and how. */
typedef struct esq_kept {
    size_t size;    /* sizeof(esq_kept), set by the caller */
    esq_spec *spec; /* without the descriptors that it was given */
    unsigned char hash[32];
    int has_descriptors; /* it was given some, so that it cannot be started again by others */
    unsigned flags;      /* this and the next as in esq_start */
    uint64_t log_size;
    unsigned log_files;
    uint64_t log_output;
    enum esq_restart restart;
    esq_grant *grants; /* texts are owned by `bytes` */
    size_t grant_count;
    char *bytes;
} esq_kept;

/*
 * Reads what was kept of a container that was started with `spec`; whether it runs does not matter. *ret_kept, whose
 * size the caller has set, is the caller's: esq_kept_done. Fails with -ENOENT (no such container), -ENODATA (nothing
 * was kept of it), -EPROTO (what is kept is not what was started), -ENOMEM, or the kernel's error.
 */
ESQ_API int esq_store_kept(esq_store *store, const char *name, esq_kept *ret_kept, esq_error *ret_error);
/* Frees what esq_store_kept gave; NULL is allowed. */
ESQ_API void esq_kept_done(esq_kept *kept);

/*
 * Waits until it has ended for good, and writes how. Fails with -ETIMEDOUT, which leaves ret_error as it was, when
 * `timeout_ms` milliseconds (-1: for ever) are over first, with -ESRCH when its supervisor was killed, and it too, and
 * with -ENOENT when it has ended and was removed before how it ended could be read.
 */
ESQ_API int esq_store_wait(esq_store *store, const char *name, int timeout_ms, esq_result *ret_result,
                           esq_error *ret_error);

enum esq_exec_flags {
    ESQ_EXEC_TERMINAL = 1, /* a new terminal of the container's own is its descriptors 0 to 2, and controls it */
};

typedef struct esq_exec {
    size_t size;              /* of this structure: it may grow */
    unsigned flags;           /* enum esq_exec_flags */
    const char *const *words; /* the program, by path or by name, and its arguments */
    size_t word_count;
    const char *const *environment; /* "NAME=VALUE", beside what the container's program got, or instead of it */
    size_t environment_count;
    const char *directory;        /* inside; NULL: where the container's program started */
    int fds[3];                   /* its descriptors 0 to 2, unless it has a terminal */
    unsigned short rows, columns; /* of its terminal, which is one of the container's /dev/pts */
    int *ret_terminal;            /* gets our end of that, close-on-exec and not blocking, which is the caller's */
} esq_exec;

/*
 * Executes one more program in a running container, behind the same walls. `name` is its whole name.
 * Returns the pid of a child of the caller that ends with the program's status (0..255, or 128 and its signal), passes
 * signals on to it, and dies with the calling thread, the program with it. Fails with -ESRCH (the container does not
 * run), -EINVAL (no program), -EBADF and -EISDIR (one of its descriptors is closed; or a directory or a path handle,
 * which would lead it out of the container), -ENOENT (no such container), as esq_store_list, and with the errors of the
 * step that failed; ret_error->exit_status says 125, 126 or 127.
 */
ESQ_API pid_t esq_store_exec(esq_store *store, const char *name, const esq_exec *how, esq_error *ret_error);

/* What the program of a container with the field `notify` has said of itself in this run. */
typedef struct esq_condition {
    size_t size;     /* sizeof(esq_condition), set by the caller */
    int is_ready;    /* READY=1 */
    int is_leaving;  /* STOPPING=1 */
    char status[96]; /* STATUS=, the last one, without control characters; "" */
} esq_condition;

/*
 * Fills *ret_condition, whose size the caller has set. Returns 0 or a negative errno. Fails with -ESRCH (it does not
 * run), -EOPNOTSUPP (its program is not listened to).
 */
ESQ_API int esq_store_condition(esq_store *store, const char *name, esq_condition *ret_condition, esq_error *ret_error);

/* Returns a pidfd of its init, owned by the caller, or a negative errno. Fails with -ESRCH (it does not run). */
ESQ_API int esq_store_pidfd(esq_store *store, const char *name, esq_error *ret_error);

/*
 * What it uses at this moment: looks at every process of the host that may be seen. Finds it as esq_store_find does,
 * and fails so; also with -ESRCH (it does not run), -ENOMEM, or the kernel's error for /proc.
 */
ESQ_API int esq_store_stats(esq_store *store, const char *name, esq_stats *ret_stats, esq_error *ret_error);

/* Removes an entry that has ended, and its logs. Fails with -EBUSY (it runs). */
ESQ_API int esq_store_remove(esq_store *store, const char *name, esq_error *ret_error);

/*
 * Returns the folder of its logs as a descriptor, owned by the caller, or a negative errno: "log" is in it, and older
 * ones as "log.1", "log.2", ... -ENOENT says that it has none.
 */
ESQ_API int esq_store_logs(esq_store *store, const char *name, esq_error *ret_error);

/*
 * The folder of the store as a descriptor, owned by the store, for inotify: an entry is a folder of its name, its
 * record the file `state` in it. Never fails.
 */
ESQ_API int esq_store_folder(const esq_store *store);

/* ---- Reports for machines (docs/json.md), one JSON object a line ---- */

/* Each writes one line to `fd` in one write and returns 0 or the negative errno of write; without SIGPIPE. */
ESQ_API int esq_status_write_started(int fd, const esq_container *container);
ESQ_API int esq_status_write_failed(int fd, const esq_error *error);

/*
 * The same, with every grant that was missing. Nobody needs to have asked esq_spec_grants for them: texts are copied.
 * Fails with -ENOMEM, or the kernel's error for the descriptor.
 */
ESQ_API int esq_status_write_refused(int fd, const esq_error *error, const esq_grant *missing, size_t count);
ESQ_API int esq_status_write_ended(int fd, const esq_result *result);

/* ---- Walls around oneself ---- */

/*
 * Puts the walls of a plan around the calling process itself, for hosts that fork by themselves: namespaces, root
 * filesystem, descriptors, capabilities, Landlock, rlimits, the filter of system calls. Call it in a process of its own
 * that has one thread, after fork. What needs another process is left out: the plan's namespaces must be listed without
 * pid (and with user), its command is not executed, there is no init and no limit of time, output or disk. A plan with
 * steps for a launcher is refused. Standard and kept descriptors get their numbers, all others are closed. The process
 * is killed when the thread ends that forked it. Fails with -EINVAL (such namespaces, or more than one thread),
 * -ENOMEM, or the negative errno of the step that failed. After a failure the process stands behind some of the walls
 * and must exit. There is no way back.
 */
ESQ_API int esq_confine(const esq_plan *plan, esq_error *ret_error);

/* ---- What this host can do ---- */

typedef struct esq_wall {
    const char *name;   /* "user-namespace", "landlock", "overlay", ...; constant */
    int available;      /* 1 yes, 0 no */
    char detail[128];   /* what was found ("ABI 7"), or why not ("Operation not permitted") */
    const char *remedy; /* how to get it, "" when available; constant */
} esq_wall;

/*
 * Tries every wall on this host, in short-lived processes that leave nothing. `ret_walls` gets at most `capacity`.
 * Returns how many walls there are, which may be more than capacity.
 */
ESQ_API size_t esq_doctor(esq_wall *ret_walls, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
