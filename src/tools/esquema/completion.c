/*
 * esquema completion SHELL: a script for the shell, made from the tables of commands and options, so that it cannot
 * offer what is not there.
 */
#include <string.h>
#include "tools/esquema/failure.h"
#include "tools/esquema/options.h"

/* What the words behind a command are, and what of the shell lists them. */
enum kind { KIND_FILE, KIND_NAME, KIND_ROOTFS, KIND_KEPT };

static const struct {
    const char *name;
    const char *lister; /* NULL: the shell's own way with files */
} kinds[] = {
    [KIND_FILE] = { "file", NULL },
    [KIND_NAME] = { "name", "esquema ps 2>/dev/null | sed -e 1d -e 's/ .*//'" },
    [KIND_ROOTFS] = { "rootfs", "esquema rootfs list 2>/dev/null | sed -e 's/ .*//'" },
    [KIND_KEPT] = { "kept", "sh -c 'cd ${XDG_DATA_HOME:-~/.local/share}/esquema/layers && ls' 2>/dev/null" },
};

static enum kind kind_of(const struct command *command)
{
    if (command->shape == SHAPE_DESCRIPTION)
        return KIND_FILE;
    if (strncmp(command->name, "rootfs ", 7) == 0)
        return strcmp(command->name, "rootfs remove") == 0 ? KIND_ROOTFS : KIND_FILE;
    if (strcmp(command->name, "diff") == 0)
        return KIND_KEPT;
    return strncmp(command->operands, "NAME", 4) == 0 || strncmp(command->operands, "[NAME", 5) == 0 ? KIND_NAME
                                                                                                     : KIND_FILE;
}

static size_t first_length(const struct command *command)
{
    return strcspn(command->name, " ");
}

/* Is no command before it one of the same first word? */
static bool is_first_of_word(size_t index)
{
    size_t length = first_length(&commands[index]);
    for (size_t i = 0; i < index; i++)
        if (first_length(&commands[i]) == length && strncmp(commands[i].name, commands[index].name, length) == 0)
            return false;
    return true;
}

/* The second words behind the first one of this command, with a blank behind each; how many there are. */
static size_t print_second_words(size_t index, bool is_printed)
{
    size_t length = first_length(&commands[index]), count = 0;
    for (size_t i = 0; i < command_count; i++) {
        if (strncmp(commands[i].name, commands[index].name, length) != 0 || commands[i].name[length] != ' ')
            continue;
        count++;
        if (is_printed)
            printf("%s ", commands[i].name + length + 1);
    }
    return count;
}

/* A branch of a shell's `case` for each first word that has second ones. */
static void print_second_branches(const char *before, const char *behind)
{
    for (size_t i = 0; i < command_count; i++) {
        if (!is_first_of_word(i) || print_second_words(i, false) == 0)
            continue;
        printf("    %.*s) %s", (int)first_length(&commands[i]), commands[i].name, before);
        print_second_words(i, true);
        fputs(behind, stdout);
    }
}

