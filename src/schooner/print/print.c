/* value -> text: the external representations of R7RS. Labels are found in labels.c; here they are printed. */
#include "schooner/print/print.h"

#include <stdio.h>

#include "base/utf8.h"
#include "schooner/num/number.h"
#include "schooner/print/labels.h"
#include "schooner/text/syntax.h"

enum { BYTES_PER_UNIT = 16, PIECE = 4096 };

struct printer {
    sch_vm *vm;
    struct buffer *out;
    size_t start;
    size_t most;
    bool display;
    struct labels labels;
    struct walk walk;
};

/* --- appending --- */

/* Whatever failed to append: memory, or the bound. */
static bool refuse(struct printer *printer, enum sch_limit limit)
{
    raise_limit(printer->vm, limit);
    return false;
}

static bool emit(struct printer *printer, const char *bytes, size_t length)
{
    if (length > printer->most - (printer->out->length - printer->start))
        return refuse(printer, SCH_LIMIT_OUTPUT);
    return buffer_append(printer->out, bytes, length) || refuse(printer, SCH_LIMIT_HEAP);
}

static bool emit_text(struct printer *printer, const char *text)
{
    return emit(printer, text, strlen(text));
}

/* What was appended by others: within the bound? */
static bool check(struct printer *printer, bool appended)
{
    if (!appended)
        return refuse(printer, SCH_LIMIT_HEAP);
    return printer->out->length - printer->start <= printer->most || refuse(printer, SCH_LIMIT_OUTPUT);
}

/* Long texts go in pieces, so that neither the bound nor the deadline is passed far. `text` is whole characters. */
static bool emit_pieces(struct printer *printer, const char *text, size_t length,
                        bool (*write)(const char *, size_t, struct buffer *))
{
    for (size_t at = 0; at < length;) {
        size_t size = length - at < PIECE ? length - at : PIECE;
        while (at + size < length && ((unsigned char)text[at + size] & 0xc0) == 0x80)
            size++;
        size_t before = printer->out->length;
        if (!charge(printer->vm, size / BYTES_PER_UNIT + 1) || !check(printer, write(text + at, size, printer->out)))
            return false;
        size_t grown = printer->out->length - before;
        if (grown > size && !charge(printer->vm, (grown - size) / BYTES_PER_UNIT)) /* what escapes added */
            return false;
        at += size;
    }
    return true;
}

static bool append_plain(const char *text, size_t length, struct buffer *out)
{
    return buffer_append(out, text, length);
}

/* --- atoms --- */

static bool print_text(struct printer *printer, const char *text, size_t length)
{
    if (printer->display)
        return emit_pieces(printer, text, length, append_plain);
    return emit(printer, "\"", 1) && emit_pieces(printer, text, length, syntax_escape_string) && emit(printer, "\"", 1);
}

static bool print_symbol(struct printer *printer, sch_value value)
{
    const struct symbol *symbol = object_as(struct symbol, value);
    size_t length = header_length(symbol->header);
    if (printer->display)
        return emit_pieces(printer, symbol->text, length, append_plain);
    if (length <= PIECE)
        return charge(printer->vm, length / BYTES_PER_UNIT) &&
               check(printer, syntax_write_symbol(symbol->text, length, printer->out));
    /* a long one gets its bars without a look at whether it needs them */
    return emit(printer, "|", 1) && emit_pieces(printer, symbol->text, length, syntax_escape_symbol) &&
           emit(printer, "|", 1);
}

static bool print_character(struct printer *printer, uint32_t character)
{
    if (!printer->display)
        return check(printer, syntax_write_character(character, printer->out));
    unsigned char bytes[4];
    return emit(printer, (const char *)bytes, utf8_encode(character, bytes));
}

static bool print_bytevector(struct printer *printer, sch_value value)
{
    const struct bytevector *bytes = object_as(struct bytevector, value);
    size_t length = header_length(bytes->header);
    if (!emit_text(printer, "#u8("))
        return false;
    for (size_t i = 0; i < length; i++) {
        if (i % BYTES_PER_UNIT == 0 && !charge(printer->vm, BYTES_PER_UNIT))
            return false;
        unsigned byte = bytes->bytes[i];
        const char text[] = { ' ', (char)('0' + byte / 100), (char)('0' + byte / 10 % 10), (char)('0' + byte % 10) };
        size_t zeros = byte >= 100 ? 0 : byte >= 10 ? 1 : 2;
        if ((i && !emit(printer, text, 1)) || !emit(printer, text + 1 + zeros, 3 - zeros))
            return false;
    }
    return emit(printer, ")", 1);
}

static bool print_constant(struct printer *printer, sch_value value)
{
    if (is_nil(value))
        return emit_text(printer, "()");
    if (is_boolean(value))
        return emit_text(printer, is_false(value) ? "#f" : "#t");
    if (value_same(value, V_EOF))
        return emit_text(printer, "#<eof>");
    if (value_same(value, V_UNSPECIFIED))
        return emit_text(printer, "#<unspecified>");
    return emit_text(printer, value_same(value, V_DEFAULT) ? "#<default>" : "#<unbound>");
}

