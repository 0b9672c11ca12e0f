/*
 * The facility net: no network but loopback, the host's, one in user mode, which pasta carries (connections outwards
 * are made by a program of the caller, ports of the host that were published lead inwards), or that of another
 * container.
 */
#include "net/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/name.h"
#include "names/names.h"
#include "plan/plan.h"

#define LOOPBACK_ADDRESS "127.0.0.1"
#define DEVICE_REMEDY                                                        \
    "as root: chmod 0666 " NET_DEVICE " (modprobe tun where it is missing; " \
    "into a container the outer one must hand it)"

enum { PUBLISHED_MAX = 64 };

/* publish PORT [PORT-INSIDE] [address=ADDRESS] [udp] */
struct publication {
    uint64_t outside;
    uint64_t inside;
    const char *address;
    bool is_udp;
};

static bool parse_port(const char *text, uint64_t *ret_port)
{
    return spec_parse_number(text, ret_port) && *ret_port >= 1 && *ret_port <= 65535;
}

static const char *parse_publication(const struct spec_item *item, struct publication *ret)
{
    unsigned char address[16];
    size_t count = item->count;
    *ret = (struct publication){ .address = LOOPBACK_ADDRESS };
    if (count > 1 && strcmp(item->words[count - 1], "udp") == 0) {
        ret->is_udp = true;
        count--;
    }
    if (count > 1 && strncmp(item->words[count - 1], "address=", 8) == 0)
        ret->address = item->words[--count] + 8;
    if (count < 1 || count > 2)
        return "a port is published by: publish PORT [PORT-INSIDE] [address=ADDRESS] [udp]";
    if (!parse_port(item->words[0], &ret->outside) || !parse_port(item->words[count - 1], &ret->inside))
        return "a port is a number from 1 to 65535";
    /* Answers to another number are lost in the pasta of Debian 12. */
    if (ret->is_udp && ret->inside != ret->outside)
        return "a UDP port is published under its own number: leave out the port inside";
    if (inet_pton(AF_INET, ret->address, address) != 1 && inet_pton(AF_INET6, ret->address, address) != 1)
        return "the address of a published port is one of this host's, or 0.0.0.0 for all";
    return NULL;
}

static void check_join(const esq_spec *spec, struct spec_problems *problems)
{
    const char *target = spec_text(spec, SPEC_NETWORK_JOIN);
    const esq_location *where = spec_where(spec, SPEC_NETWORK_JOIN);
    bool joins = spec_is(spec, SPEC_NETWORK, "join");
    if (joins && *target != '/' && !name_is_valid(target))
        spec_problem(problems, where ? where : spec_where(spec, SPEC_NETWORK), 0, "(network (join \"db\"))",
                     "a network is joined by the name of a container, or the absolute path of a network namespace");
    if (joins && *target != '/' && strcmp(target, spec_text(spec, SPEC_NAME)) == 0)
        spec_problem(problems, where, 0, NULL, "a container cannot join its own network");
    if (!joins && *target)
        spec_problem(problems, where, 0, NULL, "`network-join` is for `network join`");
}

/* What the network belongs to has no id and no capability of the container's. */
static void check_nested(const esq_spec *spec, struct spec_problems *problems)
{
    static const char *const without_meaning[] = { "net_admin", "net_raw" };
    bool shares = spec_is(spec, SPEC_NETWORK_SHARE, "yes"), joins = spec_is(spec, SPEC_NETWORK, "join");
    const esq_location *where = spec_where(spec, SPEC_NETWORK_SHARE);
    if (!shares && !joins)
        return;
    if (!where || !where->line) /* asked for by another service */
        where = spec_where(spec, SPEC_NETWORK);
    if (shares && (joins || !spec_has_namespace(spec, "net")))
        spec_problem(problems, where, 0, "only `network none` and `network user` can be shared",
                     "a container shares a network of its own, which this one does not have");
    if (!spec_has_namespace(spec, "user"))
        spec_problem(problems, where, 0, NULL, "a network is shared and joined from a user namespace of one's own");
    if (spec_is_given(spec, SPEC_ID_RANGE))
        spec_problem(problems, where, 0, "leave out `id-map`",
                     "ranges of ids cannot be mapped beneath the user namespace that a shared network belongs to");
    for (size_t i = 0; i < sizeof(without_meaning) / sizeof(without_meaning[0]); i++)
        if (spec_has_capability(spec, without_meaning[i]))
            spec_problem(problems, where, 0, "leave it out, or give the container a network of its own",
                         "a shared network belongs to none of those in it: the capability %s has no meaning there",
                         without_meaning[i]);
}

