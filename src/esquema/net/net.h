/* What net_plan leaves in the block for the launcher's step. */
#ifndef ESQUEMA_NET_H
#define ESQUEMA_NET_H

#include <stdint.h>

#define NET_PROGRAM       "/usr/bin/pasta" /* by its full path: PATH is whoever starts us's */
#define NET_ARGUMENTS_MAX 160

/* STEP_USER_NETWORK: arguments[count], offsets of texts; those that name the namespaces are added when it is started.
 */
struct net_program {
    uint32_t arguments;
    uint32_t count;
};

#endif
