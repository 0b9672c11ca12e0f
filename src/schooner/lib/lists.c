/* Pairs and lists of (scheme base). */
#include "schooner/lib/list.h"

#include "schooner/heap/barrier.h"
#include "schooner/num/number.h"
#include "schooner/table/primitive.h"

enum list_shape list_measure(sch_vm *vm, sch_value list, size_t *ret_length)
{
    sch_value slow = V_NIL, fast = list;
    size_t length = 0;

    /* Brent's cycle finding: the slow one jumps to the fast one at each power of two. The inner loop goes up to there,
     * or to the next charge. */
    for (size_t power = 1, stop = 1; is_pair(fast);) {
        do {
            fast = pair_cdr(fast);
            length++;
        } while (length < stop && is_pair(fast) && !value_same(fast, slow));
        if (unlikely(length % PAIRS_PER_CHARGE == 0) && !charge(vm, PAIRS_PER_CHARGE))
            return LIST_LIMIT;
        if (is_pair(fast) && value_same(fast, slow))
            return LIST_CYCLIC;
        if (length == power) {
            power *= 2;
            slow = fast;
        }
        stop = size_min(power, length + PAIRS_PER_CHARGE - length % PAIRS_PER_CHARGE);
    }
    if (!charge(vm, length % PAIRS_PER_CHARGE))
        return LIST_LIMIT;
    *ret_length = length;
    return is_nil(fast) ? LIST_PROPER : LIST_DOTTED;
}

bool list_length(sch_vm *vm, const char *who, size_t argument, sch_value list, size_t *ret_length)
{
    enum list_shape shape = list_measure(vm, list, ret_length);
    if (likely(shape == LIST_PROPER))
        return true;
    if (shape != LIST_LIMIT)
        raise_type(vm, who, argument, "a list", list);
    return false;
}

sch_value refuse_number(sch_vm *vm, const char *who, size_t argument, sch_value v)
{
    return is_exact_integer(v) ? raise_range(vm, who, argument, v)
                               : raise_type(vm, who, argument, "an exact integer", v);
}

sch_value refuse_index(sch_vm *vm, const char *who, size_t argument, sch_value v, size_t length)
{
    return is_exact_integer(v) ? raise_range_of(vm, who, argument, v, length) : refuse_number(vm, who, argument, v);
}

bool argument_count(sch_vm *vm, const char *who, size_t argument, sch_value v, size_t most, size_t *ret)
{
    if (likely(is_index(v, most + 1))) {
        *ret = (size_t)fixnum_int(v);
        return true;
    }
    refuse_number(vm, who, argument, v);
    return false;
}

bool argument_index(sch_vm *vm, const char *who, size_t argument, sch_value v, size_t length, size_t *ret)
{
    if (likely(is_index(v, length + 1))) {
        *ret = (size_t)fixnum_int(v);
        return true;
    }
    refuse_index(vm, who, argument, v, length);
    return false;
}

bool argument_element(sch_vm *vm, const char *who, size_t argument, sch_value v, size_t length, size_t *ret)
{
    if (likely(is_index(v, length))) {
        *ret = (size_t)fixnum_int(v);
        return true;
    }
    refuse_index(vm, who, argument, v, length);
    return false;
}

bool argument_writable(sch_vm *vm, const char *who, sch_value v)
{
    if (likely(!heap_is_frozen(v)))
        return true;
    raise_error(vm, "immutable", who, 1, &v, "a literal cannot be changed:");
    return false;
}

bool argument_range(sch_vm *vm, const char *who, const sch_value *args, size_t count, size_t first, size_t length,
                    size_t *ret_start, size_t *ret_end)
{
    size_t start = 0;
    size_t end = length;
    if (count > first + 1 && !argument_index(vm, who, first + 2, args[first + 1], length, &end))
        return false;
    if (count > first && !argument_index(vm, who, first + 1, args[first], length, &start))
        return false;
    if (unlikely(start > end)) {
        raise_argument(vm, who, first + 1, args[first], "is above the end, which is %zu:", end);
        return false;
    }
    *ret_start = start;
    *ret_end = end;
    return true;
}

