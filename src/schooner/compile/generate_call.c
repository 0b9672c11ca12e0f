/*
 * Calls. To a loop: a jump after parallel moves. To a procedure that the compiler knows: without a look at the arity,
 * and without a closure where it captures nothing. To all else: through the value.
 *
 * The frame of a call begins at its base: FRAME_HEADER words below it are for the return address and the environment.
 */
#include "schooner/compile/generate.h"
#include "schooner/table/primitive.h"

void queue_lambda(struct generator *g, struct lambda_info *info)
{
    if (info->index != CODE_NONE)
        return;
    struct code_procedure *procedure =
        FRONT_PUSH(g->as.front, g->as.procedures, g->as.procedure_count, g->as.procedure_capacity);
    info->starts = front_array(g->as.front, info->node->lambda.count + 1, sizeof *info->starts);
    if (!procedure || !info->starts) {
        g->as.failed = true;
        return;
    }
    *procedure = (struct code_procedure){ 0 };
    info->index = (uint32_t)g->as.procedure_count - 1;
    for (size_t i = 0; i < info->node->lambda.count; i++)
        info->starts[i] = label_new(&g->as);
    info->next = NULL;
    *g->queue_end = info;
    g->queue_end = &info->next;
}

/* --- closures --- */

/* A captured variable as the instruction wants it: a register, or a captured value of this procedure. */
static uint32_t capture_of(struct generator *g, const struct variable *variable)
{
    const struct core *binding = variable->assignments == 0 ? variable->binding : NULL;
    if (binding == g->now->node && binding) {
        uint32_t reg = registers_take(g, 1);
        emit(&g->as, OP_SELF, reg);
        return reg;
    }
    if (variable->owner == g->now->node)
        return frame_register(g, variable);
    return CAPTURE_ENV + (uint32_t)(uintptr_t)variable->scratch - 1;
}

/* `made`: procedures of the group that exist already; what captures a later one is set when that is made. */
static void gen_closure(struct generator *g, struct lambda_info *info, uint32_t reg)
{
    queue_lambda(g, info);
    uint32_t *captures = front_array(g->as.front, info->free_count + 1, sizeof *captures);
    if (!captures || gen_failed(g)) {
        g->as.failed = true;
        return;
    }
    uint32_t saved = g->next;
    for (uint32_t i = 0; i < info->free_count; i++)
        captures[i] = capture_of(g, info->free[i]);
    g->next = saved;
    if (info->free_count > UINT16_MAX - 1) {
        front_fail(g->as.front, "syntax-error", info->node->position, "a procedure captures too many variables");
        g->as.failed = true;
        return;
    }
    uint32_t to = reg >= REGISTER_WIDE ? REGISTER_SCRATCH : reg;
    emit(&g->as, OP_CLOSURE, to, info->free_count, info->index);
    for (uint32_t i = 0; i < info->free_count; i++)
        emit_word(&g->as, captures[i]);
    if (to != reg)
        emit(&g->as, OP_STOREW, to, reg);
}

bool gen_lambda_value(struct generator *g, struct core *lambda, uint32_t reg)
{
    struct lambda_info *info = lambda_info_of(lambda);
    if (info->closed) {
        queue_lambda(g, info);
        if (info->constant == CODE_NONE)
            info->constant = constant_index(&g->as, CONSTANT_PROCEDURE, info->index);
        gen_constant(g, info->constant, reg);
    } else {
        gen_closure(g, info, reg);
    }
    return !gen_failed(g);
}

/* --- fix --- */

