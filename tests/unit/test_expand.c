/*
 * expand: the forms of R7RS and their hygiene. Expectations are those of the report (its sections 4.2, 4.3, 5 and the
 * examples there) and of the classic programs that break macro systems; core trees are run by evaluator.h.
 */
#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include "evaluator.h"

/* --- a small world --- */

static const char *const primitives[] = {
    "+",      "-",     "*",     "<",     ">",      "=",      "eqv?",       "eq?",
    "memv",   "assv",  "not",   "null?", "zero?",  "pair?",  "keyword?",   "cons",
    "car",    "cdr",   "cadr",  "list",  "append", "vector", "vector-ref", "list->vector",
    "values", "apply", "raise", "force",
};

static bool base_find(const struct library *library, const char *name, size_t length, struct exported *ret)
{
    *ret = (struct exported){ 0 };
    int special = special_form_find(name, length);
    if (special >= 0) {
        *ret = (struct exported){ .name = special_form_name(special), .kind = BINDING_SPECIAL, .special = special };
        return true;
    }
    for (size_t i = 0; i < sizeof primitives / sizeof *primitives; i++) {
        if (strlen(primitives[i]) == length && memcmp(primitives[i], name, length) == 0) {
            *ret = (struct exported){
                .name = primitives[i], .kind = BINDING_GLOBAL, .global = GLOBAL_PRIMITIVE, .index = (uint32_t)i
            };
            return true;
        }
    }
    return false;
}

/* What an expansion left, as a library: the session, or a library of an image. */
struct kept {
    struct left_behind *exports;
    size_t export_count;
    struct left_behind *inside;
    size_t inside_count;
};

static bool kept_in(const struct left_behind *list, size_t count, bool inside, const char *name, size_t length,
                    struct exported *ret)
{
    for (size_t i = 0; i < count; i++) {
        const char *text = inside ? list[i].inside : list[i].exported.name;
        if (strlen(text) == length && memcmp(text, name, length) == 0) {
            *ret = list[i].exported;
            return true;
        }
    }
    return false;
}

static bool kept_find(const struct library *library, const char *name, size_t length, struct exported *ret)
{
    const struct kept *kept = library->data;
    return kept_in(kept->exports, kept->export_count, false, name, length, ret);
}

static bool kept_find_inside(const struct library *library, const char *name, size_t length, struct exported *ret)
{
    const struct kept *kept = library->data;
    return kept_in(kept->inside, kept->inside_count, true, name, length, ret);
}

struct test {
    struct front front;
    struct evaluator evaluator;
    struct expand_world world;
    struct library base, write;
    struct library kept[4];
    struct kept kept_data[4];
    size_t kept_count;
    uint64_t charged, fuel;
    struct buffer out;
};

static const struct library *find_library(void *data, const char *name)
{
    struct test *t = data;
    for (size_t i = 0; i < t->kept_count; i++) {
        if (strcmp(t->kept[i].name, name) == 0)
            return &t->kept[i];
    }
    return strcmp(name, t->base.name) == 0 ? &t->base : strcmp(name, t->write.name) == 0 ? &t->write : NULL;
}

static bool load_library(void *data, struct front *front, const char *name, struct sch_source *ret)
{
    static const struct {
        const char *name, *text;
    } texts[] = {
        { "(texts twice)", "(define-library (texts twice) (export twice) (import (scheme base) (texts once))"
                           " (begin (define (twice x) (* 2 (once x)))))" },
        { "(texts once)", "(define-library (texts once) (export once) (import (scheme base))"
                          " (begin (define (once x) x)))" },
        { "(texts self)", "(define-library (texts self) (import (texts self2)))" },
        { "(texts self2)", "(define-library (texts self2) (import (texts self)))" },
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (strcmp(texts[i].name, name) == 0) {
            *ret = (struct sch_source){ name, texts[i].text, strlen(texts[i].text) };
            return true;
        }
    }
    return false;
}

static bool load_include(void *data, struct front *front, const char *from, const char *name, struct sch_source *ret)
{
    static const char text[] = "(define included 5) (define (Twice x) (* x 2))";
    *ret = (struct sch_source){ name, text, sizeof text - 1 };
    return strcmp(name, "some.scm") == 0;
}

static bool charge(void *data, uint64_t units)
{
    struct test *t = data;
    t->charged += units;
    return t->charged <= t->fuel;
}

static const char *const features[] = { "r7rs", "full-unicode", NULL };
static const char *const base_only[] = { "(scheme base)", NULL };

static struct test *test_begin(void)
{
    struct test *t = calloc(1, sizeof *t);
    front_init(&t->front, &memory_malloc);
    t->front.nesting = 10000;
    t->front.integer_bits = 1 << 20;
    t->front.charge = charge;
    t->front.charge_data = t;
    t->fuel = 50000000;
    t->evaluator.front = &t->front;
    t->base = (struct library){ .name = "(scheme base)", .find = base_find, .find_inside = base_find };
    t->write = (struct library){ .name = "(scheme write)", .find = base_find, .find_inside = base_find };
    t->world = (struct expand_world){ .data = t,
                                      .find_library = find_library,
                                      .load_library = load_library,
                                      .load_include = load_include,
                                      .mutation = true,
                                      .pre_imports = base_only,
                                      .features = features };
    buffer_init(&t->out, &memory_malloc);
    return t;
}

static void test_end(struct test *t)
{
    buffer_done(&t->out);
    front_done(&t->front);
    free(t);
}

static bool expand_string(struct test *t, const char *text, struct expansion *ret)
{
    uint16_t file;
    t->front.failed = false;
    return front_add_source(&t->front, "test.scm", text, strlen(text), &file) &&
           expand_program(&t->front, &t->world, file, ret);
}

/* The value of a program as text, or "kind: message" of its failure. */
static const char *run(struct test *t, const char *text, struct expansion *ret_expansion)
{
    struct expansion expansion;
    t->out.length = 0;
    if (!expand_string(t, text, &expansion)) {
        if (t->front.limit != SCH_LIMIT_NONE)
            buffer_append_format(&t->out, "limit %d", t->front.limit);
        else
            buffer_append_format(&t->out, "%s: %s", t->front.error.kind, t->front.error.message);
    } else {
        if (ret_expansion)
            *ret_expansion = expansion;
        t->evaluator.raised = NULL;
        struct val *val = evaluate(&t->evaluator, expansion.body, NULL);
        if (!val)
            buffer_append_text(&t->out, "raised ");
        val_print(val ? val : t->evaluator.raised, &t->out);
    }
    buffer_append_byte(&t->out, '\0');
    return (const char *)t->out.bytes;
}

