/* datum -> source text over several lines, as a person would indent it. Knows the layout of the standard forms by the
 * name at their head, and nothing of what they mean. */
#include <string.h>
#include "base/buffer.h"
#include "base/cstack.h"
#include "schooner/read/datum.h"

/* Lines of so many columns where it can be done. Indentation ends somewhere: a deep program would be all spaces. */
enum { WIDTH = 80, INDENT_MOST = 100, HEAD_MOST = 24 };
enum { CONSTANT_MOST = 1 << 20, PRETTY_STACK = 64 * 1024 };

struct pretty {
    struct buffer *out;
    size_t line; /* where the line begins in the buffer */
    struct cstack stack;
};

enum fit { FITS, TOO_LONG, NO_MEMORY };

static size_t column(const struct pretty *p)
{
    return p->out->length - p->line;
}

static const struct datum *quoted(const struct datum *datum)
{
    if (datum->kind != DATUM_PAIR || datum->cyclic || datum->pair.car->kind != DATUM_SYMBOL ||
        strcmp(datum->pair.car->name->text, "quote") != 0)
        return NULL;
    return datum->pair.cdr->pair.car;
}

/* What stands on one line, however long. */
static bool print_atom(struct pretty *p, const struct datum *datum)
{
    const struct datum *constant = quoted(datum);
    return (!constant || buffer_append_byte(p->out, '\'')) &&
           datum_print(constant ? constant : datum, CONSTANT_MOST, p->out);
}

/* Each level of lists takes a column of the line, which bounds the recursion. */
static enum fit print_flat(struct pretty *p, const struct datum *datum)
{
    if (column(p) > WIDTH)
        return TOO_LONG;
    if (datum->kind != DATUM_PAIR || quoted(datum)) {
        const struct datum *constant = quoted(datum);
        if ((constant && !buffer_append_byte(p->out, '\'')) ||
            !datum_print(constant ? constant : datum, WIDTH + 1, p->out))
            return NO_MEMORY;
        return column(p) > WIDTH ? TOO_LONG : FITS;
    }
    char before = '(';
    for (; datum->kind == DATUM_PAIR; datum = datum->pair.cdr, before = ' ') {
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
    for (size_t i = 0; i < indent && i < INDENT_MOST && ok; i++)
        ok = buffer_append_byte(p->out, ' ');
    return ok;
}

/* How many parts behind the head stay on its line while the others follow two columns in; -1: no such form. */
static int parts_on_line(const struct datum *head)
{
    static const struct {
        const char *name;
        int parts;
    } forms[] = { { "begin", 0 },  { "case-lambda", 0 }, { "define", 1 },      { "delay", 0 },
                  { "guard", 1 },  { "lambda", 1 },      { "let", 1 },         { "let-values", 1 },
                  { "letrec", 1 }, { "letrec*", 1 },     { "parameterize", 1 } };
    for (size_t i = 0; head->kind == DATUM_SYMBOL && i < sizeof forms / sizeof forms[0]; i++)
        if (strcmp(head->name->text, forms[i].name) == 0)
            return forms[i].parts;
    return -1;
}

static bool print_pretty(struct pretty *p, const struct datum *datum);

static bool print_broken(struct pretty *p, const struct datum *datum)
{
    const struct datum *head = datum->pair.car, *rest = datum->pair.cdr;
    size_t indent = column(p) + 1;
    int parts = parts_on_line(head);
    if (!buffer_append_byte(p->out, '(') || !print_pretty(p, head))
        return false;
    size_t head_length = column(p) - indent;
    if (parts < 0 && head->kind != DATUM_PAIR && head_length <= HEAD_MOST) {
        parts = 1;
        indent += head_length + 1; /* under the first argument */
    } else if (parts >= 0 || head->kind != DATUM_PAIR) {
        indent += 1;
    }
    for (; rest->kind == DATUM_PAIR; rest = rest->pair.cdr) {
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
    enum fit fit = print_flat(p, datum);
    if (fit != TOO_LONG)
        return fit == FITS;
    p->out->length = start;
    return datum->kind == DATUM_PAIR && !quoted(datum) ? print_broken(p, datum) : print_atom(p, datum);
}

bool datum_print_source(const struct datum *datum, struct buffer *out)
{
    struct pretty p = { .out = out, .line = out->length };
    cstack_init(&p.stack, out->memory, PRETTY_STACK);
    bool ok = print_pretty(&p, datum) && buffer_append_byte(out, '\n');
    cstack_done(&p.stack);
    return ok;
}
