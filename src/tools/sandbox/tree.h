/* One tree and the layer of what was written to it, in the form of the kernel's overlayfs (see tree.c). */
#ifndef TOOLS_SANDBOX_TREE_H
#define TOOLS_SANDBOX_TREE_H

#include <esquema.h>
#include <stdbool.h>

/*
 * One change: 'A', 'M' or 'D' for added, modified, deleted, of a path beneath the tree. Where changes are applied, one
 * that is left out: 'G' because its name is guarded, 'K' because it is neither file, folder nor link, 'O' because its
 * name is one of ours.
 */
typedef void tree_visitor(void *data, char letter, const char *tree, const char *path, bool is_folder);

struct tree_change {
    const char *path;      /* of the tree */
    int tree, upper;       /* folders; not owned */
    bool applies_all;      /* guarded names, too */
    size_t left;           /* how many were left out */
    tree_visitor *visitor; /* of what is changed, or left out */
    void *data;
    esq_error *ret_error;
};

/* "added", "modified", "deleted" */
const char *tree_change_word(char letter);

bool tree_is_empty(const struct tree_change *change);
/* In the order of the names; a folder before what lies in it. */
bool tree_visit(struct tree_change *change);
bool tree_apply(struct tree_change *change);
/* Takes away what tree_apply leaves in the tree when it is killed. */
bool tree_clean(struct tree_change *change);

#endif
