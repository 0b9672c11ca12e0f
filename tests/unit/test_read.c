/* read/: the lexical and external syntax of R7RS, sections 2 and 7.1; positions; hostile texts. */
#include "unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "base/buffer.h"
#include "schooner/read/read.h"

struct fuel {
    uint64_t left;
};

static bool charge_fuel(void *data, uint64_t units)
{
    struct fuel *fuel = data;
    if (units > fuel->left)
        return false;
    fuel->left -= units;
    return true;
}

static struct fuel fuel;
static struct front front;
static struct reader reader;

static void begin(const char *text, size_t length)
{
    fuel.left = 1u << 30;
    front_init(&front, &memory_malloc);
    front.nesting = 10000;
    front.integer_bits = 4u << 20;
    front.charge = charge_fuel;
    front.charge_data = &fuel;
    uint16_t file;
    assert_true(front_add_source(&front, "test", text, length, &file));
    reader_init(&reader, &front, file);
}

static void expect_text(const char *text, size_t length, const char *expected)
{
    begin(text, length);
    struct buffer out;
    buffer_init(&out, &memory_malloc);
    struct datum *datum;
    enum read_result result;
    while ((result = read_datum(&reader, &datum)) == READ_DATUM) {
        if (out.length)
            assert_true(buffer_append_byte(&out, ' '));
        assert_true(datum_print(datum, 10000, &out));
    }
    if (result == READ_FAILED)
        fail_msg("%s: %s", text, front.error.message);
    assert_true(buffer_append_byte(&out, '\0'));
    assert_string_equal((const char *)out.bytes, expected);
    buffer_done(&out);
    front_done(&front);
}

static void expect(const char *text, const char *expected)
{
    expect_text(text, strlen(text), expected);
}

static void expect_error(const char *text, const char *kind, uint32_t line, uint32_t column)
{
    begin(text, strlen(text));
    struct datum *datum;
    enum read_result result;
    while ((result = read_datum(&reader, &datum)) == READ_DATUM)
        continue;
    if (result != READ_FAILED)
        fail_msg("no error in: %s", text);
    assert_int_equal(front.limit, SCH_LIMIT_NONE);
    assert_string_equal(front.error.kind, kind);
    if (front.error.position.line != line || front.error.position.column != column)
        fail_msg("%s: at %u:%u", text, front.error.position.line, front.error.position.column);
    front_done(&front);
}

static void test_lists(void **state)
{
    expect("", "");
    expect("()", "()");
    expect("(a b c)", "(a b c)");
    expect("(a . (b . (c . (d . (e . ())))))", "(a b c d e)");
    expect("(a b c . d)", "(a b c . d)");
    expect("(a .b)", "(a .b)");
    expect("(a(b)\n#(c #(d))())", "(a (b) #(c #(d)) ())");
    expect("#()", "#()");
    expect("#u8() #u8(0 10 255) #U8(#xff)", "#u8() #u8(0 10 255) #u8(255)");
    expect("'a '(quote a) `(a ,b ,@c)", "'a ''a `(a ,b ,@c)");
    expect("' a ,@ b", "'a ,@b");
}

static void test_symbols(void **state)
{
    expect("... + +soup+ <=? ->string a34kTMNs lambda list->vector q V17a the-word-recursion-has-many-meanings",
           "... + +soup+ <=? ->string a34kTMNs lambda list->vector q V17a the-word-recursion-has-many-meanings");
    expect("|two words| |two\\x20;words| || |a|", "|two words| |two words| || a");
    expect("|\\x41;bc| |a\\|b| |tab\\there|", "Abc |a\\|b| |tab\\there|");
    expect("\xce\xbb \xe2\x88\x80x", "\xce\xbb \xe2\x88\x80x");
    expect(".. .a ... ..a +.a -.. - 1+", ".. .a ... ..a +.a -.. - |1+|");
    expect("#:name #:|a b| (f #:key 1)", "#:name #:|a b| (f #:key 1)");
    expect("a|b|c", "a b c");
}