/* pasta has one list of ports for all addresses. */
static bool is_published_before(const struct spec_item *items, size_t index, const struct publication *publication)
{
    struct publication other;
    for (size_t i = 0; i < index; i++)
        if (!parse_publication(&items[i], &other) && other.outside == publication->outside &&
            other.is_udp == publication->is_udp)
            return true;
    return false;
}

static void check_publications(const struct spec_item *items, size_t count, struct spec_problems *problems)
{
    for (size_t i = 0; i < count; i++) {
        struct publication publication;
        const char *problem = parse_publication(&items[i], &publication);
        if (problem)
            spec_problem(problems, &items[i].where, 0, NULL, "%s", problem);
        else if (count <= PUBLISHED_MAX && is_published_before(items, i, &publication))
            spec_problem(problems, &items[i].where, 0, "publish it once: at one address, or at 0.0.0.0 for all",
                         "%s port %llu is published twice", publication.is_udp ? "UDP" : "TCP",
                         (unsigned long long)publication.outside);
    }
    if (count > PUBLISHED_MAX)
        spec_problem(problems, &items[0].where, 0, NULL, "more than %d ports are published", PUBLISHED_MAX);
}

void net_check(const esq_spec *spec, struct spec_problems *problems)
{
    check_join(spec, problems);
    if (spec_is(spec, SPEC_NETWORK_METADATA, "yes") && !spec_is(spec, SPEC_NETWORK, "user"))
        spec_problem(problems, spec_where(spec, SPEC_NETWORK_METADATA), 0, "say (network user (metadata))",
                     "(metadata) is for a network in user mode, which reaches no metadata service without it");
    check_nested(spec, problems);
    size_t count;
    const struct spec_item *items = spec_items(spec, SPEC_PUBLISH, &count);
    check_publications(items, count, problems);
    if (count > 0 && !spec_is(spec, SPEC_NETWORK, "user"))
        spec_problem(problems, &items[0].where, 0, "leave the network out, or say (network user)",
                     "ports are published by a network in user mode, not by `network %s`",
                     spec_text(spec, SPEC_NETWORK));
    if (spec_is(spec, SPEC_NETWORK, "user") && (!spec_has_namespace(spec, "net") || !spec_has_namespace(spec, "user")))
        spec_problem(problems, spec_where(spec, SPEC_NAMESPACES), 0, NULL,
                     "a network in user mode needs a net and a user namespace of its own");
}

/* A service of the same description asks for what its network is itself. */
static void grant_join(const esq_spec *spec, struct spec_grants *grants)
{
    const char *target = spec_text(spec, SPEC_NETWORK_JOIN);
    char *text;
    if (spec_is(spec, SPEC_NETWORK_SIBLING, "yes") && *target != '/')
        return;
    if (asprintf(&text, "join:%s", target) < 0) {
        grants->out_of_memory = true;
        return;
    }
    spec_grant(grants, "network", text, spec_where(spec, SPEC_NETWORK_JOIN));
    free(text);
}

/* A program with such a network reaches whatever its host reaches: that is asked for as well. */
void net_grants(const esq_spec *spec, struct spec_grants *grants)
{
    size_t count;
    const struct spec_item *items = spec_items(spec, SPEC_PUBLISH, &count);
    if (spec_is(spec, SPEC_NETWORK, "join"))
        grant_join(spec, grants);
    else if (!spec_is(spec, SPEC_NETWORK, "none"))
        spec_grant(grants, "network", spec_text(spec, SPEC_NETWORK), spec_where(spec, SPEC_NETWORK));
    if (spec_is(spec, SPEC_NETWORK_METADATA, "yes"))
        spec_grant(grants, "network", "metadata", spec_where(spec, SPEC_NETWORK_METADATA));
    for (size_t i = 0; i < count; i++) {
        struct publication publication;
        char text[128];
        if (parse_publication(&items[i], &publication))
            continue;
        bool is_loopback = strcmp(publication.address, LOOPBACK_ADDRESS) == 0;
        snprintf(text, sizeof(text), "%s%s%llu%s", is_loopback ? "" : publication.address, is_loopback ? "" : ":",
                 (unsigned long long)publication.outside, publication.is_udp ? "/udp" : "");
        spec_grant(grants, "publish", text, &items[i].where);
    }
}

