/*
 * Recursive bindings. letrec* becomes let, assignments where a variable may really be used too early, and CORE_LETREC
 * nodes that bind procedures only ("fix": Waddell, Sarkar, Dybvig 2005, Ghuloum and Dybvig 2009). A procedure is made
 * as late as possible: just before the first expression that may reach it. So what it captures has its value by then.
 *
 * letrec differs where a value is computed: all values are there before the first variable gets its own, and a value
 * that comes a second time, through a continuation, is assigned to the same variable.
 */
#include "schooner/compile/passes.h"

/* variable.scratch during the pass: its place in the group that is looked at */
struct place {
    struct core *node;
    uint32_t index;
    bool reached;
};

struct group {
    struct core *node;
    struct place *places;
    uint32_t now;    /* index of the expression that runs */
    bool makes_only; /* it makes a procedure, which captures now and runs later */
    uint32_t *work;
    size_t count, capacity;
};

static struct place *place_of(const struct group *group, const struct variable *variable)
{
    struct place *place = variable->scratch;
    return place && place->node == group->node ? place : NULL;
}

static bool reach_group(struct compiler *compiler, struct core **slot, void *data)
{
    struct group *group = data;
    struct core *node = *slot;
    if (!front_charge(compiler->front, 1))
        return false;
    struct variable *variable = node->kind == CORE_LOCAL       ? node->local
                                : node->kind == CORE_SET_LOCAL ? node->set_local.variable
                                                               : NULL;
    struct place *place = variable ? place_of(group, variable) : NULL;
    if (place) {
        bool lambda = group->node->let.values[place->index]->kind == CORE_LAMBDA;
        if (place->index >= group->now && !(lambda && group->makes_only))
            variable->checked = true;
        if (!place->reached && lambda) {
            place->reached = true;
            uint32_t *at = FRONT_PUSH(compiler->front, group->work, group->count, group->capacity);
            if (!at)
                return false;
            *at = place->index;
        }
    }
    return core_each(compiler, node, reach_group, data);
}

/* The step of building from the outside in: `hole` is where the rest goes. */
struct builder {
    struct compiler *compiler;
    struct core *root;
    struct core **hole;
};

static bool wrap(struct builder *builder, struct core *node, struct core **hole)
{
    if (!node)
        return false;
    *builder->hole = node;
    builder->hole = hole;
    return true;
}

static bool wrap_let(struct builder *builder, struct variable *variable, struct core *value)
{
    struct core *let = core_new_let(builder->compiler->front, CORE_LET, value->position, 1);
    if (!let)
        return false;
    let->let.variables[0] = variable;
    let->let.values[0] = value;
    return wrap(builder, let, &let->let.body);
}

static bool wrap_assignment(struct builder *builder, struct variable *variable, struct core *value)
{
    struct front *front = builder->compiler->front;
    struct core *set = core_new(front, CORE_SET_LOCAL, value->position);
    struct core *sequence = set ? core_new_sequence(front, value->position, set, NULL) : NULL;
    if (!sequence)
        return false;
    set->set_local.variable = variable;
    set->set_local.value = value;
    return wrap(builder, sequence, &sequence->sequence.items[1]);
}

/* The procedures in `picked` (1: to be made now) as one group. */
static bool wrap_fix(struct builder *builder, struct core *node, unsigned char *picked)
{
    size_t count = 0;
    for (size_t i = 0; i < node->let.count; i++)
        count += picked[i] == 1;
    if (count == 0)
        return true;
    struct core *fix = core_new_let(builder->compiler->front, CORE_LETREC, node->position, count);
    if (!fix)
        return false;
    count = 0;
    for (size_t i = 0; i < node->let.count; i++) {
        if (picked[i] != 1)
            continue;
        picked[i] = 2;
        fix->let.variables[count] = node->let.variables[i];
        fix->let.values[count++] = node->let.values[i];
    }
    return wrap(builder, fix, &fix->let.body);
}

static bool look(struct compiler *compiler, struct group *group, uint32_t index)
{
    group->now = index;
    group->makes_only = group->node->let.values[index]->kind == CORE_LAMBDA;
    if (!reach_group(compiler, &group->node->let.values[index], group))
        return false;
    while (group->count > 0) {
        struct core *lambda = group->node->let.values[group->work[--group->count]];
        if (!core_each(compiler, lambda, reach_group, group))
            return false;
    }
    return true;
}

/* Each variable that may be seen without a value begins without one. */
static bool wrap_unbound(struct builder *builder, struct core *node)
{
    struct front *front = builder->compiler->front;
    struct datum *unbound = datum_value(front, V_UNBOUND, node->position);
    if (!unbound)
        return false;
    for (size_t i = 0; i < node->let.count; i++) {
        struct core *constant;
        if (!node->let.variables[i]->checked)
            continue;
        if (!(constant = core_new(front, CORE_CONSTANT, node->position)))
            return false;
        constant->constant = unbound;
        if (!wrap_let(builder, node->let.variables[i], constant))
            return false;
    }
    return true;
}

