/* Id maps of several lines, which only the set-id programs of the host may write. */
#ifndef ESQUEMA_LAUNCH_MAP_HELPER_H
#define ESQUEMA_LAUNCH_MAP_HELPER_H

#include <sys/types.h>

/*
 * Has newuidmap (`is_gid` 0) or newgidmap write `map` ("0 1000 1\n1 100000 65536\n") for a child that waits.
 * Returns 0; -ENOENT where the program is not installed, -EPERM where it refused; it says why on standard error.
 */
int map_helper_write(pid_t pid, int is_gid, const char *map);

#endif
