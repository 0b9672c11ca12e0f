/* The definitions: define, define*, define-values, define-syntax, define-record-type; in bodies and at top level. */
#include "schooner/expand/expander.h"
#include <stdio.h>

/* The entry of a variable that the body defines, with its item. NULL: an error. */
static struct item *define_variable(struct expander *x, struct body *body, struct datum *id, struct position position)
{
    struct entry *entry = body->top ? module_claim(x, id, false) : scope_bind(x, id, ENTRY_LOCAL);
    struct item *item = entry ? body_item(x, body, position) : NULL;
    if (!item)
        return NULL;
    if (!body->top && !(entry->variable = variable_new(x->front, identifier_name(id), id->position)))
        return NULL;
    item->entry = entry;
    body->definitions++;
    return item;
}

/*
 * The same for `define`. The report calls a second definition in one body an error; a program of the run posture may
 * have it all the same, as programs written elsewhere do: it assigns, as at top level.
 */
static struct item *define_or_assign(struct expander *x, struct body *body, struct datum *id, const struct datum *form)
{
    struct variable *again = !body->top && x->world->late_names ? scope_own_variable(x, id) : NULL;
    struct item *item = again ? body_item(x, body, form->position) : define_variable(x, body, id, form->position);
    if (!item)
        return NULL;
    if (again)
        item->again = again;
    else
        warn_watch(x, form, item->entry);
    return item;
}

/* --- define --- */

/* (name . formals) of a form (define (name . formals) body ...). */
static bool run_procedure(struct expander *x, const struct task *task)
{
    return expand_lambda(x, form_cdr(form_second(task->form)), form_rest(task->form, 2), task);
}

static bool run_procedure_star(struct expander *x, const struct task *task)
{
    return expand_lambda_star(x, form_cdr(form_second(task->form)), form_rest(task->form, 2), task);
}

static bool scan_define(struct expander *x, struct body *body, struct datum *form, int special)
{
    ptrdiff_t length = form_length(form);
    if (length >= 3 && form_second(form)->kind == DATUM_PAIR && !form_second(form)->cyclic) {
        struct item *item = define_or_assign(x, body, form_car(form_second(form)), form);
        if (!item)
            return false;
        item->run = special == SPECIAL_DEFINE_STAR ? run_procedure_star : run_procedure;
        item->form = form;
        return true;
    }
    if (length == 2 && is_identifier(form_second(form)))
        return fail(x, form, "`%s` needs a value for `%s`", special_form_name(special),
                    identifier_text(form_second(form)));
    if (length != 3)
        return fail(x, form, "`%s` needs a name and a value, or (name formals ...) and a body",
                    special_form_name(special));
    struct item *item = define_or_assign(x, body, form_second(form), form);
    if (!item)
        return false;
    item->run = expand_expression;
    item->form = form_third(form);
    return true;
}

/* --- define-values --- */

/*
 * The values go through a vector: (define-values (a b . c) e) is
 *     tmp = (receive (t1 t2 . t3) e (vector t1 t2 t3)), a = (vector-ref tmp 0), ...
 * so that no variable is assigned. At top level tmp is a hidden name.
 */
static bool run_values(struct expander *x, const struct task *task)
{
    struct datum *formals = form_second(task->form);
    struct position position = task->form->position;
    struct core *node = node_new(x, CORE_RECEIVE, position, task->dest);
    size_t count = 0;
    for (const struct datum *rest = formals; rest->kind == DATUM_PAIR; rest = form_cdr(rest))
        count++;
    const struct datum *tail = form_rest(formals, count);
    size_t all = count + (tail->kind != DATUM_NIL);
    if (!node || !(node->receive.clause.params = front_array(x->front, all, sizeof(struct variable *))))
        return false;
    node->receive.clause.count = (uint32_t)count;
    node->receive.clause.has_rest = all > count;
    struct core *vector = builtin_call(x, BUILTIN_VECTOR, all, position, &node->receive.clause.body);
    for (size_t i = 0; i < all; i++) {
        struct variable *variable = variable_new(x->front, NULL, position);
        node->receive.clause.params[i] = variable;
        if (!vector || !variable || !local_node(x, variable, position, &vector->call.args[i]))
            return false;
    }
    return push_expand(x, form_third(task->form), &node->receive.producer, task->depth + 1);
}