static void test_fold_case(void **state)
{
    expect("ABC #!fold-case ABC |ABC| #\\A #\\SPACE \"A\" #!no-fold-case ABC", "ABC abc ABC #\\A #\\space \"A\" ABC");
    expect("#!fold-case \xce\xa3\xce\x91\xce\xa3 stra\xc3\x9f"
           "e",
           "\xcf\x83\xce\xb1\xcf\x83 strasse");
    expect("#!fold-case #:KEY", "#:key");
}

static void test_booleans_and_characters(void **state)
{
    expect("#t #f #true #false #T #FALSE", "#t #f #t #f #t #f");
    expect("#\\a #\\A #\\( #\\  #\\space #\\newline #\\alarm #\\backspace #\\delete #\\escape #\\null #\\return #\\tab",
           "#\\a #\\A #\\( #\\space #\\space #\\newline #\\alarm #\\backspace #\\delete #\\escape #\\null #\\return "
           "#\\tab");
    expect("#\\x #\\x41 #\\x03BB #\\\xce\xbb #\\x0 (#\\a)#\\;",
           "#\\x #\\A #\\\xce\xbb #\\\xce\xbb #\\null (#\\a) #\\;");
}

static void test_strings(void **state)
{
    expect("\"\" \"a b\" \"\\a\\b\\t\\n\\r\\\"\\\\\\|\" \"\\x41;\\x03bb;\"",
           "\"\" \"a b\" \"\\a\\b\\t\\n\\r\\\"\\\\|\" \"A\xce\xbb\"");
    expect("\"Here's text \\\n    containing just one line\"", "\"Here's text containing just one line\"");
    expect("\"a\\  \t\r\n \tb\"", "\"ab\"");
    expect("\"a\nb\r\nc\rd\"", "\"a\\nb\\nc\\nd\"");
    expect_text("\"a\0b\"", 5, "\"a\\x0;b\"");
}

static void test_comments(void **state)
{
    expect("a ; b\nc", "a c");
    expect("a #| b #| c |# d |# e", "a e");
    expect("(a #;b c) #;(x) #;#;y z d", "(a c) d");
    expect("(a #;b) (a . b #;c) (a . #;b c) (#;a)", "(a) (a . b) (a . c) ()");
    expect("#||# #|||# a", "a");
    expect("'#;a b", "'b");
}

static void test_interpreter_line(void **state)
{
    expect("#!/usr/bin/schooner run\na", "a");
    expect("#! schooner\r\na", "a");
    expect("#!/usr/bin/schooner", "");
    expect_error("#!/bin/\306\n#!/bin/a", "read-error", 1, 8);
    expect_error(" #!/usr/bin/schooner run\na", "read-error", 1, 2);
}

static void test_numbers(void **state)
{
    expect("0 -1 +5 #xff #b-101 1152921504606846975", "0 -1 5 255 -5 1152921504606846975");
    expect("123456789012345678901234567890 1/2 #e1.5", "123456789012345678901234567890 1/2 #e1.5");
}

static void test_positions(void **state)
{
    const char *text = "\n  (foo \xce\xbb\n\t\"x\ny\" . bar)\r\n'z";
    begin(text, strlen(text));
    struct datum *datum;
    assert_int_equal(read_datum(&reader, &datum), READ_DATUM);
    assert_int_equal(datum->position.line, 2);
    assert_int_equal(datum->position.column, 3);
    struct datum *second = datum->pair.cdr->pair.car;
    assert_int_equal(second->position.column, 8);
    struct datum *third = datum->pair.cdr->pair.cdr;
    assert_int_equal(third->pair.car->position.line, 3);
    assert_int_equal(third->pair.car->position.column, 2);
    assert_int_equal(third->pair.cdr->position.line, 4);
    assert_int_equal(third->pair.cdr->position.column, 6);
    assert_int_equal(read_datum(&reader, &datum), READ_DATUM);
    assert_int_equal(datum->position.line, 5);
    assert_int_equal(datum->position.column, 1);
    assert_int_equal(datum->pair.cdr->pair.car->position.column, 2);
    assert_int_equal(read_datum(&reader, &datum), READ_END);
    front_done(&front);
}

