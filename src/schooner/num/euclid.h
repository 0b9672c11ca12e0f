/*
 * Two naturals on their way to their greatest common divisor, and the matrix of what was done to them: (a, b) = M (u,
 * v) for the pair at the beginning and now. Its entries are natural, its determinant is 1 or -1. So whatever natural u
 * and v are left, their divisors are those of a and b.
 */
#ifndef SCHOONER_NUM_EUCLID_H
#define SCHOONER_NUM_EUCLID_H

#include "schooner/num/natural.h"

/* u >= v after euclid_order. Four rows of `room` limbs: the pair, and what becomes of it. */
struct euclid_pair {
    uint64_t *u, *v, *next_u, *next_v;
    size_t u_size, v_size;
    size_t room;
};

/* Rows of `room` limbs, all entries `size` long with zero limbs on top. */
struct euclid_matrix {
    uint64_t *at[2][2];
    uint64_t *spare;
    size_t size, room;
    bool odd; /* determinant -1 */
};

enum euclid_step { EUCLID_DONE, EUCLID_STUCK, EUCLID_RAISED };

bool euclid_pair_new(struct work *work, struct euclid_pair *p, size_t room);
/* The matrix of nothing done. */
bool euclid_matrix_new(struct work *work, struct euclid_matrix *m, size_t room);
/* m = m other; the entries are known to fit. */
bool euclid_matrix_multiply(struct work *work, struct euclid_matrix *m, const struct euclid_matrix *other);

void euclid_order(struct euclid_pair *p, struct euclid_matrix *m);

/* One step, of 62 bits or one division; m (NULL: not asked for) follows. STUCK: it would leave v with no more than
 * `floor` limbs; nothing was done. */
enum euclid_step euclid_advance(struct work *work, struct euclid_pair *p, struct euclid_matrix *m, size_t floor);

/* (u, v) = (v, u mod v) for v != 0; never stuck without a floor of its own. */
enum euclid_step euclid_divide(struct work *work, struct euclid_pair *p, struct euclid_matrix *m, size_t floor);

/* half.c: the steps that the limbs from `low` on decide, applied to all of them; m follows. STUCK: there are none. */
enum euclid_step euclid_reduce(struct work *work, struct euclid_pair *p, struct euclid_matrix *m, size_t low);

#endif