static void check(const char *file, int line, const char *text, const char *expected)
{
    struct test *t = test_begin();
    const char *got = run(t, text, NULL);
    if (strcmp(got, expected) != 0) {
        print_error("%s:%d: %s\n  expected %s\n  got      %s\n", file, line, text, expected, got);
        fail();
    }
    test_end(t);
}

static void check_begins(const char *file, int line, bool mutation, const char *text, const char *expected)
{
    struct test *t = test_begin();
    t->world.mutation = mutation;
    const char *got = run(t, text, NULL);
    if (strncmp(got, expected, strlen(expected)) != 0) {
        print_error("%s:%d: %s\n  expected %s...\n  got      %s\n", file, line, text, expected, got);
        fail();
    }
    test_end(t);
}

#define CHECK(text, expected)       check(__FILE__, __LINE__, text, expected)
#define CHECK_ERROR(text, expected) check_begins(__FILE__, __LINE__, true, text, expected)
#define CHECK_PURE(text, expected)  check_begins(__FILE__, __LINE__, false, text, expected)

/* --- R7RS 4.1 --- */

static void test_primitive_expressions(void **state)
{
    CHECK("(define x 28) x", "28");
    CHECK("(quote a)", "a");
    CHECK("(quote #(a b c))", "#(a b c)");
    CHECK("'(+ 1 2)", "(+ 1 2)");
    CHECK("'\"abc\"", "\"abc\"");
    CHECK("''a", "(quote a)");
    CHECK("#(a 10)", "#(a 10)");
    CHECK("((if #f + *) 3 4)", "12");
    CHECK("((lambda (x) (+ x x)) 4)", "8");
    CHECK("(define reverse-subtract (lambda (x y) (- y x))) (reverse-subtract 7 10)", "3");
    CHECK("(define add4 (let ((x 4)) (lambda (y) (+ x y)))) (add4 6)", "10");
    CHECK("((lambda x x) 3 4 5 6)", "(3 4 5 6)");
    CHECK("((lambda (x y . z) z) 3 4 5 6)", "(5 6)");
    CHECK("(if (> 3 2) 'yes 'no)", "yes");
    CHECK("(define x 2) (set! x 4) (+ x 1)", "5");
    CHECK("#:name", "#:name");
}

/* --- R7RS 4.2 --- */

static void test_conditionals(void **state)
{
    CHECK("(cond ((> 3 2) 'greater) ((< 3 2) 'less))", "greater");
    CHECK("(cond ((> 3 3) 'greater) ((< 3 3) 'less) (else 'equal))", "equal");
    CHECK("(cond ((assv 2 '((1 a) (2 b))) => cadr) (else #f))", "b");
    CHECK("(cond (#f 1) (2))", "2");
    CHECK("(case (* 2 3) ((2 3 5 7) 'prime) ((1 4 6 8 9) 'composite))", "composite");
    CHECK("(case (car '(c d)) ((a e i o u) 'vowel) ((w y) 'semivowel) (else => (lambda (x) x)))", "c");
    CHECK("(case 5 ((1) 'a) ((5) => (lambda (x) (+ x 1))) (else 'b))", "6");
    CHECK("(case 1 (() 2) (else 3))", "3");
    CHECK("(and (= 2 2) (> 2 1))", "#t");
    CHECK("(and (= 2 2) (< 2 1))", "#f");
    CHECK("(and 1 2 'c '(f g))", "(f g)");
    CHECK("(and)", "#t");
    CHECK("(or (= 2 2) (> 2 1))", "#t");
    CHECK("(or #f #f #f)", "#f");
    CHECK("(or)", "#f");
    CHECK("(or (memv 'b '(a b c)) (car '()))", "(b c)");
    CHECK("(when (> 3 2) 1 2)", "2");
    CHECK("(unless (> 2 3) 1 2)", "2");
    CHECK("(cond-expand (no-such 1) ((and r7rs (not other)) 2) (else 3))", "2");
    CHECK("(cond-expand ((library (scheme base)) 1) (else 2))", "1");
    CHECK("(cond-expand ((library (no such)) 1) (else 2))", "2");
}

static void test_binding(void **state)
{
    CHECK("(let ((x 2) (y 3)) (* x y))", "6");
    CHECK("(let ((x 2) (y 3)) (let ((x 7) (z (+ x y))) (* z x)))", "35");
    CHECK("(let ((x 2) (y 3)) (let* ((x 7) (z (+ x y))) (* z x)))", "70");
    CHECK("(let* ((x 1) (x (+ x 1))) x)", "2");
    CHECK("(let* () (define a 1) a)", "1");
    CHECK("(letrec ((even? (lambda (n) (if (zero? n) #t (odd? (- n 1)))))"
          " (odd? (lambda (n) (if (zero? n) #f (even? (- n 1)))))) (even? 8))",
          "#t");
    CHECK("(letrec* ((p (lambda (x) (+ 1 (q (- x 1))))) (q (lambda (y) (if (zero? y) 0 (+ 1 (p (- y 1))))))"
          " (x (p 5)) (y x)) y)",
          "5");
    CHECK("(let-values (((a b) (values 1 2)) ((c) (values 3))) (list a b c))", "(1 2 3)");
    CHECK("(let ((a 'a) (b 'b) (x 'x) (y 'y)) (let-values (((a b) (values x y)) ((x y) (values a b)))"
          " (list a b x y)))",
          "(x y a b)");
    CHECK("(let ((a 'a) (b 'b) (x 'x) (y 'y)) (let*-values (((a b) (values x y)) ((x y) (values a b)))"
          " (list a b x y)))",
          "(x y x y)");
    CHECK("(let-values (((a . rest) (values 1 2 3)) (all (values 4 5))) (list a rest all))", "(1 (2 3) (4 5))");
    CHECK("(receive (a . b) (values 1 2 3) (list a b))", "(1 (2 3))");
    CHECK("(let-values (((a b) (values 1))) a)", "raised arity-error");
    CHECK("(do ((vec '() (cons i vec)) (i 0 (+ i 1))) ((= i 5) vec))", "(4 3 2 1 0)");
    CHECK("(let ((x '(1 3 5 7 9))) (do ((x x (cdr x)) (sum 0 (+ sum (car x)))) ((null? x) sum)))", "25");
    CHECK("(let loop ((numbers '(3 -2 1 6 -5)) (nonneg '()) (neg '()))"
          " (cond ((null? numbers) (list nonneg neg))"
          "  ((< -1 (car numbers)) (loop (cdr numbers) (cons (car numbers) nonneg) neg))"
          "  (else (loop (cdr numbers) nonneg (cons (car numbers) neg)))))",
          "((6 1 3) (-5 -2))");
    CHECK("(let loop ((loop 5)) loop)", "5");
    CHECK("(define n 7) (let n ((x n)) x)", "7");
}

