/*
 * Lehmer's steps of Euclid's algorithm: 127 leading bits decide 62 bits at a time (Knuth 4.5.2 L; Jebelean's condition,
 * made a little stricter, tells how far the leading bits are right). Quadratic; half.c uses them on short numbers.
 */
#include "schooner/num/euclid.h"

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
        if (r < 2 * (wide)next || v - r < (wide)next + now)
            break; /* twice: what is below changes r by less than `next`, and leaves as much */
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

bool euclid_pair_new(struct work *work, struct euclid_pair *p, size_t room)
{
    p->room = room;
    p->u = work_limbs(work, room);
    p->v = work_limbs(work, room);
    p->next_u = work_limbs(work, room);
    p->next_v = work_limbs(work, room);
    return p->u != NULL && p->v != NULL && p->next_u != NULL && p->next_v != NULL;
}

static void swap_rows(uint64_t **a, uint64_t **b)
{
    uint64_t *row = *a;
    *a = *b;
    *b = row;
}

static void swap_columns(struct euclid_matrix *m)
{
    swap_rows(&m->at[0][0], &m->at[0][1]);
    swap_rows(&m->at[1][0], &m->at[1][1]);
    m->odd = !m->odd;
}

void euclid_order(struct euclid_pair *p, struct euclid_matrix *m)
{
    if (natural_compare(p->u, p->u_size, p->v, p->v_size) >= 0)
        return;
    size_t size = p->u_size;
    swap_rows(&p->u, &p->v);
    p->u_size = p->v_size;
    p->v_size = size;
    if (m)
        swap_columns(m);
}

/* --- the matrix -------------------------------------------------------------------------------------------------- */

bool euclid_matrix_new(struct work *work, struct euclid_matrix *m, size_t room)
{
    *m = (struct euclid_matrix){ .size = 1, .room = room };
    for (int i = 0; i < 4; i++)
        if (!(m->at[i / 2][i % 2] = work_limbs(work, room)))
            return false;
    if (!(m->spare = work_limbs(work, room)))
        return false;
    m->at[0][0][0] = m->at[1][1][0] = 1;
    m->at[0][1][0] = m->at[1][0][0] = 0;
    return true;
}

/* m = m [y1 y0; x1 x0], which is the inverse of what apply_cofactors does to the pair. */
static bool matrix_cofactors(struct work *work, struct euclid_matrix *m, const struct cofactors *c)
{
    mp_size_t size = (mp_size_t)m->size;
    uint64_t carry = 0;
    for (int i = 0; i < 2; i++) {
        uint64_t *a = m->at[i][0], *b = m->at[i][1], *next = m->spare;
        if (!charge(work->vm, (uint64_t)size / 4 + 1))
            return false;
        next[size] = mpn_mul_1(next, a, size, c->y[1]);
        next[size] += mpn_addmul_1(next, b, size, c->x[1]); /* cofactors have 62 bits: no carry */
        b[size] = mpn_mul_1(b, b, size, c->x[0]);
        b[size] += mpn_addmul_1(b, a, size, c->y[0]);
        carry |= next[size] | b[size];
        m->at[i][0] = next;
        m->spare = a;
    }
    m->size += carry != 0;
    m->odd ^= c->odd;
    return true;
}

/* *ret_size = size of a b + c in r */
static bool multiply_add(struct work *work, uint64_t *r, const uint64_t *a, size_t a_size, const uint64_t *b,
                         size_t b_size, const uint64_t *c, size_t c_size, size_t *ret_size)
{
    uint64_t carry = 0;
    size_t size = a_size + b_size;
    if (a_size == 0 || b_size == 0) {
        *ret_size = c_size;
        return natural_copy(work, r, c, c_size);
    }
    if (!natural_multiply(work, r, a, a_size, b, b_size))
        return false;
    if (c_size > size && !natural_clear(work, r + size, c_size - size))
        return false;
    size = size_max(size, c_size);
    if (!natural_add(work, r, r, size, c, c_size, &carry))
        return false;
    r[size] = carry;
    *ret_size = natural_trim(r, size + (carry != 0));
    return true;
}

/* All entries to the length of the longest. */
static void pad(struct euclid_matrix *m, size_t sizes[2][2])
{
    m->size = size_max(size_max(sizes[0][0], sizes[0][1]), size_max(sizes[1][0], sizes[1][1]));
    for (int i = 0; i < 4; i++)
        memset(m->at[i / 2][i % 2] + sizes[i / 2][i % 2], 0, (m->size - sizes[i / 2][i % 2]) * sizeof(uint64_t));
}

