/* The supervisor's socket: requests of this user, each of one size, answered at once. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "tools/supervisor/supervisor.h"

int serve_open(struct supervisor *supervisor)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/socket", supervisor->job.folder);
    _cleanup_fd_ int socket = (int)SYS(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int result = socket < 0 ? socket : (int)SYS(SYS_bind, socket, &address, sizeof address);
    if (result == 0)
        result = (int)SYS(SYS_listen, socket, 16);
    if (result == 0)
        result = supervisor->spare = sys_dup_above(socket, 3);
    if (result >= 0)
        supervisor->listener = take_fd(&socket);
    return result < 0 ? result : 0;
}

static void close_client(struct supervisor *supervisor, int index)
{
    sys_close(supervisor->clients[index]);
    supervisor->clients[index] = -1;
    supervisor->watches[index] = false;
    if (supervisor->spare < 0)
        supervisor->spare = sys_dup_above(supervisor->listener, 3);
}

/* The folder keeps others out; this keeps out whoever was handed a descriptor of it. */
static bool is_ours(int client)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    return SYS(SYS_getsockopt, client, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           (peer.uid == sys_uid() || peer.uid == 0);
}

static int find_slot(const struct supervisor *supervisor)
{
    for (int i = 0; i < CLIENTS_MAX; i++)
        if (supervisor->clients[i] < 0)
            return i;
    return -1;
}

/*
 * Somebody new is always heard, or nobody could stop the container any more: one who waits for the end must go, and
 * waits for the lock then; else one who has asked for nothing yet.
 */
static void make_room(struct supervisor *supervisor)
{
    int chosen = -1;
    for (int i = 0; i < CLIENTS_MAX; i++)
        if (supervisor->clients[i] >= 0 && (chosen < 0 || (supervisor->watches[i] && !supervisor->watches[chosen])))
            chosen = i;
    if (chosen >= 0) {
        close_client(supervisor, chosen);
        return;
    }
    sys_close(supervisor->spare); /* the only descriptor that is left */
    supervisor->spare = -1;
}

static int accept_client(const struct supervisor *supervisor)
{
    return (int)SYS(SYS_accept4, supervisor->listener, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

void serve_accept(struct supervisor *supervisor)
{
    if (find_slot(supervisor) < 0)
        make_room(supervisor);
    int result = accept_client(supervisor);
    if (result == -EMFILE) {
        make_room(supervisor);
        result = accept_client(supervisor);
    }
    _cleanup_fd_ int client = result;
    if (client < 0 && client != -EAGAIN)
        sys_poll(NULL, 0, 10000); /* microseconds: whoever cannot be heard is still there at the next turn */
    if (client >= 0 && is_ours(client))
        supervisor->clients[find_slot(supervisor)] = take_fd(&client);
    else if (supervisor->spare < 0)
        supervisor->spare = sys_dup_above(supervisor->listener, 3);
}

static void answer(struct supervisor *supervisor, int index, int result, const int *fds, unsigned count)
{
    struct supervise_message message = { .magic = SUPERVISE_MAGIC, .word = SUPERVISE_ANSWER, .result = result };
    if (supervisor->container)
        message.pid = esq_container_pid(supervisor->container);
    if (supervise_send(supervisor->clients[index], &message, fds, count) < 0)
        close_client(supervisor, index);
}

static int send_signal(struct supervisor *supervisor, int64_t number)
{
    if (number < 0 || number > 64)
        return -EINVAL;
    return supervisor->container ? esq_signal(supervisor->container, (int)number) : -ESRCH;
}

static int request_end(struct supervisor *supervisor, int64_t grace_ms, enum event event)
{
    const uint64_t hour = UINT64_C(3600) * 1000;
    uint64_t grace = grace_ms < 0 ? supervisor->plan.block->grace_ms : (uint64_t)grace_ms;
    supervisor->grace = (grace > hour ? hour : grace) * 1000;
    supervisor->why = ESQ_REASON_STOPPED;
    machine_happen(supervisor, event);
    return 0;
}

static void hand_out(struct supervisor *supervisor, int index, bool with_plan)
{
    if (!supervisor->container) {
        answer(supervisor, index, -ESRCH, NULL, 0);
        return;
    }
    int fds[2] = { esq_container_pidfd(supervisor->container), -1 };
    int result = 0;
    if (with_plan) {
        fds[1] = result = sys_memfd("esquema-plan", false);
        if (result >= 0)
            result = sys_write_all(fds[1], supervisor->plan.block, supervisor->plan.block->size);
        if (result >= 0)
            result = sys_memfd_seal(fds[1]);
    }
    answer(supervisor, index, result, fds, result < 0 ? 0 : with_plan ? 2 : 1);
    sys_close(fds[1]);
}

/* Also between two runs: the network is there. */
static void hand_out_network(struct supervisor *supervisor, int index)
{
    bool shares = supervisor->network >= 0;
    answer(supervisor, index, shares ? 0 : -EACCES, &supervisor->network, shares ? 1 : 0);
}

static void tell_condition(struct supervisor *supervisor, int index)
{
    const struct condition *condition = &supervisor->condition;
    struct supervise_message message = { .magic = SUPERVISE_MAGIC, .word = SUPERVISE_ANSWER, .result = -ESRCH };
    if (supervisor->container && supervisor->container->launched.notify < 0)
        message.result = -EOPNOTSUPP;
    else if (supervisor->container)
        message.result = (condition->is_ready ? SUPERVISE_READY : 0) | (condition->is_leaving ? SUPERVISE_LEAVING : 0);
    snprintf(message.error.text, sizeof message.error.text, "%s", condition->status);
    if (supervise_send(supervisor->clients[index], &message, NULL, 0) < 0)
        close_client(supervisor, index);
}

void serve_client(struct supervisor *supervisor, int index)
{
    struct supervise_ask ask;
    long size = SYS(SYS_recvfrom, supervisor->clients[index], &ask, sizeof ask, MSG_TRUNC, 0, 0);
    if (size == -EAGAIN || size == -EINTR)
        return;
    if (size != (long)sizeof ask || ask.magic != SUPERVISE_MAGIC) {
        close_client(supervisor, index);
        return;
    }
    switch ((enum supervise_request)ask.request) {
    case SUPERVISE_SIGNAL: answer(supervisor, index, send_signal(supervisor, ask.value), NULL, 0); return;
    case SUPERVISE_STOP: answer(supervisor, index, request_end(supervisor, ask.value, EVENT_STOP), NULL, 0); return;
    case SUPERVISE_RESTART:
        answer(supervisor, index, request_end(supervisor, ask.value, EVENT_RESTART), NULL, 0);
        return;
    case SUPERVISE_PIDFD: hand_out(supervisor, index, false); return;
    case SUPERVISE_PLAN: hand_out(supervisor, index, true); return;
    case SUPERVISE_NETWORK: hand_out_network(supervisor, index); return;
    case SUPERVISE_CONDITION: tell_condition(supervisor, index); return;
    case SUPERVISE_WATCH: supervisor->watches[index] = true; return;
    }
    close_client(supervisor, index);
}

void serve_end(struct supervisor *supervisor)
{
    struct supervise_message message = { .magic = SUPERVISE_MAGIC, .word = SUPERVISE_ENDED, .end = supervisor->end };
    for (int i = 0; i < CLIENTS_MAX; i++)
        if (supervisor->clients[i] >= 0 && supervisor->watches[i])
            supervise_send(supervisor->clients[i], &message, NULL, 0);
}
