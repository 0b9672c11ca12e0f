/*
 * Functions of the host that are no host functions: those that take output, load sources, hear of diagnostics, take
 * names, make the values of bindings. They run in the middle of something, and whatever of the engine they call on
 * their machine is refused, and changes nothing. By the public header alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "schooner.h"

/* The limits that are not set, but no clock: a loaded machine is no reason to fail. */
static const struct sch_limits patient = {
    .size = sizeof patient, .output = 100, .fuel = 1000000, .timeout_ns = SCH_UNLIMITED
};

static struct sch_source source_of(const char *text)
{
    return (struct sch_source){ "test", text, strlen(text) };
}

/* What such a function has at hand. */
struct misuser {
    sch_vm *vm;
    sch_ref *procedure; /* of the machine; NULL: there is none yet */
    unsigned calls;
};

static void hear_nothing(void *data, const struct sch_failure *diagnostic)
{
    (void)data, (void)diagnostic;
}

static bool take_nothing(void *data, const char *name)
{
    (void)data, (void)name;
    return true;
}

/* Everything that would run something, or take the machine away. */
static void misuse(struct misuser *misuser)
{
    sch_vm *vm = misuser->vm;
    sch_value value = sch_nil();
    misuser->calls++;
    assert_int_equal(sch_eval(vm, source_of("(+ 1 2)"), &value), SCH_MISUSE);
    if (misuser->procedure)
        assert_int_equal(sch_call(vm, sch_ref_value(misuser->procedure), 0, NULL, &value), SCH_MISUSE);
    assert_true(sch_is_raised(sch_suspend(vm)));
    assert_int_equal(sch_resume(vm, value, &value), SCH_MISUSE);
    assert_int_equal(sch_cancel(vm), SCH_MISUSE);
    assert_int_equal(sch_check(vm, source_of("1"), hear_nothing, NULL), SCH_MISUSE);
    assert_int_equal(sch_show_stage(vm, source_of("1"), SCH_STAGE_CODE, NULL, NULL), SCH_MISUSE);
    assert_int_equal(sch_names(vm, "", take_nothing, NULL), SCH_MISUSE);
    assert_int_equal(sch_libraries(vm, "", take_nothing, NULL), SCH_MISUSE);
    assert_false(sch_vm_reset(vm));
    assert_false(sch_vm_set_limits(vm, NULL));
    sch_vm_free(vm); /* nothing happens */
    assert_int_equal(sch_kind_of(value), SCH_KIND_NIL);
}

static bool write_output(void *data, const char *bytes, size_t length)
{
    (void)bytes, (void)length;
    misuse(data);
    return true;
}

static bool load(void *data, const char *name, struct sch_loaded *ret)
{
    static const char library[] =
        "(define-library (acme shop) (export price) (import (scheme base)) (begin (define price 42)))";
    static const char included[] = "(define part 5)";
    const char *text = *name == '(' ? library : included;
    misuse(data);
    *ret = (struct sch_loaded){ .source = { name, text, strlen(text) } };
    return true;
}

static void hear(void *data, const struct sch_failure *diagnostic)
{
    assert_non_null(diagnostic);
    misuse(data);
}

static bool take(void *data, const char *name)
{
    (void)name;
    misuse(data);
    return true;
}

static const char *const base[] = { "base", "(scheme write)", NULL };

static void expect(sch_vm *vm, const char *text, int64_t expected)
{
    sch_value value;
    int64_t n = 0;
    enum sch_status status = sch_eval(vm, source_of(text), &value);
    if (status != SCH_OK)
        print_message("%s: %s\n", text, sch_failure(vm)->message);
    assert_int_equal(status, SCH_OK);
    assert_true(sch_get_integer(value, &n));
    assert_int_equal(n, expected);
}

/* A host function that calls back: inside of it the others are refused as well. */
static sch_value call_back(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)data, (void)count;
    sch_value value;
    return sch_call(vm, args[0], 0, NULL, &value) == SCH_OK ? value : SCH_RAISED;
}

