/*
 * The mute child, from clone to the execve of init: runs in the parent's memory on a stack of its own, with all signals
 * blocked, and makes system calls on what the parent prepared. Nothing else: no allocation, no libc, no lock.
 */
#include "launch/launch.h"

#include <errno.h>
#include <linux/prctl.h>
#include "launch/init_job.h"

static step_apply_function *const apply_functions[STEP_KIND_COUNT] = {
#define CHILD_STEP(id, name, apply) [STEP_##id] = apply,
#include "plan/steps.def"
};

/* ---- The steps of the facility launch ---- */

/* Takes our own descriptors out of the way of the payload's numbers. */
static int lift(struct child *child, int least)
{
    int *const own[] = { &child->report, &child->result, &child->job, &child->init, &child->executable };
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (*own[i] < 0)
            continue;
        int high = sys_dup_above(*own[i], least);
        if (high < 0)
            return high;
        *own[i] = high; /* the lower ones are closed by range */
    }
    return 0;
}

static int place(int *fd, int number, int flags)
{
    if (*fd < 0)
        return 0;
    int result = sys_dup3(*fd, number, flags);
    if (result >= 0)
        *fd = number;
    return result;
}

/* What the launcher relays is a pipe of its own. */
static int source_of(const struct launch_move *move, const struct child *child)
{
    return child->streams && (move->to == 1 || move->to == 2) ? child->streams[move->to - 1] : move->from;
}

static int move_all(const struct launch_descriptors *data, const struct child *child, int least)
{
    int high[LAUNCH_DESCRIPTORS_MAX];
    for (uint32_t i = 0; i < data->move_count; i++) {
        high[i] = sys_dup_above(source_of(&data->moves[i], child), least);
        if (high[i] < 0)
            return high[i];
    }
    for (uint32_t i = 0; i < data->move_count; i++) {
        int result = sys_dup3(high[i], data->moves[i].to, 0);
        if (result < 0)
            return result;
    }
    return 0;
}

static int close_others(const struct launch_descriptors *data)
{
    unsigned next = 0;
    for (uint32_t i = 0; i < data->move_count; i++) {
        unsigned to = (unsigned)data->moves[i].to;
        int result = to > next ? sys_close_range(next, to - 1) : 0;
        if (result < 0)
            return result;
        next = to + 1;
    }
    int result = next < (unsigned)data->base ? sys_close_range(next, (unsigned)data->base - 1) : 0;
    return result < 0 ? result : sys_close_range((unsigned)data->base + LAUNCH_SLOT_COUNT, ~0u);
}

static int apply_descriptors(const struct step *step, struct child *child)
{
    const struct launch_descriptors *data = STEP_DATA(child->block, step, struct launch_descriptors);
    int least = data->base + LAUNCH_SLOT_COUNT;
    int result = lift(child, least);
    if (result < 0)
        return step_fail(child, result, "keep our own");
    if ((result = move_all(data, child, least)) < 0)
        return step_fail(child, result, "move them to their numbers");
    /* Init gets it through its execve; our death still closes it. */
    result = place(&child->report, data->base + LAUNCH_SLOT_REPORT, 0);
    if (result >= 0)
        result = place(&child->result, data->base + LAUNCH_SLOT_RESULT, 0);
    if (result >= 0)
        result = place(&child->job, data->base + LAUNCH_SLOT_JOB, 0);
    if (result >= 0)
        result = place(&child->init, data->base + LAUNCH_SLOT_INIT, O_CLOEXEC);
    if (result >= 0)
        result = place(&child->executable, data->base + LAUNCH_SLOT_EXECUTABLE, 0);
    if (result < 0)
        return step_fail(child, result, "place our own");
    if (child->executable < 0)
        sys_close(data->base + LAUNCH_SLOT_EXECUTABLE);
    sys_close(data->base + LAUNCH_SLOT_LANDLOCK);
    if (step->flags & STEP_SKIP) /* the wall is the closing, not the moving */
        return 0;
    result = close_others(data);
    return result < 0 ? step_fail(child, result, "close all others") : 0;
}

static int apply_init(const struct step *step, struct child *child)
{
    const struct launch_text *number = STEP_DATA(child->block, step, struct launch_text);
    char name[] = "init";
    char *const argv[] = { name, (char *)STEP_TEXT(child->block, number->text), NULL };
    char *const envp[] = { NULL };
    return sys_execveat(child->init, "", argv, envp, AT_EMPTY_PATH);
}

static int apply_working_directory(const struct step *step, struct child *child)
{
    const struct launch_text *path = STEP_DATA(child->block, step, struct launch_text);
    return sys_chdir(STEP_TEXT(child->block, path->text));
}

int launch_apply(const struct step *step, struct child *child)
{
    switch (step->kind) {
    case STEP_DEATH: return sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    case STEP_DESCRIPTORS: return apply_descriptors(step, child);
    case STEP_WORKING_DIRECTORY: return apply_working_directory(step, child);
    case STEP_INIT: return apply_init(step, child);
    }
    return -ENOSYS;
}

/* ---- The loop ---- */

__attribute__((noreturn)) static void report(struct child *child, uint32_t step, int negative_errno)
{
    struct child_report failure = {
        .step = step, .error = -negative_errno, .line = child->line, .column = child->column
    };
    for (size_t i = 0; child->detail && child->detail[i] && i + 1 < sizeof(failure.detail); i++)
        failure.detail[i] = child->detail[i];
    raw_syscall(SYS_write, child->report, (long)&failure, sizeof(failure), 0, 0, 0);
    sys_exit(125);
}

/* The first step sets the death signal; then the parent says that the id maps are written. */
static int wait_for_parent(struct child *child)
{
    char go;
    ssize_t size = sys_read(child->go, &go, 1);
    if (size == 0) /* the parent has died or given up: nobody listens */
        sys_exit(125);
    sys_close(child->go);
    return size < 0 ? step_fail(child, (int)size, "wait for the launcher") : 0;
}

static bool runs_when_skipped(const struct step *step)
{
    return step->kind == STEP_DESCRIPTORS;
}

int launch_child_step(const struct step *step, struct child *child)
{
    step_apply_function *apply = apply_functions[step->kind];
    return apply && (!(step->flags & STEP_SKIP) || runs_when_skipped(step)) ? apply(step, child) : 0;
}

void launch_child_run(void *argument)
{
    struct child *child = argument;
    const struct plan_block *block = child->block;
    bool has_waited = false;

    for (size_t i = 0; i < sizeof(child->parent_ends) / sizeof(child->parent_ends[0]); i++)
        sys_close(child->parent_ends[i]);
    sys_default_signals();
    for (uint32_t i = 0; i < block->step_count; i++) {
        const struct step *step = plan_step(block, i);
        int result = 0;
        child->detail = NULL;
        if (!has_waited && step->kind != STEP_DEATH) {
            result = wait_for_parent(child);
            has_waited = true;
        }
        if (result == 0)
            result = launch_child_step(step, child);
        if (result < 0)
            report(child, i, result);
    }
    report(child, block->step_count - 1, -ENOEXEC); /* a plan ends in init: not reached */
}
