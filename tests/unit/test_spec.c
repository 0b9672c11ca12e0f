/* The specification: storing, reading, checking, grants and identity. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spec/spec.h"

static const esq_location here = { "web.scm", 9, 12 };

static void set(esq_spec *spec, const char *field, const char *value)
{
    assert_int_equal(esq_spec_set(spec, field, value, &here, NULL), 0);
}

static void add(esq_spec *spec, const char *field, const char *first, const char *second, const char *third)
{
    const char *words[] = { first, second, third };
    size_t count = third ? 3 : second ? 2 : 1;
    assert_int_equal(esq_spec_add(spec, field, words, count, &here, NULL), 0);
}

static void defaults_are_the_safe_ones(void **state)
{
    esq_spec *spec = esq_spec_new();
    assert_string_equal(spec_text(spec, SPEC_ROOTFS_MODE), "read-only");
    assert_string_equal(spec_text(spec, SPEC_SECCOMP), "standard");
    assert_string_equal(spec_text(spec, SPEC_LANDLOCK), "standard");
    assert_string_equal(spec_text(spec, SPEC_NETWORK), "none");
    assert_string_equal(spec_text(spec, SPEC_NO_NEW_PRIVILEGES), "yes");
    assert_string_equal(spec_text(spec, SPEC_USER), "0:0");
    assert_string_equal(spec_text(spec, SPEC_MEMORY), "");
    static const char *const names[] = { "user", "mount", "pid", "uts", "ipc", "net", "cgroup" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_true(spec_has_namespace(spec, names[i]));
    assert_int_equal(esq_spec_grants(spec, NULL, 0), 0);
    esq_spec_free(spec);
}

static void a_field_is_replaced_a_list_grows(void **state)
{
    esq_spec *spec = esq_spec_new();
    size_t count;
    set(spec, "hostname", "one");
    set(spec, "hostname", "two");
    assert_string_equal(spec_text(spec, SPEC_HOSTNAME), "two");
    assert_int_equal(spec_where(spec, SPEC_HOSTNAME)->line, 9);
    assert_string_equal(spec_where(spec, SPEC_HOSTNAME)->file, "web.scm");
    add(spec, "command", "a", "b", NULL);
    add(spec, "command", "c", NULL, NULL);
    assert_int_equal(spec_items(spec, SPEC_COMMAND, &count)[1].count, 1);
    assert_int_equal(count, 2);
    esq_spec_free(spec);
}

static void what_is_no_field_is_refused(void **state)
{
    esq_spec *spec = esq_spec_new();
    esq_error error;
    const char *words[] = { "x" };
    assert_int_equal(esq_spec_set(spec, "host-name", "x", &here, &error), -EINVAL);
    assert_string_equal(error.file, "web.scm");
    assert_int_equal(error.line, 9);
    assert_int_equal(error.column, 12);
    assert_int_equal(error.exit_status, 125);
    assert_int_equal(esq_spec_set(spec, "command", "x", NULL, &error), -EINVAL);
    assert_int_equal(esq_spec_add(spec, "hostname", words, 1, NULL, &error), -EINVAL);
    assert_int_equal(esq_spec_set_fd(spec, "stdin", -1, NULL, &error), -EBADF);
    esq_spec_free(spec);
}

/* A description is a stranger's program: it cannot make us hold without end. */
static void what_is_too_much_is_refused(void **state)
{
    esq_spec *spec = esq_spec_new();
    const char *word = "x";
    char *large = malloc(SPEC_WORD_MAX + 1);
    memset(large, 'x', SPEC_WORD_MAX);
    large[SPEC_WORD_MAX] = '\0';
    assert_int_equal(esq_spec_set(spec, "hostname", large, NULL, NULL), -E2BIG);
    for (int i = 0; i < SPEC_ITEMS_MAX; i++)
        assert_int_equal(esq_spec_add(spec, "command", &word, 1, NULL, NULL), 0);
    assert_int_equal(esq_spec_add(spec, "command", &word, 1, NULL, NULL), -E2BIG);
    const char *words[1] = { large + 1 };
    int result = 0;
    for (int i = 0; i < 64 && result == 0; i++)
        result = esq_spec_add(spec, "best-effort", words, 1, NULL, NULL);
    assert_int_equal(result, -E2BIG);
    free(large);
    esq_spec_free(spec);
}

