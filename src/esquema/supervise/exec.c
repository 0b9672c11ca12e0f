/*
 * One more program in a running container: asks its supervisor for the plan and a pidfd, and starts the joiner with a
 * job. Knows what the joiner is told, not how it joins.
 */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/buffer.h"
#include "base/text.h"
#include "cgroup/leaf.h"
#include "launch/init_job.h"
#include "launch/join_job.h"
#include "launch/launch.h"
#include "supervise/control.h"
#include "supervise/supervise.h"

enum { ENVIRONMENT_MAX = 4096 };

/* The container's plan, and what was made of it. */
struct joining {
    int fds[2]; /* pidfd of init, memory file of the plan */
    pid_t init;
    const struct plan_block *block; /* mapped */
    size_t size;
};

/* ---- The plan ---- */

static int map_plan(struct joining *joining)
{
    struct stat found;
    if (sys_fstat(joining->fds[1], &found) < 0 || found.st_size < (off_t)sizeof(struct plan_block))
        return -EPROTO;
    joining->size = (size_t)found.st_size;
    void *bytes = mmap(NULL, joining->size, PROT_READ, MAP_PRIVATE, joining->fds[1], 0);
    if (bytes == MAP_FAILED)
        return -errno;
    joining->block = bytes;
    bool is_ours = joining->block->magic == PLAN_MAGIC && joining->block->version == PLAN_VERSION &&
                   joining->block->size == joining->size;
    return is_ours ? 0 : -EPROTO;
}

static const struct init_job *init_job_of(const struct joining *joining)
{
    return (const struct init_job *)STEP_TEXT(joining->block, joining->block->job);
}

/* A text of the array of offsets in the plan's job. */
static const char *job_text(const struct init_job *job, uint32_t array, uint32_t index)
{
    const uint64_t *offsets = (const uint64_t *)((const char *)job + array);
    return (const char *)job + offsets[index];
}

/* ---- The cgroup ---- */

/* Where the program belongs. */
struct home {
    char folder[2 * CGROUP_PATH_MAX]; /* "": the container has no cgroup of its own */
    const char *leaf;                 /* "/NAME" at its end, in a unit of systemd that we are not in; else NULL */
    char unit[256];
    struct cgroup_place place;
};

/*
 * ".../esquema-NUMBER.scope/esquema-NUMBER", or in a service that was given away ".../NAME.service/esquema-NUMBER":
 * from outside of the unit only systemd moves a process into it.
 */
static void find_unit(struct home *home, const char *own)
{
    char *leaf = strrchr(home->folder, '/');
    *leaf = '\0';
    const char *unit = strrchr(home->folder, '/');
    size_t length = strlen(home->folder);
    bool is_unit = unit && (text_ends_with(unit, ".scope") || text_ends_with(unit, ".service"));
    bool is_ours = strncmp(own, home->folder, length) == 0 && (own[length] == '/' || own[length] == '\0');
    if (is_unit && !is_ours && strlen(unit) <= sizeof home->unit) {
        snprintf(home->unit, sizeof home->unit, "%s", unit + 1);
        home->leaf = leaf;
    }
    *leaf = '/';
}

/* A container that has a cgroup of its own is in another one than its supervisor; the new program belongs there too. */
static void find_home(const struct joining *joining, pid_t supervisor, struct home *ret_home)
{
    char other[2 * CGROUP_PATH_MAX], own[2 * CGROUP_PATH_MAX];
    *ret_home = (struct home){ .leaf = NULL };
    cgroup_find(&ret_home->place);
    if (cgroup_path_of(joining->init, ret_home->folder, sizeof ret_home->folder) == 0 &&
        cgroup_path_of(supervisor, other, sizeof other) == 0 && strcmp(ret_home->folder, other) != 0 &&
        cgroup_path_of(getpid(), own, sizeof own) == 0)
        find_unit(ret_home, own);
    else
        ret_home->folder[0] = '\0';
}

