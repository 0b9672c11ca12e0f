/*
 * Core tree to instructions, for expressions and procedures. Destination-driven: each expression is told where its
 * value is wanted. An instruction reads all of its operands before it writes, and an expression writes its destination
 * last on every path: so the destination may be a register that the expression reads.
 */
#include "schooner/compile/generate.h"

bool gen_failed(const struct generator *g)
{
    return g->as.failed;
}

void gen_position(struct generator *g, const struct core *node)
{
    if (!node->position.line)
        return;
    g->as.position = node->position;
    g->as.inlined = node->inlined;
}

/* --- registers --- */

uint32_t registers_take(struct generator *g, uint32_t count)
{
    /* A row does not cross the scratch registers: bytes reach what is below, wide moves what is above. */
    if (g->next < REGISTER_WIDE && g->next + count > REGISTER_NEAR)
        g->next = REGISTER_WIDE;
    uint32_t reg = g->next;
    if (count > REGISTER_MAX - reg) {
        if (!g->as.failed)
            front_fail(g->compiler->front, "syntax-error", g->as.position, "a procedure has too many variables");
        g->as.failed = true;
        return 0;
    }
    g->next += count;
    if (g->next > g->most)
        g->most = g->next;
    return reg;
}

void gen_move(struct generator *g, uint32_t to, uint32_t from)
{
    if (to == from)
        return;
    if (to >= REGISTER_WIDE && from >= REGISTER_WIDE) {
        emit(&g->as, OP_LOADW, REGISTER_SCRATCH, from);
        emit(&g->as, OP_STOREW, REGISTER_SCRATCH, to);
    } else if (to >= REGISTER_WIDE) {
        emit(&g->as, OP_STOREW, from, to);
    } else if (from >= REGISTER_WIDE) {
        emit(&g->as, OP_LOADW, to, from);
    } else {
        emit(&g->as, OP_MOVE, to, from);
    }
}

uint32_t dest_register(struct generator *g, struct dest dest)
{
    return dest.want == WANT_VALUE ? dest.reg : registers_take(g, 1);
}

bool gen_deliver(struct generator *g, uint32_t reg, struct dest dest)
{
    if (dest.want == WANT_VALUE)
        gen_move(g, dest.reg, reg);
    else if (dest.want == WANT_TAIL)
        emit(&g->as, OP_RETURN, reg);
    return !gen_failed(g);
}

/* --- constants --- */

void gen_immediate(struct generator *g, sch_value value, uint32_t reg)
{
    if (is_fixnum(value) && fixnum_int(value) >= INT16_MIN && fixnum_int(value) <= INT16_MAX)
        emit(&g->as, OP_LOADI, reg, (uint32_t)fixnum_int(value) & 0xffff);
    else if (value.bits <= 0xffff)
        emit(&g->as, OP_LOADX, reg, (uint32_t)value.bits);
    else
        emit(&g->as, OP_LOAD64, reg, (uint32_t)value.bits, (uint32_t)(value.bits >> 32));
}

void gen_constant(struct generator *g, uint32_t slot, uint32_t reg)
{
    if (slot <= UINT16_MAX)
        emit(&g->as, OP_CONST, reg, slot);
    else
        emit(&g->as, OP_CONSTW, reg, slot);
}

static void gen_datum(struct generator *g, const struct datum *datum, uint32_t reg)
{
    if (datum->kind == DATUM_NIL)
        gen_immediate(g, V_NIL, reg);
    else if (datum->kind == DATUM_IMMEDIATE)
        gen_immediate(g, datum->value, reg);
    else
        gen_constant(g, constant_datum(&g->as, datum), reg);
}

/* --- variables --- */

/* An assigned variable lives in a box when a closure shares it, and also when its frame may be copied: returning twice
 * into a frame must not bring back the values that its variables had at the first time. */
bool is_boxed(const struct variable *variable)
{
    return variable->assignments > 0 && (variable->captured || lambda_info_of(variable->owner)->calls);
}

/* The register of a variable of this procedure, when it holds the value as it is; CODE_NONE. */
static uint32_t plain_register(const struct generator *g, const struct variable *variable)
{
    const struct core *binding = variable->assignments == 0 ? variable->binding : NULL;
    if (binding && binding->kind == CORE_LAMBDA && lambda_info_of(binding)->closed)
        return CODE_NONE;
    if (variable->owner != g->now->node || is_boxed(variable) || variable->checked || variable->reg < 0)
        return CODE_NONE;
    return (uint32_t)variable->reg;
}

