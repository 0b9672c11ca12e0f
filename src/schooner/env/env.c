/* Environments: what scripts may see. Made once, then only read. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "base/hash.h"
#include "schooner/env/env.h"
#include "schooner/compile/code.h"
#include "schooner/heap/block.h"
#include "schooner/table/primitive.h"
#include "schooner/table/switches.h"

enum { LIBRARY_NAME_MAX = 256, HOST_BINDINGS_MAX = 100000 };

sch_value env_primitive(const sch_env *env, uint32_t index)
{
    if (env->image)
        image_want_section(env, IMAGE_PRIMITIVES);
    return object_value(env->primitives + index * sizeof(struct primitive));
}

sch_value env_value(const sch_env *env, uint32_t index)
{
    if (index >= env->value_count)
        return object_value(env->host_procedures + (index - env->value_count) * sizeof(struct primitive));
    const uint64_t *values = image_at(env->image, env->image->values.offset);
    sch_value v = { values[index] };
    if (is_pointer(v)) {
        image_want_section(env, image_word_section(v.bits));
        v.bits = image_word_offset(v.bits) + (uint64_t)(uintptr_t)env->region;
    }
    return v;
}

sch_value machine_value(sch_vm *vm, uint32_t index)
{
    const sch_env *env = vm->env;
    if (index >= env->value_count && !env->functions[index - env->value_count].function)
        return vm->host_values[index - env->value_count];
    return env_value(env, index);
}

sch_value env_hook(const sch_env *env, enum image_hook hook)
{
    return env->image ? env_value(env, env->image->hooks[hook]) : V_FALSE;
}

const char *env_name_of(const sch_env *env, sch_value procedure, const char *name, size_t length)
{
    struct exported exported;
    for (size_t i = 0; i < env->library_count; i++) {
        const struct library *library = &env->libraries[i].view;
        if (!env->libraries[i].image || !library->find(library, name, length, &exported) ||
            exported.kind != BINDING_GLOBAL)
            continue;
        if (value_same(exported.global == GLOBAL_IMAGE       ? env_value(env, exported.index)
                       : exported.global == GLOBAL_PRIMITIVE ? env_primitive(env, exported.index)
                                                             : V_FALSE,
                       procedure))
            return exported.name;
    }
    return NULL;
}

const struct host_function *env_host_function(const sch_env *env, uint64_t index)
{
    return &env->functions[index];
}

bool env_catches_errors(const sch_env *env)
{
    return env->catch_errors;
}

/* --- making ------------------------------------------------------------------------------------------------------ */

static bool fail(struct sch_failure *ret_failure, const char *kind, const char *message)
{
    if (ret_failure) {
        *ret_failure = (struct sch_failure){ .size = sizeof *ret_failure, .status = SCH_ERROR, .kind = kind };
        ret_failure->storage = strdup(message);
        ret_failure->message = ret_failure->storage ? ret_failure->storage : "out of memory";
    }
    return false;
}

/* The same, with the name that it is about. */
static bool fail_about(struct sch_failure *ret_failure, const char *kind, const char *message, const char *name)
{
    char text[LIBRARY_NAME_MAX + 120];
    snprintf(text, sizeof text, "%s: %.*s", message, LIBRARY_NAME_MAX, name);
    return fail(ret_failure, kind, text);
}

static void fill_primitive(char *at, size_t index, unsigned flags)
{
    struct primitive *primitive = (struct primitive *)(at + index * sizeof(struct primitive));
    primitive->header = header_make(OBJECT_PRIMITIVE, OBJECT_FROZEN | flags, index);
    primitive->index = index;
}

