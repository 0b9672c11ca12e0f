/*
 * The core tree as source text again: forms of the report, laid out. What names variables get is source_names.c's, how
 * lines are broken datum_pretty.c's. Where a form of the report calls a procedure that no program can name, the form is
 * put back: parameterize, delay, delay-force, guard.
 */
#include <string.h>
#include "base/cstack.h"
#include "schooner/expand/source.h"

enum { SOURCE_STACK = 64 * 1024 };

struct source {
    struct front *front;
    struct buffer *out;
    struct cstack stack;
};

/* A list in the making. */
struct list {
    struct source *s;
    struct datum *first;
    struct datum **end;
    struct position position;
};

static struct datum *build(struct source *s, const struct core *core);

static bool list_add(struct list *list, struct datum *item)
{
    struct datum *pair = item ? datum_pair(list->s->front, item, *list->end, list->position) : NULL;
    if (!pair)
        return false;
    *list->end = pair;
    list->end = &pair->pair.cdr;
    return true;
}

static bool list_begin(struct list *list, struct source *s, const char *head, struct position position)
{
    *list = (struct list){ .s = s, .position = position, .first = datum_nil(s->front, position) };
    list->end = &list->first;
    return list->first && (!head || list_add(list, datum_symbol(s->front, head, position)));
}

static struct datum *name_datum(struct source *s, struct name *name, struct position position)
{
    return datum_name(s->front, name, position);
}

static bool is_unspecified(const struct core *core)
{
    return core->kind == CORE_CONSTANT && core->constant->kind == DATUM_IMMEDIATE &&
           value_same(core->constant->value, V_UNSPECIFIED);
}

/* The expressions of a body; a sequence at its end is spliced. */
static bool add_body(struct list *list, const struct core *core)
{
    while (core->kind == CORE_SEQUENCE && core->sequence.count > 0) {
        size_t last = core->sequence.count - 1;
        for (size_t i = 0; i < last; i++) {
            const struct core *item = core->sequence.items[i];
            if (item->kind != CORE_TICK && !list_add(list, build(list->s, item)))
                return false;
        }
        core = core->sequence.items[last];
    }
    return list_add(list, build(list->s, core));
}

static struct datum *formals(struct source *s, const struct core_clause *clause, struct position position)
{
    struct list list;
    if (!list_begin(&list, s, NULL, position))
        return NULL;
    for (size_t i = 0; i < clause->count; i++) {
        if (!list_add(&list, name_datum(s, source_variable(clause->params[i]), position)))
            return NULL;
    }
    if (clause->has_rest && !(*list.end = name_datum(s, source_variable(clause->params[clause->count]), position)))
        return NULL;
    return list.first;
}

static struct datum *build_lambda(struct source *s, const struct core *core)
{
    const struct core_clause *clauses = core->lambda.clauses;
    bool one = core->lambda.count == 1;
    struct list list;
    if (!list_begin(&list, s, one ? "lambda" : "case-lambda", core->position))
        return NULL;
    for (size_t i = 0; i < core->lambda.count; i++) {
        struct list clause;
        struct list *into = one ? &list : &clause;
        if ((!one && !list_begin(&clause, s, NULL, core->position)) ||
            !list_add(into, formals(s, &clauses[i], core->position)) || !add_body(into, clauses[i].body) ||
            (!one && !list_add(&list, clause.first)))
            return NULL;
    }
    return list.first;
}

/* (define (f . formals) body ...) or (define x value). */
static struct datum *build_define(struct source *s, const struct core *core)
{
    const struct core *value = core->set_global.value;
    struct list list;
    struct datum *name = name_datum(s, source_global(core->set_global.global), core->position);
    if (!name || !list_begin(&list, s, "define", core->position))
        return NULL;
    if (value->kind != CORE_LAMBDA || value->lambda.count != 1)
        return list_add(&list, name) && list_add(&list, build(s, value)) ? list.first : NULL;
    struct datum *rest = formals(s, value->lambda.clauses, core->position);
    if (!rest || !list_add(&list, datum_pair(s->front, name, rest, core->position)) ||
        !add_body(&list, value->lambda.clauses->body))
        return NULL;
    return list.first;
}

static struct datum *build_set(struct source *s, struct name *name, const struct core *value, struct position position)
{
    struct list list;
    return list_begin(&list, s, "set!", position) && list_add(&list, name_datum(s, name, position)) &&
                   list_add(&list, build(s, value))
               ? list.first
               : NULL;
}

