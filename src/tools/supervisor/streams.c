/* What the payload gets as its descriptors 0 to 2: nothing to read and two pipes to the log, or a terminal. */
#include <errno.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include "tools/supervisor/supervisor.h"

static int put(int from, int number)
{
    int result = sys_dup3(from, number, 0);
    return result < 0 ? result : 0;
}

static int open_pipe(struct stream *stream, int number)
{
    int ends[2];
    int result = sys_pipe(ends);
    if (result < 0)
        return result;
    result = put(ends[1], number);
    sys_close(ends[1]);
    if (result == 0)
        result = (int)SYS(SYS_fcntl, ends[0], F_SETFL, O_NONBLOCK);
    if (result < 0)
        sys_close(ends[0]);
    else
        stream->fd = ends[0];
    return result;
}

/* Our end is taken before the payload exists. Nobody sits at it, so nothing is echoed or turned into signals by us. */
static int open_terminal(struct supervisor *supervisor)
{
    struct winsize size = { .ws_row = 24, .ws_col = 80 };
    int unlocked = 0;
    _cleanup_fd_ int own = sys_openat(AT_FDCWD, "/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK, 0);
    int result = own < 0 ? own : (int)SYS(SYS_ioctl, own, TIOCSPTLCK, &unlocked);
    if (result == 0)
        result = (int)SYS(SYS_ioctl, own, TIOCSWINSZ, &size);
    _cleanup_fd_ int other = result < 0 ? result : (int)SYS(SYS_ioctl, own, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (other < 0)
        return other;
    for (int i = 0; i < 3 && result == 0; i++)
        result = put(other, i);
    if (result == 0)
        supervisor->log.streams[0].fd = take_fd(&own);
    return result;
}

int streams_open(struct supervisor *supervisor)
{
    if (!(supervisor->job.flags & SUPERVISE_ENTRY))
        return 0; /* the host's own */
    if (supervisor->job.flags & SUPERVISE_TERMINAL)
        return open_terminal(supervisor);
    _cleanup_fd_ int nothing = sys_openat(AT_FDCWD, "/dev/null", O_RDONLY, 0);
    int result = nothing < 0 ? nothing : put(nothing, 0);
    if (result == 0)
        result = open_pipe(&supervisor->log.streams[0], 1);
    if (result == 0)
        result = open_pipe(&supervisor->log.streams[1], 2);
    return result;
}

void streams_release(void)
{
    int nothing = sys_openat(AT_FDCWD, "/dev/null", O_RDWR, 0);
    for (int i = 0; i < 3 && nothing >= 0; i++)
        put(nothing, i);
    if (nothing > 2)
        sys_close(nothing);
}
