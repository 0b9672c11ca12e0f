/* What the files of numeric primitives share: applying a function on numbers under way to an argument. */
#ifndef SCHOONER_LIB_NUMBERS_H
#define SCHOONER_LIB_NUMBERS_H

#include "schooner/table/primitive.h"
#include "schooner/num/elementary.h"

/* A function on one number; the argument is checked by the caller. */
static inline sch_value apply_elementary(sch_vm *vm, elementary *function, sch_value v)
{
    struct work work;
    struct number z, result;
    work_init(&work, vm, WORK_COLLECTS);
    sch_value value = V_RAISED;
    if (number_load(&work, v, &z) && function(&work, &z, &result))
        value = number_store(&work, &result);
    work_done(&work);
    return value;
}

static inline sch_value store_and_done(struct work *work, bool done, const struct number *number)
{
    sch_value value = done ? number_store(work, number) : V_RAISED;
    work_done(work);
    return value;
}

#endif
