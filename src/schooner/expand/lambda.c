/* Procedures: lambda, case-lambda, lambda*, and the values they receive by let-values and receive. */
#include "schooner/expand/expander.h"

/* --- formals --- */

bool parse_formals(struct expander *x, struct datum *formals, struct core_clause *ret)
{
    size_t count = 0;
    const struct datum *rest = formals;
    for (; rest->kind == DATUM_PAIR; rest = form_cdr(rest), count++) {
        if (rest->cyclic)
            return fail(x, formals, "formals must be a list of names");
    }
    ret->has_rest = rest->kind != DATUM_NIL;
    ret->count = (uint32_t)count;
    ret->params = front_array(x->front, count + 1, sizeof *ret->params);
    if (!ret->params)
        return false;
    for (size_t i = 0; i < count; i++, formals = form_cdr(formals)) {
        if (!(ret->params[i] = scope_bind_variable(x, form_car(formals))))
            return false;
    }
    return !ret->has_rest || (ret->params[count] = scope_bind_variable(x, formals));
}

/* --- lambda --- */

bool expand_lambda(struct expander *x, struct datum *formals, struct datum *body, const struct task *task)
{
    struct position position = task->form->position;
    struct core *node = node_new(x, CORE_LAMBDA, position, task->dest);
    if (!node || !(node->lambda.clauses = front_new(x->front, struct core_clause)))
        return false;
    node->lambda.name = task->name;
    node->lambda.count = 1;
    return scope_enter(x) && parse_formals(x, formals, node->lambda.clauses) &&
           push_body(x, body, &node->lambda.clauses->body, task->depth + 1, position, true);
}

bool form_lambda(struct expander *x, const struct task *task)
{
    if (form_length(task->form) < 3)
        return fail(x, task->form, "`lambda` needs formals and a body");
    return expand_lambda(x, form_second(task->form), form_rest(task->form, 2), task);
}

static bool run_clause(struct expander *x, const struct task *task)
{
    struct core_clause *clause = task->data;
    return scope_enter(x) && parse_formals(x, form_car(task->form), clause) &&
           push_body(x, form_cdr(task->form), &clause->body, task->depth, task->form->position, true);
}

bool form_case_lambda(struct expander *x, const struct task *task)
{
    ptrdiff_t length = form_length(task->form);
    struct core *node = node_new(x, CORE_LAMBDA, task->form->position, task->dest);
    if (length < 1)
        return fail(x, task->form, "malformed `case-lambda`");
    /* without clauses, a procedure that takes no number of arguments */
    if (!node || !(node->lambda.clauses = front_array(x->front, (size_t)length, sizeof(struct core_clause))))
        return false;
    node->lambda.name = task->name;
    node->lambda.count = (size_t)length - 1;
    struct datum *rest = form_cdr(task->form);
    for (size_t i = 0; i < node->lambda.count; i++, rest = form_cdr(rest)) {
        struct datum *clause = form_car(rest);
        if (form_length(clause) < 2)
            return fail(x, clause, "a clause of `case-lambda` needs formals and a body");
        if (!push_task(
                x, (struct task){
                       .run = run_clause, .form = clause, .data = &node->lambda.clauses[i], .depth = task->depth + 1 }))
            return false;
    }
    return true;
}

/* --- lambda*: optional and keyword arguments, taken from a rest list one after the other --- */

struct star_parameter {
    struct datum *id;
    struct datum *initial; /* NULL: #f */
    struct name *keyword;  /* NULL: optional, by position */
    struct star_parameter *next;
};

struct star {
    struct datum *body;
    struct position position;
    const struct name *name;
    struct variable *rest; /* the arguments that are left */
    struct star_parameter *next;
    struct datum *rest_id; /* of the user; NULL */
    bool plain;            /* no marker was seen: an ordinary lambda */
    bool has_keys;
    bool allow_others;
    struct datum *keywords; /* all of them, a list */
};

static bool star_bad(struct expander *x, const struct datum *at)
{
    return fail(x, at, "formals of `lambda*` are names, #:optional, #:key, #:allow-other-keys and #:rest");
}

