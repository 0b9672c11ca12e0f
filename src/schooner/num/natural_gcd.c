/*
 * Greatest common divisor: Lehmer's algorithm with steps of 127 leading bits (Knuth 4.5.2 L; Jebelean's condition, made
 * a little stricter, tells how far the leading bits are right), mpn_gcd once both numbers are short.
 */
#include "schooner/num/natural.h"

typedef unsigned __int128 wide;

/* After k steps of Euclid: u_k = x[0] u -+ y[0] v, u_k+1 = x[1] u -+ y[1] v, the signs alternating. */
struct cofactors {
    uint64_t x[2];
    uint64_t y[2];
    bool odd; /* k is odd: x terms negative in u_k */
    bool any;
};

/* The 127 bits of `a` below bit `top` (the size of the larger operand), top >= 128. */
static wide leading(const uint64_t *a, size_t size, size_t top)
{
    size_t low = top - 127;
    size_t limb = low / 64;
    unsigned bits = (unsigned)(low % 64);
    uint64_t l0 = limb < size ? a[limb] : 0;
    uint64_t l1 = limb + 1 < size ? a[limb + 1] : 0;
    uint64_t l2 = limb + 2 < size ? a[limb + 2] : 0;
    if (bits == 0)
        return ((wide)l1 << 64) | l0;
    return ((wide)(l1 >> bits | l2 << (64 - bits)) << 64) | (l0 >> bits | l1 << (64 - bits));
}