static struct datum *build_if(struct source *s, const struct core *core)
{
    struct list list;
    if (!list_begin(&list, s, "if", core->position) || !list_add(&list, build(s, core->branch.test)) ||
        !list_add(&list, build(s, core->branch.then)) ||
        (!is_unspecified(core->branch.otherwise) && !list_add(&list, build(s, core->branch.otherwise))))
        return NULL;
    return list.first;
}

/* (letrec* ...) where a value may need another's: then the order counts. */
static const char *let_word(const struct core *core)
{
    if (core->kind == CORE_LET)
        return "let";
    for (size_t i = 0; i < core->let.count; i++) {
        if (core->let.values[i]->kind != CORE_LAMBDA)
            return core->let.count > 1 && !core->let.together ? "letrec*" : "letrec";
    }
    return "letrec";
}

static struct datum *build_let(struct source *s, const struct core *core)
{
    struct list list, bindings, binding;
    if (!list_begin(&list, s, let_word(core), core->position) || !list_begin(&bindings, s, NULL, core->position))
        return NULL;
    for (size_t i = 0; i < core->let.count; i++) {
        if (!list_begin(&binding, s, NULL, core->position) ||
            !list_add(&binding, name_datum(s, source_variable(core->let.variables[i]), core->position)) ||
            !list_add(&binding, build(s, core->let.values[i])) || !list_add(&bindings, binding.first))
            return NULL;
    }
    return list_add(&list, bindings.first) && add_body(&list, core->let.body) ? list.first : NULL;
}

static struct datum *build_receive(struct source *s, const struct core *core)
{
    struct list list, bindings, binding;
    bool ok = list_begin(&list, s, "let-values", core->position) && list_begin(&bindings, s, NULL, core->position) &&
              list_begin(&binding, s, NULL, core->position) &&
              list_add(&binding, formals(s, &core->receive.clause, core->position)) &&
              list_add(&binding, build(s, core->receive.producer)) && list_add(&bindings, binding.first) &&
              list_add(&list, bindings.first) && add_body(&list, core->receive.clause.body);
    return ok ? list.first : NULL;
}

/* --- calls --- */

static bool takes(const struct core *core, uint32_t count)
{
    return core->kind == CORE_LAMBDA && core->lambda.count == 1 && core->lambda.clauses->count == count &&
           !core->lambda.clauses->has_rest;
}

static bool add_bindings(struct list *list, const struct core *core)
{
    struct list bindings, binding;
    if (!list_begin(&bindings, list->s, NULL, core->position))
        return false;
    for (size_t i = 1; i + 1 < core->call.count; i += 2) {
        if (!list_begin(&binding, list->s, NULL, core->position) ||
            !list_add(&binding, build(list->s, core->call.args[i])) ||
            !list_add(&binding, build(list->s, core->call.args[i + 1])) || !list_add(&bindings, binding.first))
            return false;
    }
    return list_add(list, bindings.first);
}

static const struct core *handler_body(const struct core *handler)
{
    const struct core *body = handler->lambda.clauses->body;
    while (body->kind == CORE_SEQUENCE && body->sequence.count == 2 && body->sequence.items[0]->kind == CORE_TICK)
        body = body->sequence.items[1];
    return body;
}

/* Is the handler of a guard without else a chain of tests that ends in going back to raise? Clauses with => are not. */
static bool is_clauses(const struct core *handler)
{
    const struct core *body = handler_body(handler);
    while (body->kind == CORE_IF)
        body = body->branch.otherwise;
    return body->kind == CORE_CALL && body->call.count == 0 && body->call.procedure->kind == CORE_LOCAL &&
           body->call.procedure->local == handler->lambda.clauses->params[1];
}

/* (e (test expression ...) ...) */
static bool add_clauses(struct list *list, const struct core *handler)
{
    struct list spec, clause;
    const struct core_clause *its = handler->lambda.clauses;
    if (!list_begin(&spec, list->s, NULL, handler->position) ||
        !list_add(&spec, name_datum(list->s, source_variable(its->params[0]), handler->position)))
        return false;
    for (const struct core *body = handler_body(handler); body->kind == CORE_IF; body = body->branch.otherwise) {
        if (!list_begin(&clause, list->s, NULL, body->position) ||
            !list_add(&clause, build(list->s, body->branch.test)) || !add_body(&clause, body->branch.then) ||
            !list_add(&spec, clause.first))
            return false;
    }
    return list_add(list, spec.first);
}

