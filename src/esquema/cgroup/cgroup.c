/*
 * The facility cgroup: limits on memory, processes, processors and devices of a whole container, from fields to steps.
 * The table below says which file of the kernel each field becomes. Knows not how cgroups are made (leaf.h).
 *
 * A limit that was asked for and cannot be set here stops the start, with the reason and the remedy, unless the
 * description excuses it by name. What nobody asked for (the default limit of processes, counters) is had where a part
 * of the hierarchy is ours; systemd is only asked for a scope when a limit needs it, since that takes milliseconds.
 */
#include "cgroup/cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include "cgroup/files.h"
#include "plan/plan.h"

/* The kernel's bounds for cpu.max, microseconds. */
#define PERIOD_USUAL   100000
#define PERIOD_LONGEST 1000000
#define QUOTA_MIN      1000
#define RATIO_MAX      100000 /* processors */

static const struct {
    enum spec_field field;
    enum cgroup_controller controller;
} limits[] = {
    { SPEC_MEMORY, CGROUP_INDEX_MEMORY },
    { SPEC_SWAP, CGROUP_INDEX_MEMORY },
    { SPEC_CPUS, CGROUP_INDEX_CPU },
    { SPEC_CPUSET, CGROUP_INDEX_CPUSET },
    { SPEC_IO_READ, CGROUP_INDEX_IO },
    { SPEC_IO_WRITE, CGROUP_INDEX_IO },
    { SPEC_IO_READ_OPERATIONS, CGROUP_INDEX_IO },
    { SPEC_IO_WRITE_OPERATIONS, CGROUP_INDEX_IO },
};

