/* Joining a network namespace by its path: a bind mount of one, or /proc/PID/ns/net. Knows paths, and no names. */
#include <errno.h>
#include <linux/nsfs.h>
#include <sched.h>
#include "net/net.h"
#include "plan/step.h"

int net_join(const struct step *step, const struct plan_block *block, int *ret_network, const char **ret_detail)
{
    const struct net_join *join = STEP_DATA(block, step, struct net_join);
    /* Not blocking, or a pipe at that place would hold us. */
    _cleanup_fd_ int network = sys_openat(AT_FDCWD, STEP_TEXT(block, join->target), O_RDONLY | O_NONBLOCK, 0);
    if (network < 0)
        return network;
    long type = SYS(SYS_ioctl, network, NS_GET_NSTYPE);
    if (type < 0 && type != -ENOTTY)
        return (int)type;
    if (type != CLONE_NEWNET) {
        *ret_detail = "this is no network namespace";
        return -EINVAL;
    }
    *ret_network = take_fd(&network);
    return 0;
}
