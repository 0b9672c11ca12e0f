/* What tools of authors ask the engine: sch_check, sch_show_stage, sch_names, sch_surface, as schooner.h documents
 * them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "schooner.h"

static sch_value answer(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)data, (void)count, (void)args;
    return sch_integer(vm, 42);
}

struct heard {
    size_t count;
    enum sch_status status;
    char kind[64];
    uint32_t line;
    sch_vm *vm;
    enum sch_status nested;
};

static void hear(void *data, const struct sch_failure *diagnostic)
{
    struct heard *heard = data;
    heard->count++;
    heard->status = diagnostic->status;
    heard->line = diagnostic->line;
    snprintf(heard->kind, sizeof heard->kind, "%s", diagnostic->kind);
    if (heard->vm) {
        sch_value ignored;
        heard->nested = sch_eval(heard->vm, (struct sch_source){ "nested", "1", 1 }, &ignored);
    }
}

static const struct sch_binding bindings[] = {
    { .name = "answer", .function = answer, .min_args = 1, .max_args = 2, .doc = "the answer" },
    { .name = "any", .function = answer, .min_args = 0, .max_args = -1 },
};
static const struct sch_library libraries[] = {
    { .name = "(host answers)", .bindings = bindings, .count = 1 },
    { .name = NULL, .bindings = bindings + 1, .count = 1 },
};

struct fixture {
    sch_env *env;
    sch_vm *vm;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    static const char *const menu[] = { "base", "(host answers)", NULL };
    struct sch_env_options options = {
        .size = sizeof options, .menu = menu, .libraries = libraries, .library_count = 2, .redefinition = true
    };
    struct sch_limits limits = { .size = sizeof limits, .fuel = 1000000 };
    fixture.env = sch_env_new(&options, NULL);
    fixture.vm = fixture.env ? sch_vm_new(fixture.env, &limits) : NULL;
    *state = &fixture;
    return fixture.vm ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    sch_vm_free(fixture->vm);
    sch_env_free(fixture->env);
    return 0;
}

static struct sch_source text(const char *program)
{
    return (struct sch_source){ "test", program, strlen(program) };
}

static void test_check_arity_of_host(void **state)
{
    struct fixture *fixture = *state;
    struct heard heard = { 0 };
    assert_int_equal(
        sch_check(fixture->vm, text("(import (host answers))\n(answer)\n(answer 1 2 3)\n(any)"), hear, &heard),
        SCH_ERROR);
    assert_int_equal(heard.count, 2);
    assert_string_equal(heard.kind, "arity-error");
    assert_int_equal(heard.line, 3);
    assert_int_equal(sch_check(fixture->vm, text("(import (host answers)) (answer 1) (answer 1 2)"), hear, &heard),
                     SCH_OK);
    assert_int_equal(heard.count, 2);
}

static void test_check_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct heard heard = { 0 };
    sch_value value;
    assert_int_equal(sch_check(fixture->vm, text("(import (scheme base)) (define left 1)"), hear, &heard), SCH_OK);
    assert_int_equal(sch_eval(fixture->vm, text("left"), &value), SCH_ERROR);
    assert_string_equal(sch_failure(fixture->vm)->kind, "unbound-variable");
    /* the session is seen */
    assert_int_equal(sch_eval(fixture->vm, text("(import (scheme base)) (define (mine x) x)"), &value), SCH_OK);
    assert_int_equal(sch_check(fixture->vm, text("(mine (list 1))"), hear, &heard), SCH_OK);
    assert_int_equal(heard.count, 0);
}

static void test_check_ends_in_limits(void **state)
{
    struct fixture *fixture = *state;
    struct heard heard = { 0 };
    const char *grow =
        "(import (scheme base)) (define-syntax grow (syntax-rules () ((_ x ...) (grow x ... x ...)))) (grow 1)";
    assert_int_equal(sch_check(fixture->vm, text(grow), hear, &heard), SCH_LIMIT);
    assert_int_equal(heard.count, 1);
    assert_int_equal(heard.status, SCH_LIMIT);
    heard.count = 0;
    assert_int_equal(sch_check(fixture->vm, text("(import (scheme base)) (car '(1))"), hear, &heard), SCH_OK);
}

static void test_check_has_an_end(void **state)
{
    struct fixture *fixture = *state;
    struct heard heard = { 0 };
    static char program[30000] = "(import (scheme base))";
    for (size_t i = 0, at = strlen(program); i < 5000; i++, at += 5)
        memcpy(program + at, "\n(if)", 6);
    assert_int_equal(sch_check(fixture->vm, text(program), hear, &heard), SCH_ERROR);
    assert_int_equal(heard.count, 1000);
}

