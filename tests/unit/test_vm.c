/*
 * The compiler and the interpreter: each program runs with the passes of the compiler and without them, must give the
 * same value (or fail alike) and use the same fuel. The expectations are from R7RS.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "unit.h"
#include "schooner/api/state.h"
#include "schooner/compile/code.h"
#include "schooner/compile/compile.h"
#include "schooner/table/primitive.h"

#define IMPORT "(import (scheme base) (scheme case-lambda) (scheme lazy))"

enum { PROGRAM_MAX = 1 << 18 };

struct outcome {
    enum sch_status status;
    char text[256]; /* the value as written, or the message */
    uint64_t fuel;
};

static sch_env *make_env(void)
{
    struct sch_env_options options = { .size = sizeof options, .posture = SCH_POSTURE_RUN };
    sch_env *env = sch_env_new(&options, NULL);
    assert_non_null(env);
    return env;
}

static struct outcome run(sch_env *env, const char *text, uint32_t off, const struct sch_limits *limits)
{
    static char program[PROGRAM_MAX];
    struct outcome outcome = { SCH_OK };
    snprintf(program, sizeof program, "%s%s", IMPORT, text);
    sch_vm *vm = sch_vm_new(env, limits), *compiler = sch_vm_new(env, NULL);
    struct sch_source source = { "test", program, strlen(program) };
    struct compile_options options = { .off = off };
    struct sch_code *code;
    sch_value value = V_UNSPECIFIED;
    assert_non_null(vm);
    assert_non_null(compiler);

    vm_begin_run(compiler);
    outcome.status = program_compile_with(compiler, source, &options, &code);
    vm_end_run(compiler);
    if (outcome.status != SCH_OK) {
        snprintf(outcome.text, sizeof outcome.text, "%s", sch_failure(compiler)->message);
    } else {
        assert_true(code_is_sound(code, code->size, PRIMITIVE_COUNT));
        code->version = CODE_VERSION - 1; /* what an older engine left is refused */
        assert_false(code_is_sound(code, code->size, PRIMITIVE_COUNT));
        code->version = CODE_VERSION;
        outcome.status = sch_run(vm, code, &value);
        outcome.fuel = sch_usage(vm).fuel;
        code_drop(code);
        const char *shown = outcome.status == SCH_OK ? "" : sch_failure(vm)->message;
        size_t length = strlen(shown);
        if (outcome.status == SCH_OK)
            sch_get_text(sch_print(vm, value, false), &shown, &length);
        snprintf(outcome.text, sizeof outcome.text, "%.*s", (int)length, shown);
    }
    sch_vm_free(compiler);
    sch_vm_free(vm);
    return outcome;
}

struct example {
    const char *program;
    const char *value; /* NULL: an error */
};

