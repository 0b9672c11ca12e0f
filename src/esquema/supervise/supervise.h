/* The state of a started container. */
#ifndef ESQUEMA_SUPERVISE_H
#define ESQUEMA_SUPERVISE_H

#include "esquema.h"
#include "launch/launch.h"

enum supervise_stage {
    SUPERVISE_RUNNING,
    SUPERVISE_TERMINATED, /* the time limit is over, TERM was sent */
    SUPERVISE_KILLED,
};

struct esq_container {
    struct launched launched;
    struct esq_result end; /* reason NONE while it runs */
    enum supervise_stage stage;
    uint64_t deadline; /* of the stage, monotonic microseconds; UINT64_MAX: none */
    uint64_t grace;    /* microseconds */
};

#endif
