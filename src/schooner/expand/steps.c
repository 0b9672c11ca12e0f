/*
 * Macros at work, as text for people: each step with its form before and after, or the outermost step alone. A renamed
 * identifier is shown with a number behind its name (tmp.1) where the form has another identifier of that name and the
 * two are not one binding, or may become two: what a form binds is known of the standard forms, and taken to be
 * anything in a use of a macro. Does not know where the text goes.
 */
#include <stdio.h>
#include <string.h>
#include "schooner/expand/macro.h"

/* Of a form so much is looked at and printed: the parts of what a macro builds may be shared, and so without bound. */
enum { STEP_BYTES = 1 << 20, STEP_PARTS = 1 << 18, STEP_NAME = 200 };

/* What is known of an identifier that was shown. */
struct shown {
    struct alias_shown how; /* first: what the alias points to */
    struct datum *id;
    uint64_t step; /* in which it was last seen */
    bool bound;    /* the form binds it, or may */
    struct shown *next;
};

/* The identifiers of one name in a step. */
struct namesakes {
    struct shown symbol; /* the name itself, as somebody wrote it */
    struct shown *aliases, **last;
    uint64_t step;
    uint32_t number; /* that the last renaming took */
    const struct name *name;
    struct namesakes *next; /* of this step */
};

/* A form, the rest of one, what holds names that are bound, or what means nothing yet: the operands of a macro. */
enum part { PART_FORM, PART_REST, PART_BOUND, PART_OPERANDS };

/* What is left to look at. */
struct look {
    struct datum *datum;
    enum part part;
    struct look *next;
};

struct steps {
    struct table names; /* struct name -> struct namesakes */
    uint64_t count;
    struct namesakes *present; /* in this step */
    size_t seen;               /* identifiers and pairs of this step */
    struct look *looks, *spare;
    struct buffer text;
};

bool steps_begin(struct expander *x)
{
    x->steps = front_new(x->front, struct steps);
    return x->steps != NULL;
}

/* --- looking for identifiers --- */

static struct namesakes *namesakes_of(struct expander *x, const struct name *name)
{
    struct steps *steps = x->steps;
    struct namesakes *same = table_get(&steps->names, name);
    if (!same && (!(same = front_new(x->front, struct namesakes)) || !table_put(x->front, &steps->names, name, same)))
        return NULL;
    if (same->step != steps->count) {
        same->step = steps->count;
        same->aliases = NULL;
        same->last = &same->aliases;
        same->name = name;
        same->next = steps->present;
        steps->present = same;
    }
    return same;
}

static bool note(struct expander *x, struct datum *id, bool bound)
{
    struct namesakes *same = namesakes_of(x, identifier_name(id));
    if (!same)
        return false;
    struct shown *shown = &same->symbol;
    if (id->kind == DATUM_ALIAS && !(shown = (struct shown *)id->alias->shown)) {
        if (!(shown = front_new(x->front, struct shown)))
            return false;
        id->alias->shown = &shown->how;
    }
    shown->bound = bound || (shown->bound && shown->step == x->steps->count);
    if (shown->step == x->steps->count)
        return true;
    shown->step = x->steps->count;
    shown->id = id;
    if (id->kind == DATUM_ALIAS) {
        shown->next = NULL;
        *same->last = shown;
        same->last = &shown->next;
    }
    return true;
}

static bool push(struct expander *x, struct datum *datum, enum part part)
{
    struct steps *steps = x->steps;
    struct look *look = steps->spare;
    if (look)
        steps->spare = look->next;
    else if (!(look = front_new(x->front, struct look)))
        return false;
    *look = (struct look){ .datum = datum, .part = part, .next = steps->looks };
    steps->looks = look;
    return true;
}

/* Where a standard form has the names that it binds. */
enum shape {
    SHAPE_NONE,
    SHAPE_NAMES,    /* (lambda names ...) */
    SHAPE_BINDINGS, /* (let ((name ...) ...) ...) */
    SHAPE_BINDING,  /* (guard (name ...) ...) */
    SHAPE_CLAUSES,  /* (case-lambda (names ...) ...) */
    SHAPE_ALL,      /* anywhere */
    SHAPE_QUOTE,
};

