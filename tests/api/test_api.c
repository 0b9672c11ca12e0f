/* The public interface of the engine, by its header alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <unistd.h>
#include <cmocka.h>
#include "schooner.h"

/* The limits that are not set, but no clock: a loaded machine is no reason to fail. */
static const struct sch_limits patient = { .size = sizeof patient, .timeout_ns = SCH_UNLIMITED };

static struct sch_source source_of(const char *text)
{
    return (struct sch_source){ "test", text, strlen(text) };
}

static const char *const base_only[] = { "(scheme base)", NULL };

static sch_env *env_with(const struct sch_library *libraries, size_t count)
{
    struct sch_env_options options = {
        .size = sizeof options,
        .pre_imports = base_only,
        .libraries = libraries,
        .library_count = count,
    };
    struct sch_failure failure;
    sch_env *env = sch_env_new(&options, &failure);
    assert_non_null(env);
    return env;
}

static int64_t integer(sch_value value)
{
    int64_t n = 0;
    assert_true(sch_get_integer(value, &n));
    return n;
}

static sch_value eval(sch_vm *vm, const char *text)
{
    sch_value value = sch_nil();
    enum sch_status status = sch_eval(vm, source_of(text), &value);
    if (status != SCH_OK)
        print_message("%s: %s\n", text, sch_failure(vm)->message);
    assert_int_equal(status, SCH_OK);
    return value;
}

static void assert_text(sch_value value, const char *expected)
{
    const char *text = NULL;
    size_t length = 0;
    assert_true(sch_get_text(value, &text, &length));
    assert_int_equal(length, strlen(expected));
    assert_string_equal(text, expected);
}

/* --- what is in scope -------------------------------------------------------------------------------------------- */

static void test_nothing_without_an_import(void **state)
{
    (void)state;
    struct sch_env_options options = { .size = sizeof options };
    sch_env *env = sch_env_new(&options, NULL);
    sch_vm *vm = sch_vm_new(env, &patient);
    sch_value value;
    assert_int_equal(sch_eval(vm, source_of("(+ 1 2)"), &value), SCH_ERROR);
    assert_string_equal(sch_failure(vm)->kind, "unbound-variable");
    assert_int_equal(sch_failure(vm)->line, 1);
    assert_int_equal(sch_failure(vm)->column, 2);
    assert_int_equal(integer(eval(vm, "(import (only (scheme base) +)) (+ 1 2)")), 3);
    assert_int_equal(sch_eval(vm, source_of("(import (scheme file)) 1"), &value), SCH_ERROR);
    assert_string_equal(sch_failure(vm)->kind, "library-not-found");
    sch_vm_free(vm);
    sch_env_free(env);
}

/* What is said of a name that `eval` finds unbound is said of that name, not of `eval`. */
static void test_a_name_unbound_in_eval(void **state)
{
    (void)state;
    struct sch_env_options options = { .size = sizeof options, .posture = SCH_POSTURE_RUN };
    sch_env *env = sch_env_new(&options, NULL);
    sch_vm *vm = sch_vm_new(env, &patient);
    sch_value value;
    const char *text = "(import (scheme base) (scheme eval)) (eval 'nowhere-at-all (environment '(scheme base)))";
    assert_int_equal(sch_eval(vm, source_of(text), &value), SCH_ERROR);
    assert_string_equal(sch_failure(vm)->kind, "unbound-variable");
    assert_string_equal(sch_failure(vm)->message, "`nowhere-at-all` is not bound");
    sch_vm_free(vm);
    sch_env_free(env);
}

static void test_menu(void **state)
{
    (void)state;
    const char *menu[] = { "base", "char", NULL };
    struct sch_env_options options = { .size = sizeof options, .menu = menu };
    sch_env *env = sch_env_new(&options, NULL);
    sch_vm *vm = sch_vm_new(env, &patient);
    sch_value value;
    eval(vm, "(import (scheme base) (scheme char)) (char-upcase #\\a)");
    assert_int_equal(sch_eval(vm, source_of("(import (scheme inexact)) (sin 0)"), &value), SCH_ERROR);
    assert_string_equal(sch_failure(vm)->kind, "library-not-found");
    sch_vm_free(vm);
    sch_env_free(env);

    const char *unknown[] = { "no-such-thing", NULL };
    options.menu = unknown;
    struct sch_failure failure;
    assert_null(sch_env_new(&options, &failure));
    assert_string_equal(failure.kind, "library-not-found");
    sch_failure_done(&failure);
}

