/* The resolv.conf of a network in user mode: what of a host's file (resolv.conf(5)) stands in it, and what is
 * forwarded. */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include "names/names.h"

static const struct names_reach both = { .wish = NAMES_WALLED, .has_four = true, .has_six = true };

static struct names compose(const char *text, struct names_reach reach)
{
    struct names names;
    names_compose(text, NAMES_OF_PASTA, reach, &names);
    return names;
}

static void what_can_be_reached_stays(void **state)
{
    struct names names = compose("nameserver 203.0.113.1\nnameserver\t2001:db8:1::1\nnameserver fe80::1%up0\n", both);
    assert_string_equal(names.text, "nameserver 203.0.113.1\nnameserver 2001:db8:1::1\nnameserver fe80::1%up0\n");
    assert_string_equal(names.four, "");
    assert_string_equal(names.six, "");
}

static void what_cannot_is_forwarded(void **state)
{
    static const char *const four[] = { "127.0.0.53", "127.0.0.1", "169.254.169.254", "169.254.0.1",
                                        "100.100.100.200" };
    static const char *const six[] = { "::1", "fd00:ec2::253", "fd20:ce::254", "fe80::a9fe:a9fe%up0" };
    char text[64];
    for (size_t i = 0; i < sizeof(four) / sizeof(four[0]); i++) {
        snprintf(text, sizeof(text), "nameserver %s\n", four[i]);
        struct names names = compose(text, both);
        assert_string_equal(names.text, "nameserver " NAMES_FORWARD_FOUR "\noptions edns0\n");
        assert_string_equal(names.four, four[i]);
        assert_string_equal(names.six, "");
    }
    for (size_t i = 0; i < sizeof(six) / sizeof(six[0]); i++) {
        snprintf(text, sizeof(text), "nameserver %s\n", six[i]);
        struct names names = compose(text, both);
        assert_string_equal(names.text, "nameserver " NAMES_FORWARD_SIX "\noptions edns0\n");
        assert_string_equal(names.four, "");
        assert_memory_equal(names.six, six[i], strcspn(six[i], "%") + (strchr(six[i], '%') == NULL));
    }
}

/* pasta forwards to the first server of its file that it can read, one for each version. */
static void only_what_pasta_finds_first_is_forwarded(void **state)
{
    struct names names = compose("nameserver 203.0.113.1\nnameserver 127.0.0.53\nnameserver ::1\n", both);
    assert_string_equal(names.text, "nameserver 203.0.113.1\nnameserver " NAMES_FORWARD_SIX "\noptions edns0\n");
    assert_string_equal(names.four, "");
    assert_string_equal(names.six, "::1");
    static const char *const unread[] = { "nameserver\t127.0.0.53\n", "nameserver 127.0.0.53 # here\n",
                                          "nameserver 127.0.0.53 \n", "nameserver \t127.0.0.53\n" };
    for (size_t i = 0; i < sizeof(unread) / sizeof(unread[0]); i++) {
        names = compose(unread[i], both);
        assert_string_equal(names.text, "");
        assert_string_equal(names.four, "");
    }
    names_compose("nameserver 127.0.0.53\nnameserver 203.0.113.1\n", NAMES_OF_ANOTHER, both, &names);
    assert_string_equal(names.text, "nameserver 203.0.113.1\n");
    assert_string_equal(names.four, "");
}

static void a_version_without_a_way_out_is_not_carried(void **state)
{
    struct names_reach six = { .wish = NAMES_WALLED, .has_six = true };
    struct names names = compose("nameserver 127.0.0.53\nnameserver 203.0.113.1\nnameserver 2001:db8:1::1\n", six);
    assert_string_equal(names.text, "nameserver 2001:db8:1::1\n");
    assert_string_equal(names.four, "");
}

static void metadata_services_are_reached_where_that_is_granted(void **state)
{
    struct names_reach reach = both;
    reach.wish = NAMES_WITH_METADATA;
    struct names names = compose("nameserver 169.254.169.254\n", reach);
    assert_string_equal(names.text, "nameserver 169.254.169.254\n");
    assert_string_equal(names.four, "");
    names = compose("nameserver 127.0.0.53\n", reach);
    assert_string_equal(names.four, "127.0.0.53");
}

static void what_is_no_server_is_none(void **state)
{
    static const char *const texts[] = {
        "",
        "\n\n",
        "nameserver",
        "nameserver \n",
        "nameserver 0.0.0.0\nnameserver ::\n",
        "nameserver example.org\nnameserver 1.2.3\nnameserver 1.2.3.4.5\n",
        " nameserver 203.0.113.1\n",
        "#nameserver 203.0.113.1\n; nameserver 203.0.113.1\n",
        "nameservers 203.0.113.1\n",
        "nameserver 203.0.113.1\033[2J\n",
        "search example.org\noptions edns0\n",
        "nameserver 111111111111111111111111111111111111111111111111111111111111111111111111111111111111111\n",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_string_equal(compose(texts[i], both).text, "");
}

/* The last search list counts; all options do. A forwarded server has no TCP, so its long answers
 * must come by UDP. */
static void other_lines_are_kept(void **state)
{
    struct names names =
        compose("domain old.example\nsearch a.example b.example\noptions edns0 use-vc\nsortlist 10.0.0.0\n"
                "nameserver 203.0.113.1\noptions\ttimeout:2",
                both);
    assert_string_equal(names.text,
                        "nameserver 203.0.113.1\nsearch a.example b.example\noptions timeout:2 edns0 use-vc\n");
    names = compose("nameserver 127.0.0.53\noptions use-vc trust-ad use-vc use-vcx\n", both);
    assert_string_equal(names.text, "nameserver " NAMES_FORWARD_FOUR "\noptions trust-ad use-vcx edns0\n");
}

/* No more than three servers, as resolv.conf(5) has it, and no more than the text holds. */
static void it_is_bounded(void **state)
{
    char text[16384] = "";
    for (int i = 1; i < 100; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text),
                 "nameserver 203.0.113.%d\noptions option-number-%d\n", i, i);
    snprintf(text + strlen(text), sizeof(text) - strlen(text), "search %01000d\n", 7);
    struct names names = compose(text, both);
    assert_non_null(strstr(names.text, "nameserver 203.0.113.3\n"));
    assert_null(strstr(names.text, "nameserver 203.0.113.4\n"));
    assert_non_null(strstr(names.text, "00007\n"));
    assert_true(strlen(names.text) < sizeof(names.text) - 1);
    assert_int_equal(names.text[strlen(names.text) - 1], '\n');
    snprintf(text, sizeof(text), "nameserver 203.0.113.1\nsearch %01100d\nnameserver 203.0.113.2\n", 7);
    assert_string_equal(compose(text, both).text, "nameserver 203.0.113.1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_can_be_reached_stays),
        cmocka_unit_test(what_cannot_is_forwarded),
        cmocka_unit_test(only_what_pasta_finds_first_is_forwarded),
        cmocka_unit_test(a_version_without_a_way_out_is_not_carried),
        cmocka_unit_test(metadata_services_are_reached_where_that_is_granted),
        cmocka_unit_test(what_is_no_server_is_none),
        cmocka_unit_test(other_lines_are_kept),
        cmocka_unit_test(it_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
