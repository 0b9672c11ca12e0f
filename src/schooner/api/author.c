/*
 * What tools for authors ask: everything that is wrong with a program without running it, what the stages make of it,
 * and the names in scope. All of it for a machine, within its limits, and without a trace in its session.
 */
#include "schooner/api/state.h"
#include "schooner/compile/code.h"
#include "schooner/compile/compile.h"
#include "schooner/core/core.h"

/* --- checking ---------------------------------------------------------------------------------------------------- */

enum { DIAGNOSTICS_MAX = 1000 };

struct checker {
    struct sch_source source;
    sch_diagnostic_fn *report;
    void *data;
    struct front *front;
    size_t count; /* of errors */
    size_t warnings;
};

/* false: that was enough. */
static bool tell(sch_vm *vm, const struct front *front)
{
    struct checker *checker = vm->api->checker;
    failure_clear(vm->api);
    failure_from_front(vm, front);
    checker->count++;
    checker->report(checker->data, &vm->api->failure);
    return checker->count < DIAGNOSTICS_MAX;
}

static bool expander_told(void *data, const struct front *front)
{
    return tell(data, front);
}

/* What is told has the status SCH_OK. The first of them will do, but errors are not left out for their sake. */
static bool warned(void *data, struct position position, const char *kind, const char *message)
{
    sch_vm *vm = data;
    struct checker *checker = vm->api->checker;
    if (checker->warnings++ >= DIAGNOSTICS_MAX)
        return true;
    failure_clear(vm->api);
    front_fail(checker->front, kind, position, "%s", message);
    failure_from_front(vm, checker->front);
    checker->front->failed = false;
    vm->api->failure.status = SCH_OK;
    checker->report(checker->data, &vm->api->failure);
    return true;
}

static bool call_found(void *data, struct position position, const char *kind, const char *message)
{
    sch_vm *vm = data;
    struct front *front = vm->api->checker->front;
    if (!front_charge(front, 1))
        return false;
    front_fail(front, kind, position, "%s", message);
    bool go_on = tell(vm, front);
    front->failed = false;
    return go_on;
}

static bool known_arity(void *data, const struct global *global, int *ret_min, int *ret_max)
{
    const sch_vm *vm = data;
    sch_value value =
        global->kind == GLOBAL_PRIMITIVE ? env_primitive(vm->env, global->index) : env_value(vm->env, global->index);
    return env_arity(vm->env, value, ret_min, ret_max);
}

static bool check(sch_vm *vm, struct front *front, struct expand_world world, void *data)
{
    struct checker *checker = data;
    struct sch_source source = checker->source;
    struct expansion expansion;
    uint16_t file;
    checker->front = front;
    world.report = expander_told;
    world.warn = warned;
    if (!front_add_source(front, source.name ? source.name : "-", source.text, source.length, &file) ||
        !expand_program(front, &world, file, &expansion))
        return false;
    const struct check_calls calls = { .arity = known_arity, .found = call_found, .data = vm };
    if (!check_calls(front, expansion.body, &calls) || front->failed)
        return false;
    if (checker->count > 0)
        return true;
    const struct compile_options options = program_options(vm, expansion.open);
    struct sch_code *code;
    if (!compile_program(front, expansion.body, &options, &code))
        return false;
    code_drop(code);
    return true;
}

enum sch_status sch_check(sch_vm *vm, struct sch_source source, sch_diagnostic_fn *report, void *data)
{
    struct checker checker = { .source = source, .report = report, .data = data };
    if (!report || !source_is_sound(source) || !run_begin(vm))
        return run_misuse(vm, "sch_check needs a function that hears, and no running program");
    vm->api->checker = &checker;
    enum sch_status status = program_front(vm, check, &checker);
    vm->api->checker = NULL;
    run_end(vm);
    bool is_told = status == SCH_ERROR && checker.count == DIAGNOSTICS_MAX; /* the last of them ended it */
    if (status != SCH_OK && !is_told)
        report(data, &vm->api->failure);
    return status == SCH_OK && checker.count > 0 ? SCH_ERROR : status;
}

/* --- stages ------------------------------------------------------------------------------------------------------ */

struct showing {
    struct sch_source source;
    enum sch_stage stage;
    sch_output_fn *write;
    void *data;
};

/* Hands over what is in the buffer. */
static bool flush(const struct showing *showing, struct buffer *out)
{
    bool taken =
        !showing->write || out->length == 0 || showing->write(showing->data, (const char *)out->bytes, out->length);
    out->length = 0;
    return taken;
}

/* A step is handed over when it was taken: whoever reads has them when a limit ends the next one. */
struct stepping {
    sch_vm *vm;
    const struct showing *showing;
};

static bool take_step(void *data, struct front *front, const char *text, size_t length)
{
    const struct stepping *stepping = data;
    sch_vm *vm = stepping->vm;
    if (length > vm->output_left ||
        (stepping->showing->write && !stepping->showing->write(stepping->showing->data, text, length)))
        return front_limit(front, SCH_LIMIT_OUTPUT);
    if (vm->output_left != SCH_UNLIMITED)
        vm->output_left -= length;
    vm->output_used += length;
    return true;
}