sch_value prim_is_pair(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)vm, (void)count;
    return make_boolean(is_pair(args[0]));
}

sch_value prim_cons(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    if (!heap_reserve(vm, PAIR_SIZE))
        return V_RAISED;
    return cons(vm, args[0], args[1]);
}

sch_value prim_car(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    return is_pair(args[0]) ? pair_car(args[0]) : raise_type(vm, "car", 1, "a pair", args[0]);
}

sch_value prim_cdr(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    return is_pair(args[0]) ? pair_cdr(args[0]) : raise_type(vm, "cdr", 1, "a pair", args[0]);
}

static bool writable_pair(sch_vm *vm, const char *who, sch_value pair)
{
    if (is_pair(pair))
        return argument_writable(vm, who, pair);
    raise_type(vm, who, 1, "a pair", pair);
    return false;
}

sch_value prim_set_car(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    if (!writable_pair(vm, "set-car!", args[0]))
        return V_RAISED;
    barrier_pair(vm, args[0]);
    pair_of(args[0])->car = args[1];
    return V_UNSPECIFIED;
}

sch_value prim_set_cdr(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    if (!writable_pair(vm, "set-cdr!", args[0]))
        return V_RAISED;
    barrier_pair(vm, args[0]);
    pair_of(args[0])->cdr = args[1];
    return V_UNSPECIFIED;
}

sch_value prim_is_null(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)vm, (void)count;
    return make_boolean(is_nil(args[0]));
}

sch_value prim_is_list(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    size_t length;
    enum list_shape shape = list_measure(vm, args[0], &length);
    return shape == LIST_LIMIT ? V_RAISED : make_boolean(shape == LIST_PROPER);
}

sch_value prim_make_list(sch_vm *vm, const sch_value *args, size_t count)
{
    size_t length;
    if (!argument_count(vm, "make-list", 1, args[0], FIXNUM_MAX, &length))
        return V_RAISED;
    if (!charge(vm, pairs_cost(length)) || !heap_reserve_pairs(vm, length))
        return V_RAISED;
    sch_value fill = count > 1 ? args[1] : V_UNSPECIFIED;
    sch_value list = V_NIL;
    while (length-- > 0) {
        list = cons(vm, fill, list);
        if (!pairs_go_on(vm, length))
            return V_RAISED;
    }
    return list;
}

/* (%check-list-length 'procedure length): before a list is built pair by pair. What the heap could not hold is the heap
 * limit at once, not when it is full. A unit, as a check that is written in Scheme. */
sch_value prim_check_list_length(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    size_t length;
    const char *who = is_symbol(args[0]) ? object_as(struct symbol, args[0])->text : NULL;
    if (!charge(vm, 1) || !argument_count(vm, who, 1, args[1], FIXNUM_MAX, &length))
        return V_RAISED;
    if (length > vm->account.cap / PAIR_SIZE && !heap_reserve_pairs(vm, length))
        return V_RAISED;
    return V_UNSPECIFIED;
}

/* The arguments in front of `list`. Room is reserved. */
static sch_value arguments_before(sch_vm *vm, const sch_value *args, size_t count, sch_value list)
{
    while (count-- > 0) {
        list = cons(vm, args[count], list);
        if (!pairs_go_on(vm, count))
            return V_RAISED;
    }
    return list;
}

sch_value prim_list(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!charge(vm, pairs_cost(count)) || !heap_reserve_pairs(vm, count))
        return V_RAISED;
    return arguments_before(vm, args, count, V_NIL);
}

sch_value prim_cons_star(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!charge(vm, pairs_cost(count - 1)) || !heap_reserve_pairs(vm, count - 1))
        return V_RAISED;
    return arguments_before(vm, args, count - 1, args[count - 1]);
}

sch_value prim_length(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    size_t length;
    if (!list_length(vm, "length", 1, args[0], &length))
        return V_RAISED;
    return make_fixnum((int64_t)length);
}

