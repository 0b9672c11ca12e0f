/*
 * schooner: runs Scheme. `eval` for what nobody should trust, `run` for programs of one's own, and the tools of
 * authors. Statuses: 0, 1 error, 2 usage, 3 limit.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "base/near.h"
#include "tools/common/report.h"
#include "tools/common/words.h"
#include "tools/schooner/repl.h"
#include "tools/schooner/world.h"

static void help(FILE *out)
{
    fputs("usage: schooner COMMAND [OPTIONS] ...\n\n", out);
    words_row(out, "FILE", "[ARGUMENTS]", "the same as run");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        words_row(out, command_table[i].name, command_table[i].operands, command_table[i].help);
    fputs("\nThe options of a command: schooner COMMAND --help. The version: schooner --version\n"
          "FILE may be - for standard input. Sizes take K M G, fuel k M G, times ms s m h, limits `unlimited`.\n"
          "Statuses: 0, 1 for errors, 2 for bad usage, 3 when a limit ended the run.\n",
          out);
}

static bool is_help_word(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int print_one(sch_vm *vm, sch_value value, uint64_t *output_left)
{
    sch_value text = sch_print(vm, value, false);
    const char *bytes;
    size_t length;
    if (!sch_get_text(text, &bytes, &length)) {
        report_failure(stderr, sch_failure(vm), "the value");
        return STATUS_LIMIT;
    }
    if (length > *output_left) {
        fprintf(stderr, "the value: limit: the output limit ended the run\n");
        return STATUS_LIMIT;
    }
    *output_left -= length;
    fwrite(bytes, 1, length, stdout);
    putchar('\n');
    return STATUS_OK;
}

/* What the last expression gave, which counts as output too: each of several values on a line, nothing for an
 * unspecified one. */
static int print_result(const struct world *world, sch_vm *vm, sch_value value)
{
    uint64_t output_limit = options_limits(world->options, world->posture).output;
    uint64_t output_used = sch_usage(vm).output;
    uint64_t output_left = output_limit > output_used ? output_limit - output_used : 0;
    const sch_value *items = &value;
    size_t count = sch_kind_of(value) != SCH_KIND_UNSPECIFIED;
    int status = STATUS_OK;
    sch_get_values(value, &items, &count);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = print_one(vm, items[i], &output_left);
    return status;
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

static void report(sch_vm *vm, enum sch_posture posture, struct sch_source source)
{
    const struct sch_failure *failure = sch_failure(vm);
    const char *option = failure->status == SCH_LIMIT ? option_of(failure->limit) : NULL;
    const char *library = world_library_remedy(posture, failure);
    report_failure(stderr, failure, source.name);
    if (library)
        fprintf(stderr, "remedy: %s\n", library);
    if (option)
        fprintf(stderr, "remedy: if the program is right, %s gives it more\n", option);
}

static int execute(struct world *world, struct sch_source source)
{
    sch_vm *vm = world_machine(world);
    if (!vm)
        return STATUS_LIMIT;
    sch_value value;
    enum sch_status status = sch_eval(vm, source, &value);
    int exit_status = STATUS_OK;
    if (status == SCH_OK && world->posture == SCH_POSTURE_EVAL)
        exit_status = print_result(world, vm, value);
    if (fflush(stdout) != 0 && exit_status == STATUS_OK) {
        fprintf(stderr, "schooner: standard output: %s\n", strerror(errno));
        exit_status = STATUS_ERROR;
    }
    if (status != SCH_OK) {
        report_begin_line(world->last_written);
        report(vm, world->posture, source);
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

/* At a terminal, the helper with the line editor takes over, if it is there: run_repl. */
static int command_repl(const struct options *options)
{
    return repl_run_plain(options);
}

/* --- the commands ------------------------------------------------------------------------------------------------ */

static int (*const functions[COMMAND_COUNT])(const struct options *options) = {
#define COMMAND(function, name, files, operands, options, help) function,
#include "tools/schooner/commands.def"
#undef COMMAND
};

static int end_output(int status)
{
    if (fflush(stdout) == 0 || status != STATUS_OK)
        return status;
    fprintf(stderr, "schooner: standard output: %s\n", strerror(errno));
    return STATUS_ERROR;
}

static int run_command(enum command_number number, int argc, char **argv)
{
    const struct command *command = &command_table[number];
    struct options options;
    if (!options_parse(command, argc, argv, &options))
        return STATUS_USAGE;
    int status = STATUS_OK;
    if (options.help)
        options_help(stdout, command);
    else
        status = functions[number](&options);
    return end_output(status);
}

/* The editor parses the words itself, so they go to it as they are. */
static int run_repl(int argc, char **argv)
{
    if (isatty(STDIN_FILENO) && (argc == 0 || !is_help_word(argv[0])))
        repl_execute_editor(argc, argv);
    return run_command(NUMBER_command_repl, argc, argv);
}

/* No command has that name, and no file. */
static int unknown_command(const char *word)
{
    struct near near = near_begin(word, strlen(word));
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        near_consider(&near, command_table[i].name);
    fprintf(stderr, "schooner: `%s` is neither a command nor a file; ", word);
    if (near.found)
        fprintf(stderr, "did you mean `%s`?\n", near.found);
    else
        fputs("see schooner --help\n", stderr);
    return STATUS_USAGE;
}

/* `help`, or `help COMMAND`. */
static int help_with(const char *word)
{
    if (!word) {
        help(stdout);
        return STATUS_OK;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(command_table[i].name, word) == 0) {
            options_help(stdout, &command_table[i]);
            return STATUS_OK;
        }
    return unknown_command(word);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return run_repl(0, argv + 1);
    const char *word = argv[1];
    if (strcmp(word, "repl") == 0)
        return run_repl(argc - 2, argv + 2);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(command_table[i].name, word) == 0)
            return run_command((enum command_number)i, argc - 2, argv + 2);
    if (is_help_word(word) || strcmp(word, "help") == 0)
        return end_output(help_with(argc > 2 ? argv[2] : NULL));
    if (strcmp(word, "--version") == 0) {
        printf("schooner %s\n", sch_version());
        return end_output(STATUS_OK);
    }
    if (word[0] == '-' && word[1]) {
        fprintf(stderr, "schooner: unknown option %s: options stand behind a command, as in schooner %s\n", word,
                strcmp(word, "-e") == 0 ? "eval -e TEXT" : "run --help");
        return STATUS_USAGE;
    }
    if (word[0] != '-' && !strpbrk(word, "./") && access(word, F_OK) < 0)
        return unknown_command(word);
    return run_command(NUMBER_command_run, argc - 1, argv + 1);
}
