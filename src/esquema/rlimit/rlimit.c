/*
 * rlimit.c: the facility: the limits of a process, from the table limits.def to a step for each that was given. Dumping
 * core is always limited: to nothing, unless something was asked for.
 *
 * Least kernel: any.
 */
#include "rlimit/rlimit.h"

#include <errno.h>
#include <sys/resource.h>

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
    return 0;
}
