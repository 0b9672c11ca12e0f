/*
 * Hash tables that remember the order in which keys came. A table's state is an object that no script sees; (schooner
 * table) is the rest of them.
 *
 * Objects never move, so their addresses can be hashes; but no script may learn them, not even from the fuel that a
 * search took. So a search costs the same for every chain that a good hash makes.
 *
 * The entries lie side by side in the order of their coming, those that were removed among them, until the next growth
 * leaves these out. So a walk is a count upwards; where the entries have moved meanwhile, it goes on in the new ones
 * behind as many as it had passed. Keys of one bucket are linked, each to the one that came before it.
 *
 * Keys that programs use most are hashed and compared here. Of others, and of tables with an equality of a script's,
 * the hash comes from Scheme, which also asks the equality: %table-candidate gives it the keys of that hash.
 */
#include "base/hash.h"
#include "schooner/heap/barrier.h"
#include "schooner/lib/list.h"
#include "schooner/lib/text.h"
#include "schooner/num/number.h"
#include "schooner/table/primitive.h"
#include "schooner/vm/vm.h"

enum {
    STEPS_PER_UNIT = 16,
    HASH_BITS = 54,       /* what Scheme sees */
    ENTRIES_PER_UNIT = 2, /* made anew, and put into their buckets */
    PASSED_PER_UNIT = 8,  /* looked over in their order */
    ENTRIES_PER_POLL = 4096,
};

enum { KIND_OTHER, KIND_IDENTITY, KIND_STRUCTURE, KIND_STRING, KIND_COUNT };

/* OBJECT_TABLE of four words: the state. */
struct table {
    uint64_t header;
    sch_value entries;
    sch_value heads; /* a bytevector: for each bucket a uint32_t, the number of its last entry, from 1; 0: none */
    sch_value live;  /* how many entries there are */
    sch_value kind;  /* how keys are compared */
};
enum { STATE_WORDS = sizeof(struct table) / 8 - 1 };

/* OBJECT_TABLE of more: the entries. */
struct entry {
    sch_value link; /* number of the next of the bucket, and in the low bits the hash; LINK_DEAD: was removed */
    sch_value key;
    sch_value value;
};
struct entries {
    uint64_t header;
    sch_value next; /* #f; #t: a walk may stand here; then those that took the place of these */
    sch_value used; /* how many, from the first on */
    struct entry at[];
};
enum {
    ENTRIES_WORDS = 2,
    ENTRY_WORDS = sizeof(struct entry) / 8,
    CAPACITY_FIRST = 4, /* powers of two; there are as many buckets */
    CAPACITY_MAX = 1 << 28,
    LINK_BITS = 29, /* of the hash */
    LINK_DEAD = -1,
    NEAR_BITS = 4, /* integers that differ in these alone have buckets beside each other: a cache line of them */
};

/* --- hashes --- */

/* What objects that are eqv? have in common. Numbers have their own hashes, of their values. */
static uint64_t identity_bits(sch_value v)
{
    if (!is_object(v))
        return v.bits;
    unsigned type = header_type(value_header(v));
    if (type == OBJECT_STRING && object_length(v) == 0)
        return OBJECT_STRING;
    return v.bits;
}

static uint64_t identity_hash(sch_value v)
{
    return hash_mix(identity_bits(v)) >> (64 - HASH_BITS);
}

sch_value prim_identity_hash(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)vm, (void)count;
    return make_fixnum((int64_t)identity_hash(args[0]));
}

/* Below 2^25, as all hashes of (srfi 128): products of them are fixnums. false: a limit. */
static bool text_hash(sch_vm *vm, const char *text, size_t bytes, uint64_t *ret)
{
    if (!charge(vm, bytes / BYTES_PER_UNIT))
        return false;
    uint64_t hash = 0;
    for (size_t at = 0; at < bytes; at += TEXT_PIECE) {
        hash = hash_mix(hash ^ hash_fnv1a(text + at, size_min(TEXT_PIECE, bytes - at)));
        if (!poll(vm))
            return false;
    }
    *ret = hash & ((1u << 25) - 1);
    return true;
}