static bool star_add(struct expander *x, struct star *star, struct star_parameter ***last, struct datum *item, bool key)
{
    struct star_parameter *parameter = front_new(x->front, struct star_parameter);
    if (!parameter)
        return false;
    bool has_initial = item->kind == DATUM_PAIR;
    ptrdiff_t length = has_initial ? form_length(item) : 1;
    if (has_initial ? length != 2 && !(key && length == 3) : !is_identifier(item))
        return star_bad(x, item);
    parameter->id = has_initial ? form_car(item) : item;
    parameter->initial = has_initial ? form_second(item) : NULL;
    if (!is_identifier(parameter->id))
        return star_bad(x, item);
    if (key) {
        struct datum *keyword = front_new(x->front, struct datum);
        if (!keyword)
            return false;
        keyword->kind = DATUM_KEYWORD;
        keyword->position = item->position;
        keyword->name = (struct name *)identifier_name(parameter->id);
        if (length == 3 && form_third(item)->kind != DATUM_KEYWORD)
            return star_bad(x, item);
        if (length == 3)
            keyword = form_third(item);
        parameter->keyword = keyword->name;
        if (!(star->keywords = datum_pair(x->front, keyword, star->keywords, item->position)))
            return false;
        star->has_keys = true;
    }
    **last = parameter;
    *last = &parameter->next;
    return true;
}

/* Splits the formals; *ret_required is where the positional ones end. */
static bool star_parse(struct expander *x, struct datum *formals, struct star *star, size_t *ret_required)
{
    enum { REQUIRED, OPTIONAL, KEY, REST } part = REQUIRED;
    struct star_parameter **last = &star->next;
    *ret_required = 0;
    star->plain = true;
    for (; formals->kind == DATUM_PAIR; formals = form_cdr(formals)) {
        struct datum *item = form_car(formals);
        if (formals->cyclic || star->rest_id)
            return star_bad(x, formals);
        if (item->kind == DATUM_KEYWORD) {
            const char *text = item->name->text;
            star->plain = false;
            if (strcmp(text, "optional") == 0 && part == REQUIRED)
                part = OPTIONAL;
            else if (strcmp(text, "key") == 0 && part < KEY)
                part = KEY;
            else if (strcmp(text, "allow-other-keys") == 0 && part == KEY)
                star->allow_others = true;
            else if (strcmp(text, "rest") == 0)
                part = REST;
            else
                return star_bad(x, item);
        } else if (part == REQUIRED) {
            ++*ret_required;
        } else if (part == REST) {
            star->rest_id = item;
        } else if (!star_add(x, star, &last, item, part == KEY)) {
            return false;
        }
    }
    if (formals->kind != DATUM_NIL)
        star->rest_id = formals;
    return true;
}

static task_fn run_star;

static bool star_push(struct expander *x, struct star *star, struct core **dest, uint32_t depth)
{
    return push_task(x, (struct task){ .run = run_star, .data = star, .dest = dest, .depth = depth });
}

/* No parameter is left: what remains of the arguments goes to the rest parameter, or must be in order. */
static bool star_end(struct expander *x, struct star *star, const struct task *task)
{
    struct core **dest = task->dest;
    if (star->rest_id) {
        struct core *let = let_node(x, CORE_LET, 1, star->position, dest);
        if (!let || !local_node(x, star->rest, star->position, &let->let.values[0]) || !scope_enter(x) ||
            !(let->let.variables[0] = scope_bind_variable(x, star->rest_id)))
            return false;
        return push_body(x, star->body, &let->let.body, task->depth + 1, star->position, false);
    }
    if (star->has_keys)
        return push_body(x, star->body, dest, task->depth, star->position, false);
    struct core *node = if_node(x, star->position, dest);
    struct core *test = node ? builtin_call(x, BUILTIN_IS_NULL, 1, star->position, &node->branch.test) : NULL;
    struct core *call =
        test ? builtin_call(x, BUILTIN_TOO_MANY_ARGUMENTS, 2, star->position, &node->branch.otherwise) : NULL;
    if (!call || !local_node(x, star->rest, star->position, &test->call.args[0]) ||
        !(star->name ? symbol_node(x, star->name, star->position, &call->call.args[0])
                     : value_node(x, V_FALSE, star->position, &call->call.args[0])) ||
        !local_node(x, star->rest, star->position, &call->call.args[1]))
        return false;
    return push_body(x, star->body, &node->branch.then, task->depth + 1, star->position, false);
}

static bool star_initial(struct expander *x, const struct star_parameter *parameter, struct core **dest, uint32_t depth)
{
    return parameter->initial ? push_expand(x, parameter->initial, dest, depth)
                              : value_node(x, V_FALSE, parameter->id->position, dest) != NULL;
}

