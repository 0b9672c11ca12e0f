/*
 * The libraries of an environment, as the expander sees them: those of the image, those of the host, and, while the
 * image is being made, the two built-in ones: (schooner primitives) and (schooner syntax).
 */
#include <stdio.h>
#include "schooner/env/env.h"
#include "base/near.h"
#include "schooner/table/primitive.h"

/* --- names ------------------------------------------------------------------------------------------------------- */

static const char *const mutators[] = {
    "set!",
    "set-car!",
    "set-cdr!",
    "list-set!",
    "string-set!",
    "string-fill!",
    "string-copy!",
    "vector-set!",
    "vector-fill!",
    "vector-copy!",
    "bytevector-u8-set!",
    "bytevector-copy!",
    "bytevector-fill!",
    "read-bytevector!",
    /* (srfi 132), (srfi 133) */
    "vector-sort!",
    "vector-stable-sort!",
    "vector-merge!",
    "vector-delete-neighbor-dups!",
    "vector-find-median!",
    "vector-select!",
    "vector-separate!",
    "vector-map!",
    "vector-swap!",
    "vector-reverse!",
    "vector-reverse-copy!",
    "vector-unfold!",
    "vector-unfold-right!",
    /* (srfi 128) */
    "comparator-register-default!",
    /* (srfi 64) */
    "test-result-set!",
    "test-runner-aux-value!",
    "test-runner-on-test-begin!",
    "test-runner-on-test-end!",
    "test-runner-on-group-begin!",
    "test-runner-on-group-end!",
    "test-runner-on-bad-count!",
    "test-runner-on-bad-end-name!",
    "test-runner-on-final!",
};

bool is_mutator(const char *name, size_t length)
{
    if (length == 0 || name[length - 1] != '!')
        return false;
    for (size_t i = 0; i < sizeof mutators / sizeof *mutators; i++)
        if (strlen(mutators[i]) == length && memcmp(mutators[i], name, length) == 0)
            return true;
    return false;
}