static bool values_variable(struct expander *x, struct body *body, struct datum *id, struct entry *from, int64_t index)
{
    struct item *item = define_variable(x, body, id, id->position);
    struct core *call = item ? builtin_call(x, BUILTIN_VECTOR_REF, 2, id->position, &item->value) : NULL;
    return call && entry_node(x, from, id->position, &call->call.args[0]) &&
           value_node(x, make_fixnum(index), id->position, &call->call.args[1]);
}

static struct datum *hidden_id(struct expander *x, const char *text, struct position position)
{
    struct datum *symbol = datum_symbol(x->front, text, position);
    return symbol ? alias_new(x, symbol, here(x), position) : NULL;
}

static bool scan_values(struct expander *x, struct body *body, struct datum *form)
{
    if (form_length(form) != 3)
        return fail(x, form, "`define-values` needs formals and an expression");
    struct datum *formals = form_second(form);
    struct datum *tail = formals;
    for (; tail->kind == DATUM_PAIR; tail = form_cdr(tail)) {
        if (tail->cyclic || !is_identifier(form_car(tail)))
            return fail(x, tail, "`define-values` needs names");
    }
    if (tail->kind != DATUM_NIL && !is_identifier(tail))
        return fail(x, tail, "`define-values` needs names");
    struct datum *id = hidden_id(x, "values", form->position);
    struct item *item = id ? define_variable(x, body, id, form->position) : NULL;
    if (!item)
        return false;
    item->run = run_values;
    item->form = form;
    struct entry *from = item->entry;
    int64_t index = 0;
    for (; formals->kind == DATUM_PAIR; formals = form_cdr(formals)) {
        if (!values_variable(x, body, form_car(formals), from, index++))
            return false;
    }
    return tail->kind == DATUM_NIL || values_variable(x, body, tail, from, index);
}

/* --- define-syntax --- */

static bool scan_syntax(struct expander *x, struct body *body, struct datum *form)
{
    if (form_length(form) != 3 || !is_identifier(form_second(form)))
        return fail(x, form, "`define-syntax` needs a name and (syntax-rules ...)");
    struct datum *id = form_second(form);
    struct entry *entry = body->top ? module_claim(x, id, true) : scope_bind(x, id, ENTRY_MACRO);
    if (!entry || !warn_mentioned(x, form_third(form)))
        return false;
    warn_watch(x, form, entry);
    return macro_bind(x, entry, form_third(form), here(x));
}

/* --- define-record-type --- */

/* What one procedure of a record is made for. */
struct record {
    struct body *body;
    struct entry *type;
    struct datum **fields;
    size_t count;
    struct position position;
};

enum { FIELDS_PER_UNIT = 16 }; /* compared within a unit of fuel */

/* The charge for one look at all fields; each look charges for itself, so that the clock is seen among many. */
static bool charge_fields(struct expander *x, const struct record *record)
{
    return front_charge(x->front, 1 + record->count / FIELDS_PER_UNIT);
}

static ptrdiff_t field_index(const struct record *record, const struct datum *id)
{
    for (size_t i = 0; i < record->count; i++) {
        if (identifier_same(record->fields[i], id))
            return (ptrdiff_t)i;
    }
    return -1;
}

static bool record_fields(struct expander *x, struct record *record, struct datum *specs)
{
    record->count = (size_t)form_length(specs);
    record->fields = front_array(x->front, record->count, sizeof *record->fields);
    if (!record->fields)
        return false;
    size_t all = record->count;
    record->count = 0;
    for (size_t i = 0; i < all; i++, specs = form_cdr(specs)) {
        struct datum *spec = form_car(specs);
        struct datum *field = spec->kind == DATUM_PAIR ? form_car(spec) : spec;
        ptrdiff_t length = spec->kind == DATUM_PAIR ? form_length(spec) : 1;
        if (!is_identifier(field) || length < 1 || length > 3)
            return fail(x, spec, "a field is (name), (name accessor) or (name accessor modifier)");
        if (!charge_fields(x, record))
            return false;
        if (field_index(record, field) >= 0)
            return fail(x, spec, "the field `%s` is there twice", identifier_text(field));
        record->fields[record->count++] = field;
    }
    return true;
}

