/* From the options of the command line to an environment and machines. */
#include "tools/schooner/world.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "tools/common/report.h"

bool world_open(struct world *world, const char *file)
{
    const struct options *options = world->options;
    bool trusted = world->posture == SCH_POSTURE_RUN;
    world->path = (struct library_path){ .program = file, .folder = options->libraries };
    world->menu = options_names(options->menu);
    world->named_imports = options_names(options->pre_import);
    world->without = options_names(options->without);
    /* (command-line): the program and what follows it */
    world->process = (struct system_process){ .arguments = options->args, .argument_count = options->arg_count };
    struct sch_library system;
    system_library(&world->process, world->system, &system);
    struct sch_env_options env_options = {
        .size = sizeof env_options,
        .posture = world->posture,
        .menu = world->menu,
        .pre_imports = world->named_imports ? world->named_imports : world->pre_imports,
        .libraries = &system,
        .library_count = trusted ? 1 : 0,
        .mutation = options->mutation,
        .catch_errors = options->catch_errors,
        .redefinition = world->session,
        .load_library = trusted ? load_library_file : NULL,
        .load_include = trusted ? load_include_file : NULL,
        .load_data = &world->path,
        .without = world->without,
        .names_options = true,
    };
    struct sch_failure failure;
    world->env = sch_env_new(&env_options, &failure);
    if (world->env)
        return true;
    fprintf(stderr, "schooner: %s\n", failure.message);
    sch_failure_done(&failure);
    world_close(world);
    return false;
}

const char *world_library_remedy(enum sch_posture posture, const struct sch_failure *failure)
{
    if (!failure->kind || strcmp(failure->kind, "library-not-found") != 0 || strstr(failure->message, "did you mean") ||
        strstr(failure->message, "has what it is for") || strstr(failure->message, "(--m"))
        return NULL;
    if (strstr(failure->message, "(esquema "))
        return "programs with the runtime in their hands are run by: esquema FILE";
    switch (posture) {
    case SCH_POSTURE_EVAL:
        return "a program of your own sees files, and libraries in files: schooner run, check --posture run";
    case SCH_POSTURE_RUN:
        return "(acme shop) is looked for in acme/shop.sld, in the folder of the program; --libraries FOLDER adds "
               "another";
    }
    return NULL;
}

void world_close(struct world *world)
{
    sch_env_free(world->env);
    free(world->menu);
    free(world->named_imports);
    free(world->without);
    world->env = NULL;
    world->menu = world->named_imports = world->without = NULL;
}

static bool write_output(void *data, const char *bytes, size_t length)
{
    char *last = data;
    if (length > 0)
        *last = bytes[length - 1];
    return fwrite(bytes, 1, length, stdout) == length;
}

sch_vm *world_machine(struct world *world)
{
    struct sch_limits limits = options_limits(world->options, world->posture);
    sch_vm *vm = sch_vm_new(world->env, &limits);
    if (vm && world->posture == SCH_POSTURE_RUN && !system_connect(vm)) {
        sch_vm_free(vm);
        vm = NULL;
    }
    if (vm)
        sch_set_output(vm, write_output, &world->last_written);
    else
        fputs("schooner: no memory for a machine within the heap limit (an empty one needs up to 64K)\n", stderr);
    return vm;
}

bool world_source(const char *file, const struct options *options, struct source_file *ret)
{
    *ret = (struct source_file){ 0 };
    if (options->expression) {
        ret->source = (struct sch_source){ "-e", options->expression, strlen(options->expression) };
        return true;
    }
    if (source_file_read(file, ret))
        return true;
    const char *reason = strerror(errno);
    fputs("schooner: ", stderr);
    report_text(stderr, file);
    fprintf(stderr, ": %s\n", reason);
    return false;
}