static bool gen_loop(struct generator *g, struct lambda_info *info, struct dest dest, uint32_t end)
{
    struct core_clause *clause = &info->node->lambda.clauses[0];
    uint32_t saved = g->next;
    size_t skip;
    label_place(&g->as, info->starts[0]);
    info->ticks = body_ticks(clause->body, &skip);
    gen_position(g, info->node);
    emit_ticks(&g->as, info->ticks);
    label_place(&g->as, info->again);
    for (uint32_t i = 0; i < clause->count; i++)
        if (is_boxed(clause->params[i]))
            emit(&g->as, OP_BOX, (uint32_t)clause->params[i]->reg, (uint32_t)clause->params[i]->reg);
    if (gen_failed(g) || !gen_body(g, clause->body, skip, dest))
        return false;
    if (dest.want != WANT_TAIL)
        emit(&g->as, OP_JUMP, end);
    g->next = saved;
    return true;
}

static bool prepare_loop(struct generator *g, struct lambda_info *info)
{
    struct core_clause *clause = &info->node->lambda.clauses[0];
    info->starts = front_array(g->as.front, 1, sizeof *info->starts);
    if (!info->starts) {
        g->as.failed = true;
        return false;
    }
    info->starts[0] = label_new(&g->as);
    info->again = label_new(&g->as);
    size_t skip;
    info->ticks = body_ticks(clause->body, &skip);
    for (uint32_t i = 0; i < clause->count; i++) {
        clause->params[i]->reg = (int32_t)registers_take(g, 1);
        if (clause->params[i]->reg >= REGISTER_WIDE)
            continue;
    }
    return !gen_failed(g);
}

/* The closures of a group: first all of them, then what they capture of each other. */
static void gen_group(struct generator *g, struct core *node)
{
    for (size_t i = 0; i < node->let.count; i++) {
        struct lambda_info *info = lambda_info_of(node->let.values[i]);
        node->let.variables[i]->reg = -1;
        if (info->loop || info->closed)
            continue;
        uint32_t reg = registers_take(g, 1);
        node->let.variables[i]->reg = (int32_t)reg;
        if (node->let.count > 1)
            gen_immediate(g, V_UNBOUND, reg);
    }
    for (size_t i = 0; i < node->let.count; i++) {
        struct lambda_info *info = lambda_info_of(node->let.values[i]);
        if (!info->loop && !info->closed)
            gen_closure(g, info, (uint32_t)node->let.variables[i]->reg);
    }
    for (size_t i = 0; i < node->let.count; i++) {
        struct lambda_info *info = lambda_info_of(node->let.values[i]);
        if (info->loop || info->closed)
            continue;
        for (uint32_t k = 0; k < info->free_count; k++)
            for (size_t later = i + 1; later < node->let.count; later++)
                if (info->free[k] == node->let.variables[later])
                    emit(&g->as, OP_CLOSURE_SET, (uint32_t)node->let.variables[i]->reg,
                         (uint32_t)node->let.variables[later]->reg, k);
    }
}

bool gen_fix(struct generator *g, struct core *node, struct dest dest)
{
    uint32_t saved = g->next, end = label_new(&g->as);
    bool loops = false;
    if (!front_charge(g->as.front, (uint64_t)node->let.count * node->let.count / 16)) {
        g->as.failed = true;
        return false;
    }
    gen_group(g, node);
    for (size_t i = 0; i < node->let.count; i++) {
        struct lambda_info *info = lambda_info_of(node->let.values[i]);
        if (!info->loop)
            continue;
        loops = true;
        if (!prepare_loop(g, info))
            return false;
    }
    if (!gen(g, node->let.body, dest))
        return false;
    if (loops && dest.want != WANT_TAIL)
        emit(&g->as, OP_JUMP, end);
    for (size_t i = 0; i < node->let.count; i++) {
        struct lambda_info *info = lambda_info_of(node->let.values[i]);
        if (info->loop && !gen_loop(g, info, dest, end))
            return false;
    }
    label_place(&g->as, end);
    g->next = saved;
    return !gen_failed(g);
}

/* --- parallel moves --- */

enum { ANALYSED_PARAMS = 32, ANALYSED_SIZE = 40 };

struct mentions {
    struct variable **params;
    uint32_t count;
    uint32_t found; /* bit for each parameter */
    uint32_t size;
};

