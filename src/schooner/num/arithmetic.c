/*
 * The four operations over the whole tower, and integer division. The first lines of each public function are the
 * cases that programs live on (fixnums, doubles, a mixture); the rest goes through numbers under way.
 */
#include <math.h>
#include "schooner/num/flight.h"
#include "schooner/num/small_ratio.h"

bool real_to_double(struct work *work, const struct real *a, double *ret)
{
    if (!a->exact) {
        *ret = a->d;
        return true;
    }
    return exact_to_double(work, a->q.n, a->q.d, ret);
}

bool real_to_exact(struct work *work, const struct real *a, struct exact *ret)
{
    if (a->exact) {
        *ret = a->q;
        return true;
    }
    return exact_of_double(work, a->d, ret);
}

static bool both_doubles(struct work *work, const struct real *a, const struct real *b, double *ret_a, double *ret_b)
{
    return real_to_double(work, a, ret_a) && real_to_double(work, b, ret_b);
}

bool real_add(struct work *work, const struct real *a, const struct real *b, struct real *ret)
{
    double x, y;
    if (a->exact && b->exact) {
        ret->exact = true;
        return exact_add(work, &a->q, &b->q, &ret->q);
    }
    if (!both_doubles(work, a, b, &x, &y))
        return false;
    *ret = real_of_double(x + y);
    return true;
}

bool real_subtract(struct work *work, const struct real *a, const struct real *b, struct real *ret)
{
    double x, y;
    if (a->exact && b->exact) {
        ret->exact = true;
        return exact_subtract(work, &a->q, &b->q, &ret->q);
    }
    if (!both_doubles(work, a, b, &x, &y))
        return false;
    *ret = real_of_double(x - y);
    return true;
}

bool real_multiply(struct work *work, const struct real *a, const struct real *b, struct real *ret)
{
    double x, y;
    if (a->exact && b->exact) {
        /* a product that cannot fit is refused before the work; two bits to be sure that it cannot */
        if (exact_is_integer(&a->q) && exact_is_integer(&b->q) && a->q.n.size + b->q.n.size > 2 && a->q.n.size > 0 &&
            b->q.n.size > 0 && !integer_fits(work, integer_bits(a->q.n) + integer_bits(b->q.n) - 1))
            return false;
        ret->exact = true;
        return exact_multiply(work, &a->q, &b->q, &ret->q);
    }
    if (!both_doubles(work, a, b, &x, &y))
        return false;
    *ret = real_of_double(x * y);
    return true;
}

bool real_divide(struct work *work, const struct real *a, const struct real *b, struct real *ret)
{
    double x, y;
    if (a->exact && b->exact) {
        ret->exact = true;
        return exact_divide(work, &a->q, &b->q, &ret->q);
    }
    if (!both_doubles(work, a, b, &x, &y))
        return false;
    *ret = real_of_double(x / y);
    return true;
}

bool number_add_flight(struct work *work, const struct number *a, const struct number *b, struct number *ret)
{
    struct real re, im;
    if (!a->complex && !b->complex) {
        ret->complex = false;
        return real_add(work, &a->re, &b->re, &ret->re);
    }
    return real_add(work, &a->re, &b->re, &re) && real_add(work, &a->im, &b->im, &im) &&
           number_of_parts(work, re, im, ret);
}

bool number_subtract_flight(struct work *work, const struct number *a, const struct number *b, struct number *ret)
{
    struct real re, im;
    if (!a->complex && !b->complex) {
        ret->complex = false;
        return real_subtract(work, &a->re, &b->re, &ret->re);
    }
    return real_subtract(work, &a->re, &b->re, &re) && real_subtract(work, &a->im, &b->im, &im) &&
           number_of_parts(work, re, im, ret);
}

