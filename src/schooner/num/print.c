/* Numbers to text: the shortest that reads back as the same number. Takes scratch, never collects. */
#include <math.h>
#include <stdio.h>
#include "schooner/num/decimal.h"
#include "schooner/num/flight.h"

static bool append(sch_vm *vm, struct buffer *out, const void *text, size_t length)
{
    if (buffer_append(out, text, length))
        return true;
    raise_limit(vm, SCH_LIMIT_HEAP);
    return false;
}

static bool append_zeros(sch_vm *vm, struct buffer *out, size_t count)
{
    for (; count > 0; count--) {
        if (!append(vm, out, "0", 1))
            return false;
    }
    return true;
}

static bool print_scientific(sch_vm *vm, const struct shortest *s, struct buffer *out)
{
    char exponent[16];
    int length = snprintf(exponent, sizeof exponent, "e%d", s->point - 1);
    return append(vm, out, s->digits, 1) &&
           (s->count == 1 || (append(vm, out, ".", 1) && append(vm, out, s->digits + 1, s->count - 1))) &&
           append(vm, out, exponent, (size_t)length);
}

static bool print_positional(sch_vm *vm, const struct shortest *s, struct buffer *out)
{
    if (s->point <= 0)
        return append(vm, out, "0.", 2) && append_zeros(vm, out, (size_t)-s->point) &&
               append(vm, out, s->digits, s->count);
    size_t point = (size_t)s->point;
    if (s->count <= point)
        return append(vm, out, s->digits, s->count) && append_zeros(vm, out, point - s->count) &&
               append(vm, out, ".0", 2);
    return append(vm, out, s->digits, point) && append(vm, out, ".", 1) &&
           append(vm, out, s->digits + point, s->count - point);
}

static bool print_double(sch_vm *vm, double d, unsigned radix, struct buffer *out)
{
    struct shortest shortest;
    if (isnan(d))
        return append(vm, out, "+nan.0", 6);
    if (isinf(d))
        return append(vm, out, d > 0 ? "+inf.0" : "-inf.0", 6);
    if (signbit(d) && !append(vm, out, "-", 1))
        return false;
    d = fabs(d);
    if (d == 0)
        return append(vm, out, "0.0", 3);
    if (radix != 10) {
        if (!charge(vm, 4096)) /* at most about a thousand digits, on integers of twenty limbs */
            return false;
        shortest_in_radix(d, radix, &shortest);
        return print_positional(vm, &shortest, out);
    }
    if (!charge(vm, 2))
        return false;
    shortest_decimal(d, &shortest);
    /* positional from 1e-6 up to below 1e21 */
    if (shortest.point > -6 && shortest.point <= 21)
        return print_positional(vm, &shortest, out);
    return print_scientific(vm, &shortest, out);
}

const char *fixnum_text(int64_t n, unsigned radix, char text[FIXNUM_TEXT], size_t *ret_length)
{
    size_t at = FIXNUM_TEXT;
    uint64_t magnitude = n < 0 ? -(uint64_t)n : (uint64_t)n;
    do {
        text[--at] = "0123456789abcdefghijklmnopqrstuvwxyz"[magnitude % radix];
        magnitude /= radix;
    } while (magnitude > 0);
    if (n < 0)
        text[--at] = '-';
    *ret_length = FIXNUM_TEXT - at;
    return text + at;
}

static bool print_small(sch_vm *vm, int64_t n, unsigned radix, struct buffer *out)
{
    char text[FIXNUM_TEXT];
    size_t length;
    const char *start = fixnum_text(n, radix, text, &length);
    return append(vm, out, start, length);
}

static bool print_integer(struct work *work, struct integer n, unsigned radix, struct buffer *out)
{
    int64_t small;
    const char *text;
    size_t length;
    if (integer_to_int64(n, &small))
        return print_small(work->vm, small, radix, out);
    if (n.negative && !append(work->vm, out, "-", 1))
        return false;
    struct work_mark mark = work_mark(work);
    if (!natural_to_text(work, n.limbs, n.size, radix, &text, &length) || !charge(work->vm, length / 64 + 1) ||
        !append(work->vm, out, text, length))
        return false;
    work_release(work, mark);
    return true;
}

static bool print_real(struct work *work, const struct real *real, unsigned radix, struct buffer *out)
{
    if (!real->exact)
        return print_double(work->vm, real->d, radix, out);
    if (!print_integer(work, real->q.n, radix, out))
        return false;
    return exact_is_integer(&real->q) || (append(work->vm, out, "/", 1) && print_integer(work, real->q.d, radix, out));
}

/* The real part is left out when reading without it gives it back: exact zero, or 0.0. */
static bool is_plain_zero(const struct real *real)
{
    return real->exact ? real->q.n.size == 0 : double_bits(real->d) == 0;
}

static bool print_imaginary(struct work *work, const struct real *im, unsigned radix, struct buffer *out)
{
    if (im->exact && exact_is_integer(&im->q) && integer_is_one(im->q.n))
        return append(work->vm, out, im->q.n.negative ? "-i" : "+i", 2);
    bool has_sign = im->exact ? im->q.n.negative : signbit(im->d) || !isfinite(im->d);
    if (!im->exact && isnan(im->d))
        has_sign = true;
    return (has_sign || append(work->vm, out, "+", 1)) && print_real(work, im, radix, out) &&
           append(work->vm, out, "i", 1);
}

static bool print_loaded(struct work *work, const struct number *number, unsigned radix, struct buffer *out)
{
    if (!number->complex)
        return print_real(work, &number->re, radix, out);
    if (!is_plain_zero(&number->re) && !print_real(work, &number->re, radix, out))
        return false;
    return print_imaginary(work, &number->im, radix, out);
}

bool number_print(sch_vm *vm, sch_value number, unsigned radix, struct buffer *out)
{
    struct work work;
    struct number loaded;
    if (is_fixnum(number))
        return print_small(vm, fixnum_int(number), radix, out);
    if (is_double(number))
        return print_double(vm, double_of(number), radix, out);

    work_init(&work, vm, WORK_NEVER_COLLECTS);
    bool done = number_load(&work, number, &loaded) && print_loaded(&work, &loaded, radix, out);
    work_done(&work);
    return done;
}
