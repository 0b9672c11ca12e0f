/* What the files of code generation share. */
#ifndef SCHOONER_COMPILE_GENERATE_H
#define SCHOONER_COMPILE_GENERATE_H

#include "schooner/compile/assemble.h"

/* Where the value of an expression goes. */
enum want { WANT_EFFECT, WANT_VALUE, WANT_TAIL };

struct dest {
    enum want want;
    uint32_t reg; /* WANT_VALUE */
};

struct generator {
    struct compiler *compiler;
    struct assembler as;
    struct lambda_info *now;          /* the procedure that is generated, */
    const struct core_clause *clause; /* and which clause of it */
    uint32_t enter, again;            /* where the clause begins, and the label behind that instruction */
    struct lambda_info *queue, **queue_end;
    uint32_t next, most; /* registers: the next free one, and how many the frame needs */
    uint32_t procedure_count;
};

/* --- generate.c --- */
bool gen(struct generator *g, struct core *node, struct dest dest);
/* A register that holds the value: the variable's own, or a new one. CODE_NONE: failed. */
uint32_t gen_operand(struct generator *g, struct core *node);
bool gen_to(struct generator *g, struct core *node, uint32_t reg);
/* The same for a register that was taken for it and holds nothing yet: until the value is there, the expression uses it
 * and those above as it likes. So frames of calls begin as low as they can. */
bool gen_fresh(struct generator *g, struct core *node, uint32_t reg);
/* Values into a row that was taken for them. */
bool gen_row(struct generator *g, struct core **nodes, size_t count, uint32_t base);
/* `count` registers in a row. */
uint32_t registers_take(struct generator *g, uint32_t count);
/* A value is in `reg`: brings it where it is wanted. */
bool gen_deliver(struct generator *g, uint32_t reg, struct dest dest);
/* The register that an instruction should write for `dest`. */
uint32_t dest_register(struct generator *g, struct dest dest);
void gen_immediate(struct generator *g, sch_value value, uint32_t reg);
void gen_constant(struct generator *g, uint32_t slot, uint32_t reg);
void gen_move(struct generator *g, uint32_t to, uint32_t from);
/* Takes the tick that begins a body. */
uint32_t body_ticks(struct core *body, size_t *ret_skip);
bool gen_body(struct generator *g, struct core *body, size_t skip, struct dest dest);
bool is_boxed(const struct variable *variable);
/* The register of a variable of this procedure. One that has none yet would stand for another's value: that fails. */
uint32_t frame_register(struct generator *g, const struct variable *variable);
void gen_position(struct generator *g, const struct core *node);
bool gen_failed(const struct generator *g);

/* --- generate_call.c --- */
bool gen_call(struct generator *g, struct core *node, struct dest dest);
bool gen_fix(struct generator *g, struct core *node, struct dest dest);
bool gen_lambda_value(struct generator *g, struct core *lambda, uint32_t reg);
void queue_lambda(struct generator *g, struct lambda_info *info);

/* --- generate_test.c --- */
/* Jumps to one of the labels; `fall` is the one that is placed next, so that no jump to it is needed. */
bool gen_test(struct generator *g, struct core *node, uint32_t yes, uint32_t no, uint32_t fall);
bool gen_primitive(struct generator *g, struct core *node, struct dest dest, bool *ret_done);
/* Is it a call that only jumps: its value is a boolean? */
bool is_test(struct generator *g, const struct core *node);
/* (let ((t a)) (if t t b)), the way that `or` is written? */
bool is_or(const struct core *node);
bool small_constant(const struct core *node, int64_t least, int64_t most, int64_t *ret);

#endif
