/* The top levels of programs and libraries: their names, what imports make visible, and the global variables. */
#include "schooner/expand/expander.h"
#include <stdio.h>

/* --- globals: one object for each during a compilation --- */

static struct space *space_of(struct expander *x, const char *name)
{
    struct space *space = x->spaces;
    while (space && strcmp(space->name, name) != 0)
        space = space->next;
    if (space)
        return space;
    if (!(space = front_new(x->front, struct space)))
        return NULL;
    space->name = name;
    space->next = x->spaces;
    return x->spaces = space;
}

struct global *global_top(struct expander *x, const char *space_name, const struct name *name)
{
    struct space *space = space_of(x, space_name);
    struct global *global = space ? table_get(&space->globals, name) : NULL;
    if (global || !space || !(global = front_new(x->front, struct global)))
        return global;
    global->kind = GLOBAL_TOP;
    global->name = name;
    global->space = space->name;
    return table_put(x->front, &space->globals, name, global) ? global : NULL;
}

static const struct name *intern(struct expander *x, const char *text)
{
    struct name *name = name_of(&x->front->names, text);
    if (!name)
        front_limit(x->front, SCH_LIMIT_HEAP);
    return name;
}

static struct global *global_exported(struct expander *x, const struct exported *exported)
{
    const struct name *name = intern(x, exported->global_name ? exported->global_name : exported->name);
    if (!name)
        return NULL;
    if (exported->global == GLOBAL_TOP) {
        struct global *global = global_top(x, exported->space, name);
        if (global && !global->defined_here)
            global->immutable = true;
        return global;
    }
    const void *key = (const void *)((uintptr_t)exported->index * 4 + (exported->global == GLOBAL_IMAGE ? 1 : 3));
    struct global *global = table_get(&x->numbered, key);
    if (global || !(global = front_new(x->front, struct global)))
        return global;
    global->kind = exported->global;
    global->name = name;
    global->space = "";
    global->index = exported->index;
    global->immutable = true;
    return table_put(x->front, &x->numbered, key, global) ? global : NULL;
}

struct global *builtin_global(struct expander *x, enum builtin builtin)
{
    static const char *const names[BUILTIN_COUNT] = {
#define BUILTIN(NAME, text) text,
#include "schooner/expand/builtins.def"
#undef BUILTIN
    };
    struct exported exported = { 0 };
    if (x->builtins[builtin])
        return x->builtins[builtin];
    if (x->world->find_builtin && x->world->find_builtin(x->world->data, names[builtin], &exported)) {
        exported.name = names[builtin];
        return x->builtins[builtin] = global_exported(x, &exported);
    }
    const struct name *name = intern(x, names[builtin]);
    return x->builtins[builtin] = name ? global_top(x, "(schooner kernel)", name) : NULL;
}

/* --- modules --- */

struct module *module_new(struct expander *x, const char *space, const struct library *existing)
{
    struct module *module = front_new(x->front, struct module);
    if (!module)
        return NULL;
    module->space = space;
    module->existing = existing;
    module->state = existing ? MODULE_DONE : MODULE_OPEN;
    module->last = &module->first;
    module->pending_last = &module->pending;
    module->next = x->modules;
    x->module_count++;
    return x->modules = module;
}

struct module *module_of_library(struct expander *x, const struct library *library)
{
    for (struct module *module = x->modules; module; module = module->next) {
        if (module->existing == library)
            return module;
    }
    return module_new(x, library->name, library);
}

static struct entry *entry_new(struct expander *x, struct module *module, const struct name *name)
{
    struct entry *entry = front_new(x->front, struct entry);
    if (!entry)
        return NULL;
    entry->module = module;
    entry->inside = name;
    return entry;
}

/* Fills an entry with what a library says about a name. */
static bool entry_fill(struct expander *x, struct entry *entry, const struct exported *exported, struct module *from)
{
    switch (exported->kind) {
    case BINDING_SPECIAL:
        entry->kind = ENTRY_SPECIAL;
        entry->special = exported->special;
        return true;
    case BINDING_MACRO:
        entry->kind = ENTRY_MACRO;
        if (exported->scope)
            from = exported->scope == x->world->session ? from : module_of_library(x, exported->scope);
        else if (exported->space && exported->space[0] && strcmp(exported->space, from->space) != 0)
            from = library_scope(x, exported->space);
        if (!from)
            return front_fail(x->front, "import-error", (struct position){ 0 },
                              "the library %s of the macro `%s` is "
                              "not there",
                              exported->space ? exported->space : "", exported->name);
        entry->macro = macro_lazy(x, exported->macro, exported->macro_length, from);
        return entry->macro != NULL;
    case BINDING_GLOBAL:
        entry->kind = ENTRY_GLOBAL;
        entry->global = global_exported(x, exported);
        return entry->global != NULL;
    }
    return false;
}

