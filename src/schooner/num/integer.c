/* Integers of any size and sign under way. */
#include "schooner/num/exact.h"

const uint64_t integer_one_limb[1] = { 1 };

bool integer_of_uint64(struct work *work, uint64_t n, struct integer *ret)
{
    uint64_t *limb = work_limbs(work, 1);
    if (limb == NULL)
        return false;
    limb[0] = n;
    *ret = integer_from_limbs(limb, 1, false);
    return true;
}

bool integer_of_int64(struct work *work, int64_t n, struct integer *ret)
{
    if (!integer_of_uint64(work, n < 0 ? -(uint64_t)n : (uint64_t)n, ret))
        return false;
    ret->negative = n < 0;
    return true;
}

bool integer_to_uint64(struct integer a, uint64_t *ret)
{
    if (a.size > 1)
        return false;
    *ret = a.size == 0 ? 0 : a.limbs[0];
    return true;
}

bool integer_to_int64(struct integer a, int64_t *ret)
{
    uint64_t magnitude;
    if (!integer_to_uint64(a, &magnitude) || magnitude > (uint64_t)INT64_MAX + (a.negative ? 1 : 0))
        return false;
    *ret = a.negative ? (int64_t)-magnitude : (int64_t)magnitude;
    return true;
}

bool integer_detach(struct work *work, struct integer *a)
{
    uint64_t *limbs = work_limbs(work, a->size);
    if (limbs == NULL || !natural_copy(work, limbs, a->limbs, a->size))
        return false;
    a->limbs = limbs;
    return true;
}

bool integer_fits(struct work *work, uint64_t bits)
{
    if (likely(bits <= work->vm->integer_bits))
        return true;
    raise_limit(work->vm, SCH_LIMIT_INTEGER_BITS);
    return false;
}

int integer_compare(struct integer a, struct integer b)
{
    if (a.negative != b.negative)
        return a.negative ? -1 : 1;
    int order = natural_compare(a.limbs, a.size, b.limbs, b.size);
    return a.negative ? -order : order;
}

static bool add_magnitudes(struct work *work, struct integer a, struct integer b, struct integer *ret)
{
    if (a.size < b.size) {
        struct integer swapped = a;
        a = b;
        b = swapped;
    }
    uint64_t carry;
    uint64_t *limbs = work_limbs(work, a.size + 1);
    if (limbs == NULL || !natural_add(work, limbs, a.limbs, a.size, b.limbs, b.size, &carry))
        return false;
    limbs[a.size] = carry;
    *ret = integer_from_limbs(limbs, a.size + 1, false);
    return true;
}

/* |a| - |b|, with its sign */
static bool subtract_magnitudes(struct work *work, struct integer a, struct integer b, struct integer *ret)
{
    int order = natural_compare(a.limbs, a.size, b.limbs, b.size);
    if (order == 0) {
        *ret = INTEGER_ZERO;
        return true;
    }
    if (order < 0) {
        struct integer swapped = a;
        a = b;
        b = swapped;
    }
    uint64_t borrow;
    uint64_t *limbs = work_limbs(work, a.size);
    if (limbs == NULL || !natural_subtract(work, limbs, a.limbs, a.size, b.limbs, b.size, &borrow))
        return false;
    *ret = integer_from_limbs(limbs, a.size, order < 0);
    return true;
}

bool integer_add(struct work *work, struct integer a, struct integer b, struct integer *ret)
{
    bool negative = a.negative;
    if (a.negative == b.negative) {
        if (!add_magnitudes(work, a, b, ret))
            return false;
        ret->negative = negative && ret->size > 0;
        return true;
    }
    if (!subtract_magnitudes(work, a, b, ret))
        return false;
    if (negative)
        *ret = integer_negate(*ret);
    return true;
}

bool integer_subtract(struct work *work, struct integer a, struct integer b, struct integer *ret)
{
    return integer_add(work, a, integer_negate(b), ret);
}

bool integer_multiply(struct work *work, struct integer a, struct integer b, struct integer *ret)
{
    if (a.size == 0 || b.size == 0) {
        *ret = INTEGER_ZERO;
        return true;
    }
    bool negative = a.negative != b.negative;
    if (integer_is_one(b) || integer_is_one(a)) {
        *ret = integer_is_one(b) ? a : b;
        ret->negative = negative;
        return true;
    }
    uint64_t *limbs = work_limbs(work, a.size + b.size);
    if (limbs == NULL || !natural_multiply(work, limbs, a.limbs, a.size, b.limbs, b.size))
        return false;
    *ret = integer_from_limbs(limbs, a.size + b.size, negative);
    return true;
}

