/*
 * The machine's record: what every part of the engine may see of it. One thread at a time. Each group names the folder
 * that owns it; the others only read, or call its functions.
 */
#ifndef SCHOONER_HEAP_MACHINE_H
#define SCHOONER_HEAP_MACHINE_H

#include "base/arena.h"
#include "base/buffer.h"
#include "schooner/heap/heap.h"

struct frame_report;
struct symbol_table;
struct print_state;

/* What a primitive raised, before the machine makes a condition of it. Building one allocates, raising does not. */
enum { RAISE_IRRITANTS = 4, RAISE_MESSAGE = 160 };
struct raised {
    const char *kind;            /* a literal: "type-error", "range-error", ... ; NULL: `payload` is raised as it is */
    char message[RAISE_MESSAGE]; /* formatted, without irritants */
    const char *who;             /* a literal: the primitive's name; NULL */
    sch_value irritants[RAISE_IRRITANTS];
    size_t irritant_count;
    sch_value payload; /* a ready object: raise, raise-continuable, host errors */
    bool continuable;
    bool counts_argument; /* the message says which argument of `who` it is about */
};

struct sch_vm {
    struct heap heap; /* first: heap_of() */
    struct account account;

    /* vm/: the counter. `slice` counts down in the interpreter; what is below is exact only at safe points. */
    int64_t slice;
    uint64_t fuel_left;
    uint64_t fuel_used;       /* of this run, up to the start of the present slice */
    uint64_t pause_at;        /* fuel used at which the run pauses; UINT64_MAX: never */
    uint64_t deadline_ns;     /* CLOCK_MONOTONIC; UINT64_MAX: none, or the clock stands still */
    uint64_t time_left_ns;    /* while the clock stands still */
    volatile int interrupted; /* the one field that other threads and signal handlers write (atomically) */
    enum sch_limit limit;     /* the limit that ended the run */
    struct arena rest;        /* of a compilation that ran out of time: given back before the machine is used again */
    struct raised raised;

    /* vm/: the Scheme stack */
    sch_value *fp;      /* the frame of the running procedure, saved at safe points */
    const uint32_t *pc; /* where it is, saved at safe points */
    sch_value *stack_base;
    sch_value *stack_limit;
    sch_value stack;        /* the present segment (OBJECT_STACK) */
    sch_value continuation; /* what is below stack_base, or V_NIL */
    sch_value dynamic;      /* struct dynamic: winds, handlers, parameters */
    unsigned host_depth;    /* sch_call levels */
    void *interpreter;      /* private to vm/ */

    /* num/, lib/: fixed limits */
    uint64_t integer_bits;
    uint64_t nesting;
    uint64_t hash_key[2];
    bool mutable_strings; /* what makes a new string makes one that string-set! accepts */

    /* heap/: symbols */
    struct symbol_table *symbols;

    /* port/: output */
    uint64_t output_left;
    uint64_t output_used;
    struct buffer output; /* without a sink */
    sch_output_fn *sink;
    void *sink_data;
    sch_value standard_parameters[8]; /* values of the image's parameters: current-output-port, ... */

    /* api/: what the host's functions were given or made and may still hold; cut back when each returns */
    struct buffer scope;
    const char *host_function; /* the one at work, for its messages; NULL */
    sch_value *host_values;    /* of the environment's bindings without a function, by their number; NULL: none */

    /* api/ */
    const sch_env *env;
    struct sch_limits limits;
    struct api_state *api;
    void *host_data;
};

/* --- fuel (vm/fuel.c) --- */

/* Charges `units` of work before it is done. false: a limit ended the run; return V_RAISED at once. */
bool charge_slow(sch_vm *vm, uint64_t units);
static inline bool charge(sch_vm *vm, uint64_t units)
{
    if (likely(units < (uint64_t)INT32_MAX && vm->slice >= (int64_t)units)) {
        vm->slice -= (int64_t)units;
        return true;
    }
    return charge_slow(vm, units);
}
/* Inside of long work that was charged before: looks at clock and interrupt. false as above. */
bool poll(sch_vm *vm) __asm__("schooner_poll"); /* a host linked with the static library needs libc's own poll */

/* Is neither the time over nor an interrupt there? Raises nothing: other limits do not hinder tidying up. */
bool vm_in_time(const sch_vm *vm);

