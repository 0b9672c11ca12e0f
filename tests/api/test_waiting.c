/* Runs that wait: suspended by a host function, or paused at the end of a slice of fuel. By the public header alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <time.h>
#include <cmocka.h>
#include "schooner.h"

/* The limits that are not set, but no clock: a loaded machine is no reason to fail. */
static const struct sch_limits patient = { .size = sizeof patient, .timeout_ns = SCH_UNLIMITED };

static sch_value host_wait(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)data, (void)count, (void)args;
    return sch_suspend(vm);
}

static sch_value host_call(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    sch_value value;
    (void)data;
    return sch_call(vm, args[0], count - 1, args + 1, &value) == SCH_OK ? value : SCH_RAISED;
}

/* Asks for a suspension, then does something else. */
static sch_value host_changes_its_mind(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)data, (void)count, (void)args;
    (void)sch_suspend(vm);
    return sch_integer(vm, 5);
}

static sch_value host_raises_after_all(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)data, (void)count, (void)args;
    (void)sch_suspend(vm);
    return sch_raise_error(vm, "no");
}

static sch_value host_misuse(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    sch_value value;
    (void)data, (void)count, (void)args;
    assert_int_equal(sch_resume(vm, sch_nil(), &value), SCH_MISUSE);
    assert_int_equal(sch_cancel(vm), SCH_MISUSE);
    return sch_integer(vm, 1);
}

static sch_value host_slice(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    int64_t fuel = 0;
    (void)data, (void)count;
    sch_get_integer(args[0], &fuel);
    sch_set_slice(vm, (uint64_t)fuel);
    return sch_nil();
}

static unsigned finalized;

static void finalize(void *pointer)
{
    (void)pointer;
    finalized++;
}

static const struct sch_foreign_type thing_type = { "thing", finalize };

static sch_value host_thing(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)data, (void)count, (void)args;
    return sch_foreign(vm, &thing_type, &finalized, 1000);
}

struct host {
    sch_env *env;
    sch_vm *vm;
};

static struct sch_source source_of(const char *text)
{
    return (struct sch_source){ "test", text, strlen(text) };
}

static sch_env *env_new(void)
{
    static const struct sch_binding bindings[] = {
        { .name = "wait", .function = host_wait, .max_args = -1 },
        { .name = "host-call", .function = host_call, .min_args = 1, .max_args = -1 },
        { .name = "changes-its-mind", .function = host_changes_its_mind },
        { .name = "raises-after-all", .function = host_raises_after_all },
        { .name = "misuse", .function = host_misuse },
        { .name = "slice", .function = host_slice, .min_args = 1, .max_args = 1 },
        { .name = "thing", .function = host_thing },
    };
    static const struct sch_library library = { .bindings = bindings, .count = sizeof bindings / sizeof *bindings };
    static const char *const base[] = { "base", NULL };
    struct sch_env_options options = { .size = sizeof options,
                                       .libraries = &library,
                                       .library_count = 1,
                                       .pre_imports = base,
                                       .mutation = true,
                                       .catch_errors = true };
    sch_env *env = sch_env_new(&options, NULL);
    assert_non_null(env);
    return env;
}

static struct host host_new(const struct sch_limits *limits)
{
    struct host host = { .env = env_new() };
    host.vm = sch_vm_new(host.env, limits);
    assert_non_null(host.vm);
    return host;
}

static void host_done(struct host host)
{
    sch_vm_free(host.vm);
    sch_env_free(host.env);
}

static enum sch_status eval(sch_vm *vm, const char *text, sch_value *ret)
{
    char *copy = strdup(text); /* the text may go when sch_eval has returned */
    enum sch_status status = sch_eval(vm, source_of(copy), ret);
    memset(copy, 'x', strlen(copy));
    free(copy);
    return status;
}

static int64_t integer(sch_value value)
{
    int64_t n = INT64_MIN;
    assert_true(sch_get_integer(value, &n));
    return n;
}

