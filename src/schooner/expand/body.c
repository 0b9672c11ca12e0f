/*
 * Bodies, of procedures and of top levels, in two passes: first the definitions (macro uses at the heads of forms are
 * expanded to find them), then the right-hand sides and expressions, when every name is known.
 */
#include "schooner/expand/expander.h"

static bool splice_forms(struct expander *x, struct body *body, struct datum *forms)
{
    struct splice *splice = forms ? front_new(x->front, struct splice) : NULL;
    if (!splice)
        return false;
    splice->forms = forms;
    splice->next = body->splices;
    body->splices = splice;
    return true;
}

struct item *body_item(struct expander *x, struct body *body, struct position position)
{
    struct item *item = front_new(x->front, struct item);
    if (!item)
        return NULL;
    item->position = position;
    *body->last = item;
    body->last = &item->next;
    body->count++;
    return item;
}

static bool scan_expression(struct expander *x, struct body *body, struct datum *form)
{
    struct item *item = body_item(x, body, form->position);
    if (!item)
        return false;
    item->run = expand_expression;
    item->form = form;
    return true;
}

static bool scan_special(struct expander *x, struct body *body, struct datum *form, int special)
{
    switch (special) {
    case SPECIAL_BEGIN:
        if (form_length(form) < 0)
            return fail(x, form, "`begin` needs a list of forms");
        return splice_forms(x, body, form_cdr(form));
    case SPECIAL_COND_EXPAND: return splice_forms(x, body, cond_expand_select(x, form));
    case SPECIAL_INCLUDE:
    case SPECIAL_INCLUDE_CI: return splice_forms(x, body, include_forms(x, form, special == SPECIAL_INCLUDE_CI));
    case SPECIAL_DEFINE:
    case SPECIAL_DEFINE_STAR:
    case SPECIAL_DEFINE_VALUES:
    case SPECIAL_DEFINE_SYNTAX:
    case SPECIAL_DEFINE_RECORD_TYPE: return define_scan(x, body, form, special);
    case SPECIAL_IMPORT:
    case SPECIAL_USE_MODULES:
    case SPECIAL_DEFINE_LIBRARY:
        if (!body->top || !x->module->is_program)
            break;
        return special == SPECIAL_IMPORT        ? import_form(x, form)
               : special == SPECIAL_USE_MODULES ? use_modules_form(x, form)
                                                : define_library_form(x, form);
    default: break;
    }
    return scan_expression(x, body, form);
}

/* A program in whose scope nothing is can still import. */
static int unbound_special(const struct expander *x, const struct body *body, const struct datum *head)
{
    if (!body->top || !x->module->is_program || head->kind != DATUM_SYMBOL)
        return -1;
    int special = special_form_find(head->name->text, head->name->length);
    bool imports = special == SPECIAL_IMPORT || special == SPECIAL_DEFINE_LIBRARY || special == SPECIAL_USE_MODULES;
    return imports ? special : -1;
}

/* The program's first form that is no import: what it did not import may come by default. */
static bool program_begins(struct expander *x, int special)
{
    if (x->began || !x->module->is_program || special == SPECIAL_IMPORT || special == SPECIAL_USE_MODULES ||
        special == SPECIAL_DEFINE_LIBRARY)
        return true;
    x->began = true;
    const char *const *names = x->explicit_imports ? NULL : x->world->default_imports;
    for (size_t i = 0; names && names[i]; i++) {
        if (!import_named(x, names[i], (struct position){ 0 }))
            return false;
    }
    return true;
}

