/*
 * eq?, eqv?, equal?. equal? terminates on cycles and is near linear on shared structure: after a number of plain
 * comparisons it merges what it assumes equal in a union-find forest (Adams, Dybvig, "Efficient nondestructive equality
 * checking for trees and graphs", ICFP 2008). As there, it goes back to plain ones after so many merges in a row that
 * found nothing: there are fewer merges than parts, and so a bounded number of plain comparisons for each part.
 */
#include "base/hash.h"
#include "schooner/lib/list.h"
#include "schooner/table/primitive.h"
#include "schooner/num/number.h"

enum {
    PLAIN_FIRST = 2000, /* comparisons before the first merge */
    MERGES = 40,        /* in a row, then */
    PLAIN_AGAIN = 400,
    WAITING_INSIDE = 32,  /* ranges that need no memory of the account */
    CHARGED_AT_ONCE = 64, /* comparisons */
    LIMBS_PER_UNIT = 8,
    FOREST_UNITS = 9, /* what a comparison with the forest costs more: its words lie anywhere in memory */
};

bool values_eqv(sch_vm *vm, sch_value a, sch_value b, bool *ret_failed)
{
    *ret_failed = false;
    if (value_same(a, b))
        return true;
    if (!is_object(a) || !is_object(b))
        return false;
    unsigned type = header_type(value_header(a));
    if (type != header_type(value_header(b)))
        return false;
    if (type >= OBJECT_FLONUM && type <= OBJECT_COMPLEX) {
        *ret_failed = !charge(vm, number_limbs(a) / LIMBS_PER_UNIT);
        return !*ret_failed && number_eqv(a, b);
    }
    return type == OBJECT_STRING && object_length(a) == 0 && object_length(b) == 0;
}

/* A forest of addresses; open addressing in a buffer of the account's memory. */
struct forest_node {
    uint64_t key; /* 0: free */
    uint64_t parent;
};

/* Values still to be compared, one with the other, `count` of each. */
struct range {
    const sch_value *a, *b;
    size_t count;
};

struct equality {
    sch_vm *vm;
    struct range *base, *top, *limit; /* a stack, in `inside` or in `outside` */
    struct range inside[WAITING_INSIDE];
    struct buffer outside;
    struct buffer forest; /* capacity is a power of two nodes */
    size_t nodes;
    unsigned plain;  /* comparisons before the next merge */
    unsigned merges; /* that may follow */
    size_t owed;     /* units that are not charged yet */
};

static struct forest_node *forest_slot(const struct equality *state, uint64_t key)
{
    struct forest_node *nodes = (struct forest_node *)state->forest.bytes;
    size_t mask = state->forest.length / sizeof *nodes - 1;
    size_t at = (size_t)hash_mix(key) & mask;
    while (nodes[at].key != 0 && nodes[at].key != key)
        at = (at + 1) & mask;
    return &nodes[at];
}

static bool forest_grow(struct equality *state)
{
    size_t capacity = state->forest.length / sizeof(struct forest_node);
    if (capacity && state->nodes * 2 < capacity)
        return true;
    struct buffer old = state->forest;
    size_t bytes = (capacity ? capacity * 2 : 1024) * sizeof(struct forest_node);
    buffer_init(&state->forest, vm_memory(state->vm));
    if (!buffer_reserve(&state->forest, bytes)) {
        state->forest = old;
        return false;
    }
    state->forest.length = bytes;
    const struct forest_node *nodes = (const struct forest_node *)old.bytes;
    bool in_time = fill_bytes(state->vm, state->forest.bytes, 0, bytes);
    for (size_t i = 0; i < capacity && in_time; i++) {
        if (nodes[i].key)
            *forest_slot(state, nodes[i].key) = nodes[i];
        in_time = pairs_go_on(state->vm, i);
    }
    if (old.bytes)
        buffer_done(&old);
    return in_time;
}

static uint64_t forest_root(struct equality *state, uint64_t key)
{
    struct forest_node *node = forest_slot(state, key);
    if (node->key == 0) {
        *node = (struct forest_node){ key, key };
        state->nodes++;
        return key;
    }
    while (node->parent != node->key) {
        struct forest_node *parent = forest_slot(state, node->parent);
        node->parent = parent->parent; /* path halving */
        node = forest_slot(state, node->parent);
    }
    return node->key;
}

/* Charges in lots: a comparison of a few words costs its call alone. */
static bool use_units(struct equality *state, size_t units)
{
    state->owed += units;
    if (likely(state->owed < CHARGED_AT_ONCE))
        return true;
    units = state->owed;
    state->owed = 0;
    return charge(state->vm, units);
}

/* Are the two already assumed equal? Else assumes it from now on. */
static bool forest_assumed(struct equality *state, sch_value a, sch_value b, bool *ret_failed)
{
    if (!use_units(state, FOREST_UNITS) || !forest_grow(state)) {
        *ret_failed = true;
        return false;
    }
    uint64_t root_a = forest_root(state, a.bits);
    uint64_t root_b = forest_root(state, b.bits);
    if (root_a == root_b) {
        state->merges = MERGES; /* here is something shared: it is worth going on */
        return true;
    }
    forest_slot(state, root_b)->parent = root_a;
    if (--state->merges == 0) {
        state->merges = MERGES;
        state->plain = PLAIN_AGAIN;
    }
    return false;
}

/* For two objects with insides, before they are looked into. */
static inline bool is_assumed(struct equality *state, sch_value a, sch_value b, bool *ret_failed)
{
    return state->plain == 0 && forest_assumed(state, a, b, ret_failed);
}

