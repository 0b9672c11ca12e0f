/*
 * The layouts of heap objects. Objects never move; they are 16-byte aligned; sizes are rounded up to 16 bytes.
 * Accessors are inline; construction is where the owner of a type lives (num/, port/, lib/...), after heap_reserve.
 */
#ifndef SCHOONER_VALUE_OBJECT_H
#define SCHOONER_VALUE_OBJECT_H

#include "schooner/value/value.h"

enum object_type {
    OBJECT_NONE,
#define OBJECT(ENUM, name, trace) OBJECT_##ENUM,
#include "schooner/value/objects.def"
#undef OBJECT
    OBJECT_TYPE_COUNT,
};

/*
 * Types whose layout their owners keep to themselves. So that the collector knows the size: of these two, the header's
 * length is the number of 8-byte words behind the header; PORT and ENVIRONMENT take at most 128 bytes (what is larger
 * lies in objects of its own), whatever their length says.
 */
static inline bool object_counts_words(unsigned type)
{
    return type == OBJECT_CONTINUATION || type == OBJECT_STACK;
}

static inline bool object_is_short(unsigned type)
{
    return type == OBJECT_PORT || type == OBJECT_ENVIRONMENT;
}

/*
 * header length: bytes of the text. OBJECT_ASCII: characters == bytes. A NUL follows the text.
 * An other string longer than STRING_INDEX_STRIDE characters carries an index behind its text (8-aligned):
 * uint32_t byte offsets of the characters STRIDE, 2 STRIDE, ..., so that string-ref takes constant time.
 */
enum { STRING_INDEX_STRIDE = 64 };
struct string {
    uint64_t header;
    uint32_t characters;
    uint32_t hash; /* 0: not computed yet (never written in frozen strings: computed when they are made) */
    char text[];
};

/* Interned: eq? is equality of names. header length: bytes; NUL-terminated. */
struct symbol {
    uint64_t header;
    uint64_t hash; /* of the name, seed-independent (FNV-1a) */
    char text[];
};

/* Interned by its symbol. */
struct keyword {
    uint64_t header; /* length: 1 */
    sch_value symbol;
};

/*
 * A mutable string (mutation option): a string of its own behind one more step, so that everything that reads strings
 * reads both alike. A character that takes as many bytes as the one it replaces is written in place; any other makes a
 * new text.
 */
struct mstring {
    uint64_t header; /* length: 1 */
    sch_value text;  /* a string that nothing else knows */
};

struct flonum {
    uint64_t header;
    double number;
};

/* header length: limbs, little end first, the top one not zero; sign in the flags below. Never fits a fixnum. */
enum { BIGNUM_NEGATIVE = OBJECT_SPARE };
struct bignum {
    uint64_t header;
    uint64_t limbs[];
};

struct ratio {
    uint64_t header;
    sch_value numerator;
    sch_value denominator; /* > 1 */
};

struct complex {
    uint64_t header;
    sch_value real; /* both exact (imaginary not 0), or both doubles */
    sch_value imaginary;
};

struct vector {
    uint64_t header; /* length: elements */
    sch_value items[];
};

struct bytevector {
    uint64_t header; /* length: bytes */
    unsigned char bytes[];
};

struct box {
    uint64_t header;
    sch_value value;
};

struct cell {
    uint64_t header;
    sch_value value; /* V_UNBOUND before its definition */
    sch_value name;  /* symbol */
};

/*
 * A closure and an instance begin alike, so that a frame's environment slot may hold either: word 1 leads to the
 * instance. The distance is relative, so the image needs no relocation for it.
 */
struct closure {
    uint64_t header;    /* length: captured values */
    int64_t instance;   /* byte distance from this object to its struct instance */
    uint64_t procedure; /* index of the procedure in the instance's code */
    sch_value captured[];
};

struct sch_code;

/* Code made ready in a machine: what its constants are there. header length: constants. */
struct instance {
    uint64_t header;
    int64_t self;                /* 0: word 1 leads from here to here */
    const struct sch_code *code; /* counted; given back when the instance dies */
    sch_value constants[];
};

/* A procedure written in C. header length: its index in the table of primitives, or of the environment's host
 * functions. */
enum { PRIMITIVE_HOST = OBJECT_SPARE };
struct primitive {
    uint64_t header;
    uint64_t index;
};