uint32_t frame_register(struct generator *g, const struct variable *variable)
{
    if (variable->reg >= 0)
        return (uint32_t)variable->reg;
    g->as.failed = true;
    front_fail(g->as.front, "syntax-error", variable->position, "the compiler has no place here for `%s`",
               variable->name ? variable->name->text : "a value");
    return 0;
}

/* The box or the plain value of a variable, in `reg`. */
static void gen_raw(struct generator *g, const struct variable *variable, uint32_t reg)
{
    const struct core *binding = variable->assignments == 0 ? variable->binding : NULL;
    if (binding && binding->kind == CORE_LAMBDA) {
        struct lambda_info *info = lambda_info_of(binding);
        if (info->closed) {
            queue_lambda(g, info);
            if (info->constant == CODE_NONE)
                info->constant = constant_index(&g->as, CONSTANT_PROCEDURE, info->index);
            gen_constant(g, info->constant, reg);
            return;
        }
        if (info == g->now) {
            emit(&g->as, OP_SELF, reg);
            return;
        }
    }
    if (variable->owner == g->now->node)
        gen_move(g, reg, frame_register(g, variable));
    else
        emit(&g->as, OP_ENV, reg, (uint32_t)(uintptr_t)variable->scratch - 1);
}

static bool gen_local(struct generator *g, const struct core *node, struct dest dest)
{
    const struct variable *variable = node->local;
    if (dest.want == WANT_EFFECT && !variable->checked)
        return true;
    uint32_t plain = plain_register(g, variable);
    if (plain != CODE_NONE)
        return gen_deliver(g, plain, dest);
    uint32_t reg = dest_register(g, dest);
    gen_raw(g, variable, reg);
    if (is_boxed(variable))
        emit(&g->as, OP_UNBOX, reg, reg);
    if (variable->checked) {
        gen_position(g, node);
        emit(&g->as, OP_CHECK, reg, constant_symbol(&g->as, variable->name));
    }
    return gen_deliver(g, reg, dest);
}

static bool gen_set_local(struct generator *g, struct core *node, struct dest dest)
{
    struct variable *variable = node->set_local.variable;
    uint32_t value = gen_operand(g, node->set_local.value);
    if (is_boxed(variable)) {
        uint32_t box = variable->owner == g->now->node ? frame_register(g, variable) : registers_take(g, 1);
        if (variable->owner != g->now->node)
            gen_raw(g, variable, box);
        emit(&g->as, OP_SETBOX, box, value);
    } else if (!gen_failed(g)) {
        gen_move(g, frame_register(g, variable), value);
    }
    if (dest.want == WANT_EFFECT)
        return !gen_failed(g);
    uint32_t reg = dest_register(g, dest);
    gen_immediate(g, V_UNSPECIFIED, reg);
    return gen_deliver(g, reg, dest);
}

static uint32_t cell_slot(struct generator *g, struct global *global)
{
    struct global_info *info = global_info_of(g->compiler, global);
    if (!info) {
        g->as.failed = true;
        return 0;
    }
    if (info->constant == CODE_NONE)
        info->constant = constant_cell(&g->as, global->space ? global->space : "", global->name);
    return info->constant;
}

static bool gen_global(struct generator *g, struct core *node, struct dest dest)
{
    struct global *global = node->global;
    uint32_t reg = dest_register(g, dest);
    gen_position(g, node);
    switch (global->kind) {
    case GLOBAL_PRIMITIVE: gen_constant(g, constant_index(&g->as, CONSTANT_PRIMITIVE, global->index), reg); break;
    case GLOBAL_IMAGE: gen_constant(g, constant_index(&g->as, CONSTANT_IMAGE, global->index), reg); break;
    case GLOBAL_TOP: {
        uint32_t slot = cell_slot(g, global);
        if (slot <= UINT16_MAX) {
            emit(&g->as, OP_GLOBAL, reg, slot);
        } else {
            gen_constant(g, slot, reg);
            emit(&g->as, OP_CELL_REF, reg, reg);
        }
        break;
    }
    }
    return gen_deliver(g, reg, dest);
}

