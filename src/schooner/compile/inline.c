/*
 * Inlining: known procedures whose body is small, procedures that are called from one place, ((lambda ...)), variables
 * that only name another thing. Ticks are copied with their bodies, so the fuel that a program uses does not change.
 */
#include "schooner/compile/passes.h"
#include "schooner/table/primitive.h"

enum {
    INLINE_SIZE = 14, /* nodes of a body that is copied */
    INLINE_DEPTH = 3, /* copies within copies */
};

static bool simplify(struct compiler *compiler, struct core **slot, void *data);
static bool simplify_bound(struct compiler *compiler, struct core **slot);

/* --- size --- */

/* Counts nodes up to a bound; what is never copied is beyond it. */
static void measure(const struct core *node, uint32_t *size)
{
    if (*size > INLINE_SIZE)
        return;
    ++*size;
    switch ((enum core_kind)node->kind) {
    case CORE_CONSTANT:
    case CORE_LOCAL:
    case CORE_GLOBAL: return;
    case CORE_TICK: --*size; return;
    case CORE_IF:
        measure(node->branch.test, size);
        measure(node->branch.then, size);
        measure(node->branch.otherwise, size);
        return;
    case CORE_CALL:
        measure(node->call.procedure, size);
        for (size_t i = 0; i < node->call.count; i++)
            measure(node->call.args[i], size);
        return;
    case CORE_SEQUENCE:
        for (size_t i = 0; i < node->sequence.count; i++)
            measure(node->sequence.items[i], size);
        return;
    case CORE_LET:
        for (size_t i = 0; i < node->let.count; i++)
            measure(node->let.values[i], size);
        measure(node->let.body, size);
        return;
    case CORE_SET_LOCAL:
    case CORE_SET_GLOBAL:
    case CORE_DEFINE:
    case CORE_LAMBDA:
    case CORE_LETREC:
    case CORE_RECEIVE: *size = INLINE_SIZE + 1; return;
    }
}

/* --- copying --- */

/* A body may be copied before it was simplified: then it mentions variables that only name another thing, which
 * simplifying the copy replaces. */

/* What the copy of a body stands for: compiler->copying for what was written there, else the same below it. */
static struct inlining *inlining_of(struct compiler *compiler, struct inlining *inlined)
{
    if (!inlined)
        return compiler->copying;
    if (compiler->composed_from == inlined)
        return compiler->composed;
    struct inlining *fresh = front_new(compiler->front, struct inlining);
    if (!fresh)
        return NULL;
    *fresh = *inlined;
    fresh->outer = inlining_of(compiler, inlined->outer);
    compiler->composed_from = inlined;
    compiler->composed = fresh;
    return fresh;
}

static struct core *copy(struct compiler *compiler, const struct core *node);

static struct core **copy_all(struct compiler *compiler, struct core **nodes, size_t count)
{
    struct core **copies = front_array(compiler->front, count, sizeof *copies);
    for (size_t i = 0; copies && i < count; i++)
        if (!(copies[i] = copy(compiler, nodes[i])))
            return NULL;
    return copies;
}

static struct variable *copy_variable(struct compiler *compiler, struct variable *variable)
{
    struct variable *fresh = variable_new(compiler->front, variable->name, variable->position);
    if (!fresh)
        return NULL;
    fresh->references = variable->references;
    fresh->assignments = variable->assignments;
    variable->copy = fresh;
    return fresh;
}

static struct core *copy(struct compiler *compiler, const struct core *node)
{
    struct core *fresh = core_new(compiler->front, (enum core_kind)node->kind, node->position);
    if (!fresh || !front_charge(compiler->front, 1))
        return NULL;
    *fresh = *node;
    if (compiler->copy_position.line) {
        fresh->position = compiler->copy_position;
        fresh->inlined = compiler->copying;
    } else {
        fresh->inlined = inlining_of(compiler, node->inlined);
    }
    switch ((enum core_kind)node->kind) {
    case CORE_LOCAL:
        if (node->local->copy)
            fresh->local = node->local->copy;
        return fresh;
    case CORE_IF:
        fresh->branch.test = copy(compiler, node->branch.test);
        fresh->branch.then = fresh->branch.test ? copy(compiler, node->branch.then) : NULL;
        fresh->branch.otherwise = fresh->branch.then ? copy(compiler, node->branch.otherwise) : NULL;
        return fresh->branch.otherwise ? fresh : NULL;
    case CORE_CALL:
        fresh->call.procedure = copy(compiler, node->call.procedure);
        fresh->call.args = copy_all(compiler, node->call.args, node->call.count);
        return fresh->call.procedure && fresh->call.args ? fresh : NULL;
    case CORE_SEQUENCE:
        fresh->sequence.items = copy_all(compiler, node->sequence.items, node->sequence.count);
        return fresh->sequence.items ? fresh : NULL;
    case CORE_LET:
        fresh->let.values = copy_all(compiler, node->let.values, node->let.count);
        fresh->let.variables = front_array(compiler->front, node->let.count, sizeof *fresh->let.variables);
        if (!fresh->let.values || !fresh->let.variables)
            return NULL;
        for (size_t i = 0; i < node->let.count; i++) {
            if (!(fresh->let.variables[i] = copy_variable(compiler, node->let.variables[i])))
                return NULL;
            fresh->let.variables[i]->binding = fresh->let.values[i];
        }
        fresh->let.body = copy(compiler, node->let.body);
        for (size_t i = 0; i < node->let.count; i++)
            node->let.variables[i]->copy = NULL;
        return fresh->let.body ? fresh : NULL;
    case CORE_CONSTANT:
    case CORE_GLOBAL:
    case CORE_TICK:
    case CORE_SET_LOCAL:
    case CORE_SET_GLOBAL:
    case CORE_DEFINE:
    case CORE_LAMBDA:
    case CORE_LETREC:
    case CORE_RECEIVE: return fresh; /* the first three have no parts; measure() refuses the others */
    }
    return fresh;
}

