/*
 * The part of hash tables that sees where objects lie. Objects never move, so their addresses can be hashes; but no
 * script may learn them, not even from the fuel that a search took. So a search costs the same for every chain that
 * a good hash makes. (schooner table) has the buckets, the order and the equality; what is here besides is the short
 * way to the keys that programs use most, which computes the same hashes and finds the same entries.
 */
#include "base/hash.h"
#include "schooner/lib/list.h"
#include "schooner/lib/text.h"
#include "schooner/num/number.h"
#include "schooner/table/primitive.h"

enum { STEPS_PER_UNIT = 16, HASH_BITS = 54 };

/* The state of a table, and what compares its keys (lib/schooner/table.sld). */
enum { STATE_BUCKETS, STATE_SIZE, STATE_RING, STATE_KIND, STATE_LENGTH };
enum { KIND_OTHER, KIND_IDENTITY, KIND_STRUCTURE, KIND_STRING, KIND_COUNT };
enum { ENTRY_HASH, ENTRY_KEY };

/* What objects that are eqv? have in common. Numbers have their own hashes, of their values. */
static uint64_t identity_bits(sch_value v)
{
    if (!is_object(v))
        return v.bits;
    unsigned type = header_type(value_header(v));
    if (type == OBJECT_KEYWORD)
        return object_as(struct vector, v)->items[0].bits;
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

/* (%hash-index hash size): a bucket of `size`, a power of two. Hashes of scripts may be bad: they are mixed. */
sch_value prim_hash_index(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    if (!is_fixnum(args[0]))
        return raise_type(vm, "%hash-index", 1, "a hash", args[0]);
    if (!is_fixnum(args[1]) || fixnum_int(args[1]) <= 0)
        return raise_type(vm, "%hash-index", 2, "a size", args[1]);
    uint64_t mask = (uint64_t)fixnum_int(args[1]) - 1;
    return make_fixnum((int64_t)(hash_mix((uint64_t)fixnum_int(args[0])) & mask));
}

/* (%hash-tail hash chain): the chain from its first entry with this hash on, or (). Entries are vectors that begin with
 * their hash; what is something else is passed over. */
sch_value prim_hash_tail(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    sch_value chain = args[1];
    for (size_t steps = 1; is_pair(chain); chain = pair_cdr(chain), steps++) {
        sch_value entry = pair_car(chain);
        if (is_vector(entry) && object_length(entry) > 0 &&
            value_same(object_as(struct vector, entry)->items[0], args[0]))
            break;
        if (unlikely(steps % STEPS_PER_UNIT == 0) && !charge(vm, STEPS_PER_UNIT))
            return V_RAISED;
    }
    return is_pair(chain) ? chain : V_NIL;
}

/* --- the short way --- */

enum key_class { KEY_OTHER, KEY_WORD, KEY_NUMBER, KEY_TEXT };

/* How a table of this kind compares such a key: as a word, as text, or in a way that is Scheme's affair. */
static enum key_class key_class(int64_t kind, sch_value key)
{
    if ((kind == KIND_IDENTITY || kind == KIND_STRUCTURE) && is_fixnum(key))
        return KEY_NUMBER;
    if (kind == KIND_STRUCTURE && is_symbol(key))
        return KEY_WORD;
    if ((kind == KIND_STRUCTURE || kind == KIND_STRING) && is_string(key))
        return KEY_TEXT;
    if (kind == KIND_STRUCTURE && (is_character(key) || is_boolean(key)))
        return KEY_WORD;
    if (kind == KIND_IDENTITY && !is_number(key) && value_same((sch_value){ identity_bits(key) }, key))
        return KEY_WORD;
    return KEY_OTHER;
}

/* What the table's own hash function gives for the key. false: a limit. */
static bool key_hash(sch_vm *vm, int64_t kind, enum key_class class, sch_value key, uint64_t *ret)
{
    const int64_t number_bound = 33554393, structure_start = INT64_C(31) * 16064047;
    uint64_t hash = 0;
    if (class == KEY_NUMBER) {
        int64_t rest = fixnum_int(key) % number_bound;
        hash = (uint64_t)(rest < 0 ? rest + number_bound : rest);
    } else if (class == KEY_WORD) {
        hash = identity_hash(key);
    } else if (!text_hash(vm, string_view(key)->text, string_length(key), &hash)) {
        return false;
    }
    *ret = kind == KIND_STRUCTURE ? ((uint64_t)structure_start + hash) % ((UINT64_C(1) << HASH_BITS) - 1) : hash;
    return true;
}

/* Two keys of one hash: texts are looked at, and paid for as in equal?. false: a limit. */
static bool key_matches(sch_vm *vm, enum key_class class, sch_value key, sch_value other, bool *ret)
{
    *ret = value_same(key, other);
    if (*ret || class != KEY_TEXT || !is_string(other))
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

static bool state_kind(sch_vm *vm, const char *who, sch_value state, int64_t *ret)
{
    if (is_vector(state) && object_length(state) >= STATE_LENGTH &&
        is_index(object_as(struct vector, state)->items[STATE_KIND], KIND_COUNT)) {
        *ret = fixnum_int(object_as(struct vector, state)->items[STATE_KIND]);
        return true;
    }
    raise_type(vm, who, 1, "the state of a table", state);
    return false;
}

/* (%table-hash state key): its hash; #f: it has none here. */
sch_value prim_table_hash(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    int64_t kind;
    uint64_t hash;
    if (!state_kind(vm, "%table-hash", args[0], &kind))
        return V_RAISED;
    enum key_class class = key_class(kind, args[1]);
    if (class == KEY_OTHER)
        return V_FALSE;
    return key_hash(vm, kind, class, args[1], &hash) ? make_fixnum((int64_t)hash) : V_RAISED;
}

/* (%table-find state key): the entry; #f: there is none; 0: such keys are not looked for here. */
sch_value prim_table_find(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    int64_t kind;
    uint64_t hash;
    if (!state_kind(vm, "%table-find", args[0], &kind))
        return V_RAISED;
    enum key_class class = key_class(kind, args[1]);
    sch_value buckets = object_as(struct vector, args[0])->items[STATE_BUCKETS];
    if (class == KEY_OTHER || !is_vector(buckets) || object_length(buckets) == 0)
        return make_fixnum(0);
    if (!key_hash(vm, kind, class, args[1], &hash))
        return V_RAISED;
    sch_value chain = object_as(struct vector, buckets)->items[hash_mix(hash) & (object_length(buckets) - 1)];
    for (size_t steps = 1; is_pair(chain); chain = pair_cdr(chain), steps++) {
        sch_value entry = pair_car(chain);
        bool found = false;
        if (is_vector(entry) && object_length(entry) > ENTRY_KEY &&
            value_same(object_as(struct vector, entry)->items[ENTRY_HASH], make_fixnum((int64_t)hash)) &&
            !key_matches(vm, class, args[1], object_as(struct vector, entry)->items[ENTRY_KEY], &found))
            return V_RAISED;
        if (found)
            return entry;
        if (unlikely(steps % STEPS_PER_UNIT == 0) && !charge(vm, STEPS_PER_UNIT))
            return V_RAISED;
    }
    return V_FALSE;
}
