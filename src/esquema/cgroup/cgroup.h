/*
 * What cgroup_plan leaves in the block, and where a container's cgroup can be: found by cgroup_find, which opens
 * nothing for writing. Making, killing and counting is leaf.h's matter.
 */
#ifndef ESQUEMA_CGROUP_H
#define ESQUEMA_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CGROUP_PATH_MAX 4096

/* Controllers of the hierarchy of version 2 that limits are made of, as bits. */
enum cgroup_controller {
#define CGROUP_CONTROLLER(id, name) CGROUP_INDEX_##id,
#include "cgroup/controllers.def"
#undef CGROUP_CONTROLLER
    CGROUP_CONTROLLER_COUNT
};

enum cgroup_controllers {
#define CGROUP_CONTROLLER(id, name) CGROUP_##id = 1 << CGROUP_INDEX_##id,
#include "cgroup/controllers.def"
#undef CGROUP_CONTROLLER
};

const char *cgroup_controller_name(enum cgroup_controller controller);

/* Where the cgroup of a container comes from. */
enum cgroup_source {
    CGROUP_NOWHERE,
    CGROUP_DELEGATED, /* a folder of the hierarchy that belongs to us: ours is made in it */
    CGROUP_SYSTEMD,   /* systemd makes a scope and delegates it */
};

/* Why there is none, or why it lacks a controller; each has a remedy of its own. */
enum cgroup_obstacle {
    CGROUP_NO_OBSTACLE,
    CGROUP_NO_HIERARCHY,  /* no version 2 is mounted */
    CGROUP_IN_VERSION_1,  /* the controller belongs to version 1 */
    CGROUP_NOT_DELEGATED, /* nobody has given us a part, and there is no systemd */
    CGROUP_NOT_ALONE,     /* ours is the very folder that we are in, and others are in it too */
    CGROUP_NOT_IN_PART,   /* our part has not got this controller */
    CGROUP_NOT_FROM_USER, /* systemd does not hand this controller to users */
    CGROUP_NO_BUS,        /* there is systemd, but no bus to ask it over */
};

struct cgroup_place {
    enum cgroup_source source;
    enum cgroup_obstacle obstacle;    /* when source is CGROUP_NOWHERE */
    bool is_inhabited;                /* DELEGATED: by ourselves, who leave it first (cgroup_settle) */
    uint32_t controllers;             /* that limits can be set with, bits */
    uint32_t hierarchy;               /* that the whole hierarchy has: the others are of version 1, or not built in */
    char mount[CGROUP_PATH_MAX];      /* of the hierarchy, "" where there is none */
    char parent[2 * CGROUP_PATH_MAX]; /* DELEGATED: the folder in which cgroups are made; NOT_ALONE: that folder */
    char bus[256];                    /* SYSTEMD: its socket */
};

/* Looks for the place, out of /proc and the hierarchy itself. Never fails: what is not there is said. */
void cgroup_find(struct cgroup_place *ret_place);

/* The bus of the systemd whose unit has this folder, whatever the place's source is; false when there is none. */
bool cgroup_find_bus_of(struct cgroup_place *place, const char *folder);

/* The folder that this process is in, as a path. Returns 0, -ESRCH (also where no mount shows it) or -ENAMETOOLONG. */
int cgroup_path_of(pid_t pid, char *ret_path, size_t capacity);

/*
 * The folder that this process is in, when the last part of its name begins or ends with `part`; a descriptor or a
 * negative errno, -ESTALE when it is another.
 */
int cgroup_open_of(pid_t pid, const char *part);

/* Why no limit of this controller can be set here, and what to do about it (constant). */
void cgroup_reason(const struct cgroup_place *place, enum cgroup_controller controller, char *ret_reason, size_t size);
const char *cgroup_remedy(const struct cgroup_place *place, enum cgroup_controller controller);

/* ---- In the block ---- */

/* STEP_CGROUP */
struct cgroup_step {
    uint32_t source; /* enum cgroup_source */
    uint32_t controllers;
    uint32_t parent; /* text, of DELEGATED */
    uint32_t bus;    /* text, of SYSTEMD */
    uint32_t is_inhabited;
};

enum cgroup_limit_flags {
    CGROUP_LIMIT_OPTIONAL = 1,   /* where the kernel has no such file there is nothing to limit */
    CGROUP_LIMIT_ROUNDED = 2,    /* bytes: what is read back is rounded down to pages */
    CGROUP_LIMIT_LINES = 4,      /* what is read back has other devices and keys too */
    CGROUP_LIMIT_PROCESSES = 16, /* which a user namespace can do too */
    CGROUP_LIMIT_LIST = 8,       /* numbers: "0,1" is read back as "0-1" */
};

/* STEP_CGROUP_LIMIT */
struct cgroup_limit {
    uint32_t file;  /* text */
    uint32_t value; /* text */
    uint32_t flags;
    uint32_t padding;
};

#endif
