/* The facility ns: which namespaces are the container's own, its ids, its host name. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include "ns/ids.h"
#include "ns/ns.h"
#include "plan/plan.h"

static const struct {
    const char *name;
    uint32_t flag;
} namespaces[] = {
    { "user", CLONE_NEWUSER }, { "mount", CLONE_NEWNS }, { "pid", CLONE_NEWPID },       { "uts", CLONE_NEWUTS },
    { "ipc", CLONE_NEWIPC },   { "net", CLONE_NEWNET },  { "cgroup", CLONE_NEWCGROUP }, { "time", CLONE_NEWTIME },
};

#define NAMESPACE_COUNT (sizeof(namespaces) / sizeof(namespaces[0]))

static bool is_namespace(const char *name)
{
    for (size_t i = 0; i < NAMESPACE_COUNT; i++)
        if (strcmp(namespaces[i].name, name) == 0)
            return true;
    return false;
}

static void check_range(const esq_spec *spec, struct spec_problems *problems)
{
    uint64_t wanted;
    uint32_t uid, gid;
    const esq_location *where = spec_where(spec, SPEC_ID_RANGE);
    if (!spec_number(spec, SPEC_ID_RANGE, &wanted) || !spec_parse_user(spec_text(spec, SPEC_USER), &uid, &gid))
        return;
    if (!spec_has_namespace(spec, "user"))
        spec_problem(problems, where, 0, NULL, "ids are mapped into a user namespace, which this container shares");
    if (wanted > 1u << 30 || wanted < uid || wanted < gid)
        spec_problem(problems, where, 0, NULL, "a range of ids has at least as many as `user` says, and at most %u",
                     1u << 30);
}

void ns_check(const esq_spec *spec, struct spec_problems *problems)
{
    size_t count;
    const struct spec_item *items = spec_items(spec, SPEC_NAMESPACES, &count);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < items[i].count; j++)
            if (!is_namespace(items[i].words[j]))
                spec_problem(problems, &items[i].where, 0, "user, mount, pid, uts, ipc, net, cgroup and time are known",
                             "no namespace is called `%.32s`", items[i].words[j]);
    if (strlen(spec_text(spec, SPEC_HOSTNAME)) > 64)
        spec_problem(problems, spec_where(spec, SPEC_HOSTNAME), 0, NULL, "a host name has at most 64 bytes");
    check_range(spec, problems);
    if (spec_is_given(spec, SPEC_HOSTNAME) && !spec_has_namespace(spec, "uts"))
        spec_problem(problems, spec_where(spec, SPEC_HOSTNAME), 0, "give it a uts namespace of its own",
                     "a host name cannot be set where the host's is shared");
}

void ns_grants(const esq_spec *spec, struct spec_grants *grants)
{
    if (spec_is_given(spec, SPEC_ID_RANGE))
        spec_grant(grants, "id-range", spec_text(spec, SPEC_ID_RANGE), spec_where(spec, SPEC_ID_RANGE));
    if (!spec_is_given(spec, SPEC_NAMESPACES))
        return;
    for (size_t i = 0; i < NAMESPACE_COUNT; i++) {
        bool is_net = namespaces[i].flag == CLONE_NEWNET;
        if (is_net && !spec_is(spec, SPEC_NETWORK, "none") && !spec_is(spec, SPEC_NETWORK, "user"))
            continue;                            /* the facility net asks for it */
        if (namespaces[i].flag == CLONE_NEWTIME) /* shared by default: no wall is taken down */
            continue;
        if (!spec_has_namespace(spec, namespaces[i].name))
            spec_grant(grants, is_net ? "network" : "wall", is_net ? "host" : namespaces[i].name,
                       spec_where(spec, SPEC_NAMESPACES));
    }
}

