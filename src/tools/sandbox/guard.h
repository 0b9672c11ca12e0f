/*
 * What is guarded in the trees that a sandbox sees: names whose contents run on the host (hooks, shell rc files) stay
 * read-only, names that keep secrets are hidden. Here are the names, and the search for them.
 */
#ifndef TOOLS_SANDBOX_GUARD_H
#define TOOLS_SANDBOX_GUARD_H

#include <esquema.h>
#include <stdbool.h>
#include <stddef.h>

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

enum guard_action {
    GUARD_NONE,
    GUARD_PIN, /* cannot be renamed, takes writes: a folder on the way to what is read-only */
    GUARD_READ_ONLY,
    GUARD_HIDE,
};

struct guard_name {
    char *path; /* absolute */
    size_t tree;
    enum guard_action action;
};

/* What is made for the time of a run, so that nobody else makes it. */
struct guard_placeholder {
    char *path; /* beneath its tree */
    size_t tree;
    bool is_folder;
    const char *contents;
};

struct guards {
    struct guard_name *names; /* by tree and path */
    size_t count;
    struct guard_placeholder *placeholders;
    size_t placeholder_count;
};

/* The attribute by which a stand-in that a killed run left is known. */
#define GUARD_MARK "user.esquema.placeholder"

/* Is it an empty stand-in of ours? */
bool guard_is_placeholder(int folder, const char *name);

/* What the name stands for in a folder; `in_git`: the folder belongs to a repository's own files. */
enum guard_action guard_action_of(const char *name, bool in_git);
/* Is the folder one of those whose `hooks` and `config` count? Given the path beneath the tree. */
bool guard_is_git(const char *path);

/*
 * Searches all trees. `hide` are further patterns, of names or, with a slash, of paths beneath the tree. Opens nothing
 * through a link. false: a tree is too large or too deep, cannot be read, or has a link where a file is expected;
 * ret_error says which. guards_done is due in any case.
 */
bool guards_find(const struct guard_trees *trees, const char *const *hide, size_t hide_count, struct guards *ret,
                 esq_error *ret_error);
void guards_done(struct guards *guards);

#endif
