/*
 * Calls that can only fail, found without running: the number of arguments of procedures that the program itself
 * defines once and never assigns, or binds, or that the environment has. Three walks over the tree: what is known is
 * noted, what is assigned is forgotten, calls are looked at; a fourth leaves no trace.
 */
#include <stdio.h>
#include "base/cstack.h"
#include "schooner/compile/compile.h"

enum { CHECK_STACK = 64 * 1024 }; /* of the thread's own, before segments */

struct walk {
    void (*visit)(struct walk *walk, struct core *node);
    const struct check_calls *check;
    struct cstack stack;
    enum cstack_end end; /* of a walk that went deep */
    bool stopped;
};

static void walk(struct walk *w, struct core *node);

struct walk_call {
    struct walk *w;
    struct core *node;
};

static void walk_again(void *data)
{
    struct walk_call *call = data;
    walk(call->w, call->node);
}

static void walk_deeper(struct walk *w, struct core *node)
{
    struct walk_call call = { w, node };
    enum cstack_end end = cstack_extend(&w->stack, walk_again, &call);
    if (end == CSTACK_CALLED)
        return;
    w->end = end;
    w->stopped = true;
}

static void walk_all(struct walk *w, struct core **nodes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        walk(w, nodes[i]);
}

static void walk(struct walk *w, struct core *node)
{
    if (!node || w->stopped)
        return;
    if (cstack_is_low(&w->stack)) {
        walk_deeper(w, node);
        return;
    }
    w->visit(w, node);
    switch ((enum core_kind)node->kind) {
    case CORE_CONSTANT:
    case CORE_LOCAL:
    case CORE_GLOBAL:
    case CORE_TICK: return;
    case CORE_SET_LOCAL: walk(w, node->set_local.value); return;
    case CORE_SET_GLOBAL:
    case CORE_DEFINE: walk(w, node->set_global.value); return;
    case CORE_IF:
        walk(w, node->branch.test);
        walk(w, node->branch.then);
        walk(w, node->branch.otherwise);
        return;
    case CORE_LAMBDA:
        for (size_t i = 0; i < node->lambda.count; i++)
            walk(w, node->lambda.clauses[i].body);
        return;
    case CORE_CALL:
        walk(w, node->call.procedure);
        walk_all(w, node->call.args, node->call.count);
        return;
    case CORE_SEQUENCE: walk_all(w, node->sequence.items, node->sequence.count); return;
    case CORE_LET:
    case CORE_LETREC:
        walk_all(w, node->let.values, node->let.count);
        walk(w, node->let.body);
        return;
    case CORE_RECEIVE:
        walk(w, node->receive.producer);
        walk(w, node->receive.clause.body);
        return;
    }
}

/* --- what is known --- */

static bool is_lambda(const struct core *node)
{
    return node && node->kind == CORE_LAMBDA;
}

static void note(struct walk *w, struct core *node)
{
    if (node->kind == CORE_DEFINE && node->set_global.global->immutable && is_lambda(node->set_global.value))
        node->set_global.global->scratch = node->set_global.value;
    if (node->kind == CORE_LET || node->kind == CORE_LETREC)
        for (size_t i = 0; i < node->let.count; i++)
            node->let.variables[i]->scratch = is_lambda(node->let.values[i]) ? node->let.values[i] : NULL;
}

static void forget_assigned(struct walk *w, struct core *node)
{
    if (node->kind == CORE_SET_LOCAL)
        node->set_local.variable->scratch = NULL;
    else if (node->kind == CORE_SET_GLOBAL)
        node->set_global.global->scratch = NULL;
}

static void forget_all(struct walk *w, struct core *node)
{
    if (node->kind == CORE_DEFINE)
        node->set_global.global->scratch = NULL;
    if (node->kind == CORE_LET || node->kind == CORE_LETREC)
        for (size_t i = 0; i < node->let.count; i++)
            node->let.variables[i]->scratch = NULL;
}

/* --- the calls --- */

