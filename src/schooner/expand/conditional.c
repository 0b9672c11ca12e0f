/* The forms that choose: if, cond, case, and, or, when, unless, and guard, whose clauses are those of cond. */
#include "schooner/expand/expander.h"

bool form_if(struct expander *x, const struct task *task)
{
    struct datum *form = task->form;
    ptrdiff_t length = form_length(form);
    if (length != 3 && length != 4)
        return fail(x, form, "`if` needs a test, a consequent and perhaps an alternative");
    struct core *node = if_node(x, form->position, task->dest);
    if (!node)
        return false;
    bool ok = length == 4 ? push_expand(x, form_car(form_rest(form, 3)), &node->branch.otherwise, task->depth + 1)
                          : unspecified_node(x, form->position, &node->branch.otherwise) != NULL;
    return ok && push_expand(x, form_third(form), &node->branch.then, task->depth + 1) &&
           push_expand(x, form_second(form), &node->branch.test, task->depth + 1);
}

bool form_when(struct expander *x, const struct task *task)
{
    struct datum *form = task->form;
    const char *name = identifier_text(form_car(form));
    if (form_length(form) < 3)
        return fail(x, form, "`%s` needs a test and expressions", name);
    bool unless = is_special(x, form_car(form), SPECIAL_UNLESS);
    struct core *node = if_node(x, form->position, task->dest);
    if (!node)
        return false;
    struct core **body = unless ? &node->branch.otherwise : &node->branch.then;
    struct core **other = unless ? &node->branch.then : &node->branch.otherwise;
    return unspecified_node(x, form->position, other) &&
           push_sequence(x, form_rest(form, 2), body, task->depth + 1, form->position) &&
           push_expand(x, form_second(form), &node->branch.test, task->depth + 1);
}

/* --- and, or: one part at a time --- */

static bool run_and(struct expander *x, const struct task *task)
{
    struct datum *parts = task->form;
    struct datum *part = form_car(parts);
    if (form_cdr(parts)->kind != DATUM_PAIR)
        return push_expand(x, part, task->dest, task->depth);
    struct core *node = if_node(x, part->position, task->dest);
    return node && value_node(x, V_FALSE, part->position, &node->branch.otherwise) &&
           push_task(x,
                     (struct task){
                         .run = run_and, .form = form_cdr(parts), .dest = &node->branch.then, .depth = task->depth }) &&
           push_expand(x, part, &node->branch.test, task->depth + 1);
}

/* (let ((tmp value)) (if tmp ...)): *ret_if is the if, whose test is there. */
static struct core *let_if(struct expander *x, struct position position, struct core **dest, struct core **ret_if)
{
    struct core *let = let_node(x, CORE_LET, 1, position, dest);
    if (!let || !(let->let.variables[0] = variable_new(x->front, NULL, position)) ||
        !(*ret_if = if_node(x, position, &let->let.body)) ||
        !local_node(x, let->let.variables[0], position, &(*ret_if)->branch.test))
        return NULL;
    return let;
}

static bool run_or(struct expander *x, const struct task *task)
{
    struct datum *parts = task->form;
    struct datum *part = form_car(parts);
    struct core *choose;
    if (form_cdr(parts)->kind != DATUM_PAIR)
        return push_expand(x, part, task->dest, task->depth);
    struct core *let = let_if(x, part->position, task->dest, &choose);
    return let && local_node(x, let->let.variables[0], part->position, &choose->branch.then) &&
           push_task(x, (struct task){ .run = run_or,
                                       .form = form_cdr(parts),
                                       .dest = &choose->branch.otherwise,
                                       .depth = task->depth }) &&
           push_expand(x, part, &let->let.values[0], task->depth + 1);
}

static bool form_connective(struct expander *x, const struct task *task, task_fn *run, sch_value empty)
{
    ptrdiff_t length = form_length(task->form);
    if (length < 0)
        return fail(x, task->form, "`%s` needs a list of expressions", identifier_text(form_car(task->form)));
    if (length == 1)
        return value_node(x, empty, task->form->position, task->dest) != NULL;
    struct task parts = *task;
    parts.form = form_cdr(task->form);
    return run(x, &parts);
}

bool form_and(struct expander *x, const struct task *task)
{
    return form_connective(x, task, run_and, V_TRUE);
}

bool form_or(struct expander *x, const struct task *task)
{
    return form_connective(x, task, run_or, V_FALSE);
}

/* --- cond --- */

static task_fn run_cond;

/* task->form: the clauses that are left; task->data: the node for when none of them holds. */
static bool cond_rest(struct expander *x, const struct task *task, struct core **dest)
{
    return push_task(
        x, (struct task){
               .run = run_cond, .form = form_cdr(task->form), .dest = dest, .data = task->data, .depth = task->depth });
}

