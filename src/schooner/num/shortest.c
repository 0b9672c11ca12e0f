/*
 * The shortest digits of a double. Radix 10: Schubfach (Raffaello Giulietti, "The Schubfach way to render doubles",
 * 2021), 64-bit arithmetic over the table of powers. Other radixes: the free-format algorithm of Steele and White, and
 * Dybvig, on integers of fixed size.
 */
#include "schooner/num/decimal.h"

struct parts {
    uint64_t c; /* d = c 2^q */
    int q;
    bool closer; /* the double below is half as far away as the one above */
};

static struct parts parts_of(double d)
{
    uint64_t bits = double_bits(d);
    uint64_t fraction = bits & (((uint64_t)1 << 52) - 1);
    int exponent = (int)(bits >> 52 & 0x7ff);
    if (exponent == 0)
        return (struct parts){ fraction, -1074, false };
    return (struct parts){ fraction | (uint64_t)1 << 52, exponent - 1075, fraction == 0 && exponent > 1 };
}

/* The upper 64 bits of g x / 2^64, the lowest of them set when anything below it is. */
static uint64_t round_to_odd(uint64_t high, uint64_t low, uint64_t x)
{
    uint64_t carried = (uint64_t)(((unsigned __int128)low * x) >> 64);
    unsigned __int128 product = (unsigned __int128)high * x + carried;
    return (uint64_t)(product >> 64) | ((uint64_t)product > 1);
}

/* digits 10^k; the digits may end in zeros */
static uint64_t schubfach(struct parts parts, int *ret_k)
{
    bool even = parts.c % 2 == 0;
    uint64_t below = 4 * parts.c - 2 + parts.closer;
    uint64_t value = 4 * parts.c;
    uint64_t above = 4 * parts.c + 2;
    int k = (parts.q * 1262611 - (parts.closer ? 524031 : 0)) >> 22; /* floor(log10(2^q)), or of 3/4 2^q */
    int h = parts.q + ((-k * 1741647) >> 19) + 1;

    uint64_t high = decimal_powers[-k - POWER_MIN][0];
    uint64_t low = decimal_powers[-k - POWER_MIN][1];
    if (-k < 0 || -k > 55) { /* not exact in 128 bits: the algorithm wants it rounded up */
        low++;
        high += low == 0;
    }
    uint64_t vbl = round_to_odd(high, low, below << h);
    uint64_t vb = round_to_odd(high, low, value << h);
    uint64_t vbr = round_to_odd(high, low, above << h);
    uint64_t lower = vbl + !even;
    uint64_t upper = vbr - !even;

    uint64_t s = vb / 4;
    if (s >= 10) {
        uint64_t tenth = s / 10;
        bool down_inside = lower <= 40 * tenth;
        bool up_inside = 40 * tenth + 40 <= upper;
        if (down_inside != up_inside) {
            *ret_k = k + 1;
            return tenth + up_inside;
        }
    }
    *ret_k = k;
    bool down_inside = lower <= 4 * s;
    bool up_inside = 4 * s + 4 <= upper;
    if (down_inside != up_inside)
        return s + up_inside;
    uint64_t middle = 4 * s + 2;
    return s + (vb > middle || (vb == middle && (s & 1) != 0));
}

void shortest_decimal(double d, struct shortest *ret)
{
    char text[24];
    size_t at = sizeof text;
    int k;
    uint64_t digits = schubfach(parts_of(d), &k);
    while (digits % 10 == 0) {
        digits /= 10;
        k++;
    }
    for (; digits > 0; digits /= 10)
        text[--at] = (char)('0' + digits % 10);
    ret->count = sizeof text - at;
    ret->point = k + (int)ret->count;
    memcpy(ret->digits, text + at, ret->count);
}

enum { FIXED = 20 }; /* limbs: 2^1076 times a digit */

struct fixed {
    uint64_t limbs[FIXED];
};

static void fixed_set(struct fixed *a, uint64_t n, int shift)
{
    memset(a, 0, sizeof *a);
    unsigned bits = (unsigned)shift % 64;
    size_t limb = (size_t)shift / 64;
    a->limbs[limb] = n << bits;
    if (bits != 0)
        a->limbs[limb + 1] = n >> (64 - bits);
}

static void fixed_scale(struct fixed *a, unsigned radix)
{
    mpn_mul_1(a->limbs, a->limbs, FIXED, radix);
}

static int fixed_compare_sum(const struct fixed *a, const struct fixed *b, const struct fixed *s)
{
    struct fixed sum;
    mpn_add_n(sum.limbs, a->limbs, b->limbs, FIXED);
    return mpn_cmp(sum.limbs, s->limbs, FIXED);
}

/* value = r / s, half the distance to the neighbours above / s and below / s */
struct free_format {
    struct fixed r, s, above, below;
    bool even;
};

static struct free_format free_format_of(struct parts parts)
{
    struct free_format f;
    int up = parts.q > 0 ? parts.q : 0;
    int down = parts.q < 0 ? -parts.q : 0;
    int closer = parts.closer ? 1 : 0;
    fixed_set(&f.r, parts.c, up + 1 + closer);
    fixed_set(&f.s, 1, down + 1 + closer);
    fixed_set(&f.above, 1, up + closer);
    fixed_set(&f.below, 1, up);
    f.even = parts.c % 2 == 0;
    return f;
}

static bool reaches(const struct free_format *f, const struct fixed *r)
{
    int order = fixed_compare_sum(r, &f->above, &f->s);
    return f->even ? order >= 0 : order > 0;
}

/* 1 / radix <= (r + above) / s < 1 afterwards; returns the point */
static int normalise(struct free_format *f, unsigned radix)
{
    int point = 0;
    while (reaches(f, &f->r)) {
        fixed_scale(&f->s, radix);
        point++;
    }
    for (;;) {
        struct free_format next = *f;
        fixed_scale(&next.r, radix);
        fixed_scale(&next.above, radix);
        fixed_scale(&next.below, radix);
        if (reaches(&next, &next.r))
            return point;
        *f = next;
        point--;
    }
}

void shortest_in_radix(double d, unsigned radix, struct shortest *ret)
{
    struct free_format f = free_format_of(parts_of(d));
    ret->point = normalise(&f, radix);
    ret->count = 0;
    bool low = false, high = false;
    while (!low && !high && ret->count < SHORTEST_DIGITS) {
        unsigned digit = 0;
        fixed_scale(&f.r, radix);
        fixed_scale(&f.above, radix);
        fixed_scale(&f.below, radix);
        while (mpn_cmp(f.r.limbs, f.s.limbs, FIXED) >= 0) {
            mpn_sub_n(f.r.limbs, f.r.limbs, f.s.limbs, FIXED);
            digit++;
        }
        int order = mpn_cmp(f.r.limbs, f.below.limbs, FIXED);
        low = f.even ? order <= 0 : order < 0;
        high = reaches(&f, &f.r);
        if (high && (!low || fixed_compare_sum(&f.r, &f.r, &f.s) >= 0))
            digit++;
        ret->digits[ret->count++] = "0123456789abcdefghijklmnopqrstuvwxyz"[digit];
    }
}
