/*
 * Our terminal passes every key on, and the program's one makes signals, echo and lines of them: so job control is
 * inside. Ours is given back as it was in every end but a SIGKILL.
 */
#include "tools/esquema/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { CHUNK = 4096, DRAIN_PIECES = 1024, END_OF_INPUT = 4, REPEATS = 50, REPEAT_MS = 100 };

static void list_signals(sigset_t *ret)
{
    static const int caught[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT };
    sigemptyset(ret);
    for (size_t i = 0; i < sizeof caught / sizeof *caught; i++)
        sigaddset(ret, caught[i]);
}

void terminal_block_signals(void)
{
    sigset_t signals;
    list_signals(&signals);
    sigprocmask(SIG_BLOCK, &signals, NULL);
}

int terminal_signals(void)
{
    sigset_t signals;
    list_signals(&signals);
    terminal_block_signals();
    return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

struct winsize terminal_size(void)
{
    struct winsize size;
    return ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0 ? size : (struct winsize){ 0 };
}

static void follow_size(const struct terminal *terminal)
{
    struct winsize size;
    if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
        ioctl(terminal->own, TIOCSWINSZ, &size);
}

static void make_raw(struct terminal *terminal)
{
    struct termios raw = terminal->before;
    cfmakeraw(&raw);
    terminal->is_raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

bool terminal_open(struct terminal *terminal, bool reads)
{
    *terminal = (struct terminal){ .own = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), .other = -1, .reads = reads };
    if (terminal->own < 0 || unlockpt(terminal->own) < 0 || fcntl(terminal->own, F_SETFL, O_NONBLOCK) < 0)
        return false;
    terminal->other = ioctl(terminal->own, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal->other < 0)
        return false;
    follow_size(terminal);
    return true;
}

void terminal_take(struct terminal *terminal, int own, bool reads)
{
    *terminal = (struct terminal){ .own = own, .other = -1, .reads = reads };
    follow_size(terminal); /* it may have changed meanwhile */
}

void terminal_close(struct terminal *terminal)
{
    if (terminal->is_raw)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal->before);
    terminal->is_raw = false;
    if (terminal->own >= 0)
        close(terminal->own);
    if (terminal->other >= 0)
        close(terminal->other);
    terminal->own = terminal->other = -1;
}

/* ---- The relay ---- */

/* What was typed and has not been taken yet: more is read when this is gone. */
struct typed {
    char bytes[CHUNK];
    size_t at, used;
    bool has_ended;
    unsigned repeats; /* of its end */
};

static bool write_all(const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t size = write(STDOUT_FILENO, bytes, length);
        if (size < 0 && errno == EAGAIN) { /* somebody shares our terminal, and made it so */
            struct pollfd ready = { .fd = STDOUT_FILENO, .events = POLLOUT };
            poll(&ready, 1, -1);
            continue;
        }
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0)
            return false;
        bytes += size;
        length -= (size_t)size;
    }
    return true;
}

static bool show_some(const struct terminal *terminal, const struct relay *relay)
{
    char bytes[CHUNK];
    ssize_t size = read(terminal->own, bytes, sizeof bytes);
    if (size > 0 && relay->printed)
        relay->printed(relay->data, (size_t)size);
    return size > 0 && write_all(bytes, (size_t)size);
}

static void read_typed(const struct terminal *terminal, struct typed *typed)
{
    ssize_t size = read(STDIN_FILENO, typed->bytes, sizeof typed->bytes);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    typed->at = 0;
    typed->used = size > 0 ? (size_t)size : 1;
    if (size <= 0) { /* a pipe or file at its end: what the program reads ends too */
        typed->bytes[0] = END_OF_INPUT;
        typed->has_ended = true;
        typed->repeats = REPEATS;
    }
}

/*
 * The end of the input is a character, and a shell that edits its lines itself throws away what was typed before it
 * began: it is said again for a while.
 */
static void repeat_end(struct typed *typed)
{
    if (!typed->has_ended || typed->at < typed->used || typed->repeats == 0)
        return;
    typed->repeats--;
    typed->bytes[0] = END_OF_INPUT;
    typed->at = 0;
    typed->used = 1;
}

static void pass_typed(const struct terminal *terminal, struct typed *typed)
{
    ssize_t size = write(terminal->own, typed->bytes + typed->at, typed->used - typed->at);
    if (size > 0)
        typed->at += (size_t)size;
}

static void take_signal(struct terminal *terminal, const struct relay *relay)
{
    struct signalfd_siginfo info;
    if (read(relay->signals, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    if (info.ssi_signo == SIGCONT && terminal->is_raw)
        make_raw(terminal); /* a shell has had it meanwhile */
    if (info.ssi_signo == SIGWINCH || info.ssi_signo == SIGCONT)
        follow_size(terminal);
    else
        relay->forward(relay->data, (int)info.ssi_signo);
}

void terminal_relay(struct terminal *terminal, const struct relay *relay)
{
    struct typed typed = { .has_ended = !terminal->reads };
    if (terminal->other >= 0)
        close(terminal->other);
    terminal->other = -1;
    if (terminal->reads && tcgetattr(STDIN_FILENO, &terminal->before) == 0)
        make_raw(terminal);
    bool has_output = true;
    for (;;) {
        bool is_waiting = typed.at < typed.used;
        struct pollfd fds[4] = {
            { .fd = relay->end, .events = POLLIN },
            { .fd = relay->signals, .events = POLLIN },
            { .fd = has_output ? terminal->own : -1, .events = (short)(POLLIN | (is_waiting ? POLLOUT : 0)) },
            { .fd = is_waiting || typed.has_ended ? -1 : STDIN_FILENO, .events = POLLIN },
        };
        int turn_ms = relay->turn_ms < 0 && typed.repeats > 0 ? REPEAT_MS : relay->turn_ms;
        int ready = poll(fds, 4, turn_ms);
        if (ready < 0 && errno != EINTR)
            break;
        if (ready == 0)
            repeat_end(&typed);
        if (relay->turn)
            relay->turn(relay->data);
        if (fds[1].revents)
            take_signal(terminal, relay);
        if (fds[2].revents & (POLLIN | POLLHUP) && !show_some(terminal, relay))
            has_output = false; /* nobody holds the other end any more */
        if (fds[2].revents & POLLOUT)
            pass_typed(terminal, &typed);
        if (fds[3].revents)
            read_typed(terminal, &typed);
        if (fds[0].revents)
            break;
    }
    for (size_t i = 0; i < DRAIN_PIECES && show_some(terminal, relay); i++)
        ;
}
