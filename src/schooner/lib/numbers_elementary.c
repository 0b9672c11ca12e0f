/* Numbers: the elementary functions, roots, powers, complex numbers. */
#include <math.h>
#include "schooner/lib/numbers.h"

static sch_value apply_checked(sch_vm *vm, const char *who, elementary *function, sch_value v)
{
    if (!is_number(v))
        return raise_type(vm, who, 1, "a number", v);
    return apply_elementary(vm, function, v);
}

sch_value prim_exp(sch_vm *vm, const sch_value *args, size_t count)
{
    return apply_checked(vm, "exp", number_exp, args[0]);
}

sch_value prim_sin(sch_vm *vm, const sch_value *args, size_t count)
{
    return apply_checked(vm, "sin", number_sin, args[0]);
}

sch_value prim_cos(sch_vm *vm, const sch_value *args, size_t count)
{
    return apply_checked(vm, "cos", number_cos, args[0]);
}

sch_value prim_tan(sch_vm *vm, const sch_value *args, size_t count)
{
    return apply_checked(vm, "tan", number_tan, args[0]);
}

sch_value prim_asin(sch_vm *vm, const sch_value *args, size_t count)
{
    return apply_checked(vm, "asin", number_asin, args[0]);
}

sch_value prim_acos(sch_vm *vm, const sch_value *args, size_t count)
{
    return apply_checked(vm, "acos", number_acos, args[0]);
}

sch_value prim_sqrt(sch_vm *vm, const sch_value *args, size_t count)
{
    return apply_checked(vm, "sqrt", number_sqrt, args[0]);
}

sch_value prim_log(sch_vm *vm, const sch_value *args, size_t count)
{
    struct work work;
    struct number z, base, result;
    if (count == 1)
        return apply_checked(vm, "log", number_log, args[0]);
    if (!are_numbers(vm, "log", args, 2) || !charge(vm, 1))
        return V_RAISED;
    work_init(&work, vm, WORK_COLLECTS);
    bool done = number_load(&work, args[0], &z) && number_load(&work, args[1], &base) &&
                number_log_base(&work, "log", &z, &base, &result);
    return store_and_done(&work, done, &result);
}

sch_value prim_atan(sch_vm *vm, const sch_value *args, size_t count)
{
    struct work work;
    struct real y, x;
    struct number result;
    if (count == 1)
        return apply_checked(vm, "atan", number_atan, args[0]);
    if (!are_reals(vm, "atan", args, 2) || !charge(vm, 1))
        return V_RAISED;
    work_init(&work, vm, WORK_COLLECTS);
    bool done = real_load(&work, args[0], &y) && real_load(&work, args[1], &x) && number_atan2(&work, &y, &x, &result);
    return store_and_done(&work, done, &result);
}

sch_value prim_expt(sch_vm *vm, const sch_value *args, size_t count)
{
    struct work work;
    struct number base, exponent, result;
    if (!are_numbers(vm, "expt", args, 2) || !charge(vm, 1))
        return V_RAISED;
    work_init(&work, vm, WORK_COLLECTS);
    bool done = number_load(&work, args[0], &base) && number_load(&work, args[1], &exponent) &&
                number_expt(&work, "expt", &base, &exponent, &result);
    return store_and_done(&work, done, &result);
}

sch_value prim_square(sch_vm *vm, const sch_value *args, size_t count)
{
    return number_multiply(vm, "square", args[0], args[0]);
}

sch_value prim_exact_integer_sqrt(sch_vm *vm, const sch_value *args, size_t count)
{
    struct work work;
    struct integer n, s, r;
    if (!is_exact_integer(args[0]))
        return raise_type(vm, "exact-integer-sqrt", 1, "an exact integer", args[0]);
    work_init(&work, vm, WORK_COLLECTS);
    sch_value value = V_RAISED;
    if (integer_load(&work, args[0], &n)) {
        if (n.negative) {
            value = raise_range(vm, "exact-integer-sqrt", 1, args[0]);
        } else if (integer_root(&work, n, &s, &r)) {
            struct number root = number_of_integer(s), rest = number_of_integer(r);
            value = number_store_values(&work, &root, &rest);
        }
    }
    work_done(&work);
    return value;
}

/* --- complex numbers --- */

static bool load_reals(struct work *work, const sch_value *args, struct real *ret_a, struct real *ret_b)
{
    return real_load(work, args[0], ret_a) && real_load(work, args[1], ret_b);
}

sch_value prim_make_rectangular(sch_vm *vm, const sch_value *args, size_t count)
{
    struct work work;
    struct real re, im;
    struct number result;
    if (!are_reals(vm, "make-rectangular", args, 2))
        return V_RAISED;
    work_init(&work, vm, WORK_COLLECTS);
    bool done = load_reals(&work, args, &re, &im) && number_of_parts(&work, re, im, &result);
    return store_and_done(&work, done, &result);
}

static bool from_polar(struct work *work, const struct real *magnitude, const struct real *angle, struct number *ret)
{
    double m, a;
    if (real_is_exact_zero(angle) || real_is_exact_zero(magnitude)) {
        *ret = number_of_real(*magnitude);
        return true;
    }
    return real_to_double(work, magnitude, &m) && real_to_double(work, angle, &a) &&
           number_of_parts(work, real_of_double(m * cos(a)), real_of_double(m * sin(a)), ret);
}

sch_value prim_make_polar(sch_vm *vm, const sch_value *args, size_t count)
{
    struct work work;
    struct real magnitude, angle;
    struct number result;
    if (!are_reals(vm, "make-polar", args, 2))
        return V_RAISED;
    work_init(&work, vm, WORK_COLLECTS);
    bool done = load_reals(&work, args, &magnitude, &angle) && from_polar(&work, &magnitude, &angle, &result);
    return store_and_done(&work, done, &result);
}

sch_value prim_real_part(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!is_number(args[0]))
        return raise_type(vm, "real-part", 1, "a number", args[0]);
    return is_complex(args[0]) ? object_as(struct complex, args[0])->real : args[0];
}

sch_value prim_imag_part(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!is_number(args[0]))
        return raise_type(vm, "imag-part", 1, "a number", args[0]);
    return is_complex(args[0]) ? object_as(struct complex, args[0])->imaginary : make_fixnum(0);
}

static bool magnitude(struct work *work, const struct number *z, struct number *ret)
{
    *ret = number_of_double(0);
    return number_magnitude(work, z, &ret->re);
}

static bool angle(struct work *work, const struct number *z, struct number *ret)
{
    *ret = number_of_double(0);
    return number_angle(work, z, &ret->re);
}

sch_value prim_magnitude(sch_vm *vm, const sch_value *args, size_t count)
{
    return apply_checked(vm, "magnitude", magnitude, args[0]);
}

sch_value prim_angle(sch_vm *vm, const sch_value *args, size_t count)
{
    return apply_checked(vm, "angle", angle, args[0]);
}
