/*
 * Division of any size: Burnikel and Ziegler, "Fast recursive division" (1998), over leaves of mpn_tdiv_qr. A quotient
 * much shorter than the divisor is estimated from the leading limbs and corrected.
 */
#include "schooner/num/natural.h"

/* By one limb. The remainder of one pass goes on top of the next one. */
static bool divide_by_limb(struct work *work, uint64_t *q, uint64_t *r, const uint64_t *n, size_t n_size, uint64_t d)
{
    uint64_t remainder = 0;
    for (size_t end = n_size; end > 0;) {
        size_t count = size_min(end, WORK_PASS);
        size_t at = end - count;
        if (!charge(work->vm, count / 8 + 1))
            return false;
        memcpy(q + at, n + at, count * sizeof *q);
        if (end == n_size) {
            remainder = mpn_divrem_1(q + at, 0, q + at, (mp_size_t)count, d);
        } else {
            uint64_t above = q[end];
            q[end] = remainder;
            remainder = mpn_divrem_1(q + at, 0, q + at, (mp_size_t)count + 1, d);
            q[end] = above;
        }
        end = at;
    }
    *r = remainder;
    return true;
}

/* By a divisor of a leaf's size: the dividend in pieces from the top, the remainder before each of them. */
static bool divide_by_leaf(struct work *work, uint64_t *q, uint64_t *r, const uint64_t *n, size_t n_size,
                           const uint64_t *d, size_t d_size)
{
    enum { WINDOW = 2 * NATURAL_DIVISOR_LEAF };
    if (n_size <= WINDOW) {
        if (!charge(work->vm, (uint64_t)(n_size - d_size + 1) * d_size / 64 + 1))
            return false;
        mpn_tdiv_qr(q, r, 0, n, (mp_size_t)n_size, d, (mp_size_t)d_size);
        return true;
    }

    struct work_mark mark = work_mark(work);
    uint64_t *window = work_limbs(work, WINDOW);
    uint64_t *piece_q = work_limbs(work, WINDOW + 1);
    if (window == NULL || piece_q == NULL)
        return false;

    size_t at = n_size - (d_size - 1); /* the first remainder: the top limbs, one fewer than the divisor has */
    memcpy(r, n + at, (d_size - 1) * sizeof *r);
    r[d_size - 1] = 0;
    while (at > 0) {
        size_t count = size_min(at, WINDOW - d_size);
        at -= count;
        if (!charge(work->vm, (uint64_t)count * d_size / 64 + 1))
            return false;
        memcpy(window, n + at, count * sizeof *window);
        memcpy(window + count, r, d_size * sizeof *window);
        mpn_tdiv_qr(piece_q, r, 0, window, (mp_size_t)(count + d_size), d, (mp_size_t)d_size);
        memcpy(q + at, piece_q, count * sizeof *q);
    }
    work_release(work, mark);
    return true;
}

/* What the recursion shares: the leaves' quotient, the product and the scratch of Karatsuba. */
struct recursion {
    struct work *work;
    uint64_t *leaf_q;
    uint64_t *product;
    uint64_t *scratch;
};

static bool divide_2_1(struct recursion *recursion, uint64_t *q, uint64_t *a, const uint64_t *d, size_t n);

/* a: 3h limbs, becomes the remainder in its low 2h, zero above; d: 2h limbs, normalised, above a's upper 2h. */
static bool divide_3_2(struct recursion *recursion, uint64_t *q, uint64_t *a, const uint64_t *d, size_t h)
{
    struct work *work = recursion->work;
    const uint64_t *d_high = d + h;
    uint64_t *product = recursion->product;
    uint64_t borrow, carry;

    if (mpn_cmp(a + 2 * h, d_high, (mp_size_t)h) < 0) {
        if (!divide_2_1(recursion, q, a + h, d_high, h))
            return false;
    } else { /* equal: the quotient would not fit, so take the greatest that does */
        memset(q, 0xff, h * sizeof *q);
        memset(a + 2 * h, 0, h * sizeof *a);
        if (!natural_add(work, a + h, a + h, h, d_high, h, &carry))
            return false;
        a[2 * h] = carry;
    }
    if (!natural_karatsuba(work, product, q, d, h, recursion->scratch) ||
        !natural_subtract(work, a, a, 2 * h, product, 2 * h, &borrow))
        return false;
    uint64_t above = a[2 * h] - borrow;
    while ((int64_t)above < 0) { /* at most two corrections */
        if (!natural_add(work, a, a, 2 * h, d, 2 * h, &carry))
            return false;
        above += carry;
        mpn_sub_1(q, q, (mp_size_t)h, 1);
    }
    a[2 * h] = above;
    return true;
}

