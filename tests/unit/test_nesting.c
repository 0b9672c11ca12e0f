/* Programs that stand deep in themselves, on a thread with a small stack: what the limit `nesting` promises does not
 * depend on whose thread it is. */
#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "schooner.h"

enum { STACK = 256 * 1024, DEEP = 2000, LONG = 10000, TOO_DEEP = 60000, TEXT_MAX = 8 << 20 };

/* before, `count` times `open`, middle, `count` times `close`, after; %d in a text is the number of its copy. */
struct shape {
    const char *name;
    const char *before, *open, *middle, *close, *after;
};

static const struct shape nested[] = {
    { "calls", "(define (f x) x) (define (g) ", "(f ", "1", ")", ") (g)" },
    { "recursive calls", "(define (f x) (if (null? x) (f 1) x)) ", "(f ", "1", ")", "" },
    { "arguments behind others", "(define x 0) ", "(+ x ", "1", ")", "" },
    { "arguments before others", "(define (g) 0) ", "(+ ", "1", " (g))", "" },
    { "consequents", "(define x 5) ", "(if (eqv? x 5) ", "1", " 2)", "" },
    { "tests", "(define (f) 1) ", "(if ", "(f)", " 1 2)", "" },
    { "lets", "(define (f) 1) ", "(let ((x%d (f))) ", "x0", ")", "" },
    { "values of lets", "(define (f) 1) ", "(let ((x ", "(f)", ")) x)", "" },
    { "procedures", "(define f ", "(lambda (x%d) ", "x0", ")", ") 1" },
    { "named lets", "", "(let loop%d ((x 1)) ", "1", ")", "" },
    { "bodies", "(define (f0) ", "(define (g%d) ", "1", ") 1", ") 1" },
    { "sequences", "(define (f) 1) (define (g) ", "(begin (f) ", "1", ")", ") (g)" },
    { "connectives", "(define (f) #f) ", "(and 1 (or (f) ", "1", "))", "" },
    { "guards", "", "(guard (e (#t 2)) ", "1", ")", "" },
    { "quasiquotations", "(define x 1) (define y `", "(a ,x ", "b", ")", ") x" },
    { "levels of quasiquotations", "(define y `", "(a `", "b", ")", ") 1" },
    { "operators", "(define (f) 1) ((lambda (x) 1) ", "((lambda (y) (f)) ", "1", ")", ")" },
};

static const struct shape flat[] = {
    { "clauses of cond", "(define x 'x) (cond ", "((eqv? x %d) 2)", "(else 1))", "", "" },
    { "clauses of cond with arrows", "(define (f) #f) (cond ", "((f) => f)", "(else 1))", "", "" },
    { "clauses of cond without more", "(define (f) #f) (cond ", "((f))", "(else 1))", "", "" },
    { "clauses of case", "(define x 'x) (case x ", "((%d) 2)", "(else 1))", "", "" },
    { "parts of or", "(define (f) #f) (or ", "(f) ", "1)", "", "" },
    { "parts of and", "(define (f) #t) (and ", "(f) ", "1)", "", "" },
    { "bindings of let*", "(define (f) 1) (let* (", "(x%d (f))", ") x0)", "", "" },
    { "bindings of let*-values", "(define (f) 1) (let*-values (", "((x%d) (f))", ") x0)", "", "" },
    { "bindings of let-values", "(define (f) 1) (let-values (", "((x%d) (f))", ") x0)", "", "" },
    { "expressions of begin", "(define (f) 1) (begin ", "(f) ", "1)", "", "" },
};

static char *put_copies(char *at, const char *text, int count)
{
    for (int i = 0; i < count; i++)
        at += sprintf(at, text, i);
    return at;
}

static char *text_of(const struct shape *shape, int count)
{
    char *text = malloc(TEXT_MAX), *at = text;
    if (!text)
        return NULL;
    at = stpcpy(stpcpy(at, "(import (scheme base)) "), shape->before);
    at = put_copies(at, shape->open, count);
    at = stpcpy(at, shape->middle);
    at = put_copies(at, shape->close, count);
    strcpy(at, shape->after);
    return text;
}

struct job {
    const char *text;
    enum sch_status status;
    enum sch_limit limit;
    int64_t value;
    bool works_after;
    char message[200];
};

static void *evaluate(void *data)
{
    struct job *job = data;
    static const char *const menu[] = { "base", NULL };
    struct sch_env_options options = { .size = sizeof options, .menu = menu };
    struct sch_limits limits = { .size = sizeof limits, .timeout_ns = SCH_UNLIMITED };
    sch_env *env = sch_env_new(&options, NULL);
    sch_vm *vm = sch_vm_new(env, &limits);
    sch_value value;
    job->status = sch_eval(vm, (struct sch_source){ "deep", job->text, strlen(job->text) }, &value);
    if (job->status == SCH_OK)
        sch_get_integer(value, &job->value);
    else
        snprintf(job->message, sizeof job->message, "%s", sch_failure(vm)->message);
    job->limit = job->status == SCH_LIMIT ? sch_failure(vm)->limit : SCH_LIMIT_NONE;
    int64_t three = 0;
    const char *small = "(import (scheme base)) (+ 1 2)";
    job->works_after = sch_eval(vm, (struct sch_source){ "small", small, strlen(small) }, &value) == SCH_OK &&
                       sch_get_integer(value, &three) && three == 3;
    sch_vm_free(vm);
    sch_env_free(env);
    return NULL;
}

static struct job run_on_small_thread(const struct shape *shape, int count)
{
    struct job job = { .text = text_of(shape, count) };
    assert_non_null(job.text);
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    assert_int_equal(pthread_attr_setstacksize(&attributes, STACK), 0);
    assert_int_equal(pthread_create(&thread, &attributes, evaluate, &job), 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
    free((char *)job.text);
    assert_true(job.works_after);
    return job;
}

static void give_one(const struct shape *shape, int count)
{
    struct job job = run_on_small_thread(shape, count);
    if (job.status != SCH_OK)
        fail_msg("%d %s: %s", count, shape->name, job.message);
    assert_int_equal(job.value, 1);
}

static void test_deep(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof nested / sizeof *nested; i++)
        give_one(&nested[i], DEEP);
}

static void test_long(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof flat / sizeof *flat; i++)
        give_one(&flat[i], LONG);
}

static void test_too_deep(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof nested / sizeof *nested; i++) {
        struct job job = run_on_small_thread(&nested[i], TOO_DEEP);
        assert_int_equal(job.status, SCH_LIMIT);
        assert_int_equal(job.limit, SCH_LIMIT_NESTING);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deep),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_too_deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
