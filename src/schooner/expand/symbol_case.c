/*
 * (%symbol-case form ((word ...) expression) ... (else expression)): chooses while expanding, by the name of the form,
 * whatever that name is bound to. For the libraries whose forms have words of their own, as descriptions have.
 */
#include "schooner/expand/expander.h"

static bool is_chosen(const struct datum *words, const struct name *name)
{
    if (is_identifier(words))
        return strcmp(identifier_text(words), "else") == 0;
    for (; name && words->kind == DATUM_PAIR; words = form_cdr(words))
        if (is_identifier(form_car(words)) && identifier_name(form_car(words)) == name)
            return true;
    return false;
}

bool form_symbol_case(struct expander *x, const struct task *task)
{
    if (form_length(task->form) < 3)
        return fail(x, task->form, "`%%symbol-case` needs a form and clauses");
    const struct datum *subject = form_second(task->form);
    const struct name *name = is_identifier(subject) ? identifier_name(subject) : NULL;
    for (const struct datum *rest = form_rest(task->form, 2); rest->kind == DATUM_PAIR; rest = form_cdr(rest)) {
        struct datum *clause = form_car(rest);
        if (form_length(clause) != 2 || form_length(form_car(clause)) < (is_identifier(form_car(clause)) ? -1 : 0))
            return fail(x, clause, "a clause of `%%symbol-case` is ((word ...) expression)");
        if (is_chosen(form_car(clause), name))
            return push_expand_named(x, form_second(clause), task->dest, task->depth, task->name);
    }
    return fail(x, task->form, "no clause of `%%symbol-case` is chosen");
}
