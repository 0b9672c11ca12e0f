/*
 * Raising: what went wrong is only noted, without allocating; a condition is made of it when the loop comes to it.
 */
#include <stdarg.h>
#include <stdio.h>
#include "base/utf8.h"
#include "schooner/vm/run.h"

static struct raised *raise_new(sch_vm *vm, const char *kind, const char *who)
{
    struct raised *raised = &vm->raised;
    raised->kind = kind;
    raised->who = who;
    raised->irritant_count = 0;
    raised->payload = (sch_value){ 0 };
    raised->continuable = false;
    raised->counts_argument = false;
    raised->message[0] = 0;
    return raised;
}

sch_value raise_type(sch_vm *vm, const char *who, size_t argument, const char *expected, sch_value got)
{
    (void)argument;
    struct raised *raised = raise_new(vm, "type-error", who);
    snprintf(raised->message, sizeof raised->message, "expected %.100s, got", expected);
    raised->irritants[raised->irritant_count++] = got;
    return V_RAISED;
}

sch_value raise_argument(sch_vm *vm, const char *who, size_t argument, sch_value got, const char *format, ...)
{
    struct raised *raised = raise_new(vm, "range-error", who);
    int length = snprintf(raised->message, sizeof raised->message, "argument %zu ", argument);
    va_list args;
    va_start(args, format);
    vsnprintf(raised->message + length, sizeof raised->message - (size_t)length, format, args);
    va_end(args);
    raised->counts_argument = true;
    raised->irritants[raised->irritant_count++] = got;
    return V_RAISED;
}

sch_value raise_range(sch_vm *vm, const char *who, size_t argument, sch_value got)
{
    return raise_argument(vm, who, argument, got, "is out of range:");
}

sch_value raise_range_of(sch_vm *vm, const char *who, size_t argument, sch_value got, size_t length)
{
    return raise_argument(vm, who, argument, got, "is out of range for a length of %zu:", length);
}

sch_value raise_error(sch_vm *vm, const char *kind, const char *who, size_t irritant_count, const sch_value irritants[],
                      const char *format, ...)
{
    struct raised *raised = raise_new(vm, kind, who);
    va_list args;
    va_start(args, format);
    vsnprintf(raised->message, sizeof raised->message, format, args);
    va_end(args);
    for (size_t i = 0; i < irritant_count && i < RAISE_IRRITANTS; i++)
        raised->irritants[raised->irritant_count++] = irritants[i];
    return V_RAISED;
}

sch_value raise_value(sch_vm *vm, sch_value value, bool continuable)
{
    struct raised *raised = raise_new(vm, NULL, NULL);
    raised->payload = value;
    raised->continuable = continuable;
    return V_RAISED;
}

sch_value raise_limit(sch_vm *vm, enum sch_limit limit)
{
    if (vm->limit == SCH_LIMIT_NONE)
        vm->limit = limit;
    return V_RAISED;
}

/* --- conditions --- */

/* A message, or a name in it, may have been cut in the middle of a character: what is left of one is dropped. */
static sch_value text_value(sch_vm *vm, const char *text)
{
    char whole[RAISE_MESSAGE];
    size_t length = strnlen(text, RAISE_MESSAGE), kept = 0, size;
    uint32_t character;
    for (size_t at = 0; at < length; at += size_max(size, 1)) {
        size = utf8_decode((const unsigned char *)text + at, length - at, &character);
        memcpy(whole + kept, text + at, size);
        kept += size;
    }
    return string_of(vm, whole, kept);
}

enum { FRAME_FIELDS = 5, PLACE_UNITS = 128 };

static sch_value name_value(sch_vm *vm, const char *text, size_t length)
{
    return length ? string_of(vm, text, length) : V_FALSE;
}

/* The lines of a backtrace as values, while they are collected. Collection is paused: nothing here needs a root. */
struct lines {
    sch_vm *vm;
    sch_value items[SCH_FRAMES_MAX * FRAME_FIELDS];
    size_t count;
    const char *file; /* of the last line: neighbours share the name of their file */
    sch_value file_name;
};

static bool lines_add(void *data, const struct trace_line *line)
{
    struct lines *lines = data;
    if (line->file != lines->file || lines->count == 0) {
        lines->file = line->file;
        lines->file_name = name_value(lines->vm, line->file, line->file_length);
    }
    sch_value *items = &lines->items[lines->count];
    items[0] = name_value(lines->vm, line->procedure, line->procedure_length);
    items[1] = lines->file_name;
    items[2] = make_fixnum(line->line);
    items[3] = make_fixnum(line->column);
    items[4] = make_boolean(line->elided);
    lines->count += FRAME_FIELDS;
    return !is_raised(items[0]) && !is_raised(items[1]);
}