static bool gen_set_global(struct generator *g, struct core *node, struct dest dest)
{
    uint32_t value = gen_operand(g, node->set_global.value), slot = cell_slot(g, node->set_global.global);
    if (node->kind == CORE_SET_GLOBAL && slot <= UINT16_MAX) {
        gen_position(g, node);
        emit(&g->as, OP_GLOBAL_SET, value, slot);
    } else {
        uint32_t cell = registers_take(g, 1);
        gen_constant(g, slot, cell);
        gen_position(g, node);
        emit(&g->as, node->kind == CORE_DEFINE ? OP_CELL_DEFINE : OP_CELL_SET, cell, value);
    }
    if (dest.want == WANT_EFFECT)
        return !gen_failed(g);
    uint32_t reg = dest_register(g, dest);
    gen_immediate(g, V_UNSPECIFIED, reg);
    return gen_deliver(g, reg, dest);
}

/* --- expressions --- */

bool gen_to(struct generator *g, struct core *node, uint32_t reg)
{
    return gen(g, node, (struct dest){ WANT_VALUE, reg });
}

bool gen_fresh(struct generator *g, struct core *node, uint32_t reg)
{
    uint32_t kept = g->next;
    g->next = reg;
    if (!gen_to(g, node, reg))
        return false;
    g->next = kept;
    return true;
}

bool gen_row(struct generator *g, struct core **nodes, size_t count, uint32_t base)
{
    for (size_t i = 0; i < count; i++)
        if (!gen_fresh(g, nodes[i], base + (uint32_t)i))
            return false;
    return true;
}

uint32_t gen_operand(struct generator *g, struct core *node)
{
    if (node->kind == CORE_LOCAL) {
        uint32_t plain = plain_register(g, node->local);
        if (plain != CODE_NONE)
            return plain;
    }
    uint32_t reg = registers_take(g, 1);
    gen_fresh(g, node, reg);
    return reg;
}

/* Is the value where it is wanted before anything is done for it? */
static bool is_there(const struct generator *g, const struct core *node, struct dest dest)
{
    if (dest.want == WANT_EFFECT && node->kind == CORE_CONSTANT)
        return true;
    if (dest.want == WANT_TAIL || node->kind != CORE_LOCAL)
        return false;
    uint32_t plain = plain_register(g, node->local);
    return plain != CODE_NONE && (dest.want == WANT_EFFECT || plain == dest.reg);
}

/* An `if` of which only one branch does something; the other goes to the end. */
static bool gen_one_armed(struct generator *g, struct core *node, bool is_then, struct dest dest)
{
    uint32_t arm = label_new(&g->as), end = label_new(&g->as), saved = g->next;
    if (!gen_test(g, node->branch.test, is_then ? arm : end, is_then ? end : arm, arm))
        return false;
    g->next = saved;
    label_place(&g->as, arm);
    if (!gen(g, is_then ? node->branch.then : node->branch.otherwise, dest))
        return false;
    g->next = saved;
    label_place(&g->as, end);
    return !gen_failed(g);
}

static bool gen_if(struct generator *g, struct core *node, struct dest dest)
{
    struct core *then = node->branch.then, *otherwise = node->branch.otherwise;
    if (is_there(g, otherwise, dest) || is_there(g, then, dest))
        return gen_one_armed(g, node, is_there(g, otherwise, dest), dest);
    uint32_t yes = label_new(&g->as), no = label_new(&g->as), end = label_new(&g->as), saved = g->next;
    if (!gen_test(g, node->branch.test, yes, no, yes))
        return false;
    g->next = saved;
    label_place(&g->as, yes);
    if (!gen(g, then, dest))
        return false;
    g->next = saved;
    if (dest.want != WANT_TAIL)
        emit(&g->as, OP_JUMP, end);
    label_place(&g->as, no);
    if (!gen(g, otherwise, dest))
        return false;
    g->next = saved;
    label_place(&g->as, end);
    return !gen_failed(g);
}

/* Puts a parameter or variable whose value is in its register into a box, if it must live in one. */
static void gen_box(struct generator *g, const struct variable *variable)
{
    if (is_boxed(variable))
        emit(&g->as, OP_BOX, (uint32_t)variable->reg, (uint32_t)variable->reg);
}

