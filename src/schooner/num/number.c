/* Numbers as values: predicates, making them, loading them for work and storing what came of it. */
#include <math.h>
#include "schooner/num/flight.h"

bool is_number(sch_value v)
{
    if (is_fixnum(v) || is_small_double(v))
        return true;
    if (!is_object(v))
        return false;
    unsigned type = header_type(value_header(v));
    return type >= OBJECT_FLONUM && type <= OBJECT_COMPLEX;
}

bool is_real(sch_value v)
{
    return is_number(v) && !is_complex(v);
}

bool is_rational(sch_value v)
{
    return is_double(v) ? isfinite(double_of(v)) : is_real(v);
}

bool is_integer(sch_value v)
{
    if (is_double(v))
        return isfinite(double_of(v)) && trunc(double_of(v)) == double_of(v);
    return is_exact_integer(v);
}

bool is_exact(sch_value v)
{
    if (is_complex(v))
        return is_exact(object_as(struct complex, v)->real);
    return is_number(v) && !is_double(v);
}

sch_value make_double(sch_vm *vm, double d)
{
    sch_value word = small_double_encode(d);
    if (likely(is_small_double(word)))
        return word;
    struct flonum *flonum = heap_object(vm, OBJECT_FLONUM, 0, FLONUM_SIZE);
    flonum->number = isnan(d) ? double_of_bits(0x7ff8000000000000u) : d; /* one NaN, so that eqv? knows it */
    return object_value(flonum);
}

sch_value make_double_reserving(sch_vm *vm, double d)
{
    sch_value word = small_double_encode(d);
    if (likely(is_small_double(word)))
        return word;
    if (!heap_reserve(vm, FLONUM_SIZE))
        return V_RAISED;
    return make_double(vm, d);
}

static sch_value make_one_limb(sch_vm *vm, uint64_t magnitude, unsigned flags)
{
    if (vm->integer_bits < 64 && magnitude >> vm->integer_bits != 0)
        return raise_limit(vm, SCH_LIMIT_INTEGER_BITS);
    if (!heap_reserve(vm, bignum_size(1)))
        return V_RAISED;
    struct bignum *bignum = heap_object(vm, OBJECT_BIGNUM, 1, bignum_size(1));
    bignum->header = header_make(OBJECT_BIGNUM, flags, 1);
    bignum->limbs[0] = magnitude;
    return object_value(bignum);
}

sch_value make_integer(sch_vm *vm, int64_t n)
{
    if (likely(fixnum_fits(n)))
        return make_fixnum(n);
    return make_one_limb(vm, n < 0 ? -(uint64_t)n : (uint64_t)n, n < 0 ? BIGNUM_NEGATIVE : 0);
}

sch_value make_unsigned(sch_vm *vm, uint64_t n)
{
    if (likely(n <= (uint64_t)FIXNUM_MAX))
        return make_fixnum((int64_t)n);
    return make_one_limb(vm, n, 0);
}

bool integer_load(struct work *work, sch_value v, struct integer *ret)
{
    if (is_fixnum(v))
        return integer_of_int64(work, fixnum_int(v), ret);
    const struct bignum *bignum = object_as(struct bignum, v);
    ret->limbs = bignum->limbs;
    ret->size = header_length(bignum->header);
    ret->negative = header_flags(bignum->header) & BIGNUM_NEGATIVE;
    return true;
}

bool real_load(struct work *work, sch_value v, struct real *ret)
{
    if (is_double(v)) {
        *ret = real_of_double(double_of(v));
        return true;
    }
    ret->exact = true;
    ret->d = 0;
    if (is_ratio(v)) {
        const struct ratio *ratio = object_as(struct ratio, v);
        return integer_load(work, ratio->numerator, &ret->q.n) && integer_load(work, ratio->denominator, &ret->q.d);
    }
    ret->q.d = INTEGER_ONE;
    return integer_load(work, v, &ret->q.n);
}

bool number_load(struct work *work, sch_value v, struct number *ret)
{
    /* Copied as a whole: made on the spot, it would be read by words that are wider than those just written, and the
     * processor waits for that. */
    static const struct real zero = { true, 0, { { integer_one_limb, 0, false }, { integer_one_limb, 1, false } } };
    if (!is_complex(v)) {
        ret->complex = false;
        ret->im = zero;
        return real_load(work, v, &ret->re);
    }
    const struct complex *complex = object_as(struct complex, v);
    ret->complex = true;
    return real_load(work, complex->real, &ret->re) && real_load(work, complex->imaginary, &ret->im);
}

