/*
 * Any number under way: what lies between loading operands and storing a result. A real is an exact ratio or a double,
 * a complex number two reals. Functions that return bool give false after a limit (or an error, where said) was raised.
 */
#ifndef SCHOONER_NUM_FLIGHT_H
#define SCHOONER_NUM_FLIGHT_H

#include "schooner/num/exact.h"
#include "schooner/num/number.h"

struct real {
    bool exact;
    double d;       /* not exact */
    struct exact q; /* exact */
};

struct number {
    bool complex;
    struct real re;
    struct real im; /* when complex */
};

static inline struct real real_of_double(double d)
{
    return (struct real){ .exact = false, .d = d, .q = { INTEGER_ZERO, INTEGER_ONE } };
}

static inline struct real real_of_exact(struct exact q)
{
    return (struct real){ .exact = true, .q = q };
}

static inline struct real real_of_integer(struct integer n)
{
    return real_of_exact(exact_of_integer(n));
}

static inline struct number number_of_real(struct real re)
{
    return (struct number){ .complex = false, .re = re, .im = real_of_integer(INTEGER_ZERO) };
}

static inline struct number number_of_double(double d)
{
    return number_of_real(real_of_double(d));
}

static inline struct number number_of_integer(struct integer n)
{
    return number_of_real(real_of_integer(n));
}

/* Exact zero: what makes a complex number real. */
static inline bool real_is_exact_zero(const struct real *a)
{
    return a->exact && a->q.n.size == 0;
}

/* `v` is an exact integer, a real, any number. */
bool integer_load(struct work *work, sch_value v, struct integer *ret);
bool real_load(struct work *work, sch_value v, struct real *ret);
bool number_load(struct work *work, sch_value v, struct number *ret);

/* re + im i, in the form that numbers have: real when im is an exact zero, both doubles when one is. */
bool number_of_parts(struct work *work, struct real re, struct real im, struct number *ret);

/* Checks integer_bits, reserves (may collect), builds; V_RAISED after a limit. */
sch_value number_store(struct work *work, const struct number *number);
/* Two of them, as multiple values. */
sch_value number_store_values(struct work *work, const struct number *first, const struct number *second);
static inline sch_value integer_store(struct work *work, struct integer n)
{
    struct number number = number_of_integer(n);
    return number_store(work, &number);
}

bool real_to_double(struct work *work, const struct real *a, double *ret);
/* a is finite */
bool real_to_exact(struct work *work, const struct real *a, struct exact *ret);

/* Arithmetic of reals; an inexact operand makes the result inexact. real_divide: the divisor is not an exact zero. */
bool real_add(struct work *work, const struct real *a, const struct real *b, struct real *ret);
bool real_subtract(struct work *work, const struct real *a, const struct real *b, struct real *ret);
bool real_multiply(struct work *work, const struct real *a, const struct real *b, struct real *ret);
bool real_divide(struct work *work, const struct real *a, const struct real *b, struct real *ret);
/* *ret_order: -1, 0, 1; 2 when one is NaN. Exact. */
bool real_compare(struct work *work, const struct real *a, const struct real *b, int *ret_order);

bool number_add_flight(struct work *work, const struct number *a, const struct number *b, struct number *ret);
bool number_subtract_flight(struct work *work, const struct number *a, const struct number *b, struct number *ret);
bool number_multiply_flight(struct work *work, const struct number *a, const struct number *b, struct number *ret);
/* b is not an exact zero */
bool number_divide_flight(struct work *work, const struct number *a, const struct number *b, struct number *ret);

typedef bool binary_flight(struct work *work, const struct number *a, const struct number *b, struct number *ret);
/* One of the four on values. WORK_NEVER_COLLECTS: `a` need not be alive, nothing is collected before it was used. */
sch_value number_apply(sch_vm *vm, const char *who, binary_flight *operation, enum work_collection collection,
                       sch_value a, sch_value b);

/* A fixnum or a double as a double, where no rounding of ours is needed. */
static inline bool quick_double(sch_value v, double *ret)
{
    if (is_fixnum(v)) {
        *ret = (double)fixnum_int(v);
        return true;
    }
    if (is_double(v)) {
        *ret = double_of(v);
        return true;
    }
    return false;
}

/* Both quick, one of them a double: the operation is one of doubles. */
static inline bool quick_doubles(sch_value a, sch_value b, double *ret_a, double *ret_b)
{
    return (is_double(a) || is_double(b)) && quick_double(a, ret_a) && quick_double(b, ret_b);
}

#endif