/* (or a b) where the value of `a` is a boolean: no variable for it. */
static bool gen_or(struct generator *g, struct core *node, struct dest dest)
{
    uint32_t yes = label_new(&g->as), no = label_new(&g->as), end = label_new(&g->as), saved = g->next;
    if (!gen_test(g, node->let.values[0], yes, no, yes))
        return false;
    g->next = saved;
    label_place(&g->as, yes);
    if (dest.want != WANT_EFFECT) {
        uint32_t reg = dest_register(g, dest);
        gen_immediate(g, V_TRUE, reg);
        gen_deliver(g, reg, dest);
        g->next = saved;
    }
    if (dest.want != WANT_TAIL)
        emit(&g->as, OP_JUMP, end);
    label_place(&g->as, no);
    if (!gen(g, node->let.body->branch.otherwise, dest))
        return false;
    g->next = saved;
    label_place(&g->as, end);
    return !gen_failed(g);
}

static bool gen_let(struct generator *g, struct core *node, struct dest dest)
{
    if (is_or(node) && is_test(g, node->let.values[0]))
        return gen_or(g, node, dest);
    uint32_t saved = g->next;
    for (size_t i = 0; i < node->let.count; i++) {
        struct variable *variable = node->let.variables[i];
        struct core *value = node->let.values[i];
        bool closed = value->kind == CORE_LAMBDA && variable->assignments == 0 && lambda_info_of(value)->closed;
        variable->reg = -1;
        if (closed)
            continue; /* a constant wherever it is used */
        uint32_t reg = registers_take(g, 1);
        variable->reg = (int32_t)reg;
        if (!gen_fresh(g, value, reg))
            return false;
        gen_box(g, variable);
    }
    if (!gen(g, node->let.body, dest))
        return false;
    g->next = saved;
    return true;
}

static bool gen_receive(struct generator *g, struct core *node, struct dest dest)
{
    struct core_clause *clause = &node->receive.clause;
    uint32_t saved = g->next, total = clause->count + clause->has_rest;
    if (total > ARGUMENTS_MAX) {
        g->as.failed = true;
        return front_fail(g->compiler->front, "syntax-error", node->position, "more than %d values are bound at once",
                          ARGUMENTS_MAX);
    }
    uint32_t base = registers_take(g, total);
    uint32_t values = gen_operand(g, node->receive.producer);
    gen_position(g, node);
    emit(&g->as, OP_RECEIVE, values, base, clause->count, (uint32_t)clause->has_rest);
    for (uint32_t i = 0; i < total; i++) {
        clause->params[i]->reg = (int32_t)(base + i);
        gen_box(g, clause->params[i]);
    }
    g->next = base + total;
    if (gen_failed(g) || !gen(g, clause->body, dest))
        return false;
    g->next = saved;
    return true;
}

static bool gen_sequence(struct generator *g, struct core *node, size_t skip, struct dest dest)
{
    size_t count = node->sequence.count;
    for (size_t i = skip; i + 1 < count; i++) {
        uint32_t saved = g->next;
        if (!gen(g, node->sequence.items[i], (struct dest){ WANT_EFFECT, 0 }))
            return false;
        g->next = saved;
    }
    return gen(g, node->sequence.items[count - 1], dest);
}

uint32_t body_ticks(struct core *body, size_t *ret_skip)
{
    *ret_skip = 0;
    if (body->kind != CORE_SEQUENCE || body->sequence.count < 2 || body->sequence.items[0]->kind != CORE_TICK)
        return 0;
    *ret_skip = 1;
    return body->sequence.items[0]->tick.count;
}

bool gen_body(struct generator *g, struct core *body, size_t skip, struct dest dest)
{
    return skip ? gen_sequence(g, body, skip, dest) : gen(g, body, dest);
}

static bool gen_value_of_test(struct generator *g, struct core *node, struct dest dest)
{
    uint32_t yes = label_new(&g->as), no = label_new(&g->as), end = label_new(&g->as), saved = g->next;
    if (!gen_test(g, node, yes, no, yes))
        return false;
    g->next = saved;
    uint32_t reg = dest_register(g, dest);
    label_place(&g->as, yes);
    gen_immediate(g, V_TRUE, reg);
    if (dest.want == WANT_TAIL)
        emit(&g->as, OP_RETURN, reg);
    else
        emit(&g->as, OP_JUMP, end);
    label_place(&g->as, no);
    gen_immediate(g, V_FALSE, reg);
    if (dest.want == WANT_TAIL)
        emit(&g->as, OP_RETURN, reg);
    label_place(&g->as, end);
    return !gen_failed(g);
}

