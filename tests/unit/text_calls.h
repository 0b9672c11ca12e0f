/* For the tests of text primitives: calling them with rooted arguments, and looking at what comes back. */
#ifndef TESTS_TEXT_CALLS_H
#define TESTS_TEXT_CALLS_H

#include <string.h>
#include "machine.h"
#include "schooner/table/primitive.h"
#include "schooner/print/print.h"

/* The arguments are rooted while the primitive runs. */
static inline sch_value call(sch_vm *vm, primitive_fn *function, size_t count, const sch_value *args)
{
    sch_value *roots = machine_roots(vm) + MACHINE_ROOTS / 2;
    for (size_t i = 0; i < count; i++)
        roots[i] = args[i];
    return function(vm, roots, count);
}

#define ARGS(...)                                                           \
    sizeof((sch_value[]){ __VA_ARGS__ }) / sizeof(sch_value), (sch_value[]) \
    {                                                                       \
        __VA_ARGS__                                                         \
    }
#define CALL(function, ...) call(vm, function, ARGS(__VA_ARGS__))

/* A rooted string, in the slot `root` of the first half. */
static inline sch_value text(sch_vm *vm, size_t root, const char *bytes)
{
    return machine_roots(vm)[root] = string_of(vm, bytes, strlen(bytes));
}

/* The value as `write` shows it must be `expected`. */
static inline void expect_written(sch_vm *vm, sch_value value, enum print_mode mode, const char *expected)
{
    struct buffer out;
    buffer_init(&out, &memory_malloc);
    if (is_raised(value))
        fail_msg("raised %s: %s, instead of %s", vm->raised.kind, vm->raised.message, expected);
    assert_true(print_value(vm, value, mode, SIZE_MAX, &out));
    assert_true(buffer_append_byte(&out, '\0'));
    assert_string_equal((const char *)out.bytes, expected);
    buffer_done(&out);
}

static inline void expect_shown(sch_vm *vm, sch_value value, const char *expected)
{
    expect_written(vm, value, PRINT_WRITE, expected);
}

static inline void expect_raised(sch_vm *vm, sch_value value, const char *kind)
{
    assert_true(is_raised(value));
    assert_int_equal(vm->limit, SCH_LIMIT_NONE);
    assert_string_equal(vm->raised.kind, kind);
    machine_clear(vm);
}

static inline void expect_limit_raised(sch_vm *vm, sch_value value, enum sch_limit limit)
{
    assert_true(is_raised(value));
    assert_int_equal(vm->limit, limit);
    machine_clear(vm);
}

#endif