static void test_functions_of_the_host_that_call_the_engine(void **state)
{
    (void)state;
    static const struct sch_binding bindings[] = {
        { .name = "call-back", .function = call_back, .min_args = 1, .max_args = 1 },
    };
    static const struct sch_library library = { .bindings = bindings, .count = 1 };
    struct misuser misuser = { .calls = 0 };
    const struct sch_env_options options = {
        .size = sizeof options,
        .pre_imports = base,
        .libraries = &library,
        .library_count = 1,
        .load_library = load,
        .load_include = load,
        .load_data = &misuser,
    };
    sch_env *env = sch_env_new(&options, NULL);
    sch_vm *vm = misuser.vm = sch_vm_new(env, &patient);
    sch_value value;
    assert_int_equal(sch_eval(vm, source_of("(define (f) (write 'f) 1) f"), &value), SCH_OK);
    misuser.procedure = sch_keep(vm, value);
    sch_set_output(vm, write_output, &misuser);

    expect(vm, "(write 1) (write 2) 3", 3);
    assert_int_equal(misuser.calls, 2);
    expect(vm, "(call-back (lambda () (write 1) 4))", 4);
    assert_int_equal(misuser.calls, 3);
    expect(vm, "(import (acme shop)) (include \"part.scm\") (+ price part)", 47);
    assert_true(misuser.calls >= 5);
    misuser.calls = 0;
    assert_int_equal(sch_check(vm, source_of("(car) (cdr) (lambda (unused) 1)"), hear, &misuser), SCH_ERROR);
    assert_true(misuser.calls >= 2);
    misuser.calls = 0;
    assert_int_equal(sch_names(vm, "ca", take, &misuser), SCH_OK);
    assert_true(misuser.calls > 1);
    misuser.calls = 0;
    assert_int_equal(sch_libraries(vm, "(scheme", take, &misuser), SCH_OK);
    assert_true(misuser.calls > 1);
    misuser.calls = 0;
    assert_int_equal(sch_show_stage(vm, source_of("(car '(1))"), SCH_STAGE_CODE, write_output, &misuser), SCH_OK);
    assert_true(misuser.calls >= 1);

    /* the limit on output holds on */
    assert_int_equal(sch_eval(vm, source_of("(let loop () (write 'abcdefghij) (loop))"), &value), SCH_LIMIT);
    assert_int_equal(sch_failure(vm)->limit, SCH_LIMIT_OUTPUT);
    expect(vm, "(let loop ((n 1000) (l '())) (if (= n 0) (length l) (loop (- n 1) (cons n l))))", 1000);
    sch_vm_free(vm);
    sch_env_free(env);
}

/* --- values of bindings ------------------------------------------------------------------------------------------- */

static unsigned made; /* values */
static unsigned made_until_it_fails;

static sch_value make_value(sch_vm *vm, void *data)
{
    (void)data;
    struct misuser misuser = { .vm = vm };
    misuse(&misuser);
    return ++made > made_until_it_fails ? sch_raise_error(vm, "no value") : sch_integer(vm, 7);
}

static void test_values_that_call_the_engine(void **state)
{
    (void)state;
    static const struct sch_binding bindings[] = {
        { .name = "seven", .value = make_value },
        { .name = "seven-too", .value = make_value },
    };
    static const struct sch_library library = { .bindings = bindings, .count = 2 };
    const struct sch_env_options options = {
        .size = sizeof options, .pre_imports = base, .libraries = &library, .library_count = 1
    };
    sch_env *env = sch_env_new(&options, NULL);
    made_until_it_fails = 5;
    sch_vm *vm = sch_vm_new(env, &patient);
    assert_non_null(vm);
    expect(vm, "(+ seven seven-too)", 14);
    assert_true(sch_vm_reset(vm));
    expect(vm, "(+ seven seven-too)", 14);
    /* a value that fails: there is no machine any more that could run something, and nothing breaks */
    sch_value value;
    assert_false(sch_vm_reset(vm));
    assert_int_equal(sch_eval(vm, source_of("seven"), &value), SCH_MISUSE);
    assert_int_equal(sch_call(vm, sch_nil(), 0, NULL, &value), SCH_MISUSE);
    assert_int_equal(sch_failure(vm)->status, SCH_MISUSE);
    assert_null(sch_vm_new(env, &patient));
    made_until_it_fails = 100;
    assert_true(sch_vm_reset(vm)); /* until it can be made fresh again */
    expect(vm, "(+ seven seven-too)", 14);
    made_until_it_fails = 0;
    assert_false(sch_vm_reset(vm));
    sch_vm_free(vm);
    sch_env_free(env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_functions_of_the_host_that_call_the_engine),
        cmocka_unit_test(test_values_that_call_the_engine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
