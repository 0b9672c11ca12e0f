/*
 * The heap of a machine: mark-region in the style of Immix (Blackburn, McKinley 2008), objects never move, young
 * collections through sticky marks.
 *
 * Reserve, then build. After heap_reserve(vm, n) gave true, the next n bytes of heap_pair and heap_object cannot fail
 * and do not collect. heap_reserve may collect: then everything that is not reachable from the machine's roots (its
 * frames by their live maps, the arguments of the running primitive among them) is gone. A primitive therefore checks
 * its arguments, reserves once, then builds, and needs no roots of its own.
 *
 *   block   32 KiB, aligned; a header (lines' marks, objects' mark bits, flags), then lines
 *   line    128 bytes; the unit of reuse
 *   large   an object above 8 KiB, in pages of its own
 */
#ifndef SCHOONER_HEAP_HEAP_H
#define SCHOONER_HEAP_HEAP_H

#include "base/arith.h"
#include "schooner/heap/account.h"
#include "schooner/value/object.h"

enum {
    HEAP_ALIGN = 16,
    HEAP_LARGE = 8192, /* objects above this size have pages of their own */
};

struct heap_block;

/* Called by the collector with each root and each value inside of SPECIAL objects. */
struct heap_marker;
void heap_mark_value(struct heap_marker *marker, sch_value value);
/* Marks an object that is known by address only (an instance, a stack segment). */
void heap_mark_object(struct heap_marker *marker, const void *object);
/* Many at once. Takes constant room however many they are: to be preferred for frames, vectors, tables. The values must
 * stay where they are until the collection is over. */
void heap_mark_values(struct heap_marker *marker, const sch_value *values, size_t count);

/* What the machine tells the collector; set once by the machine's maker, so that the heap knows nothing above it. */
struct heap_client {
    void (*trace_roots)(sch_vm *vm, struct heap_marker *marker);
    /* values inside one object of a type whose trace is SPECIAL */
    void (*trace_object)(sch_vm *vm, struct heap_marker *marker, struct object *object);
    /* after marking, before sweeping: drop dead entries of weak tables (heap_is_marked answers) */
    void (*sweep_weak)(sch_vm *vm);
    /* every dead object of the types that need it: INSTANCE (drop the code's count), FOREIGN (finalize), PORT */
    void (*finalize)(sch_vm *vm, struct object *object);
    /* marking polls here every thousand objects: false when the run must end (deadline, interrupt) */
    bool (*poll)(sch_vm *vm);
    bool full_only; /* no young collections, for measuring */
};

struct heap_log {
    void **entries; /* addresses; the lowest bit says that it is an object, not a pair */
    size_t count;
    size_t capacity;
    bool overflowed; /* something could not be recorded: the next collection must be a full one */
};

struct heap {
    char *next; /* the hole in which small objects are built */
    char *limit;
    size_t pending; /* bytes that heap_reserve_object promised and heap_reserve must keep free */
    struct account *account;
    const struct heap_client *client;
    size_t reserved;            /* hostile build: bytes that may still be built */
    size_t allocated;           /* bytes since the last collection, by holes taken */
    size_t threshold;           /* collect when `allocated` passes it */
    struct heap_block *blocks;  /* all that hold objects */
    struct heap_block *empty;   /* nothing in them; given back when something else needs the room */
    struct heap_block *ready;   /* empty ones of the present reservation */
    struct heap_block *current; /* where the search for the next hole goes on */
    size_t current_line;
    char *spare_next; /* a hole that was left for a bigger one and is used later */
    char *spare_limit;
    struct heap_block *large;
    struct heap_block *large_ready;   /* mapped by heap_reserve_object, not taken yet */
    struct heap_block *large_kept;    /* of dead objects, for the next ones: until the next collection */
    unsigned pending_count;           /* of heap_reserve_object since something was last built */
    char *pending_next;               /* `next` at that time: when it has moved, that reservation was used */
    struct heap_block *pending_large; /* and so when `large` has */
    size_t block_count;
    size_t empty_count;
    size_t large_bytes; /* mapped for the objects in `large` */
    size_t kept_bytes;  /* and for those in `large_kept` */
    void *mark_stack;
    size_t mark_stack_size; /* bytes */
    void *mark_stack_own;   /* one that was mapped for a grown heap, or NULL: in the first block */
    struct heap_log log;    /* old objects that were written since the last collection */
    size_t live;            /* bytes found live by the last collection */
    size_t live_full;       /* and by the last full one */
    size_t free_bytes;      /* in holes, after the last collection */
    uint64_t collections;
    uint64_t full_collections;
    bool young_only; /* the next collection may be young */
    bool collecting;
    unsigned disabled;     /* front end at work: no collection */
    unsigned turn;         /* hostile build: which of its many collections are full */
    sch_value finalizable; /* list of objects that need heap_client.finalize */
};

