/* Numbers: exact integers as rows of bits in two's complement, without end to the left (SRFI 151). */
#include "schooner/lib/numbers.h"

enum bit_operation { BITS_AND, BITS_IOR, BITS_XOR };

/* The words of an integer in two's complement, from the low one on. */
struct word_stream {
    const uint64_t *limbs;
    size_t size;
    size_t at;
    bool negative;
    bool carry; /* of ~x + 1 */
};

static uint64_t next_word(struct word_stream *stream)
{
    uint64_t limb = stream->at < stream->size ? stream->limbs[stream->at] : 0;
    stream->at++;
    if (!stream->negative)
        return limb;
    uint64_t word = ~limb + (stream->carry ? 1 : 0);
    stream->carry = stream->carry && word == 0;
    return word;
}

static uint64_t combine_words(enum bit_operation operation, uint64_t a, uint64_t b)
{
    switch (operation) {
    case BITS_AND: return a & b;
    case BITS_IOR: return a | b;
    case BITS_XOR: return a ^ b;
    }
    return 0;
}

static struct word_stream stream_of(struct integer a)
{
    return (struct word_stream){ a.limbs, a.size, 0, a.negative, true };
}

static bool combine_bits(struct work *work, enum bit_operation operation, struct integer a, struct integer b,
                         struct integer *ret)
{
    size_t size = size_max(a.size, b.size) + 1; /* one more for the sign */
    uint64_t *limbs = work_limbs(work, size);
    struct word_stream x = stream_of(a), y = stream_of(b);
    bool negative = combine_words(operation, a.negative, b.negative) & 1;
    uint64_t carry = 1;
    if (limbs == NULL)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (i % 1024 == 0 && !charge(work->vm, size_min(size - i, 1024) / 16 + 1))
            return false;
        uint64_t word = combine_words(operation, next_word(&x), next_word(&y));
        if (negative) { /* back to sign and magnitude */
            word = ~word + carry;
            carry = carry && word == 0;
        }
        limbs[i] = word;
    }
    *ret = integer_from_limbs(limbs, size, negative);
    return true;
}

static sch_value combine_two(sch_vm *vm, enum bit_operation operation, sch_value a, sch_value b)
{
    struct work work;
    struct integer x, y, result;
    if (are_fixnums(a, b))
        return make_fixnum((int64_t)combine_words(operation, (uint64_t)fixnum_int(a), (uint64_t)fixnum_int(b)));
    work_init(&work, vm, WORK_NEVER_COLLECTS); /* `a` may be no root */
    sch_value value = V_RAISED;
    if (integer_load(&work, a, &x) && integer_load(&work, b, &y) && combine_bits(&work, operation, x, y, &result))
        value = integer_store(&work, result);
    work_done(&work);
    return value;
}

static sch_value combine_all(sch_vm *vm, const char *who, enum bit_operation operation, sch_value start,
                             const sch_value *args, size_t count)
{
    if (!arguments_are(vm, who, is_exact_integer, "an exact integer", args, count))
        return V_RAISED;
    sch_value result = start;
    for (size_t i = 0; i < count && !is_raised(result); i++) {
        result = combine_two(vm, operation, result, args[i]);
        if (!arguments_go_on(vm, i))
            return V_RAISED;
    }
    return result;
}

sch_value prim_bitwise_and(sch_vm *vm, const sch_value *args, size_t count)
{
    return combine_all(vm, "bitwise-and", BITS_AND, make_fixnum(-1), args, count);
}

sch_value prim_bitwise_ior(sch_vm *vm, const sch_value *args, size_t count)
{
    return combine_all(vm, "bitwise-ior", BITS_IOR, make_fixnum(0), args, count);
}

sch_value prim_bitwise_xor(sch_vm *vm, const sch_value *args, size_t count)
{
    return combine_all(vm, "bitwise-xor", BITS_XOR, make_fixnum(0), args, count);
}

sch_value prim_bitwise_not(sch_vm *vm, const sch_value *args, size_t count)
{
    if (!is_exact_integer(args[0]))
        return raise_type(vm, "bitwise-not", 1, "an exact integer", args[0]);
    return combine_two(vm, BITS_XOR, args[0], make_fixnum(-1));
}

/* By more than 2^63 bits is as good as by that many. */
static bool shift(struct work *work, struct integer n, struct integer by, struct integer *ret)
{
    int64_t bits;
    if (!integer_to_int64(by, &bits))
        bits = by.negative ? INT64_MIN : INT64_MAX;
    if (bits < 0)
        return integer_shift_right(work, n, 0 - (uint64_t)bits, ret);
    return (n.size == 0 || integer_fits(work, integer_bits(n) + (uint64_t)bits)) &&
           integer_shift_left(work, n, (uint64_t)bits, ret);
}

sch_value prim_arithmetic_shift(sch_vm *vm, const sch_value *args, size_t count)
{
    struct work work;
    struct integer n, by, result;
    if (!arguments_are(vm, "arithmetic-shift", is_exact_integer, "an exact integer", args, 2))
        return V_RAISED;
    work_init(&work, vm, WORK_COLLECTS);
    sch_value value = V_RAISED;
    if (integer_load(&work, args[0], &n) && integer_load(&work, args[1], &by) && shift(&work, n, by, &result))
        value = integer_store(&work, result);
    work_done(&work);
    return value;
}

/* Bits that differ from the sign. */
sch_value prim_bit_count(sch_vm *vm, const sch_value *args, size_t count)
{
    struct work work;
    struct integer n;
    if (!is_exact_integer(args[0]))
        return raise_type(vm, "bit-count", 1, "an exact integer", args[0]);
    work_init(&work, vm, WORK_COLLECTS);
    sch_value value = V_RAISED;
    if (integer_load(&work, args[0], &n) && charge(vm, n.size / 16 + 1)) {
        struct word_stream stream = stream_of(n);
        uint64_t total = 0;
        for (size_t i = 0; i < n.size; i++) {
            uint64_t word = next_word(&stream);
            total += (uint64_t)__builtin_popcountll(n.negative ? ~word : word);
        }
        value = make_fixnum((int64_t)total);
    }
    work_done(&work);
    return value;
}

sch_value prim_integer_length(sch_vm *vm, const sch_value *args, size_t count)
{
    struct work work;
    struct integer n;
    if (!is_exact_integer(args[0]))
        return raise_type(vm, "integer-length", 1, "an exact integer", args[0]);
    work_init(&work, vm, WORK_COLLECTS);
    sch_value value = V_RAISED;
    if (integer_load(&work, args[0], &n)) {
        /* -2^k needs one bit fewer than 2^k */
        size_t bits = integer_bits(n);
        bool power = n.negative && !integer_has_bits_below(n, bits - 1);
        value = make_fixnum((int64_t)bits - power);
    }
    work_done(&work);
    return value;
}
