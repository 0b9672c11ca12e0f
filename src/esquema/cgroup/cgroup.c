/*
 * The facility cgroup: limits on memory, processes and processors of a whole container. Nothing here enforces them yet,
 * so each that is asked for stops the start, unless the description excuses it by name.
 */
#include <stdio.h>
#include "plan/plan.h"

static const enum spec_field limits[] = { SPEC_MEMORY, SPEC_PROCESSES, SPEC_CPUS };

void cgroup_check(const esq_spec *spec, struct spec_problems *problems)
{
}

/* Every excuse, whichever facility it belongs to, is asked for once: here, where most of them belong. */
void cgroup_grants(const esq_spec *spec, struct spec_grants *grants)
{
    size_t count;
    const struct spec_item *items = spec_items(spec, SPEC_BEST_EFFORT, &count);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < items[i].count; j++)
            spec_grant(grants, "best-effort", items[i].words[j], &items[i].where);
}

int cgroup_plan(const esq_spec *spec, struct plan_builder *builder, esq_error *ret_error)
{
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        if (!spec_is_given(spec, limits[i]))
            continue;
        const char *name = spec_field_name(limits[i]);
        char remedy[256];
        snprintf(remedy, sizeof(remedy),
                 "leave the limit out, limit each process instead (address-space, cpu-time), or say (best-effort %s)",
                 name);
        int result =
            plan_missing(builder, spec, name, spec_where(spec, limits[i]), remedy, ret_error,
                         "the limit `%s` cannot be enforced: this version does not limit whole containers", name);
        if (result < 0)
            return result;
    }
    return 0;
}