static bool mention(struct compiler *compiler, struct core **slot, void *data)
{
    struct mentions *mentions = data;
    struct core *node = *slot;
    if (++mentions->size > ANALYSED_SIZE) {
        mentions->found = UINT32_MAX;
        return false;
    }
    if (node->kind == CORE_LOCAL || node->kind == CORE_SET_LOCAL) {
        const struct variable *variable = node->kind == CORE_LOCAL ? node->local : node->set_local.variable;
        for (uint32_t i = 0; i < mentions->count; i++)
            if (mentions->params[i] == variable)
                mentions->found |= UINT32_C(1) << i;
        /* a procedure may mention them where it is defined */
        if (variable->binding && variable->binding->kind == CORE_LAMBDA)
            mentions->found = UINT32_MAX;
    }
    return core_each(compiler, node, mention, data);
}

/*
 * Arguments to parameters that the arguments may still mention: each goes straight into its place as soon as no other
 * argument that is left mentions the place; where that fails (a cycle), one goes by way of a new register.
 */
static bool gen_parallel(struct generator *g, struct core **args, struct variable **params, uint32_t count)
{
    uint32_t mentioned[ANALYSED_PARAMS], left = count, aside_to[ANALYSED_PARAMS], aside_from[ANALYSED_PARAMS];
    uint32_t asides = 0;
    bool done[ANALYSED_PARAMS] = { false };
    uint32_t saved = g->next;

    if (count > ANALYSED_PARAMS) {
        uint32_t base = registers_take(g, count);
        if (!gen_row(g, args, count, base))
            return false;
        for (uint32_t i = 0; i < count; i++)
            gen_move(g, (uint32_t)params[i]->reg, base + i);
        g->next = saved;
        return !gen_failed(g);
    }
    for (uint32_t i = 0; i < count; i++) {
        struct mentions mentions = { params, count, 0, 0 };
        mention(g->compiler, &args[i], &mentions);
        mentioned[i] = mentions.found;
        /* a place where it already is */
        if (args[i]->kind == CORE_LOCAL && args[i]->local == params[i] && !is_boxed(params[i]))
            done[i] = true, left--;
    }
    while (left > 0) {
        uint32_t pick = count, fallback = count;
        for (uint32_t i = 0; i < count && pick == count; i++) {
            if (done[i])
                continue;
            fallback = i;
            bool free = true;
            for (uint32_t j = 0; j < count && free; j++)
                free = done[j] || j == i || !(mentioned[j] >> i & 1);
            if (free)
                pick = i;
        }
        uint32_t to;
        if (pick == count) {
            pick = fallback;
            to = registers_take(g, 1);
            aside_to[asides] = (uint32_t)params[pick]->reg;
            aside_from[asides++] = to;
        } else {
            to = (uint32_t)params[pick]->reg;
        }
        uint32_t kept = g->next;
        if (!gen_to(g, args[pick], to))
            return false;
        g->next = kept;
        done[pick] = true;
        left--;
    }
    for (uint32_t i = 0; i < asides; i++)
        gen_move(g, aside_to[i], aside_from[i]);
    g->next = saved;
    return !gen_failed(g);
}

/* To `start`, where the ticks are paid; or they are paid here, and it goes on behind them, at `again`. */
static bool gen_turn(struct generator *g, const struct core *node, uint32_t ticks, uint32_t start, uint32_t again)
{
    gen_position(g, node);
    if (ticks > 0 && ticks < 1 << 20)
        emit(&g->as, OP_LOOP, ticks, again);
    else
        emit(&g->as, OP_JUMP, start);
    return !gen_failed(g);
}

static bool gen_loop_call(struct generator *g, struct core *node, struct lambda_info *info)
{
    struct core_clause *clause = &info->node->lambda.clauses[0];
    return gen_parallel(g, node->call.args, clause->params, clause->count) &&
           gen_turn(g, node, info->ticks, info->starts[0], info->again);
}

