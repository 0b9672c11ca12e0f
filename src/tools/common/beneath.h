/* Files beneath a folder that a stranger has filled: reached through no link, and never outside of it. */
#ifndef TOOLS_COMMON_BENEATH_H
#define TOOLS_COMMON_BENEATH_H

#include <stdbool.h>
#include <sys/types.h>

enum { BENEATH_DEPTH_MAX = 200 };

/* A close-on-exec descriptor, or -1 with errno (ELOOP: a link is in the way; EXDEV: it leads outside). */
int beneath_open(int folder, const char *path, int flags, mode_t mode);

/* The same from the root of the file system, for a path that was real when it was written down. */
int beneath_open_absolute(const char *path, int flags);

/* The folder that `path` lies in; *ret_name gets its last part, within `path`. */
int beneath_open_parent(int folder, const char *path, const char **ret_name);

/* Makes every folder on the way that is missing. */
bool beneath_make_folders(int folder, const char *path, mode_t mode);

/* Removes what is called `name`, with all that lies in it; what is not there is removed already. false: errno. */
bool beneath_remove(int folder, const char *name);

#endif
