/*
 * Procedures from somebody who means harm: bytes of sch_encode_thunk, changed in every place, are decoded as code and
 * run when they pass. Each ends in a value, an error or a limit, and the machine works afterwards. By the public header
 * alone; the sanitizers and the hostile build look at what happens inside.
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
static const struct sch_limits patient = { .size = sizeof patient, .timeout_ns = SCH_UNLIMITED };

static struct sch_source source_of(const char *text)
{
    return (struct sch_source){ "test", text, strlen(text) };
}

/* Programs whose value is a thunk; between them they use every kind of captured variable and of call. */
static const char *const programs[] = {
    /* a box that closures share */
    "(let ((n 5) (m '(1 2))) (define (bump) (set! n (+ n 1)) n) (lambda () (bump) (bump) (list n m)))",
    /* local procedures that call one another, with what they capture */
    "(let ((base 10) (list2 (list 1 2 3)))"
    "  (define (even n) (if (= n 0) base (odd (- n 1)))) (define (odd n) (if (= n 0) list2 (even (- n 1))))"
    "  (lambda () (cons (even 7) (let loop ((i 5)) (if (= i 0) '() (cons (+ i base) (loop (- i 1))))))))",
    /* top-level cells, known calls, rest lists, clauses */
    "(define (f . rest) (apply + rest)) (define g (case-lambda ((a) a) ((a b) (+ a b)) ((a . r) (length r))))"
    "(define counter 0) (lambda () (set! counter (+ counter 1)) (+ (f 1 2 3) (g 1) (g 1 2) (g 1 2 3) counter))",
    /* control */
    "(let ((p (make-parameter 3))) (lambda () (parameterize ((p 4)) (guard (e (#t (list e (p))))"
    " (dynamic-wind (lambda () #f) (lambda () (call/cc (lambda (k) (raise (k 1))))) (lambda () #f))))))",
    /* records, vectors, strings, characters, doubles, promises, several values */
    "(define-record-type point (make-point x y) point? (x px set-px!) (y py))"
    "(let ((v (vector 1 2.5 #\\a \"text\")) (point (make-point 1 2)) (d (delay (+ 1 2))))"
    " (lambda () (set-px! point 9) (call-with-values (lambda () (values (px point) (force d)))"
    " (lambda (a b) (list a b (vector-ref v 2) (string-ref (vector-ref v 3) 1) (exact (floor (vector-ref v 1))))))))",
};

enum { PROGRAMS = sizeof programs / sizeof *programs };

static sch_env *env_new(void)
{
    static const char *const base[] = { "base", "case-lambda", "lazy", NULL };
    struct sch_env_options options = {
        .size = sizeof options, .pre_imports = base, .mutation = true, .catch_errors = true
    };
    sch_env *env = sch_env_new(&options, NULL);
    assert_non_null(env);
    return env;
}

static const struct sch_limits limits = {
    .size = sizeof limits, .fuel = 20000, .heap = 4 << 20, .timeout_ns = SCH_UNLIMITED, .hash_seed = 1
};

static void encode(sch_env *env, const char *program, void **ret, size_t *ret_length)
{
    sch_vm *vm = sch_vm_new(env, &patient);
    sch_value thunk;
    assert_int_equal(sch_eval(vm, source_of(program), &thunk), SCH_OK);
    assert_int_equal(sch_encode_thunk(vm, thunk, ret, ret_length), SCH_OK);
    sch_vm_free(vm);
}