/* The procedure itself, in tail position. */
static bool gen_self_call(struct generator *g, struct core *node, uint32_t start)
{
    if (!gen_parallel(g, node->call.args, g->clause->params, g->clause->count))
        return false;
    return gen_turn(g, node, word_a(g->as.words[g->enter]), start, g->again); /* with what the arguments added there */
}

/* --- calls --- */

/* A list of arguments, in `reg`; made from the last to the first. */
static bool gen_list(struct generator *g, struct core **args, size_t count, uint32_t reg)
{
    uint32_t list = registers_take(g, 1), item = registers_take(g, 1);
    gen_immediate(g, V_NIL, list);
    for (size_t i = count; i-- > 0;) {
        uint32_t saved = g->next;
        if (!gen_to(g, args[i], item))
            return false;
        emit(&g->as, OP_CONS, list, item, list);
        g->next = saved;
    }
    gen_move(g, reg, list);
    return !gen_failed(g);
}

static struct core_clause *clause_for(struct core *lambda, size_t count, uint32_t *ret_index)
{
    for (uint32_t i = 0; i < lambda->lambda.count; i++) {
        struct core_clause *clause = &lambda->lambda.clauses[i];
        *ret_index = i;
        if (clause->count == count || (clause->has_rest && clause->count <= count))
            return clause;
    }
    return NULL;
}

static uint32_t frame_take(struct generator *g, size_t count)
{
    return registers_take(g, FRAME_HEADER + (uint32_t)count) + FRAME_HEADER;
}

static uint32_t result_register(struct generator *g, struct dest dest, uint32_t base)
{
    (void)g;
    return dest.want == WANT_VALUE ? dest.reg : base - FRAME_HEADER;
}

static void emit_known(struct generator *g, struct lambda_info *info, uint32_t environment, uint32_t start,
                       uint32_t base, uint32_t total, struct dest dest)
{
    bool tail = dest.want == WANT_TAIL;
    uint32_t result = result_register(g, dest, base);
    if (info->closed && tail)
        emit(&g->as, OP_TAIL_KNOWN, start, base, total);
    else if (info->closed)
        emit(&g->as, OP_CALL_KNOWN, start, base, total, result);
    else if (tail)
        emit(&g->as, OP_TAIL_LOCAL, environment, start, base, total);
    else
        emit(&g->as, OP_CALL_LOCAL, environment, start, base, total, result);
}

static bool gen_known_call(struct generator *g, struct core *node, struct core *lambda, struct core_clause *clause,
                           uint32_t index, struct dest dest)
{
    struct lambda_info *info = lambda_info_of(lambda);
    queue_lambda(g, info);
    if (gen_failed(g))
        return false;
    if (dest.want == WANT_TAIL && clause == g->clause && !clause->has_rest)
        return gen_self_call(g, node, info->starts[index]);
    uint32_t saved = g->next, total = clause->count + clause->has_rest, environment = 0;
    if (!info->closed)
        environment = gen_operand(g, node->call.procedure);
    uint32_t base = frame_take(g, total);
    if (!gen_row(g, node->call.args, clause->count, base))
        return false;
    if (clause->has_rest) {
        size_t rest = node->call.count - clause->count;
        emit_ticks(&g->as, (uint32_t)pairs_cost(rest)); /* as where the list is made on entry */
        if (!gen_list(g, node->call.args + clause->count, rest, base + clause->count))
            return false;
    }
    gen_position(g, node);
    emit_known(g, info, environment, info->starts[index], base, total, dest);
    g->next = saved;
    return true;
}

static uint32_t primitive_named(const char *name)
{
    for (uint32_t i = 0; i < PRIMITIVE_COUNT; i++)
        if (strcmp(primitive_table[i].name, name) == 0)
            return i;
    return CODE_NONE;
}

