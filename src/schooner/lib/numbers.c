/* Numbers: predicates, comparison, arithmetic, integer division. Thin: the work is num/'s. */
#include <math.h>
#include "schooner/lib/numbers.h"

sch_value prim_is_number(sch_vm *vm, const sch_value *args, size_t count)
{
    return make_boolean(is_number(args[0]));
}

sch_value prim_is_complex(sch_vm *vm, const sch_value *args, size_t count)
{
    return make_boolean(is_number(args[0]));
}

sch_value prim_is_real(sch_vm *vm, const sch_value *args, size_t count)
{
    return make_boolean(is_real(args[0]));
}

sch_value prim_is_rational(sch_vm *vm, const sch_value *args, size_t count)
{
    return make_boolean(is_rational(args[0]));
}

sch_value prim_is_integer(sch_vm *vm, const sch_value *args, size_t count)
{
    return make_boolean(is_integer(args[0]));
}

sch_value prim_is_exact(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!is_number(args[0]))
        return raise_type(vm, "exact?", 1, "a number", args[0]);
    return make_boolean(is_exact(args[0]));
}

sch_value prim_is_inexact(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!is_number(args[0]))
        return raise_type(vm, "inexact?", 1, "a number", args[0]);
    return make_boolean(!is_exact(args[0]));
}

sch_value prim_is_exact_integer(sch_vm *vm, const sch_value *args, size_t count)
{
    return make_boolean(is_exact_integer(args[0]));
}

/* Does `test` hold for a part of the number? Exact parts have none of these properties. */
static bool any_part(sch_value v, bool (*test)(double))
{
    if (is_complex(v))
        return any_part(object_as(struct complex, v)->real, test) ||
               any_part(object_as(struct complex, v)->imaginary, test);
    return is_double(v) && test(double_of(v));
}

static bool double_is_infinite(double d)
{
    return isinf(d);
}

static bool double_is_nan(double d)
{
    return isnan(d);
}

static bool double_is_not_finite(double d)
{
    return !isfinite(d);
}

sch_value prim_is_finite(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!is_number(args[0]))
        return raise_type(vm, "finite?", 1, "a number", args[0]);
    return make_boolean(!any_part(args[0], double_is_not_finite));
}

sch_value prim_is_infinite(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!is_number(args[0]))
        return raise_type(vm, "infinite?", 1, "a number", args[0]);
    return make_boolean(any_part(args[0], double_is_infinite));
}

sch_value prim_is_nan(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!is_number(args[0]))
        return raise_type(vm, "nan?", 1, "a number", args[0]);
    return make_boolean(any_part(args[0], double_is_nan));
}

sch_value prim_is_zero(sch_vm *vm, const sch_value *args, size_t count)
{
    return number_compare(vm, "zero?", RELATION_EQUAL, args[0], make_fixnum(0));
}

sch_value prim_is_positive(sch_vm *vm, const sch_value *args, size_t count)
{
    return number_compare(vm, "positive?", RELATION_GREATER, args[0], make_fixnum(0));
}

sch_value prim_is_negative(sch_vm *vm, const sch_value *args, size_t count)
{
    return number_compare(vm, "negative?", RELATION_LESS, args[0], make_fixnum(0));
}

static sch_value parity(sch_vm *vm, const char *who, sch_value v, bool odd)
{
    if (is_fixnum(v))
        return make_boolean((fixnum_int(v) & 1) == odd);
    if (is_bignum(v))
        return make_boolean((object_as(struct bignum, v)->limbs[0] & 1) == odd);
    if (!is_integer(v))
        return raise_type(vm, who, 1, "an integer", v);
    return make_boolean((fmod(double_of(v), 2.0) != 0) == odd);
}

sch_value prim_is_odd(sch_vm *vm, const sch_value *args, size_t count)
{
    return parity(vm, "odd?", args[0], true);
}

sch_value prim_is_even(sch_vm *vm, const sch_value *args, size_t count)
{
    return parity(vm, "even?", args[0], false);
}

/* --- any number of arguments --- */