static sch_value number(sch_vm *vm, int64_t n)
{
    return sch_integer(vm, n);
}

static void expect(sch_vm *vm, const char *text, int64_t expected)
{
    sch_value value;
    enum sch_status status = eval(vm, text, &value);
    if (status != SCH_OK)
        print_message("%s: %s\n", text, sch_failure(vm)->message);
    assert_int_equal(status, SCH_OK);
    assert_int_equal(integer(value), expected);
}

/* --- suspension -------------------------------------------------------------------------------------------------- */

static void test_a_suspended_call_has_the_value_of_resume(void **state)
{
    (void)state;
    struct host host = host_new(&patient);
    sch_value value = sch_nil();
    assert_int_equal(eval(host.vm, "(define a (wait)) (define b (wait 1 2)) (+ a (* 10 b) (wait))", &value),
                     SCH_SUSPENDED);
    assert_int_equal(sch_failure(host.vm)->status, SCH_SUSPENDED);
    assert_int_equal(sch_resume(host.vm, number(host.vm, 1), &value), SCH_SUSPENDED);
    assert_int_equal(sch_resume(host.vm, number(host.vm, 2), &value), SCH_SUSPENDED);
    assert_int_equal(sch_kind_of(value), SCH_KIND_NIL); /* untouched so far */
    assert_int_equal(sch_resume(host.vm, number(host.vm, 300), &value), SCH_OK);
    assert_int_equal(integer(value), 321);
    expect(host.vm, "(+ a b)", 3);
    host_done(host);
}

static void test_suspension_everywhere(void **state)
{
    (void)state;
    struct host host = host_new(&patient);
    /* each waits once and has the value 7 when 7 is given */
    static const char *const programs[] = {
        "(wait)",
        "((lambda () (wait)))",
        "(define (f n) (if (= n 0) (wait) (let ((v (f (- n 1)))) v))) (f 3000)", /* over many segments */
        "(apply wait '(1 2 3))",
        "(call-with-values wait (lambda (v) v))",
        "(call-with-values (lambda () (values (wait) 1)) (lambda (a b) a))",
        "(car (map (lambda (x) (wait)) '(1)))",
        "(call/cc (lambda (k) (k (wait))))",
        "(call/cc (lambda (k) (dynamic-wind (lambda () #f) (lambda () (k (wait))) (lambda () #f))))",
        "(guard (e (#t e)) (raise (wait)))",
        "(with-exception-handler (lambda (e) (wait)) (lambda () (raise-continuable 1)))",
        "(guard (e ((wait) => (lambda (v) v))) (raise 1))",
        "(define p (make-parameter 1)) (parameterize ((p 7)) (wait) (p))",
        "(dynamic-wind (lambda () (wait)) (lambda () 7) (lambda () #f))",
        "(let ((box 0)) (dynamic-wind (lambda () #f) (lambda () #f) (lambda () (set! box (wait)))) box)",
        ("(define n 0) (let* ((k #f) (v (call/cc (lambda (c) (set! k c) 0)))) (set! n (+ n 1))"
         " (if (< n 3) (k n) (wait)))"),
        "(let loop ((i 0)) (if (< i 20000) (begin (make-vector 10 i) (loop (+ i 1))) (wait)))",
        "(string->number (let ((s (make-string 1 #\\7))) (wait) s))",
    };
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        sch_value value;
        enum sch_status status = eval(host.vm, programs[i], &value);
        if (status != SCH_SUSPENDED)
            print_message("%s: %d %s\n", programs[i], status, sch_failure(host.vm)->message);
        assert_int_equal(status, SCH_SUSPENDED);
        assert_int_equal(sch_resume(host.vm, number(host.vm, 7), &value), SCH_OK);
        assert_int_equal(integer(value), 7);
        assert_true(sch_vm_reset(host.vm));
    }
    host_done(host);
}