static const struct example examples[] = {
    /* procedures and loops */
    { "(let loop ((i 0) (a 1) (b 2)) (if (= i 3) (list a b) (loop (+ i 1) b a)))", "(2 1)" },
    { "(let loop ((i 0) (acc '())) (if (= i 3) (map (lambda (f) (f)) acc)"
      " (loop (+ i 1) (cons (lambda () i) acc))))",
      "(2 1 0)" },
    { "(define (even2? n) (if (= n 0) #t (odd2? (- n 1)))) (define (odd2? n) (if (= n 0) #f (even2? (- n 1))))"
      "(even2? 1001)",
      "#f" },
    { "(define (f a b . rest) (list a b rest)) (list (f 1 2) (f 1 2 3 4))", "((1 2 ()) (1 2 (3 4)))" },
    { "(define f (case-lambda ((a) (f a 10)) ((a b) (+ a b)) ((a b . c) (list a b c)))) (list (f 1) (f 1 2) (f 1 2 3))",
      "(11 3 (1 2 (3)))" },
    { "((lambda args args) 1 2 3)", "(1 2 3)" },
    { "(define (outer n) (let a ((i 0) (s 0)) (if (= i n) s (let b ((j 0) (s s)) (if (= j i) (a (+ i 1) s)"
      " (b (+ j 1) (+ s 1))))))) (outer 5)",
      "10" },
    { "(define (compose f g) (lambda (x) (f (g x)))) ((compose (lambda (x) (* x 2)) (lambda (x) (+ x 1))) 5)", "12" },
    { "(eq? car car)", "#t" },
    { "(let ((f (lambda (x) x))) (eq? f f))", "#t" },
    /* variables */
    { "(let ((x 1)) (define (bump) (set! x (+ x 1)) x) (bump) (bump) x)", "3" },
    { "(let ((n 0) (k #f) (seen '())) (let ((v (call/cc (lambda (c) (set! k c) 'first))))"
      " (set! seen (cons v seen))) (set! n (+ n 1)) (if (< n 3) (k n)) (list n seen))",
      "(3 (2 1 first))" },
    { "(define (f) (define a 1) (define (g) (+ a b)) (define b 2) (g)) (f)", "3" },
    { "(letrec* ((a (lambda () b)) (b 5)) (a))", "5" },
    { "(letrec ((a (lambda () b)) (b (a))) b)", NULL },
    { "(define (g) (x)) (g) (define (x) 1)", NULL },
    { "(define (g) (x)) (define (x) 1) (g)", "1" },
    /* R7RS 4.2.2, 5.3.2: multiple values */
    { "(let-values (((a b) (values 1 2)) ((c . d) (values 3 4 5))) (list a b c d))", "(1 2 3 (4 5))" },
    { "(call-with-values (lambda () (values 4 5)) (lambda (a b) b))", "5" },
    { "(call-with-values * -)", "-1" },
    { "(receive-three) (define (receive-three) (values 1 2 3))", NULL },
    { "(let-values (((a b) (values 1 2 3))) a)", NULL },
    /* R7RS 6.10: call/cc and dynamic-wind */
    { "(call-with-current-continuation (lambda (exit) (for-each (lambda (x) (if (negative? x) (exit x)))"
      " '(54 0 37 -3 245 19)) #t))",
      "-3" },
    { "(let ((path '()) (c #f)) (let ((add (lambda (s) (set! path (cons s path))))) (dynamic-wind"
      " (lambda () (add 'connect)) (lambda () (add (call/cc (lambda (c0) (set! c c0) 'talk1))))"
      " (lambda () (add 'disconnect))) (if (< (length path) 4) (c 'talk2) (reverse path))))",
      "(connect talk1 disconnect connect talk2 disconnect)" },
    { "(define r '()) (define k #f) (define (note x) (set! r (cons x r)))"
      "(define (deep n) (if (= n 0) (call/cc (lambda (c) (set! k c) 0)) (+ 1 (deep (- n 1)))))"
      "(note (deep 2000)) (if (< (length r) 3) (k (length r))) r",
      "(2002 2001 2000)" },
    { "(+ 1 (call/cc (lambda (k) (dynamic-wind (lambda () #f) (lambda () (k 41)) (lambda () #f)))))", "42" },
    /* R7RS 6.11: exceptions */
    { "(with-exception-handler (lambda (e) 42) (lambda () (+ (raise-continuable 'x) 23)))", "65" },
    { "(with-exception-handler (lambda (e) 'ignored) (lambda () (+ 1 (raise 'an-error))))", NULL },
    { "(guard (e ((symbol? e) (list 'symbol e)) ((string? e) 'string)) (raise 'boom))", "(symbol boom)" },
    { "(guard (e ((string? e) 'inner)) (guard (e2 ((number? e2) 'number)) (raise \"x\")))", "inner" },
    { "(guard (e (#t (error-object-message e))) (error \"no\" 1 2))", "\"no\"" },
    { "(guard (e (#t 'caught)) (car 5))", "caught" },
    { "(guard (e (#t 'caught)) (vector-ref (vector 1 2) 2))", "caught" },
    { "(guard (e (#t 'caught)) ((lambda (x) x)))", "caught" },
    { "(guard (e (#t 'caught)) (5 5))", "caught" },
    { "(define p (make-parameter 10 (lambda (x) (* x 2)))) (list (p) (parameterize ((p 3)) (p)) (p))", "(20 6 20)" },
    /* numbers */
    { "(+ 1152921504606846975 1)", "1152921504606846976" },
    { "(- -1152921504606846976 1)", "-1152921504606846977" },
    { "(* 1073741824 1073741824)", "1152921504606846976" },
    { "(quotient -1152921504606846976 -1)", "1152921504606846976" },
    { "(list (quotient -7 2) (remainder -7 2) (modulo -7 2) (modulo 7 -2))", "(-3 -1 1 -1)" },
    { "(list (+ 1.5 1) (* 2.0 0.5) (/ 1 4) (/ 1.0 4))", "(2.5 1.0 1/4 0.25)" },
    { "(list (< 1 2 3) (< 1 3 2) (= 1 1.0) (eqv? 1 1.0))", "(#t #f #t #f)" },
    { "(let ((nan (/ 0. 0.))) (list (< nan 1) (>= nan 1) (if (not (< nan 1)) 'not-less 'less)))", "(#f #f not-less)" },
    { "(map (lambda (n) (list (even? n) (if (odd? n) 'odd 'even))) (list 0 -1 4.0 (expt 2 100)))",
      "((#t even) (#f odd) (#t even) (#t even))" },
    { "(even? 1.5)", NULL },
    { "(+ 'a 1)", NULL },
    /* bits (SRFI 151): two's complement without end, on both sides of what a word holds */
    { "(import (srfi 151)) (define (all a b) (list (bitwise-and a b) (bitwise-ior a b) (bitwise-xor a b)))"
      "(list (all 12 10) (all -1 5) (all -8 -3) (all (expt 2 70) (+ (expt 2 70) 1)))",
      "((8 14 6) (5 -1 -6) (-8 -3 5) (1180591620717411303424 1180591620717411303425 1))" },
    { "(import (srfi 151)) (list (bitwise-and 15 6 12) (bitwise-ior 1 2 4) (bitwise-xor 1 3 7) (bitwise-and 7)"
      " (bitwise-ior))",
      "(4 7 5 7 0)" },
    { "(import (srfi 151)) (map (lambda (n) (map (lambda (by) (arithmetic-shift n by)) '(0 1 4 -1 -2 -64 -100)))"
      " '(0 1 5 -1 -5))",
      "((0 0 0 0 0 0 0) (1 2 16 0 0 0 0) (5 10 80 2 1 0 0) (-1 -2 -16 -1 -1 -1 -1) (-5 -10 -80 -3 -2 -1 -1))" },
    { "(import (srfi 151)) (list (arithmetic-shift 1 59) (arithmetic-shift 1 60) (arithmetic-shift 3 59)"
      " (arithmetic-shift 1 64) (arithmetic-shift 1152921504606846975 1) (arithmetic-shift (arithmetic-shift 5 90) -90)"
      " (arithmetic-shift 1152921504606846975 -59) (arithmetic-shift 1152921504606846975 -60))",
      "(576460752303423488 1152921504606846976 1729382256910270464 18446744073709551616 2305843009213693950 5 1 0)" },
    { "(import (srfi 151)) (bitwise-and 1 2.0)", NULL },
    { "(import (srfi 151)) (bitwise-xor 'a 1)", NULL },
    { "(import (srfi 151)) (define (wrong n by) (if (= (arithmetic-shift n by) (floor (* n (expt 2 by))))"
      " '() (list by n)))"
      "(let loop ((by -70) (found '())) (if (> by 70) found (loop (+ by 1) (append (wrong 1 by) (wrong 7 by)"
      " (wrong 576460752303423487 by) (wrong 576460752303423488 by) (wrong 1152921504606846975 by) (wrong 0 by)"
      " (wrong -1 by) (wrong -1152921504606846976 by) found))))",
      "()" },
    { "(import (srfi 151)) (arithmetic-shift 1 'a)", NULL },
    { "(import (srfi 151)) (arithmetic-shift 1.5 1)", NULL },
    /* R7RS 6.4, 6.8, 6.9, 5.5: what changes something */
    { "(define p (list 1 2)) (set-car! p 3) (set-cdr! p '(4)) p", "(3 4)" },
    { "(define v (vector 1 2 3)) (vector-set! v 0 'a) (vector-set! v 2 v) (list (vector-ref v 0) (vector-ref v 1)"
      " (eq? v (vector-ref v 2)))",
      "(a 2 #t)" },
    { "(define b (bytevector 1 2 3)) (bytevector-u8-set! b 1 255) b", "#u8(1 255 3)" },
    { "(define n 1) (define (bump) (set! n (+ n 1))) (bump) (bump) n", "3" },
    { "(define (f v) (vector-set! v 0 (begin (set! v (vector 7)) 5)) 'done) (f (vector 1))", "done" },
    { "(set-car! '() 1)", NULL },
    { "(list (caar '((1))) (cadr '(1 2)) (cdar '((1 . 2))) (cddr '(1 2 . 3)))", "(1 2 2 3)" },
    { "(caar '(1 2))", NULL },
    { "(cddr '(1 . 2))", NULL },
    { "(guard (e (#t (error-object-irritants e))) (cadr '(1 . 2)))", "(2)" },
    { "(set-cdr! (vector 1) 1)", NULL },
    { "(set-car! '(1 2) 1)", NULL }, /* a literal */
    { "(let ((fresh (list 1))) (set-cdr! fresh '(2)) (set-cdr! (cdr fresh) '()))", NULL },
    { "(vector-ref (vector 1 2) 1.0)", NULL },
    { "(vector-ref (vector 1 2) 1180591620717411303424)", NULL },
    { "(vector-ref '(1 2) 0)", NULL },
    { "(vector-ref (vector 1 2) -1)", NULL },
    { "(vector-set! (vector 1 2) 2 0)", NULL },
    { "(vector-set! (vector 1 2) -1 0)", NULL },
    { "(vector-set! (vector 1 2) 1.0 0)", NULL },
    { "(vector-set! '(1 2) 0 0)", NULL },
    { "(vector-set! #(1 2) 0 0)", NULL },
    { "(bytevector-u8-set! (bytevector 1 2) 0 256)", NULL },
    { "(bytevector-u8-set! (bytevector 1 2) 2 0)", NULL },
    { "(bytevector-u8-set! #u8(1 2) 0 0)", NULL },
    { "(bytevector-u8-set! (vector 1 2) 0 0)", NULL },
    { "(define-record-type a (make-a x) a? (x ax set-ax!)) (set-ax! 5 1)", NULL },
    { "(define-record-type a (make-a x) a? (x ax set-ax!)) (define-record-type b (make-b x) b? (x bx set-bx!))"
      "(set-ax! (make-b 1) 2)",
      NULL },
    { "(define (f) (set! later 1)) (f) (define later 2)", NULL },
    /* constants */
    { "(list (+ 1 2) (* 60 60) (* 1152921504606846975 2) (- -1152921504606846976 1))",
      "(3 3600 2305843009213693950 -1152921504606846977)" },
    { "(define minute 60) (define hour (* 60 minute)) (define (hours s) (quotient s hour)) (hours 86400)", "24" },
    { "(define (f) (* 2 later)) (define later (+ 1 2)) (f)", "6" },
    /* tests */
    { "(list (if '() 1 2) (and) (or) (and 1 2) (or #f 3) (not 3))", "(1 #t #f 2 3 #f)" },
    { "(define (f a b) (or (null? a) (pair? b) b)) (list (f '() 1) (f 1 '(2)) (f 1 2) (if (f 1 #f) 3 4))",
      "(#t #t 2 4)" },
    { "(define (f a b) (let ((c (or (eq? a b) (list a)))) (list c (or (= a 1) (< b 2) 'no)))) (list (f 1 1) (f 3 2))",
      "((#t #t) ((3) no))" },
    { "(define (f x) (or (null? x) (f (cdr x)))) (f '(1 2 3))", "#t" },
    { "(define (f x) (or (< x 2)) (when (> x 1) (set! x (+ x 1))) (unless (> x 1) (set! x (- x 1))) x) (list (f 1) (f "
      "2))",
      "(0 3)" },
    { "(define (f n) (let loop ((i 0) (odd 0)) (if (= i n) odd (loop (+ i 1) (if (odd? i) (+ odd 1) odd))))) (f 7)",
      "3" },
    { "(define (f n) (let loop ((i 0) (even 0)) (if (= i n) even (loop (+ i 1) (if (odd? i) even (+ even 1)))))) (f 7)",
      "4" },
    { "(define (f x) (cond ((assv x '((1 . one) (2 . two))) => cdr) (else 'none))) (list (f 1) (f 3))", "(one none)" },
    { "(case (* 2 3) ((2 3 5 7) 'prime) ((1 4 6 8 9) 'composite))", "composite" },
    { "(define-record-type point (make-point x y) point? (x px set-px!) (y py)) (let ((p (make-point 1 2)))"
      " (set-px! p 5) (list (px p) (py p) (point? p) (point? 5)))",
      "(5 2 #t #f)" },
    { "(define s (let loop ((n 0)) (cons n (delay (loop (+ n 1)))))) (let f ((s s) (i 0)) (if (= i 1000) (car s)"
      " (f (force (cdr s)) (+ i 1))))",
      "1000" },
    { "(define (f n) (if (= n 0) 0 (+ 1 (f (- n 1))))) (f 100000)", "100000" },
    /* a procedure that calls itself last: what its arguments pay is paid in each turn */
    { "(define (next x) (if (= x 5000) (raise x) (+ x 1))) (define (f x) (f (next x))) (guard (e (#t e)) (f 0))",
      "5000" },
    { "(define (up x) (+ x 1)) (define (f n x) (if (< n (up x)) (list n x) (f n (up (up x))))) (f 5000 0)",
      "(5000 5000)" },
    { "(define (f n . rest) (if (= n 0) rest (apply f (- n 1) n rest))) (f 3)", "(1 2 3)" },
    { "(define f (case-lambda ((n) (f n '())) ((n l) (if (= n 0) l (f (- n 1) (cons n l)))))) (f 3)", "(1 2 3)" },
    { "(define (f n keep) (if (= n 0) (map (lambda (k) (k)) keep) (f (- n 1) (cons (lambda () n) keep)))) (f 3 '())",
      "(1 2 3)" },
    { "(apply + 1 2 (let loop ((i 0) (l '())) (if (= i 1000) l (loop (+ i 1) (cons i l)))))", "499503" },
};