static void test_procedures_and_delays(void **state)
{
    CHECK("(define range (case-lambda ((e) (range 0 e)) ((b e) (do ((r '() (cons e r)) (e (- e 1) (- e 1)))"
          " ((< e b) r))))) (list (range 3) (range 3 5))",
          "((0 1 2) (3 4))");
    CHECK("((case-lambda ((a) 1) ((a . b) b)) 1 2 3)", "(2 3)");
    CHECK("(force (delay (+ 1 2)))", "3");
    CHECK("(force (delay-force (+ 1 2)))", "3");
    CHECK("(define p 1) (define q 2) (parameterize ((p 3) (q 4)) (define x 5) (+ x 1))", "(6 1 3 2 4)");
    CHECK("(guard (c (#t (list 'caught c))) (raise 5))", "(caught 5)");
    CHECK("(guard (c ((assv 'a c) => cdr) ((assv 'b c))) (raise (list (cons 'a 42))))", "42");
    CHECK("(guard (c ((assv 'a c) => cdr) ((assv 'b c))) (raise (list (cons 'b 23))))", "(b . 23)");
    CHECK("(guard (c ((eqv? c 1) 'one)) (raise 2))", "raised 2");
    CHECK("(guard (o (else (list 'outer o))) (guard (c ((eqv? c 1) 'one)) (raise 2)))", "(outer 2)");
    CHECK("(guard (c (else 1)) 2 3)", "3");
}

static void test_quasiquote(void **state)
{
    CHECK("`(list ,(+ 1 2) 4)", "(list 3 4)");
    CHECK("(let ((name 'a)) `(list ,name ',name))", "(list a (quote a))");
    CHECK("`(a ,(+ 1 2) ,@(list 4 5 6) b)", "(a 3 4 5 6 b)");
    CHECK("`((foo ,(- 10 3)) ,@(cdr '(c)) . ,(car '(cons)))", "((foo 7) . cons)");
    CHECK("`#(10 5 ,(* 2 2) ,@(list 4 3) 8)", "#(10 5 4 4 3 8)");
    CHECK("(let ((foo '(foo bar)) (@baz 'baz)) `(list ,@foo , @baz))", "(list foo bar baz)");
    CHECK("`(a `(b ,(c ,(+ 1 2))))", "(a (quasiquote (b (unquote (c 3)))))");
    CHECK("`(a `(b ,(foo ,(+ 1 3) d) e) f)", "(a (quasiquote (b (unquote (foo 4 d)) e)) f)");
    CHECK("(let ((name1 'x) (name2 'y)) `(a `(b ,,name1 ,',name2 d) e))",
          "(a (quasiquote (b (unquote x) (unquote (quote y)) d)) e)");
    CHECK("(quasiquote (list (unquote (+ 1 2)) 4))", "(list 3 4)");
    CHECK("`(1 . ,(+ 1 1))", "(1 . 2)");
    CHECK("`(1 2 . ,(list 3))", "(1 2 3)");
    CHECK("`,@(list 1)", "syntax-error: `unquote-splicing` has nothing here to splice into");
    CHECK("`()", "()");
    CHECK("`#()", "#()");
    CHECK("`(,@'() . x)", "x");
    CHECK("`(1 #(2 ,(+ 1 2)) (3 . 4))", "(1 #(2 3) (3 . 4))");
}

/* --- R7RS 4.3 --- */

#define SWAP "(define-syntax swap! (syntax-rules () ((_ a b) (let ((tmp a)) (set! a b) (set! b tmp)))))"
#define MY_OR                                                                 \
    "(define-syntax my-or (syntax-rules () ((_) #f) ((_ e) e) ((_ e1 e2 ...)" \
    " (let ((t e1)) (if t t (my-or e2 ...))))))"

static void test_hygiene(void **state)
{
    CHECK("(let-syntax ((given-that (syntax-rules () ((_ test stmt1 stmt2 ...) (if test (begin stmt1 stmt2 ...))))))"
          " (let ((if #t)) (given-that if (set! if 'now)) if))",
          "now");
    CHECK("(let ((x 'outer)) (let-syntax ((m (syntax-rules () ((m) x)))) (let ((x 'inner)) (m))))", "outer");
    CHECK("(letrec-syntax ((my-or (syntax-rules () ((my-or) #f) ((my-or e) e) ((my-or e1 e2 ...)"
          " (let ((temp e1)) (if temp temp (my-or e2 ...))))))) (let ((x #f) (y 7) (temp 8) (let (lambda (x) x))"
          " (if (lambda (x) x))) (my-or x (let temp) (if y) y)))",
          "8");
    CHECK("(let ((=> #f)) (cond (#t => 'ok)))", "ok");
    CHECK(SWAP "(let ((tmp 1) (other 2)) (swap! tmp other) (list tmp other))", "(2 1)");
    CHECK(MY_OR "(let ((t 5)) (my-or #f t))", "5");
    CHECK(MY_OR "(let ((if list)) (my-or #f 2))", "2");
    CHECK("(define-syntax loop-until (syntax-rules () ((_ var init test step) (let loop ((var init))"
          " (if test var (loop step)))))) (let ((loop 5)) (loop-until i 0 (= i loop) (+ i 1)))",
          "5");
    CHECK("(let ((else #f)) (cond (else 1) (#t 2)))", "2");
    CHECK("(let ((quote -)) '5)", "-5");
    CHECK("(define (f list) `(1 ,list)) (f 2)", "(1 2)");
    CHECK("(let ((begin list)) (begin 1 2))", "(1 2)");
    CHECK("(define-syntax five (syntax-rules () ((_) 5))) (let ((five (lambda () 6))) (five))", "6");
    CHECK("(define-syntax m (syntax-rules () ((_ x) (let ((y 1)) (+ x y))))) (let ((y 10)) (m y))", "11");
    CHECK("(define x 1) (define-syntax get (syntax-rules () ((_) x))) (let ((x 2)) (get))", "1");
    CHECK("(define-syntax m (syntax-rules (lit) ((_ lit) 'literal) ((_ x) 'other)))"
          "(list (m lit) (let ((lit 1)) (m lit)))",
          "(literal other)");
    CHECK("(define-syntax while (syntax-rules () ((_ c b ...) (let lp () (when c b ... (lp))))))"
          "(let ((x 0) (lp 3)) (while (< x lp) (set! x (+ x 1))) x)",
          "3");
    CHECK("(define-syntax q (syntax-rules () ((_ x) '(x y)))) (q z)", "(z y)");
    CHECK("(define-syntax v (syntax-rules () ((_ x) #(x y (z))))) (v w)", "#(w y (z))");
}

