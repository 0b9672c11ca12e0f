/* base/utf8: the Unicode Standard's definition of well-formed UTF-8, and the way back of every scalar value. */
#include "unit.h"

#include "base/utf8.h"

#include <string.h>

static void test_every_scalar_value_and_back(void **state)
{
    for (uint32_t character = 0; character <= 0x10ffff; character++) {
        if (!utf8_is_scalar(character))
            continue;
        unsigned char bytes[4];
        uint32_t back = 0;
        size_t size = utf8_encode(character, bytes);
        assert_int_equal(size, utf8_size(character));
        assert_int_equal(utf8_step(bytes[0]), size);
        assert_int_equal(utf8_decode(bytes, size, &back), size);
        assert_int_equal(back, character);
        assert_int_equal(utf8_decode(bytes, size - 1, &back), 0);
    }
}

static void test_ill_formed(void **state)
{
    static const char *const wrong[] = {
        "\x80", /* a tail alone */
        "\xc0\x80",
        "\xc1\xbf",             /* overlong, two bytes */
        "\xe0\x9f\xbf",         /* overlong, three */
        "\xf0\x8f\xbf\xbf",     /* overlong, four */
        "\xed\xa0\x80",         /* the first surrogate */
        "\xed\xbf\xbf",         /* the last surrogate */
        "\xf4\x90\x80\x80",     /* U+110000 */
        "\xf8\x88\x80\x80\x80", /* five bytes */
        "\xe2\x82z",
        "\xff",
        "\xfe",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const unsigned char *bytes = (const unsigned char *)wrong[i];
        size_t length = 0;
        while (bytes[length])
            length++;
        uint32_t character;
        size_t count, valid;
        assert_int_equal(utf8_decode(bytes, length, &character), 0);
        assert_false(utf8_count(bytes, length, &count, &valid));
        assert_int_equal(count, 0);
        assert_int_equal(valid, 0);
    }
}

static void test_count(void **state)
{
    static const unsigned char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80!";
    size_t count, valid;
    assert_true(utf8_count(text, sizeof text - 1, &count, NULL));
    assert_int_equal(count, 5);
    assert_false(utf8_count(text, 5, &count, &valid)); /* the third character is cut */
    assert_int_equal(count, 2);
    assert_int_equal(valid, 3);
}

/* A byte that is no UTF-8, and one of two bytes, at each place of a text that is else ASCII. */
static void test_ascii_runs(void **state)
{
    for (size_t length = 0; length < 40; length++) {
        for (size_t at = 0; at < length; at++) {
            unsigned char text[40];
            size_t count, valid;
            memset(text, 'x', sizeof text);
            assert_int_equal(utf8_ascii(text, length), length);
            text[at] = 0xff;
            assert_int_equal(utf8_ascii(text, length), at);
            assert_false(utf8_count(text, length, &count, &valid));
            assert_true(count == at && valid == at);
            text[at] = 0xc3;
            if (at + 1 == length)
                continue;
            text[at + 1] = 0xa9;
            assert_true(utf8_count(text, length, &count, &valid));
            assert_true(count == length - 1 && valid == length);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_scalar_value_and_back),
        cmocka_unit_test(test_ill_formed),
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_ascii_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
