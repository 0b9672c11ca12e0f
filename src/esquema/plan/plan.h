/*
 * The plan: one flat, versioned block with offsets instead of pointers. Steps are executed where they lie.
 *
 * How a facility plugs in
 *   1. its fields in spec/spec_fields.def, its kinds of step in plan/steps.def, its name in plan/facilities.def;
 *   2. void x_check(spec, problems)   everything about its fields that is wrong, each with its place;
 *   3. void x_grants(spec, grants)    what it asks of the host (weakened walls, excuses): spec_grant("wall", "x", ...);
 *   4. int  x_plan(spec, builder, ret_error)   append steps, with every string and structure prepared; 0 or negative
 *      errno with ret_error filled (esq_fail);
 *   5. int  x_apply(step, child)      execute one step, in a file of its own, x_child.c, which calls only sys/ wrappers
 *      (src/esquema/child-symbols.txt lists what child objects may refer to);
 *   6. one test file.
 * No switch is touched and no facility calls another.
 */
#ifndef ESQUEMA_PLAN_H
#define ESQUEMA_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "error/error.h"
#include "plan/step.h"
#include "spec/spec.h"

#define PLAN_MAGIC 0x50515345u /* "ESQP" */
/* A plan that lacks what was asked for: it can be read, and whoever would launch it finds that it is no plan. */
#define PLAN_MAGIC_TO_READ 0x52515345u /* "ESQR" */
#define PLAN_VERSION       1u
#define PLAN_SIZE_MAX      (16u << 20)

/* The head of the block. */
struct plan_block {
    uint32_t magic;
    uint32_t version;
    uint32_t size;  /* of the whole block */
    uint32_t steps; /* offset of struct step[step_count] */
    uint32_t step_count;
    uint32_t clone_flags_low; /* namespaces of its own, CLONE_NEW* */
    uint32_t tree_count;
    uint32_t name;    /* of the container, or 0 */
    uint32_t uid_map; /* texts for /proc/PID/uid_map and gid_map, or 0: the user namespace is shared, or STEP_IDS */
    uint32_t gid_map;
    uint32_t job; /* struct init_job, to be written to a sealed file as it is */
    uint32_t job_size;
    uint32_t descriptors;      /* struct plan_descriptors */
    uint32_t has_id_ranges;    /* the maps have several lines: newuidmap and newgidmap write them */
    uint32_t is_processes_set; /* the cgroup limits processes; else the facility rlimit does */
    uint32_t padding;
    uint64_t processes;  /* and threads, at most; 0: unlimited */
    uint64_t time_ms;    /* wall-clock limit, 0: none */
    uint64_t grace_ms;   /* between TERM and KILL */
    uint64_t output_max; /* bytes on descriptors 1 and 2, 0: no limit */
    uint64_t disk_max;   /* bytes that it may add to the host's disk, 0: no limit */
    uint32_t disk_trees; /* struct plan_disk_tree[disk_tree_count] */
    uint32_t disk_tree_count;
};

/* A file or folder of the host that the container may write to. */
struct plan_disk_tree {
    uint32_t path; /* real path on the host */
    uint32_t
        is_own; /* holds nothing but what containers of this name have kept: all of it counts, not what was added */
    uint64_t device;
    uint64_t inode; /* 0: the launcher makes it, there was nothing to see */
};

struct plan_builder;

/* ---- For x_plan ---- */

/* A step with its text; data may be NULL with size 0. Returns 0 or -ENOMEM, -E2BIG. */
int plan_add_step(struct plan_builder *builder, enum step_kind kind, const esq_location *where, const char *remedy,
                  const void *data, size_t size, const char *format, ...) __attribute__((format(printf, 7, 8)));
/* Offset of the last step's data. */
uint32_t plan_last_data(const struct plan_builder *builder);
/* Copies bytes or a text into the block, aligned to 8. Returns the offset, 0 when there is no memory. */
uint32_t plan_add_bytes(struct plan_builder *builder, const void *bytes, size_t size);
uint32_t plan_add_text(struct plan_builder *builder, const char *text);
/* The plan owns this descriptor from now on and closes it when it is freed (also when building fails). */
int plan_hold_fd(struct plan_builder *builder, int fd);
/* The root is mounted read-only; what lies writable in it is said by plan_add_writable, `path` being a plan's text. */
void plan_set_root_read_only(struct plan_builder *builder);
int plan_add_writable(struct plan_builder *builder, uint32_t path);
/* What the container writes there lies on the host's disk. 0 or -ENOMEM. */
int plan_add_disk_tree(struct plan_builder *builder, const struct plan_disk_tree *tree);
/* The head of the block under construction; invalid after the next plan_add_. */
struct plan_block *plan_head(struct plan_builder *builder);
/* "x needs y, which this kernel lacks": -ENOTSUP unless the description excuses `name`, then 0 and a line in the plan.
 */
int plan_missing(struct plan_builder *builder, const esq_spec *spec, const char *name, const esq_location *where,
                 const char *remedy, esq_error *ret_error, const char *format, ...)
    __attribute__((format(printf, 7, 8)));

/* Takes what a survey finds besides; NULL where a container is about to be started, which will find out by itself. */
struct spec_problems *plan_problems(struct plan_builder *builder);

/* A line of the plan about what it does without. Returns 0 or -ENOMEM. */
int plan_note(struct plan_builder *builder, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A default that this kernel lacks, which is no reason to stop: a line in the plan. Returns 0 or -ENOMEM. */
int plan_absent(struct plan_builder *builder, const char *text);

/* ---- For launch, print and tests ---- */

struct esq_plan {
    struct plan_block *block;
    int *held; /* descriptors */
    size_t held_count;
    char *notes;   /* what is missing and excused or absent, a line each */
    char *excused; /* what is missing and excused: each its name and a text, with a NUL behind both */
    size_t excused_size;
};

static inline const struct step *plan_step(const struct plan_block *block, size_t index)
{
    return (const struct step *)((const char *)block + block->steps) + index;
}

const char *step_kind_name(enum step_kind kind);
enum step_place step_kind_place(enum step_kind kind);

/* ---- The facilities ---- */

#define FACILITY(name)                                                       \
    void name##_check(const esq_spec *spec, struct spec_problems *problems); \
    void name##_grants(const esq_spec *spec, struct spec_grants *grants);    \
    int name##_plan(const esq_spec *spec, struct plan_builder *builder, esq_error *ret_error);
#include "plan/facilities.def"
#undef FACILITY

#endif
