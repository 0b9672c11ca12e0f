/*
 * What git's own small files lead to: a file `.git` to the repository, a configuration to hooks and to further
 * configurations; and which paths an index lists. Reads; knows nothing of trees and guards.
 */
#ifndef TOOLS_SANDBOX_GIT_FILES_H
#define TOOLS_SANDBOX_GIT_FILES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum git_lead {
    GIT_REPOSITORY,    /* a folder; relative to that of the file */
    GIT_HOOKS,         /* a folder, core.hooksPath; relative to where the repository's files are checked out */
    GIT_CONFIGURATION, /* a file, include.path and includeIf.*.path; relative to the folder of the configuration */
    GIT_WORKTREE,      /* a folder, core.worktree: where the files are checked out; relative to the repository */
};

/* `path` as it is written there, "~/" and all. false ends the reading. */
typedef bool git_lead_fn(void *data, enum git_lead lead, const char *path);

enum { GIT_FILE_MAX = 1 << 20, GIT_INDEX_MAX = 16 << 20 };

/* Reads a regular file, with a NUL behind it. NULL: there is none that we may read, or no memory. *ret_is_too_large: of
 * more than GIT_FILE_MAX bytes, which counts as none. To be freed. */
char *git_file_read(const char *path, bool *ret_is_too_large);

/* The index of a work tree, with a NUL behind it. NULL as above, or of more than GIT_INDEX_MAX bytes. To be freed. */
char *git_index_read(const char *path, size_t *ret_size);
/* Does it list the path, or one beneath it? For advice: of version 4, which shortens paths, it knows nothing. */
bool git_index_has(const char *index, size_t size, const char *path);

/* The first line of a file, past `prefix`: "gitdir: " of `.git`, "" of `commondir`. false: it does not begin so. */
bool git_file_line(const char *text, const char *prefix, char ret[PATH_MAX]);

/* Where a variable of the environment leads, "include.path" and the like. false: nowhere. */
bool git_variable_leads(const char *name, enum git_lead *ret);
/* Reads on behind what git would refuse, so that nothing is hidden by it. Returns false when `found` did. */
bool git_config_leads(const char *text, git_lead_fn *found, void *data);

#endif