/* A switch changes neither what a program gives nor its fuel. */
static size_t differences_without(sch_env *env, const struct example *example, const struct outcome *with, uint32_t off)
{
    struct outcome without = run(env, example->program, off, NULL);
    if (with->status != without.status || strcmp(with->text, without.text) != 0) {
        print_error("%s\nwith the switches %x off: %s, else: %s\n", example->program, off, without.text, with->text);
        return 1;
    }
    if (with->fuel != without.fuel) {
        print_error("%s\nfuel with the switches %x off: %llu, else: %llu\n", example->program, off,
                    (unsigned long long)without.fuel, (unsigned long long)with->fuel);
        return 1;
    }
    return 0;
}

static void examples_alike(void **state)
{
    sch_env *env = make_env();
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        struct outcome with = run(env, examples[i].program, 0, NULL);
        if (!examples[i].value) {
            if (with.status != SCH_ERROR)
                wrong++, print_error("%s\nis an error, gave %s\n", examples[i].program, with.text);
        } else if (with.status != SCH_OK || strcmp(with.text, examples[i].value) != 0) {
            wrong++, print_error("%s\nexpected %s, got %s\n", examples[i].program, examples[i].value, with.text);
        }
        wrong += differences_without(env, &examples[i], &with, SWITCHES_ALL);
        for (uint32_t pass = 0; pass < SWITCH_COUNT; pass++)
            wrong += differences_without(env, &examples[i], &with, UINT32_C(1) << pass);
    }
    sch_env_free(env);
    assert_int_equal(wrong, 0);
}

