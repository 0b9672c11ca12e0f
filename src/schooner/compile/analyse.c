/*
 * Analysis: how often variables and globals are used and assigned, what they are bound to, and which globals may be
 * used before their definition has run.
 */
#include "schooner/compile/passes.h"

/* --- the C stack --- */

bool compile_deeper(struct compiler *compiler, void (*run)(void *data), void *data)
{
    switch (cstack_extend(&compiler->stack, run, data)) {
    case CSTACK_CALLED: return true;
    case CSTACK_NO_MEMORY: return front_limit(compiler->front, SCH_LIMIT_HEAP);
    case CSTACK_NO_SWITCH: return front_limit(compiler->front, SCH_LIMIT_NESTING);
    }
    return false;
}

struct visit_call {
    struct compiler *compiler;
    core_visit *visit;
    struct core **slot;
    void *data;
    bool result;
};

static void visit_again(void *data)
{
    struct visit_call *call = data;
    call->result = call->visit(call->compiler, call->slot, call->data);
}

bool visit_deeper(struct compiler *compiler, core_visit *visit, struct core **slot, void *data)
{
    struct visit_call call = { compiler, visit, slot, data, false };
    return compile_deeper(compiler, visit_again, &call) && call.result;
}

/* --- children --- */

static bool each_in(struct compiler *compiler, struct core **nodes, size_t count, core_visit *visit, void *data)
{
    for (size_t i = 0; i < count; i++)
        if (!visit(compiler, &nodes[i], data))
            return false;
    return true;
}

struct each_call {
    struct compiler *compiler;
    struct core *node;
    core_visit *visit;
    void *data;
    bool result;
};

static void each_again(void *data)
{
    struct each_call *call = data;
    call->result = core_each(call->compiler, call->node, call->visit, call->data);
}

bool core_each(struct compiler *compiler, struct core *node, core_visit *visit, void *data)
{
    if (compile_is_deep(compiler)) {
        struct each_call call = { compiler, node, visit, data, false };
        return compile_deeper(compiler, each_again, &call) && call.result;
    }
    switch ((enum core_kind)node->kind) {
    case CORE_CONSTANT:
    case CORE_LOCAL:
    case CORE_GLOBAL:
    case CORE_TICK: return true;
    case CORE_SET_LOCAL: return visit(compiler, &node->set_local.value, data);
    case CORE_SET_GLOBAL:
    case CORE_DEFINE: return visit(compiler, &node->set_global.value, data);
    case CORE_IF:
        return visit(compiler, &node->branch.test, data) && visit(compiler, &node->branch.then, data) &&
               visit(compiler, &node->branch.otherwise, data);
    case CORE_LAMBDA:
        for (size_t i = 0; i < node->lambda.count; i++)
            if (!visit(compiler, &node->lambda.clauses[i].body, data))
                return false;
        return true;
    case CORE_CALL:
        return visit(compiler, &node->call.procedure, data) &&
               each_in(compiler, node->call.args, node->call.count, visit, data);
    case CORE_SEQUENCE: return each_in(compiler, node->sequence.items, node->sequence.count, visit, data);
    case CORE_LET:
    case CORE_LETREC:
        return each_in(compiler, node->let.values, node->let.count, visit, data) &&
               visit(compiler, &node->let.body, data);
    case CORE_RECEIVE:
        return visit(compiler, &node->receive.producer, data) && visit(compiler, &node->receive.clause.body, data);
    }
    return true;
}

struct global_info *global_info_of(struct compiler *compiler, struct global *global)
{
    struct global_info *info = global->scratch;
    if (likely(info))
        return info;
    info = front_new(compiler->front, struct global_info);
    if (!info)
        return NULL;
    info->global = global;
    info->order = UINT32_MAX;
    info->constant = CODE_NONE;
    info->next = compiler->globals;
    compiler->globals = info;
    global->scratch = info;
    return info;
}

/* --- counting --- */

static struct global *counted(struct compiler *compiler, struct global *global)
{
    struct global_info *info = global_info_of(compiler, global);
    if (!info)
        return NULL;
    if (info->epoch != compiler->epoch) {
        info->epoch = compiler->epoch;
        global->definitions = global->assignments = global->references = 0;
        global->value = NULL;
    }
    return global;
}

static void bind(struct variable *variable, struct core *value)
{
    variable->references = 0;
    variable->assignments = variable->checked ? 1 : 0;
    variable->captured = false;
    variable->binding = value;
    variable->owner = NULL;
}

static void bind_clause(struct core_clause *clause)
{
    for (uint32_t i = 0; i < clause->count + clause->has_rest; i++)
        bind(clause->params[i], NULL);
}

