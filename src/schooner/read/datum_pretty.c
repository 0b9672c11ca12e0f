/* datum -> source text over several lines, as a person would indent it. Knows the layout of the standard forms by the
 * name at their head, and nothing of what they mean. */
#include <string.h>
#include "base/arith.h"
#include "base/buffer.h"
#include "base/cstack.h"
#include "schooner/read/datum.h"
#include "schooner/text/syntax.h"

/* Lines of so many columns where it can be done. Indentation ends somewhere: a deep program would be all spaces. */
enum { WIDTH = 80, INDENT_MAX = 100, HEAD_MAX = 24 };
enum { CONSTANT_MAX = 1 << 20, PRETTY_STACK = 64 * 1024 };

struct pretty {
    struct buffer *out;
    size_t line; /* where the line begins in the buffer */
    size_t end;  /* of the buffer: what would begin behind it is left out */
    struct cstack stack;
};

enum fit { FITS, TOO_LONG, NO_MEMORY };

static size_t column(const struct pretty *p)
{
    return p->out->length - p->line;
}

/* The name of an identifier as it is shown; NULL: no identifier. */
static const struct name *shown_name(const struct datum *datum)
{
    if (datum->kind != DATUM_SYMBOL && datum->kind != DATUM_ALIAS)
        return NULL;
    const struct alias_head *alias = datum->kind == DATUM_ALIAS ? (const struct alias_head *)datum->alias : NULL;
    return alias && alias->shown && alias->shown->name ? alias->shown->name : datum_symbol_name(datum);
}

/* The datum of (quote datum); NULL: none. */
static const struct datum *quoted(const struct datum *datum)
{
    const char *prefix = datum_prefix(datum);
    return prefix && strcmp(prefix, "'") == 0 ? datum->pair.cdr->pair.car : NULL;
}

/* Is it to be broken into its parts? Data are not: quoted ones, vectors, and what has a cycle. */
static bool is_form(const struct datum *datum)
{
    return datum->kind == DATUM_PAIR && !datum->cyclic && !quoted(datum);
}

/* What stands on one line, of at most so many bytes. */
static bool print_atom(struct pretty *p, const struct datum *datum, size_t most)
{
    const struct name *name = shown_name(datum);
    if (name)
        return syntax_write_symbol(name->text, name->length, p->out);
    const struct datum *constant = quoted(datum);
    return (!constant || buffer_append_byte(p->out, '\'')) && datum_print(constant ? constant : datum, most, p->out);
}

/* Each level of lists takes a column of the line, which bounds the recursion. */
static enum fit print_flat(struct pretty *p, const struct datum *datum)
{
    if (column(p) > WIDTH)
        return TOO_LONG;
    if (!is_form(datum)) {
        if (!print_atom(p, datum, WIDTH + 1))
            return NO_MEMORY;
        return column(p) > WIDTH ? TOO_LONG : FITS;
    }
    const char *prefix = datum_prefix(datum);
    if (prefix)
        return buffer_append_text(p->out, prefix) ? print_flat(p, datum->pair.cdr->pair.car) : NO_MEMORY;
    char before = '(';
    for (; datum->kind == DATUM_PAIR && !datum->cyclic; datum = datum->pair.cdr, before = ' ') {
        enum fit fit = buffer_append_byte(p->out, (unsigned char)before) ? print_flat(p, datum->pair.car) : NO_MEMORY;
        if (fit != FITS)
            return fit;
    }
    if (datum->kind != DATUM_NIL) {
        enum fit fit = buffer_append_text(p->out, " . ") ? print_flat(p, datum) : NO_MEMORY;
        if (fit != FITS)
            return fit;
    }
    if (!buffer_append_byte(p->out, ')'))
        return NO_MEMORY;
    return column(p) > WIDTH ? TOO_LONG : FITS;
}

static bool new_line(struct pretty *p, size_t indent)
{
    bool ok = buffer_append_byte(p->out, '\n');
    p->line = p->out->length;
    for (size_t i = 0; i < indent && i < INDENT_MAX && ok; i++)
        ok = buffer_append_byte(p->out, ' ');
    return ok;
}

