/*
 * Can a port of this host be published? Asked before anything is started, by listening there for a moment: the program
 * that will carry the network says less, and too late. What happens in between is still that program's to report.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include "net/net.h"
#include "plan/step.h"

union address {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
};

static socklen_t make_address(const char *text, uint16_t port, union address *ret)
{
    *ret = (union address){ .four = { .sin_family = AF_INET, .sin_port = htons(port) } };
    if (inet_pton(AF_INET, text, &ret->four.sin_addr) == 1)
        return sizeof(ret->four);
    *ret = (union address){ .six = { .sin6_family = AF_INET6, .sin6_port = htons(port) } };
    return inet_pton(AF_INET6, text, &ret->six.sin6_addr) == 1 ? sizeof(ret->six) : 0;
}

int net_prepare(const struct step *step, const struct plan_block *block, int *ret_held)
{
    const struct net_port *data = STEP_DATA(block, step, struct net_port);
    union address address;
    int yes = 1;
    socklen_t size = make_address(STEP_TEXT(block, data->address), data->port, &address);
    if (size == 0)
        return -EINVAL;
    int kind = (data->is_udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC;
    _cleanup_fd_ int socket = (int)SYS(SYS_socket, address.any.sa_family, kind, 0);
    int result = socket < 0 ? socket : 0;
    /* Connections that have ended a moment ago hinder nobody who says so. */
    if (result == 0 && !data->is_udp)
        result = (int)SYS(SYS_setsockopt, socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    return result < 0 ? result : (int)SYS(SYS_bind, socket, &address, size);
}
