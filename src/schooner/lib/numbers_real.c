/* Numbers: magnitude, divisors, parts of ratios, rounding, exactness, rationalize. */
#include <math.h>
#include "schooner/lib/numbers.h"

static bool magnitude_of_real(struct work *work, const struct number *z, struct number *ret)
{
    *ret = *z;
    return number_magnitude(work, z, &ret->re);
}

sch_value prim_abs(sch_vm *vm, const sch_value *args, size_t count)
{
    if (is_fixnum(args[0]))
        return make_integer(vm, fixnum_int(args[0]) < 0 ? -fixnum_int(args[0]) : fixnum_int(args[0]));
    if (!is_real(args[0]))
        return raise_type(vm, "abs", 1, "a real number", args[0]);
    return apply_elementary(vm, magnitude_of_real, args[0]);
}

/* --- gcd, lcm --- */

typedef bool combine_integers(struct work *work, struct integer a, struct integer b, struct integer *ret);

static bool least_multiple(struct work *work, struct integer a, struct integer b, struct integer *ret)
{
    struct integer g, q, r;
    if (a.size == 0 || b.size == 0) {
        *ret = INTEGER_ZERO;
        return true;
    }
    if (!integer_gcd(work, a, b, &g) || !integer_divide(work, a, g, &q, &r) ||
        !integer_fits(work, integer_bits(q) + integer_bits(b) - 1) || !integer_multiply(work, q, b, ret))
        return false;
    *ret = integer_magnitude(*ret);
    return true;
}

static bool load_integer_of_any(struct work *work, sch_value v, struct integer *ret)
{
    struct real real;
    struct exact exact;
    if (!real_load(work, v, &real) || !real_to_exact(work, &real, &exact))
        return false;
    *ret = exact.n;
    return true;
}

static sch_value combine_two(sch_vm *vm, combine_integers *combine, enum work_collection collection, sch_value a,
                             sch_value b)
{
    struct work work;
    struct integer x, y, result;
    struct number number;
    work_init(&work, vm, collection);
    bool done = load_integer_of_any(&work, a, &x) && load_integer_of_any(&work, b, &y) &&
                (collection == WORK_COLLECTS || integer_detach(&work, &x)) &&
                combine(&work, integer_magnitude(x), integer_magnitude(y), &result);
    if (done) {
        number = number_of_integer(result);
        if (is_double(a) || is_double(b)) {
            number.re.exact = false;
            done = exact_to_double(&work, result, INTEGER_ONE, &number.re.d);
        }
    }
    return store_and_done(&work, done, &number);
}

static sch_value combine_all(sch_vm *vm, const char *who, combine_integers *combine, sch_value start,
                             const sch_value *args, size_t count)
{
    /* Each takes a step of its own, which charges for what grows in it alone. */
    if (!arguments_are(vm, who, is_integer, "an integer", args, count) || !charge(vm, count > 2 ? count - 2 : 0))
        return V_RAISED;
    sch_value result = start;
    for (size_t i = 0; i < count && !is_raised(result); i++) {
        result = combine_two(vm, combine, is_object(result) ? WORK_NEVER_COLLECTS : WORK_COLLECTS, result, args[i]);
        if (!arguments_go_on(vm, i))
            return V_RAISED;
    }
    return result;
}

sch_value prim_gcd(sch_vm *vm, const sch_value *args, size_t count)
{
    return combine_all(vm, "gcd", integer_gcd, make_fixnum(0), args, count);
}

sch_value prim_lcm(sch_vm *vm, const sch_value *args, size_t count)
{
    return combine_all(vm, "lcm", least_multiple, make_fixnum(1), args, count);
}

/* --- parts of ratios --- */

