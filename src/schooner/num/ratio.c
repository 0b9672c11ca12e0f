/* Ratios under way, and the exact way between ratios and doubles. */
#include <math.h>
#include "schooner/num/exact.h"

bool exact_make(struct work *work, struct integer n, struct integer d, struct exact *ret)
{
    struct integer g, rest;
    if (d.negative) {
        n = integer_negate(n);
        d = integer_negate(d);
    }
    if (!integer_gcd(work, n, d, &g))
        return false;
    if (!integer_is_one(g)) {
        if (!integer_divide(work, n, g, &n, &rest) || !integer_divide(work, d, g, &d, &rest))
            return false;
    }
    *ret = (struct exact){ n, d };
    return true;
}

bool exact_add(struct work *work, const struct exact *a, const struct exact *b, struct exact *ret)
{
    struct integer x, y, d;
    if (exact_is_integer(a) && exact_is_integer(b)) {
        if (!integer_add(work, a->n, b->n, &x))
            return false;
        *ret = exact_of_integer(x);
        return true;
    }
    /* Knuth 4.5.1: only what the denominators share can be taken out of the sum. */
    struct integer share, a_d = a->d, b_d = b->d, rest;
    if (!integer_gcd(work, a->d, b->d, &share))
        return false;
    if (!integer_is_one(share) &&
        (!integer_divide(work, a->d, share, &a_d, &rest) || !integer_divide(work, b->d, share, &b_d, &rest)))
        return false;
    if (!integer_multiply(work, a->n, b_d, &x) || !integer_multiply(work, b->n, a_d, &y) ||
        !integer_add(work, x, y, &x))
        return false;
    d = b->d;
    if (!integer_is_one(share)) {
        struct integer common;
        if (!integer_gcd(work, x, share, &common))
            return false;
        if (!integer_is_one(common) &&
            (!integer_divide(work, x, common, &x, &rest) || !integer_divide(work, d, common, &d, &rest)))
            return false;
    }
    if (!integer_multiply(work, a_d, d, &d))
        return false;
    *ret = (struct exact){ x, d };
    return true;
}

bool exact_subtract(struct work *work, const struct exact *a, const struct exact *b, struct exact *ret)
{
    struct exact negated = exact_negate(*b);
    return exact_add(work, a, &negated, ret);
}

/* (n1 / d1) (n2 / d2): the common factors are taken out crosswise, before they grow. */
static bool multiply_crosswise(struct work *work, struct integer n1, struct integer d1, struct integer n2,
                               struct integer d2, struct exact *ret)
{
    struct exact x, y;
    if (!exact_make(work, n1, d2, &x) || !exact_make(work, n2, d1, &y))
        return false;
    return integer_multiply(work, x.n, y.n, &ret->n) && integer_multiply(work, x.d, y.d, &ret->d);
}

bool exact_multiply(struct work *work, const struct exact *a, const struct exact *b, struct exact *ret)
{
    if (exact_is_integer(a) && exact_is_integer(b)) {
        struct integer x;
        if (!integer_multiply(work, a->n, b->n, &x))
            return false;
        *ret = exact_of_integer(x);
        return true;
    }
    return multiply_crosswise(work, a->n, a->d, b->n, b->d, ret);
}

bool exact_divide(struct work *work, const struct exact *a, const struct exact *b, struct exact *ret)
{
    struct integer n = b->d;
    struct integer d = b->n;
    if (d.negative) {
        n = integer_negate(n);
        d = integer_negate(d);
    }
    return multiply_crosswise(work, a->n, a->d, n, d, ret);
}

/* 2^(*low) <= |a| < 2^(*low + 2) */
static int64_t exact_exponent(const struct exact *a)
{
    return (int64_t)integer_bits(a->n) - (int64_t)integer_bits(a->d) - 1;
}

