/* Tests as branches, and primitives as instructions. */
#include "schooner/compile/generate.h"
#include "schooner/table/primitive.h"

static const struct open_entry *open_of(struct generator *g, const struct core *call)
{
    if (call->kind != CORE_CALL || call->call.procedure->kind != CORE_GLOBAL || is_off(g->compiler, SWITCH_OPEN))
        return NULL;
    return open_find(g->compiler, call->call.procedure->global);
}

bool small_constant(const struct core *node, int64_t least, int64_t most, int64_t *ret)
{
    if (node->kind != CORE_CONSTANT || node->constant->kind != DATUM_IMMEDIATE || !is_fixnum(node->constant->value))
        return false;
    *ret = fixnum_int(node->constant->value);
    return *ret >= least && *ret <= most;
}

/* A constant for which eqv? (and equal?) is eq?: no number outside of words, no string, no pair. */
static bool is_eq_constant(const struct core *node)
{
    return node->kind == CORE_CONSTANT &&
           (node->constant->kind == DATUM_NIL || node->constant->kind == DATUM_SYMBOL ||
            node->constant->kind == DATUM_KEYWORD || node->constant->kind == DATUM_IMMEDIATE);
}

/* A constant whose word fits the instruction jis. */
static bool small_word(const struct core *node, uint32_t *ret)
{
    if (node->kind != CORE_CONSTANT)
        return false;
    if (node->constant->kind == DATUM_NIL) {
        *ret = (uint32_t)V_NIL.bits;
        return true;
    }
    if (node->constant->kind != DATUM_IMMEDIATE || node->constant->value.bits > 0xffff)
        return false;
    *ret = (uint32_t)node->constant->value.bits;
    return true;
}

bool is_test(struct generator *g, const struct core *node)
{
    const struct open_entry *open = open_of(g, node);
    size_t count = node->call.count;
    if (!open)
        return false;
    switch (open->kind) {
    case OPEN_TEST1:
    case OPEN_TYPE:
    case OPEN_NOT:
    case OPEN_ZERO: return count == 1;
    case OPEN_TEST2:
    case OPEN_COMPARE: return count == 2;
    case OPEN_EQV: return count == 2 && (is_eq_constant(node->call.args[0]) || is_eq_constant(node->call.args[1]));
    case OPEN_UNARY:
    case OPEN_BINARY:
    case OPEN_BITS:
    case OPEN_CHANGE:
    case OPEN_ARITH:
    case OPEN_PATH:
    case OPEN_RECORD_REF:
    case OPEN_RECORD_SET:
    case OPEN_VALUES:
    case OPEN_LIBRARY:
    case OPEN_CONTROL: return false;
    }
    return false;
}

bool is_or(const struct core *node)
{
    if (node->kind != CORE_LET || node->let.count != 1 || node->let.body->kind != CORE_IF)
        return false;
    const struct variable *variable = node->let.variables[0];
    const struct core *test = node->let.body->branch.test, *then = node->let.body->branch.then;
    return variable->references == 2 && variable->assignments == 0 && test->kind == CORE_LOCAL &&
           test->local == variable && then->kind == CORE_LOCAL && then->local == variable;
}

/* A branch `op` that holds for yes; its opposite stands behind it in the table. */
#define BRANCH(...)                                               \
    do {                                                          \
        if (fall == yes) {                                        \
            emit(&g->as, (enum opcode)(op + 1), __VA_ARGS__, no); \
        } else {                                                  \
            emit(&g->as, op, __VA_ARGS__, yes);                   \
            if (fall != no)                                       \
                emit(&g->as, OP_JUMP, no);                        \
        }                                                         \
    } while (0)

