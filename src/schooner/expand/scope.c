/* Identifiers and what they stand for: scopes, aliases, and the tables they need. Knows no form. */
#include "schooner/expand/expander.h"
#include "base/hash.h"

enum { ALIAS_CHAIN_MAX = 1000, TABLE_CAPACITY_MIN = 16 };

/* --- tables --- */

static size_t table_slot(const void **keys, size_t capacity, const void *key)
{
    size_t mask = capacity - 1;
    size_t at = (size_t)hash_mix((uint64_t)(uintptr_t)key) & mask;
    while (keys[at] && keys[at] != key)
        at = (at + 1) & mask;
    return at;
}

static bool table_grow(struct front *front, struct table *table)
{
    struct table larger = { .count = table->count };
    larger.capacity = table->capacity ? table->capacity * 2 : TABLE_CAPACITY_MIN;
    larger.keys = front_array(front, larger.capacity, sizeof *larger.keys);
    larger.values = front_array(front, larger.capacity, sizeof *larger.values);
    if (!larger.keys || !larger.values)
        return false;
    for (size_t i = 0; i < table->capacity; i++) {
        if (!table->keys[i])
            continue;
        size_t at = table_slot(larger.keys, larger.capacity, table->keys[i]);
        larger.keys[at] = table->keys[i];
        larger.values[at] = table->values[i];
    }
    *table = larger;
    return true;
}

bool table_put(struct front *front, struct table *table, const void *key, void *value)
{
    if (table->count >= table->capacity / 4 * 3 && !table_grow(front, table))
        return false;
    size_t at = table_slot(table->keys, table->capacity, key);
    if (!table->keys[at]) {
        table->keys[at] = key;
        table->count++;
    }
    table->values[at] = value;
    return true;
}

void *table_get(const struct table *table, const void *key)
{
    return table->capacity ? table->values[table_slot(table->keys, table->capacity, key)] : NULL;
}

/* --- aliases --- */

struct datum *alias_new(struct expander *x, struct datum *id, struct environment env, struct position position)
{
    struct alias *alias = front_new(x->front, struct alias);
    struct datum *datum = alias ? front_new(x->front, struct datum) : NULL;
    if (!datum)
        return NULL;
    alias->id = id;
    alias->name = identifier_name(id);
    alias->env = env;
    alias->length = id->kind == DATUM_ALIAS ? id->alias->length + 1 : 1;
    if (alias->length > ALIAS_CHAIN_MAX) {
        front_limit(x->front, SCH_LIMIT_NESTING);
        return NULL;
    }
    datum->kind = DATUM_ALIAS;
    datum->position = position;
    datum->alias = alias;
    return datum;
}

static struct entry **bindings_of(struct datum *id)
{
    return id->kind == DATUM_ALIAS ? &id->alias->bindings : (struct entry **)&id->name->scratch;
}

/*
 * Bindings hang on the identifier, innermost first. A macro is used only within the scope that binds it, so the
 * environment of an alias is always one of the scopes that are open now: its depth tells which bindings it sees.
 */
static struct entry *look_in_scopes(struct datum **id, struct environment *env)
{
    for (;;) {
        for (struct entry *entry = *bindings_of(*id); entry; entry = entry->shadowed) {
            if (entry->depth <= env->depth && entry->module == env->module)
                return entry;
        }
        if ((*id)->kind == DATUM_SYMBOL)
            return NULL;
        *env = (*id)->alias->env;
        *id = (*id)->alias->id;
    }
}

struct entry *look_up(struct expander *x, struct datum *id, struct environment env)
{
    struct entry *entry = look_in_scopes(&id, &env);
    if (entry)
        return entry;
    entry = module_find(x, env.module, id->name);
    return entry && entry->pending ? NULL : entry;
}

void resolve_local(struct expander *x, struct datum *id)
{
    struct environment env = here(x);
    struct entry *entry = look_in_scopes(&id, &env);
    if (entry)
        entry->used = true;
}

struct entry *resolve(struct expander *x, struct datum *id, struct environment env)
{
    struct entry *entry = look_up(x, id, env);
    if (entry)
        entry->used = true;
    return entry;
}