/* After its initial expression: the parameter is visible to what follows. */
static bool run_star_rest(struct expander *x, const struct task *task)
{
    struct star *star = task->data;
    struct core *let = *task->dest;
    struct star_parameter *parameter = star->next;
    star->next = parameter->next;
    return scope_enter(x) && (let->let.variables[0] = scope_bind_variable(x, parameter->id)) &&
           star_push(x, star, &let->let.body, task->depth);
}

/* (let ((p (if taken value initial))) ...) with the test and the value of one more argument. */
static bool star_optional(struct expander *x, struct star *star, const struct task *task)
{
    struct star_parameter *parameter = star->next;
    struct position position = parameter->id->position;
    struct core *test;
    struct variable *taken = variable_new(x->front, NULL, position);
    struct variable *left = variable_new(x->front, NULL, position);
    struct core *choose = let_node(x, CORE_LET, 1, position, task->dest);
    if (!choose || !taken || !left)
        return false;
    /* taken: is there an argument for it? With keywords about, a keyword ends the optional ones. */
    choose->let.variables[0] = taken;
    if (star->has_keys) {
        struct core *both = if_node(x, position, &choose->let.values[0]);
        struct core *key = both ? if_node(x, position, &both->branch.then) : NULL;
        struct core *is = key ? builtin_call(x, BUILTIN_IS_KEYWORD, 1, position, &key->branch.test) : NULL;
        struct core *car = is ? builtin_call(x, BUILTIN_CAR, 1, position, &is->call.args[0]) : NULL;
        if (!car || !local_node(x, star->rest, position, &car->call.args[0]) ||
            !value_node(x, V_FALSE, position, &key->branch.then) ||
            !value_node(x, V_TRUE, position, &key->branch.otherwise) ||
            !value_node(x, V_FALSE, position, &both->branch.otherwise))
            return false;
        test = builtin_call(x, BUILTIN_IS_PAIR, 1, position, &both->branch.test);
    } else {
        test = builtin_call(x, BUILTIN_IS_PAIR, 1, position, &choose->let.values[0]);
    }
    if (!test || !local_node(x, star->rest, position, &test->call.args[0]))
        return false;
    struct core *value = let_node(x, CORE_LET, 1, position, &choose->let.body);
    struct core *pick = value ? if_node(x, position, &value->let.values[0]) : NULL;
    struct core *car = pick ? builtin_call(x, BUILTIN_CAR, 1, position, &pick->branch.then) : NULL;
    struct core *rest = car ? let_node(x, CORE_LET, 1, position, &value->let.body) : NULL;
    struct core *shift = rest ? if_node(x, position, &rest->let.values[0]) : NULL;
    struct core *cdr = shift ? builtin_call(x, BUILTIN_CDR, 1, position, &shift->branch.then) : NULL;
    if (!cdr || !local_node(x, taken, position, &pick->branch.test) ||
        !local_node(x, star->rest, position, &car->call.args[0]) ||
        !local_node(x, taken, position, &shift->branch.test) ||
        !local_node(x, star->rest, position, &cdr->call.args[0]) ||
        !local_node(x, star->rest, position, &shift->branch.otherwise))
        return false;
    rest->let.variables[0] = left;
    star->rest = left;
    star->next = parameter->next;
    /* The parameter's scope opens around the body of `rest`, after the initial expression. */
    struct star_parameter *visible = front_new(x->front, struct star_parameter);
    if (!visible)
        return false;
    *visible = *parameter;
    visible->next = star->next;
    star->next = visible;
    if (!(value->let.variables[0] = variable_new(x->front, identifier_name(parameter->id), position)))
        return false;
    struct core *bound = let_node(x, CORE_LET, 1, position, &rest->let.body);
    if (!bound || !local_node(x, value->let.variables[0], position, &bound->let.values[0]))
        return false;
    return push_task(x,
                     (struct task){
                         .run = run_star_rest, .data = star, .dest = &rest->let.body, .depth = task->depth + 4 }) &&
           star_initial(x, parameter, &pick->branch.otherwise, task->depth + 3);
}

