/* quasiquote: calls of cons, list and append for what is computed, constants for the rest. */
#include "schooner/expand/expander.h"

static task_fn run_quasi;

/* task->data carries the level; the form is a template. */
static bool push_quasi(struct expander *x, struct datum *form, uintptr_t level, struct core **dest, uint32_t depth)
{
    return push_task(
        x, (struct task){ .run = run_quasi, .form = form, .data = (void *)level, .dest = dest, .depth = depth });
}

/* A list of two elements that begins with the special form. */
static bool is_tagged(struct expander *x, struct datum *form, int special)
{
    return form->kind == DATUM_PAIR && !form->cyclic && form_cdr(form)->kind == DATUM_PAIR &&
           form_cdr(form_cdr(form))->kind == DATUM_NIL && is_special(x, form_car(form), special);
}

static bool all_constant(const struct core *call)
{
    for (size_t i = 0; i < call->call.count; i++) {
        if (call->call.args[i]->kind != CORE_CONSTANT)
            return false;
    }
    return true;
}

/* After its parts: a call of list or cons of constants is a constant. */
static bool fold_list(struct expander *x, const struct task *task)
{
    struct core *call = *task->dest;
    bool with_tail = task->data != NULL;
    struct position position = call->position;
    if (!all_constant(call))
        return true;
    size_t count = call->call.count - with_tail;
    struct datum *list = with_tail ? (struct datum *)call->call.args[count]->constant : datum_nil(x->front, position);
    while (list && count-- > 0)
        list = datum_pair(x->front, (struct datum *)call->call.args[count]->constant, list, position);
    return list && constant_node(x, list, position, task->dest);
}

static bool fold_vector(struct expander *x, const struct task *task)
{
    struct core *call = *task->dest;
    struct datum *vector = all_constant(call) ? front_new(x->front, struct datum) : NULL;
    if (!vector)
        return !x->front->failed;
    vector->kind = DATUM_VECTOR;
    vector->position = call->position;
    vector->vector.length = call->call.count;
    vector->vector.items = front_array(x->front, call->call.count, sizeof *vector->vector.items);
    if (!vector->vector.items)
        return false;
    for (size_t i = 0; i < call->call.count; i++)
        vector->vector.items[i] = (struct datum *)call->call.args[i]->constant;
    return constant_node(x, vector, call->position, task->dest) != NULL;
}

/* After its parts: appending nothing but constants to a constant is a constant, when a run is one already. */
static bool fold_append(struct expander *x, const struct task *task)
{
    struct core *call = *task->dest;
    if (call->call.count == 1)
        *task->dest = call->call.args[0];
    else if (call->call.count == 2 && call->call.args[1]->kind == CORE_CONSTANT &&
             call->call.args[1]->constant->kind == DATUM_NIL && call->call.args[0]->kind == CORE_CONSTANT)
        *task->dest = call->call.args[0];
    (void)x;
    return true;
}

/* One part of a template list: a run of elements, or a spliced expression. */
struct segment {
    struct datum *first; /* pair of the run's first element; of a splice: the expression */
    size_t count;        /* 0: a splice */
    struct segment *next;
};

struct segments {
    struct segment *first, **last;
    size_t count;
    struct datum *tail; /* behind the last pair */
};

static struct segment *segment_add(struct expander *x, struct segments *all, struct datum *first)
{
    struct segment *segment = front_new(x->front, struct segment);
    if (!segment)
        return NULL;
    segment->first = first;
    *all->last = segment;
    all->last = &segment->next;
    all->count++;
    return segment;
}

static bool segments_find(struct expander *x, struct datum *form, uintptr_t level, struct segments *ret)
{
    struct segment *run = NULL;
    ret->last = &ret->first;
    bool whole = true;
    for (; form->kind == DATUM_PAIR && !form->cyclic; form = form_cdr(form)) {
        if (!front_charge(x->front, 1))
            return false;
        /* (a . ,b) is (a unquote b) */
        if (!whole && (is_tagged(x, form, SPECIAL_UNQUOTE) || is_tagged(x, form, SPECIAL_QUASIQUOTE)))
            break;
        whole = false;
        struct datum *element = form_car(form);
        if (level == 1 && is_tagged(x, element, SPECIAL_UNQUOTE_SPLICING)) {
            run = NULL;
            if (!segment_add(x, ret, form_second(element)))
                return false;
            continue;
        }
        if (!run && !(run = segment_add(x, ret, form)))
            return false;
        run->count++;
    }
    ret->tail = form;
    return true;
}

static bool push_run(struct expander *x, const struct segment *segment, uintptr_t level, struct core **dest,
                     uint32_t depth, struct position position)
{
    struct core *call = builtin_call(x, BUILTIN_LIST, segment->count, position, dest);
    if (!call || !push_task(x, (struct task){ .run = fold_list, .dest = dest }))
        return false;
    struct datum *rest = segment->first;
    for (size_t i = 0; i < segment->count; i++, rest = form_cdr(rest)) {
        if (!push_quasi(x, form_car(rest), level, &call->call.args[i], depth + 1))
            return false;
    }
    return true;
}