bool entry_same(const struct entry *a, const struct entry *b)
{
    if (a == b)
        return true;
    if (a->kind != b->kind)
        return false;
    switch ((enum entry_kind)a->kind) {
    case ENTRY_LOCAL: return a->variable == b->variable;
    case ENTRY_GLOBAL: return a->global == b->global;
    case ENTRY_MACRO: return a->macro == b->macro;
    case ENTRY_SPECIAL: return a->special == b->special;
    }
    return false;
}

bool binding_same(struct expander *x, struct datum *a, struct environment env_a, struct datum *b,
                  struct environment env_b)
{
    struct entry *first = resolve(x, a, env_a);
    struct entry *second = resolve(x, b, env_b);
    if (!first || !second)
        return first == second && identifier_name(a) == identifier_name(b);
    return entry_same(first, second);
}

bool is_special(struct expander *x, struct datum *id, int special)
{
    if (!is_identifier(id))
        return false;
    const char *name = special_form_name(special);
    struct entry *entry = resolve(x, id, here(x));
    return entry ? entry->kind == ENTRY_SPECIAL && entry->special == special : strcmp(identifier_text(id), name) == 0;
}

/* --- scopes --- */

static void scope_close(struct expander *x)
{
    struct scope *scope = x->scopes;
    for (struct entry *entry = scope->entries; entry; entry = entry->next)
        *bindings_of(entry->id) = entry->shadowed;
    x->scopes = scope->outer;
    scope->outer = x->free_scopes;
    x->free_scopes = scope;
    x->depth--;
}

static bool scope_leave(struct expander *x, const struct task *task)
{
    (void)task;
    const struct scope *scope = x->scopes;
    scope_close(x);
    return warn_scope(x, scope);
}

void scope_leave_all(struct expander *x)
{
    while (x->scopes)
        scope_close(x);
    x->unused = 0;
}

bool scope_enter(struct expander *x)
{
    struct scope *scope = x->free_scopes;
    if (scope)
        x->free_scopes = scope->outer;
    else if (!(scope = front_new(x->front, struct scope)))
        return false;
    scope->entries = NULL;
    scope->outer = x->scopes;
    x->scopes = scope;
    x->depth++;
    return push_task(x, (struct task){ .run = scope_leave });
}

struct entry *scope_bind(struct expander *x, struct datum *id, enum entry_kind kind)
{
    if (!is_identifier(id)) {
        fail(x, id, "a name to bind must be a symbol");
        return NULL;
    }
    struct entry **bindings = bindings_of(id);
    if (*bindings && (*bindings)->depth == x->depth && (*bindings)->module == x->module) {
        fail(x, id, "`%s` is bound twice", identifier_text(id));
        return NULL;
    }
    struct entry *entry = front_new(x->front, struct entry);
    if (!entry)
        return NULL;
    *entry = (struct entry){ .kind = (uint8_t)kind,
                             .depth = x->depth,
                             .module = x->module,
                             .id = id,
                             .position = id->position,
                             .shadowed = *bindings,
                             .next = x->scopes->entries };
    x->scopes->entries = entry;
    *bindings = entry;
    return entry;
}

struct variable *scope_own_variable(const struct expander *x, struct datum *id)
{
    const struct entry *entry = is_identifier(id) ? *bindings_of(id) : NULL;
    bool own = entry && entry->depth == x->depth && entry->module == x->module && entry->kind == ENTRY_LOCAL;
    return own ? entry->variable : NULL;
}

struct variable *scope_bind_variable(struct expander *x, struct datum *id)
{
    struct entry *entry = scope_bind(x, id, ENTRY_LOCAL);
    return entry ? (entry->variable = variable_new(x->front, identifier_name(id), id->position)) : NULL;
}

struct variable *scope_bind_watched(struct expander *x, const struct datum *form, struct datum *id)
{
    struct variable *variable = scope_bind_variable(x, id);
    if (variable)
        warn_watch(x, form, x->scopes->entries);
    return variable;
}