static void print_bash(void)
{
    fputs("# Completion of esquema for bash; made by `esquema completion bash`.\n"
          "_esquema() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} options= kind=file seconds=\n"
          "    COMPREPLY=()\n"
          "    if [ \"$COMP_CWORD\" = 1 ]; then\n"
          "        COMPREPLY=($(compgen -W \"",
          stdout);
    for (size_t i = 0; i < command_count; i++)
        if (is_first_of_word(i))
            printf("%.*s ", (int)first_length(&commands[i]), commands[i].name);
    fputs("--help --version\" -- \"$word\"; compgen -f -X '!*.scm' -- \"$word\"))\n"
          "        return\n"
          "    fi\n"
          "    [ \"$COMP_CWORD\" != 2 ] || case ${COMP_WORDS[1]} in\n",
          stdout);
    print_second_branches("seconds='", "' ;;\n");
    fputs("    esac\n"
          "    case \"${COMP_WORDS[1]} ${COMP_WORDS[2]} \" in\n",
          stdout);
    for (size_t i = 0; i < command_count; i++) /* of `sandbox` and `sandbox list` the longer one stands first */
        printf("    '%s '*) options='%s --help' kind=%s ;;\n", commands[i].name, commands[i].options,
               kinds[kind_of(&commands[i])].name);
    fputs("    esac\n"
          "    case $word in\n"
          "    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$word\")); return ;;\n"
          "    esac\n"
          "    [ -z \"$seconds\" ] || kind=seconds\n"
          "    case $kind in\n"
          "    seconds) COMPREPLY=($(compgen -W \"$seconds\" -- \"$word\")) ;;\n",
          stdout);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].lister)
            printf("    %s) COMPREPLY=($(compgen -W \"$(%s)\" -- \"$word\")) ;;\n", kinds[i].name, kinds[i].lister);
    fputs("    *) COMPREPLY=($(compgen -f -- \"$word\")) ;;\n"
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

/* What is said of a first word: of several commands that share it the one that is nothing else, if there is any. */
static const char *help_of_word(size_t index)
{
    size_t length = first_length(&commands[index]);
    for (size_t i = index; i < command_count; i++)
        if (strncmp(commands[i].name, commands[index].name, length) == 0 && !commands[i].name[length])
            return commands[i].help;
    return print_second_words(index, false) > 0 ? "several commands" : commands[index].help;
}

static void print_zsh_branch(const struct command *command)
{
    const char *lister = kinds[kind_of(command)].lister;
    printf("    '%s '*) [[ $PREFIX == -* ]] && compadd -- %s --help && return\n        ", command->name,
           command->options);
    if (lister)
        printf("names=(${(f)\"$(%s)\"}); compadd -- $names ;;\n", lister);
    else
        fputs("_files ;;\n", stdout);
}

static void print_zsh(void)
{
    fputs("#compdef esquema\n# Made by `esquema completion zsh`.\n_esquema() {\n    local -a commands names\n    "
          "commands=(\n",
          stdout);
    for (size_t i = 0; i < command_count; i++) {
        if (!is_first_of_word(i))
            continue;
        char line[256];
        snprintf(line, sizeof line, "%.*s:%s", (int)first_length(&commands[i]), commands[i].name, help_of_word(i));
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
          "    (( CURRENT != 3 )) || [[ $PREFIX == -* ]] || case $words[2] in\n",
          stdout);
    print_second_branches("compadd -- ", "; return ;;\n");
    fputs("    esac\n"
          "    case \"$words[2] $words[3] \" in\n",
          stdout);
    for (size_t i = 0; i < command_count; i++)
        print_zsh_branch(&commands[i]);
    fputs("    esac\n}\n_esquema \"$@\"\n", stdout);
}

/* The condition of fish under which the command is the one that is typed. */
static void print_fish_condition(const struct command *command)
{
    const char *second = strchr(command->name, ' ');
    printf("complete -c esquema -n '__fish_seen_subcommand_from %.*s%s%s' ", (int)first_length(command), command->name,
           second ? "; and __fish_seen_subcommand_from" : "", second ? second : "");
}

static void print_fish_options(const struct command *command)
{
    for (const char *option = command->options; *option; option += strspn(option, " ")) {
        size_t length = strcspn(option, " ");
        print_fish_condition(command);
        printf("-l %.*s\n", (int)length - 2, option + 2);
        option += length;
    }
}

static void print_fish(void)
{
    fputs("# Completion of esquema for fish; made by `esquema completion fish`.\n", stdout);
    for (size_t i = 0; i < command_count; i++) {
        const struct command *command = &commands[i];
        const char *lister = kinds[kind_of(command)].lister, *second = strchr(command->name, ' ');
        int first = (int)first_length(command);
        if (is_first_of_word(i)) {
            printf("complete -c esquema -n __fish_use_subcommand -f -a %.*s -d ", first, command->name);
            print_quoted(help_of_word(i));
            putchar('\n');
        }
        if (second) {
            printf("complete -c esquema -n '__fish_seen_subcommand_from %.*s' -f -a%s -d ", first, command->name,
                   second);
            print_quoted(command->help);
            putchar('\n');
        }
        print_fish_options(command);
        if (lister) {
            char substitution[128];
            print_fish_condition(command);
            snprintf(substitution, sizeof substitution, "(%s)", lister);
            fputs("-f -a ", stdout);
            print_quoted(substitution);
            putchar('\n');
        }
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
