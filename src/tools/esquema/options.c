/*
 * Parsing by the tables in options.def and commands.def. Options may stand anywhere behind the command; `--` ends them,
 * and so does the first word of a command line that a container is to execute.
 */
#include "tools/common/report.h"
#include "tools/esquema/options.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "base/near.h"
#include "tools/common/units.h"
#include "tools/common/words.h"
#include "tools/esquema/foreign.h"
#include "tools/esquema/grants.h"

enum kind { FLAG, TEXT, TEXTS, GRANT, COUNT, BYTES, DURATION, NUMBER, KEPT, FORMAT };

struct option {
    const char *name;
    char letter;
    enum kind kind;
    const char *argument;
    const char *help;
    size_t field;
};

static const struct option table[] = {
#define OPTION(field, name, letter, kind, argument, help) \
    { name, letter, kind, argument, help, offsetof(struct options, field) },
#include "tools/esquema/options.def"
#undef OPTION
};
enum { OPTION_COUNT = sizeof table / sizeof *table };

/* What is being parsed, and for whom. */
struct parse {
    const struct command *command;
    struct options *options;
    int argc;
    char **argv;
    int at; /* the next word */
};

static bool complain(const struct command *command, const char *word, const char *what)
{
    fputs("esquema: ", stderr);
    report_text(stderr, word); /* a pattern of the shell may have brought in the name of a stranger's file */
    fprintf(stderr, "%s; see esquema %s --help\n", what, command->name);
    return false;
}

static bool takes(const struct command *command, const struct option *option)
{
    return strcmp(option->name, "--help") == 0 || words_listed(command->options, option->name);
}

/* "--format" or "--format=json"; *ret_value gets what stands behind '='. */
static const struct option *find(const char *word, const char **ret_value)
{
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (words_name_option(word, table[i].name, ret_value))
            return &table[i];
    return NULL;
}

static bool read_descriptor(const char **text, int *ret)
{
    char *end;
    long number = strtol(*text, &end, 10);
    bool is_number = **text >= '0' && **text <= '9' && number >= 3 && number <= 1000000;
    *text = end;
    *ret = (int)number;
    return is_number;
}

bool options_read_kept(const char *text, int *ret_outside, int *ret_inside)
{
    if (!read_descriptor(&text, ret_outside))
        return false;
    *ret_inside = *ret_outside;
    return !*text || (*text++ == ':' && read_descriptor(&text, ret_inside) && !*text);
}

static bool store_descriptor(const struct parse *parse, const char *value, int *ret)
{
    char *end;
    long number = strtol(value, &end, 10);
    if (!*value || *end || number < 0 || number > 1000000 || fcntl((int)number, F_GETFD) < 0)
        return complain(parse->command, value, " is not an open descriptor");
    int flags = fcntl((int)number, F_GETFL);
    if (flags & O_PATH || (flags & O_ACCMODE) == O_RDONLY)
        return complain(parse->command, value, " is not open for writing");
    fcntl((int)number, F_SETFD, FD_CLOEXEC);
    *ret = (int)number;
    return true;
}

/* Looked at before anything is opened: what is open now is the caller's, and later it could be one of ours. */
static bool check_kept(const struct parse *parse, const char *value)
{
    int outside, inside;
    if (!options_read_kept(value, &outside, &inside))
        return complain(parse->command, value, " is no descriptor to preserve (N or N:INSIDE, from 3 on)");
    if (fcntl(outside, F_GETFD) < 0)
        return complain(parse->command, value, " is not an open descriptor");
    fcntl(outside, F_SETFD, FD_CLOEXEC); /* for the container alone */
    return true;
}

/* No command line has more items than words: room for all of them is made with the first. */
static bool append(const struct parse *parse, struct text_list *list, const char *text)
{
    if (!list->items)
        list->items = calloc((size_t)parse->argc + 1, sizeof *list->items);
    if (!list->items)
        return complain(parse->command, "out of memory", "");
    list->items[list->count++] = text;
    return true;
}

