/* Square roots and powers: exact when the result is. */
#include <math.h>
#include "schooner/num/elementary.h"

bool exact_root(struct work *work, const struct exact *a, bool *ret_found, struct exact *ret)
{
    struct integer n, d, rest;
    *ret_found = false;
    if (!integer_root(work, a->n, &n, &rest))
        return false;
    if (rest.size > 0)
        return true;
    if (!integer_root(work, a->d, &d, &rest))
        return false;
    *ret_found = rest.size == 0;
    *ret = (struct exact){ n, d };
    return true;
}

/* a is positive; its root may fit a double where a does not */
static bool root_inexact(struct work *work, const struct exact *a, double *ret)
{
    double m;
    int64_t e;
    if (!exact_to_scaled(work, a->n, a->d, &m, &e))
        return false;
    if (e & 1) {
        m *= 2;
        e -= 1;
    }
    e /= 2;
    *ret = ldexp(sqrt(m), e > 5000 ? 5000 : e < -5000 ? -5000 : (int)e);
    return true;
}

static bool root_of_real(struct work *work, const struct real *a, struct number *ret)
{
    struct real magnitude = *a, root = real_of_double(0);
    bool negative = a->exact ? a->q.n.negative : a->d < 0;
    if (a->exact) {
        bool found;
        magnitude.q.n = integer_magnitude(a->q.n);
        if (!exact_root(work, &magnitude.q, &found, &root.q))
            return false;
        root.exact = found;
        if (!found && !root_inexact(work, &magnitude.q, &root.d))
            return false;
    } else {
        root.d = negative ? sqrt(-a->d) : sqrt(a->d);
    }
    if (!negative) {
        *ret = number_of_real(root);
        return true;
    }
    return number_of_parts(work, real_of_integer(INTEGER_ZERO), root, ret);
}

/* sqrt((m + a) / 2) + sign(b) sqrt((m - a) / 2) i, m = |a + bi|; *ret_found when all of them are exact */
static bool root_of_exact_complex(struct work *work, const struct number *z, bool *ret_found, struct number *ret)
{
    struct exact square, t, m, re, im, half;
    struct integer two;
    *ret_found = false;
    if (!exact_multiply(work, &z->re.q, &z->re.q, &square) || !exact_multiply(work, &z->im.q, &z->im.q, &t) ||
        !exact_add(work, &square, &t, &square) || !exact_root(work, &square, ret_found, &m))
        return false;
    if (!*ret_found)
        return true;
    if (!integer_of_uint64(work, 2, &two))
        return false;
    half = (struct exact){ INTEGER_ONE, two };
    if (!exact_add(work, &m, &z->re.q, &t) || !exact_multiply(work, &t, &half, &t) ||
        !exact_root(work, &t, ret_found, &re))
        return false;
    if (!*ret_found)
        return true;
    if (!exact_subtract(work, &m, &z->re.q, &t) || !exact_multiply(work, &t, &half, &t) ||
        !exact_root(work, &t, ret_found, &im))
        return false;
    if (!*ret_found)
        return true;
    if (z->im.q.n.negative)
        im = exact_negate(im);
    return number_of_parts(work, real_of_exact(re), real_of_exact(im), ret);
}

bool number_sqrt(struct work *work, const struct number *z, struct number *ret)
{
    double re, im;
    bool found;
    if (!z->complex)
        return root_of_real(work, &z->re, ret);
    if (z->re.exact) {
        if (!root_of_exact_complex(work, z, &found, ret))
            return false;
        if (found)
            return true;
    }
    if (!real_to_double(work, &z->re, &re) || !real_to_double(work, &z->im, &im))
        return false;
    double t = sqrt((fabs(re) + hypot(re, im)) / 2);
    if (t == 0)
        *ret = (struct number){ true, real_of_double(0.0), real_of_double(im) };
    else if (re >= 0)
        *ret = (struct number){ true, real_of_double(t), real_of_double(im / (2 * t)) };
    else /* a zero real part comes with a positive imaginary part, below the cut too (R7RS 6.2.6) */
        *ret = (struct number){ true, real_of_double(fabs(im) / (2 * t)), real_of_double(im < 0 ? -t : t) };
    return true;
}

