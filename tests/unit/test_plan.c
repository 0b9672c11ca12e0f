/* The plan: flat, printed, hashed, in the order that the kernel forces, and made without touching anything. */
#include "unit.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "launch/init_job.h"
#include "plan/plan.h"

static char root[] = "/tmp/esquema-plan-XXXXXX";

static esq_spec *make_spec(void)
{
    const char *command[] = { "/bin/true", "--flag" };
    esq_spec *spec = esq_spec_new();
    esq_spec_set(spec, "rootfs", root, &(esq_location){ "web.scm", 3, 4 }, NULL);
    esq_spec_add(spec, "command", command, 2, &(esq_location){ "web.scm", 4, 4 }, NULL);
    return spec;
}

static esq_plan *build(esq_spec *spec)
{
    esq_plan *plan = NULL;
    esq_error error = { 0 };
    if (esq_plan_build(spec, &plan, &error) < 0)
        fail_msg("%s", error.text);
    return plan;
}

static int find(const esq_plan *plan, enum step_kind kind)
{
    for (uint32_t i = 0; i < plan->block->step_count; i++)
        if (plan_step(plan->block, i)->kind == kind)
            return (int)i;
    return -1;
}

static void the_order_is_the_kernels(void **state)
{
    static const enum step_kind order[] = {
        STEP_DEATH,
        STEP_CGROUP,
        STEP_CGROUP_NAMESPACE,
        STEP_HOSTNAME,
        STEP_PRIVATE,
        STEP_ROOT,
        STEP_PROC,
        STEP_PROC_READ_ONLY,
        STEP_DEV,
        STEP_PIVOT,
        STEP_LOOPBACK,
        STEP_DESCRIPTORS,
        STEP_WORKING_DIRECTORY,
        STEP_CAPABILITIES,
        STEP_NO_NEW_PRIVILEGES,
        STEP_LANDLOCK,
        STEP_RLIMIT,
        STEP_INIT,
        STEP_SECCOMP,
        STEP_EXEC,
    };
    esq_spec *spec = make_spec();
    esq_spec_set(spec, "hostname", "h", NULL, NULL);
    esq_plan *plan = build(spec);
    int last = -1;
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        int found = find(plan, order[i]);
        if (found < 0 && (order[i] == STEP_CGROUP || order[i] == STEP_CGROUP_NAMESPACE))
            continue; /* where a cgroup can be had */
        assert_true(found > last);
        last = found;
    }
    assert_int_equal(last + 1, (int)plan->block->step_count);
    esq_plan_free(plan);
    esq_spec_free(spec);
}

static void namespaces_and_ids(void **state)
{
    char text[64];
    esq_spec *spec = make_spec();
    esq_spec_set(spec, "user", "33:44", NULL, NULL);
    esq_plan *plan = build(spec);
    assert_int_equal(plan->block->clone_flags_low, CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS |
                                                       CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP);
    snprintf(text, sizeof(text), "33 %u 1", geteuid());
    assert_string_equal(STEP_TEXT(plan->block, plan->block->uid_map), text);
    snprintf(text, sizeof(text), "44 %u 1", getegid());
    assert_string_equal(STEP_TEXT(plan->block, plan->block->gid_map), text);
    esq_plan_free(plan);
    esq_spec_set(spec, "network", "host", NULL, NULL);
    const char *excuse = "landlock-scopes";
    esq_spec_add(spec, "best-effort", &excuse, 1, NULL, NULL);
    plan = build(spec);
    assert_false(plan->block->clone_flags_low & CLONE_NEWNET);
    assert_int_equal(find(plan, STEP_LOOPBACK), -1);
    esq_plan_free(plan);
    esq_spec_free(spec);
}