bool number_of_parts(struct work *work, struct real re, struct real im, struct number *ret)
{
    double d;
    if (real_is_exact_zero(&im)) {
        *ret = number_of_real(re);
        return true;
    }
    if (re.exact != im.exact) {
        struct real *exact = re.exact ? &re : &im;
        if (!real_to_double(work, exact, &d))
            return false;
        *exact = real_of_double(d);
    }
    *ret = (struct number){ true, re, im };
    return true;
}

/* --- storing --- */

static bool fits_fixnum(struct integer n)
{
    uint64_t most = (uint64_t)FIXNUM_MAX + (n.negative ? 1 : 0);
    return n.size == 0 || (n.size == 1 && n.limbs[0] <= most);
}

/* Adds what building needs to *small; large objects are reserved at once. */
static bool reserve_integer(struct work *work, struct integer n, size_t *small)
{
    if (fits_fixnum(n))
        return true;
    if (!integer_fits(work, integer_bits(n)) || !work_charge_pass(work, n.size))
        return false;
    size_t bytes = bignum_size(n.size);
    if (bytes > HEAP_LARGE)
        return heap_reserve_object(work->vm, bytes);
    *small += bytes;
    return true;
}

static size_t ratio_bytes(void)
{
    return object_size(sizeof(struct ratio), 0, 0);
}

static size_t complex_bytes(void)
{
    return object_size(sizeof(struct complex), 0, 0);
}

static bool reserve_real(struct work *work, const struct real *real, size_t *small)
{
    if (!real->exact) {
        *small += FLONUM_SIZE;
        return true;
    }
    if (!exact_is_integer(&real->q))
        *small += ratio_bytes();
    return reserve_integer(work, real->q.n, small) && reserve_integer(work, real->q.d, small);
}

static bool reserve_number(struct work *work, const struct number *number, size_t *small)
{
    if (!number->complex)
        return reserve_real(work, &number->re, small);
    *small += complex_bytes();
    return reserve_real(work, &number->re, small) && reserve_real(work, &number->im, small);
}

static sch_value build_integer(sch_vm *vm, struct integer n)
{
    if (fits_fixnum(n)) {
        int64_t magnitude = n.size == 0 ? 0 : (int64_t)n.limbs[0];
        return make_fixnum(n.negative ? -magnitude : magnitude);
    }
    struct bignum *bignum = heap_object(vm, OBJECT_BIGNUM, n.size, bignum_size(n.size));
    bignum->header = header_make(OBJECT_BIGNUM, n.negative ? BIGNUM_NEGATIVE : 0, n.size);
    memcpy(bignum->limbs, n.limbs, n.size * sizeof *n.limbs);
    return object_value(bignum);
}

static sch_value build_real(sch_vm *vm, const struct real *real)
{
    if (!real->exact)
        return make_double(vm, real->d);
    sch_value numerator = build_integer(vm, real->q.n);
    if (exact_is_integer(&real->q))
        return numerator;
    sch_value denominator = build_integer(vm, real->q.d);
    struct ratio *ratio = heap_object(vm, OBJECT_RATIONAL, 2, ratio_bytes());
    ratio->numerator = numerator;
    ratio->denominator = denominator;
    return object_value(ratio);
}

static sch_value build_number(sch_vm *vm, const struct number *number)
{
    sch_value re = build_real(vm, &number->re);
    if (!number->complex)
        return re;
    sch_value im = build_real(vm, &number->im);
    struct complex *complex = heap_object(vm, OBJECT_COMPLEX, 2, complex_bytes());
    complex->real = re;
    complex->imaginary = im;
    return object_value(complex);
}

sch_value number_store(struct work *work, const struct number *number)
{
    size_t small = 0;
    if (!reserve_number(work, number, &small) || (small > 0 && !heap_reserve(work->vm, small)))
        return V_RAISED;
    return build_number(work->vm, number);
}

sch_value number_store_values(struct work *work, const struct number *first, const struct number *second)
{
    size_t bytes = object_size(sizeof(struct values), 2, sizeof(sch_value));
    size_t small = bytes;
    if (!reserve_number(work, first, &small) || !reserve_number(work, second, &small) || !heap_reserve(work->vm, small))
        return V_RAISED;
    sch_value one = build_number(work->vm, first);
    sch_value two = build_number(work->vm, second);
    struct values *values = heap_object(work->vm, OBJECT_VALUES, 2, bytes);
    values->items[0] = one;
    values->items[1] = two;
    return object_value(values);
}

/* --- out of the tower --- */

