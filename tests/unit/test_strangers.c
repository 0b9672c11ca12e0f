/*
 * What a stranger's code does who knows the engine: thunks whose bytes name procedures that no program can name, those
 * of the libraries' own insides, and numbers that no arithmetic gives. tests/api/test_hostile_code.c changes bytes
 * blindly; here they are changed by the tables that the bytes are made from.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "schooner.h"
#include "schooner/table/primitive.h"
#include "schooner/travel/travel.h"

static struct sch_source source_of(const char *text)
{
    return (struct sch_source){ "test", text, strlen(text) };
}

/* Far from what an honest program of these needs; what goes round for ever ends. */
static const struct sch_limits limits = {
    .size = sizeof limits, .fuel = 1000000, .heap = 8 << 20, .timeout_ns = SCH_UNLIMITED
};

/* --- bytes ------------------------------------------------------------------------------------------------------- */

struct bytes {
    unsigned char *at;
    size_t length;
};

static void bytes_free(struct bytes *bytes)
{
    sch_bytes_free(bytes->at, bytes->length);
}

static struct bytes encode(sch_env *env, const char *program, bool code)
{
    struct bytes bytes;
    void *at;
    sch_vm *vm = sch_vm_new(env, &limits);
    sch_value value;
    enum sch_status status = sch_eval(vm, source_of(program), &value);
    if (status != SCH_OK)
        print_message("%s: %s\n", program, sch_failure(vm)->message);
    assert_int_equal(status, SCH_OK);
    assert_int_equal((code ? sch_encode_thunk : sch_encode)(vm, value, &at, &bytes.length), SCH_OK);
    bytes.at = at;
    sch_vm_free(vm);
    return bytes;
}

/* Puts the second in the place of the first, wherever that stands. */
static unsigned replace(struct bytes *bytes, const void *from, const void *to, size_t size)
{
    unsigned count = 0;
    for (size_t i = 0; i + size <= bytes->length; i++)
        if (memcmp(bytes->at + i, from, size) == 0) {
            memcpy(bytes->at + i, to, size);
            count++;
        }
    return count;
}

static void primitive_node(enum primitive_index index, unsigned char ret[9])
{
    uint64_t word = index;
    ret[0] = TRAVEL_PRIMITIVE;
    memcpy(ret + 1, &word, sizeof word);
}

/* The list `ops` of the program has a procedure that anybody can name in the place of one that nobody can. */
static void forge(struct bytes *bytes, enum primitive_index named, enum primitive_index meant)
{
    unsigned char from[9], to[9];
    primitive_node(named, from);
    primitive_node(meant, to);
    assert_int_equal(replace(bytes, from, to, sizeof from), 1);
}

/* --- the machine of the victim ------------------------------------------------------------------------------------ */

static unsigned launched; /* calls of anything of the host */

static sch_value launch(sch_vm *vm, void *data, size_t count, const sch_value args[])
{
    (void)vm, (void)data, (void)count, (void)args;
    launched++;
    return sch_boolean(true);
}

static bool load(void *data, const char *name, struct sch_loaded *ret)
{
    (void)data, (void)name;
    static const char text[] =
        "(define-library (files) (export launch) (import (scheme base)) (begin (define launch 1)))";
    launched++;
    *ret = (struct sch_loaded){ .source = { "files", text, sizeof text - 1 } };
    return true;
}

enum offers { OFFERS_NOTHING, OFFERS_FUNCTIONS };

static sch_env *env_new(enum sch_posture posture, enum offers offers)
{
    static const char *const base[] = { "(scheme base)", "(scheme write)", NULL };
    static const struct sch_binding bindings[] = { { .name = "launch", .function = launch, .max_args = -1 } };
    static const struct sch_library libraries[] = {
        { .name = "(acme)", .bindings = bindings, .count = 1 },
        { .name = "(schooner system)", .bindings = bindings, .count = 1 },
        { .bindings = bindings, .count = 1 },
    };
    const struct sch_env_options options = {
        .size = sizeof options,
        .posture = posture,
        .pre_imports = base,
        .libraries = libraries,
        .library_count = offers == OFFERS_NOTHING ? 0 : sizeof libraries / sizeof *libraries,
        .mutation = true,
        .catch_errors = true,
        .load_library = offers == OFFERS_NOTHING ? NULL : load,
        .load_include = offers == OFFERS_NOTHING ? NULL : load,
    };
    sch_env *env = sch_env_new(&options, NULL);
    assert_non_null(env);
    return env;
}

static void assert_whole(sch_vm *vm)
{
    sch_value value;
    int64_t n = 0;
    assert_int_equal(sch_eval(vm,
                              source_of("(let loop ((n 100) (l '())) (if (= n 0) (length l)"
                                        " (loop (- n 1) (cons (make-vector 10 n) l))))"),
                              &value),
                     SCH_OK);
    assert_true(sch_get_integer(value, &n) && n == 100);
}