static enum shape shape_of(const struct entry *entry)
{
    if (!entry || entry->kind != ENTRY_SPECIAL)
        return entry && entry->kind == ENTRY_MACRO ? SHAPE_ALL : SHAPE_NONE;
    switch (entry->special) {
    case SPECIAL_QUOTE: return SHAPE_QUOTE;
    case SPECIAL_LAMBDA:
    case SPECIAL_LAMBDA_STAR:
    case SPECIAL_DEFINE:
    case SPECIAL_DEFINE_STAR:
    case SPECIAL_DEFINE_VALUES:
    case SPECIAL_DEFINE_SYNTAX:
    case SPECIAL_RECEIVE: return SHAPE_NAMES;
    case SPECIAL_LET:
    case SPECIAL_LET_STAR:
    case SPECIAL_LETREC:
    case SPECIAL_LETREC_STAR:
    case SPECIAL_LET_VALUES:
    case SPECIAL_LET_STAR_VALUES:
    case SPECIAL_LET_SYNTAX:
    case SPECIAL_LETREC_SYNTAX:
    case SPECIAL_DO: return SHAPE_BINDINGS;
    case SPECIAL_GUARD: return SHAPE_BINDING;
    case SPECIAL_CASE_LAMBDA: return SHAPE_CLAUSES;
    case SPECIAL_DEFINE_RECORD_TYPE: return SHAPE_ALL;
    default: return SHAPE_NONE;
    }
}

/* (names ...) */
static bool push_binding(struct expander *x, struct datum *binding)
{
    if (binding->kind != DATUM_PAIR || binding->cyclic)
        return push(x, binding, PART_BOUND);
    return push(x, form_cdr(binding), PART_REST) && push(x, form_car(binding), PART_BOUND);
}

static bool push_bindings(struct expander *x, struct datum *list)
{
    for (; list->kind == DATUM_PAIR && !list->cyclic; list = form_cdr(list)) {
        if (!front_charge(x->front, 1) || !push_binding(x, form_car(list)))
            return false;
    }
    return true;
}

/* A form whose head is an identifier. */
static bool push_form(struct expander *x, struct datum *form)
{
    struct datum *head = form_car(form), *rest = form_cdr(form);
    enum shape shape = shape_of(look_up(x, head, here(x)));
    if (x->front->failed || !note(x, head, false))
        return false;
    bool is_list = rest->kind == DATUM_PAIR && !rest->cyclic;
    bool is_named = shape == SHAPE_BINDINGS && is_list && is_identifier(form_car(rest));
    if (is_named) { /* a named let */
        if (!note(x, form_car(rest), true))
            return false;
        rest = form_cdr(rest);
        is_list = rest->kind == DATUM_PAIR && !rest->cyclic;
    }
    switch (is_list || shape == SHAPE_QUOTE ? shape : SHAPE_NONE) {
    case SHAPE_NONE: return push(x, rest, PART_REST);
    case SHAPE_NAMES: return push(x, form_cdr(rest), PART_REST) && push(x, form_car(rest), PART_BOUND);
    case SHAPE_BINDINGS: return push(x, form_cdr(rest), PART_REST) && push_bindings(x, form_car(rest));
    case SHAPE_BINDING: return push(x, form_cdr(rest), PART_REST) && push_binding(x, form_car(rest));
    case SHAPE_CLAUSES: return push_bindings(x, rest);
    case SHAPE_ALL: return push(x, rest, PART_BOUND);
    case SHAPE_QUOTE: return true;
    }
    return false;
}

static bool look_at(struct expander *x, struct datum *datum, enum part part)
{
    if (is_identifier(datum))
        return note(x, datum, part == PART_BOUND);
    if (datum->kind != DATUM_PAIR || datum->cyclic) /* vectors are data */
        return true;
    if (part == PART_FORM && is_identifier(form_car(datum)))
        return push_form(x, datum);
    bool is_body = part == PART_FORM || part == PART_REST;
    return push(x, form_cdr(datum), is_body ? PART_REST : part) && push(x, form_car(datum), is_body ? PART_FORM : part);
}

static bool look_through(struct expander *x, struct datum *datum, enum part part)
{
    struct steps *steps = x->steps;
    steps->looks = NULL;
    bool ok = push(x, datum, part);
    while (ok && steps->looks && steps->seen++ < STEP_PARTS) {
        struct look *look = steps->looks;
        struct look now = *look;
        steps->looks = look->next;
        look->next = steps->spare;
        steps->spare = look;
        ok = front_charge(x->front, 1) && look_at(x, now.datum, now.part);
    }
    return ok && !x->front->failed;
}

/* --- names --- */

/* name.1, name.2, ...: the first that is in no text and was not given yet. */
static const struct name *fresh_name(struct expander *x, struct namesakes *same)
{
    const struct name *base = same->name;
    char text[STEP_NAME + 16];
    for (;;) {
        snprintf(text, sizeof text, "%.*s.%u", base->length < STEP_NAME ? (int)base->length : 0, base->text,
                 (unsigned)++same->number);
        size_t before = x->front->names.count;
        const struct name *name = name_of(&x->front->names, text);
        if (!name)
            front_limit(x->front, SCH_LIMIT_HEAP);
        if (!name || x->front->names.count > before)
            return name;
        if (!front_charge(x->front, 1))
            return NULL;
    }
}