static bool store(const struct parse *parse, const struct option *option, const char *value)
{
    void *field = (char *)parse->options + option->field;
    switch (option->kind) {
    case FLAG: *(bool *)field = true; return true;
    case TEXT: *(const char **)field = value; return true;
    case TEXTS: return append(parse, field, value);
    case GRANT:
        if (!strchr(value, '=') || *value == '=')
            return complain(parse->command, value, " is no grant (WHAT=VALUE, such as network=host)");
        if (!grant_is_known(value)) {
            fputs("esquema: --allow ", stderr);
            report_text(stderr, value);
            fprintf(stderr, ": no description asks for that; WHAT is one of %s\n", grant_kinds);
            return false;
        }
        return append(parse, field, value);
    case COUNT: return parse_count(value, field) || complain(parse->command, value, " is no number (10, 5k)");
    case BYTES: return parse_bytes(value, field) || complain(parse->command, value, " is no size (64M, 1G)");
    case DURATION:
        return parse_duration(value, field) || complain(parse->command, value, " is no time (500ms, 10s, 5m)");
    case NUMBER: return store_descriptor(parse, value, field);
    case KEPT: return check_kept(parse, value) && append(parse, field, value);
    case FORMAT:
        if (strcmp(value, "text") != 0 && strcmp(value, "json") != 0)
            return complain(parse->command, value, " is not a format (text, json)");
        parse->options->format = strcmp(value, "json") == 0 ? ESQ_FORMAT_JSON : ESQ_FORMAT_TEXT;
        return true;
    }
    return false;
}

/* Where it is known what does the same here, that is said. false in any case. */
static bool is_foreign(const struct command *command, const char *word)
{
    fprintf(stderr, "esquema: %.*s is no option of %s; %s\n", (int)strcspn(word, "="), word, command->name,
            foreign_option(command->name, word));
    return false;
}

/* The option of this letter: one that the command takes, else any. */
static const struct option *find_letter(const struct command *command, char letter)
{
    const struct option *found = NULL;
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (table[i].letter == letter && takes(command, &table[i]))
            return &table[i];
        else if (table[i].letter == letter && !found)
            found = &table[i];
    return found;
}

/* An option with what was given behind its '=', else with the next word. */
static bool take_option(struct parse *parse, const struct option *option, const char *value)
{
    if (!takes(parse->command, option) && foreign_option(parse->command->name, option->name))
        return is_foreign(parse->command, option->name);
    if (!takes(parse->command, option))
        return complain(parse->command, option->name, " is an option of other commands");
    if (option->kind == FLAG && value)
        return complain(parse->command, option->name, " takes no value");
    if (option->kind != FLAG && !value && !(value = parse->at < parse->argc ? parse->argv[parse->at++] : NULL))
        return complain(parse->command, option->name, " needs a value");
    return store(parse, option, value);
}

/* Who wrote a letter may not know the word for it. */
static bool letter_of_others(const struct command *command, const struct option *option)
{
    char both[64];
    snprintf(both, sizeof both, "-%c (%s)", option->letter, option->name);
    return complain(command, both, " is an option of other commands");
}

/* "-it": each letter is an option; the value of the last one is the next word. */
static bool take_letters(struct parse *parse, const char *word)
{
    for (const char *letter = word + 1; *letter; letter++) {
        const struct option *option = find_letter(parse->command, *letter);
        const char alone[] = { '-', *letter, '\0' };
        if ((!option || !takes(parse->command, option)) && foreign_option(parse->command->name, alone))
            return is_foreign(parse->command, alone);
        if (!option)
            return complain(parse->command, word, " is no option");
        if (!takes(parse->command, option))
            return letter_of_others(parse->command, option);
        if (option->kind != FLAG && letter[1])
            return complain(parse->command, option->name, " needs a value, so its letter stands last");
        if (!take_option(parse, option, NULL))
            return false;
    }
    return true;
}

static bool unknown_option(const struct command *command, const char *word)
{
    if (foreign_option(command->name, word))
        return is_foreign(command, word);
    struct near near = near_begin(word, strcspn(word, "="));
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (takes(command, &table[i]))
            near_consider_option(&near, table[i].name);
    if (!near.found)
        return complain(command, word, " is no option");
    fputs("esquema: ", stderr);
    report_text(stderr, word);
    fprintf(stderr, " is no option of %s; did you mean %s?\n", command->name, near.found);
    return false;
}

static bool take_option_word(struct parse *parse, const char *word)
{
    const char *value;
    if (word[1] != '-')
        return take_letters(parse, word);
    const struct option *option = find(word, &value);
    return option ? take_option(parse, option, value) : unknown_option(parse->command, word);
}

