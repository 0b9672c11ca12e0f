/*
 * Greatest common divisor: the leading limbs of long numbers are taken by halves (half.c), short ones by Lehmer's steps
 * (euclid.c), and mpn_gcd does the rest once both are below its leaf. Powers of two are set aside, as mpn_gcd wants it.
 */
#include "schooner/num/euclid.h"

enum {
    GCD_HALF = 600, /* limbs; measured: below, Lehmer's steps are as fast */
};

static size_t trailing_zeros(const uint64_t *a)
{
    size_t limb = 0;
    while (a[limb] == 0)
        limb++;
    return limb * 64 + (size_t)__builtin_ctzll(a[limb]);
}

/* r = a without its trailing zero bits */
static bool make_odd(struct work *work, uint64_t *r, const uint64_t *a, size_t size, size_t *ret_size)
{
    size_t zeros = trailing_zeros(a);
    size_t limbs = zeros / 64;
    unsigned bits = (unsigned)(zeros % 64);
    bool done = bits == 0 ? natural_copy(work, r, a + limbs, size - limbs)
                          : natural_shift_right(work, r, a + limbs, size - limbs, bits);
    *ret_size = natural_trim(r, size - limbs);
    return done;
}

/* u and v short, v not zero; their greatest common divisor is odd. The result is in p->u. */
static bool gcd_leaf(struct work *work, struct euclid_pair *p)
{
    if (p->u_size > p->v_size && euclid_divide(work, p, NULL, 0) == EUCLID_RAISED)
        return false;
    if (p->v_size == 0)
        return true;
    if (!make_odd(work, p->u, p->u, p->u_size, &p->u_size) || !make_odd(work, p->v, p->v, p->v_size, &p->v_size))
        return false;
    euclid_order(p, NULL);
    if (!charge(work->vm, (uint64_t)p->u_size * p->v_size / 4 + 8))
        return false;
    p->u_size = (size_t)mpn_gcd(p->next_u, p->u, (mp_size_t)p->u_size, p->v, (mp_size_t)p->v_size);
    p->u = p->next_u;
    return true;
}

/* *ret = a << zeros */
static bool restore_zeros(struct work *work, const uint64_t *a, size_t size, size_t zeros, const uint64_t **ret,
                          size_t *ret_size)
{
    size_t limbs = zeros / 64;
    unsigned bits = (unsigned)(zeros % 64);
    uint64_t *r = work_limbs(work, size + limbs + 1);
    uint64_t carry = 0;
    if (r == NULL || !natural_clear(work, r, limbs))
        return false;
    bool done =
        bits == 0 ? natural_copy(work, r + limbs, a, size) : natural_shift_left(work, r + limbs, a, size, bits, &carry);
    r[limbs + size] = carry;
    *ret = r;
    *ret_size = limbs + size + (carry != 0);
    return done;
}

/* The upper third is halved, or a step is done where that leads nowhere. */
static bool shorten(struct work *work, struct euclid_pair *p)
{
    enum euclid_step step = EUCLID_STUCK;
    if (p->v_size > GCD_HALF && p->u_size - p->v_size <= 1)
        step = euclid_reduce(work, p, NULL, p->u_size / 3 * 2);
    if (step == EUCLID_STUCK)
        step = euclid_advance(work, p, NULL, 0);
    return step == EUCLID_DONE;
}

static bool gcd_of_words(struct work *work, uint64_t a, uint64_t b, const uint64_t **ret, size_t *ret_size)
{
    uint64_t *r = work_limbs(work, 1);
    if (r == NULL || !charge(work->vm, 2))
        return false;
    *r = mpn_gcd_1(&a, 1, b);
    *ret = r;
    *ret_size = 1;
    return true;
}

bool natural_gcd(struct work *work, const uint64_t *a, size_t a_size, const uint64_t *b, size_t b_size,
                 const uint64_t **ret, size_t *ret_size)
{
    if (a_size == 1 && b_size == 1)
        return gcd_of_words(work, a[0], b[0], ret, ret_size);
    size_t zeros = size_min(trailing_zeros(a), trailing_zeros(b));
    struct euclid_pair p;

    if (!euclid_pair_new(work, &p, size_max(a_size, b_size)))
        return false;
    if (!make_odd(work, p.u, a, a_size, &p.u_size) || !make_odd(work, p.v, b, b_size, &p.v_size))
        return false;

    euclid_order(&p, NULL);
    while (p.v_size > NATURAL_GCD_LEAF)
        if (!shorten(work, &p))
            return false;
    if (p.v_size > 0 && !gcd_leaf(work, &p))
        return false;
    if (zeros == 0) {
        *ret = p.u;
        *ret_size = p.u_size;
        return true;
    }
    return restore_zeros(work, p.u, p.u_size, zeros, ret, ret_size);
}
