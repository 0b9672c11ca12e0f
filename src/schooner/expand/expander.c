/* The tasks of the expander, the nodes it makes, and the expansion of one expression by its head. */
#include "schooner/expand/expander.h"

/* --- tasks --- */

bool push_task(struct expander *x, struct task task)
{
    if (task.depth > x->depth_limit)
        return front_limit(x->front, SCH_LIMIT_NESTING);
    struct task *slot = x->free_tasks;
    if (slot)
        x->free_tasks = slot->next;
    else if (!(slot = front_new(x->front, struct task)))
        return false;
    *slot = task;
    slot->next = x->tasks;
    x->tasks = slot;
    return true;
}

bool run_tasks(struct expander *x, struct task *base)
{
    while (x->tasks != base) {
        struct task *slot = x->tasks;
        struct task task = *slot;
        x->tasks = slot->next;
        slot->next = x->free_tasks;
        x->free_tasks = slot;
        if (task.form && task.form->position.line)
            x->front->place = task.form->position;
        if (!front_charge(x->front, 1) || !task.run(x, &task) || x->front->failed)
            return false;
    }
    return true;
}

bool push_expand_named(struct expander *x, struct datum *form, struct core **dest, uint32_t depth,
                       const struct name *name)
{
    return push_task(
        x, (struct task){ .run = expand_expression, .form = form, .dest = dest, .depth = depth, .name = name });
}

bool push_expand(struct expander *x, struct datum *form, struct core **dest, uint32_t depth)
{
    return push_expand_named(x, form, dest, depth, NULL);
}

bool push_sequence(struct expander *x, struct datum *forms, struct core **dest, uint32_t depth,
                   struct position position)
{
    ptrdiff_t count = form_length(forms);
    if (count == 1)
        return push_expand(x, form_car(forms), dest, depth);
    if (count == 0)
        return unspecified_node(x, position, dest) != NULL;
    struct core *node = sequence_node(x, (size_t)count, position, dest);
    if (!node)
        return false;
    /* The last pushed is expanded first: errors come in the order of the text. */
    struct datum **items = front_array(x->front, (size_t)count, sizeof *items);
    if (!items)
        return false;
    for (ptrdiff_t i = 0; i < count; i++, forms = form_cdr(forms))
        items[i] = form_car(forms);
    for (ptrdiff_t i = count; i-- > 0;) {
        if (!push_expand(x, items[i], &node->sequence.items[i], depth + 1))
            return false;
    }
    return true;
}

/* --- lists --- */

ptrdiff_t form_length(const struct datum *list)
{
    ptrdiff_t length = 0;
    for (; list->kind == DATUM_PAIR; list = list->pair.cdr, length++) {
        if (list->cyclic)
            return -1;
    }
    return list->kind == DATUM_NIL ? length : -1;
}

/* --- nodes --- */

struct core *node_new(struct expander *x, enum core_kind kind, struct position position, struct core **dest)
{
    struct core *node = core_new(x->front, kind, position);
    *dest = node;
    return node;
}

struct core *constant_node(struct expander *x, const struct datum *datum, struct position position, struct core **dest)
{
    if (!datum)
        return NULL;
    struct core *node = node_new(x, CORE_CONSTANT, position, dest);
    if (node)
        node->constant = datum;
    return node;
}

struct core *value_node(struct expander *x, sch_value value, struct position position, struct core **dest)
{
    return constant_node(x, datum_value(x->front, value, position), position, dest);
}

struct core *unspecified_node(struct expander *x, struct position position, struct core **dest)
{
    return value_node(x, V_UNSPECIFIED, position, dest);
}

struct core *symbol_node(struct expander *x, const struct name *name, struct position position, struct core **dest)
{
    struct datum *datum = front_new(x->front, struct datum);
    if (!datum)
        return NULL;
    datum->kind = DATUM_SYMBOL;
    datum->position = position;
    datum->name = (struct name *)name;
    return constant_node(x, datum, position, dest);
}

struct core *local_node(struct expander *x, struct variable *variable, struct position position, struct core **dest)
{
    struct core *node = node_new(x, CORE_LOCAL, position, dest);
    if (node)
        node->local = variable;
    return node;
}