/* --- the list of parameters that are bound, changed while they are ------------------------------------------------ */

static void test_bindings_that_change_their_shape(void **state)
{
    (void)state;
    static const char *const changes[] = {
        "(set-car! (car bindings) 12345)",    "(set-car! bindings 12345)",          "(set-cdr! bindings 12345)",
        "(set-cdr! bindings bindings)",       "(set-car! (car bindings) \"text\")", "(set-car! (car bindings) car)",
        "(set-cdr! (car bindings) bindings)",
    };
    static const char *const uses[] = { "(q)", "(write 1)", "(parameterize ((q 3)) (q))", "(raise (list (q) (p)))" };
    sch_env *env = env_new(SCH_POSTURE_EVAL, OFFERS_FUNCTIONS);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        for (size_t k = 0; k < sizeof uses / sizeof *uses; k++) {
            char program[600];
            snprintf(program, sizeof program,
                     "(define ops (list boolean=?)) (define p (make-parameter 1)) (define q (make-parameter 2))"
                     "(lambda () (let ((bindings (list (cons p 5) (cons p 6))))"
                     " ((car ops) bindings (lambda () %s %s))))",
                     changes[i], uses[k]);
            struct bytes bytes = encode(env, program, true);
            forge(&bytes, PRIMITIVE_prim_boolean_same, PRIMITIVE_prim_with_parameters);
            sch_vm *vm = sch_vm_new(env, &limits);
            sch_value thunk, value;
            assert_int_equal(sch_decode(vm, bytes.at, bytes.length, true, &thunk), SCH_OK);
            enum sch_status status = sch_call(vm, thunk, 0, NULL, &value);
            assert_true(status == SCH_OK || status == SCH_ERROR || status == SCH_LIMIT);
            assert_whole(vm);
            sch_vm_free(vm);
            bytes_free(&bytes);
        }
    sch_env_free(env);
}

/* --- ways to the host --------------------------------------------------------------------------------------------- */

/* The value of `call` in the victim's machine, where `op` is a procedure that no program can name. */
static enum sch_status call_op(sch_env *env, const char *before, enum primitive_index op, const char *call)
{
    char program[600];
    snprintf(program, sizeof program,
             "(define ops (list boolean=?)) (define (op . arguments) (apply (car ops) arguments))"
             "(lambda () %s)",
             call);
    struct bytes bytes = encode(env, program, true);
    forge(&bytes, PRIMITIVE_prim_boolean_same, op);
    sch_vm *vm = sch_vm_new(env, &limits);
    sch_value thunk, value;
    if (before)
        assert_int_equal(sch_eval(vm, source_of(before), &value), SCH_OK);
    assert_int_equal(sch_decode(vm, bytes.at, bytes.length, true, &thunk), SCH_OK);
    launched = 0;
    enum sch_status status = sch_call(vm, thunk, 0, NULL, &value);
    assert_whole(vm);
    sch_vm_free(vm);
    bytes_free(&bytes);
    return status;
}

static void test_no_way_to_the_host(void **state)
{
    (void)state;
    static const struct {
        const char *before;
        enum primitive_index op;
        const char *call;
    } ways[] = {
        { NULL, PRIMITIVE_prim_compile, "((op '(launch) '((acme))))" },
        { NULL, PRIMITIVE_prim_compile, "((op '(launch) '((only (acme) launch))))" },
        { NULL, PRIMITIVE_prim_compile, "((op '(launch) '((schooner system))))" },
        { NULL, PRIMITIVE_prim_compile, "((op '(launch) '((host 2))))" },
        { NULL, PRIMITIVE_prim_compile, "((op '(launch) #f))" }, /* the session: what it pre-imports */
        { "(import (prefix (acme) my-)) 1", PRIMITIVE_prim_compile, "((op '(my-launch) #f))" },
        { NULL, PRIMITIVE_prim_compile, "((op 'launch '((files))))" },
        { NULL, PRIMITIVE_prim_compile, "((op '(begin (include \"secret\") 1) '((scheme base))))" },
        { NULL, PRIMITIVE_prim_compile, "((op '(define-library (mine) (import (acme)) (export launch)) #f))" },
        { NULL, PRIMITIVE_prim_compile_file, "((op \"secret\" #f))" },
        { NULL, PRIMITIVE_prim_compile_file, "((op \"secret\" '((scheme base))))" },
        { NULL, PRIMITIVE_prim_host, "((op 'launch))" },
    };
    for (enum sch_posture posture = SCH_POSTURE_EVAL; posture <= SCH_POSTURE_RUN; posture++) {
        sch_env *env = env_new(posture, OFFERS_FUNCTIONS);
        for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
            enum sch_status status = call_op(env, ways[i].before, ways[i].op, ways[i].call);
            if (status != SCH_ERROR || launched > 0)
                print_message("posture %d, %s: status %d, %u calls of the host\n", (int)posture, ways[i].call,
                              (int)status, launched);
            assert_int_equal(status, SCH_ERROR);
            assert_int_equal(launched, 0);
        }
        /* controls: where the host offers nothing they may evaluate; programs of the machine's own may do all of it */
        sch_env *bare = env_new(posture, OFFERS_NOTHING);
        assert_int_equal(call_op(bare, NULL, PRIMITIVE_prim_compile, "((op '(+ 1 2) '((scheme base))))"), SCH_OK);
        assert_int_equal(call_op(bare, NULL, PRIMITIVE_prim_compile, "((op '(+ 1 2) #f))"), SCH_OK);
        sch_env_free(bare);
        sch_vm *vm = sch_vm_new(env, &limits);
        sch_value value;
        launched = 0;
        assert_int_equal(sch_eval(vm, source_of("(import (acme)) (launch)"), &value), SCH_OK);
        assert_int_equal(launched, 1);
        if (posture == SCH_POSTURE_RUN)
            assert_int_equal(
                sch_eval(vm, source_of("(import (scheme eval)) (eval '(launch) (environment '(acme)))"), &value),
                SCH_OK);
        sch_vm_free(vm);
        sch_env_free(env);
    }
}

