/* The expansion of a whole program: its forms in order, and the report of what it leaves behind. */
#include "schooner/expand/macro.h"

/* --- what is left behind --- */

static bool report_macro(struct expander *x, struct macro *macro, struct exported *ret)
{
    if (!macro->bytes && !macro_encode(x, macro, &macro->bytes, &macro->length))
        return false;
    ret->kind = BINDING_MACRO;
    ret->macro = macro->bytes;
    ret->macro_length = macro->length;
    ret->scope = macro->env.module->existing;
    ret->space = macro->env.module->space;
    return true;
}

static bool report_entry(struct expander *x, const struct entry *entry, const struct name *outside,
                         struct left_behind *ret)
{
    ret->inside = entry->inside->text;
    ret->exported.name = outside->text;
    switch ((enum entry_kind)entry->kind) {
    case ENTRY_SPECIAL:
        ret->exported.kind = BINDING_SPECIAL;
        ret->exported.special = entry->special;
        return true;
    case ENTRY_MACRO: return report_macro(x, entry->macro, &ret->exported);
    case ENTRY_GLOBAL:
        ret->exported.kind = BINDING_GLOBAL;
        ret->exported.global = entry->global->kind;
        ret->exported.index = entry->global->index;
        ret->exported.space = entry->global->space;
        ret->exported.global_name = entry->global->name->text;
        return true;
    case ENTRY_LOCAL: break;
    }
    return false;
}

static size_t own_count(const struct module *module)
{
    size_t count = 0;
    for (const struct entry *entry = module->first; entry; entry = entry->next)
        count++;
    return count;
}

static bool report_own(struct expander *x, const struct module *module, struct left_behind *ret)
{
    for (const struct entry *entry = module->first; entry; entry = entry->next) {
        if (!report_entry(x, entry, entry->inside, ret++))
            return false;
    }
    return true;
}

/* The macros that were made in the module. */
static bool is_own_macro(const struct entry *entry, const struct module *module)
{
    return entry->kind == ENTRY_MACRO && entry->macro->env.module == module && entry->macro->rules;
}

static size_t mention_count(const struct module *module)
{
    size_t count = 0;
    for (const struct entry *entry = module->first; entry; entry = entry->next)
        count += is_own_macro(entry, module) ? entry->macro->identifier_count : 0;
    return count;
}

static bool report_mentions(struct expander *x, struct module *module, struct library_left *ret)
{
    struct table seen = { 0 };
    for (const struct entry *entry = module->first; entry; entry = entry->next) {
        if (!is_own_macro(entry, module))
            continue;
        for (uint32_t i = 0; i < entry->macro->identifier_count; i++) {
            const struct name *name = macro_mentions(entry->macro, i);
            if (!name || table_get(&seen, name))
                continue;
            if (!front_charge(x->front, 1) || !table_put(x->front, &seen, name, (void *)name))
                return false;
            const struct entry *mentioned = module_find(x, module, name);
            if (x->front->failed)
                return false;
            if (!mentioned || mentioned->definitions > 0 || mentioned->pending)
                continue;
            if (!report_entry(x, mentioned, name, &ret->inside[ret->inside_count]))
                return false;
            ret->inside[ret->inside_count++].inside = name->text;
        }
    }
    return true;
}

static bool report_exports(struct expander *x, const struct module *module, struct library_left *ret)
{
    ret->exports = front_array(x->front, module->exports.count, sizeof *ret->exports);
    if (!ret->exports)
        return false;
    for (size_t i = 0; i < module->exports.capacity; i++) {
        const struct name *outside = module->exports.keys[i];
        if (outside && !report_entry(x, module->exports.values[i], outside, &ret->exports[ret->export_count++]))
            return false;
    }
    return true;
}