/* Sums and products of many constants, small on their way and not. */
static void many_constants(void **state)
{
    static const char program[] = "(list (+ 1 2 3) (* 60 60 24) (+ 1 -1 0) (* 1152921504606846975 2 1)"
                                  " (+ 1152921504606846975 1 -2) (* 4611686018427387904 4 0))";
    sch_env *env = make_env();
    (void)state;
    struct outcome outcome = run(env, program, 0, NULL);
    sch_env_free(env);
    assert_int_equal(outcome.status, SCH_OK);
    assert_string_equal(outcome.text, "(6 86400 0 2305843009213693950 1152921504606846974 0)");
}

/* Calls with more arguments than a frame word counts, and procedures with more variables than a byte counts. */
static void wide_frames(void **state)
{
    sch_env *env = make_env();
    char program[16384], *at = program;
    (void)state;
    at += sprintf(at, "(define (f x) (let* (");
    for (int i = 0; i < 320; i++)
        at += sprintf(at, "(v%d (g %s%d))", i, i ? "v" : "", i ? i - 1 : 0);
    at += sprintf(at, ") (+ v0 v100 v247 v248 v255 v256 v319))) (define (g y) (if (pair? y) y (+ 1 (length (list y))"
                      " (if (number? y) (- y 1) 0)))) (f 0)");
    struct sch_vm *vm = sch_vm_new(env, NULL);
    sch_value value;
    int64_t sum = 0;
    char whole[20000];
    snprintf(whole, sizeof whole, "%s%s", IMPORT, program);
    assert_int_equal(sch_eval(vm, (struct sch_source){ "wide", whole, strlen(whole) }, &value), SCH_OK);
    assert_true(sch_get_integer(value, &sum));
    /* v_i is i + 1: g adds one to a number */
    assert_int_equal(sum, 1 + 101 + 248 + 249 + 256 + 257 + 320);

    at = program + sprintf(program, "(import (scheme base)) (length (list");
    for (int i = 0; i < 1000; i++)
        at += sprintf(at, " %d", i);
    sprintf(at, "))");
    assert_int_equal(sch_eval(vm, (struct sch_source){ "long", program, strlen(program) }, &value), SCH_OK);
    assert_true(sch_get_integer(value, &sum));
    assert_int_equal(sum, 1000);
    sch_vm_free(vm);
    sch_env_free(env);
}

