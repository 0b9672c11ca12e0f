/*
 * The elementary functions on numbers under way: exact where R7RS wants it (roots, powers, values at zero and one),
 * complex where the real function ends. Functions give false after a limit or an error was raised in the name of `who`.
 */
#ifndef SCHOONER_NUM_ELEMENTARY_H
#define SCHOONER_NUM_ELEMENTARY_H

#include "schooner/num/flight.h"

typedef bool elementary(struct work *work, const struct number *z, struct number *ret);
elementary number_exp, number_log, number_sin, number_cos, number_tan, number_asin, number_acos, number_atan,
    number_sqrt;

bool number_atan2(struct work *work, const struct real *y, const struct real *x, struct number *ret);
bool number_log_base(struct work *work, const char *who, const struct number *z, const struct number *base,
                     struct number *ret);
bool number_expt(struct work *work, const char *who, const struct number *base, const struct number *exponent,
                 struct number *ret);
bool number_magnitude(struct work *work, const struct number *z, struct real *ret);
bool number_angle(struct work *work, const struct number *z, struct real *ret);

/* The square root when it is exact: *ret_found. `a` is not negative. */
bool exact_root(struct work *work, const struct exact *a, bool *ret_found, struct exact *ret);

#endif