/* "f takes 2 arguments, 1 was given" */
static bool tell(struct walk *w, const struct core *call, const struct name *name, int min, int max)
{
    char wanted[64];
    char message[FRONT_MESSAGE];
    int length = name && name->length < 200 ? (int)name->length : 0;
    const char *plural = (max < 0 ? min : max) == 1 ? "" : "s";
    if (max < 0)
        snprintf(wanted, sizeof wanted, "at least %d argument%s", min, plural);
    else if (min == max)
        snprintf(wanted, sizeof wanted, "%d argument%s", min, plural);
    else
        snprintf(wanted, sizeof wanted, "%d to %d arguments", min, max);
    const char *quote = length ? "`" : "";
    snprintf(message, sizeof message, "%s%.*s%s takes %s, %zu %s given", quote, length ? length : 14,
             length ? name->text : "this procedure", quote, wanted, call->call.count,
             call->call.count == 1 ? "is" : "are");
    return w->check->found(w->check->data, call->position, "arity-error", message);
}

static bool accepts(const struct core *lambda, size_t count, int *ret_min, int *ret_max)
{
    bool accepted = false;
    *ret_min = INT32_MAX;
    *ret_max = 0;
    for (size_t i = 0; i < lambda->lambda.count; i++) {
        const struct core_clause *clause = &lambda->lambda.clauses[i];
        accepted = accepted || count == clause->count || (count > clause->count && clause->has_rest);
        if ((int)clause->count < *ret_min)
            *ret_min = (int)clause->count;
        if (clause->has_rest)
            *ret_max = -1;
        else if (*ret_max >= 0 && (int)clause->count > *ret_max)
            *ret_max = (int)clause->count;
    }
    return accepted;
}

static bool look_at_lambda(struct walk *w, const struct core *call, const struct core *lambda, const struct name *name)
{
    int min, max;
    return accepts(lambda, call->call.count, &min, &max) || tell(w, call, name, min, max);
}

static bool look_at_global(struct walk *w, const struct core *call, const struct global *global)
{
    int min, max;
    if (global->kind == GLOBAL_TOP)
        return !global->scratch || look_at_lambda(w, call, global->scratch, global->name);
    if (!w->check->arity(w->check->data, global, &min, &max))
        return true;
    size_t count = call->call.count;
    return (count >= (size_t)min && (max < 0 || count <= (size_t)max)) || tell(w, call, global->name, min, max);
}

static void look(struct walk *w, struct core *node)
{
    if (node->kind != CORE_CALL || !node->call.procedure)
        return;
    const struct core *procedure = node->call.procedure;
    bool go_on = true;
    if (procedure->kind == CORE_GLOBAL)
        go_on = look_at_global(w, node, procedure->global);
    else if (procedure->kind == CORE_LOCAL && procedure->local->scratch)
        go_on = look_at_lambda(w, node, procedure->local->scratch, procedure->local->name);
    else if (procedure->kind == CORE_LAMBDA)
        go_on = look_at_lambda(w, node, procedure, procedure->lambda.name);
    else if (procedure->kind == CORE_CONSTANT)
        go_on = w->check->found(w->check->data, procedure->position, "type-error",
                                "a constant is called, which is no procedure");
    w->stopped = !go_on;
}

bool check_calls(struct front *front, struct core *body, const struct check_calls *check)
{
    static void (*const visits[])(struct walk *, struct core *) = { note, forget_assigned, look, forget_all };
    for (size_t i = 0; i < sizeof visits / sizeof *visits; i++) {
        struct walk w = { .visit = visits[i], .check = check, .end = CSTACK_CALLED };
        cstack_init(&w.stack, front->arena.memory, CHECK_STACK);
        walk(&w, body);
        cstack_done(&w.stack);
        if (w.end != CSTACK_CALLED)
            return front_limit(front, w.end == CSTACK_NO_MEMORY ? SCH_LIMIT_HEAP : SCH_LIMIT_NESTING);
    }
    return true;
}