static void test_run_and_call_suspend(void **state)
{
    (void)state;
    struct host host = host_new(&patient);
    sch_code *code;
    sch_value value;
    assert_int_equal(sch_compile(host.env, source_of("(define (f x) (+ x (wait))) (wait) f"), NULL, &code, NULL),
                     SCH_OK);
    assert_int_equal(sch_run(host.vm, code, &value), SCH_SUSPENDED);
    sch_code_free(code); /* the machine keeps what it needs */
    assert_int_equal(sch_resume(host.vm, sch_nil(), &value), SCH_OK);
    sch_ref *f = sch_keep(host.vm, value);
    sch_value five = number(host.vm, 5);
    assert_int_equal(sch_call(host.vm, sch_ref_value(f), 1, &five, &value), SCH_SUSPENDED);
    assert_int_equal(sch_resume(host.vm, number(host.vm, 6), &value), SCH_OK);
    assert_int_equal(integer(value), 11);
    sch_release(f);
    host_done(host);
}

static void test_resume_raises(void **state)
{
    (void)state;
    struct host host = host_new(&patient);
    sch_value value;
    assert_int_equal(eval(host.vm, "(guard (e ((symbol? e) e)) (wait))", &value), SCH_SUSPENDED);
    assert_int_equal(sch_resume(host.vm, sch_raise_value(host.vm, sch_symbol(host.vm, "gone")), &value), SCH_OK);
    assert_int_equal(sch_kind_of(value), SCH_KIND_SYMBOL);

    assert_int_equal(eval(host.vm, "(guard (e (#t (error-object-message e))) (wait))", &value), SCH_SUSPENDED);
    assert_int_equal(sch_resume(host.vm, sch_raise_error(host.vm, "lost %d", 3), &value), SCH_OK);
    const char *text;
    size_t length;
    assert_true(sch_get_text(value, &text, &length));
    assert_string_equal(text, "lost 3");

    assert_int_equal(eval(host.vm, "(define (f) (+ 1 (wait)))\n(f)", &value), SCH_SUSPENDED);
    assert_int_equal(sch_resume(host.vm, sch_raise_error(host.vm, "lost"), &value), SCH_ERROR);
    assert_string_equal(sch_failure(host.vm)->message, "lost");
    assert_int_equal(sch_failure(host.vm)->line, 1);
    assert_true(sch_failure(host.vm)->frame_count >= 1);

    assert_int_equal(eval(host.vm, "(wait)", &value), SCH_SUSPENDED); /* without a reason */
    assert_int_equal(sch_resume(host.vm, SCH_RAISED, &value), SCH_ERROR);
    assert_string_equal(sch_failure(host.vm)->kind, "host-error");
    expect(host.vm, "(+ 1 2)", 3);
    host_done(host);
}

static void test_nothing_waits_beneath_a_call_of_the_host(void **state)
{
    (void)state;
    struct host host = host_new(&patient);
    expect(host.vm, "(guard (e ((error-object? e) 3)) (host-call wait))", 3);
    expect(host.vm, "(guard (e ((error-object? e) 3)) (host-call (lambda () (wait) 1)))", 3);
    sch_value value;
    assert_int_equal(eval(host.vm, "(host-call wait)", &value), SCH_ERROR);
    assert_string_equal(sch_failure(host.vm)->kind, "barrier");
    /* behind such a call it can */
    assert_int_equal(eval(host.vm, "(host-call (lambda () 1)) (wait)", &value), SCH_SUSPENDED);
    assert_int_equal(sch_resume(host.vm, number(host.vm, 4), &value), SCH_OK);
    assert_int_equal(integer(value), 4);
    host_done(host);
}

