/* What ns_plan leaves in the block. */
#ifndef ESQUEMA_NS_H
#define ESQUEMA_NS_H

#include <stdint.h>

struct ns_hostname {
    uint32_t name; /* offset */
    uint32_t length;
};

/* STEP_IDS: ids inside; what they are mapped to is found at the launch (struct child). */
struct ns_ids {
    uint32_t uid;
    uint32_t gid;
};

#endif
