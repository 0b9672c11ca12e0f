/* Bugs that a host could meet, each with the case that showed it. By the public header alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <pthread.h>
#include "schooner.h"

static unsigned finalized;

static void finalize(void *pointer)
{
    (void)pointer;
    finalized++;
}

static const struct sch_foreign_type thing_type = { "thing", finalize };

static sch_value host_call(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    sch_value value;
    (void)data;
    return sch_call(vm, args[0], count - 1, args + 1, &value) == SCH_OK ? value : SCH_RAISED;
}

static sch_value host_thing(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)data, (void)count, (void)args;
    return sch_foreign(vm, &thing_type, &finalized, 1000);
}

static sch_value host_text(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    static char text[1 << 20];
    (void)data, (void)count, (void)args;
    memset(text, 'a', sizeof text);
    return sch_string(vm, text, sizeof text);
}

static sch_env *make_env(void)
{
    static const struct sch_binding bindings[] = {
        { .name = "host-call", .function = host_call, .min_args = 1, .max_args = -1 },
        { .name = "thing", .function = host_thing },
        { .name = "text", .function = host_text },
    };
    static const struct sch_library library = { .bindings = bindings, .count = 3 };
    static const char *const base[] = { "base", NULL };
    struct sch_env_options options = {
        .size = sizeof options, .libraries = &library, .library_count = 1, .pre_imports = base, .catch_errors = true
    };
    sch_env *env = sch_env_new(&options, NULL);
    assert_non_null(env);
    return env;
}

static sch_vm *make_machine(sch_env *env)
{
    struct sch_limits limits = { .size = sizeof limits, .heap = 8 << 20, .timeout_ns = SCH_UNLIMITED };
    sch_vm *vm = sch_vm_new(env, &limits);
    assert_non_null(vm);
    return vm;
}

static enum sch_status eval(sch_vm *vm, const char *text, sch_value *ret)
{
    return sch_eval(vm, (struct sch_source){ "test", text, strlen(text) }, ret);
}

static void *call_without_end(void *data)
{
    sch_vm *vm = data;
    sch_value value;
    static const char text[] = "(define (f n) (guard (e (#t n)) (+ 1 (host-call f (+ n 1))))) (f 0)";
    if (eval(vm, text, &value) != SCH_LIMIT || sch_failure(vm)->limit != SCH_LIMIT_NESTING)
        return "the nesting limit did not end it";
    int64_t n = 0;
    return eval(vm, "(host-call + 1 1)", &value) == SCH_OK && sch_get_integer(value, &n) && n == 2
               ? NULL
               : "the machine does not work afterwards";
}

/* Sanitizers leave room around each variable: a frame takes twice what the product's takes. */
#ifdef __SANITIZE_ADDRESS__
enum { SMALL_STACK = 512 << 10 };
#else
enum { SMALL_STACK = 256 << 10 };
#endif

/* A script that went back and forth between itself and the host used up the C stack. */
static void test_calls_of_the_host_within_each_other(void **state)
{
    (void)state;
    sch_env *env = make_env();
    sch_vm *vm = make_machine(env);
    pthread_attr_t small;
    pthread_t thread;
    void *wrong = NULL;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, SMALL_STACK);
    assert_int_equal(pthread_create(&thread, &small, call_without_end, vm), 0);
    pthread_join(thread, &wrong);
    if (wrong)
        fail_msg("%s", (const char *)wrong);
    sch_vm_free(vm);
    sch_env_free(env);
}

/* What foreign values declare brought no collection nearer: a loop that dropped them at once met the heap limit. */
static void test_dropped_foreign_values(void **state)
{
    (void)state;
    sch_env *env = make_env();
    sch_vm *vm = make_machine(env);
    sch_value value;
    finalized = 0;
    assert_int_equal(eval(vm, "(let loop ((n 0)) (if (< n 100000) (begin (thing) (loop (+ n 1))) n))", &value), SCH_OK);
    assert_true(finalized > 90000);
    sch_vm_free(vm);
    assert_int_equal(finalized, 100000);
    sch_env_free(env);
}

