/* Subordinate ids: what files of the host give, and the maps that are made of it (user_namespaces(7), subuid(5)). */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ns/ids.h"

static bool find_in(const char *text, uint32_t uid, uint32_t *ret_first, uint32_t *ret_count)
{
    char path[] = "/tmp/test-ids-XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    fputs(text, file);
    fclose(file);
    bool is_found = ids_find_range(path, uid, ret_first, ret_count);
    unlink(path);
    return is_found;
}

static void ranges_are_found_by_number_and_name(void **state)
{
    uint32_t first = 0, count = 0;
    assert_true(find_in("nobody-else:5:6\n4242:100000:65536\n", 4242, &first, &count));
    assert_int_equal(first, 100000);
    assert_int_equal(count, 65536);
    assert_true(find_in("root:7000:100\n", 0, &first, &count));
    assert_int_equal(first, 7000);
    assert_false(find_in("root:7000:100\n", 4242, &first, &count));
    assert_false(find_in("42420:7000:100\n4:1:2\n", 4242, &first, &count));
}

static void what_is_no_range_is_none(void **state)
{
    uint32_t first, count;
    assert_false(find_in("", 4242, &first, &count));
    assert_false(find_in("4242\n", 4242, &first, &count));
    assert_false(find_in("4242:\n4242:1\n4242:x:9\n", 4242, &first, &count));
    assert_false(find_in("4242:100:0\n", 4242, &first, &count));
    assert_false(find_in("4242:0:100\n", 4242, &first, &count)); /* the host's root is nobody's subordinate */
    assert_false(find_in("4242:4294967000:65536\n", 4242, &first, &count));
    assert_false(ids_find_range("/nonexistent", 4242, &first, &count));
}

static void the_own_id_stands_where_it_is_wanted(void **state)
{
    char text[160];
    ids_write_map(text, sizeof(text), 0, 1000, 100000, 65536);
    assert_string_equal(text, "0 1000 1\n1 100000 65536\n");
    ids_write_map(text, sizeof(text), 500, 1000, 100000, 65536);
    assert_string_equal(text, "0 100000 500\n500 1000 1\n501 100500 65036\n");
    ids_write_map(text, sizeof(text), 10, 1000, 100000, 10);
    assert_string_equal(text, "0 100000 10\n10 1000 1\n");
    ids_write_map(text, sizeof(text), 1073741824, 4294967294u, 4294967290u, 1073741825);
    assert_true(strlen(text) < sizeof(text) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_are_found_by_number_and_name),
        cmocka_unit_test(what_is_no_range_is_none),
        cmocka_unit_test(the_own_id_stands_where_it_is_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
