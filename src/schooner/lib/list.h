/* Walking lists that a script made: improper and cyclic ones end, and the work is charged. */
#ifndef SCHOONER_LIB_LIST_H
#define SCHOONER_LIB_LIST_H

#include "schooner/heap/machine.h"

enum list_shape { LIST_PROPER, LIST_DOTTED, LIST_CYCLIC, LIST_LIMIT };

/*
 * A walk over pairs may miss the cache at each of them: it costs a unit for each pair, whatever is done there. What is
 * less than PAIRS_PER_CHARGE at its end is charged too, or many short walks would be free.
 */
enum { PAIRS_PER_CHARGE = 64, PAIRS_PER_POLL = 4096 };

/* In loops over pairs that were charged in one go: looks at the clock now and then. false: a limit, return V_RAISED. */
static inline bool pairs_go_on(sch_vm *vm, size_t i)
{
    return likely(i % PAIRS_PER_POLL != PAIRS_PER_POLL - 1) || poll(vm);
}

/* The same behind a run of `count` pairs, before which there were `before`. */
static inline bool run_goes_on(sch_vm *vm, size_t before, size_t count)
{
    return likely(before / PAIRS_PER_POLL == (before + count) / PAIRS_PER_POLL) || poll(vm);
}

/* The shape and the number of pairs (those before the cycle closes: meaningless for LIST_CYCLIC). Charges a unit for
 * each pair; LIST_LIMIT: a limit was raised, return V_RAISED. */
enum list_shape list_measure(sch_vm *vm, sch_value list, size_t *ret_length);

/* A proper list's length; else raises a type error (or the limit) in the name of `who` and gives false. */
bool list_length(sch_vm *vm, const char *who, size_t argument, sch_value list, size_t *ret_length);

/* eqv? and equal?. Both charge; false with *ret_failed set: the limit was raised. */
bool values_eqv(sch_vm *vm, sch_value a, sch_value b, bool *ret_failed);
bool values_equal(sch_vm *vm, sch_value a, sch_value b, bool *ret_failed);

/* Raises for what is no number here: the range error for an exact integer of any size, else the type error. */
sch_value refuse_number(sch_vm *vm, const char *who, size_t argument, sch_value v);
/* Likewise for what is no index into something of `length` elements. */
sch_value refuse_index(sch_vm *vm, const char *who, size_t argument, sch_value v, size_t length);
/* How many there shall be, at most `most`; else raises. */
bool argument_count(sch_vm *vm, const char *who, size_t argument, sch_value v, size_t most, size_t *ret);
/* An exact index in [0, length]; else raises. */
bool argument_index(sch_vm *vm, const char *who, size_t argument, sch_value v, size_t length, size_t *ret);
/* The exact index of an element of something with `length` elements; else raises. */
bool argument_element(sch_vm *vm, const char *who, size_t argument, sch_value v, size_t length, size_t *ret);
/* Not a literal and not part of the image; else raises. */
bool argument_writable(sch_vm *vm, const char *who, sch_value v);
/* Optional [start, end) arguments at args[first], args[first + 1] of something with `length` elements. */
bool argument_range(sch_vm *vm, const char *who, const sch_value *args, size_t count, size_t first, size_t length,
                    size_t *ret_start, size_t *ret_end);

#endif
