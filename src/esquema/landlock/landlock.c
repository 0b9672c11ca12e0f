/*
 * landlock.c: the facility: from the fields `landlock` and `landlock-rules` to a step that holds the rights, prepared
 * for this kernel's version. It makes one system call, the question for the version; the rest is landlock_child.c.
 *
 *   what is denied                    since kernel  version  where the kernel lacks it
 *   files beneath what was not named  5.13          1        the start stops, unless `landlock` is excused
 *   renaming across folders           5.19          2        denied altogether below that; listed
 *   truncate                          6.2           3        listed: a read-only mount denies it as well
 *   TCP ports                         6.7           4        stops where ports were named; excused as `landlock-ports`
 *   ioctl of devices                  6.10          5        listed
 *   abstract sockets, signals         6.12          6        stops where the container shares the host's network or its
 *                                                            processes, unless `landlock-scopes` is excused
 */
#include "landlock/landlock.h"

#include <errno.h>
#include <string.h>

#include "plan/build.h"

enum { NEWEST_VERSION = 7 };

int landlock_version(void)
{
    long version = SYS(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_VERSION);

    return version < 0 ? 0 : version > NEWEST_VERSION ? NEWEST_VERSION : (int)version;
}

uint64_t landlock_files_of(int version)
{
    /* By version: what was new is the highest bit. */
    static const unsigned rights[NEWEST_VERSION + 1] = { 0, 13, 14, 15, 15, 16, 16, 16 };

    return (1ull << rights[version]) - 1;
}

uint64_t landlock_ports_of(int version)
{
    return version >= 4 ? PORTS_BIND | PORTS_CONNECT : 0;
}

uint64_t landlock_scopes_of(int version)
{
    return version >= 6 ? SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS : 0;
}

uint32_t landlock_size_of(int version)
{
    return version >= 6   ? sizeof(struct landlock_attributes)
           : version >= 4 ? (uint32_t)offsetof(struct landlock_attributes, scopes)
                          : (uint32_t)offsetof(struct landlock_attributes, ports);
}

struct rule_word {
    const char *word;
    uint64_t files;
    uint64_t ports;
};

static const struct rule_word rule_words[] = {
    { "read-only", FILES_READ_FILE | FILES_READ_DIR, 0 },
    { "execute", FILES_READ_FILE | FILES_READ_DIR | FILES_EXECUTE, 0 },
    { "read-write", ~FILES_EXECUTE, 0 },
    { "connect", 0, PORTS_CONNECT },
    { "bind", 0, PORTS_BIND },
};

static const struct rule_word *find_rule_word(const struct spec_item *item)
{
    for (size_t i = 0; item->count > 0 && i < sizeof rule_words / sizeof rule_words[0]; i++) {
        if (strcmp(rule_words[i].word, item->words[0]) == 0)
            return &rule_words[i];
    }
    return NULL;
}

static bool parse_port(const char *text, uint32_t *ret_port)
{
    uint64_t number;

    if (!spec_parse_number(text, &number) || number < 1 || number > 65535)
        return false;
    *ret_port = (uint32_t)number;
    return true;
}

/* ---- Check ---- */

static void check_item(const struct spec_item *item, struct spec_problems *problems)
{
    const struct rule_word *word = find_rule_word(item);

    if (!word || item->count < 2) {
        spec_problem(problems, &item->where, 0,
                     "write read-only, execute or read-write and paths, or connect or bind and ports",
                     "a rule of landlock-rules that says nothing");
        return;
    }
    for (size_t i = 1; i < item->count; i++) {
        uint32_t port;

        if (word->files != 0 && item->words[i][0] != '/')
            spec_problem(problems, &item->where, 0, NULL, "%.128s is no absolute path inside", item->words[i]);
        if (word->ports != 0 && !parse_port(item->words[i], &port))
            spec_problem(problems, &item->where, 0, NULL, "%.32s is no port from 1 to 65535", item->words[i]);
    }
}

