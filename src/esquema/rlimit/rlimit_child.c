/*
 * rlimit_child.c: sets one limit in the mute child and reads it back.
 */
#include "rlimit/rlimit.h"

#include <errno.h>

#include "plan/step.h"

int rlimit_apply(const struct step *step, struct child *child)
{
    const struct rlimit_step *data = STEP_DATA(child->block, step, struct rlimit_step);
    uint64_t wanted[2] = { data->soft, data->hard };
    uint64_t found[2] = { 0, 0 };
    long result = SYS(SYS_prlimit64, 0, data->resource, wanted, NULL);

    if (result < 0)
        return step_fail(child, (int)result, "set the limit");
    result = SYS(SYS_prlimit64, 0, data->resource, NULL, found);
    if (result < 0)
        return step_fail(child, (int)result, "read the limit back");
    if (found[0] != wanted[0] || found[1] != wanted[1])
        return step_fail(child, -EOVERFLOW, "the kernel took another limit");
    return 0;
}
