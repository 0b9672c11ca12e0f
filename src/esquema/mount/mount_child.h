/* What the child's half of the facility mount shares between its files. */
#ifndef ESQUEMA_MOUNT_CHILD_H
#define ESQUEMA_MOUNT_CHILD_H

#include <linux/mount.h>
#include "mount/mount.h"
#include "plan/step.h"

/* of every mount that holds files */
#define MOUNT_TREE_FLAGS (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

int mount_make_tmpfs(const char *size, const char *inodes, const char *mode, unsigned attributes);
int mount_make_points(const struct plan_block *block, int root, uint32_t offset, uint32_t count);
int mount_open_source(const struct plan_block *block, const struct mount_source *source);
int mount_attach_at(struct child *child, int tree, const char *target);
/*
 * An overlay's layers are put together in a tmpfs that lies over "/" meanwhile and is the working directory; once the
 * overlay has them, sys_detach_here takes it away.
 */
int mount_enter_scratch(struct child *child, const char *size, const char *inodes);
/* A copy of the one mount with the attributes `set`, attached at `name` in the scratch. */
int mount_place_layer(const struct plan_block *block, const struct mount_source *layer, uint64_t set, int scratch,
                      const char *name);
/* The layers' paths are relative to the working directory; no upper one: read-only. */
int mount_make_overlay(const char *lower, const char *upper, const char *work);
int mount_apply_root(const struct step *step, struct child *child);
int mount_apply_overlay(const struct step *step, struct child *child);
int mount_apply_cover(const struct step *step, struct child *child);
int mount_apply_pin(const struct step *step, struct child *child);

#endif