bool exact_compare(struct work *work, const struct exact *a, const struct exact *b, int *ret)
{
    struct integer x, y;
    if (a->n.negative != b->n.negative || integer_is_zero(a->n) || integer_is_zero(b->n) ||
        (exact_is_integer(a) && exact_is_integer(b))) {
        if (a->n.size == b->n.size && !charge(work->vm, a->n.size / 8))
            return false;
        *ret = integer_compare(a->n, b->n);
        return true;
    }
    int64_t a_exponent = exact_exponent(a);
    int64_t b_exponent = exact_exponent(b);
    if (a_exponent + 2 <= b_exponent || b_exponent + 2 <= a_exponent) {
        *ret = (a_exponent < b_exponent) == a->n.negative ? 1 : -1;
        return true;
    }
    if (!integer_multiply(work, a->n, b->d, &x) || !integer_multiply(work, b->n, a->d, &y))
        return false;
    *ret = integer_compare(x, y);
    return true;
}

static bool round_even(struct work *work, const struct exact *a, struct integer *ret)
{
    struct integer q, r, twice;
    if (!integer_divide_floor(work, a->n, a->d, &q, &r) || !integer_shift_left(work, r, 1, &twice))
        return false;
    int order = integer_compare(twice, a->d);
    if (order > 0 || (order == 0 && integer_is_odd(q)))
        return integer_add(work, q, INTEGER_ONE, ret);
    *ret = q;
    return true;
}

bool exact_round(struct work *work, const struct exact *a, enum rounding mode, struct integer *ret)
{
    struct integer r;
    if (exact_is_integer(a)) {
        *ret = a->n;
        return true;
    }
    switch (mode) {
    case ROUND_FLOOR: return integer_divide_floor(work, a->n, a->d, ret, &r);
    case ROUND_CEILING:
        return integer_divide_floor(work, a->n, a->d, ret, &r) && integer_add(work, *ret, INTEGER_ONE, ret);
    case ROUND_TRUNCATE: return integer_divide(work, a->n, a->d, ret, &r);
    case ROUND_EVEN: return round_even(work, a, ret);
    }
    return false;
}

bool exact_power(struct work *work, const struct exact *a, int64_t n, struct exact *ret)
{
    uint64_t magnitude = n < 0 ? -(uint64_t)n : (uint64_t)n;
    struct exact power;
    if (!integer_power(work, a->n, magnitude, &power.n) || !integer_power(work, a->d, magnitude, &power.d))
        return false;
    if (n < 0) {
        struct exact turned = { power.d, power.n };
        if (turned.d.negative) {
            turned.n = integer_negate(turned.n);
            turned.d = integer_negate(turned.d);
        }
        power = turned;
    }
    *ret = power;
    return true;
}

bool exact_of_double(struct work *work, double d, struct exact *ret)
{
    uint64_t bits = double_bits(d);
    int exponent = (int)(bits >> 52 & 0x7ff);
    uint64_t mantissa = bits & (((uint64_t)1 << 52) - 1);
    if (exponent == 0)
        exponent = 1;
    else
        mantissa |= (uint64_t)1 << 52;
    exponent -= 1075;
    if (mantissa == 0) {
        *ret = exact_of_integer(INTEGER_ZERO);
        return true;
    }
    unsigned zeros = (unsigned)__builtin_ctzll(mantissa);
    mantissa >>= zeros;
    exponent += (int)zeros;

    *ret = exact_of_integer(INTEGER_ZERO);
    if (!integer_of_uint64(work, mantissa, &ret->n))
        return false;
    ret->d = INTEGER_ONE;
    bool done = exponent >= 0 ? integer_shift_left(work, ret->n, (uint64_t)exponent, &ret->n)
                              : integer_shift_left(work, INTEGER_ONE, (uint64_t)-exponent, &ret->d);
    ret->n.negative = bits >> 63;
    return done;
}

/* A positive number by its 64 leading bits: (top + fraction) 2^exponent; sticky: the fraction is not zero. */
struct leading {
    uint64_t top;
    int64_t exponent;
    bool sticky;
};

/* q 2^exponent; `rest`: there is more below. q is not zero. */
static struct leading leading_of(struct integer q, int64_t exponent, bool rest)
{
    size_t bits = integer_bits(q);
    struct leading leading = { .exponent = exponent + (int64_t)bits - 64, .sticky = rest };
    if (bits <= 64) {
        leading.top = q.limbs[0] << (64 - bits);
        return leading;
    }
    size_t low = bits - 64;
    unsigned shift = (unsigned)(low % 64);
    leading.top = q.limbs[low / 64] >> shift;
    if (shift != 0)
        leading.top |= q.limbs[low / 64 + 1] << (64 - shift);
    leading.sticky = rest || integer_has_bits_below(q, low);
    return leading;
}