static void test_patterns(void **state)
{
#define RULES(name, rules) "(define-syntax " name " (syntax-rules () " rules "))"
    CHECK(RULES("my-let", "((_ ((n v) ...) b ...) ((lambda (n ...) b ...) v ...))") "(my-let ((a 1) (b 2)) (list a b))",
          "(1 2)");
    CHECK(RULES("m", "((_ (a b ...) ...) '((b ... a) ...))") "(m (1 2 3) (4) (5 6))", "((2 3 1) (4) (6 5))");
    CHECK(RULES("flat", "((_ (a ...) ...) '(a ... ...))") "(flat (1 2) () (3))", "(1 2 3)");
    CHECK(RULES("pairs", "((_ (a b ...) ...) '((a b) ... ...))") "(pairs (1 2 3) (4 5))", "((1 2) (1 3) (4 5))");
    CHECK(RULES("last", "((_ a ... z) 'z)") "(last 1 2 3)", "3");
    CHECK(RULES("tail", "((_ a ... y z) '((a ...) y z))") "(tail 1 2 3 4)", "((1 2) 3 4)");
    CHECK(RULES("tail", "((_ a ... y z) '((a ...) y z))") "(tail 1 2)", "(() 1 2)");
    CHECK(RULES("dot", "((_ a ... y . z) '((a ...) y z))") "(dot 1 2 3 . 4)", "((1 2) 3 4)");
    CHECK(RULES("dot", "((_ a . b) '(a b))") "(dot 1 2 3)", "(1 (2 3))");
    CHECK(RULES("vec", "((_ #(a b ...)) '(a (b ...)))") "(vec #(1 2 3))", "(1 (2 3))");
    CHECK(RULES("vec", "((_ #(a ... z)) #(z a ...))") "(vec #(1 2 3))", "#(3 1 2)");
    CHECK(RULES("any", "((_ _ _ x) 'x)") "(any 1 2 3)", "3");
    CHECK(
        RULES(
            "atoms",
            "((_ 1) 'one) ((_ \"s\") 'string) ((_ #\\a) 'char) ((_ #t) 'true) ((_ ()) 'nil)") "(list (atoms 1) (atoms "
                                                                                              "\"s\") (atoms #\\a) "
                                                                                              "(atoms #t) (atoms ()))",
        "(one string char true nil)");
    CHECK("(define-syntax my-if (syntax-rules (then else) ((_ c then a else b) (if c a b))))"
          "(my-if #f then 1 else 2)",
          "2");
    CHECK("(define-syntax be-like-begin (syntax-rules () ((be-like-begin name) (define-syntax name (syntax-rules ()"
          " ((name expr (... ...)) (begin expr (... ...)))))))) (be-like-begin sequence) (sequence 1 2 3 4)",
          "4");
    CHECK("(define-syntax m (syntax-rules ::: () ((_ a :::) '(a ::: ...)))) (m 1 2)", "(1 2 ...)");
    CHECK("(define-syntax ell (syntax-rules () ((_ a) '(a (... ...))))) (ell 1)", "(1 ...)");
    CHECK("(define-syntax ell (syntax-rules () ((_ a ...) '(... (a ...))))) (ell 1)",
          "syntax-error: `a` needs 1 ellipses behind it in the template");
    CHECK("(define-syntax tight (syntax-rules (...) ((_ ...) 'dots) ((_ x) 'other))) (list (tight ...) (tight 1))",
          "(dots other)");
    CHECK("(let ((... 2)) (let-syntax ((s (syntax-rules () ((_ x ...) 'bad) ((_ . r) 'ok)))) (s a b c)))", "ok");
    CHECK("(define-syntax u (syntax-rules (_) ((u _) 'underscore) ((u x) 'other))) (list (u _) (u 1))",
          "(underscore other)");
    CHECK(RULES("lens", "((_ (a ...) (b ...)) '((a b) ...))") "(lens (1 2) (3))",
          "syntax-error: the ellipses of this macro use matched different numbers of forms (2 and 1)");
    CHECK(RULES("m", "((_ a) 1)") "(m 1 2)", "syntax-error: no rule of the macro `m` matches this use: (m 1 2)");
    CHECK_ERROR(RULES("m", "((_ a a) 1)"), "syntax-error: `a` is twice");
    CHECK_ERROR(RULES("m", "((_ a ... b ...) 1)"), "syntax-error: there are two ellipses");
    CHECK_ERROR(RULES("m", "((_ a ...) a)"), "syntax-error: `a` needs 1");
    CHECK_ERROR(RULES("m", "((_ a) (a ...))"), "syntax-error: no pattern variable");
    CHECK_ERROR("(define-syntax m 5)", "syntax-error: the transformer");
}

