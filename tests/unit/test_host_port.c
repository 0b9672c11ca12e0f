/* Ports of a host, as schooner.h documents them: what is read and written, at the edges too, and who is told what. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include "schooner.h"

/* Gives its text in pieces of `piece` bytes; collects what is written. */
struct tape {
    const char *text;
    size_t length, at, piece;
    char written[64];
    size_t written_length;
    int flushed, closed, finalized;
    bool broken;
};

static int64_t tape_read(void *pointer, void *bytes, size_t room)
{
    struct tape *tape = pointer;
    size_t left = tape->length - tape->at;
    size_t count = left < tape->piece ? left : tape->piece;
    if (tape->broken || count > room)
        return -1;
    memcpy(bytes, tape->text + tape->at, count);
    tape->at += count;
    return (int64_t)count;
}

static bool tape_write(void *pointer, const void *bytes, size_t length)
{
    struct tape *tape = pointer;
    if (tape->broken || length > sizeof tape->written - tape->written_length)
        return false;
    memcpy(tape->written + tape->written_length, bytes, length);
    tape->written_length += length;
    return true;
}

static bool tape_flush(void *pointer)
{
    return ++((struct tape *)pointer)->flushed > 0;
}

static bool tape_close(void *pointer)
{
    return ++((struct tape *)pointer)->closed > 0;
}

static void tape_finalize(void *pointer)
{
    ((struct tape *)pointer)->finalized++;
}

static const struct sch_port_type tape_type = {
    .base = { .name = "tape", .finalize = tape_finalize },
    .read = tape_read,
    .write = tape_write,
    .flush = tape_flush,
    .close = tape_close,
};

struct fixture {
    sch_env *env;
    sch_vm *vm;
};

static struct fixture open_machine(void)
{
    struct sch_env_options options = { .size = sizeof options, .posture = SCH_POSTURE_RUN };
    struct fixture f = { .env = sch_env_new(&options, NULL) };
    assert_non_null(f.env);
    f.vm = sch_vm_new(f.env, NULL);
    assert_non_null(f.vm);
    return f;
}

static void close_machine(struct fixture *f)
{
    sch_vm_free(f->vm);
    sch_env_free(f->env);
}

/* What the program displays. */
static const char *output_of(struct fixture *f, const char *program)
{
    sch_value value;
    size_t length;
    sch_output_clear(f->vm);
    enum sch_status status = sch_eval(f->vm, (struct sch_source){ "test", program, strlen(program) }, &value);
    return status == SCH_OK ? sch_output(f->vm, &length) : sch_failure(f->vm)->message;
}

static void test_input(void **state)
{
    (void)state;
    static const char text[] = "(1 \xce\xbb) word \xf0\x90\x80\x80\xff.\r\nlast";
    for (size_t piece = 1; piece < sizeof text; piece++) {
        struct fixture f = open_machine();
        struct tape tape = { .text = text, .length = sizeof text - 1, .piece = piece };
        assert_true(sch_set_port(f.vm, SCH_STANDARD_INPUT, sch_port(f.vm, &tape_type, &tape, SCH_PORT_INPUT)));
        assert_string_equal(output_of(&f, "(write (read)) (write (read)) (write (read-char)) (write (read-line))"
                                          "(write (read-line)) (write (eof-object? (read-char)))"),
                            "(1 \xce\xbb)word#\\space\"\xf0\x90\x80\x80\xef\xbf\xbd.\"\"last\"#t");
        close_machine(&f);
        assert_int_equal(tape.finalized, 1);
    }
}

static void test_output(void **state)
{
    (void)state;
    struct fixture f = open_machine();
    struct tape tape = { .piece = 1 };
    sch_value port = sch_port(f.vm, &tape_type, &tape, SCH_PORT_OUTPUT);
    assert_true(sch_set_port(f.vm, SCH_STANDARD_OUTPUT, port));
    assert_false(sch_set_port(f.vm, SCH_STANDARD_INPUT, port));
    assert_false(sch_set_port(f.vm, SCH_STANDARD_ERROR, sch_nil()));
    output_of(&f, "(write '(a \"b\")) (flush-output-port) (close-port (current-output-port))"
                  "(close-port (current-output-port))");
    assert_int_equal(tape.written_length, 7);
    assert_memory_equal(tape.written, "(a \"b\")", 7);
    assert_int_equal(tape.flushed, 1);
    assert_int_equal(tape.closed, 1);
    close_machine(&f);
    assert_int_equal(tape.finalized, 1);
}

static void test_failures(void **state)
{
    (void)state;
    struct fixture f = open_machine();
    struct tape tape = { .text = "", .broken = true };
    assert_true(sch_set_port(f.vm, SCH_STANDARD_INPUT, sch_port(f.vm, &tape_type, &tape, SCH_PORT_INPUT)));
    assert_true(sch_set_port(f.vm, SCH_STANDARD_ERROR, sch_port(f.vm, &tape_type, &tape, SCH_PORT_OUTPUT)));
    assert_string_equal(output_of(&f, "(write (guard (e ((file-error? e) 'refused)) (read-char)))"
                                      "(write (guard (e ((file-error? e) 'refused)) (read)))"
                                      "(write (guard (e ((file-error? e) 'refused)) (newline (current-error-port))))"),
                        "refusedrefusedrefused");
    close_machine(&f);
    assert_int_equal(tape.finalized, 2);
}

/* A machine whose host offers no (schooner system) has no files and no process. */
static void test_no_system(void **state)
{
    (void)state;
    struct fixture f = open_machine();
    assert_string_equal(output_of(&f, "(import (scheme file))"), "the library (scheme file) is not available");
    assert_string_equal(output_of(&f, "(import (scheme process-context))"),
                        "the library (scheme process-context) is not available");
    assert_string_equal(output_of(&f, "(write (eval '(+ 1 2) (environment '(scheme base))))"), "3");
    close_machine(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_input),
        cmocka_unit_test(test_output),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_no_system),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