static bool gen_compare(struct generator *g, struct core *node, const struct open_entry *open, uint32_t yes,
                        uint32_t no, uint32_t fall)
{
    int64_t small;
    enum opcode op = open->op;
    struct core *left = node->call.args[0];
    if (open->kind == OPEN_ZERO || small_constant(node->call.args[1], INT16_MIN, INT16_MAX, &small)) {
        if (open->kind == OPEN_ZERO)
            small = 0;
        else
            op = open->small;
        uint32_t a = gen_operand(g, left);
        gen_position(g, node);
        BRANCH(a, (uint32_t)small & 0xffff);
        return !gen_failed(g);
    }
    uint32_t a = gen_operand(g, left), b = gen_operand(g, node->call.args[1]);
    gen_position(g, node);
    BRANCH(a, b);
    return !gen_failed(g);
}

static bool gen_eq(struct generator *g, struct core *node, uint32_t yes, uint32_t no, uint32_t fall)
{
    struct core *left = node->call.args[0], *right = node->call.args[1];
    uint32_t word;
    if (small_word(left, &word)) {
        struct core *swap = left;
        left = right, right = swap;
    }
    uint32_t a = gen_operand(g, left);
    if (small_word(right, &word)) {
        enum opcode op = OP_JIS;
        BRANCH(a, word);
        return !gen_failed(g);
    }
    uint32_t b = gen_operand(g, right);
    enum opcode op = OP_JEQ;
    BRANCH(a, b);
    return !gen_failed(g);
}

static bool gen_open_test(struct generator *g, struct core *node, uint32_t yes, uint32_t no, uint32_t fall)
{
    const struct open_entry *open = open_of(g, node);
    enum opcode op = open->op;
    uint32_t a, b;
    switch (open->kind) {
    case OPEN_NOT: return gen_test(g, node->call.args[0], no, yes, fall);
    case OPEN_ZERO:
    case OPEN_COMPARE: return gen_compare(g, node, open, yes, no, fall);
    case OPEN_EQV: return gen_eq(g, node, yes, no, fall);
    case OPEN_TEST1:
        a = gen_operand(g, node->call.args[0]);
        gen_position(g, node);
        BRANCH(a);
        return !gen_failed(g);
    case OPEN_TYPE:
        a = gen_operand(g, node->call.args[0]);
        BRANCH(a, open->small);
        return !gen_failed(g);
    case OPEN_TEST2:
        if (op == OP_JEQ)
            return gen_eq(g, node, yes, no, fall);
        a = gen_operand(g, node->call.args[0]);
        b = gen_operand(g, node->call.args[1]);
        gen_position(g, node);
        BRANCH(a, b);
        return !gen_failed(g);
    case OPEN_UNARY:
    case OPEN_BINARY:
    case OPEN_BITS:
    case OPEN_CHANGE:
    case OPEN_ARITH:
    case OPEN_PATH:
    case OPEN_RECORD_REF:
    case OPEN_RECORD_SET:
    case OPEN_VALUES:
    case OPEN_LIBRARY:
    case OPEN_CONTROL: return false;
    }
    return false;
}

static bool gen_test_if(struct generator *g, struct core *node, uint32_t yes, uint32_t no, uint32_t fall)
{
    uint32_t then = label_new(&g->as), otherwise = label_new(&g->as), saved = g->next;
    if (!gen_test(g, node->branch.test, then, otherwise, then))
        return false;
    label_place(&g->as, then);
    g->next = saved;
    if (!gen_test(g, node->branch.then, yes, no, CODE_NONE))
        return false;
    label_place(&g->as, otherwise);
    g->next = saved;
    return gen_test(g, node->branch.otherwise, yes, no, fall);
}