/* a: 2n limbs, becomes the remainder in its low n, zero above; d: n limbs, normalised, above a's upper n. */
static bool divide_2_1(struct recursion *recursion, uint64_t *q, uint64_t *a, const uint64_t *d, size_t n)
{
    if (n <= NATURAL_DIVISOR_LEAF) {
        if (!charge(recursion->work->vm, (uint64_t)n * n / 64 + 1))
            return false;
        mpn_tdiv_qr(recursion->leaf_q, a, 0, a, (mp_size_t)(2 * n), d, (mp_size_t)n);
        memcpy(q, recursion->leaf_q, n * sizeof *q);
        memset(a + n, 0, n * sizeof *a);
        return true;
    }
    size_t h = n / 2;
    return divide_3_2(recursion, q + h, a + h, d, h) && divide_3_2(recursion, q, a, d, h);
}

/* r = a << (limbs, bits), `size` limbs of a into `r_size` limbs. */
static bool shift_up(struct work *work, uint64_t *r, size_t r_size, const uint64_t *a, size_t size, size_t limbs,
                     unsigned bits)
{
    uint64_t carry = 0;
    if (!natural_clear(work, r, limbs))
        return false;
    bool done =
        bits == 0 ? natural_copy(work, r + limbs, a, size) : natural_shift_left(work, r + limbs, a, size, bits, &carry);
    if (!done)
        return false;
    size_t filled = limbs + size;
    if (!natural_clear(work, r + filled, r_size - filled))
        return false;
    if (carry != 0)
        r[filled] = carry;
    return true;
}

static bool divide_recursively(struct work *work, uint64_t *q, uint64_t *r, const uint64_t *n, size_t n_size,
                               const uint64_t *d, size_t d_size)
{
    size_t parts = 1;
    while (d_size > parts * NATURAL_DIVISOR_LEAF)
        parts *= 2;
    size_t block = (d_size + parts - 1) / parts * parts;
    size_t shift = block - d_size;
    unsigned bits = (unsigned)__builtin_clzll(d[d_size - 1]);
    size_t blocks = (n_size + shift + 1 + block - 1) / block;
    if (blocks < 2)
        blocks = 2;

    struct recursion recursion = { .work = work };
    uint64_t *divisor = work_limbs(work, block);
    uint64_t *dividend = work_limbs(work, blocks * block);
    uint64_t *quotient = work_limbs(work, (blocks - 1) * block);
    recursion.leaf_q = work_limbs(work, NATURAL_DIVISOR_LEAF + 1);
    recursion.product = work_limbs(work, block);
    recursion.scratch = work_limbs(work, natural_karatsuba_scratch(block / 2));
    if (divisor == NULL || dividend == NULL || quotient == NULL || recursion.leaf_q == NULL ||
        recursion.product == NULL || recursion.scratch == NULL)
        return false;
    if (!shift_up(work, divisor, block, d, d_size, shift, bits) ||
        !shift_up(work, dividend, blocks * block, n, n_size, shift, bits))
        return false;

    /* The top block is below the divisor: its top limb holds nothing, or the bits that the shift put there. */
    size_t at = (blocks - 1) * block;
    while (at > 0) {
        at -= block;
        if (!divide_2_1(&recursion, quotient + at, dividend + at, divisor, block))
            return false;
    }
    if (!natural_copy(work, q, quotient, n_size - d_size + 1))
        return false;
    return bits == 0 ? natural_copy(work, r, dividend + shift, d_size)
                     : natural_shift_right(work, r, dividend + shift, d_size, bits);
}

/* q_size + 1 < d_size: the quotient from the leading 2 q_size limbs by the leading q_size + 1, then corrections. */
static bool divide_short_quotient(struct work *work, uint64_t *q, uint64_t *r, const uint64_t *n, size_t n_size,
                                  const uint64_t *d, size_t d_size)
{
    size_t q_size = n_size - d_size + 1;
    size_t low = d_size - (q_size + 1);
    uint64_t *product = work_limbs(work, q_size + low);
    uint64_t borrow, carry;

    if (product == NULL || !natural_divide(work, q, r + low, n + low, 2 * q_size, d + low, q_size + 1) ||
        !natural_copy(work, r, n, low) || !natural_multiply(work, product, q, q_size, d, low))
        return false;
    if (!natural_subtract(work, r, r, d_size, product, q_size + low, &borrow))
        return false;
    while (borrow != 0) { /* at most two: the divisor's leading limb is not zero */
        mpn_sub_1(q, q, (mp_size_t)q_size, 1);
        if (!natural_add(work, r, r, d_size, d, d_size, &carry))
            return false;
        borrow -= carry;
    }
    return true;
}

bool natural_divide(struct work *work, uint64_t *q, uint64_t *r, const uint64_t *n, size_t n_size, const uint64_t *d,
                    size_t d_size)
{
    if (d_size == 1)
        return divide_by_limb(work, q, r, n, n_size, d[0]);
    if (d_size <= NATURAL_DIVISOR_LEAF)
        return divide_by_leaf(work, q, r, n, n_size, d, d_size);

    struct work_mark mark = work_mark(work);
    bool done = n_size - d_size + 2 < d_size ? divide_short_quotient(work, q, r, n, n_size, d, d_size)
                                             : divide_recursively(work, q, r, n, n_size, d, d_size);
    if (done)
        work_release(work, mark);
    return done;
}