/*
 * Gives the arena's memory (the account's) back. That takes 0.1 ms for each megabyte, so when the run's time is over,
 * what is left becomes the machine's `rest`, for heap_give_rest.
 */
void heap_give_arena(sch_vm *vm, struct arena *arena);
void heap_give_rest(sch_vm *vm);

/*
 * Moving and comparing bytes that were charged in one go, in pieces with looks at the clock between them: fresh memory
 * is slow, and so is much of it. false: a limit; a part is done. `from` and `to` may overlap.
 */
enum { COPY_PIECE = 1 << 18 };
bool copy_pieces(sch_vm *vm, void *to, const void *from, size_t bytes);
static inline bool copy_bytes(sch_vm *vm, void *to, const void *from, size_t bytes)
{
    if (unlikely(bytes > COPY_PIECE))
        return copy_pieces(vm, to, from, bytes);
    if (bytes > 0)
        memmove(to, from, bytes);
    return true;
}
bool fill_bytes(sch_vm *vm, void *to, int byte, size_t bytes);
/* *ret as memcmp's. */
bool compare_pieces(sch_vm *vm, const void *a, const void *b, size_t bytes, int *ret);
static inline bool compare_bytes(sch_vm *vm, const void *a, const void *b, size_t bytes, int *ret)
{
    if (unlikely(bytes > COPY_PIECE))
        return compare_pieces(vm, a, b, bytes, ret);
    *ret = bytes > 0 ? memcmp(a, b, bytes) : 0;
    return true;
}

/* --- raising (vm/raise.c); each returns V_RAISED --- */