/* --- calls --- */

/* call -> let, binding the parameters of a clause to the arguments; the clause's body becomes a part of the tree. */
static struct core *let_of_call(struct compiler *compiler, const struct core *call, struct variable **params,
                                struct core *body)
{
    if (call->call.count == 0)
        return body;
    struct core *let = core_new(compiler->front, CORE_LET, call->position);
    if (!let)
        return NULL;
    let->let.variables = params;
    let->let.values = call->call.args;
    let->let.count = call->call.count;
    let->let.body = body;
    for (size_t i = 0; i < call->call.count; i++)
        params[i]->binding = params[i]->assignments ? NULL : call->call.args[i];
    return let;
}

static struct core_clause *only_clause(struct core *lambda, size_t count)
{
    struct core_clause *clause = &lambda->lambda.clauses[0];
    return lambda->lambda.count == 1 && !clause->has_rest && clause->count == count ? clause : NULL;
}

/* Accessors of records and their like, which no one wrote: what fails in them fails where they are called. */
static bool is_accessor(struct compiler *compiler, const struct core *body)
{
    if (body->kind == CORE_SEQUENCE && body->sequence.count == 2 && body->sequence.items[0]->kind == CORE_TICK)
        body = body->sequence.items[1];
    return body->kind == CORE_CALL && (core_is_primitive(compiler, body->call.procedure, "%record-ref") ||
                                       core_is_primitive(compiler, body->call.procedure, "%record-set!"));
}

static bool begin_copy(struct compiler *compiler, const struct core *call, const struct core *lambda,
                       const struct core *body)
{
    compiler->copying = call->inlined;
    compiler->copy_position = (struct position){ 0 };
    compiler->composed_from = NULL;
    if (is_accessor(compiler, body)) {
        compiler->copy_position = call->position;
        return true;
    }
    struct inlining *inlining = front_new(compiler->front, struct inlining);
    if (!inlining)
        return false;
    inlining->procedure = lambda->lambda.name;
    inlining->call = call->position;
    inlining->outer = call->inlined;
    compiler->copying = inlining;
    return true;
}

static bool inline_copy(struct compiler *compiler, struct core **slot, const struct core *lambda,
                        struct core_clause *clause)
{
    struct core *call = *slot;
    if (!begin_copy(compiler, call, lambda, clause->body))
        return false;
    struct variable **params = front_array(compiler->front, clause->count + 1, sizeof *params);
    if (!params)
        return false;
    for (uint32_t i = 0; i < clause->count; i++)
        if (!(params[i] = copy_variable(compiler, clause->params[i])))
            return false;
    struct core *body = copy(compiler, clause->body);
    for (uint32_t i = 0; i < clause->count; i++)
        clause->params[i]->copy = NULL;
    struct core *let = body ? let_of_call(compiler, call, params, body) : NULL;
    if (!let)
        return false;
    *slot = let;
    compiler->inline_depth++;
    bool ok = clause->count ? simplify_bound(compiler, slot) : simplify(compiler, slot, NULL);
    compiler->inline_depth--;
    return ok;
}

