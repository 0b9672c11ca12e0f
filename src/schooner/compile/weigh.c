/*
 * What straight lines weigh. Work that no entry of a procedure stands for goes into ticks, before any pass rewrites the
 * tree: so fuel bounds work however long a body is, and no optimisation changes it. Knows what the parts of a program
 * take at worst, not what the passes make of them.
 *
 * The tree is followed as it runs. A full unit goes into the tick that was met last: then it costs no instruction.
 * Behind a call that is impossible, because a continuation may come back there, so that all before is paid once and
 * what follows is done again. There, and in the branches of an `if`, a new tick is made. What is left of a unit at the
 * end of a body is what its entry stands for.
 */
#include "schooner/compile/passes.h"
#include "schooner/table/primitive.h"

/* About a nanosecond each, where instructions and data are at hand. */
enum {
    WEIGHT_UNIT = 100,
    WEIGHT_LEAF = 1,   /* an operand: at most a move */
    WEIGHT_STEP = 5,   /* an instruction */
    WEIGHT_REACH = 10, /* one that reads or writes a part of something, which may not be at hand */
    WEIGHT_MAKE = 15,  /* one that makes a pair, a box or a closure; collections are free */
    WEIGHT_SEEK = 20,  /* string-ref, where characters differ in length */
    WEIGHT_ENTER = 20, /* a call of the library, which pays for its entry as a rule */
    WEIGHT_CALL = 40,  /* a primitive whose work does not grow, or what may be one */
    STEPS_MAX = 8,     /* arguments of a primitive; more of them are work that it charges for */
    TICK_MAX = 64,     /* units at once: what is paid is not far from what is done */
};

/* A variable that a procedure captures, and the procedure that noted it before. */
struct capture {
    struct variable *variable;
    void *before;
    struct capture *next;
};

struct procedure {
    struct core *node; /* NULL: the program */
    struct procedure *outer;
    struct capture *captures;
    uint32_t count;
};

/* Where the walk stands: what was done and not paid yet, and the tick that more can be added to. */
struct line {
    uint64_t weight;
    struct core *tick; /* NULL: none on this way since the last call */
    uint64_t calls;
};

struct weighing {
    struct line line;
    struct procedure *now;
};

static bool weigh(struct compiler *compiler, struct core **slot, void *data);

/* --- ticks --- */

static struct core *tick_new(struct compiler *compiler, struct line *line, struct position position)
{
    struct core *tick = core_new(compiler->front, CORE_TICK, position);
    if (tick)
        tick->tick.count = (uint32_t)(line->weight / WEIGHT_UNIT);
    line->weight %= WEIGHT_UNIT;
    return line->tick = tick;
}

/* expression -> (begin (tick) expression) */
static struct core *tick_before(struct compiler *compiler, struct line *line, struct core *node)
{
    struct core *tick = tick_new(compiler, line, node->position);
    return tick ? core_new_sequence(compiler->front, node->position, tick, node) : NULL;
}

/* expression -> (let ((value expression)) (tick) value) */
static bool tick_behind(struct compiler *compiler, struct line *line, struct core **slot)
{
    struct position position = (*slot)->position;
    struct core *let = core_new_let(compiler->front, CORE_LET, position, 1);
    struct core *local = core_new(compiler->front, CORE_LOCAL, position);
    if (!let || !local || !(local->local = variable_new(compiler->front, NULL, position)) ||
        !(let->let.body = tick_before(compiler, line, local)))
        return false;
    let->let.variables[0] = local->local;
    let->let.values[0] = *slot;
    *slot = let;
    return true;
}

/* Pays for full units where the walk has come to an end of *slot; `behind` is the part of it that called last, if any.
 */
static bool settle(struct compiler *compiler, struct line *line, struct core **slot, struct core **behind)
{
    uint64_t units = line->weight / WEIGHT_UNIT;
    if (units == 0)
        return true;
    if (line->tick && line->tick->tick.count + units <= TICK_MAX) {
        line->tick->tick.count += (uint32_t)units;
        line->weight %= WEIGHT_UNIT;
        return true;
    }
    if (behind)
        return tick_behind(compiler, line, behind);
    struct core *sequence = tick_before(compiler, line, *slot);
    if (!sequence)
        return false;
    *slot = sequence;
    return true;
}

/* --- variables --- */

/* Variables that are assigned may live in boxes. */
static void bind_variables(struct weighing *weighing, struct variable **variables, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        variables[i]->owner = weighing->now->node;
        weighing->line.weight += variables[i]->assignments ? WEIGHT_MAKE : 0;
    }
}

/* Notes that the procedure that is looked at captures the variable. Its scratch holds who noted it last. */
static bool note_use(struct compiler *compiler, struct weighing *weighing, struct variable *variable)
{
    struct procedure *now = weighing->now;
    if (variable->owner == now->node || variable->scratch == now)
        return true;
    struct capture *capture = front_new(compiler->front, struct capture);
    if (!capture || !front_charge(compiler->front, 1))
        return false;
    *capture = (struct capture){ variable, variable->scratch, now->captures };
    now->captures = capture;
    now->count++;
    variable->scratch = now;
    return true;
}