/* u / v for v != 0; most quotients of Euclid's algorithm are small. */
static wide quotient_of(wide u, wide v, wide *ret_remainder)
{
    unsigned small = 0;
    while (u >= v && small < 4) {
        u -= v;
        small++;
    }
    if (u < v) {
        *ret_remainder = u;
        return small;
    }
    uint64_t n[2] = { (uint64_t)u, (uint64_t)(u >> 64) };
    uint64_t d[2] = { (uint64_t)v, (uint64_t)(v >> 64) };
    uint64_t q[2] = { 0, 0 }, r[2] = { 0, 0 };
    mp_size_t d_size = d[1] != 0 ? 2 : 1;
    mpn_tdiv_qr(q, r, 0, n, 2, d, d_size);
    *ret_remainder = ((wide)r[1] << 64) | r[0];
    return (((wide)q[1] << 64) | q[0]) + small;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static struct cofactors lehmer_steps(wide u, wide v)
{
    const uint64_t most = (uint64_t)1 << 62;
    struct cofactors c = { .x = { 1, 0 }, .y = { 0, 1 } };

    while (v != 0) {
        wide r;
        wide q = quotient_of(u, v, &r);
        if (q > most)
            break;
        wide x = q * c.x[1] + c.x[0];
        wide y = q * c.y[1] + c.y[0];
        if (x > most || y > most)
            break;
        uint64_t next = larger((uint64_t)x, (uint64_t)y);
        uint64_t now = larger(c.x[1], c.y[1]);
        if (r < next || v - r < (wide)next + now)
            break;
        c.x[0] = c.x[1];
        c.y[0] = c.y[1];
        c.x[1] = (uint64_t)x;
        c.y[1] = (uint64_t)y;
        c.odd = !c.odd;
        c.any = true;
        u = v;
        v = r;
    }
    return c;
}

/* r = x u - y v, which is known to be natural and to fit `size` limbs. */
static bool combine(struct work *work, uint64_t *r, const uint64_t *u, uint64_t x, const uint64_t *v, uint64_t y,
                    size_t size)
{
    uint64_t carry = 0, borrow = 0;
    for (size_t at = 0; at < size; at += WORK_PASS) {
        mp_size_t count = (mp_size_t)size_min(size - at, WORK_PASS);
        if (!charge(work->vm, (uint64_t)count / 16 + 1))
            return false;
        uint64_t high = mpn_mul_1(r + at, u + at, count, x);
        carry = high + mpn_add_1(r + at, r + at, count, carry);
        uint64_t low = mpn_submul_1(r + at, v + at, count, y);
        borrow = low + mpn_sub_1(r + at, r + at, count, borrow);
    }
    return true;
}

/* Two numbers under way: u >= v, each with room of `room` limbs, and room for the next two. */
struct pair_of_naturals {
    uint64_t *u, *v, *next_u, *next_v;
    size_t u_size, v_size;
};

static void order(struct pair_of_naturals *p)
{
    if (natural_compare(p->u, p->u_size, p->v, p->v_size) >= 0)
        return;
    uint64_t *limbs = p->u;
    size_t size = p->u_size;
    p->u = p->v;
    p->u_size = p->v_size;
    p->v = limbs;
    p->v_size = size;
}

static bool apply_cofactors(struct work *work, struct pair_of_naturals *p, const struct cofactors *c)
{
    size_t size = p->u_size;
    memset(p->v + p->v_size, 0, (size - p->v_size) * sizeof *p->v);
    bool done = c->odd ? combine(work, p->next_u, p->v, c->y[0], p->u, c->x[0], size) &&
                             combine(work, p->next_v, p->u, c->x[1], p->v, c->y[1], size)
                       : combine(work, p->next_u, p->u, c->x[0], p->v, c->y[0], size) &&
                             combine(work, p->next_v, p->v, c->y[1], p->u, c->x[1], size);
    if (!done)
        return false;
    uint64_t *u = p->u, *v = p->v;
    p->u = p->next_u;
    p->v = p->next_v;
    p->next_u = u;
    p->next_v = v;
    p->u_size = natural_trim(p->u, size);
    p->v_size = natural_trim(p->v, size);
    return true;
}

/* (u, v) = (v, u mod v) */
static bool euclid_step(struct work *work, struct pair_of_naturals *p)
{
    struct work_mark mark = work_mark(work);
    uint64_t *q = work_limbs(work, p->u_size - p->v_size + 1);
    if (q == NULL || !natural_divide(work, q, p->next_v, p->u, p->u_size, p->v, p->v_size))
        return false;
    work_release(work, mark);
    uint64_t *u = p->u;
    p->u = p->v;
    p->v = p->next_v;
    p->next_v = u;
    size_t size = p->v_size;
    p->v_size = natural_trim(p->v, size);
    p->u_size = size;
    return true;
}

static bool lehmer_step(struct work *work, struct pair_of_naturals *p)
{
    size_t top = natural_bits(p->u, p->u_size);
    if (p->u_size - p->v_size <= 1) {
        struct cofactors c = lehmer_steps(leading(p->u, p->u_size, top), leading(p->v, p->v_size, top));
        if (c.any)
            return apply_cofactors(work, p, &c);
    }
    return euclid_step(work, p);
}

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
static bool gcd_leaf(struct work *work, struct pair_of_naturals *p)
{
    if (p->u_size > p->v_size && !euclid_step(work, p))
        return false;
    if (p->v_size == 0)
        return true;
    if (!make_odd(work, p->u, p->u, p->u_size, &p->u_size) || !make_odd(work, p->v, p->v, p->v_size, &p->v_size))
        return false;
    order(p);
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

bool natural_gcd(struct work *work, const uint64_t *a, size_t a_size, const uint64_t *b, size_t b_size,
                 const uint64_t **ret, size_t *ret_size)
{
    size_t room = size_max(a_size, b_size);
    size_t zeros = size_min(trailing_zeros(a), trailing_zeros(b));
    struct pair_of_naturals p;

    p.u = work_limbs(work, room);
    p.v = work_limbs(work, room);
    p.next_u = work_limbs(work, room);
    p.next_v = work_limbs(work, room);
    if (p.u == NULL || p.v == NULL || p.next_u == NULL || p.next_v == NULL)
        return false;
    if (!make_odd(work, p.u, a, a_size, &p.u_size) || !make_odd(work, p.v, b, b_size, &p.v_size))
        return false;

    order(&p);
    while (p.v_size > NATURAL_GCD_LEAF) {
        if (!lehmer_step(work, &p))
            return false;
        order(&p);
    }
    if (p.v_size > 0 && !gcd_leaf(work, &p))
        return false;
    if (zeros == 0) {
        *ret = p.u;
        *ret_size = p.u_size;
        return true;
    }
    return restore_zeros(work, p.u, p.u_size, zeros, ret, ret_size);
}
