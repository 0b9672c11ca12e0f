/* What ns_plan leaves in the block. */
#ifndef ESQUEMA_NS_H
#define ESQUEMA_NS_H

#include <stdint.h>

struct ns_hostname {
    uint32_t name; /* offset */
    uint32_t length;
};

#endif
