/*
 * The envoy of launch.h: a process of a few system calls, in the launcher's memory while the launcher stands still. It
 * has every capability in the user namespace that owns the network, for as long as it takes to clone the child, and
 * executes nothing.
 */
#include <errno.h>
#include <sched.h>
#include "launch/launch.h"

long launch_bear(struct launch_birth *birth)
{
    if (birth->is_in_cgroup) {
        long pid = raw_clone3(&birth->arguments, launch_child_run, birth->child);
        if (pid != -ENOSYS)
            return pid;
        birth->is_in_cgroup = false;
    }
    const struct raw_clone_arguments *arguments = &birth->arguments;
    return raw_clone(birth->flags, (char *)(uintptr_t)(arguments->stack + arguments->stack_size), birth->pidfd,
                     launch_child_run, birth->child);
}

static long enter_and_bear(struct launch_envoy *envoy)
{
    long result = envoy->owner < 0 ? 0 : SYS(SYS_setns, envoy->owner, CLONE_NEWUSER);
    if (result == 0)
        result = SYS(SYS_setns, envoy->network, CLONE_NEWNET);
    if (result < 0)
        return result;
    envoy->is_inside = true;
    envoy->birth->child->outer_uid = sys_uid();
    envoy->birth->child->outer_gid = sys_gid();
    return launch_bear(envoy->birth);
}

void launch_envoy_run(void *argument)
{
    struct launch_envoy *envoy = argument;
    envoy->result = enter_and_bear(envoy);
    sys_exit(0);
}