/* Copies `length` pairs of `list` in front of `tail`, in order. Room is reserved. V_RAISED: a limit. */
static sch_value copy_before(sch_vm *vm, sch_value list, size_t length, sch_value tail)
{
    sch_value head = tail, *end = &head;
    for (size_t made = 0, run; made < length; made += run) {
        struct pair *pairs = heap_take_pairs(vm, length - made, &run);
        *end = pair_value(pairs); /* fresh: no barrier */
        for (size_t i = 0; i < run; i++, list = pair_cdr(list))
            pairs[i] = (struct pair){ pair_car(list), pair_value(&pairs[i + 1]) };
        end = &pairs[run - 1].cdr;
        *end = tail;
        if (!run_goes_on(vm, made, run))
            return V_RAISED;
    }
    return head;
}

sch_value prim_append(sch_vm *vm, const sch_value *args, size_t count)
{
    if (count == 0)
        return V_NIL;
    size_t total = 0;
    if (!charge(vm, count / ARGUMENTS_PER_UNIT)) /* they may all be empty */
        return V_RAISED;
    for (size_t i = 0; i + 1 < count; i++) {
        size_t length;
        if (!list_length(vm, "append", i + 1, args[i], &length) || !pairs_go_on(vm, i))
            return V_RAISED;
        total += length; /* bounded: each argument is at most the heap */
    }
    if (!charge(vm, 2 * (uint64_t)total) || !heap_reserve_pairs(vm, total))
        return V_RAISED; /* two more walks */

    sch_value out = args[count - 1];
    for (size_t i = count - 1; i-- > 0;) {
        size_t length = 0;
        for (sch_value l = args[i]; is_pair(l); l = pair_cdr(l))
            if (!pairs_go_on(vm, length++))
                return V_RAISED;
        out = copy_before(vm, args[i], length, out);
        if (is_raised(out) || !pairs_go_on(vm, i))
            return V_RAISED;
    }
    return out;
}

static sch_value reverse_onto(sch_vm *vm, const char *who, sch_value list, sch_value tail)
{
    size_t length;
    if (!list_length(vm, who, 1, list, &length))
        return V_RAISED;
    if (!charge(vm, length) || !heap_reserve_pairs(vm, length))
        return V_RAISED;
    for (size_t made = 0, run; made < length; made += run) {
        struct pair *pairs = heap_take_pairs(vm, length - made, &run);
        for (size_t i = 0; i < run; i++, list = pair_cdr(list)) {
            pairs[i] = (struct pair){ pair_car(list), tail };
            tail = pair_value(&pairs[i]);
        }
        if (!run_goes_on(vm, made, run))
            return V_RAISED;
    }
    return tail;
}

sch_value prim_reverse(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    return reverse_onto(vm, "reverse", args[0], V_NIL);
}

sch_value prim_append_reverse(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    return reverse_onto(vm, "append-reverse", args[0], args[1]);
}

/* The tail after `k` pairs; raises when the list is shorter. */
static bool walk(sch_vm *vm, const char *who, sch_value list, sch_value k, sch_value *ret)
{
    size_t steps;
    if (!argument_count(vm, who, 2, k, FIXNUM_MAX, &steps) || !charge(vm, 0))
        return false;
    for (size_t i = 0; i < steps; i++) {
        if (!is_pair(list)) {
            raise_range_of(vm, who, 2, k, i);
            return false;
        }
        if (unlikely(i % PAIRS_PER_CHARGE == PAIRS_PER_CHARGE - 1) && !charge(vm, PAIRS_PER_CHARGE))
            return false;
        list = pair_cdr(list);
    }
    *ret = list;
    return charge(vm, steps % PAIRS_PER_CHARGE);
}

sch_value prim_list_tail(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    sch_value tail;
    return walk(vm, "list-tail", args[0], args[1], &tail) ? tail : V_RAISED;
}

sch_value prim_list_ref(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    sch_value tail;
    if (!walk(vm, "list-ref", args[0], args[1], &tail))
        return V_RAISED;
    return is_pair(tail) ? pair_car(tail) : raise_range_of(vm, "list-ref", 2, args[1], (size_t)fixnum_int(args[1]));
}