static sch_value vector_of(sch_vm *vm, const sch_value *items, size_t count)
{
    if (!heap_reserve(vm, vector_size(count)))
        return V_RAISED;
    struct vector *vector = heap_object(vm, OBJECT_VECTOR, count, vector_size(count));
    memcpy(vector->items, items, count * sizeof *items);
    return object_value(vector);
}

/* A flat vector with FRAME_FIELDS for each active call, innermost first. */
static sch_value frames_value(sch_vm *vm)
{
    struct lines lines = { .vm = vm };
    return vm_backtrace(vm, lines_add, &lines) ? vector_of(vm, lines.items, lines.count) : V_RAISED;
}

/* #(file line column), or #f */
static sch_value position_value(sch_vm *vm)
{
    struct trace_line place;
    if (!vm_place(vm, &place))
        return V_FALSE;
    sch_value file = name_value(vm, place.file, place.file_length);
    const sch_value items[] = { file, make_fixnum(place.line), make_fixnum(place.column) };
    return is_raised(file) ? V_RAISED : vector_of(vm, items, 3);
}

/* A condition made by (error ...) gets its place when it is raised. */
static bool locate(sch_vm *vm, struct condition *condition)
{
    if (!is_false(condition->position) || !is_false(condition->frames) ||
        header_flags(condition->header) & OBJECT_FROZEN)
        return true;
    if (!charge(vm, PLACE_UNITS)) /* of the longest backtrace: how many frames there are is the compiler's affair */
        return false;
    sch_value position = position_value(vm), frames = is_raised(position) ? V_RAISED : frames_value(vm);
    if (is_raised(frames))
        return false;
    barrier_object(vm, condition);
    condition->position = position;
    condition->frames = frames;
    return true;
}

/* What the library's procedures do inside has the name of the one that was called: that is the one its callers know.
 * Where that is not known, what begins with % is no name of theirs. */
static void name_called(sch_vm *vm)
{
    struct raised *raised = &vm->raised;
    const char *called;
    if (!raised->who && strcmp(raised->kind, "type-error") != 0)
        return;
    if (!vm_called_of_library(vm, &called)) {
        raised->who = raised->who ? vm_called_primitive(vm, raised->who) : NULL;
        return;
    }
    if (!called && raised->who && *raised->who != '%')
        called = raised->who;
    if (called && raised->who && strcmp(called, raised->who) == 0)
        return;
    raised->who = called;
    if (raised->counts_argument) { /* of the procedure inside: its number is no help */
        static const char prefix[] = "an argument";
        const char *rest = strchr(raised->message + strlen("argument "), ' ');
        memmove(raised->message + strlen(prefix), rest, strlen(rest) + 1);
        memcpy(raised->message, prefix, strlen(prefix));
    }
}

static sch_value condition_of_raised(sch_vm *vm)
{
    struct raised *raised = &vm->raised;
    name_called(vm);
    sch_value kind = symbol_of(vm, raised->kind);
    sch_value who = raised->who ? name_value(vm, raised->who, strlen(raised->who)) : V_FALSE;
    sch_value message = text_value(vm, raised->message);
    if (is_raised(kind) || is_raised(who) || is_raised(message) || !heap_reserve_pairs(vm, raised->irritant_count) ||
        !heap_reserve(vm, object_size(sizeof(struct condition), 0, 0) + raised->irritant_count * PAIR_SIZE))
        return V_RAISED;
    sch_value irritants = V_NIL;
    for (size_t i = raised->irritant_count; i-- > 0;)
        irritants = cons(vm, raised->irritants[i], irritants);
    struct condition *condition = heap_object(vm, OBJECT_CONDITION, 6, object_size(sizeof(struct condition), 0, 0));
    condition->kind = kind;
    condition->message = message;
    condition->irritants = irritants;
    condition->who = who;
    condition->position = V_FALSE;
    condition->frames = V_FALSE;
    return locate(vm, condition) ? object_value(condition) : V_RAISED;
}

sch_value raised_object(sch_vm *vm)
{
    sch_value object;
    heap_pause_collection(vm);
    if (vm->raised.kind) {
        object = condition_of_raised(vm);
    } else {
        object = vm->raised.payload;
        if (is_condition(object) && !locate(vm, object_as(struct condition, object)))
            object = V_RAISED;
    }
    heap_resume_collection(vm);
    return object;
}

bool raised_place(sch_vm *vm)
{
    struct raised *raised = &vm->raised;
    heap_pause_collection(vm);
    sch_value position = position_value(vm), frames = is_raised(position) ? V_RAISED : frames_value(vm);
    heap_resume_collection(vm);
    if (is_raised(frames))
        return false;
    raised->irritants[0] = position;
    raised->irritants[1] = frames;
    raised->irritant_count = 2;
    return true;
}
