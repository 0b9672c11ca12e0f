/*
 * Naturals and digits, in both directions: divide and conquer over the ladder of powers base^(32 * 2^i), where base is
 * the greatest power of the radix in a limb. Radixes that are powers of two copy bits.
 */
#include "schooner/num/natural.h"

enum { LADDER_LEAF = 32, LADDER_RUNGS = 40 };

struct ladder {
    uint64_t base;   /* radix^digits */
    unsigned digits; /* per limb */
    const uint64_t *limbs[LADDER_RUNGS];
    size_t size[LADDER_RUNGS];
    size_t rungs;
};

static void ladder_init(struct ladder *ladder, unsigned radix)
{
    ladder->base = radix;
    ladder->digits = 1;
    while (ladder->base <= UINT64_MAX / radix) {
        ladder->base *= radix;
        ladder->digits++;
    }
    ladder->rungs = 0;
}

/* Rung 0 is base^32, each next one the square of the one before. */
static bool ladder_grow(struct work *work, struct ladder *ladder)
{
    uint64_t *power;
    size_t size, last = ladder->rungs;

    if (last == 0) {
        power = work_limbs(work, LADDER_LEAF);
        if (power == NULL || !charge(work->vm, LADDER_LEAF))
            return false;
        power[0] = ladder->base;
        size = 1;
        for (unsigned i = 1; i < LADDER_LEAF; i++) {
            power[size] = mpn_mul_1(power, power, (mp_size_t)size, ladder->base);
            size++;
        }
    } else {
        size = 2 * ladder->size[last - 1];
        power = work_limbs(work, size);
        if (power == NULL || !natural_multiply(work, power, ladder->limbs[last - 1], ladder->size[last - 1],
                                               ladder->limbs[last - 1], ladder->size[last - 1]))
            return false;
    }
    ladder->limbs[last] = power;
    ladder->size[last] = natural_trim(power, size);
    ladder->rungs = last + 1;
    return true;
}

static char digit_character(unsigned digit)
{
    return "0123456789abcdefghijklmnopqrstuvwxyz"[digit];
}

/* The text grows from `out`; `width`: leading zeros up to it, 0: none. */
static bool emit_leaf(struct work *work, const struct ladder *ladder, unsigned radix, const uint64_t *a, size_t size,
                      size_t width, char *out, size_t *ret_length)
{
    enum { DIGITS = (LADDER_LEAF + 2) * 64 };
    uint64_t limbs[LADDER_LEAF + 2];
    char text[DIGITS];
    size_t at = DIGITS;

    if (!charge(work->vm, size * size / 8 + size + 1))
        return false;
    memcpy(limbs, a, size * sizeof *limbs);
    while (size > 0) {
        uint64_t rest = mpn_divrem_1(limbs, 0, limbs, (mp_size_t)size, ladder->base);
        size = natural_trim(limbs, size);
        for (unsigned i = 0; i < ladder->digits && (size > 0 || rest > 0); i++) {
            text[--at] = digit_character((unsigned)(rest % radix));
            rest /= radix;
        }
    }
    size_t length = DIGITS - at;
    size_t zeros = width > length ? width - length : 0;
    memset(out, '0', zeros);
    memcpy(out + zeros, text + at, length);
    *ret_length = zeros + length;
    return true;
}

/* a < rung[level]^2, or below rung[0] at level -1 */
static bool emit(struct work *work, const struct ladder *ladder, unsigned radix, int level, const uint64_t *a,
                 size_t size, size_t width, char *out, size_t *ret_length)
{
    size = natural_trim(a, size);
    while (level >= 0 && natural_compare(a, size, ladder->limbs[level], ladder->size[level]) < 0) {
        size_t below = (size_t)ladder->digits * LADDER_LEAF << level;
        if (width > below) { /* the upper half is zeros */
            memset(out, '0', width - below);
            size_t length;
            if (!emit(work, ladder, radix, level - 1, a, size, below, out + (width - below), &length))
                return false;
            *ret_length = width;
            return true;
        }
        level--;
    }
    if (level < 0)
        return emit_leaf(work, ladder, radix, a, size, width, out, ret_length);

    struct work_mark mark = work_mark(work);
    size_t below = (size_t)ladder->digits * LADDER_LEAF << level;
    size_t d_size = ladder->size[level];
    uint64_t *q = work_limbs(work, size - d_size + 1);
    uint64_t *r = work_limbs(work, d_size);
    size_t high, low;
    if (q == NULL || r == NULL || !natural_divide(work, q, r, a, size, ladder->limbs[level], d_size) ||
        !emit(work, ladder, radix, level - 1, q, size - d_size + 1, width == 0 ? 0 : width - below, out, &high) ||
        !emit(work, ladder, radix, level - 1, r, d_size, below, out + high, &low))
        return false;
    work_release(work, mark);
    *ret_length = high + low;
    return true;
}

static bool to_text_by_bits(struct work *work, const uint64_t *a, size_t size, unsigned shift, char *out,
                            size_t *ret_length)
{
    size_t bits = natural_bits(a, size);
    size_t digits = (bits + shift - 1) / shift;
    for (size_t i = 0; i < digits; i++) {
        if (i % 4096 == 0 && !charge(work->vm, size_min(digits - i, 4096) / 16 + 1))
            return false;
        size_t bit = (digits - 1 - i) * shift;
        size_t limb = bit / 64;
        uint64_t word = a[limb] >> (bit % 64);
        if (bit % 64 + shift > 64 && limb + 1 < size)
            word |= a[limb + 1] << (64 - bit % 64);
        out[i] = digit_character((unsigned)(word & (((uint64_t)1 << shift) - 1)));
    }
    *ret_length = digits;
    return true;
}