/* Exactly the fuel that a program uses is enough, and one unit less is not. */
static void fuel_is_exact(void **state)
{
    sch_env *env = make_env();
    const char *program = "(define (fib n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2))))) (fib 15)";
    (void)state;
    struct outcome free = run(env, program, 0, NULL);
    assert_int_equal(free.fuel, 1973); /* the entries of fib 15 */
    struct sch_limits limits = { .size = sizeof limits, .fuel = free.fuel };
    assert_int_equal(run(env, program, 0, &limits).status, SCH_OK);
    limits.fuel--;
    assert_int_equal(run(env, program, 0, &limits).status, SCH_LIMIT);
    sch_env_free(env);
}

/* --- straight lines --- */

/* Lines of parts, what a part weighs by docs/fuel.md, in hundredths of a unit, and how often the line runs. */
struct straight {
    const char *before, *part, *inside, *close, *after;
    unsigned weight, runs;
    bool copies; /* a long frame, when it comes back: as long as the passes make it */
};

#define F     "(define (g x) x) (define (f v l n) "
#define AGAIN " 0) (let again ((i 0)) (if (< i 10) (begin (f (vector 1 2) '(1 2) 7) (again (+ i 1))) i))"
#define K     "(define k #f) (define turns 0) (define (keep) (call/cc (lambda (c) (set! k c) 1)))" F
#define BACK                                                          \
    " 0) (let ((r (f (vector 1 2) '(1 2) 7))) (if (< turns 9) (begin" \
    " (set! turns (+ turns 1)) (k 1)) r))"

