/*
 * What the program says of itself, in the messages of sd_notify(3): lines of NAME=VALUE, of which READY, STOPPING and
 * STATUS are understood. Whoever is in the container may send anything: a message has a longest size, a turn hears a
 * few of them, no descriptor is taken, and what means nothing is dropped. It is told in answers, and never obeyed.
 */
#include <string.h>
#include <sys/socket.h>
#include "base/plain.h"
#include "tools/supervisor/supervisor.h"

enum { MESSAGE_BYTES = 4096, MESSAGES_PER_TURN = 16 };

static bool is_called(const char *line, size_t length, const char *text)
{
    return length == strlen(text) && memcmp(line, text, length) == 0;
}

static void take_line(const char *line, size_t length, struct condition *condition)
{
    const size_t name = strlen("STATUS=");
    if (is_called(line, length, "READY=1"))
        condition->is_ready = true;
    if (is_called(line, length, "STOPPING=1"))
        condition->is_leaving = true;
    if (length < name || memcmp(line, "STATUS=", name) != 0)
        return;
    size_t size = length - name < STATUS_BYTES - 1 ? length - name : STATUS_BYTES - 1;
    memcpy(condition->status, line + name, size);
    condition->status[size] = '\0';
    plain_make(condition->status);
}

static void take_message(const char *bytes, size_t size, struct condition *condition)
{
    for (size_t at = 0; at < size;) {
        const char *end = memchr(bytes + at, '\n', size - at);
        size_t length = end ? (size_t)(end - bytes) - at : size - at;
        take_line(bytes + at, length, condition);
        at += length + 1;
    }
}

void notify_read(int socket, struct condition *condition)
{
    char bytes[MESSAGE_BYTES];
    for (int i = 0; i < MESSAGES_PER_TURN; i++) {
        struct iovec part = { .iov_base = bytes, .iov_len = sizeof bytes };
        /* Without room for them the kernel closes descriptors that were sent along. */
        struct msghdr head = { .msg_iov = &part, .msg_iovlen = 1 };
        long size = SYS(SYS_recvmsg, socket, &head, MSG_DONTWAIT);
        if (size < 0)
            return;
        if (!(head.msg_flags & MSG_TRUNC) && !memchr(bytes, '\0', (size_t)size)) /* else it is no such message */
            take_message(bytes, (size_t)size, condition);
    }
}
