/* The forms that bind: let and its family, do, let-syntax. */
#include "schooner/expand/expander.h"

static bool bad_binding(struct expander *x, const struct datum *form, const struct datum *binding)
{
    return fail(x, binding, "a binding of `%s` is (name expression)", identifier_text(form_car(form)));
}

/* Are all bindings of the list of the shape (name expression)? -1 after an error. */
static ptrdiff_t bindings_check(struct expander *x, struct datum *form, struct datum *bindings)
{
    ptrdiff_t count = form_length(bindings);
    if (count < 0) {
        fail(x, form, "`%s` needs bindings and a body", identifier_text(form_car(form)));
        return -1;
    }
    for (; bindings->kind == DATUM_PAIR; bindings = form_cdr(bindings)) {
        if (form_length(form_car(bindings)) != 2 || !is_identifier(form_car(form_car(bindings)))) {
            bad_binding(x, form, form_car(bindings));
            return -1;
        }
    }
    return count;
}

/* Pushes the expansion of each binding's expression; the first one runs first. */
static bool push_values(struct expander *x, struct datum *bindings, size_t count, struct core **slots, uint32_t depth)
{
    struct datum **items = front_array(x->front, count, sizeof *items);
    if (!items)
        return false;
    for (size_t i = 0; i < count; i++, bindings = form_cdr(bindings))
        items[i] = form_car(bindings);
    for (size_t i = count; i-- > 0;) {
        if (!push_expand_named(x, form_second(items[i]), &slots[i], depth, identifier_name(form_car(items[i]))))
            return false;
    }
    return true;
}

static bool bind_variables(struct expander *x, const struct datum *form, struct datum *bindings, struct variable **ret)
{
    for (size_t i = 0; bindings->kind == DATUM_PAIR; bindings = form_cdr(bindings), i++) {
        if (!(ret[i] = scope_bind_watched(x, form, form_car(form_car(bindings)))))
            return false;
    }
    return true;
}

/* --- let --- */

static bool run_let_body(struct expander *x, const struct task *task)
{
    struct core *let = *task->dest;
    return scope_enter(x) && bind_variables(x, task->form, form_second(task->form), let->let.variables) &&
           push_body(x, form_rest(task->form, 2), &let->let.body, task->depth + 1, task->form->position, false);
}

/* A loop: (letrec ((name (lambda (variable ...) body))) (name value ...)), the values outside of the name's scope. */
static struct core *loop_node(struct expander *x, const struct name *name, size_t count, struct position position,
                              struct core **dest)
{
    struct core **body;
    struct core *letrec = let_node(x, CORE_LETREC, 1, position, dest);
    if (!letrec || !lambda_node(x, count, name, position, &letrec->let.values[0], &body) ||
        !call_node(x, count, position, &letrec->let.body))
        return NULL;
    return letrec;
}

static bool loop_close(struct expander *x, struct core *letrec, struct variable *loop)
{
    letrec->let.variables[0] = loop;
    return local_node(x, loop, letrec->position, &letrec->let.body->call.procedure) != NULL;
}

static bool run_named_let(struct expander *x, const struct task *task)
{
    struct core *letrec = *task->dest;
    struct core_clause *clause = letrec->let.values[0]->lambda.clauses;
    if (!scope_enter(x))
        return false;
    struct variable *loop = scope_bind_watched(x, task->form, form_second(task->form));
    return loop && loop_close(x, letrec, loop) && scope_enter(x) &&
           bind_variables(x, task->form, form_third(task->form), clause->params) &&
           push_body(x, form_rest(task->form, 3), &clause->body, task->depth + 2, task->form->position, true);
}

static bool form_named_let(struct expander *x, const struct task *task)
{
    struct datum *form = task->form;
    if (form_length(form) < 4)
        return fail(x, form, "`let` needs bindings and a body");
    struct datum *bindings = form_third(form);
    ptrdiff_t count = bindings_check(x, form, bindings);
    if (count < 0)
        return false;
    struct core *letrec = loop_node(x, identifier_name(form_second(form)), (size_t)count, form->position, task->dest);
    return letrec &&
           push_task(x,
                     (struct task){ .run = run_named_let, .form = form, .dest = task->dest, .depth = task->depth }) &&
           push_values(x, bindings, (size_t)count, letrec->let.body->call.args, task->depth + 2);
}

