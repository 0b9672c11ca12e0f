/*
 * Exact numbers under way: integers with a sign, and ratios, whose limbs lie in a work or in a living heap object.
 * Every function that returns bool gives false after a limit was raised. Knows no values.
 */
#ifndef SCHOONER_NUM_EXACT_H
#define SCHOONER_NUM_EXACT_H

#include "schooner/num/natural.h"

struct integer {
    const uint64_t *limbs; /* no zero limb on top */
    size_t size;           /* 0: zero */
    bool negative;
};

/* n / d in lowest terms; d positive, 1 for an integer */
struct exact {
    struct integer n;
    struct integer d;
};

extern const uint64_t integer_one_limb[1];
#define INTEGER_ZERO ((struct integer){ integer_one_limb, 0, false })
#define INTEGER_ONE  ((struct integer){ integer_one_limb, 1, false })

static inline bool integer_is_zero(struct integer a)
{
    return a.size == 0;
}

static inline bool integer_is_one(struct integer a) /* or minus one: of the magnitude */
{
    return a.size == 1 && a.limbs[0] == 1;
}

static inline bool integer_is_odd(struct integer a)
{
    return a.size > 0 && (a.limbs[0] & 1);
}

static inline size_t integer_bits(struct integer a)
{
    return natural_bits(a.limbs, a.size);
}

static inline struct integer integer_negate(struct integer a)
{
    a.negative = a.size > 0 && !a.negative;
    return a;
}

static inline struct integer integer_magnitude(struct integer a)
{
    a.negative = false;
    return a;
}

/* `limbs` may have zero limbs on top. */
static inline struct integer integer_from_limbs(const uint64_t *limbs, size_t size, bool negative)
{
    size = natural_trim(limbs, size);
    return (struct integer){ limbs, size, negative && size > 0 };
}

bool integer_of_int64(struct work *work, int64_t n, struct integer *ret);
bool integer_of_uint64(struct work *work, uint64_t n, struct integer *ret);
/* The magnitude's value when it fits. */
bool integer_to_uint64(struct integer a, uint64_t *ret);
bool integer_to_int64(struct integer a, int64_t *ret);

/* Copies the limbs into the work: for a number whose heap object may not live until the result is stored. */
bool integer_detach(struct work *work, struct integer *a);

/* Raises integer-bits unless `bits` bits are allowed: asked before the work. */
bool integer_fits(struct work *work, uint64_t bits);

int integer_compare(struct integer a, struct integer b);
bool integer_add(struct work *work, struct integer a, struct integer b, struct integer *ret);
bool integer_subtract(struct work *work, struct integer a, struct integer b, struct integer *ret);
bool integer_multiply(struct work *work, struct integer a, struct integer b, struct integer *ret);
/* Truncating: a = q b + r, r with the sign of a. b is not zero. */
bool integer_divide(struct work *work, struct integer a, struct integer b, struct integer *ret_q,
                    struct integer *ret_r);
/* Floor: r with the sign of b. */
bool integer_divide_floor(struct work *work, struct integer a, struct integer b, struct integer *ret_q,
                          struct integer *ret_r);
bool integer_gcd(struct work *work, struct integer a, struct integer b, struct integer *ret);
/* a * 2^bits */
bool integer_shift_left(struct work *work, struct integer a, uint64_t bits, struct integer *ret);
/* Is one of the lowest `bits` bits of the magnitude set? */
bool integer_has_bits_below(struct integer a, uint64_t bits);
/* floor(a / 2^bits) */
bool integer_shift_right(struct work *work, struct integer a, uint64_t bits, struct integer *ret);
/* a^n; raises integer-bits before the work when it would be too large */
bool integer_power(struct work *work, struct integer a, uint64_t n, struct integer *ret);
/* The same where the caller knows the size to be small. */
bool integer_power_unlimited(struct work *work, struct integer a, uint64_t n, struct integer *ret);
/* The greatest s with s^2 <= a, and the rest a - s^2; a is not negative. */
bool integer_root(struct work *work, struct integer a, struct integer *ret_s, struct integer *ret_r);

static inline struct exact exact_of_integer(struct integer n)
{
    return (struct exact){ n, INTEGER_ONE };
}

static inline bool exact_is_integer(const struct exact *a)
{
    return integer_is_one(a->d);
}

static inline struct exact exact_negate(struct exact a)
{
    a.n = integer_negate(a.n);
    return a;
}

/* n / d reduced; d is not zero */
bool exact_make(struct work *work, struct integer n, struct integer d, struct exact *ret);
bool exact_add(struct work *work, const struct exact *a, const struct exact *b, struct exact *ret);
bool exact_subtract(struct work *work, const struct exact *a, const struct exact *b, struct exact *ret);
bool exact_multiply(struct work *work, const struct exact *a, const struct exact *b, struct exact *ret);
bool exact_divide(struct work *work, const struct exact *a, const struct exact *b, struct exact *ret);
bool exact_compare(struct work *work, const struct exact *a, const struct exact *b, int *ret);
enum rounding { ROUND_FLOOR, ROUND_CEILING, ROUND_TRUNCATE, ROUND_EVEN };
bool exact_round(struct work *work, const struct exact *a, enum rounding mode, struct integer *ret);
/* a^n, n of any sign; a is not zero when n is negative */
bool exact_power(struct work *work, const struct exact *a, int64_t n, struct exact *ret);

/* A finite double is a ratio. */
bool exact_of_double(struct work *work, double d, struct exact *ret);
/* Correctly rounded, ties to even; n / d need not be reduced. */
bool exact_to_double(struct work *work, struct integer n, struct integer d, double *ret);
/* The same without a machine, in constant space: from the leading 32 limbs of each when they have more (then the double
 * may be the neighbour of the nearest one, for numbers chosen to be within 2^-1900 of a tie). */
double exact_to_double_at_once(struct integer n, struct integer d);
/* n / d = m * 2^e with 0.5 <= |m| < 1, m rounded; for logarithms and roots of what a double cannot hold. */
bool exact_to_scaled(struct work *work, struct integer n, struct integer d, double *ret_m, int64_t *ret_e);

#endif
