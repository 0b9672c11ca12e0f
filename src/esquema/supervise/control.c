/* Asking the supervisor of a started container: requests over its socket, which only this user can reach. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "store/store.h"
#include "supervise/control.h"
#include "sys/sys.h"

/* The path of a socket is short; through the descriptor of its folder any depth will do. */
static int connect_entry(int folder)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/socket", folder);
    _cleanup_fd_ int socket = (int)SYS(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    int result = socket < 0 ? socket : (int)SYS(SYS_connect, socket, &address, sizeof address);
    return result < 0 ? result : take_fd(&socket);
}

static int not_running(const char *name, esq_error *ret_error)
{
    return esq_refuse(ret_error, ESRCH, "`esquema ps` says what became of it", "`%s` does not run", name);
}

static int send_request(int socket, enum supervise_request request, int64_t value)
{
    struct supervise_ask ask = { .magic = SUPERVISE_MAGIC, .request = request, .value = value };
    long result = SYS(SYS_sendto, socket, &ask, sizeof ask, MSG_NOSIGNAL, 0, 0);
    return result < 0 ? (int)result : 0;
}

static int ask_answer(struct esq_store *store, const char *name, enum supervise_request request, int64_t value,
                      int ret_fds[2], struct supervise_message *ret_answer, esq_error *ret_error)
{
    _cleanup_fd_ int folder = -1;
    int result = store_open_entry(store, name, &folder, ret_error);
    if (result < 0)
        return result;
    ret_fds[0] = ret_fds[1] = -1;
    _cleanup_fd_ int socket = connect_entry(folder);
    result = socket < 0 ? socket : send_request(socket, request, value);
    if (result == 0)
        result = supervise_receive(socket, ret_answer, ret_fds);
    if (result == 0)
        result = ret_answer->word == SUPERVISE_ANSWER ? ret_answer->result : -ESRCH; /* it ended meanwhile */
    if (result == -ENOENT || result == -ECONNREFUSED || result == -ECONNRESET || result == -EPIPE || result == -ESRCH)
        return not_running(name, ret_error);
    if (result < 0)
        return esq_fail(ret_error, NULL, -result, NULL, "ask the supervisor of `%s`", name);
    return 0;
}

int supervise_ask(struct esq_store *store, const char *name, enum supervise_request request, int64_t value,
                  int ret_fds[2], esq_error *ret_error)
{
    struct supervise_message answer = { 0 };
    return ask_answer(store, name, request, value, ret_fds, &answer, ret_error);
}

int supervise_ask_pid(struct esq_store *store, const char *name, enum supervise_request request, int ret_fds[2],
                      pid_t *ret_pid, esq_error *ret_error)
{
    struct supervise_message answer = { 0 };
    int result = ask_answer(store, name, request, 0, ret_fds, &answer, ret_error);
    *ret_pid = answer.pid;
    return result;
}

static int ask(esq_store *store, const char *name, enum supervise_request request, int64_t value, esq_error *ret_error)
{
    int fds[2] = { -1, -1 };
    int result = supervise_ask(store, name, request, value, fds, ret_error);
    sys_close(fds[0]);
    sys_close(fds[1]);
    return result;
}

int esq_store_signal(esq_store *store, const char *name, int signal_number, esq_error *ret_error)
{
    if (signal_number < 0 || signal_number > 64)
        return esq_refuse(ret_error, EINVAL, NULL, "%d is no signal", signal_number);
    return ask(store, name, SUPERVISE_SIGNAL, signal_number, ret_error);
}

int esq_store_stop(esq_store *store, const char *name, int64_t grace_ms, esq_error *ret_error)
{
    return ask(store, name, SUPERVISE_STOP, grace_ms, ret_error);
}

int esq_store_restart(esq_store *store, const char *name, esq_error *ret_error)
{
    return ask(store, name, SUPERVISE_RESTART, -1, ret_error);
}

