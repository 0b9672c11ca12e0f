/* A log that is read while it is written and rotated. */
#ifndef TOOLS_ESQUEMA_FOLLOW_H
#define TOOLS_ESQUEMA_FOLLOW_H

#include <stddef.h>

struct follower {
    int folder; /* of the log, owned */
    int file;   /* that is read, owned; -1 where there is none */
};

typedef void follow_fn(void *data, const char *bytes, size_t length);

/*
 * All that is there behind what was read before, over the borders of rotated files. Returns 0, or the errno of what
 * could not be read: the next call tries that again.
 */
int follower_read(struct follower *follower, follow_fn *take, void *data);
/* What is there by now counts as read. */
void follower_skip(struct follower *follower);
void follower_close(struct follower *follower);

#endif