/* Frozen blocks: the image's objects, the primitives, the host's procedures. */
static bool make_region(sch_env *env, struct sch_failure *ret_failure)
{
    size_t room = image_block_room();
    size_t primitive_bytes = PRIMITIVE_COUNT * sizeof(struct primitive);
    size_t host_bytes = env->function_count * sizeof(struct primitive);
    if (primitive_bytes > room || host_bytes > room)
        return fail(ret_failure, "misuse", "too many bindings of the host"); /* they have one block */
    if (!image_map(env, env->image, env->image ? 1 : 2))
        return fail(ret_failure, "no-memory", "out of memory");

    size_t blocks = env->image ? env->image->block_count : 1;
    env->primitives = image_block_start(env->region, 0); /* the image begins with them */
    if (!env->image)
        heap_block_format_frozen(env->region, HEAP_BLOCK_SIZE);
    for (size_t i = 0; i < PRIMITIVE_COUNT && !env->image; i++)
        fill_primitive(env->primitives, i, 0);
    env->host_procedures = image_block_start(env->region, blocks);
    if (env->function_count > 0)
        heap_block_format_frozen(env->region + blocks * HEAP_BLOCK_SIZE, HEAP_BLOCK_SIZE);
    for (size_t i = 0; i < env->function_count; i++)
        fill_primitive(env->host_procedures, i, PRIMITIVE_HOST);
    return true;
}

static struct env_library *find_any(sch_env *env, const char *name)
{
    for (size_t i = 0; i < env->library_count; i++)
        if (strcmp(env->libraries[i].view.name, name) == 0)
            return &env->libraries[i];
    return NULL;
}

/* Every library of the posture. */
static void apply_default_menu(sch_env *env)
{
    for (size_t i = 0; i < env->library_count; i++) {
        struct env_library *library = &env->libraries[i];
        if (!library->image)
            continue;
        uint32_t flags = library->image->flags;
        bool hidden = flags & IMAGE_LIBRARY_INTERNAL;
        bool restricted = flags & (IMAGE_LIBRARY_RUN_ONLY | IMAGE_LIBRARY_OPT_IN);
        if (flags & IMAGE_LIBRARY_SYSTEM && !find_any(env, ENV_SYSTEM_LIBRARY))
            hidden = true;
        if (!env->mutation && flags & IMAGE_LIBRARY_MUTATION)
            hidden = true;
        if (!hidden && (env->posture == SCH_POSTURE_RUN || !restricted))
            library->importable = true;
    }
}

/* Which libraries a script may import. */
static bool apply_menu(sch_env *env, const char *const *menu, struct sch_failure *ret_failure)
{
    if (!menu)
        apply_default_menu(env);
    for (; menu && *menu; menu++) {
        if (strcmp(*menu, "default") == 0) {
            apply_default_menu(env);
            continue;
        }
        char name[LIBRARY_NAME_MAX];
        char message[LIBRARY_NAME_MAX + 80];
        struct env_library *library = library_name_canonical(*menu, name, sizeof name) ? find_any(env, name) : NULL;
        bool refused = library && env->posture == SCH_POSTURE_EVAL && is_run_only_library(name);
        bool unchanging = library && !env->mutation && is_mutation_library(name);
        if (!library || refused || unchanging || (library->image && library->image->flags & IMAGE_LIBRARY_INTERNAL)) {
            snprintf(message, sizeof message, "%.200s is %s", *menu,
                     refused      ? "not available in the eval posture"
                     : unchanging ? "not available without mutation"
                                  : "not the name of a library");
            return fail(ret_failure, "library-not-found", message);
        }
        library->importable = true;
    }
    return true;
}

static char *copy_text(sch_env *env, const char *text)
{
    return arena_copy(&env->arena, text, strlen(text));
}

static bool binding_is_sound(const struct sch_binding *binding)
{
    if (!binding->name || !*binding->name || (binding->function != NULL) == (binding->value != NULL))
        return false;
    return binding->min_args >= 0 && (binding->max_args < 0 || binding->max_args >= binding->min_args);
}

/* Names of anonymous libraries are all in scope at once. */
static bool anonymous_name_is_taken(const sch_env *env, const char *name)
{
    for (size_t i = 0; i < env->library_count; i++) {
        const struct env_library *library = &env->libraries[i];
        for (size_t k = 0; library->anonymous && k < library->count; k++)
            if (strcmp(library->bindings[k].name, name) == 0)
                return true;
    }
    return false;
}