int esq_store_pidfd(esq_store *store, const char *name, esq_error *ret_error)
{
    int fds[2] = { -1, -1 };
    int result = supervise_ask(store, name, SUPERVISE_PIDFD, 0, fds, ret_error);
    sys_close(fds[1]);
    if (result == 0 && fds[0] < 0)
        return not_running(name, ret_error);
    return result < 0 ? result : fds[0];
}

int esq_store_condition(esq_store *store, const char *name, esq_condition *ret_condition, esq_error *ret_error)
{
    struct supervise_message answer = { 0 };
    int fds[2] = { -1, -1 };
    if (ret_condition->size < sizeof *ret_condition)
        return esq_refuse(ret_error, EINVAL, NULL, "the caller was made for another version");
    int result = ask_answer(store, name, SUPERVISE_CONDITION, 0, fds, &answer, ret_error);
    sys_close(fds[0]);
    sys_close(fds[1]);
    if (result < 0)
        return result;
    ret_condition->is_ready = (answer.result & SUPERVISE_READY) != 0;
    ret_condition->is_leaving = (answer.result & SUPERVISE_LEAVING) != 0;
    snprintf(ret_condition->status, sizeof ret_condition->status, "%.*s", (int)sizeof ret_condition->status - 1,
             answer.error.text);
    return 0;
}

/* ---- Waiting ---- */

/* 1: the end was told; 0: the supervisor has gone, or cannot be reached; -ETIMEDOUT */
static int await_message(int folder, uint64_t deadline, esq_result *ret_result)
{
    struct supervise_message message;
    int fds[2];
    _cleanup_fd_ int socket = connect_entry(folder);
    if (socket < 0 || send_request(socket, SUPERVISE_WATCH, 0) < 0)
        return 0;
    struct pollfd ready = { .fd = socket, .events = POLLIN };
    int result;
    do
        result = sys_poll(&ready, 1, supervise_time_until(sys_monotonic_microseconds(), deadline, UINT64_MAX));
    while (result == -EINTR);
    if (result <= 0)
        return result == 0 ? -ETIMEDOUT : result;
    if (supervise_receive(socket, &message, fds) < 0)
        return 0;
    sys_close(fds[0]);
    sys_close(fds[1]);
    if (message.word != SUPERVISE_ENDED)
        return 0;
    *ret_result = message.end;
    return 1;
}

/* It goes on holding its lock until it has written how all ended. */
static int await_lock(int folder, uint64_t deadline)
{
    _cleanup_fd_ int lock = sys_openat(folder, "lock", O_RDWR | O_NOFOLLOW, 0);
    if (lock < 0)
        return 0;
    for (;;) {
        if (SYS(SYS_flock, lock, LOCK_SH | LOCK_NB) == 0)
            return 0;
        uint64_t now = sys_monotonic_microseconds();
        if (now >= deadline)
            return -ETIMEDOUT;
        sys_poll(NULL, 0, supervise_time_until(now, now + 20000, deadline));
    }
}

int esq_store_wait(esq_store *store, const char *name, int timeout_ms, esq_result *ret_result, esq_error *ret_error)
{
    esq_entry entry = { 0 };
    _cleanup_fd_ int folder = -1;
    int result = store_open_entry(store, name, &folder, ret_error);
    if (result < 0)
        return result;
    uint64_t deadline = timeout_ms < 0 ? UINT64_MAX : sys_monotonic_microseconds() + (uint64_t)timeout_ms * 1000;
    result = await_message(folder, deadline, ret_result);
    if (result > 0)
        return 0;
    if (result == 0)
        result = await_lock(folder, deadline);
    if (result == -ETIMEDOUT)
        return result;
    if (result < 0)
        return esq_fail(ret_error, NULL, -result, NULL, "wait for `%s`", name);
    result = record_read(folder, store->boot, &entry);
    if (result == -ENOENT) /* by whoever it was bound to */
        return esq_refuse(ret_error, ENOENT, NULL, "`%s` has ended, and was removed meanwhile", name);
    if (result < 0 || entry.state != ESQ_STATE_ENDED)
        return esq_refuse(ret_error, ESRCH, "what it printed until then is in its log",
                          "the supervisor of `%s` was killed, and the container with it", name);
    *ret_result = entry.result;
    return 0;
}
