/*
 * The names that are guarded: names whose contents run on the host (hooks, shell rc files) stay read-only, names that
 * keep secrets are hidden. Knows nothing of trees.
 */
#ifndef TOOLS_SANDBOX_GUARD_NAMES_H
#define TOOLS_SANDBOX_GUARD_NAMES_H

#include <stdbool.h>
#include <stddef.h>

enum guard_action {
    GUARD_NONE,
    GUARD_PIN, /* cannot be renamed, takes writes: a folder on the way to what is read-only */
    GUARD_READ_ONLY,
    GUARD_HIDE,
};

struct guard_file {
    const char *name;
    bool is_folder;
    const char *contents; /* of a stand-in for it */
};

struct guard_expectation {
    const char *name;
    bool is_folder;
    bool is_for_home;
};

/*
 * What git runs or follows. `commondir` says where hooks and config are, so it counts as they do; a stand-in for it
 * says that they are where it lies.
 */
extern const struct guard_file guard_of_git[];
extern const size_t guard_of_git_count; /* at most 32 */

/* What must not appear at the top of a writable tree. */
extern const struct guard_expectation guard_expected[];
extern const size_t guard_expected_count;

/* What the name stands for in a folder; `in_git`: the folder belongs to a repository's own files. */
enum guard_action guard_action_of(const char *name, bool in_git);
/* Is the folder one of those whose `hooks` and `config` count? Given the tree's own path, which may end in a repository
 * or lie in one, and the folder's beneath it; "" is the tree itself. */
bool guard_is_git(const char *tree, const char *folder);
/* Would git take the folder for a repository, whatever its name is? What lies in either counts; -1: there is no other.
 */
bool guard_looks_like_git(int folder, int other);

/* The attribute by which a stand-in that a killed run left is known; and the modes by which it is known until it has
 * the attribute, or where there are none: nobody else makes such a file or folder by chance. */
#define GUARD_MARK "user.esquema.placeholder"
enum { GUARD_MODE_FOLDER = 01700, GUARD_MODE_FILE = 01600 };

/* Is it a stand-in of ours? */
bool guard_is_marked(int fd);
bool guard_is_placeholder(int folder, const char *name);

#endif