/* --- procedures --- */

static bool weigh_bodies(struct compiler *compiler, struct weighing *weighing, struct core *lambda)
{
    for (size_t i = 0; i < lambda->lambda.count; i++) {
        struct core_clause *clause = &lambda->lambda.clauses[i];
        weighing->line = (struct line){ 0 };
        bind_variables(weighing, clause->params, clause->count + clause->has_rest);
        if (!weigh(compiler, &clause->body, weighing))
            return false;
    }
    return true;
}

/* The line around gets what making the procedure takes; one that captures nothing is a constant. */
static bool weigh_lambda(struct compiler *compiler, struct weighing *weighing, struct core *lambda)
{
    struct line line = weighing->line;
    struct procedure procedure = { .node = lambda, .outer = weighing->now };
    weighing->now = &procedure;
    bool ok = weigh_bodies(compiler, weighing, lambda);
    weighing->now = procedure.outer;
    weighing->line = line;
    weighing->line.weight += procedure.count ? WEIGHT_MAKE + (uint64_t)procedure.count : WEIGHT_LEAF;
    for (struct capture *each = procedure.captures; ok && each; each = each->next) {
        each->variable->scratch = each->before;
        ok = note_use(compiler, weighing, each->variable);
    }
    return ok;
}

/* --- calls --- */

static bool is_small_constant(const struct core *node)
{
    return node->kind == CORE_CONSTANT && (node->constant->kind == DATUM_IMMEDIATE ||
                                           node->constant->kind == DATUM_NIL || node->constant->kind == DATUM_SYMBOL);
}

static uint64_t weight_of_binary(const struct open_entry *open)
{
    switch (open->op) {
    case OP_CONS: return WEIGHT_MAKE;
    case OP_STRING_REF: return WEIGHT_SEEK;
    case OP_VECTOR_REF:
    case OP_BYTE_REF: return WEIGHT_REACH;
    default: return WEIGHT_STEP;
    }
}

static uint64_t weight_of_primitive(const struct open_entry *open, const struct core *call)
{
    size_t count = call->call.count;
    if (!open || count == 0 || count >= STEPS_MAX)
        return WEIGHT_CALL;
    switch (open->kind) {
    case OPEN_UNARY:
    case OPEN_CHANGE:
    case OPEN_RECORD_REF:
    case OPEN_RECORD_SET: return WEIGHT_REACH;
    case OPEN_BINARY: return weight_of_binary(open);
    case OPEN_TEST1:
    case OPEN_TEST2:
    case OPEN_TYPE:
    case OPEN_NOT:
    case OPEN_ZERO: return WEIGHT_STEP;
    case OPEN_PATH: return 2 * WEIGHT_REACH;
    case OPEN_BITS:
    case OPEN_ARITH: return WEIGHT_STEP * (count > 1 ? count - 1 : 1);
    case OPEN_COMPARE: return count == 2 ? WEIGHT_STEP : WEIGHT_CALL;
    case OPEN_EQV:
        for (size_t i = 0; i < count; i++)
            if (is_small_constant(call->call.args[i]))
                return WEIGHT_STEP;
        return WEIGHT_CALL;
    case OPEN_VALUES:
    case OPEN_LIBRARY:
    case OPEN_CONTROL: return WEIGHT_CALL;
    }
    return WEIGHT_CALL;
}

/* Does a call of it certainly reach a procedure of this program, which pays for its entry? */
static bool is_entry(const struct compiler *compiler, const struct core *operator)
{
    const struct core *value = operator;
    if (value->kind == CORE_LETREC) /* the way that some macros write a loop */
        value = value->let.body;
    if (value->kind == CORE_LOCAL) {
        value = value->local->assignments == 0 ? value->local->binding : NULL;
    } else if (value->kind == CORE_GLOBAL) {
        const struct global *global = value->global;
        bool fixed = global->kind == GLOBAL_TOP && global->definitions == 1 && global->assignments == 0 &&
                     (global->immutable || !compiler->options->open_globals);
        value = fixed ? global->value : NULL;
    }
    return value && value->kind == CORE_LAMBDA;
}

/* Adds what the call itself takes. false: it is of a primitive, behind which no continuation comes back. */
static bool add_call(struct compiler *compiler, struct line *line, const struct core *call)
{
    const struct core *operator= call->call.procedure;
    if (operator->kind == CORE_GLOBAL && operator->global->kind == GLOBAL_PRIMITIVE) {
        const struct open_entry *open = open_find(compiler, operator->global);
        if (open && open->kind == OPEN_LIBRARY) {
            line->weight += WEIGHT_ENTER;
            return true;
        }
        line->weight += weight_of_primitive(open, call);
        return open && open->kind == OPEN_CONTROL;
    }
    if (operator->kind == CORE_GLOBAL && operator->global->kind == GLOBAL_IMAGE)
        line->weight += WEIGHT_ENTER;
    else
        line->weight += is_entry(compiler, operator) ? WEIGHT_STEP : WEIGHT_CALL;
    return true;
}

