/*
 * Does a procedure pay for what it does? The verifier asks it of code from elsewhere, whose ticks may be any: on every
 * way through a procedure, and behind every call again, what the instructions weigh may be ahead of what was paid only
 * by a few units. Knows what instructions take at least, so that what the compiler makes of a program is never near to
 * being refused; what the parts of a program take at worst is weigh.c's.
 */
#include "schooner/compile/passes.h"
#include "schooner/table/primitive.h"

/* In quarters of the weights of weigh.c: a move is less than one. */
enum {
    WEIGHT_UNIT = 400,
    WEIGHT_MOVE = 1,
    WEIGHT_TEST = 4,
    WEIGHT_STEP = 16,
    WEIGHT_REACH = 32,
    WEIGHT_MAKE = 40,
    WEIGHT_SEEK = 64,
    WEIGHT_PRIMITIVE = 128,
    UNPAID_MOST = 10 * WEIGHT_UNIT,
    PAID_MOST = 1 << 28,
    REACHED = 1 << 30, /* what is kept of a place is never 0 where it was reached */
};

static const uint8_t weights[OPCODE_COUNT] = {
    [OP_MOVE] = WEIGHT_MOVE,
    [OP_LOADW] = WEIGHT_MOVE,
    [OP_STOREW] = WEIGHT_MOVE,
    [OP_LOADI] = WEIGHT_MOVE,
    [OP_LOADX] = WEIGHT_MOVE,
    [OP_LOAD64] = WEIGHT_MOVE,
    [OP_CONST] = WEIGHT_MOVE,
    [OP_CONSTW] = WEIGHT_MOVE,
    [OP_GLOBAL] = WEIGHT_MOVE,
    [OP_GLOBAL_SET] = WEIGHT_STEP,
    [OP_CELL_REF] = WEIGHT_MOVE,
    [OP_CELL_DEFINE] = WEIGHT_STEP,
    [OP_CELL_SET] = WEIGHT_STEP,
    [OP_BOX] = WEIGHT_MAKE,
    [OP_UNBOX] = WEIGHT_MOVE,
    [OP_SETBOX] = WEIGHT_STEP,
    [OP_CHECK] = WEIGHT_MOVE,
    [OP_ENV] = WEIGHT_MOVE,
    [OP_SELF] = WEIGHT_MOVE,
    [OP_CLOSURE] = WEIGHT_MAKE,
    [OP_CLOSURE_SET] = WEIGHT_MOVE,
    [OP_JUMP] = WEIGHT_MOVE,
    [OP_CALL] = WEIGHT_STEP,
    [OP_CALL_KNOWN] = WEIGHT_STEP,
    [OP_CALL_LOCAL] = WEIGHT_STEP,
    [OP_CALL_PRIM] = WEIGHT_SEEK,
    [OP_RECEIVE] = WEIGHT_STEP,
    [OP_ADD] = WEIGHT_STEP,
    [OP_SUB] = WEIGHT_STEP,
    [OP_MUL] = WEIGHT_STEP,
    [OP_DIV] = WEIGHT_STEP,
    [OP_ADDI] = WEIGHT_STEP,
    [OP_SUBI] = WEIGHT_STEP,
    [OP_QUOTIENT] = WEIGHT_STEP,
    [OP_REMAINDER] = WEIGHT_STEP,
    [OP_MODULO] = WEIGHT_STEP,
    [OP_CAR] = WEIGHT_REACH,
    [OP_CDR] = WEIGHT_REACH,
    [OP_CONS] = WEIGHT_MAKE,
    [OP_VECTOR_REF] = WEIGHT_REACH,
    [OP_VECTOR_LENGTH] = WEIGHT_REACH,
    [OP_STRING_REF] = WEIGHT_SEEK,
    [OP_BYTE_REF] = WEIGHT_REACH,
    [OP_RECORD_REF] = WEIGHT_REACH,
    [OP_CHAR_INT] = WEIGHT_STEP,
    [OP_BITS_AND] = WEIGHT_STEP,
    [OP_BITS_IOR] = WEIGHT_STEP,
    [OP_BITS_XOR] = WEIGHT_STEP,
    [OP_SHIFT] = WEIGHT_STEP,
    [OP_SET_CAR] = WEIGHT_REACH,
    [OP_SET_CDR] = WEIGHT_REACH,
    [OP_VECTOR_SET] = WEIGHT_REACH,
    [OP_BYTE_SET] = WEIGHT_REACH,
    [OP_RECORD_SET] = WEIGHT_REACH,
};

/* Without open-coding, what has an instruction is a PRIM like the others; its weight is still that of the instruction.
 */
static int32_t weight_of_primitive(struct pay *pay, uint32_t primitive)
{
    uint8_t *known = &pay->primitives[primitive];
    if (*known == 0)
        *known = open_has_instruction(primitive) ? WEIGHT_STEP : WEIGHT_PRIMITIVE;
    return *known;
}

static int32_t weight_of(struct pay *pay, const struct instruction *in, uint32_t word)
{
    if (in->op >= OP_JTRUE && in->op <= OP_JNCHAR_LT)
        return WEIGHT_TEST;
    if (in->op == OP_PRIM)
        return weight_of_primitive(pay, word_bc(word));
    return weights[in->op] + (int32_t)in->capture_count * WEIGHT_MOVE;
}

static int32_t paid_by(unsigned op, uint32_t word)
{
    uint32_t units = op == OP_ENTER ? word_a(word) : op == OP_TICK || op == OP_LOOP ? word_abc(word) : 0;
    return units < PAID_MOST / WEIGHT_UNIT ? (int32_t)units * WEIGHT_UNIT : PAID_MOST;
}

/* The worst of the ways that lead to a place counts. */
static void arrive(struct pay *pay, uint32_t at, int32_t unpaid)
{
    int32_t *place = &pay->places[at];
    if (*place == 0 || *place < unpaid + REACHED)
        *place = unpaid + REACHED;
}

bool pay_begin(struct pay *pay, struct front *front, uint32_t word_count)
{
    pay->front = front;
    pay->places = front_array(front, (size_t)word_count + 1, sizeof *pay->places);
    pay->primitives = front_array(front, PRIMITIVE_COUNT, sizeof *pay->primitives);
    return pay->places && pay->primitives;
}

bool pay_suffices(struct pay *pay, const uint32_t *words, uint32_t entry, uint32_t end)
{
    struct instruction in;
    for (uint32_t at = entry; at < end; at += in.length) {
        if (!front_step(pay->front, 16) || !code_decode(words, end, at, &in))
            return false;
        /* what is reached from behind alone begins anew: the jump back has paid */
        int32_t unpaid = pay->places[at] == 0 ? 0 : pay->places[at] - REACHED;
        unpaid += weight_of(pay, &in, words[at]) - paid_by(in.op, words[at]);
        if (unpaid > UNPAID_MOST)
            return false;
        if (unpaid < -PAID_MOST)
            unpaid = -PAID_MOST;
        if (opcode_flags[in.op] & OPCODE_CALL && unpaid < 0)
            unpaid = 0; /* a continuation may come back here, and pays for nothing before */
        if (in.target > at)
            arrive(pay, (uint32_t)in.target, unpaid);
        if (!(opcode_flags[in.op] & OPCODE_ENDS))
            arrive(pay, at + in.length, unpaid);
    }
    return true;
}
