/* print/: R7RS 6.13.3 and the external representations; what cannot end, ends in a limit. */
#include "unit.h"

#include "schooner/num/number.h"
#include "text_calls.h"

static sch_vm *vm;

static int setup(void **state)
{
    vm = machine_new(NULL);
    return vm == NULL;
}

static int teardown(void **state)
{
    machine_free(vm);
    return 0;
}

static sch_value pair(sch_value car, sch_value cdr)
{
    assert_true(heap_reserve_pairs(vm, 1));
    return cons(vm, car, cdr);
}

/* Nothing in these tests is rooted but what says so: no collection may run. */
static int setup_paused(void **state)
{
    if (setup(state) != 0)
        return 1;
    heap_pause_collection(vm);
    return 0;
}

static sch_value vector(size_t length, const sch_value *items)
{
    assert_true(heap_reserve_object(vm, vector_size(length)));
    struct vector *vector = heap_object(vm, OBJECT_VECTOR, length, vector_size(length));
    for (size_t i = 0; i < length; i++)
        vector->items[i] = items[i];
    return object_value(vector);
}

static void expect_both(sch_value value, const char *written, const char *displayed)
{
    expect_written(vm, value, PRINT_WRITE, written);
    expect_written(vm, value, PRINT_WRITE_SHARED, written);
    expect_written(vm, value, PRINT_WRITE_SIMPLE, written);
    expect_written(vm, value, PRINT_DISPLAY, displayed);
}

static void test_atoms(void **state)
{
    expect_both(V_TRUE, "#t", "#t");
    expect_both(V_FALSE, "#f", "#f");
    expect_both(V_NIL, "()", "()");
    expect_both(V_EOF, "#<eof>", "#<eof>");
    expect_both(make_fixnum(-42), "-42", "-42");
    expect_both(small_double_encode(1.5), "1.5", "1.5");
    expect_both(make_character('a'), "#\\a", "a");
    expect_both(make_character(' '), "#\\space", " ");
    expect_both(make_character(0), "#\\null", "\0");
    expect_both(make_character(0x7f), "#\\delete", "\x7f");
    expect_both(make_character(0x3bb), "#\\\xce\xbb", "\xce\xbb");
    expect_both(make_character(0x1), "#\\x1", "\x01");
    expect_both(make_character(0x200b), "#\\x200b", "\xe2\x80\x8b");
    expect_both(symbol_of(vm, "abc"), "abc", "abc");
    expect_both(symbol_of(vm, ""), "||", "");
    expect_both(symbol_of(vm, "a b|c"), "|a b\\|c|", "a b|c");
    expect_both(symbol_of(vm, "12"), "|12|", "12");
    machine_roots(vm)[0] = symbol_of(vm, "key");
    expect_both(keyword_of(vm, machine_roots(vm)[0]), "#:key", "#:key");
    expect_both(string_of(vm, "a\"b\\c\n\t\xce\xbb\x01", 10), "\"a\\\"b\\\\c\\n\\t\xce\xbb\\x1;\"",
                "a\"b\\c\n\t\xce\xbb\x01");
}

static void test_data(void **state)
{
    sch_value a = symbol_of(vm, "a"), s = string_of(vm, "s", 1), c = make_character('c');
    expect_both(pair(a, pair(s, pair(c, V_NIL))), "(a \"s\" #\\c)", "(a s c)");
    expect_both(pair(a, a), "(a . a)", "(a . a)");
    expect_both(pair(a, pair(a, make_fixnum(1))), "(a a . 1)", "(a a . 1)");
    expect_both(pair(V_NIL, pair(pair(a, V_NIL), V_NIL)), "(() (a))", "(() (a))");
    expect_both(vector(0, NULL), "#()", "#()");
    expect_both(vector(3, (sch_value[]){ a, pair(s, V_NIL), vector(1, &c) }), "#(a (\"s\") #(#\\c))", "#(a (s) #(c))");
    expect_both(pair(symbol_of(vm, "quote"), pair(a, V_NIL)), "(quote a)", "(quote a)"); /* R7RS 4.1.2 */
}

