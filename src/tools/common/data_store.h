/* The folders in which the user's data is kept: DATA/KIND, each item a folder of its own. */
#ifndef TOOLS_COMMON_DATA_STORE_H
#define TOOLS_COMMON_DATA_STORE_H

#include <limits.h>

/*
 * Opens DATA/KIND, made where it is missing, for nobody else to read. `path` gets its name. -1 with errno; EINVAL where
 * `data` is NULL or no absolute path.
 */
int data_store_open(const char *data, const char *kind, char path[PATH_MAX]);

#endif
