/* Flat closures: which variables each procedure captures, and which procedures capture nothing at all. */
#include "schooner/compile/passes.h"

struct closures {
    struct lambda_info *now; /* the procedure whose body is looked at */
    struct lambda_info *all; /* every procedure, innermost first */
};

/* variable.owner holds the node of the procedure in whose frame it lives. */
static void own(struct closures *closures, struct variable *variable)
{
    variable->owner = closures->now->node;
    variable->captured = false;
    variable->scratch = NULL;
    variable->reg = -1;
}

static bool is_free_in(const struct lambda_info *info, const struct variable *variable)
{
    /* The last capture of a variable is remembered by its scratch: most repeated uses end here. */
    if (variable->scratch == info)
        return true;
    for (uint32_t i = info->free_count; i > 0; i--)
        if (info->free[i - 1] == variable)
            return true;
    return false;
}

static bool use(struct compiler *compiler, struct closures *closures, struct variable *variable)
{
    if (variable->owner == closures->now->node)
        return true;
    variable->captured = true;
    for (struct lambda_info *info = closures->now; info && info->node != variable->owner; info = info->parent) {
        if (!front_charge(compiler->front, 1 + info->free_count / 64))
            return false;
        if (is_free_in(info, variable))
            break;
        struct variable **at = FRONT_PUSH(compiler->front, info->free, info->free_count, info->free_capacity);
        if (!at)
            return false;
        *at = variable;
    }
    variable->scratch = closures->now;
    return true;
}

static void own_clause(struct closures *closures, struct core_clause *clause)
{
    for (uint32_t i = 0; i < clause->count + clause->has_rest; i++)
        own(closures, clause->params[i]);
}

/* Not a jump and not a primitive: a continuation may be captured while the frame waits. */
static bool is_real_call(struct compiler *compiler, const struct core *node)
{
    const struct core *operator= node->call.procedure;
    if (operator->kind == CORE_LOCAL && operator->local->assignments == 0 && operator->local->binding &&
        operator->local->binding->kind == CORE_LAMBDA && lambda_info_of(operator->local->binding)
            ->loop)
        return false;
    if (operator->kind != CORE_GLOBAL || operator->global->kind != GLOBAL_PRIMITIVE)
        return true;
    const struct open_entry *open = open_find(compiler, operator->global);
    return open && (open->kind == OPEN_CONTROL || open->kind == OPEN_LIBRARY);
}

static bool collect(struct compiler *compiler, struct core **slot, void *data);

static bool collect_lambda(struct compiler *compiler, struct core *node, struct closures *closures)
{
    struct lambda_info *info = lambda_info_of(node), *outer = closures->now;
    if (info->loop) {
        own_clause(closures, &node->lambda.clauses[0]);
        info->home = outer;
        return core_each(compiler, node, collect, closures);
    }
    info->parent = outer;
    info->free_count = 0;
    info->closed = true;
    info->next = closures->all;
    closures->all = info;
    closures->now = info;
    for (size_t i = 0; i < node->lambda.count; i++)
        own_clause(closures, &node->lambda.clauses[i]);
    bool ok = core_each(compiler, node, collect, closures);
    closures->now = outer;
    return ok;
}

static bool collect(struct compiler *compiler, struct core **slot, void *data)
{
    struct closures *closures = data;
    struct core *node = *slot;
    bool ok = true;
    if (!front_charge(compiler->front, 1))
        return false;
    switch ((enum core_kind)node->kind) {
    case CORE_LOCAL: ok = use(compiler, closures, node->local); break;
    case CORE_SET_LOCAL:
        ok = use(compiler, closures, node->set_local.variable) && core_each(compiler, node, collect, data);
        break;
    case CORE_LAMBDA: ok = collect_lambda(compiler, node, closures); break;
    case CORE_LET:
    case CORE_LETREC:
        for (size_t i = 0; i < node->let.count; i++)
            own(closures, node->let.variables[i]);
        ok = core_each(compiler, node, collect, data);
        break;
    case CORE_RECEIVE:
        own_clause(closures, &node->receive.clause);
        ok = core_each(compiler, node, collect, data);
        break;
    case CORE_CALL:
        if (is_real_call(compiler, node))
            closures->now->calls = true;
        ok = core_each(compiler, node, collect, data);
        break;
    case CORE_CONSTANT:
    case CORE_GLOBAL:
    case CORE_TICK:
    case CORE_IF:
    case CORE_SEQUENCE:
    case CORE_DEFINE:
    case CORE_SET_GLOBAL: ok = core_each(compiler, node, collect, data); break;
    }
    return ok;
}

/* Is there nothing to capture for this variable: a procedure that captures nothing itself, or the lambda's own name? */
static bool is_no_capture(const struct lambda_info *info, const struct variable *variable)
{
    const struct core *value = variable->assignments == 0 ? variable->binding : NULL;
    if (!value || value->kind != CORE_LAMBDA)
        return false;
    return value == info->node || lambda_info_of(value)->closed || lambda_info_of(value)->loop;
}

bool pass_closures(struct compiler *compiler, struct lambda_info *top)
{
    struct closures closures = { .now = top };
    if (!collect_lambda(compiler, top->node, &closures))
        return false;

    bool changed;
    do {
        changed = false;
        for (struct lambda_info *info = closures.all; info; info = info->next) {
            if (!front_charge(compiler->front, 1 + info->free_count))
                return false;
            for (uint32_t i = 0; info->closed && i < info->free_count; i++)
                if (!is_no_capture(info, info->free[i]))
                    info->closed = false, changed = true;
        }
    } while (changed);

    for (struct lambda_info *info = closures.all; info; info = info->next) {
        uint32_t kept = 0;
        for (uint32_t i = 0; i < info->free_count; i++)
            if (!is_no_capture(info, info->free[i]))
                info->free[kept++] = info->free[i];
        info->free_count = kept;
    }
    return true;
}