static bool weigh_call(struct compiler *compiler, struct weighing *weighing, struct core **slot)
{
    struct line *line = &weighing->line;
    struct core *call = *slot, **behind = NULL;
    uint64_t calls = line->calls;
    if (call->call.procedure->kind != CORE_GLOBAL && !weigh(compiler, &call->call.procedure, weighing))
        return false;
    if (line->calls != calls)
        behind = &call->call.procedure;
    for (size_t i = 0; i < call->call.count; i++) {
        calls = line->calls;
        if (!weigh(compiler, &call->call.args[i], weighing))
            return false;
        if (line->calls != calls)
            behind = &call->call.args[i];
    }
    bool is_real = add_call(compiler, line, call);
    if (!settle(compiler, line, slot, behind))
        return false;
    if (is_real) {
        line->tick = NULL;
        line->calls++;
    }
    return true;
}

static bool weigh_set(struct compiler *compiler, struct weighing *weighing, struct core **slot, struct core **value)
{
    uint64_t calls = weighing->line.calls;
    if (!weigh(compiler, value, weighing))
        return false;
    weighing->line.weight += WEIGHT_STEP;
    return settle(compiler, &weighing->line, slot, weighing->line.calls != calls ? value : NULL);
}

/* --- branches --- */

static bool weigh_if(struct compiler *compiler, struct weighing *weighing, struct core *node)
{
    struct line *line = &weighing->line;
    uint64_t calls = line->calls;
    if (!weigh(compiler, &node->branch.test, weighing))
        return false;
    line->weight += WEIGHT_LEAF;
    if (!settle(compiler, line, &node->branch.test, line->calls != calls ? &node->branch.test : NULL))
        return false;
    struct line before = *line;
    line->tick = NULL;
    if (!weigh(compiler, &node->branch.then, weighing))
        return false;
    struct line then = *line;
    *line = before;
    line->tick = NULL;
    if (!weigh(compiler, &node->branch.otherwise, weighing))
        return false;
    bool called = line->calls != before.calls || then.calls != before.calls;
    line->tick = called ? NULL : before.tick;
    line->calls = before.calls + called;
    if (then.weight > line->weight)
        line->weight = then.weight;
    return true;
}

/* --- what is done one after the other --- */

static bool weigh_all(struct compiler *compiler, struct weighing *weighing, struct core **nodes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if ((nodes[i]->kind != CORE_TICK && !settle(compiler, &weighing->line, &nodes[i], NULL)) ||
            !weigh(compiler, &nodes[i], weighing))
            return false;
    return true;
}

static bool weigh_let(struct compiler *compiler, struct weighing *weighing, struct core *node)
{
    bind_variables(weighing, node->let.variables, node->let.count);
    for (size_t i = 0; i < node->let.count; i++)
        if (!weigh(compiler, &node->let.values[i], weighing))
            return false;
    return weigh_all(compiler, weighing, &node->let.body, 1);
}

static bool weigh_receive(struct compiler *compiler, struct weighing *weighing, struct core *node)
{
    struct core_clause *clause = &node->receive.clause;
    bind_variables(weighing, clause->params, clause->count + clause->has_rest);
    if (!weigh(compiler, &node->receive.producer, weighing))
        return false;
    weighing->line.weight += WEIGHT_STEP;
    return weigh_all(compiler, weighing, &clause->body, 1);
}

/* --- all --- */

static bool weigh(struct compiler *compiler, struct core **slot, void *data)
{
    struct weighing *weighing = data;
    struct core *node = *slot;
    if (compile_is_deep(compiler))
        return visit_deeper(compiler, weigh, slot, data);
    if (!front_charge(compiler->front, 1))
        return false;
    switch ((enum core_kind)node->kind) {
    case CORE_TICK: weighing->line.tick = node; return true;
    case CORE_CONSTANT:
    case CORE_GLOBAL: weighing->line.weight += WEIGHT_LEAF; return true;
    case CORE_LOCAL: weighing->line.weight += WEIGHT_LEAF; return note_use(compiler, weighing, node->local);
    case CORE_SET_LOCAL:
        return note_use(compiler, weighing, node->set_local.variable) &&
               weigh_set(compiler, weighing, slot, &node->set_local.value);
    case CORE_SET_GLOBAL:
    case CORE_DEFINE: return weigh_set(compiler, weighing, slot, &node->set_global.value);
    case CORE_IF: return weigh_if(compiler, weighing, node);
    case CORE_LAMBDA: return weigh_lambda(compiler, weighing, node);
    case CORE_CALL: return weigh_call(compiler, weighing, slot);
    case CORE_LET:
    case CORE_LETREC: return weigh_let(compiler, weighing, node);
    case CORE_RECEIVE: return weigh_receive(compiler, weighing, node);
    case CORE_SEQUENCE: return weigh_all(compiler, weighing, node->sequence.items, node->sequence.count);
    }
    return false;
}

bool pass_weigh(struct compiler *compiler)
{
    struct procedure program = { .node = NULL };
    struct weighing weighing = { .now = &program };
    return weigh(compiler, &compiler->body, &weighing);
}