sch_value prim_string_hash(sch_vm *vm, const sch_value *args, size_t count)
{
    struct string_part part;
    uint64_t hash;
    if (!string_part_of(vm, "string-hash", args, count, 1, 1, &part) || !text_hash(vm, part.text, part.bytes, &hash))
        return V_RAISED;
    return make_fixnum((int64_t)hash);
}

/* --- keys --- */

enum key_class { KEY_OTHER, KEY_WORD, KEY_TEXT };

static enum key_class key_class_slow(int64_t kind, sch_value key)
{
    if (likely(kind == KIND_IDENTITY || kind == KIND_STRUCTURE) &&
        (is_keyword(key) || is_character(key) || is_boolean(key) || is_small_double(key)))
        return KEY_WORD;
    if ((kind == KIND_STRUCTURE || kind == KIND_STRING) && is_string(key))
        return KEY_TEXT;
    if (kind == KIND_IDENTITY && !is_number(key) && value_same((sch_value){ identity_bits(key) }, key))
        return KEY_WORD;
    return KEY_OTHER;
}

/* How a table of this kind compares such a key: as a word, as text, or in a way that is Scheme's affair. */
static inline enum key_class key_class(int64_t kind, sch_value key)
{
    if (likely((kind == KIND_IDENTITY || kind == KIND_STRUCTURE) && (is_fixnum(key) || is_symbol(key))))
        return KEY_WORD;
    return key_class_slow(kind, key);
}

/* The bits that choose the bucket. Hashes of scripts may be bad: they are mixed. */
static inline uint64_t spread_hash(uint64_t hash)
{
    return hash_mix(hash) >> (64 - LINK_BITS);
}

/* Counted keys come one after the other: so do their buckets, sixteen at a time, and where each sixteen are is mixed.
 * No bucket has more of them than of keys at random. */
static inline uint64_t word_hash(sch_value key)
{
    if (!is_fixnum(key))
        return spread_hash(key.bits);
    uint64_t near = (UINT64_C(1) << NEAR_BITS) - 1, n = (uint64_t)fixnum_int(key);
    return spread_hash(n >> NEAR_BITS) ^ (n & near);
}

/* false: a limit. */
static bool text_key_hash(sch_vm *vm, sch_value key, uint64_t *ret)
{
    uint64_t hash;
    if (!text_hash(vm, string_view(key)->text, string_length(key), &hash))
        return false;
    *ret = spread_hash(hash);
    return true;
}

/* Two keys of one hash: texts are looked at, and paid for as in equal?. false: a limit. */
static bool text_matches(sch_vm *vm, sch_value key, sch_value other, bool *ret)
{
    *ret = value_same(key, other);
    if (*ret || !is_string(other))
        return true;
    size_t bytes = string_length(key);
    int order = 1;
    if (!charge(vm, 1 + bytes / 64) ||
        (bytes == string_length(other) &&
         !compare_bytes(vm, string_view(key)->text, string_view(other)->text, bytes, &order)))
        return false;
    *ret = order == 0;
    return true;
}

/* --- entries --- */

static inline struct entries *entries_of(const struct table *table)
{
    return object_as(struct entries, table->entries);
}

static inline size_t entries_capacity(const struct entries *entries)
{
    return (header_length(entries->header) - ENTRIES_WORDS) / ENTRY_WORDS;
}

static inline size_t entries_used(const struct entries *entries)
{
    return (size_t)fixnum_int(entries->used);
}

static inline bool entry_is_dead(const struct entry *entry)
{
    return fixnum_int(entry->link) == LINK_DEAD;
}

static inline uint64_t entry_hash(const struct entry *entry)
{
    return (uint64_t)fixnum_int(entry->link) & ((UINT64_C(1) << LINK_BITS) - 1);
}

static inline size_t entry_link(const struct entry *entry)
{
    return (size_t)fixnum_int(entry->link) >> LINK_BITS;
}