static void test_records_and_conditions(void **state)
{
    sch_value names[] = { symbol_of(vm, "x"), symbol_of(vm, "y") };
    sch_value fields = vector(2, names);
    assert_true(heap_reserve(vm, 256));
    struct record_type *type = heap_object(vm, OBJECT_RECORD_TYPE, 4, size_round_up(sizeof *type, HEAP_ALIGN));
    type->name = symbol_of(vm, "<point>");
    type->fields = fields;
    type->parent = type->extra = V_FALSE;
    expect_both(object_value(type), "#<record-type point>", "#<record-type point>");
    assert_true(heap_reserve(vm, 256));
    struct record *record = heap_object(vm, OBJECT_RECORD, 3, record_size(2));
    record->type = object_value(type);
    record->fields[0] = make_fixnum(1);
    record->fields[1] = object_value(record);
    expect_both(record->type, "#<record-type point>", "#<record-type point>");
    expect_written(vm, object_value(record), PRINT_WRITE, "#0=#<point x: 1 y: #0#>");

    sch_value message = string_of(vm, "no such thing", 13);
    sch_value irritants = pair(string_of(vm, "it", 2), pair(make_fixnum(2), V_NIL));
    sch_value kind = symbol_of(vm, "error");
    assert_true(heap_reserve(vm, 256));
    struct condition *condition = heap_object(vm, OBJECT_CONDITION, 6, size_round_up(sizeof *condition, HEAP_ALIGN));
    condition->kind = kind;
    condition->message = message;
    condition->irritants = irritants;
    condition->who = condition->position = condition->frames = V_FALSE;
    expect_both(object_value(condition), "#<error \"no such thing\" \"it\" 2>", "#<error no such thing it 2>");
}

static void test_cycles(void **state)
{
    sch_value a = symbol_of(vm, "a"), b = symbol_of(vm, "b"), c = symbol_of(vm, "c");
    /* R7RS 6.13.3 and 2.4 */
    sch_value last = pair(c, V_NIL);
    sch_value list = pair(a, pair(b, last));
    pair_of(last)->cdr = list;
    expect_written(vm, list, PRINT_WRITE, "#0=(a b c . #0#)");
    expect_written(vm, list, PRINT_DISPLAY, "#0=(a b c . #0#)");
    expect_written(vm, list, PRINT_WRITE_SHARED, "#0=(a b c . #0#)");

    sch_value tail = pair(b, V_NIL);
    pair_of(tail)->cdr = tail;
    expect_written(vm, pair(a, tail), PRINT_WRITE, "(a . #0=(b . #0#))");

    sch_value items[] = { V_NIL, a };
    sch_value v = vector(2, items);
    object_as(struct vector, v)->items[0] = pair(v, V_NIL);
    expect_written(vm, v, PRINT_WRITE, "#0=#((#0#) a)");
    expect_written(vm, pair(v, v), PRINT_WRITE, "(#0=#((#0#) a) . #0#)");
}

static void test_sharing(void **state)
{
    sch_value shared = pair(symbol_of(vm, "a"), V_NIL);
    sch_value list = pair(shared, pair(shared, V_NIL));
    expect_written(vm, list, PRINT_WRITE, "((a) (a))");
    expect_written(vm, list, PRINT_WRITE_SHARED, "(#0=(a) #0#)");
    expect_written(vm, list, PRINT_WRITE_SIMPLE, "((a) (a))");
    expect_written(vm, pair(shared, shared), PRINT_WRITE_SHARED, "(#0=(a) . #0#)");
    sch_value s = string_of(vm, "s", 1); /* only what has parts is labelled */
    expect_written(vm, pair(s, pair(s, V_NIL)), PRINT_WRITE_SHARED, "(\"s\" \"s\")");
}

