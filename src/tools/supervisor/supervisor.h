/*
 * The supervisor of one started container: a small program that holds its plan, its lock and its log, and lives until
 * it has ended for good. One thread, one loop, no allocation that grows.
 */
#ifndef TOOLS_SUPERVISOR_H
#define TOOLS_SUPERVISOR_H

#include <stdbool.h>
#include "esquema/plan/plan.h"
#include "esquema/store/store.h"
#include "esquema/supervise/protocol.h"
#include "esquema/supervise/supervise.h"

enum { CLIENTS_MAX = 64, DENIED_MAX = 128, LINE_MAX_BYTES = 4096, OUTPUT_BYTES = 16384 };

/* ---- The log (log.c) ---- */

struct stream {
    int fd;           /* read end, -1 when it is closed */
    const char *name; /* "out", "err" */
    size_t used;
    char line[LINE_MAX_BYTES]; /* the beginning of a line whose end has not come yet */
};

struct log {
    int folder; /* -1: no log */
    int fd;
    uint64_t size;  /* of the file so far */
    uint64_t lost;  /* bytes that could not be written, and no line tells yet */
    uint64_t total; /* bytes that came */
    uint64_t size_max;
    unsigned files;
    struct stream streams[2];
};

/* 0 or a negative errno. */
int log_open(struct log *log, const struct supervise_job *job);
/* Takes what a stream has, at most one buffer; closes it at its end. */
void log_read(struct log *log, struct stream *stream);
/* Takes everything that is there at once, and what stands without the end of its line. */
void log_drain(struct log *log);
/* Tells what was lost, where there is room for that by now; what is still untold is in `lost`. */
bool log_tell_lost(struct log *log);
/* A line of our own. */
void log_say(struct log *log, const char *text);

/* ---- What the program says of itself (notify.c) ---- */

enum { STATUS_BYTES = 96 };

struct condition {
    bool is_ready;
    bool is_leaving;
    char status[STATUS_BYTES];
};

/* Takes the messages that wait at this socket, a few of them; what means nothing is dropped. */
void notify_read(int socket, struct condition *condition);

/* ---- The states (machine.c) ---- */

enum event {
    EVENT_ENDED,
    EVENT_ENDED_AGAIN,
    EVENT_STOP,
    EVENT_RESTART,
    EVENT_LIMIT,
    EVENT_FLOOD,
    EVENT_DEADLINE,
};

struct supervisor {
    struct supervise_job job;
    struct esq_plan plan;
    struct esq_container *container; /* NULL between two runs */
    enum esq_state state;
    bool again;              /* another run follows this one */
    uint64_t deadline;       /* of the state, monotonic microseconds; UINT64_MAX: none */
    uint64_t limit;          /* of the run */
    uint64_t record_due;     /* when the record that could not be written is tried again; UINT64_MAX: it is written */
    uint64_t grace;          /* microseconds, of the request that is being carried out */
    enum esq_reason why;     /* of the request */
    uint64_t printed_before; /* this run, by the log's count */
    uint64_t disk_base;      /* what the first run has found; UINT64_MAX: there was none yet */
    uint64_t restarts;
    uint64_t pause; /* microseconds before the next run that its policy asks for; 0: none was needed lately */
    uint64_t started_us, ended_us; /* since 1970 */
    esq_result end;                /* of the last run */
    int launcher;                  /* socket, -1 when it has gone */
    bool launcher_gone;            /* and the container was bound to it */
    int listener;                  /* -1 where there is none */
    int spare;                     /* for a client when no descriptor is left; -1: in use */
    int clients[CLIENTS_MAX];      /* -1 where there is none */
    bool watches[CLIENTS_MAX];     /* wants to know the end */
    int network;                   /* that it shares with others, for all its runs; -1 */
    int signals;
    int terminal;               /* the other end of the payload's, -1 */
    struct condition condition; /* of this run */
    struct log log;
};

/* Starts the payload. Its error goes to the launcher, which waits for it, or to the log. */
int machine_launch(struct supervisor *supervisor, esq_error *ret_error);
void machine_happen(struct supervisor *supervisor, enum event event);
/* The payload has ended: takes the end, and decides whether another run follows. */
void machine_take_end(struct supervisor *supervisor);
void machine_write_record(struct supervisor *supervisor);

/* ---- The socket (serve.c) ---- */

int serve_open(struct supervisor *supervisor);
void serve_accept(struct supervisor *supervisor);
/* One request of this client, which may close it. */
void serve_client(struct supervisor *supervisor, int index);
/* To everyone who watches: it has ended. */
void serve_end(struct supervisor *supervisor);

/* ---- Streams and terminal (streams.c) ---- */

/* What becomes descriptors 0 to 2 of the payload, in our own 0 to 2. */
int streams_open(struct supervisor *supervisor);
/* The payload has its copies: ours lead nowhere again. */
void streams_release(void);

#endif
