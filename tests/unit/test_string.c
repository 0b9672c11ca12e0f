/* heap/string.c and the string primitives: R7RS 6.7, and what a stranger may ask of them. */
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

#define S(root, bytes) text(vm, root, bytes)
#define N(n)           make_fixnum(n)
#define C(c)           make_character(c)

static void test_ref_and_length(void **state)
{
    sch_value s = S(0, "a\xce\xbb\xe2\x88\x80\xf0\x9f\x98\x80z");
    expect_shown(vm, CALL(prim_string_length, s), "5");
    expect_shown(vm, CALL(prim_string_ref, s, N(0)), "#\\a");
    expect_shown(vm, CALL(prim_string_ref, s, N(1)), "#\\\xce\xbb");
    expect_shown(vm, CALL(prim_string_ref, s, N(4)), "#\\z");
    expect_raised(vm, CALL(prim_string_ref, s, N(5)), "range-error");
    expect_raised(vm, CALL(prim_string_ref, s, N(-1)), "range-error");
    expect_raised(vm, CALL(prim_string_ref, s, V_NIL), "type-error");
    expect_raised(vm, CALL(prim_string_ref, V_NIL, N(0)), "type-error");
    expect_shown(vm, CALL(prim_is_string, s), "#t");
    expect_shown(vm, CALL(prim_is_string, C('a')), "#f");
}

/* The index behind a long string agrees with counting. */
static void test_index(void **state)
{
    char bytes[4096];
    size_t length = 0;
    static const char *const characters[] = { "a", "\xce\xbb", "\xe2\x88\x80", "\xf0\x9f\x98\x80" };
    static const uint32_t codes[] = { 'a', 0x3bb, 0x2200, 0x1f600 };
    for (size_t i = 0; i < 1000; i++) {
        const char *character = characters[i * 7 % 4];
        memcpy(bytes + length, character, strlen(character));
        length += strlen(character);
    }
    sch_value s = machine_roots(vm)[0] = string_of(vm, bytes, length);
    size_t at = 0;
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(string_offset(object_as(struct string, s), i), at);
        assert_int_equal(character_code(CALL(prim_string_ref, s, N((int64_t)i))), codes[i * 7 % 4]);
        at += strlen(characters[i * 7 % 4]);
    }
    assert_int_equal(string_offset(object_as(struct string, s), 1000), length);
}

/* Validation goes in pieces: characters across their ends, and what is wrong there. */
static void test_utf8_across_pieces(void **state)
{
    size_t length = 200000;
    char *bytes = memory_resize(&memory_malloc, NULL, 0, length);
    for (size_t shift = 0; shift < 4; shift++) {
        memset(bytes, 'a', length);
        for (size_t i = shift; i + 4 <= length; i += 4)
            memcpy(bytes + i, "\xf0\x9f\x98\x80", 4);
        size_t tail = (length - shift) % 4;
        sch_value s = machine_roots(vm)[0] = string_of(vm, bytes, length);
        assert_int_equal(object_as(struct string, s)->characters, shift + tail + (length - shift) / 4);
        expect_raised(vm, string_of(vm, bytes, length - tail - 1), "encoding-error");
        bytes[65536 + shift] = '\xff';
        expect_raised(vm, string_of(vm, bytes, length), "encoding-error");
    }
    memory_resize(&memory_malloc, bytes, length, 0);
}

static void test_making(void **state)
{
    expect_shown(vm, CALL(prim_make_string, N(3), C('x')), "\"xxx\"");
    expect_shown(vm, CALL(prim_make_string, N(2), C(0x3bb)), "\"\xce\xbb\xce\xbb\"");
    expect_shown(vm, CALL(prim_make_string, N(0)), "\"\"");
    expect_shown(vm, CALL(prim_string, C('a'), C(0x3bb)), "\"a\xce\xbb\"");
    expect_shown(vm, prim_string(vm, NULL, 0), "\"\"");
    expect_raised(vm, CALL(prim_string, C('a'), N(1)), "type-error");
    expect_raised(vm, CALL(prim_make_string, N(-1)), "range-error");
    expect_limit_raised(vm, CALL(prim_make_string, N(1000000000)), SCH_LIMIT_HEAP);
    expect_limit_raised(vm, CALL(prim_make_string, make_fixnum(FIXNUM_MAX - 1)), SCH_LIMIT_HEAP);
}