static bool library_find(struct expander *x, const struct library *library, const struct name *name, bool inside,
                         struct exported *ret)
{
    *ret = (struct exported){ 0 };
    if (!front_charge(x->front, 1))
        return false;
    bool found = inside && library->find_inside ? library->find_inside(library, name->text, name->length, ret)
                                                : library->find(library, name->text, name->length, ret);
    if (found && !ret->name)
        ret->name = name->text;
    return found;
}

struct entry *module_export(struct expander *x, struct module *module, const struct name *name)
{
    struct entry *entry = table_get(&module->exports, name);
    if (entry || !module->existing)
        return entry;
    struct exported exported;
    if (!library_find(x, module->existing, name, false, &exported) || !(entry = entry_new(x, module, name)) ||
        !entry_fill(x, entry, &exported, module) || !table_put(x->front, &module->exports, name, entry))
        return NULL;
    return entry;
}

/* --- what imports make visible --- */

bool step_list(struct expander *x, struct import_step *step, const struct name *from, const struct name *to)
{
    size_t at = step->count++;
    step->from[at] = from;
    step->to[at] = to;
    if (step->kind == STEP_PREFIX)
        return true;
    /* Of a name that is listed twice the first counts. */
    if (!front_charge(x->front, 1) ||
        (!table_get(&step->listed, from) && !table_put(x->front, &step->listed, from, &step->to[at])))
        return false;
    return step->kind != STEP_RENAME || table_get(&step->renamed, to) ||
           table_put(x->front, &step->renamed, to, (void *)from);
}

/* What is called `name` outside of the step has this name inside; NULL: it has none. */
static const struct name *step_name(struct expander *x, const struct import_step *step, const struct name *name)
{
    if (step->kind == STEP_PREFIX) {
        const struct name *prefix = step->from[0];
        if (name->length < prefix->length || memcmp(name->text, prefix->text, prefix->length) != 0)
            return NULL;
        return intern(x, name->text + prefix->length);
    }
    if (!front_charge(x->front, 1))
        return NULL;
    const struct name *renamed = table_get(&step->renamed, name);
    if (renamed)
        return renamed;
    return (table_get(&step->listed, name) != NULL) == (step->kind == STEP_ONLY) ? name : NULL;
}

struct entry *import_find(struct expander *x, const struct import_set *set, const struct import_step *step,
                          const struct name *name)
{
    for (; step && name; step = step->next)
        name = step_name(x, step, name);
    return name ? module_export(x, set->source, name) : NULL;
}

static struct entry *imports_find(struct expander *x, struct module *module, const struct name *name)
{
    struct entry *found = NULL;
    struct import_set *where = NULL;
    for (struct import_set *set = module->imports; set; set = set->next) {
        if (where && set->implicit)
            continue;
        struct entry *entry = front_charge(x->front, 1) ? import_find(x, set, set->steps, name) : NULL;
        if (x->front->failed)
            return NULL;
        if (!entry)
            continue;
        if (!found || where->implicit) {
            found = entry;
            where = set;
        } else if (!entry_same(found, entry)) {
            if (x->quiet)
                return NULL;
            front_fail(x->front, "import-error", where->position, "`%s` is imported from %s and from %s, which differ",
                       name->text, set->source->space, where->source->space);
            return NULL;
        }
    }
    return found;
}

const struct import_set *import_of(struct expander *x, const struct module *module, const struct name *name)
{
    const struct import_set *set = module->imports;
    while (set && front_charge(x->front, 1) && (set->implicit || !import_find(x, set, set->steps, name)) &&
           !x->front->failed)
        set = set->next;
    return x->front->failed ? NULL : set;
}