/* (e (else handler ...)) */
static bool add_handler(struct list *list, const struct core *handler)
{
    struct list spec, clause;
    const struct core_clause *its = handler->lambda.clauses;
    if (its->count == 2)
        return add_clauses(list, handler);
    return list_begin(&spec, list->s, NULL, handler->position) &&
           list_add(&spec, name_datum(list->s, source_variable(its->params[0]), handler->position)) &&
           list_begin(&clause, list->s, "else", handler->position) && add_body(&clause, its->body) &&
           list_add(&spec, clause.first) && list_add(list, spec.first);
}

static bool is_handler(const struct core *core)
{
    if (core->call.count != 2)
        return false;
    const struct core *handler = core->call.args[1];
    return takes(handler, 1) || (takes(handler, 2) && is_clauses(handler));
}

/* The form whose procedure this is, with a thunk for its body; NULL: none. */
static const char *form_of_call(const struct core *core)
{
    static const struct {
        const char *procedure, *form;
    } forms[] = { { "%parameterize", "parameterize" },
                  { "%delay", "delay" },
                  { "%delay-force", "delay-force" },
                  { "%guard-else", "guard" },
                  { "%guard", "guard" } };
    const struct core *procedure = core->call.procedure;
    if (procedure->kind != CORE_GLOBAL || core->call.count < 1 || !takes(core->call.args[0], 0))
        return NULL;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (procedure->global->kind != GLOBAL_TOP && strcmp(procedure->global->name->text, forms[i].procedure) == 0)
            return i < 3 || is_handler(core) ? forms[i].form : NULL;
    }
    return NULL;
}

static struct datum *build_call(struct source *s, const struct core *core)
{
    const char *form = form_of_call(core);
    struct list list;
    if (!list_begin(&list, s, form, core->position))
        return NULL;
    if (form) {
        bool ok = strcmp(form, "parameterize") == 0 ? add_bindings(&list, core)
                  : strcmp(form, "guard") == 0      ? add_handler(&list, core->call.args[1])
                                                    : true;
        return ok && add_body(&list, core->call.args[0]->lambda.clauses->body) ? list.first : NULL;
    }
    bool ok = list_add(&list, build(s, core->call.procedure));
    for (size_t i = 0; i < core->call.count && ok; i++)
        ok = list_add(&list, build(s, core->call.args[i]));
    return ok ? list.first : NULL;
}

/* --- any expression --- */

static struct datum *build_constant(struct source *s, const struct core *core)
{
    struct datum *constant = (struct datum *)core->constant;
    struct list list;
    if (is_unspecified(core)) {
        bool ok = list_begin(&list, s, "if", core->position) &&
                  list_add(&list, datum_value(s->front, V_FALSE, core->position)) &&
                  list_add(&list, datum_value(s->front, V_FALSE, core->position));
        return ok ? list.first : NULL;
    }
    if (constant->kind != DATUM_SYMBOL && constant->kind != DATUM_NIL && constant->kind != DATUM_PAIR &&
        constant->kind != DATUM_VECTOR)
        return constant;
    return list_begin(&list, s, "quote", core->position) && list_add(&list, constant) ? list.first : NULL;
}

static struct datum *build_begin(struct source *s, const struct core *core)
{
    struct list list;
    if (core->sequence.count == 1)
        return build(s, core->sequence.items[0]);
    return list_begin(&list, s, "begin", core->position) && add_body(&list, core) ? list.first : NULL;
}

struct build_call {
    struct source *s;
    const struct core *core;
    struct datum *result;
};

static void build_again(void *data)
{
    struct build_call *call = data;
    call->result = build(call->s, call->core);
}

static struct datum *build(struct source *s, const struct core *core)
{
    if (cstack_is_low(&s->stack)) {
        struct build_call call = { s, core, NULL };
        if (cstack_extend(&s->stack, build_again, &call) != CSTACK_CALLED)
            front_limit(s->front, SCH_LIMIT_HEAP);
        return call.result;
    }
    if (!front_charge(s->front, 1))
        return NULL;
    switch ((enum core_kind)core->kind) {
    case CORE_CONSTANT: return build_constant(s, core);
    case CORE_LOCAL: return name_datum(s, source_variable(core->local), core->position);
    case CORE_GLOBAL: return name_datum(s, source_global(core->global), core->position);
    case CORE_SET_LOCAL:
        return build_set(s, source_variable(core->set_local.variable), core->set_local.value, core->position);
    case CORE_SET_GLOBAL:
        return build_set(s, source_global(core->set_global.global), core->set_global.value, core->position);
    case CORE_DEFINE: return build_define(s, core);
    case CORE_IF: return build_if(s, core);
    case CORE_LAMBDA: return build_lambda(s, core);
    case CORE_CALL: return build_call(s, core);
    case CORE_SEQUENCE: return build_begin(s, core);
    case CORE_LET:
    case CORE_LETREC: return build_let(s, core);
    case CORE_RECEIVE: return build_receive(s, core);
    case CORE_TICK: break;
    }
    return NULL; /* only bodies have ticks, which add_body leaves out */
}