static void test_dropped_texts(void **state)
{
    (void)state;
    sch_env *env = make_env();
    sch_vm *vm = make_machine(env);
    sch_value value;
    assert_int_equal(eval(vm, "(let loop ((n 0)) (if (< n 100) (begin (text) (loop (+ n 1))) n))", &value), SCH_OK);
    sch_vm_free(vm);
    sch_env_free(env);
}

/* The front end, which does not collect, found no room in a machine that the run before had left full of garbage. */
static void test_garbage_of_the_run_before(void **state)
{
    static const char *const fillers[] = {
        "(let loop ((l '())) (loop (cons (thing) l)))",
        "(let loop ((l '())) (loop (cons (text) l)))",
        "(let loop ((l '())) (loop (cons 1 l)))",
        "(let loop ((l '())) (loop (cons (make-vector 1000) l)))",
        "(define (f) (+ 1 (f))) (f)",
        "(string-length (make-string 7000000 #\\a))",
        "(vector-length (make-vector 900000 #\\a))",
    };
    (void)state;
    sch_env *env = make_env();
    for (size_t i = 0; i < sizeof fillers / sizeof *fillers; i++) {
        sch_vm *vm = make_machine(env);
        sch_value value;
        int64_t n = 0;
        enum sch_status status = eval(vm, fillers[i], &value);
        assert_true(status == SCH_LIMIT || status == SCH_OK);
        if (eval(vm, "(+ 1 1)", &value) != SCH_OK)
            fail_msg("after %s: %s", fillers[i], sch_failure(vm)->message);
        assert_true(sch_get_integer(value, &n) && n == 2);
        sch_vm_free(vm);
    }
    sch_env_free(env);
}

static uint64_t fuel_of(sch_vm *vm, const char *text)
{
    sch_value value;
    if (eval(vm, text, &value) != SCH_OK)
        fail_msg("%s", sch_failure(vm)->message);
    return sch_usage(vm).fuel;
}

/* Looking up a parameter below many others was free, so that the clock was seen seconds after the deadline. */
static void test_parameters_below_many_others(void **state)
{
    static const char text[] = "(define p (make-parameter 1)) (define q (make-parameter 2))"
                               "(define (look n) (if (> n 0) (begin (p) (look (- n 1)))))"
                               "(define (bind n) (if (= n 0) (look 1000) (parameterize ((q n)) (bind (- n 1)))))";
    (void)state;
    sch_env *env = make_env();
    sch_vm *vm = make_machine(env);
    fuel_of(vm, text);
    uint64_t few = fuel_of(vm, "(bind 1)"), many = fuel_of(vm, "(bind 4000)");
    assert_true(many - few >= 1000 * 4000 / 20); /* a unit is at most 100 ns, and each binding is a walk over memory */
    sch_vm_free(vm);
    sch_env_free(env);
}

/* Frames that stand where those of an older run or call of the host stood, while the collector looks at all there is.
 */
#define OVER_AND_OVER                                                                                                \
    "(define (deep n l) (if (= n 0) (length l) (+ (vector-length (vector l n)) (deep (- n 1) (cons n l)) (car l))))" \
    "(define (again n) (if (> n 0) (begin (deep 300 '(1 2 3)) (make-list 2000 n) (again (- n 1))) 'done))"

