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

struct core *core_new_let(struct front *front, enum core_kind kind, struct position position, size_t count)
{
    struct core *node = core_new(front, kind, position);
    if (!node)
        return NULL;
    node->let.variables = front_array(front, count, sizeof *node->let.variables);
    node->let.values = front_array(front, count, sizeof *node->let.values);
    node->let.count = count;
    return node->let.variables && node->let.values ? node : NULL;
}

struct core *core_new_sequence(struct front *front, struct position position, struct core *first, struct core *second)
{
    struct core *node = core_new(front, CORE_SEQUENCE, position);
    if (!node || !(node->sequence.items = front_array(front, 2, sizeof *node->sequence.items)))
        return NULL;
    node->sequence.items[0] = first;
    node->sequence.items[1] = second;
    node->sequence.count = 2;
    return node;
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
