/* One item of the field "mounts", read. Texts are borrowed from the specification. */
#ifndef ESQUEMA_MOUNT_ITEM_H
#define ESQUEMA_MOUNT_ITEM_H

#include "spec/spec.h"

struct mount_item {
    bool is_bind; /* else a tmpfs */
    bool is_writable;
    const char *source;
    const char *destination;
    const char *size;
    const char *inodes;
};

/* NULL when it is well written, else what is wrong with it. */
const char *mount_parse_item(const struct spec_item *item, struct mount_item *ret_item);

#endif
