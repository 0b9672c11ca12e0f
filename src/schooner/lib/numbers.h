/* What the files of numeric primitives share: checking arguments, and functions on numbers under way. */
#ifndef SCHOONER_LIB_NUMBERS_H
#define SCHOONER_LIB_NUMBERS_H

#include "schooner/table/primitive.h"
#include "schooner/num/elementary.h"

/* In loops over arguments: looks at the clock now and then. false: a limit, return V_RAISED. */
static inline bool arguments_go_on(sch_vm *vm, size_t i)
{
    enum { ARGUMENTS_PER_POLL = 1024 };
    return likely(i % ARGUMENTS_PER_POLL != ARGUMENTS_PER_POLL - 1) || poll(vm);
}

/* Is every argument what the procedure asks for? Those behind the one that decides are looked at too, and all are
 * charged for. false: raised, of the first that is not. */
static inline bool arguments_are(sch_vm *vm, const char *who, bool (*is)(sch_value), const char *what,
                                 const sch_value *args, size_t count)
{
    if (!charge(vm, count / ARGUMENTS_PER_UNIT))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!is(args[i])) {
            raise_type(vm, who, i + 1, what, args[i]);
            return false;
        }
        if (!arguments_go_on(vm, i))
            return false;
    }
    return true;
}

static inline bool are_numbers(sch_vm *vm, const char *who, const sch_value *args, size_t count)
{
    return arguments_are(vm, who, is_number, "a number", args, count);
}

static inline bool are_reals(sch_vm *vm, const char *who, const sch_value *args, size_t count)
{
    return arguments_are(vm, who, is_real, "a real number", args, count);
}

/* A function on one number; the argument is checked by the caller. A unit, besides what it does to long numbers. */
static inline sch_value apply_elementary(sch_vm *vm, elementary *function, sch_value v)
{
    struct work work;
    struct number z, result;
    if (!charge(vm, 1))
        return V_RAISED;
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
