/*
 * An evaluator of core trees for tests: small, slow, sure. It knows a few primitives, multiple values, and raise for
 * guard. What the expander makes is run by it, so that expectations are values and not shapes of trees.
 */
#ifndef TESTS_EVALUATOR_H
#define TESTS_EVALUATOR_H

#include <stdlib.h>
#include <string.h>
#include "base/buffer.h"
#include "schooner/expand/expand.h"

enum val_kind { VAL_DATUM, VAL_PAIR, VAL_VECTOR, VAL_CLOSURE, VAL_PRIMITIVE, VAL_VALUES, VAL_RECORD, VAL_TYPE };

struct val {
    enum val_kind kind;
    const struct datum *datum;
    struct val *car, *cdr; /* PAIR */
    struct val **items;    /* VECTOR, VALUES, RECORD (type first) */
    size_t length;
    const struct core *lambda; /* CLOSURE */
    struct binding *env;
    const char *primitive;
};

struct binding {
    const struct variable *variable;
    struct val *value;
    struct binding *next;
};

struct evaluator {
    struct front *front;
    struct val *raised; /* set: an error is on its way */
    struct {
        const struct global *global;
        struct val *value;
    } globals[1024];
    size_t global_count;
};

static struct val *evaluate(struct evaluator *e, const struct core *core, struct binding *env);

static struct val *val_new(struct evaluator *e, enum val_kind kind)
{
    struct val *val = arena_alloc(&e->front->arena, sizeof *val);
    val->kind = kind;
    return val;
}

static struct val *val_of(struct evaluator *e, sch_value value)
{
    struct val *val = val_new(e, VAL_DATUM);
    val->datum = datum_value(e->front, value, (struct position){ 0 });
    return val;
}

static struct val *val_raise(struct evaluator *e, const char *text)
{
    e->raised = val_new(e, VAL_DATUM);
    e->raised->datum = datum_symbol(e->front, text, (struct position){ 0 });
    return NULL;
}

static struct val *val_pair(struct evaluator *e, struct val *car, struct val *cdr)
{
    struct val *val = val_new(e, VAL_PAIR);
    val->car = car;
    val->cdr = cdr;
    return val;
}

static struct val *val_of_datum(struct evaluator *e, const struct datum *datum)
{
    if (datum->kind == DATUM_PAIR)
        return val_pair(e, val_of_datum(e, datum->pair.car), val_of_datum(e, datum->pair.cdr));
    if (datum->kind == DATUM_NIL)
        return val_of(e, V_NIL);
    struct val *val = val_new(e, datum->kind == DATUM_VECTOR ? VAL_VECTOR : VAL_DATUM);
    val->datum = datum;
    if (datum->kind != DATUM_VECTOR)
        return val;
    val->length = datum->vector.length;
    val->items = arena_array(&e->front->arena, val->length, sizeof *val->items);
    for (size_t i = 0; i < val->length; i++)
        val->items[i] = val_of_datum(e, datum->vector.items[i]);
    return val;
}

static bool val_is(const struct val *val, sch_value value)
{
    return val->kind == VAL_DATUM && val->datum->kind == DATUM_IMMEDIATE && value_same(val->datum->value, value);
}

static int64_t val_int(const struct val *val)
{
    return val->kind == VAL_DATUM && val->datum->kind == DATUM_IMMEDIATE && is_fixnum(val->datum->value)
               ? fixnum_int(val->datum->value)
               : INT64_MIN;
}

static bool val_eqv(const struct val *a, const struct val *b)
{
    if (a == b)
        return true;
    if (a->kind != VAL_DATUM || b->kind != VAL_DATUM || a->datum->kind != b->datum->kind)
        return false;
    if (a->datum->kind == DATUM_IMMEDIATE)
        return value_same(a->datum->value, b->datum->value);
    return (a->datum->kind == DATUM_SYMBOL || a->datum->kind == DATUM_KEYWORD) && a->datum->name == b->datum->name;
}

static struct val *val_list(struct evaluator *e, struct val **items, size_t count, struct val *tail)
{
    while (count-- > 0)
        tail = val_pair(e, items[count], tail);
    return tail;
}

static struct val *apply(struct evaluator *e, struct val *f, struct val **args, size_t count);

static struct val *val_append(struct evaluator *e, struct val *first, struct val *second)
{
    return first->kind == VAL_PAIR ? val_pair(e, first->car, val_append(e, first->cdr, second)) : second;
}