bool integer_divide(struct work *work, struct integer a, struct integer b, struct integer *ret_q, struct integer *ret_r)
{
    if (a.size < b.size) {
        *ret_q = INTEGER_ZERO;
        *ret_r = a;
        return true;
    }
    size_t q_size = a.size - b.size + 1;
    uint64_t *q = work_limbs(work, q_size);
    uint64_t *r = work_limbs(work, b.size);
    if (q == NULL || r == NULL || !natural_divide(work, q, r, a.limbs, a.size, b.limbs, b.size))
        return false;
    size_t r_size = b.size;
    bool negative = a.negative;
    *ret_q = integer_from_limbs(q, q_size, a.negative != b.negative);
    *ret_r = integer_from_limbs(r, r_size, negative);
    return true;
}

bool integer_divide_floor(struct work *work, struct integer a, struct integer b, struct integer *ret_q,
                          struct integer *ret_r)
{
    struct integer q, r;
    if (!integer_divide(work, a, b, &q, &r))
        return false;
    if (r.size > 0 && r.negative != b.negative) {
        if (!integer_subtract(work, q, INTEGER_ONE, &q) || !integer_add(work, r, b, &r))
            return false;
    }
    *ret_q = q;
    *ret_r = r;
    return true;
}

bool integer_gcd(struct work *work, struct integer a, struct integer b, struct integer *ret)
{
    if (a.size == 0 || b.size == 0) {
        *ret = integer_magnitude(a.size == 0 ? b : a);
        return true;
    }
    if (integer_is_one(a) || integer_is_one(b)) {
        *ret = INTEGER_ONE;
        return true;
    }
    ret->negative = false;
    return natural_gcd(work, a.limbs, a.size, b.limbs, b.size, &ret->limbs, &ret->size);
}

bool integer_shift_left(struct work *work, struct integer a, uint64_t bits, struct integer *ret)
{
    if (a.size == 0 || bits == 0) {
        *ret = a;
        return true;
    }
    if (bits > (uint64_t)1 << 60) { /* no memory could hold it */
        raise_limit(work->vm, SCH_LIMIT_INTEGER_BITS);
        return false;
    }
    size_t limbs = (size_t)(bits / 64);
    unsigned rest = (unsigned)(bits % 64);
    size_t size = a.size + limbs + 1;
    uint64_t carry = 0;
    uint64_t *r = work_limbs(work, size);
    if (r == NULL || !natural_clear(work, r, limbs))
        return false;
    bool done = rest == 0 ? natural_copy(work, r + limbs, a.limbs, a.size)
                          : natural_shift_left(work, r + limbs, a.limbs, a.size, rest, &carry);
    if (!done)
        return false;
    r[size - 1] = carry;
    *ret = integer_from_limbs(r, size, a.negative);
    return true;
}

bool integer_has_bits_below(struct integer a, uint64_t bits)
{
    size_t limbs = (size_t)(bits / 64);
    for (size_t i = 0; i < limbs && i < a.size; i++) {
        if (a.limbs[i] != 0)
            return true;
    }
    return limbs < a.size && bits % 64 != 0 && (a.limbs[limbs] << (64 - bits % 64)) != 0;
}

bool integer_shift_right(struct work *work, struct integer a, uint64_t bits, struct integer *ret)
{
    if (bits == 0 || a.size == 0) {
        *ret = a;
        return true;
    }
    bool borrow = a.negative && integer_has_bits_below(a, bits);
    struct integer shifted = INTEGER_ZERO;
    if (bits / 64 < a.size) {
        size_t limbs = (size_t)(bits / 64);
        unsigned rest = (unsigned)(bits % 64);
        size_t size = a.size - limbs;
        uint64_t *r = work_limbs(work, size);
        if (r == NULL)
            return false;
        bool done = rest == 0 ? natural_copy(work, r, a.limbs + limbs, size)
                              : natural_shift_right(work, r, a.limbs + limbs, size, rest);
        if (!done)
            return false;
        shifted = integer_from_limbs(r, size, a.negative);
    }
    if (borrow)
        return integer_subtract(work, shifted, INTEGER_ONE, ret);
    *ret = shifted;
    return true;
}

static bool is_power_of_two(struct integer a, uint64_t *ret_exponent)
{
    if (a.size == 0 || (a.limbs[a.size - 1] & (a.limbs[a.size - 1] - 1)) != 0)
        return false;
    for (size_t i = 0; i + 1 < a.size; i++) {
        if (a.limbs[i] != 0)
            return false;
    }
    *ret_exponent = integer_bits(a) - 1;
    return true;
}

