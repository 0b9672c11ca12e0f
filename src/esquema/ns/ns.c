/* The facility ns: which namespaces are the container's own, its ids, its host name. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include "ns/ns.h"
#include "plan/plan.h"

static const struct {
    const char *name;
    uint32_t flag;
} namespaces[] = {
    { "user", CLONE_NEWUSER }, { "mount", CLONE_NEWNS }, { "pid", CLONE_NEWPID },       { "uts", CLONE_NEWUTS },
    { "ipc", CLONE_NEWIPC },   { "net", CLONE_NEWNET },  { "cgroup", CLONE_NEWCGROUP },
};

#define NAMESPACE_COUNT (sizeof(namespaces) / sizeof(namespaces[0]))

static bool is_namespace(const char *name)
{
    for (size_t i = 0; i < NAMESPACE_COUNT; i++)
        if (strcmp(namespaces[i].name, name) == 0)
            return true;
    return false;
}

void ns_check(const esq_spec *spec, struct spec_problems *problems)
{
    size_t count;
    const struct spec_item *items = spec_items(spec, SPEC_NAMESPACES, &count);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < items[i].count; j++)
            if (!is_namespace(items[i].words[j]))
                spec_problem(problems, &items[i].where, 0, "user, mount, pid, uts, ipc, net and cgroup are known",
                             "no namespace is called `%.32s`", items[i].words[j]);
    if (strlen(spec_text(spec, SPEC_HOSTNAME)) > 64)
        spec_problem(problems, spec_where(spec, SPEC_HOSTNAME), 0, NULL, "a host name has at most 64 bytes");
    if (spec_is_given(spec, SPEC_HOSTNAME) && !spec_has_namespace(spec, "uts"))
        spec_problem(problems, spec_where(spec, SPEC_HOSTNAME), 0, "give it a uts namespace of its own",
                     "a host name cannot be set where the host's is shared");
}

void ns_grants(const esq_spec *spec, struct spec_grants *grants)
{
    if (!spec_is_given(spec, SPEC_NAMESPACES))
        return;
    for (size_t i = 0; i < NAMESPACE_COUNT; i++) {
        bool is_net = namespaces[i].flag == CLONE_NEWNET;
        if (is_net && spec_is(spec, SPEC_NETWORK, "host")) /* the facility net asks for it */
            continue;
        if (!spec_has_namespace(spec, namespaces[i].name))
            spec_grant(grants, is_net ? "network" : "wall", is_net ? "host" : namespaces[i].name,
                       spec_where(spec, SPEC_NAMESPACES));
    }
}

static int plan_ids(const esq_spec *spec, struct plan_builder *builder)
{
    uint32_t uid = 0, gid = 0;
    char text[64];
    if (!spec_parse_user(spec_text(spec, SPEC_USER), &uid, &gid))
        return -EINVAL;
    snprintf(text, sizeof(text), "%u %u 1", uid, sys_uid());
    uint32_t uid_map = plan_add_text(builder, text);
    snprintf(text, sizeof(text), "%u %u 1", gid, sys_gid());
    uint32_t gid_map = plan_add_text(builder, text);
    if (!uid_map || !gid_map)
        return -ENOMEM;
    plan_head(builder)->uid_map = uid_map;
    plan_head(builder)->gid_map = gid_map;
    return 0;
}

int ns_plan(const esq_spec *spec, struct plan_builder *builder, esq_error *ret_error)
{
    uint32_t flags = 0;
    for (size_t i = 0; i < NAMESPACE_COUNT; i++)
        if (spec_has_namespace(spec, namespaces[i].name))
            flags |= namespaces[i].flag;
    plan_head(builder)->clone_flags_low = flags;

    int result = flags & CLONE_NEWUSER ? plan_ids(spec, builder) : 0;
    const char *hostname = spec_text(spec, spec_is_given(spec, SPEC_HOSTNAME) ? SPEC_HOSTNAME : SPEC_NAME);
    if (result == 0 && *hostname && flags & CLONE_NEWUTS) {
        struct ns_hostname data = { .name = plan_add_text(builder, hostname), .length = (uint32_t)strlen(hostname) };
        result = data.name ? plan_add_step(builder, STEP_HOSTNAME, spec_where(spec, SPEC_HOSTNAME), NULL, &data,
                                           sizeof(data), "set the host name %s", hostname)
                           : -ENOMEM;
    }
    return result < 0 ? esq_fail(ret_error, NULL, -result, NULL, "plan the namespaces") : 0;
}
