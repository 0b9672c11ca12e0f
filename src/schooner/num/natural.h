/*
 * Natural numbers as rows of limbs, little end first, of any size. GMP's mpn functions are the kernels, only at sizes
 * at which they do not allocate and end soon; above them the divide-and-conquer algorithms of these files. Functions
 * charge fuel before each leaf and each 64 KiB of a linear pass, which also polls; false: a limit was raised.
 */
#ifndef SCHOONER_NUM_NATURAL_H
#define SCHOONER_NUM_NATURAL_H

#include "schooner/num/work.h"

enum {
    NATURAL_LEAF = 1024,        /* limbs of a factor that mpn_mul takes at once */
    NATURAL_DIVISOR_LEAF = 512, /* limbs of a divisor that mpn_tdiv_qr takes at once, with a dividend of twice that */
    NATURAL_GCD_LEAF = 256,
    NATURAL_ROOT_LEAF = 512,
};

/* Size without zero limbs on top. */
static inline size_t natural_trim(const uint64_t *limbs, size_t size)
{
    while (size > 0 && limbs[size - 1] == 0)
        size--;
    return size;
}

static inline size_t natural_bits(const uint64_t *limbs, size_t size)
{
    return size == 0 ? 0 : size * 64 - (size_t)__builtin_clzll(limbs[size - 1]);
}

static inline int natural_compare(const uint64_t *a, size_t a_size, const uint64_t *b, size_t b_size)
{
    if (a_size != b_size)
        return a_size < b_size ? -1 : 1;
    return a_size == 0 ? 0 : mpn_cmp(a, b, (mp_size_t)a_size);
}

/* Linear passes; `ret_carry` as mpn_* returns it. r may be a. a_size >= b_size for add and subtract. */
bool natural_clear(struct work *work, uint64_t *r, size_t size);
bool natural_copy(struct work *work, uint64_t *r, const uint64_t *a, size_t size);
bool natural_add(struct work *work, uint64_t *r, const uint64_t *a, size_t a_size, const uint64_t *b, size_t b_size,
                 uint64_t *ret_carry);
bool natural_subtract(struct work *work, uint64_t *r, const uint64_t *a, size_t a_size, const uint64_t *b,
                      size_t b_size, uint64_t *ret_borrow);
/* 0 < bits < 64; from the top down for left (r >= a allowed), from the bottom up for right (r <= a allowed). */
bool natural_shift_left(struct work *work, uint64_t *r, const uint64_t *a, size_t size, unsigned bits,
                        uint64_t *ret_carry);
bool natural_shift_right(struct work *work, uint64_t *r, const uint64_t *a, size_t size, unsigned bits);

/* r = a b; a_size + b_size limbs, apart from both; sizes at least 1. */
bool natural_multiply(struct work *work, uint64_t *r, const uint64_t *a, size_t a_size, const uint64_t *b,
                      size_t b_size);

/* q = n / d (n_size - d_size + 1 limbs), r = n mod d (d_size limbs), apart from n and d. n_size >= d_size >= 1, top
 * limb of d not zero. */
bool natural_divide(struct work *work, uint64_t *q, uint64_t *r, const uint64_t *n, size_t n_size, const uint64_t *d,
                    size_t d_size);

/* For natural_divide: balanced product of n limbs by Karatsuba with scratch of natural_karatsuba_scratch(n) limbs. */
size_t natural_karatsuba_scratch(size_t n);
bool natural_karatsuba(struct work *work, uint64_t *r, const uint64_t *a, const uint64_t *b, size_t n,
                       uint64_t *scratch);

/* The greatest common divisor of two numbers that are not zero, without zero limbs on top. *ret lies in the work. */
bool natural_gcd(struct work *work, const uint64_t *a, size_t a_size, const uint64_t *b, size_t b_size,
                 const uint64_t **ret, size_t *ret_size);

/* Digits (characters 0-9 a-z, no leading zeros unless zero itself) of a number; the text lies in the work. */
bool natural_to_text(struct work *work, const uint64_t *a, size_t size, unsigned radix, const char **ret_text,
                     size_t *ret_length);
/* The number of `length` digits, all of them valid in the radix; *ret lies in the work. */
bool natural_of_text(struct work *work, const char *text, size_t length, unsigned radix, const uint64_t **ret,
                     size_t *ret_size);

/* The value of a digit character, 36 and more for others. */
static inline unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a') + 10;
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A') + 10;
    return 99;
}

#endif
