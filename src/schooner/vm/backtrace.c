/*
 * Where the machine is: its active frames as places in programs. Reads frames and code only and needs no memory, so
 * that it also works when a limit has ended the run.
 */
#include "base/hash.h"
#include "base/utf8.h"
#include "schooner/text/syntax.h"
#include "schooner/vm/run.h"

/* The procedure that the code of the frame calls by itself at its place; NULL: one that comes as a value. */
static const struct code_procedure *known_callee(const struct frame_walk *caller)
{
    const struct sch_code *code = environment_instance(caller->fp[-1])->code;
    const uint32_t *call = caller->pc - 2;
    if (!caller->at_call || word_op(*call) != OP_CALL_KNOWN)
        return NULL;
    return code_procedure_at(code, (uint32_t)(caller->pc - code->words) + (uint32_t)((int32_t)*call >> 8));
}

static bool is_stub(sch_vm *vm, const struct frame_walk *walk)
{
    return value_same(walk->fp[-1], interpreter_of(vm)->stubs);
}

/* That of the instruction or, where it is not known, one that is free; else the one that its hash chooses. */
static struct known_place *known_place_for(struct known_place *places, const uint32_t *at)
{
    _Static_assert(KNOWN_PLACES == 4, "the two highest bits of a hash choose one");
    for (size_t i = 0; i < KNOWN_PLACES; i++)
        if (places[i].at == at || !places[i].at)
            return &places[i];
    return &places[hash_mix((uintptr_t)at) >> 62];
}

/* Programs raise errors at few places, but there often. */
static struct code_position walk_position(sch_vm *vm, const struct frame_walk *walk, const struct sch_code **ret_code)
{
    const struct sch_code *code = environment_instance(walk->fp[-1])->code;
    const uint32_t *at = walk->pc - walk->at_call;
    struct known_place *known = known_place_for(interpreter_of(vm)->places, at);
    if (known->at != at)
        *known = (struct known_place){ at, code_position_at(code, (uint32_t)(at - code->words)) };
    *ret_code = code;
    return known->position;
}

/* Does the frame run code of the frozen image? Its text is not the user's to look at. */
static bool is_of_image(const struct frame_walk *walk)
{
    return header_flags(environment_instance(walk->fp[-1])->header) & OBJECT_FROZEN;
}

