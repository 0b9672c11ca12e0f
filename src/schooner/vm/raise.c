/*
 * Raising: what went wrong is only noted, without allocating; a condition is made of it when the loop comes to it.
 */
#include <stdarg.h>
#include <stdio.h>
#include "schooner/vm/run.h"

static struct raised *raise_new(sch_vm *vm, const char *kind, const char *who)
{
    struct raised *raised = &vm->raised;
    raised->kind = kind;
    raised->who = who;
    raised->irritant_count = 0;
    raised->payload = (sch_value){ 0 };
    raised->continuable = false;
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

sch_value raise_range(sch_vm *vm, const char *who, size_t argument, sch_value got)
{
    struct raised *raised = raise_new(vm, "range-error", who);
    snprintf(raised->message, sizeof raised->message, "argument %zu is out of range:", argument);
    raised->irritants[raised->irritant_count++] = got;
    return V_RAISED;
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

/* The message may end in the middle of a character: that is cut off. */
static sch_value text_value(sch_vm *vm, const char *text)
{
    size_t length = strlen(text), end = length;
    while (end > 0 && end + 4 > length && ((unsigned char)text[end - 1] & 0xc0) == 0x80)
        end--;
    if (end > 0 && ((unsigned char)text[end - 1] & 0xc0) == 0xc0) {
        unsigned char lead = (unsigned char)text[end - 1];
        size_t wanted = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
        if (length - (end - 1) < wanted)
            length = end - 1;
    }
    return string_of(vm, text, length);
}

enum { FRAME_FIELDS = 5, PLACE_UNITS = 128 };

/* Says whether the frame that returns to `pc` was called at a place that called something else: tail calls lie between.
 */
static bool is_elided(const struct frame_walk *caller, const struct sch_code *callee_code, uint32_t callee_at)
{
    const struct instance *instance = environment_instance(caller->fp[-1]);
    const uint32_t *call = caller->pc - 2;
    if (!caller->at_call || instance->code != callee_code || word_op(*call) != OP_CALL_KNOWN)
        return false;
    uint32_t entry = (uint32_t)(caller->pc - instance->code->words) + (uint32_t)((int32_t)*call >> 8);
    return code_procedure_at(callee_code, entry) != code_procedure_at(callee_code, callee_at);
}

static bool is_stub(sch_vm *vm, const struct frame_walk *walk)
{
    return value_same(walk->fp[-1], interpreter_of(vm)->stubs);
}

static struct code_position walk_position(const struct frame_walk *walk, const struct sch_code **ret_code)
{
    const struct sch_code *code = environment_instance(walk->fp[-1])->code;
    *ret_code = code;
    return code_position_at(code, (uint32_t)(walk->pc - code->words) - walk->at_call);
}

static sch_value name_value(sch_vm *vm, const char *text, size_t length)
{
    return length ? string_of(vm, text, length) : V_FALSE;
}

static sch_value file_value(sch_vm *vm, const struct sch_code *code, uint32_t file)
{
    if (file >= code->sources.count)
        return V_FALSE;
    const struct code_source *source = &code_table(struct code_source, code, sources)[file];
    return name_value(vm, code_text(code, source->name.offset), source->name.count);
}

/* The lines of a backtrace while they are collected. Collection is paused: nothing here needs a root. */
struct lines {
    sch_vm *vm;
    sch_value items[SCH_FRAMES_MAX * FRAME_FIELDS];
    size_t count;
    const struct sch_code *code; /* of the last line: neighbours share the name of their file */
    uint32_t file;
    sch_value file_name;
    bool failed;
};

static sch_value lines_file(struct lines *lines, const struct sch_code *code, uint32_t file)
{
    if (lines->code != code || lines->file != file) {
        lines->code = code;
        lines->file = file;
        lines->file_name = file_value(lines->vm, code, file);
    }
    return lines->file_name;
}

/* The procedure called `name` was called at a place of `code`. */
static void lines_add(struct lines *lines, const struct sch_code *callee, struct code_range name,
                      const struct sch_code *code, struct code_position place, bool elided)
{
    if (lines->failed || lines->count == SCH_FRAMES_MAX * FRAME_FIELDS)
        return;
    sch_value *line = &lines->items[lines->count];
    line[0] = name_value(lines->vm, code_text(callee, name.offset), name.count);
    line[1] = lines_file(lines, code, place.file);
    line[2] = make_fixnum(place.line);
    line[3] = make_fixnum(place.column);
    line[4] = make_boolean(elided);
    lines->failed = is_raised(line[0]) || is_raised(line[1]);
    lines->count += FRAME_FIELDS;
}

/* The calls that were inlined around a place, innermost first. */
static void lines_add_inlined(struct lines *lines, const struct sch_code *code, uint32_t inlined)
{
    const struct code_inlining *table = code_table(struct code_inlining, code, inlinings);
    while (inlined > 0 && inlined <= code->inlinings.count) {
        const struct code_inlining *call = &table[inlined - 1];
        lines_add(lines, code, call->name, code, (struct code_position){ call->file, call->line, call->column, 0 },
                  false);
        inlined = call->outer;
    }
}

/* Does the frame run code of the frozen image? Its text is not the user's to look at. */
static bool is_of_image(const struct frame_walk *walk)
{
    return header_flags(environment_instance(walk->fp[-1])->header) & OBJECT_FROZEN;
}

/* The innermost frame that does not belong to the standard library; of the library when there is no other near. */
static bool innermost_frame(sch_vm *vm, struct frame_walk *ret)
{
    enum { STEPS_MOST = 64 };
    struct frame_walk walk;
    bool found = false, more = true;
    frame_walk_init(&walk, vm);
    for (unsigned steps = 0; more && steps < STEPS_MOST; more = frame_walk_next(&walk), steps++) {
        if (is_stub(vm, &walk))
            continue;
        if (!found || !is_of_image(&walk))
            *ret = walk;
        found = true;
        if (!is_of_image(&walk))
            break;
    }
    return found;
}

/* A line for each active call, innermost first: the procedure that was called, and where that was. */
static sch_value frames_value(sch_vm *vm)
{
    struct lines lines = { .vm = vm };
    struct frame_walk walk;
    const struct sch_code *callee = NULL;
    uint32_t callee_at = 0;
    bool more = innermost_frame(vm, &walk), direct = false;

    for (unsigned steps = 0; more && lines.count < SCH_FRAMES_MAX * FRAME_FIELDS && steps < 4096; steps++) {
        if (is_stub(vm, &walk)) {
            direct = false;
        } else {
            const struct sch_code *code;
            struct code_position place = walk_position(&walk, &code);
            if (callee)
                lines_add(&lines, callee, code_procedure_at(callee, callee_at)->name, code, place,
                          direct && is_elided(&walk, callee, callee_at));
            lines_add_inlined(&lines, code, place.inlined);
            callee = code;
            callee_at = (uint32_t)(walk.pc - code->words) - walk.at_call;
            direct = true;
        }
        more = frame_walk_next(&walk);
    }
    if (lines.failed || !heap_reserve(vm, vector_size(lines.count)))
        return V_RAISED;
    struct vector *vector = heap_object(vm, OBJECT_VECTOR, lines.count, vector_size(lines.count));
    memcpy(vector->items, lines.items, lines.count * sizeof *lines.items);
    return object_value(vector);
}

static sch_value position_value(sch_vm *vm)
{
    struct frame_walk walk;
    if (!innermost_frame(vm, &walk))
        return V_FALSE;
    const struct sch_code *code;
    struct code_position position = walk_position(&walk, &code);
    sch_value file = file_value(vm, code, position.file);
    if (is_raised(file) || !heap_reserve(vm, vector_size(3)))
        return V_RAISED;
    struct vector *vector = heap_object(vm, OBJECT_VECTOR, 3, vector_size(3));
    vector->items[0] = file;
    vector->items[1] = make_fixnum(position.line);
    vector->items[2] = make_fixnum(position.column);
    return object_value(vector);
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

static sch_value condition_of_raised(sch_vm *vm)
{
    struct raised *raised = &vm->raised;
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

bool vm_position(sch_vm *vm, const char **ret_file, uint32_t *ret_line, uint32_t *ret_column)
{
    struct frame_walk walk;
    if (!interpreter_of(vm) || is_nil(vm->continuation))
        return false;
    frame_walk_init(&walk, vm);
    for (bool more = true; more; more = frame_walk_next(&walk)) {
        if (is_stub(vm, &walk))
            continue;
        const struct sch_code *code;
        struct code_position position = walk_position(&walk, &code);
        if (position.file >= code->sources.count)
            return false;
        *ret_file = code_text(code, code_table(struct code_source, code, sources)[position.file].name.offset);
        *ret_line = position.line;
        *ret_column = position.column;
        return true;
    }
    return false;
}