static const struct {
    enum spec_field field;
    const char *key;
    const char *what;
} device_limits[] = {
    { SPEC_IO_READ, "rbps", "bytes read" },
    { SPEC_IO_WRITE, "wbps", "bytes written" },
    { SPEC_IO_READ_OPERATIONS, "riops", "reads" },
    { SPEC_IO_WRITE_OPERATIONS, "wiops", "writes" },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* ---- Values ---- */

/* "2", "0.5" or "1/2" as microseconds of each period. False when it is out of the kernel's bounds. */
static bool parse_cpus(const char *text, uint64_t *ret_quota, uint64_t *ret_period)
{
    char *end;
    unsigned __int128 above = strtoull(text, &end, 10), below = 1;
    if (*end == '/') {
        below = strtoull(end + 1, NULL, 10);
    } else if (*end == '.') {
        for (end++; *end >= '0' && *end <= '9' && below < 1000000000; end++, below *= 10)
            above = above * 10 + (unsigned)(*end - '0');
    }
    if (below == 0 || above > below * RATIO_MAX)
        return false;
    uint64_t period = above * PERIOD_USUAL / below < QUOTA_MIN ? PERIOD_LONGEST : PERIOD_USUAL;
    *ret_quota = (uint64_t)(above * period / below);
    *ret_period = period;
    return *ret_quota >= QUOTA_MIN;
}

/* "0-3,5": what the kernel reads, no more than it has. */
static bool is_list(const char *text)
{
    size_t length = strlen(text);
    if (length == 0 || length > 256)
        return false;
    for (const char *next = text;; next++) {
        char *end;
        if (*next < '0' || *next > '9')
            return false;
        unsigned long first = strtoul(next, &end, 10), last = first;
        if (*end == '-' && end[1] >= '0' && end[1] <= '9')
            last = strtoul(end + 1, &end, 10);
        if (last < first || last >= 1024)
            return false;
        next = end;
        if (*next != ',')
            return *next == '\0';
    }
}

/*
 * The device of a path: itself, or the one that the file lies on; the whole disk where that is a partition, which the
 * kernel does not limit alone. False with errno.
 */
static bool find_device(const char *path, unsigned *ret_major, unsigned *ret_minor)
{
    struct stat found;
    char name[96], text[32];
    if (stat(path, &found) < 0)
        return false;
    dev_t device = S_ISBLK(found.st_mode) ? found.st_rdev : found.st_dev;
    *ret_major = major(device);
    *ret_minor = minor(device);
    snprintf(name, sizeof(name), "/sys/dev/block/%u:%u/partition", *ret_major, *ret_minor);
    struct stat partition;
    if (stat(name, &partition) < 0)
        return true;
    snprintf(name, sizeof(name), "/sys/dev/block/%u:%u/../dev", *ret_major, *ret_minor);
    if (cgroup_read(AT_FDCWD, name, text, sizeof(text)) > 0)
        sscanf(text, "%u:%u", ret_major, ret_minor);
    return true;
}

/* ---- Check and grants ---- */

static void check_devices(const esq_spec *spec, enum spec_field field, struct spec_problems *problems)
{
    size_t count;
    const struct spec_item *items = spec_items(spec, field, &count);
    for (size_t i = 0; i < count; i++) {
        uint64_t number;
        if (items[i].count != 2 || items[i].words[0][0] != '/' || !spec_parse_number(items[i].words[1], &number) ||
            number == 0)
            spec_problem(problems, &items[i].where, 0, NULL, "`%s` takes the absolute path of a device and a number",
                         spec_field_name(field));
    }
}

void cgroup_check(const esq_spec *spec, struct spec_problems *problems)
{
    uint64_t quota, period, number;
    if (spec_number(spec, SPEC_MEMORY, &number) && number < 65536)
        spec_problem(problems, spec_where(spec, SPEC_MEMORY), 0, "sizes are in bytes; in a description (MiB 64)",
                     "no program starts in %llu bytes of memory", (unsigned long long)number);
    if (spec_is_given(spec, SPEC_CPUS) && !parse_cpus(spec_text(spec, SPEC_CPUS), &quota, &period))
        spec_problem(problems, spec_where(spec, SPEC_CPUS), 0, NULL, "`cpus` must be from 0.001 to %d", RATIO_MAX);
    if (spec_is_given(spec, SPEC_CPUSET) && !is_list(spec_text(spec, SPEC_CPUSET)))
        spec_problem(problems, spec_where(spec, SPEC_CPUSET), 0, NULL,
                     "`cpuset` is a list of processors such as 0-3,5, not `%.64s`", spec_text(spec, SPEC_CPUSET));
    for (size_t i = 0; i < COUNT(device_limits); i++)
        check_devices(spec, device_limits[i].field, problems);
}

/* Every excuse, whichever facility it belongs to, is asked for once: here, where most of them belong. */
void cgroup_grants(const esq_spec *spec, struct spec_grants *grants)
{
    size_t count;
    const struct spec_item *items = spec_items(spec, SPEC_BEST_EFFORT, &count);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < items[i].count; j++)
            spec_grant(grants, "best-effort", items[i].words[j], &items[i].where);
    if (spec_is(spec, SPEC_PROCESSES, "unlimited"))
        spec_grant(grants, "limits", "processes", spec_where(spec, SPEC_PROCESSES));
}

/* ---- Plan ---- */

struct planned {
    const esq_spec *spec;
    struct plan_builder *builder;
    esq_error *ret_error;
    const struct cgroup_place *place;
    uint32_t controllers; /* that the limits need */
};

static int no_memory(const struct planned *planned)
{
    return esq_fail(planned->ret_error, NULL, ENOMEM, NULL, "plan the cgroup");
}

/* 1: the limit can be set; 0: it is excused; negative: it stops the start. */
static int demand(struct planned *planned, enum spec_field field, enum cgroup_controller controller)
{
    char reason[256];
    const char *name = spec_field_name(field);
    if (planned->place->source != CGROUP_NOWHERE && planned->place->controllers & 1u << controller) {
        planned->controllers |= 1u << controller;
        return 1;
    }
    cgroup_reason(planned->place, controller, reason, sizeof(reason));
    return plan_missing(planned->builder, planned->spec, name, spec_where(planned->spec, field),
                        cgroup_remedy(planned->place, controller), planned->ret_error,
                        "the limit `%s` cannot be enforced: %s", name, reason);
}

static int add_limit(struct planned *planned, enum spec_field field, const char *file, const char *value,
                     uint32_t flags, const char *text)
{
    struct cgroup_limit data = { .file = plan_add_text(planned->builder, file),
                                 .value = plan_add_text(planned->builder, value),
                                 .flags = flags };
    if (!data.file || !data.value ||
        plan_add_step(planned->builder, STEP_CGROUP_LIMIT, spec_where(planned->spec, field),
                      "`esquema doctor` says which limits can be enforced here", &data, sizeof(data), "%s (%s %s)",
                      text, file, value) < 0)
        return no_memory(planned);
    return 0;
}