static void test_definitions_stay(void **state)
{
    (void)state;
    sch_env *env = env_with(NULL, 0);
    sch_vm *vm = sch_vm_new(env, &patient);
    eval(vm, "(define (twice x) (* 2 x))");
    assert_int_equal(integer(eval(vm, "(twice 21)")), 42);
    assert_true(sch_vm_reset(vm));
    sch_value value;
    assert_int_equal(sch_eval(vm, source_of("(twice 21)"), &value), SCH_ERROR);
    sch_vm_free(vm);
    sch_env_free(env);
}

/* --- limits ------------------------------------------------------------------------------------------------------ */

static void expect_limit(const char *program, const struct sch_limits *limits, enum sch_limit expected)
{
    sch_env *env = env_with(NULL, 0);
    sch_vm *vm = sch_vm_new(env, limits);
    sch_value value;
    assert_int_equal(sch_eval(vm, source_of(program), &value), SCH_LIMIT);
    assert_int_equal(sch_failure(vm)->limit, expected);
    assert_true(sch_usage(vm).heap_peak <= limits->heap);
    if (limits->fuel > 1000) /* the machine is whole */
        assert_int_equal(integer(eval(vm, "(+ 1 2)")), 3);
    sch_vm_free(vm);
    sch_env_free(env);
}

static void test_limits(void **state)
{
    (void)state;
    struct sch_limits limits = { .size = sizeof limits, .heap = 8 << 20, .fuel = 2000000, .timeout_ns = SCH_UNLIMITED };
    expect_limit("(let loop () (loop))", &limits, SCH_LIMIT_FUEL);
    expect_limit("(guard (e (#t 1)) (let loop () (loop)))", &limits, SCH_LIMIT_FUEL);
    expect_limit("(dynamic-wind (lambda () 1) (lambda () (let loop () (loop))) (lambda () (let loop () (loop))))",
                 &limits, SCH_LIMIT_FUEL);
    expect_limit("(expt 10 (expt 10 10))", &limits, SCH_LIMIT_INTEGER_BITS);
    limits.fuel = SCH_UNLIMITED;
    expect_limit("(let loop ((n 0)) (+ 1 (loop n)))", &limits, SCH_LIMIT_HEAP);
    expect_limit("(make-vector 1000000000 0)", &limits, SCH_LIMIT_HEAP);
    expect_limit("(let loop () (write-string \"flood\") (loop))", &limits, SCH_LIMIT_OUTPUT);
    limits.timeout_ns = 50000000;
    expect_limit("(let loop () (loop))", &limits, SCH_LIMIT_TIMEOUT);
}

static void test_fuel_is_the_same_each_time(void **state)
{
    (void)state;
    sch_env *env = env_with(NULL, 0);
    uint64_t first = 0;
    for (int i = 0; i < 5; i++) {
        sch_vm *vm = sch_vm_new(env, &patient);
        eval(vm, "(define (fib n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2))))) (fib 15)");
        uint64_t fuel = sch_usage(vm).fuel;
        assert_true(fuel > 1900); /* fib 15 enters fib 1973 times */
        if (i == 0)
            first = fuel;
        assert_int_equal(fuel, first);
        sch_vm_free(vm);
    }
    sch_env_free(env);
}

static _Atomic bool has_ended;

/* Before the run has begun it has no effect: again and again, therefore. */
static void *interrupt_until_it_ends(void *vm)
{
    while (!has_ended) {
        usleep(20000);
        sch_interrupt(vm);
    }
    return NULL;
}

static void test_interrupt_from_another_thread(void **state)
{
    (void)state;
    sch_env *env = env_with(NULL, 0);
    struct sch_limits limits = { .size = sizeof limits, .timeout_ns = SCH_UNLIMITED };
    sch_vm *vm = sch_vm_new(env, &limits);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, interrupt_until_it_ends, vm), 0);
    sch_value value;
    enum sch_status status = sch_eval(vm, source_of("(let loop () (loop))"), &value);
    has_ended = true;
    pthread_join(thread, NULL);
    assert_int_equal(status, SCH_LIMIT);
    assert_int_equal(sch_failure(vm)->limit, SCH_LIMIT_INTERRUPT);
    sch_vm_free(vm);
    sch_env_free(env);
}

/* --- host functions ---------------------------------------------------------------------------------------------- */

static sch_value host_add(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)data;
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t n;
        if (!sch_get_integer(args[i], &n))
            return sch_raise_error(vm, "add needs integers");
        sum += n;
    }
    return sch_integer(vm, sum);
}