bool form_let(struct expander *x, const struct task *task)
{
    struct datum *form = task->form;
    ptrdiff_t length = form_length(form);
    if (length >= 3 && is_identifier(form_second(form)))
        return form_named_let(x, task);
    if (length < 3)
        return fail(x, form, "`let` needs bindings and a body");
    ptrdiff_t count = bindings_check(x, form, form_second(form));
    if (count < 0)
        return false;
    if (count == 0)
        return push_body(x, form_rest(form, 2), task->dest, task->depth, form->position, false);
    struct core *let = let_node(x, CORE_LET, (size_t)count, form->position, task->dest);
    return let &&
           push_task(x, (struct task){ .run = run_let_body, .form = form, .dest = task->dest, .depth = task->depth }) &&
           push_values(x, form_second(form), (size_t)count, let->let.values, task->depth + 1);
}

/* --- let* --- */

static task_fn run_let_star;

/* The next of the bindings in task->data, or the body. */
static bool let_star_next(struct expander *x, struct datum *form, struct datum *bindings, struct core **dest,
                          uint32_t depth)
{
    if (bindings->kind != DATUM_PAIR)
        return push_body(x, form_rest(form, 2), dest, depth, form->position, false);
    struct datum *binding = form_car(bindings);
    struct core *let = let_node(x, CORE_LET, 1, binding->position, dest);
    return let &&
           push_task(
               x, (struct task){ .run = run_let_star, .form = form, .dest = dest, .data = bindings, .depth = depth }) &&
           push_expand_named(x, form_second(binding), &let->let.values[0], depth + 1,
                             identifier_name(form_car(binding)));
}

static bool run_let_star(struct expander *x, const struct task *task)
{
    struct core *let = *task->dest;
    struct datum *bindings = task->data;
    return scope_enter(x) &&
           (let->let.variables[0] = scope_bind_watched(x, task->form, form_car(form_car(bindings)))) &&
           let_star_next(x, task->form, form_cdr(bindings), &let->let.body, task->depth);
}

bool form_let_star(struct expander *x, const struct task *task)
{
    if (form_length(task->form) < 3)
        return fail(x, task->form, "`let*` needs bindings and a body");
    return bindings_check(x, task->form, form_second(task->form)) >= 0 &&
           let_star_next(x, task->form, form_second(task->form), task->dest, task->depth);
}

/* --- letrec, letrec* --- */

static bool expand_letrec(struct expander *x, const struct task *task, bool together)
{
    struct datum *form = task->form;
    if (form_length(form) < 3)
        return fail(x, form, "`%s` needs bindings and a body", identifier_text(form_car(form)));
    ptrdiff_t count = bindings_check(x, form, form_second(form));
    if (count < 0)
        return false;
    if (count == 0)
        return push_body(x, form_rest(form, 2), task->dest, task->depth, form->position, false);
    struct core *letrec = let_node(x, CORE_LETREC, (size_t)count, form->position, task->dest);
    if (!letrec)
        return false;
    letrec->let.together = together;
    return scope_enter(x) && bind_variables(x, form, form_second(form), letrec->let.variables) &&
           push_body(x, form_rest(form, 2), &letrec->let.body, task->depth + 1, form->position, false) &&
           push_values(x, form_second(form), (size_t)count, letrec->let.values, task->depth + 1);
}

bool form_letrec(struct expander *x, const struct task *task)
{
    return expand_letrec(x, task, true);
}

bool form_letrec_star(struct expander *x, const struct task *task)
{
    return expand_letrec(x, task, false);
}

/* --- do --- */

static bool bad_do(struct expander *x, const struct datum *at)
{
    return fail(x, at, "`do` needs ((variable initial step) ...), (test expression ...) and commands");
}

/* The clauses of `do` look right? -1 after an error. */
static ptrdiff_t do_check(struct expander *x, struct datum *form)
{
    ptrdiff_t count = form_length(form) < 3 ? -1 : form_length(form_second(form));
    if (count < 0 || form_length(form_third(form)) < 1) {
        bad_do(x, form);
        return -1;
    }
    for (struct datum *rest = form_second(form); rest->kind == DATUM_PAIR; rest = form_cdr(rest)) {
        ptrdiff_t length = form_length(form_car(rest));
        if ((length != 2 && length != 3) || !is_identifier(form_car(form_car(rest)))) {
            bad_do(x, form_car(rest));
            return -1;
        }
    }
    return count;
}

