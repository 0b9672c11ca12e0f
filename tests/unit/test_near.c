/* Words that were meant: near_distance is the number of letters left out, put in, changed or exchanged. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include "base/near.h"

static unsigned apart(const char *a, const char *b)
{
    return near_distance(a, strlen(a), b, strlen(b));
}

static void test_distance(void **state)
{
    (void)state;
    assert_int_equal(apart("", ""), 0);
    assert_int_equal(apart("", "abc"), 3);
    assert_int_equal(apart("length", "length"), 0);
    assert_int_equal(apart("lenght", "length"), 1); /* exchanged */
    assert_int_equal(apart("lngth", "length"), 1);  /* left out */
    assert_int_equal(apart("lenngth", "length"), 1);
    assert_int_equal(apart("lemgth", "length"), 1);
    assert_int_equal(apart("kitten", "sitting"), 3);
}

static const char *meant(const char *wanted, const char *const *words)
{
    struct near near = near_begin(wanted, strlen(wanted));
    for (; *words; words++)
        near_consider(&near, *words);
    return near.found;
}

static void test_search(void **state)
{
    (void)state;
    static const char *const words[] = { "check", "expand", "stages", "run", NULL };
    assert_string_equal(meant("chekc", words), "check");
    assert_string_equal(meant("stage", words), "stages");
    assert_null(meant("x", words)); /* anything is near to so short a word */
    assert_null(meant("compile", words));
    char text[200];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = 0;
    assert_null(meant(text, words));
    const char *const longs[] = { text, NULL };
    assert_null(meant("check", longs));
}

static const char *meant_option(const char *wanted, const char *const *words)
{
    struct near near = near_begin(wanted, strlen(wanted));
    for (; *words; words++)
        near_consider_option(&near, *words);
    return near.found;
}

static void test_options(void **state)
{
    (void)state;
    static const char *const words[] = { "--time", "--ro", "--memory", "--output", NULL };
    assert_string_equal(meant_option("--timeout", words), "--time");
    assert_string_equal(meant_option("--mem", words), "--memory");
    assert_string_equal(meant_option("--output-size", words), "--output");
    assert_string_equal(meant_option("--tine", words), "--time");
    assert_null(meant_option("--", words));
    assert_null(meant_option("--network", words));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_distance), cmocka_unit_test(test_search),
                                        cmocka_unit_test(test_options) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
