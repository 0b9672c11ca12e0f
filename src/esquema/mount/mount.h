/*
 * What mount_plan leaves in the block for mount_apply. Offsets are from the beginning of the block.
 * Shared by the planning half (which opens and looks) and the child's half (which only executes).
 */
#ifndef ESQUEMA_MOUNT_H
#define ESQUEMA_MOUNT_H

#include <stdint.h>

/* STEP_SOURCE: a detached copy of something of the host, with its flags, in child->trees[tree]. */
struct mount_source {
    uint32_t path; /* real path; what lies there must be the file that was seen while planning: */
    uint32_t tree;
    uint64_t device;
    uint64_t inode; /* 0: the launcher makes it, there was nothing to see */
    uint64_t set;   /* MOUNT_ATTR_* */
    uint32_t is_recursive;
    uint32_t padding;
};

/* STEP_KEEP: a folder that the launcher makes where it is not there. */
struct mount_keep {
    uint32_t path;
    uint32_t is_layer; /* with the two layers of an overlay in it, for one container at a time */
    uint32_t lower;    /* then: the folder that they lie over, which is written down beside them */
    uint32_t padding;
};

/* A mount point to create in memory of our own: `name` in the directory `parent`. */
struct mount_point {
    uint32_t parent;
    uint32_t name;
    uint32_t is_file;
    uint32_t link; /* text: where it leads; 0: it is no link */
};

/* One entry of a root composed from binds, where overlay is refused. */
enum mount_entry_kind { MOUNT_ENTRY_DIRECTORY, MOUNT_ENTRY_BIND_DIRECTORY, MOUNT_ENTRY_BIND_FILE, MOUNT_ENTRY_LINK };

struct mount_entry {
    uint32_t path;
    uint32_t kind;
    uint32_t link; /* target of a symbolic link */
    uint32_t padding;
};

enum mount_root_mode {
    MOUNT_ROOT_TREE,    /* the directory itself, bound by a SOURCE step */
    MOUNT_ROOT_LAYERED, /* read-only: the directory above a skeleton of mount points; composed where that is refused */
    MOUNT_ROOT_OVERLAY, /* as above, with a throw-away layer for writes */
    MOUNT_ROOT_EMPTY,   /* a tmpfs with nothing but mount points, read-only */
};

/* STEP_ROOT */
struct mount_root {
    uint32_t mode;
    uint32_t points; /* struct mount_point[point_count] */
    uint32_t point_count;
    uint32_t entries; /* struct mount_entry[entry_count] */
    uint32_t entry_count;
    uint32_t size; /* texts: options of the tmpfs */
    uint32_t inodes;
    uint32_t keep;              /* OVERLAY: the folder of the kept layers, or 0 */
    struct mount_source source; /* TREE: only its tree counts */
};

/* STEP_BIND, STEP_PROC, STEP_TMPFS, STEP_DEV */
struct mount_attach {
    uint32_t target; /* path in the container */
    uint32_t tree;   /* BIND: index of the source */
    uint32_t size;   /* TMPFS: texts */
    uint32_t inodes;
    uint32_t mode;
    uint32_t points; /* TMPFS, DEV: struct mount_point[point_count], parents relative to the new mount */
    uint32_t point_count;
    uint32_t nodes; /* DEV: struct mount_node[node_count] */
    uint32_t node_count;
    uint32_t padding;
};

/* STEP_OVERLAY: a detached mount of a tree with a layer for writes above it, in child->trees[tree]. */
struct mount_overlay {
    struct mount_source lower;
    struct mount_source keep; /* the folder with `upper` and `work`; path 0: memory, thrown away */
    uint32_t size;            /* texts: options of the tmpfs that is the layer, or only holds the layers together */
    uint32_t inodes;
    uint32_t tree;
    uint32_t padding;
};

/* STEP_COVER: a text of ours lies over a file, or something empty over whatever is there. */
struct mount_cover {
    uint32_t target;
    uint32_t contents;
    uint32_t length;
    uint32_t is_optional; /* where its point is not found (kept changes moved it) the container goes without */
};

/* STEP_PIN: what is seen at the target becomes a mount of its own. */
struct mount_pin {
    uint32_t target;
    uint32_t is_writable;
};

struct mount_node {
    uint32_t host; /* "/dev/null" */
    uint32_t name; /* "null" */
};

/* STEP_MASK and STEP_PROC_READ_ONLY: paths[count] */
struct mount_path {
    uint32_t path;
    uint32_t is_file;
};

struct mount_paths {
    uint32_t paths;
    uint32_t count;
};

#define MOUNT_ENTRIES_MAX 512 /* of a composed root */

#endif
