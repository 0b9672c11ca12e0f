/* Sums and products of ratios of fixnums in lowest terms (Knuth 4.5.1): the divisors are taken out before they grow. */
#include "schooner/num/small_ratio.h"

#include <gmp.h>

enum { UNITS = 3 /* of fuel: two divisors of words, and a ratio made */ };

struct small {
    int64_t n, d; /* d > 0 */
};

static struct small load(sch_value v)
{
    if (is_fixnum(v))
        return (struct small){ fixnum_int(v), 1 };
    const struct ratio *ratio = object_as(struct ratio, v);
    return (struct small){ fixnum_int(ratio->numerator), fixnum_int(ratio->denominator) };
}

/* The greatest common divisor of n and d > 0; at most d. */
static int64_t divisor(int64_t n, int64_t d)
{
    mp_limb_t magnitude = n < 0 ? -(uint64_t)n : (uint64_t)n;
    if (d == 1 || magnitude == 1)
        return 1;
    return magnitude == 0 ? d : (int64_t)mpn_gcd_1(&magnitude, 1, (mp_limb_t)d);
}

static bool add(struct small a, struct small b, struct small *ret)
{
    int64_t x, y, sum, d;
    int64_t g = divisor(a.d, b.d);
    if (__builtin_mul_overflow(a.n, b.d / g, &x) || __builtin_mul_overflow(b.n, a.d / g, &y) ||
        __builtin_add_overflow(x, y, &sum))
        return false;
    int64_t left = divisor(sum, g); /* what the sum has in common with the denominators is a part of g */
    if (__builtin_mul_overflow(a.d / g, b.d / left, &d))
        return false;
    *ret = (struct small){ sum / left, d };
    return true;
}

static bool multiply(struct small a, struct small b, struct small *ret)
{
    int64_t g = divisor(a.n, b.d);
    int64_t h = divisor(b.n, a.d);
    return !__builtin_mul_overflow(a.n / g, b.n / h, &ret->n) && !__builtin_mul_overflow(a.d / h, b.d / g, &ret->d);
}

bool small_ratio_apply(sch_vm *vm, enum ratio_operation operation, sch_value a, sch_value b, sch_value *ret)
{
    struct small x = load(a), y = load(b), result;
    bool done = false;
    switch (operation) {
    case RATIO_ADD: done = add(x, y, &result); break;
    case RATIO_SUBTRACT: done = add(x, (struct small){ -y.n, y.d }, &result); break;
    case RATIO_MULTIPLY: done = multiply(x, y, &result); break;
    case RATIO_DIVIDE:
        y = y.n < 0 ? (struct small){ -y.d, -y.n } : (struct small){ y.d, y.n };
        done = multiply(x, y, &result);
        break;
    }
    if (!done || !fixnum_fits(result.n) || !fixnum_fits(result.d))
        return false;
    size_t bytes = object_size(sizeof(struct ratio), 0, 0);
    *ret = make_fixnum(result.n);
    if (!charge(vm, UNITS) || (result.d != 1 && !heap_reserve(vm, bytes))) {
        *ret = V_RAISED;
    } else if (result.d != 1) {
        struct ratio *ratio = heap_object(vm, OBJECT_RATIONAL, 2, bytes);
        ratio->numerator = make_fixnum(result.n);
        ratio->denominator = make_fixnum(result.d);
        *ret = object_value(ratio);
    }
    return true;
}
