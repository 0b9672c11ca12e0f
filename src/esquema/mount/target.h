/*
 * The targets of a container in the order in which they are mounted, while planning: each knows which earlier one
 * covers its mount point, so that the point is looked for, or made, in the right place. Opens what it looks at.
 */
#ifndef ESQUEMA_MOUNT_TARGET_H
#define ESQUEMA_MOUNT_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include "spec/spec.h"

enum target_kind {
    TARGET_ROOT,
    TARGET_PROC,
    TARGET_DEV,
    TARGET_TMPFS,
    TARGET_BIND,
    TARGET_OVERLAY, /* a tree of the host with a layer for writes above it */
    TARGET_TEXT,    /* a small file of ours, read-only */
    TARGET_LINK,    /* a symbolic link in memory of ours */
    TARGET_HIDE,    /* what lies there becomes empty */
    TARGET_PIN,     /* what lies there becomes a mount of its own, so that it cannot be renamed or replaced */
};

/* A mount point that must be made: path relative to the covering target. */
struct target_point {
    char *path;
    const char *link; /* it is a symbolic link that leads there; else NULL */
    bool is_file;
};

struct target {
    enum target_kind kind;
    const char *path; /* in the container, absolute; borrowed from the specification or a constant */
    const esq_location *where;
    const char *source; /* BIND, OVERLAY, ROOT: path on the host; LINK, TEXT: as in an item */
    const char *keep;   /* OVERLAY */
    const char *remark; /* TEXT: what the plan says of it besides, or NULL */
    int fd;             /* BIND, ROOT: O_PATH of the source, -1 otherwise; not owned */
    bool is_writable;
    bool is_device;  /* BIND: a node of /dev */
    bool is_created; /* BIND: a volume, made by the launcher where it is not there yet */
    char *owned;     /* memory behind `source`, or `path`, or NULL */
    bool is_file;
    bool is_optional; /* TEXT: what is done without where its point has gone */
    bool is_ours;     /* in memory: points can be made in it */
    uint32_t tree;
    const char *size; /* TMPFS */
    const char *inodes;
    struct target_point *points;
    size_t point_count;
};

struct target_list {
    struct target *items;
    size_t count;
};

void targets_done(struct target_list *list);
struct target *targets_add(struct target_list *list, enum target_kind kind, const char *path,
                           const esq_location *where);
/* Takes the last one away again, which no other lies on. */
void targets_drop_last(struct target_list *list);
/* What lies at the path, or deepest above it; NULL where nothing does. */
const struct target *targets_cover(const struct target_list *list, const char *path);
/* The part of `path` beneath `cover`, without slashes before it; NULL when it does not lie there. */
const char *target_path_beneath(const char *cover, const char *path);
/* Does a later mount lie over this one, at its path or above it? */
bool targets_is_covered(const struct target_list *list, size_t index);
/*
 * Finds the point of the last target in the list: existing in its covering target, or to be made there.
 * Returns 0, or a negative errno with ret_error filled.
 */
int targets_place_last(struct target_list *list, esq_error *ret_error);

#endif
