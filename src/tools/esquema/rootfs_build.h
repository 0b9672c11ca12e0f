/* From a recipe, a Scheme program that is not trusted, to the files of a root filesystem. */
#ifndef TOOLS_ESQUEMA_ROOTFS_BUILD_H
#define TOOLS_ESQUEMA_ROOTFS_BUILD_H

#include <schooner.h>
#include "tools/esquema/rootfs_store.h"

/* Carries out every step of the recipe in `file`. false: ret_error. */
bool rootfs_build(const char *file, struct rootfs_draft *draft, esq_error *ret_error);

/* Where the step of this number, from 1, stands in the text of a recipe. false: that is not known. */
bool rootfs_find_step(struct sch_source source, size_t number, unsigned *ret_line, unsigned *ret_column);

/* ---- What a step does: rootfs_steps.c ---- */

enum { ROOTFS_WORDS_MAX = 256 };

struct rootfs_step {
    const char *words[ROOTFS_WORDS_MAX]; /* the first is its name */
    size_t count;
    int64_t mode; /* a number at the end; -1: none */
};

/* `folder`: of the recipe, which is all of the host that a step may read. */
bool rootfs_take_step(const struct rootfs_step *step, int folder, struct rootfs_draft *draft, esq_error *ret_error);

#endif