/* What stands at the head of a form: a special form, or in *ret_entry something else; -1 and NULL: an expression. */
static bool look_at_head(struct expander *x, const struct body *body, struct datum *form, int *ret_special,
                         struct entry **ret_entry)
{
    struct datum *head = form->kind == DATUM_PAIR && !form->cyclic ? form_car(form) : NULL;
    *ret_special = -1;
    *ret_entry = NULL;
    if (!head || !is_identifier(head))
        return program_begins(x, -1);
    for (;;) {
        struct entry *entry = resolve(x, head, here(x));
        if (x->front->failed)
            return false;
        int special = entry ? (entry->kind == ENTRY_SPECIAL ? entry->special : -1) : unbound_special(x, body, head);
        bool begins = !x->began && x->module->is_program && body->top && special != SPECIAL_IMPORT &&
                      special != SPECIAL_USE_MODULES && special != SPECIAL_DEFINE_LIBRARY;
        if (!begins) {
            *ret_special = special;
            *ret_entry = entry;
            return true;
        }
        if (!program_begins(x, special))
            return false;
        /* look again: the head may be bound now */
    }
}

bool top_macro(struct expander *x, struct datum *form, struct macro **ret_macro)
{
    const struct body body = { .top = true };
    struct entry *entry;
    int special;
    if (!look_at_head(x, &body, form, &special, &entry))
        return false;
    *ret_macro = entry && entry->kind == ENTRY_MACRO ? entry->macro : NULL;
    return true;
}

static bool scan_form(struct expander *x, struct body *body, struct datum *form)
{
    for (;;) {
        struct entry *entry;
        int special;
        if (!look_at_head(x, body, form, &special, &entry))
            return false;
        if (special >= 0)
            return scan_special(x, body, form, special);
        if (!entry || entry->kind != ENTRY_MACRO)
            return scan_expression(x, body, form);
        if (!front_charge(x->front, 1) || !(form = macro_expand(x, entry->macro, form)))
            return false;
    }
}

static bool scan_forms(struct expander *x, struct body *body, struct datum *forms)
{
    if (form_length(forms) < 0)
        return fail(x, forms, "a body must be a proper list");
    if (!splice_forms(x, body, forms))
        return false;
    while (body->splices) {
        struct splice *splice = body->splices;
        if (splice->forms->kind != DATUM_PAIR) {
            body->splices = splice->next;
            continue;
        }
        struct datum *form = form_car(splice->forms);
        splice->forms = form_cdr(splice->forms);
        if (!front_charge(x->front, 1) || !scan_form(x, body, form))
            return false;
    }
    return true;
}

/* --- the second pass --- */

static const struct name *item_name(const struct item *item)
{
    if (item->again)
        return item->again->name;
    if (!item->entry)
        return NULL;
    return item->entry->kind == ENTRY_LOCAL ? item->entry->variable->name : identifier_name(item->entry->id);
}

/* Pushes the items' tasks, the first on top. */
static bool push_items(struct expander *x, struct body *body, uint32_t depth)
{
    struct item **items = front_array(x->front, body->count, sizeof *items);
    if (!items)
        return false;
    size_t count = 0;
    for (struct item *item = body->first; item; item = item->next)
        items[count++] = item;
    while (count-- > 0) {
        struct item *item = items[count];
        if (!item->run)
            continue;
        struct core **dest = &item->value;
        if (item->again) {
            struct core *set = node_new(x, CORE_SET_LOCAL, item->position, dest);
            if (!set)
                return false;
            set->set_local.variable = item->again;
            dest = &set->set_local.value;
        }
        if (!push_task(x, (struct task){ .run = item->run,
                                         .form = item->form,
                                         .dest = dest,
                                         .depth = depth + (item->again != NULL),
                                         .name = item_name(item) }))
            return false;
    }
    return true;
}

/* --- top level --- */

bool append_item(struct expander *x, struct core *node)
{
    struct core **at = FRONT_PUSH(x->front, x->items, x->item_count, x->item_capacity);
    if (!at)
        return false;
    *at = node;
    return true;
}

