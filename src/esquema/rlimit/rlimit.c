/*
 * rlimit.c: the facility: the limits of a process, from the table limits.def to a step for each that was given. Dumping
 * core is always limited: to nothing, unless something was asked for.
 *
 * Least kernel: any.
 */
#include "rlimit/rlimit.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include "plan/plan.h"

struct limit {
    enum spec_field field;
    uint32_t resource;
    const char *what;
    int64_t scale; /* negative: multiplied */
    uint64_t minimum;
    uint64_t maximum;
};

static const struct limit limits[] = {
#define LIMIT(field, resource, what, scale, minimum, maximum) { SPEC_##field, resource, what, scale, minimum, maximum },
#include "rlimit/limits.def"
#undef LIMIT
};

static bool find_value(const esq_spec *spec, const struct limit *limit, uint64_t *ret_value)
{
    uint64_t number;

    if (!spec_number(spec, limit->field, &number))
        return false;
    if (limit->scale < 0) {
        if (__builtin_mul_overflow(number, (uint64_t)-limit->scale, ret_value))
            *ret_value = UINT64_MAX; /* above every maximum */
        return true;
    }
    uint64_t scale = (uint64_t)limit->scale;
    *ret_value = number / scale + (number % scale != 0);
    return true;
}

/* Nobody in a user namespace may raise a hard limit, so it is said before anything starts. */
static void check_hard_limit(const struct limit *limit, uint64_t value, const esq_location *where,
                             struct spec_problems *problems)
{
    struct rlimit host;

    if (getrlimit((__rlimit_resource_t)limit->resource, &host) == 0 && host.rlim_max != RLIM_INFINITY &&
        value > host.rlim_max)
        spec_problem(problems, where, EPERM, "ask for less, or raise the hard limit (ulimit -H) before the start",
                     "%s: %llu %s are more than this user's hard limit of %llu", spec_field_name(limit->field),
                     (unsigned long long)value, limit->what, (unsigned long long)host.rlim_max);
}

void rlimit_check(const esq_spec *spec, struct spec_problems *problems)
{
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        const struct limit *limit = &limits[i];
        const esq_location *where = spec_where(spec, limit->field);
        uint64_t value;

        if (!find_value(spec, limit, &value))
            continue;
        if (value < limit->minimum || value > limit->maximum)
            spec_problem(problems, where, 0, NULL, "%s must be from %llu to %llu %s", spec_field_name(limit->field),
                         (unsigned long long)limit->minimum, (unsigned long long)limit->maximum, limit->what);
        else
            check_hard_limit(limit, value, where, problems);
    }
}

/* A limit asks nothing of the host. */
void rlimit_grants(const esq_spec *spec, struct spec_grants *grants)
{
    (void)spec;
    (void)grants;
}

/*
 * Linux counts the processes of a user in each user namespace since 5.14; root on the host is never counted. So this
 * limits a container that has a user namespace of its own, wherever it may be started.
 */
static const char *why_not_processes(const esq_spec *spec)
{
    struct utsname host;
    unsigned version = 0, patch = 0;
    if (!spec_has_namespace(spec, "user"))
        return "it shares the host's users, whose processes would be counted together";
    if (sys_uid() == 0)
        return "the kernel counts no processes of root on the host";
    if (uname(&host) < 0 || sscanf(host.release, "%u.%u", &version, &patch) != 2 || version < 5 ||
        (version == 5 && patch < 14))
        return "a kernel of 5.14 or later counts them for each user namespace";
    return NULL;
}

/* Where the cgroup does not limit processes. What nobody asked for may be missing, and is then said in the plan. */
static int plan_processes(const esq_spec *spec, struct plan_builder *builder, esq_error *ret_error)
{
    const struct plan_block *head = plan_head(builder);
    const esq_location *where = spec_where(spec, SPEC_PROCESSES);
    struct rlimit_step data = { .resource = RLIMIT_NPROC, .soft = head->processes, .hard = head->processes };
    struct rlimit host;
    if (head->processes == 0 || head->is_processes_set || spec_is_given(spec, SPEC_USER_PROCESSES))
        return 0;
    const char *obstacle = why_not_processes(spec);
    if (obstacle && !spec_is_given(spec, SPEC_PROCESSES))
        return plan_note(builder, "not limited: processes (%s)", obstacle);
    if (obstacle)
        return plan_missing(builder, spec, "processes", where,
                            "delegate a cgroup with the controller pids: see `esquema doctor`", ret_error,
                            "the limit `processes` cannot be enforced: no cgroup can be made, and %s", obstacle);
    if (getrlimit(RLIMIT_NPROC, &host) == 0 && host.rlim_max < data.hard)
        data.soft = data.hard = host.rlim_max; /* stricter already, and never to be raised */
    return plan_add_step(builder, STEP_RLIMIT, where, "a hard limit of the host may be lower: ulimit -H -u", &data,
                         sizeof data, "at most %llu processes and threads in this user namespace",
                         (unsigned long long)data.soft);
}

int rlimit_plan(const esq_spec *spec, struct plan_builder *builder, esq_error *ret_error)
{
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        const struct limit *limit = &limits[i];
        const esq_location *where = spec_where(spec, limit->field);
        struct rlimit_step data = { .resource = limit->resource };
        int result;

        if (!find_value(spec, limit, &data.soft))
            continue;
        data.hard = data.soft;
        /* At the hard limit the kernel kills without a word; a second before it the signal says what it was. */
        if (limit->resource == RLIMIT_CPU)
            data.hard = data.soft + 1;
        result = plan_add_step(builder, STEP_RLIMIT, where, "a hard limit of the host may be lower: ulimit -H -a",
                               &data, sizeof data, "at most %llu %s", (unsigned long long)data.soft, limit->what);
        if (result < 0)
            return esq_fail(ret_error, where, -result, NULL, "plan limits");
    }
    return plan_processes(spec, builder, ret_error);
}