static size_t count_rules(const struct spec_item *items, size_t count)
{
    size_t rules = 0;

    for (size_t i = 0; i < count; i++)
        rules += items[i].count > 0 ? items[i].count - 1 : 0;
    return rules;
}

void landlock_check(const esq_spec *spec, struct spec_problems *problems)
{
    size_t count;
    const struct spec_item *items = spec_items(spec, SPEC_LANDLOCK_RULES, &count);

    for (size_t i = 0; i < count; i++)
        check_item(&items[i], problems);
    if (count_rules(items, count) > LANDLOCK_RULES_MAX)
        spec_problem(problems, &items[0].where, 0, NULL, "more than %d rules for Landlock", LANDLOCK_RULES_MAX);
    if (spec_is(spec, SPEC_NESTED_NAMESPACES, "yes") && (count > 0 || !spec_is(spec, SPEC_LANDLOCK, "standard")))
        spec_problem(problems, spec_where(spec, SPEC_NESTED_NAMESPACES), 0, "leave out `landlock`",
                     "under Landlock nobody may mount, which nested-namespaces is for");
    if (count > 0 && !spec_is(spec, SPEC_LANDLOCK, "standard"))
        spec_problem(problems, &items[0].where, 0, "leave out the field landlock, or the rules",
                     "rules for Landlock have no meaning under `landlock %s`", spec_text(spec, SPEC_LANDLOCK));
}

void landlock_grants(const esq_spec *spec, struct spec_grants *grants)
{
    if (spec_is(spec, SPEC_LANDLOCK, "none"))
        spec_grant(grants, "wall", "landlock", spec_where(spec, SPEC_LANDLOCK));
}

/* ---- Plan ---- */

struct preparation {
    const esq_spec *spec;
    struct plan_builder *builder;
    int version;
    const esq_location *where;
    const esq_location *rule; /* the place of those that are added at this moment, or NULL */
    struct landlock_step step;
    struct landlock_rule rules[LANDLOCK_RULES_MAX];
};

static int add_rule(struct preparation *preparation, struct landlock_rule rule, const char *path)
{
    if (preparation->step.rule_count >= LANDLOCK_RULES_MAX)
        return -E2BIG;
    if (path) {
        rule.path = plan_add_text(preparation->builder, path);
        if (rule.path == 0)
            return -ENOMEM;
    }
    rule.line = preparation->rule ? preparation->rule->line : 0;
    rule.column = preparation->rule ? preparation->rule->column : 0;
    preparation->rules[preparation->step.rule_count++] = rule;
    return 0;
}

/* Is `path` the folder, or does it lie beneath it? Both absolute; doubled slashes count once. */
static bool is_beneath(const char *folder, const char *path)
{
    for (;;) {
        folder += strspn(folder, "/");
        path += strspn(path, "/");
        size_t length = strcspn(folder, "/");
        if (length == 0)
            return true;
        if (strncmp(folder, path, length) != 0 || (path[length] != '/' && path[length] != '\0'))
            return false;
        folder += length;
        path += length;
    }
}

/*
 * A rule for files. It narrows what the standard rules leave and never widens it: where the root is mounted read-only,
 * rights to write hold in what is mounted writable alone, whatever the rule names above it. Else (read-write "/") would
 * open again what only Landlock keeps shut: a second opening, for writing, of a file that was given for reading.
 */
static int add_files(struct preparation *preparation, uint64_t rights, const char *path)
{
    const struct plan_builder *builder = preparation->builder;
    bool is_writable = !builder->is_root_read_only;
    int result = 0;
    for (size_t i = 0; result == 0 && builder->is_root_read_only && i < builder->writable_count; i++) {
        const char *writable = (const char *)builder->block.bytes + builder->writable[i];
        struct landlock_rule rule = { .allowed = rights, .path = builder->writable[i] };

        is_writable = is_writable || is_beneath(writable, path);
        if (!is_beneath(writable, path) && is_beneath(path, writable))
            result = add_rule(preparation, rule, NULL);
    }
    struct landlock_rule rule = { .allowed = is_writable ? rights : rights & FILES_READ_ONLY };
    return result < 0 ? result : add_rule(preparation, rule, path);
}