static bool is_one_of(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

bool is_run_only_library(const char *name)
{
    static const char *const names[] = { "(scheme eval)",
                                         "(scheme file)",
                                         "(scheme load)",
                                         "(scheme repl)",
                                         "(scheme process-context)",
                                         "(scheme r5rs)",
                                         NULL };
    return is_one_of(name, names);
}

/* What evaluates text is there where (scheme eval) is. */
static bool is_run_only(const char *name, size_t length)
{
    static const char evaluates[] = "test-read-eval-string";
    return length == sizeof evaluates - 1 && memcmp(name, evaluates, length) == 0;
}

bool is_system_library(const char *name)
{
    static const char *const names[] = { "(scheme file)", "(scheme process-context)", NULL };
    return is_one_of(name, names);
}

bool is_mutation_library(const char *name)
{
    static const char *const names[] = { "(srfi 69)", "(srfi 113)", "(srfi 125)", "(srfi 158)", NULL };
    return is_one_of(name, names);
}

bool is_opt_in_library(const char *name)
{
    static const char *const names[] = { "(scheme time)", NULL };
    return is_one_of(name, names);
}

bool library_name_canonical(const char *name, char *ret, size_t size)
{
    size_t used = 0;
    bool shortcut = *name != '(';
    const char *prefix = shortcut ? "(scheme " : "(";
    const char *p = shortcut ? name : name + 1;
    bool space = false;

    if (snprintf(ret, size, "%s", prefix) >= (int)size)
        return false;
    used = strlen(ret);
    for (; *p && *p != ')'; p++) {
        if (*p == ' ' || *p == '\t' || *p == '\n') {
            space = used > 1 && ret[used - 1] != ' ';
            continue;
        }
        if (used + 3 >= size || *p == '(')
            return false;
        if (space)
            ret[used++] = ' ';
        space = false;
        ret[used++] = *p == '_' && shortcut ? '-' : *p;
    }
    if ((*p == ')') == shortcut || (*p == ')' && p[1]))
        return false;
    ret[used++] = ')';
    ret[used] = 0;
    return used > 2;
}

/* --- the image's ------------------------------------------------------------------------------------------------- */

static int compare_name(const char *name, size_t length, const char *other, size_t other_length)
{
    int order = memcmp(name, other, size_min(length, other_length));
    return order ? order : length < other_length ? -1 : length > other_length;
}

static void image_exported(const sch_env *env, const struct image_binding *binding, struct exported *ret)
{
    *ret = (struct exported){ .name = image_at(env->image, binding->name), .kind = (enum binding_kind)binding->kind };
    switch (ret->kind) {
    case BINDING_SPECIAL: ret->special = (int)binding->index; break;
    case BINDING_MACRO:
        ret->macro = image_at(env->image, binding->macro.offset);
        ret->macro_length = binding->macro.count;
        ret->scope = &env->libraries[binding->scope].view;
        ret->space = ret->scope->name;
        break;
    case BINDING_GLOBAL:
        ret->global = (enum global_kind)binding->global;
        ret->index = binding->index;
        break;
    }
}

static bool image_find(const sch_env *env, struct image_span span, const char *name, size_t length,
                       struct exported *ret)
{
    const struct image_binding *bindings = image_at(env->image, span.offset);
    size_t low = 0;
    size_t high = span.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct image_binding *binding = &bindings[middle];
        int order = compare_name(name, length, image_at(env->image, binding->name), binding->name_length);
        if (order == 0) {
            image_exported(env, binding, ret);
            return true;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return false;
}

static bool image_library_find(const struct library *library, const char *name, size_t length, struct exported *ret)
{
    const struct env_library *own = library->data;
    if ((!own->env->mutation && is_mutator(name, length)) ||
        (own->env->posture != SCH_POSTURE_RUN && is_run_only(name, length)))
        return false;
    return image_find(own->env, own->image->exports, name, length, ret);
}

static bool image_library_find_inside(const struct library *library, const char *name, size_t length,
                                      struct exported *ret)
{
    const struct env_library *own = library->data;
    return image_find(own->env, own->image->inside, name, length, ret) ||
           image_find(own->env, own->image->exports, name, length, ret);
}

static void image_library_at(const struct library *library, size_t index, struct exported *ret)
{
    const struct env_library *own = library->data;
    const struct image_binding *bindings = image_at(own->env->image, own->image->exports.offset);
    image_exported(own->env, &bindings[index], ret);
}

void library_init_image(struct env_library *library, const sch_env *env, const struct image_library *image)
{
    const char *name = image_at(env->image, image->name);
    *library = (struct env_library){ .env = env, .image = image };
    library->view = (struct library){
        .name = name,
        .data = library,
        .export_count = image->exports.count,
        .find = image_library_find,
        .at = image_library_at,
        .find_inside = image_library_find_inside,
        .mutates = image->flags & IMAGE_LIBRARY_MUTATION,
    };
}

/* --- the host's -------------------------------------------------------------------------------------------------- */

static void host_exported(const struct env_library *library, size_t index, struct exported *ret)
{
    *ret = (struct exported){
        .name = library->bindings[index].name,
        .kind = BINDING_GLOBAL,
        .global = GLOBAL_IMAGE,
        .index = library->first_value + (uint32_t)index,
    };
}

static bool host_find(const struct library *library, const char *name, size_t length, struct exported *ret)
{
    const struct env_library *own = library->data;
    for (size_t i = 0; i < own->count; i++) {
        if (compare_name(name, length, own->bindings[i].name, strlen(own->bindings[i].name)) == 0) {
            host_exported(own, i, ret);
            return true;
        }
    }
    return false;
}

static void host_at(const struct library *library, size_t index, struct exported *ret)
{
    host_exported(library->data, index, ret);
}

void library_init_host(struct env_library *library, const sch_env *env, const char *name,
                       const struct sch_binding *bindings, size_t count, uint32_t first_value)
{
    *library = (struct env_library){
        .env = env,
        .bindings = bindings,
        .count = count,
        .first_value = first_value,
        .importable = true,
    };
    library->view = (struct library){
        .name = name,
        .data = library,
        .export_count = count,
        .find = host_find,
        .at = host_at,
        .find_inside = host_find,
    };
}

/* --- built in: only the program that makes the image may import them ---------------------------------------------- */

static bool primitive_find(const char *name, size_t length, struct exported *ret)
{
    for (uint32_t i = 0; i < PRIMITIVE_COUNT; i++) {
        if (compare_name(name, length, primitive_table[i].name, strlen(primitive_table[i].name)) == 0) {
            *ret = (struct exported){
                .name = primitive_table[i].name, .kind = BINDING_GLOBAL, .global = GLOBAL_PRIMITIVE, .index = i
            };
            return true;
        }
    }
    return false;
}

static bool primitives_find(const struct library *library, const char *name, size_t length, struct exported *ret)
{
    (void)library;
    return primitive_find(name, length, ret);
}

static void primitives_at(const struct library *library, size_t index, struct exported *ret)
{
    (void)library;
    *ret = (struct exported){ .name = primitive_table[index].name,
                              .kind = BINDING_GLOBAL,
                              .global = GLOBAL_PRIMITIVE,
                              .index = (uint32_t)index };
}

static void syntax_exported(int special, struct exported *ret)
{
    *ret = (struct exported){ .name = special_form_name(special), .kind = BINDING_SPECIAL, .special = special };
}

static bool syntax_find(const struct library *library, const char *name, size_t length, struct exported *ret)
{
    (void)library;
    int special = special_form_find(name, length);
    if (special < 0)
        return false;
    syntax_exported(special, ret);
    return true;
}

static void syntax_at(const struct library *library, size_t index, struct exported *ret)
{
    (void)library;
    syntax_exported((int)index, ret);
}

static const struct library primitives_library = {
    .name = "(schooner primitives)",
    .export_count = PRIMITIVE_COUNT,
    .find = primitives_find,
    .at = primitives_at,
    .find_inside = primitives_find,
};

static const struct library syntax_library = {
    .name = "(schooner syntax)",
    .export_count = SPECIAL_COUNT,
    .find = syntax_find,
    .at = syntax_at,
    .find_inside = syntax_find,
};

/* --- looking up -------------------------------------------------------------------------------------------------- */

const struct library *env_find_library(const sch_env *env, const char *name)
{
    for (size_t i = 0; i < env->library_count; i++) {
        const struct env_library *library = &env->libraries[i];
        if (library->importable && strcmp(library->view.name, name) == 0)
            return &library->view;
    }
    if (!env->image && strcmp(name, primitives_library.name) == 0)
        return &primitives_library;
    if (!env->image && strcmp(name, syntax_library.name) == 0)
        return &syntax_library;
    return NULL;
}

/* Named by a number: another number is another library, not a slip. */
static bool is_numbered(const char *name)
{
    return strncmp(name, "(srfi ", 6) == 0;
}

/* The library that was meant. */
static const char *near_library(const sch_env *env, const char *name)
{
    struct near near = near_begin(name, strlen(name));
    for (size_t i = 0; i < env->library_count; i++)
        if (env->libraries[i].importable && !env->libraries[i].anonymous &&
            !(is_numbered(name) && is_numbered(env->libraries[i].view.name)))
            near_consider(&near, env->libraries[i].view.name);
    return near.found;
}

/* What is imported here for a library that other systems have; NULL: nothing is known, or it is not there. */
static const char *library_instead(const sch_env *env, const char *name)
{
    static const struct {
        const char *name, *instead;
    } others[] = {
        { "(srfi 0)", "(scheme base)" },         { "(srfi 6)", "(scheme base)" },
        { "(srfi 9)", "(scheme base)" },         { "(srfi 11)", "(scheme base)" },
        { "(srfi 13)", "(srfi 152)" },           { "(srfi 23)", "(scheme base)" },
        { "(srfi 16)", "(scheme case-lambda)" }, { "(srfi 39)", "(scheme base)" },
        { "(srfi 43)", "(srfi 133)" },           { "(srfi 45)", "(scheme lazy)" },
        { "(srfi 60)", "(srfi 151)" },           { "(srfi 87)", "(scheme base)" },
        { "(srfi 95)", "(srfi 132)" },           { "(srfi 180)", "(schooner json)" },
        { "(chibi json)", "(schooner json)" },   { "(chibi test)", "(schooner test)" },
        { "(scheme list)", "(srfi 1)" },         { "(scheme set)", "(srfi 113)" },
        { "(scheme regex)", "(srfi 115)" },      { "(scheme hash-table)", "(srfi 125)" },
        { "(scheme comparator)", "(srfi 128)" }, { "(scheme sort)", "(srfi 132)" },
        { "(scheme vector)", "(srfi 133)" },     { "(scheme mapping)", "(srfi 146)" },
        { "(scheme bitwise)", "(srfi 151)" },    { "(scheme generator)", "(srfi 158)" },
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(others[i].name, name) == 0)
            return env_find_library(env, others[i].instead) ? others[i].instead : NULL;
    return NULL;
}

void env_explain_library(const sch_env *env, const char *name, char *ret, size_t size)
{
    const struct env_library *library = NULL;
    *ret = '\0';
    for (size_t i = 0; i < env->library_count && !library; i++)
        if (!env->libraries[i].anonymous && strcmp(env->libraries[i].view.name, name) == 0)
            library = &env->libraries[i];
    const char *instead = library ? NULL : library_instead(env, name);
    const char *near = library || instead ? NULL : near_library(env, name);
    if (instead)
        snprintf(ret, size, "; here %s has what it is for", instead);
    if (near)
        snprintf(ret, size, "; did you mean %s?", near);
    if (!library || (library->image && library->image->flags & IMAGE_LIBRARY_INTERNAL))
        return;
    bool is_told = env->names_options; /* what a host offers instead it says itself */
    if (!env->mutation && is_mutation_library(name))
        snprintf(ret, size, ": programs run without mutation here%s", is_told ? " (--mutation gives it)" : "");
    else if (env->posture == SCH_POSTURE_EVAL && is_run_only_library(name))
        snprintf(ret, size, ": only trusted programs may import it%s", is_told ? " (schooner run)" : "");
    else if (!is_system_library(name)) /* of which the host has nothing to offer */
        snprintf(ret, size, ": it is not on the menu%s", is_told ? " (--menu with its name gives it)" : "");
}

const struct library *env_find_scope(const sch_env *env, const char *name)
{
    for (size_t i = 0; i < env->library_count; i++)
        if (strcmp(env->libraries[i].view.name, name) == 0)
            return &env->libraries[i].view;
    return env_find_library(env, name);
}

bool env_find_builtin(const sch_env *env, const char *name, struct exported *ret)
{
    size_t length = strlen(name);
    if (primitive_find(name, length, ret))
        return true;
    if (!env->image)
        return false;
    const struct library *kernel = env_find_scope(env, "(schooner kernel)");
    return kernel && kernel->find(kernel, name, length, ret);
}

sch_value env_find_symbol(const sch_env *env, const char *text, size_t length, uint64_t hash)
{
    if (!env || !env->image || env->image->symbols.count == 0)
        return V_FALSE;
    const uint32_t *slots = image_at(env->image, env->image->symbols.offset);
    size_t mask = env->image->symbols.count - 1;
    for (size_t at = (size_t)hash & mask; slots[at]; at = (at + 1) & mask) {
        const struct symbol *symbol = image_at(env->image, env->image->objects.offset + slots[at]);
        if (symbol->hash != hash || header_length(symbol->header) != length || memcmp(symbol->text, text, length) != 0)
            continue;
        image_load_name(env, slots[at]);
        return object_value(env->region + slots[at]);
    }
    return V_FALSE;
}

sch_value env_find_keyword(const sch_env *env, sch_value symbol)
{
    if (!env->image || env->image->keywords.count == 0)
        return V_FALSE;
    /* as the image has it: a symbol that is not the image's is no such word */
    sch_value word = { symbol.bits - (uint64_t)(uintptr_t)env->region };
    const uint32_t *slots = image_at(env->image, env->image->keywords.offset);
    size_t mask = env->image->keywords.count - 1;
    for (size_t at = (size_t)object_as(struct symbol, symbol)->hash & mask; slots[at]; at = (at + 1) & mask) {
        const struct keyword *keyword = image_at(env->image, env->image->objects.offset + slots[at]);
        if (!value_same(keyword->symbol, word))
            continue;
        image_load_name(env, slots[at]);
        return object_value(env->region + slots[at]);
    }
    return V_FALSE;
}
