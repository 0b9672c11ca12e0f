/*
 * caps.c: the facility: from the fields `capabilities` and `no-new-privileges` to their two steps. It knows names; what
 * is done about them is caps_child.c.
 *
 * Least kernel: 4.3 (ambient set). Below that the start fails.
 */
#include "caps/caps.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "plan/plan.h"

static const char *const names[] = {
#define CAPABILITY(name, number) [number] = #name,
#include "caps/capabilities.def"
#undef CAPABILITY
};

int caps_find(const char *name)
{
    char plain[24];
    size_t length;

    if (strncasecmp(name, "cap_", 4) == 0 || strncasecmp(name, "cap-", 4) == 0)
        name += 4;
    length = strlen(name);
    if (length >= sizeof plain)
        return -1;
    for (size_t i = 0; i <= length; i++)
        plain[i] = (char)(name[i] == '-' ? '_' : tolower((unsigned char)name[i]));
    for (size_t number = 0; number < sizeof names / sizeof names[0]; number++) {
        if (strcmp(names[number], plain) == 0)
            return (int)number;
    }
    return -1;
}

void caps_check(const esq_spec *spec, struct spec_problems *problems)
{
    size_t count;
    const struct spec_item *items = spec_items(spec, SPEC_CAPABILITIES, &count);

    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < items[i].count; j++) {
            if (caps_find(items[i].words[j]) < 0)
                spec_problem(problems, &items[i].where, 0,
                             "names are those of capabilities(7), such as net_bind_service",
                             "no capability is called %.64s", items[i].words[j]);
        }
    }
    /* The kernel takes a filter or a Landlock rule from an ordinary process only when nothing can gain privileges. */
    if (spec_is(spec, SPEC_NO_NEW_PRIVILEGES, "no") &&
        !(spec_is(spec, SPEC_SECCOMP, "none") && spec_is(spec, SPEC_LANDLOCK, "none")))
        spec_problem(problems, spec_where(spec, SPEC_NO_NEW_PRIVILEGES), 0,
                     "keep no-new-privileges, or give up seccomp and landlock as well",
                     "seccomp and landlock need no-new-privileges");
}

void caps_grants(const esq_spec *spec, struct spec_grants *grants)
{
    size_t count;
    const struct spec_item *items = spec_items(spec, SPEC_CAPABILITIES, &count);

    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < items[i].count; j++)
            spec_grant(grants, "capability", items[i].words[j], &items[i].where);
    }
    if (spec_is(spec, SPEC_NO_NEW_PRIVILEGES, "no"))
        spec_grant(grants, "wall", "no-new-privileges", spec_where(spec, SPEC_NO_NEW_PRIVILEGES));
}

/* The kernel maps a uid 0 into another uid 0 only for who may give files capabilities (since Linux 5.12), so a
 * root inside could not have a root of its own in a namespace of its own. */
static bool needs_setfcap(const esq_spec *spec)
{
    uint32_t uid, gid;

    return spec_is(spec, SPEC_NESTED_NAMESPACES, "yes") && spec_has_namespace(spec, "user") &&
           spec_parse_user(spec_text(spec, SPEC_USER), &uid, &gid) && uid == 0;
}

int caps_plan(const esq_spec *spec, struct plan_builder *builder, esq_error *ret_error)
{
    struct caps_step data = { 0 };
    size_t count;
    unsigned kept = 0;
    const struct spec_item *items = spec_items(spec, SPEC_CAPABILITIES, &count);
    const esq_location *where = spec_where(spec, SPEC_CAPABILITIES);
    int result;

    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < items[i].count; j++) {
            int number = caps_find(items[i].words[j]);

            if (number >= 0)
                data.keep |= 1ull << number;
        }
    }
    if (needs_setfcap(spec))
        data.keep |= 1ull << caps_find("setfcap");
    kept = (unsigned)__builtin_popcountll(data.keep);
    result = plan_add_step(builder, STEP_CAPABILITIES, where, NULL, &data, sizeof data,
                           kept == 0 ? "give up every capability" : "give up every capability but %u", kept);
    if (result == 0 && !spec_is(spec, SPEC_NO_NEW_PRIVILEGES, "no"))
        result = plan_add_step(builder, STEP_NO_NEW_PRIVILEGES, spec_where(spec, SPEC_NO_NEW_PRIVILEGES), NULL, NULL, 0,
                               "no new privileges by execve");
    return result < 0 ? esq_fail(ret_error, where, -result, NULL, "plan capabilities") : 0;
}