static bool gen_kind(struct generator *g, struct core *node, struct dest dest)
{
    uint32_t reg;
    switch ((enum core_kind)node->kind) {
    case CORE_CONSTANT:
        if (dest.want == WANT_EFFECT)
            return true;
        reg = dest_register(g, dest);
        gen_datum(g, node->constant, reg);
        return gen_deliver(g, reg, dest);
    case CORE_LOCAL: return gen_local(g, node, dest);
    case CORE_GLOBAL: return gen_global(g, node, dest);
    case CORE_SET_LOCAL: return gen_set_local(g, node, dest);
    case CORE_SET_GLOBAL:
    case CORE_DEFINE: return gen_set_global(g, node, dest);
    case CORE_IF: return gen_if(g, node, dest);
    case CORE_LAMBDA:
        if (dest.want == WANT_EFFECT)
            return true;
        reg = dest_register(g, dest);
        return gen_lambda_value(g, node, reg) && gen_deliver(g, reg, dest);
    case CORE_CALL: return is_test(g, node) ? gen_value_of_test(g, node, dest) : gen_call(g, node, dest);
    case CORE_SEQUENCE: return gen_sequence(g, node, 0, dest);
    case CORE_LET: return gen_let(g, node, dest);
    case CORE_LETREC: return gen_fix(g, node, dest);
    case CORE_RECEIVE: return gen_receive(g, node, dest);
    case CORE_TICK:
        emit_ticks(&g->as, node->tick.count);
        if (dest.want == WANT_EFFECT)
            return !gen_failed(g);
        reg = dest_register(g, dest);
        gen_immediate(g, V_UNSPECIFIED, reg);
        return gen_deliver(g, reg, dest);
    }
    return false;
}

struct gen_again {
    struct generator *g;
    struct core *node;
    struct dest dest;
    bool result;
};

static void gen_again(void *data)
{
    struct gen_again *call = data;
    call->result = gen(call->g, call->node, call->dest);
}

bool gen(struct generator *g, struct core *node, struct dest dest)
{
    if (compile_is_deep(g->compiler)) {
        struct gen_again call = { g, node, dest, false };
        g->as.failed = !compile_deeper(g->compiler, gen_again, &call) || gen_failed(g);
        return call.result;
    }
    if (gen_failed(g) || !front_charge(g->compiler->front, 1)) {
        g->as.failed = true;
        return false;
    }
    return gen_kind(g, node, dest) && !gen_failed(g);
}

/* --- procedures --- */

static void gen_arity(struct generator *g, const struct core *lambda, const struct core_clause *clause, uint32_t next)
{
    if (lambda->lambda.count == 1)
        emit(&g->as, clause->has_rest ? OP_ARITY_REST : OP_ARITY, clause->count);
    else
        emit(&g->as, clause->has_rest ? OP_CLAUSE_REST : OP_CLAUSE, clause->count, next);
}

/* The frame of a program itself stays until its end: a backtrace begins there. */
static bool gen_whole_body(struct generator *g, struct core *body, size_t skip)
{
    if (!g->now->is_top)
        return gen_body(g, body, skip, (struct dest){ WANT_TAIL, 0 });
    uint32_t reg = registers_take(g, 1);
    return gen_body(g, body, skip, (struct dest){ WANT_VALUE, reg }) &&
           gen_deliver(g, reg, (struct dest){ WANT_TAIL, 0 });
}

