/* port/ and the primitives that read and write: R7RS 6.13; the output limit. */
#include "unit.h"

#include "schooner/port/port.h"
#include "text_calls.h"

static sch_vm *vm;

static int setup(void **state)
{
    vm = machine_new(NULL);
    if (!vm)
        return 1;
    vm->standard_parameters[STANDARD_OUTPUT_PORT] = port_make_standard(vm);
    vm->standard_parameters[STANDARD_INPUT_PORT] = port_make_input(vm, PORT_TEXTUAL, V_FALSE);
    return 0;
}

static int teardown(void **state)
{
    buffer_done(&vm->output);
    machine_free(vm);
    return 0;
}

#define S(root, bytes) text(vm, root, bytes)
#define N(n)           make_fixnum(n)

static void expect_output(const char *expected)
{
    assert_int_equal(vm->output.length, strlen(expected));
    assert_memory_equal(vm->output.bytes, expected, strlen(expected));
}

static void test_standard_output(void **state)
{
    CALL(prim_display, S(0, "h\xc3\xa9llo"));
    prim_newline(vm, NULL, 0);
    CALL(prim_write, S(0, "a\nb"));
    CALL(prim_write_char, make_character(0x3bb));
    CALL(prim_write_string, S(0, "xyz"));
    sch_value out = vm->standard_parameters[STANDARD_OUTPUT_PORT];
    CALL(prim_write_string, S(0, "0123456"), out, N(2), N(4));
    expect_output("h\xc3\xa9llo\n\"a\\nb\"\xce\xbbxyz23");
    expect_raised(vm, CALL(prim_write_u8, N(1), out), "type-error");
    expect_raised(vm, CALL(prim_display, N(1), N(2)), "type-error");
    expect_shown(vm, prim_flush_output_port(vm, NULL, 0), "#<unspecified>");
}

static void test_output_limit(void **state)
{
    vm->output_left = 10;
    CALL(prim_display, S(0, "12345678"));
    expect_limit_raised(vm, CALL(prim_display, S(0, "9\xce\xbb!")), SCH_LIMIT_OUTPUT); /* no half characters */
    expect_output("123456789");
    expect_limit_raised(vm, CALL(prim_write, S(0, "long")), SCH_LIMIT_OUTPUT);
    assert_int_equal(vm->output_used, 9);
}

static bool refuse_after_five(void *data, const char *bytes, size_t length)
{
    size_t *taken = data;
    *taken += length;
    return *taken <= 5;
}

static void test_sink(void **state)
{
    size_t taken = 0;
    vm->sink = refuse_after_five;
    vm->sink_data = &taken;
    expect_shown(vm, CALL(prim_display, S(0, "abc")), "#<unspecified>");
    expect_limit_raised(vm, CALL(prim_display, S(0, "abc")), SCH_LIMIT_OUTPUT);
}

static void test_output_strings(void **state)
{
    sch_value port = machine_roots(vm)[0] = prim_open_output_string(vm, NULL, 0);
    expect_shown(vm, CALL(prim_get_output_string, port), "\"\"");
    CALL(prim_display, S(1, "piece"), port);
    CALL(prim_display, S(1, " by piece "), port);
    CALL(prim_display, S(1, "by piece."), port);
    CALL(prim_newline, port);
    expect_shown(vm, CALL(prim_get_output_string, port), "\"piece by piece by piece.\\n\"");
    for (int i = 0; i < 20000; i++)
        CALL(prim_write, N(i), port);
    sch_value all = machine_roots(vm)[2] = CALL(prim_get_output_string, port);
    expect_shown(vm, CALL(prim_string_length, all), "88915");
    assert_int_equal(vm->output.length, 0);
    expect_raised(vm, CALL(prim_get_output_bytevector, port), "type-error");

    CALL(prim_close_port, port);
    expect_raised(vm, CALL(prim_display, N(1), port), "closed-port");
    expect_shown(vm, CALL(prim_is_output_port_open, port), "#f");
    expect_shown(vm, CALL(prim_is_output_port, port), "#t");
    expect_raised(vm, CALL(prim_get_output_string, vm->standard_parameters[STANDARD_OUTPUT_PORT]), "type-error");
}

static void test_flood_into_a_string(void **state)
{
    sch_value port = machine_roots(vm)[0] = prim_open_output_string(vm, NULL, 0);
    sch_value s = machine_roots(vm)[1] = CALL(prim_make_string, N(100000), make_character('x'));
    sch_value last = V_UNSPECIFIED;
    for (int i = 0; i < 10000 && !is_raised(last); i++)
        last = CALL(prim_display, s, port);
    expect_limit_raised(vm, last, SCH_LIMIT_HEAP);
}

static void test_characters_in(void **state)
{
    sch_value port = machine_roots(vm)[0] = CALL(prim_open_input_string, S(1, "a\xce\xbb\nline two\r\nthree"));
    expect_shown(vm, CALL(prim_peek_char, port), "#\\a");
    expect_shown(vm, CALL(prim_read_char, port), "#\\a");
    expect_shown(vm, CALL(prim_is_char_ready, port), "#t");
    expect_shown(vm, CALL(prim_read_line, port), "\"\xce\xbb\"");
    expect_shown(vm, CALL(prim_read_string, N(4), port), "\"line\"");
    expect_shown(vm, CALL(prim_read_line, port), "\" two\"");
    expect_shown(vm, CALL(prim_read_string, N(100), port), "\"three\"");
    expect_shown(vm, CALL(prim_read_char, port), "#<eof>");
    expect_shown(vm, CALL(prim_read_line, port), "#<eof>");
    expect_shown(vm, CALL(prim_read_string, N(1), port), "#<eof>");
    expect_shown(vm, CALL(prim_peek_char, port), "#<eof>");
    expect_shown(vm, prim_read_char(vm, NULL, 0), "#<eof>");
    CALL(prim_close_input_port, port);
    expect_raised(vm, CALL(prim_read_char, port), "closed-port");
    expect_raised(vm, CALL(prim_read_u8, port), "type-error");
    expect_raised(vm, CALL(prim_close_output_port, port), "type-error");
}