static int plan_range(const esq_spec *spec, struct plan_builder *builder, const char *file, uint32_t own,
                      uint32_t inside, uint32_t *ret_map, esq_error *ret_error)
{
    uint64_t wanted = 0;
    uint32_t first, count;
    char text[160];
    const esq_location *where = spec_where(spec, SPEC_ID_RANGE);
    spec_number(spec, SPEC_ID_RANGE, &wanted);
    if (!ids_find_range(file, sys_uid(), &first, &count) || count < wanted) {
        char remedy[128];
        snprintf(remedy, sizeof(remedy),
                 "as root: usermod --add-sub%cids 100000-165535 USER; install the package uidmap",
                 strstr(file, "subuid") ? 'u' : 'g');
        return esq_fail(ret_error, where, ENOTSUP, remedy, "map %llu ids: %s has not so many for this user",
                        (unsigned long long)wanted, file);
    }
    ids_write_map(text, sizeof(text), inside, own, first, (uint32_t)wanted);
    *ret_map = plan_add_text(builder, text);
    return *ret_map ? 0 : -ENOMEM;
}

/* The caller's own id stands where `user` says; the subordinate ones fill what lies beneath and above. */
static int plan_ranges(const esq_spec *spec, struct plan_builder *builder, uint32_t uid, uint32_t gid,
                       esq_error *ret_error)
{
    uint32_t uid_map, gid_map;
    int result = plan_range(spec, builder, "/etc/subuid", sys_uid(), uid, &uid_map, ret_error);
    if (result == 0)
        result = plan_range(spec, builder, "/etc/subgid", sys_gid(), gid, &gid_map, ret_error);
    if (result < 0)
        return result;
    plan_head(builder)->uid_map = uid_map;
    plan_head(builder)->gid_map = gid_map;
    plan_head(builder)->has_id_ranges = true;
    return 0;
}

/* The container's user namespace lies in the one that owns a network which is not its own alone. */
static bool is_nested(const esq_spec *spec)
{
    return spec_is(spec, SPEC_NETWORK, "join") || spec_is(spec, SPEC_NETWORK_SHARE, "yes");
}

/* The kernel takes a map only from inside, or from the namespace around it, where no launcher is: the child writes. */
static int plan_nested_ids(const esq_spec *spec, struct plan_builder *builder, uint32_t uid, uint32_t gid)
{
    struct ns_ids data = { .uid = uid, .gid = gid };
    return plan_add_step(builder, STEP_IDS, spec_where(spec, SPEC_USER),
                         "the user namespace that the network belongs to must map your own ids", &data, sizeof(data),
                         "be user %u, group %u in a user namespace beneath the network's", uid, gid);
}

static int plan_ids(const esq_spec *spec, struct plan_builder *builder, esq_error *ret_error)
{
    uint32_t uid = 0, gid = 0;
    char text[64];
    if (!spec_parse_user(spec_text(spec, SPEC_USER), &uid, &gid))
        return -EINVAL;
    if (is_nested(spec))
        return plan_nested_ids(spec, builder, uid, gid);
    if (spec_is_given(spec, SPEC_ID_RANGE))
        return plan_ranges(spec, builder, uid, gid, ret_error);
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
    uint32_t born_with = flags & ~(uint32_t)CLONE_NEWTIME; /* which is no flag of clone(2) */
    if (is_nested(spec))
        born_with &= ~(uint32_t)CLONE_NEWNET;
    plan_head(builder)->clone_flags_low = born_with;
    if (flags & CLONE_NEWTIME &&
        plan_add_step(builder, STEP_CLOCKS, spec_where(spec, SPEC_NAMESPACES), "Linux 5.6 has clocks of one's own",
                      NULL, 0, "start the clocks of a time namespace at 0") < 0)
        return esq_fail(ret_error, NULL, ENOMEM, NULL, "plan the namespaces");

    int result = flags & CLONE_NEWUSER ? plan_ids(spec, builder, ret_error) : 0;
    const char *hostname = spec_text(spec, spec_is_given(spec, SPEC_HOSTNAME) ? SPEC_HOSTNAME : SPEC_NAME);
    if (result == 0 && *hostname && flags & CLONE_NEWUTS) {
        struct ns_hostname data = { .name = plan_add_text(builder, hostname), .length = (uint32_t)strlen(hostname) };
        result = data.name ? plan_add_step(builder, STEP_HOSTNAME, spec_where(spec, SPEC_HOSTNAME), NULL, &data,
                                           sizeof(data), "set the host name %s", hostname)
                           : -ENOMEM;
    }
    if (result == -ENOMEM || result == -EINVAL)
        return esq_fail(ret_error, NULL, -result, NULL, "plan the namespaces");
    return result;
}
