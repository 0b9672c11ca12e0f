/* Exponential, logarithm and the circular functions, on reals and complex numbers. Roots and powers: power.c. */
#include <float.h>
#include <math.h>
#include "schooner/num/elementary.h"

static const double pi = 3.14159265358979323846;
static const double ln2 = 0.69314718055994530942;

struct complex_double {
    double re, im;
};

static bool to_doubles(struct work *work, const struct number *z, struct complex_double *ret)
{
    ret->im = 0.0;
    return real_to_double(work, &z->re, &ret->re) && (!z->complex || real_to_double(work, &z->im, &ret->im));
}

static struct number number_of_doubles(double re, double im)
{
    return (struct number){ true, real_of_double(re), real_of_double(im) };
}

static bool is_exact_integer_value(const struct number *z, uint64_t n)
{
    uint64_t value;
    return !z->complex && z->re.exact && exact_is_integer(&z->re.q) && !z->re.q.n.negative &&
           integer_to_uint64(z->re.q.n, &value) && value == n;
}

static bool exact_result(uint64_t n, struct number *ret)
{
    *ret = number_of_integer(n == 0 ? INTEGER_ZERO : INTEGER_ONE);
    return true;
}

bool number_exp(struct work *work, const struct number *z, struct number *ret)
{
    struct complex_double c;
    if (is_exact_integer_value(z, 0))
        return exact_result(1, ret);
    if (!to_doubles(work, z, &c))
        return false;
    *ret = z->complex ? number_of_doubles(exp(c.re) * cos(c.im), exp(c.re) * sin(c.im)) : number_of_double(exp(c.re));
    return true;
}

/* log |a|, of exact numbers beyond the range of doubles too */
static bool log_magnitude(struct work *work, const struct real *a, double *ret)
{
    double d, m;
    int64_t e;
    if (!real_to_double(work, a, &d))
        return false;
    d = fabs(d);
    if (a->exact && a->q.n.size > 0 && !(d >= 0x1p-1000 && d <= 0x1p1000)) {
        if (!exact_to_scaled(work, a->q.n, a->q.d, &m, &e))
            return false;
        *ret = log(fabs(m)) + (double)e * ln2;
        return true;
    }
    *ret = log(d);
    return true;
}

static bool is_negative(const struct real *a)
{
    return a->exact ? a->q.n.negative : a->d < 0;
}

bool number_log(struct work *work, const struct number *z, struct number *ret)
{
    struct complex_double c;
    double magnitude;
    if (is_exact_integer_value(z, 1))
        return exact_result(0, ret);
    if (z->complex) {
        if (!to_doubles(work, z, &c))
            return false;
        *ret = number_of_doubles(log(hypot(c.re, c.im)), atan2(c.im, c.re));
        return true;
    }
    if (!log_magnitude(work, &z->re, &magnitude))
        return false;
    *ret = is_negative(&z->re) ? number_of_doubles(magnitude, pi) : number_of_double(magnitude);
    return true;
}

bool number_log_base(struct work *work, const char *who, const struct number *z, const struct number *base,
                     struct number *ret)
{
    struct complex_double c;
    struct number a, b;
    bool positive = !z->complex && !is_negative(&z->re);
    if (positive && !is_exact_integer_value(z, 1) && to_doubles(work, z, &c) && isfinite(c.re) && c.re > 0) {
        if (is_exact_integer_value(base, 2) || is_exact_integer_value(base, 10)) {
            *ret = number_of_double(is_exact_integer_value(base, 2) ? log2(c.re) : log10(c.re));
            return true;
        }
    }
    if (!number_log(work, z, &a) || !number_log(work, base, &b))
        return false;
    if (!b.complex && real_is_exact_zero(&b.re)) {
        raise_error(work->vm, "division-by-zero", who, 0, NULL, "division by zero: the logarithm of the base is 0");
        return false;
    }
    return number_divide_flight(work, &a, &b, ret);
}

bool number_sin(struct work *work, const struct number *z, struct number *ret)
{
    struct complex_double c;
    if (is_exact_integer_value(z, 0))
        return exact_result(0, ret);
    if (!to_doubles(work, z, &c))
        return false;
    *ret = z->complex ? number_of_doubles(sin(c.re) * cosh(c.im), cos(c.re) * sinh(c.im)) : number_of_double(sin(c.re));
    return true;
}

bool number_cos(struct work *work, const struct number *z, struct number *ret)
{
    struct complex_double c;
    if (is_exact_integer_value(z, 0))
        return exact_result(1, ret);
    if (!to_doubles(work, z, &c))
        return false;
    *ret =
        z->complex ? number_of_doubles(cos(c.re) * cosh(c.im), -sin(c.re) * sinh(c.im)) : number_of_double(cos(c.re));
    return true;
}

bool number_tan(struct work *work, const struct number *z, struct number *ret)
{
    struct complex_double c;
    if (is_exact_integer_value(z, 0))
        return exact_result(0, ret);
    if (!to_doubles(work, z, &c))
        return false;
    if (!z->complex) {
        *ret = number_of_double(tan(c.re));
        return true;
    }
    if (fabs(c.im) > 300) { /* cosh would overflow; the limit is reached long before */
        *ret = number_of_doubles(0.0, copysign(1.0, c.im));
        return true;
    }
    double divisor = cos(2 * c.re) + cosh(2 * c.im);
    *ret = number_of_doubles(sin(2 * c.re) / divisor, sinh(2 * c.im) / divisor);
    return true;
}