/* --- definitions of the session ------------------------------------------------------------------------------------
 */

static int64_t price_after(sch_env *env, const struct bytes *bytes, enum sch_status expected)
{
    sch_vm *vm = sch_vm_new(env, &limits);
    sch_value thunk, value;
    int64_t price = 0;
    assert_int_equal(sch_eval(vm, source_of("(define price 42)"), &value), SCH_OK);
    assert_int_equal(sch_decode(vm, bytes->at, bytes->length, true, &thunk), expected);
    assert_int_equal(sch_eval(vm, source_of("price"), &value), SCH_OK);
    assert_true(sch_get_integer(value, &price));
    sch_vm_free(vm);
    return price;
}

static void test_bytes_that_are_not_sound_define_nothing(void **state)
{
    (void)state;
    sch_env *env = env_new(SCH_POSTURE_EVAL, OFFERS_NOTHING);
    struct bytes bytes = encode(env, "(define price 7) (lambda () (set! price (+ price 1)) price)", true);
    assert_int_equal(price_after(env, &bytes, SCH_OK), 7); /* the control: those that are do */
    memset(bytes.at + bytes.length - 8, 0xff, 8);          /* the last thing that is read: what the value is */
    assert_int_equal(price_after(env, &bytes, SCH_ERROR), 42);
    bytes_free(&bytes);
    sch_env_free(env);
}

/* --- numbers that no arithmetic gives ------------------------------------------------------------------------------
 */

static void expect_refused(sch_vm *vm, const char *from, int64_t old, int64_t new)
{
    struct bytes bytes;
    void *at;
    sch_value value;
    assert_int_equal(sch_eval(vm, source_of(from), &value), SCH_OK);
    assert_int_equal(sch_encode(vm, value, &at, &bytes.length), SCH_OK);
    bytes.at = at;
    uint64_t was = sch_integer(vm, old).bits, is = sch_integer(vm, new).bits;
    assert_int_equal(replace(&bytes, &was, &is, sizeof was), 1);
    enum sch_status status = sch_decode(vm, bytes.at, bytes.length, false, &value);
    if (status != SCH_ERROR)
        print_message("%s with %lld: taken\n", from, (long long)new);
    assert_int_equal(status, SCH_ERROR);
    bytes_free(&bytes);
}

static void test_numbers_of_no_kind(void **state)
{
    (void)state;
    sch_env *env = env_new(SCH_POSTURE_EVAL, OFFERS_FUNCTIONS);
    sch_vm *vm = sch_vm_new(env, &limits);
    expect_refused(vm, "12345/7", 12345, 0);        /* zero is no ratio */
    expect_refused(vm, "12345/7", 12345, 14);       /* an integer is none either */
    expect_refused(vm, "123457/6", 123457, 123456); /* 61728/3: not in its shortest form */
    expect_refused(vm, "123457/6", 6, 1);
    expect_refused(vm, "123457/6", 6, 0);
    expect_refused(vm, "123457/6", 6, -6);
    expect_refused(vm, "1+123457i", 123457, 0);
    assert_whole(vm);
    sch_vm_free(vm);
    sch_env_free(env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bindings_that_change_their_shape),
        cmocka_unit_test(test_no_way_to_the_host),
        cmocka_unit_test(test_bytes_that_are_not_sound_define_nothing),
        cmocka_unit_test(test_numbers_of_no_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