static bool raise_zero_divisor(struct work *work, const char *who)
{
    raise_error(work->vm, "division-by-zero", who, 0, NULL, "division by zero: zero to a negative power");
    return false;
}

static bool parts_fit(struct work *work, const struct real *a)
{
    return !a->exact || (integer_fits(work, integer_bits(a->q.n)) && integer_fits(work, integer_bits(a->q.d)));
}

/* By squaring; each exact product is held against the limit before it grows further. n > 0 */
static bool complex_power(struct work *work, const struct number *base, uint64_t n, struct number *ret)
{
    struct number power = *base;
    for (int bit = 62 - __builtin_clzll(n); bit >= 0; bit--) {
        if (!number_multiply_flight(work, &power, &power, &power))
            return false;
        if (n >> bit & 1 && !number_multiply_flight(work, &power, base, &power))
            return false;
        if (!parts_fit(work, &power.re) || (power.complex && !parts_fit(work, &power.im)))
            return false;
    }
    *ret = power;
    return true;
}

/* z^w = exp(w log z) */
static bool general_power(struct work *work, const struct number *z, const struct number *w, struct number *ret)
{
    struct number log, product;
    return number_log(work, z, &log) && number_multiply_flight(work, w, &log, &product) &&
           number_exp(work, &product, ret);
}

static bool is_unit(const struct exact *a)
{
    return exact_is_integer(a) && integer_is_one(a->n);
}

/* An exact base to an exponent too large for a word: only 0, 1 and -1 have such powers. */
static bool huge_power(struct work *work, const char *who, const struct exact *base, struct integer n,
                       struct number *ret)
{
    if (integer_is_zero(base->n)) {
        if (n.negative)
            return raise_zero_divisor(work, who);
        *ret = number_of_integer(INTEGER_ZERO);
        return true;
    }
    if (is_unit(base)) {
        *ret = number_of_integer(INTEGER_ONE);
        ret->re.q.n.negative = base->n.negative && integer_is_odd(n);
        return true;
    }
    return integer_fits(work, UINT64_MAX);
}

static bool integer_exponent(struct work *work, const char *who, const struct number *base, struct integer n,
                             struct number *ret)
{
    int64_t small;
    double d;
    if (n.size == 0) {
        *ret = number_of_integer(INTEGER_ONE);
        return true;
    }
    bool is_small = integer_to_int64(n, &small) && small > -((int64_t)1 << 62) && small < (int64_t)1 << 62;
    if (!base->complex && base->re.exact) {
        if (!is_small)
            return huge_power(work, who, &base->re.q, n, ret);
        if (integer_is_zero(base->re.q.n) && n.negative)
            return raise_zero_divisor(work, who);
        *ret = number_of_real(base->re);
        return exact_power(work, &base->re.q, small, &ret->re.q);
    }
    if (!base->complex) {
        if (!exact_to_double(work, n, INTEGER_ONE, &d))
            return false;
        if (!is_small && integer_is_odd(n))
            d = copysign(0x1p53 - 1, d); /* odd, and as good as infinite */
        *ret = number_of_double(pow(base->re.d, d));
        return true;
    }
    struct number exponent = number_of_integer(n);
    if (!is_small || (!base->re.exact && (small > 1024 || small < -1024)))
        return base->re.exact ? integer_fits(work, UINT64_MAX) : general_power(work, base, &exponent, ret);
    if (!complex_power(work, base, small < 0 ? (uint64_t)-small : (uint64_t)small, ret))
        return false;
    if (small > 0)
        return true;
    struct number one = number_of_integer(INTEGER_ONE), power = *ret;
    return number_divide_flight(work, &one, &power, ret);
}

/* The exact q-th root, where a double can name it: the candidate is checked by its power. */
static bool exact_root_of_degree(struct work *work, struct integer a, uint64_t q, bool *ret_found, struct integer *ret)
{
    double m;
    int64_t e;
    struct integer candidate, power;
    *ret_found = false;
    if (integer_is_one(a) || a.size == 0) {
        *ret = a;
        *ret_found = true;
        return true;
    }
    if (q >= integer_bits(a))
        return true;
    if (!exact_to_scaled(work, a, INTEGER_ONE, &m, &e))
        return false;
    double root = round(exp2((log2(m) + (double)e) / (double)q));
    if (!(root < 0x1p40)) /* beyond, the estimate could miss its integer */
        return true;
    if (!integer_of_uint64(work, (uint64_t)root, &candidate) || !integer_power(work, candidate, q, &power))
        return false;
    *ret_found = integer_compare(power, a) == 0;
    *ret = candidate;
    return true;
}

