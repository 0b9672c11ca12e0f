/*
 * Numbers: the whole tower over fixnums, bignums, ratios, doubles and complex numbers. Everything here may be called
 * with any value; what is not a number of the wanted kind raises a type error in the name of `who`. Functions that
 * return sch_value give V_RAISED after an error or a limit. They charge fuel for work that grows with the operands,
 * keep integer_bits, reserve, then build (so they may collect; operands must be alive in the caller's frame).
 */
#ifndef SCHOONER_NUM_NUMBER_H
#define SCHOONER_NUM_NUMBER_H

#include "base/buffer.h"
#include "schooner/heap/machine.h"

static inline bool is_double(sch_value v)
{
    return is_small_double(v) || is_boxed_double(v);
}

static inline double double_of(sch_value v)
{
    return is_small_double(v) ? small_double(v) : object_as(struct flonum, v)->number;
}

static inline bool is_exact_integer(sch_value v)
{
    return is_fixnum(v) || is_bignum(v);
}

bool is_number(sch_value v);
bool is_real(sch_value v);     /* everything but non-real complex */
bool is_rational(sch_value v); /* real, neither infinite nor NaN */
bool is_integer(sch_value v);  /* 3 and 3.0 */
bool is_exact(sch_value v);

/* A double as a value; boxes when it must (room of FLONUM_SIZE reserved by the caller). */
sch_value make_double(sch_vm *vm, double d);
/* Reserves by itself. */
sch_value make_double_reserving(sch_vm *vm, double d);
sch_value make_integer(sch_vm *vm, int64_t n);   /* reserves by itself */
sch_value make_unsigned(sch_vm *vm, uint64_t n); /* reserves by itself */

/* The generic operations; the interpreter calls them when its inline cases do not apply. */
sch_value number_add(sch_vm *vm, const char *who, sch_value a, sch_value b);
sch_value number_subtract(sch_vm *vm, const char *who, sch_value a, sch_value b);
sch_value number_multiply(sch_vm *vm, const char *who, sch_value a, sch_value b);
sch_value number_divide(sch_vm *vm, const char *who, sch_value a, sch_value b);
enum number_relation { RELATION_EQUAL, RELATION_LESS, RELATION_GREATER, RELATION_LESS_EQUAL, RELATION_GREATER_EQUAL };
/* V_TRUE, V_FALSE or V_RAISED. Exact comparison of exact and inexact numbers (transitive). */
sch_value number_compare(sch_vm *vm, const char *who, enum number_relation relation, sch_value a, sch_value b);
enum integer_division { FLOOR_QUOTIENT, FLOOR_REMAINDER, TRUNCATE_QUOTIENT, TRUNCATE_REMAINDER };
sch_value number_integer_divide(sch_vm *vm, const char *who, enum integer_division kind, sch_value a, sch_value b);

/* Quotient and remainder at once, as multiple values: floor/ or truncate/. */
sch_value number_divide_both(sch_vm *vm, const char *who, bool floors, sch_value a, sch_value b);

/* eqv? for two numbers (exactness, sign of zero, NaN by bits); no allocation. */
bool number_eqv(sch_value a, sch_value b);
/* The limbs that number_eqv may look at. */
size_t number_limbs(sch_value v);
uint64_t number_hash(sch_value v);

/* The digits of a fixnum, behind a minus where it is below zero, at the end of `text`. */
enum { FIXNUM_TEXT = 72 };
const char *fixnum_text(int64_t n, unsigned radix, char text[FIXNUM_TEXT], size_t *ret_length);

/*
 * Text to number, as (string->number text radix): `exactness` of prefixes is handled here. V_FALSE: not a number.
 * V_RAISED: a limit (integer-bits, fuel, heap). Correctly rounded. `text` must not move: not in the collected heap
 * unless alive.
 */
sch_value number_parse(sch_vm *vm, const char *text, size_t length, unsigned radix);
/*
 * The same without a machine, for the reader: NUMBER_IMMEDIATE gives a fixnum or small double; NUMBER_OTHER says that
 * it is a number which number_parse will make (bignum, ratio, boxed double, complex); NUMBER_NOT that it is none;
 * NUMBER_TOO_LARGE that it has more than `integer_bits` bits. Linear in the length (times a small constant).
 */
enum number_scan { NUMBER_NOT, NUMBER_IMMEDIATE, NUMBER_OTHER, NUMBER_TOO_LARGE };
/* Asked on the way along many digits. false: a limit, and NUMBER_NOT means nothing. */
struct literal_clock {
    bool (*look)(void *data);
    void *data;
};
enum number_scan number_scan(const char *text, size_t length, unsigned radix, uint64_t integer_bits,
                             struct literal_clock clock, sch_value *ret);

/* Appends the shortest text that reads back as the same number. false: a limit was raised. */
bool number_print(sch_vm *vm, sch_value number, unsigned radix, struct buffer *out);

bool number_to_int64(sch_value v, int64_t *ret); /* exact integers that fit, and integral doubles that fit */
bool number_to_double(sch_value v, double *ret); /* real numbers, correctly rounded */

#endif