bool number_to_int64(sch_value v, int64_t *ret)
{
    if (is_fixnum(v)) {
        *ret = fixnum_int(v);
        return true;
    }
    if (is_double(v)) {
        double d = double_of(v);
        if (!(d >= -0x1p63 && d < 0x1p63) || trunc(d) != d)
            return false;
        *ret = (int64_t)d;
        return true;
    }
    if (!is_bignum(v))
        return false;
    const struct bignum *bignum = object_as(struct bignum, v);
    struct integer n = { bignum->limbs, object_length(v), header_flags(bignum->header) & BIGNUM_NEGATIVE };
    return integer_to_int64(n, ret);
}

/* The limbs of an exact integer without a work: a fixnum's go to `room`. */
static struct integer integer_view(sch_value v, uint64_t *room)
{
    if (is_fixnum(v)) {
        int64_t n = fixnum_int(v);
        *room = n < 0 ? -(uint64_t)n : (uint64_t)n;
        return integer_from_limbs(room, 1, n < 0);
    }
    const struct bignum *bignum = object_as(struct bignum, v);
    return (struct integer){ bignum->limbs, object_length(v), header_flags(bignum->header) & BIGNUM_NEGATIVE };
}

bool number_to_double(sch_value v, double *ret)
{
    uint64_t n_room, d_room;
    if (quick_double(v, ret))
        return true;
    if (is_bignum(v)) {
        *ret = exact_to_double_at_once(integer_view(v, &n_room), INTEGER_ONE);
        return true;
    }
    if (!is_ratio(v))
        return false;
    const struct ratio *ratio = object_as(struct ratio, v);
    *ret = exact_to_double_at_once(integer_view(ratio->numerator, &n_room), integer_view(ratio->denominator, &d_room));
    return true;
}

/* --- identity --- */

bool number_eqv(sch_value a, sch_value b)
{
    if (value_same(a, b))
        return true;
    if (!is_object(a) || !is_object(b))
        return false;
    unsigned type = header_type(value_header(a));
    if (type != header_type(value_header(b)))
        return false;
    if (type == OBJECT_FLONUM)
        return double_bits(double_of(a)) == double_bits(double_of(b));
    if (type == OBJECT_BIGNUM) {
        size_t size = object_length(a);
        unsigned signs = header_flags(value_header(a)) ^ header_flags(value_header(b));
        return size == object_length(b) && !(signs & BIGNUM_NEGATIVE) &&
               mpn_cmp(object_as(struct bignum, a)->limbs, object_as(struct bignum, b)->limbs, (mp_size_t)size) == 0;
    }
    if (type == OBJECT_RATIONAL) {
        const struct ratio *x = object_as(struct ratio, a), *y = object_as(struct ratio, b);
        return number_eqv(x->numerator, y->numerator) && number_eqv(x->denominator, y->denominator);
    }
    if (type == OBJECT_COMPLEX) {
        const struct complex *x = object_as(struct complex, a), *y = object_as(struct complex, b);
        return number_eqv(x->real, y->real) && number_eqv(x->imaginary, y->imaginary);
    }
    return false;
}

size_t number_limbs(sch_value v)
{
    if (is_bignum(v))
        return object_length(v);
    if (is_ratio(v))
        return number_limbs(object_as(struct ratio, v)->numerator) +
               number_limbs(object_as(struct ratio, v)->denominator);
    if (is_complex(v))
        return number_limbs(object_as(struct complex, v)->real) + number_limbs(object_as(struct complex, v)->imaginary);
    return 0;
}

static uint64_t mix(uint64_t h)
{
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93u;
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93u;
    return h ^ h >> 32;
}

uint64_t number_hash(sch_value v)
{
    if (is_double(v))
        return mix(double_bits(double_of(v)) ^ 0x9e3779b97f4a7c15u);
    if (is_bignum(v)) { /* both ends: enough to tell numbers of programs apart, in constant time */
        const struct bignum *bignum = object_as(struct bignum, v);
        size_t size = object_length(v);
        uint64_t h = size * 2 + ((header_flags(bignum->header) & BIGNUM_NEGATIVE) != 0);
        for (size_t i = 0; i < size; i = i == 15 && size > 32 ? size - 16 : i + 1)
            h = mix(h ^ bignum->limbs[i]);
        return h;
    }
    if (is_ratio(v)) {
        const struct ratio *ratio = object_as(struct ratio, v);
        return mix(number_hash(ratio->numerator) * 3 + number_hash(ratio->denominator));
    }
    if (is_complex(v)) {
        const struct complex *complex = object_as(struct complex, v);
        return mix(number_hash(complex->real) * 5 + number_hash(complex->imaginary));
    }
    return mix(v.bits);
}