static inline void entry_set_link(struct entry *entry, size_t number, uint64_t hash)
{
    entry->link = make_fixnum((int64_t)((uint64_t)number << LINK_BITS | hash));
}

/* The bucket of a hash. */
static inline uint32_t *head_of(const struct table *table, uint64_t hash)
{
    uint32_t *heads = (uint32_t *)(void *)object_as(struct bytevector, table->heads)->bytes;
    return heads + (hash & (object_length(table->heads) / sizeof *heads - 1));
}

/* In walks along a bucket; false: a limit. */
static inline bool chain_goes_on(sch_vm *vm, size_t steps)
{
    return likely(steps % STEPS_PER_UNIT != 0) || charge(vm, STEPS_PER_UNIT);
}

/* The number of the key's entry, 0: there is none. false: a limit. */
static inline bool find_word(sch_vm *vm, const struct table *table, sch_value key, uint64_t hash, size_t *ret_number)
{
    const struct entries *entries = entries_of(table);
    size_t number = *head_of(table, hash);
    for (size_t steps = 1; number != 0 && !value_same(key, entries->at[number - 1].key); steps++) {
        number = entry_link(&entries->at[number - 1]);
        if (!chain_goes_on(vm, steps))
            return false;
    }
    *ret_number = number;
    return true;
}

static bool find_text(sch_vm *vm, const struct table *table, sch_value key, uint64_t hash, size_t *ret_number)
{
    const struct entries *entries = entries_of(table);
    size_t number = *head_of(table, hash);
    bool found = false;
    for (size_t steps = 1; number != 0; steps++) {
        const struct entry *entry = &entries->at[number - 1];
        if (entry_hash(entry) == hash && !text_matches(vm, key, entry->key, &found))
            return false;
        if (found)
            break;
        number = entry_link(entry);
        if (!chain_goes_on(vm, steps))
            return false;
    }
    *ret_number = number;
    return true;
}

/* Room for so many entries, and their buckets, empty; charged. NULL: raised. */
static struct entries *entries_new(sch_vm *vm, size_t capacity, struct bytevector **ret_heads)
{
    size_t words = ENTRIES_WORDS + capacity * ENTRY_WORDS, bytes = capacity * sizeof(uint32_t);
    if (capacity > CAPACITY_MAX) {
        raise_limit(vm, SCH_LIMIT_HEAP);
        return NULL;
    }
    if (!charge(vm, capacity / ENTRIES_PER_UNIT) || !heap_reserve_object(vm, vector_size(words)) ||
        !heap_reserve_object(vm, bytevector_size(bytes)))
        return NULL;
    struct entries *entries = heap_object(vm, OBJECT_TABLE, words, vector_size(words));
    struct bytevector *heads = heap_object(vm, OBJECT_BYTEVECTOR, bytes, bytevector_size(bytes));
    if (!fill_bytes(vm, heads->bytes, 0, bytes))
        return NULL;
    entries->next = V_FALSE;
    entries->used = make_fixnum(0);
    for (size_t i = 0; i < capacity; i++) {
        entries->at[i] = (struct entry){ make_fixnum(LINK_DEAD), V_UNSPECIFIED, V_UNSPECIFIED };
        if (unlikely(i % ENTRIES_PER_POLL == ENTRIES_PER_POLL - 1) && !poll(vm))
            return NULL;
    }
    *ret_heads = heads;
    return entries;
}

/* Where no walk stands, nothing leads from the old entries to the new ones: what is old and dead would keep these, and
 * they the next, until a full collection. */
static void table_take(sch_vm *vm, struct table *table, struct entries *entries, struct bytevector *heads)
{
    if (!is_false(table->entries) && !is_false(entries_of(table)->next)) {
        barrier_object(vm, entries_of(table));
        entries_of(table)->next = object_value(entries);
        entries->next = V_TRUE;
    }
    barrier_object(vm, table);
    table->entries = object_value(entries);
    table->heads = object_value(heads);
}

