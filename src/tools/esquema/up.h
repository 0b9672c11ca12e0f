/* What `esquema up` keeps of each service, and the parts that it is made of. */
#ifndef TOOLS_ESQUEMA_UP_H
#define TOOLS_ESQUEMA_UP_H

#include "tools/esquema/follow.h"
#include "tools/esquema/grants.h"

enum life {
    LIFE_PENDING,  /* waits for what it needs */
    LIFE_STARTING, /* runs, and is not ready */
    LIFE_READY,
    LIFE_ENDED, /* for good, or it was never started */
};

struct up_service {
    const struct bridge_service *given;
    const struct grants *grants; /* that it was given */
    enum life life;
    bool was_started;
    bool is_stopping; /* has been asked to end */
    bool was_ready;
    int tie;           /* readable when it has ended; closed, it is killed; -1 */
    int ready_pipe[2]; /* of (descriptor N): ends for us and for the container, -1; open as long as it may run again */
    pid_t probe;       /* of (command ...): a process that tries, 0 */
    uint64_t patience; /* monotonic microseconds: until when it must be ready */
    struct follower log;
    esq_result result;
};

struct up {
    esq_store *store;
    enum esq_format format;
    struct failures *failures; /* of the command; NULL: they are shown */
    const char *file;          /* of the description */
    struct up_service *services;
    size_t count;
    size_t width;    /* of the longest name */
    bool has_colour; /* standard output is a terminal that shows colours */
    unsigned asked;  /* how often we were asked to end */
    int status;      /* ours; 0 while nothing is wrong */
};

uint64_t up_now(void);

/* up_ready.c: is it ready by now? May start a probe, and looks after the one that it has. */
bool up_is_ready(struct up *up, struct up_service *service);
void up_ready_done(struct up_service *service);

/*
 * up_log.c: what it has printed since the last look, line by line behind its name. Returns 0, or the errno of what
 * could not be read, which the next look tries again.
 */
int up_show(const struct up *up, struct up_service *service);
/* Of one that has ended: how much of what it printed last its log had no room for. */
void up_show_lost(const struct up *up, const struct up_service *service);
/*
 * A line of our own about a service: the words on standard error, or, as JSON, a line beside what is printed. `event`
 * is one word of docs/json.md; "ended" has the service's result with it.
 */
void up_say(const struct up *up, const struct up_service *service, const char *event, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