static void test_macros_that_define(void **state)
{
    CHECK("(define-syntax def (syntax-rules () ((_ n v) (define n v)))) (def x 5) x", "5");
    CHECK("(define-syntax counter (syntax-rules () ((_ get) (begin (define n 10) (define (get) n)))))"
          "(define n 1) (counter a) (list n (a))",
          "(1 10)");
    CHECK("(define-syntax two (syntax-rules () ((_ get v) (begin (define n v) (define (get) n)))))"
          "(two a 1) (two b 2) (list (a) (b))",
          "(1 2)");
    CHECK("(define (f) (define-syntax def (syntax-rules () ((_ n v) (define n v)))) (def x 5) (+ x 1)) (f)", "6");
    CHECK("(define (f) (define-syntax two (syntax-rules () ((_ get v) (begin (define n v) (define (get) n)))))"
          " (two a 1) (two b 2) (list (a) (b))) (f)",
          "(1 2)");
    CHECK("(define-syntax make (syntax-rules () ((_ name x) (begin (define hidden x)"
          " (define-syntax name (syntax-rules () ((_) hidden)))))))"
          "(make one 1) (make two 2) (list (one) (two))",
          "(1 2)");
    CHECK("(define-syntax my-define-record (syntax-rules () ((_ n f) (define-record-type n (make f) is? (f get)))))"
          "(my-define-record point x) 1",
          "1");
    CHECK("(define-syntax kw (syntax-rules () ((_ x) (let-syntax ((in (syntax-rules () ((_ y) (list x y))))) (in 2)))))"
          "(kw 1)",
          "(1 2)");
    CHECK("(define-syntax when2 when) (when2 #t 3)", "3");
    /* the rule for the name alone, and its error where there is none */
    CHECK("(define-syntax first (syntax-rules () ((_ . #:value) car) ((_ a . b) 'a)))"
          "(list (first x y) (apply first '((1 2))) (let ((car cdr)) (first z)) (let ((f first)) (f '(5))))",
          "(x 1 z 5)");
    CHECK("(define-syntax m (syntax-rules () ((_ a) 1))) (list m)", "syntax-error: `m` is syntax, not a value");
    /* R7RS 5.3 and 4.3: the classic of a macro that expands to a macro that captures nothing */
    CHECK("(let ((x 1)) (let-syntax ((foo (syntax-rules () ((_ y) (let-syntax ((bar (syntax-rules ()"
          " ((_) (let ((x 2)) y))))) (bar)))))) (foo x)))",
          "1");
    CHECK("(let ((x 1)) (letrec-syntax ((foo (syntax-rules () ((_ y) (bar y)))) (bar (syntax-rules () ((_ x)"
          " (let ((x 1)) x))))) (foo y)))",
          "1");
    /* Petrofsky */
    CHECK("(let ((a 1)) (letrec-syntax ((foo (syntax-rules () ((_ b) (bar a b)))) (bar (syntax-rules ()"
          " ((_ c d) (cons c (let ((c 3)) (list d c 'c))))))) (let ((a 2)) (foo a))))",
          "(1 2 3 a)");
    CHECK("(let-syntax ((foo (syntax-rules () ((_ expr) (+ expr 1))))) (let ((+ *)) (foo 3)))", "4");
    CHECK("(let ((x 1)) (let-syntax ((m (syntax-rules () ((_ e) (let ((x 2)) (list e x)))))) (m x)))", "(1 2)");
    /* a hundred temporaries made by recursion stay apart */
    CHECK("(define-syntax sum (syntax-rules () ((_ () (t v) ...) (let ((t v) ...) (+ t ...)))"
          " ((_ (x . r) b ...) (sum r (tmp x) b ...)))) (sum (1 2 3 4))",
          "10");
}

/* --- R7RS 5 --- */

static void test_definitions(void **state)
{
    CHECK("(define add3 (lambda (x) (+ x 3))) (add3 3)", "6");
    CHECK("(define first car) (first '(1 2))", "1");
    CHECK("(let ((x 5)) (define foo (lambda (y) (bar x y))) (define bar (lambda (a b) (+ (* a b) a)))"
          " (foo (+ x 3)))",
          "45");
    CHECK("(let () (define-values (x y) (values 1 2)) (+ x y))", "3");
    CHECK("(define-values (x y . z) (values 1 2 3 4)) (list x y z)", "(1 2 (3 4))");
    CHECK("(define-values all (values 1 2)) all", "(1 2)");
    CHECK("(let ((x 1) (y 2)) (define-syntax swap! (syntax-rules () ((swap! a b) (let ((tmp a)) (set! a b)"
          " (set! b tmp))))) (swap! x y) (list x y))",
          "(2 1)");
    CHECK("(define-record-type <pare> (kons x y) pare? (x kar set-kar!) (y kdr))"
          "(list (pare? (kons 1 2)) (pare? (cons 1 2)) (kar (kons 1 2)) (kdr (kons 1 2))"
          " (let ((k (kons 1 2))) (set-kar! k 3) (kar k)))",
          "(#t #f 1 2 3)");
    CHECK("(define-record-type point (make y) #f (x px) (y py)) (list (px (make 1)) (py (make 1)))", "(#f 1)");
    CHECK("(define (f) (define-record-type p (mk a) p? (a pa)) (pa (mk 4))) (f)", "4");
    CHECK("(define-record-type p (mk a) p? (a pa)) (pa 5)", "raised type-error");
    CHECK("(define (f x) (define x 2) x) (f 1)", "2");
    CHECK("(define (even? n) (if (= n 0) #t (odd? (- n 1)))) (define (odd? n) (if (= n 0) #f (even? (- n 1))))"
          "(even? 10)",
          "#t");
    CHECK("(define (f) (define a 1) (set! a (+ a 1)) (define b (+ a 1)) (list a b)) (f)", "(2 3)");
    CHECK("(define list vector) (list 1)", "#(1)");
    CHECK("(begin) (begin (define a 1) (define b 2)) (+ a b)", "3");
    CHECK("(include \"some.scm\") (Twice included)", "10");
    CHECK("(include-ci \"some.scm\") (twice included)", "10");
    CHECK("(let () (include \"some.scm\") included)", "5");
    CHECK("(cond-expand (r7rs (define a 1)) (else (define a 2))) a", "1");
}