static struct val *val_items(struct evaluator *e, enum val_kind kind, struct val **args, size_t count)
{
    struct val *val = val_new(e, kind);
    val->length = count;
    val->items = arena_array(&e->front->arena, count, sizeof *val->items);
    for (size_t i = 0; i < count; i++)
        val->items[i] = args[i];
    return val;
}

static struct val *primitive(struct evaluator *e, const char *name, struct val **args, size_t count)
{
#define IS(text)   (strcmp(name, text) == 0)
#define BOOL(test) val_of(e, make_boolean(test))
    if (IS("+") || IS("*")) {
        int64_t all = IS("*");
        for (size_t i = 0; i < count; i++)
            all = IS("+") ? all + val_int(args[i]) : all * val_int(args[i]);
        return val_of(e, make_fixnum(all));
    }
    if (IS("-"))
        return val_of(e, make_fixnum(count == 1 ? -val_int(args[0]) : val_int(args[0]) - val_int(args[1])));
    if (IS("<"))
        return BOOL(val_int(args[0]) < val_int(args[1]));
    if (IS(">"))
        return BOOL(val_int(args[0]) > val_int(args[1]));
    if (IS("="))
        return BOOL(val_int(args[0]) == val_int(args[1]));
    if (IS("eqv?") || IS("eq?"))
        return BOOL(val_eqv(args[0], args[1]));
    if (IS("memv") || IS("assv")) {
        struct val *list = args[1];
        for (; list->kind == VAL_PAIR; list = list->cdr) {
            if (val_eqv(args[0], IS("memv") ? list->car : list->car->car))
                return IS("memv") ? list : list->car;
        }
        return BOOL(false);
    }
    if (IS("not"))
        return BOOL(val_is(args[0], V_FALSE));
    if (IS("null?"))
        return BOOL(val_is(args[0], V_NIL));
    if (IS("zero?"))
        return BOOL(val_int(args[0]) == 0);
    if (IS("pair?"))
        return BOOL(args[0]->kind == VAL_PAIR);
    if (IS("keyword?"))
        return BOOL(args[0]->kind == VAL_DATUM && args[0]->datum->kind == DATUM_KEYWORD);
    if (IS("cons"))
        return val_pair(e, args[0], args[1]);
    if (IS("car") || IS("cdr"))
        return args[0]->kind != VAL_PAIR ? val_raise(e, "type-error") : IS("car") ? args[0]->car : args[0]->cdr;
    if (IS("cadr"))
        return args[0]->cdr->car;
    if (IS("list"))
        return val_list(e, args, count, val_of(e, V_NIL));
    if (IS("append")) {
        struct val *list = count ? args[count - 1] : val_of(e, V_NIL);
        for (size_t i = count ? count - 1 : 0; i-- > 0;)
            list = val_append(e, args[i], list);
        return list;
    }
    if (IS("vector"))
        return val_items(e, VAL_VECTOR, args, count);
    if (IS("vector-ref"))
        return args[0]->items[val_int(args[1])];
    if (IS("list->vector")) {
        struct val *items[100];
        size_t length = 0;
        for (struct val *list = args[0]; list->kind == VAL_PAIR; list = list->cdr)
            items[length++] = list->car;
        return val_items(e, VAL_VECTOR, items, length);
    }
    if (IS("values"))
        return count == 1 ? args[0] : val_items(e, VAL_VALUES, args, count);
    if (IS("apply")) {
        struct val *items[100];
        size_t length = 0;
        for (struct val *list = args[1]; list->kind == VAL_PAIR; list = list->cdr)
            items[length++] = list->car;
        return apply(e, args[0], items, length);
    }
    if (IS("raise") || IS("reraise")) {
        e->raised = args[0];
        return NULL;
    }
    if (IS("%guard") || IS("%guard-else")) {
        struct val *result = apply(e, args[0], NULL, 0);
        if (result || !e->raised)
            return result;
        struct val *handler[2] = { e->raised, val_new(e, VAL_CLOSURE) };
        handler[1]->kind = VAL_PRIMITIVE;
        handler[1]->primitive = "raise-again";
        handler[1]->car = e->raised;
        e->raised = NULL;
        return apply(e, args[1], handler, IS("%guard") ? 2 : 1);
    }
    if (IS("%parameterize")) /* parameters are not modelled: the list of them and of the body's value */
        return val_pair(e, apply(e, args[0], NULL, 0), val_list(e, args + 1, count - 1, val_of(e, V_NIL)));
    if (IS("%delay") || IS("%delay-force"))
        return val_pair(e, val_of(e, V_NIL), args[0]);
    if (IS("force"))
        return apply(e, args[0]->cdr, NULL, 0);
    if (IS("%make-record-type"))
        return val_items(e, VAL_TYPE, args, 2);
    if (IS("%make-record"))
        return val_items(e, VAL_RECORD, args, count);
    if (IS("%record-is?"))
        return BOOL(args[0]->kind == VAL_RECORD && args[0]->items[0] == args[1]);
    if (IS("%record-ref") || IS("%record-set!")) {
        if (args[0]->kind != VAL_RECORD || args[0]->items[0] != args[1])
            return val_raise(e, "type-error");
        if (IS("%record-set!"))
            args[0]->items[val_int(args[2]) + 1] = args[3];
        return args[0]->items[val_int(args[2]) + 1];
    }
    if (IS("%default?"))
        return BOOL(val_is(args[0], V_DEFAULT));
    if (IS("%keyword-ref")) {
        for (struct val *list = args[0]; list->kind == VAL_PAIR; list = list->cdr) {
            if (val_eqv(list->car, args[1]))
                return list->cdr->car;
        }
        return val_of(e, V_DEFAULT);
    }
    if (IS("%check-keywords")) {
        struct val *known[3] = { NULL, args[2] };
        for (struct val *list = args[1]; val_int(args[3]) == 0 && list->kind == VAL_PAIR; list = list->cdr->cdr) {
            known[0] = list->car;
            if (val_is(primitive(e, "memv", known, 2), V_FALSE))
                return val_raise(e, "arity-error");
        }
        return args[1];
    }
    if (IS("%too-many-arguments"))
        return val_raise(e, "arity-error");
    return val_raise(e, name);
#undef IS
#undef BOOL
}