/* m = m [q 1; 1 0] */
static bool matrix_quotient(struct work *work, struct euclid_matrix *m, const uint64_t *q, size_t q_size)
{
    struct work_mark mark = work_mark(work);
    uint64_t *product = work_limbs(work, m->size + q_size + 1);
    size_t sizes[2][2];
    if (product == NULL)
        return false;
    for (int i = 0; i < 2; i++) {
        uint64_t *a = m->at[i][0], *b = m->at[i][1];
        size_t size;
        sizes[i][1] = natural_trim(a, m->size);
        if (!multiply_add(work, product, a, sizes[i][1], q, q_size, b, natural_trim(b, m->size), &size) ||
            !natural_copy(work, b, product, size))
            return false;
        sizes[i][0] = size;
        m->at[i][0] = b;
        m->at[i][1] = a;
    }
    pad(m, sizes);
    m->odd = !m->odd;
    work_release(work, mark);
    return true;
}

bool euclid_matrix_multiply(struct work *work, struct euclid_matrix *m, const struct euclid_matrix *other)
{
    struct work_mark mark = work_mark(work);
    size_t room = m->size + other->size + 1;
    uint64_t *products[3];
    size_t sizes[2][2];
    for (int i = 0; i < 3; i++)
        if (!(products[i] = work_limbs(work, room)))
            return false;
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < 2; k++) {
            size_t size;
            const uint64_t *a = m->at[i][0], *b = m->at[i][1], *x = other->at[0][k], *y = other->at[1][k];
            size_t a_size = natural_trim(a, m->size), b_size = natural_trim(b, m->size);
            size_t x_size = natural_trim(x, other->size), y_size = natural_trim(y, other->size);
            if (!multiply_add(work, products[2], a, a_size, x, x_size, NULL, 0, &size) ||
                !multiply_add(work, products[k], b, b_size, y, y_size, products[2], size, &sizes[i][k]))
                return false;
        }
        for (int k = 0; k < 2; k++)
            if (!natural_copy(work, m->at[i][k], products[k], sizes[i][k]))
                return false;
    }
    pad(m, sizes);
    m->odd ^= other->odd;
    work_release(work, mark);
    return true;
}

/* --- steps ------------------------------------------------------------------------------------------------------- */

static bool apply_cofactors(struct work *work, struct euclid_pair *p, const struct cofactors *c)
{
    size_t size = p->u_size;
    memset(p->v + p->v_size, 0, (size - p->v_size) * sizeof *p->v);
    bool done = c->odd ? combine(work, p->next_u, p->v, c->y[0], p->u, c->x[0], size) &&
                             combine(work, p->next_v, p->u, c->x[1], p->v, c->y[1], size)
                       : combine(work, p->next_u, p->u, c->x[0], p->v, c->y[0], size) &&
                             combine(work, p->next_v, p->v, c->y[1], p->u, c->x[1], size);
    if (!done)
        return false;
    swap_rows(&p->u, &p->next_u);
    swap_rows(&p->v, &p->next_v);
    p->u_size = natural_trim(p->u, size);
    p->v_size = natural_trim(p->v, size);
    return true;
}

enum euclid_step euclid_divide(struct work *work, struct euclid_pair *p, struct euclid_matrix *m, size_t floor)
{
    struct work_mark mark = work_mark(work);
    size_t q_size = p->u_size - p->v_size + 1;
    uint64_t *q = work_limbs(work, q_size);
    if (q == NULL || !natural_divide(work, q, p->next_v, p->u, p->u_size, p->v, p->v_size))
        return EUCLID_RAISED;
    size_t rest = natural_trim(p->next_v, p->v_size);
    enum euclid_step done = m && rest <= floor ? EUCLID_STUCK : EUCLID_DONE;
    if (done == EUCLID_DONE && m && !matrix_quotient(work, m, q, natural_trim(q, q_size)))
        return EUCLID_RAISED;
    work_release(work, mark);
    if (done == EUCLID_STUCK)
        return done;
    swap_rows(&p->u, &p->v);
    swap_rows(&p->v, &p->next_v);
    p->u_size = p->v_size;
    p->v_size = rest;
    return done;
}

enum euclid_step euclid_advance(struct work *work, struct euclid_pair *p, struct euclid_matrix *m, size_t floor)
{
    enum { LEAST_BEHIND = 2 }; /* what a step of the leading bits takes off, in limbs, at most */
    size_t top = natural_bits(p->u, p->u_size);
    if (m && p->v_size <= floor + LEAST_BEHIND)
        return EUCLID_STUCK;
    if (p->u_size - p->v_size <= 1) {
        struct cofactors c = lehmer_steps(leading(p->u, p->u_size, top), leading(p->v, p->v_size, top));
        if (c.any) {
            if (!apply_cofactors(work, p, &c) || (m && !matrix_cofactors(work, m, &c)))
                return EUCLID_RAISED;
            euclid_order(p, m);
            return EUCLID_DONE;
        }
    }
    return euclid_divide(work, p, m, floor);
}
