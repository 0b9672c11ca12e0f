/*
 * A terminal that is given as the container's standard input belongs to another /dev/pts: inside it has no name, and
 * ttyname() says that it is no terminal. So it is bound at /dev/console, where the C library finds it. Nothing is
 * given by that which is not held already: only a terminal that is open for both directions gets a name, and a second
 * opening of it is another descriptor of the same.
 */
#include "plan/plan.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "mount/planning.h"

#define CONSOLE "/dev/console"

/* The name of the terminal among the host's. False: it is none, or has none. */
static bool find_name(int fd, char name[PATH_MAX])
{
    char link[64];
    struct stat held, named;
    int flags = sys_fd_flags(fd);
    if (flags < 0 || (flags & O_ACCMODE) != O_RDWR || !isatty(fd) || sys_fstat(fd, &held) < 0)
        return false;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, name, PATH_MAX - 1);
    if (length <= 0)
        return false;
    name[length] = '\0';
    return strncmp(name, "/dev/", 5) == 0 && lstat(name, &named) == 0 && named.st_dev == held.st_dev &&
           named.st_ino == held.st_ino && named.st_rdev == held.st_rdev && S_ISCHR(named.st_mode);
}

int mount_add_console(const esq_spec *spec, struct plan_builder *builder, struct target_list *list,
                      esq_error *ret_error)
{
    char name[PATH_MAX];
    int fd = spec_fd(spec, SPEC_STDIN);
    if (fd < 0 || !find_name(fd, name))
        return 0;
    struct target *target = targets_add(list, TARGET_BIND, CONSOLE, spec_where(spec, SPEC_STDIN));
    if (!target || !(target->owned = strdup(name)))
        return mount_no_memory(ret_error);
    target->source = target->owned;
    target->is_writable = target->is_device = true;
    int result = mount_open_host(builder, target, ret_error);
    return result < 0 ? result : targets_place_last(list, ret_error);
}