/* A continuation that outlived its run was still looked through, where the next one had put frames of its own. */
static void test_continuations_that_outlive_their_run(void **state)
{
    static const char keep[] =
        "(define (f a b) (let ((k (call-with-current-continuation (lambda (c) c)))) (list a k b)))"
        "(define (g a b) (let ((l (f (list a) (vector b)))) (cons (length l) l)))"
        "(define (h n) (if (= n 0) (g 1 2) (let ((l (h (- n 1)))) (cons n l))))"
        "(define kept (map h '(0 1 2 3 5 8 13 21 34)))";
    sch_value value;
    (void)state;
    sch_env *env = make_env();
    sch_vm *vm = make_machine(env);
    assert_int_equal(eval(vm, keep, NULL), SCH_OK);
    assert_int_equal(eval(vm, OVER_AND_OVER "(again 100)", NULL), SCH_OK);
    assert_int_equal(eval(vm, "((list-ref (list-ref kept 1) 3) 5)", NULL), SCH_ERROR);
    assert_string_equal(sch_failure(vm)->kind, "barrier");
    assert_int_equal(eval(vm, "(length kept)", &value), SCH_OK);
    sch_vm_free(vm);
    sch_env_free(env);
}

/* The same with one that outlived a call of the host, which its run goes on above of, and with a run that a limit
 * ended. */
static void test_continuations_that_outlive_their_call(void **state)
{
    static const char keep[] = "(define (cc) (call-with-current-continuation (lambda (c) c)))"
                               "(define (h n) (if (= n 0) (list (cc)) (let ((l (h (- n 1)))) (cons (cc) l))))"
                               "(define (both n) (let ((l (host-call h n))) (again 100) (length l)))";
    int64_t length = 0;
    sch_value value;
    (void)state;
    sch_env *env = make_env();
    sch_vm *vm = make_machine(env);
    assert_int_equal(eval(vm, OVER_AND_OVER, NULL), SCH_OK);
    assert_int_equal(eval(vm, keep, NULL), SCH_OK);
    assert_int_equal(eval(vm, "(both 20)", &value), SCH_OK);
    assert_true(sch_get_integer(value, &length) && length == 21);
    assert_int_equal(eval(vm,
                          "(define kept (make-parameter '()))"
                          "(define (fill l) (host-call (lambda () (fill (append (h 3) l)) 1)))",
                          NULL),
                     SCH_OK);
    assert_int_equal(eval(vm, "(fill '())", NULL), SCH_LIMIT);
    assert_int_equal(eval(vm, "(again 100)", NULL), SCH_OK);
    sch_vm_free(vm);
    sch_env_free(env);
}

/*
 * When the collector's stack overflowed in a young collection, it looked through everything in some blocks, dead
 * continuations too, on whose frames others stood: it went round in circles.
 */
static void test_dead_continuations_looked_through(void **state)
{
    static const char text[] =
        "(define p (make-parameter 0 (lambda (x) (if (> x 0) (parameterize ((p (- x 1))) x) x))))"
        "(let loop ((i 0)) (if (< i 700) (parameterize ((p i)) (loop (+ i 1))) i))";
    sch_value value;
    (void)state;
    sch_env *env = make_env();
    sch_vm *vm = make_machine(env);
    assert_int_equal(eval(vm, text, &value), SCH_OK);
    sch_vm_free(vm);
    sch_env_free(env);
}

static const struct sch_failure *failure_of(sch_vm *vm, const char *name, const char *text)
{
    assert_int_equal(sch_eval(vm, (struct sch_source){ name, text, strlen(text) }, NULL), SCH_ERROR);
    return sch_failure(vm);
}

/* A message without end took all the room, and the failure had neither the name of its file nor the line. */
static void test_place_behind_a_long_message(void **state)
{
    static const char *const texts[] = {
        "(let () (define (f) (error (make-string 100000 #\\a)) 1) (+ 1 (f)))",
        "(let () (define (f) (raise (make-vector 100000 \"a longer text\")) 1) (+ 1 (f)))",
        "(let () (define (f) (apply error \"no\" (make-list 5 (make-string 2000 #\\b))) 1) (+ 1 (f)))",
    };
    (void)state;
    sch_env *env = make_env();
    sch_vm *vm = make_machine(env);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const struct sch_failure *failure = failure_of(vm, "place.scm", texts[i]);
        assert_true(strlen(failure->message) >= 1000);
        assert_string_equal(failure->file, "place.scm");
        assert_int_equal(failure->line, 1);
        assert_string_equal(failure->excerpt, texts[i]);
        assert_int_not_equal(failure->frame_count, 0);
        assert_string_equal(failure->frames[0].procedure, "f");
        assert_string_equal(failure->frames[0].file, "place.scm");
    }
    sch_vm_free(vm);
    sch_env_free(env);
}