bool integer_power(struct work *work, struct integer a, uint64_t n, struct integer *ret)
{
    uint64_t least;
    /* 2^(bits - 1) <= |a|, so the power has more than (bits - 1) n bits */
    if (a.size > 0 && !integer_is_one(a)) {
        if (__builtin_mul_overflow((uint64_t)integer_bits(a) - 1, n, &least))
            least = UINT64_MAX - 1;
        if (!integer_fits(work, least + 1))
            return false;
    }
    return integer_power_unlimited(work, a, n, ret);
}

bool integer_power_unlimited(struct work *work, struct integer a, uint64_t n, struct integer *ret)
{
    uint64_t exponent;
    bool negative = a.negative && (n & 1);

    if (n == 0 || integer_is_one(a)) {
        *ret = INTEGER_ONE;
        ret->negative = negative;
        return true;
    }
    if (a.size == 0) {
        *ret = a;
        return true;
    }
    if (is_power_of_two(a, &exponent)) {
        if (!integer_shift_left(work, INTEGER_ONE, exponent * n, ret))
            return false;
        ret->negative = negative;
        return true;
    }

    /* binary, from the top bit down; the running power stays below the result */
    struct integer power = a;
    for (int bit = 62 - __builtin_clzll(n); bit >= 0; bit--) {
        if (!integer_multiply(work, power, power, &power))
            return false;
        if (n >> bit & 1 && !integer_multiply(work, power, a, &power))
            return false;
    }
    power.negative = negative;
    *ret = power;
    return true;
}

/* a of an even number of limbs, the top one with a bit in its upper two. Zimmermann, "Karatsuba square root" (1999). */
static bool root_normalised(struct work *work, struct integer a, struct integer *ret_s, struct integer *ret_r)
{
    if (a.size <= NATURAL_ROOT_LEAF) {
        uint64_t *s = work_limbs(work, a.size / 2);
        uint64_t *r = work_limbs(work, a.size);
        if (s == NULL || r == NULL || !charge(work->vm, (uint64_t)a.size * a.size / 64 + 1))
            return false;
        size_t r_size = (size_t)mpn_sqrtrem(s, r, a.limbs, (mp_size_t)a.size);
        *ret_s = integer_from_limbs(s, a.size / 2, false);
        *ret_r = integer_from_limbs(r, r_size, false);
        return true;
    }

    size_t part = a.size / 4;
    struct integer high = integer_from_limbs(a.limbs + 2 * part, a.size - 2 * part, false);
    struct integer middle = integer_from_limbs(a.limbs + part, part, false);
    struct integer low = integer_from_limbs(a.limbs, part, false);
    struct integer s, r, twice, q, u, t;

    if (!root_normalised(work, high, &s, &r) || !integer_shift_left(work, r, part * 64, &t) ||
        !integer_add(work, t, middle, &t) || !integer_shift_left(work, s, 1, &twice) ||
        !integer_divide(work, t, twice, &q, &u) || !integer_shift_left(work, s, part * 64, &s) ||
        !integer_add(work, s, q, &s) || !integer_shift_left(work, u, part * 64, &u) || !integer_add(work, u, low, &u) ||
        !integer_multiply(work, q, q, &t) || !integer_subtract(work, u, t, &r))
        return false;
    if (r.negative) {
        if (!integer_shift_left(work, s, 1, &twice) || !integer_add(work, r, twice, &r) ||
            !integer_subtract(work, r, INTEGER_ONE, &r) || !integer_subtract(work, s, INTEGER_ONE, &s))
            return false;
    }
    *ret_s = s;
    *ret_r = r;
    return true;
}

bool integer_root(struct work *work, struct integer a, struct integer *ret_s, struct integer *ret_r)
{
    if (a.size == 0) {
        *ret_s = a;
        *ret_r = a;
        return true;
    }
    uint64_t shift = ((a.size & 1) ? 64 : 0) + ((unsigned)__builtin_clzll(a.limbs[a.size - 1]) & ~1u);
    struct integer shifted, s, r, square;
    if (!integer_shift_left(work, a, shift, &shifted) || !root_normalised(work, shifted, &s, &r))
        return false;
    if (shift == 0) {
        *ret_s = s;
        *ret_r = r;
        return true;
    }
    if (!integer_shift_right(work, s, shift / 2, ret_s) || !integer_multiply(work, *ret_s, *ret_s, &square))
        return false;
    return integer_subtract(work, a, square, ret_r);
}
