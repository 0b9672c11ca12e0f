/* The names of what users keep: 1 to 63 of a-z 0-9 _ . -, beginning with a-z or 0-9. */
#include "unit.h"
#include "base/name.h"

#include <string.h>

static void test_good_names(void **state)
{
    (void)state;
    char longest[64];
    memset(longest, 'a', 63);
    longest[63] = '\0';
    assert_true(name_is_valid("a"));
    assert_true(name_is_valid("0"));
    assert_true(name_is_valid("web_1.old-z"));
    assert_true(name_is_valid(longest));
}

static void test_what_is_no_name(void **state)
{
    (void)state;
    static const char *const bad[] = { "", ".", "..", "-a", "_a", ".a", "A", "a/b", "a b", "a\n", "a\xc3\xa4" };
    char too_long[65];
    memset(too_long, 'a', 64);
    too_long[64] = '\0';
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(name_is_valid(bad[i]));
    assert_false(name_is_valid(too_long));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_names),
        cmocka_unit_test(test_what_is_no_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
