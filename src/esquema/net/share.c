/*
 * A network that others may join. It belongs to a user namespace which nobody lives in: the container's own and those
 * of whoever joins are made beneath that one, side by side, so that none of them has a capability over another, or over
 * the network. The namespaces need no process: they live as long as one of their users, or a descriptor.
 */
#include <errno.h>
#include <linux/if.h>
#include <linux/sockios.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "net/net.h"
#include "plan/step.h"

struct holder {
    const struct net_share *share;
    int say[2];  /* how it went, an int */
    int wait[2]; /* end of file: the namespace is held by a descriptor */
    char uid_map[32];
    char gid_map[32];
};

static int write_file(const char *path, const char *text)
{
    _cleanup_fd_ int fd = sys_openat(AT_FDCWD, path, O_WRONLY, 0);
    return fd < 0 ? fd : sys_write_all(fd, text, strlen(text));
}

static int bring_loopback_up(void)
{
    struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
    _cleanup_fd_ int fd = (int)SYS(SYS_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return fd < 0 ? fd : (int)SYS(SYS_ioctl, fd, SIOCSIFFLAGS, &request);
}

static int set_up(const struct holder *holder)
{
    int result = write_file("/proc/self/setgroups", "deny");
    if (result == 0)
        result = write_file("/proc/self/uid_map", holder->uid_map);
    if (result == 0)
        result = write_file("/proc/self/gid_map", holder->gid_map);
    if (result == 0 && holder->share->has_loopback)
        result = bring_loopback_up();
    if (result == 0 && holder->share->is_closed)
        result = net_close_metadata();
    if (result == 0 && holder->share->has_low_ports)
        result = write_file("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
    return result;
}

/* Our side of a copied process: system calls only, since other threads of the host may have held locks. */
__attribute__((noreturn)) static void hold(const struct holder *holder)
{
    char byte;
    int parent_end = holder->wait[1];
    sys_close(parent_end); /* or its end would never be seen */
    int result = set_up(holder);
    sys_write(holder->say[1], &result, sizeof(result));
    sys_read(holder->wait[0], &byte, 1);
    sys_exit(0);
}

/* It exists and waits, unless it ended before: then there is no such folder in /proc. */
static int take_namespace(pid_t holder, int *ret_network)
{
    char path[48];
    snprintf(path, sizeof(path), "/proc/%d/ns/net", holder);
    *ret_network = sys_openat(AT_FDCWD, path, O_RDONLY, 0);
    return *ret_network < 0 ? *ret_network : 0;
}

static int await(const struct holder *holder, const char **ret_detail)
{
    int told;
    ssize_t size = sys_read(holder->say[0], &told, sizeof(told));
    if (size < 0)
        return (int)size;
    if (size != (ssize_t)sizeof(told))
        return -ECHILD;
    if (told < 0)
        *ret_detail = "set it up";
    return told;
}

static int make(struct holder *holder, int *ret_network, const char **ret_detail)
{
    long pid = raw_syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWNET | SIGCHLD, 0, 0, 0, 0, 0);
    if (pid < 0)
        return (int)pid;
    if (pid == 0)
        hold(holder);
    sys_close(take_fd(&holder->say[1]));
    int status, result = await(holder, ret_detail);
    if (result == 0)
        result = take_namespace((pid_t)pid, ret_network);
    sys_close(take_fd(&holder->wait[1]));
    sys_wait((pid_t)pid, &status, NULL, 0); /* a host that waits for anybody may have done it */
    return result;
}

int net_share(const struct step *step, const struct plan_block *block, int *ret_network, const char **ret_detail)
{
    struct holder holder = { .share = STEP_DATA(block, step, struct net_share), .say = { -1, -1 }, .wait = { -1, -1 } };
    snprintf(holder.uid_map, sizeof(holder.uid_map), "0 %u 1", sys_uid());
    snprintf(holder.gid_map, sizeof(holder.gid_map), "0 %u 1", sys_gid());
    int result = sys_pipe(holder.say);
    if (result == 0)
        result = sys_pipe(holder.wait);
    if (result == 0)
        result = make(&holder, ret_network, ret_detail);
    for (int i = 0; i < 2; i++) {
        sys_close(holder.say[i]);
        sys_close(holder.wait[i]);
    }
    return result;
}
