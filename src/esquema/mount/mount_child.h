/* What the child's half of the facility mount shares between its files. */
#ifndef ESQUEMA_MOUNT_CHILD_H
#define ESQUEMA_MOUNT_CHILD_H

#include "mount/mount.h"
#include "plan/step.h"

int mount_make_tmpfs(const char *size, const char *inodes, const char *mode, unsigned attributes);
int mount_make_points(const struct plan_block *block, int root, uint32_t offset, uint32_t count);
int mount_open_source(const struct plan_block *block, const struct mount_source *source);
int mount_apply_root(const struct step *step, struct child *child);

#endif
