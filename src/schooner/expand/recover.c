/*
 * Going on behind an error, so that a check finds more than the first one. Owns what has to be closed and what must not
 * be believed afterwards. Does not know who hears of the errors.
 */
#include "schooner/expand/expander.h"

bool recover_told(struct expander *x)
{
    struct front *front = x->front;
    if (!x->world->report || !front->failed || front->limit != SCH_LIMIT_NONE)
        return false;
    bool is_told = !x->muted || strcmp(front->error.kind, "unbound-variable") != 0;
    if (is_told && !x->world->report(x->world->data, front))
        return false;
    front->failed = false;
    memset(&front->error, 0, sizeof front->error);
    return true;
}

/* A form that would have bound names that nobody knows now. */
static bool may_bind(const struct datum *form)
{
    static const char *const heads[] = { "import",        "use-modules",        "define-library", "define-syntax",
                                         "define-values", "define-record-type", "begin",          "include",
                                         "include-ci",    "cond-expand" };
    if (form->kind != DATUM_PAIR || !is_identifier(form_car(form)))
        return false;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        if (strcmp(identifier_text(form_car(form)), heads[i]) == 0)
            return true;
    return false;
}

/* What was claimed and not filled stands for a variable from here on. */
static bool settle_names(struct expander *x)
{
    for (struct entry *entry = x->module->first; entry; entry = entry->next) {
        bool hollow = entry->kind == ENTRY_LOCAL || (entry->kind == ENTRY_MACRO && !entry->macro);
        if (!hollow)
            continue;
        entry->kind = ENTRY_GLOBAL;
        if (!(entry->global = global_top(x, x->module->space, entry->inside)))
            return false;
    }
    return true;
}

bool recover_unread(struct expander *x)
{
    x->muted = true;
    return recover_told(x);
}

bool recover_behind(struct expander *x, const struct datum *form)
{
    if (!recover_told(x))
        return false;
    scope_leave_all(x);
    x->tasks = NULL;
    x->loading = 0;
    x->quiet = false;
    for (struct module *module = x->modules; module; module = module->next) {
        if (module->state == MODULE_LOADING)
            module->state = MODULE_DONE; /* importing it is no second error */
        if (module->is_program)
            x->module = module;
    }
    x->muted = x->muted || may_bind(form);
    return settle_names(x);
}
