/*
 * esquema: containers described in Scheme. Descriptions are not trusted, programs are; see options.def and
 * commands.def. Statuses: the payload's; 125, 126, 127 for our own failures of `run`; 2 for a command line that means
 * nothing.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/near.h"
#include "tools/common/report.h"
#include "tools/common/streams.h"
#include "tools/common/words.h"
#include "tools/esquema/failure.h"
#include "tools/esquema/foreign.h"
#include "tools/esquema/options.h"

static void help(FILE *out)
{
    fputs("usage: esquema COMMAND [OPTIONS] ...\n\n", out);
    words_row(out, "PROGRAM.scm", "[NAME=VALUE ...]", "run a program that you trust, with the runtime in its hands");
    for (size_t i = 0; i < command_count; i++)
        words_row(out, commands[i].name, commands[i].operands, commands[i].help);
    fputs("\nThe options of a command: esquema COMMAND --help. The version: esquema --version\n"
          "Statuses: the payload's 0 to 255, or 128 and the number of its signal; 125 when we could not start it,\n"
          "126 when its program cannot be executed, 127 when there is none, 137 when a limit of the whole ended it.\n",
          out);
}

/* What it was called for is done, and only its name could not be said; of a document, half is no answer. */
static bool has_acted(const struct command *command, const struct options *options)
{
    return options->format == ESQ_FORMAT_TEXT && !options->help &&
           words_listed("start stop restart kill rm", command->name);
}

/* The status of what has printed all that it had to: `unwritten` in the place of 0 where that could not be written. */
static int end_output(int status, int unwritten)
{
    bool is_written = fflush(stdout) == 0 && !ferror(stdout); /* or it was a flush before this one that failed */
    if (is_written || status != 0)
        return status;
    fputs("esquema: standard output cannot be written\n", stderr);
    return unwritten;
}

static int run_command(const struct command *command, int argc, char **argv)
{
    struct options options;
    struct failures failures = { 0 };
    int status = command->status == STATUS_PAYLOAD ? ESQ_EXIT_SETUP : STATUS_USAGE;
    if (options_parse(command, argc, argv, &options)) {
        status = 0;
        options.failures = options.format == ESQ_FORMAT_JSON ? &failures : NULL;
        if (options.help)
            options_help(stdout, command);
        else
            status = command->function(&options);
    }
    failures_done(&failures);
    int unwritten = has_acted(command, &options) ? 0 : ESQ_EXIT_SETUP;
    status = end_output(status, unwritten);
    options_done(&options);
    return status;
}

/* `rootfs` alone, where there are `rootfs import` and others: what there is. */
static bool list_subcommands(FILE *out, const char *word)
{
    bool is_found = false;
    size_t length = strlen(word);
    for (size_t i = 0; i < command_count; i++) {
        if (strncmp(commands[i].name, word, length) != 0 || commands[i].name[length] != ' ')
            continue;
        if (!is_found)
            fprintf(out, "esquema: `%s` needs one of\n", word);
        is_found = true;
        words_row(out, commands[i].name, "", commands[i].help);
    }
    return is_found;
}

/* A word that names a file is a program; any other word is a command that we do not know. */
static bool looks_like_file(const char *word)
{
    size_t length = strlen(word);
    return strchr(word, '/') || strcmp(word, "-") == 0 || (length > 4 && strcmp(word + length - 4, ".scm") == 0) ||
           access(word, F_OK) == 0;
}

/* No command has that name, and no file. */
static int unknown_command(const char *word)
{
    const char *answer = foreign_command(word);
    struct near near = near_begin(word, strlen(word));
    for (size_t i = 0; i < command_count; i++)
        near_consider(&near, commands[i].name);
    fprintf(stderr, "esquema: unknown %s `", word[0] == '-' ? "option" : "command");
    report_text(stderr, word);
    fputs("`; ", stderr);
    if (answer)
        fprintf(stderr, "%s\n", answer);
    else if (near.found)
        fprintf(stderr, "did you mean `%s`?\n", near.found);
    else
        fputs("see esquema --help\n", stderr);
    return STATUS_USAGE;
}

/* `help`, or `help COMMAND`. */
static int help_with(int argc, char **argv)
{
    int words;
    const struct command *command = argc > 0 ? command_find(argc, argv, &words) : NULL;
    if (command)
        options_help(stdout, command);
    else if (argc > 0 && !list_subcommands(stdout, argv[0]))
        return unknown_command(argv[0]);
    else if (argc == 0)
        help(stdout);
    return 0;
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";
    if (!streams_hold()) {
        fprintf(stderr, "esquema: the standard streams cannot be held: %s\n", strerror(errno));
        return ESQ_EXIT_SETUP;
    }
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error to be told */
    /* A mask that takes rights from the owner would lock us out of folders of our own, for good. The rest is obeyed. */
    umask(umask(S_IRWXG | S_IRWXO) & (S_IRWXG | S_IRWXO));
    if (argc < 2) {
        help(stderr);
        return STATUS_USAGE;
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
        return end_output(help_with(argc - 2, argv + 2), ESQ_EXIT_SETUP);
    if (strcmp(word, "--version") == 0) {
        printf("esquema %s\n", esq_version());
        return end_output(0, ESQ_EXIT_SETUP);
    }
    int words;
    const struct command *command = command_find(argc - 1, argv + 1, &words);
    if (command)
        return run_command(command, argc - 1 - words, argv + 1 + words);
    bool is_help = argc > 2 && strcmp(argv[2], "--help") == 0;
    if (list_subcommands(is_help ? stdout : stderr, word))
        return end_output(is_help ? 0 : STATUS_USAGE, ESQ_EXIT_SETUP);
    if ((word[0] != '-' || !word[1]) && looks_like_file(word))
        return run_program(argc - 1, argv + 1);
    return unknown_command(word);
}