static const struct straight straights[] = {
    { F, "(vector-ref v 1)", "", "", AGAIN, 12, 10, false },
    { F, "(string-ref \"abc\" 1)", "", "", AGAIN, 22, 10, false },
    { F, "(+ n 1)", "", "", AGAIN, 7, 10, false },
    { F, "(remainder n 3)", "", "", AGAIN, 7, 10, false },
    { F, "(cons n l)", "", "", AGAIN, 17, 10, false },
    { F, "(vector n l)", "", "", AGAIN, 42, 10, false },
    { F, "(set! n 5)", "", "", AGAIN, 6, 10, false },
    { F, "(if (eq? n 1) (car l) (cdr l))", "", "", AGAIN, 19, 10, false },
    { F, "(let ((a (car l)) (b (cdr l))) (eq? a b))", "", "", AGAIN, 29, 10, false },
    { F, "(let-values (((a b) (values 1 2))) (eq? a b))", "", "", AGAIN, 54, 10, false },
    { F, "(set! l (lambda () (vector v n)))", "", "", AGAIN, 22, 10, false },
    { F "(if (= n 7) (begin ", "(car l)", "", "", " 0) 0)" AGAIN, 11, 10, false },
    { F "(if (= n 7) 0 (begin ", "(car l)", "", "", " 0))" AGAIN, 11, 0, false },
    { F "(let again ((j 0)) (if (< j 3) (begin ", "(car l)", "", "", "(again (+ j 1))) 0))" AGAIN, 11, 30, false },
    { F "(letrec ((h (lambda () (car l))) (x (begin ", "(car l)", "", "", " 1))) (+ x (h)))" AGAIN, 11, 10, false },
    { "(define f (case-lambda ((v) 1) ((v l n) ", "(car l)", "", "", " 0))) (define (g x)" AGAIN, 11, 10, false },
    { F "((lambda (a) ", "(car l)", "", "", " 0) 1)" AGAIN, 11, 10, false },
    { F "(g 1)", "(car l)", "", "", "(g 1)" AGAIN, 11, 10, false },
    { F, "(+ 1 ", "(g 2)", ")", AGAIN, 6, 10, false },
    { F "(let ((h (car (list char?)))) ", "(h 1)", "", "", " 0)" AGAIN, 42, 10, false },
    { "(define l '(1 2))", "(car l)", "", "", "", 11, 1, false },
    /* what comes again behind a call is paid again */
    { K "(keep)", "(car l)", "", "", BACK, 11, 10, false },
    { K, "(+ ", "(keep)", " 1)", BACK, 6, 10, true },
    { K "(set! n ", "(if (eq? ", "(keep)", " l) 1 2)", ")" BACK, 8, 10, true },
};