static void test_labels(void **state)
{
    expect("(#0=(a) #0# #0#) (#0=b)", "((a) (a) (a)) (b)");
    begin("#0=(a b . #0#) #1=#(#1# #2='#1#) (#0=\"s\" . #0#)", 48);
    struct datum *datum;
    assert_int_equal(read_datum(&reader, &datum), READ_DATUM);
    assert_true(datum->cyclic);
    assert_ptr_equal(datum->pair.cdr->pair.cdr, datum);
    assert_int_equal(read_datum(&reader, &datum), READ_DATUM);
    assert_int_equal(datum->kind, DATUM_VECTOR);
    assert_true(datum->cyclic);
    assert_ptr_equal(datum->vector.items[0], datum);
    assert_ptr_equal(datum->vector.items[1]->pair.cdr->pair.car, datum);
    assert_int_equal(read_datum(&reader, &datum), READ_DATUM);
    assert_false(datum->cyclic);
    assert_ptr_equal(datum->pair.car, datum->pair.cdr);
    assert_true(datum->pair.car->shared);
    front_done(&front);

    /* a label that stands for another one that is still open */
    begin("#0=(a #1=#0# #1#)", 17);
    assert_int_equal(read_datum(&reader, &datum), READ_DATUM);
    assert_ptr_equal(datum->pair.cdr->pair.car, datum);
    assert_ptr_equal(datum->pair.cdr->pair.cdr->pair.car, datum);
    front_done(&front);

    expect_error("#0#", "read-error", 1, 1);
    expect_error("#0=#0#", "read-error", 1, 1);
    expect_error("(#0=a #0=b)", "read-error", 1, 7);
    expect_error("#0=a #0#", "read-error", 1, 6);
    expect_error("#1234567890123456789=a", "read-error", 1, 1);
}

static void test_errors(void **state)
{
    expect_error(")", "read-error", 1, 1);
    expect_error("a\n )", "read-error", 2, 2);
    expect_error("(a . )", "read-error", 1, 6);
    expect_error("( . a)", "read-error", 1, 3);
    expect_error("(a . b c)", "read-error", 1, 8);
    expect_error("#(a . b)", "read-error", 1, 5);
    expect_error(".", "read-error", 1, 1);
    expect_error("(')", "read-error", 1, 3);
    expect_error("(#;)", "read-error", 1, 4);
    expect_error("#u8(256)", "read-error", 1, 5);
    expect_error("#u8(a)", "read-error", 1, 5);
    expect_error("#u8(-1)", "read-error", 1, 5);
    expect_error("#\\foo", "read-error", 1, 1);
    expect_error("#\\x110000", "read-error", 1, 1);
    expect_error("#\\xd800", "read-error", 1, 1);
    expect_error("\"a\\q\"", "read-error", 1, 3);
    expect_error("\"\\xd800;\"", "read-error", 1, 2);
    expect_error("\"\\x41\"", "read-error", 1, 2);
    expect_error("#!wrong", "read-error", 1, 1);
    expect_error("#wrong", "read-error", 1, 1);
    expect_error("#<procedure>", "read-error", 1, 1);
    expect_error("[a]", "read-error", 1, 1);
    expect_error("a'b", "read-error", 1, 1);
    expect_error("(a", "read-incomplete", 1, 1);
    expect_error("a\n (b #(c", "read-incomplete", 2, 5);
    expect_error("'", "read-incomplete", 1, 1);
    expect_error("#;", "read-incomplete", 1, 1);
    expect_error("a #| b", "read-incomplete", 1, 3);
    expect_error(" \"abc", "read-incomplete", 1, 2);
    expect_error("\"abc\\", "read-incomplete", 1, 1);
    expect_error("|abc", "read-incomplete", 1, 1);
    expect_error("#\\", "read-incomplete", 1, 1);
}