static bool take_parameter(struct parse *parse, const char *word)
{
    struct bridge_parameters *parameters = &parse->options->parameters;
    if (!strchr(word, '=') || *word == '=')
        return complain(parse->command, word, " is one word too many (parameters are written NAME=VALUE)");
    if (!parameters->items)
        parameters->items = calloc((size_t)parse->argc + 1, sizeof *parameters->items);
    if (!parameters->items)
        return complain(parse->command, "out of memory", "");
    parameters->items[parameters->count++] = (struct bridge_parameter){ .text = word };
    return true;
}

/* A word that is no option. */
static bool take_word(struct parse *parse, char **word)
{
    struct options *options = parse->options;
    const struct command *command = parse->command;
    switch (command->shape) {
    case SHAPE_DESCRIPTION:
        if (options->file)
            return take_parameter(parse, *word);
        options->file = *word;
        return true;
    case SHAPE_OPERANDS:
        if (options->operands.count == command->most)
            return complain(command, *word, " is one word too many");
        return append(parse, &options->operands, *word);
    case SHAPE_WORDS:
        if (options->operands.count < command->most)
            return append(parse, &options->operands, *word);
        options->words = word;
        options->word_count = (size_t)(parse->argv + parse->argc - word);
        parse->at = parse->argc;
        return true;
    }
    return false;
}

static bool check_complete(const struct command *command, const struct options *options)
{
    char what[128];
    snprintf(what, sizeof what, " needs %s", command->operands);
    if (options->help)
        return true;
    switch (command->shape) {
    case SHAPE_DESCRIPTION: return options->file || complain(command, "a description is needed", "");
    case SHAPE_OPERANDS: return options->operands.count >= command->least || complain(command, command->name, what);
    case SHAPE_WORDS:
        return (options->operands.count >= command->least && options->word_count > 0) ||
               complain(command, command->name, what);
    }
    return false;
}

bool options_parse(const struct command *command, int argc, char **argv, struct options *ret)
{
    struct parse parse = { command, ret, argc, argv, 0 };
    bool are_options = true;
    *ret = (struct options){ .status_fd = -1, .format = ESQ_FORMAT_TEXT, .lines = UINT64_MAX, .time = UINT64_MAX };
    while (parse.at < argc) {
        char **word = &argv[parse.at++];
        if (are_options && strcmp(*word, "--") == 0)
            are_options = false;
        else if (are_options && (*word)[0] == '-' && (*word)[1] ? !take_option_word(&parse, *word)
                                                                : !take_word(&parse, word))
            return false;
    }
    ret->report_fd = ret->status_fd;
    return check_complete(command, ret);
}

void options_done(struct options *options)
{
    /* Every list is freed by the table that fills it. */
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (table[i].kind == TEXTS || table[i].kind == GRANT || table[i].kind == KEPT)
            free(((struct text_list *)(void *)((char *)options + table[i].field))->items);
    free(options->operands.items);
    free(options->parameters.items);
}

/* The words for this command, where the option has some: a line that begins with its name; else the last line. */
static const char *find_help(const struct command *command, const struct option *option, size_t *ret_length)
{
    const char *line = option->help, *end;
    size_t name = strlen(command->name);
    while ((end = strchr(line, '\n')) && (strncmp(line, command->name, name) != 0 || line[name] != ':'))
        line = end + 1;
    if (end)
        line += name + 2;
    *ret_length = strcspn(line, "\n");
    return line;
}

void options_help(FILE *out, const struct command *command)
{
    fprintf(out, "usage: esquema %s%s%s%s\n  %s\n\n", command->name, *command->options ? " [OPTIONS]" : "",
            *command->operands ? " " : "", command->operands, command->help);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *option = &table[i];
        if (!takes(command, option))
            continue;
        char letter[] = { '-', option->letter, ',', ' ', '\0' }, usage[64];
        bool has_letter = option->letter && find_letter(command, option->letter) == option;
        snprintf(usage, sizeof usage, "%s%s%s%s", has_letter ? letter : "", option->name, option->argument ? " " : "",
                 option->argument ? option->argument : "");
        size_t length;
        const char *help = find_help(command, option, &length);
        fprintf(out, "  %-26s %.*s\n", usage, (int)length, help);
    }
}
