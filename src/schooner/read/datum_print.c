/* datum -> text, for messages and stages: short and bounded. The printer of values is print/. */
#include "schooner/read/datum.h"

#include "base/buffer.h"
#include "schooner/num/number.h"
#include "schooner/text/syntax.h"

enum { PRINT_DEPTH = 64 }; /* C recurses this deep; data that are deeper end in "..." */

struct datum_printer {
    struct buffer *out;
    size_t end;      /* of the buffer: what would begin behind it is left out */
    bool seen_cycle; /* the first datum of a cycle is printed, later ones are left out */
};

static bool print_datum(struct datum_printer *printer, const struct datum *datum, unsigned depth);

static bool is_full(const struct datum_printer *printer)
{
    return printer->out->length >= printer->end;
}

static bool print_immediate(struct datum_printer *printer, sch_value value)
{
    if (is_character(value))
        return syntax_write_character(character_code(value), printer->out);
    if (is_fixnum(value))
        return buffer_append_format(printer->out, "%lld", (long long)fixnum_int(value));
    if (is_small_double(value))
        return buffer_append_format(printer->out, "%.17g", small_double(value));
    return buffer_append_text(printer->out, is_false(value)                    ? "#f"
                                            : value_same(value, V_TRUE)        ? "#t"
                                            : value_same(value, V_UNSPECIFIED) ? "#<unspecified>"
                                                                               : "#<constant>");
}

static bool print_bytes(struct datum_printer *printer, const struct datum *datum)
{
    bool done = buffer_append_text(printer->out, "#u8(");
    for (size_t i = 0; done && i < datum->text.length; i++) {
        if (is_full(printer))
            return buffer_append_text(printer->out, " ...)");
        done = buffer_append_format(printer->out, "%s%u", i ? " " : "", (unsigned char)datum->text.bytes[i]);
    }
    return done && buffer_append_byte(printer->out, ')');
}

static bool print_vector(struct datum_printer *printer, const struct datum *datum, unsigned depth)
{
    bool done = buffer_append_text(printer->out, "#(");
    for (size_t i = 0; done && i < datum->vector.length; i++) {
        if (is_full(printer))
            return buffer_append_text(printer->out, " ...)");
        done = (i == 0 || buffer_append_byte(printer->out, ' ')) &&
               print_datum(printer, datum->vector.items[i], depth + 1);
    }
    return done && buffer_append_byte(printer->out, ')');
}

const char *datum_prefix(const struct datum *datum)
{
    static const struct {
        char name[20];
        char prefix[4];
    } prefixes[] = { { "quote", "'" }, { "quasiquote", "`" }, { "unquote", "," }, { "unquote-splicing", ",@" } };
    if (datum->kind != DATUM_PAIR || datum->cyclic)
        return NULL;
    const struct datum *head = datum->pair.car, *rest = datum->pair.cdr;
    if ((head->kind != DATUM_SYMBOL && head->kind != DATUM_ALIAS) || rest->kind != DATUM_PAIR ||
        rest->pair.cdr->kind != DATUM_NIL)
        return NULL;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if (strcmp(datum_symbol_name(head)->text, prefixes[i].name) == 0)
            return prefixes[i].prefix;
    }
    return NULL;
}

static bool print_list(struct datum_printer *printer, const struct datum *datum, unsigned depth)
{
    const char *prefix = datum_prefix(datum);
    if (prefix)
        return buffer_append_text(printer->out, prefix) && print_datum(printer, datum->pair.cdr->pair.car, depth + 1);
    bool done = buffer_append_byte(printer->out, '(') && print_datum(printer, datum->pair.car, depth + 1);
    const struct datum *rest = datum->pair.cdr;
    for (; done && rest->kind == DATUM_PAIR; rest = rest->pair.cdr) {
        if (is_full(printer) || (rest->cyclic && printer->seen_cycle))
            return buffer_append_text(printer->out, " ...)");
        printer->seen_cycle |= rest->cyclic;
        done = buffer_append_byte(printer->out, ' ') && print_datum(printer, rest->pair.car, depth + 1);
    }
    if (done && rest->kind != DATUM_NIL)
        done = buffer_append_text(printer->out, " . ") && print_datum(printer, rest, depth + 1);
    return done && buffer_append_byte(printer->out, ')');
}

/* Long texts are cut between characters. */
static bool print_text(struct datum_printer *printer, const struct datum *datum)
{
    const char *text = datum->text.bytes;
    size_t room = is_full(printer) ? 0 : printer->end - printer->out->length;
    size_t length = datum->text.length;
    bool cut = length > room;
    if (cut) {
        length = room;
        while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
            length--;
    }
    bool done = datum->kind == DATUM_STRING ? syntax_write_string(text, length, printer->out)
                                            : buffer_append(printer->out, text, length);
    return done && (!cut || buffer_append_text(printer->out, "..."));
}

const struct name *datum_symbol_name(const struct datum *identifier)
{
    while (identifier->kind == DATUM_ALIAS)
        identifier = ((const struct alias_head *)identifier->alias)->id;
    return identifier->name;
}

static bool print_datum(struct datum_printer *printer, const struct datum *datum, unsigned depth)
{
    bool container = datum->kind == DATUM_PAIR || datum->kind == DATUM_VECTOR;
    if ((container && depth >= PRINT_DEPTH) || is_full(printer) || (datum->cyclic && printer->seen_cycle))
        return buffer_append_text(printer->out, "...");
    printer->seen_cycle |= datum->cyclic;
    switch ((enum datum_kind)datum->kind) {
    case DATUM_NIL: return buffer_append_text(printer->out, "()");
    case DATUM_IMMEDIATE: return print_immediate(printer, datum->value);
    case DATUM_NUMBER:
    case DATUM_STRING: return print_text(printer, datum);
    case DATUM_BYTEVECTOR: return print_bytes(printer, datum);
    case DATUM_KEYWORD:
        return buffer_append_text(printer->out, "#:") &&
               syntax_write_symbol(datum->name->text, datum->name->length, printer->out);
    case DATUM_SYMBOL: return syntax_write_symbol(datum->name->text, datum->name->length, printer->out);
    case DATUM_PAIR: return print_list(printer, datum, depth);
    case DATUM_VECTOR: return print_vector(printer, datum, depth);
    case DATUM_ALIAS: {
        const struct name *name = datum_symbol_name(datum);
        return syntax_write_symbol(name->text, name->length, printer->out);
    }
    case DATUM_CORE: return buffer_append_text(printer->out, "#<expanded>");
    }
    return false;
}

bool datum_print(const struct datum *datum, size_t most, struct buffer *out)
{
    size_t end;
    if (!size_add(out->length, most, &end))
        end = SIZE_MAX;
    struct datum_printer printer = { .out = out, .end = end };
    return print_datum(&printer, datum, 0);
}
