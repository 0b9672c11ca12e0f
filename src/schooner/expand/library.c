/* define-library, the search for libraries, and what libraries and programs leave behind. */
#include "schooner/expand/expander.h"

enum { LOADING_MAX = 48, MODULES_PER_UNIT = 2 };

/* --- finding --- */

static struct module *library_made(struct expander *x, const char *name)
{
    for (struct module *module = x->modules; module; module = module->next) {
        if (!module->existing && !module->is_program && strcmp(module->space, name) == 0)
            return module;
    }
    return NULL;
}

static const struct library *library_known(const struct expander *x, const char *name)
{
    return x->world->find_library ? x->world->find_library(x->world->data, name) : NULL;
}

struct module *library_scope(struct expander *x, const char *name)
{
    struct module *made = library_made(x, name);
    if (made)
        return made;
    const struct library *library =
        x->world->find_scope ? x->world->find_scope(x->world->data, name) : library_known(x, name);
    return library ? module_of_library(x, library) : NULL;
}

static bool is_define_library(const struct datum *form, struct expander *x, const char *name)
{
    if (form_length(form) < 2 || !is_identifier(form_car(form)) ||
        strcmp(identifier_text(form_car(form)), "define-library") != 0)
        return false;
    const char *defined = library_name(x, form_second(form), false);
    return defined && strcmp(defined, name) == 0;
}

/* Reads the text of a library until its definition has been found; others in the text are of no interest. */
static struct module *library_read(struct expander *x, const char *name, const struct sch_source *source,
                                   struct position position)
{
    uint16_t file;
    if (!front_add_source(x->front, source->name, source->text, source->length, &file))
        return NULL;
    struct reader reader;
    reader_init(&reader, x->front, file);
    for (;;) {
        struct datum *form;
        enum read_result result = read_datum(&reader, &form);
        if (result == READ_END) {
            front_fail(x->front, "library-not-found", position, "%s does not define the library %s", source->name,
                       name);
            return NULL;
        }
        if (result != READ_DATUM)
            return NULL;
        if (is_define_library(form, x, name))
            return define_library_form(x, form) ? library_made(x, name) : NULL;
        if (x->front->failed)
            return NULL;
    }
}

/* The charge for one look for a library among all. */
static bool charge_modules(struct expander *x)
{
    return front_charge(x->front, 1 + x->module_count / MODULES_PER_UNIT);
}

struct module *library_get(struct expander *x, const char *name, struct position position)
{
    if (!charge_modules(x))
        return NULL;
    struct module *made = library_made(x, name);
    if (made && made->state != MODULE_DONE) {
        front_fail(x->front, "import-error", position, "the library %s imports itself", name);
        return NULL;
    }
    if (made)
        return made;
    const struct library *library = library_known(x, name);
    if (library)
        return module_of_library(x, library);
    struct sch_source source;
    if (x->front->failed)
        return NULL;
    if (x->world->load_library && x->world->load_library(x->world->data, x->front, name, &source)) {
        if (x->loading == LOADING_MAX) {
            front_fail(x->front, "import-error", position, "libraries import each other too deeply");
            return NULL;
        }
        x->loading++;
        made = library_read(x, name, &source, position);
        x->loading--;
        return made;
    }
    char why[200] = "";
    if (x->world->explain_library)
        x->world->explain_library(x->world->data, name, why, sizeof why);
    front_fail(x->front, "library-not-found", position, "the library %s is not available%s", name, why);
    return NULL;
}

bool library_exists(struct expander *x, const char *name)
{
    struct sch_source source;
    return library_made(x, name) || library_known(x, name) ||
           (x->world->load_library && x->world->load_library(x->world->data, x->front, name, &source));
}

/* --- define-library --- */

struct export_spec {
    struct datum *inside;
    struct datum *outside;
    struct export_spec *next;
};

/* What the declarations of a library say. */
struct declarations {
    struct splice *todo;
    struct splice *bodies, **last_body;
    struct export_spec *exports, **last_export;
};

static bool declare_exports(struct expander *x, struct declarations *declarations, struct datum *form)
{
    for (struct datum *rest = form_cdr(form); rest->kind == DATUM_PAIR; rest = form_cdr(rest)) {
        struct datum *item = form_car(rest);
        struct export_spec *spec = front_new(x->front, struct export_spec);
        if (!spec)
            return false;
        bool renames = form_length(item) == 3 && is_identifier(form_car(item)) &&
                       strcmp(identifier_text(form_car(item)), "rename") == 0;
        spec->inside = renames ? form_second(item) : item;
        spec->outside = renames ? form_third(item) : item;
        if (!is_identifier(spec->inside) || !is_identifier(spec->outside))
            return fail(x, item, "an export is a name or (rename name external-name)");
        *declarations->last_export = spec;
        declarations->last_export = &spec->next;
    }
    return true;
}

