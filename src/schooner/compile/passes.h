/*
 * What the passes of the compiler share. Order: count, weigh (fuel of straight lines), letrec (recursive bindings
 * become let and fix), then count, known and inline (twice), loops, closures, generate; live maps and assembly come
 * last.
 */
#ifndef SCHOONER_COMPILE_PASSES_H
#define SCHOONER_COMPILE_PASSES_H

#include "base/cstack.h"
#include "schooner/compile/code.h"
#include "schooner/compile/compile.h"

/* The passes follow the tree by recursion: so many bytes of the thread's C stack, which may be small (256 KiB), are
 * used before the segments of base/cstack.h. */
enum { COMPILE_STACK = HOSTILE ? 8 * 1024 : 64 * 1024 };

struct open_entry;

/* struct global's scratch */
struct global_info {
    struct global *global;
    uint32_t epoch; /* of the counts */
    uint32_t order; /* of its definition among the top-level forms */
    bool early;     /* may be used before its definition */
    bool reached;
    uint32_t constant; /* in the code; CODE_NONE */
    const struct open_entry *open;
    bool open_looked;
    struct global_info *next;
};

/* A lambda's scratch */
struct lambda_info {
    struct core *node;
    struct lambda_info *parent;
    struct variable *bound; /* the variable that it is the only value of */
    struct variable **free;
    uint32_t free_count;
    size_t free_capacity;
    bool is_top; /* the program itself */
    bool loop;   /* its calls are jumps: no procedure at all */
    bool closed; /* captures nothing */
    bool calls;  /* calls what may capture a continuation, and so copy its frame */
    bool inlining;
    uint32_t index;           /* of the procedure; CODE_NONE before it is queued */
    uint32_t constant;        /* of the closed procedure */
    uint32_t *starts;         /* labels of the clauses, behind the check of arity */
    struct lambda_info *next; /* queue */
    /* of a loop: */
    uint32_t again; /* label behind the tick */
    uint32_t ticks;
    struct lambda_info *home; /* the procedure that the loop is a part of */
};

struct compiler {
    struct front *front;
    const struct compile_options *options;
    struct core *body;
    struct cstack stack;
    uint32_t epoch;
    struct global_info *globals;
    uint32_t inline_depth;
    struct inlining *copying;      /* of the body that inline.c copies */
    struct position copy_position; /* given to all of the copy; line 0: they keep theirs */
    struct inlining *composed_from, *composed;
};

static inline bool is_off(const struct compiler *compiler, enum switch_number pass)
{
    return switch_is_off(compiler->options->off, pass);
}

static inline struct lambda_info *lambda_info_of(const struct core *lambda)
{
    return lambda->lambda.scratch;
}

/* Calls `visit` for each child; stops at the first false. Goes as deep as memory allows: a `visit` that descends
 * through core_each alone need not look at the stack. */
typedef bool core_visit(struct compiler *compiler, struct core **child, void *data);
bool core_each(struct compiler *compiler, struct core *node, core_visit *visit, void *data);
/* Recursive functions ask on entry, before they charge: fuel does not depend on the size of frames. */
static inline bool compile_is_deep(const struct compiler *compiler)
{
    return unlikely(cstack_is_low(&compiler->stack));
}
/* The same call on a further part of the stack; false after front_limit when there is none. */
bool compile_deeper(struct compiler *compiler, void (*run)(void *data), void *data);
bool visit_deeper(struct compiler *compiler, core_visit *visit, struct core **slot, void *data);

struct global_info *global_info_of(struct compiler *compiler, struct global *global);
bool global_is_known(struct compiler *compiler, struct global *global); /* its one value is known to the compiler */

/* The passes; each false after front_fail or front_limit. */
bool pass_count(struct compiler *compiler);
bool pass_weigh(struct compiler *compiler);
bool pass_letrec(struct compiler *compiler);
bool pass_known(struct compiler *compiler);
bool pass_inline(struct compiler *compiler);
bool pass_loops(struct compiler *compiler);
bool pass_closures(struct compiler *compiler, struct lambda_info *top);
bool pass_generate(struct compiler *compiler, struct lambda_info *top, struct sch_code **ret);

/* The lambda that a call certainly reaches; NULL. */
struct core *callee_of(struct compiler *compiler, const struct core *operator);

/* fold.c: the value of a primitive applied to constants, as a node; NULL when it cannot be known or is not immediate.
 */
struct core *fold_primitive(struct compiler *compiler, const char *name, const struct core *call);
bool core_is_true_constant(const struct core *node);
bool core_is_false_constant(const struct core *node);
bool core_is_pure(const struct core *node); /* no effect, cannot fail */

/* open.c */
enum open_kind {
    OPEN_UNARY,  /* op d s */
    OPEN_BINARY, /* op d s s */
    OPEN_BITS,   /* op d s s, from left to right */
    OPEN_CHANGE, /* op s s, or op s s s: as many operands as `small` says */
    OPEN_ARITH,  /* op d s s, with op_small d s i when the second is small; more operands from left to right */
    OPEN_TEST1,  /* branch */
    OPEN_TEST2,
    OPEN_TYPE,    /* branch on the type of an object */
    OPEN_COMPARE, /* branch with a variant for small integers */
    OPEN_NOT,
    OPEN_EQV,  /* eq? when one side is a constant for which they agree */
    OPEN_ZERO, /* comparison with 0 */
    OPEN_PATH, /* cadr and its like, of two steps */
    OPEN_RECORD_REF,
    OPEN_RECORD_SET,
    OPEN_VALUES,
    OPEN_LIBRARY, /* op u P c: may ask the library to do it, and stands where it calls */
    OPEN_CONTROL, /* needs a frame: never a PRIM instruction */
};

struct open_entry {
    const char *name;
    enum open_kind kind;
    uint8_t op;
    uint8_t small;
};
const struct open_entry *open_find(struct compiler *compiler, struct global *global);
/* May the instruction, PRIM or CALL_PRIM, be used for the primitive? */
bool open_allows(uint32_t primitive, uint8_t op);
/* Has the primitive an instruction of its own in most calls? */
bool open_has_instruction(uint32_t primitive);
bool core_is_primitive(struct compiler *compiler, const struct core *node, const char *name);

/* live.c: appends the safe points of one procedure. */
struct live_tables {
    struct front *front;
    struct code_safe_point *points;
    size_t point_count, point_capacity;
    uint32_t *maps;
    size_t map_count, map_capacity;
    uint32_t *map_slots; /* hash of maps: index + 1 */
    size_t slot_capacity;
};
bool live_procedure(struct live_tables *tables, const uint32_t *words, uint32_t count, uint32_t entry, uint32_t end,
                    uint32_t registers);

/* verify_pay.c: whether code pays for what it does, procedure by procedure. */
struct pay {
    struct front *front;
    int32_t *places;     /* per word: what is unpaid where the instruction begins */
    uint8_t *primitives; /* per primitive: its weight, 0: not known yet */
};
bool pay_begin(struct pay *pay, struct front *front, uint32_t word_count);
/* The instructions are whole. false: no, or a limit, which the front has then. */
bool pay_suffices(struct pay *pay, const uint32_t *words, uint32_t entry, uint32_t end);

#endif