struct entry *module_find(struct expander *x, struct module *module, const struct name *name)
{
    struct entry *entry = table_get(&module->names, name);
    if (entry)
        return entry;
    struct exported exported;
    if (module->existing) {
        if (!library_find(x, module->existing, name, true, &exported) || !(entry = entry_new(x, module, name)) ||
            !entry_fill(x, entry, &exported, module))
            return NULL;
        entry->imported = true;
    } else if (module->is_program && x->world->session && library_find(x, x->world->session, name, true, &exported)) {
        if (!(entry = entry_new(x, module, name)) || !entry_fill(x, entry, &exported, module))
            return NULL;
        entry->session = true;
    } else if (module->is_program && x->world->lambda && strcmp(name->text, x->world->lambda) == 0) {
        if (!(entry = entry_new(x, module, name)))
            return NULL;
        entry->kind = ENTRY_SPECIAL;
        entry->special = SPECIAL_LAMBDA;
        entry->imported = true;
    } else {
        struct entry *found = imports_find(x, module, name);
        if (!found || !(entry = entry_new(x, module, name)))
            return NULL;
        entry->kind = found->kind;
        entry->special = found->special;
        if (found->kind != ENTRY_SPECIAL)
            entry->global = found->global; /* the union's other members are pointers too */
        if (found->kind == ENTRY_GLOBAL && module->is_program && !found->global->written)
            found->global->written = name;
        entry->imported = true;
    }
    return table_put(x->front, &module->names, name, entry) ? entry : NULL;
}

/* --- definitions --- */

static bool may_redefine(const struct expander *x)
{
    return x->world->redefinition || x->world->mutation;
}

static struct entry *claim_again(struct expander *x, struct entry *entry, struct datum *id, bool syntax)
{
    const char *text = identifier_text(id);
    if (entry->pending) {
        if (syntax) {
            fail(x, id, "`%s` is used before its definition as syntax (line %u)", text, (unsigned)entry->position.line);
            return NULL;
        }
        entry->pending = false;
        entry->position = id->position;
        return entry;
    }
    if (entry->imported) {
        if (entry->used && !(x->module->is_program && may_redefine(x))) {
            fail(x, id, "`%s` is imported and was used already: it cannot be defined", text);
            return NULL;
        }
        entry->imported = false;
        entry->used = false;
        return entry;
    }
    if (entry->session ? !x->world->redefinition : !may_redefine(x)) {
        fail(x, id,
             entry->session ? "`%s` is defined already, by an earlier program" : "`%s` is defined already (line %u)",
             text, (unsigned)entry->position.line);
        return NULL;
    }
    entry->session = false;
    return entry;
}

/* A name that no other definition has: what a macro defines with a name of its own stays apart. */
static const struct name *hidden_name(struct expander *x, struct module *module, const struct name *base)
{
    char text[256];
    struct exported ignored;
    if (module->is_program && x->world->session && module->hidden == 0)
        module->hidden = x->world->session->export_count;
    for (;;) {
        /* U+2060, a joiner that is not seen, keeps it apart from what people write */
        snprintf(text, sizeof text, "%.*s\xe2\x81\xa0%zu", base->length < 200 ? (int)base->length : 0, base->text,
                 module->hidden++);
        const struct name *name = intern(x, text);
        if (!name || !front_charge(x->front, 1))
            return NULL;
        if (!table_get(&module->names, name) &&
            !(module->is_program && x->world->session && library_find(x, x->world->session, name, true, &ignored)))
            return name;
    }
}

static struct entry *claim_alias(struct expander *x, struct datum *id, bool syntax)
{
    for (struct entry *entry = id->alias->bindings; entry; entry = entry->shadowed) {
        if (entry->depth == 0 && entry->module == x->module)
            return claim_again(x, entry, id, syntax);
    }
    const struct name *name = hidden_name(x, x->module, id->alias->name);
    struct entry *entry = name ? entry_new(x, x->module, name) : NULL;
    if (!entry || !table_put(x->front, &x->module->names, name, entry))
        return NULL;
    entry->shadowed = id->alias->bindings;
    id->alias->bindings = entry;
    return entry;
}

static struct entry *claim_symbol(struct expander *x, struct datum *id, bool syntax)
{
    struct entry *entry = table_get(&x->module->names, id->name);
    struct exported exported;
    if (!entry && x->module->is_program && x->world->session &&
        library_find(x, x->world->session, id->name, true, &exported)) {
        if (!(entry = module_find(x, x->module, id->name)))
            return NULL;
    }
    if (entry)
        return claim_again(x, entry, id, syntax);
    if (x->front->failed || !(entry = entry_new(x, x->module, id->name)) ||
        !table_put(x->front, &x->module->names, id->name, entry))
        return NULL;
    return entry;
}

