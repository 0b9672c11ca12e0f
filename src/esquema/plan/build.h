/* The plan under construction; for the files of plan/ and for the facility init, which closes it with the job. */
#ifndef ESQUEMA_PLAN_BUILD_H
#define ESQUEMA_PLAN_BUILD_H

#include "base/buffer.h"
#include "plan/plan.h"

struct plan_builder {
    struct buffer block;   /* head, then data in the order in which it was added */
    struct buffer steps;   /* appended to the block at the end */
    struct buffer notes;   /* lines for who reads the plan */
    struct buffer excused; /* as in struct esq_plan */
    struct spec_problems
        *missing; /* takes what is missing and not excused; NULL: the first of them ends the building */
    bool is_root_read_only;
    uint32_t *writable; /* offsets of the paths inside that are mounted writable, where the root is read-only */
    size_t writable_count;
    struct plan_disk_tree *disk_trees;
    size_t disk_tree_count;
    int *held;
    size_t held_count;
};

#endif