static void test_functions_that_change_their_mind(void **state)
{
    (void)state;
    struct host host = host_new(&patient);
    expect(host.vm, "(+ 1 (changes-its-mind))", 6);
    expect(host.vm, "(guard (e ((error-object? e) 8)) (raises-after-all))", 8);
    expect(host.vm, "(let ((l (changes-its-mind))) (apply + (list l l)))", 10);
    host_done(host);
}

static void test_values_of_a_waiting_machine(void **state)
{
    (void)state;
    struct sch_limits limits = { .size = sizeof limits, .timeout_ns = SCH_UNLIMITED, .heap = 4 << 20 };
    struct host host = host_new(&limits);
    sch_vm *vm = host.vm;
    sch_value value;
    assert_int_equal(eval(vm,
                          "(define (churn n) (if (> n 0) (begin (make-vector 100 n) (churn (- n 1)))))"
                          "(define kept (list 1 2 3)) (let ((l (wait))) (churn 20000) (+ (car l) (cadr l) (car kept)))",
                          &value),
                     SCH_SUSPENDED);
    sch_value items[] = { number(vm, 10), number(vm, 20) };
    sch_value list = sch_list(vm, 2, items);
    for (int i = 0; i < 1000; i++)
        (void)sch_vector(vm, 2, items);
    void *bytes;
    size_t length;
    sch_value copy;
    assert_int_equal(sch_encode(vm, list, &bytes, &length), SCH_OK);
    assert_int_equal(sch_decode(vm, bytes, length, false, &copy), SCH_OK);
    sch_bytes_free(bytes, length);
    assert_int_equal(sch_kind_of(sch_print(vm, copy, false)), SCH_KIND_STRING);
    assert_int_equal(sch_resume(vm, copy, &value), SCH_OK);
    assert_int_equal(integer(value), 31);

    /* what the host makes in vain between many turns does not stay */
    assert_int_equal(eval(vm, "(let loop ((n 2000)) (if (= n 0) 5 (begin (wait) (loop (- n 1)))))", &value),
                     SCH_SUSPENDED);
    char text[4096];
    memset(text, 'a', sizeof text);
    enum sch_status status = SCH_SUSPENDED;
    for (int i = 0; i < 2000; i++) {
        assert_int_equal(status, SCH_SUSPENDED);
        status = sch_resume(vm, sch_string(vm, text, sizeof text), &value);
    }
    assert_int_equal(status, SCH_OK);
    host_done(host);
}

static void test_the_heap_stays_charged_and_limits_hold(void **state)
{
    (void)state;
    struct sch_limits limits = { .size = sizeof limits, .timeout_ns = SCH_UNLIMITED, .heap = 4 << 20, .fuel = 100000 };
    struct host host = host_new(&limits);
    sch_vm *vm = host.vm;
    sch_value value;
    assert_int_equal(eval(vm, "(let ((big (make-vector 200000 0))) (wait) (vector-length big))", &value),
                     SCH_SUSPENDED);
    assert_true(sch_usage(vm).heap_now >= 1600000);
    sch_value vector = sch_nil();
    for (int i = 0; i < 20 && !sch_is_raised(vector); i++) {
        static sch_value items[20000];
        for (int k = 0; k < 20000; k++)
            items[k] = sch_nil();
        vector = sch_vector(vm, 20000, items);
    }
    assert_true(sch_is_raised(vector)); /* the host meets the limit of the run that waits */
    assert_int_equal(sch_resume(vm, vector, &value), SCH_LIMIT);
    assert_int_equal(sch_failure(vm)->limit, SCH_LIMIT_HEAP);
    expect(vm, "(+ 1 2)", 3);

    /* fuel is the run's, however often it waits */
    assert_int_equal(eval(vm, "(let loop () (wait) (loop))", &value), SCH_SUSPENDED);
    enum sch_status status = SCH_SUSPENDED;
    unsigned turns = 0;
    for (; status == SCH_SUSPENDED; turns++)
        status = sch_resume(vm, sch_nil(), &value);
    assert_int_equal(status, SCH_LIMIT);
    assert_int_equal(sch_failure(vm)->limit, SCH_LIMIT_FUEL);
    assert_true(turns > 10000);
    assert_int_equal(sch_usage(vm).fuel, 100000);
    expect(vm, "(+ 1 2)", 3);
    host_done(host);
}

