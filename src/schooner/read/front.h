/*
 * What the stages of the front end (reader, expander, compiler) share during one compilation: arena, names, sources,
 * limits, and the first error. Every step may fail by return value (NULL or false) after front_fail; no collection runs
 * meanwhile; results are copied out.
 */
#ifndef SCHOONER_READ_FRONT_H
#define SCHOONER_READ_FRONT_H

#include "base/arena.h"
#include "schooner/read/datum.h"

enum { FRONT_MESSAGE = 400, FRONT_SOURCES = 256 };

struct front_error {
    const char *kind; /* a literal: "read-error", "syntax-error", "unbound-variable", "library-not-found", ... */
    char message[FRONT_MESSAGE];
    struct position position;
};

struct front_source {
    const char *name;
    const char *text; /* for excerpts; alive as long as the compilation */
    size_t length;
};

struct front {
    struct arena arena;
    struct name_table names;
    size_t source_count;
    uint64_t nesting; /* deepest data and forms */
    uint64_t integer_bits;
    /* Fuel, deadline and interrupt of whoever compiles. Charges units; false: a limit, nothing more may be done. */
    bool (*charge)(void *data, uint64_t units);
    void *charge_data;
    /* Looks at deadline and interrupt inside of work that was charged, or is too small to be; false: as above. May be
     * NULL. front_init makes the arena ask it, too. */
    bool (*look)(void *data);
    enum sch_limit limit;  /* set when a limit ended it (arena full: SCH_LIMIT_HEAP) */
    struct position place; /* what is worked on, for the report of a limit; of none when its line is 0 */
    bool failed;
    struct front_error error;                   /* the first one */
    uint32_t variable_count;                    /* lexical variables made so far: numbers them */
    struct front_source sources[FRONT_SOURCES]; /* source_count of them mean something */
};

/* Records an error (the first stays) and returns false. */
bool front_fail(struct front *front, const char *kind, struct position position, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Ends with a limit; returns false. */
bool front_limit(struct front *front, enum sch_limit limit);

static inline bool front_charge(struct front *front, uint64_t units)
{
    return (front->limit == SCH_LIMIT_NONE && front->charge(front->charge_data, units)) ||
           front_limit(front, SCH_LIMIT_FUEL);
}

/* Looks at the clock. false: a limit. */
bool front_look(struct front *front);
/*
 * Says that `steps` of a few nanoseconds are taken, which nobody charges: loops over what is long call it, so that
 * there is a look in time. false: a limit.
 */
enum { FRONT_PIECE = 1 << 14, FRONT_STEP = 2 /* in bytes of fresh memory */ };
static inline bool front_step(struct front *front, size_t steps)
{
    return arena_step(&front->arena, steps * FRONT_STEP);
}
/* memcmp == 0 and hash_fnv1a with looks; after a limit the result means nothing, and false is given. */
bool front_equal(struct front *front, const void *a, const void *b, size_t length, bool *ret);
bool front_hash(struct front *front, const void *bytes, size_t length, uint64_t *ret);

/* Makes a front ready: an empty arena over `memory`, no sources, no error. The caller sets limits and charge. */
void front_init(struct front *front, const struct memory *memory);
/* The same with the memory, limits, fuel and clock of the machine; heap_give_arena takes the arena back. A limit of
 * which the machine does not know yet (front_limit) is the caller's to raise. */
void front_init_machine(struct front *front, sch_vm *vm);
void front_done(struct front *front);
/* Adds a source and gives its number; false (after front_fail) when there are too many. Name and text stay the
 * caller's and must live as long as the compilation. */
bool front_add_source(struct front *front, const char *name, const char *text, size_t length, uint16_t *ret_file);

/* arena_alloc that records the heap limit. */
void *front_alloc(struct front *front, size_t size);
void *front_array(struct front *front, size_t count, size_t size);
#define front_new(front, type) ((type *)front_alloc((front), sizeof(type)))

/*
 * Makes room for one more item of `size` bytes behind `count` of them in the array that the pointer at `pointer` names.
 * It doubles; the outgrown one stays behind in the arena. false: the limit, and nothing has changed.
 */
bool front_grow(struct front *front, void *pointer, size_t *capacity, size_t count, size_t size);
/* A new last item, not initialised, or NULL after the limit. */
#define FRONT_PUSH(front, items, count, capacity) \
    (front_grow((front), &(items), &(capacity), (count), sizeof *(items)) ? &(items)[(count)++] : NULL)

/* Datum constructors; NULL after the limit. */
struct datum *datum_pair(struct front *front, struct datum *car, struct datum *cdr, struct position position);
struct datum *datum_symbol(struct front *front, const char *name, struct position position);
struct datum *datum_value(struct front *front, sch_value immediate, struct position position);
struct datum *datum_nil(struct front *front, struct position position);
struct datum *datum_name(struct front *front, struct name *name, struct position position);
/* `bytes` is copied into the arena. */
struct datum *datum_string(struct front *front, const char *bytes, size_t length, struct position position);

static inline bool datum_is(const struct datum *datum, enum datum_kind kind)
{
    return datum->kind == kind;
}

#endif