static bool star_key(struct expander *x, struct star *star, const struct task *task)
{
    struct star_parameter *parameter = star->next;
    struct position position = parameter->id->position;
    struct variable *found = variable_new(x->front, NULL, position);
    struct core *given = let_node(x, CORE_LET, 1, position, task->dest);
    struct core *ref = given ? builtin_call(x, BUILTIN_KEYWORD_REF, 2, position, &given->let.values[0]) : NULL;
    struct core *let = ref ? let_node(x, CORE_LET, 1, position, &given->let.body) : NULL;
    struct core *pick = let ? if_node(x, position, &let->let.values[0]) : NULL;
    struct core *test = pick ? builtin_call(x, BUILTIN_IS_DEFAULT, 1, position, &pick->branch.test) : NULL;
    struct datum *keyword = test ? front_new(x->front, struct datum) : NULL;
    if (!keyword || !found)
        return false;
    keyword->kind = DATUM_KEYWORD;
    keyword->position = position;
    keyword->name = parameter->keyword;
    given->let.variables[0] = found;
    if (!local_node(x, star->rest, position, &ref->call.args[0]) ||
        !constant_node(x, keyword, position, &ref->call.args[1]) ||
        !local_node(x, found, position, &test->call.args[0]) ||
        !local_node(x, found, position, &pick->branch.otherwise))
        return false;
    return push_task(x,
                     (struct task){
                         .run = run_star_rest, .data = star, .dest = &given->let.body, .depth = task->depth + 2 }) &&
           star_initial(x, parameter, &pick->branch.then, task->depth + 3);
}

/* Before the first keyword parameter: are the keywords that were given known? */
static bool star_check(struct expander *x, struct star *star, const struct task *task)
{
    struct core *sequence = sequence_node(x, 2, star->position, task->dest);
    struct core *check =
        sequence ? builtin_call(x, BUILTIN_CHECK_KEYWORDS, 4, star->position, &sequence->sequence.items[0]) : NULL;
    int mode = star->rest_id ? 2 : star->allow_others ? 1 : 0;
    if (!check ||
        !(star->name ? symbol_node(x, star->name, star->position, &check->call.args[0])
                     : value_node(x, V_FALSE, star->position, &check->call.args[0])) ||
        !local_node(x, star->rest, star->position, &check->call.args[1]) ||
        !constant_node(x, star->keywords, star->position, &check->call.args[2]) ||
        !value_node(x, make_fixnum(mode), star->position, &check->call.args[3]))
        return false;
    struct task inner = *task;
    inner.dest = &sequence->sequence.items[1];
    inner.depth = task->depth + 1;
    star->keywords = NULL;
    return star_key(x, star, &inner);
}

static bool run_star(struct expander *x, const struct task *task)
{
    struct star *star = task->data;
    if (!star->next)
        return star_end(x, star, task);
    if (!star->next->keyword)
        return star_optional(x, star, task);
    return star->keywords ? star_check(x, star, task) : star_key(x, star, task);
}

bool expand_lambda_star(struct expander *x, struct datum *formals, struct datum *body, const struct task *task)
{
    struct star *star = front_new(x->front, struct star);
    size_t required;
    if (!star)
        return false;
    struct position position = task->form->position;
    *star = (struct star){ .body = body, .position = position, .name = task->name };
    if (!(star->keywords = datum_nil(x->front, position)) || !star_parse(x, formals, star, &required))
        return false;
    if (star->plain)
        return expand_lambda(x, formals, body, task);
    struct core **inner;
    struct core *node = lambda_node(x, required + 1, task->name, position, task->dest, &inner);
    if (!node || !scope_enter(x))
        return false;
    struct core_clause *clause = node->lambda.clauses;
    clause->count = (uint32_t)required;
    clause->has_rest = true;
    for (size_t i = 0; i < required; i++, formals = form_cdr(formals)) {
        if (!(clause->params[i] = scope_bind_variable(x, form_car(formals))))
            return false;
    }
    if (!(star->rest = clause->params[required] = variable_new(x->front, NULL, position)))
        return false;
    if (!star->has_keys)
        star->keywords = NULL;
    return star_push(x, star, inner, task->depth + 2);
}

bool form_lambda_star(struct expander *x, const struct task *task)
{
    if (form_length(task->form) < 3)
        return fail(x, task->form, "`lambda*` needs formals and a body");
    return expand_lambda_star(x, form_second(task->form), form_rest(task->form, 2), task);
}

/* --- receive, let-values, let*-values --- */

/* What is left of a let-values: bindings to open, then the body. */
struct receiving {
    struct datum *form;
    struct core **nodes; /* the RECEIVE nodes, outermost first */
    struct datum **formals;
    struct datum **producers; /* of let-values and let*-values */
    size_t count;
    size_t next;
};