static bool record_type(struct expander *x, struct record *record, struct datum *name)
{
    struct item *item = define_variable(x, record->body, name, record->position);
    struct core *call = item ? builtin_call(x, BUILTIN_MAKE_RECORD_TYPE, 2, record->position, &item->value) : NULL;
    struct datum *names = call ? front_new(x->front, struct datum) : NULL;
    if (!names || !(names->vector.items = front_array(x->front, record->count, sizeof(struct datum *))))
        return false;
    record->type = item->entry;
    names->kind = DATUM_VECTOR;
    names->position = record->position;
    names->vector.length = record->count;
    for (size_t i = 0; i < record->count; i++) {
        if (!(names->vector.items[i] = strip(x, record->fields[i])))
            return false;
    }
    return symbol_node(x, identifier_name(name), name->position, &call->call.args[0]) &&
           constant_node(x, names, record->position, &call->call.args[1]);
}

/* A procedure of the record: its lambda with parameters, its body a call of the builtin with `args` arguments. */
static struct core *record_procedure(struct expander *x, const struct record *record, struct datum *id, size_t params,
                                     enum builtin builtin, size_t args, struct core_clause **ret_clause)
{
    struct core **body;
    struct item *item = define_variable(x, record->body, id, id->position);
    struct core *lambda = item ? lambda_node(x, params, identifier_name(id), id->position, &item->value, &body) : NULL;
    if (!lambda)
        return NULL;
    *ret_clause = lambda->lambda.clauses;
    for (size_t i = 0; i < params; i++) {
        if (!(lambda->lambda.clauses->params[i] = variable_new(x->front, NULL, id->position)))
            return NULL;
    }
    return builtin_call(x, builtin, args, id->position, body);
}

static bool param_node(struct expander *x, const struct core_clause *clause, size_t index, struct position position,
                       struct core **dest)
{
    return local_node(x, clause->params[index], position, dest) != NULL;
}

static bool record_constructor(struct expander *x, struct record *record, struct datum *spec)
{
    struct datum *id = spec->kind == DATUM_PAIR ? form_car(spec) : spec;
    struct datum *names = spec->kind == DATUM_PAIR ? form_cdr(spec) : NULL;
    size_t params = names ? (size_t)form_length(names) : record->count;
    struct core_clause *clause;
    struct core *call = record_procedure(x, record, id, params, BUILTIN_MAKE_RECORD, record->count + 1, &clause);
    if (!call || !entry_node(x, record->type, id->position, &call->call.args[0]))
        return false;
    for (size_t i = 0; i < params; i++) {
        struct datum *field = names ? form_car(names) : record->fields[i];
        names = names ? form_cdr(names) : NULL;
        if (!charge_fields(x, record))
            return false;
        ptrdiff_t index = is_identifier(field) ? field_index(record, field) : -1;
        if (index < 0)
            return fail(x, field, "the constructor names a field that the record does not have");
        struct core **slot = &call->call.args[index + 1];
        if (*slot)
            return fail(x, field, "the constructor names the field `%s` twice", identifier_text(field));
        clause->params[i]->name = identifier_name(field);
        if (!param_node(x, clause, i, id->position, slot))
            return false;
    }
    for (size_t i = 0; i < record->count; i++) {
        if (!call->call.args[i + 1] && !value_node(x, V_FALSE, id->position, &call->call.args[i + 1]))
            return false;
    }
    return true;
}

static bool record_predicate(struct expander *x, struct record *record, struct datum *id)
{
    struct core_clause *clause;
    struct core *call = record_procedure(x, record, id, 1, BUILTIN_RECORD_IS, 2, &clause);
    return call && param_node(x, clause, 0, id->position, &call->call.args[0]) &&
           entry_node(x, record->type, id->position, &call->call.args[1]);
}

static bool record_accessor(struct expander *x, struct record *record, struct datum *id, size_t index)
{
    struct core_clause *clause;
    struct core *call = record_procedure(x, record, id, 1, BUILTIN_RECORD_REF, 4, &clause);
    return call && param_node(x, clause, 0, id->position, &call->call.args[0]) &&
           entry_node(x, record->type, id->position, &call->call.args[1]) &&
           value_node(x, make_fixnum((int64_t)index), id->position, &call->call.args[2]) &&
           symbol_node(x, identifier_name(id), id->position, &call->call.args[3]);
}

