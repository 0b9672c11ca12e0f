/* The remaining forms: quote, set!, begin, promises, parameterize, syntax-error, and those that choose text. */
#include "schooner/expand/expander.h"
#include "base/buffer.h"

bool form_quote(struct expander *x, const struct task *task)
{
    if (form_length(task->form) != 2)
        return fail(x, task->form, "`quote` needs one datum");
    struct datum *datum = form_second(task->form);
    return constant_node(x, strip(x, datum), task->form->position, task->dest) != NULL;
}

/* --- set! --- */

/* A macro of a library may assign what is its own where a program may not. */
static bool may_assign(const struct expander *x, const struct datum *head)
{
    while (head->kind == DATUM_ALIAS) {
        if (head->alias->env.module->existing)
            return true;
        head = head->alias->id;
    }
    return x->world->mutation;
}

static bool set_entry(struct expander *x, const struct task *task, struct entry *entry)
{
    struct datum *form = task->form;
    const char *text = identifier_text(form_second(form));
    if (entry->kind == ENTRY_LOCAL) {
        struct core *node = node_new(x, CORE_SET_LOCAL, form->position, task->dest);
        if (!node)
            return false;
        node->set_local.variable = entry->variable;
        return push_expand(x, form_third(form), &node->set_local.value, task->depth + 1);
    }
    if (entry->kind != ENTRY_GLOBAL)
        return fail(x, form, "`%s` is syntax: it cannot be assigned", text);
    if (entry->imported || (entry->session && !x->world->redefinition))
        return fail(x, form,
                    entry->imported ? "`%s` is imported: it cannot be assigned"
                                    : "`%s` was defined by an earlier program: it cannot be assigned",
                    text);
    entry->assigned = true;
    entry->global->immutable = false;
    struct core *node = node_new(x, CORE_SET_GLOBAL, form->position, task->dest);
    if (!node)
        return false;
    node->set_global.global = entry->global;
    return push_expand(x, form_third(form), &node->set_global.value, task->depth + 1);
}

bool form_set(struct expander *x, const struct task *task)
{
    struct datum *form = task->form;
    if (form_length(form) != 3 || !is_identifier(form_second(form)))
        return fail(x, form, "`set!` needs a name and an expression");
    if (!may_assign(x, form_car(form)))
        return fail(x, form, "`set!` is not available: this program runs without mutation");
    struct entry *entry = resolve(x, form_second(form), here(x));
    if (!entry && !(entry = module_expect(x, form_second(form))))
        return false;
    return set_entry(x, task, entry);
}

/* --- sequences and text --- */

bool form_begin(struct expander *x, const struct task *task)
{
    if (form_length(task->form) < 2)
        return fail(x, task->form, "`begin` needs expressions here");
    return push_sequence(x, form_cdr(task->form), task->dest, task->depth, task->form->position);
}

static bool chosen(struct expander *x, const struct task *task, struct datum *forms)
{
    if (!forms)
        return false;
    if (form_length(forms) < 0)
        return fail(x, forms, "expressions must be a proper list");
    return push_sequence(x, forms, task->dest, task->depth, task->form->position);
}

bool form_cond_expand(struct expander *x, const struct task *task)
{
    return chosen(x, task, cond_expand_select(x, task->form));
}

bool form_include(struct expander *x, const struct task *task)
{
    bool fold_case = is_special(x, form_car(task->form), SPECIAL_INCLUDE_CI);
    return chosen(x, task, include_forms(x, task->form, fold_case));
}

/* --- promises, parameters --- */

bool form_delay(struct expander *x, const struct task *task)
{
    struct datum *form = task->form;
    if (form_length(form) != 2)
        return fail(x, form, "`%s` needs one expression", identifier_text(form_car(form)));
    bool iterative = is_special(x, form_car(form), SPECIAL_DELAY_FORCE);
    struct core **body;
    struct core *call = builtin_call(x, iterative ? BUILTIN_DELAY_FORCE : BUILTIN_DELAY, 1, form->position, task->dest);
    return call && lambda_node(x, 0, NULL, form->position, &call->call.args[0], &body) &&
           push_expand(x, form_second(form), body, task->depth + 3);
}

bool form_parameterize(struct expander *x, const struct task *task)
{
    struct datum *form = task->form;
    ptrdiff_t count = form_length(form) < 3 ? -1 : form_length(form_second(form));
    if (count < 0)
        return fail(x, form, "`parameterize` needs ((parameter value) ...) and a body");
    struct core **body;
    struct core *call = builtin_call(x, BUILTIN_PARAMETERIZE, 1 + 2 * (size_t)count, form->position, task->dest);
    if (!call || !lambda_node(x, 0, NULL, form->position, &call->call.args[0], &body) ||
        !push_body(x, form_rest(form, 2), body, task->depth + 3, form->position, false))
        return false;
    struct datum *rest = form_second(form);
    for (size_t i = 0; rest->kind == DATUM_PAIR; rest = form_cdr(rest), i++) {
        if (form_length(form_car(rest)) != 2)
            return fail(x, form_car(rest), "a binding of `parameterize` is (parameter value)");
        if (!push_expand(x, form_second(form_car(rest)), &call->call.args[2 + 2 * i], task->depth + 1) ||
            !push_expand(x, form_car(form_car(rest)), &call->call.args[1 + 2 * i], task->depth + 1))
            return false;
    }
    return true;
}

/* --- syntax-error, %position --- */

bool form_syntax_error(struct expander *x, const struct task *task)
{
    enum { FORM_PRINT_MAX = 100 };
    struct datum *form = task->form;
    if (form_length(form) < 2 || form_second(form)->kind != DATUM_STRING)
        return fail(x, form, "`syntax-error` needs a message and forms");
    struct buffer out;
    buffer_init(&out, x->front->arena.memory);
    const struct datum *message = form_second(form);
    bool ok = buffer_append(&out, message->text.bytes, message->text.length);
    for (struct datum *rest = form_rest(form, 2); ok && rest->kind == DATUM_PAIR && out.length < FRONT_MESSAGE;
         rest = form_cdr(rest)) {
        struct datum *irritant = strip(x, form_car(rest));
        ok = irritant && buffer_append_byte(&out, ' ') && datum_print(irritant, FORM_PRINT_MAX, &out);
    }
    if (ok)
        fail(x, form, "%.*s", (int)out.length, (const char *)out.bytes);
    else
        front_limit(x->front, SCH_LIMIT_HEAP);
    buffer_done(&out);
    return false;
}

bool form_position(struct expander *x, const struct task *task)
{
    struct datum *form = task->form;
    if (form_length(form) != 2)
        return fail(x, form, "`%%position` needs one form");
    struct position at = form_second(form)->position;
    const char *file = at.file < x->front->source_count ? x->front->sources[at.file].name : "";
    struct datum *end = datum_nil(x->front, at);
    struct datum *column = datum_value(x->front, make_fixnum(at.column), at);
    struct datum *line = datum_value(x->front, make_fixnum(at.line), at);
    struct datum *name = datum_string(x->front, file, strlen(file), at);
    if (!end || !column || !line || !name)
        return false;
    struct datum *list = datum_pair(x->front, column, end, at);
    list = list ? datum_pair(x->front, line, list, at) : NULL;
    list = list ? datum_pair(x->front, name, list, at) : NULL;
    return list && constant_node(x, list, form->position, task->dest);
}
