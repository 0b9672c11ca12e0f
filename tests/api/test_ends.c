/*
 * How runs end: every way out of a limit that a script or a careless host may try ends in the limit, an interrupt is
 * seen inside of long primitives too, and the usage is told right after each kind of end. GMP, which aborts when its
 * memory ends, never asks for any. By the public header alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <gmp.h>
#include "schooner.h"

static unsigned notes; /* how often a script came to what it should not reach */

static sch_value host_note(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)vm, (void)data, (void)count, (void)args;
    notes++;
    return sch_nil();
}

/* Calls back, and takes no notice of how that ended. */
static sch_value host_ignore(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    sch_value value;
    (void)data, (void)count;
    for (int i = 0; i < 1000; i++)
        (void)sch_call(vm, args[0], 0, NULL, &value);
    return sch_integer(vm, 7);
}

static sch_value host_interrupt(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)data, (void)count, (void)args;
    sch_interrupt(vm);
    return sch_nil();
}

static sch_value host_wait(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)data, (void)count, (void)args;
    return sch_suspend(vm);
}

static sch_env *env_new(void)
{
    static const struct sch_binding bindings[] = {
        { .name = "note", .function = host_note },
        { .name = "ignore", .function = host_ignore, .min_args = 1, .max_args = 1 },
        { .name = "interrupt", .function = host_interrupt },
        { .name = "wait", .function = host_wait },
    };
    static const struct sch_library library = { .bindings = bindings, .count = sizeof bindings / sizeof *bindings };
    static const char *const scope[] = { "base", "lazy", "write", NULL };
    struct sch_env_options options = { .size = sizeof options,
                                       .libraries = &library,
                                       .library_count = 1,
                                       .pre_imports = scope,
                                       .mutation = true,
                                       .catch_errors = true };
    sch_env *env = sch_env_new(&options, NULL);
    assert_non_null(env);
    return env;
}

static enum sch_status eval(sch_vm *vm, const char *text, sch_value *ret)
{
    return sch_eval(vm, (struct sch_source){ "test", text, strlen(text) }, ret);
}

static void assert_works(sch_vm *vm)
{
    sch_value value;
    int64_t n = 0;
    assert_int_equal(eval(vm, "(+ 1 2)", &value), SCH_OK);
    assert_true(sch_get_integer(value, &n) && n == 3);
}

#define SPIN "(let spin () (spin))"

static const char *const ways_out[] = {
    SPIN "(note)",
    "(guard (e (#t (note))) " SPIN ")",
    "(guard (e (#f #f) (else (note))) (guard (e (#t (note))) " SPIN "))",
    "(with-exception-handler (lambda (e) (note) 1) (lambda () " SPIN "))",
    "(dynamic-wind (lambda () #f) (lambda () " SPIN ") note)",
    "(dynamic-wind (lambda () " SPIN ") note note)",
    "(call/cc (lambda (k) (dynamic-wind (lambda () #f) (lambda () " SPIN ") (lambda () (note) (k 1)))))",
    "(call/cc (lambda (k) (with-exception-handler (lambda (e) (note) (k e)) (lambda () " SPIN "))))",
    /* out and back in, for ever */
    "(let ((in #f)) (call/cc (lambda (out) (dynamic-wind (lambda () #f)"
    " (lambda () (call/cc (lambda (k) (set! in k))) (out 1)) (lambda () #f)))) (in 1)) (note)",
    "(guard (e (#t (note))) (force (delay " SPIN ")))",
    "(define p (delay-force (begin " SPIN "))) (guard (e (#t (note))) (force p)) (force p)",
    "(define p (make-parameter 1 (lambda (x) (if (= x 2) " SPIN
    " x)))) (guard (e (#t (note))) (parameterize ((p 2)) 1))",
    "(guard (e (#t (note))) (ignore (lambda () " SPIN "))) (note)",
    "(ignore (lambda () (guard (e (#t (note))) (dynamic-wind (lambda () #f) (lambda () " SPIN ") note))))",
    "(guard (e (#t (note))) (map (lambda (x) " SPIN ") '(1 2)))",
    "(call-with-values (lambda () " SPIN ") (lambda l (note)))",
    "(guard (e (#t (note))) (raise-continuable (guard (e2 (#t (note))) " SPIN ")))",
    "(with-exception-handler (lambda (e) " SPIN ") (lambda () (raise-continuable 1))) (note)",
    "(guard (e (" SPIN " (note))) (raise 1))",
};

