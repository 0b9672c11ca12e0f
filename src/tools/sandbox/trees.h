/* The trees that the user named. */
#ifndef TOOLS_SANDBOX_TREES_H
#define TOOLS_SANDBOX_TREES_H

#include "tools/sandbox/sandbox.h"

/* false: ret_error. trees_done is due in any case. */
bool trees_find(const struct sandbox_request *request, const char *home, struct guard_trees *ret, esq_error *ret_error);
void trees_done(struct guard_trees *trees);
/* The innermost tree that the real path lies in, NULL: none. */
const struct guard_tree *trees_around(const struct guard_trees *trees, const char *path);
/* Both absolute and without links; a folder lies beneath itself. */
bool path_is_beneath(const char *path, const char *folder);

#endif