static bool count(struct compiler *compiler, struct core **slot, void *data)
{
    struct core *node = *slot;
    struct global *global;
    if (!front_charge(compiler->front, 1))
        return false;
    switch ((enum core_kind)node->kind) {
    case CORE_CONSTANT:
    case CORE_TICK:
    case CORE_IF:
    case CORE_CALL:
    case CORE_SEQUENCE: break;
    case CORE_LOCAL: node->local->references++; break;
    case CORE_SET_LOCAL: node->set_local.variable->assignments++; break;
    case CORE_GLOBAL:
        if (!(global = counted(compiler, node->global)))
            return false;
        global->references++;
        break;
    case CORE_SET_GLOBAL:
        if (!(global = counted(compiler, node->set_global.global)))
            return false;
        global->assignments++;
        break;
    case CORE_DEFINE:
        if (!(global = counted(compiler, node->set_global.global)))
            return false;
        global->definitions++;
        global->value = node->set_global.value;
        break;
    case CORE_LAMBDA:
        for (size_t i = 0; i < node->lambda.count; i++)
            bind_clause(&node->lambda.clauses[i]);
        break;
    case CORE_LET:
    case CORE_LETREC:
        for (size_t i = 0; i < node->let.count; i++)
            bind(node->let.variables[i], node->let.values[i]);
        break;
    case CORE_RECEIVE: bind_clause(&node->receive.clause); break;
    }
    return core_each(compiler, node, count, data);
}

bool pass_count(struct compiler *compiler)
{
    compiler->epoch++;
    return count(compiler, &compiler->body, NULL);
}

/* --- globals used before their definition --- */

struct reach {
    uint32_t now;       /* number of the top-level form that runs */
    struct core **work; /* bodies of procedures reached, not looked through yet */
    size_t count, capacity;
};

static bool reach_in(struct compiler *compiler, struct core **slot, void *data)
{
    struct reach *reach = data;
    struct core *node = *slot;
    if (!front_charge(compiler->front, 1))
        return false;
    if (node->kind == CORE_GLOBAL && node->global->kind == GLOBAL_TOP) {
        struct global_info *info = global_info_of(compiler, node->global);
        if (!info)
            return false;
        if (info->order >= reach->now)
            info->early = true;
        struct core *value = node->global->value;
        if (!info->reached && value && value->kind == CORE_LAMBDA) {
            info->reached = true;
            struct core **at = FRONT_PUSH(compiler->front, reach->work, reach->count, reach->capacity);
            if (!at)
                return false;
            *at = value;
        }
    }
    return core_each(compiler, node, reach_in, data);
}

/* Numbers the definitions in the order in which they run. */
static bool number_forms(struct compiler *compiler, struct core **slot, void *data)
{
    struct core *form = *slot;
    uint32_t *now = data;
    if (form->kind == CORE_SEQUENCE)
        return core_each(compiler, form, number_forms, data);
    ++*now;
    if (form->kind == CORE_DEFINE) {
        struct global_info *info = global_info_of(compiler, form->set_global.global);
        if (!info)
            return false;
        info->order = *now;
    }
    return true;
}

static bool reach_forms(struct compiler *compiler, struct core **slot, void *data)
{
    struct core *form = *slot;
    struct reach *reach = data;
    if (form->kind == CORE_SEQUENCE)
        return core_each(compiler, form, reach_forms, data);
    reach->now++;
    if (form->kind == CORE_DEFINE && form->set_global.value->kind == CORE_LAMBDA)
        return true; /* nothing runs */
    if (!reach_in(compiler, slot, reach))
        return false;
    while (reach->count > 0) {
        struct core *body = reach->work[--reach->count];
        if (!core_each(compiler, body, reach_in, reach))
            return false;
    }
    return true;
}

bool pass_known(struct compiler *compiler)
{
    uint32_t now = 0;
    struct reach reach = { 0 };
    return number_forms(compiler, &compiler->body, &now) && reach_forms(compiler, &compiler->body, &reach);
}

bool global_is_known(struct compiler *compiler, struct global *global)
{
    if (global->kind != GLOBAL_TOP)
        return false;
    struct global_info *info = global_info_of(compiler, global);
    return info && !info->early && info->order != UINT32_MAX && global->definitions == 1 && global->assignments == 0 &&
           global->value && (global->immutable || !compiler->options->open_globals);
}

struct core *callee_of(struct compiler *compiler, const struct core *operator)
{
    struct core *value = NULL;
    if (operator->kind == CORE_LOCAL && operator->local->assignments == 0)
        value = operator->local->binding;
    else if (operator->kind == CORE_GLOBAL && global_is_known(compiler, operator->global))
        value = operator->global->value;
    return value && value->kind == CORE_LAMBDA ? value : NULL;
}
