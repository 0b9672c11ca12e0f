/*
 * Names for variables that are shown as source. A variable keeps its author's name, and gets one that nobody wrote
 * (tmp.1) where another variable of its name would be captured: when a reference is found, every variable of the same
 * name between it and its binding is renamed. Each is renamed once, so the work is that of one walk.
 */
#include <stdio.h>
#include <string.h>
#include "base/cstack.h"
#include "schooner/expand/source.h"

enum { NAMES_STACK = 64 * 1024, SHOWN_NAME_MAX = 200 };

/* A variable's shown name, in variable->scratch. */
struct shown {
    struct name *name;
    struct known *known; /* NULL: renamed, in nobody's way */
    struct shown *outer; /* of the same name, around it */
    uint64_t binder;
};

/* What is known of a written name. */
struct known {
    struct shown *open; /* local variables of this name, innermost first */
    uint32_t last;      /* the number that the last renaming took */
    bool taken;         /* by a form, or by a global */
};

struct naming {
    struct front *front;
    struct table names;      /* struct name -> struct known */
    struct global **globals; /* in the order of their first mention */
    size_t count, capacity;
    uint64_t binders;
    struct cstack stack;
};

struct name *source_variable(const struct variable *variable)
{
    return ((const struct shown *)variable->scratch)->name;
}

struct name *source_global(const struct global *global)
{
    return global->scratch;
}

static struct known *known_of(struct naming *n, const struct name *name)
{
    struct known *known = table_get(&n->names, name);
    if (known || !(known = front_new(n->front, struct known)))
        return known;
    return table_put(n->front, &n->names, name, known) ? known : NULL;
}

/* base.1, base.2, ...: the first that the program does not mention. */
static struct name *fresh_name(struct naming *n, const struct name *base)
{
    struct known *known = known_of(n, base);
    while (known && front_charge(n->front, 1)) {
        char text[SHOWN_NAME_MAX + 16];
        int length = base->length < SHOWN_NAME_MAX ? (int)base->length : 0;
        snprintf(text, sizeof text, "%.*s.%u", length, base->text, (unsigned)++known->last);
        size_t before = n->front->names.count;
        struct name *name = name_of(&n->front->names, text);
        if (!name)
            front_limit(n->front, SCH_LIMIT_HEAP);
        if (!name || n->front->names.count > before)
            return name;
    }
    return NULL;
}

/* --- globals --- */

/* U+2060 begins what the expander made up behind a name that a macro defines. */
static const char *hidden_part(const struct name *name)
{
    return strstr(name->text, "\xe2\x81\xa0");
}

static bool is_programs(const struct global *global)
{
    return global->kind == GLOBAL_TOP && !global->space[0];
}

static const struct name *global_base(struct naming *n, const struct global *global)
{
    const struct name *name = global->written ? global->written : global->name;
    const char *hidden = hidden_part(name);
    if (hidden && !(name = name_intern(&n->front->names, name->text, (size_t)(hidden - name->text))))
        front_limit(n->front, SCH_LIMIT_HEAP);
    return name;
}

static bool global_seen(struct naming *n, struct global *global)
{
    struct global **at = FRONT_PUSH(n->front, n->globals, n->count, n->capacity);
    if (!at)
        return false;
    *at = global;
    global->scratch = (void *)global->name; /* seen; the name is chosen when all of them are known */
    return true;
}

/* The program's own come first; what only macros mention gives way. */
static bool choose_globals(struct naming *n)
{
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < n->count; i++) {
            struct global *global = n->globals[i];
            int its_round = is_programs(global) ? 0 : global->written ? 1 : 2;
            if (its_round != round)
                continue;
            const struct name *base = global_base(n, global);
            struct known *known = base ? known_of(n, base) : NULL;
            if (!known || !front_charge(n->front, 1))
                return false;
            bool keeps = !known->taken && !hidden_part(global->name);
            known->taken |= keeps;
            global->scratch = keeps ? (void *)base : fresh_name(n, base);
            if (!global->scratch)
                return false;
        }
    }
    return true;
}

/* --- local variables --- */

static bool rename_shown(struct naming *n, struct shown *shown)
{
    shown->known = NULL;
    return (shown->name = fresh_name(n, shown->name)) != NULL;
}

static bool open_variable(struct naming *n, struct variable *variable, const char *made, uint64_t binder)
{
    struct shown *shown = front_new(n->front, struct shown);
    if (!shown || !front_charge(n->front, 1))
        return false;
    variable->scratch = shown;
    if (!(shown->name = variable->name ? (struct name *)variable->name : name_of(&n->front->names, made)))
        return front_limit(n->front, SCH_LIMIT_HEAP);
    struct known *known = known_of(n, shown->name);
    if (!known)
        return false;
    if (!variable->name || known->taken || (known->open && known->open->binder == binder))
        return rename_shown(n, shown);
    shown->known = known;
    shown->binder = binder;
    shown->outer = known->open;
    known->open = shown;
    return true;
}