static bool quasi_list(struct expander *x, struct datum *form, uintptr_t level, const struct task *task)
{
    struct segments all = { 0 };
    struct position position = form->position;
    if (!segments_find(x, form, level, &all))
        return false;
    bool proper = all.tail->kind == DATUM_NIL;
    if (all.count == 1 && all.first->count > 0 && proper)
        return push_run(x, all.first, level, task->dest, task->depth, position);
    if (all.count == 1 && all.first->count == 1) {
        struct core *call = builtin_call(x, BUILTIN_CONS, 2, position, task->dest);
        return call && push_task(x, (struct task){ .run = fold_list, .dest = task->dest, .data = x }) &&
               push_quasi(x, all.tail, level, &call->call.args[1], task->depth + 1) &&
               push_quasi(x, form_car(all.first->first), level, &call->call.args[0], task->depth + 1);
    }
    size_t count = all.count + !proper;
    struct core *call = builtin_call(x, BUILTIN_APPEND, count, position, task->dest);
    if (!call || !push_task(x, (struct task){ .run = fold_append, .dest = task->dest }))
        return false;
    if (!proper && !push_quasi(x, all.tail, level, &call->call.args[all.count], task->depth + 1))
        return false;
    size_t at = 0;
    for (const struct segment *segment = all.first; segment; segment = segment->next, at++) {
        bool ok = segment->count > 0 ? push_run(x, segment, level, &call->call.args[at], task->depth + 1, position)
                                     : push_expand(x, segment->first, &call->call.args[at], task->depth + 1);
        if (!ok)
            return false;
    }
    return true;
}

/* (unquote x) and its like at a level where they are data: a list of the word and the template at another level. What
 * is spliced into it, as in ,,@x, stands behind the word. */
static bool quasi_nested(struct expander *x, struct datum *form, uintptr_t level, const struct task *task)
{
    struct position position = form->position;
    bool splices = level == 1 && is_tagged(x, form_second(form), SPECIAL_UNQUOTE_SPLICING);
    struct core *call = builtin_call(x, splices ? BUILTIN_CONS : BUILTIN_LIST, 2, position, task->dest);
    if (call && splices) {
        struct task behind = { .dest = &call->call.args[1], .depth = task->depth + 1 };
        return symbol_node(x, identifier_name(form_car(form)), position, &call->call.args[0]) &&
               quasi_list(x, form_cdr(form), level, &behind);
    }
    return call && push_task(x, (struct task){ .run = fold_list, .dest = task->dest }) &&
           symbol_node(x, identifier_name(form_car(form)), position, &call->call.args[0]) &&
           push_quasi(x, form_second(form), level, &call->call.args[1], task->depth + 1);
}

static bool quasi_vector(struct expander *x, struct datum *form, uintptr_t level, const struct task *task)
{
    struct position position = form->position;
    size_t length = form->vector.length;
    bool splices = false;
    for (size_t i = 0; i < length && level == 1; i++)
        splices = splices || is_tagged(x, form->vector.items[i], SPECIAL_UNQUOTE_SPLICING);
    if (!front_charge(x->front, length))
        return false;
    if (!splices) {
        struct core *call = builtin_call(x, BUILTIN_VECTOR, length, position, task->dest);
        if (!call || !push_task(x, (struct task){ .run = fold_vector, .dest = task->dest }))
            return false;
        for (size_t i = 0; i < length; i++) {
            if (!push_quasi(x, form->vector.items[i], level, &call->call.args[i], task->depth + 1))
                return false;
        }
        return true;
    }
    struct datum *list = datum_nil(x->front, position);
    for (size_t i = length; i-- > 0 && list;)
        list = datum_pair(x->front, form->vector.items[i], list, position);
    struct core *call = list ? builtin_call(x, BUILTIN_LIST_TO_VECTOR, 1, position, task->dest) : NULL;
    if (!call)
        return false;
    struct task inner = *task;
    inner.dest = &call->call.args[0];
    inner.depth = task->depth + 1;
    return quasi_list(x, list, level, &inner);
}

static bool run_quasi(struct expander *x, const struct task *task)
{
    struct datum *form = task->form;
    uintptr_t level = (uintptr_t)task->data;
    if (form->kind == DATUM_VECTOR && form->vector.length > 0 && !form->cyclic)
        return quasi_vector(x, form, level, task);
    if (form->kind != DATUM_PAIR || form->cyclic)
        return constant_node(x, strip(x, form), form->position, task->dest) != NULL;
    if (is_tagged(x, form, SPECIAL_UNQUOTE))
        return level == 1 ? push_expand(x, form_second(form), task->dest, task->depth)
                          : quasi_nested(x, form, level - 1, task);
    if (is_tagged(x, form, SPECIAL_QUASIQUOTE))
        return quasi_nested(x, form, level + 1, task);
    if (level > 1 && is_tagged(x, form, SPECIAL_UNQUOTE_SPLICING))
        return quasi_nested(x, form, level - 1, task);
    if (level == 1 && is_tagged(x, form, SPECIAL_UNQUOTE_SPLICING))
        return fail(x, form, "`unquote-splicing` has nothing here to splice into");
    return quasi_list(x, form, level, task);
}

bool form_quasiquote(struct expander *x, const struct task *task)
{
    if (form_length(task->form) != 2)
        return fail(x, task->form, "`quasiquote` needs one template");
    return push_quasi(x, form_second(task->form), 1, task->dest, task->depth);
}
