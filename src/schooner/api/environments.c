/*
 * Programs within a running program: what `eval` and `load` compile, in the machine's session or with nothing but the
 * imports that an environment names. A program to be evaluated is data; it is written out and read again, so that it
 * goes the same way as any other text and within the same limits.
 */
#include <stdio.h>
#include <string.h>
#include "schooner/api/state.h"
#include "schooner/compile/code.h"
#include "schooner/compile/compile.h"
#include "schooner/table/primitive.h"
#include "schooner/print/print.h"

static const char *const nothing[] = { NULL };

struct inner {
    struct sch_source source;     /* .text NULL: to be loaded by its name */
    bool closed;                  /* the imports in the text are all that is in scope, and nothing can be defined */
    const struct buffer *imports; /* of a file */
    bool missing;
    struct sch_code *code;
};

/* The text of a file behind the imports. */
static bool load_text(sch_vm *vm, struct front *front, struct inner *inner)
{
    struct sch_loaded loaded = { 0 };
    const sch_env *env = vm->env;
    if (!env->load_include || !env->load_include(env->load_data, inner->source.name, &loaded)) {
        inner->missing = true;
        return front_fail(front, "file-error", (struct position){ 0 }, "the file cannot be read");
    }
    size_t before = inner->imports->length;
    char *text = arena_alloc(&front->arena, before + loaded.source.length + 1);
    if (text) {
        if (before)
            memcpy(text, inner->imports->bytes, before);
        memcpy(text + before, loaded.source.text, loaded.source.length);
        inner->source.text = text;
        inner->source.length = before + loaded.source.length;
    }
    if (loaded.release)
        loaded.release(loaded.data);
    return text || front_limit(front, SCH_LIMIT_HEAP);
}

static bool compile_inner(sch_vm *vm, struct front *front, struct expand_world world, void *data)
{
    struct inner *inner = data;
    struct expansion expansion;
    uint16_t file;
    world.redefinition = !inner->closed;
    world.lambda = "lambda\xe2\x81\xa0"; /* lib/schooner/environment.sld */
    if (inner->closed) {
        world.late_names = false; /* the cells that late names wait for are the session's */
        world.session = NULL;
        world.session_imports = NULL;
        world.default_imports = NULL;
        world.pre_imports = nothing;
    }
    if ((!inner->source.text && !load_text(vm, front, inner)) ||
        !front_add_source(front, inner->source.name, inner->source.text, inner->source.length, &file) ||
        !expand_program(front, &world, file, &expansion))
        return false;
    if (inner->closed && expansion.top_count > 0)
        return front_fail(front, "syntax-error", (struct position){ .file = file },
                          "`%s` cannot be defined: the environment is immutable", expansion.top[0].exported.name);
    const struct compile_options options = program_options(vm, expansion.open);
    if (!compile_program(front, expansion.body, &options, &inner->code))
        return false;
    if (inner->closed || session_commit(vm, &expansion))
        return true;
    code_drop(inner->code);
    return front_limit(front, SCH_LIMIT_HEAP);
}

/* A procedure of no arguments that runs the code. */
static sch_value procedure_of(sch_vm *vm, struct sch_code *code)
{
    size_t size = object_size(sizeof(struct closure), 0, 8);
    heap_pause_collection(vm);
    sch_value instance = vm_instantiate(vm, code);
    bool fits = !is_raised(instance) && heap_reserve(vm, size);
    heap_resume_collection(vm);
    code_drop(code); /* the instance has a count of its own */
    if (!fits)
        return V_RAISED;
    struct closure *closure = heap_object(vm, OBJECT_CLOSURE, 0, size);
    closure->instance = (char *)object_of(instance) - (char *)closure;
    closure->procedure = code_procedure_word(code, 0);
    return object_value(closure);
}

/* What is wrong, and in a file where: the place of the condition itself is the call. */
static void describe(sch_vm *vm, const struct inner *inner, char *ret, size_t size)
{
    const struct sch_failure *failure = &vm->api->failure;
    if (!inner->imports || failure->line == 0) {
        snprintf(ret, size, "%s", failure->message);
        return;
    }
    const char *slash = strrchr(inner->source.name, '/');
    size_t before = failure->line == 1 ? inner->imports->length : 0; /* the imports stand before the text */
    snprintf(ret, size, "%.60s:%u:%zu: %s", slash ? slash + 1 : inner->source.name, (unsigned)failure->line,
             failure->column > before ? failure->column - before : failure->column, failure->message);
}