/* Do two identifiers of one name mean the same wherever they stand in the form? */
static bool is_same(struct expander *x, const struct shown *a, const struct shown *b)
{
    const struct entry *first = look_up(x, a->id, here(x)), *second = look_up(x, b->id, here(x));
    bool is_form = first && (first->kind == ENTRY_SPECIAL || first->kind == ENTRY_MACRO);
    return first && second && entry_same(first, second) && (is_form || (!a->bound && !b->bound));
}

/* The one that keeps the name is the symbol, else the first that has no number from an earlier step. */
static bool choose_names(struct expander *x, struct namesakes *same)
{
    struct shown *keeper = same->symbol.step == same->step ? &same->symbol : NULL;
    for (struct shown *shown = same->aliases; shown; shown = shown->next) {
        if (!front_charge(x->front, 1))
            return false;
        if (shown->how.name)
            continue;
        if (!keeper)
            keeper = shown;
        else if (!is_same(x, keeper, shown) && !(shown->how.name = fresh_name(x, same)))
            return false;
    }
    return !x->front->failed;
}

static bool name_all(struct expander *x, struct datum *before, struct datum *after)
{
    struct steps *steps = x->steps;
    bool quiet = x->quiet;
    steps->count++;
    steps->seen = 0;
    steps->present = NULL;
    x->quiet = true; /* what imports leave open may be a name that the form binds */
    bool ok = after ? look_through(x, before, PART_OPERANDS) && look_through(x, after, PART_FORM)
                    : look_through(x, before, PART_FORM);
    for (struct namesakes *same = steps->present; same && ok; same = same->next)
        ok = choose_names(x, same);
    x->quiet = quiet;
    return ok;
}

/* --- text --- */

static const char *file_of(const struct expander *x, struct position position)
{
    return position.file < x->front->source_count ? x->front->sources[position.file].name : "-";
}

static bool print_head(struct expander *x, const struct macro *macro, uint32_t rule, const struct datum *form)
{
    struct buffer *out = &x->steps->text;
    const struct name *name = identifier_name(form_car(form));
    struct position at = macro->rules[rule].position;
    bool ok = buffer_append_format(out, ";; step %llu, %s:%u:%u: `%.*s`", (unsigned long long)x->steps->count,
                                   file_of(x, form->position), form->position.line, form->position.column, STEP_NAME,
                                   name->text);
    if (macro->bytes) /* it was compiled earlier: its rules have no places */
        return ok && buffer_append_format(out, " of %s, its rule %u\n",
                                          *macro->env.module->space ? macro->env.module->space : "this program",
                                          (unsigned)rule + 1);
    return ok && buffer_append_format(out, " by its rule at %s:%u:%u\n", file_of(x, at), at.line, at.column);
}

/* Hands over what was printed and pays for it. */
static bool give(struct expander *x, bool printed)
{
    struct buffer *out = &x->steps->text;
    bool ok = printed ? front_charge(x->front, out->length) &&
                            x->world->step(x->world->step_data, x->front, (const char *)out->bytes, out->length)
                      : front_limit(x->front, SCH_LIMIT_HEAP);
    buffer_done(out);
    return ok;
}

bool steps_take(struct expander *x, const struct macro *macro, uint32_t rule, struct datum *before, struct datum *after)
{
    struct buffer *out = &x->steps->text;
    if (!name_all(x, before, after))
        return false;
    buffer_init(out, x->front->arena.memory);
    return give(x, print_head(x, macro, rule, before) && datum_print_source(before, STEP_BYTES, out) &&
                       buffer_append_text(out, ";; becomes\n") && datum_print_source(after, STEP_BYTES, out) &&
                       buffer_append_byte(out, '\n'));
}

bool steps_once(struct expander *x, struct datum *form)
{
    struct buffer *out = &x->steps->text;
    struct datum *after = NULL;
    struct macro *macro;
    if (!top_macro(x, form, &macro))
        return false;
    if (macro) {
        struct steps *steps = x->steps;
        x->steps = NULL;
        after = front_charge(x->front, 1) ? macro_expand(x, macro, form) : NULL;
        x->steps = steps;
        if (!after)
            return false;
    }
    if (!name_all(x, form, after))
        return false;
    buffer_init(out, x->front->arena.memory);
    return give(x, datum_print_source(after ? after : form, after ? STEP_BYTES : SIZE_MAX, out));
}