static bool gen_test_kind(struct generator *g, struct core *node, uint32_t yes, uint32_t no, uint32_t fall)
{
    if (core_is_false_constant(node) || core_is_true_constant(node)) {
        uint32_t to = core_is_false_constant(node) ? no : yes;
        if (to != fall)
            emit(&g->as, OP_JUMP, to);
        return !gen_failed(g);
    }
    if (node->kind == CORE_CALL && is_test(g, node))
        return gen_open_test(g, node, yes, no, fall);
    if (node->kind == CORE_IF) {
        /* (and a b), (or a b): one of the branches is known */
        if (core_is_false_constant(node->branch.otherwise)) {
            uint32_t both = label_new(&g->as);
            if (!gen_test(g, node->branch.test, both, no, both))
                return false;
            label_place(&g->as, both);
            return gen_test(g, node->branch.then, yes, no, fall);
        }
        return gen_test_if(g, node, yes, no, fall);
    }
    if (is_or(node)) {
        uint32_t other = label_new(&g->as), saved = g->next;
        if (!gen_test(g, node->let.values[0], yes, other, other))
            return false;
        label_place(&g->as, other);
        g->next = saved;
        return gen_test(g, node->let.body->branch.otherwise, yes, no, fall);
    }
    if (node->kind == CORE_SEQUENCE && node->sequence.count > 0) {
        for (size_t i = 0; i + 1 < node->sequence.count; i++)
            if (!gen(g, node->sequence.items[i], (struct dest){ WANT_EFFECT, 0 }))
                return false;
        return gen_test(g, node->sequence.items[node->sequence.count - 1], yes, no, fall);
    }
    uint32_t a = gen_operand(g, node);
    enum opcode op = OP_JTRUE;
    BRANCH(a);
    return !gen_failed(g);
}

struct test_call {
    struct generator *g;
    struct core *node;
    uint32_t yes, no, fall;
    bool result;
};

static void test_again(void *data)
{
    struct test_call *call = data;
    call->result = gen_test(call->g, call->node, call->yes, call->no, call->fall);
}

bool gen_test(struct generator *g, struct core *node, uint32_t yes, uint32_t no, uint32_t fall)
{
    if (compile_is_deep(g->compiler)) {
        struct test_call call = { g, node, yes, no, fall, false };
        g->as.failed = !compile_deeper(g->compiler, test_again, &call) || gen_failed(g);
        return call.result;
    }
    return !gen_failed(g) && gen_test_kind(g, node, yes, no, fall);
}

/* --- instructions for primitives --- */

/* More arguments are work that the primitive charges for. */
enum { OPEN_ARGUMENTS = 7 };

/* Where an instruction writes whose operands were taken from `first` on: it reads them before, so they make room. */
static uint32_t result_after(struct generator *g, struct dest dest, uint32_t first)
{
    if (dest.want == WANT_VALUE)
        return dest.reg;
    g->next = first;
    return registers_take(g, 1);
}

/* One step of (op a b c ...), with the left side in `a`. */
static uint32_t gen_step(struct generator *g, struct core *node, const struct open_entry *open, uint32_t a,
                         struct core *right, struct dest dest, uint32_t first)
{
    int64_t small;
    bool has_small = open->small && small_constant(right, INT8_MIN, INT8_MAX, &small);
    uint32_t b = has_small ? (uint32_t)small & 0xff : gen_operand(g, right), reg = result_after(g, dest, first);
    gen_position(g, node);
    emit(&g->as, (enum opcode)(has_small ? open->small : open->op), reg, a, b);
    return reg;
}

static bool gen_arith(struct generator *g, struct core *node, const struct open_entry *open, struct dest dest)
{
    struct core **args = node->call.args;
    size_t count = node->call.count;
    uint32_t first = g->next, reg;
    int64_t small;
    if (open->op == OP_ADD && count == 2 && small_constant(args[0], INT8_MIN, INT8_MAX, &small) &&
        !small_constant(args[1], INT8_MIN, INT8_MAX, &small))
        return gen_deliver(g, gen_step(g, node, open, gen_operand(g, args[1]), args[0], dest, first), dest);
    reg = gen_operand(g, args[0]);
    for (size_t i = 1; i < count; i++) {
        struct dest between = { i + 1 == count ? dest.want : WANT_EFFECT, dest.reg };
        reg = gen_step(g, node, open, reg, args[i], between, first);
    }
    return gen_deliver(g, reg, dest);
}

