/* Which part of a line is shown: the place must be in it, and the column that it begins with must be right. */
#include "unit.h"
#include "base/excerpt.h"

#include <string.h>

enum { ROOM = 400, SIZE = 20000 };

static void test_bytes_of_columns(void **state)
{
    (void)state;
    assert_int_equal(excerpt_byte("abc", 3, 1), 0);
    assert_int_equal(excerpt_byte("abc", 3, 3), 2);
    assert_int_equal(excerpt_byte("abc", 3, 4), 3);
    assert_int_equal(excerpt_byte("abc", 3, 9), 3);
    assert_int_equal(excerpt_byte("\xe6\x97\xa5-", 4, 2), 3);
    assert_int_equal(excerpt_byte("", 0, 5), 0);
}

/* A line of `count` characters, each written as `character`. */
static void look(const char *character, size_t count)
{
    static char line[SIZE];
    size_t size = strlen(character), length = size * count;
    for (size_t i = 0; i < count; i++)
        memcpy(line + i * size, character, size);
    for (uint32_t column = 1; column <= count; column++) {
        uint32_t first = 0;
        size_t start = excerpt_start(line, length, column, ROOM, &first), place = (column - 1) * size;
        assert_int_equal(start, (first - 1) * size); /* at the beginning of a character */
        assert_in_range(first, 1, column);
        assert_in_range(place, start, start + ROOM - size); /* the place is in it */
        if (place < ROOM / 4)
            assert_int_equal(start, 0);
    }
}

static void test_place_is_shown(void **state)
{
    (void)state;
    look("a", 2000);
    look("\xc3\xa4", 1000);
    look("\xe6\x97\xa5", 1000);
    look("\xf0\x9f\x98\x80", 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_of_columns),
        cmocka_unit_test(test_place_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