struct core *call_node(struct expander *x, size_t count, struct position position, struct core **dest)
{
    struct core *node = node_new(x, CORE_CALL, position, dest);
    if (!node)
        return NULL;
    node->call.count = count;
    node->call.args = front_array(x->front, count, sizeof *node->call.args);
    return node->call.args ? node : NULL;
}

struct core *if_node(struct expander *x, struct position position, struct core **dest)
{
    return node_new(x, CORE_IF, position, dest);
}

struct core *let_node(struct expander *x, enum core_kind kind, size_t count, struct position position,
                      struct core **dest)
{
    struct core *node = node_new(x, kind, position, dest);
    if (!node)
        return NULL;
    node->let.count = count;
    node->let.variables = front_array(x->front, count, sizeof *node->let.variables);
    node->let.values = front_array(x->front, count, sizeof *node->let.values);
    return node->let.variables && node->let.values ? node : NULL;
}

struct core *sequence_node(struct expander *x, size_t count, struct position position, struct core **dest)
{
    struct core *node = node_new(x, CORE_SEQUENCE, position, dest);
    if (!node)
        return NULL;
    node->sequence.count = count;
    node->sequence.items = front_array(x->front, count, sizeof *node->sequence.items);
    return node->sequence.items ? node : NULL;
}

struct core *lambda_node(struct expander *x, size_t count, const struct name *name, struct position position,
                         struct core **dest, struct core ***ret_body)
{
    struct core *node = node_new(x, CORE_LAMBDA, position, dest);
    struct core *body = NULL;
    if (!node)
        return NULL;
    node->lambda.name = name;
    node->lambda.count = 1;
    node->lambda.clauses = front_new(x->front, struct core_clause);
    if (!node->lambda.clauses || !(body = sequence_node(x, 2, position, &node->lambda.clauses->body)))
        return NULL;
    node->lambda.clauses->count = (uint32_t)count;
    node->lambda.clauses->params = front_array(x->front, count, sizeof(struct variable *));
    if (!node->lambda.clauses->params || !node_new(x, CORE_TICK, position, &body->sequence.items[0]))
        return NULL;
    body->sequence.items[0]->tick.count = 1;
    *ret_body = &body->sequence.items[1];
    return node;
}

struct core *builtin_call(struct expander *x, enum builtin builtin, size_t count, struct position position,
                          struct core **dest)
{
    struct global *global = builtin_global(x, builtin);
    struct core *node = global ? call_node(x, count, position, dest) : NULL;
    if (!node || !node_new(x, CORE_GLOBAL, position, &node->call.procedure))
        return NULL;
    node->call.procedure->global = global;
    return node;
}

struct core *entry_node(struct expander *x, struct entry *entry, struct position position, struct core **dest)
{
    struct core *node = NULL;
    switch ((enum entry_kind)entry->kind) {
    case ENTRY_LOCAL: return local_node(x, entry->variable, position, dest);
    case ENTRY_GLOBAL:
        if ((node = node_new(x, CORE_GLOBAL, position, dest)))
            node->global = entry->global;
        return node;
    case ENTRY_MACRO:
    case ENTRY_SPECIAL: break;
    }
    front_fail(x->front, "syntax-error", position, "`%s` is syntax, not a value", identifier_text(entry->id));
    return NULL;
}

/* A reference; *ret_again where the name is that of a macro which says what it stands for, and *id is that. */
static bool expand_reference(struct expander *x, struct datum **id, struct core **dest, bool *ret_again)
{
    struct entry *entry = resolve(x, *id, here(x));
    if (!entry && !(entry = module_expect(x, *id)))
        return false;
    if (entry->kind == ENTRY_LOCAL || entry->kind == ENTRY_GLOBAL)
        return entry_node(x, entry, (*id)->position, dest) != NULL;
    struct datum *value = entry->kind == ENTRY_MACRO && entry->macro ? macro_value(x, entry->macro, *id) : NULL;
    if (x->front->failed)
        return false;
    if (!value)
        return fail(x, *id, "`%s` is syntax, not a value", identifier_text(*id));
    *id = value;
    return *ret_again = true;
}