/* Calls back many times, holding plain values across the calls: what the header promises stays alive. */
static sch_value host_collect(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)data, (void)count;
    sch_value list = sch_nil();
    for (int i = 0; i < 200; i++) {
        char text[32];
        snprintf(text, sizeof text, "item %d", i);
        sch_value string = sch_string(vm, text, strlen(text));
        sch_value fresh = sch_list(vm, 1, &string);
        sch_value result;
        if (sch_is_raised(fresh) || sch_call(vm, args[0], 1, &fresh, &result) != SCH_OK)
            return SCH_RAISED;
        list = sch_cons(vm, result, list);
        if (sch_is_raised(list))
            return SCH_RAISED;
    }
    return list;
}

static const struct sch_binding host_bindings[] = {
    { .name = "add", .function = host_add, .min_args = 0, .max_args = -1 },
    { .name = "collect", .function = host_collect, .min_args = 1, .max_args = 1 },
};

static void test_host_functions(void **state)
{
    (void)state;
    struct sch_library library = { .name = "(acme tools)", .bindings = host_bindings, .count = 2 };
    sch_env *env = env_with(&library, 1);
    struct sch_limits limits = { .size = sizeof limits, .heap = 4 << 20 };
    sch_vm *vm = sch_vm_new(env, &limits);
    assert_int_equal(integer(eval(vm, "(import (acme tools)) (add 1 2 3)")), 6);
    assert_int_equal(integer(eval(vm, "(import (acme tools)) (guard (e ((error-object? e) 7)) (add 'x))")), 7);
    sch_value list =
        eval(vm, "(import (acme tools)) (collect (lambda (l) (make-vector 500 l) (string-append (car l) \"!\")))");
    for (int i = 199; i >= 0; i--) {
        char expected[32];
        snprintf(expected, sizeof expected, "item %d!", i);
        sch_value item;
        assert_true(sch_get_pair(list, &item, &list));
        assert_text(item, expected);
    }
    sch_value value;
    assert_int_equal(sch_eval(vm, source_of("(import (acme tools)) (collect)"), &value), SCH_ERROR);
    /* an escape over the host's frame */
    assert_int_equal(integer(eval(vm, "(call/cc (lambda (k) (collect (lambda (l) (k 5)))))")), 5);
    /* a limit inside of a call back is a limit of the whole run */
    assert_int_equal(sch_eval(vm, source_of("(collect (lambda (l) (let loop ((n 0)) (+ 1 (loop n)))))"), &value),
                     SCH_LIMIT);
    assert_int_equal(integer(eval(vm, "(add 1 1)")), 2);
    sch_vm_free(vm);
    sch_env_free(env);
}

static int finalized;

static void count_finalizer(void *pointer)
{
    (void)pointer;
    finalized++;
}

static const struct sch_foreign_type ticket = { "ticket", count_finalizer };
static const struct sch_foreign_type other = { "other", NULL };

static sch_value host_ticket(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)count, (void)args;
    return sch_foreign(vm, &ticket, data, 100);
}

static const struct sch_foreign_type place = { "place", NULL };

/* What was in force where a limit ended a run is not in force in the next one. */
static void test_state_after_a_limit(void **state)
{
    (void)state;
    struct sch_env_options options = { .size = sizeof options, .pre_imports = base_only, .catch_errors = true };
    const struct sch_limits limits = { .size = sizeof limits, .fuel = 100000 };
    sch_env *env = sch_env_new(&options, NULL);
    sch_vm *vm = sch_vm_new(env, &limits);
    sch_value value;
    eval(vm, "(define p (make-parameter 1))");
    assert_int_equal(sch_eval(vm,
                              source_of("(with-exception-handler (lambda (e) 'handled)"
                                        "  (lambda () (parameterize ((p 2)) (let loop () (loop)))))"),
                              &value),
                     SCH_LIMIT);
    assert_int_equal(integer(eval(vm, "(p)")), 1);
    assert_int_equal(sch_eval(vm, source_of("(raise-continuable 'alone)"), &value), SCH_ERROR);
    sch_vm_free(vm);
    sch_env_free(env);
}

static bool is_true(sch_vm *vm, const char *text)
{
    bool value = false;
    assert_true(sch_get_boolean(eval(vm, text), &value));
    return value;
}

static sch_value host_place(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)count;
    int64_t index;
    assert_true(sch_get_integer(args[0], &index));
    return sch_foreign(vm, &place, (char *)data + index, 0);
}