/* Two fixnums are compared on the spot, as when sorting. */
static inline bool fixnums_relate(enum number_relation relation, int64_t a, int64_t b)
{
    switch (relation) {
    case RELATION_EQUAL: return a == b;
    case RELATION_LESS: return a < b;
    case RELATION_GREATER: return a > b;
    case RELATION_LESS_EQUAL: return a <= b;
    case RELATION_GREATER_EQUAL: return a >= b;
    }
    return false;
}

static sch_value compare_all(sch_vm *vm, const char *who, enum number_relation relation, const sch_value *args,
                             size_t count)
{
    if (likely(count == 2))
        return number_compare(vm, who, relation, args[0], args[1]);
    if (!(relation == RELATION_EQUAL ? are_numbers : are_reals)(vm, who, args, count))
        return V_RAISED;
    for (size_t i = 1; i < count; i++) {
        sch_value holds = number_compare(vm, who, relation, args[i - 1], args[i]);
        if (!value_same(holds, V_TRUE))
            return holds;
        if (!arguments_go_on(vm, i))
            return V_RAISED;
    }
    return V_TRUE;
}

static inline sch_value compare(sch_vm *vm, const char *who, enum number_relation relation, const sch_value *args,
                                size_t count)
{
    if (likely(count == 2) && likely(are_fixnums(args[0], args[1])))
        return make_boolean(fixnums_relate(relation, (int64_t)args[0].bits, (int64_t)args[1].bits));
    return compare_all(vm, who, relation, args, count);
}

sch_value prim_equal_numbers(sch_vm *vm, const sch_value *args, size_t count)
{
    return compare(vm, "=", RELATION_EQUAL, args, count);
}

sch_value prim_less(sch_vm *vm, const sch_value *args, size_t count)
{
    return compare(vm, "<", RELATION_LESS, args, count);
}

sch_value prim_greater(sch_vm *vm, const sch_value *args, size_t count)
{
    return compare(vm, ">", RELATION_GREATER, args, count);
}

sch_value prim_less_equal(sch_vm *vm, const sch_value *args, size_t count)
{
    return compare(vm, "<=", RELATION_LESS_EQUAL, args, count);
}

sch_value prim_greater_equal(sch_vm *vm, const sch_value *args, size_t count)
{
    return compare(vm, ">=", RELATION_GREATER_EQUAL, args, count);
}

/* An inexact argument makes the result inexact; NaN wins. */
static sch_value extreme(sch_vm *vm, const char *who, enum number_relation relation, const sch_value *args,
                         size_t count)
{
    if (count == 2 && are_fixnums(args[0], args[1]))
        return args[value_same(number_compare(vm, who, relation, args[1], args[0]), V_TRUE)];
    if (!are_reals(vm, who, args, count))
        return V_RAISED;
    size_t best = 0;
    bool inexact = false;
    for (size_t i = 0; i < count; i++) {
        inexact = inexact || is_double(args[i]);
        if (is_double(args[i]) && isnan(double_of(args[i])))
            return args[i];
        sch_value better = number_compare(vm, who, relation, args[i], args[best]);
        if (is_raised(better) || !arguments_go_on(vm, i))
            return V_RAISED;
        if (value_same(better, V_TRUE))
            best = i;
    }
    return inexact && !is_double(args[best]) ? prim_inexact(vm, &args[best], 1) : args[best];
}

sch_value prim_max(sch_vm *vm, const sch_value *args, size_t count)
{
    return extreme(vm, "max", RELATION_GREATER, args, count);
}

sch_value prim_min(sch_vm *vm, const sch_value *args, size_t count)
{
    return extreme(vm, "min", RELATION_LESS, args, count);
}

typedef sch_value binary(sch_vm *vm, const char *who, sch_value a, sch_value b);

/* From the left. What came of the arguments so far is no root: the next step uses it up before it may collect. */
static sch_value fold(sch_vm *vm, const char *who, binary *operation, binary_flight *flight, const sch_value *args,
                      size_t count)
{
    if (count > 2 && !are_numbers(vm, who, args, count))
        return V_RAISED;
    sch_value result = operation(vm, who, args[0], args[1]);
    for (size_t i = 2; i < count && !is_raised(result); i++) {
        if (is_object(result) && !is_double(result))
            result = number_apply(vm, who, flight, WORK_NEVER_COLLECTS, result, args[i]);
        else
            result = operation(vm, who, result, args[i]);
        if (!arguments_go_on(vm, i))
            return V_RAISED;
    }
    return result;
}