static bool simplify_call(struct compiler *compiler, struct core **slot)
{
    struct core *call = *slot, *operator= call->call.procedure;
    struct core_clause *clause;

    if (operator->kind == CORE_LETREC && operator->let.body->kind == CORE_LOCAL) {
        /* ((letrec ((loop ...)) loop) args): the way that some macros write a loop; variables are unique */
        call->call.procedure = operator->let.body;
        operator->let.body = call;
        *slot = operator;
        return simplify(compiler, slot, NULL);
    }
    if (operator->kind == CORE_GLOBAL && operator->global->kind == GLOBAL_PRIMITIVE && operator->global->index<
        PRIMITIVE_COUNT) {
        struct core *folded =
            is_off(compiler, SWITCH_FOLD)
                ? NULL
                : fold_primitive(compiler, primitive_table[operator->global->index].name, call);
        if (folded)
            *slot = folded;
        return !compiler->front->failed && compiler->front->limit == SCH_LIMIT_NONE;
    }
    struct core *lambda = is_off(compiler, SWITCH_INLINE) ? NULL : callee_of(compiler, operator);
    if (!lambda || !(clause = only_clause(lambda, call->call.count)))
        return true;
    struct lambda_info *info = lambda_info_of(lambda);
    if (info->inlining || compiler->inline_depth >= INLINE_DEPTH)
        return true;
    uint32_t size = 0;
    measure(clause->body, &size);
    if (size > INLINE_SIZE)
        return true;
    info->inlining = true;
    bool ok = inline_copy(compiler, slot, lambda, clause);
    info->inlining = false;
    return ok;
}

/* ((lambda (x) ...) v): a let, before its parts are looked at, so that none of them is looked at twice. */
static bool simplify_applied_lambda(struct compiler *compiler, struct core **slot, bool *ret_done)
{
    struct core *call = *slot, *operator= call->call.procedure;
    struct core_clause *clause = operator->kind == CORE_LAMBDA ? only_clause(operator, call->call.count) : NULL;
    *ret_done = clause != NULL;
    if (!clause)
        return true;
    struct core *let = let_of_call(compiler, call, clause->params, clause->body);
    if (!let)
        return false;
    *slot = let;
    return simplify(compiler, slot, NULL);
}

/* (call-with-values (lambda () ...) (lambda formals ...)): values received where they are, without a call of either. */
static bool simplify_call_with_values(struct compiler *compiler, struct core **slot, bool *ret_done)
{
    struct core *call = *slot;
    *ret_done = core_is_primitive(compiler, call->call.procedure, "call-with-values") && call->call.count == 2 &&
                call->call.args[0]->kind == CORE_LAMBDA && only_clause(call->call.args[0], 0) &&
                call->call.args[1]->kind == CORE_LAMBDA && call->call.args[1]->lambda.count == 1;
    if (!*ret_done)
        return true;
    struct core *producer = core_new(compiler->front, CORE_CALL, call->position);
    struct core *receive = core_new(compiler->front, CORE_RECEIVE, call->position);
    if (!producer || !receive)
        return false;
    producer->inlined = receive->inlined = call->inlined;
    producer->call.procedure = call->call.args[0];
    receive->receive.producer = producer;
    receive->receive.clause = call->call.args[1]->lambda.clauses[0];
    *slot = receive;
    return simplify(compiler, slot, NULL);
}

/* --- variables that only name another thing --- */

static bool is_name_for(struct compiler *compiler, const struct variable *variable, const struct core *value)
{
    if (variable->assignments != 0)
        return false;
    switch ((enum core_kind)value->kind) {
    case CORE_CONSTANT:
        return value->constant->kind == DATUM_IMMEDIATE || value->constant->kind == DATUM_NIL ||
               value->constant->kind == DATUM_SYMBOL;
    case CORE_LOCAL: return value->local->assignments == 0 && !value->local->checked;
    case CORE_GLOBAL: return value->global->kind != GLOBAL_TOP || global_is_known(compiler, value->global);
    case CORE_LAMBDA:
    case CORE_SET_LOCAL:
    case CORE_SET_GLOBAL:
    case CORE_DEFINE:
    case CORE_IF:
    case CORE_CALL:
    case CORE_SEQUENCE:
    case CORE_LET:
    case CORE_LETREC:
    case CORE_RECEIVE:
    case CORE_TICK: return false;
    }
    return false;
}

/* Drops the bindings that are not needed; a variable's scratch then holds the node to use in its place. */
static void simplify_let(struct compiler *compiler, struct core *let)
{
    size_t kept = 0;
    for (size_t i = 0; i < let->let.count; i++) {
        struct variable *variable = let->let.variables[i];
        struct core *value = let->let.values[i];
        variable->binding = variable->assignments ? NULL : value;
        if (is_name_for(compiler, variable, value)) {
            variable->scratch = value;
            continue;
        }
        if (variable->references == 0 && variable->assignments == 0 && core_is_pure(value))
            continue;
        let->let.variables[kept] = variable;
        let->let.values[kept++] = value;
    }
    let->let.count = kept;
}