/* eq? is identity of what the host means, through collections too; nothing of the host is printed. */
static void test_foreign_identity(void **state)
{
    (void)state;
    static char places[5000];
    const struct sch_binding binding = {
        .name = "place", .function = host_place, .data = places, .min_args = 1, .max_args = 1
    };
    const struct sch_library library = { .bindings = &binding, .count = 1 };
    sch_env *env = env_with(&library, 1);
    sch_vm *vm = sch_vm_new(env, &patient);
    assert_true(is_true(vm, "(eq? (place 1) (place 1))"));
    assert_false(is_true(vm, "(eqv? (place 1) (place 2))"));
    assert_true(is_true(vm, "(equal? (place 3) (place 3))"));
    assert_text(sch_print(vm, eval(vm, "(place 1)"), false), "#<foreign>");
    assert_true(is_true(vm, "(let ((kept (place 7)))"
                            "  (let loop ((n 0))"
                            "    (if (< n 5000) (begin (place n) (make-vector 100 n) (loop (+ n 1)))))"
                            "  (eq? kept (place 7)))"));
    sch_vm_free(vm);
    sch_env_free(env);
}

static void test_foreign_values(void **state)
{
    (void)state;
    int token;
    struct sch_binding binding = {
        .name = "ticket", .function = host_ticket, .data = &token, .min_args = 0, .max_args = 0
    };
    struct sch_library library = { .name = NULL, .bindings = &binding, .count = 1 };
    sch_env *env = env_with(&library, 1);
    sch_vm *vm = sch_vm_new(env, &patient);
    finalized = 0;
    sch_value value = eval(vm, "(ticket)");
    void *pointer = NULL;
    assert_true(sch_get_foreign(value, &ticket, &pointer));
    assert_ptr_equal(pointer, &token);
    assert_false(sch_get_foreign(value, &other, &pointer));
    eval(vm, "(define kept (ticket)) (let loop ((n 1000)) (if (= n 0) 0 (begin (ticket) (loop (- n 1)))))");
    sch_vm_free(vm);
    assert_int_equal(finalized, 1002);
    sch_env_free(env);
}

/* --- code, references, bytes ------------------------------------------------------------------------------------- */

static void test_compile_once_run_anywhere(void **state)
{
    (void)state;
    sch_env *env = env_with(NULL, 0);
    sch_code *code;
    struct sch_failure failure;
    assert_int_equal(sch_compile(env, source_of("(define x 20) (+ x 22)"), NULL, &code, &failure), SCH_OK);
    for (int i = 0; i < 3; i++) {
        sch_vm *vm = sch_vm_new(env, &patient);
        sch_value value;
        assert_int_equal(sch_run(vm, code, &value), SCH_OK);
        assert_int_equal(integer(value), 42);
        sch_vm_free(vm);
    }
    sch_code_free(code);
    assert_int_equal(sch_compile(env, source_of("(let ((x 1)"), NULL, &code, &failure), SCH_ERROR);
    assert_string_equal(failure.kind, "read-incomplete");
    sch_failure_done(&failure);
    sch_env_free(env);
}

static void test_references(void **state)
{
    (void)state;
    sch_env *env = env_with(NULL, 0);
    struct sch_limits limits = { .size = sizeof limits, .heap = 4 << 20 };
    sch_vm *vm = sch_vm_new(env, &limits);
    sch_ref *kept = sch_keep(vm, eval(vm, "(list 1 2 3 \"four\")"));
    assert_non_null(kept);
    eval(vm, "(let loop ((n 20000)) (if (= n 0) 0 (begin (make-vector 50 n) (loop (- n 1)))))");
    size_t length;
    assert_true(sch_get_list_length(sch_ref_value(kept), &length));
    assert_int_equal(length, 4);
    assert_text(sch_print(vm, sch_ref_value(kept), false), "(1 2 3 \"four\")");
    sch_release(kept);
    sch_vm_free(vm);
    sch_env_free(env);
}

/* What ends a run in one machine is raised in another. */
static void check_raised(sch_vm *here, sch_vm *there, const char *program, const char *message, const char *irritants)
{
    void *bytes;
    size_t length;
    sch_value value, kind, said, rest;
    assert_int_equal(sch_eval(here, (struct sch_source){ "raises.scm", program, strlen(program) }, &value), SCH_ERROR);
    assert_int_equal(sch_encode_raised(here, &bytes, &length), SCH_OK);
    assert_int_equal(sch_decode(there, bytes, length, false, &value), SCH_OK);
    assert_true(sch_get_condition(value, &kind, &said, &rest));
    assert_text(said, message);
    assert_text(sch_print(there, rest, false), irritants);
    sch_bytes_free(bytes, length);
}