static bool move_outside(struct equality *state)
{
    size_t used = (size_t)((char *)state->top - (char *)state->base);
    bool first = state->outside.length == 0;
    if (!buffer_reserve(&state->outside, first ? 2 * used : used))
        return false;
    if (first)
        memcpy(state->outside.bytes, state->inside, used);
    state->outside.length = 2 * used;
    state->base = (struct range *)(void *)state->outside.bytes;
    state->top = (struct range *)(void *)(state->outside.bytes + used);
    state->limit = (struct range *)(void *)(state->outside.bytes + 2 * used);
    return true;
}

static inline bool push(struct equality *state, const sch_value *a, const sch_value *b, size_t count)
{
    if (unlikely(state->top == state->limit) && !move_outside(state))
        return false;
    *state->top++ = (struct range){ a, b, count };
    return true;
}

/* Two different words that are not both pairs: compares them, and pushes the insides of vectors. */
static bool compare_others(struct equality *state, sch_value a, sch_value b, bool *ret_failed)
{
    if (is_mstring(a))
        a = object_as(struct mstring, a)->text;
    if (is_mstring(b))
        b = object_as(struct mstring, b)->text;
    if (!is_object(a) || !is_object(b) || header_type(value_header(a)) != header_type(value_header(b)))
        return false;
    size_t length = object_length(a);
    if (is_vector(a)) {
        if (object_length(b) != length)
            return false;
        if (length == 0 || is_assumed(state, a, b, ret_failed))
            return true;
        *ret_failed |= !use_units(state, length) ||
                       !push(state, object_as(struct vector, a)->items, object_as(struct vector, b)->items, length);
        return true;
    }
    if (is_istring(a) || is_bytevector(a)) {
        const char *bytes_a =
            is_istring(a) ? object_as(struct string, a)->text : (char *)object_as(struct bytevector, a)->bytes;
        const char *bytes_b =
            is_istring(b) ? object_as(struct string, b)->text : (char *)object_as(struct bytevector, b)->bytes;
        if (object_length(b) != length)
            return false;
        int order;
        *ret_failed |= !charge(state->vm, length / 64) || !compare_bytes(state->vm, bytes_a, bytes_b, length, &order);
        return !*ret_failed && order == 0;
    }
    return values_eqv(state->vm, a, b, ret_failed);
}

/* Cars first, what is behind them waits. */
static bool compare_all(struct equality *state, sch_value a, sch_value b, bool *ret_failed)
{
    for (;;) {
        state->plain -= state->plain > 0;
        *ret_failed |= !use_units(state, 1);
        if (!*ret_failed && !value_same(a, b)) {
            if (!is_pair(a) || !is_pair(b)) {
                if (!compare_others(state, a, b, ret_failed))
                    return false;
            } else if (!is_assumed(state, a, b, ret_failed) && !*ret_failed) {
                const struct pair *x = pair_of(a), *y = pair_of(b);
                *ret_failed |= !push(state, &x->cdr, &y->cdr, 1);
                a = x->car;
                b = y->car;
                continue;
            }
        }
        if (*ret_failed)
            return false;
        if (state->top == state->base)
            return true;
        struct range *rest = state->top - 1;
        a = *rest->a++;
        b = *rest->b++;
        if (--rest->count == 0)
            state->top--;
    }
}

bool values_equal(sch_vm *vm, sch_value a, sch_value b, bool *ret_failed)
{
    *ret_failed = false;
    if (value_same(a, b))
        return true;
    if (!is_pointer(a) || !is_pointer(b))
        return false;

    struct equality state;
    state.vm = vm;
    state.base = state.top = state.inside;
    state.limit = state.inside + WAITING_INSIDE;
    state.nodes = state.owed = 0;
    state.plain = PLAIN_FIRST;
    state.merges = MERGES;
    buffer_init(&state.outside, vm_memory(vm));
    buffer_init(&state.forest, vm_memory(vm));
    bool equal = compare_all(&state, a, b, ret_failed);
    buffer_done(&state.outside);
    buffer_done(&state.forest);
    *ret_failed = *ret_failed || !charge(vm, state.owed);
    if (*ret_failed && vm->limit == SCH_LIMIT_NONE)
        raise_limit(vm, SCH_LIMIT_HEAP);
    return equal && !*ret_failed;
}

sch_value prim_is_eq(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)vm, (void)count;
    return make_boolean(value_same(args[0], args[1]));
}

sch_value prim_is_eqv(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    bool failed;
    bool same = values_eqv(vm, args[0], args[1], &failed);
    return failed ? V_RAISED : make_boolean(same);
}

sch_value prim_is_equal(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    bool failed;
    bool equal = values_equal(vm, args[0], args[1], &failed);
    return failed ? V_RAISED : make_boolean(equal);
}

sch_value prim_not(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)vm, (void)count;
    return make_boolean(is_false(args[0]));
}

sch_value prim_is_boolean(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)vm, (void)count;
    return make_boolean(is_boolean(args[0]));
}

sch_value prim_boolean_same(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!charge(vm, count / ARGUMENTS_PER_UNIT))
        return V_RAISED;
    for (size_t i = 0; i < count; i++)
        if (!is_boolean(args[i]))
            return raise_type(vm, "boolean=?", i + 1, "a boolean", args[i]);
    for (size_t i = 1; i < count; i++)
        if (!value_same(args[0], args[i]))
            return V_FALSE;
    return V_TRUE;
}

sch_value prim_is_procedure(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)vm, (void)count;
    return make_boolean(is_procedure(args[0]));
}

sch_value prim_unspecified(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)vm, (void)args, (void)count;
    return V_UNSPECIFIED;
}

sch_value prim_is_default(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)vm, (void)count;
    return make_boolean(value_same(args[0], V_DEFAULT));
}

/* The mark of an absent optional argument, for define* and its kind. */
sch_value prim_default(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)vm, (void)args, (void)count;
    return V_DEFAULT;
}