/* Behind the last entry. There is room. */
static void entry_append(const struct table *table, struct entries *entries, uint64_t hash, sch_value key,
                         sch_value value)
{
    size_t number = entries_used(entries) + 1;
    struct entry *entry = &entries->at[number - 1];
    uint32_t *head = head_of(table, hash);
    entry_set_link(entry, *head, hash);
    entry->key = key;
    entry->value = value;
    *head = (uint32_t)number;
    entries->used = make_fixnum((int64_t)number);
}

/* Room for one more: the living entries move, in their order. `table` is alive. false: a limit. */
static bool table_make_room(sch_vm *vm, struct table *table)
{
    const struct entries *old = entries_of(table);
    size_t live = (size_t)fixnum_int(table->live), used = entries_used(old), capacity = entries_capacity(old);
    if (used < capacity)
        return true;
    if (live > capacity / 2)
        capacity *= 2;
    else if (live < capacity / 8 && capacity > CAPACITY_FIRST)
        capacity /= 2;
    struct bytevector *heads;
    struct entries *entries = entries_new(vm, capacity, &heads);
    if (!entries)
        return false;
    struct table next = *table; /* what is half done is nobody's if the time ends */
    next.heads = object_value(heads);
    for (size_t i = 0; i < used; i++) {
        const struct entry *entry = &old->at[i];
        if (!entry_is_dead(entry))
            entry_append(&next, entries, entry_hash(entry), entry->key, entry->value);
        if (unlikely(i % ENTRIES_PER_POLL == ENTRIES_PER_POLL - 1) && !poll(vm))
            return false;
    }
    table_take(vm, table, entries, heads);
    return true;
}

static bool table_add(sch_vm *vm, struct table *table, uint64_t hash, sch_value key, sch_value value)
{
    if (!table_make_room(vm, table))
        return false;
    barrier_object(vm, entries_of(table));
    entry_append(table, entries_of(table), hash, key, value);
    table->live = make_fixnum(fixnum_int(table->live) + 1);
    return true;
}

static void entry_set_value(sch_vm *vm, const struct table *table, size_t number, sch_value value)
{
    barrier_object(vm, entries_of(table));
    entries_of(table)->at[number - 1].value = value;
}

/* The entry leaves its bucket and keeps its place. false: a limit. */
static bool table_drop(sch_vm *vm, struct table *table, size_t number)
{
    struct entries *entries = entries_of(table);
    struct entry *entry = &entries->at[number - 1];
    uint32_t *head = head_of(table, entry_hash(entry));
    struct entry *before = NULL;
    size_t at = *head;
    for (size_t steps = 1; at != number; steps++) {
        before = &entries->at[at - 1];
        at = entry_link(before);
        if (!chain_goes_on(vm, steps))
            return false;
    }
    if (before)
        entry_set_link(before, entry_link(entry), entry_hash(before));
    else
        *head = (uint32_t)entry_link(entry);
    *entry = (struct entry){ make_fixnum(LINK_DEAD), V_UNSPECIFIED, V_UNSPECIFIED };
    table->live = make_fixnum(fixnum_int(table->live) - 1);
    return true;
}

/* --- primitives; their callers are in (schooner table) --- */

/* NULL: raised. */
static struct table *table_argument(sch_vm *vm, const char *who, sch_value v)
{
    if (likely(is_type(v, OBJECT_TABLE) && object_length(v) == STATE_WORDS))
        return object_as(struct table, v);
    raise_type(vm, who, 1, "the state of a table", v);
    return NULL;
}

static struct entries *entries_argument(sch_vm *vm, const char *who, sch_value v)
{
    if (likely(is_type(v, OBJECT_TABLE) && object_length(v) != STATE_WORDS))
        return object_as(struct entries, v);
    raise_type(vm, who, 1, "the entries of a table", v);
    return NULL;
}

/* The number of an entry that is alive. false: raised. */
static bool number_argument(sch_vm *vm, const char *who, const struct entries *entries, sch_value v, size_t *ret)
{
    if (unlikely(!is_fixnum(v) || fixnum_int(v) < 1 || fixnum_int(v) > fixnum_int(entries->used) ||
                 entry_is_dead(&entries->at[fixnum_int(v) - 1]))) {
        raise_range(vm, who, 2, v);
        return false;
    }
    *ret = (size_t)fixnum_int(v);
    return true;
}