/* More arguments than a frame word counts: (apply procedure list). */
static bool gen_long_call(struct generator *g, struct core *node, struct dest dest)
{
    uint32_t saved = g->next, apply = registers_take(g, 1), base = frame_take(g, 2);
    if (!gen_to(g, node->call.procedure, base) || !gen_list(g, node->call.args, node->call.count, base + 1))
        return false;
    gen_constant(g, constant_index(&g->as, CONSTANT_PRIMITIVE, primitive_named("apply")), apply);
    gen_position(g, node);
    if (dest.want == WANT_TAIL)
        emit(&g->as, OP_TAIL, apply, base, 2u);
    else
        emit(&g->as, OP_CALL, apply, base, 2u, result_register(g, dest, base));
    g->next = saved;
    return !gen_failed(g);
}

static bool gen_unknown_call(struct generator *g, struct core *node, struct dest dest)
{
    if (node->call.count > ARGUMENTS_MAX)
        return gen_long_call(g, node, dest);
    uint32_t saved = g->next, operator= gen_operand(g, node->call.procedure);
    uint32_t base = frame_take(g, node->call.count);
    if (gen_failed(g) || !gen_row(g, node->call.args, node->call.count, base))
        return false;
    gen_position(g, node);
    if (dest.want == WANT_TAIL)
        emit(&g->as, OP_TAIL, operator, base, (uint32_t)node->call.count);
    else
        emit(&g->as, OP_CALL, operator, base, (uint32_t)node->call.count, result_register(g, dest, base));
    g->next = saved;
    return !gen_failed(g);
}

/* Would the call trust what the procedure around it captured? */
static bool is_captured(const struct generator *g, const struct core *lambda, const struct core *operator)
{
    const struct lambda_info *info = lambda_info_of(lambda);
    return operator->kind == CORE_LOCAL && !info->closed && info != g->now && operator->local->owner != g->now->node;
}

/* Is it what a program raises errors with? */
static bool is_raiser(const struct core *operator)
{
    if (operator->kind != CORE_GLOBAL)
        return false;
    const char *name = operator->global->name->text;
    switch ((enum global_kind) operator->global->kind) {
    case GLOBAL_IMAGE: return strcmp(name, "error") == 0;
    case GLOBAL_PRIMITIVE: return strcmp(name, "raise") == 0 || strcmp(name, "raise-continuable") == 0;
    case GLOBAL_TOP: break;
    }
    return false;
}

/* The frame stays, though the call is in tail position: the report of the error needs its place. */
static bool gen_raiser(struct generator *g, struct core *node, struct dest dest)
{
    uint32_t saved = g->next, reg = registers_take(g, 1);
    bool done = gen_call(g, node, (struct dest){ WANT_VALUE, reg }) && gen_deliver(g, reg, dest);
    g->next = saved;
    return done;
}

bool gen_call(struct generator *g, struct core *node, struct dest dest)
{
    struct core *operator= node->call.procedure;
    if (dest.want == WANT_TAIL && is_raiser(operator))
        return gen_raiser(g, node, dest);
    if (operator->kind == CORE_LOCAL && operator->local->binding && operator->local->assignments == 0 &&
        operator->local->binding->kind == CORE_LAMBDA && lambda_info_of(operator->local->binding)
            ->loop)
        return gen_loop_call(g, node, lambda_info_of(operator->local->binding));
    if (operator->kind == CORE_GLOBAL && operator->global->kind == GLOBAL_PRIMITIVE) {
        bool done;
        uint32_t saved = g->next;
        if (!gen_primitive(g, node, dest, &done))
            return false;
        g->next = saved;
        if (done)
            return true;
    }
    struct core *lambda = is_off(g->compiler, SWITCH_KNOWN) ? NULL : callee_of(g->compiler, operator);
    uint32_t index;
    struct core_clause *clause = lambda ? clause_for(lambda, node->call.count, &index) : NULL;
    if (clause && !(g->compiler->options->shared && is_captured(g, lambda, operator)))
        return gen_known_call(g, node, lambda, clause, index, dest);
    return gen_unknown_call(g, node, dest);
}
