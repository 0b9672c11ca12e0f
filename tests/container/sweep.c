/*
 * The failure sweep: every system call of the parent and of the mute child is made to fail once. Then the start fails
 * with that error (or succeeds where the call may be missing), and no process and no descriptor is left. The kill sweep
 * ends the child at each of its calls instead. Linked with the library that counts. usage: sweep PROBE
 */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_CALLS = 400 };

struct outcome {
    int launch;
    int error_number;
    enum esq_reason reason;
    bool has_left;
    int parent_seen, child_seen; /* calls of the launch */
};

static bool is_left(size_t descriptors)
{
    return count_descriptors() != descriptors || has_children();
}

static struct outcome start(const esq_plan *plan)
{
    struct outcome outcome = { 0 };
    size_t descriptors = count_descriptors();
    esq_container *container = NULL;
    esq_error error = { 0 };
    outcome.launch = esq_launch(plan, &container, &error);
    outcome.error_number = error.error_number;
    outcome.parent_seen = sys_fault.parent_seen;
    outcome.child_seen = sys_fault.child_seen;
    sys_fault.parent_at = sys_fault.child_at = 0;
    if (outcome.launch == 0) {
        esq_result result;
        esq_wait(container, 60000, -1, NULL);
        esq_container_result(container, &result);
        outcome.reason = result.reason;
        esq_container_free(container);
    }
    outcome.has_left = is_left(descriptors);
    return outcome;
}

/* Sweeps `at` from 1 until no call is left to fail; `is_kill`: the child dies instead. */
static void sweep(const char *name, const char *const *settings, bool is_child, int error_number)
{
    esq_error error;
    esq_plan *plan = plan_from(settings, &error);
    int wrong = 0, left = 0, swept = 0, survived = 0;
    bool is_kill = error_number == SYS_FAULT_KILL;
    for (int n = 1; plan && n < MOST_CALLS; n++, swept++) {
        sys_fault = (struct sys_fault){ .owner = getpid(), .error_number = error_number };
        *(is_child ? &sys_fault.child_at : &sys_fault.parent_at) = n;
        struct outcome outcome = start(plan);
        left += outcome.has_left;
        if ((is_child ? outcome.child_seen : outcome.parent_seen) < n)
            break;
        survived += outcome.launch == 0 && outcome.reason == ESQ_REASON_EXIT;
        if (outcome.launch == 0 && outcome.reason == ESQ_REASON_EXIT)
            printf("# %s can do without call %d\n", name, n);
        bool is_right = is_kill ? outcome.launch < 0 || outcome.reason != ESQ_REASON_EXIT
                                : outcome.launch == 0 || outcome.error_number == error_number;
        if (!is_right || outcome.has_left)
            printf("# %s, call %d: launch %d, errno %d, reason %d\n", name, n, outcome.launch, outcome.error_number,
                   (int)outcome.reason);
        wrong += !is_right;
    }
    check(plan && wrong == 0, "%s: %d calls fail with the right error (%d starts could do without)", name, swept,
          survived);
    check(left == 0, "%s: nothing is left", name);
    check(swept > (is_child ? 60 : 20) && swept < MOST_CALLS, "%s: the sweep reaches its end", name);
    /* Two questions about a child that may have been killed, at the end of the parent's way. */
    check(survived <= (is_child ? 0 : 2), "%s: no other call may be missing", name);
    esq_plan_free(plan);
}

/* A descriptor that is left is seen, and a child that lives or is dead and was not waited for. */
static void control(void)
{
    size_t descriptors = count_descriptors();
    int extra = dup(STDERR_FILENO);
    check(extra >= 0 && is_left(descriptors), "control: a descriptor that is left is seen");
    close(extra);
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    check(child > 0 && is_left(descriptors), "control: a process that is left is seen");
    siginfo_t info;
    if (child > 0 && kill(child, SIGKILL) == 0)
        waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
    check(child > 0 && is_left(descriptors), "control: a dead one is, too");
    check(!is_left(descriptors), "and that they are gone");
}

/* A network in a user namespace of ours, and the process that holds both. */
static pid_t hold_network(char *field, size_t size)
{
    int ready[2];
    pid_t pid = -1, own;
    if (pipe(ready) < 0)
        return -1;
    pid_t between = fork(); /* so that it is no child of ours */
    if (between == 0 && fork() > 0)
        _exit(0);
    if (between == 0) {
        bool is_good = enter_namespaces(CLONE_NEWNET, 0, 0) && (own = getpid()) > 0 &&
                       write(ready[1], &own, sizeof(own)) == (ssize_t)sizeof(own);
        close(ready[1]);
        while (is_good)
            pause();
        _exit(1);
    }
    close(ready[1]);
    waitpid(between, NULL, 0);
    check(read(ready[0], &pid, sizeof(pid)) == (ssize_t)sizeof(pid) && pid > 1, "a network to be joined");
    close(ready[0]);
    snprintf(field, size, "network-join=/proc/%d/ns/net", (int)pid);
    return pid;
}

int main(int argc, char **argv)
{
    static const char *const bound[] = { "@exit 0", "name=sweep", NULL };
    static const char *const shared[] = { "@exit 0", "network-share=yes", NULL };
    if (argc != 2 || !harness_init(argv[1])) {
        printf("Bail out! no root filesystem could be made\n");
        return 99;
    }
    char bare[400], join[64];
    snprintf(bare, sizeof(bare), "rootfs=%s", harness.bare);
    const char *const overlay[] = { "@exit 0", bare, "rootfs-mode=overlay", "mounts+=tmpfs /a/b", NULL };
    const char *const layered[] = { "@exit 0", bare, "mounts+=bind /etc/passwd /dev/x", NULL };
    const char *const empty[] = { "@exit 0", "rootfs-mode=empty", "landlock=deny-all", NULL };

    control();
    sweep("parent", bound, false, EIO);
    sweep("child, bound root", bound, true, EIO);
    sweep("child, overlay", overlay, true, EIO);
    sweep("child, layers", layered, true, EIO);
    sweep("child, empty root", empty, true, EIO);
    sweep("killed child", bound, true, SYS_FAULT_KILL);
    sweep("parent, shared network", shared, false, EIO);
    /* Who makes the network counts for itself; so the child's way is swept where there is one. */
    pid_t holder = hold_network(join, sizeof(join));
    const char *const joined[] = { "@exit 0", "network=join", join, "best-effort+=landlock-scopes", NULL };
    sweep("parent, joined network", joined, false, EIO);
    sweep("child, joined network", joined, true, EIO);
    sweep("killed child, joined network", joined, true, SYS_FAULT_KILL);
    if (holder > 1)
        kill(holder, SIGKILL);
    harness_done();
    return finish();
}