static struct outcome run_straight(sch_env *env, const struct straight *straight, int parts, uint32_t off)
{
    static char program[PROGRAM_MAX / 2]; /* too large for a stack that valgrind watches */
    char *at = stpcpy(program, straight->before);
    assert_true(strlen(straight->before) + strlen(straight->inside) + strlen(straight->after) +
                    (size_t)parts * (strlen(straight->part) + strlen(straight->close)) <
                sizeof program);
    for (int i = 0; i < parts; i++)
        at = stpcpy(at, straight->part);
    at = stpcpy(at, straight->inside);
    for (int i = 0; i < parts; i++)
        at = stpcpy(at, straight->close);
    strcpy(at, straight->after);
    return run(env, program, off, NULL);
}

/* However long a line is, each hundred of what it weighs is a unit, and with the same passes off as on. */
static void straight_lines(void **state)
{
    enum { FEW = 200, MANY = 1000 };
    sch_env *env = make_env();
    size_t wrong = 0;
    (void)state;
    for (size_t i = 0; i < sizeof straights / sizeof *straights; i++) {
        const struct straight *straight = &straights[i];
        struct outcome few = run_straight(env, straight, FEW, 0), many = run_straight(env, straight, MANY, 0);
        struct outcome plain = run_straight(env, straight, MANY, SWITCHES_ALL);
        int64_t units = (int64_t)(many.fuel - few.fuel),
                expected = straight->weight * straight->runs * (MANY - FEW) / 100;
        if (few.status != SCH_OK || many.status != SCH_OK || llabs(units - expected) > straight->runs + 1)
            wrong++, print_error("%s%s...: %s, %lld units, expected %lld\n", straight->before, straight->part,
                                 many.text, (long long)units, (long long)expected);
        if (plain.status != SCH_OK || (!straight->copies && plain.fuel != many.fuel))
            wrong++, print_error("%s%s...: %lld units, without passes %lld\n", straight->before, straight->part,
                                 (long long)many.fuel, (long long)plain.fuel);
    }
    sch_env_free(env);
    assert_int_equal(wrong, 0);
}

