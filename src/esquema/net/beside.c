/*
 * The program of the user-mode network, beside the container for as long as that lives: pasta in the foreground, which
 * dies with the thread that started it (entering a user namespace of its own user keeps that signal). What it must not
 * hand on is walled off as soon as its device is there. Knows pasta's command line; not what ports mean.
 */
#include <errno.h>
#include <linux/prctl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "names/names.h"
#include "net/net.h"
#include "plan/step.h"

enum { PATIENCE_MS = 5000, PAUSE_MS = 2, LINE = 512, WALLER_STACK = 24 << 10 };

/* Our side of a copied process: system calls only, since other threads of the host may have held locks. */
__attribute__((noreturn)) static void become(char *const argv[])
{
    char *const environment[] = { NULL };
    uint64_t none = 0;
    int parent = (int)raw_syscall(SYS_getppid, 0, 0, 0, 0, 0, 0);
    sys_default_signals();
    sys_restore_signals(&none);
    sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    sys_close_range(3, ~0u); /* it reads what strangers send, and lives long: it keeps nothing of ours */
    if ((int)raw_syscall(SYS_getppid, 0, 0, 0, 0, 0, 0) != parent || parent == 1)
        sys_exit(125);
    sys_execveat(AT_FDCWD, NET_PROGRAM, argv, environment, 0);
    sys_exit(127);
}

/* Has the namespace a route yet, that does not lead through loopback? The first line is a heading. */
static bool has_route(pid_t pid, const char *table)
{
    char path[64], line[LINE];
    snprintf(path, sizeof(path), "/proc/%d/net/%s", pid, table);
    FILE *file = fopen(path, "re");
    bool is_found = false;
    while (file && !is_found && fgets(line, sizeof(line), file))
        is_found = strncmp(line, "Iface", 5) != 0 && strncmp(line, "lo\t", 3) != 0 && !strstr(line, " lo\n");
    if (file)
        fclose(file);
    return is_found;
}

/* How many filters of system calls bind a process; -1: it has ended, or the kernel does not say (before 5.9). */
static int count_filters(pid_t pid)
{
    char path[64], line[LINE];
    int count = -1;
    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    FILE *file = fopen(path, "re");
    while (file && count < 0 && fgets(line, sizeof(line), file))
        if (sscanf(line, "Seccomp_filters:%d", &count) != 1)
            count = -1;
    if (file)
        fclose(file);
    return count;
}

/*
 * It tells nobody that it is ready. A route is there when it has begun, by the kernel's own hand as soon as the link is
 * up; before it carries the first packet, behind all that it sets up, it takes a filter of system calls upon itself.
 */
static bool is_ready(pid_t container, pid_t program, int own_filters)
{
    return (has_route(container, "route") || has_route(container, "ipv6_route")) &&
           (own_filters < 0 || count_filters(program) > own_filters);
}

static int wait_until_ready(pid_t container, pid_t program)
{
    int own_filters = count_filters((pid_t)raw_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0));
    for (int waited = 0; waited < PATIENCE_MS; waited += PAUSE_MS) {
        struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
        int status;
        if (is_ready(container, program, own_filters))
            return 0;
        if (sys_wait(program, &status, NULL, 1 /* WNOHANG */) == program)
            return -ENETDOWN;
        nanosleep(&pause, NULL);
    }
    return -ETIMEDOUT;
}

static int close_devices(const char *user, const char *net, bool is_closed)
{
    char stack[WALLER_STACK] __attribute__((aligned(16)));
    int status;
    _cleanup_fd_ int user_namespace = sys_openat(AT_FDCWD, user, O_RDONLY, 0);
    _cleanup_fd_ int network = sys_openat(AT_FDCWD, net, O_RDONLY, 0);
    struct net_waller waller = {
        .user = user_namespace, .network = network, .is_closed = is_closed, .result = -ECHILD
    };
    if (user_namespace < 0 || network < 0)
        return user_namespace < 0 ? user_namespace : network;
    long pid =
        raw_clone(CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, stack + sizeof(stack), NULL, net_waller_run, &waller);
    if (pid < 0)
        return (int)pid;
    sys_wait((pid_t)pid, &status, NULL, 0); /* a host that waits for anybody may have done it */
    return waller.result;
}

/* Returns when it carries packets, and those alone that it may. */
static int start(char *const argv[], pid_t container, const char *user, const char *net, bool is_closed,
                 pid_t *ret_program, const char **ret_detail)
{
    long program = raw_syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0);
    if (program < 0)
        return (int)program;
    if (program == 0)
        become(argv);
    int status, result = wait_until_ready(container, (pid_t)program);
    if (result < 0)
        *ret_detail = result == -ENETDOWN ? "it has ended" : "it was not ready in time";
    if (result == -ENETDOWN)
        return result;
    if (result == 0 && (result = close_devices(user, net, is_closed)) < 0)
        *ret_detail = "wall off the host's loopback";
    if (result < 0) {
        raw_syscall(SYS_kill, program, SIGKILL, 0, 0, 0, 0);
        sys_wait((pid_t)program, &status, NULL, 0);
        return result;
    }
    *ret_program = (pid_t)program;
    return 0;
}

int net_beside(const struct step *step, const struct plan_block *block, pid_t container, int user_namespace,
               pid_t *ret_program, const char **ret_detail)
{
    const struct net_program *data = STEP_DATA(block, step, struct net_program);
    const uint32_t *arguments = (const uint32_t *)STEP_TEXT(block, data->arguments);
    char user[64], net[40], user_option[] = "--userns", net_option[] = "--netns";
    char forward[] = "--dns-forward", forward_four[] = NAMES_FORWARD_FOUR, forward_six[] = NAMES_FORWARD_SIX;
    struct names names;
    char *argv[NET_ARGUMENTS_MAX + 9];
    size_t count = 0;
    for (; count < data->count && count < NET_ARGUMENTS_MAX; count++)
        argv[count] = (char *)STEP_TEXT(block, arguments[count]);
    if (user_namespace >= 0) /* its own owns no network */
        snprintf(user, sizeof(user), "/proc/%d/fd/%d", (int)raw_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0), user_namespace);
    else
        snprintf(user, sizeof(user), "/proc/%d/ns/user", container);
    snprintf(net, sizeof(net), "/proc/%d/ns/net", container);
    argv[count++] = user_option;
    argv[count++] = user;
    argv[count++] = net_option;
    argv[count++] = net;
    /* Only to a server that is there now: to none would lead to port 53 of the host's loopback. */
    names_read((enum names_wish)data->names, &names);
    if (*names.four) {
        argv[count++] = forward;
        argv[count++] = forward_four;
    }
    if (*names.six) {
        argv[count++] = forward;
        argv[count++] = forward_six;
    }
    argv[count] = NULL;
    int result = (int)SYS(SYS_faccessat, AT_FDCWD, NET_DEVICE, R_OK | W_OK);
    if (result < 0) {
        *ret_detail = "use " NET_DEVICE;
        return result;
    }
    return start(argv, container, user, net, data->is_closed, ret_program, ret_detail);
}