/* Does what a host would do with the bytes; true: they were taken. */
static bool take(sch_vm *vm, const void *bytes, size_t length)
{
    sch_value thunk, value;
    enum sch_status status = sch_decode(vm, bytes, length, true, &thunk);
    if (status != SCH_OK) {
        assert_true(status == SCH_ERROR || status == SCH_LIMIT);
        return false;
    }
    status = sch_call(vm, thunk, 0, NULL, &value);
    assert_true(status == SCH_OK || status == SCH_ERROR || status == SCH_LIMIT);
    if (status == SCH_OK) {
        void *back;
        size_t back_length;
        (void)sch_print(vm, value, false);
        if (sch_encode(vm, value, &back, &back_length) == SCH_OK)
            sch_bytes_free(back, back_length);
    }
    return true;
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

static void test_unchanged(void **state)
{
    (void)state;
    sch_env *env = env_new();
    for (int p = 0; p < PROGRAMS; p++) {
        void *bytes;
        size_t length;
        encode(env, programs[p], &bytes, &length);
        sch_vm *vm = sch_vm_new(env, &patient);
        sch_value thunk, value;
        enum sch_status status = sch_decode(vm, bytes, length, true, &thunk);
        if (status != SCH_OK)
            print_message("%s: %s\n", programs[p], sch_failure(vm)->message);
        assert_int_equal(status, SCH_OK);
        assert_int_equal(sch_call(vm, thunk, 0, NULL, &value), SCH_OK);
        sch_vm_free(vm);
        sch_bytes_free(bytes, length);
    }
    sch_env_free(env);
}

/* Numbers of a fixed series: the same bytes in each run. */
static uint32_t random_of(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* One byte, or one word of four or eight: what an instruction, a count or a reference becomes. */
static void change(unsigned char *bytes, size_t length, uint32_t *state)
{
    static const uint64_t words[] = { 0, 1, 2, 7, 0x7fffffff, 0xffffffff, UINT64_MAX, 0x10000, 0xf0, 0x1fe };
    size_t at = random_of(state) % length;
    switch (random_of(state) % 6) {
    case 0: bytes[at] ^= (unsigned char)(1u << random_of(state) % 8); break;
    case 1: bytes[at] = (unsigned char)random_of(state); break;
    case 2: bytes[at]++; break;
    case 3: bytes[at]--; break;
    case 4: /* an aligned word of code or of a table */
        at &= ~(size_t)3;
        if (length - at >= 4)
            memcpy(bytes + at, &words[random_of(state) % 10], 4);
        break;
    case 5: { /* a piece from elsewhere */
        size_t from = random_of(state) % length, size = 4 + random_of(state) % 8;
        if (length - at >= size && length - from >= size)
            memmove(bytes + at, bytes + from, size);
        break;
    }
    }
}

static void test_every_byte(void **state)
{
    (void)state;
    sch_env *env = env_new();
    sch_vm *vm = sch_vm_new(env, &limits);
    for (int p = 0; p < PROGRAMS; p++) {
        void *bytes;
        size_t length;
        encode(env, programs[p], &bytes, &length);
        unsigned char *changed = malloc(length);
        for (size_t i = 0; i < length; i++) {
            memcpy(changed, bytes, length);
            changed[i] ^= (unsigned char)(1u << i % 8);
            if (take(vm, changed, length))
                assert_true(sch_vm_reset(vm));
        }
        free(changed);
        sch_bytes_free(bytes, length);
    }
    assert_whole(vm);
    sch_vm_free(vm);
    sch_env_free(env);
}

static void test_many_changes(void **state)
{
    (void)state;
    enum { ROUNDS = 20000 };
    const char *more = getenv("SCHOONER_ROUNDS"); /* for a long look */
    unsigned rounds = more ? (unsigned)atoi(more) : ROUNDS;
    uint32_t series = 2463534242u;
    sch_env *env = env_new();
    sch_vm *vm = sch_vm_new(env, &limits);
    unsigned taken = 0;
    for (int p = 0; p < PROGRAMS; p++) {
        void *bytes;
        size_t length;
        encode(env, programs[p], &bytes, &length);
        unsigned char *changed = malloc(length);
        for (unsigned round = 0; round < rounds / PROGRAMS; round++) {
            memcpy(changed, bytes, length);
            for (uint32_t n = 1 + random_of(&series) % 3; n > 0; n--)
                change(changed, length, &series);
            if (take(vm, changed, length)) {
                taken++;
                assert_true(sch_vm_reset(vm));
            }
        }
        free(changed);
        sch_bytes_free(bytes, length);
    }
    assert_true(taken > rounds / 100); /* enough of them ran to mean something */
    assert_whole(vm);
    sch_vm_free(vm);
    sch_env_free(env);
}

enum { LINE = 2000, TICK = 64 };

/* A straight line of calls of a primitive. */
static void encode_line(sch_env *env, void **ret, size_t *ret_length)
{
    static const char begin[] = "(define s (string-copy \"abc\")) (lambda ()", call[] = "(string-length s)";
    char *text = malloc(sizeof begin + LINE * sizeof call + 1), *at = text;
    assert_non_null(text);
    memcpy(at, begin, sizeof begin - 1);
    at += sizeof begin - 1;
    for (int i = 0; i < LINE; i++, at += sizeof call - 1)
        memcpy(at, call, sizeof call - 1);
    memcpy(at, ")", 2);
    encode(env, text, ret, ret_length);
    free(text);
}

/* What stands before 64 in most of the words that hold it in their upper bytes. */
static int tick_opcode(const unsigned char *bytes, size_t length, size_t *ret_count)
{
    size_t counts[256] = { 0 };
    int most = 0;
    for (size_t i = 0; i + 4 <= length; i++)
        if (bytes[i + 1] == TICK && !bytes[i + 2] && !bytes[i + 3] && ++counts[bytes[i]] > counts[most])
            most = bytes[i];
    *ret_count = counts[most];
    return most;
}

/* What a line does is paid 64 units at a time (docs/fuel.md): who changes these ticks to pay less is refused. */
static void test_line_that_does_not_pay(void **state)
{
    (void)state;
    sch_env *env = env_new();
    void *bytes;
    size_t length, count;
    encode_line(env, &bytes, &length);
    sch_vm *vm = sch_vm_new(env, &patient);
    sch_value thunk, value;
    assert_int_equal(sch_decode(vm, bytes, length, true, &thunk), SCH_OK);
    assert_int_equal(sch_call(vm, thunk, 0, NULL, &value), SCH_OK);
    assert_true(sch_usage(vm).fuel >= LINE * 40 / 100);
    unsigned char *all = bytes;
    int opcode = tick_opcode(all, length, &count);
    assert_true(count > LINE * 40 / 100 / TICK / 2);
    for (size_t i = 0; i + 4 <= length; i++)
        if (all[i] == opcode && all[i + 1] == TICK && !all[i + 2] && !all[i + 3])
            all[i + 1] = 1;
    assert_int_equal(sch_decode(vm, bytes, length, true, &thunk), SCH_ERROR);
    assert_string_equal(sch_failure(vm)->message, "a straight line that is not paid for");
    assert_whole(vm);
    sch_vm_free(vm);
    sch_bytes_free(bytes, length);
    sch_env_free(env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unchanged),
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_many_changes),
        cmocka_unit_test(test_line_that_does_not_pay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
