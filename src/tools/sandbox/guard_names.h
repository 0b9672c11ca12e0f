/*
 * The names that are guarded: what a tool of the host runs or obeys by itself, while its user does something else
 * (hooks, shell rc files, settings of editors), stays read-only; names that keep secrets are hidden. Knows nothing of
 * trees.
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

/* Whose own files lie in a folder. */
enum guard_folder {
    GUARD_FOLDER_OTHER,
    GUARD_FOLDER_GIT,
    GUARD_FOLDER_HG,
    GUARD_FOLDER_JJ,       /* .jj */
    GUARD_FOLDER_JJ_STORE, /* .jj/repo */
    GUARD_FOLDER_MISE,     /* mise, .config/mise */
};

struct guard_file {
    enum guard_folder folder;
    const char *name;
    bool is_folder;
    const char *contents; /* of a stand-in for it; NULL: it has none, since its mere presence says something */
};

struct guard_expectation {
    const char *name;
    bool is_folder;
    bool is_for_home;
    const char *tool; /* the program that would follow it, without which there is no stand-in; NULL: always */
};

/*
 * What a system of versions runs or follows. git: `commondir` says where hooks and config are, so it counts as they do;
 * a stand-in for it says that they are where it lies. A rebase in progress runs the `exec` lines of its list.
 * Mercurial: `requires` says whether `sharedpath` counts. And what mise runs in every shell that enters the folder
 * around its own.
 */
extern const struct guard_file guard_files[];
extern const size_t guard_file_count; /* at most 32 */
/* Without this name in it the folder is no repository; NULL: it always is one. */
const char *guard_core_of(enum guard_folder folder);

/* What must not appear at the top of a writable tree. */
extern const struct guard_expectation guard_expected[];
extern const size_t guard_expected_count;

/* What the name stands for in such a folder. */
enum guard_action guard_action_of(const char *name, enum guard_folder folder);
/* Whose files count in the folder, by its name? Given the tree's own path, which may end in a repository or lie in one,
 * and the folder's beneath it; "" is the tree itself. */
enum guard_folder guard_folder_of(const char *tree, const char *folder);
/* Is it a file that says where the repository is? Given the folder that it lies in; `is_folder`: what itself is. */
bool guard_leads_to_repository(const char *name, enum guard_folder folder, bool is_folder);
/* Would git take the folder for a repository, whatever its name is? What lies in either counts; -1: there is no other.
 */
bool guard_looks_like_git(int folder, int other);
/* Could the name turn the folder (-1: a new one) into a repository, around a `config` that came before? Without `HEAD`
 * none is one; where that lies already, none is without `objects` and `refs`. */
bool guard_makes_git(int folder, const char *name);

/* The attribute by which a stand-in that a killed run left is known; and the modes by which it is known until it has
 * the attribute, or where there are none: nobody else makes such a file or folder by chance. */
#define GUARD_MARK "user.esquema.placeholder"
enum { GUARD_MODE_FOLDER = 01700, GUARD_MODE_FILE = 01600 };

/* Is it a stand-in of ours? */
bool guard_is_marked(int fd);
bool guard_is_placeholder(int folder, const char *name);

#endif