static sch_value compile_in(sch_vm *vm, const char *who, struct inner *inner, sch_value irritant)
{
    enum sch_status status = program_front(vm, compile_inner, inner);
    if (status == SCH_OK)
        return procedure_of(vm, inner->code);
    if (status == SCH_LIMIT) {
        enum sch_limit limit = vm->api->failure.limit;
        failure_clear(vm->api);
        return vm->limit != SCH_LIMIT_NONE ? V_RAISED : raise_limit(vm, limit);
    }
    char message[RAISE_MESSAGE];
    const char *kind = vm->api->failure.kind;
    describe(vm, inner, message, sizeof message);
    failure_clear(vm->api);
    return raise_error(vm, kind, who, inner->missing, &irritant, "%s", message);
}

/* "(import SET ...)" for a list of import sets; nothing for #f, which means the session. */
static bool print_imports(sch_vm *vm, sch_value sets, struct buffer *text)
{
    if (is_false(sets))
        return true;
    bool room = buffer_append_text(text, "(import");
    for (; room && is_pair(sets); sets = pair_cdr(sets)) {
        room = buffer_append_byte(text, ' ');
        if (room && !print_value(vm, pair_car(sets), PRINT_WRITE, SIZE_MAX, text))
            return false;
    }
    if (room && buffer_append_text(text, ") "))
        return true;
    raise_limit(vm, SCH_LIMIT_HEAP);
    return false;
}

/* What a program can name the procedures of a stranger can have evaluated: where that is the host's they have nothing.
 */
static bool refuse_strangers(sch_vm *vm, const char *who)
{
    const sch_env *env = vm->env;
    if (!vm->api->has_strangers || (env->function_count == 0 && !env->load_library && !env->load_include))
        return false;
    raise_error(vm, "unavailable", who, 0, NULL,
                "the machine has procedures from elsewhere, which could reach the host by it");
    return true;
}

/* (%compile expression imports) */
sch_value prim_compile(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    if (refuse_strangers(vm, "eval"))
        return V_RAISED;
    struct buffer text;
    buffer_init(&text, vm_memory(vm));
    sch_value result = V_RAISED;
    if (print_imports(vm, args[1], &text) && print_value(vm, args[0], PRINT_WRITE, SIZE_MAX, &text)) {
        struct inner inner = {
            .source = { .name = "eval", .text = (const char *)text.bytes, .length = text.length },
            .closed = !is_false(args[1]),
        };
        result = compile_in(vm, "eval", &inner, V_FALSE);
    }
    buffer_done(&text);
    return result;
}

/* (%compile-file name imports) */
sch_value prim_compile_file(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    if (!is_string(args[0]))
        return raise_type(vm, "load", 1, "a string", args[0]);
    if (refuse_strangers(vm, "load"))
        return V_RAISED;
    struct buffer imports;
    buffer_init(&imports, vm_memory(vm));
    sch_value result = V_RAISED;
    if (print_imports(vm, args[1], &imports)) {
        struct inner inner = {
            .source = { .name = string_view(args[0])->text },
            .closed = !is_false(args[1]),
            .imports = &imports,
        };
        result = compile_in(vm, "load", &inner, args[0]);
    }
    buffer_done(&imports);
    return result;
}

/* (%host 'name): what the host offers to the libraries of the image in a library of its own, (schooner system) */
sch_value prim_host(sch_vm *vm, const sch_value *args, size_t count)
{
    (void)count;
    struct exported exported;
    const struct library *library = env_find_scope(vm->env, ENV_SYSTEM_LIBRARY);
    if (!is_symbol(args[0]))
        return raise_type(vm, "%host", 1, "a symbol", args[0]);
    if (refuse_strangers(vm, NULL))
        return V_RAISED;
    const struct symbol *name = object_as(struct symbol, args[0]);
    if (!library || !library->find(library, name->text, header_length(name->header), &exported))
        return raise_error(vm, "unavailable", NULL, 0, NULL, "the host does not offer `%s`", name->text);
    return machine_value(vm, exported.index);
}
