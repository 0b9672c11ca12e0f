/* What is guarded in the trees that a sandbox sees: the search for guarded names, and all that leads to them. */
#ifndef TOOLS_SANDBOX_GUARD_H
#define TOOLS_SANDBOX_GUARD_H

#include <esquema.h>
#include <stdbool.h>
#include <stddef.h>
#include "tools/sandbox/guard_names.h"

/* A tree that the user named. */
struct guard_tree {
    char *path;  /* real */
    char *given; /* absolute, as it was named: its last part may be a link */
    bool is_writable;
    bool is_file;
    bool is_home; /* rc files are expected in it */
    int fd;       /* of a folder, open for reading; else -1 */
};

struct guard_trees {
    struct guard_tree *items; /* by path, so that what lies around comes first */
    size_t count;
};

struct guard_name {
    char *path; /* absolute */
    size_t tree;
    enum guard_action action;
    bool is_tracked; /* and hidden: git sees that it has changed */
};

/* What is made for the time of a run, so that nobody else makes it. */
struct guard_placeholder {
    char *path; /* beneath its tree */
    size_t tree;
    bool is_folder;
    const char *contents;
};

/* A file that says more inside than it does here. */
struct guard_text {
    char *path; /* absolute */
    char *contents;
    size_t tree;
};

struct guards {
    struct guard_name *names; /* by tree and path */
    size_t count;
    struct guard_text *texts;
    size_t text_count;
    struct guard_placeholder *placeholders;
    size_t placeholder_count;
};

/*
 * Searches all trees. `hide` are further patterns, of names or, with a slash, of paths beneath the tree. Opens nothing
 * through a link. false: a tree is too large or too deep, cannot be read, or has a link where a file is expected;
 * ret_error says which. guards_done is due in any case.
 */
bool guards_find(const struct guard_trees *trees, const char *const *hide, size_t hide_count, struct guards *ret,
                 esq_error *ret_error);
void guards_done(struct guards *guards);

#endif
