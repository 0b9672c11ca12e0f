/* One tree and the layer of what was written to it, in the form of the kernel's overlayfs (see tree.c). */
#ifndef TOOLS_SANDBOX_TREE_H
#define TOOLS_SANDBOX_TREE_H

#include <esquema.h>
#include <stdbool.h>
#include <stdio.h>

struct tree_change {
    const char *path; /* of the tree */
    int tree, upper;  /* folders; not owned */
    bool applies_all; /* guarded names, too */
    size_t left;      /* how many guarded names were left out */
    FILE *out;
    esq_error *ret_error;
};

bool tree_is_empty(const struct tree_change *change);
/* "A path", "M path" or "D path": added, modified, deleted. */
bool tree_print(struct tree_change *change);
bool tree_apply(struct tree_change *change);

#endif
