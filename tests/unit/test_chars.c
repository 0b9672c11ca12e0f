/* The character primitives: R7RS 6.6. */
#include "unit.h"

#include "text_calls.h"

static sch_vm *vm;

static int setup(void **state)
{
    vm = machine_new(NULL);
    return vm == NULL;
}

static int teardown(void **state)
{
    machine_free(vm);
    return 0;
}

#define N(n) make_fixnum(n)
#define C(c) make_character(c)

static void test_numbers(void **state)
{
    expect_shown(vm, CALL(prim_char_to_integer, C('A')), "65");
    expect_shown(vm, CALL(prim_integer_to_char, N(955)), "#\\\xce\xbb");
    expect_shown(vm, CALL(prim_integer_to_char, N(0x10ffff)), "#\\x10ffff");
    expect_raised(vm, CALL(prim_integer_to_char, N(0xd800)), "range-error");
    expect_raised(vm, CALL(prim_integer_to_char, N(0xdfff)), "range-error");
    expect_raised(vm, CALL(prim_integer_to_char, N(0x110000)), "range-error");
    expect_raised(vm, CALL(prim_integer_to_char, N(-1)), "range-error");
    expect_raised(vm, CALL(prim_integer_to_char, C('a')), "type-error");
    expect_raised(vm, CALL(prim_char_to_integer, N(1)), "type-error");
    expect_shown(vm, CALL(prim_is_char, C('a')), "#t");
    expect_shown(vm, CALL(prim_is_char, N(97)), "#f");
    expect_shown(vm, CALL(prim_digit_value, C('3')), "3");
    expect_shown(vm, CALL(prim_digit_value, C(0x664)), "4");
    expect_shown(vm, CALL(prim_digit_value, C(0xae6)), "0");
    expect_shown(vm, CALL(prim_digit_value, C(0xea6)), "#f");
}

static void test_comparisons(void **state)
{
    expect_shown(vm, CALL(prim_char_equal, C('a'), C('a'), C('a')), "#t");
    expect_shown(vm, CALL(prim_char_equal, C('a'), C('A')), "#f");
    expect_shown(vm, CALL(prim_char_less, C('a'), C('b'), C('c')), "#t");
    expect_shown(vm, CALL(prim_char_less, C('a'), C('c'), C('b')), "#f");
    expect_shown(vm, CALL(prim_char_less_equal, C('a'), C('a'), C('b')), "#t");
    expect_shown(vm, CALL(prim_char_greater, C('b'), C('a')), "#t");
    expect_shown(vm, CALL(prim_char_greater_equal, C('a'), C('b')), "#f");
    expect_shown(vm, CALL(prim_char_ci_equal, C('a'), C('A')), "#t");
    expect_shown(vm, CALL(prim_char_ci_equal, C(0x3a3), C(0x3c2)), "#t");
    expect_shown(vm, CALL(prim_char_ci_less, C('a'), C('B')), "#t");
    expect_raised(vm, CALL(prim_char_less, C('b'), C('a'), N(1)), "type-error");
}

static void test_properties_and_case(void **state)
{
    expect_shown(vm, CALL(prim_char_is_alphabetic, C(0x3bb)), "#t");
    expect_shown(vm, CALL(prim_char_is_numeric, C('1')), "#t");
    expect_shown(vm, CALL(prim_char_is_whitespace, C(0xa0)), "#t");
    expect_shown(vm, CALL(prim_char_is_upper_case, C(0x3a3)), "#t");
    expect_shown(vm, CALL(prim_char_is_lower_case, C(0x3a3)), "#f");
    expect_shown(vm, CALL(prim_char_upcase, C('i')), "#\\I");
    expect_shown(vm, CALL(prim_char_upcase, C(0xdf)), "#\\\xc3\x9f");
    expect_shown(vm, CALL(prim_char_downcase, C('I')), "#\\i");
    expect_shown(vm, CALL(prim_char_foldcase, C(0x3c2)), "#\\\xcf\x83");
    expect_raised(vm, CALL(prim_char_upcase, N(1)), "type-error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_comparisons, setup, teardown),
        cmocka_unit_test_setup_teardown(test_properties_and_case, setup, teardown),
    };
    return cmocka_run_group_tests_name("chars", tests, NULL, NULL);
}