static bool do_steps(struct expander *x, struct datum *specs, struct core *call, uint32_t depth)
{
    for (size_t i = 0; specs->kind == DATUM_PAIR; specs = form_cdr(specs), i++) {
        struct datum *spec = form_car(specs);
        struct datum *step = form_length(spec) == 3 ? form_third(spec) : form_car(spec);
        if (!push_expand(x, step, &call->call.args[i], depth))
            return false;
    }
    return true;
}

static bool run_do(struct expander *x, const struct task *task)
{
    struct datum *form = task->form;
    struct core *letrec = *task->dest;
    struct core_clause *clause = letrec->let.values[0]->lambda.clauses;
    struct variable *loop = letrec->let.variables[0];
    struct datum *ends = form_third(form);
    struct datum *commands = form_rest(form, 3);
    size_t count = (size_t)form_length(commands);
    uint32_t depth = task->depth + 4;

    if (!scope_enter(x) || !bind_variables(x, form, form_second(form), clause->params))
        return false;
    struct core *choose = if_node(x, form->position, &clause->body->sequence.items[1]);
    if (!choose)
        return false;
    struct core **last = &choose->branch.otherwise;
    struct core *body = NULL;
    if (count > 0) {
        if (!(body = sequence_node(x, count + 1, form->position, last)))
            return false;
        last = &body->sequence.items[count];
    }
    struct core *call = call_node(x, clause->count, form->position, last);
    if (!call || !local_node(x, loop, form->position, &call->call.procedure) ||
        !do_steps(x, form_second(form), call, depth + 2))
        return false;
    for (size_t i = 0; i < count; i++, commands = form_cdr(commands)) {
        if (!push_expand(x, form_car(commands), &body->sequence.items[i], depth + 1))
            return false;
    }
    return push_sequence(x, form_cdr(ends), &choose->branch.then, depth, form->position) &&
           push_expand(x, form_car(ends), &choose->branch.test, depth);
}

bool form_do(struct expander *x, const struct task *task)
{
    struct datum *form = task->form;
    ptrdiff_t count = do_check(x, form);
    if (count < 0)
        return false;
    struct core *letrec = loop_node(x, NULL, (size_t)count, form->position, task->dest);
    struct variable *loop = letrec ? variable_new(x->front, NULL, form->position) : NULL;
    return loop && loop_close(x, letrec, loop) &&
           push_task(x, (struct task){ .run = run_do, .form = form, .dest = task->dest, .depth = task->depth }) &&
           push_values(x, form_second(form), (size_t)count, letrec->let.body->call.args, task->depth + 2);
}

/* --- let-syntax, letrec-syntax --- */

bool form_let_syntax(struct expander *x, const struct task *task)
{
    struct datum *form = task->form;
    if (form_length(form) < 3)
        return fail(x, form, "`%s` needs bindings and a body", identifier_text(form_car(form)));
    struct datum *bindings = form_second(form);
    bool recursive = is_special(x, form_car(form), SPECIAL_LETREC_SYNTAX);
    struct environment env = here(x);
    if (bindings_check(x, form, bindings) < 0 || !scope_enter(x))
        return false;
    if (recursive)
        env = here(x);
    struct datum *rest = bindings;
    ptrdiff_t count = form_length(bindings);
    struct entry **entries = front_array(x->front, (size_t)count, sizeof *entries);
    if (!entries)
        return false;
    for (ptrdiff_t i = 0; i < count; i++, rest = form_cdr(rest)) {
        if (!(entries[i] = scope_bind(x, form_car(form_car(rest)), ENTRY_MACRO)))
            return false;
    }
    for (ptrdiff_t i = 0; i < count; i++, bindings = form_cdr(bindings)) {
        if (!warn_mentioned(x, form_second(form_car(bindings))) ||
            !macro_bind(x, entries[i], form_second(form_car(bindings)), env))
            return false;
    }
    return push_body(x, form_rest(form, 2), task->dest, task->depth, form->position, false);
}
