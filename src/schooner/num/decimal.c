/*
 * Digits to the nearest double: Clinger's fast path, then the algorithm of Eisel and Lemire ("Number parsing at a
 * gigabyte per second", 2021), then exact arithmetic on at most DIGITS_KEPT digits: what follows them can only tell
 * whether the value is above a tie, so one digit stands for it.
 */
#include <math.h>
#include "schooner/num/decimal.h"

const uint64_t decimal_powers[POWER_MAX - POWER_MIN + 1][2] = {
#include "schooner/num/decimal_powers.h"
};

enum { DIGITS_KEPT = 2200 }; /* radix 10 needs 768, radix 2 needs 1024 + 1075 */

static char digit_at(const struct digits *digits, size_t i)
{
    return i < digits->whole_count ? digits->whole[i] : digits->fraction[i - digits->whole_count];
}

/* There may be megabytes of zeros, and nobody looks at the clock meanwhile: eight at a time. */
static bool are_zeros(const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof word);
    return word == UINT64_C(0x3030303030303030);
}

size_t digits_zeros(const char *text, size_t count)
{
    size_t zeros = 0;
    while (count - zeros >= sizeof(uint64_t) && are_zeros(text + zeros))
        zeros += sizeof(uint64_t);
    while (zeros < count && text[zeros] == '0')
        zeros++;
    return zeros;
}

/* The row without the zeros that it ends with. */
static size_t without_zeros_behind(const char *text, size_t count)
{
    while (count >= sizeof(uint64_t) && are_zeros(text + count - sizeof(uint64_t)))
        count -= sizeof(uint64_t);
    while (count > 0 && text[count - 1] == '0')
        count--;
    return count;
}

/* The range [*first, *end) without zeros at both ends; false: all zero. */
static bool significant(const struct digits *digits, size_t *ret_first, size_t *ret_end)
{
    size_t fraction = without_zeros_behind(digits->fraction, digits->fraction_count);
    size_t end =
        fraction > 0 ? digits->whole_count + fraction : without_zeros_behind(digits->whole, digits->whole_count);
    size_t first = digits_zeros(digits->whole, digits->whole_count);
    if (first == digits->whole_count)
        first += digits_zeros(digits->fraction, fraction);
    *ret_first = size_min(first, end);
    *ret_end = end;
    return end > 0;
}

/* The exponent of the digit before position `end`. */
static int64_t exponent_at(const struct digits *digits, size_t end)
{
    return digits->exponent + (int64_t)digits->whole_count - (int64_t)end;
}

/* w 10^q exactly rounded, or false when 128 bits of the power do not tell. w is not zero. */
static bool eisel_lemire(uint64_t w, int64_t q, double *ret)
{
    if (q < POWER_MIN) {
        *ret = 0.0;
        return true;
    }
    if (q > 308) {
        *ret = INFINITY;
        return true;
    }
    const uint64_t *row = decimal_powers[q - POWER_MIN];
    uint64_t power_high = row[0], power_low = row[1];
    if (q < 0 && q >= -27) { /* the algorithm wants these rounded up */
        power_low++;
        power_high += power_low == 0;
    }
    int zeros = __builtin_clzll(w);
    w <<= zeros;
    unsigned __int128 product = (unsigned __int128)w * power_high;
    uint64_t high = (uint64_t)(product >> 64), low = (uint64_t)product;
    if ((high & 0x1ff) == 0x1ff) {
        uint64_t more = (uint64_t)(((unsigned __int128)w * power_low) >> 64);
        low += more;
        high += low < more;
    }
    if (low == UINT64_MAX && (q < -27 || q > 55))
        return false;

    int upper = (int)(high >> 63);
    uint64_t mantissa = high >> (upper + 64 - 52 - 3);
    int64_t exponent = ((217706 * q) >> 16) + 63 + upper - zeros + 1023;
    if (exponent <= 0) { /* subnormal */
        if (-exponent + 1 >= 64) {
            *ret = 0.0;
            return true;
        }
        mantissa >>= -exponent + 1;
        mantissa += mantissa & 1;
        mantissa >>= 1;
        *ret = double_of_bits(mantissa);
        return true;
    }
    if (low <= 1 && q >= -4 && q <= 23 && (mantissa & 3) == 1 && mantissa << (upper + 64 - 52 - 3) == high)
        mantissa &= ~(uint64_t)1; /* exactly between two: to even */
    mantissa += mantissa & 1;
    mantissa >>= 1;
    if (mantissa >= (uint64_t)1 << 53) {
        mantissa = (uint64_t)1 << 52;
        exponent++;
    }
    mantissa &= ~((uint64_t)1 << 52);
    *ret = exponent >= 0x7ff ? INFINITY : double_of_bits(mantissa | (uint64_t)exponent << 52);
    return true;
}

