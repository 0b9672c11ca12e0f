/* See status.h. */
#include "tools/esquema/status.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* Whether it takes a line now, be it that it says that nobody reads it. */
static bool has_room(int fd)
{
    struct pollfd reader = { .fd = fd, .events = POLLOUT };
    return poll(&reader, 1, 0) != 0;
}

static bool wait_for_room(int fd, int signals)
{
    struct pollfd fds[2] = { { .fd = fd, .events = POLLOUT }, { .fd = signals, .events = POLLIN } };
    while (poll(fds, 2, -1) < 0 && errno == EINTR)
        ;
    return fds[0].revents != 0;
}

/* With --format json nothing but the report itself is for standard error. */
static void complain(const struct options *options, int result)
{
    if (result < 0 && options->format == ESQ_FORMAT_TEXT)
        fprintf(stderr, "esquema: the status cannot be written: %s\n",
                result == -EAGAIN ? "nobody reads it" : strerror(-result));
}

void status_tell_running(const struct options *options, esq_container *container, int signals)
{
    enum { TURN_MS = 100 };
    if (options->status_fd < 0)
        return;
    while (!has_room(options->status_fd) && esq_wait(container, TURN_MS, signals, NULL) == -ETIMEDOUT)
        ;
    if (has_room(options->status_fd))
        esq_status_write_started(options->status_fd, container); /* what fails will fail again at the end */
}

void status_tell_started(const struct options *options, int pid, const char *name, int signals)
{
    if (options->status_fd < 0 || !wait_for_room(options->status_fd, signals))
        return;
    void (*handler)(int) = signal(SIGPIPE, SIG_IGN);
    int result =
        dprintf(options->status_fd, "{\"version\":1,\"phase\":\"started\",\"pid\":%d,\"name\":\"%s\"}\n", pid, name);
    if (result < 0)
        complain(options, -errno);
    signal(SIGPIPE, handler);
}

void status_tell_ended(const struct options *options, const esq_result *result, int signals)
{
    if (options->report_fd < 0)
        return;
    bool is_read = wait_for_room(options->report_fd, signals);
    complain(options, is_read ? esq_status_write_ended(options->report_fd, result) : -EAGAIN);
}
