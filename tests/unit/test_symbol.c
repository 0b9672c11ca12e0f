/* heap/symbol.c and the symbol primitives: R7RS 6.5; the table is weak. */
#include "unit.h"

#include <stdio.h>
#include "schooner/heap/barrier.h"
#include "text_calls.h"

/* The hostile build collects at every turn: a small heap and fewer symbols show the same. */
enum { MANY = HOSTILE ? 20000 : 2000000, HEAP_CAP = HOSTILE ? 2 << 20 : 64 << 20 };

static sch_vm *vm;

static int setup(void **state)
{
    vm = machine_new(&(struct machine_options){ .cap = HEAP_CAP });
    return vm == NULL;
}

static int teardown(void **state)
{
    machine_free(vm);
    return 0;
}

static void test_interning(void **state)
{
    sch_value a = machine_roots(vm)[0] = symbol_of(vm, "apple");
    sch_value b = machine_roots(vm)[1] = symbol_of(vm, "banana");
    assert_true(value_same(a, symbol_of(vm, "apple")));
    assert_false(value_same(a, b));
    assert_true(value_same(a, symbol_of_text(vm, "apples", 5)));
    assert_false(value_same(symbol_of(vm, ""), a));
    expect_shown(vm, CALL(prim_string_to_symbol, text(vm, 2, "apple")), "apple");
    assert_true(value_same(CALL(prim_string_to_symbol, text(vm, 2, "apple")), a));
    expect_shown(vm, CALL(prim_symbol_to_string, a), "\"apple\"");
    expect_shown(vm, CALL(prim_symbol_equal, a, a, a), "#t");
    expect_shown(vm, CALL(prim_symbol_equal, a, b), "#f");
    expect_shown(vm, CALL(prim_symbol_less, a, b), "#t");
    expect_shown(vm, CALL(prim_is_symbol, a), "#t");
    expect_shown(vm, CALL(prim_is_symbol, V_NIL), "#f");
    expect_raised(vm, CALL(prim_symbol_to_string, V_NIL), "type-error");
    expect_raised(vm, CALL(prim_symbol_equal, a, V_NIL), "type-error");
}

static void test_keywords(void **state)
{
    sch_value name = machine_roots(vm)[0] = symbol_of(vm, "name");
    sch_value key = machine_roots(vm)[1] = CALL(prim_symbol_to_keyword, name);
    assert_true(value_same(key, CALL(prim_symbol_to_keyword, name)));
    assert_false(value_same(key, name));
    assert_true(value_same(CALL(prim_keyword_to_symbol, key), name));
    assert_true(value_same(symbol_of(vm, "name"), name));
    expect_shown(vm, key, "#:name");
    expect_shown(vm, CALL(prim_is_keyword, key), "#t");
    expect_shown(vm, CALL(prim_is_keyword, name), "#f");
}

/* More symbols than the heap could hold come and go; those that are held stay the same. */
static void test_a_million_symbols(void **state)
{
    sch_value kept = machine_roots(vm)[0] = symbol_of(vm, "kept");
    sch_value key = machine_roots(vm)[1] = keyword_of(vm, kept);
    char name[32];
    for (int i = 0; i < MANY; i++) {
        int length = snprintf(name, sizeof name, "symbol-number-%d", i);
        sch_value symbol = symbol_of_text(vm, name, (size_t)length);
        if (is_raised(symbol))
            fail_msg("symbol %d: limit %d", i, (int)vm->limit);
        machine_roots(vm)[2] = symbol;
    }
    assert_true(vm->heap.collections > 0);
    assert_true(value_same(kept, symbol_of(vm, "kept")));
    assert_true(value_same(key, keyword_of(vm, kept)));
    assert_true(value_same(machine_roots(vm)[2], symbol_of(vm, name)));
}

static void test_a_million_keywords(void **state)
{
    sch_value kept = machine_roots(vm)[0] = symbol_of(vm, "kept");
    sch_value key = machine_roots(vm)[1] = keyword_of(vm, kept);
    char name[32];
    for (int i = 0; i < MANY / 2; i++) {
        int length = snprintf(name, sizeof name, "keyword-number-%d", i);
        sch_value symbol = machine_roots(vm)[2] = symbol_of_text(vm, name, (size_t)length);
        sch_value keyword = is_raised(symbol) ? symbol : keyword_of(vm, symbol);
        if (is_raised(keyword))
            fail_msg("keyword %d: limit %d", i, (int)vm->limit);
        machine_roots(vm)[2] = keyword; /* it alone holds its symbol */
    }
    assert_true(vm->heap.collections > 0);
    assert_true(value_same(key, keyword_of(vm, kept)));
    sch_value last = machine_roots(vm)[2];
    assert_true(value_same(object_as(struct keyword, last)->symbol, symbol_of(vm, name)));
    assert_true(value_same(last, keyword_of(vm, symbol_of(vm, name))));
}

/* Where the heap is full of garbage, a keyword is a reason to collect, as any other object. */
static void test_keywords_collect(void **state)
{
    enum { SYMBOLS = 10000 };
    char name[32];
    sch_value list = V_NIL;
    for (int i = 0; i < SYMBOLS; i++) {
        int length = snprintf(name, sizeof name, "symbol-number-%d", i);
        machine_roots(vm)[1] = symbol_of_text(vm, name, (size_t)length);
        assert_true(heap_reserve_pairs(vm, 1));
        list = machine_roots(vm)[0] = cons(vm, machine_roots(vm)[1], list);
    }
    size_t room = (HEAP_CAP - (size_t)vm->account.now - (64 << 10)) & ~(size_t)4095;
    assert_true(heap_reserve_object(vm, room));
    struct bytevector *garbage = heap_object(vm, OBJECT_BYTEVECTOR, room - sizeof *garbage, room);
    memset(garbage->bytes, 0, room - sizeof *garbage);
    for (sch_value at = list; is_pair(at); at = pair_cdr(at)) {
        sch_value keyword = keyword_of(vm, pair_car(at));
        if (is_raised(keyword))
            fail_msg("limit %d", (int)vm->limit);
        barrier_pair(vm, at);
        pair_of(at)->car = keyword;
    }
    for (sch_value at = list; is_pair(at); at = pair_cdr(at))
        assert_true(value_same(pair_car(at), keyword_of(vm, object_as(struct keyword, pair_car(at))->symbol)));
}

static void test_too_many_symbols(void **state)
{
    char name[32];
    sch_value list = V_NIL;
    for (int i = 0;; i++) {
        int length = snprintf(name, sizeof name, "symbol-number-%d", i);
        sch_value symbol = symbol_of_text(vm, name, (size_t)length);
        machine_roots(vm)[1] = symbol;
        if (is_raised(symbol) || !heap_reserve_pairs(vm, 1))
            break;
        list = machine_roots(vm)[0] = cons(vm, symbol, list);
    }
    assert_int_equal(vm->limit, SCH_LIMIT_HEAP);
    machine_roots(vm)[0] = machine_roots(vm)[1] = V_NIL;
    machine_clear(vm);
    assert_true(heap_collect(vm, true));
    assert_true(is_symbol(symbol_of(vm, "still-works")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_interning, setup, teardown),
        cmocka_unit_test_setup_teardown(test_keywords, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_million_symbols, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_million_keywords, setup, teardown),
        cmocka_unit_test_setup_teardown(test_keywords_collect, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_many_symbols, setup, teardown),
    };
    return cmocka_run_group_tests_name("symbol", tests, NULL, NULL);
}