/* What ordinary procedures do is what their entry stands for. */
static void small_procedures(void **state)
{
    static const struct {
        const char *program;
        uint64_t fuel;
    } small[] = {
        { "(define (f n) (if (= n 0) 0 (f (- n 1)))) (f 1000)", 1001 },
        { "(define (f l n) (if (null? l) n (f (cdr l) (+ n (car l))))) (f '(1 2 3 4 5 6 7 8 9) 0)", 10 },
        { "(define (f g l) (if (null? l) '() (cons (g (car l)) (f g (cdr l))))) (f (lambda (x) (+ x 1)) '(1 2 3))", 7 },
        { "(define (f v i n) (if (= i (vector-length v)) n (f v (+ i 1) (+ n (vector-ref v i))))) (f #(1 2 3) 0 0)",
          4 },
        { "(define (f a b) (if (= b 0) a (f b (remainder a b)))) (f 1071 462)", 4 },
    };
    sch_env *env = make_env();
    (void)state;
    for (size_t i = 0; i < sizeof small / sizeof *small; i++) {
        struct outcome outcome = run(env, small[i].program, 0, NULL);
        assert_int_equal(outcome.status, SCH_OK);
        assert_int_equal(outcome.fuel, small[i].fuel);
    }
    sch_env_free(env);
}

/* What is dead is not kept: a long stream and a long list that is only walked fit a small heap. */
static void space_is_safe(void **state)
{
    sch_env *env = make_env();
    struct sch_limits limits = { .size = sizeof limits, .heap = 1 << 20, .timeout_ns = UINT64_C(60000000000) };
    (void)state;
    struct outcome stream = run(env,
                                "(define (ints n) (cons n (delay (ints (+ n 1))))) (define (nth s i) (if (= i 0)"
                                " (car s) (nth (force (cdr s)) (- i 1)))) (nth (ints 0) 100000)",
                                false, &limits);
    assert_int_equal(stream.status, SCH_OK);
    assert_string_equal(stream.text, "100000");
    struct outcome endless = run(env, "(define (f n) (+ 1 (f n))) (f 1)", 0, &limits);
    assert_int_equal(endless.status, SCH_LIMIT);
    sch_env_free(env);
}

/* The backtrace shows calls that were inlined as well. */
static void backtrace(void **state)
{
    sch_env *env = make_env();
    sch_vm *vm = sch_vm_new(env, NULL);
    const char *program =
        "(import (scheme base))\n(define (price sku) sku)\n(define (total sku n)\n  (* (price sku) n))\n"
        "(define (order l)\n  (+ 1 (total (car l) 2)))\n(list (order '(\"3\")))\n";
    sch_value value;
    (void)state;
    assert_int_equal(sch_eval(vm, (struct sch_source){ "b.scm", program, strlen(program) }, &value), SCH_ERROR);
    const struct sch_failure *failure = sch_failure(vm);
    assert_string_equal(failure->kind, "type-error");
    assert_int_equal(failure->line, 4);
    assert_int_equal(failure->column, 3);
    assert_int_equal(failure->frame_count, 2);
    assert_string_equal(failure->frames[0].procedure, "total");
    assert_int_equal(failure->frames[0].line, 6);
    assert_string_equal(failure->frames[1].procedure, "order");
    assert_int_equal(failure->frames[1].line, 7);
    sch_vm_free(vm);
    sch_env_free(env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_alike), cmocka_unit_test(many_constants), cmocka_unit_test(wide_frames),
        cmocka_unit_test(fuel_is_exact),  cmocka_unit_test(straight_lines), cmocka_unit_test(small_procedures),
        cmocka_unit_test(space_is_safe),  cmocka_unit_test(backtrace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