static void sleep_ms(long ms)
{
    struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
    nanosleep(&time, NULL);
}

static void test_the_clock_stands_still(void **state)
{
    (void)state;
    struct sch_limits limits = { .size = sizeof limits, .timeout_ns = UINT64_C(60000000000) };
    struct host host = host_new(&limits);
    sch_value value;
    assert_int_equal(eval(host.vm, "(wait) (wait) 1", &value), SCH_SUSPENDED);
    uint64_t before = sch_usage(host.vm).wall_ns;
    sleep_ms(20);
    assert_int_equal(sch_usage(host.vm).wall_ns, before);
    /* much longer than the timeout, were it counted; the run itself needs microseconds */
    limits.timeout_ns = UINT64_C(3000000000);
    assert_int_equal(sch_cancel(host.vm), SCH_OK);
    assert_true(sch_vm_set_limits(host.vm, &limits));
    assert_int_equal(eval(host.vm, "(wait) (wait) 1", &value), SCH_SUSPENDED);
    sleep_ms(1600);
    assert_int_equal(sch_resume(host.vm, sch_nil(), &value), SCH_SUSPENDED);
    sleep_ms(1600);
    assert_int_equal(sch_resume(host.vm, sch_nil(), &value), SCH_OK);
    /* and goes on afterwards */
    assert_int_equal(eval(host.vm, "(wait) (let loop () (loop))", &value), SCH_SUSPENDED);
    assert_int_equal(sch_resume(host.vm, sch_nil(), &value), SCH_LIMIT);
    assert_int_equal(sch_failure(host.vm)->limit, SCH_LIMIT_TIMEOUT);
    host_done(host);
}

/* What is left of it may be too short for another look. */
static void test_a_run_that_waits_is_interrupted(void **state)
{
    (void)state;
    struct host host = host_new(NULL);
    sch_value value;
    assert_int_equal(eval(host.vm, "(wait)", &value), SCH_SUSPENDED);
    sch_interrupt(host.vm);
    assert_int_equal(sch_resume(host.vm, sch_nil(), &value), SCH_LIMIT);
    assert_int_equal(sch_failure(host.vm)->limit, SCH_LIMIT_INTERRUPT);
    expect(host.vm, "(+ 1 2)", 3);
    host_done(host);
}

static void test_cancel(void **state)
{
    (void)state;
    struct host host = host_new(&patient);
    sch_vm *vm = host.vm;
    sch_value value;
    assert_int_equal(eval(vm,
                          "(define seen 0) (define p (make-parameter 1))"
                          "(guard (e (#t (set! seen 1))) (parameterize ((p 2)) (dynamic-wind (lambda () #f)"
                          " (lambda () (wait)) (lambda () (set! seen 2)))))",
                          &value),
                     SCH_SUSPENDED);
    assert_int_equal(sch_cancel(vm), SCH_OK);
    expect(vm, "seen", 0);
    expect(vm, "(p)", 1);
    assert_int_equal(eval(vm, "(raise 1)", &value), SCH_ERROR); /* the handler is gone */
    expect(vm, "seen", 0);
    assert_int_equal(sch_cancel(vm), SCH_MISUSE);
    host_done(host);
}

