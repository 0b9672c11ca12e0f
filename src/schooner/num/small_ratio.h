/* Ratios of fixnums, the ones that programs mostly have: without a work, by machine words. */
#ifndef SCHOONER_NUM_SMALL_RATIO_H
#define SCHOONER_NUM_SMALL_RATIO_H

#include "schooner/num/number.h"

enum ratio_operation { RATIO_ADD, RATIO_SUBTRACT, RATIO_MULTIPLY, RATIO_DIVIDE };

/* For two numbers that are_small_ratios. false: what is under way needs more than a word, and nothing was done.
 * Otherwise the sum and so on, or V_RAISED. b is not zero where it divides. */
bool small_ratio_apply(sch_vm *vm, enum ratio_operation operation, sch_value a, sch_value b, sch_value *ret);

static inline bool is_small_ratio(sch_value v)
{
    return is_fixnum(v) || (is_ratio(v) && is_fixnum(object_as(struct ratio, v)->numerator) &&
                            is_fixnum(object_as(struct ratio, v)->denominator));
}

static inline bool are_small_ratios(sch_value a, sch_value b)
{
    return is_small_ratio(a) && is_small_ratio(b);
}

#endif