sch_value prim_list_set(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    sch_value tail;
    if (!walk(vm, "list-set!", args[0], args[1], &tail))
        return V_RAISED;
    if (!is_pair(tail))
        return raise_range_of(vm, "list-set!", 2, args[1], (size_t)fixnum_int(args[1]));
    if (!writable_pair(vm, "list-set!", tail))
        return V_RAISED;
    barrier_pair(vm, tail);
    pair_of(tail)->car = args[2];
    return V_UNSPECIFIED;
}

sch_value prim_list_copy(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    size_t length;
    enum list_shape shape = list_measure(vm, args[0], &length);
    if (shape == LIST_LIMIT)
        return V_RAISED;
    if (shape == LIST_CYCLIC)
        return raise_type(vm, "list-copy", 1, "a list without a cycle", args[0]);
    if (!charge(vm, 2 * (uint64_t)length) || !heap_reserve_pairs(vm, length))
        return V_RAISED;
    sch_value tail = args[0];
    for (size_t i = 0; i < length; i++) {
        tail = pair_cdr(tail);
        if (!pairs_go_on(vm, i))
            return V_RAISED;
    }
    return copy_before(vm, args[0], length, tail);
}

sch_value prim_last_pair(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    size_t length;
    enum list_shape shape = list_measure(vm, args[0], &length);
    if (shape == LIST_LIMIT)
        return V_RAISED;
    if (shape == LIST_CYCLIC || length == 0)
        return raise_type(vm, "last-pair", 1, "a list with at least one pair", args[0]);
    if (!charge(vm, length))
        return V_RAISED;
    sch_value pair = args[0];
    for (; is_pair(pair_cdr(pair)); pair = pair_cdr(pair))
        if (!pairs_go_on(vm, length--))
            return V_RAISED;
    return pair;
}

/* Searching. `alist` looks at the cars of the elements. A cycle without the key ends in the fuel or time limit. */
enum search_test { SEARCH_EQ, SEARCH_EQV, SEARCH_EQUAL };

static sch_value search(sch_vm *vm, const char *who, enum search_test test, bool alist, const sch_value *args)
{
    sch_value key = args[0];
    sch_value list = args[1];
    size_t seen = 0;

    for (; is_pair(list); list = pair_cdr(list)) {
        sch_value item = pair_car(list);
        if (alist && !is_pair(item))
            return raise_type(vm, who, 2, "an association list", args[1]);
        sch_value candidate = alist ? pair_car(item) : item;
        bool failed = false;
        bool found = test == SEARCH_EQ    ? value_same(key, candidate)
                     : test == SEARCH_EQV ? values_eqv(vm, key, candidate, &failed)
                                          : values_equal(vm, key, candidate, &failed);
        if (failed)
            return V_RAISED;
        seen += alist ? 2 : 1;
        if (found)
            return charge(vm, seen) ? alist ? item : list : V_RAISED;
        if (unlikely(seen >= PAIRS_PER_CHARGE)) {
            if (!charge(vm, seen))
                return V_RAISED;
            seen = 0;
        }
    }
    if (!charge(vm, seen))
        return V_RAISED;
    return is_nil(list) ? V_FALSE : raise_type(vm, who, 2, "a list", args[1]);
}

#define SEARCH(function, who, test, alist)                              \
    sch_value function(sch_vm *vm, const sch_value *args, size_t count) \
    {                                                                   \
        (void)count;                                                    \
        return search(vm, who, test, alist, args);                      \
    }
SEARCH(prim_memq, "memq", SEARCH_EQ, false)
SEARCH(prim_memv, "memv", SEARCH_EQV, false)
SEARCH(prim_member_equal, "member", SEARCH_EQUAL, false)
SEARCH(prim_assq, "assq", SEARCH_EQ, true)
SEARCH(prim_assv, "assv", SEARCH_EQV, true)
SEARCH(prim_assoc_equal, "assoc", SEARCH_EQUAL, true)