static void test_misuse_of_a_waiting_machine(void **state)
{
    (void)state;
    struct host host = host_new(&patient);
    sch_vm *vm = host.vm;
    sch_value value = sch_nil();
    assert_int_equal(sch_resume(vm, sch_nil(), &value), SCH_MISUSE);
    assert_int_equal(sch_failure(vm)->status, SCH_MISUSE);
    assert_true(sch_is_raised(sch_suspend(vm))); /* nothing runs that could wait */
    sch_code *code;
    assert_int_equal(sch_compile(host.env, source_of("1"), NULL, &code, NULL), SCH_OK);
    assert_int_equal(eval(vm, "(define (f) (wait)) (f)", &value), SCH_SUSPENDED);
    assert_int_equal(eval(vm, "1", &value), SCH_MISUSE);
    assert_int_equal(sch_run(vm, code, &value), SCH_MISUSE);
    assert_int_equal(sch_call(vm, sch_nil(), 0, NULL, &value), SCH_MISUSE);
    assert_int_equal(sch_check(vm, source_of("1"), NULL, NULL), SCH_MISUSE);
    assert_int_equal(sch_show_stage(vm, source_of("1"), SCH_STAGE_CORE, NULL, NULL), SCH_MISUSE);
    assert_int_equal(sch_names(vm, "", NULL, NULL), SCH_MISUSE);
    assert_false(sch_vm_reset(vm));
    assert_false(sch_vm_set_limits(vm, NULL));
    assert_int_equal(sch_kind_of(value), SCH_KIND_NIL);
    assert_int_equal(sch_resume(vm, number(vm, 9), &value), SCH_OK); /* none of it did any harm */
    assert_int_equal(integer(value), 9);
    expect(vm, "(misuse)", 1);
    sch_code_free(code);
    host_done(host);
}

static void test_interrupt_and_free_of_a_waiting_machine(void **state)
{
    (void)state;
    struct host host = host_new(&patient);
    sch_value value;
    assert_int_equal(eval(host.vm, "(wait) (let loop ((n 100000)) (if (> n 0) (loop (- n 1)) n))", &value),
                     SCH_SUSPENDED);
    sch_interrupt(host.vm);
    assert_int_equal(sch_resume(host.vm, sch_nil(), &value), SCH_LIMIT);
    assert_int_equal(sch_failure(host.vm)->limit, SCH_LIMIT_INTERRUPT);
    finalized = 0;
    assert_int_equal(eval(host.vm, "(let ((t (thing))) (wait) t)", &value), SCH_SUSPENDED);
    sch_vm_free(host.vm);
    assert_int_equal(finalized, 1);
    sch_env_free(host.env);
}

static void *resume_elsewhere(void *data)
{
    sch_vm *vm = data;
    sch_value value;
    if (sch_resume(vm, sch_integer(vm, 20), &value) != SCH_OK)
        return NULL;
    int64_t n;
    return sch_get_integer(value, &n) && n == 25 ? vm : NULL;
}

static void test_a_waiting_machine_moves_to_another_thread(void **state)
{
    (void)state;
    struct host host = host_new(&patient);
    sch_value value;
    assert_int_equal(eval(host.vm, "(+ 5 (wait))", &value), SCH_SUSPENDED);
    pthread_t thread;
    void *result;
    assert_int_equal(pthread_create(&thread, NULL, resume_elsewhere, host.vm), 0);
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_ptr_equal(result, host.vm);
    host_done(host);
}

/* --- slices ------------------------------------------------------------------------------------------------------ */

/* Runs to the end, turn by turn; *ret_turns of them. */
static enum sch_status finish(sch_vm *vm, enum sch_status status, sch_value *ret, unsigned *ret_turns)
{
    for (*ret_turns = 1; status == SCH_PAUSED; ++*ret_turns)
        status = sch_resume(vm, sch_nil(), ret);
    return status;
}

static const char count_down[] = "(let loop ((n 50000)) (if (> n 0) (loop (- n 1)) 77))";

