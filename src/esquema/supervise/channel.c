/* Messages between a supervisor and those who ask it: one structure, at most two descriptors. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include "supervise/protocol.h"
#include "sys/sys.h"

int supervise_send(int socket, const struct supervise_message *message, const int *fds, unsigned count)
{
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(2 * sizeof(int))];
    } control;
    struct iovec bytes = { .iov_base = (void *)message, .iov_len = sizeof *message };
    struct msghdr head = { .msg_iov = &bytes, .msg_iovlen = 1 };
    if (count > 0) {
        memset(&control, 0, sizeof control);
        head.msg_control = &control;
        head.msg_controllen = CMSG_SPACE(count * sizeof(int));
        control.head.cmsg_level = SOL_SOCKET;
        control.head.cmsg_type = SCM_RIGHTS;
        control.head.cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(&control.head), fds, count * sizeof(int));
    }
    long result;
    do
        result = SYS(SYS_sendmsg, socket, &head, MSG_NOSIGNAL);
    while (result == -EINTR);
    return result < 0 ? (int)result : 0;
}

static void take_descriptors(struct msghdr *head, int ret_fds[2])
{
    unsigned count = 0;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(head); part; part = CMSG_NXTHDR(head, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        int fds[2];
        size_t size = part->cmsg_len - CMSG_LEN(0);
        memcpy(fds, CMSG_DATA(part), size < sizeof fds ? size : sizeof fds);
        for (size_t i = 0; i < size / sizeof(int) && count < 2; i++)
            ret_fds[count++] = fds[i];
    }
}

int supervise_receive(int socket, struct supervise_message *ret_message, int ret_fds[2])
{
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(2 * sizeof(int))];
    } control;
    struct supervise_message message;
    struct iovec bytes = { .iov_base = &message, .iov_len = sizeof message };
    struct msghdr head = {
        .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
    };
    long size;
    ret_fds[0] = ret_fds[1] = -1;
    do
        size = SYS(SYS_recvmsg, socket, &head, MSG_CMSG_CLOEXEC);
    while (size == -EINTR);
    if (size == 0 || size == -ECONNRESET)
        return -EPIPE;
    if (size < 0)
        return (int)size;
    take_descriptors(&head, ret_fds);
    if (size != (long)sizeof message || message.magic != SUPERVISE_MAGIC || head.msg_flags & MSG_TRUNC) {
        sys_close(ret_fds[0]);
        sys_close(ret_fds[1]);
        ret_fds[0] = ret_fds[1] = -1;
        return -EPROTO;
    }
    *ret_message = message;
    return 0;
}