/* --- the program --- */

/* Is it an import of a library whose definitions stand in the source? Steps around the name: (only (name) ...). */
static bool is_in_source(struct source *s, const struct expansion *expansion, const struct datum *import, bool *ret)
{
    while (import->kind == DATUM_PAIR && import->pair.cdr->kind == DATUM_PAIR &&
           import->pair.cdr->pair.car->kind == DATUM_PAIR)
        import = import->pair.cdr->pair.car;
    *ret = false;
    for (size_t i = 0; i < expansion->library_count && !*ret; i++) {
        const char *name = expansion->libraries[i].name;
        struct buffer text;
        buffer_init(&text, s->front->arena.memory);
        bool ok = datum_print(import, strlen(name) + 1, &text) && front_charge(s->front, 1);
        *ret = ok && text.length == strlen(name) && memcmp(text.bytes, name, text.length) == 0;
        buffer_done(&text);
        if (!ok)
            return front_limit(s->front, SCH_LIMIT_HEAP);
    }
    return true;
}

/* The import sets as the expansion tells them, with every name in bars: (set ...). */
static struct datum *read_imports(struct source *s, const struct expansion *expansion)
{
    struct buffer text;
    buffer_init(&text, s->front->arena.memory);
    bool ok = buffer_append_byte(&text, '(');
    for (size_t i = 0; i < expansion->import_count && ok; i++)
        ok = buffer_append_text(&text, expansion->imports[i]) && buffer_append_byte(&text, '\n');
    ok = ok && buffer_append_byte(&text, ')');
    char *copy = ok ? arena_copy(&s->front->arena, text.bytes, text.length) : NULL;
    size_t length = text.length;
    buffer_done(&text);
    if (!copy) {
        front_limit(s->front, SCH_LIMIT_HEAP);
        return NULL;
    }
    struct reader reader;
    struct datum *sets;
    uint16_t file;
    if (!front_add_source(s->front, "imports", copy, length, &file))
        return NULL;
    reader_init(&reader, s->front, file);
    return read_datum(&reader, &sets) == READ_DATUM ? sets : NULL;
}

static bool print_imports(struct source *s, const struct expansion *expansion)
{
    struct list list;
    const struct datum *sets = expansion->import_count > 0 ? read_imports(s, expansion) : NULL;
    if (!sets)
        return !s->front->failed && expansion->import_count == 0;
    if (!list_begin(&list, s, "import", (struct position){ 0 }))
        return false;
    for (; sets->kind == DATUM_PAIR; sets = sets->pair.cdr) {
        bool here;
        if (!is_in_source(s, expansion, sets->pair.car, &here) || (!here && !list_add(&list, sets->pair.car)))
            return false;
    }
    bool any = list.first->pair.cdr->kind == DATUM_PAIR;
    return !any || datum_print_source(list.first, SIZE_MAX, s->out) || front_limit(s->front, SCH_LIMIT_HEAP);
}

static bool print_form(struct source *s, const struct core *core)
{
    size_t before = s->out->length;
    struct datum *datum = build(s, core);
    if (!datum)
        return false;
    if (!datum_print_source(datum, SIZE_MAX, s->out))
        return front_limit(s->front, SCH_LIMIT_HEAP);
    return front_charge(s->front, (s->out->length - before) / 64);
}

bool expand_source(struct front *front, const struct expansion *expansion, struct buffer *out)
{
    struct source s = { .front = front, .out = out };
    const struct core *body = expansion->body;
    if (!source_names(front, body) || !print_imports(&s, expansion))
        return false;
    if (body->kind != CORE_SEQUENCE) /* the program is empty */
        return true;
    cstack_init(&s.stack, front->arena.memory, SOURCE_STACK);
    bool ok = true;
    for (size_t i = 0; i < body->sequence.count && ok; i++)
        ok = print_form(&s, body->sequence.items[i]);
    cstack_done(&s.stack);
    return ok;
}