static bool run_receive_body(struct expander *x, const struct task *task)
{
    struct receiving *receiving = task->data;
    if (!scope_enter(x))
        return false;
    for (size_t i = 0; i < receiving->count; i++) {
        if (!parse_formals(x, receiving->formals[i], &receiving->nodes[i]->receive.clause))
            return false;
    }
    return push_body(x, task->form, task->dest, task->depth, receiving->form->position, false);
}

/* let*-values: the producer of one binding was expanded; its variables are visible to the next. */
static bool run_receive_next(struct expander *x, const struct task *task)
{
    struct receiving *receiving = task->data;
    size_t i = receiving->next++;
    struct core *node = receiving->nodes[i];
    if (!scope_enter(x) || !parse_formals(x, receiving->formals[i], &node->receive.clause))
        return false;
    if (i + 1 == receiving->count)
        return push_body(x, task->form, &node->receive.clause.body, task->depth + 1, receiving->form->position, false);
    return push_task(
               x,
               (struct task){ .run = run_receive_next, .form = task->form, .data = receiving, .depth = task->depth }) &&
           push_expand(x, receiving->producers[i + 1], &receiving->nodes[i + 1]->receive.producer, task->depth + 1);
}

static struct receiving *receiving_new(struct expander *x, struct datum *form, size_t count, struct core **dest)
{
    struct receiving *receiving = front_new(x->front, struct receiving);
    if (!receiving)
        return NULL;
    receiving->form = form;
    receiving->count = count;
    receiving->nodes = front_array(x->front, count, sizeof *receiving->nodes);
    receiving->formals = front_array(x->front, count, sizeof *receiving->formals);
    if (!receiving->nodes || !receiving->formals)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (!(receiving->nodes[i] = node_new(x, CORE_RECEIVE, form->position, dest)))
            return NULL;
        dest = &receiving->nodes[i]->receive.clause.body;
    }
    return receiving;
}

bool form_receive(struct expander *x, const struct task *task)
{
    struct datum *form = task->form;
    if (form_length(form) < 4)
        return fail(x, form, "`receive` needs formals, an expression and a body");
    struct receiving *receiving = receiving_new(x, form, 1, task->dest);
    if (!receiving)
        return false;
    receiving->formals[0] = form_second(form);
    struct core *node = receiving->nodes[0];
    return push_task(x, (struct task){ .run = run_receive_body,
                                       .form = form_rest(form, 3),
                                       .data = receiving,
                                       .dest = &node->receive.clause.body,
                                       .depth = task->depth + 1 }) &&
           push_expand(x, form_third(form), &node->receive.producer, task->depth + 1);
}

bool form_let_values(struct expander *x, const struct task *task)
{
    struct datum *form = task->form;
    const char *name = identifier_text(form_car(form));
    ptrdiff_t count = form_length(form) < 3 ? -1 : form_length(form_second(form));
    if (count < 0)
        return fail(x, form, "`%s` needs bindings and a body", name);
    if (count == 0)
        return push_body(x, form_rest(form, 2), task->dest, task->depth, form->position, false);
    struct receiving *receiving = receiving_new(x, form, (size_t)count, task->dest);
    if (!receiving || !(receiving->producers = front_array(x->front, (size_t)count, sizeof *receiving->producers)))
        return false;
    struct datum *bindings = form_second(form);
    for (ptrdiff_t i = 0; i < count; i++, bindings = form_cdr(bindings)) {
        struct datum *binding = form_car(bindings);
        if (form_length(binding) != 2)
            return fail(x, binding, "a binding of `%s` is (formals expression)", name);
        receiving->formals[i] = form_car(binding);
        receiving->producers[i] = form_second(binding);
    }
    if (is_special(x, form_car(form), SPECIAL_LET_STAR_VALUES))
        return push_task(x, (struct task){ .run = run_receive_next,
                                           .form = form_rest(form, 2),
                                           .data = receiving,
                                           .depth = task->depth }) &&
               push_expand(x, receiving->producers[0], &receiving->nodes[0]->receive.producer, task->depth + 1);
    struct core **dest = &receiving->nodes[count - 1]->receive.clause.body;
    if (!push_task(x, (struct task){ .run = run_receive_body,
                                     .form = form_rest(form, 2),
                                     .data = receiving,
                                     .dest = dest,
                                     .depth = task->depth + 1 }))
        return false;
    for (ptrdiff_t i = count; i-- > 0;) {
        if (!push_expand(x, receiving->producers[i], &receiving->nodes[i]->receive.producer, task->depth + 1))
            return false;
    }
    return true;
}