static void test_raised_bytes(void **state)
{
    (void)state;
    sch_env *env = env_with(NULL, 0);
    sch_vm *here = sch_vm_new(env, &patient), *there = sch_vm_new(env, &patient);
    void *bytes;
    size_t length;
    sch_value value;
    check_raised(here, there, "(error \"it failed:\" 1 'two)", "it failed:", "(1 two)");
    check_raised(here, there, "(error \"it failed:\" 1 car \"x\")", "it failed: 1 #<procedure car> \"x\"", "()");
    check_raised(here, there, "(error 'who \"says\" car)", "who \"says\" #<procedure car>", "()");
    check_raised(here, there, "(vector-ref (vector 1) 2)", "argument 2 is out of range for a length of 1:", "(2)");
    assert_int_equal(sch_eval(here, (struct sch_source){ "r", "(raise '(1 . 2))", 16 }, &value), SCH_ERROR);
    assert_int_equal(sch_encode_raised(here, &bytes, &length), SCH_OK);
    assert_int_equal(sch_decode(there, bytes, length, false, &value), SCH_OK);
    assert_text(sch_print(there, value, false), "(1 . 2)");
    sch_bytes_free(bytes, length);
    assert_int_equal(sch_eval(here, (struct sch_source){ "r", "(raise car)", 11 }, &value), SCH_ERROR);
    assert_int_equal(sch_encode_raised(here, &bytes, &length), SCH_ERROR);
    sch_vm_free(here);
    sch_vm_free(there);
    sch_env_free(env);
}

static void test_bytes(void **state)
{
    (void)state;
    sch_env *env = env_with(NULL, 0);
    sch_vm *here = sch_vm_new(env, &patient);
    sch_vm *there = sch_vm_new(env, &patient);
    void *bytes;
    size_t length;
    const char *data = "(list 1 -2 3/4 1e300 (expt 7 100) \"z\\x3bb;\" 'sym #\\a #(1 #t ()) #u8(1 2 255))";
    sch_value value;
    assert_int_equal(sch_encode(here, eval(here, data), &bytes, &length), SCH_OK);
    assert_int_equal(sch_decode(there, bytes, length, false, &value), SCH_OK);
    sch_value printed = sch_print(there, value, false);
    const char *text;
    size_t text_length;
    assert_true(sch_get_text(printed, &text, &text_length));
    char *kept = strdup(text);
    assert_text(sch_print(here, eval(here, data), false), kept);
    free(kept);

    /* whatever is done to the bytes, decoding ends in a value or in an error */
    unsigned char *broken = malloc(length);
    for (size_t i = 0; i < length; i++) {
        memcpy(broken, bytes, length);
        broken[i] ^= (unsigned char)(1u << (i % 8));
        (void)sch_decode(there, broken, length, false, &value);
        (void)sch_decode(there, bytes, i, false, &value);
    }
    free(broken);
    sch_bytes_free(bytes, length);

    sch_value thunk = eval(here, "(define (fact n) (if (= n 0) 1 (* n (fact (- n 1))))) (define unused "
                                 "(current-output-port)) (let ((n 20)) (lambda () (fact n)))");
    assert_int_equal(sch_encode_thunk(here, thunk, &bytes, &length), SCH_OK);
    assert_int_equal(sch_decode(there, bytes, length, false, &value), SCH_ERROR);
    assert_int_equal(sch_decode(there, bytes, length, true, &value), SCH_OK);
    assert_int_equal(sch_call(there, value, 0, NULL, &value), SCH_OK);
    assert_int_equal(integer(value), 2432902008176640000);
    sch_bytes_free(bytes, length);

    /* What is called where it was defined takes its variables along, and nothing of what it does not reach. */
    thunk = eval(here, "(define port (current-output-port)) (define one (vector 1)) (define two (vector 2)) "
                       "(define (aside) port) "
                       "(define (work x) "
                       "  (define (up y) (if (> y 9) (down (- y 9)) (+ y (vector-ref one 0)))) "
                       "  (define (down y) (if (> y 9) (up (- y 1)) (* y (vector-ref two 0)))) "
                       "  (define (apart y) (let loop ((y y)) (if (> y 5) (loop (- y 1)) (up y)))) "
                       "  (+ (up x) (down x) (apart x))) "
                       "(lambda () (work 50))");
    assert_int_equal(sch_call(here, thunk, 0, NULL, &value), SCH_OK);
    int64_t wanted = integer(value);
    assert_int_equal(sch_encode_thunk(here, thunk, &bytes, &length), SCH_OK);
    assert_int_equal(sch_decode(there, bytes, length, true, &value), SCH_OK);
    assert_int_equal(sch_call(there, value, 0, NULL, &value), SCH_OK);
    assert_int_equal(integer(value), wanted);
    sch_bytes_free(bytes, length);

    assert_int_equal(sch_encode(here, eval(here, "(list (current-output-port))"), &bytes, &length), SCH_ERROR);
    assert_int_equal(sch_encode(here, eval(here, "car"), &bytes, &length), SCH_ERROR);
    sch_vm_free(here);
    sch_vm_free(there);
    sch_env_free(env);
}