/* The innermost frame that does not belong to the standard library; of the library when there is no other near. */
static bool innermost_frame(sch_vm *vm, struct frame_walk *ret)
{
    enum { STEPS_MAX = 64 };
    struct frame_walk walk;
    bool found = false, more = true;
    frame_walk_init(&walk, vm);
    for (unsigned steps = 0; more && steps < STEPS_MAX; more = frame_walk_next(&walk), steps++) {
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

static struct trace_line line_at(const struct sch_code *code, struct code_position place)
{
    struct trace_line line = { .line = place.line, .column = place.column };
    if (place.file < code->sources.count) {
        struct code_range name = code_table(struct code_source, code, sources)[place.file].name;
        line.file = code_text(code, name.offset);
        line.file_length = name.count;
    }
    return line;
}

bool vm_place(sch_vm *vm, struct trace_line *ret)
{
    struct frame_walk walk;
    if (!innermost_frame(vm, &walk))
        return false;
    const struct sch_code *code;
    struct code_position place = walk_position(vm, &walk, &code);
    *ret = line_at(code, place);
    return true;
}

/* Lines on their way to whoever asked. */
struct trace {
    trace_line_fn *each;
    void *data;
    size_t count;
    bool stopped;
};

/* The procedure called `name` of `callee` was called at a place of `code`. */
static void trace_call(struct trace *trace, const struct sch_code *callee, struct code_range name,
                       const struct sch_code *code, struct code_position place, bool elided)
{
    if (trace->stopped || trace->count == SCH_FRAMES_MAX)
        return;
    struct trace_line line = line_at(code, place);
    line.procedure = code_text(callee, name.offset);
    line.procedure_length = name.count;
    line.elided = elided;
    trace->count++;
    trace->stopped = !trace->each(trace->data, &line);
}

/* The calls that were inlined around a place, innermost first. */
static void trace_inlined(struct trace *trace, const struct sch_code *code, uint32_t inlined)
{
    const struct code_inlining *table = code_table(struct code_inlining, code, inlinings);
    while (inlined > 0 && inlined <= code->inlinings.count) {
        const struct code_inlining *call = &table[inlined - 1];
        trace_call(trace, code, call->name, code, (struct code_position){ call->file, call->line, call->column, 0 },
                   false);
        inlined = call->outer;
    }
}

/* A frame that was passed on the walk outward. */
struct passed {
    const struct sch_code *code; /* NULL: none yet */
    uint32_t at;
    bool of_image;
    bool direct; /* nothing of the interpreter's own lies between it and the next */
};

/*
 * The frame `passed` was called in `caller`; where tail calls lie between, another procedure was. What happens within
 * the library is no affair of the user's: there, the name of what he called is enough, and what begins with % is no
 * name of his.
 */
static void trace_frame(struct trace *trace, const struct passed *passed, const struct frame_walk *caller,
                        const struct sch_code *code, struct code_position place)
{
    const struct code_procedure *procedure = code_procedure_at(passed->code, passed->at);
    const struct code_procedure *known = known_callee(caller);
    struct code_range name = procedure->name;
    if (passed->of_image && known) {
        trace_call(trace, code, known->name, code, place, true);
        return;
    }
    if (passed->of_image && name.count > 0 && *code_text(passed->code, name.offset) == '%')
        name.count = 0;
    trace_call(trace, passed->code, name, code, place,
               passed->direct && code == passed->code && known && known != procedure);
}

bool vm_backtrace(sch_vm *vm, trace_line_fn *each, void *data)
{
    enum { STEPS_MAX = 4096 };
    struct trace trace = { each, data, 0, false };
    struct frame_walk walk;
    struct passed passed = { 0 };
    bool more = innermost_frame(vm, &walk);

    for (unsigned steps = 0; more && !trace.stopped && trace.count < SCH_FRAMES_MAX && steps < STEPS_MAX; steps++) {
        if (is_stub(vm, &walk)) {
            passed.direct = false;
        } else {
            const struct sch_code *code = environment_instance(walk.fp[-1])->code;
            bool of_image = is_of_image(&walk);
            if (!of_image) {
                struct code_position place = walk_position(vm, &walk, &code);
                if (passed.code)
                    trace_frame(&trace, &passed, &walk, code, place);
                trace_inlined(&trace, code, place.inlined);
            }
            passed =
                (struct passed){ code, (uint32_t)(walk.pc - code->words) - walk.at_call, of_image, .direct = true };
        }
        more = frame_walk_next(&walk);
    }
    return !trace.stopped;
}

/* --- whom an error names ----------------------------------------------------------------------------------------- */

enum call_kind {
    CALL_UNKNOWN,  /* it stands too far inside of its procedure to be looked for */
    CALL_OWN,      /* of a procedure that the compiler knew */
    CALL_CONSTANT, /* of one that the code mentions: *ret_callee */
    CALL_VALUE,    /* of one that it was given, or made */
};

/* What the frame waits for. The code in front of the call says where the procedure in its register came from. */
static enum call_kind waiting_call(const struct frame_walk *caller, sch_value *ret_callee)
{
    enum { WORDS_MAX = 2048, REGISTERS = 256 };
    const struct instance *instance = environment_instance(caller->fp[-1]);
    const uint32_t *words = instance->code->words;
    uint32_t behind = (uint32_t)(caller->pc - words);
    const struct code_procedure *procedure = code_procedure_at(instance->code, behind - 1);
    uint32_t constants[REGISTERS], at = procedure->entry, word = 0;
    struct instruction in = { 0 };
    if (!caller->at_call || behind - at > WORDS_MAX)
        return CALL_UNKNOWN;

    memset(constants, 0xff, sizeof constants); /* CODE_NONE */
    for (; at < behind; at += in.length) {
        word = words[at];
        if (!code_decode(words, procedure->end, at, &in))
            return CALL_UNKNOWN;
        if (in.define < REGISTERS && at + in.length < behind)
            constants[in.define] = in.op == OP_CONST || in.op == OP_GLOBAL ? word >> 16
                                   : in.op == OP_CONSTW                    ? words[at + 1]
                                                                           : CODE_NONE;
    }
    if (at != behind || in.op != OP_CALL)
        return at == behind && (in.op == OP_CALL_KNOWN || in.op == OP_CALL_LOCAL) ? CALL_OWN : CALL_UNKNOWN;
    uint32_t constant = constants[word >> 8 & 0xff];
    if (constant >= header_length(instance->header))
        return CALL_VALUE;
    sch_value callee = instance->constants[constant];
    *ret_callee = is_type(callee, OBJECT_CELL) ? object_as(struct cell, callee)->value : callee;
    return CALL_CONSTANT;
}

/* A name that users know. */
static const char *public_name(const char *name)
{
    return name && *name && *name != '%' ? name : NULL;
}

static const char *name_of_frame(const struct frame_walk *walk)
{
    const struct sch_code *code = environment_instance(walk->fp[-1])->code;
    const struct code_procedure *procedure =
        code_procedure_at(code, (uint32_t)(walk->pc - code->words) - walk->at_call);
    return procedure->name.count ? public_name(code_text(code, procedure->name.offset)) : NULL;
}

static bool is_closure_of_image(sch_value v)
{
    return is_closure(v) && header_flags(closure_instance(object_of(v))->header) & OBJECT_FROZEN;
}

/* The name behind the parenthesis at the frame's place, as the text has it. Where the text is not kept there is none,
 * nor so far into it that to find the place would be work: a script can raise errors as often as it likes. */
static bool written_name(sch_vm *vm, const struct frame_walk *walk, const char **ret, size_t *ret_length)
{
    enum { LINES_MAX = 500, COLUMNS_MAX = 1000, TEXT_MAX = 1 << 16 };
    const struct sch_code *code;
    struct code_position place = walk_position(vm, walk, &code);
    if (place.line > LINES_MAX || place.column > COLUMNS_MAX || place.file >= code->sources.count ||
        code_table(struct code_source, code, sources)[place.file].text.count > TEXT_MAX)
        return false;
    size_t length, at = 0, end;
    const char *line = code_excerpt(code, place.file, place.line, &length);
    for (uint32_t column = 1; line && column < place.column && at < length; column++)
        at += utf8_step((unsigned char)line[at]);
    if (!line || at >= length || line[at++] != '(')
        return false;
    for (end = at; end < length && syntax_is_subsequent((unsigned char)line[end]);)
        end++;
    *ret = line + at;
    *ret_length = end - at;
    return end > at;
}

/* What the frame calls is one procedure of the library by several names. */
static const char *name_called_by(sch_vm *vm, const struct frame_walk *walk, sch_value callee)
{
    const char *own = public_name(procedure_name(vm, callee)), *written, *other = NULL;
    size_t length;
    if (written_name(vm, walk, &written, &length) &&
        !(own && strlen(own) == length && memcmp(own, written, length) == 0))
        other = env_name_of(vm->env, callee, written, length);
    return other ? other : own;
}

/* Does the frame wait for its call of just this value? The register is the frame's own, beneath that of the call. */
static bool waits_for(const struct frame_walk *walk, sch_value callee)
{
    const uint32_t *call = walk->pc - 2;
    return walk->at_call && word_op(*call) == OP_CALL && word_a(*call) < frame_base(call[1]) &&
           value_same(walk->fp[word_a(*call)], callee);
}

const char *vm_called_primitive(sch_vm *vm, const char *name)
{
    struct frame_walk walk;
    frame_walk_init(&walk, vm);
    sch_value callee = V_FALSE;
    const char *written, *own, *other = NULL;
    size_t length;
    bool in_call = is_stub(vm, &walk);
    if (in_call && (!frame_walk_next(&walk) || is_stub(vm, &walk) || is_of_image(&walk) ||
                    waiting_call(&walk, &callee) != CALL_CONSTANT || !is_primitive(callee) ||
                    !(own = procedure_name(vm, callee)) || strcmp(own, name) != 0)) /* `apply` calls another one */
        return name;
    if (!written_name(vm, &walk, &written, &length) || (strlen(name) == length && memcmp(name, written, length) == 0))
        return name;
    other = in_call ? env_name_of(vm->env, callee, written, length) : open_called(written, length, name);
    return other ? other : name;
}

bool vm_called_of_library(sch_vm *vm, const char **ret_name)
{
    enum { STEPS_MAX = 16 };
    struct frame_walk walk;
    frame_walk_init(&walk, vm);
    *ret_name = NULL;
    if (is_stub(vm, &walk) && (vm->raised.who || !frame_walk_next(&walk) || !waits_for(&walk, vm->raised.irritants[0])))
        return false;        /* a primitive that came as a value, or what another one called at its end */
    if (!is_of_image(&walk)) /* the user's own code */
        return false;
    for (unsigned steps = 0; steps < STEPS_MAX && is_of_image(&walk); steps++) {
        const char *own = name_of_frame(&walk);
        *ret_name = own ? own : *ret_name;
        sch_value callee = V_FALSE;
        if (!frame_walk_next(&walk) || is_stub(vm, &walk))
            break;
        enum call_kind call = waiting_call(&walk, &callee);
        if (!is_of_image(&walk) && call == CALL_CONSTANT && is_closure_of_image(callee)) {
            own = name_called_by(vm, &walk, callee);
            *ret_name = own ? own : *ret_name;
        }
        if (call == CALL_VALUE || call == CALL_UNKNOWN) /* what the library was given, it calls back */
            break;
    }
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
        struct code_position position = walk_position(vm, &walk, &code);
        if (position.file >= code->sources.count)
            return false;
        *ret_file = code_text(code, code_table(struct code_source, code, sources)[position.file].name.offset);
        *ret_line = position.line;
        *ret_column = position.column;
        return true;
    }
    return false;
}
