/*
 * Why a run failed, as data for the host. The text goes to storage reserved with the machine, so that reporting a
 * failure cannot fail.
 */
#include <stdio.h>
#include <stdlib.h>
#include "base/excerpt.h"
#include "schooner/api/state.h"
#include "schooner/print/print.h"

const char *limit_name(enum sch_limit limit)
{
    switch (limit) {
    case SCH_LIMIT_NONE: return "none";
    case SCH_LIMIT_FUEL: return "fuel";
    case SCH_LIMIT_HEAP: return "heap";
    case SCH_LIMIT_TIMEOUT: return "timeout";
    case SCH_LIMIT_OUTPUT: return "output";
    case SCH_LIMIT_NESTING: return "nesting";
    case SCH_LIMIT_INTEGER_BITS: return "integer-bits";
    case SCH_LIMIT_INTERRUPT: return "interrupt";
    }
    return "unknown";
}

void failure_clear(struct api_state *api)
{
    api->text_used = 0;
    api->raised = V_FALSE;
    memset(&api->failure, 0, sizeof api->failure);
    api->failure.size = sizeof api->failure;
}

/* What a message leaves of the room: for the place, its line and the calls around it. */
enum { PLACE_ROOM = 1024 };

/* Keeps as much of the text as fits into the first `end` bytes of the room, cut at a character. */
static const char *keep_within(struct api_state *api, size_t end, const char *text, size_t length)
{
    if (api->text_used >= end)
        return "";
    size_t room = end - api->text_used;
    char *kept = api->text + api->text_used;
    size_t take = size_min(length, room - 1);
    while (take < length && take > 0 && ((unsigned char)text[take] & 0xc0) == 0x80)
        take--;
    memcpy(kept, text, take);
    kept[take] = 0;
    api->text_used += take + 1;
    return kept;
}

const char *failure_text(struct api_state *api, const char *text, size_t length)
{
    return keep_within(api, FAILURE_TEXT, text, length);
}

static const char *keep(struct api_state *api, const char *text)
{
    return text ? failure_text(api, text, strlen(text)) : NULL;
}

static const char *keep_message(struct api_state *api, const char *text, size_t length)
{
    return keep_within(api, FAILURE_TEXT - PLACE_ROOM, text, length);
}

/* Keeps a name, once however many frames have it; NULL: it does not fit, and a part of it would be another name. */
static const char *keep_name(struct api_state *api, const char *name, size_t length)
{
    size_t size;
    for (size_t at = 0; at < api->text_used; at += size) {
        size = strlen(api->text + at) + 1;
        if (size == length + 1 && memcmp(api->text + at, name, length) == 0)
            return api->text + at;
    }
    return length < FAILURE_TEXT - api->text_used ? failure_text(api, name, length) : NULL;
}

void failure_set(sch_vm *vm, enum sch_status status, const char *kind, const char *message)
{
    struct sch_failure *failure = &vm->api->failure;
    failure->status = status;
    failure->kind = kind;
    failure->message = message ? keep_message(vm->api, message, strlen(message)) : NULL;
}

/* How many of the eight bytes end a line. */
static uint32_t ends_in(const char *text)
{
    const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f), newlines = UINT64_C(0x0a0a0a0a0a0a0a0a);
    uint64_t word;
    memcpy(&word, text, sizeof word);
    word ^= newlines; /* a byte is zero where a line ends, and has its high bit in the next line's result */
    return (uint32_t)__builtin_popcountll(~(((word & low) + low) | word | low));
}

/* Where a line begins; `length` when that is too far to be looked for: the run's time may be over. */
static size_t line_start(const char *text, size_t length, uint32_t line)
{
    enum { FAR = 4 << 20 };
    size_t at = 0;
    uint32_t now = 1;
    for (uint32_t ends; length - at >= sizeof(uint64_t) && (ends = ends_in(text + at)) < line - now; now += ends)
        if ((at += sizeof(uint64_t)) >= FAR)
            return length;
    for (; now < line && at < length; at++)
        now += text[at] == '\n';
    return at;
}

/* Of the source line that the failure's place is in, what is worth to be shown. */
static void set_excerpt(struct api_state *api, const char *text, size_t length)
{
    enum { ROOM = 400, COLUMN_UNKNOWN = UINT16_MAX };
    size_t at = line_start(text, length, api->failure.line);
    if (at >= length || api->failure.column >= COLUMN_UNKNOWN)
        return;
    size_t reach = size_min(length - at, (size_t)api->failure.column * 4 + ROOM), end = 0;
    while (end < reach && text[at + end] != '\n' && text[at + end] != '\r')
        end++;
    size_t start = excerpt_start(text + at, end, api->failure.column, ROOM, &api->failure.excerpt_column);
    api->failure.excerpt = failure_text(api, text + at + start, size_min(end - start, ROOM));
}