/* #<what name>, without the name if there is none */
static bool print_opaque(struct printer *printer, const char *what, const char *name, size_t length)
{
    if (!emit_text(printer, "#<") || !emit_text(printer, what))
        return false;
    if (name && !(emit(printer, " ", 1) && emit_pieces(printer, name, length, append_plain)))
        return false;
    return emit(printer, ">", 1);
}

/* The name of a record's type, without the angle brackets that many programs put around it. */
static bool print_type_name(struct printer *printer, sch_value type)
{
    sch_value name = object_as(struct record_type, type)->name;
    if (!is_symbol(name))
        return emit_text(printer, "record");
    const char *text = object_as(struct symbol, name)->text;
    size_t length = object_length(name);
    if (length > 2 && text[0] == '<' && text[length - 1] == '>')
        return emit_pieces(printer, text + 1, length - 2, append_plain);
    return emit_pieces(printer, text, length, append_plain);
}

static bool print_object(struct printer *printer, sch_value value)
{
    switch ((enum object_type)header_type(value_header(value))) {
    case OBJECT_STRING:
    case OBJECT_MSTRING:
        return print_text(printer, string_view(value)->text, header_length(string_view(value)->header));
    case OBJECT_SYMBOL: return print_symbol(printer, value);
    case OBJECT_KEYWORD:
        return emit_text(printer, "#:") && print_symbol(printer, object_as(struct keyword, value)->symbol);
    case OBJECT_FLONUM:
    case OBJECT_BIGNUM:
    case OBJECT_RATIONAL:
    case OBJECT_COMPLEX: return number_print(printer->vm, value, 10, printer->out) && check(printer, true);
    case OBJECT_BYTEVECTOR: return print_bytevector(printer, value);
    case OBJECT_PARAMETER: return print_opaque(printer, "parameter", NULL, 0);
    case OBJECT_CONTINUATION: return print_opaque(printer, "continuation", NULL, 0);
    case OBJECT_CLOSURE:
    case OBJECT_PRIMITIVE: {
        const char *name = procedure_name(printer->vm, value);
        return print_opaque(printer, "procedure", name, name ? strlen(name) : 0);
    }
    case OBJECT_RECORD_TYPE:
        return emit_text(printer, "#<record-type ") && print_type_name(printer, value) && emit(printer, ">", 1);
    case OBJECT_FOREIGN: return print_opaque(printer, "foreign", NULL, 0); /* what it is belongs to the host */
    case OBJECT_PROMISE: return print_opaque(printer, "promise", NULL, 0);
    case OBJECT_PORT: return print_opaque(printer, "port", NULL, 0);
    case OBJECT_TABLE: return print_opaque(printer, "hash-table", NULL, 0);
    case OBJECT_ENVIRONMENT: return print_opaque(printer, "environment", NULL, 0);
    case OBJECT_NONE:
    case OBJECT_VECTOR:
    case OBJECT_RECORD:
    case OBJECT_CONDITION:
    case OBJECT_BOX:
    case OBJECT_CELL:
    case OBJECT_VALUES:
    case OBJECT_INSTANCE:
    case OBJECT_STACK:
    case OBJECT_DYNAMIC:
    case OBJECT_TYPE_COUNT: break;
    }
    return print_opaque(printer, "object", NULL, 0);
}

/* --- containers --- */

/* "type-error in car:", or "error" for what a program raised itself */
static bool print_condition_kind(struct printer *printer, const struct condition *condition)
{
    if (!is_symbol(condition->kind))
        return emit_text(printer, "error");
    const struct symbol *kind = object_as(struct symbol, condition->kind);
    if (strcmp(kind->text, "user") == 0)
        return emit_text(printer, "error");
    if (!emit_pieces(printer, kind->text, header_length(kind->header), append_plain))
        return false;
    if (!(is_symbol(condition->who) || is_string(condition->who)) || strcmp(kind->text, "unbound-variable") == 0)
        return true;
    struct printer name = *printer;
    name.display = true;
    return emit(printer, " in ", 4) && print_object(&name, condition->who) && emit(printer, ":", 1);
}

static bool open_container(struct printer *printer, sch_value value)
{
    if (!walk_push(printer->vm, &printer->walk, value))
        return false;
    if (is_pair(value))
        return emit(printer, "(", 1);
    if (is_vector(value))
        return emit(printer, "#(", 2);
    if (!emit(printer, "#<", 2))
        return false;
    if (is_record(value))
        return print_type_name(printer, object_as(struct record, value)->type);
    return is_condition(value) ? print_condition_kind(printer, object_of(value)) : emit_text(printer, "values");
}

/* #n# instead of the value (*ret_done), or #n= in front of it. */
static bool print_label(struct printer *printer, struct label *label, bool *ret_done)
{
    char text[24];
    *ret_done = label->number != LABEL_UNPRINTED;
    if (!*ret_done)
        label->number = printer->labels.next++;
    snprintf(text, sizeof text, "#%lld%c", (long long)label->number, *ret_done ? '#' : '=');
    return emit_text(printer, text);
}

