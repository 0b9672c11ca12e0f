/* Makes nodes of the core tree and variables. */
#include "schooner/core/core.h"

struct core *core_new(struct front *front, enum core_kind kind, struct position position)
{
    struct core *core = front_new(front, struct core);
    if (!core)
        return NULL;
    core->kind = kind;
    core->position = position;
    return core;
}

struct variable *variable_new(struct front *front, const struct name *name, struct position position)
{
    struct variable *variable = front_new(front, struct variable);
    if (!variable)
        return NULL;
    variable->name = name;
    variable->position = position;
    variable->id = front->variable_count++;
    return variable;
}