static bool gen_record_ref(struct generator *g, struct core *node, struct dest dest)
{
    int64_t index = 0;
    struct core **args = node->call.args;
    small_constant(args[2], 0, 1000, &index);
    uint32_t first = g->next, record = gen_operand(g, args[0]), type = gen_operand(g, args[1]);
    uint32_t reg = result_after(g, dest, first);
    uint32_t name = constant_datum(&g->as, args[3]->constant);
    gen_position(g, node);
    emit(&g->as, OP_RECORD_REF, reg, record, type, (uint32_t)index, name);
    return gen_deliver(g, reg, dest);
}

/* What changes something has no value worth keeping. */
static bool gen_no_value(struct generator *g, struct dest dest, uint32_t first)
{
    if (dest.want == WANT_EFFECT)
        return !gen_failed(g);
    uint32_t reg = result_after(g, dest, first);
    gen_immediate(g, V_UNSPECIFIED, reg);
    return gen_deliver(g, reg, dest);
}

static bool gen_change(struct generator *g, struct core *node, const struct open_entry *open, struct dest dest)
{
    struct core **args = node->call.args;
    uint32_t first = g->next, a = gen_operand(g, args[0]), b = gen_operand(g, args[1]);
    if (node->call.count == 2) {
        gen_position(g, node);
        emit(&g->as, (enum opcode)open->op, a, b);
    } else {
        uint32_t c = gen_operand(g, args[2]);
        gen_position(g, node);
        emit(&g->as, (enum opcode)open->op, a, b, c);
    }
    return gen_no_value(g, dest, first);
}

static bool gen_record_set(struct generator *g, struct core *node, struct dest dest)
{
    int64_t index = 0;
    struct core **args = node->call.args;
    small_constant(args[2], 0, 1000, &index);
    uint32_t first = g->next, record = gen_operand(g, args[0]), type = gen_operand(g, args[1]);
    uint32_t value = gen_operand(g, args[3]), name = constant_datum(&g->as, args[4]->constant);
    gen_position(g, node);
    emit(&g->as, OP_RECORD_SET, record, type, value, (uint32_t)index, name);
    return gen_no_value(g, dest, first);
}

static bool gen_unary(struct generator *g, struct core *node, const struct open_entry *open, struct dest dest)
{
    uint32_t first = g->next, a = gen_operand(g, node->call.args[0]), reg = result_after(g, dest, first);
    gen_position(g, node);
    emit(&g->as, (enum opcode)open->op, reg, a);
    return gen_deliver(g, reg, dest);
}

/* Two instructions, one behind the other: cadr and the like. */
static bool gen_path(struct generator *g, struct core *node, const struct open_entry *open, struct dest dest)
{
    uint32_t first = g->next, a = gen_operand(g, node->call.args[0]), between = registers_take(g, 1);
    uint32_t reg = result_after(g, dest, first);
    gen_position(g, node);
    emit(&g->as, (enum opcode)open->op, between, a);
    emit(&g->as, (enum opcode)open->small, reg, between);
    return gen_deliver(g, reg, dest);
}

static bool gen_binary(struct generator *g, struct core *node, const struct open_entry *open, struct dest dest)
{
    struct core **args = node->call.args;
    uint32_t first = g->next, a = gen_operand(g, args[0]), b = gen_operand(g, args[1]);
    uint32_t reg = result_after(g, dest, first);
    gen_position(g, node);
    emit(&g->as, (enum opcode)open->op, reg, a, b);
    return gen_deliver(g, reg, dest);
}

/* Are there so many arguments, and of such a kind, that an instruction does it? */
static bool is_opened(const struct open_entry *open, const struct core *node)
{
    size_t count = node->call.count;
    struct core **args = node->call.args;
    int64_t index;
    switch (open->kind) {
    case OPEN_UNARY:
    case OPEN_PATH:
    case OPEN_VALUES: return count == 1;
    case OPEN_BINARY: return count == 2;
    case OPEN_CHANGE: return count == open->small;
    case OPEN_BITS:
    case OPEN_ARITH: return count >= 2 && count <= OPEN_ARGUMENTS;
    case OPEN_RECORD_REF:
        return count == 4 && args[3]->kind == CORE_CONSTANT && small_constant(args[2], 0, 1000, &index);
    case OPEN_RECORD_SET:
        return count == 5 && args[4]->kind == CORE_CONSTANT && small_constant(args[2], 0, 1000, &index);
    case OPEN_LIBRARY:
    case OPEN_CONTROL:
    case OPEN_TEST1:
    case OPEN_TEST2:
    case OPEN_TYPE:
    case OPEN_COMPARE:
    case OPEN_NOT:
    case OPEN_EQV:
    case OPEN_ZERO: break;
    }
    return false;
}

