/*
 * esq_confine: the walls of a plan around the process that calls it, for a host that has forked by itself because only
 * it knows how (a Scheme system with a collector and threads of its own). The same steps as in the mute child, executed
 * where the caller stands; what needs a process of its own (a pid namespace, init, the program) is left out.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include "launch/launch.h"

static int write_map(const char *path, const char *text)
{
    _cleanup_fd_ int fd = sys_openat(AT_FDCWD, path, O_WRONLY, 0);
    return fd < 0 ? fd : sys_write_all(fd, text, strlen(text));
}

static int enter_namespaces(const struct plan_block *block, esq_error *ret_error)
{
    unsigned flags = block->clone_flags_low;
    if (flags & CLONE_NEWPID || !(flags & CLONE_NEWUSER) || !block->uid_map)
        return esq_fail(ret_error, NULL, EINVAL, "list the field `namespaces` with user and without pid",
                        "a process cannot move into such namespaces by itself");
    int result = (int)SYS(SYS_unshare, flags);
    if (result < 0)
        return esq_fail(ret_error, NULL, -result,
                        result == -EINVAL ? "confine a process with one thread, after a fork"
                                          : "this host refuses new namespaces; `esquema doctor` says why",
                        "enter new namespaces");
    result = write_map("/proc/self/setgroups", "deny");
    if (result == 0)
        result = write_map("/proc/self/uid_map", STEP_TEXT(block, block->uid_map));
    if (result == 0)
        result = write_map("/proc/self/gid_map", STEP_TEXT(block, block->gid_map));
    return result < 0 ? esq_fail(ret_error, NULL, -result, NULL, "write the id maps") : 0;
}

/* What init does for a payload just before its execve. */
static int put_on(const struct step *step, struct child *child)
{
    if (step->kind == STEP_LANDLOCK) {
        long result = SYS(SYS_landlock_restrict_self, child->landlock, 0);
        sys_close(child->landlock);
        return (int)result;
    }
    struct sock_fprog program = { .len = (unsigned short)(step->size / sizeof(struct sock_filter)),
                                  .filter = (struct sock_filter *)STEP_TEXT(child->block, step->data) };
    return (int)SYS(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

/* A process cannot leave its cgroup for one that somebody else removes; its users are its own namespace's, though. */
static int limit(const struct step *step, struct child *child)
{
    uint64_t processes[2] = { child->block->processes, child->block->processes };
    if (step->kind == STEP_CGROUP)
        return 0;
    if (step->kind == STEP_NOTIFY ||
        !(STEP_DATA(child->block, step, struct cgroup_limit)->flags & CGROUP_LIMIT_PROCESSES))
        return step_fail(child, -EOPNOTSUPP, "only a launcher can do this");
    return (int)SYS(SYS_prlimit64, 0, RLIMIT_NPROC, processes, NULL);
}

static bool is_for_another(const struct step *step)
{
    return step->kind == STEP_INIT || step->kind == STEP_EXEC;
}

static bool is_put_on_last(const struct step *step)
{
    return step->kind == STEP_LANDLOCK || step->kind == STEP_SECCOMP;
}

/* In the mute child the numbers behind the kept ones are those of the launcher's own; here they are the host's. */
static int close_slots(const struct step *step, const struct child *child)
{
    const struct launch_descriptors *data = STEP_DATA(child->block, step, struct launch_descriptors);
    if (step->kind != STEP_DESCRIPTORS || step->flags & STEP_SKIP)
        return 0;
    return sys_close_range((unsigned)data->base, (unsigned)data->base + LAUNCH_SLOT_COUNT - 1);
}

static int fail(const struct child *child, uint32_t index, int result, esq_error *ret_error)
{
    struct child_report report = { .step = index, .error = -result, .line = child->line, .column = child->column };
    for (size_t i = 0; child->detail && child->detail[i] && i + 1 < sizeof(report.detail); i++)
        report.detail[i] = child->detail[i];
    return launch_fail_at_step(child->block, &report, ret_error);
}

static int execute(struct child *child, esq_error *ret_error)
{
    const struct plan_block *block = child->block;
    for (uint32_t i = 0; i < block->step_count; i++) {
        const struct step *step = plan_step(block, i);
        child->detail = NULL;
        int result = is_for_another(step) ? 0 : launch_child_step(step, child);
        enum step_place place = step_kind_place(step->kind);
        if (place == STEP_PLACE_PARENT || place == STEP_PLACE_NETWORK || place == STEP_PLACE_BESIDE)
            result = step_fail(child, -EOPNOTSUPP, "only a launcher can do this");
        if (step_kind_place(step->kind) == STEP_PLACE_LAUNCH)
            result = limit(step, child);
        if (result == 0)
            result = close_slots(step, child);
        if (result < 0)
            return fail(child, i, result, ret_error);
    }
    for (uint32_t i = 0; i < block->step_count; i++) {
        const struct step *step = plan_step(block, i);
        child->detail = NULL;
        int result = is_put_on_last(step) && !(step->flags & STEP_SKIP) ? put_on(step, child) : 0;
        if (result < 0)
            return fail(child, i, result, ret_error);
    }
    return 0;
}

int esq_confine(const esq_plan *plan, esq_error *ret_error)
{
    const struct plan_block *block = plan->block;
    const struct launch_descriptors *descriptors =
        (const struct launch_descriptors *)STEP_TEXT(block, block->descriptors);
    struct child child = {
        .block = block,
        .root = -1,
        .parent_ends = { -1, -1, -1 },
        .go = -1,
        .report = -1,
        .result = -1,
        .init = -1,
        .job = -1,
        .notify = -1,
        .executable = -1,
        .landlock = descriptors->base + LAUNCH_SLOT_LANDLOCK,
        .trees = malloc((block->tree_count + 1) * sizeof(int)),
    };
    if (!child.trees)
        return esq_fail(ret_error, NULL, ENOMEM, NULL, "confine this process");
    for (uint32_t i = 0; i < block->tree_count; i++)
        child.trees[i] = -1;
    int result = enter_namespaces(block, ret_error);
    if (result == 0)
        result = execute(&child, ret_error);
    free(child.trees);
    return result;
}
