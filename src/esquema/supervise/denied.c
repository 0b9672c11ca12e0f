/*
 * The refused system calls of a traced container: where its filter's program lies, and what was counted in the form
 * that callers see. How they are answered is seccomp's.
 */
#include <errno.h>
#include <stdio.h>
#include <linux/filter.h>
#include "plan/plan.h"
#include "seccomp/policy.h"
#include "supervise/supervise.h"

static const struct step *find_filter(const struct plan_block *block)
{
    for (uint32_t i = 0; i < block->step_count; i++)
        if (plan_step(block, i)->kind == STEP_SECCOMP)
            return plan_step(block, i);
    return NULL;
}

int denied_check(const struct esq_plan *plan, unsigned flags, esq_error *ret_error)
{
    if (!(flags & ESQ_TRACE_DENIED))
        return 0;
    if (flags & ESQ_SUPERVISED)
        return esq_refuse(ret_error, EINVAL, "launch it without a supervisor, or start it by name",
                          "refused calls of a supervised container cannot be counted");
    if (!find_filter(plan->block))
        return esq_refuse(ret_error, EINVAL, "leave out (seccomp none)",
                          "no system call is refused, so there is nothing to trace");
    return 0;
}

int denied_begin(const struct esq_plan *plan, struct esq_container *container)
{
    const struct step *filter = find_filter(plan->block);
    if (container->launched.listener < 0 || !filter)
        return 0;
    return seccomp_trace_open(take_fd(&container->launched.listener),
                              (const struct sock_filter *)STEP_TEXT(plan->block, filter->data),
                              filter->size / sizeof(struct sock_filter), &container->trace);
}

size_t esq_container_denied(const esq_container *container, esq_denied *ret_denied, size_t capacity)
{
    size_t count = 0;
    esq_denied denied = { .number = -1 };
    while ((denied.number =
                seccomp_trace_next(container->trace, denied.number + 1, &denied.count, &denied.error_number)) >= 0) {
        const char *name = seccomp_call_name(denied.number);
        snprintf(denied.name, sizeof denied.name, "%s", name ? name : "");
        if (count < capacity)
            ret_denied[count] = denied;
        count++;
    }
    return count;
}