static void test_slices_take_turns_and_change_nothing(void **state)
{
    (void)state;
    static const char *const programs[] = {
        count_down,
        "(define (fib n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2))))) (fib 20)",
        "(define (deep n) (if (= n 0) 0 (+ 1 (deep (- n 1))))) (deep 20000)",
        "(length (map (lambda (x) (make-vector 20 x)) (make-list 20000 1)))",
        "(define k #f) (define n 0) (call/cc (lambda (c) (set! k c))) (set! n (+ n 1)) (if (< n 5000) (k 1) n)",
        "(let loop ((n 5000) (s 0)) (if (= n 0) s (loop (- n 1) (guard (e (#t (+ s e))) (raise 2)))))",
        "(define (v . rest) (if (< (length rest) 40) (apply v 1 rest) (apply + rest)))"
        "(let loop ((n 50) (s 0)) (if (= n 0) s (loop (- n 1) (+ s (v)))))",
    };
    static const uint64_t slices[] = { 1, 17, 1000, 4096, 10000 };
    for (size_t p = 0; p < sizeof programs / sizeof *programs; p++) {
        struct host host = host_new(&patient);
        sch_value value;
        assert_int_equal(eval(host.vm, programs[p], &value), SCH_OK);
        int64_t expected = integer(value);
        uint64_t fuel = sch_usage(host.vm).fuel;
        for (size_t s = 0; s < sizeof slices / sizeof *slices; s++) {
            struct sch_limits limits = { .size = sizeof limits, .timeout_ns = SCH_UNLIMITED, .slice = slices[s] };
            sch_vm *vm = sch_vm_new(host.env, &limits);
            unsigned turns;
            enum sch_status status = finish(vm, eval(vm, programs[p], &value), &value, &turns);
            assert_int_equal(status, SCH_OK);
            assert_int_equal(integer(value), expected);
            assert_int_equal(sch_usage(vm).fuel, fuel);
            assert_true(turns <= fuel / slices[s] + 2);
            assert_true(turns >= fuel / (slices[s] + 8192));
            sch_vm_free(vm);
        }
        host_done(host);
    }
}

static void test_a_slice_is_kept(void **state)
{
    (void)state;
    struct sch_limits limits = { .size = sizeof limits, .timeout_ns = SCH_UNLIMITED, .slice = 1000 };
    struct host host = host_new(&limits);
    sch_value value;
    enum sch_status status = eval(host.vm, "(define (loop) (loop)) (loop)", &value);
    uint64_t before = sch_usage(host.vm).fuel;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(status, SCH_PAUSED);
        status = sch_resume(host.vm, sch_nil(), &value);
        uint64_t now = sch_usage(host.vm).fuel;
        assert_true(now - before >= 1000 && now - before <= 1010);
        before = now;
    }
    assert_int_equal(sch_cancel(host.vm), SCH_OK);
    host_done(host);
}

static void test_slices_and_limits(void **state)
{
    (void)state;
    struct sch_limits limits = {
        .size = sizeof limits, .timeout_ns = SCH_UNLIMITED, .slice = 1000, .fuel = 20500, .heap = 4 << 20
    };
    struct host host = host_new(&limits);
    sch_value value;
    unsigned turns;
    enum sch_status status = finish(host.vm, eval(host.vm, count_down, &value), &value, &turns);
    assert_int_equal(status, SCH_LIMIT);
    assert_int_equal(sch_failure(host.vm)->limit, SCH_LIMIT_FUEL);
    assert_int_equal(sch_usage(host.vm).fuel, 20500);
    limits.fuel = SCH_UNLIMITED;
    assert_true(sch_vm_set_limits(host.vm, &limits));
    status = finish(host.vm, eval(host.vm, "(let loop ((l '())) (loop (cons (make-vector 100 0) l)))", &value), &value,
                    &turns);
    assert_int_equal(status, SCH_LIMIT);
    assert_int_equal(sch_failure(host.vm)->limit, SCH_LIMIT_HEAP);
    /* without a slice */
    sch_set_slice(host.vm, 0);
    assert_int_equal(eval(host.vm, count_down, &value), SCH_OK);
    host_done(host);
}

