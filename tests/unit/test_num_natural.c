/* Naturals against GMP's mpz, across every threshold; and the promise that GMP's allocator is never called. */
#include "unit.h"

#include <gmp.h>
#include <stdio.h>
#include <stdlib.h>
#include "machine.h"
#include "schooner/num/exact.h"

/* GMP's memory functions: trapped while our code runs, plain while mpz checks it. */
static bool trapped;

static void *trap_allocate(size_t size)
{
    if (trapped)
        fail_msg("GMP allocates %zu bytes", size);
    return malloc(size);
}

static void *trap_reallocate(void *block, size_t old_size, size_t size)
{
    if (trapped)
        fail_msg("GMP reallocates to %zu bytes", size);
    return realloc(block, size);
}

static void trap_free(void *block, size_t size)
{
    free(block);
}

struct bench {
    sch_vm *vm;
    struct work work;
    gmp_randstate_t random;
};

static int setup(void **state)
{
    static struct bench bench;
    mp_set_memory_functions(trap_allocate, trap_reallocate, trap_free);
    bench.vm = machine_new(&(struct machine_options){ .cap = 512 << 20 });
    bench.vm->integer_bits = UINT64_MAX;
    gmp_randinit_default(bench.random);
    gmp_randseed_ui(bench.random, 20);
    *state = &bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;
    gmp_randclear(bench->random);
    machine_free(bench->vm);
    return 0;
}

static struct integer view(const mpz_t n)
{
    return integer_from_limbs(mpz_limbs_read(n), mpz_size(n), mpz_sgn(n) < 0);
}

static bool same(struct integer a, const mpz_t b)
{
    return integer_compare(a, view(b)) == 0;
}

/* A number of about `bits` bits; rrandomb makes long runs of ones and zeros, which reach the rare branches. */
static void random_number(struct bench *bench, mpz_t n, size_t bits, bool runs)
{
    if (runs)
        mpz_rrandomb(n, bench->random, bits);
    else
        mpz_urandomb(n, bench->random, bits);
}

static const size_t sizes[] = { 1,     2,     63,     64,     65,     127,    128,    129,    640,
                                4096,  16384, 32000,  32768,  32769,  33000,  65535,  65536,  65537,
                                70000, 98304, 131072, 131073, 140001, 300000, 524289, 1000003 };
enum { SIZES = sizeof sizes / sizeof sizes[0] };

static void multiply_and_divide(void **state)
{
    struct bench *bench = *state;
    mpz_t a, b, p, q, r;
    mpz_inits(a, b, p, q, r, NULL);
    for (size_t i = 0; i < SIZES; i++) {
        for (size_t j = 0; j < SIZES; j++) {
            for (int runs = 0; runs < 2; runs++) {
                struct integer product, quotient, rest;
                random_number(bench, a, sizes[i], runs);
                random_number(bench, b, sizes[j], runs);
                mpz_setbit(b, sizes[j] - 1);
                mpz_mul(p, a, b);
                mpz_tdiv_qr(q, r, a, b);
                work_init(&bench->work, bench->vm, WORK_NEVER_COLLECTS);
                trapped = true;
                assert_true(integer_multiply(&bench->work, view(a), view(b), &product));
                assert_true(integer_divide(&bench->work, view(a), view(b), &quotient, &rest));
                trapped = false;
                if (!same(product, p) || !same(quotient, q) || !same(rest, r))
                    fail_msg("sizes %zu %zu", sizes[i], sizes[j]);
                /* a dividend that is a multiple less one: the quotient's estimate is at its worst */
                mpz_sub_ui(p, p, 1);
                mpz_tdiv_qr(q, r, p, b);
                trapped = true;
                assert_true(integer_divide(&bench->work, view(p), view(b), &quotient, &rest));
                trapped = false;
                if (!same(quotient, q) || !same(rest, r))
                    fail_msg("product less one, sizes %zu %zu", sizes[i], sizes[j]);
                work_done(&bench->work);
            }
        }
    }
    mpz_clears(a, b, p, q, r, NULL);
}

static void square_and_root(void **state)
{
    struct bench *bench = *state;
    mpz_t a, s, r;
    mpz_inits(a, s, r, NULL);
    for (size_t i = 0; i < SIZES; i++) {
        for (int variant = 0; variant < 6; variant++) {
            struct integer root, rest, square;
            random_number(bench, a, sizes[i], variant & 1);
            if (variant >= 2)
                mpz_mul(a, a, a);
            if (variant >= 4 && mpz_sgn(a) > 0)
                mpz_sub_ui(a, a, 1);
            mpz_sqrtrem(s, r, a);
            work_init(&bench->work, bench->vm, WORK_NEVER_COLLECTS);
            trapped = true;
            assert_true(integer_root(&bench->work, view(a), &root, &rest));
            assert_true(integer_multiply(&bench->work, root, root, &square));
            trapped = false;
            if (!same(root, s) || !same(rest, r))
                fail_msg("root of %zu bits, variant %d", mpz_sizeinbase(a, 2), variant);
            work_done(&bench->work);
        }
    }
    mpz_clears(a, s, r, NULL);
}