static struct binding *bind(struct evaluator *e, const struct variable *variable, struct val *value,
                            struct binding *next)
{
    struct binding *binding = arena_alloc(&e->front->arena, sizeof *binding);
    *binding = (struct binding){ variable, value, next };
    return binding;
}

static bool clause_takes(const struct core_clause *clause, size_t count)
{
    return clause->has_rest ? count >= clause->count : count == clause->count;
}

static struct binding *clause_bind(struct evaluator *e, const struct core_clause *clause, struct val **args,
                                   size_t count, struct binding *env)
{
    for (size_t i = 0; i < clause->count; i++)
        env = bind(e, clause->params[i], args[i], env);
    if (clause->has_rest)
        env = bind(e, clause->params[clause->count],
                   val_list(e, args + clause->count, count - clause->count, val_of(e, V_NIL)), env);
    return env;
}

static struct val *apply(struct evaluator *e, struct val *f, struct val **args, size_t count)
{
    if (f->kind == VAL_PRIMITIVE && strcmp(f->primitive, "raise-again") == 0) {
        e->raised = f->car;
        return NULL;
    }
    if (f->kind == VAL_PRIMITIVE)
        return primitive(e, f->primitive, args, count);
    if (f->kind != VAL_CLOSURE)
        return val_raise(e, "not-a-procedure");
    for (size_t i = 0; i < f->lambda->lambda.count; i++) {
        const struct core_clause *clause = &f->lambda->lambda.clauses[i];
        if (clause_takes(clause, count))
            return evaluate(e, clause->body, clause_bind(e, clause, args, count, f->env));
    }
    return val_raise(e, "arity-error");
}

static struct binding *lookup(struct binding *env, const struct variable *variable)
{
    while (env && env->variable != variable)
        env = env->next;
    return env;
}

static struct val **global_slot(struct evaluator *e, const struct global *global)
{
    for (size_t i = 0; i < e->global_count; i++) {
        if (e->globals[i].global->name == global->name && strcmp(e->globals[i].global->space, global->space) == 0)
            return &e->globals[i].value;
    }
    e->globals[e->global_count].global = global;
    return &e->globals[e->global_count++].value;
}

static struct val *global_value(struct evaluator *e, const struct global *global)
{
    struct val *val;
    if (global->kind == GLOBAL_TOP && strcmp(global->space, "(schooner kernel)") != 0)
        return (val = *global_slot(e, global)) ? val : val_raise(e, "unbound-variable");
    val = val_new(e, VAL_PRIMITIVE);
    val->primitive = global->name->text;
    return val;
}

static struct val *evaluate_call(struct evaluator *e, const struct core *core, struct binding *env)
{
    struct val **args = arena_array(&e->front->arena, core->call.count, sizeof *args);
    struct val *f = evaluate(e, core->call.procedure, env);
    for (size_t i = 0; i < core->call.count && f; i++) {
        if (!(args[i] = evaluate(e, core->call.args[i], env)))
            return NULL;
    }
    return f ? apply(e, f, args, core->call.count) : NULL;
}

