/*
 * The core tree: what is left of a program when every name is resolved and every derived form is gone. Made by
 * expand/, rewritten by the passes of compile/, all in the compilation's arena. Expressions stand in each
 * other no deeper than front->nesting, but chains (the clauses of a cond, the bindings of a let*) are as long as the
 * program has them: recursion over the tree asks base/cstack.h for room.
 */
#ifndef SCHOONER_CORE_CORE_H
#define SCHOONER_CORE_CORE_H

#include "schooner/read/front.h"

/* A lexical variable. One object for each binding; passes compare pointers. */
struct variable {
    const struct name *name; /* for messages and stages; NULL: the compiler's own */
    struct position position;
    uint32_t id; /* numbered in order of creation */
    /* compile/analyse.c: */
    uint32_t references;
    uint32_t assignments;
    bool captured;         /* used in a procedure other than its binder's */
    bool checked;          /* may be used before it has its value (letrec*) */
    struct core *binding;  /* let/letrec: the node that it is bound to, when it is never assigned */
    struct core *owner;    /* the lambda node whose frame it lives in */
    struct variable *copy; /* inlining: its copy, while the body that binds it is copied */
    int32_t reg;           /* code generation */
    void *scratch;
};

enum global_kind {
    GLOBAL_TOP,       /* of the program or session: a cell named by `name` in the space `space` */
    GLOBAL_PRIMITIVE, /* of the table of primitives: `index` */
    GLOBAL_IMAGE,     /* an immutable value of the image or of the environment: `index` of env's table of values */
};

/* A top-level binding as the compiler sees it; one object for each during one compilation. */
struct global {
    enum global_kind kind;
    const struct name *name;
    const char *space; /* GLOBAL_TOP: "" for the program, else the library's name "(acme shop)" */
    uint32_t index;
    bool immutable;             /* never assigned and not redefined: imports, pure mode */
    bool defined_here;          /* its definition is in this compilation */
    const struct name *written; /* what the program calls an import of it; NULL: it does not */
    /* compile/: */
    uint32_t definitions;
    uint32_t assignments;
    uint32_t references;
    struct core *value; /* the one definition's expression */
    void *scratch;
};

enum core_kind {
#define CORE(ENUM, name) CORE_##ENUM,
#include "schooner/core/core.def"
#undef CORE
};

/* One clause of a procedure: (lambda (params... . rest) body). */
struct core_clause {
    struct variable **params; /* count, then the rest variable if has_rest */
    uint32_t count;
    bool has_rest;
    struct core *body;
};

/* A call in whose place the called procedure's body stands now: backtraces still show it. */
struct inlining {
    const struct name *procedure; /* NULL: nameless */
    struct position call;
    struct inlining *outer; /* the call itself may stand in an inlined body */
    uint32_t index;         /* compile/: in the table of the code, from 1; 0: not there yet */
};

struct core {
    uint8_t kind;
    struct position position;
    struct inlining *inlined; /* NULL: it stands where it was written */
    union {
        const struct datum *constant; /* CONSTANT: quoted, aliases stripped */
        struct variable *local;       /* LOCAL */
        struct global *global;        /* GLOBAL */
        struct {
            struct variable *variable;
            struct core *value;
        } set_local;
        struct {
            struct global *global;
            struct core *value;
        } set_global; /* SET_GLOBAL, DEFINE */
        struct {
            struct core *test, *then, *otherwise;
        } branch; /* IF; otherwise is never NULL */
        struct {
            const struct name *name;     /* for backtraces; NULL */
            struct core_clause *clauses; /* more than one: case-lambda */
            size_t count;
            const struct name *doc; /* unused */
            void *scratch;          /* compile/ */
        } lambda;
        struct {
            struct core *procedure;
            struct core **args;
            size_t count;
        } call;
        struct {
            struct core **items;
            size_t count;
        } sequence; /* at least one */
        struct {
            struct variable **variables;
            struct core **values;
            size_t count;
            struct core *body;
            bool together; /* LETREC: letrec, every value before the first assignment */
        } let;
        /* LET: values evaluated outside of the variables' scope, any order. LETREC: letrec* semantics, or letrec's. */
        struct {
            struct core *producer;
            struct core_clause clause;
        } receive; /* multiple values -> variables */
        struct {
            uint32_t count;
        } tick; /* fuel: this many procedure entries */
    };
};

/* (define-values, records and all else become DEFINE, SET and calls of primitives) */

struct core *core_new(struct front *front, enum core_kind kind, struct position position);
/* A CORE_LET or CORE_LETREC with room for `count` variables and their values. */
struct core *core_new_let(struct front *front, enum core_kind kind, struct position position, size_t count);
/* `first`, then `second`; either may be put in later. */
struct core *core_new_sequence(struct front *front, struct position position, struct core *first, struct core *second);
struct variable *variable_new(struct front *front, const struct name *name, struct position position);
/* A text form of the tree, for `schooner stages` and tests; appended to `out`. */
struct buffer;
bool core_print(const struct core *core, struct buffer *out);

#endif