static bool show_steps(sch_vm *vm, const struct showing *showing, struct front *front, struct expand_world world,
                       uint16_t file)
{
    struct stepping stepping = { vm, showing };
    struct expansion ignored;
    world.step = take_step;
    world.step_data = &stepping;
    return showing->stage == SCH_STAGE_ONCE ? expand_once(front, &world, file)
                                            : expand_program(front, &world, file, &ignored);
}

static bool show_data(const struct showing *showing, struct front *front, uint16_t file, struct buffer *out)
{
    enum { DATUM_MAX = 1 << 20 };
    struct reader reader;
    reader_init(&reader, front, file);
    for (;;) {
        struct datum *datum;
        enum read_result result = read_datum(&reader, &datum);
        if (result != READ_DATUM)
            return result == READ_END;
        if (!showing->write)
            continue;
        if (!datum_print(datum, DATUM_MAX, out) || !buffer_append_byte(out, '\n'))
            return front_limit(front, SCH_LIMIT_HEAP);
        if (!flush(showing, out))
            return front_limit(front, SCH_LIMIT_OUTPUT);
    }
}

static bool show_core(struct front *front, const struct core *body, struct buffer *out)
{
    return (core_print(body, out) && buffer_append_byte(out, '\n')) || front_limit(front, SCH_LIMIT_HEAP);
}

static bool show_code(sch_vm *vm, struct front *front, const struct expansion *expansion, struct buffer *out)
{
    const struct compile_options options = program_options(vm, expansion->open);
    struct sch_code *code;
    if (!compile_program(front, expansion->body, &options, &code))
        return false;
    bool printed = code_print(code, out);
    code_drop(code);
    return printed || front_limit(front, SCH_LIMIT_HEAP);
}

static bool show(sch_vm *vm, struct front *front, struct expand_world world, void *data)
{
    const struct showing *showing = data;
    struct sch_source source = showing->source;
    struct expansion expansion;
    struct buffer out;
    uint16_t file;
    if (!front_add_source(front, source.name ? source.name : "-", source.text, source.length, &file))
        return false;
    if (showing->stage == SCH_STAGE_ONCE || showing->stage == SCH_STAGE_STEPS)
        return show_steps(vm, showing, front, world, file);
    buffer_init(&out, vm_memory(vm));
    bool shown = false;
    if (showing->stage == SCH_STAGE_DATUM)
        shown = show_data(showing, front, file, &out);
    else if (expand_program(front, &world, file, &expansion))
        shown = showing->stage == SCH_STAGE_CORE     ? show_core(front, expansion.body, &out)
                : showing->stage == SCH_STAGE_SOURCE ? expand_source(front, &expansion, &out)
                                                     : show_code(vm, front, &expansion, &out);
    if (shown && !flush(showing, &out))
        shown = front_limit(front, SCH_LIMIT_OUTPUT);
    buffer_done(&out);
    return shown;
}

enum sch_status sch_show_stage(sch_vm *vm, struct sch_source source, enum sch_stage stage, sch_output_fn *write,
                               void *data)
{
    struct showing showing = { .source = source, .stage = stage, .write = write, .data = data };
    if (!source_is_sound(source) || (unsigned)stage > SCH_STAGE_STEPS || !run_begin(vm))
        return run_misuse(vm, "sch_show_stage needs a source and a stage, and no running program");
    enum sch_status status = program_front(vm, show, &showing);
    run_end(vm);
    return status;
}

/* --- names in scope ---------------------------------------------------------------------------------------------- */

struct naming {
    const char *prefix;
    sch_name_fn *take;
    void *data;
};

static bool list_names(sch_vm *vm, struct front *front, struct expand_world world, void *data)
{
    const struct naming *naming = data;
    return expand_names(front, &world, naming->prefix, naming->take, naming->data);
}

enum sch_status sch_names(sch_vm *vm, const char *prefix, sch_name_fn *take, void *data)
{
    struct naming naming = { .prefix = prefix ? prefix : "", .take = take, .data = data };
    if (!take || !run_begin(vm))
        return run_misuse(vm, "sch_names needs a function that takes them, and no running program");
    enum sch_status status = program_front(vm, list_names, &naming);
    run_end(vm);
    return status;
}

/* false: enough. */
static bool take_library(const struct naming *naming, const char *name)
{
    return strncmp(name, naming->prefix, strlen(naming->prefix)) != 0 || naming->take(naming->data, name);
}

enum sch_status sch_libraries(sch_vm *vm, const char *prefix, sch_name_fn *take, void *data)
{
    const struct naming naming = { .prefix = prefix ? prefix : "", .take = take, .data = data };
    if (!take || !run_begin(vm))
        return run_misuse(vm, "sch_libraries needs a function that takes them, and no running program");
    bool more = true;
    for (size_t i = 0; more && i < vm->env->library_count; i++) {
        const struct env_library *library = &vm->env->libraries[i];
        if (!library->anonymous && env_find_library(vm->env, library->view.name))
            more = take_library(&naming, library->view.name);
    }
    for (const struct session_library *own = vm->api->libraries; more && own; own = own->next)
        more = take_library(&naming, own->view.name);
    run_end(vm);
    return SCH_OK;
}