static int no_memory(esq_error *ret_error)
{
    return esq_fail(ret_error, NULL, ENOMEM, NULL, "plan the network");
}

/* Each of them is tried before anything starts. */
static int plan_port(struct plan_builder *builder, const struct publication *publication, const esq_location *where)
{
    char remedy[256];
    struct net_port data = { .address = plan_add_text(builder, publication->address),
                             .port = (uint16_t)publication->outside,
                             .is_udp = publication->is_udp };
    bool is_low = publication->outside < 1024;
    snprintf(remedy, sizeof(remedy), "%sif it is taken, `ss -%s` shows by whom: publish another%s",
             is_low ? "ports below 1024 are root's, unless root says sysctl net.ipv4.ip_unprivileged_port_start; " : "",
             publication->is_udp ? "lunp" : "ltnp",
             strcmp(publication->address, LOOPBACK_ADDRESS) == 0 ? "" : "; the address must be one of this host's");
    return data.address ? plan_add_step(builder, STEP_PUBLISH, where, remedy, &data, sizeof(data),
                                        "publish %s port %llu of %s, which is %llu inside",
                                        publication->is_udp ? "UDP" : "TCP", (unsigned long long)publication->outside,
                                        publication->address, (unsigned long long)publication->inside)
                        : -ENOMEM;
}

/* --tcp-ports or --udp-ports, once without a port, so that none is forwarded by default. */
static int plan_ports(const esq_spec *spec, struct plan_builder *builder, bool is_udp, uint32_t *arguments,
                      uint32_t *count)
{
    size_t items_count, planned = 0;
    const struct spec_item *items = spec_items(spec, SPEC_PUBLISH, &items_count);
    const char *option = is_udp ? "--udp-ports" : "--tcp-ports";
    for (size_t i = 0; i < items_count; i++) {
        struct publication publication;
        char text[128];
        if (parse_publication(&items[i], &publication) || publication.is_udp != is_udp)
            continue;
        snprintf(text, sizeof(text), "%s/%llu:%llu", publication.address, (unsigned long long)publication.outside,
                 (unsigned long long)publication.inside);
        arguments[(*count)++] = plan_add_text(builder, option);
        arguments[(*count)++] = plan_add_text(builder, text);
        if (plan_port(builder, &publication, &items[i].where) < 0)
            return -ENOMEM;
        planned++;
    }
    if (planned == 0) {
        arguments[(*count)++] = plan_add_text(builder, option);
        arguments[(*count)++] = plan_add_text(builder, "none");
    }
    return 0;
}

/* A device that pasta may not open ends the start: who only asks is told so, too. */
static void look_for_device(struct plan_builder *builder, const esq_location *where)
{
    struct spec_problems *problems = plan_problems(builder);
    if (problems && access(NET_DEVICE, R_OK | W_OK) < 0)
        spec_problem(problems, where, errno, DEVICE_REMEDY, "have pasta carry the network: use " NET_DEVICE);
}

static bool is_closed_to_metadata(const esq_spec *spec)
{
    return spec_is(spec, SPEC_NETWORK, "user") && !spec_is(spec, SPEC_NETWORK_METADATA, "yes");
}

/*
 * Nothing is forwarded that was not published: the program's own defaults would open every port of either side to the
 * other, and lead from the gateway's address to the services of the host's loopback.
 */