static bool cond_arrow(struct expander *x, const struct task *task, struct datum *clause)
{
    struct core *choose;
    struct position position = clause->position;
    struct core *let = let_if(x, position, task->dest, &choose);
    struct core *call = let ? call_node(x, 1, position, &choose->branch.then) : NULL;
    if (form_length(clause) != 3)
        return fail(x, clause, "a clause with => is (test => procedure)");
    return call && local_node(x, let->let.variables[0], position, &call->call.args[0]) &&
           cond_rest(x, task, &choose->branch.otherwise) &&
           push_expand(x, form_third(clause), &call->call.procedure, task->depth + 3) &&
           push_expand(x, form_car(clause), &let->let.values[0], task->depth + 1);
}

static bool cond_value(struct expander *x, const struct task *task, struct datum *clause)
{
    struct core *choose;
    struct core *let = let_if(x, clause->position, task->dest, &choose);
    return let && local_node(x, let->let.variables[0], clause->position, &choose->branch.then) &&
           cond_rest(x, task, &choose->branch.otherwise) &&
           push_expand(x, form_car(clause), &let->let.values[0], task->depth + 1);
}

static bool run_cond(struct expander *x, const struct task *task)
{
    if (task->form->kind != DATUM_PAIR) {
        if (task->data) {
            *task->dest = task->data;
            return true;
        }
        return unspecified_node(x, task->form->position, task->dest) != NULL;
    }
    struct datum *clause = form_car(task->form);
    ptrdiff_t length = form_length(clause);
    if (length < 1)
        return fail(x, clause, "a clause of `cond` begins with a test");
    if (is_special(x, form_car(clause), SPECIAL_ELSE)) {
        if (form_cdr(task->form)->kind == DATUM_PAIR || length < 2)
            return fail(x, clause, "`else` belongs to the last clause, with expressions");
        return push_sequence(x, form_cdr(clause), task->dest, task->depth, clause->position);
    }
    if (length == 1)
        return cond_value(x, task, clause);
    if (is_special(x, form_second(clause), SPECIAL_ARROW))
        return cond_arrow(x, task, clause);
    struct core *node = if_node(x, clause->position, task->dest);
    return node && cond_rest(x, task, &node->branch.otherwise) &&
           push_sequence(x, form_cdr(clause), &node->branch.then, task->depth + 1, clause->position) &&
           push_expand(x, form_car(clause), &node->branch.test, task->depth + 1);
}

bool form_cond(struct expander *x, const struct task *task)
{
    if (form_length(task->form) < 2)
        return fail(x, task->form, "`cond` needs clauses");
    struct task clauses = *task;
    clauses.form = form_cdr(task->form);
    return run_cond(x, &clauses);
}

/* --- case --- */

enum { CASE_INLINE = 4 }; /* more data of one clause than this are searched with memv */

static bool key_test(struct expander *x, struct variable *key, struct datum *datum, struct core **dest)
{
    struct core *call = builtin_call(x, BUILTIN_IS_EQV, 2, datum->position, dest);
    return call && local_node(x, key, datum->position, &call->call.args[0]) &&
           constant_node(x, strip(x, datum), datum->position, &call->call.args[1]);
}

static bool case_test(struct expander *x, struct variable *key, struct datum *data, struct core **dest)
{
    ptrdiff_t count = form_length(data);
    if (count < 0)
        return fail(x, data, "a clause of `case` begins with a list of data");
    if (count == 0)
        return value_node(x, V_FALSE, data->position, dest) != NULL;
    if (count > CASE_INLINE) {
        struct core *call = builtin_call(x, BUILTIN_MEMV, 2, data->position, dest);
        return call && local_node(x, key, data->position, &call->call.args[0]) &&
               constant_node(x, strip(x, data), data->position, &call->call.args[1]);
    }
    for (; count > 1; count--, data = form_cdr(data)) {
        struct core *node = if_node(x, data->position, dest);
        if (!node || !key_test(x, key, form_car(data), &node->branch.test) ||
            !value_node(x, V_TRUE, data->position, &node->branch.then))
            return false;
        dest = &node->branch.otherwise;
    }
    return key_test(x, key, form_car(data), dest);
}

