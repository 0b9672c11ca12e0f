/*
 * What a check says of programs that run all the same: bindings that nobody uses, and imports that a definition hides.
 * Only of names that the author wrote at a binding form that he wrote; what macros bind is their affair. Silence where
 * it is not sure: a name that a macro or a branch of cond-expand drops counts as used.
 */
#include "schooner/expand/expander.h"
#include <stdio.h>

static bool warn(struct expander *x, const struct entry *entry, const char *kind, const char *format, const char *more)
{
    char message[FRONT_MESSAGE];
    const struct name *name = identifier_name(entry->id);
    snprintf(message, sizeof message, format, name->length < 200 ? name->text : "a long name", more);
    return front_charge(x->front, 1) && x->world->warn(x->world->data, entry->position, kind, message);
}

/* --- bindings that nobody uses --- */

/* Libraries and included texts are checked on their own, and may offer more than one program takes. */
static bool is_of_author(const struct expander *x, const struct entry *entry)
{
    return x->world->warn && entry->id->kind == DATUM_SYMBOL && entry->position.file == x->file;
}

void warn_watch(struct expander *x, const struct datum *form, struct entry *entry)
{
    if (!is_of_author(x, entry) || *identifier_text(entry->id) == '_' || form_car(form)->kind != DATUM_SYMBOL)
        return;
    entry->watched = true;
    x->unused += entry->depth > 0;
}

bool warn_scope(struct expander *x, const struct scope *scope)
{
    for (struct entry *entry = scope->entries; x->world->warn && entry; entry = entry->next) {
        if (!entry->watched)
            continue;
        x->unused--;
        if (!entry->used && !warn(x, entry, "unused-variable", "`%s` is bound and never used%s", ""))
            return false;
    }
    return true;
}

/* An identifier of a form that may be dropped. */
static bool mention(struct expander *x, struct datum *id)
{
    resolve_local(x, id);
    return front_charge(x->front, 1);
}

struct mentions {
    struct datum *datum;
    struct mentions *next;
};

static bool push(struct expander *x, struct mentions **todo, struct datum *datum)
{
    struct mentions *entry = front_new(x->front, struct mentions);
    if (!entry)
        return false;
    *entry = (struct mentions){ datum, *todo };
    *todo = entry;
    return true;
}

bool warn_mentioned(struct expander *x, struct datum *form)
{
    struct mentions *todo = NULL;
    if (x->unused == 0)
        return true; /* nobody waits for it: also where nobody wants warnings */
    for (;;) {
        for (; form->kind == DATUM_PAIR && !form->cyclic; form = form_cdr(form)) {
            struct datum *part = form_car(form);
            if (is_identifier(part) ? !mention(x, part)
                                    : (part->kind == DATUM_PAIR || part->kind == DATUM_VECTOR) && !push(x, &todo, part))
                return false;
        }
        if (is_identifier(form) && !mention(x, form))
            return false;
        for (size_t i = 0; form->kind == DATUM_VECTOR && !form->cyclic && i < form->vector.length; i++) {
            if (!push(x, &todo, form->vector.items[i]))
                return false;
        }
        if (!todo)
            return true;
        form = todo->datum;
        todo = todo->next;
    }
}

/* The end of a program says whether it is one, or definitions for whoever includes or calls them. */
static bool ends_in_expression(const struct expander *x)
{
    return x->item_count > 0 && x->items[x->item_count - 1]->kind != CORE_DEFINE;
}

bool warn_module(struct expander *x, const struct module *module)
{
    bool is_whole = !module->is_program || (x->world->late_names && ends_in_expression(x));
    if (!x->world->warn || x->muted || !is_whole)
        return true;
    for (const struct entry *entry = module->first; entry; entry = entry->next) {
        /* A name that is written twice may be meant by a quotation, or by the template of a macro. */
        if (entry->watched && !entry->used && identifier_name(entry->id)->written == 1 &&
            !warn(x, entry, "unused-definition", "`%s` is defined and never used%s", ""))
            return false;
    }
    return true;
}

/* --- imports that are hidden --- */

bool warn_hidden(struct expander *x, const struct entry *entry)
{
    if (!is_of_author(x, entry))
        return true;
    const struct import_set *set = import_of(x, x->module, identifier_name(entry->id));
    if (x->front->failed)
        return false;
    return !set ||
           warn(x, entry, "hidden-import", "`%s` is imported from %s, and defined here again", set->source->space);
}