/* Every offset lies in the block, every text ends in it: whoever executes it somewhere else can rely on that. */
static void the_block_is_flat(void **state)
{
    esq_spec *spec = make_spec();
    esq_plan *plan = build(spec);
    const struct plan_block *block = plan->block;
    assert_int_equal(block->magic, PLAN_MAGIC);
    assert_int_equal(block->version, PLAN_VERSION);
    for (uint32_t i = 0; i < block->step_count; i++) {
        const struct step *step = plan_step(block, i);
        assert_true(step->data + step->size <= block->size);
        assert_int_equal(step->data % 8, 0);
        assert_true(step->text > 0 && step->text < block->size);
        assert_non_null(memchr(STEP_TEXT(block, step->text), 0, block->size - step->text));
    }
    const struct init_job *job = (const struct init_job *)STEP_TEXT(block, block->job);
    assert_int_equal(job->magic, INIT_JOB_MAGIC);
    assert_int_equal(job->size, block->job_size);
    assert_int_equal(job->argc, 2);
    assert_int_equal(job->envc, 2);
    const uint64_t *argv = (const uint64_t *)((const char *)job + job->argv);
    assert_string_equal((const char *)job + argv[0], "/bin/true");
    assert_string_equal((const char *)job + argv[1], "--flag");
    assert_int_equal(argv[2], 0);
    const uint64_t *envp = (const uint64_t *)((const char *)job + job->envp);
    assert_string_equal((const char *)job + envp[0],
                        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    assert_string_equal((const char *)job + envp[1], "HOME=/");
    esq_plan_free(plan);
    esq_spec_free(spec);
}

static void printing_and_hashing(void **state)
{
    unsigned char first[32], second[32];
    char text[8192], small[16];
    esq_spec *spec = make_spec();
    esq_plan *plan = build(spec), *again = build(spec);
    ssize_t length = esq_plan_print(plan, ESQ_FORMAT_TEXT, text, sizeof(text));
    assert_true(length > 0 && (size_t)length == strlen(text));
    assert_int_equal(esq_plan_print(plan, ESQ_FORMAT_TEXT, NULL, 0), length);
    assert_int_equal(esq_plan_print(plan, ESQ_FORMAT_TEXT, small, sizeof(small)), length);
    assert_int_equal(strlen(small), sizeof(small) - 1);
    assert_non_null(strstr(text, "execute /bin/true  [web.scm:4:4]\n"));
    assert_non_null(strstr(text, "namespaces of its own: user mount pid uts ipc net cgroup\n"));
    esq_plan_hash(plan, first);
    esq_plan_hash(again, second);
    assert_memory_equal(first, second, 32);
    assert_true(esq_plan_print(plan, ESQ_FORMAT_JSON, text, sizeof(text)) > 0);
    assert_int_equal(strncmp(text, "{\"version\":1,\"namespaces\":[\"user\",", 33), 0);
    esq_plan_free(plan);
    esq_plan_free(again);
    esq_spec_set(spec, "hostname", "other", NULL, NULL);
    plan = build(spec);
    esq_plan_hash(plan, second);
    assert_memory_not_equal(first, second, 32);
    esq_plan_free(plan);
    esq_spec_free(spec);
}

static size_t count_descriptors(void)
{
    size_t count = 0;
    struct stat found;
    for (int fd = 0; fd < 256; fd++)
        count += fstat(fd, &found) == 0;
    return count;
}

static void what_is_held_is_given_back(void **state)
{
    size_t before = count_descriptors();
    esq_spec *spec = make_spec();
    const char *bind[] = { "bind", "/etc", "/tmp" };
    const char *gone[] = { "bind", "/nonexistent", "/tmp" };
    esq_spec_add(spec, "mounts", bind, 3, NULL, NULL);
    esq_plan *plan = build(spec);
    assert_true(count_descriptors() > before);
    esq_plan_free(plan);
    assert_int_equal(count_descriptors(), before);
    esq_spec_add(spec, "mounts", gone, 3, &(esq_location){ "web.scm", 7, 8 }, NULL);
    esq_error error;
    plan = NULL;
    assert_int_equal(esq_plan_build(spec, &plan, &error), -ENOENT);
    assert_null(plan);
    assert_int_equal(error.line, 7);
    assert_int_equal(count_descriptors(), before);
    esq_spec_free(spec);
}

/* A limit is in the plan, or the host cannot enforce it and there is no plan. */
static void limits_that_nobody_enforces_stop(void **state)
{
    static const char *const names[] = { "memory", "cpus", "cpuset" };
    static const char *const values[] = { "67108864", "1", "0" };
    for (size_t i = 0; i < 3; i++) {
        esq_spec *spec = make_spec();
        esq_error error;
        esq_plan *plan = NULL;
        esq_spec_set(spec, names[i], values[i], &(esq_location){ "web.scm", 8, 9 }, NULL);
        int result = esq_plan_build(spec, &plan, &error);
        if (result == 0) {
            assert_true(find(plan, STEP_CGROUP) >= 0 && find(plan, STEP_CGROUP_LIMIT) > 0);
            esq_plan_free(plan);
            esq_spec_free(spec);
            continue;
        }
        assert_int_equal(result, -ENOTSUP);
        assert_int_equal(error.line, 8);
        assert_true(error.remedy[0] != '\0');
        esq_spec_add(spec, "best-effort", &names[i], 1, NULL, NULL);
        plan = build(spec);
        assert_non_null(strstr(plan->notes, names[i]));
        esq_plan_free(plan);
        esq_spec_free(spec);
    }
}

/* What esq_spec_check finds nothing in can be planned: what no host allows is said by both, in the same words. */
static void check_knows_what_plan_refuses(void **state)
{
    static const struct {
        const char *words[3];
        size_t count;
        const char *problem; /* NULL: none */
        const char *before;  /* where a tmpfs lies already */
    } cases[] = {
        { { "tmpfs", "/" }, 2, "nothing can be mounted on /", NULL },
        { { "link", "//", "/x" }, 3, "nothing can be mounted on /", NULL },
        { { "hide", "/" }, 2, "nothing can be mounted on /", NULL },
        { { "tmpfs", "/proc/x" }, 2, "nothing can be mounted beneath /proc: /proc/x", NULL },
        { { "tmpfs", "//proc//x" }, 2, "nothing can be mounted beneath /proc: //proc//x", NULL },
        { { "hide", "/proc" }, 2, "nothing is laid over /proc: /proc", NULL },
        { { "pin", "/proc/x" }, 2, "nothing is laid over /proc: /proc/x", NULL },
        { { "tmpfs", "/proc" }, 2, NULL, NULL },
        { { "tmpfs", "/proc/x" }, 2, NULL, "/proc" },
        { { "tmpfs", "/process" }, 2, NULL, NULL },
        { { "bind", "/tmp", "/x" }, 3, "/tmp is never bound whole", NULL },
        { { "overlay", "/tmp", "/x" }, 3, "/tmp is never bound whole", NULL },
        { { "bind", "/etc", "/x" }, 3, NULL, NULL },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        esq_spec *spec = make_spec();
        esq_error problem, error;
        esq_plan *plan = NULL;
        if (cases[i].before)
            esq_spec_add(spec, "mounts", (const char *[]){ "tmpfs", cases[i].before }, 2, NULL, NULL);
        esq_spec_add(spec, "mounts", cases[i].words, cases[i].count, NULL, NULL);
        size_t count = esq_spec_check(spec, &problem, 1);
        int built = esq_plan_build(spec, &plan, &error);
        assert_int_equal(count, cases[i].problem ? 1 : 0);
        assert_int_equal(built, cases[i].problem ? -EINVAL : 0);
        if (cases[i].problem) {
            assert_non_null(strstr(problem.text, cases[i].problem));
            assert_string_equal(error.text, problem.text);
        }
        esq_plan_free(plan);
        esq_spec_free(spec);
    }
}

/* Mount points deep in one another: each is made in the mount that covers it, or found there. */
static void mount_points_are_placed(void **state)
{
    esq_spec *spec = make_spec();
    esq_error error;
    esq_plan *plan = NULL;
    const char *over_root[] = { "tmpfs", "/" }, *in_proc[] = { "tmpfs", "/proc/x" };
    esq_spec_add(spec, "mounts", over_root, 2, NULL, NULL);
    assert_true(esq_plan_build(spec, &plan, &error) < 0);
    assert_non_null(strstr(error.text, "nothing can be mounted on /"));
    esq_spec_free(spec);
    spec = make_spec();
    esq_spec_add(spec, "mounts", in_proc, 2, NULL, NULL);
    assert_true(esq_plan_build(spec, &plan, &error) < 0);
    assert_non_null(strstr(error.text, "/proc/x"));
    esq_spec_free(spec);
}

static int make_root(void **state)
{
    return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
    return rmdir(root); /* fails if planning has left anything in it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_order_is_the_kernels),
        cmocka_unit_test(namespaces_and_ids),
        cmocka_unit_test(the_block_is_flat),
        cmocka_unit_test(printing_and_hashing),
        cmocka_unit_test(what_is_held_is_given_back),
        cmocka_unit_test(limits_that_nobody_enforces_stop),
        cmocka_unit_test(check_knows_what_plan_refuses),
        cmocka_unit_test(mount_points_are_placed),
    };
    return cmocka_run_group_tests_name("plan", tests, make_root, remove_root);
}