static bool case_result(struct expander *x, struct variable *key, struct datum *clause, struct core **dest,
                        uint32_t depth)
{
    ptrdiff_t length = form_length(clause);
    if (length < 2)
        return fail(x, clause, "a clause of `case` needs expressions");
    if (!is_special(x, form_second(clause), SPECIAL_ARROW))
        return push_sequence(x, form_cdr(clause), dest, depth, clause->position);
    struct core *call = call_node(x, 1, clause->position, dest);
    if (length != 3)
        return fail(x, clause, "a clause with => is (data => procedure)");
    return call && local_node(x, key, clause->position, &call->call.args[0]) &&
           push_expand(x, form_third(clause), &call->call.procedure, depth + 1);
}

static bool run_case(struct expander *x, const struct task *task)
{
    struct variable *key = task->data;
    if (task->form->kind != DATUM_PAIR)
        return unspecified_node(x, task->form->position, task->dest) != NULL;
    struct datum *clause = form_car(task->form);
    if (form_length(clause) < 2)
        return fail(x, clause, "a clause of `case` is (data expression ...)");
    if (is_special(x, form_car(clause), SPECIAL_ELSE)) {
        if (form_cdr(task->form)->kind == DATUM_PAIR)
            return fail(x, clause, "`else` belongs to the last clause");
        return case_result(x, key, clause, task->dest, task->depth);
    }
    struct core *node = if_node(x, clause->position, task->dest);
    return node && case_test(x, key, form_car(clause), &node->branch.test) &&
           push_task(x, (struct task){ .run = run_case,
                                       .form = form_cdr(task->form),
                                       .data = key,
                                       .dest = &node->branch.otherwise,
                                       .depth = task->depth }) &&
           case_result(x, key, clause, &node->branch.then, task->depth + 1);
}

bool form_case(struct expander *x, const struct task *task)
{
    struct datum *form = task->form;
    if (form_length(form) < 3)
        return fail(x, form, "`case` needs a key and clauses");
    struct core *let = let_node(x, CORE_LET, 1, form->position, task->dest);
    if (!let || !(let->let.variables[0] = variable_new(x->front, NULL, form->position)))
        return false;
    return push_task(x, (struct task){ .run = run_case,
                                       .form = form_rest(form, 2),
                                       .data = let->let.variables[0],
                                       .dest = &let->let.body,
                                       .depth = task->depth + 1 }) &&
           push_expand(x, form_second(form), &let->let.values[0], task->depth + 1);
}

/* --- guard --- */

static bool has_else(struct expander *x, struct datum *clauses)
{
    for (; clauses->kind == DATUM_PAIR; clauses = form_cdr(clauses)) {
        if (form_cdr(clauses)->kind != DATUM_PAIR)
            return form_car(clauses)->kind == DATUM_PAIR && is_special(x, form_car(form_car(clauses)), SPECIAL_ELSE);
    }
    return false;
}

/* The handler: (lambda (condition reraise) clauses ... (else (reraise))). task->dest: the call's second argument. */
static bool run_guard(struct expander *x, const struct task *task)
{
    struct datum *clauses = form_second(task->form);
    struct position position = task->form->position;
    struct core **body;
    struct core *call = task->data;
    struct core *handler = lambda_node(x, 2, NULL, position, &call->call.args[1], &body);
    struct variable *condition = handler && scope_enter(x) ? scope_bind_variable(x, form_car(clauses)) : NULL;
    if (!condition)
        return false;
    bool all = has_else(x, form_cdr(clauses));
    struct global *global = builtin_global(x, all ? BUILTIN_GUARD_ELSE : BUILTIN_GUARD);
    struct variable *reraise = variable_new(x->front, NULL, position);
    struct core *otherwise = NULL;
    if (!global || !reraise || !call_node(x, 0, position, &otherwise) ||
        !local_node(x, reraise, position, &otherwise->call.procedure))
        return false;
    call->call.procedure->global = global;
    handler->lambda.clauses->params[0] = condition;
    handler->lambda.clauses->params[1] = reraise;
    handler->lambda.clauses->count = all ? 1 : 2;
    return push_task(
        x, (struct task){
               .run = run_cond, .form = form_cdr(clauses), .dest = body, .data = otherwise, .depth = task->depth + 3 });
}

bool form_guard(struct expander *x, const struct task *task)
{
    struct datum *form = task->form;
    if (form_length(form) < 3 || form_length(form_second(form)) < 1)
        return fail(x, form, "`guard` needs (name clause ...) and a body");
    struct core **body;
    struct core *call = builtin_call(x, BUILTIN_GUARD, 2, form->position, task->dest);
    return call && lambda_node(x, 0, NULL, form->position, &call->call.args[0], &body) &&
           push_task(x, (struct task){ .run = run_guard, .form = form, .data = call, .depth = task->depth }) &&
           push_body(x, form_rest(form, 2), body, task->depth + 3, form->position, false);
}