static bool copy_library(sch_env *env, const struct sch_library *from, uint32_t *first, struct sch_failure *ret_failure)
{
    char name[LIBRARY_NAME_MAX];
    snprintf(name, sizeof name, "(host %zu)", env->library_count); /* anonymous: nobody needs to know it */
    if (from->name && (*from->name != '(' || !library_name_canonical(from->name, name, sizeof name)))
        return fail(ret_failure, "misuse", "the name of a host library must look like \"(acme rules)\"");
    if (from->count > 0 && !from->bindings)
        return fail(ret_failure, "misuse", "a host library without its bindings");
    if (from->name && find_any(env, name))
        return fail_about(ret_failure, "misuse", "two libraries have the same name", name);
    struct sch_binding *bindings = arena_array(&env->arena, from->count, sizeof *bindings);
    char *name_copy = copy_text(env, name);
    if (!bindings || !name_copy)
        return fail(ret_failure, "no-memory", "out of memory");
    for (size_t i = 0; i < from->count; i++) {
        bindings[i] = from->bindings[i];
        if (!binding_is_sound(&bindings[i]))
            return fail(ret_failure, "misuse",
                        "a host binding needs a name, and a function with a sensible arity or a value");
        if (!from->name && anonymous_name_is_taken(env, bindings[i].name))
            return fail_about(ret_failure, "misuse", "two anonymous libraries bind the same name", bindings[i].name);
        for (size_t j = 0; j < i; j++)
            if (strcmp(bindings[j].name, bindings[i].name) == 0)
                return fail_about(ret_failure, "misuse", "two bindings of a host library have the same name",
                                  bindings[i].name);
        if (!(bindings[i].name = copy_text(env, bindings[i].name)))
            return fail(ret_failure, "no-memory", "out of memory");
        env->functions[*first - env->value_count + i] = (struct host_function){
            bindings[i].function, bindings[i].value,    bindings[i].data, bindings[i].name,
            bindings[i].min_args, bindings[i].max_args, bindings[i].cost,
        };
        env->has_host_values = env->has_host_values || !bindings[i].function;
    }
    struct env_library *library = &env->libraries[env->library_count++];
    library_init_host(library, env, name_copy, bindings, from->count, *first);
    library->anonymous = !from->name;
    *first += (uint32_t)from->count;
    return true;
}

static bool copy_host(sch_env *env, const struct sch_env_options *options, struct sch_failure *ret_failure)
{
    uint32_t first = (uint32_t)env->value_count;
    for (size_t i = 0; i < options->library_count; i++)
        if (!copy_library(env, &options->libraries[i], &first, ret_failure))
            return false;
    return true;
}

static bool copy_pre_imports(sch_env *env, const char *const *names, struct sch_failure *ret_failure)
{
    size_t count = 0;
    size_t anonymous = 0;
    while (names && names[count])
        count++;
    env->pre_imports = arena_array(&env->arena, count + env->library_count + 1, sizeof *env->pre_imports);
    if (!env->pre_imports)
        return fail(ret_failure, "no-memory", "out of memory");
    for (size_t i = 0; i < env->library_count; i++)
        if (env->libraries[i].anonymous)
            env->pre_imports[anonymous++] = env->libraries[i].view.name;
    for (size_t i = 0; i < count; i++) {
        char name[LIBRARY_NAME_MAX];
        if (!library_name_canonical(names[i], name, sizeof name) || !env_find_library(env, name))
            return fail_about(ret_failure, "library-not-found", "a pre-imported library is not on the menu", names[i]);
        if (!(env->pre_imports[anonymous + i] = copy_text(env, name)))
            return fail(ret_failure, "no-memory", "out of memory");
    }
    return true;
}

static const char *const switch_names[] = {
#define SWITCH(identifier, name, help) name,
#include "schooner/table/switches.def"
#undef SWITCH
};

static const char no_such_switch[] = "no such switch; there are"
#define SWITCH(identifier, name, help) " " name
#include "schooner/table/switches.def"
#undef SWITCH
    ;