/* A keyword is the same object wherever its name comes from: `same?` of a machine sees it beside its own. */
static bool is_one(sch_vm *vm, sch_value keyword)
{
    bool is_one;
    sch_ref *kept = sch_keep(vm, keyword);
    sch_value same = eval(vm, "(lambda (k own) (and (eq? k own) (eq? k #:colour)))");
    const sch_value both[] = { sch_ref_value(kept), sch_keyword(vm, "colour") };
    assert_int_equal(sch_call(vm, same, 2, both, &same), SCH_OK);
    sch_release(kept);
    assert_true(sch_get_boolean(same, &is_one));
    return is_one;
}

static void test_keywords(void **state)
{
    (void)state;
    struct sch_env_options options = { .size = sizeof options, .posture = SCH_POSTURE_RUN, .pre_imports = base_only };
    sch_env *env = sch_env_new(&options, NULL);
    assert_non_null(env);
    sch_vm *here = sch_vm_new(env, &patient), *there = sch_vm_new(env, &patient);
    sch_value value;
    void *bytes;
    size_t length;
    assert_true(is_one(here, eval(here, "#:colour")));
    assert_true(is_one(here, eval(here, "(import (schooner keyword)) (symbol->keyword 'colour)")));
    assert_true(is_one(here, eval(here, "(import (scheme read)) (read (open-input-string \"#:colour\"))")));
    assert_true(is_one(here, eval(here, "(import (scheme eval)) (eval ''#:colour (environment '(scheme base)))")));

    /* by bytes, in data and in code */
    assert_int_equal(sch_encode(here, eval(here, "#:colour"), &bytes, &length), SCH_OK);
    assert_int_equal(sch_decode(there, bytes, length, false, &value), SCH_OK);
    assert_true(is_one(there, value));
    sch_bytes_free(bytes, length);
    assert_int_equal(
        sch_encode_thunk(here, eval(here, "(let ((k #:colour)) (lambda () (eq? k #:colour) k))"), &bytes, &length),
        SCH_OK);
    assert_int_equal(sch_decode(there, bytes, length, true, &value), SCH_OK);
    assert_int_equal(sch_call(there, value, 0, NULL, &value), SCH_OK);
    assert_true(is_one(there, value));
    sch_bytes_free(bytes, length);

    /* compiled once, run in two machines */
    sch_code *code;
    assert_int_equal(sch_compile(env, source_of("(import (scheme base)) (cadr '(quoted #:colour))"), NULL, &code, NULL),
                     SCH_OK);
    for (int i = 0; i < 2; i++) {
        sch_vm *vm = i ? there : here;
        assert_int_equal(sch_run(vm, code, &value), SCH_OK);
        assert_true(is_one(vm, value));
    }
    sch_code_free(code);

    /* a key of tables by identity and by structure */
    assert_int_equal(integer(eval(here, "(import (srfi 69))"
                                        "(define t (make-hash-table eq?)) (hash-table-set! t #:colour 7)"
                                        "(hash-table-ref/default t (symbol->keyword 'colour) 0)")),
                     7);
    assert_int_equal(integer(eval(here, "(define u (make-hash-table)) (hash-table-set! u #:colour 8)"
                                        "(hash-table-set! u (symbol->keyword 'colour) 9)"
                                        "(+ (hash-table-ref/default u #:colour 0) (hash-table-size u))")),
                     10);
    assert_int_equal(integer(eval(here, "(case (symbol->keyword 'colour) ((#:size) 1) ((#:colour) 2) (else 3))")), 2);
    assert_int_equal(integer(eval(here, "(cdr (assq (symbol->keyword 'colour) '((#:size . 1) (#:colour . 2))))")), 2);
    sch_vm_free(here);
    sch_vm_free(there);
    sch_env_free(env);
}

/* --- whom errors name: what the program called, not what that is made of ------------------------------------------ */