struct entry *module_claim(struct expander *x, struct datum *id, bool syntax)
{
    if (!is_identifier(id)) {
        fail(x, id, "a name to define must be a symbol");
        return NULL;
    }
    struct entry *entry = id->kind == DATUM_ALIAS ? claim_alias(x, id, syntax) : claim_symbol(x, id, syntax);
    if (!entry)
        return NULL;
    if (entry->definitions++ == 0) {
        *x->module->last = entry;
        x->module->last = &entry->next;
    }
    entry->id = id;
    entry->position = id->position;
    if (entry->definitions == 1 && !warn_hidden(x, entry))
        return NULL;
    if (syntax)
        return entry;
    entry->kind = ENTRY_GLOBAL;
    entry->global = global_top(x, x->module->space, entry->inside);
    if (!entry->global)
        return NULL;
    entry->global->defined_here = true;
    entry->global->immutable = false;
    return entry;
}

/* --- names that nothing binds yet --- */

struct entry *module_expect(struct expander *x, struct datum *id)
{
    if (x->front->failed)
        return NULL;
    struct position position = id->position;
    struct module *module = x->module;
    while (id->kind == DATUM_ALIAS) {
        module = id->alias->env.module;
        id = id->alias->id;
    }
    struct entry *entry = table_get(&module->names, id->name);
    if (entry)
        return entry;
    if (module->state == MODULE_DONE) {
        unbound_fail(x, module, id->name, NULL, position);
        return NULL;
    }
    if (!(entry = entry_new(x, module, id->name)) || !table_put(x->front, &module->names, id->name, entry))
        return NULL;
    entry->kind = ENTRY_GLOBAL;
    entry->pending = true;
    entry->near = near_local(x, id->name);
    entry->used = true;
    entry->id = id;
    entry->position = position;
    entry->global = global_top(x, module->space, id->name);
    *module->pending_last = entry;
    module->pending_last = &entry->next_pending;
    return entry->global ? entry : NULL;
}

bool unbound_fail(struct expander *x, struct module *module, const struct name *name, const struct name *near,
                  struct position position)
{
    char where[200] = "";
    if (!module->is_program)
        snprintf(where, sizeof where, " in %s", module->space);
    if (expand_is_mutator(x->world, name->text))
        return front_fail(x->front, "unbound-variable", position,
                          "`%s` is not bound: programs run without mutation here (--mutation allows it)", name->text);
    char hint[400];
    if (module->is_program && expand_hint(x->world, name->text, name->length, hint, sizeof hint))
        return front_fail(x->front, "unbound-variable", position, "`%s` is not bound%s", name->text, hint);
    if (!near && module->state != MODULE_DONE)
        near = near_global(x, module, name);
    if (x->front->failed)
        return false;
    if (near)
        return front_fail(x->front, "unbound-variable", position, "`%s` is not bound%s; did you mean `%s`?", name->text,
                          where, near->text);
    return front_fail(x->front, "unbound-variable", position, "`%s` is not bound%s", name->text, where);
}

/* Does the program, or a library made for it, name what evaluates in the program's own scope while it runs? */
static bool reaches_itself(const struct expander *x)
{
    for (const struct module *module = x->modules; module; module = module->next) {
        for (size_t i = 0; !module->existing && i < module->names.capacity; i++) {
            const struct entry *entry = module->names.keys[i] ? module->names.values[i] : NULL;
            if (!entry || !entry->used || entry->kind != ENTRY_GLOBAL || entry->global->kind != GLOBAL_IMAGE)
                continue;
            if (strcmp(entry->global->name->text, "interaction-environment") == 0 ||
                strcmp(entry->global->name->text, "load") == 0)
                return true;
        }
    }
    return false;
}

bool module_check(struct expander *x, struct module *module)
{
    bool late = module->is_program && x->world->late_names && !x->world->report;
    for (struct entry *entry = late ? NULL : module->pending; entry; entry = entry->next_pending) {
        if (!entry->pending || x->muted)
            continue;
        if (!unbound_fail(x, module, entry->inside, entry->near, entry->position) && !recover_told(x))
            return false;
    }
    if (module->is_program)
        x->open = x->world->redefinition || (x->world->late_names && reaches_itself(x));
    for (struct entry *entry = module->first; entry; entry = entry->next) {
        if (entry->kind == ENTRY_GLOBAL)
            entry->global->immutable = entry->definitions == 1 && !entry->assigned && (!module->is_program || !x->open);
    }
    module->state = MODULE_DONE;
    return warn_module(x, module);
}
