/* Passes over rows of limbs, 64 KiB at a time between two charges. */
#include "schooner/num/natural.h"

bool natural_clear(struct work *work, uint64_t *r, size_t size)
{
    for (size_t at = 0; at < size; at += WORK_PASS) {
        size_t count = size_min(size - at, WORK_PASS);
        if (!work_charge_pass(work, count))
            return false;
        memset(r + at, 0, count * sizeof *r);
    }
    return true;
}

bool natural_copy(struct work *work, uint64_t *r, const uint64_t *a, size_t size)
{
    for (size_t at = 0; at < size; at += WORK_PASS) {
        size_t count = size_min(size - at, WORK_PASS);
        if (!work_charge_pass(work, count))
            return false;
        memmove(r + at, a + at, count * sizeof *r);
    }
    return true;
}

bool natural_add(struct work *work, uint64_t *r, const uint64_t *a, size_t a_size, const uint64_t *b, size_t b_size,
                 uint64_t *ret_carry)
{
    uint64_t carry = 0;
    for (size_t at = 0; at < a_size; at += WORK_PASS) {
        size_t count = size_min(a_size - at, WORK_PASS);
        size_t both = at < b_size ? size_min(b_size - at, count) : 0;
        if (!work_charge_pass(work, count))
            return false;
        uint64_t out = 0;
        if (both > 0)
            out = mpn_add_n(r + at, a + at, b + at, (mp_size_t)both);
        if (count > both)
            out = mpn_add_1(r + at + both, a + at + both, (mp_size_t)(count - both), out);
        carry = out + mpn_add_1(r + at, r + at, (mp_size_t)count, carry);
    }
    *ret_carry = carry;
    return true;
}

bool natural_subtract(struct work *work, uint64_t *r, const uint64_t *a, size_t a_size, const uint64_t *b,
                      size_t b_size, uint64_t *ret_borrow)
{
    uint64_t borrow = 0;
    for (size_t at = 0; at < a_size; at += WORK_PASS) {
        size_t count = size_min(a_size - at, WORK_PASS);
        size_t both = at < b_size ? size_min(b_size - at, count) : 0;
        if (!work_charge_pass(work, count))
            return false;
        uint64_t out = 0;
        if (both > 0)
            out = mpn_sub_n(r + at, a + at, b + at, (mp_size_t)both);
        if (count > both)
            out = mpn_sub_1(r + at + both, a + at + both, (mp_size_t)(count - both), out);
        borrow = out + mpn_sub_1(r + at, r + at, (mp_size_t)count, borrow);
    }
    *ret_borrow = borrow;
    return true;
}

bool natural_shift_left(struct work *work, uint64_t *r, const uint64_t *a, size_t size, unsigned bits,
                        uint64_t *ret_carry)
{
    uint64_t carry = 0;
    for (size_t end = size; end > 0;) {
        size_t count = size_min(end, WORK_PASS);
        size_t at = end - count;
        if (!work_charge_pass(work, count))
            return false;
        uint64_t out = mpn_lshift(r + at, a + at, (mp_size_t)count, bits);
        if (end == size)
            carry = out;
        else
            r[end] |= out;
        end = at;
    }
    *ret_carry = carry;
    return true;
}

bool natural_shift_right(struct work *work, uint64_t *r, const uint64_t *a, size_t size, unsigned bits)
{
    for (size_t at = 0; at < size; at += WORK_PASS) {
        size_t count = size_min(size - at, WORK_PASS);
        if (!work_charge_pass(work, count))
            return false;
        uint64_t out = mpn_rshift(r + at, a + at, (mp_size_t)count, bits);
        if (at > 0)
            r[at - 1] |= out;
    }
    return true;
}