static void test_bytes(void **state)
{
    sch_value out = machine_roots(vm)[0] = prim_open_output_bytevector(vm, NULL, 0);
    CALL(prim_write_u8, N(1), out);
    CALL(prim_write_u8, N(255), out);
    expect_raised(vm, CALL(prim_write_u8, N(256), out), "type-error");
    expect_raised(vm, CALL(prim_write_char, make_character('a'), out), "type-error");
    sch_value bytes = machine_roots(vm)[1] = CALL(prim_get_output_bytevector, out);
    expect_shown(vm, bytes, "#u8(1 255)");
    CALL(prim_write_bytevector, bytes, out, N(1));
    bytes = machine_roots(vm)[1] = CALL(prim_get_output_bytevector, out);
    expect_shown(vm, bytes, "#u8(1 255 255)");

    sch_value in = machine_roots(vm)[2] = CALL(prim_open_input_bytevector, bytes);
    expect_shown(vm, CALL(prim_peek_u8, in), "1");
    expect_shown(vm, CALL(prim_read_u8, in), "1");
    expect_shown(vm, CALL(prim_is_u8_ready, in), "#t");
    expect_shown(vm, CALL(prim_read_bytevector, N(5), in), "#u8(255 255)");
    expect_shown(vm, CALL(prim_read_u8, in), "#<eof>");
    expect_shown(vm, CALL(prim_read_bytevector, N(5), in), "#<eof>");
    expect_shown(vm, CALL(prim_read_bytevector, N(0), in), "#u8()");
    expect_shown(vm, CALL(prim_is_binary_port, in), "#t");
    expect_shown(vm, CALL(prim_is_textual_port, in), "#f");
}

static void test_data_in(void **state)
{
    sch_value port = machine_roots(vm)[0] = CALL(
        prim_open_input_string, S(1, "(a . #(1 \"two\" #\\3 #u8(4) #:five 1/2)) 'x ; c\n #0=(b . #0#) (#0=(s) #0#) )"));
    expect_shown(vm, CALL(prim_read, port), "(a . #(1 \"two\" #\\3 #u8(4) #:five 1/2))");
    expect_shown(vm, CALL(prim_read, port), "(quote x)");
    expect_shown(vm, CALL(prim_read, port), "#0=(b . #0#)");
    sch_value shared = machine_roots(vm)[2] = CALL(prim_read, port);
    expect_written(vm, shared, PRINT_WRITE_SHARED, "(#0=(s) #0#)");
    expect_raised(vm, CALL(prim_read, port), "read-error");
    expect_shown(vm, CALL(prim_read, port), "#<eof>");

    port = machine_roots(vm)[0] = CALL(prim_open_input_string, S(1, "#!fold-case ABC DEF"));
    expect_shown(vm, CALL(prim_read, port), "abc");
    expect_shown(vm, CALL(prim_read, port), "def");

    sch_value deep = machine_roots(vm)[1] = CALL(prim_make_string, N(1000000), make_character('('));
    port = machine_roots(vm)[0] = CALL(prim_open_input_string, deep);
    expect_limit_raised(vm, CALL(prim_read, port), SCH_LIMIT_NESTING);
    sch_value quotes = machine_roots(vm)[1] = CALL(prim_make_string, N(1000000), make_character('\''));
    port = machine_roots(vm)[0] = CALL(prim_open_input_string, quotes);
    expect_limit_raised(vm, CALL(prim_read, port), SCH_LIMIT_NESTING);
    sch_value braces = machine_roots(vm)[1] = CALL(prim_make_string, N(4000000), make_character('1'));
    port = machine_roots(vm)[0] = CALL(prim_open_input_string, braces);
    expect_limit_raised(vm, CALL(prim_read, port), SCH_LIMIT_INTEGER_BITS);
}

static void test_predicates(void **state)
{
    sch_value out = vm->standard_parameters[STANDARD_OUTPUT_PORT];
    expect_shown(vm, CALL(prim_is_port, out), "#t");
    expect_shown(vm, CALL(prim_is_port, N(1)), "#f");
    expect_shown(vm, CALL(prim_is_input_port, out), "#f");
    expect_shown(vm, CALL(prim_is_textual_port, out), "#t");
    expect_shown(vm, CALL(prim_is_output_port_open, out), "#t");
    expect_raised(vm, CALL(prim_is_input_port_open, out), "type-error");
    expect_shown(vm, prim_eof_object(vm, NULL, 0), "#<eof>");
    expect_shown(vm, CALL(prim_is_eof_object, V_EOF), "#t");
    expect_shown(vm, CALL(prim_is_eof_object, V_NIL), "#f");
    expect_shown(vm, out, "#<port>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_standard_output, setup, teardown),
        cmocka_unit_test_setup_teardown(test_output_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sink, setup, teardown),
        cmocka_unit_test_setup_teardown(test_output_strings, setup, teardown),
        cmocka_unit_test_setup_teardown(test_flood_into_a_string, setup, teardown),
        cmocka_unit_test_setup_teardown(test_characters_in, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_data_in, setup, teardown),
        cmocka_unit_test_setup_teardown(test_predicates, setup, teardown),
    };
    return cmocka_run_group_tests_name("port", tests, NULL, NULL);
}