static sch_value part_of_ratio(sch_vm *vm, sch_value v, bool numerator)
{
    struct work work;
    struct exact exact;
    struct number number;
    if (is_ratio(v))
        return numerator ? object_as(struct ratio, v)->numerator : object_as(struct ratio, v)->denominator;
    if (!is_double(v))
        return numerator ? v : make_fixnum(1);
    work_init(&work, vm, WORK_COLLECTS);
    number = number_of_double(0);
    bool done = exact_of_double(&work, double_of(v), &exact) &&
                exact_to_double(&work, numerator ? exact.n : exact.d, INTEGER_ONE, &number.re.d);
    return store_and_done(&work, done, &number);
}

sch_value prim_numerator(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!is_rational(args[0]))
        return raise_type(vm, "numerator", 1, "a rational number", args[0]);
    return part_of_ratio(vm, args[0], true);
}

sch_value prim_denominator(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!is_rational(args[0]))
        return raise_type(vm, "denominator", 1, "a rational number", args[0]);
    return part_of_ratio(vm, args[0], false);
}

/* --- rounding --- */

static double round_double(double d, enum rounding mode)
{
    switch (mode) {
    case ROUND_FLOOR: return floor(d);
    case ROUND_CEILING: return ceil(d);
    case ROUND_TRUNCATE: return trunc(d);
    case ROUND_EVEN: return nearbyint(d);
    }
    return d;
}

static sch_value round_value(sch_vm *vm, const char *who, enum rounding mode, sch_value v)
{
    struct work work;
    struct real real;
    struct integer n;
    if (is_exact_integer(v))
        return v;
    if (is_double(v))
        return make_double_reserving(vm, round_double(double_of(v), mode));
    if (!is_ratio(v))
        return raise_type(vm, who, 1, "a real number", v);
    work_init(&work, vm, WORK_COLLECTS);
    sch_value value = V_RAISED;
    if (real_load(&work, v, &real) && exact_round(&work, &real.q, mode, &n))
        value = integer_store(&work, n);
    work_done(&work);
    return value;
}

sch_value prim_floor(sch_vm *vm, const sch_value *args, size_t count)
{
    return round_value(vm, "floor", ROUND_FLOOR, args[0]);
}

sch_value prim_ceiling(sch_vm *vm, const sch_value *args, size_t count)
{
    return round_value(vm, "ceiling", ROUND_CEILING, args[0]);
}

sch_value prim_truncate(sch_vm *vm, const sch_value *args, size_t count)
{
    return round_value(vm, "truncate", ROUND_TRUNCATE, args[0]);
}

sch_value prim_round(sch_vm *vm, const sch_value *args, size_t count)
{
    return round_value(vm, "round", ROUND_EVEN, args[0]);
}

/* --- rationalize --- */

/*
 * The simplest ratio in [low, high], 0 < low: the continued fractions agree up to the term where they part; the
 * convergents p/q are kept on the way (Stern-Brocot).
 */
static bool simplest(struct work *work, struct exact low, struct exact high, struct exact *ret)
{
    struct integer p0 = INTEGER_ZERO, q0 = INTEGER_ONE, p1 = INTEGER_ONE, q1 = INTEGER_ZERO;
    for (;;) {
        struct integer term, high_term, low_rest, high_rest, p, q;
        if (!integer_divide_floor(work, low.n, low.d, &term, &low_rest) ||
            !integer_divide_floor(work, high.n, high.d, &high_term, &high_rest))
            return false;
        bool last = low_rest.size == 0 || integer_compare(term, high_term) < 0;
        if (last && low_rest.size != 0 && !integer_add(work, term, INTEGER_ONE, &term))
            return false;
        if (!integer_multiply(work, p1, term, &p) || !integer_add(work, p, p0, &p) ||
            !integer_multiply(work, q1, term, &q) || !integer_add(work, q, q0, &q))
            return false;
        if (last) {
            *ret = (struct exact){ p, q };
            return true;
        }
        p0 = p1;
        q0 = q1;
        p1 = p;
        q1 = q;
        /* 1 / (high - term), 1 / (low - term), which changes their order */
        struct exact next_low = { high.d, high_rest };
        struct exact next_high = { low.d, low_rest };
        if (high_rest.size == 0) { /* high is the term itself: it is the simplest */
            *ret = (struct exact){ p, q };
            return true;
        }
        low = next_low;
        high = next_high;
    }
}

