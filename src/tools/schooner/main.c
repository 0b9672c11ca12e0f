/*
 * schooner: runs Scheme. `eval` for what nobody should trust, `run` for programs of one's own.
 * Statuses: 0, 1 error, 2 usage, 3 limit.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "schooner.h"
#include "tools/common/report.h"
#include "tools/common/files.h"
#include "tools/schooner/options.h"

enum { STATUS_OK = 0, STATUS_ERROR = 1, STATUS_USAGE = 2, STATUS_LIMIT = 3 };

static void help(FILE *out)
{
    fprintf(out,
            "schooner eval [OPTIONS] FILE|-e TEXT     run what is not trusted: nothing in scope, every limit in force\n"
            "schooner run  [OPTIONS] FILE [ARGS]      run a program of your own: all libraries, no limits but those given\n"
            "schooner FILE [ARGS]                     the same as run\n"
            "schooner --help | --version\n\n"
            "FILE may be - for standard input. Sizes take K M G, fuel k M G, times ms s m h, limits `unlimited`.\n\n");
    options_help(out);
}

/* "base,(srfi 1),char" to a NULL-terminated list; commas inside of parentheses do not split. `none` is empty. */
static const char **split_names(const char *text)
{
    char *copy = strdup(text);
    const char **names = calloc(strlen(text) + 2, sizeof *names);
    if (!copy || !names)
        return NULL;
    size_t count = 0;
    int depth = 0;
    char *start = copy;
    for (char *p = copy;; p++) {
        depth += (*p == '(') - (*p == ')');
        bool last = *p == 0;
        if (!last && (*p != ',' || depth > 0))
            continue;
        *p = 0;
        if (*start && strcmp(start, "none") != 0)
            names[count++] = start;
        start = p + 1;
        if (last)
            return names;
    }
}

static bool write_output(void *data, const char *bytes, size_t length)
{
    return fwrite(bytes, 1, length, data) == length;
}

/* What the last expression gave; nothing for an unspecified one. */
static int print_result(sch_vm *vm, sch_value value)
{
    if (sch_kind_of(value) == SCH_KIND_UNSPECIFIED)
        return STATUS_OK;
    sch_value text = sch_print(vm, value, false);
    const char *bytes;
    size_t length;
    if (!sch_get_text(text, &bytes, &length)) {
        fprintf(stderr, "schooner: the value is too large to be printed within the limits\n");
        return STATUS_LIMIT;
    }
    fwrite(bytes, 1, length, stdout);
    putchar('\n');
    return STATUS_OK;
}

static void print_usage(sch_vm *vm)
{
    struct sch_usage usage = sch_usage(vm);
    fprintf(stderr, "fuel %llu, heap peak %llu bytes, wall %.3f ms, collections %llu, output %llu bytes\n",
            (unsigned long long)usage.fuel, (unsigned long long)usage.heap_peak, (double)usage.wall_ns / 1e6,
            (unsigned long long)usage.collections, (unsigned long long)usage.output);
}

static uint64_t or_unlimited(uint64_t given, enum sch_posture posture)
{
    return given ? given : posture == SCH_POSTURE_RUN ? SCH_UNLIMITED : 0;
}

static struct sch_limits limits_of(const struct options *options, enum sch_posture posture)
{
    return (struct sch_limits){
        .size = sizeof(struct sch_limits),
        .fuel = options->fuel,
        .heap = or_unlimited(options->heap, posture),
        .timeout_ns = or_unlimited(options->timeout, posture),
        .output = or_unlimited(options->output, posture),
        .nesting = options->nesting,
        .integer_bits = options->integer_bits,
    };
}

static int execute(sch_env *env, const struct options *options, enum sch_posture posture, struct sch_source source)
{
    struct sch_limits limits = limits_of(options, posture);
    sch_vm *vm = sch_vm_new(env, &limits);
    if (!vm) {
        fprintf(stderr, "schooner: no memory for a machine within the heap limit\n");
        return STATUS_LIMIT;
    }
    sch_set_output(vm, write_output, stdout);
    sch_value value;
    enum sch_status status = sch_eval(vm, source, &value);
    int exit_status = STATUS_OK;
    if (status == SCH_OK && posture == SCH_POSTURE_EVAL)
        exit_status = print_result(vm, value);
    if (fflush(stdout) != 0 && exit_status == STATUS_OK) {
        fprintf(stderr, "schooner: standard output: %s\n", strerror(errno));
        exit_status = STATUS_ERROR;
    }
    if (status != SCH_OK) {
        report_failure(stderr, sch_failure(vm), source.name);
        exit_status = status == SCH_LIMIT ? STATUS_LIMIT : STATUS_ERROR;
    }
    if (options->usage)
        print_usage(vm);
    sch_vm_free(vm);
    return exit_status;
}

static int run_command(enum sch_posture posture, int argc, char **argv)
{
    struct options options;
    if (!options_parse(argc, argv, &options))
        return STATUS_USAGE;
    if (!options.expression && !options.file) {
        fprintf(stderr, "schooner: a file or -e TEXT is needed; see schooner --help\n");
        return STATUS_USAGE;
    }
    struct source_file source = { 0 };
    if (options.expression)
        source.source = (struct sch_source){ "-e", options.expression, strlen(options.expression) };
    else if (!source_file_read(options.file, &source)) {
        fprintf(stderr, "schooner: %s: %s\n", options.file, strerror(errno));
        return STATUS_ERROR;
    }
    struct library_path path = { .program = options.file };
    bool trusted = posture == SCH_POSTURE_RUN;
    const char **menu = options.menu ? split_names(options.menu) : NULL;
    const char **pre_imports = options.pre_import ? split_names(options.pre_import) : NULL;
    struct sch_env_options env_options = {
        .size = sizeof env_options,
        .posture = posture,
        .menu = menu,
        .pre_imports = pre_imports,
        .mutation = options.mutation,
        .catch_errors = options.catch_errors,
        .load_library = trusted ? load_library_file : NULL,
        .load_include = trusted ? load_include_file : NULL,
        .load_data = &path,
    };
    struct sch_failure failure;
    sch_env *env = sch_env_new(&env_options, &failure);
    int status = STATUS_USAGE;
    if (env)
        status = execute(env, &options, posture, source.source);
    else
        fprintf(stderr, "schooner: %s\n", failure.message);
    sch_env_free(env);
    source_file_done(&source);
    free(menu);
    free(pre_imports);
    return status;
}

int main(int argc, char **argv)
{
    const char *command = argc > 1 ? argv[1] : "--help";
    if (strcmp(command, "eval") == 0)
        return run_command(SCH_POSTURE_EVAL, argc - 2, argv + 2);
    if (strcmp(command, "run") == 0)
        return run_command(SCH_POSTURE_RUN, argc - 2, argv + 2);
    if (strcmp(command, "--help") == 0 || strcmp(command, "help") == 0) {
        help(stdout);
        return argc > 1 ? STATUS_OK : STATUS_USAGE;
    }
    if (strcmp(command, "--version") == 0) {
        printf("schooner %s\n", sch_version());
        return STATUS_OK;
    }
    if (command[0] == '-' && command[1]) {
        fprintf(stderr, "schooner: unknown option %s; see schooner --help\n", command);
        return STATUS_USAGE;
    }
    return run_command(SCH_POSTURE_RUN, argc - 1, argv + 1);
}