static void test_optional_arguments(void **state)
{
    CHECK("(define* (f a #:optional (b 2) c) (list a b c)) (list (f 1) (f 1 5) (f 1 5 6))",
          "((1 2 #f) (1 5 #f) (1 5 6))");
    CHECK("(define* (f #:key (a 1) (b (+ a 1))) (list a b)) (list (f) (f #:a 5) (f #:b 7 #:a 3))",
          "((1 2) (5 6) (3 7))");
    CHECK("(define* (f x #:optional (y 9) #:key (k 0)) (list x y k)) (list (f 1 #:k 2) (f 1 3 #:k 4))",
          "((1 9 2) (1 3 4))");
    CHECK("((lambda* (a #:optional b . rest) (list a b rest)) 1 2 3 4)", "(1 2 (3 4))");
    CHECK("((lambda* (a b) (+ a b)) 1 2)", "3");
    CHECK("((lambda* (#:optional a) a) 1 2)", "raised arity-error");
    CHECK("((lambda* (#:key a) a) #:b 2)", "raised arity-error");
    CHECK("((lambda* (#:key a #:allow-other-keys) a) #:b 2 #:a 1)", "1");
}

/* --- libraries --- */

#define LIFE                                                                              \
    "(define-library (example grid) (export make rows (rename put! ext:put!) twice)"      \
    " (import (scheme base)) (begin (define (make n) (list n)) (define (rows g) (car g))" \
    " (define (put! g) (cons 0 g)) (define helper 2)"                                     \
    " (define-syntax twice (syntax-rules () ((_ x) (* helper x))))))"

static void test_libraries(void **state)
{
    CHECK(LIFE "(import (example grid)) (rows (make 4))", "4");
    CHECK(LIFE "(import (prefix (only (example grid) make rows) g:)) (g:rows (g:make 4))", "4");
    CHECK(LIFE "(import (rename (example grid) (ext:put! put))) (put '())", "(0)");
    CHECK(LIFE "(import (example grid)) (define helper 7) (twice 5)", "10");
    CHECK(LIFE "(import (except (example grid) rows)) (define (rows) 1) (rows)", "1");
    CHECK("(import (texts twice)) (twice 4)", "8");
    CHECK("(define-library (a) (export x) (import (scheme base)) (begin (define x 1)))"
          "(define-library (b) (export x) (import (a))) (import (a) (b)) x",
          "1");
    CHECK("(define-library (a) (export x x) (export x (rename x y)) (import (scheme base)) (begin (define x 1)))"
          "(import (a)) (+ x y)",
          "2");
    CHECK("(define-library (c e) (export x) (cond-expand (r7rs (import (scheme base))) (else (import (no))))"
          " (include-library-declarations)) 1",
          "syntax-error: `include` needs the names of files");
    CHECK("(define-library (i) (export included) (import (scheme base)) (include \"some.scm\")) (import (i)) included",
          "5");
    CHECK_ERROR("(import (no such))", "library-not-found: the library (no such) is not available");
    CHECK_ERROR("(import (only (scheme base) nothing))", "import-error: (scheme base) does not provide `nothing`");
    CHECK_ERROR("(import (texts self))", "import-error: the library (texts self) imports itself");
    CHECK_ERROR("(define-library (d) (export x) (import (scheme base)))", "syntax-error: (d) exports `x`");
    CHECK_ERROR("(define-library (d) (export x (rename y x)) (import (scheme base)) (begin (define x 1) (define y 2)))",
                "syntax-error: (d) exports two things as `x`");
    CHECK_ERROR("(define-library (d) (import (scheme base)) (begin (define (f) nothing)))",
                "unbound-variable: `nothing` is not bound in (d)");
    CHECK_ERROR("(define-library (a) (export x) (import (scheme base)) (begin (define x 1)))"
                "(define-library (b) (export x) (import (scheme base)) (begin (define x 1)))"
                "(import (a) (b)) x",
                "import-error: `x` is imported from");
}

static void test_what_is_in_scope(void **state)
{
    struct test *t = test_begin();
    t->world.pre_imports = NULL;
    assert_string_equal(run(t, "(+ 1 2)", NULL),
                        "unbound-variable: `+` is not bound; (import (scheme base)) provides it");
    test_end(t);
    t = test_begin();
    t->world.pre_imports = NULL;
    assert_string_equal(run(t, "(import (only (scheme base) +)) (+ 1 2)", NULL), "3");
    assert_string_equal(run(t, "(let () 1)", NULL),
                        "unbound-variable: `let` is not bound; (import (scheme base)) provides it");
    test_end(t);
    t = test_begin();
    t->world.pre_imports = NULL;
    assert_string_equal(
        run(t, "(use-modules (srfi srfi-1) ((texts twice) #:select (twice)))", NULL),
        "syntax-error: `use-modules` is of GNU Guile; for Schooner it is (import (srfi 1) (texts twice))");
    test_end(t);
    t = test_begin();
    assert_string_equal(run(t, "(define (use-modules x) (+ x 1)) (use-modules 1)", NULL), "2");
    test_end(t);
    t = test_begin();
    t->world.pre_imports = NULL;
    t->world.default_imports = base_only;
    assert_string_equal(run(t, "(define (f) 1) (f)", NULL), "1");
    test_end(t);
    t = test_begin();
    t->world.pre_imports = NULL;
    t->world.guile_imports = true;
    assert_string_equal(run(t,
                            "(use-modules (texts once) ((texts twice) #:select ((twice . double)) #:prefix t:))"
                            "(list (once 1) (t:double 4))",
                            NULL),
                        "(1 8)");
    test_end(t);
    CHECK_ERROR("(define (f) (no-such 1))", "unbound-variable: `no-such` is not bound");
    CHECK_ERROR("(import (only (scheme base) car)) (define (f) (car 1)) (set! car 1)",
                "syntax-error: `car` is imported: it cannot be assigned");
    CHECK_PURE("(define x 1) (set! x 2)", "syntax-error: `set!` is not available");
    CHECK_PURE("(define x 1) (define x 2)", "syntax-error: `x` is defined already");
    CHECK_PURE("(define-record-type p (m a) p? (a pa set-pa!))", "syntax-error: `set-pa!` would change a record");
}

/* --- errors --- */