bool natural_to_text(struct work *work, const uint64_t *a, size_t size, unsigned radix, const char **ret_text,
                     size_t *ret_length)
{
    struct ladder ladder;
    ladder_init(&ladder, radix);
    char *out = (char *)work_limbs(work, size * (ladder.digits + 1) / 8 + 2);
    if (out == NULL)
        return false;
    *ret_text = out;
    if (size == 0) {
        out[0] = '0';
        *ret_length = 1;
        return true;
    }
    if ((radix & (radix - 1)) == 0)
        return to_text_by_bits(work, a, size, (unsigned)__builtin_ctz(radix), out, ret_length);

    if (size > LADDER_LEAF - 1) {
        if (!ladder_grow(work, &ladder))
            return false;
        while (2 * ladder.size[ladder.rungs - 1] - 1 <= size) {
            if (!ladder_grow(work, &ladder))
                return false;
        }
    }
    return emit(work, &ladder, radix, (int)ladder.rungs - 1, a, size, 0, out, ret_length);
}

/* r: room of length / digits + 1 limbs */
static bool read_leaf(struct work *work, const struct ladder *ladder, unsigned radix, const char *text, size_t length,
                      uint64_t *r, size_t *ret_size)
{
    size_t size = 0;
    if (!charge(work->vm, length / 4 + 1))
        return false;
    for (size_t at = 0; at < length;) {
        size_t count = (length - at) % ladder->digits;
        if (count == 0)
            count = ladder->digits;
        uint64_t word = 0;
        for (size_t i = 0; i < count; i++)
            word = word * radix + digit_value(text[at + i]);
        at += count;
        if (size == 0) {
            r[0] = word;
            size = word != 0;
            continue;
        }
        uint64_t carry = mpn_mul_1(r, r, (mp_size_t)size, ladder->base);
        carry += mpn_add_1(r, r, (mp_size_t)size, word);
        if (carry != 0)
            r[size++] = carry;
    }
    *ret_size = size;
    return true;
}

static bool read_digits(struct work *work, const struct ladder *ladder, unsigned radix, const char *text, size_t length,
                        uint64_t *r, size_t *ret_size)
{
    size_t level = 0;
    size_t unit = (size_t)ladder->digits * LADDER_LEAF;
    if (length <= unit)
        return read_leaf(work, ladder, radix, text, length, r, ret_size);
    while (unit << (level + 1) < length)
        level++;

    struct work_mark mark = work_mark(work);
    size_t low_length = unit << level;
    size_t high_length = length - low_length;
    size_t power_size = ladder->size[level];
    uint64_t *high = work_limbs(work, high_length / ladder->digits + 1);
    uint64_t *low = work_limbs(work, low_length / ladder->digits + 1);
    uint64_t *product = work_limbs(work, high_length / ladder->digits + 1 + power_size);
    size_t high_size, low_size;
    if (high == NULL || low == NULL || product == NULL ||
        !read_digits(work, ladder, radix, text, high_length, high, &high_size) ||
        !read_digits(work, ladder, radix, text + high_length, low_length, low, &low_size))
        return false;
    if (high_size == 0) {
        if (!natural_copy(work, r, low, low_size))
            return false;
        *ret_size = low_size;
    } else {
        uint64_t carry;
        if (!natural_multiply(work, product, high, high_size, ladder->limbs[level], power_size) ||
            !natural_add(work, product, product, high_size + power_size, low, low_size, &carry))
            return false;
        *ret_size = natural_trim(product, high_size + power_size);
        if (!natural_copy(work, r, product, *ret_size))
            return false;
    }
    work_release(work, mark);
    return true;
}

static bool of_text_by_bits(struct work *work, const char *text, size_t length, unsigned shift, uint64_t *r,
                            size_t size)
{
    memset(r, 0, size * sizeof *r);
    for (size_t i = 0; i < length; i++) {
        if (i % 4096 == 0 && !charge(work->vm, size_min(length - i, 4096) / 16 + 1))
            return false;
        size_t bit = (length - 1 - i) * shift;
        uint64_t digit = digit_value(text[i]);
        r[bit / 64] |= digit << (bit % 64);
        if (bit % 64 + shift > 64)
            r[bit / 64 + 1] |= digit >> (64 - bit % 64);
    }
    return true;
}

bool natural_of_text(struct work *work, const char *text, size_t length, unsigned radix, const uint64_t **ret,
                     size_t *ret_size)
{
    struct ladder ladder;
    ladder_init(&ladder, radix);

    if ((radix & (radix - 1)) == 0) {
        unsigned shift = (unsigned)__builtin_ctz(radix);
        size_t size = length / 64 * shift + length % 64 * shift / 64 + 2;
        uint64_t *r = work_limbs(work, size);
        if (r == NULL || !of_text_by_bits(work, text, length, shift, r, size))
            return false;
        *ret = r;
        *ret_size = natural_trim(r, size);
        return true;
    }

    uint64_t *r = work_limbs(work, length / ladder.digits + 2);
    if (r == NULL)
        return false;
    size_t unit = (size_t)ladder.digits * LADDER_LEAF;
    while (unit << ladder.rungs < length) {
        if (!ladder_grow(work, &ladder))
            return false;
    }
    *ret = r;
    return read_digits(work, &ladder, radix, text, length, r, ret_size);
}
