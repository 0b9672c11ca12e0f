/*
 * Sessions of programs about control: continuations that outlive their run or their call of the host, within winds,
 * handlers, parameters, deep recursion, calls of the host and waiting, while limits end runs in between. Whatever the
 * collector and the slices do, a session goes as one with neither, for the same fuel. The input chooses forms, a byte
 * each, so that nearly any bytes are a session; the grammar is the table below.
 */
#include <stdarg.h>
#include "harness.h"

enum { PROGRAMS_MAX = 6, DEPTH_MAX = 7, TEXT_MAX = 1 << 14, PAUSES_MAX = 200, FUEL = 20000, HEAP = 1 << 20 };

/* In scope everywhere: v0 to v5, which forms bind again. ks are the continuations so far, (tick) bounds their use. */
static const char prelude[] =
    "(define ks '()) (define kept #f) (define ticks 0) (define v0 0) (define v1 1) (define v2 '(2)) (define v3 #f)"
    "(define v4 (lambda l l)) (define v5 \"5\") (define (tick) (set! ticks (+ ticks 1)) ticks) (define p "
    "(make-parameter 0))"
    "(define (deep n thunk) (if (= n 0) (thunk) (let ((r (deep (- n 1) thunk))) (list n (vector r)))))"
    "(define (wound n thunk) (if (= n 0) (thunk) (parameterize ((p n)) (dynamic-wind (lambda () #t)"
    " (lambda () (cons n (wound (- n 1) thunk))) (lambda () #t)))))"
    "(define (junk n) (make-vector n '(1)) (let next ((i 0) (l '())) (if (< i n) (next (+ i 1) (cons i l)) (length "
    "l))))";

/* % is a form, $ a variable, ~ a number. */
static const char *const forms[] = {
    "$",
    "$",
    "~",
    "ks",
    "(list 1 2)",
    "(p)",
    "(pause)",
    "(call/cc (lambda ($) (set! ks (cons $ ks)) %))",
    "(call/cc (lambda ($) (set! ks (list $)) %))",
    "(if (and (pair? ks) (< (tick) 40)) ((list-ref ks (modulo (tick) (length ks))) %) %)",
    "(if (and (pair? ks) (< (tick) 40)) ((car ks) %) %)",
    "(call/cc (lambda ($) (again (lambda () ($ %)))))",
    "(dynamic-wind (lambda () %) (lambda () %) (lambda () %))",
    "(parameterize ((p %)) %)",
    "(make-parameter % (lambda ($) (parameterize ((p %)) %)))",
    "(guard ($ (#t %)) %)",
    "(guard ($ ((string? $) %)) %)",
    "(raise %)",
    "(raise-continuable %)",
    "(car %)",
    "(with-exception-handler (lambda ($) %) (lambda () %))",
    "(again (lambda () %))",
    "(again (lambda () (pause) %))",
    "(again map (lambda ($) %) (list % %))",
    "(let next ((i 0) ($ %)) (if (< i ~) (next (+ i 1) %) $))",
    "(deep ~ (lambda () %))",
    "(deep 300 (lambda () %))",
    "(wound ~ (lambda () %))",
    "(map (lambda ($) %) (list % 2 %))",
    "(vector-map (lambda ($) %) (vector 1 %))",
    "(string-map (lambda (c) % c) \"abc\")",
    "(let (($ %)) %)",
    "(let ((f (lambda ($) (set! $ %) (cons $ %)))) (f %))",
    "((lambda ($ . $) %) % %)",
    "(call-with-values (lambda () (values % %)) list)",
    "(apply list (list % %))",
    "(force (delay %))",
    "(begin (junk ~) %)",
    "(begin (junk 1000) %)",
    "(begin (set! kept (cons % ~)) %)",
    "(begin (set! ks '()) %)",
    "(equal? % %)",
    "(list % % %)",
};
enum { FORMS = sizeof forms / sizeof *forms };

struct bytes {
    const uint8_t *next, *end;
};

static unsigned take(struct bytes *bytes)
{
    return bytes->next < bytes->end ? *bytes->next++ : 0;
}

struct text {
    char bytes[TEXT_MAX];
    size_t length;
};

static void put(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text->bytes + text->length, TEXT_MAX - text->length, format, arguments);
    va_end(arguments);
    text->length += (size_t)length; /* a text that would not fit is not begun: see put_form */
}