/* The principal square root; the sign of a zero imaginary part tells the side of the cut. */
static struct complex_double root(double re, double im)
{
    double t = sqrt((fabs(re) + hypot(re, im)) / 2);
    if (t == 0)
        return (struct complex_double){ 0.0, im };
    if (re >= 0)
        return (struct complex_double){ t, im / (2 * t) };
    return (struct complex_double){ fabs(im) / (2 * t), copysign(t, im) };
}

/*
 * Kahan, "Branch cuts for complex elementary functions" (1987), for asin and acos: the roots of 1 - z and 1 + z. A real
 * beyond the cut lies, by the formulas of R7RS, below it when it is above one.
 */
struct cut_roots {
    struct complex_double less, more;
};

static struct cut_roots roots_at_cut(const struct number *z, struct complex_double c)
{
    if (!z->complex)
        c.im = c.re > 1 ? -0.0 : 0.0;
    return (struct cut_roots){ root(1 - c.re, -c.im), root(1 + c.re, c.im) };
}

static bool is_within_cut(const struct number *z, struct complex_double c)
{
    return !z->complex && !(fabs(c.re) > 1); /* NaN too */
}

bool number_asin(struct work *work, const struct number *z, struct number *ret)
{
    struct complex_double c;
    if (is_exact_integer_value(z, 0))
        return exact_result(0, ret);
    if (!to_doubles(work, z, &c))
        return false;
    if (is_within_cut(z, c)) {
        *ret = number_of_double(asin(c.re));
        return true;
    }
    struct cut_roots s = roots_at_cut(z, c);
    *ret = number_of_doubles(atan2(c.re, s.less.re * s.more.re - s.less.im * s.more.im),
                             asinh(s.less.re * s.more.im - s.less.im * s.more.re));
    return true;
}

bool number_acos(struct work *work, const struct number *z, struct number *ret)
{
    struct complex_double c;
    if (is_exact_integer_value(z, 1))
        return exact_result(0, ret);
    if (!to_doubles(work, z, &c))
        return false;
    if (is_within_cut(z, c)) {
        *ret = number_of_double(acos(c.re));
        return true;
    }
    struct cut_roots s = roots_at_cut(z, c);
    *ret = number_of_doubles(2 * atan2(s.less.re, s.more.re), asinh(s.more.re * s.less.im - s.more.im * s.less.re));
    return true;
}

/* log |1 + iz| - log |1 - iz|, half of it: the first for |y| near or above one where the square vanishes. */
static double atan_imaginary(double x, double y)
{
    if (y < 0)
        return -atan_imaginary(x, -y);
    double h = hypot(1 - y, x);
    if (isinf(h))
        return 0.0;
    return h * h < DBL_MIN ? (log(hypot(1 + y, x)) - log(h)) / 2 : log1p(4 * y / (h * h)) / 4;
}

/* (log (1 + iz) - log (1 - iz)) / 2i, R7RS. A zero real part that is exact has no sign: then 1 - iz is a real. */
bool number_atan(struct work *work, const struct number *z, struct number *ret)
{
    struct complex_double c;
    if (is_exact_integer_value(z, 0))
        return exact_result(0, ret);
    if (!to_doubles(work, z, &c))
        return false;
    if (!z->complex) {
        *ret = number_of_double(atan(c.re));
        return true;
    }
    double minus_re = real_is_exact_zero(&z->re) ? 0.0 : -c.re;
    *ret = number_of_doubles((atan2(c.re, 1 - c.im) - atan2(minus_re, 1 + c.im)) / 2, atan_imaginary(c.re, c.im));
    return true;
}

bool number_atan2(struct work *work, const struct real *y, const struct real *x, struct number *ret)
{
    double a, b;
    if (real_is_exact_zero(y) && x->exact && !x->q.n.negative)
        return exact_result(0, ret);
    if (!real_to_double(work, y, &a) || !real_to_double(work, x, &b))
        return false;
    *ret = number_of_double(atan2(a, b));
    return true;
}

bool number_magnitude(struct work *work, const struct number *z, struct real *ret)
{
    struct complex_double c;
    struct number square = { .complex = false }, magnitude;
    struct real t;
    if (!z->complex) {
        *ret = z->re;
        if (z->re.exact)
            ret->q.n = integer_magnitude(z->re.q.n);
        else
            ret->d = fabs(z->re.d);
        return true;
    }
    if (!z->re.exact) {
        if (!to_doubles(work, z, &c))
            return false;
        *ret = real_of_double(hypot(c.re, c.im));
        return true;
    }
    if (!real_multiply(work, &z->re, &z->re, &square.re) || !real_multiply(work, &z->im, &z->im, &t) ||
        !real_add(work, &square.re, &t, &square.re) || !number_sqrt(work, &square, &magnitude))
        return false;
    *ret = magnitude.re;
    return true;
}

bool number_angle(struct work *work, const struct number *z, struct real *ret)
{
    struct complex_double c;
    if (!z->complex && z->re.exact && !z->re.q.n.negative) {
        *ret = real_of_integer(INTEGER_ZERO);
        return true;
    }
    if (!to_doubles(work, z, &c))
        return false;
    *ret = real_of_double(atan2(c.im, c.re));
    return true;
}
