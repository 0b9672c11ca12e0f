/*
 * Loops without closures: the procedures of a fix that are called in its own tail positions only become places to jump
 * to. All candidates are taken for loops at first; a call from elsewhere takes a candidate back, until nothing changes.
 */
#include "schooner/compile/passes.h"

/* The constructs for which an expression stands in tail position, innermost first. */
struct tail {
    const struct core *node;
    const struct tail *outer;
};

struct loops {
    bool changed;
};

/* variable.scratch during the pass */
struct candidate {
    const struct core *home; /* the fix */
};

static void demote(struct loops *loops, struct variable *variable)
{
    if (variable->binding && variable->binding->kind == CORE_LAMBDA && lambda_info_of(variable->binding)->loop) {
        lambda_info_of(variable->binding)->loop = false;
        loops->changed = true;
    }
}

static bool walk(struct compiler *compiler, struct core *node, const struct tail *tail, struct loops *loops);

static bool walk_all(struct compiler *compiler, struct core **nodes, size_t count, struct loops *loops)
{
    for (size_t i = 0; i < count; i++)
        if (!walk(compiler, nodes[i], NULL, loops))
            return false;
    return true;
}

static bool walk_call(struct compiler *compiler, struct core *node, const struct tail *tail, struct loops *loops)
{
    struct core *operator= node->call.procedure;
    if (operator->kind != CORE_LOCAL)
        return walk(compiler, operator, NULL, loops) && walk_all(compiler, node->call.args, node->call.count, loops);

    struct core *lambda = operator->local->binding;
    if (lambda && lambda->kind == CORE_LAMBDA && lambda_info_of(lambda)->loop) {
        const struct candidate *candidate = operator->local->scratch;
        bool reaches = false;
        for (const struct tail *at = tail; at && !reaches; at = at->outer)
            reaches = at->node == candidate->home;
        if (!reaches || lambda->lambda.clauses[0].count != node->call.count)
            demote(loops, operator->local);
    }
    return walk_all(compiler, node->call.args, node->call.count, loops);
}

static bool walk_fix(struct compiler *compiler, struct core *node, const struct tail *tail, struct loops *loops)
{
    const struct tail body = { node, tail };
    for (size_t i = 0; i < node->let.count; i++) {
        struct core *lambda = node->let.values[i];
        /* A loop is a part of its fix: its body is in tail position where the fix is. */
        bool ok = lambda_info_of(lambda)->loop ? walk(compiler, lambda->lambda.clauses[0].body, &body, loops)
                                               : walk(compiler, lambda, NULL, loops);
        if (!ok)
            return false;
    }
    return walk(compiler, node->let.body, &body, loops);
}

struct walk_call {
    struct compiler *compiler;
    struct core *node;
    const struct tail *tail;
    struct loops *loops;
    bool result;
};

static void walk_again(void *data)
{
    struct walk_call *call = data;
    call->result = walk(call->compiler, call->node, call->tail, call->loops);
}

static bool walk(struct compiler *compiler, struct core *node, const struct tail *tail, struct loops *loops)
{
    bool ok = true;
    if (compile_is_deep(compiler)) {
        struct walk_call call = { compiler, node, tail, loops, false };
        return compile_deeper(compiler, walk_again, &call) && call.result;
    }
    if (!front_charge(compiler->front, 1))
        return false;
    switch ((enum core_kind)node->kind) {
    case CORE_CONSTANT:
    case CORE_GLOBAL:
    case CORE_TICK: break;
    case CORE_LOCAL: demote(loops, node->local); break;
    case CORE_SET_LOCAL: ok = walk(compiler, node->set_local.value, NULL, loops); break;
    case CORE_SET_GLOBAL:
    case CORE_DEFINE: ok = walk(compiler, node->set_global.value, NULL, loops); break;
    case CORE_IF:
        ok = walk(compiler, node->branch.test, NULL, loops) && walk(compiler, node->branch.then, tail, loops) &&
             walk(compiler, node->branch.otherwise, tail, loops);
        break;
    case CORE_LAMBDA:
        for (size_t i = 0; ok && i < node->lambda.count; i++)
            ok = walk(compiler, node->lambda.clauses[i].body, NULL, loops);
        break;
    case CORE_CALL: ok = walk_call(compiler, node, tail, loops); break;
    case CORE_SEQUENCE:
        ok = walk_all(compiler, node->sequence.items, node->sequence.count - 1, loops) &&
             walk(compiler, node->sequence.items[node->sequence.count - 1], tail, loops);
        break;
    case CORE_LET:
        ok =
            walk_all(compiler, node->let.values, node->let.count, loops) && walk(compiler, node->let.body, tail, loops);
        break;
    case CORE_LETREC: ok = walk_fix(compiler, node, tail, loops); break;
    case CORE_RECEIVE:
        ok = walk(compiler, node->receive.producer, NULL, loops) &&
             walk(compiler, node->receive.clause.body, tail, loops);
        break;
    }
    return ok;
}

static bool nominate(struct compiler *compiler, struct core **slot, void *data)
{
    struct core *node = *slot;
    if (!front_step(compiler->front, 8))
        return false;
    for (size_t i = 0; node->kind == CORE_LETREC && i < node->let.count; i++) {
        struct core *lambda = node->let.values[i];
        struct candidate *candidate = front_new(compiler->front, struct candidate);
        if (!candidate)
            return false;
        candidate->home = node;
        node->let.variables[i]->scratch = candidate;
        lambda_info_of(lambda)->loop = lambda->lambda.count == 1 && !lambda->lambda.clauses[0].has_rest &&
                                       node->let.variables[i]->assignments == 0 && !is_off(compiler, SWITCH_LOOPS);
    }
    return core_each(compiler, node, nominate, data);
}

bool pass_loops(struct compiler *compiler)
{
    struct loops loops;
    if (!nominate(compiler, &compiler->body, NULL))
        return false;
    do {
        loops.changed = false;
        if (!walk(compiler, compiler->body, NULL, &loops))
            return false;
    } while (loops.changed);
    return true;
}