static int add_item(struct preparation *preparation, const struct spec_item *item)
{
    const struct rule_word *word = find_rule_word(item);
    int result = word ? 0 : -EINVAL;

    for (size_t i = 1; result == 0 && i < item->count; i++) {
        struct landlock_rule rule = { 0 };

        if (word->files != 0) {
            result = add_files(preparation, word->files & preparation->step.handled.files, item->words[i]);
            continue;
        }
        preparation->step.handled.ports |= word->ports & landlock_ports_of(preparation->version);
        rule.allowed = word->ports & landlock_ports_of(preparation->version);
        if (!parse_port(item->words[i], &rule.port))
            result = -EINVAL;
        else if (rule.allowed != 0)
            result = add_rule(preparation, rule, NULL);
    }
    return result;
}

/* True where some item of the rules is about ports, or about files. */
static bool has_rules(const struct spec_item *items, size_t count, bool is_about_ports)
{
    for (size_t i = 0; i < count; i++) {
        const struct rule_word *word = find_rule_word(&items[i]);

        if (word && (word->ports != 0) == is_about_ports)
            return true;
    }
    return false;
}

/* A container that shares its network has agreed to those who join it by name; a path leads to a stranger's. */
static bool is_network_foreign(const esq_spec *spec)
{
    bool is_named = spec_is(spec, SPEC_NETWORK, "join") && *spec_text(spec, SPEC_NETWORK_JOIN) != '/';
    return !spec_has_namespace(spec, "net") && !is_named;
}

/* A namespace of its own denies the same already, and there a scope would only part the payload from what `exec`
 * starts beside it, which is another domain. */
static uint64_t find_scopes(const esq_spec *spec)
{
    uint64_t scopes = 0;

    if (spec_is(spec, SPEC_LANDLOCK, "deny-all"))
        return SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS;
    if (is_network_foreign(spec))
        scopes |= SCOPE_ABSTRACT_SOCKETS;
    if (!spec_has_namespace(spec, "pid"))
        scopes |= SCOPE_SIGNALS;
    return scopes;
}

static bool has_both_namespaces(const esq_spec *spec)
{
    return !is_network_foreign(spec) && spec_has_namespace(spec, "pid");
}

static int plan_absences(struct preparation *preparation, bool has_port_rules, esq_error *ret_error)
{
    const esq_spec *spec = preparation->spec;
    uint64_t scopes = find_scopes(spec);
    int result;

    if (has_port_rules && landlock_ports_of(preparation->version) == 0) {
        result = plan_missing(preparation->builder, spec, "landlock-ports", spec_where(spec, SPEC_LANDLOCK_RULES),
                              "Linux 6.7 has them", ret_error,
                              "rules for TCP ports need Landlock version 4, this kernel has %d", preparation->version);
        if (result < 0)
            return result;
    }
    if (scopes != 0 && landlock_scopes_of(preparation->version) == 0 && !has_both_namespaces(spec)) {
        result = plan_missing(preparation->builder, spec, "landlock-scopes", preparation->where, "Linux 6.12 has them",
                              ret_error,
                              "what is shared with the host (abstract sockets, signals) needs Landlock version 6, this "
                              "kernel has %d",
                              preparation->version);
        if (result < 0)
            return result;
    }
    preparation->step.handled.scopes = scopes & landlock_scopes_of(preparation->version);
    return 0;
}

/*
 * What lies beneath the root. A read-only mount does not stop a payload that holds a descriptor of one of its files,
 * from outside and open for reading, to open that file once more for writing through /proc/self/fd: the descriptor
 * leads by the host's own mount, and beneath the same directory. So where the root is mounted read-only, this wall says
 * so too.
 */
