/* Literals to numbers: with a machine (number_parse), and what the reader can have without one (number_scan). */
#include <math.h>
#include "schooner/num/flight.h"
#include "schooner/num/literal.h"

static struct digits digits_of_run(const char *text, size_t count)
{
    return (struct digits){ .whole = text, .whole_count = count, .fraction = text };
}

static uint64_t least_bits(const struct literal_real *real, const struct literal *literal)
{
    const struct digits *digits = &real->digits;
    bool exact = literal->exactness != 'i';
    if (real->kind == LITERAL_INTEGER && exact)
        return digits_least_bits(digits, literal->radix);
    if (real->kind == LITERAL_DECIMAL && literal->exactness == 'e')
        return digits_least_bits(digits, literal->radix);
    if (real->kind != LITERAL_RATIO)
        return 0;
    /* the parts may have a common factor, but not work without bound is done to find out */
    struct digits n = digits_of_run(digits->whole, digits->whole_count);
    struct digits d = digits_of_run(digits->fraction, digits->fraction_count);
    uint64_t n_bits = digits_least_bits(&n, literal->radix);
    uint64_t d_bits = digits_least_bits(&d, literal->radix);
    return n_bits > d_bits ? n_bits : d_bits;
}

/* What is well formed and yet no number: a zero denominator, an exact infinity or NaN. */
static bool has_value(const struct literal_real *real, const struct literal *literal)
{
    switch (real->kind) {
    case LITERAL_INTEGER:
    case LITERAL_DECIMAL: return true;
    case LITERAL_RATIO:
        return digits_zeros(real->digits.fraction, real->digits.fraction_count) < real->digits.fraction_count;
    case LITERAL_INFINITE:
    case LITERAL_NAN: return literal->exactness != 'e';
    }
    return false;
}

static bool literal_has_value(const struct literal *literal)
{
    return has_value(&literal->a, literal) && has_value(&literal->b, literal);
}

/* --- with a machine --- */

static bool make_ratio(struct work *work, const struct literal_real *real, const struct literal *literal,
                       struct real *ret)
{
    struct integer n = INTEGER_ZERO, d = INTEGER_ZERO;
    const struct digits *digits = &real->digits;
    if (!natural_of_text(work, digits->whole, digits->whole_count, literal->radix, &n.limbs, &n.size) ||
        !natural_of_text(work, digits->fraction, digits->fraction_count, literal->radix, &d.limbs, &d.size))
        return false;
    if (literal->exactness == 'i') {
        *ret = real_of_double(0);
        return exact_to_double(work, n, d, &ret->d);
    }
    *ret = real_of_integer(n);
    return exact_make(work, n, d, &ret->q);
}

static bool make_real(struct work *work, const struct literal_real *real, const struct literal *literal,
                      struct real *ret)
{
    if (!integer_fits(work, least_bits(real, literal)))
        return false;
    bool exact = real->kind == LITERAL_INTEGER ? literal->exactness != 'i' : literal->exactness == 'e';
    switch (real->kind) {
    case LITERAL_INTEGER:
    case LITERAL_DECIMAL:
        if (exact) {
            *ret = real_of_integer(INTEGER_ZERO);
            if (!digits_to_exact(work, &real->digits, literal->radix, &ret->q))
                return false;
        } else {
            *ret = real_of_double(0);
            if (!digits_to_double(work, &real->digits, literal->radix, &ret->d))
                return false;
        }
        break;
    case LITERAL_RATIO:
        if (!make_ratio(work, real, literal, ret))
            return false;
        break;
    case LITERAL_INFINITE: *ret = real_of_double(INFINITY); break;
    case LITERAL_NAN: *ret = real_of_double(NAN); break;
    }
    if (!real->negative)
        return true;
    if (ret->exact)
        ret->q = exact_negate(ret->q);
    else
        ret->d = -ret->d;
    return true;
}

