/*
 * The state of a search, shared by what looks at every name (guard.c) and what follows the names that lead elsewhere
 * (guard_leads.c).
 */
#ifndef TOOLS_SANDBOX_GUARD_SEARCH_H
#define TOOLS_SANDBOX_GUARD_SEARCH_H

#include <limits.h>
#include <sys/stat.h>
#include <sys/types.h>
#include "tools/sandbox/guard.h"

/* A file that has more names than one. */
struct alias {
    char *path;
    size_t tree;
    dev_t device;
    ino_t inode;
    enum guard_action action;
};

/* A link in a folder that is guarded. */
struct link {
    char *path;
    enum guard_action action;
};

/* Where the files of a repository are checked out, and what says so there: `.git`, or a bare repository itself. */
struct worktree {
    char *root;
    char *git;
};

struct search {
    const struct guard_trees *trees;
    const char *const *hide;
    size_t hide_count;
    struct guards *found;
    struct alias *aliases;
    size_t alias_count;
    struct link *links;
    size_t link_count;
    struct worktree *worktrees;
    size_t worktree_count;
    size_t configurations; /* that were read */
    size_t entries;
    size_t tree; /* the one that is searched */
    esq_error *ret_error;
};

/* All of these are false when the search is over, and the error is filled. */
bool search_no_memory(struct search *search);
bool search_guard(struct search *search, size_t tree, const char *path, enum guard_action action);
bool search_add_alias(struct search *search, const char *path, const struct stat *about, enum guard_action action);
/* In the tree that is searched. */
bool search_add_placeholder(struct search *search, const char *path, bool is_folder, const char *contents);
/* What a link leads to, by all its names. */
bool search_guard_target(struct search *search, const char *path, enum guard_action action);
/* Takes the descriptor of a folder in the tree that is searched. `around`: how what lies around it is guarded. */
bool search_into(struct search *search, int folder, const char *path, enum guard_action around, unsigned depth);

bool search_is_named(const struct search *search, const char *path);
/* The tree that the path lies in, SIZE_MAX: none. */
size_t search_tree_of(const struct search *search, const char *path);

/* ---- guard_leads.c: when every name was seen ---- */

/* What the repositories' own files lead to, and the user's: hooks and configurations that lie elsewhere. */
bool search_guard_repositories(struct search *search);
/* What the home folder's own files are links to. */
bool search_guard_home(struct search *search);
/* The folders in which this program keeps what it goes by. */
bool search_guard_own(struct search *search);
/* Does the path, in the tree that is searched, lie in such a folder? It is hidden as a whole. */
bool search_is_own(const struct search *search, const char *path);
/* What links in guarded folders lead to. */
bool search_guard_links(struct search *search);
/* The repository of a work tree, where what its worktrees have in common lies. false: it leads to none. */
bool search_find_common(const struct search *search, const struct worktree *worktree, char ret[PATH_MAX]);

/* ---- guard_exclude.c: when all that is guarded is known ---- */

/* Has git leave out what is hidden and what stands in, where that can be said, and marks what is hidden and tracked. */
void search_exclude(struct search *search);

#endif