/* As GMP has it. */
static void expect_gcd(struct bench *bench, mpz_t a, mpz_t b)
{
    struct integer result;
    mpz_t expected;
    mpz_init(expected);
    mpz_gcd(expected, a, b);
    work_init(&bench->work, bench->vm, WORK_NEVER_COLLECTS);
    trapped = true;
    assert_true(integer_gcd(&bench->work, view(a), view(b), &result));
    trapped = false;
    if (!same(result, expected))
        fail_msg("gcd of %zu and %zu bits", mpz_sizeinbase(a, 2), mpz_sizeinbase(b, 2));
    work_done(&bench->work);
    mpz_clear(expected);
}

static void greatest_common_divisor(void **state)
{
    struct bench *bench = *state;
    mpz_t a, b, g;
    mpz_inits(a, b, g, NULL);
    static const size_t some[] = { 1, 64, 65, 4000, 16383, 16384, 16385, 17000, 40000, 100000 };
    for (size_t i = 0; i < 10; i++) {
        for (size_t j = 0; j < 10; j++) {
            for (int variant = 0; variant < 4; variant++) {
                random_number(bench, a, some[i], variant & 1);
                random_number(bench, b, some[j], variant & 1);
                random_number(bench, g, variant & 2 ? 20000 : 3, variant & 1);
                mpz_mul(a, a, g);
                mpz_mul(b, b, g);
                expect_gcd(bench, a, b);
            }
        }
    }
    /* Fibonacci numbers: the most steps */
    mpz_fib2_ui(a, b, 100000);
    expect_gcd(bench, a, b);
    mpz_clears(a, b, g, NULL);
}

/* Sizes at which the leading halves are taken; long runs of ones and zeros reach the borders of the steps. */
static void greatest_common_divisor_of_long_numbers(void **state)
{
    struct bench *bench = *state;
    enum { ROUNDS = 120, LEAST = 20000, MOST = 150000 };
    mpz_t a, b, g;
    mpz_inits(a, b, g, NULL);
    for (int round = 0; round < ROUNDS; round++) {
        size_t bits = LEAST + (size_t)rand() % (MOST - LEAST);
        random_number(bench, a, bits, round & 1);
        random_number(bench, b, round % 3 ? bits - (size_t)rand() % 200 : LEAST, round & 2);
        random_number(bench, g, round & 4 ? 1 + (size_t)rand() % bits : 1, round & 8);
        mpz_mul(a, a, g);
        mpz_mul(b, b, g);
        if (round % 5 == 4) { /* the first quotients are one, then one that is large */
            mpz_set(b, a);
            mpz_add_ui(b, b, (unsigned long)rand());
        }
        expect_gcd(bench, a, b);
    }
    mpz_clears(a, b, g, NULL);
}

static void text_both_ways(void **state)
{
    struct bench *bench = *state;
    mpz_t a;
    mpz_init(a);
    static const unsigned radixes[] = { 2, 3, 8, 10, 16, 32, 36 };
    for (size_t i = 0; i < SIZES; i++) {
        for (size_t j = 0; j < 7; j++) {
            for (int variant = 0; variant < 3; variant++) {
                const char *text;
                size_t length;
                struct integer back = INTEGER_ZERO;
                random_number(bench, a, sizes[i], variant & 1);
                if (variant == 2) { /* powers of the radix: all zeros and all ones to write */
                    mpz_ui_pow_ui(a, radixes[j], sizes[i] / 6);
                    mpz_sub_ui(a, a, sizes[i] & 1);
                }
                char *expected = mpz_get_str(NULL, (int)radixes[j], a);
                work_init(&bench->work, bench->vm, WORK_NEVER_COLLECTS);
                trapped = true;
                struct integer n = view(a);
                assert_true(natural_to_text(&bench->work, n.limbs, n.size, radixes[j], &text, &length));
                assert_true(natural_of_text(&bench->work, text, length, radixes[j], &back.limbs, &back.size));
                trapped = false;
                if (length != strlen(expected) || memcmp(text, expected, length) != 0)
                    fail_msg("text of %zu bits in radix %u", sizes[i], radixes[j]);
                assert_true(same(back, a));
                work_done(&bench->work);
                free(expected);
            }
        }
    }
    mpz_clear(a);
}