static bool open_variables(struct naming *n, struct variable **variables, size_t count, const char *made)
{
    uint64_t binder = ++n->binders;
    for (size_t i = 0; i < count; i++) {
        if (!open_variable(n, variables[i], made, binder))
            return false;
    }
    return true;
}

static void close_variables(struct variable **variables, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct shown *shown = variables[i]->scratch;
        if (shown->known)
            shown->known->open = shown->outer;
    }
}

/* Renames what would capture a reference to `wanted` here; NULL: to a global. */
static bool uncover(struct naming *n, struct known *known, const struct shown *wanted)
{
    while (known->open && known->open != wanted) {
        struct shown *shown = known->open;
        known->open = shown->outer;
        if (!rename_shown(n, shown))
            return false;
    }
    return true;
}

static bool see_variable(struct naming *n, const struct variable *variable)
{
    struct shown *shown = variable->scratch;
    return !shown->known || uncover(n, shown->known, shown);
}

static bool see_global(struct naming *n, struct global *global)
{
    if (!global->scratch && !global_seen(n, global))
        return false;
    const struct name *base = global_base(n, global);
    struct known *known = base ? known_of(n, base) : NULL;
    return known && uncover(n, known, NULL);
}

/* --- the walk --- */

static bool walk(struct naming *n, const struct core *core);

static bool walk_all(struct naming *n, struct core *const *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!walk(n, parts[i]))
            return false;
    }
    return true;
}

static bool walk_clause(struct naming *n, const struct core_clause *clause)
{
    size_t count = (size_t)clause->count + clause->has_rest;
    if (!open_variables(n, clause->params, count, "t") || !walk(n, clause->body))
        return false;
    close_variables(clause->params, count);
    return true;
}

static bool walk_let(struct naming *n, const struct core *core)
{
    bool recursive = core->kind == CORE_LETREC;
    if ((!recursive && !walk_all(n, core->let.values, core->let.count)) ||
        !open_variables(n, core->let.variables, core->let.count, recursive ? "loop" : "t") ||
        (recursive && !walk_all(n, core->let.values, core->let.count)) || !walk(n, core->let.body))
        return false;
    close_variables(core->let.variables, core->let.count);
    return true;
}

static bool walk_lambda(struct naming *n, const struct core *core)
{
    for (size_t i = 0; i < core->lambda.count; i++) {
        if (!walk_clause(n, &core->lambda.clauses[i]))
            return false;
    }
    return true;
}

struct walk_call {
    struct naming *n;
    const struct core *core;
    bool result;
};

static void walk_again(void *data)
{
    struct walk_call *call = data;
    call->result = walk(call->n, call->core);
}

static bool walk(struct naming *n, const struct core *core)
{
    if (cstack_is_low(&n->stack)) {
        struct walk_call call = { n, core, false };
        if (cstack_extend(&n->stack, walk_again, &call) != CSTACK_CALLED)
            return front_limit(n->front, SCH_LIMIT_HEAP);
        return call.result;
    }
    if (!front_charge(n->front, 1))
        return false;
    switch ((enum core_kind)core->kind) {
    case CORE_CONSTANT:
    case CORE_TICK: return true;
    case CORE_LOCAL: return see_variable(n, core->local);
    case CORE_GLOBAL: return see_global(n, core->global);
    case CORE_SET_LOCAL: return see_variable(n, core->set_local.variable) && walk(n, core->set_local.value);
    case CORE_SET_GLOBAL:
    case CORE_DEFINE: return see_global(n, core->set_global.global) && walk(n, core->set_global.value);
    case CORE_IF: return walk(n, core->branch.test) && walk(n, core->branch.then) && walk(n, core->branch.otherwise);
    case CORE_LAMBDA: return walk_lambda(n, core);
    case CORE_CALL: return walk(n, core->call.procedure) && walk_all(n, core->call.args, core->call.count);
    case CORE_SEQUENCE: return walk_all(n, core->sequence.items, core->sequence.count);
    case CORE_LET:
    case CORE_LETREC: return walk_let(n, core);
    case CORE_RECEIVE: return walk(n, core->receive.producer) && walk_clause(n, &core->receive.clause);
    }
    return true;
}

/* The names of the forms that the source is made of. */
static bool take_forms(struct naming *n)
{
    static const char *const forms[] = { "begin",  "case-lambda", "define",       "delay",  "delay-force", "else",
                                         "guard",  "if",          "import",       "lambda", "let",         "let-values",
                                         "letrec", "letrec*",     "parameterize", "quote",  "set!" };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct name *name = name_of(&n->front->names, forms[i]);
        struct known *known = name ? known_of(n, name) : NULL;
        if (!known)
            return n->front->failed ? false : front_limit(n->front, SCH_LIMIT_HEAP);
        known->taken = true;
    }
    return true;
}

bool source_names(struct front *front, const struct core *body)
{
    struct naming n = { .front = front };
    cstack_init(&n.stack, front->arena.memory, NAMES_STACK);
    bool ok = take_forms(&n) && walk(&n, body) && choose_globals(&n);
    cstack_done(&n.stack);
    return ok;
}