static bool gen_clause(struct generator *g, struct core *lambda, size_t index)
{
    struct core_clause *clause = &lambda->lambda.clauses[index];
    uint32_t total = clause->count + clause->has_rest, next = label_new(&g->as);
    if (total > ARGUMENTS_MAX) {
        g->as.failed = true;
        return front_fail(g->compiler->front, "syntax-error", lambda->position,
                          "a procedure has more than %d parameters", ARGUMENTS_MAX);
    }
    g->clause = clause;
    g->next = g->most = 0;
    registers_take(g, total);
    gen_arity(g, lambda, clause, next);
    label_place(&g->as, g->now->starts[index]);
    g->enter = (uint32_t)g->as.count;
    emit(&g->as, OP_ENTER, 0, 0);
    g->again = label_behind(&g->as);
    size_t skip;
    emit_ticks(&g->as, body_ticks(clause->body, &skip));
    for (uint32_t i = 0; i < total; i++) {
        clause->params[i]->reg = (int32_t)i;
        gen_box(g, clause->params[i]);
    }
    if (gen_failed(g) || !gen_whole_body(g, clause->body, skip))
        return false;
    if (g->most > REGISTER_NEAR && g->most < REGISTER_WIDE)
        g->most = REGISTER_WIDE;
    /* a frame has at least the register into which the bottom of the stack returns */
    struct code_procedure *procedure = &g->as.procedures[g->now->index];
    if (g->most + 1 > procedure->frame)
        procedure->frame = g->most + 1;
    label_place(&g->as, next);
    return true;
}

/* Each clause makes room for the whole frame: what may be written is then plain from the procedure alone. */
static bool set_frames(struct generator *g, const struct code_procedure *procedure)
{
    struct instruction in;
    for (uint32_t at = procedure->entry; at < procedure->end; at += in.length) {
        if (!front_step(g->as.front, 8))
            return false;
        if (!code_decode(g->as.words, procedure->end, at, &in))
            break;
        if (in.op == OP_ENTER)
            g->as.words[at] |= procedure->frame << 16;
    }
    return true;
}

/* In the library, what is within a procedure has the procedure's name: that is the one its callers know. */
static const struct name *procedure_name(const struct generator *g, const struct lambda_info *info)
{
    const struct name *own = info->node->lambda.name;
    if (!g->compiler->options->shared)
        return own;
    while (info->parent && !info->parent->is_top)
        info = info->parent;
    const struct name *outermost = info->node->lambda.name;
    return outermost && (own || outermost->text[0] != '%') ? outermost : own;
}

static bool gen_procedure(struct generator *g, struct lambda_info *info)
{
    struct core *lambda = info->node;
    struct code_procedure *procedure = &g->as.procedures[info->index];
    g->now = info;
    for (uint32_t i = 0; i < info->free_count; i++)
        info->free[i]->scratch = (void *)(uintptr_t)(i + 1);

    g->as.last = CODE_NONE;
    procedure->entry = (uint32_t)g->as.count;
    procedure->captured = info->free_count;
    procedure->min_args = lambda->lambda.count ? INT32_MAX : 0;
    procedure->frame = 1; /* also without a clause */
    procedure->file = lambda->position.file;
    procedure->line = lambda->position.line;
    procedure->column = lambda->position.column;
    const struct name *name = procedure_name(g, info);
    if (name)
        procedure->name = (struct code_range){ text_add(&g->as, name->text, name->length), name->length };
    gen_position(g, lambda);
    for (size_t i = 0; i < lambda->lambda.count; i++) {
        const struct core_clause *clause = &lambda->lambda.clauses[i];
        if (!gen_clause(g, lambda, i))
            return false;
        procedure = &g->as.procedures[info->index];
        if ((int32_t)clause->count < procedure->min_args)
            procedure->min_args = (int32_t)clause->count;
        if (clause->has_rest)
            procedure->max_args = -1;
        else if (procedure->max_args >= 0 && (int32_t)clause->count > procedure->max_args)
            procedure->max_args = (int32_t)clause->count;
    }
    gen_position(g, lambda);
    if (lambda->lambda.count != 1)
        emit(&g->as, OP_ARITY_FAIL);
    if (gen_failed(g))
        return false;
    procedure = &g->as.procedures[info->index];
    procedure->end = (uint32_t)g->as.count;
    return set_frames(g, procedure);
}

bool pass_generate(struct compiler *compiler, struct lambda_info *top, struct sch_code **ret)
{
    struct generator g = { .compiler = compiler };
    g.queue_end = &g.queue;
    assembler_init(&g.as, compiler->front);
    queue_lambda(&g, top);
    while (g.queue && !g.as.failed) {
        struct lambda_info *info = g.queue;
        g.queue = info->next;
        if (!g.queue)
            g.queue_end = &g.queue;
        if (!gen_procedure(&g, info))
            return false;
    }
    *ret = assembler_finish(&g.as);
    return *ret != NULL;
}