static bool record_modifier(struct expander *x, struct record *record, struct datum *id, size_t index)
{
    if (!x->world->mutation)
        return fail(x, id, "`%s` would change a record; this program runs without mutation",
                    is_identifier(id) ? identifier_text(id) : "?");
    struct core_clause *clause;
    struct core *call = record_procedure(x, record, id, 2, BUILTIN_RECORD_SET, 5, &clause);
    return call && param_node(x, clause, 0, id->position, &call->call.args[0]) &&
           entry_node(x, record->type, id->position, &call->call.args[1]) &&
           value_node(x, make_fixnum((int64_t)index), id->position, &call->call.args[2]) &&
           param_node(x, clause, 1, id->position, &call->call.args[3]) &&
           symbol_node(x, identifier_name(id), id->position, &call->call.args[4]);
}

/* (define-record-type point #t #t (x)): the names make-point and point? made from the type's, without its <>. */
static struct datum *record_name(struct expander *x, struct datum *type, const char *before, const char *behind)
{
    const struct name *name = identifier_name(type);
    const char *text = name->text;
    size_t length = name->length;
    if (length > 2 && text[0] == '<' && text[length - 1] == '>') {
        text++;
        length -= 2;
    }
    size_t size = strlen(before) + length + strlen(behind) + 1;
    char *made = arena_alloc(&x->front->arena, size);
    if (!made) {
        front_limit(x->front, SCH_LIMIT_HEAP);
        return NULL;
    }
    snprintf(made, size, "%s%.*s%s", before, (int)length, text, behind);
    struct datum *symbol = datum_symbol(x->front, made, type->position);
    return symbol && type->kind == DATUM_ALIAS ? alias_new(x, symbol, type->alias->env, type->position) : symbol;
}

static bool record_bad(struct expander *x, struct datum *form)
{
    return fail(x, form, "`define-record-type` needs a name, a constructor, a predicate and fields");
}

static bool datum_is_true(const struct datum *datum)
{
    return datum->kind == DATUM_IMMEDIATE && value_same(datum->value, V_TRUE);
}

static bool scan_record(struct expander *x, struct body *body, struct datum *form)
{
    if (form_length(form) < 4)
        return record_bad(x, form);
    struct datum *name = form_second(form);
    struct datum *constructor = form_third(form);
    struct datum *predicate = form_car(form_rest(form, 3));
    struct datum *specs = form_rest(form, 4);
    struct record record = { .body = body, .position = form->position };
    bool none = constructor->kind == DATUM_IMMEDIATE && is_false(constructor->value);
    bool no_predicate = predicate->kind == DATUM_IMMEDIATE && is_false(predicate->value);
    if (name->kind == DATUM_PAIR)
        name = form_car(name);
    if (is_identifier(name) && datum_is_true(constructor) && !(constructor = record_name(x, name, "make-", "")))
        return false;
    if (is_identifier(name) && datum_is_true(predicate) && !(predicate = record_name(x, name, "", "?")))
        return false;
    if (!is_identifier(name) || (!none && !is_identifier(constructor) && form_length(constructor) < 1) ||
        (!no_predicate && !is_identifier(predicate)))
        return record_bad(x, form);
    if (!record_fields(x, &record, specs) || !record_type(x, &record, name) ||
        (!none && !record_constructor(x, &record, constructor)) ||
        (!no_predicate && !record_predicate(x, &record, predicate)))
        return false;
    for (size_t i = 0; i < record.count; i++, specs = form_cdr(specs)) {
        struct datum *spec = form_car(specs);
        ptrdiff_t length = spec->kind == DATUM_PAIR ? form_length(spec) : 1;
        if (length > 1 && !record_accessor(x, &record, form_second(spec), i))
            return false;
        if (length > 2 && !record_modifier(x, &record, form_third(spec), i))
            return false;
    }
    return true;
}

bool define_scan(struct expander *x, struct body *body, struct datum *form, int special)
{
    switch (special) {
    case SPECIAL_DEFINE_VALUES: return scan_values(x, body, form);
    case SPECIAL_DEFINE_SYNTAX: return scan_syntax(x, body, form);
    case SPECIAL_DEFINE_RECORD_TYPE: return scan_record(x, body, form);
    default: return scan_define(x, body, form, special);
    }
}