bool expand_top(struct expander *x, struct datum *forms)
{
    enum { TOP_DEPTH = 2 };
    struct body body = { .top = true };
    struct task *base = x->tasks;
    body.last = &body.first;
    if (!scan_forms(x, &body, forms) || !push_items(x, &body, TOP_DEPTH) || !run_tasks(x, base))
        return false;
    for (struct item *item = body.first; item; item = item->next) {
        struct core *node = item->value;
        if (item->entry) {
            if (!node_new(x, CORE_DEFINE, item->position, &node))
                return false;
            node->set_global.global = item->entry->global;
            node->set_global.value = item->value;
        }
        if (!append_item(x, node))
            return false;
    }
    return true;
}

/* --- inner bodies --- */

/* An expression between definitions is the value of a variable that nobody uses. */
static bool bind_expression(struct expander *x, struct core *let, size_t index, const struct item *item)
{
    let->let.variables[index] = variable_new(x->front, NULL, item->position);
    let->let.values[index] = item->value;
    return let->let.variables[index] != NULL;
}

static struct core *finish_definitions(struct expander *x, struct body *body, struct item **ret_rest,
                                       struct core **dest)
{
    size_t bound = 0;
    size_t definitions = 0;
    for (struct item *item = body->first; definitions < body->definitions; item = item->next, bound++)
        definitions += item->entry != NULL;
    struct core *let = let_node(x, CORE_LETREC, bound, body->position, dest);
    if (!let)
        return NULL;
    struct item *item = body->first;
    for (size_t i = 0; i < bound; i++, item = item->next) {
        if (!item->entry) {
            if (!bind_expression(x, let, i, item))
                return NULL;
            continue;
        }
        let->let.variables[i] = item->entry->variable;
        let->let.values[i] = item->value;
    }
    *ret_rest = item;
    return let;
}

static bool finish_body(struct expander *x, const struct task *task)
{
    struct body *body = task->data;
    struct item *item = body->first;
    struct core **dest = body->dest;
    struct core *tick = NULL;
    if (body->tick) {
        if (!node_new(x, CORE_TICK, body->position, &tick))
            return false;
        tick->tick.count = 1;
    }
    if (body->definitions > 0) {
        if (tick) {
            struct core *sequence = sequence_node(x, 2, body->position, dest);
            if (!sequence)
                return false;
            sequence->sequence.items[0] = tick;
            dest = &sequence->sequence.items[1];
            tick = NULL;
        }
        struct core *let = finish_definitions(x, body, &item, dest);
        if (!let)
            return false;
        dest = &let->let.body;
    }
    size_t count = tick != NULL;
    for (const struct item *each = item; each; each = each->next)
        count++;
    if (count == 1 && !tick) {
        *dest = item->value;
        return true;
    }
    struct core *sequence = sequence_node(x, count, body->position, dest);
    if (!sequence)
        return false;
    size_t at = 0;
    if (tick)
        sequence->sequence.items[at++] = tick;
    for (; item; item = item->next)
        sequence->sequence.items[at++] = item->value;
    return true;
}

static bool run_body(struct expander *x, const struct task *task)
{
    struct body *body = task->data;
    if (!scope_enter(x) || !push_task(x, (struct task){ .run = finish_body, .data = body, .depth = body->depth }) ||
        !scan_forms(x, body, task->form))
        return false;
    struct item *last = NULL;
    for (struct item *item = body->first; item; item = item->next)
        last = item;
    if (!last || last->entry || last->again)
        return front_fail(x->front, "syntax-error", body->position, "a body must end in an expression");
    /* The nodes above a part: the sequence (unless it is alone), the letrec, another sequence. */
    uint32_t above = body->definitions > 0 ? 2 : body->count > 1 || body->tick ? 1 : 0;
    return push_items(x, body, body->depth + above);
}

bool push_body(struct expander *x, struct datum *forms, struct core **dest, uint32_t depth, struct position position,
               bool tick)
{
    struct body *body = front_new(x->front, struct body);
    if (!body)
        return false;
    *body = (struct body){ .dest = dest, .depth = depth, .tick = tick, .position = position };
    body->last = &body->first;
    return push_task(x, (struct task){ .run = run_body, .form = forms, .data = body, .depth = depth });
}