static void test_parts(void **state)
{
    sch_value s = S(0, "h\xc3\xa9llo");
    expect_shown(vm, CALL(prim_substring, s, N(1), N(3)), "\"\xc3\xa9l\"");
    expect_shown(vm, CALL(prim_substring, s, N(5), N(5)), "\"\"");
    expect_raised(vm, CALL(prim_substring, s, N(3), N(2)), "range-error");
    expect_raised(vm, CALL(prim_substring, s, N(0), N(6)), "range-error");
    expect_shown(vm, CALL(prim_string_copy, s), "\"h\xc3\xa9llo\"");
    expect_shown(vm, CALL(prim_string_copy, s, N(2)), "\"llo\"");
    expect_shown(vm, CALL(prim_string_append, s, S(1, ""), S(2, "!")), "\"h\xc3\xa9llo!\"");
    expect_shown(vm, prim_string_append(vm, NULL, 0), "\"\"");
    expect_raised(vm, CALL(prim_string_append, s, N(1)), "type-error");
}

static void test_doubling_ends(void **state)
{
    sch_value s = S(0, "0123456789");
    for (size_t i = 0; i < 64; i++) {
        s = CALL(prim_string_append, s, s);
        if (is_raised(s))
            break;
        machine_roots(vm)[0] = s;
    }
    expect_limit_raised(vm, s, SCH_LIMIT_HEAP);
    expect_shown(vm, CALL(prim_string_append, S(1, "a"), S(2, "b")), "\"ab\"");
}

static void test_conversions(void **state)
{
    sch_value s = S(0, "a\xce\xbb"
                       "b");
    sch_value list = machine_roots(vm)[1] = CALL(prim_string_to_list, s);
    expect_shown(vm, list, "(#\\a #\\\xce\xbb #\\b)");
    expect_shown(vm, CALL(prim_string_to_list, s, N(1)), "(#\\\xce\xbb #\\b)");
    expect_shown(vm, CALL(prim_string_to_list, s, N(1), N(2)), "(#\\\xce\xbb)");
    expect_shown(vm, CALL(prim_list_to_string, list),
                 "\"a\xce\xbb"
                 "b\"");
    expect_shown(vm, CALL(prim_list_to_string, V_NIL), "\"\"");
    expect_raised(vm, CALL(prim_list_to_string, s), "type-error");
    sch_value vector = machine_roots(vm)[2] = CALL(prim_string_to_vector, s);
    expect_shown(vm, vector, "#(#\\a #\\\xce\xbb #\\b)");
    expect_shown(vm, CALL(prim_vector_to_string, vector, N(1)),
                 "\"\xce\xbb"
                 "b\"");
    sch_value utf8 = machine_roots(vm)[3] = CALL(prim_string_to_utf8, s);
    expect_shown(vm, utf8, "#u8(97 206 187 98)");
    expect_shown(vm, CALL(prim_string_to_utf8, s, N(1), N(2)), "#u8(206 187)");
    expect_shown(vm, CALL(prim_utf8_to_string, utf8),
                 "\"a\xce\xbb"
                 "b\"");
    expect_shown(vm, CALL(prim_utf8_to_string, utf8, N(3)), "\"b\"");
    expect_raised(vm, CALL(prim_utf8_to_string, utf8, N(0), N(2)), "encoding-error");
}

