/* The steps of the facility net, executed by the mute child. */
#include <linux/if.h>
#include <linux/sockios.h>
#include <sys/socket.h>
#include "net/net.h"
#include "plan/step.h"

int net_apply(const struct step *step, struct child *child)
{
    if (step->kind == STEP_METADATA)
        return net_close_metadata();
    struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
    _cleanup_fd_ int fd = (int)SYS(SYS_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return step_fail(child, fd, "open a socket");
    return (int)SYS(SYS_ioctl, fd, SIOCSIFFLAGS, &request);
}