/* How many parts behind the head stay on its line while the others follow two columns in; -1: no such form. */
static int parts_on_line(const struct datum *datum)
{
    static const struct {
        const char *name;
        int parts;
    } forms[] = { { "begin", 0 },
                  { "case", 1 },
                  { "case-lambda", 0 },
                  { "define", 1 },
                  { "define-library", 1 },
                  { "define-record-type", 1 },
                  { "define-syntax", 1 },
                  { "define-values", 1 },
                  { "delay", 0 },
                  { "do", 2 },
                  { "guard", 1 },
                  { "lambda", 1 },
                  { "let", 1 },
                  { "let*", 1 },
                  { "let*-values", 1 },
                  { "let-syntax", 1 },
                  { "let-values", 1 },
                  { "letrec", 1 },
                  { "letrec*", 1 },
                  { "letrec-syntax", 1 },
                  { "parameterize", 1 },
                  { "syntax-rules", 1 },
                  { "unless", 1 },
                  { "when", 1 } };
    const struct name *head = shown_name(datum->pair.car);
    const struct datum *rest = datum->pair.cdr;
    for (size_t i = 0; head && i < sizeof forms / sizeof forms[0]; i++) {
        if (strcmp(head->text, forms[i].name) == 0)
            return forms[i].parts +
                   (strcmp(head->text, "let") == 0 && rest->kind == DATUM_PAIR && shown_name(rest->pair.car));
    }
    return -1;
}

static bool print_pretty(struct pretty *p, const struct datum *datum);

static bool print_broken(struct pretty *p, const struct datum *datum)
{
    const struct datum *head = datum->pair.car, *rest = datum->pair.cdr;
    const char *prefix = datum_prefix(datum);
    size_t indent = column(p) + 1;
    int parts = parts_on_line(datum);
    if (prefix)
        return buffer_append_text(p->out, prefix) && print_pretty(p, rest->pair.car);
    if (!buffer_append_byte(p->out, '(') || !print_pretty(p, head))
        return false;
    size_t head_length = column(p) - indent;
    if (parts < 0 && head->kind != DATUM_PAIR && head_length <= HEAD_MAX) {
        parts = 1;
        indent += head_length + 1; /* under the first argument */
    } else if (parts >= 0 || head->kind != DATUM_PAIR) {
        indent += 1;
    }
    for (; rest->kind == DATUM_PAIR && !rest->cyclic; rest = rest->pair.cdr) {
        if (p->out->length >= p->end)
            return buffer_append_text(p->out, " ...)");
        bool ok = parts-- > 0 ? buffer_append_byte(p->out, ' ') : new_line(p, indent);
        if (!ok || !print_pretty(p, rest->pair.car))
            return false;
    }
    return (rest->kind == DATUM_NIL || (buffer_append_text(p->out, " . ") && print_pretty(p, rest))) &&
           buffer_append_byte(p->out, ')');
}

struct pretty_call {
    struct pretty *p;
    const struct datum *datum;
    bool result;
};

static void print_again(void *data)
{
    struct pretty_call *call = data;
    call->result = print_pretty(call->p, call->datum);
}

static bool print_pretty(struct pretty *p, const struct datum *datum)
{
    if (cstack_is_low(&p->stack)) {
        struct pretty_call call = { p, datum, false };
        return cstack_extend(&p->stack, print_again, &call) == CSTACK_CALLED && call.result;
    }
    size_t start = p->out->length;
    if (start >= p->end)
        return buffer_append_text(p->out, "...");
    enum fit fit = print_flat(p, datum);
    if (fit != TOO_LONG)
        return fit == FITS;
    p->out->length = start;
    return is_form(datum) ? print_broken(p, datum) : print_atom(p, datum, CONSTANT_MAX);
}

bool datum_print_source(const struct datum *datum, size_t most, struct buffer *out)
{
    struct pretty p = { .out = out, .line = out->length };
    if (!size_add(out->length, most, &p.end))
        p.end = SIZE_MAX;
    cstack_init(&p.stack, out->memory, PRETTY_STACK);
    bool ok = print_pretty(&p, datum) && buffer_append_byte(out, '\n');
    cstack_done(&p.stack);
    return ok;
}
