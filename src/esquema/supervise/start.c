/*
 * Starting a container under a supervisor of its own: the plan goes to the supervisor program in a sealed memory file,
 * its descriptors with the numbers that they have. Knows the job, not what the supervisor does with it.
 */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include "base/buffer.h"
#include "cgroup/leaf.h"
#include "launch/launch.h"
#include "plan/plan.h"
#include "store/store.h"
#include "supervise/protocol.h"
#include "supervise/supervise.h"

enum { LOG_SIZE = 10 << 20, LOG_FILES = 5 };

/* ---- The job ---- */

static int write_job(const struct esq_plan *plan, struct supervise_job *job, int *ret_fd)
{
    size_t held_size = plan->held_count * sizeof(int32_t);
    size_t block = (sizeof *job + held_size + 7) / 8 * 8;
    static const char zero[8];
    job->magic = SUPERVISE_MAGIC;
    job->version = SUPERVISE_VERSION;
    job->held_count = (uint32_t)plan->held_count;
    job->block = (uint32_t)block;
    job->size = (uint32_t)block + plan->block->size;
    _cleanup_fd_ int fd = sys_memfd("esquema-plan", false);
    int result = fd < 0 ? fd : sys_write_all(fd, job, sizeof *job);
    if (result == 0 && held_size > 0)
        result = sys_write_all(fd, plan->held, held_size);
    if (result == 0)
        result = sys_write_all(fd, zero, block - sizeof *job - held_size);
    if (result == 0)
        result = sys_write_all(fd, plan->block, plan->block->size);
    if (result == 0)
        result = sys_memfd_seal(fd);
    if (result == 0)
        *ret_fd = take_fd(&fd);
    return result;
}

/* ---- The program ---- */

/* Every descriptor that the job or the plan names is kept open over the execve, with its number. */
static int keep(posix_spawn_file_actions_t *actions, int fd)
{
    return fd < 0 ? 0 : -posix_spawn_file_actions_adddup2(actions, fd, fd);
}

static int keep_all(posix_spawn_file_actions_t *actions, const struct esq_plan *plan, const struct supervise_job *job,
                    int job_fd)
{
    const struct launch_descriptors *descriptors =
        (const struct launch_descriptors *)STEP_TEXT(plan->block, plan->block->descriptors);
    const int own[] = { job_fd, job->launcher, job->folder, job->store, job->lock, job->logs, descriptors->executable };
    int result = 0;
    for (size_t i = 0; i < sizeof own / sizeof *own && result == 0; i++)
        result = keep(actions, own[i]);
    for (uint32_t i = 0; i < descriptors->move_count && result == 0; i++)
        result = keep(actions, descriptors->moves[i].from);
    for (size_t i = 0; i < plan->held_count && result == 0; i++)
        result = keep(actions, plan->held[i]);
    return result;
}

const char *supervise_missing_remedy(int result)
{
    return result == -ENOENT || result == -EACCES ? "it belongs to this installation: install it again" : NULL;
}