/* A positive exact base to p/q, when it is exact. */
static bool exact_rational_power(struct work *work, const struct exact *base, const struct exact *exponent,
                                 bool *ret_found, struct number *ret)
{
    struct exact root;
    uint64_t q;
    int64_t p;
    *ret_found = false;
    if (!integer_to_uint64(exponent->d, &q) || !integer_to_int64(exponent->n, &p))
        return true;
    if (q == 2) {
        if (!exact_root(work, base, ret_found, &root))
            return false;
    } else {
        if (!exact_root_of_degree(work, base->n, q, ret_found, &root.n))
            return false;
        if (*ret_found && !exact_root_of_degree(work, base->d, q, ret_found, &root.d))
            return false;
    }
    if (!*ret_found)
        return true;
    *ret = number_of_real(real_of_exact(root));
    return exact_power(work, &root, p, &ret->re.q);
}

static bool positive_to_real(struct work *work, const struct real *base, const struct real *exponent,
                             struct number *ret)
{
    double x, y, m;
    int64_t e;
    if (!real_to_double(work, base, &x) || !real_to_double(work, exponent, &y))
        return false;
    if (base->exact && base->q.n.size > 0 && !(x >= 0x1p-1000 && x <= 0x1p1000)) {
        if (!exact_to_scaled(work, base->q.n, base->q.d, &m, &e))
            return false;
        *ret = number_of_double(pow(m, y) * exp2((double)e * y));
        return true;
    }
    *ret = number_of_double(pow(x, y));
    return true;
}

static bool is_zero(const struct number *z)
{
    return !z->complex && (z->re.exact ? z->re.q.n.size == 0 : z->re.d == 0);
}

/* Zero to a power that is no integer. */
static bool zero_power(struct work *work, const char *who, const struct number *base, const struct number *exponent,
                       struct number *ret)
{
    double re;
    bool exact = base->re.exact && exponent->re.exact;
    if (!real_to_double(work, &exponent->re, &re))
        return false;
    if (re > 0 || (exact && !exponent->re.q.n.negative && exponent->re.q.n.size > 0)) {
        *ret = exact ? number_of_integer(INTEGER_ZERO) : number_of_double(0.0);
        return true;
    }
    if (re < 0 && base->re.exact)
        return raise_zero_divisor(work, who);
    *ret = number_of_double(exponent->complex ? NAN : pow(0.0, re));
    return true;
}

bool number_expt(struct work *work, const char *who, const struct number *base, const struct number *exponent,
                 struct number *ret)
{
    bool found;
    if (is_zero(exponent) && !base->re.exact) { /* a result is as inexact as its arguments, also where it is known */
        *ret = number_of_double(1.0);
        return true;
    }
    if (!exponent->complex && exponent->re.exact && exact_is_integer(&exponent->re.q))
        return integer_exponent(work, who, base, exponent->re.q.n, ret);
    if (is_zero(base))
        return zero_power(work, who, base, exponent, ret);
    if (base->complex || exponent->complex)
        return general_power(work, base, exponent, ret);

    bool negative = base->re.exact ? base->re.q.n.negative : base->re.d < 0;
    if (base->re.exact && exponent->re.exact && !negative) {
        if (!exact_rational_power(work, &base->re.q, &exponent->re.q, &found, ret))
            return false;
        if (found)
            return true;
    }
    if (!negative)
        return positive_to_real(work, &base->re, &exponent->re, ret);
    if (!exponent->re.exact && trunc(exponent->re.d) == exponent->re.d)
        return positive_to_real(work, &base->re, &exponent->re, ret);
    if (base->re.exact && exponent->re.exact) { /* (expt -4 1/2): the square root knows exact imaginary ones */
        uint64_t q;
        if (integer_to_uint64(exponent->re.q.d, &q) && q == 2) {
            struct number root;
            return number_sqrt(work, base, &root) && integer_exponent(work, who, &root, exponent->re.q.n, ret);
        }
    }
    return general_power(work, base, exponent, ret);
}
