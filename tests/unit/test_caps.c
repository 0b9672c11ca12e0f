/*
 * Capabilities: all five sets as /proc tells them, the locks on uid 0, what a kept one can do, and names.
 */
#include "facility.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>

#include "caps/caps.h"

static void names_are_capabilities(void **state)
{
    (void)state;
    assert_int_equal(caps_find("chown"), CAP_CHOWN);
    assert_int_equal(caps_find("net_bind_service"), CAP_NET_BIND_SERVICE);
    assert_int_equal(caps_find("net-bind-service"), CAP_NET_BIND_SERVICE);
    assert_int_equal(caps_find("CAP_SYS_ADMIN"), CAP_SYS_ADMIN);
    assert_int_equal(caps_find("cap_checkpoint_restore"), CAP_CHECKPOINT_RESTORE);
    assert_int_equal(caps_find("kill"), CAP_KILL);
    assert_int_equal(caps_find(""), -1);
    assert_int_equal(caps_find("cap_"), -1);
    assert_int_equal(caps_find("all"), -1);
    assert_int_equal(caps_find("sys_admin_and_a_very_long_tail_of_letters"), -1);
}

static void wrong_names_are_problems(void **state)
{
    esq_spec *spec = esq_spec_new();
    esq_error first;

    (void)state;
    assert_int_equal(facility_count_problems(spec, caps_check, NULL), 0);
    facility_add(spec, "capabilities", "net_raw", "everything");
    assert_int_equal(facility_count_problems(spec, caps_check, &first), 1);
    assert_non_null(strstr(first.text, "everything"));
    esq_spec_free(spec);
}

static void walls_need_no_new_privileges(void **state)
{
    esq_spec *spec = esq_spec_new();

    (void)state;
    facility_set(spec, "no-new-privileges", "no");
    assert_int_equal(facility_count_problems(spec, caps_check, NULL), 1);
    facility_set(spec, "seccomp", "none");
    assert_int_equal(facility_count_problems(spec, caps_check, NULL), 1);
    facility_set(spec, "landlock", "none");
    assert_int_equal(facility_count_problems(spec, caps_check, NULL), 0);
    esq_spec_free(spec);
}

static uint64_t read_set(const char *name)
{
    char line[256];
    uint64_t value = 1;
    FILE *file = fopen("/proc/self/status", "r");

    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
            value = strtoull(line + strlen(name) + 1, NULL, 16);
    }
    EXPECT(file != NULL);
    fclose(file);
    return value;
}

static void expect_sets(uint64_t keep)
{
    EXPECT(read_set("CapInh") == keep);
    EXPECT(read_set("CapPrm") == keep);
    EXPECT(read_set("CapEff") == keep);
    EXPECT(read_set("CapBnd") == keep);
    EXPECT(read_set("CapAmb") == keep);
}

static void probe_nothing_is_left(const void *argument)
{
    struct child child = { 0 };
    int bits;

    facility_enter_user_namespace(0);
    EXPECT(read_set("CapEff") != 0); /* the positive control: without the step there is everything */
    EXPECT(facility_apply(argument, caps_apply, &child) == 0);
    expect_sets(0);
    EXPECT(read_set("NoNewPrivs") == 1);
    bits = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
    EXPECT(bits & SECBIT_NOROOT && bits & SECBIT_NOROOT_LOCKED && bits & SECBIT_NO_SETUID_FIXUP_LOCKED);
    EXPECT(bits & SECBIT_KEEP_CAPS_LOCKED && bits & SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED);
    EXPECT(prctl(PR_SET_SECUREBITS, 0, 0, 0, 0) == -1 && errno == EPERM);
    EXPECT(sethostname("x", 1) == -1 && errno == EPERM);
}

static void probe_root_stays_powerless_through_exec(const void *argument)
{
    struct child child = { 0 };

    facility_enter_user_namespace(0);
    EXPECT(facility_apply(argument, caps_apply, &child) == 0);
    execl("/bin/grep", "grep", "-q", "^CapEff:.0000000000000000$", "/proc/self/status", NULL);
    _exit(99);
}

static void no_capability_is_left(void **state)
{
    esq_spec *spec = esq_spec_new();
    struct facility_plan plan = facility_make_plan(spec, caps_plan);

    (void)state;
    assert_int_equal(plan.result, 0);
    assert_int_equal(facility_count_steps(&plan), 2);
    assert_int_equal(facility_step(&plan, 0)->kind, STEP_CAPABILITIES);
    assert_int_equal(facility_step(&plan, 1)->kind, STEP_NO_NEW_PRIVILEGES);
    assert_int_equal(facility_in_child(probe_nothing_is_left, &plan), 0);
    assert_int_equal(facility_in_child(probe_root_stays_powerless_through_exec, &plan), 0);
    facility_free_plan(&plan);
    esq_spec_free(spec);
}

static void probe_kept(const void *argument)
{
    struct child child = { 0 };

    facility_enter_user_namespace(1000);
    EXPECT(unshare(CLONE_NEWUTS) == 0);
    EXPECT(facility_apply(argument, caps_apply, &child) == 0);
    expect_sets(1ull << CAP_NET_RAW | 1ull << CAP_SYS_ADMIN);
    EXPECT(sethostname("x", 1) == 0);
    execl("/bin/grep", "grep", "-q", "^CapEff:.0000000000202000$", "/proc/self/status", NULL);
    _exit(99);
}

static void kept_ones_survive_exec(void **state)
{
    esq_spec *spec = esq_spec_new();
    struct facility_plan plan;

    (void)state;
    facility_add(spec, "capabilities", "net_raw", "CAP_SYS_ADMIN");
    plan = facility_make_plan(spec, caps_plan);
    assert_int_equal(plan.result, 0);
    assert_int_equal(facility_in_child(probe_kept, &plan), 0);
    facility_free_plan(&plan);
    esq_spec_free(spec);
}

static void probe_without_privilege(const void *argument)
{
    struct child child = { 0 };

    facility_become_ordinary();
    EXPECT(facility_apply(argument, caps_apply, &child) == -EPERM);
    EXPECT(strcmp(child.detail, "drop the bounding set") == 0);
}

static void a_failure_says_what(void **state)
{
    esq_spec *spec = esq_spec_new();
    struct facility_plan plan = facility_make_plan(spec, caps_plan);

    (void)state;
    assert_int_equal(facility_in_child(probe_without_privilege, &plan), 0);
    facility_free_plan(&plan);
    esq_spec_free(spec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_capabilities),       cmocka_unit_test(wrong_names_are_problems),
        cmocka_unit_test(walls_need_no_new_privileges), cmocka_unit_test(no_capability_is_left),
        cmocka_unit_test(kept_ones_survive_exec),       cmocka_unit_test(a_failure_says_what),
    };
    return cmocka_run_group_tests_name("caps", tests, NULL, NULL);
}
