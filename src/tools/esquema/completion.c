/*
 * esquema completion SHELL: a script for the shell, made from the tables of commands and options, so that it cannot
 * offer what is not there.
 */
#include <string.h>
#include "tools/esquema/failure.h"
#include "tools/esquema/options.h"

/* What the words behind a command are: containers that were started, or files. */
static const char *kind_of(const struct command *command)
{
    if (command->shape == SHAPE_DESCRIPTION)
        return "file";
    return strncmp(command->operands, "NAME", 4) == 0 || strncmp(command->operands, "[NAME", 5) == 0 ? "name" : "none";
}

static void print_bash(void)
{
    fputs("# Completion of esquema for bash; made by `esquema completion bash`.\n"
          "_esquema() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} options= kind=none\n"
          "    COMPREPLY=()\n"
          "    if [ \"$COMP_CWORD\" = 1 ]; then\n"
          "        COMPREPLY=($(compgen -W \"",
          stdout);
    for (size_t i = 0; i < command_count; i++)
        if (!strchr(commands[i].name, ' '))
            printf("%s ", commands[i].name);
    fputs("--help --version\" -- \"$word\"; compgen -f -X '!*.scm' -- \"$word\"))\n"
          "        return\n"
          "    fi\n"
          "    case ${COMP_WORDS[1]} in\n",
          stdout);
    for (size_t i = 0; i < command_count; i++)
        if (!strchr(commands[i].name, ' '))
            printf("    %s) options='%s --help' kind=%s ;;\n", commands[i].name, commands[i].options,
                   kind_of(&commands[i]));
    fputs("    esac\n"
          "    case $word in\n"
          "    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")); return ;;\n"
          "    esac\n"
          "    case $kind in\n"
          "    name) COMPREPLY=($(compgen -W \"$(esquema ps 2>/dev/null | sed -e 1d -e 's/ .*//')\" -- \"$word\")) ;;\n"
          "    *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n"
          "    esac\n"
          "}\n"
          "complete -o filenames -F _esquema esquema\n",
          stdout);
}

/* In single quotes of a shell; the help of the tables has none of its own but that of "container's". */
static void print_quoted(const char *text)
{
    putchar('\'');
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*text);
    }
    putchar('\'');
}

static void print_zsh(void)
{
    fputs("#compdef esquema\n# Made by `esquema completion zsh`.\n_esquema() {\n    local -a commands names\n    "
          "commands=(\n",
          stdout);
    for (size_t i = 0; i < command_count; i++) {
        if (strchr(commands[i].name, ' '))
            continue;
        char line[256];
        snprintf(line, sizeof line, "%s:%s", commands[i].name, commands[i].help);
        fputs("        ", stdout);
        print_quoted(line);
        putchar('\n');
    }
    fputs("    )\n"
          "    if (( CURRENT == 2 )); then\n"
          "        _describe command commands\n"
          "        _files -g '*.scm'\n"
          "        return\n"
          "    fi\n"
          "    case $words[2] in\n",
          stdout);
    for (size_t i = 0; i < command_count; i++) {
        if (strchr(commands[i].name, ' '))
            continue;
        printf("    %s) [[ $PREFIX == -* ]] && compadd -- %s --help && return\n", commands[i].name,
               commands[i].options);
        if (strcmp(kind_of(&commands[i]), "name") == 0)
            fputs(
                "        names=(${(f)\"$(esquema ps 2>/dev/null | sed -e 1d -e 's/ .*//')\"}); compadd -- $names ;;\n",
                stdout);
        else
            fputs("        _files ;;\n", stdout);
    }
    fputs("    esac\n}\n_esquema \"$@\"\n", stdout);
}

static void print_fish_options(const struct command *command)
{
    for (const char *option = command->options; *option; option += strspn(option, " ")) {
        size_t length = strcspn(option, " ");
        printf("complete -c esquema -n '__fish_seen_subcommand_from %s' -l %.*s\n", command->name, (int)length - 2,
               option + 2);
        option += length;
    }
}

static void print_fish(void)
{
    fputs("# Completion of esquema for fish; made by `esquema completion fish`.\n", stdout);
    for (size_t i = 0; i < command_count; i++) {
        const struct command *command = &commands[i];
        if (strchr(command->name, ' '))
            continue;
        printf("complete -c esquema -n __fish_use_subcommand -f -a %s -d ", command->name);
        print_quoted(command->help);
        putchar('\n');
        print_fish_options(command);
        if (strcmp(kind_of(command), "name") == 0)
            printf("complete -c esquema -n '__fish_seen_subcommand_from %s' -f -a "
                   "\"(esquema ps 2>/dev/null | sed -e 1d -e 's/ .*//')\"\n",
                   command->name);
    }
}

int command_completion(const struct options *options)
{
    static const struct {
        const char *shell;
        void (*print)(void);
    } shells[] = { { "bash", print_bash }, { "zsh", print_zsh }, { "fish", print_fish } };
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
        if (strcmp(options->operands.items[0], shells[i].shell) == 0) {
            shells[i].print();
            return 0;
        }
    }
    esq_error error = failure_make("there is no completion for that shell");
    snprintf(error.remedy, sizeof error.remedy, "bash, zsh and fish are known");
    failure_show_error(&error);
    return ESQ_EXIT_SETUP;
}
