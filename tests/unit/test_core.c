/* core: nodes and variables are numbered and positioned; the text form shows every kind of node; it survives no memory.
 */
#include "unit.h"

#include <string.h>
#include "base/buffer.h"
#include "schooner/core/core.h"

static bool charge(void *data, uint64_t units)
{
    return true;
}

static const struct position place = { .line = 3, .column = 4 };

static struct core *number(struct front *front, int64_t value)
{
    struct core *node = core_new(front, CORE_CONSTANT, place);
    node->constant = datum_value(front, make_fixnum(value), place);
    return node;
}

static struct core *local(struct front *front, struct variable *variable)
{
    struct core *node = core_new(front, CORE_LOCAL, place);
    node->local = variable;
    return node;
}

static void expect(struct core *node, const char *expected)
{
    struct buffer out;
    buffer_init(&out, &memory_malloc);
    assert_true(core_print(node, &out));
    assert_true(buffer_append_byte(&out, '\0'));
    assert_string_equal((const char *)out.bytes, expected);
    buffer_done(&out);
}

static void test_nodes(void **state)
{
    struct front front;
    front_init(&front, &memory_malloc);
    front.charge = charge;
    struct variable *x = variable_new(&front, name_of(&front.names, "x"), place);
    struct variable *y = variable_new(&front, NULL, place);
    assert_int_equal(x->id + 1, y->id);
    assert_int_equal(y->position.line, 3);

    struct core *seven = number(&front, 7);
    assert_int_equal(seven->kind, CORE_CONSTANT);
    assert_int_equal(seven->position.column, 4);
    expect(seven, "7");
    expect(local(&front, x), "x.0");
    expect(local(&front, y), ".1");

    struct core *quote = core_new(&front, CORE_CONSTANT, place);
    quote->constant = datum_symbol(&front, "a", place);
    expect(quote, "'a");

    struct global top = { .kind = GLOBAL_TOP, .name = name_of(&front.names, "g"), .space = "(lib)" };
    struct global car = { .kind = GLOBAL_PRIMITIVE, .name = name_of(&front.names, "car"), .space = "" };
    struct core *global = core_new(&front, CORE_GLOBAL, place);
    global->global = &top;
    expect(global, "(lib)g");

    struct core *procedure = core_new(&front, CORE_GLOBAL, place);
    procedure->global = &car;
    struct core *args[] = { local(&front, x), seven };
    struct core *call = core_new(&front, CORE_CALL, place);
    call->call.procedure = procedure;
    call->call.args = args;
    call->call.count = 2;
    expect(call, "(%car x.0 7)");

    struct core *tick = core_new(&front, CORE_TICK, place);
    tick->tick.count = 1;
    struct core *items[] = { tick, call };
    struct core *sequence = core_new(&front, CORE_SEQUENCE, place);
    sequence->sequence.items = items;
    sequence->sequence.count = 2;
    struct variable *params[] = { x, y };
    struct core_clause clause = { .params = params, .count = 1, .has_rest = true, .body = sequence };
    struct core *lambda = core_new(&front, CORE_LAMBDA, place);
    lambda->lambda.clauses = &clause;
    lambda->lambda.count = 1;
    expect(lambda, "(lambda (x.0 . .1) (begin (tick 1) (%car x.0 7)))");

    struct core *define = core_new(&front, CORE_DEFINE, place);
    define->set_global.global = &top;
    define->set_global.value = seven;
    expect(define, "(define (lib)g 7)");

    struct core *branch = core_new(&front, CORE_IF, place);
    branch->branch.test = local(&front, x);
    branch->branch.then = seven;
    branch->branch.otherwise = local(&front, y);
    struct core *values[] = { seven };
    struct core *let = core_new(&front, CORE_LETREC, place);
    let->let.variables = params;
    let->let.values = values;
    let->let.count = 1;
    let->let.body = branch;
    expect(let, "(letrec* ((x.0 7)) (if x.0 7 .1))");
    let->kind = CORE_LET;
    expect(let, "(let ((x.0 7)) (if x.0 7 .1))");

    struct core *receive = core_new(&front, CORE_RECEIVE, place);
    receive->receive.producer = seven;
    receive->receive.clause = (struct core_clause){ .params = params, .count = 2, .body = branch };
    expect(receive, "(receive (x.0 .1) 7 (if x.0 7 .1))");

    struct core *set = core_new(&front, CORE_SET_LOCAL, place);
    set->set_local.variable = x;
    set->set_local.value = seven;
    expect(set, "(set! x.0 7)");
    front_done(&front);
}

static void test_no_memory(void **state)
{
    struct failing_memory failing = { .left = 0 };
    const struct memory memory = { .resize = failing_resize, .data = &failing };
    struct front front;
    front_init(&front, &memory);
    assert_null(core_new(&front, CORE_TICK, place));
    assert_null(variable_new(&front, NULL, place));
    assert_int_equal(front.limit, SCH_LIMIT_HEAP);
    front_done(&front);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nodes),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