static void put_form(struct text *text, struct bytes *bytes, unsigned depth)
{
    bool is_leaf = depth == 0 || bytes->next == bytes->end || text->length > TEXT_MAX / 2;
    for (const char *at = is_leaf ? "$" : forms[take(bytes) % FORMS]; *at; at++) {
        switch (*at) {
        case '%': put_form(text, bytes, depth - 1); break;
        case '$': put(text, "v%u", is_leaf ? depth % 6 : take(bytes) % 6); break;
        case '~': put(text, "%u", take(bytes)); break;
        default: put(text, "%c", *at);
        }
    }
}

/* How the programs of a session are run. */
struct way {
    sch_env *env;
    uint64_t heap;
    bool sliced;
};

static bool ends_in_heap(const struct fuzz_outcome *outcome)
{
    return outcome->unprinted || (outcome->status == SCH_LIMIT && outcome->limit == SCH_LIMIT_HEAP);
}

static struct fuzz_outcome run(sch_vm *vm, const struct way *way, const struct text *text, unsigned fuel,
                               unsigned slice)
{
    struct sch_limits limits = fuzz_limits();
    limits.heap = way->heap;
    limits.fuel = fuel;
    limits.slice = way->sliced ? slice : 0;
    sch_vm_set_limits(vm, &limits);
    sch_value value;
    int64_t waits = 0;
    enum sch_status status = sch_eval(vm, (struct sch_source){ "session", text->bytes, text->length }, &value);
    while (status == SCH_PAUSED || (status == SCH_SUSPENDED && waits < PAUSES_MAX)) {
        waits += status == SCH_SUSPENDED;
        status = sch_resume(vm, sch_integer(vm, waits), &value);
    }
    if (status == SCH_SUSPENDED) {
        fuzz_check(sch_cancel(vm) == SCH_OK);
        return (struct fuzz_outcome){ .status = SCH_SUSPENDED, .text = strdup("") };
    }
    return fuzz_outcome(vm, status, value);
}

/* Fills `ret` until memory ends something: what comes then depends on how much there is. Gives the number of outcomes.
 */
static size_t session(const struct way *way, struct bytes bytes, struct fuzz_outcome ret[PROGRAMS_MAX])
{
    struct sch_limits limits = fuzz_limits();
    sch_vm *vm = sch_vm_new(way->env, &limits);
    fuzz_check(vm);
    fuzz_check(sch_eval(vm, (struct sch_source){ "prelude", prelude, sizeof prelude - 1 }, NULL) == SCH_OK);
    static struct text text;
    size_t count = 0;
    bool same = true;
    for (size_t i = 0; i < PROGRAMS_MAX && bytes.next < bytes.end; i++) {
        unsigned kind = take(&bytes);
        unsigned fuel = kind % 4 == 0 ? 1 + take(&bytes) * 16 : FUEL;
        unsigned slice = kind % 4 == 1 ? 1 + take(&bytes) * 4 : 0;
        text.length = 0;
        put(&text, "(set! ticks 0) ");
        put_form(&text, &bytes, DEPTH_MAX);
        struct fuzz_outcome outcome = run(vm, way, &text, fuel, slice);
        same = same && !ends_in_heap(&outcome);
        if (same)
            ret[count++] = outcome;
        else
            free(outcome.text);
    }
    fuzz_works(vm);
    sch_vm_free(vm);
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const without[] = { "young-collection", NULL };
    static struct way ways[2];
    if (!ways[0].env) {
        struct sch_env_options options = { .mutation = true, .catch_errors = true, .redefinition = true };
        ways[0] = (struct way){ fuzz_env_new(options), HEAP, true };
        options.without = without;
        ways[1] = (struct way){ fuzz_env_new(options), fuzz_limits().heap, false };
    }
    struct fuzz_outcome outcomes[2][PROGRAMS_MAX];
    size_t counts[2];
    for (size_t i = 0; i < 2; i++)
        counts[i] = session(&ways[i], (struct bytes){ data, data + size }, outcomes[i]);
    for (size_t i = 0; i < counts[0] && i < counts[1]; i++)
        fuzz_same(&outcomes[0][i], &outcomes[1][i], true);
    for (size_t way = 0; way < 2; way++)
        for (size_t i = counts[1 - way]; i < counts[way]; i++)
            free(outcomes[way][i].text);
    return 0;
}
