/*
 * schooner: runs Scheme. `eval` for what nobody should trust, `run` for programs of one's own, and the tools of
 * authors. Statuses: 0, 1 error, 2 usage, 3 limit.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "tools/common/report.h"
#include "tools/schooner/repl.h"
#include "tools/schooner/world.h"

static void help(FILE *out)
{
    fprintf(
        out,
        "schooner [repl] [OPTIONS]                read, evaluate, print, again and again\n"
        "schooner eval [OPTIONS] FILE|-e TEXT     run what is not trusted: nothing in scope, every limit in force\n"
        "schooner run  [OPTIONS] FILE [ARGS]      run a program of your own: all libraries, no limits but those given\n"
        "schooner FILE [ARGS]                     the same as run\n"
        "schooner check [OPTIONS] FILE|FOLDER...  what is wrong with programs, without running them\n"
        "schooner test [OPTIONS] FILE...          run tests that are written with (schooner test)\n"
        "schooner expand [OPTIONS] FILE           the program without macros and derived forms, as source\n"
        "schooner stages [OPTIONS] FILE           the program as each stage of the compiler leaves it\n"
        "schooner surface [OPTIONS]               every binding of every library that may be imported\n"
        "schooner --help | --version\n\n"
        "FILE may be - for standard input. Sizes take K M G, fuel k M G, times ms s m h, limits `unlimited`.\n\n");
    options_help(out);
    fputs("\nStatuses: 0, 1 for errors, 2 for bad usage, 3 when a limit ended the run.\n", out);
}

static bool is_help_word(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

enum { DEFAULT_OUTPUT = 1 << 20 }; /* of the engine, in bytes; what the value prints as counts too */