/*
 * A machine in one 32 KiB block: its zeroed record, the account with the block counted, the heap, in which building
 * goes on behind the record. Two pages are touched. NULL: no memory, or the cap is below one block.
 */
sch_vm *heap_machine_new(const struct sch_memory *hook, uint64_t cap, const struct heap_client *client);
/* Gives everything of the machine back at once, whatever its buffers and arenas still hold; `finalize` runs for what
 * is left of the types that need it. */
void heap_machine_free(sch_vm *vm);
/* The same, but the first block stays: the machine at the same address as heap_machine_new made it. */
void heap_machine_reset(sch_vm *vm);

/* For a record that lies elsewhere (zeroed, its account initialised). */
bool heap_init(sch_vm *vm, const struct heap_client *client);
/* Gives all memory back; runs `finalize` for what is left. */
void heap_done(sch_vm *vm);

/* Small objects and pairs of `bytes` altogether (sizes rounded up to 16 each: use the *_size functions below).
 * false: the heap limit was raised (see raise_limit); return V_RAISED at once. May collect. */
bool heap_reserve_slow(sch_vm *vm, size_t bytes);
static inline bool heap_reserve(sch_vm *vm, size_t bytes)
{
    const struct heap *heap = (const struct heap *)vm; /* heap_of() */
    if (likely(!HOSTILE && bytes <= HEAP_LARGE && bytes + heap->pending <= (size_t)(heap->limit - heap->next)))
        return true;
    return heap_reserve_slow(vm, bytes);
}
/* The same for `count` pairs; wastes nothing however many they are. */
bool heap_reserve_pairs(sch_vm *vm, size_t count);
/* The units that building them costs: memory that is fresh, and that a collection will look at. One pair costs a unit,
 * so that many short lists are not free. */
static inline uint64_t pairs_cost(size_t count)
{
    return (uint64_t)count / 2 + count % 2;
}
/* One object of `bytes`, of any size, besides what heap_reserve is asked for. Order: heap_reserve_object for each
 * object that may be large first (at most HEAP_PENDING_MAX), then one heap_reserve for all that is small. Same failure.
 * May collect. A size above the cap fails at once. */
enum { HEAP_PENDING_MAX = 8 };
bool heap_reserve_object(sch_vm *vm, size_t bytes);

void *heap_take_slow(sch_vm *vm, size_t bytes);
/* Parts of the image, and literals: mutators refuse them. */
bool heap_is_frozen(sch_value pointer);
/* Makes a pair or object a literal, for good. */
void heap_freeze(sch_value pointer);

/* Bytes of an object, from its header and fixed fields; rounded to granules. */
size_t heap_object_bytes(const struct object *object);

/* The collection that a safe point of the machine owes. Returns false when the heap limit or a poll ended the run. */
bool heap_collect(sch_vm *vm, bool full);
static inline bool heap_owes_collection(const struct heap *heap)
{
    return HOSTILE || heap->allocated > heap->threshold;
}

/* Between these two, which nest, heap_reserve never collects (the front end, hosts' constructors with values not yet
 * rooted). */
void heap_pause_collection(sch_vm *vm);
void heap_resume_collection(sch_vm *vm);

bool heap_is_marked(sch_vm *vm, sch_value value); /* for weak tables, during sweep_weak */
/* `object` (INSTANCE, FOREIGN, PORT) gets client->finalize when it dies. Needs a reserved HEAP_FINALIZER_SIZE. */
void heap_add_finalizer(sch_vm *vm, struct object *object);
enum { HEAP_FINALIZER_SIZE = 16 };

/* The write barrier: before or after storing any pointer into an existing pair or object. */
void heap_log_slow(sch_vm *vm, void *address, bool is_object);

/* Sizes, 16-byte rounded. The caller has checked that `count` is sane (below 2^40). */
static inline size_t object_size(size_t fixed, size_t count, size_t each)
{
    return size_round_up(fixed + count * each, HEAP_ALIGN);
}

enum { PAIR_SIZE = 16, FLONUM_SIZE = 16 };

static inline size_t vector_size(size_t length)
{
    return object_size(sizeof(struct vector), length, 8);
}

static inline size_t bytevector_size(size_t length)
{
    return object_size(sizeof(struct bytevector), length, 1);
}

static inline size_t record_size(size_t fields)
{
    return object_size(sizeof(struct record), fields, 8);
}

/* `limbs` 64-bit limbs */
static inline size_t bignum_size(size_t limbs)
{
    return object_size(sizeof(struct bignum), limbs, 8);
}

/* Room for a string of `bytes` bytes and `characters` characters, its index included. */
static inline size_t string_size(size_t bytes, size_t characters)
{
    size_t index = bytes == characters ? 0 : characters / STRING_INDEX_STRIDE * sizeof(uint32_t);
    return size_round_up(sizeof(struct string) + size_round_up(bytes + 1, 8) + index, HEAP_ALIGN);
}

struct heap *heap_of(sch_vm *vm); /* the first member of the machine */

#endif