static void numbers_and_users_are_read_strictly(void **state)
{
    uint64_t number;
    uint32_t uid, gid;
    assert_true(spec_parse_number("18446744073709551615", &number));
    assert_true(number == UINT64_MAX);
    assert_false(spec_parse_number("18446744073709551616", &number));
    assert_false(spec_parse_number("", &number));
    assert_false(spec_parse_number("-1", &number));
    assert_false(spec_parse_number(" 1", &number));
    assert_false(spec_parse_number("1K", &number));
    assert_true(spec_parse_user("1000:33", &uid, &gid));
    assert_int_equal(uid, 1000);
    assert_int_equal(gid, 33);
    assert_false(spec_parse_user("4294967295:0", &uid, &gid));
    assert_false(spec_parse_user("0", &uid, &gid));
    assert_false(spec_parse_user("0:", &uid, &gid));
    assert_false(spec_parse_user("00000000000000000000000000000000:0", &uid, &gid));
}

/* All problems at once, each with its place. */
static void every_problem_is_found(void **state)
{
    static const char *const wrong[][2] = {
        { "name", "UPPER" },        { "rootfs", "relative" },
        { "rootfs-mode", "maybe" }, { "user", "root" },
        { "time", "soon" },         { "cpus", "1/2/3/x" },
        { "masks", "true" },        { "working-directory", "/a/../b" },
        { "open-files", "0" },      { "seccomp", "permissive2" },
        { "memory", "1G" },
    };
    esq_spec *spec = esq_spec_new();
    esq_error problems[32];
    size_t count = sizeof(wrong) / sizeof(wrong[0]);
    for (size_t i = 0; i < count; i++)
        set(spec, wrong[i][0], wrong[i][1]);
    assert_int_equal(esq_spec_check(spec, problems, 32), count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(problems[i].file, "web.scm");
        assert_int_equal(problems[i].line, 9);
    }
    assert_int_equal(esq_spec_check(spec, NULL, 0), count);
    esq_spec_free(spec);
}

static void facilities_find_problems_too(void **state)
{
    esq_spec *spec = esq_spec_new();
    esq_error problems[16];
    set(spec, "rootfs", "/");
    add(spec, "command", "true", NULL, NULL);
    assert_int_equal(esq_spec_check(spec, problems, 16), 0);
    add(spec, "mounts", "bind", "relative", "/x");
    add(spec, "mounts", "bind", "/x", "/a/../b");
    add(spec, "mounts", "tmpfs", "/x", "size=big");
    add(spec, "mounts", "overlay", "/x", NULL);
    add(spec, "namespaces", "user", "mount", "clock");
    add(spec, "environment", "A=B", "x", NULL);
    add(spec, "environment", "A", NULL, NULL);
    assert_int_equal(esq_spec_check(spec, problems, 16), 7);
    esq_spec_free(spec);
}

static bool has_grant(const esq_grant *grants, ssize_t count, const char *flag, const char *value)
{
    for (ssize_t i = 0; i < count; i++)
        if (strcmp(grants[i].flag, flag) == 0 && strcmp(grants[i].value, value) == 0 && grants[i].where.line == 9)
            return true;
    return false;
}