static void test_errors(void **state)
{
    CHECK_ERROR("(let ((x)) x)", "syntax-error: a binding of `let` is (name expression)");
    CHECK_ERROR("(let)", "syntax-error: `let` needs bindings and a body");
    CHECK_ERROR("(let ((x 1)))", "syntax-error: `let` needs bindings and a body");
    CHECK_ERROR("(if)", "syntax-error: `if` needs");
    CHECK_ERROR("()", "syntax-error: () is no expression");
    CHECK_ERROR("(lambda (x x) x)", "syntax-error: `x` is bound twice");
    CHECK_ERROR("(lambda (x))", "syntax-error: `lambda` needs");
    CHECK_ERROR("(list . 1)", "syntax-error: a call must be a proper list");
    CHECK_ERROR("(+ 1 (define x 2))", "syntax-error: `define` can stand only");
    CHECK_ERROR("(define (f) (define x 1))", "syntax-error: a body must end in an expression");
    CHECK_ERROR("else", "syntax-error: `else` is syntax");
    CHECK_ERROR("(list if)", "syntax-error: `if` is syntax");
    CHECK_ERROR("(else 1)", "syntax-error: `else` means nothing here");
    CHECK_ERROR("(syntax-error \"wrong:\" (a 1) b)", "syntax-error: wrong: (a 1) b");
    CHECK_ERROR("(define-syntax m (syntax-rules () ((_ x) (syntax-error \"bad\" x)))) (m (y z))",
                "syntax-error: bad (y z)");
    CHECK_ERROR("(let #0=((a . #0#)) 1)", "syntax-error:");
    CHECK_ERROR("#0=(car . #0#)", "syntax-error:");
}

static void test_position_of_errors(void **state)
{
    struct test *t = test_begin();
    struct expansion expansion;
    assert_false(expand_string(t, "(define x 1)\n(define (f)\n  (list (if) x))", &expansion));
    assert_int_equal(t->front.error.position.line, 3);
    assert_int_equal(t->front.error.position.column, 9);
    test_end(t);
    CHECK("\n(%position (a b))", "(\"test.scm\" 2 12)");
    CHECK("(define-syntax at (syntax-rules () ((_ x) (%position x))))\n (at z)", "(\"test.scm\" 2 6)");
}

/* --- sessions and images --- */

static void keep(struct test *t, const char *name, struct left_behind *exports, size_t export_count,
                 struct left_behind *inside, size_t inside_count)
{
    size_t i = t->kept_count++;
    t->kept_data[i] = (struct kept){ exports, export_count, inside, inside_count };
    t->kept[i] = (struct library){ .name = name,
                                   .data = &t->kept_data[i],
                                   .export_count = export_count,
                                   .find = kept_find,
                                   .find_inside = kept_find_inside };
}

/* A library that is known only by what its expansion left, macros as bytes: the next programs use it. */
static void test_macros_as_bytes(void **state)
{
    struct test *t = test_begin();
    struct expansion expansion;
    assert_string_equal(
        run(t,
            "(define-library (lib) (export my-or count! make my-case get) (import (scheme base)) (begin"
            " (define total 0) (define (bump) (set! total (+ total 1)) total)"
            " (define-syntax count! (syntax-rules () ((_) (bump))))"
            " (define-syntax my-or (syntax-rules () ((_) #f) ((_ e) e) ((_ e r ...) (let ((t e)) (if t t (my-or r "
            "...))))))"
            " (define-syntax my-case (syntax-rules (one else) ((_ one) 1) ((_ else) 'else) ((_ #(a ... z) (b c ...) "
            "...)"
            "   '(z (a ...) \"s\" #\\c 1.5 ((c ... b) ...)))))"
            " (define-syntax make (syntax-rules () ((_ name v) (begin (define hidden v)"
            "   (define-syntax name (syntax-rules () ((_ x (... ...)) (list hidden (bump) x (... ...)))))))))"
            " (make get 99)))"
            "(import (lib)) (count!)",
            &expansion),
        "1");
    assert_int_equal(expansion.library_count, 1);
    struct library_left *left = &expansion.libraries[0];
    keep(t, left->name, left->exports, left->export_count, left->inside, left->inside_count);
    assert_string_equal(run(t, "(import (lib)) (define (bump) 'mine) (count!)", NULL), "2");
    assert_string_equal(run(t, "(import (lib)) (let ((t 5) (if list)) (my-or #f t))", NULL), "5");
    assert_string_equal(
        run(t, "(import (lib)) (list (my-case one) (my-case else) (my-case #(1 2 3) (4 5 6) (7)))", NULL),
        "(1 else (3 (1 2) \"s\" #\\c 1.5 ((5 6 4) (7))))");
    assert_string_equal(run(t, "(import (lib)) (define hidden 1) (make mine 7) (list (mine 3) (get 4) hidden)", NULL),
                        "((7 3 3) (99 4 4) 1)");
    test_end(t);
}

static void test_sessions(void **state)
{
    struct test *t = test_begin();
    struct expansion first, second;
    struct library session = { .name = "session", .find = kept_find, .find_inside = kept_find_inside };
    const char *imports[8] = { NULL };
    t->world.redefinition = true;
    t->world.pre_imports = NULL;
    assert_string_equal(
        run(t,
            LIFE "(import (scheme base) (prefix (example grid) g:)) (define x 4)"
                 "(define-syntax keep (syntax-rules () ((_ n v) (begin (define tmp v) (define-syntax n (syntax-rules ()"
                 " ((_) (list tmp x))))))))"
                 "(keep a 1) (a)",
            &first),
        "(1 4)");
    struct kept kept = { first.top, first.top_count, first.top, first.top_count };
    session.data = &kept;
    session.export_count = first.top_count;
    t->world.session = &session;
    struct library_left *left = &first.libraries[0];
    keep(t, left->name, left->exports, left->export_count, left->inside, left->inside_count);
    assert_int_equal(first.import_count, 2);
    imports[0] = first.imports[0];
    imports[1] = first.imports[1];
    t->world.session_imports = imports;
    assert_string_equal(run(t, "(list x (a) (g:twice 3) (g:rows '(7)))", NULL), "(4 (1 4) 6 7)");
    assert_string_equal(run(t, "(keep b 2) (list (a) (b))", &second), "((1 4) (2 4))");
    assert_string_equal(run(t, "(define x 5) (a)", NULL), "(1 5)");
    t->world.redefinition = false;
    assert_string_equal(run(t, "(define x 5)", NULL), "syntax-error: `x` is defined already, by an earlier program");
    test_end(t);
}