/* The joiner waits meanwhile. Returns 0 or a negative errno with a constant text. */
static int bring_home(struct home *home, pid_t joiner, int reports, const char **ret_detail)
{
    if (!home->leaf)
        return 0;
    *ret_detail = "find the bus of systemd";
    int result = cgroup_find_bus_of(&home->place, home->folder) ? 0 : -ENOENT;
    if (result == 0)
        result = cgroup_scope_attach(home->place.bus, home->unit, home->leaf, joiner, ret_detail);
    if (result < 0)
        return result;
    *ret_detail = "go on";
    ssize_t sent = (ssize_t)SYS(SYS_sendto, reports, "y", 1, MSG_NOSIGNAL, NULL, 0);
    return sent == 1 ? 0 : -EPIPE;
}

/* ---- The job ---- */

static bool append_text(struct buffer *bytes, const char *text)
{
    return buffer_append(bytes, text, strlen(text) + 1);
}

static bool has_name(const char *entry, const char *other)
{
    size_t length = strcspn(entry, "=");
    return strncmp(entry, other, length) == 0 && other[length] == '=';
}

static bool append_environment(const struct joining *joining, const esq_exec *how, struct buffer *bytes,
                               struct join_job *job, const char **ret_path)
{
    const struct init_job *plan = init_job_of(joining);
    bool is_added = true;
    job->envp = (uint32_t)bytes->length;
    for (uint32_t i = 0; i < plan->envc && is_added; i++) {
        const char *entry = job_text(plan, plan->envp, i);
        bool is_replaced = false;
        for (size_t j = 0; j < how->environment_count; j++)
            is_replaced |= has_name(entry, how->environment[j]);
        if (is_replaced)
            continue;
        is_added = append_text(bytes, entry);
        job->envc++;
        if (strncmp(entry, "PATH=", 5) == 0)
            *ret_path = entry + 5;
    }
    for (size_t i = 0; i < how->environment_count && is_added; i++) {
        is_added = append_text(bytes, how->environment[i]);
        job->envc++;
        if (strncmp(how->environment[i], "PATH=", 5) == 0)
            *ret_path = how->environment[i] + 5;
    }
    return is_added;
}

/* As execvp: a name with a slash is a path, another one is looked for in PATH. */
static bool append_paths(const char *program, const char *path, struct buffer *bytes, struct join_job *job)
{
    job->paths = (uint32_t)bytes->length;
    if (strchr(program, '/')) {
        job->path_count = 1;
        return append_text(bytes, program);
    }
    for (const char *next = path; next;) {
        int length = (int)strcspn(next, ":");
        if (!buffer_append_format(bytes, "%.*s/%s", length ? length : 1, length ? next : ".", program) ||
            !buffer_append_byte(bytes, 0))
            return false;
        job->path_count++;
        next = next[length] ? next + length + 1 : NULL;
    }
    return true;
}

static const char *working_directory(const struct joining *joining, const esq_exec *how)
{
    if (how->directory)
        return how->directory;
    for (uint32_t i = 0; i < joining->block->step_count; i++) {
        const struct step *step = plan_step(joining->block, i);
        if (step->kind == STEP_WORKING_DIRECTORY)
            return STEP_TEXT(joining->block, STEP_DATA(joining->block, step, struct launch_text)->text);
    }
    return "/";
}

static bool fill_job(const struct joining *joining, const esq_exec *how, const struct home *home, struct buffer *bytes,
                     struct join_job *job)
{
    const char *path = "";
    bool is_filled = buffer_append(bytes, job, sizeof *job);
    job->argv = (uint32_t)bytes->length;
    job->argc = (uint32_t)how->word_count;
    for (size_t i = 0; i < how->word_count && is_filled; i++)
        is_filled = append_text(bytes, how->words[i]);
    is_filled = is_filled && append_environment(joining, how, bytes, job, &path) &&
                append_paths(how->words[0], path, bytes, job);
    job->directory = (uint32_t)bytes->length;
    is_filled = is_filled && append_text(bytes, working_directory(joining, how));
    if (*home->folder && !home->leaf) {
        job->cgroup = (uint32_t)bytes->length;
        is_filled = is_filled && append_text(bytes, home->folder);
    }
    job->size = (uint32_t)bytes->length;
    if (is_filled)
        memcpy(bytes->bytes, job, sizeof *job);
    return is_filled;
}