/* What the primitives that look for a key begin with: the units for the search, the key's class and its hash. */
struct search {
    struct table *table;
    enum key_class class;
    uint64_t hash;
    size_t number; /* of the entry; 0: there is none */
};

static __attribute__((noinline)) bool search_text(sch_vm *vm, sch_value key, struct search *search)
{
    return text_key_hash(vm, key, &search->hash) && find_text(vm, search->table, key, search->hash, &search->number);
}

/* The table's is there already, and the key is one of C's. false: a limit. Words are the most, and quick: this and what
 * calls it are a part of each primitive, so that what is found stays in registers. */
static inline __attribute__((always_inline)) bool search_key(sch_vm *vm, sch_value key, uint64_t units,
                                                             struct search *search)
{
    if (unlikely(!charge(vm, units)))
        return false;
    if (unlikely(search->class == KEY_TEXT)) {
        struct search text = *search; /* `search` itself needs no address */
        bool ok = search_text(vm, key, &text);
        *search = text;
        return ok;
    }
    search->hash = word_hash(key);
    return find_word(vm, search->table, key, search->hash, &search->number);
}

static bool search(sch_vm *vm, const char *who, const sch_value *args, struct search *ret)
{
    ret->table = table_argument(vm, who, args[0]);
    if (!ret->table)
        return false;
    ret->class = key_class(fixnum_int(ret->table->kind), args[1]);
    return ret->class == KEY_OTHER || search_key(vm, args[1], 1, ret);
}

/* Behind a search: the key gets its value. Unspecified, or V_RAISED. */
static sch_value search_put(sch_vm *vm, const struct search *found, sch_value key, sch_value value)
{
    if (found->number)
        entry_set_value(vm, found->table, found->number, value);
    else if (!table_add(vm, found->table, found->hash, key, value))
        return V_RAISED;
    return V_UNSPECIFIED;
}

/* (%make-table kind) */
sch_value prim_make_table(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    if (!is_index(args[0], KIND_COUNT))
        return raise_type(vm, "%make-table", 1, "a kind", args[0]);
    struct bytevector *heads;
    if (!heap_reserve_object(vm, sizeof(struct table)))
        return V_RAISED;
    struct entries *entries = entries_new(vm, CAPACITY_FIRST, &heads);
    if (!entries)
        return V_RAISED;
    struct table *table = heap_object(vm, OBJECT_TABLE, STATE_WORDS, vector_size(STATE_WORDS));
    *table = (struct table){ table->header, V_FALSE, V_FALSE, make_fixnum(0), args[0] };
    table_take(vm, table, entries, heads);
    return object_value(table);
}

sch_value prim_table_size(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    const struct table *table = table_argument(vm, "%table-size", args[0]);
    return table ? table->live : V_RAISED;
}

/* Where a key is none of ours, the next four give the state itself, which nothing else can be. */

/* (%table-ref state key default) */
sch_value prim_table_ref(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    struct search found;
    if (!search(vm, "%table-ref", args, &found))
        return V_RAISED;
    if (found.class == KEY_OTHER)
        return args[0];
    return found.number ? entries_of(found.table)->at[found.number - 1].value : args[2];
}

/* (%table-find state key): the number of its entry; #f: there is none */
sch_value prim_table_find(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    struct search found;
    if (!search(vm, "%table-find", args, &found))
        return V_RAISED;
    if (found.class == KEY_OTHER)
        return args[0];
    return found.number ? make_fixnum((int64_t)found.number) : V_FALSE;
}

/* (%table-put! state key value): what it gives otherwise is not used */
sch_value prim_table_put(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    struct search found;
    if (!search(vm, "%table-put!", args, &found))
        return V_RAISED;
    if (found.class == KEY_OTHER)
        return args[0];
    return search_put(vm, &found, args[1], args[2]);
}