static void test_order(void **state)
{
    sch_value a = S(0, "abc"), b = S(1, "abd"), longer = S(2, "abcd"), upper = S(3, "ABC");
    expect_shown(vm, CALL(prim_string_equal, a, a, S(4, "abc")), "#t");
    expect_shown(vm, CALL(prim_string_equal, a, b), "#f");
    expect_shown(vm, CALL(prim_string_less, a, longer, b), "#t");
    expect_shown(vm, CALL(prim_string_less, a, a), "#f");
    expect_shown(vm, CALL(prim_string_less_equal, a, a, b), "#t");
    expect_shown(vm, CALL(prim_string_greater, b, a), "#t");
    expect_shown(vm, CALL(prim_string_greater_equal, a, b), "#f");
    /* by the numbers of the characters, not by UTF-16: U+FFFF before U+10000 */
    expect_shown(vm, CALL(prim_string_less, S(4, "\xef\xbf\xbf"), S(5, "\xf0\x90\x80\x80")), "#t");
    expect_shown(vm, CALL(prim_string_ci_equal, a, upper), "#t");
    expect_shown(vm,
                 CALL(prim_string_ci_equal,
                      S(4, "Stra\xc3\x9f"
                           "e"),
                      S(5, "STRASSE")),
                 "#t");
    expect_shown(vm, CALL(prim_string_ci_less, upper, longer), "#t");
    expect_raised(vm, CALL(prim_string_less, b, a, N(1)), "type-error");
}

static void test_case(void **state)
{
    expect_shown(vm,
                 CALL(prim_string_upcase, S(0, "stra\xc3\x9f"
                                               "e")),
                 "\"STRASSE\"");
    expect_shown(vm, CALL(prim_string_downcase, S(0, "\xce\xa7\xce\x91\xce\x9f\xce\xa3")),
                 "\"\xcf\x87\xce\xb1\xce\xbf\xcf\x82\"");
    expect_shown(vm, CALL(prim_string_foldcase, S(0, "\xce\xa3\xcf\x82")), "\"\xcf\x83\xcf\x83\"");
    sch_value big = machine_roots(vm)[0] = CALL(prim_make_string, N(100000), C(0xdf));
    sch_value up = machine_roots(vm)[1] = CALL(prim_string_upcase, big);
    expect_shown(vm, CALL(prim_string_length, up), "200000");
}

static void test_search(void **state)
{
    sch_value s = S(0, "a\xce\xbb"
                       "abab\xce\xbb"
                       "abc");
    expect_shown(vm, CALL(prim_string_search, S(1, "abc"), s), "7");
    expect_shown(vm, CALL(prim_string_search, S(1, "\xce\xbb"), s, N(2)), "6");
    expect_shown(vm, CALL(prim_string_search, S(1, ""), s, N(3)), "3");
    expect_shown(vm, CALL(prim_string_search, S(1, "abd"), s), "#f");
    expect_shown(vm, CALL(prim_string_search, S(1, "aab"), S(2, "aaaaab")), "3");
    expect_shown(vm, CALL(prim_string_search, S(1, "abacabad"), S(2, "abacabacabad")), "4");
    /* the classic: a^n b in a^m takes n m steps in most engines */
    char *needle = memory_resize(&memory_malloc, NULL, 0, 1000001);
    memset(needle, 'a', 1000000);
    needle[999999] = 'b';
    sch_value pattern = machine_roots(vm)[1] = string_of(vm, needle, 1000000);
    sch_value hay = machine_roots(vm)[2] = CALL(prim_make_string, N(4000000), C('a'));
    expect_shown(vm, CALL(prim_string_search, pattern, hay), "#f");
    memory_resize(&memory_malloc, needle, 1000001, 0);
}

static void test_join(void **state)
{
    sch_value a = S(0, "a"), b = S(1, "b\xce\xbb");
    assert_true(heap_reserve_pairs(vm, 2));
    sch_value list = machine_roots(vm)[2] = cons(vm, a, cons(vm, b, V_NIL));
    expect_shown(vm, CALL(prim_string_join, list, S(3, ", ")), "\"a, b\xce\xbb\"");
    expect_shown(vm, CALL(prim_string_join, V_NIL, S(3, ", ")), "\"\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ref_and_length, setup, teardown),
        cmocka_unit_test_setup_teardown(test_index, setup, teardown),
        cmocka_unit_test_setup_teardown(test_utf8_across_pieces, setup, teardown),
        cmocka_unit_test_setup_teardown(test_making, setup, teardown),
        cmocka_unit_test_setup_teardown(test_parts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_doubling_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_conversions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_case, setup, teardown),
        cmocka_unit_test_setup_teardown(test_search, setup, teardown),
        cmocka_unit_test_setup_teardown(test_join, setup, teardown),
    };
    return cmocka_run_group_tests_name("string", tests, NULL, NULL);
}