static bool switch_off(sch_env *env, const char *const *names, struct sch_failure *ret_failure)
{
    for (; names && *names; names++) {
        unsigned i = 0;
        while (i < SWITCH_COUNT && strcmp(switch_names[i], *names) != 0)
            i++;
        if (i == SWITCH_COUNT)
            return fail(ret_failure, "misuse", no_such_switch);
        env->off |= UINT32_C(1) << i;
    }
    return true;
}

static bool init(sch_env *env, const struct sch_env_options *options, struct sch_failure *ret_failure)
{
    env->image = image_data_size ? (const struct image_header *)(const void *)image_data : NULL;
    env->posture = options->posture;
    env->mutation = options->mutation || options->posture == SCH_POSTURE_RUN;
    env->catch_errors = options->catch_errors || options->posture == SCH_POSTURE_RUN;
    env->redefinition = options->redefinition;
    env->guile_imports = options->guile_imports;
    env->names_options = options->names_options;
    env->load_library = options->load_library;
    env->load_include = options->load_include;
    env->load_data = options->load_data;
    env->memory = options->memory;
    env->value_count = env->image ? env->image->values.count : 0;
    if ((options->library_count > 0 && !options->libraries) || (unsigned)options->posture > SCH_POSTURE_RUN ||
        !options->memory.map != !options->memory.unmap)
        return fail(ret_failure, "misuse", "options that contradict each other");
    for (size_t i = 0; i < options->library_count; i++)
        if (!size_add(env->function_count, options->libraries[i].count, &env->function_count))
            return fail(ret_failure, "misuse", "too many bindings of the host");
    if (env->function_count > HOST_BINDINGS_MAX)
        return fail(ret_failure, "misuse", "too many bindings of the host");

    size_t image_libraries = env->image ? env->image->libraries.count : 0;
    env->libraries = arena_array(&env->arena, image_libraries + options->library_count, sizeof *env->libraries);
    env->functions = arena_array(&env->arena, env->function_count, sizeof *env->functions);
    if (!env->libraries || !env->functions)
        return fail(ret_failure, "no-memory", "out of memory");
    if (!make_region(env, ret_failure))
        return false;

    const struct image_library *images = env->image ? image_at(env->image, env->image->libraries.offset) : NULL;
    for (size_t i = 0; i < image_libraries; i++)
        library_init_image(&env->libraries[env->library_count++], env, &images[i]);
    return switch_off(env, options->without, ret_failure) && copy_host(env, options, ret_failure) &&
           apply_menu(env, options->menu, ret_failure) && copy_pre_imports(env, options->pre_imports, ret_failure);
}

bool options_read(const void *given, size_t given_size, void *ret, size_t size)
{
    if (given_size < sizeof(size_t))
        return false;
    for (size_t i = size; i < given_size; i++)
        if (((const unsigned char *)given)[i] != 0)
            return false;
    memcpy(ret, given, size_min(given_size, size));
    return true;
}

/* Told apart from every other one in practice, also from one that was made later at the same address. */
static uint64_t identity_new(const sch_env *env)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return hash_mix((uint64_t)(uintptr_t)env ^ hash_mix((uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec));
}

sch_env *sch_env_new(const struct sch_env_options *given, struct sch_failure *ret_failure)
{
    struct sch_env_options options = { 0 };
    if (given && !options_read(given, given->size, &options, sizeof options)) {
        fail(ret_failure, "misuse", "options without their size, or of a newer library");
        return NULL;
    }
    sch_env *env = calloc(1, sizeof *env);
    if (!env) {
        fail(ret_failure, "no-memory", "out of memory");
        return NULL;
    }
    arena_init(&env->arena, &memory_malloc);
    env->identity = identity_new(env);
    if (!init(env, &options, ret_failure)) {
        sch_env_free(env);
        return NULL;
    }
    return env;
}

void sch_env_free(sch_env *env)
{
    if (!env)
        return;
    image_unmap(env);
    arena_done(&env->arena);
    free(env);
}

void sch_failure_done(struct sch_failure *failure)
{
    if (!failure)
        return;
    free(failure->storage);
    failure->storage = NULL;
}