static bool print_item(struct printer *printer, sch_value value)
{
    if (!charge(printer->vm, 1))
        return false;
    if (is_container(value)) {
        struct label *label = label_of(&printer->labels, value);
        bool done = false;
        if (label && !print_label(printer, label, &done))
            return false;
        return done || open_container(printer, value);
    }
    if (is_fixnum(value) || is_small_double(value))
        return number_print(printer->vm, value, 10, printer->out) && check(printer, true);
    if (is_character(value))
        return print_character(printer, character_code(value));
    return is_object(value) ? print_object(printer, value) : print_constant(printer, value);
}

static bool close_container(struct printer *printer, const char *text)
{
    printer->walk.depth--;
    return emit_text(printer, text);
}

/* The next part of a list: a pair that has a label begins a datum of its own behind a dot. */
static bool step_list(struct printer *printer, struct walk_frame *frame)
{
    if (frame->next == 0) {
        frame->next = 1;
        return print_item(printer, pair_car(frame->current));
    }
    sch_value rest = pair_cdr(frame->current);
    if (frame->next == 2 || is_nil(rest))
        return close_container(printer, ")");
    if (is_pair(rest) && !label_of(&printer->labels, rest)) {
        frame->current = rest;
        return emit(printer, " ", 1) && print_item(printer, pair_car(rest));
    }
    frame->next = 2;
    return emit(printer, " . ", 3) && print_item(printer, rest);
}

static sch_value record_fields(sch_value record)
{
    return object_as(struct record_type, object_as(struct record, record)->type)->fields;
}

/* A field whose name begins with % is the inside of its library, and not shown. */
static bool is_inside(sch_value fields, size_t index)
{
    if (!is_vector(fields) || index >= object_length(fields))
        return false;
    sch_value name = object_as(struct vector, fields)->items[index];
    return is_symbol(name) && object_length(name) > 1 && object_as(struct symbol, name)->text[0] == '%';
}

static bool has_inside(sch_value fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_inside(fields, i))
            return true;
    return false;
}

/* " name: " in front of a record's field; what stands beside an inside needs no name: #<container website> */
static bool print_field_name(struct printer *printer, sch_value record, size_t index, size_t count)
{
    sch_value fields = record_fields(record);
    if (!emit(printer, " ", 1))
        return false;
    if (!is_vector(fields) || index >= object_length(fields) || has_inside(fields, count))
        return true;
    sch_value name = object_as(struct vector, fields)->items[index];
    return !is_symbol(name) ||
           (emit_pieces(printer, object_as(struct symbol, name)->text, object_length(name), append_plain) &&
            emit(printer, ": ", 2));
}

/* The irritants of a condition follow its message as parts of their own. */
static bool step_condition(struct printer *printer, struct walk_frame *frame)
{
    const struct condition *condition = object_as(struct condition, frame->start);
    if (frame->next == 0) {
        frame->next = 1;
        frame->current = condition->irritants;
        return emit(printer, " ", 1) && print_item(printer, condition->message);
    }
    if (!is_pair(frame->current) || (frame->next > 1 && label_of(&printer->labels, frame->current)))
        return close_container(printer, ">");
    sch_value irritant = pair_car(frame->current);
    frame->current = pair_cdr(frame->current);
    frame->next = 2;
    return emit(printer, " ", 1) && print_item(printer, irritant);
}

static bool step(struct printer *printer)
{
    struct walk_frame *frame = &printer->walk.frames[printer->walk.depth - 1];
    if (is_condition(frame->start))
        return step_condition(printer, frame);
    if (is_pair(frame->current))
        return step_list(printer, frame);
    const sch_value *parts;
    size_t count = 0;
    bool vector = is_vector(frame->current);
    if (!value_parts(frame->current, &parts, &count) || frame->next == count)
        return close_container(printer, vector ? ")" : ">");
    size_t index = frame->next++;
    if (is_record(frame->current))
        return is_inside(record_fields(frame->current), index) ||
               (print_field_name(printer, frame->current, index, count) && print_item(printer, parts[index]));
    return ((vector && index == 0) || emit(printer, " ", 1)) && print_item(printer, parts[index]);
}

bool print_value(sch_vm *vm, sch_value value, enum print_mode mode, size_t most, struct buffer *out)
{
    struct printer printer = {
        .vm = vm, .out = out, .start = out->length, .most = most, .display = mode == PRINT_DISPLAY
    };
    bool done = mode == PRINT_WRITE_SIMPLE || labels_find(vm, value, mode == PRINT_WRITE_SHARED, &printer.labels);
    done = done && print_item(&printer, value);
    while (done && printer.walk.depth > 0)
        done = step(&printer);
    walk_done(vm, &printer.walk);
    labels_done(vm, &printer.labels);
    return done;
}