static void small_arithmetic(void **state)
{
    struct bench *bench = *state;
    mpz_t a, b, e;
    mpz_inits(a, b, e, NULL);
    for (int round = 0; round < 20000; round++) {
        struct integer r, q, rest;
        random_number(bench, a, (size_t)(rand() % 400) + 1, round & 1);
        random_number(bench, b, (size_t)(rand() % 400) + 1, round & 1);
        if (rand() & 1)
            mpz_neg(a, a);
        if (rand() & 1)
            mpz_neg(b, b);
        unsigned shift = (unsigned)rand() % 300;
        work_init(&bench->work, bench->vm, WORK_NEVER_COLLECTS);
        assert_true(integer_add(&bench->work, view(a), view(b), &r));
        mpz_add(e, a, b);
        assert_true(same(r, e));
        assert_true(integer_subtract(&bench->work, view(a), view(b), &r));
        mpz_sub(e, a, b);
        assert_true(same(r, e));
        assert_true(integer_shift_left(&bench->work, view(a), shift, &r));
        mpz_mul_2exp(e, a, shift);
        assert_true(same(r, e));
        assert_true(integer_shift_right(&bench->work, view(a), shift, &r));
        mpz_fdiv_q_2exp(e, a, shift);
        assert_true(same(r, e));
        if (mpz_sgn(b) != 0) {
            assert_true(integer_divide_floor(&bench->work, view(a), view(b), &q, &rest));
            mpz_fdiv_q(e, a, b);
            assert_true(same(q, e));
            mpz_fdiv_r(e, a, b);
            assert_true(same(rest, e));
        }
        work_done(&bench->work);
    }
    mpz_clears(a, b, e, NULL);
}

/* The promise of the design: four megabits multiplied, divided, printed, read, and their gcd, without GMP's allocator.
 */
static void four_megabits(void **state)
{
    struct bench *bench = *state;
    const size_t bits = 4 << 20;
    mpz_t a, b, p;
    mpz_inits(a, b, p, NULL);
    random_number(bench, a, bits, false);
    random_number(bench, b, bits, true);
    mpz_setbit(b, bits - 1);
    mpz_mul(p, a, b);

    struct integer product, quotient, rest, back = INTEGER_ZERO, common;
    const char *text;
    size_t length;
    work_init(&bench->work, bench->vm, WORK_NEVER_COLLECTS);
    trapped = true;
    assert_true(integer_multiply(&bench->work, view(a), view(b), &product));
    assert_true(integer_divide(&bench->work, product, view(b), &quotient, &rest));
    assert_true(natural_to_text(&bench->work, quotient.limbs, quotient.size, 10, &text, &length));
    assert_true(natural_of_text(&bench->work, text, length, 10, &back.limbs, &back.size));
    assert_true(integer_gcd(&bench->work, view(a), view(b), &common));
    trapped = false;
    assert_true(same(product, p));
    assert_true(same(quotient, a));
    assert_int_equal(rest.size, 0);
    assert_true(same(back, a));
    mpz_gcd(p, a, b);
    assert_true(same(common, p));
    work_done(&bench->work);
    mpz_clears(a, b, p, NULL);
}

/* Memory that does not fit is the heap limit, and leaves nothing behind. */
static void memory_fails(void **state)
{
    struct bench *bench = *state;
    sch_vm *vm = machine_new(&(struct machine_options){ .cap = 1 << 20 });
    mpz_t a;
    mpz_init(a);
    random_number(bench, a, 2 << 20, false);
    struct work work;
    struct integer r, s;
    vm->integer_bits = UINT64_MAX;
    uint64_t before = vm->account.now;
    work_init(&work, vm, WORK_NEVER_COLLECTS);
    assert_false(integer_multiply(&work, view(a), view(a), &r));
    work_done(&work);
    assert_int_equal(vm->limit, SCH_LIMIT_HEAP);
    work_init(&work, vm, WORK_NEVER_COLLECTS);
    assert_false(integer_root(&work, view(a), &r, &s));
    work_done(&work);
    assert_true(vm->account.now <= before + (64 << 10));
    mpz_clear(a);
    machine_free(vm);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_arithmetic),
        cmocka_unit_test(multiply_and_divide),
        cmocka_unit_test(square_and_root),
        cmocka_unit_test(greatest_common_divisor),
        cmocka_unit_test(greatest_common_divisor_of_long_numbers),
        cmocka_unit_test(text_both_ways),
        cmocka_unit_test(four_megabits),
        cmocka_unit_test(memory_fails),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
