/*
 * What a container says to its supervisor, and others say to those who ask one: messages of sd_notify, messages over
 * the supervisor's socket, lines of a log. None does harm, and what is told of them is what they said. The input's
 * first byte says which.
 */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/plain.h"
#include "esquema/supervise/protocol.h"
#include "tools/esquema/log_line.h"
#include "tools/supervisor/supervisor.h"

enum { NOTIFY_MAX = 4096 };

/* ---- sd_notify ---- */

/* Does a message say so in a line of its own? Said once more, in another way. */
static bool says(const char *bytes, size_t size, const char *line)
{
    size_t length = strlen(line);
    for (size_t at = 0; at + length <= size; at++)
        if (memcmp(bytes + at, line, length) == 0 && (at == 0 || bytes[at - 1] == '\n') &&
            (at + length == size || bytes[at + length] == '\n'))
            return true;
    return false;
}

static void notify(const char *bytes, size_t size)
{
    int ends[2];
    struct condition condition = { .status = "before" };
    fuzz_check(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) == 0);
    fuzz_check(send(ends[1], bytes, size, MSG_DONTWAIT) == (ssize_t)size);
    notify_read(ends[0], &condition);
    close(ends[0]);
    close(ends[1]);
    bool counts = size <= NOTIFY_MAX && !memchr(bytes, '\0', size);
    fuzz_check(condition.is_ready == (counts && says(bytes, size, "READY=1")));
    fuzz_check(condition.is_leaving == (counts && says(bytes, size, "STOPPING=1")));
    char again[STATUS_BYTES];
    fuzz_check(memchr(condition.status, '\0', sizeof condition.status));
    memcpy(again, condition.status, sizeof again);
    plain_make(again);
    fuzz_check(strcmp(again, condition.status) == 0);
}

/* ---- The supervisor's socket ---- */

/* The first byte says how many descriptors come along; the next, whether the message begins as an honest one does. */
static void receive(const uint8_t *data, size_t size)
{
    struct supervise_message sent, got;
    int ends[2], fds[2], handed[8] = { 0, 0, 0, 0, 0, 0, 0, 0 };
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof handed)];
    } control = { .space = "" };
    if (size < 2)
        return;
    unsigned count = data[0] % 9;
    bool is_whole = data[1] & 1;
    memset(&sent, 0, sizeof sent);
    size_t length = size - 2 < sizeof sent ? size - 2 : sizeof sent;
    memcpy(&sent, data + 2, length);
    if (is_whole) {
        sent.magic = SUPERVISE_MAGIC;
        length = sizeof sent;
    }
    struct iovec bytes = { .iov_base = &sent, .iov_len = length };
    struct msghdr head = { .msg_iov = &bytes, .msg_iovlen = 1 };
    if (count > 0) {
        head.msg_control = &control;
        head.msg_controllen = CMSG_SPACE(count * sizeof(int));
        control.head.cmsg_level = SOL_SOCKET;
        control.head.cmsg_type = SCM_RIGHTS;
        control.head.cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(&control.head), handed, count * sizeof(int));
    }
    fuzz_check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    fuzz_check(sendmsg(ends[1], &head, MSG_DONTWAIT) == (ssize_t)length);
    int result = supervise_receive(ends[0], &got, fds);
    fuzz_check(result == 0 || result == -EPROTO || result == -EPIPE);
    fuzz_check((result == 0) == (length == sizeof sent && sent.magic == SUPERVISE_MAGIC));
    fuzz_check(result == 0 || (fds[0] < 0 && fds[1] < 0));
    for (int i = 0; i < 2; i++) {
        fuzz_check(fds[i] < 0 || (fcntl(fds[i], F_GETFD) & FD_CLOEXEC));
        if (fds[i] >= 0)
            close(fds[i]);
    }
    close(ends[0]);
    close(ends[1]);
}

/* ---- Logs ---- */

static void log_lines(const char *bytes, size_t size)
{
    static struct log_line line;
    line.used = 0;
    for (size_t i = 0; i < size; i++) {
        char *text = NULL;
        size_t length = 0;
        if (!log_line_take(&line, bytes[i]))
            continue;
        FILE *out = open_memstream(&text, &length);
        fuzz_check(out);
        fputc('{', out);
        log_line_print_json(&line, out);
        fputc('}', out);
        fuzz_check(fclose(out) == 0);
        fuzz_check_json(text, length);
        free(text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int before = fuzz_next_descriptor();
    if (size == 0)
        return 0;
    switch (data[0] % 4) {
    case 0:
    case 1: notify((const char *)data + 1, size - 1); break;
    case 2: receive(data + 1, size - 1); break;
    case 3: log_lines((const char *)data + 1, size - 1); break;
    }
    fuzz_check(fuzz_next_descriptor() == before);
    return 0;
}
