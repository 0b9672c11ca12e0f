/*
 * A syntax-rules macro, compiled: patterns and templates as small trees, identifiers of templates in a table. The depth
 * of these trees is bounded, so matching and building may recurse.
 */
#ifndef SCHOONER_EXPAND_MACRO_H
#define SCHOONER_EXPAND_MACRO_H

#include "base/buffer.h"
#include "schooner/expand/expander.h"

enum { MACRO_DEPTH_MAX = 200, MACRO_VARIABLES_MAX = 4096 };

enum pattern_kind {
    PATTERN_ANY, /* _ */
    PATTERN_VARIABLE,
    PATTERN_LITERAL, /* an identifier that must be bound alike */
    PATTERN_DATUM,   /* an atom that must be equal */
    PATTERN_NIL,
    PATTERN_PAIR,
    PATTERN_ELLIPSIS, /* (sub ... . rest) */
    PATTERN_VECTOR,   /* sub is the pattern of its elements as a list */
    PATTERN_KINDS,
};

struct pattern {
    uint8_t kind;
    uint32_t index; /* VARIABLE: its number; ELLIPSIS: the first variable in sub; LITERAL: of the identifier */
    uint32_t count; /* ELLIPSIS: how many variables are in sub */
    uint32_t tail;  /* ELLIPSIS: pairs that rest needs */
    const struct datum *datum;
    struct pattern *sub;  /* PAIR: car */
    struct pattern *rest; /* PAIR: cdr */
};

enum template_kind {
    TEMPLATE_VARIABLE,
    TEMPLATE_IDENTIFIER,
    TEMPLATE_DATUM,
    TEMPLATE_PAIR,
    TEMPLATE_ELLIPSIS, /* (sub ... ... . rest) with `levels` ellipses */
    TEMPLATE_VECTOR,
    TEMPLATE_KINDS,
};

struct template
{
    uint8_t kind;
    uint32_t index;      /* VARIABLE, IDENTIFIER */
    uint32_t levels;     /* ELLIPSIS */
    uint32_t outer;      /* ELLIPSIS: how many ellipses enclose it */
    uint32_t size;       /* nodes that building it makes, without what ellipses repeat */
    uint32_t *variables; /* ELLIPSIS: those with ellipses that occur in sub */
    uint32_t variable_count;
    const struct datum *datum;
    struct template *sub;
    struct template *rest;
};

/* A variable of a rule, for its template: with the first `depth` ellipses behind `skipped` ones it repeats. */
struct rule_variable {
    uint8_t depth;
    uint8_t skipped;
    uint32_t source; /* what it is a copy of */
};

struct rule {
    struct pattern *pattern; /* of the operands */
    struct template *template;
    uint32_t variable_count;
    uint32_t copies; /* the first of those that are copies: the others are the pattern's and skip none */
    struct rule_variable *variables;
    struct position position;
};

struct macro {
    const unsigned char *bytes; /* as an existing library has it; NULL: made here */
    size_t length;
    struct environment env;     /* of the definition */
    struct datum **identifiers; /* of literals and templates */
    uint32_t identifier_count;
    size_t identifier_capacity;
    struct rule *rules; /* NULL: bytes, not decoded yet */
    uint32_t rule_count;
};

/* Does the variable repeat with an ellipsis that so many others enclose? */
static inline bool variable_repeats(const struct rule_variable *variable, uint32_t outer)
{
    return outer >= variable->skipped && outer < (uint32_t)variable->skipped + variable->depth;
}

/* Fills in the sizes of a template that was parsed or decoded. */
void template_measure(struct template *template);
/* Bytes without pointers: what a library stores. *ret lives in the arena. */
bool macro_encode(struct expander *x, const struct macro *macro, const unsigned char **ret, size_t *ret_length);
/* The rules of a macro that has bytes only. */
bool macro_decode(struct expander *x, struct macro *macro);
/* The names of the defining module that the templates mention. */
const struct name *macro_mentions(const struct macro *macro, uint32_t index);

#endif
