/* Order and equality by value. Comparisons of exact with inexact numbers are exact, so they are transitive. */
#include <math.h>
#include "schooner/num/flight.h"

enum { UNORDERED = 2 };

static int order_doubles(double a, double b)
{
    if (isnan(a) || isnan(b))
        return UNORDERED;
    return a < b ? -1 : a > b;
}

bool real_compare(struct work *work, const struct real *a, const struct real *b, int *ret_order)
{
    struct exact x, y;
    if (!a->exact && !b->exact) {
        *ret_order = order_doubles(a->d, b->d);
        return true;
    }
    if (!a->exact && !isfinite(a->d)) {
        *ret_order = order_doubles(a->d, 0.0);
        return true;
    }
    if (!b->exact && !isfinite(b->d)) {
        *ret_order = order_doubles(0.0, b->d);
        return true;
    }
    return real_to_exact(work, a, &x) && real_to_exact(work, b, &y) && exact_compare(work, &x, &y, ret_order);
}

static bool holds(enum number_relation relation, int order)
{
    switch (relation) {
    case RELATION_EQUAL: return order == 0;
    case RELATION_LESS: return order == -1;
    case RELATION_GREATER: return order == 1;
    case RELATION_LESS_EQUAL: return order == -1 || order == 0;
    case RELATION_GREATER_EQUAL: return order == 1 || order == 0;
    }
    return false;
}

static int sign_of(int order)
{
    return order == UNORDERED ? UNORDERED : (order > 0) - (order < 0);
}

static sch_value compare_slow(sch_vm *vm, enum number_relation relation, sch_value a, sch_value b)
{
    struct work work;
    struct number x, y;
    int order, order_of_imaginary = 0;

    if (!charge(vm, 1))
        return V_RAISED;
    work_init(&work, vm, WORK_COLLECTS);
    bool done = number_load(&work, a, &x) && number_load(&work, b, &y) && real_compare(&work, &x.re, &y.re, &order) &&
                ((!x.complex && !y.complex) || real_compare(&work, &x.im, &y.im, &order_of_imaginary));
    work_done(&work);
    if (!done)
        return V_RAISED;
    return make_boolean(holds(relation, sign_of(order)) && order_of_imaginary == 0);
}

sch_value number_compare(sch_vm *vm, const char *who, enum number_relation relation, sch_value a, sch_value b)
{
    double x, y;
    if (are_fixnums(a, b)) {
        int64_t m = fixnum_int(a), n = fixnum_int(b);
        return make_boolean(holds(relation, m < n ? -1 : m > n));
    }
    const char *expected = relation == RELATION_EQUAL ? "a number" : "a real number";
    if (!(relation == RELATION_EQUAL ? is_number(a) : is_real(a)))
        return raise_type(vm, who, 1, expected, a);
    if (!(relation == RELATION_EQUAL ? is_number(b) : is_real(b)))
        return raise_type(vm, who, 2, expected, b);
    if (quick_doubles(a, b, &x, &y)) {
        bool rounded = (is_fixnum(a) && fabs(x) >= 0x1p53) || (is_fixnum(b) && fabs(y) >= 0x1p53);
        if (!rounded)
            return make_boolean(holds(relation, order_doubles(x, y)));
    }
    return compare_slow(vm, relation, a, b);
}