static void test_check_misuse(void **state)
{
    struct fixture *fixture = *state;
    struct heard heard = { .vm = fixture->vm };
    assert_int_equal(sch_check(fixture->vm, text("1"), NULL, NULL), SCH_MISUSE);
    assert_int_equal(sch_check(fixture->vm, text("(nowhere)"), hear, &heard), SCH_ERROR);
    assert_int_equal(heard.nested, SCH_MISUSE); /* a run within the check */
}

static bool take_text(void *data, const char *bytes, size_t length)
{
    char *out = data;
    if (strlen(out) + length >= 2000)
        return false;
    strncat(out, bytes, length);
    return true;
}

static void test_stages(void **state)
{
    struct fixture *fixture = *state;
    char out[2000] = "";
    assert_int_equal(sch_show_stage(fixture->vm, text("(a   . (b))\n#t"), SCH_STAGE_DATUM, take_text, out), SCH_OK);
    assert_string_equal(out, "(a b)\n#t\n");
    out[0] = 0;
    assert_int_equal(sch_show_stage(fixture->vm, text("(import (scheme base)) (define (f x) (and x (car x)))"),
                                    SCH_STAGE_SOURCE, take_text, out),
                     SCH_OK);
    assert_string_equal(out, "(import (scheme base))\n(define (f x) (if x (car x) #f))\n");
    assert_int_equal(sch_show_stage(fixture->vm, text("(a (b)"), SCH_STAGE_DATUM, NULL, NULL), SCH_ERROR);
    assert_string_equal(sch_failure(fixture->vm)->kind, "read-incomplete");
    assert_int_equal(sch_show_stage(fixture->vm, text("(a))"), SCH_STAGE_DATUM, NULL, NULL), SCH_ERROR);
    assert_string_equal(sch_failure(fixture->vm)->kind, "read-error");
    *out = '\0';
    assert_int_equal(
        sch_show_stage(fixture->vm, text("(import (scheme base)) (car (list 1))"), SCH_STAGE_CODE, take_text, out),
        SCH_OK);
    assert_non_null(strstr(out, "procedure 0"));
}

static bool take_name(void *data, const char *name)
{
    struct heard *heard = data;
    heard->count++;
    snprintf(heard->kind, sizeof heard->kind, "%s", name);
    return heard->line == 0 || heard->count < heard->line;
}

static void test_libraries(void **state)
{
    struct fixture *fixture = *state;
    struct heard heard = { 0 };
    sch_value value;
    assert_int_equal(sch_libraries(fixture->vm, "", take_name, &heard), SCH_OK);
    assert_int_equal(heard.count, 2); /* the menu; what is anonymous has no name */
    assert_int_equal(sch_eval(fixture->vm, text("(define-library (my own) (export) (import (scheme base)))"), &value),
                     SCH_OK);
    heard = (struct heard){ 0 };
    assert_int_equal(sch_libraries(fixture->vm, "(my", take_name, &heard), SCH_OK);
    assert_int_equal(heard.count, 1);
    assert_string_equal(heard.kind, "(my own)");
    heard = (struct heard){ .line = 1 }; /* enough after one */
    assert_int_equal(sch_libraries(fixture->vm, NULL, take_name, &heard), SCH_OK);
    assert_int_equal(heard.count, 1);
    assert_int_equal(sch_libraries(fixture->vm, "", NULL, NULL), SCH_MISUSE);
}

static void test_values(void **state)
{
    struct fixture *fixture = *state;
    const sch_value *items;
    size_t count;
    int64_t number;
    sch_value value;
    assert_int_equal(sch_eval(fixture->vm, text("(import (scheme base)) (values 1 2)"), &value), SCH_OK);
    assert_true(sch_get_values(value, &items, &count));
    assert_int_equal(count, 2);
    assert_true(sch_get_integer(items[1], &number));
    assert_int_equal(number, 2);
    assert_int_equal(sch_eval(fixture->vm, text("(values)"), &value), SCH_OK);
    assert_true(sch_get_values(value, NULL, &count));
    assert_int_equal(count, 0);
    assert_int_equal(sch_eval(fixture->vm, text("(values '(1 2))"), &value), SCH_OK);
    assert_false(sch_get_values(value, &items, &count));
}