static bool splice_push(struct expander *x, struct splice **list, struct datum *forms)
{
    struct splice *splice = front_new(x->front, struct splice);
    if (!splice)
        return false;
    splice->forms = forms;
    splice->next = *list;
    *list = splice;
    return true;
}

static bool declare_body(struct expander *x, struct declarations *declarations, struct datum *forms)
{
    if (!forms || !splice_push(x, declarations->last_body, forms))
        return false;
    declarations->last_body = &(*declarations->last_body)->next;
    return true;
}

static bool declare(struct expander *x, struct declarations *declarations, struct datum *form)
{
    if (form_length(form) < 1 || !is_identifier(form_car(form)))
        return fail(x, form, "a declaration of a library is a list that begins with its name");
    const char *head = identifier_text(form_car(form));
    struct datum *forms = NULL;
    if (strcmp(head, "export") == 0)
        return declare_exports(x, declarations, form);
    if (strcmp(head, "import") == 0)
        return import_form(x, form);
    if (strcmp(head, "begin") == 0)
        return declare_body(x, declarations, form_cdr(form));
    if (strcmp(head, "include") == 0 || strcmp(head, "include-ci") == 0)
        return declare_body(x, declarations, include_forms(x, form, head[7] != '\0'));
    if (strcmp(head, "include-library-declarations") == 0)
        return (forms = include_forms(x, form, false)) && splice_push(x, &declarations->todo, forms);
    if (strcmp(head, "cond-expand") == 0)
        return (forms = cond_expand_select(x, form)) && splice_push(x, &declarations->todo, forms);
    return fail(x, form, "`%s` is no declaration of a library", head);
}

static bool declare_all(struct expander *x, struct declarations *declarations, struct datum *forms)
{
    if (!splice_push(x, &declarations->todo, forms))
        return false;
    while (declarations->todo) {
        struct splice *splice = declarations->todo;
        if (splice->forms->kind != DATUM_PAIR) {
            declarations->todo = splice->next;
            continue;
        }
        struct datum *form = form_car(splice->forms);
        splice->forms = form_cdr(splice->forms);
        if (!front_charge(x->front, 1) || !declare(x, declarations, form))
            return false;
    }
    return true;
}

static bool export_all(struct expander *x, struct module *module, struct export_spec *spec)
{
    for (; spec; spec = spec->next) {
        const struct name *outside = identifier_name(spec->outside);
        struct entry *entry = resolve(x, spec->inside, here(x));
        if (!entry)
            return x->front->failed ? false
                                    : front_fail(x->front, "syntax-error", spec->inside->position,
                                                 "%s exports `%s`, which it neither defines nor imports", module->space,
                                                 identifier_text(spec->inside));
        /* A name may be listed again, as long as it means the same. */
        struct entry *before = table_get(&module->exports, outside);
        if (before && before != entry)
            return fail(x, spec->outside, "%s exports two things as `%s`", module->space, outside->text);
        if (!before && !table_put(x->front, &module->exports, outside, entry))
            return false;
    }
    return true;
}

static bool remember_order(struct expander *x, struct module *module)
{
    struct module **at = FRONT_PUSH(x->front, x->order, x->order_count, x->order_capacity);
    if (!at)
        return false;
    *at = module;
    return true;
}

static bool library_expand(struct expander *x, struct module *module, struct datum *form)
{
    struct declarations declarations = { 0 };
    declarations.last_body = &declarations.bodies;
    declarations.last_export = &declarations.exports;
    if (!declare_all(x, &declarations, form_rest(form, 2)))
        return false;
    for (struct splice *body = declarations.bodies; body; body = body->next) {
        if (!expand_top(x, body->forms))
            return false;
    }
    return export_all(x, module, declarations.exports) && module_check(x, module) && remember_order(x, module);
}

bool define_library_form(struct expander *x, struct datum *form)
{
    if (form_length(form) < 2)
        return fail(x, form, "`define-library` needs a name");
    const char *name = library_name(x, form_second(form), false);
    if (!name || !charge_modules(x))
        return false;
    if (library_made(x, name))
        return fail(x, form, "the library %s is defined already", name);
    struct module *module = module_new(x, name, NULL);
    if (!module)
        return false;
    module->state = MODULE_LOADING;
    struct module *outer = x->module;
    x->module = module;
    bool ok = library_expand(x, module, form);
    x->module = outer;
    return ok;
}
