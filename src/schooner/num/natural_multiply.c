/*
 * Products of any size: Karatsuba (subtractive form) over leaves of mpn_mul. The recursion halves, so its depth is the
 * logarithm of the size.
 */
#include "schooner/num/natural.h"

static bool leaf_multiply(struct work *work, uint64_t *r, const uint64_t *a, size_t a_size, const uint64_t *b,
                          size_t b_size)
{
    if (!charge(work->vm, (uint64_t)a_size * b_size / 64 + 1))
        return false;
    if (a == b && a_size == b_size)
        mpn_sqr(r, a, (mp_size_t)a_size);
    else if (a_size >= b_size)
        mpn_mul(r, a, (mp_size_t)a_size, b, (mp_size_t)b_size);
    else
        mpn_mul(r, b, (mp_size_t)b_size, a, (mp_size_t)a_size);
    return true;
}

size_t natural_karatsuba_scratch(size_t n)
{
    size_t total = 0;
    while (n > NATURAL_LEAF) {
        n = (n + 1) / 2;
        total += 2 * n;
    }
    return total + 2 * n + 2; /* the sum in the middle of the deepest level; above it, deeper scratch is larger */
}

/* r = |low - high| where high has `high_size` <= size limbs; *ret_negative: low < high. */
static bool difference(struct work *work, uint64_t *r, const uint64_t *low, size_t size, const uint64_t *high,
                       size_t high_size, bool *ret_negative)
{
    uint64_t borrow;
    size_t low_trimmed = natural_trim(low, size);
    size_t high_trimmed = natural_trim(high, high_size);
    *ret_negative = natural_compare(low, low_trimmed, high, high_trimmed) < 0;
    if (!*ret_negative)
        return natural_subtract(work, r, low, size, high, high_size, &borrow);
    memset(r + high_size, 0, (size - high_size) * sizeof *r);
    return natural_subtract(work, r, high, high_size, low, high_size, &borrow);
}

/* r + h += (low product + high product -+ cross) ; the sum is built in `middle` of 2 h + 1 limbs. */
static bool add_middle(struct work *work, uint64_t *r, size_t n, size_t h, const uint64_t *cross, bool cross_negative,
                       uint64_t *middle)
{
    uint64_t carry;
    if (!natural_add(work, middle, r, 2 * h, r + 2 * h, 2 * (n - h), &carry))
        return false;
    middle[2 * h] = carry;
    bool done = cross_negative ? natural_add(work, middle, middle, 2 * h + 1, cross, 2 * h, &carry)
                               : natural_subtract(work, middle, middle, 2 * h + 1, cross, 2 * h, &carry);
    if (!done)
        return false;
    size_t size = natural_trim(middle, 2 * h + 1);
    return natural_add(work, r + h, r + h, 2 * n - h, middle, size, &carry);
}

bool natural_karatsuba(struct work *work, uint64_t *r, const uint64_t *a, const uint64_t *b, size_t n,
                       uint64_t *scratch)
{
    if (n <= NATURAL_LEAF)
        return leaf_multiply(work, r, a, n, b, n);

    size_t h = (n + 1) / 2;
    size_t top = n - h;
    uint64_t *cross = scratch;
    uint64_t *rest = scratch + 2 * h;
    uint64_t *a_difference = r;
    uint64_t *b_difference = a == b ? r : r + h;
    bool a_negative, b_negative;

    if (!difference(work, a_difference, a, h, a + h, top, &a_negative))
        return false;
    b_negative = a_negative;
    if (a != b && !difference(work, b_difference, b, h, b + h, top, &b_negative))
        return false;
    return natural_karatsuba(work, cross, a_difference, b_difference, h, rest) &&
           natural_karatsuba(work, r, a, b, h, rest) && natural_karatsuba(work, r + 2 * h, a + h, b + h, top, rest) &&
           add_middle(work, r, n, h, cross, a_negative != b_negative, rest);
}

/* a in pieces of `piece` limbs, each times b; the last one may be shorter. */
static bool multiply_pieces(struct work *work, uint64_t *r, const uint64_t *a, size_t a_size, const uint64_t *b,
                            size_t b_size, size_t piece)
{
    struct work_mark mark = work_mark(work);
    uint64_t *product = work_limbs(work, piece + b_size);
    if (product == NULL || !natural_clear(work, r, b_size))
        return false;

    for (size_t at = 0; at < a_size; at += piece) {
        size_t count = size_min(piece, a_size - at);
        uint64_t carry;
        if (!natural_multiply(work, product, a + at, count, b, b_size))
            return false;
        /* r holds b_size limbs above `at`; the product reaches `count` limbs further */
        if (!natural_add(work, r + at, product, count + b_size, r + at, b_size, &carry))
            return false;
    }
    work_release(work, mark);
    return true;
}

bool natural_multiply(struct work *work, uint64_t *r, const uint64_t *a, size_t a_size, const uint64_t *b,
                      size_t b_size)
{
    if (a_size < b_size)
        return natural_multiply(work, r, b, b_size, a, a_size);
    if (a_size <= NATURAL_LEAF)
        return leaf_multiply(work, r, a, a_size, b, b_size);
    if (b_size <= NATURAL_LEAF)
        return multiply_pieces(work, r, a, a_size, b, b_size, NATURAL_LEAF);
    if (a_size > b_size)
        return multiply_pieces(work, r, a, a_size, b, b_size, b_size);

    struct work_mark mark = work_mark(work);
    uint64_t *scratch = work_limbs(work, natural_karatsuba_scratch(a_size));
    bool done = scratch != NULL && natural_karatsuba(work, r, a, b, a_size, scratch);
    work_release(work, mark);
    return done;
}