static int make_job(const struct joining *joining, const esq_exec *how, const struct home *home, int report,
                    int *ret_fd)
{
    struct join_job job = {
        .magic = JOIN_JOB_MAGIC,
        .version = JOIN_JOB_VERSION,
        .flags = (how->flags & ESQ_EXEC_TERMINAL ? JOIN_JOB_TERMINAL : 0) | (home->leaf ? JOIN_JOB_IS_MOVED : 0),
        .parent = getpid(),
        .pidfd = joining->fds[0],
        .plan = joining->fds[1],
        .report = report,
        .rows = how->rows,
        .columns = how->columns,
    };
    struct buffer bytes;
    buffer_init(&bytes, &memory_malloc);
    int result = fill_job(joining, how, home, &bytes, &job) ? 0 : -ENOMEM;
    _cleanup_fd_ int fd = result < 0 ? result : sys_memfd("esquema-exec", false);
    if (result == 0)
        result = fd < 0 ? fd : sys_write_all(fd, bytes.bytes, bytes.length);
    if (result == 0)
        result = sys_memfd_seal(fd);
    buffer_done(&bytes);
    if (result == 0)
        *ret_fd = take_fd(&fd);
    return result;
}

/* ---- The program ---- */

enum { PROGRAM_MAX = 64 << 20 };

/*
 * A sealed copy of the joiner, which nobody may read. Inside it executes what the container gives it, and that may be
 * "/proc/self/exe": from then on it can be looked at like any program, and where Landlock does not stand in the way its
 * file could be opened for writing, which is the caller's own on the host (CVE-2019-5736).
 */
static int make_program(const char *path)
{
    struct stat found;
    _cleanup_fd_ int file = sys_openat(AT_FDCWD, path, O_RDONLY, 0);
    int result = file < 0 ? file : sys_fstat(file, &found);
    if (result < 0)
        return result;
    if (!S_ISREG(found.st_mode) || found.st_size <= 0 || found.st_size > PROGRAM_MAX)
        return -ENOEXEC;
    _cleanup_fd_ int copy = sys_memfd("esquema-joiner", true);
    if (copy < 0)
        return copy;
    for (off_t left = found.st_size; left > 0;) {
        long sent = SYS(SYS_sendfile, copy, file, 0, left);
        if (sent <= 0)
            return sent < 0 ? (int)sent : -EIO;
        left -= sent;
    }
    result = (int)SYS(SYS_fchmod, copy, 0111);
    if (result == 0)
        result = sys_memfd_seal(copy);
    return result < 0 ? result : sys_dup_above(copy, 3); /* 0 to 2 become the program's */
}

