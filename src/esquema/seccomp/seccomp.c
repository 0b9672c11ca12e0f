/*
 * seccomp.c: the facility: from the fields `seccomp` and `seccomp-rules` to a step that holds the compiled program.
 * The data of the step is the program, struct sock_filter[size / 8]. The payload's own process puts it on, in init, as
 * the last thing before its execve; so there is no apply here.
 *
 * Least kernel: 3.17 with CONFIG_SECCOMP_FILTER. Below that the start fails; there is no excuse for it.
 */
#include <errno.h>
#include <string.h>

#include <linux/filter.h>

#include "plan/plan.h"
#include "seccomp/compile.h"
#include "seccomp/policy.h"

typedef bool change_function(struct seccomp_policy *policy, const char *name);

struct change {
    const char *word;
    change_function *apply;
    const char *what;
    bool is_weaker;
};

static const struct change changes[] = {
    { "allow", seccomp_policy_allow, "system call", true },
    { "deny", seccomp_policy_refuse, "system call", false },
    { "allow-family", seccomp_policy_allow_family, "address family", true },
    { "deny-family", seccomp_policy_refuse_family, "address family", false },
};

/* Without these the payload cannot begin, end, or tell that it could not begin. */
static const char *const indispensable_calls[] = { "execve", "execveat", "exit_group", "write" };

static const struct change *find_change(const struct spec_item *item)
{
    for (size_t i = 0; item->count > 0 && i < sizeof changes / sizeof changes[0]; i++) {
        if (strcmp(changes[i].word, item->words[0]) == 0)
            return &changes[i];
    }
    return NULL;
}

static bool is_indispensable(const char *call)
{
    for (size_t i = 0; i < sizeof indispensable_calls / sizeof indispensable_calls[0]; i++) {
        if (strcmp(indispensable_calls[i], call) == 0)
            return true;
    }
    return false;
}

static void check_item(const struct spec_item *item, struct spec_problems *problems)
{
    struct seccomp_policy scratch;
    const struct change *change = find_change(item);

    if (!change || item->count < 2) {
        spec_problem(problems, &item->where, 0,
                     "write allow, deny, allow-family or deny-family, followed by names, such as: deny ptrace",
                     "a rule of seccomp-rules that says nothing");
        return;
    }
    seccomp_policy_init(&scratch, SECCOMP_STANDARD);
    for (size_t i = 1; i < item->count; i++) {
        if (!change->apply(&scratch, item->words[i]))
            spec_problem(problems, &item->where, 0, NULL, "no %s is called %.64s", change->what, item->words[i]);
        else if (!change->is_weaker && is_indispensable(item->words[i]))
            spec_problem(problems, &item->where, 0, NULL, "no program can start without %s", item->words[i]);
    }
}

void seccomp_check(const esq_spec *spec, struct spec_problems *problems)
{
    size_t count;
    const struct spec_item *items = spec_items(spec, SPEC_SECCOMP_RULES, &count);

    for (size_t i = 0; i < count; i++)
        check_item(&items[i], problems);
    if (count > 0 && spec_is(spec, SPEC_SECCOMP, "none"))
        spec_problem(problems, &items[0].where, 0, "leave out `seccomp none`, or the rules",
                     "rules for system calls, but no policy to add them to");
}

void seccomp_grants(const esq_spec *spec, struct spec_grants *grants)
{
    size_t count;
    const struct spec_item *items = spec_items(spec, SPEC_SECCOMP_RULES, &count);

    if (spec_is(spec, SPEC_SECCOMP, "none") || spec_is(spec, SPEC_SECCOMP, "permissive"))
        spec_grant(grants, "wall", "seccomp", spec_where(spec, SPEC_SECCOMP));
    if (spec_is(spec, SPEC_NESTED_NAMESPACES, "yes"))
        spec_grant(grants, "wall", "nested-namespaces", spec_where(spec, SPEC_NESTED_NAMESPACES));
    for (size_t i = 0; i < count; i++) {
        const struct change *change = find_change(&items[i]);

        if (change && change->is_weaker)
            spec_grant(grants, "wall", "seccomp", &items[i].where);
    }
}

/* What a program needs that brings a sandbox of its own (bubblewrap, browsers): namespaces, and mounts in them. */
static void allow_nesting(struct seccomp_policy *policy)
{
    static const char *const calls[] = { "clone",         "unshare",    "setns",     "mount",
                                         "umount2",       "pivot_root", "chroot",    "sethostname",
                                         "setdomainname", "move_mount", "open_tree", "fsopen",
                                         "fsconfig",      "fsmount",    "fspick",    "mount_setattr" };
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        seccomp_policy_allow(policy, calls[i]);
}

int seccomp_plan(const esq_spec *spec, struct plan_builder *builder, esq_error *ret_error)
{
    struct seccomp_policy policy;
    struct sock_filter program[1024];
    enum seccomp_base base;
    size_t count, length;
    const struct spec_item *items = spec_items(spec, SPEC_SECCOMP_RULES, &count);
    const esq_location *where = spec_where(spec, SPEC_SECCOMP);
    int result;

    if (spec_is(spec, SPEC_SECCOMP, "none"))
        return 0;
    if (!seccomp_find_base(spec_text(spec, SPEC_SECCOMP), &base))
        return esq_fail(ret_error, where, EINVAL, NULL, "seccomp policy %.64s", spec_text(spec, SPEC_SECCOMP));
    seccomp_policy_init(&policy, base);
    if (spec_is(spec, SPEC_NESTED_NAMESPACES, "yes"))
        allow_nesting(&policy);
    for (size_t i = 0; i < count; i++) {
        const struct change *change = find_change(&items[i]);

        for (size_t j = 1; change && j < items[i].count; j++)
            change->apply(&policy, items[i].words[j]);
    }
    result = seccomp_compile(&policy, program, sizeof program / sizeof program[0], &length);
    if (result < 0)
        return esq_fail(ret_error, where, -result, NULL, "compile the seccomp policy");
    result = plan_add_step(builder, STEP_SECCOMP, where, "see `esquema doctor`: the kernel must have seccomp filters",
                           program, length * sizeof program[0], "system calls of the %s policy, %zu instructions",
                           seccomp_base_name(base), length);
    return result < 0 ? esq_fail(ret_error, where, -result, NULL, "plan seccomp") : 0;
}