static const double small_powers[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

bool digits_to_double_fast(const struct digits *digits, unsigned radix, double *ret)
{
    enum { KEPT = 19 };
    size_t first, end;
    uint64_t w = 0;
    double other;

    if (radix != 10)
        return false;
    if (!significant(digits, &first, &end)) {
        *ret = 0.0;
        return true;
    }
    size_t kept = size_min(end, first + KEPT);
    for (size_t i = first; i < kept; i++)
        w = w * 10 + (uint64_t)(digit_at(digits, i) - '0');
    int64_t q = exponent_at(digits, kept);
    if (kept == end && w <= (uint64_t)1 << 53 && q >= -22 && q <= 22) {
        *ret = q < 0 ? (double)w / small_powers[-q] : (double)w * small_powers[q];
        return true;
    }
    if (!eisel_lemire(w, q, ret))
        return false;
    return kept == end || (eisel_lemire(w + 1, q, &other) && other == *ret);
}

/* The digits [first, end) as an integer, from a copy: they lie in two pieces. */
static bool gather(struct work *work, const struct digits *digits, unsigned radix, size_t first, size_t end,
                   bool sticky, struct integer *ret)
{
    size_t count = end - first;
    char *text = (char *)work_limbs(work, count / 8 + 2);
    if (text == NULL || !charge(work->vm, count / 8 + 1))
        return false;
    size_t from_whole = first < digits->whole_count ? size_min(end, digits->whole_count) - first : 0;
    if (from_whole > 0)
        memcpy(text, digits->whole + first, from_whole);
    if (count > from_whole)
        memcpy(text + from_whole, digits->fraction + (first + from_whole - digits->whole_count), count - from_whole);
    if (sticky)
        text[count++] = '1';
    ret->negative = false;
    return natural_of_text(work, text, count, radix, &ret->limbs, &ret->size);
}

/* n radix^exponent as a ratio, not reduced */
static bool scale(struct work *work, struct integer n, unsigned radix, int64_t exponent, struct integer *ret_n,
                  struct integer *ret_d)
{
    struct integer base, power;
    uint64_t magnitude = exponent < 0 ? (uint64_t)-exponent : (uint64_t)exponent;
    if (!integer_of_uint64(work, radix, &base) || !integer_power_unlimited(work, base, magnitude, &power))
        return false;
    *ret_n = n;
    *ret_d = INTEGER_ONE;
    if (exponent < 0) {
        *ret_d = power;
        return true;
    }
    return integer_multiply(work, n, power, ret_n);
}

bool digits_to_double(struct work *work, const struct digits *digits, unsigned radix, double *ret)
{
    size_t first, end;
    struct integer n, d;
    if (digits_to_double_fast(digits, radix, ret))
        return true;
    if (!significant(digits, &first, &end)) {
        *ret = 0.0;
        return true;
    }
    double magnitude = (double)exponent_at(digits, first) * log2(radix);
    if (magnitude > 1100 || magnitude < -1200) {
        *ret = magnitude > 0 ? INFINITY : 0.0;
        return true;
    }
    bool sticky = end - first > DIGITS_KEPT;
    if (sticky)
        end = first + DIGITS_KEPT;
    return gather(work, digits, radix, first, end, sticky, &n) &&
           scale(work, n, radix, exponent_at(digits, end) - (sticky ? 1 : 0), &n, &d) &&
           exact_to_double(work, n, d, ret);
}

uint64_t digits_least_bits(const struct digits *digits, unsigned radix)
{
    size_t first, end;
    if (!significant(digits, &first, &end))
        return 0;
    double count = (double)(end - first - 1) * log2(radix);
    int64_t exponent = exponent_at(digits, end);
    if (exponent >= 0)
        return (uint64_t)(count + (double)exponent * log2(radix));
    /* the radix does not divide the digits, so the denominator keeps a factor of 2 at least for each place */
    double places = radix % 2 == 0 ? (double)-exponent : 0.0;
    return (uint64_t)(places > count ? places : count);
}

bool digits_to_exact(struct work *work, const struct digits *digits, unsigned radix, struct exact *ret)
{
    size_t first, end;
    struct integer n, d;
    if (!significant(digits, &first, &end)) {
        *ret = exact_of_integer(INTEGER_ZERO);
        return true;
    }
    if (!integer_fits(work, digits_least_bits(digits, radix)))
        return false;
    int64_t exponent = exponent_at(digits, end);
    return gather(work, digits, radix, first, end, false, &n) && scale(work, n, radix, exponent, &n, &d) &&
           exact_make(work, n, d, ret);
}