static void test_slice_of_one_run(void **state)
{
    (void)state;
    struct host host = host_new(&patient);
    sch_value value;
    sch_set_slice(host.vm, 1000);
    assert_int_equal(eval(host.vm, count_down, &value), SCH_PAUSED);
    sch_set_slice(host.vm, SCH_UNLIMITED);
    assert_int_equal(sch_resume(host.vm, sch_nil(), &value), SCH_OK);
    assert_int_equal(integer(value), 77);
    /* from inside */
    assert_int_equal(eval(host.vm, "(slice 100) (let loop ((n 150)) (if (> n 0) (loop (- n 1)) 5))", &value),
                     SCH_PAUSED);
    assert_int_equal(sch_resume(host.vm, sch_nil(), &value), SCH_OK);
    assert_int_equal(integer(value), 5);
    host_done(host);
}

static void test_no_pause_beneath_a_call_of_the_host(void **state)
{
    (void)state;
    struct sch_limits limits = { .size = sizeof limits, .timeout_ns = SCH_UNLIMITED, .slice = 1000 };
    struct host host = host_new(&limits);
    sch_value value;
    enum sch_status status =
        eval(host.vm, "(define (f n) (if (> n 0) (f (- n 1)) 3)) (host-call f 30000) (slice 0) (f 30000)", &value);
    /* once, when the call of the host had ended and the slice was long over */
    if (status == SCH_PAUSED) {
        assert_true(sch_usage(host.vm).fuel >= 30000);
        status = sch_resume(host.vm, sch_nil(), &value);
    }
    assert_int_equal(status, SCH_OK);
    host_done(host);
}

static void test_slices_and_suspensions(void **state)
{
    (void)state;
    struct sch_limits limits = { .size = sizeof limits, .timeout_ns = SCH_UNLIMITED, .slice = 100 };
    struct host host = host_new(&limits);
    sch_value value;
    enum sch_status status =
        eval(host.vm,
             "(define (f n) (if (> n 0) (f (- n 1)) 1))"
             "(let loop ((n 20) (s 0)) (if (= n 0) s (begin (f 250) (loop (- n 1) (+ s (wait))))))",
             &value);
    unsigned pauses = 0, suspensions = 0;
    while (status == SCH_PAUSED || status == SCH_SUSPENDED) {
        pauses += status == SCH_PAUSED;
        suspensions += status == SCH_SUSPENDED;
        status = sch_resume(host.vm, sch_integer(host.vm, 2), &value);
    }
    assert_int_equal(status, SCH_OK);
    assert_int_equal(integer(value), 40);
    assert_int_equal(suspensions, 20);
    assert_true(pauses >= 40);
    host_done(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_suspended_call_has_the_value_of_resume),
        cmocka_unit_test(test_suspension_everywhere),
        cmocka_unit_test(test_run_and_call_suspend),
        cmocka_unit_test(test_resume_raises),
        cmocka_unit_test(test_nothing_waits_beneath_a_call_of_the_host),
        cmocka_unit_test(test_functions_that_change_their_mind),
        cmocka_unit_test(test_values_of_a_waiting_machine),
        cmocka_unit_test(test_the_heap_stays_charged_and_limits_hold),
        cmocka_unit_test(test_the_clock_stands_still),
        cmocka_unit_test(test_a_run_that_waits_is_interrupted),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_misuse_of_a_waiting_machine),
        cmocka_unit_test(test_interrupt_and_free_of_a_waiting_machine),
        cmocka_unit_test(test_a_waiting_machine_moves_to_another_thread),
        cmocka_unit_test(test_slices_take_turns_and_change_nothing),
        cmocka_unit_test(test_a_slice_is_kept),
        cmocka_unit_test(test_slices_and_limits),
        cmocka_unit_test(test_slice_of_one_run),
        cmocka_unit_test(test_no_pause_beneath_a_call_of_the_host),
        cmocka_unit_test(test_slices_and_suspensions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
