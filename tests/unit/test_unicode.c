/* text/: what R7RS 6.6 and 6.7 ask of characters, from the Unicode Standard; the lexical conventions. */
#include "unit.h"

#include <string.h>
#include "schooner/text/syntax.h"
#include "schooner/text/unicode.h"

static void test_properties(void **state)
{
    assert_true(unicode_has('a', UNICODE_ALPHABETIC) && unicode_has('Z', UNICODE_ALPHABETIC));
    assert_false(unicode_has('1', UNICODE_ALPHABETIC));
    assert_true(unicode_has(0x3bb, UNICODE_ALPHABETIC));
    assert_true(unicode_has(0x345, UNICODE_ALPHABETIC));                      /* a mark, alphabetic all the same */
    assert_true(unicode_has(0x24b6, UNICODE_ALPHABETIC | UNICODE_UPPERCASE)); /* a symbol */
    assert_true(unicode_has(0x24b6, UNICODE_UPPERCASE));
    assert_true(unicode_has(0x4e00, UNICODE_ALPHABETIC) && unicode_has(0xac01, UNICODE_ALPHABETIC));
    assert_true(unicode_has(0xaa, UNICODE_LOWERCASE)); /* feminine ordinal indicator: Other_Lowercase */
    assert_true(unicode_has(' ', UNICODE_WHITESPACE) && unicode_has(0x3000, UNICODE_WHITESPACE));
    assert_true(unicode_has(0xa0, UNICODE_WHITESPACE) && unicode_has('\n', UNICODE_WHITESPACE));
    assert_false(unicode_has(0x200b, UNICODE_WHITESPACE));
    assert_false(unicode_has(0x10ffff, 255) || unicode_has(0x110000, 255) || unicode_has(UINT32_MAX, 255));
}

static void test_digits(void **state)
{
    assert_int_equal(unicode_digit('3'), 3);
    assert_int_equal(unicode_digit(0x664), 4); /* R7RS: digit-value of ARABIC-INDIC DIGIT FOUR */
    assert_int_equal(unicode_digit(0xae6), 0); /* ... GUJARATI DIGIT ZERO */
    assert_int_equal(unicode_digit(0xea6), -1);
    assert_int_equal(unicode_digit(0xb2), -1); /* superscript two is a digit, but not a decimal one */
}

static void test_simple_case(void **state)
{
    assert_int_equal(unicode_upcase('i'), 'I');
    assert_int_equal(unicode_upcase(0xdf), 0xdf); /* sharp s has no upper case of one character */
    assert_int_equal(unicode_downcase(0x3a3), 0x3c3);
    assert_int_equal(unicode_foldcase(0x3c2), 0x3c3);
    assert_int_equal(unicode_downcase(0x130), 'i');
    assert_int_equal(unicode_upcase(0x1c6), 0x1c4); /* dz with caron: not to the title case */
    assert_int_equal(unicode_downcase(0x10400), 0x10428);
    assert_int_equal(unicode_foldcase('A'), 'a');
    assert_int_equal(unicode_foldcase(0x1e9e), 0xdf);
}

static void expect_mapped(size_t (*map)(const char *, size_t, char *), const char *text, const char *expected)
{
    char out[256];
    size_t length = map(text, strlen(text), out);
    out[length] = '\0';
    assert_string_equal(out, expected);
}

static size_t downcase_text(const char *text, size_t length, char *out)
{
    struct unicode_downcase state = { .text = text, .length = length };
    size_t written = 0;
    while (state.at < length) /* in pieces of one character */
        written += unicode_downcase_piece(&state, state.at + 1, out + written);
    return written;
}

static void test_full_case(void **state)
{
    expect_mapped(unicode_upcase_text,
                  "Stra\xc3\x9f"
                  "e",
                  "STRASSE");
    expect_mapped(unicode_fold_text,
                  "Stra\xc3\x9f"
                  "e",
                  "strasse");
    expect_mapped(unicode_upcase_text, "\xef\xac\x83", "FFI");                  /* the ligature */
    expect_mapped(unicode_upcase_text, "\xce\x90", "\xce\x99\xcc\x88\xcc\x81"); /* U+0390 grows most */
    /* XAOXS, XAOX, X with capital sigmas: final at the end of a word of more than one letter */
    expect_mapped(downcase_text, "\xce\xa7\xce\x91\xce\x9f\xce\xa3", "\xcf\x87\xce\xb1\xce\xbf\xcf\x82");
    expect_mapped(downcase_text, "\xce\xa7\xce\x91\xce\x9f\xce\xa3\xce\xa3",
                  "\xcf\x87\xce\xb1\xce\xbf\xcf\x83\xcf\x82");
    expect_mapped(downcase_text, "\xce\xa7\xce\xa3 \xce\xa3", "\xcf\x87\xcf\x82 \xcf\x83");
    expect_mapped(downcase_text, "A\xce\xa3'B A\xce\xa3' b", "a\xcf\x83'b a\xcf\x82' b"); /* ' is case-ignorable */
    expect_mapped(unicode_fold_text, "\xce\xa3\xcf\x82", "\xcf\x83\xcf\x83");
}

/* No mapping grows a text by more than the header promises. */
static void test_growth(void **state)
{
    for (uint32_t c = 0; c <= 0x10ffff; c++) {
        uint32_t mapped[UNICODE_MAPPED_MAX];
        size_t (*const maps[])(uint32_t, uint32_t *) = { unicode_upcase_full, unicode_downcase_full,
                                                         unicode_foldcase_full };
        size_t size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        for (size_t i = 0; i < 3; i++) {
            size_t count = maps[i](c, mapped), bytes = 0;
            assert_in_range(count, 1, UNICODE_MAPPED_MAX);
            for (size_t j = 0; j < count; j++)
                bytes += mapped[j] < 0x80 ? 1 : mapped[j] < 0x800 ? 2 : mapped[j] < 0x10000 ? 3 : 4;
            assert_in_range(bytes, 1, size * UNICODE_GROWTH);
        }
    }
}

static void test_bars(void **state)
{
    static const char *const plain[] = {
        "a", "+", "-", "...", "->x", "a.b", "<=?", "+x", "-.x", "..", "a1", "\xce\xbb"
    };
    static const char *const barred[] = { "",    ".",      "1",      "+1", "-.5",           ".5", "+i",
                                          "-I",  "+inf.0", "-NaN.0", "1+", "a b",           "#a", "a(b",
                                          "a|b", "a\\b",   "a'b",    "\n", "\xe2\x80\xaex", "[",  "a;b" };
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (syntax_needs_bars(plain[i], strlen(plain[i])))
            fail_msg("needs no bars: %s", plain[i]);
    }
    for (size_t i = 0; i < sizeof barred / sizeof barred[0]; i++) {
        if (!syntax_needs_bars(barred[i], strlen(barred[i])))
            fail_msg("needs bars: %s", barred[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_properties), cmocka_unit_test(test_digits), cmocka_unit_test(test_simple_case),
        cmocka_unit_test(test_full_case),  cmocka_unit_test(test_growth), cmocka_unit_test(test_bars),
    };
    return cmocka_run_group_tests_name("unicode", tests, NULL, NULL);
}