sch_value raise_type(sch_vm *vm, const char *who, size_t argument, const char *expected, sch_value got);
sch_value raise_range(sch_vm *vm, const char *who, size_t argument, sch_value got);
/* Of an index into something of `length` elements. */
sch_value raise_range_of(sch_vm *vm, const char *who, size_t argument, sch_value got, size_t length);
/* What is wrong with the argument stands behind its number. */
sch_value raise_argument(sch_vm *vm, const char *who, size_t argument, sch_value got, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* "error", "syntax-error", "read-error", "arity-error", "unbound-variable", "division-by-zero", "immutable", ... */
sch_value raise_error(sch_vm *vm, const char *kind, const char *who, size_t irritant_count, const sch_value irritants[],
                      const char *format, ...) __attribute__((format(printf, 6, 7)));
sch_value raise_value(sch_vm *vm, sch_value value, bool continuable);
sch_value raise_limit(sch_vm *vm, enum sch_limit limit);

/* The dynamic value of a standard parameter, an index of sch_vm.standard_parameters (vm/). V_RAISED: a limit, which
 * many bindings in force can reach. */
enum standard_parameter { STANDARD_OUTPUT_PORT, STANDARD_ERROR_PORT, STANDARD_INPUT_PORT };
sch_value parameter_value(sch_vm *vm, unsigned standard_index);

/* What a procedure is called in messages and when it is printed (vm/): NUL-terminated; NULL: nameless. */
const char *procedure_name(sch_vm *vm, sch_value procedure);

/* --- building (after heap_reserve) --- */

static inline void *heap_take(sch_vm *vm, size_t bytes)
{
    sch_assert(bytes % HEAP_ALIGN == 0);
    char *block = vm->heap.next;
    if (likely(bytes <= HEAP_LARGE && bytes <= (size_t)(vm->heap.limit - block))) {
        sch_assert(bytes <= vm->heap.reserved);
        vm->heap.reserved -= HOSTILE ? bytes : 0;
        vm->heap.next = block + bytes;
        return block;
    }
    return heap_take_slow(vm, bytes);
}

static inline sch_value cons(sch_vm *vm, sch_value car, sch_value cdr)
{
    struct pair *pair = heap_take(vm, PAIR_SIZE);
    pair->car = car;
    pair->cdr = cdr;
    return pair_value(pair);
}

/* As many of the reserved pairs as lie side by side, from 1 to `count`; the caller fills them all at once. */
static inline struct pair *heap_take_pairs(sch_vm *vm, size_t count, size_t *ret_count)
{
    size_t room = (size_t)(vm->heap.limit - vm->heap.next) / PAIR_SIZE;
    if (room == 0) {
        *ret_count = 1;
        return heap_take_slow(vm, PAIR_SIZE);
    }
    struct pair *pairs = (struct pair *)(void *)vm->heap.next;
    *ret_count = size_min(room, count);
    sch_assert(*ret_count * PAIR_SIZE <= vm->heap.reserved);
    vm->heap.reserved -= HOSTILE ? *ret_count * PAIR_SIZE : 0;
    vm->heap.next += *ret_count * PAIR_SIZE;
    return pairs;
}

/* An object with its header set; the words behind it are the caller's to fill at once. */
static inline void *heap_object(sch_vm *vm, enum object_type type, size_t length, size_t bytes)
{
    sch_assert(!object_counts_words(type) || bytes == object_size(8, length, 8));
    sch_assert(!object_is_short(type) || bytes <= 128);
    struct object *object = heap_take(vm, bytes);
    object->header = header_make(type, 0, length);
    return object;
}

/* Memory of the account, for buffers and arenas. */
static inline const struct memory *vm_memory(sch_vm *vm)
{
    return &vm->account.memory;
}

/* --- symbols and keywords (heap/symbol.c) --- */

/* Interns; room of symbol_size(length) must be reserved. Weak: an unused symbol goes. V_RAISED (the heap limit) when
 * the table of symbols can grow no more. */
sch_value symbol_intern(sch_vm *vm, const char *text, size_t length);
static inline size_t symbol_size(size_t length)
{
    return object_size(sizeof(struct symbol), length + 1, 1);
}
/* Reserve and intern; V_RAISED when it does not fit. */
sch_value symbol_of(sch_vm *vm, const char *text);
sch_value symbol_of_text(sch_vm *vm, const char *text, size_t length);
/* The one keyword of a symbol: keywords of one name are eq?. Reserves by itself: the symbol is rooted, or collection is
 * paused. V_RAISED: the heap limit. */
sch_value keyword_of(sch_vm *vm, sch_value symbol);
/* The image's symbol of this name (env/library.c); V_FALSE: it has none. `hash` is hash_fnv1a of the text. */
sch_value env_find_symbol(const sch_env *env, const char *text, size_t length, uint64_t hash);
/* The image's keyword of this symbol; V_FALSE: it has none. */
sch_value env_find_keyword(const sch_env *env, sch_value symbol);
/* The foreign value that stands for the host's pointer; V_FALSE: none yet. foreign_intern makes it so; false: the heap
 * limit. */
sch_value foreign_find(sch_vm *vm, const struct sch_foreign_type *type, const void *pointer);
bool foreign_intern(sch_vm *vm, sch_value foreign);
/* The machine's weak table of what the image does not have. */
bool symbol_table_init(sch_vm *vm); /* false: no memory */
void symbol_table_done(sch_vm *vm);
void symbol_sweep(sch_vm *vm); /* part of heap_client.sweep_weak: forgets what is not marked */

/* --- strings (heap/string.c) --- */

/* A string of valid UTF-8; room of string_size must be reserved by the caller (heap_reserve_object). */
sch_value string_make(sch_vm *vm, const char *text, size_t bytes, size_t characters);
/* Counts, reserves (heap_reserve_object) and makes. `text` must not lie in the collected heap unless it is alive. */
sch_value string_of(sch_vm *vm, const char *text, size_t bytes);
/* Counts the characters of the bytes in front of the first that are not UTF-8 (*ret_valid: how many bytes; all when it
 * is text), in pieces with looks at the clock between them. false: a limit. */
bool string_count(sch_vm *vm, const char *text, size_t bytes, size_t *ret_characters, size_t *ret_valid);
/* Room for a string whose text the caller writes at once, then string_finish; NULL: the limit. May collect. */
struct string *string_reserve(sch_vm *vm, size_t bytes, size_t characters);
enum { STRING_BYTES_MAX = INT32_MAX }; /* offsets are 32 bits wide */
/* What a primitive returns for the string that string_reserve or string_of has just made: itself, or, in a machine
 * whose new strings are mutable, the mutable string around it. Needs nothing reserved and cannot fail. */
sch_value string_result(sch_vm *vm, struct string *string);
/* string_of, for what a script may change. */
sch_value string_fresh_of(sch_vm *vm, const char *text, size_t bytes);
/* Fills in flag and index of a string whose text and number of characters have just been written in place. false: a
 * limit, return V_RAISED; the string is nobody's. */
bool string_finish(sch_vm *vm, struct string *string);
/* Byte offset of character `index` (<= characters). Constant time. */
size_t string_offset(const struct string *string, size_t index);

#endif
