/* esquema FILE: a program of the user's own, with all of Scheme and the runtime in its hands. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/transfer.h"
#include "tools/common/report.h"
#include "tools/common/files.h"
#include "tools/common/helper.h"
#include "tools/common/system.h"
#include "tools/esquema/failure.h"
#include "tools/esquema/options.h"

enum { STATUS_ERROR = 1, STATUS_LIMIT = 3 };

/* At once, since containers write to the same place. */
static bool write_output(void *data, const char *bytes, size_t length)
{
    char *last = data;
    if (length > 0)
        *last = bytes[length - 1];
    return transfer_write(STDOUT_FILENO, bytes, length);
}

/* The bridge's own libraries first: nothing beside the program can take their place. */
static bool load_library(void *data, const char *name, struct sch_loaded *ret)
{
    size_t length;
    const char *text = bridge_library_text(name, &length);
    if (!text)
        return load_library_file(data, name, ret);
    *ret = (struct sch_loaded){ .source = { name, text, length } };
    return true;
}

/* A word of descriptions that nobody imported: the command `run` was probably forgotten. */
static bool is_description(sch_vm *vm)
{
    const struct sch_failure *failure = sch_failure(vm);
    return failure->kind && strcmp(failure->kind, "unbound-variable") == 0 && failure->message &&
           (strncmp(failure->message, "`container`", strlen("`container`")) == 0 ||
            strncmp(failure->message, "`services`", strlen("`services`")) == 0);
}

static void tell_remedy(const char *name)
{
    fputs("remedy: if this is a description, start it: esquema run ", stderr);
    report_text(stderr, name);
    fputc('\n', stderr);
}

/* `leave` is where (exit) says that the program has ended: containers that still run go with the machine first. */
static int execute(sch_env *env, struct sch_source source, const struct system_exit *leave)
{
    const struct sch_limits limits = {
        .size = sizeof limits,
        .heap = SCH_UNLIMITED,
        .timeout_ns = SCH_UNLIMITED,
        .output = SCH_UNLIMITED,
    };
    sch_vm *vm = sch_vm_new(env, &limits);
    if (!vm || !system_connect(vm)) {
        fputs("esquema: out of memory\n", stderr);
        sch_vm_free(vm);
        return STATUS_ERROR;
    }
    sch_value value;
    char last = '\0';
    sch_set_output(vm, write_output, &last);
    enum sch_status status = sch_eval(vm, source, &value);
    if (status != SCH_OK && !leave->exited) {
        report_begin_line(last);
        failure_show(vm, source);
        if (is_description(vm))
            tell_remedy(source.name);
    }
    sch_vm_free(vm);
    return leave->exited ? leave->status : status == SCH_OK ? 0 : status == SCH_LIMIT ? STATUS_LIMIT : STATUS_ERROR;
}

static int run_source(struct sch_source source, struct bridge_host *host, struct bridge_parameters *parameters,
                      const struct system_process *process)
{
    struct library_path path = { .program = source.name };
    struct sch_binding system[SYSTEM_BINDING_COUNT];
    struct sch_library libraries[BRIDGE_HOST_LIBRARIES + 2];
    bridge_host_libraries(host, libraries);
    libraries[BRIDGE_HOST_LIBRARIES] = bridge_parameter_library(parameters);
    system_library(process, system, &libraries[BRIDGE_HOST_LIBRARIES + 1]);
    const struct sch_env_options options = {
        .size = sizeof options,
        .posture = SCH_POSTURE_RUN,
        .libraries = libraries,
        .library_count = BRIDGE_HOST_LIBRARIES + 2,
        .guile_imports = true,
        .load_library = load_library,
        .load_include = load_include_file,
        .load_data = &path,
    };
    struct sch_failure failure = { 0 };
    sch_env *env = sch_env_new(&options, &failure);
    if (!env) {
        fprintf(stderr, "esquema: %s\n", failure.message ? failure.message : "out of memory");
        sch_failure_done(&failure);
        return STATUS_ERROR;
    }
    int status = execute(env, source, process->exit);
    sch_env_free(env);
    return status;
}

/* What stands behind the program: name=value for (parameter ...); (command-line) has it all. */
static struct bridge_parameters parameters_of(int argc, char **argv)
{
    struct bridge_parameters parameters = { .items = calloc((size_t)argc + 1, sizeof *parameters.items) };
    for (int i = 0; i < argc && parameters.items; i++)
        if (strchr(argv[i], '='))
            parameters.items[parameters.count++].text = argv[i];
    return parameters;
}

int run_program(int argc, char **argv)
{
    const char *file = argv[0];
    struct source_file source;
    if (!source_file_read(file, &source)) {
        const char *reason = strerror(errno);
        fputs("esquema: ", stderr);
        report_text(stderr, file);
        fprintf(stderr, ": %s\n", reason);
        return STATUS_ERROR;
    }
    char *runner = helper_find("runner");
    struct bridge_host *host = bridge_host_new(runner);
    struct bridge_parameters parameters = parameters_of(argc - 1, argv + 1);
    struct system_exit leave = { 0 };
    const struct system_process process = { .arguments = argv, .argument_count = argc, .exit = &leave };
    int status = STATUS_ERROR;
    if (host)
        status = run_source(source.source, host, &parameters, &process);
    else
        fputs("esquema: out of memory\n", stderr);
    free(parameters.items);
    bridge_host_free(host);
    free(runner);
    source_file_done(&source);
    return status;
}