static sch_value only_number(sch_vm *vm, const char *who, sch_value v)
{
    return is_number(v) ? v : raise_type(vm, who, 1, "a number", v);
}

sch_value prim_add(sch_vm *vm, const sch_value *args, size_t count)
{
    if (count < 2)
        return count == 0 ? make_fixnum(0) : only_number(vm, "+", args[0]);
    return fold(vm, "+", number_add, number_add_flight, args, count);
}

sch_value prim_multiply(sch_vm *vm, const sch_value *args, size_t count)
{
    if (count < 2)
        return count == 0 ? make_fixnum(1) : only_number(vm, "*", args[0]);
    return fold(vm, "*", number_multiply, number_multiply_flight, args, count);
}

static bool negate(struct work *work, const struct number *z, struct number *ret)
{
    *ret = *z;
    ret->re.d = -z->re.d;
    ret->re.q = exact_negate(z->re.q);
    ret->im.d = -z->im.d;
    ret->im.q = exact_negate(z->im.q);
    return true;
}

sch_value prim_subtract(sch_vm *vm, const sch_value *args, size_t count)
{
    if (count > 1)
        return fold(vm, "-", number_subtract, number_subtract_flight, args, count);
    if (is_fixnum(args[0]))
        return make_integer(vm, -fixnum_int(args[0]));
    if (!is_number(args[0]))
        return raise_type(vm, "-", 1, "a number", args[0]);
    return apply_elementary(vm, negate, args[0]);
}

/* As number_divide: an exact zero is no divisor. */
static bool divide_flight(struct work *work, const struct number *a, const struct number *b, struct number *ret)
{
    if (!b->complex && real_is_exact_zero(&b->re)) {
        raise_error(work->vm, "division-by-zero", "/", 0, NULL, "division by zero");
        return false;
    }
    return number_divide_flight(work, a, b, ret);
}

sch_value prim_divide(sch_vm *vm, const sch_value *args, size_t count)
{
    if (count > 1)
        return fold(vm, "/", number_divide, divide_flight, args, count);
    if (!is_number(args[0]))
        return raise_type(vm, "/", 1, "a number", args[0]);
    return number_divide(vm, "/", make_fixnum(1), args[0]);
}

/* --- integer division --- */

sch_value prim_floor_both(sch_vm *vm, const sch_value *args, size_t count)
{
    return number_divide_both(vm, "floor/", true, args[0], args[1]);
}

sch_value prim_truncate_both(sch_vm *vm, const sch_value *args, size_t count)
{
    return number_divide_both(vm, "truncate/", false, args[0], args[1]);
}

sch_value prim_floor_quotient(sch_vm *vm, const sch_value *args, size_t count)
{
    return number_integer_divide(vm, "floor-quotient", FLOOR_QUOTIENT, args[0], args[1]);
}

sch_value prim_floor_remainder(sch_vm *vm, const sch_value *args, size_t count)
{
    return number_integer_divide(vm, "floor-remainder", FLOOR_REMAINDER, args[0], args[1]);
}

sch_value prim_truncate_quotient(sch_vm *vm, const sch_value *args, size_t count)
{
    return number_integer_divide(vm, "truncate-quotient", TRUNCATE_QUOTIENT, args[0], args[1]);
}

sch_value prim_truncate_remainder(sch_vm *vm, const sch_value *args, size_t count)
{
    return number_integer_divide(vm, "truncate-remainder", TRUNCATE_REMAINDER, args[0], args[1]);
}

sch_value prim_quotient(sch_vm *vm, const sch_value *args, size_t count)
{
    return number_integer_divide(vm, "quotient", TRUNCATE_QUOTIENT, args[0], args[1]);
}

sch_value prim_remainder(sch_vm *vm, const sch_value *args, size_t count)
{
    return number_integer_divide(vm, "remainder", TRUNCATE_REMAINDER, args[0], args[1]);
}

sch_value prim_modulo(sch_vm *vm, const sch_value *args, size_t count)
{
    return number_integer_divide(vm, "modulo", FLOOR_REMAINDER, args[0], args[1]);
}