/* The value lives in the machine's table or the dynamic state, so that a parameter of the image is never written. */
struct parameter {
    uint64_t header;     /* length: 2 */
    uint64_t index;      /* of the machine's table of standard parameters, or PARAMETER_OWN */
    sch_value value;     /* with PARAMETER_OWN: the value outside of every parameterize */
    sch_value converter; /* #f: none */
};
#define PARAMETER_OWN UINT64_MAX

struct record_type {
    uint64_t header;
    sch_value name;   /* symbol */
    sch_value fields; /* vector of symbols */
    sch_value parent; /* record type or #f */
    sch_value extra;  /* for libraries: printing, mutability */
};

struct record {
    uint64_t header; /* length: 1 + fields */
    sch_value type;
    sch_value fields[];
};

struct promise {
    uint64_t header;
    sch_value state; /* pair (done? . value-or-thunk), shared between promises joined by delay-force */
};

/* header length: 6 */
struct condition {
    uint64_t header;
    sch_value kind;      /* symbol: error, type-error, range-error, unbound-variable, read-error, file-error, ... */
    sch_value message;   /* string */
    sch_value irritants; /* list */
    sch_value who;       /* symbol or string: the procedure that refused; #f */
    sch_value position;  /* #f, or vector #(file line column) of the failing expression */
    sch_value frames;    /* #f, or vector of the innermost active calls (name file line column ...) */
};

struct foreign {
    uint64_t header;
    void *pointer;
    const struct sch_foreign_type *type;
    uint64_t declared; /* bytes charged to the machine */
};

/* Multiple values other than one; never visible to a script as a value. */
struct values {
    uint64_t header;
    sch_value items[];
};

/* winds, handlers and parameter bindings: one persistent value in every continuation */
struct dynamic {
    uint64_t header;
    sch_value winds;      /* list of (before . after), innermost first; car of each: a wind */
    sch_value handlers;   /* list of procedures, innermost first */
    sch_value parameters; /* association list (parameter . value) */
};

/* Accessors shared by all: layouts are C structures, so `object_as(struct vector, v)->items[i]`. */
#define object_as(type, v) ((type *)object_of(v))

#define OBJECT_PREDICATE(name, ENUM)          \
    static inline bool is_##name(sch_value v) \
    {                                         \
        return is_type(v, OBJECT_##ENUM);     \
    }
OBJECT_PREDICATE(istring, STRING)
OBJECT_PREDICATE(mstring, MSTRING)
OBJECT_PREDICATE(symbol, SYMBOL)
OBJECT_PREDICATE(keyword, KEYWORD)
OBJECT_PREDICATE(boxed_double, FLONUM)
OBJECT_PREDICATE(bignum, BIGNUM)
OBJECT_PREDICATE(ratio, RATIONAL)
OBJECT_PREDICATE(complex, COMPLEX)
OBJECT_PREDICATE(vector, VECTOR)
OBJECT_PREDICATE(bytevector, BYTEVECTOR)
OBJECT_PREDICATE(values, VALUES)
OBJECT_PREDICATE(closure, CLOSURE)
OBJECT_PREDICATE(primitive, PRIMITIVE)
OBJECT_PREDICATE(parameter, PARAMETER)
OBJECT_PREDICATE(continuation, CONTINUATION)
OBJECT_PREDICATE(record_type, RECORD_TYPE)
OBJECT_PREDICATE(record, RECORD)
OBJECT_PREDICATE(promise, PROMISE)
OBJECT_PREDICATE(condition, CONDITION)
OBJECT_PREDICATE(foreign, FOREIGN)
OBJECT_PREDICATE(port, PORT)
OBJECT_PREDICATE(table, TABLE)

static inline bool is_string(sch_value v)
{
    return is_istring(v) || is_mstring(v);
}

/* The text of a string of either kind. */
static inline struct string *string_view(sch_value v)
{
    return object_as(struct string, is_mstring(v) ? object_as(struct mstring, v)->text : v);
}

static inline bool is_procedure(sch_value v)
{
    if (!is_object(v))
        return false;
    unsigned type = header_type(value_header(v));
    return type >= OBJECT_CLOSURE && type <= OBJECT_CONTINUATION;
}

static inline size_t object_length(sch_value v)
{
    return header_length(value_header(v));
}

/* The word for messages: "string", "pair", "number"... */
const char *value_type_name(sch_value v);

static inline const struct instance *closure_instance(const struct closure *closure)
{
    return (const struct instance *)((const char *)closure + closure->instance);
}

#endif