static void test_steps(void **state)
{
    struct fixture *fixture = *state;
    char out[2000] = "";
    const char *once = "(import (scheme base)) (define-syntax m (syntax-rules () ((_ x) (car x)))) (m '(1))";
    assert_int_equal(sch_show_stage(fixture->vm, text(once), SCH_STAGE_ONCE, take_text, out), SCH_OK);
    assert_non_null(strstr(out, "\n(car '(1))\n"));
    *out = 0;
    assert_int_equal(sch_show_stage(fixture->vm, text(once), SCH_STAGE_STEPS, take_text, out), SCH_OK);
    assert_string_equal(out,
                        ";; step 1, test:1:76: `m` by its rule at test:1:58\n(m '(1))\n;; becomes\n(car '(1))\n\n");
    /* the first one that does not want it ends it, and so does the limit of output */
    *out = 0;
    const char *endless = "(import (scheme base)) (define-syntax m (syntax-rules () ((_) (m)))) (m)";
    assert_int_equal(sch_show_stage(fixture->vm, text(endless), SCH_STAGE_STEPS, take_text, out), SCH_LIMIT);
    assert_int_equal(sch_failure(fixture->vm)->limit, SCH_LIMIT_OUTPUT);
    assert_memory_equal(out, ";; step 1,", 10);
    struct sch_limits little = { .size = sizeof little, .output = 500 };
    assert_true(sch_vm_set_limits(fixture->vm, &little));
    assert_int_equal(sch_show_stage(fixture->vm, text(endless), SCH_STAGE_STEPS, NULL, NULL), SCH_LIMIT);
    assert_int_equal(sch_failure(fixture->vm)->limit, SCH_LIMIT_OUTPUT);
    assert_in_range(sch_usage(fixture->vm).output, 1, 500);
    assert_int_equal(sch_show_stage(fixture->vm, text("1"), (enum sch_stage)(SCH_STAGE_STEPS + 1), NULL, NULL),
                     SCH_MISUSE);
    /* a session's macros are seen, and nothing is left behind */
    sch_value value;
    assert_int_equal(sch_eval(fixture->vm,
                              text("(import (scheme base)) (define-syntax twice (syntax-rules () ((_ x) (list x x))))"),
                              &value),
                     SCH_OK);
    *out = 0;
    assert_int_equal(sch_show_stage(fixture->vm, text("(define one 1) (twice one)"), SCH_STAGE_ONCE, take_text, out),
                     SCH_OK);
    assert_string_equal(out, "(define one 1)\n(list one one)\n");
    assert_int_equal(sch_eval(fixture->vm, text("one"), &value), SCH_ERROR);
}

static void test_names(void **state)
{
    struct fixture *fixture = *state;
    struct heard heard = { 0 };
    sch_value value;
    /* nothing is in scope but what is bound in every program */
    assert_int_equal(sch_names(fixture->vm, "", take_name, &heard), SCH_OK);
    assert_int_equal(heard.count, 1);
    assert_string_equal(heard.kind, "any");
    assert_int_equal(sch_eval(fixture->vm,
                              text("(import (rename (only (scheme base) car cdr define) (car first)))"
                                   "(define first-of-all 1)"),
                              &value),
                     SCH_OK);
    heard = (struct heard){ 0 };
    assert_int_equal(sch_names(fixture->vm, "first", take_name, &heard), SCH_OK);
    assert_int_equal(heard.count, 2);
    heard = (struct heard){ 0 };
    assert_int_equal(sch_names(fixture->vm, "ca", take_name, &heard), SCH_OK);
    assert_int_equal(heard.count, 0);
    heard = (struct heard){ .line = 1 }; /* one is enough */
    assert_int_equal(sch_names(fixture->vm, NULL, take_name, &heard), SCH_OK);
    assert_int_equal(heard.count, 1);
}

struct surface {
    struct sch_surface answer, any, car;
    size_t count, hidden;
};

static bool take_binding(void *data, const struct sch_surface *binding)
{
    struct surface *surface = data;
    surface->count++;
    if (strcmp(binding->name, "answer") == 0)
        surface->answer = *binding;
    else if (strcmp(binding->name, "any") == 0 && !binding->library)
        surface->any = *binding;
    else if (strcmp(binding->name, "car") == 0)
        surface->car = *binding;
    surface->hidden += *binding->name == '%' || strcmp(binding->name, "set-car!") == 0;
    return true;
}

static void test_surface(void **state)
{
    struct fixture *fixture = *state;
    struct surface surface = { 0 };
    sch_surface(fixture->env, take_binding, &surface);
    assert_string_equal(surface.answer.library, "(host answers)");
    assert_string_equal(surface.answer.doc, "the answer");
    assert_int_equal(surface.answer.kind, SCH_SURFACE_PROCEDURE);
    assert_true(surface.answer.arity_known);
    assert_int_equal(surface.answer.min_args, 1);
    assert_int_equal(surface.answer.max_args, 2);
    assert_int_equal(surface.any.max_args, -1);
    assert_string_equal(surface.car.library, "(scheme base)");
    assert_int_equal(surface.car.min_args, 1);
    assert_int_equal(surface.car.max_args, 1);
    assert_int_equal(surface.hidden, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_check_arity_of_host),
        TEST(test_check_leaves_nothing),
        TEST(test_check_ends_in_limits),
        TEST(test_check_misuse),
        TEST(test_check_has_an_end),
        TEST(test_stages),
        TEST(test_steps),
        TEST(test_libraries),
        TEST(test_values),
        TEST(test_names),
        TEST(test_surface),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