static struct val *evaluate(struct evaluator *e, const struct core *core, struct binding *env)
{
    struct val *val = NULL;
    struct binding *inner = env;
    switch ((enum core_kind)core->kind) {
    case CORE_CONSTANT: return val_of_datum(e, core->constant);
    case CORE_LOCAL:
        if (!(inner = lookup(env, core->local)) || !inner->value)
            return val_raise(e, inner ? "unbound-variable" : "out-of-scope");
        return inner->value;
    case CORE_GLOBAL: return global_value(e, core->global);
    case CORE_SET_LOCAL:
        if (!(val = evaluate(e, core->set_local.value, env)) || !(inner = lookup(env, core->set_local.variable)))
            return NULL;
        return inner->value = val;
    case CORE_SET_GLOBAL:
    case CORE_DEFINE:
        return (val = evaluate(e, core->set_global.value, env)) ? *global_slot(e, core->set_global.global) = val : NULL;
    case CORE_IF:
        if (!(val = evaluate(e, core->branch.test, env)))
            return NULL;
        return evaluate(e, val_is(val, V_FALSE) ? core->branch.otherwise : core->branch.then, env);
    case CORE_LAMBDA:
        val = val_new(e, VAL_CLOSURE);
        val->lambda = core;
        val->env = env;
        return val;
    case CORE_CALL: return evaluate_call(e, core, env);
    case CORE_SEQUENCE:
        for (size_t i = 0; i < core->sequence.count; i++) {
            if (!(val = evaluate(e, core->sequence.items[i], env)))
                return NULL;
        }
        return val;
    case CORE_LET:
        for (size_t i = 0; i < core->let.count; i++) {
            if (!(val = evaluate(e, core->let.values[i], env)))
                return NULL;
            inner = bind(e, core->let.variables[i], val, inner);
        }
        return evaluate(e, core->let.body, inner);
    case CORE_LETREC:
        for (size_t i = 0; i < core->let.count; i++)
            inner = bind(e, core->let.variables[i], NULL, inner);
        for (size_t i = 0; i < core->let.count; i++) {
            if (!(val = evaluate(e, core->let.values[i], inner)))
                return NULL;
            lookup(inner, core->let.variables[i])->value = val;
        }
        return evaluate(e, core->let.body, inner);
    case CORE_RECEIVE:
        if (!(val = evaluate(e, core->receive.producer, env)))
            return NULL;
        if (!clause_takes(&core->receive.clause, val->kind == VAL_VALUES ? val->length : 1))
            return val_raise(e, "arity-error");
        inner = val->kind == VAL_VALUES ? clause_bind(e, &core->receive.clause, val->items, val->length, env)
                                        : clause_bind(e, &core->receive.clause, &val, 1, env);
        return evaluate(e, core->receive.clause.body, inner);
    case CORE_TICK: return val_of(e, V_UNSPECIFIED);
    }
    return NULL;
}

static void val_print(const struct val *val, struct buffer *out)
{
    switch (val->kind) {
    case VAL_DATUM:
        if (val_is(val, V_NIL))
            buffer_append_text(out, "()");
        else
            datum_print(val->datum, 1000, out);
        return;
    case VAL_PAIR:
        buffer_append_byte(out, '(');
        val_print(val->car, out);
        for (val = val->cdr; val->kind == VAL_PAIR; val = val->cdr) {
            buffer_append_byte(out, ' ');
            val_print(val->car, out);
        }
        if (!val_is(val, V_NIL)) {
            buffer_append_text(out, " . ");
            val_print(val, out);
        }
        buffer_append_byte(out, ')');
        return;
    case VAL_VECTOR:
    case VAL_VALUES:
    case VAL_RECORD:
        buffer_append_text(out, val->kind == VAL_VECTOR ? "#(" : val->kind == VAL_VALUES ? "#values(" : "#record(");
        for (size_t i = val->kind == VAL_RECORD; i < val->length; i++) {
            if (i > (val->kind == VAL_RECORD))
                buffer_append_byte(out, ' ');
            val_print(val->items[i], out);
        }
        buffer_append_byte(out, ')');
        return;
    case VAL_TYPE:
    case VAL_CLOSURE:
    case VAL_PRIMITIVE: buffer_append_text(out, "#procedure"); return;
    }
}

#endif