static void test_every_way_out_of_a_limit(void **state)
{
    (void)state;
    sch_env *env = env_new();
    const struct sch_limits limits = { .size = sizeof limits, .fuel = 200000, .timeout_ns = SCH_UNLIMITED };
    for (size_t i = 0; i < sizeof ways_out / sizeof *ways_out; i++) {
        sch_vm *vm = sch_vm_new(env, &limits);
        sch_value value;
        notes = 0;
        enum sch_status status = eval(vm, ways_out[i], &value);
        if (status != SCH_LIMIT || notes != 0)
            print_message("%s: status %d, %u notes\n", ways_out[i], (int)status, notes);
        assert_int_equal(status, SCH_LIMIT);
        assert_int_equal(sch_failure(vm)->limit, SCH_LIMIT_FUEL);
        assert_int_equal(notes, 0);
        assert_int_equal(sch_usage(vm).fuel, limits.fuel); /* all of it, and not a unit more */
        assert_works(vm);
        sch_vm_free(vm);
    }
    sch_env_free(env);
}

/* What comes behind the primitive is not reached: it was interrupted inside, or where its work was charged. */
static void test_an_interrupt_in_long_primitives(void **state)
{
    (void)state;
    static const char *const programs[] = {
        "(define v (make-vector 100000 1)) (interrupt) (vector-fill! v 2) (note)",
        "(define s (make-string 1000000 #\\a)) (interrupt) (string-append s s) (note)",
        "(define l (make-list 100000 1)) (interrupt) (length l) (note)",
        "(define n (expt 7 200000)) (interrupt) (* n n) (note)",
        "(define n (expt 7 200000)) (interrupt) (number->string n) (note)",
        "(define l (make-list 100000 1)) (interrupt) (equal? l (list-copy l)) (note)",
        "(define l (make-list 100000 1)) (define o (open-output-string)) (interrupt) (write l o) (note)",
        /* garbage of many collections */
        "(interrupt) (let loop ((i 0)) (if (< i 5000) (begin (make-vector 100 i) (loop (+ i 1))))) (note)",
    };
    sch_env *env = env_new();
    const struct sch_limits limits = { .size = sizeof limits, .timeout_ns = SCH_UNLIMITED };
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        sch_vm *vm = sch_vm_new(env, &limits);
        sch_value value;
        notes = 0;
        enum sch_status status = eval(vm, programs[i], &value);
        if (status != SCH_LIMIT || notes != 0)
            print_message("%s: status %d, %u notes\n", programs[i], (int)status, notes);
        assert_int_equal(status, SCH_LIMIT);
        assert_int_equal(sch_failure(vm)->limit, SCH_LIMIT_INTERRUPT);
        assert_int_equal(notes, 0);
        assert_works(vm);
        sch_vm_free(vm);
    }
    sch_env_free(env);
}

