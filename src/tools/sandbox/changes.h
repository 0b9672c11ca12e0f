/*
 * What an overlaid run changed: kept aside in the user's data folder, one numbered folder for each run, until it is
 * applied or discarded. The contents were written by whoever ran: they are looked at through no link.
 */
#ifndef TOOLS_SANDBOX_CHANGES_H
#define TOOLS_SANDBOX_CHANGES_H

#include <esquema.h>
#include <limits.h>
#include <stdbool.h>
#include "tools/sandbox/tree.h"

enum { CHANGES_TREES_MAX = 64 };

struct changes {
    int fd; /* of its folder, locked as long as it is open; -1: none */
    unsigned number;
    char path[PATH_MAX + 16];
};

/* A new folder. false: ret_error. */
bool changes_new(struct changes *ret, esq_error *ret_error);
/* Room for the writes to a tree, the index-th. Its name is what an overlay takes as `keep`. */
bool changes_add_tree(const struct changes *changes, size_t index, const char *tree, char *ret_keep, size_t size,
                      esq_error *ret_error);
/* The folder of what was written to the tree. -1 with errno. */
int changes_open_upper(const struct changes *changes, size_t index);
/* An existing one, the newest where `number` is 0. */
bool changes_open(unsigned number, struct changes *ret, esq_error *ret_error);
void changes_close(struct changes *changes);

bool changes_are_none(const struct changes *changes);
bool changes_remove(struct changes *changes, esq_error *ret_error);
/* Each changed file. false: ret_error. */
bool changes_visit(const struct changes *changes, tree_visitor *visitor, void *data, esq_error *ret_error);
/*
 * Makes the trees what the run saw. Names that are guarded are left out, unless `all`, and told to the visitor.
 * *ret_left: how many were left out.
 */
bool changes_apply(const struct changes *changes, bool all, tree_visitor *visitor, void *data, size_t *ret_left,
                   esq_error *ret_error);
typedef void changes_visitor(void *data, unsigned number, const char *tree);
/* Each tree of each run whose changes are kept. */
bool changes_list(changes_visitor *visitor, void *data, esq_error *ret_error);

#endif