/* What the last expression gave; nothing for an unspecified one. */
static int print_result(sch_vm *vm, sch_value value, uint64_t output_limit)
{
    uint64_t output_used = sch_usage(vm).output;
    uint64_t output_left = output_limit > output_used ? output_limit - output_used : 0;
    if (sch_kind_of(value) == SCH_KIND_UNSPECIFIED)
        return STATUS_OK;
    sch_value text = sch_print(vm, value, false);
    const char *bytes;
    size_t length;
    if (!sch_get_text(text, &bytes, &length)) {
        report_failure(stderr, sch_failure(vm), "the value");
        return STATUS_LIMIT;
    }
    if (length > output_left) {
        fprintf(stderr, "the value: limit: the output limit ended the run\n");
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

/* The option that raises the limit; NULL: none does. */
static const char *option_of(enum sch_limit limit)
{
    switch (limit) {
    case SCH_LIMIT_FUEL: return "--fuel";
    case SCH_LIMIT_HEAP: return "--heap";
    case SCH_LIMIT_TIMEOUT: return "--timeout";
    case SCH_LIMIT_OUTPUT: return "--output";
    case SCH_LIMIT_NESTING: return "--nesting";
    case SCH_LIMIT_INTEGER_BITS: return "--integer-bits";
    case SCH_LIMIT_NONE:
    case SCH_LIMIT_INTERRUPT: break;
    }
    return NULL;
}

static void report(sch_vm *vm, struct sch_source source)
{
    const struct sch_failure *failure = sch_failure(vm);
    const char *option = failure->status == SCH_LIMIT ? option_of(failure->limit) : NULL;
    report_failure(stderr, failure, source.name);
    if (option)
        fprintf(stderr, "remedy: if the program is right, %s gives it more\n", option);
}

static int execute(const struct world *world, struct sch_source source)
{
    sch_vm *vm = world_machine(world);
    if (!vm)
        return STATUS_LIMIT;
    sch_value value;
    enum sch_status status = sch_eval(vm, source, &value);
    int exit_status = STATUS_OK;
    if (status == SCH_OK && world->posture == SCH_POSTURE_EVAL)
        exit_status = print_result(vm, value, world->options->output ? world->options->output : DEFAULT_OUTPUT);
    if (fflush(stdout) != 0 && exit_status == STATUS_OK) {
        fprintf(stderr, "schooner: standard output: %s\n", strerror(errno));
        exit_status = STATUS_ERROR;
    }
    if (status != SCH_OK) {
        report(vm, source);
        exit_status = status == SCH_LIMIT ? STATUS_LIMIT : STATUS_ERROR;
    }
    if (world->options->usage)
        print_usage(vm);
    sch_vm_free(vm);
    return exit_status;
}

static int execute_file(const struct options *options, enum sch_posture posture)
{
    const char *file = options->expression ? NULL : options->args[0];
    struct source_file source;
    struct world world = { .options = options, .posture = posture };
    if (!world_source(file, options, &source))
        return STATUS_ERROR;
    int status = STATUS_USAGE;
    if (world_open(&world, file)) {
        status = execute(&world, source.source);
        world_close(&world);
    }
    source_file_done(&source);
    return status;
}

static int command_eval(const struct options *options)
{
    return execute_file(options, SCH_POSTURE_EVAL);
}

static int command_run(const struct options *options)
{
    return execute_file(options, SCH_POSTURE_RUN);
}

/* --- the commands ------------------------------------------------------------------------------------------------ */

enum files { NO_FILES, ONE_FILE, ONE_FILE_AND_ARGUMENTS, FILES };

static const struct command {
    const char *name;
    int (*run)(const struct options *options);
    enum files files;
} commands[] = {
    { "eval", command_eval, ONE_FILE },       { "run", command_run, ONE_FILE_AND_ARGUMENTS },
    { "check", command_check, FILES },        { "test", command_test, FILES },
    { "expand", command_expand, ONE_FILE },   { "stages", command_stages, ONE_FILE },
    { "surface", command_surface, NO_FILES },
};
enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

static bool files_fit(const struct command *command, const struct options *options)
{
    int count = options->arg_count;
    if (command->files == NO_FILES && (count > 0 || options->expression)) {
        fprintf(stderr, "schooner %s: no file is needed; see schooner --help\n", command->name);
        return false;
    }
    if (command->files != NO_FILES && !options->expression && count == 0) {
        fprintf(stderr, "schooner %s: a file or -e TEXT is needed; see schooner --help\n", command->name);
        return false;
    }
    if (command->files == ONE_FILE && count > (options->expression ? 0 : 1)) {
        fprintf(stderr, "schooner %s: one file at a time: what is `%s`?\n", command->name,
                options->args[options->expression ? 0 : 1]);
        return false;
    }
    return true;
}

static int run_command(const struct command *command, int argc, char **argv)
{
    struct options options;
    if (argc > 0 && is_help_word(argv[0])) {
        help(stdout);
        return STATUS_OK;
    }
    enum option_order order = command->files == ONE_FILE_AND_ARGUMENTS ? OPTIONS_BEFORE_FILE : OPTIONS_ANYWHERE;
    if (!options_parse(argc, argv, order, &options) || !files_fit(command, &options))
        return STATUS_USAGE;
    int status = command->run(&options);
    if (fflush(stdout) != 0 && status == STATUS_OK) {
        fprintf(stderr, "schooner: standard output: %s\n", strerror(errno));
        status = STATUS_ERROR;
    }
    return status;
}

/* At a terminal, the helper with the line editor takes over, if it is there. */
static int run_repl(int argc, char **argv)
{
    struct options options;
    if (isatty(STDIN_FILENO))
        repl_execute_editor(argc, argv);
    if (!options_parse(argc, argv, OPTIONS_ANYWHERE, &options))
        return STATUS_USAGE;
    if (options.arg_count > 0) {
        fprintf(stderr, "schooner repl: no file is needed: `,load %s` at the prompt\n", options.args[0]);
        return STATUS_USAGE;
    }
    return repl_run_plain(&options);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return run_repl(0, argv + 1);
    const char *word = argv[1];
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i].name, word) == 0)
            return run_command(&commands[i], argc - 2, argv + 2);
    bool is_help = argc > 2 && is_help_word(argv[2]);
    if (strcmp(word, "repl") == 0 && !is_help)
        return run_repl(argc - 2, argv + 2);
    if (is_help_word(word) || strcmp(word, "help") == 0 || (is_help && strcmp(word, "repl") == 0)) {
        help(stdout);
        return STATUS_OK;
    }
    if (strcmp(word, "--version") == 0) {
        printf("schooner %s\n", sch_version());
        return STATUS_OK;
    }
    if (word[0] == '-' && word[1]) {
        fprintf(stderr, "schooner: unknown option %s; see schooner --help\n", word);
        return STATUS_USAGE;
    }
    if (word[0] != '-' && !strpbrk(word, "./") && access(word, F_OK) < 0) {
        fprintf(stderr, "schooner: `%s` is neither a command nor a file; see schooner --help\n", word);
        return STATUS_USAGE;
    }
    static const struct command run = { "run", command_run, ONE_FILE_AND_ARGUMENTS };
    return run_command(&run, argc - 1, argv + 1);
}