static bool print_bounded(sch_value value, enum print_mode mode, size_t most)
{
    struct buffer out;
    buffer_init(&out, vm_memory(vm));
    bool done = print_value(vm, value, mode, most, &out);
    assert_true(most == SIZE_MAX || out.length <= most + 128);
    buffer_done(&out);
    return done;
}

static void expect_limit(sch_value value, enum print_mode mode, size_t most, enum sch_limit limit)
{
    uint64_t before = 0;
    for (int i = 0; i < 2; i++) { /* the first time may leave the page that the pool keeps for the next buffer */
        before = vm->account.now;
        assert_false(print_bounded(value, mode, most));
        assert_int_equal(vm->limit, limit);
        machine_clear(vm);
    }
    assert_int_equal(vm->account.now, before);
}

static void test_limits(void **state)
{
    sch_value cyclic = pair(make_fixnum(1), V_NIL);
    pair_of(cyclic)->cdr = cyclic;
    expect_limit(cyclic, PRINT_WRITE_SIMPLE, 1000, SCH_LIMIT_OUTPUT);
    expect_limit(cyclic, PRINT_WRITE_SIMPLE, SIZE_MAX, SCH_LIMIT_HEAP);

    /* doubled a hundred times over: 2^100 atoms on paper */
    sch_value doubled = V_NIL;
    for (int i = 0; i < 100; i++)
        doubled = pair(doubled, doubled);
    expect_limit(doubled, PRINT_DISPLAY, 100000, SCH_LIMIT_OUTPUT);
    expect_limit(doubled, PRINT_WRITE, SIZE_MAX, SCH_LIMIT_HEAP);
    assert_true(print_bounded(doubled, PRINT_WRITE_SHARED, 100000));

    sch_value deep = V_NIL;
    for (int i = 0; i < 100000; i++)
        deep = pair(deep, V_NIL);
    expect_limit(deep, PRINT_WRITE, SIZE_MAX, SCH_LIMIT_NESTING);
    expect_limit(deep, PRINT_WRITE_SHARED, SIZE_MAX, SCH_LIMIT_NESTING);
    expect_limit(deep, PRINT_WRITE_SIMPLE, SIZE_MAX, SCH_LIMIT_NESTING);

    sch_value items[] = { make_character('x') };
    sch_value string = string_of(vm, "0123456789", 10);
    expect_limit(string, PRINT_DISPLAY, 9, SCH_LIMIT_OUTPUT);
    assert_true(print_bounded(string, PRINT_DISPLAY, 10));
    expect_limit(vector(1, items), PRINT_WRITE, 5, SCH_LIMIT_OUTPUT);
}

/* A list that is long, not deep, with a cycle at its far end. */
static void test_long_lists(void **state)
{
    sch_value list = V_NIL, last = V_NIL;
    for (int i = 0; i < 300000; i++) {
        list = pair(make_fixnum(1), list);
        if (i == 0)
            last = list;
    }
    assert_true(print_bounded(list, PRINT_WRITE, 600001));
    assert_true(print_bounded(list, PRINT_WRITE_SHARED, 600001));
    pair_of(last)->cdr = list;
    assert_true(print_bounded(list, PRINT_WRITE, 600100));
    pair_of(last)->cdr = last;
    assert_true(print_bounded(list, PRINT_DISPLAY, 600100));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_atoms, setup_paused, teardown),
        cmocka_unit_test_setup_teardown(test_data, setup_paused, teardown),
        cmocka_unit_test_setup_teardown(test_records_and_conditions, setup_paused, teardown),
        cmocka_unit_test_setup_teardown(test_cycles, setup_paused, teardown),
        cmocka_unit_test_setup_teardown(test_sharing, setup_paused, teardown),
        cmocka_unit_test_setup_teardown(test_limits, setup_paused, teardown),
        cmocka_unit_test_setup_teardown(test_long_lists, setup_paused, teardown),
    };
    return cmocka_run_group_tests_name("print", tests, NULL, NULL);
}