static bool report_library(struct expander *x, struct module *module, struct library_left *ret)
{
    size_t own = own_count(module);
    ret->name = module->space;
    ret->inside = front_array(x->front, own + mention_count(module), sizeof *ret->inside);
    if (!ret->inside || !report_exports(x, module, ret) || !report_own(x, module, ret->inside))
        return false;
    ret->inside_count = own;
    x->quiet = true;
    bool ok = report_mentions(x, module, ret);
    x->quiet = false;
    return ok;
}

static bool report(struct expander *x, struct expansion *ret)
{
    ret->top_count = own_count(x->module);
    ret->top = front_array(x->front, ret->top_count, sizeof *ret->top);
    ret->imports = x->import_texts;
    ret->import_count = x->import_count;
    ret->libraries = front_array(x->front, x->order_count, sizeof *ret->libraries);
    if (!ret->top || !ret->libraries || !report_own(x, x->module, ret->top))
        return false;
    for (size_t i = 0; i < x->order_count; i++) {
        if (!report_library(x, x->order[i], &ret->libraries[i]))
            return false;
    }
    ret->library_count = x->order_count;
    return true;
}

/* --- the program --- */

static bool expand_text(struct expander *x, uint16_t file)
{
    struct reader reader;
    reader_init(&reader, x->front, file);
    for (;;) {
        struct datum *form;
        enum read_result result = read_datum(&reader, &form);
        if (result == READ_END)
            return true;
        if (result == READ_FAILED) {
            if (!recover_unread(x))
                return false;
            if (!reader_skip(&reader))
                return !x->front->failed;
            continue;
        }
        struct datum *end = datum_nil(x->front, form->position);
        struct datum *forms = end ? datum_pair(x->front, form, end, form->position) : NULL;
        if (!forms || (!expand_top(x, forms) && !recover_behind(x, form)))
            return false;
    }
}

/* A form is expanded when another one follows, which may need what it defines. */
static bool step_text(struct expander *x, uint16_t file)
{
    struct reader reader;
    struct datum *before = NULL;
    reader_init(&reader, x->front, file);
    for (;;) {
        struct datum *form;
        enum read_result result = read_datum(&reader, &form);
        if (result != READ_DATUM)
            return result == READ_END;
        struct steps *steps = x->steps;
        x->steps = NULL;
        if (before && !expand_top(x, before))
            return false;
        x->steps = steps;
        struct datum *end = datum_nil(x->front, form->position);
        before = end ? datum_pair(x->front, form, end, form->position) : NULL;
        if (!before || !steps_once(x, form))
            return false;
    }
}

static bool expand_body(struct expander *x, uint16_t file, struct core **ret)
{
    struct position start = { .line = 1, .column = 1, .file = file };
    struct core *body;
    if (!expand_text(x, file) || !module_check(x, x->module))
        return false;
    if (x->item_count == 0)
        return unspecified_node(x, start, ret) != NULL;
    if (!(body = node_new(x, CORE_SEQUENCE, start, ret)))
        return false;
    body->sequence.items = x->items;
    body->sequence.count = x->item_count;
    return true;
}

static bool begin(struct expander *x, struct front *front, const struct expand_world *world)
{
    *x = (struct expander){ .front = front, .world = world };
    x->depth_limit = front->nesting < UINT32_MAX / 2 ? (uint32_t)front->nesting : UINT32_MAX / 2;
    x->module = module_new(x, "", NULL);
    if (!x->module)
        return false;
    x->module->is_program = true;
    return import_begin(x) && (!world->step || steps_begin(x));
}

bool expand_once(struct front *front, const struct expand_world *world, uint16_t file)
{
    struct expander x;
    return begin(&x, front, world) && step_text(&x, file);
}

bool expand_program(struct front *front, const struct expand_world *world, uint16_t file, struct expansion *ret)
{
    struct expander x;
    struct expansion expansion = { 0 };
    if (!begin(&x, front, world))
        return false;
    x.file = file;
    if (!expand_body(&x, file, &expansion.body) || (!world->report && !report(&x, &expansion)))
        return false;
    expansion.open = x.open;
    *ret = expansion;
    return true;
}
