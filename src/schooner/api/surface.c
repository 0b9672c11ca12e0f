/* What an environment offers: every binding of every library that a script may import. */
#include "schooner/api/reference.h"
#include "schooner/api/state.h"
#include "schooner/compile/code.h"
#include "schooner/table/primitive.h"

static bool primitive_arity(const sch_env *env, sch_value value, int *ret_min, int *ret_max)
{
    const struct primitive *primitive = object_as(struct primitive, value);
    if (header_flags(primitive->header) & PRIMITIVE_HOST) {
        const struct host_function *function = env_host_function(env, primitive->index);
        if (!function->function)
            return false;
        *ret_min = function->min_args;
        *ret_max = function->max_args;
    } else {
        *ret_min = primitive_table[primitive->index].min_args;
        *ret_max = primitive_table[primitive->index].max_args;
    }
    return true;
}

bool env_arity(const sch_env *env, sch_value value, int *ret_min, int *ret_max)
{
    if (is_primitive(value))
        return primitive_arity(env, value, ret_min, ret_max);
    if (is_parameter(value)) {
        *ret_min = *ret_max = 0;
        return true;
    }
    if (!is_closure(value))
        return false;
    const struct closure *closure = object_as(struct closure, value);
    const struct sch_code *code = closure_instance(closure)->code;
    const struct code_procedure *procedure = &code_procedures(code)[closure->procedure & UINT32_MAX];
    *ret_min = procedure->min_args;
    *ret_max = procedure->max_args;
    return true;
}

static const char *doc_of(const struct env_library *library, const char *name)
{
    for (size_t i = 0; library->bindings && i < library->count; i++)
        if (strcmp(library->bindings[i].name, name) == 0)
            return library->bindings[i].doc;
    return NULL;
}

static void fill_value(const sch_env *env, const struct exported *exported, struct sch_surface *ret)
{
    sch_value value =
        exported->global == GLOBAL_PRIMITIVE ? env_primitive(env, exported->index) : env_value(env, exported->index);
    bool of_host = is_primitive(value) && header_flags(value_header(value)) & PRIMITIVE_HOST;
    bool is_value = !is_procedure(value) ||
                    (of_host && !env_host_function(env, object_as(struct primitive, value)->index)->function);
    ret->kind = is_value ? SCH_SURFACE_VALUE : SCH_SURFACE_PROCEDURE;
    ret->arity_known = env_arity(env, value, &ret->min_args, &ret->max_args);
}

static bool report_library(const sch_env *env, const struct env_library *library, sch_surface_fn *report, void *data)
{
    const struct library *view = &library->view;
    for (size_t i = 0; i < view->export_count; i++) {
        struct exported exported = { 0 };
        struct exported found;
        view->at(view, i, &exported);
        /* `at` lists what only mutation adds, too; `find` does not. % is internal to the library's macros. */
        if (exported.name[0] == '%' || !view->find(view, exported.name, strlen(exported.name), &found))
            continue;
        struct sch_surface surface = {
            .size = sizeof surface,
            .library = library->anonymous ? NULL : view->name,
            .name = exported.name,
            .kind = SCH_SURFACE_SYNTAX,
            .doc = doc_of(library, exported.name),
        };
        if (library->image)
            reference_find(view->name, exported.name, &surface.usage, &surface.doc);
        if (exported.kind == BINDING_GLOBAL)
            fill_value(env, &exported, &surface);
        if (!report(data, &surface))
            return false;
    }
    return true;
}

void sch_surface(const sch_env *env, sch_surface_fn *report, void *data)
{
    for (size_t i = 0; report && i < env->library_count; i++)
        if (env->libraries[i].importable && !report_library(env, &env->libraries[i], report, data))
            return;
}