/* (%table-remove! state key): was it there? */
sch_value prim_table_remove(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    struct search found;
    if (!search(vm, "%table-remove!", args, &found))
        return V_RAISED;
    if (found.class == KEY_OTHER)
        return args[0];
    if (found.number && !table_drop(vm, found.table, found.number))
        return V_RAISED;
    return make_boolean(found.number != 0);
}

/* (%table-candidate state hash number): the next entry with this hash in the bucket, behind that one (0: from the
 * first on), or #f */
sch_value prim_table_candidate(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    const struct table *table = table_argument(vm, "%table-candidate", args[0]);
    if (!table)
        return V_RAISED;
    if (!is_fixnum(args[1]))
        return raise_type(vm, "%table-candidate", 2, "a hash", args[1]);
    const struct entries *entries = entries_of(table);
    uint64_t hash = spread_hash((uint64_t)fixnum_int(args[1]));
    size_t number;
    if (!charge(vm, 1))
        return V_RAISED;
    if (value_same(args[2], make_fixnum(0))) {
        number = *head_of(table, hash);
    } else if (is_index(args[2], entries_used(entries) + 1) && !entry_is_dead(&entries->at[fixnum_int(args[2]) - 1])) {
        number = entry_link(&entries->at[fixnum_int(args[2]) - 1]);
    } else {
        return V_FALSE; /* the equality has changed the table */
    }
    for (size_t steps = 1; number != 0 && entry_hash(&entries->at[number - 1]) != hash; steps++) {
        number = entry_link(&entries->at[number - 1]);
        if (!chain_goes_on(vm, steps))
            return V_RAISED;
    }
    return number ? make_fixnum((int64_t)number) : V_FALSE;
}

/* --- what scripts call: these take the record of (schooner table) --- */

/* The fields of that record; no other record has a state in one. */
enum { FIELD_STATE = 3, FIELD_IS_MUTABLE = 4, RECORD_FIELDS = 5 };

/* Of this type and this long, whatever its flags. */
static inline bool is_sized(sch_value v, unsigned type, size_t length)
{
    enum { FLAGS_MASK = OBJECT_FLAG_MASK << 3 };
    return is_object(v) && (value_header(v) & ~(uint64_t)FLAGS_MASK) == header_make(type, 0, length);
}

/* NULL: it is no hash table. */
static inline struct table *table_of_record(sch_value v)
{
    if (unlikely(!is_sized(v, OBJECT_RECORD, 1 + RECORD_FIELDS)))
        return NULL;
    sch_value state = object_as(struct record, v)->fields[FIELD_STATE];
    return likely(is_sized(state, OBJECT_TABLE, STATE_WORDS)) ? object_as(struct table, state) : NULL;
}

/*
 * In place of procedures of the library, and for their fuel: so many are entered on the way to the search. Where the
 * key is none of ours, nothing is charged and the library does it all.
 */
enum outcome { OUTCOME_SEARCHED, OUTCOME_RAISED, OUTCOME_LIBRARY };

static enum outcome refuse(sch_vm *vm, const char *who, sch_value got, uint64_t entered)
{
    if (charge(vm, entered))
        raise_type(vm, who, 1, "a hash table", got);
    return OUTCOME_RAISED;
}

static inline __attribute__((always_inline)) enum outcome look_up(sch_vm *vm, const char *who, const sch_value *args,
                                                                  uint64_t entered, struct search *ret)
{
    ret->table = table_of_record(args[0]);
    if (unlikely(!ret->table))
        return refuse(vm, who, args[0], entered);
    ret->class = key_class(fixnum_int(ret->table->kind), args[1]);
    if (ret->class == KEY_OTHER)
        return OUTCOME_LIBRARY;
    return search_key(vm, args[1], entered + 1, ret) ? OUTCOME_SEARCHED : OUTCOME_RAISED;
}

/* For changes: what is wrong with a table that cannot be changed, the library says. */
static inline __attribute__((always_inline)) enum outcome
look_up_to_change(sch_vm *vm, const char *who, const sch_value *args, uint64_t entered, struct search *ret)
{
    ret->table = table_of_record(args[0]);
    if (likely(ret->table) && unlikely(is_false(object_as(struct record, args[0])->fields[FIELD_IS_MUTABLE])))
        return OUTCOME_LIBRARY;
    return look_up(vm, who, args, entered, ret);
}

