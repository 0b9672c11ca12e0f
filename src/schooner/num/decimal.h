/*
 * Doubles and digits: the nearest double of a decimal, the shortest decimal of a double. Reads and writes rows of
 * digits, not the syntax of numbers (literal.h, print.c).
 */
#ifndef SCHOONER_NUM_DECIMAL_H
#define SCHOONER_NUM_DECIMAL_H

#include "schooner/num/exact.h"

enum { POWER_MIN = -342, POWER_MAX = 324 };
/* 128 leading bits of 10^(POWER_MIN + i), rounded down: high word, low word. */
extern const uint64_t decimal_powers[POWER_MAX - POWER_MIN + 1][2];

/* whole.fraction * radix^exponent; digits are valid in the radix. */
struct digits {
    const char *whole;
    size_t whole_count;
    const char *fraction;
    size_t fraction_count;
    int64_t exponent; /* within +-10^15 */
};

/* How many zeros a row of digits begins with. */
size_t digits_zeros(const char *text, size_t count);
/* Decided without a machine in almost all cases of radix 10; false: not decided. */
bool digits_to_double_fast(const struct digits *digits, unsigned radix, double *ret);
/* Correctly rounded for every input. false: a limit was raised. */
bool digits_to_double(struct work *work, const struct digits *digits, unsigned radix, double *ret);
/* Exact. */
bool digits_to_exact(struct work *work, const struct digits *digits, unsigned radix, struct exact *ret);
/* A bound: the exact value has at least this many bits in its numerator or denominator. */
uint64_t digits_least_bits(const struct digits *digits, unsigned radix);

/* 0.d1 d2 ... dn * radix^point */
enum { SHORTEST_DIGITS = 1100 };
struct shortest {
    size_t count;
    int point;
    char digits[SHORTEST_DIGITS];
};
/* The shortest digits that read back as `d`, the nearest to it among them; d is finite and positive. */
void shortest_decimal(double d, struct shortest *ret);
void shortest_in_radix(double d, unsigned radix, struct shortest *ret);

#endif
