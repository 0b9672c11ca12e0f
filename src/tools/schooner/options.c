/* Parsing by the tables in options.def and commands.def. */
#include "tools/schooner/options.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "base/near.h"
#include "tools/common/units.h"
#include "tools/common/words.h"

enum kind { BYTES, COUNT, DURATION, TEXT, FLAG, POSTURE, FORMAT };

struct option {
    const char *name;
    const char *letter;
    enum kind kind;
    const char *argument;
    const char *help;
    size_t field;
};

static const struct option table[] = {
#define OPTION(field, name, letter, kind, argument, help) \
    { name, letter, kind, argument, help, offsetof(struct options, field) },
#include "tools/schooner/options.def"
#undef OPTION
};
enum { OPTION_COUNT = sizeof table / sizeof *table };

#define LIMITS                                                  "--heap --fuel --timeout --output --nesting --integer-bits "
#define COMMAND(function, name, files, operands, options, help) { name, files, operands, options, help },
const struct command command_table[COMMAND_COUNT] = {
#include "tools/schooner/commands.def"
};
#undef COMMAND

/* What is being parsed, and for whom. */
struct parse {
    const struct command *command;
    int argc;
    char **argv;
    struct options *options;
};

static bool takes(const struct command *command, const struct option *option)
{
    return option->field == offsetof(struct options, help) || words_listed(command->options, option->name) ||
           (option->letter && words_listed(command->options, option->letter));
}

/* "--heap" or "--heap=64M"; *ret_value gets what stands behind '='. */
static const struct option *find(const char *word, const char **ret_value)
{
    *ret_value = NULL;
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (words_name_option(word, table[i].name, ret_value) ||
            (table[i].letter && strcmp(table[i].letter, word) == 0))
            return &table[i];
    return NULL;
}

/* One of the words of a list that ends in NULL, by number; 0: none of them. */
static int choice(const char *value, const char *const *words)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], value) == 0)
            return i + 1;
    return 0;
}

static bool bad_value(const struct option *option, const char *value, const char *expected)
{
    fprintf(stderr, "schooner: %s: `%s` is not %s\n", option->name, value, expected);
    return false;
}

static bool unknown_option(const struct command *command, const char *word)
{
    struct near near = near_begin(word, strcspn(word, "="));
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (takes(command, &table[i]))
            near_consider_option(&near, table[i].name);
    fprintf(stderr, "schooner %s: unknown option %s; ", command->name, word);
    if (near.found)
        fprintf(stderr, "did you mean %s?\n", near.found);
    else
        fprintf(stderr, "see schooner %s --help\n", command->name);
    return false;
}

/* Says whose option it is. */
static bool others_option(const struct command *command, const struct option *option)
{
    const char *separator = " is an option of ";
    fprintf(stderr, "schooner %s: %s", command->name, option->name);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (!takes(&command_table[i], option))
            continue;
        fprintf(stderr, "%s%s", separator, command_table[i].name);
        separator = ", ";
    }
    fputc('\n', stderr);
    return false;
}

static bool store_limit(const struct option *option, const char *value, uint64_t *field)
{
    const char *expected = option->kind == BYTES   ? "a size above 0 (1, 64K, 10M)"
                           : option->kind == COUNT ? "a number above 0 (1, 64k, 10M)"
                                                   : "a time above 0 (100ms, 5s, 2m)";
    bool good = option->kind == BYTES   ? parse_bytes(value, field)
                : option->kind == COUNT ? parse_count(value, field)
                                        : parse_duration(value, field);
    /* a limit of nothing; 0 would mean the default */
    return (good && *field != 0) || bad_value(option, value, expected);
}

static bool store(struct options *options, const struct option *option, const char *value)
{
    static const char *const postures[] = { "eval", "run", NULL };
    static const char *const formats[] = { "text", "markdown", "json", NULL };
    void *field = (char *)options + option->field;
    switch (option->kind) {
    case FLAG: *(bool *)field = true; return true;
    case TEXT: *(const char **)field = value; return true;
    case POSTURE:
        options->posture = (enum posture_choice)choice(value, postures);
        return options->posture != POSTURE_UNSAID || bad_value(option, value, "eval or run");
    case FORMAT:
        options->format = (enum format_choice)choice(value, formats);
        return options->format != FORMAT_UNSAID || bad_value(option, value, "text, markdown or json");
    case BYTES:
    case COUNT:
    case DURATION: return store_limit(option, value, field);
    }
    return false;
}

