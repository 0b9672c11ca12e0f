/*
 * The part of hash tables that sees where objects lie. Objects never move, so their addresses can be hashes; but no
 * script may learn them, not even from the fuel that a search took. So a search costs the same for every chain that
 * a good hash makes. It knows nothing of tables: (schooner table) has the buckets, the order and the equality.
 */
#include "base/hash.h"
#include "schooner/lib/list.h"
#include "schooner/lib/text.h"
#include "schooner/table/primitive.h"

enum { STEPS_PER_UNIT = 16, HASH_BITS = 54 };

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

sch_value prim_identity_hash(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)vm, (void)count;
    return make_fixnum((int64_t)(hash_mix(identity_bits(args[0])) >> (64 - HASH_BITS)));
}

/* Below 2^25, as all hashes of (srfi 128): products of them are fixnums. */
sch_value prim_string_hash(sch_vm *vm, const sch_value *args, size_t count)
{
    struct string_part part;
    if (!string_part_of(vm, "string-hash", args, count, 1, 1, &part) || !charge(vm, part.bytes / BYTES_PER_UNIT))
        return V_RAISED;
    uint64_t hash = 0;
    for (size_t at = 0; at < part.bytes; at += TEXT_PIECE) {
        hash = hash_mix(hash ^ hash_fnv1a(part.text + at, size_min(TEXT_PIECE, part.bytes - at)));
        if (!poll(vm))
            return V_RAISED;
    }
    return make_fixnum((int64_t)(hash & ((1u << 25) - 1)));
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
