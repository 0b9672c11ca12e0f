/*
 * facility.h: what the tests of facilities share: planning with one facility alone, and executing its steps in a child
 * of an ordinary user, in a user namespace. Knows no facility.
 */
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "esquema.h"
#include "plan/build.h"

typedef int facility_plan_function(const esq_spec *spec, struct plan_builder *builder, esq_error *ret_error);
typedef void facility_check_function(const esq_spec *spec, struct spec_problems *problems);

/* The plan of one facility. */
struct facility_plan {
    struct plan_builder builder;
    esq_error error;
    int result;
};

static inline struct facility_plan facility_make_plan(const esq_spec *spec, facility_plan_function *function)
{
    struct facility_plan plan = { 0 };
    struct plan_block head = { .magic = PLAN_MAGIC, .version = PLAN_VERSION };

    buffer_init(&plan.builder.block, &memory_malloc);
    buffer_init(&plan.builder.steps, &memory_malloc);
    buffer_init(&plan.builder.notes, &memory_malloc);
    assert_true(buffer_append(&plan.builder.block, &head, sizeof head));
    plan.result = function(spec, &plan.builder, &plan.error);
    return plan;
}

static inline void facility_free_plan(struct facility_plan *plan)
{
    buffer_done(&plan->builder.block);
    buffer_done(&plan->builder.steps);
    buffer_done(&plan->builder.notes);
}

static inline size_t facility_count_steps(const struct facility_plan *plan)
{
    return plan->builder.steps.length / sizeof(struct step);
}

static inline const struct step *facility_step(const struct facility_plan *plan, size_t index)
{
    assert_true(index < facility_count_steps(plan));
    return (const struct step *)plan->builder.steps.bytes + index;
}

static inline const void *facility_data(const struct facility_plan *plan, size_t index)
{
    return (const char *)plan->builder.block.bytes + facility_step(plan, index)->data;
}

static inline const char *facility_text(const struct facility_plan *plan, size_t index)
{
    return (const char *)plan->builder.block.bytes + facility_step(plan, index)->text;
}

/* Executes the steps; in a child. Returns 0 or the negative errno of the first that fails. */
static inline int facility_apply(const struct facility_plan *plan, step_apply_function *apply, struct child *child)
{
    child->block = (const struct plan_block *)plan->builder.block.bytes;
    for (size_t i = 0; i < facility_count_steps(plan); i++) {
        int result = apply(facility_step(plan, i), child);
        if (result < 0)
            return result;
    }
    return 0;
}

static inline size_t facility_count_problems(const esq_spec *spec, facility_check_function *check, esq_error *ret_first)
{
    struct spec_problems problems = { .list = ret_first, .capacity = ret_first ? 1 : 0 };

    check(spec, &problems);
    return problems.count;
}

static inline void facility_set(esq_spec *spec, const char *field, const char *value)
{
    assert_int_equal(esq_spec_set(spec, field, value, NULL, NULL), 0);
}

static inline void facility_add(esq_spec *spec, const char *field, const char *first, const char *second)
{
    const char *words[2] = { first, second };

    assert_int_equal(esq_spec_add(spec, field, words, second ? 2 : 1, NULL, NULL), 0);
}

/* ---- Children ---- */

static inline void facility_become_ordinary(void)
{
    if (getuid() == 0 && (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0))
        _exit(90);
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static inline void facility_enter_user_namespace(unsigned inside_uid)
{
    char map[64];
    uid_t uid;
    int fd;

    facility_become_ordinary();
    uid = getuid();
    if (unshare(CLONE_NEWUSER) != 0)
        _exit(91);
    snprintf(map, sizeof map, "%u %u 1", inside_uid, uid);
    fd = open("/proc/self/uid_map", O_WRONLY);
    if (fd < 0 || write(fd, map, strlen(map)) < 0)
        _exit(92);
    close(fd);
}

/* The exit status of a child that runs body, or 1000 and the signal that ended it. */
static inline int facility_in_child(void (*body)(const void *argument), const void *argument)
{
    int status;
    pid_t child;

    fflush(NULL);
    child = fork();
    if (child == 0) {
        body(argument);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* In a child: a status that names the line. */
#define EXPECT(condition)                                        \
    do {                                                         \
        if (!(condition)) {                                      \
            dprintf(1, "# line %d: %s\n", __LINE__, #condition); \
            _exit(1);                                            \
        }                                                        \
    } while (0)
