/* Text to code: the front end, run for a machine within its limits. */
#include <stdio.h>
#include "schooner/api/state.h"
#include "schooner/compile/code.h"
#include "schooner/compile/compile.h"

static const struct library *find_library(void *data, const char *name)
{
    sch_vm *vm = data;
    const struct library *library = env_find_library(vm->env, name);
    return library ? library : session_find_library(vm, name);
}

static const struct library *find_scope(void *data, const char *name)
{
    sch_vm *vm = data;
    const struct library *library = env_find_scope(vm->env, name);
    return library ? library : session_find_library(vm, name);
}

static void explain_library(void *data, const char *name, char *ret, size_t size)
{
    const sch_vm *vm = data;
    env_explain_library(vm->env, name, ret, size);
}

static bool find_builtin(void *data, const char *name, struct exported *ret)
{
    sch_vm *vm = data;
    if (env_find_builtin(vm->env, name, ret))
        return true;
    const struct library *kernel = session_find_library(vm, "(schooner kernel)"); /* while the image is made */
    return kernel && kernel->find(kernel, name, strlen(name), ret);
}

static bool load(sch_vm *vm, struct front *front, sch_load_fn *function, const char *name, struct sch_source *ret)
{
    struct sch_loaded loaded = { 0 };
    if (!function || !function(vm->env->load_data, name, &loaded))
        return false;
    char *text = arena_copy(&front->arena, loaded.source.text, loaded.source.length);
    char *copy = arena_copy(&front->arena, loaded.source.name, strlen(loaded.source.name));
    *ret = (struct sch_source){ .name = copy, .text = text, .length = loaded.source.length };
    if (loaded.release)
        loaded.release(loaded.data);
    return (text && copy) || front_limit(front, SCH_LIMIT_HEAP);
}

static bool load_library(void *data, struct front *front, const char *name, struct sch_source *ret)
{
    sch_vm *vm = data;
    return load(vm, front, vm->env->load_library, name, ret);
}

static bool load_include(void *data, struct front *front, const char *from, const char *name, struct sch_source *ret)
{
    sch_vm *vm = data;
    char path[4096];
    const char *slash = strrchr(from, '/');
    int length = *name == '/' || !slash ? snprintf(path, sizeof path, "%s", name)
                                        : snprintf(path, sizeof path, "%.*s/%s", (int)(slash - from), from, name);
    return length > 0 && (size_t)length < sizeof path && load(vm, front, vm->env->load_include, path, ret);
}

static const char *const run_imports[] = {
    "(scheme base)",
    "(scheme case-lambda)",
    "(scheme char)",
    "(scheme complex)",
    "(scheme cxr)",
    "(scheme inexact)",
    "(scheme lazy)",
    "(scheme read)",
    "(scheme write)",
    "(scheme eval)",
    "(scheme load)",
    "(scheme repl)",
    "(scheme time)",
    "(scheme file)",
    "(scheme process-context)",
    "(scheme r5rs)", /* programs older than the report import nothing, and want exact->inexact */
    NULL,            /* the last three when the host has what they need */
};
static const char *const lone_run_imports[] = {
    "(scheme base)",  "(scheme case-lambda)",
    "(scheme char)",  "(scheme complex)",
    "(scheme cxr)",   "(scheme inexact)",
    "(scheme lazy)",  "(scheme read)",
    "(scheme write)", "(scheme eval)",
    "(scheme load)",  "(scheme repl)",
    "(scheme time)",  NULL,
};

/* Everything of the report, for a program of the run posture that imports nothing. */
static const char *const *default_imports(const sch_env *env)
{
    if (env->posture != SCH_POSTURE_RUN)
        return NULL;
    return env_find_library(env, "(scheme file)") ? run_imports : lone_run_imports;
}

static const char *const standard_features[] = { "r7rs",         "exact-closed", "exact-complex", "ieee-float",
                                                 "full-unicode", "ratios",       "schooner",      NULL };

static struct expand_world world_of(sch_vm *vm)
{
    const sch_env *env = vm->env;
    return (struct expand_world){
        .data = vm,
        .find_library = find_library,
        .find_scope = find_scope,
        .find_builtin = find_builtin,
        .explain_library = explain_library,
        .load_library = env->load_library ? load_library : NULL,
        .load_include = env->load_include ? load_include : NULL,
        .mutation = env->mutation,
        .redefinition = env->redefinition,
        .late_names = env->posture == SCH_POSTURE_RUN,
        .guile_imports = env->guile_imports,
        .pre_imports = env->pre_imports,
        .default_imports = default_imports(env),
        .session = &vm->api->top.view,
        .session_imports = vm->api->imports,
        .features = standard_features,
    };
}

struct compile_options program_options(const sch_vm *vm, bool open)
{
    return (struct compile_options){ .open_globals = open, .shared = !vm->env->image, .off = vm->env->off };
}

bool program_hint(sch_vm *vm, const char *text, size_t length, char *ret, size_t size)
{
    struct expand_world world = world_of(vm);
    return expand_hint(&world, text, length, ret, size);
}

struct compilation {
    struct sch_source source;
    const struct compile_options *options;
    struct sch_code **ret;
};

static bool compile(sch_vm *vm, struct front *front, struct expand_world world, void *data)
{
    struct sch_source source = ((struct compilation *)data)->source;
    struct compile_options options = *((struct compilation *)data)->options;
    struct sch_code **ret = ((struct compilation *)data)->ret;
    struct expansion expansion;
    struct sch_code *code;
    uint16_t file;
    if (!front_add_source(front, source.name ? source.name : "-", source.text, source.length, &file) ||
        !expand_program(front, &world, file, &expansion))
        return false;
    options.open_globals = expansion.open;
    front->place = (struct position){ 0 }; /* passes go over the whole program */
    if (!compile_program(front, expansion.body, &options, &code))
        return false;
    if (!session_commit(vm, &expansion)) {
        code_drop(code);
        return front_limit(front, SCH_LIMIT_HEAP);
    }
    code->environment = vm->env->identity;
    *ret = code;
    return true;
}

enum sch_status program_front(sch_vm *vm, program_step *step, void *data)
{
    struct front *front = memory_resize(vm_memory(vm), NULL, 0, sizeof *front);
    if (!front) {
        raise_limit(vm, SCH_LIMIT_HEAP);
        failure_from_run(vm, SCH_LIMIT);
        return SCH_LIMIT;
    }
    front_init_machine(front, vm);

    heap_pause_collection(vm);
    bool done = step(vm, front, world_of(vm), data);
    heap_resume_collection(vm);
    enum sch_status status = done ? SCH_OK : front->limit != SCH_LIMIT_NONE ? SCH_LIMIT : SCH_ERROR;
    if (!done)
        failure_from_front(vm, front);
    heap_give_arena(vm, &front->arena);
    memory_resize(vm_memory(vm), front, sizeof *front, 0);
    return status;
}

enum sch_status program_compile(sch_vm *vm, struct sch_source source, struct sch_code **ret)
{
    const struct compile_options options = program_options(vm, false);
    return program_compile_with(vm, source, &options, ret);
}

enum sch_status program_compile_with(sch_vm *vm, struct sch_source source, const struct compile_options *options,
                                     struct sch_code **ret)
{
    struct compilation compilation = { .source = source, .options = options, .ret = ret };
    return program_front(vm, compile, &compilation);
}