static sch_value leave(sch_vm *vm, enum outcome outcome, enum image_hook hook, size_t count)
{
    return outcome == OUTCOME_RAISED ? V_RAISED : ask_call(vm, env_hook(vm->env, hook), count);
}

/* (hash-table-ref table key failure success): the library has one search more where there is no such key. */
sch_value prim_hash_table_ref(sch_vm *vm, const sch_value *args, size_t count)
{
    struct search found;
    enum outcome outcome = count < 4 ? look_up(vm, "hash-table-ref", args, 3, &found) : OUTCOME_LIBRARY;
    if (outcome != OUTCOME_SEARCHED)
        return leave(vm, outcome, HOOK_TABLE_REF, count);
    if (found.number)
        return entries_of(found.table)->at[found.number - 1].value;
    bool can_fail = count == 3 && !is_false(args[2]);
    outcome = look_up(vm, "hash-table-ref", args, can_fail ? 4 : 2, &found);
    if (can_fail && outcome == OUTCOME_SEARCHED)
        return ask_call(vm, args[2], 0);
    return leave(vm, outcome, HOOK_TABLE_MISSING, 2);
}

/* (hash-table-ref/default table key default) */
sch_value prim_hash_table_ref_default(sch_vm *vm, const sch_value *args, size_t count)
{
    struct search found;
    enum outcome outcome = look_up(vm, "hash-table-ref/default", args, 2, &found);
    if (outcome != OUTCOME_SEARCHED)
        return leave(vm, outcome, HOOK_TABLE_DEFAULT, count);
    return found.number ? entries_of(found.table)->at[found.number - 1].value : args[2];
}

/* (hash-table-contains? table key) */
sch_value prim_hash_table_contains(sch_vm *vm, const sch_value *args, size_t count)
{
    struct search found;
    enum outcome outcome = look_up(vm, "hash-table-contains?", args, 3, &found);
    if (outcome != OUTCOME_SEARCHED)
        return leave(vm, outcome, HOOK_TABLE_CONTAINS, count);
    return make_boolean(found.number != 0);
}

/* (hash-table-set! table key value ...) */
sch_value prim_hash_table_set(sch_vm *vm, const sch_value *args, size_t count)
{
    struct search found;
    enum outcome outcome = count == 3 ? look_up_to_change(vm, "hash-table-set!", args, 4, &found) : OUTCOME_LIBRARY;
    if (outcome != OUTCOME_SEARCHED)
        return leave(vm, outcome, HOOK_TABLE_SET, count);
    return search_put(vm, &found, args[1], args[2]);
}

/* (hash-table-delete! table key ...): how many there were */
sch_value prim_hash_table_delete(sch_vm *vm, const sch_value *args, size_t count)
{
    struct search found;
    enum outcome outcome = count == 2 ? look_up_to_change(vm, "hash-table-delete!", args, 5, &found) : OUTCOME_LIBRARY;
    if (outcome != OUTCOME_SEARCHED)
        return leave(vm, outcome, HOOK_TABLE_DELETE, count);
    if (found.number && !table_drop(vm, found.table, found.number))
        return V_RAISED;
    return make_fixnum(found.number != 0);
}

/* --- for the library again --- */

/* (%table-add! state hash key value): a key that is not there yet */
sch_value prim_table_add(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    struct table *table = table_argument(vm, "%table-add!", args[0]);
    if (!table)
        return V_RAISED;
    if (!is_fixnum(args[1]))
        return raise_type(vm, "%table-add!", 2, "a hash", args[1]);
    uint64_t hash = spread_hash((uint64_t)fixnum_int(args[1]));
    return table_add(vm, table, hash, args[2], args[3]) ? V_UNSPECIFIED : V_RAISED;
}