bool number_multiply_flight(struct work *work, const struct number *a, const struct number *b, struct number *ret)
{
    struct real re, im, t;
    if (!a->complex && !b->complex) {
        ret->complex = false;
        return real_multiply(work, &a->re, &b->re, &ret->re);
    }
    if (!a->complex)
        return real_multiply(work, &a->re, &b->re, &re) && real_multiply(work, &a->re, &b->im, &im) &&
               number_of_parts(work, re, im, ret);
    if (!b->complex)
        return real_multiply(work, &a->re, &b->re, &re) && real_multiply(work, &a->im, &b->re, &im) &&
               number_of_parts(work, re, im, ret);
    return real_multiply(work, &a->re, &b->re, &re) && real_multiply(work, &a->im, &b->im, &t) &&
           real_subtract(work, &re, &t, &re) && real_multiply(work, &a->re, &b->im, &im) &&
           real_multiply(work, &a->im, &b->re, &t) && real_add(work, &im, &t, &im) &&
           number_of_parts(work, re, im, ret);
}

/* Smith, "Algorithm 116: complex division" (1962): no overflow in between. */
static void divide_doubles(double a, double b, double c, double d, double *ret_re, double *ret_im)
{
    if (fabs(c) >= fabs(d)) {
        double ratio = d / c;
        double divisor = c + d * ratio;
        *ret_re = (a + b * ratio) / divisor;
        *ret_im = (b - a * ratio) / divisor;
        return;
    }
    double ratio = c / d;
    double divisor = c * ratio + d;
    *ret_re = (a * ratio + b) / divisor;
    *ret_im = (b * ratio - a) / divisor;
}

static bool divide_inexact(struct work *work, const struct number *a, const struct number *b, struct number *ret)
{
    double x[4], re, im;
    if (!real_to_double(work, &a->re, &x[0]) || !real_to_double(work, &a->im, &x[1]) ||
        !real_to_double(work, &b->re, &x[2]) || !real_to_double(work, &b->im, &x[3]))
        return false;
    divide_doubles(x[0], x[1], x[2], x[3], &re, &im);
    return number_of_parts(work, real_of_double(re), real_of_double(im), ret);
}

static bool divide_by_complex(struct work *work, const struct number *a, const struct number *b, struct number *ret)
{
    struct real square, t, re, im;
    const struct number conjugate = { true, b->re, real_of_exact(exact_negate(b->im.q)) };
    if (!b->re.exact || !a->re.exact)
        return divide_inexact(work, a, b, ret);
    struct number product;
    return real_multiply(work, &b->re, &b->re, &square) && real_multiply(work, &b->im, &b->im, &t) &&
           real_add(work, &square, &t, &square) && number_multiply_flight(work, a, &conjugate, &product) &&
           real_divide(work, &product.re, &square, &re) && real_divide(work, &product.im, &square, &im) &&
           number_of_parts(work, re, im, ret);
}

bool number_divide_flight(struct work *work, const struct number *a, const struct number *b, struct number *ret)
{
    struct real re, im;
    if (b->complex)
        return divide_by_complex(work, a, b, ret);
    if (!a->complex) {
        ret->complex = false;
        return real_divide(work, &a->re, &b->re, &ret->re);
    }
    return real_divide(work, &a->re, &b->re, &re) && real_divide(work, &a->im, &b->re, &im) &&
           number_of_parts(work, re, im, ret);
}

/* --- the operations on values --- */

static bool detach(struct work *work, struct number *z)
{
    return integer_detach(work, &z->re.q.n) && integer_detach(work, &z->re.q.d) && integer_detach(work, &z->im.q.n) &&
           integer_detach(work, &z->im.q.d);
}

sch_value number_apply(sch_vm *vm, const char *who, binary_flight *operation, enum work_collection collection,
                       sch_value a, sch_value b)
{
    struct work work;
    struct number x, y, result;
    if (!is_number(a))
        return raise_type(vm, who, 1, "a number", a);
    if (!is_number(b))
        return raise_type(vm, who, 2, "a number", b);
    if ((is_complex(a) || is_complex(b)) && !charge(vm, 1))
        return V_RAISED;

    work_init(&work, vm, collection);
    sch_value value = V_RAISED;
    if (number_load(&work, a, &x) && number_load(&work, b, &y) && (collection == WORK_COLLECTS || detach(&work, &x)) &&
        operation(&work, &x, &y, &result))
        value = number_store(&work, &result);
    work_done(&work);
    return value;
}

static sch_value apply_binary(sch_vm *vm, const char *who, binary_flight *operation, sch_value a, sch_value b)
{
    return number_apply(vm, who, operation, WORK_COLLECTS, a, b);
}