static bool make_polar(struct work *work, const struct literal *literal, struct real magnitude, struct real angle,
                       struct number *ret)
{
    double m, a;
    if (real_is_exact_zero(&angle)) {
        *ret = number_of_real(magnitude);
        return true;
    }
    if (!real_to_double(work, &magnitude, &m) || !real_to_double(work, &angle, &a))
        return false;
    struct real re = real_of_double(m * cos(a));
    struct real im = real_of_double(m * sin(a));
    if (literal->exactness == 'e' && isfinite(re.d) && isfinite(im.d)) {
        struct exact x, y;
        if (!exact_of_double(work, re.d, &x) || !exact_of_double(work, im.d, &y))
            return false;
        re = real_of_exact(x);
        im = real_of_exact(y);
    }
    return number_of_parts(work, re, im, ret);
}

static bool make_number(struct work *work, const struct literal *literal, struct number *ret)
{
    struct real a, b;
    if (!make_real(work, &literal->a, literal, &a) || !make_real(work, &literal->b, literal, &b))
        return false;
    switch (literal->form) {
    case LITERAL_REAL: *ret = number_of_real(a); return true;
    case LITERAL_RECTANGULAR: return number_of_parts(work, a, b, ret);
    case LITERAL_POLAR: return make_polar(work, literal, a, b, ret);
    }
    return false;
}

static bool look(void *vm)
{
    return poll(vm);
}

/* What most texts of numbers are: a sign or none, and so few decimal digits that they fit. */
static bool plain_integer(const char *text, size_t length, int64_t *ret)
{
    enum { DIGITS_MAX = 17 };
    size_t sign = length > 0 && (text[0] == '-' || text[0] == '+');
    if (length == sign || length > sign + DIGITS_MAX)
        return false;
    int64_t n = 0;
    for (size_t i = sign; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        n = n * 10 + (text[i] - '0');
    }
    *ret = text[0] == '-' ? -n : n;
    return true;
}

sch_value number_parse(sch_vm *vm, const char *text, size_t length, unsigned radix)
{
    struct literal literal;
    struct work work;
    struct number number;
    int64_t small;
    if (!charge(vm, length / 4 + 1))
        return V_RAISED;
    if (radix == 10 && plain_integer(text, length, &small))
        return make_fixnum(small);
    if (!literal_read(text, length, radix, (struct literal_clock){ look, vm }, &literal) ||
        !literal_has_value(&literal))
        return vm->limit == SCH_LIMIT_NONE ? V_FALSE : V_RAISED;

    work_init(&work, vm, WORK_COLLECTS);
    sch_value value = make_number(&work, &literal, &number) ? number_store(&work, &number) : V_RAISED;
    work_done(&work);
    return value;
}

/* --- without --- */

static bool small_integer(const struct literal_real *real, unsigned radix, int64_t *ret)
{
    uint64_t n = 0;
    for (size_t i = 0; i < real->digits.whole_count; i++) {
        if (n > (uint64_t)FIXNUM_MAX / radix)
            return false;
        n = n * radix + digit_value(real->digits.whole[i]);
    }
    if (n > (uint64_t)FIXNUM_MAX + (real->negative ? 1 : 0))
        return false;
    *ret = real->negative ? -(int64_t)n : (int64_t)n;
    return true;
}

/* A fixnum or small double; false: number_parse will make it. */
static bool scan_immediate(const struct literal *literal, sch_value *ret)
{
    const struct literal_real *real = &literal->a;
    int64_t n;
    double d;
    if (literal->form != LITERAL_REAL || (real->kind != LITERAL_INTEGER && real->kind != LITERAL_DECIMAL))
        return false;
    if (real->kind == LITERAL_INTEGER && literal->exactness != 'i') {
        if (!small_integer(real, literal->radix, &n))
            return false;
        *ret = make_fixnum(n);
        return true;
    }
    if (literal->exactness == 'e' || !digits_to_double_fast(&real->digits, literal->radix, &d))
        return false;
    *ret = small_double_encode(real->negative ? -d : d);
    return is_small_double(*ret);
}

enum number_scan number_scan(const char *text, size_t length, unsigned radix, uint64_t integer_bits,
                             struct literal_clock clock, sch_value *ret)
{
    struct literal literal;
    if (!literal_read(text, length, radix, clock, &literal) || !literal_has_value(&literal))
        return NUMBER_NOT;
    if (scan_immediate(&literal, ret))
        return NUMBER_IMMEDIATE;
    if (least_bits(&literal.a, &literal) > integer_bits || least_bits(&literal.b, &literal) > integer_bits)
        return NUMBER_TOO_LARGE;
    return NUMBER_OTHER;
}