static int add_number(struct planned *planned, enum spec_field field, const char *file, uint64_t number, uint32_t flags,
                      const char *what)
{
    char value[32], text[96];
    snprintf(value, sizeof(value), "%llu", (unsigned long long)number);
    snprintf(text, sizeof(text), "at most %s %s", value, what);
    return add_limit(planned, field, file, value, flags, text);
}

/*
 * A limit of memory that could be escaped into swap would be none, so swap is 0 unless it is given. The whole container
 * ends when there is no memory, not the one process that the kernel picks: half of it would be of use to nobody.
 */
static int plan_memory(struct planned *planned)
{
    uint64_t memory, swap = 0;
    bool has_swap = spec_number(planned->spec, SPEC_SWAP, &swap);
    int is_possible =
        spec_number(planned->spec, SPEC_MEMORY, &memory) ? demand(planned, SPEC_MEMORY, CGROUP_INDEX_MEMORY) : 0;
    int result = is_possible < 0 ? is_possible : 0;
    if (is_possible > 0) {
        result = add_number(planned, SPEC_MEMORY, "memory.max", memory, CGROUP_LIMIT_ROUNDED, "bytes of memory");
        if (result == 0)
            result = add_limit(planned, SPEC_MEMORY, "memory.oom.group", "1", 0, "out of memory ends all of it");
    }
    if (result < 0 || (!has_swap && is_possible <= 0))
        return result;
    if (has_swap && (result = demand(planned, SPEC_SWAP, CGROUP_INDEX_MEMORY)) <= 0)
        return result;
    return add_number(planned, SPEC_SWAP, "memory.swap.max", swap,
                      CGROUP_LIMIT_ROUNDED | (has_swap ? 0 : CGROUP_LIMIT_OPTIONAL), "bytes of swap");
}

static int plan_cpus(struct planned *planned)
{
    uint64_t quota, period;
    char value[64], text[96];
    const char *cpus = spec_text(planned->spec, SPEC_CPUS);
    if (!*cpus || !parse_cpus(cpus, &quota, &period))
        return 0;
    int result = demand(planned, SPEC_CPUS, CGROUP_INDEX_CPU);
    if (result <= 0)
        return result;
    snprintf(value, sizeof(value), "%llu %llu", (unsigned long long)quota, (unsigned long long)period);
    snprintf(text, sizeof(text), "at most %.40s processors", cpus);
    return add_limit(planned, SPEC_CPUS, "cpu.max", value, 0, text);
}

static int plan_cpuset(struct planned *planned)
{
    char text[300];
    const char *list = spec_text(planned->spec, SPEC_CPUSET);
    int result = *list ? demand(planned, SPEC_CPUSET, CGROUP_INDEX_CPUSET) : 0;
    if (result <= 0)
        return result;
    snprintf(text, sizeof(text), "on processors %s alone", list);
    return add_limit(planned, SPEC_CPUSET, "cpuset.cpus", list, CGROUP_LIMIT_LIST, text);
}

static int plan_device(struct planned *planned, size_t index, const struct spec_item *item)
{
    unsigned major_number, minor_number;
    char value[96], text[256];
    if (!find_device(item->words[0], &major_number, &minor_number))
        return esq_fail(planned->ret_error, &item->where, errno, "name a device, or a folder that lies on it", "%s",
                        item->words[0]);
    snprintf(value, sizeof(value), "%u:%u %s=%s", major_number, minor_number, device_limits[index].key, item->words[1]);
    snprintf(text, sizeof(text), "at most %.32s %s a second, device of %.100s", item->words[1],
             device_limits[index].what, item->words[0]);
    return add_limit(planned, device_limits[index].field, "io.max", value, CGROUP_LIMIT_LINES, text);
}

