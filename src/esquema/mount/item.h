/* One item of the field "mounts", read. Texts are borrowed from the specification. */
#ifndef ESQUEMA_MOUNT_ITEM_H
#define ESQUEMA_MOUNT_ITEM_H

#include "mount/target.h"
#include "spec/spec.h"

struct mount_item {
    enum target_kind kind;
    bool is_volume; /* a BIND whose source is a name */
    bool is_writable;
    const char *source; /* BIND, OVERLAY: on the host; LINK: where it leads; TEXT: the contents */
    const char *keep;   /* OVERLAY: folder of the host that takes the writes, or NULL */
    const char *destination;
    const char *size;
    const char *inodes;
};

/* NULL when it is well written, else what is wrong with it. */
const char *mount_parse_item(const struct spec_item *item, struct mount_item *ret_item);

#endif
