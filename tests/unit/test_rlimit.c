/*
 * Limits of a process: their ranges, what the child really gets, and that a core is never dumped.
 */
#include "facility.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include "rlimit/rlimit.h"

static size_t count_problems(const char *field, const char *value)
{
    esq_spec *spec = esq_spec_new();
    size_t count;

    facility_set(spec, field, value);
    count = facility_count_problems(spec, rlimit_check, NULL);
    esq_spec_free(spec);
    return count;
}

static void ranges_are_checked(void **state)
{
    (void)state;
    assert_int_equal(count_problems("open-files", "16"), 0);
    assert_int_equal(count_problems("open-files", "15"), 1);
    assert_int_equal(count_problems("open-files", "0"), 1);
    assert_int_equal(count_problems("open-files", "1048577"), 1);
    assert_int_equal(count_problems("stack-size", "4096"), 1);
    assert_int_equal(count_problems("stack-size", "1048576"), 0);
    assert_int_equal(count_problems("file-size", "0"), 0);
    assert_int_equal(count_problems("cpu-time", "1"), 0);
}

static void probe_hard_limit(const void *argument)
{
    struct rlimit low = { 256, 256 };

    (void)argument;
    EXPECT(setrlimit(RLIMIT_NOFILE, &low) == 0);
    EXPECT(count_problems("open-files", "256") == 0);
    EXPECT(count_problems("open-files", "257") == 1);
}

static void more_than_the_hard_limit_is_said_before(void **state)
{
    (void)state;
    assert_int_equal(facility_in_child(probe_hard_limit, NULL), 0);
}

static void probe_limits(const void *argument)
{
    struct child child = { 0 };
    struct rlimit limit;

    facility_enter_user_namespace(0);
    EXPECT(facility_apply(argument, rlimit_apply, &child) == 0);
    EXPECT(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == 64 && limit.rlim_max == 64);
    EXPECT(getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0 && limit.rlim_max == 0);
    EXPECT(getrlimit(RLIMIT_CPU, &limit) == 0 && limit.rlim_cur == 2 && limit.rlim_max == 3);
    EXPECT(getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur == 1000);
    limit = (struct rlimit){ 65, 65 };
    EXPECT(setrlimit(RLIMIT_NOFILE, &limit) == -1 && errno == EPERM);
}

static void limits_hold(void **state)
{
    esq_spec *spec = esq_spec_new();
    struct facility_plan plan;

    (void)state;
    facility_set(spec, "open-files", "64");
    facility_set(spec, "cpu-time", "1001"); /* milliseconds, rounded up */
    facility_set(spec, "file-size", "1000");
    plan = facility_make_plan(spec, rlimit_plan);
    assert_int_equal(plan.result, 0);
    assert_int_equal(facility_count_steps(&plan), 4);
    assert_string_equal(facility_text(&plan, 0), "at most 64 open files");
    assert_int_equal(facility_in_child(probe_limits, &plan), 0);
    facility_free_plan(&plan);
    esq_spec_free(spec);
}

static void a_core_is_never_dumped_by_default(void **state)
{
    esq_spec *spec = esq_spec_new();
    struct facility_plan plan = facility_make_plan(spec, rlimit_plan);
    const struct rlimit_step *data = facility_data(&plan, 0);

    (void)state;
    assert_int_equal(facility_count_steps(&plan), 1);
    assert_int_equal(data->resource, RLIMIT_CORE);
    assert_int_equal(data->soft, 0);
    assert_int_equal(data->hard, 0);
    facility_free_plan(&plan);
    esq_spec_free(spec);
}

static void probe_spinning(const void *argument)
{
    struct child child = { 0 };

    facility_enter_user_namespace(0);
    EXPECT(facility_apply(argument, rlimit_apply, &child) == 0);
    for (volatile unsigned long i = 0;; i++)
        ;
}

static void processor_time_ends_with_its_own_signal(void **state)
{
    esq_spec *spec = esq_spec_new();
    struct facility_plan plan;

    (void)state;
    facility_set(spec, "cpu-time", "1000");
    plan = facility_make_plan(spec, rlimit_plan);
    assert_int_equal(facility_in_child(probe_spinning, &plan), 1000 + SIGXCPU);
    facility_free_plan(&plan);
    esq_spec_free(spec);
}

static void probe_too_much(const void *argument)
{
    struct child child = { 0 };
    struct rlimit low = { 32, 32 };

    facility_enter_user_namespace(0);
    EXPECT(setrlimit(RLIMIT_NOFILE, &low) == 0);
    EXPECT(facility_apply(argument, rlimit_apply, &child) == -EPERM);
    EXPECT(strcmp(child.detail, "set the limit") == 0);
}

static void a_failure_says_what(void **state)
{
    esq_spec *spec = esq_spec_new();
    struct facility_plan plan;

    (void)state;
    facility_set(spec, "open-files", "64");
    plan = facility_make_plan(spec, rlimit_plan);
    assert_int_equal(facility_in_child(probe_too_much, &plan), 0);
    facility_free_plan(&plan);
    esq_spec_free(spec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_are_checked),
        cmocka_unit_test(more_than_the_hard_limit_is_said_before),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(a_core_is_never_dumped_by_default),
        cmocka_unit_test(processor_time_ends_with_its_own_signal),
        cmocka_unit_test(a_failure_says_what),
    };
    return cmocka_run_group_tests_name("rlimit", tests, NULL, NULL);
}