/* (%table-set! state number value) */
sch_value prim_table_set(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    const struct table *table = table_argument(vm, "%table-set!", args[0]);
    size_t number;
    if (!table || !number_argument(vm, "%table-set!", entries_of(table), args[1], &number))
        return V_RAISED;
    entry_set_value(vm, table, number, args[2]);
    return V_UNSPECIFIED;
}

/* (%table-drop! state number) */
sch_value prim_table_drop(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    struct table *table = table_argument(vm, "%table-drop!", args[0]);
    size_t number;
    if (!table || !number_argument(vm, "%table-drop!", entries_of(table), args[1], &number) ||
        !table_drop(vm, table, number))
        return V_RAISED;
    return V_UNSPECIFIED;
}

sch_value prim_table_clear(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    struct table *table = table_argument(vm, "%table-clear!", args[0]);
    struct bytevector *heads;
    struct entries *entries = table ? entries_new(vm, CAPACITY_FIRST, &heads) : NULL;
    if (!entries)
        return V_RAISED;
    entries_of(table)->used = make_fixnum(0); /* a walk has passed none of the new ones */
    table_take(vm, table, entries, heads);
    table->live = make_fixnum(0);
    return V_UNSPECIFIED;
}

/* (%table-entries state): what a walk counts in; never seen by a script */
sch_value prim_table_entries(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    const struct table *table = table_argument(vm, "%table-entries", args[0]);
    return table ? table->entries : V_RAISED;
}

/* (%table-next entries number): the first that is alive from this one on, or #f */
sch_value prim_table_next(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    struct entries *entries = entries_argument(vm, "%table-next", args[0]);
    if (!entries)
        return V_RAISED;
    if (!is_fixnum(args[1]) || fixnum_int(args[1]) < 1)
        return raise_range(vm, "%table-next", 2, args[1]);
    size_t used = entries_used(entries);
    for (size_t number = (size_t)fixnum_int(args[1]), passed = 1; number <= used; number++, passed++) {
        if (!entry_is_dead(&entries->at[number - 1])) {
            if (is_false(entries->next) && !heap_is_frozen(args[0]))
                entries->next = V_TRUE;
            return make_fixnum((int64_t)number);
        }
        if (unlikely(passed % PASSED_PER_UNIT == 0) && !charge(vm, 1))
            return V_RAISED;
    }
    return V_FALSE;
}

/* (%table-moved entries number): where a walk that came to `number` stands now that other entries took the place of
 * these: behind as many as lived before it when they did */
sch_value prim_table_moved(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    const struct entries *entries = entries_argument(vm, "%table-moved", args[0]);
    if (!entries)
        return V_RAISED;
    if (!is_fixnum(args[1]) || fixnum_int(args[1]) < 1)
        return raise_range(vm, "%table-moved", 2, args[1]);
    size_t number = (size_t)fixnum_int(args[1]);
    for (; is_object(entries->next); entries = object_as(struct entries, entries->next)) {
        size_t passed = size_min(number - 1, entries_used(entries)), lived = 0;
        if (!charge(vm, 1 + passed / PASSED_PER_UNIT))
            return V_RAISED;
        for (size_t i = 0; i < passed; i++) {
            lived += !entry_is_dead(&entries->at[i]);
            if (unlikely(i % ENTRIES_PER_POLL == ENTRIES_PER_POLL - 1) && !poll(vm))
                return V_RAISED;
        }
        number = lived + 1;
    }
    return make_fixnum((int64_t)number);
}

/* (%table-key entries number), (%table-value entries number) */
sch_value prim_table_key(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    const struct entries *entries = entries_argument(vm, "%table-key", args[0]);
    size_t number;
    if (!entries || !number_argument(vm, "%table-key", entries, args[1], &number))
        return V_RAISED;
    return entries->at[number - 1].key;
}

sch_value prim_table_value(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    const struct entries *entries = entries_argument(vm, "%table-value", args[0]);
    size_t number;
    if (!entries || !number_argument(vm, "%table-value", entries, args[1], &number))
        return V_RAISED;
    return entries->at[number - 1].value;
}
