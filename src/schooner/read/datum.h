/*
 * A datum with positions: what the reader makes of program text, in an arena. The expander adds aliases (renamed
 * identifiers). Nothing here lives in the collected heap.
 */
#ifndef SCHOONER_READ_DATUM_H
#define SCHOONER_READ_DATUM_H

#include <stdbool.h>
#include "base/arena.h"
#include "schooner/value/value.h"

/* Where in which source. `file` indexes the compilation's table of source names. */
struct position {
    uint32_t line;   /* 1-based; 0: unknown */
    uint16_t column; /* 1-based, saturating */
    uint16_t file;
};

/* An interned name of this compilation (arena); comparing pointers compares names. */
struct name {
    uint32_t length;
    uint32_t written; /* how often texts have it as a symbol */
    uint64_t hash;    /* hash_fnv1a of the text: the same as in struct symbol */
    void *scratch;    /* the expander's */
    char text[];      /* NUL-terminated UTF-8 */
};

enum datum_kind {
    DATUM_NIL,
    DATUM_IMMEDIATE, /* booleans, characters, fixnums, small doubles: `value` */
    DATUM_NUMBER,    /* any other number: its text; parsed again when the constant is made (number_parse) */
    DATUM_STRING,    /* text, valid UTF-8 */
    DATUM_BYTEVECTOR,
    DATUM_SYMBOL,
    DATUM_KEYWORD, /* #:name */
    DATUM_PAIR,
    DATUM_VECTOR,
    DATUM_ALIAS, /* an identifier renamed by a macro expansion; see expand/ */
    DATUM_CORE,  /* the expander's: an already expanded piece (struct core) inside of a form */
};

struct alias;
struct core;

struct datum {
    uint8_t kind;
    bool cyclic; /* of labels: a part of this datum refers to it. Every cycle has such a datum; only quote accepts it */
    bool shared; /* of labels: referred to from more than one place */
    struct position position;
    union {
        sch_value value;
        struct {
            const char *bytes;
            size_t length;
        } text;            /* NUMBER, STRING, BYTEVECTOR */
        struct name *name; /* SYMBOL, KEYWORD */
        struct {
            struct datum *car, *cdr;
        } pair;
        struct {
            struct datum **items;
            size_t length;
        } vector;
        struct alias *alias;
        struct core *core;
    };
};

/* How an alias is to be shown among the names of a form. */
struct alias_shown {
    const struct name *name; /* NULL: as that of the symbol at the end */
};

/* What an alias (expand/) begins with: the symbol or alias that it renames. */
struct alias_head {
    struct datum *id;
    struct alias_shown *shown; /* NULL: as the symbol at the end */
};

/* The names of one compilation. */
struct name_table {
    struct arena *arena;
    struct name **slots;
    size_t count;
    size_t capacity;
};

void name_table_init(struct name_table *table, struct arena *arena);
/* NULL: no memory. */
struct name *name_intern(struct name_table *table, const char *text, size_t length);
struct name *name_of(struct name_table *table, const char *text);

struct buffer;
/* Appends the datum as `write` would, in at most about `most` bytes: what is longer or deeper ends in "...". For
 * messages and stages. false: the buffer's memory is full. */
bool datum_print(const struct datum *datum, size_t most, struct buffer *out);
/* The symbol that an identifier, a symbol or an alias, is in the end. */
const struct name *datum_symbol_name(const struct datum *identifier);
/* "'" for (quote x), "`" for (quasiquote x), ... NULL: no such list. */
const char *datum_prefix(const struct datum *datum);
/* Appends a form of a program over as many lines as it takes, indented, with a newline behind it. Identifiers outside
 * of quoted data are shown as their alias_shown says. What is longer than about `most` bytes ends in "...". false:
 * memory is full. */
bool datum_print_source(const struct datum *datum, size_t most, struct buffer *out);

#endif