static bool gen_opened(struct generator *g, struct core *node, const struct open_entry *open, struct dest dest)
{
    switch (open->kind) {
    case OPEN_UNARY: return gen_unary(g, node, open, dest);
    case OPEN_PATH: return gen_path(g, node, open, dest);
    case OPEN_BINARY: return gen_binary(g, node, open, dest);
    case OPEN_CHANGE: return gen_change(g, node, open, dest);
    case OPEN_BITS:
    case OPEN_ARITH: return gen_arith(g, node, open, dest);
    case OPEN_RECORD_REF: return gen_record_ref(g, node, dest);
    case OPEN_RECORD_SET: return gen_record_set(g, node, dest);
    case OPEN_VALUES: return gen(g, node->call.args[0], dest);
    case OPEN_LIBRARY:
    case OPEN_CONTROL:
    case OPEN_TEST1:
    case OPEN_TEST2:
    case OPEN_TYPE:
    case OPEN_COMPARE:
    case OPEN_NOT:
    case OPEN_EQV:
    case OPEN_ZERO: break; /* is_opened refused them */
    }
    return false;
}

/* A call of the primitive itself: no procedure is looked up, no frame is made. */
static bool gen_direct(struct generator *g, struct core *node, uint32_t index, struct dest dest)
{
    size_t count = node->call.count;
    struct core **args = node->call.args;
    uint32_t first = g->next, base;
    if (count == 1) {
        base = gen_operand(g, args[0]);
    } else {
        base = registers_take(g, (uint32_t)count);
        if (!gen_row(g, args, count, base))
            return false;
    }
    uint32_t reg = result_after(g, dest, first);
    gen_position(g, node);
    emit(&g->as, OP_PRIM, reg, index, base, (uint32_t)count);
    return gen_deliver(g, reg, dest);
}

/* The same, where the primitive may ask for a call: its arguments stand in the frame of that. */
static bool gen_in_frame(struct generator *g, struct core *node, uint32_t index, struct dest dest)
{
    uint32_t count = (uint32_t)node->call.count, header = registers_take(g, FRAME_HEADER + count);
    uint32_t reg = dest.want == WANT_VALUE ? dest.reg : header;
    if (!gen_row(g, node->call.args, count, header + FRAME_HEADER))
        return false;
    gen_position(g, node);
    emit(&g->as, OP_CALL_PRIM, 0u, index, header + FRAME_HEADER, count, reg);
    return gen_deliver(g, reg, dest);
}

bool gen_primitive(struct generator *g, struct core *node, struct dest dest, bool *ret_done)
{
    const struct open_entry *open = open_of(g, node);
    const struct global *global = node->call.procedure->global;
    const struct primitive_info *info = &primitive_table[global->index];
    size_t count = node->call.count;
    *ret_done = true;
    if (open && is_opened(open, node))
        return gen_opened(g, node, open, dest);
    bool takes_them = (int64_t)count >= info->min_args && (info->max_args < 0 || (int64_t)count <= info->max_args);
    bool may_ask = open && open->kind == OPEN_LIBRARY;
    if (!(open && open->kind == OPEN_CONTROL) && !(may_ask && is_off(g->compiler, SWITCH_ASKING)) &&
        !is_off(g->compiler, SWITCH_OPEN) && global->index <= UINT16_MAX && count <= ARGUMENTS_MAX && takes_them)
        return may_ask ? gen_in_frame(g, node, global->index, dest) : gen_direct(g, node, global->index, dest);
    *ret_done = false;
    return true;
}
