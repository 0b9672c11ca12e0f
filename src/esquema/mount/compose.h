/* The list of entries from which a root is composed where the kernel refuses overlay. */
#ifndef ESQUEMA_MOUNT_COMPOSE_H
#define ESQUEMA_MOUNT_COMPOSE_H

#include "mount/target.h"
#include "plan/plan.h"

/*
 * Reads the directory of `root` as far as its missing mount points reach. No entries (count 0) when there are too many
 * of them: then there is no way but overlay. Returns 0 or a negative errno.
 */
int mount_compose(struct plan_builder *builder, const struct target *root, uint32_t *ret_offset, uint32_t *ret_count,
                  esq_error *ret_error);

#endif
