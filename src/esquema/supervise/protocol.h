/*
 * What the supervisor program is handed, and what it is asked over its socket. Both ends are of one build and one user;
 * still each message has one size, a magic word and a version, and a receiver drops what has another.
 */
#ifndef ESQUEMA_SUPERVISE_PROTOCOL_H
#define ESQUEMA_SUPERVISE_PROTOCOL_H

#include <stdint.h>
#include "esquema.h"

#define SUPERVISE_MAGIC   0x53515345u /* "ESQS" */
#define SUPERVISE_VERSION 2u

enum supervise_flags {
    SUPERVISE_ENTRY = 1,         /* it has an entry in the store, a socket and logs */
    SUPERVISE_BOUND = 2,         /* it ends with whoever holds the other end of `launcher` */
    SUPERVISE_REMOVE = 4,        /* the entry goes when it ends */
    SUPERVISE_TERMINAL = 8,      /* the payload gets a terminal, whose other end is logged */
    SUPERVISE_TRACE_DENIED = 16, /* what its filter refuses is logged when it ends */
};

/*
 * The job: a sealed memory file whose number is the program's only argument. Behind it the numbers of the plan's
 * descriptors, int32_t[held_count], then the plan's block. Every descriptor keeps the number that it had.
 */
struct supervise_job {
    uint32_t magic;
    uint32_t version;
    uint32_t size; /* of the whole file */
    uint32_t flags;
    int32_t launcher; /* socket: one supervise_message SUPERVISE_STARTED or _FAILED, later _ENDED if it is bound */
    int32_t folder;   /* of the entry, -1 */
    int32_t store;    /* that the entry lies in, -1 */
    int32_t lock;     /* held as long as we live, -1 */
    int32_t logs;     /* folder, -1 */
    uint32_t log_files;
    uint64_t log_size;
    uint64_t log_output; /* 0: no limit */
    uint32_t restart;    /* enum esq_restart */
    uint32_t unused;
    uint32_t held_count;
    uint32_t block; /* offset of the plan's block */
    char name[ESQ_NAME_SIZE];
    char boot[40];
    char file[ESQ_FILE_SIZE];
};

enum supervise_request {
    SUPERVISE_SIGNAL = 1, /* value: its number */
    SUPERVISE_STOP,       /* value: grace in milliseconds, -1: the plan's */
    SUPERVISE_RESTART,    /* value: the same */
    SUPERVISE_PIDFD,      /* answered with a pidfd of init */
    SUPERVISE_PLAN,       /* answered with a pidfd of init, and a memory file of the plan's block */
    SUPERVISE_NETWORK,    /* answered with the network namespace that it shares; -EACCES: it shares none */
    SUPERVISE_CONDITION,  /* answered with enum supervise_condition, and a text in `error` */
    SUPERVISE_WATCH,      /* answered when it has ended for good */
};

enum supervise_word {
    SUPERVISE_ANSWER = 100, /* result, and descriptors */
    SUPERVISE_STARTED,      /* with a pidfd of init */
    SUPERVISE_FAILED,
    SUPERVISE_ENDED,
};

/* What the program has said of itself; the answer's result. */
enum supervise_condition {
    SUPERVISE_READY = 1,
    SUPERVISE_LEAVING = 2, /* it is about to end */
};

struct supervise_ask {
    uint32_t magic;
    uint32_t request;
    int64_t value;
};

struct supervise_message {
    uint32_t magic;
    uint32_t word;
    int32_t result;      /* of ANSWER: 0 or a negative errno */
    int32_t pid;         /* of init, where a descriptor of it is handed out */
    esq_error error;     /* of FAILED */
    esq_result end;      /* of ENDED */
    uint64_t started_us; /* of STARTED, monotonic */
};

/* A message over a socket, with at most two descriptors. Return 0 or a negative errno; -EPIPE when nobody is there. */
int supervise_send(int socket, const struct supervise_message *message, const int *fds, unsigned count);
/* Unused places of ret_fds become -1. -EPIPE at the end, -EPROTO for anything but one whole message. */
int supervise_receive(int socket, struct supervise_message *ret_message, int ret_fds[2]);

#endif