/* The line of the program in progress; the text of other files is not at hand. */
static void set_excerpt_of_run(struct api_state *api)
{
    const char *name = api->source.name ? api->source.name : "-";
    if (api->failure.file && api->source.text && strcmp(api->failure.file, name) == 0 && api->failure.line)
        set_excerpt(api, api->source.text, api->source.length);
}

/* false: its names do not fit any more. */
static bool add_frame(void *data, const struct trace_line *line)
{
    struct api_state *api = data;
    struct sch_frame frame = { .line = line->line, .column = line->column, .elided = line->elided };
    if (line->procedure_length && !(frame.procedure = keep_name(api, line->procedure, line->procedure_length)))
        return false;
    if (line->file_length && !(frame.file = keep_name(api, line->file, line->file_length)))
        return false;
    api->failure.frames[api->failure.frame_count++] = frame;
    return true;
}

/* The frames stand as the limit left them. */
static void set_place_of_limit(sch_vm *vm)
{
    struct api_state *api = vm->api;
    struct trace_line place;
    if (!vm_place(vm, &place))
        return;
    if (place.file_length)
        api->failure.file = failure_text(api, place.file, place.file_length);
    api->failure.line = place.line;
    api->failure.column = place.column;
    set_excerpt_of_run(api);
    vm_backtrace(vm, add_frame, api);
}

static void set_limit(sch_vm *vm, enum sch_limit limit)
{
    char message[80];
    snprintf(message, sizeof message, limit == SCH_LIMIT_INTERRUPT ? "interrupted" : "the %s limit ended the run",
             limit_name(limit));
    failure_set(vm, SCH_LIMIT, "limit", message);
    vm->api->failure.limit = limit;
}

static void set_place_of_front(struct api_state *api, const struct front *front, struct position place)
{
    api->failure.line = place.line;
    api->failure.column = place.column;
    if (place.file < front->source_count) {
        const struct front_source *source = &front->sources[place.file];
        api->failure.file = keep(api, source->name);
        if (place.line)
            set_excerpt(api, source->text, source->length);
    }
}

void failure_from_front(sch_vm *vm, const struct front *front)
{
    struct api_state *api = vm->api;
    if (front->limit != SCH_LIMIT_NONE) {
        set_limit(vm, vm->limit != SCH_LIMIT_NONE ? vm->limit : front->limit);
        set_place_of_front(api, front, front->place);
        return;
    }
    failure_set(vm, SCH_ERROR, front->error.kind, front->error.message);
    set_place_of_front(api, front, front->error.position);
}

/* Appends a value as `write` prints it, or as `display`; of what is too long or too deep, the beginning. */
static void append_value(sch_vm *vm, sch_value value, enum print_mode mode, struct buffer *out)
{
    enum sch_limit before = vm->limit;
    if (print_value(vm, value, mode, FAILURE_TEXT / 2, out))
        return;
    vm->limit = before; /* too long to be shown is no limit of the script's */
    buffer_append_text(out, "...");
}

/* "type error in `car`: "; of what is no kind of error by its name the message says it, as of a division by zero:
 * "error in `/`: " */
static void append_who(const struct condition *condition, struct buffer *text)
{
    const char *kind;
    const char *who;
    size_t kind_length, who_length;
    if (!sch_get_text(condition->who, &who, &who_length) || !sch_get_text(condition->kind, &kind, &kind_length))
        return;
    if (strcmp(kind, "unbound-variable") == 0)
        return; /* the message has the name */
    static const char suffix[] = "-error";
    size_t suffix_length = strlen(suffix);
    if (kind_length < suffix_length || strcmp(kind + kind_length - suffix_length, suffix) != 0)
        kind = "error";
    for (; *kind; kind++)
        buffer_append_byte(text, *kind == '-' ? ' ' : (unsigned char)*kind);
    buffer_append_text(text, " in `");
    buffer_append(text, who, who_length);
    buffer_append_text(text, "`: ");
}

/* Of a name that `eval` found to be unbound `who` is `eval`: the message begins with the name, in quotes. */
static bool is_about(const struct condition *condition, const char *name, size_t length)
{
    const char *message;
    size_t message_length;
    return sch_get_text(condition->message, &message, &message_length) && message_length >= length + 2 &&
           message[0] == '`' && memcmp(message + 1, name, length) == 0 && message[length + 1] == '`';
}

/* "; (import (scheme write)) provides it" */
static void append_hint(sch_vm *vm, const struct condition *condition, struct buffer *text)
{
    const char *kind, *name;
    size_t length;
    if (!sch_get_text(condition->kind, &kind, &length) || strcmp(kind, "unbound-variable") != 0 ||
        !sch_get_text(condition->who, &name, &length) || !is_about(condition, name, length))
        return;
    char hint[400];
    if (program_hint(vm, name, length, hint, sizeof hint))
        buffer_append_text(text, hint);
}

