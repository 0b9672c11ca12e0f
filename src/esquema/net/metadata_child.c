/*
 * Walls off what a network in user mode must not lead to, though it reaches what the host reaches: the metadata
 * services of clouds, which hand out the machine's keys to whoever asks, and the host's loopback. Executed by the mute
 * child in its own network, by whoever makes one that is shared, or by one that goes in when it has a device; who lives
 * in it without CAP_NET_ADMIN cannot undo it. Knows addresses and rtnetlink; not what the network is for.
 *
 * Neither may depend on the tables that pasta copies from the host, where a cloud has routes to its service. IPv4: the
 * addresses become local ones, which the kernel looks up before any route and never takes an answer from, even where a
 * socket was bound to the device. IPv6: a rule before all tables.
 *
 * A socket of IPv4 that is bound to a device sends to whatever address by it, when no route of the device has another
 * wish: to 127.0.0.1, too, which pasta would hand on to the host's own. So these addresses are local ones of each
 * device as well. They go with it.
 */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include "names/closed.h"
#include "net/net.h"
#include "plan/step.h"

enum {
    LOOPBACK = 1,
    FIRST = 1, /* of rules, behind the one for local addresses */
    LAST = 1,  /* of local routes, behind those of loopback */
    REQUEST_MAX = 128,
    DEVICES_MAX = 16,
    LIST_MAX = 8192, /* the kernel fills no more at once, unless it is given more */
};

static const unsigned char loopback_four[4] = { 127 }, loopback_six[16] = { [15] = 1 };

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

struct local {
    uint8_t family, bits;
    uint16_t size;
    const unsigned char *address;
};

static int make_local(int socket, struct local local, uint32_t device, uint32_t priority)
{
    const struct rtmsg route = { .rtm_family = local.family,
                                 .rtm_dst_len = local.bits,
                                 .rtm_table = RT_TABLE_LOCAL,
                                 .rtm_protocol = RTPROT_STATIC,
                                 .rtm_scope = RT_SCOPE_HOST,
                                 .rtm_type = RTN_LOCAL };
    struct request request = begin(RTM_NEWROUTE, &route, sizeof(route));
    add(&request, RTA_DST, local.address, local.size);
    add(&request, RTA_OIF, &device, sizeof(device));
    add(&request, RTA_PRIORITY, &priority, sizeof(priority));
    return ask(socket, &request);
}

static int close_four(int socket, uint32_t device)
{
    int result = 0;
    for (size_t i = 0; i < NAMES_CLOSED_FOUR && result == 0; i++) {
        const struct local closed = { AF_INET, names_closed_four[i].bits, sizeof(names_closed_four[i].address),
                                      names_closed_four[i].address };
        result = make_local(socket, closed, device, device == LOOPBACK ? 0 : LAST);
    }
    return result;
}

static bool has_six(void)
{
    _cleanup_fd_ int probe = (int)SYS(SYS_socket, AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return probe != -EAFNOSUPPORT;
}

static int close_six(int socket)
{
    const uint32_t priority = FIRST;
    int result = 0;
    if (!has_six()) /* then nobody reaches anything by it */
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

static int open_netlink(void)
{
    return (int)SYS(SYS_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

int net_close_metadata(void)
{
    _cleanup_fd_ int socket = open_netlink();
    if (socket < 0)
        return socket;
    int result = close_four(socket, LOOPBACK);
    return result < 0 ? result : close_six(socket);
}

/* ---- Devices ---- */

struct devices {
    uint32_t numbers[DEVICES_MAX];
    size_t count;
};

/* Those that lead anywhere. 1: there are more parts of the list, 0: it has ended. */
static int take_part(const char *part, size_t size, struct devices *devices)
{
    const struct nlmsghdr *head = (const struct nlmsghdr *)part;
    for (; NLMSG_OK(head, size); head = NLMSG_NEXT(head, size)) {
        const struct ifinfomsg *device = NLMSG_DATA(head);
        if (head->nlmsg_type == NLMSG_DONE)
            return 0;
        if (head->nlmsg_type != RTM_NEWLINK || head->nlmsg_len < NLMSG_LENGTH(sizeof(*device)))
            return -EPROTO;
        if (device->ifi_flags & IFF_LOOPBACK || !(device->ifi_flags & IFF_UP))
            continue;
        if (devices->count == DEVICES_MAX)
            return -E2BIG;
        devices->numbers[devices->count++] = (uint32_t)device->ifi_index;
    }
    return size == 0 ? 1 : -EMSGSIZE;
}

static int find_devices(int socket, struct devices *ret)
{
    const struct ifinfomsg all = { .ifi_family = AF_UNSPEC };
    char part[LIST_MAX] __attribute__((aligned(NLMSG_ALIGNTO)));
    struct request request = begin(RTM_GETLINK, &all, sizeof(all));
    request.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    int result = sys_write_all(socket, &request, request.head.nlmsg_len);
    ret->count = 0;
    for (bool is_more = result == 0; is_more; is_more = result == 1) {
        ssize_t size = sys_read(socket, part, sizeof(part));
        result = size < 0 ? (int)size : take_part(part, (size_t)size, ret);
    }
    return result;
}

static int close_device(int socket, uint32_t device, bool is_closed)
{
    const struct local four = { AF_INET, 8, sizeof(loopback_four), loopback_four };
    const struct local six = { AF_INET6, 128, sizeof(loopback_six), loopback_six };
    int result = make_local(socket, four, device, LAST);
    if (result == 0 && is_closed)
        result = close_four(socket, device);
    if (result == 0 && has_six()) {
        result = make_local(socket, six, device, LAST);
        if (result == -EACCES) /* the device has no IPv6, and sends none */
            result = 0;
    }
    return result;
}

static int close_devices(bool is_closed)
{
    struct devices devices;
    _cleanup_fd_ int socket = open_netlink();
    int result = socket < 0 ? socket : find_devices(socket, &devices);
    for (size_t i = 0; result == 0 && i < devices.count; i++)
        result = close_device(socket, devices.numbers[i], is_closed);
    return result;
}

void net_waller_run(void *argument)
{
    struct net_waller *waller = argument;
    waller->result = (int)SYS(SYS_setns, waller->user, CLONE_NEWUSER);
    if (waller->result == 0)
        waller->result = (int)SYS(SYS_setns, waller->network, CLONE_NEWNET);
    if (waller->result == 0)
        waller->result = close_devices(waller->is_closed);
    sys_exit(0);
}
