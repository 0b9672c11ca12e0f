/*
 * esquema: containers described in Scheme. Descriptions are not trusted, programs are; see options.def and
 * commands.def. Statuses: the payload's; 125, 126, 127 for our own failures of `run`; 2 for a command line that means
 * nothing.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tools/esquema/options.h"

enum { NO_FILE, NEEDS_FILE };
enum { STATUS_USAGE = 2 };

static const struct command {
    const char *name;
    command_fn *function;
    int file;
    const char *arguments;
    const char *help;
} commands[] = {
#define COMMAND(function, name, file, arguments, help) { name, function, file, arguments, help },
#include "tools/esquema/commands.def"
#undef COMMAND
};
enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

static void help(FILE *out)
{
    fprintf(out, "usage: esquema COMMAND [OPTIONS] ...\n\n  %-32s %s\n", "PROGRAM.scm [NAME=VALUE ...]",
            "run a program that you trust, with the runtime in its hands");
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        char usage[64];
        snprintf(usage, sizeof usage, "%s %s", commands[i].name, commands[i].arguments);
        fprintf(out, "  %-32s %s\n", usage, commands[i].help);
    }
    fputc('\n', out);
    options_help(out);
    fputs("\nStatuses: the payload's 0 to 255, or 128 and the number of its signal; 125 when we could not start it,\n"
          "126 when its program cannot be executed, 127 when there is none, 137 when its time is over.\n",
          out);
}

static int run_command(const struct command *command, int argc, char **argv)
{
    struct options options;
    int status = strcmp(command->name, "run") == 0 ? ESQ_EXIT_SETUP : STATUS_USAGE;
    if (options_parse(argc, argv, command->file == NEEDS_FILE, &options)) {
        status = 0;
        if (options.help)
            help(stdout);
        else if (options.version)
            printf("esquema %s\n", esq_version());
        else
            status = command->function(&options);
    }
    options_done(&options);
    if (fflush(stdout) != 0 && status == 0) {
        fputs("esquema: standard output cannot be written\n", stderr);
        status = ESQ_EXIT_SETUP;
    }
    return status;
}

/* A word that names a file is a program; any other word is a command that we do not know. */
static bool looks_like_file(const char *word)
{
    size_t length = strlen(word);
    return strchr(word, '/') || strcmp(word, "-") == 0 || (length > 4 && strcmp(word + length - 4, ".scm") == 0) ||
           access(word, F_OK) == 0;
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "--help";
    if (strcmp(word, "--help") == 0 || strcmp(word, "help") == 0) {
        help(argc > 1 ? stdout : stderr);
        return argc > 1 ? 0 : STATUS_USAGE;
    }
    if (strcmp(word, "--version") == 0) {
        printf("esquema %s\n", esq_version());
        return 0;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(word, commands[i].name) == 0)
            return run_command(&commands[i], argc - 2, argv + 2);
    if ((word[0] != '-' || !word[1]) && looks_like_file(word))
        return run_program(word, argc - 2, argv + 2);
    fprintf(stderr, "esquema: unknown %s `%s`; see esquema --help\n", word[0] == '-' ? "option" : "command", word);
    return STATUS_USAGE;
}
