/*
 * Walls off the metadata services of clouds in a network in user mode: they hand out the machine's keys to whoever
 * asks, and a network that reaches what the host reaches would lead to them. Executed by the mute child in its own
 * network, or by whoever makes one that is shared; who lives in it without CAP_NET_ADMIN cannot undo it. Knows
 * addresses and rtnetlink; not what the network is for.
 *
 * Neither may depend on the tables that pasta copies from the host, where a cloud has routes to its service. IPv4: the
 * addresses become local ones, which the kernel looks up before any route and never takes an answer from, even where a
 * socket was bound to the device. IPv6: a rule before all tables.
 */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include "names/closed.h"
#include "net/net.h"
#include "plan/step.h"

enum { LOOPBACK = 1, FIRST = 1 /* of rules, behind the one for local addresses */, REQUEST_MAX = 128 };

struct request {
    struct nlmsghdr head;
    char rest[REQUEST_MAX];
};

static struct request begin(uint16_t type, const void *about, size_t size)
{
    struct request request = { .head = { .nlmsg_len = NLMSG_LENGTH((uint32_t)size),
                                         .nlmsg_type = type,
                                         .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE } };
    memcpy(request.rest, about, size);
    return request;
}

static void add(struct request *request, uint16_t type, const void *data, uint16_t size)
{
    const struct rtattr head = { .rta_len = (uint16_t)RTA_LENGTH(size), .rta_type = type };
    char *end = (char *)request + request->head.nlmsg_len;
    memcpy(end, &head, sizeof(head));
    memcpy(end + RTA_LENGTH(0), data, size);
    request->head.nlmsg_len += (uint32_t)RTA_SPACE(size);
}

/* The kernel answers each request with an errno, or 0. */
static int ask(int socket, const struct request *request)
{
    struct {
        struct nlmsghdr head;
        struct nlmsgerr error;
        char more[REQUEST_MAX + sizeof(struct nlmsghdr)];
    } answer;
    int result = sys_write_all(socket, request, request->head.nlmsg_len);
    if (result < 0)
        return result;
    ssize_t size = sys_read(socket, &answer, sizeof(answer));
    if (size < 0)
        return (int)size;
    bool is_answer =
        size >= (ssize_t)(sizeof(answer.head) + sizeof(answer.error)) && answer.head.nlmsg_type == NLMSG_ERROR;
    return is_answer ? answer.error.error : -EPROTO;
}

static int close_four(int socket)
{
    const uint32_t device = LOOPBACK;
    int result = 0;
    for (size_t i = 0; i < NAMES_CLOSED_FOUR && result == 0; i++) {
        const struct rtmsg route = { .rtm_family = AF_INET,
                                     .rtm_dst_len = names_closed_four[i].bits,
                                     .rtm_table = RT_TABLE_LOCAL,
                                     .rtm_protocol = RTPROT_STATIC,
                                     .rtm_scope = RT_SCOPE_HOST,
                                     .rtm_type = RTN_LOCAL };
        struct request request = begin(RTM_NEWROUTE, &route, sizeof(route));
        add(&request, RTA_DST, names_closed_four[i].address, sizeof(names_closed_four[i].address));
        add(&request, RTA_OIF, &device, sizeof(device));
        result = ask(socket, &request);
    }
    return result;
}

static int close_six(int socket)
{
    const uint32_t priority = FIRST;
    int result = 0;
    _cleanup_fd_ int probe = (int)SYS(SYS_socket, AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (probe == -EAFNOSUPPORT) /* then nobody reaches anything by it */
        return 0;
    for (size_t i = 0; i < NAMES_CLOSED_SIX && result == 0; i++) {
        const struct fib_rule_hdr rule = { .family = AF_INET6,
                                           .dst_len = names_closed_six[i].bits,
                                           .action = FR_ACT_UNREACHABLE };
        struct request request = begin(RTM_NEWRULE, &rule, sizeof(rule));
        add(&request, FRA_DST, names_closed_six[i].address, sizeof(names_closed_six[i].address));
        add(&request, FRA_PRIORITY, &priority, sizeof(priority));
        result = ask(socket, &request);
    }
    return result;
}

int net_close_metadata(void)
{
    _cleanup_fd_ int socket = (int)SYS(SYS_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (socket < 0)
        return socket;
    int result = close_four(socket);
    return result < 0 ? result : close_six(socket);
}