void failure_append_message(sch_vm *vm, const struct condition *condition, struct buffer *out)
{
    append_value(vm, condition->message, is_string(condition->message) ? PRINT_DISPLAY : PRINT_WRITE, out);
    size_t shown = 0;
    for (sch_value list = condition->irritants; is_pair(list) && shown < 16; list = pair_cdr(list), shown++) {
        buffer_append_byte(out, ' ');
        append_value(vm, pair_car(list), PRINT_WRITE, out);
    }
}

static void set_message(sch_vm *vm, const struct condition *condition)
{
    struct buffer text;
    buffer_init(&text, vm_memory(vm));
    append_who(condition, &text);
    failure_append_message(vm, condition, &text);
    append_hint(vm, condition, &text);
    vm->api->failure.message = text.bytes ? keep_message(vm->api, (const char *)text.bytes, text.length) : "";
    buffer_done(&text);
}

static const char *text_of(struct api_state *api, sch_value value)
{
    const char *text;
    size_t length;
    return sch_get_text(value, &text, &length) ? failure_text(api, text, length) : NULL;
}

static uint32_t number_of(sch_value value)
{
    return is_fixnum(value) && fixnum_int(value) > 0 && fixnum_int(value) < UINT32_MAX ? (uint32_t)fixnum_int(value)
                                                                                       : 0;
}

/* frames: a flat vector of (name file line column elided?) for each active call, innermost first */
enum { FRAME_FIELDS = 5 };

static void set_frames(struct api_state *api, sch_value frames)
{
    if (!is_vector(frames))
        return;
    const sch_value *items = object_as(struct vector, frames)->items;
    size_t count = size_min(object_length(frames) / FRAME_FIELDS, SCH_FRAMES_MAX);
    struct trace_line line;
    for (size_t i = 0; i < count; i++, items += FRAME_FIELDS) {
        line = (struct trace_line){ .line = number_of(items[2]), .column = number_of(items[3]) };
        line.elided = !is_false(items[4]);
        sch_get_text(items[0], &line.procedure, &line.procedure_length);
        sch_get_text(items[1], &line.file, &line.file_length);
        if (!add_frame(api, &line))
            return;
    }
}

static void set_position(struct api_state *api, sch_value position)
{
    if (!is_vector(position) || object_length(position) < 3)
        return;
    const sch_value *items = object_as(struct vector, position)->items;
    api->failure.file = text_of(api, items[0]);
    api->failure.line = number_of(items[1]);
    api->failure.column = number_of(items[2]);
    set_excerpt_of_run(api);
}

static void from_condition(sch_vm *vm, const struct condition *condition)
{
    struct api_state *api = vm->api;
    api->failure.status = SCH_ERROR;
    api->failure.kind = text_of(api, condition->kind);
    if (!api->failure.kind)
        api->failure.kind = "error";
    set_message(vm, condition);
    set_position(api, condition->position);
    set_frames(api, condition->frames);
}

void failure_from_run(sch_vm *vm, enum sch_status status)
{
    failure_clear(vm->api);
    if (status == SCH_LIMIT) {
        set_limit(vm, vm->limit);
        set_place_of_limit(vm);
        return;
    }
    sch_value raised = vm->raised.payload;
    vm->api->raised = raised;
    if (is_condition(raised)) {
        from_condition(vm, object_of(raised));
        return;
    }
    struct buffer text;
    buffer_init(&text, vm_memory(vm));
    buffer_append_text(&text, "raised: ");
    append_value(vm, raised, PRINT_WRITE, &text);
    failure_set(vm, SCH_ERROR, "raised", NULL);
    vm->api->failure.message = text.bytes ? keep_message(vm->api, (const char *)text.bytes, text.length) : "raised";
    buffer_done(&text);
    if (!vm->raised.kind && vm->raised.irritant_count == 2) { /* raised_place() */
        set_position(vm->api, vm->raised.irritants[0]);
        set_frames(vm->api, vm->raised.irritants[1]);
    }
}

/* --- a copy that outlives the machine ---------------------------------------------------------------------------- */

static char *copy_text(char **at, const char *text)
{
    if (!text)
        return NULL;
    size_t size = strlen(text) + 1;
    char *copy = memcpy(*at, text, size);
    *at += size;
    return copy;
}

static size_t text_size(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

void failure_copy(const struct sch_failure *from, struct sch_failure *ret)
{
    *ret = *from;
    ret->frame_count = 0; /* nothing ran */
    size_t size = text_size(from->kind) + text_size(from->message) + text_size(from->file) + text_size(from->excerpt);
    char *at = size ? malloc(size) : NULL;
    ret->storage = at;
    if (!at) {
        ret->kind = ret->message = "out of memory";
        ret->file = ret->excerpt = NULL;
        return;
    }
    ret->kind = copy_text(&at, from->kind);
    ret->message = copy_text(&at, from->message);
    ret->file = copy_text(&at, from->file);
    ret->excerpt = copy_text(&at, from->excerpt);
}