/* A let whose values are simple already. */
static bool simplify_bound(struct compiler *compiler, struct core **slot)
{
    struct core *let = *slot;
    simplify_let(compiler, let);
    if (!simplify(compiler, &let->let.body, NULL))
        return false;
    if (let->let.count == 0)
        *slot = let->let.body;
    return true;
}

static bool simplify(struct compiler *compiler, struct core **slot, void *data);

/* A branch whose test is known is what is left of it. */
static bool simplify_if(struct compiler *compiler, struct core **slot)
{
    struct core *node = *slot;
    if (!simplify(compiler, &node->branch.test, NULL))
        return false;
    bool is_false = core_is_false_constant(node->branch.test);
    if (is_false || core_is_true_constant(node->branch.test)) {
        *slot = is_false ? node->branch.otherwise : node->branch.then;
        return simplify(compiler, slot, NULL);
    }
    return simplify(compiler, &node->branch.then, NULL) && simplify(compiler, &node->branch.otherwise, NULL);
}

static bool simplify(struct compiler *compiler, struct core **slot, void *data)
{
    if (compile_is_deep(compiler))
        return visit_deeper(compiler, simplify, slot, data);
    struct core *node = *slot;
    bool ok = true;
    if (!front_charge(compiler->front, 1))
        return false;
    switch ((enum core_kind)node->kind) {
    case CORE_CONSTANT:
    case CORE_TICK: break;
    case CORE_LOCAL:
        while ((*slot)->kind == CORE_LOCAL && (*slot)->local->scratch)
            *slot = (*slot)->local->scratch;
        break;
    case CORE_GLOBAL:
        if (global_is_known(compiler, node->global) && node->global->value->kind == CORE_CONSTANT &&
            node->global->value->constant->kind == DATUM_IMMEDIATE)
            *slot = node->global->value;
        break;
    case CORE_IF: ok = simplify_if(compiler, slot); break;
    case CORE_LET:
        for (size_t i = 0; ok && i < node->let.count; i++)
            ok = simplify(compiler, &node->let.values[i], NULL);
        ok = ok && simplify_bound(compiler, slot);
        break;
    case CORE_CALL: {
        bool done;
        ok = simplify_applied_lambda(compiler, slot, &done) &&
             (done || is_off(compiler, SWITCH_INLINE) || simplify_call_with_values(compiler, slot, &done)) &&
             (done || (core_each(compiler, node, simplify, NULL) && simplify_call(compiler, slot)));
        break;
    }
    case CORE_LAMBDA: {
        struct lambda_info *info = lambda_info_of(node);
        bool inlining = info->inlining;
        info->inlining = true; /* not into itself */
        ok = core_each(compiler, node, simplify, NULL);
        info->inlining = inlining;
        break;
    }
    case CORE_DEFINE:
        ok = core_each(compiler, node, simplify, NULL);
        if (ok && node->set_global.global->value) /* what became of it: later forms may use a folded constant */
            node->set_global.global->value = node->set_global.value;
        break;
    case CORE_SET_LOCAL:
    case CORE_SET_GLOBAL:
    case CORE_SEQUENCE:
    case CORE_LETREC:
    case CORE_RECEIVE: ok = core_each(compiler, node, simplify, NULL); break;
    }
    return ok;
}

/* Every lambda gets its record; variables forget what an earlier pass left. */
static bool prepare(struct compiler *compiler, struct core **slot, void *data)
{
    struct core *node = *slot;
    if (!front_charge(compiler->front, 1))
        return false;
    bool ok = true;
    if (node->kind == CORE_LAMBDA) {
        if (!node->lambda.scratch) {
            struct lambda_info *info = front_new(compiler->front, struct lambda_info);
            if ((ok = info != NULL)) {
                info->node = node;
                info->index = info->constant = CODE_NONE;
            }
            node->lambda.scratch = info;
        }
        for (size_t i = 0; ok && i < node->lambda.count; i++)
            for (uint32_t j = 0; j < node->lambda.clauses[i].count + node->lambda.clauses[i].has_rest; j++)
                node->lambda.clauses[i].params[j]->scratch = NULL;
    } else if (node->kind == CORE_LET || node->kind == CORE_LETREC) {
        for (size_t i = 0; i < node->let.count; i++)
            node->let.variables[i]->scratch = NULL;
    } else if (node->kind == CORE_RECEIVE) {
        struct core_clause *clause = &node->receive.clause;
        for (uint32_t i = 0; i < clause->count + clause->has_rest; i++)
            clause->params[i]->scratch = NULL;
    }
    return ok && core_each(compiler, node, prepare, data);
}

bool pass_inline(struct compiler *compiler)
{
    if (!prepare(compiler, &compiler->body, NULL))
        return false;
    if (is_off(compiler, SWITCH_INLINE) && is_off(compiler, SWITCH_FOLD))
        return true;
    return simplify(compiler, &compiler->body, NULL);
}