static int plan_root_rules(struct preparation *preparation)
{
    const struct plan_builder *builder = preparation->builder;
    uint64_t all = preparation->step.handled.files;
    /* REFER has to be granted like the rest, or every rename across folders is EXDEV. */
    struct landlock_rule root = { .allowed = builder->is_root_read_only ? all & FILES_READ_ONLY : all };
    int result = add_rule(preparation, root, "/");

    for (size_t i = 0; result == 0 && builder->is_root_read_only && i < builder->writable_count; i++) {
        struct landlock_rule writable = { .allowed = all, .path = builder->writable[i] };

        result = add_rule(preparation, writable, NULL);
    }
    return result;
}

static int plan_rules(struct preparation *preparation)
{
    size_t count;
    const struct spec_item *items = spec_items(preparation->spec, SPEC_LANDLOCK_RULES, &count);
    int result = 0;

    if (spec_is(preparation->spec, SPEC_LANDLOCK, "deny-all")) {
        preparation->step.handled.ports = landlock_ports_of(preparation->version);
        return 0;
    }
    if (!has_rules(items, count, false))
        result = plan_root_rules(preparation);
    for (size_t i = 0; result == 0 && i < count; i++) {
        preparation->rule = &items[i].where;
        result = add_item(preparation, &items[i]);
    }
    return result;
}

static int plan_step_text(struct preparation *preparation)
{
    struct landlock_step *step = &preparation->step;

    if (step->rule_count > 0) {
        step->rules =
            plan_add_bytes(preparation->builder, preparation->rules, step->rule_count * sizeof preparation->rules[0]);
        if (step->rules == 0)
            return -ENOMEM;
    }
    return plan_add_step(preparation->builder, STEP_LANDLOCK, preparation->where,
                         "a path of landlock-rules must exist inside", step, sizeof *step,
                         "Landlock version %d, rules: %u", preparation->version, (unsigned)step->rule_count);
}

/* What stands in the table at the head as listed. */
static int plan_listed(struct preparation *preparation)
{
    static const struct {
        int version;
        const char *text;
    } listed[] = {
        { 2, "landlock-refer (Linux 5.19): renaming across folders is denied altogether" },
        { 3, "landlock-truncate (Linux 6.2): only read-only mounts deny it" },
        { 5, "landlock-devices (Linux 6.10): requests of devices are not limited" },
    };
    int result = 0;

    for (size_t i = 0; result == 0 && i < sizeof listed / sizeof listed[0]; i++) {
        if (preparation->version < listed[i].version)
            result = plan_absent(preparation->builder, listed[i].text);
    }
    return result;
}

int landlock_plan(const esq_spec *spec, struct plan_builder *builder, esq_error *ret_error)
{
    struct preparation preparation = {
        .spec = spec, .builder = builder, .version = landlock_version(), .where = spec_where(spec, SPEC_LANDLOCK)
    };
    size_t count;
    const struct spec_item *items = spec_items(spec, SPEC_LANDLOCK_RULES, &count);
    int result;

    if (!preparation.where) /* the rules alone are given */
        preparation.where = spec_where(spec, SPEC_LANDLOCK_RULES);
    if (spec_is(spec, SPEC_LANDLOCK, "none"))
        return 0;
    if (preparation.version == 0)
        return plan_missing(builder, spec, "landlock", preparation.where, "boot with lsm=landlock,... (Linux 5.13)",
                            ret_error, "this kernel has no Landlock");
    /* A domain that handles files denies every mount, and mounts are what such a payload is there for. */
    if (!spec_is(spec, SPEC_NESTED_NAMESPACES, "yes"))
        preparation.step.handled.files = landlock_files_of(preparation.version);
    preparation.step.handled_size = landlock_size_of(preparation.version);
    result = plan_absences(&preparation, has_rules(items, count, true), ret_error);
    if (result < 0)
        return result;
    result = preparation.step.handled.files != 0 ? plan_rules(&preparation) : 0;
    if (result == 0 &&
        (preparation.step.handled.files | preparation.step.handled.ports | preparation.step.handled.scopes) == 0)
        return 0;
    if (result == 0)
        result = plan_listed(&preparation);
    if (result == 0)
        result = plan_step_text(&preparation);
    return result < 0 ? esq_fail(ret_error, preparation.where, -result, NULL, "plan Landlock") : 0;
}