/* --- limits --- */

static char *repeat(const char *open, const char *middle, const char *close, size_t count)
{
    size_t a = strlen(open), m = strlen(middle), c = strlen(close);
    char *text = malloc(count * (a + c) + m + 1);
    char *at = text;
    for (size_t i = 0; i < count; i++, at += a)
        memcpy(at, open, a);
    memcpy(at, middle, m);
    at += m;
    for (size_t i = 0; i < count; i++, at += c)
        memcpy(at, close, c);
    *at = '\0';
    return text;
}

/* Hosts have small stacks: everything deep is expanded and printed on 256 KiB. The reader lets 10000 levels in. */
enum { DEEP = 2000, TOO_DEEP = 20000 };

static void *deep_programs(void *ignored)
{
    const char *const shapes[][3] = {
        { "(list ", "1", ")" },
        { "(let ((x 1)) ", "x", ")" },
        { "(lambda () ", "1", ")" },
        { "(if 1 2 ", "3", ")" },
        { "(cond (#f 1) (else ", "1", "))" },
        { "`(1 ,", "2", ")" },
        { "`(1 ", ",2", ")" },
        { "(begin ", "1", ")" },
        { "(define-syntax m (syntax-rules () ((_ ", "x", ") 1)))" },
        { "(do () (1 ", "1", "))" },
        { "(guard (e (#t ", "1", ")) 2)" },
        { "(let () (define (f) ", "1", ") f)" },
        { "(case 1 (else ", "1", "))" },
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct test *t = test_begin();
        struct expansion expansion;
        char *text = repeat(shapes[i][0], shapes[i][1], shapes[i][2], TOO_DEEP);
        bool ok = expand_string(t, text, &expansion);
        assert_true(!ok || i == 7); /* (begin (begin ...)) makes no tree */
        if (!ok)
            assert_true(t->front.limit == SCH_LIMIT_NESTING || t->front.error.kind[0] == 's');
        free(text);
        test_end(t);
        t = test_begin();
        text = repeat(shapes[i][0], shapes[i][1], shapes[i][2], DEEP);
        if (i != 5 && i != 8) { /* the nesting of quasi-quotes and of patterns has limits of its own */
            assert_true(expand_string(t, text, &expansion));
            assert_true(core_print(expansion.body, &t->out));
        }
        free(text);
        test_end(t);
    }
    return NULL;
}

static void test_deep_programs_end(void **state)
{
    pthread_attr_t attributes;
    pthread_t thread;
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, 256 * 1024), 0);
    assert_int_equal(pthread_create(&thread, &attributes, deep_programs, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void test_hostile_macros_end(void **state)
{
    const char *const programs[] = {
        "(define-syntax m (syntax-rules () ((_) (m)))) (m)",
        "(define-syntax m (syntax-rules () ((_ . #:value) m))) (list m)",
        "(define-syntax m (syntax-rules () ((_ x ...) (m x ... x ...)))) (m 1)",
        "(define-syntax m (syntax-rules () ((_ x) (begin (m x) (m x))))) (m 1)",
        "(define-syntax m (syntax-rules () ((_ (a ...) ...) (m (a ... a ... a ...) ... (a ...) ...)))) (m (1) (2))",
        "(define-syntax grow (syntax-rules () ((_ (a ...)) (grow (a ... a ... a ... a ...))))) (grow (1 2))",
        "(define-syntax m (syntax-rules () ((_ x) (m (x x))))) (m 1)",
        "(define-syntax q (syntax-rules () ((_ 0 x) 'x) ((_ n x) (q n (x x))))) (q 1 a)",
        ("(define-syntax m (syntax-rules () ((_ n) (begin (define-syntax n (syntax-rules () ((_) 1))) (m n)))))"
         "(m foo)"),
    };
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        struct test *t = test_begin();
        struct expansion expansion;
        t->fuel = 1000000;
        assert_false(expand_string(t, programs[i], &expansion));
        assert_int_equal(t->front.limit, SCH_LIMIT_FUEL);
        assert_true(t->front.arena.mapped < 500 * 1000 * 1000);
        test_end(t);
    }
}

static void test_memory_failures(void **state)
{
    for (size_t granted = 0; granted < 60; granted++) {
        struct test *t = test_begin();
        struct failing_memory failing = { .left = granted };
        const struct memory memory = { .resize = failing_resize, .data = &failing };
        struct expansion expansion;
        front_done(&t->front);
        uint64_t nesting = t->front.nesting;
        front_init(&t->front, &memory);
        t->front.nesting = nesting;
        t->front.charge = charge;
        t->front.charge_data = t;
        bool ok =
            expand_string(t,
                          LIFE "(import (example grid)) (define-values (a b) (values 1 2))" MY_OR
                               "(define-record-type p (m x) p? (x px)) (define (f) `(1 ,(my-or a b) #(,@(list 1))))"
                               "(guard (e (#f 1)) (syntax-error \"m\" (f)))",
                          &expansion);
        assert_false(ok);
        assert_true(t->front.limit == SCH_LIMIT_HEAP || t->front.error.kind);
        front_done(&t->front);
        assert_int_equal(failing.held, 0);
        front_init(&t->front, &memory_malloc);
        test_end(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_primitive_expressions),
        cmocka_unit_test(test_conditionals),
        cmocka_unit_test(test_binding),
        cmocka_unit_test(test_procedures_and_delays),
        cmocka_unit_test(test_quasiquote),
        cmocka_unit_test(test_hygiene),
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_macros_that_define),
        cmocka_unit_test(test_definitions),
        cmocka_unit_test(test_optional_arguments),
        cmocka_unit_test(test_libraries),
        cmocka_unit_test(test_what_is_in_scope),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_position_of_errors),
        cmocka_unit_test(test_macros_as_bytes),
        cmocka_unit_test(test_sessions),
        cmocka_unit_test(test_deep_programs_end),
        cmocka_unit_test(test_hostile_macros_end),
        cmocka_unit_test(test_memory_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