sch_value number_add(sch_vm *vm, const char *who, sch_value a, sch_value b)
{
    sch_value value;
    double x, y;
    if (are_fixnums(a, b))
        return make_integer(vm, fixnum_int(a) + fixnum_int(b));
    if (quick_doubles(a, b, &x, &y))
        return make_double_reserving(vm, x + y);
    if (are_small_ratios(a, b) && small_ratio_apply(vm, RATIO_ADD, a, b, &value))
        return value;
    return apply_binary(vm, who, number_add_flight, a, b);
}

sch_value number_subtract(sch_vm *vm, const char *who, sch_value a, sch_value b)
{
    sch_value value;
    double x, y;
    if (are_fixnums(a, b))
        return make_integer(vm, fixnum_int(a) - fixnum_int(b));
    if (quick_doubles(a, b, &x, &y))
        return make_double_reserving(vm, x - y);
    if (are_small_ratios(a, b) && small_ratio_apply(vm, RATIO_SUBTRACT, a, b, &value))
        return value;
    return apply_binary(vm, who, number_subtract_flight, a, b);
}

sch_value number_multiply(sch_vm *vm, const char *who, sch_value a, sch_value b)
{
    sch_value value;
    double x, y;
    int64_t product;
    if (are_fixnums(a, b) && !__builtin_mul_overflow(fixnum_int(a), fixnum_int(b), &product))
        return make_integer(vm, product);
    if (quick_doubles(a, b, &x, &y))
        return make_double_reserving(vm, x * y);
    if (are_small_ratios(a, b) && small_ratio_apply(vm, RATIO_MULTIPLY, a, b, &value))
        return value;
    return apply_binary(vm, who, number_multiply_flight, a, b);
}

sch_value number_divide(sch_vm *vm, const char *who, sch_value a, sch_value b)
{
    sch_value value;
    double x, y;
    if (value_same(b, make_fixnum(0)) && is_number(a))
        return raise_error(vm, "division-by-zero", who, 0, NULL, "division by zero");
    if (are_fixnums(a, b) && fixnum_int(a) % fixnum_int(b) == 0)
        return make_integer(vm, fixnum_int(a) / fixnum_int(b));
    if (quick_doubles(a, b, &x, &y))
        return make_double_reserving(vm, x / y);
    if (are_small_ratios(a, b) && small_ratio_apply(vm, RATIO_DIVIDE, a, b, &value))
        return value;
    return apply_binary(vm, who, number_divide_flight, a, b);
}

/* --- integer division --- */

static int64_t divide_small(enum integer_division kind, int64_t a, int64_t b)
{
    int64_t q = a / b;
    int64_t r = a % b;
    bool adjust = r != 0 && (r < 0) != (b < 0);
    switch (kind) {
    case FLOOR_QUOTIENT: return adjust ? q - 1 : q;
    case FLOOR_REMAINDER: return adjust ? r + b : r;
    case TRUNCATE_QUOTIENT: return q;
    case TRUNCATE_REMAINDER: return r;
    }
    return 0;
}

static bool divide_exact(struct work *work, enum integer_division kind, struct integer a, struct integer b,
                         struct integer *ret)
{
    struct integer other;
    switch (kind) {
    case FLOOR_QUOTIENT: return integer_divide_floor(work, a, b, ret, &other);
    case FLOOR_REMAINDER: return integer_divide_floor(work, a, b, &other, ret);
    case TRUNCATE_QUOTIENT: return integer_divide(work, a, b, ret, &other);
    case TRUNCATE_REMAINDER: return integer_divide(work, a, b, &other, ret);
    }
    return false;
}

/* Integers of either exactness, b not zero; the result is inexact when `inexact`. */
static sch_value divide_slow(sch_vm *vm, enum integer_division kind, sch_value a, sch_value b, bool inexact)
{
    struct work work;
    struct real x, y;
    struct exact n, d;
    struct integer result;
    double rounded;

    work_init(&work, vm, WORK_COLLECTS);
    sch_value value = V_RAISED;
    if (real_load(&work, a, &x) && real_load(&work, b, &y) && real_to_exact(&work, &x, &n) &&
        real_to_exact(&work, &y, &d) && divide_exact(&work, kind, n.n, d.n, &result)) {
        if (!inexact)
            value = integer_store(&work, result);
        else if (exact_to_double(&work, result, INTEGER_ONE, &rounded))
            value = make_double_reserving(vm, rounded);
    }
    work_done(&work);
    return value;
}

