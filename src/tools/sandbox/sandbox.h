/*
 * A command behind the walls without a description: from what the command line names to a specification. Knows trees,
 * guards and limits; not how the container is made.
 */
#ifndef TOOLS_SANDBOX_SANDBOX_H
#define TOOLS_SANDBOX_SANDBOX_H

#include <esquema.h>
#include <stdbool.h>
#include <stdint.h>
#include "tools/sandbox/changes.h"
#include "tools/sandbox/guard.h"
#include "tools/sandbox/wish.h"

struct sandbox_words {
    const char *const *items;
    size_t count;
};

/* As the command line has it. */
struct sandbox_request {
    struct sandbox_words read_only, writable, hide, environment, best_effort, command;
    bool is_overlay;
    bool is_quiet;       /* nothing is said of what stands in a tree for the time of the run */
    const char *network; /* none, host or publish=PORT...; NULL: none */
    const char *memory, *disk, *processes, *output; /* NULL: the default; "0": no limit */
    uint64_t time;                                  /* nanoseconds; UINT64_MAX: the default; 0: no limit */
};

/* What stands in a tree for the time of the run. */
struct sandbox_stand_in {
    const struct guard_placeholder *about;
    dev_t device;
    ino_t inode;
};

struct sandbox {
    const struct sandbox_request *request;
    struct guard_trees trees;
    struct guards guards;
    struct wish wish;
    struct changes changes; /* of an overlay */
    struct sandbox_stand_in *stand_ins;
    size_t stand_in_count;
    size_t told; /* the tree whose stand-ins were reported last, from 1 */
    char home[PATH_MAX];
    bool is_elsewhere; /* the working directory is not shown: it starts in `home` */
};

/*
 * Looks at the host and writes the wish down. With `is_real` a folder for the changes of an overlay is made; without,
 * nothing is touched. false: ret_error. sandbox_done is due in any case.
 */
bool sandbox_prepare(const struct sandbox_request *request, bool is_real, struct sandbox *ret, esq_error *ret_error);
void sandbox_done(struct sandbox *sandbox);

/* The specification; what it asks of the host is what was named, or false. The caller owns it. */
bool sandbox_specify(const struct sandbox *sandbox, esq_spec **ret_spec, esq_error *ret_error);

/* Puts the stand-ins into their places, and takes them away again. */
bool sandbox_put_stand_ins(struct sandbox *sandbox, esq_error *ret_error);
void sandbox_take_stand_ins(struct sandbox *sandbox);

#endif