/* --- one expression --- */

static task_fn *const handlers[SPECIAL_COUNT] = {
#define EXPRESSION(handler)                 handler
#define DEFINITION(handler)                 NULL
#define TOP(handler)                        NULL
#define AUXILIARY(handler)                  NULL
#define SPECIAL(ENUM, name, class, handler) class(handler),
#include "schooner/expand/special.def"
#undef SPECIAL
#undef EXPRESSION
#undef DEFINITION
#undef TOP
#undef AUXILIARY
};

static bool expand_special(struct expander *x, struct datum *form, int special, const struct task *task)
{
    if (handlers[special]) {
        struct task as = *task;
        as.form = form;
        as.data = NULL;
        return handlers[special](x, &as);
    }
    const char *name = special_form_name(special);
    switch (special) {
    case SPECIAL_DEFINE:
    case SPECIAL_DEFINE_STAR:
    case SPECIAL_DEFINE_VALUES:
    case SPECIAL_DEFINE_SYNTAX:
    case SPECIAL_DEFINE_RECORD_TYPE: return fail(x, form, "`%s` can stand only at top level or in a body", name);
    case SPECIAL_IMPORT:
    case SPECIAL_USE_MODULES:
    case SPECIAL_DEFINE_LIBRARY: return fail(x, form, "`%s` can stand only at top level", name);
    default: return fail(x, form, "`%s` means nothing here", name);
    }
}

static bool expand_call(struct expander *x, struct datum *form, const struct task *task)
{
    ptrdiff_t length = form_length(form);
    if (length < 0)
        return fail(x, form, "a call must be a proper list");
    size_t count = (size_t)length - 1;
    struct core *node = call_node(x, count, form->position, task->dest);
    struct datum **args = front_array(x->front, count, sizeof *args);
    if (!node || !args)
        return false;
    struct datum *rest = form_cdr(form);
    for (size_t i = 0; i < count; i++, rest = form_cdr(rest))
        args[i] = form_car(rest);
    for (size_t i = count; i-- > 0;) {
        if (!push_expand(x, args[i], &node->call.args[i], task->depth + 1))
            return false;
    }
    return push_expand(x, form_car(form), &node->call.procedure, task->depth + 1);
}

static bool expand_pair(struct expander *x, struct datum **form, const struct task *task, bool *ret_again)
{
    struct datum *head = form_car(*form);
    if (!is_identifier(head))
        return expand_call(x, *form, task);
    struct entry *entry = resolve(x, head, here(x));
    if (x->front->failed)
        return false;
    if (entry && entry->kind == ENTRY_SPECIAL)
        return expand_special(x, *form, entry->special, task);
    if (entry && entry->kind == ENTRY_MACRO) {
        *ret_again = true;
        return (*form = macro_expand(x, entry->macro, *form)) != NULL;
    }
    /* A form that is not imported would be taken for a call, and its parts for calls that make no sense. */
    if (!entry && head->kind == DATUM_SYMBOL && special_form_find(head->name->text, head->name->length) >= 0 &&
        expand_provider(x->world, head->name->text, head->name->length))
        return unbound_fail(x, x->module, head->name, NULL, head->position);
    return expand_call(x, *form, task);
}

bool expand_expression(struct expander *x, const struct task *task)
{
    struct datum *form = task->form;
    for (;;) {
        bool again = false;
        if (form->cyclic)
            return fail(x, form, "cyclic data can stand only inside of quote");
        switch ((enum datum_kind)form->kind) {
        case DATUM_NIL: return fail(x, form, "() is no expression; the empty list is '()");
        case DATUM_IMMEDIATE:
        case DATUM_NUMBER:
        case DATUM_STRING:
        case DATUM_BYTEVECTOR:
        case DATUM_KEYWORD: return constant_node(x, form, form->position, task->dest) != NULL;
        case DATUM_VECTOR: return constant_node(x, strip(x, form), form->position, task->dest) != NULL;
        case DATUM_SYMBOL:
        case DATUM_ALIAS:
            if (!expand_reference(x, &form, task->dest, &again))
                return false;
            if (!again)
                return true;
            break;
        case DATUM_CORE: *task->dest = form->core; return true;
        case DATUM_PAIR:
            if (!expand_pair(x, &form, task, &again) || !again)
                return !x->front->failed && !again;
            break;
        }
        if (!front_charge(x->front, 1))
            return false;
    }
}