static int plan_user_network(const esq_spec *spec, struct plan_builder *builder, esq_error *ret_error)
{
    static const char *const fixed[] = { "pasta",    "--foreground", "--quiet",  "--config-net", "--no-map-gw",
                                         "--tcp-ns", "none",         "--udp-ns", "none" };
    uint32_t arguments[NET_ARGUMENTS_MAX];
    struct net_program data = { .names = names_wish(spec), .is_closed = is_closed_to_metadata(spec) };
    size_t count;
    spec_items(spec, SPEC_PUBLISH, &count);
    const esq_location *where = spec_where(spec, count > 0 ? SPEC_PUBLISH : SPEC_NETWORK);
    if (access(NET_PROGRAM, X_OK) < 0)
        return esq_fail(ret_error, where, errno, "install it: apt install passt",
                        "a network in user mode needs the program pasta, " NET_PROGRAM);
    look_for_device(builder, where);
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        arguments[data.count++] = plan_add_text(builder, fixed[i]);
    if (plan_ports(spec, builder, false, arguments, &data.count) < 0 ||
        plan_ports(spec, builder, true, arguments, &data.count) < 0)
        return no_memory(ret_error);
    for (uint32_t i = 0; i < data.count; i++)
        if (!arguments[i])
            return no_memory(ret_error);
    data.arguments = plan_add_bytes(builder, arguments, data.count * sizeof(arguments[0]));
    if (!data.arguments ||
        plan_add_step(builder, STEP_USER_NETWORK, where,
                      DEVICE_REMEDY
                      "; the host needs a route outwards; what pasta has to say, if anything, stands above",
                      &data, sizeof(data), "have pasta carry the network") < 0)
        return no_memory(ret_error);
    return 0;
}

static int plan_join(const esq_spec *spec, struct plan_builder *builder, esq_error *ret_error)
{
    const char *target = spec_text(spec, SPEC_NETWORK_JOIN), *runtime = spec_text(spec, SPEC_RUNTIME_FOLDER);
    const esq_location *where = spec_where(spec, SPEC_NETWORK_JOIN);
    struct net_join data = { .target = plan_add_text(builder, target),
                             .runtime = *runtime ? plan_add_text(builder, runtime) : 0 };
    int result = -ENOMEM;
    if (data.target && *target == '/')
        result = plan_add_step(builder, STEP_JOIN_NETWORK, where,
                               "it must be a network namespace, in a user namespace that you have made", &data,
                               sizeof(data), "join the network namespace %s", target);
    else if (data.target && (data.runtime || !*runtime))
        result =
            plan_add_step(builder, STEP_JOIN_CONTAINER, where,
                          "`esquema ps` lists what runs: start it first, with (network (share)) in its description",
                          &data, sizeof(data), "join the network of `%s`", target);
    return result < 0 ? no_memory(ret_error) : 0;
}

static int plan_metadata(const esq_spec *spec, struct plan_builder *builder, esq_error *ret_error)
{
    return plan_add_step(builder, STEP_METADATA, spec_where(spec, SPEC_NETWORK),
                         "this kernel has no policy routing; (network user (metadata)) does without this wall", NULL, 0,
                         "wall off the metadata services of clouds, 169.254.0.0/16 and others") < 0
               ? no_memory(ret_error)
               : 0;
}

/* Made before the child, and already set up. */
static int plan_share(const esq_spec *spec, struct plan_builder *builder, esq_error *ret_error)
{
    struct net_share data = { .has_loopback = !spec_is(spec, SPEC_LOOPBACK, "no"),
                              .has_low_ports = spec_has_capability(spec, "net_bind_service"),
                              .is_closed = is_closed_to_metadata(spec) };
    return plan_add_step(builder, STEP_SHARE_NETWORK, spec_where(spec, SPEC_NETWORK_SHARE),
                         "`esquema doctor` says which namespaces this host refuses", &data, sizeof(data),
                         "make a network that others may join%s%s",
                         data.has_low_ports ? ", whose ports below 1024 are everybody's" : "",
                         data.is_closed ? ", walled off from the metadata services of clouds" : "") < 0
               ? no_memory(ret_error)
               : 0;
}

int net_plan(const esq_spec *spec, struct plan_builder *builder, esq_error *ret_error)
{
    bool shares = spec_is(spec, SPEC_NETWORK_SHARE, "yes");
    int result = 0;
    if (spec_is(spec, SPEC_NETWORK, "join"))
        return plan_join(spec, builder, ret_error);
    if (shares)
        result = plan_share(spec, builder, ret_error);
    if (result == 0 && spec_is(spec, SPEC_NETWORK, "user"))
        result = plan_user_network(spec, builder, ret_error);
    if (result < 0 || shares || !spec_has_namespace(spec, "net"))
        return result;
    if (!spec_is(spec, SPEC_LOOPBACK, "no") && plan_add_step(builder, STEP_LOOPBACK, spec_where(spec, SPEC_LOOPBACK),
                                                             "say (loopback no)", NULL, 0, "bring loopback up") < 0)
        return no_memory(ret_error);
    return is_closed_to_metadata(spec) ? plan_metadata(spec, builder, ret_error) : 0;
}