static void test_usage_after_each_end(void **state)
{
    (void)state;
    static const struct {
        const char *program;
        enum sch_status status;
        uint64_t output;
    } ends[] = {
        { "(write-string \"abc\") 1", SCH_OK, 3 },
        { "(write-string \"abc\") (error \"x\")", SCH_ERROR, 3 },
        { "(write-string \"abc\") (raise 1)", SCH_ERROR, 3 },
        { "(write-string \"abc\") " SPIN, SCH_LIMIT, 3 },
        { "(write-string \"abc\") (make-vector 100000000 1)", SCH_LIMIT, 3 },
        { "(write-string \"abc\") (expt 2 (expt 2 40))", SCH_LIMIT, 3 },
        { "(write-string \"abc\") (interrupt) (length (make-list 100000 1))", SCH_LIMIT, 3 },
        { "(write-string \"abc\") (wait)", SCH_SUSPENDED, 3 },
        { "(write-string \"abc\") (car", SCH_ERROR, 0 },
        { "(write-string \"abc\") (nobody-knows)", SCH_ERROR, 0 },
    };
    sch_env *env = env_new();
    const struct sch_limits limits = { .size = sizeof limits, .fuel = 2000000, .timeout_ns = SCH_UNLIMITED };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        sch_vm *vm = sch_vm_new(env, &limits);
        sch_value value;
        assert_int_equal(eval(vm, ends[i].program, &value), ends[i].status);
        struct sch_usage usage = sch_usage(vm);
        assert_true(usage.fuel > 0 && usage.fuel <= limits.fuel);
        assert_int_equal(usage.output, ends[i].output);
        assert_true(usage.heap_now > 0 && usage.heap_now <= usage.heap_peak);
        assert_true(usage.heap_peak <= 64 << 20);
        if (ends[i].status == SCH_SUSPENDED)
            assert_int_equal(sch_cancel(vm), SCH_OK);
        assert_works(vm);
        assert_true(sch_usage(vm).fuel < 1000); /* of the last run */
        assert_int_equal(sch_usage(vm).output, 0);
        sch_vm_free(vm);
    }
    sch_env_free(env);
}

static void *trap_allocate(size_t size)
{
    fail_msg("GMP asks for %zu bytes", size);
    return NULL;
}

static void *trap_reallocate(void *block, size_t old_size, size_t size)
{
    (void)block, (void)old_size;
    return trap_allocate(size);
}

static void trap_free(void *block, size_t size)
{
    (void)block, (void)size;
}

/* At the largest integers that are allowed. */
static void test_gmp_needs_no_memory(void **state)
{
    (void)state;
    static const char *const programs[] = {
        "(define a (expt 7 1490000)) (define b (expt 11 600000))",
        "(exact? (* (expt 7 700000) (expt 3 1300000)))",
        "(exact? (square (expt 3 1300000)))",
        "(call-with-values (lambda () (floor/ a b)) (lambda (q r) (exact? (quotient (- a) b))))",
        "(exact? (gcd a (* b 49)))",
        "(exact? (lcm (expt 7 600000) b))",
        "(call-with-values (lambda () (exact-integer-sqrt a)) (lambda (s r) (exact? s)))",
        "(inexact (/ a (expt 2 4000000)))",
        "(exact? (+ (/ 1 (expt 7 600000)) (/ 1 b)))",
        "(exact? (expt 2/3 1200000))",
        "(= a (string->number (number->string a)))",
        "(= a (string->number (number->string a 2) 2))",
        "(exact? (exact 1e308))",
        "(exact? (string->number \"#e1e1200000\"))",
    };
    sch_env *env = env_new();
    const struct sch_limits limits = { .size = sizeof limits, .timeout_ns = SCH_UNLIMITED };
    sch_vm *vm = sch_vm_new(env, &limits);
    void *(*allocate)(size_t);
    void *(*reallocate)(void *, size_t, size_t);
    void (*release)(void *, size_t);
    mp_get_memory_functions(&allocate, &reallocate, &release);
    mp_set_memory_functions(trap_allocate, trap_reallocate, trap_free);
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        sch_value value;
        enum sch_status status = eval(vm, programs[i], &value);
        if (status != SCH_OK)
            print_message("%s: %s\n", programs[i], sch_failure(vm)->message);
        assert_int_equal(status, SCH_OK);
        assert_true(sch_is_true(value));
    }
    mp_set_memory_functions(allocate, reallocate, release);
    sch_vm_free(vm);
    sch_env_free(env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_way_out_of_a_limit),
        cmocka_unit_test(test_an_interrupt_in_long_primitives),
        cmocka_unit_test(test_usage_after_each_end),
        cmocka_unit_test(test_gmp_needs_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