/* What lies beneath the description's folder needs no grant; symbolic links do not lead out of it unseen. */
static void grants_are_listed(void **state)
{
    char folder[] = "/tmp/esquema-spec-XXXXXX", path[128], outside[128];
    esq_grant grants[32];
    assert_non_null(mkdtemp(folder));
    esq_spec *spec = esq_spec_new();
    set(spec, "folder", folder);
    set(spec, "rootfs", folder);
    add(spec, "mounts", "bind", folder, "/in");
    assert_int_equal(esq_spec_grants(spec, grants, 32), 0);

    snprintf(outside, sizeof(outside), "%s/link", folder);
    assert_int_equal(symlink("/etc", outside), 0);
    snprintf(path, sizeof(path), "%s2", folder); /* begins alike, lies elsewhere */
    add(spec, "mounts", "bind", outside, "/etc");
    add(spec, "mounts", "bind", path, "/b");
    const char *writable[] = { "bind", folder, "/w", "writable" };
    assert_int_equal(esq_spec_add(spec, "mounts", writable, 4, &here, NULL), 0);
    set(spec, "network", "host");
    set(spec, "seccomp", "none");
    set(spec, "masks", "no");
    add(spec, "best-effort", "memory", "landlock-scopes", NULL);
    add(spec, "namespaces", "user", "mount", "net");
    ssize_t count = esq_spec_grants(spec, grants, 32);
    assert_true(has_grant(grants, count, "host-path", "/etc"));
    assert_true(has_grant(grants, count, "host-path", path));
    assert_true(has_grant(grants, count, "writable-path", folder));
    assert_true(has_grant(grants, count, "network", "host"));
    assert_true(has_grant(grants, count, "wall", "seccomp"));
    assert_true(has_grant(grants, count, "wall", "masks"));
    assert_true(has_grant(grants, count, "wall", "pid"));
    assert_true(has_grant(grants, count, "wall", "uts"));
    assert_true(has_grant(grants, count, "best-effort", "memory"));
    assert_true(has_grant(grants, count, "best-effort", "landlock-scopes"));
    assert_false(has_grant(grants, count, "wall", "user"));
    unlink(outside);
    rmdir(folder);
    esq_spec_free(spec);
}

static void identity_is_of_what_was_said(void **state)
{
    unsigned char first[32], second[32];
    const char *words[] = { "ab", "c" }, *others[] = { "a", "bc" };
    esq_spec *one = esq_spec_new(), *two = esq_spec_new();
    esq_spec_add(one, "command", words, 2, &here, NULL);
    esq_spec_add(two, "command", words, 2, NULL, NULL);
    set(one, "hostname", "h");
    esq_spec_set(two, "hostname", "h", NULL, NULL);
    assert_int_equal(esq_spec_hash(one, first), 0);
    assert_int_equal(esq_spec_hash(two, second), 0);
    assert_memory_equal(first, second, 32); /* locations do not count */
    esq_spec_free(two);
    two = esq_spec_new();
    esq_spec_add(two, "command", others, 2, NULL, NULL);
    set(two, "hostname", "h");
    assert_int_equal(esq_spec_hash(two, second), 0);
    assert_memory_not_equal(first, second, 32); /* where one word ends and the next begins does */
    esq_spec_free(one);
    esq_spec_free(two);
}

/* Nor do arrays without room, whose address nobody looks at. */
static void nothing_to_free_does_no_harm(void **state)
{
    (void)state;
    esq_spec *spec = esq_spec_new();
    assert_true(esq_spec_check(spec, NULL, 0) > 0);
    assert_int_equal(esq_spec_grants(spec, NULL, 0), 0);
    esq_spec_free(spec);
    esq_spec_free(NULL);
    esq_plan_free(NULL);
    esq_container_free(NULL);
    esq_store_free(NULL);
    esq_kept_done(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_the_safe_ones),          cmocka_unit_test(a_field_is_replaced_a_list_grows),
        cmocka_unit_test(what_is_no_field_is_refused),         cmocka_unit_test(what_is_too_much_is_refused),
        cmocka_unit_test(numbers_and_users_are_read_strictly), cmocka_unit_test(every_problem_is_found),
        cmocka_unit_test(facilities_find_problems_too),        cmocka_unit_test(grants_are_listed),
        cmocka_unit_test(identity_is_of_what_was_said),        cmocka_unit_test(nothing_to_free_does_no_harm),
    };
    return cmocka_run_group_tests_name("spec", tests, NULL, NULL);
}