/* The values that are computed, into variables of their own, and from there into those of the program. */
static bool wrap_computed(struct builder *builder, struct core *node, size_t computed)
{
    struct front *front = builder->compiler->front;
    size_t at = 0;
    struct core *let = core_new_let(builder->compiler->front, CORE_LET, node->position, computed);
    if (!let)
        return false;
    for (size_t i = 0; i < node->let.count; i++) {
        if (node->let.values[i]->kind == CORE_LAMBDA)
            continue;
        let->let.values[at] = node->let.values[i];
        if (!(let->let.variables[at++] = variable_new(front, NULL, node->let.values[i]->position)))
            return false;
    }
    if (!wrap(builder, let, &let->let.body))
        return false;
    at = 0;
    for (size_t i = 0; i < node->let.count; i++) {
        if (node->let.values[i]->kind == CORE_LAMBDA)
            continue;
        struct core *local = core_new(front, CORE_LOCAL, node->let.values[i]->position);
        if (!local)
            return false;
        local->local = let->let.variables[at++];
        if (!wrap_assignment(builder, node->let.variables[i], local))
            return false;
    }
    return true;
}

static bool split_together(struct compiler *compiler, struct core **slot, size_t computed)
{
    struct core *node = *slot;
    size_t n = node->let.count;
    struct builder builder = { compiler, NULL, &builder.root };
    unsigned char *picked = front_array(compiler->front, n + 1, 1);
    if (!picked)
        return false;
    for (size_t i = 0; i < n; i++) {
        bool lambda = node->let.values[i]->kind == CORE_LAMBDA;
        node->let.variables[i]->checked |= !lambda || node->let.variables[i]->assignments > 0;
        picked[i] = lambda && !node->let.variables[i]->checked;
    }
    if (!wrap_unbound(&builder, node) || !wrap_fix(&builder, node, picked))
        return false;
    for (size_t i = 0; i < n; i++) {
        bool assigned = picked[i] == 0 && node->let.values[i]->kind == CORE_LAMBDA;
        if (assigned && !wrap_assignment(&builder, node->let.variables[i], node->let.values[i]))
            return false;
    }
    if (!wrap_computed(&builder, node, computed))
        return false;
    *builder.hole = node->let.body;
    *slot = builder.root;
    return true;
}

/* May its value come twice, or too early for another? */
static bool is_computed(const struct core *value)
{
    return value->kind != CORE_CONSTANT && value->kind != CORE_LAMBDA && value->kind != CORE_GLOBAL;
}

/*
 * For each of the group: the expression that reaches it first. A procedure that is assigned later is made where it
 * stands: what it may reach is made before, or has at least its box.
 */
static bool look_from_all(struct compiler *compiler, struct group *group, uint32_t *first)
{
    const struct core *node = group->node;
    for (size_t m = 0; m < node->let.count; m++) {
        if (node->let.values[m]->kind == CORE_LAMBDA && node->let.variables[m]->assignments == 0)
            continue;
        if (!look(compiler, group, (uint32_t)m))
            return false;
        for (size_t i = 0; i < node->let.count; i++)
            if (group->places[i].reached && first[i] == UINT32_MAX)
                first[i] = (uint32_t)m;
    }
    return true;
}

static bool split(struct compiler *compiler, struct core **slot)
{
    struct core *node = *slot;
    struct front *front = compiler->front;
    size_t n = node->let.count;
    size_t computed = 0, others = 0;
    for (size_t i = 0; i < n; i++) {
        computed += is_computed(node->let.values[i]);
        others += node->let.values[i]->kind != CORE_LAMBDA;
    }
    if (node->let.together && computed > 0)
        return split_together(compiler, slot, others);
    struct group group = { .node = node, .places = front_array(front, n + 1, sizeof *group.places) };
    unsigned char *picked = front_array(front, n + 1, 1);
    uint32_t *first = front_array(front, n + 1, sizeof *first); /* the expression that first reaches a procedure */
    if (!group.places || !picked || !first)
        return false;
    bool plain = true;
    for (size_t i = 0; i < n; i++) {
        group.places[i] = (struct place){ node, (uint32_t)i, false };
        node->let.variables[i]->scratch = &group.places[i];
        first[i] = UINT32_MAX;
        bool lambda = node->let.values[i]->kind == CORE_LAMBDA;
        node->let.variables[i]->checked |= lambda && node->let.variables[i]->assignments > 0;
        plain = plain && lambda && !node->let.variables[i]->checked;
    }
    if (plain)
        return true;

    if (!look_from_all(compiler, &group, first))
        return false;

    struct builder builder = { compiler, NULL, &builder.root };
    if (!wrap_unbound(&builder, node))
        return false;
    for (size_t m = 0; m < n; m++) {
        struct variable *variable = node->let.variables[m];
        for (size_t i = 0; i < n; i++)
            if (first[i] == m && picked[i] == 0 && !node->let.variables[i]->checked)
                picked[i] = 1;
        if (!wrap_fix(&builder, node, picked))
            return false;
        if (variable->checked
                ? !wrap_assignment(&builder, variable, node->let.values[m])
                : node->let.values[m]->kind != CORE_LAMBDA && !wrap_let(&builder, variable, node->let.values[m]))
            return false;
    }
    for (size_t i = 0; i < n; i++)
        if (node->let.values[i]->kind == CORE_LAMBDA && picked[i] == 0 && !node->let.variables[i]->checked)
            picked[i] = 1;
    if (!wrap_fix(&builder, node, picked))
        return false;
    *builder.hole = node->let.body;
    *slot = builder.root;
    return true;
}

static bool letrec_in(struct compiler *compiler, struct core **slot, void *data)
{
    if (!front_charge(compiler->front, 1))
        return false;
    bool ok = core_each(compiler, *slot, letrec_in, data);
    if (ok && (*slot)->kind == CORE_LETREC)
        ok = split(compiler, slot);
    return ok;
}

/* A group of procedures knows none that is assigned later: such a variable gets its procedure by assignment. */
bool pass_letrec(struct compiler *compiler)
{
    return letrec_in(compiler, &compiler->body, NULL);
}
