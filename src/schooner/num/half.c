/*
 * The half of Euclid's algorithm that the leading limbs decide, in time below quadratic: Moeller, "On Schoenhage's
 * algorithm and subquadratic integer gcd computation" (2008), with Lehmer's steps as leaves.
 *
 * The upper n limbs of both numbers are reduced while each keeps more than n / 2 + 1. Then the entries of the matrix
 * are below 2^(64 n / 2), so that the limbs below, times entries, change the result by less than what is left of the
 * upper ones: both numbers stay positive, and nothing has to be taken back.
 */
#include "schooner/num/euclid.h"

enum {
    HALF_LEAF = 100, /* limbs; measured: below, Lehmer's steps on all of them are faster */
};

/* r = high << (64 low) + a x - b y, known to be natural; x and y have `size` limbs, fewer than `high`, a and b at most
 * `low`. */
static bool put_together(struct work *work, uint64_t *r, size_t *ret_size, const uint64_t *high, size_t high_size,
                         size_t low, const uint64_t *a, const uint64_t *x, const uint64_t *b, const uint64_t *y,
                         size_t size)
{
    struct work_mark mark = work_mark(work);
    uint64_t *product = work_limbs(work, low + size);
    uint64_t carry = 0, borrow = 0;
    size_t a_size = natural_trim(a, low), b_size = natural_trim(b, low);
    size_t x_size = natural_trim(x, size), y_size = natural_trim(y, size);
    size_t all = low + high_size;

    if (product == NULL || !natural_clear(work, r, low) || !natural_copy(work, r + low, high, high_size))
        return false;
    if (a_size > 0 && x_size > 0 &&
        (!natural_multiply(work, product, a, a_size, x, x_size) ||
         !natural_add(work, r, r, all, product, a_size + x_size, &carry)))
        return false;
    if (b_size > 0 && y_size > 0 &&
        (!natural_multiply(work, product, b, b_size, y, y_size) ||
         !natural_subtract(work, r, r, all, product, b_size + y_size, &borrow)))
        return false;
    if (carry != borrow) /* the limbs below can carry into one more; the number still is no longer than it was */
        r[all++] = carry - borrow;
    *ret_size = natural_trim(r, all);
    work_release(work, mark);
    return true;
}

/* The inverse of `m` applied to the limbs of p below `low`; `high` is what it made of those above. */
static bool adjust(struct work *work, struct euclid_pair *p, const struct euclid_pair *high,
                   const struct euclid_matrix *m, size_t low)
{
    const uint64_t *a = m->odd ? p->v : p->u;
    const uint64_t *b = m->odd ? p->u : p->v;
    const uint64_t *const *upper = (const uint64_t *const *)m->at[0];
    const uint64_t *const *lower = (const uint64_t *const *)m->at[1];
    /* u = m11 u - m01 v, v = m00 v - m10 u, all signs turned if the determinant is -1 */
    bool done = put_together(work, p->next_u, &p->u_size, high->u, high->u_size, low, a, m->odd ? upper[1] : lower[1],
                             b, m->odd ? lower[1] : upper[1], m->size) &&
                put_together(work, p->next_v, &p->v_size, high->v, high->v_size, low, b, m->odd ? lower[0] : upper[0],
                             a, m->odd ? upper[0] : lower[0], m->size);
    uint64_t *u = p->u, *v = p->v;
    p->u = p->next_u;
    p->v = p->next_v;
    p->next_u = u;
    p->next_v = v;
    return done;
}

static enum euclid_step halve(struct work *work, struct euclid_pair *p, struct euclid_matrix *m);

/* As euclid_reduce, with the matrix of these steps alone in *ret. */
static enum euclid_step reduce(struct work *work, struct euclid_pair *p, struct euclid_matrix *ret, size_t low)
{
    struct work_mark mark = work_mark(work);
    struct euclid_pair high;
    if (p->v_size <= low)
        return EUCLID_STUCK;
    if (!euclid_pair_new(work, &high, p->u_size - low))
        return EUCLID_RAISED;
    high.u_size = p->u_size - low;
    high.v_size = p->v_size - low;
    if (!natural_copy(work, high.u, p->u + low, high.u_size) || !natural_copy(work, high.v, p->v + low, high.v_size))
        return EUCLID_RAISED;
    enum euclid_step step = halve(work, &high, ret);
    if (step == EUCLID_DONE && !adjust(work, p, &high, ret, low))
        return EUCLID_RAISED;
    work_release(work, mark);
    return step;
}

/* Entries of a matrix that reduces n limbs: n / 2 limbs, and one that steps write before they know that it is zero. */
static size_t matrix_room(size_t n)
{
    return n / 2 + 3;
}

enum euclid_step euclid_reduce(struct work *work, struct euclid_pair *p, struct euclid_matrix *m, size_t low)
{
    struct work_mark mark = work_mark(work);
    struct euclid_matrix part;
    if (!euclid_matrix_new(work, &part, matrix_room(p->u_size - low)))
        return EUCLID_RAISED;
    enum euclid_step step = reduce(work, p, &part, low);
    if (step == EUCLID_DONE && m && !euclid_matrix_multiply(work, m, &part))
        return EUCLID_RAISED;
    work_release(work, mark);
    if (step == EUCLID_DONE)
        euclid_order(p, m);
    return step;
}

/* Both numbers keep more than n / 2 + 1 limbs. `m` comes as that of nothing done. STUCK: it stays that. */
static enum euclid_step halve(struct work *work, struct euclid_pair *p, struct euclid_matrix *m)
{
    size_t n = p->u_size;
    size_t floor = n / 2 + 1;
    enum euclid_step step = EUCLID_DONE;
    bool any = false;

    if (n >= HALF_LEAF && p->v_size > floor + 2) {
        step = reduce(work, p, m, n / 2);
        if (step == EUCLID_RAISED)
            return step;
        any = step == EUCLID_DONE;
        euclid_order(p, m);
        step = EUCLID_DONE;
        while (step == EUCLID_DONE && p->u_size > n / 4 * 3 + 2) {
            step = euclid_advance(work, p, m, floor);
            any |= step == EUCLID_DONE;
        }
        if (step == EUCLID_DONE && p->u_size > floor + 2)
            step = euclid_reduce(work, p, m, 2 * floor - p->u_size + 1);
        if (step == EUCLID_RAISED)
            return step;
        any |= step == EUCLID_DONE;
        step = EUCLID_DONE;
    }
    while ((step = euclid_advance(work, p, m, floor)) == EUCLID_DONE)
        any = true;
    return step == EUCLID_RAISED ? step : any ? EUCLID_DONE : EUCLID_STUCK;
}