/* What was nested too deeply to be printed left an empty place in the message. */
static void test_message_of_something_deep(void **state)
{
    static const char deep[] = "(define (deep n x) (if (= n 0) x (deep (- n 1) (list x))))";
    (void)state;
    sch_env *env = make_env();
    sch_vm *vm = make_machine(env);
    assert_int_equal(eval(vm, deep, NULL), SCH_OK);
    assert_string_equal(failure_of(vm, "deep.scm", "(raise (deep 20000 1))")->message, "raised: ...");
    assert_string_equal(failure_of(vm, "deep.scm", "(error \"no\" (deep 20000 1) 2)")->message, "no ... 2");
    sch_vm_free(vm);
    sch_env_free(env);
}

/* The names of files in deep folders took all the room: the outer calls had names cut off, or empty ones. */
static void test_calls_in_a_file_of_a_long_name(void **state)
{
    static const char text[] =
        "(define (f n) (if (= n 0) (car n) (+ 1 (g (- n 1)))))\n(define (g n) (+ 1 (f n)))\n(+ 1 (f 99))";
    char name[301];
    (void)state;
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = 0;
    sch_env *env = make_env();
    sch_vm *vm = make_machine(env);
    const struct sch_failure *failure = failure_of(vm, name, text);
    assert_string_equal(failure->file, name);
    assert_int_equal(failure->frame_count, SCH_FRAMES_MAX);
    for (size_t i = 0; i < failure->frame_count; i++) {
        assert_string_equal(failure->frames[i].procedure, i % 2 ? "g" : "f");
        assert_string_equal(failure->frames[i].file, name);
    }
    sch_vm_free(vm);
    sch_env_free(env);
}

/* Where names are so long that not all calls fit, those that are told have theirs whole. */
static void test_calls_of_procedures_with_long_names(void **state)
{
    enum { NAMES = 8, LENGTH = 900 };
    static char text[NAMES * 3 * LENGTH];
    size_t used = 0;
    (void)state;
    sch_env *env = make_env();
    sch_vm *vm = make_machine(env);
    for (int i = 0; i < NAMES; i++)
        used += i ? (size_t)sprintf(text + used, "(define (p%0*d n) (+ 1 (p%0*d n)))", LENGTH, i, LENGTH, i - 1)
                  : (size_t)sprintf(text + used, "(define (p%0*d n) (+ 1 (car n)))", LENGTH, 0);
    sprintf(text + used, "(+ 1 (p%0*d 5))", LENGTH, NAMES - 1);
    const struct sch_failure *failure = failure_of(vm, "names.scm", text);
    assert_in_range(failure->frame_count, 1, NAMES - 1);
    for (size_t i = 0; i < failure->frame_count; i++)
        assert_int_equal(strlen(failure->frames[i].procedure), LENGTH + 1);
    sch_vm_free(vm);
    sch_env_free(env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls_of_the_host_within_each_other),
        cmocka_unit_test(test_dropped_foreign_values),
        cmocka_unit_test(test_dropped_texts),
        cmocka_unit_test(test_garbage_of_the_run_before),
        cmocka_unit_test(test_parameters_below_many_others),
        cmocka_unit_test(test_continuations_that_outlive_their_run),
        cmocka_unit_test(test_continuations_that_outlive_their_call),
        cmocka_unit_test(test_dead_continuations_looked_through),
        cmocka_unit_test(test_place_behind_a_long_message),
        cmocka_unit_test(test_message_of_something_deep),
        cmocka_unit_test(test_calls_in_a_file_of_a_long_name),
        cmocka_unit_test(test_calls_of_procedures_with_long_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