static bool is_small_integral(double d)
{
    return fabs(d) <= 0x1p53 && trunc(d) == d;
}

sch_value number_integer_divide(sch_vm *vm, const char *who, enum integer_division kind, sch_value a, sch_value b)
{
    double x, y;
    if (are_fixnums(a, b) && !value_same(b, make_fixnum(0)))
        return make_integer(vm, divide_small(kind, fixnum_int(a), fixnum_int(b)));
    if (!is_integer(a))
        return raise_type(vm, who, 1, "an integer", a);
    if (!is_integer(b))
        return raise_type(vm, who, 2, "an integer", b);
    if (value_same(b, make_fixnum(0)) || (is_double(b) && double_of(b) == 0.0))
        return raise_error(vm, "division-by-zero", who, 0, NULL, "division by zero");
    if (quick_doubles(a, b, &x, &y) && is_small_integral(x) && is_small_integral(y))
        return make_double_reserving(vm, (double)divide_small(kind, (int64_t)x, (int64_t)y));
    return divide_slow(vm, kind, a, b, is_double(a) || is_double(b));
}

sch_value number_divide_both(sch_vm *vm, const char *who, bool floors, sch_value a, sch_value b)
{
    enum integer_division quotient = floors ? FLOOR_QUOTIENT : TRUNCATE_QUOTIENT;
    enum integer_division remainder = floors ? FLOOR_REMAINDER : TRUNCATE_REMAINDER;
    struct work work;
    struct real x, y;
    struct exact n, d;
    struct number results[2];
    struct integer q, r;
    double rounded[2];

    if (!is_integer(a) || !is_integer(b) || value_same(b, make_fixnum(0)) || (is_double(b) && double_of(b) == 0.0))
        return number_integer_divide(vm, who, quotient, a, b); /* which raises */
    if (are_fixnums(a, b) && fixnum_int(b) != -1) {
        size_t bytes = object_size(sizeof(struct values), 2, sizeof(sch_value));
        if (!heap_reserve(vm, bytes))
            return V_RAISED;
        struct values *values = heap_object(vm, OBJECT_VALUES, 2, bytes);
        values->items[0] = make_fixnum(divide_small(quotient, fixnum_int(a), fixnum_int(b)));
        values->items[1] = make_fixnum(divide_small(remainder, fixnum_int(a), fixnum_int(b)));
        return object_value(values);
    }

    work_init(&work, vm, WORK_COLLECTS);
    sch_value value = V_RAISED;
    if (are_fixnums(a, b)) {
        if (integer_of_int64(&work, divide_small(quotient, fixnum_int(a), fixnum_int(b)), &q) &&
            integer_of_int64(&work, divide_small(remainder, fixnum_int(a), fixnum_int(b)), &r)) {
            results[0] = number_of_integer(q);
            results[1] = number_of_integer(r);
            value = number_store_values(&work, &results[0], &results[1]);
        }
    } else if (real_load(&work, a, &x) && real_load(&work, b, &y) && real_to_exact(&work, &x, &n) &&
               real_to_exact(&work, &y, &d) &&
               (floors ? integer_divide_floor(&work, n.n, d.n, &q, &r) : integer_divide(&work, n.n, d.n, &q, &r))) {
        results[0] = number_of_integer(q);
        results[1] = number_of_integer(r);
        if (x.exact && y.exact) {
            value = number_store_values(&work, &results[0], &results[1]);
        } else if (real_to_double(&work, &results[0].re, &rounded[0]) &&
                   real_to_double(&work, &results[1].re, &rounded[1])) {
            results[0] = number_of_double(rounded[0]);
            results[1] = number_of_double(rounded[1]);
            value = number_store_values(&work, &results[0], &results[1]);
        }
    }
    work_done(&work);
    return value;
}