/* 0 to 2 become the program's; they are copied out of the way first, since one may stand where another must go. */
static int spawn(const char *program, const esq_exec *how, const struct joining *joining, int job, int report,
                 pid_t *ret_pid)
{
    char number[16], name[] = "esquema-joiner", path[32];
    char *argv[] = { name, number, NULL };
    char *no_environment[] = { NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t all;
    int high[3] = { -1, -1, -1 };
    const int kept[] = { joining->fds[0], joining->fds[1], job, report };
    _cleanup_fd_ int copy = make_program(program);
    if (copy < 0)
        return copy;
    snprintf(path, sizeof path, "/proc/self/fd/%d", copy);
    snprintf(number, sizeof number, "%d", job);
    sigfillset(&all);
    if (posix_spawn_file_actions_init(&actions) != 0)
        return -ENOMEM;
    int result = -posix_spawnattr_init(&attributes);
    for (int i = 0; i < 3 && result == 0; i++) {
        high[i] = sys_dup_above(how->fds[i], 3);
        result = high[i] < 0 ? high[i] : -posix_spawn_file_actions_adddup2(&actions, high[i], i);
    }
    for (size_t i = 0; i < sizeof kept / sizeof *kept && result == 0; i++)
        result = -posix_spawn_file_actions_adddup2(&actions, kept[i], kept[i]);
    /* Blocked from the beginning: what comes before it can pass signals on waits for it. */
    posix_spawnattr_setsigmask(&attributes, &all);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (result == 0)
        result = -posix_spawn(ret_pid, path, &actions, &attributes, argv, no_environment);
    for (int i = 0; i < 3; i++)
        sys_close(high[i]);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return result;
}

/* ---- The outcome ---- */

static int fail_at(const struct joining *joining, const esq_exec *how, const struct child_report *report,
                   esq_error *ret_error)
{
    static const char *const own[] = {
        "join the container's cgroup",      "join the container's namespaces", "start a process in the container",
        "open a terminal in the container", "go to the working directory",
    };
    if (report->step < JOIN_STEP_CGROUP)
        return launch_fail_at_step(joining->block, report, ret_error);
    if (report->step > JOIN_STEP_EXEC || report->error <= 0 || report->error > 4095)
        return esq_refuse(ret_error, EPROTO, NULL, "the joiner sent nonsense");
    /* Who joins a container at its end is refused a moment before that can be seen. */
    struct pollfd ended = { .fd = joining->fds[0], .events = POLLIN };
    if (report->step == JOIN_STEP_NAMESPACES && sys_poll(&ended, 1, 1000000) == 1)
        return esq_refuse(ret_error, ESRCH, "`esquema ps` says what became of it", "the container has ended");
    if (report->step != JOIN_STEP_EXEC)
        return esq_fail(ret_error, NULL, report->error,
                        report->step == JOIN_STEP_TERMINAL
                            ? "(dev yes) gives it a /dev/pts; without -t the program has the streams that you have"
                            : NULL,
                        "%s", own[report->step - JOIN_STEP_CGROUP]);
    int result = esq_fail(ret_error, NULL, report->error, "the program must lie in the container's root filesystem",
                          "execute %s", how->words[0]);
    bool is_missing = report->error == ENOENT || report->error == ENOTDIR;
    if (ret_error)
        ret_error->exit_status = is_missing ? ESQ_EXIT_NOT_FOUND : ESQ_EXIT_CANNOT;
    return result;
}

/* A report, and the descriptor that came with it, or -1. */
static ssize_t receive(int reports, struct child_report *ret_report, int *ret_fd)
{
    union {
        struct cmsghdr head;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec bytes = { .iov_base = ret_report, .iov_len = sizeof *ret_report };
    struct msghdr message = {
        .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
    };
    ssize_t size;
    *ret_fd = -1;
    do
        size = (ssize_t)SYS(SYS_recvmsg, reports, &message, MSG_CMSG_CLOEXEC);
    while (size == -EINTR);
    const struct cmsghdr *part = size > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (part && part->cmsg_type == SCM_RIGHTS && part->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(ret_fd, CMSG_DATA(part), sizeof(int));
    return size;
}

static int await_exec(const struct joining *joining, const esq_exec *how, int reports, pid_t pid, esq_error *ret_error)
{
    struct child_report report;
    _cleanup_fd_ int terminal = -1, other = -1;
    int status, result = 0;
    ssize_t size = receive(reports, &report, &terminal);
    if (terminal >= 0)
        size = receive(reports, &report, &other);
    if (size == 0) { /* executed, or killed: then its status says so */
        if (how->flags & ESQ_EXEC_TERMINAL)
            *how->ret_terminal = take_fd(&terminal);
        return 0;
    }
    if (size == (ssize_t)sizeof report) {
        report.detail[sizeof report.detail - 1] = '\0';
        result = fail_at(joining, how, &report, ret_error);
    } else {
        kill(pid, SIGKILL);
        result = esq_refuse(ret_error, EPROTO, NULL, "the joiner sent nonsense");
    }
    sys_wait(pid, &status, NULL, 0);
    return result;
}

static int start_at(esq_store *store, const esq_exec *how, const struct joining *joining, struct home *home,
                    pid_t *ret_pid, esq_error *ret_error)
{
    int ends[2], status;
    int result = (int)SYS(SYS_socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
    if (result < 0)
        return esq_fail(ret_error, NULL, -result, NULL, "open a socket");
    _cleanup_fd_ int reports = ends[0];
    _cleanup_fd_ int report = ends[1], job = -1;
    result = make_job(joining, how, home, report, &job);
    if (result < 0)
        return esq_fail(ret_error, NULL, -result, NULL, "make the job of the joiner");
    result = spawn(store->joiner, how, joining, job, report, ret_pid);
    if (result < 0)
        return esq_fail(ret_error, NULL, -result, supervise_missing_remedy(result), "execute the joiner, %s",
                        *store->joiner ? store->joiner : "of which no path was given");
    sys_close(take_fd(&report));
    const char *detail;
    result = bring_home(home, *ret_pid, reports, &detail);
    if (result == 0)
        return await_exec(joining, how, reports, *ret_pid, ret_error);
    kill(*ret_pid, SIGKILL);
    sys_wait(*ret_pid, &status, NULL, 0);
    return esq_fail(ret_error, NULL, -result, NULL, "join the container's cgroup: %s", detail);
}

static int start(esq_store *store, const esq_exec *how, const struct joining *joining, pid_t supervisor, pid_t *ret_pid,
                 esq_error *ret_error)
{
    struct home *home = malloc(sizeof *home);
    if (!home)
        return esq_fail(ret_error, NULL, ENOMEM, NULL, "find the container's cgroup");
    find_home(joining, supervisor, home);
    struct pollfd alive = { .fd = joining->fds[0], .events = POLLIN };
    int result = sys_poll(&alive, 1, 0) == 0 /* else its pid may be another's by now */
                     ? start_at(store, how, joining, home, ret_pid, ret_error)
                     : esq_refuse(ret_error, ESRCH, "`esquema ps` says what became of it", "the container has ended");
    free(home);
    return result;
}

/* The program inside gets these: the same holds for them as for those of a container. */
static int check_streams(const esq_exec *how, esq_error *ret_error)
{
    for (int i = 0; i < 3; i++) {
        int result = launch_check_descriptor(how->fds[i]);
        if (result == -EBADF)
            return esq_fail(ret_error, NULL, EBADF, NULL, "descriptor %d", how->fds[i]);
        if (result < 0)
            return esq_refuse(ret_error, EISDIR, LAUNCH_DESCRIPTOR_REMEDY,
                              "descriptor %d is a directory or a path handle, which leads out of the container",
                              how->fds[i]);
    }
    return 0;
}

pid_t esq_store_exec(esq_store *store, const char *name, const esq_exec *how, esq_error *ret_error)
{
    struct joining joining = { .fds = { -1, -1 } };
    esq_entry entry;
    pid_t pid = 0;
    if (how->size < sizeof *how || how->word_count == 0 || !*how->words[0] ||
        how->environment_count > ENVIRONMENT_MAX || (how->flags & ESQ_EXEC_TERMINAL && !how->ret_terminal))
        return esq_refuse(ret_error, EINVAL, NULL, "a program to execute is needed");
    int result = check_streams(how, ret_error); /* before any of ours could take the place of one that is closed */
    if (result == 0)
        result = esq_store_find(store, name, &entry, ret_error);
    if (result == 0 && strcmp(entry.name, name) != 0)
        result = esq_refuse(ret_error, ENOENT, "write the whole name", "no container is called `%s`", name);
    if (result == 0)
        result = supervise_ask_pid(store, entry.name, SUPERVISE_PLAN, joining.fds, &joining.init, ret_error);
    if (result == 0 && (result = map_plan(&joining)) < 0)
        esq_refuse(ret_error, EPROTO, "stop it and start it again", "`%s` was started by another version", name);
    if (result == 0)
        result = start(store, how, &joining, entry.supervisor, &pid, ret_error);
    if (joining.block)
        munmap((void *)joining.block, joining.size);
    sys_close(joining.fds[0]);
    sys_close(joining.fds[1]);
    return result < 0 ? result : pid;
}