static int plan_devices(struct planned *planned)
{
    for (size_t i = 0; i < COUNT(device_limits); i++) {
        size_t count;
        const struct spec_item *items = spec_items(planned->spec, device_limits[i].field, &count);
        int result = count > 0 ? demand(planned, device_limits[i].field, CGROUP_INDEX_IO) : 0;
        for (size_t j = 0; j < count && result > 0; j++) {
            int added = plan_device(planned, i, &items[j]);
            result = added < 0 ? added : 1;
        }
        if (result < 0)
            return result;
    }
    return 0;
}

/* What the cgroup cannot do, the facility rlimit does, in the container's own user namespace. */
static int plan_processes(struct planned *planned)
{
    uint64_t processes = 0;
    if (spec_is(planned->spec, SPEC_PROCESSES, "unlimited"))
        return 0;
    spec_number(planned->spec, SPEC_PROCESSES, &processes);
    plan_head(planned->builder)->processes = processes;
    if (planned->place->source == CGROUP_NOWHERE || !(planned->place->controllers & CGROUP_PIDS))
        return 0;
    planned->controllers |= CGROUP_PIDS;
    plan_head(planned->builder)->is_processes_set = 1;
    return add_number(planned, SPEC_PROCESSES, "pids.max", processes, CGROUP_LIMIT_PROCESSES, "processes and threads");
}

static bool has_limit(const esq_spec *spec)
{
    for (size_t i = 0; i < COUNT(limits); i++)
        if (spec_is_given(spec, limits[i].field))
            return true;
    return spec_is_given(spec, SPEC_PROCESSES) && !spec_is(spec, SPEC_PROCESSES, "unlimited");
}

static int plan_cgroup(struct planned *planned, uint32_t *ret_step)
{
    const struct cgroup_place *place = planned->place;
    bool is_delegated = place->source == CGROUP_DELEGATED;
    struct cgroup_step data = { .source = place->source, .is_inhabited = place->is_inhabited };
    data.parent = is_delegated ? plan_add_text(planned->builder, place->parent) : 0;
    data.bus = is_delegated ? 0 : plan_add_text(planned->builder, place->bus);
    if (!(data.parent || data.bus) ||
        plan_add_step(planned->builder, STEP_CGROUP, NULL, "`esquema doctor` says where cgroups can be made", &data,
                      sizeof(data),
                      place->is_inhabited ? "go into a cgroup beneath our own, and make another in %s"
                      : is_delegated      ? "make a cgroup in %s"
                                          : "ask systemd for a scope, and make a cgroup in it (%s)",
                      is_delegated ? place->parent : place->bus) < 0)
        return no_memory(planned);
    *ret_step = plan_last_data(planned->builder);
    if (spec_has_namespace(planned->spec, "cgroup") &&
        plan_add_step(planned->builder, STEP_CGROUP_NAMESPACE, NULL, NULL, NULL, 0,
                      "see this cgroup as the root of all") < 0)
        return no_memory(planned);
    return 0;
}

static int plan_limits(struct planned *planned)
{
    int result = plan_memory(planned);
    if (result == 0)
        result = plan_cpus(planned);
    if (result == 0)
        result = plan_cpuset(planned);
    if (result == 0)
        result = plan_devices(planned);
    return result == 0 ? plan_processes(planned) : result;
}

int cgroup_plan(const esq_spec *spec, struct plan_builder *builder, esq_error *ret_error)
{
    struct cgroup_place *place = malloc(sizeof(*place)); /* its paths are long */
    struct planned planned = { .spec = spec, .builder = builder, .ret_error = ret_error, .place = place };
    uint32_t step = 0;
    if (!place)
        return no_memory(&planned);
    cgroup_find(place);
    /* Root owns the whole hierarchy; that is no part of it that somebody meant for containers. */
    if (!has_limit(spec) && (place->source == CGROUP_SYSTEMD || sys_uid() == 0))
        place->source = CGROUP_NOWHERE;
    bool is_made = place->source != CGROUP_NOWHERE;
    int result = is_made ? plan_cgroup(&planned, &step) : 0;
    if (result == 0)
        result = plan_limits(&planned);
    if (result == 0 && is_made) {
        struct cgroup_step *data = (struct cgroup_step *)((char *)plan_head(builder) + step);
        data->controllers = planned.controllers;
    }
    free(place);
    return result;
}