static void test_errors_name_what_was_called(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        { "(drop '(1) 3)", "range error in `drop`: an argument is out of range for a length of 1: 3" },
        { "(define (f l) (drop l 3)) (f '(1))",
          "range error in `drop`: an argument is out of range for a length of 1: 3" },
        { "(take '(1) 5)", "type error in `take`: expected a pair, got ()" },
        { "(list (take-right '(1) 5))",
          "range error in `take-right`: an argument is out of range for a length of 1: 5" },
        { "(first 5)", "type error in `first`: expected a pair, got 5" },
        { "(string-take \"abc\" 9)", "range error in `string-take`: an argument is out of range for a length of 3: 9" },
        { "(string-pad \"abc\" 'x)", "type error in `string-pad`: expected a real number, got x" },
        { "(concatenate 5)", "type error in `concatenate`: expected a list, got 5" },
        { "(unzip1 '(1))", "type error in `unzip1`: expected a pair, got 1" },
        { "(vector-map + 1 2 3)", "type error in `vector-map`: expected a vector, got 1" },
        { "(string-map char? 'a 'b)", "type error in `string-map`: expected a string, got a" },
        { "(apply take '((1) 5))", "type error in `take`: expected a pair, got ()" },
        { "(take 1)", "arity error in `take`: expected 2 arguments, got 1" },
        /* one procedure, or one instruction, by several names: the one that was written */
        { "(take! '(1) 5)", "type error in `take!`: expected a pair, got ()" },
        { "(list (take! '(1) 5))", "type error in `take!`: expected a pair, got ()" },
        { "(reverse! 5)", "type error in `reverse!`: expected a list, got 5" },
        { "(cadr 'x)", "type error in `cadr`: expected a pair, got x" },
        { "(define (f x) (list (cdar x))) (f '(1))", "type error in `cdar`: expected a pair, got 1" },
        { "(caddr '(1 2))", "type error in `caddr`: expected a pair, got ()" },
        { "(apply cadr '(1))", "type error in `cadr`: expected a pair, got 1" },
        { "(define (f x) (car (cdr x))) (f 1)", "type error in `cdr`: expected a pair, got 1" },
        { "(define (f x) (if (zero? x) 1 2)) (f 'x)", "type error in `zero?`: expected a number, got x" },
        { "(define (f x) (if (= x 0) 1 2)) (f 'x)", "type error in `=`: expected a number, got x" },
        { "(list (negative? 'x))", "type error in `negative?`: expected a real number, got x" },
        { "(floor-remainder 'x 2)", "type error in `floor-remainder`: expected an integer, got x" },
        { "(modulo 'x 2)", "type error in `modulo`: expected an integer, got x" },
        /* what is no procedure: who was to call it, if that can be known */
        { "(map 5 '(1 2))", "type error in `map`: expected a procedure, got 5" },
        { "(list (filter 5 '(1 2)))", "type error in `filter`: expected a procedure, got 5" },
        { "(map (lambda (x) (5 x)) '(1))", "expected a procedure, got 5" },
        { "(5 1)", "expected a procedure, got 5" },
        /* indices say of how many, and nothing is said twice */
        { "(vector-ref (vector 1 2) 9)",
          "range error in `vector-ref`: argument 2 is out of range for a length of 2: 9" },
        { "(string-ref \"abc\" -1)", "range error in `string-ref`: argument 2 is out of range for a length of 3: -1" },
        { "(list-ref '(1 2) 2)", "range error in `list-ref`: argument 2 is out of range for a length of 2: 2" },
        { "(substring \"abc\" 1 9)", "range error in `substring`: argument 3 is out of range for a length of 3: 9" },
        { "(substring \"abc\" 2 1)", "range error in `substring`: argument 2 is above the end, which is 1: 2" },
        { "(make-vector -1)", "range error in `make-vector`: argument 1 is out of range: -1" },
        { "(/ 1 0)", "error in `/`: division by zero" },
        { "(modulo 1 0)", "error in `modulo`: division by zero" },
        /* what the program hands over, or calls by itself, has its own name */
        { "(map car '(1))", "type error in `car`: expected a pair, got 1" },
        { "(map first '(1))", "type error in `first`: expected a pair, got 1" },
        { "(map (lambda (x) (first x)) '(1))", "type error in `first`: expected a pair, got 1" },
        { "(map (lambda (x) (car x)) '(1))", "type error in `car`: expected a pair, got 1" },
        { "(list-tail '(1) 3)", "range error in `list-tail`: argument 2 is out of range for a length of 1: 3" },
        /* a count that no list can have is told at once */
        { "(iota (expt 2 70))", "range error in `iota`: argument 1 is out of range: 1180591620717411303424" },
        { "(list-tabulate -1 list)", "range error in `list-tabulate`: argument 1 is out of range: -1" },
        { "(iota 'x)", "type error in `iota`: expected an exact integer, got x" },
    };
    static const char *const imports[] = { "(scheme base)", "(srfi 1)", "(srfi 152)", NULL };
    struct sch_env_options options = { .size = sizeof options, .pre_imports = imports };
    sch_env *env = sch_env_new(&options, NULL);
    assert_non_null(env);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sch_vm *vm = sch_vm_new(env, &patient);
        sch_value value;
        assert_int_equal(sch_eval(vm, source_of(cases[i].text), &value), SCH_ERROR);
        assert_string_equal(sch_failure(vm)->message, cases[i].message);
        sch_vm_free(vm);
    }

    /* what would fill the heap is its limit before it does */
    static const struct sch_limits small = { .size = sizeof small, .heap = 8 << 20, .timeout_ns = SCH_UNLIMITED };
    static const char *const lists[] = { "(iota 1000000000000)", "(list-tabulate 1000000000000 list)" };
    for (size_t i = 0; i < 2; i++) {
        sch_vm *vm = sch_vm_new(env, &small);
        sch_value value;
        assert_int_equal(sch_eval(vm, source_of(lists[i]), &value), SCH_LIMIT);
        assert_true(sch_usage(vm).heap_peak < 1 << 20);
        assert_int_equal(integer(eval(vm, "(length (iota 1000))")), 1000);
        sch_vm_free(vm);
    }
    sch_env_free(env);
}