/* --- stripping --- */

/* What is left to strip: copies whose parts still hold originals. */
struct strip_work {
    struct datum **slot;
    struct strip_work *next;
};

static bool strip_push(struct expander *x, struct strip_work **work, struct strip_work **spare, struct datum **slot)
{
    struct strip_work *entry = *spare;
    if (entry)
        *spare = entry->next;
    else if (!(entry = front_new(x->front, struct strip_work)))
        return false;
    entry->slot = slot;
    entry->next = *work;
    *work = entry;
    return true;
}

static bool strip_one(struct expander *x, struct datum **slot, struct strip_work **work, struct strip_work **spare)
{
    for (;;) {
        struct datum *datum = *slot;
        if (datum->cyclic || datum->shared)
            return true; /* what has a label comes from the reader: there is no alias in it */
        if (!front_charge(x->front, 1))
            return false;
        if (datum->kind != DATUM_ALIAS && datum->kind != DATUM_PAIR && datum->kind != DATUM_VECTOR)
            return true;
        struct datum *copy = front_new(x->front, struct datum);
        if (!copy)
            return false;
        *copy = *datum;
        *slot = copy;
        if (datum->kind == DATUM_ALIAS) {
            copy->kind = DATUM_SYMBOL;
            copy->name = (struct name *)datum->alias->name;
            return true;
        }
        if (datum->kind == DATUM_PAIR) {
            if (!strip_push(x, work, spare, &copy->pair.car))
                return false;
            slot = &copy->pair.cdr;
            continue;
        }
        copy->vector.items = front_array(x->front, datum->vector.length, sizeof *copy->vector.items);
        if (!copy->vector.items)
            return false;
        for (size_t i = 0; i < datum->vector.length; i++) {
            copy->vector.items[i] = datum->vector.items[i];
            if (!strip_push(x, work, spare, &copy->vector.items[i]))
                return false;
        }
        return true;
    }
}

/* Is there an alias in the datum? Looks at so much of it as is cheap; true when it does not know. */
static bool may_hold_alias(const struct datum *datum, unsigned depth)
{
    for (unsigned steps = 0; datum->kind == DATUM_PAIR; datum = datum->pair.cdr, steps++) {
        if (datum->cyclic || datum->shared)
            return false;
        if (depth == 0 || steps > 1000 || may_hold_alias(datum->pair.car, depth - 1))
            return true;
    }
    return datum->kind == DATUM_ALIAS || (datum->kind == DATUM_VECTOR && !datum->cyclic);
}

struct datum *strip(struct expander *x, struct datum *datum)
{
    if (!may_hold_alias(datum, 3))
        return datum;
    struct strip_work *work = NULL;
    struct strip_work *spare = NULL;
    if (!strip_one(x, &datum, &work, &spare))
        return NULL;
    while (work) {
        struct strip_work *next = work;
        struct datum **slot = next->slot;
        work = next->next;
        next->next = spare;
        spare = next;
        if (!strip_one(x, slot, &work, &spare))
            return NULL;
    }
    return datum;
}

/* --- the names of the special forms --- */

static const char *const special_names[SPECIAL_COUNT] = {
#define SPECIAL(ENUM, name, class, handler) name,
#include "schooner/expand/special.def"
#undef SPECIAL
};

int special_form_find(const char *name, size_t length)
{
    for (int i = 0; i < SPECIAL_COUNT; i++) {
        if (strlen(special_names[i]) == length && memcmp(special_names[i], name, length) == 0)
            return i;
    }
    return -1;
}

const char *special_form_name(int special)
{
    return special_names[special];
}

int special_form_count(void)
{
    return SPECIAL_COUNT;
}