/* |n / d|, not zero */
static bool leading_of_ratio(struct work *work, struct integer n, struct integer d, struct leading *ret)
{
    struct integer q, r;
    n = integer_magnitude(n);
    if (integer_is_one(d)) {
        *ret = leading_of(n, 0, false);
        return true;
    }
    int64_t exponent = (int64_t)integer_bits(n) - (int64_t)integer_bits(d) - 66;
    bool done = exponent < 0 ? integer_shift_left(work, n, (uint64_t)-exponent, &n)
                             : integer_shift_left(work, d, (uint64_t)exponent, &d);
    if (!done || !integer_divide(work, n, d, &q, &r))
        return false;
    *ret = leading_of(q, exponent, r.size > 0);
    return true;
}

/* To the nearest double, ties to even. */
static double round_leading(struct leading leading)
{
    int64_t highest = leading.exponent + 63; /* the value lies in [2^highest, 2^(highest + 1)) */
    if (highest > 1023)
        return INFINITY;
    int64_t drop = highest >= -1022 ? 11 : 11 + (-1022 - highest);
    if (drop > 64)
        return 0.0;
    uint64_t kept = drop == 64 ? 0 : leading.top >> drop;
    uint64_t rest = drop == 64 ? leading.top : leading.top << (64 - drop);
    uint64_t half = (uint64_t)1 << 63;
    if (rest > half || (rest == half && (leading.sticky || (kept & 1))))
        kept++;
    return ldexp((double)kept, (int)(leading.exponent + drop));
}

bool exact_to_double(struct work *work, struct integer n, struct integer d, double *ret)
{
    struct leading leading;
    if (n.size == 0) {
        *ret = 0.0;
        return true;
    }
    if (!charge(work->vm, 1))
        return false;
    if (!leading_of_ratio(work, n, d, &leading))
        return false;
    double magnitude = round_leading(leading);
    *ret = n.negative ? -magnitude : magnitude;
    return true;
}

/* The leading limbs of `a`; *exponent grows by the bits left out. */
static struct integer shorten(struct integer a, int64_t *exponent, int sign)
{
    enum { KEPT = 32 };
    if (a.size <= KEPT)
        return a;
    *exponent += sign * (int64_t)(a.size - KEPT) * 64;
    return (struct integer){ a.limbs + (a.size - KEPT), KEPT, a.negative };
}

double exact_to_double_at_once(struct integer n, struct integer d)
{
    enum { ROOM = 36 };
    uint64_t dividend[ROOM], q[ROOM], r[ROOM];
    int64_t exponent = 0;
    double magnitude;

    if (n.size == 0)
        return 0.0;
    if (integer_is_one(d)) {
        magnitude = round_leading(leading_of(n, 0, false));
        return n.negative ? -magnitude : magnitude;
    }
    n = shorten(n, &exponent, 1);
    d = shorten(d, &exponent, -1);
    size_t size = size_max(n.size, d.size + 3); /* at least two full limbs of quotient */
    size_t pad = size - n.size;
    memset(dividend, 0, pad * sizeof *dividend);
    memcpy(dividend + pad, n.limbs, n.size * sizeof *dividend);
    mpn_tdiv_qr(q, r, 0, dividend, (mp_size_t)size, d.limbs, (mp_size_t)d.size);
    struct integer quotient = integer_from_limbs(q, size - d.size + 1, false);
    magnitude = round_leading(leading_of(quotient, exponent - (int64_t)pad * 64, natural_trim(r, d.size) > 0));
    return n.negative ? -magnitude : magnitude;
}

bool exact_to_scaled(struct work *work, struct integer n, struct integer d, double *ret_m, int64_t *ret_e)
{
    struct leading leading;
    if (n.size == 0) {
        *ret_m = 0.0;
        *ret_e = 0;
        return true;
    }
    if (!leading_of_ratio(work, n, d, &leading))
        return false;
    *ret_e = leading.exponent + 64;
    leading.exponent = -64;
    double magnitude = round_leading(leading);
    *ret_m = n.negative ? -magnitude : magnitude;
    return true;
}
