/*
 * The step of the facility cgroup that the mute child executes. A cgroup namespace has the cgroup of its maker at the
 * time as its root: when clone makes it, that is the launcher's cgroup and not yet the container's.
 */
#include <sched.h>
#include "plan/step.h"

int cgroup_apply(const struct step *step, struct child *child)
{
    (void)step;
    (void)child;
    return (int)SYS(SYS_unshare, CLONE_NEWCGROUP);
}
