/* The facility net: no network but loopback, or the host's. */
#include <errno.h>
#include "plan/plan.h"

void net_check(const esq_spec *spec, struct spec_problems *problems)
{
}

void net_grants(const esq_spec *spec, struct spec_grants *grants)
{
    if (spec_is(spec, SPEC_NETWORK, "host"))
        spec_grant(grants, "network", "host", spec_where(spec, SPEC_NETWORK));
}

int net_plan(const esq_spec *spec, struct plan_builder *builder, esq_error *ret_error)
{
    if (!spec_has_namespace(spec, "net") || spec_is(spec, SPEC_LOOPBACK, "no"))
        return 0;
    if (plan_add_step(builder, STEP_LOOPBACK, spec_where(spec, SPEC_LOOPBACK), "say (loopback no)", NULL, 0,
                      "bring loopback up") < 0)
        return esq_fail(ret_error, NULL, ENOMEM, NULL, "plan the network");
    return 0;
}