static bool rationalize(struct work *work, const struct exact *x, const struct exact *y, struct exact *ret)
{
    struct exact distance = *y, low, high;
    distance.n = integer_magnitude(distance.n);
    if (!exact_subtract(work, x, &distance, &low) || !exact_add(work, x, &distance, &high))
        return false;
    if (integer_is_zero(low.n) || integer_is_zero(high.n) || low.n.negative != high.n.negative) {
        *ret = exact_of_integer(INTEGER_ZERO);
        return true;
    }
    if (!low.n.negative)
        return simplest(work, low, high, ret);
    if (!simplest(work, exact_negate(high), exact_negate(low), ret))
        return false;
    *ret = exact_negate(*ret);
    return true;
}

static bool is_special(sch_value v)
{
    return is_double(v) && !isfinite(double_of(v));
}

sch_value prim_rationalize(sch_vm *vm, const sch_value *args, size_t count)
{
    struct work work;
    struct real x, y;
    struct exact a, b;
    struct number number = number_of_double(0);
    if (!are_reals(vm, "rationalize", args, 2))
        return V_RAISED;
    if (is_special(args[1])) { /* everything is within infinity */
        bool none = isnan(double_of(args[1])) || is_special(args[0]);
        return make_double_reserving(vm, none ? NAN : 0.0);
    }
    if (is_special(args[0]))
        return args[0];

    work_init(&work, vm, WORK_COLLECTS);
    bool done = real_load(&work, args[0], &x) && real_load(&work, args[1], &y) && real_to_exact(&work, &x, &a) &&
                real_to_exact(&work, &y, &b) && rationalize(&work, &a, &b, &number.re.q);
    if (done && x.exact && y.exact)
        number.re.exact = true;
    else if (done)
        done = exact_to_double(&work, number.re.q.n, number.re.q.d, &number.re.d);
    return store_and_done(&work, done, &number);
}

/* --- exactness --- */

static bool exact_parts(struct work *work, const struct number *z, struct number *ret)
{
    struct real re = real_of_integer(INTEGER_ZERO), im = re;
    return real_to_exact(work, &z->re, &re.q) && real_to_exact(work, &z->im, &im.q) &&
           number_of_parts(work, re, im, ret);
}

static bool has_exact_value(sch_value v)
{
    if (is_complex(v))
        return has_exact_value(object_as(struct complex, v)->real) &&
               has_exact_value(object_as(struct complex, v)->imaginary);
    return !is_special(v);
}

sch_value prim_exact(sch_vm *vm, const sch_value *args, size_t count)
{
    sch_value v = args[0];
    if (!is_number(v))
        return raise_type(vm, "exact", 1, "a number", v);
    if (is_exact(v))
        return v;
    if (!has_exact_value(v))
        return raise_range(vm, "exact", 1, v);
    int64_t n;
    if (is_double(v) && number_to_int64(v, &n))
        return make_integer(vm, n);
    return apply_elementary(vm, exact_parts, v);
}

static bool inexact_parts(struct work *work, const struct number *z, struct number *ret)
{
    *ret = *z;
    ret->re.exact = false;
    ret->im.exact = !z->complex;
    return real_to_double(work, &z->re, &ret->re.d) && (!z->complex || real_to_double(work, &z->im, &ret->im.d));
}

sch_value prim_inexact(sch_vm *vm, const sch_value *args, size_t count)
{
    if (is_fixnum(args[0]))
        return make_double_reserving(vm, (double)fixnum_int(args[0]));
    if (!is_number(args[0]))
        return raise_type(vm, "inexact", 1, "a number", args[0]);
    return is_exact(args[0]) ? apply_elementary(vm, inexact_parts, args[0]) : args[0];
}