/* The program forks and its first process ends, so that the supervisor is nobody's child to wait for. */
static int spawn(const char *program, const struct esq_plan *plan, const struct supervise_job *job, int job_fd)
{
    char number[16], name[] = "esquema-supervisor", label[ESQ_NAME_SIZE];
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    pid_t pid;
    int status;
    snprintf(number, sizeof number, "%d", job_fd);
    snprintf(label, sizeof label, "%s", job->name);
    char *argv[] = { name, number, label, NULL };
    char *no_environment[] = { NULL };
    sigemptyset(&none);
    sigfillset(&all);
    if (posix_spawn_file_actions_init(&actions) != 0)
        return -ENOMEM;
    if (posix_spawnattr_init(&attributes) != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return -ENOMEM;
    }
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
    int result = keep_all(&actions, plan, job, job_fd);
    if (result == 0)
        result = -posix_spawn(&pid, program, &actions, &attributes, argv, no_environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (result == 0)
        sys_wait(pid, &status, NULL, 0); /* a host that waits for anybody may have done it */
    return result;
}

/* ---- The start ---- */

static int await_start(int socket, struct supervise_message *ret_message, int *ret_pidfd, esq_error *ret_error)
{
    int fds[2];
    int result = supervise_receive(socket, ret_message, fds);
    sys_close(fds[1]);
    if (result == 0 && ret_message->word == SUPERVISE_STARTED && fds[0] >= 0) {
        *ret_pidfd = fds[0];
        return 0;
    }
    sys_close(fds[0]);
    if (result == 0 && ret_message->word == SUPERVISE_FAILED) {
        if (ret_error)
            *ret_error = ret_message->error;
        return ret_message->error.error_number > 0 ? -ret_message->error.error_number : -EINVAL;
    }
    return esq_refuse(ret_error, ECHILD, NULL, "the supervisor was killed before the container ran");
}

/* Hands the job over. The socket to the supervisor is the caller's. */
static int start_supervisor(const char *program, const struct esq_plan *plan, struct supervise_job *job,
                            struct supervise_message *ret_message, int *ret_socket, int *ret_pidfd,
                            esq_error *ret_error)
{
    int ends[2];
    int result = cgroup_settle(plan->block, ret_error); /* or the supervisor would begin where nobody may stay */
    if (result < 0)
        return result;
    result = (int)SYS(SYS_socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
    if (result < 0)
        return esq_fail(ret_error, NULL, -result, NULL, "make a socket for the supervisor");
    _cleanup_fd_ int own = ends[0];
    _cleanup_fd_ int other = ends[1], job_fd = -1;
    job->launcher = other;
    result = write_job(plan, job, &job_fd);
    if (result < 0)
        return esq_fail(ret_error, NULL, -result, NULL, "make the memory file of the plan");
    result = spawn(program, plan, job, job_fd);
    if (result < 0)
        return esq_fail(ret_error, NULL, -result, supervise_missing_remedy(result), "execute the supervisor, %s",
                        *program ? program : "of which no path was given");
    sys_close(take_fd(&other)); /* or the end of the supervisor would never be seen */
    result = await_start(own, ret_message, ret_pidfd, ret_error);
    if (result == 0)
        *ret_socket = take_fd(&own);
    return result;
}

static void prepare_job(const struct esq_store *store, const struct store_entry *entry, const esq_start *how, int logs,
                        struct supervise_job *job)
{
    *job = (struct supervise_job){
        .flags = SUPERVISE_ENTRY,
        .folder = entry->folder,
        .store = store->folder,
        .lock = entry->lock,
        .logs = logs,
        .log_size = how->log_size ? how->log_size : LOG_SIZE,
        .log_files = how->log_files ? how->log_files : LOG_FILES,
        .log_output = how->log_output,
        .restart = how->restart,
    };
    if (job->log_files > STORE_LOG_FILES_MAX)
        job->log_files = STORE_LOG_FILES_MAX;
    if (how->flags & ESQ_START_REMOVE)
        job->flags |= SUPERVISE_REMOVE;
    if (how->flags & ESQ_START_TERMINAL)
        job->flags |= SUPERVISE_TERMINAL;
    if (how->ret_tie)
        job->flags |= SUPERVISE_BOUND;
    if (how->flags & ESQ_START_TRACE_DENIED)
        job->flags |= SUPERVISE_TRACE_DENIED;
    const char *file = how->file ? how->file : "";
    size_t length = strlen(file);
    snprintf(job->file, sizeof job->file, "%s",
             length < sizeof job->file ? file : file + length - sizeof job->file + 1);
    snprintf(job->name, sizeof job->name, "%s", entry->name);
    snprintf(job->boot, sizeof job->boot, "%s", store->boot);
}

static uint64_t microseconds_since_1970(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int start_entry(esq_store *store, const esq_plan *plan, const esq_start *how, struct store_entry *entry,
                       esq_entry *record, esq_error *ret_error)
{
    struct supervise_job job;
    struct supervise_message message;
    _cleanup_fd_ int socket = -1, pidfd = -1;
    _cleanup_fd_ int earlier = store_open_logs(store, entry->name, false, NULL);
    _cleanup_fd_ int logs = store_open_logs(store, entry->name, true, ret_error);
    if (logs < 0)
        return logs;
    prepare_job(store, entry, how, logs, &job);
    int result = kept_write(entry->folder, how);
    if (result < 0)
        esq_fail(ret_error, NULL, -result, NULL, "keep what `%s` is", entry->name);
    else
        result = start_supervisor(store->supervisor, plan, &job, &message, &socket, &pidfd, ret_error);
    if (result == 0) {
        record->state = ESQ_STATE_RUNNING;
        record->pid = message.pid;
        if (how->ret_tie)
            *how->ret_tie = take_fd(&socket);
    } else if (earlier < 0) { /* nothing has run under this name: nothing stays of it */
        store_remove_logs(store, entry->name);
    }
    return result;
}

int esq_store_start(esq_store *store, const esq_plan *plan, const esq_start *how, esq_entry *ret_entry,
                    esq_error *ret_error)
{
    struct store_entry entry, earlier;
    if (how->size < sizeof *how)
        return esq_refuse(ret_error, EINVAL, NULL, "the caller was made for another version");
    const char *name = plan->block->name ? STEP_TEXT(plan->block, plan->block->name) : "";
    if (!*name)
        return esq_refuse(ret_error, EINVAL, "say (name \"...\") in the description, or give --name",
                          "a container that is started needs a name");
    int result = denied_check(plan, how->flags & ESQ_START_TRACE_DENIED ? ESQ_TRACE_DENIED : 0, ret_error);
    if (result < 0)
        return result;
    esq_entry record = { .state = ESQ_STATE_STARTING, .started_us = microseconds_since_1970() };
    snprintf(record.name, sizeof record.name, "%s", name);
    result = store_create(store, &record, &entry, &earlier, ret_error);
    if (result < 0)
        return result;
    result = start_entry(store, plan, how, &entry, &record, ret_error);
    if (result < 0) {
        store_drop_empty_logs(store, name);
        store_put_back(store, &entry, &earlier); /* it can be started again when what is missing is there */
        return result;
    }
    store_drop_earlier(store, &earlier);
    store_close(&entry); /* the supervisor holds the lock */
    *ret_entry = record;
    return 0;
}

/* ---- For a host: bound to its process instead of its thread ---- */

int supervise_launch(const char *program, const struct esq_plan *plan, struct esq_container *container,
                     esq_error *ret_error)
{
    struct supervise_job job = { .flags = SUPERVISE_BOUND, .folder = -1, .store = -1, .lock = -1, .logs = -1 };
    struct supervise_message message;
    int socket, pidfd;
    int result = start_supervisor(program, plan, &job, &message, &socket, &pidfd, ret_error);
    if (result < 0)
        return result;
    container->launched = (struct launched){ .pid = message.pid,
                                             .pidfd = pidfd,
                                             .result = -1,
                                             .held = -1,
                                             .network = -1,
                                             .notify = -1,
                                             .listener = -1,
                                             .started = message.started_us };
    cgroup_init(&container->launched.cgroup); /* the supervisor's */
    container->supervisor = socket;
    return 0;
}
