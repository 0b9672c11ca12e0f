/* The steps of the facility ns, executed by the mute child. */
#include "ns/ns.h"
#include "plan/step.h"

int ns_apply(const struct step *step, struct child *child)
{
    const struct ns_hostname *hostname = STEP_DATA(child->block, step, struct ns_hostname);
    return sys_sethostname(STEP_TEXT(child->block, hostname->name), hostname->length);
}