/* A script raises errors as often as it likes, so nothing far down or far along its text is looked for. */
static void test_names_are_looked_for_nearby(void **state)
{
    (void)state;
    static const struct {
        const char *filler;
        size_t count;
        const char *message;
    } cases[] = {
        { "\n", 400, "type error in `cadr`: expected a pair, got x" },
        { "\n", 4000, "type error in `cdr`: expected a pair, got x" },
        { " ", 800, "type error in `cadr`: expected a pair, got x" },
        { " ", 8000, "type error in `cdr`: expected a pair, got x" },
    };
    sch_env *env = env_with(NULL, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static char text[10000];
        sch_vm *vm = sch_vm_new(env, &patient);
        sch_value value;
        memset(text, cases[i].filler[0], cases[i].count);
        snprintf(text + cases[i].count, sizeof text - cases[i].count, "(cadr 'x)");
        assert_int_equal(sch_eval(vm, source_of(text), &value), SCH_ERROR);
        assert_string_equal(sch_failure(vm)->message, cases[i].message);
        sch_vm_free(vm);
    }
    sch_env_free(env);
}

/* --- machines and threads ---------------------------------------------------------------------------------------- */

static void *run_many(void *env)
{
    for (int i = 0; i < 50; i++) {
        sch_vm *vm = sch_vm_new(env, &patient);
        sch_value value;
        if (!vm || sch_eval(vm, source_of("(apply + (map (lambda (x) (* x x)) '(1 2 3)))"), &value) != SCH_OK ||
            integer(value) != 14)
            return env;
        sch_vm_free(vm);
    }
    return NULL;
}

/* More places than the machine remembers, each raised at again and again: every failure says its own. */
static void test_errors_of_many_places(void **state)
{
    (void)state;
    enum { PLACES = 9 };
    char text[2048];
    sch_env *env = env_with(NULL, 0);
    for (int last = 1; last <= PLACES; last++) {
        sch_vm *vm = sch_vm_new(env, &patient);
        int at = 0;
        for (int i = 1; i <= PLACES; i++)
            at += sprintf(text + at, "(define (f%d x) (+ 1 (error \"no\" x)))\n", i);
        at += sprintf(text + at, "(define (all n) (if (> n 0) (begin");
        for (int i = 1; i <= PLACES; i++)
            at += sprintf(text + at, " (guard (e (#t n)) (f%d n))", i);
        sprintf(text + at, " (all (- n 1)))))\n(all 3)\n(f%d 1)", last);
        sch_value value;
        assert_int_equal(sch_eval(vm, source_of(text), &value), SCH_ERROR);
        assert_string_equal(sch_failure(vm)->message, "no 1");
        assert_int_equal(sch_failure(vm)->line, last);
        assert_int_equal(sch_failure(vm)->column, 21);
        sch_vm_free(vm);
    }
    sch_env_free(env);
}

static void test_one_environment_many_threads(void **state)
{
    (void)state;
    sch_env *env = env_with(NULL, 0);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_many, env), 0);
    for (int i = 0; i < 4; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    sch_env_free(env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_without_an_import),
        cmocka_unit_test(test_a_name_unbound_in_eval),
        cmocka_unit_test(test_menu),
        cmocka_unit_test(test_definitions_stay),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_fuel_is_the_same_each_time),
        cmocka_unit_test(test_interrupt_from_another_thread),
        cmocka_unit_test(test_host_functions),
        cmocka_unit_test(test_foreign_values),
        cmocka_unit_test(test_foreign_identity),
        cmocka_unit_test(test_state_after_a_limit),
        cmocka_unit_test(test_compile_once_run_anywhere),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_raised_bytes),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_keywords),
        cmocka_unit_test(test_errors_name_what_was_called),
        cmocka_unit_test(test_names_are_looked_for_nearby),
        cmocka_unit_test(test_errors_of_many_places),
        cmocka_unit_test(test_one_environment_many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