/* The option at argv[*i] with its value; *i stands on its last word then. */
static bool parse_option(const struct parse *parse, int *i)
{
    const char *word = parse->argv[*i], *value;
    const struct option *option = find(word, &value);
    if (!option)
        return unknown_option(parse->command, word);
    if (!takes(parse->command, option))
        return others_option(parse->command, option);
    if (option->kind == FLAG && value) {
        fprintf(stderr, "schooner: %s takes no value\n", option->name);
        return false;
    }
    if (option->kind != FLAG && !value && !(value = *i + 1 < parse->argc ? parse->argv[++*i] : NULL)) {
        fprintf(stderr, "schooner: %s needs a value\n", option->name);
        return false;
    }
    return store(parse->options, option, value);
}

static bool files_fit(const struct command *command, const struct options *options)
{
    int count = options->arg_count;
    if (options->help)
        return true;
    if (command->files == NO_FILES && count > 0) {
        bool is_repl = command == &command_table[NUMBER_command_repl];
        fprintf(stderr,
                is_repl ? "schooner %s: no file is needed: `,load %s` at the prompt\n"
                        : "schooner %s: no file is needed: what is `%s`?\n",
                command->name, options->args[0]);
        return false;
    }
    if (command->files != NO_FILES && !options->expression && count == 0) {
        fprintf(stderr, "schooner %s: a file or -e TEXT is needed; see schooner %s --help\n", command->name,
                command->name);
        return false;
    }
    if (command->files == ONE_FILE && count > (options->expression ? 0 : 1)) {
        fprintf(stderr, "schooner %s: one file at a time: what is `%s`?\n", command->name,
                options->args[options->expression ? 0 : 1]);
        return false;
    }
    return true;
}

bool options_parse(const struct command *command, int argc, char **argv, struct options *ret)
{
    struct parse parse = { command, argc, argv, ret };
    *ret = (struct options){ .args = argv };
    int i = 0;
    for (; i < argc; i++) {
        bool is_option = argv[i][0] == '-' && argv[i][1];
        if (is_option && strcmp(argv[i], "--") == 0) {
            i++;
            break;
        }
        if (!is_option && command->files == ONE_PROGRAM)
            break;
        if (!is_option)
            argv[ret->arg_count++] = argv[i];
        else if (!parse_option(&parse, &i))
            return false;
    }
    while (i < argc)
        argv[ret->arg_count++] = argv[i++];
    return files_fit(command, ret);
}

enum sch_posture options_posture(const struct options *options, enum sch_posture otherwise)
{
    switch (options->posture) {
    case POSTURE_UNSAID: break;
    case POSTURE_EVAL: return SCH_POSTURE_EVAL;
    case POSTURE_RUN: return SCH_POSTURE_RUN;
    }
    return otherwise;
}

enum { OUTPUT_OF_EVAL = 1 << 20 }; /* bytes */

/* Programs of the user's own have no limit unless one is given. */
static uint64_t choose(uint64_t given, enum sch_posture posture, uint64_t of_eval)
{
    return given ? given : posture == SCH_POSTURE_RUN ? SCH_UNLIMITED : of_eval;
}

struct sch_limits options_limits(const struct options *options, enum sch_posture posture)
{
    return (struct sch_limits){
        .size = sizeof(struct sch_limits),
        .fuel = options->fuel,
        .heap = choose(options->heap, posture, 0),
        .timeout_ns = choose(options->timeout, posture, 0),
        .output = choose(options->output, posture, OUTPUT_OF_EVAL),
        .nesting = options->nesting,
        .integer_bits = options->integer_bits,
    };
}

/* Commas inside of parentheses do not split. */
const char **options_names(const char *text)
{
    size_t length = text ? strlen(text) : 0;
    const char **names = text ? calloc(1, (length + 2) * sizeof *names + length + 1) : NULL;
    if (!names)
        return NULL;
    char *copy = memcpy((char *)(names + length + 2), text, length + 1);
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

void options_help(FILE *out, const struct command *command)
{
    fprintf(out, "usage: schooner %s%s%s [OPTIONS]\n  %s\n\n", command->name, *command->operands ? " " : "",
            command->operands, command->help);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *option = &table[i];
        if (!option->help || !takes(command, option))
            continue;
        char usage[64];
        snprintf(usage, sizeof usage, "%s%s%s%s%s", option->letter ? option->letter : "", option->letter ? ", " : "",
                 option->name, option->argument ? " " : "", option->argument ? option->argument : "");
        fprintf(out, "  %-22s %s\n", usage, option->help);
    }
}