static void test_wrong_utf8(void **state)
{
    expect_error("a\n b\xff", "read-error", 2, 3);
    expect_error("\"\xce\xbb\xc0\x80\"", "read-error", 1, 3);
    expect_error("; \xed\xa0\x80", "read-error", 1, 3);
    expect_error("#| \x80 |#", "read-error", 1, 4);
    expect_error("#\\\xff", "read-error", 1, 3);
    expect_error("(a \xf4\x90\x80\x80)", "read-error", 1, 4);
}

/* Ten million times the same piece ends in a limit, and does so at once. */
static void expect_limit(const char *piece, enum sch_limit limit)
{
    size_t size = strlen(piece), count = 10000000;
    char *text = memory_resize(&memory_malloc, NULL, 0, size * count);
    assert_non_null(text);
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * size, piece, size);
    begin(text, size * count);
    fuel.left = 1000000;
    struct datum *datum;
    enum read_result result;
    while ((result = read_datum(&reader, &datum)) == READ_DATUM)
        continue;
    assert_int_equal(result, READ_FAILED);
    assert_int_equal(front.limit, limit);
    assert_int_equal(read_datum(&reader, &datum), READ_FAILED);
    front_done(&front);
    memory_resize(&memory_malloc, text, size * count, 0);
}

static void test_hostile_texts(void **state)
{
    expect_limit("(", SCH_LIMIT_NESTING);
    expect_limit("#(", SCH_LIMIT_NESTING);
    expect_limit("'", SCH_LIMIT_NESTING);
    expect_limit(",@", SCH_LIMIT_NESTING);
    expect_limit("#;", SCH_LIMIT_NESTING);
    expect_limit("#|", SCH_LIMIT_NESTING);
    expect_limit("#;(", SCH_LIMIT_NESTING);
    expect_limit("a ", SCH_LIMIT_FUEL);
    expect_limit("() ", SCH_LIMIT_FUEL);
    expect_limit(";aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", SCH_LIMIT_FUEL);
}

static void test_no_memory(void **state)
{
    const char *text = "(define (f x) #(1 \"two\" #u8(3)) '|four| #0=(#0#) 123456789012345678901234567890)";
    for (size_t granted = 0; granted < 64; granted++) {
        struct failing_memory failing = { .left = granted };
        struct memory memory = { .resize = failing_resize, .data = &failing };
        begin(text, strlen(text));
        front_done(&front);
        front.arena.memory = &memory;
        struct datum *datum;
        enum read_result result = read_datum(&reader, &datum);
        if (result == READ_FAILED)
            assert_int_equal(front.limit, SCH_LIMIT_HEAP);
        front_done(&front);
        assert_int_equal(failing.held, 0);
        if (result == READ_DATUM)
            return;
    }
    fail_msg("never enough memory");
}

static void test_names_are_interned(void **state)
{
    begin("", 0);
    struct name *first = name_of(&front.names, "first");
    char text[16];
    for (int i = 0; i < 20000; i++) {
        int length = snprintf(text, sizeof text, "name%d", i);
        assert_non_null(name_intern(&front.names, text, (size_t)length));
    }
    assert_ptr_equal(name_of(&front.names, "first"), first);
    assert_ptr_equal(name_intern(&front.names, "name77", 6), name_of(&front.names, "name77"));
    assert_int_equal(front.names.count, 20001);
    front_done(&front);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_symbols),
        cmocka_unit_test(test_fold_case),
        cmocka_unit_test(test_booleans_and_characters),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_comments),
        cmocka_unit_test(test_interpreter_line),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_positions),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_wrong_utf8),
        cmocka_unit_test(test_hostile_texts),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_names_are_interned),
    };
    return cmocka_run_group_tests_name("read", tests, NULL, NULL);
}
