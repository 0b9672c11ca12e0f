/* What may be shown on a terminal and what may not: ECMA-48 control functions, Unicode's bidirectional controls. */
#include "unit.h"
#include "base/plain.h"

#include <string.h>

static void make(const char *text, const char *wanted)
{
    char copy[64];
    strcpy(copy, text);
    plain_make(copy);
    assert_string_equal(copy, wanted);
}

static void test_plain_stays(void **state)
{
    (void)state;
    make("", "");
    make("a\tb ~", "a\tb ~");
    make("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
    make("\xc2\xa0", "\xc2\xa0"); /* the first character behind the C1 controls */
}

static void test_controls_go(void **state)
{
    (void)state;
    make("\x1b[31m", "?[31m");
    make("a\nb\rc", "a?b?c");
    make("\x07\x7f", "??");
    make("\xc2\x9b"
         "31m",
         "??31m"); /* CSI in one character */
    make("\xc2\x80\xc2\x9f", "????");
}

static void test_turning_goes(void **state)
{
    (void)state;
    make("a\xe2\x80\xae"
         "b",
         "a???b"); /* right-to-left override */
    make("\xe2\x81\xa6\xe2\x81\xa9", "??????");
    make("\xe2\x80\xa8\xd8\x9c", "?????");
}

static void test_broken_goes(void **state)
{
    (void)state;
    make("\x9b"
         "31m",
         "?31m");
    make("a\xe2\x82", "a??"); /* cut at the end */
    make("\xff\xc0\x80", "???");
}

/* Unicode: East_Asian_Width W and F, general category Mn. */
static void test_width(void **state)
{
    (void)state;
    assert_int_equal(plain_width("a"), 1);
    assert_int_equal(plain_width("\xc3\xa4"), 1);
    assert_int_equal(plain_width("\xcc\x81"), 0);     /* combining acute accent */
    assert_int_equal(plain_width("\xe6\x97\xa5"), 2); /* U+65E5 */
    assert_int_equal(plain_width("\xef\xbc\xa1"), 2); /* fullwidth A */
    assert_int_equal(plain_width("\xf0\x9f\x98\x80"), 2);
    assert_int_equal(plain_width("\xe2\x82\xac"), 1); /* euro sign */
    assert_int_equal(plain_width("\xff"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_stays), cmocka_unit_test(test_controls_go), cmocka_unit_test(test_turning_goes),
        cmocka_unit_test(test_broken_goes), cmocka_unit_test(test_width),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
